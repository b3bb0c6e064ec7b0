package book

import (
	"context"
	"encoding/json"

	"github.com/ncruces/go-sqlite3"

	"jisr"
)

// OutgoingRow is a joint act in preparation in the house.
type OutgoingRow struct {
	ID       jisr.ThingID
	Outgoing jisr.Outgoing
}

// Concerning gives the acts of a forum that the state of a thing is folded from (jisr.Concerns), in their order.
func (b *Book) Concerning(ctx context.Context, forum jisr.ForumID, thing jisr.ThingID) (acts []jisr.Act, err error) {
	err = b.read(ctx, "read the acts concerning a thing", func(c *conn) error {
		rd, err := b.reader(c, Whole())
		if err != nil {
			return err
		}
		x := touched{half: half{forum, thing}}
		err = c.load(rd.of, &x)
		for i := range x.stored {
			acts = append(acts, x.stored[i].act)
		}
		jisr.Sort(acts)
		return err
	})
	return acts, err
}

// Outgoing gives a joint act in preparation, with the newest body drafted; NoSuch when there is none.
func (b *Book) Outgoing(ctx context.Context, id jisr.ThingID) (row OutgoingRow, body jisr.OutgoingBody, err error) {
	err = b.read(ctx, "read an outgoing act", func(c *conn) error {
		rows, err := c.outgoing(`WHERE id=?`, string(id))
		if err != nil {
			return err
		}
		if len(rows) == 0 {
			return jisr.Refuse(jisr.NoSuch, string(id), "noun", "outgoing")
		}
		row = rows[0]
		logs, err := c.places()
		if err != nil {
			return err
		}
		raw, err := c.body(keyOf(logs[Log{jisr.House, row.Outgoing.Drafted.Member}].n, row.Outgoing.Drafted.Index))
		if err == nil && raw != nil {
			err = json.Unmarshal(raw, &body)
		}
		return err
	})
	return row, body, err
}

// OutgoingAbout lists what is in preparation about a thing, or in all of a forum when thing is empty: open ones, newest
// first, at most 200.
func (b *Book) OutgoingAbout(ctx context.Context, forum jisr.ForumID, thing jisr.ThingID) (rows []OutgoingRow, err error) {
	err = b.read(ctx, "list outgoing acts", func(c *conn) error {
		rows, err = c.outgoing(`WHERE open=1 AND forum=? AND (?='' OR about=?) ORDER BY at DESC, id DESC LIMIT 200`, string(forum), string(thing), string(thing))
		return err
	})
	return rows, err
}

func (c *conn) outgoing(where string, args ...any) (rows []OutgoingRow, err error) {
	err = c.each(`SELECT id, state FROM outgoing `+where, args, func(st *sqlite3.Stmt) error {
		r := OutgoingRow{ID: jisr.ThingID(st.ColumnText(0))}
		err := json.Unmarshal(st.ColumnRawText(1), &r.Outgoing)
		rows = append(rows, r)
		return err
	})
	return rows, err
}

// Domestic gives the domestic track of an agreement; nil when there is none.
func (b *Book) Domestic(ctx context.Context, agreement jisr.ThingID) (track *jisr.Domestic, err error) {
	err = b.read(ctx, "read a domestic track", func(c *conn) error {
		return c.each(`SELECT state FROM domestic WHERE id=?`, []any{string(jisr.DomesticOf(agreement))}, func(st *sqlite3.Stmt) error {
			track = &jisr.Domestic{}
			return json.Unmarshal(st.ColumnRawText(0), track)
		})
	})
	return track, err
}

func (t *batch) writeOutgoing(c *conn, x *touched) error {
	o, open := x.state.Outgoing, 0
	if o.Open() {
		open = 1
	}
	return c.do(`INSERT INTO outgoing(id, forum, about, open, at, state) VALUES(?,?,?,?,?,?) ON CONFLICT DO UPDATE SET open=excluded.open, at=excluded.at, state=excluded.state`,
		string(x.thing), string(o.Forum), string(o.About), open, x.at, x.json)
}
