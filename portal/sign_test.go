package portal_test

import (
	"net/http"
	"net/url"
	"testing"

	"jisr"
	"jisr/book"
	"jisr/node"
)

// What binds the member is signed on a page of its own, whatever form asked for it; a session alone is asked, and does nothing.
func TestWhatBindsIsSignedOnAPageOfItsOwn(t *testing.T) {
	iq, sy := world(t)
	posts := map[jisr.MemberID]jisr.Office{"iq": {Member: "iq", Name: jisr.Text{"ar": "أمين السر"}}, "sy": {Member: "sy", Name: jisr.Text{"ar": "أمين السر"}}}
	body := iq.do(iq.as("head.treaties", jisr.Direct), node.Say{Forum: "iq-sy", Kind: jisr.KindBodyPropose, Terms: jisr.BodyTerms{Title: jisr.Text{"ar": "لجنة المياه"}, Level: jisr.TechnicalLevel,
		Members: []jisr.MemberID{"iq", "sy"}, Chairs: posts, Secretaries: posts, Months: 3, Procedure: jisr.Procedure{Code: "JWC", Rotation: []jisr.MemberID{"iq", "sy"}, Approval: jisr.Silent}}})
	if err := iq.node.WaitHeld(t.Context(), "iq-sy", body.Position); err != nil {
		t.Fatal(err)
	}
	sy.signedIn("auditor").eventually("/ar/meetings", "لجنة المياه")
	v, err := sy.node.Book().Thing(t.Context(), book.Whole(), "iq-sy", body.Thing)
	if err != nil {
		t.Fatal(err)
	}
	step, err := node.NewStep(jisr.KindBodyAgree, jisr.AgreeTerms{Hash: v.State.Body.Proposals[0].Hash}, nil)
	if err != nil {
		t.Fatal(err)
	}
	draft := sy.do(sy.as("first.secretary", jisr.Drafter), node.DraftStep{Forum: "iq-sy", About: body.Thing, Step: step})
	b := sy.local()
	key := sy.enrols(b, "head.treaties")
	at := "/ar/outgoing/" + draft.Thing.Name()
	b.does(at+"/clear", url.Values{"version": {"1"}})

	ask := b.post(at+"/release", url.Values{"version": {"1"}})
	if ask.status != http.StatusForbidden {
		t.Fatalf("a session alone: %d at %s", ask.status, ask.path)
	}
	must(t, ask, "لجنة المياه", "توقّع بمفتاح مرورك", `name="version" value="1"`)
	checkPage(t, ask, "ar")
	if v, err := sy.node.Book().Thing(t.Context(), book.Whole(), "iq-sy", body.Thing); err != nil || v.State.Body.Agreed != nil {
		t.Fatalf("a session alone agreed: %v", err)
	}
	second := b.post(at+"/release", url.Values{"version": {"1"}}) // another tab

	sign := func(p page) page {
		options, asked := asks(t, p)
		form := fieldsOf(t, p.body, at+"/release")
		form.Set("asked", asked)
		form.Set("answer", string(key.Answers(options)))
		return b.post(at+"/release", form)
	}
	wrong := fieldsOf(t, ask.body, at+"/release")
	wrong.Set("answer", `{"id":"x"}`)
	if p := b.post(at+"/release", wrong); p.status < 400 {
		t.Errorf("an answer that is none: %d", p.status)
	}
	done := sign(ask)
	if done.status != http.StatusOK {
		t.Fatalf("signing led to %s: %d\n%s", done.path, done.status, text(done.body))
	}
	v, err = sy.node.Book().Thing(t.Context(), book.Whole(), "iq-sy", body.Thing)
	if err != nil || v.State.Body.Agreed == nil {
		t.Fatalf("it is not agreed: %v", err)
	}
	for i := range v.Acts {
		if a := &v.Acts[i].Act; a.Kind == jisr.KindBodyAgree {
			if found, err := sy.node.SignatureOf(t.Context(), "iq-sy", a.Position); err != nil || found.State != node.GoodSignature || found.Official != "head.treaties" {
				t.Errorf("the signature: %+v, %v", found, err)
			}
			must(t, b.get("/ar/record/iq-sy/sy/"+itoa(int(a.Position.Index))), "موقَّع من صاحب المنصب")
		}
	}
	if p := sign(second); p.status < 400 {
		t.Errorf("the other tab signed again: %d at %s", p.status, p.path)
	}
}
