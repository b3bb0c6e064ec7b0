package jisr

import (
	"bytes"
	"slices"
	"time"
)

// How an official gets in. A post begins with an invitation that an administrator hands over, or with a password; from
// its first passkey on it has no password any more:
//
//	official.add ---> invited ---> passkey enrolled ---> more passkeys, ended ones
//	                     ^                                        |
//	                     +--- restored by a second administrator <--- recovery asked for by one
//
// Nobody gets into a post alone that has had a passkey: an administrator asks for its recovery, another restores it,
// and both stand in the house log.

// The acts of access, in the house log, all about an official.
const (
	KindOfficialInvite  Kind = "official.invite"  // an invitation, which works once
	KindOfficialEnrol   Kind = "official.enrol"   // a passkey
	KindOfficialRevoke  Kind = "official.revoke"  // ends a passkey
	KindOfficialRecover Kind = "official.recover" // an administrator: nobody holds a passkey of the post any more
	KindOfficialRestore Kind = "official.restore" // another administrator: ends its passkeys, and invites anew

	KindOfficialLink Kind = "official.link" // who it is at the house's identity provider

	// KindOfficialHandOver: the post gets another holder. Its password, passkeys and sessions end; what belongs to its desk
	// stays there. A post that never had a passkey is invited at once, another waits for a second administrator to restore it.
	KindOfficialHandOver Kind = "official.hand-over"
)

// InviteTerms is the terms of official.invite and official.restore. The invitation itself is 256 random bits, so its
// hash gives nothing away.
type InviteTerms struct {
	Invitation Commitment `json:"invitation"` // "sha256:" of the invitation
	Until      time.Time  `json:"until"`
}

// HandOverTerms is the terms of official.hand-over. Invitation empty: the post has had a passkey.
type HandOverTerms struct {
	Invitation Commitment `json:"invitation,omitempty"`
	Until      time.Time  `json:"until,omitzero"`
}

// EnrolTerms is the terms of official.enrol. Invitation empty: the official was in already.
type EnrolTerms struct {
	Invitation Commitment `json:"invitation,omitempty"`
	Credential Bytes      `json:"credential"`
	Key        PublicKey  `json:"key"`
	At         Relying    `json:"at"`
	Label      string     `json:"label,omitempty"` // what the official calls it
}

// RevokeTerms is the terms of official.revoke.
type RevokeTerms struct {
	Credential Bytes `json:"credential"`
}

// LinkTerms is the terms of official.link. Invitation empty: the post was made at this sign-in, within what the operator's
// mapping of groups allows.
type LinkTerms struct {
	Invitation Commitment `json:"invitation,omitempty"`
	Salt       Bytes      `json:"salt"`
	Subject    Commitment `json:"subject"`           // "sha256:" of salt, issuer and subject: a subject may be a number that identifies a person
	Managed    bool       `json:"managed,omitempty"` // desk and roles follow the groups there
}

// Identity is who a post is at the house's identity provider.
type Identity struct {
	Salt    Bytes      `json:"salt"`
	Subject Commitment `json:"subject"`
	Managed bool       `json:"managed,omitempty"`
	Linked  Step       `json:"linked"`
}

// Passkey is one passkey of a post.
type Passkey struct {
	Credential Bytes     `json:"credential"`
	Key        PublicKey `json:"key"`
	At         Relying   `json:"at"`
	Label      string    `json:"label,omitempty"`
	Enrolled   Step      `json:"enrolled"`
	Revoked    *Step     `json:"revoked,omitempty"`
}

// Invitation is the newest invitation of a post. It is gone when it was used.
type Invitation struct {
	Hash  Commitment `json:"hash"`
	Until time.Time  `json:"until"`
	By    *By        `json:"by,omitempty"`
}

// RecoverWithin is how long a recovery that was asked for can be confirmed.
const RecoverWithin = 72 * time.Hour

// Valid lists the passkeys that are not revoked.
func (acc *Account) Valid() []Passkey {
	return slices.DeleteFunc(slices.Clone(acc.Passkeys), func(p Passkey) bool { return p.Revoked != nil })
}

