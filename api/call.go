package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"jisr"
	"jisr/book"
	"jisr/node"
	"jisr/words"
)

// access is who may ask for an operation at all, before node looks at what is asked.
type access string

const (
	open    access = "open"    // anybody
	machine access = "machine" // this machine, or who may read
	program access = "program" // every token
	reading access = "reading" // a token that may read
	admin   access = "admin"   // a token that may administer
	watcher access = "watcher" // this machine, a token that reads, or an administrator's
)

// call is one request on its way.
type call struct {
	*server
	w      http.ResponseWriter
	r      *http.Request
	caller node.Caller
	moved  bool // the connection's deadlines are not the server's any more
}

// resource answers for one address.
func (s *server) resource(methods map[string]*operation) http.Handler {
	allowed := strings.Join(slices.Sorted(maps.Keys(methods)), ", ")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		op := methods[methodOf(r)]
		if op == nil && r.Method == http.MethodHead {
			op = methods[http.MethodGet] // net/http leaves the body out
		}
		if op == nil {
			s.fail(w, r, &refused{http.StatusMethodNotAllowed, jisr.Refuse(jisr.NotOneOf, "method", "got", echo(r.Method), "allowed", allowed)})
			return
		}
		if err := s.carryOut(op, w, r); err != nil {
			s.fail(w, r, err)
		}
	})
}

// carryOut takes a slot, except for who looks whether the node lives: that must be answered under load too.
func (s *server) carryOut(op *operation, w http.ResponseWriter, r *http.Request) error {
	if op.access != open {
		select {
		case s.slots <- struct{}{}:
			defer func() { <-s.slots }()
		default:
			return jisr.Refuse(jisr.TooOften, "requests", "seconds", "1")
		}
	}
	c := &call{server: s, w: w, r: r}
	defer c.restore()
	if err := c.admit(op); err != nil {
		return err
	}
	if op.method != http.MethodGet && c.caller.Account != "" {
		if err := c.node.Pace(c.caller, ""); err != nil {
			return err
		}
	}
	return op.do(c)
}

// allow gives an answer this long, whatever the server's own deadline is.
func (c *call) allow(d time.Duration) {
	c.moved = true
	http.NewResponseController(c.w).SetWriteDeadline(time.Now().Add(d)) // a writer without deadlines has none to move
}

// restore takes back what was moved, so that the next request on the connection does not inherit it: a server without
// deadlines of its own sets none.
func (c *call) restore() {
	if !c.moved {
		return
	}
	rc := http.NewResponseController(c.w)
	rc.SetWriteDeadline(time.Time{})
	rc.SetReadDeadline(time.Time{})
}

// methodOf heeds X-HTTP-Method-Override for uploads, as tus 1.0 asks of servers ("X-HTTP-Method-Override").
func methodOf(r *http.Request) string {
	if m := r.Header.Get("X-Http-Method-Override"); m != "" && r.Method == http.MethodPost && strings.HasPrefix(r.URL.Path, uploadPath) {
		return m
	}
	return r.Method
}

// admit finds out who asks and whether they may ask for this at all.
func (c *call) admit(op *operation) error {
	if len(c.r.URL.RawQuery) > maxQuery {
		return &refused{http.StatusRequestURITooLong, jisr.Refuse(jisr.TooLong, "query", "max", itoa(maxQuery))}
	}
	if op.access == open || (op.access == machine || op.access == watcher) && c.onThisMachine(c.r) {
		return nil
	}
	token, err := bearer(c.r)
	if err == nil {
		c.caller, err = c.node.Bearer(c.r.Context(), token, clientKey(c.r))
	}
	if err != nil {
		return err
	}
	return mayEnter(c.caller, op)
}

func mayEnter(who node.Caller, op *operation) error {
	switch op.access {
	case program:
		return nil
	case admin:
		return node.May(who, node.ReadHouse)
	case watcher:
		if node.May(who, node.ReadHouse) == nil {
			return nil
		}
	}
	return node.May(who, node.Read)
}

