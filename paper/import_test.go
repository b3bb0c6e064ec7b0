package paper_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jisr"
	"jisr/paper"
)

// docx packs a WordprocessingML file of the body given.
func docx(t testing.TB, body string) []byte {
	t.Helper()
	return packed(t, map[string]string{
		"word/document.xml": `<?xml version="1.0"?><w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>` + body + `</w:body></w:document>`,
		"word/styles.xml": `<w:styles xmlns:w="w"><w:style w:styleId="T"><w:name w:val="Title"/></w:style><w:style w:styleId="H2"><w:name w:val="heading 2"/></w:style>` +
			`<w:style w:styleId="X"><w:name w:val="custom"/><w:pPr><w:outlineLvl w:val="1"/></w:pPr></w:style>` +
			`<w:style w:styleId="L"><w:name w:val="List Number"/><w:pPr><w:numPr><w:ilvl w:val="1"/><w:numId w:val="7"/></w:numPr></w:pPr></w:style></w:styles>`,
		"word/numbering.xml": `<w:numbering xmlns:w="w"><w:abstractNum w:abstractNumId="0"><w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="decimal"/><w:lvlText w:val="المادة %1"/></w:lvl>` +
			`<w:lvl w:ilvl="1"><w:numFmt w:val="arabicAbjad"/><w:lvlText w:val="(%2)"/></w:lvl></w:abstractNum><w:num w:numId="7"><w:abstractNumId w:val="0"/></w:num></w:numbering>`})
}

