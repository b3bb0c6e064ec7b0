package paper

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"jisr"
)

// Import is a text as it was read from a file, before anything is kept of it: what an official looks at.
type Import struct {
	Segments []jisr.Segment
	Remarks  []Remark
}

// Remark is what an official should know of what was read. Words have its sentence: import.<Kind>.
type Remark struct {
	Kind    string
	Segment string // empty: of the file
	Detail  string
	Count   int
}

// The kinds of remarks.
const (
	RemarkTracked  = "tracked"   // tracked changes were taken as made
	RemarkNotes    = "footnotes" // footnotes were left out
	RemarkPicture  = "picture"   // pictures were left out
	RemarkTable    = "table"     // a table was read cell by cell
	RemarkBad      = "character" // a character that may not stand in a text
	RemarkLong     = "too-long"  // a segment was cut in two, or more
	RemarkOneSided = "one-sided" // a segment is missing in a language
	RemarkMany     = "too-many"  // what came after the last segment a text may have was left out
)

// read is one paragraph of a file.
type read struct {
	text   string
	level  int    // of a heading style, 1 to 9; 0: none
	label  string // the number its program shows before it
	beside []read // the other cells of its row in a table of texts side by side
}

// ImportText reads a plain text in one language: paragraphs are parted by line ends.
func ImportText(b []byte, lang string) (*Import, error) {
	if len(b) > maxImport {
		return nil, jisr.Refuse(jisr.TooLong, "file", "max", fmt.Sprint(maxImport), "got", fmt.Sprint(len(b)))
	}
	text := strings.TrimPrefix(string(b), "\ufeff")
	if strings.ContainsRune(text, 0) {
		return nil, jisr.Refuse(jisr.Malformed, "file", "want", "text")
	}
	var all []read
	for line := range strings.Lines(strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u2029", "\n", "\f", "\n").Replace(text)) {
		all = append(all, read{text: line})
		if len(all) > maxParagraphs {
			return nil, jisr.Refuse(jisr.TooMany, "paragraphs", "max", fmt.Sprint(maxParagraphs))
		}
	}
	return assemble(all, lang, nil)
}

// assembler makes segments of paragraphs.
type assembler struct {
	lang string
	out  Import
	ids  map[string]int // how many ids of a stem were given
	part string         // the stem of what the next paragraph belongs to
	body bool           // past the first heading
}

func assemble(all []read, lang string, remarks []Remark) (*Import, error) {
	a := assembler{lang: lang, ids: map[string]int{}, part: "pre", out: Import{Remarks: remarks}}
	all = joinTitles(all)
	for i := range all {
		if len(a.out.Segments) >= jisr.MaxSegments {
			a.remark(RemarkMany, "", "")
			break
		}
		a.paragraph(&all[i])
	}
	if len(a.out.Segments) == 0 {
		return nil, jisr.Refuse(jisr.Missing, "text")
	}
	a.sides()
	return &a.out, nil
}

// joinTitles puts the title of an article that stands on a line of its own, below "Article 5", on the line of its number.
func joinTitles(all []read) []read {
	var out []read
	for i := 0; i < len(all); i++ {
		r := all[i]
		j := i + 1 // past empty lines
		for j < len(all) && all[j].blank() {
			j++
		}
		if j+1 < len(all) && r.lone() && all[j].titles(&r) && slices.ContainsFunc(all[j+1:], func(next read) bool { return !next.blank() }) {
			title := all[j]
			r.text += ": " + title.text
			r.beside = slices.Clone(r.beside)
			for k := range r.beside {
				r.beside[k].text += ": " + title.beside[k].text
			}
			i = j
		}
		out = append(out, r)
	}
	return out
}

func (r *read) blank() bool { return strings.TrimSpace(r.text) == "" && len(r.beside) == 0 }

// headed is a paragraph with the number its program shows before it.
func (r *read) headed() string {
	text, _ := canonical(languageOf(r.text, ""), r.text)
	if label, _ := canonical("", r.label); label != "" && !strings.HasPrefix(text, label) {
		return label + " " + text
	}
	return text
}

// lone tells the heading of an article that has a number and no title, in every language beside it.
func (r *read) lone() bool {
	_, title, ok := readArticle(r.headed())
	return ok && title == "" && !slices.ContainsFunc(r.beside, func(b read) bool { return !b.lone() })
}

// titles tells whether a line can be the title of the heading above it: a few words that end like no sentence.
func (r *read) titles(above *read) bool {
	s := r.headed()
	_, _, article := readArticle(s)
	_, _, _, item := readItem(s)
	if s == "" || article || item || isChapter(s) || isAnnex(s) || isTestimony(s) || len(strings.Fields(s)) > maxTitleWords || strings.ContainsAny(s[len(s)-1:], ".,;:") || strings.HasSuffix(s, "،") || strings.HasSuffix(s, "؛") {
		return false
	}
	return len(r.beside) == len(above.beside) && !slices.ContainsFunc(r.beside, func(b read) bool { return !b.titles(&read{}) })
}

