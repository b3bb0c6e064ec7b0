package portal

import (
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"jisr"
	"jisr/programme"
	"jisr/words"
)

// chartView is one picture of an annex, drawn on the server: shapes with classes, which the style colours, marks that tell
// series apart without colour, a description, and the table behind it. Time and categories run with the reading direction.
type chartView struct {
	ID       string
	Title    string
	Clause   string
	Unit     string
	Level    string // how widely it may be shown, where that is not everybody
	Desc     string
	Form     programme.ChartType
	W, H     float64
	Patterns []pattern
	Shapes   []shape
	Keys     []chartKey
	Head     []string
	Rows     [][]string
	More     string // how many rows of the table are left out
	Notes    []string
	Refused  string // why this reader does not see it
}

// Empty tells that there is nothing to draw yet.
func (v *chartView) Empty() bool { return len(v.Rows) == 0 }

// shape is one mark of a drawing. Kind: rect, path, text, circle.
type shape struct {
	Kind       string
	X, Y, W, H string
	D          string
	Class      string
	Fill       string // the id of a pattern
	Anchor     string
	Text       string
	Title      string
}

// pattern is how areas of a series are filled: its colour, hatched in a way of its own.
type pattern struct {
	ID    string
	Class string
	D     string
}

// chartKey is one line of a legend.
type chartKey struct {
	Class  string
	Fill   string
	Marker string // the path of its mark, for lines
	Word   string
}

// The size of a drawing, in its own units: about a pixel where a chart has half the page.
const (
	chartW    = 560.0
	chartH    = 300.0
	padStart  = 40.0 // for the figures of the axis, at least
	padEnd    = 14.0
	padTop    = 16.0
	padBottom = 42.0
	rowHeight = 26.0 // of one bar of a chart of categories
	drawnRows = 24   // categories drawn; the table has all
	tableRows = 400  // rows of the table behind a picture
	looks     = 6    // colours, marks and hatchings before they come again
)

// canvas is where a chart is drawn: distances are from the edge where reading starts.
type canvas struct {
	rd   reader
	v    *chartView
	pic  *programme.Picture
	unit programme.Unit
	w, h float64
	from float64 // where the field begins
	rtl  bool
}

// chart draws a picture for this reader.
func (rd reader) chart(p *programme.Programme, pic *programme.Picture, land *region) chartView {
	v := chartView{ID: pic.Chart.ID, Title: inLanguage(rd.l, pic.Chart.Title), Clause: pic.Clause, Form: pic.Chart.Type, W: chartW, H: chartH}
	c := &canvas{rd: rd, v: &v, pic: pic, w: chartW, h: chartH, from: padStart, rtl: rd.l.Dir() == "rtl"}
	unit := pic.Chart.Unit
	if pic.Target != nil {
		unit = pic.Target.Unit
	}
	c.unit = p.Unit(unit)
	if unit != "C62" { // of pieces nobody says "one"
		v.Unit = inLanguage(rd.l, c.unit.Label)
	}
	if pic.Level.Rank() > jisr.HandlingOfficial.Rank() {
		v.Level = rd.handling(pic.Level)
	}
	if pic.Cut && pic.Chart.Type != programme.TableTop { // of which that is said by its title
		v.Notes = append(v.Notes, rd.l.T("chart.cut"))
	}
	if pic.Synthetic {
		v.Notes = append(v.Notes, rd.l.T("chart.synthetic"))
	}
	c.table()
	if v.Empty() || pic.Chart.Type == programme.TableTop {
		return v
	}
	v.Desc = c.describe()
	c.patterns()
	switch pic.Chart.Type {
	case programme.LineChart:
		c.lines()
	case programme.Histogram:
		c.histogram()
	case programme.Gauge:
		c.gauge()
	case programme.Funnel:
		c.funnel()
	case programme.MapPoints, programme.MapArea:
		c.chartMap(land)
	default:
		if pic.Chart.Every != "" {
			c.columns()
		} else {
			c.rows()
		}
	}
	v.W, v.H = c.w, c.h
	return v
}

