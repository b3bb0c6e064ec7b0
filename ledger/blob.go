package ledger

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding"
	"errors"
	"fmt"
	"hash"
	"io"
	"time"
)

// CommitOf is the commitment of an entry to a content: SHA-256(salt || data). The salt, 32 random bytes, travels with the
// content and never stands in the entry, so that short contents cannot be guessed from the log, and
// erasing both leaves nothing of the content.
func CommitOf(salt [32]byte, data []byte) [32]byte {
	h := newCommit(salt)
	h.Write(data)
	return [32]byte(h.Sum(nil))
}

func newCommit(salt [32]byte) hash.Hash {
	h := sha256.New()
	h.Write(salt[:])
	return h
}

// blob is a content kept in parts, or a part of one. It grows at its end, and carries the state of its running
// SHA-256 with it: going on after any interruption never reads again what is there.
type blob struct {
	id, size, held, complete int64
	made                     int64 // of an upload: when it began, in milliseconds
	name, typ, file          string
	salt, sum                []byte // sum: the hash's state, when complete the commitment
}

const blobColumns = "SELECT id, size, held, complete, name, type, file, salt, sum FROM blob WHERE "

func readBlob(tx Tx, where string, arg any) (*blob, error) {
	var b blob
	err := one(tx, blobColumns+where, args(arg), dest(&b.id, &b.size, &b.held, &b.complete, &b.name, &b.typ, &b.file, &b.salt, &b.sum))
	return &b, err
}

// newBlob begins a blob. An empty one is complete at once.
func newBlob(tx Tx, b *blob) error {
	h := newCommit([32]byte(b.salt))
	if err := b.take(h); err != nil {
		return err
	}
	return one(tx, `INSERT INTO blob (name, size, held, complete, type, file, salt, sum, made) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING id`,
		args(b.name, b.size, b.held, b.complete, b.typ, b.file, b.salt, b.sum, b.made), dest(&b.id))
}

// take keeps the hash's state, or its sum when nothing is to come.
func (b *blob) take(h hash.Hash) (err error) {
	if b.held == b.size {
		b.complete, b.sum = 1, h.Sum(nil)
		return nil
	}
	if b.sum, err = h.(encoding.BinaryMarshaler).MarshalBinary(); err != nil {
		return fmt.Errorf("couldn't keep a running hash: %w", err)
	}
	return nil
}

// append adds data, at most MaxPart, at the end. A crash before the commit leaves the blob as it was.
func (b *blob) append(tx Tx, data []byte) error {
	if len(data) == 0 {
		return nil
	}
	h := sha256.New()
	if err := h.(encoding.BinaryUnmarshaler).UnmarshalBinary(b.sum); err != nil {
		return fmt.Errorf("couldn't resume a running hash: %w", err)
	}
	h.Write(data)
	if err := b.place(tx, data); err != nil {
		return err
	}
	b.held += int64(len(data))
	if err := b.take(h); err != nil {
		return err
	}
	return exec(tx, "UPDATE blob SET held = $1, complete = $2, sum = $3 WHERE id = $4", b.held, b.complete, b.sum, b.id)
}

// place writes data in a row of its own, or at the end of the last row while that is small.
func (b *blob) place(tx Tx, data []byte) error {
	var id int64
	var last []byte
	if b.held > 0 && len(data) < partFill {
		_, err := tx.Query("SELECT id, data FROM part WHERE id >= $1 AND id < $2 ORDER BY id DESC LIMIT 1",
			args(b.id<<33, (b.id+1)<<33), dest(&id, &last), nil)
		if err != nil {
			return err
		}
		if len(last)+len(data) <= partFill {
			return exec(tx, "UPDATE part SET data = $1 WHERE id = $2", append(last, data...), id)
		}
	}
	return exec(tx, "INSERT INTO part (id, data) VALUES ($1, $2)", b.id<<33|b.held, data)
}

func dropBlob(tx Tx, id int64) error {
	if err := exec(tx, "DELETE FROM part WHERE id >= $1 AND id < $2", id<<33, (id+1)<<33); err != nil {
		return err
	}
	return exec(tx, "DELETE FROM blob WHERE id = $1", id)
}

