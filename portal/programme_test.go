package portal_test

import (
	"bytes"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"jisr"
	"jisr/node"
	"jisr/programme"
)

// inForce brings the shipped water annex into force between two houses, today.
func inForce(t *testing.T, iq, sy *house) jisr.ThingID {
	t.Helper()
	doc, err := programme.ReadShipped("wat")
	if err != nil {
		t.Fatal(err)
	}
	annex, err := programme.Compile(doc)
	if err != nil {
		t.Fatal(err)
	}
	minister := jisr.Authority{Capacity: jisr.ForeignMinister}
	says := func(h *house, about jisr.ThingID, kind jisr.Kind, terms, body any) node.Done {
		t.Helper()
		step, err := node.NewStep(kind, terms, body)
		if err != nil {
			t.Fatal(err)
		}
		done := h.do(h.program(), node.SayStep{Forum: "iq-sy", About: about, Step: step})
		if err := h.node.WaitHeld(t.Context(), "iq-sy", done.Position); err != nil {
			t.Fatal(err)
		}
		return done
	}
	text := jisr.InstrumentText{Clauses: jisr.Clauses{Languages: []string{"ar", "en"}, Consent: map[jisr.MemberID]jisr.ConsentMethod{"iq": jisr.BySignature, "sy": jisr.BySignature}, Force: jisr.ForceRule{On: jisr.ForceSignature}, Notice: 6},
		Names: map[jisr.MemberID]jisr.Text{"iq": {"ar": "العراق", "en": "Iraq"}, "sy": {"ar": "سورية", "en": "Syria"}},
		Segments: []jisr.Segment{{ID: "title", Kind: jisr.SegmentTitle, Text: jisr.Text{"ar": "اتفاقية بين ⟦P1⟧ و⟦P2⟧ بشأن المياه", "en": "Agreement between ⟦P1⟧ and ⟦P2⟧ on water"}},
			{ID: "art1", Kind: jisr.SegmentArticle, Number: "1", Text: jisr.Text{"ar": "الغرض", "en": "Purpose"}}, {ID: "art1-p1", Kind: jisr.SegmentParagraph, Text: jisr.Text{"ar": "يتبادل الطرفان البيانات.", "en": "The Parties shall exchange data."}},
			{ID: "annex1", Kind: jisr.SegmentAnnex, Number: "I", Text: jisr.Text{"ar": "برنامج المياه", "en": "The water programme"}}},
		Annexes: map[string]jisr.AnnexRef{"annex1": {Title: annex.Annex.Title, Document: annex.Hash()}}}
	pact := says(iq, "", jisr.KindAgreementPropose, jisr.ProposeTerms{Kind: jisr.AgreementKind, Title: jisr.Text{"ar": "اتفاقية المياه", "en": "Agreement on water"}, Parties: []jisr.MemberID{"iq", "sy"}, Binding: true}, nil).Thing
	says(sy, pact, jisr.KindAgreementNegotiate, jisr.IntentTerms{Binding: true}, nil)
	says(iq, pact, jisr.KindAgreementTable, nil, text)
	for _, h := range []*house{iq, sy} {
		says(h, pact, jisr.KindAgreementInitial, minister, nil)
	}
	window := map[string]any{"window": map[string]any{"closes": jisr.WindowEnd(iq.node.Now().Add(30 * time.Second))}}
	says(iq, pact, jisr.KindAgreementSeal, window, nil)
	says(sy, pact, jisr.KindAgreementSeal, nil, nil)
	for _, h := range []*house{iq, sy} {
		says(h, pact, jisr.KindAgreementCommit, minister, nil)
	}
	for _, h := range []*house{iq, sy} {
		says(h, pact, jisr.KindAgreementVerbal, nil, nil)
	}
	done := iq.do(iq.as("mail.program", jisr.Direct), node.LayProgramme{Forum: "iq-sy", Agreement: pact, Document: doc})
	if err := iq.node.WaitHeld(t.Context(), "iq-sy", done.Position); err != nil {
		t.Fatal(err)
	}
	return done.Thing
}

