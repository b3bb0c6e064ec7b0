package portal

import (
	"context"
	"errors"
	"slices"
	"strings"

	"jisr"
	"jisr/book"
	"jisr/node"
	"jisr/words"
)

// beginView is the form that begins an agreement.
type beginView struct {
	Page
	Problems []Problem
	Forums   []Option
	Kinds    []Option
	Parties  []Option
	Binding  []Option
	Handling []Option
	Relation []Option
	Keepers  []Option // who may be the depositary; the first: nobody
	Of       string   // the agreement it belongs to
	OfTitle  string
	Values   map[string]string
	Back     string
	Action   string
}

// Wrong is what is wrong with a field; empty: nothing.
func (v *beginView) Wrong(field string) string {
	for _, p := range v.Problems {
		if p.Field == field {
			return p.Text
		}
	}
	return ""
}

func (s *site) askBegin(r *request) (*answer, error) {
	if err := node.May(r.caller, "outgoing.draft"); err != nil {
		return nil, err
	}
	v, err := s.beginView(r, nil)
	if err != nil {
		return nil, err
	}
	return &answer{page: beginPage(v)}, nil
}

func (s *site) beginView(r *request, problems []Problem) (beginView, error) {
	rd := s.reader(r)
	in := r.PostForm
	v := beginView{Page: s.page(r, "agreements"), Problems: problems, Back: rd.url("agreements"), Action: rd.url("agreements", "new"), Values: map[string]string{}}
	for _, name := range []string{"title_ar", "title_en"} {
		v.Values[name] = in.Get(name)
	}
	for i, f := range s.forumsHere() {
		v.Forums = append(v.Forums, Option{Value: string(f), Word: string(f), On: in.Get("forum") == string(f) || in.Get("forum") == "" && i == 0})
	}
	choose := func(name, prefix string, values []string) (all []Option) {
		for i, x := range values {
			all = append(all, Option{Value: x, Word: known(rd.l, prefix, x), On: in.Get(name) == x || in.Get(name) == "" && i == 0})
		}
		return all
	}
	v.Kinds = choose("kind", "agreement.kind.", strs(jisr.InstrumentKinds()))
	v.Binding = choose("binding", "agreement.binding.", []string{"yes", "no"})
	for _, h := range jisr.Handlings() {
		v.Handling = append(v.Handling, Option{Value: string(h), Word: rd.handling(h), On: in.Get("handling") == string(h) || in.Get("handling") == "" && h == jisr.HandlingOfficial})
	}
	for _, m := range s.partners() {
		v.Parties = append(v.Parties, Option{Value: string(m), Word: rd.name(m), On: slices.Contains(in["parties"], string(m)) || len(in) == 0 && len(s.partners()) == 1})
	}
	v.Keepers = []Option{{Word: rd.l.T("agreement.depositary.none"), On: in.Get("depositary") == ""}}
	for _, m := range append([]jisr.MemberID{rd.self}, s.partners()...) {
		v.Keepers = append(v.Keepers, Option{Value: string(m), Word: rd.name(m), On: in.Get("depositary") == string(m)})
	}
	return v, s.belongs(r, rd, &v)
}

// belongs fills in the agreement that a new one amends, implements or adds to.
func (s *site) belongs(r *request, rd reader, v *beginView) error {
	of := clip(r.URL.Query().Get("of"), maxField)
	f, id, ok := strings.Cut(of, "/")
	if !ok {
		return nil
	}
	t, err := s.loadAgreement(r.Context(), rd, jisr.ForumID(f), jisr.ThingID("agreement/"+id))
	if err != nil {
		return err
	}
	v.Of, v.OfTitle, v.Action = of, rd.say(t.State.Agreement.Title).String(), v.Action+"?of="+of
	for i, rel := range jisr.Relations() {
		v.Relation = append(v.Relation, Option{Value: string(rel), Word: rd.l.T("agreement.relation." + string(rel)), On: r.PostForm.Get("relation") == string(rel) || i == 0})
	}
	return nil
}

