package portal

import (
	"bytes"
	"context"
	"slices"

	"jisr"
)

// paperForms lists the papers that an agreement has now: certified copies and the file for registration once it is signed.
func paperForms(g *jisr.Agreement) []string {
	if g == nil || g.Text() == "" {
		return nil
	}
	signed := g.Signed() != nil || g.Multilateral() && slices.ContainsFunc(g.Parties, func(m jisr.MemberID) bool { return g.SignedOn(m) != "" })
	if !signed {
		return []string{"text", "original", "akoma-ntoso"}
	}
	return []string{"original", "certified", "registration", "akoma-ntoso"}
}

// papers are the addresses of a thing's papers; none where it has none.
func (s *site) papers(ctx context.Context, rd reader, f jisr.ForumID, id jisr.ThingID) ([]Link, error) {
	if s.print == nil || id.Noun() != "agreement" || !jisr.ValidForum(f) {
		return nil, nil
	}
	v, err := s.node.Book().Thing(ctx, rd.scope, f, id)
	if isKind(err, jisr.NoSuch) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var all []Link
	for _, form := range paperForms(v.State.Agreement) {
		all = append(all, Link{Word: rd.l.T("paper.form." + form), URL: rd.url("agreements", string(f), id.Name(), "papers", form)})
	}
	return all, nil
}

// sessionForms are the papers that a meeting has: those of its minutes, once all sides cleared one text.
func sessionForms(m *jisr.Minutes) []string {
	if m == nil || m.Agreed == "" {
		return nil
	}
	return meetingForms()
}

func meetingForms() []string { return []string{"minutes", "session"} }

// sessionPapers are the addresses of a meeting's papers.
func (s *site) sessionPapers(rd reader, f jisr.ForumID, meeting jisr.ThingID, m *jisr.Minutes) (all []Link) {
	if s.print == nil {
		return nil
	}
	for _, form := range sessionForms(m) {
		all = append(all, Link{Word: rd.l.T("paper.form." + form), URL: rd.url("meetings", string(f), meeting.Name(), "papers", form)})
	}
	return all
}

// sessionPaper gives one of a meeting's papers.
func (s *site) sessionPaper(r *request) (*answer, error) {
	t, err := s.thingOf(r, "meeting")
	if err != nil {
		return nil, err
	}
	form := r.PathValue("form")
	if s.print == nil || !slices.Contains(meetingForms(), form) {
		return nil, jisr.Refuse(jisr.NoSuch, clip(form, maxField))
	}
	return s.paper(r, t.Forum, t.ID, form, t.ID.Name()+"-"+form)
}

// agreementPaper gives one of an agreement's papers.
func (s *site) agreementPaper(r *request) (*answer, error) {
	f, id, form := jisr.ForumID(r.PathValue("forum")), jisr.ThingID("agreement/"+r.PathValue("id")), r.PathValue("form")
	if !jisr.ValidForum(f) {
		return nil, jisr.Refuse(jisr.NoSuch, string(f), "noun", "forum")
	}
	v, err := s.node.Book().Thing(r.Context(), s.node.ScopeOf(r.caller), f, id)
	if err != nil {
		return nil, err
	}
	if s.print == nil || !slices.Contains(paperForms(v.State.Agreement), form) {
		return nil, jisr.Refuse(jisr.NoSuch, clip(form, maxField))
	}
	a, err := s.paper(r, f, id, form, id.Name()+"-"+form)
	if err == nil && form == "akoma-ntoso" {
		a.file.name, a.file.typ = id.Name()+".xml", "application/akn+xml"
	}
	return a, err
}

// agreementProof gives an agreement's whole chain as one file for jisr verify.
func (s *site) agreementProof(r *request) (*answer, error) {
	rd := s.reader(r)
	t, err := s.loadAgreement(r.Context(), rd, jisr.ForumID(r.PathValue("forum")), agreementID(r))
	if err != nil {
		return nil, err
	}
	b, err := s.node.ExportAgreement(r.Context(), rd.scope, t.Forum, t.ID)
	if err != nil {
		return nil, err
	}
	return &answer{file: &file{name: t.ID.Name() + ".jisr", typ: "text/plain", content: bytes.NewReader(b)}}, nil
}
