package jisr

import (
	"slices"
	"time"
)

// The final clauses of a text as data, and what follows from them: when it enters into force, when it ends. They stand
// in the entry of the text and in its content, under the same hash, so that the words and the reckoning cannot part.

// ConsentMethod is how a party consents to be bound (Vienna Convention, articles 11 to 15).
type ConsentMethod string

// The methods.
const (
	BySignature    ConsentMethod = "signature"    // article 12
	ByNotification ConsentMethod = "notification" // of completed domestic procedures: articles 11, 16(c)
	ByExchange     ConsentMethod = "exchange"     // of instruments of ratification: articles 14, 16(a)
	ByDeposit      ConsentMethod = "deposit"      // with the depositary: articles 14 to 16(b)
)

// ConsentMethods lists them.
func ConsentMethods() []ConsentMethod {
	return []ConsentMethod{BySignature, ByNotification, ByExchange, ByDeposit}
}

// ForceBase is the event from which entry into force is reckoned (Vienna Convention, article 24).
type ForceBase string

// The bases.
const (
	ForceSignature    ForceBase = "signature"         // the day of signature, or of the last confirmation of one
	ForceLastNotice   ForceBase = "last-notification" // the day the later notification was received
	ForceExchange     ForceBase = "exchange"          // the day instruments were exchanged
	ForceOnDate       ForceBase = "date"              // a fixed day, if all have consented by then; else the day they have
	ForceDepositCount ForceBase = "deposits"          // the day the n-th instrument was deposited
)

// ForceBases lists them.
func ForceBases() []ForceBase {
	return []ForceBase{ForceSignature, ForceLastNotice, ForceExchange, ForceOnDate, ForceDepositCount}
}

// ForceRule says when a text enters into force: after its base, so many months, then days, then the first of a month.
type ForceRule struct {
	On         ForceBase `json:"on"`
	Date       Date      `json:"date,omitempty"`
	Count      int       `json:"count,omitempty"` // of deposits
	Months     int       `json:"months,omitempty"`
	Days       int       `json:"days,omitempty"`
	FirstOfMon bool      `json:"first_of_month,omitempty"` // the first day of the month that follows
}

// Clauses are the final clauses of a text.
type Clauses struct {
	Languages  []string                   `json:"languages"`            // authentic, sorted (Vienna Convention, article 33)
	Prevailing string                     `json:"prevailing,omitempty"` // decides on divergence; empty: equally authentic
	Consent    map[MemberID]ConsentMethod `json:"consent"`              // of each party, which may differ
	Force      ForceRule                  `json:"force"`
	Months     int                        `json:"months,omitempty"`        // duration; 0 with no Until: without limit
	Until      Date                       `json:"until,omitempty"`         // last day of a fixed duration
	Renewal    int                        `json:"renewal,omitempty"`       // tacit, each time for so many months
	Notice     int                        `json:"notice,omitempty"`        // months' notice of termination; 0: the default rule of 12 (article 56(2))
	NoExit     bool                       `json:"no_exit,omitempty"`       // no termination by notice of one party
	Initials   bool                       `json:"initials_sign,omitempty"` // initials are signature (article 12(2)(a))
	Provision  bool                       `json:"provisional,omitempty"`   // applied from signature (article 25)
	Opens      Date                       `json:"opens,omitempty"`         // for signature, with a depositary
	Shuts      Date                       `json:"shuts,omitempty"`
	Majority   bool                       `json:"two_thirds,omitempty"` // adopted by two thirds (article 9(2)); else by all
	JoinDays   int                        `json:"join_days,omitempty"`  // in force for a later party so many days after its deposit
}

// Defaults of the law, where the clauses are silent.
const (
	DefaultNoticeMonths = 12 // of termination: Vienna Convention, article 56(2)
	ObjectionMonths     = 3  // to a claimed suspension or termination: article 65(2)
	TacitMonths         = 12 // a reservation is accepted by silence: article 20(5)
	DormantAfterMonths  = 12 // without any act: a status of ours
)

