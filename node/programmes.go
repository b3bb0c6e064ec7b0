package node

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"jisr"
	"jisr/book"
	"jisr/ledger"
	"jisr/programme"
)

// Bounds of the flow of records.
const (
	maxBatchBody = ledger.MaxInline // bytes of a batch, and of an annex: what an act carries with its entry
	maxAnnexes   = 64               // compiled annexes that are kept at hand
	maxBatches   = 5_000            // batches looked through for one answer
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

// SendRecords sends records of one type under a programme. Either all of them leave, in as many batches as it takes, or none.
type SendRecords struct {
	Forum     jisr.ForumID
	Programme jisr.ThingID
	Type      string
	Records   []json.RawMessage
	Handling  jisr.Handling // none: what the annex says
}

func (SendRecords) verb() Verb { return "record.batch" }

func (c SendRecords) decide(d *decision) error {
	f, err := d.n.Flow(d.ctx, c.Forum, c.Programme)
	if err != nil {
		return err
	}
	about := f.about(c.Forum, c.Handling)
	d.about = &about
	if err := f.open(d.today); err != nil {
		return err
	}
	t, handling, err := f.leaves(d.n.self.ID, c.Type, c.Handling)
	if err != nil {
		return err
	}
	if _, refused := f.Check(t, c.Records); len(refused) > 0 {
		return refused[0].Refusal
	}
	for i, some := range split(c.Records, t.Spec.Limits.Batch) {
		about := d.newThing("record", c.Forum, "")
		if i > 0 {
			about = jisr.ThingID(string(about) + "-" + strconv.Itoa(i))
		}
		terms := jisr.BatchTerms{Programme: c.Programme, Document: f.Laid.Document, Type: c.Type, Count: len(some), Handling: handling}
		p := planned{forum: c.Forum, kind: jisr.KindRecordBatch, about: about, terms: terms, body: some, maxBody: maxBatchBody}
		if err := d.joint(c.Forum, p); err != nil {
			return err
		}
	}
	return nil
}

// split puts records into batches by number and size.
func split(all []json.RawMessage, most int) [][]json.RawMessage {
	if most == 0 {
		most = jisr.MaxBatch
	}
	var batches [][]json.RawMessage
	size, from := 2, 0
	for i, r := range all {
		if i > from && (i-from == most || size+len(r)+1 > maxBatchBody) {
			batches = append(batches, all[from:i])
			size, from = 2, i
		}
		size += len(r) + 1
	}
	return append(batches, all[from:])
}

// Flow is a programme with what decides on a day whether its records flow.
type Flow struct {
	id        jisr.ThingID
	Programme *programme.Programme
	Laid      *jisr.Programme
	Agreement *jisr.Agreement
	Article   string // of the agreement's text, that introduces the annex; empty: the text does not name it
	named     bool
}

// about is the programme as policies see it: a token may be limited to it.
func (f *Flow) about(forum jisr.ForumID, level jisr.Handling) resource {
	return resource{id: f.id, forum: forum, programme: f.Laid.Programme, handling: level}
}

// Standing is what the programme is on a day: the agreement's own state, or laid while no text that counts names it.
func (f *Flow) Standing(today jisr.Date) jisr.AgreementState {
	if !f.named {
		return jisr.ProgrammeLaid
	}
	return f.Agreement.Standing(today)
}

// open refuses when no record may flow on that day, with the agreement and its state. Notice of termination ends nothing
// before its day.
func (f *Flow) open(day jisr.Date) error {
	if !f.named {
		return jisr.Refuse(jisr.NoFlow, f.agreementName(), "document", string(f.Laid.Document))
	}
	if s := f.Agreement.Standing(day); s != jisr.AgreementInForce && s != jisr.AgreementEnding {
		return jisr.Refuse(jisr.NoFlow, f.agreementName(), "state", string(s), "article", f.Article)
	}
	return nil
}

func (f *Flow) agreementName() string { return f.Laid.Agreement.Name() }

// leaves holds a sender and a handling level against the annex.
func (f *Flow) leaves(self jisr.MemberID, typ string, level jisr.Handling) (*programme.Type, jisr.Handling, error) {
	t := f.Programme.Type(typ)
	if t == nil {
		return nil, "", jisr.Refuse(jisr.NoSuch, typ, "noun", "record")
	}
	senders := t.Spec.Sends
	if len(senders) == 0 {
		senders = f.Programme.Annex.Parties
	}
	if !slices.Contains(senders, self) {
		return nil, "", f.clause(jisr.Refuse(jisr.NotSender, typ), t.Clause)
	}
	h := t.Spec.Handling
	if level == "" {
		level = h.Default
	}
	if level.Rank() < h.Min.Rank() || level.Rank() > h.Max.Rank() {
		return nil, "", f.clause(jisr.Refuse(jisr.OutOfRange, "handling", "min", string(h.Min), "max", string(h.Max), "got", string(level)), t.Clause)
	}
	return t, level, nil
}

// clause says which agreement, article and paragraph of the annex a refusal comes from.
func (f *Flow) clause(r *jisr.Refusal, paragraph string) *jisr.Refusal {
	need := map[string]string{"clause": paragraph, "annex": f.Programme.Name(), "agreement": f.agreementName()}
	if f.Article != "" {
		need["article"] = f.Article
	}
	for k, v := range r.Need {
		need[k] = v
	}
	return &jisr.Refusal{Kind: r.Kind, Subject: r.Subject, Need: need}
}

// RefusedRow is a record that the annex does not allow: the row as it was sent, from 1, and why.
type RefusedRow struct {
	Row     int           `json:"row"`
	Path    string        `json:"path,omitempty"`
	Refusal *jisr.Refusal `json:"refusal"`
}

// Check holds records against the annex and gives those it allows, and of the others every fault.
func (f *Flow) Check(t *programme.Type, records []json.RawMessage) (good []json.RawMessage, refused []RefusedRow) {
	var r programme.Record
	for i, raw := range records {
		faults := t.Check(raw, &r)
		if len(faults) == 0 {
			good = append(good, raw)
		}
		for _, fault := range faults {
			need := f.clause(fault.Refusal, fault.Clause)
			need.Need["row"] = strconv.Itoa(i + 1)
			refused = append(refused, RefusedRow{i + 1, fault.Path, need})
		}
	}
	if len(records) == 0 {
		refused = append(refused, RefusedRow{0, "", jisr.Refuse(jisr.Missing, "record")})
	}
	return good, refused
}

// annexes keeps compiled annexes: what a hash names never changes.
type annexes struct {
	mu  sync.Mutex
	all map[jisr.Commitment]*programme.Programme
}

// of compiles an annex, or finds it.
func (a *annexes) of(hash jisr.Commitment, read func() ([]byte, error)) (*programme.Programme, error) {
	a.mu.Lock()
	p := a.all[hash]
	a.mu.Unlock()
	if p != nil {
		return p, nil
	}
	doc, err := read()
	if err != nil {
		return nil, err
	}
	if p, err = programme.Decode(doc); err != nil {
		return nil, annexRefusal(err)
	}
	if p.Hash() != hash {
		return nil, jisr.Refuse(jisr.Malformed, "document", "want", string(hash), "got", string(p.Hash()))
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.all == nil || len(a.all) >= maxAnnexes {
		a.all = map[jisr.Commitment]*programme.Programme{}
	}
	a.all[hash] = p
	return p, nil
}

// Flow finds a programme, its annex and the agreement it rests on. What the other side laid is compiled like our own: an
// annex that is none, or another than its hash says, lets nothing flow.
func (n *Node) Flow(ctx context.Context, forum jisr.ForumID, id jisr.ThingID) (*Flow, error) {
	v, err := n.book.Thing(ctx, book.Whole(), forum, id)
	if err != nil {
		return nil, err
	}
	if v.State.Programme == nil {
		return nil, jisr.Refuse(jisr.NoSuch, id.Name(), "noun", "programme")
	}
	f := &Flow{id: id, Laid: v.State.Programme}
	f.Programme, err = n.annexes.of(f.Laid.Document, func() ([]byte, error) {
		body, _, err := n.book.Content(ctx, book.Whole(), forum, f.Laid.Laid.Position)
		return body, err
	})
	if err != nil {
		return nil, err
	}
	a, err := n.book.Thing(ctx, book.Whole(), forum, f.Laid.Agreement)
	if err != nil {
		return nil, err
	}
	if f.Agreement = a.State.Agreement; f.Agreement == nil {
		return nil, jisr.Refuse(jisr.NoSuch, f.Laid.Agreement.Name(), "noun", "agreement")
	}
	return f, n.bind(ctx, forum, f)
}

// bind finds the article of the agreement's text that names the annex by its hash.
func (n *Node) bind(ctx context.Context, forum jisr.ForumID, f *Flow) error {
	hash := f.Agreement.Text()
	if hash == "" {
		return nil
	}
	text, err := n.textOf(ctx, forum, f.Agreement, hash)
	if err != nil {
		if isRefused(err) { // the text is not here yet
			return nil
		}
		return err
	}
	for segment, annex := range text.Annexes {
		if annex.Document != f.Laid.Document {
			continue
		}
		f.named = true
		f.Article = segment
		for _, s := range text.Segments {
			if s.ID == segment && s.Number != "" {
				f.Article = s.Number
			}
		}
	}
	return nil
}

// SentRecord is a record as it was sent, with what it is known by: its batch and its place in it.
type SentRecord struct {
	ID       string // one path segment
	Batch    jisr.ThingID
	By       jisr.MemberID
	At       time.Time
	Handling jisr.Handling
	Raw      json.RawMessage
	Void     *jisr.Refusal // the annex or the day did not allow it: it was kept, and has no effect
	checked  *programme.Record
}

// Item is the record for charts and exports; false when it has no effect.
func (r *SentRecord) Item() (programme.Item, bool) {
	if r.Void != nil {
		return programme.Item{}, false
	}
	return programme.Item{Record: r.checked, ID: r.ID, By: r.By, Sent: r.At, Handling: r.Handling}, true
}

// Records gives the records of a type, newest batch first. What the other side sent is held against the annex, the sender
// and the day here, as our own was before it left.
func (n *Node) Records(ctx context.Context, forum jisr.ForumID, id jisr.ThingID, typ string) (iter.Seq2[SentRecord, error], error) {
	f, t, err := n.typeOf(ctx, forum, id, typ)
	if err != nil {
		return nil, err
	}
	q := batches(forum, id, typ)
	q.Limit = 200
	return func(yield func(SentRecord, error) bool) {
		for seen := 0; seen < maxBatches; {
			rows, next, err := n.book.Things(ctx, book.Whole(), q)
			if err != nil {
				yield(SentRecord{}, err)
				return
			}
			for i := range rows {
				seen++
				if !n.batch(ctx, f, t, &rows[i], yield) {
					return
				}
			}
			if q.Cursor = next; next == "" {
				return
			}
		}
	}, nil
}

func batches(forum jisr.ForumID, id jisr.ThingID, typ string) book.ThingQuery {
	return book.ThingQuery{Forum: forum, Noun: "record", Labels: []string{"type:" + string(id) + "/" + typ}}
}

func (n *Node) typeOf(ctx context.Context, forum jisr.ForumID, id jisr.ThingID, typ string) (*Flow, *programme.Type, error) {
	f, err := n.Flow(ctx, forum, id)
	if err != nil {
		return nil, nil, err
	}
	t := f.Programme.Type(typ)
	if t == nil {
		return nil, nil, jisr.Refuse(jisr.NoSuch, typ, "noun", "record")
	}
	return f, t, nil
}

// RecordPage gives a page of records, newest batch first, and the cursor of the next; empty when there is none. A cursor
// says how many records of a batch were given, and where the batches before it are. Batches the caller may not read are
// left out.
func (n *Node) RecordPage(ctx context.Context, c Caller, forum jisr.ForumID, id jisr.ThingID, typ, cursor string, limit int) (page []SentRecord, next string, err error) {
	f, t, err := n.typeOf(ctx, forum, id, typ)
	if err != nil {
		return nil, "", err
	}
	given, rest, _ := strings.Cut(cursor, "~")
	skip, err := strconv.Atoi(given)
	if cursor != "" && (err != nil || skip < 0) {
		return nil, "", jisr.Refuse(jisr.Malformed, "cursor")
	}
	q := batches(forum, id, typ)
	q.Cursor, q.Limit = rest, 1
	shown := n.reader(ctx, c, forum, f)
	for range maxBatches {
		rows, older, err := n.book.Things(ctx, book.Whole(), q)
		if err != nil || len(rows) == 0 {
			return page, "", err
		}
		at, full := 0, false
		if may, err := shown(rows[0].State.Batch.Handling); err != nil {
			return nil, "", err
		} else if !may {
			if q.Cursor, skip = older, 0; older == "" {
				break
			}
			continue
		}
		n.batch(ctx, f, t, &rows[0], func(r SentRecord, e error) bool {
			err = e
			if at++; at <= skip {
				return e == nil
			}
			if full = len(page) == limit; !full {
				page = append(page, r)
			}
			return e == nil && !full
		})
		if err != nil {
			return nil, "", err
		}
		if full {
			return page, strconv.Itoa(at-1) + "~" + q.Cursor, nil
		}
		if q.Cursor, skip = older, 0; older == "" {
			break
		}
	}
	return page, "", nil
}

// reader tells of each level of handling, once, whether the caller may read the programme's records at it. Where few may,
// the reading is in the house log before it is answered.
func (n *Node) reader(ctx context.Context, c Caller, forum jisr.ForumID, f *Flow) func(jisr.Handling) (bool, error) {
	known := map[jisr.Handling]bool{}
	return func(h jisr.Handling) (bool, error) {
		if may, ok := known[h.Level()]; ok {
			return may, nil
		}
		err := n.reads(ctx, c, Read, f.about(forum, h.Level()), false)
		known[h.Level()] = err == nil
		if err != nil && !isRefused(err) {
			return false, err
		}
		return err == nil, nil
	}
}

// batch gives the records of one batch; false when no more are wanted.
func (n *Node) batch(ctx context.Context, f *Flow, t *programme.Type, row *book.ThingRow, yield func(SentRecord, error) bool) bool {
	b := row.State.Batch
	body, _, err := n.book.Content(ctx, book.Whole(), row.Forum, b.Sent.Position)
	if isRefusal(err, jisr.NoSuch) {
		return true // it is on its way, or was erased
	}
	if err != nil {
		return yield(SentRecord{}, err)
	}
	void := f.fits(b, t)
	count := 0
	for raw, err := range programme.Objects(body) {
		if err != nil {
			return yield(SentRecord{ID: row.ID.Name(), Batch: row.ID, By: b.From, At: b.Sent.At, Void: refusalOf(err)}, nil)
		}
		count++
		r := SentRecord{ID: row.ID.Name() + "." + strconv.Itoa(count), Batch: row.ID, By: b.From, At: b.Sent.At, Handling: b.Handling, Raw: raw, Void: void, checked: &programme.Record{}}
		if r.Void == nil {
			if faults := t.Check(raw, r.checked); len(faults) > 0 {
				r.Void = f.clause(faults[0].Refusal, faults[0].Clause)
			}
		}
		if !yield(r, nil) {
			return false
		}
	}
	return true
}

// fits tells why a batch has no effect: it was sent when nothing might flow, by who may not, under another annex.
func (f *Flow) fits(b *jisr.RecordBatch, t *programme.Type) *jisr.Refusal {
	if err := f.open(jisr.DateOf(b.Sent.At)); err != nil {
		return refusalOf(err)
	}
	if b.Document != f.Laid.Document {
		return jisr.Refuse(jisr.NoFlow, f.agreementName(), "document", string(b.Document))
	}
	_, _, err := f.leaves(b.From, t.Name, b.Handling)
	return refusalOf(err)
}

func refusalOf(err error) *jisr.Refusal {
	if r := (*jisr.Refusal)(nil); errors.As(err, &r) {
		return r
	}
	return nil
}

// ExportRecords writes the records of a type that have effect and that the caller may read. The form is held against the
// annex before anything is read.
func (n *Node) ExportRecords(ctx context.Context, c Caller, w io.Writer, forum jisr.ForumID, id jisr.ThingID, typ string, form programme.Format, lang string) error {
	f, t, err := n.typeOf(ctx, forum, id, typ)
	if err != nil {
		return err
	}
	records, err := n.Records(ctx, forum, id, typ)
	if err != nil {
		return err
	}
	shown := n.reader(ctx, c, forum, f)
	var failed error
	err = f.Programme.Export(w, form, t, lang, func(yield func(programme.Item) bool) {
		for r, err := range records {
			may := false
			if err == nil {
				may, err = shown(r.Handling)
			}
			if failed = err; failed != nil {
				return
			}
			if it, ok := r.Item(); ok && may && !yield(it) {
				return
			}
		}
	})
	if failed != nil {
		return failed
	}
	return err
}

// Picture draws a chart of a programme from the records that are here, for who may read its level.
func (n *Node) Picture(ctx context.Context, c Caller, forum jisr.ForumID, id jisr.ThingID, chart string) (*programme.Picture, error) {
	f, err := n.Flow(ctx, forum, id)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(f.Programme.ChartIDs(), chart) {
		return nil, jisr.Refuse(jisr.NoSuch, chart, "noun", "chart")
	}
	groups := programme.Groups{}
	target := f.Programme.TargetOf(chart)
	err = n.eachItem(ctx, forum, id, f, func(it programme.Item) {
		if target != "" {
			f.Programme.CountTarget(target, groups, it)
		} else {
			f.Programme.CountChart(chart, groups, it)
		}
	})
	if err != nil {
		return nil, err
	}
	pic := f.Programme.Picture(chart, groups, n.now())
	return pic, n.reads(ctx, c, Read, f.about(forum, pic.Level), false)
}

// Promises tells what the targets of a programme came to in their present periods, for who may read the records they are
// told from.
func (n *Node) Promises(ctx context.Context, c Caller, forum jisr.ForumID, id jisr.ThingID) ([]programme.Promise, error) {
	f, err := n.Flow(ctx, forum, id)
	if err != nil {
		return nil, err
	}
	groups := map[string]programme.Groups{}
	for _, t := range f.Programme.TargetIDs() {
		groups[t] = programme.Groups{}
	}
	level := jisr.HandlingPublic
	err = n.eachItem(ctx, forum, id, f, func(it programme.Item) {
		if it.Handling.Rank() > level.Rank() {
			level = it.Handling
		}
		for t, g := range groups {
			f.Programme.CountTarget(t, g, it)
		}
	})
	if err == nil {
		err = n.reads(ctx, c, Read, f.about(forum, level), false)
	}
	if err != nil {
		return nil, err
	}
	var all []programme.Promise
	for _, t := range f.Programme.TargetIDs() {
		all = append(all, f.Programme.Promise(t, groups[t], n.now())...)
	}
	return all, nil
}

// eachItem goes through the records of a programme that have effect.
func (n *Node) eachItem(ctx context.Context, forum jisr.ForumID, id jisr.ThingID, f *Flow, do func(programme.Item)) error {
	for _, t := range f.Programme.Types {
		records, err := n.Records(ctx, forum, id, t.Name)
		if err != nil {
			return err
		}
		for r, err := range records {
			if err != nil {
				return fmt.Errorf("couldn't read records: %w", err)
			}
			if it, ok := r.Item(); ok {
				do(it)
			}
		}
	}
	return nil
}
