package book

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/ncruces/go-sqlite3"

	"jisr"
	"jisr/programme"
)

// maxFound is how many records a search looks at: of words that more hold, the newest.
const maxFound = 5_000

// selection is a question about the records of one shelf, ready to be held against blocks.
type selection struct {
	q       *RecordQuery
	t       *programme.Type
	tests   []*programme.Test
	may     []bool // by level
	slot    int    // what rows are sorted by
	figures bool
	after   *mark        // the last row of the page before
	found   map[int]bool // by row: what a search found; nil: no search
	among   map[int]bool // the blocks these rows stand in
	best    []mark       // sorted, at most limit+1
	limit   int
	since   int64 // with Added: in milliseconds, not included
}

// wayAdded is the order in which records came here: no field, and of this node alone.
const wayAdded = -1_000

// mark is where a row stands in the order of a list: what it is sorted by, then its place on the shelf.
type mark struct {
	Figure float64
	Text   string
	None   bool // it has nothing to be sorted by: last
	Row    int
}

// compare orders marks as the list has them.
func (s *selection) compare(a, b *mark) int {
	if a.None != b.None {
		if a.None {
			return 1
		}
		return -1
	}
	order := cmp.Or(cmp.Compare(a.Figure, b.Figure), cmp.Compare(a.Text, b.Text), cmp.Compare(a.Row, b.Row))
	if !s.q.Ascending {
		return -order
	}
	return order
}

// wireMark is a mark in a cursor: JSON knows no infinity and no NaN.
type wireMark struct {
	Bits uint64 `json:"f,omitempty"`
	Text string `json:"t,omitempty"`
	None bool   `json:"n,omitempty"`
	Row  int    `json:"r"`
}

func (m *mark) cursor() string {
	raw, _ := json.Marshal(wireMark{math.Float64bits(m.Figure), m.Text, m.None, m.Row}) // figures are bits here
	return base64.RawURLEncoding.EncodeToString(raw)
}

func parseMark(s string) (*mark, error) {
	const maxMark = 1_000
	raw, err := base64.RawURLEncoding.DecodeString(s)
	var w wireMark
	if err != nil || len(raw) > maxMark || json.Unmarshal(raw, &w) != nil || w.Row < 0 {
		return nil, jisr.Refuse(jisr.Malformed, "cursor")
	}
	return &mark{math.Float64frombits(w.Bits), w.Text, w.None, w.Row}, nil
}

// selects compiles a question.
func (q *RecordQuery) selects(t *programme.Type, may []bool) (*selection, error) {
	s := &selection{q: q, t: t, may: may, limit: pageSize(q.Limit)}
	by := cmp.Or(q.Sort, t.Spec.Time, "@sent")
	var err error
	if s.slot, s.figures, err = t.Slot(by); err != nil {
		return nil, err
	}
	if q.Added {
		s.slot, s.figures, q.Ascending, s.since = wayAdded, true, true, math.MinInt64
		if !q.AddedAfter.IsZero() {
			s.since = q.AddedAfter.UnixMilli()
		}
	}
	if len(q.Filters) > maxFilters {
		return nil, jisr.Refuse(jisr.TooMany, "filter", "max", strconv.Itoa(maxFilters))
	}
	for _, f := range q.Filters {
		if len(f.Is) > maxFilters {
			return nil, jisr.Refuse(jisr.TooMany, "filter", "max", strconv.Itoa(maxFilters))
		}
		te, err := t.Test(f.Field, f.Is, f.From, f.To)
		if err != nil {
			return nil, err
		}
		s.tests = append(s.tests, te)
	}
	if q.Cursor != "" {
		s.after, err = parseMark(q.Cursor)
	}
	return s, err
}

// maxFilters is how many filters a question has, and how many values one.
const maxFilters = 32

