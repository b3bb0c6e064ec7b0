package link

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"
)

// How the road is opened and given up. TCP alone would take minutes to notice a cut and as long to come back.
const (
	attemptEvery  = time.Second            // a new attempt starts while none has heard a byte
	attemptFirst  = 100 * time.Millisecond // after a quick failure, doubled up to attemptEvery
	attemptSilent = 6 * time.Second        // an attempt that has heard nothing by then is given up
	attemptLong   = 20 * time.Second       // one that has heard something: a slow link carries a handshake in seconds
	attemptsMost  = 8                      // at once
	attemptApart  = 200 * time.Millisecond // at least, whoever asks for it
	slowFirst     = time.Second            // after a refusal, doubled up to slowMost
	slowMost      = 30 * time.Second
	pingEvery     = 4 * time.Second // when idle
	answerWithin  = 3 * time.Second // beyond what the message itself needs
)

// road is one connection to a peer. It carries one request at a time; only its runner uses it.
type road struct {
	conn net.Conn
	in   *bufio.Reader
	host string
	p    *peer
}

func newRoad(conn net.Conn, address string, p *peer) *road {
	return &road{conn: conn, in: bufio.NewReaderSize(conn, 32<<10), host: address, p: p}
}

// listened tells whether any byte came in on a connection.
type listened struct {
	net.Conn
	heard *atomic.Bool
}

func (c listened) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if n > 0 {
		c.heard.Store(true)
	}
	return n, err
}

