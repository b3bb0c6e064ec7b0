package portal

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"jisr"
	"jisr/book"
	"jisr/node"
	"jisr/words"
)

// meetingsView is the bodies and their sessions.
type meetingsView struct {
	Page
	Problem  string
	New      string // where a body is proposed
	Waits    []outgoingLine
	Bodies   []bodyView
	Meetings []line
}

// bodyView is a body: when it last met, when it meets next, what it waits for.
type bodyView struct {
	Title   said
	Level   string
	Members []side
	State   tag
	Last    string
	Held    string // sessions held of those due
	Next    string
	Missed  string // its next session is past its time by the rules
	Propose saying
	Agree   []saying
	MayMeet bool
	Series  string // its minutes compiled
	Rules   string // where other rules are proposed
	ID, URL string
	Stands  string // its state
}

// meetingView is the room: the agenda beside the minutes, with the decisions and commitments in them.
type meetingView struct {
	Page
	Title    string
	Session  string
	State    tag
	Means    string
	Problem  string
	Facts    []field
	Items    []itemView
	Papers   []paperView
	Dates    []dateView
	Sections []sectionView
	Bracket  string          // how many paragraphs stand in brackets
	Decided  []paragraphView // decisions and commitments, as they stand
	Cleared  []string
	Document []sectionView // as all cleared it, to be read back
	Sign     []saying
	Actions  []saying
	Steps    []noteAct
	State2   tag // of the minutes
	Custody  custodyPart
	Waits    []outgoingLine
	Printed  []Link // the minutes and the session, to be printed and kept
	File     string // the session as one file; empty: this official takes nothing out
}

type itemView struct {
	Ref, Purpose, By string
	Title            said
}

type sectionView struct {
	Ref        string
	Title      said
	Paragraphs []paragraphView
	Add        string // where a paragraph is added; empty: it may not be
	Commit     string // where a commitment is written
}

// paragraphView is a paragraph: one wording, or a bracket of several with the side of each.
type paragraphView struct {
	ID       string // of the segment
	Kind     string
	Number   string
	Of       string
	Wordings []wording
	Edit     string
	Decides  bool   // a decision, or a commitment
	Commit   string // where a commitment is written from a decision
	Link     Link
	State    tag
}

type wording struct {
	Who     side
	Text    said
	Removed bool
}

// editView is the form of a paragraph. From is the versions it was made from.
type editView struct {
	Page
	Title                         string
	Problem                       string
	Action                        string
	Back                          string
	Section, Segment, After, From string
	Kinds                         []Option
	Of                            []Option
	Text                          string
	Was                           []wording
}

func (rd reader) meetingURL(f jisr.ForumID, id jisr.ThingID) string {
	return rd.url("meetings", string(f), id.Name())
}

func (rd reader) meetingLine(r *book.ThingRow) line {
	m := r.State.Meeting
	missed := m.Missed(rd.known.Earliest()) // that it was held may be on its way
	l := line{URL: rd.meetingURL(r.Forum, r.ID), Kind: rd.l.T("meeting.session", "n", m.Session), Subject: rd.say(m.Title), From: rd.side(m.Host(m.Session)), To: rd.sides(others(m.Members, m.Host(m.Session))),
		Date: rd.l.Day(string(m.Day())), State: rd.thingTag("meeting", string(m.State()), missed), Late: missed}
	if missed {
		l.State.Word = rd.l.T("meeting.missed")
	}
	return l
}

func others(all []jisr.MemberID, but jisr.MemberID) []jisr.MemberID {
	return slices.DeleteFunc(slices.Clone(all), func(m jisr.MemberID) bool { return m == but })
}

func (s *site) meetings(r *request) (*answer, error) { return s.showMeetings(r, "") }

