package node

import (
	"context"
	"strings"
	"time"

	"github.com/teambition/rrule-go"

	"jisr"
	"jisr/book"
)

// Bounds of a recurrence, which another member may have written: with them a rule that never comes true ends too.
const (
	maxInterval = 1_000
	cadenceDays = 5 * 366 // days looked ahead for the next session, and back for those that were due
	maxMeetings = 500     // sessions of a body that are looked at
)

// Course is when a body met, meets next, and should have met by its rules.
type Course struct {
	Number int       // of the newest session, 0: none
	Held   int       // sessions held …
	Due    int       // … of so many that the cadence asked for since the first
	Last   jisr.Date // held
	Next   jisr.Date // agreed, and to come
	From   jisr.Date // day the cadence counts from: of the last session held, else of the agreement to its rules
	By     jisr.Date // day by which the cadence asks for the next one; empty: it has no cadence
	Missed bool      // that day has passed, and no session is agreed
}

// Course looks at the sessions of a body that the scope sees, on a day.
func (n *Node) Course(ctx context.Context, s book.Scope, row *book.ThingRow, today jisr.Date) (v Course, err error) {
	rows, _, err := n.book.Things(ctx, s, book.ThingQuery{Forum: row.Forum, Noun: "meeting", Labels: []string{"body:" + string(row.ID)}, Limit: maxMeetings})
	if err != nil {
		return v, err
	}
	first := jisr.Date("")
	for i := range rows {
		m := rows[i].State.Meeting
		v.Number = max(v.Number, m.Session)
		switch m.State() {
		case jisr.MeetingHeld, jisr.MinutesSigned, jisr.MeetingClosed:
			v.Held++
			v.Last = max(v.Last, m.Day())
			if first == "" || m.Day() < first {
				first = m.Day()
			}
		case jisr.DateAgreed, jisr.AgendaAgreed, jisr.Convened:
			if m.Day() >= today && (v.Next == "" || m.Day() < v.Next) {
				v.Next = m.Day()
			}
		}
	}
	b := row.State.Body
	from := v.Last
	if from == "" && b.Agreed != nil {
		cal := b.Calendar(n.self.ID)
		from = cal.Day(b.Agreed.At)
	}
	v.From = from
	if due, err := CadenceDays(b, from, from.Add(cadenceDays)); err == nil && len(due) > 0 {
		v.By = due[0]
		v.Missed = v.By < min(today, n.Known().Earliest()) && v.Next == "" // what the other side says of it may be on its way
	}
	if first != "" {
		due, err := CadenceDays(b, first, today)
		if err == nil {
			v.Due = 1 + len(due)
		}
	}
	return v, nil
}

// CadenceDays gives the days after from, until to, on which the cadence of a body asks for a session (RFC 5545 section
// 3.3.10, counted from the day of a session); none where it has no cadence.
func CadenceDays(b *jisr.Body, from, to jisr.Date) ([]jisr.Date, error) {
	rule, err := cadence(b.Cadence, b.Months, from, to)
	if rule == nil || err != nil {
		return nil, err
	}
	var all []jisr.Date
	for next := rule.Iterator(); len(all) < maxMeetings; {
		at, ok := next()
		if !ok {
			break
		}
		if day := jisr.Date(at.Format(time.DateOnly)); day > from {
			all = append(all, day)
		}
	}
	return all, nil
}

// cadence makes the rule between two days. Sessions are held on days: what is said of hours, minutes and seconds is refused.
func cadence(text string, months int, from, to jisr.Date) (*rrule.RRule, error) {
	start, err := time.Parse(time.DateOnly, string(from))
	end, err2 := time.Parse(time.DateOnly, string(to))
	if err != nil || err2 != nil || text == "" && months == 0 || len(text) > jisr.MaxRecurrence {
		return nil, nil
	}
	o := &rrule.ROption{Freq: rrule.MONTHLY, Interval: months}
	if text != "" {
		if o, err = rrule.StrToROption(strings.ToUpper(text)); err != nil {
			return nil, jisr.Refuse(jisr.Malformed, "cadence", "want", "FREQ=MONTHLY;INTERVAL=3")
		}
	}
	if o.Freq > rrule.DAILY || o.Interval < 0 || o.Interval > maxInterval || len(o.Byhour)+len(o.Byminute)+len(o.Bysecond)+len(o.Byeaster) > 0 {
		return nil, jisr.Refuse(jisr.Malformed, "cadence", "want", "FREQ=MONTHLY;INTERVAL=3")
	}
	o.Dtstart = start
	if limit := start.AddDate(0, 0, cadenceDays); end.After(limit) {
		end = limit
	}
	if o.Until.IsZero() || o.Until.After(end) {
		o.Until = end
	}
	rule, err := rrule.NewRRule(*o)
	if err != nil {
		return nil, jisr.Refuse(jisr.Malformed, "cadence", "want", "FREQ=MONTHLY;INTERVAL=3")
	}
	return rule, nil
}
