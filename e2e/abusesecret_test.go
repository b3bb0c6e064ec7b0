package e2e_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"jisr/node/nodetest"
)

// token makes a program's token.
func (p *peer) newTokenOf(t *testing.T, id, roles string, more ...string) string {
	t.Helper()
	out := p.run(append([]string{"token", "add", "--dir", p.dir, "--json", "--title-ar", "برنامج", "--title-en", "Program", "--desk", "mofa", "--roles", roles}, append(more, id)...)...)
	var made struct{ Secret string }
	if err := json.Unmarshal(out, &made); err != nil || made.Secret == "" {
		t.Fatalf("token add printed %q: %v", out, err)
	}
	return made.Secret
}

// attackBySecrets puts every kind of secret where careless programs and people put them, and then looks for it in all that
// the node lets others see: logs in full, figures, processes, names of files, the audit record.
func attackBySecrets(t *testing.T, g *target) {
	auditor := g.iq.newTokenOf(t, "watch", "reader,auditor,admin")
	session := g.iq.signIn(t, g.drafter)
	out := g.iq.run("official", "add", "--dir", g.iq.dir, "--json", "--desk", "mofa", "--post-ar", "مدعو", "--post-en", "Invited", "--roles", "reader", "invited")
	var invited struct{ Password, URL, Invitation string }
	if err := json.Unmarshal(out, &invited); err != nil {
		t.Fatal(err)
	}
	password := invited.Password
	if err := json.Unmarshal(g.iq.run("official", "invite", "--dir", g.iq.dir, "--json", "invited"), &invited); err != nil || invited.Invitation == "" {
		t.Fatalf("no invitation: %v", err)
	}
	unknown := "jisr_" + strings.Repeat("Unknown0", 5) + "xyz" // looks like a token of another node's
	secrets := map[string]string{"token": g.iq.token, "auditor's token": auditor, "session": session.Value, "password": g.drafter.password, "password of the invited": password,
		"invitation": invited.Invitation, "unknown token": unknown}
	var some []string
	for name, s := range secrets {
		if len(s) < 8 {
			t.Fatalf("the %s is %q", name, s)
		}
		some = append(some, s)
		e := url.QueryEscape(s)
		for _, x := range []shot{
			{path: "/api/v1/me?token=" + e}, {path: "/api/v1/me?access_token=" + e, token: g.iq.token}, {path: "/api/v1/" + e}, {path: "/en/" + e}, {path: "/en/notes?q=" + e, session: session},
			{path: "/en/enrol?invitation=" + e}, {path: "/en/sign-in?next=" + url.QueryEscape("/en/notes?q="+s)}, {path: "/" + e + "/%00"},
			{path: "/api/v1/me", token: s}, {path: "/api/v1/officials", token: s}, {path: "/api/v1/me", token: s + "x"},
			{path: "/api/v1/me", header: map[string]string{"Authorization": "Basic " + base64.StdEncoding.EncodeToString([]byte("x:"+s)), "X-Api-Key": s, "User-Agent": s, "Referer": g.iq.url + "/en/?" + e, "Prefer": s, "Accept-Language": s}},
			{path: "/en/", session: &http.Cookie{Name: "jisr-iq", Value: s}}, {path: "/en/", session: &http.Cookie{Name: s, Value: "x"}},
			{method: "POST", path: "/api/v1/forums/iq-sy/notes", token: g.iq.token, header: map[string]string{"Content-Type": "application/json", "Idempotency-Key": s}, body: strings.NewReader(`{"` + s + `":1}`)},
			{method: "POST", path: "/api/v1/attachments", token: g.iq.token, header: map[string]string{"Tus-Resumable": s}},
			{method: s[:4], path: "/en/"}, {path: "/tlog/" + e + "/x/checkpoint"},
		} {
			g.iq.tryShoot(x) // whatever comes of it
		}
		f := g.iq.formOn(t, nil, "/en/sign-in", "/en/sign-in")
		g.iq.elsewhere(t, 20).submit(t, nil, f, "official", s, "password", "x") // a password typed as the name
		g.iq.elsewhere(t, 20).submit(t, nil, f, "official", "x", "password", s)
	}
	some = append(some, g.throughProvider(t)...)
	held(t, g.iq, "after the secrets")
	seen := map[string][]byte{"the log": nil}
	for _, path := range append([]string{g.log}, glob(t, g.iq.dir, "*.log")...) {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		seen["the log"] = append(seen["the log"], text...)
	}
	if len(seen["the log"]) < 500 {
		t.Errorf("the log is %q: this test looks at nothing", seen["the log"])
	}
	for _, path := range []string{"/metrics", "/healthz", "/readyz", "/api/v1/links", "/api/v1/audit", "/api/v1/audit/export", "/api/v1/officials", "/api/v1/tokens"} {
		a := g.iq.shoot(t, shot{path: path, token: auditor})
		if a.status != http.StatusOK {
			t.Fatalf("%s: %d %.200s", path, a.status, a.body)
		}
		seen[path] = []byte(a.body)
	}
	if !bytes.Contains(seen["/api/v1/audit"], []byte("{")) {
		t.Error("the audit record is empty")
	}
	process := fmt.Sprint("/proc/", g.iq.cmd.Process.Pid)
	for _, path := range []string{process + "/cmdline", process + "/environ", filepath.Join(g.iq.dir, "jisr.toml")} {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		seen[path] = text
	}
	for _, path := range glob(t, g.iq.dir, "*") { // what a stolen disk shows: databases, lists of sessions, what was uploaded
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			seen[path] = text
		}
	}
	for where, text := range seen {
		tells(t, where, text, some)
		for _, s := range some {
			if bytes.Contains(text, []byte(url.QueryEscape(s))) || bytes.Contains(text, []byte(base64.StdEncoding.EncodeToString([]byte(s)))) {
				t.Errorf("%s tells the secret %.12q…, encoded", where, s)
			}
		}
	}
}

