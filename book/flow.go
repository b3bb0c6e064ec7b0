package book

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"sync"
	"time"

	"jisr"
	"jisr/programme"
)

// maxAnnexes is how many compiled annexes are kept at hand.
const maxAnnexes = 64

// Flow is a programme with what decides on a day whether its records flow: the annex, and the agreement it rests on.
type Flow struct {
	Forum     jisr.ForumID
	ID        jisr.ThingID
	Programme *programme.Programme
	Laid      *jisr.Programme
	Agreement *jisr.Agreement
	segment   string            // of the agreement's text, that introduces the annex
	Article   string            // of the agreement's text, that introduces the annex; empty: the text does not name it
	Desks     []jisr.DeskID     // whose the programme is
	Officials []jisr.OfficialID // who is named for it
	Versions  []Version         // of its annex, the oldest first, this one among them; none: there is only this one
	named     bool
}

// Standing is what the programme is on a day: the agreement's own state, laid while no text that counts names it, replaced once a newer
// version took its place.
func (f *Flow) Standing(today jisr.Date) jisr.AgreementState {
	switch {
	case !f.named:
		return jisr.ProgrammeLaid
	case f.Replaced(today) != nil:
		return jisr.ProgrammeReplaced
	}
	return f.Agreement.Standing(today)
}

// Day is the day of an instant in the time zone of the annex, which all parties signed: in UTC what is sent before three in the morning
// in Baghdad would be of yesterday, and have no effect on the first day in force.
func (f *Flow) Day(t time.Time) jisr.Date { return jisr.DateIn(t, f.Programme.Zone()) }

// Open refuses when no record may flow on that day, with the agreement and its state, or with what took its place.
func (f *Flow) Open(day jisr.Date) error {
	if v := f.Replaced(day); v != nil {
		return jisr.Refuse(jisr.Replaced, f.Programme.Name(), "version", v.Version, "by", v.ID.Name(), "since", string(f.self().Until))
	}
	return f.rests(day)
}

// rests refuses when the agreement lets nothing flow on that day. Notice of termination ends nothing before its day, and does not end a
// suspension.
func (f *Flow) rests(day jisr.Date) error {
	if !f.named {
		return jisr.Refuse(jisr.NoFlow, f.agreementName(), "document", string(f.Laid.Document))
	}
	s := f.Agreement.Standing(day)
	if s == jisr.AgreementDormant && (!f.dormantOn(day) || slices.Contains(f.Agreement.Continues(), f.segment)) {
		return nil
	}
	if s == jisr.AgreementEnding && f.Agreement.Suspended(day) {
		s = jisr.AgreementSuspended
	}
	if s != jisr.AgreementInForce && s != jisr.AgreementEnding {
		return jisr.Refuse(jisr.NoFlow, f.agreementName(), "state", string(s), "article", f.Article)
	}
	return nil
}

// dormantOn tells whether a party had declared the agreement dormant by a day. That nobody spoke about it for a year is a status of
// ours, and stops no records.
func (f *Flow) dormantOn(day jisr.Date) bool {
	for _, d := range f.Agreement.Dormant {
		if d.Date <= day {
			return true
		}
	}
	return false
}

func (f *Flow) agreementName() string { return f.Laid.Agreement.Name() }

// Leaves holds a sender and a handling level against the annex, and gives the level that counts.
func (f *Flow) Leaves(by jisr.MemberID, typ string, level jisr.Handling) (*programme.Type, jisr.Handling, error) {
	t := f.Programme.Type(typ)
	if t == nil {
		return nil, "", jisr.Refuse(jisr.NoSuch, typ, "noun", "record")
	}
	senders := t.Spec.Sends
	if len(senders) == 0 {
		senders = f.Programme.Annex.Parties
	}
	if !slices.Contains(senders, by) {
		return nil, "", f.Clause(jisr.Refuse(jisr.NotSender, typ), t.Clause)
	}
	h := t.Spec.Handling
	if level == "" {
		level = h.Default
	}
	if level.Rank() < h.Min.Rank() || level.Rank() > h.Max.Rank() {
		return nil, "", f.Clause(jisr.Refuse(jisr.OutOfRange, "handling", "min", string(h.Min), "max", string(h.Max), "got", string(level)), t.Clause)
	}
	return t, level, nil
}

// Fits tells why a batch has no effect: it was sent when nothing might flow, by who may not, under another annex. knew tells whether
// who sent it had received that a newer version took the place of this one.
func (f *Flow) Fits(b *jisr.RecordBatch, knew bool) *jisr.Refusal {
	sent := f.Day(b.Sent.At)
	err := f.Open(sent)
	if !knew && (f.rests(sent) == nil || f.rests(f.self().Until.AddDays(-1)) == nil) { // as far as the writer knew
		err = nil
	}
	if err != nil {
		return refused(err)
	}
	if b.Document != f.Laid.Document {
		return jisr.Refuse(jisr.NoFlow, f.agreementName(), "document", string(b.Document))
	}
	if _, _, err := f.Leaves(b.From, b.Type, b.Handling); err != nil {
		return refused(err)
	}
	return nil
}

