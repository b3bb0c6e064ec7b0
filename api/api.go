// Package api is the face for programs: JSON over HTTP, OpenAPI 3.1, everything an official can do at the portal.
//
// [New] gives one handler for /api/v1/…, /tlog/…, /healthz, /readyz and /metrics ([Paths]). routes.go is the whole
// table of addresses; the mux and the OpenAPI document are both made from it, so neither can have what the other
// lacks. One file per noun holds its bodies and what is done with them. No rule lives here: what may be done is
// decided by node, what is true stands in its book.
//
// # Huma describes, net/http serves
//
// Schemas and the document come from huma; requests do not pass through it. A note posted is decoded once, strictly,
// into the type it is described by, and the rules of jisr say what is wrong with it, in the caller's language: a
// second validation by schema would cost more than the note itself and answer in English only.
//
// # Who may ask
//
// Programs bring Authorization: Bearer TOKEN; the portal's cookie is not looked at, so no other site can make a
// browser write here. Whoever has a role that writes or the role reader reads. /tlog/ and /metrics are open to the
// same machine as well, unless the node is published under another name (see [Config]): entries hold salted
// commitments and no content, so an auditor's tools need no account of a desk.
//
// # What a write answers
//
// 201 once it is durable here. With Prefer: wait=N, 200 once every other member has signed that it holds it, or 202
// after N seconds: it is as durable, only not confirmed yet. An Idempotency-Key makes a new note safe to send again
// after a crash or a cut line on either side.
//
// # Bounds, errors, concurrency
//
// Every bound is in limits.go. Errors are problems (RFC 9457) with the refusal's kind, subject and need: problem.go.
// The handler holds no state but the count of requests at work and is safe for concurrent use. Files move in
// pieces; nothing here is ever larger in memory than a JSON body or answer.
package api

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"strings"

	"jisr"
	"jisr/book"
	"jisr/node"
	"jisr/words"
)

// Config is what the API needs.
type Config struct {
	Node   *node.Node
	Words  *words.Words
	Logger *slog.Logger // nil: discard
	// PublicURL is where programs reach this node, "https://jisr.mofa.gov.iq", when that is not where it listens: behind a
	// proxy on the same machine everybody seems to be on it, so with a PublicURL that is not of this machine nobody is
	// taken for it. Empty: the node is reached where it listens.
	PublicURL string
	// Print gives the paper of a thing in a language; form says which, where a thing has several. nil: nothing is printed.
	Print func(ctx context.Context, s book.Scope, f jisr.ForumID, id jisr.ThingID, form, lang string) ([]byte, error)
	// Read reads a text in a language from a DOCX file or plain text, named as an earlier one, with remarks in the reader's
	// words. nil: no file is read.
	Read func(file []byte, lang string, earlier []jisr.Segment, reader *words.Lang) ([]jisr.Segment, []string, error)
	// Calendar gives the calendar of a caller, or of its desk alone, in a language. nil: there are none.
	Calendar func(ctx context.Context, c node.Caller, l *words.Lang, desk bool) ([]byte, error)
	// Closing ends streams of events and waiting writes when it is closed, so that the server can stop; what was
	// waited for is durable and answered with 202. nil: they end with their requests.
	Closing <-chan struct{}
}

// server is the API at work. Nothing in it changes after New but the slots.
type server struct {
	node     *node.Node
	words    *words.Words
	log      *slog.Logger
	base     string // of absolute addresses; empty: addresses are paths
	local    bool   // whether callers on this machine are known as such
	statuses map[jisr.RefusalKind]int
	document []byte
	tiles    *regexp.Regexp
	slots    chan struct{} // one for each request at work
	streams  chan struct{} // one for each stream of events
	print    func(ctx context.Context, s book.Scope, f jisr.ForumID, id jisr.ThingID, form, lang string) ([]byte, error)
	read     func(file []byte, lang string, earlier []jisr.Segment, reader *words.Lang) ([]jisr.Segment, []string, error)
	calendar func(ctx context.Context, c node.Caller, l *words.Lang, desk bool) ([]byte, error)
	closing  <-chan struct{}
}

// Paths lists the patterns under which the handler of New is to be mounted.
func Paths() []string { return []string{"/api/", "/tlog/", "/healthz", "/readyz", "/metrics"} }

// New gives the API's handler. It fails on a PublicURL that is none.
func New(c Config) (http.Handler, error) {
	s := &server{node: c.Node, words: c.Words, log: c.Logger, local: true, statuses: statuses(), tiles: regexp.MustCompile(tilePath),
		slots: make(chan struct{}, maxInFlight), streams: make(chan struct{}, maxStreams), print: c.Print, read: c.Read, calendar: c.Calendar, closing: c.Closing}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if c.PublicURL != "" {
		u, err := url.Parse(c.PublicURL)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
			return nil, fmt.Errorf("couldn't use the public URL %q: want https://host", c.PublicURL)
		}
		if !anyHost(u.Hostname()) {
			s.base, s.local = strings.TrimSuffix(c.PublicURL, "/"), loopbackHost(u.Host)
		}
	}
	ops := operations()
	var err error
	if s.document, err = document(ops, s.base); err != nil {
		return nil, fmt.Errorf("couldn't write the OpenAPI document: %w", err)
	}
	return &face{s, s.guard(s.mux(ops))}, nil
}

// face is the server with its front door.
type face struct {
	*server
	http.Handler
}

// mux sends each address to its operations by method. What has no address or no such method is a problem as
// everything else is.
func (s *server) mux(ops []operation) http.Handler {
	resources := map[string]map[string]*operation{}
	for i := range ops {
		if resources[ops[i].path] == nil {
			resources[ops[i].path] = map[string]*operation{}
		}
		resources[ops[i].path][ops[i].method] = &ops[i]
	}
	mux := http.NewServeMux()
	for path, methods := range resources {
		mux.Handle(path, s.resource(methods))
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		s.fail(w, r, jisr.Refuse(jisr.NoSuch, echo(r.URL.Path)))
	})
	return mux
}

// guard puts on every answer what keeps it from being taken for a page, kept, or read by other sites.
func (s *server) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; sandbox")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		if strings.HasPrefix(s.base, "https:") || r.TLS != nil {
			h.Set("Strict-Transport-Security", "max-age=63072000") // RFC 6797
		}
		next.ServeHTTP(w, r)
	})
}

// onThisMachine tells whether a request comes from this machine and is meant for it: it was sent from loopback, to a
// name of loopback (a page of another site that has its name point here sends its own), and not through a proxy.
func (s *server) onThisMachine(r *http.Request) bool {
	from, err := netip.ParseAddrPort(r.RemoteAddr)
	if !s.local || err != nil || !from.Addr().Unmap().IsLoopback() || !loopbackHost(r.Host) {
		return false
	}
	for _, h := range []string{"Forwarded", "X-Forwarded-For", "X-Real-Ip", "Via"} {
		if r.Header.Get(h) != "" {
			return false
		}
	}
	return true
}

// anyHost tells whether a host is an address to listen on, under which nobody can be reached: answers then give paths.
func anyHost(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "" || err == nil && ip.IsUnspecified()
}

func loopbackHost(host string) bool {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && ip.IsLoopback()
}
