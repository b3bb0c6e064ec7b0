package portal

import "testing"

func TestAFileOfAFormHasTheTypeThatTheAnnexAllows(t *testing.T) {
	const stix = "application/stix+json;version=2.1"
	for _, c := range []struct {
		said    string
		allowed []string
		want    string
	}{
		{"application/stix+json", []string{stix}, stix}, {"application/json", []string{"application/pdf", stix}, stix}, {"application/octet-stream", []string{stix}, stix}, {"", []string{stix}, stix},
		{"application/octet-stream", []string{"application/pdf", stix}, "application/octet-stream"}, {"image/png", []string{stix}, "image/png"}, {"image/png", nil, "image/png"}, {"image/png", []string{"image/jpeg", "image/png"}, "image/png"},
	} {
		if got := typeOfForm(c.said, c.allowed); got != c.want {
			t.Errorf("%q of %q is kept as %q, not %q", c.said, c.allowed, got, c.want)
		}
	}
}
