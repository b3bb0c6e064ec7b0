package programme

import (
	"slices"
	"testing"
)

// TestHeadingsAreFound: a table is read by the names of fields, by their labels in either language, and by what the export
// writes itself.
func TestHeadingsAreFound(t *testing.T) {
	doc, err := ReadShipped("wat")
	if err != nil {
		t.Fatal(err)
	}
	p, err := Compile(doc)
	if err != nil {
		t.Fatal(err)
	}
	typ := p.Type("water_observation")
	data := []byte("المحطة;Value;time;other\nJRB;3;2026-11-01;x\n")
	l := LayoutOf("Readings.CSV", data)
	heads, err := l.Headings(data)
	if err != nil || l.Comma != ";" || !slices.Equal(heads, []string{"المحطة", "Value", "time", "other"}) {
		t.Fatalf("%+v: %q, %v", l, heads, err)
	}
	got := typ.Guess(heads)
	if len(got) != 3 || got["station"].From[0] != "المحطة" || got["value"].From[0] != "Value" || got["time"].From[0] != "time" {
		t.Errorf("%+v", got)
	}
	if _, err := l.Headings([]byte("a;b\n")); err == nil {
		t.Error("a table without rows has something to read")
	}
	for _, pl := range typ.Paths() {
		if pl.Field.Derived != "" {
			t.Errorf("%s is worked out and asked for", pl.Path)
		}
	}
	if err := p.CheckColumns(Columns{Layout: l, Record: typ.Name, Fields: got}); err != nil {
		t.Error(err)
	}
}
