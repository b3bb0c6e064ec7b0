package node

import (
	"context"
	"slices"

	"jisr"
	"jisr/book"
)

// OpenItem is a step that is owed at a desk. It says of what, and not what stands in it: who hands a post over need not read it.
type OpenItem struct {
	Why   book.Why
	Forum jisr.ForumID
	Thing jisr.ThingID
	Due   jisr.Date // empty: no date
	Late  bool
}

// OpenAt lists what is open at the desk of a post, for its next holder: drafts of that desk, steps it owes, and what came in
// and belongs to no desk yet. Things are desks', so handing the post over changes nothing of them.
func (n *Node) OpenAt(ctx context.Context, c Caller, id jisr.OfficialID) ([]OpenItem, error) {
	if err := n.may(c, ReadHouse); err != nil {
		return nil, err
	}
	row, err := n.book.Account(ctx, officialID(id))
	if err != nil {
		return nil, err
	}
	ours, _, err := n.book.ToDo(ctx, book.Whole(), n.Known())
	if err != nil {
		return nil, err
	}
	var all []OpenItem
	for i := range ours {
		if t := &ours[i]; isOf(t, row.Account.Desk) {
			item := OpenItem{Why: t.Why, Forum: t.Note.Forum, Thing: t.Note.ID, Due: t.Due, Late: t.Late}
			if t.Thing != nil {
				item.Forum, item.Thing = t.Thing.Forum, t.Thing.ID
			}
			all = append(all, item)
		}
	}
	return all, nil
}

func isOf(t *book.ToDo, desk jisr.DeskID) bool {
	if d := t.Note.Draft; t.Thing == nil && d != nil {
		return slices.ContainsFunc(d.Drafters, func(by jisr.By) bool { return by.Desk == desk })
	}
	return t.Desk == "" || t.Desk == desk
}
