package jisr

import (
	"crypto/sha256"
	"slices"
	"time"
)

// Minutes are the document of a meeting, drafted by the secretaries of all its members at once, while it runs.
//
//	drafting ----> cleared by one ----> cleared by all ----> signed ----> approved, where the rules ask for it
//	   ^              |   (over one hash)   (all heads, over     (express, or by silence from receipt)
//	   '--------------'                      the same hash)         '----> disapproved: goes to governments
//	     an edit, or taking the clearance back
//
// # Drafting together
//
// The text is paragraphs (segments) under the items of the agenda. A segment has an id that its maker gives and that
// never changes, and versions: a version names the versions it was made from. A version that no other names stands. Where
// two stand, two secretaries changed one paragraph not knowing of each other: both are shown in brackets with the side
// that wrote them, until somebody writes one that names both. Nothing is merged, nothing is overwritten, and nothing
// typed is lost: every version is an act (practice 5.4, P9, P10, C8). What is removed stands as a removal, so removing
// against changing is a bracket too.
//
// The entry has ids and versions, the text is content (decision 0001): what stands is known before the text has arrived
// and after it is erased.
//
// # How many acts
//
// A face joins keystrokes: one act for each paragraph left or each pause in typing, and several paragraphs may share
// one (at most [MaxEdits]). A secretary who types without rest makes an act every two seconds, so three hours are 5,400,
// below [MaxActsPerFold]; what lies beyond is void and said so.

// The acts of minutes.
const (
	KindMinutesEdit       Kind = "minutes.edit"       // a member: versions of segments; content: EditBody
	KindMinutesClear      Kind = "minutes.clear"      // a member: this text may be signed; content: MinutesBody
	KindMinutesUnclear    Kind = "minutes.unclear"    // a member: takes its clearance back
	KindMinutesSign       Kind = "minutes.sign"       // a head of delegation
	KindMinutesReceive    Kind = "minutes.receive"    // a member: the signed minutes are here; its days of silence run from this day
	KindMinutesApprove    Kind = "minutes.approve"    // a government
	KindMinutesDisapprove Kind = "minutes.disapprove" // a government, with reasons
)

// ParagraphKind is what a paragraph is.
type ParagraphKind string

// The kinds of paragraphs.
const (
	Narrative       ParagraphKind = "text"
	AtRequestOf     ParagraphKind = "statement"  // entered at the request of one side
	DecisionText    ParagraphKind = "decision"   // numbered when the minutes are cleared
	CommitmentEntry ParagraphKind = "commitment" // a commitment written where it arose
)

// ParagraphKinds lists them.
func ParagraphKinds() []ParagraphKind {
	return []ParagraphKind{Narrative, AtRequestOf, DecisionText, CommitmentEntry}
}

// VersionID names a version of a segment: the act that wrote it, and the place in that act.
type VersionID struct {
	Position
	Op int `json:"op,omitempty"`
}

// Op is one version of one segment. The first version of a segment says where it stands: in which section, after which
// segment of it ("" is its beginning).
type Op struct {
	Segment string        `json:"segment"` // its maker's id, a hyphen, what the maker likes
	Section string        `json:"section,omitempty"`
	After   string        `json:"after,omitempty"`
	Kind    ParagraphKind `json:"kind,omitempty"`
	Of      MemberID      `json:"of,omitempty"`  // of a statement: at whose request
	Ref     ThingID       `json:"ref,omitempty"` // of a commitment
	From    []VersionID   `json:"from,omitempty"`
	Removed bool          `json:"removed,omitempty"`
}

// EditTerms is the terms of minutes.edit.
type EditTerms struct {
	Ops []Op `json:"ops"`
}

// EditBody is the content of minutes.edit: the texts of its versions in their order, empty for a removal.
type EditBody struct {
	Texts []Text `json:"texts"`
}

