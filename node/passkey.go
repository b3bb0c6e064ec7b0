package node

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/protocol/webauthncbor"
	"github.com/go-webauthn/webauthn/protocol/webauthncose"
	"github.com/go-webauthn/webauthn/webauthn"

	"jisr"
	"jisr/book"
)

const (
	inviteFor      = 72 * time.Hour
	ceremonyWithin = 5 * time.Minute // between asking an authenticator and its answer
	maxAnswer      = 64 << 10        // bytes of an authenticator's answer as JSON
	purposeEnrol   = "enrol"
	purposeSignIn  = "sign-in"
)

// Relying names where passkeys sign when pages are reached at this host: the origin of the setting url, or, when there
// is none, localhost for trying out. A browser makes passkeys for domains only, so anything else is refused.
func (n *Node) Relying(host string) (jisr.Relying, error) {
	if n.config.URL == "" {
		name, _, err := net.SplitHostPort(host)
		if err != nil {
			name = host
		}
		if name != "localhost" {
			return jisr.Relying{}, jisr.Refuse(jisr.NoDomain, "passkey")
		}
	}
	u, err := url.Parse(n.base(host))
	if err != nil {
		return jisr.Relying{}, jisr.Refuse(jisr.NoDomain, "passkey")
	}
	at := jisr.Relying{Party: u.Hostname(), Origins: []string{u.Scheme + "://" + strings.ToLower(u.Host)}}
	if at.Check() != nil || net.ParseIP(at.Party) != nil {
		return jisr.Relying{}, jisr.Refuse(jisr.NoDomain, "passkey")
	}
	return at, nil
}

func sameRelying(a, b jisr.Relying) bool { return a.Party == b.Party }

// relyingParty is the library's view of where passkeys sign.
func relyingParty(at jisr.Relying, name string) (*webauthn.WebAuthn, error) {
	w, err := webauthn.New(&webauthn.Config{
		RPID: at.Party, RPOrigins: at.Origins, RPDisplayName: name, AttestationPreference: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			RequireResidentKey: protocol.ResidentKeyRequired(), ResidentKey: protocol.ResidentKeyRequirementRequired, UserVerification: protocol.VerificationRequired,
		},
		ExtensionsUnsolicitedOutputPolicy: protocol.UnsolicitedOutputPolicyIgnore, // none is asked for, and none is read
	})
	if err != nil {
		return nil, fmt.Errorf("couldn't set passkeys up for %s: %w", at.Party, err)
	}
	return w, nil
}

// holder is a post as the library sees one. Its handle is the name of the post: it identifies no person.
type holder struct {
	row  *book.AccountRow
	keys []webauthn.Credential
}

func (h *holder) WebAuthnID() []byte                         { return []byte(h.row.ID.Name()) }
func (h *holder) WebAuthnName() string                       { return h.row.ID.Name() }
func (h *holder) WebAuthnDisplayName() string                { s, _ := h.row.Account.Title.In("ar"); return s }
func (h *holder) WebAuthnCredentials() []webauthn.Credential { return h.keys }

// Ceremony is what a page needs to ask an authenticator: Options for the browser, and Asked, which comes back with the
// answer.
type Ceremony struct {
	Options json.RawMessage
	Asked   string
	Post    jisr.Text
}

// enrolment is what is sealed between asking for a new passkey and its coming.
type enrolment struct {
	Session    webauthn.SessionData `json:"session"`
	Official   jisr.ThingID         `json:"official"`
	Invitation jisr.Commitment      `json:"invitation,omitempty"`
	At         jisr.Relying         `json:"at"`
}

// BeginInvited begins the enrolment of a passkey by invitation.
func (n *Node) BeginInvited(ctx context.Context, invitation string, at jisr.Relying, from From) (Ceremony, error) {
	row, err := n.invited(ctx, invitation, from)
	if err != nil {
		return Ceremony{}, err
	}
	return n.beginEnrolment(row, invitationHash(invitation), at)
}

