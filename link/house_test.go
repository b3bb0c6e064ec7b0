package link_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"jisr/ledger"
	"jisr/link"
	"jisr/link/linktest"
)

// house is one member of the tests: a real ledger on disk, a real link on loopback, and a relay in front of
// it through which the others come.
type house struct {
	t      testing.TB
	member string
	keys   *ledger.Keys
	id     link.Identity
	ledger *ledger.Ledger
	link   *link.Link
	relay  *linktest.Relay
	letter *link.Letter
	stop   func()

	mu       sync.Mutex
	moved    chan struct{} // closed and made anew at each event
	receipts []ledger.Receipt
	mirrored []ledger.Range
	refusals []link.Refusal
	behind   int64
	level    int

	onReceipt func(ledger.Receipt) // before start
}

// entry is what the logs of these tests hold.
type entry struct {
	Text string `json:"text"`
	Refs []ref  `json:"refs,omitempty"`
}

type ref struct {
	Commit string `json:"commit"`
	Size   int64  `json:"size"`
	Rank   int    `json:"rank"`
}

func inspect(_ ledger.Origin, _ int64, _, data []byte) ([]ledger.Ref, error) {
	var e entry
	if err := json.Unmarshal(data, &e); err != nil {
		return nil, err
	}
	var refs []ledger.Ref
	for _, r := range e.Refs {
		sum, err := hex.DecodeString(r.Commit)
		if err != nil || len(sum) != 32 {
			return nil, fmt.Errorf("commit %q", r.Commit)
		}
		refs = append(refs, ledger.Ref{Commit: [32]byte(sum), Size: r.Size, Type: "text/plain", Rank: r.Rank})
	}
	return refs, nil
}

// forum starts a house for each member; each mirrors the logs of all others.
func forum(t testing.TB, members ...string) []*house {
	t.Helper()
	var all []*house
	for _, m := range members {
		all = append(all, newHouse(t, m))
	}
	meet(t, all...)
	for _, h := range all {
		h.start()
	}
	return all
}

func newHouse(t testing.TB, member string) *house {
	t.Helper()
	h := &house{t: t, member: member, moved: make(chan struct{})}
	var err error
	h.keys, err = ledger.GenerateKeys(member+".jisr.example", rand.Reader)
	must(t, err)
	h.id, err = link.GenerateIdentity(nil, t.TempDir())
	must(t, err)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	h.relay, err = linktest.New(ln.Addr().String())
	must(t, err)
	h.ledger = openLedger(t, h.keys)
	raw, err := link.WriteLetter(link.Letter{
		Member: member, Origin: member + ".jisr.example", Names: map[string]string{"ar": "عضو", "en": "Member"},
		Pin: h.id.Pin(), Addresses: []string{h.relay.Addr()}, Made: time.Now(),
	}, h.keys)
	must(t, err)
	h.letter, err = link.ParseLetter(raw)
	must(t, err)
	h.link = h.newLink()
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { check(t, h.link.Serve(ctx, ln)) })
	h.stop = sync.OnceFunc(func() {
		cancel()
		wg.Wait()
		check(t, h.relay.Close())
		check(t, h.ledger.Close())
	})
	t.Cleanup(h.stop)
	return h
}

func openLedger(t testing.TB, keys *ledger.Keys) *ledger.Ledger {
	t.Helper()
	store, err := ledger.CreateSQLite(t.Context(), filepath.Join(t.TempDir(), "ledger.db"), nil)
	must(t, err)
	l, err := ledger.Open(t.Context(), ledger.Options{Store: store, Keys: keys, Inspect: inspect, Now: time.Now, Logger: slog.New(slog.DiscardHandler)})
	must(t, err)
	return l
}

func (h *house) newLink() *link.Link {
	return link.New(link.Config{
		Identity: h.id, Letter: h.letter.Raw, Ledger: h.ledger,
		Logger: slog.New(slog.NewTextHandler(testLog{h.t, h.member}, nil)),
		OnMirrored: func(_ ledger.Origin, from, to int64) {
			h.event(func() { h.mirrored = append(h.mirrored, ledger.Range{Start: from, End: to}) })
		},
		OnReceipt: h.receipt,
		OnRefused: func(_ string, _ ledger.Origin, no link.Refusal) {
			h.event(func() { h.refusals = append(h.refusals, no) })
		},
		OnBehind: func(_ ledger.Origin, _ string, theirs int64) { h.event(func() { h.behind = theirs }) },
		OnLevel:  func(ledger.Origin, string) { h.event(func() { h.level++ }) },
		OnStatus: func() { h.event(func() {}) },
	})
}

func (h *house) receipt(r ledger.Receipt) {
	if h.onReceipt != nil {
		h.onReceipt(r)
		return
	}
	h.event(func() { h.receipts = append(h.receipts, r) })
}

// testLog writes a house's log into the test's, while the test runs.
type testLog struct {
	t      testing.TB
	member string
}

func (l testLog) Write(b []byte) (int, error) {
	if l.t.Context().Err() == nil {
		l.t.Logf("%s: %s", l.member, bytes.TrimSpace(b))
	}
	return len(b), nil
}

// start runs the sending half.
func (h *house) start() {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); check(h.t, h.link.Run(ctx)) }()
	stop := h.stop
	h.stop = func() { cancel(); <-done; stop() }
	h.t.Cleanup(h.stop)
}

func (h *house) event(note func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	note()
	close(h.moved)
	h.moved = make(chan struct{})
}

