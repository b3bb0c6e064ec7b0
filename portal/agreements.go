package portal

import (
	"cmp"
	"context"
	"maps"
	"net/url"
	"slices"
	"strings"

	"jisr"
	"jisr/book"
	"jisr/node"
)

// agreementsView is the list of agreements by where they stand.
type agreementsView struct {
	Page
	Tabs   []Link
	Lines  []line
	Next   string
	First  string
	MayNew bool
	Waits  []outgoingLine // what this house prepares, newest first
}

// agreementStates groups the states of the life for the tabs of the list.
func agreementStates(tab string) []jisr.AgreementState {
	switch tab {
	case "text":
		return []jisr.AgreementState{jisr.AgreementProposed, jisr.AgreementNegotiating, jisr.AgreementAdReferendum, jisr.AgreementInitialled}
	case "signed":
		return []jisr.AgreementState{jisr.AgreementSignedAdRef, jisr.AgreementSignedRatify, jisr.AgreementSigned, jisr.AgreementCompletedOne, jisr.AgreementCompletedBoth, jisr.AgreementAwaitingForce}
	case "force":
		return []jisr.AgreementState{jisr.AgreementInForce, jisr.AgreementSuspended, jisr.AgreementDormant, jisr.AgreementEnding}
	case "ended":
		return []jisr.AgreementState{jisr.AgreementTerminated, jisr.AgreementAbandoned}
	}
	return nil
}

func (s *site) agreements(r *request) (*answer, error) {
	rd := s.reader(r)
	q := r.URL.Query()
	tab, cursor := q.Get("in"), clip(q.Get("cursor"), maxField)
	v := agreementsView{Page: s.live(r, "agreements"), MayNew: rd.may("outgoing.draft")}
	for _, t := range []string{"", "text", "signed", "force", "ended"} {
		word := t
		if word == "" {
			word = "all"
		}
		v.Tabs = append(v.Tabs, Link{Word: rd.l.T("agreement.list." + word), URL: rd.agreementsURL(t, ""), On: t == tab})
	}
	rows, next, err := s.agreementRows(r.Context(), rd, tab, cursor)
	if err != nil {
		return nil, err
	}
	for i := range rows {
		v.Lines = append(v.Lines, rd.agreementLine(&rows[i]))
	}
	if next != "" {
		v.Next = rd.agreementsURL(tab, next)
	}
	if cursor != "" {
		v.First = rd.agreementsURL(tab, "")
	}
	if v.Waits, err = s.outgoingLines(r.Context(), rd, "", "agreement", "mandate"); err != nil {
		return nil, err
	}
	return &answer{page: agreementsPage(v)}, nil
}

// agreementRows reads a page of agreements that stand, today, where the tab says. The calendar moves some of them
// without an act, so the standing is asked of each row.
func (s *site) agreementRows(ctx context.Context, rd reader, tab, cursor string) (rows []book.ThingRow, next string, err error) {
	states := agreementStates(tab)
	for len(rows) < pageNotes {
		var more []book.ThingRow
		more, next, err = s.node.Book().Things(ctx, rd.scope, book.ThingQuery{Noun: "agreement", Cursor: cursor, Limit: pageNotes})
		if err != nil {
			return nil, "", err
		}
		for i := range more {
			if g := more[i].State.Agreement; g != nil && (states == nil || slices.Contains(states, g.Standing(rd.today))) {
				rows = append(rows, more[i])
			}
		}
		if cursor = next; next == "" {
			break
		}
	}
	return rows, next, nil
}

func (rd reader) agreementsURL(tab, cursor string) string {
	q := url.Values{}
	if tab != "" {
		q.Set("in", tab)
	}
	if cursor != "" {
		q.Set("cursor", cursor)
	}
	if len(q) == 0 {
		return rd.url("agreements")
	}
	return rd.url("agreements") + "?" + q.Encode()
}

func (rd reader) agreementURL(f jisr.ForumID, id jisr.ThingID, more ...string) string {
	return rd.url(append([]string{"agreements", string(f), id.Name()}, more...)...)
}

// agreementLine is an agreement in a list.
func (rd reader) agreementLine(row *book.ThingRow) line {
	g := row.State.Agreement
	l := rd.thingLine(row)
	l.URL, l.Kind = rd.agreementURL(row.Forum, row.ID), known(rd.l, "agreement.kind.", string(g.Kind))
	l.State = rd.agreementTag(g.Standing(rd.today))
	l.To = rd.sides(slices.DeleteFunc(slices.Clone(g.Parties), func(m jisr.MemberID) bool { return m == g.From }))
	return l
}

