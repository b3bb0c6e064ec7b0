package jisr_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"jisr"
)

// authenticator signs as one does: over authenticator data and the hash of client data (WebAuthn section 6.3.3).
type authenticator struct {
	key        crypto.Signer
	credential jisr.Bytes
	public     jisr.PublicKey
	at         jisr.Relying
}

func newAuthenticator(t testing.TB, key crypto.Signer, alg jisr.Algorithm) *authenticator {
	t.Helper()
	spki, err := x509.MarshalPKIXPublicKey(key.Public())
	need(t, err)
	return &authenticator{key: key, credential: jisr.Bytes("credential-of-a-test"), public: jisr.PublicKey{Algorithm: alg, SPKI: spki},
		at: jisr.Relying{Party: "jisr.mofa.example", Origins: []string{"https://jisr.mofa.example"}}}
}

// fixed is an authenticator whose key and signatures are the same in every run.
func fixed(t testing.TB) *authenticator {
	seed := sha256.Sum256([]byte("a key of a test, known to everybody"))
	return newAuthenticator(t, ed25519.NewKeyFromSeed(seed[:]), jisr.EdDSA)
}

func clientData(typ string, challenge []byte, origin string) []byte {
	return fmt.Appendf(nil, `{"type":%q,"challenge":%q,"origin":%q,"crossOrigin":false}`, typ, base64.RawURLEncoding.EncodeToString(challenge), origin)
}

func authenticatorData(party string, flags byte) []byte {
	sum := sha256.Sum256([]byte(party))
	return append(append(sum[:], flags), binary.BigEndian.AppendUint32(nil, 7)...)
}

func (k *authenticator) sign(t testing.TB, data, client []byte) *jisr.Signature {
	t.Helper()
	sum := sha256.Sum256(client)
	message := append(slices.Clone(data), sum[:]...)
	hash := crypto.SHA256
	if k.public.Algorithm == jisr.EdDSA {
		hash = 0
	} else {
		digest := sha256.Sum256(message)
		message = digest[:]
	}
	sig, err := k.key.Sign(rand.Reader, message, hash)
	need(t, err)
	return &jisr.Signature{Credential: k.credential, AuthenticatorData: data, ClientDataJSON: client, Signature: sig}
}

const present = 0x05 // user present, user verified

// refuses wants BadSignature at a step.
func refuses(t testing.TB, err error, step string) {
	t.Helper()
	var r *jisr.Refusal
	if !errors.As(err, &r) || r.Kind != jisr.BadSignature || r.Subject != step {
		t.Errorf("got %v, want %s of %s", err, jisr.BadSignature, step)
	}
}

func (k *authenticator) signs(t testing.TB, s jisr.Statement) *jisr.Signature {
	t.Helper()
	challenge, err := s.Challenge()
	need(t, err)
	return k.sign(t, authenticatorData(k.at.Party, present), clientData("webauthn.get", challenge[:], k.at.Origins[0]))
}

func aStatement() jisr.Statement {
	return jisr.Statement{V: 1, Kind: jisr.KindNoteRelease, Forum: "iq-sy", About: "note/iq-1", By: &jisr.By{Desk: "mofa.treaties", Official: "director"},
		Terms: json.RawMessage(`{"kind":"verbale","to":["sy"],"number":1,"date":"2026-11-25","precedence":"routine"}`),
		Body:  jisr.Commit(sha256.Sum256([]byte(`{"subject":{"ar":"موضوع"},"text":{"ar":"نص"}}`)))}
}

func TestSignatureHoldsWithEveryAlgorithm(t *testing.T) {
	p256, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	need(t, err)
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	need(t, err)
	for _, k := range []*authenticator{newAuthenticator(t, p256, jisr.ES256), fixed(t), newAuthenticator(t, rsaKey, jisr.RS256)} {
		sig := k.signs(t, aStatement())
		need(t, jisr.CheckSignature(aStatement(), sig, k.public, k.at))
		sig.Signature[len(sig.Signature)-1] ^= 1
		refuses(t, jisr.CheckSignature(aStatement(), sig, k.public, k.at), "signature")
	}
}

