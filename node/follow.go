package node

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"jisr"
	"jisr/book"
	"jisr/ledger"
)

const (
	followEntries = 1_000   // entries brought into the book in one transaction
	followBytes   = 4 << 20 // bytes of entries read for it
	followBodies  = 64      // bodies looked for at once
	followContent = 8 << 20 // bytes of bodies brought into the book in one transaction
	followEvery   = time.Second
)

// head is where the writing of acts in a forum goes on.
type head struct {
	clock int64                        // highest of all acts the book has
	next  jisr.Index                   // next index of this member's own log
	seen  map[jisr.MemberID]jisr.Index // entries of each other member's log the book has; never changed in place
}

// head gives the head of a forum. Following is held.
func (n *Node) head(forum jisr.ForumID) head { return n.heads[forum] }

// applied notes what the book has come to hold. Following is held.
func (n *Node) applied(said []book.Said) {
	fresh := map[jisr.ForumID]bool{} // whose seen is a copy made here: acts already encoded keep theirs
	for i := range said {
		a := &said[i].Act
		h := n.heads[a.Forum]
		h.clock = max(h.clock, a.Clock)
		if a.Member == n.self.ID {
			h.next = a.Index + 1
		} else {
			if !fresh[a.Forum] {
				h.seen, fresh[a.Forum] = maps.Clone(h.seen), true
			}
			if h.seen == nil {
				h.seen = map[jisr.MemberID]jisr.Index{}
			}
			h.seen[a.Member] = a.Index + 1
		}
		n.heads[a.Forum] = h
		n.appliedAct(&said[i])
		n.owed.notice(a)
		n.notice(a)
	}
	n.publishSaid(said)
}

// appliedAct does what an act means to the node itself, whether it was just written, is met at start-up, or
// was appended by another process of this member.
func (n *Node) appliedAct(s *book.Said) {
	switch s.Act.Kind {
	case jisr.KindForumAccept:
		if err := n.enter(s.Act.About, s.Body); err != nil {
			n.log.Error("couldn't enter a forum", "forum", s.Act.About, "err", err)
		}
	case jisr.KindOfficialAdd, jisr.KindOfficialEnd, jisr.KindTokenAdd, jisr.KindTokenEnd, jisr.KindDeskAdd:
		n.bearers.forget()
	case jisr.KindDeskReceive:
		if t, err := jisr.ReadReceive(&s.Act); err == nil {
			n.receives(jisr.DeskID(s.Act.About.Name()), t.Receives)
		}
	case jisr.KindPolicyApprove:
		if err := n.takePolicies(context.Background()); err != nil {
			n.log.Error("couldn't put the approved policies in force; those before stay", "err", err)
		}
	}
	if s.Act.Content != nil && s.Body == nil {
		n.wanting[book.Log{Forum: s.Act.Forum, Member: s.Act.Member}] = append(n.wanting[book.Log{Forum: s.Act.Forum, Member: s.Act.Member}], s.Act.Index)
	}
}

// followLoop keeps the book at the ledger: woken by the link, and once a second for what another process of
// this member may have appended.
func (n *Node) followLoop(ctx context.Context) {
	tick := time.NewTicker(followEvery)
	defer tick.Stop()
	for {
		ticked := false
		select {
		case <-ctx.Done():
			return
		case <-n.woken:
		case <-tick.C:
			ticked = true
		}
		n.hurried.Store(!ticked)
		if err := n.followAll(ctx); err != nil && ctx.Err() == nil {
			n.log.Error("couldn't follow the ledger; trying again", "err", err)
		}
		if ticked {
			if err := n.workOutDuties(ctx); err != nil && ctx.Err() == nil {
				n.log.Error("couldn't work out what is owed and what is to be erased under programmes; trying again", "err", err)
			}
			if err := n.dropUploads(ctx); err != nil && ctx.Err() == nil {
				n.log.Error("couldn't forget uploads that nothing names; trying again", "err", err)
			}
		}
		n.writeUsed(false)
		n.pokeAudit()
	}
}

// poke wakes the follower.
func (n *Node) poke() {
	select {
	case n.woken <- struct{}{}:
	default: // it is awake already
	}
}

