package e2e_test

import (
	"archive/zip"
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"
)

// attackByPartner lets a partner say everything that an act can say with attacks in every field, and then opens every
// page, answer and file of the other side: what the partner wrote is text there and nothing else.
func attackByPartner(t *testing.T, g *target) {
	iq, sy := g.iq, g.sy
	sy.cmd.Process.Kill()
	sy.w.until(20*time.Second, "sy is gone", func() bool { _, err := sy.tryShoot(shot{path: "/healthz"}); return err != nil })
	p := openPen(t, sy.dir, "sy", "jisr.sy.example", map[string]string{"iq": "jisr.iq.example"}, "iq-sy")
	first := p.size
	said := p.models()
	p.blanks(readJoint(t))
	n := p.write()
	t.Logf("%d acts, %d of them after models", n, len(said))
	sy.start()
	p.size = first + int64(n)
	iq.w.until(60*time.Second, "all of it is at the other side", func() bool {
		d, err := iq.digest()
		return err == nil && d.Sizes["sy"] >= p.size
	})
	iq.w.agree(30 * time.Second)

	c := &crawl{t: t, p: iq, seen: map[string]bool{}, marks: map[int]bool{}, routes: portalRoutes(t)}
	for _, o := range []official{g.drafter, g.admin} {
		c.session = iq.signIn(t, o)
		for _, lang := range []string{"en", "ar"} {
			c.pages("/"+lang+"/", "/"+lang+"/record", "/"+lang+"/record?member=sy", "/"+lang+"/notes?box=in", "/"+lang+"/search?q=onerror", "/"+lang+"/sign-in", "/"+lang+"/enrol")
		}
	}
	c.covers()
	c.programs()
	c.acts(first, p.size)
	hidden := map[string]bool{}
	for n, noun := range said {
		if _, known := hidden[noun]; !known || c.marks[n] {
			hidden[noun] = !c.marks[n]
		}
	}
	for noun, nothing := range hidden {
		if nothing {
			t.Errorf("nothing of what the partner wrote about a %s is shown anywhere: this test does not attack it", noun)
		}
	}
	t.Logf("%d addresses looked at, %d of the attacks seen there", len(c.seen), len(c.marks))
	iq.alive(t)
	for _, path := range []string{g.log, filepath.Join(iq.dir, "serve.log"), filepath.Join(sy.dir, "serve.log")} {
		if log, err := os.ReadFile(path); err != nil || bytes.Contains(log, []byte("panic")) {
			t.Errorf("a node panicked (%v): %.2000s", err, log[max(0, bytes.Index(log, []byte("panic"))):])
		}
	}
}

// TestWhatIsLookedFor shows the eyes of attackByPartner what they must see.
func TestWhatIsLookedFor(t *testing.T) {
	for _, page := range []string{"<p>" + attack(1) + "</p>", `<a href="javascript:jx1()">x</a>`, `<a href="https://evil.example">x</a>`, "<title>" + attacks(1)[1] + "</title>", "<!-- " + attack(1) + " -->",
		`<p style="x">x</p>`, "<script>jx1()</script>", `<a href="//evil.example/">x</a>`, `<input value="x" onfocus="jx1()">`, `<base href="/">`} {
		if faults, _ := inspect(page, "http://localhost:1"); len(faults) == 0 {
			t.Errorf("nothing is wrong with %s", page)
		}
	}
	if faults, to := inspect(`<p title="&lt;img onerror=jx1()&gt;">&lt;img src=x onerror=jx1()&gt;<a href="/en/notes">x</a></p>`, ""); len(faults) != 0 || len(to) != 1 {
		t.Errorf("an honest page: %q %q", faults, to)
	}
	csv := got{header: http.Header{"Content-Type": {"text/csv"}}, body: "a,b\n1,=jx1()\n"}
	xml := got{header: http.Header{"Content-Type": {"application/akn+xml"}}, body: "<a>" + `<img src="x"/>` + "</a>"}
	pdf := got{header: http.Header{"Content-Type": {"application/pdf"}}, body: "%PDF-1.7 /OpenAction 1 0 R"}
	for _, a := range []got{csv, xml, pdf} {
		if len(inFile(a)) == 0 {
			t.Errorf("nothing is wrong with %s", a.body)
		}
	}
}

