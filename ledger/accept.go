package ledger

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

// Accept verifies a mirror's receipt for one of our own logs, and the checkpoint with its countersignatures, and keeps both,
// durably. A receipt for more than we hold is ErrRewind, one over another root ErrFork, each with evidence kept: both show our
// own signature under what we do not have.
//
// Receipts are thinned: kept is each that first covers an entry, or first no longer misses one, and the newest. One that
// is older than the newest is verified and let go.
func (l *Ledger) Accept(ctx context.Context, receipt, checkpoint []byte, mirror PublicKeys) (Receipt, error) {
	r, err := l.openReceipt(ctx, receipt, checkpoint, mirror)
	if err == nil {
		err = l.submit(ctx, &job{
			bytes: len(receipt) + len(checkpoint),
			run:   func(w *write) error { return l.accept(w, r) },
			kept:  func(w *write, refused error) error { return l.keepProven(w, r.Log, refused) },
		})
	}
	if err != nil {
		return Receipt{}, fmt.Errorf("couldn't accept a receipt of %s: %w", mirror.Name, err)
	}
	return r, nil
}

func (l *Ledger) openReceipt(ctx context.Context, receipt, signed []byte, mirror PublicKeys) (Receipt, error) {
	text, err := openPlain(mirror.Name, mirror.Mirror, receipt)
	if err != nil {
		return Receipt{}, err
	}
	r, err := parseReceipt(text)
	if err != nil {
		return Receipt{}, err
	}
	s, err := l.owner(ctx, r.Log)
	if err != nil {
		return Receipt{}, err
	}
	if !s.own {
		return Receipt{}, fmt.Errorf("a receipt for %s, which is not ours: %w", r.Log, ErrKeys)
	}
	by, err := mirrorVerifiers(mirror.Name, mirror.Mirror)
	if err != nil {
		return Receipt{}, err
	}
	cp, sigs, err := openCheckpoint(signed, r.Log, append(by, s.by...)...)
	if err != nil {
		return Receipt{}, err
	}
	if cp.size != r.Size || cp.root != tlog.Hash(r.Root) {
		return Receipt{}, fmt.Errorf("receipt and checkpoint of %s differ: %w", r.Log, ErrFormat)
	}
	r.Mirror, r.Note, r.Checkpoint = mirror.Name, receipt, joinNote(cp.text(), append(sigs[2:], sigs[:2]...))
	return r, nil
}

func (l *Ledger) accept(w *write, r Receipt) error {
	t, err := w.tree(r.Log)
	if err != nil {
		return err
	}
	if r.Size > t.size {
		return &proven{ErrRewind, kindRewind, fmt.Sprintf("%s holds %d entries of %s, we %d", r.Mirror, r.Size, r.Log, t.size), t.checkpoint, r.Checkpoint}
	}
	if err := sameRoot(t, r.Size, r.Root, t.checkpoint, r.Checkpoint); err != nil {
		return err
	}
	proves, newer, err := provesMore(w, t, r)
	if err != nil || !proves && !newer {
		return err
	}
	return keepReceipt(w, t, r, proves)
}

// provesMore compares a receipt with the last one kept of the same mirror: whether it proves more, or says the same later. What it
// proves decides, not the mirror's clock, which may have been set back.
func provesMore(w *write, t *tree, r Receipt) (proves, newer bool, err error) {
	var size, at int64
	var missing string
	n, err := w.Query("SELECT size, at, missing FROM receipt WHERE log = $1 AND mirror = $2 ORDER BY size DESC, id DESC LIMIT 1",
		args(t.id, r.Mirror), dest(&size, &at, &missing), nil)
	if err != nil || n == 0 {
		return n == 0, false, err
	}
	held, err := parseMissing(missing)
	if err != nil {
		return false, false, fmt.Errorf("couldn't read a kept receipt: %w", err)
	}
	return r.Size > size || r.Size == size && drops(held, r.Missing), r.Size == size && r.Time.UnixMilli() >= at, nil
}

// keepReceipt replaces the newest receipt if that proved nothing of its own. A crash in between leaves the one before.
func keepReceipt(w *write, t *tree, r Receipt, proves bool) error {
	if err := exec(w, "DELETE FROM receipt WHERE log = $1 AND mirror = $2 AND size >= $3 AND kept = 0", t.id, r.Mirror, int64(0)); err != nil {
		return err
	}
	kept := int64(0)
	if proves {
		kept = 1
	}
	return exec(w, "INSERT INTO receipt (log, mirror, size, at, kept, missing, note, checkpoint) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
		t.id, r.Mirror, r.Size, r.Time.UnixMilli(), kept, formatMissing(r.Missing), r.Note, r.Checkpoint)
}

// drops reports whether an index of before is no longer in after.
func drops(before, after []Range) bool {
	for _, b := range before {
		covered := false
		for _, a := range after {
			covered = covered || a.Start <= b.Start && b.End <= a.End
		}
		if !covered {
			return true
		}
	}
	return false
}

