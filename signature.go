package jisr

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// An act that binds a state carries the signature of the official who does it, beside the signatures of the node:
// an assertion of the official's authenticator (W3C Web Authentication Level 3) whose challenge is the hash of a
// Statement. It stands without trusting the operator of the node. See doc/spec/signature.md.
//
// Whether a signature is there and good is shown and verified; it never changes the folded state, because it is
// content, and rules read entries only.

// SignedType is the media type of a content that carries its official's signature beside the body.
const SignedType = "application/vnd.jisr.signed+json"

// Statement is what an official signs of an act: what it says, without what the node adds when it is written (clock,
// what was seen, the time, the salts of contents). Like an act it has one encoding, and fields never change.
type Statement struct {
	V           int             `json:"v"`
	Kind        Kind            `json:"kind"`
	Forum       ForumID         `json:"forum"`
	About       ThingID         `json:"about"`
	By          *By             `json:"by,omitempty"`
	Terms       json.RawMessage `json:"terms,omitempty"`
	Body        Commitment      `json:"body,omitempty"`        // SHA-256 of the body without the signature, unsalted; empty: no body
	Attachments []Content       `json:"attachments,omitempty"` // as in the act
}

// StatementOf gives what an official signs of an act with this body; empty: it has none.
func StatementOf(a *Act, body []byte) Statement {
	s := Statement{V: 1, Kind: a.Kind, Forum: a.Forum, About: a.About, By: a.By, Terms: a.Terms, Attachments: a.Attachments}
	if len(body) > 0 {
		s.Body = Commit(sha256.Sum256(body))
	}
	return s
}

// Encode gives the one encoding of the statement.
func (s Statement) Encode() ([]byte, error) { return Terms(s) }

// Challenge is what the authenticator signs for a statement: the SHA-256 of its encoding.
func (s Statement) Challenge() ([32]byte, error) {
	b, err := s.Encode()
	return sha256.Sum256(b), err
}

// Bytes are bytes that JSON carries in base64url without padding (RFC 4648 section 5), in one spelling only.
type Bytes []byte

// MarshalText writes base64url.
func (b Bytes) MarshalText() ([]byte, error) {
	return base64.RawURLEncoding.AppendEncode(nil, b), nil
}

// UnmarshalText reads base64url, strictly.
func (b *Bytes) UnmarshalText(text []byte) (err error) {
	*b, err = base64.RawURLEncoding.Strict().AppendDecode(nil, text)
	if err == nil && bytes.ContainsAny(text, "\r\n") { // which the package skips
		return Refuse(Malformed, "base64url")
	}
	return err
}

// Signature is what an authenticator answered: the members of AuthenticatorAssertionResponse (WebAuthn section
// 5.2.2) that are needed to verify it, and which credential it used.
type Signature struct {
	Credential        Bytes `json:"credential"`
	AuthenticatorData Bytes `json:"authenticatorData"`
	ClientDataJSON    Bytes `json:"clientDataJSON"`
	Signature         Bytes `json:"signature"`
}

func (s *Signature) check() error {
	for _, part := range []struct {
		name string
		b    Bytes
		max  int
	}{
		{"credential", s.Credential, MaxCredentialID}, {"authenticatorData", s.AuthenticatorData, MaxAuthenticatorData},
		{"clientDataJSON", s.ClientDataJSON, MaxClientData}, {"signature", s.Signature, MaxSignature},
	} {
		if len(part.b) == 0 {
			return Refuse(Missing, part.name)
		}
		if len(part.b) > part.max {
			return Refuse(TooLong, part.name, "max", itoa(part.max), "got", itoa(len(part.b)))
		}
	}
	return nil
}

// signed is the envelope: a body that its noun understands, and the signature.
type signed struct {
	Body      json.RawMessage `json:"body,omitempty"`
	Signature Signature       `json:"signature"`
}

// EncodeSigned puts a body and its signature together, for a content of SignedType. body is a JSON object in its one
// encoding; empty: an act that says all in its terms.
func EncodeSigned(body []byte, s Signature) ([]byte, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	if len(body) > 0 {
		again, err := Terms(json.RawMessage(body))
		if err != nil || body[0] != '{' || !bytes.Equal(again, body) {
			return nil, Refuse(Malformed, "body", "want", "an object without white space")
		}
	}
	return Terms(signed{body, s})
}

// DecodeSigned takes a content of SignedType apart, strictly: it has one encoding. Whether the body holds is for its
// noun to say, whether the signature does for CheckSignature.
func DecodeSigned(content []byte) (body []byte, s Signature, err error) {
	if len(content) > MaxSigned {
		return nil, s, Refuse(TooLong, "content", "max", itoa(MaxSigned), "got", itoa(len(content)))
	}
	var e signed
	if err := json.Unmarshal(content, &e); err != nil {
		return nil, s, Refuse(Malformed, "content", "error", err.Error())
	}
	again, err := EncodeSigned(e.Body, e.Signature)
	if err != nil {
		return nil, s, err
	}
	if !bytes.Equal(again, content) {
		return nil, s, Refuse(Malformed, "content", "error", "not the one encoding of this content")
	}
	return e.Body, e.Signature, nil
}

