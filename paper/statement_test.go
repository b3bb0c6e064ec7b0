package paper_test

import (
	"os"
	"strings"
	"testing"

	"jisr"
	"jisr/paper"
)

func TestAStatementOnPaper(t *testing.T) {
	body := jisr.StatementBody{Title: jisr.Text{"ar": "بيان مشترك عن المياه", "en": "Joint statement on water"}, Languages: []string{"ar", "en"},
		Paragraphs: []jisr.StatementParagraph{{Segment: "iq-1", Text: jisr.Text{"ar": "اتفق الجانبان على تبادل المناسيب أسبوعياً.", "en": "The two sides agreed to exchange levels weekly."}}}}
	s := paper.Statement{Body: body, Hash: body.Hash(), Members: []jisr.MemberID{"iq", "sy"}, State: jisr.StatementReleased, Released: &jisr.Step{At: made()}, Forum: "iq-sy",
		Approved: jisr.Position{Member: "iq", Index: 7}, Entry: []byte("{}"), Names: map[jisr.MemberID]jisr.Text{"iq": {"ar": "جمهورية العراق", "en": "Republic of Iraq"}, "sy": {"ar": "الجمهورية العربية السورية", "en": "Syrian Arab Republic"}}}
	for lang, want := range map[string]string{"ar": "منشور", "en": "Released"} {
		d := s.Document(catalogue(t), lang)
		name := file(t, d)
		raw, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if wrong := conforms(raw); len(wrong) > 0 {
			t.Errorf("%s: %v", lang, wrong)
		}
		got := plain(tool(t, "pdftotext", name, "-"))
		if !strings.Contains(got, want) || !hasWords(got, "The two sides agreed to exchange levels weekly") {
			t.Errorf("%s: %s", lang, got)
		}
		if to := os.Getenv("JISR_SHOTS"); to != "" {
			if err := os.WriteFile(to+"/statement-"+lang+".pdf", raw, 0o644); err != nil {
				t.Error(err)
			}
		}
	}
}
