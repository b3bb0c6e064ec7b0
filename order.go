package jisr

import (
	"cmp"
	"maps"
	"slices"
)

// Saw tells whether the writer of a had received b when it wrote a. This, and not which act sorts first, is
// what the rules for concurrent acts ask: a notification counts from its receipt (Vienna Convention, article 78(b)).
func (a *Act) Saw(b *Act) bool {
	if a.Member == b.Member {
		return a.Index > b.Index
	}
	return a.Seen[b.Member] > b.Index
}

// Compare orders acts of one forum the same way on every node: by clock, then member, then index. An act
// always comes after every act its writer had seen.
func Compare(a, b *Act) int {
	return cmp.Or(cmp.Compare(a.Clock, b.Clock), cmp.Compare(a.Member, b.Member), cmp.Compare(a.Index, b.Index))
}

// Sort puts acts in their order.
func Sort(acts []Act) {
	slices.SortFunc(acts, func(a, b Act) int { return Compare(&a, &b) })
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
