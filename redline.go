package jisr

import (
	"slices"
	"strings"
	"unicode"
)

// What changed between two texts: segment by segment, and word by word in each language.

// Change says what happened to a segment between two texts.
type Change string

// The changes.
const (
	Same    Change = "same"
	Added   Change = "added"
	Removed Change = "removed"
	Changed Change = "changed"
	Moved   Change = "moved" // same words, another place
)

// Run is a stretch of a redline: words that stayed, were put in, or taken out.
type Run struct {
	Op   RunOp  `json:"op"`
	Text string `json:"text"`
}

// RunOp is what happened to a run.
type RunOp string

// The operations.
const (
	Keep   RunOp = "keep"
	Insert RunOp = "insert"
	Delete RunOp = "delete"
)

// Redline is one segment in the two texts.
type Redline struct {
	ID     string           `json:"id"`
	Kind   SegmentKind      `json:"kind"`
	Number string           `json:"number,omitempty"`
	Change Change           `json:"change"`
	Runs   map[string][]Run `json:"runs,omitempty"` // by language, where something changed
}

// Compare gives the redline from one text to another: the segments of the newer in their order, those taken out where
// they stood.
func (t *InstrumentText) Compare(newer *InstrumentText) []Redline {
	old, at := map[string]*Segment{}, map[string]int{}
	for i := range t.Segments {
		old[t.Segments[i].ID], at[t.Segments[i].ID] = &t.Segments[i], i
	}
	kept := map[string]bool{}
	for i := range newer.Segments {
		kept[newer.Segments[i].ID] = true
	}
	var out []Redline
	next := 0 // of t.Segments, up to where those taken out have been told
	removed := func(until int) {
		for ; next < until; next++ {
			if s := &t.Segments[next]; !kept[s.ID] {
				out = append(out, redlineOf(s, nil))
			}
		}
	}
	stays := inOrder(newer, at)
	for i := range newer.Segments {
		s := &newer.Segments[i]
		if was := old[s.ID]; was != nil && stays[s.ID] {
			removed(at[s.ID])
		}
		r := redlineOf(old[s.ID], s)
		if r.Change == Same && !stays[s.ID] {
			r.Change = Moved
		}
		out = append(out, r)
	}
	removed(len(t.Segments))
	return out
}

// inOrder finds the segments that kept their order: a longest run of rising old places (patience sorting).
func inOrder(newer *InstrumentText, at map[string]int) map[string]bool {
	var ids []string
	for i := range newer.Segments {
		if _, ok := at[newer.Segments[i].ID]; ok {
			ids = append(ids, newer.Segments[i].ID)
		}
	}
	before := make([]int, len(ids))
	var tops []int // index in ids of the last of the best run of each length
	for i, id := range ids {
		k, _ := slices.BinarySearchFunc(tops, at[id], func(top, place int) int { return at[ids[top]] - place })
		if before[i] = -1; k > 0 {
			before[i] = tops[k-1]
		}
		if k == len(tops) {
			tops = append(tops, i)
		} else {
			tops[k] = i
		}
	}
	stays := map[string]bool{}
	if len(tops) > 0 {
		for i := tops[len(tops)-1]; i >= 0; i = before[i] {
			stays[ids[i]] = true
		}
	}
	return stays
}

func redlineOf(old, now *Segment) Redline {
	s := now
	if s == nil {
		s = old
	}
	r := Redline{ID: s.ID, Kind: s.Kind, Number: s.Number, Change: Same}
	var was, is Text
	switch {
	case old == nil:
		r.Change, is = Added, now.Text
	case now == nil:
		r.Change, was = Removed, old.Text
	default:
		was, is = old.Text, now.Text
	}
	for _, lang := range unionKeys(was, is) {
		if was[lang] == is[lang] {
			continue
		}
		if r.Change == Same {
			r.Change = Changed
		}
		if r.Runs == nil {
			r.Runs = map[string][]Run{}
		}
		r.Runs[lang] = DiffWords(was[lang], is[lang])
	}
	return r
}

func unionKeys(a, b Text) []string {
	all := append(sortedKeys(a), sortedKeys(b)...)
	slices.Sort(all)
	return slices.Compact(all)
}

// maxEdits bounds the search for the shortest redline: beyond it the middle is told as taken out and put in anew.
const maxEdits = 400

