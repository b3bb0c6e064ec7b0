package ledger

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strings"
	"time"

	"filippo.io/mldsa"
	formats "github.com/transparency-dev/formats/log"
	cosig "github.com/transparency-dev/formats/note"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Signature types of c2sp.org/signed-note.
const (
	algEd25519            = 0x01
	algEd25519Cosignature = 0x04
	algMLDSA44            = 0x06
	algOther              = 0xff // a type without a number: an identifier follows
)

// plainMLDSA identifies ML-DSA-44 over the text of a note that is no checkpoint. It is the ML-DSA context too, so that no
// signature of one kind can stand for another: checkpoints are signed with an empty context.
const plainMLDSA = "jisr note/v1 ML-DSA-44"

// checkpoint is what the text of a signed checkpoint says (c2sp.org/tlog-checkpoint), without extension lines.
type checkpoint struct {
	log  Origin
	size int64
	root tlog.Hash
}

func (c checkpoint) text() string {
	return string(formats.Checkpoint{Origin: string(c.log), Size: uint64(c.size), Hash: c.root[:]}.Marshal())
}

// parseCheckpoint reads a checkpoint's text strictly: what it accepts, text gives back byte for byte.
func parseCheckpoint(text string) (checkpoint, error) {
	var f formats.Checkpoint
	rest, err := f.Unmarshal([]byte(text))
	if err != nil || len(rest) != 0 || len(f.Hash) != tlog.HashSize || f.Size > MaxSize {
		return checkpoint{}, fmt.Errorf("checkpoint: %w", ErrFormat)
	}
	c := checkpoint{log: Origin(f.Origin), size: int64(f.Size), root: tlog.Hash(f.Hash)}
	if c.text() != text {
		return checkpoint{}, fmt.Errorf("checkpoint: %w", ErrFormat)
	}
	return c, nil
}

// signer implements note.Signer for one key, with the clock of the ledger in timestamped signatures.
type signer struct {
	name string
	hash uint32
	sign func(msg []byte) ([]byte, error)
}

func (s signer) Name() string                    { return s.name }
func (s signer) KeyHash() uint32                 { return s.hash }
func (s signer) Sign(msg []byte) ([]byte, error) { return s.sign(msg) }

// verifier implements note.Verifier for one key.
type verifier struct {
	name   string
	hash   uint32
	verify func(msg, sig []byte) bool
}

func (v verifier) Name() string                { return v.name }
func (v verifier) KeyHash() uint32             { return v.hash }
func (v verifier) Verify(msg, sig []byte) bool { return v.verify(msg, sig) }

// keyHash is the key ID of c2sp.org/signed-note: the first four bytes of SHA-256(name || 0x0A || type || key).
func keyHash(name string, alg byte, key []byte) uint32 {
	h := sha256.New()
	h.Write([]byte(name + "\n"))
	h.Write([]byte{alg})
	h.Write(key)
	return binary.BigEndian.Uint32(h.Sum(nil))
}

func vkey(name string, alg byte, key []byte) string {
	data := base64.StdEncoding.EncodeToString(append([]byte{alg}, key...))
	return fmt.Sprintf("%s+%08x+%s", name, keyHash(name, alg, key), data)
}

// signCheckpoint signs as a log: a plain Ed25519 signature, and an ML-DSA-44 signature in the cosignature form under the
// log's own name (c2sp.org/tlog-checkpoint, c2sp.org/tlog-cosignature).
func signCheckpoint(s secret, c checkpoint, at time.Time) ([]byte, error) {
	name := string(c.log)
	return signNote(c.text(), edSigner(name, s.ed), mlSigner(name, s.ml, c, at))
}

// cosign adds a mirror's countersignatures to a checkpoint that was verified. They say: at this time I held this log, and
// it was consistent with all I held of it before.
func cosign(s secret, name string, c checkpoint, sigs []note.Signature, at time.Time) ([]byte, error) {
	n := &note.Note{Text: c.text(), Sigs: sigs}
	msg, err := note.Sign(n, edCosigner(name, s.ed, at), mlSigner(name, s.ml, c, at))
	if err != nil {
		return nil, fmt.Errorf("couldn't countersign %s: %w", c.log, err)
	}
	return msg, nil
}

