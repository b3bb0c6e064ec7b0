package paper

import (
	"slices"
	"strings"
	"unicode"

	"github.com/go-text/typesetting/di"
	"github.com/go-text/typesetting/font"
	"github.com/go-text/typesetting/language"
	"github.com/go-text/typesetting/shaping"
	"golang.org/x/image/math/fixed"

	"jisr/words"
)

// align is where a line stands when it is not as wide as its column.
type align int

const (
	toStart align = iota // the edge where the language begins its lines
	toMiddle
	toBoth // justified, but for the last line
)

// style is how a paragraph is set.
type style struct {
	faces   []int // by preference
	size    float64
	leading float64
	align   align
	ltr     bool // left to right in every language
	grey    float64
}

// styleOf gives a look in a script: Arabic letters are smaller at the same size, and need more room for their marks.
func styleOf(look Look, heading int, lang string) style {
	arabic := words.DirOf(lang) == "rtl"
	s := style{faces: []int{plex, amiri}, size: 10, leading: 1.5, align: toStart}
	bold := []int{plexBold, amiriBold, plex, amiri}
	if arabic {
		s = style{faces: []int{amiri, plex}, size: 13, leading: 1.62, align: toStart}
		bold = []int{amiriBold, plexBold, amiri, plex}
	}
	scale := func(f float64) { s.faces, s.size = bold, s.size*f }
	switch {
	case heading == 1:
		scale(1.3)
		s.leading -= 0.12
	case heading == 2:
		scale(1.1)
	case heading > 2:
		scale(1)
	}
	switch look {
	case Body:
		if heading == 0 {
			s.align = toBoth
		}
	case Centred:
		s.align = toMiddle
	case Strong:
		scale(1)
	case Name:
		scale(1.25)
		s.align = toMiddle
	case Title:
		s.align = toMiddle
		if heading == 0 {
			scale(1.3)
		}
	case Small:
		s.size *= 0.82
	case Code:
		s = style{faces: []int{plex, amiri}, size: 7.6, leading: 1.5, ltr: true}
	}
	return s
}

// setter shapes text. It is for one goroutine.
type setter struct {
	fonts  []typeface
	faces  []*font.Face // of fonts, in their order
	split  shaping.Segmenter
	shaper shaping.HarfbuzzShaper
	wrap   shaping.LineWrapper
}

func newSetter(fonts []typeface) *setter {
	s := &setter{fonts: fonts}
	for _, f := range fonts {
		s.faces = append(s.faces, font.NewFace(f.font))
	}
	return s
}

// preferred picks the first face that has a character.
type preferred []*font.Face

// ResolveFace is what go-text asks for each character.
func (p preferred) ResolveFace(r rune) *font.Face {
	for _, f := range p {
		if _, ok := f.NominalGlyph(r); ok {
			return f
		}
	}
	return p[0]
}

// line is one line of a paragraph, shaped.
type line struct {
	runs   shaping.Line // in the order they are read
	text   []rune       // of the paragraph
	level  []int        // of each character of text
	gone   map[int]rune // by place in text: characters no font has; a sign stands for them
	width  float64
	spaces int
	rtl    bool
	right  bool // stands at the right edge though it is read from left to right
	last   bool // of its paragraph or before a forced break
	style  style
	inset  float64 // from the edge where lines begin
	tag    *line   // its label, which stands in the inset
	before float64 // space above, not at the top of a page
	of     *element
	draw   *drawing // in place of text
	rule   bool     // a line below it, of the column's width
}

func (l *line) height() float64 {
	if l.draw != nil {
		return l.draw.height
	}
	return l.style.size * l.style.leading
}

// paragraph shapes a text and breaks it into lines.
func (s *setter) paragraph(text, lang string, st style, width float64) []line {
	var all []line
	for part := range strings.SplitSeq(text, "\n") {
		all = append(all, s.lines(part, lang, st, width)...)
	}
	return all
}

