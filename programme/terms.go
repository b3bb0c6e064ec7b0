package programme

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"jisr"
)

// terms holds what a record type says beside its schema against its fields and the parties.
func (c *compiler) terms(t *Type, at string) {
	s := t.Spec
	for list, names := range map[string][]string{"/key": s.Key, "/list_columns": s.ListColumns} {
		for i, n := range names {
			if t.Field(n) == nil {
				c.problem(at+list+"/"+itoa(i), jisr.Refuse(jisr.NoSuch, n, "noun", "field"))
			}
		}
	}
	if s.Time != "" {
		if f := t.Field(s.Time); f == nil || kindOf(f) != moment {
			c.problem(at+"/time", jisr.Refuse(jisr.NoSuch, s.Time, "noun", "field"))
		} else {
			t.time = t.index[s.Time]
		}
	}
	c.members(at+"/sends", s.Sends)
	c.members(at+"/receives", s.Receives)
	c.handling(s.Handling, at+"/handling")
	c.retention(t, at+"/retention")
	c.duties(t, at)
}

func (c *compiler) members(path string, all []jisr.MemberID) {
	for i, m := range all {
		if !slices.Contains(c.p.Annex.Parties, m) {
			c.problem(path+"/"+itoa(i), jisr.Refuse(jisr.NotMember, string(m)))
		}
	}
}

func (c *compiler) handling(h Levels, path string) {
	if h.Min.Rank() > h.Max.Rank() {
		c.problem(path+"/min", jisr.Refuse(jisr.OutOfRange, "min", "max", string(h.Max), "got", string(h.Min)))
	} else if h.Default.Rank() < h.Min.Rank() || h.Default.Rank() > h.Max.Rank() {
		c.problem(path+"/default", jisr.Refuse(jisr.OutOfRange, "default", "min", string(h.Min), "max", string(h.Max), "got", string(h.Default)))
	}
}

func (c *compiler) retention(t *Type, path string) {
	r := t.Spec.Retention
	c.duration(path+"/period", r.Period)
	field := first(r.Field, t.Spec.Time)
	if f := t.Field(field); f == nil || kindOf(f) != moment {
		c.problem(path+"/field", jisr.Refuse(jisr.Missing, "field"))
	}
}

// duties checks cadence, acknowledgement and confirmation.
func (c *compiler) duties(t *Type, at string) {
	s := t.Spec
	for i, sla := range s.SLA {
		path := at + "/sla/" + itoa(i)
		c.duration(path+"/due", sla.Due)
		c.members(path+"/of", sla.Of)
		if t.time < 0 {
			c.problem(at+"/time", jisr.Refuse(jisr.Missing, "time"))
		}
		if f := t.Field(sla.By); sla.By != "" && (f == nil || f.list == nil) {
			c.problem(path+"/by", jisr.Refuse(jisr.NoSuch, sla.By, "noun", "field"))
		} else if sla.By != "" {
			for j, code := range sla.Expect {
				if !f.list.has(code) {
					c.problem(path+"/expect/"+itoa(j), jisr.Refuse(jisr.NoSuchCode, code, "list", f.Codes))
				}
			}
		} else if len(sla.Expect) > 0 {
			c.problem(path+"/by", jisr.Refuse(jisr.Missing, "by"))
		}
	}
	for i, a := range s.Acknowledge {
		c.duration(at+"/acknowledge/"+itoa(i)+"/within", a.Within)
	}
	if s.Confirm != nil {
		if len(s.Key) == 0 {
			c.problem(at+"/key", jisr.Refuse(jisr.Missing, "key"))
		}
		for i, name := range s.Confirm.Values {
			if f := t.Field(name); f == nil || kindOf(f) != number {
				c.problem(at+"/confirm/values/"+itoa(i), jisr.Refuse(jisr.NoSuch, name, "noun", "field"))
			}
		}
	}
}

