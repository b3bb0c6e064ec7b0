package jisr

import (
	"slices"
	"strings"
	"time"
)

// A body is a committee of members that meets: its rules of procedure are data, agreed by all its members over one hash.
// Who proposes other rules amends them; the newest that all agreed hold.
//
//	proposed ----> stands ----> stands, amended
//	           (all members, over one hash)
//
// Between its sessions it decides in writing: see [WrittenDecision].

// The acts of bodies.
const (
	KindBodyPropose Kind = "body.propose" // a member: rules, a counter-proposal, an amendment
	KindBodyAgree   Kind = "body.agree"   // every other member, over the hash of the proposal
)

// Level is how high a body sits.
type Level string

// The levels, the highest first.
const (
	HighLevel      Level = "high"
	Ministerial    Level = "ministerial"
	SeniorLevel    Level = "senior"
	TechnicalLevel Level = "technical"
	FollowUp       Level = "follow-up"
)

// Levels lists them.
func Levels() []Level {
	return []Level{HighLevel, Ministerial, SeniorLevel, TechnicalLevel, FollowUp}
}

// ApprovalMode says how governments approve minutes that their delegations signed.
type ApprovalMode string

// The approvals. Silence counts only where it is adopted in the rules (as in article 25 of the treaty of 1944 between
// Mexico and the United States), and here from receipt.
const (
	NoApproval ApprovalMode = ""        // the signatures are enough
	Express    ApprovalMode = "express" // each government says so
	Silent     ApprovalMode = "silent"  // who says nothing within the days of silence has approved
)

// Rules of procedure where nothing else is agreed.
const (
	DefaultAgendaDays = 15 // days before a session by which its agenda is agreed (EU association committees)
	DefaultSilentDays = 30
)

// Procedure is what the rules of a body say about each of its meetings. A proposal to meet quotes it, so that the rules
// under which a meeting was agreed stand in what was agreed, whatever the body amends later.
type Procedure struct {
	Code        string                `json:"code,omitempty"` // first part of the numbers of decisions: code/year/n
	AgendaDays  int                   `json:"agenda_days,omitempty"`
	MinutesDays int                   `json:"minutes_days,omitempty"`
	Approval    ApprovalMode          `json:"approval,omitempty"`
	SilentDays  int                   `json:"silent_days,omitempty"` // from receipt
	Rotation    []MemberID            `json:"rotation"`              // who hosts the first session, the second, …
	Languages   []string              `json:"languages,omitempty"`
	Ladder      []int                 `json:"ladder,omitempty"`
	Calendars   map[MemberID]Calendar `json:"calendars,omitempty"`
}

// BodyTerms is the terms of body.propose.
type BodyTerms struct {
	Title       Text                `json:"title"`
	Level       Level               `json:"level"`
	Parent      ThingID             `json:"parent,omitempty"`
	Basis       *Source             `json:"basis,omitempty"` // the agreement it rests on
	Members     []MemberID          `json:"members"`         // sorted
	Chairs      map[MemberID]Office `json:"chairs"`          // posts, never persons
	Secretaries map[MemberID]Office `json:"secretaries"`
	Observers   []Text              `json:"observers,omitempty"` // who may attend without being a member
	Cadence     string              `json:"cadence,omitempty"`   // RFC 5545 section 3.3.10: "FREQ=MONTHLY;INTERVAL=3"
	Months      int                 `json:"months,omitempty"`    // the cadence as rules need it: months from session to session
	Written     int                 `json:"written,omitempty"`   // days of a written procedure between sessions; 0: there is none
	Procedure
}

