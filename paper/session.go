package paper

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"jisr"
	"jisr/book"
	"jisr/node"
	"jisr/words"
)

// The papers of a meeting, as a form names them.
const (
	FormMinutes = "minutes" // the text that all sides cleared, with the places to sign
	FormSession = "session" // the same after the agenda, the delegations and the list of papers
)

// Session is a session of a body whose minutes all sides have cleared, with what its papers need beside it.
type Session struct {
	Meeting  *jisr.Meeting
	Minutes  *jisr.Minutes
	Text     jisr.MinutesBody
	Owed     map[jisr.ThingID]Owed // the commitments the minutes carry
	Names    map[jisr.MemberID]jisr.Text
	Forum    jisr.ForumID
	Cleared  jisr.Position // the act whose content is the text …
	Entry    []byte        // … and its entry: what the hash on each page is of
	Made     time.Time     // of the signature that completed it, else of the clearance
	Handling jisr.Handling
	Demo     bool // nothing here has official effect
}

// Owed is a commitment as it was when the minutes were signed: its terms, and its text where that is here.
type Owed struct {
	Terms jisr.CommitmentTerms
	Body  jisr.CommitmentBody
}

// Document is one of the session's papers. Where every paragraph is in two languages they stand side by side; where some
// paragraphs are in one only, each stands in the reader's language or the one it has.
func (s *Session) Document(w *words.Words, form, lang string) (*Document, error) {
	if form != FormMinutes && form != FormSession {
		return nil, jisr.Refuse(jisr.NotOneOf, "form", "got", form)
	}
	tags := s.languages(lang)
	l := w.In(tags[0])
	seal := &Seal{Hash: Leaf(s.Entry), Place: place(s.Forum, s.Cleared)}
	name, _ := s.Meeting.Title.In(l.Tag())
	session := l.T("meeting.session", "n", s.Meeting.Session)
	d := &Document{Lang: l.Tag(), Made: s.Made, Seal: seal, Marking: marking(l, s.Handling, s.Demo), Head: name + " – " + session}
	d.Title = l.T("paper.form."+form) + " – " + d.Head
	d.Blocks = append(d.Blocks, Block{Look: Name, Text: name}, Block{Heading: 1, Look: Title, Text: l.T("paper.form."+form) + " – " + session}, Block{Rule: true, Gap: 6}, Block{Table: s.facts(l), Gap: 8})
	level := 2 // of the headings of the items
	if form == FormSession {
		level = 3
		d.Blocks = append(d.Blocks, s.agenda(l)...)
		d.Blocks = append(d.Blocks, s.delegations(l)...)
		d.Blocks = append(d.Blocks, s.papers(l)...)
		d.Blocks = append(d.Blocks, Block{Heading: 2, Look: Start, Text: l.T("minutes.title"), Gap: 18})
	}
	d.Blocks = append(d.Blocks, s.text(w, tags, level)...)
	return s.close(d, l), nil
}

// close adds what stands below the text: the day of the next session, the places to sign, the proof.
func (s *Session) close(d *Document, l *words.Lang) *Document {
	next := Block{Look: Strong, Text: fact(l, "meeting.nexton") + " " + l.Day(string(s.Text.Next)), Gap: 12}
	d.Blocks = append(d.Blocks, next, s.signatures(l), Block{Seal: d.Seal})
	return d
}

// languages lists the languages that every paragraph is in, the reader's first; the reader's alone where there is none.
func (s *Session) languages(lang string) []string {
	in := map[string]int{}
	all := 0
	for _, sec := range s.Text.Sections {
		for _, p := range sec.Paragraphs {
			if p.Text.Empty() {
				continue
			}
			all++
			for tag, text := range p.Text {
				if text != "" {
					in[tag]++
				}
			}
		}
	}
	tags := []string{lang}
	for _, tag := range sortedKeys(in) {
		if in[tag] == all && tag != lang && in[lang] == all {
			tags = append(tags, tag)
		}
	}
	return tags
}

func (s *Session) name(l *words.Lang, m jisr.MemberID) string { return nameIn(s.Names, l, m) }

// fact is the name of a fact as it stands before its value.
func fact(l *words.Lang, key string) string { return l.T("paper.fact", "name", words.Raw(l.T(key))) }

func (s *Session) facts(l *words.Lang) *Table {
	t := &Table{Plain: true, Widths: []float64{1.3, 4}}
	add := func(key, value string) {
		if value != "" {
			t.Rows = append(t.Rows, []Block{{Look: Strong, Text: fact(l, key)}, {Text: value}})
		}
	}
	where, _ := s.Meeting.Place.In(l.Tag())
	add("meeting.date", l.Day(string(s.Meeting.Day())))
	add("meeting.place", strings.Join(slices.DeleteFunc([]string{where, l.T("mode." + string(s.Meeting.Mode))}, func(s string) bool { return s == "" }), l.T("list.comma")+" "))
	add("meeting.host", s.name(l, s.Meeting.Host(s.Meeting.Session)))
	intent := jisr.NonBinding // all say the same, or nobody could sign (practice, finding 2)
	for _, m := range sortedKeys(s.Minutes.Cleared) {
		intent = s.Minutes.Cleared[m].Intent
	}
	add("say.field.intent", known(l, "intent.", string(intent), "intent.non-binding"))
	add("note.field.state", l.T("minutes.state."+s.Minutes.State()))
	add("statement.hash", l.Isolate(string(s.Minutes.Agreed)))
	return t
}

