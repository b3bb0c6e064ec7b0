package link

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"jisr/ledger"
)

// Config is what a Link needs. Identity, Ledger are required.
type Config struct {
	Identity Identity
	Letter   []byte // this member's own letter of credence, served to peers
	Ledger   *ledger.Ledger
	Now      func() time.Time // for what people see and limits; timeouts use the machine's monotonic clock
	Logger   *slog.Logger
	Limits   Limits

	// OnMirrored: entries [from, to) of a peer's log, or of our own that a peer gave back, are durable here; from == to when
	// only contents came.
	OnMirrored func(log ledger.Origin, from, to int64)
	// OnReceipt: a peer's receipt for one of our logs is durable here.
	OnReceipt func(ledger.Receipt)
	// OnBehind: the peer shows a checkpoint signed by our own keys for more entries than we hold, so this node
	// runs on an old copy. Writing would fork the log: the owner must stop.
	OnBehind func(log ledger.Origin, member string, theirs int64)
	// OnLevel: the peer was asked and holds nothing of our log that is not here.
	OnLevel func(log ledger.Origin, member string)
	// OnRefused: this side refused what a peer sent; the evidence, where there is any, is in the ledger.
	OnRefused func(member string, log ledger.Origin, because Refusal)
	// OnStatus: some Status changed its state or reason.
	OnStatus func()
}

func (c Config) withDefaults() Config {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.OnMirrored == nil {
		c.OnMirrored = func(ledger.Origin, int64, int64) {}
	}
	if c.OnReceipt == nil {
		c.OnReceipt = func(ledger.Receipt) {}
	}
	if c.OnBehind == nil {
		c.OnBehind = func(ledger.Origin, string, int64) {}
	}
	if c.OnLevel == nil {
		c.OnLevel = func(ledger.Origin, string) {}
	}
	if c.OnRefused == nil {
		c.OnRefused = func(string, ledger.Origin, Refusal) {}
	}
	if c.OnStatus == nil {
		c.OnStatus = func() {}
	}
	c.Limits = c.Limits.withDefaults()
	return c
}

// Peer is another member as the owner of the link knows it.
type Peer struct {
	Letter *Letter
	Push   []ledger.Origin // our logs that it mirrors
	Mirror []ledger.Origin // its logs that are mirrored here
}

// Link carries logs to and from all peers. Make it with New.
type Link struct {
	c         Config
	strangers atomic.Int64
	quiet     *bucket // bounds what strangers can make this node write in its log

	mu    sync.Mutex
	peers map[string]*peer   // by member
	pins  map[[32]byte]*peer // by pin
	run   context.Context    // of Run; nil before
	wg    sync.WaitGroup     // runners
}

// peer is what the link keeps of one member. Runner state (tracks, speed) belongs to its goroutine.
type peer struct {
	link   *Link
	member string
	stop   context.CancelFunc // nil until it runs
	wake   chan struct{}      // something to send, or another list of logs
	again  chan struct{}      // a reason to try the road now
	slots  chan struct{}      // one for each request it may have under way here
	count  traffic
	// What it brings is held against these (limits.go).
	entries, bytes *bucket
	reports        *bucket  // of evidence
	inbound        sync.Map // ledger.Origin -> *sync.Mutex: one push of a log at a time
	told           sync.Map // ledger.Origin -> gossip said in answers

	mu        sync.Mutex // over all below
	letter    *Letter
	push      []ledger.Origin
	mirror    []ledger.Origin
	retry     bool      // RetryNow: forget when refusals were to be tried again
	asked     bool      // it asked after a log: what it did not know of ours it may know now
	holdUntil time.Time // it was told to hold back until then
	status    Status
	progress  map[ledger.Origin]LogStatus
}

// New makes a link that does nothing yet: see SetPeers, Serve and Run.
func New(c Config) *Link {
	l := &Link{c: c.withDefaults(), peers: map[string]*peer{}, pins: map[[32]byte]*peer{}}
	l.quiet = newBucket(strangersPerSec, l.c.Now())
	return l
}

// SetPeers replaces the list of peers, also while the link runs. What goes on with a peer that stays goes on;
// connections of one that is gone are of no use to it from the next request on.
func (l *Link) SetPeers(peers []Peer) {
	l.mu.Lock()
	defer l.mu.Unlock()
	gone := maps.Clone(l.peers)
	clear(l.pins)
	for _, s := range peers {
		p := l.peers[s.Letter.Member]
		if p == nil {
			p = l.newPeer(s.Letter.Member)
			l.peers[p.member] = p
		}
		delete(gone, p.member)
		p.set(s)
		l.pins[s.Letter.Pin] = p
		l.start(p)
		signal(p.wake)
	}
	for member, p := range gone {
		delete(l.peers, member)
		if p.stop != nil {
			p.stop()
		}
	}
}

