package api

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"mime"
	"net/http"
	"strings"
	"time"

	"jisr"
	"jisr/book"
	"jisr/node"
	"jisr/programme"
)

// programmeIn is an annex as a program lays it before a forum.
type programmeIn struct {
	Agreement string          `json:"agreement" doc:"The agreement whose text names the annex by its hash, or will."`
	Annex     json.RawMessage `json:"annex" doc:"The annex, in any layout: doc/spec/annex.md."`
}

// programmeOut is a programme as a program reads it.
type programmeOut struct {
	jointOut
	Agreement jisr.ThingID      `json:"agreement"`
	Document  jisr.Commitment   `json:"document" doc:"SHA-256 of the annex in its one encoding: what the agreement's text names."`
	Programme string            `json:"programme"`
	Version   string            `json:"version"`
	From      jisr.MemberID     `json:"from"`
	Standing  string            `json:"standing,omitempty" doc:"Today: the agreement's state, laid while no text that counts names the annex, or replaced. Left out in lists."`
	Article   string            `json:"article,omitempty"`
	Records   []recordTypeOut   `json:"records,omitempty" nullable:"false"`
	Charts    []string          `json:"charts,omitempty" nullable:"false"`
	Versions  []annexVersionOut `json:"versions,omitempty" nullable:"false" doc:"Of its annex, the oldest first, where there are several."`
	Annex     json.RawMessage   `json:"annex,omitempty"`
}

type annexVersionOut struct {
	ID      string    `json:"id"`
	Version string    `json:"version"`
	From    jisr.Date `json:"from,omitempty" doc:"Its agreement comes into force; left out while no day is known."`
	Until   jisr.Date `json:"until,omitempty" doc:"The day on which a newer version takes its place."`
}

type recordTypeOut struct {
	Type   string    `json:"type"`
	Title  jisr.Text `json:"title"`
	Clause string    `json:"clause" doc:"Its paragraph of the annex."`
	URL    string    `json:"url"`
}

type promiseOut struct {
	ID     string        `json:"id"`
	Label  jisr.Text     `json:"label"`
	Clause string        `json:"clause"`
	Of     jisr.MemberID `json:"of,omitempty"`
	From   time.Time     `json:"from"`
	To     time.Time     `json:"to"`
	Value  *float64      `json:"value,omitempty" doc:"Left out while there is nothing to tell it from."`
	Op     string        `json:"op"`
	Target float64       `json:"target"`
	Unit   string        `json:"unit,omitempty"`
	Kept   bool          `json:"kept"`
	Ended  bool          `json:"ended" doc:"The period is over."`

	Synthetic bool `json:"synthetic,omitempty" doc:"It counts records that were made by rule."`
}

func (c *call) programmeRow(r *book.ThingRow) programmeOut {
	p := r.State.Programme
	return programmeOut{jointOut: c.jointRow(r), Agreement: p.Agreement, Document: p.Document, Programme: p.Programme, Version: p.Version, From: p.From}
}

// programmeView is a programme with what its annex and its agreement make of it today. An annex that has not arrived yet
// leaves it a row.
func (c *call) programmeView(v *book.ThingView, joint jointOut) (programmeOut, error) {
	out := c.programmeRow(&v.ThingRow)
	out.jointOut = joint
	f, err := c.node.Flow(c.ctx(), v.Forum, v.ID)
	if r := (*jisr.Refusal)(nil); errors.As(err, &r) {
		return out, nil
	}
	if err != nil {
		return out, err
	}
	out.Standing, out.Article, out.Annex, out.Charts = string(f.Standing(c.node.Today())), f.Article, f.Programme.Encode(), f.Programme.ChartIDs()
	for i := range f.Versions {
		o := &f.Versions[i]
		out.Versions = append(out.Versions, annexVersionOut{o.ID.Name(), o.Version, o.From, o.Until})
	}
	for _, t := range f.Programme.Types {
		out.Records = append(out.Records, recordTypeOut{t.Name, t.Spec.Title, t.Clause, c.thingURL(v.Forum, v.ID) + "/records/" + t.Name})
	}
	return out, nil
}

