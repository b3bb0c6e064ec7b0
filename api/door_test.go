package api_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"jisr"
	"jisr/api"
	"jisr/words"
)

const goodNote = `{"kind":"verbale","to":["sy"],"subject":{"en":"Water"},"text":{"en":"Text."}}`

// with changes one field of a good note.
func with(field, value string) string {
	var m map[string]json.RawMessage
	if err := json.Unmarshal([]byte(goodNote), &m); err != nil {
		panic("internal error: " + err.Error())
	}
	m[field] = json.RawMessage(value)
	b, err := json.Marshal(m)
	if err != nil {
		panic("internal error: " + err.Error())
	}
	return string(b)
}

func many(n int, s string) string {
	return "[" + strings.TrimSuffix(strings.Repeat(strconv.Quote(s)+",", n), ",") + "]"
}

// What is said of a request says what is needed, in one language: no word of ours in another, and no word for something else.
func TestSentencesSayWhatIsNeeded(t *testing.T) {
	w := newWorld(t)
	notes := "/api/v1/forums/iq-sy/notes"
	for name, c := range map[string]struct{ body, has, lacks string }{
		"no JSON":        {`{"kind":`, "محتوى الطلب", "اللجنة"},
		"two values":     {goodNote + "{}", "محتوى الطلب", "one"},
		"unknown field":  {with("relase", "true"), "لا حقل بهذا الاسم", "unknown"},
		"unknown kind":   {with("kind", `"letter"`), "aide-memoire", "kind"},
		"no precedence":  {with("precedence", `"urgent"`), "immediate", "precedence"},
		"unknown levels": {with("handling", `"top secret"`), "confidential", "handling"},
	} {
		p := problemOf(t, w.ask(t, "iq direct", "POST", notes, c.body, "Accept-Language", "ar"))
		if !strings.Contains(p.Detail, c.has) || strings.Contains(p.Detail, c.lacks) {
			t.Errorf("%s: %s", name, p.Detail)
		}
	}
}