// crossType holds references between record types against what there is.
func (c *compiler) crossType(t *Type) {
	for _, f := range t.Fields {
		if f.Ref != "" && c.p.Type(f.Ref) == nil {
			c.problem("/records/"+t.Name+"/schema/properties/"+f.Name+"/x-ref", jisr.Refuse(jisr.NoSuch, f.Ref))
		}
	}
}

func (c *compiler) duration(path, s string) {
	if _, ok := parseDuration(s); !ok {
		c.problem(path, jisr.Refuse(jisr.Malformed, "duration", "want", "P30D, PT10H", "got", s))
	}
}

// duration is an ISO 8601 duration as the language has it.
type duration struct {
	months, days int
	clock        time.Duration
}

// parseDuration reads "P1Y2M", "P15D", "PT10H". An empty one is none.
func parseDuration(s string) (duration, bool) {
	var d duration
	date, clock, _ := strings.Cut(strings.TrimPrefix(s, "P"), "T")
	if !strings.HasPrefix(s, "P") || date+clock == "" || strings.HasSuffix(s, "T") {
		return d, false
	}
	for i, rest := range []string{date, clock} {
		for rest != "" {
			n, j := 0, 0
			for ; j < len(rest) && isDigit(rest[j]) && j < 5; j++ {
				n = n*10 + int(rest[j]-'0')
			}
			if j == 0 || j == len(rest) || !d.add(n, rest[j], i == 1) {
				return d, false
			}
			rest = rest[j+1:]
		}
	}
	return d, true
}

func (d *duration) add(n int, unit byte, clock bool) bool {
	switch {
	case clock && unit == 'H':
		d.clock += time.Duration(n) * time.Hour
	case clock && unit == 'M':
		d.clock += time.Duration(n) * time.Minute
	case unit == 'Y' && !clock:
		d.months += 12 * n
	case unit == 'M' && !clock:
		d.months += n
	case unit == 'W' && !clock:
		d.days += 7 * n
	case unit == 'D' && !clock:
		d.days += n
	default:
		return false
	}
	return true
}

// Where chooses records: every field named must hold what stands with it, a value, one of a list, or a range. Names
// with @ are of the record's way: see Item.
type Where map[string]Condition

// Condition is what a field must hold.
type Condition struct {
	AnyOf []any
	Range *Range
}

// Range is bounds of a number, or whether there is a value at all.
type Range struct {
	Min   *float64 `json:"min,omitempty"`
	Max   *float64 `json:"max,omitempty"`
	Over  *float64 `json:"over,omitempty"`
	Under *float64 `json:"under,omitempty"`
	IsSet *bool    `json:"is_set,omitempty"`
}

// UnmarshalJSON reads the three forms of a condition.
func (c *Condition) UnmarshalJSON(b []byte) error {
	switch b[0] {
	case '{':
		c.Range = &Range{}
		return json.Unmarshal(b, c.Range)
	case '[':
		return json.Unmarshal(b, &c.AnyOf)
	}
	c.AnyOf = make([]any, 1)
	return json.Unmarshal(b, &c.AnyOf[0])
}

// MarshalJSON writes the form that was read.
func (c Condition) MarshalJSON() ([]byte, error) {
	switch {
	case c.Range != nil:
		return json.Marshal(c.Range)
	case len(c.AnyOf) == 1:
		return json.Marshal(c.AnyOf[0])
	}
	return json.Marshal(c.AnyOf)
}

// test is a condition of Where, compiled.
type test struct {
	slot  int
	any   []value
	rng   *Range
	field string
}

