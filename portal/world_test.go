package portal_test

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"jisr"
	"jisr/node"
	"jisr/node/nodetest"
	"jisr/portal"
	"jisr/words"
)

// house is one government: its node, running, and its portal behind a real server.
type house struct {
	t    testing.TB
	node *node.Node
	url  string
}

const password = "a long enough password"

// world gives two governments that share the forum iq-sy, meeting over the loopback.
func world(t testing.TB) (iq, sy *house) {
	t.Helper()
	iq = newHouse(t, "iq", jisr.Text{"ar": "العراق", "en": "Iraq"})
	sy = newHouse(t, "sy", jisr.Text{"ar": "سورية", "en": "Syria"})
	iq.accept(sy)
	sy.accept(iq)
	return iq, sy
}

func newHouse(t testing.TB, member string, name jisr.Text, settings ...func(*node.Config)) *house {
	t.Helper()
	links, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	c := node.Config{Member: member, Origin: "jisr.mofa.gov." + member, Name: name, Link: node.LinkConfig{Addresses: []string{links.Addr().String()}}}
	for _, set := range settings {
		set(&c)
	}
	if err := node.Create(t.Context(), dir, c); err != nil {
		t.Fatal(err)
	}
	n, err := node.Open(t.Context(), node.Options{Dir: dir, Config: c, Logger: testLog(t)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- n.Run(ctx, links) }()
	h := &house{t: t, node: n}
	h.settle()
	h.serve()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("node of %s: %v", member, err)
		}
		if err := n.Close(); err != nil {
			t.Errorf("node of %s: %v", member, err)
		}
	})
	return h
}

func testLog(t testing.TB) *slog.Logger {
	if os.Getenv("JISR_TEST_LOG") == "" {
		return slog.New(slog.DiscardHandler)
	}
	return slog.New(slog.NewTextHandler(t.Output(), nil))
}

// settle fills the offices: one drafts, one clears and releases, one reads, one administers.
func (h *house) settle() {
	op := h.node.Operator()
	h.do(op, node.AddDesk{ID: "mofa.treaties", Title: jisr.Text{"ar": "وزارة الخارجية، دائرة المعاهدات", "en": "Ministry of Foreign Affairs, Treaties Department"}})
	for _, o := range []struct {
		id    jisr.OfficialID
		post  jisr.Text
		roles []jisr.Role
	}{
		{"first.secretary", jisr.Text{"ar": "السكرتير الأول", "en": "First Secretary"}, []jisr.Role{jisr.Drafter}},
		{"head.treaties", jisr.Text{"ar": "رئيس دائرة المعاهدات", "en": "Head of the Treaties Department"}, []jisr.Role{jisr.Drafter, jisr.Releaser}},
		{"plenipotentiary", jisr.Text{"ar": "المفوَّض", "en": "Plenipotentiary"}, []jisr.Role{jisr.Releaser, "plenipotentiary"}},
		{"auditor", jisr.Text{"ar": "المدقق", "en": "Auditor"}, []jisr.Role{jisr.Reader}},
		{"spokes", jisr.Text{"ar": "الناطق الرسمي", "en": "Spokesperson"}, []jisr.Role{jisr.Spokesperson}},
	} {
		h.do(op, node.AddOfficial{ID: o.id, Post: o.post, Desk: "mofa.treaties", Roles: o.roles, Password: password})
	}
}

func (h *house) serve() {
	w, err := words.New()
	if err != nil {
		h.t.Fatal(err)
	}
	closing := make(chan struct{})
	handler, err := portal.New(portal.Config{Node: h.node, Words: w, Logger: testLog(h.t), Closing: closing})
	if err != nil {
		h.t.Fatal(err)
	}
	server := httptest.NewServer(handler)
	h.url = server.URL
	h.t.Cleanup(func() { close(closing); server.Close() })
}

func (h *house) accept(other *house) { h.acceptAll([][]byte{other.node.Self().Letter}) }

func (h *house) acceptAll(letters [][]byte) {
	h.do(h.node.Operator(), node.AcceptForum{Forum: "iq-sy", Title: jisr.Text{"ar": "الإطار العراقي السوري", "en": "Iraq and Syria forum"}, Letters: letters})
}

