package book

import (
	"slices"
	"sync"

	"jisr/programme"
)

// maxHeads is how many heads of blocks are kept at hand: those of some forty million records.
const maxHeads = 10_000

// maxColumns is how many bytes of columns of full blocks are kept at hand.
const maxColumns = 24 << 20

// headCache keeps heads of blocks between readings. A head is of one version and never changes.
type headCache struct {
	mu    sync.Mutex
	all   map[int64][]versioned
	count int
}

type versioned struct {
	version int64
	head    *head
}

func (h *headCache) of(shelf int64) []versioned {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.all[shelf]
}

func (h *headCache) put(shelf int64, heads []*head, versions []int64) {
	all := make([]versioned, len(heads))
	for i := range heads {
		all[i] = versioned{versions[i], heads[i]}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.all == nil || h.count+len(all) > maxHeads {
		h.all, h.count = map[int64][]versioned{}, 0
	}
	h.count += len(all) - len(h.all[shelf])
	h.all[shelf] = all
}

// columnCache keeps columns as they were read, the newest used, within a bound.
type columnCache struct {
	mu       sync.Mutex
	old, new map[columnKey][]byte // two generations: what is used moves to the new one
	size     int                  // of new
}

type columnKey struct {
	shelf, version int64
	n, field       int
}

func (c *columnCache) get(k columnKey) []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	if data, ok := c.new[k]; ok {
		return data
	}
	data, ok := c.old[k]
	if ok {
		c.keep(k, data)
	}
	return data
}

func (c *columnCache) put(k columnKey, data []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.keep(k, data)
}

func (c *columnCache) keep(k columnKey, data []byte) {
	if c.new == nil || c.size+len(data) > maxColumns/2 {
		c.old, c.new, c.size = c.new, map[columnKey][]byte{}, 0
	}
	if _, ok := c.new[k]; !ok {
		c.new[k] = data
		c.size += len(data)
	}
}

// maxTallied is how many groups of charts and targets are kept at hand: some tens of megabytes.
const maxTallied = 100_000

// tallyCache keeps what the first sections of a shelf came to, so that a chart of ten million records adds one section and not forty.
// What it keeps is of the versions of the blocks it was counted from.
type tallyCache struct {
	mu   sync.Mutex
	all  map[tallyKey]tallied
	size int // groups
}

type tallyKey struct {
	shelf  int64
	id     string // of the chart or target
	levels [5]bool
}

type tallied struct {
	sections int
	versions []int64
	groups   programme.Groups
}

// get adds to groups what is at hand, and tells of how many sections that is. Where there are more sections by now all of it is added,
// for it will be kept again; else what is within.
func (t *tallyCache) get(k tallyKey, versions []int64, groups programme.Groups, within func(programme.Group) bool) int {
	t.mu.Lock()
	known, ok := t.all[k]
	t.mu.Unlock()
	n := known.sections * sectionBlocks
	if !ok || n > len(versions) || !slices.Equal(known.versions, versions[:n]) {
		return 0
	}
	if within == nil || known.sections < len(versions)/sectionBlocks {
		groups.Add(known.groups) // never changed once it is kept
		return known.sections
	}
	some := programme.Groups{}
	for at, tally := range known.groups {
		if within(at) {
			some[at] = tally
		}
	}
	groups.Add(some)
	return known.sections
}

func (t *tallyCache) put(k tallyKey, sections int, versions []int64, groups programme.Groups) {
	kept := programme.Groups{}
	kept.Add(groups)
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.size -= len(t.all[k].groups); t.all == nil || t.size+len(kept) > maxTallied {
		t.all, t.size = map[tallyKey]tallied{}, 0
	}
	t.size += len(kept)
	t.all[k] = tallied{sections, slices.Clone(versions[:sections*sectionBlocks]), kept}
}
