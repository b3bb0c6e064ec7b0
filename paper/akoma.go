package paper

import (
	"encoding/hex"
	"slices"
	"strconv"
	"strings"

	"jisr"
	"jisr/words"
)

// AkomaNtoso gives a party's original in one language as a document of Akoma Ntoso 1.0 (OASIS akn-core-v1.0), for
// libraries and parliaments. The agreement is the work, each language an expression of it. A segment's own name is its
// wId, which no version changes; its eId says where it stands in this one (akn-nc-v1.0, section 5).
func (n *Instrument) AkomaNtoso(w *words.Words, lang string) ([]byte, error) {
	if !slices.Contains(n.Text.Clauses.Languages, lang) {
		return nil, jisr.Refuse(jisr.NotOneOf, "language", "got", lang, "allowed", strings.Join(n.Text.Clauses.Languages, ", "))
	}
	a := akoma{n: n, lang: lang, words: w.In(lang), segments: n.Text.Original(n.Parties, n.Self), ids: map[string]int{}}
	act := tag("act", "name", "agreement", "contains", "originalVersion")
	act.kids = append(act.kids, a.meta())
	act.kids = append(act.kids, a.text()...)
	root := tag("akomaNtoso", "xmlns", "http://docs.oasis-open.org/legaldocml/ns/akn/3.0").add(act)
	var b strings.Builder
	b.WriteString("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n")
	root.write(&b)
	b.WriteByte('\n')
	return []byte(b.String()), nil
}

// markup is an element of XML: with text, or with others in it.
type markup struct {
	name  string
	attrs []string // names and values
	text  string
	kids  []*markup
}

func tag(name string, attrs ...string) *markup { return &markup{name: name, attrs: attrs} }

func (m *markup) add(kids ...*markup) *markup { m.kids = append(m.kids, kids...); return m }

func (m *markup) say(text string) *markup { m.text = text; return m }

func (m *markup) write(b *strings.Builder) {
	b.WriteString("<" + m.name)
	for i := 0; i+1 < len(m.attrs); i += 2 {
		b.WriteString(" " + m.attrs[i] + `="` + xmlText(m.attrs[i+1]) + `"`)
	}
	if m.text == "" && len(m.kids) == 0 {
		b.WriteString("/>")
		return
	}
	b.WriteString(">" + xmlText(m.text))
	for _, k := range m.kids {
		k.write(b)
	}
	b.WriteString("</" + m.name + ">")
}

// akoma writes one expression.
type akoma struct {
	n        *Instrument
	lang     string
	words    *words.Lang
	segments []jisr.Segment
	ids      map[string]int // how often an eId was wanted
}

// eid makes an eId the only one of its kind.
func (a *akoma) eid(id string) string {
	a.ids[id]++
	if k := a.ids[id]; k > 1 {
		return id + "_" + strconv.Itoa(k)
	}
	return id
}

// numbered is the last part of an eId: the number where it has one, else the place among its like (akn-nc 5.4).
func (a *akoma) numbered(parent, kind, number string) string {
	stem := kind
	if parent != "" {
		stem = parent + "__" + kind
	}
	if number == "" {
		a.ids["#"+stem]++
		number = strconv.Itoa(a.ids["#"+stem])
	}
	return a.eid(stem + "_" + strings.Map(func(r rune) rune {
		if r == '.' || r == ' ' || r == '(' || r == ')' {
			return -1
		}
		return r
	}, number))
}

// meta identifies work, expression and manifestation. The work is the same for every party and language.
func (a *akoma) meta() *markup {
	date, country := a.n.made().UTC().Format("2006-01-02"), string(a.n.Parties[0])
	work := "/akn/" + country + "/act/agreement/" + date + "/" + a.n.ID.Name()
	expression := work + "/" + iso639(a.lang) + "@" + date
	from, named := "#"+string(a.n.Self), "generation"
	if a.n.Signed != nil {
		named = "signature"
	}
	level := func(name, uri string, alias [2]string, more ...*markup) *markup {
		m := tag(name).add(tag("FRBRthis", "value", uri+"/!main"), tag("FRBRuri", "value", uri), tag("FRBRalias", "value", alias[1], "name", alias[0]), tag("FRBRdate", "date", date, "name", named))
		for _, p := range a.n.Parties {
			m.add(tag("FRBRauthor", "href", "#"+string(p)))
		}
		return m.add(more...)
	}
	hash := "sha256:" + hex.EncodeToString(a.n.Hash[:])
	identification := tag("identification", "source", from).add(
		level("FRBRWork", work, [2]string{"canonical-text", hash}, tag("FRBRcountry", "value", country), tag("FRBRsubtype", "value", string(a.n.Kind)), tag("FRBRname", "value", a.n.title(a.segments, a.lang))),
		level("FRBRExpression", expression, [2]string{"original", string(a.n.Self)}, tag("FRBRauthoritative", "value", "true"), tag("FRBRlanguage", "language", iso639(a.lang))),
		level("FRBRManifestation", expression+".akn", [2]string{"original", string(a.n.Self)}, tag("FRBRformat", "value", "application/akn+xml")))
	life := tag("lifecycle", "source", from).add(tag("eventRef", "date", date, "source", from, "type", "generation"))
	references := tag("references", "source", from)
	for _, p := range a.n.Parties {
		references.add(tag("TLCOrganization", "eId", string(p), "href", "/akn/ontology/organization/"+string(p), "showAs", a.n.party(a.words, p)))
	}
	return tag("meta").add(identification, life, references)
}

