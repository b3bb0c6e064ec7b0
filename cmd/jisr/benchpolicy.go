package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"time"

	"jisr"
	"jisr/node"
	"jisr/portal"
	"jisr/words"
)

// policyFigures is what the policies cost: questions put to them a second by one core, and what those of a page take.
type policyFigures struct {
	PerSecond float64 `json:"per_second"`
	Page      float64 `json:"page_ms"`

	// What signing in and policies add to a page: one page that stands before everybody, asked for by an official and by nobody in turn.
	// The official's has the navigation and what waits besides, so it is the most that they add.
	Added   float64 `json:"added_ms,omitempty"`
	With    float64 `json:"page_with_ms,omitempty"`
	Without float64 `json:"page_without_ms,omitempty"`

	// Of Today, which asks most: the session behind its cookie, its questions and the token of its forms one by one, and the whole.
	Parts     float64 `json:"today_parts_ms,omitempty"`
	Questions int64   `json:"today_questions,omitempty"`
	Whole     float64 `json:"today_ms,omitempty"`
}

const (
	pageQuestions = 20              // what a page with every button asks
	policyFor     = 1 * time.Second // asking
)

// policies asks the policies of a node what an official may do, as its pages do.
func (b *bench) policies(ctx context.Context, r *report) (err error) {
	c := node.Config{Member: "iq", Origin: "policy.jisr.example", Name: map[string]string{"ar": "العراق", "en": "Iraq"}}
	dir := filepath.Join(b.dir, "policy")
	if err := node.Create(ctx, dir, c); err != nil {
		return err
	}
	n, err := node.Open(ctx, node.Options{Dir: dir, Config: c})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, n.Close()) }()
	who, verbs := n.Operator(), node.Verbs()
	r.Policy = askFor(func(i int) bool { return node.May(who, verbs[i%len(verbs)]) == nil })
	if r.Policy == nil {
		return fmt.Errorf("internal error: the operator may do nothing")
	}
	return addedToPage(ctx, n, r.Policy)
}

// addedToPage measures what comes before and around a page: the same page with it and without, then the parts one by one, and the page
// of which they are parts.
func addedToPage(ctx context.Context, n *node.Node, f *policyFigures) error {
	const official, password = "bench.official", "a long enough password"
	for _, cmd := range []node.Command{
		node.AddDesk{ID: deskForeign, Title: jisr.Text{"ar": "وزارة الخارجية", "en": "Foreign Ministry"}},
		node.AddOfficial{ID: official, Post: jisr.Text{"ar": "منصب", "en": "Post"}, Desk: deskForeign, Roles: []jisr.Role{jisr.Drafter, jisr.Releaser}, Password: password},
	} {
		if _, err := n.Do(ctx, n.Operator(), cmd); err != nil {
			return err
		}
	}
	token, err := n.SignIn(ctx, official, password, node.From{})
	if err != nil {
		return err
	}
	caller, err := n.Session(ctx, token, true)
	if err != nil {
		return err
	}
	w, err := words.New()
	if err != nil {
		return err
	}
	pages, err := portal.New(portal.Config{Node: n, Words: w})
	if err != nil {
		return err
	}
	asks := func(path, token string, want int) func() error {
		return func() error {
			req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://127.0.0.1"+path, nil)
			if err != nil {
				return err
			}
			if token != "" {
				req.AddCookie(&http.Cookie{Name: "jisr-iq", Value: token})
			}
			answer := unread{header: http.Header{}}
			if pages.ServeHTTP(&answer, req); answer.status != want {
				return fmt.Errorf("internal error: the page answered %d", answer.status)
			}
			return nil
		}
	}
	const nothing = "/ar/nothing-stands-here"
	pair, err := typically(asks(nothing, token, http.StatusNotFound), asks(nothing, "", http.StatusNotFound))
	if err != nil {
		return err
	}
	f.With, f.Without, f.Added = rounded(pair[0]), rounded(pair[1]), rounded(pair[0]-pair[1])
	read, before := asks("/ar/", token, http.StatusOK), n.PolicyQuestions()
	if err := read(); err != nil {
		return err
	}
	f.Questions = n.PolicyQuestions() - before
	verbs := node.Verbs()
	took, err := typically(
		func() error { _, err := n.Session(ctx, token, true); return err },
		func() error {
			for i := range f.Questions {
				_ = node.May(caller, verbs[int(i)%len(verbs)]) // allowed or not: it is asked
			}
			return nil
		},
		func() error { return n.CheckForm(caller, n.FormToken(caller)) },
		read)
	if err != nil {
		return err
	}
	f.Parts, f.Whole = rounded(took[0]+took[1]+took[2]), rounded(took[3])
	return nil
}

// typically is the median of many times of each, in milliseconds. They take turns, so that what else the machine does meets all alike.
func typically(each ...func() error) ([]float64, error) {
	const times = 500
	all := make([][]float64, len(each))
	for range times {
		for i, do := range each {
			begin := time.Now()
			if err := do(); err != nil {
				return nil, err
			}
			all[i] = append(all[i], float64(time.Since(begin).Microseconds())/1_000)
		}
	}
	median := make([]float64, len(each))
	for i := range all {
		slices.Sort(all[i])
		median[i] = all[i][times/2]
	}
	return median, nil
}

// unread takes an answer that nobody reads.
type unread struct {
	header http.Header
	status int
}

func (u *unread) Header() http.Header { return u.header }

func (u *unread) WriteHeader(status int) { u.status = status }

func (u *unread) Write(p []byte) (int, error) { return len(p), nil }

// barePolicies looks a role up in a list: the least that knowing who may do what could cost.
func barePolicies(_ context.Context, _ string, _ benchPlan, f *figures) error {
	may := map[node.Verb][]jisr.Role{}
	verbs := node.Verbs()
	for _, v := range verbs {
		may[v] = []jisr.Role{jisr.Admin}
	}
	f.Policy = askFor(func(i int) bool { return slices.Contains(may[verbs[i%len(verbs)]], jisr.Admin) })
	return nil
}

// askFor asks for a while; nil when nothing was ever allowed, for then something else was measured.
func askFor(ask func(int) bool) *policyFigures {
	asked, allowed, begin := 0, 0, time.Now()
	for time.Since(begin) < policyFor {
		for range 1_000 {
			if ask(asked) {
				allowed++
			}
			asked++
		}
	}
	if allowed == 0 {
		return nil
	}
	each := time.Since(begin).Seconds() / float64(asked)
	return &policyFigures{PerSecond: rounded(1 / each), Page: rounded(pageQuestions * each * 1_000)}
}
