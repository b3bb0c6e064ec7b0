package e2e_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"jisr/node/nodetest"
)

// line is one line of the abuse list: an attack on running nodes that they must stand. Those that need a world of their own
// to destroy are tests beside this list; doc/security.md names all of them.
type line struct {
	name   string
	attack func(*testing.T, *target)
}

func abuses() []line {
	return []line{
		{"Paths", attackPaths}, {"FileNames", attackFileNames},
		{"HostHeader", attackHostHeader}, {"CrossSite", attackCrossSite}, {"GetChangesNothing", attackByGet},
		{"SessionReplay", attackSessionReplay}, {"RequestReplay", attackRequestReplay}, {"FormReplay", attackFormReplay},
		{"Headers", attackHeaders}, {"Forms", attackForms}, {"Bodies", attackBodies}, {"Documents", attackDocuments},
		{"Secrets", attackBySecrets}, {"Names", attackByNames}, {"SignInTime", attackByTime}, {"SlowHeaders", attackSlowly}, {"LinkTLS", attackLinkTLS},
		{"Sniffing", attackSniffing}, {"Public", attackPublic}, {"Flood", attackByFlood}, {"SlowBodies", attackSlowBodies}, {"SlowReaders", attackSlowReaders},
		{"HostilePartner", attackByPartner}, // last: it restarts sy
	}
}

// TestAbuse is the abuse list. Its lines share two governments and leave them as they found them.
func TestAbuse(t *testing.T) {
	g := newTarget(t)
	for _, l := range abuses() {
		t.Run(l.name, func(t *testing.T) { l.attack(t, g) })
	}
}

// TestAbuseIsTold holds the table of doc/security.md to the tests there are.
func TestAbuseIsTold(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "doc", "security.md"))
	if err != nil {
		t.Fatal(err)
	}
	told := map[string]bool{}
	for _, m := range regexp.MustCompile("`(Test[A-Za-z]+(?:/[A-Za-z]+)?)`").FindAllStringSubmatch(string(text), -1) {
		told[m[1]] = true
	}
	for _, l := range abuses() {
		if name := "TestAbuse/" + l.name; !told[name] {
			t.Errorf("doc/security.md does not tell of %s", name)
		}
		delete(told, "TestAbuse/"+l.name)
	}
	var tests []string
	for _, dir := range []string{".", "../node", "../portal"} {
		found, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
		if err != nil {
			t.Fatal(err)
		}
		tests = append(tests, found...)
	}
	for _, file := range tests {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for name := range told {
			if strings.Contains(string(source), "func "+name+"(") {
				delete(told, name)
			}
		}
	}
	for name := range told {
		t.Errorf("doc/security.md tells of %s, which there is not", name)
	}
}

// target is two governments with officials who have passwords.
type target struct {
	w      *world
	iq, sy *peer

	drafter, releaser, admin official // of iq
	reader                   official // of sy
	slow                     []net.Conn
	trickles                 []trickle
	readers                  []slowReader
	provider                 *nodetest.Provider // that iq's officials may sign in through
	public                   string             // address of iq's public page
	log                      string             // the file that both write their logs to, in full
}

// official is a post of iq's that signs in with a password.
type official struct{ name, password string }

// newTarget starts the demonstration, so that there is something of everything, and gives it officials.
func newTarget(t *testing.T) *target {
	iq, sy, log := startDemo(t)
	g := &target{w: iq.w, iq: iq, sy: sy, log: log}
	g.provider = nodetest.NewProvider(t)
	secret := filepath.Join(t.TempDir(), "provider")
	if err := os.WriteFile(secret, []byte(nodetest.ClientSecret), 0o600); err != nil {
		t.Fatal(err)
	}
	iq.restart(t, func(settings string) string {
		door := regexp.MustCompile(`(?s)\[public\]\s+listen = "([^"]+)"`).FindStringSubmatch(settings)
		if door == nil {
			t.Fatal("the demonstration has no public page")
		}
		g.public = door[1]
		return strings.Replace(settings, `log = "warn"`, `log = "debug"`, 1) +
			fmt.Sprintf("\n[oidc]\nissuer = %q\nclient_id = %q\nclient_secret_file = %q\nmap = [\"drafters -> mofa: drafter\"]\n", g.provider.Issuer(), nodetest.ClientID, secret)
	})
	g.drafter, g.releaser, g.admin = iq.official("drafter", "reader,drafter"), iq.official("releaser", "reader,releaser"), iq.official("keeper", "reader,admin,auditor")
	g.reader = sy.official("reader", "reader,drafter")
	g.slow, g.trickles, g.readers = iq.slowly(t, 300), iq.trickles(t, 60), iq.slowReaders(t, 40)
	return g
}