func (s *site) showMeetings(r *request, problem string) (*answer, error) {
	rd := s.reader(r)
	v := meetingsView{Page: s.live(r, "meetings"), Problem: problem}
	if rd.may(node.Verb(jisr.KindBodyPropose)) {
		v.New = rd.url("bodies", "new")
	}
	bodies, _, err := s.node.Book().Things(r.Context(), s.node.ScopeOf(r.caller), book.ThingQuery{Noun: "body", Limit: pageNotes})
	if err != nil {
		return nil, err
	}
	for i := range bodies {
		b, err := s.bodyView(r, rd, &bodies[i])
		if err != nil {
			return nil, err
		}
		v.Bodies = append(v.Bodies, b)
	}
	rows, _, err := s.node.Book().Things(r.Context(), s.node.ScopeOf(r.caller), book.ThingQuery{Noun: "meeting", Limit: pageNotes})
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(rows, func(a, b book.ThingRow) int { return cmp.Compare(b.State.Meeting.Begins, a.State.Meeting.Begins) })
	for i := range rows {
		v.Meetings = append(v.Meetings, rd.meetingLine(&rows[i]))
	}
	if v.Waits, err = s.outgoingLines(r.Context(), rd, "", "body", "meeting", "minutes"); err != nil {
		return nil, err
	}
	if problem != "" {
		v.Live = false
		return &answer{status: 422, page: meetingsPage(v)}, nil
	}
	return &answer{page: meetingsPage(v)}, nil
}

func (s *site) bodyView(r *request, rd reader, row *book.ThingRow) (bodyView, error) {
	b := row.State.Body
	v := bodyView{ID: row.ID.Name(), URL: rd.bodyURL(row.Forum, row.ID), Stands: row.Summary.State, Title: rd.say(b.Title), Level: rd.l.T("body.level." + string(b.Level)), Members: rd.sides(b.Members), State: rd.thingTag("body", row.Summary.State, false)}
	met, err := s.node.Course(r.Context(), rd.scope, row, rd.today)
	if err != nil {
		return v, err
	}
	if met.Last != "" {
		v.Last = rd.l.T("body.last", "date", rd.l.Day(string(met.Last)))
		v.Held = rd.l.T("body.held", "held", words.Raw(rd.l.N("sessions.count", met.Held)), "due", words.Raw(rd.l.N("sessions.count", max(met.Due, met.Held))))
	}
	if met.Missed {
		v.Missed = rd.l.T("body.missed", "date", rd.l.Day(string(met.By)))
	}
	if met.Next != "" {
		v.Next = rd.l.T("body.next", "date", rd.l.Day(string(met.Next)), "in", rd.l.RelativeDay(string(met.Next), string(rd.today)))
	} else if met.By != "" && !met.Missed {
		v.Next = rd.l.T("body.by", "date", rd.l.Day(string(met.By)))
	}
	base := v.URL
	v.Series = base + "/minutes"
	if b.Agreed != nil && rd.mayPrepare(jisr.KindMeetingPropose) {
		v.MayMeet = true
		v.Propose = rd.offer(jisr.KindMeetingPropose, base, hidden("session", strconv.Itoa(met.Number+1)), rd.askDay("day", "day", false), rd.askLine("hour", false), rd.askLine("place", true), rd.choose("mode", rd.modes(jisr.InPerson)...))
		v.Propose.URL, v.Propose.ID = base+"/meet", v.ID
	}
	p := b.Proposals[len(b.Proposals)-1]
	if _, said := p.Agreed[rd.self]; !said && !p.Done && rd.mayPrepare(jisr.KindBodyAgree) {
		a := rd.offer(jisr.KindBodyAgree, base, hidden("hash", string(p.Hash)))
		a.First, a.ID = true, v.ID+"-agree"
		v.Agree = append(v.Agree, a)
	}
	if rd.may(node.Verb(jisr.KindBodyPropose)) {
		v.Rules = base + "/rules"
	}
	return v, nil
}

// agreeBody agrees to rules of procedure; meet proposes the next session.
func (s *site) agreeBody(r *request) (*answer, error) {
	t, err := s.thingOf(r, "body")
	if err != nil {
		return nil, err
	}
	return s.afterBody(r, node.Say{Forum: t.Forum, ID: t.ID, Kind: jisr.KindBodyAgree, Terms: jisr.AgreeTerms{Hash: jisr.Commitment(line1(r, "hash"))}})
}