func TestKeysThatSignaturesAreNotVerifiedWith(t *testing.T) {
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	need(t, err)
	for name, k := range map[string]jisr.PublicKey{
		"another curve":          newAuthenticator(t, p384, jisr.ES256).public,
		"another algorithm":      {Algorithm: jisr.ES256, SPKI: fixed(t).public.SPKI},
		"something after it":     {Algorithm: jisr.EdDSA, SPKI: append(slices.Clone(fixed(t).public.SPKI), 0)},
		"nothing":                {Algorithm: jisr.EdDSA},
		"more than is ever used": {Algorithm: jisr.RS256, SPKI: make([]byte, jisr.MaxSPKI+1)},
	} {
		if k.Check() == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// TestSignatureOfAnotherStatement changes every part of what was signed.
func TestSignatureOfAnotherStatement(t *testing.T) {
	k := fixed(t)
	sig := k.signs(t, aStatement())
	for name, change := range map[string]func(*jisr.Statement){
		"version":     func(s *jisr.Statement) { s.V = 2 },
		"kind":        func(s *jisr.Statement) { s.Kind = jisr.KindNoteWithdraw },
		"forum":       func(s *jisr.Statement) { s.Forum = "iq-jo" },
		"thing":       func(s *jisr.Statement) { s.About = "note/iq-2" },
		"desk":        func(s *jisr.Statement) { s.By = &jisr.By{Desk: "mofa.legal", Official: "director"} },
		"official":    func(s *jisr.Statement) { s.By = nil },
		"terms":       func(s *jisr.Statement) { s.Terms = json.RawMessage(strings.Replace(string(s.Terms), "1", "2", 1)) },
		"body":        func(s *jisr.Statement) { s.Body = "" },
		"attachments": func(s *jisr.Statement) { s.Attachments = []jisr.Content{{Commit: s.Body, Size: 1, Type: "text/plain"}} },
	} {
		other := aStatement()
		change(&other)
		t.Run(name, func(t *testing.T) { refuses(t, jisr.CheckSignature(other, sig, k.public, k.at), "challenge") })
	}
}

// TestSignatureStepByStep is the verification procedure of WebAuthn section 7.2, each step failing alone, always under
// a signature that is good.
func TestSignatureStepByStep(t *testing.T) {
	k := fixed(t)
	s := aStatement()
	challenge, err := s.Challenge()
	need(t, err)
	good, data := clientData("webauthn.get", challenge[:], k.at.Origins[0]), authenticatorData(k.at.Party, present)
	replaced := func(old, with string) []byte { return []byte(strings.Replace(string(good), old, with, 1)) }
	for _, c := range []struct {
		name, step   string
		data, client []byte
	}{
		{"good", "", data, good},
		{"good with a byte order mark", "", data, append([]byte("\xef\xbb\xbf"), good...)},
		{"good with what browsers add", "", data, replaced(`{`, `{"other_keys_can_be_added_here":"do not compare clientDataJSON against a template",`)},
		{"good with extensions", "", append(authenticatorData(k.at.Party, present|0x80), 0xa0), good},
		{"good from a key that is backed up", "", authenticatorData(k.at.Party, present|0x18), good},
		{"a registration", "type", data, replaced("webauthn.get", "webauthn.create")},
		{"another challenge", "challenge", data, clientData("webauthn.get", make([]byte, 32), k.at.Origins[0])},
		{"another origin", "origin", data, clientData("webauthn.get", challenge[:], "https://jisr.mofa.example.com")},
		{"another scheme", "origin", data, clientData("webauthn.get", challenge[:], "http://jisr.mofa.example")},
		{"in a frame", "origin", data, replaced(`false`, `true`)},
		{"in a frame, by name", "origin", data, replaced(`{`, `{"topOrigin":"https://elsewhere.example",`)},
		{"a name twice", "clientDataJSON", data, replaced(`{`, `{"type":"webauthn.get",`)},
		{"a name in other letters", "type", data, replaced(`"type"`, `"Type"`)},
		{"more than an object", "clientDataJSON", data, append(slices.Clone(good), '1')},
		{"no object", "clientDataJSON", data, []byte(`[]`)},
		{"no UTF-8", "clientDataJSON", data, replaced(`{`, "{\"x\":\"\xff\",")},
		{"another party", "party", authenticatorData("jisr.mofa.example.com", present), good},
		{"nobody was there", "verification", authenticatorData(k.at.Party, 0x04), good},
		{"nobody showed to be the one", "verification", authenticatorData(k.at.Party, 0x01), good},
		{"backed up though it cannot be", "authenticatorData", authenticatorData(k.at.Party, present|0x10), good},
		{"a registration's data", "authenticatorData", append(authenticatorData(k.at.Party, present|0x40), 0), good},
		{"bytes nobody announced", "authenticatorData", append(slices.Clone(data), 0), good},
		{"extensions that are not there", "authenticatorData", authenticatorData(k.at.Party, present|0x80), good},
		{"cut off", "authenticatorData", data[:36], good},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := jisr.CheckSignature(s, k.sign(t, c.data, c.client), k.public, k.at)
			if c.step == "" {
				need(t, err)
				return
			}
			refuses(t, err, c.step)
		})
	}
}

