package paper_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"jisr"
	"jisr/book"
	"jisr/node/nodetest"
	"jisr/paper"
	"jisr/words"
)

// noteOf is a note with everything a note may have.
func noteOf(kind jisr.NoteKind) paper.Note {
	n := paper.Note{Forum: "iq-sy", From: "iq", Entry: []byte(`{"v":1}`), Demo: true,
		Terms: jisr.NoteTerms{Kind: kind, To: []jisr.MemberID{"jo", "sy"}, Number: 17, Date: "2026-11-23", Precedence: jisr.Immediate, ReplyBy: "2026-12-01", Handling: jisr.HandlingRestricted},
		Names: map[jisr.MemberID]jisr.Text{"iq": {"ar": "جمهورية العراق", "en": "Republic of Iraq"}, "sy": {"ar": "الجمهورية العربية السورية", "en": "Syrian Arab Republic"}},
		Files: []paper.File{{Name: "جدول.csv", Type: "text/csv", Size: 3_400_000}, {Type: "application/pdf", Size: 12}},
		Body: jisr.NoteBody{Subject: jisr.Text{"ar": "تمديد العمل في معبر ربيعة", "en": "Longer hours at the Rabia crossing"}, From: jisr.Text{"ar": "وزارة الخارجية", "en": "Ministry of Foreign Affairs"},
			Opening: jisr.Text{"ar": "تهدي وزارة الخارجية أطيب تحياتها إلى وزارة الخارجية الموقرة، وتتشرف بأن تفيد بما يأتي:", "en": "The Ministry of Foreign Affairs presents its compliments to the Ministry and has the honour to state:"},
			Closing: jisr.Text{"ar": "وتغتنم الوزارة هذه المناسبة لتعرب للوزارة الموقرة عن فائق تقديرها واحترامها.", "en": "The Ministry avails itself of this opportunity to renew the assurances of its highest consideration."},
			Text:    jisr.Text{"ar": "تقترح الوزارة تمديد ساعات العمل إلى الساعة ٢٠:٠٠ اعتباراً من ١ كانون الأول ٢٠٢٦.\n\nوترفق جدولاً بأعداد الشاحنات:\nربيعة ٣٥٠\nالقائم ١٢٠", "en": "The Ministry proposes to extend the hours of work to 20:00 from 1 December 2026.\n\nA table of the number of lorries is attached."}}}
	if kind == jisr.NonPaper {
		n.Terms.Number = 0
	}
	return n
}

