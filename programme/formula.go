package programme

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A formula derives a field from the others of its record, or a metric from its measures:
//
//	metered - scheduled
//	always_notifiable or count_yes(crit_serious, crit_unusual, crit_spread, crit_restrict) >= 2
//	hours(announced_at, starts_at)
//	100 * value / of(station, 'capacity')
//
// It has no loops, no names of its own and no effect: it ends after as many steps as it has parts, which are bounded.
// What is not there is null; arithmetic with null, a division by zero and what is no number any more are null, and a
// comparison with null is false. Why own code: a general expression language brings comprehensions, macros and a type
// system that an annex must not have, and whose cost another library would have to bound for us.
type formula struct {
	root expr
	kind valueKind
}

// valueKind is what a part of a formula gives.
type valueKind byte

const (
	null valueKind = iota
	number
	text
	truth
	moment
)

func (k valueKind) String() string {
	return [...]string{"null", "a number", "a text", "true or false", "a time"}[k]
}

// value is what a part of a formula gave for one record. A moment is seconds since 1970 in n.
type value struct {
	kind valueKind
	n    float64
	s    string
	b    bool
}

// env gives the value in a slot: a field of a record, or a measure.
type env func(slot int) value

// names resolves a name to its slot and kind; codes gives the list of a coded field.
type names struct {
	slot  func(name string) (int, valueKind, bool)
	codes func(name string) *codeList
}

// expr is one part of a formula.
type expr struct {
	op   string
	kind valueKind
	slot int
	val  value
	args []expr
	list *codeList
}

func (f *formula) eval(in env) value { return f.root.eval(in) }

// parseFormula reads a formula and resolves its names.
func parseFormula(s string, in names) (*formula, error) {
	toks, err := cutFormula(s)
	if err != nil {
		return nil, err
	}
	p := &formulaParser{toks: toks, in: in}
	e, err := p.binary(0, 0)
	if err != nil {
		return nil, err
	}
	if p.at < len(toks) {
		return nil, fmt.Errorf("%q is not expected here", toks[p.at])
	}
	return &formula{e, e.kind}, nil
}

// cutFormula cuts a formula into names, numbers, quoted texts and signs.
func cutFormula(s string) ([]string, error) {
	var toks []string
	for i := 0; i < len(s); {
		c := s[i]
		j := i + 1
		switch {
		case c == ' ' || c == '\n' || c == '\t':
			i++
			continue
		case isLetter(c) || c == '@':
			for j < len(s) && (isLetter(s[j]) || isDigit(s[j]) || s[j] == '.') {
				j++
			}
		case isDigit(c):
			for j < len(s) && (isDigit(s[j]) || s[j] == '.') {
				j++
			}
		case c == '\'':
			end := strings.IndexByte(s[j:], '\'')
			if end < 0 {
				return nil, fmt.Errorf("a quote is not closed")
			}
			j += end + 1
		case strings.IndexByte("=!<>", c) >= 0 && j < len(s) && s[j] == '=':
			j++
		case strings.IndexByte("+-*/(),<>", c) < 0:
			return nil, fmt.Errorf("%q is no part of a formula", s[i:j])
		}
		if toks = append(toks, s[i:j]); len(toks) > maxFormula {
			return nil, fmt.Errorf("more than %d parts", maxFormula)
		}
		i = j
	}
	return toks, nil
}

func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' }
func isDigit(c byte) bool  { return c >= '0' && c <= '9' }

type formulaParser struct {
	toks []string
	at   int
	in   names
}

func (p *formulaParser) peek() string {
	if p.at < len(p.toks) {
		return p.toks[p.at]
	}
	return ""
}

func (p *formulaParser) take(tok string) bool {
	if p.peek() != tok {
		return false
	}
	p.at++
	return true
}

// binaryOps lists the operators that stand between two parts, weakest first.
func binaryOps() [][]string {
	return [][]string{{"or"}, {"and"}, {"==", "!=", "<", "<=", ">", ">="}, {"+", "-"}, {"*", "/"}}
}

func (p *formulaParser) binary(level, depth int) (expr, error) {
	ops := binaryOps()
	if level == len(ops) {
		return p.unary(depth)
	}
	left, err := p.binary(level+1, depth)
	for err == nil && slices.Contains(ops[level], p.peek()) {
		op := p.toks[p.at]
		p.at++
		var right expr
		if right, err = p.binary(level+1, depth); err == nil {
			left, err = join(op, left, right)
		}
	}
	return left, err
}

