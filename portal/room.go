package portal

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"jisr"
	"jisr/book"
)

// dateView is a date that somebody proposes for a session, and who agrees to it.
type dateView struct {
	By     side
	When   string
	Place  string
	Agreed []side
	State  tag
}

// paperView is a paper of a session in its newest version.
type paperView struct {
	Code  string // series and number: "IQ/2"
	Title said
	Item  string // the ref of the item it is for
	Note  string // which version
	Files []Link
}

// modes offers how a session is held.
func (rd reader) modes(on jisr.Mode) (all []Option) {
	for _, m := range jisr.Modes() {
		all = append(all, Option{Value: string(m), Word: rd.l.T("mode." + string(m)), On: m == on})
	}
	return all
}

// whenOf is the day and hour of a session.
func (rd reader) whenOf(t *jisr.MeetingTerms) string {
	hour := ""
	if _, at, ok := strings.Cut(t.Begins, "T"); ok && len(at) >= 5 {
		hour = rd.l.Digits(at[:5])
	}
	return rd.l.Day(string(t.Day())) + " — " + hour
}

// proposals are the dates proposed for a session, as their acts say them.
func proposals(t *book.ThingView) (all []jisr.MeetingTerms) {
	for _, p := range t.State.Meeting.Dates {
		all = append(all, termsAt[jisr.MeetingTerms](t, p.Step.Position))
	}
	return all
}

// datesOf lists the dates proposed, where there are several or one is still open.
func (rd reader) datesOf(t *book.ThingView) (all []dateView) {
	m := t.State.Meeting
	if len(m.Dates) < 2 && m.DateAgreed != nil {
		return nil
	}
	for i, terms := range proposals(t) {
		p := m.Dates[i]
		place, _ := terms.Place.In(rd.l.Tag())
		v := dateView{By: rd.side(p.By), When: rd.whenOf(&terms), Place: place, State: tag{Tone: "idle", Icon: "minus", Word: rd.l.T("meeting.date.counter")}}
		for _, id := range m.Members {
			if _, said := p.Agreed[id]; said {
				v.Agreed = append(v.Agreed, rd.side(id))
			}
		}
		switch {
		case p.Hash == m.Live && m.DateAgreed != nil:
			v.State = tag{Tone: "done", Icon: "circle-check", Word: rd.l.T("meeting.state.date-agreed")}
		case p.Hash == m.Live:
			v.State = tag{Tone: "soon", Icon: "clock", Word: rd.l.T("meeting.date.live")}
		}
		all = append(all, v)
	}
	return all
}

// agreeActions offers each date, and the newest agenda, that this side has not agreed to.
func (rd reader) agreeActions(t *book.ThingView, base string) (all []saying) {
	m := t.State.Meeting
	unsaid := func(p *jisr.Proposal) bool {
		_, said := p.Agreed[rd.self]
		return !said && !p.Done
	}
	offer := func(p *jisr.Proposal, id, word string, first bool) {
		a := rd.offer(jisr.KindMeetingAgree, base, hidden("hash", string(p.Hash)))
		a.ID, a.Word, a.First = id, word, first
		all = append(all, a)
	}
	if m.DateAgreed == nil {
		for i, terms := range proposals(t) {
			if p := &m.Dates[i]; unsaid(p) {
				offer(p, "agree-"+strconv.Itoa(i), rd.l.T("say.meeting.agree.date")+" — "+rd.whenOf(&terms), p.Hash == m.Live)
			}
		}
	}
	if n := len(m.Agendas); n > 0 && unsaid(&m.Agendas[n-1]) {
		offer(&m.Agendas[n-1], "agree-agenda", rd.l.T("say.meeting.agree.agenda"), true)
	}
	return all
}

// sessionTerms reads the form of a date: the hour is that of the body's calendar of this side.
func (s *site) sessionTerms(r *request, body jisr.ThingID, session int) jisr.MeetingTerms {
	hour := latinDigits(line1(r, "hour"))
	if len(hour) < 3 {
		hour = fmt.Sprintf("%02s:00", hour)
	}
	if len(hour) == 4 {
		hour = "0" + hour
	}
	cal := jisr.DefaultCalendar()
	if t, err := s.node.Book().Thing(r.Context(), s.node.ScopeOf(r.caller), jisr.ForumID(r.PathValue("forum")), body); err == nil && t.State.Body != nil {
		cal = t.State.Body.Calendar(s.node.Self().ID)
	}
	sign, off := '+', cal.Offset
	if off < 0 {
		sign, off = '-', -off
	}
	begins := fmt.Sprintf("%sT%s:00%c%02d:%02d", dayOf(r.PostForm, "day"), hour, sign, off/60, off%60)
	return jisr.MeetingTerms{Body: body, Session: session, Begins: begins, Zone: cal.Zone, Place: written(r, "place"), Mode: jisr.Mode(line1(r, "mode"))}
}

