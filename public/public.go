// Package public is what anybody may read: joint statements that are released, in each of their authentic languages, with what
// a reader needs to verify them.
//
// It stands on a listener of its own, off by default, and reads nothing but [node.Publication] and approved comments: no draft, no
// note, no post, no session is within its reach, and it writes nothing but readers' comments, where these are on. Else it takes GET
// and HEAD only. Pages work without script; the one there is verifies a statement in the reader's browser.
//
// Answers are kept in memory for as long as nothing changed, or a second; what must be made anew is limited for each caller, so
// that a flood is answered from memory or not at all. Bounds are in limits.go.
package public

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"jisr"
	"jisr/node"
	"jisr/words"
)

// policy is the content security policy: a style sheet, pictures and one script from here, which reads proofs from here, and
// nothing else. The description for search engines is data (application/ld+json), which is not run and which no policy governs
// (CSP level 3 section 4.2.3).
const policy = "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

//go:embed style.css
var style []byte

//go:embed verify.js
var script []byte

// Config is what the public page needs.
type Config struct {
	Node   *node.Node
	Words  *words.Words
	Logger *slog.Logger // nil: discard
	URL    string       // where the public reaches it; empty: addresses are relative, and there is no sitemap

	Comments bool // readers may comment
	Demo     bool // every page says that nothing on it has official effect
}

// site is the public page at work.
type site struct {
	node  *node.Node
	words *words.Words
	log   *slog.Logger
	url   string
	kept  kept
	pace  pace

	comments   bool
	demo       bool
	commenters pace // of comments, by caller
	everybody  pace // of all comments together
}

// New gives the handler.
func New(c Config) http.Handler {
	s := &site{node: c.Node, words: c.Words, log: c.Logger, url: strings.TrimSuffix(c.URL, "/"), comments: c.Comments, demo: c.Demo, pace: pace{burst: burst, perSecond: perSecond},
		commenters: pace{burst: commentBurst, perSecond: commentsPerSec}, everybody: pace{burst: allBurst, perSecond: allPerSec}}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	mux := http.NewServeMux()
	for _, tag := range s.words.Tags() {
		for path, serve := range map[string]func(*http.Request) (*answer, error){
			"/{$}":                                   s.list,
			"/statements/{forum}/{id}":               s.statement,
			"/statements/{forum}/{id}/in/{text}":     s.statement,
			"/statements/{forum}/{id}/comments/held": s.held,
			"/feed.atom":                             s.feed,
		} {
			mux.Handle("GET /public/"+tag+path, s.handler(func(r *http.Request) (*answer, error) {
				r.SetPathValue("lang", tag)
				return serve(r)
			}))
		}
	}
	if s.comments {
		for _, tag := range s.words.Tags() {
			mux.HandleFunc("POST /public/"+tag+"/statements/{forum}/{id}/comments", func(w http.ResponseWriter, r *http.Request) {
				r.SetPathValue("lang", tag)
				s.comment(w, r)
			})
		}
	}
	mux.Handle("GET /public/statements/{forum}/{id}/text.json", s.handler(s.text))
	mux.Handle("GET /public/pictures/{forum}/{id}/{picture}", s.handler(s.picture))
	mux.Handle("GET /public/statements/{forum}/{id}/keys.txt", s.handler(s.keys))
	mux.Handle("GET /public/statements/{forum}/{id}/{member}/proof.txt", s.handler(s.proof))
	mux.Handle("GET /public/sitemap.xml", s.handler(s.sitemap))
	mux.HandleFunc("GET /public/style.css", func(w http.ResponseWriter, r *http.Request) {
		(&answer{typ: "text/css; charset=utf-8", body: style}).write(w)
	})
	mux.HandleFunc("GET /public/verify.js", func(w http.ResponseWriter, r *http.Request) {
		(&answer{typ: "text/javascript; charset=utf-8", body: script}).write(w)
	})
	mux.HandleFunc("GET /robots.txt", s.robots)
	mux.HandleFunc("GET /favicon.ico", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusNoContent) })
	toLanguage := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Vary", "Accept-Language")
		http.Redirect(w, r, "/public/"+s.words.Accept(r.Header.Get("Accept-Language")).Tag()+"/", http.StatusSeeOther)
	}
	mux.HandleFunc("GET /{$}", toLanguage)
	mux.HandleFunc("GET /public/{$}", toLanguage)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { s.absent(w, r) })
	return guard(mux)
}

