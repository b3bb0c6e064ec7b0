package node_test

import (
	"context"
	"testing"
	"time"

	"jisr"
	"jisr/book"
	"jisr/node"
	"jisr/node/nodetest"
)

func TestNoteWholeLife(t *testing.T) {
	for _, members := range [][]jisr.MemberID{{"iq", "sy"}, {"iq", "jo", "sy"}} {
		w := nodetest.New(t, members...)
		iq, sy := w.As("iq"), w.As("sy")
		drafter := w.Official("iq", "first.secretary", jisr.Drafter)
		chief := w.Official("iq", "head.of.desk", jisr.Drafter, jisr.Releaser)

		done := iq.DoAs(drafter, node.DraftNote{Forum: w.Forum, Draft: w.Note("sy")})
		iq.DoAs(drafter, node.ClearNote{ID: done.Thing, Version: 1})
		iq.Refused(jisr.NotAllowed)
		iq.DoAs(chief, node.ReleaseNote{ID: done.Thing, Version: 1})
		iq.Refused(jisr.NotCleared)
		iq.DoAs(chief, node.ReturnNote{ID: done.Thing, Version: 1, Reason: "أضيفوا الموعد"})
		d := w.Note("sy")
		d.ReplyBy = "2026-12-01"
		iq.DoAs(drafter, node.DraftNote{Forum: w.Forum, ID: done.Thing, Version: 1, Draft: d})
		iq.DoAs(chief, node.ClearNote{ID: done.Thing, Version: 1})
		iq.Refused(jisr.Conflict)
		iq.DoAs(chief, node.ClearNote{ID: done.Thing, Version: 2})
		released := iq.DoAs(chief, node.ReleaseNote{ID: done.Thing, Version: 2})
		iq.Done()
		if err := w.Node("iq").WaitHeld(t.Context(), w.Forum, released.Position); err != nil {
			t.Fatal(err)
		}
		iq.Sees(done.Thing, jisr.Held)
		receipts, err := w.Node("iq").Receipts(t.Context(), book.Whole(), w.Forum, released.Position)
		if err != nil || len(receipts) != len(members)-1 || receipts[0].HeldAt.IsZero() || receipts[0].CountersignedAt.IsZero() {
			t.Fatalf("receipts %+v %v", receipts, err)
		}
		sy.Receives(done.Thing).Opens(done.Thing)
		iq.Sees(done.Thing, jisr.OpenedState).Withdraws(done.Thing).Refused(jisr.Opened)

		answer := w.Note("iq")
		answer.InReplyTo = done.Thing
		reply := sy.Releases(answer)
		iq.Receives(reply).Sees(done.Thing, jisr.Answered)
		w.Settle()
		if v, err := w.Node("sy").Book().Note(t.Context(), book.Whole(), w.Forum, done.Thing); err != nil || v.Draft != nil {
			t.Fatalf("the other side sees the house's draft: %+v %v", v.Draft, err)
		}
	}
}

func TestTheOneWhoDraftsDoesNotRelease(t *testing.T) {
	w := nodetest.New(t, "iq", "sy")
	iq := w.As("iq")
	both := w.Official("iq", "both", jisr.Drafter, jisr.Releaser)
	other := w.Official("iq", "other", jisr.Releaser)
	done := iq.DoAs(both, node.DraftNote{Forum: w.Forum, Draft: w.Note("sy")})
	iq.DoAs(both, node.ClearNote{ID: done.Thing, Version: 1})
	iq.Refused(jisr.SecondPerson)
	iq.DoAs(other, node.ClearNote{ID: done.Thing, Version: 1})
	iq.DoAs(both, node.ReleaseNote{ID: done.Thing, Version: 1})
	iq.Refused(jisr.SecondPerson)
	iq.DoAs(other, node.ReleaseNote{ID: done.Thing, Version: 1})
	iq.Done()
}

// Both sides act while the road is cut: the opening had not seen the withdrawal, so it stands (practice 5.4, P4).
func TestWithdrawalCrossesOpening(t *testing.T) {
	w := nodetest.New(t, "iq", "sy")
	iq, sy := w.As("iq"), w.As("sy")
	id := iq.Releases(w.Note("sy"))
	sy.Receives(id)
	w.Settle()
	w.Cut("iq", "sy")
	iq.Withdraws(id).Done()
	sy.Opens(id).Done()
	iq.Sees(id, jisr.WithdrawnState)
	w.Restore("iq", "sy")
	w.Settle()
	iq.Sees(id, jisr.OpenedState)
	sy.Sees(id, jisr.OpenedState)
}

