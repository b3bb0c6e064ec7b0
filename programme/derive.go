package programme

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"jisr"
)

// Bounds of what is drawn: beyond, a picture says nothing to anybody.
const (
	maxSlots  = 50_000
	maxSeries = 40
	maxAxis   = 5_000
	maxPoints = 3_000
	smallest  = 5 // counts of people under this are shown as fewer than it, at the open levels
)

// env gives an item's values to conditions and measures.
func (it *Item) env() env {
	return func(slot int) value {
		switch {
		case slot < 0:
			return it.way(slot)
		case it.block != nil:
			return it.block.value(slot, it.row)
		}
		return it.value(slot)
	}
}

// way is a value of a record's way.
func (it *Item) way(slot int) value {
	switch slot {
	case slotBy:
		return value{kind: text, s: string(it.By)}
	case slotSent:
		return value{kind: moment, n: float64(it.Sent.Unix())}
	case slotDelay:
		if at, ok := it.time(); ok {
			return numberOf(it.Sent.Sub(at).Hours())
		}
	case slotAck:
		if !it.Acknowledged.IsZero() {
			return numberOf(it.Acknowledged.Sub(it.Sent).Hours())
		}
	case slotConfirmed:
		return truthOf(it.Confirmed)
	case slotCorrected:
		return truthOf(it.Corrected)
	}
	return value{}
}

// at is the record's time, or when it was sent.
func (it *Item) at() time.Time {
	if at, ok := it.time(); ok {
		return at
	}
	return it.Sent
}

// time is when what the record tells took place.
func (it *Item) time() (time.Time, bool) {
	if it.block == nil {
		return it.Time()
	}
	if i := it.block.t.time; i >= 0 {
		if v := it.block.Figure(i, it.row); !math.IsNaN(v) {
			return time.UnixMicro(int64(math.Round(v * 1e6))), true
		}
	}
	return time.Time{}, false
}

// typed is the type of the record.
func (it *Item) typed() *Type {
	if it.block != nil {
		return it.block.t
	}
	return it.typ
}

// count counts one item for a measure under a group; other gives the group's axis and series.
func (m *measure) count(g Groups, k Group, it Item, in env) {
	if !passes(m.tests, in) {
		return
	}
	v := value{kind: number}
	if m.slot != noSlot {
		if v = in(m.slot); v.kind != number {
			return
		}
	}
	g.of(k).add(it.at(), v.n, len(m.of) > 0 && passes(m.of, in), it.Handling, it.block == nil || m.Agg == Median || m.Agg == P90)
}

// ChartIDs names the charts of the annex, in its order.
func (p *Programme) ChartIDs() []string {
	var all []string
	for _, c := range p.charts {
		all = append(all, c.ID)
	}
	return all
}

// TargetIDs names the targets of the annex, in its order.
func (p *Programme) TargetIDs() []string {
	var all []string
	for _, t := range p.targets {
		all = append(all, t.ID)
	}
	return all
}

func (p *Programme) chart(id string) *chart {
	if i := slices.IndexFunc(p.charts, func(c *chart) bool { return c.ID == id }); i >= 0 {
		return p.charts[i]
	}
	return nil
}

func (p *Programme) target(id string) *target {
	if i := slices.IndexFunc(p.targets, func(t *target) bool { return t.ID == id }); i >= 0 {
		return p.targets[i]
	}
	return nil
}

// ChartCounts tells whether a chart is of records of a type.
func (p *Programme) ChartCounts(id string, t *Type) bool {
	c := p.chart(id)
	return c != nil && c.target == nil && c.typ == t
}

// TargetCounts tells whether a target has a measure of records of a type.
func (p *Programme) TargetCounts(id string, t *Type) bool {
	g := p.target(id)
	return g != nil && slices.ContainsFunc(g.measures, func(m *measure) bool { return m.typ == t })
}

// CountChart adds an item to the groups of a chart. A chart of a target is drawn from the target's groups.
func (p *Programme) CountChart(id string, g Groups, it Item) {
	c := p.chart(id)
	if c == nil || c.typ != it.typed() {
		return
	}
	in := it.env()
	if !passes(c.tests, in) {
		return
	}
	k := Group{}
	if c.series != noSlot {
		k.Series = in(c.series).String()
	}
	ys := c.y
	if len(ys) == 0 { // points alone
		ys = []*measure{{Measure: Measure{Agg: Count}, typ: c.typ, slot: noSlot}}
	}
	for i, m := range ys {
		var ok bool
		if k.X, ok = c.axis(p, it, in, m); ok {
			k.Y = i
			m.count(g, k, it, in)
		}
	}
}