// invited finds the post that an invitation is for. Who guesses invitations is slowed down as who guesses passwords is; an
// invitation is 256 random bits.
func (n *Node) invited(ctx context.Context, invitation string, from From) (*book.AccountRow, error) {
	place := placeOf(from.Address)
	if err := n.slow(place, triesOfPlace); err != nil {
		return nil, err
	}
	rows, err := n.book.Accounts(ctx)
	if err != nil {
		return nil, err
	}
	if row := invitedTo(rows, invitationHash(invitation), n.now()); row != nil {
		return row, nil
	}
	n.tries.failed(place, n.now())
	return nil, jisr.Refuse(jisr.Lapsed, "invitation")
}

// invitedTo finds the post that an invitation is for, while it stands.
func invitedTo(rows []book.AccountRow, hash jisr.Commitment, now time.Time) *book.AccountRow {
	for i := range rows {
		if inv := rows[i].Account.Invitation; inv != nil && inv.Hash == hash && rows[i].Account.Ended == nil && !now.After(inv.Until) {
			return &rows[i]
		}
	}
	return nil
}

// BeginOwn begins the enrolment of a passkey for who is signed in with a password, which is asked for again, or through the
// identity provider, just now.
func (n *Node) BeginOwn(ctx context.Context, c Caller, password string, at jisr.Relying) (Ceremony, error) {
	if c.how == ByProvider {
		if n.NeedsPassword(c) {
			return Ceremony{}, jisr.Refuse(jisr.Unconfirmed, "official.enrol")
		}
		row, err := n.book.Account(ctx, c.Account)
		if err == nil && len(row.Account.Passkeys) > 0 {
			err = jisr.Refuse(jisr.Unsigned, "official.enrol")
		}
		if err != nil {
			return Ceremony{}, err
		}
		return n.beginEnrolment(&row, "", at)
	}
	row, err := n.checkPassword(ctx, c.Account.Name(), password, c.address)
	if err != nil {
		return Ceremony{}, err
	}
	return n.beginEnrolment(row, "", at)
}

// BeginMore begins the enrolment of a further passkey; a good answer of one that is there asks for it, so that a stolen
// session enrols nothing.
func (n *Node) BeginMore(ctx context.Context, c Caller, asked string, answer []byte, at jisr.Relying) (Ceremony, error) {
	row, _, err := n.recognise(ctx, asked, answer, at)
	if err != nil {
		return Ceremony{}, err
	}
	if row.ID != c.Account {
		return Ceremony{}, jisr.Refuse(jisr.BadLogin, "passkey")
	}
	return n.beginEnrolment(row, "", at)
}

func (n *Node) beginEnrolment(row *book.AccountRow, invitation jisr.Commitment, at jisr.Relying) (Ceremony, error) {
	title, _ := n.self.Name.In("ar")
	w, err := relyingParty(at, title)
	if err != nil {
		return Ceremony{}, err
	}
	var known []protocol.CredentialDescriptor
	for _, p := range row.Account.Valid() {
		known = append(known, protocol.CredentialDescriptor{Type: protocol.PublicKeyCredentialType, CredentialID: protocol.URLEncodedBase64(p.Credential)})
	}
	options, session, err := w.BeginRegistration(&holder{row: row}, webauthn.WithCredentialParameters(algorithms()), webauthn.WithExclusions(known))
	if err != nil {
		return Ceremony{}, fmt.Errorf("couldn't begin the enrolment of a passkey: %w", err)
	}
	asked, err := json.Marshal(enrolment{Session: *session, Official: row.ID, Invitation: invitation, At: at})
	if err != nil {
		return Ceremony{}, err
	}
	raw, err := json.Marshal(options.Response)
	return Ceremony{Options: raw, Asked: n.seal(purposeEnrol, n.now().Add(ceremonyWithin), asked), Post: row.Account.Title}, err
}