func (s *Session) agenda(l *words.Lang) []Block {
	t := &Table{Head: []string{l.T("paper.minutes.item"), l.T("meeting.agenda"), l.T("paper.minutes.purpose")}, Widths: []float64{0.6, 5, 1.6}}
	for i, it := range s.Meeting.Agenda {
		title, tag := it.Title.In(l.Tag())
		t.Rows = append(t.Rows, []Block{{Text: figure(l, i+1)}, {Lang: tag, Look: Start, Text: title}, {Look: Start, Text: known(l, "purpose.", string(it.Purpose), "purpose.discussion")}})
	}
	return s.titled(l, "meeting.agenda", t)
}

// titled puts a table under its heading; nothing where it has no rows.
func (s *Session) titled(l *words.Lang, key string, t *Table) []Block {
	if len(t.Rows) == 0 {
		return nil
	}
	return []Block{{Heading: 2, Look: Start, Text: l.T(key), Gap: 18}, {Table: t}}
}

// delegations lists posts, never persons: heads first, each authority of a composite delegation beside its post.
func (s *Session) delegations(l *words.Lang) []Block {
	var all []Block
	for _, m := range s.Meeting.Members {
		d, told := s.Meeting.Delegations[m]
		if !told {
			continue
		}
		all = append(all, Block{Heading: 2, Look: Start, Text: l.T("meeting.delegation", "member", s.name(l, m)), Gap: 18})
		var list []Block
		for i, one := range append([]jisr.Delegate{d.Head}, d.Members...) {
			list = append(list, Block{Label: figure(l, i+1) + ".", Look: Start, Text: delegate(l, &one, i == 0)})
		}
		all = append(all, Block{List: list})
	}
	return all
}

func delegate(l *words.Lang, d *jisr.Delegate, head bool) string {
	post, _ := d.Post.In(l.Tag())
	organ, _ := d.Organ.In(l.Tag())
	key := "paper.delegate"
	switch {
	case head:
		key = "paper.delegate.head"
	case d.Alternate:
		key = "paper.delegate.alternate"
	}
	return l.T(key, "post", post, "organ", organ)
}

func (s *Session) papers(l *words.Lang) []Block {
	t := &Table{Head: []string{l.T("note.field.number"), l.T("meeting.papers"), l.T("paper.minutes.item")}, Widths: []float64{1, 5, 1}}
	for i := range s.Meeting.Papers {
		p := &s.Meeting.Papers[i]
		title, tag := p.Title.In(l.Tag())
		item := ""
		if n := slices.IndexFunc(s.Meeting.Agenda, func(it jisr.AgendaItem) bool { return it.Ref == p.Item }); n >= 0 {
			item = figure(l, n+1)
		}
		t.Rows = append(t.Rows, []Block{{Text: l.Isolate(strings.ToUpper(string(p.Member)) + "/" + strconv.Itoa(p.Number))}, {Lang: tag, Look: Start, Text: title}, {Text: item}})
	}
	return s.titled(l, "meeting.papers", t)
}

// text is the minutes item by item, in one column or side by side.
func (s *Session) text(w *words.Words, tags []string, level int) []Block {
	columns := make([]Column, len(tags))
	for i, tag := range tags {
		columns[i] = Column{Lang: tag, Blocks: s.column(w.In(tag), level)}
	}
	return inColumns(columns)
}

// column has the same blocks in every language, so that languages side by side meet at each.
func (s *Session) column(l *words.Lang, level int) []Block {
	var all []Block
	for i, sec := range s.Text.Sections {
		title, tag := sec.Title.In(l.Tag())
		if title == "" {
			title, tag = l.T("paper.minutes.other"), l.Tag()
		}
		all = append(all, Block{Lang: tag, Heading: level, Look: Start, Label: figure(l, i+1) + ".", Text: title, Gap: 8})
		if len(sec.Paragraphs) == 0 {
			all = append(all, Block{Look: Small, Text: l.T("paper.minutes.nothing")})
		}
		for i := range sec.Paragraphs {
			all = append(all, s.paragraph(l, &sec.Paragraphs[i], level+1)...)
		}
	}
	return all
}

// paragraph is one paragraph below what it is: a decision with its number, a statement with who asked for it, a commitment
// with who owes what to whom.
func (s *Session) paragraph(l *words.Lang, p *jisr.Paragraph, level int) []Block {
	text, tag := p.Text.In(l.Tag())
	switch p.Kind {
	case jisr.DecisionText:
		return []Block{{Heading: level, Look: Start, Text: l.T("paragraph.decision") + " " + l.Isolate(p.Number)}, {Lang: tag, Text: text}}
	case jisr.AtRequestOf:
		return []Block{{Heading: level, Look: Start, Text: l.T("paper.minutes.request", "member", s.name(l, p.Of))}, {Lang: tag, Text: text}}
	case jisr.CommitmentEntry:
		return s.owed(l, p.Ref, level)
	}
	return []Block{{Lang: tag, Text: text}}
}

