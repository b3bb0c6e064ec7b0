package book

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/ncruces/go-sqlite3"

	"jisr"
)

// Forums gives the forums this node has met, by id: those the house accepted, and those of which it holds a
// forum.join. The house itself is none.
func (b *Book) Forums(ctx context.Context) (rows []ForumRow, err error) {
	err = b.read(ctx, "list forums", func(c *conn) error {
		return c.each(`SELECT f.id, (SELECT joint FROM joint WHERE thing=t.n), b.body FROM (SELECT id FROM forum UNION SELECT forum FROM thing WHERE noun='forum') f
			LEFT JOIN thing t ON t.forum=f.id AND t.id='forum/'||f.id LEFT JOIN forum a ON a.id=f.id LEFT JOIN body b ON b.key=a.accept ORDER BY 1`, nil, func(st *sqlite3.Stmt) error {
			r, err := readForum(st)
			rows = append(rows, r)
			return err
		})
	})
	return rows, err
}

func readForum(st *sqlite3.Stmt) (ForumRow, error) {
	r := ForumRow{ID: jisr.ForumID(st.ColumnText(0))}
	if raw := st.ColumnRawText(1); len(raw) > 0 {
		var s jisr.State
		if err := json.Unmarshal(raw, &s); err != nil {
			return r, err
		}
		r.Forum, r.Title = s.Forum, s.Forum.Title
	}
	body, err := unpack(st.ColumnRawBlob(2))
	if err != nil {
		return r, err
	}
	if len(body) > 0 {
		const maxLetters = 4 << 20
		var a jisr.AcceptBody
		if refusal := strict(body, maxLetters, &a); refusal != nil {
			return r, fmt.Errorf("couldn't read the letters of credence of %s: %w", r.ID, errors.New(refusal.Error()))
		}
		r.Accept = &a
		if !a.Title.Empty() { // our own name for it comes first
			r.Title = a.Title
		}
	}
	return r, nil
}

const accountColumns = `SELECT a.id, a.account, s.body FROM account a LEFT JOIN body s ON s.key=a.secret `

// Account gives an official or a token, ended or not; NoSuch when there never was one.
func (b *Book) Account(ctx context.Context, id jisr.ThingID) (AccountRow, error) {
	return b.account(ctx, string(id), accountColumns+`WHERE a.id=?`, string(id))
}

// TokenByHash gives the account whose newest secret has this SHA-256, ended or not.
func (b *Book) TokenByHash(ctx context.Context, sha256hex string) (AccountRow, error) {
	return b.account(ctx, "token", accountColumns+`WHERE a.hash=?`, sha256hex)
}

func (b *Book) account(ctx context.Context, subject, sql, arg string) (AccountRow, error) {
	rows, err := b.accounts(ctx, sql, arg)
	if err == nil && len(rows) == 0 {
		return AccountRow{}, jisr.Refuse(jisr.NoSuch, subject)
	}
	if err != nil {
		return AccountRow{}, err
	}
	return rows[0], nil
}

// Accounts gives every official and token there ever was, by id.
func (b *Book) Accounts(ctx context.Context) ([]AccountRow, error) {
	return b.accounts(ctx, accountColumns+`ORDER BY a.id`)
}

func (b *Book) accounts(ctx context.Context, sql string, args ...any) (rows []AccountRow, err error) {
	err = b.read(ctx, "read accounts", func(c *conn) error {
		return c.each(sql, args, func(st *sqlite3.Stmt) error {
			r := AccountRow{ID: jisr.ThingID(st.ColumnText(0))}
			if err := json.Unmarshal(st.ColumnRawText(1), &r.Account); err != nil {
				return err
			}
			body, err := unpack(st.ColumnRawBlob(2))
			if err != nil {
				return err
			}
			r.Secret, _ = readSecret(body) // one that is erased or unreadable verifies nothing
			rows = append(rows, r)
			return nil
		})
	})
	return rows, err
}

// Desks gives the desks of the house.
func (b *Book) Desks(ctx context.Context) (map[jisr.DeskID]jisr.Desk, error) {
	desks := map[jisr.DeskID]jisr.Desk{}
	err := b.read(ctx, "read desks", func(c *conn) error {
		return c.each(`SELECT id, desk FROM desk`, nil, func(st *sqlite3.Stmt) error {
			var d jisr.Desk
			err := json.Unmarshal(st.ColumnRawText(1), &d)
			desks[jisr.DeskID(st.ColumnText(0))] = d
			return err
		})
	})
	return desks, err
}

// LastNumber gives the highest number a member released in a forum in a year; 0 before the first.
func (b *Book) LastNumber(ctx context.Context, forum jisr.ForumID, member jisr.MemberID, year int) (last int, err error) {
	err = b.read(ctx, "read a number series", func(c *conn) error {
		err := c.one(`SELECT last FROM series WHERE forum=? AND member=? AND year=?`, []any{string(forum), string(member), fmt.Sprintf("%04d", year)}, &last)
		if errors.Is(err, errNoRow) {
			return nil
		}
		return err
	})
	return last, err
}

// Head gives what an act written now has to say of its forum: it goes above clock, and has seen this much of
// each log that has any. The writer's own log is among them, with the index its next act will have.
func (b *Book) Head(_ context.Context, forum jisr.ForumID) (clock int64, seen map[jisr.MemberID]jisr.Index, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	seen = map[jisr.MemberID]jisr.Index{}
	for l, p := range b.logs {
		if l.Forum == forum && p.next > 0 {
			clock, seen[l.Member] = max(clock, p.clock), p.next
		}
	}
	return clock, seen, nil
}

// Digest is SHA-256 over, for each thing of the forum with a joint state in the order of their ids, the id, a
// zero byte and [jisr.State.Digest]; sizes says of how much of each log this is. House acts, bodies and receipts
// are not in it, so nodes that hold the same acts have the same, each in its own house.
func (b *Book) Digest(ctx context.Context, forum jisr.ForumID) (digest [32]byte, sizes map[jisr.MemberID]jisr.Index, err error) {
	sizes = map[jisr.MemberID]jisr.Index{}
	err = b.read(ctx, "digest the joint state", func(c *conn) error {
		logs, err := c.places()
		for l, p := range logs {
			if l.Forum == forum && p.next > 0 {
				sizes[l.Member] = p.next
			}
		}
		if err != nil {
			return err
		}
		h := sha256.New()
		err = c.each(`SELECT id, digest FROM note WHERE forum=?1 AND digest IS NOT NULL
			UNION ALL SELECT id, digest FROM thing WHERE forum=?1 ORDER BY 1`, []any{string(forum)}, func(st *sqlite3.Stmt) error {
			h.Write(append(st.ColumnRawText(0), 0)) // a hash takes every write
			h.Write(st.ColumnRawBlob(1))
			return nil
		})
		h.Sum(digest[:0])
		return err
	})
	return digest, sizes, err
}

// Wanting lists, for each log, the acts that carry a body which has not arrived.
func (b *Book) Wanting(ctx context.Context) (map[Log][]jisr.Index, error) {
	wanting := map[Log][]jisr.Index{}
	err := b.read(ctx, "list missing bodies", func(c *conn) error {
		logs, err := c.places()
		if err != nil {
			return err
		}
		of := byNumber(logs)
		return c.each(`SELECT key FROM act WHERE wants=1 ORDER BY key`,
			nil, func(st *sqlite3.Stmt) error {
				k := key(st.ColumnInt64(0))
				wanting[of[k.log()]] = append(wanting[of[k.log()]], k.index())
				return nil
			})
	})
	return wanting, err
}
