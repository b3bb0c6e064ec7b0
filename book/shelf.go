package book

import (
	"encoding/json"
	"errors"
	"slices"

	"github.com/ncruces/go-sqlite3"

	"jisr"
	"jisr/programme"
)

// Records of one type of a programme stand on a shelf, in the order in which this node came to file them, cut into blocks
// of columns (see [programme.Block]): decision 0031 says why not a row each. What each record says stays where it arrived, in
// the body of its act; a block knows the place. So a list reads the columns of the few blocks that can hold what it asks for,
// and then the bytes of the rows it shows.

// shelfTables is what the filing of records needs.
const shelfTables = `
-- A type of records of a programme.
CREATE TABLE shelf(n INTEGER PRIMARY KEY, forum TEXT NOT NULL, programme TEXT NOT NULL, type TEXT NOT NULL, rows INTEGER NOT NULL, senders TEXT NOT NULL DEFAULT '', added INTEGER NOT NULL DEFAULT 0, UNIQUE(forum, programme, type));
-- An act that brought records, and where they stand: rows from row on. shelf is 0 while they are filed nowhere, because the body, the
-- annex or the type is not here.
CREATE TABLE batch(key INTEGER PRIMARY KEY, forum TEXT NOT NULL, programme TEXT NOT NULL, thing TEXT NOT NULL, shelf INTEGER NOT NULL, row INTEGER NOT NULL, count INTEGER NOT NULL);
CREATE INDEX batch_programme ON batch(programme);
CREATE INDEX batch_thing ON batch(thing);
-- A block: what it holds of each field, and whose its rows are. version counts its changes.
CREATE TABLE block(shelf INTEGER, n INTEGER, version INTEGER NOT NULL, head TEXT NOT NULL, PRIMARY KEY(shelf, n)) WITHOUT ROWID;
-- The columns of a block by field; -1: flags, -2: where each record stands in its body.
CREATE TABLE cells(shelf INTEGER, n INTEGER, field INTEGER, data BLOB NOT NULL, PRIMARY KEY(shelf, n, field));
-- What the blocks of a section came to for a chart or target, by level of handling, as far as they are full.
CREATE TABLE tally(shelf INTEGER, section INTEGER, chart TEXT, level INTEGER, blocks INTEGER NOT NULL, groups BLOB NOT NULL, PRIMARY KEY(shelf, section, chart, level)) WITHOUT ROWID;
-- When the first record came for what a cadence of the annex asks for: a period, a member, a code.
CREATE TABLE slot(shelf INTEGER, sla INTEGER, period TEXT, of TEXT, code TEXT, sent INTEGER NOT NULL, PRIMARY KEY(shelf, sla, period, of, code)) WITHOUT ROWID;
-- Words of records, see search: rowid is the shelf and the row.
CREATE VIRTUAL TABLE words USING fts5(text, content='', contentless_delete=1, detail=none, tokenize='ascii');
`

// Flags of a row.
const (
	flagBad       = 1 << iota // the annex does not allow it
	flagWithdrawn             // by who sent it
	flagCorrected
	flagConfirmed // the other side said so
	flagErased
	flagPaired // the other side sent the same figure by itself
)

// without is set in rows without effect.
const without = flagBad | flagWithdrawn | flagErased

// confirmed is set in rows whose figure both sides have.
const confirmed = flagConfirmed | flagPaired

// Columns of a block that are no fields.
const (
	cellsFlags  = -1
	cellsPlaces = -2
)

// run is rows of one batch that stand side by side in a block.
type run struct {
	Key   key           `json:"key"`
	Row   int           `json:"row"` // in the block
	Count int           `json:"count"`
	Place int           `json:"place"` // of the first in its batch, from 0
	Batch string        `json:"batch"` // its name
	By    jisr.MemberID `json:"by"`
	Sent  int64         `json:"sent"` // milliseconds
	Rank  int           `json:"rank"` // of handling
	Void  bool          `json:"void,omitempty"`
	Acked bool          `json:"acked,omitempty"` // a desk of every receiver has read them
	Made  bool          `json:"made,omitempty"`  // by rule: they are synthetic
	Added int64         `json:"added"`           // milliseconds, when they came: later than of all that stood on the shelf
}

// touch is when a record was last corrected or withdrawn: when that came, and when its sender said it, in milliseconds.
type touch struct {
	Added int64 `json:"added"`
	Said  int64 `json:"said"`
}

// moved is where a corrected record stands now.
type moved struct {
	Key  key `json:"key"`
	From int `json:"from"`
	To   int `json:"to"`
}

