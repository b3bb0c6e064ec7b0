package public

import (
	"net/netip"
	"time"
)

// Pace is how much callers may ask, for tests of its bounds.
type Pace struct{ pace }

func (p *Pace) Take(who netip.Prefix, now time.Time) bool { return p.take(who, now) }
func (p *Pace) Callers() int                              { return len(p.all) }
