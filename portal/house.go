package portal

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"jisr"
	"jisr/book"
	"jisr/node"
)

// The house's own pages: posts, desks, programs, policies and audit. Each is for who may do what stands on it; node
// refuses the rest, whatever a page shows.

// houseView is a list of the house.
type houseView struct {
	Page
	Tabs    []Link
	Title   string
	Means   string
	Add     string // address of the form for another
	AddWord string
	Posts   []accountLine
	Desks   []deskLine
	Tokens  []accountLine
}

// accountLine is a post or a program in a list.
type accountLine struct {
	URL     string
	ID      string
	Title   said
	Desk    said
	Roles   []string
	Expires string
	Scope   []string
	Used    string
	Ended   bool
	Entry   tag // how a post gets in
}

// deskLine is a desk in a list.
type deskLine struct {
	URL      string
	ID       string
	Title    said
	Posts    string
	Receives bool // what comes in and belongs to no desk yet is its
}

// houseTabs leads to those of the house's pages that the reader may see.
func (rd reader) houseTabs(current string) []Link {
	var all []Link
	for _, t := range []struct {
		name string
		may  node.Verb
	}{{"posts", node.ReadHouse}, {"desks", node.ReadHouse}, {"tokens", node.ReadHouse}, {"policies", node.ReadHouse}, {"audit", node.ReadAudit}} {
		if rd.may(t.may) {
			all = append(all, Link{Word: rd.l.T("house.tab." + t.name), URL: rd.url("house", t.name), On: t.name == current})
		}
	}
	return all
}

// house leads to the first of its pages that the reader may see.
func (s *site) house(r *request) (*answer, error) {
	tabs := s.reader(r).houseTabs("")
	if len(tabs) == 0 {
		return nil, node.May(r.caller, node.ReadHouse)
	}
	return &answer{to: tabs[0].URL}, nil
}

func (s *site) houseView(r *request, name string) (houseView, reader, error) {
	rd := s.reader(r)
	v := houseView{Page: s.page(r, "house"), Tabs: rd.houseTabs(name), Title: rd.l.T("house.tab." + name), Means: rd.l.T("house." + name + ".means"),
		Add: rd.url("house", name, "new"), AddWord: rd.l.T("house." + name + ".add")}
	return v, rd, node.May(r.caller, node.ReadHouse)
}

func (s *site) posts(r *request) (*answer, error) {
	return s.accountsPage(r, "posts", "official", func(v *houseView) *[]accountLine { return &v.Posts })
}

func (s *site) tokens(r *request) (*answer, error) {
	return s.accountsPage(r, "tokens", "token", func(v *houseView) *[]accountLine { return &v.Tokens })
}

func (s *site) accountsPage(r *request, name, noun string, list func(*houseView) *[]accountLine) (*answer, error) {
	v, rd, err := s.houseView(r, name)
	if err != nil {
		return nil, err
	}
	rows, err := s.node.Book().Accounts(r.Context())
	if err != nil {
		return nil, err
	}
	desks, err := s.node.Book().Desks(r.Context())
	if err != nil {
		return nil, err
	}
	into := list(&v)
	for i := range rows {
		if rows[i].ID.Noun() == noun {
			*into = append(*into, s.accountLine(rd, name, &rows[i], desks))
		}
	}
	slices.SortStableFunc(*into, func(a, b accountLine) int { // those that ended come last
		switch {
		case a.Ended == b.Ended:
			return 0
		case a.Ended:
			return 1
		}
		return -1
	})
	return &answer{page: housePage(v)}, nil
}

func (s *site) accountLine(rd reader, name string, row *book.AccountRow, desks map[jisr.DeskID]jisr.Desk) accountLine {
	a := &row.Account
	l := accountLine{URL: rd.url("house", name, row.ID.Name()), ID: row.ID.Name(), Title: rd.say(a.Title), Desk: rd.say(desks[a.Desk].Title), Ended: a.Ended != nil, Entry: rd.entryTag(a)}
	for _, role := range a.Roles {
		l.Roles = append(l.Roles, known(rd.l, "role.", string(role)))
	}
	if a.Expires != "" {
		l.Expires = rd.l.Day(string(a.Expires))
	}
	for _, f := range a.Scope.Forums {
		l.Scope = append(l.Scope, string(f))
	}
	l.Scope = append(append(l.Scope, a.Scope.Programmes...), a.Scope.Verbs...)
	if at := s.node.LastUsed(row.ID); !at.IsZero() {
		l.Used = rd.dateTime(at.Truncate(time.Minute))
	}
	return l
}

