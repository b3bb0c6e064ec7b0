package book

import (
	"context"
	"encoding/json"

	"github.com/ncruces/go-sqlite3"

	"jisr"
	"jisr/programme"
)

// ColumnsRow is a column map that the house keeps.
type ColumnsRow struct {
	ID      jisr.ThingID
	State   jisr.ColumnMap
	Columns programme.Columns
}

// Columns gives the column maps kept for a type of records, by title.
func (b *Book) Columns(ctx context.Context, s Scope, forum jisr.ForumID, id jisr.ThingID, typ string) (rows []ColumnsRow, err error) {
	if !s.Reaches(forum) {
		return nil, nil
	}
	err = b.read(ctx, "list column maps", func(c *conn) error {
		return c.each(`SELECT c.id, c.state, b.body FROM columns c JOIN body b ON b.key=c.kept WHERE c.forum=? AND c.programme=? AND c.type=? AND c.dropped=0
			ORDER BY json_extract(c.state, '$.title'), c.id LIMIT 200`, []any{string(forum), string(id), typ}, func(st *sqlite3.Stmt) error {
			r := ColumnsRow{ID: jisr.ThingID(st.ColumnText(0))}
			if err := json.Unmarshal(st.ColumnRawText(1), &r.State); err != nil {
				return err
			}
			body, err := unpack(st.ColumnRawBlob(2))
			if err == nil && json.Unmarshal(body, &r.Columns) == nil { // the house's own: what does not read is of another version
				rows = append(rows, r)
			}
			return err
		})
	})
	return rows, err
}

func (t *batch) writeColumns(c *conn, x *touched) error {
	m := x.state.Columns
	return c.do(`INSERT INTO columns(id, forum, programme, type, dropped, kept, state) VALUES(?,?,?,?,?,?,?) ON CONFLICT DO UPDATE
		SET dropped=excluded.dropped, kept=excluded.kept, state=excluded.state`,
		string(x.thing), string(m.Forum), string(m.Programme), m.Type, m.Dropped != nil, t.houseKey(m.Kept.Index), x.json)
}
