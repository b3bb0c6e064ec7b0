package jisr

import (
	"slices"
	"strings"
	"time"
)

// CommitmentState names the step of its life a commitment has reached.
type CommitmentState string

// The states, in the order of the life.
const (
	CommitmentDraft      CommitmentState = "draft"
	CommitmentWithdrawn  CommitmentState = "withdrawn"
	CommitmentAgreed     CommitmentState = "agreed"
	CommitmentAssigned   CommitmentState = "assigned"
	CommitmentInProgress CommitmentState = "in-progress"
	CommitmentBlocked    CommitmentState = "blocked"
	CommitmentReported   CommitmentState = "reported"
	CommitmentReturned   CommitmentState = "returned"
	CommitmentAccepted   CommitmentState = "accepted"
	CommitmentRemarked   CommitmentState = "accepted-with-remarks"
	CommitmentDisputed   CommitmentState = "disputed"
	CommitmentReleased   CommitmentState = "released"
	CommitmentSuperseded CommitmentState = "superseded"
)

// CommitmentStates lists them.
func CommitmentStates() []CommitmentState {
	return []CommitmentState{CommitmentDraft, CommitmentWithdrawn, CommitmentAgreed, CommitmentAssigned, CommitmentInProgress, CommitmentBlocked,
		CommitmentReported, CommitmentReturned, CommitmentAccepted, CommitmentRemarked, CommitmentDisputed, CommitmentReleased, CommitmentSuperseded}
}

// Open tells whether something is still owed in this state.
func (s CommitmentState) Open() bool {
	switch s {
	case CommitmentDraft, CommitmentWithdrawn, CommitmentAccepted, CommitmentRemarked, CommitmentReleased, CommitmentSuperseded:
		return false
	}
	return true
}

// Report is one report that it is done, and what became of it.
type Report struct {
	Step
	Value    string          `json:"value,omitempty"`
	Files    int             `json:"files,omitempty"`
	Received *Step           `json:"received,omitempty"`  // first act of the beneficiary that had seen it: its time runs from that day
	ReviewBy Date            `json:"review_by,omitempty"` // last day of that time, in the beneficiary's calendar
	Recalled *Step           `json:"recalled,omitempty"`
	Reviewed *Step           `json:"reviewed,omitempty"`
	Result   CommitmentState `json:"result,omitempty"` // accepted, accepted-with-remarks, returned
	Reason   string          `json:"reason,omitempty"`
}

// Live tells a report that awaits its review.
func (r *Report) Live() bool { return r.Recalled == nil && r.Reviewed == nil }

// Extension is one request for a later day. Was is the day it had before: both are kept.
type Extension struct {
	Step
	Was      Date   `json:"was"`
	To       Date   `json:"to"`
	Reason   string `json:"reason,omitempty"`
	Answered *Step  `json:"answered,omitempty"`
	Granted  bool   `json:"granted,omitempty"`
	Answer   string `json:"answer,omitempty"`
}

// Issue is what was raised to a higher level, or a dispute (level 0).
type Issue struct {
	Step
	Level   int               `json:"level,omitempty"`
	Reason  string            `json:"reason,omitempty"`
	Settled map[MemberID]Step `json:"settled,omitempty"`
	Closed  bool              `json:"closed,omitempty"` // both say that it is settled
}

// Progress is what commitment.progress said.
type Progress struct {
	Step
	ProgressTerms
}

// Halt is why it does not go on.
type Halt struct {
	Step
	Reason string `json:"reason,omitempty"`
}

// Undertaking is the joint state of a commitment: in Go, for Commitment is the name of a hash there.
type Undertaking struct {
	CommitmentTerms              // as agreed; of the newest proposal while nothing is
	From            MemberID     `json:"from"` // who made it
	Text            Position     `json:"text"` // the act whose content is its text
	Proposals       []Proposal   `json:"proposals"`
	Agreed          *Step        `json:"agreed,omitempty"` // the word that completed the terms that hold
	Withdrawn       *Step        `json:"withdrawn,omitempty"`
	Assigned        *Step        `json:"assigned,omitempty"`
	Owner           *AssignTerms `json:"owner,omitempty"` // the debtor's office that does it
	Started         *Step        `json:"started,omitempty"`
	Progress        []Progress   `json:"progress,omitempty"`
	Blocked         *Halt        `json:"blocked,omitempty"`
	Reports         []Report     `json:"reports,omitempty"`
	Returned        *Step        `json:"returned,omitempty"` // until the debtor goes on
	Extensions      []Extension  `json:"extensions,omitempty"`
	Issues          []Issue      `json:"issues,omitempty"`
	// Ending says who has said that nothing is owed any more; Ended that both have.
	Ending    map[MemberID]Step `json:"ending,omitempty"`
	Ended     *Step             `json:"ended,omitempty"`
	Successor ThingID           `json:"successor,omitempty"`
}

