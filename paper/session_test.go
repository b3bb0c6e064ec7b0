package paper_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"jisr"
	"jisr/book"
	"jisr/node"
	"jisr/node/nodetest"
	"jisr/paper"
)

// convened makes a committee and a session of it that is being held, with an agenda of one item, a delegation of three
// posts and a paper.
func convened(w *nodetest.World) (meeting jisr.ThingID) {
	members := []jisr.MemberID{"iq", "sy"}
	iq, sy := w.As("iq"), w.As("sy")
	posts := map[jisr.MemberID]jisr.Office{"iq": {Member: "iq", Desk: "mofa"}, "sy": {Member: "sy", Desk: "mofa"}}
	body := iq.Says(jisr.KindBodyPropose, "", jisr.BodyTerms{Title: jisr.Text{"ar": "اللجنة المشتركة للمياه", "en": "Joint Committee on Water"}, Level: jisr.TechnicalLevel, Members: members,
		Chairs: posts, Secretaries: posts, Procedure: jisr.Procedure{Code: "JWC", Rotation: members}}, nil)
	w.Settle()
	sy.Says(jisr.KindBodyAgree, body, jisr.AgreeTerms{Hash: sy.Body(body).Proposals[0].Hash}, nil)
	w.Settle()
	meeting = iq.Says(jisr.KindMeetingPropose, "", jisr.MeetingTerms{Body: body, Session: 3, Begins: "2026-12-15T10:00:00+03:00", Zone: "Asia/Baghdad", Mode: jisr.InPerson, Place: jisr.Text{"ar": "بغداد", "en": "Baghdad"}}, nil)
	w.Settle()
	sy.Says(jisr.KindMeetingAgree, meeting, jisr.AgreeTerms{Hash: sy.Meeting(meeting).Live}, nil)
	w.Settle()
	iq.Says(jisr.KindMeetingAgenda, meeting, jisr.AgendaTerms{Items: []jisr.AgendaItem{{Ref: "a", Title: jisr.Text{"ar": "مناسيب الفرات", "en": "Levels of the Euphrates"}, Purpose: jisr.ForDecision}}}, nil)
	w.Settle()
	sy.Says(jisr.KindMeetingAgree, meeting, jisr.AgreeTerms{Hash: sy.Meeting(meeting).Agendas[0].Hash}, nil)
	w.Settle()
	iq.Says(jisr.KindMeetingConvene, meeting, nil, nil)
	iq.Says(jisr.KindMeetingDelegation, meeting, jisr.DelegationTerms{Head: jisr.Delegate{Post: jisr.Text{"ar": "وكيل الوزارة", "en": "Deputy Minister"}},
		Members: []jisr.Delegate{{Post: jisr.Text{"ar": "مهندس المحطة", "en": "Station engineer"}, Organ: jisr.Text{"ar": "إقليم كردستان", "en": "Kurdistan Region"}, Alternate: true}}}, nil)
	iq.Says(jisr.KindMeetingPaper, meeting, jisr.PaperTerms{Number: 1, Version: 1, Item: "a", Title: jisr.Text{"ar": "قراءات المحطات", "en": "Readings of the stations"}}, jisr.EvidenceBody{Text: jisr.Text{"ar": "جدول"}})
	iq.Says(jisr.KindMeetingHold, meeting, jisr.HoldTerms{Day: "2026-12-15"}, nil)
	iq.Done()
	sy.Done()
	w.Settle()
	return meeting
}

