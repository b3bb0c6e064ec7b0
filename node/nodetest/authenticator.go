package nodetest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/go-webauthn/webauthn/protocol/webauthncbor"
	"github.com/go-webauthn/webauthn/protocol/webauthncose"
)

// Authenticator is a passkey in software: it makes one credential and answers for it, as a browser would pass the
// answers on. Fields can be changed to have it answer what it should not.
type Authenticator struct {
	T          testing.TB
	Origin     string // of the page that asks
	Unverified bool   // it answers without looking who is there
	key        *ecdsa.PrivateKey
	id         []byte
	handle     []byte
	party      string
}

// b64 is base64url without padding, as WebAuthn has it in JSON.
func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func (a *Authenticator) must(err error) {
	a.T.Helper()
	if err != nil {
		a.T.Fatal(err)
	}
}

// Creates answers options for a new passkey (navigator.credentials.create).
func (a *Authenticator) Creates(options json.RawMessage) []byte {
	a.T.Helper()
	var o struct {
		Challenge string              `json:"challenge"`
		RP        struct{ ID string } `json:"rp"`
		User      struct{ ID string } `json:"user"`
	}
	a.must(json.Unmarshal(options, &o))
	var err error
	a.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	a.must(err)
	a.id = make([]byte, 24)
	rand.Read(a.id)
	a.party = o.RP.ID
	a.handle, err = base64.RawURLEncoding.DecodeString(o.User.ID)
	a.must(err)
	point, err := a.key.PublicKey.Bytes()
	a.must(err)
	cose, err := webauthncbor.Marshal(webauthncose.EC2PublicKeyData{
		PublicKeyData: webauthncose.PublicKeyData{KeyType: int64(webauthncose.EllipticKey), Algorithm: int64(webauthncose.AlgES256)},
		Curve:         int64(webauthncose.P256), XCoord: point[1:33], YCoord: point[33:],
	})
	a.must(err)
	data := a.data(0x40)                     // with attested credential data (WebAuthn section 6.5.1)
	data = append(data, make([]byte, 16)...) // AAGUID
	data = binary.BigEndian.AppendUint16(data, uint16(len(a.id)))
	data = append(append(data, a.id...), cose...)
	attestation, err := webauthncbor.Marshal(map[string]any{"fmt": "none", "attStmt": map[string]any{}, "authData": data})
	a.must(err)
	return a.answer(map[string]string{"clientDataJSON": b64(a.client("webauthn.create", o.Challenge)), "attestationObject": b64(attestation)})
}

// Answers answers options for an assertion (navigator.credentials.get).
func (a *Authenticator) Answers(options json.RawMessage) []byte {
	a.T.Helper()
	var o struct {
		Challenge string `json:"challenge"`
	}
	a.must(json.Unmarshal(options, &o))
	data, client := a.data(0), a.client("webauthn.get", o.Challenge)
	sum := sha256.Sum256(client)
	digest := sha256.Sum256(append(data[:len(data):len(data)], sum[:]...))
	signature, err := ecdsa.SignASN1(rand.Reader, a.key, digest[:])
	a.must(err)
	return a.answer(map[string]string{"clientDataJSON": b64(client), "authenticatorData": b64(data), "signature": b64(signature), "userHandle": b64(a.handle)})
}

// Credential is the id of its passkey.
func (a *Authenticator) Credential() []byte { return a.id }

func (a *Authenticator) data(flags byte) []byte {
	sum := sha256.Sum256([]byte(a.party))
	flags |= 0x05 // user present, user verified
	if a.Unverified {
		flags &^= 0x04
	}
	return append(append(sum[:], flags), 0, 0, 0, 1)
}

func (a *Authenticator) client(typ, challenge string) []byte {
	return fmt.Appendf(nil, `{"type":%q,"challenge":%q,"origin":%q,"crossOrigin":false}`, typ, challenge, a.Origin)
}

func (a *Authenticator) answer(response map[string]string) []byte {
	raw, err := json.Marshal(map[string]any{"id": b64(a.id), "rawId": b64(a.id), "type": "public-key", "response": response, "clientExtensionResults": map[string]any{}})
	a.must(err)
	return raw
}
