package node

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"jisr"
	"jisr/book"
)

// OIDCConfig says how officials sign in through an identity provider (OpenID Connect Core 1.0, the authorization code flow).
type OIDCConfig struct {
	Issuer         string   `toml:"issuer" doc:"The identity provider that vouches for officials, for example https://id.gov.iq. Empty, the default: none does. What it publishes at /.well-known/openid-configuration says the rest."`
	ClientID       string   `toml:"client_id" doc:"The name of this node at the provider. There, allow the address /sign-in/callback under url to come back to."`
	SecretFile     string   `toml:"client_secret_file" doc:"A file with the secret of this node at the provider in its first line. Empty: the provider asks for none."`
	Scopes         []string `toml:"scopes" doc:"Scopes that are asked for besides openid, for example profile, groups."`
	OfficialClaim  string   `toml:"official_claim" doc:"The claim that names the post: letters, digits, dots and dashes. Default: preferred_username."`
	PostClaim      string   `toml:"post_claim" doc:"The claim with the title of the post; it should name no person. Default: none, and a post that is made bears the title of its desk."`
	GroupsClaim    string   `toml:"groups_claim" doc:"The claim that lists the groups an official is in. Default: groups."`
	Map            []string `toml:"map" doc:"Which group works where, as what: \"GROUP -> DESK: ROLE ROLE\". The first line that fits says the desk; further lines for the same desk add roles. Who is in no group of the list is not let in."`
	Administrators bool     `toml:"administrators" doc:"true: the provider may make administrators, and posts that say binding things at once (roles admin and direct). Default: false."`
	Hosts          []string `toml:"hosts" doc:"Hosts besides the issuer's that the provider's documents name and that have no public address. Addresses in private networks are refused otherwise."`
}

const (
	providerWithin   = 10 * time.Minute // between going to the provider and coming back
	providerKnown    = time.Hour        // what it publishes is asked for again after this time
	providerAgain    = 10 * time.Second // one that did not answer is left alone for this time
	maxProviderCode  = 4096             // bytes of a code
	maxClaim         = 256              // bytes of a claim with one text
	maxGroups        = 2_000            // groups of one official
	maxClientSecret  = 4096             // bytes
	purposeProvider  = "provider"
	pathFromProvider = "/sign-in/callback"
)

// groupWork is what being in a group means here.
type groupWork struct {
	group string
	desk  jisr.DeskID
	roles []jisr.Role
}

// work reads the mapping.
func (c OIDCConfig) work() ([]groupWork, error) {
	var all []groupWork
	for _, line := range c.Map {
		bad := jisr.Refuse(jisr.Malformed, "oidc.map", "want", "treaties -> mofa.treaties: drafter", "got", line)
		at := strings.LastIndex(line, "->")
		if at < 0 {
			return nil, bad
		}
		desk, roles, ok := strings.Cut(line[at+2:], ":")
		w := groupWork{group: strings.TrimSpace(line[:at]), desk: jisr.DeskID(strings.TrimSpace(desk))}
		for r := range strings.FieldsSeq(roles) {
			w.roles = append(w.roles, jisr.Role(r))
		}
		if !ok || w.group == "" || !jisr.ValidName(string(w.desk)) || len(w.roles) == 0 {
			return nil, bad
		}
		for _, r := range w.roles {
			if !slices.Contains(jisr.Roles(), r) {
				return nil, jisr.Refuse(jisr.NotOneOf, "roles", "got", string(r))
			}
			if (r == jisr.Admin || r == jisr.Direct) && !c.Administrators {
				return nil, jisr.Refuse(jisr.Missing, "oidc.administrators")
			}
		}
		all = append(all, w)
	}
	return all, nil
}

