//go:build pkcs11

package ledger

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"filippo.io/age"
	"github.com/ThalesGroup/crypto11"
)

// stanzaPKCS11 names how a token wraps the key of an age file: AES-GCM inside the token, its nonce as the one argument.
const stanzaPKCS11 = "jisr-pkcs11"

// token is an AES key in a PKCS#11 token, which never leaves it.
type token struct{ uri tokenURI }

// tokenURI is what is used of a PKCS#11 URI (RFC 7512 section 2.3).
type tokenURI struct{ token, object, module, pinFile string }

// openToken reads pkcs11:token=…;object=…?module-path=…&pin-source=file:…
func openToken(uri string) (token, error) {
	rest, ok := strings.CutPrefix(uri, "pkcs11:")
	path, query, _ := strings.Cut(rest, "?")
	get := map[string]string{}
	for _, attribute := range append(strings.Split(path, ";"), strings.Split(query, "&")...) {
		name, value, _ := strings.Cut(attribute, "=")
		value, err := url.PathUnescape(value)
		if err != nil {
			return token{}, fmt.Errorf("couldn't understand the PKCS#11 URI: %w", ErrFormat)
		}
		get[name] = value
	}
	u := tokenURI{get["token"], get["object"], get["module-path"], strings.TrimPrefix(get["pin-source"], "file:")}
	if !ok || u.token == "" || u.object == "" || u.module == "" || u.pinFile == "" {
		return token{}, fmt.Errorf("couldn't understand the PKCS#11 URI, which needs token, object, module-path and pin-source: %w", ErrFormat)
	}
	return token{u}, nil
}

// use lets f work with the key, and logs out.
func (t token) use(f func(*crypto11.SecretKey) error) error {
	pin, err := readPrivate(t.uri.pinFile, 4<<10)
	if err != nil {
		return fmt.Errorf("couldn't read the PIN: %w", err)
	}
	c, err := crypto11.Configure(&crypto11.Config{Path: t.uri.module, TokenLabel: t.uri.token, Pin: string(bytes.TrimSpace(pin))})
	if err != nil {
		return fmt.Errorf("couldn't open the token %s: %w", t.uri.token, err)
	}
	key, err := c.FindKey(nil, []byte(t.uri.object))
	if err == nil && key == nil {
		err = ErrNotFound
	}
	if err != nil {
		return errors.Join(fmt.Errorf("couldn't find the key %s in the token %s: %w", t.uri.object, t.uri.token, err), c.Close())
	}
	return errors.Join(f(key), c.Close())
}

// Wrap implements age.Recipient.
func (t token) Wrap(fileKey []byte) (stanzas []*age.Stanza, err error) {
	err = t.use(func(key *crypto11.SecretKey) error {
		g, err := key.NewGCM()
		if err != nil {
			return fmt.Errorf("couldn't use the token's key: %w", err)
		}
		nonce := make([]byte, g.NonceSize())
		rand.Read(nonce) // never fails
		stanzas = []*age.Stanza{{Type: stanzaPKCS11, Args: []string{base64.RawStdEncoding.EncodeToString(nonce)},
			Body: g.Seal(nil, nonce, fileKey, []byte(stanzaPKCS11))}}
		return nil
	})
	return stanzas, err
}

// Unwrap implements age.Identity.
func (t token) Unwrap(stanzas []*age.Stanza) (fileKey []byte, err error) {
	if len(stanzas) != 1 || stanzas[0].Type != stanzaPKCS11 || len(stanzas[0].Args) != 1 {
		return nil, age.ErrIncorrectIdentity
	}
	nonce, err := base64.RawStdEncoding.Strict().DecodeString(stanzas[0].Args[0])
	if err != nil {
		return nil, age.ErrIncorrectIdentity
	}
	err = t.use(func(key *crypto11.SecretKey) error {
		g, err := key.NewGCM()
		if err != nil || len(nonce) != g.NonceSize() {
			return errors.Join(err, age.ErrIncorrectIdentity)
		}
		if fileKey, err = g.Open(nil, nonce, stanzas[0].Body, []byte(stanzaPKCS11)); err != nil {
			return age.ErrIncorrectIdentity
		}
		return nil
	})
	return fileKey, err
}
