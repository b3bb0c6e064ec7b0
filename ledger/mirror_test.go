package ledger_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"

	"jisr/ledger"
)

// forge is somebody with the owner's keys and another history: what a dishonest owner could sign.
func forge(t *testing.T, texts ...string) *node {
	n := newNode(t, iq)
	n.creates(iqLog, iq)
	for _, text := range texts {
		n.appends(iqLog, says(text, 10))
	}
	return n
}

// without removes one signature line of a signed note: 0 is the first.
func without(t *testing.T, signed []byte, line int) []byte {
	t.Helper()
	text, sigs, ok := strings.Cut(string(signed), "\n\n")
	lines := strings.SplitAfter(strings.TrimSuffix(sigs, "\n"), "\n")
	if !ok || len(lines) != 2 {
		t.Fatalf("not two signatures:\n%s", signed)
	}
	return []byte(text + "\n\n" + strings.TrimSuffix(lines[1-line], "\n") + "\n")
}

func TestARefusedBatchLeavesNothingBehind(t *testing.T) {
	a, b := pair(t)
	a.appends(iqLog, says("0", 10), says("1", 10), says("2"))
	sync(a, b, iqLog)
	a.appends(iqLog, says("3", 10), says("4", 20, 30), says("5"))
	good := func() ledger.Batch { return a.batch(iqLog, 3, 6, true) }
	other := forge(t, "0", "1", "2", "3", "4", "5", "6")
	stranger := newNode(t, sy)
	stranger.creates(iqLog, iq)
	loose := looseOwner(t)

	for _, c := range []struct {
		name     string
		batch    ledger.Batch
		want     error
		evidence string
	}{
		{"another history of the same size", other.batch(iqLog, 0, 3, true), ledger.ErrFork, "fork"},
		{"another history of a size passed", other.batch(iqLog, 1, 2, true), ledger.ErrFork, "fork"},
		{"another history continued", other.batch(iqLog, 3, 7, true), ledger.ErrRoot, "root"},
		{"another history from before", other.batch(iqLog, 1, 7, true), ledger.ErrRoot, "root"},
		{"a gap", a.batch(iqLog, 4, 6, true), ledger.ErrGap, ""},
		{"no checkpoint", edit(good(), func(b *ledger.Batch) { b.Checkpoint = nil }), ledger.ErrSignature, ""},
		{"only ML-DSA-44", edit(good(), func(b *ledger.Batch) { b.Checkpoint = without(t, b.Checkpoint, 0) }), ledger.ErrSignature, ""},
		{"only Ed25519", edit(good(), func(b *ledger.Batch) { b.Checkpoint = without(t, b.Checkpoint, 1) }), ledger.ErrSignature, ""},
		{"a broken signature", edit(good(), func(b *ledger.Batch) { b.Checkpoint[len(b.Checkpoint)-40] ^= 1 }), ledger.ErrSignature, ""},
		{"another member's signatures", edit(good(), func(b *ledger.Batch) { b.Checkpoint = foreign(t) }), ledger.ErrSignature, ""},
		{"a checkpoint of another size", edit(good(), func(b *ledger.Batch) { b.Checkpoint, _ = a.CheckpointAt(t.Context(), iqLog, 5) }), ledger.ErrFormat, ""},
		{"a changed entry", edit(good(), func(b *ledger.Batch) { b.Entries[2] = says("x").Data }), ledger.ErrRoot, "root"},
		{"a changed entry held before", edit(a.batch(iqLog, 2, 6, true), func(b *ledger.Batch) { b.Entries[0] = says("x").Data }), ledger.ErrRoot, "root"},
		{"an entry too long", edit(good(), func(b *ledger.Batch) { b.Entries[1] = make([]byte, ledger.MaxEntry+1) }), ledger.ErrTooLong, ""},
		{"an empty entry", edit(good(), func(b *ledger.Batch) { b.Entries[1] = nil }), ledger.ErrTooLong, ""},
		{"a piece too long", edit(good(), func(b *ledger.Batch) { b.Contents[0].Data = make([]byte, ledger.MaxPart+1) }), ledger.ErrTooLong, ""},
		{"a wrong content", edit(good(), func(b *ledger.Batch) { b.Contents[1].Data[3] ^= 1 }), ledger.ErrBadContent, "content"},
		{"a wrong salt", edit(good(), func(b *ledger.Batch) { b.Contents[1].Salt[3] ^= 1 }), ledger.ErrBadContent, "content"},
		{"a content too long", edit(good(), func(b *ledger.Batch) { b.Contents[1].Data = append(b.Contents[1].Data, 1) }), ledger.ErrBadContent, "content"},
		{"a content with a gap", edit(good(), func(b *ledger.Batch) { b.Contents[1].Offset = 1 }), ledger.ErrGap, ""},
		{"a content of no entry", edit(good(), func(b *ledger.Batch) { b.Contents[1].Index = 6 }), ledger.ErrNotFound, ""},
		{"a content of no commitment", edit(good(), func(b *ledger.Batch) { b.Contents[1].N = 9 }), ledger.ErrNotFound, ""},
		{"an entry Inspect refuses", loose, ledger.ErrInspect, ""},
		{"a log not held", edit(good(), func(b *ledger.Batch) { b.Log = syLog }), ledger.ErrNotFound, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := dump(t, b)
			_, err := b.Mirror(t.Context(), c.batch)
			wants(t, err, c.want)
			sameDump(t, before, dump(t, b))
			CheckLedger(t, b)
			checkEvidence(t, b, c.evidence)
		})
	}
	r := sync(a, b, iqLog)
	if r.Size != 6 || len(r.Missing) != 0 {
		t.Errorf("after all refusals the good batch gives %+v", r)
	}
	CheckLedger(t, b)
}

