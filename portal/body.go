package portal

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"jisr"
	"jisr/node"
)

// bodyForm is the form of a body and its rules of procedure: a new one, or other rules for one that is there.
type bodyForm struct {
	Page
	Title, Problem, Action  string
	Sides                   []Option // forum and the other members, for a new one
	Levels, Approvals, Host []Option
	Cadences                []Option
	Posts                   []postField // one of each member
	In                      map[string]string
}

// postField is the chair and the secretary of one side: posts, never persons.
type postField struct {
	ID, Name string
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
		v.In = rulesIn(b)
	} else {
		b = &jisr.Body{BodyTerms: jisr.BodyTerms{Level: jisr.TechnicalLevel, Cadence: "FREQ=MONTHLY;INTERVAL=3", Procedure: jisr.Procedure{AgendaDays: jisr.DefaultAgendaDays, SilentDays: jisr.DefaultSilentDays}}}
		v.In = rulesIn(b)
	}
	if r.Method == "POST" { // what was written comes back
		for name := range r.PostForm {
			v.In[name] = line1(r, name)
		}
	}
	pick := func(prefix string, on string, values ...string) (all []Option) {
		for _, x := range values {
			all = append(all, Option{Value: x, Word: known(rd.l, prefix, cmp.Or(x, "none")), On: x == on})
		}
		return all
	}
	v.Levels = pick("body.level.", v.In["level"], strs(jisr.Levels())...)
	v.Approvals = pick("approval.", v.In["approval"], string(jisr.NoApproval), string(jisr.Express), string(jisr.Silent))
	all := cadences()
	if !slices.Contains(all, v.In["cadence"]) {
		all = append(all, v.In["cadence"])
	}
	for _, x := range all {
		key := "cadence." + cmp.Or(strings.NewReplacer("FREQ=", "", ";INTERVAL=", "-").Replace(x), "none")
		o := Option{Value: x, Word: x, On: x == v.In["cadence"]}
		if rd.l.Has(strings.ToLower(key)) {
			o.Word = rd.l.T(strings.ToLower(key))
		}
		v.Cadences = append(v.Cadences, o)
	}
	for _, m := range members {
		v.Posts = append(v.Posts, postField{ID: string(m), Name: rd.name(m)})
		v.Host = append(v.Host, Option{Value: string(m), Word: rd.name(m), On: string(m) == v.In["host"]})
	}
	a := &answer{page: bodyPage(v)}
	if problem != "" {
		a.status = 422
	}
	return a, nil
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

func rulesIn(b *jisr.Body) map[string]string {
	days := func(n int) string {
		if n == 0 {
			return ""
		}
		return strconv.Itoa(n)
	}
	in := map[string]string{"title_ar": b.Title["ar"], "title_en": b.Title["en"], "level": string(b.Level), "code": b.Code, "cadence": b.Cadence, "approval": string(b.Approval),
		"agenda_days": days(b.AgendaDays), "minutes_days": days(b.MinutesDays), "silent_days": days(b.SilentDays), "written": days(b.Written)}
	if len(b.Rotation) > 0 {
		in["host"] = string(b.Rotation[0])
	}
	var ladder []string
	for _, d := range b.Ladder {
		ladder = append(ladder, strconv.Itoa(d))
	}
	in["ladder"] = strings.Join(ladder, " ")
	for m, o := range b.Chairs {
		in["chair."+string(m)], _ = o.Name.In("ar")
	}
	for m, o := range b.Secretaries {
		in["secretary."+string(m)], _ = o.Name.In("ar")
	}
	return in
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

// bodyTerms reads the form. What it does not ask for stays as it was: calendars, languages, the basis.
func (s *site) bodyTerms(r *request, members []jisr.MemberID, was *jisr.Body) (jisr.BodyTerms, *jisr.Refusal) {
	t := jisr.BodyTerms{Members: members}
	if was != nil {
		t = was.BodyTerms
	}
	t.Title, t.Level, t.Cadence, t.Months = jisr.Text{}, jisr.Level(line1(r, "level")), line1(r, "cadence"), 0
	for _, lang := range writtenLanguages() {
		if title := line1(r, "title_"+lang); title != "" {
			t.Title[lang] = title
		}
	}
	t.Chairs, t.Secretaries = map[jisr.MemberID]jisr.Office{}, map[jisr.MemberID]jisr.Office{}
	for _, m := range members {
		for posts, name := range map[*map[jisr.MemberID]jisr.Office]string{&t.Chairs: "chair.", &t.Secretaries: "secretary."} {
			if post := line1(r, name+string(m)); post != "" {
				(*posts)[m] = jisr.Office{Member: m, Name: jisr.Text{r.l.Tag(): post}}
			}
		}
	}
	t.Code, t.Approval = strings.ToUpper(line1(r, "code")), jisr.ApprovalMode(line1(r, "approval"))
	for name, into := range map[string]*int{"agenda_days": &t.AgendaDays, "minutes_days": &t.MinutesDays, "silent_days": &t.SilentDays, "written": &t.Written} {
		n, wrong := number(r, name)
		if wrong != nil {
			return t, wrong
		}
		*into = n
	}
	t.Rotation = append([]jisr.MemberID{jisr.MemberID(line1(r, "host"))}, slices.DeleteFunc(slices.Clone(members), func(m jisr.MemberID) bool { return string(m) == line1(r, "host") })...)
	t.Ladder = nil
	for _, d := range bounded(strings.Fields(latinDigits(line1(r, "ladder"))), jisr.MaxLevel) {
		n, err := strconv.Atoi(d)
		if err != nil {
			return t, jisr.Refuse(jisr.Malformed, "ladder", "want", "7, 14, 30, 60")
		}
		t.Ladder = append(t.Ladder, n)
	}
	return t, nil
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