// Whatever is wrong with what comes in, the answer is a problem that says what, in both languages, and nothing is kept.
func TestBadInput(t *testing.T) {
	w := newWorld(t)
	notes := "/api/v1/forums/iq-sy/notes"
	long := strings.Repeat("x", 400)
	for _, c := range []struct {
		name, at, method, path, body string
		headers                      []string
		status                       int
		kind, subject                string
	}{
		{"no JSON", "iq direct", "POST", notes, `{"kind":`, nil, 400, "malformed", "body"},
		{"nothing", "iq direct", "POST", notes, "", []string{"Content-Type", "application/json"}, 422, "missing", "body"},
		{"two values", "iq direct", "POST", notes, goodNote + "{}", nil, 400, "malformed", "body"},
		{"an array", "iq direct", "POST", notes, "[]", []string{"Content-Type", "application/json"}, 400, "malformed", "body"},
		{"an unknown field", "iq direct", "POST", notes, with("relase", "true"), nil, 400, "malformed", "relase"},
		{"a wrong type", "iq direct", "POST", notes, with("to", `"sy"`), nil, 400, "malformed", "to"},
		{"a form", "iq direct", "POST", notes, "kind=verbale", []string{"Content-Type", "application/x-www-form-urlencoded"}, 415, "not-one-of", "Content-Type"},
		{"too large", "iq direct", "POST", notes, with("text", `{"en":"`+strings.Repeat("x", 300<<10)+`"}`), nil, 413, "too-long", "body"},
		{"text too long", "iq direct", "POST", notes, with("text", `{"en":"`+strings.Repeat("x", 61<<10)+`"}`), nil, 422, "too-long", "text"},
		{"subject too long", "iq direct", "POST", notes, with("subject", `{"en":"`+long+`"}`), nil, 422, "too-long", "subject"},
		{"no subject", "iq direct", "POST", notes, with("subject", `{}`), nil, 422, "missing", "subject"},
		{"no addressee", "iq direct", "POST", notes, with("to", `[]`), nil, 422, "missing", "to"},
		{"to itself", "iq direct", "POST", notes, with("to", `["iq"]`), nil, 422, "self-addressed", "to"},
		{"to a stranger", "iq direct", "POST", notes, with("to", `["tr"]`), nil, 422, "not-member", "tr"},
		{"to many", "iq direct", "POST", notes, with("to", many(65, "sy")), nil, 422, "too-many", "to"},
		{"unknown kind", "iq direct", "POST", notes, with("kind", `"letter"`), nil, 422, "not-one-of", "kind"},
		{"unknown precedence", "iq direct", "POST", notes, with("precedence", `"urgent"`), nil, 422, "not-one-of", "precedence"},
		{"unknown handling", "iq direct", "POST", notes, with("handling", `"top secret"`), nil, 422, "not-one-of", "handling"},
		{"no date", "iq direct", "POST", notes, with("reply_by", `"1 December"`), nil, 400, "malformed", "reply_by"},
		{"a date gone by", "iq direct", "POST", notes, with("reply_by", `"2020-01-01"`), nil, 422, "date-past", "reply_by"},
		{"an answer to nothing", "iq direct", "POST", notes, with("in_reply_to", `"sy-none"`), nil, 422, "no-such", "note/sy-none"},
		{"an answer to no id", "iq direct", "POST", notes, with("in_reply_to", `"../x"`), nil, 400, "malformed", "in_reply_to"},
		{"many references", "iq direct", "POST", notes, with("references", many(33, "sy-x")), nil, 422, "too-many", "references"},
		{"no such file", "iq direct", "POST", notes, with("attachments", `["up-none"]`), nil, 422, "no-such", "up-none"},
		{"a file without id", "iq direct", "POST", notes, with("attachments", `[""]`), nil, 422, "no-such", ""},
		{"many files", "iq direct", "POST", notes, with("attachments", many(33, "up-x")), nil, 422, "too-many", "attachments"},
		{"reordering characters", "iq direct", "POST", notes, with("subject", `{"en":"a\u202eb"}`), nil, 400, "malformed", "subject"},
		{"no language", "iq direct", "POST", notes, with("text", `{"x y":"a"}`), nil, 400, "malformed", "text"},
		{"long key", "iq direct", "POST", notes, goodNote, []string{"Idempotency-Key", long}, 422, "too-long", "Idempotency-Key"},
		{"key of other letters", "iq direct", "POST", notes, goodNote, []string{"Idempotency-Key", "مفتاح"}, 400, "malformed", "Idempotency-Key"},
		{"no token", "iq", "POST", notes, goodNote, nil, 401, "sign-in", "token"},
		{"a wrong token", "iq", "POST", notes, goodNote, []string{"Authorization", "Bearer jisr_x"}, 401, "sign-in", "token"},
		{"a long token", "iq", "POST", notes, goodNote, []string{"Authorization", "Bearer " + long}, 401, "sign-in", "token"},
		{"another scheme", "iq", "GET", "/api/v1/me", "", []string{"Authorization", "Basic eDp4"}, 401, "sign-in", "token"},
		{"a cookie", "iq", "GET", "/api/v1/me", "", []string{"Cookie", "session=x"}, 401, "sign-in", "token"},
		{"a reader writes", "iq reader", "POST", notes, goodNote, nil, 403, "not-allowed", "note.draft"},
		{"no such address", "iq direct", "GET", "/api/v1/treaties", "", nil, 404, "no-such", "/api/v1/treaties"},
		{"no such forum", "iq direct", "POST", "/api/v1/forums/iq-tr/notes", goodNote, nil, 404, "no-such", "iq-tr"},
		{"no forum's name", "iq direct", "POST", "/api/v1/forums/..%2f/notes", goodNote, nil, 404, "no-such", "../"},
		{"the house is no forum", "iq reader", "GET", "/api/v1/forums/house/acts", "", nil, 404, "no-such", "house"},
		{"no such note", "iq reader", "GET", notes + "/iq-none", "", nil, 404, "no-such", "note/iq-none"},
		{"no note's name", "iq reader", "GET", notes + "/%00", "", nil, 404, "no-such", ""},
		{"a long name", "iq reader", "GET", notes + "/" + long, "", nil, 404, "no-such", strings.Repeat("x", 64) + "…"},
		{"another method", "iq reader", "DELETE", notes, "", nil, 405, "not-one-of", "method"},
		{"no box", "iq reader", "GET", notes + "?box=trash", "", nil, 422, "not-one-of", "box"},
		{"no state", "iq reader", "GET", notes + "?state=lost", "", nil, 422, "not-one-of", "state"},
		{"no kind", "iq reader", "GET", notes + "?kind=letter", "", nil, 422, "not-one-of", "kind"},
		{"no member", "iq reader", "GET", notes + "?with=SY", "", nil, 400, "malformed", "with"},
		{"no limit", "iq reader", "GET", notes + "?limit=201", "", nil, 400, "malformed", "limit"},
		{"no cursor", "iq reader", "GET", notes + "?cursor=x", "", nil, 400, "malformed", "cursor"},
		{"no cursor of acts", "iq reader", "GET", "/api/v1/forums/iq-sy/acts?cursor=x", "", nil, 400, "malformed", "cursor"},
		{"a long search", "iq reader", "GET", notes + "?q=" + long, "", nil, 422, "too-long", "q"},
		{"an unknown parameter", "iq reader", "GET", notes + "?boxx=in", "", nil, 422, "not-one-of", "query"},
		{"a parameter twice", "iq reader", "GET", notes + "?box=in&box=out", "", nil, 422, "too-many", "box"},
		{"a broken query", "iq reader", "GET", notes + "?box=%zz", "", nil, 400, "malformed", "query"},
		{"a long query", "iq reader", "GET", notes + "?q=" + strings.Repeat("x", 5000), "", nil, 414, "too-long", "query"},
		{"no index", "iq reader", "GET", "/api/v1/forums/iq-sy/acts/iq/-1", "", nil, 404, "no-such", "iq/-1"},
		{"an index twice written", "iq reader", "GET", "/api/v1/forums/iq-sy/acts/iq/01", "", nil, 404, "no-such", "iq/01"},
		{"an act of no member", "iq reader", "GET", "/api/v1/forums/iq-sy/acts/tr/0", "", nil, 404, "not-member", "tr"},
		{"no version", "iq releaser", "POST", notes + "/iq-none/clear", "", nil, 428, "missing", "If-Match"},
		{"a version that is none", "iq releaser", "POST", notes + "/iq-none/clear", "", []string{"If-Match", "*"}, 400, "malformed", "If-Match"},
		{"clearing nothing", "iq releaser", "POST", notes + "/iq-none/clear", `{"version":1}`, nil, 404, "no-such", "note/iq-none"},
		{"opening nothing", "iq direct", "POST", notes + "/sy-none/open", "", nil, 404, "no-such", "note/sy-none"},
		{"a file of nothing", "iq direct", "GET", notes + "/sy-none/attachments/0", "", nil, 404, "no-such", "note/sy-none"},
		{"no file's number", "iq direct", "GET", notes + "/sy-none/attachments/x", "", nil, 404, "no-such", "x"},
		{"letters that are none", "iq admin", "POST", "/api/v1/forums", `{"id":"iq-tr","title":{"en":"T"},"letters":["x"]}`, nil, 422, "bad-letter", "letter"},
		{"no letters", "iq admin", "POST", "/api/v1/forums", `{"id":"iq-tr","title":{"en":"T"},"letters":[]}`, nil, 422, "missing", "letter"},
		{"many letters", "iq admin", "POST", "/api/v1/forums", `{"id":"iq-tr","title":{"en":"T"},"letters":` + many(64, "x") + `}`, nil, 422, "too-many", "letters"},
		{"an end of nothing", "iq admin", "DELETE", "/api/v1/tokens/none", "", nil, 404, "no-such", "token/none"},
		{"a desk without a name", "iq admin", "PUT", "/api/v1/desks/UP", `{"title":{"en":"T"}}`, nil, 400, "malformed", "desk"},
		{"a role that is none", "iq admin", "POST", "/api/v1/tokens", `{"id":"x","title":{"en":"T"},"desk":"mofa","roles":["king"]}`, nil, 422, "not-one-of", "roles"},
		{"an upload in another version", "iq direct", "POST", "/api/v1/attachments", "", []string{"Upload-Length", "1"}, 412, "not-one-of", "Tus-Resumable"},
		{"an upload without a length", "iq direct", "POST", "/api/v1/attachments", "", []string{"Tus-Resumable", "1.0.0"}, 422, "missing", "Upload-Length"},
		{"an upload without a name", "iq direct", "POST", "/api/v1/attachments", "", []string{"Tus-Resumable", "1.0.0", "Upload-Length", "1"}, 422, "missing", "filename"},
		{"an upload too large", "iq direct", "POST", "/api/v1/attachments", "", []string{"Tus-Resumable", "1.0.0", "Upload-Length", "4294967297"}, 413, "too-long", "attachment"},
		{"an upload of less than nothing", "iq direct", "POST", "/api/v1/attachments", "", []string{"Tus-Resumable", "1.0.0", "Upload-Length", "-1"}, 400, "malformed", "Upload-Length"},
		{"an upload of no type", "iq direct", "POST", "/api/v1/attachments", "", []string{"Tus-Resumable", "1.0.0", "Upload-Length", "1", "Upload-Metadata", "filename YQ==,filetype YQ=="}, 400, "malformed", "filetype"},
		{"broken metadata", "iq direct", "POST", "/api/v1/attachments", "", []string{"Tus-Resumable", "1.0.0", "Upload-Length", "1", "Upload-Metadata", "filename ???"}, 400, "malformed", "Upload-Metadata"},
		{"no such upload", "iq direct", "GET", "/api/v1/attachments/up-none", "", nil, 404, "no-such", "up-none"},
		{"bytes for no upload", "iq direct", "PATCH", "/api/v1/attachments/up-none", "x", []string{"Tus-Resumable", "1.0.0", "Upload-Offset", "0", "Content-Type", "application/offset+octet-stream"}, 404, "no-such", "up-none"},
		{"bytes of another type", "iq direct", "PATCH", "/api/v1/attachments/up-none", "x", []string{"Tus-Resumable", "1.0.0", "Upload-Offset", "0"}, 415, "not-one-of", "Content-Type"},
		{"a reader uploads", "iq reader", "POST", "/api/v1/attachments", "", []string{"Tus-Resumable", "1.0.0", "Upload-Length", "1", "Upload-Metadata", "filename YQ=="}, 403, "not-allowed", "note.draft"},
		{"a tile that is none", "iq", "GET", "/tlog/iq-sy/iq/tile/9/zzz", "", nil, 404, "no-such", "9/zzz"},
		{"a tile with a long name", "iq", "GET", "/tlog/iq-sy/iq/tile/" + long, "", nil, 404, "no-such", strings.Repeat("x", 64) + "…"},
		{"a log through a proxy", "iq", "GET", "/tlog/iq-sy/iq/checkpoint", "", []string{"Forwarded", "for=203.0.113.7"}, 401, "sign-in", "token"},
	} {
		t.Run(c.name, func(t *testing.T) {
			en := w.ask(t, c.at, c.method, c.path, c.body, c.headers...)
			ar := w.ask(t, c.at, c.method, c.path, c.body, append([]string{"Accept-Language", "ar"}, c.headers...)...)
			p := problemOf(t, en)
			if en.StatusCode != c.status || p.Kind != c.kind || p.Subject != c.subject || p.Status != c.status {
				t.Fatalf("%d %+v, want %d %s (%s)", en.StatusCode, p, c.status, c.kind, c.subject)
			}
			if q := problemOf(t, ar); !arabic(q.Title) || !arabic(q.Detail) || arabic(p.Title) {
				t.Errorf("not in the caller's language: %q, %q, %q", p.Title, q.Title, q.Detail)
			}
		})
	}
	rows := w.ask(t, "iq direct", "GET", notes, "")
	if string(rows.body) != `{"items":[]}`+"\n" {
		t.Errorf("something was kept: %s", rows.body)
	}
}

