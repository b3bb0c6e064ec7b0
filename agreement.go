package jisr

import (
	"slices"
	"time"
)

// An agreement is an instrument that its parties negotiate, sign and carry out: a treaty or a memorandum. What it
// is now is never set: it follows from the acts of its parties and from the calendar.
//
//	proposed --> negotiating --> (agreed ad referendum) --> initialled --> signed ad referendum ---+
//	    |            ^  |                                   |   |  ^               | confirmed     |
//	    |            |  +-----------------------------------+   |  | window closed |               |
//	    |            +--- reopened by all ----------------------+  +--- sealed, committed ---+     |
//	    |                                                                                    |     |
//	    |       in force <-- awaiting force <-- completed by both <-- completed by one <-- signed subject to ratification
//	    |        | ^ | ^         ^                                                           |
//	    |        | | | |         +------------------------------------------------ signed definitively
//	    |        | | | +--- dormant (a status of ours, not of law)
//	    |        | | +----- suspended, whole or in part
//	    |        | +------- notice of termination running (may be revoked until it takes effect)
//	    |        +--------> terminated (notice ended, consent, expired, superseded)
//	    +-----------------> abandoned (no intention to become a party), until all are bound
//
// Each rule asks what the writer of an act had received (see Act.Saw), so that an act is in effect or void whatever
// arrives later, and two members that speak at once come to the same state. doc/decisions/0020 says how a text is
// signed so that nobody is left half bound.

// InstrumentKind is the form of an agreement (practice of treaties).
type InstrumentKind string

// The forms.
const (
	Treaty             InstrumentKind = "treaty"
	AgreementKind      InstrumentKind = "agreement"
	ProtocolKind       InstrumentKind = "protocol"
	MOU                InstrumentKind = "mou"
	ExecutiveProgramme InstrumentKind = "executive-programme"
	ExchangeOfNotes    InstrumentKind = "exchange-of-notes"
	AgreedMinutes      InstrumentKind = "agreed-minutes"
	Convention         InstrumentKind = "convention"
)

// InstrumentKinds lists the forms in the order a form offers them.
func InstrumentKinds() []InstrumentKind {
	return []InstrumentKind{AgreementKind, MOU, ProtocolKind, ExecutiveProgramme, ExchangeOfNotes, AgreedMinutes, Treaty, Convention}
}

// Relation says what an agreement is to the one it belongs to.
type Relation string

// The relations.
const (
	Amends     Relation = "amends"     // Vienna Convention, article 39: an amendment is itself an agreement
	Implements Relation = "implements" // an executive programme under it
	Supplies   Relation = "supplies"   // a protocol additional to it
	Supersedes Relation = "supersedes" // article 59: the later one ends it
)

// Relations lists them.
func Relations() []Relation { return []Relation{Amends, Implements, Supplies, Supersedes} }

// AgreementState names the step of its life an agreement has reached.
type AgreementState string

// The states, in the order of the life.
const (
	AgreementProposed      AgreementState = "proposed"
	AgreementNegotiating   AgreementState = "negotiating"
	AgreementAdReferendum  AgreementState = "agreed-ad-referendum" // the text, by the heads of delegation
	AgreementInitialled    AgreementState = "initialled"
	AgreementSignedAdRef   AgreementState = "signed-ad-referendum" // a signature waits for its confirmation
	AgreementSignedRatify  AgreementState = "signed-subject-to-ratification"
	AgreementSigned        AgreementState = "signed" // definitively
	AgreementCompletedOne  AgreementState = "completed-by-one"
	AgreementCompletedBoth AgreementState = "completed-by-both"
	AgreementAwaitingForce AgreementState = "awaiting-force"
	AgreementInForce       AgreementState = "in-force"
	AgreementSuspended     AgreementState = "suspended"
	AgreementDormant       AgreementState = "dormant"
	AgreementEnding        AgreementState = "termination-notice"
	AgreementTerminated    AgreementState = "terminated"
	AgreementAbandoned     AgreementState = "abandoned"
)

// AgreementStates lists the states in the order of the life.
func AgreementStates() []AgreementState {
	return []AgreementState{AgreementProposed, AgreementNegotiating, AgreementAdReferendum, AgreementInitialled, AgreementSignedAdRef, AgreementSignedRatify,
		AgreementSigned, AgreementCompletedOne, AgreementCompletedBoth, AgreementAwaitingForce, AgreementInForce, AgreementSuspended, AgreementDormant,
		AgreementEnding, AgreementTerminated, AgreementAbandoned}
}

