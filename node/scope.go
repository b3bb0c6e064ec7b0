package node

import (
	"context"
	"maps"

	"jisr"
	"jisr/book"
)

// ScopeOf is what a caller may see in the book; faces pass it with every reading. Whoever may read at all sees what is
// for official use; what is restricted, of the caller's desk; and above that, what the caller is named for.
func (n *Node) ScopeOf(c Caller) book.Scope {
	s := book.Scope{Everything: true, Official: c.By().Official, Registry: n.registry(c.Desk), Ceiling: jisr.HandlingSecret}
	if c.Desk != "" {
		s.Desks = []jisr.DeskID{c.Desk}
	}
	return s
}

// scope is what the caller of a command may see: nobody decides about what is not there for it. What the house does by
// itself it does about everything.
func (d *decision) scope() book.Scope {
	if d.own {
		return book.Whole()
	}
	return d.n.ScopeOf(d.caller)
}

// registry tells whether what comes in and belongs to no desk yet is this desk's: where no desk of the house receives,
// it is every desk's.
func (n *Node) registry(desk jisr.DeskID) bool {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return len(n.receiving) == 0 || n.receiving[desk]
}

// recallDesks takes up which desks receive.
func (n *Node) recallDesks(ctx context.Context) error {
	desks, err := n.book.Desks(ctx)
	if err != nil {
		return err
	}
	receiving := map[jisr.DeskID]bool{}
	for id, d := range desks {
		if d.Receives {
			receiving[id] = true
		}
	}
	n.mu.Lock()
	n.receiving = receiving
	n.mu.Unlock()
	return nil
}

// receives notes that a desk receives, or does no more.
func (n *Node) receives(desk jisr.DeskID, yes bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.receiving = maps.Clone(n.receiving)
	if n.receiving == nil {
		n.receiving = map[jisr.DeskID]bool{}
	}
	if delete(n.receiving, desk); yes {
		n.receiving[desk] = true
	}
}

func (SetReceives) verb() Verb  { return "desk.receive" }
func (ReferThing) verb() Verb   { return "thing.refer" }
func (NameOfficial) verb() Verb { return "thing.name" }
func (TakeBack) verb() Verb     { return "thing.take-back" }

func (c SetReceives) decide(d *decision) error {
	if err := d.deskExists(c.ID); err != nil {
		return err
	}
	return d.house(planned{kind: jisr.KindDeskReceive, about: jisr.ThingID("desk/" + c.ID), terms: jisr.ReceiveTerms{Receives: c.Receives}})
}

func (c ReferThing) decide(d *decision) error {
	custody, err := d.custodyOf(c.Forum, c.ID, c.Reason)
	if err == nil {
		err = custody.MayRefer(c.Desk)
	}
	if err == nil {
		err = d.deskExists(c.Desk)
	}
	if err != nil {
		return err
	}
	return d.house(planned{kind: jisr.KindThingRefer, about: c.ID, terms: jisr.ReferTerms{Forum: c.Forum, Desk: c.Desk, Reason: c.Reason}})
}

func (c NameOfficial) decide(d *decision) error {
	custody, err := d.custodyOf(c.Forum, c.ID, c.Reason)
	if err == nil {
		err = custody.MayName(c.Official)
	}
	if err != nil {
		return err
	}
	if row, err := d.n.book.Account(d.ctx, officialID(c.Official)); err != nil {
		return err
	} else if row.Account.Ended != nil {
		return jisr.Refuse(jisr.NoSuch, string(officialID(c.Official)))
	}
	return d.house(planned{kind: jisr.KindThingName, about: c.ID, terms: jisr.NameTerms{Forum: c.Forum, Official: c.Official, Reason: c.Reason}})
}

func (c TakeBack) decide(d *decision) error {
	custody, err := d.custodyOf(c.Forum, c.ID, c.Reason)
	if err == nil {
		err = custody.MayTakeBack(c.Desk, c.Official)
	}
	if err != nil {
		return err
	}
	return d.house(planned{kind: jisr.KindThingTakeBack, about: c.ID,
		terms: jisr.TakeBackTerms{Forum: c.Forum, Desk: c.Desk, Official: c.Official, Reason: c.Reason}})
}

// custodyOf gives whose a thing is by what the house said, for a caller who may see the thing.
func (d *decision) custodyOf(forum jisr.ForumID, id jisr.ThingID, reason string) (*jisr.Custody, error) {
	if _, err := d.n.forum(forum); err != nil {
		return nil, err
	}
	if err := checkReason(reason, false); err != nil {
		return nil, err
	}
	if err := d.touch(id); err != nil {
		return nil, err
	}
	d.done.Forum = forum
	if id.Noun() != "note" {
		v, err := d.n.book.Thing(d.ctx, d.scope(), forum, id)
		d.about = d.aboutThing(forum, id, v.Summary.Handling, v.Desks, v.Officials)
		return v.Custody, err
	}
	v, err := d.n.book.Note(d.ctx, d.scope(), forum, id)
	d.about = d.aboutThing(forum, id, v.Terms.Handling, v.Desks, v.Officials)
	return v.Custody, err
}

// aboutThing is a joint thing as policies see it. One that nobody is named for yet is known to those who file it: the
// scope has let the caller see it.
func (d *decision) aboutThing(forum jisr.ForumID, id jisr.ThingID, h jisr.Handling, desks []jisr.DeskID, officials []jisr.OfficialID) *resource {
	if len(officials) == 0 {
		officials = []jisr.OfficialID{d.caller.By().Official}
	}
	return &resource{id: id, forum: forum, handling: h, desks: desks, named: officials}
}