// join makes one part of two and holds their kinds against the operator.
func join(op string, a, b expr) (expr, error) {
	e := expr{op: op, kind: truth, args: []expr{a, b}}
	switch op {
	case "or", "and":
		return e, wants(op, truth, a, b)
	case "==", "!=", "<", "<=", ">", ">=":
		if a.kind != b.kind && a.kind != null && b.kind != null {
			return e, fmt.Errorf("%s compares %s with %s", op, a.kind, b.kind)
		}
		return e, nil
	}
	e.kind = number
	return e, wants(op, number, a, b)
}

func wants(op string, kind valueKind, args ...expr) error {
	for _, a := range args {
		if a.kind != kind && a.kind != null {
			return fmt.Errorf("%s wants %s, not %s", op, kind, a.kind)
		}
	}
	return nil
}

func (p *formulaParser) unary(depth int) (expr, error) {
	if depth > maxFormulas {
		return expr{}, fmt.Errorf("more than %d levels", maxFormulas)
	}
	op := p.peek()
	if op != "-" && op != "not" {
		return p.primary(depth)
	}
	p.at++
	a, err := p.unary(depth + 1)
	if err != nil {
		return expr{}, err
	}
	kind := number
	if op == "not" {
		kind = truth
	}
	return expr{op: "un" + op, kind: kind, args: []expr{a}}, wants(op, kind, a)
}

func (p *formulaParser) primary(depth int) (expr, error) {
	tok := p.peek()
	p.at++
	switch {
	case tok == "":
		return expr{}, fmt.Errorf("something is missing at the end")
	case tok == "(":
		e, err := p.binary(0, depth+1)
		if err == nil && !p.take(")") {
			err = fmt.Errorf("a parenthesis is not closed")
		}
		return e, err
	case tok[0] == '\'':
		return constant(value{kind: text, s: tok[1 : len(tok)-1]}), nil
	case isDigit(tok[0]):
		n, err := strconv.ParseFloat(tok, 64)
		if err != nil {
			return expr{}, fmt.Errorf("%q is no number", tok)
		}
		return constant(value{kind: number, n: n}), nil
	case tok == "true" || tok == "false":
		return constant(value{kind: truth, b: tok == "true"}), nil
	case tok == "null":
		return constant(value{}), nil
	case p.peek() == "(" && isLetter(tok[0]):
		p.at++
		return p.call(tok, depth+1)
	}
	slot, kind, ok := p.in.slot(tok)
	if !ok {
		return expr{}, fmt.Errorf("%q is no name here", tok)
	}
	return expr{op: "slot", kind: kind, slot: slot}, nil
}

func constant(v value) expr { return expr{op: "const", kind: v.kind, val: v} }

// call reads the arguments of a function up to its closing parenthesis.
func (p *formulaParser) call(name string, depth int) (expr, error) {
	if name == "of" {
		return p.attribute()
	}
	e := expr{op: name}
	for !p.take(")") {
		if len(e.args) > 0 && !p.take(",") {
			return expr{}, fmt.Errorf("a comma or parenthesis is missing in %s", name)
		}
		a, err := p.binary(0, depth)
		if err != nil {
			return expr{}, err
		}
		e.args = append(e.args, a)
	}
	return function(e)
}

// attribute reads of(station, 'capacity'): a figure that stands with a code in its list.
func (p *formulaParser) attribute() (expr, error) {
	if p.at+4 > len(p.toks) || p.toks[p.at+1] != "," || p.toks[p.at+3] != ")" || p.toks[p.at+2][0] != '\'' {
		return expr{}, fmt.Errorf("of() wants a coded field and the name of a figure in quotes")
	}
	field, name := p.toks[p.at], strings.Trim(p.toks[p.at+2], "'")
	p.at += 4
	slot, kind, ok := p.in.slot(field)
	if !ok || kind != text || p.in.codes == nil || p.in.codes(field) == nil {
		return expr{}, fmt.Errorf("%q is no coded field", field)
	}
	return expr{op: "of", kind: number, slot: slot, val: value{s: name}, list: p.in.codes(field)}, nil
}

// function holds a call against what there is: the number and kinds of its arguments.
func function(e expr) (expr, error) {
	count, kind, gives := 0, number, number
	switch e.op {
	case "sum", "min", "max":
		count = -1
	case "abs", "round":
		count = 1
	case "hours", "days":
		count, kind = 2, moment
	case "count_yes":
		count, kind = -1, null
	case "has":
		count, kind, gives = 1, null, truth
	case "left":
		count, gives = 2, text
		kind = null
	case "first":
		count, kind = -1, null
	case "if":
		count, kind = 3, null
	default:
		return e, fmt.Errorf("there is no function %s", e.op)
	}
	if len(e.args) == 0 || count > 0 && len(e.args) != count {
		return e, fmt.Errorf("%s has %d arguments", e.op, len(e.args))
	}
	e.kind = gives
	switch e.op {
	case "left":
		if err := wants(e.op, text, e.args[0]); err != nil {
			return e, err
		}
		return e, wants(e.op, number, e.args[1])
	case "first":
		e.kind = kindAmong(e.args)
		return e, wants(e.op, e.kind, e.args...)
	case "if":
		e.kind = kindAmong(e.args[1:])
		if err := wants(e.op, truth, e.args[0]); err != nil {
			return e, err
		}
		return e, wants(e.op, e.kind, e.args[1:]...)
	}
	if kind == null {
		return e, nil
	}
	return e, wants(e.op, kind, e.args...)
}