func (rd reader) agreementTag(st jisr.AgreementState) tag {
	look := map[jisr.AgreementState][2]string{
		jisr.AgreementProposed: {"idle", "flag"}, jisr.AgreementNegotiating: {"soon", "pen-line"}, jisr.AgreementAdReferendum: {"soon", "check"},
		jisr.AgreementInitialled: {"soon", "stamp"}, jisr.AgreementSignedAdRef: {"soon", "pen-line"}, jisr.AgreementSignedRatify: {"soon", "stamp"},
		jisr.AgreementSigned: {"ok", "stamp"}, jisr.AgreementCompletedOne: {"soon", "hourglass"}, jisr.AgreementCompletedBoth: {"ok", "check"},
		jisr.AgreementAwaitingForce: {"ok", "calendar-check"}, jisr.AgreementInForce: {"ok", "circle-check"}, jisr.AgreementSuspended: {"late", "clock"},
		jisr.AgreementDormant: {"idle", "hourglass"}, jisr.AgreementEnding: {"late", "hourglass"}, jisr.AgreementTerminated: {"done", "archive"},
		jisr.AgreementAbandoned: {"idle", "minus"},
	}[st]
	return tag{Tone: look[0], Icon: look[1], Word: known(rd.l, "agreement.state.", string(st))}
}

// outgoingLine is a joint act in preparation in this house.
type outgoingLine struct {
	URL, What, On, By, When string
	State                   tag
}

// outgoingLines lists what this house prepares about a thing; about none, of all things of some nouns.
func (s *site) outgoingLines(ctx context.Context, rd reader, about jisr.ThingID, nouns ...string) (all []outgoingLine, err error) {
	for _, f := range s.forumsHere() {
		rows, err := s.node.Outgoing(ctx, rd.scope, f, about)
		if err != nil {
			return nil, err
		}
		for i := range rows {
			if noun := rows[i].Outgoing.About.Noun(); about == "" && !slices.Contains(nouns, noun) {
				continue
			}
			all = append(all, s.outgoingLine(ctx, rd, &rows[i]))
		}
	}
	return all, nil
}

func (s *site) outgoingLine(ctx context.Context, rd reader, row *book.OutgoingRow) outgoingLine {
	o := &row.Outgoing
	l := outgoingLine{URL: rd.url("outgoing", row.ID.Name()), What: known(rd.l, "act.kind.", string(o.Kind)), When: rd.dateTime(o.Drafted.At), State: rd.stateTag(o.State())}
	if n := len(o.Drafters); n > 0 {
		l.By = string(o.Drafters[n-1].Official)
	}
	if t, err := s.node.Book().Thing(ctx, rd.scope, o.Forum, o.About); err == nil {
		l.On = rd.say(t.Summary.Title).String()
	}
	return l
}

// agreementView is an agreement as an official opens it: where it stands, what that means, who acts next, and what each
// side and both together have said.
type agreementView struct {
	Page
	Line      line
	Title     string
	Means     string
	Next      string
	Flags     []string
	Applied   string   // provisionally, now
	Continues []string // what all agreed to keep alive while it is dormant
	Owed      []owed
	Turn      []Link // steps this official may prepare that are awaited of this side
	Say       []Link // the others it may prepare
	Waits     []outgoingLine
	Beats     []beat
	Parties   []side
	Facts     []factLine
	Force     []string
	Day       string // of entry into force, or what is awaited for it
	Text      []textLine
	TextURL   string
	Papers    []Link
	Mandates  []mandateLine
	Domestic  *domesticView
	Partakers []partakerLine // of one with a depositary
	All       string         // "both", or "all parties"
	Related   []relatedLine
	Owing     owing  // commitments that come from it
	Of        string // forum and id, as the form for one that belongs to it is asked
	Proof     string
	Custody   custodyPart
}

// owed is a step and who owes it.
type owed struct {
	Whom side
	What string
	Due  string
	Ours bool
}

// factLine is a name and a value.
type factLine struct{ Name, Value string }

// beat is one line of the course: of ours, of theirs, or of all together in the middle.
type beat struct {
	Column string // ours, theirs, joint
	Whom   side
	What   string
	When   string
	By     string
	URL    string
	Note   string
	Void   string
}

