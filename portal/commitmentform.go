package portal

import (
	"cmp"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"jisr"
	"jisr/book"
	"jisr/node"
)

// newCommitmentView is the form of a commitment: a new one, from a thing or from nothing, or another proposal for one that is there.
type newCommitmentView struct {
	Page
	Title   string
	Problem string
	Action  string
	Back    string
	From    Link // what it comes from
	Source  string
	Section string
	After   string   // the decision it comes from
	Sides   []Option // who owes it
	Desks   []Option // our office
	Sectors []Option
	Types   []Option
	In      map[string]string

	Fundings   []Option
	Handlings  []Option
	Depends    []Option
	Milestones []string // the names of their rows
	More       bool     // something is written in what most commitments do without
}

// freeMilestones is how many empty rows of milestones the form has.
const freeMilestones = 3

// milestoneRows are the names of the rows of milestones: those that are written, and free ones.
func milestoneRows(in url.Values) (all []string) {
	free := 0
	for i := range jisr.MaxMilestones {
		n := "milestone." + strconv.Itoa(i)
		if in.Get(n) == "" {
			free++
		}
		if free > freeMilestones {
			break
		}
		all = append(all, n)
	}
	return all
}

// fewFields are the fields that most commitments do without.
func fewFields() []string {
	return []string{"recurrence", "funding", "budget", "indicator", "baseline", "target", "unit", "review", "ladder", "depends", "handling"}
}

// asked is the terms and the body of a commitment as its form has them.
func (rd reader) asked(f jisr.ForumID, c *jisr.CommitmentTerms, b *jisr.CommitmentBody) url.Values {
	in := url.Values{"type": {string(c.Type)}, "sector": {c.Sector}, "no_date": {c.NoDate}, "recurrence": {c.Recurrence}, "funding": {string(c.Funding)}, "budget": {c.Budget}, "handling": {string(c.Handling)},
		"review": {blankZero(c.Review)}, "ladder": {ladderWords(c.Ladder)}}
	for _, lang := range writtenLanguages() {
		in.Set("title_"+lang, c.Title[lang])
		in.Set("text_"+lang, b.Text[lang])
		in.Set("test_"+lang, b.Test[lang])
	}
	ours, theirs, whose := c.Debtor, c.Beneficiary, "us"
	if ours.Member != rd.self {
		ours, theirs, whose = c.Beneficiary, c.Debtor, "them"
	}
	in.Set("side", string(f)+" "+whose+" "+string(theirs.Member))
	in.Set("desk", string(ours.Desk))
	office, _ := theirs.Name.In(rd.l.Tag())
	in.Set("office", office)
	setDay(in, "due", c.Due)
	if i := c.Indicator; i != nil {
		name, _ := i.Name.In(rd.l.Tag())
		in.Set("indicator", name)
		in.Set("baseline", i.Baseline)
		in.Set("target", i.Target)
		in.Set("unit", i.Unit)
	}
	if len(c.DependsOn) > 0 {
		in.Set("depends", string(c.DependsOn[0]))
	}
	for i, m := range c.Milestones {
		n := "milestone." + strconv.Itoa(i)
		title, _ := m.Title.In(rd.l.Tag())
		in.Set(n, title)
		setDay(in, n, m.Due)
	}
	return in
}

// setDay writes a day into the three fields that [dayOf] reads.
func setDay(in url.Values, name string, d jisr.Date) {
	if p := strings.Split(string(d), "-"); len(p) == 3 {
		in.Set(name+".year", p[0])
		in.Set(name+".month", strings.TrimPrefix(p[1], "0"))
		in.Set(name+".day", strings.TrimPrefix(p[2], "0"))
	}
}

