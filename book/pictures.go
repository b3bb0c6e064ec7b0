package book

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/ncruces/go-sqlite3"

	"jisr"
)

// PictureRow is a picture beside a statement.
type PictureRow struct {
	ID jisr.ThingID
	jisr.Picture
}

// Pictures gives the pictures beside a statement that were not withdrawn, in the order in which they came.
func (b *Book) Pictures(ctx context.Context, s Scope, forum jisr.ForumID, statement jisr.ThingID) (rows []PictureRow, err error) {
	if !s.Reaches(forum) {
		return nil, nil
	}
	err = b.read(ctx, "list pictures", func(c *conn) error {
		return c.each(`SELECT id, picture FROM picture WHERE forum=? AND statement=? AND gone=0 ORDER BY shown LIMIT 50`, []any{string(forum), string(statement)}, func(st *sqlite3.Stmt) error {
			r := PictureRow{ID: jisr.ThingID(st.ColumnText(0))}
			err := json.Unmarshal(st.ColumnRawText(1), &r.Picture)
			rows = append(rows, r)
			return err
		})
	})
	return rows, err
}

// PictureFile gives a picture that was not withdrawn, as JPEG; NoSuch when there is none beside the statement.
func (b *Book) PictureFile(ctx context.Context, s Scope, forum jisr.ForumID, statement, id jisr.ThingID) (jpeg []byte, err error) {
	err = b.read(ctx, "read a picture", func(c *conn) error {
		var k key
		err := c.one(`SELECT shown FROM picture WHERE id=? AND forum=? AND statement=? AND gone=0`, []any{string(id), string(forum), string(statement)}, &k)
		if errors.Is(err, errNoRow) || err == nil && !s.Reaches(forum) {
			return jisr.Refuse(jisr.NoSuch, string(id), "noun", "picture")
		}
		if err != nil {
			return err
		}
		body, err := c.body(k)
		var p jisr.PictureBody
		if err == nil && (body == nil || json.Unmarshal(body, &p) != nil) {
			err = jisr.Refuse(jisr.NoSuch, string(id), "noun", "picture")
		}
		jpeg = p.JPEG
		return err
	})
	return jpeg, err
}

func (t *batch) writePicture(c *conn, x *touched) error {
	p := x.state.Picture
	return c.do(`INSERT INTO picture(id, forum, statement, gone, shown, picture) VALUES(?,?,?,?,?,?) ON CONFLICT DO UPDATE SET gone=excluded.gone, picture=excluded.picture`,
		string(x.thing), string(p.Forum), string(p.Statement), p.Withdrawn != nil, t.houseKey(p.Shown.Index), x.json)
}
