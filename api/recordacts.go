package api

import (
	"encoding/json"
	"net/http"
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

// recordHistoryOut is one record with what was said about it.
type recordHistoryOut struct {
	sentRecordOut
	Acknowledged map[jisr.MemberID]time.Time `json:"acknowledged,omitempty"`
	Versions     []recordVersionOut          `json:"versions" nullable:"false" doc:"As it was sent, then each correction, oldest first."`
	Acts         []actOut                    `json:"acts" nullable:"false" doc:"About its batch: those that name it, or all of it."`
}

type recordVersionOut struct {
	Member jisr.MemberID   `json:"member"`
	Index  jisr.Index      `json:"index"`
	Record json.RawMessage `json:"record,omitempty" doc:"Left out when it is not here, or was erased."`
}

// correctIn is another record in the place of one.
type correctIn struct {
	Record json.RawMessage `json:"record"`
	Reason string          `json:"reason,omitempty"`
}

type reasonIn struct {
	Reason string `json:"reason,omitempty"`
}

// columnMapIn is a column map to keep.
type columnMapIn struct {
	ID      string            `json:"id,omitempty" doc:"Of the one it replaces."`
	Title   string            `json:"title"`
	Columns programme.Columns `json:"columns"`
}

type columnMapOut struct {
	ID      string            `json:"id"`
	Title   string            `json:"title"`
	Columns programme.Columns `json:"columns"`
}

func (c *call) sentRecord(r *book.RecordRow) sentRecordOut {
	return sentRecordOut{ID: r.ID, By: r.By, At: r.Sent, Handling: r.Handling, Record: r.Raw, Corrected: r.Corrected, Withdrawn: r.Withdrawn, Confirmed: r.Confirmed, Synthetic: r.Synthetic, Void: c.refusalOut(r.Void)}
}

// recordQuery reads the question of a list: fields of the type are filters, name=value, name.from and name.to. Others are
// parameters that the caller reads by itself.
func (c *call) recordQuery(q book.RecordQuery, t *programme.Type, others ...string) (book.RecordQuery, error) {
	known := append([]string{"sort", "order", "q"}, others...)
	names := []string{"@by", "@sent", "@corrected", "@confirmed"}
	for _, f := range t.Fields {
		if !slices.Contains(known, f.Name) {
			names = append(names, f.Name)
		}
	}
	all := slices.Clone(known)
	for _, n := range names {
		all = append(all, n, n+".from", n+".to")
	}
	asked, err := c.query(all...)
	if err != nil {
		return q, err
	}
	q.Cursor, q.Sort, q.Search, q.Void, q.Ascending = asked.Get("cursor"), asked.Get("sort"), asked.Get("q"), asked.Get("void") == "true", asked.Get("order") == "ascending"
	if q.Limit, err = limitOf(asked); err != nil {
		return q, err
	}
	for _, n := range names {
		if f, given := filterOf(asked, n); given {
			q.Filters = append(q.Filters, f)
		}
	}
	return q, nil
}

// filterOf reads one filter; values have commas between.
func filterOf(q url.Values, name string) (f book.Filter, given bool) {
	f = book.Filter{Field: name, From: q.Get(name + ".from"), To: q.Get(name + ".to")}
	if q.Has(name) {
		f.Is = strings.Split(q.Get(name), ",")
	}
	return f, f.From != "" || f.To != "" || len(f.Is) > 0
}

func (c *call) getRecords() error {
	forum, id, typ, err := c.recordType()
	if err != nil {
		return err
	}
	_, t, err := c.flowOf(forum, id, typ)
	if err != nil {
		return err
	}
	q, err := c.recordQuery(book.RecordQuery{Forum: forum, Programme: id, Type: typ}, t, "cursor", "limit", "void")
	if err != nil {
		return err
	}
	page, err := c.node.Records(c.ctx(), c.caller, q)
	if err != nil {
		return err
	}
	items := make([]sentRecordOut, 0, len(page.Rows))
	for i := range page.Rows {
		items = append(items, c.sentRecord(&page.Rows[i]))
	}
	return answerPage(c, items, page.Next)
}

// record reads the record in the path, with its history.
func (c *call) record() (forum jisr.ForumID, v book.RecordView, err error) {
	forum, id, typ, err := c.recordType()
	if err != nil {
		return "", v, err
	}
	name := c.r.PathValue("record")
	if len(name) > maxID+len(".100000") {
		return "", v, jisr.Refuse(jisr.NoSuch, echo(name), "noun", "record")
	}
	v, err = c.node.Record(c.ctx(), c.caller, forum, id, typ, name)
	return forum, v, err
}

func (c *call) getRecord() error {
	_, v, err := c.record()
	if err != nil {
		return err
	}
	return c.answerRecord(http.StatusOK, &v)
}

func (c *call) answerRecord(status int, v *book.RecordView) error {
	out := recordHistoryOut{sentRecordOut: c.sentRecord(&v.RecordRow), Acknowledged: map[jisr.MemberID]time.Time{}, Versions: []recordVersionOut{}, Acts: []actOut{}}
	for m, s := range v.State.Acknowledged {
		out.Acknowledged[m] = s.At
	}
	for _, r := range v.Versions {
		out.Versions = append(out.Versions, recordVersionOut{r.Act.Member, r.Act.Index, r.Raw})
	}
	for i := range v.Acts {
		out.Acts = append(out.Acts, c.actOut(&v.Acts[i].ActRow))
	}
	return c.answer(status, out)
}

// getRecordFile streams a file of a record: what stands in it was made by somebody else, see getAttachment.
func (c *call) getRecordFile() error {
	forum, id, typ, err := c.recordType()
	if err != nil {
		return err
	}
	name, sum := c.r.PathValue("record"), c.r.PathValue("sha256")
	if len(name) > maxID+len(".100000") || len(sum) > 64 {
		return jisr.Refuse(jisr.NoSuch, echo(sum), "noun", "attachment")
	}
	content, file, err := c.node.RecordFile(c.ctx(), c.caller, forum, id, typ, name, sum)
	if err != nil {
		return err
	}
	defer content.Close()
	h := c.w.Header()
	h.Set("Content-Type", safeType(file.Type))
	h.Set("Content-Disposition", words.Download(file.Name, "attachment"))
	h.Set("ETag", strconv.Quote(sum))
	http.ServeContent(&patientWriter{c.w, c}, c.r, "", time.Time{}, content)
	return nil
}

// says carries out a command about the record in the path and answers how it then stands.
func (c *call) saysOfRecord(command func(forum jisr.ForumID, v *book.RecordView) (node.Command, error)) error {
	forum, v, err := c.record()
	if err != nil {
		return err
	}
	cmd, err := command(forum, &v)
	if err != nil {
		return err
	}
	done, err := c.node.Do(c.ctx(), c.caller, cmd)
	if err != nil {
		return inBody(err)
	}
	status := c.waited(done, http.StatusOK)
	if _, v, err = c.record(); err != nil {
		return err
	}
	return c.answerRecord(status, &v)
}

func (c *call) correctRecord() error {
	return c.saysOfRecord(func(forum jisr.ForumID, v *book.RecordView) (node.Command, error) {
		var in correctIn
		err := c.decode(programme.MaxRecord, &in)
		return node.CorrectRecords{Forum: forum, Batch: v.Batch, Records: map[int]json.RawMessage{v.Place: in.Record}, Reason: in.Reason}, err
	})
}

func (c *call) withdrawRecord() error {
	return c.saysOfRecord(func(forum jisr.ForumID, v *book.RecordView) (node.Command, error) {
		var in reasonIn
		err := c.decodeOptional(programme.MaxRecord, &in)
		return node.WithdrawRecords{Forum: forum, Batch: v.Batch, Places: jisr.PlacesOf(v.Place), Reason: in.Reason}, err
	})
}

func (c *call) confirmRecord() error {
	return c.saysOfRecord(func(forum jisr.ForumID, v *book.RecordView) (node.Command, error) {
		return node.ConfirmRecords{Forum: forum, Batch: v.Batch, Places: jisr.PlacesOf(v.Place)}, nil
	})
}

func (c *call) acknowledgeRecord() error {
	return c.saysOfRecord(func(forum jisr.ForumID, v *book.RecordView) (node.Command, error) {
		return node.AcknowledgeRecords{Forum: forum, Batch: v.Batch}, nil
	})
}

func (c *call) getColumns() error {
	forum, id, typ, err := c.recordType()
	if err != nil {
		return err
	}
	rows, err := c.node.ColumnMaps(c.ctx(), c.caller, forum, id, typ)
	if err != nil {
		return err
	}
	items := []columnMapOut{}
	for _, r := range rows {
		items = append(items, columnMapOut{r.ID.Name(), r.State.Title, r.Columns})
	}
	return answerPage(c, items, "")
}

func (c *call) postColumns() error {
	forum, id, typ, err := c.recordType()
	if err != nil {
		return err
	}
	var in columnMapIn
	if err := c.decode(maxColumns, &in); err != nil {
		return err
	}
	cmd := node.KeepColumns{Forum: forum, Programme: id, Type: typ, Title: in.Title, Columns: in.Columns}
	if in.ID != "" {
		if !jisr.ValidName(in.ID) {
			return inBody(jisr.Refuse(jisr.NoSuch, echo(in.ID), "noun", "columns"))
		}
		cmd.ID = jisr.ThingID("columns/" + in.ID)
	}
	done, err := c.node.Do(c.ctx(), c.caller, cmd)
	if err != nil {
		return inBody(err)
	}
	in.Columns.Record = typ
	return c.answer(http.StatusCreated, columnMapOut{done.Thing.Name(), in.Title, in.Columns})
}

// recordQuestion are the parameters of a question about records beside its filters.
func recordQuestion() []param {
	return []param{{name: "sort", about: "A field, @sent or @by; what dates a record where left out."}, {name: "order", about: "Largest and newest first where left out.", enum: []string{"ascending"}},
		{name: "q", about: "Words of its texts; Arabic is normalised."}}
}

// recordFilters says how a list and an export are narrowed.
const recordFilters = "Every field that can be compared is a filter: station=JRB,HSB for one of these, time.from=2026-01 and time.to=2026-03 for a stretch (a day or month as to is included), and so are @by, @sent, @corrected and @confirmed."

func recordActOperations() []operation {
	records := thingsPath("programme") + "/{id}/records/{type}"
	one := records + "/{record}"
	ok := []int{http.StatusOK}
	said := []int{http.StatusOK, http.StatusAccepted}
	return []operation{
		{method: "GET", path: records, id: "getRecords", tag: "programmes", access: reading, out: page[sentRecordOut]{}, do: (*call).getRecords, summary: "List records, newest first", statuses: ok,
			about: recordFilters,
			query: append(append(recordQuestion(), param{name: "void", about: "true: also those without effect.", enum: []string{"true"}}), paging()...)},
		{method: "GET", path: one, id: "getRecord", tag: "programmes", access: reading, out: recordHistoryOut{}, do: (*call).getRecord, summary: "Read one record with its history", statuses: ok},
		{method: "GET", path: one + "/files/{sha256}", id: "getRecordFile", tag: "programmes", access: reading, plain: "application/octet-stream", do: (*call).getRecordFile, summary: "Download a file of a record", statuses: []int{http.StatusOK, http.StatusPartialContent},
			about: "Whole or in ranges. A record that is sent names an upload of /api/v1/attachments in the place of a file, {\"upload\":\"…\"}; its name, size, type and SHA-256 are put there."},
		{method: "POST", path: one + "/correct", id: "correctRecord", tag: "programmes", access: program, in: correctIn{}, out: recordHistoryOut{}, do: (*call).correctRecord, summary: "Put another record in its place", statuses: said, headers: []param{prefer("")},
			about: "Who sent it corrects it. The correction of a confirmed figure asks for its confirmation anew."},
		{method: "POST", path: one + "/withdraw", id: "withdrawRecord", tag: "programmes", access: program, in: reasonIn{}, out: recordHistoryOut{}, do: (*call).withdrawRecord, summary: "Withdraw a record", statuses: said, headers: []param{prefer("")},
			about: "A figure that the other side confirmed is not withdrawn."},
		{method: "POST", path: one + "/confirm", id: "confirmRecord", tag: "programmes", access: program, out: recordHistoryOut{}, do: (*call).confirmRecord, summary: "Confirm the figure of the other side", statuses: said, headers: []param{prefer("")}},
		{method: "POST", path: one + "/acknowledge", id: "acknowledgeRecord", tag: "programmes", access: program, out: recordHistoryOut{}, do: (*call).acknowledgeRecord, summary: "Say that a desk has read its batch", statuses: said, headers: []param{prefer("")}},
		{method: "GET", path: records + "/columns", id: "getColumns", tag: "programmes", access: program, out: page[columnMapOut]{}, do: (*call).getColumns, summary: "List the column maps the house keeps for a type", statuses: ok},
		{method: "POST", path: records + "/columns", id: "postColumns", tag: "programmes", access: program, in: columnMapIn{}, out: columnMapOut{}, do: (*call).postColumns, summary: "Keep a column map for the next file", statuses: []int{http.StatusCreated}},
	}
}
