package programme

import (
	"errors"
	"iter"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"jisr"
)

// Columns is a column map: how a table, as its publisher writes it, becomes records of one type. It is data: an office
// makes it once, looks at the preview, and keeps it for the next file.
type Columns struct {
	Layout
	Record  string            `json:"record"`            // the record type
	Fields  map[string]Column `json:"fields"`            // by field, or by field.part: "location.lat"
	Empty   []string          `json:"empty,omitempty"`   // what the publisher writes for nothing: "NA", "-"
	Decimal string            `json:"decimal,omitempty"` // "," where 1.234,5 is meant
	Offset  string            `json:"offset,omitempty"`  // of times that have none; none: the annex's
	Only    []Only            `json:"only,omitempty"`    // rows that are taken; all of them must hold
	Melt    *Melt             `json:"melt,omitempty"`
}

// Only takes rows whose cell is one of Is, or, where Is is empty, is not empty.
type Only struct {
	Column string   `json:"column"`
	Is     []string `json:"is,omitempty"`
	Not    []string `json:"not,omitempty"`
	Ends   string   `json:"ends,omitempty"` // with this
}

// Melt makes one record of each of several columns of a row: a table that has a column for each category.
type Melt struct {
	Columns map[string]string `json:"columns"`        // column: what goes into Name
	Name    string            `json:"name"`           // the field that says which column it was
	Value   string            `json:"value"`          // the field that takes the cell
	Zero    bool              `json:"zero,omitempty"` // zeros are records too
}

// Column says where a field's value comes from and how it is written there.
type Column struct {
	From   []string          `json:"from,omitempty"` // columns; several are put together with a space
	Const  string            `json:"const,omitempty"`
	Map    map[string]string `json:"map,omitempty"`    // what the publisher writes: what the annex wants
	Trim   string            `json:"trim,omitempty"`   // what is cut from the end
	Suffix string            `json:"suffix,omitempty"` // what is put to the end: "-12" for the month a year's figure is of
	Date   string            `json:"date,omitempty"`   // "DD/MM/YYYY", "YYYY-MM-DD hhmm", "YYYY"
	Unit   string            `json:"unit,omitempty"`   // what the figures are in, where the annex wants another unit
	Split  string            `json:"split,omitempty"`
	Or     string            `json:"or,omitempty"` // when there is nothing
}

// Imported is a record made of a row, checked; or what is wrong with the row.
type Imported struct {
	Line   int
	Raw    []byte // the record in its one encoding (RFC 8785)
	Faults []Marked
}

// Marked is a fault and the cell it comes from: what a preview marks.
type Marked struct {
	Fault
	Column string // empty: the value comes from no column
	Cell   string
}

// importer is a column map that was held against its record type.
type importer struct {
	Columns
	p      *Programme
	t      *Type
	zone   *time.Location
	fields []mapped
}

type mapped struct {
	Column
	path  string
	outer string // field
	inner string // part of it
	typ   FieldType
	field *Field
	unit  Unit
	to    Unit
}

// CheckColumns refuses a column map that makes no records of this programme, whatever the table.
func (p *Programme) CheckColumns(c Columns) error {
	_, err := p.importer(c)
	return err
}

// importer holds a column map against the programme.
func (p *Programme) importer(c Columns) (*importer, error) {
	im := &importer{Columns: c, p: p, t: p.Type(c.Record), zone: p.zone}
	if err := c.Check(); err != nil {
		return nil, err
	}
	if im.t == nil {
		return nil, jisr.Refuse(jisr.NoSuch, c.Record, "noun", "record")
	}
	if c.Offset != "" {
		at, err := time.Parse("-07:00", c.Offset)
		if err != nil {
			return nil, jisr.Refuse(jisr.Malformed, "offset", "want", "+03:00", "got", c.Offset)
		}
		_, seconds := at.Zone()
		im.zone = time.FixedZone(c.Offset, seconds)
	}
	if len(c.Fields) > MaxColumns {
		return nil, jisr.Refuse(jisr.TooMany, "fields", "max", itoa(MaxColumns), "got", itoa(len(c.Fields)))
	}
	for _, path := range slices.Sorted(maps.Keys(c.Fields)) {
		m, err := im.mapped(path, c.Fields[path])
		if err != nil {
			return nil, err
		}
		im.fields = append(im.fields, m)
	}
	if m := c.Melt; m != nil {
		if f := im.t.Field(m.Name); f == nil || im.t.Field(m.Value) == nil || len(m.Columns) == 0 {
			return nil, jisr.Refuse(jisr.NoSuch, m.Name+", "+m.Value, "noun", "field")
		}
	}
	return im, nil
}

