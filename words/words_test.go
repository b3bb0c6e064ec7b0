package words_test

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"jisr/words"
)

func all(t testing.TB) *words.Words {
	t.Helper()
	w, err := words.New()
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// bare takes the isolates out, so that what a sentence says can be compared.
func bare(s string) string {
	return strings.NewReplacer("\u2068", "", "\u2069", "").Replace(s)
}

// values reads a language's file as a plain reader of JSON would: key, then every text under it.
func values(t *testing.T, tag string) map[string][]string {
	t.Helper()
	b, err := os.ReadFile(tag + ".json")
	if err != nil {
		t.Fatal(err)
	}
	var raw map[string]any
	if err := json.Unmarshal(b, &raw); err != nil {
		t.Fatal(err)
	}
	out := map[string][]string{}
	for k, v := range raw {
		switch v := v.(type) {
		case string:
			out[k] = []string{v}
		case map[string]any:
			for _, f := range v {
				out[k] = append(out[k], f.(string))
			}
		}
	}
	return out
}

func TestCatalogueIsComplete(t *testing.T) {
	w := all(t)
	if got := w.Tags(); !slices.Equal(got, []string{"ar", "en"}) {
		t.Fatalf("languages %v", got)
	}
	if n := len(w.Keys("")); n < 500 {
		t.Fatalf("only %d keys", n)
	}
}

func TestFilesHaveOneKeyALine(t *testing.T) {
	for _, tag := range all(t).Tags() {
		b, err := os.ReadFile(tag + ".json")
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimSpace(string(b)), "\n")
		key := regexp.MustCompile(`^  "([a-z0-9_.-]+)": (".*"|\{.*\}),?$`)
		var keys []string
		for i, l := range lines[1 : len(lines)-1] {
			m := key.FindStringSubmatch(l)
			if m == nil {
				t.Fatalf("%s.json line %d is not one key: %s", tag, i+2, l)
			}
			keys = append(keys, m[1])
		}
		if !slices.IsSorted(keys) {
			t.Errorf("%s.json is not sorted by key", tag)
		}
		if got, want := len(keys), len(values(t, tag)); got != want {
			t.Errorf("%s.json: %d lines, %d keys", tag, got, want)
		}
	}
}

func TestArabicIsArabic(t *testing.T) {
	allowed := regexp.MustCompile(`\{[a-z_]+\}|API|JSON|SHA-256|ML-DSA-44|Ed25519|CSV|PDF|STIX|Ctrl-C`)
	values := values(t, "ar")
	delete(values, "lang.dir") // "rtl", for HTML
	for key, texts := range values {
		for _, s := range texts {
			if strings.ContainsRune(s, 'ـ') {
				t.Errorf("%s has a tatweel: %s", key, s)
			}
			for _, r := range allowed.ReplaceAllString(s, "") {
				if unicode.Is(unicode.Latin, r) || r >= '0' && r <= '9' {
					t.Errorf("%s has %q in Arabic: %s", key, r, s)
					break
				}
				if r == ',' || r == ';' || r == '?' {
					if key != "number.group" {
						t.Errorf("%s has Latin punctuation %q: %s", key, r, s)
					}
				}
			}
		}
	}
}

// The register of diplomatic correspondence (practice 8.6): these words are hostile between governments.
func TestTone(t *testing.T) {
	hostile := map[string][]string{
		"ar": {"تصعيد", "مخالفة", "خصم", "عدو", "متأخر", "فشل", "مرفوض", "رُفض", "انتهاك"},
		"en": {"overdue", "violation", "enemy", "opponent", "escalat", "reject", "fail", "breach", "culprit"},
	}
	for tag, list := range hostile {
		for key, texts := range values(t, tag) {
			for _, s := range texts {
				for _, h := range list {
					if strings.Contains(strings.ToLower(s), h) {
						t.Errorf("%s %s says %q: %s", tag, key, h, s)
					}
				}
			}
		}
	}
}

