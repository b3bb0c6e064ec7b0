package node_test

import (
	"testing"
	"time"

	"jisr"
	"jisr/book"
	"jisr/node"
	"jisr/node/nodetest"
)

// drafts begins a statement that one side proposed and the other wrote a paragraph of, present at all.
func drafts(w *nodetest.World, members ...jisr.MemberID) jisr.ThingID {
	id := w.As("iq").Says(jisr.KindStatementPropose, "", jisr.StatementTerms{Title: jisr.Text{"ar": "بيان مشترك", "en": "Joint statement"}, Members: members, Languages: []string{"ar", "en"}}, nil)
	sy := w.As("sy").SeesThing(id, jisr.StatementDrafting)
	sy.Says(jisr.KindStatementEdit, id, jisr.EditTerms{Ops: []jisr.Op{{Segment: "sy-1", Kind: jisr.Narrative}}},
		jisr.EditBody{Texts: []jisr.Text{{"ar": "اتفق الجانبان على تبادل المناسيب.", "en": "The two sides agreed to exchange levels."}}})
	sy.Done()
	w.Settle()
	return id
}

// approves lets every member approve the text that stands, from an instant.
func approves(w *nodetest.World, id jisr.ThingID, from time.Time, members ...jisr.MemberID) {
	for i, m := range members {
		cmd := node.ApproveStatement{Forum: w.Forum, ID: id}
		if i == 0 {
			cmd.Release = from
		}
		a := w.As(m)
		a.Do(cmd)
		a.Done()
		w.Settle()
	}
}

func TestAStatementIsReleasedAtItsInstantOnce(t *testing.T) {
	for _, members := range [][]jisr.MemberID{{"iq", "sy"}, {"iq", "jo", "sy"}} {
		w := nodetest.New(t, members...)
		id := drafts(w, members...)
		from := w.Now().Add(time.Hour).Truncate(time.Second)
		iq := w.As("iq")
		iq.Do(node.ReleaseStatement{Forum: w.Forum, ID: id})
		iq.Refused(jisr.NotCleared)
		approves(w, id, from, members...)
		for _, m := range members {
			w.As(m).SeesThing(id, jisr.StatementEmbargoed)
			a := w.As(m)
			a.Do(node.ReleaseStatement{Forum: w.Forum, ID: id})
			a.Refused(jisr.Embargoed)
		}
		if err := node.Attend(t.Context(), w.Node("iq")); err != nil {
			t.Fatal(err)
		}
		w.As("iq").SeesThing(id, jisr.StatementEmbargoed)
		w.Pass(from.Sub(w.Now()))
		w.Stop("iq") // a crash between the instant and the look
		w.Start("iq")
		for range 3 {
			if err := node.Attend(t.Context(), w.Node("iq")); err != nil {
				t.Fatal(err)
			}
		}
		for _, m := range members {
			w.As(m).SeesThing(id, jisr.StatementReleased)
		}
		w.Settle()
		v, err := w.Node("sy").Statement(t.Context(), book.Whole(), w.Forum, id)
		if err != nil {
			t.Fatal(err)
		}
		if v.Statement.Released["iq"].At.IsZero() || v.Statement.First.At.Before(from) {
			t.Errorf("released %+v", v.Statement.Released)
		}
		releases := map[jisr.MemberID]int{}
		for i := range v.Acts {
			if a := &v.Acts[i]; a.Act.Kind == jisr.KindStatementRelease {
				releases[a.Act.Member]++
			}
		}
		if releases["iq"] != 1 {
			t.Errorf("iq released it %d times", releases["iq"])
		}
		if doc, raw, err := v.Agreed(); err != nil || doc.Hash() != v.Statement.Agreed || len(raw) == 0 {
			t.Errorf("released %+v %v", doc, err)
		}
	}
}

// C8 and C16 on two nodes: both write one paragraph over a cut road, and a bracket is nothing one can approve; a side that
// published early is told of, and the text stays marked.
func TestAStatementInBracketsAndPublishedEarly(t *testing.T) {
	w := nodetest.New(t, "iq", "sy")
	id := drafts(w, "iq", "sy")
	w.Cut("iq", "sy")
	for m, text := range map[jisr.MemberID]string{"iq": "يومياً", "sy": "أسبوعياً"} {
		v, err := w.Node(m).Statement(t.Context(), book.Whole(), w.Forum, id)
		if err != nil {
			t.Fatal(err)
		}
		s := v.Statement.Segments[0]
		a := w.As(m)
		a.Says(jisr.KindStatementEdit, id, jisr.EditTerms{Ops: []jisr.Op{{Segment: s.ID, From: []jisr.VersionID{s.Stands[0].ID}}}}, jisr.EditBody{Texts: []jisr.Text{{"ar": text, "en": text}}})
		a.Done()
	}
	w.Restore("iq", "sy")
	w.Settle()
	for _, m := range []jisr.MemberID{"iq", "sy"} {
		a := w.As(m)
		a.Do(node.ApproveStatement{Forum: w.Forum, ID: id})
		a.Refused(jisr.Bracketed)
	}
	iq := w.As("iq")
	v, err := w.Node("iq").Statement(t.Context(), book.Whole(), w.Forum, id)
	if err != nil {
		t.Fatal(err)
	}
	s := v.Statement.Segments[0]
	iq.Says(jisr.KindStatementEdit, id, jisr.EditTerms{Ops: []jisr.Op{{Segment: s.ID, From: []jisr.VersionID{s.Stands[0].ID, s.Stands[1].ID}}}}, jisr.EditBody{Texts: []jisr.Text{{"ar": "أسبوعياً"}}})
	iq.Do(node.ApproveStatement{Forum: w.Forum, ID: id})
	iq.Refused(jisr.Missing) // one language
	iq.Says(jisr.KindStatementIncident, id, jisr.IncidentTerms{By: "sy", When: w.Now().UTC().Truncate(time.Second), Where: "example.org"}, nil)
	iq.Says(jisr.KindReadoutRelease, "", jisr.ReadoutTerms{Of: id, Title: jisr.Text{"ar": "رواية الجانب العراقي"}}, jisr.ReadoutBody{Text: jisr.Text{"ar": "بحث الجانبان المياه."}})
	iq.Done()
	w.Settle()
	if v, err = w.Node("sy").Statement(t.Context(), book.Whole(), w.Forum, id); err != nil || len(v.Statement.Early) != 1 || v.Statement.Early[0].By != "sy" || len(v.Readouts) != 1 || v.Readouts[0].Text["ar"] == "" {
		t.Errorf("%+v %v", v, err)
	}
}

// A withdrawal that arrived stops the release; the node does not release it at the instant either.
func TestAWithdrawnStatementIsNotReleased(t *testing.T) {
	w := nodetest.New(t, "iq", "sy")
	id := drafts(w, "iq", "sy")
	from := w.Now().Add(time.Hour).Truncate(time.Second)
	approves(w, id, from, "iq", "sy")
	sy := w.As("sy")
	sy.Says(jisr.KindStatementWithdraw, id, jisr.Reason{Reason: "تأجلت الزيارة"}, nil)
	sy.Done()
	w.As("iq").SeesThing(id, jisr.StatementWithdrawn)
	w.Pass(2 * time.Hour)
	if err := node.Attend(t.Context(), w.Node("iq")); err != nil {
		t.Fatal(err)
	}
	w.As("iq").SeesThing(id, jisr.StatementWithdrawn)
	iq := w.As("iq")
	iq.Do(node.ReleaseStatement{Forum: w.Forum, ID: id})
	iq.Refused(jisr.Withdrawn)
	w.Settle()
}
