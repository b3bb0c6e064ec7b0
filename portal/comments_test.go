package portal_test

import (
	"net/url"
	"strings"
	"testing"

	"jisr"
	"jisr/node"
)

// Comments are decided about in bulk, and what was decided is taken back with one button.
func TestCommentsAreModeratedInBulk(t *testing.T) {
	iq, sy := world(t)
	id := publishedStatement(t, iq, sy)
	for _, text := range []string{"رأي أول", "رأي <b>ثانٍ</b>", "رأي ثالث"} {
		if err := iq.node.TakeComment(t.Context(), "iq-sy", id, jisr.CommentBody{Name: "قارئة", Email: "reader@example.org", Lang: "ar", Text: text}); err != nil {
			t.Fatal(err)
		}
	}
	b := iq.signedIn("spokes")
	must(t, b.get("/ar/statements"), "تعليقات تنتظر")
	p := b.get("/ar/comments")
	checkPage(t, p, "ar")
	must(t, p, "رأي &lt;b&gt;ثانٍ", "reader@example.org", `type="checkbox"`)
	ids := commentIDs(p.body)
	if len(ids) != 3 {
		t.Fatalf("%d comments can be marked", len(ids))
	}
	p = b.does("/ar/comments/approve", url.Values{"id": ids[:2]})
	checkPage(t, p, "ar")
	must(t, p, "تراجع")
	must(t, b.get("/ar/comments?state=shown"), "رأي ثالث", `formaction="/ar/comments/withdraw"`)
	b.does("/ar/comments/reopen", url.Values{"id": ids[:2]})
	if p := b.get("/ar/comments"); len(commentIDs(p.body)) != 3 {
		t.Error("what was undone does not wait again")
	}
	if p := b.post("/ar/comments/withdraw", url.Values{"id": ids[:1]}); p.status != 422 {
		t.Errorf("what is not shown was withdrawn: %d", p.status)
	}
	if p := b.post("/ar/comments/approve", url.Values{}); p.status != 422 {
		t.Errorf("nothing was marked: %d", p.status)
	}
	checkPage(t, b.get("/en/comments?state=declined"), "en")
	other := iq.signedIn("auditor")
	if p := other.get("/ar/comments"); strings.Contains(p.body, "reader@example.org") || p.status == 200 {
		t.Errorf("who does not decide reads addresses: %d", p.status)
	}
	if p := other.get("/ar/statements"); strings.Contains(p.body, "/ar/comments") {
		t.Error("who does not decide is led there")
	}
}

// commentIDs are the names of the comments that a page lets one mark.
func commentIDs(body string) (ids []string) {
	for part := range strings.SplitSeq(body, `name="id" value="`) {
		if id, _, ok := strings.Cut(part, `"`); ok && strings.HasPrefix(id, "iq-") {
			ids = append(ids, id)
		}
	}
	return ids
}

// publishedStatement is a statement that both approved and one released.
func publishedStatement(t *testing.T, iq, sy *house) jisr.ThingID {
	t.Helper()
	by := iq.as("mail.program", jisr.Direct)
	done := iq.do(by, node.Say{Forum: "iq-sy", Kind: jisr.KindStatementPropose, Terms: jisr.StatementTerms{Title: jisr.Text{"ar": "بيان"}, Members: []jisr.MemberID{"iq", "sy"}, Languages: []string{"ar"}}})
	iq.do(by, node.Say{Forum: "iq-sy", ID: done.Thing, Kind: jisr.KindStatementEdit, Terms: jisr.EditTerms{Ops: []jisr.Op{{Segment: "iq-1", Kind: jisr.Narrative}}}, Body: jisr.EditBody{Texts: []jisr.Text{{"ar": "تبادل المناسيب"}}}})
	page := "/ar/statements/iq-sy/" + done.Thing.Name()
	sy.officials().eventually(page, "تبادل المناسيب")
	sy.do(sy.as("mail.program", jisr.Direct), node.ApproveStatement{Forum: "iq-sy", ID: done.Thing})
	iq.do(by, node.ApproveStatement{Forum: "iq-sy", ID: done.Thing})
	iq.officials().eventually(page, page+"/release")
	iq.do(by, node.ReleaseStatement{Forum: "iq-sy", ID: done.Thing})
	return done.Thing
}