// afterBody says something about a body, and shows the bodies again: with what is wrong, if something was.
func (s *site) afterBody(r *request, cmd node.Command) (*answer, error) {
	to, problem, err := s.says(r, cmd)
	if err != nil {
		return nil, err
	}
	if problem != "" {
		return s.showMeetings(r, problem)
	}
	return &answer{to: cmp.Or(to, s.reader(r).url("meetings"))}, nil
}

func (s *site) meet(r *request) (*answer, error) {
	t, err := s.thingOf(r, "body")
	if err != nil {
		return nil, err
	}
	session, _ := strconv.Atoi(line1(r, "session")) // none: refused as such
	to, problem, err := s.says(r, node.Say{Forum: t.Forum, Kind: jisr.KindMeetingPropose,
		Terms: s.sessionTerms(r, t.ID, session)})
	if err != nil {
		return nil, err
	}
	if problem != "" {
		return s.showMeetings(r, problem)
	}
	return &answer{to: cmp.Or(to, s.reader(r).meetingURL(t.Forum, jisr.MeetingThing(t.ID, session)))}, nil
}

func (s *site) meeting(r *request) (*answer, error) { return s.showMeeting(r, "") }

func (s *site) showMeeting(r *request, problem string) (*answer, error) {
	t, err := s.thingOf(r, "meeting")
	if err != nil {
		return nil, err
	}
	rd, m := s.reader(r), t.State.Meeting
	l := rd.meetingLine(&t.ThingRow)
	v := meetingView{Page: s.live(r, "meetings"), Title: l.title(rd), Session: l.Kind, State: l.State, Means: rd.l.T("meeting.state." + string(m.State()) + ".means"), Problem: problem, Steps: rd.thingActs(&t)}
	rd.meetingFacts(&v, m)
	for _, it := range m.Agenda {
		v.Items = append(v.Items, itemView{Ref: it.Ref, Title: rd.say(it.Title), Purpose: rd.l.T("purpose." + string(it.Purpose)), By: rd.sideName(it.Proposer)})
	}
	if rd.may(node.Export) {
		v.File = rd.meetingURL(t.Forum, t.ID) + "/file"
	}
	v.Papers = s.papersOf(r.Context(), rd, &t)
	v.Dates = rd.datesOf(&t)
	before, err := s.sessionBefore(r.Context(), rd, &t)
	if err != nil {
		return nil, err
	}
	v.Actions = rd.meetingActions(&t, before)
	if v.Custody, err = s.custodyOf(r.Context(), rd, rd.heldThing(&t)); err != nil {
		return nil, err
	}
	for _, about := range []jisr.ThingID{t.ID, jisr.MinutesThing(t.ID)} {
		waits, err := s.outgoingLines(r.Context(), rd, about)
		if err != nil {
			return nil, err
		}
		v.Waits = append(v.Waits, waits...)
	}
	if m.DateAgreed != nil {
		min, err := s.node.Minutes(r.Context(), s.node.ScopeOf(r.caller), t.Forum, jisr.MinutesThing(t.ID))
		if err != nil {
			return nil, err
		}
		s.room(r, rd, &v, min, t.Forum, t.ID)
		v.Printed = s.sessionPapers(rd, t.Forum, t.ID, min.Minutes)
	}
	a := &answer{page: meetingPage(v)}
	if problem != "" {
		v.Live = false
		a = &answer{status: 422, page: meetingPage(v)}
	}
	return a, nil
}

func (rd reader) sideName(m jisr.MemberID) string {
	if m == "" {
		return ""
	}
	return rd.name(m)
}