func (c OIDCConfig) check() error {
	if c.Issuer == "" {
		if c.ClientID != "" || c.SecretFile != "" || len(c.Map) > 0 {
			return jisr.Refuse(jisr.Missing, "oidc.issuer")
		}
		return nil
	}
	u, err := url.Parse(c.Issuer)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.Scheme != "https" && !(u.Scheme == "http" && loopback(u.Hostname())) {
		return jisr.Refuse(jisr.Malformed, "oidc.issuer", "want", "https://id.gov.iq")
	}
	if c.ClientID == "" {
		return jisr.Refuse(jisr.Missing, "oidc.client_id")
	}
	if len(c.Map) == 0 {
		return jisr.Refuse(jisr.Missing, "oidc.map")
	}
	_, err = c.work()
	return err
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// provider is the identity provider: what it publishes is asked for when somebody first goes there. mu guards all below it.
type provider struct {
	config OIDCConfig
	work   []groupWork
	secret string
	client *http.Client

	mu    sync.Mutex
	known *oidc.Provider
	asked time.Time // when it answered last …
	away  time.Time // … and when it did not
}

// newProvider makes what signing in through a provider needs; nil: there is none.
func newProvider(dir string, c OIDCConfig) (*provider, error) {
	if c.Issuer == "" {
		return nil, nil
	}
	work, err := c.work()
	if err != nil {
		return nil, err
	}
	p := &provider{config: c, work: work}
	if c.SecretFile != "" {
		path := c.SecretFile
		if !filepath.IsAbs(path) {
			path = filepath.Join(dir, path)
		}
		secret, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("couldn't read the secret of this node at the identity provider: %w", err)
		}
		line, _, _ := bytes.Cut(secret, []byte("\n"))
		if p.secret = strings.TrimSpace(string(line)); p.secret == "" || len(line) > maxClientSecret {
			return nil, jisr.Refuse(jisr.Malformed, "oidc.client_secret_file")
		}
	}
	u, err := url.Parse(c.Issuer)
	if err != nil {
		return nil, err
	}
	p.client = outbound(append([]string{strings.ToLower(u.Hostname())}, c.Hosts...)...)
	return p, nil
}

// metadata is what a provider publishes that the library does not read (OpenID Connect Discovery 1.0 section 3, RP-Initiated
// Logout 1.0 section 2.1, RFC 9207 section 3).
type metadata struct {
	JWKS       string   `json:"jwks_uri"`
	Algorithms []string `json:"id_token_signing_alg_values_supported"`
	Methods    []string `json:"token_endpoint_auth_methods_supported"`
	EndSession string   `json:"end_session_endpoint"`
	SaysIssuer bool     `json:"authorization_response_iss_parameter_supported"`
}

// discover gives what the provider publishes. One that was there and does not answer now is used as it was.
func (p *provider) discover(ctx context.Context, now time.Time) (*oidc.Provider, metadata, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if (p.known == nil || now.Sub(p.asked) > providerKnown) && now.Sub(p.away) > providerAgain {
		found, err := oidc.NewProvider(oidc.ClientContext(ctx, p.client), p.config.Issuer)
		if err == nil {
			err = p.holds(found)
		}
		if err != nil && p.known == nil {
			if ctx.Err() == nil {
				p.away = now
			}
			return nil, metadata{}, err
		}
		if err == nil {
			p.known, p.asked = found, now
		}
	}
	if p.known == nil {
		return nil, metadata{}, errors.New("it did not answer a moment ago")
	}
	var m metadata
	err := p.known.Claims(&m)
	return p.known, m, err
}

// holds refuses a provider whose addresses are not of its issuer's kind: over TLS, where the issuer is.
func (p *provider) holds(found *oidc.Provider) error {
	var m metadata
	if err := found.Claims(&m); err != nil {
		return err
	}
	scheme, _, _ := strings.Cut(p.config.Issuer, ":")
	for _, at := range []string{found.Endpoint().AuthURL, found.Endpoint().TokenURL, m.JWKS} {
		if u, err := url.Parse(at); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != scheme {
			return fmt.Errorf("%w: it names the address %q", errOutbound, at)
		}
	}
	return nil
}

// oauth is the provider as the library asks it; back is where browsers come back to.
func (p *provider) oauth(found *oidc.Provider, m metadata, back string) *oauth2.Config {
	c := &oauth2.Config{ClientID: p.config.ClientID, ClientSecret: p.secret, Endpoint: found.Endpoint(), RedirectURL: back, Scopes: append([]string{oidc.ScopeOpenID}, p.config.Scopes...)}
	c.Endpoint.AuthStyle = oauth2.AuthStyleInHeader // client_secret_basic is what is meant where nothing is said (Discovery section 3)
	if p.secret == "" || len(m.Methods) > 0 && !slices.Contains(m.Methods, "client_secret_basic") {
		c.Endpoint.AuthStyle = oauth2.AuthStyleInParams
	}
	return c
}

