package jisr

import (
	"bytes"
	"encoding/json"
	"slices"
	"time"
)

// A note is formal correspondence between members. Its life, as each addressee makes it:
//
//	 house log of the writer           the forum's logs, joint
//	 ----------------------           --------------------------------------------------------
//	 draft --> cleared --> released ---> held ---> opened ---> answered
//	   ^  \       |            \          (by receipt,   \----> no answer needed (the writer says so)
//	   |   \      |             \          not an act)    \---> no answer by the agreed date (computed)
//	   |    discarded            \----> withdrawn, if the addressee's desk had not opened it
//	   +-- returned (with a reason)     when the withdrawal reached it
//
// Held comes from receipts and "no answer by the date" from the calendar, so neither is in the joint state.

// The acts of notes.
const (
	KindNoteRelease  Kind = "note.release"          // the writer: the note leaves the house
	KindNoteWithdraw Kind = "note.withdraw"         // the writer: takes it back
	KindNoteOpen     Kind = "note.open"             // an addressee's desk: reads it
	KindNoteClose    Kind = "note.no-answer-needed" // the writer: waits for no answer any more
)

// NoteKind is the form of a note (practice of diplomatic correspondence; UN Correspondence Manual).
type NoteKind string

// The forms.
const (
	Verbale      NoteKind = "verbale"      // third person, numbered, initialled
	Circular     NoteKind = "circular"     // one text to several addressees
	AideMemoire  NoteKind = "aide-memoire" // what was said, left in writing
	NonPaper     NoteKind = "non-paper"    // no number, no attribution, never counted as a position
	PersonalNote NoteKind = "personal"     // first person, signed by the head of the office
)

// NoteKinds lists the forms in the order a form offers them.
func NoteKinds() []NoteKind {
	return []NoteKind{Verbale, Circular, AideMemoire, NonPaper, PersonalNote}
}

// Precedence says what travels first (ACP 121: Z, O, P, R).
type Precedence string

// The precedences.
const (
	Flash     Precedence = "flash"
	Immediate Precedence = "immediate"
	Priority  Precedence = "priority"
	Routine   Precedence = "routine"
)

// Precedences lists them, first to travel first.
func Precedences() []Precedence { return []Precedence{Flash, Immediate, Priority, Routine} }

// Rank is the order in which contents travel: 0 first. Files of a note come after the bodies of all notes
// of its precedence; what has no precedence travels as routine, records last.
func (p Precedence) Rank() int {
	if i := slices.Index(Precedences(), p); i >= 0 {
		return 2 * i
	}
	return 2 * slices.Index(Precedences(), Routine)
}

// RankAct gives the rank of each of the act's contents, as Contents lists them.
func RankAct(a *Act) []int {
	p := Routine
	if a.Kind == KindNoteRelease {
		if t, err := terms[NoteTerms](a); err == nil {
			p = t.Precedence
		}
	}
	first := p.Rank()
	if a.Kind == KindRecordBatch || a.Kind == KindRecordCorrect {
		first = 2 * len(Precedences())
	}
	ranks := make([]int, 0, 1+len(a.Attachments))
	if a.Content != nil {
		ranks = append(ranks, first)
	}
	for range a.Attachments {
		ranks = append(ranks, first+1)
	}
	return ranks
}

// Date is a calendar day, "2026-12-01"; empty is none. Days compare as strings.
type Date string

// Valid tells whether d is a day of the calendar.
func (d Date) Valid() bool { _, err := time.Parse(time.DateOnly, string(d)); return err == nil }

// NoteTerms is what a released note says in the entry itself: what rules need and what stays when the
// content is erased, as a registry of correspondence would keep it.
type NoteTerms struct {
	Kind       NoteKind   `json:"kind"`
	To         []MemberID `json:"to"` // sorted, no one twice
	Number     int        `json:"number,omitempty"`
	Date       Date       `json:"date"` // the note's own date; its year is the year of the number
	Precedence Precedence `json:"precedence"`
	ReplyBy    Date       `json:"reply_by,omitempty"`
	InReplyTo  ThingID    `json:"in_reply_to,omitempty"`
	References []ThingID  `json:"references,omitempty"`
	Handling   Handling   `json:"handling,omitempty"`
}

