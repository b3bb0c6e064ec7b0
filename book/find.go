package book

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ncruces/go-sqlite3"

	"jisr"
	"jisr/programme"
)

// FindQuery asks for everything that holds some words, the newest first. Zero values leave a filter out.
type FindQuery struct {
	Search   string         // Arabic normalised; at most maxTerms words count
	Noun     string         // note, agreement, …; record: what programmes exchange
	Forum    jisr.ForumID   // in it
	Member   jisr.MemberID  // that takes part, or sent it
	Body     jisr.ThingID   // whose sessions, minutes and commitments
	Sector   string         // of commitments, programmes and records
	From, To jisr.Date      // of the newest act about it, both included
	Zone     *time.Location // in which days begin; nil: UTC
	Lang     string         // whose text is shown where there are several
	// Levels says at which levels the reader may read records of a programme; nil: at all that the scope reaches.
	Levels func(*Flow) []jisr.Handling
	Cursor string // from the page before
	Limit  int    // 1 to 200, 0 is 50
}

// Nouns lists what a search looks through, in the order in which people are offered it.
func Nouns() []string {
	return []string{"note", "agreement", "mandate", "body", "meeting", "minutes", "commitment", "statement", "readout", "programme", "record", "forum"}
}

// Found is a page of what a search found.
type Found struct {
	Hits   []Hit
	Counts map[string]int // by noun, whatever noun is asked for: of all that the scope sees, or of the newest maxCounted
	Many   bool           // more stands in the book than was counted: the newest was
	Next   string         // the cursor of the next page; empty when there is none
}

// Hit is one thing that was found: exactly one of Note, Thing and Record is set. Text is a part of what it says around the words,
// and Marks are the words in it. What is restricted, and a note that no desk has opened, is found without a text: who reads
// that opens it, and the record says so.
type Hit struct {
	Note   *NoteRow
	Thing  *ThingRow
	Record *RecordHit
	Lang   string
	Text   string
	Marks  []Range
}

// RecordHit is a record of a programme.
type RecordHit struct {
	RecordRow
	Forum     jisr.ForumID
	Programme jisr.ThingID
	Title     jisr.Text // of the programme
	Type      string
	TypeTitle jisr.Text
}

// Bounds of a search: what is counted of notes, and of things, and of records of one type; types of records looked at; characters
// around a word; and bytes of bodies that are read for the texts of a page.
const (
	maxCounted   = 1_000
	maxShelves   = 200
	snippetSize  = 220
	maxSnippets  = 1 << 20
	maxOneOfText = 256 << 10
)

// candidate is something found, before it is read.
type candidate struct {
	at   int64
	noun string
	row  int64 // of note; of thing, negative; of a record its place on the shelf

	shelf int64
	in    *recordIn // nil: no record
}

// compare orders what was found: the newest first.
func (c *candidate) compare(o *candidate) int {
	return cmp.Or(cmp.Compare(o.at, c.at), cmp.Compare(c.noun, o.noun), cmp.Compare(o.shelf, c.shelf), cmp.Compare(o.row, c.row))
}

// cursor is where the next page goes on.
func (c *candidate) cursor() string {
	return writeCursor(c.at, c.row) + "." + c.noun + "." + strconv.FormatInt(c.shelf, 10)
}

func parseFound(s string) (c candidate, err error) {
	parts := strings.Split(s, ".")
	if len(parts) != 4 {
		return c, jisr.Refuse(jisr.Malformed, "cursor")
	}
	var ok bool
	c.noun = parts[2]
	c.at, c.row, ok = parseCursor(parts[0] + "." + parts[1])
	c.shelf, err = strconv.ParseInt(parts[3], 10, 64)
	if !ok || err != nil {
		return c, jisr.Refuse(jisr.Malformed, "cursor")
	}
	return c, nil
}

// Find searches all that the scope sees. Of words that very much holds, the newest is found: a filter leads to the rest.
func (b *Book) Find(ctx context.Context, s Scope, q FindQuery) (f Found, err error) {
	f.Counts = map[string]int{}
	var after *candidate
	if q.Cursor != "" {
		c, err := parseFound(q.Cursor)
		if err != nil {
			return f, err
		}
		after = &c
	}
	if match(q.Search) == "" {
		return f, nil
	}
	err = b.read(ctx, "search", func(c *conn) error {
		rd, err := b.reader(c, s)
		if err != nil {
			return err
		}
		x := finder{b: b, rd: rd, q: &q, found: &f}
		if err := x.gather(); err != nil {
			return err
		}
		return x.page(after)
	})
	return f, err
}

// finder is a search at work.
type finder struct {
	b     *Book
	rd    *reader
	q     *FindQuery
	found *Found
	all   []candidate
	read  int     // bytes of bodies, for the texts of a page
	wide  *string // see opened; nil: not looked up yet
}

