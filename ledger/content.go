package ledger

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
)

// HeldRef is a commitment of an entry and what is held of its content here.
type HeldRef struct {
	Ref
	Index    int64    // of the entry
	N        int      // which of the entry's contents, from 0
	Salt     [32]byte // known with the content's first bytes
	Held     int64    // bytes
	Complete bool     // all held, and verified
	Erased   bool     // it is not kept any more
}

// row is a row of table content with the bytes of its blob that are held.
type row struct {
	id, idx, n, size, rank, missing, blob, held int64
	typ                                         string
	hash, salt                                  []byte
}

const contentColumns = `SELECT c.id, c.idx, c.n, c.size, c.rank, c.missing, coalesce(c.blob, 0), coalesce(b.held, 0), c.type, c.hash, c.salt
	FROM content c LEFT JOIN blob b ON b.id = c.blob `

func (r *row) dest() []any {
	return dest(&r.id, &r.idx, &r.n, &r.size, &r.rank, &r.missing, &r.blob, &r.held, &r.typ, &r.hash, &r.salt)
}

func (r *row) ref() HeldRef {
	h := HeldRef{
		Ref:   Ref{Commit: [32]byte(r.hash), Size: r.size, Type: r.typ, Rank: int(r.rank)},
		Index: r.idx, N: int(r.n), Held: r.held, Complete: r.missing == 0, Erased: r.missing == contentErased,
	}
	if len(r.salt) == 32 {
		h.Salt = [32]byte(r.salt)
	}
	if h.Complete {
		h.Held = r.size
	}
	return h
}

func contentRow(tx Tx, t *tree, i int64, n int) (*row, error) {
	if i < 0 || i >= t.size || n < 0 || n >= MaxContents {
		return nil, fmt.Errorf("content %d of entry %d of %s: %w", n, i, t.log, ErrNotFound)
	}
	var r row
	if err := one(tx, contentColumns+"WHERE c.id = $1", args(t.contentID(i, n)), r.dest()); err != nil {
		return nil, fmt.Errorf("content %d of entry %d of %s: %w", n, i, t.log, err)
	}
	return &r, nil
}

// checkRefs bounds what Inspect found in an entry.
func checkRefs(refs []Ref) error {
	if len(refs) > MaxContents {
		return fmt.Errorf("%d contents: %w", len(refs), ErrTooLong)
	}
	for _, r := range refs {
		if r.Size < 0 || r.Size > MaxContent || len(r.Type) > MaxType {
			return fmt.Errorf("a content of %d bytes: %w", r.Size, ErrTooLong)
		}
	}
	return nil
}

