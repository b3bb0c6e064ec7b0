package book

import (
	"errors"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxWord is the longest word that is indexed, in bytes: a hostile text must not fill the index with one.
const maxWord = 200

// stems gives a text as the search index takes it: the stems of its words, a space between. SQLite only splits
// at spaces, so all that makes a word findable is decided here, the same for texts and for searches, and a book
// can be read by any SQLite.
func stems(text string) string {
	to := make([]byte, 0, len(text)+1)
	start := 0 // of the word that is being written
	for _, r := range text {
		in := inWord(r)
		if !in || len(to)-start >= maxWord {
			to, start = endWord(to, start)
		}
		if in {
			if r = foldRune(r); r >= 0 {
				to = utf8.AppendRune(to, r)
			}
		}
	}
	to, _ = endWord(to, start)
	return string(to)
}

func endWord(to []byte, start int) ([]byte, int) {
	if len(to) > start {
		to = append(trim(to, start), ' ')
	}
	return to, len(to)
}

// words calls yield for every run of letters, marks and digits in text.
func words(text string, yield func(start, end int) error) error {
	start := -1
	for i, r := range text {
		if inWord(r) && (start < 0 || i-start < maxWord) {
			if start < 0 {
				start = i
			}
			continue
		}
		if start >= 0 {
			if err := yield(start, i); err != nil {
				return err
			}
			start = -1
		}
		if inWord(r) {
			start = i
		}
	}
	if start >= 0 {
		return yield(start, len(text))
	}
	return nil
}

func inWord(r rune) bool {
	switch {
	case r < 0x80:
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
	case r >= 'ء' && r <= 'غ' || r >= 'ـ' && r <= '٩': // most of Arabic, without asking the tables
		return r != '٪'
	}
	return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.Is(unicode.Mn, r) || r == 'ـ')
}

// A search reads maxSearch bytes and maxTerms words of what was typed.
const (
	maxSearch = 4096
	maxTerms  = 16
)

// term is what a word searched for is found by.
type term string

// terms gives the words of a search.
func terms(search string) []term {
	var all []term
	if len(search) > maxSearch {
		search = search[:maxSearch]
	}
	for _, w := range strings.FieldsFunc(search, func(r rune) bool { return !inWord(r) }) {
		if len(w) > maxWord {
			w = strings.ToValidUTF8(w[:maxWord], "")
		}
		if s := Stem(w); s != "" && len(all) < maxTerms {
			all = append(all, term(s))
		}
	}
	return all
}

// match writes the FTS5 query for a search: every stem, and also what begins with it where open says so. Stems
// hold letters and digits only, so what a user types is never query language.
func match(search string) string {
	return matchAll(search, term.open)
}

// matchExactly is match for the stems alone. FTS5 steps through the rows of one stem; of all that begin with it, it gathers
// every row before it gives the first.
func matchExactly(search string) string {
	return matchAll(search, func(term) bool { return false })
}

func matchAll(search string, open func(term) bool) string {
	var b strings.Builder
	for _, t := range terms(search) {
		b.WriteString(`"` + string(t) + `"`)
		if open(t) {
			b.WriteByte('*')
		}
		b.WriteByte(' ')
	}
	return b.String()
}

// maxOpened is how many stems that begin with one word are looked up.
const maxOpened = 64

// opened writes the FTS5 query for a search in an index with, for every open word, the stems there that begin with it: FTS5 steps
// through the rows of several stems as of one. It is empty where nothing begins so; and where too much does, it is match.
func (c *conn) opened(index, search string) (string, error) {
	var parts []string
	for _, t := range terms(search) {
		all := []string{string(t)}
		if t.open() {
			var err error
			if all, err = c.beginning(index, string(t)); err != nil || len(all) == 0 {
				return "", err
			}
			if len(all) > maxOpened {
				return match(search), nil
			}
		}
		parts = append(parts, `("`+strings.Join(all, `" OR "`)+`")`)
	}
	return strings.Join(parts, " AND "), nil
}

// beginning lists the stems of an index that begin with some letters, one more than maxOpened at most. It leaps from each to the
// next, without a look at the rows of any.
func (c *conn) beginning(index, letters string) (all []string, err error) {
	for from := letters; len(all) <= maxOpened; {
		var next string
		err := c.one(`SELECT term FROM temp.`+index+`_stem WHERE term>=? LIMIT 1`, []any{from}, &next)
		if errors.Is(err, errNoRow) || err == nil && !strings.HasPrefix(next, letters) {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		all, from = append(all, next), next+"\x00"
	}
	return all, nil
}

// open tells whether a term also finds longer words: not a short one, and not a number.
func (t term) open() bool {
	return utf8.RuneCountInString(string(t)) >= minStem && !strings.ContainsAny(string(t), "0123456789")
}

func (t term) finds(stem string) bool {
	return stem == string(t) || t.open() && strings.HasPrefix(stem, string(t))
}

// Matches gives the parts of text that a search finds, for a face to mark: plain text in, places out, never
// markup. It reads at most a note's length.
func Matches(search, text string) []Range {
	want := terms(search)
	var found []Range
	if len(want) == 0 {
		return nil
	}
	_ = words(text, func(start, end int) error { // the callback fails never
		stem := Stem(text[start:end])
		for _, t := range want {
			if t.finds(stem) {
				found = append(found, Range{start, end})
				break
			}
		}
		return nil
	})
	return found
}

// holdsAny tells whether a text holds one of the words of a search.
func holdsAny(search, text string) bool {
	want := terms(search)
	err := words(text, func(start, end int) error {
		if stem := Stem(text[start:end]); slices.ContainsFunc(want, func(t term) bool { return t.finds(stem) }) {
			return errEnough
		}
		return nil
	})
	return err != nil
}

// Snippet gives about size characters of text around the first match, cut at words, and the matches in it;
// without a match, the beginning.
func Snippet(search, text string, size int) (string, []Range) {
	from, found := 0, Matches(search, text)
	if len(found) > 0 {
		from = before(text, found[0].Start, size/3)
	}
	to := len(text)
	count := 0
	for i := range text[from:] {
		if count++; count > size {
			to = from + i
			break
		}
	}
	if cut := strings.LastIndexAny(text[from:to], " \n\t"); to < len(text) && cut > 0 {
		to = from + cut
	}
	var in []Range
	for _, r := range found {
		if r.Start >= from && r.End <= to {
			in = append(in, Range{r.Start - from, r.End - from})
		}
	}
	return text[from:to], in
}

// before gives the beginning of a word about n characters before at.
func before(text string, at, n int) int {
	from := at
	for ; n > 0 && from > 0; n-- {
		_, size := utf8.DecodeLastRuneInString(text[:from])
		from -= size
	}
	if from == 0 {
		return 0
	}
	if cut := strings.IndexAny(text[from:at], " \n\t"); cut >= 0 {
		return from + cut + 1
	}
	return at
}
