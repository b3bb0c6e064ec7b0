package book

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/ncruces/go-sqlite3"

	"jisr"
)

// actsOf gives the acts about a thing in one forum, in their order.
func (rd *reader) actsOf(forum jisr.ForumID, thing jisr.ThingID) ([]ActRow, error) {
	var rows []ActRow
	err := rd.c.each(`SELECT a.key, a.void, a.act, b.signature FROM act a LEFT JOIN body b ON b.key=a.key WHERE a.thing=?`, []any{string(thing)}, func(st *sqlite3.Stmt) error {
		if rd.of[key(st.ColumnInt64(0)).log()].Forum != forum {
			return nil
		}
		r, err := rd.signedAct(st)
		rows = append(rows, r)
		return err
	})
	slices.SortFunc(rows, func(a, b ActRow) int { return jisr.Compare(&a.Act, &b.Act) })
	return rows, err
}

// signedAct reads the columns key, void, act, signature.
func (rd *reader) signedAct(st *sqlite3.Stmt) (ActRow, error) {
	r, err := rd.act(st)
	if err == nil {
		r.Signature, err = readSignature(st.ColumnRawText(3))
	}
	return r, err
}

func readSignature(raw []byte) (s *jisr.Signature, err error) {
	if len(raw) > 0 {
		err = json.Unmarshal(raw, &s)
	}
	return s, err
}

// act reads the columns key, void, act, which come first.
func (rd *reader) act(st *sqlite3.Stmt) (r ActRow, err error) {
	k := key(st.ColumnInt64(0))
	if void := st.ColumnRawText(1); len(void) > 0 {
		if err := json.Unmarshal(void, &r.Void); err != nil {
			return r, err
		}
	}
	r.Act, err = jisr.DecodeKept(rd.of[k.log()].Member, k.index(), st.ColumnRawText(2))
	return r, err
}

// Acts gives a page of the record, newest first, and the cursor of the next page.
func (b *Book) Acts(ctx context.Context, s Scope, q ActQuery) (rows []ActRow, next string, err error) {
	err = b.read(ctx, "list acts", func(c *conn) error {
		rd, err := b.reader(c, s)
		if err != nil {
			return err
		}
		logs, err := rd.ends(&q)
		if err != nil {
			return err
		}
		m := &merge{rd: rd, q: &q}
		rows, next, err = m.page(logs, pageSize(q.Limit))
		return err
	})
	return rows, next, err
}

// end is where the reading of one log goes on, backwards: below to.
type end struct {
	Log
	n  int64
	to jisr.Index
}

// ends gives the logs a query reads, each from its end or from where the cursor says.
func (rd *reader) ends(q *ActQuery) ([]end, error) {
	var ends []end
	from, err := parseEnds(q.Cursor)
	if err != nil {
		return nil, err
	}
	for l, p := range rd.logs {
		right := l.Forum == q.Forum || q.Forum == "" && l.Forum != jisr.House
		if !right || !rd.reads(l.Forum) || q.Member != "" && l.Member != q.Member {
			continue
		}
		e := end{l, p.n, p.next}
		if to, ok := from[p.n]; ok {
			e.to = min(e.to, to)
		} else if q.Cursor != "" {
			e.to = 0 // a log that began after the first page was read
		}
		ends = append(ends, e)
	}
	slices.SortFunc(ends, func(a, b end) int { return cmp.Compare(a.n, b.n) })
	return ends, nil
}

// A cursor of acts is where each log goes on, "1:40,2:17": acts that come in between change nothing before it.
func writeEnds(ends []end) string {
	var b strings.Builder
	for i, e := range ends {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(strconv.FormatInt(e.n, 10) + ":" + strconv.FormatInt(int64(e.to), 10))
	}
	return b.String()
}

func parseEnds(cursor string) (map[int64]jisr.Index, error) {
	const maxCursor = 64 << 10
	from := map[int64]jisr.Index{}
	if cursor == "" {
		return from, nil
	}
	if len(cursor) > maxCursor {
		return nil, jisr.Refuse(jisr.Malformed, "cursor")
	}
	for part := range strings.SplitSeq(cursor, ",") {
		n, to, ok := strings.Cut(part, ":")
		log, err1 := strconv.ParseInt(n, 10, 64)
		index, err2 := strconv.ParseInt(to, 10, 64)
		if !ok || err1 != nil || err2 != nil || index < 0 {
			return nil, jisr.Refuse(jisr.Malformed, "cursor")
		}
		from[log] = jisr.Index(index)
	}
	return from, nil
}

// merge reads several logs backwards as one. Each is read a few acts at a time.
type merge struct {
	rd *reader
	q  *ActQuery
}

// tail is what is read of one log and not yet given out, newest first.
type tail struct {
	end
	rows []ActRow
	done bool // nothing is left below
}

func (m *merge) page(ends []end, limit int) (rows []ActRow, next string, err error) {
	tails := make([]tail, len(ends))
	for i, e := range ends {
		tails[i].end = e
	}
	for len(rows) < limit {
		best, err := m.newest(tails, limit)
		if err != nil {
			return nil, "", err
		}
		if best == nil {
			return rows, "", nil
		}
		r := best.rows[0]
		rows, best.rows, best.to = append(rows, r), best.rows[1:], r.Act.Index
	}
	if more, err := m.newest(tails, limit); more == nil || err != nil {
		return rows, "", err
	}
	for i := range tails {
		ends[i].to = tails[i].to
	}
	return rows, writeEnds(ends), nil
}

