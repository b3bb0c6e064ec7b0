package link

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"jisr/ledger"
)

// State is how the road to one peer is.
type State string

// The states of a road.
const (
	Linked  State = "linked"  // connected, and the last exchange went well
	Waiting State = "waiting" // not connected: it is tried again, see Status.NextAttempt
	Refused State = "refused" // the peer, or this side, said no: see Status.Because
)

// Status is what people and /metrics see of the road to one peer.
type Status struct {
	Member      string
	State       State
	Because     string // kind of the reason, one of the Reason constants; empty when linked or not tried yet
	Detail      string // for operators
	Since       time.Time
	Contact     time.Time // last message from the peer in either direction; zero: never since start
	NextAttempt time.Time // when not linked
	Queued      int64     // entries the peer does not hold, and entries with a content it does not hold
	Rate        float64   // bytes a second this side reaches towards the peer; 0: not measured
	Logs        []LogStatus
}

// LogStatus is how much of one of this member's logs the peer is known to hold.
type LogStatus struct {
	Log     ledger.Origin
	Size    int64 // entries here
	Held    int64 // entries there
	Missing int64 // entries there with a content that is not
	Asked   bool  // the peer has said what it holds, or refused to, since this link was made
	Refusal *Refusal
}

// Refusal is one side of the link saying no, with a reason that never changes its name.
type Refusal struct {
	Kind   string
	Detail string
	wait   time.Duration // 429: how long to hold back
}

func (r *Refusal) Error() string {
	if r.Detail == "" {
		return "refused: " + r.Kind
	}
	return "refused: " + r.Kind + ": " + r.Detail
}

// The reasons a road is not open. Words has a sentence for each as "link.reason.<kind>".
const (
	ReasonNoAddress   = "no-address"  // its letter has none: it must call
	ReasonUnreachable = "unreachable" // no connection
	ReasonTLS         = "tls"         // connected, but the handshake did not come to an end
	ReasonTimeout     = "timeout"     // no answer in time
	ReasonClosed      = "closed"      // the connection ended
	ReasonStranger    = "stranger"    // the peer does not know this node's certificate: our letter is not accepted there
	ReasonPin         = "pin"         // what answers at its address is not the node of its letter
	ReasonUnavailable = "unavailable" // it cannot work now
	ReasonLimit       = "limit"       // over its limits: this side holds back
	ReasonMalformed   = "malformed"   // a message that cannot be read
	ReasonTooLong     = "too-long"    // an entry or content above the bounds
	ReasonNotYours    = "not-yours"   // a log that is not the sender's, or not known there
	ReasonSignature   = "signature"   // a checkpoint or receipt without both valid signatures
	ReasonRoot        = "root"        // entries that do not give the signed root
	ReasonKeys        = "keys"        // a log known under other keys
	ReasonFork        = "fork"        // two histories of one log
	ReasonRewind      = "rewind"      // a log that was longer before
	ReasonGap         = "gap"         // what comes before is missing: the sender asks for the state again
	ReasonInspect     = "inspect"     // an entry no log of this kind may hold
	ReasonContent     = "content"     // a content that does not match its commitment
	ReasonStalled     = "stalled"     // it answers but does not keep what it is sent
	ReasonBehind      = "behind"      // it holds more of our log than we do
)

func validKind(s string) bool {
	return s != "" && len(s) <= 32 && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz-") == ""
}

// Status tells how the road to every peer is, by member.
func (l *Link) Status() []Status {
	var all []Status
	for _, p := range l.allPeers() {
		all = append(all, p.snapshot())
	}
	slices.SortFunc(all, func(a, b Status) int { return cmp.Compare(a.Member, b.Member) })
	return all
}

func (p *peer) snapshot() Status {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.status
	s.Logs = nil
	for _, log := range p.push {
		ls := p.progress[log]
		ls.Log = log
		s.Logs = append(s.Logs, ls)
		s.Queued += max(0, ls.Size-ls.Held) + ls.Missing
		if ls.Refusal != nil && s.State != Waiting {
			s.State, s.Because, s.Detail = Refused, ls.Refusal.Kind, ls.Refusal.Detail
		}
	}
	return s
}