// Provider names the host of the identity provider; empty: there is none.
func (n *Node) Provider() string {
	if n.provider == nil {
		return ""
	}
	u, err := url.Parse(n.provider.config.Issuer)
	if err != nil {
		return ""
	}
	return u.Host
}

// Leaving is a browser on its way to the identity provider: To is the address there, Kept goes into a cookie of that browser
// and of no other.
type Leaving struct {
	To, Kept string
	Post     jisr.Text // that an invitation is for
}

// leaving is what is kept of it, sealed.
type leaving struct {
	State      string          `json:"state"`    // what comes back was asked for by this browser (RFC 6749 section 10.12)
	Nonce      string          `json:"nonce"`    // and so was the ID token (OpenID Connect Core 1.0 section 15.5.2)
	Verifier   string          `json:"verifier"` // PKCE (RFC 7636)
	Back       string          `json:"back"`
	Next       string          `json:"next,omitempty"`
	Invitation jisr.Commitment `json:"invitation,omitempty"`
}

// LeaveForProvider begins signing in through the identity provider. host is where this node is reached; next is the page to
// show afterwards, which the face has looked at. invitation empty: nobody is to be linked to a post that is here.
func (n *Node) LeaveForProvider(ctx context.Context, host, invitation, next string, from From) (Leaving, error) {
	if n.provider == nil {
		return Leaving{}, jisr.Refuse(jisr.NoSuch, "provider")
	}
	l := leaving{State: newSecret(32), Nonce: newSecret(32), Verifier: oauth2.GenerateVerifier(), Back: n.base(host) + pathFromProvider, Next: next}
	var post jisr.Text
	if invitation != "" {
		row, err := n.invited(ctx, invitation, from)
		if err != nil {
			return Leaving{}, err
		}
		l.Invitation, post = invitationHash(invitation), row.Account.Title
	}
	found, m, err := n.provider.discover(ctx, n.now())
	if err != nil {
		n.log.Warn("the identity provider does not answer", "err", clipped(err))
		return Leaving{}, jisr.Refuse(jisr.ProviderAway, "provider")
	}
	kept, err := json.Marshal(l)
	to := n.provider.oauth(found, m, l.Back).AuthCodeURL(l.State, oidc.Nonce(l.Nonce), oauth2.S256ChallengeOption(l.Verifier))
	return Leaving{To: to, Kept: n.seal(purposeProvider, n.now().Add(providerWithin), kept), Post: post}, err
}

// base is the origin at which this node is reached: the setting url, else the host that was asked for.
func (n *Node) base(host string) string {
	if n.config.URL != "" {
		return strings.TrimSuffix(n.config.URL, "/")
	}
	if n.config.TLS.Cert != "" {
		return "https://" + host
	}
	return "http://" + host
}

// FromProvider is a browser that came back: kept is what its cookie holds, answer the query it brought. It gives a session for
// a cookie, and the page to show. An answer is taken once.
func (n *Node) FromProvider(ctx context.Context, kept string, answer url.Values, from From) (session, next string, err error) {
	if n.provider == nil {
		return "", "", jisr.Refuse(jisr.NoSuch, "provider")
	}
	place := placeOf(from.Address)
	if err := n.slow(place, triesOfPlace); err != nil {
		return "", "", err
	}
	session, next, err = n.fromProvider(ctx, kept, answer, from)
	if isRefusal(err, jisr.Lapsed) || isRefusal(err, jisr.BadAssertion) {
		n.tries.failed(place, n.now())
	}
	return session, next, err
}

