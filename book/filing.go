package book

import (
	"errors"
	"slices"
	"strings"

	"github.com/ncruces/go-sqlite3"

	"jisr"
	"jisr/programme"
)

// filer puts records on their shelves within one transaction. A block that rows are added to stays open until it is full or
// the transaction ends, so that many small batches write it once.
type filer struct {
	c       *conn
	rd      *reader
	annexes *annexes
	flows   map[half]*Flow // nil: there is none yet
	open    map[int64]*filing
	filled  map[slotOf]int64 // when records came for what cadences ask for
	forum   jisr.ForumID     // of the batch that is being filed
	tails   *tails           // nil: none are at hand
}

// tails are the blocks that rows were added to last, by shelf, as they were written. Who sends records one by one would have the block
// read, all its columns and what is known of its batches, for each of them.
type tails struct{ all map[int64]*shelved }

// maxTails is how many are kept at hand.
const maxTails = 16

// take gives a block that is as it stands in the file, and keeps it no longer: what is done to it may be taken back.
func (t *tails) take(c *conn, shelf int64, n int) (*shelved, error) {
	if t == nil || t.all[shelf] == nil || t.all[shelf].n != n {
		return nil, nil
	}
	b := t.all[shelf]
	delete(t.all, shelf)
	var version int64
	if err := c.one(`SELECT version FROM block WHERE shelf=? AND n=?`, []any{shelf, n}, &version); err != nil || version != b.version {
		return nil, err
	}
	return b, nil
}

// keep takes a block that was written, once the transaction has ended well.
func (t *tails) keep(shelf int64, b *shelved) {
	if len(t.all) >= maxTails {
		clear(t.all)
	}
	t.all[shelf] = b
}

// filing is a shelf that rows are added to.
type filing struct {
	n       int64
	rows    int
	f       *Flow
	t       *programme.Type
	last    *shelved // the block that rows are added to; nil: none yet
	senders string   // those who ever sent, between commas
	added   int64    // when what came last did, in milliseconds
	since   int      // blocks before this were full when the transaction began
}

func newFiler(c *conn, self jisr.MemberID, logs map[Log]place, known *annexes) *filer {
	rd := &reader{c: c, self: self, scope: Whole(), logs: logs, of: byNumber(logs)}
	return &filer{c: c, rd: rd, annexes: known, flows: map[half]*Flow{}, open: map[int64]*filing{}, filled: map[slotOf]int64{}}
}

// flow finds a programme; nil when it, its annex or its agreement is not here, or is none.
func (f *filer) flow(forum jisr.ForumID, id jisr.ThingID) (*Flow, error) {
	h := half{forum, id}
	if known, ok := f.flows[h]; ok {
		return known, nil
	}
	flow, err := f.rd.flow(f.annexes, forum, id)
	if isNot(err) {
		flow, err = nil, nil
	}
	if err == nil {
		f.flows[h] = flow
	}
	return flow, err
}

// fileAll files what a transaction touched: batches whose records are here, and every batch of a programme about which
// something changed that decides whether they have effect.
func (t *batch) fileAll(c *conn) error {
	if t.bulk != nil {
		return nil // a rebuild files when all acts are here
	}
	f := newFiler(c, t.self, t.logs, t.annexes)
	f.tails = t.tails
	for _, x := range t.order {
		var err error
		switch s := &x.state; {
		case x.forum == jisr.House:
		case s.Batch != nil:
			err = f.batch(x.forum, x.thing, s.Batch)
		case s.Programme != nil:
			if err = f.again(x.forum, x.thing); err == nil {
				err = f.under(x.forum, s.Programme.Agreement)
			}
		case s.Agreement != nil:
			err = f.under(x.forum, x.thing)
		}
		if err != nil {
			return err
		}
	}
	if err := f.close(); err != nil {
		return err
	}
	for n, s := range f.open {
		if s.last != nil {
			t.written = append(t.written, written{n, s.last})
		}
	}
	return nil
}

// written is a block that a transaction added rows to.
type written struct {
	shelf int64
	block *shelved
}

