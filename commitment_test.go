package jisr_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jisr"
)

const promise jisr.ThingID = "commitment/iq-01"

// owed is a commitment of iq to sy.
func owed() jisr.CommitmentTerms {
	return jisr.CommitmentTerms{Type: jisr.Deliverable, Title: jisr.Text{"ar": "جدول المناسيب", "en": "Table of levels"},
		Debtor: jisr.Office{Member: "iq", Desk: "water"}, Beneficiary: jisr.Office{Member: "sy", Desk: "water"}, Due: "2026-12-31", Sector: "water"}
}

// meet lets members receive all of each other's logs.
func (f *forum) meet(members ...jisr.MemberID) {
	for _, m := range members {
		for _, o := range members {
			if o != m {
				f.receive(m, o, -1)
			}
		}
	}
}

// agreedCommitment is a forum in which iq and sy have agreed the commitment, and all have received it.
func agreedCommitment(t testing.TB, others ...jisr.MemberID) (*forum, []jisr.MemberID) {
	f, all := newForum(t), append([]jisr.MemberID{"iq", "sy"}, others...)
	a := f.say("iq", jisr.KindCommitmentPropose, promise, owed())
	f.meet(all...)
	f.say("sy", jisr.KindCommitmentAgree, promise, jisr.AgreeTerms{Hash: a.Substance()})
	f.meet(all...)
	return f, all
}

func (f *forum) commitment() (*jisr.Undertaking, jisr.State) {
	f.t.Helper()
	s := f.fold(promise, rng(7))
	return s.Commitment, s
}

// void holds that these acts have no effect, and all others have.
func (f *forum) void(what string, s *jisr.State, voids []jisr.Act) {
	f.t.Helper()
	for _, a := range voids {
		if s.Voids[a.Position] == nil {
			f.t.Errorf("%s: %s by %s has effect", what, a.Kind, a.Member)
		}
	}
	if len(s.Voids) != len(voids) {
		f.t.Errorf("%s: voids %v, want %d", what, s.Voids, len(voids))
	}
}

// wants holds the state of the commitment, and which acts are void.
func (f *forum) wants(what string, want jisr.CommitmentState, voids ...jisr.Act) *jisr.Undertaking {
	f.t.Helper()
	c, s := f.commitment()
	if c == nil || c.State() != want {
		f.t.Fatalf("%s: %v, want %s", what, c, want)
	}
	f.void(what, &s, voids)
	return c
}

func review(report jisr.Act) jisr.ReviewTerms { return jisr.ReviewTerms{Report: report.Position} }

func returned(report jisr.Act) jisr.ReviewTerms {
	return jisr.ReviewTerms{Report: report.Position, Reason: "x"}
}

func TestACommitmentLivesUntilTheOtherSideAccepts(t *testing.T) {
	f, _ := agreedCommitment(t)
	f.wants("agreed", jisr.CommitmentAgreed)
	f.say("iq", jisr.KindCommitmentAssign, promise, jisr.AssignTerms{Desk: "water.basin"})
	f.wants("assigned", jisr.CommitmentAssigned)
	f.say("iq", jisr.KindCommitmentBlock, promise, jisr.Reason{Reason: "x"})
	f.wants("blocked", jisr.CommitmentBlocked)
	f.say("iq", jisr.KindCommitmentProgress, promise, jisr.ProgressTerms{Value: "3.5"})
	f.wants("in progress", jisr.CommitmentInProgress)
	first := f.say("iq", jisr.KindCommitmentReport, promise, jisr.ReportTerms{})
	f.wants("reported", jisr.CommitmentReported)
	f.meet("iq", "sy")
	f.say("sy", jisr.KindCommitmentReturn, promise, returned(first))
	c := f.wants("returned", jisr.CommitmentReturned)
	if c.Late("2026-12-31") || !c.Late("2027-01-01") {
		t.Error("late on the wrong day")
	}
	f.meet("iq", "sy")
	second := f.say("iq", jisr.KindCommitmentReport, promise, jisr.ReportTerms{})
	f.meet("iq", "sy")
	if f.wants("reported again", jisr.CommitmentReported).Late("2027-01-01") {
		t.Error("late while the other side looks at it")
	}
	f.say("sy", jisr.KindCommitmentAccept, promise, review(second))
	c = f.wants("accepted", jisr.CommitmentAccepted)
	if len(c.Reports) != 2 || c.Reports[0].Result != jisr.CommitmentReturned || c.Late("2030-01-01") || c.OwnerDesk() != "water.basin" {
		t.Errorf("reports %+v", c.Reports)
	}
	f.meet("iq", "sy")
	late := f.say("iq", jisr.KindCommitmentReport, promise, jisr.ReportTerms{})
	f.wants("what is accepted stays accepted", jisr.CommitmentAccepted, late)
}