func (rd reader) meetingFacts(v *meetingView, m *jisr.Meeting) {
	add := func(key, value string) {
		if value != "" {
			v.Facts = append(v.Facts, field{Name: rd.l.T(key), Value: value})
		}
	}
	add("meeting.date", rd.whenOf(&m.MeetingTerms))
	place, _ := m.Place.In(rd.l.Tag())
	add("meeting.place", place)
	add("meeting.host", rd.name(m.Host(m.Session)))
	if m.State() == jisr.DateAgreed {
		add("meeting.agendaby", rd.l.Day(string(m.AgendaBy(m.Day()))))
	}
	for _, id := range m.Members {
		if d, told := m.Delegations[id]; told {
			v.Facts = append(v.Facts, field{Name: rd.l.T("meeting.delegation", "member", rd.name(id)), Value: rd.delegationWord(&d.DelegationTerms)})
		}
	}
	if m.NextOn != "" {
		add("meeting.nexton", rd.l.Day(string(m.NextOn)))
	}
}

// delegateOf reads a post, and after a dash the authority it comes from: a delegation may be composite.
func delegateOf(r *request, row string, alternate bool) jisr.Delegate {
	post, organ, composite := strings.Cut(strings.ReplaceAll(row, " - ", " — "), " — ")
	d := jisr.Delegate{Post: jisr.Text{r.l.Tag(): strings.TrimSpace(post)}, Alternate: alternate}
	if composite {
		d.Organ = jisr.Text{r.l.Tag(): strings.TrimSpace(organ)}
	}
	return d
}

// delegationWord is who comes: the head first, alternates said to be such, each with the authority it comes from.
func (rd reader) delegationWord(d *jisr.DelegationTerms) string {
	var all []string
	for i, m := range append([]jisr.Delegate{d.Head}, d.Members...) {
		post, _ := m.Post.In(rd.l.Tag())
		if organ, _ := m.Organ.In(rd.l.Tag()); organ != "" {
			post += " — " + organ
		}
		switch {
		case i == 0:
			post = rd.l.T("delegation.head", "post", post)
		case m.Alternate:
			post = rd.l.T("delegation.alternate", "post", post)
		}
		all = append(all, post)
	}
	return strings.Join(all, " · ")
}

// meetingActions is what this official may say now about a session. before is the session before it, nil for the first.
func (rd reader) meetingActions(t *book.ThingView, before *jisr.Meeting) (all []saying) {
	m, base := t.State.Meeting, rd.meetingURL(t.Forum, t.ID)
	for _, k := range m.Next(rd.self) {
		if !rd.mayPrepare(k) {
			continue
		}
		if k == jisr.KindMeetingAgree {
			all = append(all, rd.agreeActions(t, base)...)
			continue
		}
		a := rd.offer(k, base, rd.meetingFields(m, before, k)...)
		switch k {
		case jisr.KindMeetingConvene:
			a.First = true
		case jisr.KindMeetingHold:
			a.First = m.State() == jisr.Convened
		case jisr.KindMeetingPropose:
			a.Word = rd.l.T("say.meeting.counter")
		}
		all = append(all, a)
	}
	return all
}

func (rd reader) meetingFields(m, before *jisr.Meeting, k jisr.Kind) []sayingField {
	switch k {
	case jisr.KindMeetingPropose:
		return []sayingField{rd.askDay("day", "day", false), rd.askLine("hour", false), rd.askLine("place", true), rd.choose("mode", rd.modes(m.Mode)...)}
	case jisr.KindMeetingAgenda:
		return []sayingField{rd.askAgenda(m, before)}
	case jisr.KindMeetingDelegation:
		return []sayingField{rd.askLine("head", false), rd.ask("members", true), rd.ask("alternates", true)}
	case jisr.KindMeetingPaper:
		return rd.paperFields(m)
	case jisr.KindMeetingPostpone, jisr.KindMeetingCancel:
		return []sayingField{rd.ask("reason", false)}
	}
	return nil
}