// Check holds final clauses against the rules that need nothing but the parties.
func (c *Clauses) Check(parties []MemberID) error {
	if len(c.Languages) == 0 {
		return Refuse(Missing, "languages")
	}
	if len(c.Languages) > MaxLanguages {
		return Refuse(TooMany, "languages", "max", itoa(MaxLanguages), "got", itoa(len(c.Languages)))
	}
	for i, l := range c.Languages {
		if len(l) < 2 || len(l) > 8 || !validID(l, false) || i > 0 && c.Languages[i-1] >= l {
			return Refuse(Malformed, "languages")
		}
	}
	if c.Prevailing != "" && !slices.Contains(c.Languages, c.Prevailing) {
		return Refuse(NotOneOf, "prevailing", "got", c.Prevailing)
	}
	if len(c.Consent) != len(parties) {
		return Refuse(Missing, "consent")
	}
	for _, m := range parties {
		if !slices.Contains(ConsentMethods(), c.Consent[m]) {
			return Refuse(NotOneOf, "consent", "got", string(c.Consent[m]))
		}
	}
	return c.checkPeriods()
}

func (c *Clauses) checkPeriods() error {
	f := &c.Force
	switch {
	case !slices.Contains(ForceBases(), f.On):
		return Refuse(NotOneOf, "force", "got", string(f.On))
	case (f.On == ForceOnDate) != (f.Date != "") || f.Date != "" && !f.Date.Valid():
		return Refuse(Malformed, "force.date", "want", "2026-12-01")
	case (f.On == ForceDepositCount) != (f.Count > 0):
		return Refuse(Malformed, "force.count")
	}
	for _, n := range []int{f.Months, f.Days, f.Count, c.Months, c.Renewal, c.Notice, c.JoinDays} {
		if n < 0 || n > MaxPeriod {
			return Refuse(TooMany, "period", "max", itoa(MaxPeriod), "got", itoa(n))
		}
	}
	for _, d := range []Date{c.Until, c.Opens, c.Shuts} {
		if d != "" && !d.Valid() {
			return Refuse(Malformed, "date", "want", "2026-12-01")
		}
	}
	switch {
	case c.Until != "" && c.Months > 0:
		return Refuse(Malformed, "duration")
	case c.Renewal > 0 && c.Until == "" && c.Months == 0:
		return Refuse(Missing, "duration")
	}
	return nil
}

// NoticeMonths is the notice of termination: the clauses', else the default rule's.
func (c *Clauses) NoticeMonths() int {
	if c.Notice > 0 {
		return c.Notice
	}
	return DefaultNoticeMonths
}

// ReckonStep is one step of a reckoning: which rule gave which day, because of which act.
type ReckonStep struct {
	Rule    string    `json:"rule"` // words' "reckon.<rule>"
	N       int       `json:"n,omitempty"`
	Date    Date      `json:"date"`
	Because *Position `json:"because,omitempty"`
	Member  MemberID  `json:"member,omitempty"`
}

// Reckoning is a day and how it was reckoned. Without a day, Wants says what is still awaited and Steps how far it went.
type Reckoning struct {
	Date  Date         `json:"date,omitempty"`
	Steps []ReckonStep `json:"steps,omitempty"`
	Wants string       `json:"wants,omitempty"`  // words' "reckon.wants.<wants>"
	Agree bool         `json:"agreed,omitempty"` // all parties noted this day
}

func (r *Reckoning) add(s ReckonStep) { r.Steps = append(r.Steps, s); r.Date = s.Date }

// after applies a rule's periods to the day of its base.
func (f *ForceRule) after(r *Reckoning) {
	if f.Months > 0 {
		r.add(ReckonStep{Rule: "plus-months", N: f.Months, Date: r.Date.AddMonths(f.Months)})
	}
	if f.Days > 0 {
		r.add(ReckonStep{Rule: "plus-days", N: f.Days, Date: r.Date.AddDays(f.Days)})
	}
	if f.FirstOfMon {
		r.add(ReckonStep{Rule: "first-of-month", Date: r.Date.nextMonth()})
	}
}

// Force reckons the day of entry into force. The day that all parties noted decides; else the clauses do.
func (g *Agreement) Force() Reckoning {
	if g.Multilateral() {
		return g.treatyForce()
	}
	return g.bilateralForce()
}

