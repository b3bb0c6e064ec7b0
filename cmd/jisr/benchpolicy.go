package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"jisr"
	"jisr/node"
)

// policyFigures is what the policies cost: questions put to them a second by one core, and what those of a page take.
type policyFigures struct {
	PerSecond float64 `json:"per_second"`
	Page      float64 `json:"page_ms"`
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
	return nil
}

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
