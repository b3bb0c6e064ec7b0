package public

import (
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"
)

// Every bound of the public page.
const (
	maxPath    = 300     // bytes of a path, and of a query
	maxKept    = 512     // answers kept in memory …
	maxAnswer  = 1 << 20 // … of at most so many bytes
	fresh      = time.Second
	pageSize   = 20     // statements of a list or feed
	maxListed  = 5_000  // statements of the sitemap
	maxCallers = 10_000 // callers whose pace is remembered
	burst      = 40     // answers made anew for one caller at once …
	perSecond  = 10     // … and then each second

	maxForm        = 32 << 10 // bytes of a comment as it is sent
	commentBurst   = 3        // comments of one caller at once …
	commentsPerSec = 1. / 300 // … and then one in five minutes
	allBurst       = 60       // comments of everybody at once …
	allPerSec      = 10. / 60 // … and then ten a minute
)

// kept is the answers in memory. One that is full begins anew: what is asked for often is back at once.
type kept struct {
	mu  sync.Mutex
	all map[string]keptAnswer
}

type keptAnswer struct {
	*answer
	changes int64
	made    time.Time
}

func (k *kept) get(key string, changes int64) *answer {
	k.mu.Lock()
	defer k.mu.Unlock()
	a, ok := k.all[key]
	if !ok || a.changes != changes && time.Since(a.made) > fresh {
		return nil
	}
	return a.answer
}

// put keeps an answer that was made while the node stood at changes.
func (k *kept) put(key string, changes int64, a *answer) {
	if len(a.body) > maxAnswer {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.all == nil || len(k.all) >= maxKept {
		k.all = map[string]keptAnswer{}
	}
	k.all[key] = keptAnswer{a, changes, time.Now()}
}

// pace is how much each caller may still do: a bucket of burst that fills by perSecond.
type pace struct {
	burst, perSecond float64
	mu               sync.Mutex
	all              map[netip.Prefix]bucket
}

type bucket struct {
	left float64
	at   time.Time
}

// take takes one; false when there is none left. When too many callers are remembered those are forgotten whose buckets
// are full again, and if all still fill, all are: the memory is bounded whatever is sent.
func (p *pace) take(who netip.Prefix, now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	b, ok := p.all[who]
	if !ok {
		b = bucket{p.burst, now}
		p.makeRoom(now)
	}
	b.left, b.at = min(p.burst, b.left+now.Sub(b.at).Seconds()*p.perSecond), now
	taken := b.left >= 1
	if taken {
		b.left--
	}
	p.all[who] = b
	return taken
}

func (p *pace) makeRoom(now time.Time) {
	if p.all != nil && len(p.all) < maxCallers {
		return
	}
	full := time.Duration(p.burst / p.perSecond * float64(time.Second))
	for who, b := range p.all {
		if now.Sub(b.at) >= full {
			delete(p.all, who)
		}
	}
	if p.all == nil || len(p.all) >= maxCallers {
		p.all = map[netip.Prefix]bucket{}
	}
}

// callerOf is an address, or the network that one subscriber has in IPv6.
func callerOf(r *http.Request) netip.Prefix {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return netip.Prefix{}
	}
	a, err := netip.ParseAddr(host)
	if err != nil {
		return netip.Prefix{}
	}
	a = a.Unmap().WithZone("")
	bits := 32
	if a.Is6() {
		bits = 64
	}
	p, err := a.Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return p
}