// insert writes the row of a content. With bytes or a blob it is complete, and the caller has verified it.
func (t *tree) insert(i int64, n int, r Ref, missing bool, salt, data []byte, blob any) error {
	m := int64(0)
	if missing {
		m = 1
	}
	if !missing && blob == nil && data == nil {
		data = []byte{}
	}
	return exec(t.tx, `INSERT INTO content (id, log, idx, n, size, rank, missing, blob, type, hash, salt, data)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
		t.contentID(i, n), t.id, i, int64(n), r.Size, int64(r.Rank), m, blob, r.Type, r.Commit[:], salt, pack(data))
}

// provide writes a content of one of our own entries. It must be what the entry commits to: an entry whose content
// nobody has could never be read by the other side.
func (t *tree) provide(i int64, n int, r Ref, c Content) error {
	if c.Blob != "" {
		return t.provideBlob(i, n, r, c)
	}
	if len(c.Data) > MaxInline {
		return fmt.Errorf("a content of %d bytes without an upload: %w", len(c.Data), ErrTooLong)
	}
	if int64(len(c.Data)) != r.Size || CommitOf(c.Salt, c.Data) != r.Commit {
		return fmt.Errorf("content %d: %w", n, ErrBadContent)
	}
	return t.insert(i, n, r, false, c.Salt[:], c.Data, nil)
}

func (t *tree) provideBlob(i int64, n int, r Ref, c Content) error {
	b, err := readUpload(t.tx, c.Blob)
	if err != nil {
		return err
	}
	if b.complete == 0 {
		return fmt.Errorf("upload %s, %d of %d bytes: %w", b.name, b.held, b.size, ErrMissing)
	}
	if b.size != r.Size || [32]byte(b.sum) != r.Commit {
		return fmt.Errorf("upload %s: %w", b.name, ErrBadContent)
	}
	return t.insert(i, n, r, false, b.salt, nil, b.id)
}

// Part is a piece of the Nth content of entry Index, as it travels. Pieces are added at the end of what is held: bytes
// before are ignored, a gap is refused.
type Part struct {
	Index  int64
	N      int
	Salt   [32]byte
	Offset int64
	Data   []byte // at most MaxPart
}

// badContent says which content was wrong, so that what is held of it can be dropped.
type badContent struct {
	id    int64
	index int64
	n     int
}

func (e *badContent) Error() string {
	return fmt.Sprintf("content %d of entry %d: %v", e.n, e.index, ErrBadContent)
}
func (e *badContent) Unwrap() error { return ErrBadContent }

// receive adds a piece from outside. Until its last byte a content is held unverified and shown to nobody; with it, it is
// verified against the entry's commitment, or refused.
func (t *tree) receive(p Part) error {
	r, err := contentRow(t.tx, t, p.Index, p.N)
	if err != nil {
		return err
	}
	if r.missing != contentMissing {
		return nil // it arrived before, by another road, or was erased
	}
	bad := &badContent{r.id, p.Index, p.N}
	if p.Offset < 0 || p.Offset > r.held {
		return fmt.Errorf("content %d of entry %d is held up to %d: %w", p.N, p.Index, r.held, ErrGap)
	}
	data := p.Data[min(r.held-p.Offset, int64(len(p.Data))):]
	end := r.held + int64(len(data))
	if end > r.size || r.blob != 0 && [32]byte(r.salt) != p.Salt {
		return bad
	}
	if r.held == 0 && end == r.size && r.size <= MaxInline {
		return t.settle(r, p.Salt[:], data, bad)
	}
	if len(data) == 0 {
		return nil
	}
	return t.grow(r, p.Salt[:], data, bad)
}

// settle keeps a whole small content in its row.
func (t *tree) settle(r *row, salt, data []byte, bad error) error {
	if CommitOf([32]byte(salt), data) != [32]byte(r.hash) {
		return bad
	}
	if data == nil {
		data = []byte{}
	}
	return exec(t.tx, "UPDATE content SET missing = 0, blob = NULL, salt = $1, data = $2 WHERE id = $3", salt, pack(data), r.id)
}

// grow adds to a content that comes in pieces.
func (t *tree) grow(r *row, salt, data []byte, bad error) error {
	b, err := t.blobOf(r, salt)
	if err != nil {
		return err
	}
	if err := b.append(t.tx, data); err != nil || b.complete == 0 {
		return err
	}
	if [32]byte(b.sum) != [32]byte(r.hash) {
		return bad
	}
	if r.size > MaxInline {
		return exec(t.tx, "UPDATE content SET missing = 0 WHERE id = $1", r.id)
	}
	whole, err := readWhole(t.tx, b.id, b.size)
	if err != nil {
		return err
	}
	if err := t.settle(r, salt, whole, bad); err != nil {
		return err
	}
	return dropBlob(t.tx, b.id)
}

// blobOf finds the blob a content is collected in, or begins it.
func (t *tree) blobOf(r *row, salt []byte) (*blob, error) {
	if r.blob != 0 {
		return readBlob(t.tx, "id = $1", r.blob)
	}
	b := &blob{name: "in-" + rand.Text(), size: r.size, typ: r.typ, salt: salt}
	if err := newBlob(t.tx, b); err != nil {
		return nil, err
	}
	return b, exec(t.tx, "UPDATE content SET blob = $1, salt = $2 WHERE id = $3", b.id, salt, r.id)
}

// readWhole reads a small blob.
func readWhole(tx Tx, blob, size int64) ([]byte, error) {
	whole := make([]byte, 0, size)
	for int64(len(whole)) < size {
		part, err := readPart(tx, blob, int64(len(whole)))
		if err != nil {
			return nil, err
		}
		whole = append(whole, part...)
	}
	return whole, nil
}

// dropPartial forgets what is held of a content that turned out wrong.
func dropPartial(tx Tx, id int64) error {
	var blob int64
	err := one(tx, "SELECT blob FROM content WHERE id = $1 AND missing = 1 AND blob IS NOT NULL", args(id), dest(&blob))
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := exec(tx, "UPDATE content SET blob = NULL, salt = NULL WHERE id = $1", id); err != nil {
		return err
	}
	return dropBlob(tx, blob)
}

// viewTree reads one log in a snapshot.
func (l *Ledger) viewTree(ctx context.Context, log Origin, fn func(t *tree) error) error {
	return l.store.View(ctx, func(tx Tx) error {
		t, err := readTree(tx, log)
		if err != nil {
			return err
		}
		return fn(t)
	})
}

// Refs lists what entry i commits to and how much of it is held, in the order of the entry.
func (l *Ledger) Refs(ctx context.Context, log Origin, i int64) (refs []HeldRef, err error) {
	err = l.viewTree(ctx, log, func(t *tree) error {
		if i < 0 || i >= t.size {
			return ErrNotFound
		}
		refs, err = listRefs(t, "WHERE c.id >= $1 AND c.id < $2 ORDER BY c.id", t.contentID(i, 0), t.contentID(i+1, 0))
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("couldn't list the contents of entry %d of %s: %w", i, log, err)
	}
	return refs, nil
}

func listRefs(t *tree, where string, args ...any) (refs []HeldRef, err error) {
	var r row
	_, err = t.tx.Query(contentColumns+where, args, r.dest(), func() error {
		refs = append(refs, r.ref())
		return nil
	})
	return refs, err
}

// Wanted calls fn for each content that is complete here, of the entries in ranges, by (Rank, Index, N): the order
// in which they are to travel. It stops when fn returns false. fn may call the ledger.
func (l *Ledger) Wanted(ctx context.Context, log Origin, ranges []Range, fn func(HeldRef) bool) error {
	var refs []HeldRef
	err := l.viewTree(ctx, log, func(t *tree) error {
		for _, r := range ranges {
			from, to := max(r.Start, 0), min(r.End, t.size)
			if from >= to {
				continue
			}
			more, err := listRefs(t, "WHERE c.id >= $1 AND c.id < $2 AND c.missing = 0", t.contentID(from, 0), t.contentID(to, 0))
			if err != nil {
				return err
			}
			refs = append(refs, more...)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("couldn't list what is wanted of %s: %w", log, err)
	}
	slices.SortStableFunc(refs, byRank)
	for _, r := range refs {
		if !fn(r) {
			return nil
		}
	}
	return nil
}

func byRank(a, b HeldRef) int {
	if a.Rank != b.Rank {
		return a.Rank - b.Rank
	}
	if a.Index != b.Index {
		return int(min(max(a.Index-b.Index, -1), 1))
	}
	return a.N - b.N
}

// Partials lists contents of which some bytes, not all, are held: what a mirror answers so that a sender goes on there.
func (l *Ledger) Partials(ctx context.Context, log Origin, max int) (refs []HeldRef, err error) {
	err = l.viewTree(ctx, log, func(t *tree) error {
		refs, err = listRefs(t, "WHERE c.log = $1 AND c.missing = 1 AND c.blob IS NOT NULL ORDER BY c.id LIMIT $2", t.id, int64(max))
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("couldn't list the partial contents of %s: %w", log, err)
	}
	return refs, nil
}

// Content returns a content that is held whole and is at most MaxInline long: ErrMissing, ErrTooLong otherwise.
func (l *Ledger) Content(ctx context.Context, log Origin, i int64, n int) (data []byte, err error) {
	err = l.viewTree(ctx, log, func(t *tree) error {
		r, err := heldRow(t, i, n)
		if err != nil {
			return err
		}
		if r.size > MaxInline {
			return fmt.Errorf("%d bytes: %w", r.size, ErrTooLong)
		}
		data, err = smallContent(t.tx, r)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("couldn't read a content: %w", err)
	}
	return data, nil
}

// Contents returns the n-th contents of the entries [from, to) that are held whole, by index: what following a log from its
// beginning reads, without a query for each entry. One that is longer than MaxInline is nil: see OpenContent.
func (l *Ledger) Contents(ctx context.Context, log Origin, from, to int64, n int) (held map[int64][]byte, err error) {
	held = map[int64][]byte{}
	err = l.viewTree(ctx, log, func(t *tree) error {
		var i, size int64
		var data []byte
		_, err := t.tx.Query("SELECT idx, size, data FROM content WHERE id >= $1 AND id < $2 AND n = $3 AND missing = 0",
			args(t.contentID(from, 0), t.contentID(to, 0), int64(n)), dest(&i, &size, &data), func() (err error) {
				if data != nil {
					data, err = unpack(data, size)
				}
				held[i] = data
				return err
			})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("couldn't read contents of %s: %w", log, err)
	}
	return held, nil
}

func heldRow(t *tree, i int64, n int) (*row, error) {
	r, err := contentRow(t.tx, t, i, n)
	if err == nil && r.missing != 0 {
		err = fmt.Errorf("content %d of entry %d of %s, %d of %d bytes: %w", n, i, t.log, r.held, r.size, ErrMissing)
	}
	return r, err
}

// smallContent reads a content that is at most a few MB.
func smallContent(tx Tx, r *row) (data []byte, err error) {
	if r.blob != 0 {
		return readWhole(tx, r.blob, r.size)
	}
	if err := one(tx, "SELECT data FROM content WHERE id = $1", args(r.id), dest(&data)); err != nil {
		return nil, err
	}
	return unpack(data, r.size)
}

// OpenContent reads a content of any size that is held whole; ErrMissing if it is not.
func (l *Ledger) OpenContent(ctx context.Context, log Origin, i int64, n int) (*ContentReader, error) {
	c := &ContentReader{ctx: ctx, store: l.store}
	err := l.viewTree(ctx, log, func(t *tree) error {
		r, err := heldRow(t, i, n)
		if err != nil {
			return err
		}
		if c.blob, c.size = r.blob, r.size; r.blob == 0 {
			c.buf, err = smallContent(t.tx, r)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("couldn't open a content: %w", err)
	}
	return c, nil
}
