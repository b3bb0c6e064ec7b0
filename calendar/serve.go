package calendar

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"jisr"
	"jisr/node"
	"jisr/words"
)

// Config is what the calendars need.
type Config struct {
	Node   *node.Node
	Words  *words.Words
	Logger *slog.Logger // nil: discard
	URL    string       // where the portal is reached; empty: entries lead nowhere
	Page   Page
}

// Path is where the handler of New is to be mounted.
const Path = "/calendar/"

// site is the calendars at work. It holds nothing that changes.
type site struct {
	node  *node.Node
	words *words.Words
	log   *slog.Logger
	url   string
	page  Page
}

// New gives the handler of the calendars. It takes GET and HEAD and writes nothing. No address is logged: it is a key.
func New(c Config) http.Handler {
	s := &site{node: c.Node, words: c.Words, log: c.Logger, url: strings.TrimSuffix(c.URL, "/"), page: c.Page}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+Path+"{secret}/{lang}/own.ics", func(w http.ResponseWriter, r *http.Request) { s.feed(w, r, false) })
	mux.HandleFunc("GET "+Path+"{secret}/{lang}/desk.ics", func(w http.ResponseWriter, r *http.Request) { s.feed(w, r, true) })
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; sandbox")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Robots-Tag", "noindex")
		h.Set("Cache-Control", "private, no-cache")
		mux.ServeHTTP(w, r)
	})
}

func (s *site) feed(w http.ResponseWriter, r *http.Request, desk bool) {
	c, err := s.node.FeedOf(r.Context(), r.PathValue("secret"), node.From{Address: address(r)})
	if err == nil && !slices.Contains(s.words.Tags(), r.PathValue("lang")) {
		err = jisr.Refuse(jisr.NoSuch, "calendar")
	}
	if err == nil {
		err = s.node.Pace(c, address(r))
	}
	var b []byte
	if err == nil {
		b, err = Of(r.Context(), s.node, c, s.words.In(r.PathValue("lang")), desk, s.url, s.page)
	}
	var no *jisr.Refusal
	switch {
	case errors.As(err, &no) && no.Kind == jisr.TooOften:
		w.Header().Set("Retry-After", no.Need["seconds"])
		http.Error(w, http.StatusText(http.StatusTooManyRequests), http.StatusTooManyRequests)
	case errors.As(err, &no): // a calendar that is not there and one that may not be read look the same
		http.NotFound(w, r)
	case r.Context().Err() != nil:
	case err != nil:
		s.log.Error("couldn't write a calendar", "account", c.Account, "err", err)
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
	default:
		sum := sha256.Sum256(b)
		w.Header().Set("Content-Type", "text/calendar; charset=utf-8")
		w.Header().Set("ETag", `"`+hex.EncodeToString(sum[:16])+`"`)
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(b)) // answers If-None-Match with 304
	}
}

func address(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}
