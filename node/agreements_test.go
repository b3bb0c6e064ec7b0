package node_test

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"jisr"
	"jisr/book"
	"jisr/ledger"
	"jisr/node"
	"jisr/node/nodetest"
)

func circles() [][]jisr.MemberID { return [][]jisr.MemberID{{"iq", "sy"}, {"iq", "jo", "sy"}} }

// pact is an agreement on real nodes, initialled by all its parties.
type pact struct {
	*nodetest.World
	t       *testing.T
	id      jisr.ThingID
	parties []jisr.MemberID
}

func (p *pact) all(do func(a *nodetest.Actor)) {
	p.t.Helper()
	p.Settle()
	for _, m := range p.parties {
		a := p.As(m)
		do(a)
		a.Done()
	}
	p.Settle()
}

func newPact(t *testing.T, parties []jisr.MemberID) *pact { t.Helper(); return newPactWith(t, parties) }

func newPactWith(t *testing.T, parties []jisr.MemberID, change ...func(*jisr.InstrumentText)) *pact {
	t.Helper()
	w := nodetest.New(t, parties...)
	p := &pact{World: w, t: t, parties: parties}
	p.id = w.As("iq").ProposesAgreement(parties...)
	return p.negotiated(change...)
}

// negotiated takes a proposal to a text that all have initialled.
func (p *pact) negotiated(change ...func(*jisr.InstrumentText)) *pact {
	p.t.Helper()
	p.Settle()
	for _, m := range p.parties[1:] {
		p.As(m).Negotiates(p.id).Done()
	}
	p.As("iq").Tables(p.id, p.Text(p.parties, "The Parties exchange water levels.", change...))
	p.all(func(a *nodetest.Actor) { a.Initials(p.id) })
	return p
}

func (p *pact) sees(want jisr.AgreementState) {
	p.t.Helper()
	p.Settle()
	for _, m := range p.parties {
		p.As(m).SeesAgreement(p.id, want)
	}
}

func (p *pact) signed() *pact {
	p.t.Helper()
	p.Pass(time.Minute) // another closing time is another window
	closes := p.Now().Add(time.Hour)
	p.all(func(a *nodetest.Actor) { a.Seals(p.id, closes) })
	p.all(func(a *nodetest.Actor) { a.Commits(p.id) })
	p.all(func(a *nodetest.Actor) { a.States(p.id) })
	p.sees(jisr.AgreementSignedRatify)
	return p
}

func (p *pact) stamps(of jisr.MemberID, notice jisr.Position) {
	p.t.Helper()
	p.Settle()
	for _, m := range p.parties {
		if m != of {
			p.As(m).Stamps(p.id, notice).Done()
		}
	}
}

func (p *pact) ratified() *pact {
	p.t.Helper()
	for _, m := range p.parties {
		p.stamps(m, p.As(m).Notifies(p.id, jisr.KindAgreementNotify, jisr.NoticeTerms{Instrument: jisr.Completion}))
	}
	p.sees(jisr.AgreementAwaitingForce)
	return p
}

// One agreement from its proposal to its end on real nodes, through what can cross at each step while the link is cut; after
// every step the digests of all nodes agree (Settle).
func TestAgreementLifeOnNodes(t *testing.T) {
	for _, c := range circles() {
		p := newPact(t, c)
		p.sees(jisr.AgreementInitialled)
		p.leavesTheWindow(t, c)
		p.lapses(t, c)
		p.signsThroughACut(t, c)
		p.noticesCross(t, c)
		p.Pass(31 * 24 * time.Hour)
		p.sees(jisr.AgreementInForce)
		p.conflictsInForce(t, c)
	}
}

// lapses: the link is cut between signature and procès-verbal; after the window both let it lapse, and nothing was signed.
func (p *pact) lapses(t *testing.T, c []jisr.MemberID) {
	t.Helper()
	p.Pass(time.Minute) // another closing time is another window
	closes := p.Now().Add(time.Hour)
	p.all(func(a *nodetest.Actor) { a.Seals(p.id, closes) })
	p.Cut(c...)
	for _, m := range c {
		p.As(m).Commits(p.id).Done()
		p.As(m).States(p.id).Refused(jisr.NotCommitted)
		p.As(m).Lapses(p.id).Refused(jisr.Committed)
	}
	p.Pass(2 * time.Hour)
	for _, m := range c {
		p.As(m).States(p.id).Refused(jisr.WindowShut)
		if err := node.Attend(t.Context(), p.Node(m)); err != nil { // the house says by itself that the window lapsed
			t.Fatal(err)
		}
		if g := p.As(m).Agreement(p.id); g.Open() != nil || g.Windows[len(g.Windows)-1].Shut[m] == (jisr.Step{}) {
			t.Errorf("%s left its signature standing: %+v", m, g.Windows)
		}
		p.As(m).Lapses(p.id).Refused(jisr.WindowShut)
	}
	p.Restore(c...)
	p.sees(jisr.AgreementInitialled)
}