// head is what is known of a block without its columns.
type head struct {
	Runs   []run            `json:"runs"`
	Zones  []programme.Zone `json:"zones"`
	Good   [5]int           `json:"good"`   // rows with effect, by level
	Made   [5]int           `json:"made"`   // of these, made by rule
	Counts []headCount      `json:"counts"` // rows by sender and level, for balances
	Moved  map[int]moved    `json:"moved,omitempty"`
	Touch  map[int]touch    `json:"touch,omitempty"`
}

// headCount is what one side sent of a level.
type headCount struct {
	By        jisr.MemberID `json:"by"`
	Rank      int           `json:"rank"`
	Sent      int           `json:"sent"`
	Corrected int           `json:"corrected,omitempty"`
	Withdrawn int           `json:"withdrawn,omitempty"`
	Confirmed int           `json:"confirmed,omitempty"`
	Acked     int           `json:"acked,omitempty"`
}

// countRows counts a block's rows for lists and balances.
func (s *shelved) countRows() {
	s.head.Good, s.head.Made, s.head.Counts = [5]int{}, [5]int{}, nil
	for i := range s.head.Runs {
		r := &s.head.Runs[i]
		if r.Void || r.Rank >= len(s.head.Good) {
			continue
		}
		at := slices.IndexFunc(s.head.Counts, func(c headCount) bool { return c.By == r.By && c.Rank == r.Rank })
		if at < 0 {
			at = len(s.head.Counts)
			s.head.Counts = append(s.head.Counts, headCount{By: r.By, Rank: r.Rank})
		}
		n := &s.head.Counts[at]
		for _, flags := range s.flags[r.Row : r.Row+r.Count] {
			if flags&(flagBad|flagErased) != 0 {
				continue
			}
			n.Sent++
			if r.Acked {
				n.Acked++
			}
			n.Corrected += int(flags & flagCorrected / flagCorrected)
			n.Withdrawn += int(flags & flagWithdrawn / flagWithdrawn)
			if flags&confirmed != 0 {
				n.Confirmed++
			}
			if flags&without == 0 {
				s.head.Good[r.Rank]++
				if r.Made {
					s.head.Made[r.Rank]++
				}
			}
		}
	}
}

// runOf finds the run that a row belongs to.
func (h *head) runOf(row int) *run {
	low, high := 0, len(h.Runs)
	for high-low > 1 {
		if mid := (low + high) / 2; h.Runs[mid].Row <= row {
			low = mid
		} else {
			high = mid
		}
	}
	return &h.Runs[low]
}

// added is when a row came, or was changed.
func (h *head) added(r *run, row int) int64 { return max(r.Added, h.Touch[row].Added) }

// after tells whether a row came, or was changed, after a time.
func (h *head) after(since int64) bool {
	for i := range h.Runs {
		if h.Runs[i].Added > since {
			return true
		}
	}
	for _, t := range h.Touch {
		if t.Added > since {
			return true
		}
	}
	return false
}

// place is where a record stands in its body.
type bytePlace struct{ from, to int }

// shelved is a block with its head and flags: opened for reading, or held open while rows are added.
type shelved struct {
	n       int
	version int64 // as it was written last
	head    *head
	flags   []byte
	places  []bytePlace
	*programme.Block
}

// effect tells whether a row has effect.
func (s *shelved) effect(row int) bool { return s.flags[row]&without == 0 && !s.head.runOf(row).Void }

// source is where the bytes of a row stand.
func (s *shelved) source(row int) (key, bytePlace) {
	if m, ok := s.head.Moved[row]; ok {
		return m.Key, bytePlace{m.From, m.To}
	}
	return s.head.runOf(row).Key, s.places[row]
}

// shelfOf finds a shelf; 0: nothing stands on it.
func (c *conn) shelfOf(forum jisr.ForumID, id jisr.ThingID, typ string) (n int64, rows int, err error) {
	err = c.one(`SELECT n, rows FROM shelf WHERE forum=? AND programme=? AND type=?`, []any{string(forum), string(id), typ}, &n, &rows)
	if errors.Is(err, errNoRow) {
		return 0, 0, nil
	}
	return n, rows, err
}

// readBlock opens a block; its columns are read when they are asked for, from this connection.
func (c *conn) readBlock(t *programme.Type, shelf int64, n int) (*shelved, error) {
	var raw string
	if err := c.one(`SELECT head FROM block WHERE shelf=? AND n=?`, []any{shelf, n}, &raw); err != nil {
		return nil, err
	}
	h := &head{}
	if err := json.Unmarshal([]byte(raw), h); err != nil {
		return nil, err
	}
	return c.openBlock(t, shelf, n, h)
}

