package portal

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"

	"jisr"
	"jisr/book"
	"jisr/words"
)

// commitmentView is one commitment: what is owed, how it stands, what was said, what may be said now.
type commitmentView struct {
	Page
	Line     line
	Title    string
	Means    string
	Columns  []column
	Tests    []column
	Facts    []field
	Links    []linkFact
	Offers   []offerView // what was proposed, where there is a choice
	Halts    []haltView  // why it does not go on, what is in consultation, who wants to end it
	Progress []progressView
	Reports  []reportView
	Days     []dayView // extensions, both days kept
	Rungs    []ladderStep
	Ladder   string // the level that the agreed ladder gives today
	Paused   bool   // what was raised rests while a report is looked at
	Problem  string
	Counter  string // where another proposal is made
	Waits    []outgoingLine
	Steps    []noteAct
	Actions  []saying
	Custody  custodyPart
}

// linkFact is a fact that leads somewhere.
type linkFact struct {
	Name string
	Link
}

// offerView is a proposal: who made it, who has agreed to it, and what it changes in the one before.
type offerView struct {
	By      side
	When    string
	Agreed  []side
	State   tag
	Changes []changeView
}

// changeView is a term and its two values.
type changeView struct{ Name, Was, Now string }

// haltView is something that stands in the way, or ends it.
type haltView struct {
	Tone, Text string
	Reason     said
}

// progressView is one line of progress.
type progressView struct {
	When string
	What string // the milestone, or the value of the indicator
	Text said
}

// dayView is a request for a later day.
type dayView struct {
	Text   string
	When   string
	Reason said
	Answer said
	State  tag
}

// ladderStep is one level of the ladder: by which day it is due, and whether it is reached.
type ladderStep struct{ State, Word, When string }

// reportView is a report and what became of it.
type reportView struct {
	When   string
	Value  string
	Text   said
	State  tag
	Until  string
	Reason said
	Files  []Link
}

func (s *site) commitment(r *request) (*answer, error) { return s.showCommitment(r, "") }

func (s *site) showCommitment(r *request, problem string) (*answer, error) {
	t, err := s.thingOf(r, "commitment")
	if err != nil {
		return nil, err
	}
	rd, c := s.reader(r), t.State.Commitment
	v := commitmentView{Page: s.live(r, "commitments"), Line: rd.commitmentLine(&t.ThingRow), Problem: problem, Steps: rd.thingActs(&t)}
	v.Title = v.Line.title(rd)
	v.Means = rd.l.T("commitment.state." + string(c.State()) + ".means")
	v.Facts, v.Halts, v.Offers, v.Rungs = rd.commitmentFacts(c), rd.halts(&t), rd.proposed(&t), rd.ladderOf(c)
	v.Links, v.Progress, v.Days = s.commitmentLinks(r, rd, c, t.Forum), rd.progress(c), rd.extensions(c)
	bodies := bodiesOf(&t)
	if b, err := jisr.DecodeCommitment(bodies[c.Text]); err == nil {
		v.Columns, v.Tests = rd.columns(&jisr.NoteBody{Text: b.Text}), rd.columns(&jisr.NoteBody{Text: b.Test})
	}
	for i := range c.Reports {
		rep := rd.reportView(c, &c.Reports[i], bodies)
		rep.Files = s.filesOf(r.Context(), rd, &t, c.Reports[i].Position)
		v.Reports = append(v.Reports, rep)
	}
	v.Paused = c.Paused()
	if l := c.LadderDue(rd.until(c.Debtor.Member)); l > c.Level() {
		v.Ladder = rd.l.T("commitment.ladder", "level", rd.l.T("level."+itoa(int64(l))))
	}
	v.Actions = s.commitmentActions(r, rd, &t)
	if slices.Contains(c.Next(rd.self), jisr.KindCommitmentPropose) && rd.mayPrepare(jisr.KindCommitmentPropose) {
		v.Counter = rd.commitmentURL(t.Forum, t.ID) + "/propose"
	}
	if v.Custody, err = s.custodyOf(r.Context(), rd, rd.heldThing(&t)); err != nil {
		return nil, err
	}
	if v.Waits, err = s.outgoingLines(r.Context(), rd, t.ID); err != nil {
		return nil, err
	}
	if problem != "" {
		v.Live = false
		return &answer{status: 422, page: commitmentPage(v)}, nil
	}
	return &answer{page: commitmentPage(v)}, nil
}

