package jisr_test

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jisr"
)

const (
	committee jisr.ThingID = "body/iq-water"
	session   jisr.ThingID = "meeting/iq-water-7"
	record    jisr.ThingID = "minutes/iq-water-7"
)

// rules of a committee of some members, the first of whom hosts the odd sessions.
func rules(members ...jisr.MemberID) jisr.BodyTerms {
	posts := map[jisr.MemberID]jisr.Office{}
	for _, m := range members {
		posts[m] = jisr.Office{Member: m, Desk: "water", Name: jisr.Text{"ar": "أمين السر"}}
	}
	return jisr.BodyTerms{Title: jisr.Text{"ar": "اللجنة المشتركة للمياه"}, Level: jisr.TechnicalLevel, Members: slices.Sorted(slices.Values(members)),
		Chairs: posts, Secretaries: posts, Cadence: "FREQ=MONTHLY;INTERVAL=3", Months: 3,
		Procedure: jisr.Procedure{Rotation: members, Approval: jisr.Silent, SilentDays: 30}}
}

// sitting is a date for session 7, which the first member of the rotation hosts.
func sitting(day string, members ...jisr.MemberID) jisr.MeetingTerms {
	r := rules(members...)
	return jisr.MeetingTerms{Body: committee, Session: 7, Rules: jisr.Commit(sha256.Sum256([]byte("rules"))), Title: jisr.Text{"ar": "الدورة السابعة"}, Members: r.Members,
		Begins: day + "T10:00:00+03:00", Zone: "Asia/Baghdad", Mode: jisr.InPerson, Procedure: r.Procedure}
}

// agreeAll lets every other member agree to a proposal.
func (f *forum) agreeAll(kind jisr.Kind, p jisr.Act, members ...jisr.MemberID) {
	f.meet(members...)
	for _, m := range members {
		if m != p.Member {
			f.say(m, kind, p.About, jisr.AgreeTerms{Hash: p.Substance()})
		}
	}
	f.meet(members...)
}

// dated is a forum in which the date of the session is agreed; convened one in which it is convened.
func dated(t testing.TB, members ...jisr.MemberID) *forum {
	f := newForum(t)
	f.agreeAll(jisr.KindMeetingAgree, f.say("iq", jisr.KindMeetingPropose, session, sitting("2026-12-15", members...)), members...)
	return f
}

func convened(t testing.TB, members ...jisr.MemberID) *forum {
	f := dated(t, members...)
	agenda := jisr.AgendaTerms{Items: []jisr.AgendaItem{{Ref: "a", Title: jisr.Text{"ar": "المناسيب"}, Purpose: jisr.ForDecision}}}
	f.agreeAll(jisr.KindMeetingAgree, f.say("iq", jisr.KindMeetingAgenda, session, agenda), members...)
	f.say("iq", jisr.KindMeetingConvene, session, nil)
	f.meet(members...)
	return f
}

func (f *forum) meeting(what string, want jisr.MeetingState) (*jisr.Meeting, jisr.State) {
	f.t.Helper()
	s := f.fold(session, rng(3))
	if s.Meeting == nil || s.Meeting.State() != want {
		f.t.Fatalf("%s: %+v, want %s; voids %v", what, s.Meeting, want, s.Voids)
	}
	return s.Meeting, s
}

func TestABodyStandsWhenAllAgreeItsRules(t *testing.T) {
	for _, members := range [][]jisr.MemberID{{"iq", "sy"}, {"iq", "jo", "sy"}} {
		f := newForum(t)
		p := f.say("iq", jisr.KindBodyPropose, committee, rules(members...))
		f.meet(members...)
		if s := f.fold(committee, rng(1)); s.Body.Agreed != nil {
			t.Fatal("rules that one member proposed stand")
		}
		f.agreeAll(jisr.KindBodyAgree, p, members...)
		s := f.fold(committee, rng(1))
		if s.Body.Agreed == nil || s.Body.Rules != p.Substance() || s.Body.Host(1) != "iq" || s.Body.Host(2) != members[1] {
			t.Errorf("%v: %+v", members, s.Body)
		}
		amended := rules(members...)
		amended.SilentDays = 10
		f.agreeAll(jisr.KindBodyAgree, f.say("sy", jisr.KindBodyPropose, committee, amended), members...)
		if s := f.fold(committee, rng(1)); s.Body.SilentDays != 10 || len(s.Voids) > 0 {
			t.Errorf("%v: amended to %d days, voids %v", members, s.Body.SilentDays, s.Voids)
		}
	}
}

