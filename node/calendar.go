package node

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/teambition/rrule-go"

	"jisr"
	"jisr/book"
)

// Bounds of a calendar.
const (
	calendarBack = 366   // days back for which meetings are shown
	maxEntries   = 2_000 // of each kind
)

// RenewFeed makes the address of the caller's calendar, or makes it anew: Done.Secret, once. The one before opens nothing any more.
type RenewFeed struct{}

// EndFeed ends the address of a calendar: one's own, or as an administrator anybody's.
type EndFeed struct{ ID jisr.OfficialID }

func (RenewFeed) verb() Verb { return "official.feed" }
func (EndFeed) verb() Verb   { return "official.feed" }

func (c RenewFeed) decide(d *decision) error {
	d.done.Secret = newSecret(32)
	return d.feed(d.caller.Account, jisr.FeedTerms{Secret: feedHash(d.done.Secret)})
}

func (c EndFeed) decide(d *decision) error {
	id := officialID(c.ID)
	if id != d.caller.Account && !d.caller.Has(jisr.Admin) {
		return jisr.Refuse(jisr.NotAllowed, "official.feed", "role", string(jisr.Admin))
	}
	return d.feed(id, jisr.FeedTerms{})
}

func (d *decision) feed(id jisr.ThingID, t jisr.FeedTerms) error {
	if id.Noun() != "official" { // a program asks for its calendar by its token
		return jisr.Refuse(jisr.NotAllowed, "official.feed")
	}
	acc, err := d.account(id)
	if err == nil {
		err = acc.MayFeed(&t)
	}
	if err != nil {
		return err
	}
	return d.house(planned{kind: jisr.KindOfficialFeed, about: id, terms: t})
}

func feedHash(secret string) jisr.Commitment {
	return jisr.Commit(sha256.Sum256([]byte("jisr calendar/v1\n" + secret)))
}

// FeedOf tells whose calendar a secret opens. Who guesses is slowed down as who guesses passwords is; a secret is 256 random bits.
func (n *Node) FeedOf(ctx context.Context, secret string, from From) (Caller, error) {
	place := "calendar " + from.Address
	if err := n.slow(place, triesOfPlace); err != nil {
		return Caller{}, err
	}
	hash := feedHash(secret)
	rows, err := n.book.Accounts(ctx)
	if err != nil {
		return Caller{}, err
	}
	for i := range rows {
		if a := &rows[i].Account; a.Feed != nil && a.Feed.Secret == hash && a.Ended == nil {
			return n.callerOf(ctx, &rows[i])
		}
	}
	n.tries.failed(place, n.now())
	return Caller{}, jisr.Refuse(jisr.NoSuch, "calendar")
}

// EntryKind says what stands in a calendar on a day or at an hour.
type EntryKind string

// The kinds.
const (
	EntryMeeting EntryKind = "meeting"
	EntryDue     EntryKind = "due"     // a step that somebody owes by a day
	EntryCadence EntryKind = "cadence" // days by which the rules of a body ask for a session
	EntryRelease EntryKind = "release" // a statement is released at that instant
	EntrySealed  EntryKind = "sealed"  // something above restricted: nothing else of it is told
)

// CalendarEntry is what stands in a calendar. At an hour, or on a whole day where Begins is zero.
type CalendarEntry struct {
	ID        string // the same for as long as it is about the same; tells nothing of what it is about
	Kind      EntryKind
	Forum     jisr.ForumID
	Thing     jisr.ThingID
	Why       book.Why // of what is due
	Ours      bool     // this member owes it
	Title     jisr.Text
	Place     jisr.Text
	Zone      string // of the place, as people name it
	Mode      jisr.Mode
	Session   int
	Begins    time.Time
	Ends      time.Time // zero: not said
	Day       jisr.Date
	Rule      string // recurrence from Day on (RFC 5545 section 3.3.10)
	Handling  jisr.Handling
	Tentative bool
	Cancelled bool
	Revision  int // rises when the entry changes
	At        time.Time
}

