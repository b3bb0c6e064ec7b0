package jisr

import "slices"

// An agreement with a depositary: participants sign and join one by one (Vienna Convention, articles 9 to 24, 76 to 78).
//
//	the text:         drafting --> adopted --> authenticated (initialled) --> in force --> terminated
//	each participant: negotiating --> signatory --> contracting --> party --> withdrawing --> former party
//	                              (or contracting at once, by accession)
//	each reservation: formulated --> objected (simple, or precluding) | accepted by silence after 12 months --> withdrawn
//
// What a participant tells the depositary counts from the depositary's receipt; the order of deposits is that of its log.
// The depositary never rules on validity (article 77(2)).

// PartakerState names where a participant stands.
type PartakerState string

// The states of a participant.
const (
	Negotiating PartakerState = "negotiating"
	Signatory   PartakerState = "signatory"
	Contracting PartakerState = "contracting" // has consented; the agreement is not in force for it yet
	PartyTo     PartakerState = "party"
	Withdrawing PartakerState = "withdrawing"
	FormerParty PartakerState = "former-party"
)

// Partaker is one participant of an agreement with a depositary.
type Partaker struct {
	Signed       *Sign          `json:"signed,omitempty"`
	Deposit      *Notice        `json:"deposit,omitempty"`
	Reservations []*Reservation `json:"reservations,omitempty"`
	Declined     *Notice        `json:"declined,omitempty"` // does not intend to become a party (article 18)
}

// Reservation excludes or changes the effect of a provision for who makes it (Vienna Convention, articles 19 to 23).
type Reservation struct {
	Notice
	Objections map[MemberID]Objection `json:"objections,omitempty"`
}

// Objection is another's answer to a reservation.
type Objection struct {
	Step
	Precludes bool `json:"precludes,omitempty"`
}

// SignedOn is the day on which a member signed an agreement with a depositary; empty: it has not.
func (g *Agreement) SignedOn(m MemberID) Date {
	if p := g.Participants[m]; p != nil && p.Signed != nil && p.Signed.Counts() {
		return p.Signed.Date
	}
	return ""
}

// participate applies the acts of participants of an agreement with a depositary.
func (f *agreementFold) participate(a *Act) error {
	if !f.g.Multilateral() {
		return Refuse(NotOneOf, "kind", "got", string(a.Kind))
	}
	switch a.Kind {
	case KindAgreementSign:
		return f.signTreaty(a)
	case KindAgreementUnreserve:
		return f.unreserve(a)
	}
	t, err := terms[noticeActTerms](a)
	if err == nil {
		err = checkNotice(&t)
	}
	if err == nil && f.g.frozenFor(a) == "" {
		err = Refuse(NotFrozen, string(f.g.ID))
	}
	if err != nil {
		return err
	}
	switch a.Kind {
	case KindAgreementReserve:
		return f.reserve(a, &t)
	case KindAgreementAbandon:
		return f.decline(a, &t)
	}
	return f.deposit(a, &t)
}

func (f *agreementFold) partaker(m MemberID) *Partaker {
	if f.g.Participants == nil {
		f.g.Participants = map[MemberID]*Partaker{}
	}
	if f.g.Participants[m] == nil {
		f.g.Participants[m] = &Partaker{}
	}
	return f.g.Participants[m]
}

// signTreaty: while it is open for signature, by the day the act states.
func (f *agreementFold) signTreaty(a *Act) error {
	t, err := terms[TextTerms](a)
	if err == nil && !t.Date.Valid() {
		err = Refuse(Malformed, "date", "want", "2026-12-01")
	}
	if err == nil {
		err = t.Authority.check()
	}
	if err != nil {
		return err
	}
	frozen := f.g.frozenFor(a)
	if frozen == "" || frozen != t.Hash {
		return Refuse(NotFrozen, string(f.g.ID))
	}
	c := f.g.version(frozen).Clauses
	if c.Opens != "" && t.Date < c.Opens || c.Shuts != "" && t.Date > c.Shuts {
		return Refuse(WindowShut, "signature")
	}
	p := f.partaker(a.Member)
	if p.Signed != nil {
		return Refuse(Already, "sign")
	}
	p.Signed = &Sign{Mark: *f.mark(a, t.Authority, PowersFor(a.Kind), t.Date), Mode: FullSignature}
	f.register(a, &p.Signed.Mark, MaySign)
	return nil
}

