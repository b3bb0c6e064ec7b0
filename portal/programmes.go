package portal

import (
	"bytes"
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"

	"jisr"
	"jisr/book"
	"jisr/node"
	"jisr/programme"
	"jisr/words"
)

// programmesView is the list of programmes, those that run first to be seen by their state.
type programmesView struct {
	Page
	Lines       []line
	Next, First string
}

// programmeView is a programme as an official opens it: what is in force and by what, what is owed, how the targets
// stand, the charts, and the records.
type programmeView struct {
	Page
	Title     string
	State     tag
	Means     string
	Agreement Link
	Annex     string
	Missing   string // why the annex cannot be read here
	Owed      []owedReport
	MoreOwed  string
	Sides     []sideBalance
	Since     string
	Targets   []targetView
	Refused   string // why the targets are not shown
	Charts    []chartView
	Types     []recordTypeView
	Facts     []field
	Versions  []versionLine
	Owing     owing
	Custody   custodyPart
	Steps     []noteAct
}

// versionLine is one version of the annex, with the days on which it counts.
type versionLine struct {
	Word, Span string
	URL        string // empty: it is the one shown here
	State      tag
}

// targetView is a target and what it came to in its present period.
type targetView struct {
	Label  string
	Clause string
	Of     *side // nil: of all parties' records
	Value  string
	Aim    string
	Period string
	State  tag
	Width  int // per cent of the aim, for the bar; -1: nothing to draw

	Synthetic string // that it counts records made by rule
}

// recordTypeView is one kind of record: who sends it, by when, and where it is read and sent.
type recordTypeView struct {
	Title   string
	Clause  string
	URL     string
	Senders []side
	Cadence []string
	Kept    string
}

func (rd reader) programmeURL(f jisr.ForumID, id jisr.ThingID, more ...string) string {
	return rd.url(append([]string{"programmes", string(f), id.Name()}, more...)...)
}

func programmeID(r *request) jisr.ThingID {
	return jisr.ThingID("programme/" + clip(r.PathValue("id"), maxField))
}

func (s *site) programmes(r *request) (*answer, error) {
	rd := s.reader(r)
	ask := book.ThingQuery{Noun: "programme", Cursor: clip(r.URL.Query().Get("cursor"), maxField), Limit: pageNotes}
	rows, next, err := s.node.Book().Things(r.Context(), rd.scope, ask)
	if err != nil {
		return nil, err
	}
	v := programmesView{Page: s.live(r, "programmes")}
	for i := range rows {
		v.Lines = append(v.Lines, s.programmeLine(r.Context(), rd, &rows[i]))
	}
	if next != "" {
		v.Next = rd.url("programmes") + "?cursor=" + next
	}
	if ask.Cursor != "" {
		v.First = rd.url("programmes")
	}
	return &answer{page: programmesPage(v)}, nil
}

// programmeLine is a programme in a list, with what it is today.
func (s *site) programmeLine(ctx context.Context, rd reader, row *book.ThingRow) line {
	l := rd.thingLine(row)
	l.Kind = rd.l.T("programme.version", "programme", row.State.Programme.Programme, "version", row.State.Programme.Version)
	if f, err := s.node.Flow(ctx, row.Forum, row.ID); err == nil {
		l.State = rd.flowTag(f.Standing(rd.today))
		l.To = rd.sides(slices.DeleteFunc(slices.Clone(f.Programme.Annex.Parties), func(m jisr.MemberID) bool { return m == row.State.Programme.From }))
	}
	return l
}

// flowTag is what a programme is on a day: its agreement's state, in the words of what flows.
func (rd reader) flowTag(st jisr.AgreementState) tag {
	switch st {
	case jisr.ProgrammeLaid:
		return tag{Tone: "idle", Icon: "file-text", Word: rd.l.T("programme.state.laid")}
	case jisr.ProgrammeReplaced:
		return tag{Tone: "done", Icon: "archive", Word: rd.l.T("programme.state.replaced")}
	}
	return rd.agreementTag(st)
}

