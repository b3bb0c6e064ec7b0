package portal

import (
	"bytes"
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"jisr"
	"jisr/book"
	"jisr/node"
	"jisr/programme"
	"jisr/words"
)

// Bounds of the table of records.
const (
	pageRecords = 50
	filterCodes = 200 // codes of a field that a filter offers; a longer list is searched
	maxFilters  = 4   // coded fields with a filter of their own
)

// recordsView is the table of one type of records.
type recordsView struct {
	Page
	Title     string
	Programme Link
	Head      []recordHead
	Rows      []recordLine
	Count     string
	Senders   []Option
	Coded     []codedFilter
	Search    string
	From, To  string
	Keep      []Option // what the filter's form keeps of the address: the order
	All       string
	Next      string
	First     string
	Exports   []Link
	Upload    string
	Enter     string
	Synthetic string // how many were made by rule
}

// recordHead heads a column, and leads to the table in its order.
type recordHead struct {
	Word, Unit, URL string
	Sort            string // ascending, descending or none, as aria-sort has it
	Figures         bool
}

// recordLine is a record in the table.
type recordLine struct {
	URL   string
	Cells []recordCell
	By    side
	Sent  string
	State tag
	Marks []tag
}

// recordCell is one value as people read it.
type recordCell struct {
	Word    string
	Figures bool
}

// codedFilter is a choice among the codes of a field.
type codedFilter struct {
	Field   Field
	Options []Option
}

// recordsOf is the programme and the type of records of an address.
func (s *site) recordsOf(r *request, rd reader) (book.ThingView, *book.Flow, *programme.Type, error) {
	t, flow, err := s.loadProgramme(r, rd)
	if err != nil {
		return t, nil, nil, err
	}
	name := clip(r.PathValue("type"), maxField)
	typ := flow.Programme.Type(name)
	if typ == nil {
		err = jisr.Refuse(jisr.NoSuch, name, "noun", "record")
	}
	return t, flow, typ, err
}

// recordQuery reads the question from the address: whatever it says can be kept as a link.
func recordQuery(q url.Values, f *book.Flow, t *programme.Type) book.RecordQuery {
	ask := book.RecordQuery{Forum: f.Forum, Programme: f.ID, Type: t.Name, Search: strings.TrimSpace(clip(strings.ToValidUTF8(q.Get("q"), ""), maxSearch)),
		Sort: clip(q.Get("sort"), maxField), Ascending: q.Get("order") == "up", Cursor: clip(q.Get("cursor"), maxField), Limit: pageRecords, Void: true}
	if ask.Sort != "" && ask.Sort[0] != '@' && t.Field(ask.Sort) == nil {
		ask.Sort = ""
	}
	if by := q.Get("by"); jisr.ValidMember(jisr.MemberID(by)) {
		ask.Filters = append(ask.Filters, book.Filter{Field: "@by", Is: []string{by}})
	}
	if from, to := periodText(q.Get("from")), periodText(q.Get("to")); t.Spec.Time != "" && from+to != "" {
		ask.Filters = append(ask.Filters, book.Filter{Field: t.Spec.Time, From: from, To: to})
	}
	for _, f := range t.Fields {
		if v := clip(q.Get("is."+f.Name), maxField); v != "" {
			ask.Filters = append(ask.Filters, book.Filter{Field: f.Name, Is: []string{v}})
		}
	}
	return ask
}

// periodText reads a day or month as somebody types it; empty when it is none.
func periodText(s string) string {
	s = latinDigits(s)
	if jisr.Date(s).Valid() || jisr.Date(s+"-01").Valid() || jisr.Date(s+"-01-01").Valid() {
		return s
	}
	return ""
}

func (s *site) records(r *request) (*answer, error) {
	rd := s.reader(r)
	t, flow, typ, err := s.recordsOf(r, rd)
	if err != nil {
		return nil, err
	}
	q := r.URL.Query()
	ask := recordQuery(q, flow, typ)
	page, err := s.node.Records(r.Context(), r.caller, ask)
	if err != nil {
		return nil, err
	}
	at := rd.programmeURL(t.Forum, t.ID, "records", typ.Name)
	v := recordsView{Page: s.live(r, "programmes"), Title: inLanguage(rd.l, typ.Spec.Title), Programme: Link{Word: inLanguage(rd.l, t.State.Programme.Title), URL: rd.programmeURL(t.Forum, t.ID)},
		Search: ask.Search, From: periodText(q.Get("from")), To: periodText(q.Get("to")), Count: rd.l.N("records.count", page.All)}
	v.Page.Search = ""
	if page.Synthetic > 0 {
		v.Synthetic = rd.l.N("records.synthetic.count", page.Synthetic)
	}
	v.heads(rd, flow, typ, at, q)
	for i := range page.Rows {
		v.Rows = append(v.Rows, rd.recordLine(flow, typ, &page.Rows[i]))
	}
	v.filters(rd, flow, typ, q)
	if len(ask.Filters) > 0 || ask.Search != "" {
		v.All = at
	}
	if page.Next != "" {
		v.Next = askedAt(at, q, "cursor", page.Next)
	}
	if ask.Cursor != "" {
		v.First = askedAt(at, q, "cursor", "")
	}
	for _, form := range typ.Exports() {
		v.Exports = append(v.Exports, Link{Word: exportName(form), URL: askedAt(at+"/export/"+string(form), q, "cursor", "")})
	}
	if s.sends(rd, flow, typ) {
		v.Upload, v.Enter = at+"/upload", at+"/new"
	}
	return &answer{page: recordsPage(v)}, nil
}

