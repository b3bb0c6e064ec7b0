package node

import (
	"slices"

	"jisr"
)

// InviteOfficial makes an invitation for a post that has no passkey yet: Done.Secret, once. A new one takes the place of the one
// before.
type InviteOfficial struct{ ID jisr.OfficialID }

// EnrolPasskey adds a passkey to the caller's own post; see FinishEnrolment.
type EnrolPasskey struct{ jisr.EnrolTerms }

// RevokePasskey ends a passkey: one's own, or as an administrator anybody's. What it signed stays signed.
type RevokePasskey struct {
	ID         jisr.OfficialID
	Credential jisr.Bytes
}

// RecoverOfficial asks for the recovery of a post whose passkeys nobody holds any more. Another administrator restores it.
type RecoverOfficial struct{ ID jisr.OfficialID }

// RestoreOfficial confirms a recovery: every passkey of the post ends, and Done.Secret is a new invitation.
type RestoreOfficial struct{ ID jisr.OfficialID }

// HandOver gives a post another holder: its password, passkeys and sessions end. Done.Secret is an invitation, where the post
// has had no passkey; else another administrator restores it.
type HandOver struct{ ID jisr.OfficialID }

func (HandOver) verb() Verb        { return "official.hand-over" }
func (InviteOfficial) verb() Verb  { return "official.invite" }
func (EnrolPasskey) verb() Verb    { return "official.enrol" }
func (RevokePasskey) verb() Verb   { return "official.revoke" }
func (RecoverOfficial) verb() Verb { return "official.recover" }
func (RestoreOfficial) verb() Verb { return "official.restore" }

func (d *decision) account(id jisr.ThingID) (*jisr.Account, error) {
	if err := d.touch(id); err != nil {
		return nil, err
	}
	row, err := d.n.book.Account(d.ctx, id)
	return &row.Account, err
}

func (c InviteOfficial) decide(d *decision) error {
	acc, err := d.account(officialID(c.ID))
	if err == nil {
		err = acc.MayInvite()
	}
	if err != nil {
		return err
	}
	return d.invite(jisr.KindOfficialInvite, c.ID)
}

func (d *decision) invite(kind jisr.Kind, id jisr.OfficialID) error {
	d.done.Secret = newSecret(32)
	return d.house(planned{kind: kind, about: officialID(id), terms: jisr.InviteTerms{Invitation: invitationHash(d.done.Secret), Until: d.now.Add(inviteFor)}})
}

func (c HandOver) decide(d *decision) error {
	acc, err := d.account(officialID(c.ID))
	if err == nil {
		err = acc.MayHandOver()
	}
	if err == nil && slices.Contains(acc.Roles, jisr.Admin) { // nobody is in until the successor has come
		err = d.keepAnAdmin(officialID(c.ID))
	}
	if err != nil {
		return err
	}
	var t jisr.HandOverTerms
	if len(acc.Passkeys) == 0 {
		d.done.Secret = newSecret(32)
		t = jisr.HandOverTerms{Invitation: invitationHash(d.done.Secret), Until: d.now.Add(inviteFor)}
	}
	if err := d.house(planned{kind: jisr.KindOfficialHandOver, about: officialID(c.ID), terms: t}); err != nil {
		return err
	}
	for _, p := range acc.Valid() {
		if err := d.endSigners(p.Credential, ""); err != nil {
			return err
		}
	}
	return nil
}

func (c EnrolPasskey) decide(d *decision) error {
	acc, err := d.account(d.caller.Account)
	if err == nil {
		err = acc.MayEnrol(&c.EnrolTerms, d.now)
	}
	if err != nil {
		return err
	}
	return d.house(planned{kind: jisr.KindOfficialEnrol, about: d.caller.Account, terms: c.EnrolTerms})
}

func (c RevokePasskey) decide(d *decision) error {
	id := officialID(c.ID)
	if id != d.caller.Account && !d.caller.Has(jisr.Admin) {
		return jisr.Refuse(jisr.NotAllowed, "official.revoke", "role", string(jisr.Admin))
	}
	acc, err := d.account(id)
	if err != nil {
		return err
	}
	if _, ok := acc.Passkey(c.Credential); !ok {
		return jisr.Refuse(jisr.NoSuch, "passkey")
	}
	if err := d.house(planned{kind: jisr.KindOfficialRevoke, about: id, terms: jisr.RevokeTerms{Credential: c.Credential}}); err != nil {
		return err
	}
	return d.endSigners(c.Credential, "")
}

func (c RecoverOfficial) decide(d *decision) error {
	acc, err := d.account(officialID(c.ID))
	if err == nil {
		err = acc.MayRecover()
	}
	if err != nil {
		return err
	}
	return d.house(planned{kind: jisr.KindOfficialRecover, about: officialID(c.ID)})
}

func (c RestoreOfficial) decide(d *decision) error {
	acc, err := d.account(officialID(c.ID))
	if err == nil {
		err = acc.MayRestore(d.caller.By(), d.now)
	}
	if err != nil {
		return err
	}
	if err := d.invite(jisr.KindOfficialRestore, c.ID); err != nil {
		return err
	}
	for _, p := range acc.Valid() {
		if err := d.endSigners(p.Credential, ""); err != nil {
			return err
		}
	}
	return nil
}
