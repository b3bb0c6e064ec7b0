package portal

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"jisr"
	"jisr/book"
	"jisr/node"
)

// bodyForm is the form of a body and its rules of procedure: a new one, or other rules for one that is there.
type bodyForm struct {
	Page
	Title, Problem, Action string
	Sides                  []Option // forum and the other members, for a new one
	Levels, Approvals      []Option
	Cadences               []Option
	Hosts                  [][]Option // of the first session, of the second, …
	Parents, Bases         []Option
	Posts                  []postField // one of each member
	In                     map[string]string
}

// postField is the chair and the secretary of one side, posts, never persons, and how it counts days.
type postField struct {
	ID, Name string
	Weekend  []Option
}

// cadences are those a form offers, by what RFC 5545 calls them; rules may hold others, which stay.
func cadences() []string {
	return []string{"", "FREQ=WEEKLY;INTERVAL=2", "FREQ=MONTHLY", "FREQ=MONTHLY;INTERVAL=2", "FREQ=MONTHLY;INTERVAL=3", "FREQ=MONTHLY;INTERVAL=6", "FREQ=YEARLY"}
}

func (s *site) newBody(r *request) (*answer, error) { return s.askBody(r, "", nil, "") }

// rules is the form of other rules for a body that is there.
func (s *site) rules(r *request) (*answer, error) { return s.ruling(r, "") }

func (s *site) ruling(r *request, problem string) (*answer, error) {
	t, err := s.thingOf(r, "body")
	if err != nil {
		return nil, err
	}
	return s.askBody(r, t.Forum, t.State.Body, problem)
}

func (s *site) askBody(r *request, f jisr.ForumID, b *jisr.Body, problem string) (*answer, error) {
	rd := s.reader(r)
	v := bodyForm{Page: s.page(r, "meetings"), Problem: problem, Title: rd.l.T("body.new"), Action: rd.url("bodies", "new"), In: map[string]string{}}
	for _, o := range s.forums(r) {
		if b == nil && len(o.members) > 1 {
			var names []string
			for _, m := range o.members {
				names = append(names, rd.name(m))
			}
			v.Sides = append(v.Sides, Option{Value: string(o.id), Word: strings.Join(names, " — "), On: r.FormValue("forum") == string(o.id)})
			if f == "" {
				f = o.id
			}
		}
	}
	members := s.membersOf(r, cmp.Or(jisr.ForumID(r.FormValue("forum")), f))
	if b != nil {
		members = b.Members
		v.Title, v.Action = rd.l.T("body.rules"), rd.url("bodies", string(f), clip(r.PathValue("id"), maxField), "rules")
	} else {
		b = &jisr.Body{BodyTerms: jisr.BodyTerms{Level: jisr.TechnicalLevel, Members: members, Cadence: "FREQ=MONTHLY;INTERVAL=3", Procedure: jisr.Procedure{AgendaDays: jisr.DefaultAgendaDays, SilentDays: jisr.DefaultSilentDays, Rotation: members, Languages: writtenLanguages()}}}
	}
	v.In = rd.rulesIn(b)
	if r.Method == "POST" { // what was written comes back
		for name := range r.PostForm {
			v.In[name] = strings.Join(bounded(r.PostForm[name], jisr.MaxHolidays), " ")
		}
	}
	if err := s.bodyChoices(r, rd, &v, f, members); err != nil {
		return nil, err
	}
	a := &answer{page: bodyFormPage(v)}
	if problem != "" {
		a.status = 422
	}
	return a, nil
}