// A session on two real nodes: while its minutes are a draft it has no paper; once all have cleared them both sides print
// the same, and the signatures stand on it.
func TestPapersOfASessionOnTwoNodes(t *testing.T) {
	w := nodetest.New(t, "iq", "sy")
	meeting := convened(w)
	minutes := jisr.MinutesThing(meeting)
	iq, sy := w.As("iq"), w.As("sy")
	terms, body := w.Owed("iq", "sy")
	terms.Title, body.Test = jisr.Text{"ar": "تركيب محطتين"}, jisr.Text{"ar": "شهادة استلام"}
	owed := iq.Proposes(terms, body)
	iq.Says(jisr.KindMinutesEdit, minutes, jisr.EditTerms{Ops: []jisr.Op{{Segment: "iq-1", Section: "a", Kind: jisr.DecisionText}, {Segment: "iq-2", Section: "a", After: "iq-1", Kind: jisr.CommitmentEntry, Ref: owed},
		{Segment: "iq-3", Section: "a", After: "iq-2", Kind: jisr.AtRequestOf, Of: "sy"}}}, jisr.EditBody{Texts: []jisr.Text{
		{"ar": "قررت اللجنة تبادل المناسيب أسبوعياً.", "en": "The Committee decided to exchange levels weekly."}, nil, {"ar": "أكد الجانب السوري أهمية الموعد.", "en": "The Syrian side stressed the date."}}})
	iq.Done()
	offices := map[jisr.MemberID]*paper.Office{}
	for _, m := range []jisr.MemberID{"iq", "sy"} {
		offices[m] = paper.Open(w.Node(m), catalogue(t), nil, false)
	}
	var r *jisr.Refusal
	if _, err := offices["iq"].Print(t.Context(), book.Whole(), w.Forum, meeting, paper.FormMinutes, "ar"); !errors.As(err, &r) || r.Kind != jisr.NotCleared {
		t.Errorf("a draft: %v, want %s", err, jisr.NotCleared)
	}
	w.Settle()
	iq.Do(node.ClearMinutes{Forum: w.Forum, ID: minutes, Intent: jisr.NonBinding, Next: "2027-03-15"})
	w.Settle()
	sy.Do(node.ClearMinutes{Forum: w.Forum, ID: minutes, Intent: jisr.NonBinding})
	w.Settle()
	iq.Do(node.SignMinutes{Forum: w.Forum, ID: minutes})
	sy.Do(node.SignMinutes{Forum: w.Forum, ID: minutes})
	iq.Done()
	sy.Done()
	w.Settle()
	for lang, want := range map[string][]string{
		"ar": {"مناسيب الفرات", "قررت اللجنة تبادل المناسيب", "تركيب محطتين", "شهادة استلام", "بيان بطلب", "موقّع في السجل المشترك"},
		"en": {"Levels of the Euphrates", "Decision", "The Committee decided to exchange levels weekly.", "Statement at the request of", "Signed in the shared record"},
	} {
		for form, also := range map[string][]string{paper.FormMinutes: nil, paper.FormSession: map[string][]string{"ar": {"وكيل الوزارة", "إقليم كردستان", "قراءات المحطات"}, "en": {"Deputy Minister", "alternate", "Readings of the stations"}}[lang]} {
			ours, err := offices["iq"].Print(t.Context(), book.Whole(), w.Forum, meeting, form, lang)
			if err != nil {
				t.Fatal(err)
			}
			theirs, err := offices["sy"].Print(t.Context(), book.Whole(), w.Forum, meeting, form, lang)
			if err != nil || !bytes.Equal(ours, theirs) {
				t.Errorf("%s %s: the two sides print different bytes: %v", form, lang, err)
			}
			for _, wrong := range conforms(ours) {
				t.Errorf("%s %s: %s", form, lang, wrong)
			}
			name := filepath.Join(t.TempDir(), "a.pdf")
			if to := os.Getenv("JISR_SHOTS"); to != "" {
				name = filepath.Join(to, form+"-"+lang+".pdf")
			}
			if err := os.WriteFile(name, ours, 0o600); err != nil {
				t.Fatal(err)
			}
			tool(t, "qpdf", "--check", name)
			got := plain(tool(t, "pdftotext", name, "-"))
			for _, s := range append(want, also...) {
				if !hasWords(got, s) {
					t.Errorf("%s %s: %q is not in\n%s", form, lang, s, got)
				}
			}
		}
	}
}
