package portal

import (
	"cmp"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"jisr"
	"jisr/book"
	"jisr/node"
	"jisr/programme"
)

// Bounds of what is sent from pages; larger tables go by the programming interface.
const (
	maxTable    = 16 << 20 // bytes of a table
	previewGood = 20       // good rows that a preview shows
	formCodes   = 400      // codes that a form offers to choose from; of a longer list the code is written
)

// uploadView asks for a table.
type uploadView struct {
	Page
	Title, Back, Action string
	Problem             string
	Maps                []Option
}

// previewView is a table before it is sent: which column is which field, what would be sent, and what is wrong.
type previewView struct {
	Page
	Title, Back, Action string
	File                string
	Upload              string
	Map                 string // the kept map it is read by
	MapTitle            string
	Problem             string
	Columns             []columnChoice
	Head                []string
	Wrong               []previewRow
	Good                []previewRow
	Count, CountWrong   string
	All, Sendable       int
	Partial             bool // some rows could be sent and some not
	Synthetic           bool // they were made by rule
	Words               string
}

// columnChoice is a field and the column it is read from.
type columnChoice struct {
	Field   Field
	Options []Option
	Const   Field
	Value   string
}

// previewRow is one row of the table as a record.
type previewRow struct {
	Line  string
	Cells []previewCell
	Also  []string // what is wrong with no cell of its own
}

// previewCell is a value; Why says what is wrong with it.
type previewCell struct{ Word, Why string }

// sendingOf is what every page of sending begins with: the programme, the type, and that this official may.
func (s *site) sendingOf(r *request, rd reader) (book.ThingView, *book.Flow, *programme.Type, error) {
	t, flow, typ, err := s.recordsOf(r, rd)
	if err == nil {
		err = flow.Open(rd.today)
	}
	if err == nil {
		_, _, err = flow.Leaves(rd.self, typ.Name, "")
	}
	if err == nil {
		err = node.May(r.caller, node.Verb(jisr.KindRecordBatch))
	}
	return t, flow, typ, err
}

func (s *site) askTable(r *request) (*answer, error) { return s.askTableWith(r, "") }

func (s *site) askTableWith(r *request, problem string) (*answer, error) {
	rd := s.reader(r)
	t, _, typ, err := s.sendingOf(r, rd)
	if err != nil {
		return nil, err
	}
	at := rd.programmeURL(t.Forum, t.ID, "records", typ.Name)
	v := uploadView{Page: s.page(r, "programmes"), Title: inLanguage(rd.l, typ.Spec.Title), Back: at, Action: at + "/upload", Problem: problem, Maps: []Option{{Word: rd.l.T("sending.map.none"), On: true}}}
	kept, err := s.node.ColumnMaps(r.Context(), r.caller, t.Forum, t.ID, typ.Name)
	if err != nil {
		return nil, err
	}
	for i := range kept {
		v.Maps = append(v.Maps, Option{Value: kept[i].ID.Name(), Word: kept[i].State.Title})
	}
	a := &answer{page: uploadPage(v)}
	if problem != "" {
		a.status = 422
	}
	return a, nil
}

// takeTable keeps the file as an upload and leads to its preview; nothing is sent.
func (s *site) takeTable(r *request) (*answer, error) {
	rd := s.reader(r)
	t, _, typ, err := s.sendingOf(r, rd)
	if err != nil {
		return nil, err
	}
	if r.MultipartForm == nil || len(r.MultipartForm.File["files"]) == 0 || r.MultipartForm.File["files"][0].Size == 0 {
		return s.askTableWith(r, rd.l.Refusal(string(jisr.Missing), "file", nil))
	}
	h := r.MultipartForm.File["files"][0]
	if h.Size > maxTable {
		return s.askTableWith(r, rd.l.Refusal(string(jisr.TooLong), "attachment", map[string]string{"max": fmt.Sprint(maxTable), "got": fmt.Sprint(h.Size)}))
	}
	f, err := s.takeFile(r, h)
	if err != nil {
		return nil, err
	}
	q := url.Values{}
	if m := line1(r, "map"); m != "" {
		q.Set("map", m)
	}
	return &answer{to: askedAt(rd.programmeURL(t.Forum, t.ID, "records", typ.Name, "upload", f.Upload), q, "", "")}, nil
}

// preview shows what would be sent of an upload, by the columns that the address names.
func (s *site) preview(r *request) (*answer, error) { return s.previewWith(r, r.URL.Query(), "") }

