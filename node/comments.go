package node

import (
	"context"
	"strconv"
	"time"

	"jisr"
	"jisr/book"
)

// ReadComments is the verb of reading what readers wrote, with their addresses.
const ReadComments Verb = "comment.read"

// maxHeldComments is how many comments wait for a moderator at most: what comes beyond is refused, so that a flood fills no disk.
const maxHeldComments = 5_000

// receiveComment keeps what a reader of the public page wrote. No official asks for it: the house does it by itself.
type receiveComment struct {
	forum     jisr.ForumID
	statement jisr.ThingID
	body      jisr.CommentBody
}

// ModerateComments decides about comments, all of them or none.
type ModerateComments struct {
	IDs     []jisr.ThingID // at most maxModerated
	Verdict jisr.Kind      // one of [jisr.CommentKinds]
}

// maxModerated is how many comments one decision is about.
const maxModerated = 200

func (receiveComment) verb() Verb     { return Verb(jisr.KindCommentReceive) }
func (c ModerateComments) verb() Verb { return Verb(c.Verdict) }

// TakeComment keeps a reader's comment on a statement that is public. Once it returns without error the comment is durable: a
// crash before it leaves nothing that was said to be kept, one after it leaves the comment held.
func (n *Node) TakeComment(ctx context.Context, forum jisr.ForumID, statement jisr.ThingID, body jisr.CommentBody) error {
	if err := n.awaitSettled(ctx); err != nil {
		return err
	}
	cmd := receiveComment{forum, statement, body}
	a := n.queue(&job{ctx: ctx, cmd: cmd, own: true, answer: make(chan answer, 1)})
	n.metrics.command(cmd.verb(), a.err)
	return a.err
}

func (c receiveComment) decide(d *decision) error {
	if err := c.body.Check(); err != nil {
		return err
	}
	if _, err := d.n.Publication(d.ctx, c.forum, c.statement); err != nil {
		return err
	}
	counts, err := d.n.book.CommentCounts(d.ctx, book.Whole())
	if err != nil {
		return err
	}
	if counts[jisr.CommentHeld] >= maxHeldComments {
		return jisr.Refuse(jisr.TooMany, "comment")
	}
	id := d.newThing("comment", c.forum, "")
	return d.house(planned{kind: jisr.KindCommentReceive, about: id, terms: jisr.CommentTerms{Forum: c.forum, Statement: c.statement}, body: c.body})
}

func (c ModerateComments) decide(d *decision) error {
	switch {
	case len(c.IDs) == 0:
		return jisr.Refuse(jisr.Missing, "comment")
	case len(c.IDs) > maxModerated:
		return jisr.Refuse(jisr.TooMany, "comment", "max", strconv.Itoa(maxModerated))
	}
	for _, id := range c.IDs {
		if err := d.touch(id); err != nil {
			return err
		}
		if _, err := d.n.book.Comment(d.ctx, d.scope(), id); err != nil {
			return err
		}
		p := planned{forum: jisr.House, kind: c.Verdict, about: id}
		if err := d.meets(p); err != nil {
			return err
		}
		if err := d.house(p); err != nil {
			return err
		}
	}
	return nil
}

// Comments gives a page of readers' comments with their addresses, to who decides about them.
func (n *Node) Comments(ctx context.Context, c Caller, q book.CommentQuery) ([]book.CommentRow, string, map[string]int, error) {
	if err := n.reads(ctx, c, ReadComments, resource{id: "comment/list", forum: jisr.House}, true); err != nil {
		return nil, "", nil, err
	}
	counts, err := n.book.CommentCounts(ctx, n.ScopeOf(c))
	if err != nil {
		return nil, "", nil, err
	}
	rows, next, err := n.book.Comments(ctx, n.ScopeOf(c), q)
	return rows, next, counts, err
}

// PublicComment is a comment as anybody may read it: there is no address in it.
type PublicComment struct {
	Name, Text, Lang string
	At               time.Time
}

// shownComments is how many comments a page shows, the newest.
const shownComments = 100

// PublicComments gives the comments on a statement that a moderator approved, the oldest first.
func (n *Node) PublicComments(ctx context.Context, forum jisr.ForumID, statement jisr.ThingID) ([]PublicComment, error) {
	rows, _, err := n.book.Comments(ctx, book.Whole(), book.CommentQuery{Forum: forum, Statement: statement, State: jisr.CommentShown, Limit: shownComments})
	if err != nil {
		return nil, err
	}
	var all []PublicComment
	for i := len(rows) - 1; i >= 0; i-- {
		if b := &rows[i].Body; b.Text != "" {
			all = append(all, PublicComment{b.Name, b.Text, b.Lang, rows[i].Received.At})
		}
	}
	return all, nil
}
