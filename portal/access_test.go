package portal_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"jisr"
	"jisr/book"
	"jisr/node"
	"jisr/node/nodetest"
	"jisr/portal"
	"jisr/words"
)

// local is the browser at the one name for which passkeys are made without a domain.
func (h *house) local() *browser {
	b := h.browser()
	b.base = strings.Replace(h.url, "127.0.0.1", "localhost", 1)
	return b
}

// asks reads what a form asks of a passkey.
func asks(t testing.TB, p page) (options json.RawMessage, asked string) {
	t.Helper()
	each(parse(t, p.body), func(f *html.Node) {
		if has(f, "data-passkey") {
			options, asked = json.RawMessage(attr(f, "data-options")), fieldsOf(t, p.body, attr(f, "action")).Get("asked")
		}
	}, "form")
	if asked == "" {
		t.Fatalf("%s asks no passkey:\n%s", p.path, text(p.body))
	}
	return options, asked
}

// enrols opens an invitation and makes a passkey, as a browser would.
func (h *house) enrols(b *browser, official jisr.OfficialID) *nodetest.Authenticator {
	h.t.Helper()
	invitation := h.do(h.node.Operator(), node.InviteOfficial{ID: official}).Secret
	key := &nodetest.Authenticator{T: h.t, Origin: b.base}
	options, asked := asks(h.t, b.post("/ar/enrol", url.Values{"invitation": {invitation}}))
	p := b.post("/ar/enrol/passkey", url.Values{"asked": {asked}, "answer": {string(key.Creates(options))}, "label": {"حاسوب المكتب"}})
	if p.path != "/ar/access" || !strings.Contains(p.body, "حاسوب المكتب") {
		h.t.Fatalf("enrolment led to %s with status %d", p.path, p.status)
	}
	return key
}

func TestPagesOfPasskeysFromInvitationToSignedNote(t *testing.T) {
	iq, sy := world(t)
	b := iq.local()
	key := iq.enrols(b, "head.treaties")
	b.post("/ar/sign-out", nil)

	options, asked := asks(t, b.get("/ar/sign-in"))
	if p := b.post("/ar/sign-in/passkey", url.Values{"asked": {asked}, "answer": {string(key.Answers(options))}}); p.path != "/ar/" {
		t.Fatalf("signing in led to %s: %d", p.path, p.status)
	}

	secretary := iq.as("first.secretary", jisr.Drafter)
	draft := iq.do(secretary, node.DraftNote{Forum: "iq-sy", Draft: verbale("sy", "معبر")})
	at := "/ar/drafts/" + draft.Thing.Name()
	b.post(at+"/clear", url.Values{"version": {"1"}})
	release := b.get(at + "/release")
	options, asked = asks(t, release)
	form := url.Values{"version": {"1"}}
	if p := b.post(at+"/release", form); p.status != http.StatusConflict || !strings.Contains(p.body, "data-passkey") {
		t.Errorf("a session alone released, or was not asked again: %d at %s", p.status, p.path)
	}
	form.Set("asked", asked)
	form.Set("answer", string(key.Answers(options)))
	note := b.post(at+"/release", form)
	if !strings.HasPrefix(note.path, "/ar/notes/") || !strings.Contains(note.body, "موقَّع من صاحب المنصب") {
		t.Fatalf("releasing led to %s with status %d", note.path, note.status)
	}

	// The other side reads that it is good, once its desk has opened the note.
	v, err := iq.node.Book().Note(t.Context(), book.Whole(), "iq-sy", draft.Thing)
	if err != nil {
		t.Fatal(err)
	}
	if err := iq.node.WaitHeld(t.Context(), "iq-sy", v.Note.Released.Position); err != nil {
		t.Fatal(err)
	}
	theirs := sy.signedIn("head.treaties")
	theirs.post("/en/notes/iq-sy/"+draft.Thing.Name()+"/open", nil)
	if p := theirs.get("/en/notes/iq-sy/" + draft.Thing.Name()); !strings.Contains(p.body, "Signed by the post itself") {
		t.Errorf("the other side does not say that it is signed")
	}

	// The list of sessions ends the others, and ends of passkeys end everything.
	other := iq.local()
	options, asked = asks(t, other.get("/ar/sign-in"))
	other.post("/ar/sign-in/passkey", url.Values{"asked": {asked}, "answer": {string(key.Answers(options))}})
	access := b.get("/ar/access").body
	b.post("/ar/access/sessions/end", fieldsOf(t, access, "/access/sessions/end"))
	if p := other.get("/ar/notes"); !strings.HasPrefix(p.path, "/ar/sign-in") {
		t.Errorf("an ended session reads %s", p.path)
	}
	b.post("/ar/access/passkeys/end", fieldsOf(t, access, "/access/passkeys/end"))
	if p := b.get("/ar/notes"); !strings.HasPrefix(p.path, "/ar/sign-in") {
		t.Errorf("a session outlives its passkey at %s", p.path)
	}
}

// TestPageSaysWhatChangedBeforeSigning when another took the number that was shown.
func TestPageSaysWhatChangedBeforeSigning(t *testing.T) {
	iq, _ := world(t)
	b := iq.local()
	key := iq.enrols(b, "head.treaties")
	draft := iq.do(iq.as("first.secretary", jisr.Drafter), node.DraftNote{Forum: "iq-sy", Draft: verbale("sy", "أولى")})
	at := "/en/drafts/" + draft.Thing.Name()
	b.post(at+"/clear", url.Values{"version": {"1"}})
	options, asked := asks(t, b.get(at+"/release"))
	iq.do(iq.as("mail.program", jisr.Direct), node.SendNote{Forum: "iq-sy", Draft: verbale("sy", "ثانية")})
	p := b.post(at+"/release", url.Values{"version": {"1"}, "asked": {asked}, "answer": {string(key.Answers(options))}})
	if p.status != http.StatusConflict || !strings.Contains(text(p.body), "changed since: the number") {
		t.Errorf("status %d at %s, and what changed is not said", p.status, p.path)
	}
}

// TestPageLeadsToWherePasskeysWork from an address for which browsers make none.
func TestPageLeadsToWherePasskeysWork(t *testing.T) {
	iq, _ := world(t)
	want := strings.Replace(iq.url, "127.0.0.1", "localhost", 1) + "/en/sign-in"
	if p := iq.browser().get("/en/sign-in"); !strings.Contains(p.body, want) {
		t.Errorf("the page for signing in does not lead to %s", want)
	}
}

// TestSessionCookieIsOfThisHostOnly where pages come over TLS.
func TestSessionCookieIsOfThisHostOnly(t *testing.T) {
	iq, _ := world(t)
	w, err := words.New()
	if err != nil {
		t.Fatal(err)
	}
	pages, err := portal.New(portal.Config{Node: iq.node, Words: w, Secure: true})
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodPost, "https://jisr.mofa.gov.iq/ar/sign-in", strings.NewReader(url.Values{"official": {"auditor"}, "password": {password}}.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer := httptest.NewRecorder()
	pages.ServeHTTP(answer, r)
	got := strings.Join(answer.Result().Header["Set-Cookie"], "\n")
	if !strings.HasPrefix(got, "__Host-jisr-iq=") || !strings.Contains(got, "; Secure") || !strings.Contains(got, "HttpOnly") || strings.Contains(got, "Domain") {
		t.Errorf("got the cookie %s", got)
	}
}
