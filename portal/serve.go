package portal

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"jisr"
	"jisr/node"
	"jisr/words"
)

// request is what pages are asked with.
type request struct {
	*http.Request
	lang   string
	l      *words.Lang
	caller node.Caller // zero for who is not signed in
	at     int64       // changes of the node before anything was read: what comes after is news to the page
}

// answer is what a page gives back: exactly one of page, to and file.
type answer struct {
	status  int // of a page; 0 is 200
	page    templ.Component
	to      string // the address to go to, for a POST that has done its work
	file    *file
	cookies []*http.Cookie // set with it
}

// file is something to save.
type file struct {
	name    string
	typ     string
	content io.ReadSeeker
}

// handler is where a request becomes an answer: one place for sign-in, bounds, errors and writing.
func (s *site) handler(lang string, rt route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, hr *http.Request) {
		r := &request{Request: hr, lang: lang, l: s.words.In(lang), at: s.node.Changes()}
		s.rememberLanguage(w, r)
		a, err := s.answer(w, r, rt)
		if u := (*unsigned)(nil); errors.As(err, &u) {
			a, err = s.toSign(r, u)
		}
		if err != nil {
			a = s.failed(r, err)
		}
		for _, c := range a.cookies {
			http.SetCookie(w, c)
		}
		s.write(w, r, a)
	})
}

func (s *site) answer(w http.ResponseWriter, r *request, rt route) (*answer, error) {
	caller, err := s.callerOf(r.Request)
	if err != nil && !errors.Is(err, errNoSession) {
		return nil, err
	}
	if err != nil && rt.access == official {
		return s.toSignIn(r), nil
	}
	r.caller = caller
	if r.Method == http.MethodPost {
		if err := s.node.Pace(caller, addressOf(r.Request)); err != nil {
			return nil, err
		}
		if err := readForm(w, r); err != nil {
			return nil, err
		}
		defer dropForm(r)
		if err := s.ofThisSession(r); err != nil {
			return nil, err
		}
	}
	return rt.serve(s, r)
}

// readForm reads the body, bounded. Only forms that send files may be long; their files wait in temporary
// files, which dropForm removes.
func readForm(w http.ResponseWriter, r *request) error {
	typ, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	var err error
	limit := int64(maxForm)
	if r.caller.Account != "" && strings.HasSuffix(r.URL.Path, "/text/edit") {
		limit = maxTextForm
	}
	if typ == "multipart/form-data" && r.caller.Account != "" {
		limit = maxUploadForm
		r.Body = http.MaxBytesReader(w, r.Body, limit)
		err = r.ParseMultipartForm(maxFormMemory)
	} else {
		r.Body = http.MaxBytesReader(w, r.Body, limit)
		err = r.ParseForm()
	}
	var tooLong *http.MaxBytesError
	switch {
	case errors.As(err, &tooLong):
		return jisr.Refuse(jisr.TooLong, "form", "max", strconv.FormatInt(limit, 10))
	case err != nil:
		return jisr.Refuse(jisr.Malformed, "form", "error", err.Error())
	}
	return nil
}

func dropForm(r *request) {
	if r.MultipartForm != nil {
		_ = r.MultipartForm.RemoveAll() // what stays is in the system's temporary folder, which it clears
	}
}

// write sends the answer. A page is made whole first, so that a failure in the middle shows the page of last
// resort and not half a page.
func (s *site) write(w http.ResponseWriter, r *request, a *answer) {
	switch {
	case a.to != "":
		http.Redirect(w, r.Request, a.to, http.StatusSeeOther)
		return
	case a.file != nil:
		s.writeFile(w, r, a.file)
		return
	}
	var b bytes.Buffer
	b.Grow(32 << 10)
	if err := a.page.Render(r.Context(), &b); err != nil {
		s.log.Error("couldn't make a page", "path", r.URL.Path, "err", err)
		writePage(w, r, http.StatusInternalServerError, s.broken[r.lang])
		return
	}
	page := b.Bytes()
	if r.caller.Account != "" {
		page = withTokens(page, s.node.FormToken(r.caller))
	}
	writePage(w, r, cmp.Or(a.status, http.StatusOK), page)
}

