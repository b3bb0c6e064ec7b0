package node

import (
	"context"
	"errors"

	"jisr"
	"jisr/book"
	"jisr/ledger"
)

// eraseAtOnce is how many batches are erased in one turn; more wait for the next.
const eraseAtOnce = 100

// EraseRecords agrees that the contents of a batch go before their time. Once all parties have said so, each node deletes its copy
// and says that it did.
type EraseRecords struct {
	Forum  jisr.ForumID
	Batch  jisr.ThingID
	Reason string
}

// HoldThing sets a legal hold on a thing, a batch of records or a whole programme, or lifts it: nothing of it is erased here
// meanwhile.
type HoldThing struct {
	Forum  jisr.ForumID
	ID     jisr.ThingID
	Lift   bool
	Reason string
	Review jisr.Date // when the hold is looked at again, optional
}

// sayErased is the house saying that it deletes its copy of a batch.
type sayErased struct {
	forum jisr.ForumID
	batch jisr.ThingID
	terms jisr.ErasedTerms
}

func (EraseRecords) verb() Verb { return "record.erase" }
func (sayErased) verb() Verb    { return "record.erased" }

func (c HoldThing) verb() Verb {
	if c.Lift {
		return "thing.unhold"
	}
	return "thing.hold"
}

func (c EraseRecords) decide(d *decision) error {
	if _, _, err := d.aboutBatch(c.Forum, c.Batch); err != nil && !isRefusal(err, jisr.NoFlow) { // also after the agreement ended
		return err
	}
	if err := d.unheld(c.Forum, c.Batch); err != nil { // a house does not agree to erase what it holds
		return err
	}
	return d.saysOf(planned{forum: c.Forum, kind: jisr.KindRecordErase, about: c.Batch, terms: jisr.Reason{Reason: c.Reason}})
}

func (c HoldThing) decide(d *decision) error {
	custody, err := d.custodyOf(c.Forum, c.ID, c.Reason)
	if err == nil {
		err = custody.MayHold(!c.Lift, c.Reason, c.Review)
	}
	if err != nil {
		return err
	}
	return d.house(planned{kind: jisr.Kind(c.verb()), about: c.ID, terms: jisr.LegalHoldTerms{Forum: c.Forum, Reason: c.Reason, Review: c.Review}})
}

func (c sayErased) decide(d *decision) error {
	if err := d.unheld(c.forum, c.batch); err != nil {
		return err
	}
	if err := d.touch(c.batch); err != nil {
		return err
	}
	return d.saysOf(planned{forum: c.forum, kind: jisr.KindRecordErased, about: c.batch, terms: c.terms, anonymous: true})
}

// unheld refuses when a legal hold is on a batch or on the programme it was sent under.
func (d *decision) unheld(forum jisr.ForumID, batch jisr.ThingID) error {
	v, err := d.n.book.Thing(d.ctx, book.Whole(), forum, batch)
	if err != nil {
		return err
	}
	p, err := d.n.book.Thing(d.ctx, book.Whole(), forum, v.State.Batch.Programme)
	if err != nil {
		return err
	}
	if v.Custody.Held() || p.Custody.Held() {
		return jisr.Refuse(jisr.UnderHold, batch.Name())
	}
	return nil
}

// eraseDue erases what all have agreed to erase and what the annex has kept long enough, and finishes what a crash or a restored
// backup left undone. What is under a legal hold stays.
func (n *Node) eraseDue(ctx context.Context) error {
	for _, state := range []string{jisr.RecordsErasing, jisr.RecordsErased} {
		q := book.ThingQuery{Noun: "record", State: state, Limit: 200}
		for more := true; more; more = q.Cursor != "" {
			rows, next, err := n.book.Things(ctx, book.Whole(), q)
			if err != nil {
				return err
			}
			for i := range rows {
				if err := n.eraseAgreed(ctx, &rows[i]); err != nil {
					return err
				}
			}
			q.Cursor = next
		}
	}
	expired, err := n.book.Expired(ctx, n.now(), eraseAtOnce)
	for _, e := range expired {
		if err == nil {
			err = n.erase(ctx, e.Forum, e.Batch, jisr.ErasedTerms{Basis: "retention", Until: e.Until})
		}
	}
	return err
}

func (n *Node) eraseAgreed(ctx context.Context, row *book.ThingRow) error {
	b := row.State.Batch
	if _, done := b.Erased[n.self.ID]; done {
		return n.forget(ctx, row.Forum, row.ID)
	}
	if !b.Agreed() {
		return nil // the other side's retention ended; ours is worked out here
	}
	return n.erase(ctx, row.Forum, row.ID, jisr.ErasedTerms{Basis: "agreed"})
}

// erase says that the copy here is deleted, and deletes it. A crash between leaves a copy that the next turn deletes: what was
// said is durable first, so that nothing is deleted of which nobody knows.
func (n *Node) erase(ctx context.Context, forum jisr.ForumID, batch jisr.ThingID, terms jisr.ErasedTerms) error {
	a := n.queue(&job{ctx: ctx, cmd: sayErased{forum, batch, terms}, own: true, answer: make(chan answer, 1)})
	if isRefused(a.err) { // under a hold, said before, or the forum is frozen
		return nil
	}
	if a.err != nil {
		return a.err
	}
	return n.forget(ctx, forum, batch)
}

// forget deletes the contents of all acts about a batch here, in the ledger and then in the book.
func (n *Node) forget(ctx context.Context, forum jisr.ForumID, batch jisr.ThingID) error {
	v, err := n.book.Thing(ctx, book.Whole(), forum, batch)
	if err != nil {
		return err
	}
	for i := range v.Acts {
		a := &v.Acts[i].Act
		if a.Content == nil {
			continue
		}
		origin := n.origin(forum, a.Member)
		refs, err := n.ledger.Refs(ctx, origin, int64(a.Index))
		if err != nil && !errors.Is(err, ledger.ErrNotFound) {
			return err
		}
		if len(refs) > 0 && !refs[0].Erased {
			if err := n.ledger.Erase(ctx, origin, int64(a.Index)); err != nil {
				return err
			}
		} else if v.Acts[i].Body == nil && !v.Acts[i].Omitted {
			continue
		}
		if err := n.forgetBody(ctx, book.Log{Forum: forum, Member: a.Member}, a.Index); err != nil {
			return err
		}
	}
	return nil
}

func (n *Node) forgetBody(ctx context.Context, l book.Log, i jisr.Index) error {
	n.following.Lock()
	defer n.following.Unlock()
	return n.book.Body(ctx, l, i, nil)
}
