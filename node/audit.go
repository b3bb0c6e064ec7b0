package node

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/oklog/ulid/v2"

	"jisr"
)

const (
	auditWindow  = time.Minute // repeats within it are one event
	auditAccount = 30          // events of one account within it; more are counted together
	auditAll     = 5_000       // events within it; more are counted together
	auditBatch   = 100         // events in one act
)

// audit gathers what leaves no other trace. It goes into the next batch that is written, without one of its own while
// there is other work. mu guards all of it.
//
// A crash loses the refusals of the last second. A reading of what few may read is answered only after its event is
// durable.
type audit struct {
	mu    sync.Mutex
	began time.Time
	seen  map[auditKey]*jisr.AuditEvent // in this window, with repeats since they were handed on
	of    map[jisr.ThingID]int          // events of an account in this window
	ready []jisr.AuditEvent             // to be written
}

type auditKey struct {
	account jisr.ThingID
	verb    string
	forum   jisr.ForumID
	about   jisr.ThingID
	outcome string
}

// refusedCommand notes that a command was refused. Being asked to wait, and clashes of two who edit, are no matter of audit.
func (n *Node) refusedCommand(c Caller, v Verb, r resource, err error) {
	var refusal *jisr.Refusal
	if !errors.As(err, &refusal) {
		return
	}
	n.audit.note(n.now(), jisr.AuditEvent{Account: c.Account, Desk: c.Desk, Verb: string(v), Forum: r.forum, About: r.id, Outcome: string(refusal.Kind), Policy: refusal.Need["policy"]})
}

// note takes an event, and tells whether it is new within the window.
func (a *audit) note(now time.Time, e jisr.AuditEvent) bool {
	now = now.UTC().Truncate(time.Millisecond)
	e.First = now
	if !jisr.ValidName(e.About.Noun()) || !jisr.ValidName(e.About.Name()) { // what was asked about may be anything
		e.About = ""
	}
	if !jisr.ValidForum(e.Forum) && e.Forum != jisr.House {
		e.Forum = ""
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.turn(now)
	key := auditKey{e.Account, e.Verb, e.Forum, e.About, e.Outcome}
	known := a.seen[key]
	if known == nil && (a.of[e.Account] >= auditAccount || len(a.seen) >= auditAll) {
		// Who asks for ever new things is counted by what came of it.
		e.Verb, e.Forum, e.About, e.Policy = "*", "", "", ""
		if len(a.seen) >= auditAll {
			e.Account, e.Desk = "", ""
		}
		key = auditKey{account: e.Account, verb: e.Verb, outcome: e.Outcome}
		known = a.seen[key]
	}
	if known != nil {
		if known.Count == 0 {
			known.First = now
		}
		known.Count++
		known.Last = now
		return false
	}
	a.ready = append(a.ready, e)
	a.of[e.Account]++
	e.Count = 0
	a.seen[key] = &e
	return true
}

// turn begins a new window when the last has passed: what was repeated in it is handed on with its count.
func (a *audit) turn(now time.Time) {
	if a.seen != nil && now.Sub(a.began) < auditWindow && !now.Before(a.began) {
		return
	}
	for _, e := range a.seen {
		if e.Count > 0 {
			a.ready = append(a.ready, *e)
		}
	}
	a.began, a.seen, a.of = now, map[auditKey]*jisr.AuditEvent{}, map[jisr.ThingID]int{}
}

// take hands over what is to be written; last: the repeats so far too.
func (a *audit) take(now time.Time, last bool) []jisr.AuditEvent {
	a.mu.Lock()
	defer a.mu.Unlock()
	if last {
		a.began = time.Time{}
	}
	a.turn(now)
	all := a.ready
	a.ready = nil
	return all
}

// giveBack takes what could not be written, as long as it is little.
func (a *audit) giveBack(events []jisr.AuditEvent) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.ready)+len(events) <= auditAll {
		a.ready = append(events, a.ready...)
	}
}

func (a *audit) waiting(now time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.turn(now)
	return len(a.ready) > 0
}

// pokeAudit has written what waits, when no other work takes it along.
func (n *Node) pokeAudit() {
	if !n.audit.waiting(n.now()) {
		return
	}
	select {
	case n.jobs <- &job{ctx: context.Background(), answer: make(chan answer, 1)}:
	default: // there is other work
	}
}

// reads lets a caller read what it asks for, or not. A reading of what few may read, and one that is always to be
// audited, is durable in the house log before it is answered; repeats within a minute are counted.
func (n *Node) reads(ctx context.Context, c Caller, v Verb, r resource, always bool) error {
	if err := n.rules.now().decide(c, v, r, facts{}); err != nil {
		n.refusedCommand(c, v, r, err)
		return err
	}
	if !always && !r.handling.Named() {
		return nil
	}
	fresh := n.audit.note(n.now(), jisr.AuditEvent{Account: c.Account, Desk: c.Desk, Verb: string(v), Forum: r.forum, About: r.id, Outcome: jisr.AuditDone})
	if !fresh {
		return nil
	}
	return n.queue(&job{ctx: ctx, caller: c, answer: make(chan answer, 1)}).err
}

// audited adds to a batch the acts of what is to be written.
func (n *Node) audited(ctx context.Context, b *batch, events []jisr.AuditEvent) error {
	now := n.now().UTC().Truncate(time.Millisecond)
	for len(events) > 0 {
		some := events[:min(auditBatch, len(events))]
		events = events[len(some):]
		id := jisr.ThingID("audit/" + string(n.self.ID) + "-" + strings.ToLower(ulid.MustNew(ulid.Timestamp(now), n.random).String()))
		d := &decision{n: n, ctx: ctx, now: now, today: n.dateOf(now), batch: b}
		d.acts = []planned{{forum: jisr.House, kind: jisr.KindAuditNote, about: id, terms: jisr.AuditTerms{Events: some}, anonymous: true}}
		if err := d.add(); err != nil {
			return err
		}
	}
	return nil
}
