package node_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"jisr"
	"jisr/book"
	"jisr/node"
	"jisr/node/nodetest"
)

// order lists the notes a node has, as its lists do.
func order(t *testing.T, w *nodetest.World, m jisr.MemberID) (ids []jisr.ThingID) {
	t.Helper()
	rows, _, err := w.Node(m).Book().Notes(t.Context(), book.Whole(), book.NoteQuery{})
	must(t, err)
	for _, r := range rows {
		ids = append(ids, r.ID)
	}
	return ids
}

// Lists go by when a note reached this node: one whose writer's clock runs ahead stays at its place, and one that was held up by
// a cut road is new when it comes. A rebuilt book says the same.
func TestNotesStandInTheOrderTheyReachedTheNode(t *testing.T) {
	w := nodetest.New(t, "iq", "sy")
	iq, sy := w.As("iq"), w.As("sy")
	w.Cut("iq", "sy")
	w.Pass(48 * time.Hour) // sy's clock is ahead while it writes
	ahead := sy.Releases(w.Note("iq"))
	w.Pass(-47 * time.Hour)
	w.Restore("iq", "sy")
	iq.Receives(ahead)
	w.Settle()
	w.Pass(time.Hour)
	own := iq.Releases(w.Note("sy"))
	w.Settle()
	w.Cut("iq", "sy")
	late := sy.Releases(w.Note("iq"))
	w.Pass(time.Hour)
	between := iq.Releases(w.Note("sy"))
	w.Pass(time.Hour)
	w.Restore("iq", "sy")
	iq.Receives(late)
	w.Settle()
	want := []jisr.ThingID{late, between, own, ahead}
	if got := order(t, w, "iq"); !slices.Equal(got, want) {
		t.Errorf("listed %v, want %v", got, want)
	}
	v, err := w.Node("iq").Book().Note(t.Context(), book.Whole(), w.Forum, ahead)
	must(t, err)
	receipts, err := w.Node("iq").Receipts(t.Context(), book.Whole(), w.Forum, v.Note.Released.Position)
	must(t, err)
	if len(receipts) != 1 || receipts[0].Member != "iq" || receipts[0].HeldAt.IsZero() || receipts[0].HeldAt.After(v.Note.Released.At) {
		t.Errorf("our own receipt for what came: %+v", receipts)
	}
	w.Stop("iq")
	_, err = node.RebuildBook(t.Context(), node.Options{Dir: w.Dir("iq"), Config: w.Config("iq"), Now: w.Now})
	must(t, err)
	w.Start("iq")
	if got := order(t, w, "iq"); !slices.Equal(got, want) {
		t.Errorf("rebuilt, it lists %v, want %v", got, want)
	}
}

// An upload that nothing came to name is forgotten after a week; one that a draft names stays as long as the draft.
func TestUploadsThatNothingNamesAreForgotten(t *testing.T) {
	w := nodetest.New(t, "iq", "sy")
	n, drafter := w.Node("iq"), w.Official("iq", "first", jisr.Drafter)
	up := func() string {
		u, err := n.NewUpload(t.Context(), drafter, "جدول.csv", "text/csv", 3)
		must(t, err)
		_, err = n.WriteUpload(t.Context(), drafter, u.ID, 0, strings.NewReader("a,b"[:3]))
		must(t, err)
		return u.ID
	}
	gone := func(id string) bool { _, err := n.UploadInfo(t.Context(), drafter, id); return err != nil }
	drafted, dropped, forgotten := up(), up(), up()
	draft := func(file string) jisr.ThingID {
		d := w.Note("sy")
		d.Files = []jisr.DraftFile{{Upload: file}}
		done, err := n.Do(t.Context(), drafter, node.DraftNote{Forum: w.Forum, Draft: d})
		must(t, err)
		return done.Thing
	}
	draft(drafted)
	discarded := draft(dropped)
	w.Pass(6 * 24 * time.Hour)
	fresh := up()
	w.Pass(25 * time.Hour)
	w.Until("the upload nothing names is forgotten", func() bool { return gone(forgotten) })
	if gone(drafted) || gone(dropped) || gone(fresh) {
		t.Error("an upload that a draft names, or a new one, was forgotten")
	}
	_, err := n.Do(t.Context(), drafter, node.DiscardNote{ID: discarded, Version: 1})
	must(t, err)
	w.Pass(2 * time.Hour)
	w.Until("what only a discarded draft names is forgotten", func() bool { return gone(dropped) })
	if gone(drafted) || gone(fresh) {
		t.Error("an upload that a draft names, or a new one, was forgotten")
	}
}
