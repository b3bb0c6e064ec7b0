package node_test

import (
	"testing"
	"time"

	"jisr"
	"jisr/node"
	"jisr/node/nodetest"
)

func TestACommitmentIsDoneWhenTheOtherSideAccepts(t *testing.T) {
	for _, members := range [][]jisr.MemberID{{"iq", "sy"}, {"iq", "jo", "sy"}} {
		w := nodetest.New(t, members...)
		iq, sy := w.As("iq"), w.As("sy")
		id := iq.Proposes(w.Owed("iq", "sy"))
		iq.Reports(id).Refused(jisr.NotAgreed)
		sy.SeesThing(id, "draft").Agrees(id)
		iq.SeesThing(id, "agreed").Says(jisr.KindCommitmentAssign, id, jisr.AssignTerms{Desk: "mofa"}, nil)
		iq.Reports(id)
		iq.Reviews(id, jisr.KindCommitmentAccept).Refused(jisr.NotYours)
		sy.SeesThing(id, "reported")
		// sy's node says by itself that the report is here: its days to look at it run from now.
		w.Until("the review has a last day", func() bool { return iq.Commitment(id).Newest().ReviewBy != "" })
		if by := iq.Commitment(id).Newest().ReviewBy; by != "2026-12-09" {
			t.Errorf("review by %s", by)
		}
		sy.Reviews(id, jisr.KindCommitmentReturn)
		iq.SeesThing(id, "returned").Reports(id)
		sy.SeesThing(id, "reported").Reviews(id, jisr.KindCommitmentAccept)
		iq.SeesThing(id, "accepted").Reports(id).Refused(jisr.Ended)
		w.Settle()
	}
}

// C12 on real nodes, the roads cut: each side says what it thinks, and both learn the same when they meet.
func TestAcceptanceCrossesARecallOverACutLink(t *testing.T) {
	w := nodetest.New(t, "iq", "sy")
	iq, sy := w.As("iq"), w.As("sy")
	id := iq.Proposes(w.Owed("iq", "sy"))
	sy.SeesThing(id, "draft").Agrees(id)
	iq.SeesThing(id, "agreed").Reports(id)
	sy.SeesThing(id, "reported")
	w.Settle()
	w.Cut("iq", "sy")
	iq.Says(jisr.KindCommitmentRecall, id, jisr.ReviewTerms{Report: iq.Commitment(id).Newest().Position}, nil)
	iq.SeesThing(id, "in-progress")
	sy.Reviews(id, jisr.KindCommitmentAccept).SeesThing(id, "accepted")
	w.Restore("iq", "sy")
	iq.SeesThing(id, "accepted")
	w.Settle()
}

// No day of the review counts while the link is down (P6).
func TestNoClockRunsWhileTheLinkIsDown(t *testing.T) {
	w := nodetest.New(t, "iq", "sy")
	iq, sy := w.As("iq"), w.As("sy")
	id := iq.Proposes(w.Owed("iq", "sy"))
	sy.SeesThing(id, "draft").Agrees(id)
	iq.SeesThing(id, "agreed")
	w.Cut("iq", "sy")
	iq.Reports(id)
	w.Pass(20 * 24 * time.Hour)
	if by := iq.Commitment(id).Newest().ReviewBy; by != "" {
		t.Fatalf("a day counts that the other side has not had: review by %s", by)
	}
	w.Restore("iq", "sy")
	w.Until("the review has a last day", func() bool { return iq.Commitment(id).Newest().ReviewBy != "" })
	if by := iq.Commitment(id).Newest().ReviewBy; by != "2026-12-29" {
		t.Errorf("review by %s", by)
	}
}

func TestCommitmentsFollowTheDutiesOfPosts(t *testing.T) {
	w := nodetest.New(t, "iq", "sy")
	iq := w.As("iq")
	terms, body := w.Owed("iq", "sy")
	focal := w.Official("iq", "focal.point", "focal-point")
	iq.DoAs(focal, node.Say{Forum: w.Forum, Kind: jisr.KindCommitmentPropose, Terms: terms, Body: body})
	iq.Refused(jisr.NotAllowed)
	done := iq.DoAs(w.Official("iq", "desk.officer", "desk-officer"), node.Say{Forum: w.Forum, Kind: jisr.KindCommitmentPropose, Terms: terms, Body: body, Key: "1"})
	again := iq.DoAs(w.Official("iq", "desk.officer", "desk-officer"), node.Say{Forum: w.Forum, Kind: jisr.KindCommitmentPropose, Terms: terms, Body: body, Key: "1"})
	if iq.Done(); again.Thing != done.Thing || !again.Existing {
		t.Errorf("the same key made %s and %s", done.Thing, again.Thing)
	}
	terms.Due = ""
	iq.DoAs(w.Official("iq", "desk.officer", "desk-officer"), node.Say{Forum: w.Forum, Kind: jisr.KindCommitmentPropose, Terms: terms, Body: body})
	iq.Refused(jisr.Missing)
}