func TestAMeetingFromDateToClose(t *testing.T) {
	f := dated(t, "iq", "sy")
	m, _ := f.meeting("dated", jisr.DateAgreed)
	if m.AgendaBy(m.Day()) != "2026-11-30" || m.Missed("2026-12-15") || !m.Missed("2026-12-16") {
		t.Errorf("agenda by %s", m.AgendaBy(m.Day()))
	}
	early := f.say("sy", jisr.KindMeetingConvene, session, nil)
	f = convened(t, "iq", "sy")
	f.meeting("convened", jisr.Convened)
	f.say("sy", jisr.KindMeetingDelegation, session, jisr.DelegationTerms{Head: jisr.Delegate{Post: jisr.Text{"ar": "معاون الوزير"}}})
	f.say("sy", jisr.KindMeetingPaper, session, jisr.PaperTerms{Number: 1, Version: 1, Item: "a", Title: jisr.Text{"ar": "ورقة"}})
	skipped := f.say("sy", jisr.KindMeetingPaper, session, jisr.PaperTerms{Number: 3, Version: 1, Title: jisr.Text{"ar": "ورقة"}})
	f.say("sy", jisr.KindMeetingHold, session, jisr.HoldTerms{Day: "2026-12-15"})
	m, s := f.meeting("held", jisr.MeetingHeld)
	if s.Voids[skipped.Position] == nil || len(m.Papers) != 1 || early.Member != "sy" {
		t.Error("a series of papers has a gap")
	}
	f.meet("iq", "sy")
	sign(f, "iq", "sy")
	m, _ = f.meeting("signed", jisr.MinutesSigned)
	if m.NextOn != "2027-03-15" {
		t.Errorf("next on %s", m.NextOn)
	}
	f.say("iq", jisr.KindMeetingClose, session, nil)
	f.meeting("closed", jisr.MeetingClosed)
}

// C14: both convene other dates. Rotation decides the host, and the host's proposal is the live one, whoever was first.
func TestC14BothConvene(t *testing.T) {
	for c := range 4 {
		order, members := c&1, parties()[c>>1]
		f := newForum(t)
		who := []jisr.MemberID{"iq", "sy"}
		if order == 1 {
			slices.Reverse(who)
		}
		by := map[jisr.MemberID]jisr.Act{}
		for _, m := range who {
			by[m] = f.say(m, jisr.KindMeetingPropose, session, sitting(map[jisr.MemberID]string{"iq": "2026-12-15", "sy": "2027-01-10"}[m], members...))
		}
		f.meet(members...)
		if m, _ := f.meeting("crossed", jisr.MeetingProposed); m.Live != substance(by["iq"]) || m.Day() != "2026-12-15" || len(m.Dates) != 2 {
			t.Errorf("order %d: the live date is %s", order, m.Day())
		}
		for _, m := range members {
			if m != "sy" {
				f.say(m, jisr.KindMeetingAgree, session, jisr.AgreeTerms{Hash: substance(by["sy"])})
			}
		}
		if m, _ := f.meeting("the counter-proposal agreed", jisr.DateAgreed); m.Day() != "2027-01-10" || m.Host(7) != "iq" {
			t.Errorf("order %d: agreed %s at %s", order, m.Day(), m.Host(7))
		}
	}
}