// TestSignedContentHasOneEncoding: what is taken apart goes together to the same bytes.
func TestSignedContentHasOneEncoding(t *testing.T) {
	sig := fixed(t).signs(t, aStatement())
	for _, body := range []string{"", `{"subject":{"ar":"<&>"}}`} {
		content, err := jisr.EncodeSigned([]byte(body), *sig)
		need(t, err)
		got, again, err := jisr.DecodeSigned(content)
		need(t, err)
		if string(got) != body || string(again.Signature) != string(sig.Signature) {
			t.Errorf("%s came back as %s", body, got)
		}
		for name, other := range map[string]string{
			"white space": " " + string(content), "a name in other letters": strings.Replace(string(content), `"signature":{`, `"Signature":{`, 1),
			"a field more": strings.Replace(string(content), `{`, `{"x":1,`, 1), "padding": strings.Replace(string(content), `","clientDataJSON`, `=","clientDataJSON`, 1),
			"no body": strings.Replace(string(content), `{`, `{"body":null,`, 1), "a list": strings.Replace(string(content), `{`, `{"body":[],`, 1),
			"a line end within": strings.Replace(string(content), `"credential":"`, `"credential":"\n`, 1),
		} {
			if _, _, err := jisr.DecodeSigned([]byte(other)); err == nil {
				t.Errorf("%s: accepted %s", name, other)
			}
		}
	}
	if _, err := jisr.EncodeSigned([]byte(`{"a": 1}`), *sig); err == nil {
		t.Error("a body with white space was put in an envelope")
	}
}

// TestSignatureVector is the example of doc/spec/signature.md: it verifies in every version.
func TestSignatureVector(t *testing.T) {
	k, s := fixed(t), aStatement()
	encoded, err := s.Encode()
	need(t, err)
	challenge, err := s.Challenge()
	need(t, err)
	sig, err := json.Marshal(k.signs(t, s))
	need(t, err)
	key, err := json.Marshal(k.public)
	need(t, err)
	got := fmt.Sprintf("statement %s\nchallenge %s\nkey %s\nsignature %s\nthing %s\n", encoded, base64.RawURLEncoding.EncodeToString(challenge[:]), key, sig, jisr.SignerThing("iq", k.credential))
	golden(t, "signature.txt", got)
	spec, err := os.ReadFile("doc/spec/signature.md")
	need(t, err)
	if !strings.Contains(string(spec), got) {
		t.Error("doc/spec/signature.md does not have this example")
	}
}