func TestPluralsOfArabicAndEnglish(t *testing.T) {
	w := all(t)
	for _, c := range []struct {
		n      int
		ar, en string
	}{
		{0, "لا مذكرات", "0 notes"},
		{1, "مذكرة واحدة", "one note"},
		{2, "مذكرتان", "2 notes"},
		{3, "٣ مذكرات", "3 notes"},
		{10, "١٠ مذكرات", "10 notes"},
		{11, "١١ مذكرة", "11 notes"},
		{100, "١٠٠ مذكرة", "100 notes"},
		{103, "١٠٣ مذكرات", "103 notes"},
		{12345, "١٢٬٣٤٥ مذكرة", "12,345 notes"},
	} {
		if got := w.In("ar").N("note.count", c.n); got != c.ar {
			t.Errorf("ar %d: %q, want %q", c.n, got, c.ar)
		}
		if got := w.In("en").N("note.count", c.n); got != c.en {
			t.Errorf("en %d: %q, want %q", c.n, got, c.en)
		}
	}
}

func TestDates(t *testing.T) {
	w := all(t)
	baghdad := time.FixedZone("Asia/Baghdad", 3*3600)
	at := time.Date(2026, 11, 24, 9, 5, 0, 0, baghdad)
	ar, en := w.In("ar"), w.In("en")
	for _, c := range [][2]string{
		{ar.Date(at), "الثلاثاء ٢٤ تشرين الثاني ٢٠٢٦"},
		{en.Date(at), "Tuesday 24 November 2026"},
		{ar.ShortDate(at), "٢٤ تشرين الثاني ٢٠٢٦"},
		{ar.DateTime(at), "٢٤ تشرين الثاني ٢٠٢٦، ٠٩:٠٥"},
		{en.DateTime(at), "24 November 2026, 09:05"},
		{ar.Day("2026-12-01"), "١ كانون الأول ٢٠٢٦"},
		{ar.Day("tomorrow"), "tomorrow"},
		{w.In("ar-u-nu-latn").ShortDate(at), "24 تشرين الثاني 2026"},
		{ar.RelativeDay("2026-11-24", "2026-11-24"), "موعده اليوم"},
		{ar.RelativeDay("2026-11-25", "2026-11-24"), "موعده غداً"},
		{ar.RelativeDay("2026-11-28", "2026-11-24"), "خلال ٤ أيام"},
		{ar.RelativeDay("2026-11-22", "2026-11-24"), "تجاوز موعده بيومين"},
		{ar.RelativeDay("2026-11-04", "2026-11-24"), "تجاوز موعده منذ ٢٠ يوماً"},
		{en.RelativeDay("2026-11-22", "2026-11-24"), "past its date by 2 days"},
		{en.RelativeDay("", "2026-11-24"), ""},
		{ar.Ago(at.Add(-3*time.Minute), at), "منذ ٣ دقائق"},
		{ar.Ago(at.Add(time.Hour), at), "الآن"},
		{en.Ago(at.Add(-49*time.Hour), at), "2 days ago"},
	} {
		if c[0] != c[1] {
			t.Errorf("got %q, want %q", c[0], c[1])
		}
	}
	if got := en.Relative(at.Add(20*time.Hour), at); got != "due tomorrow" {
		t.Errorf("the next calendar day: %q", got)
	}
}

func TestNumbersAndSizes(t *testing.T) {
	w := all(t)
	for _, c := range [][2]string{
		{w.In("ar").Number(1234567), "١٬٢٣٤٬٥٦٧"},
		{w.In("en").Number(-1234567), "-1,234,567"},
		{w.In("ar-u-nu-latn").Number(1234567), "1,234,567"},
		{w.In("en").Number(-9223372036854775808), "-9,223,372,036,854,775,808"},
		{w.In("ar").Bytes(0), "لا بايتات"},
		{w.In("ar").Bytes(20_000_000), "٢٠ ميغابايت"},
		{w.In("ar").Bytes(2_100_000_000), "٢٫١ غيغابايت"},
		{w.In("en").Bytes(999_950), "1 MB"},
		{w.In("en").Bytes(4 << 30), "4.3 GB"},
		{w.In("en").Bytes(9_990), "10 kB"},
		{w.In("ar").Figure(290), "٢٩٠"},
		{w.In("ar").Figure(57.26), "٥٧٫٣"},
		{w.In("en").Figure(-0.42), "-0.42"},
		{w.In("en").Figure(-0.001), "0"},
		{w.In("en").Figure(12345.6), "12,346"},
		{w.In("en").Figure(1e300), "1e+300"},
		{w.In("en").Duration("P30Y"), "30 years"},
		{w.In("ar").Duration("P1M15D"), "شهر واحد و١٥ يوماً"},
		{w.In("en").Duration("PT10H"), "10 hours"},
		{w.In("en").Duration("tomorrow"), "tomorrow"},
	} {
		if c[0] != c[1] {
			t.Errorf("got %q, want %q", c[0], c[1])
		}
	}
}