// textLine is a text on the table.
type textLine struct {
	Word, URL, Redline string
	Whom               side
	When               string
	Now                bool
}

// mandateLine is full powers shown for this agreement.
type mandateLine struct {
	Whom  side
	Post  said
	Acts  string
	Uses  string // what was done under them
	When  string
	URL   string // of its act, with its proof
	State tag
	Say   []Link
}

// relatedLine is an agreement that belongs to this one.
type relatedLine struct {
	Word, Title, URL string
	State            tag
}

func agreementID(r *request) jisr.ThingID { return jisr.ThingID("agreement/" + r.PathValue("id")) }

func (s *site) loadAgreement(ctx context.Context, rd reader, f jisr.ForumID, id jisr.ThingID) (book.ThingView, error) {
	if !jisr.ValidForum(f) {
		return book.ThingView{}, jisr.Refuse(jisr.NoSuch, string(f), "noun", "forum")
	}
	v, err := s.node.Book().Thing(ctx, rd.scope, f, id)
	if err == nil && v.State.Agreement == nil {
		err = jisr.Refuse(jisr.NoSuch, id.Name(), "noun", "agreement")
	}
	if err == nil {
		err = s.node.ReadsThing(ctx, rd.caller, &v)
	}
	return v, err
}

func (s *site) agreement(r *request) (*answer, error) {
	rd := s.reader(r)
	t, err := s.loadAgreement(r.Context(), rd, jisr.ForumID(r.PathValue("forum")), agreementID(r))
	if err != nil {
		return nil, err
	}
	v, err := s.agreementView(r.Context(), rd, &t)
	if err != nil {
		return nil, err
	}
	v.Page = s.live(r, "agreements")
	return &answer{page: agreementPage(v)}, nil
}

func (s *site) agreementView(ctx context.Context, rd reader, t *book.ThingView) (agreementView, error) {
	g := t.State.Agreement
	standing := g.Standing(rd.today)
	v := agreementView{Line: rd.agreementLine(&t.ThingRow), Parties: rd.sides(g.Parties), TextURL: rd.agreementURL(t.Forum, t.ID, "text")}
	v.Title = v.Line.Subject.String()
	v.Means, v.Next = rd.l.T("agreement.state."+string(standing)+".means"), rd.l.T("agreement.state."+g.Turn(rd.today))
	for _, f := range g.Flags(rd.today) {
		v.Flags = append(v.Flags, rd.flag(f))
	}
	for _, a := range g.Awaits() {
		if a.Why == "register" && standing == jisr.AgreementTerminated {
			continue // by its calendar: its last day went by
		}
		o := owed{Whom: rd.side(a.Of), What: known(rd.l, "why.agreement.", a.Why), Ours: a.Of == rd.self}
		if a.Due != "" {
			o.Due = rd.l.Day(string(a.Due))
		}
		v.Owed = append(v.Owed, o)
	}
	slices.SortStableFunc(v.Owed, func(a, b owed) int { return cmp.Compare(ranked(b.Ours), ranked(a.Ours)) })
	v.Facts = rd.agreementFacts(g)
	v.reckon(rd, g)
	v.Text = rd.textLines(t)
	v.Partakers, v.All = rd.partakers(t), rd.l.T("agreement.both")
	if len(g.Parties) > 2 {
		v.All = rd.l.T("agreement.all")
	}
	programmes, err := s.programmesOf(ctx, rd, t)
	if err != nil {
		return v, err
	}
	v.Related, v.Of = append(rd.relatedLines(t), programmes...), string(t.Forum)+"/"+t.ID.Name()
	if v.Owing, err = s.owingOf(ctx, rd, t.Forum, t.ID, ""); err != nil {
		return v, err
	}
	v.Proof = rd.agreementURL(t.Forum, t.ID, "proof")
	next, err := s.node.Next(ctx, rd.scope, t.Forum, t.ID)
	if err != nil {
		return v, err
	}
	titles, err := s.titles(ctx, rd)
	if err != nil {
		return v, err
	}
	labels, err := s.segmentLabels(ctx, rd, t)
	if err != nil {
		return v, err
	}
	v.later(rd, g, labels)
	v.Beats = rd.beats(t, titles, labels)
	v.Turn, v.Say = rd.offers(t, next, labels)
	if v.Waits, err = s.outgoingLines(ctx, rd, t.ID); err != nil {
		return v, err
	}
	if v.Papers, err = s.papers(ctx, rd, t.Forum, t.ID); err != nil {
		return v, err
	}
	if v.Mandates, err = s.mandateLines(ctx, rd, t); err != nil {
		return v, err
	}
	if v.Domestic, err = s.domesticView(ctx, rd, t); err != nil {
		return v, err
	}
	v.Custody, err = s.custodyOf(ctx, rd, rd.heldThing(t))
	return v, err
}