// sends tells whether this official may send such records now, as far as can be told before one is written.
func (s *site) sends(rd reader, f *book.Flow, t *programme.Type) bool {
	_, _, err := f.Leaves(rd.self, t.Name, "")
	return err == nil && f.Open(rd.today) == nil && rd.may(node.Verb(jisr.KindRecordBatch))
}

// askedAt is an address with one part of its question changed.
func askedAt(at string, q url.Values, key, value string) string {
	to := url.Values{}
	for k, all := range q {
		if k != "cursor" && len(all) > 0 && all[0] != "" {
			to.Set(k, clip(strings.ToValidUTF8(all[0], ""), maxSearch))
		}
	}
	to.Del(key)
	if value != "" {
		to.Set(key, value)
	}
	if len(to) == 0 {
		return at
	}
	return at + "?" + to.Encode()
}

func (v *recordsView) heads(rd reader, f *book.Flow, t *programme.Type, at string, q url.Values) {
	sort, up := q.Get("sort"), q.Get("order") == "up"
	add := func(name, word, unit string, figures bool) {
		h := recordHead{Word: word, Unit: unit, Sort: "none", Figures: figures}
		ask := url.Values{}
		for k, all := range q {
			ask[k] = all
		}
		ask.Set("sort", name)
		order := "up"
		if sort == name || sort == "" && name == t.Spec.Time {
			h.Sort = "descending"
			if up {
				h.Sort, order = "ascending", ""
			}
		}
		h.URL = askedAt(at, ask, "order", order)
		v.Head = append(v.Head, h)
	}
	for _, name := range t.Spec.ListColumns {
		field := t.Field(name)
		unit := ""
		if field.Unit != "" && field.Unit != "C62" {
			unit = f.Programme.Unit(field.Unit).Symbol
		}
		add(name, inLanguage(rd.l, field.Label), unit, figuresOf(field))
	}
	add("@by", rd.l.T("records.by"), "", false)
	add("@sent", rd.l.T("records.sent"), "", false)
	for _, k := range []string{"sort", "order"} {
		if q.Get(k) != "" {
			v.Keep = append(v.Keep, Option{Value: clip(q.Get(k), maxField), Word: k})
		}
	}
}

// figuresOf tells whether a field holds figures, which stand at the end of their column.
func figuresOf(f *programme.Field) bool {
	return f.Type == programme.Number || f.Type == programme.Integer
}

func (v *recordsView) filters(rd reader, f *book.Flow, t *programme.Type, q url.Values) {
	every := Option{Word: rd.l.T("note.list.any")}
	v.Senders = []Option{every}
	for _, m := range f.Programme.Annex.Parties {
		v.Senders = append(v.Senders, Option{Value: string(m), Word: rd.name(m), On: q.Get("by") == string(m)})
	}
	for _, field := range t.Fields {
		codes := f.Programme.Codes(field.Codes)
		if field.Codes == "" || len(codes) == 0 || len(codes) > filterCodes || !slices.Contains(t.Spec.ListColumns, field.Name) || len(v.Coded) == maxFilters {
			continue
		}
		c := codedFilter{Field: Field{Name: "is." + field.Name, Label: inLanguage(rd.l, field.Label)}, Options: []Option{every}}
		for i := range codes {
			c.Options = append(c.Options, Option{Value: codes[i].Code, Word: inLanguage(rd.l, codes[i].Label()), On: q.Get("is."+field.Name) == codes[i].Code})
		}
		v.Coded = append(v.Coded, c)
	}
}

func (rd reader) recordLine(f *book.Flow, t *programme.Type, r *book.RecordRow) recordLine {
	l := recordLine{URL: rd.programmeURL(f.Forum, f.ID, "records", t.Name, "one", r.ID), By: rd.side(r.By), Sent: rd.dateTime(r.Sent), State: tag{"ok", "check", rd.l.T("records.state.counts")}}
	for _, name := range t.Spec.ListColumns {
		field := t.Field(name)
		l.Cells = append(l.Cells, recordCell{Word: rd.cell(f.Programme, field, r.Record), Figures: figuresOf(field)})
	}
	switch {
	case r.Withdrawn:
		l.State = tag{"idle", "undo-2", rd.l.T("records.state.withdrawn")}
	case r.Void != nil:
		l.State = tag{"late", "triangle-alert", rd.l.T("record.void")}
		l.Cells[0].Word = sentence(rd.l, r.Void)
	case r.Confirmed:
		l.State = tag{"done", "circle-check", rd.l.T("records.state.confirmed")}
	}
	if r.Corrected {
		l.Marks = append(l.Marks, tag{"soon", "pen-line", rd.l.T("records.state.corrected")})
	}
	if r.Synthetic {
		l.Marks = append(l.Marks, tag{"idle", "info", rd.l.T("records.synthetic")})
	}
	return l
}

