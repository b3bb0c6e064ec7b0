package book_test

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"jisr/book"
)

// What one spells, another searches: each pair must meet in one stem.
func TestWritersAndReadersMeet(t *testing.T) {
	for _, c := range [][2]string{
		{"الاتّفاقيّة", "اتفاقيه"},
		{"الإتفاقيه", "اتفاقية"},
		{"اتفاقيات", "الاتفاقية"},
		{"للشاحنات", "شاحنة"},
		{"والشاحنات", "شاحنة"},
		{"بالمنافذ", "منافذ"},
		{"المعبر", "معبر"},
		{"الحدودية", "حدود"},
		{"مـــذكرة", "المذكرات"},
		{"مُذَكِّرَة", "مذكرة"},
		{"٢٠٢٦", "2026"},
		{"۲۰۲۶", "2026"},
		{"سوریا", "سوريا"},
		{"مسؤول", "مسوول"},
		{"Notes", "note"},
		{"COMMITTEES", "committee"},
		{"ministries", "Ministry"},
	} {
		if a, b := book.Stem(c[0]), book.Stem(c[1]); a != b {
			t.Errorf("%s is found by %q, %s by %q", c[0], a, c[1], b)
		}
	}
}

func TestDifferentWordsStayApart(t *testing.T) {
	for _, c := range [][2]string{
		{"وزير", "زير"},    // the conjunction is taken off longer words only
		{"ماء", "ميناء"},   //
		{"عبور", "عبر"},    // no roots: they would find too much
		{"2026", "2025"},   //
		{"status", "stat"}, //
		{"iq", "iqs"},      //
	} {
		if a, b := book.Stem(c[0]), book.Stem(c[1]); a == b {
			t.Errorf("%s and %s are both found by %q", c[0], c[1], a)
		}
	}
}

func TestMatchesMarksWordsAsWritten(t *testing.T) {
	text := "وقّع الطرفان الاتّفاقيّة بشأن المنافذ (٢٠٢٦) and its annexes."
	for search, want := range map[string][]string{
		"اتفاقيه":      {"الاتّفاقيّة"},
		"2026":         {"٢٠٢٦"},
		"منافذ annex":  {"المنافذ", "annexes"},
		"":             nil,
		"\"' OR * --":  nil,
		"شاحنة":        nil,
		"طرف":          {"الطرفان"},
		"«الاتفاقية»،": {"الاتّفاقيّة"},
	} {
		var got []string
		for _, r := range book.Matches(search, text) {
			got = append(got, text[r.Start:r.End])
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q finds %q, want %q", search, got, want)
		}
	}
}

func FuzzMatches(f *testing.F) {
	f.Add("اتفاقيه", "وقّع الطرفان الاتّفاقيّة")
	f.Add("2026", "٢٠٢٦\xff٢٠٢٦")
	f.Add("ـ", "ـــ\u064b\u064b")
	f.Add(strings.Repeat("ا", 300), strings.Repeat("ا", 300))
	f.Fuzz(func(t *testing.T, search, text string) {
		last := 0
		for _, r := range book.Matches(search, text) {
			if r.Start < last || r.End <= r.Start || r.End > len(text) {
				t.Fatalf("range %v after %d of %d bytes", r, last, len(text))
			}
			if utf8.ValidString(text) && !utf8.ValidString(text[r.Start:r.End]) {
				t.Fatalf("%q cuts a letter", text[r.Start:r.End])
			}
			last = r.End
		}
		if s := book.Normalise(text); utf8.ValidString(text) && book.Normalise(s) != s {
			t.Errorf("%q normalised twice is %q", s, book.Normalise(s))
		}
	})
}

func BenchmarkStem(b *testing.B) {
	words := strings.Fields("تتشرف الوزارة بأن تفيد بما يأتي ازدادت حركة الشاحنات عبر المنفذ الحدودي بنسبة ٤٠ عما كانت عليه في الموسم السابق committees crossings")
	for b.Loop() {
		for _, w := range words {
			book.Stem(w)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(words)), "ns/word")
}
