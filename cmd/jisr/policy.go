package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"jisr"
	"jisr/node"
)

// policyJSON is one policy for programs.
type policyJSON struct {
	ID      string    `json:"id"`
	Effect  string    `json:"effect"` // permit, forbid
	Shipped bool      `json:"shipped"`
	Reason  jisr.Text `json:"reason,omitempty"`
	Text    string    `json:"text"`
}

// policyTextJSON is a version of the house's own policies.
type policyTextJSON struct {
	Number   int        `json:"number"`
	Text     string     `json:"text"`
	Reason   string     `json:"reason"`
	Proposed time.Time  `json:"proposed_at"`
	By       *jisr.By   `json:"proposed_by,omitempty"`
	Approved *time.Time `json:"approved_at,omitempty"`
}

type changeJSON struct {
	ID     string `json:"id"`
	Before string `json:"before,omitempty"`
	After  string `json:"after,omitempty"`
}

func policyShowVerb() verb {
	return verb{
		name: "policy show", args: "[ID]",
		short: both{"show the policies in force, or one of them", "اعرض قواعد الصلاحيات النافذة أو إحداها"},
		long: both{
			"Policies say who may do what; what none of them allows is refused, and one that forbids is stronger than all that allow.\nThose marked * are of this house, the others are shipped. A proposal that waits for a second administrator is named.",
			"تقول القواعد من يجوز له ماذا؛ فما لا تجيزه قاعدة مردود، والقاعدة المانعة أقوى من كل مجيزة.\nوالمعلّمة بنجمة من وضع هذه الجهة، وغيرها مرفق مع البرنامج. ويُذكر الاقتراح الذي ينتظر مديراً ثانياً.",
		},
		setup: func(o *options) runner {
			dir, asJSON := o.dir(), o.asJSON()
			return func(ctx context.Context, t *terminal, operands []string) error {
				if len(operands) > 1 {
					return usage("cli.one-operand")
				}
				var v node.PolicyView
				err := t.house(ctx, *dir, func(n *node.Node) (err error) {
					v, err = n.Policies(ctx, n.Operator())
					return err
				})
				if err != nil {
					return err
				}
				if len(operands) == 1 {
					return t.onePolicy(v.Lines, operands[0], *asJSON)
				}
				if *asJSON {
					return t.json(t.policiesJSON(v))
				}
				return t.policies(v)
			}
		},
	}
}

func policyCheckVerb() verb {
	return verb{
		name: "policy check", args: "[FILE]",
		short: both{"check policies, or say who may do what and why", "افحص قواعد، أو اعرف من يجوز له ماذا ولماذا"},
		long: both{
			"With FILE: whether these policies could be proposed, and what they would change.\nWith --official or --token, and --verb: whether that account may do it, and which policies say so, by what is in force or by FILE.\n--thing names what it is about, such as note/iq-01k…; without it the answer is for what is the account's own.",
			"مع ملف: هل تصلح هذه القواعد للاقتراح، وما الذي تغيّره.\nومع \u200e--official\u200e أو \u200e--token\u200e ومعهما \u200e--verb\u200e: هل يجوز ذلك للحساب، وأي القواعد تقول ذلك، بحسب النافذ أو بحسب الملف.\nو\u200e--thing\u200e يسمّي ما يُسأل عنه مثل note/iq-01k…؛ ومن دونه فالجواب عما هو للحساب نفسه.",
		},
		setup: func(o *options) runner {
			dir, asJSON := o.dir(), o.asJSON()
			official := o.text("official", "ID", "", both{"the post that would do it", "المنصب الذي يفعل ذلك"})
			program := o.text("token", "ID", "", both{"the program that would do it", "البرنامج الذي يفعل ذلك"})
			what := o.text("verb", "VERB", "", both{"what it would do, such as note.release", "ما يفعله مثل note.release"})
			thing := o.text("thing", "THING", "", both{"what it would be about", "ما يتعلق به"})
			return func(ctx context.Context, t *terminal, files []string) error {
				q := node.PolicyQuestion{Verb: node.Verb(*what), Thing: jisr.ThingID(*thing)}
				switch {
				case len(files) > 1 || *official != "" && *program != "":
					return usage("cli.one-operand")
				case *official != "":
					q.Account = jisr.ThingID("official/" + *official)
				case *program != "":
					q.Account = jisr.ThingID("token/" + *program)
				}
				if len(files) == 0 && (q.Account == "" || q.Verb == "") {
					return usage("cli.policy.what", "account", "--official, --token", "option", "--verb")
				}
				if len(files) == 1 {
					text, err := readPolicies(files[0])
					if err != nil {
						return err
					}
					q.Text = &text
				}
				if q.Account == "" {
					return t.checkPolicies(ctx, *dir, *q.Text, *asJSON)
				}
				return t.explain(ctx, *dir, q, *asJSON)
			}
		},
	}
}

