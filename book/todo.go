package book

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/ncruces/go-sqlite3"

	"jisr"
)

// ToDo gives what waits for this member and what it waits for, late first, then by date, then oldest; at most
// 200 a side. Counts has the whole numbers.
func (b *Book) ToDo(ctx context.Context, s Scope, known jisr.Heard) (us, them []ToDo, err error) {
	err = b.read(ctx, "list what is to be done", func(c *conn) error {
		rd, err := b.reader(c, s)
		if err != nil {
			return err
		}
		if us, err = rd.todo(ours, rd.ofUs); err != nil {
			return err
		}
		them, err = rd.todo(theirs, rd.ofThem)
		return err
	})
	return order(us, jisr.On(known.Today)), order(them, known), err
}

// todo reads the notes of one side from their partial index, which holds no other notes.
func (rd *reader) todo(side int, expand func(*NoteRow) []ToDo) ([]ToDo, error) {
	var all []ToDo
	rows, err := rd.notes(`n.side=?`, `ORDER BY n.due, n.since LIMIT `+strconv.Itoa(maxPage), side)
	for i := range rows {
		all = append(all, expand(&rows[i])...)
	}
	if err != nil {
		return nil, err
	}
	steps, err := rd.steps(side)
	return append(all, steps...), err
}

// ofUs says what a note or draft waits for in this house.
func (rd *reader) ofUs(r *NoteRow) []ToDo {
	if r.Note == nil {
		t := ToDo{Note: *r}
		if len(r.Terms.To) > 0 {
			t.Whom = r.Terms.To[0]
		}
		switch r.Draft.State() {
		case jisr.Drafted:
			t.Why = WhyClear
		case jisr.Cleared:
			t.Why = WhyRelease
		case jisr.Returned:
			t.Why = WhyReturn
		}
		return []ToDo{t}
	}
	t := ToDo{Note: *r, Whom: r.Note.From, Why: WhyAnswer}
	if r.Note.Readings[rd.self].Opened == nil {
		t.Why = WhyOpen
	}
	if slices.Contains(r.Note.Awaits(), rd.self) {
		t.Due = r.Note.ReplyBy
	}
	return []ToDo{t}
}

// ofThem says, for each addressee, the next step we wait for: first that its node holds the note.
func (rd *reader) ofThem(r *NoteRow) []ToDo {
	var all []ToDo
	waits := r.Note.Awaits()
	for _, m := range r.Note.To {
		t := ToDo{Note: *r, Whom: m}
		reading, awaited := r.Note.Readings[m], slices.Contains(waits, m)
		switch {
		case reading.Withdrawn:
		case reading.Opened == nil && !slices.Contains(r.HeldBy, m):
			t.Why = WhyHold
		case reading.Opened == nil:
			t.Why = WhyOpen
		case awaited:
			t.Why = WhyAnswer
		}
		if awaited {
			t.Due = r.Note.ReplyBy
		}
		if t.Why != "" {
			all = append(all, t)
		}
	}
	return all
}

// order sorts to-dos. What is late has the earliest dates, so dates alone put it first.
func order(all []ToDo, known jisr.Heard) []ToDo {
	for i := range all {
		all[i].Late = all[i].Due != "" && all[i].Due < known.Of(all[i].Whom)
	}
	slices.SortStableFunc(all, func(a, b ToDo) int {
		return cmp.Or(cmp.Compare(dueKey(a.Due), dueKey(b.Due)), a.since().Compare(b.since()))
	})
	return all[:min(len(all), maxPage)]
}

// since is when what is waited for began to be.
func (t *ToDo) since() time.Time {
	switch {
	case t.Thing != nil:
		return t.Thing.At
	case t.Note.Note != nil:
		return t.Note.Note.Released.At
	case t.Note.Draft != nil:
		return t.Note.Draft.Drafted.At
	}
	return t.Note.At
}

func dueKey(d jisr.Date) string {
	if d == "" {
		return none
	}
	return string(d)
}

// Counts gives how much waits for what.
func (b *Book) Counts(ctx context.Context, s Scope, known jisr.Heard) (n Counts, err error) {
	notes, args := s.where("n")
	things, more := s.where("d")
	today := []any{string(known.Today)}
	counted := slices.Concat(today, args, today, more)
	err = b.read(ctx, "count what is to be done", func(c *conn) error {
		err := c.each(`SELECT n.side, n.why, count(*), sum(n.due<>'none'), sum(n.due<?) FROM note n WHERE n.side IS NOT NULL AND `+notes+` GROUP BY 1,2
			UNION ALL SELECT d.side, '', count(*), sum(d.due<>'none'), sum(d.due<?) FROM todo d WHERE `+things+` GROUP BY 1`,
			counted, func(st *sqlite3.Stmt) error {
				n.add(st.ColumnInt(0), Why(st.ColumnText(1)), st.ColumnInt(2), st.ColumnInt(3), st.ColumnInt(4))
				return nil
			})
		if err != nil || len(known.Cut) == 0 {
			return err
		}
		return b.forgive(c, s, known, &n)
	})
	return n, err
}

// forgive takes out of what is late what came due since the member that owes it was last heard.
func (b *Book) forgive(c *conn, s Scope, known jisr.Heard, n *Counts) error {
	rd, err := b.reader(c, s)
	if err != nil {
		return err
	}
	since, today := string(known.Earliest()), string(known.Today)
	rows, err := rd.notes(`n.side=? AND n.due>=? AND n.due<?`, ``, theirs, since, today)
	if err != nil {
		return err
	}
	for i := range rows {
		if !rows[i].Note.Late(known) {
			n.LateThem--
		}
	}
	cond, args := s.where("d")
	return c.each(`SELECT d.of, d.due FROM todo d WHERE d.side=? AND d.due>=? AND d.due<? AND `+cond, append([]any{theirs, since, today}, args...), func(st *sqlite3.Stmt) error {
		if jisr.Date(st.ColumnText(1)) >= known.Of(jisr.MemberID(st.ColumnText(0))) {
			n.LateThem--
		}
		return nil
	})
}

// add takes what waits on a side for one step: all of it, what has a day, and whose day has passed.
func (n *Counts) add(side int, why Why, all, dated, late int) {
	sum := func(into *int, when bool, count int) {
		if when {
			*into += count
		}
	}
	us, them := side == ours, side == theirs
	sum(&n.Ours, us, all)
	sum(&n.Theirs, them, all)
	sum(&n.Unopened, us && why == WhyOpen, all)
	sum(&n.AwaitingUs, us, dated)
	sum(&n.LateUs, us, late)
	sum(&n.AwaitingThem, them, dated)
	sum(&n.LateThem, them, late)
	sum(&n.ToClear, why == WhyClear, all)
	sum(&n.ToRelease, why == WhyRelease, all)
	sum(&n.Returned, why == WhyReturn, all)
	n.Drafts = n.ToClear + n.ToRelease + n.Returned
}