func blankZero(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

func ladderWords(days []int) string {
	var all []string
	for _, d := range days {
		all = append(all, strconv.Itoa(d))
	}
	return strings.Join(all, " ")
}

func (s *site) newCommitment(r *request) (*answer, error) {
	return s.askCommitment(r, nil, r.URL.Query(), "")
}

// counterCommitment is the form of another proposal, with what stands or is on the table written in.
func (s *site) counterCommitment(r *request) (*answer, error) {
	t, err := s.thingOf(r, "commitment")
	if err != nil {
		return nil, err
	}
	terms, body := lastOffer(&t)
	return s.askCommitment(r, &t, s.reader(r).asked(t.Forum, &terms, &body), "")
}

// askCommitment shows the form. t is the commitment it is another proposal for; nil: a new one.
func (s *site) askCommitment(r *request, t *book.ThingView, q url.Values, problem string) (*answer, error) {
	rd := s.reader(r)
	v := newCommitmentView{Page: s.page(r, "commitments"), Title: rd.l.T("commitment.new"), Problem: problem, Action: rd.url("commitments", "new"), Back: rd.url("commitments"),
		Source: clip(q.Get("source"), maxField), Section: clip(q.Get("section"), maxField), After: clip(q.Get("after"), maxField), In: map[string]string{}, Milestones: milestoneRows(q)}
	only := jisr.ForumID(clip(q.Get("forum"), maxField))
	if t != nil {
		v.Back = rd.commitmentURL(t.Forum, t.ID)
		v.Title, v.Action, only = rd.l.T("commitment.counter"), v.Back+"/propose", t.Forum
	}
	for name := range q {
		v.In[name] = strings.ToValidUTF8(q.Get(name), "")
	}
	for _, name := range fewFields() {
		v.More = v.More || v.In[name] != ""
	}
	v.More = v.More || v.In["milestone.0"] != ""
	for _, f := range s.forums(r) {
		if only == "" || f.id == only {
			v.Sides = append(v.Sides, rd.sidesOwing(f, t, q.Get("side"))...)
		}
	}
	if err := s.choices(r, rd, &v, q); err != nil {
		return nil, err
	}
	if src := jisr.ThingID(v.Source); src != "" && only != "" && t == nil {
		v.From = s.sourceLink(r, rd, only, &jisr.Source{Thing: src, Part: v.Section})
		v.Back = v.From.URL
	}
	a := &answer{page: newCommitmentPage(v)}
	if problem != "" {
		a.status = 422
	}
	return a, nil
}

// sidesOwing offers who owes whom in a forum; t keeps it between its own two.
func (rd reader) sidesOwing(f forumOf, t *book.ThingView, on string) (all []Option) {
	for _, m := range f.members {
		if m == rd.self || t != nil && !slices.Contains(t.State.Commitment.Parties(), m) {
			continue
		}
		for _, whose := range []string{"us", "them"} {
			value := string(f.id) + " " + whose + " " + string(m)
			key := map[string]string{"us": "commitment.we.owe", "them": "commitment.they.owe"}[whose]
			all = append(all, Option{Value: value, Word: rd.l.T(key, "member", rd.name(m)), On: on == value})
		}
	}
	return all
}

// choices are the lists of the form.
func (s *site) choices(r *request, rd reader, v *newCommitmentView, q url.Values) error {
	desks, err := s.node.Book().Desks(r.Context())
	if err != nil {
		return err
	}
	ours := cmp.Or(q.Get("desk"), string(r.caller.Desk))
	for _, id := range sortedDesks(desks) {
		name, _ := desks[id].Title.In(rd.l.Tag())
		v.Desks = append(v.Desks, Option{Value: string(id), Word: cmp.Or(name, string(id)), On: string(id) == ours})
	}
	pick := func(prefix, on string, all ...string) (some []Option) {
		for _, x := range all {
			word := rd.l.T("note.list.any")
			if x != "" {
				word = rd.l.T(prefix + x)
			}
			some = append(some, Option{Value: x, Word: word, On: x == on})
		}
		return some
	}
	v.Sectors = pick("sector.", q.Get("sector"), append([]string{""}, jisr.Sectors()...)...)
	v.Types = pick("commitment.type.", q.Get("type"), strs(jisr.CommitmentTypes())...)
	v.Fundings = pick("funding.", q.Get("funding"), append([]string{""}, strs(jisr.Fundings())...)...)
	v.Handlings = []Option{{Word: rd.l.T("note.list.any")}}
	for _, h := range jisr.Handlings() {
		v.Handlings = append(v.Handlings, Option{Value: string(h), Word: rd.handling(h), On: string(h) == q.Get("handling")})
	}
	v.Depends = []Option{{Word: rd.l.T("paper.item.none")}}
	rows, _, err := s.node.Book().Things(r.Context(), rd.scope, book.ThingQuery{Noun: "commitment", Limit: pageNotes})
	for i := range rows {
		title, _ := rows[i].Summary.Title.In(rd.l.Tag())
		v.Depends = append(v.Depends, Option{Value: string(rows[i].ID), Word: title, On: string(rows[i].ID) == q.Get("depends")})
	}
	return err
}

// saveCommitment proposes it; from a meeting it also writes it into the minutes, where it arose.
func (s *site) saveCommitment(r *request) (*answer, error) {
	rd := s.reader(r)
	forum, t, wrong, err := s.readCommitment(r, nil)
	if err != nil {
		return nil, err
	}
	if wrong != nil {
		return s.askCommitment(r, nil, r.PostForm, sentence(rd.l, wrong))
	}
	if src := jisr.ThingID(line1(r, "source")); src != "" {
		t.Source = &jisr.Source{Thing: src, Part: line1(r, "section")}
	}
	done, err := s.node.Do(r.Context(), r.caller, node.Say{Forum: forum, Kind: jisr.KindCommitmentPropose, Terms: t, Body: jisr.CommitmentBody{Text: written(r, "text"), Test: written(r, "test")}})
	if problem := rd.why(err); problem != "" {
		return s.askCommitment(r, nil, r.PostForm, problem)
	}
	if err != nil {
		return nil, err
	}
	if t.Source != nil && t.Source.Thing.Noun() == "minutes" {
		op := jisr.Op{Segment: done.Thing.Name(), Section: t.Source.Part, After: line1(r, "after"), Kind: jisr.CommitmentEntry, Ref: done.Thing}
		if _, err := s.node.Do(r.Context(), r.caller, node.Say{Forum: forum, ID: t.Source.Thing, Kind: jisr.KindMinutesEdit, Terms: jisr.EditTerms{Ops: []jisr.Op{op}}, Body: jisr.EditBody{Texts: []jisr.Text{nil}}}); err != nil {
			return nil, err
		}
		return &answer{to: rd.url("meetings", string(forum), t.Source.Thing.Name())}, nil
	}
	return &answer{to: rd.commitmentURL(forum, done.Thing)}, nil
}

// saveCounter puts another proposal on the table. What its form does not ask for stays as it was.
func (s *site) saveCounter(r *request) (*answer, error) {
	v, err := s.thingOf(r, "commitment")
	if err != nil {
		return nil, err
	}
	rd := s.reader(r)
	was, _ := lastOffer(&v)
	forum, t, wrong, err := s.readCommitment(r, &was)
	if err != nil {
		return nil, err
	}
	if wrong == nil && forum != v.Forum {
		wrong = jisr.Refuse(jisr.Malformed, "side")
	}
	if wrong != nil {
		return s.askCommitment(r, &v, r.PostForm, sentence(rd.l, wrong))
	}
	to, problem, err := s.says(r, node.Say{Forum: v.Forum, ID: v.ID, Kind: jisr.KindCommitmentPropose, Terms: t, Body: jisr.CommitmentBody{Text: written(r, "text"), Test: written(r, "test")}})
	if err != nil {
		return nil, err
	}
	if problem != "" {
		return s.askCommitment(r, &v, r.PostForm, problem)
	}
	return &answer{to: cmp.Or(to, rd.commitmentURL(v.Forum, v.ID))}, nil
}

// readCommitment reads the form. was is what is on the table; nil: nothing.
func (s *site) readCommitment(r *request, was *jisr.CommitmentTerms) (forum jisr.ForumID, t jisr.CommitmentTerms, wrong *jisr.Refusal, err error) {
	parts := strings.Fields(r.PostForm.Get("side"))
	if len(parts) != 3 {
		return "", t, jisr.Refuse(jisr.Missing, "beneficiary"), nil
	}
	desks, err := s.node.Book().Desks(r.Context())
	if err != nil {
		return "", t, nil, err
	}
	if was != nil {
		t = *was
	}
	forum = jisr.ForumID(parts[0])
	desk := jisr.DeskID(line1(r, "desk"))
	ours := jisr.Office{Member: s.node.Self().ID, Desk: desk, Name: desks[desk].Title}
	theirs := jisr.Office{Member: jisr.MemberID(parts[2]), Name: written(r, "office")}
	for _, o := range []jisr.Office{t.Debtor, t.Beneficiary} {
		if name, _ := o.Name.In(r.l.Tag()); o.Member == theirs.Member && name == line1(r, "office") { // its desk and its name in other languages stay
			theirs = o
		}
	}
	t.Debtor, t.Beneficiary = ours, theirs
	if parts[1] == "them" {
		t.Debtor, t.Beneficiary = theirs, ours
	}
	t.Type, t.Title, t.Due, t.NoDate, t.Sector = jisr.CommitmentType(line1(r, "type")), written(r, "title"), dayOf(r.PostForm, "due"), line1(r, "no_date"), line1(r, "sector")
	return forum, t, readFew(r, &t), nil
}

// readFew reads what most commitments do without.
func readFew(r *request, t *jisr.CommitmentTerms) (wrong *jisr.Refusal) {
	t.Recurrence, t.Funding, t.Budget, t.Handling = strings.ToUpper(line1(r, "recurrence")), jisr.Funding(line1(r, "funding")), line1(r, "budget"), jisr.Handling(line1(r, "handling"))
	if t.Review, wrong = number(r, "review"); wrong != nil {
		return wrong
	}
	if t.Ladder, wrong = ladderOf(r); wrong != nil {
		return wrong
	}
	if id := jisr.ThingID(line1(r, "depends")); id == "" {
		t.DependsOn = nil
	} else if len(t.DependsOn) == 0 || t.DependsOn[0] != id {
		t.DependsOn = []jisr.ThingID{id}
	}
	was := jisr.Text{}
	if t.Indicator != nil {
		was, t.Indicator = t.Indicator.Name, nil
	}
	if name := line1(r, "indicator"); name != "" {
		t.Indicator = &jisr.Indicator{Name: reworded(r, was, name), Baseline: latinDigits(line1(r, "baseline")), Target: latinDigits(line1(r, "target")), Unit: line1(r, "unit")}
	}
	before := t.Milestones
	t.Milestones = nil
	for i := range jisr.MaxMilestones {
		n := "milestone." + strconv.Itoa(i)
		title := line1(r, n)
		if title == "" {
			continue
		}
		m := jisr.Milestone{ID: "m" + strconv.Itoa(i+1)}
		if i < len(before) {
			m = before[i]
		}
		for slices.ContainsFunc(t.Milestones, func(o jisr.Milestone) bool { return o.ID == m.ID }) {
			m.ID += "a"
		}
		m.Title, m.Due = reworded(r, m.Title, title), dayOf(r.PostForm, n)
		t.Milestones = append(t.Milestones, m)
	}
	return nil
}

// reworded is a text in the reader's language; in others it stays as it was while these are the same words.
func reworded(r *request, was jisr.Text, now string) jisr.Text {
	if had, _ := was.In(r.l.Tag()); had == now {
		return was
	}
	return jisr.Text{r.l.Tag(): now}
}

// ladderOf reads the days past the date at which a commitment is raised.
func ladderOf(r *request) (all []int, wrong *jisr.Refusal) {
	for _, d := range bounded(strings.Fields(strings.NewReplacer(",", " ", "،", " ").Replace(line1(r, "ladder"))), jisr.MaxLevel) {
		n, err := strconv.Atoi(latinDigits(d))
		if err != nil {
			return nil, jisr.Refuse(jisr.Malformed, "ladder", "want", "7, 14, 30, 60")
		}
		all = append(all, n)
	}
	return all, nil
}