func (s *site) begin(r *request) (*answer, error) {
	rd := s.reader(r)
	get := func(name string) string { return unixLines(strings.ToValidUTF8(r.PostForm.Get(name), "\uFFFD")) }
	terms := jisr.ProposeTerms{Kind: jisr.InstrumentKind(get("kind")), Title: written(r, "title"), Binding: get("binding") == "yes", Handling: jisr.Handling(get("handling")), Depositary: jisr.MemberID(clip(get("depositary"), maxField))}
	for _, m := range append(bounded(r.PostForm["parties"], jisr.MaxMembers), string(rd.self)) {
		terms.Parties = append(terms.Parties, jisr.MemberID(m))
	}
	slices.Sort(terms.Parties)
	terms.Parties = slices.Compact(terms.Parties)
	if _, id, ok := strings.Cut(r.URL.Query().Get("of"), "/"); ok {
		terms.Of, terms.Relation = jisr.ThingID("agreement/"+clip(id, maxField)), jisr.Relation(get("relation"))
	}
	step, err := node.NewStep(jisr.KindAgreementPropose, terms, nil)
	if err != nil {
		return nil, err
	}
	done, err := s.node.Do(r.Context(), r.caller, node.DraftStep{Forum: jisr.ForumID(get("forum")), Step: step})
	var refusal *jisr.Refusal
	if errors.As(err, &refusal) && refusal.Kind != jisr.NotAllowed {
		field := refusal.Subject
		if field == "title" {
			field = "title_ar"
		}
		v, err := s.beginView(r, []Problem{{Field: field, Text: sentence(rd.l, refusal)}})
		if err != nil {
			return nil, err
		}
		return &answer{status: 422, page: beginPage(v)}, nil
	}
	if err != nil {
		return nil, err
	}
	return &answer{to: rd.url("outgoing", done.Thing.Name())}, nil
}

// bracketView is the form that proposes another wording of a segment.
type bracketView struct {
	Page
	Problems []Problem
	Line     line
	Segment  textRow
	Langs    []textLang
	Ops      []Option
	Values   map[string]string
	Action   string
	Back     string
}

func (s *site) askBracket(r *request) (*answer, error) {
	v, err := s.bracketView(r, nil)
	if err != nil {
		return nil, err
	}
	return &answer{page: bracketPage(v)}, nil
}

func (s *site) bracketView(r *request, problems []Problem) (bracketView, error) {
	rd := s.reader(r)
	if err := node.May(r.caller, "outgoing.draft"); err != nil {
		return bracketView{}, err
	}
	t, err := s.loadAgreement(r.Context(), rd, jisr.ForumID(r.PathValue("forum")), agreementID(r))
	if err != nil {
		return bracketView{}, err
	}
	id := clip(r.URL.Query().Get("segment"), maxField)
	text, _, _, err := s.texts(r.Context(), rd, &t, "", "")
	if err == nil && (text == nil || text.Segment(id) == nil) {
		err = jisr.Refuse(jisr.NoSuch, id, "noun", "segment")
	}
	if err != nil {
		return bracketView{}, err
	}
	sg := text.Segment(id)
	v := bracketView{Page: s.page(r, "agreements"), Problems: problems, Line: rd.agreementLine(&t.ThingRow), Langs: rd.textLangs(text.Clauses.Languages), Values: map[string]string{},
		Action: rd.agreementURL(t.Forum, t.ID, "bracket") + "?segment=" + id, Back: rd.agreementURL(t.Forum, t.ID, "text")}
	v.Segment = newRow(sg.ID, sg.Kind, sg.Number)
	for _, l := range v.Langs {
		v.Segment.Cells = append(v.Segment.Cells, textCell{Lang: l.Tag, Dir: l.Dir, Runs: []jisr.Run{{Op: jisr.Keep, Text: sg.Text[l.Tag]}}})
		v.Values["text_"+l.Tag] = sg.Text[l.Tag]
	}
	for name := range r.PostForm {
		v.Values[name] = r.PostForm.Get(name)
	}
	for i, op := range []jisr.BracketOp{jisr.BracketReplace, jisr.BracketAfter, jisr.BracketDelete} {
		v.Ops = append(v.Ops, Option{Value: string(op), Word: rd.l.T("agreement.bracket." + string(op)), On: v.Values["op"] == string(op) || v.Values["op"] == "" && i == 0})
	}
	return v, nil
}

func (s *site) bracket(r *request) (*answer, error) {
	rd := s.reader(r)
	body := jisr.BracketBody{Text: jisr.Text{}}
	op := jisr.BracketOp(r.PostForm.Get("op"))
	for name := range r.PostForm {
		if lang, ok := strings.CutPrefix(name, "text_"); ok && op != jisr.BracketDelete {
			if text := words.Tidy(clip(lang, maxField), r.PostForm.Get(name)); text != "" {
				body.Text[clip(lang, maxField)] = text
			}
		}
	}
	if why := unixLines(r.PostForm.Get("reason")); why != "" {
		body.Reason = jisr.Text{r.lang: why}
	}
	step, err := node.NewStep(jisr.KindAgreementBracket, map[string]any{"segment": clip(r.URL.Query().Get("segment"), maxField), "op": op}, body)
	if err != nil {
		return nil, err
	}
	done, err := s.node.Do(r.Context(), r.caller, node.DraftStep{Forum: jisr.ForumID(r.PathValue("forum")), About: agreementID(r), Step: step})
	var refusal *jisr.Refusal
	if errors.As(err, &refusal) && refusal.Kind != jisr.NotAllowed {
		v, err := s.bracketView(r, []Problem{{Text: sentence(rd.l, refusal)}})
		if err != nil {
			return nil, err
		}
		return &answer{status: 422, page: bracketPage(v)}, nil
	}
	if err != nil {
		return nil, err
	}
	return &answer{to: rd.url("outgoing", done.Thing.Name())}, nil
}

