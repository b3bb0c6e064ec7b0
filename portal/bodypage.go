package portal

import (
	"cmp"
	"slices"
	"strings"

	"jisr"
	"jisr/book"
	"jisr/node"
	"jisr/words"
)

// bodyPageView is one body: its course, its rules in words, what was proposed instead, its sessions.
type bodyPageView struct {
	Page
	Body     bodyView
	Problem  string
	Rules    []field
	Links    []linkFact
	Offers   []offerView
	Sessions []line
	Waits    []outgoingLine
	Steps    []noteAct

	Decisions []decisionView
	Circulate []saying
}

func (rd reader) bodyURL(f jisr.ForumID, id jisr.ThingID) string {
	return rd.url("bodies", string(f), id.Name())
}

func (s *site) body(r *request) (*answer, error) { return s.showBody(r, "") }

func (s *site) showBody(r *request, problem string) (*answer, error) {
	t, err := s.thingOf(r, "body")
	if err != nil {
		return nil, err
	}
	rd, b := s.reader(r), t.State.Body
	v := bodyPageView{Page: s.live(r, "meetings"), Problem: problem, Rules: rd.rulesOf(&b.BodyTerms), Offers: rd.rulesProposed(&t), Steps: rd.thingActs(&t)}
	if v.Body, err = s.bodyView(r, rd, &t.ThingRow); err != nil {
		return nil, err
	}
	v.Decisions, v.Circulate = s.decisionsOf(r.Context(), rd, &t), rd.circulating(b, v.Body.URL)
	if b.Basis != nil && b.Basis.Thing != "" {
		v.Links = append(v.Links, linkFact{rd.l.T("body.field.basis"), s.sourceLink(r, rd, t.Forum, b.Basis)})
	}
	if b.Parent != "" {
		v.Links = append(v.Links, linkFact{rd.l.T("body.field.parent"), s.sourceLink(r, rd, t.Forum, &jisr.Source{Thing: b.Parent})})
	}
	if days, err := node.CadenceDays(b, cmp.Or(rd.lastMet(r, s, &t), rd.today), rd.today.Add(2*366)); err == nil && len(days) > 0 {
		var next []string
		for _, d := range days[:min(3, len(days))] {
			next = append(next, rd.l.Day(string(d)))
		}
		v.Rules = append(v.Rules, field{Name: rd.l.T("body.field.dates"), Value: strings.Join(next, " · ")})
	}
	rows, _, err := s.node.Book().Things(r.Context(), rd.scope, book.ThingQuery{Forum: t.Forum, Noun: "meeting", Labels: []string{"body:" + string(t.ID)}, Limit: pageNotes})
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(rows, func(a, b book.ThingRow) int { return b.State.Meeting.Session - a.State.Meeting.Session })
	for i := range rows {
		v.Sessions = append(v.Sessions, rd.meetingLine(&rows[i]))
	}
	if v.Waits, err = s.outgoingLines(r.Context(), rd, t.ID); err != nil {
		return nil, err
	}
	if problem != "" {
		v.Live = false
		return &answer{status: 422, page: bodyPage(v)}, nil
	}
	return &answer{page: bodyPage(v)}, nil
}

// lastMet is the day a body last met; empty when it has not.
func (rd reader) lastMet(r *request, s *site, t *book.ThingView) jisr.Date {
	met, err := s.node.Course(r.Context(), rd.scope, &t.ThingRow, rd.today)
	if err != nil {
		return ""
	}
	return met.Last
}