func (h *house) log() ledger.Origin { return ledger.Origin(h.member + ".jisr.example/forum") }

// meet introduces houses to each other.
func meet(t testing.TB, all ...*house) {
	t.Helper()
	for _, h := range all {
		var peers []link.Peer
		for _, o := range all {
			must(t, h.ledger.CreateLog(t.Context(), o.log(), o.keys.Public()))
			if o != h {
				peers = append(peers, link.Peer{Letter: o.letter, Push: []ledger.Origin{h.log()}, Mirror: []ledger.Origin{o.log()}})
			}
		}
		h.link.SetPeers(peers)
	}
}

// note is one entry about to be written: text and contents by rank.
type note struct {
	text     string
	rank     int
	contents [][]byte
}

// writes appends notes and says so to the link.
func (h *house) writes(notes ...note) {
	h.t.Helper()
	h.appends(h.ledger, notes...)
	h.link.Notify(h.log())
}

func (h *house) appends(l *ledger.Ledger, notes ...note) {
	h.t.Helper()
	for some := range slices.Chunk(notes, 100) {
		var entries []ledger.NewEntry
		for _, n := range some {
			entries = append(entries, h.entry(l, n))
		}
		must(h.t, l.Append(context.Background(), ledger.Append{Log: h.log(), Expect: -1, Entries: entries}))
	}
}

func (h *house) entry(l *ledger.Ledger, n note) ledger.NewEntry {
	h.t.Helper()
	e := entry{Text: n.text}
	var out ledger.NewEntry
	for _, data := range n.contents {
		c := ledger.Content{Data: data}
		_, err := rand.Read(c.Salt[:])
		must(h.t, err)
		sum := ledger.CommitOf(c.Salt, data)
		if len(data) > ledger.MaxInline {
			c, sum = upload(h.t, l, data)
		}
		out.Contents = append(out.Contents, c)
		e.Refs = append(e.Refs, ref{hex.EncodeToString(sum[:]), int64(len(data)), n.rank})
	}
	var err error
	out.Data, err = json.Marshal(e)
	must(h.t, err)
	return out
}

func upload(t testing.TB, l *ledger.Ledger, data []byte) (ledger.Content, [32]byte) {
	t.Helper()
	ctx := context.Background()
	blob, err := l.NewUpload(ctx, int64(len(data)), "text/plain", "file")
	must(t, err)
	_, err = l.WriteUpload(ctx, blob, 0, bytes.NewReader(data))
	must(t, err)
	u, err := l.Upload(ctx, blob)
	must(t, err)
	return ledger.Content{Salt: u.Salt, Blob: blob}, u.Commit
}

// until waits for an event after which ok holds. The only clock is the patience of the test.
func (h *house) until(what string, ok func() bool) {
	h.t.Helper()
	h.within(60*time.Second, what, ok)
}

func (h *house) within(d time.Duration, what string, ok func() bool) {
	h.t.Helper()
	end, again := time.After(d), time.NewTicker(20*time.Millisecond) // a ledger's partial contents make no event
	defer again.Stop()
	for {
		h.mu.Lock()
		done, moved := ok(), h.moved
		h.mu.Unlock()
		if done {
			return
		}
		select {
		case <-moved:
		case <-again.C:
		case <-end:
			h.t.Fatalf("%s: never %s; status %+v", h.member, what, h.link.Status())
		}
	}
}

// heldBy tells whether a receipt of o covers the first size entries of h's log and all they carry.
func (h *house) heldBy(o *house, size int64) bool {
	for _, r := range h.receipts {
		if r.Mirror == o.letter.Origin && r.Size >= size && len(r.Missing) == 0 {
			return true
		}
	}
	return false
}

// same compares what o holds of h's log, entry by entry and content by content.
func same(t testing.TB, h, o *house) {
	t.Helper()
	ctx := t.Context()
	mine, err := h.ledger.State(ctx, h.log())
	must(t, err)
	theirs, err := o.ledger.State(ctx, h.log())
	must(t, err)
	if mine.Size != theirs.Size || mine.Root != theirs.Root || len(theirs.Missing) > 0 {
		t.Fatalf("%s holds %d entries of %s, root %x, missing %v; want %d, root %x", o.member, theirs.Size, h.member, theirs.Root, theirs.Missing, mine.Size, mine.Root)
	}
	for i := range mine.Size {
		refs, err := o.ledger.Refs(ctx, h.log(), i)
		must(t, err)
		for n, r := range refs {
			if r.Size > ledger.MaxInline {
				continue
			}
			a, err := h.ledger.Content(ctx, h.log(), i, n)
			must(t, err)
			b, err := o.ledger.Content(ctx, h.log(), i, n)
			must(t, err)
			if !bytes.Equal(a, b) {
				t.Fatalf("content %d of entry %d differs", n, i)
			}
		}
	}
}

func noise(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b)
	return b
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func check(t testing.TB, err error) {
	if err != nil {
		t.Error(err)
	}
}

// linkServer serves the link a house has now on a port of its own.
func linkServer(t testing.TB, h *house) (address string, err error) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); check(t, h.link.Serve(ctx, ln)) }()
	t.Cleanup(func() { cancel(); <-done })
	return ln.Addr().String(), nil
}

// moved is the letter of a house that is to be reached elsewhere.
func moved(t testing.TB, h *house, address string) *link.Letter {
	t.Helper()
	l := *h.letter
	l.Addresses = []string{address}
	return &l
}
