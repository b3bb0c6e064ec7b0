package node_test

import (
	"testing"

	"jisr"
	"jisr/node"
	"jisr/node/nodetest"
)

// What speaks for a member about a commitment passes two officials: one drafts, another clears and releases it.
func TestACommitmentIsReportedByTwoOfficials(t *testing.T) {
	w := nodetest.New(t, "iq", "sy")
	iq, sy := w.As("iq"), w.As("sy")
	id := iq.Proposes(w.Owed("iq", "sy"))
	sy.SeesThing(id, "draft").Agrees(id)
	iq.SeesThing(id, "agreed")
	drafter, releaser := w.Official("iq", "focal.point", "focal-point"), w.Official("iq", "head", jisr.Releaser)
	report := node.Say{Forum: w.Forum, ID: id, Kind: jisr.KindCommitmentReport, Terms: jisr.ReportTerms{}, Body: jisr.EvidenceBody{Text: jisr.Text{"ar": "أُرسل الجدول."}}}
	iq.DoAs(drafter, report)
	iq.Refused(jisr.NotAllowed)
	iq.DoAs(releaser, report)
	iq.Refused(jisr.NotAllowed)
	step, err := report.Step()
	if err != nil {
		t.Fatal(err)
	}
	draft := iq.DoAs(drafter, node.DraftStep{Forum: w.Forum, About: id, Step: step})
	iq.Done()
	release := node.ReleaseStep{ID: draft.Thing, Version: 1, Kind: jisr.KindCommitmentReport}
	iq.DoAs(releaser, release)
	iq.Refused(jisr.NotCleared)
	iq.DoAs(drafter, node.ClearStep{ID: draft.Thing, Version: 1})
	iq.Refused(jisr.NotAllowed)
	iq.DoAs(releaser, node.ClearStep{ID: draft.Thing, Version: 1})
	iq.DoAs(releaser, release)
	iq.Done()
	sy.SeesThing(id, "reported")
	if files := iq.Commitment(id).Newest().Files; files != 0 {
		t.Errorf("%d files", files)
	}
	w.Settle()
}

// A new session is proposed from a draft too: its name follows from its body and number.
func TestASessionIsProposedByTwoOfficials(t *testing.T) {
	w := nodetest.New(t, "iq", "sy")
	body := committee(w, "iq", "sy")
	iq := w.As("iq")
	step, err := node.NewStep(jisr.KindMeetingPropose, jisr.MeetingTerms{Body: body, Session: 1, Begins: "2026-12-15T10:00:00+03:00", Zone: "Asia/Baghdad", Mode: jisr.InPerson}, nil)
	if err != nil {
		t.Fatal(err)
	}
	draft := iq.DoAs(w.Official("iq", "secretary", jisr.Drafter), node.DraftStep{Forum: w.Forum, Step: step})
	head := w.Official("iq", "head", jisr.Releaser)
	iq.DoAs(head, node.ClearStep{ID: draft.Thing, Version: 1})
	done := iq.DoAs(head, node.ReleaseStep{ID: draft.Thing, Version: 1, Kind: jisr.KindMeetingPropose})
	iq.Done()
	if want := jisr.MeetingThing(body, 1); done.Thing != want && iq.Meeting(want) == nil {
		t.Errorf("the session is %s, want %s", done.Thing, want)
	}
	w.As("sy").SeesThing(jisr.MeetingThing(body, 1), string(jisr.MeetingProposed))
}

// The head signs what the secretary cleared: two officials of each side have looked at the minutes.
func TestMinutesAreNotSignedByWhoClearedThem(t *testing.T) {
	w := nodetest.New(t, "iq", "sy")
	_, minutes := convened(w, "iq", "sy")
	iq, sy := w.As("iq"), w.As("sy")
	iq.Says(jisr.KindMinutesEdit, minutes, jisr.EditTerms{Ops: []jisr.Op{{Segment: "iq-1", Section: "a", Kind: jisr.Narrative}}}, jisr.EditBody{Texts: []jisr.Text{{"ar": "نص"}}})
	head, secretary := w.Program("iq", "head", jisr.Releaser), w.Program("iq", "secretary", "secretary")
	clearing := node.ClearMinutes{Forum: w.Forum, ID: minutes, Intent: jisr.NonBinding, Next: "2027-03-15"}
	iq.DoAs(head, clearing)
	iq.Done()
	w.Settle()
	sy.Do(clearing)
	iq.SeesThing(minutes, jisr.MinutesCleared)
	sign := node.SignMinutes{Forum: w.Forum, ID: minutes}
	iq.DoAs(head, sign)
	iq.Refused(jisr.NotAllowed)
	iq.DoAs(secretary, sign)
	iq.Refused(jisr.NotAllowed)
	iq.DoAs(w.Official("iq", "chair", "co-chair"), sign) // a chair that is an official signs with its passkey
	iq.Refused(jisr.NotAllowed)
	iq.DoAs(w.Program("iq", "chair", "co-chair"), sign)
	iq.Done()
	w.Settle()
}