// The beneficiary's days to look at a report run from its own first act that had seen it, in its calendar; while the
// link is down there is no such act, so no day counts (P5, P6).
func TestTheReviewRunsFromReceipt(t *testing.T) {
	f, _ := agreedCommitment(t)
	report := f.say("iq", jisr.KindCommitmentReport, promise, jisr.ReportTerms{})
	unseen := f.say("sy", jisr.KindCommitmentReceive, promise, review(report))
	if c := f.wants("not received", jisr.CommitmentReported, unseen); c.Newest().Received != nil || c.Newest().ReviewBy != "" {
		t.Fatal("a day counts that nobody could use")
	}
	f.meet("iq", "sy")
	f.at = f.at.AddDate(0, 0, 10)
	f.say("sy", jisr.KindCommitmentReceive, promise, review(report))
	c := f.wants("received", jisr.CommitmentReported, unseen)
	// 3 December 2026 and 15 days: 18 December is a Friday, so the period ends on Sunday the 20th.
	if got := c.Newest().ReviewBy; got != "2026-12-20" {
		t.Errorf("review by %s", got)
	}
}

// C11: the debtor reports while the beneficiary raises: what was raised rests, and goes on at the same level when the
// report is returned.
func TestC11RaisingAgainstReporting(t *testing.T) {
	for c := range 4 {
		order := c & 1
		f, all := agreedCommitment(t, []jisr.MemberID{"jo"}[:c>>1]...)
		var report jisr.Act
		if order == 0 {
			report = f.say("iq", jisr.KindCommitmentReport, promise, jisr.ReportTerms{})
		}
		raise := f.say("sy", jisr.KindCommitmentRaise, promise, jisr.RaiseTerms{Level: 3})
		if order == 1 {
			report = f.say("iq", jisr.KindCommitmentReport, promise, jisr.ReportTerms{})
		}
		f.meet(all...)
		if c := f.wants("crossed", jisr.CommitmentReported); !c.Paused() || c.Level() != 3 {
			t.Errorf("order %d: paused %v at level %d", order, c.Paused(), c.Level())
		}
		again := f.say("sy", jisr.KindCommitmentRaise, promise, jisr.RaiseTerms{Level: 4})
		f.say("sy", jisr.KindCommitmentReturn, promise, returned(report))
		f.meet(all...)
		if c := f.wants("returned", jisr.CommitmentReturned, again); c.Paused() || c.Level() != 3 || c.Issues[0].Position != raise.Position {
			t.Errorf("order %d: it does not go on at its level: %+v", order, c.Issues)
		}
		f.say("iq", jisr.KindCommitmentSettle, promise, jisr.AnswerTerms{To: raise.Position})
		f.meet(all...)
		f.say("sy", jisr.KindCommitmentSettle, promise, jisr.AnswerTerms{To: raise.Position})
		if c := f.wants("settled", jisr.CommitmentReturned, again); c.Level() != 1 {
			t.Errorf("order %d: settled at level %d", order, c.Level())
		}
	}
}