func catalogue(t testing.TB) *words.Words {
	t.Helper()
	w, err := words.New()
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestNotesOnPaper(t *testing.T) {
	for _, kind := range jisr.NoteKinds() {
		for _, lang := range []string{"ar", "en"} {
			n := noteOf(kind)
			d := n.Document(catalogue(t), lang)
			b, err := press(t).PDF(d)
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range conforms(b) {
				t.Errorf("%s %s: %s", kind, lang, f)
			}
			if d.Marking == "" || d.Lang != lang || d.Seal == nil {
				t.Errorf("%s %s: %+v", kind, lang, d)
			}
			got := plain(tool(t, "pdftotext", file(t, d), "-"))
			for want, should := range map[string]bool{"IQ 17/2026": kind != jisr.NonPaper, "فائق تقديرها واحترامها": true, "has the honour to state": true,
				"Longer hours at the Rabia crossing": true, "تمديد العمل في معبر ربيعة": true, "Initials and seal": lang == "en" && kind != jisr.NonPaper && kind != jisr.PersonalNote,
				"text/csv": true, "Republic of Iraq": lang == "en" && kind != jisr.NonPaper} {
				if strings.Contains(got, want) != should {
					t.Errorf("%s %s: whether %q stands on it must be %v:\n%s", kind, lang, want, should, got)
				}
			}
		}
	}
}

func TestNoteInOneLanguageOnly(t *testing.T) {
	n := noteOf(jisr.Verbale)
	delete(n.Body.Text, "en")
	delete(n.Body.Subject, "en")
	if d := n.Document(catalogue(t), "en"); d.Lang != "ar" || !strings.Contains(d.Title, "ربيعة") {
		t.Errorf("a note in Arabic is printed as %q, %q", d.Lang, d.Title)
	}
}

func TestLetterheads(t *testing.T) {
	heads, err := paper.ReadHeads(strings.NewReader(`{"iq":{"ar":["{member}","رئاسة الوزراء","{office}"]}}`))
	if err != nil {
		t.Fatal(err)
	}
	n := noteOf(jisr.Verbale)
	n.Head = heads["iq"]
	d := n.Document(catalogue(t), "ar")
	var lines []string
	for _, b := range d.Blocks[:3] {
		lines = append(lines, b.Text)
	}
	if got := strings.Join(lines, "|"); got != "جمهورية العراق|رئاسة الوزراء|وزارة الخارجية" {
		t.Errorf("got %s", got)
	}
	for _, bad := range []string{"", "[]", `{"iq":{"ar":[]}}`, `{"IQ":{"ar":["x"]}}`, `{"iq":{"ar":["{name}"]}}`, `{"iq":{"ar":["a\u202e"]}}`, `{} {}`, `{"iq":{"ar":["` + strings.Repeat("x", 300) + `"]}}`} {
		if _, err := paper.ReadHeads(strings.NewReader(bad)); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}

// Both sides print the same paper, and its hash is that of the entry both hold.
func TestBothSidesPrintTheSamePaper(t *testing.T) {
	w := nodetest.New(t, "iq", "sy")
	id := w.As("iq").Releases(w.Note("sy"))
	w.As("sy").Receives(id)
	w.Settle()
	var first []byte
	for _, m := range []jisr.MemberID{"iq", "sy"} {
		b, err := paper.Open(w.Node(m), catalogue(t), nil, false).Print(t.Context(), book.Whole(), w.Forum, id, "", "ar")
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range conforms(b) {
			t.Error(f)
		}
		if first == nil {
			first = b
		}
		if !bytes.Equal(first, b) {
			t.Errorf("%s prints other bytes", m)
		}
	}
	v, err := w.Node("sy").Book().Note(t.Context(), book.Whole(), w.Forum, id)
	if err != nil {
		t.Fatal(err)
	}
	entry, err := w.Node("sy").Entry(t.Context(), book.Whole(), w.Forum, v.Note.Released.Position)
	if err != nil {
		t.Fatal(err)
	}
	at := filepath.Join(t.TempDir(), "note.pdf")
	if err := os.WriteFile(at, first, 0o600); err != nil {
		t.Fatal(err)
	}
	tool(t, "pdftoppm", "-r", "150", "-f", "1", "-l", "1", "-png", "-singlefile", at, strings.TrimSuffix(at, ".pdf"))
	code := strings.TrimSpace(strings.Split(tool(t, "zbarimg", "--quiet", "--raw", strings.TrimSuffix(at, ".pdf")+".png"), "\n")[0])
	if same, ok := paper.Matches(code, sha256.Sum256(append([]byte{0}, entry...))); !same || !ok {
		t.Errorf("the code %q does not match the entry", code)
	}
}

func TestWhatHasNoPaper(t *testing.T) {
	w := nodetest.New(t, "iq", "sy")
	o := paper.Open(w.Node("iq"), catalogue(t), nil, false)
	for _, id := range []jisr.ThingID{"note/iq-none", "forum/iq-sy", "note/"} {
		var r *jisr.Refusal
		if _, err := o.Print(t.Context(), book.Whole(), w.Forum, id, "", "ar"); !errors.As(err, &r) {
			t.Errorf("%s: %v", id, err)
		}
	}
	id := w.As("iq").Releases(w.Note("sy"))
	if _, err := o.Print(t.Context(), book.Whole(), w.Forum, id, "original", "ar"); err == nil {
		t.Error("a note has an original apart from its paper")
	}
}
