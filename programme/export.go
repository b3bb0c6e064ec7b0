package programme

import (
	"archive/zip"
	"bufio"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"

	"jisr"
)

// Item is a record and its way between the parties.
type Item struct {
	*Record
	ID           string
	By           jisr.MemberID
	Sent         time.Time
	Acknowledged time.Time // zero: not yet
	Confirmed    bool      // the other side's figure is within the tolerance
	Corrected    bool
	Handling     jisr.Handling
	Synthetic    bool      // made by rule, to look at: marked wherever it shows
	Withdrawn    bool      // by who sent it
	Changed      time.Time // when it was last corrected, or withdrawn; zero: never

	block *Block // where it stands in columns; then there is no Record
	row   int
}

// Exports lists the forms that records of a type can be written in.
func (t *Type) Exports() []Format {
	all := []Format{CSV, XLSX, NDJSON}
	for _, f := range []Format{HXL, SensorThings, CAP, STIX} {
		if slices.Contains(t.Spec.MapsTo, string(f)) {
			all = append(all, f)
		}
	}
	return all
}

// Export writes records in a form. lang is the language of headings; synthetic: some records may have been made by rule, so that a
// table has a column that says which. A CAP file holds one alert: the first record.
func (p *Programme) Export(w io.Writer, f Format, t *Type, lang string, synthetic bool, items iter.Seq[Item]) error {
	if !slices.Contains(t.Exports(), f) {
		return jisr.Refuse(jisr.NotOneOf, "format", "got", string(f), "allowed", formats(t.Exports()))
	}
	switch f {
	case NDJSON:
		b := bufio.NewWriter(w)
		for it := range items {
			if it.Synthetic {
				b.WriteString(syntheticMember)
				b.Write(it.Raw[1:])
			} else {
				b.Write(it.Raw) // Flush tells the error
			}
			b.WriteByte('\n')
		}
		return b.Flush()
	case XLSX:
		return t.writeSheet(w, lang, t.columns(lang, synthetic), items)
	case SensorThings:
		return t.writeObservations(w, p, items)
	case STIX:
		return t.writeBundle(w, p, items)
	case CAP:
		for it := range items {
			return t.writeAlert(w, p, it)
		}
		return jisr.Refuse(jisr.Missing, "record")
	}
	return writeCSV(w, f, t.columns(lang, synthetic), items)
}

func formats(all []Format) string {
	var s []string
	for _, f := range all {
		s = append(s, string(f))
	}
	return strings.Join(s, ", ")
}

// cut is one column of a table: a field, or a part of one.
type cut struct {
	head, tag string
	get       func(it Item) string
	text      bool
}

// syntheticMember begins a line of a record that was made by rule. No field has such a name, so that nobody sends the line on as a record
// of what was.
const syntheticMember = `{"@synthetic":true,`

// syntheticColumn says of each record whether it was made by rule.
func syntheticColumn(lang string) cut {
	head, _ := jisr.Text{"ar": "بيانات مولّدة بقاعدة", "en": "Synthetic (made by rule)"}.In(lang)
	return cut{head, "#meta+synthetic", func(it Item) string { return strconv.FormatBool(it.Synthetic) }, false}
}

// columns are the columns of a record type's table: a position in two, an i18n text in its languages.
func (t *Type) columns(lang string, synthetic bool) []cut {
	var all []cut
	for i, f := range t.Fields {
		head, _ := f.Label.In(lang)
		if parts := shapeOfType(f.Type); f.Type == Geo || f.Type == I18n {
			for _, part := range slices.Backward(slices.Sorted(sortedNames(parts))) {
				all = append(all, cut{head + " (" + part + ")", f.HXL, func(it Item) string { return it.part(i, part) }, f.Type == I18n})
			}
			if f.Type == Geo { // latitude first
				n := len(all)
				all[n-1], all[n-2] = all[n-2], all[n-1]
			} else { // Arabic first
				n := len(all)
				all[n-1], all[n-2] = all[n-2], all[n-1]
			}
			continue
		}
		all = append(all, cut{head, f.HXL, func(it Item) string { return it.Show(f.Name) }, kindOf(f) == text})
	}
	if synthetic {
		all = append(all, syntheticColumn(lang))
	}
	return all
}

