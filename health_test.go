package jisr_test

import (
	"testing"

	"jisr"
)

func TestHealthCountsWhatIsOwed(t *testing.T) {
	var h jisr.Health
	for _, row := range []struct {
		state  jisr.CommitmentState
		labels []string
	}{
		{jisr.CommitmentInProgress, []string{"desk:iq/water", "sector:water", "owned", "due:2026-11-20"}},
		{jisr.CommitmentAssigned, []string{"desk:iq/water", "due:2026-08-01"}},
		{jisr.CommitmentReported, []string{"owned", "due:2026-01-01"}}, // it is the other side's turn: not late
		{jisr.CommitmentAccepted, []string{"sector:water", "closed:10", "reviewed:3", "on-time"}},
		{jisr.CommitmentRemarked, []string{"closed:30", "reviewed:9", "reviewed:1", "past-date", "returned"}},
		{jisr.CommitmentAccepted, []string{"closed:20", "reviewed:2"}},
		{jisr.CommitmentDraft, nil},
	} {
		h.Add(string(row.state), row.labels, "2026-11-25")
	}
	closed, _ := h.MedianClosed()
	reviewed, _ := h.MedianReviewed()
	got := []int{h.Open, h.Dated, h.Late, h.Ages[0], h.Ages[1], h.Ages[2], h.Oldest, h.Reported, h.Accepted, h.OnTime, h.Timed, h.Returned, h.Answered, closed, reviewed}
	want := []int{3, 2, 2, 1, 0, 1, 116, 1, 3, 1, 2, 1, 3, 20, 3}
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("figures %v, want %v", got, want)
		}
	}
	if g := h.By["desk:iq/water"]; g == nil || g.Open != 2 || g.Late != 2 {
		t.Errorf("the office has %+v", g)
	}
	if g := h.By["sector:water"]; g.Open != 1 || g.Accepted != 1 {
		t.Errorf("the sector has %+v", g)
	}
	if _, any := (&jisr.Health{}).MedianClosed(); any {
		t.Error("a median of nothing")
	}
}
