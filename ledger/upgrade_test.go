package ledger_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"jisr/ledger"
)

// A ledger of the former version is brought up by opening it: all that was in it is there, and it goes on.
func TestALedgerOfTheFormerVersionGoesOn(t *testing.T) {
	a, b := pair(t)
	a.appends(iqLog, says("0", 10), says("1", 10_000))
	sync(a, b, iqLog)
	upload, err := a.NewUpload(t.Context(), 3, "text/plain", "قديم.txt")
	check(t, err)
	check(t, a.Close())
	store := openStore(t, a.path)
	check(t, ledger.Former(store))
	check(t, store.Close())
	for range 2 { // once from the former version, once from this one
		store = openStore(t, a.path)
		a.open(store)
		CheckLedger(t, a)
		check(t, a.Close())
	}
	a.open(openStore(t, a.path))
	_, err = a.WriteUpload(t.Context(), upload, 0, strings.NewReader("abc"))
	check(t, err)
	a.appends(iqLog, says("2"))
	sync(a, b, iqLog)
	if got := a.unused(t, time.Now().Add(time.Hour)); !slices.Equal(got, []string{upload}) {
		t.Errorf("uploads that nothing names: %v, want %s, dated by the first look", got, upload)
	}
}

// unused lists what nothing names and began before a time, after a look that dates what has no date.
func (n *node) unused(t *testing.T, before time.Time) []string {
	t.Helper()
	_, err := n.Unused(t.Context(), time.Time{}, 10)
	check(t, err)
	got, err := n.Unused(t.Context(), before, 10)
	check(t, err)
	return got
}

// What an entry names is used; what began a short while ago may still be.
func TestOnlyOldUploadsThatNothingNamesAreUnused(t *testing.T) {
	a := newNode(t, iq)
	a.creates(iqLog, iq)
	begin := func() string {
		id, err := a.NewUpload(t.Context(), 1, "text/plain", "f")
		check(t, err)
		_, err = a.WriteUpload(t.Context(), id, 0, strings.NewReader("x"))
		check(t, err)
		return id
	}
	named, old := begin(), begin()
	u, err := a.Upload(t.Context(), named)
	check(t, err)
	e := entry{Text: "0", Refs: []ledger.Ref{{Commit: u.Commit, Size: 1, Type: "text/plain", Rank: 3}}}
	a.appends(iqLog, ledger.NewEntry{Data: e.bytes(), Contents: []ledger.Content{{Blob: named}}})
	if got := a.unused(t, time.Time{}.Add(time.Hour)); len(got) != 0 {
		t.Errorf("before any began: %v", got)
	}
	if got := a.unused(t, time.Now().Add(100*365*24*time.Hour)); !slices.Equal(got, []string{old}) {
		t.Errorf("unused: %v, want %s", got, old)
	}
}

// What we signed for another's log is kept with it: when each entry first came, and when all it carries was here.
func TestOurOwnReceiptsTellWhenEntriesCame(t *testing.T) {
	a, b := pair(t)
	a.appends(iqLog, says("0", 10), says("1", 10))
	first, err := b.Mirror(t.Context(), a.batch(iqLog, 0, 1, true))
	check(t, err)
	second, err := b.Mirror(t.Context(), a.batch(iqLog, 1, 2, false))
	check(t, err)
	for range 3 { // says nothing new, and is not kept
		_, err = b.Mirror(t.Context(), ledger.Batch{Log: iqLog})
		check(t, err)
	}
	third, err := b.Mirror(t.Context(), ledger.Batch{Log: iqLog, Contents: a.parts(iqLog, 1, 2)})
	check(t, err)
	b.reopen()
	covers, held, err := b.HeldAt(t.Context(), iqLog, sy, 1)
	check(t, err)
	if covers == nil || held == nil || !covers.Time.Equal(second.Time) || !held.Time.Equal(third.Time) || string(held.Note) != string(third.Note) {
		t.Errorf("covered by %v, held by %v", covers, held)
	}
	at, since, err := b.Arrivals(t.Context(), iqLog, 0, 2)
	check(t, err)
	if since != 1 || !at[0].Equal(first.Time) || !at[1].Equal(second.Time) {
		t.Errorf("came at %v, known from entry %d on", at, since)
	}
	if n, err := b.CountReceipts(t.Context(), iqLog); err != nil || n != 3 {
		t.Errorf("%d receipts kept, %v", n, err)
	}
	CheckLedger(t, b)
	proof, err := b.ExportProof(t.Context(), iqLog, 0)
	check(t, err)
	if strings.Contains(string(proof), "\nreceipt ") {
		t.Error("a proof of another's act needs our keys to be verified")
	}
}