// readPart returns the bytes of a blob from offset to the end of the row that holds it.
func readPart(tx Tx, blob, offset int64) ([]byte, error) {
	var id int64
	var data []byte
	err := one(tx, "SELECT id, data FROM part WHERE id >= $1 AND id <= $2 ORDER BY id DESC LIMIT 1",
		args(blob<<33, blob<<33|offset), dest(&id, &data))
	if err != nil {
		return nil, err
	}
	if skip := offset - (id - blob<<33); skip < int64(len(data)) {
		return data[skip:], nil
	}
	return nil, ErrNotFound
}

// ContentReader reads a content or an upload without ever holding more than one row of it, at most MaxPart, in memory. It
// keeps no transaction open. Not for concurrent use.
type ContentReader struct {
	ctx    context.Context
	store  Store
	blob   int64 // 0: all is in buf
	size   int64
	offset int64
	buf    []byte // bytes from start on
	start  int64
}

// Size is the whole content's in bytes.
func (r *ContentReader) Size() int64 { return r.size }

// Close ends reading.
func (r *ContentReader) Close() error { return nil }

// Seek implements io.Seeker.
func (r *ContentReader) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += r.offset
	case io.SeekEnd:
		offset += r.size
	}
	if offset < 0 {
		return r.offset, errors.New("couldn't seek before the start")
	}
	r.offset = offset
	return offset, nil
}

// Read implements io.Reader.
func (r *ContentReader) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if r.offset >= r.size {
		return 0, io.EOF
	}
	if r.offset < r.start || r.offset >= r.start+int64(len(r.buf)) {
		if err := r.fill(); err != nil {
			return 0, fmt.Errorf("couldn't read a content at %d: %w", r.offset, err)
		}
	}
	n := copy(p, r.buf[r.offset-r.start:])
	r.offset += int64(n)
	return n, nil
}

func (r *ContentReader) fill() error {
	return r.store.View(r.ctx, func(tx Tx) (err error) {
		r.buf, err = readPart(tx, r.blob, r.offset)
		r.start = r.offset
		return err
	})
}

// UploadInfo is an attachment on its way in, before any entry names it.
type UploadInfo struct {
	Blob     string   // its name, what Content.Blob takes
	Size     int64    // as announced
	Held     int64    // where to go on
	Type     string   // media type
	Name     string   // file name, as its sender called it
	Commit   [32]byte // when complete: what the entry must commit to
	Salt     [32]byte
	Complete bool
}

func (b *blob) info() UploadInfo {
	u := UploadInfo{Blob: b.name, Size: b.size, Held: b.held, Type: b.typ, Name: b.file, Salt: [32]byte(b.salt), Complete: b.complete == 1}
	if u.Complete {
		u.Commit = [32]byte(b.sum)
	}
	return u
}

// NewUpload begins an upload of size bytes and returns its name, which cannot be guessed. Its salt is drawn here.
func (l *Ledger) NewUpload(ctx context.Context, size int64, typ, name string) (string, error) {
	if size < 0 || size > MaxContent || len(typ) > MaxType || len(name) > MaxType {
		return "", fmt.Errorf("couldn't begin an upload of %d bytes: %w", size, ErrTooLong)
	}
	b := &blob{name: "up-" + rand.Text(), size: size, typ: typ, file: name, salt: make([]byte, 32), made: l.now().UnixMilli()}
	rand.Read(b.salt) // never fails
	if err := l.submit(ctx, &job{run: func(w *write) error { return newBlob(w, b) }}); err != nil {
		return "", fmt.Errorf("couldn't begin an upload: %w", err)
	}
	return b.name, nil
}

// WriteUpload adds what r gives at offset, which must be where the upload stands (else ErrGap), and returns how
// much is durable, also with an error. Each MaxPart is a transaction of its own: a note never waits behind a film.
func (l *Ledger) WriteUpload(ctx context.Context, name string, offset int64, r io.Reader) (int64, error) {
	var written int64
	buf := make([]byte, MaxPart)
	for {
		n, err := io.ReadFull(r, buf)
		end := err == io.EOF || err == io.ErrUnexpectedEOF
		if n > 0 || written == 0 {
			part := &job{bytes: n, run: func(w *write) error { return extend(w, name, offset+written, buf[:n]) }}
			if err := l.submit(ctx, part); err != nil {
				return written, fmt.Errorf("couldn't write upload %s at %d: %w", name, offset+written, err)
			}
			written += int64(n)
		}
		if end {
			return written, nil
		}
		if err != nil {
			return written, fmt.Errorf("couldn't receive upload %s: %w", name, err)
		}
	}
}

