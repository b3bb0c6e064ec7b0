package paper

import (
	"strings"

	"github.com/go-text/typesetting/di"
)

// row is what is placed on a page at once: cells side by side, each a stack of lines.
type row struct {
	cells  []cell
	before float64 // space above, not at the top of a page
	keep   bool    // stays with what follows
	whole  bool    // is not divided, unless it is longer than a page
	fresh  bool    // begins a page
	under  bool    // a line below
	over   bool    // a line above
	head   *row    // stands again on every page the rows below it reach
}

type cell struct {
	x, w  float64 // from the edge where the document begins its lines
	lines []line
}

func (c *cell) height() float64 {
	h := 0.0
	for i := range c.lines {
		h += c.lines[i].height()
		if i > 0 {
			h += c.lines[i].before
		}
	}
	return h
}

// frame is where blocks stand.
type frame struct {
	x, w  float64
	lang  string
	under *element
}

// composer turns blocks into rows.
type composer struct {
	set  *setter
	lang string // of the document
	seal func(f frame) []row
	rows []row
}

func (c *composer) blocks(all []Block, f frame) {
	for i := range all {
		c.block(&all[i], f)
	}
}

func (c *composer) block(b *Block, f frame) {
	switch {
	case b.Text != "":
		c.rows = append(c.rows, c.text(b, f))
	case len(b.List) > 0:
		c.list(b, f)
	case b.Table != nil:
		c.table(b.Table, f)
	case len(b.Beside) > 0:
		c.beside(b.Beside, f)
	case len(b.Sign) > 0:
		c.sign(b.Sign, f)
	case b.Seal != nil && c.seal != nil:
		c.rows = append(c.rows, c.seal(f)...)
	case b.Rule:
		c.rows = append(c.rows, row{cells: []cell{{x: f.x, w: f.w, lines: []line{{draw: &drawing{height: 1}, rule: true}}}}, before: b.Gap})
	}
	if b.Break {
		c.rows = append(c.rows, row{fresh: true})
	}
}

// text sets a heading or paragraph as a row of its own.
func (c *composer) text(b *Block, f frame) row {
	lines := c.lines(b, f, f.under)
	r := row{before: gapAbove(b, &lines[0]), keep: b.Heading > 0, whole: b.Heading > 0, cells: []cell{{x: f.x, w: f.w, lines: lines}}}
	return r
}

// gapAbove is the space a block has above it.
func gapAbove(b *Block, first *line) float64 {
	switch {
	case b.Gap > 0:
		return b.Gap
	case b.Heading > 0:
		return first.height() * 0.55
	case b.Look == Body || b.Look == Start:
		return first.height() * 0.28
	}
	return 0
}

// lines shapes one block; its element goes below under.
func (c *composer) lines(b *Block, f frame, under *element) []line {
	lang := or(b.Lang, f.lang)
	st := styleOf(b.Look, b.Heading, lang)
	e := under.add(tagOf(b)).in(lang, f.lang)
	inset := 0.0
	var label []line
	if b.Label != "" {
		label = c.set.paragraph(b.Label, lang, st, f.w)
		inset = max(label[0].width+st.size*0.5, st.size*1.5)
	}
	lines := c.set.paragraph(b.Text, lang, st, f.w-inset)
	for i := range lines {
		lines[i].of, lines[i].inset = e, inset
	}
	if label != nil {
		label[0].of = e
		lines[0].tag = &label[0]
		e.speak(label, b.Label)
	}
	e.speak(lines, b.Text)
	return lines
}

// speak says the text of an element where its glyphs do not stand in the order they are read (ISO 32000-1 14.9.4).
func (e *element) speak(lines []line, text string) {
	for i := range lines {
		for j := range lines[i].runs {
			if lines[i].runs[j].Direction.Progression() == di.TowardTopLeft {
				e.says = strings.TrimLeft(e.says+" "+bare(text), " ")
				return
			}
		}
	}
	if e.says != "" {
		e.says += " " + bare(text)
	}
}

// bare is a text without what only orders it on a line.
func bare(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 0x2066 && r <= 0x2069:
			return -1
		case r < ' ':
			return ' '
		}
		return r
	}, text)
}

func tagOf(b *Block) string {
	if b.Heading > 0 {
		return "H" + string(rune('0'+min(b.Heading, 6)))
	}
	return "P"
}