// Check holds a body, one's own or received, against its bounds.
func (b *EditBody) Check() error {
	if len(b.Texts) > MaxEdits {
		return Refuse(TooMany, "texts", "max", itoa(MaxEdits), "got", itoa(len(b.Texts)))
	}
	for _, t := range b.Texts {
		if err := t.Check("text", MaxParagraph); err != nil {
			return err
		}
	}
	return nil
}

// DecodeEdit reads the body of an edit, strictly. ops is how many versions its act has.
func DecodeEdit(content []byte, ops int) (EditBody, error) {
	b, err := decodeBody[EditBody](content)
	if err == nil && len(b.Texts) != ops {
		err = Refuse(Malformed, "texts", "want", itoa(ops), "got", itoa(len(b.Texts)))
	}
	if err == nil {
		err = b.Check()
	}
	return b, err
}

// Intent is whether a side means the minutes to bind it. It is declared before anybody signs (practice, finding 2).
type Intent string

// The intents.
const (
	Binding    Intent = "binding"
	NonBinding Intent = "non-binding"
)

// Intents lists them.
func Intents() []Intent { return []Intent{NonBinding, Binding} }

// MinutesBody is the document that is cleared and signed.
type MinutesBody struct {
	Title    Text             `json:"title,omitempty"`
	Sections []MinutesSection `json:"sections"`
	Next     Date             `json:"next"` // the day of the next session: without one nothing is followed up
}

// MinutesSection is what was said and decided under one item.
type MinutesSection struct {
	Item       string      `json:"item"`
	Title      Text        `json:"title,omitempty"`
	Paragraphs []Paragraph `json:"paragraphs,omitempty"`
}

// Paragraph is a segment as it was cleared. Number is that of a decision: body, year and n.
type Paragraph struct {
	Segment string        `json:"segment"`
	Kind    ParagraphKind `json:"kind"`
	Text    Text          `json:"text,omitempty"`
	Of      MemberID      `json:"of,omitempty"`
	Ref     ThingID       `json:"ref,omitempty"`
	Number  string        `json:"number,omitempty"`
}

// Hash is what clearances and signatures are over.
func (b *MinutesBody) Hash() Commitment {
	raw, err := Terms(b)
	if err != nil {
		return ""
	}
	return Commit(sha256.Sum256(append([]byte("jisr minutes/v1\n"), raw...)))
}

// Check holds a document against its bounds.
func (b *MinutesBody) Check() error {
	if len(b.Sections) > MaxItems+1 {
		return Refuse(TooMany, "sections", "max", itoa(MaxItems+1), "got", itoa(len(b.Sections)))
	}
	if !b.Next.Valid() {
		return Refuse(Missing, "next")
	}
	for _, s := range b.Sections {
		if err := s.Title.Check("title", MaxSubject); err != nil {
			return err
		}
		for _, p := range s.Paragraphs {
			if err := p.Text.Check("text", MaxParagraph); err != nil {
				return err
			}
		}
	}
	return b.Title.Check("title", MaxSubject)
}

// ReadMinutes reads a document, strictly, whatever its hash.
func ReadMinutes(content []byte) (MinutesBody, error) {
	b, err := decodeBody[MinutesBody](content)
	if err == nil {
		err = b.Check()
	}
	return b, err
}

// DecodeMinutes reads a document, strictly, and holds it against the hash that was cleared.
func DecodeMinutes(content []byte, hash Commitment) (MinutesBody, error) {
	b, err := ReadMinutes(content)
	if err == nil && b.Hash() != hash {
		err = Refuse(Malformed, "hash", "want", string(hash))
	}
	return b, err
}

// ClearTerms is the terms of minutes.clear.
type ClearTerms struct {
	Hash   Commitment `json:"hash"`
	Intent Intent     `json:"intent"`
}

// SignedCommitment is a commitment that minutes carry: signing them agrees to it.
type SignedCommitment struct {
	ID   ThingID    `json:"id"`
	Hash Commitment `json:"hash"` // substance of its proposal
}