func (n *Node) followAll(ctx context.Context) error {
	n.following.Lock()
	defer n.following.Unlock()
	return n.followAllLocked(ctx)
}

// followAllLocked brings every log to its end. The house log goes first: it says which forums there are.
func (n *Node) followAllLocked(ctx context.Context) error {
	if err := n.follow(ctx, book.Log{Forum: jisr.House, Member: n.self.ID}); err != nil {
		return err
	}
	for _, l := range n.logs() {
		if err := n.follow(ctx, l); err != nil {
			return err
		}
	}
	return n.fetchWanting(ctx)
}

// follow brings one log from the ledger into the book. A crash anywhere leaves the book at an earlier
// position, from where following goes on.
func (n *Node) follow(ctx context.Context, l book.Log) error {
	origin := n.origin(l.Forum, l.Member)
	for {
		from := n.position(l)
		size, err := n.ledger.Size(ctx, origin)
		if errors.Is(err, ledger.ErrNotFound) || err == nil && size <= int64(from) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("couldn't read the size of %s: %w", origin, err)
		}
		said, err := n.read(ctx, l, from)
		if err != nil {
			return err
		}
		if err := n.bringUp(ctx, l, said); err != nil {
			return fmt.Errorf("couldn't bring the book up with %s: %w", origin, err)
		}
		n.applied(said)
	}
}

// bringUp applies what the book does not hold yet: another process of this member, such as `jisr official add` beside
// `jisr serve`, may have appended to the ledger and brought the book up with it.
func (n *Node) bringUp(ctx context.Context, l book.Log, said []book.Said) error {
	have, err := n.book.Positions(ctx)
	if err != nil {
		return err
	}
	for len(said) > 0 && said[0].Act.Index < have[l] {
		said = said[1:]
	}
	if len(said) == 0 {
		return nil
	}
	return n.book.Apply(ctx, said)
}

// position is the next index of a log the book wants. Following is held.
func (n *Node) position(l book.Log) jisr.Index {
	h := n.heads[l.Forum]
	if l.Member == n.self.ID {
		return h.next
	}
	return h.seen[l.Member]
}

// read takes a run of entries from the ledger, with the bodies that are here.
func (n *Node) read(ctx context.Context, l book.Log, from jisr.Index) ([]book.Said, error) {
	return n.readSome(ctx, l, from, followContent)
}

// readSome is read with at most so many bytes of bodies, or one body.
func (n *Node) readSome(ctx context.Context, l book.Log, from jisr.Index, content int64) ([]book.Said, error) {
	origin := n.origin(l.Forum, l.Member)
	entries, err := n.ledger.Entries(ctx, origin, int64(from), followEntries, followBytes)
	if err != nil {
		return nil, fmt.Errorf("couldn't read %s from %d: %w", origin, from, err)
	}
	said := make([]book.Said, 0, len(entries))
	size := int64(0)
	for i, data := range entries {
		a, err := jisr.DecodeKept(l.Member, from+jisr.Index(i), data)
		if err != nil {
			return nil, fmt.Errorf("internal error: %s holds at %d what it should have refused: %w", origin, from+jisr.Index(i), err)
		}
		if a.Content != nil {
			size += a.Content.Size
		}
		if size > content && len(said) > 0 {
			break
		}
		said = append(said, book.Said{Act: a, Entry: data})
	}
	bodies, err := n.ledger.Contents(ctx, origin, int64(from), int64(from)+int64(len(said)), 0)
	if err != nil {
		return nil, err
	}
	if err := n.whenCame(ctx, l, said); err != nil {
		return nil, err
	}
	for i := range said {
		if s := &said[i]; s.Act.Content != nil { // an act without a body may have a file as its first content
			s.Body = bodies[int64(s.Act.Index)]
		}
	}
	return said, nil
}

