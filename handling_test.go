package jisr

import "testing"

func TestHandlingLevelsRiseFromPublicToSecret(t *testing.T) {
	for i, h := range Handlings() {
		if h.Rank() != i || h.Check() != nil || h.Level() != h {
			t.Errorf("%s: rank %d, want %d", h, h.Rank(), i)
		}
	}
	want := map[Handling]string{"public": "CLEAR", "official": "GREEN", "restricted": "AMBER", "confidential": "AMBER+STRICT", "secret": "RED"}
	for h, tlp := range want {
		if h.TLP() != tlp {
			t.Errorf("%s is TLP:%s, want %s", h, h.TLP(), tlp)
		}
	}
	if HandlingRestricted.Named() || !HandlingConfidential.Named() {
		t.Error("only what is above restricted is for named officials")
	}
}

func TestHandlingSaysOfficialUseWhenItSaysNothing(t *testing.T) {
	if h := Handling(""); h.Level() != HandlingOfficial || h.Rank() != HandlingOfficial.Rank() || h.Check() != nil {
		t.Errorf("nothing said is %s", h.Level())
	}
}

func TestHandlingThatIsNoLevelIsRefusedAndShownToNobody(t *testing.T) {
	for _, h := range []Handling{"top", "SECRET", " public"} {
		if h.Check() == nil || h.Rank() <= HandlingSecret.Rank() || !h.Named() || h.TLP() != "RED" {
			t.Errorf("%q passes for a level", h)
		}
	}
}
