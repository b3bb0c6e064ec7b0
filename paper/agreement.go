package paper

import (
	"slices"
	"strings"
	"time"

	"jisr"
	"jisr/words"
)

// The papers of an agreement, as a form names them.
const (
	FormText         = "text"         // the text on the table, as it stands
	FormOriginal     = "original"     // a party's own original: itself named and signing first (alternat)
	FormCertified    = "certified"    // a certified true copy of it
	FormRegistration = "registration" // what goes to the Secretariat (Charter of the United Nations, article 102)
	FormAkoma        = "akoma-ntoso"  // the original as XML, for programs
)

// Instrument is an agreement's text with what its papers need beside it.
type Instrument struct {
	ID       jisr.ThingID
	Kind     jisr.InstrumentKind
	Text     jisr.InstrumentText
	Hash     [32]byte // of the canonical text
	Tabled   jisr.Step
	Forum    jisr.ForumID
	Parties  []jisr.MemberID
	Self     jisr.MemberID // whose original it is
	Handling jisr.Handling
	State    jisr.AgreementState
	Force    jisr.Date // of entry into force; empty: not yet
	Signed   *Signed   // nil: not yet
	Demo     bool
}

// Signed is when and where an instrument was signed, and by whom.
type Signed struct {
	Date  jisr.Date
	Place jisr.Text
	By    map[jisr.MemberID]jisr.Date
}

// Document is one of the instrument's papers. Two languages stand side by side, more follow each other, the reader's
// first: authentic texts have no rank.
func (n *Instrument) Document(w *words.Words, form, lang string) (*Document, error) {
	tags := n.languages(lang)
	l := w.In(tags[0])
	seal := &Seal{Hash: n.Hash, Place: place(n.Forum, n.Tabled.Position)}
	d := &Document{Lang: l.Tag(), Made: n.made(), Seal: seal, Marking: marking(l, n.Handling, n.Demo)}
	segments := n.Text.Original(n.Parties, n.Self)
	d.Title, d.Head = n.title(segments, tags[0]), n.title(segments, tags[0])
	switch form {
	case FormText:
		d.Blocks = append(d.Blocks, Block{Look: Small, Text: l.T("paper.agreement.standing", "state", words.Raw(l.T("agreement.state."+string(n.State))))})
		d.Blocks = append(d.Blocks, n.text(w, segments, tags)...)
	case FormOriginal:
		d.Blocks = append(d.Blocks, n.text(w, segments, tags)...)
		d.Blocks = append(d.Blocks, n.signatures(l))
	case FormCertified:
		d.Title = l.T("paper.certified.title") + " – " + d.Title
		d.Blocks = append(d.Blocks, n.text(w, segments, tags)...)
		d.Blocks = append(d.Blocks, n.signatures(l))
		d.Blocks = append(d.Blocks, n.certificate(l)...)
	case FormRegistration:
		d.Title = l.T("paper.registration.title") + " – " + d.Title
		d.Blocks = append(d.Blocks, n.cover(w, l)...)
		d.Blocks = append(d.Blocks, n.text(w, segments, tags)...)
		d.Blocks = append(d.Blocks, n.signatures(l))
		d.Blocks = append(d.Blocks, n.certificate(l)...)
	default:
		return nil, jisr.Refuse(jisr.NotOneOf, "form", "got", form)
	}
	d.Blocks = append(d.Blocks, Block{Seal: seal})
	return d, nil
}

// languages lists the authentic languages, the reader's first where the text is in it.
func (n *Instrument) languages(lang string) []string {
	tags := slices.Clone(n.Text.Clauses.Languages)
	slices.SortStableFunc(tags, func(a, b string) int {
		switch lang {
		case a:
			return -1
		case b:
			return 1
		}
		return 0
	})
	return tags
}

// made is the date of the file: of signature, else of the text's tabling.
func (n *Instrument) made() time.Time {
	if n.Signed != nil {
		return dated(n.Signed.Date, n.Tabled.At)
	}
	return n.Tabled.At
}

func (n *Instrument) title(segments []jisr.Segment, tag string) string {
	for i := range segments {
		if segments[i].Kind == jisr.SegmentTitle {
			return segments[i].Text[tag]
		}
	}
	return segments[0].Text[tag]
}

func (n *Instrument) text(w *words.Words, segments []jisr.Segment, tags []string) []Block {
	columns := make([]Column, len(tags))
	for i, tag := range tags {
		columns[i] = Column{Lang: tag, Blocks: textBlocks(w, segments, tag)}
	}
	if len(columns) == 2 {
		return []Block{{Beside: columns}}
	}
	var all []Block
	for i, c := range columns {
		if i > 0 {
			all = append(all, Block{Break: true})
		}
		all = append(all, Block{Beside: []Column{c}})
	}
	return all
}

// textBlocks sets the segments of one language, one block each, so that languages side by side meet at each.
func textBlocks(w *words.Words, segments []jisr.Segment, tag string) []Block {
	chapters := slices.ContainsFunc(segments, func(s jisr.Segment) bool { return s.Kind == jisr.SegmentChapter })
	l, known := w.In(tag), slices.Contains(w.Tags(), tag)
	all := make([]Block, 0, len(segments))
	for i := range segments {
		s := &segments[i]
		b := Block{Lang: tag, Text: s.Text[tag]}
		switch s.Kind {
		case jisr.SegmentTitle:
			b.Heading, b.Look = 1, Title
		case jisr.SegmentChapter, jisr.SegmentAnnex:
			b.Heading, b.Look = 2, Centred
		case jisr.SegmentArticle:
			b.Heading = 2
			if chapters {
				b.Heading = 3
			}
			b.Look = Start
			if known {
				b.Text = articleHeading(l, s.Number, s.Text[tag])
			}
		case jisr.SegmentItem:
			b.Label = itemLabel(l, known, s.Number)
		case jisr.SegmentParagraph:
			if s.Number != "" {
				b.Label = itemLabel(l, known, s.Number)
			}
		}
		all = append(all, b)
	}
	return all
}

