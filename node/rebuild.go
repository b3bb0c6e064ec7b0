package node

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"

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
	r := &rebuilding{n: n, left: []*reading{{log: book.Log{Forum: jisr.House, Member: n.self.ID}}}, met: map[book.Log]bool{}}
	err = book.Rebuild(ctx, filepath.Join(o.Dir, fileBook), n.self.ID, func() ([]book.Said, error) { return r.next(ctx) }, n.vault.FileKey(fileBook)...)
	if err != nil {
		return r.acts, fmt.Errorf("couldn't rebuild the book: %w", err)
	}
	return r.acts, nil
}

// rebuilding reads every log once, all at the same time in the order of the writers' clocks: what the house prepared and what it
// then said stand side by side, and the book writes them at once. Clocks that are off make it slower, never wrong. The house log
// says which others there are.
type rebuilding struct {
	n    *Node
	left []*reading
	met  map[book.Log]bool // whose reading has begun
	acts int64
}

type reading struct {
	log  book.Log
	from jisr.Index
	said []book.Said // read and not given yet
}

const (
	rebuildActs = 1_000    // given at once
	rebuildRead = 64 << 20 // bytes of bodies read ahead, of all logs together
)

func (r *rebuilding) next(ctx context.Context) (some []book.Said, err error) {
	for len(some) < rebuildActs {
		var first *reading
		for i := 0; i < len(r.left); i++ {
			l := r.left[i]
			if len(l.said) == 0 {
				if err := r.more(ctx, l); err != nil {
					return nil, err
				}
			}
			if len(l.said) > 0 && (first == nil || l.said[0].Act.At.Before(first.said[0].Act.At)) {
				first = l
			}
		}
		r.left = slices.DeleteFunc(r.left, func(l *reading) bool { return len(l.said) == 0 })
		if first == nil {
			return some, nil
		}
		some, first.said = append(some, first.said[0]), first.said[1:]
		r.acts++
	}
	return some, nil
}

// more reads on in a log. A forum that is met brings its logs.
func (r *rebuilding) more(ctx context.Context, l *reading) (err error) {
	l.said, err = r.n.readSome(ctx, l.log, l.from, min(followContent, rebuildRead/int64(len(r.left))))
	l.from += jisr.Index(len(l.said))
	for i := range l.said {
		if err == nil && l.said[i].Act.Kind == jisr.KindForumAccept && l.said[i].Body != nil {
			err = r.n.enter(l.said[i].Act.About, l.said[i].Body)
		}
	}
	for _, known := range r.n.logs() {
		if err == nil && !r.met[known] {
			r.met[known] = true
			r.left = append(r.left, &reading{log: known})
		}
	}
	return err
}
