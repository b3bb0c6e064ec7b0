package node_test

import (
	"strings"
	"testing"

	"jisr"
	"jisr/node"
	"jisr/node/nodetest"
)

// administrators gives a house two of them, as officials that are let in.
func administrators(t *testing.T, w *nodetest.World) (one, two node.Caller) {
	t.Helper()
	n := w.Node("iq")
	for _, id := range []jisr.OfficialID{"admin.one", "admin.two"} {
		_, err := n.Do(t.Context(), n.Operator(), node.AddOfficial{ID: id, Post: jisr.Text{"en": "Administrator"}, Desk: "mofa", Roles: []jisr.Role{jisr.Admin}})
		if err != nil {
			t.Fatal(err)
		}
	}
	return w.Official("iq", "admin.one", jisr.Admin), w.Official("iq", "admin.two", jisr.Admin)
}

const noWithdrawals = `@id("no-withdrawals") @ar("لا تُسحب المذكرات") @en("Notes are not withdrawn")
forbid (principal, action == Action::"note.withdraw", resource);`

func TestPoliciesAreChangedByTwoAdministrators(t *testing.T) {
	w := nodetest.New(t, "iq", "sy")
	iq := w.As("iq")
	one, two := administrators(t, w)
	id := iq.Releases(w.Note("sy"))

	done := iq.DoAs(one, node.ProposePolicies{Text: noWithdrawals, Reason: "قرار المجلس"})
	v, err := w.Node("iq").Policies(t.Context(), two)
	if err != nil || v.Proposed == nil || len(v.Changes) != 1 || v.Changes[0].ID != "no-withdrawals" || v.Changes[0].Before != "" {
		t.Fatalf("%+v, %v", v.Changes, err)
	}
	iq.DoAs(one, node.ApprovePolicies{Number: done.Version})
	iq.Refused(jisr.SecondAdmin)
	iq.DoAs(two, node.ApprovePolicies{Number: done.Version + 1})
	iq.Refused(jisr.Conflict)
	iq.DoAs(two, node.ApprovePolicies{Number: done.Version})
	iq.Done()
	iq.Withdraws(id).Refused(jisr.NotAllowed)

	w.Stop("iq")
	w.Start("iq")
	iq.Withdraws(id).Refused(jisr.NotAllowed)
	v, err = w.Node("iq").Policies(t.Context(), w.Node("iq").Operator())
	if err != nil || v.InForce == nil || v.InForce.Text != noWithdrawals {
		t.Fatalf("after a restart %+v, %v", v.InForce, err)
	}

	iq.DoAs(two, node.ProposePolicies{InForce: 0, Reason: "إلغاء القرار"})
	iq.Refused(jisr.Conflict) // another text came into force meanwhile
	done = iq.DoAs(two, node.ProposePolicies{InForce: 1, Reason: "إلغاء القرار"})
	iq.DoAs(one, node.ApprovePolicies{Number: done.Version})
	iq.Withdraws(id).Done()
	w.Settle()
}

func TestAProposalThatIsDroppedChangesNothing(t *testing.T) {
	w := nodetest.New(t, "iq", "sy")
	iq := w.As("iq")
	one, two := administrators(t, w)
	done := iq.DoAs(one, node.ProposePolicies{Text: noWithdrawals, Reason: "x"})
	iq.DoAs(two, node.ProposePolicies{Text: noWithdrawals, Reason: "x"})
	iq.Refused(jisr.Already)
	iq.DoAs(two, node.WithdrawPolicies{Number: done.Version})
	iq.DoAs(two, node.ApprovePolicies{Number: done.Version})
	iq.Refused(jisr.NoSuch)
	id := iq.Releases(w.Note("sy"))
	iq.Withdraws(id).Done()
}

func TestPoliciesThatCannotBeUsed(t *testing.T) {
	w := nodetest.New(t, "iq", "sy")
	one, _ := administrators(t, w)
	iq := w.As("iq")
	for _, c := range []struct {
		name, text string
		kind       jisr.RefusalKind
	}{
		{"no Cedar", `permit everything`, jisr.BadPolicy},
		{"no id", `permit (principal, action, resource);`, jisr.BadPolicy},
		{"an id twice", noWithdrawals + noWithdrawals, jisr.BadPolicy},
		{"a verb that is none", `@id("a") forbid (principal, action == Action::"note.sned", resource);`, jisr.BadPolicy},
		{"an attribute that is none", `@id("a") forbid (principal, action, resource) when { resource.handlin > 1 };`, jisr.BadPolicy},
		{"an attribute not all have", `@id("a") forbid (principal, action, resource) when { principal.desk == Desk::"mofa" };`, jisr.BadPolicy},
		{"too deep", `@id("a") forbid (principal, action, resource) when { ` + strings.Repeat("(", 5_000) + "true" + strings.Repeat(")", 5_000) + ` };`, jisr.BadPolicy},
		{"too long", "// " + strings.Repeat("x", jisr.MaxPolicies), jisr.TooLong},
		{"nobody administers", `@id("admin") forbid (principal, action in Action::"administering", resource);`, jisr.LocksOut},
		{"one administrates", `@id("a") forbid (principal, action == Action::"policy.approve", resource) unless { principal == Official::"admin.one" };`, jisr.LocksOut},
		{"officials are not let in", `@id("a") forbid (principal is Official, action == Action::"official.add", resource);`, jisr.LocksOut},
	} {
		t.Log(c.name)
		iq.DoAs(one, node.ProposePolicies{Text: c.text, Reason: "x"})
		iq.Refused(c.kind)
	}
}

func TestAProgramDoesNotApprovePolicies(t *testing.T) {
	w := nodetest.New(t, "iq", "sy")
	administrators(t, w)
	_, program := token(t, w, node.AddToken{ID: "robot", Roles: []jisr.Role{jisr.Admin}})
	w.As("iq").DoAs(program, node.ProposePolicies{Text: noWithdrawals, Reason: "x"})
	_, err := w.Node("iq").Do(t.Context(), program, node.ApprovePolicies{Number: 1})
	if refusedBy(err) != "policies-by-officials" {
		t.Error(err)
	}
}

// The shipped policies hold against the schema as a house's own would.
func TestShippedPoliciesHold(t *testing.T) {
	text, err := node.ShippedPolicies()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := node.Rules(text); err != nil {
		t.Error(err)
	}
}

func FuzzPolicies(f *testing.F) {
	f.Add(noWithdrawals)
	f.Add(`@id("a") permit (principal in Role::"x", action in [Action::"drafting"], resource is Thing) when { resource.named.contains(principal.name) && context.signed };`)
	f.Add(`@id("a") forbid (principal, action, resource) when { if true then {"a": [1, -2]}.a.isEmpty() else resource.noun like "n*" };`)
	f.Fuzz(func(t *testing.T, text string) {
		may, err := node.Rules(text)
		if err != nil {
			return
		}
		may(node.Caller{Account: "official/post", Roles: jisr.Roles()}, "note.release", node.About{Forum: "iq-sy", Thing: "note/iq-1"})
	})
}