// State is the step it has reached.
func (c *Undertaking) State() CommitmentState {
	r := c.Newest()
	switch {
	case c.Withdrawn != nil:
		return CommitmentWithdrawn
	case c.Ended != nil && c.Successor != "":
		return CommitmentSuperseded
	case c.Ended != nil:
		return CommitmentReleased
	case c.Accepted() != nil:
		return c.Accepted().Result
	case c.Agreed == nil:
		return CommitmentDraft
	case slices.ContainsFunc(c.Issues, func(i Issue) bool { return i.Level == 0 && !i.Closed }):
		return CommitmentDisputed
	case r != nil && r.Live():
		return CommitmentReported
	case c.Returned != nil:
		return CommitmentReturned
	case c.Blocked != nil:
		return CommitmentBlocked
	case c.Started != nil:
		return CommitmentInProgress
	case c.Assigned != nil:
		return CommitmentAssigned
	}
	return CommitmentAgreed
}

// Newest is the newest report; nil when there is none.
func (c *Undertaking) Newest() *Report {
	if len(c.Reports) == 0 {
		return nil
	}
	return &c.Reports[len(c.Reports)-1]
}

// Accepted is the report that was accepted.
func (c *Undertaking) Accepted() *Report {
	for i := range c.Reports {
		if r := &c.Reports[i]; r.Result == CommitmentAccepted || r.Result == CommitmentRemarked {
			return r
		}
	}
	return nil
}

// DueDate is the day that holds: as agreed, or the latest that was granted (C13).
func (c *Undertaking) DueDate() Date {
	due := c.Due
	for i := range c.Extensions {
		if e := &c.Extensions[i]; e.Granted {
			due = max(due, e.To)
		}
	}
	return due
}

// Late tells whether it is past its day today. It is never stored: it is true of a day.
func (c *Undertaking) Late(today Date) bool {
	due := c.DueDate()
	return due != "" && due < today && c.State().Open() && c.State() != CommitmentReported
}

// Level is the highest level it is raised to: 1, the focal points, when it is not.
func (c *Undertaking) Level() int {
	level := 1
	for _, i := range c.Issues {
		if !i.Closed {
			level = max(level, i.Level)
		}
	}
	return level
}

// Paused tells that what was raised rests while the beneficiary looks at a report (C11).
func (c *Undertaking) Paused() bool { return c.Level() > 1 && c.State() == CommitmentReported }

// LadderDue is the level that the agreed ladder gives on a day: a proposal, which a person sends or not.
func (c *Undertaking) LadderDue(today Date) int {
	level := 1
	if !c.Late(today) {
		return level
	}
	late := c.DueDate().Days(today)
	for i, days := range c.Steps() {
		if late >= days {
			level = i + 2
		}
	}
	return level
}

// OfficeName is what an office of a side is called in it; empty where it is not named.
func (c *Undertaking) OfficeName(m MemberID, desk DeskID) Text {
	switch {
	case c.Owner != nil && m == c.Debtor.Member && c.Owner.Desk == desk && !c.Owner.Name.Empty():
		return c.Owner.Name
	case m == c.Debtor.Member && c.Debtor.Desk == desk:
		return c.Debtor.Name
	case m == c.Beneficiary.Member && c.Beneficiary.Desk == desk:
		return c.Beneficiary.Name
	}
	return nil
}

// OwnerDesk is the debtor's office that does it.
func (c *Undertaking) OwnerDesk() DeskID {
	if c.Owner != nil {
		return c.Owner.Desk
	}
	return c.Debtor.Desk
}

func (c *Undertaking) summary() Summary {
	s := Summary{Kind: string(c.Type), State: string(c.State()), Title: c.Title, Members: c.Parties(), Handling: c.Handling, Labels: c.labels()}
	debtor := Await{Of: c.Debtor.Member, Desk: c.OwnerDesk(), Due: c.DueDate()}
	switch c.State() {
	case CommitmentDraft:
		p := c.Proposals[len(c.Proposals)-1]
		for _, m := range c.Parties() {
			if _, said := p.Agreed[m]; !said {
				s.Awaits = append(s.Awaits, Await{Of: m, Why: "agree"})
			}
		}
	case CommitmentAgreed:
		debtor.Why = "assign"
		s.Awaits = append(s.Awaits, debtor)
	case CommitmentAssigned, CommitmentInProgress, CommitmentBlocked, CommitmentReturned:
		debtor.Why = "do"
		if s.State == string(CommitmentReturned) {
			debtor.Why = "complete"
		}
		s.Awaits = append(s.Awaits, debtor)
	case CommitmentReported:
		s.Awaits = append(s.Awaits, Await{Of: c.Beneficiary.Member, Desk: c.Beneficiary.Desk, Why: "review", Due: c.Newest().ReviewBy})
	case CommitmentDisputed:
		for _, m := range c.Parties() {
			s.Awaits = append(s.Awaits, Await{Of: m, Why: "settle"})
		}
	}
	s.Awaits = append(s.Awaits, c.answers()...)
	return s
}

