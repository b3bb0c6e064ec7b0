package ledger

import (
	"encoding/json"
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// Hashes are kept as the tiles that are served (c2sp.org/tlog-tiles): tile n of level l holds the hashes 256n… of
// level 8l of the Merkle tree (RFC 6962 section 2.1). Only the last tile of a level ever changes, by growing.
const (
	tileHeight = 8
	tileWidth  = 1 << tileHeight
)

// tree is one log as a transaction sees it. It is read anew in every transaction, because another process may
// have appended in between; nothing of it may be kept longer.
type tree struct {
	tx    Tx
	id    int64
	log   Origin
	owner PublicKeys
	size  int64
	root  tlog.Hash

	checkpoint, cosigned []byte

	tiles map[int64][]byte // read or changed in this transaction
	dirty map[int64]bool
	last  []byte // entry size-1, nil: not read
}

// readTree reads one log, ErrNotFound if there is none of that origin.
func readTree(tx Tx, log Origin) (*tree, error) {
	t := &tree{tx: tx, log: log, tiles: map[int64][]byte{}, dirty: map[int64]bool{}}
	var keys, root []byte
	err := one(tx, "SELECT id, keys, size, root, checkpoint, cosigned FROM log WHERE origin = $1",
		args(string(log)), dest(&t.id, &keys, &t.size, &root, &t.checkpoint, &t.cosigned))
	if err != nil {
		return nil, fmt.Errorf("log %s: %w", log, err)
	}
	if err := json.Unmarshal(keys, &t.owner); err != nil || len(root) != tlog.HashSize {
		return nil, fmt.Errorf("couldn't read log %s: %w", log, errors.Join(err, ErrFormat))
	}
	t.root = tlog.Hash(root)
	return t, nil
}

func (t *tree) entryID(i int64) int64 { return t.id<<40 | i }

func (t *tree) contentID(i int64, n int) int64 { return t.id<<48 | i<<8 | int64(n) }

func (t *tree) tileID(level int, n int64) int64 { return t.id<<40 | int64(level)<<36 | n }

// tile returns the hashes held of a tile.
func (t *tree) tile(level int, n int64) ([]byte, error) {
	id := t.tileID(level, n)
	if data, ok := t.tiles[id]; ok {
		return data, nil
	}
	var data []byte
	_, err := t.tx.Query("SELECT data FROM tile WHERE id = $1", args(id), dest(&data), nil)
	if err != nil {
		return nil, err
	}
	t.tiles[id] = data
	return data, nil
}

// ReadHashes implements tlog.HashReader over the tiles.
func (t *tree) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		want := tlog.TileForIndex(tileHeight, index)
		data, err := t.tile(want.L, want.N)
		if err != nil {
			return nil, err
		}
		if len(data) < want.W*tlog.HashSize {
			return nil, fmt.Errorf("hash tile %s of %s: %w", want.Path(), t.log, ErrNotFound)
		}
		if hashes[i], err = tlog.HashFromTile(want, data[:want.W*tlog.HashSize], index); err != nil {
			return nil, fmt.Errorf("couldn't use hash tile %s of %s: %w", want.Path(), t.log, err)
		}
	}
	return hashes, nil
}

// push adds hash n of a level, and the hash over a tile that is then full to the level above.
func (t *tree) push(level int, n int64, h tlog.Hash) error {
	id := t.tileID(level, n/tileWidth)
	data, err := t.tile(level, n/tileWidth)
	if err != nil {
		return err
	}
	if int64(len(data)) != n%tileWidth*tlog.HashSize {
		return fmt.Errorf("hash tile %d/%d of %s holds %d bytes at hash %d: %w", level, n/tileWidth, t.log, len(data), n, ErrFormat)
	}
	if data == nil {
		data = make([]byte, 0, tileWidth*tlog.HashSize)
	}
	data = append(data, h[:]...)
	t.tiles[id], t.dirty[id] = data, true
	if len(data) == tileWidth*tlog.HashSize {
		return t.push(level+1, n/tileWidth, hashTile(data))
	}
	return nil
}