// writePage sends a page. Errors of writing are dropped: the reader has left, and nothing was changed by it.
func writePage(w http.ResponseWriter, r *request, status int, page []byte) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", r.lang)
	h.Add("Vary", "Accept-Encoding")
	if len(page) < 1024 || !acceptsGzip(r.Request) || !mayCompress(r) {
		h.Set("Content-Length", strconv.Itoa(len(page)))
		w.WriteHeader(status)
		_, _ = w.Write(page)
		return
	}
	h.Set("Content-Encoding", "gzip")
	w.WriteHeader(status)
	z, _ := gzip.NewWriterLevel(w, gzip.BestSpeed) // fails for unknown levels only
	_, _ = z.Write(page)
	_ = z.Close()
}

// mayCompress tells whether the length of a page may follow from what it says. Who makes an official's browser ask for pages with
// words of its own choice, and sees the lengths of the encrypted answers go by, could guess what else stands there: subjects of
// notes, what is shown once (BREACH). So a page that shows more than the door does is compressed only where the browser says that
// nobody else asked for it. The token of a page's forms is another on each page besides.
func mayCompress(r *request) bool {
	site := r.Header.Get("Sec-Fetch-Site")
	return r.caller.Account == "" || site == "same-origin" || site == "none"
}

// acceptsGzip looks for gzip in Accept-Encoding; "gzip;q=0" counts as accepting nothing of the kind.
func acceptsGzip(r *http.Request) bool {
	for part := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		coding, weight, _ := strings.Cut(strings.TrimSpace(part), ";")
		if coding == "gzip" {
			return !strings.HasPrefix(strings.ReplaceAll(weight, " ", ""), "q=0") || strings.ContainsAny(weight, "123456789")
		}
	}
	return false
}

// writeFile sends a file to be saved, never shown: it was written by somebody else, and shown here it would
// speak with this portal's origin.
func (s *site) writeFile(w http.ResponseWriter, r *request, f *file) {
	if c, ok := f.content.(io.Closer); ok {
		defer c.Close() // opened for reading: nothing is lost with the error
	}
	h := w.Header()
	h.Set("Content-Disposition", words.Download(f.name, "file"))
	h.Set("Content-Type", cmp.Or(safeType(f.typ), "application/octet-stream"))
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	http.ServeContent(w, r.Request, "", time.Time{}, f.content)
}

// safeType keeps a media type that is well formed.
func safeType(t string) string {
	parsed, _, err := mime.ParseMediaType(t)
	if err != nil || !strings.Contains(parsed, "/") {
		return ""
	}
	return parsed
}

// failed is the answer to an error: a refusal is told, a failure is logged.
func (s *site) failed(r *request, err error) *answer {
	var refusal *jisr.Refusal
	if errors.As(err, &refusal) {
		return &answer{status: statusOf(refusal.Kind), page: refusedPage(s.refusedView(r, refusal))}
	}
	if r.Context().Err() == nil && !errors.Is(err, context.Canceled) {
		s.log.Error("couldn't answer", "method", r.Method, "path", r.URL.Path, "err", err)
	}
	return &answer{status: http.StatusInternalServerError, page: templ.Raw(string(s.broken[r.lang]))}
}

// statusOf is the HTTP status that goes with a refusal (RFC 9110 section 15).
func statusOf(k jisr.RefusalKind) int {
	switch k {
	case jisr.NoSuch:
		return http.StatusNotFound
	case jisr.BadLogin, jisr.BadAssertion:
		return http.StatusUnauthorized
	case jisr.NotAllowed, jisr.SecondPerson, jisr.NotYours, jisr.NotAddressed, jisr.BadSignature, jisr.Unsigned, jisr.Unconfirmed, jisr.SecondAdmin, jisr.NotParty, jisr.NotLinked, jisr.NoGroup, jisr.ProviderSays:
		return http.StatusForbidden
	case jisr.Conflict, jisr.Already, jisr.Opened, jisr.Withdrawn, jisr.NotCleared, jisr.NotDraft, jisr.Discarded, jisr.NotReleased, jisr.NoReplyDue, jisr.NotProposed, jisr.NotAgreed, jisr.UnderReview, jisr.Ended, jisr.Behind, jisr.Restored, jisr.Unfinished, jisr.Lapsed, jisr.Bracketed, jisr.TooLate:
		return http.StatusConflict
	case jisr.TooLong:
		return http.StatusRequestEntityTooLarge
	case jisr.TooOften:
		return http.StatusTooManyRequests
	case jisr.Unavailable, jisr.DiskFull, jisr.ProviderAway:
		return http.StatusServiceUnavailable
	}
	return http.StatusUnprocessableEntity
}