// Clause says which agreement, article and paragraph of the annex a refusal comes from.
func (f *Flow) Clause(r *jisr.Refusal, paragraph string) *jisr.Refusal {
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

// Check holds records against the annex, and what the annex allows against more, and gives those that hold, and of the
// others every fault.
func (f *Flow) Check(t *programme.Type, records []json.RawMessage, more ...func(*programme.Record) []programme.Fault) (good []json.RawMessage, refused []RefusedRow) {
	var r programme.Record
	for i, raw := range records {
		faults := t.Check(raw, &r)
		for _, check := range more {
			if len(faults) == 0 {
				faults = check(&r)
			}
		}
		if len(faults) == 0 {
			good = append(good, raw)
		}
		refused = append(refused, f.Refused(i+1, faults)...)
	}
	if len(records) == 0 {
		refused = append(refused, RefusedRow{0, "", jisr.Refuse(jisr.Missing, "record")})
	}
	return good, refused
}

// Refused says of each fault of a row which agreement, article and paragraph of the annex it breaks.
func (f *Flow) Refused(row int, faults []programme.Fault) (all []RefusedRow) {
	for _, fault := range faults {
		need := f.Clause(fault.Refusal, fault.Clause)
		need.Need["row"] = strconv.Itoa(row)
		all = append(all, RefusedRow{row, fault.Path, need})
	}
	return all
}

// annexes keeps compiled annexes: what a hash names never changes.
type annexes struct {
	mu  sync.Mutex
	all map[jisr.Commitment]*programme.Programme
}

// of compiles an annex, or finds it. What another side laid is compiled like our own: an annex that is none, or another
// than its hash says, lets nothing flow.
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
	if doc == nil {
		return nil, jisr.Refuse(jisr.NoSuch, "content")
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

// annexRefusal is the first problem of an annex.
func annexRefusal(err error) error {
	var problems programme.Problems
	if !errors.As(err, &problems) || len(problems) == 0 {
		return err
	}
	return problems[0].Refusal
}

// Flow finds a programme, its annex and the agreement it rests on. NoSuch: there is none in the scope, or what it rests on
// has not arrived.
func (b *Book) Flow(ctx context.Context, s Scope, forum jisr.ForumID, id jisr.ThingID) (f *Flow, err error) {
	err = b.read(ctx, "read a programme", func(c *conn) error {
		rd, err := b.reader(c, s)
		if err == nil {
			f, err = rd.flow(&b.annexes, forum, id)
		}
		return err
	})
	return f, err
}

// flow reads a programme within the reader's scope; what it rests on, and its other versions, are read whoever asks.
func (rd *reader) flow(known *annexes, forum jisr.ForumID, id jisr.ThingID) (*Flow, error) {
	f, err := rd.rooted(known, forum, id)
	if err != nil || !f.named {
		return f, err
	}
	whole := *rd
	whole.scope = Whole()
	return f, whole.versions(known, f)
}

// rooted is a programme with its annex and the agreement it rests on.
func (rd *reader) rooted(known *annexes, forum jisr.ForumID, id jisr.ThingID) (*Flow, error) {
	row, err := rd.thing(forum, id)
	if err != nil {
		return nil, err
	}
	if row.State.Programme == nil {
		return nil, jisr.Refuse(jisr.NoSuch, id.Name(), "noun", "programme")
	}
	whole := *rd
	whole.scope = Whole()
	f := &Flow{Forum: forum, ID: id, Laid: row.State.Programme, Desks: row.Desks, Officials: row.Officials}
	f.Programme, err = known.of(f.Laid.Document, func() ([]byte, error) { return whole.bodyOf(forum, f.Laid.Laid.Position) })
	if err != nil {
		return nil, err
	}
	if a := f.Programme.Annex; a.Programme != f.Laid.Programme || a.Version != f.Laid.Version {
		return nil, jisr.Refuse(jisr.Malformed, "document", "want", f.Laid.Programme+" "+f.Laid.Version, "got", f.Programme.Name())
	}
	a, err := whole.thing(forum, f.Laid.Agreement)
	if err != nil {
		return nil, err
	}
	if f.Agreement = a.State.Agreement; f.Agreement == nil {
		return nil, jisr.Refuse(jisr.NoSuch, f.Laid.Agreement.Name(), "noun", "agreement")
	}
	return f, whole.bind(f)
}

// bodyOf reads the body of an act; nil when it is not here.
func (rd *reader) bodyOf(forum jisr.ForumID, p jisr.Position) ([]byte, error) {
	return rd.c.body(keyOf(rd.logs[Log{forum, p.Member}].n, p.Index))
}

// textOf is the text of an agreement that counts; nil: it is not here yet, or is not what its hash says, and so names nothing.
func (rd *reader) textOf(forum jisr.ForumID, g *jisr.Agreement) (*jisr.InstrumentText, error) {
	hash := g.Text()
	v := g.Version(hash)
	if hash == "" || v == nil {
		return nil, nil
	}
	body, err := rd.bodyOf(forum, v.Position)
	if err != nil || body == nil {
		return nil, err
	}
	text, err := jisr.DecodeText(body, &jisr.TableTerms{Hash: hash, Clauses: v.Clauses}, g.Parties)
	if err != nil {
		return nil, nil
	}
	return &text, nil
}

// bind finds the article of the agreement's text that names the annex by its hash.
func (rd *reader) bind(f *Flow) error {
	text, err := rd.textOf(f.Forum, f.Agreement)
	if err != nil || text == nil {
		return err
	}
	for segment, annex := range text.Annexes {
		if annex.Document != f.Laid.Document {
			continue
		}
		f.named = true
		f.Article, f.segment = segment, segment
		for _, s := range text.Segments {
			if s.ID == segment && s.Number != "" {
				f.Article = s.Number
			}
		}
	}
	return nil
}