// fileEverything files all batches of a book that is being rebuilt, in the order of their logs.
func (c *conn) fileEverything(self jisr.MemberID, known *annexes) error {
	logs, err := c.places()
	if err != nil {
		return err
	}
	f := newFiler(c, self, logs, known)
	type made struct {
		forum jisr.ForumID
		id    jisr.ThingID
	}
	var all []made
	err = c.each(`SELECT forum, id FROM thing WHERE noun='record' ORDER BY at, id`, nil, func(st *sqlite3.Stmt) error {
		all = append(all, made{jisr.ForumID(st.ColumnText(0)), jisr.ThingID(st.ColumnText(1))})
		return nil
	})
	for _, m := range all {
		if err != nil {
			return err
		}
		var b *jisr.RecordBatch
		if b, err = f.stateOf(m.forum, m.id); b != nil {
			err = f.batch(m.forum, m.id, b)
		}
	}
	return errors.Join(err, f.close())
}

func (f *filer) stateOf(forum jisr.ForumID, id jisr.ThingID) (*jisr.RecordBatch, error) {
	row, err := f.rd.thing(forum, id)
	if isNot(err) {
		return nil, nil
	}
	return row.State.Batch, err
}

// under files anew what rests on an agreement, or on one of its family: a newer version of an annex ends an older one.
func (f *filer) under(forum jisr.ForumID, agreement jisr.ThingID) error {
	ids, err := f.relativesOf(forum, agreement)
	for _, id := range ids {
		if err == nil {
			err = f.again(forum, id)
		}
	}
	return err
}

// again looks at every batch of a programme: some may have effect now, or none any more.
func (f *filer) again(forum jisr.ForumID, id jisr.ThingID) error {
	delete(f.flows, half{forum, id})
	ids, err := f.c.ids(`SELECT thing FROM batch WHERE programme=? AND forum=?`, []any{string(id), string(forum)})
	for _, batch := range ids {
		if err != nil {
			return err
		}
		var b *jisr.RecordBatch
		if b, err = f.stateOf(forum, batch); b != nil {
			err = f.batch(forum, batch, b)
		}
	}
	return err
}

// filed is where a batch stands.
type filed struct {
	shelf      int64
	row, count int
}

// batch files a batch, or brings what is filed of it to its state.
func (f *filer) batch(forum jisr.ForumID, id jisr.ThingID, b *jisr.RecordBatch) error {
	f.forum = forum
	k := keyOf(f.rd.logs[Log{forum, b.From}].n, b.Sent.Index)
	var at filed
	err := f.c.one(`SELECT shelf, row, count FROM batch WHERE key=?`, []any{k}, &at.shelf, &at.row, &at.count)
	if err != nil && !errors.Is(err, errNoRow) {
		return err
	}
	known := err == nil
	flow, err := f.flow(forum, b.Programme)
	if err != nil {
		return err
	}
	if at.shelf != 0 && flow != nil {
		return f.bring(flow, k, at, id, b)
	}
	if flow != nil && flow.Programme.Type(b.Type) != nil {
		body, err := f.c.body(k)
		if err != nil {
			return err
		}
		if body != nil {
			if at, err = f.add(flow, k, id, b, body); err != nil {
				return err
			}
		}
	}
	if known && at.shelf == 0 {
		return nil
	}
	if err := f.c.do(`INSERT INTO batch(key, forum, programme, thing, shelf, row, count) VALUES(?,?,?,?,?,?,?) ON CONFLICT DO UPDATE
		SET shelf=excluded.shelf, row=excluded.row, count=excluded.count`, k, string(forum), string(b.Programme), string(id), at.shelf, at.row, at.count); err != nil {
		return err
	}
	return nil
}