// become changes the state of the connection and tells whoever watches when it is another than before.
func (p *peer) become(state State, because, detail string, next time.Time) {
	now := p.link.c.Now()
	p.mu.Lock()
	changed := p.status.State != state || p.status.Because != because
	if changed {
		p.status.Since = now
	}
	p.status.State, p.status.Because, p.status.Detail, p.status.NextAttempt = state, because, detail, next
	p.mu.Unlock()
	if changed {
		p.link.changed()
	}
}

// heard notes a sign of life.
func (p *peer) heard() {
	now := p.link.c.Now()
	p.mu.Lock()
	p.status.Contact = now
	p.mu.Unlock()
}

// note publishes how far a log has come, and tells whoever watches when a refusal came or went.
func (p *peer) note(ls LogStatus) {
	now := p.link.c.Now()
	p.mu.Lock()
	before := p.progress[ls.Log].Refusal
	changed := (before == nil) != (ls.Refusal == nil) || before != nil && before.Kind != ls.Refusal.Kind
	if changed {
		p.status.Since = now
	}
	ls.Asked = ls.Asked || p.progress[ls.Log].Asked
	p.progress[ls.Log] = ls
	p.mu.Unlock()
	if changed {
		p.link.changed()
	}
}

// traffic counts what went over the road to and from one peer since the start of the process.
type traffic struct {
	pushes, entries, receipts, redials, inPushes, inEntries atomic.Int64
	sent, received                                          atomic.Int64 // bytes of messages on connections this side opened
	sentContent, receivedContent                            atomic.Int64 // bytes of contents
	refusals                                                counts       // said by the peer
	inRefusals                                              counts       // said to the peer
}

// Metrics writes the link's counters in the Prometheus text format.
func (l *Link) Metrics(w io.Writer) error {
	var b strings.Builder
	family := func(name, help string, value func(*traffic) int64) {
		fmt.Fprintf(&b, "# HELP %s %s\n# TYPE %s counter\n", name, help, name)
		for _, p := range l.allPeers() {
			fmt.Fprintf(&b, "%s{member=%q} %d\n", name, p.member, value(&p.count))
		}
	}
	family("jisr_link_pushes_total", "Batches the peer answered.", func(t *traffic) int64 { return t.pushes.Load() })
	family("jisr_link_entries_total", "Entries the peer took.", func(t *traffic) int64 { return t.entries.Load() })
	family("jisr_link_receipts_total", "Receipts kept.", func(t *traffic) int64 { return t.receipts.Load() })
	family("jisr_link_redials_total", "Connections opened or tried.", func(t *traffic) int64 { return t.redials.Load() })
	family("jisr_link_sent_bytes_total", "Bytes of pushes on the wire.", func(t *traffic) int64 { return t.sent.Load() })
	family("jisr_link_sent_content_bytes_total", "Bytes of contents pushed.", func(t *traffic) int64 { return t.sentContent.Load() })
	family("jisr_link_mirrored_pushes_total", "Batches taken from the peer.", func(t *traffic) int64 { return t.inPushes.Load() })
	family("jisr_link_mirrored_entries_total", "Entries taken from the peer.", func(t *traffic) int64 { return t.inEntries.Load() })
	family("jisr_link_received_bytes_total", "Bytes of the peer's pushes on the wire.", func(t *traffic) int64 { return t.received.Load() })
	family("jisr_link_received_content_bytes_total", "Bytes of contents taken.", func(t *traffic) int64 { return t.receivedContent.Load() })
	l.refusalMetrics(&b)
	_, err := io.WriteString(w, b.String())
	return err
}

func (l *Link) refusalMetrics(b *strings.Builder) {
	fmt.Fprint(b, "# HELP jisr_link_refusals_total Messages refused, by who refused and why.\n# TYPE jisr_link_refusals_total counter\n")
	for _, p := range l.allPeers() {
		p.count.refusals.write(b, p.member, "peer")
		p.count.inRefusals.write(b, p.member, "self")
	}
	fmt.Fprintf(b, "# HELP jisr_link_strangers_total Handshakes of strangers, closed.\n# TYPE jisr_link_strangers_total counter\njisr_link_strangers_total %d\n", l.strangers.Load())
}