// search finds the rows that hold the words.
func (s *selection) search(c *conn, shelf int64) error {
	m := match(s.q.Search)
	if s.q.Search == "" {
		return nil
	}
	s.found, s.among = map[int]bool{}, map[int]bool{}
	if m == "" {
		return nil
	}
	return c.each(`SELECT rowid FROM words WHERE words MATCH ? AND rowid BETWEEN ? AND ? ORDER BY rowid DESC LIMIT ?`,
		[]any{m, int64(keyOf(shelf, 0)), int64(keyOf(shelf, maxIndex)), maxFound}, func(st *sqlite3.Stmt) error {
			row := int(key(st.ColumnInt64(0)).index())
			s.found[row], s.among[row/programme.BlockRows] = true, true
			return nil
		})
}

// bound is the best mark that a block can hold.
func (s *selection) bound(n int, h *head) mark {
	m := mark{Row: n * programme.BlockRows}
	if !s.q.Ascending {
		m.Row += programme.BlockRows - 1
	}
	switch {
	case s.slot >= 0 && s.figures:
		z := h.Zones[s.slot]
		m.Figure, m.None = z.Max, !z.Some
		if s.q.Ascending {
			m.Figure = z.Min
		}
	case s.slot >= 0:
		z := h.Zones[s.slot]
		m.Text, m.None = z.High, z.High == ""
		if s.q.Ascending {
			m.Text = z.Low
		}
	default:
		marks := make([]mark, len(h.Runs))
		for i := range h.Runs {
			if s.slot == wayAdded { // what was touched comes later
				marks[i] = mark{Figure: float64(h.Runs[i].Added), Row: n * programme.BlockRows}
				continue
			}
			marks[i] = mark{Figure: s.wayFigure(&h.Runs[i], 0), Text: s.wayText(&h.Runs[i]), Row: m.Row}
			if s.slot == programme.WayConfirmed || s.slot == programme.WayCorrected {
				marks[i].Figure = map[bool]float64{true: 0, false: 1}[s.q.Ascending]
			}
		}
		if len(marks) > 0 {
			m = slices.MinFunc(marks, func(a, b mark) int { return s.compare(&a, &b) })
		}
	}
	return m
}

func (s *selection) wayFigure(r *run, flags byte) float64 {
	truth := func(yes bool) float64 {
		if yes {
			return 1
		}
		return 0
	}
	switch s.slot {
	case programme.WaySent:
		return float64(r.Sent)
	case programme.WayConfirmed:
		return truth(flags&confirmed != 0)
	case programme.WayCorrected:
		return truth(flags&flagCorrected != 0)
	}
	return 0
}

func (s *selection) wayText(r *run) string {
	if s.slot == programme.WayBy {
		return string(r.By)
	}
	return ""
}

// admits tells whether a block can hold a row that passes.
func (s *selection) admits(n int, h *head) bool {
	if s.slot == wayAdded && !h.after(s.since) {
		return false
	}
	for _, te := range s.tests {
		if te.Field >= 0 && !te.Admits(h.Zones[te.Field]) {
			return false
		}
	}
	return s.found == nil || s.among[n]
}

// holds tells whether a row passes.
func (s *selection) holds(b *shelved, r *run, row int) bool {
	flags := b.flags[row]
	if s.slot == wayAdded && b.head.added(r, row) <= s.since {
		return false
	}
	if r.Rank >= len(s.may) || !s.may[r.Rank] || flags&flagErased != 0 {
		return false
	}
	if !s.q.Void && (r.Void || flags&without != 0) {
		return false
	}
	if s.found != nil && !s.found[b.n*programme.BlockRows+row] {
		return false
	}
	for _, te := range s.tests {
		var ok bool
		switch te.Field {
		case programme.WayBy:
			ok = te.Holds(0, string(r.By))
		case programme.WaySent:
			ok = te.Holds(float64(r.Sent)/1000, "")
		case programme.WayConfirmed:
			ok = te.Holds(map[bool]float64{true: 1}[flags&confirmed != 0], "")
		case programme.WayCorrected:
			ok = te.Holds(map[bool]float64{true: 1}[flags&flagCorrected != 0], "")
		default:
			ok = te.Holds(b.Figure(te.Field, row), b.Text(te.Field, row))
		}
		if !ok {
			return false
		}
	}
	return true
}

