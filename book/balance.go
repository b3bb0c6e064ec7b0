package book

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/ncruces/go-sqlite3"

	"jisr"
	"jisr/programme"
)

// Balance is what a programme came to since it began, by side: what the annex promised, what came, and how it stands.
type Balance struct {
	Since jisr.Date // it is counted from: the day the agreement came into force
	Sides map[jisr.MemberID]*Side
	// Missed are reports that were due and have not come, oldest first: at most 200, the newest.
	Missed []Missed
}

// Side is one member's part of a balance. Promised is Kept, Late and Missed together.
type Side struct {
	Promised, Kept, Late, Missed                        int // reports that the annex asks for by a time, and that time has come
	Sent, Acknowledged, Corrected, Withdrawn, Confirmed int // records
}

// Missed is a report that was due and has not come.
type Missed struct {
	Type string
	programme.Slot
}

// BalanceQuery asks what a programme came to. Heard tells until when each other member's acts are known here: while the road to
// it is down nothing is held against it. A member that is not in it has not been heard.
type BalanceQuery struct {
	Forum     jisr.ForumID
	Programme jisr.ThingID
	Levels    []jisr.Handling
	Now       time.Time
	Heard     map[jisr.MemberID]time.Time
}

// maxMissed is how many missed reports a balance names.
const maxMissed = 200

// Balance tells what a programme came to. Counts are of records that may be read; promises are everybody's to see.
func (b *Book) Balance(ctx context.Context, s Scope, q BalanceQuery) (all Balance, err error) {
	err = b.read(ctx, "draw a balance", func(c *conn) error {
		rd, err := b.reader(c, s)
		if err != nil {
			return err
		}
		f, err := rd.flow(&b.annexes, q.Forum, q.Programme)
		if err != nil {
			return err
		}
		may, err := rd.visible(f, q.Levels)
		if err != nil {
			return err
		}
		all.Sides = map[jisr.MemberID]*Side{}
		for _, m := range f.Programme.Annex.Parties {
			all.Sides[m] = &Side{}
		}
		for _, t := range f.Programme.Types {
			if err := b.sides(c, f, t, may, all.Sides); err != nil {
				return err
			}
		}
		all.Since = f.since()
		return c.promised(f, q, &all)
	})
	return all, err
}

// since is the day the agreement came into force; empty: it has not.
func (f *Flow) since() jisr.Date {
	if !f.named {
		return ""
	}
	return f.Agreement.Force().Date
}

// sides adds the records of a type to the sides of a balance.
func (b *Book) sides(c *conn, f *Flow, t *programme.Type, may []bool, sides map[jisr.MemberID]*Side) error {
	shelf, _, err := c.shelfOf(f.Forum, f.ID, t.Name)
	if err != nil || shelf == 0 {
		return err
	}
	heads, _, err := c.heads(&b.heads, shelf)
	for _, h := range heads {
		for _, n := range h.Counts {
			s := sides[n.By]
			if s == nil || n.Rank >= len(may) || !may[n.Rank] {
				continue
			}
			s.Sent, s.Acknowledged, s.Corrected, s.Withdrawn, s.Confirmed = s.Sent+n.Sent, s.Acknowledged+n.Acked, s.Corrected+n.Corrected, s.Withdrawn+n.Withdrawn, s.Confirmed+n.Confirmed
		}
	}
	return err
}

// promised goes through all that the annex asks for since it is in force, until what is known of each side.
func (c *conn) promised(f *Flow, q BalanceQuery, all *Balance) error {
	if all.Since == "" || all.Since > f.Day(q.Now) {
		return nil
	}
	from, err := time.ParseInLocation(time.DateOnly, string(all.Since), f.Programme.Zone())
	if err != nil {
		return err
	}
	open := map[jisr.Date]bool{} // by day: how an agreement stands is reckoned from all its notices, and many reports fall on one day
	flows := func(due time.Time) bool {
		day := f.Day(due)
		is, known := open[day]
		if !known {
			is = f.Open(day) == nil
			open[day] = is
		}
		return is
	}
	for _, o := range f.others() { // a period that began under an older version is owed under this one when its day comes
		if since := o.since(); since != "" && since < f.Day(from) {
			if from, err = time.ParseInLocation(time.DateOnly, string(since), f.Programme.Zone()); err != nil {
				return err
			}
		}
	}
	for _, t := range f.Programme.Types {
		for i := range t.Spec.SLA {
			sent, err := c.cameFor(f, t, i, t.Spec.SLA[i].Every.Key(from))
			if err != nil {
				return err
			}
			for _, slot := range t.Slots(f.Programme, i, programme.Span{From: from, To: q.Now}, func(k programme.SlotKey) (time.Time, bool) { at, ok := sent[k]; return at, ok }) {
				all.count(t.Name, &slot, q.Heard[slot.Of], flows)
			}
		}
	}
	slices.SortStableFunc(all.Missed, func(a, b Missed) int { return cmp.Or(a.Due.Compare(b.Due), cmp.Compare(a.Of, b.Of)) })
	all.Missed = all.Missed[max(0, len(all.Missed)-maxMissed):]
	return nil
}

