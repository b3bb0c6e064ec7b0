package programme

import (
	"encoding/json"
	"math/big"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"jisr"
)

// Fault is one thing that is wrong with a record: where, which paragraph of the annex it breaks, and what is needed.
type Fault struct {
	Path    string        `json:"path"`   // of the value: "value", "location.lat", "seals[2]"
	Clause  string        `json:"clause"` // paragraph of the annex
	Refusal *jisr.Refusal `json:"refusal"`
}

// Error is for logs; people read words' sentence.
func (f Fault) Error() string { return f.Path + ": " + f.Refusal.Error() + " (" + f.Clause + ")" }

// span is where a value stands in a record's bytes; end 0: it is not there.
type span struct{ start, end int }

// scanner reads a record once and checks it meanwhile. encoding/json reads each value twice and makes garbage of it;
// at 30,000 records a second on shared processors that is the difference between a quarter and most of the machine.
type scanner struct {
	b      []byte
	i      int
	path   []step
	clause string
	faults []Fault
	broken bool // not JSON: nothing more can be read
	buf    []byte
	top    []span
}

type step struct {
	name  string
	index int // of a list, when name is empty
}

func (s *scanner) where() string {
	var b strings.Builder
	for _, p := range s.path {
		switch {
		case p.name == "":
			b.WriteString("[" + strconv.Itoa(p.index) + "]")
		case b.Len() > 0:
			b.WriteString("." + p.name)
		default:
			b.WriteString(p.name)
		}
	}
	return b.String()
}

// fault notes what is wrong at the present place.
func (s *scanner) fault(kind jisr.RefusalKind, need ...string) {
	if len(s.faults) >= maxProblems {
		return
	}
	at := s.where()
	subject := at
	if subject == "" {
		subject = "record"
	}
	s.faults = append(s.faults, Fault{at, s.clause, jisr.Refuse(kind, subject, need...)})
}

// bad says that the record is no JSON from here on.
func (s *scanner) bad(why string) bool {
	if !s.broken {
		s.broken = true
		s.fault(jisr.Malformed, "want", "JSON", "error", why+" at byte "+strconv.Itoa(s.i))
	}
	return false
}

func (s *scanner) space() {
	for s.i < len(s.b) && (s.b[s.i] == ' ' || s.b[s.i] == '\t' || s.b[s.i] == '\n' || s.b[s.i] == '\r') {
		s.i++
	}
}

func (s *scanner) peek() byte {
	if s.i < len(s.b) {
		return s.b[s.i]
	}
	return 0
}

// value reads one value and holds it against n; nil n is held against nothing. False: the record is broken.
func (s *scanner) value(n *node) bool {
	s.space()
	if len(s.path) > maxDepth {
		return s.bad("too deep")
	}
	switch c := s.peek(); {
	case c == '"':
		raw, escaped, ok := s.text()
		if ok && s.shaped(n, textShape) {
			s.checkText(n, raw, escaped)
		}
		return ok
	case c == '{':
		if s.shaped(n, objectShape) {
			return s.object(n, len(s.path) == 0)
		}
		return s.object(nil, false)
	case c == '[':
		if !s.shaped(n, listShape) {
			n = nil
		}
		return s.list(n)
	case c == '-' || isDigit(c):
		return s.number(n)
	case c == 't' || c == 'f' || c == 'n':
		return s.word(n)
	}
	return s.bad("a value is missing")
}

// shaped tells whether a value of this shape is what n wants, and notes it where not.
func (s *scanner) shaped(n *node, got shape) bool {
	if n == nil || n.shape == anyShape {
		return n != nil
	}
	if n.shape != got {
		s.fault(jisr.Malformed, "want", n.shape.String(), "got", got.String())
		return false
	}
	return true
}

func (s *scanner) word(n *node) bool {
	for _, w := range []string{"true", "false", "null"} {
		if len(s.b)-s.i >= len(w) && string(s.b[s.i:s.i+len(w)]) == w {
			s.i += len(w)
			if w == "null" && n != nil && n.shape != anyShape {
				s.fault(jisr.Malformed, "want", n.shape.String(), "got", "null")
			} else if w != "null" {
				s.shaped(n, truthShape)
			}
			return true
		}
	}
	return s.bad("a value is missing")
}

