package link

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"jisr/ledger"
)

// Serve answers peers on ln until ctx ends. Only holders of a pinned key get past the handshake; a peer may
// push the logs it owns, ask how they stand and fetch them back, and nothing else is answered. It closes ln.
func (l *Link) Serve(ctx context.Context, ln net.Listener) error {
	s := &http.Server{
		Handler:           l.Handler(),
		TLSConfig:         l.c.Identity.tlsConfig(l.knock),
		ReadHeaderTimeout: headerTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    8 << 10,
		ErrorLog:          log.New(io.Discard, "", 0), // strangers are counted, and logged by knock
		BaseContext:       func(net.Listener) context.Context { return ctx },
		// HTTP/2 has flow control of its own that would put a second queue under ours.
		TLSNextProto: map[string]func(*http.Server, *tls.Conn, http.Handler){},
	}
	stop := context.AfterFunc(ctx, func() { _ = s.Close() })
	defer stop()
	err := s.ServeTLS(&bounded{Listener: ln, slots: make(chan struct{}, maxConnections)}, "", "")
	if ctx.Err() != nil || errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("couldn't serve the link: %w", err)
}

// knock decides about a certificate. Strangers are closed at once; their number is counted, and logged at a
// bounded rate.
func (l *Link) knock(pin [32]byte) error {
	if l.peerOf(pin) != nil {
		return nil
	}
	l.strangers.Add(1)
	if _, ok := l.quiet.take(1, l.c.Now()); ok {
		l.c.Logger.Warn("closed the handshake of a stranger", "pin", fmt.Sprintf("%x", pin))
	}
	return errPin
}

// bounded accepts at most so many connections at once. Beyond them a connection is closed unheard, so that
// strangers who hold connections open cannot use up memory; each lives at most headerTimeout unless it is a peer's.
type bounded struct {
	net.Listener
	slots chan struct{}
}

func (b *bounded) Accept() (net.Conn, error) {
	for {
		c, err := b.Listener.Accept()
		if err != nil {
			return nil, err
		}
		select {
		case b.slots <- struct{}{}:
			return &slot{Conn: c, free: sync.OnceFunc(func() { <-b.slots })}, nil
		default:
			_ = c.Close()
		}
	}
}

type slot struct {
	net.Conn
	free func()
}

func (s *slot) Close() error {
	s.free()
	return s.Conn.Close()
}

// Handler answers requests that came over TLS with a pinned certificate.
func (l *Link) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET "+pathPing, l.known(l.answerPing))
	mux.Handle("GET "+pathLetter, l.known(l.answerLetter))
	mux.Handle("GET "+pathState, l.known(l.answerState))
	mux.Handle("POST "+pathPush, l.known(l.answerPush))
	mux.Handle("POST "+pathPull, l.known(l.answerPull))
	return mux
}

// known finds the peer behind a request and bounds how much it has under way.
func (l *Link) known(next func(*peer, http.ResponseWriter, *http.Request)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.TLS == nil || len(r.TLS.PeerCertificates) == 0 {
			http.Error(w, "", http.StatusForbidden)
			return
		}
		p := l.peerOf(pinOf(r.TLS.PeerCertificates[0]))
		if p == nil {
			// It was a peer when it shook hands.
			w.Header().Set("Connection", "close")
			http.Error(w, "", http.StatusForbidden)
			return
		}
		p.heard()
		p.called()
		select {
		case p.slots <- struct{}{}:
			defer func() { <-p.slots }()
			next(p, w, r)
		default:
			p.refuse(w, "", &Refusal{Kind: ReasonLimit, Detail: "too many requests at once", wait: time.Second})
		}
	})
}

// called: the peer reaches us, so perhaps we reach it again.
func (p *peer) called() {
	p.mu.Lock()
	linked := p.status.State == Linked
	p.mu.Unlock()
	if !linked {
		signal(p.again)
	}
}

// joined: the peer asks after a log, so it may know now what it did not know of ours.
func (p *peer) joined() {
	p.mu.Lock()
	waiting := false
	for _, ls := range p.progress {
		waiting = waiting || ls.Refusal != nil && ls.Refusal.Kind == ReasonNotYours
	}
	p.asked = p.asked || waiting
	p.mu.Unlock()
	if waiting {
		signal(p.wake)
	}
}

func (l *Link) answerPing(_ *peer, w http.ResponseWriter, _ *http.Request) {
	w.WriteHeader(http.StatusNoContent)
}