// count puts one report that the annex asks for on its side.
func (all *Balance) count(typ string, slot *programme.Slot, heard time.Time, flows func(time.Time) bool) {
	s := all.Sides[slot.Of]
	if s == nil || !flows(slot.Due) { // nothing is owed while the programme rests
		return
	}
	switch {
	case !slot.Sent.IsZero() && !slot.Sent.After(slot.Due):
		s.Kept++
	case !slot.Sent.IsZero():
		s.Late++
	case heard.After(slot.Due):
		s.Missed++
		all.Missed = append(all.Missed, Missed{typ, *slot})
	default:
		return
	}
	s.Promised++
}

// cameFor reads when what a cadence asks for first came, from a period on, under whichever version of the annex it was sent.
func (c *conn) cameFor(f *Flow, t *programme.Type, sla int, from string) (map[programme.SlotKey]time.Time, error) {
	sent := map[programme.SlotKey]time.Time{}
	for _, v := range append(f.others(), f) {
		other := v.Programme.Type(t.Name)
		if other == nil {
			continue
		}
		i := slices.IndexFunc(other.Spec.SLA, func(s programme.SLA) bool { return s.ID == t.Spec.SLA[sla].ID && s.Every == t.Spec.SLA[sla].Every })
		if i < 0 {
			continue
		}
		shelf, _, err := c.shelfOf(v.Forum, v.ID, t.Name)
		if err != nil {
			return nil, err
		}
		came, err := c.slots(shelf, i, from)
		if err != nil {
			return nil, err
		}
		for k, at := range came {
			if first, known := sent[k]; !known || at.Before(first) {
				sent[k] = at
			}
		}
	}
	return sent, nil
}

// slots reads when what a cadence asks for first came, from a period on.
func (c *conn) slots(shelf int64, sla int, from string) (map[programme.SlotKey]time.Time, error) {
	sent := map[programme.SlotKey]time.Time{}
	err := c.each(`SELECT period, of, code, sent FROM slot WHERE shelf=? AND sla=? AND period>=?`, []any{shelf, sla, from}, func(st *sqlite3.Stmt) error {
		sent[programme.SlotKey{Period: st.ColumnText(0), Of: jisr.MemberID(st.ColumnText(1)), Code: st.ColumnText(2)}] = time.UnixMilli(st.ColumnInt64(3)).UTC()
		return nil
	})
	return sent, err
}

// fills notes that a record came for what a cadence asks for.
func (f *filer) fills(s *filing, it programme.Item) {
	for i := range s.t.Spec.SLA {
		k, ok := s.t.Fills(s.f.Programme, i, it)
		if !ok {
			continue
		}
		key := slotOf{s.n, i, k}
		if at, known := f.filled[key]; !known || it.Sent.UnixMilli() < at {
			f.filled[key] = it.Sent.UnixMilli()
		}
	}
}

type slotOf struct {
	shelf int64
	sla   int
	programme.SlotKey
}

// fillsAgain does the same for rows that have come to have effect.
func (f *filer) fillsAgain(s *filing, block *shelved, run *run, b *jisr.RecordBatch) error {
	if len(s.t.Spec.SLA) == 0 {
		return nil
	}
	for row := run.Row; row < run.Row+run.Count; row++ {
		raw, err := f.c.rawOf(s.n, block, row)
		if err != nil {
			return err
		}
		if r := new(programme.Record); raw != nil && len(s.t.Check(raw, r)) == 0 {
			f.fills(s, programme.Item{Record: r, By: b.From, Sent: b.Sent.At, Handling: b.Handling})
		}
	}
	return nil
}

// writeSlots keeps when the first record came for each.
func (f *filer) writeSlots() error {
	for k, at := range f.filled {
		if err := f.c.do(`INSERT INTO slot(shelf, sla, period, of, code, sent) VALUES(?,?,?,?,?,?) ON CONFLICT DO UPDATE SET sent=min(sent, excluded.sent)`,
			k.shelf, k.sla, k.Period, string(k.Of), k.Code, at); err != nil {
			return err
		}
	}
	return nil
}

// Duty is a report that is owed under a programme: what Today shows beside what acts alone tell.
type Duty struct {
	Of  jisr.MemberID
	Due jisr.Date
}

// SetDuties says what reports are owed under a programme now, in place of what was said before. They follow from the clock as
// well as from acts, so node tells them, and a book that was made anew has none until it does.
func (b *Book) SetDuties(ctx context.Context, forum jisr.ForumID, id jisr.ThingID, duties []Duty) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.write(ctx, "note what is owed", func(c *conn) error {
		rd := &reader{c: c, self: b.self, scope: Whole(), logs: b.logs}
		row, err := rd.thing(forum, id)
		if err != nil {
			return err
		}
		var n int64
		if err := c.one(`SELECT n FROM thing WHERE forum=? AND id=?`, []any{string(forum), string(id)}, &n); err != nil {
			return err
		}
		if err := c.do(`DELETE FROM todo WHERE thing=? AND clock=1`, n); err != nil {
			return err
		}
		for _, d := range duties {
			side := theirs
			if d.Of == b.self {
				side = ours
			}
			if err := c.do(insertStep, n, side, string(d.Of), "report", dueKey(d.Due), row.At.UnixMilli(), "", 1); err != nil {
				return err
			}
		}
		return nil
	})
}
