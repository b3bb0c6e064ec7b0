package jisr

import (
	"slices"
)

// A commitment is what one member owes another: an owning office, a day, and a test that the side it was made to
// applies. It is done when that side says so.
//
//	draft ----> agreed ----> assigned ----> in progress <---------------------------.
//	  |  (both, over one       |  (the debtor's office)   ^   |                         |
//	  |   hash; or by the      |                          |   v                         |
//	  v   minutes they sign)   |                          | blocked                     |
//	withdrawn                  '--------> reported done --+------> returned, with reasons
//	                                       |   (the beneficiary)
//	                                       +------> accepted
//	                                       '------> accepted with remarks
//
//	at any step after agreed: released or superseded (both); disputed (either), raised to a higher level (either),
//	each until both say it is settled; the day moves when the beneficiary grants what the debtor asks, and both days
//	are kept. Past its day is computed, never stored. Who agrees to a newer proposal amends the commitment.
//
// What one side says alone counts from the other side's receipt; what both must say counts when both have said it
// (practice 5.4: P2, P3, P4; C11 to C13).

// The acts of commitments.
const (
	KindCommitmentPropose   Kind = "commitment.propose"   // either party: a draft, a counter-proposal, an amendment; content: CommitmentBody
	KindCommitmentAgree     Kind = "commitment.agree"     // the other party, over the hash of the proposal
	KindCommitmentWithdraw  Kind = "commitment.withdraw"  // the proposer: before it is agreed
	KindCommitmentAssign    Kind = "commitment.assign"    // the debtor: which office does it
	KindCommitmentProgress  Kind = "commitment.progress"  // the debtor: it goes on
	KindCommitmentBlock     Kind = "commitment.block"     // the debtor: why it does not go on
	KindCommitmentReport    Kind = "commitment.report"    // the debtor: done, and what shows it; content: EvidenceBody
	KindCommitmentRecall    Kind = "commitment.recall"    // the debtor: takes its report back
	KindCommitmentReceive   Kind = "commitment.receive"   // the beneficiary: the report is here; its time to look at it runs from this day
	KindCommitmentAccept    Kind = "commitment.accept"    // the beneficiary: it is done
	KindCommitmentReturn    Kind = "commitment.return"    // the beneficiary: not yet, with reasons
	KindCommitmentExtend    Kind = "commitment.extend"    // the debtor asks for a later day
	KindCommitmentGrant     Kind = "commitment.grant"     // the beneficiary grants it
	KindCommitmentKeep      Kind = "commitment.keep-date" // the beneficiary keeps the day
	KindCommitmentRaise     Kind = "commitment.raise"     // either: to a higher level
	KindCommitmentDispute   Kind = "commitment.dispute"   // either: about what is owed
	KindCommitmentSettle    Kind = "commitment.settle"    // both: what was raised or disputed is settled
	KindCommitmentRelease   Kind = "commitment.release"   // both: it is owed no more
	KindCommitmentSupersede Kind = "commitment.supersede" // both: another takes its place
)

// CommitmentType says how it is owed.
type CommitmentType string

// The types.
const (
	Deliverable CommitmentType = "deliverable" // one thing, once
	Recurring   CommitmentType = "recurring"   // again and again
	Conditional CommitmentType = "conditional" // once something else is done
	Standing    CommitmentType = "standing"    // always
	Reciprocal  CommitmentType = "reciprocal"  // each side its own, see depends_on
	JointWork   CommitmentType = "joint"       // both together; the debtor leads
)

// CommitmentTypes lists them in the order a form offers them.
func CommitmentTypes() []CommitmentType {
	return []CommitmentType{Deliverable, Recurring, Conditional, Standing, Reciprocal, JointWork}
}

// Sectors lists the fields of cooperation that registers are filtered by.
func Sectors() []string {
	return []string{"security", "counter-terrorism", "borders", "trade", "investment", "energy", "water", "refugees", "environment",
		"transport", "culture", "education", "health", "other"}
}

// Office is an office of a member as the other side may name it.
type Office struct {
	Member MemberID `json:"member"`
	Desk   DeskID   `json:"desk,omitempty"`
	Name   Text     `json:"name,omitempty"`
}

