package portal

import (
	"bytes"
	"cmp"
	"context"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"

	"jisr"
	"jisr/book"
	"jisr/node"
)

// commitmentsView is the register of commitments: filters, figures, a list.
type commitmentsView struct {
	Page
	With, Sectors, States []Option
	Lines                 []line
	Next, First, All, New string
	Sheet, Desk, Body     string
	Figures               []figure
	Bars, Ages            []bar
	Groups                []groupsOf
}

// figure is one of the figures of health (practice 6).
type figure struct{ Name, Value, Note, Tone string }

// bar is one part of the chart of states, in per mille of its width.
type bar struct {
	Tone, Word string
	X, Width   int
}

func (rd reader) commitmentURL(f jisr.ForumID, id jisr.ThingID) string {
	return rd.url("commitments", string(f), id.Name())
}

// owe is where a commitment is written that comes from a thing.
func (rd reader) owe(f jisr.ForumID, source jisr.ThingID, part string) string {
	q := url.Values{"forum": {string(f)}, "source": {string(source)}}
	if part != "" {
		q.Set("section", part)
	}
	return rd.url("commitments", "new") + "?" + q.Encode()
}

// commitmentLine is a commitment in a list: who owes whom.
func (rd reader) commitmentLine(r *book.ThingRow) line {
	c := r.State.Commitment
	late := c.Late(rd.until(c.Debtor.Member))
	l := line{URL: rd.commitmentURL(r.Forum, r.ID), Kind: known(rd.l, "commitment.type.", string(c.Type)), Subject: rd.say(c.Title), From: rd.side(c.Debtor.Member),
		To: rd.sides([]jisr.MemberID{c.Beneficiary.Member}), Date: rd.l.ShortDate(r.At.In(rd.zone)), Late: late, State: rd.thingTag("commitment", string(c.State()), late)}
	if c.Sector != "" {
		l.Kind = known(rd.l, "sector.", c.Sector)
	}
	if due := c.DueDate(); due != "" && (c.State().Open() || c.State() == jisr.CommitmentDraft) {
		l.Due, l.DueIn = rd.l.Day(string(due)), rd.l.RelativeDay(string(due), string(rd.today))
	}
	return l
}

// register is what the register is asked for; the list, the figures and the workbook follow it alike.
type register struct {
	book.ThingQuery
	with, sector, desk, body string
}

func (s *site) register(r *request) register {
	q := r.URL.Query()
	get := func(name string) string {
		return strings.TrimSpace(clip(strings.ToValidUTF8(q.Get(name), ""), maxSearch))
	}
	ask := register{ThingQuery: book.ThingQuery{Noun: "commitment", State: get("state"), Search: get("q"), Cursor: clip(q.Get("cursor"), maxField), Limit: pageNotes}}
	if !slices.Contains(jisr.CommitmentStates(), jisr.CommitmentState(ask.State)) {
		ask.State = ""
	}
	if m := jisr.MemberID(get("with")); jisr.ValidMember(m) {
		ask.Member, ask.with = m, string(m)
	}
	label := func(prefix, value string, good bool) string {
		if !good || value == "" || strings.ContainsAny(value, ", ") {
			return ""
		}
		ask.Labels = append(ask.Labels, prefix+value)
		return value
	}
	ask.sector = label("sector:", get("sector"), slices.Contains(jisr.Sectors(), get("sector")))
	ask.desk = label("desk:", get("desk"), true)
	ask.body = label("body:body/", get("body"), jisr.ValidName(get("body")))
	return ask
}

// url is the address of a page of the register with these filters; change replaces one of them.
func (q register) url(page string, change ...string) string {
	to := url.Values{}
	all := map[string]string{"with": q.with, "state": q.State, "sector": q.sector, "desk": q.desk, "body": q.body, "q": q.ThingQuery.Search}
	for i := 0; i+1 < len(change); i += 2 {
		all[change[i]] = change[i+1]
	}
	for name, value := range all {
		if value != "" {
			to.Set(name, value)
		}
	}
	if len(to) == 0 {
		return page
	}
	return page + "?" + to.Encode()
}

