package jisr

import (
	"slices"
	"time"
)

// NextSteps lists the kinds of acts that would have effect if a member said them now about an agreement, having received
// all acts given: what a page offers. Each is asked of the rules themselves, by folding it with what is there. An act that
// names another act, a segment or a bracket is offered where there is something it can name.
func NextSteps(id ThingID, acts []Act, by MemberID, today Date) []Kind {
	g := Fold(id, acts).Agreement
	if g == nil {
		return nil
	}
	next := Act{V: 1, Forum: acts[0].Forum, About: id, By: &By{}, At: today.time(), Seen: map[MemberID]Index{}, Position: Position{Member: by},
		Content: &Content{Commit: Commit([32]byte{}), Size: 1, Type: "application/json"}}
	for i := range acts {
		a := &acts[i]
		next.Clock = max(next.Clock, a.Clock+1)
		if a.Member == by {
			next.Index = max(next.Index, a.Index+1)
		} else {
			next.Seen[a.Member] = max(next.Seen[a.Member], a.Index+1)
		}
	}
	var all []Kind
	for _, try := range g.tries(by, today) {
		a := next
		a.Kind = try.kind
		raw, err := Terms(try.terms)
		if err != nil {
			continue
		}
		a.Terms = raw
		s := Fold(id, append(acts[:len(acts):len(acts)], a))
		if s.Voids[a.Position] == nil {
			all = append(all, a.Kind)
		}
	}
	return all
}

// try is a kind with terms that would do.
type try struct {
	kind  Kind
	terms any
}

func (g *Agreement) tries(by MemberID, today Date) []try {
	in, office := Within{g.Of}, Authority{Capacity: ForeignMinister}
	window := WindowTerms{Hash: g.Text(), Closes: today.time().Add(24 * time.Hour), Date: today}
	open := window
	if w := g.Open(); w != nil {
		open = w.WindowTerms
		if w.Seals[by] == nil {
			window = open // it joins the window that is open
		}
	}
	text := TextTerms{in, office, g.Text(), today}
	on := AccordTerms{On: today}
	all := []try{
		{KindAgreementNegotiate, IntentTerms{in, true}}, {KindAgreementDeclare, IntentTerms{in, true}},
		{KindAgreementTable, TableTerms{Within: in, Hash: Commit([32]byte{1}), Clauses: g.anyClauses()}},
		{KindAgreementAdopt, text}, {KindAgreementInitial, text}, {KindAgreementReopen, text}, {KindAgreementSign, text},
		{KindAgreementSeal, SealTerms{in, window}}, {KindAgreementUnseal, SealTerms{in, open}}, {KindAgreementLapse, SealTerms{in, open}},
		{KindAgreementCommit, CommitTerms{in, office, open, FullSignature}}, {KindAgreementVerbal, SealTerms{in, open}},
		{KindAgreementMilestone, milestoneActTerms{in, MilestoneTerms{Text{"en": "x"}, StepDone, today}}},
		{KindAgreementRegister, registrationActTerms{in, RegistrationTerms{"un", "1", today}}},
		{KindAgreementDormant, dormancyActTerms{in, DormancyTerms{Reason: DormantSilence, Date: today}}}, {KindAgreementWake, in},
	}
	if v := g.Newest(); v != nil {
		all = append(all, try{KindAgreementBracket, BracketTerms{in, g.Text(), "x", BracketReplace}},
			try{KindAgreementCorrect, correctionActTerms{in, office, today, CorrectionTerms{Hash: g.Text(), Segment: "x", Lang: v.Clauses.Languages[0]}}})
		if l := v.Clauses.Languages; len(l) > 1 {
			all = append(all, try{KindAgreementConcord, ConcordTerms{Within: in, Hash: g.Text(), Pair: [2]string{l[0], l[1]}, Word: ConcordChecked}})
		}
	}
	for _, k := range []Kind{KindAgreementNotify, KindAgreementAbandon, KindAgreementProvEnd, KindAgreementDenounce, KindAgreementSuspend, KindAgreementDeposit, KindAgreementReserve} {
		all = append(all, try{k, noticeActTerms{in, office, today, NoticeTerms{Ground: GroundClause, Instrument: g.instrumentFor(k, by)}}})
	}
	for _, k := range []Kind{KindAgreementXchg, KindAgreementForce, KindAgreementProvis, KindAgreementExtend, KindAgreementPause, KindAgreementResume, KindAgreementTerminate} {
		all = append(all, try{k, accordActTerms{in, office, today, on}})
	}
	return append(all, g.answers(by, today)...)
}

// answers are the acts that name another one, each with one it can name.
func (g *Agreement) answers(by MemberID, today Date) (all []try) {
	first := map[Kind]bool{}
	for _, o := range g.Answers(by) {
		if !first[o.Kind] {
			first[o.Kind] = true
			all = append(all, try{o.Kind, ActTerms{Within: Within{g.Of}, Authority: Authority{Capacity: ForeignMinister}, Act: o.Act, Date: today}})
		}
	}
	return all
}

// Answer is an act that a member could give as an answer to another act.
type Answer struct {
	Kind Kind
	Act  Position // what it answers
}

// Answering tells whether a kind of act is an answer to another act, which it names.
func Answering(k Kind) bool {
	switch k {
	case KindAgreementConfirm, KindAgreementBracketAccept, KindAgreementBracketWithdraw, KindAgreementReceive, KindAgreementObject, KindAgreementRevoke,
		KindAgreementUnreserve, KindAgreementCorrectAccept, KindAgreementCorrectObject:
		return true
	}
	return false
}