// Check holds the rules against what needs nothing else.
func (t *BodyTerms) Check() error {
	switch {
	case t.Title.Empty():
		return Refuse(Missing, "title")
	case !slices.Contains(Levels(), t.Level):
		return Refuse(NotOneOf, "level", "got", string(t.Level))
	case t.Parent != "" && (!validThing(t.Parent) || t.Parent.Noun() != "body"):
		return Refuse(Malformed, "parent")
	case len(t.Cadence) > MaxRecurrence || !ascii(t.Cadence):
		return Refuse(TooLong, "cadence", "max", itoa(MaxRecurrence), "got", itoa(len(t.Cadence)))
	case t.Months < 0 || t.Months > 120 || t.Written < 0 || t.Written > MaxPeriod:
		return Refuse(Malformed, "cadence")
	}
	if err := t.Title.Check("title", MaxSubject); err != nil {
		return err
	}
	if err := checkMembers(t.Members); err != nil {
		return err
	}
	for _, posts := range []map[MemberID]Office{t.Chairs, t.Secretaries} {
		for _, m := range t.Members {
			o := posts[m]
			if o.Member != m || o.check() != nil || len(posts) != len(t.Members) {
				return Refuse(Missing, "secretaries")
			}
		}
	}
	if err := t.checkObservers(); err != nil {
		return err
	}
	return t.Procedure.check(t.Members)
}

func (t *BodyTerms) checkObservers() error {
	if len(t.Observers) > MaxObservers {
		return Refuse(TooMany, "observers", "max", itoa(MaxObservers), "got", itoa(len(t.Observers)))
	}
	for _, o := range t.Observers {
		if o.Empty() {
			return Refuse(Missing, "observers")
		}
		if err := o.Check("observers", MaxTitle); err != nil {
			return err
		}
	}
	if t.Basis != nil && (t.Basis.Thing != "" && !validThing(t.Basis.Thing) || checkLine("basis", t.Basis.Part) != nil) {
		return Refuse(Malformed, "basis")
	}
	return nil
}

func checkMembers(all []MemberID) error {
	if len(all) < 2 || len(all) > MaxMembers {
		return Refuse(TooMany, "members", "max", itoa(MaxMembers), "got", itoa(len(all)))
	}
	for i, m := range all {
		if !ValidMember(m) || i > 0 && all[i-1] >= m {
			return Refuse(Malformed, "members")
		}
	}
	return nil
}

func (p *Procedure) check(members []MemberID) error {
	for field, days := range map[string]int{"agenda_days": p.AgendaDays, "minutes_days": p.MinutesDays, "silent_days": p.SilentDays} {
		if days < 0 || days > MaxPeriod {
			return Refuse(Malformed, field, "max", itoa(MaxPeriod))
		}
	}
	switch {
	case !slices.Contains([]ApprovalMode{NoApproval, Express, Silent}, p.Approval):
		return Refuse(NotOneOf, "approval", "got", string(p.Approval))
	case len(p.Code) > MaxCode || !ascii(p.Code) || strings.ContainsAny(p.Code, "/ "):
		return Refuse(Malformed, "code", "want", "JWC")
	case len(p.Rotation) == 0 || len(p.Rotation) > len(members):
		return Refuse(Missing, "rotation")
	case len(p.Languages) > MaxLanguages:
		return Refuse(TooMany, "languages", "max", itoa(MaxLanguages), "got", itoa(len(p.Languages)))
	}
	for _, m := range p.Rotation {
		if !slices.Contains(members, m) {
			return Refuse(Malformed, "rotation")
		}
	}
	for _, l := range p.Languages {
		if len(l) < 2 || len(l) > 8 || !validID(l, false) {
			return Refuse(Malformed, "languages")
		}
	}
	if err := checkLadder(p.Ladder); err != nil {
		return err
	}
	return checkCalendars(p.Calendars)
}

// Host is who hosts a session: rotation decides, whoever convenes (C14).
func (p *Procedure) Host(session int) MemberID {
	if len(p.Rotation) == 0 || session < 1 {
		return ""
	}
	return p.Rotation[(session-1)%len(p.Rotation)]
}

// Calendar is how a member counts days.
func (p *Procedure) Calendar(m MemberID) Calendar {
	if c, ok := p.Calendars[m]; ok {
		return c
	}
	return DefaultCalendar()
}

// AgendaBy is the last day for agreeing the agenda of a session on a day.
func (p *Procedure) AgendaBy(session Date) Date {
	days := p.AgendaDays
	if days == 0 {
		days = DefaultAgendaDays
	}
	return session.Add(-days)
}

