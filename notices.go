package jisr

// What reaches an official outside the pages: a calendar that programs subscribe to by a secret address. It belongs to the
// post and ends with its holder:
//
//	official.feed (a secret) ---> another secret: the one before opens nothing any more
//	                         `--> official.feed (none), official.hand-over, official.end: there is none

// The acts of what reaches an official outside the pages, in the house log, all about an official.
const (
	KindOfficialFeed Kind = "official.feed" // the address of the post's calendar: made, made anew, or ended
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
