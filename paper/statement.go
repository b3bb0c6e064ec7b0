package paper

import (
	"context"
	"strings"

	"jisr"
	"jisr/book"
	"jisr/words"
)

// Statement is a joint statement that all approved, with what its paper needs beside it.
type Statement struct {
	Body     jisr.StatementBody
	Hash     jisr.Commitment
	Members  []jisr.MemberID
	Names    map[jisr.MemberID]jisr.Text
	State    string
	Released *jisr.Step
	Forum    jisr.ForumID
	Approved jisr.Position // the act whose content is the text …
	Entry    []byte        // … and its entry: what the hash on each page is of
	Demo     bool          // nothing here has official effect
}

// Document is the statement's paper in a reader's language; the text stands in all of its own. Before it is released it says
// so, and from when it may be public.
func (s *Statement) Document(w *words.Words, lang string) *Document {
	n := Note{Body: jisr.NoteBody{Subject: s.Body.Title, Text: s.text()}, Names: s.Names, Terms: jisr.NoteTerms{To: s.Members}}
	tags := n.languages(lang)
	l := w.In(tags[0])
	seal := &Seal{Hash: Leaf(s.Entry), Place: place(s.Forum, s.Approved)}
	title, _ := s.Body.Title.In(l.Tag())
	d := &Document{Lang: l.Tag(), Title: title, Head: title, Seal: seal, Marking: marking(l, jisr.HandlingPublic, s.Demo)}
	facts := &Table{Plain: true, Widths: []float64{1.3, 4}}
	add := func(key, value string) {
		facts.Rows = append(facts.Rows, []Block{{Look: Strong, Text: l.T("paper.fact", "name", words.Raw(l.T(key)))}, {Text: value}})
	}
	add("statement.members", n.addressees(l))
	add("note.field.state", l.T("statement.state."+s.State))
	switch {
	case s.Released != nil:
		d.Made = s.Released.At
		add("statement.released", l.DateTime(s.Released.At))
	case !s.Body.Release.IsZero():
		d.Made = s.Body.Release
		add("statement.release", l.DateTime(s.Body.Release))
	}
	add("statement.hash", l.Isolate(string(s.Hash)))
	d.Blocks = append(d.Blocks, Block{Look: Name, Text: l.T("noun.statement")}, Block{Rule: true, Gap: 6}, Block{Table: facts, Gap: 8})
	d.Blocks = append(d.Blocks, n.text(tags)...)
	d.Blocks = append(d.Blocks, Block{Seal: seal})
	return d
}

// text is the paragraphs of each language as one text.
func (s *Statement) text() jisr.Text {
	t := jisr.Text{}
	for _, lang := range s.Body.Languages {
		var all []string
		for _, p := range s.Body.Paragraphs {
			all = append(all, p.Text[lang])
		}
		t[lang] = strings.Join(all, "\n\n")
	}
	return t
}

// statement prints the text that all approved. A draft has no paper.
func (o *Office) statement(ctx context.Context, sc book.Scope, f jisr.ForumID, id jisr.ThingID, lang string) ([]byte, error) {
	v, err := o.node.Statement(ctx, sc, f, id)
	if err != nil {
		return nil, err
	}
	doc, _, err := v.Agreed()
	if err != nil {
		return nil, err
	}
	st := v.Statement
	s := Statement{Body: doc, Hash: st.Agreed, Members: st.Members, Names: o.names(), State: st.State(), Released: st.First, Forum: f, Approved: *st.Body, Demo: o.demo}
	if s.Entry, err = o.node.Entry(ctx, sc, f, s.Approved); err != nil {
		return nil, err
	}
	zone := o.node.Zone()
	s.Body.Release = s.Body.Release.In(zone) // as the reader counts hours; the hash was taken before
	if s.Released != nil {
		at := *s.Released
		at.At = at.At.In(zone)
		s.Released = &at
	}
	return o.press.PDF(s.Document(o.words, lang))
}