type problem struct {
	Type, Title, Detail, Kind, Subject, Instance string
	Status                                       int
	Need                                         map[string]string
}

func problemOf(t *testing.T, a answer) problem {
	t.Helper()
	var p problem
	if ct := a.Header.Get("Content-Type"); ct != "application/problem+json" {
		t.Fatalf("%d %s, no problem: %.300s", a.StatusCode, ct, a.body)
	}
	check(t, json.Unmarshal(a.body, &p))
	if p.Title == "" || p.Detail == "" || p.Type != "/api/v1/problems/"+p.Kind || strings.Contains(p.Title+p.Detail, "⟦") {
		t.Fatalf("an incomplete problem: %s", a.body)
	}
	for _, h := range []string{"X-Content-Type-Options", "Content-Security-Policy", "Referrer-Policy", "Cross-Origin-Resource-Policy"} {
		if a.Header.Get(h) == "" {
			t.Errorf("no %s", h)
		}
	}
	return p
}

func arabic(s string) bool { return regexp.MustCompile(`\p{Arabic}`).MatchString(s) }

// A method that an address does not take is told with those it takes, and a missing token with how to bring one.
func TestProblemHeaders(t *testing.T) {
	w := newWorld(t)
	if a := w.ask(t, "iq direct", "PATCH", "/api/v1/forums/iq-sy/notes", ""); a.Header.Get("Allow") != "GET, POST" {
		t.Errorf("Allow: %q", a.Header.Get("Allow"))
	}
	if a := w.ask(t, "iq", "GET", "/api/v1/me", ""); a.Header.Get("WWW-Authenticate") != `Bearer realm="jisr"` || a.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("headers: %v", a.Header)
	}
}

