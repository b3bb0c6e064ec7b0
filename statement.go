package jisr

import (
	"crypto/sha256"
	"slices"
	"time"
)

// A joint statement is a text for the public that its members draft together, approve over one hash in every language, and
// release at one instant. What one side says alone is a [Readout], and never looks like it.
//
//	drafting ----> approved by one ----> agreed, no instant ----------> released
//	   ^               |     (all, over one hash:   (either, by hand)      ^
//	   '---------------'      text, languages,                             | either, from the instant on
//	    an edit, or taking    instant)    '----> embargoed ----------------'
//	    the approval back                            '----> withdrawn, by either, counted from receipt
//
// An approval cannot be taken back once all have approved (C17); a statement can be withdrawn until it is released. A release by
// who had not received the withdrawal stands: the text is out, and that the two crossed is shown.
//
// A release before all approved, or before the instant, has no effect on any node (C16). What was published outside is told
// by an incident: the text is then marked as published early by that side, whatever comes of it.

// The acts of joint statements.
const (
	KindStatementPropose  Kind = "statement.propose"  // a member: title, members, authentic languages
	KindStatementEdit     Kind = "statement.edit"     // a member: versions of paragraphs; content: EditBody
	KindStatementApprove  Kind = "statement.approve"  // a member: this text, in every language, from this instant; content: StatementBody
	KindStatementRetract  Kind = "statement.retract"  // a member: takes its approval back
	KindStatementRelease  Kind = "statement.release"  // a member, from the instant on
	KindStatementWithdraw Kind = "statement.withdraw" // a member, with reasons, before it is released
	KindStatementIncident Kind = "statement.incident" // a member: one side published it early
)

// StatementTerms is the terms of statement.propose.
type StatementTerms struct {
	Title     Text       `json:"title"`
	Members   []MemberID `json:"members"`   // sorted
	Languages []string   `json:"languages"` // the authentic ones, sorted
	Meeting   ThingID    `json:"meeting,omitempty"`
}

// Check holds the terms against what needs nothing else.
func (t *StatementTerms) Check() error {
	if t.Title.Empty() {
		return Refuse(Missing, "title")
	}
	if t.Meeting != "" && (!validThing(t.Meeting) || t.Meeting.Noun() != "meeting") {
		return Refuse(Malformed, "meeting")
	}
	if err := checkLanguages(t.Languages); err != nil {
		return err
	}
	if err := t.Title.Check("title", MaxSubject); err != nil {
		return err
	}
	return checkMembers(t.Members)
}

func checkLanguages(all []string) error {
	if len(all) == 0 || len(all) > MaxLanguages {
		return Refuse(TooMany, "languages", "max", itoa(MaxLanguages), "got", itoa(len(all)))
	}
	for i, lang := range all {
		if len(lang) < 2 || len(lang) > 8 || !validID(lang, false) || i > 0 && all[i-1] >= lang {
			return Refuse(Malformed, "languages")
		}
	}
	return nil
}

// StatementBody is the text that is approved and released: the same in every language, or it is none.
type StatementBody struct {
	Title      Text                 `json:"title"`
	Languages  []string             `json:"languages"`
	Release    time.Time            `json:"release,omitzero"` // not before; absent: once all approved
	Paragraphs []StatementParagraph `json:"paragraphs"`
}

// StatementParagraph is a segment as it was approved.
type StatementParagraph struct {
	Segment string `json:"segment"`
	Text    Text   `json:"text"`
}

// Hash is what approvals name: SHA-256 of the body, which anybody can compute from what is published.
func (b *StatementBody) Hash() Commitment {
	raw, err := b.Encode()
	if err != nil {
		return ""
	}
	return Commit(sha256.Sum256(append([]byte("jisr statement/v1\n"), raw...)))
}

// Encode gives the one encoding of the body.
func (b *StatementBody) Encode() ([]byte, error) { return Terms(b) }

