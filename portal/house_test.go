package portal_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"jisr"
	"jisr/node"
	"jisr/node/nodetest"
)

// governed is a house with two administrators and an auditor.
func governed(t *testing.T) *house {
	t.Helper()
	h := newHouse(t, "iq", jisr.Text{"ar": "العراق", "en": "Iraq"})
	for id, role := range map[jisr.OfficialID]jisr.Role{"admin.one": jisr.Admin, "admin.two": jisr.Admin, "chief.auditor": jisr.Auditor} {
		h.do(h.node.Operator(), node.AddOfficial{ID: id, Post: jisr.Text{"ar": "منصب " + string(id), "en": "Post " + string(id)}, Desk: "mofa.treaties", Roles: []jisr.Role{role}, Password: password})
	}
	return h
}

// secretOn is what a page shows once.
func secretOn(t *testing.T, p page) string {
	t.Helper()
	secret := ""
	for n := range parse(t, p.body).Descendants() {
		if n.Type == html.ElementNode && attr(n, "id") == "secret" {
			secret = textOf(n)
		}
	}
	if secret == "" {
		t.Fatalf("no secret on the page (%d)", p.status)
	}
	return secret
}

func TestAdministratorsKeepTheHouse(t *testing.T) {
	h := governed(t)
	b := h.signedIn("admin.one")
	must(t, b.get("/ar/"), `href="/ar/house"`)
	if p := b.get("/ar/house"); p.path != "/ar/house/posts" {
		t.Errorf("the house leads to %s", p.path)
	}
	must(t, b.get("/ar/house/posts"), "first.secretary", "رئيس دائرة المعاهدات")

	b.post("/ar/house/desks/new", url.Values{"id": {"water"}, "title_ar": {"وزارة الموارد المائية"}})
	must(t, b.get("/ar/house/desks"), "وزارة الموارد المائية", "mofa.treaties")
	bad := b.post("/ar/house/posts/new", url.Values{"id": {"A Person"}, "title_ar": {"مهندس"}, "desk": {"water"}, "roles": {"drafter"}})
	if bad.status != 422 {
		t.Errorf("an id with a space: %d", bad.status)
	}
	must(t, bad, `value="A Person"`, "problems", "#f-id")
	made := b.post("/ar/house/posts/new", url.Values{"id": {"engineer"}, "title_ar": {"مهندس"}, "desk": {"water"}, "roles": {"drafter", "reader"}})
	secret := secretOn(t, made)
	checkPage(t, made, "ar")
	in := h.browser()
	if p := in.post("/ar/sign-in", url.Values{"official": {"engineer"}, "password": {secret}}); p.path != "/ar/" {
		t.Errorf("the new post signs in: %s", p.path)
	}
	must(t, b.get("/ar/house/posts/engineer"), `value="مهندس"`, `value="drafter" checked`)
	if p := in.get("/ar/house/posts"); p.status != http.StatusForbidden || strings.Contains(in.get("/ar/").body, "/house") {
		t.Errorf("a drafter sees the posts: %d", p.status)
	}
	b.post("/ar/house/posts/engineer", url.Values{"title_ar": {"مهندس أول"}, "desk": {"water"}, "roles": {"drafter"}})
	if p := in.get("/ar/"); p.path != "/ar/" {
		t.Errorf("a post that changes is signed out, to %s", p.path)
	}
	must(t, b.get("/ar/house/posts/engineer/end"), "btn-danger")
	if p := b.post("/ar/house/posts/engineer/end", nil); p.path != "/ar/house/posts" {
		t.Errorf("ending leads to %s", p.path)
	}
	if p := in.get("/ar/"); !strings.HasPrefix(p.path, "/ar/sign-in") {
		t.Errorf("an ended post goes on at %s", p.path)
	}

	token := b.post("/en/house/tokens/new", url.Values{"id": {"customs"}, "title_ar": {"بوابة الجمارك"}, "desk": {"water"}, "roles": {"direct"}, "verbs": {"note.send"},
		"expires.day": {"31"}, "expires.month": {"12"}, "expires.year": {"2099"}})
	c, err := h.node.Bearer(t.Context(), secretOn(t, token), "")
	if err != nil || node.May(c, "note.send") != nil || node.May(c, "note.draft") == nil {
		t.Errorf("the token: %+v %v", c, err)
	}
	must(t, b.get("/en/house/tokens"), "note.send", "31 December 2099")
	must(t, b.get("/en/house/tokens/customs"), `value="note.send" checked`, `value="2099"`)
	b.post("/en/house/tokens/customs/end", nil)
	if _, err := h.node.Bearer(t.Context(), secretOn(t, token), ""); err == nil {
		t.Error("an ended token is good")
	}
	for _, path := range []string{"/house/posts/nobody", "/house/desks/nobody", "/house/tokens/nobody"} {
		if p := b.get("/ar" + path); p.status != http.StatusNotFound {
			t.Errorf("%s: %d", path, p.status)
		}
	}
}