func (s *site) commitments(r *request) (*answer, error) {
	rd, ask := s.reader(r), s.register(r)
	rows, next, err := s.node.Book().Things(r.Context(), rd.scope, ask.ThingQuery)
	if err != nil {
		return nil, err
	}
	page := rd.url("commitments")
	v := commitmentsView{Page: s.live(r, "commitments"), New: rd.url("commitments", "new"), Sheet: ask.url(rd.url("commitments", "sheet")), Desk: ask.desk, Body: ask.body}
	if !rd.may(node.Verb(jisr.KindCommitmentPropose)) {
		v.New = ""
	}
	for i := range rows {
		v.Lines = append(v.Lines, rd.commitmentLine(&rows[i]))
	}
	if next != "" {
		v.Next = ask.url(page, "cursor", next)
	}
	if ask.Cursor != "" {
		v.First = ask.url(page)
	}
	if ask.url("") != "" {
		v.All = page
	}
	v.Search = ask.ThingQuery.Search
	v.With = narrowing(rd, ask.Member, s.partners(), rd.name)
	v.Sectors = narrowing(rd, ask.sector, jisr.Sectors(), wordAfter[string](rd, "sector."))
	v.States = narrowing(rd, jisr.CommitmentState(ask.State), jisr.CommitmentStates(), wordAfter[jisr.CommitmentState](rd, "commitment.state."))
	h, err := s.healths.get(r.Context(), s.node, rd.scope, ask.ThingQuery)
	if err != nil {
		return nil, err
	}
	v.Figures, v.Bars = rd.health(&h)
	v.Ages = rd.ages(&h)
	v.Groups, err = s.groupsOf(r.Context(), rd, &h, func(name, value string) string { return ask.url(page, name, value) })
	return &answer{page: commitmentsPage(v)}, err
}

// health is the figures of practice 6, and a bar of how all commitments stand.
func (rd reader) health(h *jisr.Health) (figures []figure, bars []bar) {
	all := 0
	for _, k := range h.States {
		all += k
	}
	if all == 0 {
		return nil, nil
	}
	add := func(key, value, tone string, args ...any) {
		figures = append(figures, figure{Name: rd.l.T("health." + key), Value: value, Note: rd.l.T("health."+key+".note", args...), Tone: tone})
	}
	tone := ""
	if h.Late > 0 {
		tone = "late"
	}
	add("open", rd.l.Number(int64(h.Open)), "")
	add("late", rd.l.Number(int64(h.Late)), tone)
	add("review", rd.l.Number(int64(h.Reported)), "")
	add("accepted", rd.l.Number(int64(h.Accepted)), "")
	if h.Timed > 0 {
		add("ontime", rd.percent(h.OnTime, h.Timed), "")
	}
	if n, any := h.MedianClosed(); any {
		add("closed", rd.l.N("days", n), "")
	}
	if n, any := h.MedianReviewed(); any {
		add("reviewed", rd.l.N("days", n), "")
	}
	if h.Answered > 0 {
		add("returned", rd.percent(h.Returned, h.Answered), "")
	}
	if h.Open > 0 {
		add("dated", rd.percent(h.Dated, h.Open), "")
	}
	if h.Oldest > 0 {
		add("oldest", rd.l.N("days", h.Oldest), "")
	}
	x := 0
	for _, st := range jisr.CommitmentStates() {
		k := h.States[string(st)]
		if k == 0 {
			continue
		}
		t := rd.thingTag("commitment", string(st), false)
		w := max(k*1000/all, 4)
		bars = append(bars, bar{Tone: t.Tone, Word: t.Word + ": " + rd.l.Number(int64(k)), X: x, Width: w})
		x += w
	}
	return figures, bars
}

func (rd reader) percent(n, of int) string {
	return rd.l.T("percent", "n", n*100/of)
}

// ages is how long commitments are past their day, as bars over one another.
func (rd reader) ages(h *jisr.Health) (bars []bar) {
	if h.Late == 0 {
		return nil
	}
	for i, key := range []string{"health.age.month", "health.age.quarter", "health.age.more"} {
		bars = append(bars, bar{Tone: []string{"soon", "late", "late"}[i], Word: rd.l.T(key) + ": " + rd.l.Number(int64(h.Ages[i])), Width: h.Ages[i] * 1000 / h.Late})
	}
	return bars
}

// groupOf is the commitments of one office, sector or body.
type groupOf struct {
	Link
	Open, Late, Accepted string
	IsLate               bool
	order                int
}

type groupsOf struct {
	ID, Title string
	Rows      []groupOf
}

