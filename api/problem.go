package api

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"slices"

	"jisr"
	"jisr/words"
)

// problem is an error as a program reads it (RFC 9457): a rule's stable kind, what it was about and what is
// needed, and the sentence for the official behind the program, in the language of Accept-Language.
type problem struct {
	Type     string            `json:"type" doc:"Names the rule: a relative URI that tells about it." example:"/api/v1/problems/not-cleared"`
	Title    string            `json:"title" doc:"What went wrong, in the language of Accept-Language." example:"Conflict"`
	Status   int               `json:"status" doc:"The HTTP status." example:"409"`
	Detail   string            `json:"detail" doc:"The sentence for an official: what went wrong and what is needed."`
	Instance string            `json:"instance,omitempty" doc:"For failures: what the operator finds this one by in the log."`
	Kind     string            `json:"kind" doc:"The refusal's kind. Kinds are never renamed." example:"not-cleared"`
	Subject  string            `json:"subject,omitempty" doc:"The field, thing or official it is about." example:"note"`
	Need     map[string]string `json:"need,omitempty" doc:"What is needed, by name."`
}

// internalKind is the kind of a failure: nothing the caller did.
const internalKind = "internal"

// statuses is the whole of which refusal is which HTTP status. A kind without a row is a test failure.
func statuses() map[jisr.RefusalKind]int {
	all := map[jisr.RefusalKind]int{
		jisr.Malformed:   http.StatusBadRequest,
		jisr.TooLong:     http.StatusUnprocessableEntity,
		jisr.TooMany:     http.StatusUnprocessableEntity,
		jisr.Missing:     http.StatusUnprocessableEntity,
		jisr.NotOneOf:    http.StatusUnprocessableEntity,
		jisr.DateInPast:  http.StatusUnprocessableEntity,
		jisr.NoSuch:      http.StatusNotFound,
		jisr.Unfinished:  http.StatusConflict,
		jisr.Unknown:     http.StatusUnprocessableEntity,
		jisr.Conflict:    http.StatusConflict,
		jisr.Reused:      http.StatusUnprocessableEntity,
		jisr.Already:     http.StatusConflict,
		jisr.BadLogin:    http.StatusUnauthorized,
		jisr.TooOften:    http.StatusTooManyRequests,
		jisr.NotAllowed:  http.StatusForbidden,
		jisr.SecondAdmin: http.StatusForbidden,
		jisr.LocksOut:    http.StatusConflict,
		jisr.BadPolicy:   http.StatusUnprocessableEntity,

		jisr.Unsigned:    http.StatusForbidden,
		jisr.Unconfirmed: http.StatusForbidden,
		jisr.Lapsed:      http.StatusConflict,
		jisr.NoDomain:    http.StatusUnprocessableEntity,

		jisr.ProviderAway: http.StatusServiceUnavailable,
		jisr.ProviderSays: http.StatusForbidden,
		jisr.BadAssertion: http.StatusUnauthorized,
		jisr.NotLinked:    http.StatusForbidden,
		jisr.NoGroup:      http.StatusForbidden,

		jisr.SecondPerson: http.StatusForbidden,
		jisr.NotCleared:   http.StatusConflict,
		jisr.NotDraft:     http.StatusConflict,
		jisr.Discarded:    http.StatusConflict,

		jisr.NotYours:     http.StatusForbidden,
		jisr.NotAddressed: http.StatusForbidden,
		jisr.NotReleased:  http.StatusConflict,
		jisr.Withdrawn:    http.StatusConflict,
		jisr.Opened:       http.StatusConflict,
		jisr.Unopened:     http.StatusConflict,
		jisr.SelfAddress:  http.StatusUnprocessableEntity,
		jisr.NotMember:    http.StatusNotFound,

		jisr.ClockBack:   http.StatusConflict,
		jisr.WrongForum:  http.StatusConflict,
		jisr.Behind:      http.StatusServiceUnavailable,
		jisr.Restored:    http.StatusServiceUnavailable,
		jisr.Unavailable: http.StatusServiceUnavailable,
		jisr.DiskFull:    http.StatusServiceUnavailable,
		jisr.BadLetter:   http.StatusUnprocessableEntity,
		jisr.KeysDiffer:  http.StatusConflict,
		jisr.NotPartner:  http.StatusNotFound,
		jisr.LastAdmin:   http.StatusConflict,
		jisr.WeakSecret:  http.StatusUnprocessableEntity,
		jisr.NoReplyDue:  http.StatusConflict,

		jisr.BadSignature: http.StatusForbidden,
		jisr.NotParty:     http.StatusForbidden,
		jisr.NotProposed:  http.StatusConflict,

		jisr.NotAgreed:   http.StatusConflict,
		jisr.UnderReview: http.StatusConflict,
		jisr.Bracketed:   http.StatusConflict,
		jisr.TooLate:     http.StatusConflict,
		jisr.Embargoed:   http.StatusConflict,
		jisr.Ended:       http.StatusConflict,
	}
	maps.Copy(all, agreementStatuses())
	maps.Copy(all, annexStatuses())
	return all
}

