package book

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ncruces/go-sqlite3"

	"jisr"
)

const (
	maxPage     = 200
	defaultPage = 50
)

func pageSize(limit int) int {
	if limit <= 0 {
		return defaultPage
	}
	return min(limit, maxPage)
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }

// noteColumns is what readNote reads. Both bodies come along: few rows are read, and every one is shown.
const noteColumns = `n.n, n.forum, n.id, n.at, n.note, n.draft, n.released, rb.body, db.body, n.acted, n.filed FROM note n
	LEFT JOIN body rb ON rb.key=n.released LEFT JOIN body db ON db.key=n.drafted `

// Notes gives a page of notes, newest act first, and the cursor of the next page; empty when there is none.
// A draft that was discarded is in BoxAll, and in BoxDrafts only when its state is asked for.
func (b *Book) Notes(ctx context.Context, s Scope, q NoteQuery) (rows []NoteRow, next string, err error) {
	where, args, err := q.filter(s)
	if err != nil {
		return nil, "", err
	}
	limit := pageSize(q.Limit)
	err = b.read(ctx, "list notes", func(c *conn) error {
		rd, err := b.reader(c, s)
		if err != nil {
			return err
		}
		searched, more, err := c.searched(q.Search, "n.n", "rowid")
		if err != nil {
			return err
		}
		where, args := where+searched, append(args, more...)
		rows, next, err = rd.page(`SELECT `+noteColumns+where+` ORDER BY n.at DESC, n.n DESC`, args, &q, limit)
		return err
	})
	return rows, next, err
}

// page reads rows until limit of them are right. Whether a note is held comes from receipts, so the two states
// that ask for it are decided here, row by row; so are all while somebody is not reached.
func (rd *reader) page(sql string, args []any, q *NoteQuery, limit int) (rows []NoteRow, next string, err error) {
	var last string
	err = rd.c.each(sql, args, func(st *sqlite3.Stmt) error {
		if len(rows) > limit {
			return errEnough
		}
		r, err := rd.note(st)
		if err != nil {
			return err
		}
		if asks := q.State == jisr.Held || q.State == jisr.Released || q.State != "" && len(q.Known.Cut) > 0; asks && r.Standing(q.Known) != q.State {
			return nil
		}
		if rows = append(rows, r); len(rows) == limit {
			last = writeCursor(st.ColumnInt64(3), st.ColumnInt64(0))
		}
		return nil
	})
	if err != nil && !errors.Is(err, errEnough) {
		return nil, "", err
	}
	if len(rows) > limit {
		return rows[:limit], last, nil
	}
	return rows, "", nil
}

// errEnough ends the reading of rows.
var errEnough = errors.New("enough")

// filter writes a query's conditions over stored columns.
func (q *NoteQuery) filter(s Scope) (where string, args []any, err error) {
	cond, args := s.where("n")
	conds := []string{cond}
	add := func(cond string, a ...any) { conds, args = append(conds, cond), append(args, a...) }
	if q.Forum != "" {
		add("+n.forum=?", string(q.Forum)) // + : rows come by time, not by forum to be sorted
	}
	if q.Box != BoxAll {
		add("n.box=?", string(q.Box))
	}
	if q.Box == BoxDrafts && q.State == "" {
		add("+n.state<>?", string(jisr.DiscardedState))
	}
	if q.With != "" {
		add("instr(n.parties, ?)", ","+string(q.With)+",")
	}
	if q.Kind != "" {
		add("n.kind=?", string(q.Kind))
	}
	q.filterState(add)
	if q.Cursor != "" {
		at, n, ok := parseCursor(q.Cursor)
		if !ok {
			return "", nil, jisr.Refuse(jisr.Malformed, "cursor")
		}
		add("(n.at, n.n)<(?,?)", at, n)
	}
	return "WHERE " + strings.Join(conds, " AND "), args, nil
}

// fewFound is up to how many found notes are read and sorted; of more, the newest are looked for among all.
const fewFound = 200