func (f *agreementFold) deposit(a *Act, t *noticeActTerms) error {
	p := f.g.Participants[a.Member]
	signed := p != nil && p.Signed != nil
	switch {
	case t.Instrument == "" || t.Instrument == Completion:
		return Refuse(Missing, "instrument")
	case p != nil && p.Deposit != nil:
		return Refuse(Already, "deposit")
	case !signed && t.Instrument != Accession && t.Instrument != Succession:
		return Refuse(NotSigned, string(a.Member))
	case signed && t.Instrument == Accession:
		return Refuse(Already, "sign")
	}
	f.partaker(a.Member).Deposit = f.newNotice(a, t)
	return nil
}

func (f *agreementFold) decline(a *Act, t *noticeActTerms) error {
	p := f.g.Participants[a.Member]
	switch {
	case p == nil || p.Signed == nil:
		return Refuse(NotSigned, string(a.Member))
	case p.Deposit != nil:
		return Refuse(Bound, string(f.g.ID))
	case p.Declined != nil:
		return Refuse(Already, "abandon")
	}
	p.Declined = f.newNotice(a, t)
	return nil
}

func (f *agreementFold) reserve(a *Act, t *noticeActTerms) error {
	if a.Content == nil {
		return Refuse(Missing, "content")
	}
	p := f.partaker(a.Member)
	if len(p.Reservations) >= MaxReferences {
		return Refuse(TooMany, "reservations", "max", itoa(MaxReferences))
	}
	r := &Reservation{Notice: *f.newNotice(a, t)}
	f.notices[a.Position] = &r.Notice
	f.register(a, &r.Mark, PowersFor(a.Kind))
	p.Reservations = append(p.Reservations, r)
	return nil
}

func (f *agreementFold) reservation(at Position) *Reservation {
	p := f.g.Participants[at.Member]
	if p == nil {
		return nil
	}
	for _, r := range p.Reservations {
		if r.Position == at {
			return r
		}
	}
	return nil
}

func (f *agreementFold) objectReservation(a *Act, t *ActTerms) error {
	r := f.reservation(t.Act)
	if r.Member == a.Member {
		return Refuse(NotYours, "reservation")
	}
	if _, done := r.Objections[a.Member]; done {
		return Refuse(Already, "object")
	}
	if r.Objections == nil {
		r.Objections = map[MemberID]Objection{}
	}
	r.Objections[a.Member] = Objection{Step: a.step(), Precludes: t.Precludes}
	return nil
}

func (f *agreementFold) unreserve(a *Act) error {
	t, err := terms[ActTerms](a)
	if err != nil {
		return err
	}
	r := f.reservation(t.Act)
	switch {
	case r == nil || !a.after(t.Act):
		return Refuse(NoSuch, string(t.Act.Member)+"/"+itoa(int64(t.Act.Index)), "noun", "reservation")
	case r.Member != a.Member:
		return Refuse(NotYours, "reservation")
	case r.Revoked != nil:
		return Refuse(Already, "reserve-withdraw")
	}
	r.Revoked = f.newNotice(a, &noticeActTerms{Authority: t.Authority, Date: t.Date, NoticeTerms: NoticeTerms{Reason: t.Reason}})
	return nil
}

// ReservationState tells what became of a reservation towards another participant on a day: "formulated", "accepted" by
// twelve months' silence from receipt (article 20(5)), "objected", "precluding", "withdrawn".
func (g *Agreement) ReservationState(r *Reservation, toward MemberID, today Date) string {
	o, objected := r.Objections[toward]
	day, received := g.receivedOn(&r.Notice)
	switch {
	case r.Revoked != nil:
		return "withdrawn"
	case objected && o.Precludes:
		return "precluding"
	case objected:
		return "objected"
	case received && today != "" && today > day.AddMonths(TacitMonths):
		return "accepted"
	}
	return "formulated"
}

// deposits lists the instruments that the depositary has received, in the order of its log.
func (g *Agreement) deposits() []*Notice {
	var all []*Notice
	for _, m := range sortedKeys(g.Participants) {
		n := g.Participants[m].Deposit
		if n == nil || !n.Counts() {
			continue
		}
		if _, ok := n.Receipts[g.Depositary]; ok || n.Member == g.Depositary {
			all = append(all, n)
		}
	}
	at := func(n *Notice) Position {
		if r, ok := n.Receipts[g.Depositary]; ok {
			return r.Position
		}
		return n.Position // the depositary's own
	}
	slices.SortStableFunc(all, func(a, b *Notice) int {
		return Compare(&Act{Position: at(a)}, &Act{Position: at(b)})
	})
	return all
}

