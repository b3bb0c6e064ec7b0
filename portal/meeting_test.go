package portal_test

import (
	"net/url"
	"regexp"
	"strings"
	"testing"

	"jisr"
	"jisr/book"
	"jisr/node"
)

// committee makes a body of both sides, agreed by both, and gives the address of its forms.
func committee(iq, sy *house) jisr.ThingID {
	posts := map[jisr.MemberID]jisr.Office{"iq": {Member: "iq", Name: jisr.Text{"ar": "أمين السر"}}, "sy": {Member: "sy", Name: jisr.Text{"ar": "أمين السر"}}}
	chair := iq.as("mail.program", jisr.Direct)
	t := jisr.BodyTerms{Title: jisr.Text{"ar": "اللجنة المشتركة للمياه", "en": "Joint water committee"}, Level: jisr.TechnicalLevel, Members: []jisr.MemberID{"iq", "sy"},
		Chairs: posts, Secretaries: posts, Months: 3, Procedure: jisr.Procedure{Code: "JWC", Rotation: []jisr.MemberID{"iq", "sy"}, Approval: jisr.Silent}}
	done := iq.do(chair, node.Say{Forum: "iq-sy", Kind: jisr.KindBodyPropose, Terms: t})
	if err := iq.node.WaitHeld(iq.t.Context(), "iq-sy", done.Position); err != nil {
		iq.t.Fatal(err)
	}
	v, err := sy.node.Book().Thing(sy.t.Context(), book.Whole(), "iq-sy", done.Thing)
	for err != nil && sy.t.Context().Err() == nil { // it is in their ledger; their book follows
		v, err = sy.node.Book().Thing(sy.t.Context(), book.Whole(), "iq-sy", done.Thing)
	}
	if err != nil {
		iq.t.Fatal(err)
	}
	agreed := sy.do(sy.as("mail.program", jisr.Direct), node.Say{Forum: "iq-sy", ID: done.Thing, Kind: jisr.KindBodyAgree, Terms: jisr.AgreeTerms{Hash: v.State.Body.Proposals[0].Hash}})
	if err := sy.node.WaitHeld(sy.t.Context(), "iq-sy", agreed.Position); err != nil {
		iq.t.Fatal(err)
	}
	return done.Thing
}

// eventually asks for a page until it says something.
func (b *browser) eventually(path, want string) page {
	b.t.Helper()
	for {
		p := b.get(path)
		if strings.Contains(p.body, want) {
			return p
		}
		if b.t.Context().Err() != nil {
			b.t.Fatalf("%s never said %s", path, want)
		}
	}
}

// field is the value of a hidden field in a page, in the form that leads to an address.
func field(t *testing.T, p page, action, name string) string {
	t.Helper()
	_, form, ok := strings.Cut(p.body, `action="`+action+`"`)
	if !ok {
		t.Fatalf("%s has no form for %s", p.path, action)
	}
	form, _, _ = strings.Cut(form, "</form>")
	m := regexp.MustCompile(`name="` + name + `" value="([^"]*)"`).FindStringSubmatch(form)
	if m == nil {
		t.Fatalf("the form for %s has no %s", action, name)
	}
	return m[1]
}

func (b *browser) does(path string, form url.Values) page {
	b.t.Helper()
	p := b.post(path, form)
	if p.status != 200 {
		b.t.Fatalf("%s answered %d: %s", path, p.status, regexp.MustCompile(`(?s)role="status".*?</div>`).FindString(p.body))
	}
	return p
}

// side is two officials of a house: what one drafts, the other clears and releases.
type sideOf struct {
	*browser // the head
	drafter  *browser
}

func (h *house) officials() sideOf {
	return sideOf{h.signing("head.treaties"), h.signedIn("first.secretary")}
}

// formally has the drafter fill in a form, and the head clear and release what it says.
func (s sideOf) formally(path string, form url.Values) page {
	s.t.Helper()
	draft := s.drafter.does(path, form)
	if !strings.Contains(draft.path, "/outgoing/") {
		s.t.Fatalf("%s was not drafted: it led to %s", path, draft.path)
	}
	if !strings.Contains(s.get("/ar/").body, draft.path) {
		s.t.Errorf("what waits for clearance is not on the head's Today")
	}
	s.does(draft.path+"/clear", url.Values{"version": {"1"}})
	return s.does(draft.path+"/release", url.Values{"version": {"1"}})
}