func bodiesOf(t *book.ThingView) map[jisr.Position][]byte {
	bodies := map[jisr.Position][]byte{}
	for i := range t.Acts {
		bodies[t.Acts[i].Act.Position] = t.Acts[i].Body
	}
	return bodies
}

// lastOffer is the newest proposal of a commitment with its text: what another proposal begins from.
func lastOffer(t *book.ThingView) (terms jisr.CommitmentTerms, body jisr.CommitmentBody) {
	all := t.State.Commitment.Proposals
	return offerOf(t, all[len(all)-1].Step.Position)
}

func offerOf(t *book.ThingView, p jisr.Position) (terms jisr.CommitmentTerms, body jisr.CommitmentBody) {
	for i := range t.Acts {
		if a := &t.Acts[i]; a.Act.Position == p {
			body, _ = jisr.DecodeCommitment(a.Body) // not here, or erased: it shows as empty
		}
	}
	return termsAt[jisr.CommitmentTerms](t, p), body
}

// officeWord names an office of a member: of ours as we call the desk, of the other side's as it gave it.
func (rd reader) officeWord(o jisr.Office) string {
	name, _ := o.Name.In(rd.l.Tag())
	return strings.TrimSuffix(rd.name(o.Member)+" — "+cmp.Or(name, string(o.Desk)), " — ")
}

// owedTerms is the terms of a commitment in words.
func (rd reader) owedTerms(c *jisr.CommitmentTerms) (all []field) {
	add := func(key, value string) {
		if value != "" {
			all = append(all, field{Name: rd.l.T(key), Value: value})
		}
	}
	add("commitment.debtor", rd.officeWord(c.Debtor))
	add("commitment.beneficiary", rd.officeWord(c.Beneficiary))
	add("say.field.type", known(rd.l, "commitment.type.", string(c.Type)))
	if c.Sector != "" {
		add("say.field.sector", known(rd.l, "sector.", c.Sector))
	}
	if c.Due != "" {
		add("commitment.due.agreed", rd.l.Day(string(c.Due)))
	}
	add("commitment.nodate", c.NoDate)
	if i := c.Indicator; i != nil {
		name, _ := i.Name.In(rd.l.Tag())
		add("commitment.indicator", rd.l.T("commitment.indicator.of", "name", name, "baseline", rd.l.Digits(cmp.Or(i.Baseline, "0")), "target", rd.l.Digits(i.Target), "unit", i.Unit))
	}
	if c.Funding != "" {
		add("commitment.funding", strings.TrimSuffix(rd.l.T("funding."+string(c.Funding))+" — "+c.Budget, " — "))
	}
	add("say.field.recurrence", c.Recurrence)
	if c.Handling != "" {
		add("note.field.handling", rd.handling(c.Handling))
	}
	if c.Review > 0 {
		add("commitment.review", rd.l.N("days", c.Review))
	}
	for _, m := range c.Milestones {
		title, _ := m.Title.In(rd.l.Tag())
		if m.Due != "" {
			title += " — " + rd.l.Day(string(m.Due))
		}
		add("commitment.milestone", title)
	}
	return all
}

// commitmentFacts is the terms that hold, and what came to them since.
func (rd reader) commitmentFacts(c *jisr.Undertaking) []field {
	terms := c.CommitmentTerms
	if c.Owner != nil {
		terms.Debtor.Desk, terms.Debtor.Name = c.Owner.Desk, c.Owner.Name
	}
	all := rd.owedTerms(&terms)
	for i, m := range terms.Milestones {
		if slices.ContainsFunc(c.Progress, func(p jisr.Progress) bool { return p.Milestone == m.ID }) {
			at := len(all) - len(terms.Milestones) + i
			all[at].Value += " — " + rd.l.T("milestone.reached")
		}
	}
	if d := c.DueDate(); d != c.Due {
		all = append(all, field{Name: rd.l.T("commitment.due.holds"), Value: rd.l.Day(string(d))})
	}
	if value := valueNow(c); value != "" {
		all = append(all, field{Name: rd.l.T("say.field.value"), Value: rd.l.Digits(value) + " " + terms.Indicator.Unit})
	}
	return all
}

