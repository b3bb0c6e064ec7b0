package node

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/oklog/ulid/v2"

	"jisr"
	"jisr/book"
)

// ClearMinutes says that the text as it stands here may be signed, and whether this side means it to bind. Next is the day
// of the next session; empty takes what another side cleared with.
type ClearMinutes struct {
	Forum  jisr.ForumID
	ID     jisr.ThingID
	Intent jisr.Intent
	Next   jisr.Date
}

// SignMinutes signs the text that all have cleared, with the commitments it carries.
type SignMinutes struct {
	Forum   jisr.ForumID
	ID      jisr.ThingID
	Mandate jisr.ThingID
}

func (ClearMinutes) verb() Verb { return Verb(jisr.KindMinutesClear) }
func (SignMinutes) verb() Verb  { return Verb(jisr.KindMinutesSign) }

// MinutesView is minutes with the text of all versions that stand.
type MinutesView struct {
	book.ThingView
	Minutes *jisr.Minutes
	Meeting *jisr.Meeting
	texts   map[jisr.VersionID]jisr.Text
}

// Text is the text of a version; nil while it has not arrived, or when it cannot be read.
func (v *MinutesView) Text(id jisr.VersionID) jisr.Text { return v.texts[id] }

// Document puts the text together as it would be cleared. A bracket refuses it.
func (v *MinutesView) Document(next jisr.Date, number func(int) string) (jisr.MinutesBody, error) {
	for i := range v.Minutes.Segments {
		s := &v.Minutes.Segments[i]
		if _, here := v.texts[s.Stands[0].ID]; !here && !s.Gone() && s.Kind != jisr.CommitmentEntry {
			return jisr.MinutesBody{}, jisr.Refuse(jisr.Unfinished, "minutes")
		}
	}
	return v.Minutes.Document(v.Meeting.Agenda, next, v.Text, number)
}

// Agreed is the document that all cleared, once it is here and is what its hash says.
func (v *MinutesView) Agreed() (jisr.MinutesBody, error) {
	for i := range v.Acts {
		a := &v.Acts[i]
		if a.Act.Kind != jisr.KindMinutesClear || a.Body == nil {
			continue
		}
		if b, err := jisr.DecodeMinutes(a.Body, v.Minutes.Agreed); err == nil {
			return b, nil
		}
	}
	return jisr.MinutesBody{}, jisr.Refuse(jisr.NotCleared, "minutes")
}

// Minutes gives minutes with their texts. Of a meeting whose date is agreed and whose minutes nobody has begun there are
// empty ones.
func (n *Node) Minutes(ctx context.Context, scope book.Scope, forum jisr.ForumID, id jisr.ThingID) (*MinutesView, error) {
	v := &MinutesView{}
	var err error
	if v.ThingView, err = n.book.Thing(ctx, scope, forum, id); err != nil {
		return nil, err
	}
	if v.Minutes = v.State.Minutes; v.Minutes == nil {
		return nil, jisr.Refuse(jisr.NoSuch, string(id), "noun", "minutes")
	}
	m, err := n.book.Thing(ctx, scope, forum, jisr.MeetingThing(v.Minutes.Body, v.Minutes.Session))
	if err != nil {
		return nil, err
	}
	v.Meeting = m.State.Meeting
	v.texts = versions(v.Acts, jisr.KindMinutesEdit)
	return v, nil
}

func (c ClearMinutes) decide(d *decision) error {
	if err := d.touch(c.ID); err != nil { // what is typed in the same batch is not in the book yet
		return err
	}
	v, err := d.n.Minutes(d.ctx, d.scope(), c.Forum, c.ID)
	if err != nil {
		return err
	}
	next := c.Next
	for i := range v.Acts {
		a := &v.Acts[i]
		if b, ok := v.Minutes.Cleared[a.Act.Member]; ok && next == "" && b.Position == a.Act.Position {
			if doc, err := jisr.DecodeMinutes(a.Body, b.Hash); err == nil {
				next = doc.Next
			}
		}
	}
	last, err := d.n.lastDecision(d.ctx, c.Forum, v.Minutes, v.Meeting.Day())
	if err != nil {
		return err
	}
	doc, err := v.Document(next, func(n int) string { return decisionNumber(v.Minutes, v.Meeting.Day(), last+n) })
	if err != nil {
		return err
	}
	say := Say{Forum: c.Forum, ID: c.ID, Kind: jisr.KindMinutesClear, Terms: jisr.ClearTerms{Hash: doc.Hash(), Intent: c.Intent}, Body: doc, touched: true}
	return say.decide(d)
}

// decisionNumber is body, year and n.
func decisionNumber(m *jisr.Minutes, day jisr.Date, n int) string {
	return decisionSeries(m, day) + strconv.Itoa(n)
}