func (s *Session) owed(l *words.Lang, id jisr.ThingID, level int) []Block {
	o, here := s.Owed[id]
	if !here {
		return []Block{{Heading: level, Look: Start, Text: l.T("paragraph.commitment")}, {Look: Code, Text: string(id)}}
	}
	title, _ := o.Terms.Title.In(l.Tag())
	office := func(f *jisr.Office) string {
		name, _ := f.Name.In(l.Tag())
		return l.T("paper.minutes.office", "office", name, "member", s.name(l, f.Member))
	}
	lines := []string{l.T("paper.minutes.owes", "debtor", words.Raw(office(&o.Terms.Debtor)), "beneficiary", words.Raw(office(&o.Terms.Beneficiary)))}
	if o.Terms.Due != "" {
		lines = append(lines, fact(l, "commitment.due")+" "+l.Day(string(o.Terms.Due)))
	}
	if test, _ := o.Body.Test.In(l.Tag()); test != "" {
		lines = append(lines, fact(l, "paper.minutes.test")+" "+test)
	}
	return []Block{{Heading: level, Look: Start, Text: fact(l, "paragraph.commitment") + " " + l.Isolate(title)}, {Look: Start, Text: strings.Join(lines, "\n")}}
}

// signatures are the places of the heads, in the order of the members.
func (s *Session) signatures(l *words.Lang) Block {
	var b Block
	for _, m := range s.Minutes.Members {
		g := Signature{For: l.T("paper.sign.for", "party", s.name(l, m)), Name: l.T("paper.minutes.head")}
		if d, told := s.Meeting.Delegations[m]; told {
			post, _ := d.Head.Post.In(l.Tag())
			g.Name = or(post, g.Name)
		}
		if at, ok := s.Minutes.Signed[m]; ok {
			g.Detail = l.T("paper.sign.recorded") + l.T("list.comma") + " " + l.Date(at.At)
		}
		b.Sign = append(b.Sign, g)
	}
	return b
}

// session prints the minutes that all cleared, or the whole session. A draft has no paper.
func (o *Office) session(ctx context.Context, sc book.Scope, f jisr.ForumID, id jisr.ThingID, form, lang string) ([]byte, error) {
	v, err := o.node.Minutes(ctx, sc, f, jisr.MinutesThing(id))
	if err != nil {
		return nil, err
	}
	doc, err := v.Agreed()
	if err != nil {
		return nil, err
	}
	m := v.Minutes
	s := Session{Meeting: v.Meeting, Minutes: m, Text: doc, Names: o.names(), Forum: f, Cleared: *m.Text, Handling: v.Summary.Handling, Demo: o.demo, Owed: map[jisr.ThingID]Owed{}}
	if s.Entry, err = o.node.Entry(ctx, sc, f, s.Cleared); err != nil {
		return nil, err
	}
	ids, _ := doc.Carries()
	for _, id := range ids {
		one, err := o.node.Book().Thing(ctx, sc, f, id)
		if err != nil || one.State.Commitment == nil {
			continue // not for this reader, or not here yet: its name stands in the text
		}
		s.Owed[id] = owedOf(&one, m)
	}
	s.Made = made(v)
	d, err := s.Document(o.words, form, lang)
	if err != nil {
		return nil, err
	}
	return o.press.PDF(d)
}

// made is when what is printed was done: the last signature, else the first clearance.
func made(v *node.MinutesView) time.Time {
	if v.Minutes.Done != nil {
		return v.Minutes.Done.At
	}
	for i := range v.Acts {
		if a := &v.Acts[i].Act; a.Position == *v.Minutes.Text {
			return a.At
		}
	}
	return time.Time{}
}

// owedOf is a commitment in the words that were signed, else in those proposed last: what happened to it since changes no
// paper.
func owedOf(v *book.ThingView, m *jisr.Minutes) Owed {
	c := v.State.Commitment
	hash := c.Proposals[len(c.Proposals)-1].Hash
	if m.Sign != nil {
		for _, signed := range m.Sign.Commitments {
			if signed.ID == v.ID {
				hash = signed.Hash
			}
		}
	}
	o := Owed{Terms: c.CommitmentTerms}
	for i := range v.Acts {
		a := &v.Acts[i]
		if a.Act.Kind != jisr.KindCommitmentPropose || a.Act.Substance() != hash {
			continue
		}
		_ = json.Unmarshal(a.Act.Terms, &o.Terms) // the fold has read them
		o.Body, _ = jisr.DecodeCommitment(a.Body) // without its content the terms stand alone
		break
	}
	return o
}

// figure is a number in a language's digits.
func figure(l *words.Lang, n int) string { return l.Number(int64(n)) }
