package ledger_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"jisr/ledger"
)

func TestAppendIsAllOrNothingAcrossLogs(t *testing.T) {
	n := newNode(t, iq)
	n.creates(iqLog, iq)
	n.creates(house, iq)
	n.creates(syLog, sy)
	n.appends(house, says("draft"))
	big, ref := content(ledger.MaxInline+1, 0)
	wrong := says("wrong", 10)
	wrong.Contents[0].Data[0] ^= 1
	started, err := n.NewUpload(t.Context(), 10, "", "")
	check(t, err)
	ok := ledger.Append{Log: house, Expect: 1, Entries: []ledger.NewEntry{says("a", 10)}}
	for _, c := range []struct {
		name string
		then ledger.Append
		want error
	}{
		{"moved", ledger.Append{Log: iqLog, Expect: 1, Entries: []ledger.NewEntry{says("b")}}, ledger.ErrMoved},
		{"another's log", ledger.Append{Log: syLog, Expect: -1, Entries: []ledger.NewEntry{says("b")}}, ledger.ErrKeys},
		{"no log", ledger.Append{Log: "nowhere", Expect: -1, Entries: []ledger.NewEntry{says("b")}}, ledger.ErrNotFound},
		{"refused by Inspect", ledger.Append{Log: iqLog, Entries: []ledger.NewEntry{says("b"), {Data: entry{Bad: true}.bytes()}}}, ledger.ErrInspect},
		{"wrong content", ledger.Append{Log: iqLog, Entries: []ledger.NewEntry{wrong}}, ledger.ErrBadContent},
		{"no content", ledger.Append{Log: iqLog, Entries: []ledger.NewEntry{{Data: says("b", 10).Data}}}, ledger.ErrBadContent},
		{"a content too many", ledger.Append{Log: iqLog, Entries: []ledger.NewEntry{{Data: says("b").Data, Contents: wrong.Contents}}}, ledger.ErrBadContent},
		{"too large beside the log", ledger.Append{Log: iqLog, Entries: []ledger.NewEntry{{Data: entry{Refs: []ledger.Ref{ref}}.bytes(), Contents: []ledger.Content{big}}}}, ledger.ErrTooLong},
		{"unfinished upload", ledger.Append{Log: iqLog, Entries: []ledger.NewEntry{{Data: says("b", 10).Data, Contents: []ledger.Content{{Blob: started}}}}}, ledger.ErrMissing},
		{"no upload", ledger.Append{Log: iqLog, Entries: []ledger.NewEntry{{Data: says("b", 10).Data, Contents: []ledger.Content{{Blob: "up-none"}}}}}, ledger.ErrNotFound},
		{"entry too long", ledger.Append{Log: iqLog, Entries: []ledger.NewEntry{{Data: make([]byte, ledger.MaxEntry+1)}}}, ledger.ErrTooLong},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := dump(t, n)
			wants(t, n.Append(t.Context(), ok, c.then), c.want)
			sameDump(t, before, dump(t, n))
			CheckLedger(t, n)
		})
	}
	check(t, n.Append(t.Context(), ok, ledger.Append{Log: iqLog, Entries: []ledger.NewEntry{says("b")}}))
	if n.size(house) != 2 || n.size(iqLog) != 1 {
		t.Fatalf("sizes %d, %d", n.size(house), n.size(iqLog))
	}
	CheckLedger(t, n)
}

func TestCreateLog(t *testing.T) {
	n := newNode(t, iq)
	n.creates(syLog, sy)
	n.creates(syLog, sy)
	wants(t, n.CreateLog(t.Context(), syLog, keysOf(t, "jo.jisr.example").Public()), ledger.ErrKeys)
	ours := keysOf(t, sy).Public()
	ours.Name = iq
	wants(t, n.CreateLog(t.Context(), iqLog, ours), ledger.ErrKeys)
	wants(t, n.CreateLog(t.Context(), "two words", keysOf(t, sy).Public()), ledger.ErrFormat)
	half := keysOf(t, sy).Public()
	half.Mirror.MLDSA44 = half.Mirror.MLDSA44[1:]
	wants(t, n.CreateLog(t.Context(), "sy/x", half), ledger.ErrFormat)
	n.creates(iqLog, iq)
	CheckLedger(t, n)
}

