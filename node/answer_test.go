package node_test

import (
	"errors"
	"testing"

	"jisr"
	"jisr/node"
)

// FuzzAnswer: whatever a browser sends as an authenticator's answer is a signature or refused.
func FuzzAnswer(f *testing.F) {
	f.Add([]byte(`{"id":"AQ","rawId":"AQ","type":"public-key","response":{"clientDataJSON":"e30","authenticatorData":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAFAAAAAA","signature":"AQ","userHandle":""}}`))
	f.Add([]byte(`{}`))
	f.Add([]byte(`{"rawId":"AQ","response":{"authenticatorData":"oWF4"}}`))
	f.Fuzz(func(t *testing.T, answer []byte) {
		s, err := node.ReadAnswer(answer)
		var r *jisr.Refusal
		if err != nil && !errors.As(err, &r) {
			t.Errorf("no refusal: %v", err)
		}
		if err == nil && len(s.Credential) == 0 {
			t.Errorf("%s is nobody's signature", answer)
		}
	})
}