func (s *site) previewWith(r *request, q url.Values, problem string) (*answer, error) {
	rd := s.reader(r)
	t, flow, typ, err := s.sendingOf(r, rd)
	if err != nil {
		return nil, err
	}
	table, name, kept, err := s.tableOf(r, &t, typ, q)
	if err != nil {
		return nil, err
	}
	at := rd.programmeURL(t.Forum, t.ID, "records", typ.Name)
	v := previewView{Page: s.page(r, "programmes"), Title: inLanguage(rd.l, typ.Spec.Title), Back: at, Action: at + "/upload/" + r.PathValue("upload"), File: name, Problem: problem, Map: q.Get("map"), Synthetic: q.Get("synthetic") != ""}
	if kept != nil {
		v.MapTitle = kept.State.Title
	}
	heads, err := table.Columns.Headings(table.Data)
	if why := rd.why(err); why != "" {
		return s.askTableWith(r, why)
	}
	if err != nil {
		return nil, err
	}
	v.columns(rd, typ, table.Columns, heads)
	p, err := s.node.Preview(r.Context(), r.caller, table)
	if why := rd.why(err); why != "" {
		v.Problem = why
		return &answer{status: 422, page: previewPage(v)}, nil
	}
	if err != nil {
		return nil, err
	}
	v.rows(rd, flow, typ, p)
	a := &answer{page: previewPage(v)}
	if problem != "" {
		a.status = 422
	}
	return a, nil
}

// tableOf reads an upload with the column map that the form, a kept map, or its own headings give.
func (s *site) tableOf(r *request, t *book.ThingView, typ *programme.Type, q url.Values) (node.Table, string, *book.ColumnsRow, error) {
	id := clip(r.PathValue("upload"), maxField)
	table := node.Table{Forum: t.Forum, Programme: t.ID, Type: typ.Name}
	u, err := s.node.UploadInfo(r.Context(), r.caller, id)
	if err == nil {
		table.Data, err = s.node.ReadUpload(r.Context(), r.caller, id, maxTable)
	}
	if err != nil {
		return table, "", nil, err
	}
	table.Columns = programme.Columns{Layout: programme.LayoutOf(u.Name, table.Data)}
	var kept *book.ColumnsRow
	if name := q.Get("map"); name != "" {
		all, err := s.node.ColumnMaps(r.Context(), r.caller, t.Forum, t.ID, typ.Name)
		if err != nil {
			return table, "", nil, err
		}
		if i := slices.IndexFunc(all, func(c book.ColumnsRow) bool { return c.ID.Name() == name }); i >= 0 {
			kept = &all[i]
			table.Columns = kept.Columns
		}
	}
	table.Columns.Record = typ.Name
	if q.Get("mapped") == "" {
		if heads, err := table.Columns.Headings(table.Data); err == nil && kept == nil {
			table.Columns.Fields = typ.Guess(heads)
		}
		return table, u.Name, kept, nil
	}
	table.Columns.Fields = chosenColumns(typ, table.Columns.Fields, q)
	return table, u.Name, kept, nil
}

// chosenColumns is a map as the form has it: what it does not ask about stays as it was kept.
func chosenColumns(typ *programme.Type, kept map[string]programme.Column, q url.Values) map[string]programme.Column {
	fields := map[string]programme.Column{}
	maps.Copy(fields, kept)
	for _, p := range typ.Paths() {
		from, fixed := clip(q.Get("c."+p.Path), maxField), strings.TrimSpace(clip(q.Get("k."+p.Path), maxField))
		c := fields[p.Path]
		if from == strings.Join(c.From, " + ") && fixed == c.Const {
			continue
		}
		delete(fields, p.Path)
		switch {
		case from != "":
			c.From, c.Const = []string{from}, ""
			fields[p.Path] = c
		case fixed != "":
			fields[p.Path] = programme.Column{Const: fixed}
		}
	}
	return fields
}

func (v *previewView) columns(rd reader, typ *programme.Type, c programme.Columns, heads []string) {
	for _, p := range typ.Paths() {
		label := rd.placeLabel(p)
		now := c.Fields[p.Path]
		choice := columnChoice{Field: Field{Name: "c." + p.Path, Label: label, Optional: !p.Field.Required}, Const: Field{Name: "k." + p.Path, Label: rd.l.T("sending.const.of", "field", label), Optional: true}, Value: now.Const,
			Options: []Option{{Word: rd.l.T("sending.column.none")}}}
		from := strings.Join(now.From, " + ")
		if from != "" && !slices.Contains(heads, from) {
			choice.Options = append(choice.Options, Option{Value: from, Word: from, On: true})
		}
		for _, h := range heads {
			choice.Options = append(choice.Options, Option{Value: h, Word: h, On: h == from})
		}
		v.Columns = append(v.Columns, choice)
	}
}

