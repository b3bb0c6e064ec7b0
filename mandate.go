package jisr

import (
	"encoding/json"
	"slices"
	"time"
)

// A mandate is full powers: a document by which a member's competent authority designates a post to do some acts about
// some things (Vienna Convention, articles 2(1)(c) and 7). Its life:
//
//	issued --> presented (the other side holds it) --> verified by it --> used
//	   |                                                                       |
//	   +--> expired (by its own dates), revoked: for acts that come after <----+
//
// An act that needs one and names none that covers it is kept as to be confirmed (article 8).

// The acts of mandates.
const (
	KindMandateIssue  Kind = "mandate.issue"  // the member whose authority it is; its document may be attached
	KindMandateVerify Kind = "mandate.verify" // another member: found in due form
	KindMandateRevoke Kind = "mandate.revoke" // who issued it
)

// MandateAct is what a holder may do.
type MandateAct string

// The acts full powers are given for.
const (
	MayNegotiate MandateAct = "negotiate"
	MayAdopt     MandateAct = "adopt"
	MayInitial   MandateAct = "initial"
	MaySign      MandateAct = "sign"
	MaySignAdRef MandateAct = "sign-ad-referendum"
	MayExchange  MandateAct = "exchange"
	MayNotify    MandateAct = "notify" // completion, suspension, termination and what else one member tells the other
	MayAgree     MandateAct = "agree"  // steps that all parties state alike: extension, provisional application, resumption
	MayMinutes   MandateAct = "minutes"
	MayStatement MandateAct = "statement"
)

// MandateActs lists them.
func MandateActs() []MandateAct {
	return []MandateAct{MayNegotiate, MayAdopt, MayInitial, MaySign, MaySignAdRef, MayExchange, MayNotify, MayAgree, MayMinutes, MayStatement}
}

// PowersFor tells for which act full powers must be given so that their holder may say a kind of act about an agreement.
func PowersFor(k Kind) MandateAct {
	switch k {
	case KindAgreementAdopt:
		return MayAdopt
	case KindAgreementInitial, KindAgreementReopen:
		return MayInitial
	case KindAgreementCommit, KindAgreementSign:
		return MaySign
	case KindAgreementXchg:
		return MayExchange
	case KindAgreementForce, KindAgreementProvis, KindAgreementExtend, KindAgreementPause, KindAgreementResume, KindAgreementTerminate, KindAgreementCorrect:
		return MayAgree
	}
	return MayNotify
}

// MandateTerms is the terms of mandate.issue. The holder is a post, never a person's name.
type MandateTerms struct {
	Holder   OfficialID   `json:"holder"`
	Post     Text         `json:"post"`
	Issuer   Text         `json:"issuer"` // the office that issues it
	Capacity Capacity     `json:"capacity,omitempty"`
	Acts     []MandateAct `json:"acts"`
	Subjects []ThingID    `json:"subjects"` // sorted: agreements, meetings, statements. An agreement that belongs to another names both
	From     Date         `json:"from"`
	To       Date         `json:"to,omitempty"` // last day; empty: until it is revoked
}

// MandateSubjects is the terms of mandate.verify and mandate.revoke: the subjects again, so that what they change is
// told by the act itself.
type MandateSubjects struct {
	Subjects []ThingID `json:"subjects"`
	Reason   string    `json:"reason,omitempty"`
}

// Mandate is the joint state of full powers.
type Mandate struct {
	MandateTerms
	Of       MemberID          `json:"of"`
	Issued   Step              `json:"issued"`
	Verified map[MemberID]Step `json:"verified,omitempty"`
	Revoked  *Step             `json:"revoked,omitempty"`
}

// MandateState names the step a mandate has reached.
type MandateState string

// The states that acts and the calendar tell. Presented and used are for the things it is named in.
const (
	MandateIssued    MandateState = "issued"
	MandatePresented MandateState = "presented" // the other parties hold it
	MandateVerified  MandateState = "verified"
	MandateUsed      MandateState = "used"
	MandateExpired   MandateState = "expired"
	MandateRevoked   MandateState = "revoked"
)

// MandateStates lists them in the order of the life.
func MandateStates() []MandateState {
	return []MandateState{MandateIssued, MandatePresented, MandateVerified, MandateUsed, MandateExpired, MandateRevoked}
}

// State is the step that acts alone tell.
func (m *Mandate) State() MandateState { return m.Standing("") }

// Standing is the step on a day.
func (m *Mandate) Standing(today Date) MandateState {
	switch {
	case m.Revoked != nil:
		return MandateRevoked
	case m.To != "" && today > m.To:
		return MandateExpired
	case len(m.Verified) > 0:
		return MandateVerified
	}
	return MandateIssued
}

// For is the step on a day as an agreement that it is for shows it: presented once the other parties hold it, used once an act
// that names it has effect. How it ended comes before both.
func (m *Mandate) For(g *Agreement, id ThingID, presented bool, today Date) MandateState {
	st := m.Standing(today)
	switch {
	case st == MandateExpired || st == MandateRevoked:
		return st
	case len(g.Uses(id)) > 0:
		return MandateUsed
	case st == MandateIssued && presented:
		return MandatePresented
	}
	return st
}