// C12: the beneficiary accepts while the debtor takes its report back. A recall received before the acceptance counts,
// else the acceptance stands.
func TestC12AcceptanceAgainstRecall(t *testing.T) {
	for _, members := range [][]jisr.MemberID{nil, {"jo"}} {
		for c := range 4 {
			received, recallFirst := c&1 == 1, c&2 == 2
			f, all := agreedCommitment(t, members...)
			report := f.say("iq", jisr.KindCommitmentReport, promise, jisr.ReportTerms{})
			f.meet(all...)
			var recall, accept jisr.Act
			if received || recallFirst {
				recall = f.say("iq", jisr.KindCommitmentRecall, promise, review(report))
			}
			if received {
				f.meet(all...)
			}
			accept = f.say("sy", jisr.KindCommitmentAccept, promise, review(report))
			if !received && !recallFirst {
				recall = f.say("iq", jisr.KindCommitmentRecall, promise, review(report))
			}
			f.meet(all...)
			if received {
				f.wants("a recall that arrived first", jisr.CommitmentInProgress, accept)
				f.say("iq", jisr.KindCommitmentReport, promise, jisr.ReportTerms{})
				f.wants("reported anew", jisr.CommitmentReported, accept)
			} else {
				f.wants("a recall that did not arrive", jisr.CommitmentAccepted, recall)
			}
		}
	}
}

// C13: two requests and their answers cross: the latest day that was granted holds, and every day it had is kept.
func TestC13TwoExtensionsCross(t *testing.T) {
	for c := range 4 {
		order := c & 1
		f, all := agreedCommitment(t, []jisr.MemberID{"jo"}[:c>>1]...)
		days := []jisr.Date{"2027-02-01", "2027-03-01"}
		first := f.say("iq", jisr.KindCommitmentExtend, promise, jisr.ExtendTerms{To: days[order], Reason: "x"})
		f.meet(all...)
		f.say("sy", jisr.KindCommitmentGrant, promise, jisr.AnswerTerms{To: first.Position})
		second := f.say("iq", jisr.KindCommitmentExtend, promise, jisr.ExtendTerms{To: days[1-order], Reason: "y"})
		f.meet(all...)
		f.say("sy", jisr.KindCommitmentGrant, promise, jisr.AnswerTerms{To: second.Position})
		got := f.wants("crossed", jisr.CommitmentAgreed)
		if got.DueDate() != "2027-03-01" || got.Due != "2026-12-31" || len(got.Extensions) != 2 {
			t.Errorf("order %d: due %s, was %s, %d extensions", order, got.DueDate(), got.Due, len(got.Extensions))
		}
		unseen := f.say("iq", jisr.KindCommitmentExtend, promise, jisr.ExtendTerms{To: "2028-01-01", Reason: "z"})
		void := f.say("sy", jisr.KindCommitmentGrant, promise, jisr.AnswerTerms{To: unseen.Position})
		f.wants("nobody grants what it has not received", jisr.CommitmentAgreed, void)
	}
}

// P4: a received acceptance beats an incomplete release; a completed release beats an acceptance that was not received.
func TestReleaseAgainstAcceptance(t *testing.T) {
	for c := range 4 {
		received, releaseFirst := c&1 == 1, c&2 == 2
		f, all := agreedCommitment(t)
		report := f.say("iq", jisr.KindCommitmentReport, promise, jisr.ReportTerms{})
		f.meet(all...)
		f.say("sy", jisr.KindCommitmentRelease, promise, jisr.EndTerms{})
		f.meet(all...)
		var release, accept jisr.Act
		if !received && releaseFirst {
			release = f.say("iq", jisr.KindCommitmentRelease, promise, jisr.EndTerms{})
		}
		accept = f.say("sy", jisr.KindCommitmentAccept, promise, review(report))
		if received {
			f.meet(all...)
		}
		if received || !releaseFirst {
			release = f.say("iq", jisr.KindCommitmentRelease, promise, jisr.EndTerms{})
		}
		f.meet(all...)
		if received {
			f.wants("accepted first", jisr.CommitmentAccepted, release)
		} else {
			f.wants("released", jisr.CommitmentReleased, accept)
		}
	}
}

