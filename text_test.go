package jisr_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"jisr"
)

// sampleText is a text in two languages, of a title and two articles.
func sampleText(change ...func(*jisr.InstrumentText)) jisr.InstrumentText {
	t := jisr.InstrumentText{Clauses: pactClauses("iq", "sy"), Names: map[jisr.MemberID]jisr.Text{
		"iq": {"ar": "جمهورية العراق", "en": "the Republic of Iraq"}, "sy": {"ar": "الجمهورية العربية السورية", "en": "the Syrian Arab Republic"}},
		Segments: []jisr.Segment{
			{ID: "title", Kind: jisr.SegmentTitle, Text: jisr.Text{"ar": "اتفاقية بين ⟦P1⟧ و⟦P2⟧", "en": "Agreement between ⟦P1⟧ and ⟦P2⟧"}},
			{ID: "art1", Kind: jisr.SegmentArticle, Number: "1", Text: jisr.Text{"ar": "الغرض", "en": "Purpose"}},
			{ID: "art1-p1", Kind: jisr.SegmentParagraph, Text: jisr.Text{"ar": "يلتزم الطرفان بتبادل البيانات. تُرسل ⟦iq⟧ الأول.", "en": "The Parties shall exchange data. ⟦iq⟧ sends first."}},
		}}
	for _, c := range change {
		c(&t)
	}
	return t
}

func TestCanonicalForm(t *testing.T) {
	for name, c := range map[string]struct {
		lang, s string
		ok      bool
	}{
		"Arabic":                       {"ar", "يلتزم الطرفان بتبادل البيانات.", true},
		"Arabic with vowel signs":      {"ar", "مُحَمَّدٌ", true},
		"shadda before the vowel":      {"ar", "مح\u0651\u064eمد", false}, // canonical order puts the vowel (30) before shadda (33)
		"the vowel before shadda":      {"ar", "مح\u064e\u0651مد", true},
		"alef and hamza apart":         {"ar", "ا\u0654حمد", false}, // U+0623 is their one character
		"tatweel":                      {"ar", "العـراق", false},
		"Persian yeh in Arabic":        {"ar", "ت\u06ccر", false},
		"Persian yeh in Kurdish":       {"ckb", "ت\u06ccر", true},
		"Arabic yeh in Kurdish":        {"ckb", "تير", false},
		"Persian kaf in Arabic":        {"ar", "\u06a9تاب", false},
		"Arabic-Indic digits":          {"ar", "المادة ٥", false},
		"European digits":              {"ar", "المادة 5", true},
		"a direction mark":             {"ar", "5\u200f %", false},
		"an isolate":                   {"ar", "المادة \u20685\u2069", true},
		"an isolate left open":         {"ar", "المادة \u20685", false},
		"an isolate closed twice":      {"ar", "المادة \u20685\u2069\u2069", false},
		"a presentation form":          {"ar", "\ufefb", false},
		"no-break space":               {"en", "a\u00a0b", false},
		"two spaces":                   {"en", "a  b", false},
		"a space first":                {"en", " a", false},
		"a space last":                 {"en", "a ", false},
		"a line break":                 {"en", "a\nb", false},
		"zero width":                   {"en", "a\u200bb", false},
		"French, composed":             {"fr", "traité", true},
		"French, apart":                {"fr", "traite\u0301", false},
		"the angstrom sign":            {"en", "\u212b", false},
		"bytes that are no characters": {"en", "a\xff", false},
		"a mark first":                 {"ar", "\u064eا", false},
	} {
		if r, ok := jisr.CanonicalString(c.lang, c.s); ok != c.ok {
			t.Errorf("%s: %v (U+%04X), want %v", name, ok, r, c.ok)
		}
	}
}