// Reason is the terms of acts that only say why: note.withdraw, note.no-answer-needed, note.return.
type Reason struct {
	Reason string `json:"reason,omitempty"`
}

// FileName is how a note's body names its n-th attachment; size and type stand in the entry.
type FileName struct {
	Name string `json:"name"`
}

// NoteBody is the content of a note: what a person reads. It is erased when retention ends.
type NoteBody struct {
	Subject Text       `json:"subject"`
	Opening Text       `json:"opening,omitempty"` // courtesy formula
	Text    Text       `json:"text"`
	Closing Text       `json:"closing,omitempty"`
	From    Text       `json:"from,omitempty"` // the desk as the letterhead shows it
	Files   []FileName `json:"files,omitempty"`
}

// Envelope is what is read of a note before it is opened: which office wrote it, and what it is about.
func (b *NoteBody) Envelope() NoteBody { return NoteBody{Subject: b.Subject, From: b.From} }

// DecodeBody reads the body of a note, strictly: like an act it has one encoding, so that no two readers can find
// different texts in it. files is how many attachments the act has, each of which has its name; negative: not known.
func DecodeBody(content []byte, files int) (NoteBody, error) {
	b, ok := readNoteBody(content)
	if !ok || len(content) > MaxNoteContent {
		var err error
		if b, err = decodeBody[NoteBody](content); err != nil {
			return b, err
		}
	}
	if files >= 0 && len(b.Files) != files {
		return NoteBody{}, Refuse(Malformed, "attachments", "want", itoa(files), "got", itoa(len(b.Files)))
	}
	return b, b.Check()
}

// decodeBody reads a content that people read. It has one encoding, that of Terms.
func decodeBody[T any](content []byte) (b T, err error) {
	var none T
	if len(content) > MaxNoteContent {
		return b, Refuse(TooLong, "content", "max", itoa(MaxNoteContent), "got", itoa(len(content)))
	}
	if err := json.Unmarshal(content, &b); err != nil {
		return none, Refuse(Malformed, "content", "error", err.Error())
	}
	again, err := Terms(b)
	if err != nil || !bytes.Equal(again, content) {
		return none, Refuse(Malformed, "content", "error", "not the one encoding of this body")
	}
	return b, nil
}

// Check holds a body, one's own or received, against its bounds.
func (b *NoteBody) Check() error {
	if b.Subject.Empty() {
		return Refuse(Missing, "subject")
	}
	if b.Text.Empty() {
		return Refuse(Missing, "text")
	}
	if len(b.Files) > MaxAttachments {
		return Refuse(TooMany, "attachments", "max", itoa(MaxAttachments), "got", itoa(len(b.Files)))
	}
	for _, f := range b.Files {
		if err := (Text{"und": f.Name}).Check("attachments", MaxFileName); err != nil || f.Name == "" {
			return Refuse(Malformed, "attachments", "want", "a file name")
		}
	}
	for _, part := range []struct {
		field string
		text  Text
		max   int
	}{{"subject", b.Subject, MaxSubject}, {"opening", b.Opening, MaxFormula}, {"text", b.Text, MaxNoteContent}, {"closing", b.Closing, MaxFormula}, {"from", b.From, MaxTitle}} {
		if err := part.text.Check(part.field, part.max); err != nil {
			return err
		}
	}
	return nil
}