// SignTerms is the terms of minutes.sign.
type SignTerms struct {
	Hash        Commitment          `json:"hash"`
	Intents     map[MemberID]Intent `json:"intents"` // as all declared when they cleared
	Next        Date                `json:"next"`
	Decisions   []string            `json:"decisions,omitempty"` // their numbers
	Commitments []SignedCommitment  `json:"commitments,omitempty"`
	Mandate     ThingID             `json:"mandate,omitempty"`
}

func (t *SignTerms) check() error {
	if _, ok := t.Hash.Sum(); !ok {
		return Refuse(Malformed, "hash", "want", "sha256:…")
	}
	if !t.Next.Valid() {
		return Refuse(Missing, "next")
	}
	if len(t.Commitments) > MaxConcerns-2 || len(t.Decisions) > MaxItems {
		return Refuse(TooMany, "commitments", "max", itoa(MaxConcerns-2))
	}
	for _, c := range t.Commitments {
		if _, ok := c.Hash.Sum(); !ok || !validThing(c.ID) || c.ID.Noun() != "commitment" {
			return Refuse(Malformed, "commitments")
		}
	}
	for _, d := range t.Decisions {
		if d == "" || len(d) > MaxID {
			return Refuse(Malformed, "decisions")
		}
	}
	var one Intent
	for _, m := range sortedKeys(t.Intents) {
		i := t.Intents[m]
		if !ValidMember(m) || !slices.Contains(Intents(), i) {
			return Refuse(Malformed, "intents")
		}
		if one != "" && one != i { // neither side signs what the other means otherwise
			return Refuse(BindingDiffers, "minutes")
		}
		one = i
	}
	if one == "" {
		return Refuse(Missing, "intents")
	}
	return nil
}

// words is what must be the same in all signatures: all but the mandate.
func (t SignTerms) words() Commitment {
	t.Mandate = ""
	raw, err := Terms(t)
	if err != nil {
		return ""
	}
	return Commit(sha256.Sum256(raw))
}

// completeSignatures gives the first signatures that complete minutes: one of each party, over one hash and the same words.
// Who had not received that the date is agreed signs nothing.
func (d *dates) completeSignatures(acts []Act) []*Act {
	parties := d.parties()
	said := map[Commitment]map[MemberID]*Act{}
	for i := range acts {
		a := &acts[i]
		if a.Kind != KindMinutesSign || !slices.Contains(parties, a.Member) || !d.seen(a) {
			continue
		}
		t, err := terms[SignTerms](a)
		if err != nil || t.check() != nil || len(t.Intents) != len(parties) {
			continue
		}
		w := t.words()
		if said[w] == nil {
			said[w] = map[MemberID]*Act{}
		}
		if said[w][a.Member] == nil {
			said[w][a.Member] = a
		}
		if len(said[w]) < len(parties) {
			continue
		}
		var all []*Act
		for _, m := range parties {
			all = append(all, said[w][m])
		}
		return all
	}
	return nil
}

// StandingVersion is a version that stands.
type StandingVersion struct {
	ID      VersionID `json:"id"`
	At      time.Time `json:"at"`
	By      *By       `json:"by,omitempty"`
	Removed bool      `json:"removed,omitempty"`
}

// Passage is a paragraph in the making, with the versions that stand: several are a bracket.
type Passage struct {
	ID      string            `json:"id"`
	Section string            `json:"section,omitempty"`
	Kind    ParagraphKind     `json:"kind"`
	Of      MemberID          `json:"of,omitempty"`
	Ref     ThingID           `json:"ref,omitempty"`
	Stands  []StandingVersion `json:"stands"`
}

// Gone tells a paragraph that is removed, with nobody holding on to it.
func (s *Passage) Gone() bool {
	return !slices.ContainsFunc(s.Stands, func(v StandingVersion) bool { return !v.Removed })
}

