package node

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"encoding/hex"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"jisr"
	"jisr/book"
	"jisr/outbox"
)

// What a post is told by mail, and when: that something waits and where, never what. A message is queued in the outbox when there
// is something to tell, and written when it is sent, from what is true then.

const (
	confirmFor  = 72 * time.Hour     // an address is confirmed within
	maxConfirms = 5                  // addresses a post may try in a day: nobody sends mail to strangers through a node
	firstRetry  = 20 * time.Second   // after a refusal for the time being; doubled each time …
	lastRetry   = 4 * time.Hour      // … up to this
	giveUpAfter = 4 * 24 * time.Hour // RFC 5321 section 4.5.4.1
	fileOutbox  = "outbox.db"        // what was mailed: who loses it tells of nothing twice, and of what waits then not at all
)

// The kinds of mail.
const (
	MailConfirm = "confirm"    // an address is to be confirmed
	MailEach    = "each"       // something waits
	MailDigest  = "digest"     // what waits on a day
	MailInvite  = "invitation" // to a meeting, changed or cancelled
)

// SetNotify says which mail the caller wants. Address empty: it stays. Another address is confirmed by a code that is sent to it.
type SetNotify struct {
	Address string
	jisr.NotifyTerms
}

// ConfirmNotify confirms the caller's address by the code that was sent to it.
type ConfirmNotify struct{ Code string }

func (SetNotify) verb() Verb     { return "official.notify" }
func (ConfirmNotify) verb() Verb { return "official.confirm" }

func (c SetNotify) decide(d *decision) error {
	acc, err := d.ownPost()
	if err != nil {
		return err
	}
	if d.n.outbox == nil && !c.None() {
		return jisr.Refuse(jisr.Unavailable, "mail")
	}
	p := planned{kind: jisr.KindOfficialNotify, about: d.caller.Account, terms: c.NotifyTerms}
	if c.Address != "" {
		body := jisr.NotifyBody{Address: c.Address}
		if err := body.Check(); err != nil {
			return err
		}
		p.body = body
	}
	if err := acc.MayNotify(&c.NotifyTerms, p.body != nil); err != nil {
		return err
	}
	return d.house(p)
}

// decide takes the code of the newest address. Who guesses is slowed down; a code is 80 bits.
func (c ConfirmNotify) decide(d *decision) error {
	acc, err := d.ownPost()
	if err != nil {
		return err
	}
	who := "confirm " + string(d.caller.Account)
	if err := d.n.slow(who, triesOfName); err != nil {
		return err
	}
	if acc.Notify == nil {
		return jisr.Refuse(jisr.Lapsed, "address")
	}
	t := jisr.ConfirmTerms{Address: acc.Notify.Address}
	if err := acc.MayConfirm(&t); err != nil {
		return err
	}
	given := strings.ToLower(strings.NewReplacer("-", "", " ", "").Replace(c.Code))
	if len(c.Code) > 64 || subtle.ConstantTimeCompare([]byte(given), []byte(d.n.mailCode(d.caller.Account, acc.Notify.Address))) != 1 || d.now.After(acc.Notify.Given.At.Add(confirmFor)) {
		d.n.tries.failed(who, d.now)
		return jisr.Refuse(jisr.Lapsed, "code")
	}
	return d.house(planned{kind: jisr.KindOfficialConfirm, about: d.caller.Account, terms: t})
}

// ownPost is the caller's own account: a program has no mail.
func (d *decision) ownPost() (*jisr.Account, error) {
	if d.caller.Account.Noun() != "official" {
		return nil, jisr.Refuse(jisr.NotAllowed, "official.notify")
	}
	return d.account(d.caller.Account)
}

// mailCode is the code that confirms an address. It follows from the key of this node, so it is kept nowhere.
func (n *Node) mailCode(account jisr.ThingID, address jisr.Index) string {
	mac := n.mac("mail", string(account)+" "+strconv.FormatInt(int64(address), 10))
	return strings.ToLower(base32.StdEncoding.EncodeToString(mac[:10]))
}

// recipient is a post with an address that is still its own.
type recipient struct {
	Caller
	notify  jisr.Notify
	address string
}