func (s *site) loadProgramme(r *request, rd reader) (book.ThingView, *book.Flow, error) {
	f := jisr.ForumID(r.PathValue("forum"))
	if !jisr.ValidForum(f) {
		return book.ThingView{}, nil, jisr.Refuse(jisr.NoSuch, clip(string(f), maxField), "noun", "forum")
	}
	t, err := s.node.Book().Thing(r.Context(), rd.scope, f, programmeID(r))
	if err == nil && t.State.Programme == nil {
		err = jisr.Refuse(jisr.NoSuch, clip(r.PathValue("id"), maxField), "noun", "programme")
	}
	if err != nil {
		return t, nil, err
	}
	flow, err := s.node.Flow(r.Context(), f, t.ID)
	return t, flow, err
}

func (s *site) programme(r *request) (*answer, error) {
	rd := s.reader(r)
	t, flow, err := s.loadProgramme(r, rd)
	if t.State.Programme == nil {
		return nil, err
	}
	v := programmeView{Page: s.live(r, "programmes"), Title: inLanguage(rd.l, t.State.Programme.Title), Annex: rd.programmeURL(t.Forum, t.ID, "annex"), Steps: rd.thingActs(&t),
		State: rd.flowTag(jisr.ProgrammeLaid)}
	if refusal := (*jisr.Refusal)(nil); errors.As(err, &refusal) { // the annex, or its agreement, is not here yet
		v.Missing, v.Means = sentence(rd.l, refusal), rd.l.T("programme.waiting")
		return &answer{page: programmePage(v)}, nil
	}
	if err != nil {
		return nil, err
	}
	if v.Custody, err = s.custodyOf(r.Context(), rd, rd.heldThing(&t)); err != nil {
		return nil, err
	}
	v.standing(rd, &t, flow)
	for _, typ := range flow.Programme.Types {
		v.Types = append(v.Types, rd.recordType(&t, flow, typ))
	}
	if err := s.balance(r, rd, &v, &t, flow); err != nil {
		return nil, err
	}
	if v.Targets, v.Refused, err = s.targets(r, rd, &t, flow); err != nil {
		return nil, err
	}
	if v.Owing, err = s.owingOf(r.Context(), rd, t.Forum, t.ID, ""); err != nil {
		return nil, err
	}
	for _, id := range flow.Programme.ChartIDs() {
		c, err := s.chartOf(r, rd, &t, flow, id)
		if err != nil {
			return nil, err
		}
		v.Charts = append(v.Charts, c)
	}
	return &answer{page: programmePage(v)}, nil
}

// standing says what the programme is today, since when and by which article.
func (v *programmeView) standing(rd reader, t *book.ThingView, f *book.Flow) {
	st := f.Standing(rd.today)
	v.State = rd.flowTag(st)
	v.Agreement = Link{Word: inLanguage(rd.l, f.Agreement.Title), URL: rd.agreementURL(t.Forum, f.Laid.Agreement)}
	since := f.Agreement.Force().Date
	by := f.Replaced(rd.today)
	v.versions(rd, t, f)
	switch {
	case by != nil:
		v.Means = rd.l.T("programme.replaced.since", "date", words.Raw(rd.l.Day(string(by.From))), "version", words.Raw(rd.l.Digits(by.Version)))
		v.Agreement = Link{Word: v.Title, URL: rd.programmeURL(t.Forum, by.ID)}
	case st == jisr.ProgrammeLaid:
		v.Means = rd.l.T("programme.laid.means")
	case (st == jisr.AgreementInForce || st == jisr.AgreementEnding) && since != "":
		v.Means = rd.l.T("programme.force.since", "date", words.Raw(rd.l.Day(string(since))), "article", f.Article)
	case st == jisr.AgreementAwaitingForce && since != "":
		v.Means = rd.l.T("programme.force.from", "date", words.Raw(rd.l.Day(string(since))), "article", f.Article)
	default:
		v.Means = rd.l.T("programme.rests", "article", f.Article)
	}
	a := f.Programme.Annex
	v.Facts = append(v.Facts, field{Name: rd.l.T("annex.paragraph.purpose"), Value: inLanguage(rd.l, a.Purpose)},
		field{Name: rd.l.T("annex.fact.parties"), Value: rd.nameAll(a.Parties)},
		field{Name: rd.l.T("programme.annex"), Value: f.Programme.Name(), Code: true},
		field{Name: rd.l.T("annex.fact.hash"), Value: string(f.Laid.Document), Code: true})
}

