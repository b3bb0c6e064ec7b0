package programme

import (
	"encoding/json"
	"fmt"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"

	"jisr"
)

// schema is a JSON Schema as far as the annex language has it; annex.schema.json has already held it to that.
type schema struct {
	Ref               string              `json:"$ref"`
	Defs              map[string]*schema  `json:"$defs"`
	Type              string              `json:"type"`
	Properties        map[string]*schema  `json:"properties"`
	Required          []string            `json:"required"`
	Additional        *bool               `json:"additionalProperties"`
	DependentRequired map[string][]string `json:"dependentRequired"`
	Items             *schema             `json:"items"`
	MinItems          *int                `json:"minItems"`
	MaxItems          *int                `json:"maxItems"`
	UniqueItems       bool                `json:"uniqueItems"`
	Enum              []any               `json:"enum"`
	Const             any                 `json:"const"`
	MinLength         *int                `json:"minLength"`
	MaxLength         *int                `json:"maxLength"`
	Pattern           string              `json:"pattern"`
	Format            string              `json:"format"`
	Minimum           *json.Number        `json:"minimum"`
	Maximum           *json.Number        `json:"maximum"`
	ExclusiveMinimum  *json.Number        `json:"exclusiveMinimum"`
	ExclusiveMaximum  *json.Number        `json:"exclusiveMaximum"`
	MultipleOf        *json.Number        `json:"multipleOf"`
	AllOf             []*schema           `json:"allOf"`
	AnyOf             []*schema           `json:"anyOf"`
	OneOf             []*schema           `json:"oneOf"`
	Not               *schema             `json:"not"`
	If                *schema             `json:"if"`
	Then              *schema             `json:"then"`
	Else              *schema             `json:"else"`
	Label             jisr.Text           `json:"x-label"`
	Unit              string              `json:"x-unit"`
	Codes             string              `json:"x-codes"`
	Std               string              `json:"x-std"`
	HXL               string              `json:"x-hxl"`
	PII               bool                `json:"x-pii"`
	Derived           string              `json:"x-derived"`
	XType             string              `json:"x-type"`
	XRef              string              `json:"x-ref"`
}

// combined tells a schema with keywords that hold several schemas together, or that look at several values at once.
// Those are checked by the JSON Schema library; everything else is checked while the record is read.
func (s *schema) combined() bool {
	return len(s.AllOf)+len(s.AnyOf)+len(s.OneOf)+len(s.DependentRequired) > 0 || s.Not != nil || s.If != nil || s.Then != nil || s.Else != nil ||
		s.UniqueItems || s.MultipleOf != nil || s.Const != nil || s.Ref != "" && s.constrains() || slices.ContainsFunc(s.Enum, notText)
}

func notText(v any) bool { _, ok := v.(string); return !ok }

// constrains tells a schema that says more beside its reference than what it is called.
func (s *schema) constrains() bool {
	return s.Type != "" || len(s.Properties)+len(s.Required)+len(s.Enum) > 0 || s.Additional != nil || s.Items != nil || s.Format != "" ||
		s.MinItems != nil || s.MaxItems != nil || s.MinLength != nil || s.MaxLength != nil || s.Pattern != "" ||
		s.Minimum != nil || s.Maximum != nil || s.ExclusiveMinimum != nil || s.ExclusiveMaximum != nil
}

// children lists the schemas inside s, each with its place.
func (s *schema) children() map[string]*schema {
	all := map[string]*schema{}
	for name, p := range s.Properties {
		all["/properties/"+name] = p
	}
	for place, one := range map[string]*schema{"/items": s.Items, "/not": s.Not, "/if": s.If, "/then": s.Then, "/else": s.Else} {
		if one != nil {
			all[place] = one
		}
	}
	for place, some := range map[string][]*schema{"/allOf": s.AllOf, "/anyOf": s.AnyOf, "/oneOf": s.OneOf} {
		for i, one := range some {
			all[fmt.Sprintf("%s/%d", place, i)] = one
		}
	}
	return all
}

// shape is the form of a JSON value.
type shape byte

const (
	anyShape shape = iota
	objectShape
	listShape
	textShape
	integerShape
	numberShape
	truthShape
)

func shapeOf(typ string) shape {
	return map[string]shape{"object": objectShape, "array": listShape, "string": textShape, "integer": integerShape, "number": numberShape, "boolean": truthShape}[typ]
}

