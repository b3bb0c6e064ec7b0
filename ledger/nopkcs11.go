//go:build !pkcs11

package ledger

import (
	"errors"

	"filippo.io/age"
)

// token is what a program built without PKCS#11 has in place of one; see pkcs11.go.
type token struct{}

func openToken(string) (token, error) {
	return token{}, errors.New("couldn't use PKCS#11: this program was built without it (go build -tags pkcs11)")
}

func (token) Wrap([]byte) ([]*age.Stanza, error)   { return nil, age.ErrIncorrectIdentity }
func (token) Unwrap([]*age.Stanza) ([]byte, error) { return nil, age.ErrIncorrectIdentity }