// versions lists the versions of the annex where there are several, the newest first.
func (v *programmeView) versions(rd reader, t *book.ThingView, f *book.Flow) {
	for i := range slices.Backward(f.Versions) {
		o := &f.Versions[i]
		l := versionLine{Word: rd.l.T("programme.version.of", "version", words.Raw(rd.l.Digits(o.Version))), Span: rd.l.T("programme.version.pending"), State: rd.flowTag(o.Standing(rd.today))}
		if o.From != "" {
			l.Span = rd.l.T("programme.version.span", "from", words.Raw(rd.l.Day(string(o.From))), "until", words.Raw(rd.dayOrNone(o.Until)))
		}
		if o.ID != t.ID {
			l.URL = rd.programmeURL(t.Forum, o.ID)
		}
		v.Versions = append(v.Versions, l)
	}
}

// dayOrNone is a day in words; empty stays empty.
func (rd reader) dayOrNone(d jisr.Date) string {
	if d == "" {
		return ""
	}
	return rd.l.Day(string(d))
}

func (rd reader) recordType(t *book.ThingView, f *book.Flow, typ *programme.Type) recordTypeView {
	senders := typ.Spec.Sends
	if len(senders) == 0 {
		senders = f.Programme.Annex.Parties
	}
	v := recordTypeView{Title: inLanguage(rd.l, typ.Spec.Title), Clause: typ.Clause, URL: rd.programmeURL(t.Forum, t.ID, "records", typ.Name), Senders: rd.sides(senders),
		Kept: rd.l.Duration(typ.Spec.Retention.Period)}
	for _, sla := range typ.Spec.SLA {
		v.Cadence = append(v.Cadence, inLanguage(rd.l, sla.Label))
	}
	return v
}

// targets tells how each stands, to who may read what they are told from.
func (s *site) targets(r *request, rd reader, t *book.ThingView, f *book.Flow) (all []targetView, refused string, err error) {
	promises, err := s.node.Promises(r.Context(), r.caller, t.Forum, t.ID)
	if refusal := (*jisr.Refusal)(nil); errors.As(err, &refusal) {
		return nil, sentence(rd.l, refusal), nil
	}
	for i := range promises {
		all = append(all, rd.target(f, &promises[i]))
	}
	return all, "", err
}