func (s shape) String() string {
	return [...]string{"any", "object", "array", "string", "integer", "number", "boolean"}[s]
}

// node is a part of a schema as it is checked while a record is read.
type node struct {
	shape    shape
	fields   []part // of an object
	index    map[string]int
	required uint64 // of fields, by their index
	items    *node
	minItems int
	maxItems int
	enum     map[string]struct{}
	minLen   int
	maxLen   int // 0: no bound
	pattern  *regexp.Regexp
	format   string
	bounds   []bound
	codes    *codeList
	derived  bool
}

type part struct {
	name   string
	clause string
	*node
}

// bound is a limit of a number; exact is how the annex writes it.
type bound struct {
	n     float64
	exact string
	op    string
}

// schemaCompiler makes nodes of one record's schema.
type schemaCompiler struct {
	c       *compiler
	root    *schema
	nodes   int // made so far, references followed
	insts   int // of patterns
	direct  bool
	endless bool     // it refers to itself or is too large: it is not walked again
	stack   []string // references being followed
}

// node makes a node of s. at is its place in the annex.
func (sc *schemaCompiler) node(s *schema, at string) *node {
	if sc.nodes++; sc.nodes > maxNodes {
		sc.endless = true
		if sc.nodes == maxNodes+1 {
			sc.c.problem(at, jisr.Refuse(jisr.TooMany, "schema", "max", itoa(maxNodes)))
		}
		return &node{}
	}
	sc.direct = sc.direct && !s.combined()
	n := &node{}
	if s.Ref != "" {
		n = sc.follow(s, at)
	}
	sc.constrain(n, s, at)
	for place, child := range s.children() {
		name, isField := strings.CutPrefix(place, "/properties/")
		made := sc.node(child, at+place)
		switch {
		case isField:
			n.fields = append(n.fields, part{name: name, node: made})
		case place == "/items":
			n.items = made
		}
	}
	sc.object(n, s, at)
	return n
}

// follow goes to the definition a reference names. A reference that leads back to itself is refused here, so whatever
// walks a compiled schema ends.
func (sc *schemaCompiler) follow(s *schema, at string) *node {
	name := strings.TrimPrefix(s.Ref, "#/$defs/")
	def := sc.root.Defs[name]
	switch {
	case def == nil:
		sc.c.problem(at+"/$ref", jisr.Refuse(jisr.NoSuch, name))
	case slices.Contains(sc.stack, name):
		sc.endless = true
		sc.c.problem(at+"/$ref", jisr.Refuse(jisr.RefLoop, name))
	default:
		sc.stack = append(sc.stack, name)
		n := sc.node(def, at)
		sc.stack = sc.stack[:len(sc.stack)-1]
		return n
	}
	return &node{}
}

// deref is the definition that a reference of one step or more ends at, for what a field is.
func (sc *schemaCompiler) deref(s *schema) *schema {
	for range maxDepth {
		next := sc.root.Defs[strings.TrimPrefix(s.Ref, "#/$defs/")]
		if s.Ref == "" || next == nil {
			break
		}
		s = next
	}
	return s
}

func (sc *schemaCompiler) constrain(n *node, s *schema, at string) {
	if s.Type != "" {
		n.shape = shapeOf(s.Type)
	}
	if s.MinLength != nil {
		n.minLen = *s.MinLength
	}
	if s.MaxLength != nil {
		n.maxLen = max(*s.MaxLength, 1)
		if *s.MaxLength == 0 {
			sc.c.problem(at+"/maxLength", jisr.Refuse(jisr.OutOfRange, "maxLength", "min", "1", "got", "0"))
		}
	}
	if s.MinItems != nil {
		n.minItems = *s.MinItems
	}
	if s.Format != "" {
		n.format = s.Format
	}
	if len(s.Enum) > 0 && !slices.ContainsFunc(s.Enum, notText) {
		n.enum = make(map[string]struct{}, len(s.Enum))
		for _, e := range s.Enum {
			n.enum[e.(string)] = struct{}{}
		}
	}
	for op, b := range map[string]*json.Number{">=": s.Minimum, "<=": s.Maximum, ">": s.ExclusiveMinimum, "<": s.ExclusiveMaximum} {
		if b != nil {
			f, _ := b.Float64() // decode has checked it
			n.bounds = append(n.bounds, bound{f, string(*b), op})
		}
	}
	n.derived = s.Derived != ""
	sc.pattern(n, s, at)
	sc.list(n, s, at)
	if s.Codes != "" {
		if n.codes = sc.c.list(s.Codes); n.codes == nil {
			sc.c.problem(at+"/x-codes", jisr.Refuse(jisr.NoSuch, s.Codes, "noun", "code-list"))
		} else if n.shape != textShape {
			sc.c.problem(at+"/x-codes", jisr.Refuse(jisr.Malformed, "type", "want", "string"))
		}
		for _, e := range s.Enum {
			if code, _ := e.(string); n.codes != nil && !n.codes.has(code) {
				sc.c.problem(at+"/enum", jisr.Refuse(jisr.NoSuchCode, code, "list", s.Codes))
			}
		}
	}
}