// sendsFile posts a form with a file.
func (b *browser) sendsFile(path, name, content string) page {
	b.t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	part, err := w.CreateFormFile("files", name)
	if err == nil {
		_, err = part.Write([]byte(content))
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		b.t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(b.t.Context(), http.MethodPost, b.base+path, &body)
	if err != nil {
		b.t.Fatal(err)
	}
	req.Header.Set("Content-Type", w.FormDataContentType())
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	return b.send(req)
}

// TestProgrammeStory: a table with a bad cell is marked and nothing sent; the mended one is sent and read on the other
// side; a record is written by hand, corrected by its sender and confirmed by the other.
func TestProgrammeStory(t *testing.T) {
	iq, sy := world(t)
	at := "/ar/programmes/iq-sy/" + inForce(t, iq, sy).Name()
	records := at + "/records/water_observation"
	clerk, theirs := iq.signedIn("head.treaties"), sy.signedIn("head.treaties")
	must(t, clerk.get(at), "نافذ منذ", "الملحق", "المستهدفات")
	must(t, clerk.get(at+"/annex"), "Never above", "لا تزيد على", "sha256:")

	today := iq.node.Now().Format("2006-01-02")
	table := "المحطة,river,property,time,aggregation,Value,unit,quality,method\nHSB,euphrates,discharge," + today + "T06:00:00+03:00,daily-mean,%s,MQS,good,telemetry\nحصيبة,euphrates,discharge," + today + "T07:00:00+03:00,instant,٢٩٥,MQS,good,telemetry\n"
	bad := clerk.sendsFile(records+"/upload", "readings.csv", fmt.Sprintf(table, "much"))
	must(t, bad, "سطر واحد يحتاج إلى تصحيح", "much", "3.1.6", "cell-bad")
	if form := fieldsOf(t, bad.body, strings.TrimSuffix(bad.path, "?")); form.Get("c.value") != "Value" || form.Get("c.station") != "المحطة" {
		t.Errorf("the columns are taken for %v", form)
	}
	refused := clerk.post(bad.path, url.Values{"mapped": {""}})
	if refused.status != http.StatusUnprocessableEntity || strings.Contains(clerk.get(records).body, "حصيبة</bdi>") {
		t.Errorf("a table with a bad cell is sent: %d", refused.status)
	}
	good := clerk.sendsFile(records+"/upload", "readings.csv", fmt.Sprintf(table, "301.5"))
	must(t, good, "سجلان يوافقان الملحق")
	sent := clerk.post(good.path, fieldsOf(t, good.body, good.path))
	if sent.path != records {
		t.Fatalf("sending led to %s, %d: %s", sent.path, sent.status, text(sent.body))
	}
	must(t, sent, "٣٠١٫٥", "٢٩٥", "حصيبة")
	sy.waitFor(t, theirs, records, "٣٠١٫٥")

	form := fieldsOf(t, clerk.get(records+"/new").body, "/new")
	for k, v := range map[string]string{"v.station": "HSB", "v.river": "euphrates", "v.property": "discharge", "v.aggregation": "instant", "v.unit": "MQS", "v.quality": "good", "v.method": "telemetry", "v.value": "abc",
		"v.time.day": iq.node.Now().Format("2"), "v.time.month": iq.node.Now().Format("1"), "v.time.year": iq.node.Now().Format("2006"), "v.time.clock": "٠٨:٣٠"} {
		form.Set(k, v)
	}
	wrong := clerk.post(records+"/new", form)
	if wrong.status != http.StatusUnprocessableEntity {
		t.Errorf("a figure of letters is sent: %d", wrong.status)
	}
	must(t, wrong, "f-v.value-error", "3.1.6")
	form.Set("v.value", "٢٨٨٫٥")
	must(t, clerk.post(records+"/new", form), "٢٨٨٫٥")

	sy.waitFor(t, theirs, records, "٢٨٨٫٥")
	one := regexp.MustCompile(`href="(/ar/programmes/[^"]*/one/[^"]*)"`).FindStringSubmatch(clerk.get(records + "?sort=%40sent").body)
	if one == nil {
		t.Fatal("no record has a page")
	}
	correction := fieldsOf(t, clerk.get(one[1]+"/correct").body, "/correct")
	if correction.Get("v.value") != "288.5" || correction.Get("v.time.clock") != "08:30" {
		t.Errorf("the form of the correction has %v", correction)
	}
	correction.Set("v.value", "289")
	correction.Set("reason", "خطأ في القراءة")
	must(t, clerk.post(one[1]+"/correct", correction), "٢٨٩", "خطأ في القراءة", "مصحَّح")
	sy.waitFor(t, theirs, one[1], "٢٨٩")
	if own := clerk.post(one[1]+"/confirm", nil); own.status == http.StatusOK && own.path == one[1] {
		t.Error("a side confirms its own figure")
	}
	must(t, theirs.post(one[1]+"/confirm", nil), "مؤكَّد من الجانبين")
	iq.waitFor(t, clerk, one[1], "مؤكَّد من الجانبين")
	for _, form := range []string{"csv", "xlsx", "ndjson", "sensorthings"} {
		if f := clerk.get(records + "/export/" + form + "?q=&is.station=HSB"); f.status != http.StatusOK || !strings.Contains(f.header.Get("Content-Disposition"), "wat-water_observation") {
			t.Errorf("export as %s: %d", form, f.status)
		}
	}
	if f := clerk.get(records + "/export/cap"); f.status != http.StatusNotFound {
		t.Errorf("a form that the annex doesn't map to: %d", f.status)
	}
	iq.holds(t, clerk, at, one[1])
	batch := one[1]
	must(t, clerk.post(batch+"/erase", url.Values{"reason": {"طلب قانوني"}}), "اتُّفق على محو محتوى سجلات")
	sy.waitFor(t, theirs, "/ar/", "الموافقة على محو محتوى السجلات")
	must(t, theirs.get("/ar/"), batch, "سجل واحد")
	for _, path := range []string{at, records, records + "/upload", records + "/new", one[1], one[1] + "/correct", at + "/annex"} {
		checkPage(t, clerk.get(path), "ar")
		checkPage(t, clerk.get("/en"+strings.TrimPrefix(path, "/ar")), "en")
	}
}

// holds sets a legal hold on a programme and on one batch by the pages, and lifts them.
func (h *house) holds(t *testing.T, clerk *browser, programme, record string) {
	t.Helper()
	batch := regexp.MustCompile(`href="(/ar/custody/iq-sy/record/[^"]*)"`).FindStringSubmatch(clerk.get(record).body)
	if batch == nil {
		t.Fatal("the record leads to no legal hold of its batch")
	}
	for _, custody := range []string{strings.Replace(programme, "/programmes/iq-sy/", "/custody/iq-sy/programme/", 1), batch[1]} {
		if p := clerk.post(custody+"/hold", url.Values{"reason": {""}}); p.status != http.StatusUnprocessableEntity {
			t.Errorf("a hold without a reason: %d", p.status)
		}
		must(t, clerk.does(custody+"/hold", url.Values{"reason": {"دعوى قائمة"}, "review.day": {"1"}, "review.month": {"6"}, "review.year": {"2099"}}), "تحت الحفظ القانوني منذ", "دعوى قائمة", "٢٠٩٩", "رئيس دائرة المعاهدات")
		checkPage(t, clerk.get(custody), "ar")
		checkPage(t, clerk.get("/en"+strings.TrimPrefix(custody, "/ar")), "en")
		if custody != batch[1] {
			must(t, clerk.get(programme), "تحت الحفظ القانوني منذ")
		}
		lifted := clerk.does(custody+"/lift", url.Values{"reason": {"انتهت الدعوى"}})
		must(t, lifted, "رُفع الحفظ القانوني", "انتهت الدعوى")
		if strings.Contains(lifted.body, "تحت الحفظ القانوني منذ") {
			t.Error("a lifted hold still stands")
		}
	}
}