// articleHeading is "Article 5: Purpose"; a heading that says its number itself stays as it is.
func articleHeading(l *words.Lang, number, text string) string {
	if n, title, ok := readArticle(text); number == "" || ok && n == number && title == "" {
		return text
	}
	return l.T("paper.article", "number", words.Raw(l.Digits(number)), "title", words.Raw(text))
}

// itemLabel is how an item's number stands before it: a dash where it has none.
func itemLabel(l *words.Lang, known bool, number string) string {
	switch {
	case number == "":
		return "–"
	case len(number) == 1 && number[0] >= 'a' && number[0] <= 'z':
		if known && l.Tag() == "ar" {
			return "(" + abjad(number[0]) + ")"
		}
		return "(" + number + ")"
	case known:
		return l.Digits(number) + "."
	}
	return number + "."
}

// abjad is the Arabic letter that counts like a Latin one: أ ب ج د.
func abjad(c byte) string {
	letters := []rune("أبجدهوزحطيكلمنسعفصقرشتثخذضظغ")
	return string(letters[min(int(c-'a'), len(letters)-1)])
}

// signatures are the places to sign, this party's first: on the right in Arabic (practice 5.5).
func (n *Instrument) signatures(l *words.Lang) Block {
	order := []jisr.MemberID{n.Self}
	for _, m := range n.Parties {
		if m != n.Self {
			order = append(order, m)
		}
	}
	var b Block
	for _, m := range order {
		s := Signature{For: l.T("paper.sign.for", "party", n.party(l, m))}
		if n.Signed != nil {
			if on := n.Signed.By[m]; on != "" {
				where, _ := n.Signed.Place.In(l.Tag())
				s.Name = l.T("paper.sign.recorded")
				s.Detail = l.T("paper.sign.done", "place", where, "date", words.Raw(l.Day(string(on))))
			}
		}
		b.Sign = append(b.Sign, s)
	}
	return b
}

func (n *Instrument) party(l *words.Lang, m jisr.MemberID) string {
	return nameIn(n.Text.Names, l, m)
}

// certificate says that the copy is true (Vienna Convention, article 77(1)(b)); the office that certifies signs it.
func (n *Instrument) certificate(l *words.Lang) []Block {
	return []Block{{Heading: 2, Look: Start, Text: l.T("paper.certified.title"), Gap: 26},
		{Text: l.T("paper.certified.means", "party", n.party(l, n.Self), "languages", words.Raw(n.languageNames(l)))},
		{Sign: []Signature{{For: n.party(l, n.Self), Name: l.T("paper.certified.sign")}}}}
}

func (n *Instrument) languageNames(l *words.Lang) string {
	var names []string
	for _, tag := range n.Text.Clauses.Languages {
		names = append(names, known(l, "paper.language.", tag, "paper.language.other"))
	}
	all := names[0]
	for _, s := range names[1:] {
		all = l.T("list.join", "before", words.Raw(all), "last", words.Raw(s))
	}
	return all
}

// cover is what the Secretariat asks of who registers (Regulations to give effect to Article 102, articles 5 and 7).
func (n *Instrument) cover(w *words.Words, l *words.Lang) []Block {
	t := &Table{Plain: true, Widths: []float64{1.5, 3}}
	add := func(key, value string) {
		t.Rows = append(t.Rows, []Block{{Look: Strong, Text: l.T("paper.fact", "name", words.Raw(l.T(key)))}, {Text: or(value, l.T("paper.registration.none"))}})
	}
	segments := n.Text.Original(n.Parties, n.Self)
	for _, tag := range n.languages(l.Tag()) {
		add("paper.registration.name", n.title(segments, tag))
		t.Rows[len(t.Rows)-1][1].Lang = tag
	}
	add("paper.registration.kind", known(l, "agreement.kind.", string(n.Kind), "paper.registration.none"))
	var parties []string
	for _, m := range n.Parties {
		parties = append(parties, n.party(l, m))
	}
	add("paper.registration.parties", strings.Join(parties, "\n"))
	place, date := "", ""
	if n.Signed != nil {
		place, _ = n.Signed.Place.In(l.Tag())
		date = l.Day(string(n.Signed.Date))
	}
	add("paper.registration.place", place)
	add("paper.registration.signed", date)
	force := ""
	if n.Force != "" {
		force = l.Day(string(n.Force))
	}
	add("paper.registration.force", force)
	add("paper.registration.method", n.method(l))
	add("paper.registration.languages", n.languageNames(l))
	return []Block{{Heading: 1, Look: Title, Text: l.T("paper.registration.title")}, {Text: l.T("paper.registration.means")}, {Table: t, Break: true}}
}

// method is how it enters into force, in the words of its final clauses (Regulations, article 5(d)).
func (n *Instrument) method(l *words.Lang) string {
	var all []string
	for _, line := range n.Text.Clauses.Lines(true) {
		if line.Heading == "force" {
			all = append(all, l.Clause(line.Key, line.Months, line.Days, line.Count, string(line.Date), ""))
		}
	}
	return strings.Join(all, " ")
}
