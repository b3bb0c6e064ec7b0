package jisr

import "slices"

// The chain of an agreement is everything its state rests on: the acts about it, about full powers that name it, about
// agreements that belong to it, and about the signers whose keys signed them. Whoever has the acts and their contents can
// check it alone, without a node.

// ChainAct is an act of a chain with its content as it came; nil where it is not there.
type ChainAct struct {
	Act
	Content []byte
}

// ChainCheck is what was found about one act of a chain.
type ChainCheck struct {
	Position
	Kind ChainCheckKind `json:"check"`
	Void *Refusal       `json:"void,omitempty"` // why it does not hold; nil: it does
}

// ChainCheckKind is what was looked at.
type ChainCheckKind string

// What is looked at.
const (
	CheckEffect    ChainCheckKind = "effect"    // the act has effect by the rules of the record
	CheckText      ChainCheckKind = "text"      // the text is canonical, and has the hash and clauses its act names
	CheckContent   ChainCheckKind = "content"   // another content is what its kind wants
	CheckSigned    ChainCheckKind = "signature" // the official's own signature
	CheckUnsigned  ChainCheckKind = "unsigned"  // a binding act without one: the member's node vouches for it alone
	CheckAuthority ChainCheckKind = "authority" // full powers, or an office that needs none
	CheckConfirm   ChainCheckKind = "confirm"   // none was shown: the act waits for confirmation
)

// Chain is an agreement checked with all it rests on.
type Chain struct {
	ID     ThingID      `json:"id"`
	State  State        `json:"-"`
	Checks []ChainCheck `json:"checks"`
}

// Holds tells whether every check of what must hold does. That an act has no effect is no failure: the state is without it.
func (c *Chain) Holds() bool {
	return !slices.ContainsFunc(c.Checks, func(k ChainCheck) bool { return k.Void != nil && k.Kind != CheckEffect })
}

// CheckChain folds an agreement from the acts of its chain and checks the texts, the signatures and the authority of each.
// The agreement is what the first act in the joint order proposes that belongs to no other in the chain.
func CheckChain(id ThingID, chain []ChainAct) (*Chain, error) {
	var acts []Act
	for i := range chain {
		if slices.Contains(Concerns(&chain[i].Act), id) {
			acts = append(acts, chain[i].Act)
		}
	}
	c := &Chain{ID: id, State: Fold(id, acts)}
	g := c.State.Agreement
	if g == nil {
		return nil, Refuse(NoSuch, string(id), "noun", "agreement")
	}
	waits := map[Position]bool{}
	for _, m := range g.unconfirmed() {
		waits[m.Position] = true
	}
	for i := range chain {
		a := &chain[i]
		if a.About.Noun() == "mandate" && a.Signed() { // whoever gave full powers signed for them too
			c.signature(a, chain)
		}
		if a.About != id {
			continue
		}
		void := c.State.Voids[a.Position]
		c.add(a, CheckEffect, void)
		c.content(a, g)
		c.signature(a, chain)
		if void == nil && NeedsAuthority(a.Kind) {
			kind := CheckAuthority
			if waits[a.Position] {
				kind = CheckConfirm
			}
			c.add(a, kind, nil)
		}
	}
	return c, nil
}

