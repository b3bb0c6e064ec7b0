package public_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"regexp"
	"strings"
	"testing"
	"time"

	"jisr"
	"jisr/node"
	"jisr/node/nodetest"
	"jisr/public"
	"jisr/words"
)

// world is two members, one statement that is public and one that is not, and the public page of one of them.
func world(t testing.TB, text string) (h http.Handler, out, secret jisr.ThingID) {
	_, h, out, secret = houses(t, text)
	return h, out, secret
}

// houses is world with its houses.
func houses(t testing.TB, text string) (w *nodetest.World, h http.Handler, out, secret jisr.ThingID) {
	w = nodetest.New(t, "iq", "sy")
	iq := w.As("iq")
	begin := func(title string) jisr.ThingID {
		id := iq.Says(jisr.KindStatementPropose, "", jisr.StatementTerms{Title: jisr.Text{"ar": title, "en": title + " (en)"}, Members: []jisr.MemberID{"iq", "sy"}, Languages: []string{"ar", "en"}}, nil)
		iq.Says(jisr.KindStatementEdit, id, jisr.EditTerms{Ops: []jisr.Op{{Segment: "iq-" + id.Name()[3:], Kind: jisr.Narrative}}}, jisr.EditBody{Texts: []jisr.Text{{"ar": text, "en": text}}})
		return id
	}
	out, secret = begin("بيان عن المياه"), begin("بيان لم يُنشر")
	iq.Done()
	w.Settle()
	for _, m := range []jisr.MemberID{"iq", "sy"} {
		for _, id := range []jisr.ThingID{out, secret} {
			a := w.As(m)
			a.Do(node.ApproveStatement{Forum: w.Forum, ID: id})
			a.Done()
		}
		w.Settle()
	}
	iq.Do(node.ReleaseStatement{Forum: w.Forum, ID: out})
	iq.Done()
	w.Settle()
	return w, site(t, w.Node("iq"), true), out, secret
}

// site is the public page of a node.
func site(t testing.TB, n *node.Node, comments bool) http.Handler {
	catalogue, err := words.New()
	if err != nil {
		t.Fatal(err)
	}
	return public.New(public.Config{Node: n, Words: catalogue, URL: "https://statements.example", Comments: comments})
}

func ask(h http.Handler, method, path, from string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, nil)
	r.RemoteAddr = from
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func get(h http.Handler, path string) *httptest.ResponseRecorder {
	return ask(h, "GET", path, "192.0.2.1:1")
}

func TestWhatIsReleasedIsReadVerifiedAndFollowed(t *testing.T) {
	h, id, _ := world(t, "اتفق الجانبان على <b>تبادل</b> المناسيب.")
	at := "/statements/iq-sy/" + id.Name()
	for _, lang := range []string{"ar", "en"} {
		list, page := get(h, "/public/"+lang+"/"), get(h, "/public/"+lang+at)
		if list.Code != 200 || !strings.Contains(list.Body.String(), "/public/"+lang+at) {
			t.Errorf("%s: the list is %d", lang, list.Code)
		}
		body := page.Body.String()
		if page.Code != 200 || !strings.Contains(body, "&lt;b&gt;") || strings.Contains(body, "<b>تبادل") || !strings.Contains(body, `lang="`+lang+`"`) {
			t.Errorf("%s: the page is %d: %s", lang, page.Code, body)
		}
		m := regexp.MustCompile(`(?s)<script[^>]*application/ld\+json[^>]*>(.*?)</script>`).FindStringSubmatch(body)
		var data map[string]any
		if m == nil || json.Unmarshal([]byte(m[1]), &data) != nil || data["@type"] != "Article" || data["inLanguage"] != lang {
			t.Errorf("%s: what search engines read is %v", lang, m)
		}
		if strings.Contains(body, "<style") || strings.Contains(body, "style=") || strings.Count(body, "<script") != 2 || !strings.Contains(body, `<script src="/public/verify.js" defer></script>`) {
			t.Errorf("%s: the page needs what its policy forbids", lang)
		}
	}
	if other := get(h, "/public/en"+at+"/in/ar"); other.Code != 200 || !strings.Contains(other.Body.String(), `<div class="text" lang="ar" dir="rtl">`) {
		t.Errorf("the text in another language: %d", other.Code)
	}
	raw := get(h, "/public"+at+"/text.json").Body.Bytes()
	sum := sha256.Sum256(append([]byte("jisr statement/v1\n"), raw...))
	if page := get(h, "/public/ar"+at).Body.String(); !strings.Contains(page, hex.EncodeToString(sum[:])) {
		t.Error("the hash on the page is not that of the text")
	}
	for _, m := range []string{"iq", "sy"} {
		if p := get(h, "/public"+at+"/"+m+"/proof.txt"); p.Code != 200 || p.Body.Len() < 500 {
			t.Errorf("the proof of %s: %d", m, p.Code)
		}
	}
	for _, path := range []string{"/public/ar/feed.atom", "/public/sitemap.xml"} {
		feed := get(h, path)
		if err := xml.Unmarshal(feed.Body.Bytes(), new(struct{})); err != nil || feed.Code != 200 || !strings.Contains(feed.Body.String(), "https://statements.example/public/ar"+at) {
			t.Errorf("%s: %d %v", path, feed.Code, err)
		}
	}
}

