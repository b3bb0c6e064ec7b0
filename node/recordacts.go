package node

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"jisr"
	"jisr/book"
	"jisr/programme"
)

// CorrectRecords puts other records in the place of some that this member sent. All of them are held against the annex.
type CorrectRecords struct {
	Forum   jisr.ForumID
	Batch   jisr.ThingID
	Records map[int]json.RawMessage // by place in the batch
	Reason  string

	files map[string]jisr.DraftFile // that they carry, by the hash of the bytes
}

// WithdrawRecords takes back records that this member sent and nobody confirmed.
type WithdrawRecords struct {
	Forum  jisr.ForumID
	Batch  jisr.ThingID
	Places jisr.Places
	Reason string
}

// AcknowledgeRecords says that a desk of this member has read a batch.
type AcknowledgeRecords struct {
	Forum jisr.ForumID
	Batch jisr.ThingID
}

// ConfirmRecords says that the figures of records the other side sent are so.
type ConfirmRecords struct {
	Forum  jisr.ForumID
	Batch  jisr.ThingID
	Places jisr.Places
}

func (CorrectRecords) verb() Verb     { return "record.correct" }
func (WithdrawRecords) verb() Verb    { return "record.withdraw" }
func (AcknowledgeRecords) verb() Verb { return "record.acknowledge" }
func (ConfirmRecords) verb() Verb     { return "record.confirm" }

// aboutBatch finds a batch and its programme, which must be in force, or a newer version of it: what is at rest is not changed either.
func (d *decision) aboutBatch(forum jisr.ForumID, id jisr.ThingID) (*book.Flow, *jisr.RecordBatch, error) {
	v, err := d.n.book.Thing(d.ctx, book.Whole(), forum, id)
	if err != nil {
		return nil, nil, err
	}
	b := v.State.Batch
	if b == nil {
		return nil, nil, jisr.Refuse(jisr.NoSuch, id.Name(), "noun", "record")
	}
	f, err := d.n.Flow(d.ctx, forum, b.Programme)
	if err != nil {
		return nil, nil, err
	}
	about := aboutFlow(d.caller, f, b.Handling)
	d.about = &about
	if err := d.touch(id); err != nil {
		return nil, nil, err
	}
	return f, b, f.Speaks(d.today)
}

// saysOf plans an act about a batch that has effect.
func (d *decision) saysOf(p planned) error {
	if err := d.meets(p); err != nil {
		return err
	}
	return d.joint(p.forum, p)
}

func (c CorrectRecords) decide(d *decision) error {
	f, b, err := d.aboutBatch(c.Forum, c.Batch)
	if err != nil {
		return err
	}
	t := f.Programme.Type(b.Type)
	if t == nil {
		return jisr.Refuse(jisr.NoSuch, b.Type, "noun", "record")
	}
	var places []int
	for place := range c.Records {
		places = append(places, place)
	}
	slices.Sort(places)
	var records []json.RawMessage
	for _, place := range places {
		records = append(records, c.Records[place])
	}
	files := maps.Clone(c.files)
	if err := d.n.carriedBefore(d.ctx, c.Forum, b, t, places, &files); err != nil {
		return err
	}
	if _, refused := f.Check(t, records, d.n.holds(d.ctx, f, t, files)...); len(refused) > 0 {
		return refused[0].Refusal
	}
	return d.saysOf(planned{forum: c.Forum, kind: jisr.KindRecordCorrect, about: c.Batch, terms: jisr.PlaceTerms{Records: jisr.PlacesOf(places...), Reason: c.Reason},
		body: records, maxBody: maxBatchBody, files: uploads(t, records, c.files)})
}

// prepared puts into the records what is known of the uploads they name.
func (c CorrectRecords) prepared(ctx context.Context, n *Node, by Caller) (CorrectRecords, error) {
	v, err := n.book.Thing(ctx, book.Whole(), c.Forum, c.Batch)
	if err != nil || v.State.Batch == nil {
		return c, nil // refused where it is decided
	}
	f, err := n.Flow(ctx, c.Forum, v.State.Batch.Programme)
	if err != nil {
		return c, err
	}
	t := f.Programme.Type(v.State.Batch.Type)
	if t == nil || !t.Names(programme.FileOf) {
		return c, nil
	}
	records := map[int]json.RawMessage{}
	files := map[string]jisr.DraftFile{}
	for _, place := range slices.Sorted(maps.Keys(c.Records)) {
		attached, faults, carries, err := n.attach(ctx, by, t, []json.RawMessage{c.Records[place]})
		if err != nil {
			return c, err
		}
		if len(faults) > 0 {
			return c, f.Refused(1, faults[1])[0].Refusal
		}
		records[place] = attached[0]
		maps.Copy(files, carries)
	}
	c.Records, c.files = records, files
	return c, nil
}