func (n *Node) recipient(ctx context.Context, row *book.AccountRow) (r recipient, ok bool, err error) {
	if row.Account.Notify == nil || row.Account.Ended != nil {
		return r, false, nil
	}
	r.notify = *row.Account.Notify
	if r.address, err = n.addressAt(ctx, r.notify.Address); err != nil || r.address == "" {
		return r, false, err
	}
	r.Caller, err = n.callerOf(ctx, row)
	return r, err == nil, err
}

// addressAt reads an address; empty: it was erased.
func (n *Node) addressAt(ctx context.Context, at jisr.Index) (string, error) {
	raw, _, err := n.book.Content(ctx, book.Whole(), jisr.House, jisr.Position{Member: n.self.ID, Index: at})
	if isRefusal(err, jisr.NoSuch) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	body, err := strictly[jisr.NotifyBody](raw)
	if err != nil || body.Check() != nil {
		return "", nil //nolint:nilerr // this version cannot read it
	}
	return body.Address, nil
}

// Awaited is something that waits for a post, by name and not by what it says.
type Awaited struct {
	Forum    jisr.ForumID
	Thing    jisr.ThingID
	Why      book.Why
	Handling jisr.Handling
	Late     bool

	mark string // of a draft: which version, so that another is news
}

// Draft tells a note that has not left the house.
func (w *Awaited) Draft() bool { return w.Thing.Noun() == "note" && w.mark != "" }

func (w *Awaited) key() string {
	return strings.Join([]string{string(w.Forum), string(w.Thing), string(w.Why), w.mark}, " ")
}

// deskScope is what a post is told of: what is its desk's, or its own. Everything else it finds when it looks.
func (n *Node) deskScope(c Caller) book.Scope {
	s := n.ScopeOf(c)
	s.Everything = false
	return s
}

// waiting lists what waits for a post: what its desk owes, and of what is prepared in the house the next step where that is the post's.
func (n *Node) waiting(ctx context.Context, c Caller) (all []Awaited, err error) {
	s := n.deskScope(c)
	ours, _, err := n.book.ToDo(ctx, s, n.Known())
	if err != nil {
		return nil, err
	}
	for i := range ours {
		t := &ours[i]
		switch {
		case t.Thing != nil:
			if t.Desk == "" || t.Desk == c.Desk {
				all = append(all, Awaited{Forum: t.Thing.Forum, Thing: t.Thing.ID, Why: t.Why, Handling: t.Thing.Summary.Handling, Late: t.Late})
			}
		case t.Note.Note != nil:
			all = append(all, Awaited{Forum: t.Note.Forum, Thing: t.Note.ID, Why: t.Why, Handling: t.Note.Terms.Handling, Late: t.Late})
		case Concerns(c, t):
			all = append(all, Awaited{Forum: t.Note.Forum, Thing: t.Note.ID, Why: t.Why, Handling: t.Note.Terms.Handling, mark: strconv.Itoa(t.Note.Draft.Version)})
		}
	}
	for _, f := range n.forumIDs() {
		rows, err := n.Outgoing(ctx, s, f, "")
		if err != nil {
			return nil, err
		}
		for i := range rows {
			if why := OutgoingStep(c, &rows[i].Outgoing); why != "" {
				all = append(all, Awaited{Forum: f, Thing: rows[i].ID, Why: why, mark: strconv.Itoa(rows[i].Outgoing.Version)})
			}
		}
	}
	return all, nil
}

// Concerns tells whether a draft waits for a caller: clearance and release for who may and did not draft it, another version for
// who drafts.
func Concerns(c Caller, t *book.ToDo) bool {
	d := t.Note.Draft
	if d == nil {
		return false
	}
	switch t.Why {
	case book.WhyClear:
		return May(c, "note.clear") == nil && d.MayClear(c.By(), d.Version) == nil
	case book.WhyRelease:
		return May(c, "note.release") == nil && d.MayRelease(c.By(), d.Version) == nil
	}
	return May(c, "note.draft") == nil
}

