package portal

import (
	"net/http"
	"net/url"

	"jisr/node"
)

// Signing in through the house's identity provider: the browser goes there by a link (a form could not: a policy that keeps forms
// here keeps their redirects here too), and comes back to one address for all languages, which the provider knows.

// providerCookie keeps what a browser takes along to the identity provider.
func (s *site) providerCookie(r *http.Request) string { return s.sessionCookie(r) + "-provider" }

const providerMinutes = 10

// toProvider is the address that leads to the identity provider, and in the end to a page.
func (p Page) toProvider(next string) string {
	to := p.At("/sign-in/provider")
	if next != "" {
		to += "?" + url.Values{"next": {next}}.Encode()
	}
	return to
}

func (s *site) toProvider(r *request) (*answer, error) {
	leaving, err := s.node.LeaveForProvider(r.Context(), r.Host, "", samePath(s.langs, r.URL.Query().Get("next")), fromOf(r.Request))
	if err != nil {
		return s.arrived(r, "", "", "", err)
	}
	return &answer{to: leaving.To, cookies: []*http.Cookie{s.kept(r, leaving)}}, nil
}

// kept is the cookie that shows, when the browser comes back, that it is the one that left.
func (s *site) kept(r *request, leaving node.Leaving) *http.Cookie {
	c := s.cookie(r.Request, s.providerCookie(r.Request), leaving.Kept)
	c.MaxAge = providerMinutes * 60
	return c
}

// linkProvider takes an invitation, and shows the way to the identity provider that will vouch for the post from now on.
func (s *site) linkProvider(r *request) (*answer, error) {
	v := enrolView{Page: s.page(r, ""), Provider: s.node.Provider()}
	leaving, err := s.node.LeaveForProvider(r.Context(), r.Host, clip(r.PostForm.Get("invitation"), maxField), "/"+r.lang+"/access", fromOf(r.Request))
	if err != nil {
		return notEnrolled(r, v, err)
	}
	v.Leave, v.Post = leaving.To, inLanguage(r.l, leaving.Post)
	return &answer{page: enrolPage(v), cookies: []*http.Cookie{s.kept(r, leaving)}}, nil
}

// backFromProvider is where the identity provider sends browsers back to.
func (s *site) backFromProvider(w http.ResponseWriter, r *http.Request) {
	s.handler(s.languageOf(r), route{access: anybody, serve: (*site).fromProvider}).ServeHTTP(w, r)
}

func (s *site) fromProvider(r *request) (*answer, error) {
	kept := ""
	if c, err := r.Cookie(s.providerCookie(r.Request)); err == nil {
		kept = c.Value
	}
	query := r.URL.Query()
	session, next, err := s.node.FromProvider(r.Context(), kept, query, fromOf(r.Request))
	a, err := s.arrived(r, session, "", samePath(s.langs, next), err)
	if a != nil {
		a.cookies = append(a.cookies, s.cookie(r.Request, s.providerCookie(r.Request), ""))
	}
	return a, err
}