// Mark is what one member did about an agreement, and with what authority.
type Mark struct {
	Step
	Authority
	Date      Date  `json:"date,omitempty"`       // the day the act says it was done
	ToConfirm bool  `json:"to_confirm,omitempty"` // no effect until confirmed (Vienna Convention, articles 8 and 12(2)(b))
	Confirmed *Step `json:"confirmed,omitempty"`
	Confirms  Date  `json:"confirmed_on,omitempty"`
}

// Counts tells whether the act has effect: its authority was shown, or it was confirmed.
func (m *Mark) Counts() bool { return !m.ToConfirm || m.Confirmed != nil }

// Marks are what several members did alike: it counts once all of them have.
type Marks map[MemberID]*Mark

// Version is a text on the table. Its hash is its name; its number counts its member's texts.
type Version struct {
	Step
	No      int        `json:"no"`
	Hash    Commitment `json:"hash"`
	Base    Commitment `json:"base,omitempty"` // the version it was made from
	Clauses Clauses    `json:"clauses"`
	Changes []string   `json:"changes,omitempty"` // segments of the parent an amendment changes
}

// Agreed is a text that members adopt, initial or reopen, each for itself.
type Agreed struct {
	Hash Commitment `json:"hash"`
	By   Marks      `json:"by"`
}

// BracketState tells what became of a wording in brackets.
type BracketState string

// The states of a bracket.
const (
	BracketOpen      BracketState = "open"
	BracketAccepted  BracketState = "accepted" // by every other party; the next text takes it in
	BracketWithdrawn BracketState = "withdrawn"
	BracketSettled   BracketState = "settled" // the text was initialled or signed
)

// Bracket is a wording that one party proposes for a segment: [IQ: …]. Two for one segment stand side by side; nothing
// legal is merged by itself.
type Bracket struct {
	Step
	BracketTerms
	State    BracketState      `json:"state"`
	Accepted map[MemberID]Step `json:"accepted,omitempty"`
	Taken    *Step             `json:"withdrawn,omitempty"`
}

// Concord is what members found comparing a segment, or the whole text, in two languages.
type Concord struct {
	Hash    Commitment                   `json:"hash"`
	Pair    string                       `json:"pair"`              // "ar en"
	Segment string                       `json:"segment,omitempty"` // empty: the whole text
	By      map[MemberID]ConcordanceWord `json:"by"`
}

// Window is the time in which a text is signed: every party seals the same text and closing time, commits, and states in
// the procès-verbal that it holds all commitments. Nothing is signed until all have.
type Window struct {
	WindowTerms
	Seals   map[MemberID]*Seal `json:"seals"`
	Commits map[MemberID]*Sign `json:"commits,omitempty"`
	Verbals map[MemberID]Step  `json:"verbals,omitempty"`
	Shut    map[MemberID]Step  `json:"shut,omitempty"` // unsealed, or lapsed
}

// Seal is one party's readiness to sign, with what it holds the agreement to be.
type Seal struct {
	Step
	Binding bool `json:"binding"`
}

// Sign is one party's signature.
type Sign struct {
	Mark
	Mode SignMode `json:"mode"`
}

// Receipt is an addressee's word that a notice reached it, and on which day (Vienna Convention, article 78(b)).
type AgreementReceipt struct {
	Step
	Date    Date `json:"date"`
	Implied bool `json:"implied,omitempty"` // from the day of its first act that had seen the notice
}

// Notice is what one party tells the others: it counts from their receipt.
type Notice struct {
	Kind Kind `json:"kind"`
	Mark
	NoticeTerms
	Receipts map[MemberID]AgreementReceipt `json:"receipts,omitempty"`
	Objected map[MemberID]Step             `json:"objected,omitempty"`
	Revoked  *Notice                       `json:"revoked,omitempty"`
}

// Accord is a date or a step that all parties must state alike before it counts.
type Accord struct {
	Kind Kind `json:"kind"`
	AccordTerms
	By Marks `json:"by"`
}

// Correction is an error in the text that its parties repair from the start (Vienna Convention, article 79).
type Correction struct {
	Mark
	CorrectionTerms
	Accepted map[MemberID]Step `json:"accepted,omitempty"`
	Objected map[MemberID]Step `json:"objected,omitempty"`
}

// Dormancy is one party's word that nothing moves in practice. It ends nothing (Vienna Convention, articles 63 and 74).
type Dormancy struct {
	Step
	DormancyTerms
}

