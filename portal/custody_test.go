package portal_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"jisr"
	"jisr/node"
)

// A confidential note goes by the forms of two portals from its drafter to its reader, and who is not named finds it nowhere.
func TestAConfidentialNoteIsReadByWhoIsNamed(t *testing.T) {
	iq, sy := world(t)
	for _, h := range []*house{iq, sy} {
		h.do(h.node.Operator(), node.AddOfficial{ID: "under.secretary", Post: jisr.Text{"ar": "وكيل الوزارة", "en": "Under-Secretary"}, Desk: "mofa.treaties", Roles: []jisr.Role{jisr.Releaser}, Password: password})
	}
	d := verbale("sy", "ملف المياه الجوفية")
	d.Handling = jisr.HandlingConfidential
	draft := iq.do(iq.as("first.secretary", jisr.Drafter), node.DraftNote{Forum: "iq-sy", Draft: d})
	at, custody := "/ar/drafts/"+draft.Thing.Name(), "/ar/custody/iq-sy/note/"+draft.Thing.Name()
	writer, head, under, other := iq.signedIn("first.secretary"), iq.signedIn("head.treaties"), iq.signedIn("under.secretary"), iq.signedIn("plenipotentiary")

	must(t, writer.get(at), custody, "السكرتير الأول", "مكتوم")
	if p := head.post(at+"/clear", url.Values{"version": {"1"}}); p.status != http.StatusNotFound {
		t.Fatalf("who is not named clears: %d", p.status)
	}
	ask := writer.get(custody)
	checkPage(t, ask, "ar")
	checkPage(t, writer.get("/en"+strings.TrimPrefix(custody, "/ar")), "en")
	named := writer.does(custody+"/name", url.Values{"official": {"head.treaties"}, "reason": {"للإجازة"}})
	must(t, named, "للإجازة", "رئيس دائرة المعاهدات")
	if p := writer.post(custody+"/name", url.Values{"official": {"head.treaties"}}); p.status != 422 {
		t.Errorf("an official is named twice: %d", p.status)
	}
	if p := writer.post(custody+"/name", url.Values{"official": {"nobody"}}); p.status != 422 {
		t.Errorf("nobody is named: %d", p.status)
	}
	head.does(at+"/clear", url.Values{"version": {"1"}})
	head.does(custody+"/name", url.Values{"official": {"under.secretary"}})
	must(t, under.get("/ar/notes?box=drafts"), "ملف المياه الجوفية")
	note := under.does(at+"/release", url.Values{"version": {"1"}})
	iq.waitHeld(t, note.path)
	iq.findsNothing(t, other, draft.Thing)

	// The other side's registry sees that it came, and names who reads it.
	registry, reader, stranger := sy.signedIn("first.secretary"), sy.signedIn("under.secretary"), sy.signedIn("plenipotentiary")
	sy.do(sy.node.Operator(), node.AddDesk{ID: "registry", Title: jisr.Text{"ar": "الوارد"}})
	sy.do(sy.node.Operator(), node.SetReceives{ID: "mofa.treaties", Receives: true})
	page := registry.eventually("/ar/custody/iq-sy/note/"+draft.Thing.Name(), "لم يُسمَّ أحد بعد")
	checkPage(t, page, "ar")
	if p := registry.does(custody+"/name", url.Values{"official": {"under.secretary"}}); p.path != "/ar/" {
		t.Errorf("who sees it no more is led to %s", p.path)
	}
	reader.does("/ar/notes/iq-sy/"+draft.Thing.Name()+"/open", nil)
	must(t, reader.get("/ar/notes/iq-sy/"+draft.Thing.Name()), "نص المذكرة")
	sy.findsNothing(t, stranger, draft.Thing)
	sy.findsNothing(t, registry, draft.Thing)

	// Taken back from who has not acted on it: who has keeps it.
	reader.does(custody+"/name", url.Values{"official": {"auditor"}})
	must(t, sy.signedIn("auditor").get("/ar/notes"), "ملف المياه الجوفية")
	reader.does(custody+"/take-back", url.Values{"official": {"auditor"}})
	sy.findsNothing(t, sy.signedIn("auditor"), draft.Thing)
	reader.does(custody+"/refer", url.Values{"desk": {"registry"}})
	must(t, reader.get(custody), "الوارد")
}