// Source is where a commitment comes from: a note, the minutes of a meeting, an agreement, a statement, a programme.
type Source struct {
	Thing ThingID `json:"thing,omitempty"`
	Part  string  `json:"part,omitempty"` // article, item or decision, as people cite it
}

// Indicator is how progress is measured. Values are decimals in a text, for entries hold no floats.
type Indicator struct {
	Name     Text   `json:"name"`
	Baseline string `json:"baseline,omitempty"`
	Target   string `json:"target"`
	Unit     string `json:"unit,omitempty"`
}

// Funding says whether the means are there.
type Funding string

// The fundings.
const (
	Funded    Funding = "funded"
	Requested Funding = "requested"
	NoFunds   Funding = "none"
)

// Fundings lists them.
func Fundings() []Funding { return []Funding{Funded, Requested, NoFunds} }

// Milestone is a step on the way.
type Milestone struct {
	ID    string `json:"id"`
	Title Text   `json:"title"`
	Due   Date   `json:"due,omitempty"`
}

// CommitmentTerms is what a proposed commitment says in the entry: all that rules and registers need.
type CommitmentTerms struct {
	Type        CommitmentType        `json:"type"`
	Title       Text                  `json:"title"`
	Debtor      Office                `json:"debtor"`
	Beneficiary Office                `json:"beneficiary"`
	Due         Date                  `json:"due,omitempty"`
	NoDate      string                `json:"no_date,omitempty"` // the reason why there is no day
	Recurrence  string                `json:"recurrence,omitempty"`
	Sector      string                `json:"sector,omitempty"`
	Handling    Handling              `json:"handling,omitempty"`
	Source      *Source               `json:"source,omitempty"`
	Indicator   *Indicator            `json:"indicator,omitempty"`
	Funding     Funding               `json:"funding,omitempty"`
	Budget      string                `json:"budget,omitempty"` // reference of the budget line
	Milestones  []Milestone           `json:"milestones,omitempty"`
	DependsOn   []ThingID             `json:"depends_on,omitempty"`
	Review      int                   `json:"review,omitempty"` // days the beneficiary has to look at a report, from its receipt
	Ladder      []int                 `json:"ladder,omitempty"` // days past the day at which levels 2, 3, 4 and 5 are due
	Calendars   map[MemberID]Calendar `json:"calendars,omitempty"`
}

// CommitmentBody is the content of a proposed commitment: what people read. Test is how the beneficiary will know that
// it is done.
type CommitmentBody struct {
	Text Text `json:"text"`
	Test Text `json:"test"`
}

// Check holds a body, one's own or received, against its bounds.
func (b *CommitmentBody) Check() error {
	if b.Text.Empty() {
		return Refuse(Missing, "text")
	}
	if b.Test.Empty() {
		return Refuse(Missing, "test")
	}
	if err := b.Text.Check("text", MaxCommitmentText); err != nil {
		return err
	}
	return b.Test.Check("test", MaxCommitmentText)
}

// DecodeCommitment reads the body of a proposed commitment, strictly: it has one encoding.
func DecodeCommitment(content []byte) (CommitmentBody, error) {
	b, err := decodeBody[CommitmentBody](content)
	if err != nil {
		return b, err
	}
	return b, b.Check()
}

// EvidenceBody is the content of a report: what was done, and the files that show it by their names.
type EvidenceBody struct {
	Text  Text       `json:"text"`
	Files []FileName `json:"files,omitempty"`
}

// Check holds a body, one's own or received, against its bounds.
func (b *EvidenceBody) Check() error {
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
	return b.Text.Check("text", MaxCommitmentText)
}

// DecodeEvidence reads the body of a report, strictly. files is how many attachments the act has; negative: not known.
func DecodeEvidence(content []byte, files int) (EvidenceBody, error) {
	b, err := decodeBody[EvidenceBody](content)
	if err != nil {
		return b, err
	}
	if files >= 0 && len(b.Files) != files {
		return b, Refuse(Malformed, "attachments", "want", itoa(files), "got", itoa(len(b.Files)))
	}
	return b, b.Check()
}

