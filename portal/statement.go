package portal

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"jisr"
	"jisr/book"
	"jisr/node"
)

// statementsView is the joint statements, and apart from them what sides say alone.
type statementsView struct {
	Page
	Lines    []line
	Readouts []line
	New      string // empty: the official may not
	Comments string // of readers, with how many wait; empty: the official does not decide about them
	First    string
	Next     string
}

// statementView is a joint statement: the text as it stands, who approved it, and when it is public.
type statementView struct {
	Page
	Title      string
	Line       line
	Means      string
	Problem    string
	Early      []earlyLine
	Crossed    bool
	Bracket    string
	Passages   []passageView
	Add        string // where a paragraph is added; empty: it may not be
	Columns    []column
	Paper      string // of the agreed text; empty: there is none yet
	Approvals  []approvalLine
	Facts      []field
	Readouts   []line
	NewReadout string
	Owing      owing
	Actions    []saying
	Custody    custodyPart
	Pictures   []pictureLine
	AddPicture string // where a picture is put beside it; empty: the official may not
	Steps      []noteAct
}

// earlyLine is that a side published early; Where is as the one who told it wrote.
type earlyLine struct {
	Text  string
	Where said
}

// passageView is a paragraph of a statement in the making: one wording in all languages, or a bracket of several.
type passageView struct {
	Wordings []passageWording
	Edit     string
}

type passageWording struct {
	Who     side
	Columns []column
	Removed bool
}

// approvalLine is how one member stands to the text.
type approvalLine struct {
	Who   side
	State tag
	When  string
	Hash  string
}

// passageEdit is the form of a paragraph, in every authentic language.
type passageEdit struct {
	Page
	Title, Problem, Action, Back string
	Segment, After, From         string
	Langs                        []langText
	Was                          []passageWording
}

type langText struct{ Lang, Text string }

// newStatementView is the form of a new statement.
type newStatementView struct {
	Page
	Problem string
	Action  string
	Forums  []Option
	In      map[string]string
}

// readoutView is a national readout, beside the joint text it tells of.
type readoutView struct {
	Page
	Title   string
	Line    line
	Mark    string // "not agreed text", with whose it is
	Problem string
	Of      Link
	Columns []column
	Diff    []diffColumn // to the joint text
	Actions []saying
	Custody custodyPart
	Steps   []noteAct
}

// diffColumn is the redline from the joint text to the readout in one language.
type diffColumn struct {
	Lang, Dir, Language string
	Runs                []jisr.Run
}

// newReadoutView is the form of a national readout.
type newReadoutView struct {
	Page
	Problem string
	Action  string
	Back    string
	Langs   []langText // the text
	Titles  map[string]string
}

func (rd reader) statementURL(f jisr.ForumID, id jisr.ThingID) string {
	return rd.url("statements", string(f), id.Name())
}

func (rd reader) readoutURL(f jisr.ForumID, id jisr.ThingID) string {
	return rd.url("readouts", string(f), id.Name())
}

func (rd reader) statementLine(r *book.ThingRow) line {
	s := r.State.Statement
	l := line{URL: rd.statementURL(r.Forum, r.ID), Kind: rd.l.T("noun.statement"), Subject: rd.say(s.Title), From: rd.side(r.ID.Maker()), To: rd.sides(others(s.Members, r.ID.Maker())),
		Date: rd.l.ShortDate(r.At.In(rd.zone)), State: rd.statementTag(s)}
	if s.State() == jisr.StatementEmbargoed {
		l.Date = rd.dateTime(s.Release)
	}
	return l
}

func (rd reader) statementTag(s *jisr.JointStatement) tag {
	t := rd.thingTag("statement", s.State(), false)
	switch s.State() {
	case jisr.StatementReleased:
		t.Tone, t.Icon = "done", "circle-check"
	case jisr.StatementEmbargoed:
		t.Tone, t.Icon = "ok", "clock"
	case jisr.StatementWithdrawn:
		t.Tone, t.Icon = "idle", "minus"
	}
	return t
}