func TestWhatMustExistOnceIsNeverCreatedSilently(t *testing.T) {
	path := filepath.Join(t.TempDir(), "l")
	if _, err := ledger.OpenSQLite(t.Context(), path, nil); !errors.Is(err, os.ErrNotExist) {
		t.Fatalf("opening what is not there: %v", err)
	}
	check(t, os.WriteFile(path+".new", []byte("left over"), 0o600))
	s, err := ledger.CreateSQLite(t.Context(), path, nil)
	check(t, err)
	check(t, s.Close())
	if _, err := ledger.CreateSQLite(t.Context(), path, nil); !errors.Is(err, os.ErrExist) {
		t.Fatalf("creating it twice: %v", err)
	}
	s, err = ledger.OpenSQLite(t.Context(), path, nil)
	check(t, err)
	check(t, s.Close())
	check(t, os.WriteFile(path+"2", nil, 0o600))
	if _, err := ledger.OpenSQLite(t.Context(), path+"2", nil); !errors.Is(err, ledger.ErrFormat) {
		t.Fatalf("opening an empty file: %v", err)
	}
}

func TestTwoProcessesTakeTurns(t *testing.T) {
	a := newNode(t, iq)
	a.creates(iqLog, iq)
	b := &node{t: t, name: iq, path: a.path, keys: a.keys}
	b.open(openStore(t, a.path))
	defer func() { check(t, b.Close()) }()
	for i := range int64(300) { // past one full tile, each reading what the other wrote
		now, other := a, b
		if i%2 == 1 {
			now, other = b, a
		}
		one := ledger.Append{Log: iqLog, Expect: i, Entries: []ledger.NewEntry{says(fmt.Sprint(i), 5)}}
		check(t, now.Append(t.Context(), one))
		wants(t, other.Append(t.Context(), one), ledger.ErrMoved)
	}
	CheckLedger(t, a)
	CheckLedger(t, b)
}

// faulty is a Store that counts transactions and fails on demand.
type faulty struct {
	ledger.Store
	updates atomic.Int64
	fault   atomic.Int64 // how the next Update fails
}

const (
	works = iota
	notPersisted
	persistedButError
)

var errDisk = errors.New("disk on fire")

func (f *faulty) Update(ctx context.Context, fn func(ledger.Tx) error) (bool, error) {
	f.updates.Add(1)
	switch f.fault.Swap(works) {
	case notPersisted:
		return f.Store.Update(ctx, func(tx ledger.Tx) error { return errors.Join(fn(tx), errDisk) })
	case persistedButError:
		begun, err := f.Store.Update(ctx, fn)
		return begun, errors.Join(err, errDisk)
	}
	return f.Store.Update(ctx, fn)
}

// breaks puts a faulty store under a node.
func (n *node) breaks() *faulty {
	n.t.Helper()
	check(n.t, n.Close())
	store := openStore(n.t, n.path)
	f := &faulty{Store: store}
	n.open(f)
	return f
}

func TestFaultMatrix(t *testing.T) {
	for _, fault := range []int64{notPersisted, persistedButError} {
		for _, reload := range []bool{false, true} {
			t.Run(fmt.Sprintf("fault %d reload %t", fault, reload), func(t *testing.T) { testFaults(t, fault, reload) })
		}
	}
}

