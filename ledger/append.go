package ledger

import (
	"context"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// Append adds entries to our own logs, all of them or none, also across logs, and returns when they are durable and their
// logs' checkpoints are signed. Appends that wait at the same time share one transaction, one fsync, and one
// checkpoint per log. Refusals: ErrMoved, ErrInspect, ErrBadContent, ErrMissing (an upload not complete), ErrTooLong, ErrNotFound.
//
// When it fails otherwise the entries may still have been written, as with any database whose answer was lost: read the size
// before deciding anew, or state it in Expect.
func (l *Ledger) Append(ctx context.Context, appends ...Append) error {
	bytes, err := weigh(appends)
	if err == nil {
		err = l.submit(ctx, &job{bytes: bytes, run: func(w *write) error {
			for _, a := range appends {
				if err := l.append(w, a); err != nil {
					return err
				}
			}
			return nil
		}})
	}
	if err != nil {
		return fmt.Errorf("couldn't append: %w", err)
	}
	return nil
}

// weigh bounds a call before it costs anything.
func weigh(appends []Append) (bytes int, err error) {
	entries := 0
	for _, a := range appends {
		entries += len(a.Entries)
		for _, e := range a.Entries {
			if err := checkEntry(e.Data); err != nil {
				return 0, err
			}
			bytes += len(e.Data)
			for _, c := range e.Contents {
				bytes += len(c.Data)
			}
		}
	}
	if entries > MaxBatchEntries || bytes > MaxBatchBytes {
		return 0, fmt.Errorf("%d entries of %d bytes: %w", entries, bytes, ErrTooLong)
	}
	return bytes, nil
}

func checkEntry(data []byte) error {
	if len(data) == 0 || len(data) > MaxEntry {
		return fmt.Errorf("an entry of %d bytes: %w", len(data), ErrTooLong)
	}
	return nil
}

func (l *Ledger) append(w *write, a Append) error {
	t, err := w.tree(a.Log)
	if err != nil {
		return err
	}
	if t.owner.Name != l.keys.name {
		return fmt.Errorf("%s is %s's to append to: %w", a.Log, t.owner.Name, ErrKeys)
	}
	if a.Expect >= 0 && a.Expect != t.size {
		return fmt.Errorf("%s has %d entries, not %d: %w", a.Log, t.size, a.Expect, ErrMoved)
	}
	for _, e := range a.Entries {
		if err := l.appendEntry(t, e); err != nil {
			return fmt.Errorf("entry %d of %s: %w", t.size, a.Log, err)
		}
	}
	if len(a.Entries) == 0 {
		return nil
	}
	w.grew = append(w.grew, a.Log)
	return t.grown()
}

func (l *Ledger) appendEntry(t *tree, e NewEntry) error {
	prev, err := t.before(t.size)
	if err != nil {
		return err
	}
	refs, err := l.look(t.log, t.size, prev, e.Data)
	if err != nil {
		return err
	}
	if len(refs) != len(e.Contents) {
		return fmt.Errorf("%d contents for %d commitments: %w", len(e.Contents), len(refs), ErrBadContent)
	}
	for n, r := range refs {
		if err := t.provide(t.size, n, r, e.Contents[n]); err != nil {
			return err
		}
	}
	return t.add(e.Data, tlog.RecordHash(e.Data))
}

// look asks Inspect about an entry and bounds its answer.
func (l *Ledger) look(log Origin, i int64, prev, entry []byte) ([]Ref, error) {
	refs, err := l.inspect(log, i, prev, entry)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInspect, err)
	}
	return refs, checkRefs(refs)
}
