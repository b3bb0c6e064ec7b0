package ledger_test

import (
	"reflect"
	"strings"
	"testing"

	"jisr/ledger"
)

const jo = "jo.jisr.example"

func TestReceiptsAreThinnedButNeverWhatTheyFirstProved(t *testing.T) {
	a, b := pair(t)
	a.appends(iqLog, says("0", 10), says("1", 10))
	r, err := b.Mirror(t.Context(), a.batch(iqLog, 0, 2, false))
	check(t, err)
	accept := func(r ledger.Receipt, want int64) {
		t.Helper()
		_, err := a.Accept(t.Context(), r.Note, r.Checkpoint, b.keys.Public())
		check(t, err)
		if n, err := a.CountReceipts(t.Context(), iqLog); err != nil || n != want {
			t.Fatalf("%d receipts kept (%v), want %d", n, err, want)
		}
		CheckLedger(t, a)
	}
	again := func() ledger.Receipt {
		t.Helper()
		r, err := b.Mirror(t.Context(), ledger.Batch{Log: iqLog})
		check(t, err)
		return r
	}
	first, stale := r, again()
	accept(first, 1)
	for range 5 {
		accept(again(), 2) // the first, and the newest of those that prove nothing new
	}
	accept(stale, 2)
	if newest, err := a.Receipts(t.Context(), iqLog); err != nil || !newest[0].Time.After(stale.Time) {
		t.Fatalf("a receipt that came late took the newest one's place: %v, %v", newest, err)
	}
	parts := a.parts(iqLog, 0, 2)
	r, err = b.Mirror(t.Context(), ledger.Batch{Log: iqLog, Contents: parts[1:]})
	check(t, err)
	accept(r, 2) // drops entry 1 from what is missing: kept, and the newest before it may go
	second := r
	for range 3 {
		accept(again(), 3)
	}
	b.reopen() // which also sets its clock back
	r, err = b.Mirror(t.Context(), ledger.Batch{Log: iqLog, Contents: parts[:1]})
	check(t, err)
	accept(r, 3)
	for _, c := range []struct {
		i    int64
		held ledger.Receipt
	}{{0, r}, {1, second}} {
		covers, held, err := a.HeldAt(t.Context(), iqLog, sy, c.i)
		check(t, err)
		if covers == nil || !covers.Time.Equal(first.Time) || held == nil || !held.Time.Equal(c.held.Time) {
			t.Errorf("entry %d: covered at %v, held at %v; want %v, %v", c.i, covers, held, first.Time, c.held.Time)
		}
	}
	if covers, held, err := a.HeldAt(t.Context(), iqLog, jo, 0); err != nil || covers != nil || held != nil {
		t.Errorf("a mirror that gave no receipt: %v, %v, %v", covers, held, err)
	}
	newest, err := a.Receipts(t.Context(), iqLog)
	check(t, err)
	if len(newest) != 1 || newest[0].Mirror != sy || !reflect.DeepEqual(newest[0].Note, r.Note) || newest[0].Missing != nil {
		t.Errorf("newest %+v", newest)
	}
}

func TestAReceiptThatDoesNotHoldIsRefused(t *testing.T) {
	a, b := pair(t)
	a.appends(iqLog, says("0"), says("1"))
	old, err := b.Mirror(t.Context(), a.batch(iqLog, 0, 1, false))
	check(t, err)
	r, err := b.Mirror(t.Context(), a.batch(iqLog, 1, 2, false))
	check(t, err)
	behind := forge(t, "0") // our keys, an older store
	liar := forge(t, "x", "y", "z")
	c := newNode(t, sy)
	c.creates(iqLog, iq)
	forked, err := c.Mirror(t.Context(), liar.batch(iqLog, 0, 2, false))
	check(t, err)
	theirs := newNode(t, sy)
	theirs.creates(syLog, sy)
	for _, x := range []struct {
		name         string
		n            *node
		note, signed []byte
		mirror       string
		want         error
	}{
		{"another mirror's", a, r.Note, r.Checkpoint, jo, ledger.ErrSignature},
		{"half signed", a, without(t, r.Note, 1), r.Checkpoint, sy, ledger.ErrSignature},
		{"half signed the other way", a, without(t, r.Note, 0), r.Checkpoint, sy, ledger.ErrSignature},
		{"one more signature", a, append(r.Note[:len(r.Note):len(r.Note)], "— x AAAAAAAA\n"...), r.Checkpoint, sy, ledger.ErrSignature},
		{"a checkpoint without countersignatures", a, r.Note, a.batch(iqLog, 0, 2, false).Checkpoint, sy, ledger.ErrSignature},
		{"the checkpoint of another size", a, r.Note, old.Checkpoint, sy, ledger.ErrFormat},
		{"changed", a, []byte(strings.Replace(string(r.Note), "none", "0", 1)), r.Checkpoint, sy, ledger.ErrSignature},
		{"for a log unknown here", theirs, r.Note, r.Checkpoint, sy, ledger.ErrNotFound},
		{"for a log not ours", b, r.Note, r.Checkpoint, sy, ledger.ErrKeys},
		{"for more than we hold", behind, r.Note, r.Checkpoint, sy, ledger.ErrRewind},
		{"over another history", a, forked.Note, forked.Checkpoint, sy, ledger.ErrFork},
	} {
		t.Run(x.name, func(t *testing.T) {
			before := dump(t, x.n)
			_, err := x.n.Accept(t.Context(), x.note, x.signed, keysOf(t, x.mirror).Public())
			wants(t, err, x.want)
			sameDump(t, before, dump(t, x.n))
			CheckLedger(t, x.n)
		})
	}
	checkEvidence(t, a, "fork")
	checkEvidence(t, behind, "rewind")
	_, err = a.Accept(t.Context(), r.Note, r.Checkpoint, b.keys.Public())
	check(t, err)
}