func (h *house) do(c node.Caller, cmd node.Command) node.Done {
	h.t.Helper()
	done, err := h.node.Do(h.t.Context(), c, cmd)
	if err != nil {
		h.t.Fatalf("%T: %v", cmd, err)
	}
	return done
}

// as is an official of the house, for what a test sets up without pages.
func (h *house) as(official jisr.OfficialID, roles ...jisr.Role) node.Caller {
	return node.Caller{Account: jisr.ThingID("official/" + official), Desk: "mofa.treaties", DeskName: jisr.Text{"ar": "وزارة الخارجية", "en": "Ministry of Foreign Affairs"}, Roles: roles}
}

// sends releases a note at once and waits until the other side holds it.
func (h *house) sends(d jisr.Draft) node.Done {
	h.t.Helper()
	done := h.do(h.as("mail.program", jisr.Direct), node.SendNote{Forum: "iq-sy", Draft: d})
	if err := h.node.WaitHeld(h.t.Context(), "iq-sy", done.Position); err != nil {
		h.t.Fatal(err)
	}
	return done
}

func verbale(to jisr.MemberID, subject string) jisr.Draft {
	return jisr.Draft{Kind: jisr.Verbale, To: []jisr.MemberID{to}, Precedence: jisr.Routine,
		Body: jisr.NoteBody{Subject: jisr.Text{"ar": subject, "en": "On the subject"}, Text: jisr.Text{"ar": "نص المذكرة.\n\nفقرة ثانية.", "en": "The text of the note."}}}
}

// browser is an official's browser: it keeps cookies and follows redirects.
type browser struct {
	t    testing.TB
	http *http.Client
	base string
	key  *nodetest.Authenticator // answers when a page asks for a signature; nil: nobody does
}

func (h *house) browser() *browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		h.t.Fatal(err)
	}
	return &browser{t: h.t, http: &http.Client{Jar: jar}, base: h.url}
}

// signedIn is the browser of an official who has signed in on the page for it.
func (h *house) signedIn(official string) *browser {
	h.t.Helper()
	b := h.browser()
	p := b.post("/ar/sign-in", url.Values{"official": {official}, "password": {password}})
	if p.status != http.StatusOK || p.path != "/ar/" {
		h.t.Fatalf("signing in led to %s with status %d", p.path, p.status)
	}
	return b
}

// page is an answer as a browser has it.
type page struct {
	status int
	path   string
	header http.Header
	body   string
}

func (b *browser) get(path string) page {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), http.MethodGet, b.base+path, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	return b.send(req)
}

func (b *browser) post(path string, form url.Values) page {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), http.MethodPost, b.base+path, strings.NewReader(form.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	p := b.send(req)
	if b.key == nil || !strings.Contains(p.body, "data-passkey=\"get\"") || p.status != http.StatusForbidden && p.status != http.StatusConflict {
		return p
	}
	return b.signs(p)
}

// signs answers a page that asks for the official's signature.
func (b *browser) signs(p page) page {
	b.t.Helper()
	options, asked := asks(b.t, p)
	var form url.Values
	at := ""
	each(parse(b.t, p.body), func(n *html.Node) {
		if has(n, "data-passkey") {
			at = attr(n, "action")
			form = fieldsOf(b.t, p.body, at)
		}
	}, "form")
	form.Set("asked", asked)
	form.Set("answer", string(b.key.Answers(options)))
	key := b.key
	b.key = nil // what is refused although it was signed is not signed again
	defer func() { b.key = key }()
	return b.post(at, form)
}

// signing is the browser of an official who has a passkey.
func (h *house) signing(official jisr.OfficialID) *browser {
	h.t.Helper()
	b := h.local()
	b.key = h.enrols(b, official)
	return b
}

// program is a program of the house that may say things at once.
func (h *house) program() node.Caller {
	c := h.as("mail.program", jisr.Direct)
	c.Account = "token/mail.program"
	return c
}

func (b *browser) send(req *http.Request) page {
	b.t.Helper()
	resp, err := b.http.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return page{status: resp.StatusCode, path: resp.Request.URL.RequestURI(), header: resp.Header, body: string(body)}
}