// clientKey is the SHA-256 of the public key of the certificate the program came with; empty: none. TLS has proved that
// it has the private key, and the key itself is what is compared: who signed the certificate does not matter (RFC 8705, 2.2).
func clientKey(r *http.Request) jisr.Commitment {
	if r.TLS == nil || len(r.TLS.PeerCertificates) == 0 {
		return ""
	}
	return jisr.Commit(sha256.Sum256(r.TLS.PeerCertificates[0].RawSubjectPublicKeyInfo))
}

// bearer takes the token of a request (RFC 6750 section 2.1).
func bearer(r *http.Request) (string, error) {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") || token == "" || len(token) > maxToken {
		return "", jisr.Refuse(jisr.BadLogin, "token")
	}
	return token, nil
}

// langOf is the language of sentences in answers.
func (s *server) langOf(r *http.Request) *words.Lang {
	accept := r.Header.Get("Accept-Language")
	if len(accept) > maxAccept {
		accept = ""
	}
	return s.words.Accept(accept).Plain()
}

func (c *call) lang() *words.Lang { return c.langOf(c.r) }

func (c *call) ctx() context.Context { return c.r.Context() }

// scope is what the caller may see.
func (c *call) scope() book.Scope { return c.node.ScopeOf(c.caller) }

// answer writes a body.
func (c *call) answer(status int, v any) error {
	writeJSON(c.w, status, v)
	return nil
}

// decode reads a JSON body of at most limit bytes into v, strictly.
func (c *call) decode(limit int64, v any) error {
	body, err := c.body(limit)
	if err != nil {
		return err
	}
	if len(body) == 0 {
		return jisr.Refuse(jisr.Missing, "body")
	}
	return decodeStrict(body, v)
}

// decodeOptional is decode for bodies that may be left out.
func (c *call) decodeOptional(limit int64, v any) error {
	if c.r.ContentLength == 0 {
		return nil
	}
	return c.decode(limit, v)
}

func (c *call) body(limit int64) ([]byte, error) {
	if t, _, err := mime.ParseMediaType(c.r.Header.Get("Content-Type")); err != nil || t != "application/json" {
		return nil, &refused{http.StatusUnsupportedMediaType, jisr.Refuse(jisr.NotOneOf, "Content-Type", "allowed", "application/json")}
	}
	body, err := io.ReadAll(http.MaxBytesReader(c.w, c.r.Body, limit))
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return nil, &refused{http.StatusRequestEntityTooLarge, jisr.Refuse(jisr.TooLong, "body", "max", strconv.FormatInt(limit, 10))}
	}
	if err != nil {
		return nil, jisr.Refuse(jisr.Malformed, "body", "error", "it ended early")
	}
	return body, nil
}

// decodeStrict reads one JSON value and nothing after it. A field that is not known is refused: it may be a
// misspelt one, and what it was to say would be lost in silence.
func decodeStrict(body []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	err := d.Decode(v)
	if err == nil {
		if _, err = d.Token(); err == io.EOF {
			return nil
		}
		return jisr.Refuse(jisr.Malformed, "body", "want", "one JSON object")
	}
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) {
		return jisr.Refuse(jisr.Malformed, echo(fieldOf(wrong)), "got", "JSON "+wrong.Value)
	}
	if field, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		return jisr.Refuse(jisr.Malformed, echo(strings.Trim(field, `"`)), "error", "unknown field")
	}
	return jisr.Refuse(jisr.Malformed, "body", "want", "JSON")
}

func fieldOf(wrong *json.UnmarshalTypeError) string {
	if wrong.Field == "" {
		return "body"
	}
	return wrong.Field
}

// query takes the parameters of a request, refusing those the operation does not have.
func (c *call) query(known ...string) (url.Values, error) {
	q, err := url.ParseQuery(c.r.URL.RawQuery)
	if err != nil {
		return nil, jisr.Refuse(jisr.Malformed, "query")
	}
	for k, values := range q {
		if !slices.Contains(known, k) {
			return nil, jisr.Refuse(jisr.NotOneOf, "query", "got", echo(k), "allowed", strings.Join(known, ", "))
		}
		if len(values) > 1 {
			return nil, jisr.Refuse(jisr.TooMany, k, "max", "1", "got", itoa(len(values)))
		}
	}
	return q, nil
}

