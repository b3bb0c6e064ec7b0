package api_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"jisr"
	"jisr/api"
	"jisr/node"
	"jisr/words"
)

// world is two governments, Iraq and Syria, each with its own node and API, and a forum of both. Nothing in it is
// made up: logs, links and tokens are those of a deployment.
type world struct {
	nodes  map[string]*node.Node
	urls   map[string]string
	tokens map[string]string // "iq drafter"

	handlers map[string]http.Handler
	logs     *safeBuffer
	stop     func() // parts the nodes
}

// safeBuffer takes what several goroutines log.
type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}
func (b *safeBuffer) String() string { b.mu.Lock(); defer b.mu.Unlock(); return b.b.String() }

// newWorld opens both nodes and lets them meet until the test ends.
func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{nodes: map[string]*node.Node{}, urls: map[string]string{}, tokens: map[string]string{}, handlers: map[string]http.Handler{}, logs: &safeBuffer{}}
	listeners := map[string]net.Listener{}
	for member, name := range map[string]jisr.Text{"iq": {"ar": "جمهورية العراق", "en": "Republic of Iraq"}, "sy": {"ar": "الجمهورية العربية السورية", "en": "Syrian Arab Republic"}} {
		listeners[member] = listen(t)
		w.open(t, member, name, listeners[member].Addr().String())
	}
	w.enter(t, "iq", "sy")
	w.enter(t, "sy", "iq")
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, len(w.nodes))
	for member, n := range w.nodes {
		go func() { done <- n.Run(ctx, listeners[member]) }()
	}
	w.stop = sync.OnceFunc(func() {
		stop()
		for range w.nodes {
			if err := <-done; err != nil {
				t.Errorf("a node stopped: %v", err)
			}
		}
	})
	t.Cleanup(func() {
		w.stop()
		for _, n := range w.nodes {
			if err := n.Close(); err != nil {
				t.Errorf("closing a node: %v", err)
			}
		}
	})
	return w
}

func listen(t testing.TB) net.Listener {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	return l
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (w *world) open(t testing.TB, member string, name jisr.Text, address string) {
	dir, ctx := t.TempDir(), t.Context()
	c := node.Config{Member: member, Origin: "jisr.mofa.gov." + member, Name: name, Link: node.LinkConfig{Addresses: []string{address}}}
	check(t, node.Create(ctx, dir, c))
	n, err := node.Open(ctx, node.Options{Dir: dir, Config: c})
	check(t, err)
	w.nodes[member] = n
	do(t, n, node.AddDesk{ID: "mofa", Title: jisr.Text{"ar": "وزارة الخارجية", "en": "Ministry of Foreign Affairs"}})
	for id, roles := range map[string][]jisr.Role{
		"drafter": {jisr.Drafter}, "releaser": {jisr.Releaser}, "direct": {jisr.Direct}, "reader": {jisr.Reader}, "admin": {jisr.Admin}, "auditor": {jisr.Auditor},
	} {
		w.tokens[member+" "+id] = do(t, n, node.AddToken{ID: id, Title: jisr.Text{"en": id}, Desk: "mofa", Roles: roles}).Secret
	}
	words, err := words.New()
	check(t, err)
	h, err := api.New(api.Config{Node: n, Words: words, Logger: slog.New(slog.NewTextHandler(w.logs, nil))})
	check(t, err)
	w.handlers[member] = h
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	w.urls[member] = server.URL
}

func (w *world) enter(t testing.TB, member, other string) {
	do(t, w.nodes[member], node.AcceptForum{Forum: "iq-sy", Title: jisr.Text{"ar": "منتدى التعاون العراقي السوري", "en": "Iraqi–Syrian cooperation forum"},
		Letters: [][]byte{w.nodes[other].Self().Letter}})
}

func do(t testing.TB, n *node.Node, cmd node.Command) node.Done {
	t.Helper()
	done, err := n.Do(t.Context(), n.Operator(), cmd)
	check(t, err)
	return done
}

// answer is what came back, read whole.
type answer struct {
	*http.Response
	body []byte
}

// ask sends a request as a program would: at names node and token, "iq drafter", or node alone.
func (w *world) ask(t testing.TB, at, method, path, body string, headers ...string) answer {
	t.Helper()
	member, _, _ := strings.Cut(at, " ")
	r, err := http.NewRequestWithContext(t.Context(), method, w.urls[member]+path, strings.NewReader(body))
	check(t, err)
	if token := w.tokens[at]; token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	r.Header.Set("Accept-Language", "en")
	if strings.HasPrefix(body, "{") {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
		if headers[i+1] == "" {
			r.Header.Del(headers[i])
		}
	}
	resp, err := http.DefaultClient.Do(r)
	check(t, err)
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	check(t, err)
	return answer{resp, b}
}