// Bracketed tells a paragraph of which several versions stand.
func (s *Passage) Bracketed() bool { return len(s.Stands) > 1 }

// Clearance is a member's word that a text may be signed, and what it means by it.
type Clearance struct {
	Step
	Hash   Commitment `json:"hash"`
	Intent Intent     `json:"intent"`
}

// Verdict is what a government made of signed minutes, or of a decision in writing.
type Verdict struct {
	Received *Step  `json:"received,omitempty"`
	Until    Date   `json:"until,omitempty"` // last day of its silence, in its calendar
	Approved *Step  `json:"approved,omitempty"`
	Against  *Step  `json:"against,omitempty"`
	Lapsed   *Step  `json:"lapsed,omitempty"` // of a decision in writing: that day passed and it had said nothing
	Reason   string `json:"reason,omitempty"`
}

// The states of minutes.
const (
	MinutesDrafting    = "drafting"
	MinutesCleared     = "cleared" // by all, over one hash
	MinutesAreSigned   = "signed"
	MinutesDisapproved = "disapproved"
	MinutesApproved    = "approved"
)

// Minutes is the joint state of the minutes of a meeting.
type Minutes struct {
	Members  []MemberID             `json:"members"`
	Body     ThingID                `json:"body"`
	Session  int                    `json:"session"`
	Code     string                 `json:"code,omitempty"` // of the body, for the numbers of decisions
	Title    Text                   `json:"title,omitempty"`
	Approval ApprovalMode           `json:"approval,omitempty"`
	By       map[MemberID]Date      `json:"by,omitempty"`       // last day for each to sign, from when it knew that the session is held
	Segments []Passage              `json:"segments,omitempty"` // in the order they are read
	Cleared  map[MemberID]Clearance `json:"cleared,omitempty"`  // whose clearance stands
	Agreed   Commitment             `json:"agreed,omitempty"`   // cleared by all
	Text     *Position              `json:"text,omitempty"`     // the act whose content is the agreed document
	Signed   map[MemberID]Step      `json:"signed,omitempty"`
	Done     *Step                  `json:"done,omitempty"` // the signature that completed them
	Sign     *SignTerms             `json:"sign,omitempty"` // what was signed
	Verdicts map[MemberID]Verdict   `json:"verdicts,omitempty"`
}

// State is the step they have reached. Approval by silence is of a day: see Standing.
func (m *Minutes) State() string {
	switch {
	case m.Done == nil && m.Agreed != "":
		return MinutesCleared
	case m.Done == nil:
		return MinutesDrafting
	}
	approved := 0
	for _, v := range m.Verdicts {
		if v.Against != nil {
			return MinutesDisapproved
		}
		if v.Approved != nil {
			approved++
		}
	}
	if m.Approval != NoApproval && approved == len(m.Members) {
		return MinutesApproved
	}
	return MinutesAreSigned
}

// Standing is the state on a day: silence approves once its last day has passed for everybody, as far as they are reached.
func (m *Minutes) Standing(known Heard) string {
	if m.State() != MinutesAreSigned || m.Approval != Silent {
		return m.State()
	}
	for _, id := range m.Members {
		if v := m.Verdicts[id]; v.Approved == nil && (v.Until == "" || v.Until >= known.Of(id)) {
			return MinutesAreSigned
		}
	}
	return MinutesApproved
}

func (m *Minutes) summary() Summary {
	s := Summary{State: m.State(), Title: m.Title, Members: m.Members, Labels: []string{"body:" + string(m.Body)}}
	for _, id := range m.Members {
		_, cleared := m.Cleared[id]
		_, signed := m.Signed[id]
		v := m.Verdicts[id]
		switch {
		case m.Done == nil && m.Agreed == "" && !cleared && (len(m.Cleared) > 0 || m.By[id] != ""):
			s.Awaits = append(s.Awaits, Await{Of: id, Why: "clear", Due: m.By[id]})
		case m.Done == nil && m.Agreed != "" && !signed:
			s.Awaits = append(s.Awaits, Await{Of: id, Why: "sign", Due: m.By[id]})
		case m.State() == MinutesAreSigned && m.Approval == Express && v.Approved == nil: // who may be silent owes nothing
			s.Awaits = append(s.Awaits, Await{Of: id, Why: "approve", Due: v.Until})
		}
	}
	return s
}

