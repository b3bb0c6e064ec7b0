package book

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ncruces/go-sqlite3"

	"jisr"
	"jisr/programme"
)

// RecordQuery asks for records of one type of a programme. Zero values ask for all that have effect, the newest first.
type RecordQuery struct {
	Forum     jisr.ForumID
	Programme jisr.ThingID
	Type      string
	Filters   []Filter // all of them hold
	Sort      string   // a field or a name of a record's way; empty: the field that dates a record, where it has none @sent
	Ascending bool
	Search    string          // words of its texts; Arabic normalised
	Void      bool            // also those without effect, and those that were withdrawn
	Levels    []jisr.Handling // that the caller may read; nil: all that the scope reaches
	Cursor    string          // from the page before, of the same question
	Limit     int             // 1 to 200, 0 is 50
}

// Filter is what a field of a record must hold: one of the values of Is, or what lies between From and To. The names of a
// record's way are fields too: @by, @sent, @corrected, @confirmed.
type Filter struct {
	Field string
	Is    []string // as a table shows them: a code, a text, a number, true or false
	From  string   // a number, a day, a month or a time; included
	To    string   // not included; a day or month of its own, such as 2026-12, is: all of it
}

// RecordPage is a page of records.
type RecordPage struct {
	Rows []RecordRow
	Next string // the cursor of the next page; empty when there is none
	All  int    // how many records of the type have effect and may be read, whatever the filters
}

// RecordRow is a record as it stands now, with its way between the parties.
type RecordRow struct {
	ID        string       // one path segment: "iq-01k….17"
	Batch     jisr.ThingID // it was sent in
	Place     int          // in its batch, from 1
	By        jisr.MemberID
	Sent      time.Time
	Handling  jisr.Handling
	Raw       json.RawMessage   // as it was sent, or as its last correction has it
	Record    *programme.Record // checked; nil: it has no effect
	Void      *jisr.Refusal     // what the annex or the day did not allow; it was kept, and has no effect
	Withdrawn bool              // by who sent it: it has no effect any more
	Corrected bool
	Confirmed bool // the other side's figure is within the tolerance, or it said so
}

// Item is the record for charts and exports; false when it has no effect.
func (r *RecordRow) Item() (programme.Item, bool) {
	if r.Record == nil || r.Withdrawn {
		return programme.Item{}, false
	}
	return programme.Item{Record: r.Record, ID: r.ID, By: r.By, Sent: r.Sent, Handling: r.Handling, Confirmed: r.Confirmed, Corrected: r.Corrected}, true
}

// ChartQuery asks for a chart or the targets of a programme.
type ChartQuery struct {
	Forum     jisr.ForumID
	Programme jisr.ThingID
	Chart     string          // of the annex; unused for targets
	Levels    []jisr.Handling // that the caller may read; nil: all that the scope reaches. What is above is not counted
	At        time.Time       // now: a target's line is of the period it lies in
}

// Records gives a page of records. NoSuch when the programme is not in the scope; what of its records is above the scope is
// not there.
func (b *Book) Records(ctx context.Context, s Scope, q RecordQuery) (page RecordPage, err error) {
	err = b.read(ctx, "list records", func(c *conn) error {
		all, t, err := b.scan(c, s, q.Forum, q.Programme, q.Type, q.Levels)
		if err != nil {
			return err
		}
		page, err = q.choose(t, all)
		return err
	})
	return page, err
}

// Picture draws a chart of a programme from the records that may be read.
func (b *Book) Picture(ctx context.Context, s Scope, q ChartQuery) (pic *programme.Picture, err error) {
	err = b.read(ctx, "draw a chart", func(c *conn) error {
		rd, err := b.reader(c, s)
		if err != nil {
			return err
		}
		f, err := rd.flow(&b.annexes, q.Forum, q.Programme)
		if err != nil {
			return err
		}
		if !slices.Contains(f.Programme.ChartIDs(), q.Chart) {
			return jisr.Refuse(jisr.NoSuch, q.Chart, "noun", "chart")
		}
		groups, target := programme.Groups{}, f.Programme.TargetOf(q.Chart)
		for _, t := range f.Programme.Types {
			rows, _, err := b.scan(c, s, q.Forum, q.Programme, t.Name, q.Levels)
			if err != nil {
				return err
			}
			for i := range rows {
				if it, ok := rows[i].Item(); ok && target != "" {
					f.Programme.CountTarget(target, groups, it)
				} else if ok {
					f.Programme.CountChart(q.Chart, groups, it)
				}
			}
		}
		pic = f.Programme.Picture(q.Chart, groups, q.At)
		return nil
	})
	return pic, err
}

// Promises tells what the targets of a programme came to in their present periods, from the records that may be read.
func (b *Book) Promises(ctx context.Context, s Scope, q ChartQuery) (all []programme.Promise, err error) {
	err = b.read(ctx, "tell what targets came to", func(c *conn) error {
		rd, err := b.reader(c, s)
		if err != nil {
			return err
		}
		f, err := rd.flow(&b.annexes, q.Forum, q.Programme)
		if err != nil {
			return err
		}
		groups := map[string]programme.Groups{}
		for _, t := range f.Programme.Types {
			rows, _, err := b.scan(c, s, q.Forum, q.Programme, t.Name, q.Levels)
			if err != nil {
				return err
			}
			for _, target := range f.Programme.TargetIDs() {
				if groups[target] == nil {
					groups[target] = programme.Groups{}
				}
				for i := range rows {
					if it, ok := rows[i].Item(); ok {
						f.Programme.CountTarget(target, groups[target], it)
					}
				}
			}
		}
		for _, target := range f.Programme.TargetIDs() {
			all = append(all, f.Programme.Promise(target, groups[target], q.At)...)
		}
		return nil
	})
	return all, err
}