// searched writes the condition of a search: row is the column of what is listed that is found by id in the index.
func (c *conn) searched(search, row, id string) (cond string, args []any, err error) {
	if strings.TrimSpace(search) == "" {
		return "", nil, nil
	}
	m := match(search)
	if m == "" { // nothing but signs: no word, no note
		return " AND false", nil, nil
	}
	var found int
	err = c.one(`SELECT count(*) FROM (SELECT 1 FROM search WHERE search MATCH ? LIMIT ?)`, []any{m, fewFound + 1}, &found)
	if found > fewFound {
		row = "+" + row
	}
	return " AND " + row + " IN (SELECT " + id + " FROM search WHERE search MATCH ?)", []any{m}, err
}

// filterState: a note whose answer is late stands as that, whatever else it has reached (jisr.Note.Standing).
func (q *NoteQuery) filterState(add func(string, ...any)) {
	switch q.State {
	case "":
	case jisr.NoAnswerInTime:
		add("n.awaited<?", string(q.Known.Today))
	case jisr.Held:
		add("n.state=?", string(jisr.Released))
	default:
		add("n.state=? AND (n.awaited IS NULL OR n.awaited>=?)", string(q.State), string(q.Known.Earliest()))
	}
}

// A cursor of a list is where it goes on: below the row's time and number.
func writeCursor(at, n int64) string {
	return strconv.FormatInt(at, 10) + "." + strconv.FormatInt(n, 10)
}

func parseCursor(s string) (at, n int64, ok bool) {
	a, b, found := strings.Cut(s, ".")
	at, err1 := strconv.ParseInt(a, 10, 64)
	n, err2 := strconv.ParseInt(b, 10, 64)
	return at, n, found && err1 == nil && err2 == nil
}

// reader reads notes in one transaction, with what it needs to know beside their rows.
type reader struct {
	c     *conn
	self  jisr.MemberID
	scope Scope
	logs  map[Log]place
	of    map[int64]Log
	held  map[int64][]Held // by number of the log
}

func (b *Book) reader(c *conn, s Scope) (*reader, error) {
	logs, err := c.places()
	if err != nil {
		return nil, err
	}
	rd := &reader{c: c, self: b.self, scope: s, logs: logs, of: byNumber(logs), held: map[int64][]Held{}}
	err = c.each(`SELECT log, mirror, size, missing FROM held ORDER BY log, mirror`, nil, func(st *sqlite3.Stmt) error {
		h := Held{Mirror: jisr.MemberID(st.ColumnText(1)), Size: jisr.Index(st.ColumnInt64(2))}
		rd.held[st.ColumnInt64(0)] = append(rd.held[st.ColumnInt64(0)], h)
		list := rd.held[st.ColumnInt64(0)]
		return json.Unmarshal(st.ColumnRawText(3), &list[len(list)-1].Missing)
	})
	return rd, err
}

// covers tells whether the receipt says that the mirror holds the act and all it carries.
func (h *Held) covers(i jisr.Index) bool {
	return i < h.Size && !slices.ContainsFunc(h.Missing, func(r [2]jisr.Index) bool { return r[0] <= i && i < r[1] })
}

// note reads a row of noteColumns.
func (rd *reader) note(st *sqlite3.Stmt) (NoteRow, error) {
	r := NoteRow{Forum: jisr.ForumID(st.ColumnText(1)), ID: jisr.ThingID(st.ColumnText(2)), At: time.UnixMilli(st.ColumnInt64(3)).UTC()}
	if raw := st.ColumnRawText(4); len(raw) > 0 {
		var s jisr.State
		if err := json.Unmarshal(raw, &s); err != nil {
			return r, err
		}
		r.Note, r.Terms = s.Note, s.Note.NoteTerms
	}
	if raw := st.ColumnRawText(5); len(raw) > 0 {
		if err := json.Unmarshal(raw, &r.Draft); err != nil {
			return r, err
		}
	}
	drafted, err := unpack(st.ColumnRawBlob(8))
	if err != nil {
		return r, err
	}
	if r.Draft != nil && len(drafted) > 0 {
		r.drafted(drafted)
	}
	released, err := unpack(st.ColumnRawBlob(7))
	if err != nil {
		return r, err
	}
	if r.Note != nil {
		if len(released) > 0 {
			r.Body, r.BodyBad = readBody(released, r.Note.Files)
			r.BodyHeld = r.BodyBad == nil
		}
		rd.heldBy(&r, key(st.ColumnInt64(6)), len(released) > 0)
		if r.Withheld = r.Note.Unopened(rd.self) && !rd.scope.opens(); r.Withheld {
			r.Body = r.Body.Envelope()
		}
	}
	o := readOwners(st.ColumnText(9), st.ColumnText(10))
	r.Desks, r.Officials = o.desks, o.officials
	return r, nil
}