// throughProvider signs in through the identity provider, once well, once with an answer that was used before, once with an ID token for
// somebody else, and gives what passed between the two that nobody else is to see.
func (g *target) throughProvider(t *testing.T) []string {
	t.Helper()
	g.provider.User("subject-8f3a", "consul", "drafters")
	comes := func() (*http.Response, *http.Client) {
		jar, err := cookiejar.New(nil)
		if err != nil {
			t.Fatal(err)
		}
		b := &http.Client{Jar: jar, Timeout: 20 * time.Second}
		door, err := b.Get(g.iq.url + "/en/sign-in")
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(door.Body)
		door.Body.Close()
		way := regexp.MustCompile(`href="(/[^"]*provider[^"]*)"`).FindSubmatch(body)
		if err != nil || way == nil {
			t.Fatalf("the page for signing in leads to no provider: %v", err)
		}
		in, err := b.Get(g.iq.url + html.UnescapeString(string(way[1])))
		if err != nil {
			t.Fatal(err)
		}
		in.Body.Close()
		return in, b
	}
	in, b := comes()
	if in.StatusCode != http.StatusOK || strings.Contains(in.Request.URL.Path, "sign-in") {
		t.Fatalf("signing in through the provider led to %s with %d", in.Request.URL.Path, in.StatusCode)
	}
	at, err := url.Parse(g.iq.url)
	if err != nil {
		t.Fatal(err)
	}
	secrets := append(g.provider.Issued(), nodetest.ClientSecret)
	for _, c := range b.Jar.Cookies(at) {
		if len(c.Value) > 20 {
			secrets = append(secrets, c.Value)
		}
	}
	for _, s := range secrets { // what came back, once more, and by another browser
		g.iq.tryShoot(shot{path: "/sign-in/callback?state=" + url.QueryEscape(s) + "&code=" + url.QueryEscape(s) + "&iss=" + url.QueryEscape(g.provider.Issuer())})
	}
	g.provider.Forge(func(p *nodetest.Provider, header, claims map[string]any) string {
		claims["aud"] = "somebody else"
		return p.Sign(p.Key(), header, claims)
	})
	defer g.provider.Forge(nil)
	if in, _ := comes(); !strings.Contains(in.Request.URL.Path, "sign-in") {
		t.Errorf("an ID token for somebody else led to %s", in.Request.URL.Path)
	}
	secrets = append(secrets, g.provider.Issued()...)
	if len(secrets) < 6 {
		t.Fatalf("only %d secrets passed: this test looks at nothing", len(secrets))
	}
	return secrets
}

func glob(t *testing.T, dir, pattern string) []string {
	t.Helper()
	all, err := filepath.Glob(filepath.Join(dir, pattern))
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// elsewhere is the same node asked from another address, so that an attack's failed attempts count against nobody else.
func (p *peer) elsewhere(t *testing.T, last int) *peer {
	t.Helper()
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, byte(last))}}
	transport := &http.Transport{DialContext: dialer.DialContext}
	t.Cleanup(transport.CloseIdleConnections)
	w := *p.w
	w.client = &http.Client{Transport: transport}
	return &peer{w: &w, link: p.link, name: p.name, dir: p.dir, url: p.url, token: p.token}
}

