package book

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/ncruces/go-sqlite3"

	"jisr"
)

// maxRebuildBatch is how many acts a rebuild folds and writes at once: enough that a thing's acts mostly stand in one batch, and
// its row is written once; few enough that reading the next and writing this one go on side by side.
const maxRebuildBatch = 8_000

// firstBatch is how many acts the first batch has: each one after it has twice as many.
const firstBatch = 1_000

// Rebuild makes the book anew from the acts that next gives, batch by batch in any order of the logs, until it
// gives none. No book may be open at path meanwhile. With a key the new book is encrypted, as in Open.
//
// The new book is a file beside the old one, and takes its place at the end. A crash before that leaves the old
// book and a file that the next rebuild removes; one in the middle of the exchange leaves no book, which Open
// makes empty and the follower fills; one after it leaves the new book.
func Rebuild(ctx context.Context, path string, self jisr.MemberID, next func() ([]Said, error), key ...byte) error {
	return rebuild(ctx, path, self, maxRebuildBatch, next, key)
}

// rebuild is Rebuild in batches of at least some acts.
func rebuild(ctx context.Context, path string, self jisr.MemberID, some int, next func() ([]Said, error), key []byte) error {
	fresh := path + ".new"
	if err := removeBook(fresh); err != nil {
		return fmt.Errorf("couldn't clear the way for a new book: %w", err)
	}
	if err := build(ctx, fresh, self, key, some, next); err != nil {
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

func build(ctx context.Context, path string, self jisr.MemberID, key []byte, some int, next func() ([]Said, error)) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer f.Close() // synced below
	c, err := connect(ctx, path, key, bulkPragmas)
	if err != nil {
		return err
	}
	err = c.build(ctx, self, some, next)
	if err = errors.Join(err, c.closeAll()); err != nil {
		return err
	}
	return f.Sync()
}

func (c *conn) build(ctx context.Context, self jisr.MemberID, some int, next func() ([]Said, error)) error {
	if err := c.create(self, tables); err != nil {
		return err
	}
	// One transaction: what a crash leaves of it nobody has opened as a book yet, and each one would write again the pages
	// that the next one changes.
	return c.transaction(func() error {
		if err := c.takeAll(ctx, self, some, next); err != nil {
			return err
		}
		if err := c.finishDrafts(self); err != nil {
			return err
		}
		if err := c.fileEverything(self, &annexes{}); err != nil {
			return err
		}
		return c.Exec(indexes)
	})
}

// takeAll writes batch after batch, while the next one is read, prepared and as far as possible folded on another core.
func (c *conn) takeAll(ctx context.Context, self jisr.MemberID, some int, next func() ([]Said, error)) error {
	ctx, cancel := context.WithCancel(ctx)
	batches, failed := make(chan *batch, 2), make(chan error, 1)
	all := &bulk{some: some, met: map[uint64]struct{}{}, found: map[int64]string{}}
	go func() {
		defer close(batches)
		failed <- all.readBatches(ctx, self, batches, next)
	}()
	var err error
	for t := range batches {
		if err != nil {
			continue // drain, so that the reader ends
		}
		if err = t.run(c); err != nil {
			cancel()
		}
	}
	cancel()
	if err != nil {
		return err
	}
	return errors.Join(<-failed, all.flush(c))
}

// readBatches makes batches of what next gives, until it gives nothing.
func (b *bulk) readBatches(ctx context.Context, self jisr.MemberID, batches chan<- *batch, next func() ([]Said, error)) error {
	logs := map[Log]place{}
	var acts []entry
	some := min(firstBatch, b.some)
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
		if len(more) > 0 && len(acts) < some {
			continue
		}
		some = min(2*some, b.some)
		if len(acts) > 0 {
			t, err := newBatch(self, logs, acts)
			if err == nil {
				acts, logs, t.bulk = nil, t.logs, b
				err = b.foldNew(t)
			}
			if err != nil {
				return err
			}
			select {
			case batches <- t:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		if len(more) == 0 {
			return nil
		}
	}
}

// foldNew folds what no batch before has touched: of that the book holds nothing, whatever is still to be written.
func (b *bulk) foldNew(t *batch) error {
	for _, x := range t.order {
		if !b.isNew(x.half) {
			continue
		}
		if err := x.fold(t.self); err != nil {
			return err
		}
		x.folded = true
	}
	for _, x := range t.order {
		b.pair(t, x)
	}
	return nil
}

// pair tells of a released note whether its row will be a new one: nothing was met of what the house has of it, or all of
// that is in this batch. Then the row is written once, whole.
func (b *bulk) pair(t *batch, x *touched) {
	if !x.folded || x.state.Note == nil {
		return
	}
	house := half{jisr.House, x.thing}
	if _, known := b.met[house.hash()]; !known {
		x.alone = true
		return
	}
	d := t.halves[house]
	if d != nil && d.folded && !d.paired && len(d.state.Custody) == 0 && d.state.Draft != nil && d.state.Draft.Forum == x.forum {
		x.draft, d.paired = d, true
	}
}

// isNew tells of a half that has not been met before, and has now.
func (b *bulk) isNew(x half) bool {
	h := x.hash()
	_, known := b.met[h]
	b.met[h] = struct{}{}
	return !known
}

func (x half) hash() uint64 {
	h := fnv.New64a()
	h.Write([]byte(x.forum))
	h.Write([]byte{0})
	h.Write([]byte(x.thing))
	return h.Sum64()
}

// finishDrafts works out what lists need of what was never released, and makes it findable: of the rest the release says it.
func (c *conn) finishDrafts(self jisr.MemberID) error {
	return c.each(`SELECT n.n, b.body FROM note n JOIN body b ON b.key=n.drafted WHERE n.note IS NULL`, nil, func(st *sqlite3.Stmt) error {
		row := st.ColumnInt64(0)
		body, err := unpack(st.ColumnRawBlob(1))
		if err != nil {
			return err
		}
		head, text := readHead(body), draftText(body)
		err = c.do(`UPDATE note SET kind=?, parties=?, handling=? WHERE n=?`, string(head.Kind), parties(self, head.To), head.Handling.Rank(), row)
		if err == nil && text != "" {
			err = c.do(`INSERT INTO search(rowid, text) VALUES(?,?)`, row, text)
		}
		return err
	})
}