// P4 for the agreement itself: a withdrawal received before the other side agrees ends it; else it comes too late.
func TestWithdrawalAgainstAgreement(t *testing.T) {
	for c := range 4 {
		received, withdrawFirst := c&1 == 1, c&2 == 2
		f := newForum(t)
		p := f.say("iq", jisr.KindCommitmentPropose, promise, owed())
		f.meet("iq", "sy")
		var withdrawal jisr.Act
		if received || withdrawFirst {
			withdrawal = f.say("iq", jisr.KindCommitmentWithdraw, promise, jisr.Reason{})
		}
		if received {
			f.meet("iq", "sy")
		}
		agree := f.say("sy", jisr.KindCommitmentAgree, promise, jisr.AgreeTerms{Hash: p.Substance()})
		if !received && !withdrawFirst {
			withdrawal = f.say("iq", jisr.KindCommitmentWithdraw, promise, jisr.Reason{})
		}
		if received {
			f.wants("withdrawn", jisr.CommitmentWithdrawn, agree)
		} else {
			f.wants("agreed", jisr.CommitmentAgreed, withdrawal)
		}
	}
}

// Who proposes another text takes its word for the first one back, from receipt; both sides get the same terms whatever
// crosses.
func TestCounterProposalsCross(t *testing.T) {
	for order := range 2 {
		f := newForum(t)
		p := f.say("iq", jisr.KindCommitmentPropose, promise, owed())
		f.meet("iq", "sy")
		later := owed()
		later.Due = "2027-06-30"
		var counter jisr.Act
		if order == 0 {
			counter = f.say("sy", jisr.KindCommitmentPropose, promise, later)
			f.say("iq", jisr.KindCommitmentAgree, promise, jisr.AgreeTerms{Hash: p.Substance()})
		}
		f.meet("iq", "sy")
		if order == 1 {
			counter = f.say("sy", jisr.KindCommitmentPropose, promise, later)
			f.meet("iq", "sy")
		}
		f.say("iq", jisr.KindCommitmentAgree, promise, jisr.AgreeTerms{Hash: counter.Substance()})
		c, _ := f.commitment()
		if c.State() != jisr.CommitmentAgreed || c.DueDate() != "2027-06-30" || len(c.Proposals) != 2 {
			t.Errorf("order %d: %s due %s of %d proposals", order, c.State(), c.DueDate(), len(c.Proposals))
		}
		f.meet("iq", "sy")
		// Both agree to amend: the day moves by a new text over one hash.
		amend := owed()
		amend.Due = "2027-12-31"
		a := f.say("iq", jisr.KindCommitmentPropose, promise, amend)
		f.meet("iq", "sy")
		if c, _ := f.commitment(); c.DueDate() != "2027-06-30" {
			t.Error("a proposal alone moves the day")
		}
		f.say("sy", jisr.KindCommitmentAgree, promise, jisr.AgreeTerms{Hash: a.Substance()})
		if c, _ := f.commitment(); c.DueDate() != "2027-12-31" {
			t.Error("an agreed amendment does not move the day")
		}
	}
}

