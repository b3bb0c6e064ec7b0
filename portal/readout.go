package portal

import (
	"cmp"
	"encoding/json"
	"strings"

	"jisr"
	"jisr/node"
)

func (s *site) newReadout(r *request) (*answer, error) { return s.askReadout(r, "") }

func (s *site) askReadout(r *request, problem string) (*answer, error) {
	t, err := s.thingOf(r, "statement")
	if err != nil {
		return nil, err
	}
	rd := s.reader(r)
	base := rd.statementURL(t.Forum, t.ID)
	v := newReadoutView{Page: s.page(r, "statements"), Problem: problem, Action: base + "/readout", Back: base, Titles: map[string]string{}}
	for _, lang := range writtenLanguages() {
		v.Langs = append(v.Langs, langText{lang, unixLines(strings.ToValidUTF8(r.PostForm.Get("text_"+lang), ""))})
		v.Titles[lang] = line1(r, "title_"+lang)
	}
	if problem != "" {
		return &answer{status: 422, page: newReadoutPage(v)}, nil
	}
	return &answer{page: newReadoutPage(v)}, nil
}

// saveReadout releases what this side says alone.
func (s *site) saveReadout(r *request) (*answer, error) {
	t, err := s.thingOf(r, "statement")
	if err != nil {
		return nil, err
	}
	rd := s.reader(r)
	to, problem, err := s.says(r, node.Say{Forum: t.Forum, Kind: jisr.KindReadoutRelease, Terms: jisr.ReadoutTerms{Of: t.ID, Title: written(r, "title")}, Body: jisr.ReadoutBody{Text: written(r, "text")}})
	if err != nil {
		return nil, err
	}
	if problem != "" {
		return s.askReadout(r, problem)
	}
	return &answer{to: cmp.Or(to, rd.statementURL(t.Forum, t.ID))}, nil
}

func (s *site) readout(r *request) (*answer, error) { return s.showReadout(r, "") }

func (s *site) showReadout(r *request, problem string) (*answer, error) {
	f := jisr.ForumID(r.PathValue("forum"))
	if !jisr.ValidForum(f) {
		return nil, jisr.Refuse(jisr.NoSuch, clip(string(f), maxField), "noun", "forum")
	}
	t, err := s.node.Readout(r.Context(), s.node.ScopeOf(r.caller), f, jisr.ThingID("readout/"+clip(r.PathValue("id"), maxField)))
	if err == nil {
		err = s.node.ReadsThing(r.Context(), r.caller, &t.ThingView)
	}
	if err != nil {
		return nil, err
	}
	rd, o := s.reader(r), t.Readout
	l := rd.readoutLine(&t.ThingRow)
	v := readoutView{Page: s.live(r, "statements"), Title: l.title(rd), Line: l, Mark: rd.l.T("readout.mark.means", "member", rd.name(o.Party)), Problem: problem, Columns: rd.columnsFor(t.Text), Steps: rd.thingActs(&t.ThingView)}
	if o.Of.Noun() == "statement" {
		if err := s.redlineOf(r, rd, &v, t); err != nil {
			return nil, err
		}
	}
	if o.Party == rd.self && o.Withdrawn == nil && rd.may(node.Verb(jisr.KindReadoutWithdraw)) {
		v.Actions = append(v.Actions, rd.offer(jisr.KindReadoutWithdraw, rd.readoutURL(f, t.ID), rd.ask("reason", false)))
	}
	if v.Custody, err = s.custodyOf(r.Context(), rd, rd.heldThing(&t.ThingView)); err != nil {
		return nil, err
	}
	if problem != "" {
		v.Live = false
		return &answer{status: 422, page: readoutPage(v)}, nil
	}
	return &answer{page: readoutPage(v)}, nil
}

// readoutFacts is what a readout in preparation says of itself, with what it tells of by name.
func (s *site) readoutFacts(r *request, rd reader, f jisr.ForumID, raw []byte) []factLine {
	var t jisr.ReadoutTerms
	if json.Unmarshal(raw, &t) != nil {
		return nil
	}
	of := rd.l.Isolate(string(t.Of))
	if told, err := s.node.Book().Thing(r.Context(), rd.scope, f, t.Of); err == nil && !told.Summary.Title.Empty() {
		of = rd.say(told.Summary.Title).String()
	}
	return []factLine{{rd.l.T("readout.mark"), rd.l.T("readout.mark.means", "member", rd.name(rd.self))}, {rd.l.T("say.field.title"), rd.say(t.Title).String()}, {known(rd.l, "noun.", t.Of.Noun()), of}}
}

// redlineOf fills in how the account differs from the joint text, in each language that both have.
func (s *site) redlineOf(r *request, rd reader, v *readoutView, t *node.ReadoutView) error {
	st, err := s.node.Statement(r.Context(), rd.scope, t.Forum, t.Readout.Of)
	if isKind(err, jisr.NoSuch) {
		return nil // of a statement that has not arrived
	}
	if err != nil {
		return err
	}
	joint := rd.statementLine(&st.ThingRow)
	v.Of = Link{Word: joint.title(rd), URL: rd.statementURL(t.Forum, st.ID)}
	doc, _, err := st.Agreed()
	if err != nil {
		return nil // nothing is agreed to compare it with
	}
	for _, lang := range rd.languagesOf(t.Text) {
		var agreed []string
		for _, p := range doc.Paragraphs {
			agreed = append(agreed, p.Text[lang])
		}
		if was := strings.Join(agreed, "\n"); strings.TrimSpace(was) != "" {
			v.Diff = append(v.Diff, diffColumn{Lang: lang, Dir: saidIn(lang, "x", "").Dir, Language: rd.languageName(lang), Runs: jisr.DiffWords(was, t.Text[lang])})
		}
	}
	return nil
}

func (s *site) withdrawReadout(r *request) (*answer, error) {
	t, err := s.thingOf(r, "readout")
	if err != nil {
		return nil, err
	}
	to, problem, err := s.says(r, node.Say{Forum: t.Forum, ID: t.ID, Kind: jisr.KindReadoutWithdraw, Terms: jisr.Reason{Reason: line1(r, "reason")}})
	if err != nil {
		return nil, err
	}
	if problem != "" {
		return s.showReadout(r, problem)
	}
	return &answer{to: cmp.Or(to, s.reader(r).readoutURL(t.Forum, t.ID))}, nil
}