// sayMeeting carries out one of the actions of a meeting.
func (s *site) sayMeeting(r *request) (*answer, error) {
	t, err := s.thingOf(r, "meeting")
	if err != nil {
		return nil, err
	}
	k, m := jisr.Kind("meeting."+clip(r.PathValue("verb"), maxField)), t.State.Meeting
	say := node.Say{Forum: t.Forum, ID: t.ID, Kind: k}
	switch k {
	case jisr.KindMeetingAgree:
		say.Terms = jisr.AgreeTerms{Hash: jisr.Commitment(line1(r, "hash"))}
	case jisr.KindMeetingPropose:
		say.Terms = s.sessionTerms(r, m.Body, m.Session)
	case jisr.KindMeetingPaper:
		files, err := s.takeFiles(r)
		if err != nil {
			return nil, err
		}
		say.Terms, say.Body, say.Files = paperOf(r, m, s.node.Self().ID), jisr.EvidenceBody{Text: written(r, "text")}, files
	case jisr.KindMeetingAgenda:
		before, err := s.sessionBefore(r.Context(), s.reader(r), &t)
		if err != nil {
			return nil, err
		}
		say.Terms = agendaOf(r, m, before)
	case jisr.KindMeetingDelegation:
		d := jisr.DelegationTerms{Head: jisr.Delegate{Post: written(r, "head")}}
		for _, name := range []string{"members", "alternates"} {
			for _, row := range lines(r, name, jisr.MaxDelegates+1) {
				d.Members = append(d.Members, delegateOf(r, row, name == "alternates"))
			}
		}
		say.Terms = d
	case jisr.KindMeetingHold:
		say.Terms = jisr.HoldTerms{Day: s.node.Today()}
	case jisr.KindMeetingPostpone, jisr.KindMeetingCancel:
		say.Terms = jisr.Reason{Reason: line1(r, "reason")}
	}
	return s.afterMeeting(r, t.Forum, t.ID, say)
}

// afterMeeting says something, and shows the meeting again: with what is wrong, if something was.
func (s *site) afterMeeting(r *request, f jisr.ForumID, id jisr.ThingID, cmd node.Command) (*answer, error) {
	to, problem, err := s.says(r, cmd)
	if err != nil {
		return nil, err
	}
	if problem != "" {
		return s.showMeeting(r, problem)
	}
	return &answer{to: cmp.Or(to, s.reader(r).meetingURL(f, id))}, nil
}

// room fills in the minutes as they stand.
func (s *site) room(r *request, rd reader, v *meetingView, min *node.MinutesView, f jisr.ForumID, id jisr.ThingID) {
	base, mn := rd.meetingURL(f, id), min.Minutes
	v.State2 = rd.thingTag("minutes", mn.Standing(rd.known), false)
	writes := rd.may(node.Verb(jisr.KindMinutesEdit)) && mn.Done == nil && slices.Contains(mn.Members, rd.self)
	at := map[string]int{}
	for _, it := range v.Items {
		at[it.Ref] = len(v.Sections)
		v.Sections = append(v.Sections, sectionView{Ref: it.Ref, Title: it.Title})
	}
	brackets := 0
	for i := range mn.Segments {
		g := &mn.Segments[i]
		if g.Gone() {
			continue
		}
		n, ok := at[g.Section]
		if !ok {
			n = len(v.Sections)
			at[g.Section] = n
			v.Sections = append(v.Sections, sectionView{Ref: g.Section, Title: saidIn("en", g.Section, "")})
		}
		p := paragraphView{ID: g.ID, Decides: g.Kind == jisr.DecisionText || g.Ref != "", Kind: rd.l.T("paragraph." + string(g.Kind)), Of: rd.sideName(g.Of)}
		if g.Bracketed() {
			brackets++
		}
		for _, ver := range g.Stands {
			p.Wordings = append(p.Wordings, wording{Who: rd.side(ver.ID.Member), Text: rd.say(min.Text(ver.ID)), Removed: ver.Removed})
		}
		if g.Ref != "" {
			s.linkCommitment(r, rd, f, g.Ref, &p)
		} else if writes {
			p.Edit = base + "/edit?segment=" + g.ID
			if g.Kind == jisr.DecisionText {
				p.Commit = rd.owe(f, jisr.MinutesThing(id), g.Section) + "&after=" + g.ID
			}
		}
		v.Sections[n].Paragraphs = append(v.Sections[n].Paragraphs, p)
	}
	for _, sec := range v.Sections {
		for _, p := range sec.Paragraphs {
			if p.Decides {
				v.Decided = append(v.Decided, p)
			}
		}
	}
	if brackets > 0 {
		v.Bracket = rd.l.N("minutes.brackets", brackets)
	}
	if writes {
		for i := range v.Sections {
			v.Sections[i].Add = base + "/edit?section=" + v.Sections[i].Ref
			v.Sections[i].Commit = rd.owe(f, jisr.MinutesThing(id), v.Sections[i].Ref)
		}
	}
	for _, m := range mn.Members {
		if c, ok := mn.Cleared[m]; ok {
			v.Cleared = append(v.Cleared, rd.l.T("minutes.cleared.by", "member", rd.name(m), "intent", rd.l.T("intent."+string(c.Intent))))
		}
		if _, ok := mn.Signed[m]; ok {
			v.Cleared = append(v.Cleared, rd.l.T("minutes.signed.by", "member", rd.name(m)))
		}
	}
	if doc, err := min.Agreed(); err == nil {
		v.Document = s.documentOf(r, rd, f, &doc)
	}
	v.Sign = rd.minutesActions(mn, base)
}

