package jisr

import (
	"slices"
	"strings"
	"time"
)

// A meeting is one numbered session of a body. Its name follows from both, so that two members who convene it at once
// speak about one thing.
//
//	proposed ----> date agreed ----> agenda agreed ----> convened ----> held ----> minutes signed ----> closed
//	   ^    (all,     |     (all, over one hash)   (the host)   (either)   (all heads, over one hash)
//	   |    one hash) |
//	   '--- postponed <'     cancelled: before it was convened; not held: after. Both count from receipt.
//
// Rotation decides the host, and the host's proposal of a date is the live one; others are counter-proposals (C14). A
// cancellation that others had not received when they went on makes it "not held", and its agenda is carried forward
// (C15). That its day has passed in silence is computed, never stored.

// The acts of meetings.
const (
	KindMeetingPropose    Kind = "meeting.propose"    // a member: date and place; later ones are counter-proposals
	KindMeetingAgenda     Kind = "meeting.agenda"     // a member: the whole agenda; later ones are counter-proposals
	KindMeetingAgree      Kind = "meeting.agree"      // another member: to a date or an agenda, over its hash
	KindMeetingConvene    Kind = "meeting.convene"    // the host
	KindMeetingDelegation Kind = "meeting.delegation" // each member: who comes; a later one revises it
	KindMeetingPaper      Kind = "meeting.paper"      // each member: a paper in its own series; content: EvidenceBody
	KindMeetingHold       Kind = "meeting.hold"       // a member: the session has begun
	KindMeetingPostpone   Kind = "meeting.postpone"   // a member, with reasons
	KindMeetingCancel     Kind = "meeting.cancel"     // a member, with reasons
	KindMeetingClose      Kind = "meeting.close"      // a member, when the minutes are signed
)

// MeetingThing is the name of a session of a body; MinutesThing that of its minutes.
func MeetingThing(body ThingID, session int) ThingID {
	return ThingID("meeting/" + body.Name() + "-" + itoa(session))
}

// MinutesThing is the minutes of a meeting.
func MinutesThing(meeting ThingID) ThingID { return ThingID("minutes/" + meeting.Name()) }

// meetingOf is the meeting whose minutes these are.
func meetingOf(minutes ThingID) ThingID { return ThingID("meeting/" + minutes.Name()) }

// Mode is where a session is held.
type Mode string

// The modes.
const (
	InPerson Mode = "in-person"
	Online   Mode = "online"
	Hybrid   Mode = "hybrid"
)

// Modes lists them.
func Modes() []Mode { return []Mode{InPerson, Online, Hybrid} }

// MeetingTerms is the terms of meeting.propose.
type MeetingTerms struct {
	Body    ThingID    `json:"body"`
	Session int        `json:"session"`
	Rules   Commitment `json:"rules"` // the substance of the rules quoted below
	Title   Text       `json:"title"`
	Members []MemberID `json:"members"` // sorted
	Begins  string     `json:"begins"`  // RFC 3339 with the offset of the place
	Ends    string     `json:"ends,omitempty"`
	Zone    string     `json:"zone"` // of the place, as people name it
	Place   Text       `json:"place,omitempty"`
	Mode    Mode       `json:"mode"`
	Procedure
}

// Day is the day on which it begins, at the place.
func (t *MeetingTerms) Day() Date {
	day, _, _ := strings.Cut(t.Begins, "T")
	return Date(day)
}

// Check holds a proposal against the rules that need nothing else.
func (t *MeetingTerms) Check() error {
	if !validThing(t.Body) || t.Body.Noun() != "body" {
		return Refuse(Malformed, "body")
	}
	if t.Session < 1 || t.Session > MaxSessions {
		return Refuse(Malformed, "session", "max", itoa(MaxSessions))
	}
	if _, ok := t.Rules.Sum(); !ok {
		return Refuse(Malformed, "rules")
	}
	begins, err := time.Parse(time.RFC3339, t.Begins)
	if err != nil {
		return Refuse(Malformed, "begins", "want", "2026-12-15T10:00:00+03:00")
	}
	if t.Ends != "" {
		if ends, err := time.Parse(time.RFC3339, t.Ends); err != nil || !ends.After(begins) {
			return Refuse(Malformed, "ends", "after", t.Begins)
		}
	}
	if !slices.Contains(Modes(), t.Mode) {
		return Refuse(NotOneOf, "mode", "got", string(t.Mode))
	}
	if t.Zone == "" || len(t.Zone) > MaxID || !ascii(t.Zone) {
		return Refuse(Malformed, "zone", "want", "Asia/Baghdad")
	}
	if err := t.Title.Check("title", MaxSubject); err != nil {
		return err
	}
	if err := t.Place.Check("place", MaxTitle); err != nil {
		return err
	}
	if err := checkMembers(t.Members); err != nil {
		return err
	}
	return t.Procedure.check(t.Members)
}