// Passkey finds a passkey that is not revoked.
func (acc *Account) Passkey(credential Bytes) (Passkey, bool) {
	i := slices.IndexFunc(acc.Passkeys, func(p Passkey) bool { return p.Revoked == nil && bytes.Equal(p.Credential, credential) })
	if i < 0 {
		return Passkey{}, false
	}
	return acc.Passkeys[i], true
}

// ByPassword tells whether the post still signs in with a password: until its first passkey, or until an identity provider
// vouches for it.
func (acc *Account) ByPassword() bool { return len(acc.Passkeys) == 0 && acc.Identity == nil }

// MayInvite is what an invitation written now would meet.
func (acc *Account) MayInvite() error {
	if acc.Ended != nil {
		return Refuse(NoSuch, "official")
	}
	if len(acc.Passkeys) > 0 {
		return Refuse(SecondAdmin, "official")
	}
	return nil
}

// MayEnrol is what the enrolment of a passkey written at this time would meet.
func (acc *Account) MayEnrol(t *EnrolTerms, at time.Time) error {
	if err := t.check(); err != nil {
		return err
	}
	switch inv := acc.Invitation; {
	case acc.Ended != nil:
		return Refuse(Lapsed, "invitation")
	case t.Invitation == "": // in already; how it showed that is for the node to say
	case inv == nil || inv.Hash != t.Invitation || at.After(inv.Until):
		return Refuse(Lapsed, "invitation")
	}
	if len(acc.Valid()) >= MaxPasskeys || len(acc.Passkeys) >= MaxPasskeysEver {
		return Refuse(TooMany, "passkeys", "max", itoa(MaxPasskeys))
	}
	if slices.ContainsFunc(acc.Passkeys, func(p Passkey) bool { return bytes.Equal(p.Credential, t.Credential) }) {
		return Refuse(Already, "passkey")
	}
	return nil
}

// MayLink is what linking the post to an identity would meet at this time. How who came without an invitation showed who it
// is, is for the node to say.
func (acc *Account) MayLink(t *LinkTerms, at time.Time) error {
	if _, ok := t.Subject.Sum(); !ok || len(t.Salt) != saltSize {
		return Refuse(Malformed, "subject")
	}
	switch inv := acc.Invitation; {
	case acc.Ended != nil:
		return Refuse(NoSuch, "official")
	case t.Invitation == "" && acc.Identity != nil:
		return Refuse(NotLinked, "official")
	case t.Invitation != "" && (inv == nil || inv.Hash != t.Invitation || at.After(inv.Until)):
		return Refuse(Lapsed, "invitation")
	}
	return nil
}

const saltSize = 16 // bytes

// MayRecover is what asking for a recovery would meet.
func (acc *Account) MayRecover() error {
	if acc.Ended != nil || len(acc.Passkeys) == 0 {
		return Refuse(NoSuch, "passkey")
	}
	return nil
}

// MayRestore is what confirming a recovery at this time would meet.
func (acc *Account) MayRestore(by By, at time.Time) error {
	if acc.Ended != nil || acc.Recovery == nil || at.After(acc.Recovery.At.Add(RecoverWithin)) {
		return Refuse(Lapsed, "recovery")
	}
	if asked := acc.Recovery.By; asked == nil || asked.Official == by.Official {
		return Refuse(SecondAdmin, "official")
	}
	return nil
}

func (t *EnrolTerms) check() error {
	if len(t.Credential) == 0 || len(t.Credential) > MaxCredentialID {
		return Refuse(TooLong, "credential", "max", itoa(MaxCredentialID), "got", itoa(len(t.Credential)))
	}
	if err := (Text{"und": t.Label}).Check("label", MaxTitle); err != nil {
		return err
	}
	if err := t.Key.Check(); err != nil {
		return err
	}
	return t.At.Check()
}

