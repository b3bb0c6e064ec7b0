package node_test

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"jisr"
	"jisr/node"
	"jisr/node/nodetest"
)

// providerDesk is a desk whose officials sign in through an identity provider.
func providerDesk(t *testing.T) (*nodetest.Provider, *desk) {
	t.Helper()
	p := nodetest.NewProvider(t)
	w := nodetest.New(t, "iq", "sy")
	secret := keepFile(t, nodetest.ClientSecret+"\n")
	w.Configure("iq", func(c *node.Config) {
		c.OIDC = node.OIDCConfig{Issuer: p.Issuer(), ClientID: nodetest.ClientID, SecretFile: secret, Scopes: []string{"groups"},
			Map: []string{"drafters -> mofa: drafter", "cn=heads,ou=mofa -> mofa: releaser", "water -> water.ministry: reader"}}
	})
	d := deskOf(t, w, w.Node("iq"))
	d.do(d.n.Operator(), node.AddDesk{ID: "water.ministry", Title: jisr.Text{"ar": "وزارة الموارد المائية", "en": "Ministry of Water"}})
	return p, d
}

// goes is a browser that goes to the provider and comes back: what it kept, and what it brings.
func (d *desk) goes(invitation string) (kept string, brings url.Values) {
	d.t.Helper()
	l, err := d.n.LeaveForProvider(d.t.Context(), "localhost:8400", invitation, "/ar/notes", node.From{})
	d.must(err)
	return l.Kept, d.follows(l.To)
}

func (d *desk) follows(to string) url.Values {
	d.t.Helper()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := client.Get(to)
	d.must(err)
	answer.Body.Close()
	back, err := answer.Location()
	d.must(err)
	if at := back.Scheme + "://" + back.Host + back.Path; at != origin+"/sign-in/callback" {
		d.t.Fatalf("the provider sends browsers to %s", at)
	}
	return back.Query()
}

func (d *desk) returns(kept string, brings url.Values) (node.Caller, error) {
	d.t.Helper()
	token, next, err := d.n.FromProvider(d.t.Context(), kept, brings, node.From{Address: "192.0.2.9"})
	if err != nil {
		return node.Caller{}, err
	}
	if next != "/ar/notes" {
		d.t.Errorf("the browser is led to %q", next)
	}
	return d.who(token), nil
}

// signsInThere goes, comes back, and is in.
func (d *desk) signsInThere() (node.Caller, error) {
	d.t.Helper()
	return d.returns(d.goes(""))
}

// The first sign-in makes the post within the mapping; groups that change move it; what the provider made, nothing else opens.
func TestProviderMakesAndMovesPosts(t *testing.T) {
	p, d := providerDesk(t)
	p.User("8f3a", "first.secretary", "drafters", "cn=heads,ou=mofa", "canteen")
	c, err := d.signsInThere()
	d.must(err)
	if c.Account != "official/first.secretary" || c.Desk != "mofa" || !slices.Equal(c.Roles, []jisr.Role{jisr.Drafter, jisr.Releaser}) {
		t.Errorf("got %s at %s with %v", c.Account, c.Desk, c.Roles)
	}
	row, err := d.n.Book().Account(t.Context(), c.Account)
	d.must(err)
	if row.Account.Identity == nil || strings.Contains(string(row.Account.Identity.Subject), "8f3a") || row.Account.ByPassword() {
		t.Errorf("the account stands as %+v", row.Account)
	}
	_, err = d.n.SignIn(t.Context(), "first.secretary", "", node.From{})
	d.refused(err, jisr.BadLogin)

	p.User("8f3a", "first.secretary", "water")
	if c, err = d.signsInThere(); err != nil || c.Desk != "water.ministry" || !slices.Equal(c.Roles, []jisr.Role{jisr.Reader}) {
		t.Errorf("after the groups changed: %s with %v, %v", c.Desk, c.Roles, err)
	}
	p.User("8f3a", "renamed.there", "water")
	if c, err = d.signsInThere(); err != nil || c.Account != "official/first.secretary" {
		t.Errorf("the same subject under another name: %s, %v", c.Account, err)
	}
	p.User("8f3a", "first.secretary", "canteen")
	_, err = d.signsInThere()
	d.refused(err, jisr.NoGroup)

	d.do(d.n.Operator(), node.EndOfficial{ID: "first.secretary"})
	p.User("8f3a", "first.secretary", "drafters")
	_, err = d.signsInThere()
	d.refused(err, jisr.NotLinked)
}