// A session and what comes of it, in Arabic, by the forms of two portals: convene, agree the agenda, draft together, sign;
// the commitment is reported, returned, reported again and accepted.
func TestASessionInTwoPortals(t *testing.T) {
	iqHouse, syHouse := world(t)
	body := committee(iqHouse, syHouse)
	iq, sy := iqHouse.officials(), syHouse.officials()
	p := iq.get("/ar/meetings")
	checkPage(t, p, "ar")
	room := iq.formally("/ar/bodies/iq-sy/"+body.Name()+"/meet", url.Values{"session": {"1"}, "day.day": {"15"}, "day.month": {"1"}, "day.year": {"2099"}, "hour": {"10:00"}, "place": {"بغداد"}, "mode": {"in-person"}}).path

	p = sy.eventually(room, room+"/agree")
	checkPage(t, p, "ar")
	sy.does(room+"/agree", url.Values{"hash": {field(t, p, room+"/agree", "hash")}})
	p = iq.eventually(room, "اتُّفق على الموعد")
	checkPage(t, p, "ar")
	iq.does(room+"/agenda", url.Values{"item.0": {"المناسيب"}, "purpose.0": {"decision"}, "item.1": {"المنافذ"}, "purpose.1": {"discussion"}})
	p = sy.eventually(room, "المنافذ")
	sy.does(room+"/agree", url.Values{"hash": {field(t, p, room+"/agree", "hash")}})
	iq.eventually(room, "اتُّفق على جدول الأعمال")
	iq.formally(room+"/convene", url.Values{})
	paper := iq.multipart(room+"/paper", url.Values{"title": {"جدول المناسيب"}, "item": {"a1"}, "text": {"قراءات المحطات"}}, map[string]string{"levels.csv": "station,level\nQaim,4.2\n"})
	if !strings.Contains(paper.body, "IQ/1") {
		t.Fatalf("the paper is not in the room: %d", paper.status)
	}
	file := regexp.MustCompile(`/ar/files/iq-sy/meeting/[^"]*`).FindString(sy.eventually(room, "levels.csv").body)
	if got := sy.get(file); got.status != 200 || got.body != "station,level\nQaim,4.2\n" {
		t.Errorf("the other side has %d %q of the paper", got.status, got.body)
	}
	iq.does(room+"/hold", url.Values{})

	p = iq.get(room + "/edit?section=a1")
	checkPage(t, p, "ar")
	iq.does(room+"/edit", url.Values{"section": {"a1"}, "kind": {"decision"}, "text": {"قررت اللجنة تبادل المناسيب."}})
	p = sy.eventually(room, "قررت اللجنة تبادل المناسيب.")
	edit := regexp.MustCompile(`/ar/meetings/[^"]*segment=[^"]*`).FindString(p.body)
	form := sy.get(strings.ReplaceAll(edit, "&amp;", "&"))
	checkPage(t, form, "ar")
	again := url.Values{"segment": {field(t, form, room+"/edit", "segment")}, "from": {field(t, form, room+"/edit", "from")}, "text": {"قررت اللجنة تبادل المناسيب أسبوعياً."}}
	sy.does(room+"/edit", again)
	again.Set("text", "قررت اللجنة تبادل المناسيب شهرياً.")
	iq.eventually(room, "أسبوعياً")
	iq.does(room+"/edit", again) // on the page it had open before: both wordings stand
	p = iq.eventually(room, "is-bracket")
	checkPage(t, p, "ar")
	if bad := iq.post(room+"/minutes/clear", url.Values{"intent": {"non-binding"}, "next.day": {"15"}, "next.month": {"4"}, "next.year": {"2099"}}); bad.status != 422 || !strings.Contains(bad.body, "بصيغتين") {
		t.Fatalf("a bracket was cleared: %d", bad.status)
	}
	form = iq.get(strings.ReplaceAll(edit, "&amp;", "&"))
	iq.does(room+"/edit", url.Values{"segment": again["segment"], "from": {field(t, form, room+"/edit", "from")}, "text": {"قررت اللجنة تبادل المناسيب أسبوعياً."}})
	name := room[strings.LastIndex(room, "/")+1:]
	iq.does("/ar/commitments/new", url.Values{"side": {"iq-sy us sy"}, "desk": {"mofa.treaties"}, "type": {"deliverable"}, "sector": {"water"}, "source": {"minutes/" + name}, "section": {"a1"},
		"title_ar": {"جدول المناسيب"}, "text_ar": {"يرسل الجانب جدول المناسيب."}, "test_ar": {"وصول الجدول."}, "due.day": {"1"}, "due.month": {"3"}, "due.year": {"2099"},
		"funding": {"funded"}, "budget": {"٤٢"}, "indicator": {"أسابيع متتالية"}, "target": {"٤"}, "milestone.0": {"الأسبوع الأول"}, "milestone.0.day": {"1"}, "milestone.0.month": {"2"}, "milestone.0.year": {"2099"}})
	iq.drafter.does(room+"/minutes/clear", url.Values{"intent": {"non-binding"}, "next.day": {"15"}, "next.month": {"4"}, "next.year": {"2099"}})
	p = sy.eventually(room, "أجاز")
	link := regexp.MustCompile(`/ar/commitments/iq-sy/[^"]*`).FindString(p.body)
	sy.drafter.does(room+"/minutes/clear", url.Values{"intent": {"non-binding"}})
	p = iq.eventually(room, room+"/minutes/sign")
	checkPage(t, p, "ar")
	iq.does(room+"/minutes/sign", url.Values{})
	sy.eventually(room, room+"/minutes/sign")
	sy.does(room+"/minutes/sign", url.Values{})
	iq.eventually(room, "JWC/2099/1")

	p = iq.eventually(link, link+"/report") // agreed, by both signatures
	for _, want := range []string{"أسابيع متتالية", "الأسبوع الأول", "٤٢"} {
		if !strings.Contains(p.body, want) {
			t.Errorf("the commitment does not show %s", want)
		}
	}
	iq.does(link+"/progress", url.Values{"text": {"العمل جارٍ"}, "milestone": {"m1"}})
	if p = iq.get(link); !strings.Contains(p.body, "أُنجزت") {
		t.Error("a milestone that was reached does not show")
	}
	iq.formally(link+"/report", url.Values{"evidence": {"أُرسل الجدول."}})
	p = sy.eventually(link, "أُرسل الجدول.")
	checkPage(t, p, "ar")
	if bad := sy.drafter.post(link+"/return", url.Values{}); bad.status != 422 {
		t.Fatalf("returned without a reason: %d", bad.status)
	}
	sy.formally(link+"/return", url.Values{"reason": {"يُستكمل الأسبوع الرابع"}})
	iq.eventually(link, "يُستكمل الأسبوع الرابع")
	iq.formally(link+"/report", url.Values{"evidence": {"أُرسل الأسبوع الرابع."}})
	sy.eventually(link, "أُرسل الأسبوع الرابع.")
	sy.formally(link+"/accept", url.Values{})
	p = iq.eventually(link, "قُبل الإنجاز")
	checkPage(t, p, "ar")
	if sheet := iq.get("/ar/commitments/sheet"); sheet.status != 200 || !strings.HasPrefix(sheet.body, "PK") {
		t.Errorf("the register as a workbook: %d", sheet.status)
	}
	if filtered := iq.get("/ar/commitments/sheet?sector=health"); len(filtered.body) >= len(iq.get("/ar/commitments/sheet?sector=water").body) {
		t.Error("the workbook does not follow the filters")
	}
	for _, path := range []string{"/ar/bodies/new", "/en/bodies/iq-sy/" + body.Name() + "/rules", "/ar/relations/iq-sy/sy", "/en/relations/iq-sy/sy", "/ar/commitments?sector=water&state=accepted", "/en/commitments", "/ar/meetings", "/en" + strings.TrimPrefix(link, "/ar"), "/en" + strings.TrimPrefix(room, "/ar"), "/ar/commitments/new", "/ar/"} {
		checkPage(t, iq.get(path), path[1:3])
	}
}