// placeLabel names a place of a record: its field, and the language or the part.
func (rd reader) placeLabel(p programme.Place) string {
	label := inLanguage(rd.l, p.Field.Label)
	switch p.Part {
	case "ar", "en":
		return rd.l.T("sending.part", "field", label, "part", rd.l.T("lang."+p.Part))
	case "lat", "lon":
		return rd.l.T("sending.part", "field", label, "part", rd.l.T("sending."+p.Part))
	}
	return label
}

func (v *previewView) rows(rd reader, f *book.Flow, typ *programme.Type, p *node.Preview) {
	var shown []programme.Place
	for _, place := range typ.Paths() {
		if slices.ContainsFunc(p.Rows, func(r programme.Imported) bool { return rowHas(&r, place.Path) }) {
			shown = append(shown, place)
			v.Head = append(v.Head, rd.placeLabel(place))
		}
	}
	for i := range p.Rows {
		row := &p.Rows[i]
		if len(row.Faults) > 0 {
			v.Wrong = append(v.Wrong, rd.previewRow(row, shown))
		} else if len(v.Good) < previewGood {
			v.Good = append(v.Good, rd.previewRow(row, shown))
		}
	}
	v.All, v.Sendable = p.Records, p.Good
	v.Count, v.CountWrong = rd.l.N("sending.good", p.Good), rd.l.N("sending.wrong", p.Records-p.Good)
	v.Partial = p.Good > 0 && p.Good < p.Records
}

func rowHas(r *programme.Imported, path string) bool {
	return rawAt(r.Raw, path) != "" || slices.ContainsFunc(r.Faults, func(m programme.Marked) bool { return m.Path == path })
}

// rawAt is a value of a record's JSON by its path, as it stands there.
func rawAt(raw []byte, path string) string {
	name, part, _ := strings.Cut(path, ".")
	var all map[string]json.RawMessage
	if json.Unmarshal(raw, &all) != nil {
		return ""
	}
	v := all[name]
	if part != "" {
		var parts map[string]json.RawMessage
		if json.Unmarshal(v, &parts) != nil {
			return ""
		}
		v = parts[part]
	}
	var s string
	if json.Unmarshal(v, &s) == nil {
		return s
	}
	var list []string
	if json.Unmarshal(v, &list) == nil && list != nil {
		return strings.Join(list, ", ")
	}
	return string(v)
}

func (rd reader) previewRow(r *programme.Imported, shown []programme.Place) previewRow {
	row := previewRow{Line: rd.l.Number(int64(r.Line))}
	told := map[int]bool{}
	for _, p := range shown {
		cell := previewCell{Word: rawAt(r.Raw, p.Path)}
		for i := range r.Faults {
			m := &r.Faults[i]
			if outer, _, _ := strings.Cut(p.Path, "."); m.Path == p.Path || m.Path == outer {
				told[i] = true
				cell.Word = cmp.Or(m.Cell, cell.Word)
				cell.Why = strings.TrimSpace(cell.Why + " " + sentence(rd.l, named(m.Refusal, rd.placeLabel(p))))
			}
		}
		row.Cells = append(row.Cells, cell)
	}
	for i := range r.Faults {
		if !told[i] {
			row.Also = append(row.Also, sentence(rd.l, r.Faults[i].Refusal))
		}
	}
	return row
}

// named is a refusal that calls a field as the annex labels it.
func named(r *jisr.Refusal, label string) *jisr.Refusal {
	return &jisr.Refusal{Kind: r.Kind, Subject: label, Need: r.Need}
}

// sendTable sends what the preview showed, and keeps its column map if it is given a name.
func (s *site) sendTable(r *request) (*answer, error) {
	rd := s.reader(r)
	t, _, typ, err := s.sendingOf(r, rd)
	if err != nil {
		return nil, err
	}
	table, _, kept, err := s.tableOf(r, &t, typ, r.PostForm)
	if err != nil {
		return nil, err
	}
	made, err := s.node.Import(r.Context(), r.caller, table, r.PostForm.Get("partial") != "")
	if err == nil {
		_, err = s.node.Do(r.Context(), r.caller, node.SendRecords{Forum: t.Forum, Programme: t.ID, Type: typ.Name, Records: made.Records, Synthetic: r.PostForm.Get("synthetic") != "", Key: r.PathValue("upload")})
	}
	if why := rd.why(err); why != "" {
		return s.previewWith(r, r.PostForm, why)
	}
	if err != nil {
		return nil, err
	}
	if title := line1(r, "keep"); title != "" && (kept == nil || kept.State.Title != title) {
		_, err = s.node.Do(r.Context(), r.caller, node.KeepColumns{Forum: t.Forum, Programme: t.ID, Type: typ.Name, Title: title, Columns: table.Columns})
	}
	if err == nil {
		err = s.node.DropUpload(r.Context(), r.caller, r.PathValue("upload"))
	}
	if err != nil {
		s.log.Error("couldn't tidy up after a table was sent", "err", err) // it was sent
	}
	return &answer{to: rd.programmeURL(t.Forum, t.ID, "records", typ.Name)}, nil
}

