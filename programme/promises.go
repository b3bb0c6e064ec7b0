package programme

import (
	"maps"
	"slices"

	"jisr"
)

// measure is a Measure that was compiled.
type measure struct {
	Measure
	typ   *Type
	slot  int // of the field; unused for count and share
	tests []test
	of    []test
}

// target is a Target that was compiled.
type target struct {
	Target
	clause   string
	measures []*measure
	metric   *formula
}

// chart is a Chart that was compiled.
type chart struct {
	Chart
	clause string
	typ    *Type
	x      int // slots; noSlot: none
	series int
	y      []*measure
	tests  []test
	target *target
}

// noSlot stands for no field.
const noSlot = -1000

// promises compiles targets and charts, and the periods they name.
func (c *compiler) promises() {
	a := c.p.Annex
	c.p.slas, c.p.acks = map[string][][]test{}, map[string][][]test{}
	for _, t := range c.p.Types {
		for i, s := range t.Spec.SLA {
			c.p.slas[t.Name] = append(c.p.slas[t.Name], c.where(t, s.Where, "/records/"+t.Name+"/sla/"+itoa(i)+"/where"))
		}
		for i, a := range t.Spec.Acknowledge {
			c.p.acks[t.Name] = append(c.p.acks[t.Name], c.where(t, a.Where, "/records/"+t.Name+"/acknowledge/"+itoa(i)+"/where"))
		}
	}
	for i := range a.Targets {
		path := "/targets/" + itoa(i)
		t := c.target(&a.Targets[i], path)
		t.clause = "5." + itoa(i+1)
		if slices.ContainsFunc(c.p.targets, func(o *target) bool { return o.ID == t.ID }) {
			c.problem(path+"/id", jisr.Refuse(jisr.Twice, t.ID))
		}
		c.p.targets = append(c.p.targets, t)
	}
	for i := range a.Charts {
		path := "/charts/" + itoa(i)
		ch := c.chart(&a.Charts[i], path)
		ch.clause = "6." + itoa(i+1)
		if slices.ContainsFunc(c.p.charts, func(o *chart) bool { return o.ID == ch.ID }) {
			c.problem(path+"/id", jisr.Refuse(jisr.Twice, ch.ID))
		}
		c.p.charts = append(c.p.charts, ch)
	}
	for _, name := range slices.Sorted(maps.Keys(a.Periods)) {
		if slices.Contains(calendar(), Every(name)) {
			c.problem("/periods/"+name, jisr.Refuse(jisr.Twice, name))
		}
	}
}

// calendar lists the periods every annex knows.
func calendar() []Every { return []Every{Hour, Day, Week, Month, Quarter, Year} }

func (c *compiler) measure(m Measure, fallback *Type, path string) *measure {
	out := &measure{Measure: m, typ: fallback, slot: noSlot}
	if m.Record != "" {
		out.typ = c.p.Type(m.Record)
	}
	if out.typ == nil {
		c.problem(path+"/record", jisr.Refuse(jisr.NoSuch, m.Record))
		return out
	}
	out.tests = c.where(out.typ, m.Where, path+"/where")
	out.of = c.where(out.typ, m.Of, path+"/of")
	switch m.Agg {
	case Count:
		if m.Field == "" {
			return out
		}
	case Share:
		if len(m.Of) == 0 {
			c.problem(path+"/of", jisr.Refuse(jisr.Missing, "of"))
		}
		return out
	}
	slot, kind, ok := out.typ.slot(m.Field)
	if !ok || kind != number {
		c.problem(path+"/field", jisr.Refuse(jisr.NoSuch, m.Field, "noun", "field"))
		return out
	}
	out.slot = slot
	return out
}

