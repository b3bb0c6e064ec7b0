package programme

import (
	"strconv"
	"time"

	"jisr"
)

// Span is a stretch of time: from its first moment until the first after it.
type Span struct{ From, To time.Time }

// Has tells whether at lies in the span.
func (s Span) Has(at time.Time) bool { return !at.Before(s.From) && at.Before(s.To) }

// PeriodOf is the period of that name that at lies in, in the annex's zone. A rolling one is the days that end with at's.
func (p *Programme) PeriodOf(name string, at time.Time) Span {
	at = at.In(p.zone)
	own, ok := p.Annex.Periods[name]
	switch {
	case !ok:
		from := begin(Every(name), at)
		return Span{from, next(Every(name), from)}
	case own.Days > 0:
		to := begin(Day, at).AddDate(0, 0, 1)
		return Span{to.AddDate(0, 0, -own.Days), to}
	}
	month, _ := strconv.Atoi(own.Starts[:2]) // its form was checked
	day, _ := strconv.Atoi(own.Starts[3:])
	from := time.Date(at.Year(), time.Month(month), day, 0, 0, 0, 0, p.zone)
	if at.Before(from) {
		from = from.AddDate(-1, 0, 0)
	}
	return Span{from, from.AddDate(1, 0, 0)}
}

// begin is the first moment of the calendar's period that at lies in.
func begin(e Every, at time.Time) time.Time {
	y, m, d := at.Date()
	switch e {
	case Hour:
		return time.Date(y, m, d, at.Hour(), 0, 0, 0, at.Location())
	case Week: // from Monday (ISO 8601)
		return time.Date(y, m, d-(int(at.Weekday())+6)%7, 0, 0, 0, 0, at.Location())
	case Month:
		return time.Date(y, m, 1, 0, 0, 0, 0, at.Location())
	case Quarter:
		return time.Date(y, (m-1)/3*3+1, 1, 0, 0, 0, 0, at.Location())
	case Year:
		return time.Date(y, 1, 1, 0, 0, 0, 0, at.Location())
	}
	return time.Date(y, m, d, 0, 0, 0, 0, at.Location())
}

// next is the first moment of the period after the one that begins at from.
func next(e Every, from time.Time) time.Time {
	switch e {
	case Hour:
		return from.Add(time.Hour)
	case Week:
		return from.AddDate(0, 0, 7)
	case Month:
		return from.AddDate(0, 1, 0)
	case Quarter:
		return from.AddDate(0, 3, 0)
	case Year:
		return from.AddDate(1, 0, 0)
	}
	return from.AddDate(0, 0, 1)
}

// key names a period on an axis: "2026-11-23", "2026-11", "2026-Q4", "2026". Keys of one kind sort by time.
func key(e Every, from time.Time) string {
	switch e {
	case Hour:
		return from.Format("2006-01-02T15")
	case Month:
		return from.Format("2006-01")
	case Quarter:
		return from.Format("2006-Q") + strconv.Itoa((int(from.Month())+2)/3)
	case Year:
		return from.Format("2006")
	}
	return from.Format(time.DateOnly)
}

// Key names the calendar's period that at lies in. Keys of one kind sort by time.
func (e Every) Key(at time.Time) string { return key(e, begin(e, at)) }

// SlotKey names what a cadence asks for: one record, of a period, by a member, for a code.
type SlotKey struct {
	Period string // key of the period
	Of     jisr.MemberID
	Code   string
}

// Slot is what an SLA asked for, and what came.
type Slot struct {
	SlotKey
	SLA  *SLA
	Span Span
	Due  time.Time
	Sent time.Time // zero: nothing came
}

// Missed tells that the time passed and nothing had come by then.
func (s *Slot) Missed(now time.Time) bool {
	return s.Sent.IsZero() && now.After(s.Due) || !s.Sent.IsZero() && s.Sent.After(s.Due)
}

// Fills is the slot of an SLA that a record fills; false: it fills none. A book keeps for each the time the first came.
func (t *Type) Fills(p *Programme, i int, it Item) (SlotKey, bool) {
	sla := &t.Spec.SLA[i]
	at, ok := it.Time()
	if !ok || !passes(p.slas[t.Name][i], it.env()) {
		return SlotKey{}, false
	}
	k := SlotKey{Period: key(sla.Every, begin(sla.Every, at.In(p.zone))), Of: it.By}
	if sla.By != "" {
		k.Code = it.Text(t.index[sla.By])
	}
	return k, true
}

// Slots lists what an SLA asked for in the periods that began in the span, and what came: sent says when the first record
// of a slot was sent. A span longer than the bound is cut at its beginning.
func (t *Type) Slots(p *Programme, i int, in Span, sent func(SlotKey) (time.Time, bool)) []Slot {
	sla := &t.Spec.SLA[i]
	due, _ := parseDuration(sla.Due) // compiled
	var all []Slot
	from := begin(sla.Every, in.From.In(p.zone))
	if from.Before(in.From) {
		from = next(sla.Every, from)
	}
	for ; from.Before(in.To) && len(all) < maxSlots; from = next(sla.Every, from) {
		s := Slot{SLA: sla, Span: Span{from, next(sla.Every, from)}, Due: due.after(from)}
		s.Period = key(sla.Every, from)
		for _, s.Of = range t.senders(p, sla) {
			for _, s.Code = range t.expected(sla, from) {
				s.Sent, _ = sent(s.SlotKey)
				all = append(all, s)
			}
		}
	}
	return all
}

// senders are those an SLA binds.
func (t *Type) senders(p *Programme, sla *SLA) []jisr.MemberID {
	for _, some := range [][]jisr.MemberID{sla.Of, t.Spec.Sends} {
		if len(some) > 0 {
			return some
		}
	}
	return p.Annex.Parties
}

// expected are the codes an SLA asks a record for: those it names, else all that hold on the day.
func (t *Type) expected(sla *SLA, at time.Time) []string {
	switch {
	case sla.By == "":
		return []string{""}
	case len(sla.Expect) > 0:
		return sla.Expect
	}
	var all []string
	for _, c := range t.Field(sla.By).list.codes {
		if c.ValidOn(jisr.Date(at.Format(time.DateOnly))) {
			all = append(all, c.Code)
		}
	}
	return all
}

// AcknowledgeBy is when the other side must have acknowledged a record; false: the annex asks for none.
func (t *Type) AcknowledgeBy(p *Programme, it Item) (time.Time, bool) {
	for i, tests := range p.acks[t.Name] {
		if passes(tests, it.env()) {
			d, _ := parseDuration(t.Spec.Acknowledge[i].Within) // compiled
			return d.after(it.Sent), true
		}
	}
	return time.Time{}, false
}

// Agrees tells whether two sides' records of one key have the same figures within the tolerance.
func (t *Type) Agrees(a, b *Record) bool {
	c := t.Spec.Confirm
	if c == nil {
		return false
	}
	for _, name := range c.Values {
		x, okX := a.Number(t.index[name])
		y, okY := b.Number(t.index[name])
		if okX != okY || !within(x, y, c.Tolerance) {
			return false
		}
	}
	return true
}

// within compares figures: the larger may be that many percent above the smaller.
func within(x, y, percent float64) bool {
	large := max(x, -x, y, -y)
	return max(x-y, y-x) <= large*percent/100
}

// KeyOf is what a record is about: the values of its key fields as one text; records of two sides with one key tell of
// the same. Empty: the annex names no key.
func (t *Type) KeyOf(r *Record) string {
	var b []byte
	for _, name := range t.Spec.Key {
		b = appendString(b, r.Show(name))
	}
	return string(b)
}