func policyProposeVerb() verb {
	return verb{
		name: "policy propose", args: "[FILE]",
		short: both{"propose policies of this house; a second administrator approves", "اقترح قواعد لهذه الجهة ويعتمدها مدير ثانٍ"},
		long: both{
			"FILE is written in Cedar (cedarpolicy.com). It is the whole of this house's own policies: a policy with the @id of a shipped one takes\nits place, others are added. --as-shipped proposes to have none of one's own. Nothing changes until another administrator approves.",
			"الملف مكتوب بلغة Cedar (cedarpolicy.com)، وهو كل قواعد هذه الجهة: فالقاعدة التي لها \u200e@id\u200e قاعدة مرفقة تحل محلها، وغيرها يضاف.\nو\u200e--as-shipped\u200e يقترح العودة إلى القواعد المرفقة. ولا يتغير شيء حتى يعتمده مدير آخر.",
		},
		setup: func(o *options) runner {
			dir, asJSON := o.dir(), o.asJSON()
			reason := o.text("reason", "TEXT", "", both{"why; the other administrator reads it", "السبب، ويقرؤه المدير الآخر"})
			none := o.on("as-shipped", both{"propose to have no policies of one's own", "اقترح العودة إلى القواعد المرفقة"})
			return func(ctx context.Context, t *terminal, files []string) error {
				cmd := node.ProposePolicies{Reason: *reason}
				if len(files) != 1 != *none {
					return usage("cli.one-operand")
				}
				if len(files) == 1 {
					var err error
					if cmd.Text, err = readPolicies(files[0]); err != nil {
						return err
					}
				}
				var done node.Done
				err := t.house(ctx, *dir, func(n *node.Node) error {
					v, err := n.Policies(ctx, n.Operator())
					if err != nil {
						return err
					}
					if v.InForce != nil {
						cmd.InForce = v.InForce.Number
					}
					done, err = n.Do(ctx, n.Operator(), cmd)
					return err
				})
				if err != nil {
					return hint(err, "jisr policy check --help · jisr policy show")
				}
				return t.decidedPolicies("cli.policy.proposed", done.Version, *asJSON)
			}
		},
	}
}

func policyApproveVerb() verb {
	return decidePolicies("policy approve", both{"approve policies that another administrator proposed", "اعتمد قواعد اقترحها مدير آخر"}, "cli.policy.approved",
		func(number int) node.Command { return node.ApprovePolicies{Number: number} })
}

func policyWithdrawVerb() verb {
	return decidePolicies("policy withdraw", both{"drop policies that were proposed", "اسحب اقتراح القواعد"}, "cli.policy.withdrawn",
		func(number int) node.Command { return node.WithdrawPolicies{Number: number} })
}

func decidePolicies(name string, short both, done string, cmd func(int) node.Command) verb {
	return verb{
		name: name, args: "NUMBER", short: short,
		setup: func(o *options) runner {
			dir, asJSON := o.dir(), o.asJSON()
			return func(ctx context.Context, t *terminal, operands []string) error {
				operand, err := oneOperand(operands)
				if err != nil {
					return err
				}
				number, err := strconv.Atoi(operand)
				if err != nil {
					return usage("cli.unknown-operand", "operand", operand)
				}
				if _, err := t.operate(ctx, *dir, cmd(number)); err != nil {
					return hint(err, "jisr policy show")
				}
				return t.decidedPolicies(done, number, *asJSON)
			}
		},
	}
}

func (t *terminal) decidedPolicies(key string, number int, asJSON bool) error {
	if asJSON {
		return t.json(map[string]int{"number": number})
	}
	t.note(key, "number", number)
	return nil
}

func readPolicies(file string) (string, error) {
	text, err := readBounded(file, jisr.MaxPolicies+1) // one more, so that the node says what is too long
	if errors.Is(err, os.ErrNotExist) {
		return "", hint(fail("cli.no-file", "file", file), "jisr policy propose --help")
	}
	return string(text), err
}

// reasonOf is why a policy is there, in the reader's language: of shipped ones from words, of others as they say.
func (t *terminal) reasonOf(p node.PolicyLine) string {
	if key := "policy." + p.ID; p.Shipped && t.words.Has(key) {
		return t.lang.T(key)
	}
	return t.text(p.Reason)
}

func (t *terminal) policies(v node.PolicyView) error {
	rows := [][]string{{"POLICY", "EFFECT", "MEANS"}}
	for _, p := range v.Lines {
		rows = append(rows, []string{own(p) + p.ID, effect(p), t.reasonOf(p)})
	}
	if err := t.table(rows); err != nil {
		return err
	}
	if v.Proposed != nil {
		fmt.Fprintln(t.out)
		t.say("cli.policy.waits", "number", v.Proposed.Number, "reason", v.Proposed.PolicyBody.Reason)
		t.changes(v.Changes)
	}
	return nil
}

func own(p node.PolicyLine) string {
	if p.Shipped {
		return ""
	}
	return "*"
}

