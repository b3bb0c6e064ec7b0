package node

import (
	"context"
	"slices"
	"sync"

	"jisr"
	"jisr/book"
	"jisr/ledger"
)

// watchers are open pages and waiting programs. mu guards all of it.
type watchers struct {
	mu    sync.Mutex
	pages map[chan Event]bool
	count int64         // changes so far
	turn  chan struct{} // closed and replaced when a receipt arrives
}

const pageBuffer = 64 // events a slow page may be behind before it misses some; it then reloads all it shows

// Watch gives events until ctx ends, then closes the channel. A page that reads too slowly misses events: the
// next one tells it enough, since pages fetch what they show anew.
func (n *Node) Watch(ctx context.Context) <-chan Event {
	ch := make(chan Event, pageBuffer)
	n.watch.mu.Lock()
	n.watch.pages[ch] = true
	n.watch.mu.Unlock()
	context.AfterFunc(ctx, func() {
		n.watch.mu.Lock()
		defer n.watch.mu.Unlock()
		delete(n.watch.pages, ch)
		close(ch)
	})
	return ch
}

// MaySee tells whether an event is for a caller: what is not there for the caller does not change for it either.
func (n *Node) MaySee(ctx context.Context, c Caller, e Event) bool {
	s := n.ScopeOf(c)
	if e.Thing == "" || e.Forum == jisr.House && e.Thing.Noun() != "note" {
		return e.Forum == "" || e.Forum == jisr.House || s.Reaches(e.Forum)
	}
	forums := []jisr.ForumID{e.Forum}
	if e.Forum == jisr.House { // a draft: its row is in the forum that it is for
		forums = n.forumIDs()
	}
	return slices.ContainsFunc(forums, func(f jisr.ForumID) bool {
		yes, err := n.book.Sees(ctx, s, f, e.Thing)
		return err == nil && yes
	})
}

// Changes counts what Watch has told or would have told: a page that was made at another count than the one its
// watching began with has missed something.
func (n *Node) Changes() int64 {
	n.watch.mu.Lock()
	defer n.watch.mu.Unlock()
	return n.watch.count
}

func (n *Node) publish(e Event) {
	n.watch.mu.Lock()
	defer n.watch.mu.Unlock()
	n.watch.count++
	for ch := range n.watch.pages {
		select {
		case ch <- e:
		default:
		}
	}
}

func (n *Node) publishSaid(said []book.Said) {
	n.watch.mu.Lock()
	idle := len(n.watch.pages) == 0
	if idle {
		n.watch.count++
	}
	n.watch.mu.Unlock()
	if idle {
		return
	}
	told := map[Event]bool{}
	for i := range said {
		for _, thing := range jisr.Concerns(&said[i].Act) {
			e := Event{Forum: said[i].Act.Forum, Thing: thing}
			if !told[e] {
				told[e] = true
				n.publish(e)
			}
		}
	}
}

// turnOf is closed when the next receipt arrives.
func (n *Node) turnOf() <-chan struct{} {
	n.watch.mu.Lock()
	defer n.watch.mu.Unlock()
	return n.watch.turn
}

// received takes a receipt that is durable: lists show it, waiting programs look again.
func (n *Node) received(r ledger.Receipt) {
	l, ok := n.logOf(r.Log)
	mirror, known := n.memberNamed(r.Mirror)
	if !ok || !known {
		return
	}
	h := heldOf(mirror, r)
	if err := n.book.SetHeld(context.Background(), l, h); err != nil {
		n.log.Error("couldn't note a receipt in the book; it is in the ledger", "err", err)
	}
	n.watch.mu.Lock()
	if n.held[l] == nil {
		n.held[l] = map[jisr.MemberID]book.Held{}
	}
	n.held[l][mirror] = h
	close(n.watch.turn)
	n.watch.turn = make(chan struct{})
	n.watch.mu.Unlock()
	n.publish(Event{Forum: l.Forum})
}

func heldOf(mirror jisr.MemberID, r ledger.Receipt) book.Held {
	h := book.Held{Mirror: mirror, Size: jisr.Index(r.Size)}
	for _, m := range r.Missing {
		h.Missing = append(h.Missing, [2]jisr.Index{jisr.Index(m.Start), jisr.Index(m.End)})
	}
	return h
}

// WaitHeld returns when every other member of the forum has signed that it holds the act and all it carries,
// or with ctx's error.
func (n *Node) WaitHeld(ctx context.Context, forum jisr.ForumID, p jisr.Position) error {
	f, err := n.forum(forum)
	if err != nil {
		return err
	}
	for {
		turn := n.turnOf()
		if n.heldByAll(f, book.Log{Forum: forum, Member: p.Member}, p.Index) {
			return nil
		}
		select {
		case <-turn:
		case <-ctx.Done():
			return ctx.Err()
		case <-n.closing:
			return jisr.Refuse(jisr.Unavailable, "node")
		}
	}
}

func (n *Node) heldByAll(f *forum, l book.Log, i jisr.Index) bool {
	n.watch.mu.Lock()
	defer n.watch.mu.Unlock()
	for _, m := range f.others {
		if m == l.Member {
			continue
		}
		if h, ok := n.held[l][m]; !ok || !h.Covers(i) {
			return false
		}
	}
	return true
}
