package taxii

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"log/slog"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"jisr"
	"jisr/book"
	"jisr/node"
	"jisr/words"
)

// Path is where the handler of New is to be mounted (section 4.1: the discovery has this address on every host).
const Path = "/taxii2/"

// The media types of what is answered (section 1.6.8) and of the objects in it (STIX 2.1 section 1.5).
const (
	mediaType  = "application/taxii+json;version=2.1"
	objectType = "application/stix+json;version=2.1"
)

// Bounds of a request and its answer.
const (
	maxObjects = 500   // in an answer
	someLooked = 100   // records read at a time
	maxLooked  = 5_000 // records looked at for an answer
	maxQuery   = 4 << 10
	maxMatches = 100 // values of one filter
	maxAtWork  = 32  // requests
	maxPages   = 20  // of programmes of a forum
)

// Config is what the face needs.
type Config struct {
	Node   *node.Node
	Words  *words.Words
	Logger *slog.Logger // nil: discard
}

// server is the face at work. Nothing in it changes but the slots.
type server struct {
	node  *node.Node
	words *words.Words
	log   *slog.Logger
	slots chan struct{}
}

// call is one request on its way.
type call struct {
	*server
	w      http.ResponseWriter
	r      *http.Request
	caller node.Caller
	lang   *words.Lang
}

// New gives the face's handler.
func New(c Config) http.Handler {
	s := &server{node: c.Node, words: c.Words, log: c.Logger, slots: make(chan struct{}, maxAtWork)}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	mux := http.NewServeMux()
	const one = "{root}/collections/{collection}/"
	for path, do := range map[string]func(*call) error{
		"{$}": (*call).discovery, "{root}/{$}": (*call).root, "{root}/collections/{$}": (*call).collections, one + "{$}": (*call).collection,
		one + "objects/{$}": (*call).objects, one + "manifest/{$}": (*call).manifest, one + "objects/{object}/{$}": (*call).object, one + "objects/{object}/versions/{$}": (*call).versions,
	} {
		mux.Handle(Path+path, s.answers(do))
	}
	mux.Handle("/", s.answers(func(c *call) error { return jisr.Refuse(jisr.NoSuch, "url") }))
	return mux
}

// answers admits a request and carries it out.
func (s *server) answers(do func(*call) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; sandbox")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		c := &call{server: s, w: w, r: r, lang: s.words.Accept(clip(r.Header.Get("Accept-Language"))).Plain()}
		err := c.admit()
		if err == nil {
			select {
			case s.slots <- struct{}{}:
				defer func() { <-s.slots }()
				err = do(c)
			default:
				err = jisr.Refuse(jisr.TooOften, "requests", "seconds", "1")
			}
		}
		if err != nil {
			c.fail(err)
		}
	})
}

func clip(accept string) string {
	const most = 200
	if len(accept) > most {
		return ""
	}
	return accept
}

// errAccept and errMethod are what HTTP has a status of its own for.
var (
	errAccept = errors.New("no such media type")
	errMethod = errors.New("it is for reading")
)

// admit finds out who asks, and whether they may read at all.
func (c *call) admit() error {
	if len(c.r.URL.RawQuery) > maxQuery {
		return jisr.Refuse(jisr.TooLong, "query", "max", strconv.Itoa(maxQuery))
	}
	scheme, token, _ := strings.Cut(c.r.Header.Get("Authorization"), " ")
	if _, password, ok := c.r.BasicAuth(); ok { // RFC 7617
		token = password
	} else if !strings.EqualFold(scheme, "Bearer") { // RFC 6750
		token = ""
	}
	if token == "" {
		return jisr.Refuse(jisr.BadLogin, "token")
	}
	var err error
	if c.caller, err = c.node.Bearer(c.r.Context(), token, clientKey(c.r)); err != nil {
		return err
	}
	if err := node.May(c.caller, node.Read); err != nil {
		return err
	}
	if c.r.Method != http.MethodGet && c.r.Method != http.MethodHead {
		return errMethod
	}
	if !acceptable(c.r.Header.Values("Accept")) {
		return errAccept
	}
	return nil
}

// clientKey is the SHA-256 of the public key of the certificate the tool came with; empty: none (RFC 8705 section 2.2).
func clientKey(r *http.Request) jisr.Commitment {
	if r.TLS == nil || len(r.TLS.PeerCertificates) == 0 {
		return ""
	}
	return jisr.Commit(sha256.Sum256(r.TLS.PeerCertificates[0].RawSubjectPublicKeyInfo))
}

