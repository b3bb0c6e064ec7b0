package node_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jisr"
	"jisr/book"
	"jisr/node"
	"jisr/node/nodetest"
)

// committee makes a body of all members, agreed by all, and gives it.
func committee(w *nodetest.World, members ...jisr.MemberID) jisr.ThingID {
	posts := map[jisr.MemberID]jisr.Office{}
	for _, m := range members {
		posts[m] = jisr.Office{Member: m, Desk: "mofa", Name: jisr.Text{"ar": "أمين السر"}}
	}
	body := w.As("iq").Says(jisr.KindBodyPropose, "", jisr.BodyTerms{Title: jisr.Text{"ar": "اللجنة المشتركة للمياه"}, Level: jisr.TechnicalLevel, Members: members,
		Chairs: posts, Secretaries: posts, Cadence: "FREQ=MONTHLY;INTERVAL=3", Months: 3,
		Procedure: jisr.Procedure{Code: "JWC", Rotation: members, Approval: jisr.Silent, SilentDays: 30}}, nil)
	for _, m := range members[1:] {
		a := w.As(m).SeesThing(body, jisr.BodyProposed)
		a.Says(jisr.KindBodyAgree, body, jisr.AgreeTerms{Hash: a.Body(body).Proposals[0].Hash}, nil)
		a.Done()
	}
	for _, m := range members {
		w.As(m).SeesThing(body, jisr.BodyStands)
	}
	return body
}

// convened makes a session whose date and agenda are agreed, and which the host has convened.
func convened(w *nodetest.World, members ...jisr.MemberID) (meeting, minutes jisr.ThingID) {
	body := committee(w, members...)
	iq := w.As("iq")
	meeting = iq.Says(jisr.KindMeetingPropose, "", jisr.MeetingTerms{Body: body, Session: 1, Begins: "2026-12-15T10:00:00+03:00", Zone: "Asia/Baghdad", Mode: jisr.InPerson}, nil)
	agree := func(want jisr.MeetingState, hash func(*jisr.Meeting) jisr.Commitment) {
		for _, m := range members[1:] {
			a := w.As(m)
			w.Until("the proposal is here", func() bool { mt := a.Meeting(meeting); return mt != nil && hash(mt) != "" })
			a.Says(jisr.KindMeetingAgree, meeting, jisr.AgreeTerms{Hash: hash(a.Meeting(meeting))}, nil)
			a.Done()
		}
		for _, m := range members {
			w.As(m).SeesThing(meeting, string(want))
		}
	}
	agree(jisr.DateAgreed, func(m *jisr.Meeting) jisr.Commitment { return m.Live })
	iq.Says(jisr.KindMeetingAgenda, meeting, jisr.AgendaTerms{Items: []jisr.AgendaItem{{Ref: "a", Title: jisr.Text{"ar": "المناسيب"}, Purpose: jisr.ForDecision}}}, nil)
	agree(jisr.AgendaAgreed, func(m *jisr.Meeting) jisr.Commitment {
		if len(m.Agendas) == 0 {
			return ""
		}
		return m.Agendas[0].Hash
	})
	iq.Says(jisr.KindMeetingConvene, meeting, nil, nil)
	iq.Says(jisr.KindMeetingHold, meeting, jisr.HoldTerms{Day: "2026-12-15"}, nil)
	iq.Done()
	for _, m := range members {
		w.As(m).SeesThing(meeting, string(jisr.MeetingHeld))
	}
	return meeting, jisr.MinutesThing(meeting)
}

