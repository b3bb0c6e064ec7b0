// Package portal is what officials see: pages in Arabic and English, made on the server, live by server-sent
// events, complete without script.
//
// A page is a function that gives a typed value (what stands on it) and a template that writes it; neither
// knows HTTP. [New] gives one handler for all pages: routes.go is the whole table of addresses. Portal holds no
// rule of its own: whether something may be done is asked of node ([node.May], the Can… fields of views) and
// decided by node.Do; a refusal is shown in the reader's language with what is needed and the way on.
//
// What stands in a note was written by somebody else. It is only ever shown as text: templates escape it, every
// piece of it is isolated (<bdi>, lang, dir) so that it cannot turn the order of what stands around it (Unicode
// UAX #9, UTR #36 2.2), and a strict content security policy forbids what would get past both.
//
// Bounds are in limits.go. Answers are made in memory and written whole, so a page that fails half-way is never
// seen; the page that says so is made when the portal starts and cannot fail. A failure is logged and shown as
// nothing more than that it happened. All state is in node, but for the count of open streams and the figures of the
// navigation; the handler is safe for concurrent use.
package portal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"

	"jisr"
	"jisr/book"
	"jisr/node"
	"jisr/words"
)

// Config is what the portal needs.
type Config struct {
	Node   *node.Node
	Words  *words.Words
	Logger *slog.Logger // nil: discard
	// Secure says that officials reach the portal over TLS that ends before it; over TLS of its own it knows.
	Secure bool
	// Demo says on every page that nothing here has official effect.
	Demo bool
	// Print gives the paper of a thing in a language; form says which, where a thing has several. nil: nothing is printed.
	Print func(ctx context.Context, s book.Scope, f jisr.ForumID, id jisr.ThingID, form, lang string) ([]byte, error)
	// Read reads a file as the text of an agreement, with what an official should know of it. nil: no file is read.
	Read func(file []byte, lang string, earlier []jisr.Segment, reader *words.Lang) ([]jisr.Segment, []string, error)
	// Closing ends the streams of open pages when it is closed, so that the server can stop. nil: they end
	// with the contexts of their requests.
	Closing <-chan struct{}
}

// site is the portal at work. Nothing in it changes after New but streams and counts.
type site struct {
	node    *node.Node
	words   *words.Words
	log     *slog.Logger
	secure  bool
	closing <-chan struct{}
	assets  *assets
	region  *region
	streams streams
	counts  counts
	healths healths
	langs   []string // pages come in each
	demo    bool     // see Config
	print   func(ctx context.Context, s book.Scope, f jisr.ForumID, id jisr.ThingID, form, lang string) ([]byte, error)
	read    func(file []byte, lang string, earlier []jisr.Segment, reader *words.Lang) ([]jisr.Segment, []string, error)
	broken  map[string][]byte // by language: the page for when a page cannot be made
}

// New gives the portal's handler. It fails when the assets are not those that the templates name or when a
// page of last resort cannot be made.
func New(c Config) (http.Handler, error) {
	s := &site{node: c.Node, words: c.Words, log: c.Logger, secure: c.Secure, demo: c.Demo, print: c.Print, read: c.Read, closing: c.Closing, langs: c.Words.Tags(), broken: map[string][]byte{}}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	var err error
	if s.assets, err = readAssets(); err != nil {
		return nil, fmt.Errorf("couldn't read the portal's assets: %w", err)
	}
	if s.region, err = readRegion(); err != nil {
		return nil, err
	}
	for _, lang := range s.langs {
		var b bytes.Buffer
		l := s.words.In(lang)
		p := Page{L: l, Assets: s.assets.names, Path: "/"}
		v := refusedView{Page: p, Title: l.T("error.title.500"), Means: l.T("error.means.500"), Home: p.At("/")}
		if err := brokenPage(v).Render(context.Background(), &b); err != nil {
			return nil, fmt.Errorf("couldn't make the page of last resort: %w", err)
		}
		s.broken[lang] = b.Bytes()
	}
	return s.guard(s.mux()), nil
}

var errNoSession = errors.New("not signed in")