// sessionBefore is the session before one; nil for the first, and where it is not here.
func (s *site) sessionBefore(ctx context.Context, rd reader, t *book.ThingView) (*jisr.Meeting, error) {
	m := t.State.Meeting
	if m.Session < 2 {
		return nil, nil
	}
	v, err := s.node.Book().Thing(ctx, rd.scope, t.Forum, jisr.MeetingThing(m.Body, m.Session-1))
	if isKind(err, jisr.NoSuch) {
		return nil, nil
	}
	return v.State.Meeting, err
}

// carried is what a session takes over from the one before: the agenda of one that was not held, else the matters that arise from
// its minutes.
func (rd reader) carried(before *jisr.Meeting) []jisr.AgendaItem {
	if before == nil {
		return nil
	}
	switch before.State() {
	case jisr.NotHeld, jisr.MeetingCancelled, jisr.Postponed:
		return before.Forward()
	}
	return []jisr.AgendaItem{{Title: jisr.Text{rd.l.Tag(): rd.l.T("agenda.arising", "n", before.Session)}, Purpose: jisr.ForDiscussion, Carried: "s" + strconv.Itoa(before.Session)}}
}

// askAgenda is the form of an agenda: what stands, else what is carried forward, and rows to write in.
func (rd reader) askAgenda(m, before *jisr.Meeting) sayingField {
	f := sayingField{Field: Field{Name: "agenda", Label: rd.l.T("say.field.agenda"), Hint: rd.l.T("say.field.agenda.hint")}, Kind: "agenda"}
	items := m.Agenda
	if len(items) == 0 {
		items = rd.carried(before)
	}
	for _, it := range append(slices.Clone(items), make([]jisr.AgendaItem, 4)...) {
		title, _ := it.Title.In(rd.l.Tag())
		row := agendaRow{Ref: it.Ref, Title: title}
		for _, p := range jisr.Purposes() {
			row.Purposes = append(row.Purposes, Option{Value: string(p), Word: rd.l.T("purpose." + string(p)), On: p == it.Purpose || it.Purpose == "" && p == jisr.ForDiscussion})
		}
		f.Items = append(f.Items, row)
	}
	return f
}

// agendaOf reads the form of an agenda. An item that stands keeps its ref, so that what points at it stays, and its words in
// other languages.
func agendaOf(r *request, m, before *jisr.Meeting) jisr.AgendaTerms {
	rd := reader{l: r.l}
	known := append(slices.Clone(m.Agenda), rd.carried(before)...)
	var t jisr.AgendaTerms
	for i := range jisr.MaxItems {
		n := strconv.Itoa(i)
		title := line1(r, "item."+n)
		if title == "" {
			continue
		}
		it := jisr.AgendaItem{Title: jisr.Text{}}
		for _, old := range known {
			if had, _ := old.Title.In(r.l.Tag()); had == title || old.Ref != "" && old.Ref == line1(r, "ref."+n) {
				it = old
				it.Title = jisr.Text{}
				for lang, words := range old.Title {
					if had == title || lang == r.l.Tag() {
						it.Title[lang] = words
					}
				}
			}
		}
		it.Title[r.l.Tag()], it.Purpose = title, jisr.Purpose(line1(r, "purpose."+n))
		taken := func(o jisr.AgendaItem) bool { return o.Ref == it.Ref }
		if it.Ref == "" || slices.ContainsFunc(t.Items, taken) {
			it.Ref = fmt.Sprintf("a%d", len(m.Agendas)*jisr.MaxItems+i+1)
		}
		t.Items = append(t.Items, it)
	}
	return t
}