// shelf opens a shelf for adding.
func (f *filer) shelf(flow *Flow, typ string) (*filing, error) {
	n, rows, err := f.c.shelfOf(flow.Forum, flow.ID, typ)
	if err == nil && n == 0 {
		err = f.c.one(`INSERT INTO shelf(forum, programme, type, rows) VALUES(?,?,?,0) RETURNING n`, []any{string(flow.Forum), string(flow.ID), typ}, &n)
	}
	if err != nil {
		return nil, err
	}
	if s := f.open[n]; s != nil {
		s.f = flow
		return s, nil
	}
	senders, added := "", int64(0)
	if err := f.c.one(`SELECT senders, added FROM shelf WHERE n=?`, []any{n}, &senders, &added); err != nil {
		return nil, err
	}
	s := &filing{n: n, rows: rows, senders: senders, added: added, f: flow, t: flow.Programme.Type(typ), since: rows / programme.BlockRows}
	f.open[n] = s
	return s, nil
}

// tail gives the block that the next row goes into.
func (f *filer) tail(s *filing) (*shelved, error) {
	n := s.rows / programme.BlockRows
	if s.last != nil && s.last.n == n {
		return s.last, nil
	}
	if s.last != nil {
		if err := f.c.writeBlock(s.t, s.n, s.last); err != nil {
			return nil, err
		}
	}
	s.last = &shelved{n: n, head: &head{}, Block: programme.NewBlock(s.t)}
	if s.rows%programme.BlockRows != 0 {
		kept, err := f.tails.take(f.c, s.n, n)
		if err != nil || kept != nil {
			s.last = kept
			return kept, err
		}
		if s.last, err = f.c.readBlock(s.t, s.n, n); err == nil {
			err = f.c.readPlaces(s.n, s.last)
		}
		if err != nil {
			return nil, err
		}
	}
	return s.last, nil
}

// add puts the records of a batch on their shelf. Those that the annex does not allow stand there without effect.
func (f *filer) add(flow *Flow, k key, id jisr.ThingID, b *jisr.RecordBatch, body []byte) (filed, error) {
	s, err := f.shelf(flow, b.Type)
	if err != nil {
		return filed{}, err
	}
	at := filed{shelf: s.n, row: s.rows}
	knew, err := f.knew(flow, b)
	if err != nil {
		return filed{}, err
	}
	void := flow.Fits(b, knew) != nil
	if err := f.comes(s, k); err != nil {
		return filed{}, err
	}
	if from := "," + string(b.From) + ","; !strings.Contains(s.senders, from) {
		s.senders += from
	}
	var r programme.Record
	programme.Split(body, func(from, to int) {
		if err != nil || at.count == jisr.MaxBatch {
			return
		}
		var last *shelved
		if last, err = f.tail(s); err != nil {
			return
		}
		if n := len(last.head.Runs); n == 0 || last.head.Runs[n-1].Key != k {
			last.head.Runs = append(last.head.Runs, run{Key: k, Row: last.Rows(), Place: at.count, Batch: id.Name(), By: b.From, Sent: b.Sent.At.UnixMilli(), Rank: b.Handling.Rank(), Void: void, Made: b.Synthetic, Added: s.added})
		}
		last.head.Runs[len(last.head.Runs)-1].Count++
		last.places = append(last.places, bytePlace{from, to})
		flags := byte(0)
		if faults := s.t.Check(body[from:to], &r); len(faults) > 0 {
			flags = flagBad
			last.Add(nil)
		} else {
			last.Add(&r)
			err = f.words(s.n, s.rows, &r)
			if !void {
				f.fills(s, programme.Item{Record: &r, By: b.From, Sent: b.Sent.At, Handling: b.Handling})
			}
		}
		last.flags = append(last.flags, flags)
		s.rows++
		at.count++
	})
	if err != nil || at.count == 0 { // what stands before a break has been read; what comes after it is no record
		return filed{}, err
	}
	if err := f.pairs(s, b.From, at.row, at.row+at.count); err != nil {
		return filed{}, err
	}
	return at, f.bring(flow, k, at, id, b)
}

// comes moves a shelf's time to when an act came here. It never stands, so that who asks for what came after a time misses nothing:
// what comes late, as the other side was away, comes after all that was there.
func (f *filer) comes(s *filing, k key) error {
	came := int64(0)
	err := f.c.one(`SELECT came FROM act WHERE key=?`, []any{k}, &came)
	s.added = max(came, s.added+1)
	return err
}