// algorithms are those that jisr verifies.
func algorithms() []protocol.CredentialParameter {
	var all []protocol.CredentialParameter
	for _, a := range []jisr.Algorithm{jisr.ES256, jisr.EdDSA, jisr.RS256} {
		all = append(all, protocol.CredentialParameter{Type: protocol.PublicKeyCredentialType, Algorithm: webauthncose.COSEAlgorithmIdentifier(a)})
	}
	return all
}

// FinishEnrolment takes the new passkey and signs its official in: from now on the post has no password.
func (n *Node) FinishEnrolment(ctx context.Context, asked string, answer []byte, label string, from From) (string, error) {
	raw, err := n.unseal(purposeEnrol, asked)
	if err != nil {
		return "", err
	}
	var e enrolment
	if err := json.Unmarshal(raw, &e); err != nil {
		return "", fmt.Errorf("internal error: couldn't read what was sealed here: %w", err)
	}
	row, err := n.book.Account(ctx, e.Official)
	if err != nil {
		return "", err
	}
	made, err := n.created(&e, &row, answer)
	if err != nil {
		return "", err
	}
	key, err := publicKey(made.PublicKey)
	if err != nil {
		return "", err
	}
	c, err := n.callerOf(ctx, &row)
	if err != nil {
		return "", err
	}
	_, err = n.Do(ctx, c, EnrolPasskey{jisr.EnrolTerms{Invitation: e.Invitation, Credential: made.ID, Key: key, At: e.At, Label: label}})
	if err != nil {
		return "", err
	}
	return n.begin(Session{Account: row.ID, How: ByPasskey, Credential: made.ID}, from)
}

func (n *Node) created(e *enrolment, row *book.AccountRow, answer []byte) (*webauthn.Credential, error) {
	bad := jisr.Refuse(jisr.BadSignature, "enrolment")
	if len(answer) > maxAnswer {
		return nil, bad
	}
	w, err := relyingParty(e.At, "jisr")
	if err != nil {
		return nil, err
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes(answer)
	if err != nil {
		return nil, bad
	}
	made, err := w.CreateCredential(&holder{row: row}, e.Session, parsed)
	if err != nil {
		n.log.Info("a new passkey was refused", "err", err)
		return nil, bad
	}
	return made, nil
}

// publicKey turns a COSE key (RFC 9052 section 7) into what everybody can read.
func publicKey(cose []byte) (jisr.PublicKey, error) {
	bad := jisr.Refuse(jisr.Malformed, "key", "want", "a public key of ES256, EdDSA or RS256")
	parsed, err := webauthncose.ParsePublicKey(cose)
	if err != nil {
		return jisr.PublicKey{}, bad
	}
	var key any
	var alg int64
	switch k := parsed.(type) {
	case webauthncose.EC2PublicKeyData:
		alg = k.Algorithm
		if key, err = k.ToECDSA(); err != nil {
			return jisr.PublicKey{}, bad
		}
	case webauthncose.OKPPublicKeyData:
		key, alg = ed25519.PublicKey(k.XCoord), k.Algorithm
	case webauthncose.RSAPublicKeyData:
		key, alg = &rsa.PublicKey{N: new(big.Int).SetBytes(k.Modulus), E: int(new(big.Int).SetBytes(k.Exponent).Int64())}, k.Algorithm
	default:
		return jisr.PublicKey{}, bad
	}
	spki, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return jisr.PublicKey{}, bad
	}
	public := jisr.PublicKey{Algorithm: jisr.Algorithm(alg), SPKI: spki}
	return public, public.Check()
}