// C15: one cancels while the other's delegation travels. It counts from receipt; the session is "not held", and its agenda
// is carried forward.
func TestC15CancellationAgainstADelegation(t *testing.T) {
	for order := range 2 {
		for _, members := range [][]jisr.MemberID{{"iq", "sy"}, {"iq", "jo", "sy"}} {
			f := convened(t, members...)
			travel := func() {
				f.say("sy", jisr.KindMeetingDelegation, session, jisr.DelegationTerms{Head: jisr.Delegate{Post: jisr.Text{"ar": "معاون الوزير"}}})
			}
			if order == 0 {
				travel()
			}
			f.say("iq", jisr.KindMeetingCancel, session, jisr.Reason{Reason: "x"})
			if order == 1 {
				travel()
			}
			f.meet(members...)
			late := f.say("sy", jisr.KindMeetingHold, session, jisr.HoldTerms{Day: "2026-12-15"})
			m, s := f.meeting("cancelled", jisr.NotHeld)
			if len(m.Delegations) != 1 || s.Voids[late.Position] == nil || len(m.Forward()) != 1 || m.Forward()[0].Carried != "s7.a" {
				t.Errorf("order %d: %+v", order, m)
			}
		}
	}
}

// P4: minutes that are completely signed beat a cancellation that had not received it; who had received the holding of a
// session does not cancel it.
func TestCancellationAgainstSignature(t *testing.T) {
	f := convened(t, "iq", "sy")
	hash := sign(f, "iq", "sy")
	f.meeting("signed", jisr.MinutesSigned)
	late := f.say("iq", jisr.KindMeetingCancel, session, jisr.Reason{Reason: "x"})
	if m, s := f.meeting("signed", jisr.MinutesSigned); s.Voids[late.Position] == nil || m.Minutes != hash {
		t.Error("signed minutes are cancelled")
	}
	f = convened(t, "iq", "sy")
	f.say("sy", jisr.KindMeetingHold, session, jisr.HoldTerms{Day: "2026-12-15"})
	f.meet("iq", "sy")
	f.say("iq", jisr.KindMeetingCancel, session, jisr.Reason{Reason: "x"})
	f.meeting("held", jisr.MeetingHeld)
}

func TestAPostponementSetsTheDateAside(t *testing.T) {
	f := convened(t, "iq", "sy")
	f.say("sy", jisr.KindMeetingPostpone, session, jisr.Reason{Reason: "x"})
	f.meeting("postponed", jisr.Postponed)
	f.meet("iq", "sy")
	p := f.say("iq", jisr.KindMeetingPropose, session, sitting("2027-02-01", "iq", "sy"))
	f.agreeAll(jisr.KindMeetingAgree, p, "iq", "sy")
	if m, _ := f.meeting("a new date", jisr.AgendaAgreed); m.Day() != "2027-02-01" {
		t.Errorf("on %s", m.Day())
	}
}

// sign lets members sign minutes over one hash.
func sign(f *forum, members ...jisr.MemberID) jisr.Commitment {
	f.t.Helper()
	doc := jisr.MinutesBody{Next: "2027-03-15"}
	terms := jisr.SignTerms{Hash: doc.Hash(), Next: doc.Next, Intents: map[jisr.MemberID]jisr.Intent{}}
	for _, m := range members {
		terms.Intents[m] = jisr.NonBinding
	}
	for _, m := range members {
		f.say(m, jisr.KindMinutesSign, record, terms)
	}
	f.meet(members...)
	return doc.Hash()
}

func (f *forum) minutes() (*jisr.Minutes, jisr.State) {
	f.t.Helper()
	s := f.fold(record, rng(5))
	if s.Minutes == nil {
		f.t.Fatalf("no minutes; voids %v", s.Voids)
	}
	return s.Minutes, s
}

func cleared(doc string) jisr.ClearTerms {
	return jisr.ClearTerms{Hash: jisr.Commit(sha256.Sum256([]byte(doc))), Intent: jisr.NonBinding}
}