func (rd reader) flag(f jisr.Flag) string {
	text := known(rd.l, "agreement.flag.", f.Kind)
	if f.Member != "" {
		return rd.name(f.Member) + ": " + text
	}
	return text
}

// ranked puts what is ours first.
func ranked(ours bool) int {
	if ours {
		return 1
	}
	return 0
}

// offers lists the steps this official may prepare: what would have effect if this member said it now. Those that are
// awaited of this side come apart from the others.
func (rd reader) offers(t *book.ThingView, next []jisr.Kind, labels map[string]string) (turn, also []Link) {
	if !rd.may("outgoing.draft") {
		return nil, nil
	}
	g := t.State.Agreement
	var awaited []jisr.Kind
	for _, a := range g.Awaits() {
		if a.Of == rd.self {
			awaited = append(awaited, jisr.StepsFor(a.Why)...)
		}
	}
	answers := g.Answers(rd.self)
	for _, k := range slices.SortedFunc(slices.Values(next), func(a, b jisr.Kind) int { return cmp.Compare(rankOf(awaited, a), rankOf(awaited, b)) }) {
		links := rd.offersOf(t, k, answers, labels)
		if slices.Contains(awaited, k) {
			turn = append(turn, links...)
		} else {
			also = append(also, links...)
		}
	}
	return turn, also
}

// rankOf is where a kind stands among those awaited; the others stand after them, as they come.
func rankOf(awaited []jisr.Kind, k jisr.Kind) int {
	if i := slices.Index(awaited, k); i >= 0 {
		return i
	}
	return len(awaited)
}

// offersOf are the forms of one kind of step: one for each act it could answer, where it answers one.
func (rd reader) offersOf(t *book.ThingView, k jisr.Kind, answers []jisr.Answer, labels map[string]string) (all []Link) {
	verb := strings.TrimPrefix(string(k), "agreement.")
	word, at := rd.l.T("agreement.say."+verb), rd.agreementURL(t.Forum, t.ID, "say", verb)
	switch k {
	case jisr.KindAgreementTable:
		return []Link{{Word: word, URL: rd.agreementURL(t.Forum, t.ID, "text", "edit")}}
	case jisr.KindAgreementBracket: // begun at its segment, on the page of the text
		return nil
	}
	for _, a := range answers {
		if a.Kind == k {
			all = append(all, Link{Word: rd.answerWord(t, word, a.Act, labels), URL: rd.answerURL(t, a)})
		}
	}
	if len(all) == 0 && !jisr.Answering(k) { // what it answers may have come since the agreement was read
		all = []Link{{Word: word, URL: at}}
	}
	return all
}

// answerURL is the form that answers an act.
func (rd reader) answerURL(t *book.ThingView, a jisr.Answer) string {
	return rd.agreementURL(t.Forum, t.ID, "say", strings.TrimPrefix(string(a.Kind), "agreement.")) + "?act=" + string(a.Act.Member) + "." + itoa(int64(a.Act.Index))
}

// answerWord says what is answered: the act, whose it is, and where in the text.
func (rd reader) answerWord(t *book.ThingView, word string, p jisr.Position, labels map[string]string) string {
	for i := range t.Acts {
		a := &t.Acts[i].Act
		if a.Position != p {
			continue
		}
		what := known(rd.l, "act.kind.", string(a.Kind))
		for j := range t.State.Agreement.Brackets {
			if b := &t.State.Agreement.Brackets[j]; b.Position == p {
				what = cmp.Or(labels[b.Segment], what)
			}
		}
		return rd.l.T("agreement.say.about", "step", word, "act", what, "member", rd.name(a.Member))
	}
	return word
}