// labels is what registers are filtered by: both offices, the sector, and what it comes from.
func (c *Undertaking) labels() []string {
	var all []string
	for _, o := range []Office{{Member: c.Debtor.Member, Desk: c.OwnerDesk()}, c.Beneficiary} {
		if o.Desk != "" {
			all = append(all, "desk:"+string(o.Member)+"/"+string(o.Desk))
		}
	}
	if c.Sector != "" {
		all = append(all, "sector:"+c.Sector)
	}
	if c.Source != nil && c.Source.Thing != "" {
		all = append(all, "source:"+string(c.Source.Thing))
		if b := BodyOf(c.Source.Thing); b != "" {
			all = append(all, "body:"+string(b))
		}
	}
	return append(all, c.measures()...)
}

// BodyOf is the body of a session or its minutes, whose names begin with its own; empty for other things.
func BodyOf(session ThingID) ThingID {
	if noun := session.Noun(); noun != "minutes" && noun != "meeting" {
		return ""
	}
	name := session.Name()
	i := strings.LastIndexByte(name, '-')
	if i < 1 {
		return ""
	}
	return ThingID("body/" + name[:i])
}

// answers is what one side owes to what the other asked.
func (c *Undertaking) answers() []Await {
	var all []Await
	if !c.State().Open() {
		return nil
	}
	for i := range c.Extensions {
		if c.Extensions[i].Answered == nil {
			all = append(all, Await{Of: c.Beneficiary.Member, Desk: c.Beneficiary.Desk, Why: "answer-extension"})
			break
		}
	}
	for _, m := range c.Parties() {
		if c.Offered(m) != nil {
			all = append(all, Await{Of: m, Why: "agree"})
		}
	}
	if len(c.Ending) == 1 {
		for _, m := range c.Parties() {
			if _, said := c.Ending[m]; !said {
				all = append(all, Await{Of: m, Why: "release"})
			}
		}
	}
	return all
}

// commitmentFold is the work of folding one commitment.
type commitmentFold struct {
	id       ThingID
	acts     []Act
	voids    map[Position]*Refusal
	accord   accord
	c        *Undertaking
	rounds   map[Position]*round
	accepted *Act   // the acceptance that has effect
	ended    []*Act // the words that ended it; nil while it goes on
	at       map[MemberID]time.Time
}

// round is one report, and what was said of it in time.
type round struct{ report, recall, review *Act }

// live tells whether the writer of a held the report as awaiting its review.
func (r *round) live(a *Act) bool {
	return a.Saw(r.report) && (r.recall == nil || !a.Saw(r.recall)) && (r.review == nil || !a.Saw(r.review))
}

func foldCommitment(id ThingID, acts []Act, voids map[Position]*Refusal) *Undertaking {
	f := &commitmentFold{id: id, acts: acts, voids: voids, at: map[MemberID]time.Time{}}
	withdrawal := f.firstWithdrawal()
	if !f.negotiate(withdrawal) {
		return nil
	}
	f.rounds = f.findRounds(true)
	f.end()
	for i := range acts {
		a := &acts[i]
		if voids[a.Position] != nil || a.About != id {
			continue
		}
		if err := f.apply(a); err != nil {
			voids[a.Position] = asRefusal(err)
			continue
		}
		f.arrived(a)
	}
	return f.c
}

// negotiate finds what the parties agreed. A withdrawal received before that ends it; one that was not received comes
// too late (P4). It tells whether there is a commitment at all.
func (f *commitmentFold) negotiate(withdrawal *Act) bool {
	voids := f.talk(withdrawal, func(a *Act) bool { return withdrawal == nil || !a.Saw(withdrawal) })
	if withdrawal != nil && f.c != nil && f.c.Agreed != nil {
		voids = f.talk(withdrawal, func(*Act) bool { return true })
		voids[withdrawal.Position] = Refuse(Already, "agree")
	} else if withdrawal != nil && f.c != nil {
		s := withdrawal.step()
		f.c.Withdrawn = &s
	}
	for p, r := range voids {
		f.voids[p] = r
	}
	if f.c == nil {
		for i := range f.acts {
			if a := &f.acts[i]; a.About == f.id && f.voids[a.Position] == nil {
				f.voids[a.Position] = Refuse(NotProposed, string(f.id))
			}
		}
	}
	return f.c != nil
}

