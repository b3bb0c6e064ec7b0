package main

import (
	"errors"

	"jisr"
	"jisr/ledger"
	"jisr/node"
)

// ownJSON is what the official's own signature on an act is worth, for programs.
type ownJSON struct {
	State      node.SignatureState `json:"state"`
	Why        string              `json:"why,omitempty"` // of a bad one: the step that fails (doc/spec/signature.md)
	Official   jisr.OfficialID     `json:"official,omitempty"`
	Post       jisr.Text           `json:"post,omitempty"`
	Key        string              `json:"key,omitempty"` // fingerprint of the public key
	Introduced *jisr.Index         `json:"introduced,omitempty"`
}

// ownSignature checks the official's own signature on the first of the acts by the others, which say whose key it is. All
// have been verified to stand in their logs. nil: the act carries none.
func ownSignature(who signers, all []*ledger.Verdict) *ownJSON {
	v := all[0]
	a, err := jisr.Decode("xx", jisr.Index(v.Index), v.Entry)
	if err != nil || !a.Signed() {
		return nil
	}
	if len(v.Contents) == 0 || v.Contents[0].State != ledger.ContentHeld {
		return &ownJSON{State: node.NotHere}
	}
	body, sig, err := a.Unwrap(v.Contents[0].Data)
	if err != nil {
		return &ownJSON{State: node.BadSignature, Why: "content"}
	}
	var acts []jisr.Act
	for _, o := range all[1:] {
		if about, err := jisr.Decode("xx", jisr.Index(o.Index), o.Entry); err == nil && o.Log == v.Log {
			acts = append(acts, about)
		}
	}
	if len(acts) == 0 {
		return &ownJSON{State: node.BadSignature, Why: "signer"}
	}
	// Whose log it is says the letter of credence; without one, the name of the signer.
	member := acts[0].About.Maker()
	if l := who.of(string(v.Log)); l != nil {
		member = jisr.MemberID(l.Member)
	}
	a.Member = member
	for i := range acts {
		acts[i].Member = member
	}
	s := jisr.Fold(jisr.SignerThing(member, sig.Credential), acts).Signer
	if s == nil {
		return &ownJSON{State: node.BadSignature, Why: "signer"}
	}
	own := &ownJSON{State: node.GoodSignature, Official: s.Official, Post: s.Post, Key: node.KeyFinger(s.Key), Introduced: &s.Introduced.Index}
	if err := s.Verify(&a, body, sig); err != nil {
		own.State, own.Why = node.BadSignature, "signature"
		if r := (*jisr.Refusal)(nil); errors.As(err, &r) {
			own.Why = r.Subject
		}
	}
	return own
}

// saySignature adds what is known of the official's own signature to what is proved, or to what is not.
func (t *terminal) saySignature(own *ownJSON, yes, no []string) (proves, not []string) {
	switch {
	case own == nil:
		return yes, append(no, t.lang.T("verify.signature.absent"))
	case own.State == node.GoodSignature:
		yes = append(yes, t.lang.T("verify.signature.good", "post", t.text(own.Post), "official", string(own.Official), "key", own.Key, "index", *own.Introduced))
		return yes, append(no, t.lang.T("verify.signature.until"))
	case own.State == node.NotHere:
		return yes, append(no, t.lang.T("verify.signature.not-here"))
	}
	why := own.Why
	if key := "subject." + why; t.words.Has(key) {
		why = t.lang.T(key)
	}
	return yes, append(no, t.lang.T("verify.signature.bad", "why", why))
}