func (n *Node) fromProvider(ctx context.Context, kept string, answer url.Values, from From) (session, next string, err error) {
	raw, err := n.unseal(purposeProvider, kept)
	if err != nil {
		return "", "", err
	}
	var l leaving
	if err := json.Unmarshal(raw, &l); err != nil {
		return "", "", fmt.Errorf("internal error: couldn't read what was sealed here: %w", err)
	}
	if subtle.ConstantTimeCompare([]byte(answer.Get("state")), []byte(l.State)) != 1 {
		return "", l.Next, jisr.Refuse(jisr.Lapsed, "provider-answer")
	}
	id, err := n.vouchedFor(ctx, &l, answer)
	if err != nil {
		return "", l.Next, err
	}
	if !n.spent.first(l.State, n.now(), providerWithin) {
		return "", l.Next, jisr.Refuse(jisr.Lapsed, "provider-answer")
	}
	account, linked, err := n.admit(ctx, id, l.Invitation)
	if err != nil {
		return "", l.Next, err
	}
	session, err = n.begin(Session{Account: account, How: ByProvider, Secret: linked}, from)
	return session, l.Next, err
}

// identity is whom the provider vouched for.
type identity struct {
	subject  string
	official string
	post     string
	groups   []string
}

// vouchedFor exchanges the code for an ID token and checks it: signature, issuer, audience, time and at_hash by the library,
// nonce and party here.
func (n *Node) vouchedFor(ctx context.Context, l *leaving, answer url.Values) (identity, error) {
	found, m, err := n.provider.discover(ctx, n.now())
	if err != nil {
		n.log.Warn("the identity provider does not answer", "err", clipped(err))
		return identity{}, jisr.Refuse(jisr.ProviderAway, "provider")
	}
	bad := func(step string, err error) (identity, error) {
		n.log.Info("what the identity provider said does not hold", "step", step, "err", clipped(err))
		return identity{}, jisr.Refuse(jisr.BadAssertion, step)
	}
	// RFC 9207 section 2.4: an answer of another provider than was asked is not taken there.
	if iss := answer["iss"]; len(iss) > 0 && (len(iss) > 1 || iss[0] != n.provider.config.Issuer) || len(iss) == 0 && m.SaysIssuer {
		return bad("issuer", nil)
	}
	if said := answer.Get("error"); said != "" {
		n.log.Info("the identity provider let somebody not in", "error", clipped(errors.New(said)))
		return identity{}, jisr.Refuse(jisr.ProviderSays, "provider")
	}
	code := answer.Get("code")
	if code == "" || len(code) > maxProviderCode {
		return bad("code", nil)
	}
	ctx = oidc.ClientContext(ctx, n.provider.client)
	tokens, err := n.provider.oauth(found, m, l.Back).Exchange(ctx, code, oauth2.VerifierOption(l.Verifier))
	var refused *oauth2.RetrieveError
	switch {
	case errors.As(err, &refused) && refused.Response.StatusCode < 500:
		return bad("code", errors.New(refused.ErrorCode))
	case err != nil:
		n.log.Warn("the identity provider does not answer", "err", clipped(err))
		return identity{}, jisr.Refuse(jisr.ProviderAway, "provider")
	}
	signed, ok := tokens.Extra("id_token").(string)
	if !ok {
		return bad("id_token", nil)
	}
	token, err := found.Verifier(&oidc.Config{ClientID: n.provider.config.ClientID, Now: n.now}).Verify(ctx, signed)
	if err != nil {
		return bad("id_token", err)
	}
	if subtle.ConstantTimeCompare([]byte(token.Nonce), []byte(l.Nonce)) != 1 {
		return bad("nonce", nil)
	}
	if token.AccessTokenHash != "" {
		if err := token.VerifyAccessToken(tokens.AccessToken); err != nil {
			return bad("at_hash", err)
		}
	}
	return n.provider.read(token)
}