func extend(tx Tx, name string, offset int64, data []byte) error {
	b, err := readUpload(tx, name)
	if err != nil {
		return err
	}
	if b.held != offset {
		return fmt.Errorf("held up to %d: %w", b.held, ErrGap)
	}
	if b.held+int64(len(data)) > b.size {
		return fmt.Errorf("more than the %d bytes announced: %w", b.size, ErrTooLong)
	}
	return b.append(tx, data)
}

// readUpload finds an upload; the blobs of contents on their way from a peer have other names and are none.
func readUpload(tx Tx, name string) (*blob, error) {
	if len(name) > MaxName || len(name) < 3 || name[:3] != "up-" {
		return nil, fmt.Errorf("upload %.40q: %w", name, ErrNotFound)
	}
	b, err := readBlob(tx, "name = $1", name)
	if err != nil {
		return nil, fmt.Errorf("upload %s: %w", name, err)
	}
	return b, nil
}

// Upload says how far an upload is.
func (l *Ledger) Upload(ctx context.Context, name string) (UploadInfo, error) {
	var b *blob
	err := l.store.View(ctx, func(tx Tx) (err error) { b, err = readUpload(tx, name); return err })
	if err != nil {
		return UploadInfo{}, fmt.Errorf("couldn't find the upload: %w", err)
	}
	return b.info(), nil
}

// DropUpload removes an upload that no entry names; ErrInUse if one does.
func (l *Ledger) DropUpload(ctx context.Context, name string) error {
	err := l.submit(ctx, &job{run: func(w *write) error {
		b, err := readUpload(w, name)
		if err != nil {
			return err
		}
		var used int64
		if err := one(w, "SELECT count(*) FROM content WHERE blob = $1", args(b.id), dest(&used)); err != nil {
			return err
		}
		if used > 0 {
			return ErrInUse
		}
		return dropBlob(w, b.id)
	}})
	if err != nil {
		return fmt.Errorf("couldn't drop upload %s: %w", name, err)
	}
	return nil
}

// Unused lists uploads that began before a time and that no entry names, the oldest first. One of which it is not known when it
// began counts from now on.
func (l *Ledger) Unused(ctx context.Context, before time.Time, most int) (names []string, err error) {
	const uploads = "name >= 'up-' AND name < 'up.'"
	err = l.submit(ctx, &job{run: func(w *write) error {
		return exec(w, "UPDATE blob SET made = $1 WHERE made = 0 AND "+uploads, l.now().UnixMilli())
	}})
	if err == nil {
		err = l.store.View(ctx, func(tx Tx) error {
			var name string
			_, err := tx.Query("SELECT name FROM blob WHERE made < $1 AND "+uploads+` AND NOT EXISTS (SELECT 1 FROM content WHERE content.blob = blob.id)
				ORDER BY made, id LIMIT $2`, args(before.UnixMilli(), int64(most)), dest(&name), func() error { names = append(names, name); return nil })
			return err
		})
	}
	if err != nil {
		return nil, fmt.Errorf("couldn't look for uploads that nothing names: %w", err)
	}
	return names, nil
}

// OpenUpload reads a complete upload; ErrMissing if it is not.
func (l *Ledger) OpenUpload(ctx context.Context, name string) (*ContentReader, error) {
	u, err := l.uploaded(ctx, name)
	if err != nil {
		return nil, fmt.Errorf("couldn't open the upload: %w", err)
	}
	return &ContentReader{ctx: ctx, store: l.store, blob: u.id, size: u.size}, nil
}

func (l *Ledger) uploaded(ctx context.Context, name string) (*blob, error) {
	var b *blob
	err := l.store.View(ctx, func(tx Tx) (err error) { b, err = readUpload(tx, name); return err })
	if err == nil && b.complete == 0 {
		err = fmt.Errorf("%d of %d bytes: %w", b.held, b.size, ErrMissing)
	}
	return b, err
}
