package jisr

import (
	"slices"
	"strings"
	"time"
)

// The acts of agreements. Beside each, who says it and what it needs.
const (
	KindAgreementPropose   Kind = "agreement.propose"   // a party: its intent and the subject
	KindAgreementNegotiate Kind = "agreement.negotiate" // every other party: accepts to negotiate
	KindAgreementDeclare   Kind = "agreement.declare"   // a party: whether it shall bind, before it seals

	KindAgreementTable           Kind = "agreement.table"            // a party: a text; content: InstrumentText
	KindAgreementBracket         Kind = "agreement.bracket"          // a party: another wording of a segment; content: BracketBody
	KindAgreementBracketAccept   Kind = "agreement.bracket-accept"   // another party
	KindAgreementBracketWithdraw Kind = "agreement.bracket-withdraw" // who proposed it
	KindAgreementConcord         Kind = "agreement.concord"          // a party: compared two languages
	KindAgreementAdopt           Kind = "agreement.adopt"            // heads of delegation: the text, ad referendum
	KindAgreementInitial         Kind = "agreement.initial"          // negotiators: freezes the text (Vienna Convention, article 10)
	KindAgreementReopen          Kind = "agreement.reopen"           // all parties: the text is open again

	KindAgreementSeal    Kind = "agreement.seal"            // a party: ready to sign this text until this hour
	KindAgreementUnseal  Kind = "agreement.unseal"          // a party, before its own commitment
	KindAgreementCommit  Kind = "agreement.commit"          // a plenipotentiary: signs, until the window closes
	KindAgreementVerbal  Kind = "agreement.proces-verbal"   // a party: holds all commitments; all: signed
	KindAgreementLapse   Kind = "agreement.lapse"           // a party: the window closed and it did not hold all
	KindAgreementConfirm Kind = "agreement.confirm"         // a party: an act of its own (articles 8 and 12(2)(b))
	KindAgreementNotify  Kind = "agreement.notify"          // a party: its procedures are completed (article 16(c))
	KindAgreementXchg    Kind = "agreement.exchange"        // all parties: procès-verbal of exchange of instruments (article 16(a))
	KindAgreementReceive Kind = "agreement.receive"         // an addressee: the day a notice reached it (article 78(b))
	KindAgreementForce   Kind = "agreement.force-note"      // all parties: the day of entry into force
	KindAgreementAbandon Kind = "agreement.abandon"         // a party: does not intend to become one (article 18)
	KindAgreementProvis  Kind = "agreement.provisional"     // all parties (article 25)
	KindAgreementProvEnd Kind = "agreement.provisional-end" // a party (article 25(2))

	KindAgreementExtend    Kind = "agreement.extend"         // all parties
	KindAgreementSuspend   Kind = "agreement.suspend"        // a party: notice with its ground (articles 57, 60-62, 65)
	KindAgreementPause     Kind = "agreement.suspend-agreed" // all parties (article 57(b))
	KindAgreementResume    Kind = "agreement.resume"         // all parties
	KindAgreementObject    Kind = "agreement.object"         // an addressee of a notice, or a participant to a reservation
	KindAgreementDenounce  Kind = "agreement.denounce"       // a party: notice of termination (articles 54, 56)
	KindAgreementRevoke    Kind = "agreement.revoke"         // who gave a notice, before it takes effect (article 68)
	KindAgreementTerminate Kind = "agreement.terminate"      // all parties (article 54(b))
	KindAgreementContest   Kind = "agreement.contest"        // a party: holds an act not to be valid

	KindAgreementCorrect       Kind = "agreement.correct"        // a party: an error in the text; content: CorrectionBody (article 79)
	KindAgreementCorrectAccept Kind = "agreement.correct-accept" //
	KindAgreementCorrectObject Kind = "agreement.correct-object" //
	KindAgreementDormant       Kind = "agreement.dormant"        // a party: nothing moves in practice
	KindAgreementWake          Kind = "agreement.wake"           // who marked it dormant
	KindAgreementRegister      Kind = "agreement.register"       // a party: certificate of registration (Charter, article 102)
	KindAgreementMilestone     Kind = "agreement.milestone"      // a party: a domestic step, for information

	KindAgreementSign      Kind = "agreement.sign"             // a participant, while open for signature
	KindAgreementDeposit   Kind = "agreement.deposit"          // a participant: ratification, acceptance, approval, accession
	KindAgreementReserve   Kind = "agreement.reserve"          // a participant (articles 19-23); content: ReservationBody
	KindAgreementUnreserve Kind = "agreement.reserve-withdraw" // who made it (article 22)
)