// getTargets tells what each target came to in its present period.
func (c *call) getTargets() error {
	f, id, err := c.thing("programme")
	if err != nil {
		return err
	}
	promises, err := c.node.Promises(c.ctx(), c.caller, f, id)
	if err != nil {
		return err
	}
	items := make([]promiseOut, 0, len(promises))
	for _, p := range promises {
		o := promiseOut{ID: p.Target.ID, Label: p.Target.Label, Clause: p.Clause, Of: p.Of, From: p.Span.From, To: p.Span.To, Op: p.Target.Op, Target: p.Target.Value, Unit: p.Target.Unit, Kept: p.Kept, Ended: p.Ended, Synthetic: p.Synthetic}
		if p.There {
			o.Value = &p.Value
		}
		items = append(items, o)
	}
	return answerPage(c, items, "")
}

func (c *call) postProgramme() error {
	f, err := c.forum()
	if err != nil {
		return err
	}
	var in programmeIn
	if err := c.decode(2*programme.MaxAnnex, &in); err != nil {
		return err
	}
	key, err := idempotencyKey(c.r)
	if err != nil {
		return err
	}
	agreement := jisr.ThingID(in.Agreement)
	if agreement.Noun() != "agreement" {
		agreement = jisr.ThingID("agreement/" + in.Agreement)
	}
	if len(in.Agreement) > maxID || !jisr.ValidName(agreement.Name()) {
		return inBody(jisr.Refuse(jisr.NoSuch, echo(in.Agreement), "noun", "agreement"))
	}
	return c.begin(f, node.LayProgramme{Forum: f, Agreement: agreement, Document: in.Annex, Key: key})
}

func (c *call) listProgrammes() error {
	q, err := c.thingQuery("programme", []string{jisr.ProgrammeLaid}, map[string]string{"agreement": "agreement:"})
	if err != nil {
		return err
	}
	return listThings(c, q, c.programmeRow)
}

// recordsOut is what became of records that were sent.
type recordsOut struct {
	Accepted int          `json:"accepted"`
	Refused  []refusedOut `json:"refused" nullable:"false" doc:"With partial=true: each record that was left out, and why."`
}

type refusedOut struct {
	Row     int         `json:"row" doc:"As it was sent, from 1."`
	Path    string      `json:"path,omitempty"`
	Refusal *refusalOut `json:"refusal"`
}

// sentRecordOut is a record as a program reads it.
type sentRecordOut struct {
	ID        string          `json:"id"`
	By        jisr.MemberID   `json:"by"`
	At        time.Time       `json:"at"`
	Handling  jisr.Handling   `json:"handling,omitempty"`
	Record    json.RawMessage `json:"record"`
	Corrected bool            `json:"corrected,omitempty"`
	Withdrawn bool            `json:"withdrawn,omitempty"`
	Confirmed bool            `json:"confirmed,omitempty" doc:"The other side's figure is within the tolerance, or it said so."`
	Synthetic bool            `json:"synthetic,omitempty" doc:"Made by rule, to look at: who sent it says so."`
	Void      *refusalOut     `json:"void,omitempty" doc:"Why it has no effect: what the annex, the sender or the day did not allow."`
}

// recordType is the programme and the type of records in the path.
func (c *call) recordType() (f jisr.ForumID, id jisr.ThingID, typ string, err error) {
	if f, id, err = c.thing("programme"); err != nil {
		return "", "", "", err
	}
	if typ = c.r.PathValue("type"); len(typ) > maxID {
		return "", "", "", jisr.Refuse(jisr.NoSuch, echo(typ), "noun", "record")
	}
	return f, id, typ, nil
}

// flowOf is a programme with what its agreement allows, and one of its types of records.
func (c *call) flowOf(forum jisr.ForumID, id jisr.ThingID, typ string) (*book.Flow, *programme.Type, error) {
	f, err := c.node.Flow(c.ctx(), forum, id)
	if err != nil {
		return nil, nil, err
	}
	t := f.Programme.Type(typ)
	if t == nil {
		return nil, nil, jisr.Refuse(jisr.NoSuch, echo(typ), "noun", "record")
	}
	return f, t, nil
}

func (c *call) postRecords() error {
	forum, id, typ, err := c.recordType()
	if err != nil {
		return err
	}
	q, err := c.query("partial", "handling", "synthetic")
	if err != nil {
		return err
	}
	f, t, err := c.flowOf(forum, id, typ)
	if err != nil {
		return err
	}
	records, err := c.records(f.Programme, t)
	if err != nil {
		return err
	}
	cmd, refused, err := c.node.Sift(c.ctx(), c.caller, node.SendRecords{Forum: forum, Programme: id, Type: typ, Records: records, Handling: jisr.Handling(q.Get("handling")), Synthetic: q.Get("synthetic") == "true"})
	if err != nil {
		return inBody(err)
	}
	partial := q.Get("partial") == "true"
	if len(refused) > 0 && (!partial || len(cmd.Records) == 0) {
		return inBody(refused[0].Refusal)
	}
	return c.sendRecords(cmd, refused)
}