func (l *Link) newPeer(member string) *peer {
	now := l.c.Now()
	return &peer{
		link: l, member: member,
		wake: make(chan struct{}, 1), again: make(chan struct{}, 1), slots: make(chan struct{}, maxPerPeer),
		entries: newBucket(l.c.Limits.EntriesPerSecond, now), bytes: newBucket(l.c.Limits.BytesPerSecond, now),
		reports:  newBucket(1, now),
		status:   Status{Member: member, State: Waiting, Since: now},
		progress: map[ledger.Origin]LogStatus{},
	}
}

func (p *peer) set(s Peer) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.letter, p.push, p.mirror = s.Letter, slices.Clone(s.Push), slices.Clone(s.Mirror)
	for log := range p.progress {
		if !slices.Contains(p.push, log) {
			delete(p.progress, log)
		}
	}
}

// start begins to keep the road to a peer open, if the link runs. l.mu is held.
func (l *Link) start(p *peer) {
	if l.run == nil || p.stop != nil {
		return
	}
	ctx, stop := context.WithCancel(l.run)
	p.stop = stop
	l.wg.Go(func() { p.keep(ctx) })
}

// Run keeps the road to every peer open until ctx ends, and returns nil when all has stopped. Call it once.
func (l *Link) Run(ctx context.Context) error {
	l.mu.Lock()
	l.run = ctx
	for _, p := range l.peers {
		l.start(p)
	}
	l.mu.Unlock()
	<-ctx.Done()
	l.wg.Wait()
	return nil
}

// Notify says that one of our logs has new entries. It never blocks; saying it too often costs nothing.
func (l *Link) Notify(log ledger.Origin) {
	for _, p := range l.allPeers() {
		if p.pushes(log) {
			signal(p.wake)
		}
	}
}

// RetryNow tries the road to a member now, and what it refused.
func (l *Link) RetryNow(member string) {
	l.mu.Lock()
	p := l.peers[member]
	l.mu.Unlock()
	if p == nil {
		return
	}
	p.mu.Lock()
	p.retry = true
	p.mu.Unlock()
	signal(p.again)
	signal(p.wake)
}

func (l *Link) allPeers() []*peer {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := slices.Collect(maps.Values(l.peers))
	slices.SortFunc(all, func(a, b *peer) int { return strings.Compare(a.member, b.member) })
	return all
}

// peerOf finds who shows a certificate. Comparing pins needs no constant time, they are public; the lookup by
// the whole hash tells a stranger nothing either.
func (l *Link) peerOf(pin [32]byte) *peer {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.pins[pin]
}

func (l *Link) changed() { l.c.OnStatus() }

func (p *peer) pushes(log ledger.Origin) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Contains(p.push, log)
}

func (p *peer) mirrors(log ledger.Origin) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Contains(p.mirror, log)
}

func (p *peer) current() (*Letter, []ledger.Origin) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.letter, p.push
}

// clientTLS accepts nobody but this peer.
func (p *peer) clientTLS() *tls.Config {
	letter, _ := p.current()
	return p.link.c.Identity.tlsConfig(func(pin [32]byte) error {
		if pin != letter.Pin {
			return fmt.Errorf("%w: %s", errPin, letter.Member)
		}
		return nil
	})
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// counts counts by reason. The reasons are few: the constants of this package, and a peer's are folded into
// them.
type counts struct{ m sync.Map }

func (c *counts) add(kind string) {
	n, _ := c.m.LoadOrStore(kind, new(atomic.Int64))
	n.(*atomic.Int64).Add(1)
}

func (c *counts) write(b *strings.Builder, member, by string) {
	all := map[string]int64{}
	c.m.Range(func(k, v any) bool { all[k.(string)] = v.(*atomic.Int64).Load(); return true })
	for _, kind := range slices.Sorted(maps.Keys(all)) {
		fmt.Fprintf(b, "jisr_link_refusals_total{member=%q,by=%q,reason=%q} %d\n", member, by, kind, all[kind])
	}
}

// view is a checkpoint last told to a peer, by its hash, and when.
type view struct {
	sum [sha256.Size]byte
	at  time.Time
}