// groupsOf is the register by office, sector and body, the fullest first.
func (s *site) groupsOf(ctx context.Context, rd reader, h *jisr.Health, at func(name, value string) string) (all []groupsOf, err error) {
	desks, err := s.node.Book().Desks(ctx)
	if err != nil {
		return nil, err
	}
	for _, name := range []string{"desk", "sector", "body"} {
		g := groupsOf{ID: name, Title: rd.l.T("register.by." + name)}
		for label, n := range h.By {
			value, ok := strings.CutPrefix(label, name+":")
			if !ok {
				continue
			}
			value = strings.TrimPrefix(value, "body/")
			g.Rows = append(g.Rows, groupOf{Link: Link{Word: value, URL: at(name, value)}, Open: rd.l.Number(int64(n.Open)), Late: rd.l.Number(int64(n.Late)),
				Accepted: rd.l.Number(int64(n.Accepted)), IsLate: n.Late > 0, order: n.Late*1000 + n.Open})
		}
		slices.SortFunc(g.Rows, func(a, b groupOf) int { return cmp.Or(cmp.Compare(b.order, a.order), cmp.Compare(a.URL, b.URL)) })
		if g.Rows = g.Rows[:min(len(g.Rows), pageGroups)]; len(g.Rows) > 0 {
			for i := range g.Rows {
				g.Rows[i].Word = s.groupWord(ctx, rd, name, g.Rows[i].Word, desks)
			}
			all = append(all, g)
		}
	}
	return all, nil
}

// groupWord names an office, a sector or a body.
func (s *site) groupWord(ctx context.Context, rd reader, name, value string, desks map[jisr.DeskID]jisr.Desk) string {
	switch name {
	case "sector":
		return known(rd.l, "sector.", value)
	case "desk":
		member, desk, _ := strings.Cut(value, "/")
		word := desk
		if d, ok := desks[jisr.DeskID(desk)]; ok && jisr.MemberID(member) == rd.self {
			word, _ = d.Title.In(rd.l.Tag())
		} else if own := s.officeName(ctx, rd, jisr.MemberID(member), jisr.DeskID(desk)); !own.Empty() {
			word, _ = own.In(rd.l.Tag())
		}
		return rd.name(jisr.MemberID(member)) + " — " + word
	}
	for _, f := range s.forumsHere() {
		if t, err := s.node.Book().Thing(ctx, rd.scope, f, jisr.ThingID("body/"+value)); err == nil {
			title, _ := t.Summary.Title.In(rd.l.Tag())
			return title
		}
	}
	return value
}

// officeName is what an office of another side is called there, as its newest commitment has it.
func (s *site) officeName(ctx context.Context, rd reader, m jisr.MemberID, desk jisr.DeskID) jisr.Text {
	rows, _, err := s.node.Book().Things(ctx, rd.scope, book.ThingQuery{Noun: "commitment", Labels: []string{"desk:" + string(m) + "/" + string(desk)}, Limit: 1})
	if err != nil || len(rows) == 0 {
		return nil
	}
	return rows[0].State.Commitment.OfficeName(m, desk)
}

// commitmentActions is what this official may say now, what is waited for first.
func (s *site) commitmentActions(r *request, rd reader, t *book.ThingView) []saying {
	c, base := t.State.Commitment, rd.commitmentURL(t.Forum, t.ID)
	var all []saying
	for _, k := range c.Next(rd.self) {
		if k == jisr.KindCommitmentPropose || !rd.mayPrepare(k) {
			continue
		}
		a := rd.offer(k, base, s.commitmentFields(r, rd, c, k)...)
		switch k {
		case jisr.KindCommitmentAgree, jisr.KindCommitmentAccept:
			a.First = true
		case jisr.KindCommitmentReport, jisr.KindCommitmentAssign:
			a.First = c.State() == jisr.CommitmentAgreed && k == jisr.KindCommitmentAssign
		}
		all = append(all, a)
	}
	return all
}

