package ledger

import (
	"bufio"
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"filippo.io/mldsa"
)

const (
	keysFile   = "ledger.key"
	keysHeader = "jisr ledger keys/v1"
)

// KeyPair is one signer's two public keys, classical and post-quantum. A statement counts when both have signed it.
type KeyPair struct {
	Ed25519 []byte `json:"ed25519"` // 32 bytes
	MLDSA44 []byte `json:"mldsa44"` // 1,312 bytes, FIPS 204
}

// PublicKeys are a member's keys as a letter of credence carries them: Log signs its own logs, Mirror countersigns others'.
type PublicKeys struct {
	Name   string  `json:"name"` // the member's origin, e.g. "iq.jisr.example"
	Log    KeyPair `json:"log"`
	Mirror KeyPair `json:"mirror"`
}

// Keys are a member's name and its four private keys. Safe for concurrent use: nothing in it changes.
type Keys struct {
	name        string
	log, mirror secret
}

// secret is one signer's two private keys.
type secret struct {
	ed ed25519.PrivateKey
	ml *mldsa.PrivateKey
}

// GenerateKeys makes new keys from rand, which must be cryptographically secure (crypto/rand.Reader): four seeds of 32 bytes.
func GenerateKeys(name string, rand io.Reader) (*Keys, error) {
	var seeds [4][]byte
	for i := range seeds {
		seeds[i] = make([]byte, 32)
		if _, err := io.ReadFull(rand, seeds[i]); err != nil {
			return nil, fmt.Errorf("couldn't draw a key: %w", err)
		}
	}
	return keysFromSeeds(name, seeds)
}

func keysFromSeeds(name string, seeds [4][]byte) (*Keys, error) {
	if err := checkName(name); err != nil {
		return nil, err
	}
	log, err := newSecret(seeds[0], seeds[1])
	if err != nil {
		return nil, err
	}
	mirror, err := newSecret(seeds[2], seeds[3])
	if err != nil {
		return nil, err
	}
	return &Keys{name: name, log: log, mirror: mirror}, nil
}

func newSecret(ed, ml []byte) (secret, error) {
	if len(ed) != ed25519.SeedSize {
		return secret{}, fmt.Errorf("couldn't use an Ed25519 seed of %d bytes: %w", len(ed), ErrFormat)
	}
	k, err := mldsa.NewPrivateKey(mldsa.MLDSA44(), ml)
	if err != nil {
		return secret{}, fmt.Errorf("couldn't use an ML-DSA-44 seed: %w", err)
	}
	e := ed25519.NewKeyFromSeed(ed)
	return secret{e, k}, nil
}

func (s secret) public() KeyPair {
	return KeyPair{Ed25519: s.ed.Public().(ed25519.PublicKey), MLDSA44: s.ml.PublicKey().Bytes()}
}

// Public returns the public half.
func (k *Keys) Public() PublicKeys {
	return PublicKeys{Name: k.name, Log: k.log.public(), Mirror: k.mirror.public()}
}

// SignNote signs text, which must end in a newline, with both log keys as a signed note (c2sp.org/signed-note) under the
// member's name: how a letter of credence shows possession. The text must not begin like a checkpoint of a log:
// its first line must hold a space, which no origin does.
func (k *Keys) SignNote(text string) ([]byte, error) {
	return signPlain(k.name, k.log, text)
}

// OpenNote returns the text of what SignNote made, if both log keys signed it and nobody else did.
func (p PublicKeys) OpenNote(msg []byte) (string, error) {
	if err := p.Check(); err != nil {
		return "", err
	}
	return openPlain(p.Name, p.Log, msg)
}

// Check refuses a name or keys of the wrong form; the keys of a letter are checked before anything is done with them.
func (p PublicKeys) Check() error {
	if err := checkName(p.Name); err != nil {
		return err
	}
	if err := p.Log.check(); err != nil {
		return fmt.Errorf("log keys of %s: %w", p.Name, err)
	}
	if err := p.Mirror.check(); err != nil {
		return fmt.Errorf("mirror keys of %s: %w", p.Name, err)
	}
	return nil
}

func (k KeyPair) check() error {
	if len(k.Ed25519) != ed25519.PublicKeySize {
		return fmt.Errorf("an Ed25519 key of %d bytes: %w", len(k.Ed25519), ErrFormat)
	}
	if _, err := mldsa.NewPublicKey(mldsa.MLDSA44(), k.MLDSA44); err != nil {
		return fmt.Errorf("an ML-DSA-44 key of %d bytes: %w", len(k.MLDSA44), ErrFormat)
	}
	return nil
}

func (p PublicKeys) equal(q PublicKeys) bool {
	return p.Name == q.Name && p.Log.equal(q.Log) && p.Mirror.equal(q.Mirror)
}

func (k KeyPair) equal(o KeyPair) bool {
	return bytes.Equal(k.Ed25519, o.Ed25519) && bytes.Equal(k.MLDSA44, o.MLDSA44)
}

