package node

import (
	"strconv"
	"sync"
	"time"

	"jisr"
)

// How fast writes may come, by account and by address: far above what the work asks for, so that one that runs wild leaves
// the node to the others. An address may be that of a whole ministry behind one proxy.
const (
	officialPace, officialBurst = 10, 600 // a second, and at once
	programPace, programBurst   = 5_000, 20_000
	addressPace, addressBurst   = 100, 6_000
	maxPaced                    = 10_000 // accounts and addresses remembered
)

// pace is a bucket for each account and address (token bucket): what is taken comes back at its rate. mu guards the map,
// whose size is bounded.
type pace struct {
	mu sync.Mutex
	of map[string]bucket
}

// bucket is empty of what was taken until then.
type bucket struct{ until time.Time }

// take takes one from a bucket that gives rate a second and holds burst, or tells how long to wait.
func (p *pace) take(who string, rate, burst float64, now time.Time) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.of == nil {
		p.of = map[string]bucket{}
	}
	b := p.of[who]
	if b.until.Before(now) {
		b.until = now
	}
	next := b.until.Add(time.Duration(float64(time.Second) / rate))
	if over := next.Sub(now) - time.Duration(burst/rate*float64(time.Second)); over > 0 {
		return over
	}
	if len(p.of) >= maxPaced {
		p.forget(now)
	}
	p.of[who] = bucket{next}
	return 0
}

// forget leaves out who has nothing taken any more; where all have, whoever has taken least: one that runs wild is not forgotten
// because many others come.
func (p *pace) forget(now time.Time) {
	least, until := "", time.Time{}
	for who, b := range p.of {
		if !b.until.After(now) {
			delete(p.of, who)
			continue
		}
		if least == "" || b.until.Before(until) {
			least, until = who, b.until
		}
	}
	if len(p.of) >= maxPaced {
		delete(p.of, least)
	}
}

// Pace lets a write of an account in, or says how long to wait. Faces ask before they read what is written; address is
// empty where programs come from one machine by the thousand.
func (n *Node) Pace(c Caller, address string) error {
	now := n.now()
	rate, burst := float64(officialPace), float64(officialBurst)
	if c.Program() {
		rate, burst = programPace, programBurst
	}
	wait := time.Duration(0)
	if c.Account != "" {
		wait = n.pace.take(string(c.Account), rate, burst, now)
	}
	if wait == 0 && address != "" {
		wait = n.pace.take(placeOf(address), addressPace, addressBurst, now)
	}
	if wait > 0 {
		return jisr.Refuse(jisr.TooOften, "requests", "seconds", strconv.Itoa(int(wait.Seconds())+1))
	}
	return nil
}

const purposeForm = "form"

// FormToken is what a form carries to show that it came from a page of this caller's session; another on every page, so that
// a compressed page gives nothing of it away.
func (n *Node) FormToken(c Caller) string {
	return n.seal(purposeForm+c.session, n.now().Add(n.sessionAbsolute), []byte(newSecret(12)))
}

// CheckForm tells whether a form came from a page of this caller's session.
func (n *Node) CheckForm(c Caller, token string) error {
	_, err := n.unseal(purposeForm+c.session, token)
	return err
}

// Restored tells whether this node was restored from a backup and still waits for its partners before it writes.
func (n *Node) Restored() bool {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return n.awaited.restored
}
