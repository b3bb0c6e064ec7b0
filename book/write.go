package book

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"

	"jisr"
)

// write puts a folded batch into the tables.
func (t *batch) write(c *conn) error {
	for _, l := range t.added {
		if err := c.do(`INSERT INTO log(n, forum, member, next, clock) VALUES(?,?,?,0,0)`, t.logs[l].n, string(l.Forum), string(l.Member)); err != nil {
			return err
		}
	}
	for _, e := range t.byKey() {
		if err := t.writeAct(c, e); err != nil {
			return err
		}
	}
	for _, x := range t.order {
		if x.paired {
			continue // it is written with the note
		}
		if err := errors.Join(t.writeVoids(c, x), t.writeHalf(c, x)); err != nil {
			return err
		}
	}
	err := errors.Join(t.writeSeries(c), t.writePlaces(c), t.fileAll(c))
	if t.bulk != nil {
		return errors.Join(err, t.bulk.gather(c, t.found))
	}
	return errors.Join(err, c.writeSearch(t.found))
}

// maxGathered is how many bytes of stems a rebuild keeps until it writes them: few enough that most is written while the next acts are read.
const maxGathered = 4 << 20

func (b *bulk) gather(c *conn, found map[int64]string) error {
	for row, stems := range found {
		b.size += len(stems) - len(b.found[row])
		b.found[row] = stems
	}
	if b.size < maxGathered {
		return nil
	}
	return b.flush(c)
}

func (b *bulk) flush(c *conn) error {
	err := c.writeSearch(b.found)
	clear(b.found)
	b.size = 0
	return err
}

// byKey gives the new acts log by log, as they lie in the file.
func (t *batch) byKey() []*entry {
	all := make([]*entry, len(t.acts))
	for i := range t.acts {
		all[i] = &t.acts[i]
	}
	slices.SortFunc(all, func(a, b *entry) int { return cmp.Compare(a.key, b.key) })
	return all
}

func (t *batch) writePlaces(c *conn) error {
	done := map[Log]bool{}
	for i := range t.acts {
		l := Log{t.acts[i].Act.Forum, t.acts[i].Act.Member}
		if done[l] {
			continue
		}
		done[l] = true
		p := t.logs[l]
		if err := c.do(`UPDATE log SET next=?, clock=? WHERE n=?`, int64(p.next), p.clock, p.n); err != nil {
			return err
		}
	}
	return nil
}

func (t *batch) writeAct(c *conn, e *entry) error {
	err := c.do(`INSERT INTO act(key, thing, kind, wants, void, came, act) VALUES(?,?,?,?,?,?,?)`,
		e.key, string(e.Act.About), string(e.Act.Kind), wants(&e.Act, e.body), e.void, e.came(), e.encoded)
	for _, thing := range e.things[1:] {
		if err == nil {
			err = c.do(`INSERT INTO concern(thing, key) VALUES(?,?)`, string(thing), e.key)
		}
	}
	if err == nil && e.body != nil {
		err = c.do(`INSERT INTO body(key, signature, body) VALUES(?,?,?)`, e.key, e.signature, packed(e.body))
	}
	return err
}

// wants is 1 while an act's body is not here.
func wants(a *jisr.Act, body []byte) any {
	if a.Content != nil && body == nil {
		return 1
	}
	return nil
}

// writeVoids changes the refusals of acts that were here before, where new acts made them void or not void:
// an opening that had not seen the withdrawal, and arrived after it, voids it.
func (t *batch) writeVoids(c *conn, x *touched) error {
	for i := range x.stored {
		s := &x.stored[i]
		if s.act.About != x.thing {
			continue // its refusal is a matter of the thing it is about
		}
		void, err := encodeVoid(x.state.Voids[s.act.Position])
		if err != nil {
			return err
		}
		if string(void) != s.void {
			if err := c.do(`UPDATE act SET void=? WHERE key=?`, void, s.key); err != nil {
				return err
			}
		}
	}
	return nil
}