func TestASessionFromRulesToSignature(t *testing.T) {
	for _, members := range [][]jisr.MemberID{{"iq", "sy"}, {"iq", "jo", "sy"}} {
		w := nodetest.New(t, members...)
		meeting, minutes := convened(w, members...)
		iq := w.As("iq")
		owed := iq.Proposes(w.Owed("iq", "sy"))
		iq.Says(jisr.KindMinutesEdit, minutes, jisr.EditTerms{Ops: []jisr.Op{
			{Segment: "iq-1", Section: "a", Kind: jisr.DecisionText}, {Segment: "iq-2", Section: "a", After: "iq-1", Kind: jisr.CommitmentEntry, Ref: owed}}},
			jisr.EditBody{Texts: []jisr.Text{{"ar": "قررت اللجنة تبادل المناسيب أسبوعياً."}, nil}})
		iq.Do(node.ClearMinutes{Forum: w.Forum, ID: minutes, Intent: jisr.NonBinding})
		iq.Refused(jisr.Missing) // the day of the next session is mandatory
		iq.Do(node.SignMinutes{Forum: w.Forum, ID: minutes})
		iq.Refused(jisr.NotCleared)
		iq.Do(node.ClearMinutes{Forum: w.Forum, ID: minutes, Intent: jisr.NonBinding, Next: "2027-03-15"})
		iq.Done()
		for _, m := range members[1:] {
			a := w.As(m)
			w.Until("the text and the commitment are here", func() bool {
				v, err := w.Node(m).Minutes(t.Context(), book.Whole(), w.Forum, minutes)
				return err == nil && len(v.Minutes.Cleared) >= 1 && a.Commitment(owed) != nil && len(v.Minutes.Segments) == 2 && v.Text(v.Minutes.Segments[0].Stands[0].ID) != nil
			})
			a.Do(node.ClearMinutes{Forum: w.Forum, ID: minutes, Intent: jisr.NonBinding})
			a.Done()
		}
		for _, m := range members {
			w.As(m).SeesThing(minutes, jisr.MinutesCleared)
		}
		w.Settle()
		for _, m := range members {
			w.As(m).Do(node.SignMinutes{Forum: w.Forum, ID: minutes})
		}
		for _, m := range members {
			w.As(m).Done().SeesThing(meeting, string(jisr.MinutesSigned)).SeesThing(owed, "agreed").SeesThing(minutes, jisr.MinutesAreSigned)
			w.Until("silence runs from receipt on every side", func() bool {
				v, err := w.Node(m).Minutes(t.Context(), book.Whole(), w.Forum, minutes)
				return err == nil && v.Minutes.Verdicts["sy"].Until != ""
			})
		}
		v, err := w.Node("iq").Minutes(t.Context(), book.Whole(), w.Forum, minutes)
		if err != nil {
			t.Fatal(err)
		}
		if doc, err := v.Agreed(); err != nil || doc.Sections[0].Paragraphs[0].Number != "JWC/2026/1" || doc.Hash() != v.Minutes.Sign.Hash {
			t.Errorf("signed %+v %v", doc, err)
		}
		w.Settle()
	}
}

// Two secretaries draft on two nodes over a road that is cut and restored: when they have met both have the same text, and
// nothing typed is lost.
func TestSecretariesDraftOverAFlappingLink(t *testing.T) {
	w := nodetest.New(t, "iq", "sy")
	_, minutes := convened(w, "iq", "sy")
	r := rand.New(rand.NewPCG(1, 2))
	members := []jisr.MemberID{"iq", "sy"}
	cut, pages := false, map[jisr.MemberID]*node.MinutesView{}
	const edits = 1000
	for i := range edits {
		if r.IntN(100) == 0 {
			if cut = !cut; cut {
				w.Cut(members...)
			} else {
				w.Restore(members...)
			}
		}
		m := members[r.IntN(2)]
		text := fmt.Sprintf("%s %d", m, i)
		if pages[m] == nil || r.IntN(6) == 0 { // else it writes on the page it has open
			var err error
			if pages[m], err = w.Node(m).Minutes(context.Background(), book.Whole(), w.Forum, minutes); err != nil {
				t.Fatal(err)
			}
		}
		v := pages[m]
		op := jisr.Op{Segment: fmt.Sprintf("%s-%d", m, i), Section: "a", Kind: jisr.Narrative}
		if known := v.Minutes.Segments; len(known) > 0 && (len(known) > 40 || r.IntN(3) > 0) {
			s := known[r.IntN(len(known))]
			op = jisr.Op{Segment: s.ID}
			for _, ver := range s.Stands[:min(len(s.Stands), jisr.MaxEdits)] {
				op.From = append(op.From, ver.ID)
				if here := v.Text(ver.ID); here != nil { // who rewrites a paragraph keeps what it said, so that it can be looked for
					text = here["ar"] + "\n" + text
				}
			}
			text = text[max(0, len(text)-3000):]
		}
		a := w.As(m)
		a.Says(jisr.KindMinutesEdit, minutes, jisr.EditTerms{Ops: []jisr.Op{op}}, jisr.EditBody{Texts: []jisr.Text{{"ar": text}}})
		a.Done()
	}
	w.Restore(members...)
	w.Settle()
	texts := map[jisr.MemberID][]string{}
	for _, m := range members {
		v, err := w.Node(m).Minutes(context.Background(), book.Whole(), w.Forum, minutes)
		if err != nil {
			t.Fatal(err)
		}
		edited := 0
		for i := range v.Acts {
			if a := &v.Acts[i]; a.Act.Kind == jisr.KindMinutesEdit {
				edited++
				if a.Void != nil || a.Body == nil && !a.Omitted {
					t.Fatalf("%s: an edit of %s is void (%v) or its text is gone", m, a.Act.Member, a.Void)
				}
			}
		}
		if edited != edits {
			t.Errorf("%s has %d of %d edits", m, edited, edits)
		}
		for i := range v.Minutes.Segments {
			s := &v.Minutes.Segments[i]
			for _, ver := range s.Stands {
				texts[m] = append(texts[m], s.ID+": "+v.Text(ver.ID)["ar"])
			}
		}
	}
	if diff := cmp.Diff(texts["iq"], texts["sy"]); diff != "" || len(texts["iq"]) == 0 {
		t.Errorf("the drafts differ: %s", diff)
	}
}