// cell writes a value of a record as this reader reads it.
func (rd reader) cell(p *programme.Programme, f *programme.Field, r *programme.Record) string {
	if r == nil {
		return ""
	}
	v := r.Show(f.Name)
	switch f.Type {
	case programme.Number, programme.Integer:
		if n := json.Number(v); v != "" {
			if x, err := n.Float64(); err == nil {
				return rd.l.Figure(x)
			}
		}
	case programme.CodeOf, programme.Enum:
		return rd.codeWord(p, f.Codes, v)
	case programme.Boolean:
		if v != "" {
			return rd.l.T("chart." + v)
		}
	case programme.DateOf:
		return rd.l.Day(v)
	case programme.MonthOf:
		return rd.month(v)
	case programme.TimeOf:
		if at, ok := timeOf(v); ok {
			return rd.l.DateTime(at.In(p.Zone()))
		}
	case programme.I18n:
		return inLanguage(rd.l, r.Words(f.Name))
	case programme.FileOf:
		return fileNames(r, f)
	case programme.List:
		if f.Of.Type == programme.FileOf {
			return fileNames(r, f)
		}
		return rd.listWord(p, f, v)
	case programme.Geo:
		var g struct{ Lat, Lon float64 }
		if json.Unmarshal([]byte(v), &g) == nil && v != "" {
			return rd.l.T("records.place", "lat", words.Raw(rd.l.Figure(g.Lat)), "lon", words.Raw(rd.l.Figure(g.Lon)))
		}
	}
	return v
}

// fileNames are the names of the files in a field.
func fileNames(r *programme.Record, f *programme.Field) string {
	var all []string
	for _, n := range r.Named(programme.FileOf) {
		if n.Path == f.Name || strings.HasPrefix(n.Path, f.Name+"[") {
			all = append(all, n.File.Name)
		}
	}
	return strings.Join(all, "\n")
}

// codeWord is the name of a code; the code itself where its list has none.
func (rd reader) codeWord(p *programme.Programme, list, code string) string {
	if c := p.Code(list, code); c != nil {
		return inLanguage(rd.l, c.Label())
	}
	return code
}

func (rd reader) listWord(p *programme.Programme, f *programme.Field, v string) string {
	var all []any
	if json.Unmarshal([]byte(v), &all) != nil || f.Of == nil {
		return v
	}
	var named []string
	for _, x := range all {
		if s, ok := x.(string); ok {
			named = append(named, rd.codeWord(p, f.Of.Codes, s))
		}
	}
	return strings.Join(named, rd.l.T("records.list.and")+" ")
}

// exportRecords writes what the filters leave, as the form that was asked for.
func (s *site) exportRecords(r *request) (*answer, error) {
	rd := s.reader(r)
	t, flow, typ, err := s.recordsOf(r, rd)
	if err != nil {
		return nil, err
	}
	form := programme.Format(clip(r.PathValue("form"), maxField))
	ending, typed := exportType(form)
	if ending == "" || !slices.Contains(typ.Exports(), form) {
		return nil, jisr.Refuse(jisr.NoSuch, string(form), "noun", "export")
	}
	var b bytes.Buffer
	ask := recordQuery(r.URL.Query(), flow, typ)
	ask.Void, ask.Cursor = false, ""
	if err := s.node.ExportRecords(r.Context(), r.caller, &b, ask, form, rd.l.Tag()); err != nil {
		return nil, err
	}
	return &answer{file: &file{name: t.State.Programme.Programme + "-" + typ.Name + "-" + string(rd.today) + ending, typ: typed, content: bytes.NewReader(b.Bytes())}}, nil
}

// exportType is the ending and the media type of a form.
func exportType(f programme.Format) (ending, typ string) {
	of := map[programme.Format][2]string{
		programme.CSV: {".csv", "text/csv; charset=utf-8"}, programme.HXL: {".hxl.csv", "text/csv; charset=utf-8"}, programme.NDJSON: {".ndjson", "application/x-ndjson"},
		programme.XLSX:         {".xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
		programme.SensorThings: {".sensorthings.json", "application/json"}, programme.CAP: {".cap.xml", "application/cap+xml"}, programme.STIX: {".stix.json", "application/stix+json;version=2.1"},
	}[f]
	return of[0], of[1]
}

// month writes "2026-12" with the month's name.
func (rd reader) month(v string) string {
	at, err := time.Parse("2006-01", v)
	if err != nil {
		return v
	}
	return rd.l.Month(at.Month()) + " " + rd.l.Digits(strconv.Itoa(at.Year()))
}

func timeOf(v string) (time.Time, bool) {
	at, err := time.Parse(time.RFC3339Nano, v)
	return at, err == nil
}

// exportName is what a form is called in every language.
func exportName(f programme.Format) string {
	if f == programme.SensorThings {
		return "SensorThings"
	}
	return strings.ToUpper(string(f))
}