func agreementStatuses() map[jisr.RefusalKind]int {
	return map[jisr.RefusalKind]int{
		jisr.Frozen:           http.StatusConflict,
		jisr.NotFrozen:        http.StatusConflict,
		jisr.ReopenedText:     http.StatusConflict,
		jisr.SignedAlready:    http.StatusConflict,
		jisr.NotSigned:        http.StatusConflict,
		jisr.NotBound:         http.StatusConflict,
		jisr.Bound:            http.StatusConflict,
		jisr.AbandonedAlready: http.StatusConflict,
		jisr.Sealed:           http.StatusConflict,
		jisr.NotSealed:        http.StatusConflict,
		jisr.Committed:        http.StatusConflict,
		jisr.NotCommitted:     http.StatusConflict,
		jisr.WindowShut:       http.StatusConflict,
		jisr.BindingDiffers:   http.StatusConflict,
		jisr.NoAuthority:      http.StatusForbidden,
		jisr.NotCanonical:     http.StatusUnprocessableEntity,
	}
}

func annexStatuses() map[jisr.RefusalKind]int {
	return map[jisr.RefusalKind]int{
		jisr.TooShort:           http.StatusUnprocessableEntity,
		jisr.TooFew:             http.StatusUnprocessableEntity,
		jisr.Twice:              http.StatusUnprocessableEntity,
		jisr.Confirmed:          http.StatusConflict,
		jisr.NoFlow:             http.StatusConflict,
		jisr.Replaced:           http.StatusConflict,
		jisr.UnderHold:          http.StatusConflict,
		jisr.NotSender:          http.StatusForbidden,
		jisr.OutOfRange:         http.StatusUnprocessableEntity,
		jisr.UnknownField:       http.StatusUnprocessableEntity,
		jisr.ReadOnly:           http.StatusUnprocessableEntity,
		jisr.NoSuchCode:         http.StatusUnprocessableEntity,
		jisr.NoReference:        http.StatusUnprocessableEntity,
		jisr.NoFile:             http.StatusUnprocessableEntity,
		jisr.CodeEnded:          http.StatusUnprocessableEntity,
		jisr.NoSuchUnit:         http.StatusUnprocessableEntity,
		jisr.BadFormula:         http.StatusUnprocessableEntity,
		jisr.RefLoop:            http.StatusUnprocessableEntity,
		jisr.ListDiffers:        http.StatusUnprocessableEntity,
		jisr.PersonalDataUnsaid: http.StatusUnprocessableEntity,
	}
}

// refused is a refusal whose status HTTP itself prescribes: 405, 412, 413, 415, 428.
type refused struct {
	status  int
	refusal *jisr.Refusal
}

func (r *refused) Error() string { return r.refusal.Error() }
func (r *refused) Unwrap() error { return r.refusal }

// inBody turns "there is none" into "cannot be processed" where the name stood in the body and not in the path.
func inBody(err error) error {
	var r *jisr.Refusal
	if errors.As(err, &r) && (r.Kind == jisr.NoSuch && r.Need["noun"] != "forum" || r.Kind == jisr.NotMember) {
		return &refused{http.StatusUnprocessableEntity, r}
	}
	return err
}

// statusOf says which status an error is answered with; 500 is for failures.
func (s *server) statusOf(r *http.Request, err error) (int, *jisr.Refusal) {
	var own *refused
	if errors.As(err, &own) {
		return own.status, own.refusal
	}
	var refusal *jisr.Refusal
	if !errors.As(err, &refusal) {
		return http.StatusInternalServerError, nil
	}
	if refusal.Kind == jisr.Conflict && r.Header.Get("If-Match") != "" {
		return http.StatusPreconditionFailed, refusal // RFC 9110 section 13.1.1
	}
	if status := s.statuses[refusal.Kind]; status != 0 {
		return status, refusal
	}
	return http.StatusConflict, refusal
}

