package e2e_test

import (
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// attackPaths asks for files of the node's directory wherever something is served by name.
func attackPaths(t *testing.T, g *target) {
	session := g.iq.signIn(t, g.drafter)
	marks := []string{"SECRET-KEY", "jisr credence/v1", "origin =", "root:x:", "module jisr"}
	if text, err := os.ReadFile(filepath.Join(g.iq.dir, "keys", "data.key")); err != nil || !strings.Contains(string(text), marks[0]) {
		t.Fatalf("the key file does not look as this test thinks: %v", err)
	}
	addresses := []string{"/dist/", "/tlog/iq-sy/iq/tile/", "/tlog/iq-sy/iq/tile/0/", "/tlog/iq-sy/", "/tlog/", "/api/v1/attachments/",
		"/api/v1/forums/", "/api/v1/forums/iq-sy/notes/", "/api/v1/forums/iq-sy/agreements/", "/api/v1/forums/iq-sy/acts/iq/", "/api/v1/problems/",
		"/en/notes/iq-sy/", "/en/notes/", "/en/drafts/", "/en/record/iq-sy/iq/", "/en/forum/evidence/", "/en/agreements/iq-sy/", "/en/meetings/iq-sy/", "/en/house/posts/", "/en/"}
	for _, up := range []string{"../", "..%2f", "%2e%2e/", "%2e%2e%2f", "..%5c", "....//", "..%252f", "%00../", "..;/"} {
		for _, file := range []string{"jisr.toml", "keys/data.key", "letter.credence", "../../../../../../etc/passwd"} {
			for _, where := range addresses {
				for _, path := range []string{where + strings.Repeat(up, 6) + file, where + up + file, where + strings.Repeat(up, 2) + strings.ReplaceAll(file, "/", "%2f")} {
					a := g.iq.shoot(t, shot{path: path, token: g.iq.token, session: session})
					for _, m := range marks {
						if strings.Contains(a.body, m) {
							t.Fatalf("%s gives %.80q", path, a.body)
						}
					}
					if a.status >= 500 {
						t.Fatalf("%s makes the node fail: %d", path, a.status)
					}
				}
			}
		}
	}
}

// attackFileNames sends files whose names and types are attacks, and looks what the other side's officials would save.
func attackFileNames(t *testing.T, g *target) {
	var ids, names []string
	for _, name := range []string{"../../../../etc/cron.d/x", `..\..\windows\x.bat`, `x"; filename="evil.html`, "a'b*c=UTF-8''evil.html", strings.Repeat("ط", 60) + ".pdf", ".htaccess", "con",
		"نص\u202egpj.exe", "a\r\nSet-Cookie: x=1", "a\x00b", "\xff\xfe"} {
		a := g.iq.shoot(t, shot{method: "POST", path: "/api/v1/attachments", token: g.iq.token, body: strings.NewReader("<script>"), header: map[string]string{
			"Tus-Resumable": "1.0.0", "Upload-Length": "8", "Upload-Metadata": "filename " + b64(name) + ",filetype " + b64("text/html"), "Content-Type": "application/offset+octet-stream"}})
		at := a.header.Get("Location")
		switch {
		case a.status == http.StatusCreated:
			ids, names = append(ids, at[strings.LastIndex(at, "/")+1:]), append(names, name)
		case a.status/100 != 4:
			t.Errorf("a file called %q: %d", name, a.status)
		}
	}
	if len(names) < 6 {
		t.Fatalf("only %q were taken", names)
	}
	n, status, err := g.iq.send("names", "routine", 20, ids...)
	if err != nil || status != http.StatusOK {
		t.Fatalf("%d %v", status, err)
	}
	session := g.sy.signIn(t, g.reader)
	if _, err := g.sy.call("POST", "/api/v1/forums/iq-sy/notes/"+n.ID+"/open", nil, map[string]any{}, nil); err != nil {
		t.Fatal(err)
	}
	for i, name := range names {
		at := "/" + n.ID + "/"
		for _, path := range []string{"/api/v1/forums/iq-sy/notes" + at + "attachments/" + strconv.Itoa(i), "/en/notes/iq-sy" + at + "files/" + strconv.Itoa(i)} {
			a := g.sy.shoot(t, shot{path: path, token: g.sy.token, session: session})
			if a.status != http.StatusOK {
				t.Fatalf("%s (%q): %d %.200s", path, name, a.status, a.body)
			}
			how, params, err := mime.ParseMediaType(a.header.Get("Content-Disposition"))
			saved := params["filename"]
			if err != nil || how != "attachment" || saved == "" || strings.ContainsAny(saved, "/\\\"\r\n\x00\u202e") || strings.HasPrefix(saved, "..") {
				t.Errorf("%q is offered as %q (%v)", name, a.header.Get("Content-Disposition"), err)
			}
			if a.header.Get("Set-Cookie") != "" && strings.Contains(a.header.Get("Set-Cookie"), "x=1") || a.header.Get("X-Content-Type-Options") != "nosniff" || !strings.Contains(a.header.Get("Content-Security-Policy"), "sandbox") {
				t.Errorf("%q comes with %v", name, a.header)
			}
		}
	}
}

// attackHostHeader asks under names that are not the node's: what answers them belongs to whoever owns the name.
func attackHostHeader(t *testing.T, g *target) {
	session := g.iq.signIn(t, g.drafter)
	paths := []string{"/", "/en/", "/en/sign-in", "/en/notes", "/en/enrol", "/dist/nothing.js", "/api/v1/me", "/api/v1/openapi.json", "/tlog/iq-sy/iq/checkpoint", "/healthz", "/metrics"}
	for _, path := range paths {
		for _, host := range []string{"evil.example", "evil.example:8400", "localhost.evil.example", "127.0.0.1.evil.example", "127.0.0.1@evil.example", "iq.jisr.example"} {
			a, err := g.iq.tryShoot(shot{path: path, host: host, token: g.iq.token, session: session})
			if err == nil && a.status != http.StatusMisdirectedRequest && a.status != http.StatusBadRequest {
				t.Errorf("%s as %q: %d", path, host, a.status)
			}
		}
		if a := g.iq.shoot(t, shot{path: "//evil.example" + path, host: "127.0.0.1", token: g.iq.token, session: session}); a.status != http.StatusMisdirectedRequest {
			t.Errorf("http://evil.example%s in the request line: %d", path, a.status) // RFC 9112 section 3.2.2: it counts, not Host
		}
		a := g.iq.shoot(t, shot{path: path, token: g.iq.token, session: session, header: map[string]string{
			"X-Forwarded-Host": "evil.example", "X-Forwarded-Server": "evil.example", "Forwarded": "host=evil.example;proto=https", "X-Original-Url": "/evil.example", "X-Rewrite-Url": "/evil.example"}})
		if a.status == http.StatusMisdirectedRequest { // the same requests under the node's own name are answered
			t.Errorf("%s under its own name: %d", path, a.status)
		}
		if strings.Contains(a.body, "evil.example") || strings.Contains(a.header.Get("Location")+a.header.Get("Link"), "evil.example") {
			t.Errorf("%s speaks of evil.example: %.200s", path, a.body)
		}
	}
	for _, next := range []string{"https://evil.example/", "//evil.example/", `/\evil.example`, "/en//evil.example", "javascript:alert(1)", "/en/../../evil.example", "%2f%2fevil.example", "/en/\n//evil.example"} {
		a := g.iq.shoot(t, shot{path: "/en/sign-in?next=" + url.QueryEscape(next), session: session})
		if to := a.header.Get("Location"); a.status != http.StatusSeeOther || to != "/en/" {
			t.Errorf("next=%q leads to %q (%d)", next, to, a.status)
		}
	}
	if a := g.iq.shoot(t, shot{path: "/en/sign-in?next=/en/notes", session: session}); a.header.Get("Location") != "/en/notes" {
		t.Errorf("a page of the node's own is not gone back to: %q", a.header.Get("Location"))
	}
}

// attackCrossSite posts the forms of the portal as another site makes a browser post them.
func attackCrossSite(t *testing.T, g *target) {
	session := g.iq.signIn(t, g.drafter)
	draft := g.iq.formOn(t, session, "/en/notes/new", "/en/notes/new")
	before := g.drafts(t)
	foreign := map[string]map[string]string{
		"cross-site":   {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"},
		"same site":    {"Sec-Fetch-Site": "same-site", "Origin": "http://127.0.0.1:1"}, // another port: another node
		"only origin":  {"Origin": "https://evil.example"},
		"null origin":  {"Origin": "null"},
		"other scheme": {"Origin": strings.Replace(g.iq.url, "http:", "https:", 1) + "0"},
	}
	for name, header := range foreign {
		for _, f := range []form{draft, {"/en/sign-out", url.Values{}}, {"/en/sign-in", url.Values{"official": {g.drafter.name}, "password": {g.drafter.password}}}, {"/en/notes/new", draft.fields}} {
			s := g.iq.posting(session, f, "subject_en", "Forged "+name)
			delete(s.header, "Origin")
			delete(s.header, "Sec-Fetch-Site")
			for k, v := range header {
				s.header[k] = v
			}
			a := g.iq.shoot(t, s)
			if a.status != http.StatusForbidden || a.header.Get("Set-Cookie") != "" && strings.Contains(a.header.Get("Set-Cookie"), "jisr-iq=") {
				t.Errorf("%s to %s: %d", name, f.action, a.status)
			}
		}
	}
	// A browser that says nothing of where a form comes from: then the form's token must say it.
	others := g.iq.formOn(t, g.iq.signIn(t, g.releaser), "/en/", "/en/sign-out").fields.Get("form_token")
	for name, token := range map[string]string{"no token": "", "another official's token": others, "a token of nobody": "1795663359.RlMtZFFPSm5Sc1hzYm1SOA.QWXXNE3DW8_vdifNEBqNRWsAv27ifUJ4pv_cV_EgMrk"} {
		s := g.iq.posting(session, draft, "form_token", token, "subject_ar", "مزور", "text_ar", "نص", "to", "sy")
		delete(s.header, "Origin")
		delete(s.header, "Sec-Fetch-Site")
		if a := g.iq.shoot(t, s); a.status/100 != 4 {
			t.Errorf("a form with %s: %d %s", name, a.status, a.header.Get("Location"))
		}
	}
	if after := g.drafts(t); after != before {
		t.Errorf("%d drafts became %d", before, after)
	}
	if a := g.iq.shoot(t, shot{path: "/en/notes", session: session}); a.status != http.StatusOK {
		t.Errorf("another site has signed the official out: %d", a.status)
	}
	// The API does not look at cookies, and allows no other site to read it.
	for _, path := range []string{"/api/v1/me", "/api/v1/forums/iq-sy/notes", "/api/v1/officials"} {
		a := g.iq.shoot(t, shot{path: path, session: session, header: map[string]string{"Origin": "https://evil.example"}})
		if a.status != http.StatusUnauthorized || a.header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s with a cookie: %d, %v", path, a.status, a.header)
		}
		a = g.iq.shoot(t, shot{method: "OPTIONS", path: path, header: map[string]string{"Origin": "https://evil.example", "Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "authorization"}})
		if a.header.Get("Access-Control-Allow-Origin") != "" || a.header.Get("Access-Control-Allow-Headers") != "" {
			t.Errorf("%s tells browsers that others may read it: %v", path, a.header)
		}
	}
	if a := g.iq.submit(t, session, g.iq.formOn(t, session, "/en/notes/new", "/en/notes/new"), "subject_en", "Honest", "subject_ar", "موضوع", "text_en", "Text", "text_ar", "نص", "to", "sy"); a.status != http.StatusSeeOther {
		t.Errorf("the same form from the portal's own page: %d %.300s", a.status, a.body)
	}
	quiet := g.iq.posting(session, g.iq.formOn(t, session, "/en/notes/new", "/en/notes/new"), "subject_ar", "موضوع", "text_ar", "نص", "to", "sy")
	delete(quiet.header, "Origin")
	delete(quiet.header, "Sec-Fetch-Site")
	if a := g.iq.shoot(t, quiet); a.status != http.StatusSeeOther {
		t.Errorf("the same from a browser that says nothing, with the page's token: %d %.300s", a.status, a.body)
	}
	if after := g.drafts(t); after != before+2 {
		t.Errorf("%d drafts became %d, and two were honest", before, after)
	}
}

// drafts counts iq's drafts.
func (g *target) drafts(t *testing.T) int {
	t.Helper()
	var page struct{ Items []json.RawMessage }
	if _, err := g.iq.call("GET", "/api/v1/forums/iq-sy/notes?box=drafts&limit=200", nil, nil, &page); err != nil {
		t.Fatal(err)
	}
	return len(page.Items)
}

// attackByGet opens every address that changes something with GET, as an image on another site's page would.
func attackByGet(t *testing.T, g *target) {
	session := g.iq.signIn(t, g.admin)
	before := g.iq.houseSize(t)
	source, err := os.ReadFile(filepath.Join("..", "portal", "routes.go"))
	if err != nil {
		t.Fatal(err)
	}
	posts := regexp.MustCompile(`"POST", "(/[^"]*)"`).FindAllStringSubmatch(string(source), -1)
	if len(posts) < 20 {
		t.Fatalf("only %d addresses that change something were found", len(posts))
	}
	for _, m := range posts {
		path := "/en" + regexp.MustCompile(`\{[a-z]+\}`).ReplaceAllStringFunc(m[1], func(s string) string {
			return map[string]string{"{forum}": "iq-sy", "{member}": "sy", "{id}": "drafter"}[s]
		})
		if a := g.iq.shoot(t, shot{path: path + "?official=drafter&confirm=1&version=1", session: session}); a.status >= 500 {
			t.Errorf("GET %s: %d", path, a.status)
		}
		if a := g.iq.shoot(t, shot{method: "HEAD", path: path, session: session}); a.status >= 500 {
			t.Errorf("HEAD %s: %d", path, a.status)
		}
	}
	if a := g.iq.shoot(t, shot{path: "/en/", session: session}); a.status != http.StatusOK {
		t.Errorf("a GET has signed the official out: %d", a.status)
	}
	if after := g.iq.houseSize(t); after != before {
		t.Errorf("%d accounts and desks became %d", before, after)
	}
}

// houseSize counts what an administrator sees of accounts that are not ended.
func (p *peer) houseSize(t *testing.T) int {
	t.Helper()
	out := p.run("official", "list", "--dir", p.dir, "--json")
	return strings.Count(string(out), `"official"`) - strings.Count(string(out), `"ended"`)
}

// attackSessionReplay uses a cookie that was captured, after its owner has signed out, changed, or made up.
func attackSessionReplay(t *testing.T, g *target) {
	session := g.iq.signIn(t, g.drafter)
	opens := func(c *http.Cookie) bool {
		return g.iq.shoot(t, shot{path: "/en/notes", session: c}).status == http.StatusOK
	}
	if !opens(session) {
		t.Fatal("a session does not open the portal")
	}
	other := &http.Cookie{Name: "jisr-sy", Value: session.Value}
	for name, c := range map[string]*http.Cookie{"none": nil, "another node's": other, "cut": {Name: session.Name, Value: session.Value[:len(session.Value)-2]}, "empty": {Name: session.Name},
		"its hash": {Name: session.Name, Value: sessionHash(t, g.iq)}} {
		if opens(c) {
			t.Errorf("a cookie that is %s opens the portal", name)
		}
	}
	if g.sy.shoot(t, shot{path: "/en/notes", session: other}).status == http.StatusOK {
		t.Error("iq's session opens sy's portal")
	}
	g.iq.submit(t, session, form{"/en/sign-out", g.iq.hidden(t, session, "/en/", "/en/sign-out")})
	if opens(session) {
		t.Error("a session goes on after its official has signed out")
	}
}

// hidden gives the fields of a page's form, none where the page has no such form.
func (p *peer) hidden(t *testing.T, session *http.Cookie, page, action string) url.Values {
	t.Helper()
	for _, f := range forms(p.shoot(t, shot{path: page, session: session}).body) {
		if f.action == action {
			return f.fields
		}
	}
	return url.Values{}
}

// sessionHash is what the node keeps of an open session: who reads its disk must not be able to use it.
func sessionHash(t *testing.T, p *peer) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(p.dir, "*sessions*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no list of sessions in %s: %v", p.dir, err)
	}
	text, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	return between(string(text), `"id":"`, `"`)
}

// attackRequestReplay sends a program's captured request again, as it is, changed, and as another.
func attackRequestReplay(t *testing.T, g *target) {
	first, status, err := g.iq.send("replayed", "routine", 20)
	if err != nil || status != http.StatusOK {
		t.Fatalf("%d %v", status, err)
	}
	for range 3 {
		again, _, err := g.iq.send("replayed", "routine", 0)
		if err != nil || again.ID != first.ID || again.Number != first.Number {
			t.Fatalf("the replay made note %s number %d of %s number %d: %v", again.ID, again.Number, first.ID, first.Number, err)
		}
	}
	if out, status, err := g.iq.send("replayed", "flash", 0); err == nil || status/100 != 4 {
		t.Errorf("the same key with another note: %d %+v", status, out)
	}
	body := func() map[string]any {
		return map[string]any{"kind": "verbale", "to": []string{"sy"}, "subject": map[string]string{"ar": "بلا مفتاح"}, "text": map[string]string{"ar": "نص"}, "release": true}
	}
	var a, b noteOut
	for _, into := range []*noteOut{&a, &b} {
		if _, err := g.iq.call("POST", "/api/v1/forums/iq-sy/notes", nil, body(), into); err != nil {
			t.Fatal(err)
		}
	}
	if a.ID == b.ID { // the positive control: without a key the same request is another note
		t.Error("two requests without a key made one note")
	}
}

// attackFormReplay sends a captured form of the portal again, twice at once and as another official.
func attackFormReplay(t *testing.T, g *target) {
	session := g.iq.signIn(t, g.drafter)
	f := g.iq.formOn(t, session, "/en/notes/new", "/en/notes/new")
	fill := []string{"subject_ar", "مكرر", "text_ar", "نص المذكرة", "to", "sy"}
	before := g.drafts(t)
	var places []string
	for range 3 {
		a := g.iq.submit(t, session, f, fill...)
		if a.status != http.StatusSeeOther {
			t.Fatalf("%d %.300s", a.status, a.body)
		}
		places = append(places, a.header.Get("Location"))
	}
	if places[0] != places[1] || places[1] != places[2] || g.drafts(t) != before+1 {
		t.Errorf("the form sent three times made %v: %d drafts before, %d after", places, before, g.drafts(t))
	}
	releaser := g.iq.signIn(t, g.releaser)
	clear := g.iq.formOn(t, releaser, places[0], places[0]+"/clear")
	if a := g.iq.submit(t, session, clear); a.status != http.StatusForbidden {
		t.Errorf("the drafter clears with the form of another official: %d", a.status)
	}
	if a := g.iq.submit(t, nil, clear); a.status == http.StatusOK || strings.Contains(a.header.Get("Location"), "drafts") {
		t.Errorf("nobody clears with the form of an official: %d %s", a.status, a.header.Get("Location"))
	}
	if a := g.iq.submit(t, releaser, clear); a.status != http.StatusSeeOther {
		t.Fatalf("the releaser's own form: %d %.300s", a.status, a.body)
	}
	if a := g.iq.submit(t, releaser, clear); a.status == http.StatusOK || a.status >= 500 {
		t.Errorf("cleared twice: %d", a.status)
	}
	release := g.iq.formOn(t, releaser, places[0]+"/release", places[0]+"/release")
	if a := g.iq.submit(t, releaser, release, "password", g.releaser.password); a.status != http.StatusSeeOther {
		t.Fatalf("release: %d %.300s", a.status, a.body)
	}
	sent := g.numbers(t)
	if a := g.iq.submit(t, releaser, release, "password", g.releaser.password); a.status >= 500 || g.numbers(t) != sent {
		t.Errorf("released twice: %d; %s became %s", a.status, sent, g.numbers(t))
	}
}

// numbers lists the numbers of iq's notes.
func (g *target) numbers(t *testing.T) string {
	t.Helper()
	var page struct{ Items []struct{ Number int } }
	if _, err := g.iq.call("GET", "/api/v1/forums/iq-sy/notes?box=out&limit=200", nil, nil, &page); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(page.Items)
}
