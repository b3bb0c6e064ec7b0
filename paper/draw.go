package paper

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"

	"github.com/go-text/typesetting/di"
	"github.com/go-text/typesetting/shaping"
)

// sheet is one page while it is drawn.
type sheet struct {
	body  bytes.Buffer
	n     int        // counted from 0
	marks []*element // of each piece of marked content
	open  *element   // whose marked content is being written
}

// begin opens the marked content of an element; what follows of the same element joins it.
func (p *sheet) begin(e *element) {
	if p.open == e {
		return
	}
	p.end()
	mark := len(p.marks)
	p.marks = append(p.marks, e)
	e.kids = append(e.kids, kid{page: p.n, mark: mark})
	fmt.Fprintf(&p.body, "/%s <</MCID %d>> BDC\n", e.tag, mark)
	p.open = e
}

func (p *sheet) end() {
	if p.open != nil {
		p.body.WriteString("EMC\n")
		p.open = nil
	}
}

// artifact draws what is not content: lines, and what repeats on every page (ISO 14289-1 7.1, 7.8).
func (p *sheet) artifact(kind string, draw func()) {
	p.end()
	p.body.WriteString("/Artifact " + kind + "BDC\n")
	draw()
	p.body.WriteString("EMC\n")
}

const (
	layoutArtifact = "<</Type/Layout>> "
	headArtifact   = "<</Type/Pagination/Subtype/Header>> "
	footArtifact   = "<</Type/Pagination/Subtype/Footer>> "
)

// stroke draws a thin line.
func (p *sheet) stroke(x1, y1, x2, y2, width, grey float64) {
	fmt.Fprintf(&p.body, "%s G %s w %s %s m %s %s l S\n", number(grey), number(width), number(x1), number(y1), number(x2), number(y2))
}

// drawing is a picture in the flow of text: squares of one size.
type drawing struct {
	height  float64
	squares func(p *sheet, x, y float64) // its lower edge nearest to where lines begin
	width   float64
}

// pen writes glyphs of one line.
type pen struct {
	page  *sheet
	fonts []used
	line  *line
	extra float64
	x, y  float64 // where the last glyph was put
	font  int
	size  float64
}

// text draws a line with its base line at y, between x and x+width.
func (p *sheet) text(fonts []used, l *line, x, y, width float64) {
	if len(l.runs) == 0 {
		return
	}
	extra := l.stretch(width)
	total := l.width + extra*float64(l.spaces)
	switch {
	case l.style.align == toMiddle:
		x += (width - total) / 2
	case l.rtl, l.right:
		x += width - total
	}
	if l.style.grey > 0 {
		p.body.WriteString(number(l.style.grey) + " g\n")
	}
	p.body.WriteString("BT\n")
	w := pen{page: p, fonts: fonts, line: l, extra: extra, font: -1}
	for i, at := range w.places(x) {
		w.run(&l.runs[i], at, y)
	}
	p.body.WriteString("ET\n")
	if l.style.grey > 0 {
		p.body.WriteString("0 g\n")
	}
}

// places says where each run begins: they stand by their visual order and are written in the order they are read, so
// that the file's content has its words in order (ISO 32000-1 14.8.2.3).
func (w *pen) places(x float64) []float64 {
	runs := w.line.runs
	at := make([]float64, len(runs))
	for _, i := range visual(runs, w.line.level) {
		at[i] = x
		for _, g := range runs[i].Glyphs {
			x += w.advance(g)
		}
	}
	return at
}

// advance is how far a glyph moves on, with the share of a space in filling the line.
func (w *pen) advance(g shaping.Glyph) float64 {
	r := w.line.text[g.TextIndex()]
	switch {
	case invisible(r) && g.RunesCount() == 1:
		return 0
	case r == ' ' && g.Advance > 0:
		return points(g.Advance) + w.extra
	}
	return points(g.Advance)
}

// cluster is glyphs that stand for one piece of text together.
type cluster struct {
	glyphs []shaping.Glyph
	at     []float64
	text   string
}