// Every kind of refusal has its status, and a sentence in every language.
func TestEveryRefusalHasAStatus(t *testing.T) {
	f, err := parser.ParseFile(token.NewFileSet(), "../refusal.go", nil, 0)
	check(t, err)
	statuses := api.Statuses()
	ast.Inspect(f, func(n ast.Node) bool {
		v, ok := n.(*ast.ValueSpec)
		if !ok || v.Type == nil || fmt.Sprint(v.Type) != "RefusalKind" {
			return true
		}
		kind, err := strconv.Unquote(v.Values[0].(*ast.BasicLit).Value)
		check(t, err)
		if statuses[jisr.RefusalKind(kind)] < 400 {
			t.Errorf("%s has no status", kind)
		}
		delete(statuses, jisr.RefusalKind(kind))
		return true
	})
	if len(statuses) > 0 {
		t.Errorf("statuses of kinds that are none: %v", statuses)
	}
	w, err := words.New()
	check(t, err)
	for kind, status := range api.Statuses() {
		if !w.Has("refusal."+string(kind)) || !w.Has("api.title."+strconv.Itoa(status)) {
			t.Errorf("no words for %s, %d", kind, status)
		}
	}
	for _, status := range []int{404, 405, 408, 412, 413, 414, 415, 428, 500} {
		if !w.Has("api.title." + strconv.Itoa(status)) {
			t.Errorf("no words for %d", status)
		}
	}
}