// readoutLine never looks like a joint statement: its tag says that it is not agreed text.
func (rd reader) readoutLine(r *book.ThingRow) line {
	o := r.State.Readout
	l := line{URL: rd.readoutURL(r.Forum, r.ID), Kind: rd.l.T("noun.readout"), Subject: rd.say(o.Title), From: rd.side(o.Party), Date: rd.l.ShortDate(r.At.In(rd.zone)),
		State: tag{Tone: "soon", Icon: "triangle-alert", Word: rd.l.T("readout.mark")}}
	if o.Withdrawn != nil {
		l.State = tag{Tone: "idle", Icon: "minus", Word: rd.l.T("readout.state.withdrawn")}
	}
	return l
}

// columnsFor is a text in every language it has, the reader's first.
func (rd reader) columnsFor(parts ...jisr.Text) []column {
	var all []column
	if len(parts) == 0 {
		return nil
	}
	for _, lang := range rd.languagesOf(parts[0]) {
		c := column{Lang: lang, Dir: saidIn(lang, "x", "").Dir, Language: rd.languageName(lang)}
		for _, p := range parts {
			c.Text = append(c.Text, paragraphs(p[lang])...)
		}
		all = append(all, c)
	}
	return all
}

func (s *site) statements(r *request) (*answer, error) {
	rd := s.reader(r)
	v := statementsView{Page: s.live(r, "statements")}
	rows, next, err := s.node.Book().Things(r.Context(), rd.scope, book.ThingQuery{Noun: "statement", Cursor: clip(r.FormValue("cursor"), maxField), Limit: pageNotes})
	if err != nil {
		return nil, err
	}
	for i := range rows {
		v.Lines = append(v.Lines, rd.statementLine(&rows[i]))
	}
	if next != "" {
		v.Next = rd.url("statements") + "?cursor=" + next
	}
	if r.FormValue("cursor") != "" {
		v.First = rd.url("statements")
	}
	readouts, _, err := s.node.Book().Things(r.Context(), rd.scope, book.ThingQuery{Noun: "readout", Limit: pageNotes})
	if err != nil {
		return nil, err
	}
	for i := range readouts {
		v.Readouts = append(v.Readouts, rd.readoutLine(&readouts[i]))
	}
	if rd.may(node.Verb(jisr.KindStatementPropose)) {
		v.New = rd.url("statements", "new")
	}
	if rd.may(node.ReadComments) {
		counts, err := s.node.Book().CommentCounts(r.Context(), rd.scope)
		if err != nil {
			return nil, err
		}
		v.Comments = rd.l.T("comment.title")
		if n := counts[jisr.CommentHeld]; n > 0 {
			v.Comments = rd.l.N("comment.waiting", n)
		}
	}
	return &answer{page: statementsPage(v)}, nil
}

func (s *site) newStatement(r *request) (*answer, error) { return s.askStatement(r, "") }

func (s *site) askStatement(r *request, problem string) (*answer, error) {
	rd := s.reader(r)
	v := newStatementView{Page: s.page(r, "statements"), Problem: problem, Action: rd.url("statements", "new"), In: map[string]string{}}
	for _, lang := range writtenLanguages() {
		v.In["title_"+lang] = line1(r, "title_"+lang)
	}
	for _, f := range s.forums(r) {
		v.Forums = append(v.Forums, Option{Value: string(f.id), Word: rd.nameAll(f.members), On: line1(r, "forum") == string(f.id)})
	}
	if problem != "" {
		return &answer{status: 422, page: newStatementPage(v)}, nil
	}
	return &answer{page: newStatementPage(v)}, nil
}

// saveStatement begins a statement of all members of a forum, in the languages its title is written in.
func (s *site) saveStatement(r *request) (*answer, error) {
	rd := s.reader(r)
	t := jisr.StatementTerms{Title: written(r, "title")}
	t.Languages = sortedKeys(t.Title)
	forum := jisr.ForumID(line1(r, "forum"))
	for _, f := range s.forums(r) {
		if f.id == forum {
			t.Members = slices.Sorted(slices.Values(f.members))
		}
	}
	done, err := s.node.Do(r.Context(), r.caller, node.Say{Forum: forum, Kind: jisr.KindStatementPropose, Terms: t})
	if problem := rd.why(err); problem != "" {
		return s.askStatement(r, problem)
	}
	if err != nil {
		return nil, err
	}
	return &answer{to: rd.statementURL(forum, done.Thing)}, nil
}

func (s *site) statement(r *request) (*answer, error) { return s.showStatement(r, "") }

