package programme

import (
	"encoding/binary"
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"jisr"
)

// BlockRows is how many records one block holds.
const BlockRows = 4096

// maxCut is how many bytes of a text a block keeps: lists are filtered and sorted by codes and short texts.
const maxCut = 120

// Block is records of one type cut into columns, so that many are filtered, sorted and counted without reading them. A
// column is a figure for each row (numbers; times as seconds; true as 1), or a text of a short dictionary. What is not there is
// NaN, or text 0. A book keeps a block's columns as bytes and reads those that a question asks for.
type Block struct {
	t    *Type
	rows int
	cols []cells
	load func(field int) ([]byte, error) // of a block that was kept; nil: all columns are here
	err  error                           // of load: the first
}

type cells struct {
	here  bool
	figs  []float64
	texts []string // by number; 0 is none
	index map[string]uint16
	at    []uint16
}

// NewBlock begins a block of records of a type.
func NewBlock(t *Type) *Block {
	b := &Block{t: t, cols: make([]cells, len(t.Fields))}
	for i := range b.cols {
		b.cols[i] = cells{here: true, texts: []string{""}, index: map[string]uint16{}}
	}
	return b
}

// OpenBlock reads a block that was kept; its columns are loaded when they are asked for.
func OpenBlock(t *Type, rows int, load func(field int) ([]byte, error)) *Block {
	return &Block{t: t, rows: rows, cols: make([]cells, len(t.Fields)), load: load}
}

// Compared tells how lists compare a field: as figures, as texts, or not at all.
func (f *Field) Compared() (figures, texts bool) {
	switch kindOf(f) {
	case number, moment, truth:
		return true, false
	case text:
		return false, true
	}
	return false, f.Type == Geo // a position counts as the place it is near to
}

// Rows is how many records the block holds.
func (b *Block) Rows() int { return b.rows }

// Err is why a column could not be loaded.
func (b *Block) Err() error { return b.err }

// Add puts a record at the end; nil: one that holds nothing that can be counted.
func (b *Block) Add(r *Record) {
	for i := range b.cols {
		b.col(i) // loaded as long as it was kept
	}
	b.rows++
	b.Set(b.rows-1, r)
}

// Set puts a record in the place of another.
func (b *Block) Set(row int, r *Record) {
	for i, f := range b.t.Fields {
		c := b.col(i)
		figures, texts := f.Compared()
		switch {
		case figures:
			v := math.NaN()
			if r != nil {
				v = r.figure(i)
			}
			c.figs = put(c.figs, row, v)
		case texts:
			s := ""
			if r != nil {
				s = r.cut(i)
			}
			if len(c.texts) > BlockRows+BlockRows/2 {
				c.compact() // records that were corrected many times left their texts
			}
			c.at = put(c.at, row, c.number(s))
		}
	}
}

func put[T any](all []T, row int, v T) []T {
	if row < len(all) {
		all[row] = v
		return all
	}
	return append(all, v)
}

func (c *cells) number(s string) uint16 {
	if s == "" {
		return 0
	}
	n, ok := c.index[s]
	if !ok {
		n = uint16(len(c.texts))
		c.texts = append(c.texts, s)
		c.index[s] = n
	}
	return n
}

// Forget drops the texts that no row holds any more: what was erased is not left in a dictionary.
func (b *Block) Forget() {
	for i := range b.cols {
		if c := b.col(i); len(c.texts) > 0 {
			c.compact()
		}
	}
}

func (c *cells) compact() {
	was := c.texts
	c.texts, c.index = []string{""}, map[string]uint16{}
	for row, n := range c.at {
		c.at[row] = c.number(was[n])
	}
}

// figure is the i-th field as a figure; NaN: it has none.
func (r *Record) figure(i int) float64 {
	switch v := r.value(i); v.kind {
	case number, moment:
		return v.n
	case truth:
		if v.b {
			return 1
		}
		return 0
	}
	return math.NaN()
}

// cut is the i-th field as a short text.
func (r *Record) cut(i int) string {
	if r.typ.Fields[i].Type == Geo {
		if !r.Has(i) {
			return ""
		}
		return place(r.part(i, "lat"), r.part(i, "lon"))
	}
	v := r.value(i)
	if v.kind != text {
		return ""
	}
	if len(v.s) > maxCut {
		v.s = strings.ToValidUTF8(v.s[:maxCut], "")
	}
	return v.s
}