// signsThroughACut: the link is cut after each stated the procès-verbal: it waits, bound to nothing, until the other's arrives.
func (p *pact) signsThroughACut(t *testing.T, c []jisr.MemberID) {
	t.Helper()
	p.Pass(time.Minute) // another closing time is another window
	closes := p.Now().Add(time.Hour)
	p.all(func(a *nodetest.Actor) { a.Seals(p.id, closes) })
	p.all(func(a *nodetest.Actor) { a.Commits(p.id) })
	p.Cut(c...)
	for _, m := range c {
		p.As(m).States(p.id).Done()
		p.As(m).SeesAgreement(p.id, jisr.AgreementInitialled)
	}
	p.Pass(2 * time.Hour)
	p.Restore(c...)
	p.sees(jisr.AgreementSignedRatify)
}

// leavesTheWindow plays C1: one signs while the other, cut off, leaves the window.
func (p *pact) leavesTheWindow(t *testing.T, c []jisr.MemberID) {
	t.Helper()
	p.Pass(time.Minute) // another closing time is another window
	closes := p.Now().Add(time.Hour)
	p.all(func(a *nodetest.Actor) { a.Seals(p.id, closes) })
	p.Cut(c...)
	p.As("iq").Commits(p.id).Done()
	p.As("sy").Unseals(p.id).Done()
	p.Restore(c...)
	p.sees(jisr.AgreementInitialled)
	p.As("iq").States(p.id).Refused(jisr.WindowShut)
	p.As("sy").Commits(p.id).Refused(jisr.WindowShut)
}

// noticesCross plays C3: notifications of completion cross; entry into force counts from the later receipt.
func (p *pact) noticesCross(t *testing.T, c []jisr.MemberID) {
	t.Helper()
	p.Cut(c...)
	notes := map[jisr.MemberID]jisr.Position{}
	for _, m := range c {
		notes[m] = p.As(m).Notifies(p.id, jisr.KindAgreementNotify, jisr.NoticeTerms{})
	}
	p.Pass(48 * time.Hour)
	p.Restore(c...)
	for _, m := range c {
		p.stamps(m, notes[m])
	}
	p.sees(jisr.AgreementAwaitingForce)
	want := p.Node("iq").Today().AddDays(30) // from receipt, not from writing
	for _, m := range c {
		if got := p.As(m).Agreement(p.id).Force().Date; got != want {
			t.Errorf("%s reckons %s, want %s", m, got, want)
		}
	}
}

// conflictsInForce plays C18, C19, C22, then C7 and C4: what two sides say while the link is cut.
func (p *pact) conflictsInForce(t *testing.T, c []jisr.MemberID) {
	t.Helper()
	cross := func(name string, iq, sy func(a *nodetest.Actor), then func(g *jisr.Agreement) bool) {
		t.Helper()
		p.Cut(c...)
		a, b := p.As("iq"), p.As("sy")
		iq(a)
		a.Done()
		sy(b)
		b.Done()
		p.Restore(c...)
		p.Settle()
		for _, m := range c {
			if !then(p.As(m).Agreement(p.id)) {
				t.Errorf("%s: %s sees %+v", name, m, p.As(m).Agreement(p.id))
			}
		}
	}
	concord := func(w jisr.ConcordanceWord) func(*nodetest.Actor) {
		return func(a *nodetest.Actor) {
			a.Steps(p.id, jisr.KindAgreementConcord, map[string]any{"pair": [2]string{"ar", "en"}, "segments": []string{"art1-p1"}, "word": w}, nil)
		}
	}
	cross("C18", concord(jisr.ConcordDisputed), concord(jisr.ConcordChecked), func(g *jisr.Agreement) bool {
		return len(g.Concordance) == 1 && g.Concordance[0].State(c) == jisr.ConcordDisputed
	})
	register := func(no string) func(*nodetest.Actor) {
		return func(a *nodetest.Actor) {
			a.Steps(p.id, jisr.KindAgreementRegister, jisr.RegistrationTerms{With: "un", Number: no, Date: "2027-01-01"}, nil)
		}
	}
	cross("C19", register("I-1"), register("I-2"), func(g *jisr.Agreement) bool { return len(g.Registrations) == 2 })
	dormant := func(segments ...string) func(*nodetest.Actor) {
		return func(a *nodetest.Actor) {
			a.Steps(p.id, jisr.KindAgreementDormant, map[string]any{"reason": jisr.DormantSevered, "continuity": segments, "channel": "a third member"}, nil)
		}
	}
	cross("C22", dormant("art1", "art1-p1"), dormant("art1-p1"), func(g *jisr.Agreement) bool { return g.State() == jisr.AgreementAwaitingForce && len(g.Dormant) == 2 })
	wake := func(a *nodetest.Actor) { a.Steps(p.id, jisr.KindAgreementWake, nil, nil) }
	cross("C22, over", wake, wake, func(g *jisr.Agreement) bool { return len(g.Dormant) == 0 })
	p.amendments(t, c, cross)
}