// startDemo starts the demonstration: two governments in the middle of their work.
func startDemo(t *testing.T) (iq, sy *peer, logs string) {
	w := newWorld(t) // nobody yet
	dir, port := t.TempDir(), w.freeAddress()
	port = port[strings.LastIndex(port, ":")+1:]
	cmd := exec.Command(program(t), "demo", "--json", "--dir", filepath.Join(dir, "demo"), "--port", port)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	log, err := os.Create(filepath.Join(dir, "demo.log"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	cmd.Stderr = log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Signal(os.Interrupt); cmd.Wait() })
	var ready struct {
		Nodes []struct {
			Member, URL, Token, Dir, Link string
			Pid                           int
		}
		Forum string
	}
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if json.Unmarshal(line, &ready) != nil || len(ready.Nodes) != 2 {
		text, _ := os.ReadFile(log.Name())
		t.Fatalf("the demonstration said %q (%v): %s", line, err, text)
	}
	w.forum = ready.Forum
	for _, n := range ready.Nodes {
		process, err := os.FindProcess(n.Pid)
		if err != nil {
			t.Fatal(err)
		}
		w.names = append(w.names, n.Member)
		w.nodes[n.Member] = &peer{w: w, name: n.Member, dir: n.Dir, url: n.URL, token: n.Token, link: n.Link, cmd: &exec.Cmd{Process: process}}
	}
	return w.nodes["iq"], w.nodes["sy"], log.Name()
}

// crawl opens what a reader could open and looks at all of it.
type crawl struct {
	t       *testing.T
	p       *peer
	session *http.Cookie
	seen    map[string]bool
	routes  []*pageRoute
	marks   map[int]bool // numbers of attacks that were shown
}

// pageRoute is an address of the portal's table.
type pageRoute struct {
	pattern string
	re      *regexp.Regexp
	opened  map[string]int // by language and account
	good    bool
}

// mostOfRoute is how many pages of one address are opened in each language by each account.
const mostOfRoute = 12

// portalRoutes reads which pages there are from the portal's own table.
func portalRoutes(t *testing.T) (all []*pageRoute) {
	t.Helper()
	source, err := os.ReadFile(filepath.Join("..", "portal", "routes.go"))
	if err != nil {
		t.Fatal(err)
	}
	prefixes := map[string]string{}
	for _, m := range regexp.MustCompile(`(?m)^\tconst (.*)$`).FindAllStringSubmatch(string(source), -1) {
		names, values, _ := strings.Cut(m[1], " = ")
		for i, name := range strings.Split(names, ", ") {
			prefixes[name] = strings.Trim(strings.Split(values, ", ")[i], `"`)
		}
	}
	for _, m := range regexp.MustCompile(`\{"GET", (?:([a-z]+)(?: \+ )?)?(?:"(/[^"]*)")?,`).FindAllStringSubmatch(string(source), -1) {
		pattern := prefixes[m[1]] + m[2]
		quoted := regexp.QuoteMeta(strings.ReplaceAll(pattern, "{$}", ""))
		all = append(all, &pageRoute{pattern, regexp.MustCompile("^" + regexp.MustCompile(`\\\{[a-z.]+\\\}`).ReplaceAllString(quoted, `[^/]+`) + "$"), map[string]int{}, false})
	}
	if len(all) < 50 {
		t.Fatalf("only %d pages were found in the portal's table", len(all))
	}
	// More exact addresses first: /notes/new is no note.
	slices.SortStableFunc(all, func(a, b *pageRoute) int { return strings.Count(a.pattern, "{") - strings.Count(b.pattern, "{") })
	return all
}

func (c *crawl) route(path string) *pageRoute {
	for _, r := range c.routes {
		if r.re.MatchString(path) {
			return r
		}
	}
	return nil
}

// shown are the attacks as a reader sees them.
var shown = regexp.MustCompile(`jx([0-9]+)\(\)`)

