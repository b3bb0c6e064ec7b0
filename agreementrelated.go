package jisr

import (
	"cmp"
	"slices"
	"strings"
)

// relate takes in an agreement that belongs to this one.
func (g *Agreement) relate(child *Agreement) {
	if child == nil || child.Of != g.ID || !slices.Contains(g.Parties, child.From) {
		return
	}
	if (child.Relation == Amends || child.Relation == Supersedes) && !slices.Equal(child.Parties, g.Parties) {
		return // what all agreed, all change (Vienna Convention, article 39)
	}
	r := Related{ID: child.ID, Kind: child.Kind, Relation: child.Relation, Title: child.Title, State: child.State(), Hash: child.Text(), Force: child.Force().Date}
	if v := child.version(r.Hash); v != nil {
		r.Changes = v.Changes
	}
	g.Related = append(g.Related, r)
	slices.SortFunc(g.Related, func(a, b Related) int { return cmp.Compare(a.ID, b.ID) })
}

// signedStates tells which states an agreement has from its signature on.
func (s AgreementState) signed() bool {
	i := slices.Index(AgreementStates(), s)
	return i >= slices.Index(AgreementStates(), AgreementSignedAdRef) && s != AgreementAbandoned
}

// rebase flags amendments of the same segments: they stay separate, nothing is merged; once one is signed the others must
// be looked at anew, until their text is tabled again by somebody who had received that (practice 5.4, C7).
func (g *Agreement) rebase(about map[ThingID][]Act) {
	for i := range g.Related {
		r := &g.Related[i]
		if r.Relation != Amends || r.State.signed() || r.State == AgreementAbandoned {
			continue
		}
		for j := range g.Related {
			o := &g.Related[j]
			if o.Relation == Amends && o.ID != r.ID && o.State.signed() && overlap(r.Changes, o.Changes) && !tabledAfter(about[r.ID], r.Hash, about[o.ID]) {
				r.Rebase = o.ID
			}
		}
	}
}

func overlap(a, b []string) bool {
	return slices.ContainsFunc(a, func(s string) bool { return slices.Contains(b, s) })
}

// tabledAfter tells whether the text was tabled by somebody who had received every procès-verbal of the other.
func tabledAfter(acts []Act, hash Commitment, other []Act) bool {
	for i := range acts {
		t, err := terms[TableTerms](&acts[i])
		if acts[i].Kind != KindAgreementTable || err != nil || t.Hash != hash {
			continue
		}
		return !slices.ContainsFunc(other, func(b Act) bool { return b.Kind == KindAgreementVerbal && !acts[i].after(b.Position) })
	}
	return false
}

// Flag is what the page must say beside the state: why fewer obligations are shown than a party may think.
type Flag struct {
	Kind   string    `json:"kind"` // words' "agreement.flag.<kind>"
	Member MemberID  `json:"member,omitempty"`
	Act    *Position `json:"act,omitempty"`
	Of     ThingID   `json:"of,omitempty"`
}

// Flags lists what stands out on a day.
func (g *Agreement) Flags(today Date) []Flag {
	var all []Flag
	if _, ok := g.Binds(); !ok && len(g.Accepted) == len(g.Parties) {
		all = append(all, Flag{Kind: "binding-differs"})
	}
	if w := g.Open(); w != nil && w.Unsure(g.Parties) && today != "" && DateOf(w.Closes) < today {
		all = append(all, Flag{Kind: "window-unsure"})
	}
	for _, m := range g.unconfirmed() {
		all = append(all, Flag{Kind: "to-confirm", Member: m.Member, Act: &m.Position})
	}
	for _, n := range g.given() {
		if _, ok := g.receivedOn(n); !ok {
			all = append(all, Flag{Kind: "not-received", Member: n.Member, Act: &n.Position})
		}
		if len(n.Objected) > 0 {
			all = append(all, Flag{Kind: "objected", Member: n.Member, Act: &n.Position})
		}
	}
	for i := range g.Contests {
		all = append(all, Flag{Kind: "contested", Member: g.Contests[i].Member, Act: &g.Contests[i].Of})
	}
	for i := range g.Concordance {
		if c := &g.Concordance[i]; c.Hash == g.Text() && c.State(g.Parties) == ConcordDisputed {
			all = append(all, Flag{Kind: "text-disputed"})
			break
		}
	}
	return append(all, g.moreFlags()...)
}