// Unwrap gives the body of an act as its noun understands it, and the official's signature where the content carries
// one. content is nil where it is not here.
func (a *Act) Unwrap(content []byte) (body []byte, s *Signature, err error) {
	if !a.Signed() || content == nil {
		return content, nil, nil
	}
	body, sig, err := DecodeSigned(content)
	if err != nil {
		return nil, nil, err
	}
	return body, &sig, nil
}

// Signed tells whether the act says that it carries its official's signature.
func (a *Act) Signed() bool { return a.Content != nil && a.Content.Type == SignedType }

// Algorithm is how a key signs, by its number in the COSE registry (RFC 9053; WebAuthn section 5.8.5).
type Algorithm int

// The algorithms that are verified here: those WebAuthn recommends to every relying party (section 5.4.3).
const (
	ES256 Algorithm = -7   // ECDSA with P-256 and SHA-256
	EdDSA Algorithm = -8   // Ed25519
	RS256 Algorithm = -257 // RSASSA-PKCS1-v1_5 with SHA-256
)

// PublicKey is the public half of a passkey.
type PublicKey struct {
	Algorithm Algorithm `json:"algorithm"`
	SPKI      Bytes     `json:"spki"` // SubjectPublicKeyInfo, DER (RFC 5280 section 4.1.2.7)
}

// Relying names where a passkey signs: the relying party identifier and the origins of the pages that ask for it.
type Relying struct {
	Party   string   `json:"party"`   // a domain: "jisr.mofa.gov.iq"
	Origins []string `json:"origins"` // "https://jisr.mofa.gov.iq", sorted
}

// Check holds the names against their form: the domain of every origin is the party or below it (WebAuthn section 5.1.2).
func (r *Relying) Check() error {
	if r.Party == "" || len(r.Party) > MaxDomain || !ascii(r.Party) {
		return Refuse(Malformed, "party", "want", "jisr.mofa.gov.iq")
	}
	if len(r.Origins) == 0 || len(r.Origins) > MaxOrigins {
		return Refuse(TooMany, "origins", "max", itoa(MaxOrigins), "got", itoa(len(r.Origins)))
	}
	for i, o := range r.Origins {
		scheme, host, ok := originOf(o)
		if !ok || i > 0 && r.Origins[i-1] >= o {
			return Refuse(Malformed, "origins", "want", "https://jisr.mofa.gov.iq")
		}
		if host != r.Party && !strings.HasSuffix(host, "."+r.Party) || scheme != "https" && host != "localhost" {
			return Refuse(Malformed, "origins", "want", "https://"+r.Party)
		}
	}
	return nil
}

