package paper

import (
	"slices"

	"github.com/go-text/typesetting/bidi"
	"github.com/go-text/typesetting/shaping"
)

// levels gives the embedding level of each character (UAX #9). The library knows where the direction changes but not at
// which depth, which decides the order as soon as three depths meet: a number in an Arabic name in an English line. Text
// has no embeddings or overrides any more (see shown), so what is left are isolates, which are resolved on their own, and
// numbers, which are one deeper than the letters about them (rules I1, I2).
func levels(text []rune, base int) []int {
	all := make([]int, len(text))
	skeleton, at, isolates := cutIsolates(text)
	var p bidi.Paragraph
	dir := bidi.LeftToRight
	if base%2 == 1 {
		dir = bidi.RightToLeft
	}
	flat := make([]int, len(skeleton))
	runs := p.Segment(skeleton, dir)
	for i := range runs.NumRuns() {
		r := runs.Run(i)
		level := base
		if r.IsLeftToRight() != (base%2 == 0) {
			level = base + 1
		}
		for j := r.Start; j < r.End; j++ {
			flat[j] = level
		}
		if base%2 == 0 && r.IsLeftToRight() {
			deepen(skeleton, flat, r.Start, r.End, base+2)
		}
	}
	for j, k := range at {
		all[k] = flat[j]
	}
	for _, iso := range isolates {
		inner := base + 1
		if (inner%2 == 1) != iso.rtl {
			inner++
		}
		copy(all[iso.start+1:iso.end], levels(text[iso.start+1:iso.end], inner))
		if iso.end < len(text) {
			all[iso.end] = all[iso.start]
		}
	}
	return all
}

// isolate is text between an isolate's sign and its end, which may be the end of the text.
type isolate struct {
	start, end int
	rtl        bool
}

// cutIsolates gives the text with a neutral sign for each isolate, where each character stands in the whole, and the
// isolates (rules X5a to X6a, and BD9 for what belongs together).
func cutIsolates(text []rune) (skeleton []rune, at []int, all []isolate) {
	const neutral = '\ufffc'
	for i := 0; i < len(text); i++ {
		r := text[i]
		at = append(at, i)
		if r < 0x2066 || r > 0x2068 {
			skeleton = append(skeleton, r)
			continue
		}
		end := isolateEnd(text, i)
		skeleton = append(skeleton, neutral)
		all = append(all, isolate{i, end, r == 0x2067 || r == 0x2068 && firstStrongRTL(text[i+1:end])})
		i = end
	}
	return skeleton, at, all
}

func isolateEnd(text []rune, start int) int {
	depth := 0
	for i := start; i < len(text); i++ {
		switch {
		case text[i] >= 0x2066 && text[i] <= 0x2068:
			depth++
		case text[i] == 0x2069:
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return len(text)
}

// firstStrongRTL is rule P2 for the text of a first strong isolate.
func firstStrongRTL(text []rune) bool {
	for _, r := range text {
		var p bidi.Paragraph
		ltr, rtl := p.Segment([]rune{r}, bidi.RightToLeft), p.Segment([]rune{r}, bidi.LeftToRight)
		switch {
		case ltr.Run(0).IsLeftToRight() && !isDigit(r):
			return false
		case !rtl.Run(0).IsLeftToRight():
			return true
		}
	}
	return false
}

// deepen finds the numbers at the edges of a run from left to right: those after letters from right to left, and
// Arabic-Indic ones before them, belong with these.
func deepen(text []rune, flat []int, start, end, level int) {
	if start > 0 {
		for i := start; i < end && numeric(text, i, end); i++ {
			flat[i] = level
		}
	}
	if end < len(text) {
		for i := end - 1; i >= start && flat[i] != level && arabicNumeric(text, i, start); i-- {
			flat[i] = level
		}
	}
}

func isDigit(r rune) bool {
	return r >= '0' && r <= '9' || isArabicDigit(r) || r >= '۰' && r <= '۹'
}

func isArabicDigit(r rune) bool { return r >= '٠' && r <= '٩' || r == '٫' || r == '٬' }

// numeric tells a digit, or one separator between two (rule W4).
func numeric(text []rune, i, end int) bool {
	return isDigit(text[i]) || separates(text[i]) && i > 0 && isDigit(text[i-1]) && i+1 < end && isDigit(text[i+1])
}

func arabicNumeric(text []rune, i, start int) bool {
	return isArabicDigit(text[i]) || separates(text[i]) && i > start && isArabicDigit(text[i-1]) && i+1 < len(text) && isArabicDigit(text[i+1])
}

func separates(r rune) bool { return slices.Contains([]rune{',', '.', ':', '/', '+', '-'}, r) }

// visual orders the runs of a line as they are seen, from left to right: from the deepest level up, what is together at a
// level or deeper is turned round (rule L2).
func visual(runs shaping.Line, levels []int) []int {
	order, of, deepest := make([]int, len(runs)), make([]int, len(runs)), 0
	for i := range runs {
		order[i], of[i] = i, levels[min(runs[i].Runes.Offset, len(levels)-1)]
		deepest = max(deepest, of[i])
	}
	for level := deepest; level > 0; level-- {
		for i := 0; i < len(order); i++ {
			j := i
			for j < len(order) && of[order[j]] >= level {
				j++
			}
			slices.Reverse(order[i:j])
			i = max(i, j-1)
		}
	}
	return order
}