func (a *assembler) remark(kind, segment, detail string) {
	for i := range a.out.Remarks {
		if r := &a.out.Remarks[i]; r.Kind == kind && r.Segment == segment && r.Detail == detail {
			r.Count++
			return
		}
	}
	if len(a.out.Remarks) < maxRemarks {
		a.out.Remarks = append(a.out.Remarks, Remark{Kind: kind, Segment: segment, Detail: detail, Count: 1})
	}
}

// paragraph makes a segment of one paragraph, or of a row of paragraphs in several languages.
func (a *assembler) paragraph(r *read) {
	lang := a.lang
	if len(r.beside) > 0 {
		lang = languageOf(r.text, a.lang)
	}
	text, _ := canonical(lang, r.text)
	label, _ := canonical(lang, r.label)
	if text == "" {
		return
	}
	kind, number, text := a.classify(text, label, r.level)
	s := jisr.Segment{ID: a.id(kind, number), Kind: kind, Number: number, Text: jisr.Text{}}
	rest := a.put(&s, lang, text)
	for i := range r.beside {
		other := languageOf(r.beside[i].text, a.lang)
		if s.Text[other] != "" {
			continue
		}
		said, _ := canonical(other, r.beside[i].text)
		if _, _, bare := a.classify(said, "", r.beside[i].level); bare != "" {
			said = bare
		}
		a.put(&s, other, said)
	}
	a.out.Segments = append(a.out.Segments, s)
	for rest != "" && len(a.out.Segments) < jisr.MaxSegments {
		more := jisr.Segment{ID: a.id(jisr.SegmentParagraph, ""), Kind: jisr.SegmentParagraph, Text: jisr.Text{}}
		rest = a.put(&more, lang, rest)
		a.out.Segments = append(a.out.Segments, more)
	}
}

// put gives a segment its wording in a language. What is longer than a segment may be is cut at the end of a sentence; the
// rest comes back.
func (a *assembler) put(s *jisr.Segment, lang, text string) (rest string) {
	if text == "" {
		return ""
	}
	if _, bad := canonical(lang, text); bad != 0 {
		a.remark(RemarkBad, s.ID, fmt.Sprintf("U+%04X", bad))
	}
	runes := []rune(text)
	if len(runes) <= jisr.MaxSegmentText {
		s.Text[lang] = text
		return ""
	}
	a.remark(RemarkLong, s.ID, lang)
	cut := jisr.MaxSegmentText
	for i := cut - 1; i > cut/2; i-- {
		if runes[i] == '.' {
			cut = i + 1
			break
		}
	}
	s.Text[lang] = strings.TrimSpace(string(runes[:cut]))
	return strings.TrimSpace(string(runes[cut:]))
}

// classify says what a paragraph is in the text, with its number and without what only said so.
func (a *assembler) classify(text, label string, level int) (jisr.SegmentKind, string, string) {
	headed := text
	if label != "" && !strings.HasPrefix(text, label) {
		headed = label + " " + text
	}
	if number, title, ok := readArticle(headed); ok {
		return jisr.SegmentArticle, number, or(title, headed)
	}
	switch {
	case isChapter(headed):
		return jisr.SegmentChapter, "", headed
	case isAnnex(text):
		return jisr.SegmentAnnex, "", text
	case isTestimony(text):
		return jisr.SegmentTestimony, "", text
	case len(a.out.Segments) == 0:
		return jisr.SegmentTitle, "", text
	case level > 0 && !a.body && level == 1 && onlyTitles(a.out.Segments):
		return jisr.SegmentTitle, "", text
	case level > 0:
		return jisr.SegmentChapter, "", headed
	}
	if number, rest, item, ok := readItem(headed); ok {
		if item {
			return jisr.SegmentItem, number, rest
		}
		return jisr.SegmentParagraph, number, rest
	}
	if !a.body {
		return jisr.SegmentPreamble, "", text
	}
	return jisr.SegmentParagraph, "", text
}

func onlyTitles(all []jisr.Segment) bool {
	return !slices.ContainsFunc(all, func(s jisr.Segment) bool { return s.Kind != jisr.SegmentTitle })
}

// id gives a segment its name: after the article it belongs to and the order in which it came. From then on the name
// stays, wherever the segment goes.
func (a *assembler) id(kind jisr.SegmentKind, number string) string {
	stem := a.part
	switch kind {
	case jisr.SegmentTitle:
		return a.next("title")
	case jisr.SegmentArticle:
		a.part, a.body = a.next("art-"+number), true
		return a.part
	case jisr.SegmentChapter:
		a.body = true
		a.part = a.next("chp-" + strconv.Itoa(a.ids["chp"]+1))
		a.ids["chp"]++
		return a.part
	case jisr.SegmentAnnex:
		a.body = true
		a.part = a.next("annex-" + strconv.Itoa(a.ids["annex"]+1))
		a.ids["annex"]++
		return a.part
	case jisr.SegmentTestimony:
		a.part, a.body = "end", true
		return a.next("end")
	}
	a.ids[stem+"-p"]++
	return stem + "-p" + strconv.Itoa(a.ids[stem+"-p"])
}

