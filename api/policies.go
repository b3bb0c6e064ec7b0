package api

import (
	"net/http"
	"strconv"
	"time"

	"jisr"
	"jisr/node"
)

// maxPolicyJSON is bytes of a body with policies: a text is at most 48 KiB, and JSON may write each character as \uXXXX.
const maxPolicyJSON = 512 << 10

// policyOut is one policy that is in force.
type policyOut struct {
	ID      string    `json:"id"`
	Effect  string    `json:"effect" enum:"permit,forbid" doc:"A policy that forbids is stronger than all that permit; what none permits is refused."`
	Shipped bool      `json:"shipped" doc:"false: it is this house's own."`
	Reason  jisr.Text `json:"reason" doc:"What it is for, in a line."`
	Text    string    `json:"text" doc:"In Cedar."`
}

// policyTextOut is a version of the house's own policies.
type policyTextOut struct {
	Number   int      `json:"number"`
	Text     string   `json:"text"`
	Reason   string   `json:"reason"`
	Proposed *stepOut `json:"proposed"`
	Approved *stepOut `json:"approved,omitempty"`
}

// policyChangeOut is what a text changes of one policy.
type policyChangeOut struct {
	ID     string `json:"id"`
	Before string `json:"before,omitempty" doc:"Absent: it is added."`
	After  string `json:"after,omitempty" doc:"Absent: it goes."`
}

// policiesOut is what is in force and what is proposed.
type policiesOut struct {
	Policies []policyOut       `json:"policies" nullable:"false"`
	InForce  *policyTextOut    `json:"in_force,omitempty" doc:"The house's own policies. Absent: only the shipped ones are in force."`
	Proposed *policyTextOut    `json:"proposed,omitempty" doc:"Waits for another administrator."`
	Changes  []policyChangeOut `json:"changes,omitempty" doc:"That the proposal makes."`
}

// policiesIn is a proposal.
type policiesIn struct {
	Text    string `json:"text" doc:"The whole of the house's own policies, in Cedar. One with the id of a shipped policy takes its place; empty: none of one's own."`
	Reason  string `json:"reason" doc:"Why; the other administrator reads it."`
	InForce int    `json:"in_force,omitempty" doc:"Number of the version it was written against; absent: the shipped policies. When another is in force the answer is 409."`
}

// policyTextIn is a text to check.
type policyTextIn struct {
	Text string `json:"text"`
}

// policyChangesOut is what a text would change.
type policyChangesOut struct {
	Changes []policyChangeOut `json:"changes" nullable:"false"`
}

// policyAnswerOut says whether an account may do something, and which policies say so.
type policyAnswerOut struct {
	Allowed  bool              `json:"allowed"`
	Policies []policyOut       `json:"policies" nullable:"false" doc:"All that match; those that forbid come first."`
	Missing  jisr.Role         `json:"missing_role,omitempty"`
	Handling jisr.Handling     `json:"handling"`
	Desks    []jisr.DeskID     `json:"desks,omitempty" doc:"Whose the thing is."`
	Named    []jisr.OfficialID `json:"named,omitempty" doc:"Who may know of it above restricted."`
	Drafters []jisr.OfficialID `json:"drafters,omitempty"`
}

func policyOperations() []operation {
	ok := []int{http.StatusOK}
	const path, one = "/api/v1/policies", "/api/v1/policies/{number}"
	return []operation{
		{method: "GET", path: path, id: "getPolicies", tag: "house", access: admin, out: policiesOut{}, do: (*call).getPolicies, summary: "Read the policies", statuses: ok,
			about: "What is in force, and what is proposed with what it would change."},
		{method: "POST", path: path, id: "postPolicies", tag: "house", access: admin, in: policiesIn{}, out: policiesOut{}, do: (*call).postPolicies, summary: "Propose policies", statuses: []int{http.StatusCreated},
			about: "Nothing changes until another administrator approves. Refused: what cannot be used (bad-policy), and what nobody could change again (locks-out)."},
		{method: "POST", path: one + "/approve", id: "approvePolicies", tag: "house", access: admin, out: policiesOut{}, do: (*call).approvePolicies, summary: "Approve a proposal", statuses: ok,
			about: "By another than proposed it, and by an official: as shipped, a token may not."},
		{method: "POST", path: one + "/withdraw", id: "withdrawPolicies", tag: "house", access: admin, out: policiesOut{}, do: (*call).withdrawPolicies, summary: "Drop a proposal", statuses: ok},
		{method: "POST", path: path + "/check", id: "checkPolicies", tag: "house", access: admin, in: policyTextIn{}, out: policyChangesOut{}, do: (*call).checkPolicies, summary: "Check policies", statuses: ok,
			about: "Whether the text could be used, and what it would change. Nothing is kept."},
		{method: "GET", path: path + "/check", id: "explainPolicies", tag: "house", access: admin, out: policyAnswerOut{}, do: (*call).explainPolicies, summary: "Ask who may do what, and why", statuses: ok,
			query: []param{{name: "account", about: "official/first.secretary, token/customs."}, {name: "verb", about: "note.release, …"}, {name: "thing", about: "note/iq-01k…; absent: what is the account's own."}}},
	}
}

