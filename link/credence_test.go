package link_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"

	"jisr/ledger"
	"jisr/link"
)

func letterOf(t testing.TB, change func(*link.Letter)) ([]byte, *ledger.Keys, error) {
	t.Helper()
	keys, err := ledger.GenerateKeys("iq.jisr.example", rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	l := link.Letter{
		Member: "iq", Origin: "iq.jisr.example", Names: map[string]string{"ar": "جمهورية العراق", "en": "Republic of Iraq"},
		Pin: [32]byte{1, 2, 3}, Addresses: []string{"jisr.mofa.example:8443", "[2001:db8::1]:8443"}, Made: time.Date(2026, 11, 24, 9, 0, 0, 5, time.UTC),
	}
	if change != nil {
		change(&l)
	}
	raw, err := link.WriteLetter(l, keys)
	return raw, keys, err
}

func TestLetterSaysWhatWasWritten(t *testing.T) {
	raw, keys, err := letterOf(t, nil)
	must(t, err)
	l, err := link.ParseLetter(raw)
	must(t, err)
	if l.Member != "iq" || l.Origin != keys.Public().Name || l.Pin != [32]byte{1, 2, 3} || len(l.Addresses) != 2 || !l.Made.Equal(time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)) {
		t.Errorf("got %+v", l)
	}
	if !bytes.Equal(l.Keys.Mirror.MLDSA44, keys.Public().Mirror.MLDSA44) || !bytes.Equal(l.Raw, raw) {
		t.Error("keys or bytes differ")
	}
	if f := l.Fingerprint(); !regexp.MustCompile(`^\d{5}( \d{5}){7}$`).MatchString(f) {
		t.Errorf("fingerprint %q", f)
	}
	again, err := link.ParseLetter(raw)
	must(t, err)
	if again.Fingerprint() != l.Fingerprint() || !again.SameKeys(l) {
		t.Error("the same letter read twice differs")
	}
	other, _, err := letterOf(t, nil)
	must(t, err)
	o, err := link.ParseLetter(other)
	must(t, err)
	if o.Fingerprint() == l.Fingerprint() || o.SameKeys(l) {
		t.Error("letters with other keys must show another fingerprint")
	}
}

func TestLetterIsNotWrittenWithWrongFields(t *testing.T) {
	for name, change := range map[string]func(*link.Letter){
		"member":    func(l *link.Letter) { l.Member = "Iraq" },
		"origin":    func(l *link.Letter) { l.Origin = "iq/x" },
		"names":     func(l *link.Letter) { delete(l.Names, "ar") },
		"addresses": func(l *link.Letter) { l.Addresses = []string{"mofa.example"} },
		"made":      func(l *link.Letter) { l.Made = time.Time{} },
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := letterOf(t, change)
			var wrong *link.LetterError
			if !errors.As(err, &wrong) || wrong.Field != name {
				t.Errorf("got %v, want an error about %s", err, name)
			}
		})
	}
}

func TestForgedLetterIsRefused(t *testing.T) {
	raw, _, err := letterOf(t, nil)
	must(t, err)
	text := string(raw)
	for name, forged := range map[string]string{
		"another pin":       strings.Replace(text, "sha256:01", "sha256:02", 1),
		"another address":   strings.Replace(text, "jisr.mofa", "jisr.evil", 1),
		"an unknown field":  strings.Replace(text, "{\n", "{\n \"x\": 1,\n", 1),
		"other white space": strings.Replace(text, "\n \"origin\"", "\n  \"origin\"", 1),
		"no signatures":     text[:strings.LastIndex(text, "\n\n")+1],
		"one signature":     text[:strings.LastIndex(text, "— ")],
		"the other one":     text[:strings.Index(text, "— ")] + text[strings.LastIndex(text, "— "):],
		"another version":   strings.Replace(text, "v1", "v2", 1),
		"nothing":           "",
		"too much":          text + strings.Repeat("x", link.MaxLetter),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := link.ParseLetter([]byte(forged))
			var wrong *link.LetterError
			if !errors.As(err, &wrong) {
				t.Errorf("got %v, want a refusal", err)
			}
		})
	}
}

func FuzzParseLetter(f *testing.F) {
	raw, _, err := letterOf(f, nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw)
	f.Add([]byte("jisr credence/v1\n{}\n\n— a b\n"))
	f.Add([]byte("jisr credence/v1\n{\"pin\":\"sha256:é\"}\n\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		l, err := link.ParseLetter(b)
		if err != nil {
			var wrong *link.LetterError
			if !errors.As(err, &wrong) {
				t.Fatalf("%T: %v", err, err)
			}
			return
		}
		if !bytes.Equal(l.Raw, b) || l.Fingerprint() == "" {
			t.Error("a letter that was read must be the letter")
		}
	})
}
