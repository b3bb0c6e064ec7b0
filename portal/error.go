package portal

import (
	"net/http"
	"strings"

	"jisr"
)

// refusedView is the page that says which rule said no, what is needed, and where to go from here.
type refusedView struct {
	Page
	Status int
	Title  string
	Why    string
	Means  string
	Back   string // the thing that was asked about; empty: none
	Home   string
}

func (s *site) refusedView(r *request, refusal *jisr.Refusal) refusedView {
	status := statusOf(refusal.Kind)
	v := refusedView{Page: s.page(r, ""), Status: status, Why: sentence(r.l, refusal), Home: "/" + r.lang + "/", Back: backOf(r)}
	v.Title, v.Means = titleOfStatus(r, status, "error.title."), titleOfStatus(r, status, "error.means.")
	return v
}

func titleOfStatus(r *request, status int, prefix string) string {
	if key := prefix + itoa(int64(status)); r.l.Has(key) {
		return r.l.T(key)
	}
	return r.l.T(prefix + "409")
}

// backOf is the page of the thing that a command was about: its address without the verb.
func backOf(r *request) string {
	at, verb, _ := cutLast(r.URL.Path)
	if r.PathValue("id") == "" || strings.HasSuffix(verb, r.PathValue("id")) {
		return ""
	}
	return at
}

func cutLast(path string) (before, after string, found bool) {
	i := strings.LastIndexByte(path, '/')
	if i < 0 {
		return "", path, false
	}
	return path[:i], path[i+1:], true
}

// nowhere is what stands where nothing does.
func (s *site) nowhere(r *request) (*answer, error) {
	v := refusedView{Page: s.page(r, ""), Status: http.StatusNotFound, Title: r.l.T("error.title.404"), Means: r.l.T("error.means.404"), Home: "/" + r.lang + "/"}
	return &answer{status: http.StatusNotFound, page: refusedPage(v)}, nil
}

// foreign answers what another site made the browser send: nothing was done.
func (s *site) foreign(r *request) (*answer, error) {
	v := refusedView{Page: s.page(r, ""), Status: http.StatusForbidden, Title: r.l.T("error.foreign"), Means: r.l.T("error.foreign.means"), Home: "/" + r.lang + "/"}
	return &answer{status: http.StatusForbidden, page: refusedPage(v)}, nil
}
