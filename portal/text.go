package portal

import (
	"maps"
	"slices"
	"strings"
	"time"

	"jisr"
	"jisr/book"
	"jisr/node"
	"jisr/words"
)

// reader is for whom a view is made, and when. It lives for one request.
type reader struct {
	l      *words.Lang
	caller node.Caller
	scope  book.Scope // what the caller may see
	self   jisr.MemberID
	names  map[jisr.MemberID]string // of members, in the reader's language
	today  jisr.Date
	known  jisr.Heard // how far it is known what members said
	now    time.Time
	zone   *time.Location
	words  *words.Words
}

// until is the day up to which lateness of a member is reckoned: no clock runs while the link is down.
func (rd reader) until(m jisr.MemberID) jisr.Date { return rd.known.Of(m) }

func (s *site) reader(r *request) reader {
	rd := reader{l: r.l, caller: r.caller, scope: s.node.ScopeOf(r.caller), self: s.node.Self().ID, names: map[jisr.MemberID]string{}, known: s.node.Known(), now: s.node.Now(), zone: s.node.Zone(), words: s.words}
	rd.names[rd.self] = inLanguage(r.l, s.node.Self().Name)
	for _, k := range s.node.Links() {
		rd.names[k.Member] = inLanguage(r.l, k.Name)
	}
	rd.today = rd.known.Today
	return rd
}

// name is what a member is called; its ID when this node does not know it.
func (rd reader) name(m jisr.MemberID) string {
	if n := rd.names[m]; n != "" {
		return n
	}
	return string(m)
}

// nameAll names several members, in order, isolated from each other.
func (rd reader) nameAll(ms []jisr.MemberID) string {
	all := ""
	for i, m := range ms {
		if i == 0 {
			all = rd.l.Isolate(rd.name(m))
			continue
		}
		all = rd.l.T("list.join", "before", words.Raw(all), "last", rd.name(m))
	}
	return all
}

func (rd reader) dateTime(t time.Time) string { return rd.l.DateTime(t.In(rd.zone)) }

// url is the address of a page in the reader's language.
func (rd reader) url(parts ...string) string {
	return "/" + rd.l.Tag() + "/" + strings.Join(parts, "/")
}

func (rd reader) noteURL(f jisr.ForumID, id jisr.ThingID) string {
	return rd.url("notes", string(f), id.Name())
}

func (rd reader) actURL(f jisr.ForumID, p jisr.Position) string {
	return rd.url("record", string(f), string(p.Member), itoa(int64(p.Index)))
}

func inLanguage(l *words.Lang, t jisr.Text) string { s, _ := t.In(l.Tag()); return s }

// said is a text somebody wrote, in its language, cut where a search found it.
type said struct {
	Lang, Dir string
	Pieces    []piece
}

// piece is a part of a text; Hit: the search found it.
type piece struct {
	Text string
	Hit  bool
}

// Empty tells whether nothing was said.
func (t said) Empty() bool { return len(t.Pieces) == 0 }

// String is the text without its marks.
func (t said) String() string {
	var b strings.Builder
	for _, p := range t.Pieces {
		b.WriteString(p.Text)
	}
	return b.String()
}

// say gives a text in the reader's language, or in what there is of it.
func (rd reader) say(t jisr.Text) said {
	text, tag := t.In(rd.l.Tag())
	return saidIn(tag, text, "")
}

// sayFound is say with what a search found in it marked.
func (rd reader) sayFound(t jisr.Text, search string) said {
	text, tag := t.In(rd.l.Tag())
	return saidIn(tag, text, search)
}

func saidIn(tag, text, search string) said {
	if text == "" {
		return said{}
	}
	t := said{Lang: tag, Dir: words.DirOf(tag)}
	from := 0
	if search != "" {
		for _, hit := range book.Matches(search, text) {
			if hit.Start < from || hit.End > len(text) || hit.Start >= hit.End {
				continue
			}
			t.Pieces = appendPiece(t.Pieces, text[from:hit.Start], false)
			t.Pieces = appendPiece(t.Pieces, text[hit.Start:hit.End], true)
			from = hit.End
		}
	}
	t.Pieces = appendPiece(t.Pieces, text[from:], false)
	return t
}

func appendPiece(all []piece, text string, hit bool) []piece {
	if text == "" {
		return all
	}
	return append(all, piece{text, hit})
}

// excerpt is the part of a text around the first thing a search found, for a list.
func excerpt(tag, text, search string) said {
	const around = 90 // bytes each side, moved to the edges of words
	hits := book.Matches(search, text)
	if len(hits) == 0 {
		return said{}
	}
	from, to := hits[0].Start, hits[0].End
	if from > around {
		from = max(strings.LastIndexAny(text[:from-around], " \n")+1, 0)
	} else {
		from = 0
	}
	if end := strings.IndexAny(text[min(to+around, len(text)):], " \n"); end >= 0 && to+around < len(text) {
		to = to + around + end
	} else {
		to = len(text)
	}
	t := saidIn(tag, strings.ReplaceAll(text[from:to], "\n", " "), search)
	if from > 0 {
		t.Pieces = append([]piece{{Text: "… "}}, t.Pieces...)
	}
	if to < len(text) {
		t.Pieces = append(t.Pieces, piece{Text: " …"})
	}
	return t
}

// paragraphs cuts a text at empty lines, and each paragraph at its line ends.
func paragraphs(text string) [][]string {
	var all [][]string
	for p := range strings.SplitSeq(strings.ReplaceAll(text, "\r\n", "\n"), "\n\n") {
		if p = strings.Trim(p, "\n"); p != "" {
			all = append(all, strings.Split(p, "\n"))
		}
	}
	return all
}

// sentence says why a rule said no. What would be allowed is left out: a person chooses from what the form offers, and the
// values are names for programs.
func sentence(l *words.Lang, r *jisr.Refusal) string {
	need := maps.Clone(r.Need)
	delete(need, "allowed")
	return l.Refusal(string(r.Kind), r.Subject, need)
}

// known gives the word for a value of an enumeration, or the value itself where a newer partner sent one that
// this catalogue has no word for.
func known(l *words.Lang, prefix, value string) string {
	if key := prefix + value; l.Has(key) {
		return l.T(key)
	}
	return l.Isolate(clip(value, jisr.MaxID))
}

// clip shortens what is shown back to its writer.
func clip(s string, runes int) string {
	n := 0
	for i := range s {
		if n == runes {
			return s[:i]
		}
		n++
	}
	return s
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