// ---- words and figures

// figure writes a figure of this chart, with its percent sign where it has one.
func (c *canvas) figure(v float64) string {
	if c.unit.Code == "P1" {
		return c.rd.l.T("number.percent", "n", words.Raw(c.rd.l.Figure(v)))
	}
	return c.rd.l.Figure(v)
}

// shown is a figure as a table has it: nothing where there is nothing, fewer than five where how many is not told.
func (c *canvas) shown(f programme.Figure) string {
	switch {
	case f.Few:
		return c.rd.l.T("chart.few", "n", 5)
	case !f.There:
		return ""
	}
	return c.figure(f.Value)
}

// tick names a place on the axis.
func (c *canvas) tick(t programme.Tick) string {
	if len(t.Label) > 0 {
		return inLanguage(c.rd.l, t.Label)
	}
	if day, year := c.period(t.Key); day != "" || year != "" {
		return strings.TrimSpace(day + " " + year)
	}
	if c.pic.Chart.Type == programme.Histogram {
		from, _ := strconv.ParseFloat(t.Key, 64) // a key of our own making
		return c.rd.l.T("chart.from.to", "from", words.Raw(c.rd.l.Figure(from)), "to", words.Raw(c.rd.l.Figure(from+c.pic.Chart.Width)))
	}
	switch t.Key {
	case "true", "false":
		return c.rd.l.T("chart." + t.Key)
	case "":
		return c.rd.l.T("chart.none")
	}
	return c.rd.memberOr(t.Key)
}

// memberOr names a member by its ID, and leaves anything else as it was written.
func (rd reader) memberOr(key string) string {
	if n := rd.names[jisr.MemberID(key)]; n != "" {
		return n
	}
	return key
}

// period writes the key of a period in two pieces: day and month, and the year.
func (c *canvas) period(key string) (day, year string) {
	l := c.rd.l
	for _, form := range []string{time.DateOnly, "2006-01", "2006", "2006-01-02T15"} {
		at, err := time.Parse(form, key)
		if err != nil {
			continue
		}
		year = l.Digits(strconv.Itoa(at.Year()))
		month := l.Month(at.Month())
		switch form {
		case time.DateOnly:
			day = l.Digits(strconv.Itoa(at.Day())) + " " + month
		case "2006-01":
			day = month
		case "2006-01-02T15":
			day, year = l.Digits(strconv.Itoa(at.Day()))+" "+month, l.Time(at)
		}
		return day, year
	}
	if y, q, ok := strings.Cut(key, "-Q"); ok && len(y) == 4 && len(q) == 1 {
		return l.T("chart.quarter", "n", words.Raw(l.Digits(q))), l.Digits(y)
	}
	return "", ""
}

// seriesName is what a series is called; a chart of one has no name for it.
func (c *canvas) seriesName(s programme.Series) string {
	if len(s.Label) > 0 {
		return inLanguage(c.rd.l, s.Label)
	}
	if s.Key == "" && len(c.pic.Series) == 1 {
		return c.v.Title
	}
	return c.tick(programme.Tick{Key: s.Key})
}

// table is what the picture is drawn from.
func (c *canvas) table() {
	head := "chart.axis.value"
	switch {
	case c.pic.Chart.Every != "" || c.pic.Target != nil:
		head = "chart.axis.time"
	case c.pic.Chart.Type == programme.MapPoints:
		head = "chart.axis.place"
	}
	c.v.Head = append(c.v.Head, c.rd.l.T(head))
	for _, s := range c.pic.Series {
		c.v.Head = append(c.v.Head, c.seriesName(s))
	}
	from := max(len(c.pic.Axis)-tableRows, 0) // of a long course the newest
	if c.pic.Chart.Every == "" && c.pic.Target == nil {
		from = 0
	}
	for i := from; i < len(c.pic.Axis) && i < from+tableRows; i++ {
		row := []string{c.tick(c.pic.Axis[i])}
		for _, s := range c.pic.Series {
			row = append(row, c.shown(s.Figures[i]))
		}
		c.v.Rows = append(c.v.Rows, row)
	}
	if left := len(c.pic.Axis) - len(c.v.Rows); left > 0 {
		c.v.More = c.rd.l.N("chart.more", left)
	}
}

