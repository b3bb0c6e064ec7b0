package portal

import (
	"cmp"
	"context"
	"crypto/rand"
	"slices"
	"strconv"
	"strings"
	"time"

	"jisr"
	"jisr/book"
	"jisr/node"
	"jisr/words"
)

// textView is a text of an agreement, its languages side by side, segment beside segment.
type textView struct {
	Page
	Title    string
	Line     line
	Which    string
	Hash     string
	Rows     []textRow
	Langs    []textLang
	Against  string // the text it is compared with
	Versions []Link
	Warnings []string
	Edit     string
	Concord  string // address of the form that compares the languages; empty: may not
	Back     string
}

// textLang is a column.
type textLang struct{ Tag, Dir, Name string }

// textRow is one segment in all languages.
type textRow struct {
	ID       string
	Kind     string
	Heading  bool
	Number   string
	Cells    []textCell
	Brackets []bracketLine
	Correct  []correctionLine
	Concord  []tag  // what was found comparing languages, pair by pair
	Bracket  string // address of the form that proposes another wording; empty: may not
	Label    string // as officials call it
	Owe      string // where a commitment is written that comes from it; empty: not of this text
	Change   string // added, removed, moved: empty when it is the same or its words say it
}

// textCell is a segment in one language; runs are marked where it is compared with another text.
type textCell struct {
	Lang, Dir string
	Number    string // what stands before the wording: "Article 3: "
	Runs      []jisr.Run
}

// bracketLine is a wording that a party proposes for a segment.
type bracketLine struct {
	Whom  side
	Op    string
	Texts []textCell
	Why   said
	State string
	Open  bool
	Say   []Link // what this official may answer
	URL   string // of its act, with its proof
}

// segmentLabels names the segments of the text that counts as officials call them: article 2, paragraph 1.
func (s *site) segmentLabels(ctx context.Context, rd reader, t *book.ThingView) (map[string]string, error) {
	text, _, _, err := s.texts(ctx, rd, t, "", "")
	if err != nil || text == nil || isKind(err, jisr.NoSuch) {
		return nil, err
	}
	return rd.labels(text), nil
}

func (rd reader) labels(text *jisr.InstrumentText) map[string]string {
	all := map[string]string{}
	article := ""
	for i := range text.Segments {
		sg := &text.Segments[i]
		switch {
		case sg.Kind == jisr.SegmentArticle:
			article = rd.l.T("agreement.label.article", "n", words.Raw(rd.l.Digits(sg.Number)))
			all[sg.ID] = article
		case sg.Kind == jisr.SegmentParagraph && article != "" && sg.Number == "":
			all[sg.ID] = article
		case (sg.Kind == jisr.SegmentParagraph || sg.Kind == jisr.SegmentItem) && article != "":
			all[sg.ID] = rd.l.T("agreement.label.paragraph", "article", article, "n", words.Raw(rd.l.Digits(sg.Number)))
		default:
			all[sg.ID] = strings.TrimSpace(rd.l.T("agreement.segment."+string(sg.Kind)) + " " + rd.l.Digits(sg.Number))
		}
	}
	return all
}

// ours is a text as this member's own original has it: parties by their names, itself named first (alternat).
func (rd reader) ours(t *jisr.InstrumentText, parties []jisr.MemberID) *jisr.InstrumentText {
	if t == nil {
		return nil
	}
	self := rd.self
	if !slices.Contains(parties, self) {
		self = parties[0] // who keeps the agreement without being a party reads the first one's
	}
	shown := *t
	shown.Segments = t.Original(parties, self)
	return &shown
}

// texts reads the text asked for, and the one to compare it with; against is nil when none is.
func (s *site) texts(ctx context.Context, rd reader, t *book.ThingView, version, against string) (text, old *jisr.InstrumentText, hash jisr.Commitment, err error) {
	g := t.State.Agreement
	if hash = hashOf(g, version); hash == "" {
		hash = g.Text()
	}
	if hash == "" {
		return nil, nil, "", nil
	}
	if text, err = s.node.Text(ctx, rd.scope, t.Forum, t.ID, hash); err != nil {
		return nil, nil, hash, err
	}
	if from := hashOf(g, against); from != "" {
		old, err = s.node.Text(ctx, rd.scope, t.Forum, t.ID, from)
	}
	return text, old, hash, err
}

