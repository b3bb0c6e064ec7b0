package node

import (
	"context"

	"jisr"
	"jisr/book"
)

// Find searches everything that the caller may read. Where few may read, a hit shows no text: its own page does, which is
// audited.
func (n *Node) Find(ctx context.Context, c Caller, q book.FindQuery) (book.Found, error) {
	q.Zone = n.Zone()
	q.Levels = func(f *book.Flow) []jisr.Handling { return n.levels(c, f) }
	return n.book.Find(ctx, n.ScopeOf(c), q)
}