// restart ends a node of the demonstration at once and starts it again, with changed settings.
func (p *peer) restart(t *testing.T, change func(string) string) {
	t.Helper()
	p.cmd.Process.Kill()
	p.w.until(20*time.Second, p.name+" is gone", func() bool { _, err := p.tryShoot(shot{path: "/healthz"}); return err != nil })
	path := filepath.Join(p.dir, "jisr.toml")
	settings, err := os.ReadFile(path)
	if err == nil {
		err = os.WriteFile(path, []byte(change(string(settings))), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	p.start()
}

// official gives the node a post with these roles.
func (p *peer) official(name, roles string) official {
	p.w.t.Helper()
	out := p.run("official", "add", "--dir", p.dir, "--json", "--desk", "mofa", "--post-ar", "منصب الاختبار", "--post-en", "Test post", "--roles", roles, name)
	var made struct{ Password string }
	if err := json.Unmarshal(out, &made); err != nil || made.Password == "" {
		p.w.t.Fatalf("official add printed %q: %v", out, err)
	}
	return official{name, made.Password}
}

// shot is one request as an attacker writes it. Empty fields are left out.
type shot struct {
	method, path string
	host         string
	header       map[string]string
	body         io.Reader
	token        string
	session      *http.Cookie
}

// got is its answer, read whole.
type got struct {
	status int
	header http.Header
	body   string
}

// shoot sends a request exactly as it is written: no redirect is followed, the path is not cleaned.
func (p *peer) shoot(t *testing.T, s shot) got {
	t.Helper()
	a, err := p.tryShoot(s)
	if err != nil {
		t.Fatalf("%s %.80s: %v", s.method, s.path, err)
	}
	return a
}

func (p *peer) tryShoot(s shot) (got, error) {
	if s.method == "" {
		s.method = "GET"
	}
	req, err := http.NewRequest(s.method, p.url, s.body)
	if err != nil {
		return got{}, err
	}
	req.URL.Opaque = s.path // as it stands, not cleaned
	if s.host != "" {
		req.Host = s.host
	}
	for k, v := range s.header {
		req.Header.Set(k, v)
	}
	if s.token != "" {
		req.Header.Set("Authorization", "Bearer "+s.token)
	}
	if s.session != nil {
		req.AddCookie(s.session)
	}
	resp, err := p.w.client.Transport.RoundTrip(req)
	if err != nil {
		return got{}, err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return got{resp.StatusCode, resp.Header, string(b)}, err
}

// form is a form of a page as a browser holds it: where it goes to, and what its fields are.
type form struct {
	action string
	fields url.Values
}

// forms finds the forms of a page that post.
func forms(page string) []form {
	var all []form
	doc, err := html.Parse(strings.NewReader(page))
	if err != nil {
		return nil
	}
	for n := range doc.Descendants() {
		if n.Type == html.ElementNode && n.Data == "form" && strings.EqualFold(attribute(n, "method"), "post") {
			f := form{attribute(n, "action"), url.Values{}}
			for i := range n.Descendants() {
				f.add(i)
			}
			all = append(all, f)
		}
	}
	return all
}

// add takes a field with what stands in it.
func (f *form) add(n *html.Node) {
	name, value := attribute(n, "name"), attribute(n, "value")
	if n.Type != html.ElementNode || name == "" {
		return
	}
	switch typ := attribute(n, "type"); {
	case n.Data == "textarea" && n.FirstChild != nil:
		f.fields.Add(name, strings.TrimPrefix(n.FirstChild.Data, "\n"))
	case n.Data == "input" && (typ == "radio" || typ == "checkbox") && !slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == "checked" }):
	case n.Data == "input" && typ != "file":
		f.fields.Add(name, value)
	}
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// formOn opens a page and takes the form that goes to an address.
func (p *peer) formOn(t *testing.T, session *http.Cookie, page, action string) form {
	t.Helper()
	a := p.shoot(t, shot{path: page, session: session})
	for _, f := range forms(a.body) {
		if f.action == action || action == "" {
			return f
		}
	}
	t.Fatalf("%s (%d) has no form that goes to %q: %.400s", page, a.status, action, a.body)
	return form{}
}

// submit posts a form as the node's own page would.
func (p *peer) submit(t *testing.T, session *http.Cookie, f form, change ...string) got {
	t.Helper()
	return p.shoot(t, p.posting(session, f, change...))
}

// posting is the request of a form; change is names and values in turn.
func (p *peer) posting(session *http.Cookie, f form, change ...string) shot {
	fields := url.Values{}
	for k, v := range f.fields {
		fields[k] = v
	}
	for i := 0; i < len(change); i += 2 {
		fields.Set(change[i], change[i+1])
	}
	return shot{method: "POST", path: f.action, session: session, body: strings.NewReader(fields.Encode()),
		header: map[string]string{"Content-Type": "application/x-www-form-urlencoded", "Origin": p.url, "Sec-Fetch-Site": "same-origin"}}
}

// signIn signs an official in over the page's own form.
func (p *peer) signIn(t *testing.T, o official) *http.Cookie {
	t.Helper()
	f := p.formOn(t, nil, "/en/sign-in", "/en/sign-in")
	a := p.submit(t, nil, f, "official", o.name, "password", o.password)
	cookies := (&http.Response{Header: a.header}).Cookies()
	for _, c := range cookies {
		if c.Name == "jisr-"+p.name && c.Value != "" && a.status == http.StatusSeeOther {
			return &http.Cookie{Name: c.Name, Value: c.Value}
		}
	}
	t.Fatalf("%s did not get in: %d %.400s", o.name, a.status, a.body)
	return nil
}

// alive fails when the node does not answer any more.
func (p *peer) alive(t *testing.T) {
	t.Helper()
	if a := p.shoot(t, shot{path: "/readyz"}); a.status != http.StatusOK {
		t.Fatalf("the node is not ready any more: %d", a.status)
	}
}
