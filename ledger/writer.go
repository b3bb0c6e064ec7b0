package ledger

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
)

// job is something to write. Jobs that wait at the same time share one transaction and one fsync: each runs in its own
// SAVEPOINT, so that one refused leaves nothing behind and does not disturb the others.
type job struct {
	ctx   context.Context
	bytes int
	run   func(*write) error
	kept  func(*write, error) error // what is written although run failed: evidence. May be nil
	err   error
	done  chan error // buffered, answered once, after the commit
}

// write is one transaction of the writer.
type write struct {
	Tx
	trees map[Origin]*tree // as of now in this transaction
	grew  []Origin         // own logs that need a checkpoint before the commit, some more than once
}

// tree reads a log once for all jobs of the transaction.
func (w *write) tree(log Origin) (*tree, error) {
	if t, ok := w.trees[log]; ok {
		return t, nil
	}
	t, err := readTree(w.Tx, log)
	if err == nil {
		w.trees[log] = t
	}
	return t, err
}

// within runs fn in a savepoint and takes back all of it when it fails.
func (w *write) within(fn func() error) error {
	if err := exec(w.Tx, "SAVEPOINT job"); err != nil {
		return err
	}
	grew := len(w.grew)
	err := fn()
	var broken *storeError
	if errors.As(err, &broken) {
		return err // the transaction itself may be gone
	}
	if err != nil {
		clear(w.trees) // they may hold what is being taken back
		w.grew = w.grew[:grew]
		if e := exec(w.Tx, "ROLLBACK TO SAVEPOINT job"); e != nil {
			return e
		}
	}
	if e := exec(w.Tx, "RELEASE SAVEPOINT job"); e != nil {
		return e
	}
	return err
}

// submit queues a job and waits until it is durable or refused. When ctx ends first, the job may still be done.
func (l *Ledger) submit(ctx context.Context, j *job) error {
	j.ctx, j.done = ctx, make(chan error, 1)
	select {
	case <-l.closing:
		return ErrClosed
	default:
	}
	select {
	case l.jobs <- j:
	case <-ctx.Done():
		return ctx.Err()
	case <-l.closing:
		return ErrClosed
	}
	select {
	case err := <-j.done:
		return err
	case <-l.stopped:
	}
	select {
	case err := <-j.done:
		return err
	default:
		return ErrClosed // it waited in the queue when the writer stopped
	}
}

// writing is the one goroutine that writes. It ends when closing is closed, after the group under way.
func (l *Ledger) writing() {
	defer close(l.stopped)
	for {
		select {
		case <-l.closing:
			return
		case j := <-l.jobs:
			l.write(l.gather(j))
		}
	}
}

// gather takes what waits already, up to the bounds of a group, and waits for nothing.
func (l *Ledger) gather(first *job) []*job {
	group, bytes := []*job{first}, first.bytes
	for len(group) < groupJobs && bytes < groupBytes {
		select {
		case j := <-l.jobs:
			group, bytes = append(group, j), bytes+j.bytes
		default:
			return group
		}
	}
	return group
}

// write brings a group to disk and answers it. If the store failed before the commit was tried, nothing was written, and each
// job gets a second chance alone, so that it does not fail for another's sake. If the commit failed, what is on disk is
// unknown: trying again could append twice, so everybody is told and decides on what they read.
func (l *Ledger) write(group []*job) {
	begun, err := l.transact(group)
	if err != nil && !begun && len(group) > 1 {
		l.log.Warn("ledger: a group of writes failed, trying them one by one", slog.Int("jobs", len(group)), slog.Any("error", err))
		for _, j := range group {
			l.write([]*job{j})
		}
		return
	}
	for _, j := range group {
		if err != nil {
			j.err = fmt.Errorf("couldn't write to the ledger: %w", err)
		}
		j.done <- j.err
	}
}

// transact is one transaction. A crash before the commit leaves the logs as they were, and nobody was answered; a crash after
// leaves all of the group with its checkpoints, and whoever was not answered finds it when asking for the size.
func (l *Ledger) transact(group []*job) (begun bool, err error) {
	return l.store.Update(context.Background(), func(tx Tx) error {
		w := &write{Tx: tx, trees: map[Origin]*tree{}}
		for _, j := range group {
			if err := l.do(w, j); err != nil {
				return err
			}
		}
		return l.signOwn(w)
	})
}

// do runs one job; its own refusal stays with the job, an error returned is the store's.
func (l *Ledger) do(w *write, j *job) error {
	if j.err = j.ctx.Err(); j.err != nil {
		return nil
	}
	j.err = w.within(func() error { return j.run(w) })
	var broken *storeError
	if errors.As(j.err, &broken) {
		return j.err
	}
	if j.err == nil || j.kept == nil {
		return nil
	}
	refused := j.err
	return w.within(func() error { return j.kept(w, refused) })
}

// signOwn signs one checkpoint for each own log that grew: the group's appends share the signatures as they share the fsync.
func (l *Ledger) signOwn(w *write) error {
	slices.Sort(w.grew)
	for _, log := range slices.Compact(w.grew) {
		t, err := w.tree(log)
		if err != nil {
			return err
		}
		signed, err := signCheckpoint(l.keys.log, t.at(), l.now())
		if err != nil {
			return err
		}
		if err := t.setCheckpoint(signed, nil); err != nil {
			return err
		}
	}
	return nil
}
