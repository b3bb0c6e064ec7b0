package node

import (
	"context"
	"maps"
	"slices"
	"time"

	"jisr"
	"jisr/book"
)

// Reports that are owed are shown while they are recent: what was missed longer ago is in the balance.
const (
	dutyDays  = 31        // days a missed report is a to-do
	dutyEvery = time.Hour // how often they are worked out, besides when records come
	dutyShare = 20        // a twentieth of a core's time at most goes into it while records keep coming
)

// heard tells until when each other member's acts are known here: now while the road is open, else until the last sign of
// life. Of this member everything is known.
func (n *Node) heard() map[jisr.MemberID]time.Time {
	now := n.now()
	all := map[jisr.MemberID]time.Time{n.self.ID: now}
	for _, l := range n.Links() {
		switch {
		case l.State == Linked:
			all[l.Member] = now
		case !l.Contact.IsZero():
			all[l.Member] = l.Contact
		}
	}
	return all
}

// Balance tells what a programme came to, for a caller who may read its records.
func (n *Node) Balance(ctx context.Context, c Caller, forum jisr.ForumID, id jisr.ThingID) (book.Balance, error) {
	_, may, err := n.readRecords(ctx, c, forum, id)
	if err != nil {
		return book.Balance{}, err
	}
	return n.book.Balance(ctx, n.ScopeOf(c), book.BalanceQuery{Forum: forum, Programme: id, Levels: may, Now: n.now(), Heard: n.heard()})
}

// dutiesOf are the to-dos of a balance: for each side and cadence the oldest report that is missing of late.
func dutiesOf(b *book.Balance, now time.Time) (duties []book.Duty) {
	seen := map[[3]string]bool{}
	for _, m := range b.Missed {
		key := [3]string{m.Type, m.SLA.ID, string(m.Of)}
		if seen[key] || now.Sub(m.Due) > dutyDays*24*time.Hour {
			continue
		}
		seen[key] = true
		duties = append(duties, book.Duty{Of: m.Of, Due: jisr.DateIn(m.Due, m.Due.Location())})
	}
	return duties
}

// duties keeps what is owed under programmes in the book: after records came, and as time goes by. mu guards nothing here:
// only the follower calls it.
type duties struct {
	due   bool // something came that may change them
	erase bool // or that says that contents go
	last  time.Time
	rest  time.Time // by the machine's clock: not worked out again before
	said  map[jisr.ThingID][]book.Duty
}

// notice notes that an act may change what is owed.
func (d *duties) notice(a *jisr.Act) {
	if a.Kind == jisr.KindRecordErase || a.Kind == jisr.KindRecordErased {
		d.erase = true
	}
	switch a.About.Noun() {
	case "record", "programme", "agreement":
		d.due = true
	}
}

// workOutDuties tells the book what is owed now. What cannot be worked out is tried again at the next turn.
func (n *Node) workOutDuties(ctx context.Context) error {
	now := n.now()
	d := &n.owed
	begin := time.Now()
	if begin.Before(d.rest) {
		return nil
	}
	defer func() { d.rest = begin.Add(dutyShare * time.Since(begin)) }()
	n.following.Lock()
	turn := now.Sub(d.last) >= dutyEvery || now.Before(d.last)
	due, erase := d.due || turn, d.erase
	d.due, d.erase = false, false
	n.following.Unlock()
	if !due {
		return nil
	}
	d.last = now
	q := book.ThingQuery{Noun: "programme", Limit: 200}
	for {
		rows, next, err := n.book.Things(ctx, book.Whole(), q)
		if err != nil {
			return err
		}
		for i := range rows {
			if err := n.dutiesUnder(ctx, &rows[i], now); err != nil {
				return err
			}
		}
		if q.Cursor = next; next == "" {
			break
		}
	}
	if !erase && !turn {
		return nil
	}
	return n.eraseDue(ctx)
}

func (n *Node) dutiesUnder(ctx context.Context, row *book.ThingRow, now time.Time) error {
	b, err := n.book.Balance(ctx, book.Whole(), book.BalanceQuery{Forum: row.Forum, Programme: row.ID, Now: now, Heard: n.heard()})
	if isRefused(err) { // its annex or its agreement is not here yet
		return nil
	}
	if err != nil {
		return err
	}
	owed := dutiesOf(&b, now)
	if said, known := n.owed.said[row.ID]; known && slices.Equal(said, owed) {
		return nil
	}
	if err := n.book.SetDuties(ctx, row.Forum, row.ID, owed); err != nil {
		return err
	}
	if n.owed.said == nil {
		n.owed.said = map[jisr.ThingID][]book.Duty{}
	}
	n.owed.said[row.ID] = owed
	n.publish(Event{Forum: row.Forum, Thing: row.ID})
	return nil
}

// MissedReport is a commitment made of a report that did not come, ready to be looked at and proposed: see CommitMissed.
type MissedReport struct {
	Terms jisr.CommitmentTerms
	Body  jisr.CommitmentBody
}

// MissedReport drafts the commitment to send what a side owes under a programme: the newest report of a cadence that is missing.
// sla names the cadence, of the member that owes it. NoSuch: nothing is missing.
func (n *Node) MissedReport(ctx context.Context, c Caller, forum jisr.ForumID, id jisr.ThingID, typ, sla string, of jisr.MemberID) (*MissedReport, error) {
	b, err := n.Balance(ctx, c, forum, id)
	if err != nil {
		return nil, err
	}
	f, err := n.Flow(ctx, forum, id)
	if err != nil {
		return nil, err
	}
	for _, m := range slices.Backward(b.Missed) {
		if m.Type != typ || m.SLA.ID != sla || m.Of != of {
			continue
		}
		to := f.Programme.Annex.Parties
		i := slices.IndexFunc(to, func(o jisr.MemberID) bool { return o != of })
		if i < 0 {
			break
		}
		title := jisr.Text{}
		for _, lang := range slices.Sorted(maps.Keys(m.SLA.Label)) {
			title[lang] = m.SLA.Label[lang] + " (\u2066" + m.Period + "\u2069)" // its figures stay in their order in a line that runs the other way
		}
		t := f.Programme.Type(typ)
		out := &MissedReport{Terms: jisr.CommitmentTerms{Type: jisr.Deliverable, Title: title, Debtor: jisr.Office{Member: of}, Beneficiary: jisr.Office{Member: to[i]},
			Due: n.dateOf(n.now().AddDate(0, 0, missedWithin)), Source: &jisr.Source{Thing: id, Part: f.Programme.Name() + ", " + t.Clause}},
			Body: jisr.CommitmentBody{Text: title, Test: t.Spec.Title}}
		return out, nil
	}
	return nil, jisr.Refuse(jisr.NoSuch, sla, "noun", "report")
}

// missedWithin is how many days a commitment made of a missed report gives, until who agrees to it says another day.
const missedWithin = 7

// CommitMissed proposes, in one step, the commitment to send a report that did not come.
type CommitMissed struct {
	Forum     jisr.ForumID
	Programme jisr.ThingID
	Type, SLA string
	Of        jisr.MemberID
	Key       string // Idempotency-Key, optional
}

func (CommitMissed) verb() Verb { return Verb(jisr.KindCommitmentPropose) }

func (c CommitMissed) decide(d *decision) error {
	m, err := d.n.MissedReport(d.ctx, d.caller, c.Forum, c.Programme, c.Type, c.SLA, c.Of)
	if err != nil {
		return err
	}
	say := Say{Forum: c.Forum, Kind: jisr.KindCommitmentPropose, Terms: m.Terms, Body: m.Body, Key: c.Key}
	return say.say(d)
}