// paperFields asks for a paper: a new one of this side's series, or another version of one.
func (rd reader) paperFields(m *jisr.Meeting) []sayingField {
	which := []Option{{Value: "", Word: rd.l.T("paper.new"), On: true}}
	for i := range m.Papers {
		if p := &m.Papers[i]; p.Member == rd.self {
			which = append(which, Option{Value: strconv.Itoa(p.Number), Word: rd.l.T("paper.version.of", "paper", paperCode(p))})
		}
	}
	items := []Option{{Word: rd.l.T("paper.item.none")}}
	for _, it := range m.Agenda {
		title, _ := it.Title.In(rd.l.Tag())
		items = append(items, Option{Value: it.Ref, Word: title})
	}
	return []sayingField{rd.askLine("title", false), rd.choose("paper", which...), rd.choose("item", items...), rd.ask("text", false), rd.askFiles()}
}

func paperCode(p *jisr.Paper) string {
	return strings.ToUpper(string(p.Member)) + "/" + strconv.Itoa(p.Number)
}

// paperOf reads the form of a paper: numbers of a series follow each other, and so do versions.
func paperOf(r *request, m *jisr.Meeting, self jisr.MemberID) jisr.PaperTerms {
	t := jisr.PaperTerms{Title: written(r, "title"), Item: line1(r, "item"), Number: 1, Version: 1}
	of := line1(r, "paper")
	for i := range m.Papers {
		p := &m.Papers[i]
		if p.Member != self {
			continue
		}
		if strconv.Itoa(p.Number) == of {
			t.Number, t.Version = p.Number, p.Version+1
			return t
		}
		t.Number = max(t.Number, p.Number+1)
	}
	return t
}

// papersOf lists the papers of a session with their files.
func (s *site) papersOf(ctx context.Context, rd reader, t *book.ThingView) (all []paperView) {
	m := t.State.Meeting
	for i := range m.Papers {
		p := &m.Papers[i]
		v := paperView{Code: paperCode(p), Title: rd.say(p.Title), Item: p.Item, Files: s.filesOf(ctx, rd, t, p.Position)}
		if p.Version > 1 {
			v.Note = rd.l.T("paper.version", "n", p.Version)
		}
		all = append(all, v)
	}
	return all
}

// filesOf lists the files of an act, each with where it is had from; what has not arrived says so.
func (s *site) filesOf(ctx context.Context, rd reader, t *book.ThingView, p jisr.Position) (all []Link) {
	files, err := s.node.Files(ctx, rd.scope, t.Forum, p)
	if err != nil {
		return nil // an act whose files cannot be read has none to offer
	}
	for i, f := range files {
		l := Link{Word: f.Name, Count: rd.l.Bytes(f.Size), URL: rd.url("files", string(t.Forum), t.ID.Noun(), t.ID.Name(), string(p.Member), itoa(int64(p.Index)), strconv.Itoa(i))}
		if l.Word == "" {
			l.Word = rd.l.T("file.n", "n", i+1)
		}
		if f.Held < f.Size {
			l.URL, l.Count = "", rd.l.T("file.coming")
		}
		all = append(all, l)
	}
	return all
}

// thingFile gives a file of an act about a meeting or a commitment to whoever may read the thing.
func (s *site) thingFile(r *request) (*answer, error) {
	noun := clip(r.PathValue("noun"), maxField)
	if noun != "meeting" && noun != "commitment" {
		return s.nowhere(r)
	}
	t, err := s.thingOf(r, noun)
	if err != nil {
		return nil, err
	}
	index, err1 := strconv.ParseInt(r.PathValue("index"), 10, 64)
	n, err2 := strconv.Atoi(r.PathValue("n"))
	at := jisr.Position{Member: jisr.MemberID(r.PathValue("member")), Index: jisr.Index(index)}
	about := slices.ContainsFunc(t.Acts, func(a book.ThingAct) bool { return a.Act.Position == at && a.Void == nil })
	if err1 != nil || err2 != nil || !about {
		return nil, jisr.Refuse(jisr.NoSuch, clip(r.PathValue("n"), maxField), "noun", "attachment")
	}
	content, f, err := s.node.OpenFile(r.Context(), s.node.ScopeOf(r.caller), t.Forum, at, n)
	if err != nil {
		return nil, err
	}
	name := f.Name
	if name == "" {
		name = t.ID.Name() + "-" + strconv.Itoa(n+1)
	}
	return &answer{file: &file{name: name, typ: f.Type, content: content}}, nil
}
