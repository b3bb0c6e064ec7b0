package jisr_test

import (
	"strings"
	"testing"

	"jisr"
)

// A calendar and mail belong to who holds the post, and end with that.
func TestNoticesEndWithTheHolder(t *testing.T) {
	const secret jisr.Commitment = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	add := houseStep{"admin", jisr.KindOfficialAdd, jisr.OfficialTerms{Post: jisr.Text{"ar": "مدير"}, Desk: "water", Roles: []jisr.Role{jisr.Drafter}}}
	feed := houseStep{"director", jisr.KindOfficialFeed, jisr.FeedTerms{Secret: secret}}
	end := houseStep{"admin", jisr.KindOfficialEnd, nil}
	for name, c := range map[string]struct {
		steps []houseStep
		has   bool
		last  jisr.RefusalKind
	}{
		"made":                    {[]houseStep{add, feed}, true, ""},
		"ended":                   {[]houseStep{add, feed, {"director", jisr.KindOfficialFeed, jisr.FeedTerms{}}}, false, ""},
		"ended without any":       {[]houseStep{add, {"director", jisr.KindOfficialFeed, jisr.FeedTerms{}}}, false, jisr.NoSuch},
		"no hash":                 {[]houseStep{add, {"director", jisr.KindOfficialFeed, jisr.FeedTerms{Secret: "x"}}}, false, jisr.Malformed},
		"the post changes":        {[]houseStep{add, feed, add}, true, ""},
		"handed over":             {[]houseStep{add, feed, {"admin", jisr.KindOfficialHandOver, jisr.HandOverTerms{}}}, false, ""},
		"the post ended":          {[]houseStep{add, end, feed}, false, jisr.NoSuch},
		"ended, then added again": {[]houseStep{add, feed, end, add}, false, ""},
	} {
		s, acts := house(t, "official/director", c.steps...)
		if s.Account == nil || (s.Account.Feed != nil) != c.has {
			t.Errorf("%s: %+v", name, s.Account)
		}
		got := jisr.RefusalKind("")
		if r := s.Voids[acts[len(acts)-1].Position]; r != nil {
			got = r.Kind
		}
		if got != c.last {
			t.Errorf("%s: the last act meets %q, want %q", name, got, c.last)
		}
	}
}

func TestAnAddressOfMailIsOneLineAndOneAddress(t *testing.T) {
	for _, good := range []string{"a@b.example", "first.secretary+jisr@mofa.gov.iq", "A-1@xn--mgbtx2b.example"} {
		if err := (&jisr.NotifyBody{Address: good}).Check(); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
	for _, bad := range []string{"", "a", "a@", "@b.example", "a@b", "a@b..example", "a..b@c.example", "a@-b.example", "a b@c.example", "a@b.example\n", "a@b.example, c@d.example", "<a@b.example>", "a@b@c.example", "\"a\"@b.example",
		"a@[10.0.0.1]", "ا@b.example", "a@" + strings.Repeat("b", 64) + ".example", strings.Repeat("a", 65) + "@b.example", "a@" + strings.Repeat("b.", 130) + "example"} {
		if (&jisr.NotifyBody{Address: bad}).Check() == nil {
			t.Errorf("%q is an address", bad)
		}
	}
}

func TestADigestIsDueFromItsHourOnWorkingDays(t *testing.T) {
	at8 := jisr.NotifyTerms{Digest: true, Hour: 8}
	for _, c := range []struct {
		free bool
		hour int
		want bool
	}{{false, 7, false}, {false, 8, true}, {false, 23, true}, {true, 8, false}} {
		if got := at8.DigestDue(c.free, c.hour); got != c.want {
			t.Errorf("free %v at %d: %v", c.free, c.hour, got)
		}
	}
	if (&jisr.NotifyTerms{Each: true}).DigestDue(false, 12) {
		t.Error("one that was not chosen is due")
	}
}