// text is preface, preamble, body and conclusions.
func (a *akoma) text() []*markup {
	preface, preamble, body, end := tag("preface"), tag("preamble"), tag("body"), tag("conclusions")
	b := branch{akoma: a, body: body}
	for i := range a.segments {
		s := &a.segments[i]
		switch s.Kind {
		case jisr.SegmentTitle:
			preface.add(tag("longTitle", "eId", a.eid("longTitle"), "wId", s.ID).add(a.paragraph(s).wrap("docTitle")))
		case jisr.SegmentPreamble:
			preamble.add(tag("p", "eId", a.numbered("preamble", "p", ""), "wId", s.ID).say(s.Text[a.lang]))
		case jisr.SegmentTestimony:
			end.add(tag("p", "eId", a.numbered("conclusions", "p", ""), "wId", s.ID).say(s.Text[a.lang]))
		default:
			b.put(s)
		}
	}
	if len(body.kids) == 0 { // the schema wants something: an exchange of letters may have nothing but its words
		body.add(tag("hcontainer", "name", "text", "eId", a.eid("hcontainer_1")))
	}
	var all []*markup
	for _, m := range []*markup{preface, preamble, body, end} {
		if len(m.kids) > 0 {
			all = append(all, m)
		}
	}
	return all
}

func (a *akoma) paragraph(s *jisr.Segment) *markup { return tag("p").say(s.Text[a.lang]) }

// wrap puts an element around the text.
func (m *markup) wrap(name string) *markup {
	inner := tag(name).say(m.text)
	m.text = ""
	return m.add(inner)
}

// branch is where in the hierarchy of the body the next segment goes.
type branch struct {
	*akoma
	body    *markup
	open    *markup // the article, annex or chapter that paragraphs go into
	id      string  // its eId
	chapter *markup // that articles go into; nil: into the body
	para    *markup // that items go into; nil: into what is open
	paraID  string
}

func (b *branch) put(s *jisr.Segment) {
	text := s.Text[b.lang]
	switch s.Kind {
	case jisr.SegmentChapter:
		b.id = b.numbered("", "chp", "")
		b.open = tag("chapter", "eId", b.id, "wId", s.ID).add(tag("heading").say(text))
		b.body.add(b.open)
		b.chapter, b.para = b.open, nil
	case jisr.SegmentAnnex:
		b.id = b.numbered("", "annex", "")
		b.open = tag("hcontainer", "name", "annex", "eId", b.id, "wId", s.ID).add(tag("heading").say(text))
		b.body.add(b.open)
		b.chapter, b.para = nil, nil
	case jisr.SegmentArticle:
		b.id = b.numbered("", "art", s.Number) // articles number through all chapters (akn-nc 5.4)
		b.open = tag("article", "eId", b.id, "wId", s.ID)
		if s.Number != "" {
			b.open.add(tag("num").say(s.Number))
		}
		if n, title, lone := readArticle(text); s.Number == "" || !lone || n != s.Number || title != "" { // the number says it all
			b.open.add(tag("heading").say(text))
		}
		b.para = nil
		if b.chapter != nil {
			b.chapter.add(b.open)
		} else {
			b.body.add(b.open)
		}
	case jisr.SegmentItem:
		b.item(s)
	default:
		b.paraID = b.numbered(b.id, "para", s.Number)
		b.para = tag("paragraph", "eId", b.paraID, "wId", s.ID)
		b.fill(b.para, s)
		b.into().add(b.para)
	}
}

// into is where a paragraph goes: what is open, else the body.
func (b *branch) into() *markup {
	if b.open != nil {
		return b.open
	}
	return b.body
}

// fill gives a paragraph or point its number and words.
func (b *branch) fill(m *markup, s *jisr.Segment) {
	if s.Number != "" {
		m.add(tag("num").say(s.Number))
	}
	m.add(tag("content").add(tag("p").say(s.Text[b.lang])))
}

// item puts a point into its paragraph, whose words then introduce its points.
func (b *branch) item(s *jisr.Segment) {
	under, id := b.into(), b.id
	if b.para != nil {
		under, id = b.para, b.paraID
		for _, k := range under.kids {
			if k.name == "content" {
				k.name = "intro"
			}
		}
	}
	m := tag("point", "eId", b.numbered(id, "point", s.Number), "wId", s.ID)
	b.fill(m, s)
	under.add(m)
}

// iso639 is a language as Akoma Ntoso names it, by three letters (ISO 639-2); another stays as it is.
func iso639(lang string) string {
	for _, l := range [][2]string{{"ar", "ara"}, {"en", "eng"}, {"fr", "fra"}, {"es", "spa"}, {"ru", "rus"}, {"zh", "zho"}, {"fa", "fas"}, {"tr", "tur"}, {"ku", "kur"}, {"de", "deu"}, {"it", "ita"}} {
		if l[0] == lang {
			return l[1]
		}
	}
	return lang
}