// statementOf is the statement in the address.
func (s *site) statementOf(r *request) (*node.StatementView, error) {
	f := jisr.ForumID(r.PathValue("forum"))
	if !jisr.ValidForum(f) {
		return nil, jisr.Refuse(jisr.NoSuch, clip(string(f), maxField), "noun", "forum")
	}
	v, err := s.node.Statement(r.Context(), s.node.ScopeOf(r.caller), f, jisr.ThingID("statement/"+clip(r.PathValue("id"), maxField)))
	if err == nil {
		err = s.node.ReadsThing(r.Context(), r.caller, &v.ThingView)
	}
	return v, err
}

func (s *site) showStatement(r *request, problem string) (*answer, error) {
	t, err := s.statementOf(r)
	if err != nil {
		return nil, err
	}
	rd, st := s.reader(r), t.Statement
	l, base := rd.statementLine(&t.ThingRow), rd.statementURL(t.Forum, t.ID)
	v := statementView{Page: s.live(r, "statements"), Title: l.title(rd), Line: l, Means: rd.l.T("statement.state." + st.State() + ".means"), Problem: problem, Crossed: st.Crossed(), Steps: rd.thingActs(&t.ThingView)}
	for _, e := range st.Early {
		where := saidIn("", e.Where, "")
		where.Dir = "auto"
		v.Early = append(v.Early, earlyLine{rd.l.T("statement.early", "member", rd.name(e.By), "when", rd.dateTime(e.When), "told", rd.name(e.Told)), where})
	}
	if doc, _, err := t.Agreed(); err == nil {
		var parts []jisr.Text
		for _, p := range doc.Paragraphs {
			parts = append(parts, p.Text)
		}
		v.Columns = rd.columnsFor(parts...)
		if s.print != nil {
			v.Paper = base + "/pdf"
		}
	} else {
		rd.passages(&v, t, base)
	}
	rd.approvals(&v, st)
	rd.statementFacts(&v, st)
	for i := range t.Readouts {
		v.Readouts = append(v.Readouts, rd.readoutLine(&t.Readouts[i].ThingRow))
	}
	if rd.may(node.Verb(jisr.KindReadoutRelease)) {
		v.NewReadout = base + "/readout"
	}
	if v.Owing, err = s.owingOf(r.Context(), rd, t.Forum, t.ID, ""); err != nil {
		return nil, err
	}
	v.Actions = rd.statementActions(st, base)
	if err := s.pictureLines(r, rd, &v, t, base); err != nil {
		return nil, err
	}
	if v.Custody, err = s.custodyOf(r.Context(), rd, rd.heldThing(&t.ThingView)); err != nil {
		return nil, err
	}
	if problem != "" {
		v.Live = false
		return &answer{status: 422, page: statementPage(v)}, nil
	}
	return &answer{page: statementPage(v)}, nil
}

// passages fills in the text as it stands, in brackets where two wrote one paragraph.
func (rd reader) passages(v *statementView, t *node.StatementView, base string) {
	writes := rd.may(node.Verb(jisr.KindStatementEdit)) && slices.Contains(t.Statement.Next(rd.self, rd.now), jisr.KindStatementEdit)
	brackets := 0
	for i := range t.Statement.Segments {
		g := &t.Statement.Segments[i]
		if g.Gone() {
			continue
		}
		p := passageView{Wordings: rd.passageWordings(t, g)}
		if g.Bracketed() {
			brackets++
		}
		if writes {
			p.Edit = base + "/edit?segment=" + g.ID
		}
		v.Passages = append(v.Passages, p)
	}
	if brackets > 0 {
		v.Bracket = rd.l.N("minutes.brackets", brackets)
	}
	if writes {
		v.Add = base + "/edit"
	}
}

func (rd reader) passageWordings(t *node.StatementView, g *jisr.Passage) (all []passageWording) {
	for _, ver := range g.Stands {
		all = append(all, passageWording{Who: rd.side(ver.ID.Member), Columns: rd.columnsFor(t.Text(ver.ID)), Removed: ver.Removed})
	}
	return all
}