func TestTextChecks(t *testing.T) {
	parties := []jisr.MemberID{"iq", "sy"}
	for name, c := range map[string]struct {
		change func(*jisr.InstrumentText)
		want   jisr.RefusalKind
	}{
		"good":                   {func(*jisr.InstrumentText) {}, ""},
		"a segment twice":        {func(x *jisr.InstrumentText) { x.Segments = append(x.Segments, x.Segments[1]) }, jisr.Malformed},
		"a language missing":     {func(x *jisr.InstrumentText) { delete(x.Segments[1].Text, "en") }, jisr.Missing},
		"a language too many":    {func(x *jisr.InstrumentText) { x.Segments[1].Text["fr"] = "But" }, jisr.Missing},
		"an unknown token":       {func(x *jisr.InstrumentText) { x.Segments[1].Text["en"] = "⟦P3⟧" }, jisr.Malformed},
		"a token left open":      {func(x *jisr.InstrumentText) { x.Segments[1].Text["en"] = "⟦P1" }, jisr.Malformed},
		"a name missing":         {func(x *jisr.InstrumentText) { delete(x.Names, "iq") }, jisr.Missing},
		"two spaces":             {func(x *jisr.InstrumentText) { x.Segments[1].Text["en"] = "a  b" }, jisr.NotCanonical},
		"prevailing of nothing":  {func(x *jisr.InstrumentText) { x.Clauses.Prevailing = "fr" }, jisr.NotOneOf},
		"no consent of one":      {func(x *jisr.InstrumentText) { delete(x.Clauses.Consent, "sy") }, jisr.Missing},
		"an annex of no segment": {func(x *jisr.InstrumentText) { x.Annexes = map[string]jisr.AnnexRef{"annex-1": {Document: hashOf("a")}} }, jisr.NoSuch},
		"renewal without an end": {func(x *jisr.InstrumentText) { x.Clauses.Renewal = 12 }, jisr.Missing},
		"nothing":                {func(x *jisr.InstrumentText) { x.Segments = nil }, jisr.Missing},
		"force on no date":       {func(x *jisr.InstrumentText) { x.Clauses.Force = jisr.ForceRule{On: jisr.ForceOnDate} }, jisr.Malformed},
		"a month of no length":   {func(x *jisr.InstrumentText) { x.Clauses.Force.Months = -1 }, jisr.TooMany},
	} {
		x := sampleText(c.change)
		refusedAs(t, name, x.Canonical(parties), c.want)
	}
}

// A text comes back from its content only if it is the text its entry names, in the one encoding.
func TestDecodeText(t *testing.T) {
	x := sampleText()
	raw, err := x.Encode()
	need(t, err)
	hash, err := x.Hash()
	need(t, err)
	entry := jisr.TableTerms{Hash: hash, Clauses: x.Clauses}
	parties := []jisr.MemberID{"iq", "sy"}
	if got, err := jisr.DecodeText(raw, &entry, parties); err != nil || got.Segment("art1-p1") == nil {
		t.Fatalf("%+v %v", got, err)
	}
	other := entry
	other.Clauses.Notice = 3
	if _, err := jisr.DecodeText(raw, &other, parties); err == nil {
		t.Error("clauses that are not the text's pass")
	}
	other = entry
	other.Hash = hashOf("x")
	if _, err := jisr.DecodeText(raw, &other, parties); err == nil {
		t.Error("a text of another hash passes")
	}
	if _, err := jisr.DecodeText(append([]byte(" "), raw...), &entry, parties); err == nil {
		t.Error("another encoding passes")
	}
}

// Each original names its own party first; the hashes differ, and follow from the one text.
func TestAlternat(t *testing.T) {
	x := sampleText()
	parties := []jisr.MemberID{"iq", "sy"}
	iq, sy := x.Original(parties, "iq"), x.Original(parties, "sy")
	if got := iq[0].Text["en"]; got != "Agreement between the Republic of Iraq and the Syrian Arab Republic" {
		t.Error(got)
	}
	if got := sy[0].Text["en"]; got != "Agreement between the Syrian Arab Republic and the Republic of Iraq" {
		t.Error(got)
	}
	if iq[2].Text["ar"] != sy[2].Text["ar"] || !strings.Contains(iq[2].Text["ar"], "جمهورية العراق") {
		t.Errorf("a party named for good: %q, %q", iq[2].Text["ar"], sy[2].Text["ar"])
	}
	hashes, err := x.Originals(parties)
	if err != nil || len(hashes) != 2 || hashes["iq"] == hashes["sy"] {
		t.Errorf("%v %v", hashes, err)
	}
}