func (c *call) getPolicies() error { return c.answerPolicies(http.StatusOK) }

func (c *call) answerPolicies(status int) error {
	v, err := c.node.Policies(c.ctx(), c.caller)
	if err != nil {
		return err
	}
	out := policiesOut{Policies: c.policiesOut(v.Lines), InForce: policyTextOf(v.InForce), Proposed: policyTextOf(v.Proposed)}
	for _, change := range v.Changes {
		out.Changes = append(out.Changes, policyChangeOut(change))
	}
	return c.answer(status, out)
}

func (c *call) policiesOut(lines []node.PolicyLine) []policyOut {
	all := []policyOut{}
	for _, p := range lines {
		out := policyOut{ID: p.ID, Effect: "permit", Shipped: p.Shipped, Reason: p.Reason, Text: p.Text}
		if p.Forbids {
			out.Effect = "forbid"
		}
		if key := "policy." + p.ID; p.Shipped && c.words.Has(key) {
			out.Reason = jisr.Text{}
			for _, tag := range c.words.Tags() {
				out.Reason[tag] = c.words.In(tag).T(key)
			}
		}
		all = append(all, out)
	}
	return all
}

func policyTextOf(p *node.PolicyText) *policyTextOut {
	if p == nil {
		return nil
	}
	return &policyTextOut{Number: p.Number, Text: p.Text, Reason: p.PolicyBody.Reason, Proposed: happened(&p.PolicyVersion.Proposed), Approved: happened(p.Approved)}
}

func (c *call) postPolicies() error {
	var in policiesIn
	if err := c.decode(maxPolicyJSON, &in); err != nil {
		return err
	}
	if _, err := c.node.Do(c.ctx(), c.caller, node.ProposePolicies{InForce: in.InForce, Text: in.Text, Reason: in.Reason}); err != nil {
		return inBody(err)
	}
	return c.answerPolicies(http.StatusCreated)
}

func (c *call) approvePolicies() error {
	return c.decidePolicies(func(number int) node.Command { return node.ApprovePolicies{Number: number} })
}

func (c *call) withdrawPolicies() error {
	return c.decidePolicies(func(number int) node.Command { return node.WithdrawPolicies{Number: number} })
}

func (c *call) decidePolicies(cmd func(int) node.Command) error {
	number, err := strconv.Atoi(c.r.PathValue("number"))
	if err != nil {
		return jisr.Refuse(jisr.NoSuch, echo(c.r.PathValue("number")), "noun", "policies")
	}
	if _, err := c.node.Do(c.ctx(), c.caller, cmd(number)); err != nil {
		return err
	}
	return c.answerPolicies(http.StatusOK)
}

func (c *call) checkPolicies() error {
	var in policyTextIn
	if err := c.decode(maxPolicyJSON, &in); err != nil {
		return err
	}
	changes, err := c.node.CheckPolicies(in.Text)
	if err != nil {
		return inBody(err)
	}
	out := policyChangesOut{Changes: []policyChangeOut{}}
	for _, change := range changes {
		out.Changes = append(out.Changes, policyChangeOut(change))
	}
	return c.answer(http.StatusOK, out)
}

func (c *call) explainPolicies() error {
	q, err := c.query("account", "verb", "thing")
	if err != nil {
		return err
	}
	a, err := c.node.Explain(c.ctx(), c.caller, node.PolicyQuestion{Account: jisr.ThingID(q.Get("account")), Verb: node.Verb(q.Get("verb")), Thing: jisr.ThingID(q.Get("thing"))})
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, policyAnswerOut{Allowed: a.Allowed, Policies: c.policiesOut(a.Policies), Missing: a.Missing, Handling: a.Handling, Desks: a.Desks, Named: a.Named, Drafters: a.Drafters})
}