// valueNow is the newest value of the indicator that was told.
func valueNow(c *jisr.Undertaking) (value string) {
	var at jisr.Step
	take := func(s jisr.Step, v string) {
		if v != "" && !s.At.Before(at.At) {
			at, value = s, v
		}
	}
	if c.Indicator == nil {
		return ""
	}
	for _, p := range c.Progress {
		take(p.Step, p.Value)
	}
	for _, r := range c.Reports {
		take(r.Step, r.Value)
	}
	return value
}

// commitmentLinks is what a commitment comes from, waits for, and what took its place.
func (s *site) commitmentLinks(r *request, rd reader, c *jisr.Undertaking, f jisr.ForumID) (all []linkFact) {
	add := func(key string, l Link) { all = append(all, linkFact{rd.l.T(key), l}) }
	if c.Source != nil && c.Source.Thing != "" {
		add("commitment.source", s.sourceLink(r, rd, f, c.Source))
	}
	other := func(key string, id jisr.ThingID) {
		if t, err := s.node.Book().Thing(r.Context(), rd.scope, f, id); err == nil && t.State.Commitment != nil {
			title, _ := t.Summary.Title.In(rd.l.Tag())
			add(key, Link{Word: title, URL: rd.commitmentURL(f, id)})
		}
	}
	for _, id := range c.DependsOn {
		other("say.field.depends", id)
	}
	if c.Successor != "" {
		other("commitment.successor", c.Successor)
	}
	return all
}

// proposed lists what was proposed, where there was more than one proposal or none is agreed; each with what it changes in the one
// that held before, or was on the table.
func (rd reader) proposed(t *book.ThingView) []offerView {
	c := t.State.Commitment
	holds := func(p *jisr.Proposal) bool { return p.Step.Position == c.Text && c.Agreed != nil }
	return rd.proposalViews(c.Proposals, c.Parties(), holds, c.State() != jisr.CommitmentWithdrawn, func(at jisr.Position) []field {
		terms, body := offerOf(t, at)
		return append(rd.owedTerms(&terms), rd.textFacts(&terms, &body)...)
	})
}

// textFacts is the title, text and test of a proposal, to be compared.
func (rd reader) textFacts(c *jisr.CommitmentTerms, b *jisr.CommitmentBody) (all []field) {
	for _, lang := range rd.languagesOf(c.Title) {
		all = append(all, field{Name: rd.l.T("say.field.title") + " — " + rd.languageName(lang), Value: c.Title[lang]})
	}
	for _, lang := range rd.languagesOf(b.Text) {
		all = append(all, field{Name: rd.l.T("commitment.text") + " — " + rd.languageName(lang), Value: b.Text[lang]})
	}
	for _, lang := range rd.languagesOf(b.Test) {
		all = append(all, field{Name: rd.l.T("commitment.test") + " — " + rd.languageName(lang), Value: b.Test[lang]})
	}
	return all
}

// changed lists what differs between the terms of two proposals; several facts may bear one name.
func changed(was, now []field) (all []changeView) {
	gather := func(fields []field) (names []string, values map[string]string) {
		values = map[string]string{}
		for _, f := range fields {
			if _, had := values[f.Name]; had {
				values[f.Name] += " · " + f.Value
				continue
			}
			names, values[f.Name] = append(names, f.Name), f.Value
		}
		return names, values
	}
	names, old := gather(was)
	later, new := gather(now)
	for _, n := range later {
		if !slices.Contains(names, n) {
			names = append(names, n)
		}
	}
	for _, n := range names {
		if old[n] != new[n] {
			all = append(all, changeView{n, old[n], new[n]})
		}
	}
	return all
}