// describe says in a sentence what is drawn, for who does not see it.
func (c *canvas) describe() string {
	l := c.rd.l
	all := []string{l.T("chart.desc", "form", words.Raw(l.T("annex.value.chart."+string(c.pic.Chart.Type))), "first", c.tick(c.pic.Axis[0]), "last", c.tick(c.pic.Axis[len(c.pic.Axis)-1]))}
	for i, s := range c.pic.Series {
		if i == looks {
			break
		}
		low, high, there := span(s.Figures)
		if !there {
			continue
		}
		all = append(all, l.T("chart.desc.series", "name", c.seriesName(s), "low", words.Raw(c.figure(low)), "high", words.Raw(c.figure(high))))
	}
	return strings.Join(all, " ")
}

// span is the least and the largest of what there is.
func span(figures []programme.Figure) (low, high float64, there bool) {
	for _, f := range figures {
		if !f.There || f.Few {
			continue
		}
		if !there {
			low, high, there = f.Value, f.Value, true
		}
		low, high = min(low, f.Value), max(high, f.Value)
	}
	return low, high, there
}

// ---- the ground of a drawing

func f1(v float64) string { return strconv.FormatFloat(v, 'f', 1, 64) }

// x is a distance from the edge where reading starts, of something so wide.
func (c *canvas) x(from, wide float64) float64 {
	if c.rtl {
		return c.w - from - wide
	}
	return from
}

func (c *canvas) add(s shape) { c.v.Shapes = append(c.v.Shapes, s) }

// rect draws a bar from a distance, and says what it is when it is pointed at.
func (c *canvas) rect(from, top, wide, high float64, class, fill, title string) {
	c.add(shape{Kind: "rect", X: f1(c.x(from, wide)), Y: f1(top), W: f1(max(wide, 0)), H: f1(max(high, 0)), Class: class, Fill: fill, Title: title})
}

// text writes at a distance; anchor start, middle or end is of the reading direction, as SVG has it.
func (c *canvas) text(from, base float64, anchor, class, words string) {
	if words != "" {
		c.add(shape{Kind: "text", X: f1(c.x(from, 0)), Y: f1(base), Anchor: anchor, Class: class, Text: words})
	}
}

func (c *canvas) line(from1, y1, from2, y2 float64, class string) {
	c.add(shape{Kind: "path", D: "M" + f1(c.x(from1, 0)) + " " + f1(y1) + "L" + f1(c.x(from2, 0)) + " " + f1(y2), Class: class})
}

// scale is an axis of figures with round steps.
type scale struct {
	low, high, step float64
}

// scaleOf finds round steps, about so many, that hold low and high.
func scaleOf(low, high float64, steps int) scale {
	if low == high {
		low, high = min(low, 0), max(high, 0)
	}
	if low == high {
		high = 1
	}
	raw := (high - low) / float64(steps)
	unit := math.Pow(10, math.Floor(math.Log10(raw)))
	step := 10 * unit
	for _, m := range []float64{1, 2, 2.5, 5} {
		if raw <= m*unit*(1+1e-9) {
			step = m * unit
			break
		}
	}
	return scale{math.Floor(low/step+1e-9) * step, math.Ceil(high/step-1e-9) * step, step}
}

// part is where a figure lies between the ends, 0 to 1.
func (s scale) part(v float64) float64 {
	return min(max((v-s.low)/(s.high-s.low), 0), 1)
}

