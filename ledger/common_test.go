package ledger_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	cosig "github.com/transparency-dev/formats/note"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"jisr/ledger"
)

const (
	iq    = "iq.jisr.example"
	sy    = "sy.jisr.example"
	iqLog = ledger.Origin(iq + "/iq-sy")
	syLog = ledger.Origin(sy + "/iq-sy")
	house = ledger.Origin(iq + "/house")
)

// entry is the test's idea of an entry: JSON with commitments. "bad" is what Inspect refuses.
type entry struct {
	Text string       `json:"text"`
	Bad  bool         `json:"bad,omitempty"`
	Refs []ledger.Ref `json:"refs,omitempty"`
}

func (e entry) bytes() []byte {
	b, err := json.Marshal(e)
	if err != nil {
		panic(err)
	}
	return b
}

func refsOf(data []byte) ([]ledger.Ref, error) {
	var e entry
	if err := json.Unmarshal(data, &e); err != nil {
		return nil, err
	}
	if e.Bad {
		return nil, errors.New("bad entry")
	}
	return e.Refs, nil
}

func inspect(_ ledger.Origin, index int64, prev, data []byte) ([]ledger.Ref, error) {
	if (index == 0) != (prev == nil) {
		return nil, fmt.Errorf("entry %d with %d bytes before it", index, len(prev))
	}
	return refsOf(data)
}

// ticking is a clock that goes on a second a reading.
func ticking() func() time.Time {
	var n atomic.Int64
	return func() time.Time { return time.Unix(1_795_000_000+n.Add(1), 123_000_000).UTC() }
}

// keysOf are the same keys for the same name, in every run.
func keysOf(t testing.TB, name string) *ledger.Keys {
	t.Helper()
	var seed []byte
	for i := range 4 {
		h := sha256.Sum256(fmt.Append(nil, name, i))
		seed = append(seed, h[:]...)
	}
	k, err := ledger.GenerateKeys(name, bytes.NewReader(seed))
	check(t, err)
	return k
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wants(t testing.TB, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("got error %v, want %v", err, want)
	}
}

// node is one member's ledger in a test.
type node struct {
	*ledger.Ledger
	t    testing.TB
	name string
	path string
	keys *ledger.Keys
}

// newNode makes a ledger that is encrypted at rest, as every node's is.
func newNode(t testing.TB, name string) *node {
	t.Helper()
	n := &node{t: t, name: name, path: filepath.Join(t.TempDir(), "ledger.db"), keys: keysOf(t, name)}
	check(t, ledger.CreateKeyFile(keyFileOf(n.path).KeyFile))
	v, err := ledger.CreateVault(filepath.Dir(n.path), keyFileOf(n.path), false)
	check(t, err)
	store, err := ledger.CreateSQLite(t.Context(), n.path, v)
	check(t, err)
	n.open(store)
	t.Cleanup(func() { check(t, n.Close()) })
	return n
}

func (n *node) open(store ledger.Store) {
	n.t.Helper()
	var err error
	n.Ledger, err = ledger.Open(context.Background(), ledger.Options{
		Store: store, Keys: n.keys, Inspect: inspect, Now: ticking(), Logger: slog.New(slog.NewTextHandler(n.t.Output(), nil)),
	})
	check(n.t, err)
}

// keyFileOf opens the data key beside a test's ledger.
func keyFileOf(path string) ledger.Wrapping {
	return ledger.Wrapping{KeyFile: filepath.Join(filepath.Dir(path), "data.key")}
}

// openStore opens a ledger's file again, as another process does.
func openStore(t testing.TB, path string) ledger.Store {
	t.Helper()
	v, err := ledger.OpenVault(filepath.Dir(path), keyFileOf(path))
	check(t, err)
	store, err := ledger.OpenSQLite(context.Background(), path, v)
	check(t, err)
	return store
}

func (n *node) reopen() {
	n.t.Helper()
	check(n.t, n.Close())
	n.open(openStore(n.t, n.path))
}

func (n *node) creates(log ledger.Origin, owner string) {
	n.t.Helper()
	check(n.t, n.CreateLog(n.t.Context(), log, keysOf(n.t, owner).Public()))
}

// pair is iq with its own log and sy with the mirror of it.
func pair(t testing.TB) (a, b *node) {
	a, b = newNode(t, iq), newNode(t, sy)
	a.creates(iqLog, iq)
	b.creates(iqLog, iq)
	return a, b
}

// content is a random content of size bytes and the commitment to it.
func content(size, rank int) (ledger.Content, ledger.Ref) {
	c := ledger.Content{Data: make([]byte, size)}
	rand.Read(c.Salt[:])
	rand.Read(c.Data)
	return c, ledger.Ref{Commit: ledger.CommitOf(c.Salt, c.Data), Size: int64(size), Type: "application/json", Rank: rank}
}

