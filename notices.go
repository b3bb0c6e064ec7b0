package jisr

import (
	"strings"
)

// What reaches an official outside the pages: a calendar that programs subscribe to by a secret address, and mail that says that
// something waits. Both belong to the post and end with its holder:
//
//	official.feed (a secret) ---> another secret: the one before opens nothing any more
//	                         `--> official.feed (none), official.hand-over, official.end: there is none
//
//	official.notify (an address) ---> official.confirm: it is the post's own ---> official.notify (choices; none: no mail any more)
//	          ^                                                                          |
//	          '------------------------- another address: confirmed anew <---------------'

// The acts of what reaches an official outside the pages, in the house log, all about an official.
const (
	KindOfficialFeed    Kind = "official.feed"    // the address of the post's calendar: made, made anew, or ended
	KindOfficialNotify  Kind = "official.notify"  // which mail the post wants; content, where the address is another: NotifyBody
	KindOfficialConfirm Kind = "official.confirm" // who holds the post reads what is sent to the address
)

// FeedTerms is the terms of official.feed. The secret itself is 256 random bits, so its hash gives nothing away. Empty: there is
// no calendar any more.
type FeedTerms struct {
	Secret Commitment `json:"secret,omitempty"`
}

// Feed is the calendar of a post.
type Feed struct {
	Secret Commitment `json:"secret"`
	Made   Step       `json:"made"`
}

// MayFeed is what making or ending a calendar would meet.
func (acc *Account) MayFeed(t *FeedTerms) error {
	if acc.Ended != nil {
		return Refuse(NoSuch, "official")
	}
	if t.Secret == "" {
		if acc.Feed == nil {
			return Refuse(NoSuch, "calendar")
		}
		return nil
	}
	if _, ok := t.Secret.Sum(); !ok {
		return Refuse(Malformed, "secret")
	}
	return nil
}

// feed applies official.feed to a copy of the account.
func (acc *Account) feed(a *Act) error {
	t, err := terms[FeedTerms](a)
	if err == nil {
		err = acc.MayFeed(&t)
	}
	if err != nil {
		return err
	}
	acc.Feed = nil
	if t.Secret != "" {
		acc.Feed = &Feed{Secret: t.Secret, Made: a.step()}
	}
	return nil
}

// NotifyTerms is the terms of official.notify: what the post is told by mail, and when. Nothing chosen: nothing, and the address is
// not its any more.
type NotifyTerms struct {
	Digest bool   `json:"digest,omitempty"` // once on each working day, at an hour …
	Hour   int    `json:"hour,omitempty"`   // … from 0 to 23, of the member's clock
	Each   bool   `json:"each,omitempty"`   // as soon as something waits
	Invite bool   `json:"invite,omitempty"` // invitations to meetings, for calendars
	Lang   string `json:"lang"`             // of what is written
}

// None tells whether nothing is chosen.
func (t *NotifyTerms) None() bool { return !t.Digest && !t.Each && !t.Invite }

// Check holds the choices against their bounds.
func (t *NotifyTerms) Check() error {
	if t.Hour < 0 || t.Hour > 23 {
		return Refuse(Malformed, "hour", "want", "0-23")
	}
	if len(t.Lang) < 2 || len(t.Lang) > 8 || !validID(t.Lang, false) {
		return Refuse(Malformed, "lang", "want", "ar")
	}
	return nil
}

// DigestDue tells whether the digest of a day is to be sent at an hour of it. What could not be sent at its hour is sent later the
// same day; on a free day there is none, and what it would have said stands in the next.
func (t *NotifyTerms) DigestDue(free bool, hour int) bool { return t.Digest && !free && hour >= t.Hour }

// NotifyBody is the content of official.notify: content, so that it can be erased.
type NotifyBody struct {
	Address string `json:"address"`
}