// Check holds a text against its bounds. What a language lacks, nobody can approve in it.
func (b *StatementBody) Check() error {
	if err := checkLanguages(b.Languages); err != nil {
		return err
	}
	if len(b.Paragraphs) == 0 {
		return Refuse(Missing, "text")
	}
	if len(b.Paragraphs) > MaxMinutes {
		return Refuse(TooMany, "segments", "max", itoa(MaxMinutes))
	}
	if err := checkInstant(b.Release); err != nil {
		return err
	}
	texts := []Text{b.Title}
	for _, p := range b.Paragraphs {
		texts = append(texts, p.Text)
	}
	for i, t := range texts {
		field, size := "text", MaxParagraph
		if i == 0 {
			field, size = "title", MaxSubject
		}
		for _, lang := range b.Languages {
			if t[lang] == "" {
				return Refuse(Missing, field, "lang", lang)
			}
		}
		if err := t.Check(field, size); err != nil {
			return err
		}
		if len(t) != len(b.Languages) {
			return Refuse(Malformed, field, "want", "the authentic languages")
		}
	}
	return nil
}

// checkInstant wants whole seconds of UTC, so that all write one instant in one way.
func checkInstant(t time.Time) error {
	if !t.IsZero() && (t.Location() != time.UTC || t.Nanosecond() != 0) {
		return Refuse(Malformed, "release", "want", "UTC, seconds")
	}
	return nil
}

// ReadStatement reads a text, strictly, whatever its hash.
func ReadStatement(content []byte) (StatementBody, error) {
	b, err := decodeBody[StatementBody](content)
	if err == nil {
		err = b.Check()
	}
	return b, err
}

// DecodeStatement reads a text, strictly, and holds it against the hash that was approved.
func DecodeStatement(content []byte, hash Commitment) (StatementBody, error) {
	b, err := ReadStatement(content)
	if err == nil && b.Hash() != hash {
		err = Refuse(Malformed, "hash", "want", string(hash))
	}
	return b, err
}

// ApproveTerms is the terms of statement.approve. The instant is in the text too: rules read entries only.
type ApproveTerms struct {
	Text    Commitment `json:"text"` // hash of the body
	Release time.Time  `json:"release,omitzero"`
	Mandate ThingID    `json:"mandate,omitempty"`
}

func (t *ApproveTerms) check() error {
	if _, ok := t.Text.Sum(); !ok {
		return Refuse(Malformed, "text", "want", "sha256:…")
	}
	if t.Mandate != "" && (!validThing(t.Mandate) || t.Mandate.Noun() != "mandate") {
		return Refuse(Malformed, "mandate")
	}
	return checkInstant(t.Release)
}

// words is what must be the same in all approvals: all but the mandate.
func (t ApproveTerms) words() Commitment {
	t.Mandate = ""
	raw, err := Terms(t)
	if err != nil {
		return ""
	}
	return Commit(sha256.Sum256(raw))
}

// ReadApproval gives the terms of a statement.approve.
func ReadApproval(a *Act) (ApproveTerms, error) { return terms[ApproveTerms](a) }

// IncidentTerms is the terms of statement.incident: who published, when, and where it was seen.
type IncidentTerms struct {
	By    MemberID  `json:"by"`
	When  time.Time `json:"when"`
	Where string    `json:"where,omitempty"`
	Note  string    `json:"note,omitempty"`
}

func (t *IncidentTerms) check(members []MemberID) error {
	if !slices.Contains(members, t.By) {
		return Refuse(NotParty, string(t.By))
	}
	if t.When.IsZero() {
		return Refuse(Missing, "when")
	}
	if err := checkInstant(t.When); err != nil {
		return err
	}
	if err := checkLine("where", t.Where); err != nil {
		return err
	}
	return checkLine("note", t.Note)
}