// mark is where a row stands.
func (s *selection) mark(b *shelved, r *run, row int) mark {
	m := mark{Row: b.n*programme.BlockRows + row}
	switch {
	case s.slot == wayAdded:
		m.Figure = float64(b.head.added(r, row))
	case s.slot < 0:
		m.Figure, m.Text = s.wayFigure(r, b.flags[row]), s.wayText(r)
	case s.figures:
		if m.Figure = b.Figure(s.slot, row); math.IsNaN(m.Figure) {
			m.Figure, m.None = 0, true
		}
	default:
		m.Text = b.Text(s.slot, row)
		m.None = m.Text == ""
	}
	return m
}

// take puts a row among the best, if it is one.
func (s *selection) take(m *mark) {
	if s.after != nil && s.compare(m, s.after) <= 0 {
		return
	}
	full := len(s.best) > s.limit
	if full && s.compare(m, &s.best[s.limit]) >= 0 {
		return
	}
	i, _ := slices.BinarySearchFunc(s.best, m, func(a mark, b *mark) int { return s.compare(&a, b) })
	if s.best = slices.Insert(s.best, i, *m); len(s.best) > s.limit+1 {
		s.best = s.best[:s.limit+1]
	}
}

// block looks at the rows of a block.
func (s *selection) block(b *shelved) error {
	for i := range b.head.Runs {
		r := &b.head.Runs[i]
		for row := r.Row; row < r.Row+r.Count; row++ {
			if s.holds(b, r, row) {
				m := s.mark(b, r, row)
				s.take(&m)
			}
		}
	}
	return b.Err()
}

// order gives the numbers of the blocks that can hold rows, the most promising first.
func (s *selection) order(heads []*head) (order []int, bounds []mark) {
	bounds = make([]mark, len(heads))
	for n, h := range heads {
		if len(h.Runs) > 0 && s.admits(n, h) {
			bounds[n] = s.bound(n, h)
			order = append(order, n)
		}
	}
	slices.SortFunc(order, func(a, b int) int { return s.compare(&bounds[a], &bounds[b]) })
	return order, bounds
}

// openBlock opens a block of a known head; its columns come from those at hand, where they are.
func (b *Book) openBlock(c *conn, t *programme.Type, shelf int64, n int, h *head, version int64) (*shelved, error) {
	load := func(field int) ([]byte, error) {
		k := columnKey{shelf, version, n, field}
		if data := b.columns.get(k); data != nil {
			return data, nil
		}
		data, err := c.cells(shelf, n, field)
		if err == nil && len(data) > 0 {
			b.columns.put(k, data)
		}
		return data, err
	}
	s := &shelved{n: n, head: h}
	var err error
	if s.flags, err = load(cellsFlags); err != nil {
		return nil, err
	}
	s.Block = programme.OpenBlock(t, len(s.flags), load)
	return s, nil
}

// Records gives a page of records. NoSuch when the programme is not in the scope; what of its records is above the scope is
// not there.
func (b *Book) Records(ctx context.Context, s Scope, q RecordQuery) (page RecordPage, err error) {
	err = b.read(ctx, "list records", func(c *conn) error {
		f, t, may, err := b.typeOf(c, s, q.Forum, q.Programme, q.Type, q.Levels)
		if err != nil {
			return err
		}
		sel, err := q.selects(t, may)
		if err != nil {
			return err
		}
		shelf, _, err := c.shelfOf(q.Forum, q.Programme, q.Type)
		if err != nil || shelf == 0 {
			return err
		}
		heads, versions, err := c.heads(&b.heads, shelf)
		if err == nil {
			err = sel.search(c, shelf)
		}
		if err != nil {
			return err
		}
		for _, h := range heads {
			for level, n := range h.Good {
				if may[level] {
					page.All += n
					page.Synthetic += h.Made[level]
				}
			}
		}
		order, bounds := sel.order(heads)
		for _, n := range order {
			if len(sel.best) > sel.limit && sel.compare(&bounds[n], &sel.best[sel.limit]) > 0 {
				break
			}
			block, err := b.openBlock(c, t, shelf, n, heads[n], versions[n])
			if err == nil {
				err = sel.block(block)
			}
			if err != nil {
				return err
			}
		}
		return b.fillPage(c, f, t, shelf, sel, heads, versions, &page)
	})
	return page, err
}