// The provider's word alone opens no post that is here: an invitation links it, once, and then its password no longer opens it.
func TestProviderLinksByInvitation(t *testing.T) {
	p, d := providerDesk(t)
	p.User("22", "head", "drafters")
	_, err := d.signsInThere()
	d.refused(err, jisr.NotLinked)

	invitation := d.do(d.n.Operator(), node.InviteOfficial{ID: "head"}).Secret
	kept, brings := d.goes(invitation)
	c, err := d.returns(kept, brings)
	d.must(err)
	if c.Account != "official/head" || !slices.Equal(c.Roles, []jisr.Role{jisr.Drafter, jisr.Releaser}) {
		t.Errorf("linked as %s with %v: what administrators gave stays", c.Account, c.Roles)
	}
	_, err = d.n.SignIn(t.Context(), "head", phrase, node.From{})
	d.refused(err, jisr.BadLogin)
	_, err = d.n.LeaveForProvider(t.Context(), "localhost:8400", invitation, "", node.From{})
	d.refused(err, jisr.Lapsed)

	p.User("666", "head", "drafters")
	_, err = d.signsInThere()
	d.refused(err, jisr.NotLinked)

	// A post that is handed over is linked to nobody, and the former holder's session ends.
	p.User("22", "head", "drafters")
	token, _, err := d.n.FromProvider(t.Context(), first(d.goes("")), second(d.goes("")), node.From{})
	if err == nil {
		t.Error("one browser's cookie and another's answer let somebody in", token)
	}
	kept, brings = d.goes("")
	token, _, err = d.n.FromProvider(t.Context(), kept, brings, node.From{})
	d.must(err)
	d.do(d.n.Operator(), node.HandOver{ID: "head"})
	_, err = d.n.Session(t.Context(), token, true)
	d.refused(err, jisr.BadLogin)
	_, err = d.signsInThere()
	d.refused(err, jisr.NotLinked)
}

func first(kept string, _ url.Values) string        { return kept }
func second(_ string, brings url.Values) url.Values { return brings }