// y is the height of a figure in the field of a chart with an axis at its start.
func (c *canvas) y(s scale, v float64) float64 {
	return padTop + (c.h-padTop-padBottom)*(1-s.part(v))
}

// axis draws the lines and figures of the axis at the start, and makes room for the longest.
func (c *canvas) axis(s scale) {
	for _, v := range []float64{s.low, s.high, s.low + s.step} {
		c.from = max(c.from, 16+7.6*float64(utf8.RuneCountInString(c.figure(v))))
	}
	for v := s.low; v <= s.high+s.step/2; v += s.step {
		y := c.y(s, v)
		class := "chart-grid"
		if math.Abs(v) < s.step/1e6 {
			class, v = "chart-zero", 0
		}
		c.line(c.from, y, c.w-padEnd, y, class)
		c.text(c.from-8, y+4, "end", "chart-tick", c.figure(v))
	}
}

// reference draws the lines the annex asks for, each with its words.
func (c *canvas) reference(s scale) {
	all := c.pic.Chart.Lines
	if t := c.pic.Target; t != nil {
		all = append(all[:len(all):len(all)], programme.Line{Value: t.Value, Label: jisr.Text{"ar": "", "en": ""}})
	}
	for _, line := range all {
		y := c.y(s, line.Value)
		word := inLanguage(c.rd.l, line.Label)
		if word == "" {
			word = c.rd.l.T("chart.target", "value", words.Raw(c.figure(line.Value)))
		}
		c.line(c.from, y, c.w-padEnd, y, "chart-ref")
		c.text(c.from+6, y-5, "start", "chart-ref-word", word)
	}
}

// patterns gives each series its filling.
func (c *canvas) patterns() {
	hatch := [looks]string{"", "M0 8L8 0", "M0 4H8", "M4 0V8", "M0 0L8 8M0 8L8 0", "M2 2h2v2h-2zM6 6h2v2h-2z"}
	for i := range min(len(c.pic.Series), looks) {
		c.v.Patterns = append(c.v.Patterns, pattern{ID: "fill-" + c.v.ID + "-" + strconv.Itoa(i), Class: c.look(i), D: hatch[i]})
	}
}

// look is the class of a series' colour: a member's own where the series are members.
func (c *canvas) look(i int) string { return "s" + strconv.Itoa(i%looks+1) }

func (c *canvas) fill(i int) string { return "fill-" + c.v.ID + "-" + strconv.Itoa(i%looks) }

// legend names the series, where there are several.
func (c *canvas) legend(lines bool) {
	if len(c.pic.Series) < 2 {
		return
	}
	for i, s := range c.pic.Series {
		k := chartKey{Class: c.look(i), Word: c.seriesName(s)}
		if lines {
			k.Marker = marker(i, 12, 6)
		} else {
			k.Fill = c.fill(i)
		}
		c.v.Keys = append(c.v.Keys, k)
	}
}

// marker is the mark of a series' points: circle, square, triangle, diamond, cross, bar.
func marker(i int, x, y float64) string {
	at := func(dx, dy float64) string { return f1(x+dx) + " " + f1(y+dy) }
	switch i % looks {
	case 1:
		return "M" + at(-3.5, -3.5) + "h7v7h-7z"
	case 2:
		return "M" + at(0, -4.5) + "L" + at(4.5, 3.5) + "L" + at(-4.5, 3.5) + "z"
	case 3:
		return "M" + at(0, -5) + "L" + at(5, 0) + "L" + at(0, 5) + "L" + at(-5, 0) + "z"
	case 4:
		return "M" + at(-4.5, -1.5) + "h3v-3h3v3h3v3h-3v3h-3v-3h-3z"
	case 5:
		return "M" + at(-5, -2) + "h10v4h-10z"
	}
	return "M" + at(-3.8, 0) + "a3.8 3.8 0 1 0 7.6 0a3.8 3.8 0 1 0 -7.6 0z"
}
