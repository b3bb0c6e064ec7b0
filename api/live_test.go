package api_test

import (
	"bufio"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"jisr/api"
	"jisr/words"
)

func dial(t *testing.T, at string) *net.TCPConn {
	u, err := url.Parse(at)
	check(t, err)
	c, err := net.Dial("tcp", u.Host)
	check(t, err)
	return c.(*net.TCPConn)
}

// The other side hears of a note without asking again.
func TestEvents(t *testing.T) {
	w := newWorld(t)
	r, err := http.NewRequestWithContext(t.Context(), "GET", w.urls["sy"]+"/api/v1/events", nil)
	check(t, err)
	r.Header.Set("Authorization", "Bearer "+w.tokens["sy reader"])
	resp, err := http.DefaultClient.Do(r)
	check(t, err)
	defer resp.Body.Close()
	lines := bufio.NewScanner(resp.Body)
	lines.Scan() // listening: from here on nothing is missed
	lines.Scan()
	a := w.ask(t, "iq direct", "POST", "/api/v1/forums/iq-sy/notes", strings.Replace(goodNote, "{", `{"release":true,`, 1))
	var sent struct{ ID string }
	check(t, json.Unmarshal(a.body, &sent))
	for lines.Scan() {
		if strings.Contains(lines.Text(), `"about":"note/`+sent.ID+`"`) {
			return
		}
	}
	t.Fatalf("the stream ended without it: %v", lines.Err())
}

// A write that waits for a side that is away is durable, and says 202 when its time is over or the node stops.
func TestWaitingEnds(t *testing.T) {
	w := newWorld(t)
	words, err := words.New()
	check(t, err)
	closing := make(chan struct{})
	close(closing)
	h, err := api.New(api.Config{Node: w.nodes["iq"], Words: words, Closing: closing})
	check(t, err)
	w.stop()
	r := httptest.NewRequest("POST", "/api/v1/forums/iq-sy/notes", strings.NewReader(strings.Replace(goodNote, "{", `{"release":true,`, 1)))
	r.Header.Set("Authorization", "Bearer "+w.tokens["iq direct"])
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Prefer", "wait=60")
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, r)
	if rec.Code != http.StatusAccepted || !strings.Contains(rec.Body.String(), `"state":"released"`) {
		t.Errorf("%d %s", rec.Code, rec.Body)
	}
	a := w.ask(t, "iq direct", "POST", "/api/v1/forums/iq-sy/notes", strings.Replace(goodNote, "{", `{"release":true,`, 1), "Prefer", "wait=1")
	if a.StatusCode != http.StatusAccepted || a.Header.Get("Location") == "" {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
}

// What /tlog/ serves is what an auditor's own tools check: the checkpoint under the log's key, and the leaf under the
// checkpoint's root, from tiles.
func TestLogsCanBeAudited(t *testing.T) {
	w := newWorld(t)
	for range 3 {
		w.ask(t, "iq direct", "POST", "/api/v1/forums/iq-sy/notes", strings.Replace(goodNote, "{", `{"release":true,`, 1), "Prefer", "wait=20")
	}
	for _, at := range []string{"iq", "sy"} { // the log, and its mirror
		keys := strings.Split(strings.TrimSpace(string(w.ask(t, at, "GET", "/tlog/iq-sy/iq/log.vkey", "").body)), "\n")
		if len(keys) != 2 {
			t.Fatalf("keys: %q", keys)
		}
		v, err := note.NewVerifier(keys[0])
		check(t, err)
		n, err := note.Open(w.ask(t, at, "GET", "/tlog/iq-sy/iq/checkpoint", "").body, note.VerifierList(v))
		check(t, err)
		tree, err := tlog.ParseTree([]byte(strings.Replace("go.sum database tree\n"+strings.Join(strings.SplitN(n.Text, "\n", 2)[1:], "\n"), "\r", "", -1)))
		check(t, err)
		if tree.N != 4 { // the joining and three notes
			t.Fatalf("%s: size %d", at, tree.N)
		}
		tile := w.ask(t, at, "GET", "/tlog/iq-sy/iq/tile/0/000.p/4", "")
		if len(tile.body) != 4*tlog.HashSize || !strings.Contains(tile.Header.Get("Cache-Control"), "immutable") {
			t.Fatalf("%s: %d %q", at, tile.StatusCode, tile.body)
		}
		root := rootOf(tile.body)
		if root != tree.Hash {
			t.Errorf("%s: the tile has root %v, the checkpoint %v", at, root, tree.Hash)
		}
	}
}

// rootOf is the root of four leaves (RFC 6962 section 2.1).
func rootOf(tile []byte) tlog.Hash {
	var h [4]tlog.Hash
	for i := range h {
		copy(h[i][:], tile[i*tlog.HashSize:])
	}
	return tlog.NodeHash(tlog.NodeHash(h[0], h[1]), tlog.NodeHash(h[2], h[3]))
}