// acceptable tells whether the caller takes version 2.1 (section 1.6.8.1). Who names no version takes the latest.
func acceptable(accept []string) bool {
	all := strings.Join(accept, ",")
	if strings.TrimSpace(all) == "" {
		return true
	}
	for one := range strings.SplitSeq(all, ",") {
		typ, params, err := mime.ParseMediaType(one)
		if err != nil {
			continue
		}
		if v := params["version"]; typ == "*/*" || typ == "application/*" || typ == "application/taxii+json" && (v == "" || v == "2.1") {
			return true
		}
	}
	return false
}

// problem is an error message (section 3.6.1).
type problem struct {
	Title       string `json:"title"`
	Description string `json:"description,omitempty"`
	Code        string `json:"error_code,omitempty"` // the refusal's kind
	Status      string `json:"http_status"`
}

func (c *call) fail(err error) {
	status := http.StatusInternalServerError
	p := problem{}
	var no *jisr.Refusal
	switch {
	case errors.Is(err, errAccept):
		status = http.StatusNotAcceptable
	case errors.Is(err, errMethod): // section 5.5: of a collection that cannot be written to
		status = http.StatusForbidden
	case errors.As(err, &no):
		status = statusOf(no.Kind)
		p.Description, p.Code = c.lang.Refusal(string(no.Kind), no.Subject, no.Need), string(no.Kind)
	case c.r.Context().Err() != nil:
		return
	default:
		c.log.Error("couldn't answer a threat tool", "account", c.caller.Account, "err", err)
	}
	switch status {
	case http.StatusUnauthorized:
		c.w.Header().Set("WWW-Authenticate", `Basic realm="jisr", charset="UTF-8"`)
	case http.StatusTooManyRequests:
		c.w.Header().Set("Retry-After", "1")
	}
	p.Title, p.Status = http.StatusText(status), strconv.Itoa(status)
	c.write(status, p)
}

func statusOf(k jisr.RefusalKind) int {
	switch k {
	case jisr.BadLogin:
		return http.StatusUnauthorized
	case jisr.NotAllowed:
		return http.StatusForbidden
	case jisr.NoSuch, jisr.NotMember:
		return http.StatusNotFound
	case jisr.TooOften:
		return http.StatusTooManyRequests
	case jisr.Malformed, jisr.TooLong, jisr.TooMany, jisr.NotOneOf, jisr.OutOfRange:
		return http.StatusBadRequest
	case jisr.Unavailable, jisr.DiskFull:
		return http.StatusServiceUnavailable
	}
	return http.StatusUnprocessableEntity
}

func (c *call) write(status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		c.log.Error("couldn't encode an answer", "err", err)
		status, body = http.StatusInternalServerError, nil
	}
	h := c.w.Header()
	h.Set("Content-Type", mediaType)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	c.w.WriteHeader(status)
	_, _ = c.w.Write(body) // who is gone asks again
}

// discovery is what a tool finds first (section 4.1).
func (c *call) discovery() error {
	forums, err := c.forums()
	if err != nil {
		return err
	}
	self := c.node.Self()
	title, _ := self.Name.In(c.lang.Tag())
	var out struct {
		Title   string   `json:"title"`
		Default string   `json:"default,omitempty"`
		Roots   []string `json:"api_roots,omitempty"`
	}
	out.Title = title
	for i := range forums {
		out.Roots = append(out.Roots, Path+string(forums[i].ID)+"/") // a relative one is of this host
	}
	if len(out.Roots) > 0 {
		out.Default = out.Roots[0]
	}
	c.write(http.StatusOK, out)
	return nil
}

// forums are those that this house has entered and the caller reaches.
func (c *call) forums() (all []book.ForumRow, err error) {
	rows, err := c.node.Book().Forums(c.r.Context())
	scope := c.node.ScopeOf(c.caller)
	for i := range rows {
		if rows[i].Accept != nil && scope.Reaches(rows[i].ID) {
			all = append(all, rows[i])
		}
	}
	return all, err
}

// forum is the one in the path.
func (c *call) forum() (book.ForumRow, error) {
	forums, err := c.forums()
	for i := range forums {
		if string(forums[i].ID) == c.r.PathValue("root") {
			return forums[i], nil
		}
	}
	return book.ForumRow{}, errors.Join(err, jisr.Refuse(jisr.NoSuch, "forum", "noun", "forum"))
}

// root is a forum as an API root (section 4.2).
func (c *call) root() error {
	f, err := c.forum()
	if err != nil {
		return err
	}
	title, _ := f.Title.In(c.lang.Tag())
	if title == "" {
		title = string(f.ID)
	}
	c.write(http.StatusOK, struct {
		Title    string   `json:"title"`
		Versions []string `json:"versions"`
		Most     int      `json:"max_content_length"`
	}{title, []string{mediaType}, maxQuery})
	return nil
}