// firstWithdrawal finds the one withdrawal of the maker that can have effect.
func (f *commitmentFold) firstWithdrawal() *Act {
	var first *Act
	for i := range f.acts {
		a := &f.acts[i]
		if a.Kind != KindCommitmentWithdraw {
			continue
		}
		_, err := terms[Reason](a)
		switch {
		case err != nil:
			f.voids[a.Position] = asRefusal(err)
		case a.Member != f.id.Maker():
			f.voids[a.Position] = Refuse(NotYours, "commitment")
		case first != nil:
			f.voids[a.Position] = Refuse(Already, "withdraw")
		default:
			first = a
		}
	}
	return first
}

// talk plays what was proposed and agreed, of the acts that count, and gives the refusals of the others.
func (f *commitmentFold) talk(withdrawal *Act, counts func(*Act) bool) map[Position]*Refusal {
	f.accord, f.c = accord{}, nil
	voids := map[Position]*Refusal{}
	agreed := map[Commitment]CommitmentTerms{}
	for i := range f.acts {
		a := &f.acts[i]
		var err error
		switch {
		case f.voids[a.Position] != nil || withdrawal != nil && a.Position == withdrawal.Position:
			continue
		case !counts(a):
			err = Refuse(Withdrawn, "commitment")
		case a.Kind == KindCommitmentPropose:
			err = f.propose(a, agreed)
		case a.Kind == KindCommitmentAgree:
			err = f.accord.agree(a)
		case a.Kind == KindMinutesSign:
			f.signed(a)
		}
		if err != nil && a.About == f.id {
			voids[a.Position] = asRefusal(err)
		}
	}
	f.settleTerms(agreed)
	return voids
}

func (f *commitmentFold) propose(a *Act, agreed map[Commitment]CommitmentTerms) error {
	t, err := terms[CommitmentTerms](a)
	if err == nil {
		err = t.Check()
	}
	if err == nil && a.Content == nil {
		err = Refuse(Missing, "content")
	}
	if err != nil {
		return err
	}
	first := len(f.accord.offers) == 0
	switch {
	case first && f.id.Maker() != a.Member:
		return Refuse(NotProposed, string(f.id))
	case first:
	case !slices.Equal(f.accord.offers[0].parties, t.Parties()):
		return Refuse(NotParty, "debtor")
	case !a.Saw(f.accord.offers[0].act):
		return Refuse(NotProposed, string(f.id))
	}
	if err := f.accord.propose(a, t.Parties()); err != nil {
		return err
	}
	agreed[a.Substance()] = t
	return nil
}

// signed takes the word of a head of delegation who signed minutes that carry this commitment.
func (f *commitmentFold) signed(a *Act) {
	t, err := terms[SignTerms](a)
	if err != nil || t.check() != nil {
		return
	}
	for _, c := range t.Commitments {
		if c.ID == f.id {
			_ = f.accord.say(a, c.Hash, t.words()) // the signature stands as such whatever it finds here
		}
	}
}

// settleTerms makes the state from the text that holds: the newest that both agreed, else the newest proposal.
func (f *commitmentFold) settleTerms(agreed map[Commitment]CommitmentTerms) {
	if len(f.accord.offers) == 0 {
		return
	}
	o := f.accord.newest()
	f.c = &Undertaking{From: f.id.Maker(), Proposals: f.accord.show()}
	if o != nil {
		s := last(o.done).step()
		f.c.Agreed = &s
	} else {
		o = f.accord.offers[len(f.accord.offers)-1]
	}
	f.c.CommitmentTerms, f.c.Text = agreed[o.hash], o.act.Position
}

// findRounds pairs each report with the review that has effect. Order is read in the beneficiary's log only (C12): a
// review that had received the report and not its recall counts, and then the recall comes too late.
func (f *commitmentFold) findRounds(mayAccept bool) map[Position]*round {
	rounds := map[Position]*round{}
	f.accepted = nil
	var open *round
	for i := range f.acts {
		a := &f.acts[i]
		if a.Kind != KindCommitmentReport || f.voids[a.Position] != nil || a.Member != f.c.Debtor.Member || !f.accord.seen(a) {
			continue
		}
		if t, err := terms[ReportTerms](a); err != nil || t.check() != nil || a.Content == nil {
			continue
		}
		if f.accepted != nil || open != nil && open.live(a) || sawEnd(a, f.ended) {
			continue
		}
		open = f.round(a, mayAccept)
		rounds[a.Position] = open
		if open.review != nil && open.review.Kind == KindCommitmentAccept {
			f.accepted = open.review
		}
	}
	return rounds
}