// ApprovalGiven is a member's word for a text, and from when it may be public.
type ApprovalGiven struct {
	Step
	Text    Commitment `json:"text"`
	Release time.Time  `json:"release,omitzero"`
}

// Incident is that a side published early, as a member told it.
type Incident struct {
	Step Step     `json:"step"`
	Told MemberID `json:"told"`
	IncidentTerms
}

// The states of a joint statement.
const (
	StatementDrafting  = "drafting"
	StatementAgreed    = "agreed"    // approved by all, over one hash; released by hand
	StatementEmbargoed = "embargoed" // the same, to be released at an instant
	StatementReleased  = "released"
	StatementWithdrawn = "withdrawn"
)

// StatementStates lists them.
func StatementStates() []string {
	return []string{StatementDrafting, StatementAgreed, StatementEmbargoed, StatementReleased, StatementWithdrawn}
}

// JointStatement is the joint state of a statement.
type JointStatement struct {
	Members   []MemberID                 `json:"members"`
	Title     Text                       `json:"title,omitempty"`
	Languages []string                   `json:"languages"`
	Meeting   ThingID                    `json:"meeting,omitempty"`
	Segments  []Passage                  `json:"segments,omitempty"` // in the order they are read
	Approved  map[MemberID]ApprovalGiven `json:"approved,omitempty"` // whose approval stands
	Agreed    Commitment                 `json:"agreed,omitempty"`   // hash of the text that all approved
	Body      *Position                  `json:"body,omitempty"`     // the act whose content it is
	Release   time.Time                  `json:"release,omitzero"`   // the agreed instant
	Released  map[MemberID]Step          `json:"released,omitempty"` // who released it, not knowing of each other
	First     *Step                      `json:"first,omitempty"`    // the release that counts
	Withdrawn *Step                      `json:"withdrawn,omitempty"`
	Reason    string                     `json:"reason,omitempty"`
	Early     []Incident                 `json:"early,omitempty"`
}

// State is the step it has reached. What was released stays released: a withdrawal beside it came too late.
func (s *JointStatement) State() string {
	switch {
	case s.First != nil:
		return StatementReleased
	case s.Withdrawn != nil:
		return StatementWithdrawn
	case s.Agreed == "":
		return StatementDrafting
	case s.Release.IsZero():
		return StatementAgreed
	}
	return StatementEmbargoed
}

// Crossed tells a statement that was released by a side that had not received its withdrawal.
func (s *JointStatement) Crossed() bool { return s.First != nil && s.Withdrawn != nil }

func (s *JointStatement) summary() Summary {
	sum := Summary{State: s.State(), Title: s.Title, Members: s.Members}
	if s.Meeting != "" {
		sum.Labels = append(sum.Labels, "source:"+string(s.Meeting))
	}
	for _, id := range s.Members {
		_, approved := s.Approved[id]
		switch {
		case sum.State == StatementDrafting && len(s.Approved) > 0 && !approved:
			sum.Awaits = append(sum.Awaits, Await{Of: id, Why: "approve"})
		case sum.State == StatementAgreed:
			sum.Awaits = append(sum.Awaits, Await{Of: id, Why: "release"})
		}
	}
	return sum
}

// Proposed is the instant of the newest approval that stands; zero when there is none.
func (s *JointStatement) Proposed() time.Time {
	var newest ApprovalGiven
	for _, id := range sortedKeys(s.Approved) {
		if a := s.Approved[id]; newest.At.IsZero() || a.At.After(newest.At) {
			newest = a
		}
	}
	return newest.Release
}