// Capacity is the office by which one binds a state without full powers (Vienna Convention, article 7(2)).
type Capacity string

// The capacities.
const (
	HeadOfState      Capacity = "head-of-state"
	HeadOfGovernment Capacity = "head-of-government"
	ForeignMinister  Capacity = "foreign-minister"
	HeadOfMission    Capacity = "head-of-mission" // adopts a text with the receiving state only: article 7(2)(b)
)

// Capacities lists them.
func Capacities() []Capacity {
	return []Capacity{HeadOfState, HeadOfGovernment, ForeignMinister, HeadOfMission}
}

// Within names the agreement that this one belongs to. Every act of an agreement that belongs to another says it, so
// that the other's state takes it in; see Concerns.
type Within struct {
	Of ThingID `json:"of,omitempty"`
}

// Authority is by what right somebody acts for its member: full powers, or an office that needs none.
type Authority struct {
	Mandate  ThingID  `json:"mandate,omitempty"`
	Capacity Capacity `json:"capacity,omitempty"`
}

// ProposeTerms is the terms of agreement.propose.
type ProposeTerms struct {
	Within
	Relation   Relation       `json:"relation,omitempty"`
	Kind       InstrumentKind `json:"kind"`
	Title      Text           `json:"title"`
	Parties    []MemberID     `json:"parties"`              // sorted, the proposer among them
	Depositary MemberID       `json:"depositary,omitempty"` // set: participants sign and join one by one
	Binding    bool           `json:"binding"`              // whether it shall bind, as the proposer holds
	Handling   Handling       `json:"handling,omitempty"`
}

// IntentTerms is the terms of agreement.negotiate and agreement.declare.
type IntentTerms struct {
	Within
	Binding bool `json:"binding"`
}

// TableTerms is the terms of agreement.table. Hash is that of the content, see InstrumentText.Hash.
type TableTerms struct {
	Within
	Hash    Commitment `json:"hash"`
	Base    Commitment `json:"base,omitempty"`
	Clauses Clauses    `json:"clauses"`
	Changes []string   `json:"changes,omitempty"`
}

// BracketTerms is the terms of agreement.bracket.
type BracketTerms struct {
	Within
	Hash    Commitment `json:"hash"` // the text it is proposed for
	Segment string     `json:"segment"`
	Op      BracketOp  `json:"op"`
}

// BracketOp is what a bracket would do to its segment.
type BracketOp string

// The operations.
const (
	BracketReplace BracketOp = "replace"
	BracketAfter   BracketOp = "after" // a new segment after it
	BracketDelete  BracketOp = "delete"
)

// ConcordanceWord is what somebody found comparing two languages.
type ConcordanceWord string

// The findings.
const (
	ConcordChecked  ConcordanceWord = "checked"
	ConcordDisputed ConcordanceWord = "disputed"
)

// ConcordTerms is the terms of agreement.concord. No segments: the whole text.
type ConcordTerms struct {
	Within
	Hash     Commitment      `json:"hash"`
	Pair     [2]string       `json:"pair"` // sorted
	Segments []string        `json:"segments,omitempty"`
	Word     ConcordanceWord `json:"word"`
}

// TextTerms is the terms of agreement.adopt, .initial and .reopen.
type TextTerms struct {
	Within
	Authority
	Hash Commitment `json:"hash"`
	Date Date       `json:"date"`
}

// WindowTerms name a window: who seals the same terms stands in the same one.
type WindowTerms struct {
	Hash   Commitment `json:"hash"`
	Closes time.Time  `json:"closes"` // UTC, whole seconds
	Date   Date       `json:"date"`   // the day of signature, as the text will say
	Place  Text       `json:"place,omitempty"`
	// Originals are the hashes of each party's original, itself named first (alternat); see InstrumentText.Original.
	Originals map[MemberID]Commitment `json:"originals,omitempty"`
}

// SealTerms is the terms of agreement.seal, .unseal, .proces-verbal and .lapse.
type SealTerms struct {
	Within
	Window WindowTerms `json:"window"`
}

// SignMode is how a plenipotentiary signs.
type SignMode string