func (rd reader) approvals(v *statementView, st *jisr.JointStatement) {
	for _, m := range st.Members {
		a := approvalLine{Who: rd.side(m), State: tag{Tone: "idle", Icon: "clock", Word: rd.l.T("statement.not.approved")}}
		if given, ok := st.Approved[m]; ok {
			a.State = tag{Tone: "ok", Icon: "circle-check", Word: rd.l.T("statement.approved")}
			a.When, a.Hash = rd.l.T("statement.release.now"), string(given.Text)
			if !given.Release.IsZero() {
				a.When = rd.l.T("statement.release.at", "when", rd.dateTime(given.Release))
			}
		}
		if _, ok := st.Released[m]; ok {
			a.State = tag{Tone: "done", Icon: "send", Word: rd.l.T("statement.state.released")}
		}
		v.Approvals = append(v.Approvals, a)
	}
}

func (rd reader) statementFacts(v *statementView, st *jisr.JointStatement) {
	add := func(key, value string) {
		if value != "" {
			v.Facts = append(v.Facts, field{Name: rd.l.T(key), Value: value})
		}
	}
	var langs []string
	for _, lang := range st.Languages {
		langs = append(langs, rd.languageName(lang))
	}
	add("statement.languages", strings.Join(langs, " · "))
	if !st.Release.IsZero() {
		add("statement.release", rd.dateTime(st.Release))
	}
	if st.First != nil {
		add("statement.released", rd.dateTime(st.First.At))
	}
	add("statement.reason", st.Reason)
	add("statement.hash", string(st.Agreed))
}

func (rd reader) statementActions(st *jisr.JointStatement, base string) []saying {
	var all []saying
	for _, k := range st.Next(rd.self, rd.now) {
		if !rd.may(node.Verb(k)) || k == jisr.KindStatementEdit {
			continue
		}
		var fields []sayingField
		switch k {
		case jisr.KindStatementApprove:
			hour := rd.askLine("hour", true)
			hour.Hint = rd.l.T("statement.hour.hint")
			fields = []sayingField{rd.askDay("release", "release", true), hour}
			if proposed := st.Proposed(); !proposed.IsZero() {
				fields = []sayingField{hidden("as", "proposed")}
			}
		case jisr.KindStatementWithdraw:
			fields = []sayingField{rd.ask("reason", false)}
		case jisr.KindStatementIncident:
			var sides []Option
			for _, m := range st.Members {
				sides = append(sides, Option{Value: string(m), Word: rd.name(m)})
			}
			fields = []sayingField{rd.choose("publisher", sides...), rd.askDay("published", "published", false), rd.askLine("hour", true), rd.askLine("where", true)}
		}
		a := rd.offer(k, base, fields...)
		a.First = k == jisr.KindStatementRelease || k == jisr.KindStatementApprove && len(st.Approved) > 0
		all = append(all, a)
	}
	return all
}

// instantOf reads a day and an hour of a form, in the member's zone; zero when no day is given.
func (rd reader) instantOf(r *request, name string) (time.Time, error) {
	day := dayOf(r.PostForm, name)
	if day == "" {
		return time.Time{}, nil
	}
	hour := latinDigits(line1(r, "hour"))
	switch {
	case hour == "":
		hour = "00:00"
	case len(hour) < 3:
		hour += ":00"
	}
	at, err := time.ParseInLocation("2006-01-02 15:04", string(day)+" "+hour, rd.zone)
	if err != nil {
		return at, jisr.Refuse(jisr.Malformed, "hour", "want", "14:30")
	}
	return at.UTC(), nil
}

// sayStatement carries out one of the actions of a statement.
func (s *site) sayStatement(r *request) (*answer, error) {
	t, err := s.thingOf(r, "statement")
	if err != nil {
		return nil, err
	}
	rd, k := s.reader(r), jisr.Kind("statement."+clip(r.PathValue("verb"), maxField))
	var cmd node.Command = node.Say{Forum: t.Forum, ID: t.ID, Kind: k, Terms: jisr.Reason{Reason: line1(r, "reason")}}
	switch k {
	case jisr.KindStatementApprove:
		at, err := rd.instantOf(r, "release")
		if problem := rd.why(err); problem != "" {
			return s.showStatement(r, problem)
		}
		cmd = node.ApproveStatement{Forum: t.Forum, ID: t.ID, Release: at}
	case jisr.KindStatementRelease:
		cmd = node.ReleaseStatement{Forum: t.Forum, ID: t.ID}
	case jisr.KindStatementIncident:
		at, err := rd.instantOf(r, "published")
		if problem := rd.why(err); problem != "" {
			return s.showStatement(r, problem)
		}
		cmd = node.Say{Forum: t.Forum, ID: t.ID, Kind: k, Terms: jisr.IncidentTerms{By: jisr.MemberID(line1(r, "publisher")), When: at, Where: line1(r, "where")}}
	}
	to, problem, err := s.says(r, cmd)
	if err != nil {
		return nil, err
	}
	if problem != "" {
		return s.showStatement(r, problem)
	}
	return &answer{to: cmp.Or(to, rd.statementURL(t.Forum, t.ID))}, nil
}

