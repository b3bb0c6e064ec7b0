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

func TestADraftForOfficialUseReleasesAsBefore(t *testing.T) {
	d := Draft{Kind: Verbale, To: []MemberID{"sy"}, Precedence: Routine, Handling: HandlingOfficial, Body: NoteBody{Subject: Text{"ar": "م"}, Text: Text{"ar": "ن"}}}
	if err := d.Check("iq", "2026-11-25"); err != nil {
		t.Fatal(err)
	}
	raw, err := Terms(d.Terms(1, "2026-11-25"))
	if want := `{"kind":"verbale","to":["sy"],"number":1,"date":"2026-11-25","precedence":"routine"}`; err != nil || string(raw) != want {
		t.Errorf("terms %s, %v", raw, err)
	}
	d.Handling = HandlingSecret
	if got := d.Terms(1, "2026-11-25").Handling; got != HandlingSecret {
		t.Errorf("a secret draft is released as %q", got)
	}
}
