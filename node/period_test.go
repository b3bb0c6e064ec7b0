package node_test

import (
	"testing"
	"time"

	"jisr"
	"jisr/book"
	"jisr/node"
	"jisr/node/nodetest"
)

const day = 24 * time.Hour

// ruled makes a body whose members count days differently: iq rests on Friday and Saturday, sy on Sunday and on a holiday.
func ruled(w *nodetest.World) jisr.ThingID {
	iq, sy := jisr.DefaultCalendar(), jisr.DefaultCalendar()
	sy.Weekend, sy.Holidays = []time.Weekday{time.Sunday}, []jisr.Date{"2027-01-25"}
	posts := map[jisr.MemberID]jisr.Office{}
	for _, m := range []jisr.MemberID{"iq", "sy"} {
		posts[m] = jisr.Office{Member: m, Desk: "mofa", Name: jisr.Text{"ar": "أمين السر"}}
	}
	body := w.As("iq").Says(jisr.KindBodyPropose, "", jisr.BodyTerms{Title: jisr.Text{"ar": "اللجنة"}, Level: jisr.TechnicalLevel, Members: []jisr.MemberID{"iq", "sy"}, Chairs: posts, Secretaries: posts, Written: 20,
		Procedure: jisr.Procedure{Rotation: []jisr.MemberID{"iq", "sy"}, Approval: jisr.Silent, SilentDays: 30, MinutesDays: 10, Ladder: []int{5, 10, 20, 40},
			Calendars: map[jisr.MemberID]jisr.Calendar{"iq": iq, "sy": sy}}}, nil)
	a := w.As("sy").SeesThing(body, jisr.BodyProposed)
	a.Says(jisr.KindBodyAgree, body, jisr.AgreeTerms{Hash: a.Body(body).Proposals[0].Hash}, nil)
	w.As("iq").SeesThing(body, jisr.BodyStands)
	return body
}

// A commitment quotes the rules of the body of both: a report is looked at in the beneficiary's calendar, from its receipt.
func TestAReviewRunsFromReceiptInTheBeneficiarysCalendar(t *testing.T) {
	w := nodetest.New(t, "iq", "sy")
	ruled(w)
	iq, sy := w.As("iq"), w.As("sy")
	id := iq.Proposes(w.Owed("iq", "sy"))
	sy.SeesThing(id, "draft").Agrees(id)
	iq.SeesThing(id, "agreed")
	if c := iq.Commitment(id); len(c.Ladder) != 4 || c.Ladder[0] != 5 || c.Calendar("sy").Weekend[0] != time.Sunday {
		t.Fatalf("it quotes %+v %+v", c.Ladder, c.Calendars)
	}
	w.Cut("iq", "sy")
	iq.Reports(id)
	w.Pass(60 * day)
	if by := iq.Commitment(id).Newest().ReviewBy; by != "" {
		t.Fatalf("review by %s, and the report has not arrived", by)
	}
	w.Restore("iq", "sy")
	w.Until("the review has a last day", func() bool { return iq.Commitment(id).Newest().ReviewBy != "" })
	received := jisr.Date(w.Now().Add(3 * time.Hour).Format(time.DateOnly))
	cal := iq.Commitment(id).Calendar("sy")
	want := received.Add(15)
	for cal.Free(want) {
		want = want.Add(1)
	}
	if by := iq.Commitment(id).Newest().ReviewBy; by != want {
		t.Errorf("received on %s: review by %s, want %s", received, by, want)
	}
	w.Settle()
}