// fail answers with an error. A refusal is told in full; a failure is logged in full and told as nothing more
// than that it happened, and by which name the operator finds it.
func (s *server) fail(w http.ResponseWriter, r *http.Request, err error) {
	if r.Context().Err() != nil {
		return // the caller has gone
	}
	status, refusal := s.statusOf(r, err)
	lang := s.langOf(r)
	p := problem{Type: problemPath + internalKind, Title: title(lang, status), Status: status, Kind: internalKind, Detail: lang.T("error.means.500")}
	if refusal != nil {
		p.Type, p.Kind, p.Subject, p.Need = problemPath+string(refusal.Kind), string(refusal.Kind), refusal.Subject, refusal.Need
		p.Detail = sentence(lang, refusal)
	} else {
		p.Instance = rand.Text()
		s.log.Error("couldn't answer a program", "instance", p.Instance, "method", r.Method, "path", r.URL.Path, "err", err)
	}
	s.failHeaders(w.Header(), lang, status, refusal)
	writeJSON(w, status, p)
}

func (s *server) failHeaders(h http.Header, lang *words.Lang, status int, refusal *jisr.Refusal) {
	h.Set("Content-Type", "application/problem+json")
	h.Set("Content-Language", lang.Tag())
	h.Del("Content-Disposition")
	h.Del("ETag")
	switch status {
	case http.StatusUnauthorized:
		h.Set("WWW-Authenticate", `Bearer realm="jisr"`) // RFC 6750 section 3
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		h.Set("Retry-After", "1")
		if refusal != nil && refusal.Need["seconds"] != "" {
			h.Set("Retry-After", refusal.Need["seconds"])
		}
	case http.StatusMethodNotAllowed:
		h.Set("Allow", refusal.Need["allowed"]) // RFC 9110 section 15.5.6
	}
}

// sentence is the refusal in the reader's language. Programs have a token where officials have a password.
func sentence(lang *words.Lang, r *jisr.Refusal) string {
	if r.Kind == jisr.BadLogin {
		return lang.T("api.token")
	}
	subject := r.Subject
	if subject == "body" && (len(r.Need) > 0 || r.Kind == jisr.Missing) { // the request's; a committee that is malformed needs nothing else
		subject = "request-body"
	}
	return lang.Refusal(string(r.Kind), subject, r.Need)
}

// title names the status in the reader's language.
func title(lang *words.Lang, status int) string {
	return lang.T("api.title." + itoa(status))
}

// writeJSON writes a body that is whole before its first byte leaves.
func writeJSON(w http.ResponseWriter, status int, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	if w.Header().Get("Content-Type") == "" {
		w.Header().Set("Content-Type", "application/json")
	}
	w.Header().Set("Content-Length", itoa(len(b)+1))
	w.WriteHeader(status)
	w.Write(append(b, '\n')) // a caller that has gone is no error of ours
}

// problemPath is where kinds of problems are told about.
const problemPath = "/api/v1/problems/"

// problemKind is what a kind of problem means.
type problemKind struct {
	Kind   string            `json:"kind"`
	Status int               `json:"status" doc:"The status it is answered with, unless HTTP prescribes another (412, 413, 415, 428)."`
	Detail map[string]string `json:"detail" doc:"The sentence by language, with what is particular left out."`
}

func (c *call) listProblems() error {
	var all []problemKind
	for _, k := range slices.Sorted(maps.Keys(c.statuses)) {
		all = append(all, c.problemKind(k))
	}
	return c.answer(http.StatusOK, page[problemKind]{Items: all})
}

func (c *call) getProblem() error {
	k := jisr.RefusalKind(c.r.PathValue("kind"))
	if k == internalKind {
		return c.answer(http.StatusOK, problemKind{Kind: internalKind, Status: http.StatusInternalServerError,
			Detail: map[string]string{"ar": c.words.In("ar").T("error.means.500"), "en": c.words.In("en").T("error.means.500")}})
	}
	if c.statuses[k] == 0 {
		return jisr.Refuse(jisr.NoSuch, echo(string(k)), "noun", "problem")
	}
	return c.answer(http.StatusOK, c.problemKind(k))
}

func (c *call) problemKind(k jisr.RefusalKind) problemKind {
	p := problemKind{Kind: string(k), Status: c.statuses[k], Detail: map[string]string{}}
	for _, tag := range []string{"ar", "en"} {
		p.Detail[tag] = sentence(c.words.In(tag).Plain(), jisr.Refuse(k, "…"))
	}
	return p
}