// C17 for minutes: a clearance is irrevocable once all have cleared; before that, taking it back wins, from receipt.
func TestC17TakingAClearanceBack(t *testing.T) {
	for c := range 8 {
		received, first, members := c&1 == 1, c&2 == 2, parties()[c>>2]
		f := convened(t, members...)
		for _, m := range members {
			if m != "sy" {
				f.say(m, jisr.KindMinutesClear, record, cleared("x"))
			}
		}
		f.meet(members...)
		var back jisr.Act
		if received || first {
			back = f.say("iq", jisr.KindMinutesUnclear, record, jisr.Reason{})
		}
		if received {
			f.meet(members...)
		}
		f.say("sy", jisr.KindMinutesClear, record, cleared("x"))
		if !received && !first {
			back = f.say("iq", jisr.KindMinutesUnclear, record, jisr.Reason{})
		}
		m, s := f.minutes()
		if (m.State() == jisr.MinutesCleared) == received {
			t.Errorf("received %v, first %v: %s", received, first, m.State())
		}
		f.meet(members...)
		if !received {
			if late := f.say("iq", jisr.KindMinutesUnclear, record, jisr.Reason{}); true {
				_, s = f.minutes()
				if s.Voids[late.Position] == nil {
					t.Error("what all cleared was taken back")
				}
			}
		}
		_ = back
	}
}

// Who changes the text has taken its clearance back.
func TestAnEditTakesTheClearanceBack(t *testing.T) {
	f := convened(t, "iq", "sy")
	f.say("iq", jisr.KindMinutesClear, record, cleared("x"))
	f.say("iq", jisr.KindMinutesEdit, record, jisr.EditTerms{Ops: []jisr.Op{{Segment: "iq-1", Section: "a", Kind: jisr.Narrative}}})
	f.meet("iq", "sy")
	f.say("sy", jisr.KindMinutesClear, record, cleared("x"))
	if m, _ := f.minutes(); m.State() != jisr.MinutesDrafting {
		t.Errorf("%s", m.State())
	}
	f.meet("iq", "sy")
	f.say("iq", jisr.KindMinutesClear, record, cleared("x"))
	if m, _ := f.minutes(); m.State() != jisr.MinutesCleared || len(m.Cleared) != 2 {
		t.Errorf("cleared again: %s %v", m.State(), m.Cleared)
	}
}

// A side that means minutes otherwise than the other blocks the signature, and the commitments that they carry.
func TestIntentsThatDifferBlockTheSignature(t *testing.T) {
	f := convened(t, "iq", "sy")
	p := f.say("iq", jisr.KindCommitmentPropose, promise, owed())
	f.meet("iq", "sy")
	terms := jisr.SignTerms{Hash: cleared("x").Hash, Next: "2027-03-15", Intents: map[jisr.MemberID]jisr.Intent{"iq": jisr.Binding, "sy": jisr.NonBinding},
		Commitments: []jisr.SignedCommitment{{ID: promise, Hash: p.Substance()}}}
	for _, m := range []jisr.MemberID{"iq", "sy"} {
		f.say(m, jisr.KindMinutesSign, record, terms)
	}
	m, s := f.minutes()
	if m.Done != nil || len(s.Voids) != 2 {
		t.Errorf("signed %v, voids %v", m.Done, s.Voids)
	}
	f.wants("not agreed", jisr.CommitmentDraft)
	terms.Intents["iq"] = jisr.NonBinding
	f.say("iq", jisr.KindMinutesSign, record, terms)
	f.wants("signed by one", jisr.CommitmentDraft)
	f.say("sy", jisr.KindMinutesSign, record, terms)
	if m, _ := f.minutes(); m.Done == nil || m.Sign.Next != "2027-03-15" {
		t.Error("not signed")
	}
	f.wants("agreed by the minutes", jisr.CommitmentAgreed)
}