// A failure is told as nothing more than that it happened.
func TestFailureShowsNothing(t *testing.T) {
	w := newWorld(t)
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Accept-Language", "en")
	rec := httptest.NewRecorder()
	api.Fail(w.handlers["iq"], rec, r, errors.New("secret: disk /dev/sda1 is full"))
	p := problemOf(t, answer{rec.Result(), rec.Body.Bytes()})
	if p.Status != http.StatusInternalServerError || p.Kind != "internal" || strings.Contains(rec.Body.String(), "sda1") || p.Instance == "" {
		t.Errorf("%s", rec.Body)
	}
	if !strings.Contains(w.logs.String(), "sda1") || !strings.Contains(w.logs.String(), p.Instance) {
		t.Errorf("not in the log: %s", w.logs.String())
	}
}

// Who comes when all hands are full is told when to come back; whether the node lives is answered all the same.
func TestTooManyAtOnce(t *testing.T) {
	w := newWorld(t)
	api.Fill(w.handlers["iq"])
	a := w.ask(t, "iq direct", "POST", "/api/v1/forums/iq-sy/notes", goodNote)
	if p := problemOf(t, a); p.Status != http.StatusTooManyRequests || p.Kind != "too-often" || a.Header.Get("Retry-After") != "1" {
		t.Errorf("%+v %v", p, a.Header)
	}
	if a := w.ask(t, "iq", "GET", "/healthz", ""); a.StatusCode != http.StatusOK {
		t.Errorf("/healthz: %d", a.StatusCode)
	}
}