// sendRecords sends the records that are as the annex wants them, and lists those that were left out.
func (c *call) sendRecords(cmd node.SendRecords, refused []book.RefusedRow) (err error) {
	if cmd.Key, err = idempotencyKey(c.r); err != nil {
		return err
	}
	done, err := c.node.Do(c.ctx(), c.caller, cmd)
	if err != nil {
		return inBody(err)
	}
	out := recordsOut{Accepted: len(cmd.Records), Refused: make([]refusedOut, 0, len(refused))}
	for _, r := range refused {
		out.Refused = append(out.Refused, refusedOut{r.Row, r.Path, c.refusalOut(r.Refusal)})
	}
	return c.answer(c.waited(done, http.StatusCreated), out)
}

// records reads the records of a request: a JSON list or object, objects one a line, or a table whose headings are the
// names of fields.
func (c *call) records(p *programme.Programme, t *programme.Type) ([]json.RawMessage, error) {
	kind, _, err := mime.ParseMediaType(c.r.Header.Get("Content-Type"))
	if err != nil || kind != "application/json" && kind != "application/x-ndjson" && kind != "text/csv" {
		return nil, &refused{http.StatusUnsupportedMediaType, jisr.Refuse(jisr.NotOneOf, "Content-Type", "allowed", "application/json, application/x-ndjson, text/csv")}
	}
	var whole bytes.Buffer
	whole.Grow(int(min(max(c.r.ContentLength, 0), maxRecords)) + bytes.MinRead)
	_, err = whole.ReadFrom(http.MaxBytesReader(c.w, c.r.Body, maxRecords))
	body := whole.Bytes()
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return nil, &refused{http.StatusRequestEntityTooLarge, jisr.Refuse(jisr.TooLong, "body", "max", itoa(maxRecords))}
	}
	if err != nil {
		return nil, jisr.Refuse(jisr.Malformed, "body", "error", "it ended early")
	}
	var all []json.RawMessage
	if kind != "text/csv" {
		for raw, err := range programme.Objects(body) {
			if err != nil {
				return nil, inBody(err)
			}
			all = append(all, raw)
		}
		return all, nil
	}
	columns, err := byHeading(t, body)
	if err != nil {
		return nil, inBody(err)
	}
	for rec, err := range p.Import(columns, body) {
		if err != nil {
			return nil, inBody(err)
		}
		all = append(all, rec.Raw)
	}
	return all, nil
}

// byHeading is the column map of a table whose headings are the names of fields.
func byHeading(t *programme.Type, body []byte) (programme.Columns, error) {
	c := programme.Columns{Layout: programme.Layout{Format: programme.CSV}, Record: t.Name, Fields: map[string]programme.Column{}}
	heads, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(string(body), "\ufeff"))).Read()
	if err != nil {
		return c, jisr.Refuse(jisr.Malformed, "body", "want", "CSV", "error", err.Error())
	}
	for _, h := range heads {
		h = strings.TrimSpace(h)
		c.Fields[h] = programme.Column{From: []string{h}}
	}
	return c, nil
}

// pictureOut is a chart as data: an axis, and figures along it for each series.
type pictureOut struct {
	ID     string        `json:"id"`
	Type   string        `json:"type"`
	Title  jisr.Text     `json:"title"`
	Clause string        `json:"clause"`
	Level  jisr.Handling `json:"handling"`
	Unit   string        `json:"unit,omitempty"`
	Axis   []tickOut     `json:"axis" nullable:"false"`
	Series []seriesOut   `json:"series" nullable:"false"`
	Cut    bool          `json:"cut,omitempty" doc:"There was more than a picture holds."`

	Synthetic bool `json:"synthetic,omitempty" doc:"It counts records that were made by rule."`
}

type tickOut struct {
	Key   string    `json:"key"`
	Label jisr.Text `json:"label,omitempty"`
	Lat   float64   `json:"lat,omitempty"`
	Lon   float64   `json:"lon,omitempty"`
}

type seriesOut struct {
	Key    string      `json:"key,omitempty"`
	Label  jisr.Text   `json:"label,omitempty"`
	Values []figureOut `json:"values" nullable:"false"`
}