// Purpose is what an item of the agenda is for.
type Purpose string

// The purposes.
const (
	ForInformation Purpose = "information"
	ForDiscussion  Purpose = "discussion"
	ForDecision    Purpose = "decision"
)

// Purposes lists them.
func Purposes() []Purpose { return []Purpose{ForInformation, ForDiscussion, ForDecision} }

// AgendaItem is one item. Ref never changes when items are renumbered; carried names the item of an earlier session.
type AgendaItem struct {
	Ref      string   `json:"ref"`
	Title    Text     `json:"title"`
	Purpose  Purpose  `json:"purpose"`
	Proposer MemberID `json:"proposer,omitempty"`
	Carried  string   `json:"carried,omitempty"`
}

// AgendaTerms is the terms of meeting.agenda.
type AgendaTerms struct {
	Items []AgendaItem `json:"items"`
}

func (t *AgendaTerms) check() error {
	if len(t.Items) == 0 {
		return Refuse(Missing, "agenda")
	}
	if len(t.Items) > MaxItems {
		return Refuse(TooMany, "agenda", "max", itoa(MaxItems), "got", itoa(len(t.Items)))
	}
	for i, it := range t.Items {
		if !ValidName(it.Ref) || slices.ContainsFunc(t.Items[:i], func(o AgendaItem) bool { return o.Ref == it.Ref }) {
			return Refuse(Malformed, "agenda")
		}
		if it.Title.Empty() || it.Title.Check("agenda", MaxSubject) != nil || !slices.Contains(Purposes(), it.Purpose) ||
			it.Proposer != "" && !ValidMember(it.Proposer) || !validID(it.Carried, true) {
			return Refuse(Malformed, "agenda")
		}
	}
	return nil
}

// Delegate is a post in a delegation, never a person. Organ is the authority it comes from where that is not the
// member's own: a delegation may be composite.
type Delegate struct {
	Post      Text `json:"post"`
	Organ     Text `json:"organ,omitempty"`
	Alternate bool `json:"alternate,omitempty"`
}

// DelegationTerms is the terms of meeting.delegation.
type DelegationTerms struct {
	Head    Delegate   `json:"head"`
	Members []Delegate `json:"members,omitempty"`
}

func (t *DelegationTerms) check() error {
	if len(t.Members) > MaxDelegates {
		return Refuse(TooMany, "delegation", "max", itoa(MaxDelegates), "got", itoa(len(t.Members)))
	}
	for _, d := range append([]Delegate{t.Head}, t.Members...) {
		if d.Post.Empty() {
			return Refuse(Missing, "post")
		}
		if err := d.Post.Check("post", MaxTitle); err != nil {
			return err
		}
		if err := d.Organ.Check("organ", MaxTitle); err != nil {
			return err
		}
	}
	return nil
}

// PaperTerms is the terms of meeting.paper: the number in the member's own series of the meeting, and which version.
type PaperTerms struct {
	Number  int    `json:"number"`
	Version int    `json:"version"`
	Item    string `json:"item,omitempty"`
	Title   Text   `json:"title"`
}

// HoldTerms is the terms of meeting.hold: the day on which it began.
type HoldTerms struct {
	Day Date `json:"day"`
}

// Delegation is a delegation as the joint state has it.
type Delegation struct {
	Step
	DelegationTerms
	Revised int `json:"revised,omitempty"` // how often
}

// Paper is a paper as the joint state has it, in its newest version.
type Paper struct {
	Step
	PaperTerms
	Files int `json:"files,omitempty"`
}

// MeetingState names the step of its life a meeting has reached.
type MeetingState string

// The states, in the order of the life.
const (
	MeetingProposed  MeetingState = "proposed"
	DateAgreed       MeetingState = "date-agreed"
	AgendaAgreed     MeetingState = "agenda-agreed"
	Convened         MeetingState = "convened"
	MeetingHeld      MeetingState = "held"
	MinutesSigned    MeetingState = "minutes-signed"
	MeetingClosed    MeetingState = "closed"
	Postponed        MeetingState = "postponed"
	MeetingCancelled MeetingState = "cancelled"
	NotHeld          MeetingState = "not-held"
)