// hashOf finds a text on the table by the beginning of its hash.
func hashOf(g *jisr.Agreement, short string) jisr.Commitment {
	if len(short) < 8 {
		return ""
	}
	for _, v := range g.Versions {
		if strings.HasPrefix(strings.TrimPrefix(string(v.Hash), "sha256:"), short) {
			return v.Hash
		}
	}
	return ""
}

func (s *site) agreementText(r *request) (*answer, error) {
	rd := s.reader(r)
	t, err := s.loadAgreement(r.Context(), rd, jisr.ForumID(r.PathValue("forum")), agreementID(r))
	if err != nil {
		return nil, err
	}
	q := r.URL.Query()
	text, old, hash, err := s.texts(r.Context(), rd, &t, q.Get("version"), q.Get("against"))
	if err != nil {
		return nil, err
	}
	v := textView{Page: s.live(r, "agreements"), Line: rd.agreementLine(&t.ThingRow), Back: rd.agreementURL(t.Forum, t.ID), Hash: string(hash)}
	v.Title = v.Line.Subject.String()
	next, err := s.node.Next(r.Context(), rd.scope, t.Forum, t.ID)
	if err != nil {
		return nil, err
	}
	if rd.may("outgoing.draft") && slices.Contains(next, jisr.KindAgreementTable) {
		v.Edit = rd.agreementURL(t.Forum, t.ID, "text", "edit")
	}
	if rd.may("outgoing.draft") && slices.Contains(next, jisr.KindAgreementConcord) && len(t.State.Agreement.Clauses().Languages) > 1 {
		v.Concord = rd.agreementURL(t.Forum, t.ID, "say", "concord")
	}
	if text != nil {
		rd.fillText(&v, &t, text, old, hash)
	}
	return &answer{page: textPage(v)}, nil
}

func (rd reader) fillText(v *textView, t *book.ThingView, text, old *jisr.InstrumentText, hash jisr.Commitment) {
	g := t.State.Agreement
	v.Langs = rd.textLangs(text.Clauses.Languages)
	for i, ver := range g.Versions {
		at := rd.agreementURL(t.Forum, t.ID, "text") + "?version=" + shortHash(ver.Hash)
		word := rd.l.T("agreement.version", "n", i+1)
		v.Versions = append(v.Versions, Link{Word: word, URL: at, On: ver.Hash == hash})
		if ver.Hash == hash {
			v.Which = word
		}
	}
	if old != nil {
		oldHash, _ := old.Hash()
		for i, ver := range g.Versions {
			if ver.Hash == oldHash {
				v.Against = rd.l.T("agreement.version", "n", i+1)
			}
		}
	}
	rows := rowsOf(rd.ours(old, g.Parties), rd.ours(text, g.Parties))
	wordings, labels, errata := rd.bracketLines(t, hash, v.Langs), rd.labels(text), rd.corrections(t, hash)
	for i := range rows {
		rows[i].Cells = arrange(rows[i].Cells, v.Langs)
		for j := range rows[i].Cells {
			rows[i].Cells[j].Number = rd.numberIn(&rows[i], &rows[i].Cells[j])
		}
		rows[i].Label = labels[rows[i].ID]
		rows[i].Brackets, rows[i].Correct = wordings[rows[i].ID], errata[rows[i].ID]
		rows[i].Concord = rd.concordOf(g, hash, rows[i].ID)
		if v.Edit != "" && hash == g.Text() && old == nil {
			rows[i].Bracket = rd.agreementURL(t.Forum, t.ID, "bracket") + "?segment=" + rows[i].ID
		}
		if v.Edit == "" && hash == g.Text() && old == nil && rows[i].Kind == string(jisr.SegmentArticle) && rd.may("commitment.propose") {
			rows[i].Owe = rd.owe(t.Forum, t.ID, rows[i].ID)
		}
	}
	v.Rows = rows
	if binding, ok := g.Binds(); ok && hash == g.Text() {
		v.Warnings = rd.warnings(text.Lint(binding), labels, binding)
	}
}

const maxPlaces = 6 // of one word, that a remark names