// enterView is the form of one record, made from the annex.
type enterView struct {
	Page
	Title, Back, Action string
	Problem             string
	Problems            []Problem
	Fields              []enterField
	Levels              []Option
	Key                 string
	Why                 bool // a correction says why
	Files               bool // it asks for files
	Reason              string
	Synthetic           bool // it was made by rule
}

// enterField is one place of the record. Kind: line, text, choice, checks, day, time.
type enterField struct {
	Field
	Kind             string
	Value            string
	Day, Month, Year string
	Options          []Option
	Max              int
	Many             bool // files
}

func (s *site) askRecord(r *request) (*answer, error) { return s.askRecordWith(r, nil, nil, "", "") }

// askRecordWith shows the form with what was written; faults stand at their fields.
func (s *site) askRecordWith(r *request, in url.Values, faults []programme.Marked, problem, correct string) (*answer, error) {
	rd := s.reader(r)
	t, flow, typ, err := s.sendingOf(r, rd)
	if err != nil {
		return nil, err
	}
	at := rd.programmeURL(t.Forum, t.ID, "records", typ.Name)
	v := enterView{Page: s.page(r, "programmes"), Title: inLanguage(rd.l, typ.Spec.Title), Back: at, Action: at + "/new", Problem: problem, Key: cmp.Or(in.Get("key"), rand.Text()), Reason: in.Get("reason"), Synthetic: in.Get("synthetic") != ""}
	if correct != "" {
		v.Why, v.Back, v.Action = true, at+"/one/"+correct, at+"/one/"+correct+"/correct"
	}
	for _, p := range typ.Paths() {
		f := rd.enterField(flow.Programme, p, in)
		for i := range faults {
			if outer, _, _ := strings.Cut(p.Path, "."); faults[i].Path == p.Path || faults[i].Path == outer {
				f.Error = sentence(rd.l, named(faults[i].Refusal, f.Label))
				v.Problems = append(v.Problems, Problem{Field: f.Name, Text: f.Error})
				break
			}
		}
		v.Fields = append(v.Fields, f)
	}
	for _, f := range rd.fileFields(typ, correct != "") {
		v.Files = true
		for i := range faults {
			if path := strings.TrimPrefix(f.Name, "file."); faults[i].Path == path || strings.HasPrefix(faults[i].Path, path+"[") {
				f.Error = sentence(rd.l, named(faults[i].Refusal, f.Label))
				v.Problems = append(v.Problems, Problem{Field: f.Name, Text: f.Error})
				break
			}
		}
		v.Fields = append(v.Fields, f)
	}
	h := typ.Spec.Handling
	for _, level := range jisr.Handlings() {
		if correct == "" && h.Min != h.Max && level.Rank() >= h.Min.Rank() && level.Rank() <= h.Max.Rank() {
			v.Levels = append(v.Levels, Option{Value: string(level), Word: rd.handling(level), On: string(level) == cmp.Or(in.Get("handling"), string(h.Default))})
		}
	}
	a := &answer{page: enterPage(v)}
	if problem != "" || len(faults) > 0 {
		a.status = 422
	}
	return a, nil
}