func TestArgumentsAreIsolated(t *testing.T) {
	l := all(t).In("ar")
	hostile := "x\u202eevil\u2069\u2069\nSecond line"
	got := l.T("note.numbered", "number", hostile)
	if want := "المذكرة رقم \u2068xevil Second line\u2069"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := l.T("note.numbered", "number", words.Raw("١")), "المذكرة رقم ١"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := l.Plain().T("note.numbered", "number", "IQ-7"), "المذكرة رقم IQ-7"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := l.T("no.such.key"), "⟦no.such.key⟧"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestRefusals(t *testing.T) {
	w := all(t)
	ar, en := w.In("ar"), w.In("en")
	for _, c := range [][2]string{
		{ar.Refusal("missing", "subject", nil), "«الموضوع» مطلوب."},
		{en.Refusal("missing", "reply_by", nil), "“the reply-by date” is required."},
		{ar.Refusal("too-many", "to", map[string]string{"max": "64", "got": "70"}), "العدد في «الجهة المخاطبة» أكبر من المسموح، والحد الأقصى ٦٤، والمُدخل ٧٠."},
		{en.Refusal("too-many", "to", map[string]string{"max": "64"}), "There are too many in “the addressee”; at most 64."},
		{en.Refusal("too-long", "attachment", map[string]string{"max": "4294967296"}), "“the attachment” is longer than allowed; at most 4.3 GB."},
		{ar.Refusal("date-past", "reply_by", map[string]string{"today": "2026-11-24"}), "الموعد في «موعد الرد» مضى، واليوم ٢٤ تشرين الثاني ٢٠٢٦."},
		{ar.Refusal("too-often", "sign-in", map[string]string{"seconds": "5"}), "محاولات كثيرة في وقت قصير. أعد المحاولة بعد ٥ ثوانٍ."},
		{en.Refusal("not-allowed", "note.release", map[string]string{"role": "releaser"}), "Your account may not do this: releasing a note. It needs the role: Releasing official."},
		{en.Refusal("from-the-future", "", nil), "The request was refused. Reason: from-the-future"},
		{en.Refusal("no-such", "note/iq-01", nil), "note/iq-01 was not found."},
		{ar.Refusal("malformed", "subject", map[string]string{"error": "unexpected EOF"}), "قيمة «الموضوع» ليست بالشكل المطلوب (التفصيل الفني بالإنكليزية: «unexpected EOF»)."},
	} {
		if bare(c[0]) != c[1] {
			t.Errorf("got %q, want %q", bare(c[0]), c[1])
		}
	}
}

func TestCourtesyAgreesInGender(t *testing.T) {
	w := all(t)
	opening, closing := w.In("ar").Courtesy("verbale", "وزارة خارجية جمهورية العراق", "وزارة الخارجية والمغتربين في الجمهورية العربية السورية")
	if want := "تهدي وزارة خارجية جمهورية العراق أطيب تحياتها إلى وزارة الخارجية والمغتربين في الجمهورية العربية السورية الموقرة، وتتشرف بأن تفيد بما يأتي:"; opening != want {
		t.Errorf("got %q, want %q", opening, want)
	}
	if !strings.HasPrefix(closing, "وتغتنم وزارة") {
		t.Errorf("got %q", closing)
	}
	opening, _ = w.In("ar").Courtesy("verbale", "مكتب المستشار", "مجلس الأمن الوطني")
	if want := "يهدي مكتب المستشار أطيب تحياته إلى مجلس الأمن الوطني الموقر، ويتشرف بأن يفيد بما يأتي:"; opening != want {
		t.Errorf("got %q, want %q", opening, want)
	}
	opening, closing = w.In("en").Courtesy("non-paper", "a", "b")
	if opening != "" || closing != "" {
		t.Errorf("a non-paper has no formula, got %q and %q", opening, closing)
	}
}

func TestOverride(t *testing.T) {
	for _, c := range []struct{ name, json, err string }{
		{"taken", `{"en": {"courtesy.personal.closing": "Yours sincerely,"}}`, ""},
		{"fewer placeholders", `{"ar": {"courtesy.verbale.opening": "تحية طيبة إلى {to}"}}`, ""},
		{"unknown key", `{"en": {"courtesy.verbale.middle": "x"}}`, "no such key"},
		{"unknown placeholder", `{"en": {"courtesy.verbale.opening": "{who}"}}`, "no placeholder {who}"},
		{"unknown language", `{"fr": {}}`, "no language"},
		{"not JSON", `{`, "couldn't use"},
		{"something after", `{} {}`, "follows"},
		{"twice", `{"en": {"app.name": "a", "app.name": "b"}}`, "twice"},
		{"half a plural", `{"ar": {"note.count": {"other": "{n}"}}}`, "no form"},
		{"sentence for plural", `{"ar": {"note.count": "مذكرات"}}`, "plural"},
		{"empty", `{"en": {"app.name": ""}}`, "not empty"},
		{"open brace", `{"en": {"app.name": "a{b"}}`, "stands alone"},
		{"digits", `{"en": {"lang.digits": "01"}}`, "ten digits"},
		{"too long", `{"en": {"app.name": "` + strings.Repeat("x", words.MaxOverride) + `"}}`, "longer"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := all(t)
			before := w.In("en").T("courtesy.personal.opening")
			err := w.Override(strings.NewReader(c.json))
			switch {
			case c.err == "" && err != nil:
				t.Fatal(err)
			case c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)):
				t.Fatalf("got %v, want %q", err, c.err)
			}
			if got := w.In("en").T("courtesy.personal.opening"); got != before {
				t.Errorf("another key changed: %q", got)
			}
		})
	}
	w := all(t)
	if err := w.Override(strings.NewReader(`{"en": {"courtesy.personal.closing": "Yours sincerely,"}}`)); err != nil {
		t.Fatal(err)
	}
	if _, closing := w.In("en").Courtesy("personal", "", ""); closing != "Yours sincerely," {
		t.Errorf("got %q", closing)
	}
}