func sortedNames(m map[string]string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

// part is a part of a position or of a text in two languages.
func (r *Record) part(i int, name string) string {
	if !r.Has(i) {
		return ""
	}
	var all map[string]json.RawMessage
	if json.Unmarshal(r.Value(i), &all) != nil {
		return ""
	}
	var s string
	if json.Unmarshal(all[name], &s) == nil {
		return s
	}
	return string(all[name])
}

// writeCSV writes a table (RFC 4180), and in HXL the row of hashtags below the headings. A text that a spreadsheet would
// take for a formula is written with an apostrophe before it.
func writeCSV(w io.Writer, f Format, cuts []cut, items iter.Seq[Item]) error {
	c := csv.NewWriter(w)
	heads, tags := make([]string, len(cuts)), make([]string, len(cuts))
	for i, k := range cuts {
		heads[i], tags[i] = k.head, k.tag
	}
	_ = c.Write(heads) // Error tells it
	if f == HXL {
		_ = c.Write(tags)
	}
	row := make([]string, len(cuts))
	for it := range items {
		for i, k := range cuts {
			row[i] = k.get(it)
			if k.text && row[i] != "" && strings.ContainsRune("=+-@\t\r", rune(row[i][0])) {
				row[i] = "'" + row[i]
			}
		}
		_ = c.Write(row)
	}
	c.Flush()
	return c.Error()
}

// writeSheet writes a spreadsheet of one sheet, as little as a reader needs (ECMA-376 part 1, 18.3).
func (t *Type) writeSheet(w io.Writer, lang string, cuts []cut, items iter.Seq[Item]) error {
	z := zip.NewWriter(w)
	const ns = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n"
	const office = "http://schemas.openxmlformats.org/"
	rtl := ""
	if lang == "ar" {
		rtl = ` rightToLeft="1"`
	}
	for _, part := range [][2]string{
		{"[Content_Types].xml", `<Types xmlns="` + office + `package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>` +
			`<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>` +
			`<Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>`},
		{"_rels/.rels", `<Relationships xmlns="` + office + `package/2006/relationships"><Relationship Id="r1" Type="` + office + `officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>`},
		{"xl/workbook.xml", `<workbook xmlns="` + office + `spreadsheetml/2006/main" xmlns:r="` + office + `officeDocument/2006/relationships"><sheets><sheet name="` + t.Name + `" sheetId="1" r:id="r1"/></sheets></workbook>`},
		{"xl/_rels/workbook.xml.rels", `<Relationships xmlns="` + office + `package/2006/relationships"><Relationship Id="r1" Type="` + office + `officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>`},
	} {
		f, err := z.Create(part[0])
		if err != nil {
			return err
		}
		if _, err := io.WriteString(f, ns+part[1]); err != nil {
			return err
		}
	}
	f, err := z.Create("xl/worksheets/sheet1.xml")
	if err != nil {
		return err
	}
	b := bufio.NewWriter(f)
	b.WriteString(ns + `<worksheet xmlns="` + office + `spreadsheetml/2006/main"><sheetViews><sheetView workbookViewId="0"` + rtl + `/></sheetViews><sheetData>`)
	b.WriteString("<row>")
	for _, k := range cuts {
		writeCell(b, k.head, true)
	}
	b.WriteString("</row>")
	for it := range items {
		b.WriteString("<row>")
		for _, k := range cuts {
			writeCell(b, k.get(it), k.text)
		}
		b.WriteString("</row>")
	}
	b.WriteString("</sheetData></worksheet>")
	if err := b.Flush(); err != nil {
		return err
	}
	return z.Close()
}

// writeCell writes a number as one, and anything else as a text, which no reader takes for a formula.
func writeCell(b *bufio.Writer, s string, isText bool) {
	if !isText && s != "" && (s[0] == '-' || isDigit(s[0])) && json.Valid([]byte(s)) {
		b.WriteString("<c><v>" + s + "</v></c>")
		return
	}
	b.WriteString(`<c t="inlineStr"><is><t xml:space="preserve">`)
	_ = xml.EscapeText(b, []byte(s)) // Flush tells the error
	b.WriteString("</t></is></c>")
}

// std finds the field that stands for a part of the followed standard; nil: none does.
func (t *Type) std(name string) *Field {
	if i := slices.IndexFunc(t.Fields, func(f *Field) bool { return f.Std == name }); i >= 0 {
		return t.Fields[i]
	}
	return nil
}

// show is the value of the field for a part of the standard.
func (t *Type) show(r *Record, std string) string {
	if f := t.std(std); f != nil {
		return r.Show(f.Name)
	}
	return ""
}

// observation is an Observation of OGC SensorThings 1.1 (18-088 section 8.2.7) with what it belongs to expanded.
type observation struct {
	PhenomenonTime string            `json:"phenomenonTime"`
	Result         json.RawMessage   `json:"result"`
	ResultQuality  string            `json:"resultQuality,omitempty"`
	Parameters     map[string]string `json:"parameters,omitempty"`
	Datastream     datastream        `json:"Datastream"`
}

type datastream struct {
	Name     string `json:"name"`
	Unit     stUnit `json:"unitOfMeasurement"`
	Property stName `json:"ObservedProperty"`
	Thing    stName `json:"Thing"`
	Sensor   stName `json:"Sensor"`
}

type stUnit struct {
	Name       string `json:"name"`
	Symbol     string `json:"symbol"`
	Definition string `json:"definition"`
}

type stName struct {
	Name        string `json:"name"`
	Description string `json:"description"`
}

// writeObservations writes records as observations.
func (t *Type) writeObservations(w io.Writer, p *Programme, items iter.Seq[Item]) error {
	const st = "SensorThings "
	result := t.std(st + "result")
	if result == nil || t.std(st+"phenomenonTime") == nil {
		return jisr.Refuse(jisr.Missing, "x-std")
	}
	b := bufio.NewWriter(w)
	b.WriteString(`{"value":[`)
	comma := ""
	for it := range items {
		r := it.Record
		u := p.units[first(t.show(r, st+"unitOfMeasurement"), result.Unit)]
		o := observation{PhenomenonTime: t.show(r, st+"phenomenonTime"), Result: r.Value(t.index[result.Name]), ResultQuality: t.show(r, st+"resultQuality"),
			Datastream: datastream{Unit: stUnit{u.Label["en"], u.Symbol, "UNECE Rec 20 " + u.Code}, Property: p.named(t, r, st+"ObservedProperty"),
				Thing: p.named(t, r, st+"Thing"), Sensor: p.named(t, r, st+"Sensor")}}
		if it.Synthetic {
			o.Parameters = map[string]string{"synthetic": "true"}
		}
		o.Datastream.Name = o.Datastream.Thing.Name + ": " + o.Datastream.Property.Name
		line, err := json.Marshal(o)
		if err != nil {
			return fmt.Errorf("internal error: a checked record is no observation: %w", err)
		}
		b.WriteString(comma)
		b.Write(line)
		comma = ",\n"
	}
	b.WriteString("]}\n")
	return b.Flush()
}

// named is a coded field's code with its English name.
func (p *Programme) named(t *Type, r *Record, std string) stName {
	f := t.std(std)
	if f == nil {
		return stName{}
	}
	n := stName{Name: r.Show(f.Name)}
	if c := p.Code(f.Codes, n.Name); c != nil {
		n.Description = c.En
	}
	return n
}

// alert is a CAP 1.2 message (OASIS Standard of 1 July 2010, section 3.2).
type alert struct {
	XMLName    xml.Name `xml:"urn:oasis:names:tc:emergency:cap:1.2 alert"`
	Identifier string   `xml:"identifier"`
	Sender     string   `xml:"sender"`
	Sent       string   `xml:"sent"`
	Status     string   `xml:"status"`
	MsgType    string   `xml:"msgType"`
	Source     string   `xml:"source,omitempty"`
	Scope      string   `xml:"scope"`
	Limit      string   `xml:"restriction,omitempty"`
	Info       []info   `xml:"info"`
}

type info struct {
	Language    string   `xml:"language"`
	Category    string   `xml:"category"`
	Event       string   `xml:"event"`
	Urgency     string   `xml:"urgency"`
	Severity    string   `xml:"severity"`
	Certainty   string   `xml:"certainty"`
	Onset       string   `xml:"onset,omitempty"`
	Expires     string   `xml:"expires,omitempty"`
	Description string   `xml:"description,omitempty"`
	Instruction string   `xml:"instruction,omitempty"`
	Area        *capArea `xml:"area,omitempty"`
}

type capArea struct {
	Desc   string `xml:"areaDesc"`
	Circle string `xml:"circle,omitempty"`
}

// writeAlert writes one record as a CAP message, in Arabic and English.
func (t *Type) writeAlert(w io.Writer, p *Programme, it Item) error {
	at := func(s string) string { return t.show(it.Record, "CAP alert."+s) }
	sent := first(at("sent"), it.Sent.In(p.zone).Format("2006-01-02T15:04:05-07:00"))
	a := alert{Identifier: at("identifier"), Sender: string(it.By), Sent: capTime(sent), Status: "Actual", MsgType: at("msgType"), Source: at("source"), Scope: "Public"}
	if it.Synthetic {
		a.Status = "Exercise"
	}
	if it.Handling.Rank() > jisr.HandlingPublic.Rank() {
		a.Scope, a.Limit = "Restricted", string(it.Handling)
	}
	if a.Identifier == "" || a.MsgType == "" {
		return jisr.Refuse(jisr.Missing, "x-std")
	}
	event := t.std("CAP alert.info.event")
	for _, lang := range []string{"ar", "en"} {
		in := info{Language: lang, Category: "Other", Urgency: at("info.urgency"), Severity: at("info.severity"), Certainty: at("info.certainty"),
			Onset: capTime(at("info.onset")), Expires: capTime(at("info.expires")), Description: at("info.description"), Instruction: at("info.instruction")}
		if event != nil {
			in.Event = it.Show(event.Name)
			if c := p.Code(event.Codes, in.Event); c != nil {
				in.Event, _ = c.Label().In(lang)
			}
		}
		in.Area = t.area(p, it.Record, lang)
		a.Info = append(a.Info, in)
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	e := xml.NewEncoder(w)
	e.Indent("", " ")
	if err := e.Encode(a); err != nil {
		return err
	}
	return e.Close()
}

// area is where an alert holds: the position as a circle without radius, named by the sector or the title.
func (t *Type) area(p *Programme, r *Record, lang string) *capArea {
	out := &capArea{}
	out.Desc, _ = t.Spec.Title.In(lang)
	if f := t.std("CAP alert.info.area.areaDesc"); f != nil {
		if c := p.Code(f.Codes, r.Show(f.Name)); c != nil {
			out.Desc, _ = c.Label().In(lang)
		}
	}
	if f := t.std("CAP alert.info.area.circle"); f != nil && r.Has(t.index[f.Name]) {
		i := t.index[f.Name]
		out.Circle = r.part(i, "lat") + "," + r.part(i, "lon") + " 0"
	}
	return out
}

// capTime writes a time as CAP wants it (section 3.3.2): no fractions, and -00:00 for UTC.
func capTime(s string) string {
	at, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return ""
	}
	return strings.Replace(at.Format("2006-01-02T15:04:05-07:00"), "+00:00", "-00:00", 1)
}