func edit(b ledger.Batch, fn func(*ledger.Batch)) ledger.Batch {
	fn(&b)
	return b
}

// foreign is a checkpoint of iq's log signed by sy.
func foreign(t *testing.T) []byte {
	n := newNode(t, sy)
	n.creates(iqLog, sy)
	n.appends(iqLog, says("a"), says("b"), says("c"), says("d"), says("e"), says("f"))
	cp, err := n.CheckpointAt(t.Context(), iqLog, 6)
	check(t, err)
	return cp
}

// looseOwner is an owner that writes what the mirror's Inspect refuses, as the seventh entry after sync's three.
func looseOwner(t *testing.T) ledger.Batch {
	n := &node{t: t, name: iq, path: t.TempDir() + "/l", keys: keysOf(t, iq)}
	store, err := ledger.CreateSQLite(t.Context(), n.path, nil)
	check(t, err)
	n.Ledger, err = ledger.Open(t.Context(), ledger.Options{Store: store, Keys: n.keys, Now: ticking(),
		Inspect: func(ledger.Origin, int64, []byte, []byte) ([]ledger.Ref, error) { return nil, nil }})
	check(t, err)
	t.Cleanup(func() { check(t, n.Close()) })
	n.creates(iqLog, iq)
	for range 3 {
		n.appends(iqLog, ledger.NewEntry{Data: entry{Text: "x"}.bytes()})
	}
	n.appends(iqLog, ledger.NewEntry{Data: entry{Bad: true}.bytes()})
	return n.batch(iqLog, 3, 4, false)
}

// dump is what a ledger shows of itself but for the evidence.
func dump(t *testing.T, n *node) map[string]any {
	t.Helper()
	all := map[string]any{}
	logs, err := n.Logs(t.Context())
	check(t, err)
	for _, l := range logs {
		all[string(l.Log)], err = n.State(t.Context(), l.Log)
		check(t, err)
		for i := range l.Size {
			all[fmt.Sprint(l.Log, i)], err = n.Refs(t.Context(), l.Log, i)
			check(t, err)
		}
	}
	for _, table := range []string{"entry", "tile", "content", "blob", "part", "receipt", "view"} {
		all[table], err = n.CountRows(t.Context(), table)
		check(t, err)
	}
	return all
}