// C21: silence from receipt approves; a disapproval inside the days of silence goes to governments, after them it is late.
func TestC21DisapprovalAgainstSilence(t *testing.T) {
	for c := range 4 {
		days, late, members := []int{20, 60}[c&1], c&1 == 1, parties()[c>>1]
		f := convened(t, members...)
		sign(f, members...)
		f.say("sy", jisr.KindMinutesReceive, record, jisr.Reason{})
		for _, m := range members {
			if m != "sy" {
				f.say(m, jisr.KindMinutesApprove, record, jisr.Reason{})
			}
		}
		m, _ := f.minutes()
		until := m.Verdicts["sy"].Until
		if until != "2026-12-23" || m.Standing(jisr.On(until)) != jisr.MinutesAreSigned || m.Standing(jisr.On(until.Add(1))) != jisr.MinutesApproved {
			t.Errorf("silence ends on %s", until)
		}
		f.at = f.at.AddDate(0, 0, days)
		f.meet(members...)
		against := f.say("sy", jisr.KindMinutesDisapprove, record, jisr.Reason{Reason: "x"})
		m, s := f.minutes()
		if void := s.Voids[against.Position]; (void != nil) != late || late && void.Kind != jisr.TooLate || (m.State() == jisr.MinutesDisapproved) == late {
			t.Errorf("after %d days: %s, %v", days, m.State(), void)
		}
	}
}

// drafts is what secretaries have typed: the text of every version.
type drafts map[jisr.VersionID]string

// edit writes what a secretary would who looks at a page with these paragraphs.
func edit(f *forum, m jisr.MemberID, known []jisr.Passage, d drafts, n func(int) int, i int) {
	op := jisr.Op{Segment: fmt.Sprintf("%s-%d", m, i), Section: []string{"a", "b"}[n(2)], Kind: jisr.Narrative}
	if len(known) > 0 {
		s := known[n(len(known))]
		switch n(4) {
		case 0:
			op.Section, op.After = s.Section, s.ID
		case 1:
		default:
			op = jisr.Op{Segment: s.ID, Removed: n(8) == 0}
			for _, v := range s.Stands {
				op.From = append(op.From, v.ID)
			}
		}
	}
	a := f.say(m, jisr.KindMinutesEdit, record, jisr.EditTerms{Ops: []jisr.Op{op}})
	d[jisr.VersionID{Position: a.Position}] = fmt.Sprintf("%s %d", m, i)
}

// received is what a member knows about the minutes: its own acts and what has arrived of others'.
func (f *forum) received(m jisr.MemberID) (acts []jisr.Act) {
	for _, a := range f.about(record) {
		if a.Member == m || f.seen[m][a.Member] > a.Index {
			acts = append(acts, a)
		}
	}
	return acts
}

// Two secretaries, and three, draft over a road that is cut and restored at random: when they have met, all have the same
// text, and what was typed is either there or was replaced by somebody who had seen it.
func TestSecretariesDraftTogetherAndNothingTypedIsLost(t *testing.T) {
	brackets := 0
	for _, c := range []struct {
		members []jisr.MemberID
		edits   int
	}{{[]jisr.MemberID{"iq", "sy"}, 1000}, {[]jisr.MemberID{"iq", "jo", "sy"}, 300}} {
		f, r := dated(t, c.members...), rng(uint64(c.edits))
		d := drafts{}
		up := true
		pages := map[jisr.MemberID][]jisr.Passage{} // what each secretary has open, sometimes an old page
		for i := range c.edits {
			if r.IntN(40) == 0 {
				up = !up
			}
			if up {
				f.meet(c.members...)
			}
			m := c.members[r.IntN(len(c.members))]
			if r.IntN(8) == 0 {
				pages[m] = jisr.Fold(record, f.received(m)).Minutes.Segments
			}
			edit(f, m, pages[m], d, r.IntN, i)
		}
		f.meet(c.members...)
		m, s := f.minutes()
		if len(s.Voids) > 0 {
			t.Fatalf("%d edits have no effect", len(s.Voids))
		}
		for _, id := range c.members {
			mine := jisr.Fold(record, f.received(id))
			if diff := cmp.Diff(m, mine.Minutes); diff != "" {
				t.Fatalf("%s has another text: %s", id, diff)
			}
		}
		for _, seg := range m.Segments {
			if seg.Bracketed() {
				brackets++
			}
		}
		checkNothingLost(t, f, m, d)
	}
	if brackets == 0 {
		t.Error("nobody ever wrote at the same time")
	}
}

