package portal

import (
	"bytes"
	"fmt"
	"strings"

	"jisr"
	"jisr/node"
)

// seriesView is the signed minutes of a body, compiled over its sessions.
type seriesView struct {
	Page
	Title    said
	Text     string // where it is had as a text
	Sessions []seriesSession
}

type seriesSession struct {
	Word, URL string
	Sections  []sectionView
}

// series is the page of a body's minutes compiled; with as=text it is a file of plain text.
func (s *site) series(r *request) (*answer, error) {
	t, err := s.thingOf(r, "body")
	if err != nil {
		return nil, err
	}
	rd := s.reader(r)
	all, err := s.node.Series(r.Context(), rd.scope, t.Forum, t.ID)
	if err != nil {
		return nil, err
	}
	if r.URL.Query().Get("as") == "text" {
		return &answer{file: &file{name: t.ID.Name() + "-minutes.txt", typ: "text/plain; charset=utf-8", content: bytes.NewReader([]byte(rd.seriesText(&t.Summary, all)))}}, nil
	}
	v := seriesView{Page: s.page(r, "meetings"), Title: rd.say(t.Summary.Title), Text: rd.url("bodies", string(t.Forum), t.ID.Name(), "minutes") + "?as=text"}
	for i := range all {
		m := &all[i]
		v.Sessions = append(v.Sessions, seriesSession{Word: rd.sessionWord(m), URL: rd.meetingURL(t.Forum, m.ID), Sections: s.documentOf(r, rd, t.Forum, &m.Document)})
	}
	return &answer{page: seriesPage(v)}, nil
}

func (rd reader) sessionWord(m *node.SignedMinutes) string {
	return rd.l.T("meeting.session", "n", m.Session) + " — " + rd.l.Day(string(m.Day))
}

// seriesText writes it as plain text, in the reader's language where the minutes have it.
func (rd reader) seriesText(body *jisr.Summary, all []node.SignedMinutes) string {
	var b strings.Builder
	title, _ := body.Title.In(rd.l.Tag())
	fmt.Fprintf(&b, "%s\n", title)
	for i := range all {
		fmt.Fprintf(&b, "\n%s\n", rd.sessionWord(&all[i]))
		for _, sec := range all[i].Document.Sections {
			head, _ := sec.Title.In(rd.l.Tag())
			fmt.Fprintf(&b, "\n%s\n", head)
			for _, p := range sec.Paragraphs {
				text, _ := p.Text.In(rd.l.Tag())
				if p.Ref != "" {
					text = string(p.Ref)
				}
				fmt.Fprintf(&b, "%s\n", strings.Join(strings.Fields(rd.l.T("paragraph."+string(p.Kind))+" "+p.Number+" "+rd.sideName(p.Of)), " ")+": "+text)
			}
		}
	}
	return b.String()
}

// sessionFile gives a session with everything in it and its proofs, for jisr verify.
func (s *site) sessionFile(r *request) (*answer, error) {
	t, err := s.thingOf(r, "meeting")
	if err != nil {
		return nil, err
	}
	if err := node.May(r.caller, node.Export); err != nil {
		return nil, err
	}
	bundle, err := s.node.ExportSession(r.Context(), s.node.ScopeOf(r.caller), t.Forum, t.ID)
	if err != nil {
		return nil, err
	}
	return &answer{file: &file{name: t.ID.Name() + ".jisr", typ: "text/plain; charset=utf-8", content: bytes.NewReader(bundle)}}, nil
}
