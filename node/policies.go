package node

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/cedar-policy/cedar-go"
	"github.com/cedar-policy/cedar-go/types"

	"jisr"
	"jisr/book"
)

// ProposePolicies proposes the house's own policies. A policy with the @id of a shipped one takes its place, others are
// added; an empty text gives back what is shipped. InForce is the number of the version it was written against.
type ProposePolicies struct {
	InForce int
	Text    string
	Reason  string
}

// ApprovePolicies puts a proposal in force. It is done by another administrator than proposed it.
type ApprovePolicies struct{ Number int }

// WithdrawPolicies drops a proposal.
type WithdrawPolicies struct {
	Number int
	Reason string
}

func (ProposePolicies) verb() Verb  { return "policy.propose" }
func (ApprovePolicies) verb() Verb  { return "policy.approve" }
func (WithdrawPolicies) verb() Verb { return "policy.withdraw" }

func (c ProposePolicies) decide(d *decision) error {
	if err := checkReason(c.Reason, true); err != nil {
		return err
	}
	s, err := d.policies()
	if err == nil {
		err = s.MayPropose(c.InForce)
	}
	if err == nil {
		err = d.keepsAdministrators(c.Text)
	}
	if err != nil {
		return err
	}
	number := 1
	if s != nil {
		number = s.Last + 1
	}
	d.done.Version = number
	return d.house(planned{kind: jisr.KindPolicyPropose, about: jisr.HousePolicies, terms: jisr.PolicyTerms{Number: number, InForce: c.InForce},
		body: jisr.PolicyBody{Text: c.Text, Reason: c.Reason}})
}

func (c ApprovePolicies) decide(d *decision) error {
	s, err := d.policies()
	if err == nil {
		err = s.MayApprove(d.caller.By(), c.Number)
	}
	if err != nil {
		return err
	}
	body, err := d.n.policyBody(d.ctx, s.Proposed)
	if err == nil { // accounts may have ended since it was proposed
		err = d.keepsAdministrators(body.Text)
	}
	if err != nil {
		return err
	}
	d.done.Version = c.Number
	return d.house(planned{kind: jisr.KindPolicyApprove, about: jisr.HousePolicies, terms: jisr.PolicyTerms{Number: c.Number, InForce: s.Proposed.InForce}})
}

func (c WithdrawPolicies) decide(d *decision) error {
	if err := checkReason(c.Reason, false); err != nil {
		return err
	}
	s, err := d.policies()
	if err == nil {
		err = s.MayWithdraw(c.Number)
	}
	if err != nil {
		return err
	}
	d.done.Version = c.Number
	return d.house(planned{kind: jisr.KindPolicyWithdraw, about: jisr.HousePolicies, terms: jisr.PolicyTerms{Number: c.Number, Reason: c.Reason}})
}

// policies gives the state of the policies, for a command that changes it.
func (d *decision) policies() (*jisr.PolicyState, error) {
	if err := d.touch(jisr.HousePolicies); err != nil {
		return nil, err
	}
	return d.n.policyState(d.ctx)
}

// keepsAdministrators refuses policies that nobody could change again: an official must be able to let others in, and two
// accounts to change policies.
func (d *decision) keepsAdministrators(text string) error {
	set, err := compileHouse(text)
	if err != nil {
		return err
	}
	rows, err := d.n.book.Accounts(d.ctx)
	if err != nil {
		return err
	}
	callers := []Caller{d.n.Operator()}
	for i := range rows {
		if rows[i].ID.Noun() != "official" || rows[i].Account.Ended != nil {
			continue
		}
		c, err := d.n.callerOf(d.ctx, &rows[i])
		if err != nil {
			return err
		}
		callers = append(callers, c)
	}
	may := func(c Caller, verbs ...Verb) bool {
		return !slices.ContainsFunc(verbs, func(v Verb) bool {
			return !set.ask(c, v, resource{id: jisr.HousePolicies, forum: jisr.House}, facts{signed: true, cleared: true}).allowed
		})
	}
	official, two := false, 0
	for _, c := range callers {
		changes := may(c, ReadHouse, "policy.propose", "policy.approve")
		if changes {
			two++
		}
		official = official || c.Account.Noun() == "official" && changes && may(c, "official.add", "official.pass")
	}
	if !official || two < 2 {
		return jisr.Refuse(jisr.LocksOut, "policies")
	}
	return nil
}

// policyState folds what was said about the policies: rarely asked, so nothing is kept of it.
func (n *Node) policyState(ctx context.Context) (*jisr.PolicyState, error) {
	var acts []jisr.Act
	q := book.ActQuery{Forum: jisr.House, Thing: jisr.HousePolicies, Limit: 200}
	for {
		rows, next, err := n.book.Acts(ctx, book.Whole(), q)
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			acts = append(acts, r.Act)
		}
		if q.Cursor = next; next == "" {
			break
		}
	}
	return jisr.Fold(jisr.HousePolicies, acts).Policies, nil
}

// policyBody reads the text of a version; that of none is empty.
func (n *Node) policyBody(ctx context.Context, v *jisr.PolicyVersion) (body jisr.PolicyBody, err error) {
	if v == nil {
		return body, nil
	}
	b, err := n.bodyAt(ctx, n.origin(jisr.House, n.self.ID), v.Proposed.Position.Index)
	if err == nil && b == nil {
		err = jisr.Refuse(jisr.NoSuch, fmt.Sprint(v.Number), "noun", "policies")
	}
	if err == nil {
		err = json.Unmarshal(b, &body)
	}
	return body, err
}

