package jisr_test

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"testing"
	"time"

	"jisr"
)

const (
	pact  = jisr.ThingID("agreement/iq-1")
	today = jisr.Date("2026-12-01")
)

func hashOf(s string) jisr.Commitment { return jisr.Commit(sha256.Sum256([]byte(s))) }

// pactClauses consents by notification and enters into force 30 days after the later one.
func pactClauses(parties ...jisr.MemberID) jisr.Clauses {
	c := jisr.Clauses{Languages: []string{"ar", "en"}, Consent: map[jisr.MemberID]jisr.ConsentMethod{}, Force: jisr.ForceRule{On: jisr.ForceLastNotice, Days: 30}, Notice: 6}
	for _, m := range parties {
		c.Consent[m] = jisr.ByNotification
	}
	return c
}

// talk is a forum in which parties make an agreement. All speak as foreign ministers unless told otherwise.
type talk struct {
	*forum
	id      jisr.ThingID
	of      jisr.ThingID
	parties []jisr.MemberID
	clauses jisr.Clauses
	as      jisr.Authority
}

func newTalk(t testing.TB, parties ...jisr.MemberID) *talk {
	return &talk{forum: newForum(t), id: pact, parties: parties, clauses: pactClauses(parties...), as: jisr.Authority{Capacity: jisr.ForeignMinister}}
}

// does writes an act, with a content where the kind has one.
func (f *talk) does(m jisr.MemberID, kind jisr.Kind, terms any) jisr.Act {
	f.t.Helper()
	a := f.next(m, kind, f.id, terms)
	switch kind {
	case jisr.KindAgreementTable, jisr.KindAgreementBracket, jisr.KindAgreementCorrect, jisr.KindAgreementReserve:
		a.Content = &jisr.Content{Commit: hashOf("content"), Size: 1, Type: "application/json"}
	}
	f.logs[m] = append(f.logs[m], a)
	return a
}

// meet lets everybody receive everything.
func (f *talk) meet(members ...jisr.MemberID) {
	for _, m := range append(members, f.parties...) {
		for _, o := range append(members, f.parties...) {
			if m != o {
				f.receive(m, o, -1)
			}
		}
	}
}

func (f *talk) within() jisr.Within { return jisr.Within{Of: f.of} }

func (f *talk) proposes(m jisr.MemberID, change ...func(*jisr.ProposeTerms)) {
	f.t.Helper()
	p := jisr.ProposeTerms{Within: f.within(), Kind: jisr.AgreementKind, Title: jisr.Text{"ar": "اتفاقية بشأن المياه"}, Parties: f.parties, Binding: true}
	for _, c := range change {
		c(&p)
	}
	f.does(m, jisr.KindAgreementPropose, p)
	f.meet()
}

func (f *talk) tables(m jisr.MemberID, text string, changes ...string) jisr.Act {
	f.t.Helper()
	return f.does(m, jisr.KindAgreementTable, jisr.TableTerms{Within: f.within(), Hash: hashOf(text), Clauses: f.clauses, Changes: changes})
}

func (f *talk) onText(m jisr.MemberID, kind jisr.Kind, text string) jisr.Act {
	f.t.Helper()
	return f.does(m, kind, jisr.TextTerms{Within: f.within(), Authority: f.as, Hash: hashOf(text), Date: "2026-11-23"})
}

func window(text string) jisr.WindowTerms {
	return jisr.WindowTerms{Hash: hashOf(text), Closes: time.Date(2026, 11, 24, 18, 0, 0, 0, time.UTC), Date: "2026-11-24", Place: jisr.Text{"ar": "بغداد"}}
}

func (f *talk) inWindow(m jisr.MemberID, kind jisr.Kind, text string) jisr.Act {
	f.t.Helper()
	if kind == jisr.KindAgreementCommit {
		return f.does(m, kind, jisr.CommitTerms{Within: f.within(), Authority: f.as, Window: window(text), Mode: jisr.FullSignature})
	}
	return f.does(m, kind, jisr.SealTerms{Within: f.within(), Window: window(text)})
}