// figureOut is a figure: none where there is nothing, fewer_than where showing how many could lead to a person.
type figureOut struct {
	Value *float64 `json:"value,omitempty"`
	Fewer int      `json:"fewer_than,omitempty"`
}

func (c *call) getPicture() error {
	f, id, err := c.thing("programme")
	if err != nil {
		return err
	}
	name := c.r.PathValue("chart")
	if len(name) > maxID {
		return jisr.Refuse(jisr.NoSuch, echo(name), "noun", "chart")
	}
	p, err := c.node.Picture(c.ctx(), c.caller, f, id, name)
	if err != nil {
		return err
	}
	out := pictureOut{ID: p.Chart.ID, Type: string(p.Chart.Type), Title: p.Chart.Title, Clause: p.Clause, Level: p.Level, Unit: p.Chart.Unit, Axis: []tickOut{}, Series: []seriesOut{}, Cut: p.Cut, Synthetic: p.Synthetic}
	for _, t := range p.Axis {
		out.Axis = append(out.Axis, tickOut{t.Key, t.Label, t.Lat, t.Lon})
	}
	for _, s := range p.Series {
		so := seriesOut{Key: s.Key, Label: s.Label, Values: []figureOut{}}
		for _, fig := range s.Figures {
			fo := figureOut{}
			switch {
			case fig.Few:
				fo.Fewer = 5
			case fig.There:
				fo.Value = &fig.Value
			}
			so.Values = append(so.Values, fo)
		}
		out.Series = append(out.Series, so)
	}
	return c.answer(http.StatusOK, out)
}

// partial are the parameters of sending records.
func partial() []param {
	return []param{{name: "partial", about: "true: records the annex does not allow are left out and listed; otherwise one refuses all.", enum: []string{"true"}},
		{name: "handling", about: "Within the annex's floor and ceiling.", enum: strs(jisr.Handlings())},
		{name: "synthetic", about: "true: the records were made by rule, to look at, and are marked wherever they show.", enum: []string{"true"}}}
}

func programmeOperations() []operation {
	one := thingsPath("programme") + "/{id}"
	records := one + "/records/{type}"
	ok := []int{http.StatusOK}
	made := []int{http.StatusCreated, http.StatusOK, http.StatusAccepted}
	return []operation{
		{method: "POST", path: thingsPath("programme"), id: "postProgramme", tag: "programmes", access: program, in: programmeIn{}, out: programmeOut{}, do: (*call).postProgramme,
			summary: "Lay an annex before the forum", statuses: made, headers: []param{idempotency(), prefer("")},
			about: "Nothing flows by it. Records flow while the agreement is in force and its text names the annex by its hash."},
		{method: "GET", path: thingsPath("programme"), id: "listProgrammes", tag: "programmes", access: reading, out: page[programmeOut]{}, do: (*call).listProgrammes, summary: "List programmes, newest change first", statuses: ok,
			query: append([]param{{name: "state", about: "The step of its life.", enum: []string{jisr.ProgrammeLaid}}, {name: "with", about: "The member that laid it."},
				{name: "agreement", about: "What it rests on: agreement/iq-01k…."}, {name: "q", about: "Words of the title; Arabic is normalised."}}, paging()...)},
		{method: "GET", path: one, id: "getProgramme", tag: "programmes", access: reading, out: programmeOut{}, do: getThing("programme"), summary: "Read a programme", statuses: ok,
			about: "With its annex, and what it is today."},
		{method: "POST", path: records, id: "postRecords", tag: "programmes", access: program, in: []map[string]any{}, out: recordsOut{}, do: (*call).postRecords,
			summary: "Send records", statuses: made, headers: []param{idempotency(), prefer("")},
			query: partial(),
			about: "A JSON list, objects one a line (application/x-ndjson), or a table whose headings are names of fields (text/csv). What is refused names the agreement, the article and the paragraph of the annex."},
		{method: "GET", path: one + "/targets", id: "getTargets", tag: "programmes", access: reading, out: page[promiseOut]{}, do: (*call).getTargets, summary: "Read what the targets came to in their present periods", statuses: ok},
		{method: "GET", path: one + "/charts/{chart}", id: "getChart", tag: "programmes", access: reading, out: pictureOut{}, do: (*call).getPicture, summary: "Read a chart of the annex as data", statuses: ok},
	}
}
