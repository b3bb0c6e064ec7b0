package book

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"

	"github.com/ncruces/go-sqlite3"

	"jisr"
)

// OutgoingRow is a joint act in preparation in the house.
type OutgoingRow struct {
	ID       jisr.ThingID
	Outgoing jisr.Outgoing
}

// Concerning gives the acts of a forum that the state of a thing is folded from (jisr.Concerns), in their order: all of
// them to who sees the thing, for part of them would make another state. NoSuch to others; of what is not there, none.
func (b *Book) Concerning(ctx context.Context, s Scope, forum jisr.ForumID, thing jisr.ThingID) (acts []jisr.Act, err error) {
	err = b.read(ctx, "read the acts concerning a thing", func(c *conn) error {
		rd, err := b.reader(c, s)
		if err == nil {
			err = rd.mayMeet(forum, thing)
		}
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

// mayMeet refuses a thing that is here and not in the scope, as one that is not here is refused.
func (rd *reader) mayMeet(forum jisr.ForumID, thing jisr.ThingID) error {
	here, seen := 0, 0
	cond, args := rd.scope.acts(forum)
	f, id := string(forum), string(thing)
	err := rd.c.one(`SELECT EXISTS(SELECT 1 FROM note WHERE forum=? AND id=?) OR EXISTS(SELECT 1 FROM thing WHERE forum=? AND id=?), `+cond+`
		FROM (SELECT ? AS thing) a`, slices.Concat([]any{f, id, f, id}, args, []any{id}), &here, &seen)
	if err == nil && here == 1 && seen == 0 {
		return jisr.Refuse(jisr.NoSuch, id, "noun", thing.Noun())
	}
	return err
}

// outgoing writes the scope as a condition over rows of outgoing, table o: what is about a thing is for who sees the thing,
// what begins one is of the desks that drafted it, at the level it is drafted at.
func (s Scope) outgoing() (cond string, args []any) {
	if s.whole {
		return "true", nil
	}
	note, ofNote := s.where("n")
	thing, ofThing := s.where("t")
	own, ofOwn := s.where("o")
	return `coalesce((SELECT ` + note + ` FROM note n WHERE n.forum=o.forum AND n.id=o.about),
		(SELECT ` + thing + ` FROM thing t WHERE t.forum=o.forum AND t.id=o.about), ` + own + `)`, slices.Concat(ofNote, ofThing, ofOwn)
}

// Outgoing gives a joint act in preparation, with the newest body drafted; NoSuch when there is none.
func (b *Book) Outgoing(ctx context.Context, s Scope, id jisr.ThingID) (row OutgoingRow, body jisr.OutgoingBody, err error) {
	err = b.read(ctx, "read an outgoing act", func(c *conn) error {
		rows, err := c.outgoing(s, `o.id=?`, string(id))
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
func (b *Book) OutgoingAbout(ctx context.Context, s Scope, forum jisr.ForumID, thing jisr.ThingID) (rows []OutgoingRow, err error) {
	err = b.read(ctx, "list outgoing acts", func(c *conn) error {
		rows, err = c.outgoing(s, `o.open=1 AND o.forum=? AND (?='' OR o.about=?)`, string(forum), string(thing), string(thing))
		return err
	})
	return rows, err
}

func (c *conn) outgoing(s Scope, where string, args ...any) (rows []OutgoingRow, err error) {
	scope, more := s.outgoing()
	err = c.each(`SELECT o.id, o.state FROM outgoing o WHERE `+where+` AND `+scope+` ORDER BY o.at DESC, o.id DESC LIMIT 200`, append(args, more...), func(st *sqlite3.Stmt) error {
		r := OutgoingRow{ID: jisr.ThingID(st.ColumnText(0))}
		err := json.Unmarshal(st.ColumnRawText(1), &r.Outgoing)
		rows = append(rows, r)
		return err
	})
	return rows, err
}

// Prepared tells which uploads are named by what is in preparation: drafts of notes that are neither released nor discarded, and
// open outgoing acts.
func (b *Book) Prepared(ctx context.Context, uploads []string) (named map[string]bool, err error) {
	named = map[string]bool{}
	err = b.read(ctx, "look for files of drafts", func(c *conn) error {
		logs, err := c.places()
		if err != nil {
			return err
		}
		names := func(st *sqlite3.Stmt) error {
			body, err := unpack(st.ColumnRawBlob(0))
			for _, id := range uploads {
				named[id] = named[id] || bytes.Contains(body, []byte(id))
			}
			return err
		}
		err = c.each(`SELECT b.body FROM note n JOIN body b ON b.key=n.drafted WHERE n.note IS NULL AND n.state<>?`, []any{string(jisr.DiscardedState)}, names)
		if err != nil {
			return err
		}
		return c.each(`SELECT state FROM outgoing WHERE open=1`, nil, func(st *sqlite3.Stmt) error {
			var o jisr.Outgoing
			if err := json.Unmarshal(st.ColumnRawText(0), &o); err != nil {
				return err
			}
			return c.each(`SELECT body FROM body WHERE key=?`, []any{keyOf(logs[Log{jisr.House, o.Drafted.Member}].n, o.Drafted.Index)}, names)
		})
	})
	return named, err
}

// Domestic gives the domestic track of an agreement that is in the scope; nil when there is none.
func (b *Book) Domestic(ctx context.Context, s Scope, agreement jisr.ThingID) (track *jisr.Domestic, err error) {
	err = b.read(ctx, "read a domestic track", func(c *conn) error {
		cond, args := s.where("t")
		return c.each(`SELECT d.state FROM domestic d JOIN thing t ON t.id=? WHERE d.id=? AND `+cond, append([]any{string(agreement), string(jisr.DomesticOf(agreement))}, args...), func(st *sqlite3.Stmt) error {
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
	var of owners
	for i := range o.Drafters {
		of.add(&o.Drafters[i])
	}
	raw, err := c.body(t.houseKey(o.Drafted.Index))
	if err != nil {
		return err
	}
	var body struct {
		Terms struct {
			Handling jisr.Handling `json:"handling"`
		} `json:"terms"`
	}
	if json.Unmarshal(raw, &body) != nil { // it is not here, or says no level
		body.Terms.Handling = ""
	}
	return c.do(`INSERT INTO outgoing(id, forum, about, open, at, handling, acted, filed, state) VALUES(?,?,?,?,?,?,'',?,?) ON CONFLICT DO UPDATE
		SET open=excluded.open, at=excluded.at, handling=excluded.handling, filed=excluded.filed, state=excluded.state`,
		string(x.thing), string(o.Forum), string(o.About), open, x.at, body.Terms.Handling.Rank(), of.tokens(), x.json)
}