// col gives a column, loaded.
func (b *Block) col(i int) *cells {
	c := &b.cols[i]
	if c.here || b.load == nil {
		return c
	}
	c.here = true
	if figures, texts := b.t.Fields[i].Compared(); !figures && !texts { // nothing of it is kept
		return c
	}
	raw, err := b.load(i)
	if err == nil {
		err = c.decode(raw, b.t.Fields[i], b.rows)
	}
	if err != nil && b.err == nil {
		b.err = err
	}
	return c
}

// Column encodes a field's column; nil: the field is not compared.
func (b *Block) Column(i int) []byte {
	c := b.col(i)
	figures, texts := b.t.Fields[i].Compared()
	switch {
	case figures:
		raw := make([]byte, 0, 8*len(c.figs))
		for _, v := range c.figs {
			raw = binary.LittleEndian.AppendUint64(raw, math.Float64bits(v))
		}
		return raw
	case texts:
		raw := binary.AppendUvarint(nil, uint64(len(c.texts)-1))
		for _, s := range c.texts[1:] {
			raw = append(binary.AppendUvarint(raw, uint64(len(s))), s...)
		}
		for _, n := range c.at {
			raw = binary.LittleEndian.AppendUint16(raw, n)
		}
		return raw
	}
	return nil
}

var errColumn = errors.New("a column that is none")

func (c *cells) decode(raw []byte, f *Field, rows int) error {
	figures, texts := f.Compared()
	switch {
	case figures && len(raw) != 8*rows:
		return errColumn
	case figures:
		c.figs = make([]float64, rows)
		for i := range c.figs {
			c.figs[i] = math.Float64frombits(binary.LittleEndian.Uint64(raw[8*i:]))
		}
		return nil
	case !texts:
		return nil
	}
	count, n := binary.Uvarint(raw)
	if n <= 0 || count > BlockRows*2 {
		return errColumn
	}
	raw = raw[n:]
	c.texts, c.index = make([]string, 1, count+1), make(map[string]uint16, count)
	for range count {
		size, n := binary.Uvarint(raw)
		if n <= 0 || uint64(len(raw)-n) < size {
			return errColumn
		}
		s := string(raw[n : n+int(size)])
		c.index[s] = uint16(len(c.texts))
		c.texts, raw = append(c.texts, s), raw[n+int(size):]
	}
	if len(raw) != 2*rows {
		return errColumn
	}
	c.at = make([]uint16, rows)
	for i := range c.at {
		if c.at[i] = binary.LittleEndian.Uint16(raw[2*i:]); int(c.at[i]) >= len(c.texts) {
			return errColumn
		}
	}
	return nil
}

// Weight is about how many bytes of memory the columns that are here take.
func (b *Block) Weight() int {
	sum := 200
	for i := range b.cols {
		c := &b.cols[i]
		sum += 8*len(c.figs) + 2*len(c.at) + 80*len(c.texts)
	}
	return sum
}

// Zone is what a block holds of one field: blocks whose zone cannot hold what is asked for are not read.
type Zone struct {
	Min   float64  `json:"min,omitempty"`
	Max   float64  `json:"max,omitempty"`
	Some  bool     `json:"some,omitempty"` // of figures: there are any
	Low   string   `json:"low,omitempty"`
	High  string   `json:"high,omitempty"`
	Texts []string `json:"texts,omitempty"` // all there are, where there are few
	Gaps  bool     `json:"gaps,omitempty"`  // some rows have none
}

// maxZone is how many texts are few.
const maxZone = 40

// Zone tells what the block holds of a field.
func (b *Block) Zone(i int) Zone {
	c, z := b.col(i), Zone{}
	for _, v := range c.figs {
		z.Add(v)
	}
	if len(c.texts) > 1 {
		z.Low, z.High = slices.Min(c.texts[1:]), slices.Max(c.texts)
		if len(c.texts) <= maxZone {
			z.Texts = slices.Clone(c.texts[1:])
		}
	}
	z.Gaps = z.Gaps || slices.Contains(c.at, 0)
	return z
}

// Figure is a field of a row as a figure; NaN: it has none.
func (b *Block) Figure(i, row int) float64 {
	if c := b.col(i); row < len(c.figs) {
		return c.figs[row]
	}
	return math.NaN()
}

