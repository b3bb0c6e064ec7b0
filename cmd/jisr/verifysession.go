package main

import (
	"errors"
	"fmt"
	"slices"

	"jisr"
)

// sessionJSON is what is known of a session after its whole file was checked, for programs.
type sessionJSON struct {
	Verified     bool              `json:"verified"`
	Meeting      jisr.ThingID      `json:"meeting"`
	Acts         int               `json:"acts"`
	State        string            `json:"state"`
	Minutes      jisr.Commitment   `json:"minutes,omitempty"` // hash of the document that all heads signed
	Decisions    []string          `json:"decisions,omitempty"`
	Checks       []jisr.ChainCheck `json:"checks"`
	Receipts     int               `json:"receipts"`
	Proves       []string          `json:"proves"`
	DoesNotProve []string          `json:"does_not_prove"`
}

// sessionOf is the session that a file is of.
func sessionOf(chain []jisr.ChainAct) (jisr.ThingID, bool) {
	i := slices.IndexFunc(chain, func(a jisr.ChainAct) bool { return a.Kind == jisr.KindMeetingPropose })
	if i < 0 {
		return "", false
	}
	return chain[i].About, true
}

// session says what the file of a session proves and what it does not. The exit code is 1 when its document, a signature or a
// content does not hold.
func (t *terminal) session(c *jisr.Chain, acts, receipts int, asJSON bool) error {
	m := c.State.Meeting
	count := map[jisr.ChainCheckKind]int{}
	var bad []string
	for _, k := range c.Checks {
		if k.Void == nil {
			count[k.Kind]++
		} else if k.Kind != jisr.CheckEffect {
			bad = append(bad, t.lang.T("verify.chain.bad", "check", t.lang.T("verify.chain.check."+string(k.Kind)), "member", string(k.Member), "index", k.Index))
		}
	}
	title, _ := m.Title.In(t.lang.Tag())
	out := sessionJSON{Verified: len(bad) == 0, Meeting: c.ID, Acts: acts, State: string(m.State()), Minutes: m.Minutes, Checks: c.Checks, Receipts: receipts}
	out.Proves = []string{
		t.lang.T("verify.chain.acts", "n", acts, "title", title),
		t.lang.T("verify.chain.state", "state", t.lang.T("meeting.state."+string(m.State()))),
		t.lang.T("verify.session.text", "n", count[jisr.CheckText]),
		t.lang.T("verify.chain.signatures", "n", count[jisr.CheckSigned]),
		t.lang.T("verify.chain.receipts", "n", receipts),
	}
	if mn := c.State.Minutes; mn != nil && mn.Sign != nil {
		out.Decisions = mn.Sign.Decisions
		out.Proves = append(out.Proves, t.lang.T("verify.session.decisions", "n", len(mn.Sign.Decisions)))
	}
	out.DoesNotProve = slices.Concat(bad, []string{t.lang.T("verify.chain.not.complete")})
	if n := count[jisr.CheckUnsigned]; n > 0 {
		out.DoesNotProve = append(out.DoesNotProve, t.lang.T("verify.chain.not.signed", "n", n))
	}
	var err error
	if asJSON {
		err = t.json(out)
	} else {
		if out.Verified {
			t.say("verify.ok")
		} else {
			t.say("verify.failed", "reason", bad[0])
		}
		fmt.Fprintln(t.out)
		t.list("verify.proves", out.Proves)
		t.list("verify.notproved", out.DoesNotProve)
	}
	if !out.Verified {
		return errors.Join(err, errQuiet)
	}
	return err
}