// warnings says each word once, with the places where it stands.
func (rd reader) warnings(all []jisr.Warning, labels map[string]string, binding bool) (lines []string) {
	key := map[bool]string{true: "agreement.lint.soft-word", false: "agreement.lint.binding-word"}[binding]
	var said []string
	places := map[string][]string{}
	for _, w := range all {
		if places[w.Word] == nil {
			said = append(said, w.Word)
		}
		if in := labels[w.Segment]; !slices.Contains(places[w.Word], in) {
			places[w.Word] = append(places[w.Word], in)
		}
	}
	for _, word := range said {
		in := places[word]
		where := strings.Join(in[:min(len(in), maxPlaces)], rd.l.T("list.comma")+" ")
		if more := len(in) - maxPlaces; more > 0 {
			where = rd.l.N("agreement.lint.more", more, "where", where)
		}
		lines = append(lines, rd.l.T("agreement.lint.in", "remark", words.Raw(rd.l.T(key, "word", word)), "where", where))
	}
	return lines
}

// textLangs are the columns: the reader's language first.
func (rd reader) textLangs(tags []string) (all []textLang) {
	add := func(tag string) {
		all = append(all, textLang{Tag: tag, Dir: saidIn(tag, "x", "").Dir, Name: rd.languageName(tag)})
	}
	if slices.Contains(tags, rd.l.Tag()) {
		add(rd.l.Tag())
	}
	for _, tag := range tags {
		if tag != rd.l.Tag() {
			add(tag)
		}
	}
	return all
}

func arrange(cells []textCell, langs []textLang) (all []textCell) {
	for _, l := range langs {
		i := slices.IndexFunc(cells, func(c textCell) bool { return c.Lang == l.Tag })
		if i < 0 {
			all = append(all, textCell{Lang: l.Tag, Dir: l.Dir})
			continue
		}
		cells[i].Dir = l.Dir
		all = append(all, cells[i])
	}
	return all
}

func (rd reader) bracketLines(t *book.ThingView, hash jisr.Commitment, langs []textLang) map[string][]bracketLine {
	all := map[string][]bracketLine{}
	var answers []jisr.Answer
	if rd.may("outgoing.draft") {
		answers = t.State.Agreement.Answers(rd.self)
	}
	for i := range t.State.Agreement.Brackets {
		b := &t.State.Agreement.Brackets[i]
		if b.Hash != hash {
			continue
		}
		l := bracketLine{Whom: rd.side(b.Member), Op: known(rd.l, "agreement.bracket.", string(b.Op)), State: known(rd.l, "agreement.bracket.state.", string(b.State)), Open: b.State == jisr.BracketOpen, URL: rd.actURL(t.Forum, b.Position)}
		for _, a := range answers {
			if a.Act == b.Position {
				l.Say = append(l.Say, Link{Word: rd.l.T("agreement.say." + strings.TrimPrefix(string(a.Kind), "agreement.")), URL: rd.answerURL(t, a)})
			}
		}
		for j := range t.Acts {
			if t.Acts[j].Act.Position == b.Position {
				if body, err := jisr.DecodeBracket(t.Acts[j].Body); err == nil {
					l.Why = rd.say(body.Reason)
					for _, lang := range langs {
						if text := body.Text[lang.Tag]; text != "" {
							l.Texts = append(l.Texts, textCell{Lang: lang.Tag, Dir: lang.Dir, Runs: []jisr.Run{{Op: jisr.Keep, Text: text}}})
						}
					}
				}
			}
		}
		all[b.Segment] = append(all[b.Segment], l)
	}
	return all
}

// concordOf is what the parties found comparing a segment in two languages, for each pair that somebody compared.
func (rd reader) concordOf(g *jisr.Agreement, hash jisr.Commitment, segment string) (all []tag) {
	for i := range g.Concordance {
		c := &g.Concordance[i]
		if c.Hash != hash || c.Segment != segment && c.Segment != "" {
			continue
		}
		t := tag{Tone: "idle", Icon: "check", Word: rd.l.T("agreement.word.checked.some")}
		switch c.State(g.Parties) {
		case jisr.ConcordDisputed:
			t = tag{Tone: "late", Icon: "triangle-alert", Word: rd.l.T("agreement.word.disputed")}
		case jisr.ConcordChecked:
			t = tag{Tone: "ok", Icon: "check", Word: rd.l.T("agreement.word.checked")}
		}
		if v := g.Version(hash); v != nil && len(v.Clauses.Languages) > 2 {
			a, b, _ := strings.Cut(c.Pair, " ")
			t.Word = rd.l.T("agreement.word.of", "pair", rd.l.T("agreement.pair", "a", rd.languageName(a), "b", rd.languageName(b)), "word", t.Word)
		}
		all = append(all, t)
	}
	return all
}