// halts is what stands in the way of a commitment, or would end it.
func (rd reader) halts(t *book.ThingView) (all []haltView) {
	c := t.State.Commitment
	reason := func(text string) said { return saidIn(rd.l.Tag(), text, "") }
	if c.Blocked != nil && c.State().Open() {
		all = append(all, haltView{"soon", rd.l.T("commitment.blocked", "date", rd.dateTime(c.Blocked.At)), reason(c.Blocked.Reason)})
	}
	for _, i := range c.Issues {
		if i.Closed {
			continue
		}
		text := rd.l.T("commitment.consultation", "member", rd.name(i.Member))
		if i.Level > 0 {
			text = rd.l.T("commitment.raised.by", "member", rd.name(i.Member), "level", rd.l.T("level."+itoa(int64(i.Level))))
		}
		for _, m := range c.Parties() {
			if _, said := i.Settled[m]; said {
				text += " " + rd.l.T("commitment.settled.by", "member", rd.name(m))
			}
		}
		all = append(all, haltView{"soon", text, reason(i.Reason)})
	}
	if len(c.Ending) == 0 || c.Ended != nil || !c.State().Open() {
		return all
	}
	for i := range t.Acts {
		a := &t.Acts[i].Act
		if s, ok := c.Ending[a.Member]; ok && s.Position == a.Position {
			all = append(all, haltView{"soon", rd.l.T("commitment.ending."+strings.TrimPrefix(string(a.Kind), "commitment."), "member", rd.name(a.Member)), reason(jisr.ReadReason(a))})
		}
	}
	return all
}

// progress is what was said of the work, the newest first.
func (rd reader) progress(c *jisr.Undertaking) (all []progressView) {
	for _, p := range slices.Backward(c.Progress) {
		v := progressView{When: rd.dateTime(p.At), Text: saidIn(rd.l.Tag(), p.Text, "")}
		for _, m := range c.Milestones {
			if m.ID == p.Milestone {
				title, _ := m.Title.In(rd.l.Tag())
				v.What = title + " — " + rd.l.T("milestone.reached")
			}
		}
		if p.Value != "" {
			v.What = strings.TrimPrefix(v.What+" — "+rd.valueWord(c, p.Value), " — ")
		}
		all = append(all, v)
	}
	return all
}

// valueWord is a value of the indicator.
func (rd reader) valueWord(c *jisr.Undertaking, value string) string {
	if c.Indicator == nil {
		return rd.l.Digits(value)
	}
	name, _ := c.Indicator.Name.In(rd.l.Tag())
	return strings.TrimSpace(name + ": " + rd.l.Digits(value) + " " + c.Indicator.Unit)
}

// extensions are the later days that were asked for: both days are kept.
func (rd reader) extensions(c *jisr.Undertaking) (all []dayView) {
	for _, e := range c.Extensions {
		v := dayView{When: rd.dateTime(e.At), Reason: saidIn(rd.l.Tag(), e.Reason, ""), Answer: saidIn(rd.l.Tag(), e.Answer, ""), State: tag{Tone: "soon", Icon: "clock", Word: rd.l.T("commitment.extension.open")}}
		key := "commitment.extension.asked"
		if e.Answered != nil {
			key, v.State = "commitment.extension.kept", tag{Tone: "idle", Icon: "minus", Word: rd.l.T("commitment.extension.kept.word")}
		}
		if e.Granted {
			key, v.State = "commitment.extension.granted", tag{Tone: "done", Icon: "circle-check", Word: rd.l.T("commitment.extension.granted.word")}
		}
		v.Text = rd.l.T(key, "was", rd.l.Day(string(e.Was)), "to", rd.l.Day(string(e.To)))
		all = append(all, v)
	}
	return all
}

// ladderOf is the ladder that both agreed: the days on which a commitment past its date may be raised, and how high it is. It is reckoned
// from today's date, and a person raises it or not.
func (rd reader) ladderOf(c *jisr.Undertaking) (all []ladderStep) {
	due := c.DueDate()
	if c.Agreed == nil || due == "" || !c.State().Open() {
		return nil
	}
	for level := 1; level <= jisr.MaxLevel; level++ {
		g := ladderStep{State: "next", Word: rd.l.T("ladder.level", "n", level, "level", words.Raw(rd.l.T("level."+strconv.Itoa(level))))}
		switch {
		case level == c.Level():
			g.State = "now"
		case level < c.Level():
			g.State = "done"
		}
		if level > 1 && level-2 < len(c.Steps()) {
			g.When = rd.l.T("ladder.from", "date", words.Raw(rd.l.Day(string(due.Add(c.Steps()[level-2])))))
		}
		all = append(all, g)
	}
	return all
}

