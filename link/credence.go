package link

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"jisr/ledger"
)

// credenceHeader is the first line of every letter of credence (doc/spec/link.md section 1).
const credenceHeader = "jisr credence/v1\n"

// Letter is a letter of credence: how one member introduces itself to the others. It carries every key and
// address they need and is signed by the log keys it names, which proves that its writer has them. Whether
// they are the right ones is for people to say: both sides read Fingerprint to each other.
type Letter struct {
	Member    string            // "iq": 2 to 16 of a-z and 0-9, a letter first
	Origin    string            // "iq.jisr.example": first part of the origins of all its logs; Keys.Name
	Names     map[string]string // the member's name by language; "ar" and "en" are required
	Keys      ledger.PublicKeys // log and mirror keys, Ed25519 and ML-DSA-44 each
	Pin       [32]byte          // SHA-256 of the SubjectPublicKeyInfo of its TLS certificate (RFC 7469 section 2.4)
	Addresses []string          // host:port at which its link answers, in order of preference; none: it only dials
	Made      time.Time         // UTC, whole seconds

	Raw  []byte // the exact file, signatures included
	text []byte // what is signed
}

// LetterError says which field of a letter of credence is wrong, and how.
type LetterError struct{ Field, Problem string }

func (e *LetterError) Error() string {
	return "letter of credence: " + e.Field + ": " + e.Problem
}

// letterBody fixes names and order of the fields. A letter has one encoding: ParseLetter refuses any other,
// so two people who compare fingerprints compare everything the program reads.
type letterBody struct {
	Member    string            `json:"member"`
	Origin    string            `json:"origin"`
	Names     map[string]string `json:"names"`
	Log       keyPair           `json:"log"`
	Mirror    keyPair           `json:"mirror"`
	Pin       string            `json:"pin"`
	Addresses []string          `json:"addresses"`
	Made      time.Time         `json:"made"`
}

type keyPair struct {
	Ed25519 []byte `json:"ed25519"`
	MLDSA44 []byte `json:"mldsa44"`
}

// WriteLetter encodes and signs a letter of credence. l.Keys must be the public half of keys.
func WriteLetter(l Letter, keys *ledger.Keys) ([]byte, error) {
	if l.Addresses == nil {
		l.Addresses = []string{}
	}
	l.Made = l.Made.UTC().Truncate(time.Second)
	l.Keys = keys.Public()
	text, err := l.encode()
	if err != nil {
		return nil, err
	}
	raw, err := keys.SignNote(string(text))
	if err != nil {
		return nil, fmt.Errorf("couldn't sign the letter of credence: %w", err)
	}
	// What others will read is what counts: a letter that does not parse is never written.
	if _, err := ParseLetter(raw); err != nil {
		return nil, err
	}
	return raw, nil
}

func (l *Letter) encode() ([]byte, error) {
	body := letterBody{
		Member: l.Member, Origin: l.Origin, Names: l.Names,
		Log:       keyPair{l.Keys.Log.Ed25519, l.Keys.Log.MLDSA44},
		Mirror:    keyPair{l.Keys.Mirror.Ed25519, l.Keys.Mirror.MLDSA44},
		Pin:       "sha256:" + hex.EncodeToString(l.Pin[:]),
		Addresses: l.Addresses, Made: l.Made,
	}
	var b bytes.Buffer
	b.WriteString(credenceHeader)
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	if err := e.Encode(body); err != nil {
		return nil, &LetterError{"body", err.Error()}
	}
	return b.Bytes(), nil
}

// ParseLetter reads a letter of credence from outside: at most MaxLetter bytes, strictly, with both
// signatures. Its errors are *LetterError.
func ParseLetter(raw []byte) (*Letter, error) {
	switch {
	case len(raw) > MaxLetter:
		return nil, &LetterError{"file", "longer than " + strconv.Itoa(MaxLetter) + " bytes"}
	case !utf8.Valid(raw):
		return nil, &LetterError{"file", "not UTF-8"}
	case !bytes.HasPrefix(raw, []byte(credenceHeader)):
		return nil, &LetterError{"first line", "want " + strings.TrimSpace(credenceHeader)}
	}
	end := bytes.LastIndex(raw, []byte("\n\n"))
	if end < 0 {
		return nil, &LetterError{"signatures", "missing: a blank line and two signatures end the letter"}
	}
	text := raw[:end+1]
	l, err := parseBody(text[len(credenceHeader):])
	if err != nil {
		return nil, err
	}
	if again, err := l.encode(); err != nil || !bytes.Equal(again, text) {
		return nil, &LetterError{"body", "not the one encoding of this letter; letters are never edited by hand"}
	}
	if _, err := l.Keys.OpenNote(raw); err != nil {
		return nil, &LetterError{"signatures", "must be by the Ed25519 and the ML-DSA-44 log key it names: " + err.Error()}
	}
	l.Raw, l.text = bytes.Clone(raw), bytes.Clone(text)
	return l, nil
}

