package portal

import (
	"math"
	"strconv"
	"strings"
	"time"

	"jisr/programme"
	"jisr/words"
)

// timeline is the places of an axis of periods: each has its own, also one of which there is nothing.
type timeline struct {
	at    []int // of each tick, from 0
	count int
	names []string // the key of each place that has a tick
}

// timeline puts the ticks of a chart over time in their places. Keys that are no periods stand one after the other.
func (c *canvas) timeline() timeline {
	t := timeline{at: make([]int, len(c.pic.Axis))}
	first := 0
	for i, tick := range c.pic.Axis {
		n, ok := periodNumber(c.pic.Chart.Every, tick.Key)
		if !ok {
			n = i
		}
		if i == 0 {
			first = n
		}
		t.at[i] = n - first
		t.count = max(t.count, n-first+1)
	}
	t.names = make([]string, t.count)
	for i, tick := range c.pic.Axis {
		t.names[t.at[i]] = tick.Key
	}
	return t
}

// periodNumber numbers periods so that one follows the other.
func periodNumber(every programme.Every, key string) (int, bool) {
	form := map[programme.Every]string{programme.Hour: "2006-01-02T15", programme.Month: "2006-01", programme.Year: "2006", programme.Quarter: ""}[every]
	if every == programme.Quarter {
		y, q, _ := strings.Cut(key, "-Q")
		year, err1 := strconv.Atoi(y)
		quarter, err2 := strconv.Atoi(q)
		return year*4 + quarter, err1 == nil && err2 == nil
	}
	if form == "" {
		form = time.DateOnly
	}
	at, err := time.Parse(form, key)
	if err != nil {
		return 0, false
	}
	switch every {
	case programme.Year:
		return at.Year(), true
	case programme.Month:
		return at.Year()*12 + int(at.Month()), true
	case programme.Hour:
		return int(at.Unix() / 3600), true
	case programme.Week:
		return int(at.Unix() / 86400 / 7), true
	}
	return int(at.Unix() / 86400), true
}

// timeAxis names some places below the field, first and last among them.
func (c *canvas) timeAxis(t timeline, x func(int) float64) {
	most := 5
	if c.pic.Chart.Every == programme.Year {
		most = 9
	}
	step := max((t.count-1+most-2)/(most-1), 1)
	for i := 0; i < t.count; i += step {
		if t.names[i] == "" {
			continue
		}
		day, year := c.period(t.names[i])
		anchor := "middle"
		switch { // the words stay within the drawing
		case i == 0 && t.count > most:
			anchor = "start"
		case i+step >= t.count && x(i) > c.w-50:
			anchor = "end"
		}
		y := c.h - padBottom
		c.line(x(i), y, x(i), y+4, "chart-grid")
		if day == "" {
			day, year = year, ""
		}
		c.text(x(i), y+18, anchor, "chart-tick", day)
		c.text(x(i), y+33, anchor, "chart-tick", year)
	}
}

// lines draws each series with its own dash and mark. A line is broken where a period has no figure.
func (c *canvas) lines() {
	low, high := math.Inf(1), math.Inf(-1)
	for _, s := range c.pic.Series {
		if l, h, there := span(s.Figures); there {
			low, high = min(low, l), max(high, h)
		}
	}
	for _, r := range c.pic.Chart.Lines {
		low, high = min(low, r.Value), max(high, r.Value)
	}
	if t := c.pic.Target; t != nil {
		low, high = min(low, t.Value), max(high, t.Value)
	}
	if low > 0 && low < high*0.6 || math.IsInf(low, 1) { // figures far from nothing keep their own ground
		low, high = 0, max(high, 0)
	}
	s := scaleOf(low, high, 5)
	c.axis(s)
	t := c.timeline()
	wide := c.w - c.from - padEnd - 12
	x := func(i int) float64 { return c.from + 6 + wide*float64(i)/float64(max(t.count-1, 1)) }
	c.timeAxis(t, x)
	for i, series := range c.pic.Series {
		c.course(i, series, t, x, s)
	}
	c.reference(s)
	c.legend(true)
}

func (c *canvas) course(i int, series programme.Series, t timeline, x func(int) float64, s scale) {
	var d, marks strings.Builder
	last, alone := -2, 0
	every := max(t.count/8, 1)
	for n, f := range series.Figures {
		if !f.There || f.Few {
			continue
		}
		px, py := c.x(x(t.at[n]), 0), c.y(s, f.Value)
		verb := "L"
		if t.at[n] != last+1 {
			verb = "M"
			alone = t.at[n]
		}
		d.WriteString(verb + f1(px) + " " + f1(py))
		if t.count <= 40 || (t.at[n]+i*every/2)%every == 0 || alone == t.at[n] && last >= 0 {
			marks.WriteString(marker(i, px, py))
		}
		last = t.at[n]
	}
	title := c.seriesName(series)
	c.add(shape{Kind: "path", D: d.String(), Class: "chart-line " + c.look(i) + " dash" + strconv.Itoa(i%looks+1), Title: title})
	c.add(shape{Kind: "path", D: marks.String(), Class: "chart-mark " + c.look(i), Title: title})
}