// hashTile is the Merkle hash over a full tile.
func hashTile(data []byte) tlog.Hash {
	hashes := make([]tlog.Hash, tileWidth)
	for i := range hashes {
		hashes[i] = tlog.Hash(data[i*tlog.HashSize:])
	}
	for n := tileWidth; n > 1; n /= 2 {
		for i := range n / 2 {
			hashes[i] = tlog.NodeHash(hashes[2*i], hashes[2*i+1])
		}
	}
	return hashes[0]
}

// add writes an entry and its leaf hash (RFC 6962 section 2.1). The root is stale until grown.
func (t *tree) add(data []byte, leaf tlog.Hash) error {
	if t.size >= MaxSize {
		return fmt.Errorf("log %s: %w", t.log, ErrTooLong)
	}
	if err := exec(t.tx, "INSERT INTO entry (id, data) VALUES ($1, $2)", t.entryID(t.size), data); err != nil {
		return err
	}
	if err := t.push(0, t.size, leaf); err != nil {
		return err
	}
	t.size, t.last = t.size+1, data
	return nil
}

// grown computes the root after add and writes the changed tiles and the log's row.
func (t *tree) grown() (err error) {
	if t.root, err = tlog.TreeHash(t.size, t); err != nil {
		return fmt.Errorf("couldn't hash %s: %w", t.log, err)
	}
	for id := range t.dirty {
		if err := exec(t.tx, "INSERT INTO tile (id, data) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET data = excluded.data", id, t.tiles[id]); err != nil {
			return err
		}
	}
	clear(t.dirty)
	return exec(t.tx, "UPDATE log SET size = $1, root = $2 WHERE id = $3", t.size, t.root[:], t.id)
}

// setCheckpoint writes the newest checkpoint, and for a mirror the same with our countersignatures.
func (t *tree) setCheckpoint(signed, cosigned []byte) error {
	t.checkpoint, t.cosigned = signed, cosigned
	return exec(t.tx, "UPDATE log SET checkpoint = $1, cosigned = $2 WHERE id = $3", signed, cosigned, t.id)
}

// rootAt is the root the log had at a size it has reached.
func (t *tree) rootAt(size int64) (tlog.Hash, error) {
	if size == t.size {
		return t.root, nil
	}
	h, err := tlog.TreeHash(size, t)
	if err != nil {
		return tlog.Hash{}, fmt.Errorf("couldn't hash %s at %d: %w", t.log, size, err)
	}
	return h, nil
}

// entry reads one entry.
func (t *tree) entry(i int64) ([]byte, error) {
	if i == t.size-1 && t.last != nil {
		return t.last, nil
	}
	var data []byte
	if i < 0 || i >= t.size {
		return nil, fmt.Errorf("entry %d of %s: %w", i, t.log, ErrNotFound)
	}
	if err := one(t.tx, "SELECT data FROM entry WHERE id = $1", args(t.entryID(i)), dest(&data)); err != nil {
		return nil, fmt.Errorf("entry %d of %s: %w", i, t.log, err)
	}
	return data, nil
}

// before is what Inspect gets as the entry before i.
func (t *tree) before(i int64) ([]byte, error) {
	if i == 0 {
		return nil, nil
	}
	return t.entry(i - 1)
}

// at is the checkpoint of what the tree holds now.
func (t *tree) at() checkpoint { return checkpoint{t.log, t.size, t.root} }

// missing lists the indices with a content not held, of the whole log.
func (t *tree) missing() (ranges []Range, err error) {
	var i int64
	_, err = t.tx.Query("SELECT id FROM content WHERE log = $1 AND missing = 1 ORDER BY id", args(t.id), dest(&i), func() error {
		ranges = addMissing(ranges, i>>8&MaxSize)
		return nil
	})
	return ranges, err
}