// OutgoingStep is the step of an act in preparation that waits for a caller; empty: none does.
func OutgoingStep(c Caller, o *jisr.Outgoing) book.Why {
	by := c.By()
	switch {
	case o.State() == jisr.Returned && slices.ContainsFunc(o.Drafters, func(d jisr.By) bool { return d.Official == by.Official }):
		return book.WhyReturn
	case o.State() == jisr.Drafted && May(c, "outgoing.clear") == nil && o.MayClear(by, o.Version) == nil:
		return book.WhyClear
	case o.State() == jisr.Cleared && May(c, Verb(o.Kind)) == nil && o.MayRelease(by, o.Version) == nil:
		return book.WhyRelease
	}
	return ""
}

// SweepMail looks what there is to tell, and queues it. It looks at what is true and not at what just came: a crash before, between or
// after loses nothing, for it looks again, and for one event there is one message.
func (n *Node) SweepMail(ctx context.Context) error {
	rows, err := n.book.Accounts(ctx)
	if err != nil {
		return err
	}
	for i := range rows {
		r, ok, err := n.recipient(ctx, &rows[i])
		if err == nil && ok {
			err = n.tell(ctx, &r)
		}
		if err != nil {
			return err
		}
	}
	return n.outbox.Tidy(n.now())
}

// tell queues what there is to tell one post. To an address that takes no mail nothing is sent until there is another.
func (n *Node) tell(ctx context.Context, r *recipient) error {
	account, address := string(r.Account), int64(r.notify.Address)
	if _, bad, err := n.outbox.Bad(account, address); bad || err != nil {
		return err
	}
	if err := n.tellNews(ctx, r); err != nil {
		return err
	}
	if r.notify.Confirmed == nil {
		return n.askConfirmation(r)
	}
	if now := n.now().In(n.zone); r.notify.DigestDue(n.Free(n.dateOf(now)), now.Hour()) {
		if err := n.outbox.Add(n.message(r, MailDigest, string(n.dateOf(now))), n.now()); err != nil {
			return err
		}
	}
	if !r.notify.Invite {
		return nil
	}
	return n.invite(ctx, r)
}

// tellNews queues one message of what waits since the last look. While nothing is to be sent at once it is only noted, so that
// nothing is news that waited before the address was confirmed, or before notices at once were chosen.
func (n *Node) tellNews(ctx context.Context, r *recipient) error {
	waits, err := n.waiting(ctx, r.Caller)
	if err != nil {
		return err
	}
	var keys []string
	for i := range waits {
		keys = append(keys, waits[i].key())
	}
	news := func(fresh []string) outbox.Message {
		m := n.message(r, MailEach, "")
		m.Event, m.Items = "each "+m.MessageID, []byte(strings.Join(fresh, "\n"))
		return m
	}
	if !r.notify.Each || r.notify.Confirmed == nil {
		news = nil
	}
	return n.outbox.Tell(string(r.Account), int64(r.notify.Address), keys, n.now(), news)
}

// message is a message for a post that tells of an event. Its Message-ID is random, so that nobody can say that it came back who
// has not seen it.
func (n *Node) message(r *recipient, kind, event string) outbox.Message {
	return outbox.Message{MessageID: newSecret(18) + "@" + n.self.Origin,
		Event: strings.Join([]string{kind, string(r.Account), strconv.FormatInt(int64(r.notify.Address), 10), event}, " "), Account: string(r.Account), Address: int64(r.notify.Address), Kind: kind, Items: []byte{}}
}

func (n *Node) askConfirmation(r *recipient) error {
	if n.now().After(r.notify.Given.At.Add(confirmFor)) {
		return nil
	}
	all, err := n.outbox.List(string(r.Account))
	if err != nil {
		return err
	}
	tried := 0
	for i := range all {
		if all[i].Kind == MailConfirm && n.now().Sub(all[i].Made) < 24*time.Hour {
			tried++
		}
	}
	if tried >= maxConfirms {
		return nil
	}
	return n.outbox.Add(n.message(r, MailConfirm, ""), n.now())
}