// columns draws bars over time, beside each other or one on the other.
func (c *canvas) columns() {
	stacked := c.pic.Chart.Type == programme.StackedBar
	high, low := 0.0, 0.0
	for i := range c.pic.Axis {
		sum := 0.0
		for _, s := range c.pic.Series {
			v := s.Figures[i].Value
			high, low, sum = max(high, v), min(low, v), sum+max(v, 0)
		}
		if stacked {
			high = max(high, sum)
		}
	}
	for _, r := range c.pic.Chart.Lines {
		high = max(high, r.Value)
	}
	s := scaleOf(low, high, 5)
	c.axis(s)
	t := c.timeline()
	band := (c.w - c.from - padEnd) / float64(t.count)
	n := 1.0
	if !stacked {
		n = float64(len(c.pic.Series))
	}
	wide := min(band*0.76/n, 34)
	c.timeAxis(t, func(i int) float64 { return c.from + band*(float64(i)+0.5) })
	for i, tick := range c.pic.Axis {
		base, from := 0.0, c.from+band*(float64(t.at[i])+0.5)-wide*n/2
		for k, series := range c.pic.Series {
			f := series.Figures[i]
			if f.Value != 0 {
				top, foot := c.y(s, max(base+f.Value, base)), c.y(s, min(base+f.Value, base))
				c.rect(from, top, wide-0.6, foot-top, "chart-bar", c.fill(k), c.titleOf(tick, series, f))
			}
			if stacked {
				base += max(f.Value, 0)
			} else {
				from += wide
			}
		}
	}
	c.reference(s)
	c.legend(false)
}

// titleOf says what a mark stands for when it is pointed at.
func (c *canvas) titleOf(t programme.Tick, s programme.Series, f programme.Figure) string {
	name := c.tick(t)
	if len(c.pic.Series) > 1 {
		name += " · " + c.seriesName(s)
	}
	return name + ": " + c.shown(f)
}

// labelWide is how much of a chart of categories their names take.
const labelWide = 148.0

// rows draws categories below each other, their names at the start and their figures at the end of each bar.
func (c *canvas) rows() {
	stacked := c.pic.Chart.Type == programme.StackedBar
	high := 0.0
	n := min(len(c.pic.Axis), drawnRows)
	for i := range n {
		sum := 0.0
		for _, s := range c.pic.Series {
			high, sum = max(high, s.Figures[i].Value), sum+max(s.Figures[i].Value, 0)
		}
		if stacked {
			high = max(high, sum)
		}
	}
	if n < len(c.pic.Axis) {
		c.v.Notes = append(c.v.Notes, c.rd.l.N("chart.rows", n))
	}
	s := scaleOf(0, high, 4)
	bars := 1
	if !stacked {
		bars = len(c.pic.Series)
	}
	thick := rowHeight * 0.62
	if bars > 1 {
		thick = 13
	}
	row := max(rowHeight, thick*float64(bars)+12)
	c.h = padTop + row*float64(n) + 8
	wide := c.w - labelWide - 64
	for i := range n {
		top := padTop + row*float64(i)
		c.text(labelWide-10, top+row/2+4, "end", "chart-name", clip(c.tick(c.pic.Axis[i]), 26))
		c.barsOf(i, top+(row-thick*float64(bars))/2, thick, wide, s, stacked)
	}
	c.line(labelWide, padTop, labelWide, c.h-8, "chart-zero")
	c.legend(false)
}

func (c *canvas) barsOf(i int, top, thick, wide float64, s scale, stacked bool) {
	from, sum := labelWide, 0.0
	for k, series := range c.pic.Series {
		f := series.Figures[i]
		long := wide * s.part(max(f.Value, 0))
		if f.Value > 0 {
			c.rect(from, top, long, thick-1, "chart-bar", c.fill(k), c.titleOf(c.pic.Axis[i], series, f))
		}
		if stacked {
			from, sum = from+long, sum+max(f.Value, 0)
			continue
		}
		c.text(from+long+6, top+thick/2+4, "start", "chart-value", c.shown(f))
		top += thick
	}
	if stacked {
		c.text(from+6, top+thick/2+4, "start", "chart-value", c.figure(sum))
	}
}