func (f *talk) notice(m jisr.MemberID, kind jisr.Kind, date jisr.Date, n jisr.NoticeTerms) jisr.Act {
	f.t.Helper()
	return f.does(m, kind, jisr.NoticeActTerms(f.of, f.as, date, n))
}

func (f *talk) on(m jisr.MemberID, kind jisr.Kind, at jisr.Act, date jisr.Date) jisr.Act {
	f.t.Helper()
	return f.does(m, kind, jisr.ActTerms{Within: f.within(), Authority: f.as, Act: at.Position, Date: date})
}

func (f *talk) agrees(m jisr.MemberID, kind jisr.Kind, t jisr.AccordTerms) jisr.Act {
	f.t.Helper()
	return f.does(m, kind, jisr.AccordActTerms(f.of, f.as, t.On, t))
}

// each does one thing for every party, each having received what came before.
func (f *talk) each(do func(m jisr.MemberID)) {
	f.meet()
	for _, m := range f.parties {
		do(m)
	}
	f.meet()
}

// negotiated is an agreement with a text on the table.
func negotiated(t testing.TB, parties ...jisr.MemberID) *talk {
	f := newTalk(t, parties...)
	f.proposes(parties[0])
	for _, m := range parties[1:] {
		f.does(m, jisr.KindAgreementNegotiate, jisr.IntentTerms{Binding: true})
	}
	f.meet()
	f.tables(parties[0], "v1")
	f.meet()
	return f
}

func (f *talk) initialled(text string) *talk {
	f.each(func(m jisr.MemberID) { f.onText(m, jisr.KindAgreementInitial, text) })
	return f
}

func (f *talk) signed(text string) *talk {
	for _, kind := range []jisr.Kind{jisr.KindAgreementSeal, jisr.KindAgreementCommit, jisr.KindAgreementVerbal} {
		f.each(func(m jisr.MemberID) { f.inWindow(m, kind, text) })
	}
	return f
}

func (f *talk) ratified() *talk {
	var notes []jisr.Act
	f.each(func(m jisr.MemberID) {
		notes = append(notes, f.notice(m, jisr.KindAgreementNotify, "2026-11-25", jisr.NoticeTerms{Instrument: jisr.Completion}))
	})
	for _, n := range notes {
		for _, m := range f.parties {
			if m != n.Member {
				f.on(m, jisr.KindAgreementReceive, n, "2026-11-26")
			}
		}
	}
	f.meet()
	return f
}