func (c *crawl) get(path, token string) got {
	c.t.Helper()
	a := c.p.shoot(c.t, shot{path: path, session: c.session, token: token})
	if a.status >= 500 {
		c.t.Errorf("%s: %d %.200s", path, a.status, a.body)
	}
	for _, h := range []string{"X-Content-Type-Options", "Content-Security-Policy", "Referrer-Policy"} {
		if a.header.Get(h) == "" {
			c.t.Errorf("%s comes without %s", path, h)
		}
	}
	for _, lines := range a.header {
		if len(lines) > 0 && strings.Contains(lines[0], "jx=1") {
			c.t.Errorf("%s: a header of the partner's: %q", path, lines)
		}
	}
	return a
}

// pages follows the links of pages.
func (c *crawl) pages(queue ...string) {
	account := c.session.Value
	for len(queue) > 0 {
		path := queue[0]
		queue = queue[1:]
		plain, _, _ := strings.Cut(path, "?")
		r := c.route(plain[3:])
		if r == nil || c.seen[account+path] || r.opened[account+path[:3]] >= mostOfRoute {
			continue
		}
		c.seen[account+path] = true
		r.opened[account+path[:3]]++
		a := c.get(path, "")
		r.good = r.good || a.status == http.StatusOK
		switch typ := a.header.Get("Content-Type"); {
		case a.header.Get("Content-Disposition") != "":
			c.file(path, a)
		case strings.HasPrefix(typ, "text/html"):
			queue = append(queue, c.page(path, a)...)
		case a.status == http.StatusSeeOther:
			queue = append(queue, c.inside(path, a.header.Get("Location"))...)
		}
	}
}

// inside gives an address where it leads to a page of this portal, and fails on any that leads elsewhere.
func (c *crawl) inside(from, to string) []string {
	to = strings.TrimPrefix(to, c.own())
	u, err := url.Parse(to)
	if err != nil || u.Host != "" || u.Scheme != "" || u.Opaque != "" || u.Path != "" && !strings.HasPrefix(to, "/") {
		if err == nil && (to == "" || strings.HasPrefix(to, "?") || strings.HasPrefix(to, "#")) {
			return nil
		}
		c.t.Errorf("%s leads to %q", from, to)
		return nil
	}
	lang := strings.SplitN(from, "/", 3)[1]
	if !strings.HasPrefix(u.Path, "/"+lang+"/") {
		return nil
	}
	return []string{u.RequestURI()}
}

// own is the node's own address under the name that passkeys work with.
func (c *crawl) own() string { return strings.Replace(c.p.url, "127.0.0.1", "localhost", 1) }

// page looks at a page as a browser would understand it.
func (c *crawl) page(path string, a got) (links []string) {
	c.t.Helper()
	const want = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
	if !strings.HasPrefix(a.header.Get("Content-Security-Policy"), want) {
		c.t.Errorf("%s has the policy %q", path, a.header.Get("Content-Security-Policy"))
	}
	faults, addresses := inspect(a.body, c.own())
	for _, f := range faults {
		c.t.Errorf("%s: %s", path, f)
	}
	for _, to := range addresses {
		links = append(links, c.inside(path, to)...)
	}
	c.remember(a.body)
	return links
}

// remember takes the attacks that a text shows.
func (c *crawl) remember(text string) {
	for _, m := range shown.FindAllStringSubmatch(text, -1) {
		n, _ := strconv.Atoi(m[1])
		c.marks[n] = true
	}
}

