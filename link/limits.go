package link

import (
	"sync"
	"time"
)

// Every bound on what comes from the wire. A node refuses beyond them before it allocates, and the refusal
// says which (doc/spec/link.md section 8).
const (
	MaxLetter    = 16 << 10 // bytes of a letter of credence
	MaxAddresses = 8        // addresses in a letter
	maxNames     = 8        // languages of a member's name
	maxName      = 200      // characters of a name

	MaxBatchEntries = 2_000     // entries in one push
	MaxBatch        = 4 << 20   // bytes a sender aims at in one push, entries and contents
	MaxMessage      = 16 << 20  // bytes of one message, decompressed
	MaxWire         = 8 << 20   // bytes of one message as sent
	maxFrames       = 16_384    // frames of one message
	maxPart         = 1 << 20   // bytes of a content in one frame
	maxEntry        = 65_535    // bytes of an entry: a C2SP entry bundle's uint16
	maxNote         = 64 << 10  // bytes of a checkpoint or receipt with its signatures
	maxRanges       = 4_096     // missing ranges in a state; more are merged, which asks for too much, never too little
	maxHeld         = 4_096     // contents a state lists
	maxProof        = 96        // hashes of a proof: one or two for each level of a tree
	maxGossip       = 64        // checkpoints of other logs in one message
	maxLogName      = 255       // bytes of an origin
	maxDetail       = 500       // bytes of a refusal's detail
	maxSafe         = 1<<53 - 1 // largest integer every reader keeps exactly
	maxConnections  = 256       // inbound connections, handshakes included
	maxPerPeer      = 16        // requests of one peer at once
	headerTimeout   = 10 * time.Second
	idleTimeout     = 30 * time.Second // a peer pings every few seconds: silence this long is a dead connection
	slowestRead     = 15 * time.Second // a request body that brings nothing for this long is given up
	longestRequest  = 10 * time.Minute
	strangersPerSec = 20 // lines in the log about strangers, each second
)

// Limits bounds what one peer may bring. The zero value of a field means its default. Over a limit the
// answer is 429 with the reason, and the sender waits as long as it says: nothing is lost.
type Limits struct {
	EntriesPerSecond float64 // default 40,000
	BytesPerSecond   float64 // of contents and entries, decompressed; default 256 MiB
}

func (l Limits) withDefaults() Limits {
	if l.EntriesPerSecond <= 0 {
		l.EntriesPerSecond = 40_000
	}
	if l.BytesPerSecond <= 0 {
		l.BytesPerSecond = 256 << 20
	}
	return l
}

// bucket is a token bucket that holds what two seconds bring, and always one whole batch: a batch larger
// than the rest is let through into debt, so that a low limit slows a peer down and never locks it out.
type bucket struct {
	mu     sync.Mutex
	rate   float64
	tokens float64
	last   time.Time
}

func newBucket(rate float64, now time.Time) *bucket {
	return &bucket{rate: rate, tokens: 2 * rate, last: now}
}

// take takes n tokens, or says how long to wait first.
func (b *bucket) take(n float64, now time.Time) (wait time.Duration, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if d := now.Sub(b.last); d > 0 {
		b.tokens = min(2*b.rate, b.tokens+d.Seconds()*b.rate)
	}
	b.last = now
	if b.tokens <= 0 {
		return time.Duration((1 - b.tokens) / b.rate * float64(time.Second)), false
	}
	b.tokens -= n
	return 0, true
}
