package portal

import (
	"encoding/json"
	"net/url"
	"strconv"
	"strings"
	"time"

	"jisr"
	"jisr/book"
	"jisr/node"
	"jisr/programme"
)

// oneRecordView is one record: what it says, how it stands, what was said about it and by whom, and the proof.
type oneRecordView struct {
	Page
	Title    string
	List     Link
	Line     recordLine
	Problem  string
	Fields   []field
	Versions []recordVersion
	Steps    []noteAct
	Facts    []field
	Proof    string
	Act      string
	Correct  string
	Custody  string // where its batch is held or referred
	Actions  []saying
}

// recordVersion is what a correction changed.
type recordVersion struct {
	When, What, URL string
	Changes         []changedField
}

// changedField is a value before and after.
type changedField struct{ Name, Was, Is string }

func (s *site) oneRecord(r *request) (*answer, error) { return s.oneRecordWith(r, "") }

func (s *site) loadRecord(r *request, rd reader) (v book.RecordView, flow *book.Flow, typ *programme.Type, err error) {
	t, flow, typ, err := s.recordsOf(r, rd)
	if err == nil {
		v, err = s.node.Record(r.Context(), r.caller, t.Forum, t.ID, typ.Name, clip(r.PathValue("record"), maxField))
	}
	return v, flow, typ, err
}

func (s *site) oneRecordWith(r *request, problem string) (*answer, error) {
	rd := s.reader(r)
	rec, flow, typ, err := s.loadRecord(r, rd)
	if err != nil {
		return nil, err
	}
	list := rd.programmeURL(flow.Forum, flow.ID, "records", typ.Name)
	at := list + "/one/" + rec.ID
	v := oneRecordView{Page: s.live(r, "programmes"), Title: inLanguage(rd.l, typ.Spec.Title), List: Link{Word: inLanguage(rd.l, typ.Spec.Title), URL: list}, Problem: problem,
		Line: rd.recordLine(flow, typ, &rec.RecordRow), Act: rd.actURL(flow.Forum, rec.State.Sent.Position)}
	v.Proof = v.Act + "/proof"
	if rd.may("thing.hold") {
		v.Custody = rd.custodyURL(flow.Forum, rec.Batch)
	}
	for _, f := range typ.Fields {
		links, files := s.namedBy(r, rd, flow, typ, &rec, f)
		if word := rd.cell(flow.Programme, f, rec.RecordRow.Record); word != "" || len(files) > 0 {
			v.Fields = append(v.Fields, field{Name: inLanguage(rd.l, f.Label), Value: word, Note: rd.unitOf(flow.Programme, f), Links: links, Files: files})
		}
	}
	v.Facts = []field{{Name: rd.l.T("records.name"), Value: rec.ID, Code: true}, {Name: rd.l.T("note.field.handling"), Value: rd.handling(rec.Handling)},
		{Name: rd.l.T("annex.fact.kept"), Value: rd.l.Duration(typ.Spec.Retention.Period)}, {Name: rd.l.T("programme.annex"), Value: flow.Programme.Name() + ", " + typ.Clause, Code: true}}
	for i := range rec.Acts {
		a := &rec.Acts[i]
		n := noteAct{What: rd.kindOf(a.Act.Kind), Who: rd.side(a.Act.Member), When: rd.dateTime(a.Act.At), URL: rd.actURL(flow.Forum, a.Act.Position), Reason: saidIn(rd.l.Tag(), placeReason(&a.Act), "")}
		if a.Void != nil {
			n.Void = sentence(rd.l, a.Void)
		}
		v.Steps = append([]noteAct{n}, v.Steps...)
	}
	for i := 1; i < len(rec.Versions); i++ {
		v.Versions = append(v.Versions, rd.versionOf(flow, typ, &rec, i))
	}
	v.may(rd, flow, &rec, at)
	if problem != "" {
		v.Live = false
		return &answer{status: 422, page: oneRecordPage(v)}, nil
	}
	return &answer{page: oneRecordPage(v)}, nil
}

func placeReason(a *jisr.Act) string {
	if a.Kind == jisr.KindRecordBatch || a.Kind == jisr.KindRecordAcknowledge {
		return ""
	}
	t, err := jisr.ReadPlaces(a)
	if err != nil {
		return ""
	}
	return t.Reason
}

// unitOf is the unit of a field as a sign beside its value.
func (rd reader) unitOf(p *programme.Programme, f *programme.Field) string {
	if f.Unit == "" || f.Unit == "C62" {
		return ""
	}
	return inLanguage(rd.l, p.Unit(f.Unit).Label)
}

// versionOf says what the n-th version of a record changed.
func (rd reader) versionOf(f *book.Flow, typ *programme.Type, rec *book.RecordView, n int) recordVersion {
	was, is := rec.Versions[n-1].Record, rec.Versions[n].Record
	v := recordVersion{URL: rd.actURL(f.Forum, rec.Versions[n].Act), What: rd.l.T("records.state.corrected")}
	for i := range rec.Acts {
		if rec.Acts[i].Act.Position == rec.Versions[n].Act {
			v.When = rd.dateTime(rec.Acts[i].Act.At)
		}
	}
	for _, field := range typ.Fields {
		before, after := rd.cell(f.Programme, field, was), rd.cell(f.Programme, field, is)
		if before != after {
			v.Changes = append(v.Changes, changedField{inLanguage(rd.l, field.Label), before, after})
		}
	}
	return v
}

