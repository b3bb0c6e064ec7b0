package book

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"slices"

	"github.com/ncruces/go-sqlite3"

	"jisr"
)

// OutgoingRow is a joint act in preparation in the house. Handling, Desks and Officials are those of the thing it is about and of who
// drafted it; of what it begins, of who drafted it and of whom the house named for it.
type OutgoingRow struct {
	ID        jisr.ThingID
	Outgoing  jisr.Outgoing
	Handling  jisr.Handling
	Desks     []jisr.DeskID
	Officials []jisr.OfficialID
}

// Begun is a joint thing that is not there yet, and what the house says of it: an act in preparation would begin it.
type Begun struct {
	OutgoingRow
	House   []ActRow
	Custody *jisr.Custody // nil: nobody said whose it is
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
// what begins one is of who drafted it and of whom the house named for it, at the level it is drafted at.
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

// Begun gives the thing that an open act in preparation would begin; NoSuch when it is there already, or none does.
func (b *Book) Begun(ctx context.Context, s Scope, forum jisr.ForumID, thing jisr.ThingID) (v Begun, err error) {
	err = b.read(ctx, "read what is begun", func(c *conn) error {
		rows, err := c.outgoing(s, `o.open=1 AND o.forum=? AND o.about=? AND NOT EXISTS(SELECT 1 FROM thing t WHERE t.forum=o.forum AND t.id=o.about)`, string(forum), string(thing))
		if err != nil {
			return err
		}
		if len(rows) == 0 {
			return jisr.Refuse(jisr.NoSuch, string(thing), "noun", thing.Noun())
		}
		v.OutgoingRow = rows[0]
		rd, err := b.reader(c, s)
		if err == nil {
			v.House, v.Custody, err = rd.custody(forum, thing)
		}
		return err
	})
	return v, err
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

// The rows of outgoing, filed under what the house says of the thing that they begin.
const outgoingFiled = `(SELECT o.*, coalesce((SELECT filed FROM custody WHERE forum=o.forum AND thing=o.about), '') AS filed FROM outgoing o) o`

func (c *conn) outgoing(s Scope, where string, args ...any) (rows []OutgoingRow, err error) {
	scope, more := s.outgoing()
	err = c.each(`SELECT o.id, o.state, coalesce(t.handling, o.handling), coalesce(t.acted||t.filed, '')||o.acted||o.filed
		FROM `+outgoingFiled+` LEFT JOIN thing t ON t.forum=o.forum AND t.id=o.about
		WHERE `+where+` AND `+scope+` ORDER BY o.at DESC, o.id DESC LIMIT 200`, append(args, more...), func(st *sqlite3.Stmt) error {
		of := readOwners(st.ColumnText(3), "")
		r := OutgoingRow{ID: jisr.ThingID(st.ColumnText(0)), Handling: jisr.HandlingOf(st.ColumnInt(2)), Desks: of.desks, Officials: of.officials}
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
	err = c.do(`INSERT INTO outgoing(id, forum, about, open, at, handling, acted, state) VALUES(?,?,?,?,?,?,?,?) ON CONFLICT DO UPDATE
		SET open=excluded.open, at=excluded.at, handling=excluded.handling, acted=excluded.acted, state=excluded.state`,
		string(x.thing), string(o.Forum), string(o.About), open, x.at, body.Terms.Handling.Rank(), of.tokens(), x.json)
	if err != nil || o.Released == nil {
		return err
	}
	return c.drafted(o.Forum, o.About, &of)
}

// drafted files a thing under who drafted what the house said of it: who releases it may be another desk's.
func (c *conn) drafted(f jisr.ForumID, thing jisr.ThingID, of *owners) error {
	var before string
	err := c.one(`SELECT drafted FROM custody WHERE forum=? AND thing=?`, []any{string(f), string(thing)}, &before)
	if err != nil && !errors.Is(err, errNoRow) {
		return err
	}
	was := readOwners(before, "")
	for _, d := range was.desks {
		of.add(&jisr.By{Desk: d})
	}
	for _, p := range was.officials {
		of.add(&jisr.By{Official: p})
	}
	err = c.do(`INSERT INTO custody(forum, thing, drafted) VALUES(?,?,?) ON CONFLICT DO UPDATE SET drafted=excluded.drafted`, string(f), string(thing), of.tokens())
	if err == nil {
		err = c.file(f, thing)
	}
	return err
}
