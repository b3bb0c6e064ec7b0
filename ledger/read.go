package ledger

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"github.com/transparency-dev/formats/proof"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// State returns what is held of a log now.
func (l *Ledger) State(ctx context.Context, log Origin) (s State, err error) {
	err = l.viewTree(ctx, log, func(t *tree) error {
		s = State{Log: log, Size: t.size, Root: t.root, Checkpoint: t.checkpoint}
		s.Missing, err = t.missing()
		return err
	})
	if err != nil {
		return State{}, fmt.Errorf("couldn't read the state of %s: %w", log, err)
	}
	return s, nil
}

// Size is the number of entries of a log.
func (l *Ledger) Size(ctx context.Context, log Origin) (size int64, err error) {
	err = l.store.View(ctx, func(tx Tx) error {
		return one(tx, "SELECT size FROM log WHERE origin = $1", args(string(log)), dest(&size))
	})
	if err != nil {
		return 0, fmt.Errorf("couldn't read the size of %s: %w", log, err)
	}
	return size, nil
}

// Entry returns one entry, the bytes that were hashed.
func (l *Ledger) Entry(ctx context.Context, log Origin, i int64) (data []byte, err error) {
	err = l.viewTree(ctx, log, func(t *tree) error { data, err = t.entry(i); return err })
	if err != nil {
		return nil, fmt.Errorf("couldn't read an entry: %w", err)
	}
	return data, nil
}

