package node_test

import (
	"testing"
	"time"

	"jisr"
)

// TestADormantProgrammeKeepsWhatBothNamed: a year in which nobody speaks about the agreement stops no records; once both say that it is
// dormant, what both named goes on and the rest does not.
func TestADormantProgrammeKeepsWhatBothNamed(t *testing.T) {
	for name, c := range map[string]struct {
		sy   []string
		want jisr.RefusalKind
	}{
		"both named the annex":    {[]string{"annex1"}, ""},
		"one of them named it":    {[]string{"art2"}, jisr.NoFlow},
		"nothing is named by one": {nil, jisr.NoFlow},
	} {
		t.Run(name, func(t *testing.T) {
			p, id := waterPact(t)
			p.inForce()
			p.Pass(380 * 24 * time.Hour)
			p.sees(jisr.AgreementDormant)
			p.sends("iq", id, flowOf(1, "300")).Done()
			p.Settle()
			p.Pass(24 * time.Hour)
			for m, named := range map[jisr.MemberID][]string{"iq": {"annex1", "art2"}, "sy": c.sy} {
				a := p.As(m)
				a.Steps(p.id, jisr.KindAgreementDormant, map[string]any{"reason": jisr.DormantSevered, "continuity": named, "channel": "a third member"}, nil)
				a.Done()
				p.Settle()
			}
			a := p.sends("iq", id, flowOf(2, "310"))
			if c.want == "" {
				a.Done()
			} else {
				a.Refused(c.want)
			}
			p.Settle()
			if got := p.read("sy", id); len(got) == 0 || got[0] == string(jisr.NoFlow) {
				t.Errorf("what was sent before reads %v", got)
			}
		})
	}
}