func effect(p node.PolicyLine) string {
	if p.Forbids {
		return "forbid"
	}
	return "permit"
}

func (t *terminal) changes(all []node.PolicyChange) {
	for _, c := range all {
		for _, side := range []struct{ mark, text string }{{"- ", c.Before}, {"+ ", c.After}} {
			for line := range strings.Lines(side.text) {
				fmt.Fprintln(t.out, side.mark+strings.TrimRight(line, "\n"))
			}
		}
		fmt.Fprintln(t.out)
	}
}

func (t *terminal) onePolicy(lines []node.PolicyLine, id string, asJSON bool) error {
	for _, p := range lines {
		if p.ID != id {
			continue
		}
		if asJSON {
			return t.json(policyOut(p))
		}
		fmt.Fprintf(t.out, "// %s\n%s\n", t.reasonOf(p), p.Text)
		return nil
	}
	return hint(jisr.Refuse(jisr.NoSuch, id), "jisr policy show")
}

func policyOut(p node.PolicyLine) policyJSON {
	return policyJSON{p.ID, effect(p), p.Shipped, p.Reason, p.Text}
}

func (t *terminal) policiesJSON(v node.PolicyView) any {
	out := struct {
		Policies []policyJSON    `json:"policies"`
		InForce  *policyTextJSON `json:"in_force,omitempty"`
		Proposed *policyTextJSON `json:"proposed,omitempty"`
		Changes  []changeJSON    `json:"changes,omitempty"`
	}{InForce: textJSON(v.InForce), Proposed: textJSON(v.Proposed), Changes: changesJSON(v.Changes)}
	for _, p := range v.Lines {
		out.Policies = append(out.Policies, policyOut(p))
	}
	return out
}

func textJSON(p *node.PolicyText) *policyTextJSON {
	if p == nil {
		return nil
	}
	out := &policyTextJSON{Number: p.Number, Text: p.Text, Reason: p.PolicyBody.Reason, Proposed: p.PolicyVersion.Proposed.At, By: p.PolicyVersion.Proposed.By}
	if p.Approved != nil {
		out.Approved = &p.Approved.At
	}
	return out
}

func changesJSON(all []node.PolicyChange) []changeJSON {
	out := []changeJSON{}
	for _, c := range all {
		out = append(out, changeJSON(c))
	}
	return out
}

// checkPolicies tells whether a text could be proposed, and what it would change.
func (t *terminal) checkPolicies(ctx context.Context, dir, text string, asJSON bool) error {
	var changes []node.PolicyChange
	err := t.house(ctx, dir, func(n *node.Node) (err error) {
		changes, err = n.CheckPolicies(text)
		return err
	})
	if err != nil {
		return err
	}
	if asJSON {
		return t.json(map[string]any{"changes": changesJSON(changes)})
	}
	if len(changes) == 0 {
		t.say("cli.policy.same")
		return nil
	}
	t.changes(changes)
	return nil
}

func (t *terminal) explain(ctx context.Context, dir string, q node.PolicyQuestion, asJSON bool) error {
	var a node.PolicyAnswer
	err := t.house(ctx, dir, func(n *node.Node) (err error) {
		a, err = n.Explain(ctx, n.Operator(), q)
		return err
	})
	if err != nil {
		return hint(err, "jisr official list · jisr policy check --help")
	}
	if asJSON {
		return t.json(explanation(a))
	}
	key := "cli.policy.refused"
	if a.Allowed {
		key = "cli.policy.allowed"
	}
	t.say(key, "who", t.text(a.Caller.Title), "verb", string(q.Verb))
	for _, p := range a.Policies {
		said := "cli.policy.permits"
		if p.Forbids {
			said = "cli.policy.forbids"
		}
		fmt.Fprintln(t.out, "  - "+t.lang.T(said, "policy", p.ID, "reason", t.reasonOf(p)))
	}
	if a.Missing != "" {
		fmt.Fprintln(t.out, "  - "+t.lang.T("cli.policy.missing", "role", t.lang.T("role."+string(a.Missing)), "name", string(a.Missing)))
	}
	if len(a.Policies) == 0 && a.Missing == "" {
		fmt.Fprintln(t.out, "  - "+t.lang.T("cli.policy.nothing"))
	}
	return nil
}

func explanation(a node.PolicyAnswer) any {
	out := struct {
		Allowed  bool              `json:"allowed"`
		Policies []policyJSON      `json:"policies"`
		Missing  jisr.Role         `json:"missing_role,omitempty"`
		Handling jisr.Handling     `json:"handling"`
		Desks    []jisr.DeskID     `json:"desks,omitempty"`
		Named    []jisr.OfficialID `json:"named,omitempty"`
		Drafters []jisr.OfficialID `json:"drafters,omitempty"`
	}{a.Allowed, []policyJSON{}, a.Missing, a.Handling, a.Desks, a.Named, a.Drafters}
	for _, p := range a.Policies {
		out.Policies = append(out.Policies, policyOut(p))
	}
	return out
}
