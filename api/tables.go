package api

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"

	"jisr"
	"jisr/book"
	"jisr/node"
	"jisr/programme"
)

// importIn is a table of somebody else's, with the column map that makes records of it.
type importIn struct {
	Columns programme.Columns `json:"columns" doc:"As doc/spec/annex.md has it; its record is the type in the path."`
	Data    []byte            `json:"data" doc:"The file, in base64."`
}

// previewOut is what a column map makes of a table, before anything is sent.
type previewOut struct {
	Records int          `json:"records" doc:"How many the table holds."`
	Good    int          `json:"good" doc:"How many of them the annex allows."`
	Rows    []previewRow `json:"rows" nullable:"false" doc:"The first good ones, and the first that are not, each bad cell marked."`
}

type previewRow struct {
	Line   int             `json:"line" doc:"Of the file."`
	Record json.RawMessage `json:"record"`
	Cells  []cellsOut      `json:"cells" nullable:"false"`
}

// cellsOut is a cell that is wrong.
type cellsOut struct {
	Column  string      `json:"column,omitempty"`
	Cell    string      `json:"cell,omitempty"`
	Path    string      `json:"path"`
	Clause  string      `json:"clause"`
	Refusal *refusalOut `json:"refusal"`
}

// table reads the table of the request, with its column map.
func (c *call) table() (t node.Table, err error) {
	if t.Forum, t.Programme, t.Type, err = c.recordType(); err != nil {
		return t, err
	}
	var in importIn
	err = c.decode(maxRecords, &in)
	t.Columns, t.Data = in.Columns, in.Data
	return t, err
}

// previewRecords shows what would be sent, and sends nothing.
func (c *call) previewRecords() error {
	t, err := c.table()
	if err != nil {
		return err
	}
	p, err := c.node.Preview(c.ctx(), c.caller, t)
	if err != nil {
		return inBody(err)
	}
	out := previewOut{Records: p.Records, Good: p.Good, Rows: []previewRow{}}
	for _, r := range p.Rows {
		row := previewRow{Line: r.Line, Record: json.RawMessage(r.Raw), Cells: []cellsOut{}}
		for _, m := range r.Faults {
			row.Cells = append(row.Cells, cellsOut{m.Column, m.Cell, m.Path, m.Clause, c.refusalOut(m.Refusal)})
		}
		out.Rows = append(out.Rows, row)
	}
	return c.answer(http.StatusOK, out)
}

// importRecords sends what a column map makes of a table: all of it or nothing, unless the caller wants the good part.
func (c *call) importRecords() error {
	q, err := c.query("partial", "handling", "synthetic")
	if err != nil {
		return err
	}
	t, err := c.table()
	if err != nil {
		return err
	}
	in, err := c.node.Import(c.ctx(), c.caller, t, q.Get("partial") == "true")
	if err != nil {
		return inBody(err)
	}
	return c.sendRecords(node.SendRecords{Forum: t.Forum, Programme: t.Programme, Type: t.Type, Records: in.Records, Handling: jisr.Handling(q.Get("handling")), Synthetic: q.Get("synthetic") == "true"}, in.Refused)
}

// exportRecords writes the records that a question asks for in a form that others read, as they are read: a million are not
// held in memory. What fails after the first byte ends the connection, so that nobody takes half for the whole.
func (c *call) exportRecords() error {
	f, id, typ, err := c.recordType()
	if err != nil {
		return err
	}
	_, t, err := c.flowOf(f, id, typ)
	if err != nil {
		return err
	}
	q, err := c.recordQuery(book.RecordQuery{Forum: f, Programme: id, Type: typ}, t, "format")
	if err != nil {
		return err
	}
	format := programme.Format(cmp.Or(c.r.URL.Query().Get("format"), string(programme.CSV)))
	media, ending := formOf(format)
	w := &beginning{ResponseWriter: &patientWriter{c.w, c}, begin: func() {
		c.w.Header().Set("Content-Type", media)
		c.w.Header().Set("Content-Disposition", fmt.Sprintf(`attachment; filename="%s-%s.%s"`, id.Name(), typ, ending))
	}}
	err = c.node.ExportRecords(c.ctx(), c.caller, w, q, format, c.lang().Tag())
	if err != nil && w.begun {
		panic(http.ErrAbortHandler)
	}
	if err == nil && !w.begun { // a form without headings, of no records
		w.begin()
		c.w.WriteHeader(http.StatusOK)
	}
	return err
}

// beginning is an answer that is a file from its first byte on, and may be a problem until then.
type beginning struct {
	http.ResponseWriter
	begin func()
	begun bool
}

func (w *beginning) Write(b []byte) (int, error) {
	if !w.begun {
		w.begin()
		w.begun = true
	}
	return w.ResponseWriter.Write(b)
}

// formOf is the media type of a form, and how names of its files end.
func formOf(f programme.Format) (media, ending string) {
	switch f {
	case programme.XLSX:
		return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx"
	case programme.NDJSON:
		return "application/x-ndjson", "ndjson"
	case programme.SensorThings:
		return "application/json", "json"
	case programme.STIX:
		return "application/stix+json;version=2.1", "json"
	case programme.CAP:
		return "application/cap+xml", "xml"
	}
	return "text/csv; charset=utf-8", "csv"
}

func tableOperations() []operation {
	one := thingsPath("programme") + "/{id}/records/{type}"
	return []operation{
		{method: "POST", path: one + "/preview", id: "previewRecords", tag: "programmes", access: program, in: importIn{}, out: previewOut{}, do: (*call).previewRecords,
			summary: "See what a column map makes of a table", statuses: []int{http.StatusOK}, about: "Sends nothing. Each cell that is wrong is marked, with the paragraph of the annex it breaks."},
		{method: "POST", path: one + "/import", id: "importRecords", tag: "programmes", access: program, in: importIn{}, out: recordsOut{}, do: (*call).importRecords,
			summary: "Send what a column map makes of a table", statuses: []int{http.StatusCreated, http.StatusOK, http.StatusAccepted}, headers: []param{idempotency(), prefer("")}, query: partial(),
			about: "CSV, XLSX, JSON or NDJSON as their publishers write them. All of it or nothing, unless partial=true."},
		{method: "GET", path: one + "/export", id: "exportRecords", tag: "programmes", access: reading, plain: "text/csv", do: (*call).exportRecords, summary: "Export records", statuses: []int{http.StatusOK},
			query: append(recordQuestion(), param{name: "format", about: "hxl, sensorthings, stix and cap where the annex maps to them; cap is the first record alone.", enum: []string{"csv", "xlsx", "ndjson", "hxl", "sensorthings", "stix", "cap"}}),
			about: "Records that have effect and that the caller may read, newest batch first unless sort says otherwise; headings in the language of Accept-Language. " + recordFilters},
	}
}