func (rd reader) target(f *book.Flow, p *programme.Promise) targetView {
	figure := func(v float64) string {
		switch unit := f.Programme.Unit(p.Target.Unit); {
		case p.Target.Unit == "P1":
			return rd.l.T("number.percent", "n", words.Raw(rd.l.Figure(v)))
		case p.Target.Unit == "" || p.Target.Unit == "C62":
			return rd.l.Figure(v)
		case countedUnit(p.Target.Unit) != "":
			return rd.l.Counted("unit."+countedUnit(p.Target.Unit), v)
		default:
			return rd.l.T("number.unit", "n", words.Raw(rd.l.Figure(v)), "unit", inLanguage(rd.l, unit.Label))
		}
	}
	v := targetView{Label: inLanguage(rd.l, p.Target.Label), Clause: p.Clause, Value: rd.l.T("target.nothing"), Width: -1,
		Aim:    rd.l.T("chart.target.is", "op", words.Raw(rd.l.T("chart.op."+opName(p.Target.Op))), "value", words.Raw(figure(p.Target.Value))),
		Period: rd.l.T("chart.from.to", "from", words.Raw(rd.l.ShortDate(p.Span.From)), "to", words.Raw(rd.l.ShortDate(p.Span.To.AddDate(0, 0, -1))))}
	if p.Of != "" {
		of := rd.side(p.Of)
		v.Of = &of
	}
	if p.Synthetic {
		v.Synthetic = rd.l.T("records.synthetic")
	}
	if p.There {
		v.Value = figure(p.Value)
		if p.Target.Value > 0 {
			v.Width = max(0, min(int(100*p.Value/p.Target.Value+0.5), 100))
		}
	}
	switch {
	case !p.There:
		v.State = tag{"idle", "minus", rd.l.T("target.none")}
	case p.Kept:
		v.State = tag{"ok", "circle-check", rd.l.T("target.kept")}
	case p.Ended:
		v.State = tag{"late", "triangle-alert", rd.l.T("target.missed")}
	default:
		v.State = tag{"soon", "clock", rd.l.T("target.behind")}
	}
	return v
}

// countedUnit is the word for a unit that agrees with its number.
func countedUnit(code string) string {
	return map[string]string{"HUR": "hour", "DAY": "day", "MIN": "minute", "MON": "month", "ANN": "year"}[code]
}

// chartOf draws one chart, or says why this reader does not see it.
func (s *site) chartOf(r *request, rd reader, t *book.ThingView, f *book.Flow, id string) (chartView, error) {
	pic, err := s.node.Picture(r.Context(), r.caller, t.Forum, t.ID, id)
	if refusal := (*jisr.Refusal)(nil); errors.As(err, &refusal) {
		i := slices.IndexFunc(f.Programme.Annex.Charts, func(c programme.Chart) bool { return c.ID == id })
		c := f.Programme.Annex.Charts[i] // ChartIDs gave it
		return chartView{ID: id, Title: inLanguage(rd.l, c.Title), Clause: "6." + itoa(int64(i+1)), Form: c.Type, Refused: sentence(rd.l, refusal)}, nil
	}
	if err != nil {
		return chartView{}, err
	}
	return rd.chart(f.Programme, pic, s.region), nil
}

// owedReport is a report that was due and has not come.
type owedReport struct {
	Whom   side
	What   string
	Period string
	Due    string
	URL    string // where a commitment is made of it; empty: not by this official
}

// sideBalance is what one side promised and sent since the programme runs.
type sideBalance struct {
	Whom  side
	Cells []string
	Late  bool
}

// maxOwed is how many missed reports a page names, the newest.
const maxOwed = 6

// balance tells what is late on each side, and what each promised and sent.
func (s *site) balance(r *request, rd reader, v *programmeView, t *book.ThingView, f *book.Flow) error {
	b, err := s.node.Balance(r.Context(), r.caller, t.Forum, t.ID)
	if refusal := (*jisr.Refusal)(nil); errors.As(err, &refusal) || err == nil && b.Since == "" {
		return nil // nothing runs, or not for this reader
	}
	if err != nil {
		return err
	}
	v.Since = rd.l.T("balance.since", "date", words.Raw(rd.l.Day(string(b.Since))))
	for _, m := range f.Programme.Annex.Parties {
		side := b.Sides[m]
		row := sideBalance{Whom: rd.side(m), Late: side.Missed > 0}
		for _, n := range []int{side.Promised, side.Kept, side.Late, side.Missed, side.Sent, side.Acknowledged, side.Corrected, side.Withdrawn, side.Confirmed} {
			row.Cells = append(row.Cells, rd.l.Number(int64(n)))
		}
		v.Sides = append(v.Sides, row)
	}
	for i := len(b.Missed) - 1; i >= 0 && len(v.Owed) < maxOwed; i-- {
		v.Owed = append(v.Owed, rd.owedReport(t, f, &b.Missed[i]))
	}
	if left := len(b.Missed) - len(v.Owed); left > 0 {
		v.MoreOwed = rd.l.N("balance.more", left)
	}
	return nil
}