// limitOf reads the number of rows asked for; 0 is the book's own default.
func limitOf(q url.Values) (int, error) {
	if !q.Has("limit") {
		return 0, nil
	}
	n, err := strconv.Atoi(q.Get("limit"))
	if err != nil || n < 1 || n > pageLimit {
		return 0, jisr.Refuse(jisr.Malformed, "limit", "want", "1–"+itoa(pageLimit))
	}
	return n, nil
}

// page is a part of a list. Next, when there is more, is the cursor of the part that follows.
type page[T any] struct {
	Items []T    `json:"items" nullable:"false"`
	Next  string `json:"next,omitempty" doc:"Cursor of the next page; absent on the last."`
}

// linkNext gives the address of the next page as a link (RFC 8288).
func (c *call) linkNext(cursor string) {
	q := c.r.URL.Query()
	q.Set("cursor", cursor)
	c.w.Header().Set("Link", "<"+c.base+c.r.URL.Path+"?"+q.Encode()+`>; rel="next"`)
}

// answerPage writes a page, with the address of the next one as a link too (RFC 8288).
func answerPage[T any](c *call, items []T, next string) error {
	if items == nil {
		items = []T{}
	}
	if next != "" {
		c.linkNext(next)
	}
	return c.answer(http.StatusOK, page[T]{Items: items, Next: next})
}

// forum is the forum in the path, which is one this member has entered.
func (c *call) forum() (jisr.ForumID, error) {
	f := jisr.ForumID(c.r.PathValue("forum"))
	if !jisr.ValidForum(f) || c.caller.Account != "" && !(book.Scope{Forums: c.caller.Scope.Forums}).Reaches(f) { // no policy widens a token
		return "", jisr.Refuse(jisr.NoSuch, echo(string(f)), "noun", "forum")
	}
	return f, nil
}

// position is the place of an act in the path.
func (c *call) position() (jisr.ForumID, jisr.Position, error) {
	f, err := c.forum()
	if err != nil {
		return "", jisr.Position{}, err
	}
	m, text := jisr.MemberID(c.r.PathValue("member")), c.r.PathValue("index")
	i, err := strconv.ParseInt(text, 10, 64)
	if !jisr.ValidMember(m) || err != nil || i < 0 || strconv.FormatInt(i, 10) != text {
		return "", jisr.Position{}, jisr.Refuse(jisr.NoSuch, echo(string(m)+"/"+text), "noun", "act")
	}
	return f, jisr.Position{Member: m, Index: jisr.Index(i)}, nil
}

// preferences is what Prefer asks for (RFC 7240). What is not understood is left aside, as its section 2 asks.
type preferences struct {
	wait time.Duration
	full bool // return=representation
}

func preferencesOf(r *http.Request) preferences {
	var p preferences
	for _, line := range r.Header.Values("Prefer") {
		for _, one := range strings.Split(line, ",") {
			name, value, _ := strings.Cut(strings.TrimSpace(one), "=")
			switch strings.ToLower(strings.TrimSpace(name)) {
			case "wait":
				if n, err := strconv.Atoi(strings.TrimSpace(value)); err == nil && n > 0 {
					p.wait = min(time.Duration(min(n, 3600))*time.Second, maxWait)
				}
			case "return":
				p.full = strings.Trim(strings.TrimSpace(value), `"`) == "representation"
			}
		}
	}
	return p
}

// applied says which preferences were honoured (RFC 7240 section 3).
func (p preferences) applied(h http.Header) {
	var all []string
	if p.wait > 0 {
		all = append(all, "wait="+itoa(int(p.wait/time.Second)))
	}
	if p.full {
		all = append(all, "return=representation")
	}
	if len(all) > 0 {
		h.Set("Preference-Applied", strings.Join(all, ", "))
	}
}

// echo is a caller's own text as an answer may repeat it: short, and printable.
func echo(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < 0x20 || r == 0x7f || r == '\ufffd' {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, ""))
	if len(s) <= maxEcho {
		return s
	}
	return strings.ToValidUTF8(s[:maxEcho], "") + "…"
}

func itoa(n int) string { return strconv.Itoa(n) }
