package api_test

import (
	"errors"
	"testing"

	"jisr"
	"jisr/api"
)

// FuzzBodies: whatever a program sends, every operation takes it or refuses it, and repeats little of it.
func FuzzBodies(f *testing.F) {
	for _, s := range []string{goodNote, "{}", "[]", "null", `{"terms":{"title":{"ar":"ع"}}}`, `{"columns":{"format":"xlsx","fields":{"a":{"from":["b"]}}},"data":"UEsDBA=="}`, `{"version":1,"reason":"x"}`, `{"":1}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		for id, err := range api.Bodies(body) {
			var r *jisr.Refusal
			if err != nil && (!errors.As(err, &r) || len(r.Subject) > 200) {
				t.Errorf("%s: %v for %q", id, err, body)
			}
		}
	})
}