// coseKey turns it back, for the library.
func coseKey(k jisr.PublicKey) ([]byte, error) {
	parsed, err := x509.ParsePKIXPublicKey(k.SPKI)
	if err != nil {
		return nil, fmt.Errorf("internal error: a key that was checked does not parse: %w", err)
	}
	head := webauthncose.PublicKeyData{Algorithm: int64(k.Algorithm)}
	switch p := parsed.(type) {
	case *ecdsa.PublicKey:
		point, err := p.Bytes() // 4, x, y
		if err != nil || p.Curve != elliptic.P256() {
			return nil, fmt.Errorf("internal error: a key that was checked is on another curve")
		}
		head.KeyType = int64(webauthncose.EllipticKey)
		return webauthncbor.Marshal(webauthncose.EC2PublicKeyData{PublicKeyData: head, Curve: int64(webauthncose.P256), XCoord: point[1:33], YCoord: point[33:]})
	case ed25519.PublicKey:
		head.KeyType = int64(webauthncose.OctetKey)
		return webauthncbor.Marshal(webauthncose.OKPPublicKeyData{PublicKeyData: head, Curve: int64(webauthncose.Ed25519), XCoord: p})
	case *rsa.PublicKey:
		head.KeyType = int64(webauthncose.RSAKey)
		return webauthncbor.Marshal(webauthncose.RSAPublicKeyData{PublicKeyData: head, Modulus: p.N.Bytes(), Exponent: big.NewInt(int64(p.E)).Bytes()})
	}
	return nil, fmt.Errorf("internal error: a key that was checked is of no known kind")
}

// BeginSignIn begins signing in with a passkey. It asks for no name: the authenticator knows which it has for here.
func (n *Node) BeginSignIn(at jisr.Relying) (Ceremony, error) {
	w, err := relyingParty(at, "jisr")
	if err != nil {
		return Ceremony{}, err
	}
	options, session, err := w.BeginDiscoverableLogin(webauthn.WithUserVerification(protocol.VerificationRequired))
	if err != nil {
		return Ceremony{}, fmt.Errorf("couldn't begin signing in: %w", err)
	}
	asked, err := json.Marshal(session)
	if err != nil {
		return Ceremony{}, err
	}
	raw, err := json.Marshal(options.Response)
	return Ceremony{Options: raw, Asked: n.seal(purposeSignIn, n.now().Add(ceremonyWithin), asked)}, err
}

// FinishSignIn checks the answer and gives a session for a cookie. No refusal tells whether there is such a passkey.
func (n *Node) FinishSignIn(ctx context.Context, asked string, answer []byte, at jisr.Relying, from From) (string, error) {
	place := placeOf(from.Address)
	if err := n.slow(place, triesOfPlace); err != nil {
		return "", err
	}
	row, credential, err := n.recognise(ctx, asked, answer, at)
	if isRefusal(err, jisr.BadLogin) {
		n.tries.failed(place, n.now())
	}
	if err != nil {
		return "", err
	}
	return n.begin(Session{Account: row.ID, How: ByPasskey, Credential: credential}, from)
}