// auditOut is one thing that was done, refused or read.
type auditOut struct {
	At       time.Time       `json:"at"`
	Until    *time.Time      `json:"until,omitempty" doc:"Of repeats that are counted together: the last."`
	Count    int             `json:"count,omitempty" doc:"Of repeats that are counted together."`
	Account  jisr.ThingID    `json:"account,omitempty" doc:"Absent for what was carried out: then the act says which post."`
	Official jisr.OfficialID `json:"official,omitempty"`
	Desk     jisr.DeskID     `json:"desk,omitempty"`
	Verb     string          `json:"verb"`
	Forum    jisr.ForumID    `json:"forum,omitempty"`
	About    jisr.ThingID    `json:"about,omitempty"`
	Outcome  string          `json:"outcome" doc:"done, or the kind of the refusal."`
	Policy   string          `json:"policy,omitempty" doc:"That forbade it."`
	Log      jisr.ForumID    `json:"log" doc:"In whose log of this member it stands; house: its own."`
	Index    jisr.Index      `json:"index"`
}

func auditOperations() []operation {
	ok := []int{http.StatusOK}
	filter := []param{{name: "official", about: "A post or program, such as first.secretary."}, {name: "verb", about: "note.release, or note for all that is done with notes."},
		{name: "outcome", about: "done, refused for every refusal, or the kind of one."}, {name: "forum", about: "A forum, or house."},
		{name: "from", about: "RFC 3339, included."}, {name: "to", about: "RFC 3339, not included."}}
	return []operation{
		{method: "GET", path: "/api/v1/audit", id: "listAudit", tag: "house", access: program, out: page[auditOut]{}, do: (*call).listAudit, summary: "Read the audit record", statuses: ok,
			about: "What was done, refused and read in this house, newest first. A page may have few rows and a next: much was looked at.", query: append(filter, paging()...)},
		{method: "GET", path: "/api/v1/audit/export", id: "exportAudit", tag: "house", access: program, plain: "application/octet-stream", do: (*call).exportAudit, summary: "Export the audit record with its proofs", statuses: ok,
			about: "The newest 2,000 acts that match, as one file for `jisr verify`. Contents are withheld. That it was exported is audited.", query: filter},
	}
}

func (c *call) auditQuery() (q node.AuditQuery, err error) {
	v, err := c.query("official", "verb", "outcome", "forum", "from", "to", "cursor", "limit")
	if err != nil {
		return q, err
	}
	q = node.AuditQuery{Official: v.Get("official"), Verb: v.Get("verb"), Outcome: v.Get("outcome"), Forum: jisr.ForumID(v.Get("forum")), Cursor: v.Get("cursor")}
	for name, into := range map[string]*time.Time{"from": &q.From, "to": &q.To} {
		if s := v.Get(name); s != "" {
			if *into, err = time.Parse(time.RFC3339, s); err != nil {
				return q, jisr.Refuse(jisr.Malformed, name, "want", "2026-11-23T09:00:00Z")
			}
		}
	}
	q.Limit, err = limitOf(v)
	return q, err
}

func (c *call) listAudit() error {
	q, err := c.auditQuery()
	if err != nil {
		return err
	}
	p, err := c.node.Audit(c.ctx(), c.caller, q)
	if err != nil {
		return err
	}
	items := []auditOut{}
	for _, r := range p.Rows {
		out := auditOut{At: r.First, Count: r.Count, Account: r.Account, Official: r.Official, Desk: r.Desk, Verb: r.Verb, Forum: r.Forum, About: r.About,
			Outcome: r.Outcome, Policy: r.Policy, Log: r.Log, Index: r.Position.Index}
		if r.Count > 0 {
			out.Until = &r.Last
		}
		items = append(items, out)
	}
	return answerPage(c, items, p.Next)
}

// exportAudit writes as it reads: what cannot be read any more after the first bytes cuts the answer, which a reader of the
// file notices.
func (c *call) exportAudit() error {
	q, err := c.auditQuery()
	if err != nil {
		return err
	}
	h := c.w.Header()
	h.Set("Content-Type", "application/octet-stream")
	h.Set("Content-Disposition", `attachment; filename="audit.proofs"`)
	if err := c.node.ExportAudit(c.ctx(), c.caller, q, c.w); err != nil {
		h.Del("Content-Disposition")
		return err
	}
	return nil
}