// given lists the notices with their revocations, which are notices too.
func (g *Agreement) given() (all []*Notice) {
	for _, n := range g.Notices {
		if all = append(all, n); n.Revoked != nil {
			all = append(all, n.Revoked)
		}
	}
	for _, m := range sortedKeys(g.Participants) {
		p := g.Participants[m]
		for _, n := range []*Notice{p.Deposit, p.Declined} {
			if n != nil {
				all = append(all, n)
			}
		}
		for _, r := range p.Reservations {
			all = append(all, &r.Notice)
		}
	}
	return all
}

// Stamp is an addressee's word that a notice reached it.
type Stamp struct {
	Step
	Of   Kind
	From MemberID
}

// Stamps lists what addressees said they had received, each in the order of its log. With a depositary they are all its own: its
// notifications to the others, which it numbers (Vienna Convention, article 77(1)(e)).
func (g *Agreement) Stamps() (all []Stamp) {
	for _, n := range g.given() {
		for _, m := range sortedKeys(n.Receipts) {
			if r := n.Receipts[m]; !r.Implied {
				all = append(all, Stamp{r.Step, n.Kind, n.Member})
			}
		}
	}
	slices.SortFunc(all, func(a, b Stamp) int { return cmp.Or(cmp.Compare(a.Member, b.Member), cmp.Compare(a.Index, b.Index)) })
	return all
}

func (g *Agreement) moreFlags() (all []Flag) {
	dates := map[Date]bool{}
	for i := range g.Accords {
		if g.Accords[i].Kind == KindAgreementForce {
			dates[g.Accords[i].On] = true
		}
	}
	if f := g.Force(); len(dates) > 1 && !f.Agree {
		all = append(all, Flag{Kind: "force-differs"})
	}
	for i := range g.Related {
		if g.Related[i].Rebase != "" {
			all = append(all, Flag{Kind: "rebase", Of: g.Related[i].ID})
		}
	}
	for i := range g.Milestones {
		if g.Milestones[i].State == StepAnnulled {
			all = append(all, Flag{Kind: "annulled", Member: g.Milestones[i].Member, Act: &g.Milestones[i].Position})
		}
	}
	return all
}

// eachMark gives every mark about the agreement with the kind of act that made it, in a fixed order.
func (g *Agreement) eachMark(take func(Kind, *Mark)) {
	all := func(k Kind, by Marks) {
		for _, m := range sortedKeys(by) {
			take(k, by[m])
		}
	}
	for _, of := range []struct {
		kind Kind
		list []Agreed
	}{{KindAgreementAdopt, g.Adopted}, {KindAgreementInitial, g.Initials}, {KindAgreementReopen, g.Reopened}} {
		for i := range of.list {
			all(of.kind, of.list[i].By)
		}
	}
	for i := range g.Windows {
		for _, m := range sortedKeys(g.Windows[i].Commits) {
			take(KindAgreementCommit, &g.Windows[i].Commits[m].Mark)
		}
	}
	for i := range g.Accords {
		all(g.Accords[i].Kind, g.Accords[i].By)
	}
	for _, n := range g.Notices {
		take(n.Kind, &n.Mark)
	}
	for _, c := range g.Corrections {
		take(KindAgreementCorrect, &c.Mark)
	}
	for _, m := range sortedKeys(g.Participants) {
		if s := g.Participants[m].Signed; s != nil {
			take(KindAgreementSign, &s.Mark)
		}
		if d := g.Participants[m].Deposit; d != nil {
			take(KindAgreementDeposit, &d.Mark)
		}
	}
}