func (g *Agreement) bilateralForce() Reckoning {
	c, w := g.Clauses(), g.Signed()
	if c == nil || w == nil {
		return Reckoning{Wants: "signature"}
	}
	r := g.consents(w, c)
	if r.Wants != "" {
		return r
	}
	base, because := r.Steps[len(r.Steps)-1], r.Steps[len(r.Steps)-1].Because
	if c.Force.On == ForceOnDate {
		r.add(ReckonStep{Rule: "fixed-date", Date: max(c.Force.Date, base.Date), Because: because})
	}
	c.Force.after(&r)
	return g.noted(r)
}

// consents finds the day the last party's consent counted, one step for each. Wants is set when one is missing.
func (g *Agreement) consents(w *Window, c *Clauses) Reckoning {
	var r Reckoning
	var last ReckonStep
	for _, m := range g.Parties {
		s, wants := g.consentStep(m, w, c)
		if wants != "" {
			return Reckoning{Wants: wants, Steps: r.Steps}
		}
		r.Steps = append(r.Steps, s)
		if s.Date >= last.Date {
			last = s
		}
	}
	last.Rule = "latest"
	r.add(last)
	return r
}

// consentStep is the step by which one party consented; wants names what is missing.
func (g *Agreement) consentStep(m MemberID, w *Window, c *Clauses) (s ReckonStep, wants string) {
	sign := w.Commits[m]
	if !sign.Counts() {
		return s, "confirmation"
	}
	s = ReckonStep{Rule: "signed", Date: w.Date, Because: &sign.Position, Member: m}
	if sign.Confirmed != nil {
		s = ReckonStep{Rule: "confirmed", Date: max(w.Date, sign.Confirms), Because: &sign.Confirmed.Position, Member: m}
	}
	switch c.Consent[m] {
	case ByNotification, ByDeposit:
		n := g.noticeOf(m, KindAgreementNotify)
		if n == nil {
			return s, "notification"
		}
		day, ok := g.receivedOn(n)
		if !ok {
			return s, "receipt"
		}
		s = ReckonStep{Rule: "notified", Date: max(day, s.Date), Because: &n.Position, Member: m}
	case ByExchange:
		x := g.accord(KindAgreementXchg)
		if x == nil {
			return s, "exchange"
		}
		s = ReckonStep{Rule: "exchanged", Date: max(x.On, s.Date), Because: &x.By[m].Position, Member: m}
	}
	return s, ""
}

// noted lets the parties' own note of entry into force decide. Of two, the later day: in doubt fewer obligations.
func (g *Agreement) noted(r Reckoning) Reckoning {
	for i := range g.Accords {
		a := &g.Accords[i]
		if a.Kind == KindAgreementForce && g.all(a.By) && (!r.Agree || a.On > r.Date) {
			r.Agree = true
			r.add(ReckonStep{Rule: "noted", Date: a.On, Because: &a.By[g.Parties[0]].Position})
		}
	}
	return r
}

// consentOf is how a party consents under the text that counts.
func (g *Agreement) consentOf(m MemberID) ConsentMethod {
	if c := g.Clauses(); c != nil {
		return c.Consent[m]
	}
	return ""
}

// consented tells whether a party's consent counts.
func (g *Agreement) consented(m MemberID) bool {
	w, c := g.Signed(), g.Clauses()
	if w == nil || c == nil {
		return false
	}
	_, wants := g.consentStep(m, w, c)
	return wants == ""
}

// bound tells whether all parties have expressed their consent, received or not: nobody abandons the agreement any more.
func (g *Agreement) bound() bool {
	w, c := g.Signed(), g.Clauses()
	if w == nil || c == nil {
		return false
	}
	for _, m := range g.Parties {
		ok := w.Commits[m].Counts()
		switch c.Consent[m] {
		case ByNotification, ByDeposit:
			ok = ok && g.noticeOf(m, KindAgreementNotify) != nil
		case ByExchange:
			ok = ok && g.accord(KindAgreementXchg) != nil
		}
		if !ok {
			return false
		}
	}
	return true
}

// noticeOf finds a party's newest notice of a kind that stands.
func (g *Agreement) noticeOf(m MemberID, kind Kind) *Notice {
	for _, n := range slices.Backward(g.Notices) {
		if n.Kind == kind && n.Member == m && n.Counts() && n.Revoked == nil {
			return n
		}
	}
	return nil
}