// findsNothing looks for a note in every place where it could stand.
func (h *house) findsNothing(t *testing.T, b *browser, id jisr.ThingID) {
	t.Helper()
	for _, path := range []string{"/ar/", "/ar/notes", "/ar/notes?box=in", "/ar/notes?box=drafts", "/ar/notes?q=" + url.QueryEscape("الجوفية"), "/ar/search?q=" + url.QueryEscape("الجوفية"), "/ar/record", "/ar/record?thing=" + url.QueryEscape(string(id)), "/ar/commitments"} {
		p := b.get(path)
		if p.status != http.StatusOK || strings.Contains(p.body, "ملف المياه") || strings.Contains(p.body, "/"+id.Name()+`"`) {
			t.Errorf("%s of who is not named: %d, or it stands there", path, p.status)
		}
	}
	for _, path := range []string{"/ar/notes/iq-sy/" + id.Name(), "/ar/drafts/" + id.Name(), "/ar/custody/iq-sy/note/" + id.Name(), "/ar/notes/iq-sy/" + id.Name() + "/pdf", "/ar/notes/new?answers=iq-sy/" + id.Name()} {
		if p := b.get(path); p.status != http.StatusNotFound && strings.Contains(p.body, "المياه الجوفية") {
			t.Errorf("%s of who is not named: %d", path, p.status)
		}
	}
	if p := b.post("/ar/custody/iq-sy/note/"+id.Name()+"/name", url.Values{"official": {"plenipotentiary"}}); p.status != http.StatusNotFound {
		t.Errorf("who is not named names itself: %d", p.status)
	}
}

// Every noun's page says who may read it.
func TestEveryThingSaysWhoMayReadIt(t *testing.T) {
	iq, sy := world(t)
	body := committee(iq, sy)
	b := iq.officials()
	room := b.formally("/ar/bodies/iq-sy/"+body.Name()+"/meet", url.Values{"session": {"1"}, "day.day": {"15"}, "day.month": {"1"}, "day.year": {"2099"}, "hour": {"10:00"}, "mode": {"in-person"}}).path
	at := strings.Replace(room, "/meetings/iq-sy/", "/custody/iq-sy/meeting/", 1)
	must(t, b.get(room), at, "رئيس دائرة المعاهدات")
	checkPage(t, b.get(at), "ar")
	p := b.does(at+"/name", url.Values{"official": {"auditor"}})
	must(t, p, "المدقق")
	if p := b.post(at+"/nothing", nil); p.status != http.StatusNotFound {
		t.Errorf("a verb that is none: %d", p.status)
	}
}

// A confidential agreement is proposed by two officials from the forms: who clears it is named on the page of the act in preparation.
func TestAConfidentialAgreementIsProposedByTwo(t *testing.T) {
	iq, _ := world(t)
	writer, head, other := iq.signedIn("first.secretary"), iq.signedIn("head.treaties"), iq.signedIn("plenipotentiary")
	step, err := node.NewStep(jisr.KindAgreementPropose, jisr.ProposeTerms{Kind: jisr.AgreementKind, Title: jisr.Text{"ar": "اتفاقية المياه المكتومة", "en": "A confidential agreement"},
		Parties: []jisr.MemberID{"iq", "sy"}, Binding: true, Handling: jisr.HandlingConfidential}, nil)
	if err != nil {
		t.Fatal(err)
	}
	at := "/ar/outgoing/" + iq.do(iq.as("first.secretary", jisr.Drafter), node.DraftStep{Forum: "iq-sy", Step: step}).Thing.Name()
	page := writer.get(at)
	checkPage(t, page, "ar")
	checkPage(t, writer.get("/en"+strings.TrimPrefix(at, "/ar")), "en")
	must(t, page, "السكرتير الأول", "العراق", "مكتوم")
	for _, raw := range []string{"<dd>confidential", "<bdi>first.secretary"} {
		if strings.Contains(page.body, raw) {
			t.Errorf("the page shows %s as it stands", raw)
		}
	}
	_, rest, ok := strings.Cut(page.body, `href="/ar/custody/iq-sy/agreement/`)
	if !ok {
		t.Fatal("the page says not who may read it")
	}
	name, _, _ := strings.Cut(rest, `"`)
	custody := "/ar/custody/iq-sy/agreement/" + name
	for _, path := range []string{at, custody} {
		if p := head.get(path); p.status != http.StatusNotFound {
			t.Errorf("%s of who is not named: %d", path, p.status)
		}
	}
	checkPage(t, writer.get(custody), "ar")
	must(t, writer.does(custody+"/name", url.Values{"official": {"head.treaties"}}), "رئيس دائرة المعاهدات")
	must(t, head.get("/ar/"), at)
	head.does(at+"/clear", url.Values{"version": {"1"}})
	head.does(at+"/release", url.Values{"version": {"1"}})
	for _, b := range []*browser{writer, head} {
		must(t, b.eventually("/ar/agreements/iq-sy/"+name, "اتفاقية المياه المكتومة"), "مكتوم")
	}
	if p := other.get("/ar/agreements"); p.status != http.StatusOK || strings.Contains(p.body, "اتفاقية المياه المكتومة") {
		t.Errorf("who is not named finds it in the list: %d", p.status)
	}
	if p := writer.post(custody+"/refer", url.Values{"desk": {"mofa"}}); p.status != 422 {
		t.Errorf("a drafter refers it to another desk: %d", p.status)
	}
}