// drafted takes the draft's content; it is also the body while nothing has been released.
func (r *NoteRow) drafted(body []byte) {
	d, refusal := readDraft(body)
	if refusal == nil {
		r.Drafted = &d
	}
	if r.Note == nil {
		r.Body, r.BodyHeld, r.BodyBad, r.Terms = d.Body, refusal == nil, refusal, d.Terms(0, "")
	}
}

// heldBy lists the mirrors whose receipts cover the release. This node needs no receipt from itself: it holds
// what another member released once the body is here.
func (rd *reader) heldBy(r *NoteRow, released key, bodyHere bool) {
	own := false
	for _, h := range rd.held[released.log()] {
		own = own || h.Mirror == rd.self
		if h.Mirror != r.Note.From && h.covers(released.index()) {
			r.HeldBy = append(r.HeldBy, h.Mirror)
		}
	}
	if !own && r.Note.From != rd.self && bodyHere {
		r.HeldBy = append(r.HeldBy, rd.self)
		slices.Sort(r.HeldBy)
	}
}

// notes reads whole rows of the scope that meet a condition; order and bounds are in the rest of the statement.
func (rd *reader) notes(cond, rest string, args ...any) ([]NoteRow, error) {
	var rows []NoteRow
	scope, more := rd.scope.where("n")
	err := rd.c.each(`SELECT `+noteColumns+`WHERE `+cond+` AND `+scope+` `+rest, append(args, more...), func(st *sqlite3.Stmt) error {
		r, err := rd.note(st)
		rows = append(rows, r)
		return err
	})
	return rows, err
}

// Note gives one note with its acts, what it answers and what answers it; NoSuch when there is none here.
func (b *Book) Note(ctx context.Context, s Scope, forum jisr.ForumID, id jisr.ThingID) (NoteView, error) {
	var v NoteView
	err := b.read(ctx, "read a note", func(c *conn) error {
		rd, err := b.reader(c, s)
		if err != nil {
			return err
		}
		rows, err := rd.notes(`n.forum=? AND n.id=?`, "", string(forum), string(id))
		if err != nil {
			return err
		}
		if len(rows) == 0 {
			return jisr.Refuse(jisr.NoSuch, string(id))
		}
		v.NoteRow = rows[0]
		return rd.view(&v)
	})
	return v, err
}

func (rd *reader) view(v *NoteView) error {
	house, custody, err := rd.custody(v.Forum, v.ID)
	if err != nil {
		return err
	}
	joint, err := rd.actsOf(v.Forum, v.ID)
	if err != nil {
		return err
	}
	// What the house did comes first: it decided before it spoke.
	v.Acts, v.Custody = append(house, joint...), custody
	if v.Terms.InReplyTo != "" {
		asked, err := rd.notes(`n.forum=? AND n.id=?`, "", string(v.Forum), string(v.Terms.InReplyTo))
		if err != nil {
			return err
		}
		if len(asked) > 0 {
			v.Answers = &asked[0]
		}
	}
	v.Replies, err = rd.notes(`n.forum=? AND n.id IN (SELECT a.thing FROM concern c JOIN act a ON a.key=c.key WHERE c.thing=?) AND n.note IS NOT NULL`,
		`ORDER BY n.since, n.id LIMIT `+strconv.Itoa(maxPage), string(v.Forum), string(v.ID))
	v.Replies = slices.DeleteFunc(v.Replies, func(r NoteRow) bool { return r.Note.InReplyTo != v.ID }) // a void release may claim more
	return err
}