func (s *site) desks(r *request) (*answer, error) {
	v, rd, err := s.houseView(r, "desks")
	if err != nil {
		return nil, err
	}
	desks, err := s.node.Book().Desks(r.Context())
	if err != nil {
		return nil, err
	}
	rows, err := s.node.Book().Accounts(r.Context())
	if err != nil {
		return nil, err
	}
	posts := map[jisr.DeskID]int{}
	for _, row := range rows {
		if row.ID.Noun() == "official" && row.Account.Ended == nil {
			posts[row.Account.Desk]++
		}
	}
	for _, id := range slices.Sorted(maps.Keys(desks)) {
		v.Desks = append(v.Desks, deskLine{URL: rd.url("house", "desks", string(id)), ID: string(id), Title: rd.say(desks[id].Title), Posts: rd.l.N("house.posts.count", posts[id]), Receives: desks[id].Receives})
	}
	return &answer{page: housePage(v)}, nil
}

// accountView is the form of a post, a desk or a program.
type accountView struct {
	Page
	Noun     string // post, desk, token
	Title    string
	Action   string
	Back     string
	New      bool
	In       accountInput
	Desks    []Option
	Roles    []Option
	Forums   []Option
	Verbs    []Option
	Problems []Problem
	Steps    []Link     // what else can be done with it
	Entry    *entryView // how its holder gets in; nil: it is no post
	Open     []line     // at its desk
}

// Wrong is what is wrong with a field; empty: nothing.
func (v *accountView) Wrong(field string) string { return wrongWith(v.Problems, field) }

func wrongWith(all []Problem, field string) string {
	for _, p := range all {
		if p.Field == field {
			return p.Text
		}
	}
	return ""
}

// accountInput is what the form holds.
type accountInput struct {
	ID, Ar, En, Desk, Day, Month, Year string
	Roles, Forums, Verbs               []string
	Programmes                         string
	Receives                           bool // of a desk
}

func readAccount(r *request) accountInput {
	f := r.PostForm
	get := func(name string) string { return clip(strings.TrimSpace(f.Get(name)), maxField) }
	return accountInput{ID: get("id"), Ar: get("title_ar"), En: get("title_en"), Desk: get("desk"), Day: get("expires.day"), Month: get("expires.month"), Year: get("expires.year"),
		Roles: f["roles"], Forums: f["forums"], Verbs: f["verbs"], Programmes: get("programmes"), Receives: f.Get("receives") == "yes"}
}

func (in *accountInput) title() jisr.Text {
	t := jisr.Text{}
	for lang, text := range map[string]string{"ar": in.Ar, "en": in.En} {
		if text != "" {
			t[lang] = text
		}
	}
	return t
}

func (in *accountInput) roles() []jisr.Role {
	var all []jisr.Role
	for _, r := range in.Roles {
		all = append(all, jisr.Role(r))
	}
	return all
}

// date is the day of expiry; empty: none. What is no day is left for the node to refuse.
func (in *accountInput) date() jisr.Date {
	if in.Day+in.Month+in.Year == "" {
		return ""
	}
	pad := func(s string, n int) string { return strings.Repeat("0", max(0, n-len(s))) + s }
	return jisr.Date(pad(in.Year, 4) + "-" + pad(in.Month, 2) + "-" + pad(in.Day, 2))
}