// axis is where on a chart's axis an item stands.
func (c *chart) axis(p *Programme, it Item, in env, m *measure) (string, bool) {
	switch c.Type {
	case Gauge:
		return "", true
	case Histogram:
		v := in(m.slot)
		return strconv.FormatFloat(math.Floor(v.n/c.Width)*c.Width, 'f', -1, 64), v.kind == number
	case MapPoints:
		if f := c.typ.Fields[c.x]; f.Type == Geo {
			if it.block != nil {
				at := it.block.Text(c.x, it.row)
				return at, at != ""
			}
			return it.cut(c.x), it.Has(c.x)
		}
	}
	v := in(c.x)
	if v.kind != moment {
		return v.String(), v.kind != null
	}
	at := time.Unix(int64(v.n), 0).In(p.zone)
	if c.Every == "" {
		return at.Format(time.RFC3339), true
	}
	return key(c.Every, begin(c.Every, at)), true
}

// place rounds a position to about a kilometre, so that points close together are one, drawn larger.
func place(lat, lon string) string {
	y, _ := strconv.ParseFloat(lat, 64)
	x, _ := strconv.ParseFloat(lon, 64)
	return strconv.FormatFloat(y, 'f', 2, 64) + "," + strconv.FormatFloat(x, 'f', 2, 64)
}

// CountTarget adds an item to the groups of a target: by day, sender and measure. Any period is the sum of its days.
func (p *Programme) CountTarget(id string, g Groups, it Item) {
	t := p.target(id)
	if t == nil {
		return
	}
	k := Group{X: it.at().In(p.zone).Format(time.DateOnly), Series: string(it.By)}
	in := it.env()
	for i, m := range t.measures {
		if m.typ == it.typed() {
			k.Y = i
			m.count(g, k, it, in)
		}
	}
}

// Promise is what a target came to in a period.
type Promise struct {
	Target *Target
	Clause string
	Of     jisr.MemberID // whose records, where the target is held against each; empty: everybody's
	Span   Span
	Value  float64
	There  bool // there were records to tell it from
	Kept   bool
	Ended  bool // the period is over: it will not change by time alone

	Synthetic bool // it counts records that were made by rule
}

// InPeriod tells which groups of a target are of the period that at lies in: the others are of no use to Promise.
func (p *Programme) InPeriod(id string, at time.Time) func(Group) bool {
	t := p.target(id)
	if t == nil {
		return nil
	}
	span := p.PeriodOf(t.Period, at)
	from, to := span.From.In(p.zone).Format(time.DateOnly), span.To.In(p.zone).Format(time.DateOnly)
	return func(k Group) bool { return k.X >= from && k.X <= to }
}

// Promise tells what a target came to in its period around at, from its groups.
func (p *Programme) Promise(id string, g Groups, at time.Time) []Promise {
	t := p.target(id)
	if t == nil {
		return nil
	}
	span := p.PeriodOf(t.Period, at)
	whose := []jisr.MemberID{""}
	if t.Each {
		whose = p.Annex.Parties
	}
	var all []Promise
	for _, of := range whose {
		sums := make([]Tally, len(t.measures))
		for k, tally := range g {
			if of == "" || k.Series == string(of) {
				if day, err := time.ParseInLocation(time.DateOnly, k.X, p.zone); err == nil && span.Has(day) && k.Y < len(sums) {
					sums[k.Y].Merge(tally)
				}
			}
		}
		pr := Promise{Target: &t.Target, Clause: t.clause, Of: of, Span: span, Ended: !at.Before(span.To)}
		pr.Value, pr.There = t.value(sums)
		pr.Kept = pr.There && holds(t.Op, cmp.Compare(pr.Value, t.Value))
		all = append(all, pr)
	}
	return all
}

// value is the metric of tallies; false where a measure has nothing to tell.
func (t *target) value(sums []Tally) (float64, bool) {
	v := t.metric.eval(func(slot int) value {
		n, ok := sums[slot].Value(t.measures[slot].Agg)
		if !ok {
			return value{}
		}
		return numberOf(n)
	})
	return v.n, v.kind == number
}