func (l *Link) answerLetter(_ *peer, w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = w.Write(l.c.Letter)
}

// refuse says no, with the reason, and counts it. proof is what the peer signed, if anything.
func (p *peer) refuse(w http.ResponseWriter, log ledger.Origin, no *Refusal, proof ...byte) {
	p.count.inRefusals.add(no.Kind)
	if no.wait > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(no.wait/time.Second)+1))
	}
	if no.Kind != ReasonGap && no.Kind != ReasonLimit {
		p.link.c.Logger.Warn("refused a peer", "peer", p.member, "log", log, "because", no.Kind, "detail", no.Detail)
		p.link.c.OnRefused(p.member, log, *no)
	}
	p.testify(log, no, proof)
	say(w, statusOf(no.Kind), &message{Refusal: no})
}

// testify keeps evidence of what the ledger did not see or does not keep by itself, at most one piece a second
// for each peer. To be over a limit is no misbehaviour; to come again before the time that was asked for is.
func (p *peer) testify(log ledger.Origin, no *Refusal, proof []byte) {
	now := p.link.c.Now()
	switch no.Kind {
	case ReasonLimit:
		p.mu.Lock()
		flood := now.Before(p.holdUntil)
		p.holdUntil = now.Add(no.wait)
		p.mu.Unlock()
		if !flood {
			return
		}
	case ReasonSignature, ReasonInspect, ReasonTooLong, ReasonMalformed:
	case ReasonNotYours:
		if p.owns(log) {
			return // it has joined what this side has not joined yet
		}
	default:
		return
	}
	if _, ok := p.reports.take(1, now); !ok {
		return
	}
	e := ledger.Evidence{Kind: no.Kind, Log: p.about(log), Time: now, Second: proof, Detail: no.Detail}
	if err := p.link.c.Ledger.Report(context.Background(), e); err != nil {
		p.link.c.Logger.Error("couldn't keep evidence", "peer", p.member, "err", err)
	}
}

// owns tells whether a log's origin is in the peer's name space.
func (p *peer) owns(log ledger.Origin) bool {
	letter, _ := p.current()
	return strings.HasPrefix(string(log), letter.Origin+"/")
}

// about is the log evidence is filed under: one of the peer's own, whatever log it named.
func (p *peer) about(log ledger.Origin) ledger.Origin {
	p.mu.Lock()
	defer p.mu.Unlock()
	if slices.Contains(p.mirror, log) || len(p.mirror) == 0 {
		return log
	}
	return p.mirror[0]
}

func say(w http.ResponseWriter, status int, m *message) {
	body := m.encode()
	w.Header().Set("Content-Type", mediaType)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body) // the peer that is gone asks again
}

func statusOf(kind string) int {
	switch kind {
	case ReasonMalformed:
		return http.StatusBadRequest
	case ReasonNotYours:
		return http.StatusForbidden
	case ReasonGap:
		return http.StatusConflict
	case ReasonTooLong:
		return http.StatusRequestEntityTooLarge
	case ReasonLimit:
		return http.StatusTooManyRequests
	case ReasonUnavailable:
		return http.StatusServiceUnavailable
	}
	return http.StatusUnprocessableEntity
}

// kindOf is the reason for what the ledger refused. What it does not know is a failure of this machine.
func kindOf(err error) string {
	for _, k := range []struct {
		err  error
		kind string
	}{
		{ledger.ErrFork, ReasonFork}, {ledger.ErrRewind, ReasonRewind}, {ledger.ErrSignature, ReasonSignature},
		{ledger.ErrRoot, ReasonRoot}, {ledger.ErrBadContent, ReasonContent}, {ledger.ErrInspect, ReasonInspect},
		{ledger.ErrGap, ReasonGap}, {ledger.ErrMoved, ReasonGap}, {ledger.ErrTooLong, ReasonTooLong},
		{ledger.ErrKeys, ReasonKeys}, {ledger.ErrNotFound, ReasonNotYours}, {ledger.ErrFormat, ReasonMalformed},
		{errFrames, ReasonMalformed},
	} {
		if errors.Is(err, k.err) {
			return k.kind
		}
	}
	return ReasonUnavailable
}

