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

	// What signing in and policies add to a page of an official: the session behind its cookie, the questions that the page asks,
	// the token of its forms; beside the same page as a whole, and without them.
	Added     float64 `json:"added_ms,omitempty"`
	Questions int64   `json:"page_questions,omitempty"`
	Whole     float64 `json:"whole_page_ms,omitempty"`
	Without   float64 `json:"page_without_ms,omitempty"`
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

// addedToPage measures what comes before and around a page: the parts one by one, and the page of which they are parts.
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
	read := func() (err error) {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://127.0.0.1/ar/", nil)
		if err != nil {
			return err
		}
		req.AddCookie(&http.Cookie{Name: "jisr-iq", Value: token})
		answer := unread{header: http.Header{}}
		if pages.ServeHTTP(&answer, req); answer.status != http.StatusOK {
			return fmt.Errorf("internal error: the page answered %d", answer.status)
		}
		return nil
	}
	before := n.PolicyQuestions()
	if err := read(); err != nil {
		return err
	}
	f.Questions = n.PolicyQuestions() - before
	verbs := node.Verbs()
	parts := []func() error{
		func() error { _, err := n.Session(ctx, token, true); return err },
		func() error {
			for i := range f.Questions {
				_ = node.May(caller, verbs[int(i)%len(verbs)]) // allowed or not: it is asked
			}
			return nil
		},
		func() error { return n.CheckForm(caller, n.FormToken(caller)) },
		read,
	}
	var took []float64
	for _, part := range parts {
		ms, err := typically(part)
		if err != nil {
			return err
		}
		took = append(took, ms)
	}
	f.Added, f.Whole = rounded(took[0]+took[1]+took[2]), rounded(took[3])
	f.Without = rounded(took[3] - took[0] - took[1] - took[2])
	return nil
}

// typically is the median of many times, in milliseconds.
func typically(do func() error) (float64, error) {
	const times = 500
	var all []float64
	for range times {
		begin := time.Now()
		if err := do(); err != nil {
			return 0, err
		}
		all = append(all, float64(time.Since(begin).Microseconds())/1_000)
	}
	slices.Sort(all)
	return all[times/2], nil
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
