package paper

import (
	"jisr"
	"jisr/words"
)

// canonical brings a wording into the form that is hashed. bad is the first character that may not stand in a text and
// that nobody but its writer can replace; 0 when there is none.
func canonical(lang, s string) (text string, bad rune) {
	text = words.Tidy(lang, s)
	if r, ok := jisr.CanonicalString(lang, text); !ok {
		if r == 0 {
			r = '\u2069' // an isolate that does not end
		}
		return text, r
	}
	return text, 0
}
