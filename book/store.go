package book

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/ncruces/go-sqlite3"

	"jisr"
)

// maxReaders is how many pages are read at the same time; more wait.
const maxReaders = 4

// Book is one node's book. All methods are safe for concurrent use.
type Book struct {
	path string
	key  []byte // of the file at rest; nil: it is plain
	self jisr.MemberID

	mu     sync.Mutex    // guards what follows; whoever writes holds it
	writer *conn         // the one connection that writes
	logs   map[Log]place // positions as committed
	others int64         // SQLite's data_version of writer: another when another process has written
	closed bool

	done chan struct{} // closed by Close: nobody waits for a reader then

	readers chan *conn // idle ones; nil for one that is not open yet

	annexes annexes
	heads   headCache
	columns columnCache
	tails   tails // mu guards it
	tallies tallyCache
}

// place is where the book stands in one log.
type place struct {
	n     int64      // its number here
	next  jisr.Index // of the next act to apply
	clock int64      // of the newest act
}

// Open opens the book of one member; a missing file becomes an empty book. A file of another version or
// member is ErrSchema. With a key of 32 bytes the file is encrypted at rest, search index and all; under another
// key it is ErrSchema too.
func Open(ctx context.Context, path string, self jisr.MemberID, key ...byte) (*Book, error) {
	w, err := openWriter(ctx, path, self, key)
	if err != nil {
		return nil, fmt.Errorf("couldn't open the book %s: %w", path, err)
	}
	logs, err := w.places()
	if err != nil {
		return nil, fmt.Errorf("couldn't read the book's positions: %w", errors.Join(err, w.closeAll()))
	}
	b := &Book{path: path, key: key, self: self, writer: w, logs: logs, readers: make(chan *conn, maxReaders), done: make(chan struct{}), tails: tails{map[int64]*shelved{}}}
	for range maxReaders {
		b.readers <- nil
	}
	return b, nil
}

// Close waits for readers and closes the file; again, it does nothing. The book is not used afterwards.
func (b *Book) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return nil
	}
	b.closed = true
	close(b.done)
	var err error
	for range maxReaders {
		if r := <-b.readers; r != nil {
			err = errors.Join(err, r.closeAll())
		}
	}
	// The writer last: it folds the write-ahead log into the file.
	return errors.Join(err, b.writer.closeAll())
}

// read runs f on a connection of its own, in one transaction: all it reads is of one moment.
func (b *Book) read(ctx context.Context, what string, f func(*conn) error) error {
	var c *conn
	select {
	case c = <-b.readers:
	case <-b.done:
		return fmt.Errorf("couldn't %s: %w", what, errClosed)
	case <-ctx.Done():
		return fmt.Errorf("couldn't %s: %w", what, ctx.Err())
	}
	defer func() {
		if c != nil {
			c.last = lastBody{}
		}
		b.readers <- c
	}()
	if c == nil {
		opened, err := connect(ctx, b.path, b.key, readerPragmas)
		if err != nil {
			return fmt.Errorf("couldn't open the book for reading: %w", err)
		}
		c = opened
	}
	defer c.SetInterrupt(c.SetInterrupt(ctx))
	tx := c.Begin()
	err := f(c)
	c.SetInterrupt(context.Background()) // ending must not be interrupted, or the connection stays in the past
	err = errors.Join(err, tx.Rollback())
	if refusal := (*jisr.Refusal)(nil); errors.As(err, &refusal) {
		return refusal
	}
	if err != nil {
		return fmt.Errorf("couldn't %s: %w", what, err)
	}
	return nil
}

// write runs f on the writing connection, in one transaction. It is not interrupted by a context: a batch is
// short, and half of it is of no use.
func (b *Book) write(ctx context.Context, what string, f func(*conn) error) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("couldn't %s: %w", what, err)
	}
	if b.closed {
		return fmt.Errorf("couldn't %s: %w", what, errClosed)
	}
	// A crash before the commit leaves the book at its former positions, one after it at the new ones; with
	// synchronous=NORMAL a crash of the machine may undo the last commits, whole. The caller reads on from Positions.
	if err := b.writer.transaction(func() error { return f(b.writer) }); err != nil {
		return fmt.Errorf("couldn't %s: %w", what, err)
	}
	return nil
}

var errClosed = errors.New("the book is closed")

// catchUp takes up what another process of this member has brought the book to. mu is held.
func (b *Book) catchUp() error {
	if b.closed {
		return errClosed
	}
	version := int64(0)
	err := b.writer.each(`PRAGMA data_version`, nil, func(st *sqlite3.Stmt) error { version = st.ColumnInt64(0); return nil })
	if err != nil || version == b.others {
		return err
	}
	logs, err := b.writer.places()
	if err == nil {
		b.logs, b.others = logs, version
	}
	return err
}

// Positions gives the index of the next act to apply, for each log the book has met; another process of this member
// may have brought the book further than this one did.
func (b *Book) Positions(context.Context) (map[Log]jisr.Index, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.catchUp(); err != nil {
		return nil, fmt.Errorf("couldn't read the book's positions: %w", err)
	}
	next := make(map[Log]jisr.Index, len(b.logs))
	for l, p := range b.logs {
		next[l] = p.next
	}
	return next, nil
}

func (c *conn) places() (map[Log]place, error) {
	logs := map[Log]place{}
	err := c.each(`SELECT forum, member, n, next, clock FROM log`, nil, func(st *sqlite3.Stmt) error {
		l := Log{jisr.ForumID(st.ColumnText(0)), jisr.MemberID(st.ColumnText(1))}
		logs[l] = place{st.ColumnInt64(2), jisr.Index(st.ColumnInt64(3)), st.ColumnInt64(4)}
		return nil
	})
	return logs, err
}

// key is where an act stands, as one number: the log's number here, then the index. 0 is none.
type key int64

const (
	logShift = 40
	maxIndex = 1<<logShift - 1
)

func keyOf(n int64, i jisr.Index) key { return key(n<<logShift | int64(i)) }

func (k key) log() int64        { return int64(k) >> logShift }
func (k key) index() jisr.Index { return jisr.Index(k & maxIndex) }

// byNumber turns places around: whose log a key is in.
func byNumber(logs map[Log]place) map[int64]Log {
	of := make(map[int64]Log, len(logs))
	for l, p := range logs {
		of[p.n] = l
	}
	return of
}
