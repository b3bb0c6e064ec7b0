package ledger_test

import (
	"bytes"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/transparency-dev/formats/proof"
	"golang.org/x/mod/sumdb/tlog"

	"jisr/ledger"
)

// The vectors are frozen: a proof handed out must verify forever. -freeze makes them anew for a new version of the format, beside
// the old ones, never over them.
var freeze = flag.Bool("freeze", false, "write testdata/proof-v1.txt and testdata/vkeys-v1.txt, which must not exist")

// stride 1 flips a bit in every byte, which takes some 20 seconds.
var stride = flag.Int("stride", 11, "flip a bit in each byte of so many of the frozen proof")

const (
	frozenProof = "testdata/proof-v1.txt"
	frozenKeys  = "testdata/vkeys-v1.txt"
)

// threeMembers is iq's log, mirrored by sy and jo, with entries of every kind of content.
func threeMembers(t *testing.T) (a, b, c *node) {
	a, b = pair(t)
	c = newNode(t, jo)
	c.creates(iqLog, iq)
	a.appends(iqLog, says("first"), says("second", 40, 0), upload(t, a, "third", ledger.MaxProofContent+1))
	late, err := b.Mirror(t.Context(), a.batch(iqLog, 0, 3, false)) // sy first covers entries without contents
	check(t, err)
	_, err = a.Accept(t.Context(), late.Note, late.Checkpoint, b.keys.Public())
	check(t, err)
	a.appends(iqLog, says("fourth"))
	batch := a.batch(iqLog, 3, 4, false)
	batch.Contents = a.parts(iqLog, 0, 4)
	r, err := b.Mirror(t.Context(), batch)
	check(t, err)
	_, err = a.Accept(t.Context(), r.Note, r.Checkpoint, b.keys.Public())
	check(t, err)
	sync(a, c, iqLog)
	return a, b, c
}

func allVKeys(t testing.TB) (lines []string) {
	lines = keysOf(t, iq).Public().LogVKeys(iqLog)
	for _, name := range []string{sy, jo} {
		lines = append(lines, keysOf(t, name).Public().MirrorVKeys()...)
	}
	return lines
}

func TestAProofFileSaysExactlyWhatIsProved(t *testing.T) {
	a, b, _ := threeMembers(t)
	for i := range int64(4) {
		file, err := a.ExportProof(t.Context(), iqLog, i)
		check(t, err)
		v, err := ledger.Verify(file, allVKeys(t), refsOf)
		check(t, err)
		said, err := a.Entry(t.Context(), iqLog, i)
		check(t, err)
		if v.Log != iqLog || v.Index != i || v.Size != 4 || !bytes.Equal(v.Entry, said) || v.Signed.IsZero() {
			t.Errorf("entry %d: %+v", i, v)
		}
		if len(v.Mirrors) != 2 || v.Mirrors[0].Mirror != jo || v.Mirrors[1].Mirror != sy || v.Mirrors[0].Time.IsZero() {
			t.Errorf("entry %d, countersigned by %+v", i, v.Mirrors)
		}
		checkProvenReceipts(t, v)
	}
	file, err := a.ExportProof(t.Context(), iqLog, 1)
	check(t, err)
	v, err := ledger.Verify(file, allVKeys(t), refsOf)
	check(t, err)
	if len(v.Contents) != 2 || v.Contents[0].State != ledger.ContentHeld || len(v.Contents[0].Data) != 40 || v.Contents[1].State != ledger.ContentHeld {
		t.Errorf("contents %+v", v.Contents)
	}
	mirrored, err := b.ExportProof(t.Context(), iqLog, 1)
	check(t, err)
	v, err = ledger.Verify(mirrored, allVKeys(t), refsOf)
	check(t, err)
	if len(v.Mirrors) != 1 || v.Mirrors[0].Mirror != sy {
		t.Errorf("a mirror's own proof is countersigned by %+v", v.Mirrors)
	}
}

// checkProvenReceipts: sy's first receipt came before the contents, entries 0 and 3 have none; jo's held all at once.
func checkProvenReceipts(t *testing.T, v *ledger.Verdict) {
	t.Helper()
	want := map[int64]string{0: "jo+ sy+", 1: "jo+ sy- sy+", 2: "jo+ sy- sy+", 3: "jo+ sy+"}[v.Index]
	var got []string
	for _, r := range v.Receipts {
		mark := "-"
		if r.Holds(v.Index) {
			mark = "+"
		}
		got = append(got, r.Mirror[:2]+mark)
	}
	if strings.Join(got, " ") != want {
		t.Errorf("entry %d: receipts %v, want %s", v.Index, got, want)
	}
}