// statementPaper gives the text that all approved, as it is printed and kept.
func (s *site) statementPaper(r *request) (*answer, error) {
	t, err := s.statementOf(r)
	if err == nil && (s.print == nil || t.Statement.Agreed == "") {
		err = jisr.Refuse(jisr.NotCleared, "statement")
	}
	if err != nil {
		return nil, err
	}
	return s.paper(r, t.Forum, t.ID, "", t.ID.Name())
}

func (s *site) editPassage(r *request) (*answer, error) { return s.askPassage(r, "") }

// askPassage is the form of a paragraph: a new one at the end, or another version of one that stands.
func (s *site) askPassage(r *request, problem string) (*answer, error) {
	t, err := s.statementOf(r)
	if err != nil {
		return nil, err
	}
	rd := s.reader(r)
	base := rd.statementURL(t.Forum, t.ID)
	v := passageEdit{Page: s.page(r, "statements"), Title: rd.l.T("minutes.write"), Problem: problem, Action: base + "/edit", Back: base, Segment: clip(r.FormValue("segment"), maxField)}
	texts := map[string][]string{}
	for i := range t.Statement.Segments {
		g := &t.Statement.Segments[i]
		if v.Segment == "" {
			v.After = g.ID
		}
		if g.ID != v.Segment {
			continue
		}
		v.Title, v.Was, v.From = rd.l.T("minutes.rewrite"), rd.passageWordings(t, g), versionsIn(g)
		for _, ver := range g.Stands {
			for lang, text := range t.Text(ver.ID) {
				texts[lang] = append(texts[lang], text)
			}
		}
	}
	for _, lang := range t.Statement.Languages {
		text := strings.Join(texts[lang], "\n")
		if problem != "" {
			text = unixLines(r.PostForm.Get("text_" + lang))
		}
		v.Langs = append(v.Langs, langText{lang, text})
	}
	if problem != "" {
		return &answer{status: 422, page: passagePage(v)}, nil
	}
	return &answer{page: passagePage(v)}, nil
}

// savePassage writes a version in every language. It names the versions that the form showed and no others, so what came
// meanwhile from the other side stands beside it in brackets.
func (s *site) savePassage(r *request) (*answer, error) {
	t, err := s.statementOf(r)
	if err != nil {
		return nil, err
	}
	text := jisr.Text{}
	for _, lang := range t.Statement.Languages {
		if got := unixLines(strings.ToValidUTF8(r.PostForm.Get("text_"+lang), "\uFFFD")); got != "" {
			text[lang] = got
		}
	}
	op := jisr.Op{Segment: line1(r, "segment"), Removed: len(text) == 0 || r.PostForm.Get("remove") != ""}
	if op.Segment == "" {
		op = jisr.Op{Segment: s.node.NewSegment(), After: line1(r, "after"), Kind: jisr.Narrative}
		if len(text) == 0 {
			return s.askPassage(r, r.l.Refusal(string(jisr.Missing), "text", nil))
		}
	}
	if op.From, err = versionsOf(r); err != nil {
		return nil, err
	}
	if op.Removed {
		text = nil
	}
	_, problem, err := s.says(r, node.Say{Forum: t.Forum, ID: t.ID, Kind: jisr.KindStatementEdit, Terms: jisr.EditTerms{Ops: []jisr.Op{op}}, Body: jisr.EditBody{Texts: []jisr.Text{text}}})
	if err != nil {
		return nil, err
	}
	if problem != "" {
		return s.askPassage(r, problem)
	}
	return &answer{to: s.reader(r).statementURL(t.Forum, t.ID)}, nil
}