// Registration is a certificate of registration (Charter of the United Nations, article 102).
type Registration struct {
	Step
	RegistrationTerms
}

// SharedStep is a domestic step that a party chose to tell the other: for information only.
type SharedStep struct {
	Step
	MilestoneTerms
}

// Contest is a party's formal statement that it holds an act not to be valid.
type Contest struct {
	Step
	Of     Position `json:"act"`
	Reason string   `json:"reason,omitempty"`
}

// Related is an agreement that belongs to this one.
type Related struct {
	ID       ThingID        `json:"id"`
	Kind     InstrumentKind `json:"kind"`
	Relation Relation       `json:"relation"`
	Title    Text           `json:"title"`
	State    AgreementState `json:"state"` // as far as acts alone tell
	Hash     Commitment     `json:"hash,omitempty"`
	Changes  []string       `json:"changes,omitempty"`
	Force    Date           `json:"force,omitempty"`
	Rebase   ThingID        `json:"rebase,omitempty"` // another amendment of the same segments was agreed: this one must be looked at anew
}

// Agreement is the joint state of an agreement.
type Agreement struct {
	ID ThingID `json:"id"`
	ProposeTerms
	From          MemberID               `json:"from"`
	Proposed      Step                   `json:"proposed"`
	Accepted      map[MemberID]Step      `json:"accepted"`          // who negotiates; the proposer does
	Intents       map[MemberID]bool      `json:"intents,omitempty"` // whether it shall bind, as each holds
	Versions      []Version              `json:"versions,omitempty"`
	Brackets      []Bracket              `json:"brackets,omitempty"`
	Concordance   []Concord              `json:"concordance,omitempty"`
	Adopted       []Agreed               `json:"adopted,omitempty"`
	Initials      []Agreed               `json:"initials,omitempty"`
	Reopened      []Agreed               `json:"reopened,omitempty"`
	Windows       []Window               `json:"windows,omitempty"`
	Notices       []*Notice              `json:"notices,omitempty"`
	Accords       []Accord               `json:"accords,omitempty"`
	Corrections   []*Correction          `json:"corrections,omitempty"`
	Registrations []Registration         `json:"registrations,omitempty"`
	Dormant       map[MemberID]Dormancy  `json:"dormant,omitempty"`
	Milestones    []SharedStep           `json:"milestones,omitempty"`
	Contests      []Contest              `json:"contests,omitempty"`
	Participants  map[MemberID]*Partaker `json:"participants,omitempty"` // of one with a depositary
	Related       []Related              `json:"related,omitempty"`
	Abandoned     map[MemberID]Step      `json:"abandoned,omitempty"`
	Last          Step                   `json:"last"` // the newest act in effect
}

// version finds a text by its hash.
func (g *Agreement) version(h Commitment) *Version {
	for i := range g.Versions {
		if g.Versions[i].Hash == h {
			return &g.Versions[i]
		}
	}
	return nil
}

// Version gives a text on the table by its hash; nil when there is none.
func (g *Agreement) Version(h Commitment) *Version { return g.version(h) }

// Newest is the text tabled last; nil when none was.
func (g *Agreement) Newest() *Version {
	if len(g.Versions) == 0 {
		return nil
	}
	return &g.Versions[len(g.Versions)-1]
}

// all tells whether every party's mark is there and counts.
func (g *Agreement) all(by Marks) bool {
	for _, m := range g.Parties {
		if by[m] == nil || !by[m].Counts() {
			return false
		}
	}
	return true
}

// Frozen is the text that all parties have initialled and not reopened; empty when none is. Of two, the one tabled last:
// the newest that all initialled (practice 5.4, C9).
func (g *Agreement) Frozen() Commitment { return g.frozenFor(nil) }

// Signed is the window in which the agreement was signed; nil before.
func (g *Agreement) Signed() *Window {
	for i := range g.Windows {
		if len(g.Windows[i].Verbals) == len(g.Parties) {
			return &g.Windows[i]
		}
	}
	return nil
}

// Open is the window in which the parties are signing: sealed by somebody, not shut, not done; nil when there is none.
// It may have closed by the clock: then nothing new is said in it, and nothing was signed unless a procès-verbal on
// its way shows it.
func (g *Agreement) Open() *Window {
	if g.Signed() != nil {
		return nil
	}
	for i := len(g.Windows) - 1; i >= 0; i-- {
		if len(g.Windows[i].Shut) == 0 {
			return &g.Windows[i]
		}
	}
	return nil
}