// histogram draws how many fall between each two steps.
func (c *canvas) histogram() {
	low, high, most := math.Inf(1), math.Inf(-1), 0.0
	step := c.pic.Chart.Width
	series := c.pic.Series[0]
	for i, t := range c.pic.Axis {
		from, _ := strconv.ParseFloat(t.Key, 64) // a key of our own making
		low, high, most = min(low, from), max(high, from+step), max(most, series.Figures[i].Value)
	}
	s := scaleOf(0, most, 4)
	c.axis(s)
	bins := (high - low) / step
	wide := c.w - c.from - padEnd
	x := func(v float64) float64 { return c.from + wide*(v-low)/(high-low) }
	for i, t := range c.pic.Axis {
		from, _ := strconv.ParseFloat(t.Key, 64)
		f := series.Figures[i]
		top := c.y(s, f.Value)
		c.rect(x(from)+0.7, top, wide/bins-1.4, c.h-padBottom-top, "chart-bar", c.fill(0), c.titleOf(t, series, f))
	}
	for n := 0.0; n <= bins; n += max(math.Ceil(bins/8), 1) {
		v := low + n*step
		c.text(x(v), c.h-padBottom+18, "middle", "chart-tick", c.rd.l.Figure(v))
	}
	c.text(c.from+wide/2, c.h-4, "middle", "chart-tick", inLanguage(c.rd.l, c.unit.Label))
	c.v.Unit = c.rd.l.T("chart.count")
}

// gauge draws what a target came to on a half ring, with the target as a line across it.
func (c *canvas) gauge() {
	t, f := c.pic.Target, c.pic.Series[0].Figures[len(c.pic.Series[0].Figures)-1]
	high := max(f.Value, t.Value) * 1.25
	if c.unit.Code == "P1" && high <= 125 {
		high = 100
	}
	s := scaleOf(0, high, 4)
	c.h = 250
	const cx, cy, r = chartW / 2, 205.0, 150.0
	at := func(part, radius float64) string {
		a := math.Pi * (1 - part)
		return f1(c.x(cx+radius*math.Cos(a), 0)) + " " + f1(cy-radius*math.Sin(a))
	}
	sweep := " 0 0 1 "
	if c.rtl {
		sweep = " 0 0 0 "
	}
	arc := func(from, to float64) string {
		return "M" + at(from, r) + "A" + f1(r) + " " + f1(r) + sweep + at(to, r)
	}
	c.add(shape{Kind: "path", D: arc(0, 1), Class: "gauge-ground"})
	if f.There {
		c.add(shape{Kind: "path", D: arc(0, s.part(f.Value)), Class: "gauge-value", Title: c.shown(f)})
	}
	c.add(shape{Kind: "path", D: "M" + at(s.part(t.Value), r-24) + "L" + at(s.part(t.Value), r+24), Class: "gauge-target"})
	c.text(cx, cy-34, "middle", "gauge-figure", c.shown(f))
	c.text(cx, cy-6, "middle", "chart-name", c.rd.l.T("chart.target.is", "op", words.Raw(c.rd.l.T("chart.op."+opName(t.Op))), "value", words.Raw(c.figure(t.Value))))
	c.text(cx-r, cy+20, "middle", "chart-tick", c.figure(s.low))
	c.text(cx+r, cy+20, "middle", "chart-tick", c.figure(s.high))
}

// opName names an operator of a target for the words.
func opName(op string) string {
	return map[string]string{">=": "least", "<=": "most", "==": "is", ">": "over", "<": "under"}[op]
}

// funnel draws stages below each other, the widest for the most.
func (c *canvas) funnel() {
	_, high, _ := span(c.pic.Series[0].Figures)
	n := min(len(c.pic.Axis), drawnRows)
	c.h = padTop + rowHeight*1.3*float64(n)
	wide := c.w - labelWide - padEnd
	mid := labelWide + wide/2
	for i := range n {
		f := c.pic.Series[0].Figures[i]
		top := padTop + rowHeight*1.3*float64(i)
		long := max(wide*f.Value/max(high, 1e-9), 2)
		c.rect(mid-long/2, top, long, rowHeight, "chart-bar", c.fill(0), c.titleOf(c.pic.Axis[i], c.pic.Series[0], f))
		c.text(labelWide-10, top+rowHeight/2+4, "end", "chart-name", clip(c.tick(c.pic.Axis[i]), 26))
		c.text(mid, top+rowHeight/2+4, "middle", "chart-on", c.shown(f))
	}
}