// Check holds the terms of a note by `from` against the rules that need nothing else.
func (t *NoteTerms) Check(from MemberID) error {
	switch {
	case !slices.Contains(NoteKinds(), t.Kind):
		return Refuse(NotOneOf, "kind", "got", string(t.Kind), "allowed", listed(NoteKinds()))
	case !slices.Contains(Precedences(), t.Precedence):
		return Refuse(NotOneOf, "precedence", "got", string(t.Precedence), "allowed", listed(Precedences()))
	case t.Handling.Check() != nil:
		return t.Handling.Check()
	case len(t.To) == 0:
		return Refuse(Missing, "to")
	case len(t.To) > MaxAddressees:
		return Refuse(TooMany, "to", "max", itoa(MaxAddressees), "got", itoa(len(t.To)))
	case slices.Contains(t.To, from):
		return Refuse(SelfAddress, "to")
	case len(t.References) > MaxReferences:
		return Refuse(TooMany, "references", "max", itoa(MaxReferences), "got", itoa(len(t.References)))
	case t.ReplyBy != "" && !t.ReplyBy.Valid():
		return Refuse(Malformed, "reply_by", "want", "2026-12-01")
	case !t.Date.Valid():
		return Refuse(Malformed, "date", "want", "2026-12-01")
	case (t.Kind == NonPaper) != (t.Number == 0) || t.Number < 0:
		return Refuse(Malformed, "number")
	}
	return t.checkNames()
}

func (t *NoteTerms) checkNames() error {
	for i, m := range t.To {
		if !ValidMember(m) || i > 0 && t.To[i-1] >= m {
			return Refuse(Malformed, "to")
		}
	}
	for _, id := range t.References {
		if !validThing(id) || id.Noun() != "note" {
			return Refuse(Malformed, "references")
		}
	}
	if t.InReplyTo != "" && (!validThing(t.InReplyTo) || t.InReplyTo.Noun() != "note") {
		return Refuse(Malformed, "in_reply_to")
	}
	return nil
}

// Step is one thing that happened to a note: the act's place, and its wall clock for people.
type Step struct {
	Position
	At time.Time `json:"at"`
	By *By       `json:"by,omitempty"`
}

// Reading is what one addressee made of a note.
type Reading struct {
	Opened    *Step   `json:"opened,omitempty"`
	Answered  *Step   `json:"answered,omitempty"`
	Answer    ThingID `json:"answer,omitempty"`
	Withdrawn bool    `json:"withdrawn,omitempty"` // the withdrawal reached it before it opened
}

// Note is the joint state of a note: what the acts of all members make true.
type Note struct {
	NoteTerms
	From      MemberID             `json:"from"`
	Files     int                  `json:"files,omitempty"` // attachments of the release
	Released  Step                 `json:"released"`
	Withdrawn *Step                `json:"withdrawn,omitempty"` // set when the withdrawal has effect for somebody
	Closed    *Step                `json:"closed,omitempty"`    // no answer needed
	Readings  map[MemberID]Reading `json:"readings"`            // one for each addressee
}

// NoteState names the step of its life a note has reached.
type NoteState string

// The states, in the order of the life.
const (
	Drafted        NoteState = "draft"
	Returned       NoteState = "returned"
	Cleared        NoteState = "cleared"
	DiscardedState NoteState = "discarded"
	Released       NoteState = "released"
	Held           NoteState = "held"   // released, and every addressee's node has said it holds it
	OpenedState    NoteState = "opened" // by every addressee's desk
	Answered       NoteState = "answered"
	NoAnswerNeeded NoteState = "no-answer-needed"
	NoAnswerInTime NoteState = "no-answer" // by the agreed date
	WithdrawnState NoteState = "withdrawn"
)

// State is the step all addressees have reached. It knows no receipts and no calendar: see Standing.
func (n *Note) State() NoteState {
	live, opened, answered := 0, 0, 0
	for _, r := range n.Readings {
		if r.Withdrawn {
			continue
		}
		live++
		if r.Opened != nil {
			opened++
		}
		if r.Answered != nil {
			answered++
		}
	}
	switch {
	case live == 0:
		return WithdrawnState
	case answered == live:
		return Answered
	case n.Closed != nil:
		return NoAnswerNeeded
	case opened == live:
		return OpenedState
	}
	return Released
}

// Standing is the state an official reads: with receipts (held by every addressee) and today's date.
func (n *Note) Standing(held bool, known Heard) NoteState {
	s := n.State()
	if s == Released && held {
		s = Held
	}
	if n.Late(known) {
		return NoAnswerInTime
	}
	return s
}

