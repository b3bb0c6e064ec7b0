package book

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ncruces/go-sqlite3"

	"jisr"
)

// ThingRow is a joint thing that is no note, as a list needs it. Notes have lists of their own: see [NoteRow].
type ThingRow struct {
	Forum   jisr.ForumID
	ID      jisr.ThingID
	Summary jisr.Summary
	State   jisr.State // joint; the member of its noun is set
	At      time.Time  // of the newest act about it
	// Desks and Officials are those whose it is here; none: the registry's.
	Desks     []jisr.DeskID
	Officials []jisr.OfficialID
}

// ThingQuery asks for things, newest act first. Zero values ask for everything.
type ThingQuery struct {
	Forum  jisr.ForumID
	Noun   string
	Kind   string // of its summary
	State  string // of its summary
	Member jisr.MemberID
	Labels []string // all of them, see [jisr.Summary]
	Search string   // words of titles and bodies; Arabic normalised
	Cursor string   // from the page before
	Limit  int      // 1 to 200, 0 is 50
}

// ThingView is one thing with all that was said about it.
type ThingView struct {
	ThingRow
	Acts    []ThingAct    // in the joint order, void ones too
	House   []ActRow      // what the house says of it, in order
	Custody *jisr.Custody // nil: nobody said whose it is
}

// ThingAct is an act about a thing with what it carries.
type ThingAct struct {
	ActRow
	// Body is the act's body where it is here: what somebody sent, not checked. Who shows it decodes it strictly first.
	// A view carries bodies of 4 MiB at most, the newest; Omitted says that this one is here and was left out.
	Body    []byte
	Omitted bool
	HeldBy  []jisr.MemberID // mirrors whose receipt covers the act and all it carries
}

// maxBodies is how many bytes of bodies one view carries: nobody makes a page slow by saying much.
const maxBodies = 4 << 20

const thingColumns = `t.n, t.forum, t.id, t.at, (SELECT joint FROM joint WHERE thing=t.n), t.acted, t.filed`

// thing reads a row of thingColumns, which come first.
func readThing(st *sqlite3.Stmt) (ThingRow, error) {
	r := ThingRow{Forum: jisr.ForumID(st.ColumnText(1)), ID: jisr.ThingID(st.ColumnText(2)), At: time.UnixMilli(st.ColumnInt64(3)).UTC()}
	err := json.Unmarshal(st.ColumnRawText(4), &r.State)
	r.Summary, _ = r.State.Summary()
	o := readOwners(st.ColumnText(5), st.ColumnText(6))
	r.Desks, r.Officials = o.desks, o.officials
	return r, err
}

// Things gives a page of things, newest act first, and the cursor of the next page; empty when there is none.
func (b *Book) Things(ctx context.Context, s Scope, q ThingQuery) (rows []ThingRow, next string, err error) {
	where, args, err := q.filter(s)
	if err != nil {
		return nil, "", err
	}
	limit := pageSize(q.Limit)
	err = b.read(ctx, "list things", func(c *conn) error {
		searched, more, err := c.searched(q.Search, "t.n", "-rowid")
		if err != nil {
			return err
		}
		sql := `SELECT ` + thingColumns + ` FROM thing t WHERE ` + where + searched + ` ORDER BY t.at DESC, t.n DESC LIMIT ` + strconv.Itoa(limit+1)
		var last string
		err = c.each(sql, append(args, more...), func(st *sqlite3.Stmt) error {
			r, err := readThing(st)
			if rows = append(rows, r); len(rows) == limit {
				last = writeCursor(st.ColumnInt64(3), st.ColumnInt64(0))
			}
			return err
		})
		if len(rows) > limit {
			rows, next = rows[:limit], last
		}
		return err
	})
	return rows, next, err
}