func TestPublicURL(t *testing.T) {
	for _, bad := range []string{"jisr.mofa.gov.iq", "ftp://x", "https://", "https://u:p@x", "https://x?y", ":"} {
		if _, err := api.New(api.Config{PublicURL: bad}); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

// A node that is published under a name takes nobody for this machine: a proxy on it brings everybody from there.
func TestPublishedNodeTrustsNobody(t *testing.T) {
	w := newWorld(t)
	words, err := words.New()
	check(t, err)
	h, err := api.New(api.Config{Node: w.nodes["iq"], Words: words, PublicURL: "https://jisr.mofa.gov.iq/"})
	check(t, err)
	for path, want := range map[string]int{"/metrics": 401, "/tlog/iq-sy/iq/checkpoint": 401, "/healthz": 200} {
		r := httptest.NewRequest("GET", path, nil)
		r.RemoteAddr, r.Host = "127.0.0.1:4711", "127.0.0.1:8400"
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, r)
		if rec.Code != want || rec.Header().Get("Strict-Transport-Security") == "" {
			t.Errorf("%s: %d, want %d", path, rec.Code, want)
		}
	}
	for public, want := range map[string]string{
		"https://jisr.mofa.gov.iq/": "https://jisr.mofa.gov.iq/api/v1/forums/iq-sy/notes/iq-",
		"http://127.0.0.1:8400":     "http://127.0.0.1:8400/api/v1/forums/iq-sy/notes/iq-",
		"http://0.0.0.0:8400":       "/api/v1/forums/iq-sy/notes/iq-", // where it listens is not where it is
		"http://:8400":              "/api/v1/forums/iq-sy/notes/iq-",
	} {
		h, err := api.New(api.Config{Node: w.nodes["iq"], Words: words, PublicURL: public})
		check(t, err)
		r := httptest.NewRequest("POST", "/api/v1/forums/iq-sy/notes", strings.NewReader(goodNote))
		r.Header.Set("Authorization", "Bearer "+w.tokens["iq drafter"])
		r.Header.Set("Content-Type", "application/json")
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, r)
		if got := rec.Header().Get("Location"); !strings.HasPrefix(got, want) {
			t.Errorf("%s: %d %s, want %s", public, rec.Code, got, want)
		}
	}
}

// A page elsewhere that has its own name point at this machine brings that name with it.
func TestRebindingIsNotThisMachine(t *testing.T) {
	w := newWorld(t)
	for host, want := range map[string]int{"evil.example:8400": 401, "localhost:8400": 200, "[::1]:8400": 200, "127.0.0.1": 200} {
		r := httptest.NewRequest("GET", "/metrics", nil)
		r.RemoteAddr, r.Host = "127.0.0.1:4711", host
		rec := httptest.NewRecorder()
		w.handlers["iq"].ServeHTTP(rec, r)
		if rec.Code != want {
			t.Errorf("%s: %d, want %d", host, rec.Code, want)
		}
	}
}

func FuzzNote(f *testing.F) {
	f.Add([]byte(goodNote))
	f.Add([]byte(with("attachments", `["up-x"]`)))
	f.Add([]byte(with("opening", `{"ar":"تهدي"}`)))
	f.Add([]byte(`{"kind":"verbale","kind":"personal"}`))
	f.Add([]byte(`[1e999]`))
	f.Add([]byte("{\"subject\":{\"en\":\"\xff\"}}"))
	f.Fuzz(func(t *testing.T, body []byte) {
		d, err := api.ReadNote(body)
		if err == nil {
			err = d.Check("iq", "2026-11-24")
		}
		var r *jisr.Refusal
		if err != nil && !errors.As(err, &r) {
			t.Fatalf("no refusal: %v", err)
		}
		if r != nil && len(r.Subject) > 200 {
			t.Fatalf("a refusal repeats what was sent: %d bytes", len(r.Subject))
		}
		if err == nil && (len(d.To) > jisr.MaxAddressees || len(d.Files) > jisr.MaxAttachments || d.Precedence == "") {
			t.Fatalf("out of bounds: %+v", d)
		}
	})
}

func FuzzMetadata(f *testing.F) {
	for _, s := range []string{"", "filename YQ==", "filename YQ==,filetype YQ==,is_confidential", "name YQ==, type dGV4dC9wbGFpbg==", ",,", "filename ?"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		meta, err := api.Metadata(s)
		if err != nil {
			var r *jisr.Refusal
			if !errors.As(err, &r) {
				t.Fatalf("no refusal: %v", err)
			}
			return
		}
		if d := words.Download(meta["filename"], "x"); strings.ContainsAny(d, "\r\n\x00") {
			t.Fatalf("a header in two lines: %q", d)
		}
	})
}