func or(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// list sets items below each other, each hanging from its label.
func (c *composer) list(b *Block, f frame) {
	l := f.under.add("L")
	l.attrs = "/O/List/ListNumbering/None"
	for i := range b.List {
		item := &b.List[i]
		li := l.add("LI")
		lang := or(item.Lang, f.lang)
		st := styleOf(item.Look, 0, lang)
		inset := st.size * 1.9
		body := &element{tag: "LBody"}
		var label []line
		if item.Label != "" {
			l.attrs = "/O/List/ListNumbering/Decimal"
			label = c.set.paragraph(item.Label, lang, st, f.w)
			label[0].of = li.add("Lbl")
			label[0].of.speak(label, item.Label)
			inset = max(inset, label[0].width+st.size*0.5)
		}
		li.kids = append(li.kids, kid{element: body})
		body.in(lang, f.lang)
		lines := c.set.paragraph(item.Text, lang, st, f.w-inset)
		for j := range lines {
			lines[j].of, lines[j].inset = body, inset
		}
		body.speak(lines, item.Text)
		if label != nil {
			lines[0].tag = &label[0]
		}
		c.rows = append(c.rows, row{cells: []cell{{x: f.x, w: f.w, lines: lines}}, before: lines[0].height() * 0.12})
	}
}

// beside sets texts side by side, block beside block. A reader hears each text whole, in turn.
func (c *composer) beside(all []Column, f frame) {
	all = all[:min(len(all), maxColumns)]
	const gap = 26
	w := (f.w - gap*float64(len(all)-1)) / float64(len(all))
	longest := 0
	subs := make([]composer, len(all))
	for i, col := range all {
		lang := or(col.Lang, f.lang)
		sect := f.under.add("Sect").in(lang, f.lang)
		subs[i] = composer{set: c.set, lang: c.lang}
		at := frame{x: f.x + float64(i)*(w+gap), w: w, lang: lang, under: sect}
		for j := range col.Blocks {
			subs[i].cell(&col.Blocks[j], at)
		}
		longest = max(longest, len(subs[i].rows))
	}
	for j := range longest {
		var r row
		for i := range subs {
			if j < len(subs[i].rows) {
				one := subs[i].rows[j]
				r.cells = append(r.cells, one.cells...)
				r.before = max(r.before, one.before)
				r.keep, r.whole = r.keep || one.keep, r.whole || one.whole
			}
		}
		c.rows = append(c.rows, r)
	}
}

// cell sets a block as exactly one row, so that blocks of two columns meet.
func (c *composer) cell(b *Block, f frame) {
	before := len(c.rows)
	c.block(b, f)
	if len(c.rows) == before {
		c.rows = append(c.rows, row{cells: []cell{{x: f.x, w: f.w}}})
		return
	}
	one := c.rows[before]
	if len(one.cells) == 1 {
		for _, more := range c.rows[before+1:] {
			for k, l := range more.cells[0].lines {
				if k == 0 {
					l.before += more.before
				}
				one.cells[0].lines = append(one.cells[0].lines, l)
			}
		}
	}
	c.rows = append(c.rows[:before], one)
}

// table sets rows of cells between lines, or without lines names beside values.
func (c *composer) table(t *Table, f frame) {
	columns := len(t.Head)
	for _, r := range t.Rows {
		columns = max(columns, len(r))
	}
	if columns == 0 {
		return
	}
	tab := f.under.add("Table")
	cells := frames(t, columns, f)
	var head *row
	if len(t.Head) > 0 {
		tr := tab.add("TR")
		r := row{whole: true, keep: true, under: true, over: true, before: 6}
		for i, text := range t.Head {
			r.cells = append(r.cells, c.headCell(Block{Text: text, Look: Strong}, cells[i], tr, "Column"))
		}
		c.rows = append(c.rows, r)
		head = &r
	}
	for i := range t.Rows {
		tr := tab.add("TR")
		r := row{whole: true, under: !t.Plain, head: head, before: 2}
		for j := range t.Rows[i] {
			b := &t.Rows[i][j]
			if t.Plain && j == 0 {
				r.cells = append(r.cells, c.headCell(*b, cells[j], tr, "Row"))
				continue
			}
			td := tr.add("TD")
			r.cells = append(r.cells, cell{x: cells[j].x, w: cells[j].w, lines: c.tableLines(b, cells[j], td)})
		}
		c.rows = append(c.rows, r)
	}
}

// headCell is a cell that says what its column or row is (ISO 14289-1 7.5: its scope).
func (c *composer) headCell(b Block, f frame, tr *element, scope string) cell {
	th := tr.add("TH")
	th.attrs = "/O/Table/Scope/" + scope
	return cell{x: f.x, w: f.w, lines: c.tableLines(&b, f, th)}
}

func (c *composer) tableLines(b *Block, f frame, under *element) []line {
	if b.Text == "" {
		return nil
	}
	if b.Look == Body {
		b.Look = Start
	}
	return c.lines(b, f, under)
}

// frames shares the width among the columns of a table.
func frames(t *Table, columns int, f frame) []frame {
	const gap = 10
	shares, sum := make([]float64, columns), 0.0
	for i := range shares {
		shares[i] = 1
		if i < len(t.Widths) && t.Widths[i] > 0 {
			shares[i] = t.Widths[i]
		}
		sum += shares[i]
	}
	all := make([]frame, columns)
	x, room := f.x, f.w-gap*float64(columns-1)
	for i := range all {
		w := room * shares[i] / sum
		all[i] = frame{x: x, w: w, lang: f.lang}
		x += w + gap
	}
	return all
}

// sign sets the places of signature side by side, two in a row: the first where the language begins its lines, on the
// right in Arabic (practice 8.6).
func (c *composer) sign(all []Signature, f frame) {
	const gap, inRow = 40, 2
	w := (f.w - gap) / inRow
	for len(all) > 0 {
		n := min(inRow, len(all))
		r := row{whole: true, before: 22}
		tallest := 0.0
		for i, s := range all[:n] {
			at := frame{x: f.x + float64(i)*(w+gap), w: w, lang: f.lang, under: f.under.add("Div")}
			lines := c.lines(&Block{Text: s.For, Look: Strong}, at, at.under)
			lines = append(lines, line{draw: &drawing{height: 44}, rule: true})
			one := cell{x: at.x, w: w, lines: lines}
			tallest = max(tallest, one.height())
			r.cells = append(r.cells, one)
			for _, t := range []string{s.Name, s.Detail} {
				if t != "" {
					r.cells[i].lines = append(r.cells[i].lines, c.lines(&Block{Text: t, Look: Small}, at, at.under)...)
				}
			}
		}
		for i := range r.cells { // so that the lines to sign on are at one height
			r.cells[i].level(tallest)
		}
		c.rows = append(c.rows, r)
		all = all[n:]
	}
}

// level makes the room to sign in so high that what comes before the line is as high as it is beside it.
func (c *cell) level(height float64) {
	for i := range c.lines {
		height -= c.lines[i].height()
		if d := c.lines[i].draw; d != nil {
			d.height += height
			return
		}
	}
}