// MeetingStates lists them.
func MeetingStates() []MeetingState {
	return []MeetingState{MeetingProposed, DateAgreed, AgendaAgreed, Convened, MeetingHeld, MinutesSigned, MeetingClosed, Postponed, MeetingCancelled, NotHeld}
}

// Meeting is the joint state of a meeting.
type Meeting struct {
	MeetingTerms                         // as agreed; the live proposal while nothing is
	Dates        []Proposal              `json:"dates"`
	Live         Commitment              `json:"live"` // which of the proposals of a date the terms above are
	DateAgreed   *Step                   `json:"date_agreed,omitempty"`
	Agendas      []Proposal              `json:"agendas,omitempty"`
	Agenda       []AgendaItem            `json:"agenda,omitempty"` // as agreed; the newest proposal while none is
	AgendaAgreed *Step                   `json:"agenda_agreed,omitempty"`
	Convened     *Step                   `json:"convened,omitempty"`
	Delegations  map[MemberID]Delegation `json:"delegations,omitempty"`
	Papers       []Paper                 `json:"papers,omitempty"`
	Held         *Step                   `json:"held,omitempty"`
	HeldOn       Date                    `json:"held_on,omitempty"`
	Signed       *Step                   `json:"signed,omitempty"` // the signature that completed the minutes
	Minutes      Commitment              `json:"minutes,omitempty"`
	NextOn       Date                    `json:"next_on,omitempty"` // as the minutes say
	Closed       *Step                   `json:"closed,omitempty"`
	Postponed    *Halt                   `json:"postponed,omitempty"`
	Cancelled    *Halt                   `json:"cancelled,omitempty"`
}

// State is the step it has reached.
func (m *Meeting) State() MeetingState {
	switch {
	case m.Closed != nil:
		return MeetingClosed
	case m.Signed != nil:
		return MinutesSigned
	case m.Cancelled != nil && m.Convened != nil:
		return NotHeld
	case m.Cancelled != nil:
		return MeetingCancelled
	case m.Held != nil:
		return MeetingHeld
	case m.Postponed != nil:
		return Postponed
	case m.DateAgreed == nil:
		return MeetingProposed
	case m.AgendaAgreed == nil:
		return DateAgreed
	case m.Convened == nil:
		return AgendaAgreed
	}
	return Convened
}

// Missed tells that its day has passed and nobody said that it was held: a missed session is visible.
func (m *Meeting) Missed(today Date) bool {
	switch m.State() {
	case DateAgreed, AgendaAgreed, Convened:
		return m.Day() < today
	}
	return false
}

// Forward is the agenda of a session that was not held, as the next one takes it over.
func (m *Meeting) Forward() []AgendaItem {
	var all []AgendaItem
	for _, it := range m.Agenda {
		it.Carried = itoa(m.Session) + "." + it.Ref
		if !validID(it.Carried, false) { // begins with a digit: sessions are numbers
			it.Carried = "s" + it.Carried
		}
		all = append(all, it)
	}
	return all
}

func (m *Meeting) summary() Summary {
	s := Summary{Kind: string(m.Mode), State: string(m.State()), Title: m.Title, Members: m.Members, Labels: []string{"body:" + string(m.Body)}}
	owe := func(p []Proposal, why string, due Date) {
		if len(p) == 0 {
			return
		}
		for _, id := range m.Members {
			if _, said := p[len(p)-1].Agreed[id]; !said {
				s.Awaits = append(s.Awaits, Await{Of: id, Why: why, Due: due})
			}
		}
	}
	switch m.State() {
	case MeetingProposed, Postponed:
		owe(m.Dates, "agree-date", "")
	case DateAgreed:
		if len(m.Agendas) == 0 {
			s.Awaits = append(s.Awaits, Await{Of: m.Host(m.Session), Why: "agenda", Due: m.AgendaBy(m.Day())})
		}
		owe(m.Agendas, "agree-agenda", m.AgendaBy(m.Day()))
	case AgendaAgreed:
		s.Awaits = append(s.Awaits, Await{Of: m.Host(m.Session), Why: "convene", Due: m.Day()})
	case Convened:
		for _, id := range m.Members {
			if _, told := m.Delegations[id]; !told {
				s.Awaits = append(s.Awaits, Await{Of: id, Why: "delegation", Due: m.Day()})
			}
		}
		s.Awaits = append(s.Awaits, Await{Of: m.Host(m.Session), Why: "hold", Due: m.Day()})
	}
	return s
}

