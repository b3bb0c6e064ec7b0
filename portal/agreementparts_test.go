package portal_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"jisr"
	"jisr/node/nodetest"
)

// lawOf is a text of many articles, each a heading and a paragraph; changed reads otherwise.
func lawOf(w *nodetest.World, articles int, changed ...int) jisr.InstrumentText {
	return w.Text([]jisr.MemberID{"iq", "sy"}, "First.", func(t *jisr.InstrumentText) {
		t.Segments = t.Segments[:1]
		for i := range articles {
			n := fmt.Sprint(i + 1)
			wording := "Wording of article " + n + "."
			if slices.Contains(changed, i+1) {
				wording = "Other wording of article " + n + "."
			}
			t.Segments = append(t.Segments, jisr.Segment{ID: "a" + n, Kind: jisr.SegmentArticle, Number: n, Text: jisr.Text{"ar": "التبادل", "en": "Exchange"}},
				jisr.Segment{ID: "a" + n + "-p1", Kind: jisr.SegmentParagraph, Text: jisr.Text{"ar": "يتبادل الطرفان البيانات.", "en": wording}})
		}
	})
}

// part is a part of a text as a tab of a browser has it open.
type part struct {
	b    *browser
	at   string
	form url.Values
}

func opens(t *testing.T, b *browser, at, segment string) part {
	t.Helper()
	p := b.get(at + "/text/edit?part=" + segment)
	must(t, p, "f-text_0_ar")
	return part{b, at, fieldsOf(t, p.body, at+"/text/edit")}
}

// saves writes a wording in English into a field, and saves as a button says.
func (p part) saves(field, wording, button string) page {
	form := maps.Clone(p.form)
	form.Set(field, wording)
	form.Del("insert")
	form.Set("save", button)
	return p.b.post(p.at+"/text/edit", form)
}

// TestALongTextIsDraftedPartByPart: one article at a time, into one draft of the house; who saves what somebody else changed
// meanwhile sees the change, and loses nothing.
func TestALongTextIsDraftedPartByPart(t *testing.T) {
	w := nodetest.New(t, "iq", "sy")
	iq, sy := &house{t: t, node: w.Node("iq")}, &house{t: t, node: w.Node("sy")}
	for _, h := range []*house{iq, sy} {
		h.settle()
		h.serve()
	}
	id := w.As("iq").ProposesAgreement("iq", "sy")
	w.Settle()
	w.As("sy").Negotiates(id).Done()
	w.As("iq").Tables(id, lawOf(w, 40))
	w.Settle()
	one, two := iq.signedIn("first.secretary"), iq.signedIn("first.secretary")
	at := "/ar/agreements/iq-sy/" + id.Name()

	first := one.get(at + "/text/edit")
	must(t, first, "العنوان والديباجة", "المادة ٣٠", "?part=a30", `rel="next"`, "الأحكام الختامية")
	if strings.Contains(first.body, "Wording of article 30.") || strings.Contains(first.body, `rel="prev"`) {
		t.Error("the first part shows what is not in it")
	}
	here, there, next := opens(t, one, at, "a30"), opens(t, two, at, "a30-p1"), opens(t, two, at, "a31")
	must(t, one.get(at+"/text/edit?part=a30"), "Wording of article 30.", `rel="prev"`, `aria-current="page"`)

	saved := here.saves("text_1_en", "Daily levels.", "stay")
	must(t, saved, "حُفظ الجزء في المسودة", "Daily levels.", "معدَّل")
	after := next.saves("text_1_en", "Weekly levels.", "next") // it was opened before there was a draft, and nobody else changed it
	must(t, after, "حُفظ الجزء في المسودة", "Wording of article 32.")
	draft := between(after.body, `href="`, `">المسودة المعدّة للطرح`)
	must(t, one.get(draft+"/text"), "Daily", "Weekly", "Wording of article 40.")

	moved := there.saves("text_1_en", "Monthly levels.", "stay")
	must(t, moved, "تغيّر هذا الجزء أثناء الكتابة", "Monthly levels.")
	if moved.status != http.StatusConflict || !strings.Contains(moved.body, "<ins>Daily") {
		t.Errorf("what changed meanwhile is not shown: %d", moved.status)
	}
	must(t, one.get(draft+"/text"), "Daily") // nothing was overwritten
	again := part{two, at, fieldsOf(t, moved.body, at+"/text/edit")}
	must(t, again.saves("text_1_en", "Monthly levels.", "stay"), "حُفظ الجزء في المسودة")
	must(t, one.get(draft+"/text"), "Monthly", "Weekly")

	rows := opens(t, one, at, "a30")
	rows.form.Set("insert", "1")
	more := one.post(at+"/text/edit", rows.form)
	must(t, more, `name="id_3"`, "Monthly levels.")
	if bad := rows.saves("kind_1", "nothing", "stay"); bad.status != http.StatusUnprocessableEntity || !strings.Contains(bad.body, "Monthly levels.") {
		t.Errorf("a segment of no kind: %d", bad.status)
	}

	clauses := fieldsOf(t, one.get(at+"/text/edit?part=clauses").body, at+"/text/edit")
	clauses.Set("c_notice", "9")
	clauses.Del("save")
	clauses.Set("clauses", "1")
	must(t, one.post(at+"/text/edit", clauses), "حُفظ الجزء في المسودة")
	must(t, one.get(draft+"/text"), "9 months", "Monthly")

	// A newer text on the table: the draft stays, and says so.
	w.As("sy").Tables(id, lawOf(w, 40, 5))
	w.Settle()
	must(t, one.get(at+"/text/edit?part=a30"), "طُرح نص أحدث", "Monthly levels.")

	// Without a draft, what the other side tabled meanwhile is what changed.
	version := field(t, one.get(draft), draft+"/discard", "version")
	one.post(draft+"/discard", url.Values{"version": {version}})
	sixth, seventh := opens(t, one, at, "a6"), opens(t, one, at, "a7")
	w.As("sy").Tables(id, lawOf(w, 40, 5, 7))
	w.Settle()
	if p := seventh.saves("text_1_en", "Seventh.", "stay"); p.status != http.StatusConflict || !strings.Contains(text(p.body), "Seventh.") {
		t.Errorf("what the other side tabled is not shown: %d", p.status)
	}
	must(t, sixth.saves("text_1_en", "Sixth.", "stay"), "حُفظ الجزء في المسودة")
	must(t, one.get(at+"/text/edit?part=a7"), "Other wording of article 7.")
}

func between(body, before, after string) string {
	end := strings.Index(body, after)
	return body[strings.LastIndex(body[:end], before)+len(before) : end]
}