// Calendar gives what stands in a caller's calendar: what its pages show of days and hours, or only what is its desk's.
// The same record gives the same entries in the same order.
func (n *Node) Calendar(ctx context.Context, c Caller, desk bool) ([]CalendarEntry, error) {
	s := n.ScopeOf(c)
	if desk {
		s.Everything, s.Official = false, ""
	}
	var all []CalendarEntry
	for _, part := range []func(context.Context, book.Scope) ([]CalendarEntry, error){n.meetingEntries, n.dueEntries, n.cadenceEntries, n.releaseEntries} {
		some, err := part(ctx, s)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	for i := range all {
		all[i].seal(string(n.self.ID))
	}
	slices.SortFunc(all, func(a, b CalendarEntry) int {
		return cmp.Or(cmp.Compare(a.Day, b.Day), a.Begins.Compare(b.Begins), cmp.Compare(a.ID, b.ID))
	})
	return slices.CompactFunc(all, func(a, b CalendarEntry) bool { return a.ID == b.ID }), nil // what several owe is one entry
}

// seal names the entry, and leaves of what is above restricted only that something is there: a calendar lies on other
// machines than this one.
func (e *CalendarEntry) seal(self string) {
	sum := sha256.Sum256([]byte(strings.Join([]string{"jisr calendar entry/v1", self, string(e.Forum), string(e.Thing), string(e.Kind), string(e.Why), strconv.FormatBool(e.Ours)}, "\n")))
	e.ID = hex.EncodeToString(sum[:16])
	if e.Handling.Named() {
		*e = CalendarEntry{ID: e.ID, Kind: EntrySealed, Begins: e.Begins, Ends: e.Ends, Day: e.Day, Handling: e.Handling, Tentative: e.Tentative, Cancelled: e.Cancelled, Revision: e.Revision, At: e.At}
	}
}

// things gives all things of a query that the scope sees, up to maxEntries.
func (n *Node) things(ctx context.Context, s book.Scope, q book.ThingQuery) (all []book.ThingRow, err error) {
	for q.Limit = 200; len(all) < maxEntries; {
		rows, next, err := n.book.Things(ctx, s, q)
		if err != nil {
			return nil, err
		}
		all = append(all, rows...)
		if q.Cursor = next; next == "" {
			break
		}
	}
	return all, nil
}

func (n *Node) meetingEntries(ctx context.Context, s book.Scope) (all []CalendarEntry, err error) {
	rows, err := n.things(ctx, s, book.ThingQuery{Noun: "meeting"})
	since := n.Today().Add(-calendarBack)
	for i := range rows {
		if rows[i].State.Meeting.Day() >= since {
			all = append(all, meetingEntry(&rows[i]))
		}
	}
	return all, err
}

// meetingEntry is a session, at its hour. One that is postponed is cancelled until there is another day.
func meetingEntry(r *book.ThingRow) CalendarEntry {
	m := r.State.Meeting
	e := CalendarEntry{Kind: EntryMeeting, Forum: r.Forum, Thing: r.ID, Title: m.Title, Place: m.Place, Zone: m.Zone, Mode: m.Mode, Session: m.Session,
		Day: m.Day(), Handling: r.Summary.Handling, Revision: m.Revision(), At: r.At}
	e.Begins, _ = time.Parse(time.RFC3339, m.Begins) // checked when it was proposed
	e.Ends, _ = time.Parse(time.RFC3339, m.Ends)
	switch m.State() {
	case jisr.MeetingProposed:
		e.Tentative = true
	case jisr.Postponed, jisr.MeetingCancelled, jisr.NotHeld:
		e.Cancelled = true
	}
	return e
}

func (n *Node) dueEntries(ctx context.Context, s book.Scope) (all []CalendarEntry, err error) {
	ours, theirs, err := n.book.ToDo(ctx, s, n.Known())
	for i := range ours {
		all = append(all, n.dueEntry(&ours[i], true)...)
	}
	for i := range theirs {
		all = append(all, n.dueEntry(&theirs[i], false)...)
	}
	return all, err
}

// dueEntry is what is owed by a day, on that day. What a note says that no desk has opened is not told.
func (n *Node) dueEntry(t *book.ToDo, ours bool) []CalendarEntry {
	e := CalendarEntry{Kind: EntryDue, Why: t.Why, Ours: ours, Day: t.Due}
	switch {
	case t.Due == "":
		return nil
	case t.Thing != nil:
		e.Forum, e.Thing, e.Title, e.Handling, e.At = t.Thing.Forum, t.Thing.ID, t.Thing.Summary.Title, t.Thing.Summary.Handling, t.Thing.At
		e.Revision = t.Thing.State.Revision()
	default:
		e.Forum, e.Thing, e.Handling, e.At = t.Note.Forum, t.Note.ID, t.Note.Terms.Handling, t.Note.At
		if t.Note.BodyHeld && !t.Note.Note.Unopened(n.self.ID) {
			e.Title = t.Note.Body.Subject
		}
		e.Why = book.WhyAnswer // by that day, whatever comes before it
	}
	return []CalendarEntry{e}
}

func (n *Node) cadenceEntries(ctx context.Context, s book.Scope) (all []CalendarEntry, err error) {
	rows, err := n.things(ctx, s, book.ThingQuery{Noun: "body", State: jisr.BodyStands})
	if err != nil {
		return nil, err
	}
	for i := range rows {
		v, err := n.Course(ctx, s, &rows[i], n.Today())
		if err != nil {
			return nil, err
		}
		b := rows[i].State.Body
		first, rule, err := Recurrence(b, max(v.From, v.Next))
		if err != nil || first == "" { // rules that no session follows from: another member may have written them
			continue
		}
		all = append(all, CalendarEntry{Kind: EntryCadence, Forum: rows[i].Forum, Thing: rows[i].ID, Title: b.Title, Day: first, Rule: rule,
			Handling: rows[i].Summary.Handling, Revision: 2*len(b.Proposals) + v.Number, At: rows[i].At})
	}
	return all, nil
}

// Recurrence is the cadence of a body after the day of a session, as calendars have it: the first day it asks for, and the rule
// from there on (RFC 5545 section 3.8.5.3: the first day is the first of the rule's).
func Recurrence(b *jisr.Body, from jisr.Date) (first jisr.Date, rule string, err error) {
	days, err := CadenceDays(b, from, from.Add(cadenceDays))
	if err != nil || len(days) == 0 {
		return "", "", err
	}
	o := &rrule.ROption{Freq: rrule.MONTHLY, Interval: b.Months}
	if b.Cadence != "" {
		if o, err = rrule.StrToROption(strings.ToUpper(b.Cadence)); err != nil {
			return "", "", err
		}
	}
	ends := o.Count > 0 || !o.Until.IsZero() // counted from the session before, so the last day is said instead
	o.Count, o.Until, o.Dtstart = 0, time.Time{}, time.Time{}
	rule = o.RRuleString()
	if ends {
		rule += ";UNTIL=" + strings.ReplaceAll(string(days[len(days)-1]), "-", "")
	}
	return days[0], rule, nil
}

func (n *Node) releaseEntries(ctx context.Context, s book.Scope) (all []CalendarEntry, err error) {
	rows, err := n.things(ctx, s, book.ThingQuery{Noun: "statement", State: jisr.StatementAgreed})
	for i := range rows {
		st := rows[i].State.Statement
		at := st.Proposed()
		all = append(all, CalendarEntry{Kind: EntryRelease, Forum: rows[i].Forum, Thing: rows[i].ID, Title: st.Title, Begins: at, Day: n.dateOf(at), Handling: rows[i].Summary.Handling, At: rows[i].At})
	}
	return all, err
}