func (f *commitmentFold) round(report *Act, mayAccept bool) *round {
	r := &round{report: report}
	for i := range f.acts {
		a := &f.acts[i]
		if f.reviews(a, report) && a.Kind == KindCommitmentRecall && a.Member == report.Member && r.recall == nil {
			r.recall = a
		}
	}
	for i := range f.acts {
		a := &f.acts[i]
		if a.Kind != KindCommitmentReturn && (a.Kind != KindCommitmentAccept || !mayAccept) {
			continue
		}
		if f.reviews(a, report) && a.Member == f.c.Beneficiary.Member && (r.recall == nil || !a.Saw(r.recall)) && !sawEnd(a, f.ended) {
			r.review = a
			break
		}
	}
	if r.review != nil {
		r.recall = nil
	}
	return r
}

// reviews tells an act about this report whose writer had received it.
func (f *commitmentFold) reviews(a, report *Act) bool {
	if f.voids[a.Position] != nil || a.About != f.id || !a.Saw(report) {
		return false
	}
	t, err := terms[ReviewTerms](a)
	return err == nil && t.Report == report.Position && t.check(a.Kind) == nil
}

func (t *ReviewTerms) check(k Kind) error {
	if (k == KindCommitmentReturn || t.Remarks) && t.Reason == "" {
		return Refuse(Missing, "reason")
	}
	return checkLine("reason", t.Reason)
}

func (t *ReportTerms) check() error {
	if t.Value != "" && !decimal(t.Value) {
		return Refuse(Malformed, "value", "want", "12.5")
	}
	return nil
}

// end finds whether both said that nothing is owed any more. Who had received the acceptance ends nothing; when both
// spoke before they received it, the completed joint act beats the acceptance (P4).
func (f *commitmentFold) end() {
	words := map[Kind]map[ThingID]map[MemberID]*Act{}
	for i := range f.acts {
		a := &f.acts[i]
		if a.Kind != KindCommitmentRelease && a.Kind != KindCommitmentSupersede || f.voids[a.Position] != nil {
			continue
		}
		t, err := f.endTerms(a)
		if err == nil && f.ended != nil && sawEnd(a, f.ended) {
			err = Refuse(Ended, "commitment")
		}
		if err == nil && f.accepted != nil && a.Saw(f.accepted) {
			err = Refuse(Ended, "commitment")
		}
		if words[a.Kind] == nil {
			words[a.Kind] = map[ThingID]map[MemberID]*Act{}
		}
		said := words[a.Kind][t.Successor]
		if said == nil {
			said = map[MemberID]*Act{}
			words[a.Kind][t.Successor] = said
		}
		if err == nil && said[a.Member] != nil {
			err = Refuse(Already, "release")
		}
		if err != nil {
			f.voids[a.Position] = asRefusal(err)
			continue
		}
		said[a.Member] = a
		f.finish(a, t, said)
	}
	if f.ended != nil {
		f.rounds = f.findRounds(false)
	}
}

func (f *commitmentFold) endTerms(a *Act) (EndTerms, error) {
	t, err := terms[EndTerms](a)
	switch {
	case err != nil:
		return t, err
	case !slices.Contains(f.c.Parties(), a.Member):
		return t, Refuse(NotParty, string(a.Member))
	case !f.accord.seen(a):
		return t, Refuse(NotAgreed, "commitment")
	case (a.Kind == KindCommitmentSupersede) != (t.Successor != ""):
		return t, Refuse(Missing, "successor")
	case t.Successor != "" && (!validThing(t.Successor) || t.Successor.Noun() != "commitment" || t.Successor == f.id):
		return t, Refuse(Malformed, "successor")
	}
	return t, checkLine("reason", t.Reason)
}

// finish ends it when the last party has said so. One side alone is shown as asking.
func (f *commitmentFold) finish(a *Act, t EndTerms, said map[MemberID]*Act) {
	if f.ended != nil {
		return
	}
	if f.c.Ending == nil {
		f.c.Ending = map[MemberID]Step{}
	}
	f.c.Ending[a.Member] = a.step()
	if len(said) < len(f.c.Parties()) {
		return
	}
	for _, m := range f.c.Parties() {
		f.ended = append(f.ended, said[m])
	}
	s := last(f.ended).step()
	f.c.Ended, f.c.Successor = &s, t.Successor
}

func sawEnd(a *Act, ended []*Act) bool { return ended != nil && sawAll(a, ended) }