// takePolicies puts in force what the house has approved. What was approved under an earlier version of this program
// and does not hold under this one is replaced by the shipped policies, with which nothing but reading and administering
// goes on until it is mended.
func (n *Node) takePolicies(ctx context.Context) error {
	s, err := n.policyState(ctx)
	if err != nil {
		return err
	}
	body, err := n.policyBody(ctx, s.InForce())
	if err != nil {
		return err
	}
	set, err := compileHouse(body.Text)
	if isRefused(err) && body.Text != "" {
		n.log.Error("the policies of this house do not hold under this version; until they are changed officials only read and administer", "err", err)
		set, err = compileHouse(brokenPolicies)
	}
	if err != nil {
		return err
	}
	n.rules.set.Store(set)
	return nil
}

const brokenPolicies = `@id("house-policies") forbid (principal, action, resource)
unless { action in [Action::"reading", Action::"administering", Action::"auditing"] };`

// PolicyLine is one policy as people read it.
type PolicyLine struct {
	ID      string
	Forbids bool
	Text    string
	Shipped bool      // false: the house's own
	Reason  jisr.Text // of the house's own: its annotations @ar and @en. Of shipped ones: words' policy.<id>
}

// PolicyText is a version of the house's own policies.
type PolicyText struct {
	jisr.PolicyVersion
	jisr.PolicyBody
}

// PolicyView is what is in force and what is proposed.
type PolicyView struct {
	Lines    []PolicyLine // in force, by id
	InForce  *PolicyText  // nil: what is shipped
	Proposed *PolicyText
	Changes  []PolicyChange // that the proposal makes
	Past     []jisr.PolicyVersion
}

// PolicyChange is what a text changes of one policy. Before is empty for one that is added, After for one that goes.
type PolicyChange struct {
	ID            string
	Before, After string
}

// Policies shows what is in force and what is proposed.
func (n *Node) Policies(ctx context.Context, c Caller) (v PolicyView, err error) {
	if err := n.may(c, ReadHouse); err != nil {
		return v, err
	}
	s, err := n.policyState(ctx)
	if err != nil {
		return v, err
	}
	set := n.rules.now()
	v.Lines = set.lines()
	if s == nil {
		return v, nil
	}
	v.Past = s.Versions
	if v.InForce, err = n.policyText(ctx, s.InForce()); err != nil {
		return v, err
	}
	if v.Proposed, err = n.policyText(ctx, s.Proposed); err != nil || v.Proposed == nil {
		return v, err
	}
	v.Changes, err = set.changes(v.Proposed.Text)
	return v, err
}

// PolicyTextOf gives the text of a version that was in force.
func (n *Node) PolicyTextOf(ctx context.Context, c Caller, number int) (*PolicyText, error) {
	if err := n.may(c, ReadHouse); err != nil {
		return nil, err
	}
	s, err := n.policyState(ctx)
	if err != nil {
		return nil, err
	}
	if s != nil {
		for i := range s.Versions {
			if s.Versions[i].Number == number {
				return n.policyText(ctx, &s.Versions[i])
			}
		}
	}
	return nil, jisr.Refuse(jisr.NoSuch, fmt.Sprint(number), "noun", "policies")
}

func (n *Node) policyText(ctx context.Context, v *jisr.PolicyVersion) (*PolicyText, error) {
	if v == nil {
		return nil, nil
	}
	body, err := n.policyBody(ctx, v)
	return &PolicyText{*v, body}, err
}

// CheckPolicies tells what a text would change, or why it cannot be used.
func (n *Node) CheckPolicies(text string) ([]PolicyChange, error) { return n.rules.now().changes(text) }

func (s *policySet) lines() []PolicyLine {
	var all []PolicyLine
	for _, p := range s.all {
		all = append(all, p.line())
	}
	return all
}

func (n named) line() PolicyLine {
	l := PolicyLine{ID: string(n.id), Forbids: n.policy.Effect() == cedar.Forbid, Text: n.text(), Shipped: n.shipped}
	if n.shipped {
		return l
	}
	notes := n.policy.Annotations()
	l.Reason = jisr.Text{}
	for _, lang := range []types.AnnotationKey{"ar", "en"} {
		if t := strings.TrimSpace(string(notes[lang])); t != "" {
			l.Reason[string(lang)] = t
		}
	}
	return l
}

// changes compares what is in force with what a text would put in force.
func (s *policySet) changes(text string) ([]PolicyChange, error) {
	next, err := compileHouse(text)
	if err != nil {
		return nil, err
	}
	before, after := map[string]string{}, map[string]string{}
	for _, p := range s.all {
		before[string(p.id)] = p.text()
	}
	for _, p := range next.all {
		after[string(p.id)] = p.text()
	}
	var all []PolicyChange
	for _, p := range slices.Concat(s.all, next.all) {
		id := string(p.id)
		if before[id] != after[id] && !slices.ContainsFunc(all, func(c PolicyChange) bool { return c.ID == id }) {
			all = append(all, PolicyChange{id, before[id], after[id]})
		}
	}
	slices.SortFunc(all, func(a, b PolicyChange) int { return strings.Compare(a.ID, b.ID) })
	return all, nil
}