func signNote(text string, signers ...note.Signer) ([]byte, error) {
	msg, err := note.Sign(&note.Note{Text: text}, signers...)
	if err != nil {
		return nil, fmt.Errorf("couldn't sign: %w", err)
	}
	return msg, nil
}

func edSigner(name string, key ed25519.PrivateKey) signer {
	return signer{name, keyHash(name, algEd25519, key.Public().(ed25519.PublicKey)), func(msg []byte) ([]byte, error) {
		return ed25519.Sign(key, msg), nil
	}}
}

// edCosigner signs "cosignature/v1", the time and the note's text (c2sp.org/tlog-cosignature, Ed25519 signed message).
func edCosigner(name string, key ed25519.PrivateKey, at time.Time) signer {
	return signer{name, keyHash(name, algEd25519Cosignature, key.Public().(ed25519.PublicKey)), func(msg []byte) ([]byte, error) {
		signed := fmt.Appendf(nil, "cosignature/v1\ntime %d\n%s", at.Unix(), msg)
		return append(stamp(at), ed25519.Sign(key, signed)...), nil
	}}
}

// mlSigner signs the subtree [0, size) of the log (c2sp.org/tlog-cosignature, ML-DSA-44 signed message).
func mlSigner(name string, key *mldsa.PrivateKey, c checkpoint, at time.Time) signer {
	return signer{name, keyHash(name, algMLDSA44, key.PublicKey().Bytes()), func([]byte) ([]byte, error) {
		sig, err := key.Sign(nil, subtreeMessage(name, c, at), nil)
		if err != nil {
			return nil, err
		}
		return append(stamp(at), sig...), nil
	}}
}

func stamp(at time.Time) []byte { return binary.BigEndian.AppendUint64(nil, uint64(at.Unix())) }

func subtreeMessage(cosigner string, c checkpoint, at time.Time) []byte {
	m := append([]byte("subtree/v1\n\x00"), byte(len(cosigner)))
	m = append(m, cosigner...)
	m = append(m, stamp(at)...)
	m = append(append(m, byte(len(c.log))), c.log...)
	m = binary.BigEndian.AppendUint64(m, 0)
	m = binary.BigEndian.AppendUint64(m, uint64(c.size))
	return append(m, c.root[:]...)
}

// logVerifiers verify a log's own two signatures.
func logVerifiers(log Origin, k KeyPair) ([]note.Verifier, error) {
	ed, err := note.NewVerifier(vkey(string(log), algEd25519, k.Ed25519))
	if err != nil {
		return nil, fmt.Errorf("couldn't use the Ed25519 key of %s: %w", log, err)
	}
	ml, err := cosig.NewVerifierForCosignatureV1(vkey(string(log), algMLDSA44, k.MLDSA44))
	if err != nil {
		return nil, fmt.Errorf("couldn't use the ML-DSA-44 key of %s: %w", log, err)
	}
	return []note.Verifier{ed, ml}, nil
}

// mirrorVerifiers verify a mirror's two countersignatures.
func mirrorVerifiers(name string, k KeyPair) ([]note.Verifier, error) {
	ed, err := cosig.NewVerifierForCosignatureV1(vkey(name, algEd25519Cosignature, k.Ed25519))
	if err != nil {
		return nil, fmt.Errorf("couldn't use the Ed25519 key of %s: %w", name, err)
	}
	ml, err := cosig.NewVerifierForCosignatureV1(vkey(name, algMLDSA44, k.MLDSA44))
	if err != nil {
		return nil, fmt.Errorf("couldn't use the ML-DSA-44 key of %s: %w", name, err)
	}
	return []note.Verifier{ed, ml}, nil
}

// openBoth opens a signed note that every one of the verifiers must have signed, and returns their signatures only.
func openBoth(msg []byte, verifiers ...note.Verifier) (string, []note.Signature, error) {
	if len(msg) > MaxCheckpoint {
		return "", nil, fmt.Errorf("a signed note of %d bytes: %w", len(msg), ErrTooLong)
	}
	n, err := note.Open(msg, note.VerifierList(verifiers...))
	if err != nil {
		return "", nil, fmt.Errorf("%w: %w", ErrSignature, err)
	}
	sigs := make([]note.Signature, 0, len(verifiers))
	for _, v := range verifiers {
		sig, ok := signatureOf(n.Sigs, v.Name(), v.KeyHash())
		if !ok {
			return "", nil, fmt.Errorf("%w: no signature by key %s+%08x", ErrSignature, v.Name(), v.KeyHash())
		}
		sigs = append(sigs, sig)
	}
	return n.Text, sigs, nil
}

