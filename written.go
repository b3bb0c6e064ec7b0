package jisr

import (
	"slices"
	"strings"
	"time"
)

// Between its sessions a body decides in writing (practice 2): one member circulates the text to all others, each has the days of
// the rules to approve it or to object, from receipt and in its own calendar. Silence approves where the rules adopt silence,
// and nowhere else.
//
//	circulated ----> adopted    all others approved, or let their days pass where silence approves
//	     |---------> objected   one objection within its days: the matter goes to a session
//	     '---------> lapsed     somebody's days passed without an approval that the rules ask for
//
// Who circulated a text may object to it too: that takes it back, from receipt. A decision that all have approved, not having
// received that, stands (practice 5.4, P4).

// The acts of decisions in writing, all about the body.
const (
	KindBodyCirculate Kind = "body.circulate" // a member; content: EvidenceBody, the text and the names of its files
	KindBodyReceive   Kind = "body.receive"   // every other member's node: the text is here, its days run from this day
	KindBodyApprove   Kind = "body.approve"   // every other member
	KindBodyObject    Kind = "body.object"    // a member, with reasons
	KindBodyLapse     Kind = "body.lapse"     // a member's node: its days have passed and it said nothing
)

// CirculateTerms is the terms of body.circulate.
type CirculateTerms struct {
	Number int        `json:"number"` // in its member's own series
	Title  Text       `json:"title"`
	Rules  Commitment `json:"rules"` // the substance of the rules it is decided under: the newest the writer knew to be agreed
}

// ObjectTerms is the terms of body.object.
type ObjectTerms struct {
	Hash   Commitment `json:"hash"`
	Reason string     `json:"reason"`
}

// The states of a decision in writing.
const (
	WrittenOpen     = "circulated"
	WrittenAdopted  = "adopted"
	WrittenObjected = "objected"
	WrittenLapsed   = "lapsed"
)

// WrittenDecision is a decision that is, or was, to be taken in writing.
type WrittenDecision struct {
	Step
	CirculateTerms
	Hash     Commitment           `json:"hash"` // its substance: what is approved
	Members  []MemberID           `json:"members"`
	Days     int                  `json:"days"`
	Silent   bool                 `json:"silent,omitempty"` // silence approves
	Files    int                  `json:"files,omitempty"`
	Verdicts map[MemberID]Verdict `json:"verdicts,omitempty"`
	Adopted  *Step                `json:"adopted,omitempty"` // the last word or silence that it needed
}

// Others lists who is asked: all but who circulated it.
func (w *WrittenDecision) Others() []MemberID {
	return slices.DeleteFunc(slices.Clone(w.Members), func(m MemberID) bool { return m == w.Member })
}

// State is the step it has reached by what was said.
func (w *WrittenDecision) State() string { return w.Standing(Heard{}) }

// Standing is the state on a day: days pass in silence as far as a member is reached.
func (w *WrittenDecision) Standing(known Heard) string {
	if w.Adopted != nil {
		return WrittenAdopted
	}
	for _, m := range w.Members {
		if w.Verdicts[m].Against != nil {
			return WrittenObjected
		}
	}
	state := WrittenAdopted
	for _, m := range w.Others() {
		v := w.Verdicts[m]
		past := v.Lapsed != nil || v.Until != "" && v.Until < known.Of(m)
		switch {
		case v.Approved != nil || past && w.Silent:
		case past:
			return WrittenLapsed
		default:
			state = WrittenOpen
		}
	}
	return state
}

// Answers tells whether a member may still approve it, or object.
func (w *WrittenDecision) Answers(m MemberID) bool {
	v := w.Verdicts[m]
	return w.State() == WrittenOpen && slices.Contains(w.Members, m) && v.Approved == nil && v.Lapsed == nil
}

// Ref is how people cite a decision in writing: body, year, and its number in the series of who circulated it.
func (b *Body) Ref(w *WrittenDecision) string {
	cal := b.Calendar(w.Member)
	return strings.TrimPrefix(b.Code+"/", "/") + string(cal.Day(w.At))[:4] + "/" + strings.ToUpper(string(w.Member)) + "-" + itoa(w.Number)
}

// InWriting finds a decision in writing by its substance; nil when there is none.
func (b *Body) InWriting(hash Commitment) *WrittenDecision {
	i := slices.IndexFunc(b.Decisions, func(w WrittenDecision) bool { return w.Hash == hash })
	if i < 0 {
		return nil
	}
	return &b.Decisions[i]
}

// circulation is a decision in writing while the acts about its body are folded.
type circulation struct {
	WrittenDecision
	act   *Act
	rules BodyTerms
	words []*Act // approvals, and silences that approve
	nays  []*Act // objections, the writer's own last
	back  *Act   // the one of who circulated it
}

