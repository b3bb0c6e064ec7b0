package paper

import (
	"fmt"
	"strings"
	"sync"
	"unicode"

	"jisr"
	"jisr/words"
)

// Press sets documents. It is safe for concurrent use.
type Press struct {
	words *words.Words
	fonts func() ([]typeface, error)
	busy  chan struct{} // one for each document being set: a long one takes some hundred megabytes for a second
}

// New makes a press. It reads no font before the first document.
func New(w *words.Words) *Press {
	return &Press{words: w, fonts: sync.OnceValues(openFonts), busy: make(chan struct{}, maxAtOnce)}
}

// PDF sets a document. It fails when the document is longer than a file may be.
func (p *Press) PDF(d *Document) ([]byte, error) {
	p.busy <- struct{}{}
	defer func() { <-p.busy }()
	fonts, err := p.fonts()
	if err != nil {
		return nil, err
	}
	clean := *d
	clean.Title = label(d.Title)
	d = &clean
	l := newLayout(d, p.words.In(d.Lang), fonts)
	c := composer{set: l.set, lang: d.Lang, seal: l.sealRows}
	c.blocks(d.Blocks, frame{w: l.right - l.left, lang: d.Lang, under: l.top})
	if err := l.place(c.rows); err != nil {
		return nil, err
	}
	l.furnish()
	return l.write()
}

// label is a text as one line that XML and every window can show.
func label(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r&0xfffe == 0xfffe {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, ""))
}

// layout puts rows on pages.
type layout struct {
	doc         *Document
	words       *words.Lang
	set         *setter
	fonts       []used
	top         *element // the structure tree's
	w, h        float64  // of the sheet
	left, right float64
	high, low   float64 // of the text: its upper and lower edge
	pages       []*sheet
	y           float64
	rtl         bool
	qr          *code // of the seal
}

// Margins in points: 62 are 22 mm.
const (
	margin    = 62
	footRoom  = 50 // above the lower margin, for the seal and the number of the page
	footSmall = 20 // without a seal
)

func newLayout(d *Document, l *words.Lang, fonts []typeface) *layout {
	w, h := d.Size.points()
	lay := &layout{doc: d, words: l, set: newSetter(fonts), w: w, h: h, left: margin, right: w - margin, high: h - margin, low: margin + footSmall,
		rtl: words.DirOf(d.Lang) == "rtl", top: &element{tag: "Document"}}
	for _, f := range fonts {
		lay.fonts = append(lay.fonts, used{f, map[gid]string{}, map[gid]int{}})
	}
	if d.Seal != nil {
		lay.low = margin + footRoom
		lay.qr = encodeSeal(d.Seal)
	}
	lay.newPage()
	return lay
}

func (l *layout) newPage() {
	l.pages = append(l.pages, &sheet{n: len(l.pages)})
	l.y = l.high
}

func (l *layout) page() *sheet { return l.pages[len(l.pages)-1] }

// atTop tells whether nothing stands on the page yet.
func (l *layout) atTop() bool { return l.y == l.high }

func (l *layout) place(rows []row) error {
	for i := range rows {
		r := &rows[i]
		if r.fresh {
			if !l.atTop() {
				l.newPage()
			}
			continue
		}
		if !l.atTop() && l.y-r.before-l.need(rows[i:]) < l.low {
			l.turn(r)
		}
		l.put(r)
		if len(l.pages) > maxPages {
			return jisr.Refuse(jisr.TooLong, "document", "max", fmt.Sprint(maxPages))
		}
	}
	l.page().end()
	return nil
}

// turn begins a page, with the head of the table that goes on there. There the head is no content: it was said once.
func (l *layout) turn(r *row) {
	l.page().end()
	l.newPage()
	if r.head != nil {
		head := *r.head
		head.before, head.head = 0, nil
		l.page().artifact(layoutArtifact, func() { l.putCells(&head, nil, true) })
	}
}

// need is the room without which the first of the rows must not begin here: two lines of it, or all of it; with a
// heading, that of what follows too.
func (l *layout) need(rows []row) float64 {
	r := &rows[0]
	need := 0.0
	for i := range r.cells {
		c := &r.cells[i]
		h := c.height()
		if !r.whole && len(c.lines) > 3 {
			h = c.lines[0].height() + c.lines[1].height()
		}
		need = max(need, h)
	}
	if r.keep && len(rows) > 1 && !rows[1].fresh {
		need += rows[1].before + l.need(rows[1:])
	}
	return min(need, l.high-l.low)
}

// put places a row, over as many pages as it takes.
func (l *layout) put(r *row) {
	if !l.atTop() {
		l.y -= r.before
	}
	if r.over {
		l.across(l.y)
	}
	from := make([]int, len(r.cells))
	for l.putCells(r, from, false) {
		l.turn(r)
	}
	if r.under {
		l.y -= 2.5
		l.across(l.y)
	}
}

// across draws a thin line over the whole width.
func (l *layout) across(y float64) {
	p := l.page()
	p.artifact(layoutArtifact, func() { p.stroke(l.left, y, l.right, y, 0.4, 0.55) })
}