// randomCommitment is what three members say about one commitment, sensible or not.
func randomCommitment(t testing.TB, seed uint64, acts int) *forum {
	f, r := newForum(t), rng(seed)
	if seed%3 > 0 { // the most of what can happen comes after it is agreed
		f, _ = agreedCommitment(t)
	}
	members := []jisr.MemberID{"iq", "sy", "jo"}
	said := map[jisr.Kind][]jisr.Act{}
	pick := func(k jisr.Kind) jisr.Act {
		if all := said[k]; len(all) > 0 {
			return all[r.IntN(len(all))]
		}
		return jisr.Act{}
	}
	kinds := []jisr.Kind{jisr.KindCommitmentPropose, jisr.KindCommitmentAgree, jisr.KindCommitmentAgree, jisr.KindCommitmentAssign, jisr.KindCommitmentProgress, jisr.KindCommitmentBlock,
		jisr.KindCommitmentReport, jisr.KindCommitmentReport, jisr.KindCommitmentRecall, jisr.KindCommitmentReceive, jisr.KindCommitmentAccept, jisr.KindCommitmentReturn,
		jisr.KindCommitmentExtend, jisr.KindCommitmentGrant, jisr.KindCommitmentKeep, jisr.KindCommitmentRaise, jisr.KindCommitmentDispute, jisr.KindCommitmentSettle,
		jisr.KindCommitmentRelease, jisr.KindCommitmentSupersede, jisr.KindCommitmentWithdraw}
	for i := range acts {
		m := members[min(r.IntN(5), 4)/2]
		if o := members[r.IntN(3)]; o != m && r.IntN(2) == 0 {
			f.receive(m, o, f.seen[m][o]+jisr.Index(r.IntN(6)))
		}
		k := kinds[r.IntN(len(kinds))]
		rare := k == jisr.KindCommitmentDispute || k == jisr.KindCommitmentRelease || k == jisr.KindCommitmentSupersede || k == jisr.KindCommitmentWithdraw
		if rare && r.IntN(4) > 0 {
			k = jisr.KindCommitmentReport
		}
		if i == 0 && seed%3 == 0 {
			m, k = "iq", jisr.KindCommitmentPropose
		}
		said[k] = append(said[k], f.say(m, k, promise, randomTerms(r.IntN, k, pick)))
	}
	return f
}

func randomTerms(n func(int) int, k jisr.Kind, pick func(jisr.Kind) jisr.Act) any {
	switch k {
	case jisr.KindCommitmentPropose:
		t := owed()
		t.Review = n(3)
		return t
	case jisr.KindCommitmentAgree:
		a := pick(jisr.KindCommitmentPropose)
		return jisr.AgreeTerms{Hash: a.Substance()}
	case jisr.KindCommitmentAssign:
		return jisr.AssignTerms{Desk: "water"}
	case jisr.KindCommitmentProgress:
		return jisr.ProgressTerms{Value: "1"}
	case jisr.KindCommitmentReport:
		return jisr.ReportTerms{}
	case jisr.KindCommitmentRecall, jisr.KindCommitmentReceive, jisr.KindCommitmentAccept, jisr.KindCommitmentReturn:
		t := returned(pick(jisr.KindCommitmentReport))
		t.Remarks = k == jisr.KindCommitmentAccept && n(2) == 0
		return t
	case jisr.KindCommitmentExtend:
		return jisr.ExtendTerms{To: jisr.Date("2027-01-02").Add(n(90)), Reason: "x"}
	case jisr.KindCommitmentGrant, jisr.KindCommitmentKeep:
		return jisr.AnswerTerms{To: pick(jisr.KindCommitmentExtend).Position}
	case jisr.KindCommitmentSettle:
		return jisr.AnswerTerms{To: pick([]jisr.Kind{jisr.KindCommitmentRaise, jisr.KindCommitmentDispute}[n(2)]).Position}
	case jisr.KindCommitmentRaise:
		return jisr.RaiseTerms{Level: 2 + n(4)}
	case jisr.KindCommitmentSupersede:
		return jisr.EndTerms{Successor: "commitment/iq-02"}
	case jisr.KindCommitmentRelease:
		return jisr.EndTerms{}
	}
	return jisr.Reason{Reason: "x"}
}