func (c *conn) openBlock(t *programme.Type, shelf int64, n int, h *head) (*shelved, error) {
	s := &shelved{n: n, head: h}
	var err error
	if s.flags, err = c.cells(shelf, n, cellsFlags); err != nil {
		return nil, err
	}
	s.Block = programme.OpenBlock(t, len(s.flags), func(field int) ([]byte, error) { return c.cells(shelf, n, field) })
	return s, nil
}

func (c *conn) cells(shelf int64, n, field int) (data []byte, err error) {
	err = c.one(`SELECT data FROM cells WHERE shelf=? AND n=? AND field=?`, []any{shelf, n, field}, (*packed)(&data))
	return data, err
}

// readPlaces reads where the records of a block stand in their bodies.
func (c *conn) readPlaces(shelf int64, s *shelved) error {
	if s.places != nil {
		return nil
	}
	raw, err := c.cells(shelf, s.n, cellsPlaces)
	if err != nil {
		return err
	}
	s.places = make([]bytePlace, len(raw)/8)
	for i := range s.places {
		at := raw[8*i:]
		s.places[i] = bytePlace{int(le32(at)), int(le32(at[4:]))}
	}
	return nil
}

func le32(b []byte) uint32 {
	return uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16 | uint32(b[3])<<24
}

func appendLE32(b []byte, n int) []byte {
	return append(b, byte(n), byte(n>>8), byte(n>>16), byte(n>>24))
}

// writeBlock keeps a block.
func (c *conn) writeBlock(t *programme.Type, shelf int64, s *shelved) error {
	s.head.Zones = make([]programme.Zone, len(t.Fields))
	s.countRows()
	for i := range t.Fields {
		data := s.Column(i)
		if data == nil {
			continue
		}
		s.head.Zones[i] = s.Zone(i)
		if err := c.writeCells(shelf, s.n, i, data); err != nil {
			return err
		}
	}
	if err := s.Err(); err != nil {
		return err
	}
	places := make([]byte, 0, 8*len(s.places))
	for _, p := range s.places {
		places = appendLE32(appendLE32(places, p.from), p.to)
	}
	raw, err := json.Marshal(s.head)
	return errors.Join(err, c.writeCells(shelf, s.n, cellsFlags, s.flags), c.writeCells(shelf, s.n, cellsPlaces, places),
		c.one(`INSERT INTO block(shelf, n, version, head) VALUES(?,?,1,?) ON CONFLICT DO UPDATE SET version=version+1, head=excluded.head RETURNING version`, []any{shelf, s.n, raw}, &s.version))
}

func (c *conn) writeCells(shelf int64, n, field int, data []byte) error {
	if data == nil {
		data = []byte{}
	}
	return c.do(`INSERT INTO cells(shelf, n, field, data) VALUES(?,?,?,?) ON CONFLICT DO UPDATE SET data=excluded.data`, shelf, n, field, packed(data))
}

// rawOf reads the bytes of a row.
func (c *conn) rawOf(shelf int64, s *shelved, row int) ([]byte, error) {
	if err := c.readPlaces(shelf, s); err != nil {
		return nil, err
	}
	k, at := s.source(row)
	if c.last.key != k {
		body, err := c.body(k)
		if err != nil {
			return nil, err
		}
		c.last = lastBody{k, body}
	}
	if at.from < 0 || at.to < at.from || at.to > len(c.last.body) {
		return nil, nil // it is not here, or was erased
	}
	return slices.Clone(c.last.body[at.from:at.to]), nil
}

// lastBody is the body that a row was read from: rows that are shown together often stand in one. It is kept no longer than a
// transaction.
type lastBody struct {
	key  key
	body []byte
}

// heads reads the heads of a shelf's blocks, in their order, with their versions.
func (c *conn) heads(cache *headCache, shelf int64) (all []*head, versions []int64, err error) {
	known, stale := cache.of(shelf), false
	err = c.each(`SELECT version FROM block WHERE shelf=? ORDER BY n`, []any{shelf}, func(st *sqlite3.Stmt) error {
		i, v := len(all), st.ColumnInt64(0)
		versions, all = append(versions, v), append(all, nil)
		if i < len(known) && known[i].version == v {
			all[i] = known[i].head
		} else {
			stale = true
		}
		return nil
	})
	for n := 0; stale && n < len(all) && err == nil; n++ {
		if all[n] != nil {
			continue
		}
		var raw string
		if err = c.one(`SELECT head FROM block WHERE shelf=? AND n=?`, []any{shelf, n}, &raw); err == nil {
			all[n] = &head{}
			err = json.Unmarshal([]byte(raw), all[n])
		}
	}
	if stale && err == nil {
		cache.put(shelf, all, versions)
	}
	return all, versions, err
}