// Rules of procedure are proposed and changed by a form; what the other side agrees to is what is in force.
func TestABodyIsMadeByAForm(t *testing.T) {
	iqHouse, syHouse := world(t)
	iq, sy := iqHouse.officials(), syHouse.officials()
	form := url.Values{"forum": {"iq-sy"}, "title_ar": {"لجنة المنافذ"}, "level": {"technical"}, "code": {"jbc"}, "cadence": {"FREQ=MONTHLY"}, "host.0": {"sy"}, "host.1": {"iq"}, "agenda_days": {"١٠"}, "approval": {"silent"},
		"silent_days": {"30"}, "ladder": {"7 14 30"}, "chair.iq": {"وكيل الوزارة"}, "chair.sy": {"معاون الوزير"}, "secretary.iq": {"أمين السر"}}
	if bad := iq.drafter.post("/ar/bodies/new", form); bad.status != 422 || !strings.Contains(bad.body, "معاون الوزير") {
		t.Fatalf("a body without a secretary: %d", bad.status)
	}
	form.Set("secretary.sy", "أمين السر")
	iq.formally("/ar/bodies/new", form)
	p := sy.eventually("/ar/meetings", "لجنة المنافذ")
	agree := regexp.MustCompile(`/ar/bodies/iq-sy/[^"]*/agree`).FindString(p.body)
	sy.formally(agree, url.Values{"hash": {field(t, p, agree, "hash")}})
	rules := strings.TrimSuffix(agree, "agree") + "rules"
	p = iq.eventually(rules, "FREQ=MONTHLY")
	checkPage(t, p, "ar")
	if !strings.Contains(p.body, `value="JBC"`) || !strings.Contains(p.body, `value="7 14 30"`) || !strings.Contains(p.body, `value="10"`) {
		t.Error("the rules do not come back in their form")
	}
	form.Set("ladder", "30 7")
	if bad := iq.drafter.post(rules, form); bad.status != 422 {
		t.Errorf("a ladder that falls: %d", bad.status)
	}
}