// checkNothingLost follows every version to one that stands: it stands itself, or one made from it does.
func checkNothingLost(t *testing.T, f *forum, m *jisr.Minutes, typed drafts) {
	t.Helper()
	stands := map[jisr.VersionID]bool{}
	for _, s := range m.Segments {
		if len(s.Stands) == 0 {
			t.Fatalf("nothing stands of %s", s.ID)
		}
		for _, v := range s.Stands {
			stands[v.ID] = true
		}
	}
	by := map[jisr.VersionID]jisr.VersionID{}
	for _, a := range f.about(record) {
		if a.Kind == jisr.KindMinutesEdit {
			for i, op := range jisr.ReadEdit(&a).Ops {
				for _, v := range op.From {
					by[v] = jisr.VersionID{Position: a.Position, Op: i}
				}
			}
		}
	}
	for v := range maps.Keys(typed) {
		at, steps := v, 0
		for ; !stands[at] && steps <= len(typed); steps++ {
			next, replaced := by[at]
			if !replaced {
				t.Fatalf("%v was typed and is nowhere", v)
			}
			at = next
		}
		if steps > len(typed) {
			t.Fatalf("%v is replaced in a circle", v)
		}
	}
}

// One paragraph changed on both sides of a cut road becomes two proposals with their sides' names, until one names both.
func TestOneParagraphChangedTwiceIsABracket(t *testing.T) {
	for order := range 2 {
		f := dated(t, "iq", "sy")
		first := f.say("iq", jisr.KindMinutesEdit, record, jisr.EditTerms{Ops: []jisr.Op{{Segment: "iq-1", Section: "a", Kind: jisr.Narrative}}})
		f.meet("iq", "sy")
		from := []jisr.VersionID{{Position: first.Position}}
		who := []jisr.MemberID{"iq", "sy"}
		if order == 1 {
			slices.Reverse(who)
		}
		for _, m := range who {
			f.say(m, jisr.KindMinutesEdit, record, jisr.EditTerms{Ops: []jisr.Op{{Segment: "iq-1", From: from, Removed: m == "sy"}}})
		}
		f.meet("iq", "sy")
		m, _ := f.minutes()
		if len(m.Segments) != 1 || !m.Segments[0].Bracketed() || m.Segments[0].Gone() {
			t.Fatalf("order %d: %+v", order, m.Segments)
		}
		if _, err := m.Document(nil, "2027-01-01", func(jisr.VersionID) jisr.Text { return nil }, nil); err == nil {
			t.Error("a bracket can be cleared")
		}
		both := []jisr.VersionID{m.Segments[0].Stands[0].ID, m.Segments[0].Stands[1].ID}
		f.say("sy", jisr.KindMinutesEdit, record, jisr.EditTerms{Ops: []jisr.Op{{Segment: "iq-1", From: both}}})
		if m, _ := f.minutes(); m.Segments[0].Bracketed() {
			t.Error("naming both leaves the bracket")
		}
	}
}

// What a run of paragraphs says stays together when two write at one place.
func TestRunsDoNotInterleave(t *testing.T) {
	f := dated(t, "iq", "sy")
	run := func(m jisr.MemberID) {
		after := ""
		for i := range 3 {
			id := fmt.Sprintf("%s-%d", m, i)
			f.say(m, jisr.KindMinutesEdit, record, jisr.EditTerms{Ops: []jisr.Op{{Segment: id, Section: "a", After: after, Kind: jisr.Narrative}}})
			after = id
		}
	}
	run("iq")
	run("sy")
	f.meet("iq", "sy")
	m, _ := f.minutes()
	var got []string
	for _, s := range m.Segments {
		got = append(got, s.ID)
	}
	if want := []string{"sy-0", "sy-1", "sy-2", "iq-0", "iq-1", "iq-2"}; !slices.Equal(got, want) {
		t.Errorf("%v", got)
	}
}

