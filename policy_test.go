package jisr_test

import (
	"testing"

	"jisr"
)

// Policies are in force once a second administrator has approved the text that was looked at.
func TestPoliciesNeedTwoAdministrators(t *testing.T) {
	propose := func(by jisr.OfficialID, number, inForce int) houseStep {
		return houseStep{by, jisr.KindPolicyPropose, jisr.PolicyTerms{Number: number, InForce: inForce}}
	}
	on := func(by jisr.OfficialID, kind jisr.Kind, number int) houseStep {
		return houseStep{by, kind, jisr.PolicyTerms{Number: number}}
	}
	for name, c := range map[string]struct {
		steps   []houseStep
		inForce int
		open    int
		last    jisr.RefusalKind
	}{
		"proposed":                     {[]houseStep{propose("a", 1, 0)}, 0, 1, ""},
		"approved by a second":         {[]houseStep{propose("a", 1, 0), on("b", jisr.KindPolicyApprove, 1)}, 1, 0, ""},
		"approved by who proposed":     {[]houseStep{propose("a", 1, 0), on("a", jisr.KindPolicyApprove, 1)}, 0, 1, jisr.SecondAdmin},
		"another number approved":      {[]houseStep{propose("a", 1, 0), on("b", jisr.KindPolicyApprove, 2)}, 0, 1, jisr.Conflict},
		"approved without a proposal":  {[]houseStep{propose("a", 1, 0), on("b", jisr.KindPolicyApprove, 1), on("c", jisr.KindPolicyApprove, 1)}, 1, 0, jisr.NoSuch},
		"withdrawn":                    {[]houseStep{propose("a", 1, 0), on("a", jisr.KindPolicyWithdraw, 1)}, 0, 0, ""},
		"proposed while one is open":   {[]houseStep{propose("a", 1, 0), propose("b", 2, 0)}, 0, 1, jisr.Already},
		"written against an old one":   {[]houseStep{propose("a", 1, 0), on("b", jisr.KindPolicyApprove, 1), propose("a", 2, 0)}, 1, 0, jisr.Conflict},
		"replaced":                     {[]houseStep{propose("a", 1, 0), on("b", jisr.KindPolicyApprove, 1), propose("b", 2, 1), on("a", jisr.KindPolicyApprove, 2)}, 2, 0, ""},
		"a number is not given twice":  {[]houseStep{propose("a", 1, 0), on("a", jisr.KindPolicyWithdraw, 1), propose("a", 1, 0)}, 0, 0, jisr.Conflict},
		"numbers go on after one ends": {[]houseStep{propose("a", 1, 0), on("a", jisr.KindPolicyWithdraw, 1), propose("a", 2, 0)}, 0, 2, ""},
	} {
		s, acts := house(t, jisr.HousePolicies, c.steps...)
		inForce, open := 0, 0
		if v := s.Policies.InForce(); v != nil {
			inForce = v.Number
		}
		if s.Policies != nil && s.Policies.Proposed != nil {
			open = s.Policies.Proposed.Number
		}
		var last error
		if void := s.Voids[acts[len(acts)-1].Position]; void != nil {
			last = void
		}
		refusedAs(t, name, last, c.last)
		if inForce != c.inForce || open != c.open {
			t.Errorf("%s: in force %d, proposed %d", name, inForce, open)
		}
	}
}