// kindAmong is the kind of the first that is more than null.
func kindAmong(args []expr) valueKind {
	for _, a := range args {
		if a.kind != null {
			return a.kind
		}
	}
	return null
}

func (e *expr) eval(in env) value {
	switch e.op {
	case "const":
		return e.val
	case "slot":
		return in(e.slot)
	case "of":
		return e.list.figure(in(e.slot), e.val.s)
	case "and":
		return truthOf(e.args[0].eval(in).isTrue() && e.args[1].eval(in).isTrue())
	case "or":
		return truthOf(e.args[0].eval(in).isTrue() || e.args[1].eval(in).isTrue())
	case "if":
		if e.args[0].eval(in).isTrue() {
			return e.args[1].eval(in)
		}
		return e.args[2].eval(in)
	case "first":
		for i := range e.args {
			if v := e.args[i].eval(in); v.kind != null {
				return v
			}
		}
		return value{}
	case "sum", "min", "max", "count_yes":
		return e.gather(in)
	}
	a := e.args[0].eval(in)
	if len(e.args) == 1 {
		return single(e.op, a)
	}
	return pair(e.op, a, e.args[1].eval(in))
}

func (v value) isTrue() bool { return v.kind == truth && v.b }

func truthOf(b bool) value { return value{kind: truth, b: b} }

func numberOf(n float64) value {
	if math.IsNaN(n) || math.IsInf(n, 0) {
		return value{}
	}
	return value{kind: number, n: n}
}

// gather takes what is there of its arguments together; nothing there is null, and zero counted.
func (e *expr) gather(in env) value {
	total, some := 0.0, false
	for i := range e.args {
		v := e.args[i].eval(in)
		switch {
		case e.op == "count_yes":
			if v.isTrue() || v.kind == text && v.s == "yes" {
				total++
			}
		case v.kind != number:
			continue
		case !some, e.op == "min" && v.n < total, e.op == "max" && v.n > total:
			total = v.n
		case e.op == "sum":
			total += v.n
		}
		some = true
	}
	if !some {
		return value{}
	}
	return numberOf(total)
}

func single(op string, a value) value {
	switch {
	case op == "has":
		return truthOf(a.kind != null)
	case op == "unnot":
		return truthOf(!a.isTrue())
	case a.kind != number:
		return value{}
	case op == "un-":
		return numberOf(-a.n)
	case op == "abs":
		return numberOf(math.Abs(a.n))
	}
	return numberOf(math.RoundToEven(a.n))
}

func pair(op string, a, b value) value {
	if a.kind == null || b.kind == null {
		if op == "==" || op == "!=" || op == "<" || op == "<=" || op == ">" || op == ">=" {
			return truthOf(op == "!=" && a.kind != b.kind)
		}
		return value{}
	}
	switch op {
	case "left":
		r := []rune(a.s)
		return value{kind: text, s: string(r[:max(0, min(len(r), int(min(b.n, 100))))])}
	case "+":
		return numberOf(a.n + b.n)
	case "-":
		return numberOf(a.n - b.n)
	case "*":
		return numberOf(a.n * b.n)
	case "/":
		return numberOf(a.n / b.n)
	case "hours":
		return numberOf((b.n - a.n) / time.Hour.Seconds())
	case "days":
		return numberOf((b.n - a.n) / (24 * time.Hour).Seconds())
	}
	return truthOf(holds(op, compare(a, b)))
}

// compare orders two values of one kind.
func compare(a, b value) int {
	switch {
	case a.kind == text:
		return strings.Compare(a.s, b.s)
	case a.kind == truth && a.b != b.b:
		if b.b {
			return -1
		}
		return 1
	case a.n < b.n:
		return -1
	case a.n > b.n:
		return 1
	}
	return 0
}

// holds tells whether an order satisfies a comparison.
func holds(op string, order int) bool {
	switch op {
	case "==":
		return order == 0
	case "!=":
		return order != 0
	case "<":
		return order < 0
	case "<=":
		return order <= 0
	case ">":
		return order > 0
	}
	return order >= 0
}
