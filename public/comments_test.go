package public_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"jisr"
	"jisr/book"
	"jisr/node"
)

// send posts a form to the comments of a statement, as a browser of the page does.
func send(h http.Handler, path, from string, form url.Values, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("POST", path, strings.NewReader(form.Encode()))
	r.RemoteAddr = from
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func written(name, text string) url.Values {
	return url.Values{"name": {name}, "email": {"reader@example.org"}, "text": {text}}
}

func TestACommentIsHeldUntilAModeratorShowsIt(t *testing.T) {
	w, h, id, secret := houses(t, "نص")
	at := "/public/ar/statements/iq-sy/" + id.Name()
	form := get(h, at).Body.String()
	if !strings.Contains(form, `action="`+at+`/comments"`) || strings.Count(form, `<span aria-hidden="true">*</span>`) != 3 || strings.Count(form, " required") != 3 {
		t.Error("the form does not mark what is required")
	}
	got := send(h, at+"/comments", "192.0.2.1:1", written("قارئة", "رأي <script>alert(1)</script>\n\nوسطر ثانٍ"))
	if got.Code != http.StatusSeeOther || get(h, got.Header().Get("Location")).Code != 200 {
		t.Fatalf("a comment: %d %s", got.Code, got.Body)
	}
	if strings.Contains(get(h, at).Body.String(), "رأي") {
		t.Error("a comment is shown that nobody looked at")
	}
	moderator := w.Official("iq", "spokes", jisr.Spokesperson)
	rows, _, counts, err := w.Node("iq").Comments(t.Context(), moderator, book.CommentQuery{})
	if err != nil || len(rows) != 1 || rows[0].State != jisr.CommentHeld || rows[0].Body.Email != "reader@example.org" || counts[jisr.CommentHeld] != 1 {
		t.Fatalf("held: %+v, %v, %v", rows, counts, err)
	}
	decide := func(verdict jisr.Kind, ids ...jisr.ThingID) error {
		_, err := w.Node("iq").Do(t.Context(), moderator, node.ModerateComments{IDs: ids, Verdict: verdict})
		return err
	}
	check := func(step string, verdict jisr.Kind, shown bool) {
		t.Helper()
		if err := decide(verdict, rows[0].ID); err != nil {
			t.Fatalf("%s: %v", step, err)
		}
		body := get(site(t, w.Node("iq"), true), at).Body.String() // what was kept in memory may be a second old
		if strings.Contains(body, "رأي &lt;script&gt;") != shown {
			t.Errorf("%s: shown %v", step, !shown)
		}
		if strings.Contains(body, "<script>alert") || strings.Contains(body, "reader@example.org") {
			t.Errorf("%s: the page has a script of a reader, or the address", step)
		}
	}
	check("approved", jisr.KindCommentApprove, true)
	check("withdrawn", jisr.KindCommentWithdraw, false)
	check("reopened", jisr.KindCommentReopen, false)
	check("declined", jisr.KindCommentDecline, false)
	check("undone", jisr.KindCommentReopen, false)
	if err := decide(jisr.KindCommentWithdraw, rows[0].ID); err == nil {
		t.Error("what was not shown was withdrawn")
	}
	if err := decide(jisr.KindCommentApprove, rows[0].ID, "comment/iq-nothing"); err == nil {
		t.Error("a decision about what is not there")
	}
	if rows, _, _, _ := w.Node("iq").Comments(t.Context(), moderator, book.CommentQuery{State: jisr.CommentHeld}); len(rows) != 1 {
		t.Error("of several, some were decided and one was refused")
	}
	for _, other := range []node.Caller{w.Official("iq", "drafter", jisr.Drafter), w.Official("iq", "admin", jisr.Admin)} {
		if _, _, _, err := w.Node("iq").Comments(t.Context(), other, book.CommentQuery{}); err == nil {
			t.Errorf("%s reads addresses of readers", other.Account)
		}
	}
	if rows, _, err := w.Node("sy").Book().Comments(t.Context(), book.Whole(), book.CommentQuery{}); err != nil || len(rows) != 0 {
		t.Errorf("the other side holds %d comments, %v", len(rows), err)
	}
	if got := send(h, "/public/ar/statements/iq-sy/"+secret.Name()+"/comments", "192.0.2.9:1", written("x", "y")); got.Code != http.StatusNotFound {
		t.Errorf("a comment on what is not public: %d", got.Code)
	}
}

// What is no comment is refused, told to its writer, or kept from counting; and nothing of it is kept.
func TestCommentsThatAreNone(t *testing.T) {
	w, h, id, _ := houses(t, "نص")
	at := "/public/ar/statements/iq-sy/" + id.Name() + "/comments"
	with := func(key, value string) url.Values {
		f := written("قارئ", "رأي")
		f.Set(key, value)
		return f
	}
	for name, c := range map[string]struct {
		form    url.Values
		headers []string
		want    int
	}{
		"no name":             {with("name", " "), nil, 422},
		"no text":             {with("text", ""), nil, 422},
		"no address":          {with("email", "reader"), nil, 422},
		"a header in it":      {with("email", "reader@example.org\r\nBcc: all@example.org"), nil, 422},
		"two addresses":       {with("email", "reader@example.org,all@example.org"), nil, 422},
		"a name of two lines": {with("name", "a\r\nSet-Cookie: x=y"), nil, 422},
		"control characters":  {with("text", "a\x00b"), nil, 422},
		"turned direction":    {with("name", "a\u202eb"), nil, 422},
		"a long text":         {with("text", strings.Repeat("ن", jisr.MaxComment+1)), nil, 422},
		"a huge body":         {with("text", strings.Repeat("x", 100_000)), nil, 413},
		"the trap":            {with("website", "http://example.org"), nil, 303},
		"as browsers send it": {with("website", "x"), []string{"Sec-Fetch-Site", "same-origin", "Origin", "null"}, 303},
		"another site":        {with("name", "a"), []string{"Sec-Fetch-Site", "cross-site"}, 415},
		"another origin":      {with("name", "a"), []string{"Origin", "https://evil.example"}, 415},
		"another type":        {with("name", "a"), []string{"Content-Type", "text/plain"}, 415},
		"files":               {with("name", "a"), []string{"Content-Type", "multipart/form-data; boundary=x"}, 415},
	} {
		got := send(h, at, "198.51.100.7:1", c.form, c.headers...)
		if got.Code != c.want {
			t.Errorf("%s: %d, want %d: %.200s", name, got.Code, c.want, got.Body)
		}
		if got.Code == 422 && (!strings.Contains(got.Body.String(), `id="problem"`) || strings.Contains(got.Body.String(), "\u202e")) {
			t.Errorf("%s: the form does not come back with what is wrong", name)
		}
		if got.Header().Get("Set-Cookie") != "" || got.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s: headers %v", name, got.Header())
		}
	}
	if counts, err := w.Node("iq").Book().CommentCounts(t.Context(), book.Whole()); err != nil || len(counts) > 0 {
		t.Errorf("kept: %v, %v", counts, err)
	}
}

