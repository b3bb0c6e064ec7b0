package portal

import (
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/a-h/templ"

	"jisr"
	"jisr/node"
)

// sessionCookie carries the session. It is named by member, because nodes may share a host name, and cookies
// know no ports (RFC 6265 section 8.5).
// Over TLS its name begins with __Host-: a browser then takes it from this host only, with Secure and no Domain
// (RFC 6265bis section 4.1.3.2), so that no neighbour in the domain can put one in its place.
func (s *site) sessionCookie(r *http.Request) string {
	if s.overTLS(r) {
		return "__Host-" + s.cookieName()
	}
	return s.cookieName()
}

func (s *site) cookieName() string { return "jisr-" + string(s.node.Self().ID) }

func (s *site) overTLS(r *http.Request) bool { return s.secure || r.TLS != nil }

func (s *site) languageCookie() string { return s.cookieName() + "-lang" }

func (s *site) callerOf(r *http.Request) (node.Caller, error) {
	c, err := r.Cookie(s.sessionCookie(r))
	if err != nil {
		return node.Caller{}, errNoSession
	}
	active := r.Header.Get("HX-Request") != "true" && r.Header.Get("Accept") != "text/event-stream" // the official asks, not the page by itself
	caller, err := s.node.Session(r.Context(), c.Value, active)
	var refusal *jisr.Refusal
	if errors.As(err, &refusal) && refusal.Kind == jisr.BadLogin {
		return node.Caller{}, errNoSession
	}
	return caller, err
}

// cookie makes a cookie that scripts cannot read and other sites cannot send along with anything that changes
// something. An empty value removes it.
func (s *site) cookie(r *http.Request, name, value string) *http.Cookie {
	c := &http.Cookie{Name: name, Value: value, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: s.overTLS(r)}
	if value == "" {
		c.MaxAge = -1
	}
	return c
}

// rememberLanguage keeps the language a page was read in, for the bare address.
func (s *site) rememberLanguage(w http.ResponseWriter, r *request) {
	if r.Method != http.MethodGet {
		return
	}
	if c, err := r.Cookie(s.languageCookie()); err == nil && c.Value == r.lang {
		return
	}
	c := s.cookie(r.Request, s.languageCookie(), r.lang)
	c.MaxAge = 365 * 24 * 60 * 60
	http.SetCookie(w, c)
}

// toSignIn sends who is not signed in there, and back to the page asked for afterwards. What was posted
// without a session is not kept. A live page that asks for itself is told plainly, and then loads anew.
func (s *site) toSignIn(r *request) *answer {
	to := "/" + r.lang + "/sign-in"
	if r.Method == http.MethodGet && r.URL.Path != "/"+r.lang+"/" {
		to += "?" + url.Values{"next": {r.URL.RequestURI()}}.Encode()
	}
	if isLive(r) {
		return &answer{status: http.StatusUnauthorized, page: templ.NopComponent}
	}
	return &answer{to: to}
}

// signInView is what stands on the page for signing in.
type signInView struct {
	Page
	Next     string
	Official string
	Problem  string        // why it did not work, as a sentence
	Names    []MemberBadge // of the governments this one works with
	Passkey  *asked        // nil: passkeys do not work under this name …
	Elsewise string        // … and here they do
	Provider string        // host of the identity provider; empty: there is none
	EndThere string        // address where an official who has signed out here does so there
}

func (s *site) signInForm(r *request) (*answer, error) {
	next := samePath(s.langs, r.URL.Query().Get("next"))
	if r.caller.Account != "" {
		return &answer{to: orHome(r, next)}, nil
	}
	v, err := s.signInView(r, next)
	if v.Provider != "" && r.URL.Query().Has("out") {
		v.EndThere = s.node.EndAtProvider(r.Context(), r.Host, r.lang)
	}
	return &answer{page: signInPage(v)}, err
}

func (s *site) signIn(r *request) (*answer, error) {
	name := strings.TrimSpace(r.PostForm.Get("official"))
	session, err := s.node.SignIn(r.Context(), strings.ToLower(name), r.PostForm.Get("password"), fromOf(r.Request))
	return s.signedIn(r, session, err)
}

// signedIn goes on where the official wanted to, or says again what the page for signing in says.
func (s *site) signedIn(r *request, session string, err error) (*answer, error) {
	name, next := strings.TrimSpace(r.PostForm.Get("official")), samePath(s.langs, r.PostForm.Get("next"))
	return s.arrived(r, session, name, next, err)
}

func (s *site) arrived(r *request, session, name, next string, err error) (*answer, error) {
	var refusal *jisr.Refusal
	if errors.As(err, &refusal) {
		v, err := s.signInView(r, next)
		v.Official, v.Problem = clip(name, maxField), sentence(r.l, refusal)
		return &answer{status: statusOf(refusal.Kind), page: signInPage(v)}, err
	}
	if err != nil {
		return nil, err
	}
	return &answer{to: orHome(r, next), cookies: []*http.Cookie{s.cookie(r.Request, s.sessionCookie(r.Request), session)}}, nil
}

func (s *site) signInView(r *request, next string) (signInView, error) {
	passkey, err := s.beginSignIn(r)
	return signInView{Page: s.page(r, "signin"), Next: next, Names: s.badges(r), Passkey: passkey, Elsewise: localhost(r), Provider: s.node.Provider()}, err
}

// badges names all members: the page for signing in says whose portal this is and with whom it works.
func (s *site) badges(r *request) []MemberBadge {
	rd := s.reader(r)
	var all []MemberBadge
	for _, m := range append([]jisr.MemberID{rd.self}, s.partners()...) {
		all = append(all, MemberBadge{ID: string(m), Name: rd.name(m)})
	}
	return all
}

func (s *site) signOut(r *request) (*answer, error) {
	if c, err := r.Cookie(s.sessionCookie(r.Request)); err == nil {
		if err := s.node.SignOut(c.Value); err != nil {
			return nil, err
		}
	}
	to := "/" + r.lang + "/sign-in"
	if r.caller.CameBy() == node.ByProvider {
		to += "?out"
	}
	return &answer{to: to, cookies: []*http.Cookie{s.cookie(r.Request, s.sessionCookie(r.Request), "")}}, nil
}

// fromOf says where a sign-in comes from.
func fromOf(r *http.Request) node.From { return node.From{Address: addressOf(r), Agent: r.UserAgent()} }

// addressOf is who tries to sign in, for counting attempts. Behind a proxy it is the proxy for all, and then
// attempts on one name are what is counted: a header that says otherwise could be written by anybody.
func addressOf(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

// samePath keeps the address of a page of this portal and nothing else: a sign-in page that sends the reader
// on to another site would lend it this portal's name.
func samePath(langs []string, next string) string {
	u, err := url.Parse(next)
	if err != nil || len(next) > maxAddress || u.Scheme != "" || u.Host != "" || u.User != nil || u.Opaque != "" {
		return ""
	}
	if strings.ContainsFunc(next, func(c rune) bool { return c <= 0x20 || c == '\\' || c == 0x7f }) || strings.Contains(u.Path, "//") || strings.Contains(u.Path, "/.") {
		return ""
	}
	for _, lang := range langs {
		if strings.HasPrefix(u.EscapedPath(), "/"+lang+"/") {
			return u.RequestURI()
		}
	}
	return ""
}

func orHome(r *request, next string) string {
	if next != "" {
		return next
	}
	return "/" + r.lang + "/"
}