// What an attacker makes of an ID token, or of what the browser brings back, lets nobody in.
func TestProviderAttacks(t *testing.T) {
	p, d := providerDesk(t)
	p.User("8f3a", "first.secretary", "drafters")
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	d.must(err)
	claiming := func(name string, value any) func(*nodetest.Provider, map[string]any, map[string]any) string {
		return func(p *nodetest.Provider, header, claims map[string]any) string {
			claims[name] = value
			return p.Sign(p.Key(), header, claims)
		}
	}
	for name, forge := range map[string]func(*nodetest.Provider, map[string]any, map[string]any) string{
		"another nonce":       claiming("nonce", "of another browser"),
		"no nonce":            claiming("nonce", nil),
		"another audience":    claiming("aud", "another-client"),
		"another issuer":      claiming("iss", "https://id.example.com"),
		"an hour late":        claiming("exp", d.w.Now().Add(-time.Hour).Unix()),
		"not yet":             claiming("nbf", d.w.Now().Add(time.Hour).Unix()),
		"another access":      claiming("at_hash", "AAAAAAAAAAAAAAAAAAAAAA"),
		"made for another":    claiming("azp", "another-client"),
		"for two, made for ?": claiming("aud", []string{nodetest.ClientID, "another-client"}),
		"no subject":          claiming("sub", ""),
		"a path for a name":   claiming("preferred_username", "../admin"),
		"alg none": func(p *nodetest.Provider, header, claims map[string]any) string {
			header["alg"] = "none"
			return nodetest.Unsigned(t, header, claims) + "."
		},
		"another key": func(p *nodetest.Provider, header, claims map[string]any) string { return p.Sign(other, header, claims) },
		"another key, named": func(p *nodetest.Provider, header, claims map[string]any) string {
			header["jwk"] = map[string]any{"kty": "RSA", "n": base64.RawURLEncoding.EncodeToString(other.N.Bytes()), "e": "AQAB"}
			delete(header, "kid")
			return p.Sign(other, header, claims)
		},
		"its public key as a secret": func(p *nodetest.Provider, header, claims map[string]any) string {
			header["alg"] = "HS256"
			text := nodetest.Unsigned(t, header, claims)
			m := hmac.New(sha256.New, p.Key().N.Bytes())
			m.Write([]byte(text))
			return text + "." + base64.RawURLEncoding.EncodeToString(m.Sum(nil))
		},
		"changed after signing": func(p *nodetest.Provider, header, claims map[string]any) string {
			signed := p.Sign(p.Key(), header, claims)
			claims["preferred_username"] = "head"
			return nodetest.Unsigned(t, header, claims) + signed[strings.LastIndex(signed, "."):]
		},
		"no token": func(*nodetest.Provider, map[string]any, map[string]any) string { return "" },
	} {
		t.Run(name, func(t *testing.T) {
			p.Forge(forge)
			if _, err := d.signsInThere(); err == nil {
				t.Error("it lets in")
			} else {
				d.refused(err, jisr.BadAssertion)
			}
		})
	}
	p.Forge(nil)
	for name, spoil := range map[string]func(url.Values){
		"an answer of another provider": func(q url.Values) { q.Set("iss", "https://id.example.com") },
		"two issuers":                   func(q url.Values) { q.Add("iss", "https://id.example.com") },
		"an answer that hides whose":    func(q url.Values) { q.Del("iss") },
		"another code":                  func(q url.Values) { q.Set("code", "guessed") },
		"no code":                       func(q url.Values) { q.Del("code") },
		"another state":                 func(q url.Values) { q.Set("state", "guessed") },
		"no state":                      func(q url.Values) { q.Del("state") },
	} {
		t.Run(name, func(t *testing.T) {
			p.Spoil(spoil)
			if c, err := d.signsInThere(); err == nil {
				t.Errorf("it lets %s in", c.Account)
			}
		})
	}
	p.Spoil(nil)
	if _, err := d.n.Book().Account(t.Context(), "official/first.secretary"); err == nil {
		t.Error("an attack made a post")
	}
	if _, err := d.signsInThere(); err != nil {
		t.Errorf("and without an attack: %v", err)
	}
}

// An answer is taken once, by the browser that left, and soon.
func TestProviderAnswersOnce(t *testing.T) {
	p, d := providerDesk(t)
	p.User("8f3a", "first.secretary", "drafters")
	kept, brings := d.goes("")
	_, err := d.returns("", brings)
	d.refused(err, jisr.Lapsed)
	_, err = d.returns(kept, brings)
	d.must(err)
	_, err = d.returns(kept, brings)
	d.refused(err, jisr.BadAssertion) // the provider knows the code no more

	kept, brings = d.goes("")
	d.w.Pass(11 * time.Minute)
	_, err = d.returns(kept, brings)
	d.refused(err, jisr.Lapsed)
}

// Who guesses is slowed down, as at the other ways in.
func TestProviderAnswersAreCounted(t *testing.T) {
	_, d := providerDesk(t)
	for range 50 {
		_, err := d.returns("guessed", url.Values{"state": {"guessed"}})
		d.refused(err, jisr.Lapsed)
	}
	_, err := d.returns("guessed", nil)
	d.refused(err, jisr.TooOften)
}