func TestTheCheckpointCarriesEveryCountersignature(t *testing.T) {
	a, b := pair(t)
	c := newNode(t, jo)
	c.creates(iqLog, iq)
	a.appends(iqLog, says("0"))
	sync(a, b, iqLog)
	sync(a, c, iqLog)
	signed, err := a.Checkpoint(t.Context(), iqLog)
	check(t, err)
	for name, want := range map[string]int{string(iqLog): 2, sy: 2, jo: 2} {
		if got := strings.Count(string(signed), "— "+name+" "); got != want {
			t.Errorf("%d signatures of %s, want %d", got, name, want)
		}
	}
	a.appends(iqLog, says("1"))
	if signed, err = a.Checkpoint(t.Context(), iqLog); err != nil || strings.Contains(string(signed), sy) {
		t.Errorf("a countersignature of another size: %v\n%s", err, signed)
	}
	CheckLedger(t, a)
}

func TestMissingRanges(t *testing.T) {
	for s, want := range map[string][]ledger.Range{
		"none": nil, "0": {{Start: 0, End: 1}}, "3-7,9": {{Start: 3, End: 8}, {Start: 9, End: 10}},
	} {
		got, back, err := ledger.ReformatMissing(s)
		if err != nil || back != s || !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %v, %q, %v", s, got, back, err)
		}
	}
	for _, s := range []string{"", "None", "3-3", "7-3", "3,4", "3-5,5", "9,3", "-1", "+1", "01", "1,", ",", "1-", "1 ", "99999999999999999999"} {
		if got, _, err := ledger.ReformatMissing(s); err == nil {
			t.Errorf("%q is accepted as %v", s, got)
		}
	}
}

func TestMissingNeverLeavesOutAnIndex(t *testing.T) {
	var indices []int64
	for i := range int64(3 * ledger.MaxMissing) {
		indices = append(indices, i*2, i*2)
	}
	ranges := ledger.MissingOf(indices...)
	if len(ranges) != ledger.MaxMissing {
		t.Fatalf("%d ranges, want %d", len(ranges), ledger.MaxMissing)
	}
	r := ledger.Receipt{Size: 10_000, Missing: ranges}
	for _, i := range indices {
		if r.Holds(i) {
			t.Fatalf("index %d is left out of %v", i, ranges)
		}
	}
	if !r.Holds(1) || !r.Holds(9_999) || r.Holds(10_000) {
		t.Fatal("what is held is denied without need")
	}
}

func FuzzMissing(f *testing.F) {
	for _, s := range []string{"none", "0", "3-7,9", "0-1099511627774", "1,3,5", "3-3", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if _, back, err := ledger.ReformatMissing(s); err == nil && back != s {
			t.Errorf("%q is written back as %q", s, back)
		}
	})
}

func FuzzReceipt(f *testing.F) {
	f.Add("jisr receipt/v1\niq.jisr.example/iq-sy\n12\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n2026-11-24T00:00:00.000Z\n3-7,9\n")
	f.Add("jisr receipt/v1\na\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n2026-11-24T00:00:00.001Z\nnone\n")
	f.Add("jisr receipt/v1\na\n1\nAAAA\n\n\n")
	f.Fuzz(func(t *testing.T, s string) {
		r, back, err := ledger.ReformatReceipt(s)
		if err != nil {
			return
		}
		if back != s {
			t.Errorf("%q is written back as %q", s, back)
		}
		for _, m := range r.Missing {
			if m.Start >= m.End || m.End > r.Size {
				t.Errorf("%q misses %v of %d", s, m, r.Size)
			}
		}
	})
}