func (l *codeList) has(code string) bool { _, ok := l.index[code]; return ok }

// pattern compiles a pattern: RE2, whose time is linear in the text, and whose program is bounded here.
func (sc *schemaCompiler) pattern(n *node, s *schema, at string) {
	if s.Pattern == "" {
		return
	}
	re, err := syntax.Parse(s.Pattern, syntax.Perl)
	if err != nil {
		sc.c.problem(at+"/pattern", jisr.Refuse(jisr.Malformed, "pattern", "want", "RE2", "error", err.Error()))
		return
	}
	prog, err := syntax.Compile(re.Simplify())
	if err == nil {
		sc.insts += len(prog.Inst)
	}
	if err != nil || sc.insts > maxPattern {
		sc.c.problem(at+"/pattern", jisr.Refuse(jisr.TooLong, "pattern", "max", itoa(maxPattern)))
		return
	}
	n.pattern, _ = regexp.Compile(s.Pattern) // parsed above
}

// list holds lists to a bound of their own: what a record may hold is written in the annex.
func (sc *schemaCompiler) list(n *node, s *schema, at string) {
	if s.MaxItems != nil {
		n.maxItems = *s.MaxItems
	}
	if s.Type != "array" {
		return
	}
	switch {
	case s.Items == nil:
		sc.c.problem(at+"/items", jisr.Refuse(jisr.Missing, "items"))
	case s.MaxItems == nil:
		sc.c.problem(at+"/maxItems", jisr.Refuse(jisr.Missing, "maxItems"))
	case *s.MaxItems > maxItems || *s.MaxItems < 1:
		sc.c.problem(at+"/maxItems", jisr.Refuse(jisr.OutOfRange, "maxItems", "min", "1", "max", itoa(maxItems), "got", itoa(*s.MaxItems)))
	}
}

// object puts an object's fields in order and notes which are required.
func (sc *schemaCompiler) object(n *node, s *schema, at string) {
	if s.Type == "object" && s.Additional == nil {
		sc.c.problem(at+"/additionalProperties", jisr.Refuse(jisr.Missing, "additionalProperties"))
	}
	if len(s.Properties) == 0 && len(s.Required) == 0 {
		return
	}
	slices.SortFunc(n.fields, func(a, b part) int { return strings.Compare(a.name, b.name) })
	n.fields = n.fields[:min(len(n.fields), 64)]
	n.index = make(map[string]int, len(n.fields))
	for i, f := range n.fields {
		n.index[f.name] = i
	}
	for _, r := range s.Required {
		i, ok := n.index[r]
		switch {
		case !ok && s.Type == "object":
			sc.c.problem(at+"/required", jisr.Refuse(jisr.NoSuch, r, "noun", "field"))
		case ok && n.fields[i].derived:
			sc.c.problem(at+"/required", jisr.Refuse(jisr.ReadOnly, r))
		case ok:
			n.required |= 1 << i
		}
	}
}

// orderedBy puts the fields of a record's node in the annex's order and numbers their paragraphs.
func (n *node) orderedBy(order []string, clause string) {
	fields := make([]part, 0, len(order))
	var required uint64
	for i, name := range order {
		at, ok := n.index[name]
		if !ok {
			continue
		}
		p := n.fields[at]
		p.clause = clause + "." + itoa(i+1)
		if n.required&(1<<at) != 0 {
			required |= 1 << len(fields)
		}
		fields = append(fields, p)
	}
	n.fields, n.required = fields, required
	for i, f := range fields {
		n.index[f.name] = i
	}
}