// Covers tells whether an act done on a day under the mandate had its authority: by its holder, for what it was given, in
// its time, and before a revocation in the same log: what stands before the revocation reaches the other side before it
// (practice 5.4, C10).
func (m *Mandate) Covers(a *Act, what MandateAct, on Date) bool {
	switch {
	case m.Of != a.Member || !a.after(m.Issued.Position):
		return false
	case !slices.Contains(m.Acts, what) || !slices.Contains(m.Subjects, a.About):
		return false
	case a.By == nil || a.By.Official != m.Holder:
		return false
	case on < m.From || m.To != "" && on > m.To:
		return false
	}
	return m.Revoked == nil || !a.after(m.Revoked.Position)
}

func (m *Mandate) summary() Summary {
	s := Summary{State: string(m.State()), Title: m.Post, Members: []MemberID{m.Of}}
	return s
}

// Check holds full powers against the rules that need nothing else.
func (t *MandateTerms) Check() error {
	switch {
	case !validID(string(t.Holder), false):
		return Refuse(Malformed, "holder")
	case t.Post.Empty():
		return Refuse(Missing, "post")
	case t.Issuer.Empty():
		return Refuse(Missing, "issuer")
	case t.Capacity != "" && !slices.Contains(Capacities(), t.Capacity):
		return Refuse(NotOneOf, "capacity", "got", string(t.Capacity))
	case len(t.Acts) == 0:
		return Refuse(Missing, "acts")
	case len(t.Acts) > len(MandateActs()):
		return Refuse(TooMany, "acts", "max", itoa(len(MandateActs())), "got", itoa(len(t.Acts)))
	case !t.From.Valid() || t.To != "" && (!t.To.Valid() || t.To < t.From):
		return Refuse(Malformed, "from", "want", "2026-12-01")
	}
	for _, a := range t.Acts {
		if !slices.Contains(MandateActs(), a) {
			return Refuse(NotOneOf, "acts", "got", string(a))
		}
	}
	if err := checkSubjects(t.Subjects); err != nil {
		return err
	}
	if err := t.Issuer.Check("issuer", MaxTitle); err != nil {
		return err
	}
	return t.Post.Check("post", MaxTitle)
}

func checkSubjects(subjects []ThingID) error {
	if len(subjects) == 0 {
		return Refuse(Missing, "subjects")
	}
	if len(subjects) > MaxSubjects {
		return Refuse(TooMany, "subjects", "max", itoa(MaxSubjects), "got", itoa(len(subjects)))
	}
	for i, s := range subjects {
		if !validThing(s) || s.Noun() == "mandate" || i > 0 && subjects[i-1] >= s {
			return Refuse(Malformed, "subjects")
		}
	}
	return nil
}

// mandated gives the things that an act about full powers names.
func mandated(a *Act) []ThingID {
	var t MandateSubjects
	if json.Unmarshal(a.Terms, &t) != nil || checkSubjects(t.Subjects) != nil {
		return nil
	}
	return t.Subjects
}

// foldMandate applies the acts about one mandate, which come sorted.
func foldMandate(id ThingID, acts []Act, voids map[Position]*Refusal) *Mandate {
	var m *Mandate
	for i := range acts {
		a := &acts[i]
		next, err := m.apply(id, a)
		if err != nil {
			voids[a.Position] = asRefusal(err)
			continue
		}
		m = next
	}
	return m
}

func (m *Mandate) apply(id ThingID, a *Act) (*Mandate, error) {
	if a.Kind == KindMandateIssue {
		t, err := terms[MandateTerms](a)
		switch {
		case err != nil:
			return m, err
		case id.Maker() != a.Member:
			return m, Refuse(NotYours, "mandate")
		case m != nil:
			return m, Refuse(Already, "issue")
		}
		if err := t.Check(); err != nil {
			return m, err
		}
		return &Mandate{MandateTerms: t, Of: a.Member, Issued: a.step()}, nil
	}
	if m == nil || !a.after(m.Issued.Position) {
		return m, Refuse(NoSuch, string(id))
	}
	t, err := terms[MandateSubjects](a)
	if err == nil && !slices.Equal(t.Subjects, m.Subjects) {
		err = Refuse(Malformed, "subjects")
	}
	if err == nil {
		err = Text{"und": t.Reason}.Check("reason", MaxReason)
	}
	if err != nil {
		return m, err
	}
	if a.Kind == KindMandateRevoke {
		return m, m.revoke(a)
	}
	return m, m.verify(a)
}

// MayRevoke is what a revocation written now would meet.
func (m *Mandate) MayRevoke(by MemberID) error {
	if by != m.Of {
		return Refuse(NotYours, "mandate")
	}
	if m.Revoked != nil {
		return Refuse(Already, "revoke")
	}
	return nil
}

func (m *Mandate) revoke(a *Act) error {
	if err := m.MayRevoke(a.Member); err != nil {
		return err
	}
	s := a.step()
	m.Revoked = &s
	return nil
}

func (m *Mandate) verify(a *Act) error {
	if a.Member == m.Of {
		return Refuse(NotYours, "mandate")
	}
	if _, done := m.Verified[a.Member]; done {
		return Refuse(Already, "verify")
	}
	if m.Verified == nil {
		m.Verified = map[MemberID]Step{}
	}
	m.Verified[a.Member] = a.step()
	return nil
}

// after tells whether the writer had received the act at p, or had written it before.
func (a *Act) after(p Position) bool {
	return a.Saw(&Act{Position: p})
}

// WindowEnd makes a closing time as acts state it.
func WindowEnd(t time.Time) time.Time { return t.UTC().Truncate(time.Second) }