// Awaits lists the addressees whose answer is still awaited.
func (n *Note) Awaits() []MemberID {
	if n.ReplyBy == "" || n.Closed != nil {
		return nil
	}
	var wait []MemberID
	for _, m := range n.To {
		if r := n.Readings[m]; r.Answered == nil && !r.Withdrawn {
			wait = append(wait, m)
		}
	}
	return wait
}

// Late tells whether an answer was due before today and is still awaited, of somebody who is reached.
func (n *Note) Late(known Heard) bool {
	return slices.ContainsFunc(n.Awaits(), func(m MemberID) bool { return n.ReplyBy < known.Of(m) })
}

// Unopened tells whether the note came to a member and none of its desks has opened it, whether it still can or the note was
// withdrawn before. Opening is an act that the writer sees; what is in a note is not read before it.
func (n *Note) Unopened(by MemberID) bool {
	r, addressed := n.Readings[by]
	return addressed && r.Opened == nil
}

// MayWithdraw is what a withdrawal written now, having seen all that this state was made of, would meet.
func (n *Note) MayWithdraw(by MemberID) error {
	if by != n.From {
		return Refuse(NotYours, "note")
	}
	if n.Withdrawn != nil {
		return Refuse(Already, "withdraw")
	}
	for _, r := range n.Readings {
		if r.Opened == nil && r.Answered == nil {
			return nil
		}
	}
	return Refuse(Opened, "note")
}

// MayOpen is what an opening written now would meet.
func (n *Note) MayOpen(by MemberID) error {
	r, addressed := n.Readings[by]
	switch {
	case !addressed:
		return Refuse(NotAddressed, "note")
	case n.Withdrawn != nil && r.Opened == nil:
		return Refuse(Withdrawn, "note")
	case r.Opened != nil:
		return Refuse(Already, "open")
	}
	return nil
}

// MayClose is what "no answer needed" written now would meet.
func (n *Note) MayClose(by MemberID) error {
	if by != n.From {
		return Refuse(NotYours, "note")
	}
	if len(n.Awaits()) == 0 {
		return Refuse(NoReplyDue, "note")
	}
	return nil
}

// foldNote applies the acts about one note, which come sorted. Every void act gets its refusal in voids.
func foldNote(id ThingID, acts []Act, voids map[Position]*Refusal) *Note {
	n, release, rest := releaseOf(id, acts, voids)
	if n == nil {
		for i := range rest {
			if rest[i].About == id {
				voids[rest[i].Position] = Refuse(NotReleased, string(id))
			}
		}
		return nil
	}
	withdrawal := firstWithdrawal(n, rest, voids)
	for i := range rest {
		a := &rest[i]
		switch a.Kind {
		case KindNoteOpen, KindNoteRelease:
			if !a.Saw(release) { // nobody reads or answers what it has not received
				if a.About == id {
					voids[a.Position] = Refuse(NotReleased, string(id))
				}
				continue
			}
		}
		switch a.Kind {
		case KindNoteOpen:
			n.open(a, withdrawal, voids)
		case KindNoteRelease: // of another note: an answer to this one
			n.answer(a, withdrawal)
		case KindNoteClose:
			n.close(a, voids)
		}
	}
	n.withdraw(withdrawal, voids)
	return n
}

// releaseOf finds the release that made the note, and gives the acts that come after it.
func releaseOf(id ThingID, acts []Act, voids map[Position]*Refusal) (n *Note, release *Act, rest []Act) {
	rest = make([]Act, 0, len(acts))
	for i := range acts {
		a := &acts[i]
		if a.Kind != KindNoteRelease || a.About != id {
			rest = append(rest, *a)
			continue
		}
		t, refusal := a.checkRelease()
		switch {
		case refusal != nil:
			voids[a.Position] = refusal
		case n != nil:
			voids[a.Position] = Refuse(Already, "release")
		default:
			release = a
			n = &Note{NoteTerms: t, From: a.Member, Files: len(a.Attachments), Released: a.step(), Readings: map[MemberID]Reading{}}
			for _, m := range t.To {
				n.Readings[m] = Reading{}
			}
		}
	}
	return n, release, rest
}