// LogVKeys are the verifier keys of one of the member's logs, one a line of log.vkey: Ed25519 (0x01) and ML-DSA-44 (0x06),
// named by the log's origin (c2sp.org/signed-note, c2sp.org/tlog-checkpoint).
func (p PublicKeys) LogVKeys(log Origin) []string {
	return []string{vkey(string(log), algEd25519, p.Log.Ed25519), vkey(string(log), algMLDSA44, p.Log.MLDSA44)}
}

// MirrorVKeys are the verifier keys of the member's countersignatures: Ed25519 (0x04) and ML-DSA-44 (0x06), named by the
// member (c2sp.org/tlog-cosignature). They verify its receipts too, see doc/spec/log.md.
func (p PublicKeys) MirrorVKeys() []string {
	return []string{vkey(p.Name, algEd25519Cosignature, p.Mirror.Ed25519), vkey(p.Name, algMLDSA44, p.Mirror.MLDSA44)}
}

// checkName refuses what cannot name a key in a signed note, and keeps to ASCII so that a name has one spelling.
func checkName(name string) error {
	if name == "" || len(name) > MaxName {
		return fmt.Errorf("a name of %d bytes: %w", len(name), ErrFormat)
	}
	for _, c := range []byte(name) {
		if c <= ' ' || c >= 0x7f || c == '+' {
			return fmt.Errorf("name %q: %w", name, ErrFormat)
		}
	}
	return nil
}

// Write keeps the keys in dir, sealed, readable by the owner only, and never over existing ones: keys lost under a log
// that others mirror end the log. The file is complete before it has its name, and both are on disk when Write returns: a crash
// before leaves no keys, or a file without meaning beside them; a crash after leaves the keys.
func (k *Keys) Write(v *Vault, dir string) error {
	return v.Create(filepath.Join(dir, keysFile), []byte(k.text()))
}

func (k *Keys) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\nname %s\n", keysHeader, k.name)
	for _, line := range []struct {
		role string
		seed []byte
	}{
		{"log ed25519", k.log.ed.Seed()}, {"log mldsa44", k.log.ml.Bytes()},
		{"mirror ed25519", k.mirror.ed.Seed()}, {"mirror mldsa44", k.mirror.ml.Bytes()},
	} {
		fmt.Fprintf(&b, "%s %s\n", line.role, base64.StdEncoding.EncodeToString(line.seed))
	}
	return b.String()
}

// ReadKeys reads what Write kept in dir. A file that others may read is refused.
func ReadKeys(v *Vault, dir string) (*Keys, error) {
	path := filepath.Join(dir, keysFile)
	text, err := v.Read(path)
	if err != nil {
		return nil, fmt.Errorf("couldn't read the ledger's keys: %w", err)
	}
	k, err := parseKeys(string(text))
	if err != nil {
		return nil, fmt.Errorf("couldn't understand %s: %w", path, err)
	}
	return k, nil
}

// CheckKeys tells whether text, as Write keeps it, holds the private half of these keys.
func CheckKeys(text []byte, p PublicKeys) error {
	k, err := parseKeys(string(text))
	if err == nil && !k.Public().equal(p) {
		err = ErrKeys
	}
	return err
}

func parseKeys(text string) (*Keys, error) {
	s := bufio.NewScanner(strings.NewReader(text))
	line := func(prefix string) string {
		if !s.Scan() {
			return ""
		}
		v, _ := strings.CutPrefix(s.Text(), prefix)
		return v
	}
	line("")
	name := line("name ")
	var seeds [4][]byte
	for i, role := range []string{"log ed25519 ", "log mldsa44 ", "mirror ed25519 ", "mirror mldsa44 "} {
		seeds[i], _ = base64.StdEncoding.DecodeString(line(role))
	}
	k, err := keysFromSeeds(name, seeds)
	if err != nil {
		return nil, err
	}
	if k.text() != text { // one spelling only, and no line lost by the reader above
		return nil, ErrFormat
	}
	return k, nil
}

// createFile writes a file that must not exist yet, whole or not at all, and durably.
func createFile(path string, data []byte) (err error) {
	tmp, err := os.CreateTemp(filepath.Dir(path), ".new-*") // mode 0600
	if err != nil {
		return fmt.Errorf("couldn't create %s: %w", path, err)
	}
	defer os.Remove(tmp.Name())
	_, err = tmp.Write(data)
	if err = errors.Join(err, tmp.Sync(), tmp.Close()); err != nil {
		return fmt.Errorf("couldn't write %s: %w", path, err)
	}
	return publish(tmp.Name(), path)
}

// publish gives a finished file its name, which must be free, and makes the name durable.
func publish(tmp, path string) error {
	if err := os.Link(tmp, path); err != nil { // unlike a rename, a link never replaces
		return fmt.Errorf("couldn't create %s: %w", path, err)
	}
	if err := syncDir(filepath.Dir(path)); err != nil {
		return fmt.Errorf("couldn't make %s durable: %w", path, err)
	}
	return nil
}