// Text is a field of a row as a text; empty: it has none.
func (b *Block) Text(i, row int) string {
	if c := b.col(i); row < len(c.at) {
		return c.texts[c.at[row]]
	}
	return ""
}

// value is a field of a row as conditions and formulas see it.
func (b *Block) value(i, row int) value {
	f := b.t.Fields[i]
	kind := kindOf(f)
	if kind == text || f.Type == Geo {
		if s := b.Text(i, row); s != "" {
			return value{kind: text, s: s}
		}
		return value{}
	}
	v := b.Figure(i, row)
	if math.IsNaN(v) {
		return value{}
	}
	if kind == truth {
		return truthOf(v == 1)
	}
	return value{kind: kind, n: v}
}

// Row is a record of a block, with its way, for charts and targets.
func (b *Block) Row(row int, way Item) Item {
	way.block, way.row = b, row
	return way
}

// Test is a filter of a list, held against zones and rows.
type Test struct {
	Field    int // of the type; below 0: of the record's way
	texts    map[string]bool
	figs     []float64
	from, to float64
	ranged   bool
}

// The fields of a record's way that lists know.
const (
	WayBy        = slotBy
	WaySent      = slotSent
	WayConfirmed = slotConfirmed
	WayCorrected = slotCorrected
)

// Slot finds what a list is sorted or filtered by: a field, or a name of the record's way.
func (t *Type) Slot(name string) (slot int, figures bool, err error) {
	if i, ok := t.index[name]; ok {
		figures, texts := t.Fields[i].Compared()
		if figures || texts {
			return i, figures, nil
		}
	}
	switch name {
	case "@by":
		return WayBy, false, nil
	case "@sent":
		return WaySent, true, nil
	case "@confirmed":
		return WayConfirmed, true, nil
	case "@corrected":
		return WayCorrected, true, nil
	}
	return 0, false, jisr.Refuse(jisr.NoSuch, shorten([]byte(name)), "noun", "field")
}

// Test reads a filter: one of the values, or what lies from from until before to. A day or month as to is included.
func (t *Type) Test(name string, is []string, from, to string) (*Test, error) {
	slot, figures, err := t.Slot(name)
	if err != nil {
		return nil, err
	}
	te := &Test{Field: slot, from: math.Inf(-1), to: math.Inf(1), ranged: from != "" || to != ""}
	if !figures {
		if te.ranged {
			return nil, jisr.Refuse(jisr.Malformed, name, "want", "a code or a text")
		}
		te.texts = map[string]bool{}
		for _, s := range is {
			if len(s) > maxCut {
				s = strings.ToValidUTF8(s[:maxCut], "")
			}
			te.texts[s] = true
		}
		return te, nil
	}
	for _, s := range is {
		v, end, err := t.figureOf(slot, name, s)
		if err != nil {
			return nil, err
		}
		if end != v && len(is) == 1 && !te.ranged { // a day stands for all of it
			te.from, te.to, te.ranged = v, end, true
			return te, nil
		}
		te.figs = append(te.figs, v)
	}
	if from != "" {
		if te.from, _, err = t.figureOf(slot, name, from); err != nil {
			return nil, err
		}
	}
	if to != "" {
		var end float64
		if te.to, end, err = t.figureOf(slot, name, to); err != nil {
			return nil, err
		}
		te.to = max(te.to, end)
	}
	return te, nil
}

// figureOf reads what a person wrote as a figure of a field; end is after a day or month that was written.
func (t *Type) figureOf(slot int, name, s string) (v, end float64, err error) {
	bad := jisr.Refuse(jisr.Malformed, name, "got", shorten([]byte(s)))
	kind := moment
	if slot >= 0 {
		kind = kindOf(t.Fields[slot])
	} else if slot != slotSent {
		kind = truth
	}
	switch kind {
	case truth:
		if s != "true" && s != "false" {
			return 0, 0, bad
		}
		return map[string]float64{"true": 1}[s], map[string]float64{"true": 1}[s], nil
	case moment:
		at, ok := timeOf([]byte(s), t.zone)
		if !ok || !utf8.ValidString(s) {
			return 0, 0, bad
		}
		until := at
		switch len(s) {
		case len("2006-01"):
			until = at.AddDate(0, 1, 0)
		case len(time.DateOnly):
			until = at.AddDate(0, 0, 1)
		}
		return seconds(at), seconds(until), nil
	}
	f, perr := strconv.ParseFloat(s, 64)
	if perr != nil || math.IsNaN(f) {
		return 0, 0, bad
	}
	return f, f, nil
}

