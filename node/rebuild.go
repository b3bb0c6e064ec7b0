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
	r := &rebuilding{n: n, left: []reading{{log: book.Log{Forum: jisr.House, Member: n.self.ID}}}}
	err = book.Rebuild(ctx, filepath.Join(o.Dir, fileBook), n.self.ID, func() ([]book.Said, error) { return r.next(ctx) }, n.vault.FileKey(fileBook)...)
	if err != nil {
		return r.acts, fmt.Errorf("couldn't rebuild the book: %w", err)
	}
	return r.acts, nil
}

// rebuilding reads every log once: the house log first, because it says which others there are, then the others
// in turn, because acts about one thing stand in several of them at about the same time.
type rebuilding struct {
	n    *Node
	left []reading
	acts int64
}

type reading struct {
	log  book.Log
	from jisr.Index
}

func (r *rebuilding) next(ctx context.Context) ([]book.Said, error) {
	for len(r.left) > 0 {
		now := r.left[0]
		r.left = r.left[1:]
		said, err := r.n.read(ctx, now.log, now.from)
		if err != nil {
			return nil, err
		}
		switch {
		case len(said) > 0 && now.log.Forum == jisr.House:
			r.left = append([]reading{{now.log, now.from + jisr.Index(len(said))}}, r.left...)
		case len(said) > 0:
			r.left = append(r.left, reading{now.log, now.from + jisr.Index(len(said))})
		case now.log.Forum == jisr.House:
			for _, l := range r.n.logs() {
				r.left = append(r.left, reading{log: l})
			}
		}
		if len(said) > 0 {
			r.acts += int64(len(said))
			return said, r.learn(said)
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
