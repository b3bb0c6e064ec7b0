package portal_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"jisr"
)

// A browser that does not say where a form came from has to bring the token of its page; another session's is refused.
func TestFormsCarryATokenOfTheSession(t *testing.T) {
	h := newHouse(t, "iq", jisr.Text{"ar": "العراق", "en": "Iraq"})
	mine, theirs := h.signedIn("first.secretary").stay(), h.signedIn("head.treaties").stay()
	page := mine.get("/ar/access")
	forms := 0
	each(parse(t, page.body), func(f *html.Node) {
		if attr(f, "method") != "post" {
			return
		}
		forms++
		token := 0
		each(f, func(n *html.Node) {
			if attr(n, "name") == "form_token" && attr(n, "type") == "hidden" {
				token++
			}
		}, "input")
		if token != 1 {
			t.Errorf("the form for %s carries %d tokens", attr(f, "action"), token)
		}
	}, "form")
	if forms == 0 {
		t.Fatal("no form to look at")
	}
	tokenOf := func(b *browser) string {
		return fieldsOf(t, b.get("/ar/access").body, "/ar/sign-out").Get("form_token")
	}
	if one, other := tokenOf(mine), tokenOf(mine); one == other {
		t.Error("two pages carry the same token")
	}
	posts := func(token string, headers ...string) page2 {
		p := mine.request(http.MethodPost, "/ar/notes/new", url.Values{"form_token": {token}}.Encode(), append(headers, "Content-Type", urlencoded)...)
		return page2{p.status, strings.Contains(p.body, "لم يعد هذا سارياً")}
	}
	for name, c := range map[string]struct {
		got     page2
		refused bool
	}{
		"no token, no word of where from": {posts(""), true},
		"its token":                       {posts(tokenOf(mine)), false},
		"another session's":               {posts(tokenOf(theirs)), true},
		"another's, from this origin":     {posts(tokenOf(theirs), "Sec-Fetch-Site", "same-origin"), false},
		"no token, from this origin":      {posts("", "Sec-Fetch-Site", "same-origin"), false},
		"no token, typed by hand":         {posts("", "Sec-Fetch-Site", "none"), true},
		"broken":                          {posts(tokenOf(mine) + "x"), true},
	} {
		if c.got.lapsed != c.refused || c.refused && c.got.status != http.StatusConflict {
			t.Errorf("%s: %+v", name, c.got)
		}
	}
}

type page2 struct {
	status int
	lapsed bool
}