func TestWithdrawalBeforeOpening(t *testing.T) {
	w := nodetest.New(t, "iq", "sy")
	iq, sy := w.As("iq"), w.As("sy")
	id := iq.Releases(w.Note("sy"))
	iq.Withdraws(id).Done()
	w.Settle()
	sy.Sees(id, jisr.WithdrawnState).Opens(id).Refused(jisr.Withdrawn)
}

func TestIdempotencyKey(t *testing.T) {
	w := nodetest.New(t, "iq", "sy")
	iq := w.As("iq")
	first := iq.Do(node.SendNote{Forum: w.Forum, Draft: w.Note("sy"), Key: "k1"})
	again := iq.Do(node.SendNote{Forum: w.Forum, Draft: w.Note("sy"), Key: "k1"})
	iq.Done()
	if first.Thing != again.Thing || first.Position != again.Position || !again.Existing {
		t.Fatalf("%+v, then %+v", first, again)
	}
	other := w.Note("sy")
	other.Body.Subject = jisr.Text{"ar": "موضوع آخر"}
	iq.Do(node.SendNote{Forum: w.Forum, Draft: other, Key: "k1"})
	iq.Refused(jisr.Reused)
}

func TestNumbersHaveNoGaps(t *testing.T) {
	w := nodetest.New(t, "iq", "sy")
	errs := make(chan error, 100)
	for range 100 {
		go func() {
			_, err := w.Node("iq").Do(context.Background(), w.Official("iq", "gateway", jisr.Direct), node.SendNote{Forum: w.Forum, Draft: w.Note("sy")})
			errs <- err
		}()
	}
	for range 100 {
		if err := <-errs; err != nil {
			t.Fatal(err)
		}
	}
	w.Settle()
	rows, _, err := w.Node("sy").Book().Notes(t.Context(), book.Whole(), book.NoteQuery{Forum: w.Forum, Limit: 200})
	if err != nil || len(rows) != 100 {
		t.Fatalf("%d notes, %v", len(rows), err)
	}
	numbers := map[int]bool{}
	for _, r := range rows {
		numbers[r.Note.Number] = true
	}
	for i := 1; i <= 100; i++ {
		if !numbers[i] {
			t.Fatalf("no note has number %d", i)
		}
	}
}

func TestRestartGoesOnWhereItStopped(t *testing.T) {
	w := nodetest.New(t, "iq", "sy")
	iq, sy := w.As("iq"), w.As("sy")
	one := iq.Releases(w.Note("sy"))
	sy.Receives(one)
	w.Stop("sy")
	two := iq.Releases(w.Note("sy"))
	w.Stop("iq")
	w.Start("iq")
	three := iq.Releases(w.Note("sy"))
	w.Start("sy")
	sy.Receives(two).Receives(three)
	w.Settle()
}

func TestNoAnswerInTime(t *testing.T) {
	w := nodetest.New(t, "iq", "sy")
	iq, sy := w.As("iq"), w.As("sy")
	d := w.Note("sy")
	d.ReplyBy = "2026-11-26"
	id := iq.Releases(d)
	sy.Receives(id).Opens(id)
	iq.Sees(id, jisr.OpenedState)
	w.Pass(3 * 24 * time.Hour)
	iq.Sees(id, jisr.NoAnswerInTime).Closes(id)
	iq.Sees(id, jisr.NoAnswerNeeded)
	w.Settle()
}

func TestRebuiltBookIsTheSame(t *testing.T) {
	w := nodetest.New(t, "iq", "sy")
	iq, sy := w.As("iq"), w.As("sy")
	for range 5 {
		id := iq.Releases(w.Note("sy"))
		sy.Receives(id).Opens(id)
	}
	w.Settle()
	want, sizes, err := w.Node("iq").Book().Digest(t.Context(), w.Forum)
	if err != nil {
		t.Fatal(err)
	}
	w.Stop("iq")
	acts, err := node.RebuildBook(t.Context(), node.Options{Dir: w.Dir("iq"), Config: w.Config("iq"), Now: w.Now})
	if err != nil || acts < int64(sizes["iq"]+sizes["sy"]) {
		t.Fatalf("%d acts, %v", acts, err)
	}
	w.Start("iq")
	got, _, err := w.Node("iq").Book().Digest(t.Context(), w.Forum)
	if err != nil || got != want {
		t.Fatalf("rebuilt %x, was %x: %v", got, want, err)
	}
}