// CheckSession folds a session from the acts of its file, and checks that the document is there whose hash the heads signed, that
// each act has effect, and every official's own signature.
func CheckSession(id ThingID, chain []ChainAct) (*Chain, error) {
	minutes := MinutesThing(id)
	var acts, ofMinutes []Act
	for i := range chain {
		of := Concerns(&chain[i].Act)
		if slices.Contains(of, id) {
			acts = append(acts, chain[i].Act)
		}
		if slices.Contains(of, minutes) {
			ofMinutes = append(ofMinutes, chain[i].Act)
		}
	}
	c := &Chain{ID: id, State: Fold(id, acts)}
	written := Fold(minutes, ofMinutes)
	if c.State.Meeting == nil {
		return nil, Refuse(NoSuch, string(id), "noun", "meeting")
	}
	c.State.Minutes = written.Minutes
	for i := range chain {
		a := &chain[i]
		if a.About != id && a.About != minutes {
			continue
		}
		void := c.State.Voids[a.Position]
		if a.About == minutes {
			void = written.Voids[a.Position]
		}
		c.add(a, CheckEffect, void)
		c.signature(a, chain)
		if a.Kind == KindMinutesSign && !a.Signed() {
			c.add(a, CheckUnsigned, nil)
		}
		if t, err := terms[ClearTerms](&a.Act); a.Kind == KindMinutesClear && void == nil && err == nil && a.Content != nil && t.Hash == c.State.Meeting.Minutes {
			body, _, err := a.Unwrap(a.Content)
			if err == nil {
				_, err = DecodeMinutes(body, t.Hash)
			}
			c.add(a, CheckText, err)
		}
	}
	return c, nil
}

func (c *Chain) add(a *ChainAct, kind ChainCheckKind, err error) {
	r := asRefusal(err)
	if err, ok := err.(*Refusal); ok && err == nil {
		r = nil
	}
	c.Checks = append(c.Checks, ChainCheck{Position: a.Position, Kind: kind, Void: r})
}

// content checks what an act carries. An act whose content is not there is not judged by it: it may be erased.
func (c *Chain) content(a *ChainAct, g *Agreement) {
	body, _, err := a.Unwrap(a.Content)
	if a.Content == nil || body == nil && err == nil {
		return
	}
	kind := CheckContent
	if err == nil {
		switch a.Kind {
		case KindAgreementTable:
			kind = CheckText
			var t TableTerms
			if t, err = terms[TableTerms](&a.Act); err == nil {
				_, err = DecodeText(body, &t, g.Parties)
			}
		case KindAgreementBracket:
			_, err = DecodeBracket(body)
		case KindAgreementCorrect:
			_, err = DecodeCorrection(body)
		case KindAgreementReserve:
			_, err = DecodeReservation(body)
		default:
			return
		}
	}
	c.add(a, kind, err)
}

// signature checks the official's own signature by the signer in the chain that its credential leads to.
func (c *Chain) signature(a *ChainAct, chain []ChainAct) {
	if !a.Signed() {
		if NeedsAuthority(a.Kind) {
			c.add(a, CheckUnsigned, nil)
		}
		return
	}
	body, s, err := a.Unwrap(a.Content)
	if err != nil || s == nil {
		c.add(a, CheckSigned, Refuse(Missing, "signature"))
		return
	}
	thing := SignerThing(a.Member, s.Credential)
	var about []Act
	for i := range chain {
		if chain[i].About == thing {
			about = append(about, chain[i].Act)
		}
	}
	signer := Fold(thing, about).Signer
	if signer == nil {
		c.add(a, CheckSigned, Refuse(NoSuch, string(thing)))
		return
	}
	c.add(a, CheckSigned, signer.Verify(&a.Act, body, s))
}

// NeedsAuthority tells whether an act commits its member, so that it is done by full powers or by an office that needs none.
func NeedsAuthority(k Kind) bool {
	switch k {
	case KindAgreementAdopt, KindAgreementInitial, KindAgreementReopen, KindAgreementCommit, KindAgreementConfirm, KindAgreementNotify, KindAgreementXchg,
		KindAgreementForce, KindAgreementAbandon, KindAgreementProvis, KindAgreementProvEnd, KindAgreementExtend, KindAgreementSuspend, KindAgreementPause,
		KindAgreementResume, KindAgreementDenounce, KindAgreementRevoke, KindAgreementTerminate, KindAgreementCorrect, KindAgreementSign,
		KindAgreementDeposit, KindAgreementReserve, KindAgreementUnreserve:
		return true
	}
	return false
}