func testFaults(t *testing.T, fault int64, reload bool) {
	a, b := pair(t)
	fa, fb := a.breaks(), b.breaks()
	step := func(n *node, f **faulty, do func() error) {
		t.Helper()
		(*f).fault.Store(fault)
		if err := do(); !errors.Is(err, errDisk) {
			t.Fatalf("got %v, want the fault", err)
		}
		CheckLedger(t, n)
		if reload {
			*f = n.breaks()
			CheckLedger(t, n)
		}
		if err := do(); err != nil && (fault == notPersisted || !errors.Is(err, ledger.ErrMoved) && !errors.Is(err, ledger.ErrGap)) {
			t.Fatalf("trying again: %v", err)
		}
		CheckLedger(t, n)
	}
	step(a, &fa, func() error { return a.CreateLog(t.Context(), house, a.keys.Public()) })
	for i := range int64(3) {
		text := says(fmt.Sprint(i), 10)
		step(a, &fa, func() error {
			return a.Append(t.Context(), ledger.Append{Log: iqLog, Expect: i, Entries: []ledger.NewEntry{text}})
		})
		if a.size(iqLog) != i+1 {
			t.Fatalf("size %d after entry %d", a.size(iqLog), i)
		}
		batch := a.batch(iqLog, i, i+1, true)
		var r ledger.Receipt
		step(b, &fb, func() (err error) { r, err = b.Mirror(t.Context(), batch); return err })
		step(a, &fa, func() error {
			_, err := a.Accept(t.Context(), r.Note, r.Checkpoint, b.keys.Public())
			return err
		})
		if _, held, err := a.HeldAt(t.Context(), iqLog, sy, i); err != nil || held == nil {
			t.Fatalf("entry %d is not held: %v", i, err)
		}
	}
	up, err := a.NewUpload(t.Context(), 10, "", "")
	check(t, err)
	step(a, &fa, func() error { _, err := a.WriteUpload(t.Context(), up, 0, strings.NewReader("0123456789")); return err })
	if u, err := a.Upload(t.Context(), up); err != nil || !u.Complete || u.Commit != ledger.CommitOf(u.Salt, []byte("0123456789")) {
		t.Fatalf("upload %+v, %v", u, err)
	}
}

// gate is an Inspect that holds the writer at the entry "gate" until it is opened.
type gate struct{ entered, open chan struct{} }

func (g gate) inspect(log ledger.Origin, i int64, prev, data []byte) ([]ledger.Ref, error) {
	if bytes.Contains(data, []byte(`"gate"`)) {
		close(g.entered)
		<-g.open
	}
	return inspect(log, i, prev, data)
}

// queued runs the writes while the writer is held, and gives their errors in order.
func queued(t *testing.T, fault int64, writes ...[]ledger.NewEntry) (*node, *faulty, []error) {
	n := newNode(t, iq)
	n.creates(iqLog, iq)
	f := n.breaks()
	g := gate{make(chan struct{}), make(chan struct{})}
	held, err := ledger.Open(t.Context(), ledger.Options{Store: f, Keys: n.keys, Now: ticking(), Inspect: g.inspect})
	check(t, err)
	first := make(chan error)
	go func() {
		first <- held.Append(t.Context(), ledger.Append{Log: iqLog, Expect: -1, Entries: []ledger.NewEntry{says("gate")}})
	}()
	<-g.entered
	f.updates.Store(0)
	f.fault.Store(fault)
	errs, done := make([]error, len(writes)), make(chan struct{})
	for i, w := range writes {
		go func() {
			errs[i] = held.Append(t.Context(), ledger.Append{Log: iqLog, Expect: -1, Entries: w})
			done <- struct{}{}
		}()
	}
	for held.Waiting() < len(writes) {
		select { // all of them get there, since nobody takes any out
		case <-t.Context().Done():
			t.Fatal("the writes do not queue")
		default:
		}
	}
	close(g.open)
	check(t, <-first)
	for range writes {
		<-done
	}
	n.Ledger = held
	return n, f, errs
}

func TestWaitingWritesShareATransaction(t *testing.T) {
	writes := make([][]ledger.NewEntry, 50)
	for i := range writes {
		writes[i] = []ledger.NewEntry{says(fmt.Sprint(i), 10)}
	}
	writes[20] = []ledger.NewEntry{says("before it"), {Data: entry{Bad: true}.bytes()}}
	n, f, errs := queued(t, works, writes...)
	for i, err := range errs {
		if i == 20 {
			wants(t, err, ledger.ErrInspect)
		} else {
			check(t, err)
		}
	}
	if f.updates.Load() != 1 || n.size(iqLog) != 50 {
		t.Errorf("%d transactions for %d entries, want 1 for 50", f.updates.Load(), n.size(iqLog))
	}
	CheckLedger(t, n)
}

