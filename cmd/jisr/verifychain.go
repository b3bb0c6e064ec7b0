package main

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"time"

	"jisr"
	"jisr/ledger"
	"jisr/link"
)

// chainJSON is what is known of an agreement after its whole chain was checked, for programs.
type chainJSON struct {
	Verified     bool              `json:"verified"`
	Agreement    jisr.ThingID      `json:"agreement,omitempty"`
	Acts         int               `json:"acts"`
	State        string            `json:"state,omitempty"` // on the day it is verified
	On           jisr.Date         `json:"on,omitempty"`    // that day
	Text         jisr.Commitment   `json:"text,omitempty"`
	Paper        string            `json:"paper,omitempty"` // same or other, when --paper was given
	Force        *jisr.Reckoning   `json:"force,omitempty"`
	Checks       []jisr.ChainCheck `json:"checks,omitempty"`
	Receipts     int               `json:"receipts"` // of other members, that they hold an act of the chain
	Reason       string            `json:"reason,omitempty"`
	Proves       []string          `json:"proves,omitempty"`
	DoesNotProve []string          `json:"does_not_prove,omitempty"`
}

// isChain tells a bundle of proofs from a single one.
func isChain(file []byte) bool { return bytes.HasPrefix(file, []byte(ledger.BundleHeader+" ")) }

// verifyChain checks an agreement's exported chain: every proof by the keys given, then texts, signatures, full powers and
// entry into force by the rules of the record.
func verifyChain(t *terminal, file []byte, letters []*link.Letter, keyFiles []string, said string, asJSON bool) error {
	who := signers{}
	for _, l := range letters {
		who[l.Origin] = l
	}
	var chain []jisr.ChainAct
	receipts := 0
	err := ledger.ReadBundle(bytes.NewReader(file), func(proof []byte) error {
		vkeys, err := keysFor(proof, letters, keyFiles)
		if err != nil {
			return err
		}
		v, err := ledger.Verify(proof, vkeys, contentsOf)
		if err != nil {
			return err
		}
		a, held, err := who.chained(v)
		chain = append(chain, a)
		receipts += held
		return err
	})
	if err != nil {
		return t.refuted(who, []string{"given"}, err, asJSON)
	}
	id, ok := agreementOf(chain)
	if session, is := sessionOf(chain); !ok && is {
		c, err := jisr.CheckSession(session, chain)
		if err != nil {
			return err
		}
		return t.session(c, len(chain), receipts, asJSON)
	}
	if !ok {
		return t.refuted(who, []string{"given"}, fmt.Errorf("no agreement is proposed in it: %w", ledger.ErrFormat), asJSON)
	}
	c, err := jisr.CheckChain(id, chain)
	if err != nil {
		return err
	}
	return t.chained(c, len(chain), receipts, said, asJSON)
}

// chained is a verified proof as an act of a chain, and how many receipts say that its contents are held.
func (s signers) chained(v *ledger.Verdict) (jisr.ChainAct, int, error) {
	l := s.of(string(v.Log))
	if l == nil {
		return jisr.ChainAct{}, 0, fmt.Errorf("no letter of credence for %s: %w", v.Log, ledger.ErrSignature)
	}
	a, err := jisr.Decode(jisr.MemberID(l.Member), jisr.Index(v.Index), v.Entry)
	if err == nil && string(v.Log) != l.Origin+"/"+string(a.Forum) {
		err = fmt.Errorf("an entry of %s in the log %s: %w", a.Forum, v.Log, ledger.ErrFormat)
	}
	if err != nil {
		return jisr.ChainAct{}, 0, err
	}
	c := jisr.ChainAct{Act: a}
	if a.Content != nil && len(v.Contents) > 0 && v.Contents[0].State == ledger.ContentHeld {
		c.Content = v.Contents[0].Data
	}
	held := 0
	for _, r := range v.Receipts {
		if r.Holds(v.Index) {
			held++
		}
	}
	return c, held, nil
}