// bodyChoices are the lists of the form.
func (s *site) bodyChoices(r *request, rd reader, v *bodyForm, f jisr.ForumID, members []jisr.MemberID) error {
	pick := func(prefix string, on string, values ...string) (all []Option) {
		for _, x := range values {
			all = append(all, Option{Value: x, Word: known(rd.l, prefix, cmp.Or(x, "none")), On: x == on})
		}
		return all
	}
	v.Levels = pick("body.level.", v.In["level"], strs(jisr.Levels())...)
	v.Approvals = pick("approval.", v.In["approval"], string(jisr.NoApproval), string(jisr.Express), string(jisr.Silent))
	for _, x := range append(cadences(), "other") {
		o := Option{Value: x, Word: rd.cadenceWord(x), On: x == v.In["cadence"]}
		if x == "other" {
			o.Word = rd.l.T("cadence.other")
		}
		v.Cadences = append(v.Cadences, o)
	}
	for i := range members {
		var hosts []Option
		for _, m := range members {
			hosts = append(hosts, Option{Value: string(m), Word: rd.name(m), On: string(m) == v.In["host."+strconv.Itoa(i)]})
		}
		v.Hosts = append(v.Hosts, hosts)
	}
	for _, m := range members {
		p := postField{ID: string(m), Name: rd.name(m)}
		free := strings.Fields(v.In["weekend."+string(m)])
		for i := range 7 {
			day := strconv.Itoa((i + 6) % 7) // the week begins on Saturday
			p.Weekend = append(p.Weekend, Option{Value: day, Word: rd.l.T("time.weekday." + day), On: slices.Contains(free, day)})
		}
		v.Posts = append(v.Posts, p)
	}
	var err error
	if v.Parents, err = s.thingOptions(r, rd, f, "body", v.In["parent"]); err != nil {
		return err
	}
	v.Bases, err = s.thingOptions(r, rd, f, "agreement", v.In["basis"])
	return err
}

// thingOptions offers the newest things of a noun in a forum, and none.
func (s *site) thingOptions(r *request, rd reader, f jisr.ForumID, noun, on string) ([]Option, error) {
	all := []Option{{Word: rd.l.T("paper.item.none")}}
	rows, _, err := s.node.Book().Things(r.Context(), rd.scope, book.ThingQuery{Forum: f, Noun: noun, Limit: pageNotes})
	for i := range rows {
		title, _ := rows[i].Summary.Title.In(rd.l.Tag())
		all = append(all, Option{Value: string(rows[i].ID), Word: title, On: string(rows[i].ID) == on})
	}
	return all, err
}

// cadenceWord is a rule of recurrence in words, where it says no more than how often; else as RFC 5545 writes it.
func (rd reader) cadenceWord(rule string) string {
	key := strings.ToLower("cadence." + cmp.Or(strings.NewReplacer("FREQ=", "", ";INTERVAL=", "-").Replace(rule), "none"))
	if rd.l.Has(key) {
		return rd.l.T(key)
	}
	unit, n := "", 1
	for part := range strings.SplitSeq(rule, ";") {
		name, value, _ := strings.Cut(part, "=")
		switch name {
		case "FREQ":
			unit = strings.ToLower(value)
		case "INTERVAL":
			n, _ = strconv.Atoi(value) // none: the rule says so itself below
		default:
			return rule
		}
	}
	if key := "cadence.every." + unit; rd.l.Has(key) && n > 0 {
		return rd.l.N(key, n)
	}
	return rule
}

// membersOf is the members of a forum, sorted.
func (s *site) membersOf(r *request, f jisr.ForumID) []jisr.MemberID {
	for _, o := range s.forums(r) {
		if o.id == f {
			return slices.Sorted(slices.Values(o.members))
		}
	}
	return nil
}