// Any order of arrival gives the same commitment, and void acts leave it as it would be without them.
func TestCommitmentsFoldTheSameEverywhere(t *testing.T) {
	states := map[jisr.CommitmentState]int{}
	for seed := range uint64(1500) {
		f := randomCommitment(t, seed, 15+int(seed%40))
		s := f.fold(promise, rng(seed))
		if s.Commitment == nil {
			t.Fatalf("seed %d: no commitment", seed)
		}
		states[s.Commitment.State()]++
		var valid []jisr.Act
		for _, a := range f.about(promise) {
			if s.Voids[a.Position] == nil {
				valid = append(valid, a)
			}
		}
		without := jisr.Fold(promise, valid)
		if s.Digest() != without.Digest() || len(without.Voids) > 0 {
			t.Fatalf("seed %d: void acts change the state: %s\n%v", seed, cmp.Diff(without.Commitment, s.Commitment), without.Voids)
		}
	}
	for _, st := range jisr.CommitmentStates() {
		if states[st] == 0 {
			t.Errorf("no commitment is %s: %v", st, states)
		}
	}
}

// What a member is offered is what it can do, having received everything.
func TestNextTellsWhatCanBeSaid(t *testing.T) {
	tried := map[jisr.Kind]int{}
	for seed := range uint64(300) {
		f := randomCommitment(t, seed, 10+int(seed%30))
		f.meet("iq", "sy", "jo")
		c := jisr.Fold(promise, f.about(promise)).Commitment
		for _, m := range []jisr.MemberID{"iq", "sy", "jo"} {
			for _, k := range c.Next(m) {
				a := f.next(m, k, promise, fitting(c, m, k))
				if void := jisr.Fold(promise, append(f.about(promise), a)).Voids[a.Position]; void != nil {
					t.Fatalf("seed %d: %s is offered %s (%s) and meets %v", seed, m, k, c.State(), void)
				}
				tried[k]++
			}
		}
	}
	if tried[jisr.KindCommitmentAgree] == 0 || len(tried) < 15 {
		t.Errorf("only %v were offered", tried)
	}
}

// fitting gives terms that suit the state.
func fitting(c *jisr.Undertaking, m jisr.MemberID, k jisr.Kind) any {
	switch k {
	case jisr.KindCommitmentPropose:
		t := owed()
		t.Due = "2031-01-01"
		return t
	case jisr.KindCommitmentAgree:
		return jisr.AgreeTerms{Hash: c.Proposals[len(c.Proposals)-1].Hash}
	case jisr.KindCommitmentAssign:
		return jisr.AssignTerms{Desk: "water"}
	case jisr.KindCommitmentProgress:
		return jisr.ProgressTerms{}
	case jisr.KindCommitmentReport:
		return jisr.ReportTerms{}
	case jisr.KindCommitmentRecall, jisr.KindCommitmentAccept, jisr.KindCommitmentReturn:
		return jisr.ReviewTerms{Report: c.Newest().Position, Reason: "x"}
	case jisr.KindCommitmentExtend:
		return jisr.ExtendTerms{To: "2030-01-01", Reason: "x"}
	case jisr.KindCommitmentGrant, jisr.KindCommitmentKeep:
		return jisr.AnswerTerms{To: c.Asked().Position}
	case jisr.KindCommitmentSettle:
		return jisr.AnswerTerms{To: c.Unsettled(m).Position}
	case jisr.KindCommitmentRaise:
		return jisr.RaiseTerms{Level: c.NextLevel()}
	case jisr.KindCommitmentSupersede:
		return jisr.EndTerms{Successor: "commitment/iq-02"}
	case jisr.KindCommitmentRelease:
		return jisr.EndTerms{}
	}
	return jisr.Reason{Reason: "x"}
}