func (rd reader) reportView(c *jisr.Undertaking, rep *jisr.Report, bodies map[jisr.Position][]byte) reportView {
	v := reportView{When: rd.dateTime(rep.At), State: tag{Tone: "ok", Icon: "circle-dot", Word: rd.l.T("commitment.state.reported")}, Reason: saidIn(rd.l.Tag(), rep.Reason, "")}
	if rep.Value != "" {
		v.Value = rd.valueWord(c, rep.Value)
	}
	if b, err := jisr.DecodeEvidence(bodies[rep.Position], rep.Files); err == nil {
		v.Text = rd.say(b.Text)
	}
	switch {
	case rep.Result != "":
		v.State = rd.thingTag("commitment", string(rep.Result), false)
	case rep.Recalled != nil:
		v.State = tag{Tone: "idle", Icon: "undo-2", Word: rd.l.T("act.kind.commitment.recall")}
	case rep.ReviewBy != "":
		v.Until = rd.l.T("commitment.review.by", "date", rd.l.Day(string(rep.ReviewBy)))
	default:
		v.Until = rd.l.T("commitment.review.unreceived")
	}
	return v
}

// owedFrom lists the commitments that come from a thing, or from its minutes.
func (s *site) owedFrom(ctx context.Context, rd reader, f jisr.ForumID, source jisr.ThingID) ([]line, error) {
	rows, _, err := s.node.Book().Things(ctx, rd.scope, book.ThingQuery{Forum: f, Noun: "commitment", Labels: []string{"source:" + string(source)}, Limit: pageNotes})
	var all []line
	for i := range rows {
		all = append(all, rd.commitmentLine(&rows[i]))
	}
	return all, err
}

// owing is the panel of a thing that commitments come from: those that do, and where another is written.
type owing struct {
	Lines []line
	New   string // empty: this official proposes none
}

// owingOf makes it. part is what the commitment will be said to come from, as people cite it.
func (s *site) owingOf(ctx context.Context, rd reader, f jisr.ForumID, source jisr.ThingID, part string) (v owing, err error) {
	if rd.may("commitment.propose") {
		v.New = rd.owe(f, source, part)
	}
	v.Lines, err = s.owedFrom(ctx, rd, f, source)
	return v, err
}

// sourceLink names what a commitment comes from, as people cite it, and leads to that very part.
func (s *site) sourceLink(r *request, rd reader, f jisr.ForumID, src *jisr.Source) Link {
	l := Link{Word: strings.TrimSpace(known(rd.l, "noun.", src.Thing.Noun()) + " " + src.Part), URL: rd.thingURL(f, src.Thing)}
	name := func(title jisr.Text, part string) {
		text, _ := title.In(rd.l.Tag())
		l.Word = known(rd.l, "noun.", src.Thing.Noun())
		for _, x := range []string{text, part} {
			if x != "" {
				l.Word += " — " + x
			}
		}
	}
	if src.Thing.Noun() == "note" {
		if n, err := s.node.Book().Note(r.Context(), rd.scope, f, src.Thing); err == nil && n.Note != nil {
			at := rd.line(&n.NoteRow, "")
			l.Word = known(rd.l, "noun.", "note") + " — " + at.title(rd)
		}
		return l
	}
	t, err := s.node.Book().Thing(r.Context(), rd.scope, f, src.Thing)
	if err != nil {
		return l
	}
	switch {
	case t.State.Agreement != nil:
		part := src.Part
		if labels, err := s.segmentLabels(r.Context(), rd, &t); err == nil && labels[src.Part] != "" {
			part, l.URL = labels[src.Part], rd.agreementURL(f, t.ID, "text")+"#seg-"+src.Part
		}
		name(t.Summary.Title, part)
	case t.State.Minutes != nil:
		part, m := "", t.State.Minutes
		if mt, err := s.node.Book().Thing(r.Context(), rd.scope, f, jisr.MeetingThing(m.Body, m.Session)); err == nil {
			for _, it := range mt.State.Meeting.Agenda {
				if it.Ref == src.Part {
					part, _ = it.Title.In(rd.l.Tag())
					l.URL += "#item-" + src.Part
				}
			}
		}
		name(t.Summary.Title, rd.l.T("meeting.session", "n", m.Session)+strings.TrimSuffix(" — "+part, " — "))
	default:
		name(t.Summary.Title, src.Part)
	}
	return l
}
