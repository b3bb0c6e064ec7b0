package jisr_test

import (
	"crypto/sha256"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jisr"
)

// writing is a forum with a body that decides in writing within ten days, in the mode of its rules.
func writing(t testing.TB, mode jisr.ApprovalMode, members ...jisr.MemberID) (*forum, jisr.Commitment) {
	f := newForum(t)
	terms := rules(members...)
	terms.Written, terms.Approval, terms.Code = 10, mode, "JWC"
	p := f.say("iq", jisr.KindBodyPropose, committee, terms)
	f.agreeAll(jisr.KindBodyAgree, p, members...)
	return f, p.Substance()
}

func (f *forum) circulate(m jisr.MemberID, number int, under jisr.Commitment) jisr.Act {
	f.t.Helper()
	return f.say(m, jisr.KindBodyCirculate, committee, jisr.CirculateTerms{Number: number, Title: jisr.Text{"ar": fmt.Sprint("قرار ", number)}, Rules: under})
}

// decided holds the state of the newest decision in writing, and which acts are void.
func (f *forum) decided(what, want string, voids ...jisr.Act) *jisr.WrittenDecision {
	f.t.Helper()
	s := f.fold(committee, rng(3))
	if s.Body == nil || len(s.Body.Decisions) == 0 {
		f.t.Fatalf("%s: no decision; voids %v", what, s.Voids)
	}
	w := &s.Body.Decisions[len(s.Body.Decisions)-1]
	if w.State() != want {
		f.t.Fatalf("%s: %s, want %s; voids %v", what, w.State(), want, s.Voids)
	}
	f.void(what, &s, voids)
	return w
}

func answered(a jisr.Act, reason string) jisr.ObjectTerms {
	return jisr.ObjectTerms{Hash: a.Substance(), Reason: reason}
}

func agreed(a jisr.Act) jisr.AgreeTerms { return jisr.AgreeTerms{Hash: a.Substance()} }

func TestADecisionInWritingIsAdoptedWhenAllApprove(t *testing.T) {
	for _, members := range parties() {
		f, under := writing(t, jisr.Express, members...)
		a := f.circulate("iq", 1, under)
		f.decided("circulated", jisr.WrittenOpen)
		f.meet(members...)
		for i, m := range members[1:] {
			f.say(m, jisr.KindBodyApprove, committee, agreed(a))
			want := jisr.WrittenOpen
			if i == len(members)-2 {
				want = jisr.WrittenAdopted
			}
			f.decided(fmt.Sprint("approved by ", m), want)
		}
		f.meet(members...)
		again := f.say("sy", jisr.KindBodyApprove, committee, agreed(a))
		late := f.say("iq", jisr.KindBodyObject, committee, answered(a, "x"))
		w := f.decided("ended", jisr.WrittenAdopted, again, late)
		s := f.fold(committee, rng(1))
		if ref := s.Body.Ref(w); ref != "JWC/2026/IQ-1" || w.Adopted == nil {
			t.Errorf("cited as %q, adopted %v", ref, w.Adopted)
		}
	}
}

// Silence runs from receipt, in the calendar of the addressee: ten days that end on a Friday end on the Sunday after it.
func TestSilenceAdoptsOnlyWhereTheRulesAdoptIt(t *testing.T) {
	for _, c := range []struct {
		mode jisr.ApprovalMode
		want string
	}{{jisr.Silent, jisr.WrittenAdopted}, {jisr.Express, jisr.WrittenLapsed}, {jisr.NoApproval, jisr.WrittenLapsed}} {
		f, under := writing(t, c.mode, "iq", "sy")
		a := f.circulate("iq", 1, under)
		f.at = f.at.AddDate(0, 0, 40) // the road is cut: nothing runs
		f.decided("cut off", jisr.WrittenOpen)
		f.meet("iq", "sy")
		f.say("sy", jisr.KindBodyReceive, committee, agreed(a))
		w := f.decided("received", jisr.WrittenOpen)
		until := w.Verdicts["sy"].Until
		cal := jisr.DefaultCalendar()
		if day := cal.Day(f.at); until < day.Add(9) || until > day.Add(12) || cal.Free(until) {
			t.Errorf("received on %s, its days end on %s", day, until)
		}
		cut := jisr.Heard{Today: until.Add(9), Cut: map[jisr.MemberID]jisr.Date{"sy": until}}
		if w.Standing(jisr.On(until)) != jisr.WrittenOpen || w.Standing(jisr.On(until.Add(1))) != c.want || w.Standing(cut) != jisr.WrittenOpen {
			t.Errorf("%s: on its last day %s, after it %s, while it is not reached %s", c.mode, w.Standing(jisr.On(until)), w.Standing(jisr.On(until.Add(1))), w.Standing(cut))
		}
		early := f.say("sy", jisr.KindBodyLapse, committee, agreed(a))
		f.at = f.at.AddDate(0, 0, 14)
		f.say("sy", jisr.KindBodyLapse, committee, agreed(a))
		late := f.say("sy", jisr.KindBodyObject, committee, answered(a, "x"))
		f.decided("its days have passed", c.want, early, late)
		if s := f.fold(committee, rng(1)); s.Voids[late.Position].Kind != jisr.Already {
			t.Errorf("an objection after its silence: %v", s.Voids[late.Position])
		}
	}
}

