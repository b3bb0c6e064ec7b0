package portal

import (
	"net/url"
	"slices"
	"strings"

	"jisr"
	"jisr/book"
)

// findView is a search over everything that this official may read.
type findView struct {
	Page
	Heading               string
	Kinds                 []Link
	With, Sectors, Bodies []Option
	Kind, From, To        string
	Lines                 []line
	Count                 string
	Many                  string // why more may stand in the book; empty: all of it was counted
	Next, First, All      string
	Asked                 bool // words were given
}

// findQuery reads the question from the address; what is no filter is dropped.
func findQuery(q url.Values) book.FindQuery {
	get := func(name string, most int) string {
		return strings.TrimSpace(clip(strings.ToValidUTF8(q.Get(name), ""), most))
	}
	ask := book.FindQuery{Search: get("q", maxSearch), Noun: get("kind", maxField), Member: jisr.MemberID(get("with", maxField)), Sector: get("sector", maxField),
		Body: jisr.ThingID(get("body", maxField)), From: dayIn(get("from", maxField)), To: dayIn(get("to", maxField)), Cursor: get("cursor", maxField), Limit: pageNotes}
	if !slices.Contains(book.Nouns(), ask.Noun) {
		ask.Noun = ""
	}
	if !jisr.ValidMember(ask.Member) {
		ask.Member = ""
	}
	if !slices.Contains(jisr.Sectors(), ask.Sector) {
		ask.Sector = ""
	}
	if ask.Body.Noun() != "body" || !jisr.ValidName(ask.Body.Name()) {
		ask.Body = ""
	}
	return ask
}

// dayIn reads a day as it is typed, in any digits; empty when it is none.
func dayIn(s string) jisr.Date {
	if d := jisr.Date(latinDigits(s)); d.Valid() {
		return d
	}
	return ""
}

// findURL is the address of a search, so that whatever it says can be kept as a link.
func (rd reader) findURL(ask *book.FindQuery, cursor string) string {
	q := url.Values{}
	for _, f := range [][2]string{{"q", ask.Search}, {"kind", ask.Noun}, {"with", string(ask.Member)}, {"sector", ask.Sector}, {"body", string(ask.Body)}, {"from", string(ask.From)}, {"to", string(ask.To)}, {"cursor", cursor}} {
		if f[1] != "" {
			q.Set(f[0], f[1])
		}
	}
	if len(q) == 0 {
		return rd.url("search")
	}
	return rd.url("search") + "?" + q.Encode()
}

func (s *site) find(r *request) (*answer, error) {
	rd, ask := s.reader(r), findQuery(r.URL.Query())
	ask.Lang = rd.l.Tag()
	v := findView{Page: s.page(r, ""), Heading: rd.l.T("search.everything"), Asked: ask.Search != "", Kind: ask.Noun, From: string(ask.From), To: string(ask.To)}
	f, err := s.node.Find(r.Context(), r.caller, ask)
	if err != nil {
		return nil, err
	}
	if v.Asked {
		v.Heading = rd.l.T("search.for", "query", ask.Search)
	}
	for i := range f.Hits {
		v.Lines = append(v.Lines, rd.hitLine(&f.Hits[i], ask.Search))
	}
	rd.foundCounts(&v, &f, ask)
	if f.Next != "" {
		v.Next = rd.findURL(&ask, f.Next)
	}
	if ask.Cursor != "" {
		v.First = rd.findURL(&ask, "")
	}
	if bare := (book.FindQuery{Search: ask.Search}); rd.findURL(&ask, "") != rd.findURL(&bare, "") {
		v.All = rd.findURL(&bare, "")
	}
	if err := s.findFilters(r, rd, &ask, &v); err != nil {
		return nil, err
	}
	return &answer{page: findPage(v)}, nil
}

// foundCounts says how much of each kind was found.
func (rd reader) foundCounts(v *findView, f *book.Found, ask book.FindQuery) {
	all, shown := 0, ask
	shown.Noun, shown.Cursor = "", ""
	for _, n := range f.Counts {
		all += n
	}
	count := func(n int) string {
		if n == 0 {
			return ""
		}
		return rd.l.Number(int64(n))
	}
	v.Kinds = []Link{{Word: rd.l.T("note.list.all"), URL: rd.findURL(&shown, ""), Count: count(all), On: ask.Noun == ""}}
	for _, k := range book.Nouns() {
		if f.Counts[k] > 0 || k == ask.Noun {
			shown.Noun = k
			v.Kinds = append(v.Kinds, Link{Word: rd.l.T("noun." + k), URL: rd.findURL(&shown, ""), Count: count(f.Counts[k]), On: k == ask.Noun})
		}
	}
	if ask.Noun != "" {
		all = f.Counts[ask.Noun]
	}
	v.Count = rd.l.N("search.count", all)
	if f.Many {
		v.Many = rd.l.T("search.many")
	}
}

// findFilters fills in what the search can be narrowed by.
func (s *site) findFilters(r *request, rd reader, ask *book.FindQuery, v *findView) error {
	v.With = narrowing(rd, ask.Member, s.partners(), rd.name)
	v.Sectors = narrowing(rd, ask.Sector, jisr.Sectors(), wordAfter[string](rd, "sector."))
	v.Bodies = []Option{{Word: rd.l.T("note.list.any")}}
	bodies, _, err := s.node.Book().Things(r.Context(), rd.scope, book.ThingQuery{Noun: "body", Limit: maxBodiesListed})
	for i := range bodies {
		b := &bodies[i]
		v.Bodies = append(v.Bodies, Option{Value: string(b.ID), Word: rd.say(b.Summary.Title).String(), On: b.ID == ask.Body})
	}
	return err
}

// hitLine is something that was found, in a list: what its noun's own lists show, with the words marked.
func (rd reader) hitLine(h *book.Hit, search string) line {
	var l line
	switch {
	case h.Note != nil:
		l = rd.line(h.Note, search)
	case h.Record != nil:
		l = rd.foundRecord(h.Record)
	default:
		l = rd.thingLine(h.Thing)
		if !h.Thing.Summary.Title.Empty() {
			l.Subject = rd.sayFound(h.Thing.Summary.Title, search)
		}
		if level := h.Thing.Summary.Handling.Level(); level != jisr.HandlingOfficial {
			l.Handling = rd.handling(level)
		}
	}
	l.Excerpt = marked(h.Lang, h.Text, h.Marks)
	return l
}

func (rd reader) foundRecord(r *book.RecordHit) line {
	return line{URL: rd.programmeURL(r.Forum, r.Programme, "records", r.Type, "one", r.ID), Kind: rd.l.T("noun.record"), Subject: rd.say(r.TypeTitle), From: rd.side(r.By),
		Date: rd.l.ShortDate(r.Sent.In(rd.zone)), State: tag{"idle", "chart-line", rd.say(r.Title).String()}}
}

// marked is a text in which places are marked.
func marked(lang, text string, marks []book.Range) said {
	t := saidIn(lang, "", "")
	if text == "" {
		return t
	}
	t.Lang, t.Dir = lang, "auto"
	if lang == "und" {
		t.Lang = ""
	}
	from := 0
	for _, m := range marks {
		t.Pieces = appendPiece(t.Pieces, text[from:m.Start], false)
		t.Pieces = appendPiece(t.Pieces, text[m.Start:m.End], true)
		from = m.End
	}
	t.Pieces = appendPiece(t.Pieces, text[from:], false)
	return t
}