// beats is the course of the agreement in two columns, with what all have said alike in the middle.
func (rd reader) beats(t *book.ThingView, titles map[jisr.OfficialID]string, labels map[string]string) []beat {
	g := t.State.Agreement
	joint := rd.jointBeats(g)
	notes := rd.beatNotes(g, labels)
	var all []beat
	for i := range t.Acts {
		a := &t.Acts[i]
		b := beat{Column: "theirs", Whom: rd.side(a.Act.Member), What: known(rd.l, "act.kind.", string(a.Act.Kind)), When: rd.dateTime(a.Act.At), URL: rd.actURL(t.Forum, a.Act.Position), Note: notes[a.Act.Position]}
		if a.Act.Member == rd.self {
			b.Column = "ours"
			if a.Act.By != nil {
				b.By = titleOf(titles, *a.Act.By)
			}
		}
		if a.Void != nil {
			b.Void = sentence(rd.l, a.Void)
		}
		all = append(all, b)
		all = append(all, joint[a.Act.Position]...)
	}
	if f := g.Force(); f.Date != "" {
		word := "agreement.joint.force"
		if f.Date > rd.today {
			word = "agreement.joint.force.coming"
		}
		all = append(all, beat{Column: "joint", What: rd.l.T(word), When: rd.l.Day(string(f.Date))})
	}
	return all
}

// beatNotes says what single acts are about: which text, which paragraph.
func (rd reader) beatNotes(g *jisr.Agreement, labels map[string]string) map[jisr.Position]string {
	all := map[jisr.Position]string{}
	for i := range g.Versions {
		all[g.Versions[i].Position] = rd.l.T("agreement.version", "n", i+1)
	}
	for i := range g.Brackets {
		all[g.Brackets[i].Position] = labels[g.Brackets[i].Segment]
	}
	for _, c := range g.Corrections {
		all[c.Position] = rd.l.T("agreement.correction.in", "segment", labels[c.Segment], "language", rd.languageName(c.Lang))
	}
	for i, k := range g.Stamps() {
		all[k.Position] = known(rd.l, "act.kind.", string(k.Of)) + rd.l.T("list.comma") + " " + rd.name(k.From)
		if g.Multilateral() {
			all[k.Position] = rd.l.T("agreement.depositary.notification", "n", i+1, "what", all[k.Position])
		}
	}
	for i := range g.Accords {
		for _, m := range g.Accords[i].By {
			all[m.Position] = rd.stated(&g.Accords[i], labels)
		}
	}
	for i := range g.Milestones {
		m := &g.Milestones[i]
		all[m.Position] = rd.l.T("agreement.milestone.said", "step", rd.say(m.Title).String(), "state", known(rd.l, "domestic.state.", string(m.State)))
	}
	return all
}

// stated is what a party stated of a step that all must state alike.
func (rd reader) stated(x *jisr.Accord, labels map[string]string) string {
	parts := []string{rd.l.Day(string(x.On))}
	if x.Until != "" {
		parts[0] = rd.l.T("time.from.to", "from", parts[0], "to", rd.l.Day(string(x.Until)))
	}
	if !x.Place.Empty() {
		parts = append(parts, rd.l.Isolate(inLanguage(rd.l, x.Place)))
	}
	for _, id := range x.Segments {
		parts = append(parts, cmp.Or(labels[id], rd.l.Isolate(id)))
	}
	return strings.Join(parts, rd.l.T("list.comma")+" ")
}

// jointBeats gives, by the act that completed them, the steps that count because all parties took them.
func (rd reader) jointBeats(g *jisr.Agreement) map[jisr.Position][]beat {
	all := map[jisr.Position][]beat{}
	note := func(word, detail string, last *jisr.Step) {
		if last != nil {
			all[last.Position] = append(all[last.Position], beat{Column: "joint", What: rd.l.T("agreement.joint." + word), When: rd.dateTime(last.At), Note: detail})
		}
	}
	if len(g.Accepted) == len(g.Parties) {
		note("negotiating", "", lastStep(g.Parties, func(m jisr.MemberID) (jisr.Step, bool) { st, ok := g.Accepted[m]; return st, ok }))
	}
	for word, list := range map[string][]jisr.Agreed{"adopted": g.Adopted, "initialled": g.Initials, "reopened": g.Reopened} {
		for i := range list {
			note(word, shortHash(list[i].Hash), lastMark(g.Parties, list[i].By))
		}
	}
	if w := g.Signed(); w != nil {
		note("signed", rd.l.Day(string(w.Date)), lastStep(g.Parties, func(m jisr.MemberID) (jisr.Step, bool) { st, ok := w.Verbals[m]; return st, ok }))
	}
	for i := range g.Accords {
		a := &g.Accords[i]
		note(strings.TrimPrefix(string(a.Kind), "agreement."), rd.l.Day(string(a.On)), lastMark(g.Parties, a.By))
	}
	for _, c := range g.Corrections {
		if g.CorrectionState(c, rd.today) == "accepted" {
			note("correct", "", lastStep(slices.Sorted(maps.Keys(c.Accepted)), func(m jisr.MemberID) (jisr.Step, bool) { st, ok := c.Accepted[m]; return st, ok }))
		}
	}
	return all
}

