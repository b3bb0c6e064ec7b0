package portal_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// Words that another site chooses, and the length of the page they come back on, tell nothing of what else stands there: the page is
// not compressed. What the official itself asks for is; and no token of a form is the same twice.
func TestLengthsTellNothing(t *testing.T) {
	iq, _ := world(t)
	iq.sends(verbale("sy", "مشروع السد المكتوم"))
	b := iq.signedIn("head.treaties")
	asks := func(site, query string) (coding string, length int, body string) {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, b.base+"/ar/notes?q="+url.QueryEscape(query), nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Accept-Encoding", "gzip")
		if site != "" {
			req.Header.Set("Sec-Fetch-Site", site)
		}
		answer, err := b.http.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		raw, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		body = string(raw)
		if coding = answer.Header.Get("Content-Encoding"); coding == "gzip" {
			z, err := gzip.NewReader(strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			if raw, err = io.ReadAll(z); err != nil {
				t.Fatal(err)
			}
			return coding, len(body), string(raw)
		}
		return coding, len(body), body
	}
	for _, site := range []string{"cross-site", "same-site", ""} {
		coding, right, _ := asks(site, "السد المكتوم zzzzzz")
		_, wrong, _ := asks(site, "السر المكنون zzzzzz")
		if coding != "" || right != wrong {
			t.Errorf("asked from %q: coded %q, %d bytes with the right guess and %d with a wrong one", site, coding, right, wrong)
		}
	}
	coding, _, body := asks("same-origin", "السد")
	if coding != "gzip" || !strings.Contains(body, "السد") {
		t.Errorf("what the official asks for is coded %q", coding)
	}
	_, _, again := asks("same-origin", "السد")
	if one, two := fieldsOf(t, body, "/sign-out").Get("form_token"), fieldsOf(t, again, "/sign-out").Get("form_token"); one == "" || one == two || common(one, two) > 24 {
		t.Errorf("the tokens of two pages: %s, %s", one, two)
	}
}

// common is how many characters two texts begin with alike: the time at which a token ends is no secret.
func common(a, b string) int {
	n := 0
	for n < min(len(a), len(b)) && a[n] == b[n] {
		n++
	}
	return n
}
