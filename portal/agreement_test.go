package portal_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"
)

// clears has a second official clear and release what the first prepared, and gives the page it led to.
func (h *house) clears(t *testing.T, by *browser, outgoing page) page {
	t.Helper()
	if !strings.Contains(outgoing.path, "/outgoing/") {
		t.Fatalf("preparing led to %s, %d:\n%s", outgoing.path, outgoing.status, text(outgoing.body))
	}
	cleared := by.post(outgoing.path+"/clear", url.Values{"version": {"1"}})
	must(t, cleared, outgoing.path+"/release")
	released := by.post(outgoing.path+"/release", url.Values{"version": {"1"}})
	if !strings.Contains(released.path, "/agreements/") || released.status != http.StatusOK {
		t.Fatalf("releasing led to %s, %d:\n%s", released.path, released.status, text(released.body))
	}
	return released
}

// TestAgreementStory is an agreement on pages alone, on two nodes in Arabic: proposed, negotiated, drafted in two
// languages, initialled, signed in a window, notified, in force.
func TestAgreementStory(t *testing.T) {
	iq, sy := world(t)
	d1, r1, d2, r2 := iq.signedIn("first.secretary"), iq.signedIn("head.treaties"), sy.signedIn("first.secretary"), sy.signedIn("head.treaties")

	must(t, d1.get("/ar/agreements"), "لا اتفاقيات هنا")
	empty := d1.post("/ar/agreements/new", url.Values{"forum": {"iq-sy"}, "kind": {"agreement"}, "parties": {"sy"}, "binding": {"yes"}, "handling": {"official"}})
	if empty.status != http.StatusUnprocessableEntity {
		t.Errorf("an agreement without a title: %d", empty.status)
	}
	proposed := iq.clears(t, r1, d1.post("/ar/agreements/new", url.Values{"forum": {"iq-sy"}, "kind": {"agreement"}, "parties": {"sy"}, "binding": {"yes"}, "handling": {"official"},
		"title_ar": {"اتفاق تبادل البيانات الجمركية المسبقة"}, "title_en": {"Agreement on advance customs data"}}))
	at := proposed.path
	must(t, proposed, "اتفاق تبادل البيانات الجمركية المسبقة", "مقترحة", "قبول التفاوض")

	sy.waitFor(t, d2, at, "مقترحة")
	must(t, d2.get("/ar/"), "اتفاق تبادل البيانات الجمركية المسبقة") // Today says what is awaited
	sy.clears(t, r2, d2.post(at+"/say/negotiate", url.Values{"binding": {"yes"}}))
	iq.waitFor(t, d1, at, "قيد التفاوض")

	form := url.Values{"base": {""}, "save": {"1"}, "c_languages": {"ar en"}, "c_force": {"last-notification"}, "c_force_days": {"٣٠"}, "c_consent_iq": {"notification"}, "c_consent_sy": {"notification"}, "c_notice": {"6"}}
	for i, row := range [][4]string{{"title", "title", "اتفاق تبادل البيانات الجمركية المسبقة", "Agreement on advance customs data"},
		{"s1", "article", "الغرض", "Purpose"}, {"s2", "paragraph", "يتبادل الطرفان بيانات البضائع قبل ٤ ساعات من وصولها.", "The Parties shall exchange data on goods 4 hours before arrival."}} {
		n := string(rune('0' + i))
		form.Set("id_"+n, row[0])
		form.Set("kind_"+n, row[1])
		form.Set("text_"+n+"_ar", row[2])
		form.Set("text_"+n+"_en", row[3])
	}
	form.Set("number_1", "1")
	inserted := clone(form)
	inserted.Del("save")
	inserted.Set("insert", "1")
	must(t, d1.post(at+"/text/edit", inserted), "name=\"id_6\"") // one row more, and nothing kept
	worded := clone(form)
	worded.Del("save")
	worded.Set("clauses", "1")
	withClauses := d1.post(at+"/text/edit", worded)
	must(t, withClauses, "30 يوماً", "30 days")
	saved := fieldsOf(t, withClauses.body, at+"/text/edit")
	saved.Set("save", "1")
	whole := d1.post(at+"/text/edit", saved)
	must(t, d1.get(whole.path+"/text"), "30 يوماً", "30 days") // what the wizard wrote is a text that may be tabled
	d1.post(whole.path+"/discard", url.Values{"version": {"1"}})

	prepared := d1.post(at+"/text/edit", form)
	must(t, d1.get(prepared.path+"/text"), "بيانات البضائع قبل 4 ساعات", "4 hours before arrival", "المادة ١:")
	if refused := d1.post(prepared.path+"/clear", url.Values{"version": {"1"}}); refused.status != http.StatusForbidden {
		t.Errorf("who drafted the text clears it: %d", refused.status)
	}
	tabled := iq.clears(t, r1, prepared)
	must(t, tabled, "النص ١")
	sy.waitFor(t, d2, at+"/text", "4 hours before arrival")

	// The other side proposes a wording; it stands beside the text with its party's name.
	must(t, d2.get(at+"/bracket?segment=s2"), "4 hours before arrival")
	sy.clears(t, r2, d2.post(at+"/bracket?segment=s2", url.Values{"op": {"replace"}, "text_ar": {"يتبادل الطرفان بيانات البضائع قبل 6 ساعات من وصولها."}, "text_en": {"The Parties shall exchange data on goods 6 hours before arrival."}}))
	iq.waitFor(t, d1, at+"/text", "6 hours before arrival")
	must(t, d1.get(at), "قبول الصياغة المقترحة")

	p1, p2 := iq.signing("plenipotentiary"), sy.signing("plenipotentiary")
	for _, side := range []struct {
		house   *house
		drafter *browser
		second  *browser
	}{{iq, d1, p1}, {sy, d2, p2}} {
		side.house.waitFor(t, side.drafter, at, "/say/initial")
		side.house.clears(t, side.second, side.drafter.post(at+"/say/initial", url.Values{"authority": {"foreign-minister"}}))
	}
	iq.waitFor(t, d1, at, "وُقّع النص بالأحرف الأولى")

	tomorrow := iq.node.Now().In(iq.node.Zone()).AddDate(0, 0, 1)
	closes := url.Values{"closes.day": {tomorrow.Format("2")}, "closes.month": {tomorrow.Format("1")}, "closes.year": {tomorrow.Format("2006")}, "closes.hour": {"14:30"}}
	iq.clears(t, p1, d1.post(at+"/say/seal", closes))
	sy.waitUntil(t, d2, at+"/say/seal", "that the window is open", func(body string) bool { return !strings.Contains(body, "closes.day") })
	sy.clears(t, p2, d2.post(at+"/say/seal", nil))
	for _, step := range []string{"commit", "proces-verbal"} {
		iq.waitFor(t, d1, at, "/say/"+step)
		iq.clears(t, p1, d1.post(at+"/say/"+step, url.Values{"authority": {"foreign-minister"}, "mode": {"full"}}))
		sy.waitFor(t, d2, at, "/say/"+step)
		sy.clears(t, p2, d2.post(at+"/say/"+step, url.Values{"authority": {"foreign-minister"}, "mode": {"full"}}))
	}
	iq.waitFor(t, d1, at, "موقّعة مع شرط التصديق")
	must(t, d1.get(at), "وُقّعت الاتفاقية")

	// The domestic track is the house's own.
	must(t, d1.post(at+"/domestic/plan", url.Values{"version": {"0"}}), "رئيس الجمهورية")
	must(t, d1.post(at+"/domestic", url.Values{"step": {"cabinet-authorises"}, "state": {"done"}, "evidence": {"قرار مجلس الوزراء"}}), "قرار مجلس الوزراء")
	if strings.Contains(d2.get(at).body, "قرار مجلس الوزراء") {
		t.Error("the other side reads our domestic track")
	}

	iq.clears(t, p1, d1.post(at+"/say/notify", url.Values{"authority": {"foreign-minister"}, "instrument": {"completion"}}))
	sy.waitFor(t, d2, at, "/say/notify")
	sy.clears(t, p2, d2.post(at+"/say/notify", url.Values{"authority": {"foreign-minister"}, "instrument": {"completion"}}))
	iq.waitFor(t, d1, at, "/say/receive?act=sy.") // a notice counts from its receipt (Vienna Convention, article 78(b))
	receive := regexp.MustCompile(`/say/receive\?act=sy\.\d+`).FindString(d1.get(at).body)
	today := iq.node.Now().In(iq.node.Zone())
	iq.clears(t, r1, d1.post(at+receive, url.Values{"date.day": {today.Format("2")}, "date.month": {today.Format("1")}, "date.year": {today.Format("2006")}}))
	must(t, d1.get(at), "تدخل حيز النفاذ في", at+"/proof")
	if chain := d1.get(at + "/proof"); chain.status != http.StatusOK || strings.Count(chain.body, "\nentry ") < 10 {
		t.Errorf("the proof of the agreement is not its whole chain: %d, %d entries", chain.status, strings.Count(chain.body, "\nentry "))
	}
	must(t, d1.get("/ar/agreements?in=signed"), "بانتظار دخول حيز النفاذ")
}

func clone(v url.Values) url.Values {
	out := url.Values{}
	for k, all := range v {
		out[k] = append([]string(nil), all...)
	}
	return out
}

// waitFor waits until a page says something.
func (h *house) waitFor(t *testing.T, b *browser, path, says string) {
	t.Helper()
	h.waitUntil(t, b, path, says, func(body string) bool { return strings.Contains(body, says) })
}

func (h *house) waitUntil(t *testing.T, b *browser, path, what string, ok func(body string) bool) {
	t.Helper()
	deadline := time.NewTimer(20 * time.Second)
	defer deadline.Stop()
	changes := h.node.Watch(t.Context())
	for !ok(b.get(path).body) {
		select {
		case <-changes:
		case <-deadline.C:
			t.Fatalf("%s doesn't say %q:\n%s", path, what, text(b.get(path).body))
		}
	}
}