// apply gives one act its effect, or refuses.
func (f *commitmentFold) apply(a *Act) error {
	switch a.Kind {
	case KindCommitmentPropose, KindCommitmentAgree, KindCommitmentWithdraw, KindCommitmentRelease, KindCommitmentSupersede:
		return nil // done
	}
	if !slices.Contains(f.c.Parties(), a.Member) {
		return Refuse(NotParty, string(a.Member))
	}
	if !f.accord.seen(a) {
		return Refuse(NotAgreed, "commitment")
	}
	if sawEnd(a, f.ended) || f.accepted != nil && a.Saw(f.accepted) {
		return Refuse(Ended, "commitment")
	}
	switch a.Kind {
	case KindCommitmentAssign, KindCommitmentProgress, KindCommitmentBlock, KindCommitmentReport, KindCommitmentRecall, KindCommitmentExtend:
		if a.Member != f.c.Debtor.Member {
			return Refuse(NotYours, "debtor")
		}
		return f.byDebtor(a)
	case KindCommitmentReceive, KindCommitmentAccept, KindCommitmentReturn, KindCommitmentGrant, KindCommitmentKeep:
		if a.Member != f.c.Beneficiary.Member {
			return Refuse(NotYours, "beneficiary")
		}
		return f.byBeneficiary(a)
	}
	return f.byEither(a)
}

// underReview tells whether the writer held a report as awaiting its review.
func (f *commitmentFold) underReview(a *Act) bool {
	for i := range f.c.Reports {
		if f.rounds[f.c.Reports[i].Position].live(a) {
			return true
		}
	}
	return false
}

func (f *commitmentFold) byDebtor(a *Act) error {
	c, s := f.c, a.step()
	switch a.Kind {
	case KindCommitmentAssign:
		t, err := terms[AssignTerms](a)
		if err != nil {
			return err
		}
		if !validID(string(t.Desk), false) {
			return Refuse(Malformed, "desk")
		}
		if err := t.Name.Check("desk", MaxTitle); err != nil {
			return err
		}
		c.Owner, c.Assigned = &t, &s
	case KindCommitmentProgress, KindCommitmentBlock:
		return f.goOn(a)
	case KindCommitmentReport:
		r := f.rounds[a.Position]
		if r == nil {
			return f.noRound(a)
		}
		t, err := terms[ReportTerms](a)
		c.Reports = append(c.Reports, Report{Step: s, Value: t.Value, Files: len(a.Attachments)})
		c.Returned, c.Blocked = nil, nil
		return err
	case KindCommitmentRecall:
		return f.recall(a)
	case KindCommitmentExtend:
		return f.extend(a)
	}
	return nil
}

func (f *commitmentFold) noRound(a *Act) error {
	t, err := terms[ReportTerms](a)
	if err == nil {
		err = t.check()
	}
	if err == nil && a.Content == nil {
		err = Refuse(Missing, "content")
	}
	if err == nil && f.accepted != nil {
		err = Refuse(Ended, "commitment")
	}
	if err == nil {
		err = Refuse(UnderReview, "commitment")
	}
	return err
}

func (f *commitmentFold) goOn(a *Act) error {
	if f.underReview(a) {
		return Refuse(UnderReview, "commitment")
	}
	c, s := f.c, a.step()
	if a.Kind == KindCommitmentBlock {
		t, err := terms[Reason](a)
		if err == nil && t.Reason == "" {
			err = Refuse(Missing, "reason")
		}
		if err == nil {
			err = checkLine("reason", t.Reason)
		}
		if err != nil {
			return err
		}
		c.Blocked, c.Returned = &Halt{s, t.Reason}, nil
		return nil
	}
	t, err := terms[ProgressTerms](a)
	if err == nil && t.Value != "" && !decimal(t.Value) {
		err = Refuse(Malformed, "value", "want", "12.5")
	}
	if err == nil && t.Milestone != "" && !slices.ContainsFunc(c.Milestones, func(m Milestone) bool { return m.ID == t.Milestone }) {
		err = Refuse(NoSuch, "milestone")
	}
	if err == nil {
		err = checkLine("text", t.Text)
	}
	if err != nil {
		return err
	}
	c.Progress = append(c.Progress, Progress{s, t})
	c.Started, c.Blocked, c.Returned = &s, nil, nil
	return nil
}

func (f *commitmentFold) recall(a *Act) error {
	t, err := terms[ReviewTerms](a)
	if err != nil {
		return err
	}
	r := f.rounds[t.Report]
	switch {
	case r == nil:
		return Refuse(NoSuch, "report")
	case r.review != nil:
		return Refuse(Already, "review")
	case r.recall == nil || r.recall.Position != a.Position:
		return Refuse(Already, "recall")
	}
	s := a.step()
	f.report(t.Report).Recalled = &s
	f.c.Started = &s
	return nil
}

func (f *commitmentFold) report(p Position) *Report {
	for i := range f.c.Reports {
		if f.c.Reports[i].Position == p {
			return &f.c.Reports[i]
		}
	}
	return nil
}