// Picture is what a chart shows: an axis, and figures along it for each series.
type Picture struct {
	Chart  *Chart
	Clause string
	Level  jisr.Handling // of the picture: its highest record's, or what the annex releases it at
	Axis   []Tick
	Series []Series
	Target *Target // of a gauge or a target's line
	Cut    bool    // there was more than a picture holds
	// Synthetic: it counts records that were made by rule, which whoever draws it says beside it.
	Synthetic bool
}

// Tick is one place on an axis.
type Tick struct {
	Key   string    // code, text, or period: "2026-11"
	Label jisr.Text // of a code; empty: the face writes the key
	Lat   float64   // of maps
	Lon   float64
}

// Series is one line, colour or column of figures.
type Series struct {
	Key     string
	Label   jisr.Text
	Figures []Figure // one for each tick
}

// Figure is one figure of a picture.
type Figure struct {
	Value float64
	There bool
	Few   bool // fewer than five: shown so, and not how many (programmes.md 0.6)
}

// Picture draws a chart from its groups, or from those of its target. at is now: a target's line is of the period it
// lies in.
func (p *Programme) Picture(id string, g Groups, at time.Time) *Picture {
	c := p.chart(id)
	if c == nil {
		return nil
	}
	pic := &Picture{Chart: &c.Chart, Clause: c.clause, Level: jisr.HandlingPublic}
	for _, t := range g {
		if t.High.Rank() > pic.Level.Rank() {
			pic.Level = t.High
		}
	}
	if c.Release != "" {
		pic.Level = c.Release
	}
	if c.target != nil {
		p.course(pic, c, g, at)
		return pic
	}
	pic.ticks(p, c, g)
	pic.series(p, c, g)
	if c.Type == TableTop {
		pic.top(c)
	}
	return pic
}

// ticks puts an axis in order: codes as their list has them, periods and figures upwards, the rest by name.
func (pic *Picture) ticks(p *Programme, c *chart, g Groups) {
	seen := map[string]bool{}
	for k := range g {
		seen[k.X] = true
	}
	var list *codeList
	if c.x >= 0 {
		list = c.typ.Fields[c.x].list
	}
	if c.Type == Funnel { // every step, also one nobody is at
		for _, code := range list.codes {
			seen[code.Code] = true
		}
	}
	for x := range seen {
		t := Tick{Key: x}
		if list != nil {
			if code, ok := list.code(x); ok {
				t.Label = code.Label()
				if code.Lat != nil {
					t.Lat, t.Lon = *code.Lat, *code.Lon
				}
			}
		} else if c.Type == MapPoints {
			lat, lon, _ := strings.Cut(x, ",")
			t.Lat, _ = strconv.ParseFloat(lat, 64)
			t.Lon, _ = strconv.ParseFloat(lon, 64)
		}
		pic.Axis = append(pic.Axis, t)
	}
	slices.SortFunc(pic.Axis, func(a, b Tick) int {
		switch {
		case c.Type == Histogram:
			x, _ := strconv.ParseFloat(a.Key, 64)
			y, _ := strconv.ParseFloat(b.Key, 64)
			return cmp.Compare(x, y)
		case list != nil:
			return cmp.Or(cmp.Compare(list.index[a.Key], list.index[b.Key]), strings.Compare(a.Key, b.Key))
		}
		return strings.Compare(a.Key, b.Key)
	})
	most := maxAxis
	if c.Type == MapPoints {
		most = maxPoints
	}
	if len(pic.Axis) > most {
		pic.Axis, pic.Cut = pic.Axis[len(pic.Axis)-most:], true // the newest
	}
}

// series makes the figures of each series, or of each measure.
func (pic *Picture) series(p *Programme, c *chart, g Groups) {
	keys := map[string]bool{}
	for k := range g {
		keys[k.Series] = true
	}
	ys := max(len(c.y), 1)
	for _, name := range sortedSeries(c, keys) {
		for y := range ys {
			if len(pic.Series) == maxSeries {
				pic.Cut = true
				return
			}
			s := Series{Key: name, Label: c.seriesLabel(name)}
			agg, few := Count, pic.hides(c, y)
			if y < len(c.y) {
				agg = c.y[y].Agg
				if len(c.y) > 1 {
					s.Key, s.Label = itoa(y), c.y[y].Label
				}
			}
			for _, t := range pic.Axis {
				f := Figure{}
				if tally := g[Group{t.Key, name, y}]; tally != nil {
					f.Value, f.There = tally.Value(agg)
				}
				if agg == Share || c.Unit == "P1" && agg == Share {
					f.Value *= 100
				}
				if few && f.There && f.Value > 0 && f.Value < smallest {
					f.Value, f.Few = 0, true
				}
				s.Figures = append(s.Figures, f)
			}
			pic.Series = append(pic.Series, s)
		}
	}
}