func (t *batch) writeHalf(c *conn, x *touched) error {
	house := x.forum == jisr.House
	if len(x.state.Custody) > 0 {
		if err := t.writeCustody(c, x); err != nil {
			return err
		}
	}
	switch s := &x.state; {
	case s.Note != nil:
		return t.writeNote(c, x)
	case s.Draft != nil:
		return t.writeDraft(c, x)
	case s.Partner != nil:
		return c.do(`INSERT INTO forum(id, accept) VALUES(?,?) ON CONFLICT DO UPDATE SET accept=excluded.accept`,
			x.thing.Name(), t.houseKey(s.Partner.Accepted))
	case s.Account != nil:
		return t.writeAccount(c, x)
	case s.Outgoing != nil:
		return t.writeOutgoing(c, x)
	case s.Columns != nil:
		return t.writeColumns(c, x)
	case s.Comment != nil:
		return t.writeComment(c, x)
	case s.Picture != nil:
		return t.writePicture(c, x)
	case s.Track != nil:
		return c.do(`INSERT INTO domestic(id, state) VALUES(?,?) ON CONFLICT DO UPDATE SET state=excluded.state`, string(x.thing), x.json)
	case s.Desk != nil:
		return c.do(`INSERT INTO desk(id, desk) VALUES(?,?) ON CONFLICT DO UPDATE SET desk=excluded.desk`, x.thing.Name(), x.json)
	case !house && x.thing.Noun() == "note":
		return unwriteNote(c, x)
	case !house:
		return t.writeThing(c, x)
	}
	return nil // no act about it has effect, or it is of a noun this version does not know
}

func (t *batch) houseKey(i jisr.Index) key { return keyOf(t.logs[Log{jisr.House, t.self}].n, i) }

func (t *batch) keyOf(forum jisr.ForumID, p jisr.Position) key {
	return keyOf(t.logs[Log{forum, p.Member}].n, p.Index)
}

func (t *batch) writeAccount(c *conn, x *touched) error {
	k := t.houseKey(x.state.Account.Secret)
	body, err := c.body(k)
	if err != nil {
		return err
	}
	var hash any
	if s, refusal := readSecret(body); refusal == nil && s.SHA256 != "" {
		hash = s.SHA256
	}
	return c.do(`INSERT INTO account(id, account, secret, hash) VALUES(?,?,?,?) ON CONFLICT DO UPDATE
		SET account=excluded.account, secret=excluded.secret, hash=excluded.hash`, string(x.thing), x.json, k, hash)
}

// body reads a body; nil when it is not here.
func (c *conn) body(k key) ([]byte, error) {
	var body packed
	err := c.one(`SELECT body FROM body WHERE key=?`, []any{k}, &body)
	if errors.Is(err, errNoRow) {
		return nil, nil
	}
	return body, err
}

// none sorts after every date.
const none = "none"

// Sides of the to-do list: who owes the next step.
const (
	ours   = 1
	theirs = 2
)

const upsertNote = `INSERT INTO note(forum, id, digest, at, box, state, kind, parties, awaited, side, due, since, why, released, handling, acted, note, filed)
	VALUES(?1,?2,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?, coalesce((SELECT filed FROM custody WHERE forum=?1 AND thing=?2), ''))
	ON CONFLICT(forum, id) DO UPDATE SET digest=excluded.digest, at=max(at, excluded.at),
	box=excluded.box, state=excluded.state, kind=excluded.kind, parties=excluded.parties, awaited=excluded.awaited, side=excluded.side,
	due=excluded.due, since=excluded.since, why=excluded.why, released=excluded.released, handling=excluded.handling, acted=excluded.acted,
	note=excluded.note`

// selectNote comes after an upsert instead of RETURNING, for which SQLite makes a table of its own each time.
const selectNote = `SELECT n, note IS NOT NULL FROM note WHERE forum=? AND id=?`

