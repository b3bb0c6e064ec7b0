package programme_test

import (
	"slices"
	"strings"
	"testing"

	"jisr"
	"jisr/programme"
	"jisr/words"
)

// TestEveryParagraphCanBeRead wants a word in both languages for whatever an outline names, in every annex, and each
// number once: refusals refer to them.
func TestEveryParagraphCanBeRead(t *testing.T) {
	w, err := words.New()
	if err != nil {
		t.Fatal(err)
	}
	has := func(where, key string) {
		if !w.Has(key) {
			t.Errorf("%s: no word %s", where, key)
		}
	}
	for _, name := range programme.Shipped() {
		seen := map[string]bool{}
		for _, para := range shipped(t, name).Outline() {
			at := name + " " + para.Number
			if seen[para.Number] {
				t.Errorf("%s stands twice", at)
			}
			seen[para.Number] = true
			if para.Title.Empty() {
				has(at, "annex.paragraph."+para.Key)
			}
			for _, f := range para.Facts {
				has(at, "annex.fact."+f.Key)
				for _, v := range f.Words {
					if !strings.HasPrefix(v, "handling.") {
						v = "annex.value." + v
					}
					has(at, v)
				}
			}
		}
		for _, typ := range shipped(t, name).Types {
			for _, f := range typ.Fields {
				if !seen[f.Clause] {
					t.Errorf("%s: field %s has no paragraph %s", name, f.Name, f.Clause)
				}
			}
		}
	}
}

func TestAnAnnexIsStartedFromAnother(t *testing.T) {
	for _, like := range append(programme.Shipped(), "") {
		doc, err := programme.Start("own", like, []jisr.MemberID{"jo", "lb", "iq"})
		if err != nil {
			t.Errorf("from %q: %v", like, err)
			continue
		}
		p, err := programme.Compile(doc)
		if err != nil || p.Annex.Programme != "own" || !slices.Equal(p.Annex.Parties, []jisr.MemberID{"jo", "lb", "iq"}) {
			t.Errorf("from %q: %v", like, err)
		}
	}
	if _, err := programme.Start("x", "nothing", nil); err == nil {
		t.Error("an annex that is not shipped is started from")
	}
	if _, err := programme.Start("Not An Id", "", nil); err == nil {
		t.Error("an annex may be called anything")
	}
}