// circulate puts a text to all members, under the newest rules its writer knew to be agreed.
func (f *bodyFold) circulate(a *Act) error {
	t, err := terms[CirculateTerms](a)
	switch {
	case err != nil:
		return err
	case t.Title.Empty():
		return Refuse(Missing, "title")
	case a.Content == nil:
		return Refuse(Missing, "content")
	case len(f.circulated) >= MaxWritten:
		return Refuse(TooMany, "decisions", "max", itoa(MaxWritten))
	}
	if err := t.Title.Check("title", MaxSubject); err != nil {
		return err
	}
	holds := f.accord.known(a)
	if holds == nil || holds.hash != t.Rules {
		return Refuse(NotAgreed, "rules")
	}
	rules := f.texts[holds.hash]
	number := 1
	for _, c := range f.circulated {
		if c.Member == a.Member {
			number = max(number, c.Number+1)
		}
	}
	switch {
	case !slices.Contains(rules.Members, a.Member):
		return Refuse(NotParty, string(a.Member))
	case rules.Written == 0:
		return Refuse(NotAgreed, "written")
	case t.Number != number:
		return Refuse(Malformed, "number", "want", itoa(number))
	case f.inWriting(a.Substance()) != nil:
		return Refuse(Already, string(a.Kind))
	}
	w := WrittenDecision{Step: a.step(), CirculateTerms: t, Hash: a.Substance(), Members: rules.Members, Days: rules.Written, Silent: rules.Approval == Silent, Files: len(a.Attachments)}
	f.circulated = append(f.circulated, &circulation{WrittenDecision: w, act: a, rules: rules})
	return nil
}

func (f *bodyFold) inWriting(hash Commitment) *circulation {
	for _, c := range f.circulated {
		if c.Hash == hash {
			return c
		}
	}
	return nil
}

// answer is what a member, or its node, says to a decision in writing.
func (f *bodyFold) answer(a *Act) error {
	t, err := terms[ObjectTerms](a)
	if err == nil {
		err = checkLine("reason", t.Reason)
	}
	if err != nil {
		return err
	}
	c := f.inWriting(t.Hash)
	switch {
	case c == nil || c.act.Position != a.Position && !a.Saw(c.act):
		return Refuse(NotProposed, string(t.Hash))
	case !slices.Contains(c.Members, a.Member):
		return Refuse(NotParty, string(a.Member))
	case slices.ContainsFunc(c.nays, a.Saw):
		return Refuse(Ended, "decision")
	case a.Kind == KindBodyObject && t.Reason == "":
		return Refuse(Missing, "reason")
	case a.Member == c.Member:
		return c.takeBack(a, t.Reason)
	}
	return c.verdict(a, t.Reason, f.now(a))
}

// takeBack is the objection of who circulated the decision: too late once it had received what adopts it.
func (c *circulation) takeBack(a *Act, reason string) error {
	switch {
	case a.Kind != KindBodyObject || c.back != nil:
		return Refuse(Already, string(a.Kind))
	case len(c.words) == len(c.Others()) && sawAll(a, c.words):
		return Refuse(Ended, "decision")
	}
	c.back, c.nays = a, append(c.nays, a)
	s := a.step()
	c.say(a.Member, Verdict{Against: &s, Reason: reason})
	return nil
}

// verdict is read in the member's own log alone (C21): its own acts say when the text arrived and when it spoke.
func (c *circulation) verdict(a *Act, reason string, at time.Time) error {
	cal := c.rules.Calendar(a.Member)
	v, s, day := c.Verdicts[a.Member], a.step(), cal.Day(at)
	first := v.Received == nil
	if first {
		v.Received, v.Until = &s, cal.After(day, c.Days)
	}
	switch {
	case a.Kind == KindBodyReceive && first:
	case a.Kind == KindBodyReceive || v.Approved != nil || v.Against != nil || v.Lapsed != nil:
		return Refuse(Already, string(a.Kind))
	case a.Kind == KindBodyLapse && day <= v.Until:
		return Refuse(NotAgreed, "silence", "until", string(v.Until))
	case a.Kind == KindBodyLapse:
		if v.Lapsed = &s; c.Silent {
			c.words = append(c.words, a)
		}
	case day > v.Until:
		return Refuse(TooLate, "decision", "until", string(v.Until))
	case a.Kind == KindBodyApprove:
		v.Approved, c.words = &s, append(c.words, a)
	default:
		v.Against, v.Reason, c.nays = &s, reason, append(c.nays, a)
	}
	c.say(a.Member, v)
	return nil
}

func (c *circulation) say(m MemberID, v Verdict) {
	if c.Verdicts == nil {
		c.Verdicts = map[MemberID]Verdict{}
	}
	c.Verdicts[m] = v
}

// settle gives the decision as it stands. All words that adopt it are of members that had received no objection, so what they
// complete beats a taking back that they had not received (P4).
func (c *circulation) settle(voids map[Position]*Refusal) WrittenDecision {
	if len(c.words) == len(c.Others()) {
		s := last(c.words).step()
		c.Adopted = &s
		if c.back != nil {
			delete(c.Verdicts, c.Member)
			voids[c.back.Position] = Refuse(Ended, "decision")
		}
	}
	return c.WrittenDecision
}