// checkEvidence wants the newest evidence to be of a kind, with the log's own signatures on both sides of a fork.
func checkEvidence(t *testing.T, n *node, kind string) {
	t.Helper()
	if kind == "" {
		return
	}
	all, err := n.Evidence(t.Context())
	check(t, err)
	if len(all) == 0 || all[0].Kind != kind || all[0].Log != iqLog || len(all[0].Second) == 0 {
		t.Fatalf("evidence %+v, want %s", all, kind)
	}
	if kind == "fork" && (len(all[0].First) == 0 || bytes.Equal(all[0].First, all[0].Second)) {
		t.Fatalf("a fork is proved by two checkpoints: %+v", all[0])
	}
}

func TestABatchTwiceChangesNothing(t *testing.T) {
	a, b := pair(t)
	a.appends(iqLog, says("0", 10), says("1", 10))
	first := a.batch(iqLog, 0, 1, true)
	all := a.batch(iqLog, 0, 2, true)
	for _, batch := range []ledger.Batch{first, all, all, first, {Log: iqLog}, {Log: iqLog, From: 1}} {
		r, err := b.Mirror(t.Context(), batch)
		check(t, err)
		if want := b.size(iqLog); r.Size != want || len(r.Missing) != 0 {
			t.Fatalf("receipt for %d missing %v, want %d", r.Size, r.Missing, want)
		}
		CheckLedger(t, b)
	}
}

func TestAMirrorWithoutACheckpointGivesNoReceipt(t *testing.T) {
	a, b := pair(t)
	_, err := b.Mirror(t.Context(), ledger.Batch{Log: iqLog})
	wants(t, err, ledger.ErrGap)
	r, err := b.Mirror(t.Context(), a.batch(iqLog, 0, 0, false))
	check(t, err)
	if r.Size != 0 {
		t.Fatalf("receipt %+v", r)
	}
	CheckLedger(t, b)
}

func TestContentsArriveLaterInAnyPieces(t *testing.T) {
	a, b := pair(t)
	a.appends(iqLog, says("0", 100, ledger.MaxInline), says("1"), upload(t, a, "2", 3*ledger.MaxPart+5))
	r, err := b.Mirror(t.Context(), a.batch(iqLog, 0, 3, false))
	check(t, err)
	if want := []ledger.Range{{Start: 0, End: 1}, {Start: 2, End: 3}}; !reflect.DeepEqual(r.Missing, want) {
		t.Fatalf("missing %v, want %v", r.Missing, want)
	}
	for _, p := range a.parts(iqLog, 0, 3) {
		for len(p.Data) > 0 {
			n := min(len(p.Data), 5_000+len(p.Data)/3)
			piece := p
			piece.Data = p.Data[:n]
			r, err = b.Mirror(t.Context(), ledger.Batch{Log: iqLog, Contents: []ledger.Part{piece}})
			check(t, err)
			p.Data, p.Offset = p.Data[n:], p.Offset+int64(n)
		}
		b.reopen()
		CheckLedger(t, b)
	}
	if len(r.Missing) != 0 {
		t.Fatalf("still missing %v", r.Missing)
	}
	if left, err := b.Partials(t.Context(), iqLog, 10); err != nil || len(left) != 0 {
		t.Fatalf("partials %v, %v", left, err)
	}
	if blobs, err := b.CountRows(t.Context(), "blob"); err != nil || blobs != 1 {
		t.Fatalf("%d blobs, want only the large content's (%v)", blobs, err)
	}
}

// upload is an entry with one content that went up as an attachment.
func upload(t *testing.T, n *node, text string, size int) ledger.NewEntry {
	t.Helper()
	c, _ := content(size, 4)
	name, err := n.NewUpload(t.Context(), int64(size), "application/pdf", "a.pdf")
	check(t, err)
	_, err = n.WriteUpload(t.Context(), name, 0, bytes.NewReader(c.Data))
	check(t, err)
	u, err := n.Upload(t.Context(), name)
	check(t, err)
	e := entry{Text: text, Refs: []ledger.Ref{{Commit: u.Commit, Size: u.Size, Type: u.Type, Rank: 4}}}
	return ledger.NewEntry{Data: e.bytes(), Contents: []ledger.Content{{Blob: name}}}
}