func (s *site) commitmentFields(r *request, rd reader, c *jisr.Undertaking, k jisr.Kind) []sayingField {
	switch k {
	case jisr.KindCommitmentAgree:
		return []sayingField{hidden("hash", string(c.Proposals[len(c.Proposals)-1].Hash))}
	case jisr.KindCommitmentAssign:
		desks, err := s.node.Book().Desks(r.Context())
		if err != nil {
			return []sayingField{rd.askLine("desk", false)}
		}
		var options []Option
		for _, id := range sortedDesks(desks) {
			name, _ := desks[id].Title.In(rd.l.Tag())
			options = append(options, Option{Value: string(id), Word: cmp.Or(name, string(id)), On: id == c.OwnerDesk()})
		}
		return []sayingField{rd.choose("desk", options...)}
	case jisr.KindCommitmentProgress:
		fields := []sayingField{rd.ask("text", true)}
		if c.Indicator != nil {
			fields = append(fields, rd.askLine("value", true))
		}
		if len(c.Milestones) > 0 {
			reached := []Option{{Word: rd.l.T("paper.item.none")}}
			for _, m := range c.Milestones {
				title, _ := m.Title.In(rd.l.Tag())
				reached = append(reached, Option{Value: m.ID, Word: title})
			}
			fields = append(fields, rd.choose("milestone", reached...))
		}
		return fields
	case jisr.KindCommitmentSupersede:
		return []sayingField{rd.choose("successor", s.successors(r, rd, c)...), rd.ask("reason", true)}
	case jisr.KindCommitmentReport:
		fields := []sayingField{rd.ask("evidence", false), rd.askFiles()}
		if c.Indicator != nil {
			fields = append(fields, rd.askLine("value", true))
		}
		return fields
	case jisr.KindCommitmentAccept:
		return []sayingField{rd.ask("remarks", true)}
	case jisr.KindCommitmentExtend:
		return []sayingField{rd.askDay("to", "to", false), rd.ask("reason", false)}
	case jisr.KindCommitmentRaise:
		return []sayingField{hidden("level", itoa(int64(c.NextLevel()))), rd.ask("reason", true)}
	case jisr.KindCommitmentRecall, jisr.KindCommitmentGrant, jisr.KindCommitmentSettle:
		return nil
	}
	return []sayingField{rd.ask("reason", k != jisr.KindCommitmentReturn && k != jisr.KindCommitmentBlock && k != jisr.KindCommitmentDispute)}
}

// successors are the newest other commitments between the same members, of which one may take the place of this.
func (s *site) successors(r *request, rd reader, c *jisr.Undertaking) (all []Option) {
	other := c.Beneficiary.Member
	if other == rd.self {
		other = c.Debtor.Member
	}
	rows, _, err := s.node.Book().Things(r.Context(), rd.scope, book.ThingQuery{Noun: "commitment", Member: other, Limit: pageNotes})
	if err != nil {
		return nil // without a list nothing can be chosen, and the rule that reads it says so
	}
	for i := range rows {
		if o := rows[i].State.Commitment; o.Text != c.Text && (o.State().Open() || o.State() == jisr.CommitmentDraft) {
			title, _ := o.Title.In(rd.l.Tag())
			all = append(all, Option{Value: string(rows[i].ID), Word: title})
		}
	}
	return all
}

func sortedDesks(m map[jisr.DeskID]jisr.Desk) []jisr.DeskID {
	all := make([]jisr.DeskID, 0, len(m))
	for id := range m {
		all = append(all, id)
	}
	slices.Sort(all)
	return all
}

// sayCommitment carries out one of the actions.
func (s *site) sayCommitment(r *request) (*answer, error) {
	t, err := s.thingOf(r, "commitment")
	if err != nil {
		return nil, err
	}
	rd := s.reader(r)
	cmd, err := s.commitmentSay(r, &t)
	if err != nil {
		return nil, err
	}
	to, problem, err := s.says(r, cmd)
	if err != nil {
		return nil, err
	}
	if problem != "" {
		return s.showCommitment(r, problem)
	}
	return &answer{to: cmp.Or(to, rd.commitmentURL(t.Forum, t.ID))}, nil
}