// accord finds the newest joint step of a kind that all parties stated.
func (g *Agreement) accord(kind Kind) *Accord {
	for i := len(g.Accords) - 1; i >= 0; i-- {
		if g.Accords[i].Kind == kind && g.all(g.Accords[i].By) {
			return &g.Accords[i]
		}
	}
	return nil
}

// receivedOn is the day a notice had reached every addressee, never before its own date; false while it has not.
func (g *Agreement) receivedOn(n *Notice) (Date, bool) {
	day := n.Date
	for _, m := range g.addressees(n.Member) {
		r, ok := n.Receipts[m]
		if !ok {
			return "", false
		}
		day = max(day, r.Date)
	}
	if n.Confirmed != nil {
		day = max(day, n.Confirms)
	}
	return day, true
}

// addressees are those to whom a notice of a member is given: the depositary, else every other party (article 78(a)).
func (g *Agreement) addressees(from MemberID) []MemberID {
	if g.Depositary != "" && from != g.Depositary {
		return []MemberID{g.Depositary}
	}
	return slices.DeleteFunc(slices.Clone(g.Parties), func(m MemberID) bool { return m == from })
}

// Ends tells when a standing notice takes effect; false while it has not been received or was revoked in time.
func (g *Agreement) Ends(n *Notice) (Date, bool) {
	day, ok := g.receivedOn(n)
	if !ok || !n.Counts() {
		return "", false
	}
	months := ObjectionMonths
	if c := g.Clauses(); c != nil && n.Kind == KindAgreementDenounce {
		months = c.NoticeMonths()
	} else if n.Ground == GroundClause {
		months = 0
	}
	effect := max(n.From, day.AddMonths(months))
	if n.Revoked != nil { // counts if it was received before the notice took effect (article 68; practice 5.4, C6)
		if back, received := g.receivedOn(n.Revoked); received && back < effect {
			return "", false
		}
	}
	return effect, true
}

// End is the day the agreement ends, and why: "notice", "consent", "expiry", "superseded". Of several, the earliest
// (practice 5.4, C5). Empty: no end is in sight.
func (g *Agreement) End() (end Date, why string) {
	earlier := func(d Date, because string) {
		if d != "" && (end == "" || d < end) {
			end, why = d, because
		}
	}
	for _, n := range g.Notices {
		if n.Kind == KindAgreementDenounce {
			if d, ok := g.Ends(n); ok {
				earlier(d, "notice")
			}
		}
	}
	for i := range g.Accords {
		if g.Accords[i].Kind == KindAgreementTerminate && g.all(g.Accords[i].By) {
			earlier(g.Accords[i].On, "consent")
		}
	}
	for i := range g.Related {
		if g.Related[i].Relation == Supersedes {
			earlier(g.Related[i].Force, "superseded")
		}
	}
	earlier(g.expiry(), "expiry")
	return end, why
}

// expiry is the day after the last of a limited duration, as extended by all. With tacit renewal there is none: it is
// renewed until a notice ends it.
func (g *Agreement) expiry() Date {
	c := g.Clauses()
	if c == nil || c.Renewal > 0 || c.Until == "" && c.Months == 0 {
		return ""
	}
	end := c.Until.AddDays(1)
	if c.Months > 0 {
		end = g.Force().Date.AddMonths(c.Months)
	}
	for i := range g.Accords {
		if g.Accords[i].Kind == KindAgreementExtend && g.all(g.Accords[i].By) {
			end = max(end, g.Accords[i].On.AddDays(1))
		}
	}
	return end
}

// noticeRuns tells whether a notice of termination was received and stands.
func (g *Agreement) noticeRuns() bool {
	return slices.ContainsFunc(g.Notices, func(n *Notice) bool {
		_, ok := g.Ends(n)
		return n.Kind == KindAgreementDenounce && ok
	})
}

// Suspended tells whether the agreement is suspended on a day, also while notice of its termination runs.
func (g *Agreement) Suspended(day Date) bool { return g.suspendedOn(day) }