func packed(t testing.TB, parts map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, name := range []string{"word/styles.xml", "word/numbering.xml", "word/document.xml"} {
		if parts[name] == "" {
			continue
		}
		w, err := z.Create(name)
		if err == nil {
			_, err = w.Write([]byte(parts[name]))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func p(text string) string {
	return `<w:p><w:r><w:t xml:space="preserve">` + text + `</w:t></w:r></w:p>`
}

// outline is a text as one line a segment.
func outline(i *paper.Import) []string {
	var all []string
	for _, s := range i.Segments {
		b, _ := json.Marshal(s.Text)
		all = append(all, fmt.Sprintf("%s %s %s %s", s.ID, s.Kind, s.Number, b))
	}
	return all
}

func TestPlainTextBecomesSegments(t *testing.T) {
	got, err := paper.ImportText([]byte("\ufeffمذكــرة تفاهم\r\n\r\nإن ⟦P1⟧ و⟦P2⟧،\r\nالمادة ١: الغرض\nتهدف هذه المذكرة إلى تبادل البيانات.\n١- يتبادل الطرفان البيانات.\nأ- بيان الحمولة\n(ب) رقم الشاحنة\nالمادة الثانية\nتبقى ٣ سنوات، وفق المادة ١ منها.\nالمادة الحادية والعشرون: النفاذ\n• بعد ٣٠ يوماً\nالملحق (أ)\nجدول\nحُرر في بغداد من نسختين."), "ar")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		`title title  {"ar":"مذكرة تفاهم"}`, `pre-p1 preamble  {"ar":"إن ⟦P1⟧ و⟦P2⟧،"}`, `art-1 article 1 {"ar":"الغرض"}`,
		`art-1-p1 paragraph  {"ar":"تهدف هذه المذكرة إلى تبادل البيانات."}`, `art-1-p2 paragraph 1 {"ar":"يتبادل الطرفان البيانات."}`, `art-1-p3 item a {"ar":"بيان الحمولة"}`,
		`art-1-p4 item b {"ar":"رقم الشاحنة"}`, `art-2 article 2 {"ar":"المادة الثانية"}`, `art-2-p1 paragraph  {"ar":"تبقى 3 سنوات، وفق المادة 1 منها."}`,
		`art-21 article 21 {"ar":"النفاذ"}`, `art-21-p1 item  {"ar":"بعد 30 يوماً"}`, `annex-1 annex  {"ar":"الملحق (أ)"}`, `annex-1-p1 paragraph  {"ar":"جدول"}`, `end testimonium  {"ar":"حُرر في بغداد من نسختين."}`,
	}
	if diff := cmp.Diff(want, outline(got)); diff != "" {
		t.Error(diff)
	}
	for _, s := range got.Segments {
		if r, ok := jisr.CanonicalString("ar", s.Text["ar"]); !ok || !jisr.ValidSegment(s.ID) {
			t.Errorf("%s is not canonical: %q", s.ID, r)
		}
	}
}

func TestEnglishHeadings(t *testing.T) {
	got, err := paper.ImportText([]byte("Memorandum of Understanding\nThe Parties,\nPART I GENERAL\nArticle 1 – Purpose\nArticle 12 applies to all of it.\nARTICLE IV Entry into Force\n(a) one;\n1.5 per cent\n2. Two.\nAnnex A\nDone at Baghdad"), "en")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{`title title  {"en":"Memorandum of Understanding"}`, `pre-p1 preamble  {"en":"The Parties,"}`, `chp-1 chapter  {"en":"PART I GENERAL"}`, `art-1 article 1 {"en":"Purpose"}`,
		`art-1-p1 paragraph  {"en":"Article 12 applies to all of it."}`, `art-4 article 4 {"en":"Entry into Force"}`, `art-4-p1 item a {"en":"one;"}`, `art-4-p2 paragraph  {"en":"1.5 per cent"}`,
		`art-4-p3 paragraph 2 {"en":"Two."}`, `annex-1 annex  {"en":"Annex A"}`, `end testimonium  {"en":"Done at Baghdad"}`}
	if diff := cmp.Diff(want, outline(got)); diff != "" {
		t.Error(diff)
	}
}

// The title of an article may stand below its number; a sentence there is its text.
func TestTitlesBelowTheNumberOfAnArticle(t *testing.T) {
	for text, want := range map[string][]string{
		"اتفاقية\nالمادة ٥\nالتعريفات\nلأغراض هذه الاتفاقية يقصد بالطرفين ما يلي.\nالمادة السادسة\n\nيلتزم الطرفان بالتبادل.\nالمادة ٧\nالنفاذ": {
			`title title  {"ar":"اتفاقية"}`, `art-5 article 5 {"ar":"التعريفات"}`, `art-5-p1 paragraph  {"ar":"لأغراض هذه الاتفاقية يقصد بالطرفين ما يلي."}`,
			`art-6 article 6 {"ar":"المادة السادسة"}`, `art-6-p1 paragraph  {"ar":"يلتزم الطرفان بالتبادل."}`, `art-7 article 7 {"ar":"المادة 7"}`, `art-7-p1 paragraph  {"ar":"النفاذ"}`},
		"Agreement\nArticle 5\n\nDefinitions\nIn this Agreement:\n(a) one;\nArticle 6\n1. The Parties meet.\nArticle 7\nArticle 8\nFinal Provisions\nIt enters into force.": {
			`title title  {"en":"Agreement"}`, `art-5 article 5 {"en":"Definitions"}`, `art-5-p1 paragraph  {"en":"In this Agreement:"}`, `art-5-p2 item a {"en":"one;"}`,
			`art-6 article 6 {"en":"Article 6"}`, `art-6-p1 paragraph 1 {"en":"The Parties meet."}`, `art-7 article 7 {"en":"Article 7"}`, `art-8 article 8 {"en":"Final Provisions"}`,
			`art-8-p1 paragraph  {"en":"It enters into force."}`},
	} {
		lang := "en"
		if strings.HasPrefix(text, "ا") {
			lang = "ar"
		}
		got, err := paper.ImportText([]byte(text), lang)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, outline(got)); diff != "" {
			t.Error(diff)
		}
	}
}

func TestDOCXBecomesSegments(t *testing.T) {
	list := func(level, text string) string {
		return `<w:p><w:pPr><w:numPr><w:ilvl w:val="` + level + `"/><w:numId w:val="7"/></w:numPr></w:pPr><w:r><w:t>` + text + `</w:t></w:r></w:p>`
	}
	body := `<w:p><w:pPr><w:pStyle w:val="T"/></w:pPr><w:r><w:t>مذكرة </w:t></w:r><w:r><w:t>تفاهم</w:t></w:r></w:p>` +
		`<w:p><w:pPr><w:pStyle w:val="X"/></w:pPr><w:r><w:t>أحكام عامة</w:t></w:r></w:p>` +
		list("0", "الغرض") + p("نص المادة.") + list("1", "أول") + list("1", "ثان") + list("0", "النطاق") + `<w:p><w:pPr><w:pStyle w:val="L"/></w:pPr><w:r><w:t>بند</w:t></w:r></w:p>` +
		`<w:p><w:r><w:t>يبقى</w:t></w:r><w:del><w:r><w:delText>حُذف</w:delText><w:t>حُذف</w:t></w:r></w:del><w:ins><w:r><w:t xml:space="preserve"> وأضيف</w:t></w:r></w:ins><w:r><w:footnoteReference w:id="1"/><w:drawing><w:p>لا</w:p></w:drawing></w:r></w:p>` +
		`<w:sdt><w:sdtContent>` + p("في عنصر") + `</w:sdtContent></w:sdt>` +
		`<w:tbl><w:tr><w:tc>` + p("خلية") + `<w:tbl><w:tr><w:tc>` + p("داخلية") + `</w:tc></w:tr></w:tbl></w:tc><w:tc>` + p("أخرى") + `</w:tc></w:tr></w:tbl>`
	got, err := paper.ImportDOCX(docx(t, body), "ar")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{`title title  {"ar":"مذكرة تفاهم"}`, `chp-1 chapter  {"ar":"أحكام عامة"}`, `art-1 article 1 {"ar":"الغرض"}`, `art-1-p1 paragraph  {"ar":"نص المادة."}`, `art-1-p2 item a {"ar":"أول"}`, `art-1-p3 item b {"ar":"ثان"}`,
		`art-2 article 2 {"ar":"النطاق"}`, `art-2-p1 item a {"ar":"بند"}`, `art-2-p2 paragraph  {"ar":"يبقى وأضيف"}`, `art-2-p3 paragraph  {"ar":"في عنصر"}`,
		`art-2-p4 paragraph  {"ar":"خلية"}`, `art-2-p5 paragraph  {"ar":"داخلية"}`, `art-2-p6 paragraph  {"ar":"أخرى"}`}
	if diff := cmp.Diff(want, outline(got)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]paper.Remark{{Kind: paper.RemarkTracked, Count: 2}, {Kind: paper.RemarkNotes, Count: 1}, {Kind: paper.RemarkPicture, Count: 1}, {Kind: paper.RemarkTable, Count: 1}}, got.Remarks); diff != "" {
		t.Error(diff)
	}
}

