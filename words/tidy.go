package words

import (
	"slices"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Tidy brings a wording into the one form in which texts of agreements are hashed, as far as that changes nothing that is
// read: NFC, no tatweel, no direction marks but isolates, one form of each letter in its language, European digits,
// single spaces.
func Tidy(lang, s string) string {
	eastern := slices.Contains([]string{"fa", "ckb", "ku", "ur"}, lang)
	var b strings.Builder
	for _, r := range strings.ToValidUTF8(s, "") {
		// Presentation forms of old files are written in plain letters. Of other characters compatibility normalisation
		// would change what they say (a raised 2 is no 2), so they stay.
		if r >= 0xfb50 && r <= 0xfdff || r >= 0xfe70 && r <= 0xfefc {
			b.WriteString(norm.NFKC.String(string(r)))
		} else if r = tidyRune(r, eastern); r >= 0 {
			b.WriteRune(r)
		}
	}
	return norm.NFC.String(strings.Join(strings.Fields(b.String()), " "))
}

// tidyRune gives the character a text has for one that somebody wrote; negative: none.
func tidyRune(r rune, eastern bool) rune {
	switch {
	case r >= '٠' && r <= '٩':
		return '0' + r - '٠'
	case r >= '۰' && r <= '۹':
		return '0' + r - '۰'
	case r == 'ـ', r == '\u00ad', unicode.Is(unicode.Cf, r) && (r < 0x2066 || r > 0x2069):
		return -1
	case unicode.IsSpace(r), unicode.IsControl(r):
		return ' '
	case r == 'ی' && !eastern:
		return 'ي'
	case r == 'ک' && !eastern:
		return 'ك'
	case r == 'ي' && eastern:
		return 'ی'
	case r == 'ك' && eastern:
		return 'ک'
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