// writeNote writes the joint half of a note: it overrides every column that the draft had set.
func (t *batch) writeNote(c *conn, x *touched) error {
	n := x.state.Note
	released := t.keyOf(x.forum, n.Released.Position)
	var awaited any
	if len(n.Awaits()) > 0 {
		awaited = string(n.ReplyBy)
	}
	side, due, why := t.owed(n)
	columns := []any{string(x.forum), string(x.thing), blob(x.digest), x.at, t.box(n), string(n.State()), string(n.Kind),
		parties(n.From, n.To), awaited, orNull(side), orNull(due), x.came(n.Released.Position), orNull(string(why)), released, n.Handling.Rank(), x.acted, x.json}
	var row, isNote int64
	var err error
	if x.alone || x.draft != nil {
		row, err = t.insertNote(c, x.draft, columns)
	} else if err = c.do(upsertNote, columns...); err == nil {
		err = c.one(selectNote, []any{string(x.forum), string(x.thing)}, &row, &isNote)
	}
	if err != nil {
		return err
	}
	t.count(x)
	t.index(row, released, n.Number)
	return nil
}

const insertNote = `INSERT INTO note(forum, id, digest, at, box, state, kind, parties, awaited, side, due, since, why, released, handling, acted, note, filed, drafted, draft)
	VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)`

// insertNote writes the row of a released note that has none yet, with what the house has of it: d, if anything.
func (t *batch) insertNote(c *conn, d *touched, columns []any) (row int64, err error) {
	if d == nil {
		columns = append(columns, "", nil, nil)
	} else {
		columns[3] = max(columns[3].(int64), d.at)
		columns = append(columns, d.filedFor(d.state.Draft.Forum), t.houseKey(d.state.Draft.Drafted.Index), d.json)
	}
	err = c.do(insertNote, columns...)
	return c.LastInsertRowID(), err
}

// count notes the highest number of a member's series in a year, for writeSeries.
func (t *batch) count(x *touched) {
	n := x.state.Note
	fresh := slices.ContainsFunc(x.fresh, func(e *entry) bool { return e.Act.Position == n.Released.Position })
	if !fresh || n.Number == 0 {
		return
	}
	s := series{x.forum, n.From, string(n.Date[:4])}
	t.series[s] = max(t.series[s], n.Number)
}

func (t *batch) writeSeries(c *conn) error {
	for s, last := range t.series {
		if err := c.do(`INSERT INTO series(forum, member, year, last) VALUES(?,?,?,?) ON CONFLICT DO UPDATE SET last=max(last, excluded.last)`,
			string(s.forum), string(s.member), s.year, last); err != nil {
			return err
		}
	}
	return nil
}

// unwriteNote: acts took the effect of a release away. The draft half, if any, stays.
func unwriteNote(c *conn, x *touched) error {
	return errors.Join(
		c.do(`DELETE FROM note WHERE forum=? AND id=? AND draft IS NULL`, string(x.forum), string(x.thing)),
		c.do(`UPDATE note SET note=NULL, digest=NULL, released=NULL, acted='' WHERE forum=? AND id=?`, string(x.forum), string(x.thing)))
}

func orNull[T comparable](v T) any {
	var zero T
	if v == zero {
		return nil
	}
	return v
}

func (t *batch) box(n *jisr.Note) string {
	switch {
	case n.From == t.self:
		return string(BoxOut)
	case slices.Contains(n.To, t.self):
		return string(BoxIn)
	}
	return "other" // between other members of the forum
}

// owed says who owes the next step of a note, by when and which: nobody when side is 0.
func (t *batch) owed(n *jisr.Note) (side int, due string, why Why) {
	waits := n.Awaits()
	due = none
	if n.From == t.self {
		if len(waits) > 0 {
			side, due, why = theirs, string(n.ReplyBy), WhyAnswer
		}
		for _, r := range n.Readings {
			if r.Opened == nil && !r.Withdrawn {
				side, why = theirs, WhyOpen
			}
		}
	} else if r, addressed := n.Readings[t.self]; addressed {
		if slices.Contains(waits, t.self) {
			side, due, why = ours, string(n.ReplyBy), WhyAnswer
		}
		if r.Opened == nil && !r.Withdrawn {
			side, why = ours, WhyOpen
		}
	}
	if side == 0 {
		due = ""
	}
	return side, due, why
}

