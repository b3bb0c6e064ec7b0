package programme

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"

	"jisr"
)

//go:embed annex.schema.json
var language []byte

// Language is the JSON Schema of annexes themselves, for editors and other tools.
func Language() []byte { return bytes.Clone(language) }

// Problem is one thing that is wrong with an annex.
type Problem struct {
	Path    string        `json:"path"` // JSON Pointer (RFC 6901)
	Refusal *jisr.Refusal `json:"refusal"`
}

// Problems is all that is wrong with an annex, in the order of their places.
type Problems []Problem

// Error is for logs; people read words' sentences.
func (p Problems) Error() string {
	if len(p) == 0 {
		return "no problems"
	}
	return fmt.Sprintf("annex refused: %d problems, first %s: %v", len(p), p[0].Path, p[0].Refusal)
}

// Programme is a compiled annex: what holds both sides to it. It does not change and may be used by many at once.
type Programme struct {
	Annex *Annex
	Types []*Type // in the annex's order

	doc     []byte
	hash    [sha256.Size]byte
	lists   map[string]*codeList
	units   map[string]Unit
	zone    *time.Location
	targets []*target
	charts  []*chart
	slas    map[string][][]test // conditions of each record type's cadences
	acks    map[string][][]test // and of its acknowledgements
}

// Encode is the one encoding of the annex (RFC 8785): the bytes that are signed.
func (p *Programme) Encode() []byte { return bytes.Clone(p.doc) }

// Hash is the SHA-256 of Encode, which both sides sign.
func (p *Programme) Hash() jisr.Commitment { return jisr.Commit(p.hash) }

// Name is how refusals and pages call the annex: its id and version.
func (p *Programme) Name() string { return p.Annex.Programme + " " + p.Annex.Version }

// Zone is the fixed offset that days and periods of the annex begin in.
func (p *Programme) Zone() *time.Location { return p.zone }

// Type finds a record type; nil: there is none.
func (p *Programme) Type(name string) *Type {
	if i := slices.IndexFunc(p.Types, func(t *Type) bool { return t.Name == name }); i >= 0 {
		return p.Types[i]
	}
	return nil
}

// Codes gives a code list of the annex, its own or shared; nil: there is none.
func (p *Programme) Codes(name string) []Code {
	if l := p.lists[name]; l != nil {
		return l.codes
	}
	return nil
}

// Code finds a code of a list; nil: there is none.
func (p *Programme) Code(list, code string) *Code {
	if l := p.lists[list]; l != nil {
		if c, ok := l.code(code); ok {
			return c
		}
	}
	return nil
}

// Unit finds a unit of measure.
func (p *Programme) Unit(code string) Unit { return p.units[code] }

// Decode compiles an annex that must be in its one encoding, as one that the other side sent must.
func Decode(doc []byte) (*Programme, error) {
	p, err := Compile(doc)
	if err == nil && !bytes.Equal(p.doc, doc) {
		return nil, Problems{{Refusal: jisr.Refuse(jisr.Malformed, "annex", "error", "not the one encoding of this annex")}}
	}
	return p, err
}

// Compile reads an annex in any layout and makes the programme. An error is Problems: all that is wrong, path by path.
func Compile(doc []byte) (*Programme, error) {
	annex, canonical, err := Parse(doc)
	if err != nil {
		return nil, err
	}
	c := &compiler{p: &Programme{Annex: annex, doc: canonical, hash: sha256.Sum256(canonical), lists: map[string]*codeList{}}}
	if c.p.units, err = Units(); err != nil {
		return nil, err
	}
	c.compile()
	if len(c.problems) > 0 {
		slices.SortStableFunc(c.problems, func(a, b Problem) int { return strings.Compare(a.Path, b.Path) })
		return nil, c.problems
	}
	return c.p, nil
}