// lastMark is the mark by which all parties had done alike; nil while one is missing.
func lastMark(parties []jisr.MemberID, by jisr.Marks) *jisr.Step {
	return lastStep(parties, func(m jisr.MemberID) (jisr.Step, bool) {
		mark := by[m]
		if mark == nil || !mark.Counts() {
			return jisr.Step{}, false
		}
		return mark.Step, true
	})
}

func lastStep(parties []jisr.MemberID, of func(jisr.MemberID) (jisr.Step, bool)) *jisr.Step {
	var last *jisr.Step
	for _, m := range parties {
		st, ok := of(m)
		if !ok {
			return nil
		}
		if last == nil || st.At.After(last.At) {
			last = &st
		}
	}
	return last
}

// shortHash is enough of a hash to tell texts apart at a glance; the text's page has all of it.
func shortHash(h jisr.Commitment) string {
	s := strings.TrimPrefix(string(h), "sha256:")
	return s[:min(12, len(s))]
}

func (rd reader) agreementFacts(g *jisr.Agreement) []factLine {
	add := func(all []factLine, key, value string) []factLine {
		if value == "" {
			return all
		}
		return append(all, factLine{rd.l.T("agreement.field." + key), value})
	}
	all := add(nil, "kind", known(rd.l, "agreement.kind.", string(g.Kind)))
	all = add(all, "parties", rd.nameAll(g.Parties))
	if g.Depositary != "" {
		all = add(all, "depositary", rd.name(g.Depositary))
	}
	for _, m := range g.Parties {
		if b, said := g.Intents[m]; said {
			all = append(all, factLine{rd.l.T("agreement.binding.by", "member", rd.name(m)), rd.l.T("agreement.binding." + map[bool]string{true: "yes", false: "no"}[b])})
		}
	}
	c := g.Clauses()
	if c == nil {
		return all
	}
	return append(all, rd.clauseFacts(g, c)...)
}

func (rd reader) clauseFacts(g *jisr.Agreement, c *jisr.Clauses) (all []factLine) {
	add := func(key, value string) {
		if value != "" {
			all = append(all, factLine{rd.l.T("agreement.field." + key), value})
		}
	}
	var tongues []string
	for _, tag := range c.Languages {
		tongues = append(tongues, rd.languageName(tag))
	}
	add("languages", strings.Join(tongues, rd.l.T("list.comma")+" "))
	if c.Prevailing != "" {
		add("prevailing", rd.languageName(c.Prevailing))
	}
	for _, m := range g.Parties {
		all = append(all, factLine{rd.l.T("agreement.consent.of", "member", rd.name(m)), known(rd.l, "agreement.consent.", string(c.Consent[m]))})
	}
	switch {
	case c.Until != "":
		add("duration", rd.l.T("agreement.until", "date", rd.l.Day(string(c.Until))))
	case c.Months > 0:
		add("duration", rd.l.N("unit.month", c.Months))
	default:
		add("duration", rd.l.T("agreement.unlimited"))
	}
	if c.Renewal > 0 {
		add("renewal", rd.l.N("unit.month", c.Renewal))
	}
	if c.NoExit {
		add("notice", rd.l.T("agreement.noexit"))
	} else {
		add("notice", rd.l.N("unit.month", c.NoticeMonths()))
	}
	return all
}

// partakerLine is where a participant of an agreement with a depositary stands.
type partakerLine struct {
	Whom         side
	State        tag
	Facts        []string
	Reservations []reservationLine
}

// reservationLine is a reservation: what it says, and what became of it towards each who answered.
type reservationLine struct {
	Text    said
	URL     string
	State   string
	Answers []string
}