// Check holds an address to what every server takes (RFC 5321 section 4.1.2, without quotes, literals and comments): what has no
// space, angle bracket or line end cannot be a header or a second addressee.
func (b *NotifyBody) Check() error {
	local, domain, ok := strings.Cut(b.Address, "@")
	bad := Refuse(Malformed, "address", "want", "office@mofa.gov.iq")
	if !ok || len(b.Address) > MaxAddress || len(local) > 64 {
		return bad
	}
	for _, part := range strings.Split(local, ".") {
		if part == "" || strings.Trim(part, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$&'*+-/=?^_`{|}~") != "" {
			return bad
		}
	}
	labels := strings.Split(domain, ".")
	for _, l := range labels {
		if l == "" || len(l) > 63 || l[0] == '-' || l[len(l)-1] == '-' || strings.Trim(l, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") != "" {
			return bad
		}
	}
	if len(labels) < 2 {
		return bad
	}
	return nil
}

// Notify is what a post is told by mail.
type Notify struct {
	NotifyTerms
	Address   Index `json:"address"` // of the act of the house log whose content is the address
	Given     Step  `json:"given"`   // that act
	Confirmed *Step `json:"confirmed,omitempty"`
}

// ConfirmTerms is the terms of official.confirm: which address.
type ConfirmTerms struct {
	Address Index `json:"address"`
}

// MayNotify is what choosing would meet; fresh tells that the act brings an address.
func (acc *Account) MayNotify(t *NotifyTerms, fresh bool) error {
	switch {
	case acc.Ended != nil:
		return Refuse(NoSuch, "official")
	case t.None() && fresh:
		return Refuse(Missing, "notices")
	case !fresh && acc.Notify == nil:
		return Refuse(Missing, "address")
	}
	return t.Check()
}

// MayConfirm is what confirming an address would meet.
func (acc *Account) MayConfirm(t *ConfirmTerms) error {
	switch {
	case acc.Ended != nil || acc.Notify == nil || acc.Notify.Address != t.Address:
		return Refuse(Lapsed, "address")
	case acc.Notify.Confirmed != nil:
		return Refuse(Already, "confirm")
	}
	return nil
}

// notify applies official.notify to a copy of the account.
func (acc *Account) notify(a *Act) error {
	t, err := terms[NotifyTerms](a)
	if err == nil {
		err = acc.MayNotify(&t, a.Content != nil)
	}
	if err != nil {
		return err
	}
	if t.None() {
		acc.Notify = nil
		return nil
	}
	next := Notify{NotifyTerms: t, Address: a.Index, Given: a.step()}
	if a.Content == nil {
		next.Address, next.Given, next.Confirmed = acc.Notify.Address, acc.Notify.Given, acc.Notify.Confirmed
	}
	acc.Notify = &next
	return nil
}

// confirm applies official.confirm to a copy of the account.
func (acc *Account) confirm(a *Act) error {
	t, err := terms[ConfirmTerms](a)
	if err == nil {
		err = acc.MayConfirm(&t)
	}
	if err != nil {
		return err
	}
	next, s := *acc.Notify, a.step()
	next.Confirmed = &s
	acc.Notify = &next
	return nil
}

// Revision rises with each change of what a calendar shows of a thing (SEQUENCE, RFC 5545 section 3.8.7.4); 0 where a change makes
// another entry.
func (s *State) Revision() int {
	switch {
	case s.Meeting != nil:
		return s.Meeting.Revision()
	case s.Commitment != nil:
		return s.Commitment.Revision()
	}
	return 0
}

// Revision counts what was said of the day of a session. A proposal weighs more than what another agreed day sets aside.
func (m *Meeting) Revision() int {
	n := 4 * len(m.Dates)
	for i := range m.Dates {
		if m.Dates[i].Done {
			n += 2
		}
	}
	for _, h := range []*Halt{m.Postponed, m.Cancelled} {
		if h != nil {
			n++
		}
	}
	return n
}

// Revision counts what was said of the day of a commitment.
func (c *Undertaking) Revision() int {
	n := len(c.Proposals) + len(c.Extensions)
	for i := range c.Proposals {
		if c.Proposals[i].Done {
			n++
		}
	}
	for i := range c.Extensions {
		if c.Extensions[i].Granted {
			n++
		}
	}
	return n
}