// says is an entry with contents of the given sizes.
func says(text string, sizes ...int) ledger.NewEntry {
	e, n := entry{Text: text}, ledger.NewEntry{}
	for _, size := range sizes {
		c, r := content(size, 3)
		e.Refs, n.Contents = append(e.Refs, r), append(n.Contents, c)
	}
	n.Data = e.bytes()
	return n
}

func (n *node) appends(log ledger.Origin, entries ...ledger.NewEntry) {
	n.t.Helper()
	check(n.t, n.Append(n.t.Context(), ledger.Append{Log: log, Expect: -1, Entries: entries}))
}

// batch is what n would push of its log: entries from..to with their contents.
func (n *node) batch(log ledger.Origin, from, to int64, contents bool) ledger.Batch {
	n.t.Helper()
	ctx := n.t.Context()
	b := ledger.Batch{Log: log, From: from}
	var err error
	b.Checkpoint, err = n.CheckpointAt(ctx, log, to)
	check(n.t, err)
	if from < to {
		b.Entries, err = n.Entries(ctx, log, from, int(to-from), 1<<30)
		check(n.t, err)
	}
	if contents {
		b.Contents = n.parts(log, from, to)
	}
	return b
}

// parts are the contents of entries from..to, in pieces of at most MaxPart.
func (n *node) parts(log ledger.Origin, from, to int64) (parts []ledger.Part) {
	n.t.Helper()
	check(n.t, n.Wanted(n.t.Context(), log, []ledger.Range{{Start: from, End: to}}, func(r ledger.HeldRef) bool {
		c, err := n.OpenContent(n.t.Context(), log, r.Index, r.N)
		check(n.t, err)
		for off := int64(0); off == 0 || off < r.Size; off += ledger.MaxPart {
			data, err := io.ReadAll(io.LimitReader(c, ledger.MaxPart))
			check(n.t, err)
			parts = append(parts, ledger.Part{Index: r.Index, N: r.N, Salt: r.Salt, Offset: off, Data: data})
		}
		return true
	}))
	return parts
}

func (n *node) size(log ledger.Origin) int64 {
	n.t.Helper()
	size, err := n.Size(n.t.Context(), log)
	check(n.t, err)
	return size
}

// sync pushes everything from a to b and gives a the receipt.
func sync(a, b *node, log ledger.Origin) ledger.Receipt {
	a.t.Helper()
	r, err := b.Mirror(a.t.Context(), a.batch(log, b.size(log), a.size(log), true))
	check(a.t, err)
	got, err := a.Accept(a.t.Context(), r.Note, r.Checkpoint, b.keys.Public())
	check(a.t, err)
	return got
}

// CheckLedger verifies everything a ledger holds from outside, through nothing but its public face: each log's whole tree through
// its tiles, each leaf, the checkpoint by the C2SP verifiers of another author, countersignatures, and each content.
func CheckLedger(t testing.TB, n *node) {
	t.Helper()
	logs, err := n.Logs(t.Context())
	check(t, err)
	for _, info := range logs {
		checkLog(t, n, info)
	}
}

func checkLog(t testing.TB, n *node, info ledger.LogInfo) {
	t.Helper()
	ctx := t.Context()
	state, err := n.State(ctx, info.Log)
	check(t, err)
	if state.Checkpoint == nil {
		if info.Own || state.Size != 0 {
			t.Fatalf("%s: no checkpoint over %d entries", info.Log, state.Size)
		}
		return
	}
	signed, err := n.Checkpoint(ctx, info.Log)
	check(t, err)
	tree := openOutside(t, signed, info, n)
	if tree.N != state.Size || tree.Hash != tlog.Hash(state.Root) {
		t.Fatalf("%s: checkpoint for %d %s, state %d %s", info.Log, tree.N, tree.Hash, state.Size, tlog.Hash(state.Root))
	}
	checkTree(t, n, info.Log, tree)
	checkContents(t, n, info.Log, state)
}