// answerState tells the owner of a log how much of it is held here.
func (l *Link) answerState(p *peer, w http.ResponseWriter, r *http.Request) {
	log := ledger.Origin(r.URL.Query().Get("log"))
	if !p.mirrors(log) {
		p.refuse(w, log, &Refusal{Kind: ReasonNotYours, Detail: "not a log of yours that is mirrored here"})
		return
	}
	p.joined()
	theirs, err := strconv.ParseInt(r.URL.Query().Get("size"), 10, 64)
	if err != nil || theirs < 0 || theirs > maxSafe {
		p.refuse(w, log, &Refusal{Kind: ReasonMalformed, Detail: "size"})
		return
	}
	m, err := l.state(r.Context(), p, log, theirs)
	if err != nil {
		p.failed(w, log, err)
		return
	}
	say(w, http.StatusOK, m)
}

// failed answers an error of the ledger. The peer learns what of its own was wrong, and of our failures only
// that there was one.
func (p *peer) failed(w http.ResponseWriter, log ledger.Origin, err error, proof ...byte) {
	if errors.Is(err, context.Canceled) {
		return // the peer hung up, or this node stops: there is nobody to answer, and nothing was wrong
	}
	no := &Refusal{Kind: kindOf(err), Detail: err.Error()}
	if no.Kind == ReasonUnavailable {
		p.link.c.Logger.Error("couldn't serve a peer", "peer", p.member, "log", log, "err", err)
		no.Detail, no.wait = "", time.Second
	}
	p.refuse(w, log, no, proof...)
}

func (l *Link) state(ctx context.Context, p *peer, log ledger.Origin, theirs int64) (*message, error) {
	s, err := l.c.Ledger.State(ctx, log)
	if err != nil {
		return nil, err
	}
	m := &message{Log: log, From: s.Size, Flags: servesPull, Missing: s.Missing}
	if s.Size > theirs {
		// The owner runs on an old copy: its own signatures are the proof it needs.
		m.Checkpoint = s.Checkpoint
	}
	if len(s.Missing) > 0 {
		if m.Held, err = l.held(ctx, log, s.Missing); err != nil {
			return nil, err
		}
	}
	m.Gossip = p.gossip(ctx)
	return m, nil
}

// held lists what is here of contents whose entry still misses one: begun ones, and complete ones beside them.
func (l *Link) held(ctx context.Context, log ledger.Origin, missing []ledger.Range) ([]held, error) {
	begun, err := l.c.Ledger.Partials(ctx, log, maxHeld/2)
	if err != nil {
		return nil, err
	}
	var all []held
	for _, ref := range begun {
		all = append(all, held{contentKey{ref.Index, ref.N}, ref.Held})
	}
	err = l.c.Ledger.Wanted(ctx, log, missing, func(ref ledger.HeldRef) bool {
		all = append(all, held{contentKey{ref.Index, ref.N}, ref.Size})
		return len(all) < maxHeld
	})
	return all, err
}

// answerPush takes a batch. Nothing of it is kept unless all of it is right; the answer goes out after it is
// durable. A crash before the answer leaves the batch kept and the sender unaware: it asks for the state.
func (l *Link) answerPush(p *peer, w http.ResponseWriter, r *http.Request) {
	m, err := p.readPush(w, r)
	if err != nil {
		w.Header().Set("Connection", "close") // what is left of the body is not worth reading
		p.refuse(w, "", &Refusal{Kind: ReasonMalformed, Detail: err.Error()})
		return
	}
	if !p.mirrors(m.Log) {
		p.refuse(w, m.Log, &Refusal{Kind: ReasonNotYours, Detail: "not a log of yours that is mirrored here"})
		return
	}
	if no := p.afford(m); no != nil {
		p.refuse(w, m.Log, no)
		return
	}
	unlock := p.turn(m.Log)
	receipt, err := l.c.Ledger.Mirror(r.Context(), ledger.Batch{
		Log: m.Log, From: m.From, Entries: m.Entries, Checkpoint: m.Checkpoint, Contents: m.Parts,
	})
	unlock()
	if err != nil {
		p.failed(w, m.Log, err, m.Checkpoint...)
		return
	}
	p.took(m)
	answer, news, err := l.answer(r.Context(), p, m, receipt)
	if news {
		l.c.OnMirrored(m.Log, m.From, m.From+int64(len(m.Entries)))
	}
	if err != nil {
		p.failed(w, m.Log, err)
		return
	}
	say(w, http.StatusOK, answer)
	p.hear(context.WithoutCancel(r.Context()), m.Gossip)
}

