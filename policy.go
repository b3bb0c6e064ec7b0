package jisr

// The policies of a house: who may do what in it. Two administrators change them: one proposes a text, another approves
// it, and from that act on it is in force. Every text that ever was stays in the house log.
//
//	(as shipped) --propose--> proposed --approve (by another)--> in force
//	                             |                                  ^  |
//	                             +--withdraw--> as before           |  +--propose--> …
//	                                                                |
//	          an earlier text, or none, is proposed again ----------+

// The acts about the policies.
const (
	KindPolicyPropose  Kind = "policy.propose"  // content: PolicyBody
	KindPolicyApprove  Kind = "policy.approve"  // by another than who proposed
	KindPolicyWithdraw Kind = "policy.withdraw" // the proposal is dropped
)

// HousePolicies is the thing that acts about the policies are about.
const HousePolicies ThingID = "policy/house"

// PolicyTerms is the terms of all acts about policies. Number counts proposals from 1. In force is the number of the
// version a proposal was written against, 0 for what is shipped: who approves sees the difference to that.
type PolicyTerms struct {
	Number  int    `json:"number"`
	InForce int    `json:"in_force,omitempty"`
	Reason  string `json:"reason,omitempty"` // of a withdrawal
}

// PolicyBody is the content of policy.propose. An empty text gives back what is shipped.
type PolicyBody struct {
	Text   string `json:"text"`
	Reason string `json:"reason"`
}

// PolicyVersion is a text that was proposed. Its content is that of the act that proposed it.
type PolicyVersion struct {
	Number   int   `json:"number"`
	InForce  int   `json:"in_force,omitempty"` // the version it was written against
	Proposed Step  `json:"proposed"`
	Approved *Step `json:"approved,omitempty"`
}

// PolicyState is what the house has in force, and what is proposed.
type PolicyState struct {
	Versions []PolicyVersion `json:"versions"` // those that came into force, oldest first; empty: what is shipped is
	Proposed *PolicyVersion  `json:"proposed,omitempty"`
	Last     int             `json:"last"` // number of the last proposal
}

// InForce gives the version that is in force; nil: what is shipped.
func (s *PolicyState) InForce() *PolicyVersion {
	if s == nil || len(s.Versions) == 0 {
		return nil
	}
	return &s.Versions[len(s.Versions)-1]
}

func (s *PolicyState) number() int {
	if v := s.InForce(); v != nil {
		return v.Number
	}
	return 0
}

// MayPropose refuses a proposal that was written against another version than is in force, or while one is open.
func (s *PolicyState) MayPropose(inForce int) error {
	if s != nil && s.Proposed != nil {
		return Refuse(Already, "policy.propose", "version", itoa(s.Proposed.Number))
	}
	if now := s.number(); inForce != now {
		return Refuse(Conflict, "policies", "version", itoa(now), "got", itoa(inForce))
	}
	return nil
}

// MayApprove: a second administrator, and the proposal that was looked at.
func (s *PolicyState) MayApprove(by By, number int) error {
	if err := s.MayWithdraw(number); err != nil {
		return err
	}
	if p := s.Proposed.Proposed.By; p == nil || p.Official == by.Official {
		return Refuse(SecondAdmin, "policies")
	}
	return nil
}

// MayWithdraw: the proposal that was looked at.
func (s *PolicyState) MayWithdraw(number int) error {
	if s == nil || s.Proposed == nil {
		return Refuse(NoSuch, itoa(number), "noun", "policies")
	}
	if s.Proposed.Number != number {
		return Refuse(Conflict, "policies", "version", itoa(s.Proposed.Number), "got", itoa(number))
	}
	return nil
}

func foldPolicies(acts []Act, voids map[Position]*Refusal) *PolicyState {
	var s *PolicyState
	for i := range acts {
		a := &acts[i]
		next, err := s.apply(a)
		if err != nil {
			voids[a.Position] = asRefusal(err)
			continue
		}
		s = next
	}
	return s
}

func (s *PolicyState) apply(a *Act) (*PolicyState, error) {
	t, err := terms[PolicyTerms](a)
	if err != nil {
		return nil, err
	}
	next := &PolicyState{}
	if s != nil {
		*next = *s
	}
	by := By{}
	if a.By != nil {
		by = *a.By
	}
	step := a.step()
	switch a.Kind {
	case KindPolicyPropose:
		if err := s.MayPropose(t.InForce); err != nil {
			return nil, err
		}
		if t.Number != next.Last+1 {
			return nil, Refuse(Conflict, "policies", "version", itoa(next.Last+1), "got", itoa(t.Number))
		}
		next.Last, next.Proposed = t.Number, &PolicyVersion{Number: t.Number, InForce: t.InForce, Proposed: step}
	case KindPolicyApprove:
		if err := s.MayApprove(by, t.Number); err != nil {
			return nil, err
		}
		v := *s.Proposed
		v.Approved = &step
		next.Versions, next.Proposed = append(s.Versions[:len(s.Versions):len(s.Versions)], v), nil
	case KindPolicyWithdraw:
		if err := s.MayWithdraw(t.Number); err != nil {
			return nil, err
		}
		next.Proposed = nil
	}
	return next, nil
}