func seconds(at time.Time) float64 { return float64(at.UnixNano()) / float64(time.Second) }

// Admits tells whether a zone can hold a row that passes.
func (te *Test) Admits(z Zone) bool {
	if te.texts != nil {
		if te.texts[""] && z.Gaps {
			return true
		}
		for s := range te.texts {
			if s != "" && s >= z.Low && s <= z.High && (z.Texts == nil || slices.Contains(z.Texts, s)) {
				return true
			}
		}
		return false
	}
	if !z.Some || te.ranged && (z.Max < te.from || z.Min >= te.to) {
		return false
	}
	return len(te.figs) == 0 || slices.ContainsFunc(te.figs, func(v float64) bool { return v >= z.Min && v <= z.Max })
}

// Holds tells whether a row's figure or text passes.
func (te *Test) Holds(figure float64, s string) bool {
	if te.texts != nil {
		return te.texts[s]
	}
	if math.IsNaN(figure) || te.ranged && (figure < te.from || figure >= te.to) {
		return false
	}
	return len(te.figs) == 0 || slices.Contains(te.figs, figure)
}

// SearchText is what a record is found by: its texts, not its codes.
func (r *Record) SearchText() string {
	var b strings.Builder
	for i, f := range r.typ.Fields {
		if !r.Has(i) {
			continue
		}
		switch f.Type {
		case String, LongText:
			b.Write(r.text(i))
			b.WriteByte('\n')
		case I18n:
			for _, lang := range []string{"ar", "en"} {
				if s := r.I18n(i)[lang]; s != "" {
					b.WriteString(s + "\n")
				}
			}
		}
	}
	return b.String()
}

// Split cuts a list of objects into the places of each, from its first byte to after its last. It looks at braces and quotes
// only: each object is checked by itself. False: what is there is no such list.
func Split(list []byte, yield func(from, to int)) bool {
	i := skipSpace(list, 0)
	if i >= len(list) || list[i] != '[' {
		return false
	}
	for i = skipSpace(list, i+1); i < len(list) && list[i] != ']'; {
		from := i
		if i = objectEnd(list, i); i < 0 {
			return false
		}
		yield(from, i)
		if i = skipSpace(list, i); i < len(list) && list[i] == ',' {
			i = skipSpace(list, i+1)
		}
	}
	return i < len(list)
}

func skipSpace(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\n' || b[i] == '\t' || b[i] == '\r') {
		i++
	}
	return i
}

// objectEnd is after the object that begins at i; -1: none does.
func objectEnd(b []byte, i int) int {
	if i >= len(b) || b[i] != '{' {
		return -1
	}
	depth := 0
	for ; i < len(b); i++ {
		switch b[i] {
		case '"':
			for i++; i < len(b) && b[i] != '"'; i++ {
				if b[i] == '\\' {
					i++
				}
			}
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return -1
}

// Key is what the record of a row is about: the values of the annex's key as one text; empty where one is not there.
func (b *Block) Key(row int) string {
	var key []byte
	some := false
	for _, name := range b.t.Spec.Key { // what a record leaves out is part of what it is about, as in [Type.KeyOf]
		s := ""
		if v := b.value(b.t.index[name], row); v.kind != null {
			s, some = v.String(), true
		}
		key = appendString(key, s)
	}
	if !some {
		return ""
	}
	return string(key)
}

// When is the moment that dates the record of a row, as a figure; NaN: it has none.
func (b *Block) When(row int) float64 {
	if b.t.time < 0 {
		return math.NaN()
	}
	return b.Figure(b.t.time, row)
}

// Add widens a zone by a figure.
func (z *Zone) Add(v float64) {
	switch {
	case math.IsNaN(v):
		z.Gaps = true
	case !z.Some:
		z.Min, z.Max, z.Some = v, v, true
	default:
		z.Min, z.Max = min(z.Min, v), max(z.Max, v)
	}
}

// MayMeet tells whether a block of these zones can hold a record of a time of others.
func (b *Block) MayMeet(zones []Zone, times Zone) bool {
	if b.t.time < 0 || times.Gaps {
		return true
	}
	z := zones[b.t.time]
	return z.Gaps || z.Some && z.Min <= times.Max && z.Max >= times.Min
}