func TestAResumedContentRepeatsNothingAndLeavesNoGap(t *testing.T) {
	a, b := pair(t)
	a.appends(iqLog, says("0", 1000))
	_, err := b.Mirror(t.Context(), a.batch(iqLog, 0, 1, false))
	check(t, err)
	whole := a.parts(iqLog, 0, 1)[0]
	send := func(from, to int) error {
		p := whole
		p.Offset, p.Data = int64(from), whole.Data[from:to]
		_, err := b.Mirror(t.Context(), ledger.Batch{Log: iqLog, Contents: []ledger.Part{p}})
		return err
	}
	check(t, send(0, 400))
	wants(t, send(401, 500), ledger.ErrGap)
	check(t, send(0, 300)) // an old piece once more
	check(t, send(200, 600))
	left, err := b.Partials(t.Context(), iqLog, 10)
	check(t, err)
	if len(left) != 1 || left[0].Held != 600 || left[0].Salt != whole.Salt || left[0].Complete {
		t.Fatalf("partials %+v", left)
	}
	if _, err := b.Content(t.Context(), iqLog, 0, 0); !errors.Is(err, ledger.ErrMissing) {
		t.Fatalf("a content of which 600 of 1000 bytes are held: %v", err)
	}
	whole.Data[700] ^= 1
	wants(t, send(600, 1000), ledger.ErrBadContent)
	whole.Data[700] ^= 1
	wants(t, send(600, 1000), ledger.ErrGap) // what was held of it is gone
	check(t, send(0, 1000))
	CheckLedger(t, b)
}

func TestALargeContentIsVerifiedWithItsLastByte(t *testing.T) {
	a, b := pair(t)
	a.appends(iqLog, upload(t, a, "0", ledger.MaxPart+500))
	_, err := b.Mirror(t.Context(), a.batch(iqLog, 0, 1, false))
	check(t, err)
	parts := a.parts(iqLog, 0, 1)
	parts[0].Data[77] ^= 1
	_, err = b.Mirror(t.Context(), ledger.Batch{Log: iqLog, Contents: parts[:1]})
	check(t, err) // nobody can tell yet
	_, err = b.OpenContent(t.Context(), iqLog, 0, 0)
	wants(t, err, ledger.ErrMissing)
	_, err = b.Mirror(t.Context(), ledger.Batch{Log: iqLog, Contents: parts[1:]})
	wants(t, err, ledger.ErrBadContent)
	checkEvidence(t, b, "content")
	if rows, err := b.CountRows(t.Context(), "part"); err != nil || rows != 0 {
		t.Fatalf("%d rows of it are left (%v)", rows, err)
	}
	parts[0].Data[77] ^= 1
	r, err := b.Mirror(t.Context(), ledger.Batch{Log: iqLog, Contents: parts})
	check(t, err)
	if len(r.Missing) != 0 {
		t.Fatalf("missing %v", r.Missing)
	}
	CheckLedger(t, b)
}

func TestWantedGoesByRankThenLog(t *testing.T) {
	a := newNode(t, iq)
	a.creates(iqLog, iq)
	for i, rank := range []int{3, 0, 3, 1, 0} {
		c, r := content(5, rank)
		e := entry{Text: fmt.Sprint(i), Refs: []ledger.Ref{r}}
		a.appends(iqLog, ledger.NewEntry{Data: e.bytes(), Contents: []ledger.Content{c}})
	}
	var order []int64
	check(t, a.Wanted(t.Context(), iqLog, []ledger.Range{{Start: 0, End: 2}, {Start: 2, End: 99}}, func(r ledger.HeldRef) bool {
		order = append(order, r.Index)
		return len(order) < 4
	}))
	if want := []int64{1, 4, 3, 0}; !reflect.DeepEqual(order, want) {
		t.Fatalf("order %v, want %v", order, want)
	}
}

func TestAnOldNodeFetchesItsOwnEntriesBack(t *testing.T) {
	a, b := pair(t)
	a.appends(iqLog, says("0", 10), says("1", 10))
	sync(a, b, iqLog)
	old := newNode(t, iq) // the same keys over an empty store: a restored backup
	old.creates(iqLog, iq)
	_, err := old.Mirror(t.Context(), b.batch(iqLog, 0, 2, true))
	check(t, err)
	CheckLedger(t, old)
	old.appends(iqLog, says("2", 10))
	sync(old, b, iqLog)
	CheckLedger(t, old)
	CheckLedger(t, b)
}