// openOutside opens a checkpoint as a stranger would.
func openOutside(t testing.TB, signed []byte, info ledger.LogInfo, n *node) tlog.Tree {
	t.Helper()
	var verifiers []note.Verifier
	lines := info.Keys.LogVKeys(info.Log)
	ed, err := note.NewVerifier(lines[0])
	check(t, err)
	verifiers = append(verifiers, ed)
	lines = lines[1:]
	if !info.Own {
		lines = append(lines, n.keys.Public().MirrorVKeys()...)
	}
	for _, line := range lines {
		v, err := cosig.NewVerifierForCosignatureV1(line)
		check(t, err)
		verifiers = append(verifiers, v)
	}
	opened, err := note.Open(signed, note.VerifierList(verifiers...))
	check(t, err)
	if len(opened.Sigs) != len(verifiers) {
		t.Fatalf("%s: %d of %d signatures\n%s", info.Log, len(opened.Sigs), len(verifiers), signed)
	}
	origin, rest, _ := strings.Cut(opened.Text, "\n")
	if origin != string(info.Log) {
		t.Fatalf("checkpoint of %s, want %s", origin, info.Log)
	}
	tree, err := tlog.ParseTree([]byte("go.sum database tree\n" + rest))
	check(t, err)
	return tree
}

// tiles reads hash tiles as a client of tlog-tiles does; package tlog verifies each against the tree's root.
type tiles struct {
	n   *node
	log ledger.Origin
}

func (r tiles) Height() int                     { return 8 }
func (r tiles) SaveTiles([]tlog.Tile, [][]byte) {}
func (r tiles) ReadTiles(want []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, tile := range want {
		data, err := r.n.Tile(r.n.t.Context(), r.log, strings.TrimPrefix(tile.Path(), "tile/8/"))
		if err != nil {
			return nil, err
		}
		all = append(all, data)
	}
	return all, nil
}

func checkTree(t testing.TB, n *node, log ledger.Origin, tree tlog.Tree) {
	t.Helper()
	if tree.N == 0 {
		return
	}
	reader := tlog.TileHashReader(tree, tiles{n, log})
	for i := int64(0); i < tree.N; i += 256 {
		path := fmt.Sprintf("%03d", i/256)
		if w := tree.N - i; w < 256 {
			path += fmt.Sprintf(".p/%d", w)
		}
		bundle, err := n.Tile(t.Context(), log, "entries/"+path)
		check(t, err)
		var indexes []int64
		var leaves []tlog.Hash
		for k := i; len(bundle) > 0; k++ {
			size := int(bundle[0])<<8 | int(bundle[1])
			one, err := n.Entry(t.Context(), log, k)
			check(t, err)
			if !bytes.Equal(one, bundle[2:2+size]) {
				t.Fatalf("entry %d of %s differs from its bundle", k, log)
			}
			leaves, indexes = append(leaves, tlog.RecordHash(one)), append(indexes, tlog.StoredHashIndex(0, k))
			bundle = bundle[2+size:]
		}
		if want := min(256, tree.N-i); int64(len(leaves)) != want {
			t.Fatalf("bundle at %d of %s has %d entries, want %d", i, log, len(leaves), want)
		}
		hashes, err := reader.ReadHashes(indexes)
		check(t, err)
		for k := range hashes {
			if hashes[k] != leaves[k] {
				t.Fatalf("entry %d of %s does not hash to its leaf", i+int64(k), log)
			}
		}
	}
}

func checkContents(t testing.TB, n *node, log ledger.Origin, state ledger.State) {
	t.Helper()
	missing := map[int64]bool{}
	for i := range state.Size {
		data, err := n.Entry(t.Context(), log, i)
		check(t, err)
		want, err := refsOf(data)
		check(t, err)
		refs, err := n.Refs(t.Context(), log, i)
		check(t, err)
		if len(refs) != len(want) {
			t.Fatalf("entry %d of %s: %d contents, want %d", i, log, len(refs), len(want))
		}
		for k, r := range refs {
			if r.Ref != want[k] || r.Index != i || r.N != k {
				t.Fatalf("entry %d of %s: content %+v, want %+v", i, log, r, want[k])
			}
			if !r.Complete {
				missing[i] = true
				continue
			}
			checkContent(t, n, log, r)
		}
	}
	for i := range state.Size {
		if listed := !(ledger.Receipt{Size: state.Size, Missing: state.Missing}).Holds(i); missing[i] && !listed {
			t.Fatalf("entry %d of %s misses a content and is not listed in %v", i, log, state.Missing)
		}
	}
}

func checkContent(t testing.TB, n *node, log ledger.Origin, r ledger.HeldRef) {
	t.Helper()
	c, err := n.OpenContent(t.Context(), log, r.Index, r.N)
	check(t, err)
	h := sha256.New()
	h.Write(r.Salt[:])
	size, err := io.Copy(h, c)
	check(t, err)
	if size != r.Size || [32]byte(h.Sum(nil)) != r.Commit {
		t.Fatalf("content %d of entry %d of %s is not what the entry commits to", r.N, r.Index, log)
	}
}

func textOf(t testing.TB, data []byte) string {
	t.Helper()
	var e entry
	check(t, json.Unmarshal(data, &e))
	return e.Text
}

func background() context.Context { return context.Background() }