// The modes. Whether a full signature binds or waits for ratification is for the clauses to say.
const (
	FullSignature         SignMode = "full"
	SignatureAdReferendum SignMode = "ad-referendum" // Vienna Convention, article 12(2)(b)
)

// CommitTerms is the terms of agreement.commit.
type CommitTerms struct {
	Within
	Authority
	Window WindowTerms `json:"window"`
	Mode   SignMode    `json:"mode"`
}

// ActTerms is the terms of acts about another act: agreement.confirm, .receive, .object, .revoke, .contest, the answers to
// brackets and corrections.
type ActTerms struct {
	Within
	Authority
	Act       Position `json:"act"`
	Date      Date     `json:"date"`
	Reason    string   `json:"reason,omitempty"`
	Precludes bool     `json:"precludes,omitempty"` // an objection that keeps the agreement from entering into force between the two (article 20(4)(b))
}

// Ground is why a notice is given.
type Ground string

// The grounds. Which of them a text allows is for its clauses and the law to say; the notice names one.
const (
	GroundClause      Ground = "clause"             // the agreement's own terms (articles 54(a), 57(a))
	GroundImplied     Ground = "implied"            // a right implied by its nature (article 56(1)(b))
	GroundBreach      Ground = "breach"             // article 60
	GroundImpossible  Ground = "impossibility"      // article 61
	GroundFundamental Ground = "fundamental-change" // article 62
)

// Grounds lists them.
func Grounds() []Ground {
	return []Ground{GroundClause, GroundImplied, GroundBreach, GroundImpossible, GroundFundamental}
}

// NoticeTerms is what agreement.notify, .denounce, .suspend, .deposit, .provisional-end and .withdraw say beside their
// authority and date.
type NoticeTerms struct {
	Ground     Ground     `json:"ground,omitempty"`
	From       Date       `json:"from,omitempty"`       // not before this day
	Segments   []string   `json:"segments,omitempty"`   // part of the agreement; none: the whole
	Instrument Instrument `json:"instrument,omitempty"` // of a deposit or notification
	Reason     string     `json:"reason,omitempty"`
}

// Instrument is how consent is expressed (Vienna Convention, articles 14 and 15), with the entry codes of status tables.
type Instrument string

// The instruments.
const (
	Ratification       Instrument = "ratification"
	Acceptance         Instrument = "acceptance" // A
	Approval           Instrument = "approval"   // AA
	Accession          Instrument = "accession"  // a
	Succession         Instrument = "succession" // d
	FormalConfirmation Instrument = "formal-confirmation"
	Completion         Instrument = "completion" // of domestic procedures
)

// Instruments lists them.
func Instruments() []Instrument {
	return []Instrument{Ratification, Acceptance, Approval, Accession, Succession, FormalConfirmation, Completion}
}

// noticeActTerms is the whole of the terms of a notice.
type noticeActTerms struct {
	Within
	Authority
	Date Date `json:"date"`
	NoticeTerms
}

// NoticeActTerms gives the terms of a notice for an act.
func NoticeActTerms(of ThingID, by Authority, date Date, n NoticeTerms) any {
	return noticeActTerms{Within{of}, by, date, n}
}

// AccordTerms is what all parties must state alike in agreement.exchange, .force-note, .provisional, .extend,
// .suspend-agreed, .resume and .terminate.
type AccordTerms struct {
	On       Date     `json:"on"` // the day agreed
	Until    Date     `json:"until,omitempty"`
	Place    Text     `json:"place,omitempty"`
	Segments []string `json:"segments,omitempty"`
}

type accordActTerms struct {
	Within
	Authority
	Date Date `json:"date"`
	AccordTerms
}

// AccordActTerms gives the terms of such an act.
func AccordActTerms(of ThingID, by Authority, date Date, a AccordTerms) any {
	return accordActTerms{Within{of}, by, date, a}
}

// CorrectionTerms is what agreement.correct says beside its authority and date.
type CorrectionTerms struct {
	Hash     Commitment `json:"hash"`
	Segment  string     `json:"segment"`
	Lang     string     `json:"lang"`
	ObjectBy Date       `json:"object_by,omitempty"` // with a depositary: silence until then accepts (article 79(2)(b))
}

type correctionActTerms struct {
	Within
	Authority
	Date Date `json:"date"`
	CorrectionTerms
}