// filter writes a query's conditions.
func (q *ThingQuery) filter(s Scope) (where string, args []any, err error) {
	cond, args := s.where("t")
	conds := []string{cond}
	add := func(given bool, cond string, a ...any) {
		if given {
			conds, args = append(conds, cond), append(args, a...)
		}
	}
	add(q.Noun != "", "t.noun=?", q.Noun)
	add(q.Forum != "", "+t.forum=?", string(q.Forum)) // + : rows come by time, not by forum to be sorted
	add(q.Kind != "", "t.kind=?", q.Kind)
	add(q.State != "", "t.state=?", q.State)
	add(q.Member != "", "instr(t.members, ?)", ","+string(q.Member)+",")
	for _, l := range q.Labels {
		add(true, "instr(t.labels, ?)", ","+l+",")
	}
	if q.Cursor != "" {
		at, n, ok := parseCursor(q.Cursor)
		if !ok {
			return "", nil, jisr.Refuse(jisr.Malformed, "cursor")
		}
		add(true, "(t.at, t.n)<(?,?)", at, n)
	}
	return strings.Join(conds, " AND "), args, nil
}

// Thing gives one thing with its acts, their bodies and who holds them; NoSuch when there is none here. A note is none:
// see [Book.Note].
func (b *Book) Thing(ctx context.Context, s Scope, forum jisr.ForumID, id jisr.ThingID) (ThingView, error) {
	var v ThingView
	err := b.read(ctx, "read a thing", func(c *conn) error {
		rd, err := b.reader(c, s)
		if err != nil {
			return err
		}
		v.ThingRow, err = rd.thing(forum, id)
		if err != nil {
			return err
		}
		acts, err := rd.actsOf(forum, id)
		if err != nil {
			return err
		}
		if v.House, v.Custody, err = rd.custody(forum, id); err != nil {
			return err
		}
		return rd.fill(&v, acts)
	})
	return v, err
}

// Owned is who in the house a thing belongs to, and how widely it may be shown.
type Owned struct {
	Handling  jisr.Handling
	Desks     []jisr.DeskID
	Officials []jisr.OfficialID
}

// Owned gives that of one thing, reading neither its state nor its acts: what is asked before each command.
func (b *Book) Owned(ctx context.Context, s Scope, forum jisr.ForumID, id jisr.ThingID) (o Owned, err error) {
	err = b.read(ctx, "read whom a thing belongs to", func(c *conn) error {
		scope, more := s.where("t")
		found := false
		err := c.each(`SELECT t.handling, t.acted, t.filed FROM thing t WHERE t.forum=? AND t.id=? AND `+scope, append([]any{string(forum), string(id)}, more...), func(st *sqlite3.Stmt) error {
			found = true
			who := readOwners(st.ColumnText(1), st.ColumnText(2))
			o = Owned{jisr.HandlingOf(st.ColumnInt(0)), who.desks, who.officials}
			return nil
		})
		if err == nil && !found {
			err = jisr.Refuse(jisr.NoSuch, string(id), "noun", id.Noun())
		}
		return err
	})
	return o, err
}

// custody gives what the house says of a thing, and what it comes to in one forum.
func (rd *reader) custody(forum jisr.ForumID, id jisr.ThingID) ([]ActRow, *jisr.Custody, error) {
	house, err := rd.actsOf(jisr.House, id)
	acts := make([]jisr.Act, len(house))
	for i := range house {
		acts[i] = house[i].Act
	}
	state := jisr.Fold(id, acts)
	return house, state.Custody[forum], err
}

func (rd *reader) thing(forum jisr.ForumID, id jisr.ThingID) (ThingRow, error) {
	r, found, err := rd.thingWhere(`t.forum=? AND t.id=?`, string(forum), string(id))
	if err == nil && !found {
		err = jisr.Refuse(jisr.NoSuch, string(id), "noun", id.Noun())
	}
	return r, err
}

// thingWhere reads the thing of the scope that meets a condition.
func (rd *reader) thingWhere(cond string, args ...any) (r ThingRow, found bool, err error) {
	scope, more := rd.scope.where("t")
	err = rd.c.each(`SELECT `+thingColumns+` FROM thing t WHERE `+cond+` AND `+scope, append(args, more...), func(st *sqlite3.Stmt) error {
		found = true
		r, err = readThing(st)
		return err
	})
	return r, found, err
}