// text reads a string and gives what stands between its quotes.
func (s *scanner) text() (raw []byte, escaped, ok bool) {
	start, wide := s.i+1, false
	for i := start; i < len(s.b); i++ {
		switch c := s.b[i]; {
		case c == '"':
			s.i = i + 1
			raw = s.b[start:i]
			if escaped || wide {
				return raw, escaped, s.checkRaw(raw, escaped)
			}
			return raw, false, true
		case c == '\\':
			escaped = true
			i++
		case c < 0x20:
			s.i = i
			return nil, false, s.bad("a control character")
		case c >= utf8.RuneSelf:
			wide = true
		}
	}
	s.i = len(s.b)
	return nil, false, s.bad("a text has no end")
}

// checkRaw holds a string that is not plain ASCII to UTF-8 and to whole escapes.
func (s *scanner) checkRaw(raw []byte, escaped bool) bool {
	if !utf8.Valid(raw) {
		return s.bad("not UTF-8")
	}
	if !escaped {
		return true
	}
	for i := 0; i < len(raw); i++ {
		if raw[i] != '\\' {
			continue
		}
		i++
		switch {
		case strings.IndexByte(`"\/bfnrt`, raw[i]) >= 0:
		case raw[i] == 'u' && hex4(raw[i+1:]) >= 0:
			i += 4
		default:
			return s.bad("an escape that is none")
		}
	}
	if loneSurrogate(raw) >= 0 {
		return s.bad("half of a surrogate pair")
	}
	return true
}

// plain gives the text that raw stands for. What it gives lives until the next call.
func (s *scanner) plain(raw []byte, escaped bool) []byte {
	if !escaped {
		return raw
	}
	s.buf = unescape(s.buf[:0], raw)
	return s.buf
}

// unescape appends the text that a checked string stands for.
func unescape(b, raw []byte) []byte {
	var text string
	quoted := append(append([]byte{'"'}, raw...), '"')
	_ = json.Unmarshal(quoted, &text) // checkRaw has checked it
	return append(b, text...)
}

func (s *scanner) checkText(n *node, raw []byte, escaped bool) {
	t := s.plain(raw, escaped)
	if n.minLen > 0 || n.maxLen > 0 {
		if count := utf8.RuneCount(t); count < n.minLen {
			s.fault(jisr.TooShort, "min", strconv.Itoa(n.minLen), "got", strconv.Itoa(count))
		} else if n.maxLen > 0 && count > n.maxLen {
			s.fault(jisr.TooLong, "max", strconv.Itoa(n.maxLen), "got", strconv.Itoa(count))
		}
	}
	switch {
	case n.codes != nil && !n.codes.has(string(t)):
		s.fault(jisr.NoSuchCode, "got", shorten(t), "list", n.codes.name)
	case n.enum != nil && !inSet(n.enum, t):
		s.fault(jisr.NotOneOf, "got", shorten(t), "allowed", allowed(n.enum))
	case n.pattern != nil && !n.pattern.Match(t):
		s.fault(jisr.Malformed, "want", n.pattern.String(), "got", shorten(t))
	case n.format == "date" && !isDate(t):
		s.fault(jisr.Malformed, "want", "2026-12-01", "got", shorten(t))
	case n.format == "date-time" && !isDateTime(t):
		s.fault(jisr.Malformed, "want", "2026-12-01T10:00:00+03:00", "got", shorten(t))
	}
}

func inSet(set map[string]struct{}, t []byte) bool { _, ok := set[string(t)]; return ok }

// shorten bounds what of another's value a refusal repeats.
func shorten(t []byte) string {
	const most = 60
	if utf8.RuneCount(t) <= most {
		return string(t)
	}
	return string([]rune(string(t))[:most]) + "…"
}

// object reads an object. top notes where each field stands, for the record that is made of it.
func (s *scanner) object(n *node, top bool) bool {
	s.i++
	var seen uint64
	var others map[string]bool // names that are no fields, to find those that stand twice
	first := true
	for s.space(); s.peek() != '}'; s.space() {
		if !first {
			if s.peek() != ',' {
				return s.bad("a comma is missing")
			}
			s.i++
			s.space()
		}
		first = false
		f, name, ok := s.name(n)
		if !ok {
			return false
		}
		s.space()
		if s.peek() != ':' {
			return s.bad("a colon is missing")
		}
		s.i++
		if f < 0 {
			if others[name] {
				return s.bad("a member stands twice")
			}
			if others == nil {
				others = map[string]bool{}
			}
			others[name] = true
			if !s.stranger(n, name) {
				return false
			}
			continue
		}
		if seen&(1<<f) != 0 {
			return s.bad("a member stands twice")
		}
		seen |= 1 << f
		if !s.field(&n.fields[f], f, top) {
			return false
		}
	}
	s.i++
	s.missing(n, seen)
	return true
}