// textEditView is the form in which a text is drafted: paragraph beside paragraph, and its final clauses as choices.
type textEditView struct {
	Page
	Title    string
	Line     line
	Action   string
	Back     string
	Problems []Problem
	Langs    []textLang
	Rows     []editRow
	Folds    []editFold // the rows by parts, where they are many
	Kinds    []Option
	Opened   string // what the part read when the form was opened
	Part     string // empty: the whole text; clauses: the final clauses
	Parts    []partLink
	Before   *Link // the part before this one
	After    *Link
	Saved    bool   // the part was just saved
	Draft    string // address of what is in preparation
	Newer    string // address of what changed on the table since the draft was begun
	Moved    *moved
	Clauses  map[string]string
	Parties  []side
	Consents []Option
	Forces   []Option
	Many     bool     // it has a depositary
	Import   string   // address of the form that reads a file; empty: it was read
	Read     bool     // from a file, and nothing is kept of it yet
	Remarks  []string // what is to be known of what was read
}

// editFold is a part of a long text that is shown whole: closed until somebody opens it.
type editFold struct {
	Word, Heading string
	Open          bool
	Rows          []editRow
}

// editRow is one segment of the form.
type editRow struct {
	N      int // in the form
	No     int // in the text
	ID     string
	Kind   string
	Number string
	Text   map[string]string
}

func (s *site) editText(r *request) (*answer, error) {
	rd := s.reader(r)
	if err := node.May(r.caller, "outgoing.draft"); err != nil {
		return nil, err
	}
	t, err := s.loadAgreement(r.Context(), rd, jisr.ForumID(r.PathValue("forum")), agreementID(r))
	if err != nil {
		return nil, err
	}
	d, err := s.draftingOf(r, rd, &t)
	if err != nil {
		return nil, err
	}
	v, err := s.textEditOf(r, rd, &t, d, r.URL.Query().Get("part"), nil, nil)
	if err != nil {
		return nil, err
	}
	v.Saved = r.URL.Query().Get("saved") != "" && d.out != nil
	return &answer{page: textEditPage(v)}, nil
}

// firstText is what a drafter begins with: a title, a preamble, an article.
func (rd reader) firstText(g *jisr.Agreement) *jisr.InstrumentText {
	t := &jisr.InstrumentText{Names: map[jisr.MemberID]jisr.Text{}, Clauses: jisr.Clauses{Languages: []string{"ar"}, Consent: map[jisr.MemberID]jisr.ConsentMethod{}, Force: jisr.ForceRule{On: jisr.ForceLastNotice}}}
	for _, m := range g.Parties {
		t.Clauses.Consent[m] = jisr.ByNotification
		if g.Multilateral() {
			t.Clauses.Consent[m] = jisr.ByDeposit
		}
	}
	if g.Multilateral() {
		t.Clauses.Force = jisr.ForceRule{On: jisr.ForceDepositCount, Count: len(g.Parties), Days: 30}
	}
	t.Segments = []jisr.Segment{
		{ID: "title", Kind: jisr.SegmentTitle, Text: jisr.Text{"ar": g.Title["ar"], "en": g.Title["en"]}},
		{ID: "preamble", Kind: jisr.SegmentPreamble, Text: jisr.Text{}},
		{ID: newSegment(), Kind: jisr.SegmentArticle, Number: "1", Text: jisr.Text{}},
		{ID: newSegment(), Kind: jisr.SegmentParagraph, Text: jisr.Text{}},
	}
	return t
}

// newSegment names a segment; the name never changes and never comes again.
func newSegment() string { return "s" + strings.ToLower(rand.Text()[:8]) }

const spareRows = 3 // empty rows at the end of the form

