package ledger

import (
	"context"
	"fmt"
)

// Values of content.missing.
const (
	contentMissing = 1
	contentErased  = 2 // it was here, or never came, and is not kept any more
)

// Erase deletes all that entry i carries beside the log, here: bytes and salts, so that the commitments that stay say nothing
// about what it was. The log is as it was, and every proof of the entry still holds; a proof exported from now on says that the
// contents were erased. What is erased is not asked for again, and not kept when it comes. Erasing again changes nothing.
//
// One transaction: a crash before its end leaves all of it, one after it none.
func (l *Ledger) Erase(ctx context.Context, log Origin, i int64) error {
	err := l.submit(ctx, &job{run: func(w *write) error {
		t, err := w.tree(log)
		if err != nil {
			return err
		}
		if i < 0 || i >= t.size {
			return ErrNotFound
		}
		var id, blob int64
		var blobs, ids []int64
		_, err = w.Query("SELECT id, coalesce(blob, 0) FROM content WHERE id >= $1 AND id < $2 AND missing <> $3", args(t.contentID(i, 0), t.contentID(i+1, 0), int64(contentErased)),
			dest(&id, &blob), func() error {
				if ids = append(ids, id); blob != 0 {
					blobs = append(blobs, blob)
				}
				return nil
			})
		for _, id := range ids {
			if err == nil {
				err = exec(w, "UPDATE content SET missing = $1, blob = NULL, salt = NULL, data = NULL WHERE id = $2", int64(contentErased), id)
			}
		}
		for _, blob := range blobs {
			if err == nil {
				err = dropUnused(w, blob)
			}
		}
		return err
	}})
	if err != nil {
		return fmt.Errorf("couldn't erase the contents of entry %d of %s: %w", i, log, err)
	}
	return nil
}

// dropUnused drops a blob that no other entry carries.
func dropUnused(tx Tx, blob int64) error {
	var used int64
	if err := one(tx, "SELECT count(*) FROM content WHERE blob = $1", args(blob), dest(&used)); err != nil || used > 0 {
		return err
	}
	return dropBlob(tx, blob)
}

// Erased tells which of the entries [from, to) had contents that were erased here.
func (l *Ledger) Erased(ctx context.Context, log Origin, from, to int64) (erased map[int64]bool, err error) {
	erased = map[int64]bool{}
	err = l.viewTree(ctx, log, func(t *tree) error {
		var i int64
		_, err := t.tx.Query("SELECT idx FROM content WHERE id >= $1 AND id < $2 AND missing = $3", args(t.contentID(from, 0), t.contentID(to, 0), int64(contentErased)),
			dest(&i), func() error { erased[i] = true; return nil })
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("couldn't look for what was erased of %s: %w", log, err)
	}
	return erased, nil
}
