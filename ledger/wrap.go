package ledger

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"filippo.io/age"
)

// Wrapping is what opens the data keys of a directory: one of the three. The wrapped file is an age file
// (age-encryption.org/v1), so that with the key file or the passphrase the age tool opens it too.
type Wrapping struct {
	KeyFile        string // a file with an age identity, as CreateKeyFile makes: X25519 with ML-KEM-768
	PassphraseFile string // a file with a passphrase in its first line; stretched by scrypt (RFC 7914) as age does
	PKCS11         string // a PKCS#11 URI (RFC 7512) that names an AES key: see pkcs11.go
}

// scryptMost is log2 of the most scrypt work that is done to open a file: 256 MiB, what age itself writes.
const scryptMost = 18

// CreateKeyFile draws an age identity and keeps it in a file that must not exist yet.
func CreateKeyFile(path string) error {
	id, err := age.GenerateHybridIdentity()
	if err != nil {
		return fmt.Errorf("couldn't draw a key: %w", err)
	}
	return createFile(path, fmt.Appendf(nil, "# Opens what Jisr keeps at rest. Without it nothing can be read.\n%s\n", id))
}

// identity reads what opens, as both halves that age asks for.
func (w Wrapping) identity() (age.Identity, age.Recipient, error) {
	switch {
	case w.PKCS11 != "":
		t, err := openToken(w.PKCS11)
		return t, t, err
	case w.PassphraseFile != "":
		return passphrase(w.PassphraseFile)
	}
	text, err := readPrivate(w.KeyFile, maxVault)
	if err != nil {
		return nil, nil, fmt.Errorf("couldn't read the key file: %w", err)
	}
	ids, err := age.ParseIdentities(bytes.NewReader(text))
	if err != nil || len(ids) != 1 {
		return nil, nil, fmt.Errorf("couldn't understand the key file %s, which must hold one age identity: %w", w.KeyFile, ErrFormat)
	}
	switch id := ids[0].(type) {
	case *age.HybridIdentity:
		return id, id.Recipient(), nil
	case *age.X25519Identity:
		return id, id.Recipient(), nil
	}
	return nil, nil, fmt.Errorf("couldn't use the key file %s: %w", w.KeyFile, ErrFormat)
}

// passphrase reads the first line of a private file.
func passphrase(path string) (age.Identity, age.Recipient, error) {
	text, err := readPrivate(path, 4<<10)
	if err != nil {
		return nil, nil, fmt.Errorf("couldn't read the passphrase: %w", err)
	}
	first, _, _ := bytes.Cut(text, []byte("\n"))
	first = bytes.TrimRight(first, "\r")
	if len(first) < MinPassphrase {
		return nil, nil, fmt.Errorf("a passphrase of %d bytes, at least %d: %w", len(first), MinPassphrase, ErrFormat)
	}
	id, err := age.NewScryptIdentity(string(first))
	if err != nil {
		return nil, nil, fmt.Errorf("couldn't use the passphrase: %w", err)
	}
	id.SetMaxWorkFactor(scryptMost) // a hostile file does not say how much memory it takes to refuse it
	to, err := age.NewScryptRecipient(string(first))
	if err != nil {
		return nil, nil, fmt.Errorf("couldn't use the passphrase: %w", err)
	}
	return id, to, nil
}

// EncryptTo encrypts what is written to dst for age recipients (age1…, age1pq1…) and, if it is set, for what w opens. Close ends it.
func (w Wrapping) EncryptTo(dst io.Writer, recipients ...string) (io.WriteCloser, error) {
	var to []age.Recipient
	for _, text := range recipients {
		some, err := age.ParseRecipients(strings.NewReader(text))
		if err != nil {
			return nil, fmt.Errorf("couldn't understand a recipient (%w): %w", err, ErrFormat)
		}
		to = append(to, some...)
	}
	if w != (Wrapping{}) {
		_, own, err := w.identity()
		if err != nil {
			return nil, err
		}
		to = append(to, own)
	}
	out, err := age.Encrypt(dst, to...)
	if err != nil {
		return nil, fmt.Errorf("couldn't encrypt: %w", err)
	}
	return out, nil
}

// Decrypt reads what was encrypted to w. It fails at the end of a file that was cut.
func (w Wrapping) Decrypt(src io.Reader) (io.Reader, error) {
	id, _, err := w.identity()
	if err != nil {
		return nil, err
	}
	r, err := age.Decrypt(src, id)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSealed, err)
	}
	return r, nil
}

// Recipient is what a key file is encrypted to: who knows it can write for the holder of the file, and read nothing.
func Recipient(keyFile string) (string, error) {
	_, to, err := Wrapping{KeyFile: keyFile}.identity()
	if err != nil {
		return "", err
	}
	return fmt.Sprint(to), nil
}

func (w Wrapping) wrap(data []byte) ([]byte, error) {
	_, to, err := w.identity()
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	out, err := age.Encrypt(&b, to)
	if err == nil {
		_, err = out.Write(data)
	}
	if err == nil {
		err = out.Close()
	}
	if err != nil {
		return nil, fmt.Errorf("couldn't encrypt: %w", err)
	}
	return b.Bytes(), nil
}

func (w Wrapping) unwrap(sealed []byte) ([]byte, error) {
	id, _, err := w.identity()
	if err != nil {
		return nil, err
	}
	r, err := age.Decrypt(bytes.NewReader(sealed), id)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSealed, err)
	}
	data, err := io.ReadAll(io.LimitReader(r, maxVault))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSealed, err)
	}
	return data, nil
}