// run writes the words of a run as they are read, and the clusters of a word from left to right: so programs that go by
// places, and those that go by words, both find the text. Who goes by structure is told the text itself (see [element]).
func (w *pen) run(run *shaping.Output, x, y float64) {
	all := w.clusters(run, x)
	f := slices.IndexFunc(w.fonts, func(u used) bool { return u.font == run.Face.Font })
	w.widen(all, run, f)
	if run.Direction.Progression() == di.TowardTopLeft {
		all = backwards(all)
	}
	for i := range all {
		w.cluster(&all[i], run, f, y)
	}
}

// widen lets each glyph be as wide as the way to its neighbour in the word.
func (w *pen) widen(all []cluster, run *shaping.Output, f int) {
	var last *shaping.Glyph
	var at float64
	for i := range all {
		for j := range all[i].glyphs {
			g, x := &all[i].glyphs[j], all[i].at[j]+points(all[i].glyphs[j].XOffset)
			if last != nil && all[i].text != " " {
				w.fonts[f].widen(run.Face, last.GlyphID, (x-at)/points(run.Size))
			}
			last, at = g, x
		}
		if all[i].text == " " {
			last = nil
		}
	}
}

// backwards turns the order of the words and leaves that within each.
func backwards(all []cluster) []cluster {
	turned := make([]cluster, 0, len(all))
	for end := len(all); end > 0; {
		start := end - 1
		for start > 0 && all[start].text != " " && all[start-1].text != " " {
			start--
		}
		turned = append(turned, all[start:end]...)
		end = start
	}
	return turned
}

func (w *pen) clusters(run *shaping.Output, x float64) []cluster {
	var all []cluster
	for i := 0; i < len(run.Glyphs); {
		g := run.Glyphs[i]
		n := min(max(g.GlyphsCount(), 1), len(run.Glyphs)-i)
		from := g.TextIndex()
		c := cluster{glyphs: run.Glyphs[i : i+n], text: string(w.line.text[from : from+g.RunesCount()])}
		if r, ok := w.line.gone[from]; ok {
			c.text = string(r)
		}
		for _, g := range c.glyphs {
			c.at = append(c.at, x)
			x += w.advance(g)
		}
		if g.RunesCount() > 1 || !invisible(w.line.text[from]) {
			all = append(all, c)
		}
		i += n
	}
	return all
}

// cluster writes glyphs; where their own mappings to Unicode do not say what they stand for, the text is said beside them.
func (w *pen) cluster(c *cluster, run *shaping.Output, f int, y float64) {
	u, size := &w.fonts[f], points(run.Size)
	plain := u.mean(c, run.Direction.Progression() == di.TowardTopLeft)
	b := &w.page.body
	if !plain {
		b.WriteString("/Span <</ActualText " + textString(c.text) + ">> BDC ")
	}
	if f != w.font || size != w.size {
		fmt.Fprintf(b, "/F%d %s Tf ", f, number(size))
		w.font, w.size = f, size
	}
	for i, g := range c.glyphs {
		w.move(c.at[i]+points(g.XOffset), y+points(g.YOffset))
		fmt.Fprintf(b, "<%04X> Tj\n", g.GlyphID)
	}
	if !plain {
		b.WriteString("EMC ")
	}
}

// mean notes what the glyphs of a cluster stand for, and tells whether their mappings say its text: each glyph one
// character, as letters with their vowels are, or one glyph all of it.
func (u *used) mean(c *cluster, rtl bool) bool {
	text := []rune(c.text)
	if len(text) != len(c.glyphs) {
		plain := u.means(c.glyphs[0].GlyphID, c.text)
		for _, g := range c.glyphs[1:] {
			u.means(g.GlyphID, zeroWidth)
		}
		return plain && len(c.glyphs) == 1
	}
	plain := true
	for i, g := range c.glyphs {
		at := i
		if rtl {
			at = len(text) - 1 - i
		}
		plain = u.means(g.GlyphID, string(text[at])) && plain
	}
	return plain
}

// move goes to a place, from the last one, in hundredths of a point.
func (w *pen) move(x, y float64) {
	x, y = float64(int(x*100+0.5))/100, float64(int(y*100+0.5))/100
	b := &w.page.body
	b.WriteString(strconv.FormatFloat(x-w.x, 'f', 2, 64))
	b.WriteByte(' ')
	b.WriteString(strconv.FormatFloat(y-w.y, 'f', 2, 64))
	b.WriteString(" Td ")
	w.x, w.y = x, y
}