// newest gives the log whose next act is the newest; nil when none has any.
func (m *merge) newest(tails []tail, limit int) (*tail, error) {
	var best *tail
	for i := range tails {
		t := &tails[i]
		if len(t.rows) == 0 && !t.done {
			if err := m.fill(t, limit); err != nil {
				return nil, err
			}
		}
		if len(t.rows) > 0 && (best == nil || m.newer(&t.rows[0].Act, &best.rows[0].Act)) {
			best = t
		}
	}
	return best, nil
}

// newer: within a forum acts have an order; across forums there is only what their writers' clocks say.
func (m *merge) newer(a, b *jisr.Act) bool {
	if a.Forum == b.Forum {
		return jisr.Compare(a, b) > 0
	}
	return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Forum, b.Forum)) > 0
}

func (m *merge) fill(t *tail, limit int) error {
	sql, args := `SELECT a.key, a.void, a.act FROM act a WHERE a.key>=? AND a.key<?`, []any{keyOf(t.n, 0), keyOf(t.n, t.to)}
	if m.q.Thing != "" {
		sql, args = sql+` AND a.thing=?`, append(args, string(m.q.Thing))
	}
	if m.q.Kind != "" {
		sql, args = sql+` AND a.kind=?`, append(args, string(m.q.Kind))
	}
	cond, more := m.rd.scope.acts(t.Forum)
	sql, args = sql+` AND `+cond, append(append(args, more...), limit)
	err := m.rd.c.each(sql+` ORDER BY a.key DESC LIMIT ?`, args, func(st *sqlite3.Stmt) error {
		r, err := m.rd.act(st)
		t.rows = append(t.rows, r)
		return err
	})
	t.done = len(t.rows) < limit
	return err
}

// acts writes the scope as a condition over the acts of one forum, table act a: those about what is in it. An act about what no row
// stands for is void or of a noun that is not known here; it is for who sees what belongs to nobody.
func (s Scope) acts(forum jisr.ForumID) (cond string, args []any) {
	if s.whole {
		return "true", nil
	}
	note, ofNote := s.where("n")
	thing, ofThing := s.where("t")
	cond = `coalesce((SELECT ` + note + ` FROM note n WHERE n.forum=? AND n.id=a.thing),
		(SELECT ` + thing + ` FROM thing t WHERE t.forum=? AND t.id=a.thing), ?)`
	args = slices.Concat(ofNote, []any{string(forum)}, ofThing, []any{string(forum)}, []any{s.Registry})
	return cond, args
}

// Act gives one act and what it came to; NoSuch when it is not in the scope. Who shows an entry, its proof or its files
// asks for it first.
func (b *Book) Act(ctx context.Context, s Scope, forum jisr.ForumID, p jisr.Position) (r ActRow, err error) {
	err = b.read(ctx, "read an act", func(c *conn) error {
		rd, err := b.reader(c, s)
		if err == nil {
			r, err = rd.one(forum, p)
		}
		return err
	})
	return r, err
}

// Sees tells whether a thing of a forum is in the scope; of what is not here yet, whether it would be.
func (b *Book) Sees(ctx context.Context, s Scope, forum jisr.ForumID, thing jisr.ThingID) (yes bool, err error) {
	if !s.Reaches(forum) {
		return false, nil
	}
	cond, args := s.acts(forum)
	seen := 0
	err = b.read(ctx, "look for a thing", func(c *conn) error {
		return c.one(`SELECT `+cond+` FROM (SELECT ? AS thing) a`, append(args, string(thing)), &seen)
	})
	return seen == 1, err
}

// SeesAll tells whether every act of a run of a log is in the scope.
func (b *Book) SeesAll(ctx context.Context, s Scope, forum jisr.ForumID, m jisr.MemberID, from, to jisr.Index) (all bool, err error) {
	err = b.read(ctx, "look through a log", func(c *conn) error {
		logs, err := c.places()
		if err != nil {
			return err
		}
		rd := &reader{scope: s}
		if !rd.reads(forum) {
			return nil
		}
		cond, args := s.acts(forum)
		n, hidden := logs[Log{forum, m}].n, 0
		err = c.one(`SELECT count(*) FROM act a WHERE a.key>=? AND a.key<? AND NOT `+cond, append([]any{keyOf(n, from), keyOf(n, to)}, args...), &hidden)
		all = hidden == 0
		return err
	})
	return all, err
}

func (rd *reader) one(forum jisr.ForumID, p jisr.Position) (r ActRow, err error) {
	at, found := rd.logs[Log{forum, p.Member}]
	if found = found && p.Index >= 0 && p.Index < at.next && rd.reads(forum); found {
		found = false
		cond, args := rd.scope.acts(forum)
		err = rd.c.each(`SELECT a.key, a.void, a.act, b.signature FROM act a LEFT JOIN body b ON b.key=a.key WHERE a.key=? AND `+cond,
			append([]any{keyOf(at.n, p.Index)}, args...), func(st *sqlite3.Stmt) error {
				found = true
				r, err = rd.signedAct(st)
				return err
			})
	}
	if err == nil && !found {
		err = jisr.Refuse(jisr.NoSuch, string(p.Member)+"/"+strconv.FormatInt(int64(p.Index), 10), "noun", "act")
	}
	return r, err
}

// reads tells whether acts of a forum's logs may be read by themselves: those of the house only by the node.
func (rd *reader) reads(f jisr.ForumID) bool {
	return rd.scope.whole || f != jisr.House && rd.scope.Reaches(f)
}