// words makes a record findable by its texts.
func (f *filer) words(shelf int64, row int, r *programme.Record) error {
	text := r.SearchText()
	if text == "" {
		return nil
	}
	return f.c.do(`INSERT OR REPLACE INTO words(rowid, text) VALUES(?,?)`, int64(keyOf(shelf, jisr.Index(row))), stems(text))
}

// block opens a block of a shelf for changing: the one that is open, or one that is written at once by changed.
func (f *filer) block(s *filing, n int) (*shelved, error) {
	if s.last != nil && s.last.n == n {
		return s.last, nil
	}
	b, err := f.c.readBlock(s.t, s.n, n)
	if err == nil {
		err = f.c.readPlaces(s.n, b)
	}
	return b, err
}

// changed keeps a block that was changed, and forgets what its section came to.
func (f *filer) changed(s *filing, b *shelved) error {
	if b != s.last {
		if err := f.c.writeBlock(s.t, s.n, b); err != nil {
			return err
		}
	}
	return f.c.do(`DELETE FROM tally WHERE shelf=? AND section=?`, s.n, b.n/sectionBlocks)
}

// bring brings the rows of a batch to what its acts and the agreement make of it now.
func (f *filer) bring(flow *Flow, k key, at filed, id jisr.ThingID, b *jisr.RecordBatch) error {
	s, err := f.shelf(flow, b.Type)
	if err != nil {
		return err
	}
	knew, err := f.knew(flow, b)
	if err != nil {
		return err
	}
	void := flow.Fits(b, knew) != nil
	if body, err := f.c.here(k); err != nil || !body {
		return errors.Join(err, f.unfile(s, k, at))
	}
	for n := at.row / programme.BlockRows; n <= (at.row+at.count-1)/programme.BlockRows; n++ {
		block, err := f.block(s, n)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(block.head.Runs, func(r run) bool { return r.Key == k })
		if i < 0 {
			continue
		}
		r := &block.head.Runs[i]
		acked := read(b)
		changed := r.Void != void || r.Acked != acked
		if r.Void && !void {
			if err := f.fillsAgain(s, block, r, b); err != nil {
				return err
			}
		}
		r.Void, r.Acked = void, acked
		for row := r.Row; row < r.Row+r.Count; row++ {
			yes, err := f.bringRow(s, block, row, b, b.Changes[r.Place+row-r.Row+1])
			if err != nil {
				return err
			}
			changed = changed || yes
		}
		if !changed {
			continue
		}
		if err := f.changed(s, block); err != nil {
			return err
		}
	}
	return nil
}

// read tells whether a desk of every receiver has read a batch.
func read(b *jisr.RecordBatch) bool {
	return len(b.To) > 0 && !slices.ContainsFunc(b.To, func(m jisr.MemberID) bool { _, said := b.Acknowledged[m]; return !said })
}

// here tells whether a body is here.
func (c *conn) here(k key) (yes bool, err error) {
	err = c.each(`SELECT 1 FROM body WHERE key=?`, []any{k}, func(*sqlite3.Stmt) error { yes = true; return nil })
	return yes, err
}

// unfile takes what the records of a batch said from its rows: the contents were erased.
func (f *filer) unfile(s *filing, k key, at filed) error {
	for n := at.row / programme.BlockRows; n <= (at.row+at.count-1)/programme.BlockRows; n++ {
		block, err := f.block(s, n)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(block.head.Runs, func(r run) bool { return r.Key == k })
		if i < 0 || block.flags[block.head.Runs[i].Row]&flagErased != 0 {
			continue
		}
		r := &block.head.Runs[i]
		for row := r.Row; row < r.Row+r.Count; row++ {
			block.Set(row, nil)
			block.flags[row], block.places[row] = flagErased, bytePlace{}
			delete(block.head.Moved, row)
			if err := f.c.do(`DELETE FROM words WHERE rowid=?`, int64(keyOf(s.n, jisr.Index(n*programme.BlockRows+row)))); err != nil {
				return err
			}
		}
		block.Forget()
		if err := f.changed(s, block); err != nil {
			return err
		}
	}
	return nil
}