// textEditOf makes the form of a part; typed is what was written in it already.
func (s *site) textEditOf(r *request, rd reader, t *book.ThingView, d drafting, part string, typed *jisr.InstrumentText, problems []Problem) (textEditView, error) {
	v := textEditView{Page: s.page(r, "agreements"), Title: rd.l.T("agreement.edit"), Line: rd.agreementLine(&t.ThingRow), Action: rd.agreementURL(t.Forum, t.ID, "text", "edit"),
		Back: rd.agreementURL(t.Forum, t.ID), Problems: problems, Parties: rd.sides(t.State.Agreement.Parties), Many: t.State.Agreement.Multilateral()}
	if s.read != nil {
		v.Import = rd.agreementURL(t.Forum, t.ID, "text", "import")
	}
	shown, p := d.text, textPart{id: part}
	if d.text == nil {
		shown, p.id = rd.firstText(t.State.Agreement), ""
		p.to = len(shown.Segments)
	} else if part == wholeID {
		p = textPart{to: len(d.text.Segments)}
	} else if part != clausesID || len(partsOf(d.text)) == 1 {
		p = partsOf(d.text)[partOf(d.text, part)]
	}
	v.Part, v.Opened = p.id, d.opened(p).encode()
	if p.id != "" {
		if err := s.partLinks(r, rd, t, &d, &v); err != nil {
			return v, err
		}
	}
	rows := shown.Segments[p.from:p.to]
	if typed != nil {
		shown, rows = typed, typed.Segments
	}
	v.Clauses, v.Langs = clauseInput(shown), rd.textLangs(shown.Clauses.Languages)
	rd.draftLinks(t, &d, &v)
	v.addRows(rows, p.from)
	if p.id == "" && len(rows) > partSize {
		v.fold(rd, shown, r.PostForm.Get("insert"))
	}
	s.editChoices(rd, &v)
	return v, nil
}

// draftLinks lead to what is in preparation, and to what changed on the table since it was begun.
func (rd reader) draftLinks(t *book.ThingView, d *drafting, v *textEditView) {
	if d.out != nil {
		v.Draft = rd.url("outgoing", d.out.ID.Name())
	}
	if now := t.State.Agreement.Text(); d.base != "" && now != d.base {
		v.Newer = rd.agreementURL(t.Forum, t.ID, "text") + "?version=" + shortHash(now) + "&against=" + shortHash(d.base)
	}
}

// addRows lists segments, and empty ones after them. at is the number of the first in the text.
func (v *textEditView) addRows(segments []jisr.Segment, at int) {
	if v.Part == clausesID {
		return
	}
	add := func(sg *jisr.Segment) {
		v.Rows = append(v.Rows, editRow{N: len(v.Rows), No: at + len(v.Rows) + 1, ID: sg.ID, Kind: string(sg.Kind), Number: sg.Number, Text: sg.Text})
	}
	for i := range segments {
		add(&segments[i])
	}
	spare := spareRows
	if v.Part != "" {
		spare = 1
	}
	for range spare {
		add(&jisr.Segment{ID: newSegment(), Kind: jisr.SegmentParagraph})
	}
}

// fold puts the rows of a long text into its parts. What is asked for, and what is wrong, stands open.
func (v *textEditView) fold(rd reader, text *jisr.InstrumentText, inserted string) {
	labels := rd.labels(text)
	open := map[int]bool{0: true}
	if n, err := strconv.Atoi(inserted); err == nil {
		open[n+1] = true
	}
	for _, p := range v.Problems {
		if n, err := strconv.Atoi(strings.Split(p.Field+"__", "_")[1]); err == nil {
			open[n] = true
		}
	}
	parts := partsOf(text)
	for i, p := range parts {
		if i == len(parts)-1 {
			p.to = len(v.Rows) // the empty ones at the end
		}
		f := editFold{Word: labels[text.Segments[p.from].ID], Heading: inLanguage(rd.l, text.Segments[p.from].Text), Rows: v.Rows[p.from:p.to]}
		if i == 0 {
			f.Word, f.Heading = rd.l.T("agreement.part.opening"), ""
		}
		for _, row := range f.Rows {
			f.Open = f.Open || open[row.N]
		}
		v.Folds = append(v.Folds, f)
	}
}