func (f *commitmentFold) extend(a *Act) error {
	t, err := terms[ExtendTerms](a)
	switch {
	case err != nil:
		return err
	case f.c.Due == "":
		return Refuse(Missing, "due")
	case !t.To.Valid() || t.To <= f.c.Due:
		return Refuse(Malformed, "to", "after", string(f.c.Due))
	case t.Reason == "":
		return Refuse(Missing, "reason")
	case len(f.c.Extensions) >= MaxProposals:
		return Refuse(TooMany, "extensions", "max", itoa(MaxProposals))
	}
	if err := checkLine("reason", t.Reason); err != nil {
		return err
	}
	f.c.Extensions = append(f.c.Extensions, Extension{Step: a.step(), Was: f.c.DueDate(), To: t.To, Reason: t.Reason})
	return nil
}

func (f *commitmentFold) byBeneficiary(a *Act) error {
	switch a.Kind {
	case KindCommitmentGrant, KindCommitmentKeep:
		return f.answer(a)
	}
	t, err := terms[ReviewTerms](a)
	if err == nil {
		err = t.check(a.Kind)
	}
	if err != nil {
		return err
	}
	r := f.rounds[t.Report]
	rep := f.report(t.Report)
	switch {
	case r == nil || rep == nil || !a.Saw(r.report):
		return Refuse(NoSuch, "report")
	case a.Kind == KindCommitmentReceive && rep.Received != nil:
		return Refuse(Already, "receive")
	case a.Kind == KindCommitmentReceive:
		return nil // see arrived
	case r.recall != nil && a.Saw(r.recall):
		return Refuse(Withdrawn, "report")
	case a.Kind == KindCommitmentAccept && f.ended != nil:
		return Refuse(Ended, "commitment")
	case r.review == nil || r.review.Position != a.Position:
		return Refuse(Already, "review")
	}
	s := a.step()
	rep.Reviewed, rep.Reason = &s, t.Reason
	switch {
	case a.Kind == KindCommitmentReturn:
		rep.Result, f.c.Returned = CommitmentReturned, &s
	case t.Remarks:
		rep.Result = CommitmentRemarked
	default:
		rep.Result = CommitmentAccepted
	}
	return nil
}

func (f *commitmentFold) answer(a *Act) error {
	t, err := terms[AnswerTerms](a)
	if err == nil {
		err = checkLine("reason", t.Reason)
	}
	if err != nil {
		return err
	}
	for i := range f.c.Extensions {
		e := &f.c.Extensions[i]
		if e.Position != t.To || a.Seen[e.Member] <= e.Index {
			continue
		}
		if e.Answered != nil {
			return Refuse(Already, "answer")
		}
		s := a.step()
		e.Answered, e.Granted, e.Answer = &s, a.Kind == KindCommitmentGrant, t.Reason
		return nil
	}
	return Refuse(NoSuch, "extension")
}

func (f *commitmentFold) byEither(a *Act) error {
	switch a.Kind {
	case KindCommitmentSettle:
		return f.settle(a)
	case KindCommitmentDispute:
		t, err := terms[Reason](a)
		if err == nil && t.Reason == "" {
			err = Refuse(Missing, "reason")
		}
		return f.open(a, 0, t.Reason, err)
	}
	t, err := terms[RaiseTerms](a)
	if err == nil && (t.Level < 2 || t.Level > MaxLevel) {
		err = Refuse(Malformed, "level", "want", "2-5")
	}
	if err == nil && f.underReview(a) { // it would rest at once (C11)
		err = Refuse(UnderReview, "commitment")
	}
	return f.open(a, t.Level, t.Reason, err)
}

// open opens an issue. Who knows of one at this level or above does not open another.
func (f *commitmentFold) open(a *Act, level int, reason string, err error) error {
	if err == nil {
		err = checkLine("reason", reason)
	}
	if err == nil && len(f.c.Issues) >= MaxProposals {
		err = Refuse(TooMany, "issues", "max", itoa(MaxProposals))
	}
	for i := range f.c.Issues {
		o := &f.c.Issues[i]
		known := o.Member == a.Member || a.Seen[o.Member] > o.Index
		if err == nil && !o.Closed && known && (level == 0) == (o.Level == 0) && o.Level >= level {
			err = Refuse(Already, "raise")
		}
	}
	if err == nil {
		f.c.Issues = append(f.c.Issues, Issue{Step: a.step(), Level: level, Reason: reason})
	}
	return err
}

