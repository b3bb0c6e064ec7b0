package programme_test

import (
	"bytes"
	"testing"

	"jisr/programme"
)

func TestEveryShippedAnnexCompiles(t *testing.T) {
	names := programme.Shipped()
	if len(names) != 13 {
		t.Errorf("%d annexes are shipped, want 13: %v", len(names), names)
	}
	for _, name := range names {
		p := shipped(t, name)
		if p.Annex.Programme != name {
			t.Errorf("annex %s calls itself %s", name, p.Annex.Programme)
		}
		again, err := programme.Decode(p.Encode())
		if err != nil {
			t.Errorf("%s: its own encoding is refused: %v", name, err)
			continue
		}
		if again.Hash() != p.Hash() || !bytes.Equal(again.Encode(), p.Encode()) {
			t.Errorf("%s: encoding it twice gives two annexes", name)
		}
	}
}

// shipped compiles a shipped annex.
func shipped(t testing.TB, name string) *programme.Programme {
	t.Helper()
	doc, err := programme.ReadShipped(name)
	if err != nil {
		t.Fatal(err)
	}
	p, err := programme.Compile(doc)
	if err != nil {
		problems, _ := err.(programme.Problems)
		for _, pr := range problems {
			t.Errorf("%s: %s: %v", name, pr.Path, pr.Refusal)
		}
		t.Fatalf("%s does not compile: %v", name, err)
	}
	return p
}