func (s *site) linkCommitment(r *request, rd reader, f jisr.ForumID, id jisr.ThingID, p *paragraphView) {
	t, err := s.node.Book().Thing(r.Context(), s.node.ScopeOf(r.caller), f, id)
	if err != nil || t.State.Commitment == nil {
		return
	}
	l := rd.commitmentLine(&t.ThingRow)
	p.Wordings, p.State = nil, l.State
	p.Link = Link{Word: l.title(rd), URL: l.URL, Count: l.Due}
}

func (s *site) documentOf(r *request, rd reader, f jisr.ForumID, doc *jisr.MinutesBody) []sectionView {
	var all []sectionView
	for _, sec := range doc.Sections {
		v := sectionView{Ref: sec.Item, Title: rd.say(sec.Title)}
		for _, p := range sec.Paragraphs {
			q := paragraphView{Kind: rd.l.T("paragraph." + string(p.Kind)), Number: p.Number, Of: rd.sideName(p.Of), Wordings: []wording{{Text: rd.say(p.Text)}}}
			if p.Ref != "" {
				s.linkCommitment(r, rd, f, p.Ref, &q)
			}
			v.Paragraphs = append(v.Paragraphs, q)
		}
		all = append(all, v)
	}
	return all
}

func (rd reader) minutesActions(mn *jisr.Minutes, base string) []saying {
	var all []saying
	for _, k := range mn.Next(rd.self) {
		if !rd.may(node.Verb(k)) || k == jisr.KindMinutesEdit || mn.Standing(rd.known) == jisr.MinutesApproved {
			continue
		}
		var fields []sayingField
		switch k {
		case jisr.KindMinutesClear:
			var intents []Option
			for _, i := range jisr.Intents() {
				intents = append(intents, Option{Value: string(i), Word: rd.l.T("intent." + string(i))})
			}
			fields = []sayingField{rd.choose("intent", intents...), rd.askDay("next", "next", len(mn.Cleared) > 0)}
		case jisr.KindMinutesDisapprove:
			fields = []sayingField{rd.ask("reason", false)}
		}
		a := rd.offer(k, base+"/minutes", fields...)
		if k == jisr.KindMinutesSign { // the secretary's clearance is the first pair of eyes
			a.First, a.Draft = true, rd.clearedThem(mn) && a.Draft
		}
		all = append(all, a)
	}
	return all
}

// clearedThem tells whether this official itself cleared the minutes for its side: then it signs by a draft that another clears.
func (rd reader) clearedThem(mn *jisr.Minutes) bool {
	own := mn.Cleared[rd.self]
	return own.By != nil && own.By.Official == rd.caller.By().Official
}