func (a *Act) checkRelease() (NoteTerms, *Refusal) {
	t, err := terms[NoteTerms](a)
	if err == nil && a.About.Maker() != a.Member {
		err = Refuse(NotYours, "note")
	}
	if err == nil {
		err = t.Check(a.Member)
	}
	if err == nil && a.Content == nil {
		err = Refuse(Missing, "content")
	}
	if err == nil && t.Kind == NonPaper && a.By != nil {
		err = Refuse(Malformed, "by", "want", "none: a non-paper is without attribution")
	}
	return t, asRefusal(err)
}

// firstWithdrawal finds the one withdrawal that can have effect; whether it has is for each reading to say.
func firstWithdrawal(n *Note, acts []Act, voids map[Position]*Refusal) *Act {
	var first *Act
	for i := range acts {
		a := &acts[i]
		if a.Kind != KindNoteWithdraw {
			continue
		}
		_, err := terms[Reason](a)
		switch {
		case a.Member != n.From:
			voids[a.Position] = Refuse(NotYours, "note")
		case err != nil:
			voids[a.Position] = asRefusal(err)
		case first != nil:
			voids[a.Position] = Refuse(Already, "withdraw")
		default:
			first = a
		}
	}
	return first
}

// open: the withdrawal counts from its receipt (P2 of practice 5.4), and order is read in one log only, the
// addressee's (P4): if the opening had seen the withdrawal it came too late, else the note was opened.
func (n *Note) open(a, withdrawal *Act, voids map[Position]*Refusal) {
	r, addressed := n.Readings[a.Member]
	switch {
	case !addressed:
		voids[a.Position] = Refuse(NotAddressed, "note")
	case withdrawal != nil && a.Saw(withdrawal) && r.Opened == nil:
		voids[a.Position] = Refuse(Withdrawn, "note")
	case r.Opened != nil:
		voids[a.Position] = Refuse(Already, "open")
	default:
		s := a.step()
		r.Opened = &s
		n.Readings[a.Member] = r
	}
}

// answer: a note that answers this one. The answer stands as a note of its own whatever it finds here.
func (n *Note) answer(a, withdrawal *Act) {
	t, refusal := a.checkRelease()
	r, addressed := n.Readings[a.Member]
	if refusal != nil || !addressed || r.Answered != nil || !slices.Contains(t.To, n.From) {
		return
	}
	if withdrawal != nil && a.Saw(withdrawal) && r.Opened == nil {
		return
	}
	s := a.step()
	r.Answered, r.Answer = &s, a.About
	if r.Opened == nil { // who answers has read it
		r.Opened = &s
	}
	n.Readings[a.Member] = r
}

func (n *Note) close(a *Act, voids map[Position]*Refusal) {
	switch _, err := terms[Reason](a); {
	case a.Member != n.From:
		voids[a.Position] = Refuse(NotYours, "note")
	case err != nil:
		voids[a.Position] = asRefusal(err)
	case n.ReplyBy == "":
		voids[a.Position] = Refuse(NoReplyDue, "note")
	case n.Closed != nil:
		voids[a.Position] = Refuse(Already, "close")
	default:
		s := a.step()
		n.Closed = &s
	}
}

// withdraw gives the withdrawal its effect on every addressee that had not opened the note, and voids it
// where there is none.
func (n *Note) withdraw(a *Act, voids map[Position]*Refusal) {
	if a == nil {
		return
	}
	for m, r := range n.Readings {
		if r.Opened != nil {
			continue
		}
		r.Withdrawn = true
		n.Readings[m] = r
		s := a.step()
		n.Withdrawn = &s
	}
	if n.Withdrawn == nil {
		voids[a.Position] = Refuse(Opened, "note")
	}
}

func (a *Act) step() Step { return Step{Position: a.Position, At: a.At, By: a.By} }
