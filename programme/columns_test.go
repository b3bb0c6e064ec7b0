package programme_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"jisr"
	"jisr/programme"
)

// published is a file as its publisher wrote it, and the column map that makes records of it.
type published struct {
	Annex   string            `json:"annex"`
	File    string            `json:"file"` // below the folder of published data
	Records int               `json:"records"`
	Columns programme.Columns `json:"columns"`
	First   json.RawMessage   `json:"first"` // what the first row says, looked at by eye
	Last    json.RawMessage   `json:"last"`
	Digest  string            `json:"digest"` // SHA-256 of all records, one a line
}

// TestPublishedFilesRunThrough reads real files of UNHCR, IDMC, FAO, WRI, NASA and others by column maps alone. The files
// are not part of this repository; where they are, every row of every file must become records the annex allows.
func TestPublishedFilesRunThrough(t *testing.T) {
	data := os.Getenv("JISR_TEST_DATA")
	for up := "../.."; data == "" && len(up) < 20; up += "/.." {
		if at := filepath.Join(up, "shared", "data"); exists(at) {
			data = at
		}
	}
	if !exists(data) {
		t.Skip("PUBLISHED DATA NOT FOUND: set JISR_TEST_DATA to the folder; nothing was read")
	}
	maps, err := filepath.Glob("testdata/columns/*.json")
	if err != nil || len(maps) < 18 {
		t.Fatalf("%d column maps, %v", len(maps), err)
	}
	for _, file := range maps {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".json"), func(t *testing.T) { runThrough(t, file, data) })
	}
}

func exists(name string) bool { _, err := os.Stat(name); return err == nil }

func runThrough(t *testing.T, file, data string) {
	var pub published
	decode(t, file, &pub)
	table, err := os.ReadFile(filepath.Join(data, pub.File))
	if err != nil {
		t.Fatal(err)
	}
	records, digest := 0, sha256.New()
	var first, last []byte
	for rec, err := range annexOf(t, pub.Annex).Import(pub.Columns, table) {
		if err != nil {
			t.Fatal(err)
		}
		if records++; records == 1 {
			first = slices.Clone(rec.Raw)
		}
		last = append(last[:0], rec.Raw...)
		digest.Write(append(last, '\n'))
		for _, f := range rec.Faults {
			t.Errorf("line %d, column %s, cell %q: %v", rec.Line, f.Column, f.Cell, f.Fault)
		}
		if t.Failed() {
			t.FailNow()
		}
	}
	if records != pub.Records {
		t.Errorf("%d records, want %d", records, pub.Records)
	}
	for name, row := range map[string][2][]byte{"first": {first, pub.First}, "last": {last, pub.Last}} {
		if string(row[0]) != string(row[1]) {
			t.Errorf("the %s record is %s", name, row[0])
		}
	}
	if got := hex.EncodeToString(digest.Sum(nil)); got != pub.Digest {
		t.Errorf("the digest of all records is %s", got)
	}
}

func annexOf(t *testing.T, name string) *programme.Programme {
	t.Helper()
	if name != "reference" {
		return shipped(t, name)
	}
	doc, err := os.ReadFile("testdata/reference.json")
	if err != nil {
		t.Fatal(err)
	}
	p, err := programme.Compile(doc)
	if err != nil {
		t.Fatal(list(err.(programme.Problems)))
	}
	return p
}

func decode(t *testing.T, file string, v any) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	d := json.NewDecoder(strings.NewReader(string(b)))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
}

// flows is a column map for a small table of returns.
func flows() programme.Columns {
	from := func(c ...string) programme.Column { return programme.Column{From: c} }
	is := func(s string) programme.Column { return programme.Column{Const: s} }
	return programme.Columns{
		Layout: programme.Layout{Format: programme.CSV, Comma: ";", Skip: 1}, Record: "population_movement", Decimal: ",", Empty: []string{"-"},
		Fields: map[string]programme.Column{
			"period": {From: []string{"month"}, Date: "MM/YYYY"}, "origin": from("from"), "asylum": from("in"), "category": is("returned_refugees"), "measure": is("returns"),
			"total": from("persons"), "households": from("families"), "voluntary_verified": from("verified"), "source": is("border-count"), "shared_with_unhcr": from("told"),
		},
	}
}

func TestAPreviewMarksEachBadCell(t *testing.T) {
	const table = "returns of one year\nmonth;from;in;persons;families;verified;told\n" +
		"10/2026;Syria;IQ;١٬٢٣٤;-;98,5;نعم\n" +
		"13/2026;Syria;IQ;7;2;98,5;yes\n" +
		"11/2026;Atlantis;العراق;seven;2;250;maybe\n"
	var got []programme.Imported
	for rec, err := range shipped(t, "ref").Import(flows(), []byte(table)) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, rec)
	}
	if len(got) != 3 {
		t.Fatalf("%d records of three rows", len(got))
	}
	if want := `{"asylum":"IQ","category":"returned_refugees","measure":"returns","origin":"SY","period":"2026-10","shared_with_unhcr":true,"source":"border-count","total":1234,"voluntary_verified":98.5}`; string(got[0].Raw) != want || len(got[0].Faults) > 0 {
		t.Errorf("first row: %s %v", got[0].Raw, got[0].Faults)
	}
	if f := got[1].Faults; len(f) != 1 || f[0].Column != "month" || f[0].Cell != "13/2026" || f[0].Clause != "3.1.1" || got[1].Line != 4 {
		t.Errorf("second row: line %d %v", got[1].Line, f)
	}
	bad := map[string]jisr.RefusalKind{}
	for _, f := range got[2].Faults {
		bad[f.Column+"="+f.Cell] = f.Refusal.Kind
	}
	for cell, kind := range map[string]jisr.RefusalKind{"from=Atlantis": jisr.NoSuchCode, "persons=seven": jisr.Malformed, "verified=250": jisr.OutOfRange, "told=maybe": jisr.Malformed} {
		if bad[cell] != kind {
			t.Errorf("cell %s is marked %q, want %q; all: %v", cell, bad[cell], kind, bad)
		}
	}
}

func TestAColumnMapThatDoesNotFitIsRefused(t *testing.T) {
	p := shipped(t, "wat")
	for _, c := range []struct {
		name    string
		columns programme.Columns
		kind    jisr.RefusalKind
	}{
		{"no such record", programme.Columns{Layout: programme.Layout{Format: programme.CSV}, Record: "x"}, jisr.NoSuch},
		{"no such field", with(map[string]programme.Column{"x": {}}), jisr.NoSuch},
		{"a derived field", with(map[string]programme.Column{"storage_pct": {}}), jisr.ReadOnly},
		{"a unit that measures something else", with(map[string]programme.Column{"uncertainty": {From: []string{"u"}, Unit: "KGM"}}), jisr.NoSuchUnit},
		{"a format there is not", programme.Columns{Layout: programme.Layout{Format: "pdf"}, Record: "water_observation"}, jisr.NotOneOf},
		{"an offset that is none", programme.Columns{Layout: programme.Layout{Format: programme.CSV}, Record: "water_observation", Offset: "Baghdad"}, jisr.Malformed},
	} {
		var err error
		for _, err = range p.Import(c.columns, []byte("u\n1\n")) {
		}
		if r := (*jisr.Refusal)(nil); !errors.As(err, &r) || r.Kind != c.kind {
			t.Errorf("%s: %v, want %s", c.name, err, c.kind)
		}
	}
}

func with(fields map[string]programme.Column) programme.Columns {
	return programme.Columns{Layout: programme.Layout{Format: programme.CSV}, Record: "water_observation", Fields: fields}
}