// minutesFold is the work of folding minutes.
type minutesFold struct {
	id     ThingID
	dates  dates
	m      *Minutes
	rules  Procedure
	texts  accord // clearances, by the hash of the document
	done   []*Act
	draft  drafting
	latest map[MemberID]time.Time
}

func foldMinutes(id ThingID, acts []Act, voids map[Position]*Refusal) *Minutes {
	f := &minutesFold{id: id, draft: newDrafting(ParagraphKinds()), latest: map[MemberID]time.Time{}}
	meeting := meetingOf(id)
	for i := range acts {
		if a := &acts[i]; a.About == meeting {
			_ = f.dates.take(meeting, a) // the meeting's own fold gives its refusals
		}
	}
	agreed := f.dates.newest()
	if agreed != nil {
		t := f.dates.texts[agreed.hash]
		f.m, f.rules = &Minutes{Members: t.Members, Body: t.Body, Session: t.Session, Code: t.Code, Title: t.Title, Approval: t.Approval}, t.Procedure
		f.done = f.dates.completeSignatures(acts)
		f.draft.members = t.Members
		f.m.By = f.dates.minutesBy(&f.rules, acts)
	}
	for i := range acts {
		a := &acts[i]
		if a.About != id {
			continue
		}
		if err := f.take(a); err != nil {
			voids[a.Position] = asRefusal(err)
			continue
		}
		if a.At.After(f.latest[a.Member]) {
			f.latest[a.Member] = a.At
		}
	}
	return f.settle()
}

// minutesBy gives each member's last day for signing: it runs from the day of its own first act here that had seen that the session is held
// (decision 0012), so no day counts that the link is down.
func (d *dates) minutesBy(rules *Procedure, acts []Act) map[MemberID]Date {
	var held *Act
	by, latest := map[MemberID]Date{}, map[MemberID]time.Time{}
	for i := range acts {
		a := &acts[i]
		if a.Kind == KindMeetingHold && held == nil && d.party(a) && d.seen(a) && a.hold() == nil {
			held = a
		}
		if a.At.After(latest[a.Member]) {
			latest[a.Member] = a.At
		}
		if held == nil || by[a.Member] != "" || a.Position != held.Position && !a.Saw(held) || !slices.Contains(d.parties(), a.Member) {
			continue
		}
		cal := rules.Calendar(a.Member)
		if last := rules.MinutesBy(a.Member, cal.Day(latest[a.Member])); last != "" {
			by[a.Member] = last
		}
	}
	if len(by) == 0 {
		return nil
	}
	return by
}

func (f *minutesFold) take(a *Act) error {
	switch {
	case f.m == nil:
		return Refuse(NotAgreed, "date")
	case !slices.Contains(f.m.Members, a.Member):
		return Refuse(NotParty, string(a.Member))
	case !f.dates.seen(a):
		return Refuse(NotAgreed, "date")
	}
	signed := f.done != nil && sawAll(a, f.done)
	switch a.Kind {
	case KindMinutesReceive, KindMinutesApprove, KindMinutesDisapprove:
		if !signed {
			return Refuse(NotAgreed, "minutes")
		}
		return f.verdict(a)
	case KindMinutesSign:
		return f.sign(a)
	}
	if signed {
		return Refuse(Ended, "minutes")
	}
	switch a.Kind {
	case KindMinutesEdit:
		if err := f.draft.edit(a); err != nil {
			return err
		}
		f.texts.takeBack(a, nil) // who changes the text has not cleared it
		return nil
	case KindMinutesClear:
		return f.clear(a)
	}
	return f.unclear(a)
}