// Settled lists the acts by which the day of entry into force is known: signatures and procès-verbaux, notices with their receipts, and
// what all parties stated alike. Who has received all of them knows the day.
func (g *Agreement) Settled() (all []Position) {
	if w := g.Signed(); w != nil {
		for _, m := range sortedKeys(w.Commits) {
			all = append(all, w.Commits[m].Position)
			if c := w.Commits[m].Confirmed; c != nil {
				all = append(all, c.Position)
			}
		}
		for _, m := range sortedKeys(w.Verbals) {
			all = append(all, w.Verbals[m].Position)
		}
	}
	for _, n := range g.given() {
		if n.Kind != KindAgreementNotify && n.Kind != KindAgreementDeposit || !n.Counts() {
			continue
		}
		all = append(all, n.Position)
		for _, m := range sortedKeys(n.Receipts) {
			all = append(all, n.Receipts[m].Position)
		}
	}
	steps := g.Force().Steps // a note of the day that was reckoned anyway tells nothing new
	noted := len(steps) > 1 && steps[len(steps)-1].Rule == "noted" && steps[len(steps)-1].Date != steps[len(steps)-2].Date
	for i := range g.Accords {
		if a := &g.Accords[i]; (a.Kind == KindAgreementXchg || noted && a.Kind == KindAgreementForce) && g.all(a.By) {
			for _, m := range sortedKeys(a.By) {
				all = append(all, a.By[m].Position)
			}
		}
	}
	return all
}

// suspendedOn tells whether the agreement is suspended on a day, in whole or in part.
func (g *Agreement) suspendedOn(today Date) bool {
	for i := range g.Accords {
		a := &g.Accords[i]
		if a.Kind == KindAgreementPause && g.all(a.By) && a.On <= today && (a.Until == "" || today <= a.Until) && !g.resumedBetween(a.On, today) {
			return true
		}
	}
	return slices.ContainsFunc(g.Notices, func(n *Notice) bool {
		from, ok := g.Ends(n)
		// An objection to a ground that only the law gives leaves the claim without effect until it is settled (article 65(3)).
		stopped := len(n.Objected) > 0 && n.Ground != GroundClause
		return n.Kind == KindAgreementSuspend && ok && !stopped && n.Revoked == nil && from <= today && !g.resumedBetween(from, today)
	})
}

func (g *Agreement) resumedBetween(from, today Date) bool {
	return slices.ContainsFunc(g.Accords, func(a Accord) bool {
		return a.Kind == KindAgreementResume && g.all(a.By) && from <= a.On && a.On <= today
	})
}

// Provisional tells whether the agreement is applied provisionally on a day (Vienna Convention, article 25).
func (g *Agreement) Provisional(today Date) bool {
	from := Date("")
	if a := g.accord(KindAgreementProvis); a != nil {
		if from = a.On; a.Until != "" && today > a.Until {
			return false
		}
	} else if c, w := g.Clauses(), g.Signed(); c != nil && w != nil && c.Provision {
		from = w.Date
	}
	if from == "" || today < from || len(g.Abandoned) > 0 {
		return false
	}
	for _, n := range g.Notices {
		if day, ok := g.receivedOn(n); n.Kind == KindAgreementProvEnd && ok && day <= today {
			return false
		}
	}
	force := g.Force().Date
	return force == "" || today < force
}

func (d Date) time() time.Time {
	t, err := time.Parse(time.DateOnly, string(d))
	if err != nil {
		return time.Time{}
	}
	return t
}

// AddDays is n days later; empty stays empty.
func (d Date) AddDays(n int) Date {
	if d == "" {
		return ""
	}
	return DateOf(d.time().AddDate(0, 0, n))
}

// AddMonths is the same day n months later, or the last day of that month if it has no such day: periods in months end
// on the corresponding day.
func (d Date) AddMonths(n int) Date {
	if d == "" {
		return ""
	}
	t := d.time()
	first := time.Date(t.Year(), t.Month()+time.Month(n), 1, 0, 0, 0, 0, time.UTC)
	last := first.AddDate(0, 1, -1).Day()
	return DateOf(first.AddDate(0, 0, min(t.Day(), last)-1))
}

func (d Date) nextMonth() Date {
	t := d.time()
	return DateOf(time.Date(t.Year(), t.Month()+1, 1, 0, 0, 0, 0, time.UTC))
}
