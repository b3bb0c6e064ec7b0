package paper

import (
	"fmt"
	"strings"
	"testing"
)

// TestLevels has the levels that UAX #9 gives, by its rules, where three depths meet.
func TestLevels(t *testing.T) {
	for _, c := range []struct {
		text string
		rtl  bool
		want string
	}{
		{"abc", false, "000"},
		{"اب", true, "11"},
		{"اب abc 12", true, "111222222"},
		{"ab اب ١٢ cd", false, "00011122000"},
		{"ab اب 12.", false, "000111220"},
		{"١٢ اب", false, "22111"},
		{"a ١٢ b", false, "000000"},
		{"ab \u2068اب 12\u2069 cd", false, "000011122" + "0000"},
		{"اب \u2068ab ج\u2069 د", true, "11112223" + "111"},
		{"اب \u2067١\u2069", true, "111141"},
	} {
		var got strings.Builder
		for _, l := range levels([]rune(c.text), depth(c.rtl)) {
			fmt.Fprint(&got, l)
		}
		if got.String() != c.want {
			t.Errorf("%q: got %s, want %s", c.text, got.String(), c.want)
		}
	}
}
