package book

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"jisr"
	"jisr/programme"
)

// RecordQuery asks for records of one type of a programme. Zero values ask for all that have effect, the newest first.
type RecordQuery struct {
	Forum     jisr.ForumID
	Programme jisr.ThingID
	Type      string
	Filters   []Filter // all of them hold
	Sort      string   // a field or a name of a record's way; empty: the field that dates a record, where it has none @sent
	Ascending bool
	Search    string // words of its texts; Arabic normalised
	// Added asks for the order in which they came here, the oldest first, and for those after a time; what was corrected or withdrawn
	// comes again. A row then has its own Cursor.
	Added      bool
	AddedAfter time.Time
	Void       bool            // also those without effect, and those that were withdrawn
	Levels     []jisr.Handling // that the caller may read; nil: all that the scope reaches
	Cursor     string          // from the page before, of the same question
	Limit      int             // 1 to 200, 0 is 50
}

// Filter is what a field of a record must hold: one of the values of Is, or what lies between From and To. The names of a
// record's way are fields too: @by, @sent, @corrected, @confirmed.
type Filter struct {
	Field string
	Is    []string // as a table shows them: a code, a text, a number, true or false
	From  string   // a number, a day, a month or a time; included
	To    string   // not included; a day or month of its own, such as 2026-12, is: all of it
}

// RecordPage is a page of records.
type RecordPage struct {
	Rows []RecordRow
	Next string // the cursor of the next page; empty when there is none
	// Synthetic is how many of All were made by rule.
	Synthetic int
	All       int // how many records of the type have effect and may be read, whatever the filters
}

// RecordRow is a record as it stands now, with its way between the parties.
type RecordRow struct {
	ID        string       // one path segment: "iq-01k….17"
	Batch     jisr.ThingID // it was sent in
	Place     int          // in its batch, from 1
	By        jisr.MemberID
	Sent      time.Time
	Handling  jisr.Handling
	Raw       json.RawMessage   // as it was sent, or as its last correction has it
	Record    *programme.Record // checked; nil: it has no effect
	Void      *jisr.Refusal     // what the annex or the day did not allow; it was kept, and has no effect
	Withdrawn bool              // by who sent it: it has no effect any more
	Corrected bool
	Confirmed bool      // the other side's figure is within the tolerance, or it said so
	Synthetic bool      // made by rule: who sent it says so
	Changed   time.Time // when it was last corrected or withdrawn, by its sender's clock; zero: never
	Added     time.Time // when it came to be listed here, or changed: of the records of a type no two batches at once
	Cursor    string    // of a page that begins after it, where the question was for Added
}

// Item is the record for charts and exports; false when it has no effect.
func (r *RecordRow) Item() (programme.Item, bool) {
	if r.Record == nil || r.Withdrawn {
		return programme.Item{}, false
	}
	return r.item(), true
}

func (r *RecordRow) item() programme.Item {
	return programme.Item{Record: r.Record, ID: r.ID, By: r.By, Sent: r.Sent, Handling: r.Handling, Confirmed: r.Confirmed, Corrected: r.Corrected, Synthetic: r.Synthetic, Withdrawn: r.Withdrawn, Changed: r.Changed}
}

// Revoked is the record for those who took it before it was withdrawn; false when it never had effect.
func (r *RecordRow) Revoked() (programme.Item, bool) {
	if r.Record == nil {
		return programme.Item{}, false
	}
	return r.item(), true
}

// ChartQuery asks for a chart or the targets of a programme.
type ChartQuery struct {
	Forum     jisr.ForumID
	Programme jisr.ThingID
	Chart     string          // of the annex; unused for targets
	Levels    []jisr.Handling // that the caller may read; nil: all that the scope reaches. What is above is not counted
	At        time.Time       // now: a target's line is of the period it lies in
}

// Picture draws a chart of a programme from the records that may be read.
func (b *Book) Picture(ctx context.Context, s Scope, q ChartQuery) (pic *programme.Picture, err error) {
	err = b.read(ctx, "draw a chart", func(c *conn) error {
		rd, err := b.reader(c, s)
		if err != nil {
			return err
		}
		f, err := rd.flow(&b.annexes, q.Forum, q.Programme)
		if err != nil {
			return err
		}
		if !slices.Contains(f.Programme.ChartIDs(), q.Chart) {
			return jisr.Refuse(jisr.NoSuch, q.Chart, "noun", "chart")
		}
		id := "chart:" + q.Chart
		if target := f.Programme.TargetOf(q.Chart); target != "" {
			id = "target:" + target
		}
		groups, err := b.countedAll(rd, f, id, q.Levels, nil)
		if err != nil {
			return err
		}
		pic = f.Programme.Picture(q.Chart, groups, q.At)
		pic.Synthetic, err = b.synthetic(rd, f, id, q.Levels, map[string]bool{})
		return err
	})
	return pic, err
}

// Promises tells what the targets of a programme came to in their present periods, from the records that may be read.
func (b *Book) Promises(ctx context.Context, s Scope, q ChartQuery) (all []programme.Promise, err error) {
	err = b.read(ctx, "tell what targets came to", func(c *conn) error {
		rd, err := b.reader(c, s)
		if err != nil {
			return err
		}
		f, err := rd.flow(&b.annexes, q.Forum, q.Programme)
		if err != nil {
			return err
		}
		known := map[string]bool{}
		for _, target := range f.Programme.TargetIDs() {
			groups, err := b.countedAll(rd, f, "target:"+target, q.Levels, f.Programme.InPeriod(target, q.At))
			if err != nil {
				return err
			}
			made, err := b.synthetic(rd, f, "target:"+target, q.Levels, known)
			if err != nil {
				return err
			}
			for _, p := range f.Programme.Promise(target, groups, q.At) {
				p.Synthetic = made
				all = append(all, p)
			}
		}
		return nil
	})
	return all, err
}