func (f *minutesFold) clear(a *Act) error {
	t, err := terms[ClearTerms](a)
	switch {
	case err != nil:
		return err
	case a.Content == nil:
		return Refuse(Missing, "content")
	case !slices.Contains(Intents(), t.Intent):
		return Refuse(NotOneOf, "intent", "got", string(t.Intent))
	}
	if _, ok := t.Hash.Sum(); !ok {
		return Refuse(Malformed, "hash", "want", "sha256:…")
	}
	return f.texts.clear(a, t.Hash, f.m.Members)
}

// unclear: a clearance is irrevocable once all have cleared, as far as the writer had received (C17).
func (f *minutesFold) unclear(a *Act) error {
	if t, err := terms[Reason](a); err != nil || checkLine("reason", t.Reason) != nil {
		return Refuse(Malformed, "terms")
	}
	mine := false
	for _, o := range f.texts.offers {
		w := o.words[spoken{a.Member, ""}]
		if w == nil || w.gone != nil {
			continue
		}
		if o.done != nil && sawAll(a, o.done) {
			return Refuse(Already, "clear")
		}
		mine = true
	}
	if !mine {
		return Refuse(NotCleared, "minutes")
	}
	f.texts.takeBack(a, nil)
	return nil
}

func (f *minutesFold) sign(a *Act) error {
	t, err := terms[SignTerms](a)
	if err == nil {
		err = t.check()
	}
	switch {
	case err != nil:
		return err
	case len(t.Intents) != len(f.m.Members):
		return Refuse(Missing, "intents")
	}
	for _, m := range f.m.Members {
		if _, ok := t.Intents[m]; !ok {
			return Refuse(Missing, "intents")
		}
	}
	if f.done != nil && !slices.ContainsFunc(f.done, func(d *Act) bool { return d.Position == a.Position }) {
		return Refuse(Already, "sign")
	}
	if f.m.Signed == nil {
		f.m.Signed = map[MemberID]Step{}
	}
	f.m.Signed[a.Member] = a.step()
	return nil
}

// verdict: the order of silence and disapproval is read in the government's own log alone (C21): its own acts say when
// the minutes arrived and when it spoke.
func (f *minutesFold) verdict(a *Act) error {
	t, err := terms[Reason](a)
	if err == nil {
		err = checkLine("reason", t.Reason)
	}
	if err != nil {
		return err
	}
	cal := f.rules.Calendar(a.Member)
	at := f.latest[a.Member]
	if a.At.After(at) {
		at = a.At
	}
	v, s := f.m.Verdicts[a.Member], a.step()
	if v.Received == nil {
		days := f.rules.SilentDays
		if days == 0 {
			days = DefaultSilentDays
		}
		v.Received, v.Until = &s, cal.After(cal.Day(at), days)
	} else if a.Kind == KindMinutesReceive {
		return Refuse(Already, "receive")
	}
	switch {
	case a.Kind == KindMinutesReceive:
	case f.rules.Approval == NoApproval:
		return Refuse(NoReplyDue, "minutes")
	case v.Approved != nil || v.Against != nil:
		return Refuse(Already, "approve")
	case a.Kind == KindMinutesApprove:
		v.Approved = &s
	case t.Reason == "":
		return Refuse(Missing, "reason")
	case f.rules.Approval == Silent && cal.Day(at) > v.Until:
		return Refuse(TooLate, "minutes", "until", string(v.Until))
	default:
		v.Against, v.Reason = &s, t.Reason
	}
	if f.m.Verdicts == nil {
		f.m.Verdicts = map[MemberID]Verdict{}
	}
	f.m.Verdicts[a.Member] = v
	return nil
}