// Next lists what a member can say now, having received everything, on an instant: what a page offers it.
func (s *JointStatement) Next(id MemberID, now time.Time) []Kind {
	if !slices.Contains(s.Members, id) {
		return nil
	}
	switch s.State() {
	case StatementDrafting:
		if _, approved := s.Approved[id]; approved {
			return []Kind{KindStatementEdit, KindStatementRetract, KindStatementWithdraw, KindStatementIncident}
		}
		return []Kind{KindStatementEdit, KindStatementApprove, KindStatementWithdraw, KindStatementIncident}
	case StatementAgreed, StatementEmbargoed:
		all := []Kind{KindStatementWithdraw, KindStatementIncident}
		if !now.Before(s.Release) {
			all = append([]Kind{KindStatementRelease}, all...)
		}
		return all
	}
	return []Kind{KindStatementIncident}
}

// Document puts the text together from the versions that stand, where no bracket is left: the text to approve.
func (s *JointStatement) Document(release time.Time, text func(VersionID) Text) (StatementBody, error) {
	b := StatementBody{Title: s.Title, Languages: s.Languages, Release: release}
	for i := range s.Segments {
		g := &s.Segments[i]
		if g.Bracketed() {
			return b, Refuse(Bracketed, "statement", "segment", g.ID)
		}
		if !g.Gone() {
			b.Paragraphs = append(b.Paragraphs, StatementParagraph{Segment: g.ID, Text: text(g.Stands[0].ID)})
		}
	}
	return b, b.Check()
}

// statementFold is the work of folding a joint statement.
type statementFold struct {
	s        *JointStatement
	proposal *Act
	draft    drafting
	texts    accord // approvals, by their words
	terms    map[Commitment]ApproveTerms
	out      *Act // the first release
	gone     *Act // the first withdrawal
}

func foldStatement(id ThingID, acts []Act, voids map[Position]*Refusal) *JointStatement {
	f := &statementFold{draft: newDrafting([]ParagraphKind{Narrative}), terms: map[Commitment]ApproveTerms{}}
	for i := range acts {
		a := &acts[i]
		if a.About != id {
			continue
		}
		if err := f.take(id, a); err != nil {
			voids[a.Position] = asRefusal(err)
		}
	}
	return f.settle()
}

func (f *statementFold) take(id ThingID, a *Act) error {
	if a.Kind == KindStatementPropose {
		return f.propose(id, a)
	}
	switch {
	case f.s == nil || a.Member != f.proposal.Member && !a.Saw(f.proposal):
		return Refuse(NotProposed, string(id))
	case !slices.Contains(f.s.Members, a.Member):
		return Refuse(NotParty, string(a.Member))
	case a.Kind == KindStatementIncident:
		return f.incident(a)
	case f.out != nil && sawAll(a, []*Act{f.out}):
		return Refuse(Ended, "statement")
	case f.gone != nil && sawAll(a, []*Act{f.gone}):
		return Refuse(Withdrawn, "statement")
	}
	switch a.Kind {
	case KindStatementRelease:
		return f.release(a)
	case KindStatementWithdraw:
		return f.withdraw(a)
	}
	if f.texts.seen(a) { // an approval is irrevocable once all have approved, as far as the writer had received (C17)
		return Refuse(Already, "approve")
	}
	switch a.Kind {
	case KindStatementEdit:
		if err := f.draft.edit(a); err != nil {
			return err
		}
		f.texts.takeBack(a, nil) // who changes the text has not approved it
		return nil
	case KindStatementApprove:
		return f.approve(a)
	}
	return f.retract(a)
}

func (f *statementFold) propose(id ThingID, a *Act) error {
	t, err := terms[StatementTerms](a)
	if err == nil {
		err = t.Check()
	}
	switch {
	case err != nil:
		return err
	case a.Member != id.Maker():
		return Refuse(NotYours, "statement")
	case f.s != nil:
		return Refuse(Already, "propose")
	case !slices.Contains(t.Members, a.Member):
		return Refuse(NotParty, string(a.Member))
	}
	f.proposal, f.draft.members = a, t.Members
	f.s = &JointStatement{Members: t.Members, Title: t.Title, Languages: t.Languages, Meeting: t.Meeting}
	return nil
}

