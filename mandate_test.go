package jisr_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"jisr"
)

// Any order of arrival gives the same full powers, void acts leave them as they would be without, and nobody verifies what
// it gave itself.
func TestMandatesFoldTheSameEverywhere(t *testing.T) {
	const powers jisr.ThingID = "mandate/iq-1"
	subjects := []jisr.ThingID{pact}
	states := map[jisr.MandateState]int{}
	for seed := range uint64(400) {
		f, r := newForum(t), rng(seed)
		members := []jisr.MemberID{"iq", "jo", "sy"}
		for i := range 6 + r.IntN(12) {
			m, o := members[r.IntN(3)], members[r.IntN(3)]
			if o != m && r.IntN(2) == 0 {
				f.receive(m, o, f.seen[m][o]+jisr.Index(r.IntN(4)))
			}
			reason := jisr.MandateSubjects{Subjects: subjects, Reason: "x"}
			if r.IntN(8) == 0 {
				reason.Subjects = []jisr.ThingID{"agreement/sy-9"}
			}
			switch n := r.IntN(12); {
			case i == 0 && seed%4 > 0, n == 0:
				f.say(map[bool]jisr.MemberID{true: "iq", false: m}[i == 0], jisr.KindMandateIssue, powers, jisr.MandateTerms{Holder: "envoy", Post: jisr.Text{"ar": "السفير"}, Issuer: jisr.Text{"ar": "الوزير"},
					Acts: []jisr.MandateAct{jisr.MaySign}, Subjects: subjects, From: "2026-11-01", To: []jisr.Date{"", "2026-11-30"}[r.IntN(2)]})
			case n < 3:
				f.say(m, jisr.KindMandateRevoke, powers, reason)
			default:
				f.say(m, jisr.KindMandateVerify, powers, reason)
			}
		}
		s := f.fold(powers, r)
		var valid []jisr.Act
		for _, a := range f.about(powers) {
			if s.Voids[a.Position] == nil {
				valid = append(valid, a)
			}
		}
		without := jisr.Fold(powers, valid)
		if s.Digest() != without.Digest() || len(without.Voids) > 0 {
			t.Fatalf("seed %d: void acts change the state: %s\n%v", seed, cmp.Diff(without.Mandate, s.Mandate), without.Voids)
		}
		if s.Mandate == nil {
			continue
		}
		if _, own := s.Mandate.Verified["iq"]; own {
			t.Fatalf("seed %d: verified by who gave them", seed)
		}
		states[s.Mandate.Standing("2026-12-01")]++
	}
	for _, st := range []jisr.MandateState{jisr.MandateIssued, jisr.MandateVerified, jisr.MandateExpired, jisr.MandateRevoked} {
		if states[st] == 0 {
			t.Errorf("no full powers are %s: %v", st, states)
		}
	}
}
