package ledger

import (
	"context"
	"fmt"
)

// What the external tests need from inside.

// CountReceipts is how many receipts are kept for a log.
func (l *Ledger) CountReceipts(ctx context.Context, log Origin) (n int64, err error) {
	err = l.viewTree(ctx, log, func(t *tree) error {
		return one(t.tx, "SELECT count(*) FROM receipt WHERE log = $1", args(t.id), dest(&n))
	})
	return n, err
}

// CountRows is how many rows a table has.
func (l *Ledger) CountRows(ctx context.Context, table string) (n int64, err error) {
	err = l.store.View(ctx, func(tx Tx) error { return one(tx, "SELECT count(*) FROM "+table, nil, dest(&n)) })
	return n, err
}

// ReformatReceipt parses a receipt's text and writes it again.
func ReformatReceipt(text string) (Receipt, string, error) {
	r, err := parseReceipt(text)
	return r, r.text(), err
}

// ReformatMissing parses missing ranges and writes them again.
func ReformatMissing(s string) ([]Range, string, error) {
	r, err := parseMissing(s)
	return r, formatMissing(r), err
}

// MissingOf lists ascending indices as a receipt does.
func MissingOf(indices ...int64) (r []Range) {
	for _, i := range indices {
		r = addMissing(r, i)
	}
	return r
}

// ReformatTile parses a tile's address and writes it again, as package tlog does.
func ReformatTile(path string) (string, error) {
	t, err := parseTile(path)
	return t.Path(), err
}

// ReformatProof parses a proof file and writes it again.
func ReformatProof(data []byte) ([]byte, error) {
	f, err := parseProofFile(data)
	if err != nil {
		return nil, err
	}
	return f.text(), nil
}

// Waiting is how many writes wait for the writer.
func (l *Ledger) Waiting() int { return len(l.jobs) }

// LimitPages gives the store room for so many pages and no more, as a full disk does; 0 lifts it.
func (l *Ledger) LimitPages(pages int) error {
	if pages == 0 {
		pages = 1 << 30
	}
	store := l.store.(*sqliteStore)
	t := <-store.writer
	defer func() { store.writer <- t }()
	return t.conn.Exec(fmt.Sprintf("PRAGMA max_page_count = %d", pages))
}

// Pack and Unpack are what a content is kept as.
func Pack(data []byte) []byte                        { return pack(data) }
func Unpack(data []byte, size int64) ([]byte, error) { return unpack(data, size) }

// Former makes a store's file one of version 1, as it was before uploads had a time.
func Former(store Store) error {
	t := <-store.(*sqliteStore).writer
	defer func() { store.(*sqliteStore).writer <- t }()
	return t.conn.Exec("ALTER TABLE blob DROP COLUMN made; PRAGMA user_version = 1")
}
