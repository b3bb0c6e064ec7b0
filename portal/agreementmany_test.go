package portal_test

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"jisr"
	"jisr/node"
	"jisr/words"
)

// Each state of an agreement, of full powers, of a domestic step and of a participant has its word; those of an agreement have a
// line of meaning and one of who acts next; each step has its form and what it does; and what is awaited has its name. In
// both languages.
func TestEveryStateSaysWhatItMeansAndWhoActsNext(t *testing.T) {
	w, err := words.New()
	if err != nil {
		t.Fatal(err)
	}
	var keys []string
	for _, st := range jisr.AgreementStates() {
		key := "agreement.state." + string(st)
		keys = append(keys, key, key+".means")
	}
	for _, turn := range jisr.AgreementTurns() {
		keys = append(keys, "agreement.state."+turn)
	}
	for _, st := range jisr.MandateStates() {
		keys = append(keys, "mandate.state."+string(st))
	}
	for _, st := range jisr.StepStates() {
		keys = append(keys, "domestic.state."+string(st))
	}
	for _, st := range []jisr.PartakerState{jisr.Negotiating, jisr.Signatory, jisr.Contracting, jisr.PartyTo, jisr.Withdrawing, jisr.FormerParty} {
		keys = append(keys, "agreement.participant."+string(st))
	}
	for _, v := range node.Verbs() {
		verb, ok := strings.CutPrefix(string(v), "agreement.")
		if !ok {
			continue
		}
		keys = append(keys, "act.kind."+string(v))
		if verb != "propose" && verb != "bracket" { // each has a page of its own
			keys = append(keys, "agreement.say."+verb, "agreement.say."+verb+".means")
		}
	}
	for _, why := range []string{"negotiate", "table", "text", "adopt", "initial", "answer-bracket", "answer-correction", "seal", "commit", "proces-verbal",
		"confirm", "complete", "exchange", "receive", "register", "sign", "deposit", "force-note", "provisional", "extend", "suspend-agreed", "resume", "terminate"} {
		keys = append(keys, "why.agreement."+why)
	}
	for _, lang := range w.Tags() {
		for _, key := range keys {
			if !w.In(lang).Has(key) {
				t.Errorf("%s has no %s", lang, key)
			}
		}
	}
}

// TestConventionStory is an agreement with a depositary on the pages of three nodes: proposed, initialled by all, signed one by
// one, a reservation objected to, deposited with the depositary, in force reckoned from its count.
func TestConventionStory(t *testing.T) {
	names := map[string]jisr.Text{"iq": {"ar": "العراق", "en": "Iraq"}, "jo": {"ar": "الأردن", "en": "Jordan"}, "sy": {"ar": "سورية", "en": "Syria"}}
	all := []*house{newHouse(t, "iq", names["iq"]), newHouse(t, "jo", names["jo"]), newHouse(t, "sy", names["sy"])}
	drafters, seconds := map[*house]*browser{}, map[*house]*browser{}
	for _, h := range all {
		var letters [][]byte
		for _, o := range all {
			if o != h {
				letters = append(letters, o.node.Self().Letter)
			}
		}
		h.acceptAll(letters)
		drafters[h], seconds[h] = h.signedIn("first.secretary"), h.signing("plenipotentiary")
	}
	iq, jo, sy := all[0], all[1], all[2]

	proposed := iq.clears(t, seconds[iq], drafters[iq].post("/ar/agreements/new", url.Values{"forum": {"iq-sy"}, "kind": {"convention"}, "parties": {"sy", "jo"}, "depositary": {"jo"},
		"binding": {"yes"}, "handling": {"official"}, "title_ar": {"اتفاقية النهر المشترك"}}))
	at := proposed.path
	says := func(h *house, verb string, form url.Values) page {
		t.Helper()
		h.waitFor(t, drafters[h], at, "/say/"+verb)
		link := regexp.MustCompile(`/say/` + verb + `(\?act=[a-z]+\.\d+)?`).FindString(drafters[h].get(at).body)
		return h.clears(t, seconds[h], drafters[h].post(at+link, form))
	}
	for _, h := range all[1:] {
		says(h, "negotiate", url.Values{"binding": {"yes"}})
	}
	iq.waitFor(t, drafters[iq], at, "قيد التفاوض")
	form := fieldsOf(t, drafters[iq].get(at+"/text/edit").body, at+"/text/edit")
	for name := range form {
		if strings.HasPrefix(name, "text_") && form.Get(name) == "" && !slices.Contains([]string{"text_4_ar", "text_5_ar", "text_6_ar"}, name) {
			form.Set(name, "تحمي الأطراف النهر المشترك.")
		}
	}
	form.Set("c_force_count", "2")
	form.Set("save", "1")
	iq.clears(t, seconds[iq], drafters[iq].post(at+"/text/edit", form))

	minister := url.Values{"authority": {"foreign-minister"}}
	for _, h := range all {
		says(h, "initial", minister)
	}
	for _, h := range all {
		h.waitFor(t, drafters[h], at, "موقّعة بالأحرف الأولى")
	}
	for _, h := range []*house{iq, sy} {
		says(h, "sign", minister)
	}
	says(sy, "reserve", url.Values{"authority": {"foreign-minister"}, "reservation_ar": {"لا تسري المادة الأولى على الروافد."}})
	iq.waitFor(t, drafters[iq], at, "لا تسري المادة الأولى على الروافد.")
	says(iq, "object", url.Values{"authority": {"foreign-minister"}, "precludes": {"no"}, "reason": {"موضوع الاتفاقية النهر كله"}})
	sy.waitFor(t, drafters[sy], at, "اعتراض لا يمنع النفاذ")

	for _, h := range []*house{iq, sy} {
		says(h, "deposit", url.Values{"authority": {"foreign-minister"}, "instrument": {"ratification"}})
	}
	for _, m := range []string{"iq", "sy"} {
		jo.waitUntil(t, drafters[jo], at, "that the deposit of "+m+" arrived", func(body string) bool { return depositOf(m).MatchString(body) })
	}
	for range 3 { // two deposits and a reservation, each stamped by the depositary
		says(jo, "receive", nil)
	}
	for _, h := range all {
		h.waitFor(t, drafters[h], at, "بانتظار دخول حيز النفاذ")
		must(t, drafters[h].get(at), "تدخل حيز النفاذ في", "دولة متعاقدة", "إشعار الوديع رقم")
	}
	says(jo, "register", url.Values{"with": {"un"}, "number": {"I-1"}, "date.day": {"25"}, "date.month": {"11"}, "date.year": {"2026"}})
	iq.waitUntil(t, drafters[iq], at, "that it was registered", func(body string) bool { return strings.Count(body, ">تسجيل<") > 1 }) // as a step it may take, and as one that was
}

// depositOf finds the answer that a depositary owes to a member.
func depositOf(m string) *regexp.Regexp {
	return regexp.MustCompile(`/say/receive\?act=` + m + `\.\d+`)
}