// What is not released does not exist here, by whatever address; nor does anything else of the node.
func TestNothingElseIsWithinReach(t *testing.T) {
	h, out, secret := world(t, "نص")
	at := "/statements/iq-sy/" + secret.Name()
	for _, path := range []string{"/public/ar" + at, "/public/en" + at + "/in/ar", "/public" + at + "/text.json", "/public" + at + "/iq/proof.txt", "/public/ar/statements/house/" + out.Name(),
		"/public/statements/iq-sy/" + out.Name() + "/jo/proof.txt", "/public/fr/", "/public/ar/statements/iq-sy/" + out.Name() + "/in/fr", "/ar/", "/ar/sign-in", "/api/v1/forums", "/healthz", "/metrics", "/tlog/iq-sy/iq/checkpoint",
		"/public/../api/v1/forums", "/public/ar/statements/iq-sy/..%2f..", "/public/ar/statements/iq-sy/%00", "/dist/manifest.json"} {
		got := get(h, path)
		if got.Code != 404 && got.Code/100 != 3 || strings.Contains(got.Body.String(), "لم يُنشر بيان") && strings.Contains(got.Body.String(), secret.Name()) {
			t.Errorf("%s: %d", path, got.Code)
		}
		if got.Header().Get("Content-Security-Policy") == "" {
			t.Errorf("%s has no policy", path)
		}
	}
	for _, path := range []string{"/public/ar/", "/public/ar/feed.atom", "/public/sitemap.xml"} {
		if strings.Contains(get(h, path).Body.String(), secret.Name()) {
			t.Errorf("%s tells of what is not released", path)
		}
	}
	for _, method := range []string{"POST", "PUT", "DELETE", "PATCH"} {
		if got := ask(h, method, "/public/ar/", "192.0.2.1:1"); got.Code/100 != 4 {
			t.Errorf("%s: %d", method, got.Code)
		}
	}
	if got := get(h, "/public/ar/"+strings.Repeat("a", 400)); got.Code != http.StatusRequestURITooLong {
		t.Errorf("a long path: %d", got.Code)
	}
}

// A flood from one address is answered from memory or told to slow down; others are served, and memory stays bounded.
func TestAFloodIsSlowedAndOthersAreServed(t *testing.T) {
	h, out, _ := world(t, "نص")
	slowed := false
	for i := range 200 {
		slowed = slowed || get(h, fmt.Sprintf("/public/ar/?cursor=x%d", i)).Code == http.StatusTooManyRequests
	}
	if !slowed {
		t.Error("two hundred pages were made for one caller at once")
	}
	page := "/public/ar/statements/iq-sy/" + out.Name()
	if got := ask(h, "GET", page, "198.51.100.7:1"); got.Code != 200 {
		t.Errorf("another caller: %d", got.Code)
	}
	if got := get(h, page); got.Code != 200 {
		t.Errorf("what is in memory, to the slowed caller: %d", got.Code)
	}
	var p public.Pace
	now := time.Unix(0, 0)
	for i := range 50_000 {
		p.Take(netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}), 32), now)
	}
	if n := p.Callers(); n > 10_000 {
		t.Errorf("%d callers are remembered", n)
	}
}

// FuzzAddress: whatever is asked for, the answer is no failure and tells nothing of what is not released.
func FuzzAddress(f *testing.F) {
	for _, s := range []string{"ar/", "ar/statements/iq-sy/iq-1", "statements/iq-sy/x/iq/proof.txt", "ar/?cursor=1.2", "../..", "%2e%2e/"} {
		f.Add(s)
	}
	h, _, secret := world(f, "نص")
	f.Fuzz(func(t *testing.T, path string) {
		r, err := http.NewRequest("GET", "/public/"+path, nil)
		if err != nil {
			return
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code >= 500 || strings.Contains(w.Body.String(), secret.Name()) && !strings.Contains(path, secret.Name()) {
			t.Fatalf("%q: %d", path, w.Code)
		}
	})
}