// invite queues an invitation to each meeting that is to come, and what changed of one that was sent. Above restricted nobody is
// invited by mail.
func (n *Node) invite(ctx context.Context, r *recipient) error {
	entries, err := n.meetingEntries(ctx, n.deskScope(r.Caller))
	if err != nil {
		return err
	}
	for i := range entries {
		e := &entries[i]
		if e.Handling.Named() || e.Tentative || !e.Begins.After(n.now()) {
			continue
		}
		m := n.message(r, MailInvite, string(e.Forum)+" "+string(e.Thing)+" ")
		last, sent, err := n.outbox.Last(m.Account, MailInvite, m.Event)
		stamp := e.stamp()
		if err != nil {
			return err
		}
		if !sent && e.Cancelled || sent && strings.HasSuffix(last.Event, " "+stamp) {
			continue
		}
		m.Items, m.Event = []byte(string(e.Forum)+" "+string(e.Thing)), m.Event+strconv.Itoa(e.Revision)+" "+stamp
		if err := n.outbox.Add(m, n.now()); err != nil {
			return err
		}
	}
	return nil
}

// stamp tells two states of an entry apart, as far as who is invited sees a difference.
func (e *CalendarEntry) stamp() string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%v %v %q %q %q %t", e.Begins, e.Ends, e.Title, e.Place, e.Mode, e.Cancelled))
	return hex.EncodeToString(sum[:8])
}

// Letter is a message with what it takes to write it.
type Letter struct {
	N         int64
	MessageID string
	Kind      string
	To        string
	Lang      string
	Post      jisr.Text
	Made      time.Time
	Waits     []Awaited      // of MailEach and MailDigest
	Code      string         // of MailConfirm
	Entry     *CalendarEntry // of MailInvite
}

// NextLetter takes the next message that is due and writes down that it is being sent; nil when none is. What has nothing to say any
// more is passed over.
func (n *Node) NextLetter(ctx context.Context) (*Letter, error) {
	for {
		m, ok, err := n.outbox.Next(n.now())
		if err != nil || !ok {
			return nil, err
		}
		l, err := n.letterFor(ctx, &m)
		if l != nil || err != nil {
			return l, err
		}
		if err := n.outbox.Mark(m.N, outbox.Dropped, "", n.now(), n.now()); err != nil {
			return nil, err
		}
	}
}

// letterFor writes what a message says now; nil: nothing.
func (n *Node) letterFor(ctx context.Context, m *outbox.Message) (*Letter, error) {
	row, err := n.book.Account(ctx, jisr.ThingID(m.Account))
	if err != nil {
		return nil, err
	}
	r, ok, err := n.recipient(ctx, &row)
	if err != nil || !ok || int64(r.notify.Address) != m.Address || (r.notify.Confirmed == nil) != (m.Kind == MailConfirm) {
		return nil, err
	}
	l := &Letter{N: m.N, MessageID: m.MessageID, Kind: m.Kind, To: r.address, Lang: r.notify.Lang, Post: r.Title, Made: m.Made}
	switch m.Kind {
	case MailConfirm:
		l.Code = n.mailCode(r.Account, r.notify.Address)
		return l, nil
	case MailInvite:
		l.Entry, err = n.meetingOf(ctx, &r, string(m.Items))
		if l.Entry == nil {
			return nil, err
		}
		return l, err
	}
	if l.Waits, err = n.waiting(ctx, r.Caller); err != nil {
		return nil, err
	}
	if m.Kind == MailEach {
		told := strings.Split(string(m.Items), "\n")
		l.Waits = slices.DeleteFunc(l.Waits, func(w Awaited) bool { return !slices.Contains(told, w.key()) })
	}
	if len(l.Waits) == 0 {
		return nil, nil
	}
	return l, nil
}