// Nothing of the ladder, and no lateness, is held against who cannot be reached.
func TestNeitherLatenessNorLadderRunsWhileTheLinkIsDown(t *testing.T) {
	w := nodetest.New(t, "iq", "sy")
	ruled(w)
	iq, sy := w.As("iq"), w.As("sy")
	terms, body := w.Owed("iq", "sy")
	terms.Due = w.Node("iq").Today().Add(3)
	id := iq.Proposes(terms, body)
	sy.SeesThing(id, "draft").Agrees(id)
	iq.SeesThing(id, "agreed")
	w.Settle()
	n := w.Node("sy")
	w.Until("they are linked", func() bool { return n.KnownTo("iq") == n.Today() })
	w.Cut("iq", "sy")
	w.Until("the cut is noticed", func() bool { return n.Links()[0].State != node.Linked })
	w.Pass(30 * day)
	c := sy.Commitment(id)
	if known := n.KnownTo("iq"); known == n.Today() || c.Late(known) || c.LadderDue(known) != 1 {
		t.Errorf("known to %s of %s: late %v, level %d", known, n.Today(), c.Late(known), c.LadderDue(known))
	}
	w.Restore("iq", "sy")
	w.Until("they are linked again", func() bool { return n.KnownTo("iq") == n.Today() })
	if known := n.KnownTo("iq"); !c.Late(known) || c.LadderDue(known) != 4 { // 27 days past it
		t.Errorf("after it, late %v, level %d", c.Late(known), c.LadderDue(known))
	}
	w.Settle()
}

// held makes a session that both agreed to, and that iq holds while the road is cut or not.
func held(w *nodetest.World, body jisr.ThingID, cut bool) (meeting, minutes jisr.ThingID) {
	iq, sy := w.As("iq"), w.As("sy")
	meeting = iq.Says(jisr.KindMeetingPropose, "", jisr.MeetingTerms{Body: body, Session: 1, Begins: string(w.Node("iq").Today().Add(1)) + "T10:00:00+03:00", Zone: "Asia/Baghdad", Mode: jisr.InPerson}, nil)
	w.Until("the date is here", func() bool { return sy.Meeting(meeting) != nil })
	sy.Says(jisr.KindMeetingAgree, meeting, jisr.AgreeTerms{Hash: sy.Meeting(meeting).Live}, nil)
	iq.SeesThing(meeting, string(jisr.DateAgreed))
	iq.Says(jisr.KindMeetingAgenda, meeting, jisr.AgendaTerms{Items: []jisr.AgendaItem{{Ref: "a", Title: jisr.Text{"ar": "المناسيب"}, Purpose: jisr.ForDecision}}}, nil)
	w.Until("the agenda is here", func() bool { return len(sy.Meeting(meeting).Agendas) > 0 })
	sy.Says(jisr.KindMeetingAgree, meeting, jisr.AgreeTerms{Hash: sy.Meeting(meeting).Agendas[0].Hash}, nil)
	iq.SeesThing(meeting, string(jisr.AgendaAgreed))
	if cut {
		w.Cut("iq", "sy")
	}
	iq.Says(jisr.KindMeetingHold, meeting, jisr.HoldTerms{Day: w.Node("iq").Today()}, nil)
	return meeting, jisr.MinutesThing(meeting)
}

// minutesOf is the minutes as a member's node has them.
func minutesOf(t *testing.T, w *nodetest.World, m jisr.MemberID, id jisr.ThingID) *jisr.Minutes {
	t.Helper()
	v, err := w.Node(m).Minutes(t.Context(), book.Whole(), w.Forum, id)
	if err != nil {
		t.Fatal(err)
	}
	return v.Minutes
}