// agreementOf is the agreement a chain is of: the one proposed that belongs to no other in it.
func agreementOf(chain []jisr.ChainAct) (jisr.ThingID, bool) {
	proposed := map[jisr.ThingID]*jisr.ChainAct{}
	for i := range chain {
		if chain[i].Kind == jisr.KindAgreementPropose {
			proposed[chain[i].About] = &chain[i]
		}
	}
	for i := range chain {
		a := &chain[i]
		if a.Kind != jisr.KindAgreementPropose {
			continue
		}
		of := jisr.Concerns(&a.Act)
		if len(of) == 1 || proposed[of[1]] == nil {
			return a.About, true
		}
	}
	return "", false
}

// chained says what a chain proves and what it does not. The exit code is 1 when a text, a signature or a content of it
// does not hold.
func (t *terminal) chained(c *jisr.Chain, acts, receipts int, said string, asJSON bool) error {
	g := c.State.Agreement
	onPaper, err := comparePaper(said, hashesOf(g.Text()))
	if err != nil {
		return err
	}
	force, today := g.Force(), jisr.Date(time.Now().Format(time.DateOnly)) // by the calendar of who verifies
	state := string(g.Standing(today))                                     // what a calendar moves is told as of today
	count := map[jisr.ChainCheckKind]int{}
	var bad []string
	for _, k := range c.Checks {
		if k.Void == nil {
			count[k.Kind]++
			continue
		}
		if k.Kind != jisr.CheckEffect {
			bad = append(bad, t.lang.T("verify.chain.bad", "check", t.lang.T("verify.chain.check."+string(k.Kind)), "member", string(k.Member), "index", k.Index))
		}
	}
	title, _ := g.Title.In(t.lang.Tag())
	yes := []string{
		t.lang.T("verify.chain.acts", "n", acts, "title", title),
		t.lang.T("verify.chain.state", "date", t.lang.Day(string(today)), "state", t.lang.T("agreement.state."+state)),
		t.lang.T("verify.chain.text", "n", count[jisr.CheckText]),
		t.lang.T("verify.chain.signatures", "n", count[jisr.CheckSigned]),
		t.lang.T("verify.chain.authority", "n", count[jisr.CheckAuthority]),
		t.lang.T("verify.chain.receipts", "n", receipts),
	}
	if force.Date != "" {
		yes = append(yes, t.lang.T("verify.chain.force", "date", t.lang.Day(string(force.Date))))
	}
	no := slices.Concat(bad, []string{t.lang.T("verify.chain.not.complete")})
	if n := count[jisr.CheckUnsigned]; n > 0 {
		no = append(no, t.lang.T("verify.chain.not.signed", "n", n))
	}
	if n := count[jisr.CheckConfirm]; n > 0 {
		no = append(no, t.lang.T("verify.chain.not.confirmed", "n", n))
	}
	switch onPaper {
	case paperSame:
		yes = append(yes, t.lang.T("verify.chain.paper.same"))
	case paperOther:
		no = append(no, t.lang.T("verify.chain.paper.other"))
	}
	if asJSON {
		err = t.json(chainJSON{Verified: c.Holds(), Paper: onPaper, Agreement: c.ID, Acts: acts, State: state, On: today, Text: g.Text(), Force: &force, Checks: c.Checks,
			Receipts: receipts, Proves: yes, DoesNotProve: no})
	} else {
		if c.Holds() {
			t.say("verify.ok")
		} else {
			t.say("verify.failed", "reason", bad[0])
		}
		fmt.Fprintln(t.out)
		t.list("verify.proves", yes)
		t.list("verify.notproved", no)
	}
	if !c.Holds() || onPaper == paperOther {
		return errors.Join(err, errQuiet)
	}
	return err
}

// hashesOf is the hash of a text as a list; empty when there is no text.
func hashesOf(text jisr.Commitment) [][32]byte {
	if sum, ok := text.Sum(); ok {
		return [][32]byte{sum}
	}
	return nil
}