func (s *site) editChoices(rd reader, v *textEditView) {
	for _, k := range jisr.SegmentKinds() {
		v.Kinds = append(v.Kinds, Option{Value: string(k), Word: rd.l.T("agreement.segment." + string(k))})
	}
	for _, c := range jisr.ConsentMethods() {
		v.Consents = append(v.Consents, Option{Value: string(c), Word: rd.l.T("agreement.consent." + string(c))})
	}
	for _, f := range jisr.ForceBases() {
		v.Forces = append(v.Forces, Option{Value: string(f), Word: rd.l.T("agreement.force." + string(f))})
	}
}

// clauseInput is the final clauses as the form has them.
func clauseInput(t *jisr.InstrumentText) map[string]string {
	c := &t.Clauses
	n := func(i int) string {
		if i == 0 {
			return ""
		}
		return strconv.Itoa(i)
	}
	on := func(b bool) string {
		if b {
			return "on"
		}
		return ""
	}
	in := map[string]string{"languages": strings.Join(c.Languages, " "), "prevailing": c.Prevailing, "force": string(c.Force.On), "force_days": n(c.Force.Days), "force_months": n(c.Force.Months),
		"force_first": on(c.Force.FirstOfMon), "force_count": n(c.Force.Count), "join_days": n(c.JoinDays), "two_thirds": on(c.Majority), "months": n(c.Months), "renewal": n(c.Renewal), "notice": n(c.Notice), "no_exit": on(c.NoExit), "initials": on(c.Initials), "provisional": on(c.Provision)}
	for name, d := range map[string]jisr.Date{"force_date": c.Force.Date, "opens": c.Opens, "shuts": c.Shuts} {
		if t, err := time.Parse(time.DateOnly, string(d)); err == nil {
			in[name+".day"], in[name+".month"], in[name+".year"] = t.Format("2"), t.Format("1"), t.Format("2006")
		}
	}
	for m, how := range c.Consent {
		in["consent_"+string(m)] = string(how)
	}
	return in
}

// saveText drafts the text as an outgoing act. A button inside the form adds a row below another one, or writes the final
// clauses into a short text, and shows the form again: nothing is kept then.
func (s *site) saveText(r *request) (*answer, error) {
	rd := s.reader(r)
	t, err := s.loadAgreement(r.Context(), rd, jisr.ForumID(r.PathValue("forum")), agreementID(r))
	if err != nil {
		return nil, err
	}
	g, part := t.State.Agreement, cmp.Or(clip(r.PostForm.Get("part"), maxField), wholeID)
	d, err := s.draftingOf(r, rd, &t)
	if err != nil {
		return nil, err
	}
	clauses := readClauses(r, g)
	if part != wholeID && part != clausesID && d.text != nil {
		clauses = d.text.Clauses // the form of a part of a long text does not have them
	}
	text := readText(r, g, s.fullNames(), clauses)
	switch at := r.PostForm.Get("insert"); {
	case at != "":
		if i, err := strconv.Atoi(at); err == nil && i >= 0 && i < len(text.Segments) {
			text.Segments = slices.Insert(text.Segments, i+1, jisr.Segment{ID: newSegment(), Kind: jisr.SegmentParagraph, Text: jisr.Text{}})
		}
		return s.editAgain(r, rd, &t, d, part, text, 0, nil, nil)
	case r.PostForm.Get("clauses") != "" && part == wholeID:
		s.writeClauses(text, g)
		return s.editAgain(r, rd, &t, d, part, text, 0, nil, nil)
	}
	return s.savePart(r, rd, &t, d, part, text)
}

// segmentField is the field of the first language of the segment a refusal is about.
func segmentField(t *jisr.InstrumentText, subject string) string {
	i := slices.IndexFunc(t.Segments, func(s jisr.Segment) bool { return s.ID == subject })
	if i < 0 || len(t.Clauses.Languages) == 0 {
		return ""
	}
	return "text_" + strconv.Itoa(i) + "_" + t.Clauses.Languages[0]
}