func (c *compiler) target(t *Target, path string) *target {
	out := &target{Target: *t}
	if _, own := c.p.Annex.Periods[t.Period]; !own && !slices.Contains(calendar(), Every(t.Period)) {
		c.problem(path+"/period", jisr.Refuse(jisr.NoSuch, t.Period))
	}
	if t.Unit != "" {
		c.unit(path+"/unit", t.Unit)
	}
	for i, m := range t.Measures {
		out.measures = append(out.measures, c.measure(m, nil, path+"/measures/"+itoa(i)))
	}
	in := names{slot: func(name string) (int, valueKind, bool) {
		i := slices.IndexFunc(t.Measures, func(m Measure) bool { return m.ID == name })
		return i, number, i >= 0
	}}
	metric, err := parseFormula(t.Metric, in)
	switch {
	case err != nil:
		c.problem(path+"/metric", jisr.Refuse(jisr.BadFormula, t.ID, "error", err.Error()))
	case metric.kind != number:
		c.problem(path+"/metric", jisr.Refuse(jisr.BadFormula, t.ID, "want", number.String(), "got", metric.kind.String()))
	}
	out.metric = metric
	return out
}

// chart compiles a chart and holds it against what its form needs.
func (c *compiler) chart(ch *Chart, path string) *chart {
	out := &chart{Chart: *ch, x: noSlot, series: noSlot}
	if ch.Unit != "" {
		c.unit(path+"/unit", ch.Unit)
	}
	if ch.Target != "" {
		if i := slices.IndexFunc(c.p.targets, func(t *target) bool { return t.ID == ch.Target }); i >= 0 {
			out.target = c.p.targets[i]
		} else {
			c.problem(path+"/target", jisr.Refuse(jisr.NoSuch, ch.Target))
		}
		if ch.Type != Gauge && ch.Type != LineChart {
			c.problem(path+"/type", jisr.Refuse(jisr.NotOneOf, string(ch.Type), "allowed", "gauge, line"))
		}
		return out
	}
	if out.typ = c.p.Type(ch.Record); out.typ == nil {
		c.problem(path+"/record", jisr.Refuse(jisr.Missing, "record"))
		return out
	}
	out.tests = c.where(out.typ, ch.Where, path+"/where")
	for i, m := range ch.Y {
		out.y = append(out.y, c.measure(m, out.typ, path+"/y/"+itoa(i)))
	}
	if len(ch.Y) == 0 && ch.Type != MapPoints {
		c.problem(path+"/y", jisr.Refuse(jisr.Missing, "y"))
	}
	c.axes(out, path)
	return out
}

// axes finds the fields of a chart's axis and series.
func (c *compiler) axes(ch *chart, path string) {
	needsX := ch.Type != Gauge && ch.Type != Histogram
	kind, ok := null, false
	if ch.X != "" {
		ch.x, kind, ok = ch.typ.slot(ch.X)
		if f := ch.typ.Field(ch.X); ch.Type == MapPoints && f != nil && (f.Type == Geo || f.list != nil) {
			ch.x, ok = ch.typ.index[ch.X], true
		}
	}
	f := ch.typ.Field(ch.X)
	switch {
	case !ok && (needsX || ch.X != ""):
		c.problem(path+"/x", jisr.Refuse(jisr.NoSuch, ch.X, "noun", "field"))
	case kind == moment && ch.Every == "" && ch.Type != MapPoints:
		c.problem(path+"/every", jisr.Refuse(jisr.Missing, "every"))
	case kind != moment && ch.Every != "":
		c.problem(path+"/every", jisr.Refuse(jisr.Malformed, "every", "want", moment.String()))
	case (ch.Type == MapArea || ch.Type == Funnel) && (f == nil || f.list == nil):
		c.problem(path+"/x", jisr.Refuse(jisr.NoSuch, ch.X, "noun", "code-list"))
	}
	if ch.Series != "" {
		var okSeries bool
		if ch.series, kind, okSeries = ch.typ.slot(ch.Series); !okSeries || kind != text && kind != truth {
			c.problem(path+"/series", jisr.Refuse(jisr.NoSuch, ch.Series, "noun", "field"))
		}
		if len(ch.Y) > 1 {
			c.problem(path+"/series", jisr.Refuse(jisr.TooMany, "y", "max", "1", "got", itoa(len(ch.Y))))
		}
	}
	if ch.Type == Histogram && (ch.Width == 0 || len(ch.y) != 1 || ch.y[0].slot == noSlot) {
		c.problem(path+"/width", jisr.Refuse(jisr.Missing, "width"))
	}
}
