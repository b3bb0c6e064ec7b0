package portal_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"
)

// TestStory is the newcomer's story, on pages alone: draft, clear by a second official, release, arrive, open,
// answer.
func TestStory(t *testing.T) {
	iq, sy := world(t)
	drafter, releaser := iq.signedIn("first.secretary"), iq.signedIn("head.treaties")

	form := drafter.get("/ar/notes/new")
	if form.status != http.StatusOK {
		t.Fatalf("form: %d", form.status)
	}
	saved := drafter.post("/ar/notes/new", fill(t, form, url.Values{
		"kind": {"verbale"}, "to": {"sy"}, "precedence": {"priority"}, "handling": {"restricted"}, "subject_ar": {"تنظيم حركة الشاحنات"}, "text_ar": {"نود الإفادة بما يأتي.\r\n\r\nأولاً."},
		"reply_by.day": {"١"}, "reply_by.month": {"12"}, "reply_by.year": {"٢٠٩٩"},
	}))
	if saved.status != http.StatusOK || !strings.HasPrefix(saved.path, "/ar/drafts/iq-") {
		t.Fatalf("saving led to %s, %d:\n%s", saved.path, saved.status, text(saved.body))
	}
	must(t, saved, "تنظيم حركة الشاحنات", "أطيب تحياتها")
	if strings.Contains(saved.body, "/clear\"") {
		t.Error("the drafter is offered to clear the draft")
	}
	draft := saved.path
	refused := drafter.post(draft+"/clear", url.Values{"version": {"1"}})
	if refused.status != http.StatusForbidden {
		t.Errorf("the drafter clears: %d", refused.status)
	}

	must(t, releaser.get("/ar/"), "بند واحد بانتظارك", "تنظيم حركة الشاحنات")
	cleared := releaser.post(draft+"/clear", url.Values{"version": {"1"}})
	must(t, cleared, draft+"/release")
	must(t, releaser.get(draft+"/release"), "تُرسل إلى")
	released := releaser.post(draft+"/release", url.Values{"version": {"1"}})
	if !strings.HasPrefix(released.path, "/ar/notes/iq-sy/iq-") {
		t.Fatalf("releasing led to %s, %d:\n%s", released.path, released.status, text(released.body))
	}
	must(t, released, "IQ 1/")

	note := released.path
	iq.waitHeld(t, note)
	reader := sy.signedIn("first.secretary")
	arrived := reader.get(note)
	must(t, arrived, "تنظيم حركة الشاحنات", "محدود التداول", note+"/open")
	if strings.Contains(arrived.body, "نود الإفادة") {
		t.Error("the text is shown before the note was opened")
	}
	opened := reader.post(note+"/open", nil)
	must(t, opened, "نود الإفادة", "answers=iq-sy/")
	answer := reader.get("/ar/notes/new?answers=" + strings.TrimPrefix(note, "/ar/notes/"))
	must(t, answer, "تنظيم حركة الشاحنات")
	answered := reader.post("/ar/notes/new", fill(t, answer, url.Values{"subject_ar": {"الرد"}, "text_ar": {"موافقون."}}))
	must(t, answered, "محدود التداول") // an answer is handled as what it answers
	if !strings.HasPrefix(answered.path, "/ar/drafts/sy-") {
		t.Fatalf("answering led to %s:\n%s", answered.path, text(answered.body))
	}
	second := sy.signedIn("head.treaties")
	second.post(answered.path+"/clear", url.Values{"version": {"1"}})
	reply := second.post(answered.path+"/release", url.Values{"version": {"1"}})
	must(t, reply, "SY 1/")
	sy.waitHeld(t, reply.path)
	for deadline := time.Now().Add(20 * time.Second); !strings.Contains(drafter.get(note).body, "أُجيب عنها") && time.Now().Before(deadline); {
		// it is in the ledger; the book follows
	}
	must(t, drafter.get(note), "أُجيب عنها", reply.path[:strings.LastIndex(reply.path, "/")])
}

// fill is what a browser would send for the form on a page, with some fields written by the official.
func fill(t *testing.T, p page, written url.Values) url.Values {
	t.Helper()
	form := fieldsOf(t, p.body, "/notes/new", "/edit")
	for k, v := range written {
		form[k] = v
	}
	return form
}

func must(t *testing.T, p page, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(p.body, part) {
			t.Errorf("%s (%d) lacks %q:\n%s", p.path, p.status, part, text(p.body))
		}
	}
}

func text(body string) string {
	body = regexp.MustCompile(`(?s)<(svg|head|script).*?</(svg|head|script)>`).ReplaceAllString(body, "")
	body = regexp.MustCompile(`<[^>]*>`).ReplaceAllString(body, " ")
	return strings.Join(strings.Fields(body), " ")
}
