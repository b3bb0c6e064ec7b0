package book

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/ncruces/go-sqlite3"

	"jisr"
)

// maxRebuildBatch is how many acts one transaction of a rebuild takes: enough that a thing's acts mostly stand
// in one, few enough that reading the next and writing this one go on side by side.
const maxRebuildBatch = 2_000

// Rebuild makes the book anew from the acts that next gives, batch by batch in any order of the logs, until it
// gives none. No book may be open at path meanwhile. With a key the new book is encrypted, as in Open.
//
// The new book is a file beside the old one, and takes its place at the end. A crash before that leaves the old
// book and a file that the next rebuild removes; one in the middle of the exchange leaves no book, which Open
// makes empty and the follower fills; one after it leaves the new book.
func Rebuild(ctx context.Context, path string, self jisr.MemberID, next func() ([]Said, error), key ...byte) error {
	fresh := path + ".new"
	if err := removeBook(fresh); err != nil {
		return fmt.Errorf("couldn't clear the way for a new book: %w", err)
	}
	if err := build(ctx, fresh, self, key, next); err != nil {
		return fmt.Errorf("couldn't rebuild the book: %w", errors.Join(err, removeBook(fresh)))
	}
	// The old file goes before its write-ahead log: a log must never be found beside a file it is not of.
	if err := removeBook(path); err != nil {
		return fmt.Errorf("couldn't remove the old book: %w", err)
	}
	if err := os.Rename(fresh, path); err != nil {
		return fmt.Errorf("couldn't put the new book in place: %w", err)
	}
	return syncDir(filepath.Dir(path))
}

func removeBook(path string) error {
	for _, suffix := range []string{"", "-wal", "-shm", "-journal"} {
		if err := os.Remove(path + suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

func build(ctx context.Context, path string, self jisr.MemberID, key []byte, next func() ([]Said, error)) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer f.Close() // synced below
	c, err := connect(ctx, path, key, bulkPragmas)
	if err != nil {
		return err
	}
	err = c.build(ctx, self, next)
	if err = errors.Join(err, c.closeAll()); err != nil {
		return err
	}
	return f.Sync()
}

func (c *conn) build(ctx context.Context, self jisr.MemberID, next func() ([]Said, error)) error {
	if err := c.create(self, tables); err != nil {
		return err
	}
	if err := c.takeAll(ctx, self, next); err != nil {
		return err
	}
	if err := c.transaction(c.indexDrafts); err != nil {
		return err
	}
	if err := c.transaction(func() error { return c.fileEverything(self, &annexes{}) }); err != nil {
		return err
	}
	return c.Exec(indexes)
}

// takeAll applies batch after batch, while the next one is read and prepared on another core.
func (c *conn) takeAll(ctx context.Context, self jisr.MemberID, next func() ([]Said, error)) error {
	ctx, cancel := context.WithCancel(ctx)
	batches, failed := make(chan []entry, 2), make(chan error, 1)
	go func() {
		defer close(batches)
		failed <- readBatches(ctx, batches, next)
	}()
	logs, met := map[Log]place{}, map[uint64]struct{}{}
	var err error
	for acts := range batches {
		if err != nil {
			continue // drain, so that the reader ends
		}
		var t *batch
		if t, err = newBatch(self, logs, acts); err == nil {
			t.met, t.late = met, true
			err = c.transaction(func() error { return t.run(c) })
			logs = t.logs
		}
		if err != nil {
			cancel()
		}
	}
	cancel()
	if err != nil {
		return err
	}
	return <-failed
}

// readBatches prepares what next gives, in batches, until it gives nothing.
func readBatches(ctx context.Context, batches chan<- []entry, next func() ([]Said, error)) error {
	var acts []entry
	for {
		more, err := next()
		if err != nil {
			return err
		}
		for i := range more {
			var e entry
			if err := e.prepare(&more[i], true); err != nil {
				return err
			}
			acts = append(acts, e)
		}
		if len(more) > 0 && len(acts) < maxRebuildBatch {
			continue
		}
		if len(acts) > 0 {
			select {
			case batches <- acts:
				acts = nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		if len(more) == 0 {
			return nil
		}
	}
}

// indexDrafts makes findable what was never released; the rest was indexed as it was released.
func (c *conn) indexDrafts() error {
	return c.each(`SELECT n.n, b.body FROM note n JOIN body b ON b.key=n.drafted WHERE n.note IS NULL`, nil, func(st *sqlite3.Stmt) error {
		text := draftText(st.ColumnRawBlob(1))
		if text == "" {
			return nil
		}
		return c.do(`INSERT INTO search(rowid, text) VALUES(?,?)`, st.ColumnInt64(0), text)
	})
}