// name reads the name of a member and finds its field; -1: there is none.
func (s *scanner) name(n *node) (field int, name string, ok bool) {
	if s.peek() != '"' {
		return 0, "", s.bad("a name is missing")
	}
	raw, escaped, ok := s.text()
	if !ok {
		return 0, "", false
	}
	t := s.plain(raw, escaped)
	if n != nil {
		if i, known := n.index[string(t)]; known && i < len(n.fields) {
			return i, "", true
		}
	}
	return -1, string(t), true
}

func (s *scanner) field(f *part, i int, top bool) bool {
	s.path = append(s.path, step{name: f.name})
	if top {
		s.clause = f.clause
		s.space()
		s.top[i].start = s.i
	}
	if f.derived {
		s.fault(jisr.ReadOnly)
	}
	ok := s.value(f.node)
	if top {
		s.top[i].end = s.i
	}
	s.path = s.path[:len(s.path)-1]
	return ok
}

// stranger reads the value of a member that is no field.
func (s *scanner) stranger(n *node, name string) bool {
	s.path = append(s.path, step{name: shorten([]byte(name))})
	if n != nil && n.shape == objectShape {
		s.fault(jisr.UnknownField)
	}
	ok := s.value(nil)
	s.path = s.path[:len(s.path)-1]
	return ok
}

func (s *scanner) missing(n *node, seen uint64) {
	if n == nil || n.required&^seen == 0 {
		return
	}
	for i := range n.fields {
		if n.required&(1<<i) != 0 && seen&(1<<i) == 0 {
			s.path = append(s.path, step{name: n.fields[i].name})
			if n.fields[i].clause != "" {
				s.clause = n.fields[i].clause
			}
			s.fault(jisr.Missing)
			s.path = s.path[:len(s.path)-1]
		}
	}
}

func (s *scanner) list(n *node) bool {
	s.i++
	count := 0
	var items *node
	if n != nil {
		items = n.items
	}
	for s.space(); s.peek() != ']'; s.space() {
		if count > 0 {
			if s.peek() != ',' {
				return s.bad("a comma is missing")
			}
			s.i++
		}
		s.path = append(s.path, step{index: count})
		if !s.value(items) {
			return false
		}
		s.path = s.path[:len(s.path)-1]
		count++
	}
	s.i++
	if n != nil && count < n.minItems {
		s.fault(jisr.TooFew, "min", strconv.Itoa(n.minItems), "got", strconv.Itoa(count))
	}
	if n != nil && n.maxItems > 0 && count > n.maxItems {
		s.fault(jisr.TooMany, "max", strconv.Itoa(n.maxItems), "got", strconv.Itoa(count))
	}
	return true
}

// number reads a number by the grammar of RFC 8259 section 6.
func (s *scanner) number(n *node) bool {
	start, whole := s.i, true
	if s.peek() == '-' {
		s.i++
	}
	if s.peek() == '0' {
		s.i++
	} else if !s.digits() {
		return s.bad("a digit is missing")
	}
	if s.peek() == '.' {
		s.i++
		if whole = false; !s.digits() {
			return s.bad("a digit is missing")
		}
	}
	if c := s.peek(); c == 'e' || c == 'E' {
		s.i++
		if c := s.peek(); c == '+' || c == '-' {
			s.i++
		}
		if whole = false; !s.digits() {
			return s.bad("a digit is missing")
		}
	}
	s.checkNumber(n, s.b[start:s.i], whole)
	return true
}

func (s *scanner) digits() bool {
	start := s.i
	for s.i < len(s.b) && isDigit(s.b[s.i]) {
		s.i++
	}
	return s.i > start
}

func (s *scanner) checkNumber(n *node, tok []byte, whole bool) {
	if len(tok) > 15 || !whole && hasExponent(tok) {
		if err := checkNumber(string(tok)); err != nil {
			s.fault(jisr.OutOfRange, "got", shorten(tok))
			return
		}
	}
	switch {
	case n == nil || n.shape == anyShape && len(n.bounds) == 0:
		return
	case n.shape == integerShape:
		if !whole && !isWhole(tok) {
			s.fault(jisr.Malformed, "want", "integer", "got", shorten(tok))
			return
		}
	case n.shape != numberShape && n.shape != anyShape:
		s.fault(jisr.Malformed, "want", n.shape.String(), "got", "number")
		return
	}
	if len(n.bounds) == 0 {
		return
	}
	f := parseNumber(tok)
	for i := range n.bounds {
		if b := &n.bounds[i]; !b.admits(f, tok) {
			s.fault(jisr.OutOfRange, "got", shorten(tok), map[byte]string{'>': "min", '<': "max"}[b.op[0]], b.exact)
		}
	}
}