// next makes a name the only one of its kind.
func (a *assembler) next(stem string) string {
	a.ids["="+stem]++
	if n := a.ids["="+stem]; n > 1 {
		return stem + "-" + strconv.Itoa(n)
	}
	return stem
}

// sides remarks where a language is missing that another segment has.
func (a *assembler) sides() {
	langs := map[string]bool{}
	for _, s := range a.out.Segments {
		for l := range s.Text {
			langs[l] = true
		}
	}
	for _, s := range a.out.Segments {
		for _, l := range sortedKeys(langs) {
			if s.Text[l] == "" {
				a.remark(RemarkOneSided, s.ID, l)
			}
		}
	}
}

// languageOf tells Arabic from Latin script by what most letters are; otherwise it is the language given.
func languageOf(s, otherwise string) string {
	arabic, latin := 0, 0
	for _, r := range s {
		switch {
		case unicode.Is(unicode.Arabic, r):
			arabic++
		case unicode.Is(unicode.Latin, r):
			latin++
		}
	}
	switch {
	case arabic > latin && otherwise != "fa" && otherwise != "ckb" && otherwise != "ur":
		return "ar"
	case latin > arabic && (otherwise == "ar" || otherwise == ""):
		return "en"
	}
	return otherwise
}

// Onto gives segments the names that the same segments have in an earlier text, so that what points at them still does,
// and keeps the wordings of languages that were not read. A segment is the same when its wording is, when it heads the
// article of the same number, or when it stands at the same place between two that are the same.
func (i *Import) Onto(old []jisr.Segment) {
	m := matcher{old: old, to: make([]int, len(i.Segments)), taken: make([]bool, len(old))}
	for n := range m.to {
		m.to[n] = -1
	}
	m.byWording(i.Segments)
	m.byArticle(i.Segments)
	m.between(i.Segments)
	used := map[string]bool{}
	for n := range old {
		used[old[n].ID] = true
	}
	for n := range i.Segments {
		s := &i.Segments[n]
		if at := m.to[n]; at >= 0 {
			s.ID = old[at].ID
			for lang, text := range old[at].Text {
				if s.Text[lang] == "" {
					s.Text[lang] = text
				}
			}
			continue
		}
		stem := s.ID
		for k := 2; used[s.ID]; k++ {
			s.ID = stem + "-" + strconv.Itoa(k)
		}
		used[s.ID] = true
	}
	i.Remarks = slices.DeleteFunc(i.Remarks, func(r Remark) bool { return r.Segment != "" })
	a := assembler{out: *i}
	a.sides()
	i.Remarks = a.out.Remarks
}

// matcher finds which segments of an earlier text those of a new one are.
type matcher struct {
	old   []jisr.Segment
	to    []int // by new segment; -1: none
	taken []bool
}

func (m *matcher) match(n, o int) {
	m.to[n], m.taken[o] = o, true
}

func (m *matcher) byWording(all []jisr.Segment) {
	at := map[string][]int{}
	for o := range m.old {
		for _, lang := range sortedKeys(m.old[o].Text) {
			key := lang + " " + string(m.old[o].Kind) + " " + m.old[o].Text[lang]
			at[key] = append(at[key], o)
		}
	}
	for n := range all {
		for _, lang := range sortedKeys(all[n].Text) {
			key := lang + " " + string(all[n].Kind) + " " + all[n].Text[lang]
			for len(at[key]) > 0 && m.taken[at[key][0]] {
				at[key] = at[key][1:]
			}
			if len(at[key]) > 0 && m.to[n] < 0 {
				m.match(n, at[key][0])
			}
		}
	}
}

func (m *matcher) byArticle(all []jisr.Segment) {
	at := map[string]int{}
	for o := range m.old {
		if s := &m.old[o]; s.Kind == jisr.SegmentArticle && s.Number != "" && !m.taken[o] {
			at[s.Number] = o
		}
	}
	for n := range all {
		if s := &all[n]; s.Kind == jisr.SegmentArticle && m.to[n] < 0 {
			if o, ok := at[s.Number]; ok && !m.taken[o] {
				m.match(n, o)
			}
		}
	}
}

// between matches what stands at the same place after the same segment, while it is of the same kind.
func (m *matcher) between(all []jisr.Segment) {
	for n := range all {
		o := -1
		if n > 0 {
			o = m.to[n-1]
		}
		if o++; m.to[n] < 0 && (n == 0 || m.to[n-1] >= 0) && o < len(m.old) && !m.taken[o] && m.old[o].Kind == all[n].Kind {
			m.match(n, o)
		}
	}
}
