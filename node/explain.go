package node

import (
	"context"
	"slices"
	"strings"

	"jisr"
	"jisr/book"
)

// PolicyQuestion asks what the policies say of an account, a verb and a thing.
type PolicyQuestion struct {
	Account jisr.ThingID // "official/…" or "token/…"
	Verb    Verb
	Thing   jisr.ThingID // empty: whatever is the account's own
	Text    *string      // the house's own policies to ask; nil: what is in force
}

// PolicyAnswer says whether it is allowed, and which policies say so.
type PolicyAnswer struct {
	Allowed  bool
	Caller   Caller
	Policies []PolicyLine // that match; those that forbid come first
	Missing  jisr.Role    // one that would let an official do it; empty: it is allowed, or a policy forbids it
	Handling jisr.Handling
	Desks    []jisr.DeskID
	Named    []jisr.OfficialID
	Drafters []jisr.OfficialID
}

// Explain tells an administrator what the policies say, as if all that they ask besides (a signature, full powers) were there.
func (n *Node) Explain(ctx context.Context, c Caller, q PolicyQuestion) (PolicyAnswer, error) {
	if err := n.may(c, ReadHouse); err != nil {
		return PolicyAnswer{}, err
	}
	set := n.rules.now()
	if q.Text != nil {
		var err error
		if set, err = compileHouse(*q.Text); err != nil {
			return PolicyAnswer{}, err
		}
	}
	if !slices.ContainsFunc(table(), func(r row) bool { return r.verb == q.Verb }) {
		return PolicyAnswer{}, jisr.Refuse(jisr.NoSuch, string(q.Verb), "noun", "verbs")
	}
	row, err := n.book.Account(ctx, q.Account)
	if err != nil {
		return PolicyAnswer{}, err
	}
	who, err := n.callerOf(ctx, &row)
	if err != nil {
		return PolicyAnswer{}, err
	}
	r := who.own()
	if q.Thing != "" {
		if r, err = n.resourceOf(ctx, q.Thing); err != nil {
			return PolicyAnswer{}, err
		}
	}
	return set.explain(who, q.Verb, r), nil
}

// explain asks each policy by itself, so that all that match are told, not only those that decide.
func (s *policySet) explain(c Caller, v Verb, r resource) PolicyAnswer {
	given := facts{signed: true, cleared: true}
	whole := s.ask(c, v, r, given)
	a := PolicyAnswer{Allowed: whole.allowed, Caller: c, Handling: r.handling.Level(), Desks: r.desks, Named: r.named, Drafters: r.drafters}
	for _, p := range s.of[v] {
		alone := &policySet{actions: s.actions, of: map[Verb]list{v: {p}}}
		if said := alone.ask(c, v, r, given); len(said.by)+len(said.broken) > 0 {
			a.Policies = append(a.Policies, p.line())
		}
	}
	slices.SortStableFunc(a.Policies, func(x, y PolicyLine) int {
		switch {
		case x.Forbids == y.Forbids:
			return strings.Compare(x.ID, y.ID)
		case x.Forbids:
			return -1
		}
		return 1
	})
	if !a.Allowed && !slices.ContainsFunc(a.Policies, func(p PolicyLine) bool { return p.Forbids }) {
		a.Missing = s.needs[v]
	}
	return a
}

// resourceOf is a thing as policies see it, found by its name.
func (n *Node) resourceOf(ctx context.Context, id jisr.ThingID) (resource, error) {
	switch id.Noun() {
	case "official", "token", "desk", "policy", "audit":
		return resource{id: id, forum: jisr.House}, nil
	}
	for _, f := range n.forumIDs() {
		if id.Noun() != "note" {
			v, err := n.book.Thing(ctx, book.Whole(), f, id)
			if err == nil {
				return resource{id: id, forum: f, handling: v.Summary.Handling, desks: v.Desks, named: v.Officials}, nil
			}
			if !isRefusal(err, jisr.NoSuch) {
				return resource{}, err
			}
			continue
		}
		v, err := n.book.Note(ctx, book.Whole(), f, id)
		if isRefusal(err, jisr.NoSuch) {
			continue
		}
		if err != nil {
			return resource{}, err
		}
		r := aboutNote(Caller{}, &v)
		r.named = v.Officials
		return r, nil
	}
	return resource{}, jisr.Refuse(jisr.NoSuch, string(id))
}