// may is what this official may say about the record now.
func (v *oneRecordView) may(rd reader, f *book.Flow, rec *book.RecordView, at string) {
	defer v.mayErase(rd, rec, at)
	if rec.Void != nil || rec.Withdrawn || f.Speaks(rd.today) != nil {
		return
	}
	if _, done := rec.State.Acknowledged[rd.self]; !done && rec.By != rd.self && rec.State.AcknowledgeBy != nil && rd.may(node.Verb(jisr.KindRecordAcknowledge)) {
		a := rd.offer(jisr.KindRecordAcknowledge, at)
		a.First = true
		v.Actions = append(v.Actions, a)
	}
	_, confirmed := rec.Change.Confirmed[rd.self]
	switch ours := rec.By == rd.self; {
	case ours:
		if rd.may(node.Verb(jisr.KindRecordCorrect)) {
			v.Correct = at + "/correct"
		}
		if rd.may(node.Verb(jisr.KindRecordWithdraw)) && len(rec.Change.Confirmed) == 0 {
			v.Actions = append(v.Actions, rd.offer(jisr.KindRecordWithdraw, at, rd.ask("reason", false)))
		}
	case !confirmed && rd.may(node.Verb(jisr.KindRecordConfirm)):
		a := rd.offer(jisr.KindRecordConfirm, at)
		a.First = true
		v.Actions = append(v.Actions, a)
	}
}

// mayErase offers to agree that the contents of the batch go, also after the programme ended.
func (v *oneRecordView) mayErase(rd reader, rec *book.RecordView, at string) {
	if _, said := rec.State.Erase[rd.self]; said || !rd.may(node.Verb(jisr.KindRecordErase)) {
		return
	}
	a := rd.offer(jisr.KindRecordErase, at, rd.ask("reason", false))
	a.First = len(rec.State.Erase) > 0
	v.Actions = append(v.Actions, a)
}

// sayRecord withdraws, confirms or acknowledges a record, or agrees that its batch is erased.
func (s *site) sayRecord(r *request) (*answer, error) {
	rd := s.reader(r)
	rec, flow, typ, err := s.loadRecord(r, rd)
	if err != nil {
		return nil, err
	}
	places := jisr.PlacesOf(rec.Place)
	var cmd node.Command
	switch verb := r.PathValue("verb"); verb {
	case "withdraw":
		cmd = node.WithdrawRecords{Forum: flow.Forum, Batch: rec.Batch, Places: places, Reason: line1(r, "reason")}
	case "confirm":
		cmd = node.ConfirmRecords{Forum: flow.Forum, Batch: rec.Batch, Places: places}
	case "acknowledge":
		cmd = node.AcknowledgeRecords{Forum: flow.Forum, Batch: rec.Batch}
	case "erase":
		cmd = node.EraseRecords{Forum: flow.Forum, Batch: rec.Batch, Reason: line1(r, "reason")}
	default:
		return nil, jisr.Refuse(jisr.NoSuch, clip(verb, maxField), "noun", "act")
	}
	_, problem, err := s.says(r, cmd)
	if problem != "" {
		return s.oneRecordWith(r, problem)
	}
	return &answer{to: rd.programmeURL(flow.Forum, flow.ID, "records", typ.Name, "one", rec.ID)}, err
}

// askCorrection is the form of the record with what stands in it now.
func (s *site) askCorrection(r *request) (*answer, error) {
	rd := s.reader(r)
	rec, flow, typ, err := s.loadRecord(r, rd)
	if err != nil {
		return nil, err
	}
	if rec.By != rd.self {
		return nil, jisr.Refuse(jisr.NotYours, rec.ID)
	}
	return s.askRecordWith(r, formOf(flow, typ, rec.Raw), nil, "", rec.ID)
}

// formOf fills the form from a record.
func formOf(f *book.Flow, typ *programme.Type, raw json.RawMessage) url.Values {
	in := url.Values{}
	for _, p := range typ.Paths() {
		v, name := rawAt(raw, p.Path), "v."+p.Path
		if v == "" {
			continue
		}
		switch p.Field.Type {
		case programme.DateOf, programme.TimeOf:
			at, err := time.Parse(time.RFC3339Nano, v)
			if err != nil {
				at, err = time.Parse(time.DateOnly, v)
			} else {
				at = at.In(f.Programme.Zone())
			}
			if err == nil {
				in.Set(name+".day", strconv.Itoa(at.Day()))
				in.Set(name+".month", strconv.Itoa(int(at.Month())))
				in.Set(name+".year", strconv.Itoa(at.Year()))
				in.Set(name+".clock", at.Format("15:04"))
			}
		case programme.List:
			in[name] = strings.Split(v, ", ")
		default:
			in.Set(name, v)
		}
	}
	return in
}

func (s *site) correctRecord(r *request) (*answer, error) {
	rd := s.reader(r)
	rec, flow, typ, err := s.loadRecord(r, rd)
	if err != nil {
		return nil, err
	}
	raw, faults, err := s.writtenWhole(r, flow, typ, rec.Raw)
	if err == nil && len(faults) > 0 {
		return s.askRecordWith(r, r.PostForm, clauses(flow, faults), "", rec.ID)
	}
	if err == nil {
		_, err = s.node.Do(r.Context(), r.caller, node.CorrectRecords{Forum: flow.Forum, Batch: rec.Batch, Records: map[int]json.RawMessage{rec.Place: raw}, Reason: line1(r, "reason")})
	}
	if faults := faultOf(err); faults != nil {
		return s.askRecordWith(r, r.PostForm, faults, "", rec.ID)
	}
	if why := rd.why(err); why != "" {
		return s.askRecordWith(r, r.PostForm, nil, why, rec.ID)
	}
	if err != nil {
		return nil, err
	}
	return &answer{to: rd.programmeURL(flow.Forum, flow.ID, "records", typ.Name, "one", rec.ID)}, nil
}
