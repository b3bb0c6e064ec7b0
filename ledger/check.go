package ledger

import (
	"context"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// Checked counts what Check verified.
type Checked struct {
	Logs, Entries, Contents, Receipts int64
}

// Check verifies all that is held, from the entries up: each entry may stand where it does, its hash is in the tree, the tree
// gives the root, both keys of the log's owner signed it, each content held is the one its entry commits to, and each receipt is
// its mirror's. It writes nothing. What it cannot find: that the end of a log is missing which nobody else holds.
func (l *Ledger) Check(ctx context.Context) (c Checked, err error) {
	infos, err := l.Logs(ctx)
	if err != nil {
		return c, err
	}
	mirrors := map[string]PublicKeys{}
	for _, i := range infos {
		mirrors[i.Owner] = i.Keys
	}
	for _, i := range infos {
		if err := l.checkLog(ctx, i, mirrors, &c); err != nil {
			return c, fmt.Errorf("log %s does not hold: %w", i.Log, err)
		}
		c.Logs++
	}
	err = l.store.View(ctx, func(tx Tx) error { return c.none(tx) })
	if err != nil {
		return c, fmt.Errorf("couldn't check the ledger: %w", err)
	}
	return c, nil
}

// none makes sure that there is nothing beside what was verified.
func (c *Checked) none(tx Tx) error {
	var entries, contents int64
	if err := one(tx, "SELECT (SELECT count(*) FROM entry), (SELECT count(*) FROM content)", nil, dest(&entries, &contents)); err != nil {
		return err
	}
	if entries != c.Entries || contents < c.Contents {
		return fmt.Errorf("%d entries in the store, %d in logs: %w", entries, c.Entries, ErrFormat)
	}
	return nil
}

func (l *Ledger) checkLog(ctx context.Context, i LogInfo, mirrors map[string]PublicKeys, c *Checked) error {
	if err := i.Keys.Check(); err != nil {
		return err
	}
	if i.Own && !i.Keys.equal(l.keys.Public()) {
		return ErrKeys
	}
	s, err := l.owner(ctx, i.Log)
	if err != nil {
		return err
	}
	err = l.viewTree(ctx, i.Log, func(t *tree) error {
		if err := t.checkRoot(s); err != nil {
			return err
		}
		return l.checkEntries(t, c)
	})
	if err != nil {
		return err
	}
	return l.checkReceipts(ctx, i, mirrors, c)
}

// checkRoot holds the tree against the owner's signatures. A mirror that nothing came for yet has none.
func (t *tree) checkRoot(s *signed) error {
	if t.size < 0 || t.size > MaxSize || t.id < 1 || t.id > MaxLogs {
		return fmt.Errorf("log %d of %d entries: %w", t.id, t.size, ErrFormat)
	}
	root, err := tlog.TreeHash(t.size, t)
	if err != nil {
		return err
	}
	if root != t.root {
		return fmt.Errorf("the root of %d entries: %w", t.size, ErrRoot)
	}
	if t.checkpoint == nil && t.size == 0 && !s.own {
		return nil
	}
	cp, _, err := openCheckpoint(t.checkpoint, t.log, s.by...)
	if err == nil && (cp.size != t.size || cp.root != t.root) {
		err = fmt.Errorf("the checkpoint of %d entries: %w", cp.size, ErrRoot)
	}
	return err
}

func (l *Ledger) checkEntries(t *tree, c *Checked) error {
	var prev []byte
	for i := range t.size {
		data, err := t.entry(i)
		if err != nil {
			return err
		}
		if err := t.checkLeaf(i, data); err != nil {
			return fmt.Errorf("entry %d: %w", i, err)
		}
		refs, err := l.look(t.log, i, prev, data)
		if err != nil {
			return fmt.Errorf("entry %d: %w", i, err)
		}
		for n, r := range refs {
			if err := t.checkContent(i, n, r); err != nil {
				return fmt.Errorf("content %d of entry %d: %w", n, i, err)
			}
			c.Contents++
		}
		prev = data
		c.Entries++
	}
	return nil
}

// checkLeaf finds an entry's hash in its tile, and each tile that it fills in the one above.
func (t *tree) checkLeaf(i int64, data []byte) error {
	h := tlog.RecordHash(data)
	for level, n := 0, i; ; level++ {
		tile, err := t.tile(level, n/tileWidth)
		if err != nil {
			return err
		}
		at := int(n%tileWidth) * tlog.HashSize
		if len(tile) < at+tlog.HashSize || tlog.Hash(tile[at:at+tlog.HashSize]) != h {
			return fmt.Errorf("hash %d of level %d: %w", n, level, ErrRoot)
		}
		if n%tileWidth != tileWidth-1 {
			break
		}
		h, n = hashTile(tile), n/tileWidth
	}
	if len(t.tiles) > 64 {
		clear(t.tiles) // a log of millions has more than memory should hold
	}
	return nil
}

func (t *tree) checkContent(i int64, n int, want Ref) error {
	r, err := contentRow(t.tx, t, i, n)
	if err != nil {
		return err
	}
	if [32]byte(r.hash) != want.Commit || r.size != want.Size || r.idx != i || r.n != int64(n) {
		return ErrBadContent
	}
	if r.missing != 0 {
		return nil
	}
	if len(r.salt) != 32 {
		return ErrBadContent
	}
	h := newCommit([32]byte(r.salt))
	if r.blob == 0 {
		data, err := smallContent(t.tx, r)
		if err != nil {
			return err
		}
		h.Write(data)
	}
	for at := int64(0); r.blob != 0 && at < r.size; {
		data, err := readPart(t.tx, r.blob, at)
		if err != nil {
			return err
		}
		h.Write(data)
		at += int64(len(data))
	}
	if [32]byte(h.Sum(nil)) != want.Commit {
		return ErrBadContent
	}
	return nil
}

func (l *Ledger) checkReceipts(ctx context.Context, i LogInfo, mirrors map[string]PublicKeys, c *Checked) error {
	if !i.Own {
		return nil
	}
	var all []Receipt
	err := l.viewTree(ctx, i.Log, func(t *tree) (err error) {
		all, err = readReceipts(t.tx, "log = $1 ORDER BY id", t.id)
		return err
	})
	for _, r := range all {
		keys, known := mirrors[r.Mirror]
		if err == nil && !known {
			err = fmt.Errorf("a receipt of %s, who is not known here: %w", r.Mirror, ErrKeys)
		}
		if err == nil {
			_, err = l.openReceipt(ctx, r.Note, r.Checkpoint, keys)
		}
		c.Receipts++
	}
	return err
}