// Entries returns entries from an index on: at most max and, but for the first, at most maxBytes together. None when from
// is the size.
func (l *Ledger) Entries(ctx context.Context, log Origin, from int64, max, maxBytes int) (entries [][]byte, err error) {
	err = l.viewTree(ctx, log, func(t *tree) error {
		if from < 0 || from > t.size {
			return fmt.Errorf("entries from %d of %d: %w", from, t.size, ErrNotFound)
		}
		entries, err = t.entries(from, min(t.size, from+int64(max)), maxBytes)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("couldn't read entries of %s: %w", log, err)
	}
	return entries, nil
}

func (t *tree) entries(from, to int64, maxBytes int) (entries [][]byte, err error) {
	var data []byte
	bytes := 0
	_, err = t.tx.Query("SELECT data FROM entry WHERE id >= $1 AND id < $2 ORDER BY id", args(t.entryID(from), t.entryID(to)), dest(&data), func() error {
		if bytes += len(data); bytes > maxBytes && len(entries) > 0 {
			return errStop
		}
		entries = append(entries, data)
		return nil
	})
	if errors.Is(err, errStop) {
		err = nil
	}
	return entries, err
}

// Checkpoint returns the newest checkpoint with every countersignature held for exactly its size: what is served as
// checkpoint (c2sp.org/tlog-tiles). ErrNotFound for a mirror that nothing came for yet.
func (l *Ledger) Checkpoint(ctx context.Context, log Origin) (signed []byte, err error) {
	err = l.viewTree(ctx, log, func(t *tree) error {
		if t.cosigned == nil {
			if signed, err = t.witnessed(t.size); err != nil || signed != nil {
				return err
			}
		}
		if signed = t.newest(); signed == nil {
			return ErrNotFound
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("couldn't read a checkpoint of %s: %w", log, err)
	}
	return signed, nil
}

// newest is the log's checkpoint, with our countersignatures if it is a mirror.
func (t *tree) newest() []byte {
	if t.cosigned != nil {
		return t.cosigned
	}
	return t.checkpoint
}

// witnessed joins the countersignatures that receipts brought for one size; nil if there are none.
func (t *tree) witnessed(size int64) ([]byte, error) {
	var signed []byte
	var text string
	var sigs []note.Signature
	_, err := t.tx.Query("SELECT checkpoint FROM receipt WHERE log = $1 AND size = $2 ORDER BY mirror, id", args(t.id, size), dest(&signed), func() error {
		more := []note.Signature(nil)
		text, more = splitNote(signed)
		sigs = append(sigs, more...)
		return nil
	})
	if err != nil || text == "" {
		return nil, err
	}
	return joinNote(text, sigs), nil
}

// CheckpointAt returns a checkpoint signed for exactly size: what a batch that ends there carries. Of our own logs it is signed
// anew for any size up to the current one; of a mirror there is only the newest, ErrNotFound otherwise.
func (l *Ledger) CheckpointAt(ctx context.Context, log Origin, size int64) (signed []byte, err error) {
	err = l.viewTree(ctx, log, func(t *tree) error {
		if size == t.size && t.checkpoint != nil {
			signed = t.checkpoint
			return nil
		}
		if size < 0 || size > t.size || t.owner.Name != l.keys.name {
			return ErrNotFound
		}
		root, err := t.rootAt(size)
		if err != nil {
			return err
		}
		signed, err = signCheckpoint(l.keys.log, checkpoint{log, size, root}, l.now())
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("couldn't give a checkpoint of %s for %d entries: %w", log, size, err)
	}
	return signed, nil
}

// parseTile reads the part of a tile's address after "tile/": "0/x001/234.p/5" or "entries/x001/234" (c2sp.org/tlog-tiles). It
// accepts exactly one spelling of each tile.
func parseTile(path string) (tlog.Tile, error) {
	if len(path) > 64 || strings.HasPrefix(path, "data/") {
		return tlog.Tile{}, fmt.Errorf("tile %.64q: %w", path, ErrFormat)
	}
	if rest, ok := strings.CutPrefix(path, "entries/"); ok {
		path = "data/" + rest // as package tlog calls it
	}
	t, err := tlog.ParseTilePath(fmt.Sprintf("tile/%d/%s", tileHeight, path))
	if err != nil || t.L > 5 || t.N > MaxSize/tileWidth {
		return tlog.Tile{}, fmt.Errorf("tile %q: %w", path, ErrFormat)
	}
	return t, nil
}

// Tile returns a hash tile or an entry bundle by its address after "tile/". ErrFormat for no such address, ErrNotFound for a
// tile beyond the log. A partial tile may be asked for at any width the log has reached.
func (l *Ledger) Tile(ctx context.Context, log Origin, path string) (data []byte, err error) {
	want, err := parseTile(path)
	if err == nil {
		err = l.viewTree(ctx, log, func(t *tree) error {
			if want.L < 0 {
				data, err = t.bundle(want)
				return err
			}
			all, err := t.tile(want.L, want.N)
			if err == nil && len(all) < want.W*tlog.HashSize {
				return fmt.Errorf("tile %s: %w", path, ErrNotFound)
			}
			data = all[:min(len(all), want.W*tlog.HashSize)]
			return err
		})
	}
	if err != nil {
		return nil, fmt.Errorf("couldn't read a tile of %s: %w", log, err)
	}
	return data, nil
}

// bundle is an entry bundle: each entry with its length as a big-endian uint16 before it (c2sp.org/tlog-tiles).
func (t *tree) bundle(want tlog.Tile) ([]byte, error) {
	from, to := want.N*tileWidth, want.N*tileWidth+int64(want.W)
	if to > t.size {
		return nil, fmt.Errorf("entries up to %d of %d: %w", to, t.size, ErrNotFound)
	}
	entries, err := t.entries(from, to, tileWidth*MaxEntry)
	if err != nil {
		return nil, err
	}
	var b []byte
	for _, e := range entries {
		b = append(binary.BigEndian.AppendUint16(b, uint16(len(e))), e...)
	}
	return b, nil
}

// Proof returns the offline proof of entry i (c2sp.org/tlog-proof) against the newest countersigned checkpoint that covers
// it; against the log's own newest while nobody has countersigned one.
func (l *Ledger) Proof(ctx context.Context, log Origin, i int64) (p []byte, err error) {
	err = l.viewTree(ctx, log, func(t *tree) error { p, err = t.proof(i); return err })
	if err != nil {
		return nil, fmt.Errorf("couldn't prove entry %d of %s: %w", i, log, err)
	}
	return p, nil
}

func (t *tree) proof(i int64) ([]byte, error) {
	if i < 0 || i >= t.size {
		return nil, ErrNotFound
	}
	var size int64
	if err := one(t.tx, "SELECT coalesce(max(size), 0) FROM receipt WHERE log = $1", args(t.id), dest(&size)); err != nil {
		return nil, err
	}
	signed, err := t.newest(), error(nil)
	if size > i && t.cosigned == nil {
		if signed, err = t.witnessed(size); err != nil {
			return nil, err
		}
	} else {
		size = t.size
	}
	hashes, err := t.prove(size, i)
	if err != nil {
		return nil, err
	}
	return proof.TLogProof{Index: uint64(i), Hashes: hashes, Checkpoint: signed}.Marshal(), nil
}

// prove is the Merkle path of entry i in the tree of a size (RFC 6962 section 2.1.1).
func (t *tree) prove(size, i int64) ([][32]byte, error) {
	path, err := tlog.ProveRecord(size, i, t)
	if err != nil {
		return nil, fmt.Errorf("couldn't prove entry %d of %s: %w", i, t.log, err)
	}
	hashes := make([][32]byte, len(path))
	for k, h := range path {
		hashes[k] = h
	}
	return hashes, nil
}