// drawn is what is new on every page: the tokens of forms, and what a passkey is asked to sign.
var drawn = regexp.MustCompile(`(name="form_token" value=|data-options=)"[^"]*"`)

// same fails where two answers differ in anything but what was asked for.
func same(t *testing.T, what string, a, b got, nameA, nameB string) {
	t.Helper()
	plain := func(g got, name string) string {
		for _, s := range []string{name, url.QueryEscape(name), strings.ReplaceAll(name, "-", "\u2011")} {
			g.body = strings.ReplaceAll(g.body, s, "NAME")
		}
		var lines []string
		for k, v := range g.header {
			if k != "Date" && k != "Content-Length" && k != "Set-Cookie" {
				lines = append(lines, k+": "+strings.ReplaceAll(strings.Join(v, ", "), name, "NAME"))
			}
		}
		slices.Sort(lines)
		g.body = drawn.ReplaceAllString(g.body, "$1")
		return fmt.Sprint(g.status, "\n", strings.Join(lines, "\n"), "\n", g.body)
	}
	if x, y := plain(a, nameA), plain(b, nameB); x != y {
		i := 0
		for i < min(len(x), len(y)) && x[i] == y[i] {
			i++
		}
		t.Errorf("%s tells them apart: …%.120q and …%.120q", what, x[max(0, i-40):], y[max(0, i-40):])
	}
}

// attackByNames looks whether an answer tells what exists from what does not: posts, tokens, things one may not see.
func attackByNames(t *testing.T, g *target) {
	out := g.iq.run("official", "add", "--dir", g.iq.dir, "--json", "--desk", "mofa", "--post-ar", "سابق", "--post-en", "Former", "--roles", "reader", "former.post")
	var former struct{ Password string }
	if err := json.Unmarshal(out, &former); err != nil {
		t.Fatal(err)
	}
	g.iq.run("official", "end", "--dir", g.iq.dir, "former.post")
	there := g.iq.elsewhere(t, 21)
	f := there.formOn(t, nil, "/en/sign-in", "/en/sign-in")
	unknown := there.submit(t, nil, f, "official", "no.such.post", "password", "wrong password")
	for name, password := range map[string]string{g.drafter.name: "wrong password", "former.post": former.Password, g.admin.name: ""} {
		same(t, "signing in as "+name, there.submit(t, nil, f, "official", name, "password", password), unknown, name, "no.such.post")
	}
	if a := there.submit(t, nil, f, "official", g.drafter.name, "password", g.drafter.password); a.status != http.StatusSeeOther {
		t.Errorf("the right password: %d", a.status)
	}

	ended := g.iq.newTokenOf(t, "ended", "reader")
	g.iq.run("token", "end", "--dir", g.iq.dir, "ended")
	nobodys := ended[:len(ended)-8] + "AAAAAAAA"
	for _, path := range []string{"/api/v1/me", "/api/v1/forums/iq-sy/notes", "/api/v1/officials"} {
		a, b := g.iq.shoot(t, shot{path: path, token: ended}), g.iq.shoot(t, shot{path: path, token: nobodys})
		if a.status != http.StatusUnauthorized {
			t.Errorf("an ended token: %d", a.status)
		}
		same(t, "a token that ended, at "+path, a, b, ended, nobodys)
	}

	// A draft of another desk, and one that is not there.
	g.iq.run("desk", "add", "--dir", g.iq.dir, "--title-ar", "مكتب آخر", "--title-en", "Another desk", "other.desk")
	out = g.iq.run("official", "add", "--dir", g.iq.dir, "--json", "--desk", "other.desk", "--post-ar", "غريب", "--post-en", "Stranger", "--roles", "drafter", "stranger")
	var stranger struct{ Password string }
	if err := json.Unmarshal(out, &stranger); err != nil {
		t.Fatal(err)
	}
	drafter := g.iq.signIn(t, g.drafter)
	made := g.iq.submit(t, drafter, g.iq.formOn(t, drafter, "/en/notes/new", "/en/notes/new"), "subject_ar", "سرالدرج", "text_ar", "نص", "to", "sy", "handling", "restricted").header.Get("Location")
	draft := noteOut{ID: made[strings.LastIndex(made, "/")+1:]}
	hidden := draft
	note := map[string]any{"kind": "verbale", "to": []string{"sy"}, "subject": map[string]string{"ar": "سرالدرج"}, "text": map[string]string{"ar": "نص"}, "handling": "secret", "release": true}
	if _, err := g.iq.call("POST", "/api/v1/forums/iq-sy/notes", nil, note, &hidden); err != nil {
		t.Logf("a secret note is not released at once: %v", err)
	}
	session := g.iq.signIn(t, official{"stranger", stranger.Password})
	limited := g.iq.newTokenOf(t, "limited", "observer")
	for _, n := range []noteOut{draft, hidden} {
		absent := n.ID[:len(n.ID)-4] + "zzzz"
		for _, path := range []string{"/en/drafts/%s", "/en/drafts/%s/edit", "/en/notes/iq-sy/%s", "/en/notes/iq-sy/%s/files/0", "/en/notes/iq-sy/%s/pdf", "/en/notes/iq-sy/%s/withdraw"} {
			a, b := g.iq.shoot(t, shot{path: fmt.Sprintf(path, n.ID), session: session}), g.iq.shoot(t, shot{path: fmt.Sprintf(path, absent), session: session})
			same(t, fmt.Sprintf(path, n.ID), a, b, n.ID, absent)
		}
		for _, path := range []string{"/api/v1/forums/iq-sy/notes/%s", "/api/v1/forums/iq-sy/notes/%s/pdf", "/api/v1/forums/iq-sy/notes/%s/attachments/0"} {
			a, b := g.iq.shoot(t, shot{path: fmt.Sprintf(path, n.ID), token: limited}), g.iq.shoot(t, shot{path: fmt.Sprintf(path, absent), token: limited})
			if a.status == http.StatusOK {
				t.Errorf("an observer reads %s", n.ID)
			}
			same(t, "an observer at "+fmt.Sprintf(path, n.ID), a, b, n.ID, absent)
		}
		for _, path := range []string{"/en/", "/en/notes?q=%D8%B3%D8%B1%D8%A7%D9%84%D8%AF%D8%B1%D8%AC", "/en/notes?box=drafts", "/en/record"} {
			if a := g.iq.shoot(t, shot{path: path, session: session}); strings.Contains(a.body, n.ID) && !(path == "/en/record") {
				t.Errorf("%s shows %s to an official of another desk", path, n.ID)
			}
		}
	}
	if a := g.iq.shoot(t, shot{path: "/en/drafts/" + draft.ID, session: g.iq.signIn(t, g.drafter)}); a.status != http.StatusOK {
		t.Errorf("the draft's own desk: %d", a.status)
	}
}