// empowerView is the form that issues full powers for an agreement.
type empowerView struct {
	Page
	Problems []Problem
	Line     line
	Holders  []Option
	Acts     []Option
	Values   map[string]string
	Action   string
	Back     string
}

func (s *site) askEmpower(r *request) (*answer, error) {
	v, err := s.empowerView(r, nil)
	if err != nil {
		return nil, err
	}
	return &answer{page: empowerPage(v)}, nil
}

func (s *site) empowerView(r *request, problems []Problem) (empowerView, error) {
	rd := s.reader(r)
	if err := node.May(r.caller, "outgoing.draft"); err != nil {
		return empowerView{}, err
	}
	t, err := s.loadAgreement(r.Context(), rd, jisr.ForumID(r.PathValue("forum")), agreementID(r))
	if err != nil {
		return empowerView{}, err
	}
	v := empowerView{Page: s.page(r, "agreements"), Problems: problems, Line: rd.agreementLine(&t.ThingRow), Action: rd.agreementURL(t.Forum, t.ID, "mandates", "new"), Back: rd.agreementURL(t.Forum, t.ID), Values: map[string]string{}}
	for name := range r.PostForm {
		v.Values[name] = clip(r.PostForm.Get(name), jisr.MaxTitle)
	}
	posts, err := s.openPosts(r.Context())
	for _, p := range posts {
		v.Holders = append(v.Holders, Option{Value: p.ID.Name(), Word: rd.say(p.Account.Title).String(), On: r.PostForm.Get("holder") == p.ID.Name()})
	}
	for _, a := range jisr.MandateActs() {
		v.Acts = append(v.Acts, Option{Value: string(a), Word: rd.l.T("mandate.act." + string(a)), On: slices.Contains(r.PostForm["acts"], string(a))})
	}
	return v, err
}

// openPosts lists the posts of this house that are not left.
func (s *site) openPosts(ctx context.Context) ([]book.AccountRow, error) {
	rows, err := s.node.Book().Accounts(ctx)
	return slices.DeleteFunc(rows, func(a book.AccountRow) bool { return a.ID.Noun() != "official" || a.Account.Ended != nil }), err
}

func (s *site) empower(r *request) (*answer, error) {
	rd := s.reader(r)
	get := func(name string) string { return unixLines(strings.ToValidUTF8(r.PostForm.Get(name), "\uFFFD")) }
	m := jisr.MandateTerms{Holder: jisr.OfficialID(get("holder")), Issuer: written(r, "issuer"), Subjects: []jisr.ThingID{agreementID(r)}, From: dayOf(r.PostForm, "from"), To: dayOf(r.PostForm, "to")}
	if m.From == "" {
		m.From = rd.today
	}
	for _, a := range bounded(r.PostForm["acts"], len(jisr.MandateActs())) {
		m.Acts = append(m.Acts, jisr.MandateAct(a))
	}
	posts, err := s.openPosts(r.Context())
	if err != nil {
		return nil, err
	}
	for _, p := range posts {
		if p.ID.Name() == string(m.Holder) {
			m.Post = p.Account.Title
		}
	}
	return s.draftMandate(r, rd, "", jisr.KindMandateIssue, m)
}

// draftMandate prepares an act about full powers; what is wrong is said on the form that issues them.
func (s *site) draftMandate(r *request, rd reader, about jisr.ThingID, kind jisr.Kind, terms any) (*answer, error) {
	step, err := node.NewStep(kind, terms, nil)
	if err != nil {
		return nil, err
	}
	done, err := s.node.Do(r.Context(), r.caller, node.DraftStep{Forum: jisr.ForumID(r.PathValue("forum")), About: about, Step: step})
	var refusal *jisr.Refusal
	if errors.As(err, &refusal) && refusal.Kind != jisr.NotAllowed && about == "" {
		v, err := s.empowerView(r, []Problem{{Field: refusal.Subject, Text: sentence(rd.l, refusal)}})
		if err != nil {
			return nil, err
		}
		return &answer{status: 422, page: empowerPage(v)}, nil
	}
	if err != nil {
		return nil, err
	}
	return &answer{to: rd.url("outgoing", done.Thing.Name())}, nil
}