// typeOf finds a type of records in the scope, and the levels that may be read of it.
func (b *Book) typeOf(c *conn, s Scope, forum jisr.ForumID, id jisr.ThingID, typ string, levels []jisr.Handling) (*Flow, *programme.Type, []bool, error) {
	rd, err := b.reader(c, s)
	if err != nil {
		return nil, nil, nil, err
	}
	f, err := rd.flow(&b.annexes, forum, id)
	if err != nil {
		return nil, nil, nil, err
	}
	t := f.Programme.Type(typ)
	if t == nil {
		return nil, nil, nil, jisr.Refuse(jisr.NoSuch, typ, "noun", "record")
	}
	may, err := rd.visible(f, levels)
	return f, t, may, err
}

// fillPage reads what the rows of a page say.
func (b *Book) fillPage(c *conn, f *Flow, t *programme.Type, shelf int64, sel *selection, heads []*head, versions []int64, page *RecordPage) error {
	if len(sel.best) > sel.limit {
		page.Next = sel.best[sel.limit-1].cursor()
		sel.best = sel.best[:sel.limit]
	}
	blocks := map[int]*shelved{}
	for i := range sel.best {
		n, row := sel.best[i].Row/programme.BlockRows, sel.best[i].Row%programme.BlockRows
		block := blocks[n]
		if block == nil {
			var err error
			if block, err = b.openBlock(c, t, shelf, n, heads[n], versions[n]); err != nil {
				return err
			}
			blocks[n] = block
		}
		r, err := b.recordRow(c, f, t, shelf, block, row)
		if err != nil {
			return err
		}
		if sel.slot == wayAdded {
			r.Cursor = sel.best[i].cursor()
		}
		page.Rows = append(page.Rows, r)
	}
	return nil
}

// recordRow reads one row as it stands now. Its bytes are checked again: what is shown was never trusted.
func (b *Book) recordRow(c *conn, f *Flow, t *programme.Type, shelf int64, block *shelved, row int) (RecordRow, error) {
	at, flags := block.head.runOf(row), block.flags[row]
	place := at.Place + row - at.Row + 1
	r := RecordRow{ID: at.Batch + "." + strconv.Itoa(place), Batch: jisr.ThingID("record/" + at.Batch), Place: place, By: at.By, Sent: time.UnixMilli(at.Sent).UTC(),
		Handling: jisr.HandlingOf(at.Rank), Withdrawn: flags&flagWithdrawn != 0, Corrected: flags&flagCorrected != 0, Confirmed: flags&confirmed != 0, Synthetic: at.Made, Added: time.UnixMilli(block.head.added(at, row)).UTC()}
	if said := block.head.Touch[row].Said; said != 0 {
		r.Changed = time.UnixMilli(said).UTC()
	}
	raw, err := c.rawOf(shelf, block, row)
	if err != nil {
		return r, err
	}
	r.Raw = raw
	checked := &programme.Record{}
	faults := t.Check(raw, checked)
	switch {
	case at.Void:
		r.Void = f.Fits(&jisr.RecordBatch{BatchTerms: jisr.BatchTerms{Document: f.Laid.Document, Type: t.Name, Handling: r.Handling}, From: r.By, Sent: jisr.Step{At: r.Sent}}, true)
		if r.Void == nil { // another annex
			r.Void = jisr.Refuse(jisr.NoFlow, f.agreementName(), "document", string(f.Laid.Document))
		}
	case len(faults) > 0:
		r.Void = f.Clause(faults[0].Refusal, faults[0].Clause)
	default:
		r.Record = checked
	}
	return r, nil
}
