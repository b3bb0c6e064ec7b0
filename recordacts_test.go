package jisr_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"jisr"
)

const returns = jisr.ThingID("record/sy-1")

func sentBatch(t testing.TB) *forum {
	f := newForum(t)
	f.say("sy", jisr.KindRecordBatch, returns, jisr.BatchTerms{Programme: "programme/sy-1", Document: jisr.Commit([32]byte{1}), Type: "population_movement", Count: 10, To: []jisr.MemberID{"iq"}})
	f.receive("iq", "sy", -1)
	return f
}

func places(runs ...[2]int) jisr.PlaceTerms { return jisr.PlaceTerms{Records: runs} }

// voided is what an act came to.
func (f *forum) voided(s *jisr.State, a jisr.Act) string {
	if r := s.Voids[a.Position]; r != nil {
		return string(r.Kind)
	}
	return ""
}

// TestWhatIsSaidAboutRecords holds each rule, whichever act arrives first: fold shuffles them.
func TestWhatIsSaidAboutRecords(t *testing.T) {
	for name, c := range map[string]struct {
		play func(f *forum) jisr.Act // gives the act that is looked at
		void string
		want func(b *jisr.RecordBatch) bool
	}{
		"a correction has effect": {func(f *forum) jisr.Act { return f.say("sy", jisr.KindRecordCorrect, returns, places([2]int{3, 4})) }, "",
			func(b *jisr.RecordBatch) bool { return b.Changes[4].Corrected.N == 1 && b.Changes[5] == nil }},
		"only the sender corrects": {func(f *forum) jisr.Act { return f.say("iq", jisr.KindRecordCorrect, returns, places([2]int{3, 3})) }, "not-yours",
			func(b *jisr.RecordBatch) bool { return b.Changes == nil }},
		"the sender confirms nothing": {func(f *forum) jisr.Act { return f.say("sy", jisr.KindRecordConfirm, returns, places([2]int{3, 3})) }, "not-addressed",
			func(b *jisr.RecordBatch) bool { return b.Changes == nil }},
		"who receives nothing confirms nothing": {func(f *forum) jisr.Act { return f.say("jo", jisr.KindRecordConfirm, returns, places([2]int{3, 3})) }, "not-addressed",
			func(b *jisr.RecordBatch) bool { return b.Changes == nil }},
		"there is no eleventh record of ten": {func(f *forum) jisr.Act { return f.say("sy", jisr.KindRecordWithdraw, returns, places([2]int{9, 11})) }, "out-of-range",
			func(b *jisr.RecordBatch) bool { return b.Changes == nil }},
		"a withdrawal has effect": {func(f *forum) jisr.Act { return f.say("sy", jisr.KindRecordWithdraw, returns, places([2]int{1, 10})) }, "",
			func(b *jisr.RecordBatch) bool { return b.Changes[10].Withdrawn != nil }},
		"what is withdrawn is not corrected": {func(f *forum) jisr.Act {
			f.say("sy", jisr.KindRecordWithdraw, returns, places([2]int{1, 1}))
			return f.say("sy", jisr.KindRecordCorrect, returns, places([2]int{1, 1}))
		}, "withdrawn", func(b *jisr.RecordBatch) bool { return b.Changes[1].Corrected == nil }},
		"what is withdrawn and received is not confirmed": {func(f *forum) jisr.Act {
			f.say("sy", jisr.KindRecordWithdraw, returns, places([2]int{1, 1}))
			f.receive("iq", "sy", -1)
			return f.say("iq", jisr.KindRecordConfirm, returns, places([2]int{1, 1}))
		}, "withdrawn", func(b *jisr.RecordBatch) bool { return b.Changes[1].Confirmed == nil }},
		"a confirmation stands against a withdrawal of the same hour": {func(f *forum) jisr.Act {
			w := f.say("sy", jisr.KindRecordWithdraw, returns, places([2]int{1, 1}))
			f.say("iq", jisr.KindRecordConfirm, returns, places([2]int{1, 1}))
			return w
		}, "confirmed", func(b *jisr.RecordBatch) bool {
			return b.Changes[1].Withdrawn == nil && len(b.Changes[1].Confirmed) == 1
		}},
		"and against one that had received it": {func(f *forum) jisr.Act {
			f.say("iq", jisr.KindRecordConfirm, returns, places([2]int{1, 1}))
			f.receive("sy", "iq", -1)
			return f.say("sy", jisr.KindRecordWithdraw, returns, places([2]int{1, 1}))
		}, "confirmed", func(b *jisr.RecordBatch) bool { return b.Changes[1].Withdrawn == nil }},
		"a confirmation of an earlier figure confirms no other": {func(f *forum) jisr.Act {
			f.say("sy", jisr.KindRecordCorrect, returns, places([2]int{1, 1}))
			return f.say("iq", jisr.KindRecordConfirm, returns, places([2]int{1, 1}))
		}, "", func(b *jisr.RecordBatch) bool {
			return b.Changes[1].Confirmed == nil && b.Changes[1].Corrected != nil
		}},
		"and does not keep the other from being withdrawn": {func(f *forum) jisr.Act {
			f.say("sy", jisr.KindRecordCorrect, returns, places([2]int{1, 1}))
			f.say("iq", jisr.KindRecordConfirm, returns, places([2]int{1, 1}))
			return f.say("sy", jisr.KindRecordWithdraw, returns, places([2]int{1, 1}))
		}, "", func(b *jisr.RecordBatch) bool { return b.Changes[1].Withdrawn != nil }},
		"a correction asks for its confirmation anew": {func(f *forum) jisr.Act {
			f.say("iq", jisr.KindRecordConfirm, returns, places([2]int{1, 1}))
			f.receive("sy", "iq", -1)
			f.say("sy", jisr.KindRecordCorrect, returns, places([2]int{1, 1}))
			f.receive("iq", "sy", -1)
			return f.say("iq", jisr.KindRecordConfirm, returns, places([2]int{1, 1}))
		}, "", func(b *jisr.RecordBatch) bool { return len(b.Changes[1].Confirmed) == 1 }},
		"a batch is acknowledged once": {func(f *forum) jisr.Act {
			f.say("iq", jisr.KindRecordAcknowledge, returns, nil)
			return f.say("iq", jisr.KindRecordAcknowledge, returns, nil)
		}, "already", func(b *jisr.RecordBatch) bool { return len(b.Acknowledged) == 1 }},
	} {
		t.Run(name, func(t *testing.T) {
			f := sentBatch(t)
			a := c.play(f)
			s := f.fold(returns, rng(1))
			if got := f.voided(&s, a); got != c.void {
				t.Errorf("it is void as %q, want %q", got, c.void)
			}
			if s.Batch == nil || !c.want(s.Batch) {
				t.Errorf("the batch is otherwise: %+v", s.Batch)
			}
		})
	}
}