func (f *commitmentFold) settle(a *Act) error {
	t, err := terms[AnswerTerms](a)
	if err == nil {
		err = checkLine("reason", t.Reason)
	}
	if err != nil {
		return err
	}
	for i := range f.c.Issues {
		o := &f.c.Issues[i]
		if o.Position != t.To || o.Member != a.Member && a.Seen[o.Member] <= o.Index {
			continue
		}
		if _, said := o.Settled[a.Member]; said {
			return Refuse(Already, "settle")
		}
		if o.Settled == nil {
			o.Settled = map[MemberID]Step{}
		}
		o.Settled[a.Member] = a.step()
		o.Closed = len(o.Settled) == len(f.c.Parties())
		return nil
	}
	return Refuse(NoSuch, "issue")
}

// arrived starts the beneficiary's time to look at a report: from the day of its own first act that had seen it
// (decision 0012). No clock runs while the link is down, for then there is no such act.
func (f *commitmentFold) arrived(a *Act) {
	if a.At.After(f.at[a.Member]) {
		f.at[a.Member] = a.At
	}
	if a.Member != f.c.Beneficiary.Member {
		return
	}
	for i := range f.c.Reports {
		r := &f.c.Reports[i]
		if r.Received != nil || a.Seen[r.Member] <= r.Index {
			continue
		}
		s := a.step()
		r.Received = &s
		days := f.c.Review
		if days == 0 {
			days = defaultReview
		}
		cal := f.c.Calendar(a.Member)
		r.ReviewBy = cal.After(cal.Day(f.at[a.Member]), days)
	}
}

// Next lists what a member can say now, having received everything: what a page offers it. It is a list for people;
// folding decides.
func (c *Undertaking) Next(m MemberID) []Kind {
	state := c.State()
	if !slices.Contains(c.Parties(), m) || !state.Open() && state != CommitmentDraft {
		return nil
	}
	if state == CommitmentDraft {
		all := []Kind{KindCommitmentPropose}
		if _, said := c.Proposals[len(c.Proposals)-1].Agreed[m]; !said {
			all = append(all, KindCommitmentAgree)
		}
		if m == c.From {
			all = append(all, KindCommitmentWithdraw)
		}
		return all
	}
	all := c.nextOf(m)
	if c.NextLevel() > 0 {
		all = append(all, KindCommitmentRaise)
	}
	if !slices.ContainsFunc(c.Issues, func(i Issue) bool { return i.Level == 0 && !i.Closed }) {
		all = append(all, KindCommitmentDispute)
	}
	if c.Unsettled(m) != nil {
		all = append(all, KindCommitmentSettle)
	}
	if _, said := c.Ending[m]; !said {
		all = append(all, KindCommitmentRelease, KindCommitmentSupersede)
	}
	if c.Offered(m) != nil {
		all = append(all, KindCommitmentAgree)
	}
	return append(all, KindCommitmentPropose)
}

// Offered is the newest proposal, where it would change what is agreed and the member has not agreed to it; nil when there is none.
func (c *Undertaking) Offered(m MemberID) *Proposal {
	p := &c.Proposals[len(c.Proposals)-1]
	if _, said := p.Agreed[m]; c.Agreed == nil || p.Done || said {
		return nil
	}
	return p
}

func (c *Undertaking) nextOf(m MemberID) (all []Kind) {
	r := c.Newest()
	live := r != nil && r.Live()
	switch {
	case m == c.Beneficiary.Member && live:
		all = append(all, KindCommitmentAccept, KindCommitmentReturn)
	case m == c.Debtor.Member && live:
		all = append(all, KindCommitmentRecall)
	case m == c.Debtor.Member:
		all = append(all, KindCommitmentReport, KindCommitmentProgress, KindCommitmentBlock)
	}
	if m == c.Debtor.Member {
		all = append(all, KindCommitmentAssign)
		if c.Due != "" && len(c.Extensions) < MaxProposals {
			all = append(all, KindCommitmentExtend)
		}
	}
	if m == c.Beneficiary.Member && c.Asked() != nil {
		all = append(all, KindCommitmentGrant, KindCommitmentKeep)
	}
	return all
}

// Asked is the oldest request for a later day that has no answer.
func (c *Undertaking) Asked() *Extension {
	for i := range c.Extensions {
		if c.Extensions[i].Answered == nil {
			return &c.Extensions[i]
		}
	}
	return nil
}

// Unsettled is the oldest open issue that the member has not said is settled.
func (c *Undertaking) Unsettled(m MemberID) *Issue {
	for i := range c.Issues {
		if _, said := c.Issues[i].Settled[m]; !said && !c.Issues[i].Closed {
			return &c.Issues[i]
		}
	}
	return nil
}

// NextLevel is the level to which it could be raised next; 0: none.
func (c *Undertaking) NextLevel() int {
	r := c.Newest()
	if c.Level() >= MaxLevel || r != nil && r.Live() || len(c.Issues) >= MaxProposals || !c.State().Open() {
		return 0
	}
	return c.Level() + 1
}
