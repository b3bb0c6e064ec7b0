package portal_test

import (
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// A joint statement in Arabic, by the forms of two portals: drafted by both, in brackets and out of them, approved by both,
// released; and a readout of one side beside it, which never looks like it.
func TestAStatementInTwoPortals(t *testing.T) {
	iqHouse, syHouse := world(t)
	iq, sy := iqHouse.officials(), syHouse.officials()
	checkPage(t, iq.get("/ar/statements"), "ar")
	checkPage(t, iq.get("/ar/statements/new"), "ar")
	if bad := iq.post("/ar/statements/new", url.Values{"forum": {"iq-sy"}}); bad.status != 422 {
		t.Fatalf("a statement without a title: %d", bad.status)
	}
	page := iq.does("/ar/statements/new", url.Values{"forum": {"iq-sy"}, "title_ar": {"بيان مشترك عن المياه"}, "title_en": {"Joint statement on water"}}).path

	sy.eventually(page, "قيد الصياغة")
	checkPage(t, sy.get(page+"/edit"), "ar")
	sy.drafter.does(page+"/edit", url.Values{"text_ar": {"اتفق الجانبان على تبادل المناسيب."}, "text_en": {"The two sides agreed to exchange levels."}})
	p := iq.eventually(page, "تبادل المناسيب")
	checkPage(t, p, "ar")
	edit := strings.ReplaceAll(regexp.MustCompile(`/ar/statements/[^"]*segment=[^"]*`).FindString(p.body), "&amp;", "&")
	form := iq.get(edit)
	checkPage(t, form, "ar")
	again := url.Values{"segment": {field(t, form, page+"/edit", "segment")}, "from": {field(t, form, page+"/edit", "from")}, "text_ar": {"يتبادلان المناسيب يومياً."}, "text_en": {"Levels are exchanged daily."}}
	iq.drafter.does(page+"/edit", again)
	sy.eventually(page, "يومياً")
	again.Set("text_ar", "يتبادلان المناسيب أسبوعياً.")
	sy.drafter.does(page+"/edit", again) // on the page it had open before: both wordings stand
	p = iq.eventually(page, "is-bracket")
	checkPage(t, p, "ar")
	if bad := iq.post(page+"/approve", url.Values{}); bad.status != 409 || !strings.Contains(bad.body, "بصيغتين") {
		t.Fatalf("a bracket was approved: %d", bad.status)
	}
	form = iq.get(edit)
	checkPage(t, form, "ar")
	iq.drafter.does(page+"/edit", url.Values{"segment": again["segment"], "from": {field(t, form, page+"/edit", "from")}, "text_ar": {"يتبادلان المناسيب أسبوعياً."}, "text_en": {"Levels are exchanged weekly."}})

	if bad := iq.post(page+"/release", url.Values{}); bad.status != 422 {
		t.Fatalf("released without an approval: %d", bad.status)
	}
	if bad := iq.drafter.post(page+"/approve", url.Values{}); bad.status == 200 {
		t.Fatal("who drafted the text approved it")
	}
	iq.does(page+"/approve", url.Values{})
	sy.eventually(page, "يُنشر متى أقره الجميع")
	if bad := sy.post(page+"/release", url.Values{}); bad.status != 422 {
		t.Fatalf("released with one approval: %d", bad.status)
	}
	sy.does(page+"/approve", url.Values{"as": {"proposed"}})
	iq.eventually(page, page+"/release")
	iq.formally(page+"/incident", url.Values{"publisher": {"sy"}, "published.day": {"1"}, "published.month": {"1"}, "published.year": {"2026"}, "where": {"صحيفة"}})
	iq.does(page+"/release", url.Values{})
	p = sy.eventually(page, "النص معلن")
	if !strings.Contains(p.body, "قبل الموعد") {
		t.Error("the other side does not see that it was published early")
	}
	checkPage(t, p, "ar")

	checkPage(t, sy.get(page+"/readout"), "ar")
	draft := sy.drafter.does(page+"/readout", url.Values{"title_ar": {"رواية"}, "text_ar": {"مسودة"}})
	checkPage(t, draft, "ar")
	if !strings.Contains(draft.body, "بيان مشترك عن المياه") || !strings.Contains(draft.body, "نص غير متفق عليه") {
		t.Error("a readout in preparation does not say by name what it tells of, or that it is not agreed text")
	}
	alone := sy.formally(page+"/readout", url.Values{"title_ar": {"رواية"}, "text_ar": {"يتبادلان المناسيب شهرياً."}})
	checkPage(t, alone, "ar")
	for _, want := range []string{"نص غير متفق عليه", "<del>", "<ins>"} {
		if !strings.Contains(alone.body, want) {
			t.Errorf("the readout lacks %s", want)
		}
	}
	p = iq.eventually(page, "نص غير متفق عليه")
	if !strings.Contains(p.body, `id="custody"`) || !strings.Contains(alone.body, `id="custody"`) {
		t.Error("the pages do not say who may read the statement and the readout")
	}
	if bad := iq.post(alone.path+"/withdraw", url.Values{"reason": {"x"}}); bad.status == 200 {
		t.Error("another side withdrew a readout")
	}
	sy.formally(alone.path+"/withdraw", url.Values{"reason": {"خطأ"}})
	for _, path := range []string{page, alone.path, "/ar/statements", "/ar/"} {
		checkPage(t, iq.get("/en"+strings.TrimPrefix(path, "/ar")), "en")
		checkPage(t, sy.get(path), "ar")
	}
}