// enterField is the field of a place, as its type is written by hand.
func (rd reader) enterField(p *programme.Programme, at programme.Place, in url.Values) enterField {
	f := enterField{Field: Field{Name: "v." + at.Path, Label: rd.placeLabel(at), Optional: !at.Field.Required || at.Part == "en"}, Kind: "line", Value: in.Get("v." + at.Path), Max: 200}
	if at.Field.Unit != "" && at.Field.Unit != "C62" {
		f.Hint = inLanguage(rd.l, p.Unit(at.Field.Unit).Label)
	}
	if at.Part == "ar" || at.Part == "en" {
		f.Lang = at.Part
	}
	if at.Field.MaxLen > 0 {
		f.Max = at.Field.MaxLen
	}
	codes := p.Codes(at.Field.Codes)
	switch {
	case at.Field.Type == programme.List && at.Field.Of.Codes != "":
		f.Kind, f.Wide = "checks", true
		for _, c := range p.Codes(at.Field.Of.Codes) {
			f.Options = append(f.Options, Option{Value: c.Code, Word: inLanguage(rd.l, c.Label()), On: slices.Contains(in["v."+at.Path], c.Code)})
		}
	case at.Field.Type == programme.Boolean:
		f.Kind, f.Options = "choice", []Option{{Word: rd.l.T("sending.choose")}, {Value: "true", Word: rd.l.T("chart.true"), On: f.Value == "true"}, {Value: "false", Word: rd.l.T("chart.false"), On: f.Value == "false"}}
	case len(codes) > 0 && len(codes) <= formCodes:
		f.Kind, f.Options = "choice", []Option{{Word: rd.l.T("sending.choose")}}
		for i := range codes {
			f.Options = append(f.Options, Option{Value: codes[i].Code, Word: inLanguage(rd.l, codes[i].Label()), On: codes[i].Code == f.Value})
		}
	case at.Field.Type == programme.DateOf, at.Field.Type == programme.TimeOf:
		f.Kind = map[bool]string{true: "time", false: "day"}[at.Field.Type == programme.TimeOf]
		f.Day, f.Month, f.Year, f.Value = in.Get(f.Name+".day"), in.Get(f.Name+".month"), in.Get(f.Name+".year"), in.Get(f.Name+".clock")
	case at.Field.Type == programme.MonthOf:
		f.Hint = rd.l.T("sending.month.hint")
	case at.Field.Type == programme.LongText:
		f.Kind, f.Wide = "text", true
	}
	return f
}

// written reads the form of a record through the same map that reads tables: digits of any script, days, codes by name.
func writtenRecord(p *programme.Programme, typ *programme.Type, in url.Values) (programme.Imported, error) {
	row, c := map[string]string{}, programme.Columns{Layout: programme.Layout{Format: programme.JSON}, Record: typ.Name, Fields: map[string]programme.Column{}}
	for _, at := range typ.Paths() {
		name := "v." + at.Path
		v := strings.TrimSpace(strings.ToValidUTF8(in.Get(name), "\uFFFD"))
		switch at.Field.Type {
		case programme.DateOf, programme.TimeOf:
			v = string(dayOf(in, name))
			if at.Field.Type == programme.TimeOf && v != "" {
				v += " " + cmp.Or(latinDigits(in.Get(name+".clock")), "00:00")
			}
		case programme.MonthOf:
			v = latinDigits(v)
		case programme.List:
			v = strings.Join(in[name], "\n")
		}
		if v != "" {
			row[strings.ReplaceAll(at.Path, ".", "_")] = v
			c.Fields[at.Path] = programme.Column{From: []string{strings.ReplaceAll(at.Path, ".", "_")}, Split: map[bool]string{true: "\n"}[at.Field.Type == programme.List]}
		}
	}
	raw, err := json.Marshal([]map[string]string{row})
	if err != nil {
		return programme.Imported{}, err
	}
	for rec, err := range p.Import(c, raw) {
		return rec, err
	}
	return programme.Imported{}, jisr.Refuse(jisr.Missing, "record")
}

func (s *site) sendRecord(r *request) (*answer, error) {
	rd := s.reader(r)
	t, flow, typ, err := s.sendingOf(r, rd)
	if err != nil {
		return nil, err
	}
	raw, faults, err := s.writtenWhole(r, flow, typ, nil)
	if err == nil && len(faults) > 0 {
		return s.askRecordWith(r, r.PostForm, clauses(flow, faults), "", "")
	}
	if err == nil {
		_, err = s.node.Do(r.Context(), r.caller, node.SendRecords{Forum: t.Forum, Programme: t.ID, Type: typ.Name, Records: []json.RawMessage{raw}, Handling: jisr.Handling(line1(r, "handling")), Synthetic: r.PostForm.Get("synthetic") != "", Key: line1(r, "key")})
	}
	if faults := faultOf(err); faults != nil {
		return s.askRecordWith(r, r.PostForm, faults, "", "")
	}
	if why := rd.why(err); why != "" {
		return s.askRecordWith(r, r.PostForm, nil, why, "")
	}
	if err != nil {
		return nil, err
	}
	return &answer{to: rd.programmeURL(t.Forum, t.ID, "records", typ.Name) + "?sort=%40sent"}, nil
}

// clauses says of each fault which agreement, article and paragraph it breaks.
func clauses(f *book.Flow, faults []programme.Marked) []programme.Marked {
	for i := range faults {
		faults[i].Refusal = f.Clause(faults[i].Refusal, faults[i].Clause)
	}
	return faults
}
