package paper

import (
	"fmt"
	"strings"
	"time"

	"jisr"
	"jisr/words"
)

// Note is a released note with what its paper needs beside it.
type Note struct {
	Terms     jisr.NoteTerms
	From      jisr.MemberID
	Body      jisr.NoteBody
	Released  jisr.Step
	Withdrawn *jisr.Step
	Names     map[jisr.MemberID]jisr.Text
	Files     []File
	Entry     []byte // of its release: what its hash is of
	Forum     jisr.ForumID
	Demo      bool // nothing here has official effect
	Head      Head
}

// File is an attachment as the paper lists it.
type File struct {
	Name, Type string
	Size       int64
}

// cite is a note as people cite it: "IQ 17/2026"; empty for a non-paper.
func (n *Note) cite() string {
	if n.Terms.Number == 0 || len(n.Terms.Date) < 4 {
		return ""
	}
	return fmt.Sprintf("%s %d/%s", strings.ToUpper(string(n.From)), n.Terms.Number, n.Terms.Date[:4])
}

// Document is the note's paper in a reader's language, as far as it is written in it; its texts stand in all of theirs.
func (n *Note) Document(w *words.Words, lang string) *Document {
	tags := n.languages(lang)
	l := w.In(tags[0])
	seal := &Seal{Hash: Leaf(n.Entry), Place: place(n.Forum, n.Released.Position)}
	subject, _ := n.Body.Subject.In(l.Tag())
	d := &Document{Lang: l.Tag(), Made: dated(n.Terms.Date, n.Released.At), Seal: seal, Head: n.cite(), Marking: marking(l, n.Terms.Handling, n.Demo)}
	d.Title = strings.TrimSpace(n.cite() + " " + subject)
	if d.Head == "" {
		d.Head = subject
	}
	d.Blocks = append(d.Blocks, n.letterhead(l)...)
	d.Blocks = append(d.Blocks, Block{Table: n.facts(l), Gap: 8})
	d.Blocks = append(d.Blocks, n.text(tags)...)
	if n.Terms.Kind != jisr.NonPaper {
		office, _ := n.Body.From.In(l.Tag())
		d.Blocks = append(d.Blocks, Block{Sign: []Signature{{For: or(office, n.name(l, n.From)), Name: known(l, "paper.note.sign.", string(n.Terms.Kind), "paper.note.initials"), Detail: l.Day(string(n.Terms.Date))}}})
	}
	d.Blocks = append(d.Blocks, n.files(l)...)
	d.Blocks = append(d.Blocks, Block{Seal: seal})
	return d
}

// languages lists the languages of the text: the reader's first, then Arabic, English and the others.
func (n *Note) languages(lang string) []string {
	first, tag := n.Body.Text.In(lang)
	if first == "" {
		return []string{lang}
	}
	all := []string{tag}
	for _, t := range sortedKeys(n.Body.Text) {
		if t != tag && n.Body.Text[t] != "" {
			all = append(all, t)
		}
	}
	return all
}

func (n *Note) name(l *words.Lang, m jisr.MemberID) string { return nameIn(n.Names, l, m) }

// nameIn is what a member is called in a language.
func nameIn(names map[jisr.MemberID]jisr.Text, l *words.Lang, m jisr.MemberID) string {
	s, _ := names[m].In(l.Tag())
	return or(s, string(m))
}

// letterhead is what stands above the text: who writes. A non-paper says that nobody does.
func (n *Note) letterhead(l *words.Lang) []Block {
	if n.Terms.Kind == jisr.NonPaper {
		return []Block{{Look: Centred, Text: l.T("note.attribution.none")}, {Rule: true, Gap: 6}}
	}
	office, _ := n.Body.From.In(l.Tag())
	return n.Head.blocks(l.Tag(), n.name(l, n.From), office)
}