func TestLanguagesSideBySideInATable(t *testing.T) {
	row := func(ar, en string) string { return `<w:tr><w:tc>` + p(ar) + `</w:tc><w:tc>` + p(en) + `</w:tc></w:tr>` }
	got, err := paper.ImportDOCX(docx(t, `<w:tbl>`+row("مذكرة تفاهم", "Memorandum")+row("المادة ١: الغرض", "Article 1: Purpose")+row("نص", "A text")+`</w:tbl>`), "ar")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{`title title  {"ar":"مذكرة تفاهم","en":"Memorandum"}`, `art-1 article 1 {"ar":"الغرض","en":"Purpose"}`, `art-1-p1 paragraph  {"ar":"نص","en":"A text"}`}
	if diff := cmp.Diff(want, outline(got)); diff != "" {
		t.Error(diff)
	}
}

func TestNamesOfSegmentsStay(t *testing.T) {
	first, err := paper.ImportText([]byte("عنوان\nالمادة ١: الغرض\nالأول.\nالثاني.\nالمادة ٢: النطاق\nالثالث."), "ar")
	if err != nil {
		t.Fatal(err)
	}
	for i := range first.Segments {
		first.Segments[i].Text["en"] = "English " + first.Segments[i].ID
	}
	next, err := paper.ImportText([]byte("عنوان\nالمادة ١: تعاريف\nجديد.\nالمادة ٢: الغرض\nالأول.\nالثاني المعدّل.\nالمادة ٣: النطاق\nالثالث."), "ar")
	if err != nil {
		t.Fatal(err)
	}
	next.Onto(first.Segments)
	var ids []string
	seen := map[string]bool{}
	for _, s := range next.Segments {
		ids = append(ids, s.ID)
		if seen[s.ID] {
			t.Errorf("%s names two segments", s.ID)
		}
		seen[s.ID] = true
	}
	if got, want := strings.Join(ids, " "), "title art-1-2 art-1-p1-2 art-1 art-1-p1 art-1-p2 art-2 art-2-p1"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := next.Segments[3].Text["en"]; got != "English art-1" {
		t.Errorf("the other language of a kept segment: %q", got)
	}
	missing := 0
	for _, r := range next.Remarks {
		if r.Kind == paper.RemarkOneSided && r.Detail == "en" {
			missing++
		}
	}
	if missing != 2 {
		t.Errorf("%d segments lack English, want 2: %+v", missing, next.Remarks)
	}
}