// turn waits until no other push of the same log is under way: one that was given up may still be.
func (p *peer) turn(log ledger.Origin) (unlock func()) {
	mu, _ := p.inbound.LoadOrStore(log, new(sync.Mutex))
	mu.(*sync.Mutex).Lock()
	return mu.(*sync.Mutex).Unlock
}

// readPush reads a batch that must keep coming: a body that brings nothing for slowestRead is given up.
func (p *peer) readPush(w http.ResponseWriter, r *http.Request) (*message, error) {
	if r.ContentLength > MaxWire {
		return nil, malformed("more than %d bytes", MaxWire)
	}
	body := &patient{
		r: http.MaxBytesReader(w, r.Body, MaxWire), c: http.NewResponseController(w),
		end: time.Now().Add(longestRequest),
	}
	m, err := readMessage(bufio.NewReaderSize(body, 32<<10))
	p.count.received.Add(body.n)
	if err != nil {
		return nil, err
	}
	if m.Log == "" || m.Refusal != nil || m.Receipt != nil || m.Held != nil || m.Missing != nil {
		return nil, malformed("not a push")
	}
	if (m.Checkpoint == nil) != (len(m.Entries) == 0) {
		return nil, malformed("entries and a checkpoint come together")
	}
	return m, body.rest()
}

// patient gives each read its own deadline.
type patient struct {
	r   io.Reader
	c   *http.ResponseController
	end time.Time
	n   int64
}

func (p *patient) Read(b []byte) (int, error) {
	until := time.Now().Add(slowestRead)
	if until.After(p.end) {
		until = p.end
	}
	if err := p.c.SetReadDeadline(until); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return 0, err
	}
	n, err := p.r.Read(b)
	p.n += int64(n)
	return n, err
}

// rest makes sure that the body ends where the message does, and lifts the deadline.
func (p *patient) rest() error {
	if n, err := io.Copy(io.Discard, p); err != nil || n > 0 {
		return malformed("more after the message")
	}
	if err := p.c.SetReadDeadline(time.Time{}); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	return nil
}

// afford holds a batch against the peer's limits.
func (p *peer) afford(m *message) *Refusal {
	now := p.link.c.Now()
	size := 0
	for _, e := range m.Entries {
		size += len(e)
	}
	for _, c := range m.Parts {
		size += len(c.Data)
	}
	if wait, ok := p.entries.take(float64(len(m.Entries)), now); !ok {
		return &Refusal{Kind: ReasonLimit, Detail: "entries a second", wait: wait}
	}
	if wait, ok := p.bytes.take(float64(size), now); !ok {
		return &Refusal{Kind: ReasonLimit, Detail: "bytes a second", wait: wait}
	}
	return nil
}

func (p *peer) took(m *message) {
	p.count.inPushes.Add(1)
	p.count.inEntries.Add(int64(len(m.Entries)))
	for _, c := range m.Parts {
		p.count.receivedContent.Add(int64(len(c.Data)))
	}
}

// answer says what is held now, in as few bytes as it can: a receipt only when there is news or it is asked
// for, our cosignatures only when entries are new or they are asked for, never the owner's own signatures.
func (l *Link) answer(ctx context.Context, p *peer, m *message, receipt ledger.Receipt) (a *message, news bool, err error) {
	a = &message{Log: m.Log, From: receipt.Size, Gossip: p.gossip(ctx)}
	news = len(m.Entries) > 0
	looked := map[int64]bool{}
	for _, c := range m.Parts {
		if !covers(receipt.Missing, c.Index) {
			news = true
			continue
		}
		if looked[c.Index] {
			continue
		}
		looked[c.Index] = true
		refs, err := l.c.Ledger.Refs(ctx, m.Log, c.Index)
		if err != nil {
			return nil, news, err
		}
		for _, ref := range refs {
			if ref.Held > 0 && len(a.Held) < maxHeld {
				a.Held = append(a.Held, held{contentKey{c.Index, ref.N}, ref.Held})
			}
		}
	}
	if news || len(m.Parts) == 0 || m.Flags&wantReceipt != 0 {
		a.Receipt = receipt.Note
	}
	if len(m.Entries) > 0 || m.Flags&wantCheckpoint != 0 {
		a.Checkpoint = leaveOut(receipt.Checkpoint, string(m.Log))
	}
	return a, news, nil
}
