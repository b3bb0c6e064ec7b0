package jisr

import (
	"crypto/sha256"
	"slices"
)

// Substance is the hash of what an act says, whoever says it again: kind, forum, thing, terms and the commitments to
// its contents; not who wrote it, when, or what it had seen. Members agree to a proposal by naming its substance, so
// an agreement is always over one hash, the text in its contents included.
func (a *Act) Substance() Commitment {
	raw, err := Terms(struct {
		V           int       `json:"v"`
		Kind        Kind      `json:"kind"`
		Forum       ForumID   `json:"forum"`
		About       ThingID   `json:"about"`
		Terms       any       `json:"terms,omitempty"`
		Content     *Content  `json:"content,omitempty"`
		Attachments []Content `json:"attachments,omitempty"`
	}{a.V, a.Kind, a.Forum, a.About, a.Terms, a.Content, a.Attachments})
	if err != nil { // terms that are no JSON were refused when the act was decoded
		return ""
	}
	return Commit(sha256.Sum256(append([]byte("jisr substance/v1\n"), raw...)))
}

// AgreeTerms is the terms of acts by which a member agrees to a proposal: the substance it agrees to.
type AgreeTerms struct {
	Hash Commitment `json:"hash"`
}

func (t *AgreeTerms) check() error {
	if _, ok := t.Hash.Sum(); !ok {
		return Refuse(Malformed, "hash", "want", "sha256:…")
	}
	return nil
}

// Proposal is a proposal as the joint state shows it: who put it, and who has agreed to it.
type Proposal struct {
	Hash   Commitment        `json:"hash"`
	By     MemberID          `json:"by"`
	Step   Step              `json:"step"`
	Agreed map[MemberID]Step `json:"agreed,omitempty"` // whose word for it stands, the proposer's among them
	Done   bool              `json:"done,omitempty"`   // all parties agreed to it
}

// accord is the search of some parties for one text of several that are proposed (practice 5.4, P3): what all have said
// over one hash is agreed, and nothing else is.
//
// A member has one word: to propose or to agree to another text takes back what it said before. It is taken back from
// receipt (P2, P4): who agrees having received that completes nothing; who agrees not having received it completes the
// accord, and the taking back comes too late.
//
// Acts come to it sorted, so an act is always met after every act its writer had seen.
type accord struct{ offers []*offer }

// offer is one text and what was said to it.
type offer struct {
	hash    Commitment
	act     *Act
	parties []MemberID // who must agree
	words   map[spoken]*utterance
	done    []*Act // the words that completed it; nil while it is open
}

// spoken is a member's word, and by which road: "" said directly, else the hash of the minutes that carry it. Words by
// different roads do not complete each other.
type spoken struct {
	member MemberID
	via    Commitment
}

type utterance struct{ act, gone *Act }

// find gives the offer of a hash.
func (c *accord) find(hash Commitment) *offer {
	for _, o := range c.offers {
		if o.hash == hash {
			return o
		}
	}
	return nil
}

// propose puts a text on the table, with the proposer's word for it.
func (c *accord) propose(a *Act, parties []MemberID) error {
	hash := a.Substance()
	if !slices.Contains(parties, a.Member) {
		return Refuse(NotParty, string(a.Member))
	}
	if c.find(hash) != nil {
		return Refuse(Already, "propose")
	}
	if len(c.offers) >= MaxProposals {
		return Refuse(TooMany, "proposals", "max", itoa(MaxProposals))
	}
	c.offers = append(c.offers, &offer{hash: hash, act: a, parties: parties, words: map[spoken]*utterance{}})
	return c.say(a, hash, "")
}

// say is a member's word for a text.
func (c *accord) say(a *Act, hash, via Commitment) error {
	o := c.find(hash)
	switch {
	case o != nil && !slices.Contains(o.parties, a.Member):
		return Refuse(NotParty, string(a.Member))
	case o == nil || o.act.Position != a.Position && !a.Saw(o.act):
		return Refuse(NotProposed, string(hash))
	case o.done != nil && sawAll(a, o.done):
		return Refuse(Already, "agree")
	}
	k := spoken{a.Member, via}
	if w := o.words[k]; w != nil && w.gone == nil {
		return Refuse(Already, "agree")
	}
	c.takeBack(a, o)
	o.words[k] = &utterance{act: a}
	if o.done == nil {
		o.done = o.complete(via)
	}
	return nil
}

