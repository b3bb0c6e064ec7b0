package programme

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"jisr"
)

// This file reads spreadsheets (ECMA-376, SpreadsheetML), only cells and only as text. A library would read pictures,
// formulas and styles as well, hold a sheet whole in memory, and follow what a hostile file asks of it; here a sheet
// goes by as a stream, what is unpacked is counted, and an entity that the file defines is an error.

// readSheet gives the rows of a sheet, the first when none is named, until row says that it wants no more.
func readSheet(data []byte, name string, row func(line int, cells []string) (bool, error)) error {
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return jisr.Refuse(jisr.Malformed, "file", "want", "XLSX", "error", err.Error())
	}
	b := &workbook{zip: z, left: unpacked(len(data))}
	if err := b.open(name); err != nil {
		return err
	}
	return b.rows(row)
}

// unpacked is how much a file of so many bytes may hold: real tables pack to a tenth or a twentieth, and who sends less for
// more sends work, not a table.
func unpacked(packed int) int64 { return min(MaxSheet, max(freeSheet, maxRatio*int64(packed))) }

type workbook struct {
	zip     *zip.Reader
	left    int64 // bytes that may still be unpacked
	sheet   string
	strings []string
	dates   []bool // by style: its number is a day or a time
	from    time.Time
}

// part reads a part of the file. What it unpacks to is counted while it is read, whatever the file says of itself.
func (b *workbook) part(name string) (*xml.Decoder, io.Closer, error) {
	i := slices.IndexFunc(b.zip.File, func(f *zip.File) bool { return strings.EqualFold(f.Name, name) })
	if i < 0 {
		return nil, nil, jisr.Refuse(jisr.NoSuch, name)
	}
	f, err := b.zip.File[i].Open()
	if err != nil {
		return nil, nil, jisr.Refuse(jisr.Malformed, "file", "want", "XLSX", "error", err.Error())
	}
	return xml.NewDecoder(&counted{f, &b.left}), f, nil
}

// counted reads until the file has unpacked to more than it may.
type counted struct {
	r    io.Reader
	left *int64
}

// Read counts.
func (c *counted) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	if *c.left -= int64(n); *c.left < 0 {
		return 0, jisr.Refuse(jisr.TooLong, "file", "max", itoa(MaxSheet))
	}
	return n, err
}

// each calls do for each element of a part that begins.
func (b *workbook) each(name string, do func(d *xml.Decoder, e xml.StartElement) error) error {
	d, c, err := b.part(name)
	if err != nil {
		return err
	}
	defer c.Close()
	for {
		t, err := d.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			if e, ok := t.(xml.StartElement); ok {
				err = do(d, e)
			}
		}
		if errors.Is(err, errEnough) {
			return nil
		}
		if err != nil {
			return sheetError(err)
		}
	}
}

// errEnough ends reading early.
var errEnough = errors.New("enough")

func sheetError(err error) error {
	if r := (*jisr.Refusal)(nil); errors.As(err, &r) {
		return r
	}
	return jisr.Refuse(jisr.Malformed, "file", "want", "XLSX", "error", err.Error())
}