// AssignTerms is the terms of commitment.assign.
type AssignTerms struct {
	Desk DeskID `json:"desk"`
	Name Text   `json:"name,omitempty"`
}

// ProgressTerms is the terms of commitment.progress: the indicator's value now, the milestone reached, a line of text.
type ProgressTerms struct {
	Value     string `json:"value,omitempty"`
	Milestone string `json:"milestone,omitempty"`
	Text      string `json:"text,omitempty"`
}

// ReportTerms is the terms of commitment.report.
type ReportTerms struct {
	Value string `json:"value,omitempty"` // of the indicator
}

// ReviewTerms is the terms of acts about a report: recall, receive, accept, return. Reason: why it is returned, or the
// remarks with which it is accepted.
type ReviewTerms struct {
	Report  Position `json:"report"`
	Remarks bool     `json:"remarks,omitempty"` // accepted, with remarks
	Reason  string   `json:"reason,omitempty"`
}

// ExtendTerms is the terms of commitment.extend.
type ExtendTerms struct {
	To     Date   `json:"to"`
	Reason string `json:"reason"`
}

// AnswerTerms is the terms of acts that answer an earlier one: grant, keep-date, settle.
type AnswerTerms struct {
	To     Position `json:"to"`
	Reason string   `json:"reason,omitempty"`
}

// RaiseTerms is the terms of commitment.raise: L2 secretaries, L3 co-chairs, L4 high committee, L5 ministers. L1, the
// focal points, is where everything starts.
type RaiseTerms struct {
	Level  int    `json:"level"`
	Reason string `json:"reason,omitempty"`
}

// EndTerms is the terms of commitment.release and commitment.supersede.
type EndTerms struct {
	Successor ThingID `json:"successor,omitempty"`
	Reason    string  `json:"reason,omitempty"`
}

// Check holds the terms against the rules that need nothing else.
func (t *CommitmentTerms) Check() error {
	switch {
	case !slices.Contains(CommitmentTypes(), t.Type):
		return Refuse(NotOneOf, "type", "got", string(t.Type))
	case t.Title.Empty():
		return Refuse(Missing, "title")
	case t.Debtor.Member == t.Beneficiary.Member:
		return Refuse(SelfAddress, "beneficiary")
	case t.Due == "" && t.NoDate == "": // a date works (practice, finding 6): none needs its reason
		return Refuse(Missing, "due")
	case t.Due != "" && !t.Due.Valid():
		return Refuse(Malformed, "due", "want", "2026-12-01")
	case t.Type == Recurring && t.Recurrence == "":
		return Refuse(Missing, "recurrence")
	case len(t.Recurrence) > MaxRecurrence || !ascii(t.Recurrence):
		return Refuse(TooLong, "recurrence", "max", itoa(MaxRecurrence), "got", itoa(len(t.Recurrence)))
	case t.Sector != "" && !slices.Contains(Sectors(), t.Sector):
		return Refuse(NotOneOf, "sector", "got", t.Sector)
	case t.Funding != "" && !slices.Contains(Fundings(), t.Funding):
		return Refuse(NotOneOf, "funding", "got", string(t.Funding))
	case t.Review < 0 || t.Review > MaxPeriod:
		return Refuse(Malformed, "review", "want", "days", "max", itoa(MaxPeriod))
	}
	if err := t.Handling.Check(); err != nil {
		return err
	}
	return t.checkParts()
}

func (t *CommitmentTerms) checkParts() error {
	for _, o := range []Office{t.Debtor, t.Beneficiary} {
		if err := o.check(); err != nil {
			return err
		}
	}
	if err := t.Title.Check("title", MaxSubject); err != nil {
		return err
	}
	for field, s := range map[string]string{"no_date": t.NoDate, "budget": t.Budget} {
		if err := checkLine(field, s); err != nil {
			return err
		}
	}
	if err := checkLadder(t.Ladder); err != nil {
		return err
	}
	if t.Source != nil && (t.Source.Thing != "" && !validThing(t.Source.Thing) || checkLine("source", t.Source.Part) != nil) {
		return Refuse(Malformed, "source")
	}
	if i := t.Indicator; i != nil {
		if err := i.check(); err != nil {
			return err
		}
	}
	return t.checkLists()
}