// clear is a member's word for a document that it writes itself. Several may write the same document not knowing of each other, so a
// document is known by its hash alone, and not by who cleared it first.
func (c *accord) clear(a *Act, hash Commitment, parties []MemberID) error {
	o := c.find(hash)
	if o == nil {
		if len(c.offers) >= MaxProposals {
			return Refuse(TooMany, "proposals", "max", itoa(MaxProposals))
		}
		o = &offer{hash: hash, act: a, parties: parties, words: map[spoken]*utterance{}}
		c.offers = append(c.offers, o)
	}
	k := spoken{a.Member, ""}
	if w := o.words[k]; w != nil && w.gone == nil {
		return Refuse(Already, "clear")
	}
	c.takeBack(a, o)
	o.words[k] = &utterance{act: a}
	if o.done == nil {
		o.done = o.complete("")
	}
	return nil
}

// agree is the word of an act whose terms name a hash.
func (c *accord) agree(a *Act) error {
	t, err := terms[AgreeTerms](a)
	if err == nil {
		err = t.check()
	}
	if err == nil {
		err = c.say(a, t.Hash, "")
	}
	return err
}

// has tells whether the hash that an act names is one of these texts.
func (c *accord) has(a *Act) bool {
	t, err := terms[AgreeTerms](a)
	return err == nil && c.find(t.Hash) != nil
}

// takeBack ends what the member said for other texts, or for all when keep is nil.
func (c *accord) takeBack(a *Act, keep *offer) {
	for _, o := range c.offers {
		if o == keep {
			continue
		}
		for k, w := range o.words {
			if k.member == a.Member && w.gone == nil {
				w.gone = a
			}
		}
	}
}

// complete gives the words of all parties when they make the text agreed: nobody had received, when it spoke, that
// another took its word back.
func (o *offer) complete(via Commitment) []*Act {
	var all []*Act
	for _, m := range o.parties {
		w := o.words[spoken{m, via}]
		if w == nil {
			return nil
		}
		all = append(all, w.act)
	}
	for _, m := range o.parties {
		gone := o.words[spoken{m, via}].gone
		for _, a := range all {
			if gone != nil && a.Saw(gone) {
				return nil
			}
		}
	}
	return all
}

// seen tells whether the writer had received that a text is agreed.
func (c *accord) seen(a *Act) bool { return c.known(a) != nil }

// known gives the newest proposal that the writer had received to be agreed; nil when none is.
func (c *accord) known(a *Act) *offer {
	for _, o := range slices.Backward(c.offers) {
		if o.done != nil && sawAll(a, o.done) {
			return o
		}
	}
	return nil
}

// newest gives the newest proposal that is agreed; nil when none is.
func (c *accord) newest() *offer {
	for _, o := range slices.Backward(c.offers) {
		if o.done != nil {
			return o
		}
	}
	return nil
}

// show gives the proposals as the state has them, in their order.
func (c *accord) show() []Proposal {
	var all []Proposal
	for _, o := range c.offers {
		p := Proposal{Hash: o.hash, By: o.act.Member, Step: o.act.step(), Done: o.done != nil, Agreed: map[MemberID]Step{}}
		said := map[MemberID]*Act{}
		for k, w := range o.words {
			if first := said[k.member]; w.gone == nil && (first == nil || Compare(w.act, first) < 0) {
				said[k.member] = w.act
			}
		}
		for _, a := range o.done {
			said[a.Member] = a
		}
		for m, a := range said {
			p.Agreed[m] = a.step()
		}
		all = append(all, p)
	}
	return all
}

// sawAll tells whether the writer had received all of these, or wrote them.
func sawAll(a *Act, all []*Act) bool {
	for _, b := range all {
		if a.Position != b.Position && !a.Saw(b) {
			return false
		}
	}
	return true
}

// last gives the act that sorts last: the one that completed what they make together.
func last(all []*Act) *Act {
	return slices.MaxFunc(all, Compare)
}