func parseBody(body []byte) (*Letter, error) {
	var b letterBody
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(&b); err != nil {
		return nil, &LetterError{"body", err.Error()}
	}
	l := &Letter{
		Member: b.Member, Origin: b.Origin, Names: b.Names, Addresses: b.Addresses, Made: b.Made,
		Keys: ledger.PublicKeys{Name: b.Origin},
	}
	l.Keys.Log.Ed25519, l.Keys.Log.MLDSA44 = b.Log.Ed25519, b.Log.MLDSA44
	l.Keys.Mirror.Ed25519, l.Keys.Mirror.MLDSA44 = b.Mirror.Ed25519, b.Mirror.MLDSA44
	pin, ok := strings.CutPrefix(b.Pin, "sha256:")
	if n, err := hex.Decode(l.Pin[:], []byte(pin[:min(len(pin), 64)])); !ok || err != nil || n != 32 || len(pin) != 64 {
		return nil, &LetterError{"pin", "want sha256: and 64 hexadecimal digits"}
	}
	return l, l.check()
}

func (l *Letter) check() error {
	switch {
	case !validMember(l.Member):
		return &LetterError{"member", "want 2 to 16 of a-z and 0-9, a letter first"}
	case !validOrigin(l.Origin):
		return &LetterError{"origin", "want a name such as iq.jisr.example: at most 120 of a-z, 0-9, dot and hyphen"}
	case l.Names["ar"] == "" || l.Names["en"] == "":
		return &LetterError{"names", "want at least ar and en"}
	case len(l.Names) > maxNames:
		return &LetterError{"names", "more than 8 languages"}
	case len(l.Addresses) > MaxAddresses:
		return &LetterError{"addresses", "more than 8"}
	case l.Made.IsZero() || l.Made.Location() != time.UTC || l.Made.Nanosecond() != 0:
		return &LetterError{"made", "want UTC, whole seconds"}
	}
	return l.checkParts()
}

func (l *Letter) checkParts() error {
	for lang, name := range l.Names {
		if len(lang) < 2 || len(lang) > 8 || utf8.RuneCountInString(name) > maxName || strings.ContainsFunc(name, unicode.IsControl) {
			return &LetterError{"names", "at most 200 characters each, no control characters"}
		}
	}
	for _, a := range l.Addresses {
		if !validAddress(a) {
			return &LetterError{"addresses", "want host:port"}
		}
	}
	for field, k := range map[string][2][]byte{
		"log": {l.Keys.Log.Ed25519, l.Keys.Log.MLDSA44}, "mirror": {l.Keys.Mirror.Ed25519, l.Keys.Mirror.MLDSA44},
	} {
		if len(k[0]) != sizeEd25519 || len(k[1]) != sizeMLDSA44 {
			return &LetterError{field, "want an Ed25519 key of 32 bytes and an ML-DSA-44 key of 1312 bytes"}
		}
	}
	return nil
}

// Sizes of public keys: RFC 8032 section 5.1.5, FIPS 204 table 2.
const (
	sizeEd25519 = 32
	sizeMLDSA44 = 1312
)

func validMember(s string) bool {
	if len(s) < 2 || len(s) > 16 || s[0] < 'a' || s[0] > 'z' {
		return false
	}
	return strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789") == ""
}

func validOrigin(s string) bool {
	return s != "" && len(s) <= 120 && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789.-") == "" && s[0] != '.' && s[0] != '-'
}

func validAddress(s string) bool {
	host, port, err := net.SplitHostPort(s)
	if err != nil || host == "" || len(host) > 253 || strings.ContainsFunc(host, func(r rune) bool { return r <= ' ' || r > '~' || r == '/' || r == '@' }) {
		return false
	}
	n, err := strconv.Atoi(port)
	return err == nil && n > 0 && n <= 65535 && strconv.Itoa(n) == port
}

// Fingerprint is what two officials read to each other by telephone: the first 128 bits of the SHA-256 of the
// signed text, as 8 groups of 5 decimal digits, each group 16 bits (0 to 65535). To make another letter that
// shows the same 128 bits takes about 2^128 attempts; leaving out a group leaves out 16 of them.
func (l *Letter) Fingerprint() string {
	sum := sha256.Sum256(l.text)
	groups := make([]string, 8)
	for i := range groups {
		groups[i] = fmt.Sprintf("%05d", uint(sum[2*i])<<8|uint(sum[2*i+1]))
	}
	return strings.Join(groups, " ")
}

// SameKeys tells whether both letters name the same log and mirror keys under the same origin. Addresses,
// names and the TLS pin may differ: a newer letter that the same keys signed changes those.
func (l *Letter) SameKeys(o *Letter) bool {
	return l.Origin == o.Origin &&
		bytes.Equal(l.Keys.Log.Ed25519, o.Keys.Log.Ed25519) && bytes.Equal(l.Keys.Log.MLDSA44, o.Keys.Log.MLDSA44) &&
		bytes.Equal(l.Keys.Mirror.Ed25519, o.Keys.Mirror.Ed25519) && bytes.Equal(l.Keys.Mirror.MLDSA44, o.Keys.Mirror.MLDSA44)
}