// facts are number, date and the like, beside their names (practice 8.6).
func (n *Note) facts(l *words.Lang) *Table {
	t := &Table{Plain: true, Widths: []float64{1.3, 4}}
	add := func(key, value string) {
		if value != "" {
			t.Rows = append(t.Rows, []Block{{Look: Strong, Text: l.T("paper.fact", "name", words.Raw(l.T(key)))}, {Text: value}})
		}
	}
	add("note.field.kind", known(l, "note.kind.", string(n.Terms.Kind), "note.field.kind"))
	add("note.field.number", l.Isolate(n.cite()))
	add("note.field.date", l.Day(string(n.Terms.Date)))
	add("note.field.to", n.addressees(l))
	if n.Terms.Precedence != jisr.Routine {
		add("note.field.precedence", known(l, "note.precedence.", string(n.Terms.Precedence), "note.field.precedence"))
	}
	if n.Terms.ReplyBy != "" {
		add("paper.note.reply_by", l.Day(string(n.Terms.ReplyBy)))
	}
	if n.Withdrawn != nil {
		add("note.field.state", l.T("note.state.withdrawn"))
	}
	return t
}

func (n *Note) addressees(l *words.Lang) string {
	all := ""
	for i, m := range n.Terms.To {
		if i == 0 {
			all = l.Isolate(n.name(l, m))
			continue
		}
		all = l.T("list.join", "before", words.Raw(all), "last", n.name(l, m))
	}
	return all
}

// text is the note in each of its languages: two stand side by side, more follow each other.
func (n *Note) text(tags []string) []Block {
	var columns []Column
	for _, tag := range tags {
		c := Column{Lang: tag}
		if s := n.Body.Subject[tag]; s != "" || len(tags) == 1 {
			subject, lang := n.Body.Subject.In(tag)
			c.Blocks = append(c.Blocks, Block{Lang: lang, Heading: 1, Look: Start, Text: subject})
		}
		for _, part := range append(append([]string{n.Body.Opening[tag]}, strings.Split(n.Body.Text[tag], "\n\n")...), n.Body.Closing[tag]) {
			if part = strings.Trim(part, "\n"); part != "" {
				c.Blocks = append(c.Blocks, Block{Lang: tag, Text: part})
			}
		}
		columns = append(columns, c)
	}
	return inColumns(columns)
}

// inColumns sets two languages side by side; more follow each other.
func inColumns(columns []Column) []Block {
	if len(columns) == 2 {
		return []Block{{Beside: columns}}
	}
	var all []Block
	for _, c := range columns {
		all = append(all, c.Blocks...)
	}
	return all
}

func (n *Note) files(l *words.Lang) []Block {
	if len(n.Files) == 0 {
		return nil
	}
	t := &Table{Head: []string{l.T("paper.file.name"), l.T("paper.file.type"), l.T("paper.file.size")}, Widths: []float64{4, 3, 1.4}}
	for i, f := range n.Files {
		t.Rows = append(t.Rows, []Block{{Text: or(l.Isolate(f.Name), l.T("note.file.unnamed", "n", i+1))}, {Text: l.Isolate(f.Type)}, {Text: l.Bytes(f.Size)}})
	}
	return []Block{{Heading: 2, Look: Start, Text: l.T("note.field.attachments"), Gap: 18}, {Table: t}}
}

// marking is how widely the paper may be shown; what anybody may read carries none.
func marking(l *words.Lang, h jisr.Handling, demo bool) string {
	var all []string
	if h.Level() != jisr.HandlingPublic {
		all = append(all, known(l, "handling.", string(h.Level()), "handling.secret"))
	}
	if demo {
		all = append(all, l.T("demo.notice"))
	}
	return strings.Join(all, " · ")
}

// known is the word for a value, or that of another key for a value this version does not know.
func known(l *words.Lang, prefix, value, other string) string {
	if key := prefix + value; l.Has(key) {
		return l.T(key)
	}
	return l.T(other)
}

// dated is a calendar day as a time; the writer's clock when it is none.
func dated(d jisr.Date, otherwise time.Time) time.Time {
	if t, err := time.Parse(time.DateOnly, string(d)); err == nil {
		return t
	}
	return otherwise
}

func place(f jisr.ForumID, p jisr.Position) string {
	return fmt.Sprintf("%s %s %d", f, p.Member, p.Index)
}