// dates is what was said of the date of a meeting: what its fold and that of its minutes begin with.
type dates struct {
	accord
	texts map[Commitment]MeetingTerms
}

// take gives an act about the date its effect.
func (d *dates) take(meeting ThingID, a *Act) error {
	switch a.Kind {
	case KindMeetingPropose:
		t, err := terms[MeetingTerms](a)
		if err == nil {
			err = t.Check()
		}
		if err == nil && MeetingThing(t.Body, t.Session) != meeting {
			err = Refuse(Malformed, "about")
		}
		if err == nil {
			err = d.propose(a, t.Members)
		}
		if err == nil {
			if d.texts == nil {
				d.texts = map[Commitment]MeetingTerms{}
			}
			d.texts[a.Substance()] = t
		}
		return err
	case KindMeetingAgree:
		return d.agree(a)
	}
	return nil
}

// parties is who takes part: those of the first date that was agreed, so that what comes after a cancellation makes no
// other parties.
func (d *dates) parties() []MemberID {
	for _, o := range d.offers {
		if o.done != nil {
			return o.parties
		}
	}
	return nil
}

// live is the proposal that stands: the newest agreed one that counts, else the host's newest, else the newest (C14).
func (d *dates) live(counts func(*offer) bool) *offer {
	var live *offer
	for _, o := range d.offers {
		if o.done != nil && counts(o) {
			live = o
		}
	}
	if live != nil {
		return live
	}
	for _, o := range d.offers {
		t := d.texts[o.hash]
		if live == nil || t.Host(t.Session) == o.act.Member || !d.byHost(live) {
			live = o
		}
	}
	return live
}

func (d *dates) byHost(o *offer) bool {
	t := d.texts[o.hash]
	return t.Host(t.Session) == o.act.Member
}

// meetingFold is the work of folding one meeting.
type meetingFold struct {
	id        ThingID
	dates     dates
	agendas   accord
	items     map[Commitment][]AgendaItem
	cancel    *Act
	signed    []*Act // the signatures that completed the minutes
	postponed *Act   // the newest postponement
	m         *Meeting
}

func foldMeeting(id ThingID, acts []Act, voids map[Position]*Refusal) *Meeting {
	f := &meetingFold{id: id, items: map[Commitment][]AgendaItem{}}
	var all dates
	for i := range acts {
		if a := &acts[i]; a.About == id {
			_ = all.take(id, a) // refusals are given when the act is taken
		}
	}
	f.signed = all.completeSignatures(acts)
	f.cancel = f.firstCancel(acts)
	for i := range acts {
		a := &acts[i]
		if a.About != id {
			continue
		}
		if err := f.take(a); err != nil {
			voids[a.Position] = asRefusal(err)
		}
	}
	f.settle()
	return f.m
}

// firstCancel finds the cancellation that has effect: not one whose writer had received that the minutes are signed. When
// the signatures are complete and it had not, the completed joint act beats it (P4).
func (f *meetingFold) firstCancel(acts []Act) *Act {
	if f.signed != nil {
		return nil
	}
	var d dates
	var held *Act
	for i := range acts {
		a := &acts[i]
		if a.About == f.id {
			_ = d.take(f.id, a) // refusals are given when the act is taken
		}
		if a.Kind == KindMeetingHold && held == nil && d.party(a) && d.seen(a) && a.hold() == nil {
			held = a
		}
		if held != nil && a.Saw(held) { // what was held is not cancelled by who knows
			continue
		}
		if t, err := terms[Reason](a); a.Kind == KindMeetingCancel && err == nil && t.Reason != "" && checkLine("reason", t.Reason) == nil && d.party(a) {
			return a
		}
	}
	return nil
}

// party tells whether the writer takes part in a proposal it had received or made.
func (d *dates) party(a *Act) bool {
	return slices.ContainsFunc(d.offers, func(o *offer) bool {
		return slices.Contains(o.parties, a.Member) && (a.Position == o.act.Position || a.Saw(o.act))
	})
}