func TestCommitmentTermsCheck(t *testing.T) {
	change := func(f func(*jisr.CommitmentTerms)) jisr.CommitmentTerms { c := owed(); f(&c); return c }
	for name, c := range map[string]struct {
		terms jisr.CommitmentTerms
		want  jisr.RefusalKind
	}{
		"good":                  {owed(), ""},
		"no day and no reason":  {change(func(c *jisr.CommitmentTerms) { c.Due = "" }), jisr.Missing},
		"no day, with a reason": {change(func(c *jisr.CommitmentTerms) { c.Due, c.NoDate = "", "x" }), ""},
		"no such day":           {change(func(c *jisr.CommitmentTerms) { c.Due = "2026-02-30" }), jisr.Malformed},
		"to itself":             {change(func(c *jisr.CommitmentTerms) { c.Beneficiary.Member = "iq" }), jisr.SelfAddress},
		"no title":              {change(func(c *jisr.CommitmentTerms) { c.Title = nil }), jisr.Missing},
		"no type":               {change(func(c *jisr.CommitmentTerms) { c.Type = "vague" }), jisr.NotOneOf},
		"no such sector":        {change(func(c *jisr.CommitmentTerms) { c.Sector = "x" }), jisr.NotOneOf},
		"recurring, never":      {change(func(c *jisr.CommitmentTerms) { c.Type = jisr.Recurring }), jisr.Missing},
		"a ladder that falls":   {change(func(c *jisr.CommitmentTerms) { c.Ladder = []int{9, 3} }), jisr.Malformed},
		"a ladder too high":     {change(func(c *jisr.CommitmentTerms) { c.Ladder = []int{1, 2, 3, 4, 5} }), jisr.TooMany},
		"an indicator in words": {change(func(c *jisr.CommitmentTerms) {
			c.Indicator = &jisr.Indicator{Name: jisr.Text{"en": "x"}, Target: "many"}
		}), jisr.Malformed},
		"an indicator": {change(func(c *jisr.CommitmentTerms) {
			c.Indicator = &jisr.Indicator{Name: jisr.Text{"en": "x"}, Target: "12.5", Baseline: "-1"}
		}), ""},
		"a milestone twice": {change(func(c *jisr.CommitmentTerms) {
			c.Milestones = []jisr.Milestone{{ID: "a", Title: c.Title}, {ID: "a", Title: c.Title}}
		}), jisr.Malformed},
		"depends on a note": {change(func(c *jisr.CommitmentTerms) { c.DependsOn = []jisr.ThingID{"note/iq-1"} }), jisr.Malformed},
		"a weekend of 7 days": {change(func(c *jisr.CommitmentTerms) {
			cal := jisr.DefaultCalendar()
			cal.Weekend = slices.Repeat(cal.Weekend, 4)
			c.Calendars = map[jisr.MemberID]jisr.Calendar{"sy": cal}
		}), jisr.TooMany},
		"no handling of a kind":  {change(func(c *jisr.CommitmentTerms) { c.Handling = "x" }), jisr.NotOneOf},
		"source that is nothing": {change(func(c *jisr.CommitmentTerms) { c.Source = &jisr.Source{Thing: "x"} }), jisr.Malformed},
	} {
		refusedAs(t, name, c.terms.Check(), c.want)
	}
}

func TestPeriodsEndOnWorkingDays(t *testing.T) {
	cal := jisr.DefaultCalendar()
	cal.Holidays = []jisr.Date{"2026-12-20"}
	for from, c := range map[jisr.Date]struct {
		days int
		want jisr.Date
	}{"2026-12-01": {15, "2026-12-16"}, "2026-12-03": {15, "2026-12-21"}, "2026-12-04": {15, "2026-12-21"}, "2026-12-31": {0, "2026-12-31"}} {
		if got := cal.After(from, c.days); got != c.want {
			t.Errorf("%d days after %s: %s, want %s", c.days, from, got, c.want)
		}
	}
	late := newForum(t).at.Add(14 * 3600e9) // 23:00 UTC is the next day in Baghdad
	if d := cal.Day(late); d != "2026-11-24" {
		t.Errorf("it is %s", d)
	}
}