func attr(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// open finds the sheet, and reads the texts and styles that its cells refer to.
func (b *workbook) open(want string) error {
	b.from = time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC) // day 0 that makes 1 March 1900 day 61 (18.17.4.1)
	id := ""
	err := b.each("xl/workbook.xml", func(_ *xml.Decoder, e xml.StartElement) error {
		switch e.Name.Local {
		case "workbookPr":
			if v := attr(e, "date1904"); v == "1" || v == "true" {
				b.from = time.Date(1904, 1, 1, 0, 0, 0, 0, time.UTC)
			}
		case "sheet":
			if id == "" && (want == "" || attr(e, "name") == want) {
				id = relation(e)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if id == "" {
		return jisr.Refuse(jisr.NoSuch, want, "noun", "sheet")
	}
	err = b.each("xl/_rels/workbook.xml.rels", func(_ *xml.Decoder, e xml.StartElement) error {
		if e.Name.Local == "Relationship" && attr(e, "Id") == id {
			b.sheet = strings.TrimPrefix(path.Join("/xl", attr(e, "Target")), "/")
			if strings.HasPrefix(attr(e, "Target"), "/") {
				b.sheet = strings.TrimPrefix(path.Clean(attr(e, "Target")), "/")
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := b.texts(); err != nil && !missingPart(err) {
		return err
	}
	if err := b.styles(); err != nil && !missingPart(err) {
		return err
	}
	return nil
}

// relation is the id of the part a sheet is kept in: the attribute id of the relationships' name space.
func relation(e xml.StartElement) string {
	for _, a := range e.Attr {
		if a.Name.Local == "id" && strings.HasSuffix(a.Name.Space, "relationships") {
			return a.Value
		}
	}
	return ""
}

// missingPart tells that a part is not there: a file without texts or styles is whole.
func missingPart(err error) bool {
	r := (*jisr.Refusal)(nil)
	return errors.As(err, &r) && r.Kind == jisr.NoSuch
}

// texts reads the shared strings.
func (b *workbook) texts() error {
	return b.each("xl/sharedStrings.xml", func(d *xml.Decoder, e xml.StartElement) error {
		if e.Name.Local != "si" {
			return nil
		}
		s, err := runs(d)
		b.strings = append(b.strings, s)
		return err
	})
}

// runs reads a text to its end: what stands in its t elements, without what is read aloud (rPh).
func runs(d *xml.Decoder) (string, error) {
	var s strings.Builder
	inText := false
	for depth := 1; depth > 0; {
		t, err := d.Token()
		if err != nil {
			return "", err
		}
		switch t := t.(type) {
		case xml.StartElement:
			if t.Name.Local == "rPh" {
				if err := d.Skip(); err != nil {
					return "", err
				}
				continue
			}
			depth++
			inText = t.Name.Local == "t"
		case xml.EndElement:
			depth--
			inText = false
		case xml.CharData:
			if inText && s.Len()+len(t) <= maxCell {
				s.Write(t)
			}
		}
	}
	return s.String(), nil
}

// styles notes which styles show a number as a day or a time: the built-in ones (18.8.30) and those whose code has
// letters of a date.
func (b *workbook) styles() error {
	custom, inCells := map[string]bool{}, false
	return b.each("xl/styles.xml", func(_ *xml.Decoder, e xml.StartElement) error {
		switch e.Name.Local {
		case "numFmt":
			custom[attr(e, "numFmtId")] = isDateFormat(attr(e, "formatCode"))
		case "cellXfs":
			inCells = true
		case "cellStyles", "dxfs":
			inCells = false
		case "xf":
			if inCells && len(b.dates) < 100_000 {
				id := attr(e, "numFmtId")
				n, _ := strconv.Atoi(id)
				b.dates = append(b.dates, n >= 14 && n <= 22 || n >= 45 && n <= 47 || custom[id])
			}
		}
		return nil
	})
}

func isDateFormat(code string) bool {
	quoted := false
	for _, c := range strings.ToLower(code) {
		switch {
		case c == '"' || c == '[' || c == ']':
			quoted = !quoted
		case !quoted && strings.ContainsRune("ymdhs", c):
			return true
		}
	}
	return false
}

// rows reads the sheet row by row.
func (b *workbook) rows(row func(int, []string) (bool, error)) error {
	line := 0
	return b.each(b.sheet, func(d *xml.Decoder, e xml.StartElement) error {
		if e.Name.Local != "row" {
			return nil
		}
		line++
		if n, err := strconv.Atoi(attr(e, "r")); err == nil && n > 0 {
			line = n
		}
		cells, err := b.cells(d)
		if err != nil {
			return err
		}
		more, err := row(line, cells)
		if err == nil && !more {
			err = errEnough
		}
		return err
	})
}

// cells reads one row to its end.
func (b *workbook) cells(d *xml.Decoder) ([]string, error) {
	var cells []string
	for {
		t, err := d.Token()
		if err != nil {
			return nil, err
		}
		switch t := t.(type) {
		case xml.EndElement:
			if t.Name.Local == "row" {
				return cells, nil
			}
		case xml.StartElement:
			if t.Name.Local != "c" {
				continue
			}
			at := column(attr(t, "r"), len(cells))
			if at > MaxColumns {
				return nil, jisr.Refuse(jisr.TooMany, "columns", "max", itoa(MaxColumns), "got", itoa(at))
			}
			for len(cells) <= at {
				cells = append(cells, "")
			}
			if cells[at], err = b.cell(d, attr(t, "t"), attr(t, "s")); err != nil {
				return nil, err
			}
		}
	}
}

// column reads the letters of a cell's name: "AB7" is column 27, from 0.
func column(name string, next int) int {
	n := 0
	for _, c := range []byte(name) {
		if c < 'A' || c > 'Z' || n > MaxColumns {
			break
		}
		n = n*26 + int(c-'A') + 1
	}
	if n == 0 {
		return next
	}
	return n - 1
}

// cell reads a cell to its end and gives what it shows.
func (b *workbook) cell(d *xml.Decoder, kind, style string) (string, error) {
	var v string
	for depth := 1; depth > 0; {
		t, err := d.Token()
		if err != nil {
			return "", err
		}
		switch t := t.(type) {
		case xml.StartElement:
			switch t.Name.Local {
			case "is", "v":
				s, err := b.text(d, t.Name.Local)
				if err != nil {
					return "", err
				}
				v = s
			default:
				if err := d.Skip(); err != nil { // a formula: its value stands beside it
					return "", err
				}
			}
		case xml.EndElement:
			depth--
		}
	}
	return b.shown(v, kind, style), nil
}

func (b *workbook) text(d *xml.Decoder, element string) (string, error) {
	if element == "is" {
		return runs(d)
	}
	var s strings.Builder
	for {
		t, err := d.Token()
		if err != nil {
			return "", err
		}
		switch t := t.(type) {
		case xml.CharData:
			if s.Len()+len(t) <= maxCell {
				s.Write(t)
			}
		case xml.StartElement:
			if err := d.Skip(); err != nil {
				return "", err
			}
		case xml.EndElement:
			return s.String(), nil
		}
	}
}

// shown is what a value shows: the text it refers to, a day of its number, or itself.
func (b *workbook) shown(v, kind, style string) string {
	switch kind {
	case "s":
		if i, err := strconv.Atoi(v); err == nil && i >= 0 && i < len(b.strings) {
			return b.strings[i]
		}
		return ""
	case "b":
		return map[string]string{"1": "true", "0": "false"}[v]
	case "", "n":
		s, _ := strconv.Atoi(style)
		n, err := strconv.ParseFloat(v, 64)
		if err == nil && s >= 0 && s < len(b.dates) && b.dates[s] && n >= 0 && n < 2_958_466 { // the year 9999
			return b.day(n)
		}
		if err == nil && strings.ContainsAny(v, "eE") {
			return strconv.FormatFloat(n, 'f', -1, 64)
		}
	}
	return v
}

// day writes a serial number as a day, or as a time where it has one.
func (b *workbook) day(n float64) string {
	days := int(n)
	seconds := int((n-float64(days))*86_400 + 0.5)
	at := b.from.AddDate(0, 0, days).Add(time.Duration(seconds) * time.Second)
	if seconds == 0 {
		return at.Format(time.DateOnly)
	}
	return at.Format("2006-01-02T15:04:05")
}