func (s *setter) lines(part, lang string, st style, width float64) []line {
	faces := preferred{}
	for _, i := range st.faces {
		faces = append(faces, s.faces[i])
	}
	text, gone := shown(part, faces)
	rtl := words.DirOf(lang) == "rtl" && !st.ltr
	if len(text) == 0 {
		return []line{{style: st, rtl: rtl, last: true}}
	}
	in := shaping.Input{Text: text, Size: fixed.Int26_6(st.size * 64), Language: language.NewLanguage(lang)}
	level := levels(text, depth(rtl))
	var outs []shaping.Output
	for start := 0; start < len(text); start = in.RunEnd {
		in.RunStart, in.RunEnd = start, start+1
		for in.RunEnd < len(text) && level[in.RunEnd] == level[start] {
			in.RunEnd++
		}
		in.Direction = direction(level[start]%2 == 1)
		for _, run := range s.split.Split(in, faces) {
			outs = append(outs, s.shaper.Shape(run))
		}
	}
	wrapped, _ := s.wrap.WrapParagraphF(shaping.WrapConfig{Direction: direction(rtl)}, fixed.Int26_6(width*64), text, shaping.NewSliceIterator(outs))
	all := make([]line, 0, len(wrapped))
	for i, w := range wrapped {
		l := line{runs: slices.Clone(w), level: level, text: text, gone: gone, rtl: rtl, right: st.ltr && words.DirOf(lang) == "rtl", last: i == len(wrapped)-1, style: st}
		l.trim()
		l.measure()
		all = append(all, l)
	}
	return all
}

func direction(rtl bool) di.Direction {
	if rtl {
		return di.DirectionRTL
	}
	return di.DirectionLTR
}

// depth is the level of a paragraph (UAX #9, P3).
func depth(rtl bool) int {
	if rtl {
		return 1
	}
	return 0
}

// shown is the text with what cannot be drawn replaced: a sign stands for a character no font has, and nothing for
// control characters, which are no text. Isolates stay: they order what stands between them (UAX #9).
func shown(part string, faces preferred) (text []rune, gone map[int]rune) {
	for _, r := range part {
		switch {
		case r == '\t':
			r = ' '
		case r >= 0x2066 && r <= 0x2069, r == 0x200C, r == 0x200D:
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r):
			continue
		case !has(faces, r):
			if gone == nil {
				gone = map[int]rune{}
			}
			gone[len(text)] = r
			r = replacement
			if !has(faces, r) {
				r = '?'
			}
		}
		text = append(text, r)
		if len(text) == maxText {
			break
		}
	}
	return text, gone
}

const replacement = '\ufffd'

func has(faces preferred, r rune) bool {
	return slices.ContainsFunc(faces, func(f *font.Face) bool { _, ok := f.NominalGlyph(r); return ok })
}

// invisible tells characters that order or join others and are not drawn.
func invisible(r rune) bool { return r >= 0x2066 && r <= 0x2069 || r == 0x200C || r == 0x200D }

// trim takes the room of the space at the end of a line, which stands at the line's end whatever it follows (UAX #9, L1).
func (l *line) trim() {
	if len(l.runs) == 0 {
		return
	}
	run := &l.runs[len(l.runs)-1]
	for i := range run.Glyphs {
		if at := run.Glyphs[i].TextIndex(); at == run.Runes.Offset+run.Runes.Count-1 && l.text[at] == ' ' && run.Glyphs[i].Advance > 0 {
			run.Glyphs = slices.Clone(run.Glyphs)
			run.Glyphs[i].Advance = 0
		}
	}
}

func (l *line) measure() {
	for i := range l.runs {
		for _, g := range l.runs[i].Glyphs {
			if invisible(l.text[g.TextIndex()]) && g.RunesCount() == 1 {
				continue
			}
			l.width += points(g.Advance)
			if l.text[g.TextIndex()] == ' ' && g.Advance > 0 {
				l.spaces++
			}
		}
	}
}

func points(v fixed.Int26_6) float64 { return float64(v) / 64 }

// stretch is what each space of the line grows by so that the line fills the width. A line that would be more gap than
// text is left as it is.
func (l *line) stretch(width float64) float64 {
	if l.style.align != toBoth || l.last || l.spaces == 0 {
		return 0
	}
	extra := (width - l.width) / float64(l.spaces)
	if extra > l.style.size*0.9 {
		return 0
	}
	return extra
}
