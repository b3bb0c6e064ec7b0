package portal_test

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"jisr"
	"jisr/node"
)

// in is the browser in the hands of another test.
func (b *browser) in(t testing.TB) *browser { return &browser{t: t, http: b.http, base: b.base} }

// stay does not follow redirects: a test looks at where they lead.
func (b *browser) stay() *browser {
	c := *b.http
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &browser{t: b.t, http: &c, base: b.base}
}

func (b *browser) request(method, path, body string, header ...string) page {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), method, b.base+path, strings.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	return b.send(req)
}

const urlencoded = "application/x-www-form-urlencoded"

func TestSigningIn(t *testing.T) {
	h := newHouse(t, "iq", jisr.Text{"ar": "العراق", "en": "Iraq"})
	b := h.browser().stay()
	if p := b.get("/ar/notes?box=in"); p.header.Get("Location") != "/ar/sign-in?next=%2Far%2Fnotes%3Fbox%3Din" {
		t.Errorf("a stranger is led to %q", p.header.Get("Location"))
	}
	wrong := b.post("/ar/sign-in", url.Values{"official": {"first.secretary"}, "password": {"not the password"}})
	if wrong.status != http.StatusUnauthorized || wrong.header.Get("Set-Cookie") != "" {
		t.Errorf("a wrong password: %d, cookie %q", wrong.status, wrong.header.Get("Set-Cookie"))
	}
	must(t, wrong, `value="first.secretary"`, "problems")
	right := b.post("/ar/sign-in", url.Values{"official": {" First.Secretary "}, "password": {password}, "next": {"/ar/notes?box=in"}})
	if right.status != http.StatusSeeOther || right.header.Get("Location") != "/ar/notes?box=in" {
		t.Fatalf("signing in leads to %q (%d)", right.header.Get("Location"), right.status)
	}
	cookie := right.header.Get("Set-Cookie")
	for _, want := range []string{"jisr-iq=", "HttpOnly", "SameSite=Lax", "Path=/"} {
		if !strings.Contains(cookie, want) {
			t.Errorf("the session's cookie lacks %s: %s", want, cookie)
		}
	}
	if p := b.get("/ar/notes"); p.status != http.StatusOK {
		t.Errorf("signed in, the notes give %d", p.status)
	}
	b.post("/ar/sign-out", nil)
	if p := b.get("/ar/notes"); p.status != http.StatusSeeOther {
		t.Errorf("signed out, the notes give %d", p.status)
	}
}

// FuzzNext: whatever a sign-in page is asked to lead to, it leads to a page of this portal.
func FuzzNext(f *testing.F) {
	for _, next := range []string{"/ar/", "/en/notes?q=a%2Fb", "//evil.example", "/\\evil.example", "https://evil.example/ar/", "/ar/../../x", "/ar//evil.example", "javascript:alert(1)", "/ar/\r\nSet-Cookie: x=y", "\x00", "/ar/%2f%2fevil", "/en/\"", "/en%2F0", strings.Repeat("/ar/", 300)} {
		f.Add(next)
	}
	h := newHouse(f, "iq", jisr.Text{"ar": "العراق", "en": "Iraq"})
	b := h.signedIn("first.secretary").stay()
	f.Fuzz(func(t *testing.T, next string) {
		to := b.in(t).get("/ar/sign-in?" + url.Values{"next": {next}}.Encode()).header.Get("Location")
		u, err := url.Parse(to)
		if err != nil || u.Host != "" || u.Scheme != "" || !strings.HasPrefix(to, "/ar/") && !strings.HasPrefix(to, "/en/") || strings.ContainsAny(to, "\r\n\\") {
			t.Errorf("%q leads to %q", next, to)
		}
	})
}

