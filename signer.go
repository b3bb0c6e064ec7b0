package jisr

import (
	"crypto/sha256"
	"encoding/hex"
)

// A signer is a passkey of an official of one member, made known in a forum, so that the other members can check what
// the official signs. Its life:
//
//	signer.introduce ---> valid ---> revoked
//
// A signature counts when its act stands in the writer's own log after the introduction and not after the revocation:
// order is read in one log only, the writer's, so every node has the same answer at any time.
//
// What is known here is a post, never a person. The house act that enrolled the passkey is named by its hash, so that
// who looks into the house log under its own law finds who was let in and by whom.

// The acts of signers. Both are a member's own, about its own official.
const (
	KindSignerIntroduce Kind = "signer.introduce"
	KindSignerRevoke    Kind = "signer.revoke" // terms: Reason
)

// SignerTerms is the terms of signer.introduce.
type SignerTerms struct {
	Official   OfficialID `json:"official"`
	Post       Text       `json:"post"`
	Desk       DeskID     `json:"desk"`
	Credential Bytes      `json:"credential"`
	Key        PublicKey  `json:"key"`
	At         Relying    `json:"at"`
	Enrolled   Commitment `json:"enrolled"` // "sha256:" of the entry of the house act that enrolled it
}

// Signer is the joint state of a passkey.
type Signer struct {
	SignerTerms
	Introduced Step  `json:"introduced"`
	Revoked    *Step `json:"revoked,omitempty"`
}

// The states of a signer.
const (
	SignerValid   = "valid"
	SignerRevoked = "revoked"
)

// SignerThing names the signer of a credential. The name follows from the credential, so that a signature leads to
// its key without a list.
func SignerThing(m MemberID, credential Bytes) ThingID {
	sum := sha256.Sum256(credential)
	return ThingID("signer/" + string(m) + "-" + hex.EncodeToString(sum[:16]))
}

// Signs tells whether the key was its member's to sign this act with.
func (s *Signer) Signs(a *Act) error {
	switch {
	case a.Member != s.Introduced.Member || a.By == nil || a.By.Official != s.Official:
		return Refuse(BadSignature, "signer")
	case a.Index <= s.Introduced.Index:
		return Refuse(BadSignature, "introduced")
	case s.Revoked != nil && a.Index > s.Revoked.Index:
		return Refuse(BadSignature, "revoked")
	}
	return nil
}

// Verify checks that the signer signed the act: the key was its to sign with, and the signature is good. body is
// the act's without the signature; see Act.Unwrap.
func (s *Signer) Verify(a *Act, body []byte, sig *Signature) error {
	if err := s.Signs(a); err != nil {
		return err
	}
	if string(sig.Credential) != string(s.Credential) {
		return Refuse(BadSignature, "signer")
	}
	return CheckSignature(StatementOf(a, body), sig, s.Key, s.At)
}

func (s *Signer) summary() Summary {
	sum := Summary{State: SignerValid, Title: s.Post, Members: []MemberID{s.Introduced.Member}}
	if s.Revoked != nil {
		sum.State = SignerRevoked
	}
	return sum
}

// ReadSigner gives the terms of a signer.introduce.
func ReadSigner(a *Act) (SignerTerms, error) { return terms[SignerTerms](a) }

// Check holds the terms against their form.
func (t *SignerTerms) Check() error {
	if !ValidName(string(t.Official)) || !ValidName(string(t.Desk)) {
		return Refuse(Malformed, "official")
	}
	if t.Post.Empty() {
		return Refuse(Missing, "post")
	}
	if err := t.Post.Check("post", MaxTitle); err != nil {
		return err
	}
	if len(t.Credential) == 0 || len(t.Credential) > MaxCredentialID {
		return Refuse(TooLong, "credential", "max", itoa(MaxCredentialID), "got", itoa(len(t.Credential)))
	}
	if _, ok := t.Enrolled.Sum(); !ok {
		return Refuse(Malformed, "enrolled")
	}
	if err := t.Key.Check(); err != nil {
		return err
	}
	return t.At.Check()
}

func foldSigner(id ThingID, acts []Act, voids map[Position]*Refusal) *Signer {
	var s *Signer
	for i := range acts {
		a := &acts[i]
		var err error
		switch {
		case id.Maker() != a.Member:
			err = Refuse(NotYours, "signer")
		case a.Kind == KindSignerIntroduce && s != nil:
			err = Refuse(Already, "introduce")
		case a.Kind == KindSignerIntroduce:
			s, err = introduce(id, a)
		case s == nil:
			err = Refuse(NoSuch, string(id))
		default:
			err = s.revoke(a)
		}
		if err != nil {
			voids[a.Position] = asRefusal(err)
		}
	}
	return s
}

func introduce(id ThingID, a *Act) (*Signer, error) {
	t, err := terms[SignerTerms](a)
	if err == nil {
		err = t.Check()
	}
	if err == nil && SignerThing(a.Member, t.Credential) != id {
		err = Refuse(Malformed, "credential")
	}
	if err != nil {
		return nil, err
	}
	return &Signer{SignerTerms: t, Introduced: a.step()}, nil
}

func (s *Signer) revoke(a *Act) error {
	if s.Revoked != nil {
		return Refuse(Already, "revoke")
	}
	if _, err := terms[Reason](a); err != nil {
		return err
	}
	step := a.step()
	s.Revoked = &step
	return nil
}