// cmd is what saving the form asks for.
func (in *accountInput) cmd(noun string) node.Command {
	switch noun {
	case "desk":
		return node.AddDesk{ID: jisr.DeskID(in.ID), Title: in.title()}
	case "post":
		return node.AddOfficial{ID: jisr.OfficialID(in.ID), Post: in.title(), Desk: jisr.DeskID(in.Desk), Roles: in.roles(), Keep: true}
	}
	cmd := node.AddToken{ID: in.ID, Title: in.title(), Desk: jisr.DeskID(in.Desk), Roles: in.roles(), Expires: in.date(), Scope: jisr.TokenScope{Programmes: strings.Fields(in.Programmes), Verbs: in.Verbs}}
	for _, f := range in.Forums {
		cmd.Scope.Forums = append(cmd.Scope.Forums, jisr.ForumID(f))
	}
	return cmd
}

// houseForms are the nouns whose form this is, by their place in the address.
func houseForms() map[string]string {
	return map[string]string{"posts": "post", "desks": "desk", "tokens": "token"}
}

// placeOf is the part of the address that names the list: posts, desks or tokens.
func placeOf(r *request) string {
	parts := strings.Split(r.URL.Path, "/")
	return parts[3] // "", language, "house", place
}

func (s *site) newAccount(r *request) (*answer, error) {
	v, err := s.accountView(r, accountInput{}, true, nil)
	if err != nil {
		return nil, err
	}
	return &answer{page: accountPage(v)}, nil
}