// One caller sends a few at once and then one in five minutes; all together send no more than a moderator can look at.
func TestAFloodOfCommentsIsHeldBack(t *testing.T) {
	_, h, id, _ := houses(t, "نص")
	at := "/public/ar/statements/iq-sy/" + id.Name() + "/comments"
	kept := 0
	for range 20 {
		if send(h, at, "192.0.2.1:1", written("قارئ", "رأي")).Code == http.StatusSeeOther {
			kept++
		}
	}
	if kept == 0 || kept > 5 {
		t.Errorf("one caller sent %d comments at once", kept)
	}
	all := 0
	for i := range 100 {
		if send(h, at, "198.51.100."+string(rune('0'+i%10))+string(rune('0'+i/10))+":1", written("قارئ", "رأي")).Code == http.StatusSeeOther {
			all++
		}
	}
	if all == 0 || all+kept > 70 {
		t.Errorf("a hundred callers sent %d comments at once", all)
	}
}

func TestCommentsAreOffByASwitch(t *testing.T) {
	w, _, id, _ := houses(t, "نص")
	h := site(t, w.Node("iq"), false)
	at := "/public/ar/statements/iq-sy/" + id.Name()
	if page := get(h, at); page.Code != 200 || strings.Contains(page.Body.String(), "<form") {
		t.Errorf("the page: %d, or it has a form", page.Code)
	}
	if got := send(h, at+"/comments", "192.0.2.1:1", written("قارئ", "رأي")); got.Code/100 != 4 {
		t.Errorf("a comment: %d", got.Code)
	}
}
