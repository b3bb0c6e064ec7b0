package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"jisr"
	"jisr/book"
	"jisr/node"
	"jisr/node/nodetest"
)

// signedSession plays a session to the signature of its minutes.
func signedSession(t *testing.T, w *nodetest.World) jisr.ThingID {
	t.Helper()
	iq, sy := w.As("iq"), w.As("sy")
	posts := map[jisr.MemberID]jisr.Office{"iq": {Member: "iq", Name: jisr.Text{"ar": "أمين السر"}}, "sy": {Member: "sy", Name: jisr.Text{"ar": "أمين السر"}}}
	body := iq.Says(jisr.KindBodyPropose, "", jisr.BodyTerms{Title: jisr.Text{"ar": "لجنة المياه"}, Level: jisr.TechnicalLevel, Members: []jisr.MemberID{"iq", "sy"}, Chairs: posts, Secretaries: posts,
		Procedure: jisr.Procedure{Code: "JWC", Rotation: []jisr.MemberID{"iq", "sy"}}}, nil)
	w.Settle()
	sy.Says(jisr.KindBodyAgree, body, jisr.AgreeTerms{Hash: sy.Body(body).Proposals[0].Hash}, nil)
	w.Settle()
	meeting := iq.Says(jisr.KindMeetingPropose, "", jisr.MeetingTerms{Body: body, Session: 1, Begins: "2026-12-15T10:00:00+03:00", Zone: "Asia/Baghdad", Mode: jisr.InPerson}, nil)
	w.Settle()
	sy.Says(jisr.KindMeetingAgree, meeting, jisr.AgreeTerms{Hash: sy.Meeting(meeting).Live}, nil)
	w.Settle()
	minutes := jisr.MinutesThing(meeting)
	iq.Says(jisr.KindMinutesEdit, minutes, jisr.EditTerms{Ops: []jisr.Op{{Segment: "iq-1", Section: "a", Kind: jisr.DecisionText}}}, jisr.EditBody{Texts: []jisr.Text{{"ar": "قررت اللجنة."}}})
	for _, a := range []*nodetest.Actor{iq, sy} {
		w.Settle()
		a.Do(node.ClearMinutes{Forum: w.Forum, ID: minutes, Intent: jisr.NonBinding, Next: "2027-03-15"})
		a.Done()
	}
	w.Settle()
	for _, a := range []*nodetest.Actor{iq, sy} {
		a.Do(node.SignMinutes{Forum: w.Forum, ID: minutes})
		a.Done()
	}
	w.Settle()
	return meeting
}

// A session is verified from its one file and the two letters of credence, without any node.
func TestVerifySession(t *testing.T) {
	w := nodetest.New(t, "iq", "sy")
	meeting := signedSession(t, w)
	bundle, err := w.Node("sy").ExportSession(t.Context(), book.Whole(), w.Forum, meeting)
	if err != nil {
		t.Fatal(err)
	}
	letters := []string{filepath.Join(w.Dir("iq"), "letter.credence"), filepath.Join(w.Dir("sy"), "letter.credence")}
	check := func(file []byte) (got sessionJSON, err error) {
		name := filepath.Join(t.TempDir(), "session.jisr")
		if err := os.WriteFile(name, file, 0o600); err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		term := newTerminal(catalogue(t), "ar")
		term.out, term.err = &out, &out
		err = verify(term, name, letters, nil, "", true)
		_ = json.Unmarshal(out.Bytes(), &got) // a refusal is no session
		return got, err
	}
	got, err := check(bundle)
	texts := 0
	for _, c := range got.Checks {
		if c.Kind == jisr.CheckText && c.Void == nil {
			texts++
		}
	}
	if err != nil || !got.Verified || got.Meeting != meeting || got.State != string(jisr.MinutesSigned) || texts != 2 || len(got.Decisions) != 1 || got.Receipts == 0 {
		t.Errorf("verified %+v: %v", got, err)
	}
	bad := bytes.Clone(bundle)
	at := bytes.Index(bad, []byte("entry "))
	bad[at+40] ^= 1
	if got, err := check(bad); err == nil || got.Verified {
		t.Errorf("a changed file verified: %+v", got)
	}
}