// hides tells whether a measure counts people or cases at a level many read: small counts could lead to a person.
func (pic *Picture) hides(c *chart, y int) bool {
	if pic.Level.Rank() > jisr.HandlingOfficial.Rank() {
		return false
	}
	if y >= len(c.y) || c.y[y].slot < 0 {
		return y >= len(c.y) || c.y[y].Agg == Count
	}
	return c.typ.Fields[c.y[y].slot].Unit == "C62" && c.y[y].Agg != Share
}

func sortedSeries(c *chart, keys map[string]bool) []string {
	var all []string
	for k := range keys {
		all = append(all, k)
	}
	slices.SortFunc(all, func(a, b string) int {
		if c.series >= 0 {
			if l := c.typ.Fields[c.series].list; l != nil {
				return cmp.Or(cmp.Compare(l.index[a], l.index[b]), strings.Compare(a, b))
			}
		}
		return strings.Compare(a, b)
	})
	return all
}

func (c *chart) seriesLabel(key string) jisr.Text {
	if c.series >= 0 {
		if l := c.typ.Fields[c.series].list; l != nil {
			if code, ok := l.code(key); ok {
				return code.Label()
			}
		}
	}
	return nil
}

// top keeps the ticks of the largest first figures, largest first.
func (pic *Picture) top(c *chart) {
	if len(pic.Series) == 0 {
		return
	}
	order := make([]int, len(pic.Axis))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Compare(pic.Series[0].Figures[b].Value, pic.Series[0].Figures[a].Value)
	})
	most := c.Top
	if most == 0 {
		most = 10
	}
	pic.Cut = pic.Cut || len(order) > most
	order = order[:min(len(order), most)]
	axis := make([]Tick, len(order))
	for i, at := range order {
		axis[i] = pic.Axis[at]
	}
	pic.Axis = axis
	for s := range pic.Series {
		figures := make([]Figure, len(order))
		for i, at := range order {
			figures[i] = pic.Series[s].Figures[at]
		}
		pic.Series[s].Figures = figures
	}
}

// course draws a target over its period: as a gauge what it came to so far, as a line how it came to that.
func (p *Programme) course(pic *Picture, c *chart, g Groups, at time.Time) {
	t := c.target
	pic.Target = &t.Target
	span := p.PeriodOf(t.Period, at)
	sums := make([]Tally, len(t.measures))
	s := Series{Key: t.ID, Label: t.Label}
	every := c.Every
	if every == "" {
		every = Day
	}
	put := func(day string) {
		f := Figure{}
		f.Value, f.There = t.value(sums)
		pic.Axis = append(pic.Axis, Tick{Key: day})
		s.Figures = append(s.Figures, f)
	}
	byDay := map[string][]Group{}
	for k := range g {
		byDay[k.X] = append(byDay[k.X], k)
	}
	end := span.To
	if at.Before(end) {
		end = begin(Day, at.In(p.zone)).AddDate(0, 0, 1)
	}
	last := ""
	for day := span.From; day.Before(end); day = day.AddDate(0, 0, 1) {
		for _, k := range byDay[day.Format(time.DateOnly)] {
			if k.Y < len(sums) {
				sums[k.Y].Merge(g[k])
			}
		}
		if tomorrow := day.AddDate(0, 0, 1); c.Type != Gauge && (!begin(every, tomorrow).Equal(begin(every, day)) || !tomorrow.Before(end)) {
			put(key(every, begin(every, day)))
		}
		last = day.Format(time.DateOnly)
	}
	if c.Type == Gauge {
		put(last)
	}
	pic.Series = []Series{s}
}

// TargetOf is the target that a chart shows the course of; empty: it shows records.
func (p *Programme) TargetOf(chart string) string {
	if c := p.chart(chart); c != nil && c.target != nil {
		return c.target.ID
	}
	return ""
}