// parties is who wrote a note and to whom, so that a list can be filtered by member.
func parties(from jisr.MemberID, to []jisr.MemberID) string {
	return joined(append([]jisr.MemberID{from}, to...))
}

const upsertDraft = `INSERT INTO note(forum, id, at, box, state, kind, parties, side, due, since, why, drafted, handling, acted, filed, draft)
	VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,'',?,?) ON CONFLICT(forum, id) DO UPDATE SET at=max(at, excluded.at), drafted=excluded.drafted, filed=excluded.filed, draft=excluded.draft,
	(box, state, kind, parties, side, due, since, why, handling) = (SELECT excluded.box, excluded.state, excluded.kind, excluded.parties, excluded.side,
	excluded.due, excluded.since, excluded.why, excluded.handling WHERE note IS NULL UNION ALL SELECT box, state, kind, parties, side, due, since, why, handling WHERE note IS NOT NULL)`

// writeDraft writes the house half of a note. What lists need comes from here only until it is released.
func (t *batch) writeDraft(c *conn, x *touched) error {
	d := x.state.Draft
	drafted := t.houseKey(d.Drafted.Index)
	known, ok := t.texts[drafted]
	if !ok && t.bulk == nil {
		body, err := c.body(drafted)
		if err != nil {
			return err
		}
		known.head = readHead(body)
	}
	head := known.head
	var side int
	why := map[jisr.NoteState]Why{jisr.Drafted: WhyClear, jisr.Cleared: WhyRelease, jisr.Returned: WhyReturn}[d.State()]
	if why != "" {
		side = ours
	}
	err := c.do(upsertDraft, string(d.Forum), string(x.thing), x.at, string(BoxDrafts), string(d.State()), string(head.Kind),
		parties(t.self, head.To), orNull(side), none, d.Drafted.At.UnixMilli(), orNull(string(why)), drafted, head.Handling.Rank(), x.filedFor(d.Forum), x.json)
	if err != nil || t.bulk != nil {
		return err
	}
	var row, released int64
	if err := c.one(selectNote, []any{string(d.Forum), string(x.thing)}, &row, &released); err != nil || released != 0 {
		return err
	}
	t.index(row, drafted, 0)
	return nil
}

// index takes a note's words for the search when the act they come from, or its body, is new.
func (t *batch) index(row int64, source key, number int) {
	found, fresh := t.texts[source]
	if !fresh || found.skip {
		return
	}
	if found.stems != "" && number > 0 {
		found.stems += strconv.Itoa(number)
	}
	t.found[row] = found.stems
}