func TestAFailedGroupIsTriedOneByOne(t *testing.T) {
	n, f, errs := queued(t, notPersisted, []ledger.NewEntry{says("a")}, []ledger.NewEntry{says("b")}, []ledger.NewEntry{{Data: entry{Bad: true}.bytes()}})
	check(t, errs[0])
	check(t, errs[1])
	wants(t, errs[2], ledger.ErrInspect)
	if f.updates.Load() != 4 || n.size(iqLog) != 3 {
		t.Errorf("%d transactions, %d entries; want 4 and 3", f.updates.Load(), n.size(iqLog))
	}
	CheckLedger(t, n)
}

func TestAnUnknownOutcomeIsNotTriedAgain(t *testing.T) {
	n, f, errs := queued(t, persistedButError, []ledger.NewEntry{says("a")}, []ledger.NewEntry{says("b")})
	wants(t, errs[0], errDisk)
	wants(t, errs[1], errDisk)
	if f.updates.Load() != 1 || n.size(iqLog) != 3 {
		t.Errorf("%d transactions, %d entries; want 1 and 3, none twice", f.updates.Load(), n.size(iqLog))
	}
	CheckLedger(t, n)
}

func TestAClosedLedgerRefuses(t *testing.T) {
	n := newNode(t, iq)
	n.creates(iqLog, iq)
	check(t, n.Close())
	wants(t, n.Append(t.Context(), ledger.Append{Log: iqLog, Entries: []ledger.NewEntry{says("a")}}), ledger.ErrClosed)
	check(t, n.Close())
	n.open(openStore(t, n.path))
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	wants(t, n.Append(gone, ledger.Append{Log: iqLog, Entries: []ledger.NewEntry{says("a")}}), context.Canceled)
	for range 20 { // whichever way it is noticed, and the readers stay sound
		_, err := n.State(gone, iqLog)
		wants(t, err, context.Canceled)
	}
	CheckLedger(t, n)
}

func TestEntriesAreBounded(t *testing.T) {
	n := newNode(t, iq)
	n.creates(iqLog, iq)
	n.appends(iqLog, says("0"), says("1"), says("2"))
	one := len(says("0").Data)
	for _, c := range []struct {
		from       int64
		max, bytes int
		want       int
	}{{0, 9, 1 << 20, 3}, {1, 9, 1 << 20, 2}, {3, 9, 1 << 20, 0}, {0, 2, 1 << 20, 2}, {0, 9, 1, 1}, {0, 9, 2 * one, 2}} {
		got, err := n.Entries(t.Context(), iqLog, c.from, c.max, c.bytes)
		check(t, err)
		if len(got) != c.want {
			t.Errorf("%+v gives %d", c, len(got))
		}
	}
	_, err := n.Entries(t.Context(), iqLog, 4, 1, 1)
	wants(t, err, ledger.ErrNotFound)
	_, err = n.Entry(t.Context(), iqLog, 3)
	wants(t, err, ledger.ErrNotFound)
}

// A disk without room is said to be one. Nothing of what was refused is there, and it goes on once there is room.
func TestFullDiskIsNamed(t *testing.T) {
	n := newNode(t, iq)
	n.creates(iqLog, iq)
	n.appends(iqLog, says("first"))
	check(t, n.LimitPages(1))
	before := dump(t, n)
	wants(t, n.Append(t.Context(), ledger.Append{Log: iqLog, Expect: 1, Entries: []ledger.NewEntry{says("second", ledger.MaxInline)}}), ledger.ErrFull)
	sameDump(t, before, dump(t, n))
	check(t, n.LimitPages(0))
	n.appends(iqLog, says("second", ledger.MaxInline))
	CheckLedger(t, n)
}