func TestPoliciesAreProposedAndApproved(t *testing.T) {
	h := governed(t)
	one, two := h.signedIn("admin.one"), h.signedIn("admin.two")
	const text = `@id("no-withdrawals") @ar("لا تُسحب المذكرات") forbid (principal, action == Action::"note.withdraw", resource);`
	must(t, one.get("/ar/house/policies"), "/ar/house/policies/propose")
	form := url.Values{"text": {text}, "reason": {"قرار رقم ١٢"}}
	look := one.post("/ar/house/policies/propose", url.Values{"text": {text}, "look": {"1"}})
	must(t, look, "no-withdrawals", "&#34;note.withdraw&#34;")
	wrong := one.post("/ar/house/policies/propose", url.Values{"text": {"permit all"}, "reason": {"x"}})
	if wrong.status != 422 {
		t.Errorf("a text that is no Cedar: %d", wrong.status)
	}
	must(t, wrong, "permit all", "#f-text")
	if p := one.post("/ar/house/policies/propose", form); p.path != "/ar/house/policies" {
		t.Fatalf("proposing led to %s (%d)", p.path, p.status)
	}
	if strings.Contains(one.get("/ar/house/policies").body, "/policies/1/approve") {
		t.Error("who proposed is offered to approve")
	}
	if p := one.post("/ar/house/policies/1/approve", nil); p.status != http.StatusForbidden {
		t.Errorf("who proposed approves: %d", p.status)
	}
	must(t, two.get("/ar/house/policies"), "قرار رقم ١٢", "/ar/house/policies/1/approve")
	must(t, two.get("/ar/house/policies/1/approve"), "قرار رقم ١٢")
	if p := two.post("/ar/house/policies/1/approve", nil); p.path != "/ar/house/policies" {
		t.Errorf("approving led to %s (%d)", p.path, p.status)
	}
	asked := two.get("/ar/house/policies?account=official/head.treaties&verb=note.withdraw")
	must(t, asked, "لا تُسحب المذكرات (no-withdrawals)")
	checkPage(t, asked, "ar")
	must(t, two.get("/ar/house/policies/propose"), "no-withdrawals")

	two.post("/ar/house/policies/propose", url.Values{"text": {""}, "reason": {"إلغاء"}})
	must(t, two.get("/ar/house/policies/2/withdraw"), "btn-primary")
	two.post("/ar/house/policies/2/withdraw", url.Values{"reason": {""}})
	if p := one.get("/ar/house/policies/2/approve"); p.status != http.StatusNotFound {
		t.Errorf("a withdrawn proposal is asked about: %d", p.status)
	}
}

