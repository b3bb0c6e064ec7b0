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

// A second official clears and releases what is said of a confidential agreement once it is named for the agreement, and
// nobody else does. Beyond the desks of a thing, who clears names; a drafter does not.
func TestWhatIsConfidentialIsClearedByWhoIsNamedForIt(t *testing.T) {
	w := nodetest.New(t, "iq", "sy")
	iq, op := w.As("iq"), w.Node("iq").Operator()
	iq.DoAs(op, node.AddDesk{ID: "water", Title: jisr.Text{"ar": "وزارة الموارد المائية"}})
	for id, desk := range map[jisr.OfficialID]jisr.DeskID{"writer": "mofa", "head": "mofa", "stranger": "mofa", "expert": "water"} {
		iq.DoAs(op, node.AddOfficial{ID: id, Post: jisr.Text{"ar": "منصب"}, Desk: desk, Roles: []jisr.Role{jisr.Releaser}})
	}
	iq.Done()
	writer, head, stranger := w.Official("iq", "writer", jisr.Drafter), w.Official("iq", "head", jisr.Releaser), w.Official("iq", "stranger", jisr.Releaser)
	step, err := node.NewStep(jisr.KindAgreementPropose, jisr.ProposeTerms{Kind: jisr.AgreementKind, Title: jisr.Text{"ar": "اتفاقية مكتومة", "en": "A confidential agreement"},
		Parties: []jisr.MemberID{"iq", "sy"}, Binding: true, Handling: jisr.HandlingConfidential}, nil)
	if err != nil {
		t.Fatal(err)
	}
	program := w.Program("iq", "clerk", jisr.Roles()...)
	id := iq.DoAs(program, node.SayStep{Forum: w.Forum, Step: step}).Thing
	iq.Done()
	w.Settle()
	name := func(by node.Caller, who jisr.OfficialID) {
		iq.DoAs(by, node.NameOfficial{Forum: w.Forum, ID: id, Official: who})
	}
	name(program, "writer")
	name(program, "head")
	iq.Done()
	text, err := node.NewStep(jisr.KindAgreementTable, nil, w.Text([]jisr.MemberID{"iq", "sy"}, "The Parties shall exchange data."))
	if err != nil {
		t.Fatal(err)
	}
	w.As("sy").Do(node.SayStep{Forum: w.Forum, About: id, Step: node.Step{Kind: jisr.KindAgreementNegotiate, Terms: []byte(`{"binding":true}`)}})
	w.Settle()
	draft := iq.DoAs(writer, node.DraftStep{Forum: w.Forum, About: id, Step: text})
	iq.Done()
	for _, c := range []node.Command{node.ClearStep{ID: draft.Thing, Version: 1}, node.NameOfficial{Forum: w.Forum, ID: id, Official: "stranger"}} {
		iq.DoAs(stranger, c)
		iq.Refused(jisr.NoSuch)
	}
	name(writer, "expert")
	iq.Refused(jisr.NotAllowed)
	name(head, "expert")
	iq.Done()
	iq.DoAs(writer, node.ClearStep{ID: draft.Thing, Version: 1})
	iq.Refused(jisr.NotAllowed)
	iq.DoAs(head, node.ClearStep{ID: draft.Thing, Version: 1})
	iq.DoAs(head, node.ReleaseStep{ID: draft.Thing, Version: 1, Kind: jisr.KindAgreementTable})
	iq.Done()
	w.Settle()
}

// A confidential agreement is proposed by two officials: the second, and who releases where neither may, are named while it is only an
// act in preparation. Once it is there, who drafted it and who was named see it, and nobody else does; every reading is audited.
func TestWhatBeginsIsConfidentialToo(t *testing.T) {
	w := nodetest.New(t, "iq", "sy")
	iq, n := w.As("iq"), w.Node("iq")
	iq.DoAs(n.Operator(), node.AddDesk{ID: "water", Title: jisr.Text{"ar": "وزارة الموارد المائية"}})
	for _, id := range []jisr.OfficialID{"writer", "head", "stranger"} {
		iq.DoAs(n.Operator(), node.AddOfficial{ID: id, Post: jisr.Text{"ar": "منصب"}, Desk: "mofa", Roles: []jisr.Role{jisr.Releaser}})
	}
	iq.Done()
	writer, head, stranger := w.Official("iq", "writer", jisr.Drafter), w.Official("iq", "head", jisr.Releaser), w.Official("iq", "stranger", jisr.Releaser)
	head.Desk = "water"
	step, err := node.NewStep(jisr.KindAgreementPropose, jisr.ProposeTerms{Kind: jisr.AgreementKind, Title: jisr.Text{"ar": "اتفاقية مكتومة", "en": "A confidential agreement"},
		Parties: []jisr.MemberID{"iq", "sy"}, Binding: true, Handling: jisr.HandlingConfidential}, nil)
	if err != nil {
		t.Fatal(err)
	}
	draft := iq.DoAs(writer, node.DraftStep{Forum: w.Forum, Step: step}).Thing
	iq.Done()
	row, _, err := n.Book().Outgoing(t.Context(), n.ScopeOf(writer), draft)
	if err != nil || row.Handling != jisr.HandlingConfidential {
		t.Fatalf("who drafted it reads it at %q, %v", row.Handling, err)
	}
	id := row.Outgoing.About
	name := func(who jisr.OfficialID) node.NameOfficial {
		return node.NameOfficial{Forum: w.Forum, ID: id, Official: who}
	}
	for _, c := range []node.Command{node.ClearStep{ID: draft, Version: 1}, name("stranger"), node.ReferThing{Forum: w.Forum, ID: id, Desk: "water"}} {
		iq.DoAs(stranger, c)
		iq.Refused(jisr.NoSuch)
	}
	iq.DoAs(head, node.ClearStep{ID: draft, Version: 1})
	iq.Refused(jisr.NoSuch)
	iq.DoAs(writer, name("head"))
	iq.Done()
	iq.DoAs(writer, name("head"))
	iq.Refused(jisr.Already)
	iq.DoAs(writer, node.ClearStep{ID: draft, Version: 1})
	iq.Refused(jisr.NotAllowed)
	if err := n.ReadsOutgoing(t.Context(), stranger, &row); !isKind(err, jisr.NotAllowed) {
		t.Errorf("who is not named reads it: %v", err)
	}
	row, _, err = n.Book().Outgoing(t.Context(), n.ScopeOf(head), draft)
	if err == nil {
		err = n.ReadsOutgoing(t.Context(), head, &row)
	}
	if err != nil {
		t.Fatalf("who is named reads it: %v", err)
	}
	audited(t, w, node.AuditQuery{Official: "head", Verb: string(node.Read), Outcome: jisr.AuditDone}, 1)
	iq.DoAs(head, node.ClearStep{ID: draft, Version: 1})
	iq.DoAs(head, node.ReleaseStep{ID: draft, Version: 1, Kind: jisr.KindAgreementPropose})
	iq.Done()
	w.Settle()
	sees := func(c node.Caller) bool {
		_, err := n.Book().Thing(t.Context(), n.ScopeOf(c), w.Forum, id)
		return err == nil
	}
	if !sees(writer) || !sees(head) || sees(stranger) {
		t.Errorf("the writer sees it: %v, the head: %v, a stranger: %v", sees(writer), sees(head), sees(stranger))
	}
}