// Parse reads an annex and holds it against the form of the language. It says nothing about what the parts mean to each
// other: see Compile.
func Parse(doc []byte) (*Annex, []byte, error) {
	if len(doc) > MaxAnnex {
		return nil, nil, Problems{{Refusal: jisr.Refuse(jisr.TooLong, "annex", "max", itoa(MaxAnnex), "got", itoa(len(doc)))}}
	}
	v, err := decode(doc)
	if err != nil {
		return nil, nil, Problems{{Refusal: jisr.Refuse(jisr.Malformed, "annex", "want", "JSON", "error", err.Error())}}
	}
	sch, err := compileSchema(language)
	if err != nil {
		return nil, nil, fmt.Errorf("internal error: the language of annexes: %w", err)
	}
	if err := sch.Validate(v); err != nil {
		verr := (*jsonschema.ValidationError)(nil)
		if !errors.As(err, &verr) {
			return nil, nil, err
		}
		return nil, nil, problemsOf(verr, false)
	}
	canonical := appendValue(nil, v)
	var a Annex
	if err := json.Unmarshal(canonical, &a); err != nil {
		return nil, nil, Problems{{Refusal: jisr.Refuse(jisr.Malformed, "annex", "error", err.Error())}}
	}
	return &a, canonical, nil
}

// closed is a loader that loads nothing: a schema refers to nothing outside itself.
type closed struct{}

// Load refuses.
func (closed) Load(url string) (any, error) { return nil, fmt.Errorf("%s is outside the annex", url) }

// compileSchema compiles a schema with the JSON Schema library. Our two formats are stricter than the library's, so that
// what it passes is also a time here.
func compileSchema(doc []byte) (*jsonschema.Schema, error) {
	v, err := decode(doc)
	if err != nil {
		return nil, err
	}
	c := jsonschema.NewCompiler()
	c.UseLoader(closed{})
	c.DefaultDraft(jsonschema.Draft2020)
	for name, is := range map[string]func([]byte) bool{"date": isDate, "date-time": isDateTime} {
		c.RegisterFormat(&jsonschema.Format{Name: name, Validate: func(v any) error {
			if s, ok := v.(string); ok && !is([]byte(s)) {
				return errors.New("not a " + name)
			}
			return nil
		}})
	}
	c.AssertFormat()
	if err := c.AddResource("annex:schema", v); err != nil {
		return nil, err
	}
	return c.Compile("annex:schema")
}

// problemsOf makes our refusals of what the JSON Schema library says, one for each place. inRecord: paths of records.
func problemsOf(verr *jsonschema.ValidationError, inRecord bool) Problems {
	if verr == nil {
		return nil
	}
	var all Problems
	add := func(path string, r *jisr.Refusal) {
		if len(all) < maxProblems && !slices.ContainsFunc(all, func(p Problem) bool { return p.Path == path && p.Refusal.Kind == r.Kind }) {
			all = append(all, Problem{path, r})
		}
	}
	var walk func(e *jsonschema.ValidationError)
	walk = func(e *jsonschema.ValidationError) {
		path := pointer(e.InstanceLocation)
		subject := path[strings.LastIndexByte(path, '/')+1:]
		switch k := e.ErrorKind.(type) {
		case *kind.Required:
			for _, m := range k.Missing {
				add(path+"/"+m, jisr.Refuse(jisr.Missing, m))
			}
		case *kind.AdditionalProperties:
			for _, m := range k.Properties {
				add(path+"/"+m, jisr.Refuse(jisr.UnknownField, shorten([]byte(m))))
			}
		case *kind.DependentRequired:
			for _, m := range k.Missing {
				add(path+"/"+m, jisr.Refuse(jisr.Missing, m))
			}
		case *kind.AnyOf, *kind.OneOf, *kind.Not, *kind.FalseSchema, *kind.PropertyNames, *kind.Contains:
			add(path, refusalOf(k, subject))
		default:
			if len(e.Causes) == 0 {
				add(path, refusalOf(e.ErrorKind, subject))
			}
			for _, cause := range e.Causes {
				walk(cause)
			}
		}
	}
	walk(verr)
	slices.SortStableFunc(all, func(a, b Problem) int { return strings.Compare(a.Path, b.Path) })
	if len(all) == 0 && inRecord { // the library found something it has no place for
		all = Problems{{Refusal: jisr.Refuse(jisr.Malformed, "record")}}
	}
	return all
}

// pointer writes a place as a JSON Pointer.
func pointer(tokens []string) string {
	var b strings.Builder
	for _, t := range tokens {
		b.WriteString("/" + strings.ReplaceAll(strings.ReplaceAll(shorten([]byte(t)), "~", "~0"), "/", "~1"))
	}
	return b.String()
}