func TestAuditorsSeeWhatWasDoneAndRefused(t *testing.T) {
	h := governed(t)
	if p := h.signedIn("first.secretary").get("/ar/house/posts"); p.status != http.StatusForbidden {
		t.Fatalf("a drafter sees the posts: %d", p.status)
	}
	if _, err := h.node.Do(t.Context(), h.as("first.secretary", jisr.Drafter), node.AddDesk{ID: "x", Title: jisr.Text{"ar": "س"}}); err == nil {
		t.Fatal("a drafter adds a desk")
	}
	b := h.signedIn("chief.auditor")
	if p := b.get("/ar/house"); p.path != "/ar/house/audit" {
		t.Fatalf("the house leads an auditor to %s", p.path)
	}
	for _, lang := range []string{"ar", "en"} {
		checkPage(t, b.get("/"+lang+"/house/audit"), lang)
		checkPage(t, b.get("/"+lang+"/house/audit?official=nobody&from.day=1&from.month=1&from.year=2020"), lang)
	}
	refused := b.get("/ar/house/audit?official=first.secretary&outcome=refused")
	for range 200 { // it is written within a second
		if strings.Contains(refused.body, "إضافة مكتب") {
			break
		}
		h.do(h.node.Operator(), node.AddDesk{ID: "mofa.treaties", Title: jisr.Text{"ar": "دائرة المعاهدات"}}) // other work takes it along
		refused = b.get("/ar/house/audit?official=first.secretary&outcome=refused")
	}
	must(t, refused, "إضافة مكتب", "السكرتير الأول")
	must(t, b.get("/en/house/audit?verb=desk"), "Desk added")
	export := b.get("/ar/house/audit/export?verb=desk")
	if export.status != http.StatusOK || !strings.HasPrefix(export.body, "jisr bundled proof/v1 ") || !strings.Contains(export.header.Get("Content-Disposition"), "audit-iq-") {
		t.Errorf("the export: %d %v", export.status, export.header)
	}
	if p := b.get("/ar/house/policies"); p.status != http.StatusForbidden {
		t.Errorf("an auditor sees the policies: %d", p.status)
	}
	if p := b.get("/ar/house/audit?cursor=nonsense"); p.status >= 500 {
		t.Errorf("a cursor that is none: %d", p.status)
	}
}

// Every page of the house, in both languages.
func TestPagesOfTheHouse(t *testing.T) {
	h := governed(t)
	h.do(h.node.Operator(), node.AddToken{ID: "customs", Title: jisr.Text{"ar": "بوابة الجمارك", "en": "Customs"}, Desk: "mofa.treaties", Roles: []jisr.Role{jisr.Direct}, Scope: jisr.TokenScope{Verbs: []string{"note"}}})
	h.do(h.as("admin.two", jisr.Admin), node.ProposePolicies{Text: `@id("reader") permit (principal in Role::"reader", action in Action::"reading", resource) when { resource.handling < 2 };`, Reason: "قرار"})
	b := h.signedIn("admin.one")
	for _, lang := range []string{"ar", "en"} {
		for _, path := range []string{"posts", "posts/new", "posts/first.secretary", "posts/first.secretary/end", "desks", "desks/new", "desks/mofa.treaties", "tokens", "tokens/new",
			"tokens/customs", "tokens/customs/end", "policies", "policies/propose", "policies/1/approve", "policies/1/withdraw", "policies?account=official/auditor&verb=note.release&thing=x"} {
			p := b.get("/" + lang + "/house/" + path)
			if p.status != http.StatusOK {
				t.Errorf("%s %s: %d", lang, path, p.status)
			}
			checkPage(t, p, lang)
		}
	}
}