func (im *importer) mapped(path string, c Column) (mapped, error) {
	m := mapped{Column: c, path: path}
	m.outer, m.inner, _ = strings.Cut(path, ".")
	f := im.t.Field(m.outer)
	if f == nil {
		return m, jisr.Refuse(jisr.NoSuch, path, "noun", "field")
	}
	if f.Derived != "" {
		return m, jisr.Refuse(jisr.ReadOnly, path)
	}
	m.field, m.typ = f, f.Type
	if f.Type == List {
		m.field, m.typ = f.Of, f.Of.Type
	}
	if m.inner != "" {
		switch parts := shapeOfType(f.Type); {
		case parts[m.inner] != "":
			m.typ = map[string]FieldType{"string": String, "number": Number, "integer": Integer}[parts[m.inner]]
		default:
			i := slices.IndexFunc(f.Parts, func(p *Field) bool { return p.Name == m.inner })
			if i < 0 {
				return m, jisr.Refuse(jisr.NoSuch, path, "noun", "field")
			}
			m.field, m.typ = f.Parts[i], f.Parts[i].Type
		}
	} else if shapeOfType(m.typ) != nil || m.typ == Object {
		return m, jisr.Refuse(jisr.Malformed, path, "want", path+".…")
	}
	if c.Unit != "" {
		m.unit, m.to = im.p.units[c.Unit], im.p.units[m.field.Unit]
		if _, ok := Convert(1, m.unit, m.to); !ok {
			return m, jisr.Refuse(jisr.NoSuchUnit, c.Unit, "want", m.field.Unit)
		}
	}
	return m, nil
}

// Import makes records of a table by a column map and checks each. An error of the file or the map comes as the last;
// what is wrong with a row comes with the row.
func (p *Programme) Import(c Columns, data []byte) iter.Seq2[Imported, error] {
	return func(yield func(Imported, error) bool) {
		im, err := p.importer(c)
		if err != nil {
			yield(Imported{}, err)
			return
		}
		var r Record
		for row, err := range im.Rows(data) {
			if err != nil {
				yield(Imported{}, err)
				return
			}
			if !im.wanted(row) {
				continue
			}
			for _, rec := range im.records(row) {
				if !yield(im.check(row, rec, &r), nil) {
					return
				}
			}
		}
	}
}

// wanted tells whether a row is taken.
func (im *importer) wanted(row *Row) bool {
	for _, o := range im.Only {
		cell, _ := row.Get(o.Column)
		cell = strings.TrimSpace(cell)
		switch {
		case len(o.Is) > 0 && !slices.Contains(o.Is, cell), slices.Contains(o.Not, cell):
			return false
		case len(o.Is) == 0 && im.empty(cell), !strings.HasSuffix(cell, o.Ends):
			return false
		}
	}
	return true
}

func (im *importer) empty(cell string) bool { return cell == "" || slices.Contains(im.Empty, cell) }

// made is a record being made: its values, and the cell each path comes from.
type made struct {
	values map[string]any
	from   map[string][2]string
	faults []Marked
}

// records makes the records of a row: one, or one for each column that is melted.
func (im *importer) records(row *Row) []*made {
	if im.Melt == nil {
		return []*made{im.record(row)}
	}
	var all []*made
	for _, column := range slices.Sorted(maps.Keys(im.Melt.Columns)) {
		cell, there := row.Get(column)
		cell = strings.TrimSpace(cell)
		if there && (im.empty(cell) || cell == "0" && !im.Melt.Zero) {
			continue
		}
		rec := im.record(row)
		rec.values[im.Melt.Name] = im.Melt.Columns[column]
		rec.from[im.Melt.Name] = [2]string{column, cell}
		m := mapped{path: im.Melt.Value, outer: im.Melt.Value, field: im.t.Field(im.Melt.Value), typ: im.t.Field(im.Melt.Value).Type, Column: Column{From: []string{column}}}
		im.put(rec, row, &m)
		all = append(all, rec)
	}
	return all
}

func (im *importer) record(row *Row) *made {
	rec := &made{values: map[string]any{}, from: map[string][2]string{}}
	for i := range im.fields {
		im.put(rec, row, &im.fields[i])
	}
	return rec
}

// put reads one field's cell and puts its value in place.
func (im *importer) put(rec *made, row *Row, m *mapped) {
	cell := m.Const
	if len(m.From) > 0 {
		cells := make([]string, len(m.From))
		for i, column := range m.From {
			var there bool
			if cells[i], there = row.Get(column); !there && im.Format != JSON && im.Format != NDJSON {
				rec.mark(m, column, "", jisr.Refuse(jisr.NoSuch, column, "noun", "column"))
				return
			}
		}
		cell = strings.TrimSpace(strings.Join(cells, " "))
		rec.from[m.path] = [2]string{strings.Join(m.From, ", "), cell}
		cell = strings.TrimSpace(strings.TrimSuffix(cell, m.Trim))
		if to, ok := m.Map[cell]; ok {
			cell = to
		}
		if im.empty(cell) {
			cell = m.Or
		} else {
			cell += m.Suffix
		}
	}
	if cell == "" {
		return
	}
	v, err := im.value(m, cell)
	if err != nil {
		r := (*jisr.Refusal)(nil)
		errors.As(err, &r)
		rec.mark(m, rec.from[m.path][0], cell, r)
		return
	}
	if m.inner == "" {
		rec.values[m.outer] = v
		return
	}
	parts, ok := rec.values[m.outer].(map[string]any)
	if !ok {
		parts = map[string]any{}
		rec.values[m.outer] = parts
	}
	parts[m.inner] = v
}