// attackByTime signs in with wrong passwords as posts that exist and as posts that do not, in turn, and compares how long
// the answers take. The control is a name whose attempts are used up: no password is checked for it, and that shows.
func attackByTime(t *testing.T, g *target) {
	const rounds = 5 // fewer than close the door for a name
	there := g.iq.elsewhere(t, 22)
	f := there.formOn(t, nil, "/en/sign-in", "/en/sign-in")
	took := func(name string) time.Duration {
		start := time.Now()
		there.submit(t, nil, f, "official", name, "password", "wrong password")
		return time.Since(start)
	}
	for range 10 {
		took("used.up")
	}
	var known, unknown, used []time.Duration
	for range rounds {
		known, unknown, used = append(known, took(g.releaser.name)), append(unknown, took("no.such.one")), append(used, took("used.up"))
	}
	median := func(all []time.Duration) float64 { slices.Sort(all); return float64(all[len(all)/2]) }
	if r := median(unknown) / median(known); r < 0.4 || r > 2.5 {
		t.Errorf("an unknown post takes %.2f times as long as a known one: %v, %v", r, unknown, known)
	}
	if r := median(used) / median(known); r > 0.4 {
		t.Errorf("where no password is checked it takes %.2f times as long: this test measures nothing: %v, %v", r, used, known)
	}
}

// slowly opens connections that send a request so slowly that it never ends.
func (p *peer) slowly(t *testing.T, n int) []net.Conn {
	t.Helper()
	var all []net.Conn
	for range n {
		conn, err := net.Dial("tcp", strings.TrimPrefix(p.url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		io.WriteString(conn, "GET /en/sign-in HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: ")
		all = append(all, conn)
	}
	return all
}

// attackSlowly looks what has become of connections that were opened at the beginning of the list.
func attackSlowly(t *testing.T, g *target) {
	deadline := time.Now().Add(15 * time.Second) // headers have ten seconds
	for i, conn := range g.slow {
		conn.SetReadDeadline(deadline)
		if i%10 == 0 {
			io.WriteString(conn, "a") // a byte now and then does not keep it open
		}
		b, err := io.ReadAll(conn)
		if timeout, ok := err.(net.Error); ok && timeout.Timeout() {
			t.Fatalf("a request without end is still waited for (%q)", b)
		}
	}
	g.iq.alive(t)
}