// A provider that is away closes no other way in; its new keys are found.
func TestProviderAway(t *testing.T) {
	p, d := providerDesk(t)
	p.Away(true)
	_, err := d.n.LeaveForProvider(t.Context(), "localhost:8400", "", "", node.From{})
	d.refused(err, jisr.ProviderAway)
	d.byPassword("writer")
	p.Away(false)
	d.w.Pass(time.Minute)
	p.User("8f3a", "first.secretary", "drafters")
	_, err = d.signsInThere()
	d.must(err)
	kept, brings := d.goes("")
	p.Away(true)
	_, err = d.returns(kept, brings)
	d.refused(err, jisr.ProviderAway)
	p.Away(false)
	p.NewKey()
	_, err = d.signsInThere()
	d.must(err)
	p.Spoil(func(q url.Values) { q.Del("code"); q.Set("error", "access_denied") })
	_, err = d.signsInThere()
	d.refused(err, jisr.ProviderSays)
}

// Who came through the provider adds a first passkey while it has just come, and signs with it; later it comes again first.
func TestProviderThenPasskey(t *testing.T) {
	p, d := providerDesk(t)
	p.User("8f3a", "first.secretary", "drafters", "cn=heads,ou=mofa")
	c, err := d.signsInThere()
	d.must(err)
	d.w.Pass(11 * time.Minute)
	_, err = d.n.BeginOwn(t.Context(), c, "", d.at)
	d.refused(err, jisr.Unconfirmed)
	if c, err = d.signsInThere(); err != nil {
		t.Fatal(err)
	}
	ceremony, err := d.n.BeginOwn(t.Context(), c, "", d.at)
	d.must(err)
	key := &nodetest.Authenticator{T: t, Origin: origin}
	_, err = d.n.FinishEnrolment(t.Context(), ceremony.Asked, key.Creates(ceremony.Options), "", node.From{})
	d.must(err)
	if c, err = d.signsInThere(); err != nil || !c.Passkey {
		t.Errorf("the provider opens the post still: %v, passkey %v", err, c.Passkey)
	}
	_, err = d.n.BeginOwn(t.Context(), c, "", d.at)
	d.refused(err, jisr.Unsigned)
}

// Without its own word the operator's mapping makes no administrator.
func TestMappingOfGroups(t *testing.T) {
	base := node.OIDCConfig{Issuer: "https://id.gov.iq", ClientID: "jisr", Map: []string{"a -> mofa: reader"}}
	for want, change := range map[jisr.RefusalKind]func(*node.OIDCConfig){
		"":             func(*node.OIDCConfig) {},
		jisr.Malformed: func(c *node.OIDCConfig) { c.Map = []string{"a = mofa: reader"} },
		jisr.NotOneOf:  func(c *node.OIDCConfig) { c.Map = []string{"a -> mofa: king"} },
		jisr.Missing:   func(c *node.OIDCConfig) { c.Map = []string{"a -> mofa: reader admin"} },
	} {
		c := base
		change(&c)
		config := node.Config{Member: "iq", Origin: "jisr.iq.example", Name: jisr.Text{"ar": "العراق", "en": "Iraq"}, OIDC: c}
		err := node.Create(t.Context(), t.TempDir(), config)
		if want == "" && err != nil || want != "" && !strings.Contains(errorOf(err), string(want)) {
			t.Errorf("%v: got %v, want %q", c.Map, err, want)
		}
	}
	base.Map, base.Administrators = []string{"a -> mofa: admin"}, true
	if err := node.Create(t.Context(), t.TempDir(), node.Config{Member: "iq", Origin: "jisr.iq.example", Name: jisr.Text{"ar": "العراق", "en": "Iraq"}, OIDC: base}); err != nil {
		t.Errorf("with the operator's word: %v", err)
	}
	for _, issuer := range []string{"http://id.gov.iq", "ftp://id.gov.iq", "https://", "https://u:p@id.gov.iq", "https://id.gov.iq?x"} {
		base.Issuer = issuer
		if err := node.Create(t.Context(), t.TempDir(), node.Config{Member: "iq", Origin: "jisr.iq.example", Name: jisr.Text{"ar": "العراق", "en": "Iraq"}, OIDC: base}); err == nil {
			t.Errorf("the issuer %s is taken", issuer)
		}
	}
}

func errorOf(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func keepFile(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}