func TestLanguageOfTheReader(t *testing.T) {
	w := all(t)
	for _, c := range [][2]string{
		{"", "ar"}, {"en-GB,en;q=0.9", "en"}, {"ar-IQ", "ar"}, {"fr", "ar"}, {"fr, en;q=0.5", "en"}, {"\xff;;;", "ar"}, {strings.Repeat("en,", 500), "ar"},
	} {
		if got := w.Accept(c[0]).Tag(); got != c[1] {
			t.Errorf("%.20q: %s, want %s", c[0], got, c[1])
		}
	}
	if w.In("de").Tag() != "ar" || w.In("ar").Dir() != "rtl" || w.In("EN-gb").Dir() != "ltr" || words.DirOf("ckb-IQ") != "rtl" {
		t.Error("language or direction")
	}
}

func FuzzOverride(f *testing.F) {
	f.Add([]byte(`{"en": {"courtesy.personal.closing": "Yours sincerely,"}}`))
	f.Add([]byte(`{"ar": {"note.count": {"other": "{n} [x {n}]"}}}`))
	f.Add([]byte(`{"en": {"app.name": "[[{a}]]"}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		w := all(t)
		if w.Override(strings.NewReader(string(b))) == nil {
			for _, k := range w.Keys("courtesy.") {
				_ = w.In("en").T(k)
			}
			w.In("ar").N("note.count", 3)
		}
	})
}

func FuzzRefusal(f *testing.F) {
	w := all(f)
	f.Add("too-long", "text", "max", "12")
	f.Add("x", "\u202e", "at", "2026-11-24T00:00:00Z")
	f.Fuzz(func(t *testing.T, kind, subject, name, value string) {
		for _, tag := range w.Tags() {
			s := w.In(tag).Refusal(kind, subject, map[string]string{name: value})
			if strings.ContainsAny(s, "\u202a\u202b\u202c\u202d\u202e\n") {
				t.Errorf("%q reorders or breaks the line", s)
			}
			if strings.Count(s, "\u2068") != strings.Count(s, "\u2069") {
				t.Errorf("%q: isolates are not closed", s)
			}
		}
	})
}

func BenchmarkSentence(b *testing.B) {
	l := all(b).In("ar")
	for b.Loop() {
		l.T("note.receipt.held", "member", "جمهورية العراق")
	}
}