// The days for signing the minutes run for each side from when it knew that the session is held, in its own calendar.
func TestTheMinutesAreDueFromReceiptInEachCalendar(t *testing.T) {
	w := nodetest.New(t, "iq", "sy")
	body := ruled(w)
	_, minutes := held(w, body, true)
	first := w.Node("iq").Today()
	w.Pass(40 * day)
	if by := minutesOf(t, w, "iq", minutes).By; by["iq"] == "" || by["sy"] != "" {
		t.Fatalf("due %v while the other side cannot know of it", by)
	}
	w.Restore("iq", "sy")
	w.As("sy").SeesThing(jisr.ThingID("meeting/"+minutes.Name()), string(jisr.MeetingHeld))
	w.As("sy").Says(jisr.KindMinutesEdit, minutes, jisr.EditTerms{Ops: []jisr.Op{{Segment: "sy-1", Section: "a", Kind: jisr.Narrative}}}, jisr.EditBody{Texts: []jisr.Text{{"ar": "نص"}}})
	w.Settle()
	rules, by := w.As("iq").Body(body), minutesOf(t, w, "iq", minutes).By
	if want := rules.MinutesBy("iq", first); by["iq"] != want {
		t.Errorf("iq, which held it on %s, signs by %s, want %s", first, by["iq"], want)
	}
	if want := rules.MinutesBy("sy", w.Node("sy").Today()); by["sy"] != want {
		t.Errorf("sy signs by %s, want %s", by["sy"], want)
	}
}

// Silence approves minutes once its days have passed since the signed minutes arrived, and not while the link is down.
func TestSilenceRunsFromReceiptOfTheSignedMinutes(t *testing.T) {
	w := nodetest.New(t, "iq", "sy")
	_, minutes := held(w, ruled(w), false)
	iq, sy := w.As("iq"), w.As("sy")
	sy.SeesThing(jisr.ThingID("meeting/"+minutes.Name()), string(jisr.MeetingHeld))
	iq.Says(jisr.KindMinutesEdit, minutes, jisr.EditTerms{Ops: []jisr.Op{{Segment: "iq-1", Section: "a", Kind: jisr.Narrative}}}, jisr.EditBody{Texts: []jisr.Text{{"ar": "نص"}}})
	iq.Do(node.ClearMinutes{Forum: w.Forum, ID: minutes, Intent: jisr.NonBinding, Next: w.Node("iq").Today().Add(90)})
	w.Settle()
	sy.Do(node.ClearMinutes{Forum: w.Forum, ID: minutes, Intent: jisr.NonBinding})
	w.Settle()
	iq.Do(node.SignMinutes{Forum: w.Forum, ID: minutes})
	w.Settle()
	w.Cut("iq", "sy")
	sy.Do(node.SignMinutes{Forum: w.Forum, ID: minutes})
	sy.Done()
	w.Pass(50 * day)
	if v := minutesOf(t, w, "sy", minutes); v.Verdicts["iq"].Until != "" || v.Standing(w.Node("sy").Known()) != jisr.MinutesAreSigned {
		t.Fatalf("silence counts that cannot have been: %+v", v.Verdicts)
	}
	w.Restore("iq", "sy")
	w.Until("silence runs for both", func() bool {
		v := minutesOf(t, w, "sy", minutes)
		return v.Verdicts["iq"].Until != "" && v.Verdicts["sy"].Until != ""
	})
	v, today := minutesOf(t, w, "sy", minutes), w.Node("iq").Today()
	until := v.Verdicts["iq"].Until
	if until < today.Add(30) || until > today.Add(33) || v.Standing(jisr.On(until)) != jisr.MinutesAreSigned || v.Standing(jisr.On(until.Add(1))) != jisr.MinutesApproved {
		t.Errorf("received on %s, silence until %s: %s", today, until, v.Standing(jisr.On(until.Add(1))))
	}
	w.Settle()
}