func TestGossip(t *testing.T) {
	view := func(n *node, size int64) []byte {
		cp, err := n.CheckpointAt(t.Context(), iqLog, size)
		check(t, err)
		return cp
	}
	a, b := pair(t)
	a.appends(iqLog, says("0"), says("1"), says("2"), says("3"))
	honest := a.batch(iqLog, 0, 4, false)
	liar := forge(t, "x", "y", "z")

	check(t, b.CheckPeerView(t.Context(), iqLog, view(a, 2))) // ahead of us: remembered
	wants(t, b.CheckPeerView(t.Context(), iqLog, view(liar, 2)), ledger.ErrFork)
	checkEvidence(t, b, "fork")
	wants(t, b.CheckPeerView(t.Context(), iqLog, foreign(t)), ledger.ErrSignature)

	_, err := b.Mirror(t.Context(), honest)
	check(t, err)
	if left, err := b.CountRows(t.Context(), "view"); err != nil || left != 0 {
		t.Fatalf("%d views left after we passed them (%v)", left, err)
	}
	check(t, b.CheckPeerView(t.Context(), iqLog, view(a, 3)))
	wants(t, b.CheckPeerView(t.Context(), iqLog, view(liar, 3)), ledger.ErrFork)

	wants(t, liar.CheckPeerView(t.Context(), iqLog, view(a, 4)), ledger.ErrRewind)
	checkEvidence(t, liar, "rewind")

	c := newNode(t, "jo.jisr.example")
	c.creates(iqLog, iq)
	check(t, c.CheckPeerView(t.Context(), iqLog, view(liar, 3)))
	_, err = c.Mirror(t.Context(), honest)
	wants(t, err, ledger.ErrFork) // the owner showed another history to whoever told us
	checkEvidence(t, c, "fork")
	if c.size(iqLog) != 0 {
		t.Fatal("a forked batch was taken")
	}
	CheckLedger(t, c)
}

func TestEvidenceIsBoundedPerKind(t *testing.T) {
	n := newNode(t, iq)
	check(t, n.Report(t.Context(), ledger.Evidence{Kind: "fork", Log: iqLog, First: []byte("a"), Second: []byte("b")}))
	for i := range ledger.MaxEvidence + 20 {
		check(t, n.Report(t.Context(), ledger.Evidence{Kind: "flood", Log: iqLog, Second: fmt.Append(nil, i)}))
		check(t, n.Report(t.Context(), ledger.Evidence{Kind: "flood", Log: iqLog, Second: fmt.Append(nil, i)}))
	}
	all, err := n.Evidence(t.Context())
	check(t, err)
	if len(all) != ledger.MaxEvidence+1 || all[len(all)-1].Kind != "fork" || string(all[0].Second) != "119" {
		t.Fatalf("%d pieces, newest %q, oldest %+v", len(all), all[0].Second, all[len(all)-1])
	}
}

func TestReadersSeek(t *testing.T) {
	a := newNode(t, iq)
	a.creates(iqLog, iq)
	a.appends(iqLog, upload(t, a, "0", 2*ledger.MaxPart+100))
	c, err := a.OpenContent(t.Context(), iqLog, 0, 0)
	check(t, err)
	all, err := io.ReadAll(c)
	check(t, err)
	for _, off := range []int64{0, 1, ledger.MaxPart - 1, ledger.MaxPart, 2*ledger.MaxPart + 99, 5} {
		_, err := c.Seek(off, io.SeekStart)
		check(t, err)
		some := make([]byte, min(c.Size()-off, 300))
		_, err = io.ReadFull(c, some)
		check(t, err)
		if !bytes.Equal(some, all[off:off+int64(len(some))]) {
			t.Fatalf("other bytes at %d", off)
		}
	}
	check(t, c.Close())
}

func sameDump(t *testing.T, before, after map[string]any) {
	t.Helper()
	for key := range after {
		if !reflect.DeepEqual(before[key], after[key]) {
			t.Errorf("%s changed", key)
		}
	}
}