// owedReport is a missed report, and the commitment that can be made of it in one step: who owes it, what, and where it
// was promised.
func (rd reader) owedReport(t *book.ThingView, f *book.Flow, m *book.Missed) owedReport {
	typ := f.Programme.Type(m.Type)
	c := &canvas{rd: rd, pic: &programme.Picture{Chart: &programme.Chart{}}}
	o := owedReport{Whom: rd.side(m.Of), What: inLanguage(rd.l, m.SLA.Label), Period: c.tick(programme.Tick{Key: m.Period}), Due: rd.dateTime(m.Due)}
	if m.SLA.By != "" {
		o.What += rd.l.T("balance.of", "code", rd.codeWord(f.Programme, typ.Field(m.SLA.By).Codes, m.Code))
	}
	if !rd.may(node.Verb(jisr.KindCommitmentPropose)) {
		return o
	}
	q := url.Values{"forum": {string(t.Forum)}, "source": {string(t.ID)}, "section": {typ.Clause + " " + m.Period}, "type": {string(jisr.Deliverable)}}
	whose, other := "them", m.Of
	if m.Of == rd.self {
		whose = "us"
		for _, p := range f.Programme.Annex.Parties {
			if p != rd.self {
				other = p
			}
		}
	}
	q.Set("side", string(t.Forum)+" "+whose+" "+string(other))
	for _, lang := range writtenLanguages() {
		in := rd
		in.l = rd.words.In(lang)
		label := inLanguage(in.l, m.SLA.Label)
		q.Set("title_"+lang, in.l.T("balance.commitment", "report", words.Raw(label), "period", words.Raw((&canvas{rd: in, pic: c.pic}).tick(programme.Tick{Key: m.Period}))))
		q.Set("text_"+lang, in.l.T("balance.commitment.text", "report", words.Raw(label), "clause", words.Raw(in.l.Digits(typ.Clause)), "annex", words.Raw(inLanguage(in.l, f.Programme.Annex.Title))))
	}
	o.URL = rd.url("commitments", "new") + "?" + q.Encode()
	return o
}

// annexView is an annex as a person reads it, in both languages beside each other: what is printed and signed.
type annexView struct {
	Page
	Title string
	Back  string
	Hash  string
	Langs []annexLang
	Rows  [][]annexPart // a paragraph in each language
}

// annexLang heads a column.
type annexLang struct{ Tag, Dir, Name, Title string }

// annexPart is one paragraph in one language.
type annexPart struct {
	Lang, Dir     string
	Number, Title string
	Text          string
	Depth         int
	Facts         []annexFact
	Codes         []annexFact
}

// annexFact is one thing a paragraph says. Code: it stands the same in every language.
type annexFact struct {
	Name, Value, Code string
}

func (s *site) annex(r *request) (*answer, error) {
	rd := s.reader(r)
	t, flow, err := s.loadProgramme(r, rd)
	if err != nil {
		return nil, err
	}
	v := annexView{Page: s.page(r, "programmes"), Title: inLanguage(rd.l, t.State.Programme.Title), Back: rd.programmeURL(t.Forum, t.ID), Hash: string(flow.Programme.Hash())}
	outline := flow.Programme.Outline()
	v.Rows = make([][]annexPart, len(outline))
	for _, lang := range writtenLanguages() {
		in := rd
		in.l = s.words.In(lang)
		in.names = map[jisr.MemberID]string{}
		for _, m := range flow.Programme.Annex.Parties {
			in.names[m] = s.nameIn(in.l, m)
		}
		v.Langs = append(v.Langs, annexLang{lang, in.l.Dir(), in.l.Name(), inLanguage(in.l, flow.Programme.Annex.Title)})
		for i := range outline {
			v.Rows[i] = append(v.Rows[i], in.annexPart(&outline[i]))
		}
	}
	return &answer{page: annexPage(v)}, nil
}

