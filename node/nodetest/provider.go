package nodetest

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"maps"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// Provider is an OpenID Connect provider behind a server of its own: discovery, keys, the authorization code flow with PKCE
// (OpenID Connect Core 1.0, RFC 7636), and logout. It lets in whom User says without asking for a password, and does as it
// should unless a test says otherwise.
type Provider struct {
	t      testing.TB
	server *httptest.Server
	key    *rsa.PrivateKey

	mu     sync.Mutex
	claims map[string]any
	codes  map[string]grant
	issued []string // codes, access and ID tokens
	away   bool
	forge  func(p *Provider, header, claims map[string]any) string
	spoil  func(url.Values)
}

// grant is what a code stands for.
type grant struct {
	query  url.Values
	claims map[string]any
}

// The client that the provider knows.
const (
	ClientID     = "jisr"
	ClientSecret = "a secret of this node at the provider"
)

// NewProvider starts a provider, and ends it with the test.
func NewProvider(t testing.TB) *Provider {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	p := &Provider{t: t, key: key, codes: map[string]grant{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", p.discovery)
	mux.HandleFunc("GET /keys", p.keys)
	mux.HandleFunc("GET /authorize", p.authorize)
	mux.HandleFunc("POST /token", p.token)
	p.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if p.isAway() {
			http.Error(w, "down for maintenance", http.StatusServiceUnavailable)
			return
		}
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(p.server.Close)
	return p
}

// Issuer is its name and address.
func (p *Provider) Issuer() string { return p.server.URL }

// User says who signs in from now on.
func (p *Provider) User(subject, name string, groups ...string) {
	p.Claims(map[string]any{"sub": subject, "preferred_username": name, "groups": groups})
}

// Claims says what the ID tokens from now on claim besides.
func (p *Provider) Claims(claims map[string]any) { p.mu.Lock(); defer p.mu.Unlock(); p.claims = claims }

// Away says whether it is down.
func (p *Provider) Away(away bool) { p.mu.Lock(); defer p.mu.Unlock(); p.away = away }

func (p *Provider) isAway() bool { p.mu.Lock(); defer p.mu.Unlock(); return p.away }

// Forge has ID tokens made by an attacker; nil: by the provider. Spoil changes what browsers bring back.
func (p *Provider) Forge(by func(p *Provider, header, claims map[string]any) string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.forge = by
}

// Spoil changes the answers that browsers bring back; nil: they stay.
func (p *Provider) Spoil(by func(url.Values)) { p.mu.Lock(); defer p.mu.Unlock(); p.spoil = by }

// Issued is every code, access and ID token that it gave out: what a client may show to nobody.
func (p *Provider) Issued() []string { p.mu.Lock(); defer p.mu.Unlock(); return slices.Clone(p.issued) }

// NewKey has the provider sign with another key, and publish it alone.
func (p *Provider) NewKey() {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		p.t.Fatal(err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.key = key
}

// kid names the key by its own hash.
func kid(key *rsa.PublicKey) string {
	sum := sha256.Sum256(key.N.Bytes())
	return base64.RawURLEncoding.EncodeToString(sum[:8])
}

func (p *Provider) discovery(w http.ResponseWriter, _ *http.Request) {
	reply(w, http.StatusOK, map[string]any{
		"issuer": p.Issuer(), "authorization_endpoint": p.Issuer() + "/authorize", "token_endpoint": p.Issuer() + "/token", "jwks_uri": p.Issuer() + "/keys",
		"end_session_endpoint": p.Issuer() + "/end", "id_token_signing_alg_values_supported": []string{"RS256"}, "response_types_supported": []string{"code"},
		"subject_types_supported": []string{"public"}, "code_challenge_methods_supported": []string{"S256"}, "authorization_response_iss_parameter_supported": true,
	})
}

func (p *Provider) keys(w http.ResponseWriter, _ *http.Request) {
	p.mu.Lock()
	key := p.key.PublicKey
	p.mu.Unlock()
	reply(w, http.StatusOK, map[string]any{"keys": []any{map[string]any{
		"kty": "RSA", "use": "sig", "alg": "RS256", "kid": kid(&key), "n": base64.RawURLEncoding.EncodeToString(key.N.Bytes()),
		"e": base64.RawURLEncoding.EncodeToString(big.NewInt(int64(key.E)).Bytes()),
	}}})
}

// authorize lets the user of the moment in, and sends the browser back with a code.
func (p *Provider) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if q.Get("client_id") != ClientID || q.Get("response_type") != "code" || q.Get("code_challenge_method") != "S256" || q.Get("nonce") == "" || !strings.Contains(" "+q.Get("scope")+" ", " openid ") {
		http.Error(w, "this is no request of a client that is known here", http.StatusBadRequest)
		return
	}
	p.mu.Lock()
	code := rand.Text()
	p.codes[code] = grant{q, maps.Clone(p.claims)}
	p.issued = append(p.issued, code)
	back := url.Values{"state": {q.Get("state")}, "code": {code}, "iss": {p.Issuer()}}
	if p.spoil != nil {
		p.spoil(back)
	}
	p.mu.Unlock()
	http.Redirect(w, r, q.Get("redirect_uri")+"?"+back.Encode(), http.StatusFound)
}

// token exchanges a code, once, for who shows the verifier and the secret of the client.
func (p *Provider) token(w http.ResponseWriter, r *http.Request) {
	id, secret, ok := r.BasicAuth()
	unescaped, err := url.QueryUnescape(secret)
	p.mu.Lock()
	defer p.mu.Unlock()
	g, known := p.codes[r.FormValue("code")]
	delete(p.codes, r.FormValue("code"))
	challenge := sha256.Sum256([]byte(r.FormValue("code_verifier")))
	switch {
	case !ok || err != nil || id != ClientID || subtle.ConstantTimeCompare([]byte(unescaped), []byte(ClientSecret)) != 1:
		reply(w, http.StatusUnauthorized, map[string]any{"error": "invalid_client"})
		return
	case !known || r.FormValue("grant_type") != "authorization_code" || r.FormValue("redirect_uri") != g.query.Get("redirect_uri") ||
		base64.RawURLEncoding.EncodeToString(challenge[:]) != g.query.Get("code_challenge"):
		reply(w, http.StatusBadRequest, map[string]any{"error": "invalid_grant"})
		return
	}
	access := rand.Text()
	half := sha256.Sum256([]byte(access))
	header := map[string]any{"alg": "RS256", "typ": "JWT", "kid": kid(&p.key.PublicKey)}
	claims := map[string]any{"iss": p.Issuer(), "aud": ClientID, "nonce": g.query.Get("nonce"), "at_hash": base64.RawURLEncoding.EncodeToString(half[:16]),
		"iat": time.Now().Unix(), "exp": time.Now().Add(10 * 365 * 24 * time.Hour).Unix()} // tests move the clocks of nodes
	maps.Copy(claims, g.claims)
	signed := ""
	if p.forge != nil {
		signed = p.forge(p, header, claims)
	} else {
		signed = p.Sign(p.key, header, claims)
	}
	p.issued = append(p.issued, access, signed)
	reply(w, http.StatusOK, map[string]any{"access_token": access, "token_type": "Bearer", "id_token": signed, "expires_in": 300})
}

// Key is the key of the moment, for who forges with it.
func (p *Provider) Key() *rsa.PrivateKey { return p.key }

// Sign makes a JWT (RFC 7519) with RS256.
func (p *Provider) Sign(key *rsa.PrivateKey, header, claims map[string]any) string {
	text := Unsigned(p.t, header, claims)
	sum := sha256.Sum256([]byte(text))
	sig, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
	if err != nil {
		p.t.Error(err)
	}
	return text + "." + base64.RawURLEncoding.EncodeToString(sig)
}

// Unsigned is a JWT without its signature.
func Unsigned(t testing.TB, header, claims map[string]any) string {
	var parts []string
	for _, m := range []map[string]any{header, claims} {
		raw, err := json.Marshal(m)
		if err != nil {
			t.Error(err)
		}
		parts = append(parts, base64.RawURLEncoding.EncodeToString(raw))
	}
	return strings.Join(parts, ".")
}

func reply(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the reader has left
}
