package programme

import (
	"encoding/json"
	"math"
	"slices"
	"time"

	"jisr"
)

// Tally is what is kept of many figures, so that every aggregate of the language can be told from it. Tallies of parts
// make the tally of the whole: a book keeps one for each group of a chart, adds each record once, and never reads a
// million rows to draw a line. When a record of a group is corrected, that group alone is counted anew.
type Tally struct {
	N      int64         `json:"n"`            // records
	Of     int64         `json:"of,omitempty"` // of them, those that Share asks for
	Sum    float64       `json:"sum,omitempty"`
	Min    float64       `json:"min,omitempty"`
	Max    float64       `json:"max,omitempty"`
	Last   float64       `json:"last,omitempty"`
	LastAt int64         `json:"at,omitempty"` // milliseconds since 1970
	High   jisr.Handling `json:"high,omitempty"`
	Few    []float64     `json:"few,omitempty"`  // the figures themselves, while there are few
	Many   map[int]int64 `json:"many,omitempty"` // how many by size class, when there are many
}

// maxFew is how many figures are kept as they are. Beyond, a median is told from classes that are one percent wide.
const (
	maxFew     = 200
	classWidth = 1.01
)

// add counts one figure. spread: it is kept for a median or the like.
func (t *Tally) add(at time.Time, v float64, of bool, high jisr.Handling, spread bool) {
	if t.N == 0 || v < t.Min {
		t.Min = v
	}
	if t.N == 0 || v > t.Max {
		t.Max = v
	}
	if ms := at.UnixMilli(); t.N == 0 || ms >= t.LastAt {
		t.Last, t.LastAt = v, ms
	}
	t.N++
	t.Sum += v
	if of {
		t.Of++
	}
	t.raise(high)
	if spread {
		t.keep(v)
	}
}

func (t *Tally) raise(high jisr.Handling) {
	if t.High == "" || high.Rank() > t.High.Rank() {
		t.High = high.Level()
	}
}

func (t *Tally) keep(v float64) {
	if t.Many == nil && len(t.Few) < maxFew {
		t.Few = append(t.Few, v)
		return
	}
	t.spread()
	t.Many[class(v)]++
}

// spread puts the few figures into classes.
func (t *Tally) spread() {
	if t.Many == nil {
		t.Many = make(map[int]int64, maxFew)
	}
	for _, v := range t.Few {
		t.Many[class(v)]++
	}
	t.Few = nil
}

// class is the number of the class a figure is in: 0 for zero, and as many above as below it.
func class(v float64) int {
	const least = 1e-9
	if math.Abs(v) < least {
		return 0
	}
	n := int(math.Ceil(math.Log(math.Abs(v)/least)/math.Log(classWidth))) + 1
	if v < 0 {
		return -n
	}
	return n
}

// middle is the figure in the middle of a class.
func middle(n int) float64 {
	switch {
	case n == 0:
		return 0
	case n < 0:
		return -middle(-n)
	}
	return 1e-9 * math.Pow(classWidth, float64(n-1)-0.5)
}

// Merge adds what another tally counted.
func (t *Tally) Merge(o *Tally) {
	if o.N == 0 {
		return
	}
	if t.N == 0 || o.Min < t.Min {
		t.Min = o.Min
	}
	if t.N == 0 || o.Max > t.Max {
		t.Max = o.Max
	}
	if t.N == 0 || o.LastAt >= t.LastAt {
		t.Last, t.LastAt = o.Last, o.LastAt
	}
	t.N, t.Of, t.Sum = t.N+o.N, t.Of+o.Of, t.Sum+o.Sum
	t.raise(o.High)
	for _, v := range o.Few {
		t.keep(v)
	}
	if len(o.Many) > 0 {
		t.spread()
		for c, n := range o.Many {
			t.Many[c] += n
		}
	}
}

// Value is an aggregate of what was counted; false: there is nothing to tell it from.
func (t *Tally) Value(a Agg) (float64, bool) {
	if a == Count {
		return float64(t.N), true
	}
	if t.N == 0 {
		return 0, false
	}
	switch a {
	case Sum:
		return t.Sum, true
	case Mean:
		return t.Sum / float64(t.N), true
	case Min:
		return t.Min, true
	case Max:
		return t.Max, true
	case Last:
		return t.Last, true
	case Share:
		return float64(t.Of) / float64(t.N), true
	case Median, P90:
		if len(t.Few)+len(t.Many) == 0 {
			return 0, false
		}
		if a == P90 {
			return t.quantile(0.9), true
		}
		return t.quantile(0.5), true
	}
	return 0, false
}

// quantile is exact while figures are few, else within half a percent.
func (t *Tally) quantile(q float64) float64 {
	if t.Many == nil {
		all := slices.Sorted(slices.Values(t.Few))
		at := q * float64(len(all)-1)
		low := int(at)
		high := min(low+1, len(all)-1)
		return all[low] + (at-float64(low))*(all[high]-all[low])
	}
	classes := make([]int, 0, len(t.Many))
	for c := range t.Many {
		classes = append(classes, c)
	}
	slices.Sort(classes)
	rank := int64(q * float64(t.N-1))
	for _, c := range classes {
		if rank -= t.Many[c]; rank < 0 {
			return max(t.Min, min(t.Max, middle(c)))
		}
	}
	return t.Max
}

// Group names one tally of a chart or target: where on its axis, in which series, of which measure.
type Group struct {
	X      string
	Series string
	Y      int
}

// Groups are the tallies of one chart or target.
type Groups map[Group]*Tally

// Encode and decode are JSON: a tally is one column of a book's table.
func (t *Tally) Encode() []byte {
	b, _ := json.Marshal(t) // figures are finite: checked records and formulas give no others
	return b
}

// DecodeTally reads a tally that Encode wrote.
func DecodeTally(b []byte) (*Tally, error) {
	t := &Tally{}
	return t, json.Unmarshal(b, t)
}

func (g Groups) of(k Group) *Tally {
	t := g[k]
	if t == nil {
		t = &Tally{}
		g[k] = t
	}
	return t
}
