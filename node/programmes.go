package node

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strconv"

	"jisr"
	"jisr/book"
	"jisr/ledger"
	"jisr/programme"
)

// Bounds of the flow of records.
const (
	maxBatchBody = ledger.MaxInline // bytes of a batch, and of an annex: what an act carries with its entry
	exportPage   = 200              // records read at a time for an export
	stepBytes    = 1 << 19          // bytes of records decided and made durable in one step
	heavyBytes   = 64 << 10         // bytes of records from which what officials do goes before
)

// LayProgramme lays an annex before a forum: what an agreement, now or later, lets flow. It changes nothing by itself.
type LayProgramme struct {
	Forum     jisr.ForumID
	Agreement jisr.ThingID
	Document  []byte // the annex, in any layout
	Key       string // Idempotency-Key, optional
}

func (LayProgramme) verb() Verb { return "programme.lay" }

func (c LayProgramme) decide(d *decision) error {
	if _, err := d.n.forum(c.Forum); err != nil {
		return err
	}
	p, err := programme.Compile(c.Document)
	if err != nil {
		return annexRefusal(err)
	}
	v, err := d.n.book.Thing(d.ctx, d.scope(), c.Forum, c.Agreement)
	if err != nil {
		return err
	}
	g := v.State.Agreement
	if g == nil {
		return jisr.Refuse(jisr.NoSuch, string(c.Agreement), "noun", "agreement")
	}
	for _, m := range p.Annex.Parties {
		if !slices.Contains(g.Parties, m) {
			return jisr.Refuse(jisr.NotMember, string(m))
		}
	}
	about := d.newThing("programme", c.Forum, c.Key)
	if err := d.touch(about); err != nil {
		return err
	}
	terms := jisr.LayTerms{Agreement: c.Agreement, Document: p.Hash(), Programme: p.Annex.Programme, Version: p.Annex.Version, Title: p.Annex.Title}
	pl := planned{forum: c.Forum, kind: jisr.KindProgrammeLay, about: about, terms: terms, body: json.RawMessage(p.Encode()), maxBody: maxBatchBody}
	d.about = &resource{id: about, forum: c.Forum, programme: p.Annex.Programme}
	if c.Key != "" {
		if done, err := d.repeated(&pl); done || err != nil {
			return err
		}
	}
	if err := d.meets(pl); err != nil {
		return err
	}
	return d.joint(c.Forum, pl)
}

// annexRefusal is the first problem of an annex, with its place.
func annexRefusal(err error) error {
	var problems programme.Problems
	if !errors.As(err, &problems) || len(problems) == 0 {
		return err
	}
	r := *problems[0].Refusal
	need := map[string]string{"path": problems[0].Path}
	for k, v := range r.Need {
		need[k] = v
	}
	r.Need = need
	return &r
}

// SendRecords sends records of one type under a programme. All of them are checked before the first leaves; one that the annex
// does not allow refuses all.
//
// Many records leave in several steps, so that other business goes between them. A crash between two steps, or a refusal
// because the agreement was suspended meanwhile, leaves the first part sent: asking again with the same Key sends the rest.
type SendRecords struct {
	Forum     jisr.ForumID
	Programme jisr.ThingID
	Type      string
	Records   []json.RawMessage
	Handling  jisr.Handling // none: what the annex says
	Synthetic bool          // made by rule, to look at: marked wherever they show
	Key       string        // Idempotency-Key, optional

	checked jisr.Commitment           // the annex these records were held against already
	files   map[string]jisr.DraftFile // that they carry, by the hash of the bytes
	from    int                       // how many batches of the same sending went before
}

func (SendRecords) verb() Verb { return "record.batch" }

// Sift holds records against the annex before they are sent: the command with those it allows, which are not held against it
// again, and of the others every fault.
func (n *Node) Sift(ctx context.Context, by Caller, c SendRecords) (SendRecords, []book.RefusedRow, error) {
	f, err := n.Flow(ctx, c.Forum, c.Programme)
	if err != nil {
		return c, nil, err
	}
	t := f.Programme.Type(c.Type)
	if t == nil {
		return c, nil, jisr.Refuse(jisr.NoSuch, c.Type, "noun", "record")
	}
	var refused []book.RefusedRow
	c.Records, refused, c.files, err = n.check(ctx, by, f, t, c.Records)
	c.checked = f.Laid.Document
	return c, refused, err
}