func (f *statementFold) approve(a *Act) error {
	t, err := terms[ApproveTerms](a)
	if err == nil {
		err = t.check()
	}
	if err == nil && a.Content == nil {
		err = Refuse(Missing, "content")
	}
	if err == nil {
		err = f.texts.clear(a, t.words(), f.s.Members)
	}
	if err == nil {
		f.terms[t.words()] = t
	}
	return err
}

func (f *statementFold) retract(a *Act) error {
	if t, err := terms[Reason](a); err != nil || checkLine("reason", t.Reason) != nil {
		return Refuse(Malformed, "terms")
	}
	for _, o := range f.texts.offers {
		if w := o.words[spoken{a.Member, ""}]; w != nil && w.gone == nil {
			f.texts.takeBack(a, nil)
			return nil
		}
	}
	return Refuse(NotCleared, "statement")
}

// agreed finds the text of a hash, where all approved it.
func (f *statementFold) agreed(text Commitment) *offer {
	for _, o := range f.texts.offers {
		if o.done != nil && f.terms[o.hash].Text == text {
			return o
		}
	}
	return nil
}

// release: both nodes refuse one without all approvals, as far as its writer had received, or before the instant by its
// writer's own clock (C16).
func (f *statementFold) release(a *Act) error {
	t, err := terms[AgreeTerms](a)
	if err == nil {
		err = t.check()
	}
	if err != nil {
		return err
	}
	o := f.agreed(t.Hash)
	if o == nil || !sawAll(a, o.done) {
		return Refuse(NotCleared, "statement")
	}
	if until := f.terms[o.hash].Release; a.At.Before(until) {
		return Refuse(Embargoed, "statement", "until", until.Format(time.RFC3339))
	}
	if f.s.Released == nil {
		f.s.Released = map[MemberID]Step{}
	}
	f.s.Released[a.Member] = a.step()
	if f.out == nil {
		f.out = a
	}
	return nil
}

// withdraw counts from receipt: who releases not having received it has released.
func (f *statementFold) withdraw(a *Act) error {
	t, err := terms[Reason](a)
	if err == nil {
		err = checkLine("reason", t.Reason)
	}
	if err == nil && t.Reason == "" {
		err = Refuse(Missing, "reason")
	}
	if err == nil && f.gone == nil {
		f.gone = a
		s := a.step()
		f.s.Withdrawn, f.s.Reason = &s, t.Reason
	}
	return err
}

func (f *statementFold) incident(a *Act) error {
	t, err := terms[IncidentTerms](a)
	if err == nil {
		err = t.check(f.s.Members)
	}
	if err == nil && len(f.s.Early) >= MaxIncidents {
		err = Refuse(TooMany, "incidents", "max", itoa(MaxIncidents))
	}
	if err == nil {
		f.s.Early = append(f.s.Early, Incident{Step: a.step(), Told: a.Member, IncidentTerms: t})
	}
	return err
}

func (f *statementFold) settle() *JointStatement {
	if f.s == nil {
		return nil
	}
	s := f.s
	s.Segments = f.draft.passages()
	for _, o := range f.texts.offers {
		for k, w := range o.words {
			if w.gone != nil && o.done == nil {
				continue
			}
			if s.Approved == nil {
				s.Approved = map[MemberID]ApprovalGiven{}
			}
			if p, ok := s.Approved[k.member]; !ok || p.Index < w.act.Index {
				t := f.terms[o.hash]
				s.Approved[k.member] = ApprovalGiven{w.act.step(), t.Text, t.Release}
			}
		}
	}
	o := f.texts.newest()
	if f.out != nil {
		t, _ := terms[AgreeTerms](f.out)
		o = f.agreed(t.Hash)
		first := f.out.step()
		s.First = &first
	}
	if o != nil {
		at := o.done[0].Position
		s.Agreed, s.Body, s.Release = f.terms[o.hash].Text, &at, f.terms[o.hash].Release
	}
	return s
}