// gather finds the candidates, and counts them.
func (x *finder) gather() error {
	for _, walk := range []func() (bool, error){x.notes, func() (bool, error) { return x.things("") }, x.records} {
		many, err := walk()
		if err != nil {
			return err
		}
		x.found.Many = x.found.Many || many
	}
	for i := range x.all {
		x.found.Counts[x.all[i].noun]++
	}
	if x.q.Noun == "" {
		return nil
	}
	if noun := x.q.Noun; x.found.Many && noun != "note" && noun != "record" {
		x.all = nil
		if _, err := x.things(noun); err != nil { // the newest of all nouns may leave out some of this one
			return err
		}
	}
	x.all = slices.DeleteFunc(x.all, func(c candidate) bool { return c.noun != x.q.Noun })
	return nil
}

// conditions begins the conditions of a walk over rows, with what notes and things have in common.
func (x *finder) conditions(row string) (conds []string, args []any) {
	cond, args := x.rd.scope.where(row)
	conds = []string{cond}
	if x.q.Forum != "" {
		conds, args = append(conds, row+".forum=?"), append(args, string(x.q.Forum))
	}
	from, to := x.span()
	if from != 0 {
		conds, args = append(conds, row+".at>=?"), append(args, from)
	}
	if to != 0 {
		conds, args = append(conds, row+".at<?"), append(args, to)
	}
	return conds, args
}

// span is the time between which the newest act lies, in milliseconds; 0: open.
func (x *finder) span() (from, to int64) {
	zone := x.q.Zone
	if zone == nil {
		zone = time.UTC
	}
	begin := func(d jisr.Date) int64 {
		t, err := time.ParseInLocation(time.DateOnly, string(d), zone)
		if err != nil {
			return 0
		}
		return t.UnixMilli()
	}
	if x.q.From != "" {
		from = begin(x.q.From)
	}
	if x.q.To != "" {
		to = begin(x.q.To.Add(1))
	}
	return from, to
}

func (x *finder) notes() (many bool, err error) {
	if x.q.Body != "" || x.q.Sector != "" { // no note says of which it is
		return false, nil
	}
	conds, args := x.conditions("t")
	if x.q.Member != "" {
		conds, args = append(conds, "instr(t.parties, ?)"), append(args, ","+string(x.q.Member)+",")
	}
	conds, args = append(conds, "t.state<>?"), append(args, string(jisr.DiscardedState))
	return x.walk(`SELECT 'note', t.n, t.at FROM search s CROSS JOIN note t ON t.n=s.rowid WHERE s.search MATCH ? AND s.rowid>0 AND `+strings.Join(conds, " AND ")+
		` ORDER BY s.rowid DESC LIMIT `+strconv.Itoa(maxCounted+1), args)
}

func (x *finder) things(noun string) (many bool, err error) {
	conds, args := x.conditions("t")
	add := func(given bool, cond string, a any) {
		if given {
			conds, args = append(conds, cond), append(args, a)
		}
	}
	add(noun != "", "t.noun=?", noun)
	add(x.q.Member != "", "instr(t.members, ?)", ","+string(x.q.Member)+",")
	if x.q.Body != "" {
		conds, args = append(conds, "(t.id=? OR instr(t.labels, ?))"), append(args, string(x.q.Body), ",body:"+string(x.q.Body)+",")
	}
	if x.q.Sector != "" {
		cond, annexes := "instr(t.labels, ?)", programme.OfSector(x.q.Sector)
		args = append(args, ",sector:"+x.q.Sector+",")
		if len(annexes) > 0 {
			cond += " OR t.noun='programme' AND t.kind IN (?" + strings.Repeat(",?", len(annexes)-1) + ")"
		}
		for _, a := range annexes {
			args = append(args, a)
		}
		conds = append(conds, "("+cond+")")
	}
	return x.walk(`SELECT t.noun, -t.n, t.at FROM search s CROSS JOIN thing t ON t.n=-s.rowid WHERE s.search MATCH ? AND s.rowid<0 AND `+strings.Join(conds, " AND ")+
		` ORDER BY s.rowid LIMIT `+strconv.Itoa(maxCounted+1), args)
}

// walk takes what a statement finds, the newest first: rows get their numbers as they come in. It looks for the words themselves,
// and where these are not many, for all that begins with them.
func (x *finder) walk(sql string, args []any) (many bool, err error) {
	before := len(x.all)
	for _, words := range []func() (string, error){func() (string, error) { return matchExactly(x.q.Search), nil }, x.opened} {
		m, err := words()
		if err != nil || m == "" {
			return many, err
		}
		x.all, many = x.all[:before], false
		err = x.rd.c.each(sql, append([]any{m}, args...), func(st *sqlite3.Stmt) error {
			if many = len(x.all)-before == maxCounted; !many {
				x.all = append(x.all, candidate{noun: st.ColumnText(0), row: st.ColumnInt64(1), at: st.ColumnInt64(2)})
			}
			return nil
		})
		if err != nil || many {
			return many, err
		}
	}
	return false, nil
}