// A decision in writing runs from its receipt, in the calendar of who is asked; its silence is said by its own node, and while the
// road is cut neither side holds a day against the other.
func TestADecisionInWritingOverACutRoad(t *testing.T) {
	w := nodetest.New(t, "iq", "sy")
	body := ruled(w)
	iq, sy := w.As("iq"), w.As("sy")
	w.Settle()
	w.Cut("iq", "sy")
	w.Until("the cut is noticed", func() bool { return w.Node("iq").Links()[0].State != node.Linked })
	circulate := func(a *nodetest.Actor, title string) {
		a.Says(jisr.KindBodyCirculate, body, jisr.CirculateTerms{Title: jisr.Text{"ar": title}}, jisr.EvidenceBody{Text: jisr.Text{"ar": "تُفتح نقطة قياس جديدة."}})
	}
	circulate(iq, "نقطة قياس")
	w.Pass(60 * day)
	first := func(a *nodetest.Actor) *jisr.WrittenDecision { return &a.Body(body).Decisions[0] }
	if d := first(iq); d.Standing(w.Node("iq").Known()) != jisr.WrittenOpen || d.Number != 1 || len(d.Verdicts) != 0 {
		t.Fatalf("while the road is cut: %+v", d)
	}
	w.Restore("iq", "sy")
	w.Until("it is received", func() bool { return len(iq.Body(body).Decisions) > 0 && first(iq).Verdicts["sy"].Received != nil })
	received := w.Node("sy").Today()
	cal := iq.Body(body).Calendar("sy")
	if until := first(iq).Verdicts["sy"].Until; until != cal.After(received, 20) {
		t.Errorf("received on %s, asked until %s, want %s", received, until, cal.After(received, 20))
	}
	w.Settle()
	w.Cut("iq", "sy")
	w.Until("the cut is noticed", func() bool { return w.Node("iq").Links()[0].State != node.Linked })
	w.Pass(30 * day)
	circulate(sy, "محطة ثانية") // its node looks at what waits
	w.Until("its own node says that its days have passed", func() bool { return first(sy).State() == jisr.WrittenAdopted })
	if got := first(iq).Standing(w.Node("iq").Known()); got != jisr.WrittenOpen {
		t.Errorf("the other side, which cannot know, has it %s", got)
	}
	w.Restore("iq", "sy")
	w.Until("both have it", func() bool { return first(iq).State() == jisr.WrittenAdopted && len(iq.Body(body).Decisions) == 2 })
	second := iq.Body(body).Decisions[1]
	iq.Says(jisr.KindBodyObject, body, jisr.ObjectTerms{Hash: second.Hash, Reason: "يُبحث في الدورة المقبلة"}, nil)
	w.Until("the objection is there", func() bool { return sy.Body(body).Decisions[1].State() == jisr.WrittenObjected })
	w.Settle()
}

// An answer to a note is not late while the addressee is not reached, wherever lateness is shown; nor is it before.
func TestAReplyIsNotLateWhileTheLinkIsDown(t *testing.T) {
	w := nodetest.New(t, "iq", "sy")
	w.Settle()
	n := w.Node("iq")
	w.Until("they are linked", func() bool { return n.KnownTo("sy") == n.Today() })
	d := w.Note("sy")
	d.ReplyBy = n.Today().Add(3)
	id := w.As("iq").Releases(d)
	w.As("iq").Sees(id, jisr.Held)
	w.Cut("iq", "sy")
	w.Until("the cut is noticed", func() bool { return n.Links()[0].State != node.Linked })
	w.Pass(30 * day)
	late := func() (shown bool, counted int) {
		v, err := n.Book().Note(t.Context(), book.Whole(), w.Forum, id)
		if err != nil {
			t.Fatal(err)
		}
		_, them, err := n.Book().ToDo(t.Context(), book.Whole(), n.Known())
		if err != nil || len(them) != 1 {
			t.Fatalf("%d wait, %v", len(them), err)
		}
		c, err := n.Book().Counts(t.Context(), book.Whole(), n.Known())
		if err != nil {
			t.Fatal(err)
		}
		if them[0].Late != (c.LateThem == 1) {
			t.Errorf("late %v, counted %d", them[0].Late, c.LateThem)
		}
		return v.Note.Late(n.Known()), c.LateThem
	}
	if shown, counted := late(); shown || counted != 0 {
		t.Errorf("late %v, counted %d, while nobody can answer", shown, counted)
	}
	w.Restore("iq", "sy")
	w.Until("they are linked again", func() bool { return n.KnownTo("sy") == n.Today() })
	if shown, counted := late(); !shown || counted != 1 {
		t.Errorf("late %v, counted %d, 27 days past it", shown, counted)
	}
	w.Settle()
}