func (rd reader) partakers(t *book.ThingView) (all []partakerLine) {
	g := t.State.Agreement
	if !g.Multilateral() {
		return nil
	}
	for _, m := range g.Parties {
		state := g.PartakerOn(m, rd.today)
		look := map[jisr.PartakerState][2]string{jisr.Signatory: {"soon", "pen-line"}, jisr.Contracting: {"ok", "check"}, jisr.PartyTo: {"ok", "circle-check"},
			jisr.Withdrawing: {"late", "hourglass"}, jisr.FormerParty: {"done", "archive"}}[state]
		l := partakerLine{Whom: rd.side(m), State: tag{Tone: cmp.Or(look[0], "idle"), Icon: cmp.Or(look[1], "circle-dot"), Word: known(rd.l, "agreement.participant.", string(state))}}
		if p := g.Participants[m]; p != nil {
			if p.Signed != nil {
				l.Facts = append(l.Facts, rd.l.T("agreement.participant.signed", "date", rd.l.Day(string(p.Signed.Date))))
			}
			if p.Deposit != nil {
				l.Facts = append(l.Facts, rd.l.T("agreement.participant.deposited", "what", known(rd.l, "agreement.instrument.", string(p.Deposit.Instrument)), "date", rd.l.Day(string(p.Deposit.Date))))
			}
			if day := g.ForceFor(m); day != "" {
				l.Facts = append(l.Facts, rd.l.T("agreement.participant.force", "date", rd.l.Day(string(day))))
			}
			for _, r := range p.Reservations {
				l.Reservations = append(l.Reservations, rd.reservation(t, r))
			}
		}
		all = append(all, l)
	}
	return all
}

func (rd reader) reservation(t *book.ThingView, r *jisr.Reservation) reservationLine {
	g := t.State.Agreement
	l := reservationLine{URL: rd.actURL(t.Forum, r.Position), State: known(rd.l, "agreement.reservation.", g.ReservationState(r, "", rd.today))}
	for i := range t.Acts {
		if t.Acts[i].Act.Position == r.Position {
			if body, err := jisr.DecodeReservation(t.Acts[i].Body); err == nil {
				l.Text = rd.say(body.Text)
			}
		}
	}
	for _, m := range g.Parties {
		if _, objected := r.Objections[m]; objected {
			l.Answers = append(l.Answers, rd.name(m)+": "+known(rd.l, "agreement.reservation.", g.ReservationState(r, m, rd.today)))
		}
	}
	return l
}

func (rd reader) languageName(tag string) string {
	if slices.Contains(rd.words.Tags(), tag) {
		return rd.words.In(tag).Name()
	}
	return known(rd.l, "language.", tag)
}

// reckon shows how the day of entry into force follows from the clauses and the acts.
func (v *agreementView) reckon(rd reader, g *jisr.Agreement) {
	r := g.Force()
	for _, st := range r.Steps {
		v.Force = append(v.Force, rd.l.T("reckon."+st.Rule, "date", rd.l.Day(string(st.Date)), "member", rd.name(st.Member), "n", st.N))
	}
	switch {
	case r.Wants != "":
		v.Day = known(rd.l, "reckon.wants.", r.Wants)
	case r.Date != "":
		v.Day = rd.l.T(map[bool]string{true: "agreement.force.on", false: "agreement.force.since"}[r.Date > rd.today], "date", rd.l.Day(string(r.Date)))
	}
	if end, why := g.End(); end != "" {
		v.Force = append(v.Force, rd.l.T("agreement.end.on", "date", rd.l.Day(string(end)), "why", known(rd.l, "agreement.end.", why)))
	}
}

// textLines lists the texts on the table, newest first, each with its redline from the one it was made from.
func (rd reader) textLines(t *book.ThingView) (all []textLine) {
	g := t.State.Agreement
	for i, ver := range slices.Backward(g.Versions) {
		at := rd.agreementURL(t.Forum, t.ID, "text") + "?version=" + shortHash(ver.Hash)
		l := textLine{Word: rd.l.T("agreement.version", "n", i+1), URL: at, Whom: rd.side(ver.Member), When: rd.dateTime(ver.At), Now: ver.Hash == g.Text()}
		if base := g.Version(ver.Base); base != nil {
			l.Redline = at + "&against=" + shortHash(base.Hash)
		} else if i > 0 {
			l.Redline = at + "&against=" + shortHash(g.Versions[i-1].Hash)
		}
		all = append(all, l)
	}
	return all
}