// MinutesBy is the last day for signing the minutes of a session that a member knows of since a day, in its calendar; empty where the
// rules give none.
func (p *Procedure) MinutesBy(m MemberID, since Date) Date {
	if p.MinutesDays == 0 || since == "" {
		return ""
	}
	cal := p.Calendar(m)
	return cal.After(since, p.MinutesDays)
}

// The states of a body.
const (
	BodyProposed = "proposed"
	BodyStands   = "stands"
)

// Body is the joint state of a body.
type Body struct {
	BodyTerms
	From      MemberID   `json:"from"`
	Proposals []Proposal `json:"proposals"`
	Agreed    *Step      `json:"agreed,omitempty"`
	Rules     Commitment `json:"rules"` // substance of the terms above

	Decisions []WrittenDecision `json:"decisions,omitempty"` // taken in writing, or to be, in the order they were circulated
}

func (b *Body) summary() Summary {
	s := Summary{Kind: string(b.Level), State: BodyProposed, Title: b.Title, Members: b.Members}
	if b.Agreed != nil {
		s.State = BodyStands
	}
	if p := b.Proposals[len(b.Proposals)-1]; !p.Done {
		for _, m := range b.Members {
			if _, said := p.Agreed[m]; !said {
				s.Awaits = append(s.Awaits, Await{Of: m, Why: "agree", Desk: b.Secretaries[m].Desk})
			}
		}
	}
	for i := range b.Decisions {
		w := &b.Decisions[i]
		for _, m := range w.Others() {
			if w.Answers(m) {
				s.Awaits = append(s.Awaits, Await{Of: m, Why: "decide", Due: w.Verdicts[m].Until, Desk: b.Secretaries[m].Desk})
			}
		}
	}
	return s
}

// bodyFold is the work of folding a body.
type bodyFold struct {
	id         ThingID
	accord     accord
	texts      map[Commitment]BodyTerms
	circulated []*circulation
	latest     map[MemberID]time.Time // of each member's acts: what it wrote later is not before them
}

func foldBody(id ThingID, acts []Act, voids map[Position]*Refusal) *Body {
	f := &bodyFold{id: id, texts: map[Commitment]BodyTerms{}, latest: map[MemberID]time.Time{}}
	for i := range acts {
		a := &acts[i]
		if err := f.take(a); err != nil {
			voids[a.Position] = asRefusal(err)
			continue
		}
		f.latest[a.Member] = f.now(a)
	}
	if len(f.accord.offers) == 0 {
		return nil
	}
	b := &Body{From: id.Maker(), Proposals: f.accord.show()}
	o := f.accord.newest()
	if o != nil {
		s := last(o.done).step()
		b.Agreed = &s
	} else {
		o = f.accord.offers[len(f.accord.offers)-1]
	}
	b.BodyTerms, b.Rules = f.texts[o.hash], o.hash
	for _, c := range f.circulated {
		b.Decisions = append(b.Decisions, c.settle(voids))
	}
	return b
}

func (f *bodyFold) take(a *Act) error {
	switch a.Kind {
	case KindBodyPropose:
		return f.propose(a)
	case KindBodyAgree:
		return f.accord.agree(a)
	case KindBodyCirculate:
		return f.circulate(a)
	}
	return f.answer(a)
}

// now is when an act was written, and not before what its member wrote earlier.
func (f *bodyFold) now(a *Act) time.Time {
	if at := f.latest[a.Member]; at.After(a.At) {
		return at
	}
	return a.At
}

func (f *bodyFold) propose(a *Act) error {
	t, err := terms[BodyTerms](a)
	if err == nil {
		err = t.Check()
	}
	if err != nil {
		return err
	}
	switch first := len(f.accord.offers) == 0; {
	case first && f.id.Maker() != a.Member:
		return Refuse(NotProposed, string(f.id))
	case !first && !a.Saw(f.accord.offers[0].act):
		return Refuse(NotProposed, string(f.id))
	case !first && !slices.Equal(f.accord.offers[0].parties, t.Members): // who joins or leaves makes another body
		return Refuse(NotParty, "members")
	}
	if err := f.accord.propose(a, t.Members); err != nil {
		return err
	}
	f.texts[a.Substance()] = t
	return nil
}
