package portal_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"jisr"
	"jisr/node"
)

func TestPagesOfACalendarsAddress(t *testing.T) {
	iq, _ := world(t)
	b := iq.signedIn("first.secretary")
	if p := b.get("/ar/notices"); p.status != http.StatusOK || !strings.Contains(p.body, "إنشاء رابط التقويم") {
		t.Fatalf("the page has %d:\n%s", p.status, text(p.body))
	}
	opens := func(secret string) bool {
		_, err := iq.node.FeedOf(t.Context(), secret, node.From{})
		return err == nil
	}
	made := func(p page) string {
		t.Helper()
		found := regexp.MustCompile(`http://[^/<]+/calendar/([\w-]+)/ar/own\.ics`).FindStringSubmatch(p.body)
		if found == nil || !opens(found[1]) {
			t.Fatalf("%s shows no address that opens a calendar:\n%s", p.path, text(p.body))
		}
		return found[1]
	}
	first := made(b.post("/ar/notices/calendar/new", nil))
	if p := b.get("/ar/notices"); strings.Contains(p.body, first) || !strings.Contains(p.body, "أُنشئ الرابط في") {
		t.Errorf("the address is shown again, or it is not said that there is one:\n%s", text(p.body))
	}
	if p := b.get("/ar/notices/calendar/renew"); p.status != http.StatusOK || !opens(first) {
		t.Errorf("asking did something, or was not asked: %d", p.status)
	}
	second := made(b.post("/ar/notices/calendar/renew", nil))
	if opens(first) {
		t.Error("the address before still opens the calendar")
	}
	if p := b.post("/ar/notices/calendar/end", nil); p.path != "/ar/notices" || opens(second) {
		t.Errorf("ending led to %s, and the address opens the calendar: %v", p.path, opens(second))
	}

	third := made(b.post("/ar/notices/calendar/new", nil))
	iq.do(iq.node.Operator(), node.AddOfficial{ID: "operator", Post: jisr.Text{"ar": "مدير المنظومة"}, Desk: "mofa.treaties", Roles: []jisr.Role{jisr.Admin}, Password: password})
	if p := iq.signedIn("operator").post("/ar/house/posts/first.secretary/end-calendar", nil); p.status != http.StatusOK || opens(third) {
		t.Errorf("an administrator could not end it: %d", p.status)
	}
}