func TestRedline(t *testing.T) {
	old := sampleText()
	now := sampleText(func(x *jisr.InstrumentText) {
		x.Segments[2].Text["en"] = "The Parties shall exchange hourly data. ⟦iq⟧ sends first."
		x.Segments[0], x.Segments[1] = x.Segments[1], x.Segments[0]
		x.Segments = append(x.Segments, jisr.Segment{ID: "art2", Kind: jisr.SegmentArticle, Number: "2", Text: jisr.Text{"ar": "المدة", "en": "Duration"}})
	})
	var got []string
	for _, r := range old.Compare(&now) {
		got = append(got, r.ID+" "+string(r.Change))
		if r.ID == "art1-p1" {
			want := []jisr.Run{{Op: jisr.Keep, Text: "The Parties shall exchange "}, {Op: jisr.Insert, Text: "hourly "}, {Op: jisr.Keep, Text: "data. ⟦iq⟧ sends first."}}
			if !slices.Equal(r.Runs["en"], want) || r.Runs["ar"] != nil {
				t.Errorf("runs %+v", r.Runs)
			}
		}
	}
	if want := []string{"art1 moved", "title same", "art1-p1 changed", "art2 added"}; !slices.Equal(got, want) && !slices.Equal(got, []string{"art1 same", "title moved", "art1-p1 changed", "art2 added"}) {
		t.Errorf("%v", got)
	}
	for _, r := range now.Compare(&old) {
		if r.ID == "art2" && r.Change != jisr.Removed {
			t.Errorf("art2 is %s", r.Change)
		}
	}
}

// A redline gives back both wordings, whatever they are.
func FuzzDiffWords(f *testing.F) {
	f.Add("the parties shall exchange data", "the parties will exchange hourly data")
	f.Add("يلتزم الطرفان", "يتبادل الطرفان")
	f.Fuzz(func(t *testing.T, was, is string) {
		var a, b strings.Builder
		for _, r := range jisr.DiffWords(was, is) {
			if r.Op != jisr.Insert {
				a.WriteString(r.Text)
			}
			if r.Op != jisr.Delete {
				b.WriteString(r.Text)
			}
		}
		if a.String() != was || b.String() != is {
			t.Errorf("%q and %q came back as %q and %q", was, is, a.String(), b.String())
		}
	})
}

// Whatever a partner sends as a text is refused or is canonical, and is encoded as it came.
func FuzzDecodeText(f *testing.F) {
	x := sampleText()
	raw, err := x.Encode()
	need(f, err)
	f.Add(raw)
	f.Fuzz(func(t *testing.T, content []byte) {
		parties := []jisr.MemberID{"iq", "sy"}
		got, err := jisr.DecodeText(content, &jisr.TableTerms{Hash: hashOf(string(content)), Clauses: x.Clauses}, parties)
		if err != nil {
			return
		}
		again, err := got.Encode()
		if err != nil || string(again) != string(content) || got.Canonical(parties) != nil {
			t.Errorf("%s came back as %s: %v", content, again, err)
		}
	})
}

func FuzzAgreementContents(f *testing.F) {
	f.Add([]byte(`{"text":{"ar":"نص"}}`))
	f.Add([]byte(`{"was":"a","reads":"b"}`))
	f.Fuzz(func(t *testing.T, content []byte) {
		if b, err := jisr.DecodeBracket(content); err == nil && b.Check() != nil {
			t.Error("a wording that does not hold passes")
		}
		jisr.DecodeCorrection(content)
		jisr.DecodeReservation(content)
	})
}

// bigText is a text of 200 articles of three paragraphs each, in three languages.
func bigText(edit string) jisr.InstrumentText {
	c := pactClauses("iq", "sy")
	c.Languages = []string{"ar", "en", "fr"}
	t := jisr.InstrumentText{Clauses: c, Names: map[jisr.MemberID]jisr.Text{}}
	for _, m := range []jisr.MemberID{"iq", "sy"} {
		t.Names[m] = jisr.Text{"ar": "طرف", "en": "Party", "fr": "Partie"}
	}
	for i := range 200 {
		t.Segments = append(t.Segments, jisr.Segment{ID: fmt.Sprintf("art%d", i), Kind: jisr.SegmentArticle, Number: fmt.Sprint(i + 1), Text: jisr.Text{"ar": "مادة", "en": "Article", "fr": "Article"}})
		for p := range 3 {
			words := func(w string) string {
				s := strings.TrimSpace(strings.Repeat(w+" ", 60))
				return s + fmt.Sprintf(" %d %d", i, p) + strings.Repeat(" "+edit, 1+(i+p)%4)
			}
			t.Segments = append(t.Segments, jisr.Segment{ID: fmt.Sprintf("art%d-p%d", i, p), Kind: jisr.SegmentParagraph,
				Text: jisr.Text{"ar": words("يتبادل الطرفان البيانات"), "en": words("the parties exchange data"), "fr": words("les parties échangent")}})
		}
	}
	return t
}