func TestRelyingNames(t *testing.T) {
	for party, origins := range map[string][]string{
		"localhost":         {"http://localhost:8400"},
		"jisr.mofa.example": {"https://a.jisr.mofa.example", "https://jisr.mofa.example:8443"},
	} {
		need(t, (&jisr.Relying{Party: party, Origins: origins}).Check())
	}
	for party, origins := range map[string][]string{
		"a.example": {"http://a.example"}, "b.example": {"https://xb.example"}, "c.example": {}, "": {"https://"}, "d.example": {"https://d.example/"},
		"e.example": {"https://e.example", "https://a.e.example"}, "f.example": {"https://f.example@g.example"},
	} {
		if (&jisr.Relying{Party: party, Origins: origins}).Check() == nil {
			t.Errorf("%s with %v was accepted", party, origins)
		}
	}
}

// signersAct is one act about a signer by iq, at an index of its log.
func signersAct(t testing.TB, index jisr.Index, kind jisr.Kind, about jisr.ThingID, terms any) jisr.Act {
	t.Helper()
	raw, err := jisr.Terms(terms)
	need(t, err)
	return jisr.Act{V: 1, Kind: kind, Forum: "iq-sy", About: about, At: time.Unix(int64(index), 0).UTC(), Clock: int64(index) + 1, Terms: raw,
		By: &jisr.By{Desk: "mofa.treaties", Official: "director"}, Position: jisr.Position{Member: "iq", Index: index}}
}

func introduction(k *authenticator) jisr.SignerTerms {
	return jisr.SignerTerms{Official: "director", Post: jisr.Text{"ar": "المدير"}, Desk: "mofa.treaties", Credential: k.credential, Key: k.public, At: k.at,
		Enrolled: jisr.Commit(sha256.Sum256([]byte("a house act")))}
}

// TestSignerSignsBetweenIntroductionAndRevocation is what counts as signed, by where acts stand in the writer's log.
func TestSignerSignsBetweenIntroductionAndRevocation(t *testing.T) {
	k := fixed(t)
	id := jisr.SignerThing("iq", k.credential)
	state := jisr.Fold(id, []jisr.Act{signersAct(t, 5, jisr.KindSignerIntroduce, id, introduction(k)), signersAct(t, 9, jisr.KindSignerRevoke, id, jisr.Reason{})})
	if state.Signer == nil || len(state.Voids) > 0 {
		t.Fatalf("got %+v", state)
	}
	body := []byte(`{"subject":{"ar":"موضوع"},"text":{"ar":"نص"}}`)
	release := func(index jisr.Index) *jisr.Act {
		a := signersAct(t, index, jisr.KindNoteRelease, "note/iq-1", json.RawMessage(aStatement().Terms))
		return &a
	}
	sig := k.signs(t, aStatement())
	for index, want := range map[jisr.Index]string{4: "introduced", 6: "", 8: "", 10: "revoked"} {
		err := state.Signer.Verify(release(index), body, sig)
		if want == "" {
			need(t, err)
			continue
		}
		refuses(t, err, want)
	}
	another := release(6)
	another.Position.Member = "sy"
	refuses(t, state.Signer.Verify(another, body, sig), "signer")
	another = release(6)
	another.By = &jisr.By{Desk: "mofa.treaties", Official: "deputy"}
	refuses(t, state.Signer.Verify(another, body, sig), "signer")
	refuses(t, state.Signer.Verify(release(6), []byte(`{"subject":{"ar":"آخر"}}`), sig), "challenge")
	if sum, ok := state.Summary(); !ok || sum.State != jisr.SignerRevoked {
		t.Errorf("got %+v", sum)
	}
}