// aboutMandate prepares that full powers are found in due form, or revoked.
func aboutMandate(kind jisr.Kind) func(*site, *request) (*answer, error) {
	return func(s *site, r *request) (*answer, error) {
		id := jisr.ThingID("mandate/" + r.PathValue("mandate"))
		t, err := s.node.Book().Thing(r.Context(), s.node.ScopeOf(r.caller), jisr.ForumID(r.PathValue("forum")), id)
		if err == nil && t.State.Mandate == nil {
			err = jisr.Refuse(jisr.NoSuch, id.Name())
		}
		if err != nil {
			return nil, err
		}
		return s.draftMandate(r, s.reader(r), id, kind, jisr.MandateSubjects{Subjects: t.State.Mandate.Subjects})
	}
}

// domesticView is the domestic track: this house's own business, of which nothing crosses the border by itself.
type domesticView struct {
	Steps   []domesticLine
	Action  string
	Version int
	May     bool
	States  []Option
	Empty   bool
}

// domesticLine is one step of the track.
type domesticLine struct {
	ID, Title, State, When, Reason, Evidence string
	Mark                                     string // done, now, next
}

func (s *site) domesticView(ctx context.Context, rd reader, t *book.ThingView) (*domesticView, error) {
	track, err := s.node.Book().Domestic(ctx, rd.scope, t.ID)
	if err != nil {
		return nil, err
	}
	v := &domesticView{Action: rd.agreementURL(t.Forum, t.ID, "domestic"), May: rd.may("domestic.step"), Empty: track == nil}
	if track == nil {
		return v, nil
	}
	v.Version = track.Version
	for _, st := range track.Steps {
		l := domesticLine{ID: st.ID, Title: rd.say(st.Title).String(), State: known(rd.l, "domestic.state.", string(st.State)), Reason: st.Reason, Evidence: st.Evidence, Mark: "next"}
		if st.Date != "" {
			l.When = rd.l.Day(string(st.Date))
		}
		switch st.State {
		case jisr.StepDone, jisr.StepNotRequired:
			l.Mark = "done"
		case jisr.StepInProgress, jisr.StepBlocked:
			l.Mark = "now"
		}
		v.Steps = append(v.Steps, l)
	}
	for _, st := range jisr.StepStates() {
		v.States = append(v.States, Option{Value: string(st), Word: rd.l.T("domestic.state." + string(st))})
	}
	return v, nil
}

// planDomestic begins the track with the steps that this member's template has.
func (s *site) planDomestic(r *request) (*answer, error) {
	rd := s.reader(r)
	cmd := node.PlanDomestic{Forum: jisr.ForumID(r.PathValue("forum")), Agreement: agreementID(r), Version: versionOf(r), Steps: s.template()}
	if _, err := s.node.Do(r.Context(), r.caller, cmd); err != nil {
		return nil, err
	}
	return &answer{to: rd.agreementURL(cmd.Forum, cmd.Agreement) + "#domestic"}, nil
}

// template is the steps that this member's law usually asks: a draft, which the house changes as it knows better.
func (s *site) template() (all []jisr.DomesticStep) {
	of, steps := jisr.DomesticTemplate(string(s.node.Self().ID))
	for _, id := range steps {
		title := jisr.Text{}
		for _, lang := range s.langs {
			title[lang] = s.words.In(lang).T("domestic.step." + of + "." + id)
		}
		all = append(all, jisr.DomesticStep{ID: id, Title: title})
	}
	return all
}

func (s *site) moveDomestic(r *request) (*answer, error) {
	rd := s.reader(r)
	cmd := node.MoveDomestic{Forum: jisr.ForumID(r.PathValue("forum")), Agreement: agreementID(r), Move: jisr.DomesticTerms{Step: clip(r.PostForm.Get("step"), maxField),
		State: jisr.StepState(r.PostForm.Get("state")), Reason: unixLines(r.PostForm.Get("reason")), Evidence: unixLines(r.PostForm.Get("evidence"))}}
	if _, err := s.node.Do(r.Context(), r.caller, cmd); err != nil {
		return nil, err
	}
	return &answer{to: rd.agreementURL(cmd.Forum, cmd.Agreement) + "#domestic"}, nil
}

func (d *domesticView) stepOptions() (all []Option) {
	for _, st := range d.Steps {
		all = append(all, Option{Value: st.ID, Word: st.Title})
	}
	return all
}