func (t *CommitmentTerms) checkLists() error {
	if len(t.Milestones) > MaxMilestones {
		return Refuse(TooMany, "milestones", "max", itoa(MaxMilestones), "got", itoa(len(t.Milestones)))
	}
	for i, m := range t.Milestones {
		if !ValidName(m.ID) || m.Title.Empty() || m.Title.Check("milestones", MaxSubject) != nil || m.Due != "" && !m.Due.Valid() ||
			slices.ContainsFunc(t.Milestones[:i], func(o Milestone) bool { return o.ID == m.ID }) {
			return Refuse(Malformed, "milestones")
		}
	}
	if len(t.DependsOn) > MaxReferences {
		return Refuse(TooMany, "depends_on", "max", itoa(MaxReferences), "got", itoa(len(t.DependsOn)))
	}
	for _, id := range t.DependsOn {
		if !validThing(id) || id.Noun() != "commitment" {
			return Refuse(Malformed, "depends_on")
		}
	}
	return checkCalendars(t.Calendars)
}

func checkCalendars(all map[MemberID]Calendar) error {
	if len(all) > MaxMembers {
		return Refuse(TooMany, "calendars", "max", itoa(MaxMembers), "got", itoa(len(all)))
	}
	for _, m := range sortedKeys(all) {
		c := all[m]
		if !ValidMember(m) {
			return Refuse(Malformed, "calendars")
		}
		if err := c.check(); err != nil {
			return err
		}
	}
	return nil
}

// checkLadder wants days past the due date, at most four, rising.
func checkLadder(days []int) error {
	if len(days) > MaxLevel-1 {
		return Refuse(TooMany, "ladder", "max", itoa(MaxLevel-1), "got", itoa(len(days)))
	}
	for i, d := range days {
		if d < 1 || d > MaxPeriod || i > 0 && days[i-1] >= d {
			return Refuse(Malformed, "ladder", "want", "7, 14, 30, 60")
		}
	}
	return nil
}

func (o *Office) check() error {
	if !ValidMember(o.Member) || !validID(string(o.Desk), true) {
		return Refuse(Malformed, "office")
	}
	return o.Name.Check("office", MaxTitle)
}

func (i *Indicator) check() error {
	if i.Name.Empty() {
		return Refuse(Missing, "indicator")
	}
	if err := i.Name.Check("indicator", MaxSubject); err != nil {
		return err
	}
	if !decimal(i.Target) || i.Baseline != "" && !decimal(i.Baseline) {
		return Refuse(Malformed, "indicator", "want", "12.5")
	}
	return checkLine("unit", i.Unit)
}

// decimal tells a number as people write it in a form: digits, one point, a sign.
func decimal(s string) bool {
	digits, points := 0, 0
	for i, c := range []byte(s) {
		switch {
		case c >= '0' && c <= '9':
			digits++
		case c == '.' && points == 0:
			points++
		case c == '-' && i == 0:
		default:
			return false
		}
	}
	return digits > 0 && len(s) <= MaxNumber
}

// checkLine holds a short text in one language that stands in an entry.
func checkLine(field, s string) error { return Text{"und": s}.Check(field, MaxReason) }

// Parties lists who it is between, sorted.
func (t *CommitmentTerms) Parties() []MemberID {
	p := []MemberID{t.Debtor.Member, t.Beneficiary.Member}
	slices.Sort(p)
	return p
}

// Calendar is how a party counts days.
func (t *CommitmentTerms) Calendar(m MemberID) Calendar {
	if c, ok := t.Calendars[m]; ok {
		return c
	}
	return DefaultCalendar()
}

// The days of review and the ladder, where nothing is agreed.
const defaultReview = 15

// Steps gives the days past the due date at which levels 2, 3, 4 and 5 are due.
func (t *CommitmentTerms) Steps() []int {
	if len(t.Ladder) > 0 {
		return t.Ladder
	}
	return []int{7, 14, 30, 60}
}
