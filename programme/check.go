package programme

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"

	"jisr"
)

// FieldType is what a field of a record is to a person, a form and a table.
type FieldType string

// The types of fields.
const (
	String   FieldType = "string"
	LongText FieldType = "text"
	I18n     FieldType = "i18n" // a text in Arabic and, where there is one, in English
	Integer  FieldType = "integer"
	Number   FieldType = "number"
	Boolean  FieldType = "boolean"
	DateOf   FieldType = "date"
	TimeOf   FieldType = "datetime"
	MonthOf  FieldType = "month" // "2026-12"
	CodeOf   FieldType = "code"
	Enum     FieldType = "enum" // of texts without labels
	Geo      FieldType = "geo"
	RefTo    FieldType = "ref" // the id of a record of another type
	FileOf   FieldType = "file"
	List     FieldType = "list"
	Object   FieldType = "object"
)

// Field is one field of a record type, for forms, tables and the printed annex.
type Field struct {
	Name     string
	Type     FieldType
	Label    jisr.Text
	Clause   string // paragraph of the annex: "3.1.6"
	Required bool
	Unit     string
	Codes    string   // the code list
	Of       *Field   // what a list holds
	Parts    []*Field // of an object
	Ref      string   // the record type it refers to
	Std, HXL string
	PII      bool
	Derived  string // the formula; such a field is never sent
	Allowed  []string
	MaxLen   int
	Min, Max string // as the annex writes them; empty: no bound

	formula *formula
	list    *codeList
}

// Type is a record type of a compiled programme.
type Type struct {
	Name   string
	Clause string // paragraph of the annex: "3.1"
	Spec   *RecordType
	Fields []*Field // in the annex's order

	root   *node
	index  map[string]int
	slow   *jsonschema.Schema // for what the scanner does not check; nil: it checks everything
	time   int                // the field that dates a record; -1: none
	dated  []int              // fields whose code list has dates
	limit  int                // bytes of a record
	zone   *time.Location
	passed string // of the programme: its id and version, for refusals
}

// Field finds a field by its name; nil: there is none.
func (t *Type) Field(name string) *Field {
	if i, ok := t.index[name]; ok {
		return t.Fields[i]
	}
	return nil
}

// Record is a record that was checked: where its fields stand in its bytes. The zero Record is ready to use, and can be
// used again for the next record.
type Record struct {
	Raw    []byte
	typ    *Type
	fields []span
	scan   scanner
}

// Check reads a record and holds it against everything the annex says of it. No faults: r is the record. r keeps raw.
func (t *Type) Check(raw []byte, r *Record) []Fault {
	r.Raw, r.typ = raw, t
	if cap(r.fields) < len(t.Fields) {
		r.fields = make([]span, len(t.Fields))
	}
	r.fields = r.fields[:len(t.Fields)]
	clear(r.fields)
	s := &r.scan
	*s = scanner{b: raw, path: s.path[:0], clause: t.Clause, buf: s.buf[:0], top: r.fields}
	if len(raw) > t.limit {
		s.fault(jisr.TooLong, "max", itoa(t.limit), "got", itoa(len(raw)))
		return s.faults
	}
	if s.value(t.root) {
		if s.space(); s.i < len(raw) {
			s.bad("something follows the record")
		}
	}
	if len(s.faults) == 0 && len(t.dated) > 0 {
		t.checkDated(r)
	}
	if len(s.faults) == 0 && t.slow != nil {
		t.checkSlow(r)
	}
	return s.faults
}

// checkDated holds codes with dates against the day of the record.
func (t *Type) checkDated(r *Record) {
	at, ok := r.Time()
	if !ok {
		return
	}
	day := jisr.DateIn(at, t.zone)
	for _, i := range t.dated {
		f := t.Fields[i]
		code, has := f.list.code(r.Text(i))
		if !has || code.ValidOn(day) {
			continue
		}
		r.scan.path, r.scan.clause = append(r.scan.path[:0], step{name: f.Name}), f.Clause
		r.scan.fault(jisr.CodeEnded, "got", code.Code, "from", string(code.ValidFrom), "to", string(code.ValidTo), "day", string(day))
	}
}