// nameIn is what a member is called in a language that need not be the page's.
func (s *site) nameIn(l *words.Lang, m jisr.MemberID) string {
	if m == s.node.Self().ID {
		return inLanguage(l, s.node.Self().Name)
	}
	for _, k := range s.node.Links() {
		if k.Member == m {
			return inLanguage(l, k.Name)
		}
	}
	return string(m)
}

func (rd reader) annexPart(p *programme.Paragraph) annexPart {
	v := annexPart{Lang: rd.l.Tag(), Dir: rd.l.Dir(), Number: rd.l.Digits(p.Number), Title: inLanguage(rd.l, p.Title), Text: inLanguage(rd.l, p.Text), Depth: p.Depth()}
	if p.Title.Empty() {
		v.Title = rd.l.T("annex.paragraph." + p.Key)
	}
	for i := range p.Facts {
		f := rd.annexFact(&p.Facts[i])
		if p.Facts[i].Key == "code" {
			v.Codes = append(v.Codes, f)
			continue
		}
		v.Facts = append(v.Facts, f)
	}
	return v
}

func (rd reader) annexFact(f *programme.Fact) annexFact {
	var parts []string
	for _, w := range f.Words {
		if !strings.HasPrefix(w, "handling.") {
			w = "annex.value." + w
		}
		parts = append(parts, rd.l.T(w))
	}
	if !f.Text.Empty() {
		parts = append(parts, inLanguage(rd.l, f.Text))
	}
	v := annexFact{Name: rd.l.T("annex.fact." + f.Key), Code: f.Plain}
	switch f.Key {
	case "parties", "sends", "receives":
		var all []jisr.MemberID
		for m := range strings.SplitSeq(f.Plain, ", ") {
			all = append(all, jisr.MemberID(m))
		}
		parts, v.Code = append(parts, rd.nameAll(all)), ""
	case "kept", "notice", "cadence", "acknowledge":
		period, rest, _ := strings.Cut(f.Plain, " ")
		parts, v.Code = append(parts, rd.l.Duration(period)), rest
	case "instrument":
		parts, v.Code = append(parts, rd.l.Day(f.Plain)), ""
	}
	v.Value = strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), " · ")
	return v
}

// annexDocument is the annex in its one encoding: the bytes that its hash is of.
func (s *site) annexDocument(r *request) (*answer, error) {
	_, flow, err := s.loadProgramme(r, s.reader(r))
	if err != nil {
		return nil, err
	}
	a := flow.Programme.Annex
	return &answer{file: &file{name: a.Programme + "-" + a.Version + ".json", typ: "application/json", content: bytes.NewReader(flow.Programme.Encode())}}, nil
}

// balanceHeads are the columns of a balance: promises first, then records.
func balanceHeads() []string {
	return []string{"promised", "kept", "late", "missed", "sent", "acknowledged", "corrected", "withdrawn", "confirmed"}
}

// programmesOf lists the annexes that were laid for an agreement, each with the page it is read on.
func (s *site) programmesOf(ctx context.Context, rd reader, t *book.ThingView) (all []relatedLine, err error) {
	rows, _, err := s.node.Book().Things(ctx, rd.scope, book.ThingQuery{Forum: t.Forum, Noun: "programme", Labels: []string{"agreement:" + string(t.ID)}, Limit: pageNotes})
	for i := range rows {
		l := s.programmeLine(ctx, rd, &rows[i])
		all = append(all, relatedLine{Word: rd.l.T("programme.annex"), Title: l.Subject.String(), URL: rd.programmeURL(t.Forum, rows[i].ID, "annex"), State: l.State})
	}
	return all, err
}
