package programme

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"jisr"
)

// Format is the form of a file that records are read from or written to.
type Format string

// The forms. HXL, SensorThings, CAP and STIX are for writing, where the annex maps to them.
const (
	CSV          Format = "csv"
	XLSX         Format = "xlsx"
	JSON         Format = "json" // a list of objects
	NDJSON       Format = "ndjson"
	HXL          Format = "hxl"
	SensorThings Format = "sensorthings"
	STIX         Format = "stix"
	CAP          Format = "cap"
)

// Row is one row of a table as its publisher wrote it.
type Row struct {
	Line  int // of the file, from 1; of a spreadsheet, its row
	names map[string]int
	cells []string
}

// Get is the cell under a name of the header, or under "#3", the third column; false: there is no such column.
func (r *Row) Get(column string) (string, bool) {
	i, ok := r.names[column]
	if n, numbered := strings.CutPrefix(column, "#"); !ok && numbered {
		at, err := strconv.Atoi(n)
		i, ok = at-1, err == nil && at > 0
	}
	if !ok {
		return "", false
	}
	if i >= len(r.cells) {
		return "", true // a row that ends early
	}
	return r.cells[i], true
}

// Layout says how a table is written.
type Layout struct {
	Format   Format `json:"format"`
	Encoding string `json:"encoding,omitempty"` // "windows-1256", as Arabic tables often are; none: UTF-8
	Comma    string `json:"comma,omitempty"`    // of CSV; none: ","
	Sheet    string `json:"sheet,omitempty"`    // of a spreadsheet; none: the first
	Skip     int    `json:"skip,omitempty"`     // rows above the header
}

// Check holds a layout against what can be read.
func (l *Layout) Check() error {
	switch {
	case !slices.Contains([]Format{CSV, XLSX, JSON, NDJSON}, l.Format):
		return jisr.Refuse(jisr.NotOneOf, "format", "got", string(l.Format), "allowed", "csv, xlsx, json, ndjson")
	case !slices.Contains([]string{"", "utf-8", "windows-1256"}, l.Encoding):
		return jisr.Refuse(jisr.NotOneOf, "encoding", "got", l.Encoding, "allowed", "utf-8, windows-1256")
	case utf8.RuneCountInString(l.Comma) > 1 || l.Comma == "\"" || l.Comma == "\n" || l.Comma == "\r":
		return jisr.Refuse(jisr.Malformed, "comma", "want", ", ; \t")
	case l.Skip < 0 || l.Skip > 1000:
		return jisr.Refuse(jisr.OutOfRange, "skip", "min", "0", "max", "1000")
	}
	return nil
}

// Rows reads the rows of a table one by one. After an error there are no more.
func (l *Layout) Rows(data []byte) iter.Seq2[*Row, error] {
	return func(yield func(*Row, error) bool) {
		if err := l.rows(data, func(r *Row) bool { return yield(r, nil) }); err != nil {
			yield(nil, err)
		}
	}
}

func (l *Layout) rows(data []byte, yield func(*Row) bool) error {
	if err := l.Check(); err != nil {
		return err
	}
	switch l.Format {
	case JSON, NDJSON:
		return jsonRows(data, yield)
	case XLSX:
		h := header{skip: l.Skip, yield: yield}
		return readSheet(data, l.Sheet, h.row)
	}
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if l.Encoding == "windows-1256" {
		var err error
		if data, err = charmap.Windows1256.NewDecoder().Bytes(data); err != nil {
			return jisr.Refuse(jisr.Malformed, "file", "want", l.Encoding)
		}
	}
	if !utf8.Valid(data) {
		return jisr.Refuse(jisr.Malformed, "file", "want", "UTF-8")
	}
	return l.csvRows(data, yield)
}

func (l *Layout) csvRows(data []byte, yield func(*Row) bool) error {
	c := csv.NewReader(bytes.NewReader(data))
	c.FieldsPerRecord, c.LazyQuotes = -1, true
	if l.Comma != "" {
		c.Comma, _ = utf8.DecodeRuneInString(l.Comma)
	}
	h := header{skip: l.Skip, yield: yield}
	for {
		cells, err := c.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return jisr.Refuse(jisr.Malformed, "file", "want", "CSV", "error", err.Error())
		}
		line, _ := c.FieldPos(0)
		if more, err := h.row(line, cells); err != nil || !more {
			return err
		}
	}
}

// header takes the first row for the names of columns and gives the others.
type header struct {
	skip  int
	count int
	names map[string]int
	yield func(*Row) bool
}

