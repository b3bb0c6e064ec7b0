package book

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Normalise folds away what writers of Arabic vary without meaning another word: vowel marks and tatweel go,
// the forms of alef, yeh, heh and hamza carriers become one, digits become 0 to 9, letters lower case.
func Normalise(word string) string {
	var b strings.Builder
	b.Grow(len(word))
	for _, r := range word {
		if r = foldRune(r); r >= 0 {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// foldRune gives what a letter counts as, -1 for nothing.
func foldRune(r rune) rune {
	switch {
	case r < 0x80:
		if r >= 'A' && r <= 'Z' {
			r += 'a' - 'A'
		}
		return r
	case r >= 'ء' && r <= 'ي':
		return foldArabic(r)
	case r >= '٠' && r <= '٩':
		return r - '٠' + '0'
	case r >= '۰' && r <= '۹':
		return r - '۰' + '0'
	case r == 'ٱ':
		return 'ا'
	case r == 'ی': // Farsi yeh and keheh, which some keyboards of the region give
		return 'ي'
	case r == 'ک':
		return 'ك'
	case unicode.Is(unicode.Mn, r):
		return -1
	}
	return unicode.ToLower(r)
}

func foldArabic(r rune) rune {
	switch r {
	case 'أ', 'إ', 'آ':
		return 'ا'
	case 'ى', 'ئ':
		return 'ي'
	case 'ة':
		return 'ه'
	case 'ؤ':
		return 'و'
	case 'ـ': // tatweel
		return -1
	}
	return r
}

// Stem gives what a word is found by: normalised, without article, conjunction and the commonest endings, as
// the light10 stemmer does (Larkey, Ballesteros, Connell 2007); of English words only the plural goes.
func Stem(word string) string {
	var to []byte
	for _, r := range word {
		if r = foldRune(r); r >= 0 {
			to = utf8.AppendRune(to, r)
		}
	}
	return string(trim(to, 0))
}

// trim makes a stem of the normalised word that begins at start.
func trim(to []byte, start int) []byte {
	w := to[start:]
	switch {
	case len(w) == 0:
		return to
	case w[0] < 0x80:
		return append(to[:start], stemEnglish(string(w))...)
	}
	n := copy(w, trimEndings(trimArticle(w)))
	return to[:start+n]
}

// minStem is how many letters an ending must leave, so that short words stay what they are.
const minStem = 3

func trimArticle(w []byte) []byte {
	n := letters(w)
	if n > 4 && hasPrefix(w, "و") {
		w, n = w[len("و"):], n-1
	}
	for _, p := range [...]string{"ال", "بال", "كال", "فال", "لل"} {
		if hasPrefix(w, p) {
			if n-len(p)/2 >= minStem {
				w = w[len(p):]
			}
			break
		}
	}
	return w
}

// letters counts the letters of a word that is UTF-8: the bytes that begin one.
func letters(w []byte) (n int) {
	for _, c := range w {
		if c&0xc0 != 0x80 {
			n++
		}
	}
	return n
}

func trimEndings(w []byte) []byte {
	n := letters(w)
	for _, s := range [...]string{"ها", "ان", "ات", "ون", "ين", "يه", "ه", "ي"} {
		if left := n - len(s)/2; left >= minStem && hasSuffix(w, s) { // these letters have two bytes each
			w, n = w[:len(w)-len(s)], left
		}
	}
	return w
}

func hasPrefix(w []byte, p string) bool { return len(w) >= len(p) && string(w[:len(p)]) == p }

func hasSuffix(w []byte, s string) bool { return len(w) >= len(s) && string(w[len(w)-len(s):]) == s }

// stemEnglish takes the plural away (the S stemmer of Harman 1991).
func stemEnglish(w string) string {
	switch {
	case len(w) <= minStem:
		return w
	case strings.HasSuffix(w, "ies") && !strings.HasSuffix(w, "eies") && !strings.HasSuffix(w, "aies"):
		return w[:len(w)-3] + "y"
	case strings.HasSuffix(w, "s") && !strings.HasSuffix(w, "us") && !strings.HasSuffix(w, "ss"):
		return w[:len(w)-1]
	}
	return w
}
