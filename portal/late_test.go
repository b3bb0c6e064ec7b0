package portal_test

import (
	"testing"
	"time"

	"jisr"
	"jisr/node"
	"jisr/node/nodetest"
)

// TestLate: what is past its date stands on both sides' Today in the words of practice 8.6, and while the other
// side cannot be reached the page says so.
func TestLate(t *testing.T) {
	w := nodetest.New(t, "iq", "sy")
	iq, sy := &house{t: t, node: w.Node("iq")}, &house{t: t, node: w.Node("sy")}
	for _, h := range []*house{iq, sy} {
		h.settle()
		h.serve()
	}
	d := w.Note("sy")
	d.ReplyBy = jisr.Date(w.Now().AddDate(0, 0, 2).Format(time.DateOnly))
	note := w.As("iq").Releases(d)
	w.As("sy").Receives(note).Opens(note).Done()
	w.As("iq").Sees(note, jisr.OpenedState)
	w.Pass(5 * 24 * time.Hour)

	ours := iq.signedIn("first.secretary")
	must(t, ours.get("/ar/"), "تجاوز موعده منذ ٣ أيام", "ما ننتظره من الجانب الآخر")
	must(t, ours.get("/ar/notes?state=no-answer"), note.Name())
	must(t, ours.get("/ar/notes/iq-sy/"+note.Name()), "تجاوز الرد موعده")
	theirs := sy.signedIn("first.secretary")
	must(t, theirs.get("/ar/"), "بند واحد بانتظارك", "إعداد الرد")
	must(t, theirs.get("/ar/notes/iq-sy/"+note.Name()), "لم يصدر ردنا بعد")

	w.Cut("iq", "sy")
	w.Until("the cut is noticed", func() bool { return iq.node.Links()[0].State == node.Waiting })
	must(t, ours.get("/ar/"), "تعذّر الوصول إلى")
	must(t, ours.get("/ar/forum"), "/ar/forum/members/sy/try")
	w.Restore("iq", "sy")
	must(t, ours.post("/ar/forum/members/sy/try", nil), "إطار التعاون")
	w.Until("the link is back", func() bool { return iq.node.Links()[0].State == node.Linked })
}
