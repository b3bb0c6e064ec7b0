package paper_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"jisr"
	"jisr/paper"
)

// instrument is a signed agreement of so many articles in the languages given.
func instrument(articles int, tags ...string) paper.Instrument {
	slices.Sort(tags)
	all := func(ar, en, fr string) jisr.Text {
		t := jisr.Text{}
		for tag, s := range map[string]string{"ar": ar, "en": en, "fr": fr} {
			if slices.Contains(tags, tag) {
				t[tag] = s
			}
		}
		return t
	}
	n := paper.Instrument{ID: "agreement/iq-01k", Kind: jisr.MOU, Forum: "iq-sy", Parties: []jisr.MemberID{"iq", "sy"}, Self: "iq", Hash: [32]byte{1, 2, 3}, Force: "2027-01-01", State: jisr.AgreementInForce,
		Tabled: jisr.Step{Position: jisr.Position{Member: "iq", Index: 7}, At: made()},
		Signed: &paper.Signed{Date: "2026-11-23", Place: jisr.Text{"ar": "بغداد", "en": "Baghdad"}, By: map[jisr.MemberID]jisr.Date{"iq": "2026-11-23", "sy": "2026-11-23"}}}
	n.Text = jisr.InstrumentText{Clauses: jisr.Clauses{Languages: tags}, Names: map[jisr.MemberID]jisr.Text{
		"iq": all("جمهورية العراق", "the Republic of Iraq", "la République d'Iraq"), "sy": all("الجمهورية العربية السورية", "the Syrian Arab Republic", "la République arabe syrienne")}}
	add := func(id string, kind jisr.SegmentKind, number string, t jisr.Text) {
		n.Text.Segments = append(n.Text.Segments, jisr.Segment{ID: id, Kind: kind, Number: number, Text: t})
	}
	add("title", jisr.SegmentTitle, "", all("مذكرة تفاهم بين ⟦P1⟧ و⟦P2⟧", "Memorandum of Understanding between ⟦P1⟧ and ⟦P2⟧", "Mémorandum d'accord entre ⟦P1⟧ et ⟦P2⟧"))
	add("pre-p1", jisr.SegmentPreamble, "", all("إن ⟦P1⟧ و⟦P2⟧، رغبة منهما في تيسير العبور،", "⟦P1⟧ and ⟦P2⟧, desiring to ease transit,", "⟦P1⟧ et ⟦P2⟧, désireuses de faciliter le transit,"))
	for i := 1; i <= articles; i++ {
		id := fmt.Sprintf("art-%d", i)
		add(id, jisr.SegmentArticle, fmt.Sprint(i), all("تبادل البيانات", "Exchange of data", "Échange de données"))
		add(id+"-p1", jisr.SegmentParagraph, "", all(
			fmt.Sprintf("تتبادل ⟦P1⟧ و⟦P2⟧ بيانات البضائع العابرة قبل وصولها إلى المنفذ الحدودي بما لا يقل عن 4 ساعات، وفق النظام المنسق (HS 2022) والبند %d من الملحق، ولا تُستخدم البيانات إلا للأغراض الجمركية المنصوص عليها في قرار اللجنة رقم 17 لسنة 2026.", i),
			fmt.Sprintf("⟦P1⟧ and ⟦P2⟧ exchange data on goods in transit no later than 4 hours before they reach the border crossing, under the Harmonized System (HS 2022) and item %d of the annex; data are used only for the customs purposes set out in Committee Decision 17 of 2026.", i),
			fmt.Sprintf("⟦P1⟧ et ⟦P2⟧ échangent les données relatives aux marchandises en transit au plus tard 4 heures avant leur arrivée au poste frontière, selon le Système harmonisé (SH 2022) et le point %d de l'annexe.", i)))
		add(id+"-p2", jisr.SegmentItem, "a", all("بيان الحمولة؛", "the cargo declaration;", "la déclaration de chargement ;"))
	}
	add("end", jisr.SegmentTestimony, "", all("حُررت في بغداد من نسختين أصليتين، وللنصوص الحجية ذاتها.", "Done at Baghdad in two originals, all texts being equally authentic.", "Fait à Bagdad en deux originaux, tous les textes faisant également foi."))
	return n
}