// where compiles a condition on records of t.
func (c *compiler) where(t *Type, w Where, path string) []test {
	var tests []test
	for _, name := range slices.Sorted(maps.Keys(w)) {
		slot, kind, ok := t.slot(name)
		if !ok {
			c.problem(path+"/"+name, jisr.Refuse(jisr.NoSuch, name, "noun", "field"))
			continue
		}
		cond := w[name]
		te := test{slot: slot, rng: cond.Range, field: name}
		if cond.Range != nil && kind != number && cond.Range.IsSet == nil {
			c.problem(path+"/"+name, jisr.Refuse(jisr.Malformed, name, "want", number.String(), "got", kind.String()))
		}
		for _, v := range cond.AnyOf {
			val := valueOf(v)
			if val.kind != kind {
				c.problem(path+"/"+name, jisr.Refuse(jisr.Malformed, name, "want", kind.String(), "got", val.kind.String()))
			}
			if f := t.Field(name); f != nil && f.list != nil && !f.list.has(val.s) {
				c.problem(path+"/"+name, jisr.Refuse(jisr.NoSuchCode, val.s, "list", f.Codes))
			}
			te.any = append(te.any, val)
		}
		tests = append(tests, te)
	}
	return tests
}

func valueOf(v any) value {
	switch v := v.(type) {
	case string:
		return value{kind: text, s: v}
	case float64:
		return value{kind: number, n: v}
	case bool:
		return truthOf(v)
	}
	return value{}
}

// The names of a record's way. Their slots are negative.
const (
	slotBy        = -1 - iota // @by: the member that sent it
	slotSent                  // @sent: when
	slotDelay                 // @delay_hours: from the record's time to when it was sent
	slotAck                   // @ack_hours: from sent to acknowledged; none before
	slotConfirmed             // @confirmed: the other side's figure is within the tolerance
	slotCorrected             // @corrected: it was corrected
)

// slot finds a field or a name of a record's way.
func (t *Type) slot(name string) (int, valueKind, bool) {
	switch name {
	case "@by":
		return slotBy, text, true
	case "@sent":
		return slotSent, moment, true
	case "@delay_hours":
		return slotDelay, number, t.time >= 0
	case "@ack_hours":
		return slotAck, number, true
	case "@confirmed":
		return slotConfirmed, truth, true
	case "@corrected":
		return slotCorrected, truth, true
	}
	i, ok := t.index[name]
	if !ok || kindOf(t.Fields[i]) == null {
		return 0, null, false
	}
	return i, kindOf(t.Fields[i]), true
}

// after is the time that lies the duration after at. A month after 31 January is the last day of February.
func (d duration) after(at time.Time) time.Time {
	if d.months > 0 {
		day := at.Day()
		first := at.AddDate(0, d.months, 1-day)
		at = first.AddDate(0, 0, min(day, daysIn(first.Year(), int(first.Month())))-1)
	}
	return at.AddDate(0, 0, d.days).Add(d.clock)
}

// passes tells whether a record's values satisfy every test.
func passes(tests []test, in env) bool {
	for i := range tests {
		if !tests[i].holds(in(tests[i].slot)) {
			return false
		}
	}
	return true
}

func (te *test) holds(v value) bool {
	if te.rng == nil {
		return slices.ContainsFunc(te.any, func(w value) bool { return w.kind == v.kind && compare(v, w) == 0 })
	}
	r := te.rng
	if r.IsSet != nil && *r.IsSet != (v.kind != null) {
		return false
	}
	if r.Min == nil && r.Max == nil && r.Over == nil && r.Under == nil {
		return true
	}
	return v.kind == number && (r.Min == nil || v.n >= *r.Min) && (r.Max == nil || v.n <= *r.Max) &&
		(r.Over == nil || v.n > *r.Over) && (r.Under == nil || v.n < *r.Under)
}

// Erases tells whether records of the type go when their time is over. An archive stays.
func (t *Type) Erases() bool { return t.Spec.Retention.Then != "archive" }

// RetainedBy is the field that holds the day a record's time is counted from.
func (t *Type) RetainedBy() int { return t.index[first(t.Spec.Retention.Field, t.Spec.Time)] }

// KeptUntil is when the time of a record is over that is counted from a moment, in seconds.
func (t *Type) KeptUntil(from float64) time.Time {
	d, _ := parseDuration(t.Spec.Retention.Period) // compiled
	return d.after(time.Unix(int64(from), 0).In(t.zone))
}