// parts checks records and cuts them into steps of whole batches.
func (c SendRecords) parts(ctx context.Context, n *Node, by Caller) ([]SendRecords, error) {
	f, err := n.Flow(ctx, c.Forum, c.Programme)
	if err != nil {
		return nil, err
	}
	t, _, err := f.Leaves(n.self.ID, c.Type, c.Handling)
	if err != nil || f.Open(f.Day(n.now())) != nil {
		return []SendRecords{c}, nil // refused where it is decided, when it is known who asks
	}
	if c.checked != f.Laid.Document {
		var refused []book.RefusedRow
		if c, refused, err = n.Sift(ctx, by, c); err != nil {
			return nil, err
		}
		if len(refused) > 0 {
			return nil, refused[0].Refusal
		}
	}
	var parts []SendRecords
	size := 0
	for i, some := range split(c.Records, t) {
		of := 0
		for _, r := range some {
			of += len(r)
		}
		if size += of; len(parts) == 0 || size > stepBytes {
			part := c
			part.Records, part.from, size = nil, i, of
			parts = append(parts, part)
		}
		last := &parts[len(parts)-1]
		last.Records = append(last.Records, some...)
	}
	return parts, nil
}

func (c SendRecords) decide(d *decision) error {
	f, err := d.n.Flow(d.ctx, c.Forum, c.Programme)
	if err != nil {
		return err
	}
	about := aboutFlow(d.caller, f, c.Handling)
	d.about = &about
	if err := f.Open(f.Day(d.now)); err != nil {
		return err
	}
	t, handling, err := f.Leaves(d.n.self.ID, c.Type, c.Handling)
	if err != nil {
		return err
	}
	if c.checked != f.Laid.Document {
		if _, refused := f.Check(t, c.Records, d.n.holds(d.ctx, f, t, c.files)...); len(refused) > 0 {
			return refused[0].Refusal
		}
	}
	first := d.newThing("record", c.Forum, c.Key)
	for i, some := range split(c.Records, t) {
		about := first
		if c.from+i > 0 {
			about = jisr.ThingID(string(first) + "-" + strconv.Itoa(c.from+i))
		}
		terms := jisr.BatchTerms{Programme: c.Programme, Document: f.Laid.Document, Type: c.Type, Count: len(some), Handling: handling, Synthetic: c.Synthetic,
			To: receivers(f, t, d.n.self.ID), AcknowledgeBy: d.acknowledgeBy(f, t, some)}
		p := planned{forum: c.Forum, kind: jisr.KindRecordBatch, about: about, terms: terms, body: some, maxBody: maxBatchBody, files: uploads(t, some, c.files)}
		if c.Key != "" {
			if err := d.touch(about); err != nil {
				return err
			}
			if sent, err := d.sentBefore(c.Forum, about, &terms); err != nil {
				return err
			} else if sent {
				continue
			}
		}
		if err := d.joint(c.Forum, p); err != nil {
			return err
		}
	}
	if len(d.acts) > 0 {
		d.done.Existing = false
	}
	return nil
}

// split puts records into batches by number, size, and the files they carry.
func split(all []json.RawMessage, t *programme.Type) [][]json.RawMessage {
	most := cmp.Or(t.Spec.Limits.Batch, jisr.MaxBatch)
	var batches [][]json.RawMessage
	size, from, files := 2, 0, 0
	for i, r := range all {
		more := len(carried(t, all[i:i+1]))
		if i > from && (i-from == most || size+len(r)+1 > maxBatchBody || files+more > jisr.MaxAttachments) {
			batches = append(batches, all[from:i])
			size, from, files = 2, i, 0
		}
		size += len(r) + 1
		files += more
	}
	return append(batches, all[from:])
}

// Flow finds a programme, its annex and the agreement it rests on, for a caller who may see it: what may flow, and what a
// record is held against.
func (n *Node) Flow(ctx context.Context, forum jisr.ForumID, id jisr.ThingID) (*book.Flow, error) {
	return n.book.Flow(ctx, book.Whole(), forum, id)
}

// aboutFlow is a programme's records at a level as policies see them: they are whose the programme is, and a token may be
// limited to it.
func aboutFlow(c Caller, f *book.Flow, level jisr.Handling) resource {
	r := aboutThing(c, f.Forum, f.ID, level, f.Desks, f.Officials)
	r.programme = f.Laid.Programme
	return r
}

// levels lists the levels of handling at which the caller may read a programme's records.
func (n *Node) levels(c Caller, f *book.Flow) []jisr.Handling {
	may := []jisr.Handling{}
	rules := n.rules.now()
	for _, h := range jisr.Handlings() {
		if rules.decide(c, Read, aboutFlow(c, f, h), facts{}) == nil {
			may = append(may, h)
		}
	}
	return may
}