func decisionSeries(m *jisr.Minutes, day jisr.Date) string {
	code := m.Code
	if code == "" {
		code = m.Body.Name()[:min(len(m.Body.Name()), jisr.MaxCode)]
	}
	return fmt.Sprintf("%s/%.4s/", code, day)
}

// lastDecision is the highest number of the body's decisions in the year, of sessions before this one.
func (n *Node) lastDecision(ctx context.Context, forum jisr.ForumID, m *jisr.Minutes, day jisr.Date) (int, error) {
	highest := 0
	for q := (book.ThingQuery{Forum: forum, Noun: "minutes", Labels: []string{"body:" + string(m.Body)}, Limit: 200}); ; {
		rows, next, err := n.book.Things(ctx, book.Whole(), q)
		if err != nil {
			return 0, err
		}
		for i := range rows {
			o := rows[i].State.Minutes
			if o.Sign == nil || o.Session >= m.Session {
				continue
			}
			for _, number := range o.Sign.Decisions {
				if rest, ok := strings.CutPrefix(number, decisionSeries(m, day)); ok {
					if k, err := strconv.Atoi(rest); err == nil {
						highest = max(highest, k)
					}
				}
			}
		}
		if q.Cursor = next; next == "" {
			return highest, nil
		}
	}
}

// decide signs. What the secretary cleared is what the head signs: the clearance of another official of this member over the
// same hash is the second pair of eyes.
func (c SignMinutes) decide(d *decision) error {
	say, err := c.saying(d)
	if err != nil {
		return err
	}
	return say.decide(d)
}

func (c SignMinutes) saying(d *decision) (Say, error) {
	say := Say{Forum: c.Forum, ID: c.ID, Kind: jisr.KindMinutesSign, touched: true}
	if err := d.touch(c.ID); err != nil { // what is typed in the same batch is not in the book yet
		return say, err
	}
	v, err := d.n.Minutes(d.ctx, d.scope(), c.Forum, c.ID)
	if err != nil {
		return say, err
	}
	doc, err := v.Agreed()
	if err != nil {
		return say, err
	}
	if own := v.Minutes.Cleared[d.n.self.ID]; own.Hash == v.Minutes.Agreed && own.By != nil && own.By.Official != d.caller.By().Official {
		d.facts.cleared = true
	}
	t := jisr.SignTerms{Hash: v.Minutes.Agreed, Next: doc.Next, Mandate: c.Mandate, Intents: map[jisr.MemberID]jisr.Intent{}}
	for m, cl := range v.Minutes.Cleared {
		t.Intents[m] = cl.Intent
	}
	ids, decisions := doc.Carries()
	t.Decisions = decisions
	for _, id := range ids {
		k, err := d.n.book.Thing(d.ctx, d.scope(), c.Forum, id)
		if err != nil {
			return say, err
		}
		if u := k.State.Commitment; u != nil {
			t.Commitments = append(t.Commitments, jisr.SignedCommitment{ID: id, Hash: u.Proposals[len(u.Proposals)-1].Hash})
		}
	}
	say.Terms = t
	return say, nil
}

// quote puts the rules of the body into a proposal to meet or a decision in writing, and holds a date of the other side against them before it is
// agreed to: what is quoted is what was agreed.
func (c *Say) quote(d *decision) error {
	switch t := c.Terms.(type) {
	case jisr.CommitmentTerms:
		return c.quoteRules(d, t)
	case jisr.BodyTerms:
		_, err := cadence(t.Cadence, t.Months, d.today, d.today)
		return err
	case jisr.CirculateTerms:
		b, err := d.body(c.Forum, c.ID)
		if err != nil {
			return err
		}
		t.Rules, t.Number = b.Rules, 1
		for i := range b.Decisions {
			if w := &b.Decisions[i]; w.Member == d.n.self.ID {
				t.Number = w.Number + 1
			}
		}
		c.Terms = t
	case jisr.MeetingTerms:
		b, err := d.body(c.Forum, t.Body)
		if err != nil {
			return err
		}
		t.Rules, t.Members, t.Procedure = b.Rules, b.Members, b.Procedure
		if t.Title.Empty() {
			t.Title = b.Title
		}
		c.Terms = t
		if c.ID == "" {
			c.ID = jisr.MeetingThing(t.Body, t.Session)
		}
	case jisr.AgreeTerms:
		if c.Kind != jisr.KindMeetingAgree {
			return nil
		}
		v, err := d.n.book.Thing(d.ctx, d.scope(), c.Forum, c.ID)
		if err != nil || v.State.Meeting == nil || v.State.Meeting.Live != t.Hash {
			return err
		}
		b, err := d.body(c.Forum, v.State.Meeting.Body)
		if err == nil && b.Rules != v.State.Meeting.Rules {
			err = jisr.Refuse(jisr.Conflict, "rules")
		}
		return err
	}
	return nil
}