func hasExponent(tok []byte) bool {
	for _, c := range tok {
		if c == 'e' || c == 'E' {
			return true
		}
	}
	return false
}

// isWhole tells whether a number with a point or an exponent is an integer all the same, as JSON Schema counts 1.0.
func isWhole(tok []byte) bool {
	r, ok := new(big.Rat).SetString(string(tok))
	return ok && r.IsInt()
}

// admits holds a number against the bound. Rounding keeps order, so doubles decide unless they are equal.
func (b *bound) admits(f float64, tok []byte) bool {
	order := 0
	switch {
	case f < b.n:
		order = -1
	case f > b.n:
		order = 1
	default:
		x, ok := new(big.Rat).SetString(string(tok))
		y, okBound := new(big.Rat).SetString(b.exact)
		if ok && okBound {
			order = x.Cmp(y)
		}
	}
	return holds(b.op, order)
}

// parseNumber reads a checked number. Up to 15 digits without an exponent are exact in a double, and so is the power of
// ten they are divided by: one division is then rounded as it should be.
func parseNumber(tok []byte) float64 {
	n, scale, after, negative := 0.0, 1.0, false, false
	if len(tok) > 15 {
		f, _ := strconv.ParseFloat(string(tok), 64) // checked
		return f
	}
	for _, c := range tok {
		switch {
		case c == '-':
			negative = true
		case c == '.':
			after = true
		case !isDigit(c):
			f, _ := strconv.ParseFloat(string(tok), 64) // checked
			return f
		default:
			n = n*10 + float64(c-'0')
			if after {
				scale *= 10
			}
		}
	}
	if negative {
		n = -n
	}
	return n / scale
}

// isDate tells a day of the calendar in the form 2026-12-01 (RFC 3339 full-date).
func isDate(t []byte) bool {
	if len(t) != 10 || t[4] != '-' || t[7] != '-' {
		return false
	}
	y, okY := decimal(t[:4])
	m, okM := decimal(t[5:7])
	d, okD := decimal(t[8:10])
	return okY && okM && okD && m >= 1 && m <= 12 && d >= 1 && d <= daysIn(y, m)
}

func decimal(t []byte) (int, bool) {
	n := 0
	for _, c := range t {
		if !isDigit(c) {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return n, true
}

func daysIn(year, month int) int {
	switch month {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}

// isDateTime tells a time with its offset (RFC 3339 date-time) in the form all readers agree on: upper-case T and Z, no
// leap second, at most nine digits of a second.
func isDateTime(t []byte) bool {
	if len(t) < 20 || t[10] != 'T' || t[13] != ':' || t[16] != ':' || !isDate(t[:10]) {
		return false
	}
	h, okH := decimal(t[11:13])
	m, okM := decimal(t[14:16])
	sec, okS := decimal(t[17:19])
	if !okH || !okM || !okS || h > 23 || m > 59 || sec > 59 {
		return false
	}
	rest := t[19:]
	if rest[0] == '.' {
		n := 1
		for n < len(rest) && isDigit(rest[n]) {
			n++
		}
		if n == 1 || n > 10 {
			return false
		}
		rest = rest[n:]
	}
	return isOffset(rest)
}

func isOffset(t []byte) bool {
	if len(t) == 1 {
		return t[0] == 'Z'
	}
	if len(t) != 6 || t[0] != '+' && t[0] != '-' || t[3] != ':' {
		return false
	}
	h, okH := decimal(t[1:3])
	m, okM := decimal(t[4:6])
	return okH && okM && h <= 23 && m <= 59
}

// timeOf reads a checked date, month or date-time. Days and months begin at midnight of the annex's offset.
func timeOf(t []byte, zone *time.Location) (time.Time, bool) {
	layout := map[int]string{7: "2006-01", 10: time.DateOnly}[len(t)]
	if layout == "" {
		at, err := time.Parse(time.RFC3339Nano, string(t))
		return at, err == nil
	}
	at, err := time.ParseInLocation(layout, string(t), zone)
	return at, err == nil
}