// CorrectionActTerms gives the terms of a correction for an act.
func CorrectionActTerms(of ThingID, by Authority, date Date, c CorrectionTerms) any {
	return correctionActTerms{Within{of}, by, date, c}
}

// DormancyTerms is what agreement.dormant says: why, what goes on, and by which third channel.
type DormancyTerms struct {
	Reason     DormancyReason `json:"reason"`
	Continuity []string       `json:"continuity,omitempty"` // segments that stay active
	Channel    string         `json:"channel,omitempty"`
	Date       Date           `json:"date"`
}

// DormancyReason is why nothing moves.
type DormancyReason string

// The reasons.
const (
	DormantSilence  DormancyReason = "silence"   // no meeting, no act
	DormantSevered  DormancyReason = "relations" // relations are severed
	DormantLinkLost DormancyReason = "link"      // the other's node cannot be reached, or its keys are revoked
)

// DormancyReasons lists them.
func DormancyReasons() []DormancyReason {
	return []DormancyReason{DormantSilence, DormantSevered, DormantLinkLost}
}

type dormancyActTerms struct {
	Within
	DormancyTerms
}

// DormancyActTerms gives the terms of agreement.dormant for an act.
func DormancyActTerms(of ThingID, d DormancyTerms) any { return dormancyActTerms{Within{of}, d} }

// RegistrationTerms is what agreement.register says.
type RegistrationTerms struct {
	With   string `json:"with"` // "un", "arab-league"
	Number string `json:"number"`
	Date   Date   `json:"date"`
}

type registrationActTerms struct {
	Within
	RegistrationTerms
}

// RegistrationActTerms gives the terms of agreement.register for an act.
func RegistrationActTerms(of ThingID, r RegistrationTerms) any {
	return registrationActTerms{Within{of}, r}
}

// MilestoneTerms is what agreement.milestone says. Title: the step as the template of the member names it.
type MilestoneTerms struct {
	Title Text      `json:"title"`
	State StepState `json:"state"`
	Date  Date      `json:"date"`
}

type milestoneActTerms struct {
	Within
	MilestoneTerms
}

// MilestoneActTerms gives the terms of agreement.milestone for an act.
func MilestoneActTerms(of ThingID, m MilestoneTerms) any { return milestoneActTerms{Within{of}, m} }

// Check holds a proposal against the rules that need nothing else.
func (t *ProposeTerms) Check(from MemberID) error {
	switch {
	case !slices.Contains(InstrumentKinds(), t.Kind):
		return Refuse(NotOneOf, "kind", "got", string(t.Kind))
	case t.Title.Empty():
		return Refuse(Missing, "title")
	case len(t.Parties) < 2:
		return Refuse(Missing, "parties")
	case len(t.Parties) > MaxMembers:
		return Refuse(TooMany, "parties", "max", itoa(MaxMembers), "got", itoa(len(t.Parties)))
	case !slices.Contains(t.Parties, from):
		return Refuse(NotParty, string(from))
	case t.Depositary != "" && !ValidMember(t.Depositary):
		return Refuse(Malformed, "depositary")
	case (t.Of == "") != (t.Relation == ""):
		return Refuse(Missing, "relation")
	case t.Relation != "" && !slices.Contains(Relations(), t.Relation):
		return Refuse(NotOneOf, "relation", "got", string(t.Relation))
	case t.Of != "" && (!validThing(t.Of) || t.Of.Noun() != "agreement"):
		return Refuse(Malformed, "of")
	}
	for i, m := range t.Parties {
		if !ValidMember(m) || i > 0 && t.Parties[i-1] >= m {
			return Refuse(Malformed, "parties")
		}
	}
	return t.Title.Check("title", MaxTitle)
}

func (a *Authority) check() error {
	switch {
	case a.Mandate != "" && (!validThing(a.Mandate) || a.Mandate.Noun() != "mandate"):
		return Refuse(Malformed, "mandate")
	case a.Capacity != "" && !slices.Contains(Capacities(), a.Capacity):
		return Refuse(NotOneOf, "capacity", "got", string(a.Capacity))
	}
	return nil
}

func (t *TableTerms) check(parties []MemberID) error {
	if err := checkHash(t.Hash); err != nil {
		return err
	}
	if t.Base != "" {
		if err := checkHash(t.Base); err != nil {
			return err
		}
	}
	if err := checkSegments("changes", t.Changes); err != nil {
		return err
	}
	return t.Clauses.Check(parties)
}