func (f *meetingFold) take(a *Act) error {
	if f.cancel != nil && a.Position != f.cancel.Position && a.Saw(f.cancel) {
		return Refuse(Ended, "meeting")
	}
	if f.signed != nil && sawAll(a, f.signed) && a.Kind != KindMeetingClose {
		return Refuse(Ended, "meeting")
	}
	switch a.Kind {
	case KindMeetingPropose:
		return f.propose(a)
	case KindMeetingAgree:
		if f.agendas.has(a) {
			return f.agendas.agree(a)
		}
		return f.agree(a)
	}
	if f.m == nil || !f.dates.party(a) {
		if f.m == nil {
			return Refuse(NotProposed, string(f.id))
		}
		return Refuse(NotParty, string(a.Member))
	}
	switch a.Kind {
	case KindMeetingAgenda:
		return f.agenda(a)
	case KindMeetingDelegation:
		return f.delegation(a)
	case KindMeetingPaper:
		return f.paper(a)
	}
	return f.step(a)
}

func (f *meetingFold) propose(a *Act) error {
	if err := f.dates.take(f.id, a); err != nil {
		return err
	}
	if f.m == nil {
		f.m = &Meeting{}
	}
	return nil
}

func (f *meetingFold) agree(a *Act) error { return f.dates.take(f.id, a) }

func (f *meetingFold) agenda(a *Act) error {
	t, err := terms[AgendaTerms](a)
	if err == nil {
		err = t.check()
	}
	if err != nil {
		return err
	}
	o := f.dates.live(func(*offer) bool { return true })
	if err := f.agendas.propose(a, o.parties); err != nil {
		return err
	}
	f.items[a.Substance()] = t.Items
	return nil
}

func (f *meetingFold) delegation(a *Act) error {
	t, err := terms[DelegationTerms](a)
	if err == nil {
		err = t.check()
	}
	if err != nil {
		return err
	}
	if f.m.Delegations == nil {
		f.m.Delegations = map[MemberID]Delegation{}
	}
	d := Delegation{Step: a.step(), DelegationTerms: t}
	if before, told := f.m.Delegations[a.Member]; told {
		d.Revised = before.Revised + 1
	}
	f.m.Delegations[a.Member] = d
	return nil
}

// paper: numbers of a member's series follow each other, and so do versions of a paper.
func (f *meetingFold) paper(a *Act) error {
	t, err := terms[PaperTerms](a)
	switch {
	case err != nil:
		return err
	case t.Title.Empty():
		return Refuse(Missing, "title")
	case a.Content == nil:
		return Refuse(Missing, "content")
	case !validID(t.Item, true):
		return Refuse(Malformed, "item")
	case len(f.m.Papers) >= MaxPapers:
		return Refuse(TooMany, "papers", "max", itoa(MaxPapers))
	}
	if err := t.Title.Check("title", MaxSubject); err != nil {
		return err
	}
	highest := 0
	for i := range f.m.Papers {
		p := &f.m.Papers[i]
		if p.Member != a.Member {
			continue
		}
		highest = max(highest, p.Number)
		if p.Number == t.Number && t.Version == p.Version+1 {
			*p = Paper{Step: a.step(), PaperTerms: t, Files: len(a.Attachments)}
			return nil
		}
	}
	if t.Number != highest+1 || t.Version != 1 {
		return Refuse(Malformed, "number", "want", itoa(highest+1))
	}
	f.m.Papers = append(f.m.Papers, Paper{Step: a.step(), PaperTerms: t, Files: len(a.Attachments)})
	return nil
}

func (f *meetingFold) step(a *Act) error {
	m, s := f.m, a.step()
	live := f.dates.live(func(*offer) bool { return true })
	t := f.dates.texts[live.hash]
	switch a.Kind {
	case KindMeetingConvene:
		switch {
		case a.Member != t.Host(t.Session):
			return Refuse(NotYours, "host")
		case !f.dates.seen(a) || !f.agendas.seen(a):
			return Refuse(NotAgreed, "agenda")
		case f.postponed != nil && !a.Saw(f.postponed): // it was for another day
			return Refuse(NotAgreed, "date")
		case m.Convened != nil:
			return Refuse(Already, "convene")
		}
		m.Convened = &s
	case KindMeetingHold:
		if err := a.hold(); err != nil {
			return err
		}
		h, err := terms[HoldTerms](a)
		switch {
		case err != nil:
			return err
		case !f.dates.seen(a):
			return Refuse(NotAgreed, "date")
		case m.Held != nil:
			return Refuse(Already, "hold")
		}
		m.Held, m.HeldOn = &s, h.Day
	case KindMeetingPostpone:
		return f.postpone(a)
	case KindMeetingCancel:
		if f.cancel == nil || f.cancel.Position != a.Position {
			if f.signed != nil {
				return Refuse(Ended, "meeting")
			}
			return f.reason(a)
		}
	case KindMeetingClose:
		if f.signed == nil || !sawAll(a, f.signed) {
			return Refuse(NotAgreed, "minutes")
		}
		if m.Closed != nil {
			return Refuse(Already, "close")
		}
		m.Closed = &s
	}
	return nil
}