const receiptColumns = "SELECT mirror, note, checkpoint FROM receipt WHERE "

// readReceipts reads kept receipts. They were verified when they were accepted.
func readReceipts(tx Tx, where string, a ...any) ([]Receipt, error) {
	var receipts []Receipt
	var mirror string
	var msg, signed []byte
	_, err := tx.Query(receiptColumns+where, a, dest(&mirror, &msg, &signed), func() error {
		text, _ := splitNote(msg)
		r, err := parseReceipt(text)
		if err != nil {
			return fmt.Errorf("couldn't read a kept receipt: %w", err)
		}
		r.Mirror, r.Note, r.Checkpoint = mirror, msg, signed
		receipts = append(receipts, r)
		return nil
	})
	return receipts, err
}

// mirrors lists who gave receipts for a log, without walking through them.
func mirrors(t *tree) (names []string, err error) {
	var name string
	for {
		n, err := t.tx.Query("SELECT mirror FROM receipt WHERE log = $1 AND mirror > $2 ORDER BY mirror LIMIT 1", args(t.id, name), dest(&name), nil)
		if err != nil || n == 0 {
			return names, err
		}
		names = append(names, name)
	}
}

// Receipts returns the newest receipt of each mirror of one of our own logs, by the mirrors' names.
func (l *Ledger) Receipts(ctx context.Context, log Origin) (receipts []Receipt, err error) {
	err = l.viewTree(ctx, log, func(t *tree) error {
		names, err := mirrors(t)
		for _, name := range names {
			r, err := readReceipts(t.tx, "log = $1 AND mirror = $2 ORDER BY size DESC, id DESC LIMIT 1", t.id, name)
			if err != nil {
				return err
			}
			receipts = append(receipts, r...)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("couldn't list the receipts for %s: %w", log, err)
	}
	return receipts, nil
}

// HeldAt returns the first receipt of a mirror that covers entry i of a log, and the first that covers it and does not miss a
// content of it: of our own logs what the mirrors signed, of another's what we did. nil: there is none yet.
func (l *Ledger) HeldAt(ctx context.Context, log Origin, mirror string, i int64) (covers, held *Receipt, err error) {
	err = l.viewTree(ctx, log, func(t *tree) error {
		covers, held, err = firstReceipts(t, mirror, i)
		return err
	})
	if err != nil {
		return nil, nil, fmt.Errorf("couldn't find the receipts for entry %d of %s: %w", i, log, err)
	}
	return covers, held, nil
}

// Arrivals tells when entries from up to before to of another's log came, by our own first receipts for them. Below first we had
// signed for all at once, and how much earlier they came is not known. An entry that no receipt covers has the zero time.
func (l *Ledger) Arrivals(ctx context.Context, log Origin, from, to int64) (at []time.Time, first int64, err error) {
	at = make([]time.Time, to-from)
	err = l.viewTree(ctx, log, func(t *tree) error {
		var size, milli int64
		_, err := t.tx.Query("SELECT size FROM receipt WHERE log = $1 AND mirror = $2 ORDER BY size, id LIMIT 1", args(t.id, l.keys.name), dest(&first), nil)
		if err != nil {
			return err
		}
		next := from
		_, err = t.tx.Query("SELECT size, at FROM receipt WHERE log = $1 AND mirror = $2 AND size > $3 ORDER BY size, id", args(t.id, l.keys.name, from), dest(&size, &milli), func() error {
			for ; next < min(size, to); next++ {
				at[next-from] = time.UnixMilli(milli).UTC()
			}
			if next == to {
				return errStop
			}
			return nil
		})
		if errors.Is(err, errStop) {
			err = nil
		}
		return err
	})
	if err != nil {
		return nil, 0, fmt.Errorf("couldn't tell when entries of %s came: %w", log, err)
	}
	return at, first, nil
}

var errStop = errors.New("found") // ends a Query; not a mutable variable

func firstReceipts(t *tree, mirror string, i int64) (covers, held *Receipt, err error) {
	var id, first, found int64
	var missing string
	_, err = t.tx.Query("SELECT id, missing FROM receipt WHERE log = $1 AND mirror = $2 AND size > $3 ORDER BY size, id",
		args(t.id, mirror, i), dest(&id, &missing), func() error {
			if first == 0 {
				first = id
			}
			ranges, err := parseMissing(missing)
			if err != nil || misses(ranges, i) {
				return err
			}
			found = id
			return errStop
		})
	if err != nil && !errors.Is(err, errStop) {
		return nil, nil, err
	}
	if covers, err = receiptByID(t.tx, first); err != nil {
		return nil, nil, err
	}
	held, err = receiptByID(t.tx, found)
	return covers, held, err
}

func receiptByID(tx Tx, id int64) (*Receipt, error) {
	if id == 0 {
		return nil, nil
	}
	r, err := readReceipts(tx, "id = $1", id)
	if err != nil || len(r) == 0 {
		return nil, errors.Join(err, ErrNotFound)
	}
	return &r[0], nil
}