func (rd reader) relatedLines(t *book.ThingView) (all []relatedLine) {
	g := t.State.Agreement
	if g.Of != "" {
		all = append(all, relatedLine{Word: rd.l.T("agreement.of." + string(g.Relation)), Title: g.Of.Name(), URL: rd.agreementURL(t.Forum, g.Of)})
	}
	for _, c := range g.Related {
		all = append(all, relatedLine{Word: known(rd.l, "agreement.relation.", string(c.Relation)), Title: rd.say(c.Title).String(), URL: rd.agreementURL(t.Forum, c.ID), State: rd.agreementTag(c.State)})
	}
	return all
}

// mandateLines lists full powers whose subject this agreement is, of any party.
func (s *site) mandateLines(ctx context.Context, rd reader, t *book.ThingView) (all []mandateLine, err error) {
	var rows []book.ThingRow
	if err = s.eachMandate(ctx, rd, t, func(row *book.ThingRow) { rows = append(rows, *row) }); err != nil {
		return nil, err
	}
	for _, row := range rows {
		m := row.State.Mandate
		presented, err := s.presented(ctx, rd, t, m)
		if err != nil {
			return nil, err
		}
		l := mandateLine{Whom: rd.side(m.Of), Post: rd.say(m.Post), URL: rd.actURL(t.Forum, m.Issued.Position), State: rd.mandateTag(m.For(t.State.Agreement, row.ID, presented, rd.today))}
		var uses []string
		for _, k := range t.State.Agreement.Uses(row.ID) {
			uses = append(uses, known(rd.l, "act.kind.", string(k)))
		}
		l.Uses = strings.Join(uses, rd.l.T("list.comma")+" ")
		var acts []string
		for _, a := range m.Acts {
			acts = append(acts, known(rd.l, "mandate.act.", string(a)))
		}
		l.Acts = strings.Join(acts, rd.l.T("list.comma")+" ")
		l.When = rd.l.Day(string(m.From))
		if m.To != "" {
			l.When = rd.l.T("time.from.to", "from", l.When, "to", rd.l.Day(string(m.To)))
		}
		at := func(verb string) string { return rd.agreementURL(t.Forum, t.ID, "mandates", row.ID.Name(), verb) }
		if m.Of != rd.self && m.Verified[rd.self].At.IsZero() && m.Revoked == nil && rd.may("outgoing.draft") {
			l.Say = append(l.Say, Link{Word: rd.l.T("mandate.say.verify"), URL: at("verify")})
		}
		if m.Of == rd.self && m.Revoked == nil && rd.may("outgoing.draft") {
			l.Say = append(l.Say, Link{Word: rd.l.T("mandate.say.revoke"), URL: at("revoke")})
		}
		all = append(all, l)
	}
	return all, nil
}

// presented tells whether every other party holds full powers; those of another party are presented as soon as they are here.
func (s *site) presented(ctx context.Context, rd reader, t *book.ThingView, m *jisr.Mandate) (bool, error) {
	if m.Of != rd.self {
		return true, nil
	}
	receipts, err := s.node.Receipts(ctx, rd.scope, t.Forum, m.Issued.Position)
	return err == nil && !slices.ContainsFunc(receipts, func(r node.Receipt) bool {
		return slices.Contains(t.State.Agreement.Parties, r.Member) && r.HeldAt.IsZero()
	}), err
}

func (s *site) eachMandate(ctx context.Context, rd reader, t *book.ThingView, visit func(*book.ThingRow)) error {
	for cursor := ""; ; {
		rows, next, err := s.node.Book().Things(ctx, rd.scope, book.ThingQuery{Forum: t.Forum, Noun: "mandate", Cursor: cursor, Limit: 200})
		if err != nil {
			return err
		}
		for i := range rows {
			if m := rows[i].State.Mandate; m != nil && slices.Contains(m.Subjects, t.ID) {
				visit(&rows[i])
			}
		}
		if cursor = next; next == "" {
			return nil
		}
	}
}

func (rd reader) mandateTag(st jisr.MandateState) tag {
	look := map[jisr.MandateState][2]string{jisr.MandateIssued: {"soon", "key-round"}, jisr.MandatePresented: {"soon", "send"}, jisr.MandateVerified: {"ok", "badge-check"}, jisr.MandateUsed: {"done", "stamp"},
		jisr.MandateExpired: {"idle", "clock"}, jisr.MandateRevoked: {"idle", "undo-2"}}[st]
	return tag{Tone: look[0], Icon: look[1], Word: known(rd.l, "mandate.state.", string(st))}
}