func TestSignerActsThatHaveNoEffect(t *testing.T) {
	k := fixed(t)
	id := jisr.SignerThing("iq", k.credential)
	first := signersAct(t, 1, jisr.KindSignerIntroduce, id, introduction(k))
	weak := introduction(k)
	weak.Key.Algorithm = jisr.ES256
	other := introduction(k)
	other.Credential = jisr.Bytes("another")
	theirs := signersAct(t, 2, jisr.KindSignerRevoke, id, jisr.Reason{})
	theirs.Member = "sy"
	for name, acts := range map[string][]jisr.Act{
		"introduced twice":              {first, signersAct(t, 2, jisr.KindSignerIntroduce, id, introduction(k))},
		"revoked by another member":     {first, theirs},
		"revoked twice":                 {first, signersAct(t, 2, jisr.KindSignerRevoke, id, jisr.Reason{}), signersAct(t, 3, jisr.KindSignerRevoke, id, jisr.Reason{})},
		"introduced after it was ended": {first, signersAct(t, 2, jisr.KindSignerRevoke, id, jisr.Reason{}), signersAct(t, 3, jisr.KindSignerIntroduce, id, introduction(k))},
		"revoked before it was known":   {signersAct(t, 1, jisr.KindSignerRevoke, id, jisr.Reason{})},
		"a key that cannot be verified": {signersAct(t, 1, jisr.KindSignerIntroduce, id, weak)},
		"a name of another credential":  {signersAct(t, 1, jisr.KindSignerIntroduce, id, other)},
	} {
		state := jisr.Fold(id, acts)
		last := acts[len(acts)-1].Position
		if len(state.Voids) != 1 || state.Voids[last] == nil {
			t.Errorf("%s: voids %v, want that of %v", name, state.Voids, last)
		}
	}
}

// FuzzClientData: whatever a browser is said to have seen, what is accepted says what was asked for, to a second reader.
func FuzzClientData(f *testing.F) {
	k, s := fixed(f), aStatement()
	challenge, err := s.Challenge()
	need(f, err)
	f.Add(clientData("webauthn.get", challenge[:], k.at.Origins[0]))
	f.Add([]byte(`{"type":"webauthn.get","challenge":"","origin":"https://jisr.mofa.example","crossOrigin":true}`))
	f.Add([]byte("\xef\xbb\xbf{}"))
	f.Fuzz(func(t *testing.T, client []byte) {
		if len(client) == 0 || jisr.CheckSignature(s, k.sign(t, authenticatorData(k.at.Party, present), client), k.public, k.at) != nil {
			return
		}
		var seen struct{ Type, Challenge, Origin string }
		need(t, json.Unmarshal([]byte(strings.TrimPrefix(string(client), "\ufeff")), &seen))
		if seen.Type != "webauthn.get" || seen.Challenge != base64.RawURLEncoding.EncodeToString(challenge[:]) || seen.Origin != k.at.Origins[0] {
			t.Errorf("accepted %q", client)
		}
	})
}

// FuzzAuthenticatorData: whatever an authenticator is said to have seen, what is accepted is of the party and verified.
func FuzzAuthenticatorData(f *testing.F) {
	k, s := fixed(f), aStatement()
	challenge, err := s.Challenge()
	need(f, err)
	f.Add(authenticatorData(k.at.Party, present))
	f.Add(append(authenticatorData(k.at.Party, present|0x80), 0xa0))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) == 0 || jisr.CheckSignature(s, k.sign(t, data, clientData("webauthn.get", challenge[:], k.at.Origins[0])), k.public, k.at) != nil {
			return
		}
		if want := sha256.Sum256([]byte(k.at.Party)); string(data[:32]) != string(want[:]) || data[32]&present != present || len(data) > 37 != (data[32]&0x80 != 0) {
			t.Errorf("accepted %x", data)
		}
	})
}

// FuzzSigned: what is decoded encodes to the same bytes.
func FuzzSigned(f *testing.F) {
	content, err := jisr.EncodeSigned([]byte(`{"a":1}`), *fixed(f).signs(f, aStatement()))
	need(f, err)
	f.Add(content)
	f.Fuzz(func(t *testing.T, content []byte) {
		body, sig, err := jisr.DecodeSigned(content)
		if err != nil {
			return
		}
		again, err := jisr.EncodeSigned(body, sig)
		need(t, err)
		if string(again) != string(content) {
			t.Errorf("%s was read from %s", again, content)
		}
	})
}