// read takes the claims out of an ID token that holds.
func (p *provider) read(token *oidc.IDToken) (identity, error) {
	var claims map[string]json.RawMessage
	if err := token.Claims(&claims); err != nil {
		return identity{}, jisr.Refuse(jisr.BadAssertion, "id_token")
	}
	text := func(name string) (s string) {
		if json.Unmarshal(claims[name], &s) != nil || len(s) > maxClaim {
			return ""
		}
		return s
	}
	// OpenID Connect Core 1.0 section 3.1.3.7, 4 and 5: a token for several says for whom it was made.
	if azp := text("azp"); azp != "" && azp != p.config.ClientID || azp == "" && len(token.Audience) > 1 {
		return identity{}, jisr.Refuse(jisr.BadAssertion, "azp")
	}
	id := identity{subject: token.Subject, official: strings.ToLower(text(cmp.Or(p.config.OfficialClaim, "preferred_username"))), post: text(p.config.PostClaim)}
	if id.subject == "" || len(id.subject) > maxClaim {
		return identity{}, jisr.Refuse(jisr.BadAssertion, "sub")
	}
	raw := claims[cmp.Or(p.config.GroupsClaim, "groups")]
	if json.Unmarshal(raw, &id.groups) != nil {
		id.groups = strings.Fields(text(cmp.Or(p.config.GroupsClaim, "groups")))
	}
	if len(id.groups) > maxGroups {
		return identity{}, jisr.Refuse(jisr.TooMany, "groups", "max", fmt.Sprint(maxGroups))
	}
	return id, nil
}

// workOf is the desk and the roles of somebody in these groups.
func (p *provider) workOf(groups []string) (desk jisr.DeskID, roles []jisr.Role) {
	for _, w := range p.work {
		if !slices.Contains(groups, w.group) || desk != "" && w.desk != desk {
			continue
		}
		desk = w.desk
		for _, r := range w.roles {
			if !slices.Contains(roles, r) {
				roles = append(roles, r)
			}
		}
	}
	return desk, roles
}

// subjectHash is an identity as the house log names it.
func (p *provider) subjectHash(salt []byte, subject string) jisr.Commitment {
	return jisr.Commit(sha256.Sum256([]byte("jisr identity/v1\n" + string(salt) + p.config.Issuer + "\n" + subject)))
}

// holderOf finds the post that an identity is linked to.
func (p *provider) holderOf(rows []book.AccountRow, subject string) *book.AccountRow {
	for i := range rows {
		if id := rows[i].Account.Identity; id != nil && id.Subject == p.subjectHash(id.Salt, subject) {
			return &rows[i]
		}
	}
	return nil
}

// admit lets in whom the provider vouches for: the post it is linked to, or one that this sign-in makes. It gives the account
// and the act that linked it.
func (n *Node) admit(ctx context.Context, id identity, invitation jisr.Commitment) (jisr.ThingID, jisr.Index, error) {
	desk, roles := n.provider.workOf(id.groups)
	if desk == "" {
		return "", 0, jisr.Refuse(jisr.NoGroup, "official")
	}
	rows, err := n.book.Accounts(ctx)
	if err != nil {
		return "", 0, err
	}
	row := n.provider.holderOf(rows, id.subject)
	cmd := admitOfficial{desk: desk, roles: roles, post: id.post, terms: jisr.LinkTerms{Invitation: invitation, Managed: invitation == ""}}
	switch {
	case row != nil && invitation != "":
		return "", 0, jisr.Refuse(jisr.NotLinked, row.ID.Name())
	case row != nil:
		cmd.id = row.ID
	case invitation != "":
		if row = invitedTo(rows, invitation, n.now()); row == nil {
			return "", 0, jisr.Refuse(jisr.Lapsed, "invitation")
		}
		cmd.id = row.ID
	case !jisr.ValidName(id.official):
		return "", 0, jisr.Refuse(jisr.BadAssertion, "official")
	default:
		cmd.id = officialID(jisr.OfficialID(id.official))
	}
	cmd.terms.Salt = make([]byte, 16)
	rand.Read(cmd.terms.Salt) // never fails (crypto/rand)
	cmd.terms.Subject, cmd.subject = n.provider.subjectHash(cmd.terms.Salt, id.subject), id.subject
	if err := n.awaitSettled(ctx); err != nil {
		return "", 0, err
	}
	caller := Caller{Account: cmd.id, Desk: desk, rules: n.rules}
	a := n.queue(&job{ctx: ctx, caller: caller, cmd: cmd, own: true, answer: make(chan answer, 1)})
	n.metrics.command(cmd.verb(), a.err)
	if a.err != nil {
		return "", 0, a.err
	}
	now, err := n.book.Account(ctx, cmd.id)
	if err != nil {
		return "", 0, err
	}
	if now.Account.Ended != nil || now.Account.Identity == nil {
		return "", 0, jisr.Refuse(jisr.NotLinked, cmd.id.Name())
	}
	return cmd.id, now.Account.Identity.Linked.Index, nil
}

