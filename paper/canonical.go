package paper

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"jisr"
)

// canonical brings a wording into the form that is hashed (practice 5.5), as far as that changes nothing that is read:
// NFC, European digits, no tatweel, no direction marks but isolates, single spaces, one form of each letter. bad is the
// first character that may not stand in a text and that nobody but its writer can replace; 0 when there is none.
func canonical(lang, s string) (text string, bad rune) {
	eastern := slices.Contains([]string{"fa", "ckb", "ku", "ur"}, lang)
	var b strings.Builder
	for _, r := range strings.ToValidUTF8(s, "") {
		switch {
		case r >= '٠' && r <= '٩':
			r = '0' + r - '٠'
		case r >= '۰' && r <= '۹':
			r = '0' + r - '۰'
		case r == 'ـ', r == '\u00ad', unicode.Is(unicode.Cf, r) && (r < 0x2066 || r > 0x2069):
			continue
		case unicode.IsSpace(r), unicode.IsControl(r):
			r = ' '
		case r == 'ی' && !eastern:
			r = 'ي'
		case r == 'ک' && !eastern:
			r = 'ك'
		case r >= 0xfb50 && r <= 0xfdff || r >= 0xfe70 && r <= 0xfeff: // presentation forms of old files
			b.WriteString(norm.NFKC.String(string(r)))
			continue
		}
		b.WriteRune(r)
	}
	text = norm.NFC.String(strings.Join(strings.Fields(b.String()), " "))
	if r, ok := jisr.CanonicalString(lang, text); !ok {
		if r == 0 {
			r = '\u2069' // an isolate that does not end
		}
		return text, r
	}
	return text, 0
}