// inspect finds in a page what only its author may have put there, and the addresses it leads to.
func inspect(page, own string) (faults, addresses []string) {
	doc, err := html.Parse(strings.NewReader(page))
	if err != nil {
		return []string{err.Error()}, nil
	}
	wrong := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	for n := range doc.Descendants() {
		if n.Type == html.CommentNode && strings.Contains(n.Data, "jx") {
			wrong("a comment %.80q", n.Data)
		}
		if n.Type != html.ElementNode {
			continue
		}
		switch n.Data {
		case "script":
			if src := attribute(n, "src"); !strings.HasPrefix(src, "/dist/") || n.FirstChild != nil {
				wrong("a script %q", src)
			}
		case "iframe", "object", "embed", "base", "frame", "applet", "style":
			wrong("an element %s", n.Data)
		}
		for _, at := range n.Attr {
			switch key := strings.ToLower(at.Key); {
			case strings.Contains(n.Data, "jx") || strings.Contains(key, "jx"):
				wrong("the partner's own element %s %s", n.Data, key)
			case strings.HasPrefix(key, "on"), key == "style", key == "srcdoc", key == "http-equiv" && strings.EqualFold(at.Val, "refresh"):
				wrong("%s has %s=%.80q", n.Data, key, at.Val)
			case slices.Contains([]string{"href", "src", "action", "formaction", "data", "poster", "srcset", "background", "cite", "ping", "manifest", "hx-get", "hx-post", "sse-connect"}, key):
				u, err := url.Parse(strings.TrimPrefix(at.Val, own))
				if err != nil || u.Scheme != "" || u.Host != "" || strings.HasPrefix(at.Val, `/\`) {
					wrong("%s leads to %.80q", n.Data, at.Val)
				}
				if n.Data == "a" && key == "href" {
					addresses = append(addresses, at.Val)
				}
			}
		}
	}
	return faults, addresses
}

// file looks at a file to be saved.
func (c *crawl) file(path string, a got) {
	c.t.Helper()
	if !strings.HasPrefix(a.header.Get("Content-Disposition"), "attachment;") || !strings.Contains(a.header.Get("Content-Security-Policy"), "sandbox") {
		c.t.Errorf("%s is shown, not saved: %v", path, a.header)
	}
	c.remember(a.body)
	for _, fault := range inFile(a) {
		c.t.Errorf("%s: %s", path, fault)
	}
}

// inFile finds what would become active in the program that opens a file.
func inFile(a got) (faults []string) {
	switch typ := a.header.Get("Content-Type"); {
	case strings.Contains(typ, "spreadsheetml"):
		z, err := zip.NewReader(strings.NewReader(a.body), int64(len(a.body)))
		if err != nil {
			return []string{err.Error()}
		}
		for _, f := range z.File {
			part, err := f.Open()
			if err != nil {
				return []string{err.Error()}
			}
			text, _ := io.ReadAll(part)
			part.Close()
			if f.Name != "[Content_Types].xml" && regexp.MustCompile(`<f[ >]|<hyperlink|TargetMode="External"|<img|<script`).Match(text) {
				faults = append(faults, fmt.Sprintf("%s has a formula, a link or an element: %.200s", f.Name, text))
			}
		}
	case strings.HasPrefix(typ, "text/csv"):
		rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(a.body, "\ufeff"))).ReadAll()
		if err != nil {
			return []string{err.Error()}
		}
		for _, row := range rows {
			for _, cell := range row {
				if cell != "" && strings.ContainsRune("=@\t\r", rune(cell[0])) || regexp.MustCompile(`^[-+][^0-9.]`).MatchString(cell) {
					faults = append(faults, fmt.Sprintf("a formula: %q", cell))
				}
			}
		}
	case strings.Contains(typ, "xml"):
		d := xml.NewDecoder(strings.NewReader(a.body))
		for {
			tok, err := d.Token()
			if errors.Is(err, io.EOF) {
				return faults
			}
			if err != nil {
				return append(faults, err.Error())
			}
			if e, ok := tok.(xml.StartElement); ok && (e.Name.Local == "img" || e.Name.Local == "script" || strings.Contains(e.Name.Local, "jx")) {
				faults = append(faults, "an element "+e.Name.Local)
			}
		}
	case strings.HasPrefix(typ, "application/pdf"):
		for _, bad := range []string{"/JavaScript", "/JS", "/Launch", "/OpenAction", "/EmbeddedFile", "/SubmitForm", "/URI"} {
			if regexp.MustCompile(regexp.QuoteMeta(bad) + `\b`).MatchString(a.body) {
				faults = append(faults, "the paper has "+bad)
			}
		}
	}
	return faults
}

// covers fails for a page of the portal that was not opened. The pages left out are about what this side prepares and its
// house, what both approved, and what the public wrote (TestAbuse/Public): nothing is there of what the partner says alone. Files
// of records come as they were sent, to be saved and never shown (TestAbuse/Sniffing).
func (c *crawl) covers() {
	own := regexp.MustCompile(`^/(sign-in|drafts|outgoing|house|forum/evidence|comments|notices/calendar|notes/\{forum\}/\{id\}/(withdraw|no-answer-needed)|statements/\{forum\}/\{id\}/(pdf|readout|pictures/)|programmes/\{forum\}/\{id\}/records/\{type\}/(upload/|one/\{record\}/files/))`)
	for _, r := range c.routes {
		if !r.good && !own.MatchString(r.pattern) {
			c.t.Errorf("no page %s was opened", r.pattern)
		}
	}
}

// programs reads every list of the API and everything it names.
func (c *crawl) programs() {
	var document struct {
		Paths map[string]map[string]json.RawMessage
	}
	a := c.get("/api/v1/openapi.json", c.p.token)
	if err := json.Unmarshal([]byte(a.body), &document); err != nil {
		c.t.Fatal(err)
	}
	ids := map[string][]string{} // of a list, by its path
	var paths []string
	for path, methods := range document.Paths {
		if methods["get"] != nil && !strings.HasSuffix(path, "/events") {
			paths = append(paths, path)
		}
	}
	slices.SortFunc(paths, func(a, b string) int { return strings.Count(a, "/") - strings.Count(b, "/") })
	for _, path := range paths {
		here := []string{strings.NewReplacer("{forum}", "iq-sy", "{member}", "sy", "{form}", "akoma-ntoso-ar", "{n}", "0", "{index}", "0").Replace(path)}
		if list, rest, ok := strings.Cut(here[0], "/{id}"); ok {
			here = nil
			of := ids[list] // newest first: the partner's; last what the demonstration began with
			for _, id := range slices.Concat(of[:min(len(of), 20)], of[max(min(len(of), 20), len(of)-10):]) {
				here = append(here, c.each(list+"/"+id, rest)...)
			}
		}
		for _, at := range here {
			if strings.Contains(at, "{") {
				continue
			}
			a := c.get(at, c.p.token)
			c.answer(at, a)
			var page struct{ Items []struct{ ID string } }
			if json.Unmarshal([]byte(a.body), &page) == nil {
				for _, i := range page.Items {
					ids[at] = append(ids[at], i.ID)
				}
			}
		}
	}
}

// each gives the addresses of a thing's part: that of each type of records and each chart, where it has them, and every form
// in which they are exported.
func (c *crawl) each(thing, rest string) (all []string) {
	if !strings.Contains(rest, "{type}") && !strings.Contains(rest, "{chart}") {
		return []string{thing + rest}
	}
	var p struct {
		Records []struct{ Type string }
		Charts  []string
	}
	if json.Unmarshal([]byte(c.get(thing, c.p.token).body), &p) != nil {
		return nil
	}
	for _, chart := range p.Charts {
		all = append(all, thing+strings.Replace(rest, "{chart}", chart, 1))
	}
	for _, r := range p.Records {
		at := thing + strings.Replace(rest, "{type}", r.Type, 1)
		all = append(all, at)
		if strings.HasSuffix(at, "/export") {
			all = append(all, at+"?format=xlsx", at+"?format=ndjson")
		}
	}
	return all
}

// answer looks at an answer of the API: data, never a page.
func (c *crawl) answer(at string, a got) {
	c.t.Helper()
	c.seen[at] = true
	typ := a.header.Get("Content-Type")
	if strings.HasPrefix(typ, "text/html") && !strings.HasPrefix(a.header.Get("Content-Disposition"), "attachment;") || !strings.Contains(a.header.Get("Content-Security-Policy"), "sandbox") || a.header.Get("X-Content-Type-Options") != "nosniff" {
		c.t.Errorf("%s could be taken for a page: %v", at, a.header)
	}
	lines := []string{a.body}
	if strings.Contains(typ, "ndjson") {
		lines = strings.Split(strings.TrimSuffix(a.body, "\n"), "\n")
	}
	for _, line := range lines {
		if strings.Contains(typ, "json") && line != "" && !json.Valid([]byte(line)) {
			c.t.Errorf("%s is no JSON: %.200s", at, line)
		}
	}
	c.remember(a.body)
	for _, fault := range inFile(a) {
		c.t.Errorf("%s: %s", at, fault)
	}
}

// acts reads the acts of the partner one by one, in the API and as pages.
func (c *crawl) acts(from, to int64) {
	for i := from; i < to; i += 7 {
		c.answer("acts", c.get(fmt.Sprintf("/api/v1/forums/iq-sy/acts/sy/%d", i), c.p.token))
		path := fmt.Sprintf("/en/record/iq-sy/sy/%d", i)
		c.page(path, c.get(path, ""))
	}
}
