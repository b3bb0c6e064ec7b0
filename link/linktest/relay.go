// Package linktest is a road that can be bad on purpose: a TCP relay that cuts, refuses, swallows, slows down
// and loses, and counts what it carried. It needs no privileges and no support from the kernel. It is for
// tests of this package and of whatever runs on top of it, whole processes included.
package linktest

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// packetSize is what a packet of the shaped road carries, in bytes.
const packetSize = 1400

// Shape is what a slow road is like, in each direction. The zero Shape is no limit.
type Shape struct {
	BitsPerSecond int
	// Loss is the chance of each packet to be lost, 0 to 1. A lost packet is sent again after RetransmitMin to
	// RetransmitMax, takes its time on the wire again, and holds up what comes after it, as TCP does.
	Loss                         float64
	RetransmitMin, RetransmitMax time.Duration
	Delay                        time.Duration // one way
	Seed                         uint64        // of the losses, so that a run can be repeated
}

// Slow is the slow road of the tests: 64 kbit/s, one packet in five lost.
func Slow(seed uint64) Shape {
	return Shape{BitsPerSecond: 64_000, Loss: 0.2, RetransmitMin: 200 * time.Millisecond, RetransmitMax: 400 * time.Millisecond, Seed: seed}
}

// Mode is what becomes of connections.
type Mode int32

// The modes of a Relay.
const (
	Open   Mode = iota // everything passes
	Refuse             // connections are reset, old and new
	Hole               // nothing passes and nobody is told; connections made before or meanwhile stay dead for good
)

// Relay passes connections on to one address. All methods may be called at any time.
type Relay struct {
	ln     net.Listener
	target string
	mode   atomic.Int32
	shape  atomic.Pointer[Shape]
	out    atomic.Int64 // bytes taken from the side that connects
	in     atomic.Int64 // bytes taken from the target
	opened atomic.Int64

	mu    sync.Mutex
	pairs map[*pair]bool
	lanes [2]lane
	done  chan struct{}
	wg    sync.WaitGroup
}

// lane is one direction of the wire, shared by all connections.
type lane struct {
	mu   sync.Mutex
	free time.Time // when the wire has sent all it was given
	rnd  *rand.Rand
}

// pair is one connection through the relay.
type pair struct {
	a, b net.Conn
	dead atomic.Bool
}

// Door listens on an address of the loopback interface that nobody listens on. Its port is below those that the kernel
// gives to outgoing connections (32768 and up on Linux), so that who closes the door for a while finds it free again.
func Door() (net.Listener, error) {
	for range 100 {
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", 11_000+rand.IntN(9_000)))
		if err == nil {
			return l, nil
		}
	}
	return nil, errors.New("couldn't find a free port")
}

// FreeAddress finds an address for what must know its address before it listens. Another test at work on this machine
// may find the same: who can, keeps the [Door].
func FreeAddress() (string, error) {
	l, err := Door()
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// New starts a relay on a port of the loopback interface. Close it.
func New(target string) (*Relay, error) { return Listen("127.0.0.1:0", target) }

// Listen starts a relay at an address.
func Listen(address, target string) (*Relay, error) {
	ln, err := net.Listen("tcp", address)
	if err != nil {
		return nil, err
	}
	r := &Relay{ln: ln, target: target, pairs: map[*pair]bool{}, done: make(chan struct{})}
	r.Shape(Shape{})
	r.wg.Go(r.accept)
	return r, nil
}

// Addr is where to connect to.
func (r *Relay) Addr() string { return r.ln.Addr().String() }

// Bytes tells how many bytes came from the side that connects, and from the target.
func (r *Relay) Bytes() (out, in int64) { return r.out.Load(), r.in.Load() }

// Connections tells how many were accepted.
func (r *Relay) Connections() int64 { return r.opened.Load() }

// Shape makes the road slow from the next packet on.
func (r *Relay) Shape(s Shape) {
	r.shape.Store(&s)
	for i := range r.lanes {
		l := &r.lanes[i]
		l.mu.Lock()
		l.rnd, l.free = rand.New(rand.NewPCG(s.Seed, uint64(i))), time.Time{}
		l.mu.Unlock()
	}
}

// Set changes the mode. Refuse resets what is open.
func (r *Relay) Set(m Mode) {
	r.mode.Store(int32(m))
	if m == Open {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for p := range r.pairs {
		p.dead.Store(true)
		if m == Refuse {
			p.close()
		}
	}
}

// Cut resets every connection that is open now; new ones pass.
func (r *Relay) Cut() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for p := range r.pairs {
		p.close()
	}
}

// Close ends the relay and everything that goes through it.
func (r *Relay) Close() error {
	err := r.ln.Close()
	close(r.done)
	r.Cut()
	r.wg.Wait()
	return err
}

func (r *Relay) accept() {
	for {
		c, err := r.ln.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue
		}
		r.opened.Add(1)
		if Mode(r.mode.Load()) == Refuse {
			reset(c)
			continue
		}
		r.wg.Go(func() { r.carry(c) })
	}
}