// Answers lists the acts that wait for one of a member's own, each with what that would be.
func (g *Agreement) Answers(by MemberID) (all []Answer) {
	to := func(k Kind, at Position, fits bool) {
		if fits {
			all = append(all, Answer{k, at})
		}
	}
	for _, m := range g.unconfirmed() {
		to(KindAgreementConfirm, m.Position, m.Member == by)
	}
	for i := range g.Brackets {
		b := &g.Brackets[i]
		_, accepted := b.Accepted[by]
		to(KindAgreementBracketAccept, b.Position, b.State == BracketOpen && b.Member != by && !accepted)
		to(KindAgreementBracketWithdraw, b.Position, b.State == BracketOpen && b.Member == by)
	}
	for _, n := range g.given() {
		_, stamped := n.Receipts[by]
		to(KindAgreementReceive, n.Position, slices.Contains(g.addressees(n.Member), by) && (!stamped || n.Receipts[by].Implied))
		ends := n.Kind == KindAgreementDenounce || n.Kind == KindAgreementSuspend
		_, objected := n.Objected[by]
		to(KindAgreementObject, n.Position, ends && n.Member != by && !objected)
		to(KindAgreementRevoke, n.Position, ends && n.Member == by && n.Revoked == nil)
	}
	for _, m := range sortedKeys(g.Participants) {
		for _, r := range g.Participants[m].Reservations {
			_, objected := r.Objections[by]
			to(KindAgreementUnreserve, r.Position, m == by && r.Revoked == nil)
			to(KindAgreementObject, r.Position, m != by && r.Revoked == nil && !objected)
		}
	}
	for _, c := range g.Corrections {
		_, accepted := c.Accepted[by]
		_, objected := c.Objected[by]
		open := c.Member != by && !accepted && !objected
		to(KindAgreementCorrectAccept, c.Position, open)
		to(KindAgreementCorrectObject, c.Position, open)
	}
	return all
}

func (g *Agreement) instrumentFor(k Kind, by MemberID) Instrument {
	switch {
	case k != KindAgreementDeposit:
		return ""
	case g.Participants[by] == nil || g.Participants[by].Signed == nil:
		return Accession
	}
	return Ratification
}

// anyClauses are final clauses that hold, for asking whether a text may be tabled.
func (g *Agreement) anyClauses() Clauses {
	c := Clauses{Languages: []string{"ar"}, Consent: map[MemberID]ConsentMethod{}, Force: ForceRule{On: ForceSignature}}
	for _, m := range g.Parties {
		c.Consent[m] = BySignature
	}
	return c
}

// StepsFor lists the acts by which a member takes a step that is awaited of it (see Await), the likeliest first.
func StepsFor(why string) []Kind {
	switch why {
	case "negotiate":
		return []Kind{KindAgreementNegotiate}
	case "table":
		return []Kind{KindAgreementTable}
	case "text":
		return []Kind{KindAgreementInitial, KindAgreementAdopt, KindAgreementTable, KindAgreementConcord}
	case "adopt":
		return []Kind{KindAgreementAdopt}
	case "initial":
		return []Kind{KindAgreementInitial}
	case "answer-bracket":
		return []Kind{KindAgreementBracketAccept}
	case "answer-correction":
		return []Kind{KindAgreementCorrectAccept, KindAgreementCorrectObject}
	case "seal":
		return []Kind{KindAgreementSeal}
	case "commit":
		return []Kind{KindAgreementCommit, KindAgreementUnseal}
	case "proces-verbal":
		return []Kind{KindAgreementVerbal}
	case "confirm":
		return []Kind{KindAgreementConfirm}
	case "complete":
		return []Kind{KindAgreementNotify, KindAgreementMilestone}
	case "exchange":
		return []Kind{KindAgreementXchg, KindAgreementMilestone}
	case "receive":
		return []Kind{KindAgreementReceive}
	case "force-note", "provisional", "extend", "suspend-agreed", "resume", "terminate": // what another has stated of a step that all must state alike
		return []Kind{Kind("agreement." + why)}
	case "register":
		return []Kind{KindAgreementRegister}
	case "sign":
		return []Kind{KindAgreementSign}
	case "deposit":
		return []Kind{KindAgreementDeposit, KindAgreementReserve}
	}
	return nil
}

// AgreementTurns names what is said of who acts next: the name of each state alone, and of some with what then decides it.
func AgreementTurns() []string {
	all := []string{"initialled.commit", "initialled.proces-verbal", "signed-subject-to-ratification.exchange", "in-force.registered",
		"initialled.sign", "signed-subject-to-ratification.deposit", "signed-subject-to-ratification.receive", "in-force.register"} // these with a depositary
	for _, st := range AgreementStates() {
		all = append(all, string(st)+".next")
	}
	return all
}

// Turn is which of AgreementTurns holds on a day.
func (g *Agreement) Turn(today Date) string {
	state, awaits := string(g.Standing(today)), g.Awaits()
	for _, a := range awaits {
		if turn := state + "." + a.Why; (a.Why != "register" && a.Why != "receive" || g.Multilateral()) && slices.Contains(AgreementTurns(), turn) {
			return turn
		}
	}
	if state == string(AgreementInForce) && !slices.ContainsFunc(awaits, func(a Await) bool { return a.Why == "register" }) {
		return "in-force.registered" // or it is none that is registered
	}
	return state + ".next"
}
