package programme_test

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"errors"
	"iter"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"jisr"
	"jisr/programme"
)

// TestSpreadsheetsThatOthersWroteAreRead reads what another program wrote: texts shared and not, numbers, days, times,
// formulas with their values, and cells left out.
func TestSpreadsheetsThatOthersWroteAreRead(t *testing.T) {
	f := excelize.NewFile()
	defer f.Close()
	for cell, v := range map[string]any{
		"A1": "month", "B1": "from", "C1": "in", "D1": "persons", "E1": "families", "F1": "verified", "G1": "told",
		"A2": time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC), "B2": "SY", "C2": "العراق", "D2": 1234, "F2": 98.5, "G2": true,
	} {
		if err := f.SetCellValue("Sheet1", cell, v); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.SetCellFormula("Sheet1", "E2", "D2/4"); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		t.Fatal(err)
	}
	c := flows()
	c.Layout, c.Decimal = programme.Layout{Format: programme.XLSX, Sheet: "Sheet1"}, ""
	c.Fields["period"] = programme.Column{From: []string{"month"}, Date: "YYYY-MM-DD"}
	n := 0
	for rec, err := range shipped(t, "ref").Import(c, b.Bytes()) {
		if err != nil {
			t.Fatal(err)
		}
		n++
		want := `{"asylum":"IQ","category":"returned_refugees","measure":"returns","origin":"SY","period":"2026-10","shared_with_unhcr":true,"source":"border-count","total":1234,"voluntary_verified":98.5}`
		if string(rec.Raw) != want || len(rec.Faults) > 0 || rec.Line != 2 {
			t.Errorf("line %d: %s %v", rec.Line, rec.Raw, rec.Faults)
		}
	}
	if n != 1 {
		t.Errorf("%d records", n)
	}
}

