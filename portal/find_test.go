package portal_test

import "testing"

// A search is narrowed by what the page offers, and what it was narrowed by stays chosen.
func TestASearchOffersWhatNarrowsIt(t *testing.T) {
	iq, _ := world(t)
	b := iq.signedIn("spokes")
	must(t, b.get("/ar/search?q=x"), `<option value="sy"`, `<option value="water"`)
	must(t, b.get("/ar/search?q=x&with=sy&sector=water"), `<option value="sy" selected`, `<option value="water" selected`, `href="/ar/search?q=x"`)
}