// checkSlow asks the JSON Schema library about keywords that look at several values at once.
func (t *Type) checkSlow(r *Record) {
	v, err := decode(r.Raw)
	if err != nil {
		r.scan.path = r.scan.path[:0]
		r.scan.fault(jisr.Malformed, "want", "JSON", "error", err.Error())
		return
	}
	verr, _ := t.slow.Validate(v).(*jsonschema.ValidationError)
	for _, p := range problemsOf(verr, true) {
		clause := t.Clause
		path := strings.ReplaceAll(strings.TrimPrefix(p.Path, "/"), "/", ".")
		first, _, _ := strings.Cut(path, ".")
		if f := t.Field(first); f != nil {
			clause = f.Clause
		}
		r.scan.faults = append(r.scan.faults, Fault{path, clause, p.Refusal})
	}
}

// Has tells whether the i-th field is there.
func (r *Record) Has(i int) bool { return r.fields[i].end > 0 }

// Value is the JSON of the i-th field; nil: it is not there.
func (r *Record) Value(i int) []byte { return r.Raw[r.fields[i].start:r.fields[i].end] }

// Text is a text field's text, an i18n field's Arabic, else the value as JSON; empty when it is not there.
func (r *Record) Text(i int) string { return string(r.text(i)) }

// text is Text without a copy where there are no escapes.
func (r *Record) text(i int) []byte {
	raw := r.Value(i)
	if len(raw) < 2 || raw[0] != '"' {
		return raw
	}
	raw = raw[1 : len(raw)-1]
	if slices.Contains(raw, '\\') {
		return unescape(nil, raw)
	}
	return raw
}

// Number is a number field's value, or a derived one's.
func (r *Record) Number(i int) (float64, bool) {
	v := r.value(i)
	return v.n, v.kind == number
}

// Time is when the record says that what it tells took place.
func (r *Record) Time() (time.Time, bool) {
	if r.typ.time < 0 {
		return time.Time{}, false
	}
	return r.TimeOf(r.typ.time)
}

// TimeOf is the i-th field as a time.
func (r *Record) TimeOf(i int) (time.Time, bool) {
	if !r.Has(i) {
		return time.Time{}, false
	}
	return timeOf(r.text(i), r.typ.zone)
}

// value is the i-th field as formulas see it.
func (r *Record) value(i int) value {
	f := r.typ.Fields[i]
	if f.formula != nil {
		return f.formula.eval(r.value)
	}
	if !r.Has(i) {
		return value{}
	}
	switch kindOf(f) {
	case number:
		return value{kind: number, n: parseNumber(r.Value(i))}
	case truth:
		return truthOf(r.Value(i)[0] == 't')
	case moment:
		at, ok := r.TimeOf(i)
		if !ok {
			return value{}
		}
		return value{kind: moment, n: float64(at.UnixNano()) / float64(time.Second)}
	case text:
		return value{kind: text, s: r.Text(i)}
	}
	return value{}
}

// kindOf is what a field is in a formula; null: it has no place in one.
func kindOf(f *Field) valueKind {
	switch f.Type {
	case Integer, Number:
		return number
	case Boolean:
		return truth
	case DateOf, TimeOf, MonthOf:
		return moment
	case String, LongText, CodeOf, Enum, RefTo:
		return text
	}
	return null
}

// allowed lists what an enumeration allows, bounded.
func allowed(set map[string]struct{}) string {
	all := slices.Sorted(maps.Keys(set))
	if len(all) > 20 {
		all = append(all[:20], "…")
	}
	return strings.Join(all, ", ")
}