// rulesOf is the rules of procedure in words.
func (rd reader) rulesOf(t *jisr.BodyTerms) (all []field) {
	add := func(key, value string) {
		if value != "" {
			all = append(all, field{Name: rd.l.T(key), Value: value})
		}
	}
	days := func(key string, n int) {
		if n > 0 {
			add(key, rd.l.N("days", n))
		}
	}
	add("body.field.level", known(rd.l, "body.level.", string(t.Level)))
	add("body.field.code", t.Code)
	for _, m := range t.Members {
		chair, _ := t.Chairs[m].Name.In(rd.l.Tag())
		secretary, _ := t.Secretaries[m].Name.In(rd.l.Tag())
		all = append(all, field{Name: rd.l.T("body.field.chair", "member", rd.name(m)), Value: chair}, field{Name: rd.l.T("body.field.secretary", "member", rd.name(m)), Value: secretary})
	}
	var observers []string
	for _, o := range t.Observers {
		name, _ := o.In(rd.l.Tag())
		observers = append(observers, name)
	}
	add("body.field.observers", strings.Join(observers, " · "))
	add("body.field.cadence", rd.cadenceWord(t.Cadence))
	var hosts []string
	for _, m := range t.Rotation {
		hosts = append(hosts, rd.name(m))
	}
	add("body.field.rotation", strings.Join(hosts, " · "))
	days("body.field.agenda_days", cmp.Or(t.AgendaDays, jisr.DefaultAgendaDays))
	days("body.field.minutes_days", t.MinutesDays)
	add("body.field.approval", rd.l.T("approval."+cmp.Or(string(t.Approval), "none")))
	if t.Approval == jisr.Silent {
		days("body.field.silent_days", cmp.Or(t.SilentDays, jisr.DefaultSilentDays))
	}
	days("body.field.written", t.Written)
	var langs []string
	for _, l := range t.Languages {
		langs = append(langs, rd.languageName(l))
	}
	add("body.field.languages", strings.Join(langs, " · "))
	add("ladder.title", rd.ladderWords(t.Ladder))
	for _, m := range t.Members {
		all = append(all, field{Name: rd.l.T("body.field.calendar", "member", rd.name(m)), Value: rd.calendarWord(t.Calendar(m))})
	}
	return all
}

// ladderWords says from how many days past its date a commitment may be raised to which level.
func (rd reader) ladderWords(days []int) string {
	steps := (&jisr.CommitmentTerms{Ladder: days}).Steps()
	var all []string
	for i, d := range steps {
		all = append(all, rd.l.T("ladder.after", "days", words.Raw(rd.l.N("days", d)), "level", words.Raw(rd.l.T("level."+itoa(int64(i+2))))))
	}
	return strings.Join(all, " · ")
}

// calendarWord is how a member counts days: its zone, its weekend, how many holidays are entered.
func (rd reader) calendarWord(c jisr.Calendar) string {
	var free []string
	for _, w := range c.Weekend {
		free = append(free, rd.l.T("time.weekday."+itoa(int64(w))))
	}
	all := []string{rd.l.Isolate(c.Zone + " (" + offsetWord(c.Offset) + ")")}
	if len(free) > 0 {
		all = append(all, rd.l.T("calendar.weekend", "days", words.Raw(strings.Join(free, " · "))))
	}
	var holidays []string
	for _, d := range c.Holidays {
		holidays = append(holidays, rd.l.Day(string(d)))
	}
	if len(holidays) > 0 {
		all = append(all, rd.l.T("calendar.holidays", "days", words.Raw(strings.Join(holidays, " · "))))
	}
	return strings.Join(all, " — ")
}

// rulesProposed lists the rules that were proposed, where there were others than those that hold, with what each changes.
func (rd reader) rulesProposed(t *book.ThingView) []offerView {
	b := t.State.Body
	holds := func(p *jisr.Proposal) bool { return p.Hash == b.Rules && b.Agreed != nil }
	return rd.proposalViews(b.Proposals, b.Members, holds, true, func(at jisr.Position) []field {
		terms := termsAt[jisr.BodyTerms](t, at)
		all := rd.rulesOf(&terms)
		for _, lang := range rd.languagesOf(terms.Title) {
			all = append(all, field{Name: rd.l.T("say.field.title") + " — " + rd.languageName(lang), Value: terms.Title[lang]})
		}
		return all
	})
}

// offerTag says how a proposal stands: it holds, it is the newest, or there is a later one.
func (rd reader) offerTag(holds, newest bool) tag {
	switch {
	case holds:
		return tag{Tone: "done", Icon: "circle-check", Word: rd.l.T("commitment.offer.holds")}
	case newest:
		return tag{Tone: "soon", Icon: "clock", Word: rd.l.T("commitment.offer.open")}
	}
	return tag{Tone: "idle", Icon: "minus", Word: rd.l.T("commitment.offer.earlier")}
}
