package programme

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Canonical gives the one encoding of a JSON document (RFC 8785, JSON Canonicalization Scheme): members sorted, no white
// space, numbers and strings in their one form. It refuses what two readers could understand differently: a member that
// stands twice, text that is no UTF-8, half of a surrogate pair, a number that does not survive as a double.
func Canonical(doc []byte) ([]byte, error) {
	v, err := decode(doc)
	if err != nil {
		return nil, err
	}
	return appendValue(nil, v), nil
}

// decode reads a document strictly into map[string]any, []any, string, json.Number, bool and nil.
func decode(doc []byte) (any, error) {
	if !utf8.Valid(doc) {
		return nil, errors.New("not UTF-8")
	}
	if i := loneSurrogate(doc); i >= 0 {
		return nil, fmt.Errorf("half of a surrogate pair at byte %d", i)
	}
	d := json.NewDecoder(bytes.NewReader(doc))
	d.UseNumber()
	r := reader{d: d, left: maxValues}
	v, err := r.value(0)
	if err != nil {
		return nil, err
	}
	if d.More() || len(bytes.TrimSpace(doc[d.InputOffset():])) > 0 {
		return nil, errors.New("something follows the document")
	}
	return v, nil
}

type reader struct {
	d    *json.Decoder
	left int // values that may still come
}

func (r *reader) value(depth int) (any, error) {
	if r.left--; r.left < 0 || depth > maxDepth {
		return nil, errors.New("too deep or too many values")
	}
	t, err := r.d.Token()
	if err != nil {
		return nil, err
	}
	switch t := t.(type) {
	case json.Delim:
		if t == '{' {
			return r.object(depth)
		}
		return r.list(depth)
	case json.Number:
		return t, checkNumber(string(t))
	}
	return t, nil
}

func (r *reader) object(depth int) (any, error) {
	all := map[string]any{}
	for r.d.More() {
		t, err := r.d.Token()
		if err != nil {
			return nil, err
		}
		key, _ := t.(string)
		if _, twice := all[key]; twice {
			return nil, fmt.Errorf("member %q stands twice", key)
		}
		if all[key], err = r.value(depth + 1); err != nil {
			return nil, err
		}
	}
	_, err := r.d.Token()
	return all, err
}

func (r *reader) list(depth int) (any, error) {
	all := []any{}
	for r.d.More() {
		v, err := r.value(depth + 1)
		if err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	_, err := r.d.Token()
	return all, err
}

// checkNumber refuses a number that costs more than it says, or that a reader with doubles would change.
func checkNumber(s string) error {
	if len(s) > maxNumber {
		return fmt.Errorf("number of %d digits", len(s))
	}
	mantissa := s
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		mantissa = s[:i]
		if e, err := strconv.Atoi(s[i+1:]); err != nil || e > maxExponent || e < -maxExponent {
			return fmt.Errorf("number %s is out of range", s)
		}
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || f == 0 && strings.ContainsAny(mantissa, "123456789") {
		return fmt.Errorf("number %s is out of range", s)
	}
	// The one encoding writes 1e20 as an integer (RFC 8785 section 3.2.2.3), which would not be read again.
	if math.Abs(f) > 1<<53 && (math.Abs(f) < 1e21 || !strings.ContainsAny(s, ".eE")) {
		return fmt.Errorf("number %s is no exact integer (RFC 8259 section 6)", s)
	}
	return nil
}

// loneSurrogate finds an escape of half a pair; JSON readers make different texts of it. -1: none.
func loneSurrogate(doc []byte) int {
	for i := 0; i+1 < len(doc); i++ {
		if doc[i] != '\\' {
			continue
		}
		if doc[i+1] != 'u' {
			i++
			continue
		}
		r := hex4(doc[i+2:])
		if !utf16.IsSurrogate(r) {
			i += 5
			continue
		}
		if i+7 >= len(doc) || doc[i+6] != '\\' || doc[i+7] != 'u' || utf16.DecodeRune(r, hex4(doc[i+8:])) == utf8.RuneError {
			return i
		}
		i += 11
	}
	return -1
}

// hex4 reads four hexadecimal digits; -1 where there are none.
func hex4(b []byte) rune {
	if len(b) < 4 {
		return -1
	}
	var r rune
	for _, c := range b[:4] {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c >= 'a' && c <= 'f':
			c -= 'a' - 10
		case c >= 'A' && c <= 'F':
			c -= 'A' - 10
		default:
			return -1
		}
		r = r<<4 | rune(c)
	}
	return r
}

func appendValue(b []byte, v any) []byte {
	switch v := v.(type) {
	case nil:
		return append(b, "null"...)
	case bool:
		return strconv.AppendBool(b, v)
	case string:
		return appendString(b, v)
	case json.Number:
		f, _ := v.Float64() // decode has checked it
		return appendNumber(b, f)
	case float64:
		return appendNumber(b, v)
	case []any:
		b = append(b, '[')
		for i, e := range v {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendValue(b, e)
		}
		return append(b, ']')
	case map[string]any:
		b = append(b, '{')
		for i, k := range sortedUTF16(v) {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(appendString(b, k), ':')
			b = appendValue(b, v[k])
		}
		return append(b, '}')
	}
	return b
}

// sortedUTF16 orders names as RFC 8785 section 3.2.3 does, by UTF-16 code units.
func sortedUTF16(m map[string]any) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b string) int {
		return slices.Compare(utf16.Encode([]rune(a)), utf16.Encode([]rune(b)))
	})
	return keys
}

// appendString escapes what RFC 8785 section 3.2.2.2 escapes, and nothing else.
func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	for i := 0; i < len(s); i++ {
		switch c := s[i]; c {
		case '"', '\\':
			b = append(b, '\\', c)
		case '\b':
			b = append(b, `\b`...)
		case '\t':
			b = append(b, `\t`...)
		case '\n':
			b = append(b, `\n`...)
		case '\f':
			b = append(b, `\f`...)
		case '\r':
			b = append(b, `\r`...)
		default:
			if c < 0x20 {
				b = append(b, `\u00`...)
				b = append(b, "0123456789abcdef"[c>>4], "0123456789abcdef"[c&15])
			} else {
				b = append(b, c)
			}
		}
	}
	return append(b, '"')
}

// appendNumber writes a double as ECMAScript does (RFC 8785 section 3.2.2.3).
func appendNumber(b []byte, f float64) []byte {
	if f == 0 {
		return append(b, '0')
	}
	format := byte('f')
	if abs := math.Abs(f); abs < 1e-6 || abs >= 1e21 {
		format = 'e'
	}
	b = strconv.AppendFloat(b, f, format, -1, 64)
	if format == 'e' { // e-09 is e-9
		if n := len(b); b[n-4] == 'e' && b[n-2] == '0' {
			b[n-2] = b[n-1]
			b = b[:n-1]
		}
	}
	return b
}