// fill puts the acts into a view, with their receipts and as many bodies as it carries, the newest first.
func (rd *reader) fill(v *ThingView, acts []ActRow) error {
	v.Acts = make([]ThingAct, len(acts))
	size := 0
	for i := len(acts) - 1; i >= 0; i-- {
		a := &v.Acts[i]
		a.ActRow = acts[i]
		k := keyOf(rd.logs[Log{v.Forum, a.Act.Member}].n, a.Act.Index)
		for _, h := range rd.held[k.log()] {
			if h.Mirror != a.Act.Member && h.covers(k.index()) {
				a.HeldBy = append(a.HeldBy, h.Mirror)
			}
		}
		if a.Act.Content == nil {
			continue
		}
		body, err := rd.c.body(k)
		if err != nil {
			return err
		}
		if size += len(body); size > maxBodies {
			a.Omitted = body != nil
		} else {
			a.Body = body
		}
	}
	return nil
}

// Content gives the body of one act and the official's signature beside it, as they came: neither is checked. NoSuch
// when it is not here or the act is not in the scope.
func (b *Book) Content(ctx context.Context, s Scope, forum jisr.ForumID, p jisr.Position) (body []byte, signature *jisr.Signature, err error) {
	err = b.read(ctx, "read a body", func(c *conn) error {
		rd, err := b.reader(c, s)
		if err != nil {
			return err
		}
		if _, err := rd.one(forum, p); err != nil {
			return err
		}
		k := keyOf(rd.logs[Log{forum, p.Member}].n, p.Index)
		var raw []byte
		err = c.one(`SELECT body, signature FROM body WHERE key=?`, []any{k}, (*packed)(&body), &raw)
		if errors.Is(err, errNoRow) {
			return jisr.Refuse(jisr.NoSuch, "content")
		}
		if err == nil {
			signature, err = readSignature(raw)
		}
		return err
	})
	return body, signature, err
}

// steps gives what is owed in things, on one side.
func (rd *reader) steps(side int) (all []ToDo, err error) {
	cond, args := rd.scope.where("d")
	err = rd.c.each(`SELECT `+thingColumns+`, d.of, d.why, d.due, d.desk FROM todo d JOIN thing t ON t.n=d.thing WHERE d.side=? AND `+cond+`
		ORDER BY d.due, d.since LIMIT `+strconv.Itoa(maxPage), append([]any{side}, args...), func(st *sqlite3.Stmt) error {
		r, err := readThing(st)
		t := ToDo{Thing: &r, Whom: jisr.MemberID(st.ColumnText(7)), Why: Why(st.ColumnText(8)), Desk: jisr.DeskID(st.ColumnText(10))}
		if due := st.ColumnText(9); due != none {
			t.Due = jisr.Date(due)
		}
		if side == ours {
			t.Whom = rd.counterpart(&r)
		}
		all = append(all, t)
		return err
	})
	return all, err
}

// counterpart is the other member of a thing between two.
func (rd *reader) counterpart(r *ThingRow) jisr.MemberID {
	others := slices.DeleteFunc(slices.Clone(r.Summary.Members), func(m jisr.MemberID) bool { return m == rd.self })
	if len(others) != 1 {
		return ""
	}
	return others[0]
}

const upsertThing = `INSERT INTO thing(forum, id, noun, digest, at, kind, state, members, labels, handling, acted, filed)
	VALUES(?1,?2,?,?,?,?,?,?,?,?,?, coalesce((SELECT filed||drafted FROM custody WHERE forum=?1 AND thing=?2), ''))
	ON CONFLICT(forum, id) DO UPDATE SET digest=excluded.digest, at=excluded.at, kind=excluded.kind, state=excluded.state, members=excluded.members,
	labels=excluded.labels, handling=excluded.handling, acted=excluded.acted RETURNING n, said`

// writeThing writes the joint state of a thing and the steps that are owed in it, or forgets them when no act about it has effect.
func (t *batch) writeThing(c *conn, x *touched) error {
	s, ok := x.state.Summary()
	if !ok {
		return t.unwriteThing(c, x)
	}
	var n, said int64
	err := c.one(upsertThing, []any{string(x.forum), string(x.thing), x.thing.Noun(), blob(x.digest), x.at, s.Kind, s.State, joined(s.Members),
		joined(s.Labels), s.Handling.Rank(), x.acted}, &n, &said)
	if err != nil {
		return err
	}
	if err := c.do(`INSERT INTO joint(thing, joint) VALUES(?,?) ON CONFLICT DO UPDATE SET joint=excluded.joint`, n, x.json); err != nil {
		return err
	}
	err = errors.Join(c.do(`DELETE FROM todo WHERE thing=? AND clock=0`, n), c.do(`UPDATE todo SET (handling, acted, filed)=(SELECT handling, acted, filed FROM thing WHERE n=?1) WHERE thing=?1`, n))
	if err != nil {
		return err
	}
	for i := range s.Awaits {
		if err := t.writeStep(c, n, x.at, &s, &s.Awaits[i]); err != nil {
			return err
		}
	}
	return t.indexThing(c, x, s.Title, n, said)
}

