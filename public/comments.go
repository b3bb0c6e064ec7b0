package public

import (
	"errors"
	"mime"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"

	"jisr"
	"jisr/node"
	"jisr/words"
)

// commentsView is the comments on a statement that a moderator approved, and the form for another; URL is empty where comments
// are off.
type commentsView struct {
	All               []commentRow
	URL               string
	Name, Email, Text string
	Problem           string // the first thing that is not right, as a sentence
	Wrong             string // its field
}

type commentRow struct {
	Name, When string
	Lang, Dir  string
	Text       [][]string
}

// trap is a field that no person sees and no person fills in: what comes with it was not written by one. No third party is
// asked who is a person.
const trap = "website"

// commentsOf fills in what is shown under a statement.
func (s *site) commentsOf(r *http.Request, l *words.Lang, p *node.Publication) (v commentsView, err error) {
	if !s.comments {
		return v, nil
	}
	v.URL = at(l, statementPath(p)) + "/comments"
	all, err := s.node.PublicComments(r.Context(), p.Forum, p.ID)
	for _, c := range all {
		v.All = append(v.All, commentRow{Name: c.Name, When: s.day(l, c.At), Lang: c.Lang, Dir: words.DirOf(c.Lang), Text: paragraphs(c.Text)})
	}
	return v, err
}

// paragraphs cuts a text at empty lines, and each paragraph at its line ends.
func paragraphs(text string) (all [][]string) {
	for p := range strings.SplitSeq(text, "\n\n") {
		if p = strings.Trim(p, "\n"); p != "" {
			all = append(all, strings.Split(p, "\n"))
		}
	}
	return all
}

// comment takes a comment: it is durable, and held for a moderator, before the reader is told so.
func (s *site) comment(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	if typ, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || typ != "application/x-www-form-urlencoded" || !sameSite(r) {
		http.Error(w, http.StatusText(http.StatusUnsupportedMediaType), http.StatusUnsupportedMediaType)
		return
	}
	if !s.pace.take(callerOf(r), time.Now()) {
		s.tooMany(w)
		return
	}
	if err := r.ParseForm(); err != nil {
		status := http.StatusBadRequest
		if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
			status = http.StatusRequestEntityTooLarge
		}
		http.Error(w, http.StatusText(status), status)
		return
	}
	l := s.lang(r)
	p, err := s.published(r)
	if err != nil {
		s.absent(w, r)
		return
	}
	thanks := at(l, statementPath(&p.Publication)) + "/comments/held"
	if r.PostForm.Get(trap) != "" { // nothing is kept, and nothing is learnt from the answer
		http.Redirect(w, r, thanks, http.StatusSeeOther)
		return
	}
	body := commentIn(r.PostForm, l.Tag())
	if err = body.Check(); err == nil {
		if now := time.Now(); !s.commenters.take(callerOf(r), now) || !s.everybody.take(netip.Prefix{}, now) {
			s.tooMany(w)
			return
		}
		err = s.node.TakeComment(r.Context(), p.Forum, p.ID, body)
	}
	var no *jisr.Refusal
	switch {
	case err == nil:
		http.Redirect(w, r, thanks, http.StatusSeeOther)
	case errors.As(err, &no) && (no.Kind == jisr.TooMany && no.Subject == "comment" || no.Kind == jisr.Unavailable || no.Kind == jisr.DiskFull):
		h.Set("Retry-After", "600")
		http.Error(w, l.T("public.comment.later"), http.StatusServiceUnavailable)
	case errors.As(err, &no):
		s.askAgain(w, r, &body, no)
	case r.Context().Err() != nil:
	default:
		s.log.Error("couldn't keep a comment", "err", err)
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
	}
}

func (s *site) tooMany(w http.ResponseWriter) {
	w.Header().Set("Retry-After", "300")
	w.Header().Set("Cache-Control", "no-store")
	http.Error(w, http.StatusText(http.StatusTooManyRequests), http.StatusTooManyRequests)
}

// sameSite tells whether a form was sent from this page, as far as the browser says (Fetch Metadata); programs say nothing.
func sameSite(r *http.Request) bool {
	if from := r.Header.Get("Sec-Fetch-Site"); from != "" {
		return from == "same-origin" || from == "none"
	}
	origin := r.Header.Get("Origin")
	u, err := url.Parse(origin)
	return origin == "" || err == nil && u.Host == r.Host
}

// commentIn reads the fields of a form. Lines end in one way, and the ends of fields are clean.
func commentIn(in url.Values, lang string) jisr.CommentBody {
	get := func(name string) string {
		return strings.TrimSpace(strings.ToValidUTF8(strings.ReplaceAll(in.Get(name), "\r\n", "\n"), ""))
	}
	return jisr.CommentBody{Name: get("name"), Email: get("email"), Lang: lang, Text: get("text")}
}

// askAgain shows the form with what was written in it and the first thing that is not right.
func (s *site) askAgain(w http.ResponseWriter, r *http.Request, body *jisr.CommentBody, no *jisr.Refusal) {
	l := s.lang(r)
	v, err := s.statementView(r)
	if err != nil {
		s.absent(w, r)
		return
	}
	v.Comments.Name, v.Comments.Email, v.Comments.Text, v.Comments.Problem = visible(body.Name), visible(body.Email), visible(body.Text), l.Refusal(string(no.Kind), no.Subject, no.Need)
	if slices.Contains([]string{"name", "email", "text"}, no.Subject) {
		v.Comments.Wrong = no.Subject
	}
	a, err := s.page(r.Context(), statementPage(v))
	if err != nil {
		s.log.Error("couldn't make a public page", "path", r.URL.Path, "err", err)
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	a.status = http.StatusUnprocessableEntity
	a.write(w)
}

// visible leaves out what has no shape of its own, so that what comes back is what it looks like.
func visible(s string) string {
	return strings.Map(func(r rune) rune {
		if r != '\n' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r)) {
			return -1
		}
		return r
	}, s)
}

// held tells a reader that the comment is kept and waits for a moderator.
func (s *site) held(r *http.Request) (*answer, error) {
	l := s.lang(r)
	p, err := s.published(r)
	if err != nil {
		return nil, err
	}
	return s.page(r.Context(), heldPage(s.frame(l, l.T("public.comment.held"), ""), at(l, statementPath(&p.Publication))))
}