// What all must state alike is awaited of those who have not, with what the others stated; two different statements are awaited of
// both, and one that was given up for another of nobody.
func TestWhatOneStatedIsAwaitedOfTheOthers(t *testing.T) {
	f := negotiated(t, "iq", "sy")
	f.clauses.Consent = map[jisr.MemberID]jisr.ConsentMethod{"iq": jisr.ByExchange, "sy": jisr.ByExchange}
	f.clauses.Force = jisr.ForceRule{On: jisr.ForceExchange}
	f.tables("iq", "v2")
	f.initialled("v2").signed("v2")
	awaits := func(why string, want ...jisr.MemberID) {
		t.Helper()
		var got []jisr.MemberID
		for _, a := range f.state().Awaits() {
			if a.Why == why {
				got = append(got, a.Of)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s is awaited of %v, want %v", why, got, want)
		}
	}
	says := func(m jisr.MemberID, kind jisr.Kind, on jisr.Date, place string) {
		f.agrees(m, kind, jisr.AccordTerms{On: on, Place: jisr.Text{"ar": place}})
		f.meet()
	}
	awaits("exchange", "iq", "sy")
	if got := f.state().Turn(today); got != "signed-subject-to-ratification.exchange" {
		t.Errorf("who acts next is %s", got)
	}
	says("iq", jisr.KindAgreementXchg, "2026-11-26", "بغداد")
	awaits("exchange", "sy")
	says("sy", jisr.KindAgreementXchg, "2026-11-26", "دمشق")
	awaits("exchange", "iq", "sy")
	if x := f.state().Offered(jisr.KindAgreementXchg, "iq"); x == nil || x.Place["ar"] != "دمشق" {
		t.Errorf("iq is not asked for what sy stated: %+v", x)
	}
	says("iq", jisr.KindAgreementXchg, "2026-11-26", "دمشق")
	awaits("exchange")
	f.is(jisr.AgreementInForce, today)

	says("iq", jisr.KindAgreementExtend, "2040-12-31", "")
	says("iq", jisr.KindAgreementExtend, "2045-12-31", "")
	awaits("extend", "sy")
	if x := f.state().Offered(jisr.KindAgreementExtend, "sy"); x == nil || x.On != "2045-12-31" {
		t.Errorf("sy is not asked for the later proposal: %+v", x)
	}
	says("sy", jisr.KindAgreementExtend, "2045-12-31", "")
	awaits("extend")
	awaits("register", "iq", "sy")
	says("sy", jisr.KindAgreementTerminate, "2026-12-01", "")
	awaits("terminate", "iq")
	says("iq", jisr.KindAgreementTerminate, "2026-12-01", "")
	f.is(jisr.AgreementTerminated, today)
	if all := f.state().Awaits(); len(all) > 0 {
		t.Errorf("after the end was agreed there is awaited %v", all)
	}
}

// state folds in several orders of arrival and gives what all of them give.
func (f *talk) state() *jisr.Agreement {
	f.t.Helper()
	s := f.fold(f.id, rng(7))
	if s.Agreement == nil {
		f.t.Fatalf("no agreement: %v", s.Voids)
	}
	return s.Agreement
}

func (f *talk) is(want jisr.AgreementState, on jisr.Date) {
	f.t.Helper()
	if got := f.state().Standing(on); got != want {
		f.t.Errorf("on %s the agreement is %s, want %s", on, got, want)
	}
}

// met is the refusal an act meets; "" for none.
func (f *talk) met(a jisr.Act, want jisr.RefusalKind) {
	f.t.Helper()
	s := f.fold(f.id, rng(7))
	got := jisr.RefusalKind("")
	if v := s.Voids[a.Position]; v != nil {
		got = v.Kind
	}
	if got != want {
		f.t.Errorf("%s by %s met %q, want %q (%v)", a.Kind, a.Member, got, want, s.Voids[a.Position])
	}
}

func parties() [][]jisr.MemberID { return [][]jisr.MemberID{{"iq", "sy"}, {"iq", "jo", "sy"}} }

func TestAgreementWholeLife(t *testing.T) {
	for _, p := range parties() {
		f := newTalk(t, p...)
		f.proposes("iq")
		f.is(jisr.AgreementProposed, today)
		for _, m := range p[1:] {
			f.does(m, jisr.KindAgreementNegotiate, jisr.IntentTerms{Binding: true})
		}
		f.meet()
		f.is(jisr.AgreementNegotiating, today)
		f.tables("iq", "v1")
		f.each(func(m jisr.MemberID) { f.onText(m, jisr.KindAgreementAdopt, "v1") })
		f.is(jisr.AgreementAdReferendum, today)
		f.initialled("v1").is(jisr.AgreementInitialled, today)
		f.met(f.tables("sy", "v2"), jisr.Frozen)
		f.signed("v1").is(jisr.AgreementSignedRatify, today)
		f.met(f.onText("iq", jisr.KindAgreementReopen, "v1"), jisr.SignedAlready)
		f.notice("iq", jisr.KindAgreementNotify, "2026-11-25", jisr.NoticeTerms{})
		f.is(jisr.AgreementSignedRatify, today) // counts from receipt
		f.meet()
		for _, m := range p[1:] {
			f.on(m, jisr.KindAgreementReceive, f.logs["iq"][len(f.logs["iq"])-1], "2026-11-26")
		}
		f.is(jisr.AgreementCompletedOne, today)
		f.meet()
		for _, m := range p[1:] {
			n := f.notice(m, jisr.KindAgreementNotify, "2026-11-27", jisr.NoticeTerms{})
			f.meet()
			for _, o := range p {
				if o != m {
					f.on(o, jisr.KindAgreementReceive, n, "2026-11-28")
				}
			}
		}
		f.is(jisr.AgreementAwaitingForce, today)
		f.is(jisr.AgreementAwaitingForce, "2026-12-27")
		f.is(jisr.AgreementInForce, "2026-12-28")
		f.is(jisr.AgreementDormant, "2028-12-28")
		f.meet()
		d := f.notice("sy", jisr.KindAgreementDenounce, "2027-01-05", jisr.NoticeTerms{Ground: jisr.GroundClause})
		f.meet()
		for _, o := range p {
			if o != "sy" {
				f.on(o, jisr.KindAgreementReceive, d, "2027-01-07")
			}
		}
		f.is(jisr.AgreementEnding, "2027-01-08")
		f.is(jisr.AgreementTerminated, "2027-07-07")
	}
}

// Random acts, sensible or not, in random causal orders and arrivals: one state on every node.
func TestAgreementIsAFunctionOfTheSet(t *testing.T) {
	reached := map[jisr.AgreementState]int{}
	for seed := range uint64(120) {
		f := randomTalk(t, seed, 120)
		s := f.fold(f.id, rng(seed))
		if s.Agreement != nil {
			reached[s.Agreement.Standing("2027-06-01")]++
		}
	}
	if len(reached) < 6 {
		t.Errorf("only these states were reached, which tests little: %v", reached)
	}
}

// A void act leaves the state as it would be without it.
func TestVoidAgreementActsHaveNoEffect(t *testing.T) {
	for seed := range uint64(80) {
		f := randomTalk(t, seed, 80)
		acts := f.about(f.id)
		s := jisr.Fold(f.id, acts)
		valid := slices.DeleteFunc(slices.Clone(acts), func(a jisr.Act) bool { return s.Voids[a.Position] != nil })
		if without := jisr.Fold(f.id, valid); s.Digest() != without.Digest() {
			t.Fatalf("seed %d: void acts change the state\n%s\n%s", seed, s.Joint(), without.Joint())
		}
	}
}

// An act in effect stays so whatever arrives later, and nothing that was signed is unsigned: the state of any set of acts
// that is causally closed is one that later states only add to.
func TestSignedStaysSigned(t *testing.T) {
	signed := 0
	for seed := range uint64(60) {
		f := randomTalk(t, seed, 90)
		acts := sorted(f.about(f.id))
		var was *jisr.Window
		for n := range len(acts) + 1 {
			s := jisr.Fold(f.id, acts[:n])
			if s.Agreement == nil {
				continue
			}
			w := s.Agreement.Signed()
			if was != nil && (w == nil || w.Hash != was.Hash) {
				t.Fatalf("seed %d: signed %v, and after %s by %s %v", seed, was.Hash, acts[n-1].Kind, acts[n-1].Member, w)
			}
			if w != nil {
				was = w
				signed++
			}
		}
	}
	if signed == 0 {
		t.Fatal("nothing was ever signed: the test tests nothing")
	}
}

// randomTalk leads an agreement some way and then lets members say anything.
func randomTalk(t testing.TB, seed uint64, acts int) *talk {
	r := rng(seed)
	all := parties()[seed%2]
	f := negotiated(t, all...)
	f.clauses.Initials = seed%11 == 0
	if r.IntN(3) > 0 {
		f.initialled("v1")
	}
	if r.IntN(3) == 0 {
		f.signed("v1")
	}
	if r.IntN(2) == 0 {
		f.ratified()
	}
	kinds := []jisr.Kind{jisr.KindAgreementTable, jisr.KindAgreementInitial, jisr.KindAgreementReopen, jisr.KindAgreementAdopt, jisr.KindAgreementSeal, jisr.KindAgreementSeal,
		jisr.KindAgreementUnseal, jisr.KindAgreementCommit, jisr.KindAgreementCommit, jisr.KindAgreementVerbal, jisr.KindAgreementVerbal, jisr.KindAgreementLapse,
		jisr.KindAgreementNotify, jisr.KindAgreementReceive, jisr.KindAgreementForce, jisr.KindAgreementDenounce, jisr.KindAgreementSuspend, jisr.KindAgreementRevoke,
		jisr.KindAgreementObject, jisr.KindAgreementConfirm, jisr.KindAgreementBracket, jisr.KindAgreementBracketAccept, jisr.KindAgreementBracketWithdraw,
		jisr.KindAgreementCorrect, jisr.KindAgreementCorrectAccept, jisr.KindAgreementCorrectObject, jisr.KindAgreementDormant, jisr.KindAgreementWake,
		jisr.KindAgreementRegister, jisr.KindAgreementTerminate, jisr.KindAgreementExtend, jisr.KindAgreementProvis, jisr.KindAgreementConcord, jisr.KindAgreementDeclare}
	for range acts {
		m, o := all[r.IntN(len(all))], all[r.IntN(len(all))]
		if o != m && r.IntN(2) == 0 {
			f.receive(m, o, f.seen[m][o]+jisr.Index(r.IntN(6)))
		}
		kind := kinds[r.IntN(len(kinds))]
		if r.IntN(60) == 0 {
			kind = jisr.KindAgreementAbandon
		}
		f.as = jisr.Authority{Capacity: []jisr.Capacity{jisr.ForeignMinister, jisr.ForeignMinister, ""}[r.IntN(3)]}
		f.any(m, kind, fmt.Sprintf("v%d", 1+r.IntN(2)), all[r.IntN(len(all))], jisr.Index(r.IntN(30)), jisr.Date(fmt.Sprintf("2026-12-%02d", 1+r.IntN(3))))
	}
	return f
}

// any says one act of a kind, with terms of the right shape.
func (f *talk) any(m jisr.MemberID, kind jisr.Kind, text string, of jisr.MemberID, at jisr.Index, date jisr.Date) {
	target := jisr.Act{Position: jisr.Position{Member: of, Index: at}}
	switch kind {
	case jisr.KindAgreementTable:
		f.tables(m, text)
	case jisr.KindAgreementInitial, jisr.KindAgreementReopen, jisr.KindAgreementAdopt:
		f.onText(m, kind, text)
	case jisr.KindAgreementSeal, jisr.KindAgreementUnseal, jisr.KindAgreementCommit, jisr.KindAgreementVerbal, jisr.KindAgreementLapse:
		f.inWindow(m, kind, text)
	case jisr.KindAgreementNotify, jisr.KindAgreementAbandon, jisr.KindAgreementDenounce, jisr.KindAgreementSuspend:
		f.notice(m, kind, date, jisr.NoticeTerms{Ground: jisr.GroundClause})
	case jisr.KindAgreementForce, jisr.KindAgreementTerminate, jisr.KindAgreementExtend, jisr.KindAgreementProvis:
		f.agrees(m, kind, jisr.AccordTerms{On: date})
	case jisr.KindAgreementBracket:
		f.does(m, kind, jisr.BracketTerms{Hash: hashOf(text), Segment: "art1-p1", Op: jisr.BracketReplace})
	case jisr.KindAgreementCorrect:
		f.does(m, kind, jisr.CorrectionActTerms("", f.as, date, jisr.CorrectionTerms{Hash: hashOf(text), Segment: "art1-p1", Lang: "ar"}))
	case jisr.KindAgreementDormant:
		f.does(m, kind, jisr.DormancyActTerms("", jisr.DormancyTerms{Reason: jisr.DormantSilence, Date: date, Continuity: []string{"art1-p1"}}))
	case jisr.KindAgreementWake:
		f.does(m, kind, jisr.Within{})
	case jisr.KindAgreementRegister:
		f.does(m, kind, jisr.RegistrationActTerms("", jisr.RegistrationTerms{With: "un", Number: "1", Date: date}))
	case jisr.KindAgreementConcord:
		f.does(m, kind, jisr.ConcordTerms{Hash: hashOf(text), Pair: [2]string{"ar", "en"}, Segments: []string{"art1-p1"}, Word: jisr.ConcordDisputed})
	case jisr.KindAgreementDeclare:
		f.does(m, kind, jisr.IntentTerms{Binding: at%3 > 0})
	default:
		f.on(m, kind, target, date)
	}
}

// What a page offers is what would have effect, at each step of the life.
func TestNextSteps(t *testing.T) {
	f := newTalk(t, "iq", "sy")
	f.proposes("iq")
	offers := func(when string, m jisr.MemberID, want, not []jisr.Kind) {
		t.Helper()
		got := jisr.NextSteps(f.id, sorted(f.about(f.id)), m, today)
		for _, k := range want {
			if !slices.Contains(got, k) {
				t.Errorf("%s: %s is not offered to %s: %v", when, k, m, got)
			}
		}
		for _, k := range not {
			if slices.Contains(got, k) {
				t.Errorf("%s: %s is offered to %s", when, k, m)
			}
		}
	}
	offers("proposed", "sy", []jisr.Kind{jisr.KindAgreementNegotiate, jisr.KindAgreementAbandon}, []jisr.Kind{jisr.KindAgreementInitial, jisr.KindAgreementNotify, jisr.KindAgreementWake})
	offers("proposed", "iq", nil, []jisr.Kind{jisr.KindAgreementNegotiate})
	f.does("sy", jisr.KindAgreementNegotiate, jisr.IntentTerms{Binding: true})
	f.meet()
	f.tables("iq", "v1")
	offers("tabled", "sy", []jisr.Kind{jisr.KindAgreementInitial, jisr.KindAgreementBracket, jisr.KindAgreementAdopt, jisr.KindAgreementTable}, []jisr.Kind{jisr.KindAgreementCommit, jisr.KindAgreementReopen})
	f.initialled("v1")
	offers("initialled", "sy", []jisr.Kind{jisr.KindAgreementSeal, jisr.KindAgreementReopen, jisr.KindAgreementCorrect}, []jisr.Kind{jisr.KindAgreementTable, jisr.KindAgreementBracket})
	f.each(func(m jisr.MemberID) { f.inWindow(m, jisr.KindAgreementSeal, "v1") })
	offers("sealed", "sy", []jisr.Kind{jisr.KindAgreementCommit, jisr.KindAgreementUnseal}, []jisr.Kind{jisr.KindAgreementSeal, jisr.KindAgreementLapse, jisr.KindAgreementVerbal, jisr.KindAgreementReopen})
	f.each(func(m jisr.MemberID) { f.inWindow(m, jisr.KindAgreementCommit, "v1") })
	offers("committed", "sy", []jisr.Kind{jisr.KindAgreementVerbal, jisr.KindAgreementLapse}, []jisr.Kind{jisr.KindAgreementUnseal})
	f.each(func(m jisr.MemberID) { f.inWindow(m, jisr.KindAgreementVerbal, "v1") })
	offers("signed", "sy", []jisr.Kind{jisr.KindAgreementNotify, jisr.KindAgreementForce}, []jisr.Kind{jisr.KindAgreementDenounce, jisr.KindAgreementXchg})
	f.ratified()
	offers("bound", "sy", []jisr.Kind{jisr.KindAgreementDenounce, jisr.KindAgreementSuspend, jisr.KindAgreementTerminate, jisr.KindAgreementRegister}, []jisr.Kind{jisr.KindAgreementNotify})
	f.notice("iq", jisr.KindAgreementDenounce, "2027-01-05", jisr.NoticeTerms{Ground: jisr.GroundClause})
	offers("denounced", "sy", []jisr.Kind{jisr.KindAgreementReceive, jisr.KindAgreementObject}, []jisr.Kind{jisr.KindAgreementRevoke})
	offers("denounced", "iq", []jisr.Kind{jisr.KindAgreementRevoke}, []jisr.Kind{jisr.KindAgreementReceive, jisr.KindAgreementDenounce})
}

// A hostile party makes nothing slow and takes nothing from the other: what it says beyond its measure is void.
func TestAgreementIsBounded(t *testing.T) {
	f := negotiated(t, "iq", "sy")
	for i := range 3 * jisr.MaxKindActs {
		f.tables("iq", fmt.Sprintf("flood %d", i))
		f.notice("iq", jisr.KindAgreementNotify, today, jisr.NoticeTerms{})
	}
	f.meet()
	f.met(f.tables("iq", "one more"), jisr.TooMany)
	f.met(f.tables("sy", "another's"), "")
	if g := jisr.Fold(f.id, f.about(f.id)).Agreement; len(g.Versions) != jisr.MaxKindActs+1 {
		t.Errorf("%d texts", len(g.Versions))
	}
}