// writeSearch comes after all other writing, in the order of the rows: FTS5 puts what it has gathered on disk
// whenever another statement opens a savepoint or a smaller row comes, and that is what costs.
func (c *conn) writeSearch(found map[int64]string) error {
	for _, row := range sortedKeys(found) {
		var err error
		if stems := found[row]; stems == "" {
			err = c.do(`DELETE FROM search WHERE rowid=?`, row)
		} else {
			err = c.do(`INSERT OR REPLACE INTO search(rowid, text) VALUES(?,?)`, row, stems)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// textOf says how the body of an act about a note is read for the search; nil: it is not searched. What is said about other things
// stands in texts.go.
func textOf(k jisr.Kind) func(body []byte) string {
	switch k {
	case jisr.KindNoteRelease:
		return releasedText
	case jisr.KindNoteDraft:
		return draftText
	}
	return nil
}

// releasedText and draftText give what a note is found by. A body that does not hold is not searched either.
func releasedText(body []byte) string {
	b, refusal := readBody(body, -1)
	if refusal != nil {
		return ""
	}
	return searchText(&b, nil)
}

func draftText(body []byte) string {
	d, refusal := readDraft(body)
	if refusal != nil {
		return ""
	}
	return searchText(&d.Body, d.Files)
}

func searchText(b *jisr.NoteBody, files []jisr.DraftFile) string {
	var s strings.Builder
	for _, part := range []jisr.Text{b.Subject, b.Text} {
		for _, lang := range sortedKeys(part) {
			s.WriteString(part[lang] + "\n")
		}
	}
	for _, f := range b.Files {
		s.WriteString(f.Name + "\n")
	}
	for _, f := range files {
		s.WriteString(f.Name + "\n")
	}
	return stems(s.String())
}

// body writes or forgets one body and what was made of it.
func (t *batch) body(c *conn, l Log, k key, raw []byte) error {
	var entry []byte
	if err := c.one(`SELECT act FROM act WHERE key=?`, []any{k}, &entry); err != nil {
		return err
	}
	a, err := jisr.DecodeKept(l.Member, k.index(), entry)
	if err != nil {
		return err
	}
	is := apart(&a, raw)
	if raw == nil {
		err = errors.Join(c.do(`DELETE FROM body WHERE key=?`, k), c.do(`UPDATE act SET wants=2 WHERE key=?`, k))
	} else {
		err = errors.Join(c.do(`INSERT OR REPLACE INTO body(key, signature, body) VALUES(?,?,?)`, k, is.signature, packed(is.body)),
			c.do(`UPDATE act SET wants=NULL WHERE key=?`, k))
	}
	if err != nil {
		return err
	}
	switch a.Kind {
	case jisr.KindNoteRelease:
		t.texts[k] = text{stems: textOf(a.Kind)(is.body)}
	case jisr.KindNoteDraft:
		t.texts[k] = text{stems: textOf(a.Kind)(is.body), head: readHead(is.body)}
	}
	t.touch(half{l.Forum, a.About}).renewed = true
	return nil
}

// readBody decodes the content of a note. Nothing is shown of one that is not as it must be.
func readBody(body []byte, files int) (jisr.NoteBody, *jisr.Refusal) {
	b, err := jisr.DecodeBody(body, files)
	if err != nil {
		return jisr.NoteBody{}, refused(err)
	}
	return b, nil
}

// readDraft decodes the content of a draft: the house's own, so the bounds of what it says are node's to ask.
func readDraft(body []byte) (d jisr.Draft, refusal *jisr.Refusal) {
	if refusal := strict(body, 2*jisr.MaxNoteContent, &d); refusal != nil {
		return jisr.Draft{}, refusal
	}
	return d, nil
}

func readSecret(body []byte) (s jisr.Secret, refusal *jisr.Refusal) {
	const maxSecret = 1024
	if refusal := strict(body, maxSecret, &s); refusal != nil {
		return jisr.Secret{}, refusal
	}
	return s, nil
}

// strict decodes exactly one JSON object with no field unknown.
func strict(body []byte, most int, into any) *jisr.Refusal {
	if len(body) > most {
		return jisr.Refuse(jisr.TooLong, "content", "max", strconv.Itoa(most), "got", strconv.Itoa(len(body)))
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return jisr.Refuse(jisr.Malformed, "content", "error", err.Error())
	}
	if d.More() || len(bytes.TrimSpace(body[d.InputOffset():])) > 0 {
		return jisr.Refuse(jisr.Malformed, "content", "error", "something after the object")
	}
	return nil
}

// isNot tells that a rule said no, and nothing failed: what was looked for is not here, or is none.
func isNot(err error) bool {
	r := (*jisr.Refusal)(nil)
	return errors.As(err, &r)
}

func refused(err error) *jisr.Refusal {
	if r := (*jisr.Refusal)(nil); errors.As(err, &r) {
		return r
	}
	return jisr.Refuse(jisr.Malformed, "content", "error", err.Error())
}