// TestRecordsComeToTheSameInAnyOrder: whatever both sides say, and whenever it arrives, all orders give one state, no record is
// both withdrawn and confirmed, and only what is not withdrawn is confirmed.
func TestRecordsComeToTheSameInAnyOrder(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 7))
		f := sentBatch(t)
		for range 12 {
			m := []jisr.MemberID{"sy", "iq"}[r.IntN(2)]
			from := 1 + r.IntN(4)
			p := places([2]int{from, from + r.IntN(3)})
			switch kind := r.IntN(3); {
			case m == "iq":
				f.say(m, jisr.KindRecordConfirm, returns, p)
			case kind == 0:
				f.say(m, jisr.KindRecordWithdraw, returns, p)
			default:
				f.say(m, jisr.KindRecordCorrect, returns, p)
			}
			if r.IntN(2) == 0 {
				f.receive("iq", "sy", jisr.Index(r.IntN(len(f.logs["sy"])+1)))
				f.receive("sy", "iq", jisr.Index(r.IntN(len(f.logs["iq"])+1)))
			}
		}
		s := f.fold(returns, r)
		for place, c := range s.Batch.Changes {
			if c.Withdrawn != nil && len(c.Confirmed) > 0 {
				t.Fatal(fmt.Sprint("seed ", seed, ": record ", place, " is withdrawn and confirmed"))
			}
		}
	}
}