// opened is the search with all that begins with its words, looked up once.
func (x *finder) opened() (string, error) {
	if x.wide == nil {
		m, err := x.rd.c.opened("search", x.q.Search)
		if err != nil {
			return "", err
		}
		x.wide = &m
	}
	return *x.wide, nil
}

// records looks on every shelf that holds the words.
func (x *finder) records() (many bool, err error) {
	if x.q.Body != "" {
		return false, nil
	}
	var all []shelfFound
	err = x.rd.c.each(`SELECT n, forum, programme, type FROM shelf ORDER BY n DESC LIMIT `+strconv.Itoa(maxShelves), nil, func(st *sqlite3.Stmt) error {
		all = append(all, shelfFound{st.ColumnInt64(0), jisr.ForumID(st.ColumnText(1)), jisr.ThingID(st.ColumnText(2)), st.ColumnText(3)})
		return nil
	})
	for i := range all {
		if err != nil {
			break
		}
		if x.q.Forum != "" && x.q.Forum != all[i].forum {
			continue
		}
		var more bool
		more, err = x.shelf(&all[i])
		many = many || more
	}
	return many, err
}

// shelfFound is a type of records of a programme, to be searched.
type shelfFound struct {
	n         int64
	forum     jisr.ForumID
	programme jisr.ThingID
	typ       string
}

// shelf takes the newest records of one type that hold the words and may be read. What a programme is, is looked up only when
// something was found.
func (x *finder) shelf(s *shelfFound) (many bool, err error) {
	rows, err := x.rowsOf(s.n, matchExactly(x.q.Search))
	if err == nil && len(rows) == 0 {
		var m string
		if m, err = x.rd.c.opened("words", x.q.Search); err == nil && m != "" {
			rows, err = x.rowsOf(s.n, m)
		}
	}
	if err != nil || len(rows) == 0 {
		return false, err
	}
	f, err := x.rd.flow(&x.b.annexes, s.forum, s.programme)
	if refusal := (*jisr.Refusal)(nil); errors.As(err, &refusal) {
		return false, nil // not in the scope, or not to be read any more
	}
	if err != nil {
		return false, err
	}
	t := f.Programme.Type(s.typ)
	if t == nil || x.q.Sector != "" && !slices.Contains(programme.OfSector(x.q.Sector), f.Laid.Programme) {
		return false, nil
	}
	var levels []jisr.Handling
	if x.q.Levels != nil {
		levels = x.q.Levels(f)
	}
	may, err := x.rd.visible(f, levels)
	if err != nil {
		return false, err
	}
	return x.rows(s, f, &selection{q: &RecordQuery{}, t: t, may: may}, rows)
}

// rowsOf gives the newest rows of a shelf that hold some words, one more than are counted.
func (x *finder) rowsOf(shelf int64, match string) (rows []int, err error) {
	err = x.rd.c.each(`SELECT rowid FROM words WHERE words MATCH ? AND rowid BETWEEN ? AND ? ORDER BY rowid DESC LIMIT `+strconv.Itoa(maxCounted+1),
		[]any{match, int64(keyOf(shelf, 0)), int64(keyOf(shelf, maxIndex))}, func(st *sqlite3.Stmt) error {
			rows = append(rows, int(key(st.ColumnInt64(0)).index()))
			return nil
		})
	return rows, err
}

func (x *finder) rows(s *shelfFound, f *Flow, sel *selection, rows []int) (many bool, err error) {
	heads, versions, err := x.rd.c.heads(&x.b.heads, s.n)
	if err != nil {
		return false, err
	}
	from, to := x.span()
	blocks, taken := map[int]*shelved{}, 0
	for _, at := range rows {
		n, row := at/programme.BlockRows, at%programme.BlockRows
		if n >= len(heads) || len(heads[n].Runs) == 0 {
			continue
		}
		block := blocks[n]
		if block == nil {
			if block, err = x.b.openBlock(x.rd.c, sel.t, s.n, n, heads[n], versions[n]); err != nil {
				return false, err
			}
			blocks[n] = block
		}
		r := heads[n].runOf(row)
		if row >= len(block.flags) || !sel.holds(block, r, row) || x.q.Member != "" && x.q.Member != r.By || r.Sent < from || to != 0 && r.Sent >= to {
			continue
		}
		if taken++; taken > maxCounted {
			return true, nil
		}
		x.all = append(x.all, candidate{at: r.Sent, noun: "record", row: int64(at), shelf: s.n, in: &recordIn{s, f, sel.t, block}})
	}
	return taken > 0 && len(rows) > maxCounted, nil
}