// bringRow brings one row to what was said about its record; c is nil where nothing was.
func (f *filer) bringRow(s *filing, block *shelved, row int, b *jisr.RecordBatch, c *jisr.RecordChange) (changed bool, err error) {
	if c == nil {
		if block.flags[row]&(flagWithdrawn|flagCorrected|flagConfirmed) == 0 {
			return false, nil // as most are
		}
		c = &jisr.RecordChange{}
	}
	was := block.flags[row]
	now := was &^ (flagWithdrawn | flagCorrected | flagConfirmed)
	for flag, yes := range map[byte]bool{flagWithdrawn: c.Withdrawn != nil, flagCorrected: c.Corrected != nil, flagConfirmed: len(c.Confirmed) > 0} {
		if yes {
			now |= flag
		}
	}
	m, moving, err := f.moves(b, c)
	if err != nil || now == was && block.head.Moved[row] == m {
		return false, err
	}
	if block.head.Moved[row] != m || (now^was)&flagWithdrawn != 0 {
		if err := f.touches(s, block, row, b, c); err != nil {
			return false, err
		}
	}
	if block.head.Moved[row] != m {
		if moving {
			if block.head.Moved == nil {
				block.head.Moved = map[int]moved{}
			}
			block.head.Moved[row] = m
		} else {
			delete(block.head.Moved, row)
		}
		raw, err := f.c.rawOf(s.n, block, row)
		if err != nil {
			return false, err
		}
		var r programme.Record
		if now &^= flagBad; len(s.t.Check(raw, &r)) > 0 {
			now |= flagBad
			block.Set(row, nil)
		} else {
			block.Set(row, &r)
			err = f.words(s.n, block.n*programme.BlockRows+row, &r)
		}
		if err != nil {
			return false, err
		}
	}
	block.flags[row] = now
	if at := block.n*programme.BlockRows + row; now != was || moving {
		return true, f.pairsOf(s, block, b.From, at)
	}
	return true, nil
}

// touches notes that a record was corrected or withdrawn.
func (f *filer) touches(s *filing, block *shelved, row int, b *jisr.RecordBatch, c *jisr.RecordChange) error {
	var last *jisr.Step
	if c.Corrected != nil {
		last = &c.Corrected.Step
	}
	if c.Withdrawn != nil {
		last = c.Withdrawn
	}
	if last == nil {
		delete(block.head.Touch, row)
		return nil
	}
	if err := f.comes(s, keyOf(f.rd.logs[Log{f.forum, b.From}].n, last.Index)); err != nil {
		return err
	}
	if block.head.Touch == nil {
		block.head.Touch = map[int]touch{}
	}
	block.head.Touch[row] = touch{s.added, last.At.UnixMilli()}
	return nil
}

// moves is where a corrected record stands; false where it was not corrected, or its correction is not here yet.
func (f *filer) moves(b *jisr.RecordBatch, c *jisr.RecordChange) (m moved, ok bool, err error) {
	if c.Corrected == nil {
		return m, false, nil
	}
	k := keyOf(f.rd.logs[Log{f.forum, b.From}].n, c.Corrected.Index)
	body, err := f.c.body(k)
	n := 0
	programme.Split(body, func(from, to int) {
		if n == c.Corrected.N {
			m, ok = moved{k, from, to}, true
		}
		n++
	})
	return m, ok, err
}

// close writes what is open.
func (f *filer) close() error {
	if err := f.writeSlots(); err != nil {
		return err
	}
	for _, n := range sortedKeys(f.open) {
		s := f.open[n]
		if s.last != nil {
			if err := f.c.writeBlock(s.t, s.n, s.last); err != nil {
				return err
			}
		}
		if err := f.c.do(`UPDATE shelf SET rows=?, senders=?, added=? WHERE n=?`, s.rows, s.senders, s.added, s.n); err != nil {
			return err
		}
		if s.rows/programme.BlockRows > s.since {
			if err := f.keepTallies(s); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c *conn) ids(sql string, args []any) (all []jisr.ThingID, err error) {
	err = c.each(sql, args, func(st *sqlite3.Stmt) error { all = append(all, jisr.ThingID(st.ColumnText(0))); return nil })
	return all, err
}