// C2 on nodes: completion crosses a declaration of no intention.
func TestC2OnNodes(t *testing.T) {
	for _, c := range circles() {
		p := newPact(t, c).signed()
		p.Cut(c...)
		p.As("iq").Notifies(p.id, jisr.KindAgreementNotify, jisr.NoticeTerms{})
		p.As("sy").Notifies(p.id, jisr.KindAgreementAbandon, jisr.NoticeTerms{})
		p.Restore(c...)
		p.sees(jisr.AgreementAbandoned)
	}
}

// C5 and C6 on nodes: denunciations cross; one is revoked in time and the other too late.
func TestC5AndC6OnNodes(t *testing.T) {
	for _, c := range circles() {
		p := newPact(t, c).signed().ratified()
		p.Pass(40 * 24 * time.Hour)
		p.sees(jisr.AgreementInForce)
		p.Cut(c...)
		iq := p.As("iq").Notifies(p.id, jisr.KindAgreementDenounce, jisr.NoticeTerms{Ground: jisr.GroundClause})
		sy := p.As("sy").Notifies(p.id, jisr.KindAgreementDenounce, jisr.NoticeTerms{Ground: jisr.GroundClause, From: p.Node("sy").Today().AddMonths(24)})
		p.Restore(c...)
		p.stamps("iq", iq)
		p.stamps("sy", sy)
		p.sees(jisr.AgreementEnding)
		if end, _ := p.As("sy").Agreement(p.id).End(); end != p.Node("iq").Today().AddMonths(6) {
			t.Errorf("ends on %s", end)
		}
		for _, m := range []jisr.MemberID{"iq", "sy"} {
			notice := map[jisr.MemberID]jisr.Position{"iq": iq, "sy": sy}[m]
			back := p.As(m).Steps(p.id, jisr.KindAgreementRevoke, map[string]any{"act": notice, "capacity": jisr.ForeignMinister}, nil)
			p.stamps(m, back.Position)
		}
		p.sees(jisr.AgreementInForce)
	}
}

// C23 and C24 on nodes, the agreement in force and the link cut: a court annuls the ratification at home while the other side
// registers the agreement; a post gets another holder. Nothing else changes: the agreement is in force, what was signed stands,
// and full powers end by their own terms.
func TestC23AndC24OnNodes(t *testing.T) {
	for _, c := range circles() {
		p := newPact(t, c)
		iq := p.As("iq")
		iq.Do(node.PlanDomestic{Forum: p.Forum, Agreement: p.id, Steps: []jisr.DomesticStep{{ID: "law", Title: jisr.Text{"ar": "قانون التصديق"}}}})
		iq.Do(node.AddOfficial{ID: "envoy", Post: jisr.Text{"ar": "السفير"}, Desk: "mofa", Roles: []jisr.Role{jisr.Plenipotentiary}, Password: phrase})
		mandate := iq.Steps("", jisr.KindMandateIssue, jisr.MandateTerms{Holder: "envoy", Post: jisr.Text{"ar": "السفير"}, Issuer: jisr.Text{"ar": "الوزير"},
			Acts: []jisr.MandateAct{jisr.MayNotify}, Subjects: []jisr.ThingID{p.id}, From: p.Node("iq").Today(), To: p.Node("iq").Today().AddDays(60)}, nil).Thing
		iq.Done()
		p.signed().ratified()
		p.Pass(40 * 24 * time.Hour)
		p.sees(jisr.AgreementInForce)

		p.Cut(c...)
		iq.Do(node.MoveDomestic{Forum: p.Forum, Agreement: p.id, Move: jisr.DomesticTerms{Step: "law", State: jisr.StepAnnulled, Reason: "المحكمة الاتحادية"}})
		iq.Do(node.HandOver{ID: "envoy"})
		iq.Done()
		p.As("sy").Steps(p.id, jisr.KindAgreementRegister, jisr.RegistrationTerms{With: "un", Number: "I-1", Date: p.Node("sy").Today()}, nil)
		p.Restore(c...)
		p.sees(jisr.AgreementInForce)
		for _, m := range c {
			g := p.As(m).Agreement(p.id)
			if len(g.Milestones) > 0 || len(g.Registrations) != 1 || len(g.Flags(p.Node(m).Today())) > 0 {
				t.Errorf("%s learned of what happened at home: %+v", m, g.Flags(p.Node(m).Today()))
			}
		}

		p.Cut(c...)
		iq.Steps(p.id, jisr.KindAgreementMilestone, jisr.MilestoneActTerms("", jisr.MilestoneTerms{Title: jisr.Text{"ar": "قانون التصديق"}, State: jisr.StepAnnulled, Date: p.Node("iq").Today()}), nil)
		iq.Done()
		p.Pass(30 * 24 * time.Hour)
		p.Restore(c...)
		p.sees(jisr.AgreementInForce) // obligations are what they were until notice is given
		for _, m := range c {
			flags := p.As(m).Agreement(p.id).Flags(p.Node(m).Today())
			if !slices.ContainsFunc(flags, func(f jisr.Flag) bool { return f.Kind == "annulled" && f.Member == "iq" }) {
				t.Errorf("%s sees no annulment: %+v", m, flags)
			}
			v, err := p.Node(m).Book().Thing(t.Context(), book.Whole(), p.Forum, mandate)
			if err != nil || v.State.Mandate.Standing(p.Node(m).Today()) != jisr.MandateExpired {
				t.Errorf("%s: full powers of a post outlive their day: %+v %v", m, v.State.Mandate, err)
			}
		}
	}
}