// originOf takes an origin apart as browsers write one (RFC 6454 section 6.2).
func originOf(o string) (scheme, host string, ok bool) {
	scheme, rest, found := strings.Cut(o, "://")
	host, port, hasPort := strings.Cut(rest, ":")
	ok = found && (scheme == "https" || scheme == "http") && host != "" && len(host) <= MaxDomain && (!hasPort || port != "" && len(port) <= 5)
	for _, c := range []byte(host) {
		ok = ok && (c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-' || c == '.')
	}
	for _, c := range []byte(port) {
		ok = ok && c >= '0' && c <= '9'
	}
	return scheme, host, ok
}

// Check tells whether the key is one that signatures are verified with.
func (k *PublicKey) Check() error { _, err := k.parse(); return err }

func (k *PublicKey) parse() (crypto.PublicKey, error) {
	bad := Refuse(Malformed, "key", "want", "a public key of ES256, EdDSA or RS256")
	if len(k.SPKI) > MaxSPKI {
		return nil, Refuse(TooLong, "key", "max", itoa(MaxSPKI), "got", itoa(len(k.SPKI)))
	}
	key, err := x509.ParsePKIXPublicKey(k.SPKI)
	if err != nil {
		return nil, bad
	}
	// One key has one spelling: what is shown and compared is these bytes.
	if again, err := x509.MarshalPKIXPublicKey(key); err != nil || !bytes.Equal(again, k.SPKI) {
		return nil, bad
	}
	switch p := key.(type) {
	case *ecdsa.PublicKey:
		if k.Algorithm == ES256 && p.Curve == elliptic.P256() {
			return p, nil
		}
	case ed25519.PublicKey:
		if k.Algorithm == EdDSA {
			return p, nil
		}
	case *rsa.PublicKey:
		if n := p.N.BitLen(); k.Algorithm == RS256 && n >= 2048 && n <= 4096 {
			return p, nil
		}
	}
	return nil, bad
}

// CheckSignature verifies that the holder of the key signed the statement: the steps of WebAuthn section 7.2 that need
// no session. The refusal is BadSignature and names the step. The signature counter says nothing to who has one
// signature only, and extensions ask for nothing here; neither is looked at.
func CheckSignature(statement Statement, s *Signature, key PublicKey, at Relying) error {
	if err := s.check(); err != nil {
		return err
	}
	public, err := key.parse()
	if err != nil {
		return err
	}
	challenge, err := statement.Challenge()
	if err != nil {
		return err
	}
	if err := checkClientData(s.ClientDataJSON, challenge[:], at.Origins); err != nil {
		return err
	}
	if err := checkAuthenticatorData(s.AuthenticatorData, at.Party); err != nil {
		return err
	}
	client := sha256.Sum256(s.ClientDataJSON)
	if !verifies(public, append(slices.Clone(s.AuthenticatorData), client[:]...), s.Signature) {
		return Refuse(BadSignature, "signature")
	}
	return nil
}

// verifies checks a signature in the format of WebAuthn section 6.5.5.
func verifies(key crypto.PublicKey, message, signature []byte) bool {
	sum := sha256.Sum256(message)
	switch k := key.(type) {
	case *ecdsa.PublicKey:
		return ecdsa.VerifyASN1(k, sum[:], signature)
	case ed25519.PublicKey:
		return ed25519.Verify(k, message, signature)
	case *rsa.PublicKey:
		return rsa.VerifyPKCS1v15(k, crypto.SHA256, sum[:], signature) == nil
	}
	return false
}

// checkClientData holds what the browser saw (CollectedClientData, WebAuthn section 5.8.1) against what was asked of it.
func checkClientData(data, challenge []byte, origins []string) error {
	c, err := objectOf(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))) // "UTF-8 decode" takes a byte order mark off
	if err != nil {
		return err
	}
	if typ, ok := stringOf(c["type"]); !ok || typ != "webauthn.get" {
		return Refuse(BadSignature, "type")
	}
	if got, ok := stringOf(c["challenge"]); !ok || got != base64.RawURLEncoding.EncodeToString(challenge) {
		return Refuse(BadSignature, "challenge") // another statement was signed
	}
	if origin, ok := stringOf(c["origin"]); !ok || !slices.Contains(origins, origin) {
		return Refuse(BadSignature, "origin")
	}
	// A page of ours is in nobody's frame.
	if cross, there := c["crossOrigin"]; there && string(cross) != "false" {
		return Refuse(BadSignature, "origin")
	}
	if _, framed := c["topOrigin"]; framed {
		return Refuse(BadSignature, "origin")
	}
	return nil
}

// objectOf reads one JSON object by exact names. A name that comes twice is refused: readers differ in which they take.
func objectOf(data []byte) (map[string]json.RawMessage, error) {
	bad := Refuse(BadSignature, "clientDataJSON")
	d := json.NewDecoder(bytes.NewReader(data))
	if start, err := d.Token(); err != nil || start != json.Delim('{') || !utf8.Valid(data) {
		return nil, bad
	}
	object := map[string]json.RawMessage{}
	for d.More() {
		name, err := d.Token()
		key, isName := name.(string)
		var value json.RawMessage
		if err != nil || !isName || d.Decode(&value) != nil {
			return nil, bad
		}
		if _, twice := object[key]; twice {
			return nil, bad
		}
		object[key] = value
	}
	if _, err := d.Token(); err != nil {
		return nil, bad
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, bad
	}
	return object, nil
}

func stringOf(raw json.RawMessage) (s string, ok bool) {
	ok = len(raw) > 0 && raw[0] == '"' && json.Unmarshal(raw, &s) == nil
	return s, ok
}

// The flags of authenticator data (WebAuthn section 6.1).
const (
	flagUserPresent    = 1 << 0
	flagUserVerified   = 1 << 2
	flagBackupEligible = 1 << 3
	flagBackedUp       = 1 << 4
	flagAttested       = 1 << 6
	flagExtensions     = 1 << 7
)

// checkAuthenticatorData holds what the authenticator saw (WebAuthn section 6.1): 32 bytes of SHA-256 of the relying
// party, a byte of flags, four of the counter, then extensions if the flags say so.
func checkAuthenticatorData(data []byte, party string) error {
	const fixed = 32 + 1 + 4
	if len(data) < fixed {
		return Refuse(BadSignature, "authenticatorData")
	}
	want := sha256.Sum256([]byte(party))
	if !bytes.Equal(data[:32], want[:]) {
		return Refuse(BadSignature, "party")
	}
	flags := data[32]
	switch {
	case flags&flagUserPresent == 0, flags&flagUserVerified == 0:
		return Refuse(BadSignature, "verification") // nobody was there, or nobody showed to be the one
	case flags&flagBackedUp != 0 && flags&flagBackupEligible == 0:
		return Refuse(BadSignature, "authenticatorData")
	case flags&flagAttested != 0: // of registrations only (section 6.3.3)
		return Refuse(BadSignature, "authenticatorData")
	case flags&flagExtensions != 0 != (len(data) > fixed):
		return Refuse(BadSignature, "authenticatorData")
	}
	return nil
}