func TestEachSideIsNamedFirstInItsOriginal(t *testing.T) {
	for self, want := range map[jisr.MemberID][]string{
		"iq": {"between the Republic of Iraq and the Syrian Arab Republic", "مذكرة تفاهم بين جمهورية العراق والجمهورية العربية السورية"},
		"sy": {"between the Syrian Arab Republic and the Republic of Iraq", "مذكرة تفاهم بين الجمهورية العربية السورية وجمهورية العراق"},
	} {
		n := instrument(2, "ar", "en")
		n.Self = self
		d, err := n.Document(catalogue(t), paper.FormOriginal, "ar")
		if err != nil {
			t.Fatal(err)
		}
		var sign []paper.Signature
		for _, b := range d.Blocks {
			sign = append(sign, b.Sign...)
		}
		if name, _ := n.Text.Names[self].In("ar"); len(sign) != 2 || !strings.Contains(sign[0].For, name) || !strings.Contains(sign[0].Detail, "٢٣ تشرين الثاني ٢٠٢٦") {
			t.Errorf("%s: signatures %+v", self, sign)
		}
		got := plain(tool(t, "pdftotext", file(t, d), "-"))
		spaced := strings.ReplaceAll(got, " ", "")
		for _, w := range want {
			if !strings.Contains(spaced, strings.ReplaceAll(w, " ", "")) && !hasWords(got, w) {
				t.Errorf("%s: %q is not in\n%s", self, w, got)
			}
		}
	}
}

// hasWords tells whether the words stand in their order, with others between them: columns come out line by line.
func hasWords(s, words string) bool {
	for _, w := range strings.Fields(words) {
		i := strings.Index(s, w)
		if i < 0 {
			return false
		}
		s = s[i+len(w):]
	}
	return true
}

func TestPapersOfAnAgreementConform(t *testing.T) {
	for _, form := range []string{paper.FormText, paper.FormOriginal, paper.FormCertified, paper.FormRegistration} {
		for _, tags := range [][]string{{"ar"}, {"ar", "en"}, {"ar", "en", "fr"}} {
			for _, lang := range []string{"ar", "en"} {
				n := instrument(3, tags...)
				d, err := n.Document(catalogue(t), form, lang)
				if err != nil {
					t.Fatal(err)
				}
				b, err := press(t).PDF(d)
				if err != nil {
					t.Fatal(err)
				}
				for _, f := range conforms(b) {
					t.Errorf("%s %v %s: %s", form, tags, lang, f)
				}
				if want := slices.Contains(tags, lang); (d.Lang == lang) != want {
					t.Errorf("%s %v %s: set in %s", form, tags, lang, d.Lang)
				}
			}
		}
	}
	n := instrument(1, "ar")
	if _, err := n.Document(catalogue(t), "", "ar"); err == nil {
		t.Error("a paper of no form")
	}
}

func TestNotYetSigned(t *testing.T) {
	n := instrument(1, "ar", "en")
	n.Signed, n.Force = nil, ""
	for form, want := range map[string]string{paper.FormRegistration: "not recorded yet", paper.FormText: "Not an original"} {
		d, err := n.Document(catalogue(t), form, "en")
		if err != nil {
			t.Fatal(err)
		}
		if got := plain(tool(t, "pdftotext", file(t, d), "-")); !strings.Contains(got, want) || strings.Contains(got, "Signed in the shared record") {
			t.Errorf("%s: %s", form, got)
		}
	}
}

func BenchmarkNote(b *testing.B) {
	p, w, n := press(b), catalogue(b), noteOf(jisr.Verbale)
	for b.Loop() {
		if _, err := p.PDF(n.Document(w, "ar")); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAgreementOf200ArticlesInThreeLanguages(b *testing.B) {
	p, w, n := press(b), catalogue(b), instrument(200, "ar", "en", "fr")
	for b.Loop() {
		d, err := n.Document(w, paper.FormOriginal, "ar")
		if err != nil {
			b.Fatal(err)
		}
		if _, err := p.PDF(d); err != nil {
			b.Fatal(err)
		}
	}
}