// C8 and C9 on nodes: wordings of one segment and initials of two texts cross while the link is cut.
func TestC8AndC9OnNodes(t *testing.T) {
	for _, c := range circles() {
		w := nodetest.New(t, c...)
		id := w.As("iq").ProposesAgreement(c...)
		w.Settle()
		for _, m := range c[1:] {
			w.As(m).Negotiates(id).Done()
		}
		w.As("iq").Tables(id, w.Text(c, "One."))
		w.Settle()
		second := w.As("sy").Tables(id, w.Text(c, "Two."))
		w.Settle()
		w.Cut(c...)
		for _, m := range []jisr.MemberID{"iq", "sy"} {
			w.As(m).Steps(id, jisr.KindAgreementBracket, jisr.BracketTerms{Hash: second, Segment: "art1-p1", Op: jisr.BracketReplace},
				jisr.BracketBody{Text: jisr.Text{"ar": "صياغة أخرى.", "en": "Wording of " + string(m) + "."}})
		}
		first := w.As("iq").Agreement(id).Versions[0].Hash
		w.As("iq").Steps(id, jisr.KindAgreementInitial, jisr.TextTerms{Authority: jisr.Authority{Capacity: jisr.ForeignMinister}, Hash: first, Date: w.Node("iq").Today()}, nil)
		w.As("sy").Initials(id).Done()
		w.Restore(c...)
		w.Settle()
		for _, m := range c {
			g := w.As(m).Agreement(id)
			if len(g.Brackets) != 2 || g.Brackets[0].State != jisr.BracketOpen || g.Brackets[0].Member == g.Brackets[1].Member {
				t.Errorf("%s sees the brackets %+v", m, g.Brackets)
			}
			if len(g.Initials) != 2 || g.Frozen() != "" || g.State() != jisr.AgreementNegotiating {
				t.Errorf("%s sees %s, frozen %q, initials %+v", m, g.State(), g.Frozen(), g.Initials)
			}
		}
	}
}