// ReadsRecords tells whether the caller may read records of a programme at some level.
func (n *Node) ReadsRecords(c Caller, f *book.Flow) bool { return len(n.levels(c, f)) > 0 }

// readRecords gives a programme and the levels at which the caller may read its records. Who may read none is refused.
// Where few may read, the reading is in the house log before anything is answered.
func (n *Node) readRecords(ctx context.Context, c Caller, forum jisr.ForumID, id jisr.ThingID) (*book.Flow, []jisr.Handling, error) {
	f, err := n.book.Flow(ctx, n.ScopeOf(c), forum, id)
	if err != nil {
		return nil, nil, err
	}
	may := n.levels(c, f)
	if len(may) == 0 {
		return nil, nil, n.reads(ctx, c, Read, aboutFlow(c, f, jisr.HandlingPublic), false)
	}
	return f, may, nil
}

// audits notes that records were read at the highest of these levels.
func (n *Node) audits(ctx context.Context, c Caller, f *book.Flow, level jisr.Handling) error {
	if !level.Named() {
		return nil
	}
	return n.reads(ctx, c, Read, aboutFlow(c, f, level), false)
}

// Records gives a page of records that the caller may read: see [book.RecordQuery]. Those that few may read are audited
// first.
func (n *Node) Records(ctx context.Context, c Caller, q book.RecordQuery) (book.RecordPage, error) {
	f, may, err := n.readRecords(ctx, c, q.Forum, q.Programme)
	if err != nil {
		return book.RecordPage{}, err
	}
	q.Levels = may
	page, err := n.book.Records(ctx, n.ScopeOf(c), q)
	if err != nil {
		return book.RecordPage{}, err
	}
	high := jisr.HandlingPublic
	for i := range page.Rows {
		high = higher(high, page.Rows[i].Handling)
	}
	return page, n.audits(ctx, c, f, high)
}

func higher(a, b jisr.Handling) jisr.Handling {
	if b.Rank() > a.Rank() {
		return b
	}
	return a
}

// ExportRecords writes the records that a question asks for, that have effect and that the caller may read. The form is
// held against the annex before anything is read.
func (n *Node) ExportRecords(ctx context.Context, c Caller, w io.Writer, q book.RecordQuery, form programme.Format, lang string) error {
	f, may, err := n.readRecords(ctx, c, q.Forum, q.Programme)
	if err != nil {
		return err
	}
	t := f.Programme.Type(q.Type)
	if t == nil {
		return jisr.Refuse(jisr.NoSuch, q.Type, "noun", "record")
	}
	q.Levels, q.Limit, q.Sort = may, exportPage, cmp.Or(q.Sort, "@sent")
	page, err := n.Records(ctx, c, q)
	if err != nil {
		return err
	}
	var failed error
	err = f.Programme.Export(w, form, t, lang, page.Synthetic > 0, func(yield func(programme.Item) bool) {
		for {
			for i := range page.Rows {
				if it, ok := page.Rows[i].Item(); ok && !yield(it) {
					return
				}
			}
			if q.Cursor = page.Next; q.Cursor == "" {
				return
			}
			if page, failed = n.Records(ctx, c, q); failed != nil {
				return
			}
		}
	})
	return errors.Join(failed, err)
}

// Picture draws a chart of a programme from the records that the caller may read.
func (n *Node) Picture(ctx context.Context, c Caller, forum jisr.ForumID, id jisr.ThingID, chart string) (*programme.Picture, error) {
	f, may, err := n.readRecords(ctx, c, forum, id)
	if err != nil {
		return nil, err
	}
	pic, err := n.book.Picture(ctx, n.ScopeOf(c), book.ChartQuery{Forum: forum, Programme: id, Chart: chart, Levels: may, At: n.now()})
	if err != nil {
		return nil, err
	}
	return pic, n.audits(ctx, c, f, pic.Level)
}

// Promises tells what the targets of a programme came to in their present periods, from the records that the caller may
// read.
func (n *Node) Promises(ctx context.Context, c Caller, forum jisr.ForumID, id jisr.ThingID) ([]programme.Promise, error) {
	_, may, err := n.readRecords(ctx, c, forum, id)
	if err != nil {
		return nil, err
	}
	return n.book.Promises(ctx, n.ScopeOf(c), book.ChartQuery{Forum: forum, Programme: id, Levels: may, At: n.now()})
}