// The document describes every address that is served, and everything it refers to is in it.
func TestDocument(t *testing.T) {
	w := newWorld(t)
	raw := w.ask(t, "iq", "GET", "/api/v1/openapi.json", "").body
	var doc struct {
		OpenAPI string
		Paths   map[string]map[string]struct {
			OperationID string
			Summary     string
			Responses   map[string]any
			Security    *[]map[string]any
		}
		Components struct {
			Schemas map[string]struct {
				Properties map[string]struct{ Description string }
			}
		}
	}
	check(t, json.Unmarshal(raw, &doc))
	var got []string
	ids := map[string]bool{}
	var openly []string
	for path, methods := range doc.Paths {
		for method, op := range methods {
			got = append(got, strings.ToUpper(method)+" "+path)
			if op.Summary == "" || op.Responses["default"] == nil || len(op.Responses) < 2 || ids[op.OperationID] {
				t.Errorf("%s %s is described poorly: %+v", method, path, op)
			}
			ids[op.OperationID] = true
			if op.Security != nil {
				openly = append(openly, strings.ToUpper(method)+" "+path)
			}
		}
	}
	slices.Sort(got)
	slices.Sort(openly)
	if !slices.Equal(got, api.Operations()) {
		t.Errorf("described: %v\nserved: %v", got, api.Operations())
	}
	if !slices.Equal(openly, api.Openings()) {
		t.Errorf("open: %v, described: %v", api.Openings(), openly)
	}
	for _, ref := range regexp.MustCompile(`"#/components/schemas/([^"]+)"`).FindAllSubmatch(raw, -1) {
		if _, ok := doc.Components.Schemas[string(ref[1])]; !ok {
			t.Errorf("no schema %s", ref[1])
		}
	}
	for _, s := range []string{"Problem", "NewNote", "Note", "PageNote"} {
		if len(doc.Components.Schemas[s].Properties) == 0 {
			t.Errorf("no schema %s among %d", s, len(doc.Components.Schemas))
		}
	}
	for name, p := range doc.Components.Schemas["NewNote"].Properties {
		if p.Description == "" {
			t.Errorf("NewNote.%s is not described", name)
		}
	}
}

// What needs a token answers nobody without one.
func TestNothingIsOpenByAccident(t *testing.T) {
	w := newWorld(t)
	for _, op := range api.Operations() {
		method, path, _ := strings.Cut(op, " ")
		if slices.ContainsFunc(api.Openings(), func(o string) bool { return strings.ReplaceAll(o, "...}", "}") == op }) {
			continue
		}
		path = regexp.MustCompile(`\{[a-z]+\}`).ReplaceAllString(path, "iq-sy")
		a := w.ask(t, "iq", method, path, "", "X-Forwarded-For", "203.0.113.7", "Tus-Resumable", "1.0.0")
		if a.StatusCode != http.StatusUnauthorized {
			t.Errorf("%s: %d", op, a.StatusCode)
		}
	}
}

// A note posted costs what it costs the node, and little more: see -bench.
func BenchmarkPostNote(b *testing.B) {
	w := newWorld(b)
	body := strings.Replace(with("text", `{"ar":"`+strings.Repeat("تقترح الوزارة فتح المعبر. ", 20)+`"}`), "{", `{"release":true,`, 1)
	b.ReportAllocs()
	b.SetParallelism(64)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			r := httptest.NewRequest("POST", "/api/v1/forums/iq-sy/notes", strings.NewReader(body))
			r.Header.Set("Authorization", "Bearer "+w.tokens["iq direct"])
			r.Header.Set("Content-Type", "application/json")
			rec := httptest.NewRecorder()
			w.handlers["iq"].ServeHTTP(rec, r)
			if rec.Code != http.StatusCreated {
				b.Errorf("%d %s", rec.Code, rec.Body)
				return
			}
		}
	})
}

// BenchmarkRefusedNote is the same without the node: what the face itself costs, from the token to the problem.
func BenchmarkRefusedNote(b *testing.B) {
	w := newWorld(b)
	body := strings.Replace(with("text", `{"ar":"`+strings.Repeat("تقترح الوزارة فتح المعبر. ", 20)+`"}`), "{", `{"release":true,`, 1)
	b.ReportAllocs()
	for b.Loop() {
		r := httptest.NewRequest("POST", "/api/v1/forums/iq-sy/notes", strings.NewReader(body))
		r.Header.Set("Authorization", "Bearer "+w.tokens["iq reader"]) // may not: refused by node.May, before anything is decided
		r.Header.Set("Content-Type", "application/json")
		rec := httptest.NewRecorder()
		w.handlers["iq"].ServeHTTP(rec, r)
		if rec.Code != http.StatusForbidden {
			b.Fatalf("%d %s", rec.Code, rec.Body)
		}
	}
}