func TestHostileSpreadsheetsAreRefused(t *testing.T) {
	const book = `<workbook xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="a" r:id="r1"/></sheets></workbook>`
	const rels = `<Relationships><Relationship Id="r1" Target="worksheets/sheet1.xml"/></Relationships>`
	bomb := `<worksheet><sheetData>` + strings.Repeat("<row>"+strings.Repeat(" ", 1<<20)+"</row>", 140) + `</sheetData></worksheet>`
	for name, sheet := range map[string]string{
		"a bomb":                    bomb,
		"an entity from a file":     `<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]><worksheet><sheetData><row><c t="str"><v>&e;</v></c></row></sheetData></worksheet>`,
		"laughs":                    `<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><worksheet><sheetData><row><c t="str"><v>&b;</v></c></row></sheetData></worksheet>`,
		"a column beyond all":       `<worksheet><sheetData><row><c r="XFD1"><v>1</v></c></row></sheetData></worksheet>`,
		"a sheet that breaks off":   `<worksheet><sheetData><row><c>`,
		"a sheet that is not there": "",
	} {
		var b bytes.Buffer
		z := zip.NewWriter(&b)
		for part, text := range map[string]string{"xl/workbook.xml": book, "xl/_rels/workbook.xml.rels": rels, "xl/worksheets/sheet1.xml": sheet} {
			if text == "" {
				continue
			}
			w, err := z.Create(part)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := w.Write([]byte(text)); err != nil {
				t.Fatal(err)
			}
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		c := flows()
		c.Layout = programme.Layout{Format: programme.XLSX}
		var err error
		for _, err = range shipped(t, "ref").Import(c, b.Bytes()) {
		}
		if r := (*jisr.Refusal)(nil); !errors.As(err, &r) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// items are checked records as exports take them.
func items(t *testing.T, typ *programme.Type, raw ...string) iter.Seq[programme.Item] {
	t.Helper()
	var all []programme.Item
	for i, s := range raw {
		r := &programme.Record{}
		if faults := typ.Check([]byte(s), r); len(faults) > 0 {
			t.Fatalf("%v", faults)
		}
		all = append(all, programme.Item{Record: r, ID: "r" + strconv.Itoa(i+1), By: "sy", Sent: time.Date(2026, 11, 23, 7, 0, 0, 0, time.UTC), Handling: jisr.HandlingPublic, Synthetic: true})
	}
	return slices.Values(all)
}

func export(t *testing.T, annex, typ string, f programme.Format, raw ...string) []byte {
	t.Helper()
	p := shipped(t, annex)
	var b bytes.Buffer
	if err := p.Export(&b, f, p.Type(typ), "en", true, items(t, p.Type(typ), raw...)); err != nil {
		t.Fatalf("%s: %v", f, err)
	}
	return b.Bytes()
}

func TestASpreadsheetOfOursIsReadByOthers(t *testing.T) {
	out := export(t, "wat", "water_observation", programme.XLSX, reading, strings.Replace(reading, `"uncertainty":4`, `"remark":"=1+1 <&>"`, 1))
	f, err := excelize.OpenReader(bytes.NewReader(out))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := f.GetRows("water_observation")
	if err != nil || len(rows) != 3 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	if d := cmp.Diff([]string{"Station", "River", "Property", "Time of observation", "Aggregation", "Value", "Unit"}, rows[0][:7]); d != "" {
		t.Errorf("headings (-want +got):\n%s", d)
	}
	if rows[1][5] != "312.5" || rows[2][14] != "=1+1 <&>" {
		t.Errorf("cells: %q", rows[1:])
	}
	if formula, err := f.GetCellFormula("water_observation", "O3"); err != nil || formula != "" {
		t.Errorf("a text became the formula %q, %v", formula, err)
	}
}

func TestATableOfOursIsNoFormula(t *testing.T) {
	out := export(t, "wat", "water_observation", programme.CSV, strings.Replace(reading, `"uncertainty":4`, `"remark":"=cmd()"`, 1))
	rows, err := csv.NewReader(bytes.NewReader(out)).ReadAll()
	if err != nil || len(rows) != 2 || rows[1][14] != "'=cmd()" {
		t.Errorf("%q %v", rows, err)
	}
}

func TestRecordsAreWrittenAsTheStandardsSay(t *testing.T) {
	const movement = `{"period":"2026-10","origin":"SY","asylum":"IQ","category":"refugees","measure":"returns","total":12,"source":"registration","shared_with_unhcr":true}`
	rows, err := csv.NewReader(bytes.NewReader(export(t, "ref", "population_movement", programme.HXL, movement))).ReadAll()
	if err != nil || len(rows) != 3 || rows[1][0] != "#date+month" || rows[1][7] != "#affected" || rows[2][7] != "12" {
		t.Errorf("HXL: %q %v", rows, err)
	}
	var st struct {
		Value []struct {
			Result     float64 `json:"result"`
			Datastream struct {
				Unit  struct{ Symbol string } `json:"unitOfMeasurement"`
				Thing struct{ Description string }
			}
			Parameters map[string]string `json:"parameters"`
		}
	}
	if err := json.Unmarshal(export(t, "wat", "water_observation", programme.SensorThings, reading, reading), &st); err != nil || len(st.Value) != 2 {
		t.Fatalf("SensorThings: %v %v", st, err)
	}
	if o := st.Value[0]; o.Result != 312.5 || o.Datastream.Unit.Symbol != "m³/s" || o.Datastream.Thing.Description != "Jarablus" || o.Parameters["synthetic"] != "true" {
		t.Errorf("observation %+v", o)
	}
	const dust = `{"ref":"D-1","event_type":"dust-storm","msg_type":"Alert","issued":"2026-11-23T06:00:00Z","onset":"2026-11-23T12:00:00+03:00","urgency":"Expected","severity":"Severe",` +
		`"certainty":"Likely","location":{"lat":34.5,"lon":41},"source":"model"}`
	var cap struct {
		XMLName xml.Name `xml:"urn:oasis:names:tc:emergency:cap:1.2 alert"`
		Sent    string   `xml:"sent"`
		Status  string   `xml:"status"`
		Info    []struct {
			Event  string `xml:"event"`
			Onset  string `xml:"onset"`
			Circle string `xml:"area>circle"`
		} `xml:"info"`
	}
	if err := xml.Unmarshal(export(t, "env", "environment_event", programme.CAP, dust), &cap); err != nil || len(cap.Info) != 2 {
		t.Fatalf("CAP: %+v %v", cap, err)
	}
	if cap.Sent != "2026-11-23T06:00:00-00:00" || cap.Status != "Exercise" || cap.Info[0].Event != "عاصفة غبارية" || cap.Info[1].Circle != "34.5,41 0" || cap.Info[1].Onset != "2026-11-23T12:00:00+03:00" {
		t.Errorf("alert %+v", cap)
	}
	p := shipped(t, "trd")
	if err := p.Export(&bytes.Buffer{}, programme.CAP, p.Type("crossing_status"), "en", false, nil); err == nil {
		t.Error("an annex that does not map to CAP is written as CAP")
	}
}

// FuzzImport wants every file read or refused, in every form.
func FuzzImport(f *testing.F) {
	p := shipped(f, "ref")
	f.Add("csv", []byte("month;from;in;persons;families;verified;told\n10/2026;Syria;IQ;1;2;3;yes\n"))
	f.Add("json", []byte(`[{"month":"10/2026","from":{"a":[1,2]}}]`))
	f.Add("ndjson", []byte("{}\n{\"persons\":1e5}\n"))
	x := excelize.NewFile()
	var b bytes.Buffer
	if err := x.Write(&b); err != nil {
		f.Fatal(err)
	}
	f.Add("xlsx", b.Bytes())
	f.Fuzz(func(t *testing.T, format string, data []byte) {
		c := flows()
		c.Format = programme.Format(format)
		for rec, err := range p.Import(c, data) {
			if err == nil && !json.Valid(rec.Raw) {
				t.Fatalf("made %q", rec.Raw)
			}
		}
	})
}

func TestObjectsAreCutByTheirBraces(t *testing.T) {
	for name, c := range map[string]struct {
		in   string
		want []string
		bad  bool
	}{
		"a list":                {` [ {"a":1} , {"b":"}\"{"} ] `, []string{`{"a":1}`, `{"b":"}\"{"}`}, false},
		"an empty list":         {"[]", nil, false},
		"one a line":            {"{\"a\":1}\r\n\n{\"b\":[{}]}\n", []string{`{"a":1}`, `{"b":[{}]}`}, false},
		"nothing":               {" \n", nil, false},
		"a list that is cut":    {`[{"a":1}`, []string{`{"a":1}`}, true},
		"a list with no comma":  {`[{"a":1}{"b":1}]`, []string{`{"a":1}`}, true},
		"an object that is cut": {`{"a":"`, nil, true},
		"a number":              {"12", nil, true},
		"a number in a list":    {"[12]", nil, true},
	} {
		var got []string
		var err error
		for raw, e := range programme.Objects([]byte(c.in)) {
			if err = e; err == nil {
				got = append(got, string(raw))
			}
		}
		if !slices.Equal(got, c.want) || (err != nil) != c.bad {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

func TestRecordsAreJoinedTight(t *testing.T) {
	got := string(programme.Join([]json.RawMessage{json.RawMessage("{ \"a\" : \"b \\\" c\",\n\t\"d\": [1, 2] }"), json.RawMessage(`{"e":"نص طويل"}`)}))
	if want := `[{"a":"b \" c","d":[1,2]},{"e":"نص طويل"}]`; got != want {
		t.Errorf("%s, not %s", got, want)
	}
}

func TestEveryExportSaysThatRecordsWereMadeByRule(t *testing.T) {
	for _, c := range []struct {
		annex, typ, raw string
		f               programme.Format
		says            string
	}{
		{"wat", "water_observation", reading, programme.CSV, "Synthetic (made by rule)"},
		{"wat", "water_observation", reading, programme.HXL, "#meta+synthetic"},
		{"wat", "water_observation", reading, programme.NDJSON, `{"@synthetic":true,"`},
		{"wat", "water_observation", reading, programme.SensorThings, `"parameters":{"synthetic":"true"}`},
	} {
		if !slices.Contains(shipped(t, c.annex).Type(c.typ).Exports(), c.f) {
			continue
		}
		if out := export(t, c.annex, c.typ, c.f, c.raw); !bytes.Contains(out, []byte(c.says)) {
			t.Errorf("%s: %s", c.f, out)
		}
	}
	p := shipped(t, "wat")
	var b bytes.Buffer
	plain := func(yield func(programme.Item) bool) {
		for it := range items(t, p.Type("water_observation"), reading) {
			it.Synthetic = false
			yield(it)
		}
	}
	if err := p.Export(&b, programme.NDJSON, p.Type("water_observation"), "en", false, plain); err != nil || bytes.Contains(b.Bytes(), []byte("synthetic")) {
		t.Errorf("%v: %s", err, b.Bytes())
	}
}
