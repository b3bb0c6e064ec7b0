package programme

import (
	"slices"
	"strings"

	"jisr"
)

// Headings reads the names of a table's columns, in order: those of the first row that has any.
func (l *Layout) Headings(data []byte) ([]string, error) {
	for row, err := range l.Rows(data) {
		if err != nil {
			return nil, err
		}
		names := make([]string, 0, len(row.names))
		for name := range row.names {
			names = append(names, name)
		}
		slices.SortFunc(names, func(a, b string) int {
			if row.names[a] != row.names[b] {
				return row.names[a] - row.names[b]
			}
			return strings.Compare(a, b)
		})
		return names, nil
	}
	return nil, jisr.Refuse(jisr.Missing, "records")
}

// LayoutOf tells how a table is written by the end of its file's name, and CSV by what stands between its headings.
func LayoutOf(name string, data []byte) Layout {
	switch lower := strings.ToLower(name); {
	case strings.HasSuffix(lower, ".xlsx"):
		return Layout{Format: XLSX}
	case strings.HasSuffix(lower, ".ndjson"), strings.HasSuffix(lower, ".jsonl"):
		return Layout{Format: NDJSON}
	case strings.HasSuffix(lower, ".json"):
		return Layout{Format: JSON}
	}
	l := Layout{Format: CSV}
	first, _, _ := strings.Cut(string(data[:min(len(data), 8192)]), "\n")
	for _, comma := range []string{";", "\t"} {
		if strings.Count(first, comma) > strings.Count(first, ",") {
			l.Comma = comma
		}
	}
	return l
}

// Paths are the places of a record that a table or a form can fill, in the annex's order: a field, or each part of a
// position or of a text in two languages. What is worked out, files and objects are none.
func (t *Type) Paths() (all []Place) {
	for _, f := range t.Fields {
		switch {
		case f.Derived != "" || f.Type == FileOf || f.Type == Object || f.Type == List && f.Of.Type != CodeOf && f.Of.Type != String && f.Of.Type != Enum:
		case f.Type == I18n:
			all = append(all, Place{Path: f.Name + ".ar", Field: f, Part: "ar"}, Place{Path: f.Name + ".en", Field: f, Part: "en"})
		case f.Type == Geo:
			all = append(all, Place{Path: f.Name + ".lat", Field: f, Part: "lat"}, Place{Path: f.Name + ".lon", Field: f, Part: "lon"})
		default:
			all = append(all, Place{Path: f.Name, Field: f})
		}
	}
	return all
}

// Place is a place of a record, as column maps name it: "value", "location.lat".
type Place struct {
	Path  string
	Field *Field
	Part  string
}

// Guess finds, for each place, the heading that names it: by the field's name, its label in either language, or its
// hashtag. What is not found is left out.
func (t *Type) Guess(headings []string) map[string]Column {
	known := map[string]string{}
	for _, h := range headings {
		if k := plain(h); known[k] == "" {
			known[k] = h
		}
	}
	all := map[string]Column{}
	for _, p := range t.Paths() {
		names := []string{p.Path, p.Field.HXL}
		for _, lang := range []string{"ar", "en"} {
			label, _ := p.Field.Label.In(lang)
			if p.Part != "" {
				names = append(names, label+" ("+p.Part+")")
			}
			if p.Part == "" || p.Part == "ar" {
				names = append(names, label)
			}
		}
		for _, n := range names {
			if h := known[plain(n)]; n != "" && h != "" {
				all[p.Path] = Column{From: []string{h}}
				break
			}
		}
	}
	return all
}
