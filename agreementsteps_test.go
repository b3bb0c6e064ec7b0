package jisr

import "testing"

// Whatever is awaited of a member about an agreement has an act that answers it.
func TestWhatIsAwaitedHasItsStep(t *testing.T) {
	for _, why := range []string{"negotiate", "table", "text", "adopt", "initial", "answer-bracket", "answer-correction", "seal", "commit", "proces-verbal",
		"confirm", "complete", "exchange", "receive", "register", "sign", "deposit", "force-note", "provisional", "extend", "suspend-agreed", "resume", "terminate"} {
		steps := StepsFor(why)
		if len(steps) == 0 {
			t.Errorf("nothing answers %q", why)
		}
		for _, k := range steps {
			if !Known(k) {
				t.Errorf("%q is answered by %s, which is no act", why, k)
			}
		}
	}
	if StepsFor("nothing") != nil {
		t.Error("a step answers what nobody awaits")
	}
}