// putCells draws of each cell what fits, from the lines given on, and tells whether anything is left.
func (l *layout) putCells(r *row, from []int, silent bool) (more bool) {
	lowest := l.y
	for i := range r.cells {
		c := &r.cells[i]
		first := 0
		if from != nil {
			first = from[i]
		}
		n := l.fits(c, first)
		if silent {
			n = len(c.lines)
		}
		y := l.column(c, first, n, silent)
		lowest = min(lowest, y)
		if from != nil {
			from[i] = n
		}
		more = more || n < len(c.lines)
	}
	l.y = lowest
	return more
}

// fits says up to which line a cell fits on the page. A paragraph leaves no single line behind and takes none along.
func (l *layout) fits(c *cell, first int) int {
	y := l.y
	n := first
	for n < len(c.lines) {
		h := c.lines[n].height()
		if n > first {
			h += c.lines[n].before
		}
		if y-h < l.low && !(l.atTop() && n == first) {
			break
		}
		y -= h
		n++
	}
	if n == len(c.lines) || n == first {
		return n
	}
	same := func(i, j int) bool { return i >= first && j < len(c.lines) && c.lines[i].of == c.lines[j].of }
	if same(n-1, n) && !same(n, n+1) && n-1 > first {
		n--
	}
	if same(n-1, n) && !same(n-2, n-1) && n-1 > first {
		n--
	}
	return n
}

// column draws lines of a cell one below the other, and gives the height it reached.
func (l *layout) column(c *cell, first, n int, silent bool) float64 {
	p := l.page()
	x := l.left + c.x
	if l.rtl {
		x = l.right - c.x - c.w
	}
	y := l.y
	for i := first; i < n; i++ {
		line := &c.lines[i]
		if i > first {
			y -= line.before
		}
		top := y
		y -= line.height()
		if !silent && line.of != nil && (len(line.runs) > 0 || line.tag != nil || line.draw != nil && line.draw.squares != nil) {
			l.content(p, line, x, top, c.w)
		} else if silent {
			l.draw(p, line, x, top, c.w)
		}
		if line.rule {
			p.artifact(layoutArtifact, func() { p.stroke(x, y, x+c.w, y, 0.5, 0.3) })
		}
	}
	return y
}

// content draws a line as marked content of its element, its label first.
func (l *layout) content(p *sheet, line *line, x, top, w float64) {
	if t := line.tag; t != nil && t.of != nil {
		p.begin(t.of)
		p.text(l.fonts, t, x, base(line, top), w)
	}
	p.begin(line.of)
	l.draw(p, line, x, top, w)
}

// base is where letters of a line stand, below its upper edge.
func base(line *line, top float64) float64 {
	share := 0.74
	if line.rtl {
		share = 0.68 // what hangs below the line is deeper in Arabic
	}
	return top - line.height()*share
}

func (l *layout) draw(p *sheet, line *line, x, top, w float64) {
	if d := line.draw; d != nil {
		if d.squares != nil {
			if l.rtl {
				x += w - d.width
			}
			d.squares(p, x, top-d.height)
		}
		return
	}
	if !line.rtl && !line.right {
		x += line.inset
	}
	p.text(l.fonts, line, x, base(line, top), w-line.inset)
}

// furnish draws what stands on every page beside its text: reference, marking, seal and number.
func (l *layout) furnish() {
	for i, p := range l.pages {
		p.artifact(headArtifact, func() { l.head(p, i) })
		p.artifact(footArtifact, func() { l.foot(p, i) })
	}
}

// small sets one line of the page's furniture.
func (l *layout) small(text string, look Look, a align, scale float64) *line {
	st := styleOf(look, 0, l.doc.Lang)
	st.align, st.size = a, st.size*scale
	lines := l.set.paragraph(text, l.doc.Lang, st, l.right-l.left)
	return &lines[0]
}

func (l *layout) head(p *sheet, i int) {
	w := l.right - l.left
	if l.doc.Marking != "" {
		p.text(l.fonts, l.small(l.doc.Marking, Strong, toMiddle, 0.85), l.left, l.h-34, w)
	}
	if l.doc.Head != "" && i > 0 {
		p.text(l.fonts, l.small(l.doc.Head, Small, toStart, 0.95), l.left, l.h-48, w)
		p.stroke(l.left, l.h-53, l.right, l.h-53, 0.4, 0.55)
	}
}

func (l *layout) foot(p *sheet, i int) {
	w := l.right - l.left
	number := l.small(l.words.T("paper.page", "n", i+1, "total", len(l.pages)), Small, toMiddle, 1)
	if l.doc.Marking != "" {
		p.text(l.fonts, l.small(l.doc.Marking, Strong, toMiddle, 0.85), l.left, 24, w)
	}
	if l.doc.Seal == nil {
		p.text(l.fonts, number, l.left, margin-16, w)
		return
	}
	y := float64(margin + footRoom - 12)
	p.stroke(l.left, y, l.right, y, 0.4, 0.55)
	side := 42.0
	x, at := l.left, l.right-side
	if l.rtl {
		x, at = l.left+side+10, l.left
	}
	l.qr.draw(p, at, y-6-side, side)
	w -= side + 10
	number.style.align = toStart
	p.text(l.fonts, l.small(l.words.T("paper.seal.phrase")+" "+spoken(l.words, Phrase(l.doc.Seal.Hash)), Small, toStart, 0.95), x, y-17, w)
	p.text(l.fonts, l.small(hexOf(l.doc.Seal.Hash), Code, toStart, 0.92), x, y-31, w)
	p.text(l.fonts, number, x, y-46, w)
}
