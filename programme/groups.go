package programme

import (
	"encoding/binary"
	"errors"
	"math"
	"slices"
	"strings"

	"jisr"
)

// Encode packs groups into a few bytes each, in an order of their own, so that a book keeps what a chart of many records
// came to as one value.
func (g Groups) Encode() []byte {
	keys := make([]Group, 0, len(g))
	for k := range g {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b Group) int {
		if c := strings.Compare(a.X, b.X); c != 0 {
			return c
		}
		if c := strings.Compare(a.Series, b.Series); c != 0 {
			return c
		}
		return a.Y - b.Y
	})
	var b []byte
	for _, k := range keys {
		t := g[k]
		for _, s := range []string{k.X, k.Series, string(t.High)} {
			b = append(binary.AppendUvarint(b, uint64(len(s))), s...)
		}
		for _, n := range []int64{int64(k.Y), t.N, t.Of, t.LastAt, int64(len(t.Few)), int64(len(t.Many))} {
			b = binary.AppendVarint(b, n)
		}
		for _, f := range append([]float64{t.Sum, t.Min, t.Max, t.Last}, t.Few...) {
			b = binary.LittleEndian.AppendUint64(b, math.Float64bits(f))
		}
		classes := make([]int, 0, len(t.Many))
		for c := range t.Many {
			classes = append(classes, c)
		}
		slices.Sort(classes)
		for _, c := range classes {
			b = binary.AppendVarint(binary.AppendVarint(b, int64(c)), t.Many[c])
		}
	}
	return b
}

var errGroups = errors.New("groups that are none")

// unpacker reads what Encode wrote; once something is wrong it gives nothing.
type unpacker struct {
	b   []byte
	bad bool
}

func (u *unpacker) text() string {
	size, n := binary.Uvarint(u.b)
	if n <= 0 || uint64(len(u.b)-n) < size {
		u.bad = true
		return ""
	}
	s := string(u.b[n : n+int(size)])
	u.b = u.b[n+int(size):]
	return s
}

func (u *unpacker) whole() int64 {
	v, n := binary.Varint(u.b)
	if n <= 0 {
		u.bad = true
		return 0
	}
	u.b = u.b[n:]
	return v
}

func (u *unpacker) figure() float64 {
	if len(u.b) < 8 {
		u.bad = true
		return 0
	}
	v := math.Float64frombits(binary.LittleEndian.Uint64(u.b))
	u.b = u.b[8:]
	return v
}

// MergeEncoded adds groups that Encode wrote.
func (g Groups) MergeEncoded(raw []byte) error {
	u := &unpacker{b: raw}
	for len(u.b) > 0 && !u.bad {
		k := Group{X: u.text(), Series: u.text()}
		t := &Tally{High: jisr.Handling(u.text())}
		k.Y = int(u.whole())
		t.N, t.Of, t.LastAt = u.whole(), u.whole(), u.whole()
		few, many := u.whole(), u.whole()
		t.Sum, t.Min, t.Max, t.Last = u.figure(), u.figure(), u.figure(), u.figure()
		for range min(max(few, 0), maxFew) {
			t.Few = append(t.Few, u.figure())
		}
		if many > 0 {
			t.Many = map[int]int64{}
		}
		for ; many > 0 && !u.bad; many-- {
			c := u.whole()
			t.Many[int(c)] = u.whole()
		}
		if u.bad {
			break
		}
		if was := g[k]; was != nil {
			was.Merge(t)
		} else {
			g[k] = t
		}
	}
	if u.bad {
		return errGroups
	}
	return nil
}

// Add counts what other groups counted.
func (g Groups) Add(o Groups) {
	for k, t := range o {
		g.of(k).Merge(t)
	}
}
