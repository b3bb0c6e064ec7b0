package book

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"strings"

	"github.com/ncruces/go-sqlite3"

	"jisr"
)

// CommentQuery asks for comments of readers, newest first. Zero values ask for all.
type CommentQuery struct {
	Forum     jisr.ForumID
	Statement jisr.ThingID
	State     string
	Cursor    string // from the page before
	Limit     int    // 1 to 200, 0 is 50
}

// CommentRow is a comment. It holds the reader's address, which is for who moderates alone.
type CommentRow struct {
	ID jisr.ThingID
	jisr.Comment
	Body jisr.CommentBody // empty once it was erased
}

// Comments gives a page of comments on statements of the forums that the scope reaches.
func (b *Book) Comments(ctx context.Context, s Scope, q CommentQuery) (rows []CommentRow, next string, err error) {
	where, args := `(?='' OR c.forum=?) AND (?='' OR c.statement=?) AND (?='' OR c.state=?)`, []any{string(q.Forum), string(q.Forum), string(q.Statement), string(q.Statement), q.State, q.State}
	if q.Cursor != "" {
		first, id, _ := strings.Cut(q.Cursor, ".")
		at, err := strconv.ParseInt(first, 10, 64)
		if err != nil || len(id) > jisr.MaxID {
			return nil, "", jisr.Refuse(jisr.Malformed, "cursor")
		}
		where, args = where+` AND (c.at, c.id)<(?,?)`, append(args, at, "comment/"+id)
	}
	limit := pageSize(q.Limit)
	err = b.read(ctx, "list comments", func(c *conn) error {
		return c.each(`SELECT c.id, c.comment, b.body, c.at FROM comment c LEFT JOIN body b ON b.key=c.received WHERE `+where+` ORDER BY c.at DESC, c.id DESC LIMIT `+strconv.Itoa(limit+1), args, func(st *sqlite3.Stmt) error {
			if len(rows) == limit {
				next = strconv.FormatInt(rows[limit-1].Received.At.UnixMilli(), 10) + "." + rows[limit-1].ID.Name()
				return nil
			}
			r := CommentRow{ID: jisr.ThingID(st.ColumnText(0))}
			if err := json.Unmarshal(st.ColumnRawText(1), &r.Comment); err != nil || !s.Reaches(r.Forum) {
				return err
			}
			body, err := unpack(st.ColumnRawBlob(2))
			if err == nil && len(body) > 0 {
				r.Body, _ = jisr.DecodeComment(body) // one that does not hold shows nothing
			}
			rows = append(rows, r)
			return err
		})
	})
	return rows, next, err
}

// CommentCounts tells how many comments stand in each state.
func (b *Book) CommentCounts(ctx context.Context, s Scope) (map[string]int, error) {
	counts := map[string]int{}
	err := b.read(ctx, "count comments", func(c *conn) error {
		return c.each(`SELECT state, forum, count(*) FROM comment GROUP BY state, forum`, nil, func(st *sqlite3.Stmt) error {
			if s.Reaches(jisr.ForumID(st.ColumnText(1))) {
				counts[st.ColumnText(0)] += st.ColumnInt(2)
			}
			return nil
		})
	})
	return counts, err
}

// Comment gives one comment; NoSuch when there is none in the scope's forums.
func (b *Book) Comment(ctx context.Context, s Scope, id jisr.ThingID) (r CommentRow, err error) {
	err = b.read(ctx, "read a comment", func(c *conn) error {
		var raw []byte
		if err := c.one(`SELECT comment FROM comment WHERE id=?`, []any{string(id)}, &raw); errors.Is(err, errNoRow) {
			return jisr.Refuse(jisr.NoSuch, string(id), "noun", "comment")
		} else if err != nil {
			return err
		}
		r.ID = id
		if err := json.Unmarshal(raw, &r.Comment); err != nil || s.Reaches(r.Forum) {
			return err
		}
		return jisr.Refuse(jisr.NoSuch, string(id), "noun", "comment")
	})
	return r, err
}

func (t *batch) writeComment(c *conn, x *touched) error {
	m := x.state.Comment
	return c.do(`INSERT INTO comment(id, forum, statement, state, at, received, comment) VALUES(?,?,?,?,?,?,?) ON CONFLICT DO UPDATE SET state=excluded.state, comment=excluded.comment`,
		string(x.thing), string(m.Forum), string(m.Statement), m.State, m.Received.At.UnixMilli(), t.houseKey(m.Received.Index), x.json)
}
