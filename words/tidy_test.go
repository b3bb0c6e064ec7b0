package words_test

import (
	"testing"

	"golang.org/x/text/unicode/norm"

	"jisr"
	"jisr/words"
)

// What Tidy gives is what the record accepts as canonical, for what a word processor or a keyboard gives.
func TestTidyGivesTheCanonicalForm(t *testing.T) {
	for _, c := range []struct{ lang, in, want string }{
		{"ar", "  العـــراق  وسورية ", "العراق وسورية"},
		{"ar", "المادة ٥\u200f", "المادة 5"},
		{"ar", "ت\u06ccر \u06a9تاب", "تير كتاب"},
		{"ckb", "کوردستان ي", "کوردستان ی"},
		{"ar", "مح\u0651\u064eمد", "مح\u064e\u0651مد"},
		{"ar", "ا\u0654حمد", "أحمد"},
		{"ar", "\ufefb", "لا"},
		{"en", "a\u00a0b\u202fc\n d", "a b c d"},
		{"fr", "traite\u0301", "traité"},
	} {
		got := words.Tidy(c.lang, c.in)
		if r, ok := jisr.CanonicalString(c.lang, got); got != c.want || !ok {
			t.Errorf("%q came out as %q (canonical %v, U+%04X), want %q", c.in, got, ok, r, c.want)
		}
	}
}

// The record lets nothing in that is not in NFC: its own rules are narrower than the normalisation it does not know.
func FuzzCanonicalIsNFC(f *testing.F) {
	for _, s := range []string{"مُحَمَّد", "ا\u0654", "é", "e\u0301", "\u0958", "\u1e9b", "\u2126", "\u0387", "\u0344", "\uf900", "ᄀ", "가"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, lang := range []string{"ar", "ckb", "en"} {
			if _, ok := jisr.CanonicalString(lang, s); ok && !norm.NFC.IsNormalString(s) {
				t.Errorf("%q (%x) is let in and is not in NFC", s, []rune(s))
			}
		}
	})
}

// Every character the record lets in alone is in NFC.
func TestEveryCanonicalCharacterIsNFC(t *testing.T) {
	for r := rune(0x20); r <= 0x10ffff; r++ {
		if _, ok := jisr.CanonicalString("ckb", "x"+string(r)); ok && !norm.NFC.IsNormalString("x"+string(r)) {
			t.Errorf("U+%04X", r)
		}
		if _, ok := jisr.CanonicalString("ar", string(r)); ok && !norm.NFC.IsNormalString(string(r)) {
			t.Errorf("U+%04X", r)
		}
	}
}

// Every final clause can stand in a text as it is written.
func TestFinalClausesAreCanonical(t *testing.T) {
	w := all(t)
	clauses := []jisr.Clauses{
		{Languages: []string{"ar"}, Force: jisr.ForceRule{On: jisr.ForceLastNotice, Days: 30}, Notice: 6},
		{Languages: []string{"ar", "en"}, Prevailing: "en", Force: jisr.ForceRule{On: jisr.ForceOnDate, Date: "2027-01-01", Months: 2, FirstOfMon: true}, Months: 60, Renewal: 12, Provision: true},
		{Languages: []string{"ar", "en"}, Force: jisr.ForceRule{On: jisr.ForceDepositCount, Count: 3}, Until: "2030-12-31"},
		{Languages: []string{"ar"}, Force: jisr.ForceRule{On: jisr.ForceExchange}}, {Languages: []string{"ar"}, Force: jisr.ForceRule{On: jisr.ForceSignature}},
	}
	for _, tag := range w.Tags() {
		for _, c := range clauses {
			for _, binding := range []bool{true, false} {
				for _, l := range c.Lines(binding) {
					if !w.In(tag).Has("clause."+l.Key) || !w.In(tag).Has("clause.heading."+l.Heading) {
						t.Errorf("%s has no clause %s under %s", tag, l.Key, l.Heading)
						continue
					}
					got := w.In(tag).Clause(l.Key, l.Months, l.Days, l.Count, string(l.Date), l.Lang)
					if r, ok := jisr.CanonicalString(tag, got); !ok || got == "" {
						t.Errorf("%s %s: U+%04X in %q", tag, l.Key, r, got)
					}
				}
			}
		}
	}
	for _, country := range []string{"iq", "sy", "jo"} {
		of, steps := jisr.DomesticTemplate(country)
		for _, s := range steps {
			if !w.In("ar").Has("domestic.step." + of + "." + s) {
				t.Errorf("no words for the domestic step %s of %s", s, of)
			}
		}
	}
}