// quoteRules puts how both count days, and when a commitment is raised, into a proposal that does not say so: as the body it comes
// from has it, else another of both.
func (c *Say) quoteRules(d *decision, t jisr.CommitmentTerms) error {
	if c.ID != "" && !c.prepared || len(t.Calendars) > 0 && len(t.Ladder) > 0 { // who proposes anew has what was quoted before
		return nil
	}
	rows, _, err := d.n.book.Things(d.ctx, book.Whole(), book.ThingQuery{Forum: c.Forum, Noun: "body", Member: t.Debtor.Member, Limit: 200})
	if err != nil {
		return err
	}
	var rules *jisr.Body
	for i := range rows {
		b := rows[i].State.Body
		if b.Agreed == nil || !slices.Contains(b.Members, t.Beneficiary.Member) {
			continue
		}
		rules = b
		if t.Source != nil && rows[i].ID == jisr.BodyOf(t.Source.Thing) {
			break
		}
	}
	if rules == nil {
		return nil
	}
	if len(t.Calendars) == 0 {
		t.Calendars = rules.Calendars
	}
	if len(t.Ladder) == 0 {
		t.Ladder = rules.Ladder
	}
	c.Terms = t
	return nil
}

// body is a body whose rules are agreed.
func (d *decision) body(forum jisr.ForumID, id jisr.ThingID) (*jisr.Body, error) {
	v, err := d.n.book.Thing(d.ctx, book.Whole(), forum, id)
	if err != nil {
		return nil, err
	}
	if v.State.Body == nil || v.State.Body.Agreed == nil {
		return nil, jisr.Refuse(jisr.NotAgreed, "body")
	}
	return v.State.Body, nil
}

// NewSegment names a new paragraph of minutes: in this member's name space, like a thing.
func (n *Node) NewSegment() string {
	return string(n.self.ID) + "-" + strings.ToLower(ulid.MustNew(ulid.Timestamp(n.now()), n.random).String())
}

// ExportSession gives a session as one file for jisr verify: the acts about it, about its minutes, and about the commitments
// that come from it, with their contents and proofs.
func (n *Node) ExportSession(ctx context.Context, scope book.Scope, forum jisr.ForumID, id jisr.ThingID) ([]byte, error) {
	v, err := n.book.Thing(ctx, scope, forum, id)
	if err != nil {
		return nil, err
	}
	if v.State.Meeting == nil {
		return nil, jisr.Refuse(jisr.NoSuch, string(id), "noun", "meeting")
	}
	minutes := jisr.MinutesThing(id)
	things := []jisr.ThingID{id, minutes}
	for q := (book.ThingQuery{Forum: forum, Noun: "commitment", Labels: []string{"source:" + string(minutes)}, Limit: 200}); ; {
		rows, next, err := n.book.Things(ctx, scope, q)
		if err != nil {
			return nil, err
		}
		for i := range rows {
			things = append(things, rows[i].ID)
		}
		if q.Cursor = next; next == "" {
			break
		}
	}
	var acts []jisr.Act
	known := map[jisr.Position]bool{}
	for _, thing := range things {
		more, err := n.book.Concerning(ctx, scope, forum, thing)
		if err != nil {
			return nil, err
		}
		for i := range more {
			if !known[more[i].Position] {
				known[more[i].Position] = true
				acts = append(acts, more[i])
			}
		}
	}
	return n.exportActs(ctx, forum, acts)
}

// Series gives the signed minutes of a body in the order of its sessions: what was decided, compiled.
func (n *Node) Series(ctx context.Context, scope book.Scope, forum jisr.ForumID, body jisr.ThingID) (all []SignedMinutes, err error) {
	for q := (book.ThingQuery{Forum: forum, Noun: "minutes", Labels: []string{"body:" + string(body)}, Limit: 200}); len(all) < maxMeetings; {
		rows, next, err := n.book.Things(ctx, scope, q)
		if err != nil {
			return nil, err
		}
		for i := range rows {
			if rows[i].State.Minutes.Done == nil {
				continue
			}
			v, err := n.Minutes(ctx, scope, forum, rows[i].ID)
			if err != nil {
				return nil, err
			}
			doc, err := v.Agreed()
			if err != nil {
				continue // it has not arrived, or is erased: its numbers stand in the signatures
			}
			all = append(all, SignedMinutes{Session: v.Minutes.Session, Day: v.Meeting.Day(), ID: rows[i].ID, Document: doc})
		}
		if q.Cursor = next; next == "" {
			break
		}
	}
	slices.SortFunc(all, func(a, b SignedMinutes) int { return a.Session - b.Session })
	return all, nil
}

// SignedMinutes is the document that all heads of a session signed.
type SignedMinutes struct {
	Session  int
	Day      jisr.Date
	ID       jisr.ThingID
	Document jisr.MinutesBody
}