// Every paragraph in every language changed: the redline is made within what a page may take.
func BenchmarkRedline200Articles(b *testing.B) {
	old, now := bigText("x"), bigText("y")
	var worst time.Duration
	for b.Loop() {
		start := time.Now()
		if got := old.Compare(&now); len(got) != len(now.Segments) {
			b.Fatal(len(got))
		}
		worst = max(worst, time.Since(start))
	}
	b.ReportMetric(float64(worst.Milliseconds()), "worst-ms")
}

func TestLint(t *testing.T) {
	x := sampleText()
	var got []string
	for _, w := range x.Lint(false) {
		got = append(got, w.Segment+" "+w.Lang+" "+w.Word)
	}
	if want := []string{"art1-p1 ar يلتزم", "art1-p1 en shall"}; !slices.Equal(got, want) {
		t.Errorf("not binding: %v, want %v", got, want)
	}
	if w := x.Lint(true); len(w) != 0 {
		t.Errorf("binding: %v", w)
	}
	x.Segments[2].Text["en"], x.Segments[2].Text["ar"] = "The Participants will meet.", "وسوف يجتمع المشاركان."
	got = nil
	for _, w := range x.Lint(true) {
		got = append(got, w.Lang+" "+w.Word)
	}
	slices.Sort(got)
	if want := []string{"ar المشاركان", "ar سوف", "en participants", "en will"}; !slices.Equal(got, want) {
		t.Errorf("binding: %v, want %v", got, want)
	}
}

func TestDates(t *testing.T) {
	for _, c := range []struct {
		from jisr.Date
		n    int
		want jisr.Date
	}{{"2026-01-31", 1, "2026-02-28"}, {"2027-12-31", 2, "2028-02-29"}, {"2026-11-15", 2, "2027-01-15"}, {"2026-03-31", -1, "2026-02-28"}, {"", 3, ""}} {
		if got := c.from.AddMonths(c.n); got != c.want {
			t.Errorf("%s and %d months: %s, want %s", c.from, c.n, got, c.want)
		}
	}
	if got := jisr.Date("2026-12-31").AddDays(1); got != "2027-01-01" {
		t.Error(got)
	}
}

// The day of entry into force follows from the clauses step by step, each step with the act it rests on.
func TestEntryIntoForce(t *testing.T) {
	for name, c := range map[string]struct {
		rule jisr.ForceRule
		by   jisr.ConsentMethod
		want jisr.Date
	}{
		"on signature":                       {jisr.ForceRule{On: jisr.ForceSignature}, jisr.BySignature, "2026-11-24"},
		"30 days after signature":            {jisr.ForceRule{On: jisr.ForceSignature, Days: 30}, jisr.BySignature, "2026-12-24"},
		"second month after, first day":      {jisr.ForceRule{On: jisr.ForceLastNotice, Months: 1, FirstOfMon: true}, jisr.ByNotification, "2027-01-01"},
		"a fixed day to come":                {jisr.ForceRule{On: jisr.ForceOnDate, Date: "2027-03-01"}, jisr.ByNotification, "2027-03-01"},
		"a fixed day that consent came past": {jisr.ForceRule{On: jisr.ForceOnDate, Date: "2026-01-01"}, jisr.ByNotification, "2026-11-26"},
	} {
		f := newTalk(t, "iq", "sy")
		f.clauses.Force = c.rule
		for m := range f.clauses.Consent {
			f.clauses.Consent[m] = c.by
		}
		f.proposes("iq")
		f.does("sy", jisr.KindAgreementNegotiate, jisr.IntentTerms{Binding: true})
		f.meet()
		f.tables("iq", "v1")
		f.initialled("v1").signed("v1")
		if c.by == jisr.ByNotification {
			f.ratified()
		}
		force := f.state().Force()
		if force.Date != c.want || len(force.Steps) < 3 {
			t.Errorf("%s: %+v, want %s", name, force, c.want)
		}
		for _, s := range force.Steps[:2] {
			if s.Because == nil {
				t.Errorf("%s: a step rests on no act: %+v", name, s)
			}
		}
	}
}