// whenCame says of another member's acts when they reached this node, by its own receipts. Of what it had before it kept those, the
// writer's clock is believed as far as it was not ahead.
func (n *Node) whenCame(ctx context.Context, l book.Log, said []book.Said) error {
	if l.Member == n.self.ID || len(said) == 0 {
		return nil
	}
	from := said[0].Act.Index
	came, first, err := n.ledger.Arrivals(ctx, n.origin(l.Forum, l.Member), int64(from), int64(from)+int64(len(said)))
	if err != nil {
		return err
	}
	for i := range said {
		if s := &said[i]; int64(s.Act.Index) >= first || s.Act.At.After(came[i]) {
			s.Came = came[i]
		}
	}
	return nil
}

// bodyAt reads the body of an act; nil when it is not here (yet, or any more).
func (n *Node) bodyAt(ctx context.Context, origin ledger.Origin, i jisr.Index) ([]byte, error) {
	body, err := n.ledger.Content(ctx, origin, int64(i), 0)
	if errors.Is(err, ledger.ErrMissing) || errors.Is(err, ledger.ErrNotFound) {
		return nil, nil
	}
	if errors.Is(err, ledger.ErrTooLong) {
		return n.largeBody(ctx, origin, i)
	}
	if err != nil {
		return nil, fmt.Errorf("couldn't read the body of %s %d: %w", origin, i, err)
	}
	return body, nil
}

// largeBody reads a body that is kept in parts; nil when it is not all here, or longer than any body may be.
func (n *Node) largeBody(ctx context.Context, origin ledger.Origin, i jisr.Index) ([]byte, error) {
	r, err := n.ledger.OpenContent(ctx, origin, int64(i), 0)
	if errors.Is(err, ledger.ErrMissing) || errors.Is(err, ledger.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("couldn't open the body of %s %d: %w", origin, i, err)
	}
	defer r.Close()
	const longest = 2 * jisr.MaxTextContent // an outgoing act has the text as a string
	body, err := io.ReadAll(io.LimitReader(r, longest+1))
	if err != nil {
		return nil, fmt.Errorf("couldn't read the body of %s %d: %w", origin, i, err)
	}
	if len(body) > longest {
		return nil, nil
	}
	return body, nil
}

// fetchWanting gives the book the bodies that arrived after their acts, some at a time. Following is held.
func (n *Node) fetchWanting(ctx context.Context) error {
	for l, indices := range n.wanting {
		slices.Sort(indices)
		var still []jisr.Index
		for some := range slices.Chunk(indices, followBodies) {
			missing, err := n.fetchSome(ctx, l, some)
			if err != nil {
				return err
			}
			still = append(still, missing...)
		}
		if n.wanting[l] = still; len(still) == 0 {
			delete(n.wanting, l)
		}
	}
	return nil
}

// fetchSome looks for the bodies of some acts of a log, and gives back which are still missing.
func (n *Node) fetchSome(ctx context.Context, l book.Log, some []jisr.Index) (missing []jisr.Index, err error) {
	origin := n.origin(l.Forum, l.Member)
	held, err := n.ledger.Contents(ctx, origin, int64(some[0]), int64(some[len(some)-1])+1, 0)
	if errors.Is(err, ledger.ErrNotFound) {
		return some, nil
	}
	if err != nil {
		return nil, err
	}
	bodies := map[jisr.Index][]byte{}
	for _, i := range some {
		body, here := held[int64(i)]
		if here && body == nil {
			if body, err = n.bodyAt(ctx, origin, i); err != nil {
				return nil, err
			}
		}
		if body == nil {
			missing = append(missing, i)
			continue
		}
		bodies[i] = body
	}
	if len(missing) > 0 && !n.hurried.Load() { // looking takes as long as looking for what has come: once a second
		erased, err := n.ledger.Erased(ctx, origin, int64(some[0]), int64(some[len(some)-1])+1)
		if err != nil {
			return nil, err
		}
		missing = slices.DeleteFunc(missing, func(i jisr.Index) bool {
			if erased[int64(i)] {
				bodies[i] = nil // nothing to wait for
			}
			return erased[int64(i)]
		})
	}
	if len(bodies) == 0 {
		return missing, nil
	}
	if err := n.book.Bodies(ctx, l, bodies); err != nil {
		return nil, fmt.Errorf("couldn't give the book bodies: %w", err)
	}
	n.publish(Event{Forum: l.Forum})
	return missing, nil
}