func TestForeignRequests(t *testing.T) {
	h := newHouse(t, "iq", jisr.Text{"ar": "العراق", "en": "Iraq"})
	b := h.signedIn("first.secretary").stay()
	for _, from := range [][]string{{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Origin", "http://127.0.0.1:1"}} {
		p := b.request(http.MethodPost, "/ar/sign-out", "", append(from, "Content-Type", urlencoded)...)
		if p.status != http.StatusForbidden {
			t.Errorf("%v: %d", from, p.status)
		}
		must(t, p, "لم يأتِ الطلب من هذه البوابة")
	}
	if p := b.get("/ar/"); p.status != http.StatusOK {
		t.Errorf("a foreign request signed the official out: %d", p.status)
	}
}

func TestLanguages(t *testing.T) {
	h := newHouse(t, "iq", jisr.Text{"ar": "العراق", "en": "Iraq"})
	for _, c := range []struct{ header, want string }{{"", "/ar/"}, {"en-GB,ar;q=0.5", "/en/"}, {"fr", "/ar/"}, {"ar-SY", "/ar/"}, {strings.Repeat("en,", 400), "/ar/"}} {
		b := h.browser().stay()
		if p := b.request(http.MethodGet, "/", "", "Accept-Language", c.header); p.header.Get("Location") != c.want {
			t.Errorf("%.20q leads to %q, want %q", c.header, p.header.Get("Location"), c.want)
		}
	}
	b := h.signedIn("first.secretary").stay()
	must(t, b.get("/ar/notes?box=drafts&q=x"), `href="/en/notes?box=drafts&amp;q=x"`)
	b.get("/en/notes")
	if p := b.request(http.MethodGet, "/", "", "Accept-Language", "ar"); p.header.Get("Location") != "/en/" {
		t.Errorf("the language read last is not kept: %q", p.header.Get("Location"))
	}
}

// TestHostileNote: what another government wrote is text, whatever it looks like.
func TestHostileNote(t *testing.T) {
	iq, sy := world(t)
	const evil = `<img src=x onerror=alert(1)><script>alert(2)</script>"'>` + "\u2067\u2066&amp;"
	d := verbale("iq", evil)
	d.Body.Text["ar"] = evil + "\n\n</article></main><form action=//evil>"
	d.Body.From = jisr.Text{"ar": evil}
	d.Files = []jisr.DraftFile{sy.uploads(t, `a"; filename=evil.html`+"'<b>.html", "text/html", "<script>alert(3)</script>")}
	sent := sy.sends(d)
	b := iq.signedIn("head.treaties")
	note := "/ar/notes/iq-sy/" + sent.Thing.Name()
	b.post(note+"/open", nil)
	for _, path := range []string{"/ar/", "/ar/notes", "/ar/notes?q=alert", note, "/ar/record", "/ar/notes/new?answers=iq-sy/" + sent.Thing.Name()} {
		p := b.get(path)
		checkHeaders(t, p)
		doc := parse(t, p.body)
		checkInline(t, doc)
		if count(doc, "img") > 0 {
			t.Errorf("%s: markup of the note became markup of the page", path)
		}
		each(doc, func(n *html.Node) {
			if strings.HasPrefix(attr(n, "action"), "//") {
				t.Errorf("%s: a form leads elsewhere", path)
			}
		}, "form")
		checkIsolated(t, doc, path)
	}
	file := b.get(note + "/files/0")
	_, params, err := mime.ParseMediaType(file.header.Get("Content-Disposition"))
	if file.body != "<script>alert(3)</script>" || err != nil || params["filename"] == "" || !strings.Contains(file.header.Get("Content-Security-Policy"), "sandbox") || !strings.HasPrefix(file.header.Get("Content-Disposition"), "attachment;") {
		t.Errorf("the file comes as %q under %q (%v)", file.header.Get("Content-Disposition"), file.header.Get("Content-Security-Policy"), err)
	}
}

// checkIsolated wants the isolates that a stranger left open inside an element that closes them.
func checkIsolated(t *testing.T, doc *html.Node, path string) {
	t.Helper()
	for n := range doc.Descendants() {
		if n.Type != html.TextNode || !strings.ContainsRune(n.Data, '\u2067') {
			continue
		}
		inside := false
		for up := n.Parent; up != nil; up = up.Parent {
			inside = inside || up.Data == "bdi" || up.Data == "title" || up.Data == "h1" || // a block ends what is open in it (UAX 9, 3.3.1)
				attr(up, "dir") != "" && up.Data != "html"
		}
		if !inside {
			t.Errorf("%s: not isolated: %q", path, n.Data)
		}
	}
}

func (h *house) uploads(t *testing.T, name, typ, content string) jisr.DraftFile {
	t.Helper()
	c := h.as("mail.program", jisr.Direct)
	u, err := h.node.NewUpload(t.Context(), c, name, typ, int64(len(content)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.node.WriteUpload(t.Context(), c, u.ID, 0, strings.NewReader(content)); err != nil {
		t.Fatal(err)
	}
	return jisr.DraftFile{Upload: u.ID}
}

func TestConflict(t *testing.T) {
	iq, _ := world(t)
	draft := iq.do(iq.as("first.secretary", jisr.Drafter), node.DraftNote{Forum: "iq-sy", Draft: verbale("sy", "النسخة الأولى")})
	at := "/ar/drafts/" + draft.Thing.Name()
	one, two := iq.signedIn("first.secretary"), iq.signedIn("head.treaties")
	mine, theirs := one.get(at+"/edit"), two.get(at+"/edit")
	if p := two.post(at+"/edit", fill(t, theirs, url.Values{"text_ar": {"ما كتبه الثاني"}})); p.path != at {
		t.Fatalf("the second saved and came to %s (%d)", p.path, p.status)
	}
	both := one.post(at+"/edit", fill(t, mine, url.Values{"text_ar": {"ما كتبه الأول"}}))
	if both.status != http.StatusConflict {
		t.Errorf("saving over another's version: %d", both.status)
	}
	must(t, both, "ما كتبه الثاني", "ما كتبه الأول", "رئيس دائرة المعاهدات")
	checkPage(t, both, "ar")
	if p := one.post(at+"/edit", fill(t, both, nil)); p.path != at || !strings.Contains(p.body, "ما كتبه الأول") {
		t.Errorf("saving again came to %s (%d)", p.path, p.status)
	}
	if p := two.post(at+"/clear", url.Values{"version": {"2"}}); p.status != http.StatusConflict {
		t.Errorf("clearing a version that is not the newest: %d", p.status)
	}
}

func TestForm(t *testing.T) {
	iq, _ := world(t)
	b := iq.signedIn("first.secretary")
	form := b.get("/ar/notes/new")
	good := url.Values{"subject_ar": {"موضوع"}, "text_ar": {"نص"}}
	for _, c := range []struct {
		name  string
		write url.Values
		field string
	}{
		{"no subject", url.Values{"text_ar": {"نص"}}, "f-subject_ar"},
		{"no text", url.Values{"subject_ar": {"م"}}, "f-text_ar"},
		{"English only", url.Values{"subject_en": {"x"}, "text_en": {"y"}}, "f-subject_ar"},
		{"no such kind", url.Values{"subject_ar": {"م"}, "text_ar": {"ن"}, "kind": {"treaty"}}, "f-kind"},
		{"no addressee", url.Values{"subject_ar": {"م"}, "text_ar": {"ن"}, "to": {}}, "f-to"},
		{"itself", url.Values{"subject_ar": {"م"}, "text_ar": {"ن"}, "to": {"iq"}}, "f-to"},
		{"a stranger", url.Values{"subject_ar": {"م"}, "text_ar": {"ن"}, "to": {"zz"}}, "f-to"},
		{"no such day", url.Values{"subject_ar": {"م"}, "text_ar": {"ن"}, "reply_by.day": {"31"}, "reply_by.month": {"2"}, "reply_by.year": {"2099"}}, "f-reply_by"},
		{"a day gone by", url.Values{"subject_ar": {"م"}, "text_ar": {"ن"}, "reply_by.day": {"1"}, "reply_by.month": {"2"}, "reply_by.year": {"2001"}}, "f-reply_by"},
		{"half a date", url.Values{"subject_ar": {"م"}, "text_ar": {"ن"}, "reply_by.day": {"1"}}, "f-reply_by"},
		{"too long a subject", url.Values{"subject_ar": {strings.Repeat("م", 301)}, "text_ar": {"ن"}}, "f-subject_ar"},
		{"an override", url.Values{"subject_ar": {"م\u202e"}, "text_ar": {"ن"}}, "f-subject_ar"},
		{"a file that never came", url.Values{"subject_ar": {"م"}, "text_ar": {"ن"}, "keep": {"nothing"}}, "f-attachments"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := b.post("/ar/notes/new", fill(t, form, c.write))
			if p.status != http.StatusUnprocessableEntity {
				t.Fatalf("status %d at %s: %s", p.status, p.path, text(p.body))
			}
			must(t, p, `href="#`+c.field+`"`, `id="`+c.field+`"`)
			checkPage(t, p, "ar")
			for _, written := range c.write["subject_ar"] {
				must(t, p, written)
			}
		})
	}
	twice := fill(t, form, good)
	if a, again := b.post("/ar/notes/new", twice), b.post("/ar/notes/new", twice); a.path != again.path || a.status != http.StatusOK {
		t.Errorf("pressed twice: %s and %s", a.path, again.path)
	}
	other := fill(t, form, url.Values{"subject_ar": {"آخر"}, "text_ar": {"نص"}})
	if p := b.post("/ar/notes/new", other); p.status != http.StatusOK || !strings.Contains(p.body, "آخر") {
		t.Errorf("back and another text: %d", p.status)
	}
	if p := iq.signedIn("auditor").post("/ar/notes/new", twice); p.status != http.StatusForbidden {
		t.Errorf("who may only read saves a draft: %d", p.status)
	}
}

// TestFormulas: formulas follow the kind until somebody changes them.
func TestFormulas(t *testing.T) {
	iq, _ := world(t)
	b := iq.signedIn("first.secretary")
	form := b.get("/ar/notes/new")
	must(t, form, "تهدي وزارة الخارجية")
	personal := b.post("/ar/notes/new", fill(t, form, url.Values{"kind": {"personal"}, "subject_ar": {"م"}, "text_ar": {"ن"}}))
	must(t, personal, "تحية طيبة وبعد")
	changed := b.post("/ar/notes/new", fill(t, b.get("/ar/notes/new"), url.Values{"kind": {"circular"}, "subject_ar": {"م"}, "text_ar": {"ن"}, "opening_ar": {"صيغتنا الخاصة"}}))
	must(t, changed, "صيغتنا الخاصة")
}

func TestUploads(t *testing.T) {
	iq, _ := world(t)
	b := iq.signedIn("first.secretary")
	form := fill(t, b.get("/ar/notes/new"), url.Values{"subject_ar": {"م"}})
	refused := b.multipart("/ar/notes/new", form, map[string]string{"جدول.csv": "a,b\n1,2\n"})
	if refused.status != http.StatusUnprocessableEntity {
		t.Fatalf("without a text: %d", refused.status)
	}
	must(t, refused, "جدول.csv")
	again := fill(t, refused, url.Values{"text_ar": {"ن"}})
	saved := b.multipart("/ar/notes/new", again, map[string]string{"b.txt": "", "c.txt": "c"})
	must(t, saved, "جدول.csv", "b.txt", "c.txt", saved.path+"/files/0")
	for who, reader := range map[string]*browser{"who drafts": b, "who clears": iq.signedIn("head.treaties")} {
		if p := reader.get(saved.path + "/files/0"); p.status != http.StatusOK || p.body != "a,b\n1,2\n" {
			t.Errorf("%s reads %d %q of a draft's file", who, p.status, p.body)
		}
	}
	if p := b.get(saved.path + "/files/3"); p.status != http.StatusNotFound {
		t.Errorf("a file the draft does not have: %d", p.status)
	}
	edit := b.get(saved.path + "/edit")
	form = fill(t, edit, nil)
	form.Set("remove", form["keep"][0])
	must(t, b.post(saved.path+"/edit", form), "b.txt")
	if p := b.get(saved.path); strings.Contains(p.body, "جدول.csv") {
		t.Error("a file that was taken away is still there")
	}
	if p := b.request(http.MethodPost, "/ar/notes/new", strings.Repeat("a", 600<<10), "Content-Type", urlencoded); p.status != http.StatusRequestEntityTooLarge {
		t.Errorf("a form of 600 KiB: %d", p.status)
	}
	if p := b.request(http.MethodPost, "/ar/notes/new", "--x\r\nnonsense", "Content-Type", "multipart/form-data; boundary=x"); p.status != http.StatusUnprocessableEntity {
		t.Errorf("a form that is none: %d", p.status)
	}
}

func (b *browser) multipart(path string, form url.Values, files map[string]string) page {
	b.t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for name, values := range form {
		for _, v := range values {
			if err := w.WriteField(name, v); err != nil {
				b.t.Fatal(err)
			}
		}
	}
	for name, content := range files {
		part, err := w.CreateFormFile("files", name)
		if err != nil {
			b.t.Fatal(err)
		}
		if _, err := io.WriteString(part, content); err != nil {
			b.t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		b.t.Fatal(err)
	}
	return b.request(http.MethodPost, path, body.String(), "Content-Type", w.FormDataContentType(), "Sec-Fetch-Site", "same-origin")
}

// FuzzForm: whatever is posted as a draft, the portal answers, and never with a failure.
func FuzzForm(f *testing.F) {
	f.Add("subject_ar=a&text_ar=b&kind=verbale&precedence=routine&to=sy&forum=iq-sy")
	f.Add("%zz&to=&to=%00&reply_by.day=99999999999999999999&reply_by.month=-1&reply_by.year=%D9%A1")
	f.Add("in_reply_to=../..&references=x&references=%2F&keep=%27&version=-5&forum=house")
	f.Add("subject_ar=%ff%fe&text_ar=%e2%80%ae&opening_ar=x&opening_ar_was=x&kind=non-paper")
	iq, _ := world(f)
	b := iq.signedIn("first.secretary")
	f.Fuzz(func(t *testing.T, body string) {
		p := b.in(t).request(http.MethodPost, "/ar/notes/new", body, "Content-Type", urlencoded, "Sec-Fetch-Site", "same-origin")
		if p.status >= 500 {
			t.Errorf("%q: %d", body, p.status)
		}
	})
}

// FuzzAddress: whatever is asked for, the portal answers with a page.
func FuzzAddress(f *testing.F) {
	for _, path := range []string{"/ar/notes?cursor=%00&state=x", "/ar/record?member=..&cursor=9|9|9", "/ar/notes/iq-sy/..%2f", "/ar/notes/house/iq-1", "/ar/drafts/%ff", "/ar/record/iq-sy/iq/-1", "/ar/record/iq-sy/iq/99999999999999999999/proof",
		"/ar/forum/evidence/x", "/dist/../portal.go", "/xx/", "/ar/notes/new?answers=/&forum=%27", "/ar/record?thing=note/%22%3E"} {
		f.Add(path)
	}
	iq, _ := world(f)
	b := iq.signedIn("head.treaties")
	f.Fuzz(func(t *testing.T, path string) {
		u, err := url.Parse(path)
		if err != nil || u.Host != "" || u.Scheme != "" || !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") || strings.Contains(path, "/events") {
			t.Skip()
		}
		if p := b.in(t).get(path); p.status >= 500 {
			t.Errorf("%q: %d", path, p.status)
		}
	})
}

// TestLive: a page's stream says that something changed, is bounded, and ends with the session.
func TestLive(t *testing.T) {
	iq, sy := world(t)
	b := sy.signedIn("first.secretary")
	if p := sy.browser().get("/ar/events"); p.status != http.StatusUnauthorized {
		t.Errorf("a stranger's stream: %d", p.status)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var lines *bufio.Scanner
	for range 8 {
		resp := b.stream(ctx)
		if resp.StatusCode != http.StatusOK || resp.Header.Get("Content-Type") != "text/event-stream" {
			t.Fatalf("a stream: %d %s", resp.StatusCode, resp.Header.Get("Content-Type"))
		}
		lines = bufio.NewScanner(resp.Body)
	}
	if resp := b.stream(ctx); resp.StatusCode != http.StatusTooManyRequests {
		t.Errorf("the ninth stream: %d", resp.StatusCode)
	}
	iq.sends(verbale("sy", "وصلت الآن"))
	for lines.Scan() && lines.Text() != "event: changed" {
	}
	if lines.Text() != "event: changed" {
		t.Fatalf("the stream ended without an event: %v", lines.Err())
	}
	must(t, b.request(http.MethodGet, "/ar/", "", "HX-Request", "true"), "وصلت الآن")
	if p := sy.browser().request(http.MethodGet, "/ar/", "", "HX-Request", "true"); p.status != http.StatusUnauthorized {
		t.Errorf("a live page without a session: %d", p.status)
	}
}

func (b *browser) stream(ctx context.Context) *http.Response {
	b.t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, b.base+"/ar/events", nil)
	if err != nil {
		b.t.Fatal(err)
	}
	resp, err := b.http.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { resp.Body.Close() })
	return resp
}

func TestAssets(t *testing.T) {
	h := newHouse(t, "iq", jisr.Text{"ar": "العراق", "en": "Iraq"})
	b := h.browser()
	doc := parse(t, b.get("/ar/sign-in").body)
	each(doc, func(n *html.Node) {
		path := attr(n, "href") + attr(n, "src")
		p := b.get(path)
		if p.status != http.StatusOK || !strings.Contains(p.header.Get("Cache-Control"), "immutable") {
			t.Errorf("%s: %d, %q", path, p.status, p.header.Get("Cache-Control"))
		}
	}, "link", "script")
}