// rulesIn is the rules of a body as their form has them.
func (rd reader) rulesIn(b *jisr.Body) map[string]string {
	in := map[string]string{"title_ar": b.Title["ar"], "title_en": b.Title["en"], "level": string(b.Level), "code": b.Code, "cadence": b.Cadence, "approval": string(b.Approval), "parent": string(b.Parent),
		"agenda_days": blankZero(b.AgendaDays), "minutes_days": blankZero(b.MinutesDays), "silent_days": blankZero(b.SilentDays), "written": blankZero(b.Written), "ladder": ladderWords(b.Ladder), "languages": strings.Join(b.Languages, " ")}
	if !slices.Contains(cadences(), b.Cadence) {
		in["cadence"], in["rule"] = "other", b.Cadence
	}
	for i, m := range b.Rotation {
		in["host."+strconv.Itoa(i)] = string(m)
	}
	if b.Basis != nil {
		in["basis"], in["clause"] = string(b.Basis.Thing), b.Basis.Part
	}
	var observers []string
	for _, o := range b.Observers {
		name, _ := o.In(rd.l.Tag())
		observers = append(observers, name)
	}
	in["observers"] = strings.Join(observers, "\n")
	for m, o := range b.Chairs {
		in["chair."+string(m)], _ = o.Name.In(rd.l.Tag())
	}
	for m, o := range b.Secretaries {
		in["secretary."+string(m)], _ = o.Name.In(rd.l.Tag())
	}
	for _, m := range b.Members {
		c, id := b.Calendar(m), string(m)
		var free, holidays []string
		for _, w := range c.Weekend {
			free = append(free, strconv.Itoa(int(w)))
		}
		for _, d := range c.Holidays {
			holidays = append(holidays, string(d))
		}
		in["zone."+id], in["offset."+id], in["weekend."+id], in["holidays."+id] = c.Zone, offsetWord(c.Offset), strings.Join(free, " "), strings.Join(holidays, "\n")
	}
	return in
}

// offsetWord is minutes east of UTC as people write them.
func offsetWord(minutes int) string {
	sign := "+"
	if minutes < 0 {
		sign, minutes = "-", -minutes
	}
	return fmt.Sprintf("%s%02d:%02d", sign, minutes/60, minutes%60)
}

func (s *site) saveBody(r *request) (*answer, error) {
	f := jisr.ForumID(line1(r, "forum"))
	t, problem := s.bodyTerms(r, s.membersOf(r, f), nil)
	return s.proposeRules(r, node.Say{Forum: f, Kind: jisr.KindBodyPropose, Terms: t}, problem, func(p string) (*answer, error) { return s.askBody(r, "", nil, p) })
}

func (s *site) saveRules(r *request) (*answer, error) {
	b, err := s.thingOf(r, "body")
	if err != nil {
		return nil, err
	}
	t, problem := s.bodyTerms(r, b.State.Body.Members, b.State.Body)
	return s.proposeRules(r, node.Say{Forum: b.Forum, ID: b.ID, Kind: jisr.KindBodyPropose, Terms: t}, problem, func(p string) (*answer, error) { return s.ruling(r, p) })
}

func (s *site) proposeRules(r *request, say node.Say, wrong *jisr.Refusal, again func(string) (*answer, error)) (*answer, error) {
	if wrong != nil {
		return again(sentence(r.l, wrong))
	}
	to, problem, err := s.says(r, say)
	if err != nil {
		return nil, err
	}
	if problem != "" {
		return again(problem)
	}
	return &answer{to: cmp.Or(to, s.reader(r).url("meetings"))}, nil
}

// bodyTerms reads the form. What it does not ask for stays as it was.
func (s *site) bodyTerms(r *request, members []jisr.MemberID, was *jisr.Body) (jisr.BodyTerms, *jisr.Refusal) {
	t := jisr.BodyTerms{Members: members}
	if was != nil {
		t = was.BodyTerms
	}
	before := t
	t.Title, t.Level, t.Cadence, t.Months, t.Parent, t.Basis = jisr.Text{}, jisr.Level(line1(r, "level")), line1(r, "cadence"), 0, jisr.ThingID(line1(r, "parent")), nil
	if t.Cadence == "other" {
		t.Cadence = strings.ToUpper(line1(r, "rule"))
	}
	for _, lang := range writtenLanguages() {
		if title := line1(r, "title_"+lang); title != "" {
			t.Title[lang] = title
		}
	}
	if id := line1(r, "basis"); id != "" {
		t.Basis = &jisr.Source{Thing: jisr.ThingID(id), Part: line1(r, "clause")}
	}
	t.Chairs, t.Secretaries, t.Observers = map[jisr.MemberID]jisr.Office{}, map[jisr.MemberID]jisr.Office{}, nil
	for _, m := range members {
		if post := line1(r, "chair."+string(m)); post != "" {
			t.Chairs[m] = jisr.Office{Member: m, Desk: before.Chairs[m].Desk, Name: reworded(r, before.Chairs[m].Name, post)}
		}
		if post := line1(r, "secretary."+string(m)); post != "" {
			t.Secretaries[m] = jisr.Office{Member: m, Desk: before.Secretaries[m].Desk, Name: reworded(r, before.Secretaries[m].Name, post)}
		}
	}
	for _, name := range lines(r, "observers", jisr.MaxObservers+1) {
		observer := jisr.Text{r.l.Tag(): name}
		for _, o := range before.Observers {
			if had, _ := o.In(r.l.Tag()); had == name {
				observer = o
			}
		}
		t.Observers = append(t.Observers, observer)
	}
	return t, procedureOf(r, &t)
}

