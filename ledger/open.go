package ledger

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Options are what a ledger is opened with; all but Logger must be set.
type Options struct {
	Store   Store            // becomes the ledger's: Close closes it
	Keys    *Keys            // sign our own logs and countersign others'
	Inspect Inspect          // called by several goroutines, also under the write lock: it must be quick and must not call the ledger
	Now     func() time.Time // the time in signatures, receipts and evidence; it decides nothing
	Logger  *slog.Logger
}

// Ledger is all logs of one node: its own, and its mirrors of others'. Safe for concurrent use, also by several processes
// over one store.
type Ledger struct {
	store   Store
	keys    *Keys
	inspect Inspect
	now     func() time.Time
	log     *slog.Logger

	jobs             chan *job
	closing, stopped chan struct{}
	closeOnce        sync.Once

	mu     sync.Mutex         // guards owners
	owners map[Origin]*signed // what never changes of a log
}

// signed is who may sign a log.
type signed struct {
	owner PublicKeys
	own   bool
	by    []note.Verifier
}

// Open starts a ledger over a store. It creates nothing: see CreateLog.
func Open(_ context.Context, o Options) (*Ledger, error) {
	if o.Store == nil || o.Keys == nil || o.Inspect == nil || o.Now == nil {
		return nil, errors.New("couldn't open the ledger: Store, Keys, Inspect and Now must be set")
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	l := &Ledger{
		store: o.Store, keys: o.Keys, inspect: o.Inspect, now: o.Now, log: o.Logger,
		jobs: make(chan *job, groupJobs), closing: make(chan struct{}), stopped: make(chan struct{}), owners: map[Origin]*signed{},
	}
	go l.writing()
	return l, nil
}

// Close finishes the write under way, refuses those that wait with ErrClosed, and closes the store.
func (l *Ledger) Close() error {
	var err error
	l.closeOnce.Do(func() {
		close(l.closing)
		<-l.stopped
		if e := l.store.Close(); e != nil {
			err = fmt.Errorf("couldn't close the ledger: %w", e)
		}
	})
	return err
}

// CreateLog begins a log: our own if owner is us, else the mirror of another member's. It may be called again with the
// same keys, and refuses others with ErrKeys. An own log has a signed checkpoint from the start, of size 0.
func (l *Ledger) CreateLog(ctx context.Context, log Origin, owner PublicKeys) error {
	if err := errors.Join(checkName(string(log)), owner.Check()); err != nil {
		return fmt.Errorf("couldn't create log %s: %w", log, err)
	}
	err := l.submit(ctx, &job{run: func(w *write) error { return l.createLog(w, log, owner) }})
	if err != nil {
		return fmt.Errorf("couldn't create log %s: %w", log, err)
	}
	return nil
}

func (l *Ledger) createLog(w *write, log Origin, owner PublicKeys) error {
	self := l.keys.Public()
	if owner.Name == self.Name && !owner.equal(self) {
		return fmt.Errorf("%s is our own name: %w", owner.Name, ErrKeys)
	}
	t, err := w.tree(log)
	if err == nil && !t.owner.equal(owner) {
		return ErrKeys
	}
	if !errors.Is(err, ErrNotFound) {
		return err
	}
	var logs int64
	if err := one(w, "SELECT count(*) FROM log", nil, dest(&logs)); err != nil {
		return err
	}
	if logs >= MaxLogs {
		return fmt.Errorf("%d logs: %w", logs, ErrTooLong)
	}
	keys, err := json.Marshal(owner)
	if err != nil {
		return err
	}
	empty, err := tlog.TreeHash(0, nil)
	if err != nil {
		return err
	}
	if owner.Name == self.Name {
		w.grew = append(w.grew, log)
	}
	return exec(w, "INSERT INTO log (id, origin, keys, size, root) VALUES ($1, $2, $3, 0, $4)", logs+1, string(log), keys, empty[:])
}

// owner returns who signs a log. It is read once: a log's keys never change.
func (l *Ledger) owner(ctx context.Context, log Origin) (*signed, error) {
	l.mu.Lock()
	s := l.owners[log]
	l.mu.Unlock()
	if s != nil {
		return s, nil
	}
	var t *tree
	err := l.store.View(ctx, func(tx Tx) (err error) { t, err = readTree(tx, log); return err })
	if err != nil {
		return nil, err
	}
	by, err := logVerifiers(log, t.owner.Log)
	if err != nil {
		return nil, err
	}
	s = &signed{owner: t.owner, own: t.owner.Name == l.keys.name, by: by}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.owners[log] = s
	return s, nil
}

// LogInfo describes one log held here.
type LogInfo struct {
	Log   Origin
	Owner string     // the member's name
	Keys  PublicKeys // the owner's
	Own   bool
	Size  int64
}

// Logs lists all logs, in the order of their creation here.
func (l *Ledger) Logs(ctx context.Context) ([]LogInfo, error) {
	var infos []LogInfo
	var origin string
	var keys []byte
	var size int64
	err := l.store.View(ctx, func(tx Tx) error {
		_, err := tx.Query("SELECT origin, keys, size FROM log ORDER BY id", nil, dest(&origin, &keys, &size), func() error {
			i := LogInfo{Log: Origin(origin), Size: size}
			if err := json.Unmarshal(keys, &i.Keys); err != nil {
				return fmt.Errorf("couldn't read the keys of %s: %w", origin, err)
			}
			i.Owner, i.Own = i.Keys.Name, i.Keys.Name == l.keys.name
			infos = append(infos, i)
			return nil
		})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("couldn't list the logs: %w", err)
	}
	return infos, nil
}
