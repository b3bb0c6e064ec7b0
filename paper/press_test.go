package paper_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"

	"jisr/paper"
)

// tool runs a program of paper/system.sh. Where it is missing the test is skipped, except where tests stand between a
// change and others (CI): there everything must be had.
func tool(t *testing.T, name string, args ...string) string {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("couldn't find %s: run paper/system.sh", name)
		}
		t.Skipf("%s is not here: run paper/system.sh", name)
	}
	cmd := exec.Command(name, args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s %v: %v\n%s%s", name, args, err, out.String(), errs.String())
	}
	return out.String()
}

// file sets a document into a file.
func file(t *testing.T, d *paper.Document) string {
	t.Helper()
	b, err := press(t).PDF(d)
	if err != nil {
		t.Fatal(err)
	}
	at := filepath.Join(t.TempDir(), "a.pdf")
	if err := os.WriteFile(at, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return at
}

// plain is what pdftotext says, in one line, without the signs it adds for direction.
func plain(s string) string {
	s = strings.Map(func(r rune) rune {
		if r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 || r == 0x200e || r == 0x200f || r == 0x200b {
			return -1
		}
		return r
	}, s)
	return norm.NFC.String(strings.Join(strings.Fields(s), " "))
}

func TestOtherProgramsReadTheFile(t *testing.T) {
	for _, lang := range []string{"ar", "en"} {
		tool(t, "qpdf", "--check", file(t, sample(lang)))
	}
}

func TestTextComesOutInTheOrderItIsRead(t *testing.T) {
	for lang, want := range map[string][]string{
		"ar": {"جمهورية العراق وزارة الخارجية", "مذكرة تفاهم بشأن تبادل البيانات الجمركية المسبقة",
			"تهدي وزارة الخارجية في جمهورية العراق أطيب تحياتها إلى وزارة الخارجية في الجمهورية العربية السورية الموقرة، وتتشرف بأن تفيد بما يأتي",
			"يُعقد الاجتماع الأول خلال ستين يوماً من تاريخ النفاذ.", "IQ 17/2026", "ساعات ،تيسيراً للإجراءات وحمايةً لأمن سلسلة", "Article 1: Purpose", "the supply chain between the Republic of Iraq", "archive@example.org"},
		"en": {"Republic of Iraq Ministry of Foreign Affairs", "has the honour to state the following.", "1. The first meeting is held within sixty days of entry into force.",
			"Verification phrase: 39792 03304 10637 48903 20657 55359 14000 29492", "Page 1 of 2", "ولا تُستخدم البيانات إلا"},
	} {
		got := plain(tool(t, "pdftotext", file(t, sample(lang)), "-"))
		for _, w := range want {
			if !strings.Contains(got, norm.NFC.String(w)) {
				t.Errorf("%s: %q is not in what comes out:\n%s", lang, w, got)
			}
		}
	}
	// Where direction changes, pdftotext puts a space on the other side of its direction signs; digits keep their order.
	got := strings.ReplaceAll(plain(tool(t, "pdftotext", file(t, sample("ar")), "-")), " ", "")
	for _, w := range []string{"الاثنين٢٣تشرينالثاني٢٠٢٦", "صفحة١من٢", "خلال٤ساعات"} {
		if !strings.Contains(got, w) {
			t.Errorf("%q is not in what comes out:\n%s", w, got)
		}
	}
}

// TestWhoHearsThePageHearsItsText holds the structure tree's own text against the document's, letter by letter.
func TestWhoHearsThePageHearsItsText(t *testing.T) {
	d := sample("ar")
	b, err := press(t).PDF(d)
	if err != nil {
		t.Fatal(err)
	}
	p, err := open(b)
	if err != nil {
		t.Fatal(err)
	}
	var heard []string
	var walk func(e any)
	walk = func(e any) {
		if s := text(p.get(e, "ActualText")); s != "" {
			heard = append(heard, s)
		}
		kids, _ := p.get(e, "K").([]any)
		for _, k := range kids {
			if r, ok := k.(ref); ok {
				walk(r)
			}
		}
	}
	walk(p.catalog("StructTreeRoot"))
	all := strings.Join(heard, "\n")
	from := 0
	for _, block := range arabicBlocks() {
		if block.Text == "" {
			continue
		}
		i := strings.Index(all[from:], block.Text)
		if i < 0 {
			t.Fatalf("%q is not heard, or not after what stands before it:\n%s", block.Text, all)
		}
		from += i
	}
}

func TestTheCodeOnThePageLeadsToTheRecord(t *testing.T) {
	d := sample("ar")
	at := file(t, d)
	tool(t, "pdftoppm", "-r", "150", "-f", "1", "-l", "1", "-png", "-singlefile", at, strings.TrimSuffix(at, ".pdf"))
	got := strings.TrimSpace(tool(t, "zbarimg", "--quiet", "--raw", strings.TrimSuffix(at, ".pdf")+".png"))
	if !strings.HasPrefix(got, "JISR:IQ-SY/IQ/12:") {
		t.Errorf("the code says %q", got)
	}
	if same, ok := paper.Matches(got, d.Seal.Hash); !same || !ok {
		t.Errorf("%q does not match the hash it was made from", got)
	}
}

func TestSameDocumentSameBytes(t *testing.T) {
	for _, lang := range []string{"ar", "en"} {
		first, err := press(t).PDF(sample(lang))
		if err != nil {
			t.Fatal(err)
		}
		again, err := press(t).PDF(sample(lang))
		if err != nil || !bytes.Equal(first, again) {
			t.Errorf("%s: another press gives other bytes (%v)", lang, err)
		}
		d := sample(lang)
		d.Blocks[0].Text += "."
		other, err := press(t).PDF(d)
		if err != nil || bytes.Equal(first, other) {
			t.Errorf("%s: another document gives the same bytes (%v)", lang, err)
		}
	}
}

func TestTextFromElsewhereCanOnlyBecomeGlyphs(t *testing.T) {
	d := sample("ar")
	hostile := ") Tj ET EMC /JavaScript (x) >> endobj \u202e\u2067 ﷽ 🕊 漢字 \x00\x07 \u0301\u0301 " + strings.Repeat("\u064b", 40) + " ا\u2066ب\u2067ج\u2066د"
	d.Title, d.Head, d.Marking = hostile, hostile, hostile
	d.Blocks = []paper.Block{{Heading: 1, Text: hostile}, {Text: hostile}, {Text: strings.Repeat("ا", 5000)}, {Text: "\n\n\n"}, {Look: paper.Code, Text: strings.Repeat("0123456789abcdef", 40)},
		{List: []paper.Block{{Label: hostile, Text: hostile}}}, {Table: &paper.Table{Rows: [][]paper.Block{{{Text: hostile}, {}}, {{}}}}}, {Beside: []paper.Column{{Lang: "xx", Blocks: []paper.Block{{Text: hostile}}}, {Lang: "ar"}}}}
	b, err := press(t).PDF(d)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range conforms(b) {
		t.Error(f)
	}
	tool(t, "qpdf", "--check", file(t, d))
}

func TestLongTablesAndParagraphsGoOnOverPages(t *testing.T) {
	d := &paper.Document{Lang: "ar", Title: "سجل", Made: made(), Size: paper.Letter}
	rows := make([][]paper.Block, 90)
	for i := range rows {
		rows[i] = []paper.Block{{Text: "منفذ ربيعة"}, {Text: strings.Repeat("وصف ", i%40)}}
	}
	d.Blocks = []paper.Block{{Table: &paper.Table{Head: []string{"المنفذ", "الوصف"}, Rows: rows}}, {Break: true, Text: strings.Repeat("نص طويل يمتد على صفحات. ", 700)}, {Text: "خاتمة"}}
	b, err := press(t).PDF(d)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range conforms(b) {
		t.Error(f)
	}
	text := tool(t, "pdftotext", file(t, d), "-")
	pages := strings.Split(strings.TrimSuffix(text, "\f"), "\f")
	if len(pages) < 7 || !strings.Contains(plain(pages[0]), "المنفذ الوصف") || !strings.Contains(plain(pages[2]), "المنفذ الوصف") {
		t.Errorf("%d pages; the head of the table does not stand on each:\n%s", len(pages), text)
	}
	if got := strings.Count(plain(text), "منفذ ربيعة"); got != len(rows) {
		t.Errorf("%d rows came out of %d", got, len(rows))
	}
}

func TestPhrase(t *testing.T) {
	var hash [32]byte
	for i := range hash {
		hash[i] = byte(i * 7)
	}
	if got, want := paper.Phrase(hash), "00007 03605 07203 10801 14399 17997 21595 25193"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	other := hash
	other[0] ^= 1
	for _, said := range []string{paper.Phrase(hash), "٠٠٠٠٧ ٠٣٦٠٥ ٠٧٢٠٣ ١٠٨٠١ ١٤٣٩٩ ١٧٩٩٧ ٢١٥٩٥ ٢٥١٩٣", "00007-03605-07203-10801-14399-17997-21595-25193",
		"00070e151c232a31383f464d545b626970777e858c939aa1a8afb6bdc4cbd2d9", "SHA256:00070E151C232A31383F464D545B626970777E858C939AA1A8AFB6BDC4CBD2D9"} {
		if same, ok := paper.Matches(said, hash); !same || !ok {
			t.Errorf("%q does not match", said)
		}
		if same, ok := paper.Matches(said, other); same || !ok {
			t.Errorf("%q matches another hash", said)
		}
	}
	for _, said := range []string{"", "12345", "hello", "JISR:IQ-SY/IQ/12:TNY"} {
		if _, ok := paper.Matches(said, hash); ok {
			t.Errorf("%q is taken for a hash or phrase", said)
		}
	}
}