// signatureOf finds a signature whose encoding is the one and only spelling of its bytes.
func signatureOf(sigs []note.Signature, name string, hash uint32) (note.Signature, bool) {
	for _, s := range sigs {
		if s.Name == name && s.Hash == hash {
			_, err := base64.StdEncoding.Strict().DecodeString(s.Base64)
			return s, err == nil
		}
	}
	return note.Signature{}, false
}

// openCheckpoint opens a checkpoint of log that all the verifiers signed.
func openCheckpoint(msg []byte, log Origin, verifiers ...note.Verifier) (checkpoint, []note.Signature, error) {
	text, sigs, err := openBoth(msg, verifiers...)
	if err != nil {
		return checkpoint{}, nil, err
	}
	c, err := parseCheckpoint(text)
	if err != nil {
		return checkpoint{}, nil, err
	}
	if c.log != log {
		return checkpoint{}, nil, fmt.Errorf("a checkpoint of %s instead of %s: %w", c.log, log, ErrSignature)
	}
	return c, sigs, nil
}

// joinNote writes a note from its text and signatures that were verified before, each once.
func joinNote(text string, sigs []note.Signature) []byte {
	b := []byte(text + "\n")
	seen := map[string]bool{}
	for _, s := range sigs {
		if key := fmt.Sprintf("%s+%08x", s.Name, s.Hash); !seen[key] {
			seen[key] = true
			b = fmt.Appendf(b, "— %s %s\n", s.Name, s.Base64)
		}
	}
	return b
}

// splitNote takes apart a note this package wrote or verified before; it verifies nothing.
func splitNote(msg []byte) (string, []note.Signature) {
	_, err := note.Open(msg, note.VerifierList())
	if e, ok := err.(*note.UnverifiedNoteError); ok {
		return e.Note.Text, e.Note.UnverifiedSigs
	}
	return "", nil
}

// plainSigners sign notes that are no checkpoints. Such a text's first line holds a space, so that it is no log's origin,
// and is not "cosignature/v1": the Ed25519 key can then sign both kinds and neither passes for the other.
func plainSigners(name string, s secret) []note.Signer {
	return []note.Signer{edSigner(name, s.ed), signer{name, plainHash(name, s.ml.PublicKey().Bytes()), func(msg []byte) ([]byte, error) {
		return s.ml.Sign(nil, msg, &mldsa.Options{Context: plainMLDSA})
	}}}
}

func plainHash(name string, key []byte) uint32 {
	return keyHash(name, algOther, append([]byte(plainMLDSA), key...))
}

func plainVerifiers(name string, k KeyPair) ([]note.Verifier, error) {
	ed, err := note.NewVerifier(vkey(name, algEd25519, k.Ed25519))
	if err != nil {
		return nil, fmt.Errorf("couldn't use the Ed25519 key of %s: %w", name, err)
	}
	key, err := mldsa.NewPublicKey(mldsa.MLDSA44(), k.MLDSA44)
	if err != nil {
		return nil, fmt.Errorf("couldn't use the ML-DSA-44 key of %s: %w", name, err)
	}
	return []note.Verifier{ed, verifier{name, plainHash(name, k.MLDSA44), func(msg, sig []byte) bool {
		return mldsa.Verify(key, msg, sig, &mldsa.Options{Context: plainMLDSA}) == nil
	}}}, nil
}

func signPlain(name string, s secret, text string) ([]byte, error) {
	if first, _, _ := strings.Cut(text, "\n"); !strings.Contains(first, " ") {
		return nil, fmt.Errorf("couldn't sign a note whose first line could be an origin: %w", ErrFormat)
	}
	return signNote(text, plainSigners(name, s)...)
}

// openPlain is strict: both signatures, in signPlain's order, and not a byte more.
func openPlain(name string, k KeyPair, msg []byte) (string, error) {
	verifiers, err := plainVerifiers(name, k)
	if err != nil {
		return "", err
	}
	text, sigs, err := openBoth(msg, verifiers...)
	if err != nil {
		return "", err
	}
	if string(joinNote(text, sigs)) != string(msg) {
		return "", fmt.Errorf("%w: other signatures than %s's two", ErrSignature, name)
	}
	return text, nil
}