func (f *minutesFold) settle() *Minutes {
	if f.m == nil {
		return nil
	}
	m := f.m
	m.Segments = f.draft.passages()
	for _, o := range f.texts.offers {
		for k, w := range o.words {
			if w.gone != nil && o.done == nil {
				continue
			}
			t, _ := terms[ClearTerms](w.act)
			if m.Cleared == nil {
				m.Cleared = map[MemberID]Clearance{}
			}
			if c, ok := m.Cleared[k.member]; !ok || c.Index < w.act.Index {
				m.Cleared[k.member] = Clearance{w.act.step(), t.Hash, t.Intent}
			}
		}
	}
	if o := f.texts.newest(); o != nil {
		at := o.done[0].Position
		m.Agreed, m.Text = o.hash, &at
	}
	if f.done != nil {
		t, _ := terms[SignTerms](f.done[0])
		s := last(f.done).step()
		t.Mandate = ""
		m.Done, m.Sign, m.Agreed = &s, &t, t.Hash
	}
	return m
}

// Next lists what a member can say now, having received everything: what a page offers it.
func (m *Minutes) Next(id MemberID) []Kind {
	if !slices.Contains(m.Members, id) {
		return nil
	}
	if m.Done != nil {
		if v := m.Verdicts[id]; m.Approval != NoApproval && v.Approved == nil && v.Against == nil {
			return []Kind{KindMinutesApprove, KindMinutesDisapprove}
		}
		return nil
	}
	all := []Kind{KindMinutesEdit, KindMinutesClear}
	if _, cleared := m.Cleared[id]; cleared && m.Agreed == "" {
		all = append(all, KindMinutesUnclear)
	}
	if _, signed := m.Signed[id]; m.Agreed != "" && !signed {
		all = append(all, KindMinutesSign)
	}
	return all
}

// Document puts the text together from the versions that stand, where no bracket is left: the document to clear. text
// gives the text of a version; number that of the n-th decision.
func (m *Minutes) Document(agenda []AgendaItem, next Date, text func(VersionID) Text, number func(n int) string) (MinutesBody, error) {
	b := MinutesBody{Title: m.Title, Next: next}
	at, decisions := map[string]int{}, 0
	for _, it := range agenda {
		at[it.Ref] = len(b.Sections)
		b.Sections = append(b.Sections, MinutesSection{Item: it.Ref, Title: it.Title})
	}
	for i := range m.Segments {
		s := &m.Segments[i]
		if s.Bracketed() {
			return b, Refuse(Bracketed, "minutes", "segment", s.ID)
		}
		if s.Gone() {
			continue
		}
		n, ok := at[s.Section]
		if !ok {
			n = len(b.Sections)
			at[s.Section] = n
			b.Sections = append(b.Sections, MinutesSection{Item: s.Section})
		}
		b.Sections[n].Paragraphs = append(b.Sections[n].Paragraphs, Paragraph{Segment: s.ID, Kind: s.Kind, Text: text(s.Stands[0].ID), Of: s.Of, Ref: s.Ref})
	}
	for i := range b.Sections { // decisions are numbered as they are read
		for j := range b.Sections[i].Paragraphs {
			if p := &b.Sections[i].Paragraphs[j]; p.Kind == DecisionText {
				decisions++
				p.Number = number(decisions)
			}
		}
	}
	return b, b.Check()
}

// Carries lists the commitments and the numbers of the decisions in a document.
func (b *MinutesBody) Carries() (commitments []ThingID, decisions []string) {
	for _, s := range b.Sections {
		for _, p := range s.Paragraphs {
			if p.Ref != "" {
				commitments = append(commitments, p.Ref)
			}
			if p.Number != "" {
				decisions = append(decisions, p.Number)
			}
		}
	}
	return commitments, decisions
}

// ReadEdit gives the versions of an edit, as far as its terms are well formed.
func ReadEdit(a *Act) EditTerms {
	t, err := terms[EditTerms](a)
	if err != nil {
		return EditTerms{}
	}
	return t
}
