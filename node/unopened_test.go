package node_test

import (
	"errors"
	"testing"

	"jisr"
	"jisr/book"
	"jisr/node"
	"jisr/node/nodetest"
)

// What is in a note is behind every door until a desk has opened it: officials and programs that only read see who wrote, when
// and about what. A program that carries notes on for the house reads it at once, and so does the writer.
func TestWhatIsInANoteIsReadOnceItWasOpened(t *testing.T) {
	w := nodetest.New(t, "iq", "sy")
	d := w.Note("sy")
	d.Body.Text = jisr.Text{"ar": "نص لا يُقرأ قبل الاطّلاع"}
	id := w.As("iq").Releases(d)
	sy := w.As("sy").Receives(id)
	official := w.Official("sy", "first", jisr.Drafter)
	program := node.Caller{Account: "token/reader", Desk: "mofa", Roles: []jisr.Role{jisr.Reader}}
	gateway := node.Caller{Account: "token/gateway", Desk: "mofa", Roles: []jisr.Role{jisr.Direct}}
	for name, c := range map[string]node.Caller{"an official": official, "a program": program} {
		withheld(t, w, name, c, id)
	}
	readable(t, w, "sy", "a gateway", gateway, id)
	readable(t, w, "iq", "the writer", w.Official("iq", "first", jisr.Drafter), id)
	sy.Opens(id).Done()
	readable(t, w, "sy", "an official after the opening", official, id)
	readable(t, w, "sy", "a program after the opening", program, id)
}

func withheld(t *testing.T, w *nodetest.World, who string, c node.Caller, id jisr.ThingID) {
	t.Helper()
	n, s := w.Node("sy"), w.Node("sy").ScopeOf(c)
	v, err := n.Book().Note(t.Context(), s, w.Forum, id)
	must(t, err)
	if !v.Withheld || len(v.Body.Text)+len(v.Body.Opening)+len(v.Body.Closing)+len(v.Body.Files) > 0 || v.Body.Subject.Empty() {
		t.Errorf("%s reads before the opening: %+v", who, v.Body)
	}
	rows, _, err := n.Book().Notes(t.Context(), s, book.NoteQuery{Search: "الاطّلاع"})
	must(t, err)
	if len(rows) != 1 || !rows[0].Body.Text.Empty() {
		t.Errorf("%s finds %d notes, the first saying %v", who, len(rows), rows)
	}
	p := v.Note.Released.Position
	_, err1 := n.Files(t.Context(), s, w.Forum, p)
	_, err2 := n.ExportProof(t.Context(), s, w.Forum, p)
	_, err3 := n.ExportSigned(t.Context(), s, w.Forum, p)
	for door, err := range map[string]error{"files": err1, "proof with content": err2, "proof with signature": err3} {
		var r *jisr.Refusal
		if !errors.As(err, &r) || r.Kind != jisr.Unopened {
			t.Errorf("%s finds %s open before the opening: %v", who, door, err)
		}
	}
	if _, err := n.Proof(t.Context(), s, w.Forum, p); err != nil {
		t.Errorf("%s: that it was said is no secret: %v", who, err)
	}
}

func readable(t *testing.T, w *nodetest.World, m jisr.MemberID, who string, c node.Caller, id jisr.ThingID) {
	t.Helper()
	n, s := w.Node(m), w.Node(m).ScopeOf(c)
	v, err := n.Book().Note(t.Context(), s, w.Forum, id)
	must(t, err)
	if v.Withheld || v.Body.Text.Empty() {
		t.Errorf("%s does not read the text", who)
	}
	if _, err := n.ExportProof(t.Context(), s, w.Forum, v.Note.Released.Position); err != nil {
		t.Errorf("%s: %v", who, err)
	}
}