func TestHostileFilesAreRefused(t *testing.T) {
	deep := strings.Repeat("<w:sdt>", 300) + p("x") + strings.Repeat("</w:sdt>", 300)
	for name, b := range map[string][]byte{
		"nothing": nil, "no zip": []byte("PK\x03\x04 no"), "no document": packed(t, map[string]string{"word/styles.xml": "<a/>"}), "no text": docx(t, ""),
		"not closed": packed(t, map[string]string{"word/document.xml": "<w:document><w:body>"}), "deep": docx(t, deep),
		"entities": packed(t, map[string]string{"word/document.xml": `<!DOCTYPE d [<!ENTITY a SYSTEM "file:///etc/passwd">]><d><p><t>&a;</t></p></d>`}),
		"laughs":   packed(t, map[string]string{"word/document.xml": `<d><p><t>&lol;</t></p></d>`}),
		"bomb":     docx(t, `<w:p><w:r><w:t>`+strings.Repeat(" ", 65<<20)+`</w:t></w:r></w:p>`),
		"many":     docx(t, strings.Repeat(p("a"), 20_001)),
		"huge":     make([]byte, 21<<20),
	} {
		var r *jisr.Refusal
		if i, err := paper.ImportDOCX(b, "ar"); !errors.As(err, &r) {
			t.Errorf("%s: taken, %v %v", name, i, err)
		}
	}
	for name, b := range map[string][]byte{"nothing": nil, "zeros": []byte("a\x00b"), "huge": make([]byte, 21<<20), "many": []byte(strings.Repeat("a\n", 30_000))} {
		var r *jisr.Refusal
		if i, err := paper.ImportText(b, "ar"); !errors.As(err, &r) {
			t.Errorf("%s: taken, %v %v", name, i, err)
		}
	}
}

func TestWhatCannotStandInATextIsRemarked(t *testing.T) {
	got, err := paper.ImportText([]byte("عنوان\n"+strings.Repeat("جملة طويلة. ", 3000)+"\nرمز 🕊"), "ar")
	if err != nil {
		t.Fatal(err)
	}
	want := []paper.Remark{{Kind: paper.RemarkLong, Segment: "pre-p1", Detail: "ar", Count: 1}, {Kind: paper.RemarkBad, Segment: "pre-p3", Detail: "U+1F54A", Count: 1}}
	if diff := cmp.Diff(want, got.Remarks); diff != "" {
		t.Error(diff)
	}
}

func FuzzImportText(f *testing.F) {
	for _, s := range []string{"عنوان\nالمادة ١: الغرض\nأ- بند", "Article IV\n(a) x\n1. y", "المادة (", "(", "-", "\u2067", "Article 0001", "المادة الحادية"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		i, err := paper.ImportText(b, "ar")
		if err != nil {
			return
		}
		checkImport(t, i)
	})
}

func FuzzImportDOCX(f *testing.F) {
	f.Add(`<w:p><w:pPr><w:numPr><w:ilvl w:val="1"/><w:numId w:val="7"/></w:numPr></w:pPr><w:r><w:t>x</w:t></w:r></w:p>`)
	f.Add(`<w:tbl><w:tr><w:tc>` + p("المادة ١") + `</w:tc><w:tc>` + p("Article 1") + `</w:tc></w:tr></w:tbl>`)
	f.Add(`<w:tbl><w:tr><w:tbl></w:tbl></w:tr></w:tbl><w:p/>`)
	f.Fuzz(func(t *testing.T, body string) {
		i, err := paper.ImportDOCX(docx(t, body), "ar")
		if err != nil {
			return
		}
		checkImport(t, i)
	})
}

// checkImport holds what was read against what a text may be.
func checkImport(t *testing.T, i *paper.Import) {
	t.Helper()
	if len(i.Segments) == 0 || len(i.Segments) > jisr.MaxSegments {
		t.Fatalf("%d segments", len(i.Segments))
	}
	seen := map[string]bool{}
	for _, s := range i.Segments {
		if !jisr.ValidSegment(s.ID) || seen[s.ID] || len(s.Text) == 0 {
			t.Fatalf("segment %+v", s)
		}
		seen[s.ID] = true
	}
	again := *i
	again.Segments = append([]jisr.Segment{}, i.Segments...)
	again.Onto(i.Segments)
	for n := range again.Segments {
		if again.Segments[n].ID != i.Segments[n].ID {
			t.Fatalf("read again, %s is named %s", i.Segments[n].ID, again.Segments[n].ID)
		}
	}
}