// recognise finds whose passkey answered. An answer is taken once.
func (n *Node) recognise(ctx context.Context, asked string, answer []byte, at jisr.Relying) (*book.AccountRow, jisr.Bytes, error) {
	raw, err := n.unseal(purposeSignIn, asked)
	if err != nil {
		return nil, nil, err
	}
	bad := jisr.Refuse(jisr.BadLogin, "passkey")
	var session webauthn.SessionData
	if err := json.Unmarshal(raw, &session); err != nil {
		return nil, nil, fmt.Errorf("internal error: couldn't read what was sealed here: %w", err)
	}
	w, err := relyingParty(at, "jisr")
	if err != nil || session.RelyingPartyID != at.Party || len(answer) > maxAnswer {
		return nil, nil, errors.Join(err, bad)
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes(answer)
	if err != nil {
		return nil, nil, bad
	}
	var row *book.AccountRow
	var failed error
	_, made, err := w.ValidatePasskeyLogin(func(id, handle []byte) (webauthn.User, error) {
		h, err := n.holderOf(ctx, id, handle, at, parsed.Response.AuthenticatorData.Flags.HasBackupEligible())
		if err != nil {
			if !isRefused(err) {
				failed = err
			}
			return nil, err
		}
		row = h.row
		return h, nil
	}, session, parsed)
	if failed != nil {
		return nil, nil, failed
	}
	if err != nil || !n.spent.first(session.Challenge, n.now(), ceremonyWithin) {
		return nil, nil, bad
	}
	return row, made.ID, nil
}

// holderOf finds the post of a passkey: by what the authenticator remembered of it, and then by the passkey itself.
func (n *Node) holderOf(ctx context.Context, credential, handle []byte, at jisr.Relying, backupEligible bool) (*holder, error) {
	refused := jisr.Refuse(jisr.BadLogin, "passkey")
	if !jisr.ValidName(string(handle)) {
		return nil, refused
	}
	row, err := n.book.Account(ctx, officialID(jisr.OfficialID(handle)))
	if isRefusal(err, jisr.NoSuch) {
		return nil, refused
	}
	if err != nil {
		return nil, err
	}
	p, ok := row.Account.Passkey(credential)
	if !ok || row.Account.Ended != nil || !sameRelying(p.At, at) {
		return nil, refused
	}
	cose, err := coseKey(p.Key)
	if err != nil {
		return nil, err
	}
	key := webauthn.Credential{ID: p.Credential, PublicKey: cose}
	key.Flags.BackupEligible = backupEligible // whether a passkey may be copied is between its holder and its maker
	return &holder{row: &row, keys: []webauthn.Credential{key}}, nil
}

// getOptions is what navigator.credentials.get takes to have a challenge signed with one of these passkeys.
func getOptions(at jisr.Relying, challenge []byte, keys []jisr.Passkey) (json.RawMessage, error) {
	w, err := relyingParty(at, "jisr")
	if err != nil {
		return nil, err
	}
	var allowed []protocol.CredentialDescriptor
	for _, p := range keys {
		allowed = append(allowed, protocol.CredentialDescriptor{Type: protocol.PublicKeyCredentialType, CredentialID: protocol.URLEncodedBase64(p.Credential)})
	}
	options, _, err := w.BeginDiscoverableLogin(webauthn.WithChallenge(challenge), webauthn.WithAllowedCredentials(allowed), webauthn.WithUserVerification(protocol.VerificationRequired))
	if err != nil {
		return nil, fmt.Errorf("couldn't ask for a signature: %w", err)
	}
	return json.Marshal(options.Response)
}

// ReadAnswer reads what an authenticator answered to being asked for a signature, as a browser's toJSON gives it.
func ReadAnswer(answer []byte) (jisr.Signature, error) {
	bad := jisr.Refuse(jisr.BadSignature, "clientDataJSON")
	if len(answer) > maxAnswer {
		return jisr.Signature{}, bad
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes(answer)
	if err != nil {
		return jisr.Signature{}, bad
	}
	r := parsed.Raw.AssertionResponse
	return jisr.Signature{Credential: parsed.RawID, AuthenticatorData: jisr.Bytes(r.AuthenticatorData), ClientDataJSON: jisr.Bytes(r.ClientDataJSON), Signature: jisr.Bytes(r.Signature)}, nil
}

// spent remembers which answers were taken, while they could come again. mu guards the map; what is in it was answered
// by a passkey of this house.
type spent struct {
	mu   sync.Mutex
	seen map[string]time.Time
}

// first tells whether the challenge is answered for the first time.
func (s *spent) first(challenge string, now time.Time, keep time.Duration) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c, until := range s.seen {
		if now.After(until) {
			delete(s.seen, c)
		}
	}
	if _, again := s.seen[challenge]; again {
		return false
	}
	if s.seen == nil {
		s.seen = map[string]time.Time{}
	}
	s.seen[challenge] = now.Add(keep)
	return true
}

func invitationHash(invitation string) jisr.Commitment {
	return jisr.Commit(sha256.Sum256([]byte("jisr invitation/v1\n" + invitation)))
}