// unconfirmed lists the marks that wait for confirmation, in a fixed order. What was said in a window that shut waits for nothing.
func (g *Agreement) unconfirmed() (all []*Mark) {
	shut := map[Position]bool{}
	for i := range g.Windows {
		for _, s := range g.Windows[i].Commits {
			shut[s.Position] = len(g.Windows[i].Shut) > 0
		}
	}
	g.eachMark(func(_ Kind, m *Mark) {
		if !m.Counts() && !shut[m.Position] {
			all = append(all, m)
		}
	})
	return all
}

// Uses lists the kinds of acts about the agreement that were done under full powers and have effect.
func (g *Agreement) Uses(mandate ThingID) (all []Kind) {
	g.eachMark(func(k Kind, m *Mark) {
		if m.Mandate == mandate && m.Counts() && !slices.Contains(all, k) {
			all = append(all, k)
		}
	})
	return all
}

// offered lists the steps of a kind that all must state alike and some have not, as long as one who stated it has not stated
// another since; oldest first.
func (g *Agreement) offered(k Kind) (all []*Accord) {
	for i := range g.Accords {
		x := &g.Accords[i]
		stands := slices.ContainsFunc(sortedKeys(x.By), func(m MemberID) bool {
			return !slices.ContainsFunc(g.Accords, func(y Accord) bool { return y.Kind == k && y.By[m] != nil && y.By[m].Index > x.By[m].Index })
		})
		if x.Kind == k && len(x.By) < len(g.Parties) && stands {
			all = append(all, x)
		}
	}
	return all
}

// Offered is the newest step of a kind that others have stated and a member has not; nil: none.
func (g *Agreement) Offered(k Kind, by MemberID) *Accord {
	for _, x := range slices.Backward(g.offered(k)) {
		if x.By[by] == nil {
			return x
		}
	}
	return nil
}

// State of a concordance: disputed when anybody says so, checked when all have, else empty.
func (c *Concord) State(parties []MemberID) ConcordanceWord {
	checked := 0
	for _, m := range parties {
		switch c.By[m] {
		case ConcordDisputed:
			return ConcordDisputed
		case ConcordChecked:
			checked++
		}
	}
	if checked == len(parties) {
		return ConcordChecked
	}
	return ""
}

func (g *Agreement) summary() Summary {
	return Summary{Kind: string(g.Kind), State: string(g.State()), Title: g.Title, Members: g.Parties, Awaits: g.Awaits(), Handling: g.Handling}
}

// Awaits lists who acts next, and what: the steps whose turn it is.
func (g *Agreement) Awaits() []Await {
	if len(g.Abandoned) > 0 {
		return nil
	}
	var all []Await
	owe := func(why string, who []MemberID, due Date) {
		for _, m := range who {
			all = append(all, Await{Of: m, Why: why, Due: due})
		}
	}
	for _, m := range g.unconfirmed() {
		owe("confirm", []MemberID{m.Member}, "")
	}
	for _, n := range g.given() {
		for _, m := range g.addressees(n.Member) {
			if _, ok := n.Receipts[m]; !ok {
				owe("receive", []MemberID{m}, "")
			}
		}
	}
	for i := range g.Brackets {
		if b := &g.Brackets[i]; b.State == BracketOpen {
			others := slices.DeleteFunc(missing(g.Parties, b.Accepted), func(m MemberID) bool { return m == b.Member })
			owe("answer-bracket", others, "")
		}
	}
	for _, c := range g.Corrections {
		if g.CorrectionState(c, "") == "proposed" {
			owe("answer-correction", slices.DeleteFunc(missing(g.Parties, c.Accepted), func(m MemberID) bool { return m == c.Member }), c.ObjectBy)
		}
	}
	for _, k := range g.alike() {
		for _, x := range g.offered(k) {
			owe(strings.TrimPrefix(string(k), "agreement."), missing(g.Parties, x.By), "")
		}
	}
	if g.Multilateral() {
		return dedupe(append(all, g.treatyAwaits()...))
	}
	why, who, due := g.next()
	owe(why, who, due)
	return dedupe(all)
}