// Text is the hash of the text that counts now: signed, else initialled, else agreed by all ad referendum, else tabled last.
func (g *Agreement) Text() Commitment {
	if w := g.Signed(); w != nil {
		return w.Hash
	}
	if h := g.Frozen(); h != "" {
		return h
	}
	for _, a := range slices.Backward(g.Adopted) {
		if g.all(a.By) {
			return a.Hash
		}
	}
	if v := g.Newest(); v != nil {
		return v.Hash
	}
	return ""
}

// Clauses are the final clauses of the text that counts now; nil when there is no text.
func (g *Agreement) Clauses() *Clauses {
	if v := g.version(g.Text()); v != nil {
		return &v.Clauses
	}
	return nil
}

// Multilateral tells whether a depositary keeps the agreement and its participants come one by one.
func (g *Agreement) Multilateral() bool { return g.Depositary != "" }

// Binds tells what the parties hold the agreement to be: binding, not binding, or differing. ok is false when they
// differ or one has not said: then nobody can sign.
func (g *Agreement) Binds() (binding, ok bool) {
	for i, m := range g.Parties {
		b, said := g.Intents[m]
		if !said || i > 0 && b != binding {
			return false, false
		}
		binding = b
	}
	return binding, true
}

// State is the step that acts alone tell, without a calendar. See Standing.
func (g *Agreement) State() AgreementState { return g.Standing("") }

// Standing is the step on a day.
func (g *Agreement) Standing(today Date) AgreementState {
	switch {
	case len(g.Abandoned) > 0:
		return AgreementAbandoned
	case g.Multilateral():
		return g.treatyStanding(today)
	case g.Signed() == nil:
		return g.beforeSignature()
	}
	force := g.Force()
	if force.Date == "" {
		return g.beforeConsent()
	}
	if today < force.Date {
		return AgreementAwaitingForce
	}
	return g.afterForce(today)
}

func (g *Agreement) beforeSignature() AgreementState {
	if g.Frozen() != "" {
		return AgreementInitialled
	}
	for i := range g.Adopted {
		if g.all(g.Adopted[i].By) {
			return AgreementAdReferendum
		}
	}
	if len(g.Accepted) < len(g.Parties) {
		return AgreementProposed
	}
	return AgreementNegotiating
}

// beforeConsent: signed, and somebody's consent or a date is still wanting. In doubt fewer obligations (practice 5.4, P8).
func (g *Agreement) beforeConsent() AgreementState {
	w := g.Signed()
	done, later := 0, 0
	for _, m := range g.Parties {
		if !w.Commits[m].Counts() {
			return AgreementSignedAdRef
		}
		if g.consentOf(m) != BySignature {
			later++
			if g.consented(m) {
				done++
			}
		}
	}
	switch {
	case later == 0:
		return AgreementSigned
	case done == later:
		return AgreementCompletedBoth
	case done > 0:
		return AgreementCompletedOne
	}
	return AgreementSignedRatify
}

func (g *Agreement) afterForce(today Date) AgreementState {
	end, _ := g.End()
	switch {
	case end != "" && today >= end:
		return AgreementTerminated
	case g.noticeRuns():
		return AgreementEnding
	case g.suspendedOn(today):
		return AgreementSuspended
	case len(g.Dormant) > 0 || g.silentSince(today):
		return AgreementDormant
	}
	return AgreementInForce
}

// silentSince tells whether nothing was said about the agreement for a year: a status of ours, not of law.
func (g *Agreement) silentSince(today Date) bool {
	return today != "" && today.Valid() && DateOf(g.Last.At).AddMonths(DormantAfterMonths) < today
}

// Continues lists what all parties agreed to keep alive while the agreement is dormant.
func (g *Agreement) Continues() []string {
	var both []string
	if len(g.Dormant) < len(g.Parties) {
		return nil
	}
	for _, item := range g.Dormant[g.Parties[0]].Continuity {
		everywhere := !slices.ContainsFunc(g.Parties, func(m MemberID) bool { return !slices.Contains(g.Dormant[m].Continuity, item) })
		if everywhere {
			both = append(both, item)
		}
	}
	return both
}

// DateOf is the calendar day of an instant, in UTC.
func DateOf(t time.Time) Date { return DateIn(t, time.UTC) }

// DateIn is the calendar day of an instant somewhere.
func DateIn(t time.Time, zone *time.Location) Date { return Date(t.In(zone).Format(time.DateOnly)) }