func TestADetachedContentIsCheckedWhereItIs(t *testing.T) {
	a, _, _ := threeMembers(t)
	file, err := a.ExportProof(t.Context(), iqLog, 2)
	check(t, err)
	v, err := ledger.Verify(file, allVKeys(t), refsOf)
	check(t, err)
	if v.Contents[0].State != ledger.ContentDetached {
		t.Fatalf("state %s", v.Contents[0].State)
	}
	c, err := a.OpenContent(t.Context(), iqLog, 2, 0)
	check(t, err)
	if ok, err := v.Contents[0].Check(c); !ok || err != nil {
		t.Errorf("the content itself: %t, %v", ok, err)
	}
	if ok, err := v.Contents[0].Check(strings.NewReader("another")); ok || err != nil {
		t.Errorf("another content: %t, %v", ok, err)
	}
}

func TestVerifyNeedsBothKeysOfEverySigner(t *testing.T) {
	file, err := os.ReadFile(frozenProof)
	check(t, err)
	keys := frozenVKeys(t)
	if _, err := ledger.Verify(file, keys, refsOf); err != nil {
		t.Fatal(err)
	}
	for i := range keys {
		less := append(append([]string{}, keys[:i]...), keys[i+1:]...)
		_, err := ledger.Verify(file, less, refsOf)
		wants(t, err, ledger.ErrSignature)
	}
	_, err = ledger.Verify(file, append(keys, keysOf(t, "eg.jisr.example").Public().MirrorVKeys()...), refsOf)
	check(t, err)
	_, err = ledger.Verify(file, append(keys, "nonsense"), refsOf)
	wants(t, err, ledger.ErrFormat)
	other := keysOf(t, "eg.jisr.example").Public()
	other.Name = sy
	_, err = ledger.Verify(file, append(keys, other.MirrorVKeys()...), refsOf)
	wants(t, err, ledger.ErrFormat) // two keys of one name and type
}

func frozenVKeys(t testing.TB) []string {
	t.Helper()
	data, err := os.ReadFile(frozenKeys)
	check(t, err)
	return strings.Split(strings.TrimSpace(string(data)), "\n")
}

func TestFrozenProof(t *testing.T) {
	if *freeze {
		freezeVectors(t)
	}
	file, err := os.ReadFile(frozenProof)
	check(t, err)
	keys := frozenVKeys(t)
	v, err := ledger.Verify(file, keys, refsOf)
	check(t, err)
	if textOf(t, v.Entry) != "second" || v.Index != 1 || v.Size != 4 || len(v.Mirrors) != 2 || len(v.Receipts) != 3 || len(v.Contents) != 2 {
		t.Fatalf("the frozen proof says something else: %+v", v)
	}
	for i := 0; i < len(file); i += *stride {
		flipped := bytes.Clone(file)
		flipped[i] ^= 1 << (i / *stride % 8)
		if _, err := ledger.Verify(flipped, keys, refsOf); err == nil {
			t.Fatalf("verifies with a bit of byte %d flipped: %q", i, file[max(0, i-20):min(len(file), i+20)])
		}
	}
	for i := 1; i < len(file); i += 101 {
		if _, err := ledger.Verify(file[:i], keys, refsOf); err == nil {
			t.Fatalf("verifies when cut to %d bytes", i)
		}
	}
}

func freezeVectors(t *testing.T) {
	a, _, _ := threeMembers(t)
	file, err := a.ExportProof(t.Context(), iqLog, 1)
	check(t, err)
	for name, data := range map[string][]byte{frozenProof: file, frozenKeys: []byte(strings.Join(allVKeys(t), "\n") + "\n")} {
		f, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
		check(t, err)
		_, err = f.Write(data)
		check(t, err)
		check(t, f.Close())
	}
}