// commitmentSay reads an action's form. What a form cannot say is refused by the rule that reads it.
func (s *site) commitmentSay(r *request, t *book.ThingView) (node.Say, error) {
	c, k := t.State.Commitment, jisr.Kind("commitment."+clip(r.PathValue("verb"), maxField))
	say := node.Say{Forum: t.Forum, ID: t.ID, Kind: k}
	reason := line1(r, "reason")
	var report, asked, issue jisr.Position
	if n := c.Newest(); n != nil {
		report = n.Position
	}
	if e := c.Asked(); e != nil {
		asked = e.Position
	}
	if i := c.Unsettled(s.node.Self().ID); i != nil {
		issue = i.Position
	}
	switch k {
	case jisr.KindCommitmentAgree:
		say.Terms = jisr.AgreeTerms{Hash: jisr.Commitment(line1(r, "hash"))}
	case jisr.KindCommitmentAssign:
		desks, err := s.node.Book().Desks(r.Context())
		if err != nil {
			return say, err
		}
		id := jisr.DeskID(line1(r, "desk"))
		say.Terms = jisr.AssignTerms{Desk: id, Name: desks[id].Title}
	case jisr.KindCommitmentProgress:
		say.Terms = jisr.ProgressTerms{Text: line1(r, "text"), Value: latinDigits(line1(r, "value")), Milestone: line1(r, "milestone")}
	case jisr.KindCommitmentReport:
		files, err := s.takeFiles(r)
		if err != nil {
			return say, err
		}
		say.Terms, say.Body, say.Files = jisr.ReportTerms{Value: latinDigits(line1(r, "value"))}, jisr.EvidenceBody{Text: written(r, "evidence")}, files
	case jisr.KindCommitmentRecall, jisr.KindCommitmentReturn:
		say.Terms = jisr.ReviewTerms{Report: report, Reason: reason}
	case jisr.KindCommitmentAccept:
		remarks := line1(r, "remarks")
		say.Terms = jisr.ReviewTerms{Report: report, Remarks: remarks != "", Reason: remarks}
	case jisr.KindCommitmentExtend:
		say.Terms = jisr.ExtendTerms{To: dayOf(r.PostForm, "to"), Reason: reason}
	case jisr.KindCommitmentGrant, jisr.KindCommitmentKeep:
		say.Terms = jisr.AnswerTerms{To: asked, Reason: reason}
	case jisr.KindCommitmentSettle:
		say.Terms = jisr.AnswerTerms{To: issue, Reason: reason}
	case jisr.KindCommitmentRaise:
		say.Terms = jisr.RaiseTerms{Level: c.NextLevel(), Reason: reason}
	case jisr.KindCommitmentRelease:
		say.Terms = jisr.EndTerms{Reason: reason}
	case jisr.KindCommitmentSupersede:
		say.Terms = jisr.EndTerms{Successor: jisr.ThingID(line1(r, "successor")), Reason: reason}
	default:
		say.Terms = jisr.Reason{Reason: reason}
	}
	return say, nil
}

// forumOf is a forum and its members.
type forumOf struct {
	id      jisr.ForumID
	members []jisr.MemberID
}

func (s *site) forums(r *request) (all []forumOf) {
	rows, err := s.node.Book().Forums(r.Context())
	if err != nil {
		return nil
	}
	for i := range rows {
		if rows[i].ID == jisr.House || rows[i].Forum == nil {
			continue
		}
		f := forumOf{id: rows[i].ID}
		for _, c := range rows[i].Forum.Members {
			f.members = append(f.members, c.Member)
		}
		all = append(all, f)
	}
	return all
}

// commitmentsSheet is the register as a workbook: all of it that the filters leave, at most maxSheet rows.
func (s *site) commitmentsSheet(r *request) (*answer, error) {
	rd := s.reader(r)
	x := excelize.NewFile()
	defer x.Close()
	sheet := x.GetSheetName(0)
	right := rd.l.Dir() == "rtl"
	if err := x.SetSheetView(sheet, 0, &excelize.ViewOptions{RightToLeft: &right}); err != nil {
		return nil, err
	}
	head := []any{"id", rd.l.T("say.field.title"), rd.l.T("commitment.debtor"), rd.l.T("commitment.beneficiary"), rd.l.T("say.field.sector"), rd.l.T("note.field.state"),
		rd.l.T("commitment.due.agreed"), rd.l.T("commitment.due.holds")}
	if err := x.SetSheetRow(sheet, "A1", &head); err != nil {
		return nil, err
	}
	row, q := 2, s.register(r).ThingQuery
	q.Cursor, q.Limit = "", 200
	for row <= maxSheet {
		rows, next, err := s.node.Book().Things(r.Context(), s.node.ScopeOf(r.caller), q)
		if err != nil {
			return nil, err
		}
		for i := range rows {
			c := rows[i].State.Commitment
			title, _ := c.Title.In(rd.l.Tag())
			sector := ""
			if c.Sector != "" {
				sector = rd.l.T("sector." + c.Sector)
			}
			cells := []any{rows[i].ID.Name(), title, rd.name(c.Debtor.Member), rd.name(c.Beneficiary.Member), sector, rd.l.T("commitment.state." + string(c.State())), string(c.Due), string(c.DueDate())}
			if err := x.SetSheetRow(sheet, "A"+strconv.Itoa(row), &cells); err != nil {
				return nil, err
			}
			row++
		}
		if q.Cursor = next; next == "" {
			break
		}
	}
	var b bytes.Buffer
	if err := x.Write(&b); err != nil {
		return nil, err
	}
	return &answer{file: &file{name: "commitments-" + string(rd.today) + ".xlsx", typ: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", content: bytes.NewReader(b.Bytes())}}, nil
}