// readText puts the form together as a text, in the form that is hashed.
func readText(r *request, g *jisr.Agreement, full map[jisr.MemberID]jisr.Text, clauses jisr.Clauses) *jisr.InstrumentText {
	t := &jisr.InstrumentText{Names: map[jisr.MemberID]jisr.Text{}, Clauses: clauses}
	for _, m := range g.Parties {
		name := jisr.Text{}
		for _, lang := range t.Clauses.Languages {
			said := full[m][lang]
			if said == "" {
				said, _ = full[m].In(lang)
			}
			name[lang] = words.Tidy(lang, cmp.Or(said, string(m)))
		}
		t.Names[m] = name
	}
	for i := range min(jisr.MaxSegments, maxRows(r)) {
		n := strconv.Itoa(i)
		id := r.PostForm.Get("id_" + n)
		if id == "" || r.PostForm.Get("remove_"+n) != "" {
			continue
		}
		sg := jisr.Segment{ID: id, Kind: jisr.SegmentKind(r.PostForm.Get("kind_" + n)), Number: latinDigits(r.PostForm.Get("number_" + n)), Text: jisr.Text{}}
		for _, lang := range t.Clauses.Languages {
			if text := words.Tidy(lang, r.PostForm.Get("text_"+n+"_"+lang)); text != "" {
				sg.Text[lang] = text
			}
		}
		t.Segments = append(t.Segments, sg)
	}
	return t
}

// maxRows is how many rows the form sent.
func maxRows(r *request) int {
	n := 0
	for r.PostForm.Has("id_" + strconv.Itoa(n)) {
		n++
	}
	return n
}

// readClauses reads the final clauses. Languages that are none are dropped; the rules say what else is wrong.
func readClauses(r *request, g *jisr.Agreement) jisr.Clauses {
	get := func(name string) string { return strings.TrimSpace(clip(r.PostForm.Get("c_"+name), maxField)) }
	num := func(name string) int { n, _ := strconv.Atoi(latinDigits(get(name))); return n }
	c := jisr.Clauses{Prevailing: get("prevailing"), Consent: map[jisr.MemberID]jisr.ConsentMethod{}, Months: num("months"), Renewal: num("renewal"), Notice: num("notice"),
		NoExit: get("no_exit") != "", Initials: get("initials") != "", Provision: get("provisional") != "",
		Force: jisr.ForceRule{On: jisr.ForceBase(get("force")), Months: num("force_months"), Days: num("force_days"), FirstOfMon: get("force_first") != ""}}
	c.Languages = strings.Fields(get("languages"))
	slices.Sort(c.Languages)
	c.Languages = slices.Compact(c.Languages)
	for _, m := range g.Parties {
		c.Consent[m] = jisr.ConsentMethod(get("consent_" + string(m)))
	}
	switch c.Force.On {
	case jisr.ForceOnDate:
		c.Force.Date = dayOf(r.PostForm, "c_force_date")
	case jisr.ForceDepositCount:
		c.Force.Count = num("force_count")
	}
	if g.Multilateral() {
		c.Opens, c.Shuts, c.JoinDays, c.Majority = dayOf(r.PostForm, "c_opens"), dayOf(r.PostForm, "c_shuts"), num("join_days"), get("two_thirds") != ""
	}
	return c
}

// fullNames is what each member calls itself, in every language it says it in.
func (s *site) fullNames() map[jisr.MemberID]jisr.Text {
	all := map[jisr.MemberID]jisr.Text{s.node.Self().ID: s.node.Self().Name}
	for _, k := range s.node.Links() {
		all[k.Member] = k.Name
	}
	return all
}

// writeClauses writes the final clauses into the text, in every language there are words for. Each paragraph has a name of
// its own, so that writing them again after another choice changes the same paragraphs; those no choice asks for any more go.
func (s *site) writeClauses(t *jisr.InstrumentText, g *jisr.Agreement) {
	binding, said := g.Binds()
	t.Segments = slices.DeleteFunc(t.Segments, func(sg jisr.Segment) bool { return strings.HasPrefix(sg.ID, "final-") })
	heading := ""
	for _, line := range t.Clauses.Lines(binding || !said) {
		if line.Heading != heading {
			heading = line.Heading
			t.Segments = append(t.Segments, jisr.Segment{ID: "final-of-" + heading, Kind: jisr.SegmentArticle, Number: nextArticle(t), Text: s.inEach(t, func(l *words.Lang) string {
				return words.Tidy(l.Tag(), l.T("clause.heading."+heading))
			})})
		}
		t.Segments = append(t.Segments, jisr.Segment{ID: "final-" + strings.NewReplacer(".soft", "", ".", "-").Replace(line.Key), Kind: jisr.SegmentParagraph, Text: s.inEach(t, func(l *words.Lang) string {
			other := ""
			if line.Lang != "" {
				other = l.T("language." + line.Lang)
			}
			return l.Clause(line.Key, line.Months, line.Days, line.Count, string(line.Date), other)
		})})
	}
}