func (rec *made) mark(m *mapped, column, cell string, r *jisr.Refusal) {
	if len(rec.faults) < maxProblems {
		rec.faults = append(rec.faults, Marked{Fault{m.path, m.field.Clause, r}, column, shorten([]byte(cell))})
	}
}

// check holds the record that was made against the annex and marks the cells that are wrong.
func (im *importer) check(row *Row, rec *made, r *Record) Imported {
	out := Imported{Line: row.Line, Raw: appendValue(nil, rec.values), Faults: rec.faults}
	for _, f := range im.t.Check(out.Raw, r) {
		if slices.ContainsFunc(rec.faults, func(m Marked) bool { return m.Path == f.Path }) {
			continue // the cell could not be read; that it is missing follows
		}
		from := rec.from[f.Path]
		if from[0] == "" {
			at, _, _ := strings.Cut(f.Path, "[")
			from = rec.from[at]
		}
		out.Faults = append(out.Faults, Marked{f, from[0], shorten([]byte(from[1]))})
	}
	return out
}

// value reads a cell as the type of its field.
func (im *importer) value(m *mapped, cell string) (any, error) {
	if m.Split != "" || m.inner == "" && im.t.Field(m.outer).Type == List {
		parts := []string{cell}
		if m.Split != "" {
			parts = strings.Split(cell, m.Split)
		}
		all := make([]any, 0, len(parts))
		for _, p := range parts {
			if p = strings.TrimSpace(p); p == "" {
				continue
			}
			v, err := im.single(m, p)
			if err != nil {
				return nil, err
			}
			all = append(all, v)
		}
		return all, nil
	}
	return im.single(m, cell)
}

func (im *importer) single(m *mapped, cell string) (any, error) {
	switch m.typ {
	case Integer, Number:
		return im.number(m, cell)
	case Boolean:
		switch plain(cell) {
		case "true", "yes", "1", "نعم":
			return true, nil
		case "false", "no", "0", "لا":
			return false, nil
		}
		return nil, jisr.Refuse(jisr.Malformed, m.path, "want", "true, false", "got", shorten([]byte(cell)))
	case DateOf, TimeOf, MonthOf:
		return im.date(m, cell)
	case CodeOf:
		return codeFor(im.p.lists[m.field.Codes], cell), nil
	}
	return cell, nil
}

// codeFor finds the code that a publisher means: the code itself, or a name of it in either language.
func codeFor(l *codeList, cell string) string {
	if l == nil || l.has(cell) {
		return cell
	}
	if code := l.names()[plain(cell)]; code != "" {
		return code
	}
	return cell
}

// number reads a figure as people write it: with digits of either script, groups, and a point or a comma.
func (im *importer) number(m *mapped, cell string) (any, error) {
	point, group := '.', ','
	if im.Decimal == "," {
		point, group = ',', '.'
	}
	var b strings.Builder
	for _, r := range cell {
		switch {
		case r >= '٠' && r <= '٩':
			r = '0' + r - '٠'
		case r >= '۰' && r <= '۹':
			r = '0' + r - '۰'
		case r == point, r == '٫':
			r = '.'
		case r == group, r == '٬', r == '\'', unicode.IsSpace(r):
			continue
		}
		b.WriteRune(r)
	}
	f, err := strconv.ParseFloat(b.String(), 64)
	if err != nil || checkNumber(b.String()) != nil {
		return nil, jisr.Refuse(jisr.Malformed, m.path, "want", number.String(), "got", shorten([]byte(cell)))
	}
	if m.Unit != "" {
		f, _ = Convert(f, m.unit, m.to) // mapped has checked it
		// a unit's factor is not exact in binary: figures keep twelve digits
		f, _ = strconv.ParseFloat(strconv.FormatFloat(f, 'g', 12, 64), 64)
	}
	return f, nil
}

// date reads a day, month or time in the publisher's form.
func (im *importer) date(m *mapped, cell string) (any, error) {
	want := map[FieldType]string{DateOf: time.DateOnly, MonthOf: "2006-01", TimeOf: time.RFC3339}[m.typ]
	layouts := []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02 15:04", time.DateOnly, "2006-01"}
	if m.Date != "" {
		layouts = []string{layoutOf(m.Date)}
	}
	for _, l := range layouts {
		if at, err := time.ParseInLocation(l, cell, im.zone); err == nil {
			return at.Format(want), nil
		}
	}
	return nil, jisr.Refuse(jisr.Malformed, m.path, "want", first(m.Date, "2026-12-01"), "got", shorten([]byte(cell)))
}

// layoutOf turns "DD/MM/YYYY hh:mm" into the form time.Parse knows.
func layoutOf(s string) string {
	return strings.NewReplacer("YYYY", "2006", "MM", "01", "DD", "02", "hh", "15", "mm", "04", "ss", "05", "M", "1", "D", "2").Replace(s)
}