// procedureOf reads what the rules say of each session.
func procedureOf(r *request, t *jisr.BodyTerms) (wrong *jisr.Refusal) {
	t.Code, t.Approval, t.Languages = strings.ToUpper(line1(r, "code")), jisr.ApprovalMode(line1(r, "approval")), bounded(strings.Fields(strings.ToLower(line1(r, "languages"))), jisr.MaxLanguages+1)
	for name, into := range map[string]*int{"agenda_days": &t.AgendaDays, "minutes_days": &t.MinutesDays, "silent_days": &t.SilentDays, "written": &t.Written} {
		if *into, wrong = number(r, name); wrong != nil {
			return wrong
		}
	}
	t.Rotation = nil
	for i := range t.Members {
		if m := jisr.MemberID(line1(r, "host."+strconv.Itoa(i))); m != "" {
			t.Rotation = append(t.Rotation, m)
		}
	}
	if t.Ladder, wrong = ladderOf(r); wrong != nil {
		return wrong
	}
	t.Calendars = map[jisr.MemberID]jisr.Calendar{}
	for _, m := range t.Members {
		c, wrong := calendarOf(r, string(m))
		if wrong != nil {
			return wrong
		}
		t.Calendars[m] = c
	}
	return nil
}

// calendarOf reads how a member counts days; as everybody does where the form does not ask.
func calendarOf(r *request, id string) (c jisr.Calendar, wrong *jisr.Refusal) {
	if !r.PostForm.Has("offset." + id) {
		return jisr.DefaultCalendar(), nil
	}
	c.Zone = line1(r, "zone."+id)
	at, err := time.Parse("-07:00", latinDigits(line1(r, "offset."+id)))
	if err != nil {
		return c, jisr.Refuse(jisr.Malformed, "offset", "want", "+03:00")
	}
	_, seconds := at.Zone()
	c.Offset = seconds / 60
	for _, day := range bounded(r.PostForm["weekend."+id], 7) {
		n, err := strconv.Atoi(day)
		if err != nil {
			return c, jisr.Refuse(jisr.Malformed, "weekend")
		}
		c.Weekend = append(c.Weekend, time.Weekday(n))
	}
	slices.Sort(c.Weekend)
	for _, day := range lines(r, "holidays."+id, jisr.MaxHolidays+1) {
		c.Holidays = append(c.Holidays, jisr.Date(latinDigits(day)))
	}
	slices.Sort(c.Holidays)
	c.Holidays = slices.Compact(c.Holidays)
	return c, nil
}

// lines are what is written in a field, one a line.
func lines(r *request, name string, most int) []string {
	var all []string
	for row := range strings.SplitSeq(unixLines(strings.ToValidUTF8(r.PostForm.Get(name), "\uFFFD")), "\n") {
		if row = strings.TrimSpace(row); row != "" {
			all = append(all, row)
		}
	}
	return bounded(all, most)
}

// number reads a number of days; empty is none.
func number(r *request, name string) (int, *jisr.Refusal) {
	s := latinDigits(line1(r, name))
	if s == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 {
		return 0, jisr.Refuse(jisr.Malformed, name, "max", strconv.Itoa(jisr.MaxPeriod))
	}
	return n, nil
}