// DiffWords gives the redline of two wordings, word by word: the shortest edit script (Myers, "An O(ND) difference
// algorithm", 1986) between what they begin and end with alike.
func DiffWords(was, is string) []Run {
	a, b := splitWords(was), splitWords(is)
	head, headBytes := 0, 0
	for head < len(a) && head < len(b) && a[head] == b[head] {
		headBytes += len(a[head])
		head++
	}
	tail, tailBytes := 0, 0
	for tail < len(a)-head && tail < len(b)-head && a[len(a)-1-tail] == b[len(b)-1-tail] {
		tailBytes += len(a[len(a)-1-tail])
		tail++
	}
	runs := []Run{{Keep, was[:headBytes]}}
	runs = append(runs, myers(a[head:len(a)-tail], b[head:len(b)-tail])...)
	return mergeRuns(append(runs, Run{Keep, was[len(was)-tailBytes:]}))
}

func addRun(runs []Run, op RunOp, words []string) []Run {
	for _, w := range words {
		runs = append(runs, Run{op, w})
	}
	return runs
}

// mergeRuns joins neighbours of one operation, and puts what was taken out before what was put in for it.
func mergeRuns(runs []Run) []Run {
	var out []Run
	join := func(op RunOp, from []Run) {
		var b strings.Builder
		for _, r := range from {
			if r.Op == op {
				b.WriteString(r.Text)
			}
		}
		if b.Len() > 0 {
			out = append(out, Run{op, b.String()})
		}
	}
	for i := 0; i < len(runs); {
		from := i
		for i < len(runs) && runs[i].Op != Keep {
			i++
		}
		join(Delete, runs[from:i])
		join(Insert, runs[from:i])
		from = i
		for i < len(runs) && runs[i].Op == Keep {
			i++
		}
		join(Keep, runs[from:i])
	}
	return out
}

func myers(a, b []string) []Run {
	limit := min(len(a)+len(b), maxEdits)
	if len(a) == 0 || len(b) == 0 {
		return addRun(addRun(nil, Delete, a), Insert, b)
	}
	v := make([]int, 2*limit+3) // furthest x on each diagonal, from -limit-1
	var trace [][]int
	for d := 0; d <= limit; d++ {
		trace = append(trace, slices.Clone(v[limit-d:limit+d+3])) // the diagonals that d edits can reach, and one beside
		for k := -d; k <= d; k += 2 {
			x := v[limit+1+k-1] + 1
			if k == -d || k != d && v[limit+1+k-1] < v[limit+1+k+1] {
				x = v[limit+1+k+1]
			}
			y := x - k
			for x < len(a) && y < len(b) && a[x] == b[y] {
				x, y = x+1, y+1
			}
			v[limit+1+k] = x
			if x >= len(a) && y >= len(b) {
				return backtrack(a, b, trace)
			}
		}
	}
	return addRun(addRun(nil, Delete, a), Insert, b)
}

// backtrack walks from the end of both wordings to their beginning along the furthest paths.
func backtrack(a, b []string, trace [][]int) []Run {
	var back []Run
	x, y := len(a), len(b)
	for d := len(trace) - 1; d >= 0; d-- {
		v, k := trace[d], x-y // diagonal k stands at d+1+k
		prev := k - 1
		if k == -d || k != d && v[d+k] < v[d+k+2] {
			prev = k + 1
		}
		px := v[d+1+prev]
		py := px - prev
		for x > px && y > py && x > 0 && y > 0 {
			x, y = x-1, y-1
			back = append(back, Run{Keep, a[x]})
		}
		if d == 0 {
			break
		}
		if x == px {
			y--
			back = append(back, Run{Insert, b[y]})
		} else {
			x--
			back = append(back, Run{Delete, a[x]})
		}
	}
	slices.Reverse(back)
	return back
}

// splitWords cuts a wording into words, spaces and marks: joined they give it back.
func splitWords(s string) []string {
	words := make([]string, 0, len(s)/3+1)
	start, inWord := 0, false
	for i, r := range s {
		letter := wordRune(r)
		if i > 0 && !(inWord && letter) {
			words = append(words, s[start:i])
			start = i
		}
		inWord = letter
	}
	if s != "" {
		words = append(words, s[start:])
	}
	return words
}

func wordRune(r rune) bool {
	if r < 0x80 {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
	}
	return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r)
}