func itoa[N int | int64](n N) string { return strconv.FormatInt(int64(n), 10) }

// compiler makes a programme of an annex whose form was checked, and gathers what is wrong.
type compiler struct {
	p        *Programme
	problems Problems
}

func (c *compiler) problem(path string, r *jisr.Refusal) {
	if len(c.problems) < maxProblems {
		c.problems = append(c.problems, Problem{path, r})
	}
}

func (c *compiler) compile() {
	a := c.p.Annex
	offset, _ := time.Parse("-07:00", a.Offset) // its form was checked
	_, seconds := offset.Zone()
	c.p.zone = time.FixedZone(a.Offset, seconds)
	c.texts()
	c.codeLists()
	c.order("/order", a.Order, slices.Collect(maps.Keys(a.Records)))
	for i, name := range a.Order {
		if r := a.Records[name]; r != nil {
			c.p.Types = append(c.p.Types, c.recordType(name, r, "3."+itoa(i+1)))
		}
	}
	for _, t := range c.p.Types { // once all types are known, for what refers to another
		c.crossType(t)
	}
	c.promises()
}

// order holds a list of names against what it puts in order: each stands in it once.
func (c *compiler) order(path string, order, names []string) {
	for i, n := range order {
		if !slices.Contains(names, n) {
			c.problem(path+"/"+itoa(i), jisr.Refuse(jisr.NoSuch, n))
		}
	}
	slices.Sort(names)
	for _, n := range names {
		if !slices.Contains(order, n) {
			c.problem(path, jisr.Refuse(jisr.Missing, n))
		}
	}
}

// texts refuses what cannot be shown in a page: see jisr.Text.Check.
func (c *compiler) texts() {
	a := c.p.Annex
	check := func(path string, t jisr.Text) {
		if err := t.Check(path[strings.LastIndexByte(path, '/')+1:], jisr.MaxReason); err != nil {
			r := (*jisr.Refusal)(nil)
			errors.As(err, &r)
			c.problem(path, r)
		}
	}
	check("/title", a.Title)
	check("/purpose", a.Purpose)
	for i, l := range a.LegalBasis {
		check("/legal_basis/"+itoa(i)+"/title", l.Title)
	}
	for _, name := range slices.Sorted(maps.Keys(a.Records)) {
		check("/records/"+name+"/title", a.Records[name].Title)
	}
	for i, t := range a.Targets {
		check("/targets/"+itoa(i)+"/label", t.Label)
	}
	for i, ch := range a.Charts {
		check("/charts/"+itoa(i)+"/title", ch.Title)
	}
	if pd := a.PersonalData; pd != nil {
		check("/personal_data/purpose", pd.Purpose)
		check("/personal_data/legal_basis", pd.LegalBasis)
	}
}