// sayMinutes carries out one of the actions of minutes.
func (s *site) sayMinutes(r *request) (*answer, error) {
	t, err := s.thingOf(r, "meeting")
	if err != nil {
		return nil, err
	}
	id, k := jisr.MinutesThing(t.ID), jisr.Kind("minutes."+clip(r.PathValue("verb"), maxField))
	var cmd node.Command = node.Say{Forum: t.Forum, ID: id, Kind: k, Terms: jisr.Reason{Reason: line1(r, "reason")}}
	switch k {
	case jisr.KindMinutesClear:
		cmd = node.ClearMinutes{Forum: t.Forum, ID: id, Intent: jisr.Intent(line1(r, "intent")), Next: dayOf(r.PostForm, "next")}
	case jisr.KindMinutesSign:
		min, err := s.node.Minutes(r.Context(), s.node.ScopeOf(r.caller), t.Forum, id)
		if err != nil {
			return nil, err
		}
		cmd = node.SignMinutes{Forum: t.Forum, ID: id}
		if s.reader(r).clearedThem(min.Minutes) {
			cmd = node.Say{Forum: t.Forum, ID: id, Kind: k}
		}
	}
	return s.afterMeeting(r, t.Forum, t.ID, cmd)
}

// editMinutes is the form of a paragraph: a new one of a section, or another version of one that stands.
func (s *site) editMinutes(r *request) (*answer, error) { return s.askParagraph(r, "") }

func (s *site) askParagraph(r *request, problem string) (*answer, error) {
	t, err := s.thingOf(r, "meeting")
	if err != nil {
		return nil, err
	}
	rd := s.reader(r)
	min, err := s.node.Minutes(r.Context(), s.node.ScopeOf(r.caller), t.Forum, jisr.MinutesThing(t.ID))
	if err != nil {
		return nil, err
	}
	base := rd.meetingURL(t.Forum, t.ID)
	v := editView{Page: s.page(r, "meetings"), Title: rd.l.T("minutes.write"), Problem: problem, Action: base + "/edit", Back: base, Section: clip(r.FormValue("section"), maxField), Segment: clip(r.FormValue("segment"), maxField)}
	for i := range min.Minutes.Segments {
		g := &min.Minutes.Segments[i]
		if g.Section == v.Section && v.Segment == "" {
			v.After = g.ID
		}
		if g.ID != v.Segment {
			continue
		}
		v.Title = rd.l.T("minutes.rewrite")
		var texts []string
		for _, ver := range g.Stands {
			texts = append(texts, min.Text(ver.ID)[r.l.Tag()])
			v.Was = append(v.Was, wording{Who: rd.side(ver.ID.Member), Text: rd.say(min.Text(ver.ID)), Removed: ver.Removed})
		}
		v.From, v.Text = versionsIn(g), strings.Join(texts, "\n")
	}
	if v.Segment == "" {
		for _, k := range jisr.ParagraphKinds() {
			if k != jisr.CommitmentEntry {
				v.Kinds = append(v.Kinds, Option{Value: string(k), Word: rd.l.T("paragraph." + string(k))})
			}
		}
		for _, m := range min.Minutes.Members {
			v.Of = append(v.Of, Option{Value: string(m), Word: rd.name(m), On: m == rd.self})
		}
	}
	if problem != "" {
		v.Text = unixLines(r.PostForm.Get("text"))
		return &answer{status: 422, page: editPage(v)}, nil
	}
	return &answer{page: editPage(v)}, nil
}

// typed answers what was written: a pause in typing with what the form writes on from, a button with the room.
func (s *site) typed(r *request, typing bool, f jisr.ForumID, id jisr.ThingID, segment string, v jisr.VersionID) (*answer, error) {
	if !typing {
		return &answer{to: s.reader(r).meetingURL(f, id)}, nil
	}
	from := ""
	if segment != "" {
		from = formVersion(v)
	}
	return &answer{page: typedPage(segment, from)}, nil
}

// formVersion writes a version as forms carry it: "iq.12.0".
func formVersion(v jisr.VersionID) string {
	return fmt.Sprintf("%s.%d.%d", v.Member, v.Index, v.Op)
}