func (t *WindowTerms) check(parties []MemberID) error {
	switch {
	case t.Closes.IsZero() || t.Closes.Location() != time.UTC || t.Closes.Nanosecond() != 0:
		return Refuse(Malformed, "closes", "want", "UTC, seconds")
	case !t.Date.Valid():
		return Refuse(Malformed, "date", "want", "2026-12-01")
	case len(t.Originals) > 0 && len(t.Originals) != len(parties):
		return Refuse(Malformed, "originals")
	}
	for m, h := range t.Originals {
		if !slices.Contains(parties, m) {
			return Refuse(NotParty, string(m))
		}
		if err := checkHash(h); err != nil {
			return err
		}
	}
	if err := checkHash(t.Hash); err != nil {
		return err
	}
	return t.Place.Check("place", MaxTitle)
}

func (t *NoticeTerms) check() error {
	switch {
	case t.Ground != "" && !slices.Contains(Grounds(), t.Ground):
		return Refuse(NotOneOf, "ground", "got", string(t.Ground))
	case t.From != "" && !t.From.Valid():
		return Refuse(Malformed, "from", "want", "2026-12-01")
	case t.Instrument != "" && !slices.Contains(Instruments(), t.Instrument):
		return Refuse(NotOneOf, "instrument", "got", string(t.Instrument))
	}
	if err := checkSegments("segments", t.Segments); err != nil {
		return err
	}
	return Text{"und": t.Reason}.Check("reason", MaxReason)
}

func (t *AccordTerms) check() error {
	if !t.On.Valid() || t.Until != "" && (!t.Until.Valid() || t.Until < t.On) {
		return Refuse(Malformed, "on", "want", "2026-12-01")
	}
	if err := checkSegments("segments", t.Segments); err != nil {
		return err
	}
	return t.Place.Check("place", MaxTitle)
}

func (t *CorrectionTerms) check() error {
	if t.ObjectBy != "" && !t.ObjectBy.Valid() {
		return Refuse(Malformed, "object_by", "want", "2026-12-01")
	}
	if err := checkHash(t.Hash); err != nil {
		return err
	}
	return checkSegments("segment", []string{t.Segment})
}

func (t *DormancyTerms) check() error {
	if !slices.Contains(DormancyReasons(), t.Reason) {
		return Refuse(NotOneOf, "reason", "got", string(t.Reason))
	}
	if !t.Date.Valid() {
		return Refuse(Malformed, "date", "want", "2026-12-01")
	}
	if err := checkSegments("continuity", t.Continuity); err != nil {
		return err
	}
	return Text{"und": t.Channel}.Check("channel", MaxTitle)
}

func (t *RegistrationTerms) check() error {
	switch {
	case t.With != "un" && t.With != "arab-league":
		return Refuse(NotOneOf, "with", "got", t.With, "allowed", "un, arab-league")
	case !t.Date.Valid():
		return Refuse(Malformed, "date", "want", "2026-12-01")
	case t.Number == "":
		return Refuse(Missing, "number")
	}
	return Text{"und": t.Number}.Check("number", MaxTitle)
}

func (t *MilestoneTerms) check() error {
	switch {
	case t.Title.Empty():
		return Refuse(Missing, "title")
	case !slices.Contains(StepStates(), t.State):
		return Refuse(NotOneOf, "state", "got", string(t.State))
	case !t.Date.Valid():
		return Refuse(Malformed, "date", "want", "2026-12-01")
	}
	return t.Title.Check("title", MaxTitle)
}

func checkHash(h Commitment) error {
	if _, ok := h.Sum(); !ok {
		return Refuse(Malformed, "hash", "want", "sha256:…")
	}
	return nil
}

func checkSegments(field string, ids []string) error {
	if len(ids) > MaxSegments {
		return Refuse(TooMany, field, "max", itoa(MaxSegments), "got", itoa(len(ids)))
	}
	for _, id := range ids {
		if !ValidSegment(id) {
			return Refuse(Malformed, field)
		}
	}
	return nil
}

// ValidSegment tells whether s can name a segment of a text: words of a-z and 0-9 with hyphens between.
func ValidSegment(s string) bool {
	return validID(s, false) && !strings.Contains(s, ".")
}