// scan reads the records of a type, newest batch first.
func (b *Book) scan(c *conn, s Scope, forum jisr.ForumID, id jisr.ThingID, typ string, levels []jisr.Handling) ([]RecordRow, *programme.Type, error) {
	rd, err := b.reader(c, s)
	if err != nil {
		return nil, nil, err
	}
	f, err := rd.flow(&b.annexes, forum, id)
	if err != nil {
		return nil, nil, err
	}
	t := f.Programme.Type(typ)
	if t == nil {
		return nil, nil, jisr.Refuse(jisr.NoSuch, typ, "noun", "record")
	}
	q := ThingQuery{Forum: forum, Noun: "record", Labels: []string{"type:" + string(id) + "/" + typ}}
	where, args, err := q.filter(Whole())
	if err != nil {
		return nil, nil, err
	}
	ids, err := rd.c.ids(`SELECT t.id FROM thing t WHERE `+where+` ORDER BY t.at DESC, t.n DESC`, args)
	rd.scope = Whole()
	var all []RecordRow
	for _, batch := range ids {
		row, err := rd.thing(forum, batch)
		if err != nil {
			return nil, nil, err
		}
		if levels != nil && !slices.Contains(levels, row.State.Batch.Handling.Level()) || s.rank() < row.State.Batch.Handling.Rank() {
			continue
		}
		body, err := rd.bodyOf(forum, row.State.Batch.Sent.Position)
		if err != nil {
			return nil, nil, err
		}
		all = append(all, f.rows(t, batch, row.State.Batch, body)...)
	}
	return all, t, err
}

func (c *conn) ids(sql string, args []any) (all []jisr.ThingID, err error) {
	err = c.each(sql, args, func(st *sqlite3.Stmt) error { all = append(all, jisr.ThingID(st.ColumnText(0))); return nil })
	return all, err
}

// rank is the highest level the scope reaches.
func (s Scope) rank() int {
	if s.whole {
		return jisr.HandlingSecret.Rank()
	}
	return s.Ceiling.Rank()
}

// rows reads the records of a batch as its body has them.
func (f *Flow) rows(t *programme.Type, id jisr.ThingID, b *jisr.RecordBatch, body []byte) (all []RecordRow) {
	if body == nil {
		return nil // it is on its way, or was erased
	}
	void := f.Fits(b)
	for raw, err := range programme.Objects(body) {
		r := RecordRow{ID: id.Name() + "." + strconv.Itoa(len(all)+1), Batch: id, Place: len(all) + 1, By: b.From, Sent: b.Sent.At, Handling: b.Handling.Level(), Raw: raw, Void: void}
		if err != nil {
			r.Void = refused(err)
		}
		if checked := new(programme.Record); r.Void == nil {
			if faults := t.Check(raw, checked); len(faults) > 0 {
				r.Void = f.Clause(faults[0].Refusal, faults[0].Clause)
			} else {
				r.Record = checked
			}
		}
		all = append(all, r)
	}
	return all
}

// choose filters, sorts and cuts.
func (q *RecordQuery) choose(t *programme.Type, all []RecordRow) (page RecordPage, err error) {
	var chosen []RecordRow
	for i := range all {
		r := &all[i]
		_, effect := r.Item()
		if effect {
			page.All++
		}
		if effect && q.holds(r) || !effect && q.Void && len(q.Filters) == 0 {
			chosen = append(chosen, *r)
		}
	}
	by := cmp.Or(q.Sort, t.Spec.Time)
	if by != "" && by[0] != '@' && t.Field(by) == nil {
		return page, jisr.Refuse(jisr.NoSuch, by, "noun", "field")
	}
	slices.SortStableFunc(chosen, func(x, y RecordRow) int {
		order := cmp.Compare(x.shown(by), y.shown(by))
		if !q.Ascending {
			order = -order
		}
		return order
	})
	skip := 0
	if q.Cursor != "" {
		if skip, err = strconv.Atoi(q.Cursor); err != nil || skip < 0 || skip > len(chosen) {
			return page, jisr.Refuse(jisr.Malformed, "cursor")
		}
	}
	page.Rows = chosen[skip:]
	if n := pageSize(q.Limit); len(page.Rows) > n {
		page.Rows, page.Next = page.Rows[:n], strconv.Itoa(skip+n)
	}
	return page, nil
}

func (r *RecordRow) shown(field string) string {
	switch {
	case field == "" || field == "@sent":
		return r.Sent.UTC().Format(time.RFC3339Nano)
	case field == "@by":
		return string(r.By)
	case r.Record == nil:
		return ""
	}
	return r.Record.Show(field)
}

func (q *RecordQuery) holds(r *RecordRow) bool {
	for _, f := range q.Filters {
		v := r.shown(f.Field)
		if len(f.Is) > 0 && !slices.Contains(f.Is, v) || f.From != "" && v < f.From || f.To != "" && v >= f.To && !strings.HasPrefix(v, f.To) {
			return false
		}
	}
	return q.Search == "" || len(Matches(q.Search, string(r.Raw))) > 0
}