// versionsIn names the versions of a paragraph that stand, for a form; versionsOf reads them back.
func versionsIn(g *jisr.Passage) string {
	var all []string
	for _, v := range g.Stands {
		all = append(all, formVersion(v.ID))
	}
	return strings.Join(all, " ")
}

func versionsOf(r *request) (all []jisr.VersionID, err error) {
	for _, f := range bounded(strings.Fields(r.PostForm.Get("from")), jisr.MaxEdits) {
		p := strings.Split(f, ".")
		if len(p) != 3 {
			return nil, jisr.Refuse(jisr.Malformed, "from")
		}
		index, err1 := strconv.ParseInt(p[1], 10, 64)
		n, err2 := strconv.Atoi(p[2])
		if err1 != nil || err2 != nil {
			return nil, jisr.Refuse(jisr.Malformed, "from")
		}
		all = append(all, jisr.VersionID{Position: jisr.Position{Member: jisr.MemberID(p[0]), Index: jisr.Index(index)}, Op: n})
	}
	return all, nil
}

// saveParagraph writes a version. It names the versions that the form showed and no others, so what came meanwhile from the
// other side stands beside it in brackets.
func (s *site) saveParagraph(r *request) (*answer, error) {
	t, err := s.thingOf(r, "meeting")
	if err != nil {
		return nil, err
	}
	text := jisr.Text{}
	if got := unixLines(strings.ToValidUTF8(r.PostForm.Get("text"), "\uFFFD")); got != "" {
		text[r.l.Tag()] = got
	}
	op := jisr.Op{Segment: line1(r, "segment"), Removed: len(text) == 0 || r.PostForm.Get("remove") != ""}
	min, err := s.node.Minutes(r.Context(), s.node.ScopeOf(r.caller), t.Forum, jisr.MinutesThing(t.ID))
	if err != nil {
		return nil, err
	}
	if op.Segment == "" {
		op = jisr.Op{Segment: s.node.NewSegment(), Section: line1(r, "section"), After: line1(r, "after"), Kind: jisr.ParagraphKind(line1(r, "kind"))}
		if op.Kind == jisr.AtRequestOf {
			op.Of = jisr.MemberID(line1(r, "of"))
		}
	}
	if op.From, err = versionsOf(r); err != nil {
		return nil, err
	}
	for _, v := range op.From {
		for lang, was := range min.Text(v) { // what is said in other languages stays
			if lang != r.l.Tag() && text[lang] == "" && !op.Removed {
				text[lang] = was
			}
		}
	}
	if op.Removed {
		text = nil
	}
	typing := r.PostForm.Get("typing") != ""
	if len(op.From) == 1 && !op.Removed && maps.Equal(min.Text(op.From[0]), text) { // a pause in typing has said it already
		return s.typed(r, typing, t.Forum, t.ID, op.Segment, op.From[0])
	}
	if typing && len(op.From) == 0 && len(text) == 0 {
		return s.typed(r, typing, t.Forum, t.ID, "", jisr.VersionID{})
	}
	if typing {
		done, err := s.node.Do(r.Context(), r.caller, node.Say{Forum: t.Forum, ID: jisr.MinutesThing(t.ID), Kind: jisr.KindMinutesEdit, Terms: jisr.EditTerms{Ops: []jisr.Op{op}}, Body: jisr.EditBody{Texts: []jisr.Text{text}}})
		if err != nil {
			return nil, err
		}
		return s.typed(r, typing, t.Forum, t.ID, op.Segment, jisr.VersionID{Position: done.Position})
	}
	_, problem, err := s.says(r, node.Say{Forum: t.Forum, ID: jisr.MinutesThing(t.ID), Kind: jisr.KindMinutesEdit, Terms: jisr.EditTerms{Ops: []jisr.Op{op}}, Body: jisr.EditBody{Texts: []jisr.Text{text}}})
	if err != nil {
		return nil, err
	}
	if problem != "" {
		return s.askParagraph(r, problem)
	}
	return &answer{to: s.reader(r).meetingURL(t.Forum, t.ID)}, nil
}