// alike lists the kinds of steps that all must state alike and that an answer to is awaited, once one has stated them: not
// those that are done once and are done, and none after the end was agreed. The exchange of instruments is awaited by itself.
func (g *Agreement) alike() (all []Kind) {
	if g.accord(KindAgreementTerminate) != nil {
		return nil
	}
	for _, k := range []Kind{KindAgreementForce, KindAgreementProvis} {
		if g.accord(k) == nil {
			all = append(all, k)
		}
	}
	return append(all, KindAgreementExtend, KindAgreementPause, KindAgreementResume, KindAgreementTerminate)
}

// next is the next step of the whole and who owes it.
func (g *Agreement) next() (why string, who []MemberID, due Date) {
	switch {
	case len(g.Accepted) < len(g.Parties):
		return "negotiate", missing(g.Parties, g.Accepted), ""
	case g.Signed() != nil:
		return g.nextAfterSignature()
	}
	if w := g.Open(); w != nil {
		due = DateOf(w.Closes)
		switch {
		case len(w.Seals) < len(g.Parties):
			return "seal", missing(g.Parties, w.Seals), due
		case len(w.Commits) < len(g.Parties):
			return "commit", missing(g.Parties, w.Commits), due
		}
		return "proces-verbal", missing(g.Parties, w.Verbals), due
	}
	if g.Frozen() != "" {
		return "seal", g.Parties, ""
	}
	for _, list := range [][]Agreed{g.Initials, g.Adopted} {
		for i := range list {
			if in := &list[i]; in.Hash == g.Text() && !g.all(in.By) && agreedOn(g.Reopened, in.Hash) == nil {
				return map[bool]string{true: "initial", false: "adopt"}[agreedOn(g.Initials, in.Hash) != nil], missing(g.Parties, in.By), ""
			}
		}
	}
	if g.Newest() == nil {
		return "table", g.Parties, ""
	}
	return "text", g.Parties, "" // read it, bracket it, adopt or initial it
}

func (g *Agreement) nextAfterSignature() (why string, who []MemberID, due Date) {
	force := g.Force()
	switch force.Wants {
	case "notification":
		for _, m := range g.Parties {
			if g.consentOf(m) == ByNotification && g.noticeOf(m, KindAgreementNotify) == nil {
				who = append(who, m)
			}
		}
		return "complete", who, ""
	case "exchange":
		if open := g.offered(KindAgreementXchg); len(open) == 1 {
			return "exchange", missing(g.Parties, open[0].By), ""
		}
		return "exchange", g.Parties, ""
	case "":
		if binding, _ := g.Binds(); binding && len(g.Registrations) == 0 && g.accord(KindAgreementTerminate) == nil {
			return "register", g.Parties, ""
		}
	}
	return "", nil, ""
}

func (g *Agreement) treatyAwaits() (all []Await) {
	switch {
	case len(g.Accepted) < len(g.Parties):
		for _, m := range missing(g.Parties, g.Accepted) {
			all = append(all, Await{Of: m, Why: "negotiate"})
		}
	case g.Frozen() != "":
		if binding, _ := g.Binds(); binding && g.Force().Date != "" && len(g.Registrations) == 0 && slices.Contains(g.Parties, g.Depositary) {
			all = append(all, Await{Of: g.Depositary, Why: "register"}) // article 77(1)(g)
		}
		shuts := g.version(g.Frozen()).Clauses.Shuts
		for _, m := range g.Parties {
			switch p := g.Participants[m]; {
			case p == nil || p.Signed == nil && p.Deposit == nil:
				all = append(all, Await{Of: m, Why: "sign", Due: shuts})
			case p.Deposit == nil && p.Declined == nil:
				all = append(all, Await{Of: m, Why: "deposit"})
			}
		}
	default:
		why, who, _ := g.next()
		for _, m := range who {
			all = append(all, Await{Of: m, Why: why})
		}
	}
	return all
}

func dedupe(all []Await) []Await {
	slices.SortFunc(all, func(a, b Await) int {
		return cmp.Or(cmp.Compare(a.Of, b.Of), cmp.Compare(a.Why, b.Why), cmp.Compare(a.Due, b.Due))
	})
	return slices.Compact(all)
}
