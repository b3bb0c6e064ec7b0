package node

import (
	"context"
	"fmt"
	"path/filepath"

	"jisr"
	"jisr/book"
)

// RebuildBook makes the node's book anew from its ledger, and tells how many acts it read. The old book stays
// until the new one is complete: a crash leaves one of the two. The node must not be running elsewhere.
func RebuildBook(ctx context.Context, o Options) (acts int64, err error) {
	n := newNode(o)
	defer n.closeStores()
	if err := n.openLedger(ctx); err != nil {
		return 0, err
	}
	r := &rebuilding{n: n, left: []book.Log{{Forum: jisr.House, Member: n.self.ID}}}
	err = book.Rebuild(ctx, filepath.Join(o.Dir, fileBook), n.self.ID, func() ([]book.Said, error) { return r.next(ctx) })
	if err != nil {
		return r.acts, fmt.Errorf("couldn't rebuild the book: %w", err)
	}
	return r.acts, nil
}

// rebuilding reads every log once, the house log first, because it says which others there are.
type rebuilding struct {
	n    *Node
	left []book.Log
	from jisr.Index
	acts int64
}

func (r *rebuilding) next(ctx context.Context) ([]book.Said, error) {
	for len(r.left) > 0 {
		l := r.left[0]
		said, err := r.n.read(ctx, l, r.from)
		if err != nil {
			return nil, err
		}
		if len(said) > 0 {
			r.from += jisr.Index(len(said))
			r.acts += int64(len(said))
			return said, r.learn(said)
		}
		r.from, r.left = 0, r.left[1:]
		if l.Forum == jisr.House {
			r.left = append(r.left, r.n.logs()...)
		}
	}
	return nil, nil
}

func (r *rebuilding) learn(said []book.Said) error {
	for i := range said {
		if said[i].Act.Kind != jisr.KindForumAccept || said[i].Body == nil {
			continue
		}
		if err := r.n.enter(said[i].Act.About, said[i].Body); err != nil {
			return err
		}
	}
	return nil
}