const insertStep = `INSERT INTO todo(thing, side, of, why, due, since, desk, clock, forum, handling, acted, filed)
	SELECT n,?2,?3,?4,?5,?6,?7,?8, forum, handling, acted, filed FROM thing WHERE n=?1`

// writeStep writes a step that is owed, where it is a matter of this member: its own, or in a thing it takes part in.
func (t *batch) writeStep(c *conn, n, since int64, s *jisr.Summary, a *jisr.Await) error {
	side := theirs
	switch {
	case a.Of == t.self:
		side = ours
	case !slices.Contains(s.Members, t.self):
		return nil
	}
	return c.do(insertStep, n, side, string(a.Of), a.Why, dueKey(a.Due), since, string(a.Desk), 0)
}

// unwriteThing: of the acts about it none has effect any more, or it is of a noun this version does not know.
func (t *batch) unwriteThing(c *conn, x *touched) error {
	var n int64
	err := c.one(`SELECT n FROM thing WHERE forum=? AND id=?`, []any{string(x.forum), string(x.thing)}, &n)
	if errors.Is(err, errNoRow) {
		return nil
	}
	t.found[-n] = ""
	return errors.Join(err, c.do(`DELETE FROM todo WHERE thing=?`, n), c.do(`DELETE FROM joint WHERE thing=?`, n), c.do(`DELETE FROM thing WHERE n=?`, n))
}

// joined writes members or labels so that a list can be filtered by one of them.
func joined[S ~string](all []S) string {
	var b strings.Builder
	b.WriteByte(',')
	for _, s := range all {
		b.WriteString(string(s) + ",")
	}
	return b.String()
}

// Meets folds a thing as it would be with one more act, and gives what that act would meet: the refusal that would make
// it void, or nil. So what a member may say is asked of the same rules that every node will apply to what it said.
func (b *Book) Meets(ctx context.Context, next *jisr.Act) (*jisr.Refusal, error) {
	var acts []jisr.Act
	err := b.read(ctx, "read the acts about a thing", func(c *conn) error {
		rd, err := b.reader(c, Whole())
		if err != nil {
			return err
		}
		x := touched{half: half{next.Forum, next.About}}
		if err := c.load(rd.of, &x); err != nil {
			return err
		}
		for i := range x.stored {
			acts = append(acts, x.stored[i].act)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	s := jisr.Fold(next.About, append(acts, *next))
	return s.Voids[next.Position], nil
}

// Health gives the figures of the commitments that a query finds and the scope sees, on a day. Of who owes them it asks only while
// somebody is not reached.
func (b *Book) Health(ctx context.Context, s Scope, q ThingQuery, known jisr.Heard) (h jisr.Health, err error) {
	q.Noun, q.Cursor = "", ""
	where, args, err := q.filter(s)
	if err != nil {
		return h, err
	}
	err = b.read(ctx, "count commitments", func(c *conn) error {
		searched, more, err := c.searched(q.Search, "t.n", "-rowid")
		if err != nil {
			return err
		}
		var labels []string
		of := `''`
		if len(known.Cut) > 0 {
			of = `(SELECT d.of FROM todo d WHERE d.thing=t.n AND d.why IN ('assign', 'do', 'complete'))`
		}
		return c.each(`SELECT t.state, t.labels, `+of+` FROM thing t INDEXED BY thing_owed WHERE t.noun='commitment' AND `+where+searched, append(args, more...), func(st *sqlite3.Stmt) error {
			labels = slices.AppendSeq(labels[:0], strings.SplitSeq(strings.Trim(st.ColumnText(1), ","), ","))
			on := known.Earliest() // a dispute is both sides' to settle
			if m := st.ColumnText(2); m != "" {
				on = known.Of(jisr.MemberID(m))
			}
			h.Add(st.ColumnText(0), labels, on)
			return nil
		})
	})
	return h, err
}