func (a *Act) hold() error {
	t, err := terms[HoldTerms](a)
	if err == nil && !t.Day.Valid() {
		err = Refuse(Malformed, "day", "want", "2026-12-15")
	}
	return err
}

// reason says why a cancellation without effect has none.
func (f *meetingFold) reason(a *Act) error {
	t, err := terms[Reason](a)
	if err == nil && t.Reason == "" {
		err = Refuse(Missing, "reason")
	}
	if err == nil {
		err = checkLine("reason", t.Reason)
	}
	if err == nil {
		err = Refuse(Already, "cancel")
	}
	return err
}

func (f *meetingFold) postpone(a *Act) error {
	t, err := terms[Reason](a)
	switch {
	case err != nil:
		return err
	case t.Reason == "":
		return Refuse(Missing, "reason")
	case !f.dates.seen(a):
		return Refuse(NotAgreed, "date")
	case f.m.Held != nil && (f.m.Held.Member == a.Member || a.Seen[f.m.Held.Member] > f.m.Held.Index):
		return Refuse(Ended, "meeting")
	}
	if err := checkLine("reason", t.Reason); err != nil {
		return err
	}
	f.postponed, f.m.Convened = a, nil
	return nil
}

// settle makes the state from what was agreed: a postponement sets aside the dates whose agreement its writer had
// received, and no others (P4).
func (f *meetingFold) settle() {
	if f.m == nil {
		return
	}
	m, postponed := f.m, f.postponed
	after := func(o *offer) bool { return postponed == nil || !sawAll(postponed, o.done) }
	o := f.dates.live(after)
	m.MeetingTerms, m.Live, m.Dates, m.Agendas = f.dates.texts[o.hash], o.hash, f.dates.show(), f.agendas.show()
	if o.done != nil && after(o) {
		s := last(o.done).step()
		m.DateAgreed = &s
	} else if postponed != nil {
		m.Postponed = &Halt{postponed.step(), ReadReason(postponed)}
	}
	if agenda := f.agendas.newest(); agenda != nil {
		s := last(agenda.done).step()
		m.AgendaAgreed, m.Agenda = &s, f.items[agenda.hash]
	} else if n := len(f.agendas.offers); n > 0 {
		m.Agenda = f.items[f.agendas.offers[n-1].hash]
	}
	if f.cancel != nil {
		m.Cancelled = &Halt{f.cancel.step(), ReadReason(f.cancel)}
	}
	if f.signed != nil {
		t, _ := terms[SignTerms](f.signed[0])
		s := last(f.signed).step()
		m.Signed, m.Minutes, m.NextOn = &s, t.Hash, t.Next
	}
}

// Next lists what a member can say now, having received everything: what a page offers it. It is a list for people;
// folding decides.
func (m *Meeting) Next(id MemberID) []Kind {
	if !slices.Contains(m.Members, id) {
		return nil
	}
	unsaid := func(p []Proposal) bool {
		if len(p) == 0 || p[len(p)-1].Done {
			return false
		}
		_, said := p[len(p)-1].Agreed[id]
		return !said
	}
	var all []Kind
	switch m.State() {
	case MeetingClosed, MeetingCancelled, NotHeld:
		return nil
	case MinutesSigned:
		return []Kind{KindMeetingClose}
	case MeetingProposed, Postponed, DateAgreed, AgendaAgreed:
		all = append(all, KindMeetingPropose, KindMeetingAgenda)
	}
	if unsaid(m.Dates) || unsaid(m.Agendas) {
		all = append(all, KindMeetingAgree)
	}
	all = append(all, KindMeetingDelegation, KindMeetingPaper, KindMeetingCancel)
	if m.DateAgreed != nil && m.Held == nil {
		all = append(all, KindMeetingHold, KindMeetingPostpone)
	}
	if m.State() == AgendaAgreed && m.Host(m.Session) == id {
		all = append(all, KindMeetingConvene)
	}
	return all
}