func (s *site) editAccount(r *request) (*answer, error) {
	in, err := s.inputOfAccount(r.Context(), placeOf(r), r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	v, err := s.accountView(r, in, false, nil)
	if err != nil {
		return nil, err
	}
	return &answer{page: accountPage(v)}, nil
}

func (s *site) inputOfAccount(ctx context.Context, place, id string) (accountInput, error) {
	if place == "desks" {
		desks, err := s.node.Book().Desks(ctx)
		if _, ok := desks[jisr.DeskID(id)]; err == nil && !ok {
			err = jisr.Refuse(jisr.NoSuch, clip(id, maxField), "noun", "desk")
		}
		d := desks[jisr.DeskID(id)]
		return accountInput{ID: id, Ar: d.Title["ar"], En: d.Title["en"], Receives: d.Receives}, err
	}
	noun := map[string]string{"posts": "official/", "tokens": "token/"}[place]
	row, err := s.node.Book().Account(ctx, jisr.ThingID(noun+id))
	if err != nil {
		return accountInput{}, err
	}
	a := &row.Account
	in := accountInput{ID: id, Ar: a.Title["ar"], En: a.Title["en"], Desk: string(a.Desk), Verbs: a.Scope.Verbs, Programmes: strings.Join(a.Scope.Programmes, " ")}
	for _, role := range a.Roles {
		in.Roles = append(in.Roles, string(role))
	}
	for _, f := range a.Scope.Forums {
		in.Forums = append(in.Forums, string(f))
	}
	if d := strings.Split(string(a.Expires), "-"); len(d) == 3 {
		in.Year, in.Month, in.Day = d[0], d[1], strings.TrimLeft(d[2], "0")
	}
	return in, nil
}

func (s *site) accountView(r *request, in accountInput, fresh bool, cause error) (accountView, error) {
	rd, place := s.reader(r), placeOf(r)
	noun := houseForms()[place]
	if err := node.May(r.caller, node.ReadHouse); err != nil {
		return accountView{}, err
	}
	v := accountView{Page: s.page(r, "house"), Noun: noun, New: fresh, In: in, Back: rd.url("house", place), Problems: problemsOf(rd, cause, accountField)}
	v.Title, v.Action = rd.l.T("house."+place+".add"), rd.url("house", place, "new")
	if !fresh {
		v.Title, v.Action = rd.l.T("house."+noun+".change"), rd.url("house", place, in.ID)
	}
	for _, role := range jisr.Roles() {
		v.Roles = append(v.Roles, Option{Value: string(role), Word: rd.l.T("role." + string(role)), On: slices.Contains(in.Roles, string(role))})
	}
	desks, err := s.node.Book().Desks(r.Context())
	if err != nil {
		return v, err
	}
	for _, id := range slices.Sorted(maps.Keys(desks)) {
		v.Desks = append(v.Desks, Option{Value: string(id), Word: inLanguage(rd.l, desks[id].Title), On: in.Desk == string(id)})
	}
	if noun == "token" {
		if err := s.scopeOptions(r.Context(), rd, &v); err != nil {
			return v, err
		}
	}
	if !fresh {
		v.Steps = rd.accountSteps(place, in.ID)
	}
	if !fresh && noun == "post" {
		v.Entry, err = s.entryOf(r, rd, in.ID)
	}
	return v, err
}

func (s *site) scopeOptions(ctx context.Context, rd reader, v *accountView) error {
	forums, err := s.node.Book().Forums(ctx)
	if err != nil {
		return err
	}
	for _, f := range forums {
		v.Forums = append(v.Forums, Option{Value: string(f.ID), Word: inLanguage(rd.l, f.Title), On: slices.Contains(v.In.Forums, string(f.ID))})
	}
	for _, verb := range node.Verbs() {
		v.Verbs = append(v.Verbs, Option{Value: string(verb), Word: known(rd.l, "subject.", string(verb)), On: slices.Contains(v.In.Verbs, string(verb))})
	}
	return nil
}

func (rd reader) accountSteps(place, id string) []Link {
	at := rd.url("house", place, id)
	switch place {
	case "posts":
		return []Link{{Word: rd.l.T("house.step.handover"), URL: at + "/hand-over"}, {Word: rd.l.T("house.step.end"), URL: at + "/end"}}
	case "tokens":
		return []Link{{Word: rd.l.T("house.step.end"), URL: at + "/end"}}
	}
	return nil
}

// accountField is the field of the form that a refusal is about.
func accountField(subject string) string {
	switch subject {
	case "official", "token":
		return "id"
	case "title", "post", "en", "ar":
		return "title_ar"
	case "expires", "roles", "desk":
		return subject
	case "scope", "programmes":
		return "programmes"
	}
	return ""
}

// problemsOf says what was refused, at the field it is about.
func problemsOf(rd reader, err error, field func(string) string) []Problem {
	var refusal *jisr.Refusal
	if !errors.As(err, &refusal) {
		return nil
	}
	return []Problem{{Field: field(refusal.Subject), Text: sentence(rd.l, refusal)}}
}

// exampleID is what an id looks like.
func exampleID(noun string) string {
	return map[string]string{"post": "first.secretary", "desk": "mofa.treaties", "token": "customs.gateway"}[noun]
}

// secretView shows what is shown once.
type secretView struct {
	Page
	Title, Means, Secret, Back string
}

func (s *site) saveNewAccount(r *request) (*answer, error) {
	return s.saveAccountAs(r, readAccount(r), true)
}

func (s *site) saveAccount(r *request) (*answer, error) {
	in := readAccount(r)
	in.ID = r.PathValue("id")
	return s.saveAccountAs(r, in, false)
}

// saveAccountAs saves the form. What is made once, such as a password, stands on the page that answers: it is kept nowhere.
func (s *site) saveAccountAs(r *request, in accountInput, fresh bool) (*answer, error) {
	rd, place := s.reader(r), placeOf(r)
	done, err := s.node.Do(r.Context(), r.caller, in.cmd(houseForms()[place]))
	if err == nil && place == "desks" { // a crash between leaves the desk as it was: the same form does the rest
		_, err = s.node.Do(r.Context(), r.caller, node.SetReceives{ID: jisr.DeskID(in.ID), Receives: in.Receives})
	}
	var refusal *jisr.Refusal
	if errors.As(err, &refusal) && refusal.Kind != jisr.NotAllowed {
		v, err := s.accountView(r, in, fresh, refusal)
		if err != nil {
			return nil, err
		}
		return &answer{status: 422, page: accountPage(v)}, nil
	}
	if err != nil {
		return nil, err
	}
	if done.Secret == "" {
		return &answer{to: rd.url("house", place)}, nil
	}
	noun := houseForms()[place]
	return &answer{page: secretPage(secretView{Page: s.page(r, "house"), Title: rd.l.T("house." + noun + ".secret"), Means: rd.l.T("house." + noun + ".secret.means"),
		Secret: done.Secret, Back: rd.url("house", place)})}, nil
}

// askEnd asks before a post or a program loses its access.
func (s *site) askEnd(r *request) (*answer, error) {
	rd, place := s.reader(r), placeOf(r)
	if err := node.May(r.caller, node.ReadHouse); err != nil {
		return nil, err
	}
	in, err := s.inputOfAccount(r.Context(), place, r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	noun, at := houseForms()[place], rd.url("house", place, r.PathValue("id"))
	v := askView{Page: s.page(r, "house"), Title: rd.l.T("house." + noun + ".end"), About: rd.say(in.title()), ID: in.ID,
		Means: []string{rd.l.T("house." + noun + ".end.means")}, Action: at + "/end", Button: rd.l.T("house.step.end"), Grave: true, Back: at}
	return &answer{page: askPage(v)}, nil
}

func (s *site) end(r *request) (*answer, error) {
	place, id := placeOf(r), r.PathValue("id")
	var cmd node.Command = node.EndOfficial{ID: jisr.OfficialID(id)}
	if place == "tokens" {
		cmd = node.EndToken{ID: id}
	}
	if _, err := s.node.Do(r.Context(), r.caller, cmd); err != nil {
		return nil, err
	}
	return &answer{to: s.reader(r).url("house", place)}, nil
}

// handOverView asks before a post gets another holder, with what is open at its desk.
type handOverView struct {
	askView
	Open []openLine
}

// openLine is a step that is owed at the desk.
type openLine struct {
	Why, Thing, Due string
	Late            bool
}

func (s *site) askHandOver(r *request) (*answer, error) {
	v, err := s.handOverView(r)
	if err != nil {
		return nil, err
	}
	return &answer{page: handOverPage(v)}, nil
}

func (s *site) handOverView(r *request) (handOverView, error) {
	rd, id := s.reader(r), r.PathValue("id")
	open, err := s.node.OpenAt(r.Context(), r.caller, jisr.OfficialID(id))
	if err != nil {
		return handOverView{}, err
	}
	row, err := s.node.Book().Account(r.Context(), jisr.ThingID("official/"+id))
	if err != nil {
		return handOverView{}, err
	}
	next := "house.handover.invites"
	if !row.Account.ByPassword() {
		next = "house.handover.second"
	}
	at := rd.url("house", "posts", id)
	v := handOverView{askView: askView{Page: s.page(r, "house"), Title: rd.l.T("house.handover"), About: rd.say(row.Account.Title), ID: id,
		Means: []string{rd.l.T("house.handover.ends"), rd.l.T("house.handover.stays"), rd.l.T("house.handover.mandates"), rd.l.T(next)}, Action: at + "/hand-over", Button: rd.l.T("house.step.handover"), Grave: true, Back: at}}
	for _, o := range open {
		l := openLine{Why: rd.openWhy(o), Thing: o.Thing.Name(), Late: o.Late}
		if o.Due != "" {
			l.Due = rd.l.Day(string(o.Due))
		}
		v.Open = append(v.Open, l)
	}
	return v, nil
}

func (rd reader) openWhy(o node.OpenItem) string {
	if o.Thing.Noun() == "note" {
		return rd.l.T("todo.why." + string(o.Why))
	}
	return known(rd.l, "why."+o.Thing.Noun()+".", string(o.Why))
}

// handOver closes the post to its former holder. The invitation of the next one is shown this once.
func (s *site) handOver(r *request) (*answer, error) {
	rd := s.reader(r)
	done, err := s.node.Do(r.Context(), r.caller, node.HandOver{ID: jisr.OfficialID(r.PathValue("id"))})
	if err != nil {
		return nil, err
	}
	back := rd.url("house", "posts", r.PathValue("id"))
	if done.Secret == "" {
		return &answer{to: back}, nil
	}
	return s.invitation(r, done.Secret, back), nil
}

// askView asks before something of the house that cannot be taken back.
type askView struct {
	Page
	Title   string
	About   said
	ID      string
	Means   []string
	Action  string
	Button  string
	Grave   bool
	Ask     bool // whether a reason is asked for
	Must    bool
	Problem string
	Reason  string
	Back    string
}

func numberOf(r *request) int {
	n, err := strconv.Atoi(r.PathValue("number"))
	if err != nil {
		return 0 // no proposal has it
	}
	return n
}
