package portal_test

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"jisr"
	"jisr/node"
	"jisr/node/nodetest"
)

// providerHouse is a house with an identity provider.
func providerHouse(t *testing.T) (*nodetest.Provider, *house) {
	t.Helper()
	p := nodetest.NewProvider(t)
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte(nodetest.ClientSecret), 0o600); err != nil {
		t.Fatal(err)
	}
	return p, newHouse(t, "iq", jisr.Text{"ar": "العراق", "en": "Iraq"}, func(c *node.Config) {
		c.OIDC = node.OIDCConfig{Issuer: p.Issuer(), ClientID: nodetest.ClientID, SecretFile: secret, Map: []string{"drafters -> mofa.treaties: drafter"}}
	})
}

// link finds the address of a link by its words.
func link(t *testing.T, p page, says string) string {
	t.Helper()
	to := ""
	each(parse(t, p.body), func(n *html.Node) {
		if strings.Contains(textOf(n), says) {
			to = attr(n, "href")
		}
	}, "a")
	if to == "" {
		t.Fatalf("%s has no link %q:\n%s", p.path, says, text(p.body))
	}
	return to
}

// From the page for signing in to the provider and back to the page that was asked for, in both languages; and out again, there too.
func TestPagesOfProvider(t *testing.T) {
	p, iq := providerHouse(t)
	p.User("8f3a", "consul", "drafters")
	for _, c := range []struct{ lang, in, out, there, draft string }{
		{"ar", "الدخول عبر موفّر الهوية", "/ar/sign-out", "اخرج هناك أيضاً", "مسودة"},
		{"en", "Sign in through the identity provider", "/en/sign-out", "Sign out there too", "Draft"},
	} {
		b := iq.local()
		door := b.get("/" + c.lang + "/notes")
		to := link(t, door, c.in)
		if got := b.get(to); got.status != http.StatusOK || got.path != "/"+c.lang+"/notes" {
			t.Fatalf("signing in led to %s with %d:\n%s", got.path, got.status, text(got.body))
		}
		if left := jarOf(b); strings.Contains(left, "-provider") {
			t.Errorf("a cookie of the way stays: %s", left)
		}
		out := b.post(c.out, nil)
		end, err := url.Parse(link(t, out, c.there))
		if err != nil || !strings.HasPrefix(end.String(), p.Issuer()+"/end?") || end.Query().Get("post_logout_redirect_uri") != b.base+"/"+c.lang+"/sign-in" {
			t.Errorf("out leads to %v, %v", end, err)
		}
		if again := b.get("/" + c.lang + "/notes"); !strings.HasPrefix(again.path, "/"+c.lang+"/sign-in") {
			t.Errorf("after signing out: %s", again.path)
		}
	}
}

// What comes back is taken from the browser that left and leads to pages of this portal only; what does not hold is said in words.
func TestPagesOfProviderRefuse(t *testing.T) {
	p, iq := providerHouse(t)
	p.User("8f3a", "consul", "drafters")
	b := iq.local()
	for _, next := range []string{"https://example.com/", "//example.com/ar/", "/ar/../..//example.com", "/\\example.com", "javascript:alert(1)"} {
		if got := b.get("/ar/sign-in/provider?" + url.Values{"next": {next}}.Encode()); got.path != "/ar/" {
			t.Errorf("next=%s led to %s", next, got.path)
		}
	}
	// Another browser opens the address that an attacker's browser was sent back to.
	stopped := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	left, err := stopped.Get(iq.local().base + "/ar/sign-in/provider")
	if err != nil {
		t.Fatal(err)
	}
	back, err := stopped.Get(left.Header.Get("Location"))
	if err != nil {
		t.Fatal(err)
	}
	at, err := url.Parse(back.Header.Get("Location"))
	if err != nil {
		t.Fatal(err)
	}
	victim := iq.local()
	if got := victim.get(at.RequestURI()); got.status != http.StatusConflict || strings.Contains(jarOf(victim), "jisr-iq=") {
		t.Errorf("another browser's answer: %d, %s", got.status, jarOf(victim))
	}
	for name, want := range map[string]struct {
		do     func()
		status int
		says   string
	}{
		"no group":  {func() { p.User("1", "consul.two", "canteen") }, http.StatusForbidden, "give no post here"},
		"not yours": {func() { p.User("2", "auditor", "drafters") }, http.StatusForbidden, "Ask an administrator for an invitation"},
		"refused": {func() { p.Spoil(func(q url.Values) { q.Del("code"); q.Set("error", "access_denied") }) }, http.StatusForbidden,
			"did not let you in"},
		"forged": {func() {
			p.Spoil(nil)
			p.Forge(func(p *nodetest.Provider, h, c map[string]any) string {
				c["nonce"] = "x"
				return p.Sign(p.Key(), h, c)
			})
		}, http.StatusUnauthorized, "does not hold"},
	} {
		p.Spoil(nil)
		p.Forge(nil)
		want.do()
		b := iq.local()
		b.get("/en/sign-in")
		if got := b.get("/en/sign-in/provider"); got.status != want.status || !strings.Contains(text(got.body), want.says) {
			t.Errorf("%s: %d at %s:\n%s", name, got.status, got.path, text(got.body))
		}
	}
}

// A provider that is away is said to be, on the page that has the other ways in.
func TestPagesWhileProviderIsAway(t *testing.T) {
	p, iq := providerHouse(t)
	p.Away(true)
	got := iq.local().get("/en/sign-in/provider")
	if got.status != http.StatusServiceUnavailable || !strings.Contains(text(got.body), "The identity provider does not answer now") || !strings.Contains(got.body, "data-passkey") {
		t.Errorf("%d at %s:\n%s", got.status, got.path, text(got.body))
	}
	iq.signedIn("head.treaties")
}

// An invitation links a post that is here; then the provider opens it.
func TestPagesLinkByInvitation(t *testing.T) {
	p, iq := providerHouse(t)
	p.User("8f3a", "somebody.else", "drafters")
	invitation := iq.do(iq.node.Operator(), node.InviteOfficial{ID: "head.treaties"}).Secret
	b := iq.local()
	shown := b.post("/ar/enrol/provider", url.Values{"invitation": {invitation}})
	if got := b.goes(link(t, shown, "تابع إلى موفّر الهوية")); got.path != "/ar/access" || !strings.Contains(text(got.body), "عبر موفّر الهوية") {
		t.Errorf("linking led to %s with %d:\n%s", got.path, got.status, text(got.body))
	}
	if p := iq.browser().post("/ar/sign-in", url.Values{"official": {"head.treaties"}, "password": {password}}); p.status != http.StatusUnauthorized {
		t.Errorf("the password still opens the post: %d", p.status)
	}
	if p := b.post("/ar/enrol/provider", url.Values{"invitation": {"guessed"}}); p.status != http.StatusConflict {
		t.Errorf("a guessed invitation: %d", p.status)
	}
}

// goes opens an address elsewhere.
func (b *browser) goes(to string) page {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), http.MethodGet, to, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	return b.send(req)
}

func jarOf(b *browser) string {
	at, err := url.Parse(b.base + "/")
	if err != nil {
		b.t.Fatal(err)
	}
	var all []string
	for _, c := range b.http.Jar.Cookies(at) {
		all = append(all, c.String())
	}
	return strings.Join(all, "; ")
}