// do sends one request and reads its answer within the time given. An error of type *Refusal left the
// connection usable; after any other it is closed.
func (r *road) do(ctx context.Context, method, path string, body []byte, within time.Duration) (*message, error) {
	stop := context.AfterFunc(ctx, func() { _ = r.conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	if err := r.conn.SetDeadline(time.Now().Add(within)); err != nil {
		return nil, err
	}
	m, err := r.exchange(method, path, body)
	var no *Refusal
	if err != nil && !errors.As(err, &no) {
		_ = r.conn.Close()
	}
	return m, err
}

func (r *road) exchange(method, path string, body []byte) (*message, error) {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: %s\r\n", method, path, r.host)
	if method == http.MethodPost {
		fmt.Fprintf(&b, "Content-Type: %s\r\nContent-Length: %d\r\n", mediaType, len(body))
	}
	b.WriteString("\r\n")
	b.Write(body)
	if _, err := r.conn.Write(b.Bytes()); err != nil {
		return nil, fmt.Errorf("couldn't send: %w", err)
	}
	r.p.count.sent.Add(int64(len(body)))
	answer, err := http.ReadResponse(r.in, nil)
	if err != nil {
		return nil, fmt.Errorf("couldn't read the answer: %w", err)
	}
	defer answer.Body.Close()
	return r.read(answer)
}

func (r *road) read(answer *http.Response) (*message, error) {
	body := io.LimitReader(answer.Body, MaxWire)
	if answer.StatusCode == http.StatusNoContent {
		r.p.heard()
		return &message{}, nil
	}
	m, err := readMessage(bufio.NewReader(body))
	if err != nil {
		return nil, err
	}
	// To the end, so that the next answer begins where this one ends.
	if n, err := io.Copy(io.Discard, body); err != nil || n > 0 {
		return nil, malformed("more after the message: %v", err)
	}
	r.p.heard()
	if answer.StatusCode != http.StatusOK || m.Refusal != nil {
		return m, refusalIn(answer, m)
	}
	return m, nil
}

func refusalIn(answer *http.Response, m *message) *Refusal {
	if m.Refusal == nil {
		return &Refusal{Kind: ReasonMalformed, Detail: answer.Status}
	}
	if s, err := strconv.Atoi(answer.Header.Get("Retry-After")); err == nil {
		m.Refusal.wait = time.Duration(min(max(s, 0), 60)) * time.Second
	}
	return m.Refusal
}

func (r *road) ping(ctx context.Context, within time.Duration) error {
	_, err := r.do(ctx, http.MethodGet, pathPing, nil, within)
	return err
}

// outcome is what became of one attempt.
type outcome struct {
	road *road
	err  error
}

// open tries until there is a road or ctx ends (nil). Attempts run side by side, a new one each second while
// none has heard a byte, and the first to be answered wins: after a cut the road is open about a second after
// it can be. A refusal slows the attempts down; a call from the peer, or RetryNow, starts one at once.
func (p *peer) open(ctx context.Context) *road {
	ctx, cancel := context.WithCancel(ctx)
	o := opening{p: p, ctx: ctx, out: make(chan outcome), flying: map[*atomic.Bool]bool{}, quick: attemptFirst, slow: slowFirst}
	defer cancel()
	for {
		o.launch()
		for wait := true; wait; {
			var road *road
			if road, wait = o.wait(); road != nil {
				return road
			}
			if ctx.Err() != nil {
				return nil
			}
		}
	}
}

// opening is the state of one call of open.
type opening struct {
	p           *peer
	ctx         context.Context
	out         chan outcome
	flying      map[*atomic.Bool]bool // attempts under way, by whether they have heard anything
	last        time.Time
	count       int
	quick, slow time.Duration
	next        time.Time // of the next attempt
}

func (o *opening) launch() {
	letter, _ := o.p.current()
	o.last = time.Now()
	o.next = o.last.Add(attemptEvery)
	if len(letter.Addresses) == 0 {
		o.p.become(Waiting, ReasonNoAddress, "", time.Time{})
		return
	}
	if len(o.flying) >= attemptsMost {
		return
	}
	address := letter.Addresses[o.count%len(letter.Addresses)]
	o.count++
	heard := new(atomic.Bool)
	o.flying[heard] = true
	o.p.count.redials.Add(1)
	o.p.link.wg.Go(func() {
		road, err := o.p.attempt(o.ctx, address, heard)
		select {
		case o.out <- outcome{road, err}:
		case <-o.ctx.Done():
			if road != nil {
				_ = road.conn.Close()
			}
		}
	})
}

// wait waits for one thing to happen. Another attempt is due when again is false.
func (o *opening) wait() (won *road, again bool) {
	timer := time.NewTimer(time.Until(o.next))
	defer timer.Stop()
	select {
	case <-o.ctx.Done():
		return nil, true
	case r := <-o.out:
		if r.road != nil {
			return r.road, true
		}
		o.failed(r.err)
		return nil, true
	case <-o.p.again:
		o.quick, o.slow = attemptFirst, slowFirst
		if since := time.Since(o.last); since < attemptApart {
			o.next = o.last.Add(attemptApart)
			return nil, true
		}
		return nil, false
	case <-timer.C:
	}
	for heard := range o.flying {
		if heard.Load() {
			// Somebody is there: more connections would only make a slow road slower.
			o.next = time.Now().Add(attemptEvery)
			return nil, true
		}
	}
	return nil, false
}

// failed sets when to try next. What fails at once is tried again soon, up to once a second.
func (o *opening) failed(err error) {
	reason, refused := reasonOf(err)
	var over *attemptError
	if errors.As(err, &over) {
		delete(o.flying, over.heard)
	}
	now := time.Now()
	if refused {
		o.next = now.Add(jitter(o.slow))
		o.slow = min(2*o.slow, slowMost)
	} else {
		o.next = later(o.last.Add(attemptApart), now.Add(jitter(o.quick)))
		o.quick = min(2*o.quick, attemptEvery)
	}
	state := Waiting
	if refused {
		state = Refused
	}
	o.p.become(state, reason, err.Error(), o.p.link.c.Now().Add(time.Until(o.next)))
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// jitter keeps many nodes from calling in step: three quarters to all of d.
func jitter(d time.Duration) time.Duration { return d - rand.N(d/4+1) }

type attemptError struct {
	heard  *atomic.Bool
	reason string
	err    error
}

func (e *attemptError) Error() string { return e.err.Error() }
func (e *attemptError) Unwrap() error { return e.err }

// attempt connects to one address, shakes hands and is answered once.
func (p *peer) attempt(ctx context.Context, address string, heard *atomic.Bool) (*road, error) {
	ctx, cancel := context.WithTimeout(ctx, attemptLong)
	defer cancel()
	silence := time.AfterFunc(attemptSilent, func() {
		if !heard.Load() {
			cancel()
		}
	})
	defer silence.Stop()
	fail := func(reason string, err error) (*road, error) {
		return nil, &attemptError{heard, reason, err}
	}
	plain, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if err != nil {
		return fail(ReasonUnreachable, err)
	}
	conn := tls.Client(listened{plain, heard}, p.clientTLS())
	if err := conn.HandshakeContext(ctx); err != nil {
		_ = plain.Close()
		return fail(ReasonTLS, err)
	}
	r := newRoad(conn, address, p)
	// Only the answer to a request shows that the peer knows us too (RFC 8446 section 4.4.2.4: the client's
	// certificate is refused after the handshake is over for the client).
	if err := r.ping(ctx, attemptLong); err != nil {
		_ = plain.Close()
		return fail(ReasonClosed, err)
	}
	return r, nil
}

// reasonOf says why a connection failed, and whether somebody refused, so that trying again soon is no use.
func reasonOf(err error) (reason string, refused bool) {
	var no *Refusal
	var alert tls.AlertError
	var net1 net.Error
	var at *attemptError
	switch {
	case errors.Is(err, errPin):
		return ReasonPin, true
	case errors.As(err, &no):
		return no.Kind, no.Kind != ReasonUnavailable
	case errors.As(err, &alert) || isRemoteAlert(err):
		return ReasonStranger, true
	case errors.Is(err, errFrames):
		return ReasonMalformed, true
	case errors.As(err, &net1) && net1.Timeout(), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return ReasonTimeout, false
	case errors.As(err, &at):
		return at.reason, false
	}
	return ReasonClosed, false
}

// isRemoteAlert tells whether the peer ended the handshake with an alert: package crypto/tls wraps it in a
// net.OpError whose Op is "remote error".
func isRemoteAlert(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "remote error"
}