// recordIn is where a record that was found stands.
type recordIn struct {
	*shelfFound
	flow  *Flow
	t     *programme.Type
	block *shelved
}

// page reads the hits after a cursor.
func (x *finder) page(after *candidate) error {
	slices.SortFunc(x.all, func(a, b candidate) int { return a.compare(&b) })
	limit := pageSize(x.q.Limit)
	for i := range x.all {
		c := &x.all[i]
		if after != nil && c.compare(after) <= 0 {
			continue
		}
		if len(x.found.Hits) == limit {
			x.found.Next = x.all[i-1].cursor()
			return nil
		}
		h, err := x.hit(c)
		if err != nil {
			return err
		}
		x.found.Hits = append(x.found.Hits, h)
	}
	return nil
}

// hit reads one thing that was found. That it is in the scope was a condition of finding it, and is one of reading it.
func (x *finder) hit(c *candidate) (h Hit, err error) {
	switch {
	case c.in != nil:
		return x.recordHit(c)
	case c.row > 0:
		rows, err := x.rd.notes(`n.n=?`, "", c.row)
		if err != nil || len(rows) == 0 {
			return h, cmp.Or(err, error(jisr.Refuse(jisr.NoSuch, "note")))
		}
		h.Note = &rows[0]
		if b := &h.Note.Body; h.Note.BodyHeld && !(h.Note.Note != nil && h.Note.Note.Unopened(x.rd.self)) && shownText(h.Note.Terms.Handling) {
			x.snippet(&h, []jisr.Text{b.Text})
		}
		return h, nil
	}
	t, found, err := x.rd.thingWhere(`t.n=?`, -c.row)
	if err != nil || !found {
		return h, cmp.Or(err, error(jisr.Refuse(jisr.NoSuch, c.noun)))
	}
	h.Thing = &t
	if shownText(t.Summary.Handling) {
		err = x.thingText(&h)
	}
	return h, err
}

// shownText tells whether a list shows what is said in the text of something that widely shown: what is above is read where the
// house's log says who did.
func shownText(h jisr.Handling) bool { return h.Rank() <= jisr.HandlingOfficial.Rank() }

// thingText looks through what stands of a thing, as long as a page may read more.
func (x *finder) thingText(h *Hit) error {
	if x.snippet(h, stateTexts(&h.Thing.State)) {
		return nil
	}
	acts, err := x.rd.actsOf(h.Thing.Forum, h.Thing.ID)
	if err != nil {
		return err
	}
	for i := len(acts) - 1; i >= 0 && x.read < maxSnippets; i-- {
		a := &acts[i].Act
		of := texts(a.Kind)
		if of == nil || acts[i].Void != nil || !stands(&h.Thing.State, a) {
			continue
		}
		body, err := x.rd.bodyOf(h.Thing.Forum, a.Position)
		if err != nil {
			return err
		}
		if x.read += len(body); len(body) <= maxOneOfText && x.snippet(h, of(a, body)) {
			return nil
		}
	}
	return nil
}

func (x *finder) recordHit(c *candidate) (h Hit, err error) {
	in := c.in
	r, err := x.b.recordRow(x.rd.c, in.flow, in.t, in.n, in.block, int(c.row)%programme.BlockRows)
	if err != nil {
		return h, err
	}
	h.Record = &RecordHit{RecordRow: r, Forum: in.forum, Programme: in.programme, Title: in.flow.Laid.Title, Type: in.typ, TypeTitle: in.t.Spec.Title}
	if r.Record != nil && shownText(r.Handling) {
		x.snippet(&h, []jisr.Text{{"und": strings.ReplaceAll(strings.TrimSpace(r.Record.SearchText()), "\n", " · ")}})
	}
	return h, nil
}

// snippet takes the part of the first text that holds one of the words, in the reader's language before others.
func (x *finder) snippet(h *Hit, all []jisr.Text) bool {
	in := func(t jisr.Text, lang string) bool {
		s := t[lang]
		if s == "" || !holdsAny(x.q.Search, s) {
			return false
		}
		h.Lang = lang
		h.Text, h.Marks = Snippet(x.q.Search, s, snippetSize)
		return true
	}
	for _, t := range all {
		if in(t, x.q.Lang) {
			return true
		}
	}
	for _, t := range all {
		for _, lang := range sortedKeys(t) {
			if lang != x.q.Lang && in(t, lang) {
				return true
			}
		}
	}
	return false
}