// Void acts leave a meeting and its minutes as they would be without them, whatever is said in whatever order.
func TestMeetingsFoldTheSameEverywhere(t *testing.T) {
	states := map[jisr.MeetingState]int{}
	for seed := range uint64(600) {
		f, r := newForum(t), rng(seed)
		members := []jisr.MemberID{"iq", "sy", "jo"}
		switch seed % 4 {
		case 1, 2:
			f = convened(t, "iq", "sy")
		case 3:
			f = dated(t, "iq", "sy")
		}
		said := []jisr.Act{}
		for range 12 + r.IntN(20) {
			m := members[min(r.IntN(7), 6)/3]
			if o := members[r.IntN(3)]; o != m && r.IntN(2) == 0 {
				f.receive(m, o, f.seen[m][o]+jisr.Index(r.IntN(6)))
			}
			said = append(said, babble(f, r.IntN, m, said))
		}
		for _, thing := range []jisr.ThingID{session, record} {
			s := f.fold(thing, r)
			if s.Meeting != nil {
				states[s.Meeting.State()]++
			}
			var valid []jisr.Act
			for _, a := range f.about(thing) {
				if s.Voids[a.Position] == nil {
					valid = append(valid, a)
				}
			}
			without := jisr.Fold(thing, valid)
			if s.Digest() != without.Digest() || len(without.Voids) > 0 {
				t.Fatalf("seed %d, %s: void acts change the state: %s\n%v", seed, thing, cmp.Diff(string(without.Joint()), string(s.Joint())), without.Voids)
			}
		}
	}
	for _, st := range jisr.MeetingStates() {
		if states[st] == 0 {
			t.Errorf("no meeting is %s: %v", st, states)
		}
	}
}

func babble(f *forum, n func(int) int, m jisr.MemberID, said []jisr.Act) jisr.Act {
	hash := cleared("x").Hash
	if len(said) > 0 {
		a := said[n(len(said))]
		hash = a.Substance()
	}
	switch n(14) {
	case 0:
		return f.say(m, jisr.KindMeetingPropose, session, sitting(fmt.Sprintf("2027-01-%02d", 1+n(28)), "iq", "sy"))
	case 1, 2, 3:
		return f.say(m, jisr.KindMeetingAgree, session, jisr.AgreeTerms{Hash: hash})
	case 4:
		return f.say(m, jisr.KindMeetingAgenda, session, jisr.AgendaTerms{Items: []jisr.AgendaItem{{Ref: fmt.Sprintf("a%d", n(9)), Title: jisr.Text{"ar": "x"}, Purpose: jisr.ForDecision}}})
	case 5:
		return f.say(m, jisr.KindMeetingConvene, session, nil)
	case 6:
		return f.say(m, jisr.KindMeetingHold, session, jisr.HoldTerms{Day: "2026-12-15"})
	case 7:
		return f.say(m, []jisr.Kind{jisr.KindMeetingPostpone, jisr.KindMeetingCancel}[n(2)], session, jisr.Reason{Reason: "x"})
	case 8:
		return f.say(m, jisr.KindMeetingClose, session, nil)
	case 9:
		return f.say(m, jisr.KindMeetingDelegation, session, jisr.DelegationTerms{Head: jisr.Delegate{Post: jisr.Text{"ar": "x"}}})
	case 10:
		return f.say(m, []jisr.Kind{jisr.KindMinutesClear, jisr.KindMinutesUnclear}[n(2)], record, cleared("x"))
	case 11:
		return f.say(m, jisr.KindMinutesEdit, record, jisr.EditTerms{Ops: []jisr.Op{{Segment: fmt.Sprintf("%s-%d", m, n(3)), Section: "a", Kind: jisr.Narrative}}})
	case 12:
		return f.say(m, []jisr.Kind{jisr.KindMinutesReceive, jisr.KindMinutesApprove, jisr.KindMinutesDisapprove}[n(3)], record, jisr.Reason{Reason: "x"})
	}
	return f.say(m, jisr.KindMinutesSign, record, jisr.SignTerms{Hash: cleared("x").Hash, Next: "2027-03-15", Intents: map[jisr.MemberID]jisr.Intent{"iq": jisr.Binding, "sy": jisr.Binding}})
}

func substance(a jisr.Act) jisr.Commitment { return a.Substance() }