// depositedOn is the day an instrument was with the depositary (Vienna Convention, article 16(b)): its own is with it at once.
func (g *Agreement) depositedOn(n *Notice) (Date, bool) {
	switch {
	case n.Member != g.Depositary:
		return g.receivedOn(n)
	case n.Confirmed != nil:
		return max(n.Date, n.Confirms), true
	}
	return n.Date, true
}

// treatyForce reckons when enough have joined (Vienna Convention, article 24). Two deposits of one day give one day.
func (g *Agreement) treatyForce() Reckoning {
	h := g.Frozen()
	if h == "" {
		return Reckoning{Wants: "adoption"}
	}
	c := g.version(h).Clauses
	need := c.Force.Count
	if need == 0 {
		need = len(g.Parties)
	}
	all := g.deposits()
	if len(all) < need {
		return Reckoning{Wants: "deposits"}
	}
	var r Reckoning
	for _, n := range all[:need] {
		day, _ := g.depositedOn(n)
		r.add(ReckonStep{Rule: "deposited", Date: day, Because: &n.Position, Member: n.Member})
	}
	r.add(ReckonStep{Rule: "count", N: need, Date: lastDate(r.Steps)})
	if c.Force.On == ForceOnDate {
		r.add(ReckonStep{Rule: "fixed-date", Date: max(c.Force.Date, r.Date)})
	}
	c.Force.after(&r)
	return g.noted(r)
}

func lastDate(steps []ReckonStep) (last Date) {
	for i := range steps {
		last = max(last, steps[i].Date)
	}
	return last
}

// ForceFor is the day the agreement enters into force for one participant; empty while it is not known.
func (g *Agreement) ForceFor(m MemberID) Date {
	p, force := g.Participants[m], g.treatyForce().Date
	if p == nil || p.Deposit == nil || force == "" {
		return ""
	}
	day, ok := g.depositedOn(p.Deposit)
	if !ok {
		return ""
	}
	c := g.version(g.Frozen()).Clauses
	own := c.Force
	if c.JoinDays > 0 {
		own = ForceRule{Days: c.JoinDays}
	}
	r := Reckoning{Date: day}
	own.after(&r)
	return max(force, r.Date)
}

// PartakerOn tells where a participant stands on a day.
func (g *Agreement) PartakerOn(m MemberID, today Date) PartakerState {
	p := g.Participants[m]
	if p == nil {
		return Negotiating
	}
	_, received := Date(""), false
	if p.Deposit != nil {
		_, received = g.receivedOn(p.Deposit)
	}
	if !received {
		if p.Signed != nil && p.Signed.Counts() && p.Declined == nil {
			return Signatory
		}
		return Negotiating
	}
	force := g.ForceFor(m)
	if force == "" || today < force {
		return Contracting
	}
	if n := g.noticeOf(m, KindAgreementDenounce); n != nil {
		if end, ok := g.Ends(n); ok {
			if today >= end {
				return FormerParty
			}
			return Withdrawing
		}
	}
	return PartyTo
}

// adopted tells whether enough parties adopted a text: all, or two thirds where the text says so (article 9).
func (g *Agreement) adopted() bool {
	for i := range g.Adopted {
		yes := 0
		for _, m := range g.Parties {
			if k := g.Adopted[i].By[m]; k != nil && k.Counts() {
				yes++
			}
		}
		v := g.version(g.Adopted[i].Hash)
		if yes == len(g.Parties) || v.Clauses.Majority && 3*yes >= 2*len(g.Parties) {
			return true
		}
	}
	return false
}

func (g *Agreement) treatyStanding(today Date) AgreementState {
	force := g.treatyForce()
	switch {
	case force.Date != "" && today >= force.Date:
		if end := g.accord(KindAgreementTerminate); end != nil && today >= end.On {
			return AgreementTerminated
		}
		if len(g.Dormant) > 0 || g.silentSince(today) {
			return AgreementDormant
		}
		return AgreementInForce
	case force.Date != "":
		return AgreementAwaitingForce
	case g.Frozen() != "" && slices.ContainsFunc(sortedKeys(g.Participants), func(m MemberID) bool { return g.Participants[m].Signed != nil }):
		return AgreementSignedRatify
	case g.Frozen() != "":
		return AgreementInitialled
	case g.adopted():
		return AgreementAdReferendum
	case len(g.Accepted) < len(g.Parties):
		return AgreementProposed
	}
	return AgreementNegotiating
}