func TestAnObjectionBreaksSilence(t *testing.T) {
	for _, members := range parties() {
		f, under := writing(t, jisr.Silent, members...)
		a := f.circulate("iq", 1, under)
		f.meet(members...)
		for _, m := range members[1:] {
			f.say(m, jisr.KindBodyReceive, committee, agreed(a))
		}
		f.at = f.at.AddDate(0, 0, 5)
		bare := f.say("sy", jisr.KindBodyObject, committee, answered(a, ""))
		f.say("sy", jisr.KindBodyObject, committee, answered(a, "البند الثاني"))
		f.meet(members...)
		after := f.say(members[1], jisr.KindBodyApprove, committee, agreed(a))
		w := f.decided("objected", jisr.WrittenObjected, bare, after)
		if w.Standing(jisr.On("2030-01-01")) != jisr.WrittenObjected || w.Verdicts["sy"].Reason == "" {
			t.Errorf("%v: silence adopts what was objected to", members)
		}
		// the days are those of the member's own log: an objection after them is late, whoever hears of it
		b := f.circulate("iq", 2, under)
		f.meet(members...)
		f.say("sy", jisr.KindBodyReceive, committee, agreed(b))
		f.at = f.at.AddDate(0, 0, 30)
		late := f.say("sy", jisr.KindBodyObject, committee, answered(b, "x"))
		f.decided("late", jisr.WrittenOpen, bare, after, late)
	}
}

// Who circulated it takes it back by objecting: from receipt. Approvals that had not received that stand (P4), in both orders of arrival.
func TestTakingADecisionInWritingBack(t *testing.T) {
	for c := range 8 {
		received, first, members := c&1 == 1, c&2 == 2, parties()[c>>2]
		f, under := writing(t, jisr.Express, members...)
		a := f.circulate("iq", 1, under)
		f.meet(members...)
		var back jisr.Act
		if first || received {
			back = f.say("iq", jisr.KindBodyObject, committee, answered(a, "x"))
		}
		if received {
			f.meet(members...)
		}
		var approvals []jisr.Act
		for _, m := range members[1:] {
			approvals = append(approvals, f.say(m, jisr.KindBodyApprove, committee, agreed(a)))
		}
		if !first && !received {
			back = f.say("iq", jisr.KindBodyObject, committee, answered(a, "x"))
		}
		f.meet(members...)
		if received {
			f.decided("taken back first", jisr.WrittenObjected, approvals...)
		} else {
			f.decided("approved unaware of it", jisr.WrittenAdopted, back)
		}
	}
}

func TestADecisionInWritingNeedsTheRulesThatHold(t *testing.T) {
	f, under := writing(t, jisr.Silent, "iq", "sy")
	amended := rules("iq", "sy")
	amended.Written, amended.Approval = 2, jisr.Silent
	p := f.say("sy", jisr.KindBodyPropose, committee, amended)
	f.meet("iq", "sy")
	proposed := f.circulate("iq", 1, p.Substance())
	made := f.circulate("iq", 1, jisr.Commit(sha256.Sum256([]byte("x"))))
	skipped := f.circulate("iq", 2, under)
	f.agreeAll(jisr.KindBodyAgree, p, "iq", "sy")
	old := f.circulate("iq", 1, under)
	f.circulate("iq", 1, p.Substance())
	unknown := f.say("sy", jisr.KindBodyApprove, committee, jisr.AgreeTerms{Hash: under})
	unseen := f.say("sy", jisr.KindBodyApprove, committee, agreed(f.circulate("iq", 2, p.Substance())))
	f.decided("rules", jisr.WrittenOpen, proposed, made, skipped, old, unknown, unseen)
	none := rules("iq", "sy")
	q := f.say("iq", jisr.KindBodyPropose, committee, none)
	f.agreeAll(jisr.KindBodyAgree, q, "iq", "sy")
	f.decided("no written procedure", jisr.WrittenOpen, proposed, made, skipped, old, unknown, unseen, f.circulate("iq", 3, q.Substance()))
}

// Whatever two members say about decisions in writing, whatever of it they had received, and in whatever order it arrives, both fold
// the same, and void acts change nothing.
func TestDecisionsInWritingFoldTheSameInAnyOrder(t *testing.T) {
	states, other := map[string]int{}, map[jisr.MemberID]jisr.MemberID{"iq": "sy", "sy": "iq"}
	for seed := range uint64(200) {
		r := rng(seed)
		f, under := writing(t, []jisr.ApprovalMode{jisr.Express, jisr.Silent}[r.IntN(2)], "iq", "sy")
		a := f.circulate("iq", 1, under)
		f.meet("iq", "sy")
		for range 14 {
			m := []jisr.MemberID{"iq", "sy"}[r.IntN(2)]
			switch r.IntN(6) {
			case 0:
				f.receive(m, other[m], -1)
			case 1:
				f.at = f.at.AddDate(0, 0, 12*r.IntN(2))
			case 2:
				f.circulate(m, 1+r.IntN(3), under)
			case 3:
				f.say(m, jisr.KindBodyObject, committee, answered(a, "x"))
			default:
				f.say(m, []jisr.Kind{jisr.KindBodyReceive, jisr.KindBodyApprove, jisr.KindBodyLapse}[r.IntN(3)], committee, agreed(a))
			}
		}
		s := f.fold(committee, r)
		var valid []jisr.Act
		for _, act := range f.about(committee) {
			if s.Voids[act.Position] == nil {
				valid = append(valid, act)
			}
		}
		without := jisr.Fold(committee, valid)
		if s.Digest() != without.Digest() || len(without.Voids) > 0 {
			t.Fatalf("seed %d: void acts change the state: %s\n%v", seed, cmp.Diff(string(without.Joint()), string(s.Joint())), without.Voids)
		}
		states[s.Body.Decisions[0].State()]++
	}
	if len(states) < 4 {
		t.Errorf("only these states were met: %v", states)
	}
}
