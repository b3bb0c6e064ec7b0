package portal

import (
	"strings"

	"jisr"
	"jisr/node"
)

// policiesView is the policies in force, and the proposal that waits.
type policiesView struct {
	Page
	Tabs     []Link
	Lines    []policyLine
	Proposed *proposal
	InForce  string // who approved the house's own policies, and when; empty: what is shipped is in force
	May      bool   // propose
	Ask      askPolicy
}

// policyLine is one policy in the list.
type policyLine struct {
	ID      string
	Means   string
	Forbids bool
	Own     bool
	Text    string
}

// proposal waits for another administrator.
type proposal struct {
	Number  int
	Reason  said
	By      string
	When    string
	Changes []node.PolicyChange
	Approve string // address; empty: the reader proposed it
	Drop    string
	Lapsed  string // why it can no longer be approved
}

// askPolicy is the question who may do what, and its answer.
type askPolicy struct {
	Account, Thing string
	Accounts       []Option
	Verbs          []Option
	Problem        string
	Asked          bool
	Allowed        bool
	Verdict        string
	Because        []string
}

func (s *site) policies(r *request) (*answer, error) {
	rd := s.reader(r)
	p, err := s.node.Policies(r.Context(), r.caller)
	if err != nil {
		return nil, err
	}
	v := policiesView{Page: s.page(r, "house"), Tabs: rd.houseTabs("policies"), May: rd.may("policy.propose")}
	for _, l := range p.Lines {
		v.Lines = append(v.Lines, policyLine{ID: l.ID, Means: rd.policyMeans(l), Forbids: l.Forbids, Own: !l.Shipped, Text: l.Text})
	}
	titles, err := s.titles(r.Context(), rd)
	if err != nil {
		return nil, err
	}
	by := func(step jisr.Step) string {
		if step.By == nil {
			return ""
		}
		return titleOf(titles, *step.By)
	}
	if p.InForce != nil && p.InForce.Approved != nil {
		v.InForce = rd.l.T("policies.since", "number", p.InForce.Number, "by", by(*p.InForce.Approved), "when", rd.dateTime(p.InForce.Approved.At))
	}
	if w := p.Proposed; w != nil {
		at := rd.url("house", "policies", itoa(int64(w.Number)))
		v.Proposed = &proposal{Number: w.Number, Reason: saidIn("und", w.PolicyBody.Reason, ""), By: by(w.PolicyVersion.Proposed), When: rd.dateTime(w.PolicyVersion.Proposed.At), Changes: p.Changes, Drop: at + "/withdraw"}
		if own := w.PolicyVersion.Proposed.By; own == nil || own.Official != r.caller.By().Official {
			v.Proposed.Approve = at + "/approve"
		}
	}
	v.Ask, err = s.askPolicies(r, rd)
	return &answer{page: policiesPage(v)}, err
}

// policyMeans is what a policy is for: of shipped ones in our words, of the house's own in its.
func (rd reader) policyMeans(l node.PolicyLine) string {
	if key := "policy." + l.ID; l.Shipped && rd.l.Has(key) {
		return rd.l.T(key)
	}
	return inLanguage(rd.l, l.Reason)
}

// askPolicies answers who may do what, when that was asked.
func (s *site) askPolicies(r *request, rd reader) (askPolicy, error) {
	q := r.URL.Query()
	a := askPolicy{Account: clip(q.Get("account"), maxField), Thing: clip(strings.TrimSpace(q.Get("thing")), maxField)}
	verb := clip(q.Get("verb"), maxField)
	rows, err := s.node.Book().Accounts(r.Context())
	if err != nil {
		return a, err
	}
	for _, row := range rows {
		if row.Account.Ended == nil {
			a.Accounts = append(a.Accounts, Option{Value: string(row.ID), Word: inLanguage(rd.l, row.Account.Title), On: string(row.ID) == a.Account})
		}
	}
	for _, v := range node.Verbs() {
		a.Verbs = append(a.Verbs, Option{Value: string(v), Word: known(rd.l, "subject.", string(v)), On: string(v) == verb})
	}
	if verb == "" || a.Account == "" {
		return a, nil
	}
	said, err := s.node.Explain(r.Context(), r.caller, node.PolicyQuestion{Account: jisr.ThingID(a.Account), Verb: node.Verb(verb), Thing: jisr.ThingID(a.Thing)})
	if problems := problemsOf(rd, err, func(string) string { return "thing" }); problems != nil {
		a.Problem = problems[0].Text
		return a, nil
	}
	if err != nil {
		return a, err
	}
	a.Asked, a.Allowed, a.Verdict = true, said.Allowed, rd.l.T("policies.refused")
	if said.Allowed {
		a.Verdict = rd.l.T("policies.allowed")
	}
	for _, p := range said.Policies {
		a.Because = append(a.Because, rd.policyMeans(p)+" ("+p.ID+")")
	}
	if said.Missing != "" {
		a.Because = append(a.Because, rd.l.T("policies.missing", "role", rd.l.T("role."+string(said.Missing))))
	}
	return a, nil
}