// A post gets another holder: the former one is out at once, what the desk has stays and is listed for the next.
func TestAPostIsHandedOver(t *testing.T) {
	iq, sy := world(t)
	iq.do(iq.node.Operator(), node.AddOfficial{ID: "admin.one", Post: jisr.Text{"ar": "مدير"}, Desk: "mofa.treaties", Roles: []jisr.Role{jisr.Admin}, Password: password})
	draft := iq.do(iq.as("first.secretary", jisr.Drafter), node.DraftNote{Forum: "iq-sy", Draft: verbale("sy", "مسودة")})
	arrived := sy.sends(verbale("iq", "منفذ القائم"))
	former, admin := iq.signedIn("first.secretary"), iq.signedIn("admin.one")
	ask := admin.get("/ar/house/posts/first.secretary/hand-over")
	must(t, ask, draft.Thing.Name(), arrived.Thing.Name(), "btn-danger")
	checkPage(t, ask, "ar")
	if strings.Contains(ask.body, "منفذ القائم") {
		t.Error("who hands over reads the subject of a note")
	}
	done := admin.post("/ar/house/posts/first.secretary/hand-over", nil)
	checkPage(t, done, "ar")
	if secretOn(t, done) == "" {
		t.Error("no invitation")
	}
	if p := former.get("/ar/"); !strings.HasPrefix(p.path, "/ar/sign-in") {
		t.Errorf("the former holder goes on at %s", p.path)
	}
	if p := former.post("/ar/sign-in", url.Values{"official": {"first.secretary"}, "password": {password}}); p.status != http.StatusUnauthorized {
		t.Errorf("the former holder signs in again: %d", p.status)
	}
	row, err := iq.node.Book().Account(t.Context(), "official/first.secretary")
	if err != nil || row.Account.HandedOver == nil || row.Account.Ended != nil || row.Account.Invitation == nil {
		t.Errorf("the post: %+v %v", row.Account, err)
	}
	if p := admin.post("/ar/house/posts/admin.one/hand-over", nil); p.status != http.StatusUnprocessableEntity {
		t.Errorf("the last administrator hands over: %d", p.status)
	}
}

// Administrators see how a post signs in, invite it, sign it out, end a passkey, and recover it together.
func TestAdministratorsSeeToHowAPostSignsIn(t *testing.T) {
	h := governed(t)
	one, two := h.signedIn("admin.one"), h.signedIn("admin.two")
	const at = "/ar/house/posts/head.treaties"
	must(t, one.get(at), "بكلمة مرور", at+"/invite")
	checkPage(t, one.get(at+"/invite"), "ar")
	made := one.post(at+"/invite", nil)
	checkPage(t, made, "ar")
	link := secretOn(t, made)
	base, invitation, ok := strings.Cut(link, "/ar/enrol#")
	if !ok || !strings.HasPrefix(base, "http://localhost:") {
		t.Fatalf("the invitation is %s", link)
	}
	must(t, one.get("/ar/house/posts"), "دُعي ولم يدخل بعد")

	b := h.local()
	key := &nodetest.Authenticator{T: t, Origin: b.base}
	options, asked := asks(t, b.post("/ar/enrol", url.Values{"invitation": {invitation}}))
	if p := b.post("/ar/enrol/passkey", url.Values{"asked": {asked}, "answer": {string(key.Creates(options))}, "label": {"حاسوب المكتب"}}); p.path != "/ar/access" {
		t.Fatalf("enrolment led to %s", p.path)
	}
	post := one.get(at)
	checkPage(t, post, "ar")
	must(t, post, "مفتاح مرور واحد", "حاسوب المكتب", at+"/sessions/end", at+"/recover")
	if strings.Contains(post.body, at+"/invite") {
		t.Error("a post that has a passkey is invited")
	}
	one.post(at+"/sessions/end", fieldsOf(t, post.body, at+"/sessions/end"))
	if p := b.get("/ar/notes"); !strings.HasPrefix(p.path, "/ar/sign-in") {
		t.Errorf("a session that an administrator ended reads %s", p.path)
	}
	one.post(at+"/passkeys/end", fieldsOf(t, post.body, at+"/passkeys/end"))
	must(t, one.get(at), "لا طريقة للدخول")

	one.post(at+"/recover", nil)
	must(t, one.get(at), "طُلبت الاستعادة")
	if p := one.post(at+"/restore", nil); p.status != http.StatusForbidden {
		t.Errorf("one administrator alone restores: %d", p.status)
	}
	must(t, two.get(at), at+"/restore")
	checkPage(t, two.get(at+"/restore"), "ar")
	must(t, two.post(at+"/restore", nil), "/ar/enrol#")
	if p := one.get(at + "/nothing"); p.status != http.StatusNotFound {
		t.Errorf("a step that is none: %d", p.status)
	}
	if p := h.signedIn("first.secretary").post(at+"/invite", nil); p.status != http.StatusForbidden {
		t.Errorf("a drafter invites: %d", p.status)
	}
}