// codeLists takes the annex's own lists and those it shares.
func (c *compiler) codeLists() {
	a, total := c.p.Annex, 0
	for _, name := range slices.Sorted(maps.Keys(a.CodeLists)) {
		codes := a.CodeLists[name]
		if total += len(codes); total > maxCodes {
			c.problem("/code_lists/"+name, jisr.Refuse(jisr.TooMany, "code_lists", "max", itoa(maxCodes)))
			return
		}
		l := newCodeList(name, codes)
		c.p.lists[name] = l
		for i := range codes {
			c.code(l, &codes[i], i, "/code_lists/"+name+"/"+itoa(i))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(a.SharedLists)) {
		c.sharedList(name, a.SharedLists[name], "/shared_lists/"+name)
	}
}

func (c *compiler) code(l *codeList, code *Code, i int, path string) {
	if l.index[code.Code] != i {
		c.problem(path+"/code", jisr.Refuse(jisr.Twice, code.Code))
	}
	if code.Parent != "" && (code.Parent == code.Code || !l.has(code.Parent)) {
		c.problem(path+"/parent", jisr.Refuse(jisr.NoSuchCode, code.Parent, "list", l.name))
	}
	if code.ValidFrom != "" && code.ValidTo != "" && code.ValidTo < code.ValidFrom {
		c.problem(path+"/valid_to", jisr.Refuse(jisr.OutOfRange, "valid_to", "min", string(code.ValidFrom), "got", string(code.ValidTo)))
	}
	if err := code.Label().Check("code", jisr.MaxSubject); err != nil {
		c.problem(path, jisr.Refuse(jisr.Malformed, code.Code))
	}
	if l.name == "unit" { // records that carry their unit carry one of Rec 20
		c.unit(path+"/code", code.Code)
	}
}

func (c *compiler) sharedList(name string, s SharedList, path string) {
	codes, sum, err := ReadShared(s.List)
	switch {
	case c.p.lists[name] != nil:
		c.problem(path, jisr.Refuse(jisr.Twice, name))
	case err != nil:
		c.problem(path+"/list", jisr.Refuse(jisr.NoSuch, s.List, "noun", "code-list"))
	case sum != s.SHA256:
		c.problem(path+"/sha256", jisr.Refuse(jisr.ListDiffers, s.List, "want", s.SHA256, "got", sum))
	default:
		c.p.lists[name] = newCodeList(name, codes)
	}
}

func (c *compiler) list(name string) *codeList { return c.p.lists[name] }

// unit holds a unit against UNECE Recommendation 20: codes are looked up, never remembered.
func (c *compiler) unit(path, code string) {
	u, ok := c.p.units[code]
	switch {
	case !ok:
		c.problem(path, jisr.Refuse(jisr.NoSuchUnit, code))
	case u.Deprecated:
		c.problem(path, jisr.Refuse(jisr.NoSuchUnit, code, "deprecated", "yes"))
	}
}

// recordType compiles one record type.
func (c *compiler) recordType(name string, spec *RecordType, clause string) *Type {
	at := "/records/" + name
	t := &Type{Name: name, Clause: clause, Spec: spec, index: map[string]int{}, time: -1, limit: MaxRecord, zone: c.p.zone, passed: c.p.Name()}
	if spec.Limits.RecordBytes > 0 {
		t.limit = spec.Limits.RecordBytes
	}
	var s schema
	if err := json.Unmarshal(spec.Schema, &s); err != nil {
		c.problem(at+"/schema", jisr.Refuse(jisr.Malformed, "schema", "error", err.Error()))
		return t
	}
	sc := &schemaCompiler{c: c, root: &s, direct: true}
	t.root = sc.node(&s, at+"/schema")
	if sc.endless {
		return t
	}
	t.root.orderedBy(spec.Order, clause)
	c.order(at+"/order", spec.Order, slices.Collect(maps.Keys(s.Properties)))
	for _, part := range t.root.fields {
		f := sc.field(s.Properties[part.name], part.name, at+"/schema/properties/"+part.name)
		f.Clause, f.Required, f.list = part.clause, t.root.required&(1<<len(t.Fields)) != 0, part.codes
		if f.list != nil && f.list.dated {
			t.dated = append(t.dated, len(t.Fields))
		}
		t.index[f.Name] = len(t.Fields)
		t.Fields = append(t.Fields, f)
	}
	c.terms(t, at)
	c.derive(t, &s, at)
	if !sc.direct && len(c.problems) == 0 {
		var err error
		if t.slow, err = compileSchema(spec.Schema); err != nil {
			c.problem(at+"/schema", jisr.Refuse(jisr.Malformed, "schema", "error", shorten([]byte(err.Error()))))
		}
	}
	return t
}

// field says what a field is to people.
func (sc *schemaCompiler) field(s *schema, name, at string) *Field {
	d := sc.deref(s)
	f := &Field{Name: name, Label: s.Label, Unit: first(s.Unit, d.Unit), Codes: first(s.Codes, d.Codes), Ref: first(s.XRef, d.XRef), Std: s.Std, HXL: s.HXL,
		PII: s.PII || d.PII, Derived: s.Derived}
	f.Type = typeOf(s, d)
	if d.MaxLength != nil {
		f.MaxLen = *d.MaxLength
	}
	if d.Minimum != nil {
		f.Min = d.Minimum.String()
	}
	if d.Maximum != nil {
		f.Max = d.Maximum.String()
	}
	for _, e := range d.Enum {
		if text, ok := e.(string); ok {
			f.Allowed = append(f.Allowed, text)
		}
	}
	if f.Label.Empty() {
		sc.c.problem(at+"/x-label", jisr.Refuse(jisr.Missing, "x-label"))
	} else if err := f.Label.Check("x-label", jisr.MaxTitle); err != nil {
		sc.c.problem(at+"/x-label", jisr.Refuse(jisr.Malformed, "x-label"))
	}
	if f.PII && sc.c.p.Annex.PersonalData == nil {
		sc.c.problem(at+"/x-pii", jisr.Refuse(jisr.PersonalDataUnsaid, name))
	}
	if f.Unit != "" {
		sc.c.unit(at+"/x-unit", f.Unit)
	}
	sc.inside(f, d, at)
	return f
}

// inside describes what a list holds and what an object is made of, and holds the language's own types to their shape.
func (sc *schemaCompiler) inside(f *Field, d *schema, at string) {
	if f.Type == List && d.Items != nil {
		item := *d.Items
		if item.Label == nil {
			item.Label = f.Label
		}
		f.Of = sc.field(&item, f.Name, at+"/items")
		if f.Of.Type == List {
			sc.c.problem(at+"/items", jisr.Refuse(jisr.Malformed, f.Name, "want", "a list of single values"))
		}
	}
	if f.Type == Object {
		for _, name := range slices.Sorted(maps.Keys(d.Properties)) {
			f.Parts = append(f.Parts, sc.field(d.Properties[name], name, at+"/properties/"+name))
		}
	}
	if want := shapeOfType(f.Type); want != nil {
		for name, typ := range want {
			if p := d.Properties[name]; p == nil || sc.deref(p).Type != typ || !slices.Contains(d.Required, name) && name != "en" {
				sc.c.problem(at+"/properties/"+name, jisr.Refuse(jisr.Malformed, name, "want", typ))
			}
		}
		if len(d.Properties) != len(want) {
			sc.c.problem(at+"/properties", jisr.Refuse(jisr.Malformed, f.Name, "want", strings.Join(slices.Sorted(maps.Keys(want)), ", ")))
		}
	}
}

// shapeOfType is what the language's own object types are made of; all but an i18n's English is required.
func shapeOfType(t FieldType) map[string]string {
	switch t {
	case I18n:
		return map[string]string{"ar": "string", "en": "string"}
	case Geo:
		return map[string]string{"lat": "number", "lon": "number"}
	case FileOf:
		return map[string]string{"name": "string", "sha256": "string", "size": "integer", "type": "string"}
	}
	return nil
}

func first(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// typeOf is the type of a field: s as it stands there, d the definition it refers to.
func typeOf(s, d *schema) FieldType {
	x := first(s.XType, d.XType)
	switch d.Type {
	case "integer":
		return Integer
	case "number":
		return Number
	case "boolean":
		return Boolean
	case "array":
		return List
	case "object":
		if x == "i18n" || x == "geo" || x == "file" {
			return FieldType(x)
		}
		return Object
	}
	switch {
	case first(s.XRef, d.XRef) != "":
		return RefTo
	case first(s.Codes, d.Codes) != "":
		return CodeOf
	case len(d.Enum) > 0:
		return Enum
	case first(s.Format, d.Format) == "date":
		return DateOf
	case first(s.Format, d.Format) == "date-time":
		return TimeOf
	case x == "month":
		return MonthOf
	case x == "text":
		return LongText
	}
	return String
}

// derive compiles the formulas of a record type. A formula uses fields that are sent, never derived ones, so its cost is
// that of its own parts.
func (c *compiler) derive(t *Type, s *schema, at string) {
	in := names{
		slot: func(name string) (int, valueKind, bool) {
			i, ok := t.index[name]
			if !ok || t.Fields[i].Derived != "" || kindOf(t.Fields[i]) == null {
				return 0, null, false
			}
			return i, kindOf(t.Fields[i]), true
		},
		codes: func(name string) *codeList {
			if f := t.Field(name); f != nil {
				return f.list
			}
			return nil
		},
	}
	for _, f := range t.Fields {
		if f.Derived == "" {
			continue
		}
		path := at + "/schema/properties/" + f.Name + "/x-derived"
		formula, err := parseFormula(f.Derived, in)
		switch {
		case err != nil:
			c.problem(path, jisr.Refuse(jisr.BadFormula, f.Name, "error", err.Error()))
		case formula.kind != kindOf(f):
			c.problem(path, jisr.Refuse(jisr.BadFormula, f.Name, "want", kindOf(f).String(), "got", formula.kind.String()))
		default:
			f.formula = formula
		}
	}
}