// guard puts on every answer what keeps it apart from other sites, and bounds what is brought: a comment's form, else nothing.
func guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin") // with none at all, browsers say of a comment's form that it comes from nowhere
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()")
		h.Set("Cache-Control", "public, max-age=60")
		most := int64(0)
		if r.Method == http.MethodPost {
			most = maxForm
		}
		r.Body = http.MaxBytesReader(w, r.Body, most)
		if len(r.URL.Path) > maxPath || len(r.URL.RawQuery) > maxPath {
			http.Error(w, "too long", http.StatusRequestURITooLong)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// answer is what is sent.
type answer struct {
	status int // 0: 200
	typ    string
	body   []byte
	name   string // of a file to keep; empty: it is shown
}

func (a *answer) write(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Content-Type", a.typ)
	h.Set("Content-Length", strconv.Itoa(len(a.body)))
	if a.name != "" {
		h.Set("Content-Disposition", `attachment; filename="`+a.name+`"`)
	}
	if a.status != 0 {
		w.WriteHeader(a.status)
	}
	_, _ = w.Write(a.body) // a reader that has left
}

// handler answers from what is kept, else makes the answer, as far as the caller's pace lets it.
func (s *site) handler(serve func(*http.Request) (*answer, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		key, changes := r.URL.Path+"?"+r.URL.Query().Get("cursor"), s.node.Changes()
		if a := s.kept.get(key, changes); a != nil {
			a.write(w)
			return
		}
		if !s.pace.take(callerOf(r), time.Now()) {
			w.Header().Set("Retry-After", "1")
			w.Header().Set("Cache-Control", "no-store")
			http.Error(w, http.StatusText(http.StatusTooManyRequests), http.StatusTooManyRequests)
			return
		}
		a, err := serve(r)
		var no *jisr.Refusal
		switch {
		case errors.As(err, &no):
			s.absent(w, r)
		case r.Context().Err() != nil:
		case err != nil:
			s.log.Error("couldn't make a public page", "path", r.URL.Path, "err", err)
			w.Header().Set("Cache-Control", "no-store")
			http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		default:
			s.kept.put(key, changes, a)
			a.write(w)
		}
	})
}

// absent answers what is not there, or not there yet: the two look the same.
func (s *site) absent(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	l := s.words.Accept(r.Header.Get("Accept-Language"))
	if tag, _, ok := strings.Cut(strings.TrimPrefix(r.URL.Path, "/public/"), "/"); ok && s.known(tag) {
		l = s.words.In(tag)
	}
	a, err := s.page(r.Context(), absentPage(s.frame(l, l.T("public.absent"), "")))
	if err != nil {
		http.NotFound(w, r)
		return
	}
	a.status = http.StatusNotFound
	a.write(w)
}

func (s *site) page(ctx context.Context, c templ.Component) (*answer, error) {
	var b bytes.Buffer
	if err := c.Render(ctx, &b); err != nil {
		return nil, fmt.Errorf("couldn't make a page: %w", err)
	}
	return &answer{typ: "text/html; charset=utf-8", body: b.Bytes()}, nil
}

func (s *site) robots(w http.ResponseWriter, r *http.Request) {
	text := "User-agent: *\nAllow: /public/\n"
	if s.url != "" {
		text += "Sitemap: " + s.url + "/public/sitemap.xml\n"
	}
	(&answer{typ: "text/plain; charset=utf-8", body: []byte(text)}).write(w)
}
