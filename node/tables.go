package node

import (
	"context"
	"encoding/json"
	"iter"
	"strconv"

	"jisr"
	"jisr/book"
	"jisr/programme"
)

// maxShown is how many good rows, and how many that are not, a preview shows.
const maxShown = 200

// Table is a file as its publisher writes it, with the column map that makes records of it.
type Table struct {
	Forum     jisr.ForumID
	Programme jisr.ThingID
	Type      string
	Columns   programme.Columns // its Record is Type
	Data      []byte
}

// Preview is what a column map makes of a table, before anything is sent: the first good rows, and the first that are not,
// in the order of the file, each bad cell marked with the reason and the paragraph of the annex it breaks.
type Preview struct {
	Type    *programme.Type
	Records int // how many the table makes
	Good    int // how many of them the annex allows
	Rows    []programme.Imported
}

// Preview shows what would be sent, and sends nothing.
func (n *Node) Preview(ctx context.Context, c Caller, t Table) (*Preview, error) {
	rows, typ, err := n.imported(ctx, c, t)
	if err != nil {
		return nil, err
	}
	p := &Preview{Type: typ}
	wrong := 0
	for r, err := range rows {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return nil, err
		}
		p.Records++
		if len(r.Faults) == 0 {
			p.Good++
		} else {
			wrong++
		}
		if len(r.Faults) == 0 && p.Good <= maxShown || len(r.Faults) > 0 && wrong <= maxShown {
			p.Rows = append(p.Rows, r)
		}
	}
	return p, nil
}

// imported makes records of a table, for a caller who may read the programme. Each refusal of a row says which clause.
func (n *Node) imported(ctx context.Context, c Caller, t Table) (iter.Seq2[programme.Imported, error], *programme.Type, error) {
	f, err := n.book.Flow(ctx, n.ScopeOf(c), t.Forum, t.Programme)
	if err != nil {
		return nil, nil, err
	}
	if err := n.reads(ctx, c, Read, aboutFlow(c, f, jisr.HandlingPublic), false); err != nil {
		return nil, nil, err
	}
	typ := f.Programme.Type(t.Type)
	if typ == nil {
		return nil, nil, jisr.Refuse(jisr.NoSuch, t.Type, "noun", "record")
	}
	t.Columns.Record = t.Type
	rows, checks := f.Programme.Import(t.Columns, t.Data), n.holds(ctx, f, typ, nil)
	return func(yield func(programme.Imported, error) bool) {
		for r, err := range rows {
			if err == nil && len(r.Faults) == 0 && len(checks) > 0 {
				r.Faults = marked(t.Columns, typ, r.Raw, checks)
			}
			for i := range r.Faults {
				r.Faults[i].Refusal = f.Clause(r.Faults[i].Refusal, r.Faults[i].Clause)
			}
			if !yield(r, err) {
				return
			}
		}
	}, typ, nil
}

// marked holds a row that the annex allows against what it names, and marks the cells.
func marked(c programme.Columns, t *programme.Type, raw json.RawMessage, checks []func(*programme.Record) []programme.Fault) (all []programme.Marked) {
	var r programme.Record
	if len(t.Check(raw, &r)) > 0 {
		return nil
	}
	for _, check := range checks {
		for _, fault := range check(&r) {
			m := programme.Marked{Fault: fault, Cell: fault.Refusal.Need["got"]}
			if from := c.Fields[fault.Path].From; len(from) > 0 {
				m.Column = from[0]
			}
			all = append(all, m)
		}
	}
	return all
}

// Imported is what became of a table: the records to send, and the rows that were left out, each with its first fault.
type Imported struct {
	Records []json.RawMessage
	Refused []book.RefusedRow
}

// Import makes the records of a table, ready for [SendRecords]. Without partial the first row that the annex does not allow
// refuses all; with it, such rows are left out and listed. Nothing is sent yet.
func (n *Node) Import(ctx context.Context, c Caller, t Table, partial bool) (Imported, error) {
	rows, _, err := n.imported(ctx, c, t)
	if err != nil {
		return Imported{}, err
	}
	var out Imported
	for r, err := range rows {
		if err != nil {
			return Imported{}, err
		}
		if len(r.Faults) == 0 {
			out.Records = append(out.Records, r.Raw)
			continue
		}
		for _, m := range r.Faults {
			m.Refusal.Need["line"], m.Refusal.Need["column"] = strconv.Itoa(r.Line), m.Column
			if m.Refusal.Subject = m.Path; !partial {
				return Imported{}, m.Refusal
			}
			out.Refused = append(out.Refused, book.RefusedRow{Row: r.Line, Path: m.Path, Refusal: m.Refusal})
		}
	}
	if len(out.Records) == 0 && len(out.Refused) > 0 {
		return Imported{}, out.Refused[0].Refusal
	}
	return out, nil
}

// ColumnMaps gives the column maps the house keeps for a type of records.
func (n *Node) ColumnMaps(ctx context.Context, c Caller, forum jisr.ForumID, id jisr.ThingID, typ string) ([]book.ColumnsRow, error) {
	f, _, err := n.readRecords(ctx, c, forum, id)
	if err != nil {
		return nil, err
	}
	return n.book.Columns(ctx, n.ScopeOf(c), f.Forum, f.ID, typ)
}

// KeepColumns keeps a column map for the next file; with an ID it takes the place of that one.
type KeepColumns struct {
	ID        jisr.ThingID // empty: a new one
	Forum     jisr.ForumID
	Programme jisr.ThingID
	Type      string
	Title     string
	Columns   programme.Columns
}

// DropColumns says that a column map is of no use any more.
type DropColumns struct{ ID jisr.ThingID }

func (KeepColumns) verb() Verb { return "columns.keep" }
func (DropColumns) verb() Verb { return "columns.drop" }

// decide keeps a map that the annex as it stands can be read by: one that names no field is of no use to anybody.
func (c KeepColumns) decide(d *decision) error {
	f, err := d.n.book.Flow(d.ctx, d.scope(), c.Forum, c.Programme)
	if err != nil {
		return err
	}
	about := aboutFlow(d.caller, f, jisr.HandlingPublic)
	d.about = &about
	terms := jisr.ColumnsTerms{Forum: c.Forum, Programme: c.Programme, Type: c.Type, Title: c.Title}
	if err := terms.Check(); err != nil {
		return err
	}
	c.Columns.Record = c.Type
	if err := f.Programme.CheckColumns(c.Columns); err != nil {
		return err
	}
	id := c.ID
	if id == "" {
		id = d.newThing("columns", c.Forum, "")
	}
	if err := d.touch(id); err != nil {
		return err
	}
	p := planned{forum: jisr.House, kind: jisr.KindColumnsKeep, about: id, terms: terms, body: c.Columns, maxBody: maxBatchBody}
	if err := d.meets(p); err != nil {
		return err
	}
	return d.house(p)
}

func (c DropColumns) decide(d *decision) error {
	if err := d.touch(c.ID); err != nil {
		return err
	}
	p := planned{forum: jisr.House, kind: jisr.KindColumnsDrop, about: c.ID}
	if err := d.meets(p); err != nil {
		return err
	}
	return d.house(p)
}