// proposeView is the form for a proposal.
type proposeView struct {
	Page
	Back     string
	Text     string
	Reason   string
	InForce  int
	Problems []Problem
	Changes  []node.PolicyChange // that the text would make, when it was only looked at
	Looked   bool
}

// Wrong is what is wrong with a field; empty: nothing.
func (v *proposeView) Wrong(field string) string {
	for _, p := range v.Problems {
		if p.Field == field {
			return p.Text
		}
	}
	return ""
}

func (s *site) newPolicies(r *request) (*answer, error) {
	p, err := s.node.Policies(r.Context(), r.caller)
	if err == nil {
		err = node.May(r.caller, "policy.propose")
	}
	if err != nil {
		return nil, err
	}
	v := proposeView{Page: s.page(r, "house"), Back: s.reader(r).url("house", "policies")}
	if p.InForce != nil {
		v.Text, v.InForce = p.InForce.Text, p.InForce.Number
	}
	return &answer{page: proposePage(v)}, nil
}

// proposePolicies proposes, or only looks at what the text would change.
func (s *site) proposePolicies(r *request) (*answer, error) {
	rd := s.reader(r)
	if err := node.May(r.caller, "policy.propose"); err != nil {
		return nil, err
	}
	v := proposeView{Page: s.page(r, "house"), Back: rd.url("house", "policies"), Text: unixLines(r.PostForm.Get("text")), Reason: reasonOf(r)}
	p, err := s.node.Policies(r.Context(), r.caller)
	if err != nil {
		return nil, err
	}
	if p.InForce != nil {
		v.InForce = p.InForce.Number
	}
	if r.PostForm.Get("look") != "" {
		v.Changes, err = s.node.CheckPolicies(v.Text)
		v.Looked = err == nil
	} else {
		_, err = s.node.Do(r.Context(), r.caller, node.ProposePolicies{InForce: v.InForce, Text: v.Text, Reason: v.Reason})
		if err == nil {
			return &answer{to: v.Back}, nil
		}
	}
	if err == nil {
		return &answer{page: proposePage(v)}, nil
	}
	if v.Problems = problemsOf(rd, err, policyField); v.Problems == nil {
		return nil, err
	}
	return &answer{status: 422, page: proposePage(v)}, nil
}

func policyField(subject string) string {
	if subject == "reason" {
		return "reason"
	}
	return "text"
}

func (s *site) askApprove(r *request) (*answer, error)    { return s.askProposal(r, "approve", false) }
func (s *site) askWithdrawal(r *request) (*answer, error) { return s.askProposal(r, "withdraw", true) }

func (s *site) askProposal(r *request, verb string, reason bool) (*answer, error) {
	rd := s.reader(r)
	p, err := s.node.Policies(r.Context(), r.caller)
	if err == nil {
		err = node.May(r.caller, node.Verb("policy."+verb))
	}
	if err != nil {
		return nil, err
	}
	if p.Proposed == nil || p.Proposed.Number != numberOf(r) {
		return nil, jisr.Refuse(jisr.NoSuch, itoa(int64(numberOf(r))), "noun", "policies")
	}
	at := rd.url("house", "policies")
	v := askView{Page: s.page(r, "house"), Title: rd.l.T("policies.confirm." + verb), About: saidIn("und", p.Proposed.PolicyBody.Reason, ""),
		Means: []string{rd.l.T("policies.confirm." + verb + ".means"), rd.l.N("policies.changes", len(p.Changes))}, Action: at + "/" + itoa(int64(numberOf(r))) + "/" + verb,
		Button: rd.l.T("policies." + verb), Ask: reason, Back: at}
	return &answer{page: askPage(v)}, nil
}

func (s *site) approve(r *request) (*answer, error) {
	return s.decideProposal(r, node.ApprovePolicies{Number: numberOf(r)})
}

func (s *site) withdrawProposal(r *request) (*answer, error) {
	return s.decideProposal(r, node.WithdrawPolicies{Number: numberOf(r), Reason: reasonOf(r)})
}

func (s *site) decideProposal(r *request, cmd node.Command) (*answer, error) {
	if _, err := s.node.Do(r.Context(), r.caller, cmd); err != nil {
		return nil, err
	}
	return &answer{to: s.reader(r).url("house", "policies")}, nil
}
