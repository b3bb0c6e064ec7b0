package paper

import (
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// How the parts of a treaty name themselves, in Arabic and English. What is read here is only proposed: an official sees
// it before anything is kept.

// readArticle reads the heading of an article: "المادة ٥: الغرض", "المادة الخامسة", "Article V – Purpose", "مادة (5)".
func readArticle(s string) (number, title string, ok bool) {
	rest, found := cutWord(s, "المادة", "مادة", "article", "art.")
	if !found {
		return "", "", false
	}
	number, rest, ok = readNumber(rest)
	if !ok {
		return "", "", false
	}
	title = strings.TrimLeft(rest, " \t")
	trimmed := strings.TrimLeft(title, ":.-–—،) ")
	if title != "" && trimmed == title && !strings.HasPrefix(rest, " ") {
		return "", "", false // "Article 5bis": a number of another kind
	}
	// A sentence that only begins with these words is no heading: "Article 5 applies to …".
	if trimmed == title && title != "" && !titled(title) {
		return "", "", false
	}
	return number, strings.TrimSpace(trimmed), true
}

// titled tells a heading after a bare number from the rest of a sentence.
func titled(s string) bool {
	first := []rune(s)[0]
	return len(strings.Fields(s)) <= 12 && !strings.HasSuffix(s, ".") && (unicode.IsUpper(first) || unicode.Is(unicode.Arabic, first) && strings.HasPrefix(s, "ال"))
}

// isChapter tells the heading of a chapter or part.
func isChapter(s string) bool {
	rest, found := cutWord(s, "الباب", "الفصل", "القسم", "chapter", "part", "section")
	if !found || len(strings.Fields(s)) > 14 {
		return false
	}
	_, _, ok := readNumber(rest)
	return ok
}

// isAnnex tells the heading of an annex.
func isAnnex(s string) bool {
	_, found := cutWord(s, "الملحق", "ملحق", "المرفق", "مرفق", "annex", "appendix")
	return found && len(strings.Fields(s)) <= 14
}

// isTestimony tells the closing words: done at …, in witness whereof.
func isTestimony(s string) bool {
	bare := strings.Map(func(r rune) rune {
		if r >= 0x064b && r <= 0x0652 {
			return -1
		}
		return r
	}, strings.ToLower(s))
	return slices.ContainsFunc([]string{"حرر في", "حررت في", "حرر هذا", "وإثباتا", "إثباتا لما", "واشهادا", "وإشهادا", "in witness whereof", "done at", "done in"}, func(p string) bool { return strings.HasPrefix(bare, p) })
}

// cutWord takes one of the words from the front, whatever its case, when something follows it.
func cutWord(s string, words ...string) (rest string, found bool) {
	for _, w := range words {
		if len(s) >= len(w) && strings.EqualFold(s[:len(w)], w) {
			rest = s[len(w):]
			if rest == "" || strings.HasPrefix(rest, " ") || strings.HasPrefix(rest, "(") || strings.HasPrefix(rest, ":") {
				return strings.TrimLeft(rest, " "), true
			}
		}
	}
	return s, false
}

// readNumber reads a number at the front: digits, a Roman number, an Arabic ordinal, bare or in brackets.
func readNumber(s string) (number, rest string, ok bool) {
	if inner, after, found := strings.Cut(strings.TrimPrefix(s, "("), ")"); found && strings.HasPrefix(s, "(") {
		number, left, ok := readNumber(strings.TrimSpace(inner))
		return number, after, ok && left == ""
	}
	digits := len(s) - len(strings.TrimLeft(s, "0123456789"))
	if digits > 0 && digits <= 4 {
		return strings.TrimLeft(s[:digits-1], "0") + s[digits-1:digits], s[digits:], true
	}
	word := s
	if i := strings.IndexAny(s, " :.-–—،"); i >= 0 {
		word = s[:i]
	}
	if n := roman(word); n > 0 {
		return strconv.Itoa(n), s[len(word):], true
	}
	n, used := ordinal(s)
	return strconv.Itoa(n), s[used:], n > 0
}

// roman reads a Roman number in capitals.
func roman(s string) int {
	if s == "" || len(s) > 9 || strings.Trim(s, "IVXLC") != "" {
		return 0
	}
	values := map[byte]int{'I': 1, 'V': 5, 'X': 10, 'L': 50, 'C': 100}
	total := 0
	for i := range len(s) {
		v := values[s[i]]
		if i+1 < len(s) && values[s[i+1]] > v {
			v = -v
		}
		total += v
	}
	return total
}

// ordinal reads an Arabic ordinal from first to ninety-ninth, and tells how many bytes it took.
func ordinal(s string) (n, used int) {
	units := []string{"الأولى", "الثانية", "الثالثة", "الرابعة", "الخامسة", "السادسة", "السابعة", "الثامنة", "التاسعة", "العاشرة"}
	tens := []string{"", "العشرون", "الثلاثون", "الأربعون", "الخمسون", "الستون", "السبعون", "الثمانون", "التسعون"}
	masculine := []string{"الأول", "الثاني", "الثالث", "الرابع", "الخامس", "السادس", "السابع", "الثامن", "التاسع", "العاشر"}
	first, rest := word(s)
	if i := slices.Index(tens, first); i > 0 {
		return 10 * (i + 1), len(first)
	}
	unit := slices.Index(units, first) + 1
	if unit == 0 {
		unit = slices.Index(masculine, first) + 1
	}
	if first == "الحادية" || first == "الحادي" {
		unit = 1
	}
	if unit == 0 {
		return 0, 0
	}
	second, _ := word(rest)
	to := len(s) - len(rest) + len(second)
	switch {
	case second == "عشرة" || second == "عشر":
		return 10 + unit, to
	case strings.HasPrefix(second, "و") && slices.Index(tens, strings.TrimPrefix(second, "و")) > 0:
		return 10*(slices.Index(tens, strings.TrimPrefix(second, "و"))+1) + unit, to
	case first == "الحادية" || first == "الحادي":
		return 0, 0
	}
	return unit, len(first)
}

// word is the first word of s, and what follows after spaces.
func word(s string) (first, rest string) {
	i := strings.IndexAny(s, " :.-–—،()")
	if i < 0 {
		return s, ""
	}
	return s[:i], strings.TrimLeft(s[i:], " ")
}

// readItem reads what stands before an item or numbered paragraph: "(a)", "أ-", "1.", "•". Arabic letters count as abjad:
// أ is a, ب is b.
func readItem(s string) (number, rest string, item, ok bool) {
	trimmed := strings.TrimLeft(s, "(")
	head, tail := trimmed, ""
	if i := strings.IndexAny(trimmed, ").-–"); i > 0 && i <= 8 {
		head, tail = strings.TrimSpace(trimmed[:i]), strings.TrimLeft(trimmed[i:], ").-– ")
	}
	switch {
	case strings.HasPrefix(s, "•"), strings.HasPrefix(s, "– "), strings.HasPrefix(s, "- "), strings.HasPrefix(s, "· "), strings.HasPrefix(s, "▪"):
		_, rest, _ := strings.Cut(s, " ")
		return "", strings.TrimSpace(rest), true, strings.TrimSpace(rest) != ""
	case tail == "" || tail == s || head == "":
		return "", s, false, false
	}
	if strings.Trim(head, "0123456789") == "" && len(head) <= 3 && !strings.HasPrefix(tail, head) {
		if startsWithDigit(strings.TrimPrefix(trimmed, head)[1:]) {
			return "", s, false, false // 1.5, 2-3
		}
		return strings.TrimLeft(head, "0"), tail, false, strings.TrimLeft(head, "0") != ""
	}
	if letter := itemLetter(head); letter != "" {
		return letter, tail, true, true
	}
	return "", s, false, false
}

func startsWithDigit(s string) bool { return s != "" && s[0] >= '0' && s[0] <= '9' }

func itemLetter(head string) string {
	r := []rune(head)
	if len(r) == 2 && r[1] == 'ـ' {
		r = r[:1]
	}
	if len(r) != 1 {
		return ""
	}
	if r[0] >= 'a' && r[0] <= 'z' {
		return string(r[0])
	}
	if i := strings.IndexRune("أبجدهوزحطيكلمنسعفصقرشت", r[0]); i >= 0 {
		return string(rune('a' + i/2)) // each of these letters has two bytes
	}
	if r[0] == 'ا' {
		return "a"
	}
	return ""
}