func reset(c net.Conn) {
	if t, ok := c.(*net.TCPConn); ok {
		_ = t.SetLinger(0) // a reset, as a host without a listener answers
	}
	_ = c.Close()
}

func (p *pair) close() {
	reset(p.a)
	if p.b != nil {
		reset(p.b)
	}
}

func (r *Relay) carry(a net.Conn) {
	p := &pair{a: a}
	if Mode(r.mode.Load()) == Hole {
		p.dead.Store(true)
	} else if b, err := net.Dial("tcp", r.target); err == nil {
		p.b = b
	} else {
		reset(a)
		return
	}
	r.mu.Lock()
	r.pairs[p] = true
	r.mu.Unlock()
	defer r.forget(p)
	select {
	case <-r.done:
		return
	default:
	}
	var wg sync.WaitGroup
	if p.b != nil {
		wg.Go(func() { r.pass(p, p.b, p.a, 1, &r.in) })
	}
	r.pass(p, p.a, p.b, 0, &r.out)
	wg.Wait()
}

func (r *Relay) forget(p *pair) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.pairs, p)
	p.close()
}

// packet is some bytes and when they arrive.
type packet struct {
	data []byte
	at   time.Time
}

// pass carries one direction. A few packets may be on the wire at once; the sender is held up when they are,
// so that no bytes hide in buffers of the relay.
func (r *Relay) pass(p *pair, from, to net.Conn, lane int, count *atomic.Int64) {
	wire := make(chan packet, 16)
	var wg sync.WaitGroup
	wg.Go(func() { r.deliver(p, to, wire) })
	var last time.Time
	buf := make([]byte, 64<<10)
	for {
		shape := r.shape.Load()
		n := len(buf)
		if shape.BitsPerSecond > 0 {
			n = packetSize
		}
		n, err := from.Read(buf[:n])
		if n > 0 {
			count.Add(int64(n))
			at := r.lanes[lane].send(shape, n)
			if at.Before(last) {
				at = last // in order
			}
			last = at
			wire <- packet{append([]byte{}, buf[:n]...), at}
		}
		if err != nil {
			if !p.dead.Load() && !errors.Is(err, io.EOF) {
				p.close()
			}
			break
		}
	}
	close(wire)
	wg.Wait()
}

// send puts a packet on the wire and tells when it arrives.
func (l *lane) send(s *Shape, n int) time.Time {
	now := time.Now()
	if s.BitsPerSecond <= 0 {
		return now.Add(s.Delay)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.free.Before(now) {
		l.free = now
	}
	takes := time.Duration(float64(n*8) / float64(s.BitsPerSecond) * float64(time.Second))
	l.free = l.free.Add(takes)
	at := l.free
	for range 8 {
		if l.rnd.Float64() >= s.Loss {
			break
		}
		l.free = l.free.Add(takes) // sent again
		at = at.Add(takes + s.RetransmitMin + time.Duration(l.rnd.Float64()*float64(s.RetransmitMax-s.RetransmitMin)))
	}
	return at.Add(s.Delay)
}

// deliver hands packets over when they arrive. Dead connections swallow them.
func (r *Relay) deliver(p *pair, to net.Conn, wire <-chan packet) {
	for k := range wire {
		if wait := time.Until(k.at); wait > 0 {
			timer := time.NewTimer(wait)
			select {
			case <-timer.C:
			case <-r.done:
				timer.Stop()
			}
		}
		if p.dead.Load() || to == nil {
			continue
		}
		if _, err := to.Write(k.data); err != nil {
			p.close()
		}
	}
	if !p.dead.Load() && to != nil {
		if t, ok := to.(*net.TCPConn); ok {
			_ = t.CloseWrite()
		}
	}
}