func (h *header) row(line int, cells []string) (bool, error) {
	if len(cells) > MaxColumns {
		return false, jisr.Refuse(jisr.TooMany, "columns", "max", itoa(MaxColumns), "got", itoa(len(cells)))
	}
	if h.skip > 0 {
		h.skip--
		return true, nil
	}
	if h.names == nil {
		h.names = make(map[string]int, len(cells))
		for i, name := range cells {
			name = strings.TrimSpace(name)
			if _, twice := h.names[name]; !twice {
				h.names[name] = i
			}
		}
		return true, nil
	}
	if h.count++; h.count > MaxRows {
		return false, jisr.Refuse(jisr.TooMany, "rows", "max", itoa(MaxRows))
	}
	for _, c := range cells {
		if len(c) > maxCell {
			return false, jisr.Refuse(jisr.TooLong, "cell", "max", itoa(maxCell), "got", itoa(len(c)))
		}
	}
	return h.yield(&Row{Line: line, names: h.names, cells: cells}), nil
}

// jsonRows reads objects, in a list or one a line, as rows: a member within a member is "outer.inner", one of a list
// "outer.0".
func jsonRows(data []byte, yield func(*Row) bool) error {
	n := 0
	for raw, err := range Objects(data) {
		if err != nil {
			return err
		}
		v, err := decode(raw)
		if err != nil {
			return jisr.Refuse(jisr.Malformed, "file", "want", "JSON", "error", err.Error())
		}
		n++
		r := &Row{Line: n, names: map[string]int{}}
		r.flatten("", v)
		if !yield(r) {
			return nil
		}
	}
	return nil
}

func (r *Row) flatten(at string, v any) {
	inner := func(name string) string {
		if at == "" {
			return name
		}
		return at + "." + name
	}
	switch v := v.(type) {
	case map[string]any:
		for _, name := range sortedUTF16(v) {
			r.flatten(inner(name), v[name])
		}
	case []any:
		for i, e := range v {
			r.flatten(inner(itoa(i)), e)
		}
	case nil:
	default:
		if len(r.cells) == MaxColumns {
			return
		}
		r.names[at] = len(r.cells)
		if s, ok := v.(string); ok {
			r.cells = append(r.cells, s)
		} else {
			r.cells = append(r.cells, string(appendValue(nil, v)))
		}
	}
}

// Objects cuts a JSON list, or objects one after the other, into the bytes of each. It looks at braces and quotes only: each
// object is checked by itself.
func Objects(data []byte) iter.Seq2[json.RawMessage, error] {
	return func(yield func(json.RawMessage, error) bool) {
		i := skipSpace(data, 0)
		list := i < len(data) && data[i] == '['
		if list {
			i++
		}
		for n := 1; ; n++ {
			i = skipSpace(data, i)
			if list && n > 1 && i < len(data) && data[i] == ',' {
				i = skipSpace(data, i+1)
			} else if i == len(data) && !list || list && i < len(data) && data[i] == ']' {
				return
			} else if list && n > 1 {
				i = len(data) // neither another nor the end
			}
			end := objectEnd(data, i)
			switch {
			case end < 0:
				yield(nil, jisr.Refuse(jisr.Malformed, "file", "want", "JSON", "error", fmt.Sprintf("item %d is no object, or not whole", n)))
				return
			case n > MaxRows:
				yield(nil, jisr.Refuse(jisr.TooMany, "rows", "max", itoa(MaxRows)))
				return
			case !yield(data[i:end:end], nil):
				return
			}
			i = end
		}
	}
}

// Join writes records that were checked as one list, without space between their tokens: what a batch carries.
func Join(records []json.RawMessage) []byte {
	size := 2
	for _, r := range records {
		size += len(r) + 1
	}
	b := append(make([]byte, 0, size), '[')
	for i, r := range records {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendTight(b, r)
	}
	return append(b, ']')
}

// appendTight adds a JSON value without the space between its tokens.
func appendTight(b, raw []byte) []byte {
	if !bytes.ContainsAny(raw, " \t\r\n") {
		return append(b, raw...)
	}
	from, quoted := 0, false
	for i := 0; i < len(raw); i++ {
		switch c := raw[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case !quoted && (c == ' ' || c == '\t' || c == '\r' || c == '\n'):
			b = append(b, raw[from:i]...)
			from = i + 1
		}
	}
	return append(b, raw[from:]...)
}