// meetingOf is the meeting of an invitation as it stands now; nil: the post does not see it any more.
func (n *Node) meetingOf(ctx context.Context, r *recipient, item string) (*CalendarEntry, error) {
	forum, id, _ := strings.Cut(item, " ")
	v, err := n.book.Thing(ctx, n.deskScope(r.Caller), jisr.ForumID(forum), jisr.ThingID(id))
	if isRefusal(err, jisr.NoSuch) || err == nil && v.State.Meeting == nil {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	e := meetingEntry(&v.ThingRow)
	e.seal(string(n.self.ID))
	if e.Kind == EntrySealed {
		return nil, nil
	}
	return &e, nil
}

// Outcome is what a server said of a letter. Its text is not here: servers repeat addresses in it.
type Outcome struct {
	Taken   bool
	Address bool   // the server does not take this address, now and later
	Never   bool   // it does not take this message, now and later
	Away    bool   // it could not be reached, or does not let this node in
	Code    string // reply code or enhanced status code
}

// Mailed writes down what became of a letter. A crash between the server's answer and this leaves it as being sent: it is sent again
// under the same Message-ID.
func (n *Node) Mailed(l *Letter, o Outcome) error {
	now := n.now()
	m, to, next := l.N, outbox.Queued, now
	switch {
	case o.Taken:
		to = outbox.Sent
	case o.Address:
		to = outbox.Refused
	case o.Never, now.Sub(l.Made) > giveUpAfter:
		to = outbox.GivenUp
	case o.Away: // it says nothing of this message
		next = now.Add(firstRetry)
	default:
		next = now.Add(backOff(now.Sub(l.Made)))
	}
	return n.outbox.Mark(m, to, o.Code, next, now)
}

// backOff is how long to wait after a message has waited so long already: as long again, within bounds.
func backOff(waited time.Duration) time.Duration { return min(max(waited, firstRetry), lastRetry) }

// MailReturned takes the news that a message came back; NoSuch when this node has sent none of that Message-ID. From then on nothing is
// sent to the address until the post gives one anew.
func (n *Node) MailReturned(messageID, code string) error {
	if n.outbox == nil {
		return jisr.Refuse(jisr.Unavailable, "mail")
	}
	_, ok, err := n.outbox.Return(messageID, code, n.now())
	if err == nil && !ok {
		return jisr.Refuse(jisr.NoSuch, "message")
	}
	return err
}

// MailStanding is how mail stands for a post.
type MailStanding struct {
	On      bool // this node sends mail
	Address string
	Notify  *jisr.Notify
	Bad     *outbox.Message // the address takes no mail; nil: as far as is known it does
	Last    time.Time       // the newest that was taken; zero: none
}

// Mail tells a post how its mail stands.
func (n *Node) Mail(ctx context.Context, c Caller) (MailStanding, error) {
	st := MailStanding{On: n.outbox != nil}
	row, err := n.book.Account(ctx, c.Account)
	if err != nil || row.Account.Notify == nil {
		return st, err
	}
	st.Notify = row.Account.Notify
	if st.Address, err = n.addressAt(ctx, st.Notify.Address); err != nil || !st.On {
		return st, err
	}
	m, bad, err := n.outbox.Bad(string(c.Account), int64(st.Notify.Address))
	if bad {
		st.Bad = &m
	}
	all, err2 := n.outbox.List(string(c.Account))
	for i := range all {
		if all[i].State == outbox.Sent && all[i].Changed.After(st.Last) {
			st.Last = all[i].Changed
		}
	}
	return st, errors.Join(err, err2)
}

// MailLog lists the newest messages, without addresses and texts, for who administers.
func (n *Node) MailLog(c Caller) ([]outbox.Message, error) {
	if err := n.may(c, ReadHouse); err != nil {
		return nil, err
	}
	if n.outbox == nil {
		return nil, jisr.Refuse(jisr.Unavailable, "mail")
	}
	return n.outbox.List("")
}

// MailCounts gives how many messages are in each state; nil where no mail is sent.
func (n *Node) MailCounts() (map[outbox.State]int, error) {
	if n.outbox == nil {
		return nil, nil
	}
	return n.outbox.Counts()
}

// openOutbox opens what is to be mailed, where mail is sent. It tries the newest data key first, as openBook does.
func (n *Node) openOutbox() (err error) {
	if n.config.Mail.Server == "" {
		return nil
	}
	for _, key := range n.vault.FileKeys(fileOutbox) {
		if n.outbox, err = outbox.Open(filepath.Join(n.dir, fileOutbox), key); err == nil {
			return nil
		}
	}
	return err
}