func TestTheProofIsATLogProof(t *testing.T) {
	a, b, _ := threeMembers(t)
	for _, n := range []*node{a, b} {
		data, err := n.Proof(t.Context(), iqLog, 2)
		check(t, err)
		var p proof.TLogProof
		check(t, p.Unmarshal(data))
		said, err := n.Entry(t.Context(), iqLog, 2)
		check(t, err)
		state, err := n.State(t.Context(), iqLog)
		check(t, err)
		var path tlog.RecordProof
		for _, h := range p.Hashes {
			path = append(path, h)
		}
		check(t, tlog.CheckRecord(path, state.Size, state.Root, 2, tlog.RecordHash(said)))
	}
	a.appends(iqLog, says("not yet countersigned"))
	for i, mirrors := range map[int64]bool{2: true, 4: false} {
		data, err := a.Proof(t.Context(), iqLog, i)
		check(t, err)
		if got := strings.Contains(string(data), "— "+sy+" "); got != mirrors {
			t.Errorf("entry %d: countersigned is %t, want %t", i, got, mirrors)
		}
	}
	_, err := a.Proof(t.Context(), iqLog, 5)
	wants(t, err, ledger.ErrNotFound)
}

func TestTilePaths(t *testing.T) {
	n := newNode(t, iq)
	n.creates(iqLog, iq)
	for i := range 260 {
		n.appends(iqLog, says(strings.Repeat("x", i)))
	}
	for path, size := range map[string]int{"0/000": 8192, "0/000.p/7": 224, "0/001.p/4": 128, "0/001.p/3": 96, "1/000.p/1": 32} {
		if data, err := n.Tile(t.Context(), iqLog, path); err != nil || len(data) != size {
			t.Errorf("%s: %d bytes, %v", path, len(data), err)
		}
	}
	for path, want := range map[string]error{
		"0/001": ledger.ErrNotFound, "0/001.p/5": ledger.ErrNotFound, "0/002.p/1": ledger.ErrNotFound, "1/000.p/2": ledger.ErrNotFound,
		"2/000.p/1": ledger.ErrNotFound, "entries/001": ledger.ErrNotFound, "entries/x001/000": ledger.ErrNotFound,
		"": ledger.ErrFormat, "0": ledger.ErrFormat, "0/0": ledger.ErrFormat, "0/000.p/0": ledger.ErrFormat, "0/000.p/256": ledger.ErrFormat,
		"0/000.p/07": ledger.ErrFormat, "data/000": ledger.ErrFormat, "-1/000": ledger.ErrFormat, "9/000": ledger.ErrFormat, "0/x000/001": ledger.ErrFormat,
		"0/../000": ledger.ErrFormat, "entries/000/": ledger.ErrFormat, "0/x999/x999/x999/x999/999": ledger.ErrFormat,
	} {
		_, err := n.Tile(t.Context(), iqLog, path)
		if err == nil {
			t.Errorf("%q is served", path)
			continue
		}
		wants(t, err, want)
	}
	CheckLedger(t, n)
}

func FuzzTilePath(f *testing.F) {
	for _, s := range []string{"0/x001/234.p/5", "entries/x001/234", "5/000", "data/000", "0/x000/001", "entries/000.p/255", "0/001.p/256"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		back, err := ledger.ReformatTile(s)
		if err != nil {
			return
		}
		back = strings.TrimPrefix(back, "tile/8/")
		if rest, ok := strings.CutPrefix(back, "data/"); ok {
			back = "entries/" + rest
		}
		if back != s {
			t.Errorf("%q is the tile %q", s, back)
		}
	})
}

func FuzzProofFile(f *testing.F) {
	file, err := os.ReadFile(frozenProof)
	check(f, err)
	keys := frozenVKeys(f)
	f.Add(file)
	f.Add([]byte("jisr proof/v1\nentry YQ==\ncontent absent\n\nc2sp.org/tlog-proof@v1\nindex 0\n\na\n1\nx\n\n"))
	f.Add([]byte("jisr proof/v1\n\n"))
	f.Add([]byte("jisr proof/v1\nentry YQ==\ncontent held AAAA BBBB\nreceipt  \n\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if back, err := ledger.ReformatProof(data); err == nil && !bytes.Equal(back, data) {
			t.Errorf("%q is written back as %q", data, back)
		}
		if v, err := ledger.Verify(data, keys, refsOf); err == nil && !bytes.Equal(data, file) && v.Index != 1 {
			t.Errorf("verifies: %q", data)
		}
	})
}

func FuzzVKeys(f *testing.F) {
	file, err := os.ReadFile(frozenProof)
	check(f, err)
	for _, line := range frozenVKeys(f) {
		f.Add(line)
	}
	f.Add("a+00000000+AA==")
	f.Add("+")
	f.Fuzz(func(t *testing.T, line string) {
		if v, err := ledger.Verify(file, []string{line}, refsOf); err == nil {
			t.Errorf("%q alone verifies %+v", line, v)
		}
	})
}