// admitOfficial makes a post at its first sign-in through the provider, links one that an invitation is for, and moves one that
// the provider made where its groups are now. The house says it by itself.
type admitOfficial struct {
	id      jisr.ThingID
	desk    jisr.DeskID
	roles   []jisr.Role
	post    string
	subject string
	terms   jisr.LinkTerms
}

func (admitOfficial) verb() Verb { return "official.link" }

func (c admitOfficial) decide(d *decision) error {
	if err := d.touch(c.id); err != nil {
		return err
	}
	row, err := d.n.book.Account(d.ctx, c.id)
	switch {
	case isRefusal(err, jisr.NoSuch) && c.terms.Invitation == "":
		if err := d.nameFree(jisr.ThingID("token/" + c.id.Name())); err != nil {
			return err
		}
		if err := d.place(c, nil); err != nil {
			return err
		}
		return d.house(planned{kind: jisr.KindOfficialLink, about: c.id, terms: c.terms})
	case err != nil:
		return err
	}
	acc := &row.Account
	if id := acc.Identity; c.terms.Invitation == "" && acc.Ended == nil && id != nil && id.Subject == d.n.provider.subjectHash(id.Salt, c.subject) {
		if slices.Equal(acc.Roles, c.roles) && acc.Desk == c.desk || !id.Managed {
			d.done.Existing = true
			return nil
		}
		return d.place(c, acc)
	}
	if c.terms.Invitation == "" { // the provider's word alone opens no post that is here
		return jisr.Refuse(jisr.NotLinked, c.id.Name())
	}
	if err := acc.MayLink(&c.terms, d.now); err != nil {
		return err
	}
	return d.house(planned{kind: jisr.KindOfficialLink, about: c.id, terms: c.terms})
}

// place says where a post works, within the mapping. The last administrator stays one.
func (d *decision) place(c admitOfficial, was *jisr.Account) error {
	if err := d.checkPlace(c.desk, c.roles); err != nil {
		return err
	}
	title := jisr.Text{"und": c.post}
	if was != nil {
		title = was.Title
		if slices.Contains(was.Roles, jisr.Admin) && !slices.Contains(c.roles, jisr.Admin) {
			if err := d.keepAnAdmin(c.id); err != nil {
				return err
			}
		}
	} else if c.post == "" {
		desks, err := d.n.book.Desks(d.ctx)
		if err != nil {
			return err
		}
		title = desks[c.desk].Title
	}
	if err := checkTitle(title); err != nil {
		return err
	}
	return d.house(planned{kind: jisr.KindOfficialAdd, about: c.id, terms: jisr.OfficialTerms{Post: title, Desk: c.desk, Roles: c.roles}})
}

// EndAtProvider is where an official ends its session at the identity provider too (RP-Initiated Logout 1.0 section 2); empty:
// the provider names no such address, or does not answer.
func (n *Node) EndAtProvider(ctx context.Context, host, lang string) string {
	if n.provider == nil {
		return ""
	}
	_, m, err := n.provider.discover(ctx, n.now())
	if err != nil {
		return ""
	}
	u, err := url.Parse(m.EndSession)
	scheme, _, _ := strings.Cut(n.provider.config.Issuer, ":")
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != scheme {
		return ""
	}
	q := u.Query()
	q.Set("client_id", n.provider.config.ClientID)
	q.Set("post_logout_redirect_uri", n.base(host)+"/"+lang+"/sign-in")
	u.RawQuery = q.Encode()
	return u.String()
}

// clipped is an error for the log: some carry what a server answered.
func clipped(err error) string {
	if err == nil {
		return ""
	}
	const most = 300
	s := err.Error()
	return s[:min(len(s), most)]
}