// refusalOf says in our kinds what the JSON Schema library found wrong.
func refusalOf(k jsonschema.ErrorKind, subject string) *jisr.Refusal {
	switch k := k.(type) {
	case *kind.Type:
		return jisr.Refuse(jisr.Malformed, subject, "want", strings.Join(k.Want, ", "), "got", k.Got)
	case *kind.Enum:
		return jisr.Refuse(jisr.NotOneOf, subject, "allowed", list(k.Want))
	case *kind.Const:
		return jisr.Refuse(jisr.NotOneOf, subject, "allowed", list([]any{k.Want}))
	case *kind.Pattern:
		return jisr.Refuse(jisr.Malformed, subject, "want", k.Want, "got", shorten([]byte(k.Got)))
	case *kind.Format:
		return jisr.Refuse(jisr.Malformed, subject, "want", k.Want)
	case *kind.MinLength:
		return jisr.Refuse(jisr.TooShort, subject, "min", itoa(k.Want), "got", itoa(k.Got))
	case *kind.MaxLength:
		return jisr.Refuse(jisr.TooLong, subject, "max", itoa(k.Want), "got", itoa(k.Got))
	case *kind.MinItems:
		return jisr.Refuse(jisr.TooFew, subject, "min", itoa(k.Want), "got", itoa(k.Got))
	case *kind.MaxItems:
		return jisr.Refuse(jisr.TooMany, subject, "max", itoa(k.Want), "got", itoa(k.Got))
	case *kind.MinProperties:
		return jisr.Refuse(jisr.TooFew, subject, "min", itoa(k.Want), "got", itoa(k.Got))
	case *kind.MaxProperties:
		return jisr.Refuse(jisr.TooMany, subject, "max", itoa(k.Want), "got", itoa(k.Got))
	case *kind.UniqueItems:
		return jisr.Refuse(jisr.Twice, subject)
	case *kind.Minimum:
		return jisr.Refuse(jisr.OutOfRange, subject, "min", k.Want.RatString(), "got", k.Got.RatString())
	case *kind.Maximum:
		return jisr.Refuse(jisr.OutOfRange, subject, "max", k.Want.RatString(), "got", k.Got.RatString())
	case *kind.ExclusiveMinimum:
		return jisr.Refuse(jisr.OutOfRange, subject, "min", k.Want.RatString(), "got", k.Got.RatString())
	case *kind.ExclusiveMaximum:
		return jisr.Refuse(jisr.OutOfRange, subject, "max", k.Want.RatString(), "got", k.Got.RatString())
	case *kind.MultipleOf:
		return jisr.Refuse(jisr.OutOfRange, subject, "want", k.Want.RatString())
	}
	return jisr.Refuse(jisr.Malformed, subject, "want", strings.Join(k.KeywordPath(), " "))
}

// list shows allowed values of any kind, bounded.
func list(values []any) string {
	var b []byte
	for i, v := range values {
		if i == 20 {
			return string(b) + ", …"
		}
		if i > 0 {
			b = append(b, ", "...)
		}
		if s, ok := v.(string); ok {
			b = append(b, s...)
		} else {
			b = appendValue(b, v)
		}
	}
	return string(b)
}

// Show writes the value of a field, or of a derived one, as it stands in a table: a text as it is, an i18n's Arabic,
// anything else as JSON; empty when there is none.
func (r *Record) Show(name string) string {
	i, ok := r.typ.index[name]
	if !ok {
		return ""
	}
	f := r.typ.Fields[i]
	switch {
	case f.formula != nil:
		return r.value(i).String()
	case !r.Has(i):
		return ""
	case f.Type == I18n:
		return r.I18n(i)["ar"]
	}
	return r.Text(i)
}

// I18n is an i18n field's texts.
func (r *Record) I18n(i int) jisr.Text {
	var t jisr.Text
	if r.Has(i) {
		_ = json.Unmarshal(r.Value(i), &t) // Check has read it
	}
	return t
}

// Words is the texts of an i18n field by its name; nil when it is not there or none.
func (r *Record) Words(name string) jisr.Text {
	if i, ok := r.typ.index[name]; ok && r.typ.Fields[i].Type == I18n {
		return r.I18n(i)
	}
	return nil
}

// String writes what a formula gave.
func (v value) String() string {
	switch v.kind {
	case number:
		return strconv.FormatFloat(v.n, 'f', -1, 64)
	case truth:
		return strconv.FormatBool(v.b)
	case moment:
		return time.Unix(int64(v.n), 0).UTC().Format(time.RFC3339)
	}
	return v.s
}