// Clearance: who drafts neither clears nor releases; what could not go is not cleared.
func TestOutgoingActsAreCleared(t *testing.T) {
	w := nodetest.New(t, "iq", "sy")
	iq := w.As("iq")
	drafter := w.Official("iq", "first.secretary", jisr.Drafter)
	chief := w.Official("iq", "head.of.desk", jisr.Drafter, jisr.Releaser)
	step, err := node.NewStep(jisr.KindAgreementPropose, jisr.ProposeTerms{Kind: jisr.MOU, Title: jisr.Text{"ar": "مذكرة تفاهم"}, Parties: []jisr.MemberID{"iq", "sy"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	iq.DoAs(drafter, node.SayStep{Forum: w.Forum, Step: step})
	iq.Refused(jisr.NotAllowed)
	done := iq.DoAs(chief, node.DraftStep{Forum: w.Forum, Step: step})
	iq.Done()
	iq.DoAs(chief, node.ClearStep{ID: done.Thing, Version: 1})
	iq.Refused(jisr.SecondPerson)
	second := w.Official("iq", "director", jisr.Releaser)
	iq.DoAs(second, node.ReleaseStep{ID: done.Thing, Version: 1, Kind: jisr.KindAgreementPropose})
	iq.Refused(jisr.NotCleared)
	iq.DoAs(second, node.ReturnStep{ID: done.Thing, Version: 1, Reason: "العنوان"})
	iq.DoAs(chief, node.DraftStep{Forum: w.Forum, ID: done.Thing, Version: 1, Step: step})
	iq.DoAs(second, node.ClearStep{ID: done.Thing, Version: 2})
	iq.Done()
	iq.DoAs(chief, node.ReleaseStep{ID: done.Thing, Version: 2, Kind: jisr.KindAgreementPropose})
	iq.Refused(jisr.SecondPerson)
	gone := iq.DoAs(second, node.ReleaseStep{ID: done.Thing, Version: 2, Kind: jisr.KindAgreementPropose})
	iq.Done()
	iq.DoAs(second, node.ReleaseStep{ID: done.Thing, Version: 2, Kind: jisr.KindAgreementPropose})
	iq.Refused(jisr.NotDraft)
	w.Settle()
	w.As("sy").SeesAgreement(gone.Thing, jisr.AgreementProposed)
	if rows, err := w.Node("sy").Outgoing(t.Context(), book.Whole(), w.Forum, ""); err != nil || len(rows) != 0 {
		t.Errorf("the other side sees what the house prepared: %+v %v", rows, err)
	}
}

// The domestic track is the house's own: the other side learns of it by a milestone only (C23).
func TestDomesticTrackStaysInTheHouse(t *testing.T) {
	p := newPact(t, []jisr.MemberID{"iq", "sy"})
	iq := p.As("iq")
	iq.Do(node.PlanDomestic{Forum: p.Forum, Agreement: p.id, Steps: []jisr.DomesticStep{{ID: "council", Title: jisr.Text{"ar": "مجلس النواب"}}, {ID: "gazette", Title: jisr.Text{"ar": "الجريدة الرسمية"}}}})
	iq.Do(node.MoveDomestic{Forum: p.Forum, Agreement: p.id, Move: jisr.DomesticTerms{Step: "council", State: jisr.StepDone}})
	iq.Refused(jisr.Missing)
	iq.Do(node.MoveDomestic{Forum: p.Forum, Agreement: p.id, Move: jisr.DomesticTerms{Step: "council", State: jisr.StepDone, Evidence: "قانون رقم 1"}})
	iq.Do(node.MoveDomestic{Forum: p.Forum, Agreement: p.id, Move: jisr.DomesticTerms{Step: "council", State: jisr.StepAnnulled, Reason: "المحكمة"}})
	iq.Done()
	track, err := p.Node("iq").Book().Domestic(t.Context(), book.Whole(), p.id)
	if err != nil || track == nil || track.Steps[0].State != jisr.StepAnnulled || track.Steps[1].State != jisr.StepNotStarted {
		t.Fatalf("%+v %v", track, err)
	}
	p.Settle()
	if other, err := p.Node("sy").Book().Domestic(t.Context(), book.Whole(), p.id); err != nil || other != nil {
		t.Errorf("the other side sees %+v %v", other, err)
	}
	p.sees(jisr.AgreementInitialled)
	iq.Steps(p.id, jisr.KindAgreementMilestone, jisr.MilestoneActTerms("", jisr.MilestoneTerms{Title: jisr.Text{"ar": "مجلس النواب"}, State: jisr.StepAnnulled, Date: p.Node("iq").Today()}), nil)
	p.Settle()
	if g := p.As("sy").Agreement(p.id); len(g.Milestones) != 1 || len(g.Flags(p.Node("sy").Today())) == 0 {
		t.Errorf("the milestone did not arrive: %+v", g.Milestones)
	}
}

// A text that is not canonical, or not here, is neither tabled nor initialled.
func TestTextsAreCheckedBeforeTheyAreSaid(t *testing.T) {
	w := nodetest.New(t, "iq", "sy")
	iq := w.As("iq")
	c := []jisr.MemberID{"iq", "sy"}
	id := iq.ProposesAgreement(c...)
	bad := w.Text(c, "Two  spaces.")
	iq.Steps(id, jisr.KindAgreementTable, nil, bad)
	iq.Refused(jisr.NotCanonical)
	iq.Steps(id, jisr.KindAgreementInitial, jisr.Authority{Capacity: jisr.ForeignMinister}, nil)
	iq.Refused(jisr.NoSuch)
	hash := iq.Tables(id, w.Text(c, "Sound."))
	text, err := w.Node("iq").Text(t.Context(), book.Whole(), w.Forum, id, "")
	if err != nil || text.Segment("art1-p1").Text["en"] != "Sound." {
		t.Fatalf("%+v %v", text, err)
	}
	if got, err := text.Hash(); err != nil || got != hash {
		t.Errorf("hash %s, want %s: %v", got, hash, err)
	}
}

// amendments plays C7, and C4: one denounces while the other signs the amendment.
func (p *pact) amendments(t *testing.T, c []jisr.MemberID, cross func(string, func(*nodetest.Actor), func(*nodetest.Actor), func(*jisr.Agreement) bool)) {
	t.Helper()
	ids := map[jisr.MemberID]jisr.ThingID{}
	propose := func(m jisr.MemberID) func(*nodetest.Actor) {
		return func(a *nodetest.Actor) {
			ids[m] = a.Steps("", jisr.KindAgreementPropose, jisr.ProposeTerms{Within: jisr.Within{Of: p.id}, Relation: jisr.Amends, Kind: jisr.AgreementKind,
				Title: jisr.Text{"ar": "تعديل"}, Parties: c, Binding: true}, nil).Thing
		}
	}
	cross("C7", propose("iq"), propose("sy"), func(g *jisr.Agreement) bool { return len(g.Related) == 2 })
	bySignature := func(x *jisr.InstrumentText) {
		for m := range x.Clauses.Consent {
			x.Clauses.Consent[m] = jisr.BySignature
		}
		x.Clauses.Force = jisr.ForceRule{On: jisr.ForceSignature}
	}
	for _, m := range []jisr.MemberID{"iq", "sy"} {
		for _, o := range c {
			if o != m {
				p.As(o).Negotiates(ids[m]).Done()
			}
		}
		a := p.As(m)
		a.Steps(ids[m], jisr.KindAgreementTable, map[string]any{"changes": []string{"art1-p1"}}, p.Text(c, "Changed by "+string(m)+".", bySignature))
		a.Done()
	}
	p.Pass(time.Minute) // another closing time is another window
	closes := p.Now().Add(time.Hour)
	p.all(func(a *nodetest.Actor) { a.Seals(ids["iq"], closes) })
	for _, m := range c {
		if m != "sy" {
			p.As(m).Commits(ids["iq"]).Done()
		}
	}
	p.Settle()
	var notice jisr.Position
	cross("C4",
		func(a *nodetest.Actor) {
			notice = a.Notifies(p.id, jisr.KindAgreementDenounce, jisr.NoticeTerms{Ground: jisr.GroundClause})
		},
		func(a *nodetest.Actor) { a.Commits(ids["iq"]) },
		func(g *jisr.Agreement) bool { return len(g.Notices) == len(c)+1 })
	p.all(func(a *nodetest.Actor) { a.States(ids["iq"]) })
	p.stamps("iq", notice)
	p.sees(jisr.AgreementEnding)
	for _, m := range c {
		for _, r := range p.As(m).Agreement(p.id).Related {
			if (r.ID == ids["iq"]) != (r.Force != "") || (r.ID == ids["sy"]) != (r.Rebase == ids["iq"]) {
				t.Errorf("%s sees the amendment %+v", m, r)
			}
		}
	}
}

// C10 and C20 on nodes: full powers are revoked while their holder signs; two instruments reach the depositary on one day.
func TestC10OnNodes(t *testing.T) {
	for _, c := range circles() {
		p := newPact(t, c)
		envoy := p.Program("sy", "envoy", jisr.Roles()...)
		sy := p.As("sy")
		mandate := sy.Steps("", jisr.KindMandateIssue, jisr.MandateTerms{Holder: "envoy", Post: jisr.Text{"ar": "السفير"}, Issuer: jisr.Text{"ar": "وزير الخارجية"},
			Capacity: jisr.ForeignMinister, Acts: []jisr.MandateAct{jisr.MaySign}, Subjects: []jisr.ThingID{p.id}, From: p.Node("sy").Today()}, nil).Thing
		sy.Done()
		closes := p.Now().Add(time.Hour)
		p.all(func(a *nodetest.Actor) { a.Seals(p.id, closes) })
		p.As("iq").Steps(mandate, jisr.KindMandateVerify, jisr.MandateSubjects{Subjects: []jisr.ThingID{p.id}}, nil)
		p.Settle()
		p.Cut(c...)
		sign := func() {
			step, err := node.NewStep(jisr.KindAgreementCommit, map[string]any{"mandate": mandate}, nil)
			if err != nil {
				t.Fatal(err)
			}
			sy.DoAs(envoy, node.SayStep{Forum: p.Forum, About: p.id, Step: step})
		}
		sign()
		sy.Done()
		sy.Steps(mandate, jisr.KindMandateRevoke, jisr.MandateSubjects{Subjects: []jisr.ThingID{p.id}, Reason: "سحب التفويض"}, nil)
		sy.Done()
		for _, m := range c {
			if m != "sy" {
				p.As(m).Commits(p.id).Done()
			}
		}
		p.Restore(c...)
		p.all(func(a *nodetest.Actor) { a.States(p.id) })
		p.sees(jisr.AgreementSignedRatify) // the signature stands before the revocation in its own log
	}
}

func TestC20OnNodes(t *testing.T) {
	c := []jisr.MemberID{"iq", "jo", "sy"}
	w := nodetest.New(t, c...)
	id := w.As("iq").Steps("", jisr.KindAgreementPropose, jisr.ProposeTerms{Kind: jisr.Convention, Title: jisr.Text{"ar": "اتفاقية متعددة الأطراف"}, Parties: c, Depositary: "jo", Binding: true}, nil).Thing
	w.Settle()
	for _, m := range c[1:] {
		w.As(m).Negotiates(id).Done()
	}
	w.As("iq").Tables(id, w.Text(c, "On one river.", func(x *jisr.InstrumentText) {
		for m := range x.Clauses.Consent {
			x.Clauses.Consent[m] = jisr.ByDeposit
		}
		x.Clauses.Force = jisr.ForceRule{On: jisr.ForceDepositCount, Count: 2, Days: 30}
		x.Segments[0].Text = jisr.Text{"ar": "اتفاقية", "en": "Convention"}
	}))
	p := &pact{World: w, t: t, id: id, parties: c}
	p.all(func(a *nodetest.Actor) { a.Initials(id) })
	minister := jisr.Authority{Capacity: jisr.ForeignMinister}
	for _, m := range []jisr.MemberID{"iq", "sy"} {
		a := w.As(m)
		a.Steps(id, jisr.KindAgreementSign, minister, nil)
		a.Done()
	}
	w.Settle()
	w.Cut(c...)
	deposits := map[jisr.MemberID]jisr.Position{}
	for _, m := range []jisr.MemberID{"iq", "sy"} {
		deposits[m] = w.As(m).Notifies(id, jisr.KindAgreementDeposit, jisr.NoticeTerms{Instrument: jisr.Ratification})
	}
	w.Restore(c...)
	w.Settle()
	for _, m := range []jisr.MemberID{"sy", "iq"} {
		w.As("jo").Stamps(id, deposits[m]).Done()
	}
	w.Settle()
	want := w.Node("jo").Today().AddDays(30)
	for _, m := range c {
		g := w.As(m).Agreement(id)
		if f := g.Force(); f.Date != want || f.Steps[0].Member != "sy" || g.ForceFor("iq") != want || g.ForceFor("sy") != want {
			t.Errorf("%s reckons %+v, want %s", m, f, want)
		}
	}
}

// An official drafts a signature, a second clears it, and the plenipotentiary signs it with its own passkey: whoever has the
// chain of the agreement finds that signature good, by the rules of the record alone.
func TestPlenipotentiarySignsWithItsOwnPasskey(t *testing.T) {
	p := newPact(t, []jisr.MemberID{"iq", "sy"})
	d := deskOf(t, p.World, p.Node("iq"))
	d.do(d.n.Operator(), node.AddOfficial{ID: "envoy", Post: jisr.Text{"ar": "المفوَّض"}, Desk: "mofa", Roles: []jisr.Role{jisr.Plenipotentiary}, Password: phrase})
	key, token := d.enrols("envoy")
	p.Pass(time.Minute) // another closing time is another window
	closes := p.Now().Add(time.Hour)
	p.all(func(a *nodetest.Actor) { a.Seals(p.id, closes) })

	step, err := node.NewStep(jisr.KindAgreementCommit, jisr.Authority{Capacity: jisr.ForeignMinister}, nil)
	d.must(err)
	out := d.do(d.byPassword("writer"), node.DraftStep{Forum: p.Forum, About: p.id, Step: step})
	d.do(d.byPassword("head"), node.ClearStep{ID: out.Thing, Version: 1})
	envoy, release := d.who(token), node.ReleaseStep{ID: out.Thing, Version: 1, Kind: jisr.KindAgreementCommit}
	_, err = d.n.Do(t.Context(), envoy, release)
	d.refused(err, jisr.Unsigned)
	done := d.do(envoy, d.signed(envoy, release, key))
	p.As("sy").Commits(p.id).Done()
	p.all(func(a *nodetest.Actor) { a.States(p.id) })
	p.sees(jisr.AgreementSignedRatify)
	for _, m := range p.parties {
		if got, err := p.Node(m).SignatureOf(t.Context(), p.Forum, done.Position); err != nil || got.State != node.GoodSignature || got.Official != "envoy" {
			t.Errorf("%s finds %+v %v", m, got, err)
		}
	}

	chain, err := jisr.CheckChain(p.id, p.chain("sy"))
	d.must(err)
	count := map[jisr.ChainCheckKind]int{}
	for _, c := range chain.Checks {
		if c.Void == nil {
			count[c.Kind]++
		}
	}
	if !chain.Holds() || count[jisr.CheckSigned] != 1 || count[jisr.CheckUnsigned] != 3 || count[jisr.CheckText] != 1 {
		t.Errorf("holds %v, found %v: %+v", chain.Holds(), count, chain.Checks)
	}
	forged := p.chain("sy")
	for i := range forged {
		if forged[i].Position == done.Position {
			forged[i].By = &jisr.By{Desk: "mofa", Official: "head"} // another post claims the signature
		}
	}
	if chain, err := jisr.CheckChain(p.id, forged); err != nil || chain.Holds() {
		t.Errorf("a signature of another post passes: %v", err)
	}
}

// chain is what a member's node exports of the agreement, each proof verified.
func (p *pact) chain(m jisr.MemberID) []jisr.ChainAct {
	p.t.Helper()
	n := p.Node(m)
	bundle, err := n.ExportAgreement(p.t.Context(), book.Whole(), p.Forum, p.id)
	if err != nil {
		p.t.Fatal(err)
	}
	var vkeys []string
	for _, o := range p.parties {
		log, mirror, err := n.VerifierKeys(p.t.Context(), p.Forum, o)
		if err != nil {
			p.t.Fatal(err)
		}
		vkeys = append(append(vkeys, log...), mirror...)
	}
	var all []jisr.ChainAct
	err = ledger.ReadBundle(bytes.NewReader(bundle), func(file []byte) error {
		v, err := ledger.Verify(file, vkeys, func(entry []byte) ([]ledger.Ref, error) {
			a, err := jisr.Decode("xx", 0, entry)
			var refs []ledger.Ref
			for _, c := range a.Contents() {
				sum, _ := c.Commit.Sum()
				refs = append(refs, ledger.Ref{Commit: sum, Size: c.Size, Type: c.Type})
			}
			return refs, err
		})
		if err != nil {
			return err
		}
		member := jisr.MemberID(strings.SplitN(string(v.Log), ".", 2)[0]) // iq.jisr.example/iq-sy
		a, err := jisr.Decode(member, jisr.Index(v.Index), v.Entry)
		c := jisr.ChainAct{Act: a}
		if len(v.Contents) > 0 {
			c.Content = v.Contents[0].Data
		}
		all = append(all, c)
		return err
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return all
}

// The text of a treaty is larger than what stands beside an entry: it is drafted, cleared, travels and is read all the same.
func TestLargeTexts(t *testing.T) {
	w := nodetest.New(t, "iq", "sy")
	iq, c := w.As("iq"), []jisr.MemberID{"iq", "sy"}
	id := iq.ProposesAgreement(c...)
	text := w.Text(c, "Large.", func(x *jisr.InstrumentText) {
		for i := range 200 {
			s := strings.TrimSpace(strings.Repeat("the parties exchange data ", 40))
			x.Segments = append(x.Segments, jisr.Segment{ID: "large-" + strconv.Itoa(i), Kind: jisr.SegmentParagraph, Text: jisr.Text{"ar": s, "en": s}})
		}
	})
	step, err := node.NewStep(jisr.KindAgreementTable, nil, text)
	if err != nil {
		t.Fatal(err)
	}
	out := iq.DoAs(w.Official("iq", "drafter", jisr.Drafter), node.DraftStep{Forum: w.Forum, About: id, Step: step})
	iq.Done()
	iq.DoAs(w.Official("iq", "chief", jisr.Releaser), node.ClearStep{ID: out.Thing, Version: 1})
	iq.Done()
	iq.DoAs(w.Official("iq", "chief", jisr.Releaser), node.ReleaseStep{ID: out.Thing, Version: 1, Kind: jisr.KindAgreementTable})
	iq.Done()
	w.Settle()
	got, err := w.Node("sy").Text(t.Context(), book.Whole(), w.Forum, id, "")
	if err != nil || len(got.Segments) != len(text.Segments) {
		t.Fatalf("%v", err)
	}
	want, err := text.Hash()
	if have, err2 := got.Hash(); err != nil || err2 != nil || have != want {
		t.Errorf("%s arrived as %s: %v %v", want, have, err, err2)
	}
}