// inEach writes a wording in each language of the text that there are words for.
func (s *site) inEach(t *jisr.InstrumentText, write func(*words.Lang) string) jisr.Text {
	text := jisr.Text{}
	for _, lang := range t.Clauses.Languages {
		if slices.Contains(s.langs, lang) {
			text[lang] = write(s.words.In(lang))
		}
	}
	return text
}

// nextArticle is the number after the highest of an article.
func nextArticle(t *jisr.InstrumentText) string {
	last := 0
	for i := range t.Segments {
		if n, err := strconv.Atoi(t.Segments[i].Number); err == nil && t.Segments[i].Kind == jisr.SegmentArticle {
			last = max(last, n)
		}
	}
	return strconv.Itoa(last + 1)
}

// rowsOf sets segment beside segment; against another text, what stayed, came and went is marked.
func rowsOf(old, text *jisr.InstrumentText) (rows []textRow) {
	if old == nil {
		for i := range text.Segments {
			sg := &text.Segments[i]
			row := newRow(sg.ID, sg.Kind, sg.Number)
			for lang, wording := range sg.Text {
				row.Cells = append(row.Cells, textCell{Lang: lang, Runs: []jisr.Run{{Op: jisr.Keep, Text: wording}}})
			}
			rows = append(rows, row)
		}
		return rows
	}
	for _, red := range old.Compare(text) {
		row := newRow(red.ID, red.Kind, red.Number)
		if red.Change == jisr.Added || red.Change == jisr.Removed || red.Change == jisr.Moved {
			row.Change = string(red.Change)
		}
		sg := text.Segment(red.ID)
		if red.Runs == nil && sg != nil {
			for lang, wording := range sg.Text {
				row.Cells = append(row.Cells, textCell{Lang: lang, Runs: []jisr.Run{{Op: jisr.Keep, Text: wording}}})
			}
		}
		for lang, runs := range red.Runs {
			row.Cells = append(row.Cells, textCell{Lang: lang, Runs: runs})
		}
		rows = append(rows, row)
	}
	return rows
}

func newRow(id string, kind jisr.SegmentKind, number string) textRow {
	heading := kind == jisr.SegmentTitle || kind == jisr.SegmentChapter || kind == jisr.SegmentArticle || kind == jisr.SegmentAnnex
	return textRow{ID: id, Kind: string(kind), Heading: heading, Number: number}
}

// columns is the class for as many languages as stand side by side.
func (v *textView) columns() string     { return columnsOfLangs(len(v.Langs)) }
func (v *textEditView) columns() string { return columnsOfLangs(len(v.Langs)) }

func columnsOfLangs(n int) string { return "law-" + strconv.Itoa(min(max(n, 1), 4)) }

// editRows is how high a field is: as its text is long.
func editRows(text string) int { return min(12, 2+len(text)/160) }

func chosen(all []Option, value string) []Option {
	out := slices.Clone(all)
	for i := range out {
		out[i].On = out[i].Value == value
	}
	return out
}

// numberIn is the number of a segment as a text in a language writes it. The heading of an article without a title says its
// number itself: "Article 5".
func (rd reader) numberIn(row *textRow, c *textCell) string {
	switch {
	case row.Number == "":
		return ""
	case row.Kind == string(jisr.SegmentArticle) && slices.Contains(rd.words.Tags(), c.Lang):
		l := rd.words.In(c.Lang)
		number := l.T("agreement.article", "n", words.Raw(l.Digits(row.Number)))
		if word, _, _ := strings.Cut(number, " "); len(c.Runs) > 0 && strings.HasPrefix(strings.ToLower(c.Runs[0].Text), strings.ToLower(word)+" ") {
			return ""
		}
		return number
	case slices.Contains(rd.words.Tags(), c.Lang):
		return rd.words.In(c.Lang).Digits(row.Number) + "."
	}
	return row.Number + "."
}
