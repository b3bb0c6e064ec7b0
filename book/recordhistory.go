package book

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"strings"

	"jisr"
	"jisr/programme"
)

// RecordView is one record with all that was said about it.
type RecordView struct {
	RecordRow
	State    *jisr.RecordBatch // of its batch
	Change   jisr.RecordChange // what was said about this one
	Versions []RecordVersion   // as it was sent, then each correction that has effect, oldest first
	Acts     []ThingAct        // about its batch, those that name it or all of it, in order, void ones too; without their bodies
}

// RecordVersion is a record as one act has it.
type RecordVersion struct {
	Act jisr.Position
	Raw json.RawMessage // nil: it is not here, or was erased
	// Record is checked; nil: the annex does not allow it.
	Record *programme.Record
}

// ParseRecordName takes the name of a record apart.
func ParseRecordName(name string) (batch jisr.ThingID, place int, ok bool) {
	i := strings.LastIndexByte(name, '.')
	if i < 0 {
		return "", 0, false
	}
	place, err := strconv.Atoi(name[i+1:])
	batch = jisr.ThingID("record/" + name[:i])
	return batch, place, err == nil && place > 0 && jisr.ValidName(batch.Name())
}

// Record gives one record with its history. NoSuch when it is not in the scope.
func (b *Book) Record(ctx context.Context, s Scope, q RecordQuery, name string) (v RecordView, err error) {
	none := jisr.Refuse(jisr.NoSuch, name, "noun", "record")
	batch, place, ok := ParseRecordName(name)
	if !ok {
		return v, none
	}
	err = b.read(ctx, "read a record", func(c *conn) error {
		f, t, may, err := b.typeOf(c, s, q.Forum, q.Programme, q.Type, q.Levels)
		if err != nil {
			return err
		}
		rd, err := b.reader(c, Whole())
		if err != nil {
			return err
		}
		row, err := rd.thing(q.Forum, batch)
		if err != nil || row.State.Batch == nil || row.State.Batch.Programme != q.Programme || row.State.Batch.Type != q.Type || !may[row.State.Batch.Handling.Rank()] {
			return errors.Join(err, none)
		}
		v.State = row.State.Batch
		if c := v.State.Changes[place]; c != nil {
			v.Change = *c
		}
		var at filed
		k := keyOf(rd.logs[Log{q.Forum, v.State.From}].n, v.State.Sent.Index)
		err = c.one(`SELECT shelf, row, count FROM batch WHERE key=?`, []any{k}, &at.shelf, &at.row, &at.count)
		if err != nil || at.shelf == 0 || place > at.count {
			return none
		}
		n := at.row + place - 1
		block, err := c.readBlock(t, at.shelf, n/programme.BlockRows)
		if err != nil {
			return err
		}
		if v.RecordRow, err = b.recordRow(c, f, t, at.shelf, block, n%programme.BlockRows); err != nil {
			return err
		}
		return rd.history(&v, t, q.Forum, batch, place)
	})
	return v, err
}

// history reads what was said about a record.
func (rd *reader) history(v *RecordView, t *programme.Type, forum jisr.ForumID, batch jisr.ThingID, place int) error {
	acts, err := rd.actsOf(forum, batch)
	if err != nil {
		return err
	}
	for i := range acts {
		a := &acts[i]
		n, names := 0, true
		switch a.Act.Kind {
		case jisr.KindRecordBatch:
			n = place - 1
		case jisr.KindRecordCorrect, jisr.KindRecordWithdraw, jisr.KindRecordConfirm:
			names = false
			if terms, err := jisr.ReadPlaces(&a.Act); err == nil && terms.Records.Check(v.State.Count) == nil {
				terms.Records.Each(func(p, at int) {
					if p == place {
						n, names = at, true
					}
				})
			}
		}
		if !names {
			continue
		}
		v.Acts = append(v.Acts, ThingAct{ActRow: *a, HeldBy: rd.holders(forum, &a.Act)})
		if a.Void != nil || a.Act.Kind != jisr.KindRecordBatch && a.Act.Kind != jisr.KindRecordCorrect {
			continue
		}
		body, err := rd.bodyOf(forum, a.Act.Position)
		if err != nil {
			return err
		}
		version, at := RecordVersion{Act: a.Act.Position}, 0
		programme.Split(body, func(from, to int) {
			if at == n {
				version.Raw = json.RawMessage(body[from:to])
			}
			at++
		})
		if r := new(programme.Record); version.Raw != nil && len(t.Check(version.Raw, r)) == 0 {
			version.Record = r
		}
		v.Versions = append(v.Versions, version)
	}
	return nil
}

// holders are the mirrors whose receipt covers an act and all it carries.
func (rd *reader) holders(forum jisr.ForumID, a *jisr.Act) (by []jisr.MemberID) {
	k := keyOf(rd.logs[Log{forum, a.Member}].n, a.Index)
	for _, h := range rd.held[k.log()] {
		if h.Mirror != a.Member && h.covers(k.index()) {
			by = append(by, h.Mirror)
		}
	}
	return by
}
