package link

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"path/filepath"
	"time"

	"jisr/ledger"
)

// identityFile holds certificate and private key of the link: PEM, sealed at rest, mode 0600.
const identityFile = "link.pem"

// Identity is this node's TLS certificate and its private key. The certificate is self-signed and says
// nothing: what counts is the pin of its key in the letter of credence.
type Identity struct{ certificate tls.Certificate }

// Pin is the SHA-256 of the certificate's SubjectPublicKeyInfo (RFC 7469 section 2.4).
func (id Identity) Pin() [32]byte { return pinOf(id.certificate.Leaf) }

func pinOf(c *x509.Certificate) [32]byte { return sha256.Sum256(c.RawSubjectPublicKeyInfo) }

// GenerateIdentity makes a P-256 key and its certificate and writes both to dir. It never overwrites: a pin
// that changed would shut this member out everywhere. A crash before it returns leaves a file without a
// letter of credence that names it, which init reports.
func GenerateIdentity(v *ledger.Vault, dir string) (Identity, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return Identity{}, fmt.Errorf("couldn't make the link's key: %w", err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "jisr link"},
		NotBefore: time.Unix(0, 0), NotAfter: time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC), // RFC 5280 section 4.1.2.5: no end
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return Identity{}, fmt.Errorf("couldn't make the link's certificate: %w", err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return Identity{}, fmt.Errorf("couldn't encode the link's key: %w", err)
	}
	out := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	out = append(out, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8})...)
	if err := v.Create(filepath.Join(dir, identityFile), out); err != nil {
		return Identity{}, fmt.Errorf("couldn't write the link's key: %w", err)
	}
	return ReadIdentity(v, dir)
}

// ReadIdentity reads what GenerateIdentity wrote.
func ReadIdentity(v *ledger.Vault, dir string) (Identity, error) {
	raw, err := v.Read(filepath.Join(dir, identityFile))
	if err != nil {
		return Identity{}, fmt.Errorf("couldn't read the link's key: %w", err)
	}
	cert, err := tls.X509KeyPair(raw, raw)
	if err != nil {
		return Identity{}, fmt.Errorf("couldn't read the link's key: %w", err)
	}
	return Identity{cert}, nil
}

// errPin: the certificate shown is not the one the letters of credence name.
var errPin = errors.New("the certificate is not the one pinned in a letter of credence")

// tlsConfig is the same for both directions: TLS 1.3, the hybrid key exchange and nothing else, mutual
// certificates, no CA, no session tickets (each connection shows its certificate anew). check sees the pin
// the other side proved to hold.
func (id Identity) tlsConfig(check func(pin [32]byte) error) *tls.Config {
	return &tls.Config{
		MinVersion:             tls.VersionTLS13,
		CurvePreferences:       []tls.CurveID{tls.X25519MLKEM768},
		Certificates:           []tls.Certificate{id.certificate},
		NextProtos:             []string{"http/1.1"},
		ClientAuth:             tls.RequireAnyClientCert,
		InsecureSkipVerify:     true, // no CA vouches for anyone: VerifyConnection holds the key against the pins
		SessionTicketsDisabled: true,
		VerifyConnection: func(s tls.ConnectionState) error {
			if len(s.PeerCertificates) == 0 {
				return errPin
			}
			return check(pinOf(s.PeerCertificates[0]))
		},
	}
}