// access applies an act of access to a copy of the account.
func (acc *Account) access(a *Act) error {
	by := By{}
	if a.By != nil {
		by = *a.By
	}
	switch a.Kind {
	case KindOfficialInvite:
		if err := acc.MayInvite(); err != nil {
			return err
		}
		return acc.invite(a)
	case KindOfficialEnrol:
		return acc.enrol(a)
	case KindOfficialRevoke:
		return acc.revoke(a)
	case KindOfficialRecover:
		if err := acc.MayRecover(); err != nil {
			return err
		}
		s := a.step()
		acc.Recovery = &s
	case KindOfficialRestore:
		if err := acc.MayRestore(by, a.At); err != nil {
			return err
		}
		acc.endPasskeys(a.step())
		acc.Recovery, acc.Identity = nil, nil
		return acc.invite(a)
	case KindOfficialLink:
		return acc.link(a)
	case KindOfficialHandOver:
		return acc.handOver(a)
	case KindOfficialFeed:
		return acc.feed(a)
	case KindOfficialNotify:
		return acc.notify(a)
	case KindOfficialConfirm:
		return acc.confirm(a)
	}
	return nil
}

func (acc *Account) endPasskeys(s Step) {
	acc.Passkeys = slices.Clone(acc.Passkeys)
	for i := range acc.Passkeys {
		if acc.Passkeys[i].Revoked == nil {
			acc.Passkeys[i].Revoked = &s
		}
	}
}

// MayHandOver is what a hand-over would meet.
func (acc *Account) MayHandOver() error {
	if acc.Ended != nil {
		return Refuse(NoSuch, "official")
	}
	return nil
}

// handOver closes the post to its former holder: the password has no verifier any more, every passkey ends, and the identity
// provider vouches for nobody.
func (acc *Account) handOver(a *Act) error {
	t, err := terms[HandOverTerms](a)
	if err == nil {
		err = acc.MayHandOver()
	}
	if err != nil {
		return err
	}
	s := a.step()
	if len(acc.Passkeys) > 0 {
		acc.endPasskeys(s)
		acc.Recovery, acc.Invitation = &s, nil
	} else if _, ok := t.Invitation.Sum(); ok {
		acc.Invitation = &Invitation{Hash: t.Invitation, Until: t.Until, By: a.By}
	}
	acc.Secret, acc.HandedOver, acc.Identity, acc.Feed, acc.Notify = a.Index, &s, nil, nil, nil
	return nil
}

func (acc *Account) invite(a *Act) error {
	t, err := terms[InviteTerms](a)
	if _, ok := t.Invitation.Sum(); err == nil && !ok {
		err = Refuse(Malformed, "invitation")
	}
	if err != nil {
		return err
	}
	acc.Invitation = &Invitation{Hash: t.Invitation, Until: t.Until, By: a.By}
	return nil
}

func (acc *Account) link(a *Act) error {
	t, err := terms[LinkTerms](a)
	if err == nil {
		err = acc.MayLink(&t, a.At)
	}
	if err != nil {
		return err
	}
	acc.Identity = &Identity{Salt: t.Salt, Subject: t.Subject, Managed: t.Managed, Linked: a.step()}
	acc.Invitation, acc.Recovery = nil, nil
	return nil
}

func (acc *Account) enrol(a *Act) error {
	t, err := terms[EnrolTerms](a)
	if err == nil {
		err = acc.MayEnrol(&t, a.At)
	}
	if err != nil {
		return err
	}
	acc.Passkeys = append(slices.Clone(acc.Passkeys), Passkey{Credential: t.Credential, Key: t.Key, At: t.At, Label: t.Label, Enrolled: a.step()})
	acc.Invitation, acc.Recovery = nil, nil
	return nil
}

func (acc *Account) revoke(a *Act) error {
	t, err := terms[RevokeTerms](a)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(acc.Passkeys, func(p Passkey) bool { return p.Revoked == nil && bytes.Equal(p.Credential, t.Credential) })
	if i < 0 {
		return Refuse(NoSuch, "passkey")
	}
	s := a.step()
	acc.Passkeys = slices.Clone(acc.Passkeys)
	acc.Passkeys[i].Revoked = &s
	return nil
}