// carriedBefore adds the files that records carried before they are corrected: a correction may keep them, and they are not sent again.
func (n *Node) carriedBefore(ctx context.Context, forum jisr.ForumID, b *jisr.RecordBatch, t *programme.Type, places []int, files *map[string]jisr.DraftFile) error {
	if !t.Names(programme.FileOf) {
		return nil
	}
	if *files == nil {
		*files = map[string]jisr.DraftFile{}
	}
	positions := []jisr.Position{b.Sent.Position}
	for _, place := range places {
		if c := b.Changes[place]; c != nil && c.Corrected != nil {
			positions = append(positions, c.Corrected.Position)
		}
	}
	for _, p := range positions {
		body, err := n.bodyAt(ctx, n.origin(forum, p.Member), p.Index)
		if err != nil {
			return err
		}
		var records []json.RawMessage
		programme.Split(body, func(from, to int) { records = append(records, body[from:to]) })
		for _, sum := range carried(t, records) {
			if _, here := (*files)[sum]; !here {
				(*files)[sum] = jisr.DraftFile{}
			}
		}
	}
	return nil
}

func (c WithdrawRecords) decide(d *decision) error {
	if _, _, err := d.aboutBatch(c.Forum, c.Batch); err != nil {
		return err
	}
	return d.saysOf(planned{forum: c.Forum, kind: jisr.KindRecordWithdraw, about: c.Batch, terms: jisr.PlaceTerms{Records: c.Places, Reason: c.Reason}})
}

func (c AcknowledgeRecords) decide(d *decision) error {
	if _, _, err := d.aboutBatch(c.Forum, c.Batch); err != nil {
		return err
	}
	return d.saysOf(planned{forum: c.Forum, kind: jisr.KindRecordAcknowledge, about: c.Batch})
}

func (c ConfirmRecords) decide(d *decision) error {
	if _, _, err := d.aboutBatch(c.Forum, c.Batch); err != nil {
		return err
	}
	return d.saysOf(planned{forum: c.Forum, kind: jisr.KindRecordConfirm, about: c.Batch, terms: jisr.PlaceTerms{Records: c.Places}})
}

// Record gives one record with its history, for a caller who may read it.
func (n *Node) Record(ctx context.Context, c Caller, forum jisr.ForumID, id jisr.ThingID, typ, name string) (book.RecordView, error) {
	f, may, err := n.readRecords(ctx, c, forum, id)
	if err != nil {
		return book.RecordView{}, err
	}
	v, err := n.book.Record(ctx, n.ScopeOf(c), book.RecordQuery{Forum: forum, Programme: id, Type: typ, Levels: may}, name)
	if err != nil {
		return book.RecordView{}, err
	}
	return v, n.audits(ctx, c, f, v.Handling)
}

// receivers are the parties that receive a type of records from this member.
func receivers(f *book.Flow, t *programme.Type, self jisr.MemberID) []jisr.MemberID {
	to := t.Spec.Receives
	if len(to) == 0 {
		to = f.Programme.Annex.Parties
	}
	return slices.DeleteFunc(slices.Clone(to), func(m jisr.MemberID) bool { return m == self })
}

// acknowledgeBy is when the first of these records asks to have been read; nil: none does.
func (d *decision) acknowledgeBy(f *book.Flow, t *programme.Type, records []json.RawMessage) (first *time.Time) {
	if len(t.Spec.Acknowledge) == 0 {
		return nil
	}
	for _, raw := range records {
		var r programme.Record
		if len(t.Check(raw, &r)) > 0 {
			continue
		}
		by, asked := t.AcknowledgeBy(f.Programme, programme.Item{Record: &r, By: d.n.self.ID, Sent: d.now})
		if by = by.UTC().Truncate(time.Second); asked && (first == nil || by.Before(*first)) {
			first = &by
		}
	}
	return first
}

// sentBefore tells that a batch of this name is the answer to the same request: the key names it, whenever it was asked.
func (d *decision) sentBefore(forum jisr.ForumID, id jisr.ThingID, t *jisr.BatchTerms) (bool, error) {
	v, err := d.n.book.Thing(d.ctx, book.Whole(), forum, id)
	if isRefusal(err, jisr.NoSuch) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	b := v.State.Batch
	if b == nil || b.Type != t.Type || b.Count != t.Count || b.Programme != t.Programme {
		return false, jisr.Refuse(jisr.Reused, "Idempotency-Key")
	}
	d.done = Done{Forum: forum, Thing: id, Position: b.Sent.Position, Joint: true, Existing: true}
	return true, nil
}
