package node

import (
	"context"
	"maps"
	"slices"

	"jisr"
	"jisr/book"
)

// ScopeOf is what a caller may see in the book; faces pass it with every reading. It is what the policies allow to be
// read, asked for the ways in which a caller can stand to a thing.
func (n *Node) ScopeOf(c Caller) book.Scope {
	rules, me := n.rules.now(), []jisr.OfficialID{c.By().Official}
	reads := func(h jisr.Handling, desk jisr.DeskID, named []jisr.OfficialID) bool {
		r := c.own()
		r.handling, r.named = h, named
		if desk != "" {
			r.desks = []jisr.DeskID{desk}
		}
		return rules.ask(c, Read, r, facts{}).allowed
	}
	s := book.Scope{Everything: reads(jisr.HandlingOfficial, someDesk, nil), Forums: c.Scope.Forums}
	s.Unopened = rules.ask(c, ReadUnopened, c.own(), facts{}).allowed
	for _, h := range jisr.Handlings() {
		if reads(h, someDesk, me) {
			s.Official, s.Ceiling = me[0], h
		}
	}
	if c.Desk != "" && reads(jisr.HandlingOfficial, c.Desk, nil) {
		s.Desks = []jisr.DeskID{c.Desk}
		s.Registry = n.registry(c.Desk)
	}
	return s
}

// someDesk is a desk that is not the caller's: no name of a desk has a capital.
const someDesk jisr.DeskID = "Another"

// scope is what the caller of a command may see: nobody decides about what is not there for it. What the caller did
// itself is always there, so that who writes without reading can ask again under the same key. What the house does by
// itself it does about everything.
func (d *decision) scope() book.Scope {
	if d.own {
		return book.Whole()
	}
	if d.sees == nil {
		s := d.n.ScopeOf(d.caller)
		if s.Official == "" {
			s.Official, s.Ceiling = d.caller.By().Official, jisr.HandlingSecret
		}
		d.sees = &s
	}
	return *d.sees
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
	desk, err := d.accountNamed(string(c.Official))
	if err == nil && desk != d.caller.Desk && !slices.Contains(d.about.desks, desk) { // need to know is the desk's own to judge, beyond it a second official's
		err = d.n.may(d.caller, "thing.entrust")
	}
	if err != nil {
		return err
	}
	return d.house(planned{kind: jisr.KindThingName, about: c.ID, terms: jisr.NameTerms{Forum: c.Forum, Official: c.Official, Reason: c.Reason}})
}

// accountNamed finds the desk of a post or program; a name that none has which is still let in is refused.
func (d *decision) accountNamed(name string) (jisr.DeskID, error) {
	for _, noun := range []string{"official/", "token/"} {
		row, err := d.n.book.Account(d.ctx, jisr.ThingID(noun+name))
		if err == nil && row.Account.Ended == nil {
			return row.Account.Desk, nil
		}
		if err != nil && !isRefusal(err, jisr.NoSuch) {
			return "", err
		}
	}
	return "", jisr.Refuse(jisr.NoSuch, name, "noun", "official")
}

// nameFree refuses a name that an account of the other noun has: what is named for an official, and what it drafted,
// stands under the name alone.
func (d *decision) nameFree(other jisr.ThingID) error {
	if err := d.touch(other); err != nil {
		return err
	}
	_, err := d.n.book.Account(d.ctx, other)
	if err == nil {
		return jisr.Refuse(jisr.Already, other.Name())
	}
	if isRefusal(err, jisr.NoSuch) {
		return nil
	}
	return err
}

func (c TakeBack) decide(d *decision) error {
	custody, err := d.custodyOf(c.Forum, c.ID, c.Reason)
	if err == nil {
		err = custody.MayTakeBack(c.Desk, c.Official)
	}
	if err == nil && c.Desk != "" { // whose a desk's things are is one matter, both ways
		err = d.n.may(d.caller, "thing.refer")
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
		if isRefusal(err, jisr.NoSuch) { // who clears what begins it is named before it is there
			v, err := d.n.book.Begun(d.ctx, d.scope(), forum, id)
			d.about = d.aboutThing(forum, id, v.Handling, v.Desks, v.Officials)
			return v.Custody, err
		}
		d.about = d.aboutThing(forum, id, v.Summary.Handling, v.Desks, v.Officials)
		return v.Custody, err
	}
	v, err := d.n.book.Note(d.ctx, d.scope(), forum, id)
	d.about = d.aboutThing(forum, id, v.Terms.Handling, v.Desks, v.Officials)
	return v.Custody, err
}

// aboutThing is a joint thing as policies see it. One that nobody is named for yet is known to those who file it: the
// scope has let the caller see it.
func aboutThing(c Caller, forum jisr.ForumID, id jisr.ThingID, h jisr.Handling, desks []jisr.DeskID, officials []jisr.OfficialID) resource {
	if len(officials) == 0 {
		officials = []jisr.OfficialID{c.By().Official}
	}
	return resource{id: id, forum: forum, handling: h, desks: desks, named: officials}
}

// aboutThing is the thing a command is about.
func (d *decision) aboutThing(forum jisr.ForumID, id jisr.ThingID, h jisr.Handling, desks []jisr.DeskID, officials []jisr.OfficialID) *resource {
	r := aboutThing(d.caller, forum, id, h, desks, officials)
	return &r
}

// ReadsNote lets a caller read a note that the book has given it, or not. Reading what few may read is audited first.
func (n *Node) ReadsNote(ctx context.Context, c Caller, v *book.NoteView) error {
	return n.reads(ctx, c, Read, aboutNote(c, v), false)
}

// ReadsThing does the same for a thing of any other noun.
func (n *Node) ReadsThing(ctx context.Context, c Caller, v *book.ThingView) error {
	return n.reads(ctx, c, Read, aboutThing(c, v.Forum, v.ID, v.Summary.Handling, v.Desks, v.Officials), false)
}

// ReadsOutgoing does the same for an act in preparation, which says as much as the thing it is about.
func (n *Node) ReadsOutgoing(ctx context.Context, c Caller, row *book.OutgoingRow) error {
	return n.reads(ctx, c, Read, aboutThing(c, row.Outgoing.Forum, row.Outgoing.About, row.Handling, row.Desks, row.Officials), false)
}

// ReadsAbout does the same for who reads an act about a thing, or its proof, which may carry what the act says.
func (n *Node) ReadsAbout(ctx context.Context, c Caller, forum jisr.ForumID, id jisr.ThingID) error {
	if id.Noun() == "note" {
		v, err := n.book.Note(ctx, book.Whole(), forum, id)
		if isRefusal(err, jisr.NoSuch) {
			return nil
		}
		if err == nil {
			err = n.ReadsNote(ctx, c, &v)
		}
		return err
	}
	v, err := n.book.Thing(ctx, book.Whole(), forum, id)
	if isRefusal(err, jisr.NoSuch) {
		return nil // an act about what is no thing here: the book has let the caller see the act
	}
	if err == nil {
		err = n.ReadsThing(ctx, c, &v)
	}
	return err
}
