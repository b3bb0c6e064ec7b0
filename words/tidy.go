package words

import (
	"strconv"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// Tidy brings a wording into the one form in which texts of agreements are hashed: NFC, no tatweel, no direction marks, one
// form of each letter in its language, European digits, single spaces. It changes nothing a reader would call different.
func Tidy(lang, s string) string {
	s = onlyForms(s)
	eastern := lang == "fa" || lang == "ckb" || lang == "ku" || lang == "ur"
	s = strings.Map(func(r rune) rune { return tidyRune(r, eastern) }, s)
	return norm.NFC.String(strings.Join(strings.Fields(s), " "))
}

// onlyForms writes ligatures and presentation forms of Arabic in plain letters and spaces of any width as spaces. Of other
// characters compatibility normalisation would change what they say (a raised 2 is no 2), so they stay.
func onlyForms(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r >= 0xfb50 && r <= 0xfdff, r >= 0xfe70 && r <= 0xfefc:
			b.WriteString(norm.NFKC.String(string(r)))
		case r == 0xa0, r >= 0x2000 && r <= 0x200a, r == 0x202f, r == 0x205f, r == 0x3000:
			b.WriteByte(' ')
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

func tidyRune(r rune, eastern bool) rune {
	switch {
	case r == 0x0640, r == 0x061c, r >= 0x200b && r <= 0x200f, r >= 0x202a && r <= 0x202e, r >= 0x2060 && r <= 0x2064, r == 0xfeff, r == 0xad:
		return -1 // tatweel, direction marks, what has no width
	case r >= 0x0660 && r <= 0x0669:
		return '0' + r - 0x0660
	case r >= 0x06f0 && r <= 0x06f9:
		return '0' + r - 0x06f0
	case !eastern && r == 0x06cc:
		return 0x064a
	case !eastern && r == 0x06a9:
		return 0x0643
	case !eastern && (r == 0x06c1 || r == 0x06be || r == 0x06d5):
		return 0x0647
	case eastern && r == 0x064a:
		return 0x06cc
	case eastern && r == 0x0643:
		return 0x06a9
	}
	return r
}

// Clause writes one paragraph of final clauses from its template, in the form texts of agreements have. months, days, count
// are named in the template with their unit; date is a day; other is the name of a language.
func (l *Lang) Clause(key string, months, days, count int, date, other string) string {
	text := l.T("clause."+key, "months", Raw(l.N("unit.month", months)), "days", Raw(l.N("unit.day", days)), "count", Raw(strconv.Itoa(count)),
		"date", Raw(l.Day(date)), "language", Raw(other))
	return Tidy(l.Tag(), strings.NewReplacer("\u2068", "", "\u2069", "").Replace(text))
}
