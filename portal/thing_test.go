package portal_test

import (
	"strings"
	"testing"

	"jisr"
)

func TestTodayShowsAForumThatTheOtherSideHasNotJoined(t *testing.T) {
	iq, sy := newHouse(t, "iq", jisr.Text{"ar": "العراق", "en": "Iraq"}), newHouse(t, "sy", jisr.Text{"ar": "سورية", "en": "Syria"})
	iq.accept(sy)
	b := iq.signedIn("auditor")
	for lang, want := range map[string][]string{
		"ar": {"الانضمام إلى إطار التعاون", "الإطار العراقي السوري", `href="/ar/forum"`},
		"en": {"Joining the forum", `href="/en/forum"`},
	} {
		p := b.get("/" + lang + "/")
		checkPage(t, p, lang)
		theirs := p.body[strings.Index(p.body, `id="theirs"`):]
		for _, w := range want {
			if !strings.Contains(theirs, w) {
				t.Errorf("%s: what we wait for does not show %q", lang, w)
			}
		}
	}
	events := iq.node.Watch(t.Context())
	sy.accept(iq)
	for range events {
		if p := b.get("/ar/"); !strings.Contains(p.body, "الانضمام إلى إطار التعاون") {
			return
		}
	}
	t.Error("the other side has joined, and still owes it")
}
