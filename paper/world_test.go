package paper_test

import (
	"crypto/sha256"
	"strings"
	"testing"
	"time"

	"jisr/paper"
	"jisr/words"
)

// press is a press with the catalogue.
func press(t testing.TB) *paper.Press {
	t.Helper()
	w, err := words.New()
	if err != nil {
		t.Fatal(err)
	}
	return paper.New(w)
}

func made() time.Time { return time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC) }

// sample is a document with everything a document may have, in the language given.
func sample(lang string) *paper.Document {
	sum := sha256.Sum256([]byte("a record"))
	d := &paper.Document{Lang: lang, Made: made(), Seal: &paper.Seal{Hash: sum, Place: "iq-sy iq 12"}}
	ar, en := arabicColumn(), englishColumn()
	if lang == "ar" {
		d.Title, d.Head, d.Marking = "مذكرة تفاهم بشأن تبادل البيانات الجمركية المسبقة", "IQ 17/2026", "رسمي"
		d.Blocks = arabicBlocks()
		d.Blocks = append(d.Blocks, paper.Block{Beside: []paper.Column{ar, en}})
	} else {
		d.Title, d.Head, d.Marking = "Memorandum of Understanding on the Advance Exchange of Customs Data", "IQ 17/2026", "OFFICIAL"
		d.Blocks = englishBlocks()
		d.Blocks = append(d.Blocks, paper.Block{Beside: []paper.Column{en, ar}})
	}
	d.Blocks = append(d.Blocks, paper.Block{Seal: d.Seal})
	return d
}

func arabicColumn() paper.Column {
	return paper.Column{Lang: "ar", Blocks: []paper.Block{
		{Heading: 2, Text: "المادة ١: الغرض"},
		{Text: "تهدف هذه المذكرة إلى تبادل بيانات البضائع العابرة قبل وصولها إلى المنفذ الحدودي بما لا يقل عن أربع ساعات، تيسيراً للإجراءات وحمايةً لأمن سلسلة الإمداد بين جمهورية العراق والجمهورية العربية السورية."},
		{Heading: 2, Text: "المادة ٢: البيانات المتبادلة"},
		{Text: "يتبادل الطرفان بيان الحمولة ورقم الشاحنة واسم الناقل ورمز البضاعة وفق النظام المنسّق (HS 2022) خلال ٤ ساعات، ولا تُستخدم البيانات إلا للأغراض الجمركية المنصوص عليها في قرار اللجنة رقم ١٧ لسنة ٢٠٢٦، وتُرسل نسخة إلى archive@example.org خلال ٣٠ يوماً."},
	}}
}

func englishColumn() paper.Column {
	return paper.Column{Lang: "en", Blocks: []paper.Block{
		{Heading: 2, Text: "Article 1: Purpose"},
		{Text: "This Memorandum provides for the exchange of data on goods in transit no later than four hours before they reach the border crossing, so that procedures are simpler and the supply chain between the Republic of Iraq and the Syrian Arab Republic is protected."},
		{Heading: 2, Text: "Article 2: Data exchanged"},
		{Text: "The Parties exchange the cargo declaration, the vehicle number, the carrier’s name and the commodity code under the Harmonized System (HS 2022) within 4 hours. The data are used only for the customs purposes set out in Committee Decision 17 of 2026, known in Arabic as «قرار اللجنة رقم ١٧»."},
	}}
}

func arabicBlocks() []paper.Block {
	return []paper.Block{
		{Look: paper.Name, Text: "جمهورية العراق"},
		{Look: paper.Centred, Text: "وزارة الخارجية"},
		{Rule: true, Gap: 6},
		{Heading: 1, Look: paper.Title, Text: "مذكرة تفاهم بشأن تبادل البيانات الجمركية المسبقة"},
		{Table: &paper.Table{Plain: true, Widths: []float64{1, 4}, Rows: [][]paper.Block{
			{{Text: "العدد:", Look: paper.Strong}, {Text: "IQ 17/2026"}}, {{Text: "التاريخ:", Look: paper.Strong}, {Text: "الاثنين ٢٣ تشرين الثاني ٢٠٢٦"}}}}},
		{Text: strings.Repeat("تهدي وزارة الخارجية في جمهورية العراق أطيب تحياتها إلى وزارة الخارجية في الجمهورية العربية السورية الموقرة، وتتشرف بأن تفيد بما يأتي. ", 2)},
		{List: []paper.Block{{Label: "١.", Text: "يُعقد الاجتماع الأول خلال ستين يوماً من تاريخ النفاذ."}, {Label: "٢.", Text: "تُرفع المحاضر إلى الطرفين خلال أسبوع، وتتضمن ما اتُّفق عليه وما بقي معلقاً ومن المكلّف به من الجانبين، مع بيان الموعد."}}},
		{Table: &paper.Table{Head: []string{"المنفذ", "ساعات العمل", "الشاحنات"}, Widths: []float64{2, 2, 1}, Rows: [][]paper.Block{
			{{Text: "ربيعة – اليعربية"}, {Text: "٠٨:٠٠ – ١٨:٠٠"}, {Text: "٣٥٠"}}, {{Text: "القائم – البوكمال"}, {Text: "على مدار الساعة"}, {Text: "١٬٢٠٠"}}}}},
		{Sign: []paper.Signature{{For: "عن حكومة جمهورية العراق", Name: "وزير الخارجية", Detail: "بغداد، ٢٣ تشرين الثاني ٢٠٢٦"}, {For: "عن حكومة الجمهورية العربية السورية", Name: "وزير الخارجية"}}},
	}
}

func englishBlocks() []paper.Block {
	return []paper.Block{
		{Look: paper.Name, Text: "Republic of Iraq"},
		{Look: paper.Centred, Text: "Ministry of Foreign Affairs"},
		{Rule: true, Gap: 6},
		{Heading: 1, Look: paper.Title, Text: "Memorandum of Understanding on the Advance Exchange of Customs Data"},
		{Table: &paper.Table{Plain: true, Widths: []float64{1, 4}, Rows: [][]paper.Block{
			{{Text: "Number:", Look: paper.Strong}, {Text: "IQ 17/2026"}}, {{Text: "Date:", Look: paper.Strong}, {Text: "Monday 23 November 2026"}}}}},
		{Text: strings.Repeat("The Ministry of Foreign Affairs of the Republic of Iraq presents its compliments to the Ministry of Foreign Affairs of the Syrian Arab Republic and has the honour to state the following. ", 2)},
		{List: []paper.Block{{Label: "1.", Text: "The first meeting is held within sixty days of entry into force."}, {Label: "2.", Text: "Minutes go to both Parties within a week. They state what was agreed, what was left open and which side has it in hand, with the date."}}},
		{Table: &paper.Table{Head: []string{"Crossing", "Hours", "Lorries"}, Widths: []float64{2, 2, 1}, Rows: [][]paper.Block{
			{{Text: "Rabia – Al-Yaarubiyah"}, {Text: "08:00 – 18:00"}, {Text: "350"}}, {{Text: "Al-Qaim – Al-Bukamal"}, {Text: "at all hours"}, {Text: "1,200"}}}}},
		{Sign: []paper.Signature{{For: "For the Government of the Republic of Iraq", Name: "Minister of Foreign Affairs", Detail: "Baghdad, 23 November 2026"}, {For: "For the Government of the Syrian Arab Republic", Name: "Minister of Foreign Affairs"}}},
	}
}
