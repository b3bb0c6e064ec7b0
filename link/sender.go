package link

import (
	"context"
	"crypto/sha256"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"jisr/ledger"
)

// The paths of the link (doc/spec/link.md section 4).
const (
	pathPing   = "/link/v1/ping"
	pathState  = "/link/v1/state"
	pathPush   = "/link/v1/push"
	pathLetter = "/link/v1/letter"
	mediaType  = "application/vnd.jisr.link"
)

// stateWithin is what a state of many missing contents may take on a slow road.
const stateWithin = 20 * time.Second

// runner brings our logs to one peer. It belongs to one goroutine.
type runner struct {
	*peer
	speed  speed // of pushes
	pulls  speed
	tracks map[ledger.Origin]*track
	road   *road
}

// track is what is known of one log at the peer.
type track struct {
	log     ledger.Origin
	size    int64 // here, when last looked
	known   bool  // the fields below come from the peer, on this connection
	theirs  int64 // how many entries it holds
	missing []ledger.Range
	held    map[contentKey]int64 // bytes it holds of contents in missing
	idle    bool                 // nothing of what is missing can be sent from here
	waiting []ledger.HeldRef     // contents to send, in the order they travel
	listed  int64                // contents of entries before it are in waiting; 0: of none
	cut     bool                 // there are more than waiting holds

	confirmed *ledger.Receipt // the newest that is durable here
	refusal   *Refusal
	retryAt   time.Time
	retryIn   time.Duration
	gaps      int  // states asked for since anything went well
	doubted   bool // the peer refused what extends our log: it may hold another history of it
}

// keep keeps the road open and sends over it until ctx ends.
func (p *peer) keep(ctx context.Context) {
	r := &runner{peer: p, tracks: map[ledger.Origin]*track{}, speed: newSpeed(), pulls: newSpeed()}
	for ctx.Err() == nil {
		road := p.open(ctx)
		if road == nil {
			return
		}
		p.become(Linked, "", "", time.Time{})
		err := r.drive(ctx, road)
		_ = road.conn.Close()
		if ctx.Err() != nil {
			continue
		}
		reason, _ := reasonOf(err)
		p.link.c.Logger.Info("the link is cut", "peer", p.member, "because", reason, "err", err)
		p.become(Waiting, reason, err.Error(), p.link.c.Now())
	}
}

// drive uses one connection until it fails. Nothing learned on another is trusted: the first thing asked of
// each log is its state. It never returns nil.
func (r *runner) drive(ctx context.Context, road *road) error {
	r.road = road
	r.told.Clear()
	for _, t := range r.tracks {
		t.known, t.idle = false, false
		t.relist()
	}
	for {
		worked, err := r.round(ctx)
		if err != nil {
			return err
		}
		if worked {
			continue
		}
		if err := r.rest(ctx); err != nil {
			return err
		}
	}
}

// round gives each log its turn: one batch at most.
func (r *runner) round(ctx context.Context) (worked bool, err error) {
	for _, t := range r.current() {
		if t.refusal != nil && time.Now().Before(t.retryAt) {
			continue
		}
		did, err := r.step(ctx, t)
		var no *Refusal
		if errors.As(err, &no) {
			r.refused(ctx, t, no)
			did, err = false, nil
		}
		if err != nil {
			return false, err
		}
		worked = worked || did
		r.note(t.status())
	}
	return worked, nil
}

// current brings the tracks in line with the logs that are to be pushed now.
func (r *runner) current() []*track {
	_, logs := r.peer.current()
	r.mu.Lock()
	retry, asked := r.retry, r.asked
	r.retry, r.asked = false, false
	r.mu.Unlock()
	var all []*track
	for _, log := range logs {
		t := r.tracks[log]
		if t == nil {
			t = &track{log: log}
			r.tracks[log] = t
		}
		if retry || asked && t.refusal != nil && t.refusal.Kind == ReasonNotYours {
			t.retryAt = time.Time{}
		}
		all = append(all, t)
	}
	for log := range r.tracks {
		if !slices.Contains(logs, log) {
			delete(r.tracks, log)
		}
	}
	return all
}

func (t *track) status() LogStatus {
	s := LogStatus{Log: t.log, Size: t.size, Held: t.theirs, Asked: t.known || t.refusal != nil, Refusal: t.refusal}
	for _, m := range t.missing {
		s.Missing += m.End - m.Start
	}
	return s
}

// rest waits until there may be something to do, and pings when that takes long.
func (r *runner) rest(ctx context.Context) error {
	wait := jitter(pingEvery)
	for _, t := range r.tracks {
		if t.refusal != nil {
			wait = min(wait, max(0, time.Until(t.retryAt)))
		}
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-r.wake:
		r.awaken()
		return nil
	case <-timer.C:
	}
	r.awaken()
	return r.road.ping(ctx, answerWithin)
}

// awaken lets contents that could not be sent be looked at again: they may have come since.
func (r *runner) awaken() {
	for _, t := range r.tracks {
		if t.idle {
			t.idle = false
			t.relist()
		}
	}
}

// refused keeps why and when to try again. A gap is no refusal: the peer holds something else than thought.
func (r *runner) refused(ctx context.Context, t *track, no *Refusal) {
	r.count.refusals.add(no.Kind)
	t.known = false
	t.doubted = t.doubted || slices.Contains([]string{ReasonRoot, ReasonFork, ReasonSignature}, no.Kind)
	if no.Kind == ReasonGap && t.gaps < 3 {
		t.gaps++
		return
	}
	t.retryIn = min(max(2*t.retryIn, slowFirst), slowMost)
	if no.wait > 0 {
		t.retryIn = no.wait
	}
	t.retryAt = time.Now().Add(jitter(t.retryIn))
	if t.refusal == nil || t.refusal.Kind != no.Kind {
		r.link.c.Logger.Warn("the peer refuses a log", "peer", r.member, "log", t.log, "because", no.Kind, "detail", no.Detail)
	}
	t.refusal = no
}

func (t *track) accepted() {
	t.refusal, t.retryIn, t.gaps, t.doubted = nil, 0, 0, false
}

// step does the next thing for a log: asks where the peer stands, or sends a batch.
func (r *runner) step(ctx context.Context, t *track) (did bool, err error) {
	if t.size, err = r.link.c.Ledger.Size(ctx, t.log); err != nil {
		if errors.Is(err, ledger.ErrNotFound) {
			return false, &Refusal{Kind: ReasonUnavailable, Detail: "the log is not made here yet"}
		}
		return false, r.broken(err)
	}
	if !t.known {
		if fetched, err := r.ask(ctx, t); err != nil || fetched {
			return fetched, err
		}
	}
	if t.theirs == t.size && (len(t.missing) == 0 || t.idle) && t.isConfirmed() {
		t.accepted()
		return false, nil
	}
	b, err := r.pack(ctx, t)
	if err != nil {
		return false, r.broken(err)
	}
	if b.empty() && t.isConfirmed() {
		t.idle = true
		t.accepted()
		return false, nil
	}
	if err := r.send(ctx, t, b); err != nil {
		return false, err
	}
	t.accepted()
	return true, nil
}

// broken makes a failure of our own ledger a state of the log, tried again slowly, and not of the road.
func (r *runner) broken(err error) error {
	if errors.Is(err, context.Canceled) {
		return err // this node stops
	}
	r.link.c.Logger.Error("couldn't read what is to be sent", "peer", r.member, "err", err)
	return &Refusal{Kind: ReasonUnavailable, Detail: "here: " + err.Error()}
}

// isConfirmed tells whether the newest receipt says what the peer said it holds.
func (t *track) isConfirmed() bool {
	if t.theirs == 0 {
		return true
	}
	return t.confirmed != nil && t.confirmed.Size == t.theirs && slices.Equal(t.confirmed.Missing, t.missing)
}

// ask asks for the state of a log. fetched: the peer gave back some of what is missing here, and is to be asked again.
func (r *runner) ask(ctx context.Context, t *track) (fetched bool, err error) {
	if err := r.recall(ctx, t); err != nil {
		return false, r.broken(err)
	}
	size := t.size
	if t.doubted {
		size = 0 // whoever holds more than this shows the checkpoint it holds
	}
	q := url.Values{"log": {string(t.log)}, "size": {strconv.FormatInt(size, 10)}}
	m, err := r.road.do(ctx, http.MethodGet, pathState+"?"+q.Encode(), nil, stateWithin)
	if err != nil {
		return false, err
	}
	if m.Log != t.log {
		return false, malformed("the state of another log")
	}
	if m.From > t.size {
		return r.ahead(ctx, t, m)
	}
	if t.doubted && m.Checkpoint != nil {
		if err := r.compare(ctx, t, m); err != nil {
			return false, err
		}
	}
	r.link.c.OnLevel(t.log, r.member)
	if fetched, err := r.restore(ctx, t, m); err != nil || fetched {
		return fetched, err
	}
	t.theirs, t.missing, t.known, t.idle = m.From, m.Missing, true, false
	t.held = map[contentKey]int64{}
	t.relist()
	for _, h := range m.Held {
		t.held[h.contentKey] = h.bytes
	}
	r.hear(ctx, m.Gossip)
	return false, nil
}

// recall takes the newest receipt of this peer from our ledger.
func (r *runner) recall(ctx context.Context, t *track) error {
	if t.confirmed != nil {
		return nil
	}
	letter, _ := r.peer.current()
	all, err := r.link.c.Ledger.Receipts(ctx, t.log)
	if err != nil {
		return err
	}
	for i := range all {
		if all[i].Mirror == letter.Keys.Name {
			t.confirmed = &all[i]
		}
	}
	return nil
}

// ahead: the peer says it holds more of our log than we do. Only our own signatures prove it; without them it
// is a peer that talks nonsense. The owner must stop until what is missing has been fetched back.
func (r *runner) ahead(ctx context.Context, t *track, m *message) (fetched bool, err error) {
	size, ok := checkpointSize(m.Checkpoint)
	if !ok || size <= t.size {
		return false, &Refusal{Kind: ReasonMalformed, Detail: "claims more of our log than we signed, without proof"}
	}
	err = r.link.c.Ledger.CheckPeerView(ctx, t.log, m.Checkpoint)
	if errors.Is(err, ledger.ErrSignature) || errors.Is(err, ledger.ErrFormat) {
		return false, &Refusal{Kind: ReasonSignature, Detail: "claims more of our log than we signed"}
	}
	// Another process of this member may have appended between our look and the question.
	if now, err := r.link.c.Ledger.Size(ctx, t.log); err == nil && now >= size {
		t.size = now
		return false, &Refusal{Kind: ReasonGap}
	}
	r.link.c.OnBehind(t.log, r.member, size)
	behind := &Refusal{Kind: ReasonBehind, Detail: strconv.FormatInt(size, 10) + " entries there, " + strconv.FormatInt(t.size, 10) + " here"}
	fetched, err = r.restore(ctx, t, m)
	var no *Refusal
	if errors.As(err, &no) {
		behind.Detail += ", not to be fetched back: " + no.Kind + ": " + no.Detail
		return false, behind
	}
	if err == nil && !fetched {
		return false, behind
	}
	t.refusal = behind // what people see meanwhile
	return fetched, err
}

// compare holds the checkpoint a peer shows of our own log against our log. Two histories, both under our keys: this
// node ran on an old copy of itself and wrote. The owner must stop, or every act from here on is refused.
func (r *runner) compare(ctx context.Context, t *track, m *message) error {
	err := r.link.c.Ledger.CheckPeerView(ctx, t.log, m.Checkpoint)
	if !errors.Is(err, ledger.ErrFork) {
		return nil // it refused for another reason, and will say so again
	}
	r.link.c.OnBehind(t.log, r.member, m.From)
	return &Refusal{Kind: ReasonFork, Detail: "it holds another history of our log: " + strconv.FormatInt(m.From, 10) + " entries"}
}

// checkpointSize reads the second line of a checkpoint (c2sp.org/tlog-checkpoint).
func checkpointSize(note []byte) (int64, bool) {
	_, rest, _ := strings.Cut(string(note), "\n")
	line, _, ok := strings.Cut(rest, "\n")
	n, err := strconv.ParseInt(line, 10, 64)
	return n, ok && err == nil && n >= 0
}

// hear checks other logs' checkpoints as the peer knows them against what is held here. A contradiction is
// kept as evidence by the ledger; what this node does not mirror does not concern it.
func (p *peer) hear(ctx context.Context, gossip [][]byte) {
	for _, g := range gossip {
		origin, _, _ := strings.Cut(string(g), "\n")
		err := p.link.c.Ledger.CheckPeerView(ctx, ledger.Origin(origin), g)
		if errors.Is(err, ledger.ErrFork) || errors.Is(err, ledger.ErrRewind) {
			p.link.c.Logger.Error("two histories of one log", "log", origin, "shown_by", p.member)
			p.link.c.OnRefused(p.member, ledger.Origin(origin), Refusal{Kind: kindOf(err), Detail: err.Error()})
		}
	}
}

// gossipEvery is how often a peer is told of a log that moves all the time: a checkpoint is three kilobytes of
// signatures, half a second of a slow road.
const gossipEvery = 10 * time.Second

// gossip lists checkpoints worth telling the peer: of the logs we mirror from others in the cooperations it
// shares with us, which are the logs whose origin ends in the same path as one of ours that it mirrors.
func (p *peer) gossip(ctx context.Context) [][]byte {
	now := time.Now()
	var all [][]byte
	for _, log := range p.link.sharedWith(p) {
		var last view
		if v, ok := p.told.Load(log); ok {
			last = v.(view)
		}
		if now.Sub(last.at) < gossipEvery || len(all) == maxGossip {
			continue
		}
		c, err := p.link.c.Ledger.Checkpoint(ctx, log)
		if err != nil || len(c) == 0 || len(c) > maxNote {
			continue
		}
		text, _, _ := strings.Cut(string(c), "\n\n")
		sum := sha256.Sum256([]byte(text))
		if sum != last.sum {
			all = append(all, c)
		}
		p.told.Store(log, view{sum, now})
	}
	return all
}

func (l *Link) sharedWith(p *peer) []ledger.Origin {
	groups := map[string]bool{}
	_, ours := p.current()
	for _, log := range ours {
		groups[group(log)] = true
	}
	var all []ledger.Origin
	for _, o := range l.allPeers() {
		if o == p {
			continue
		}
		o.mu.Lock()
		for _, log := range o.mirror {
			if groups[group(log)] {
				all = append(all, log)
			}
		}
		o.mu.Unlock()
	}
	return all
}

// group is what comes after the member's part of an origin: "iq-sy" of "iq.jisr.example/iq-sy".
func group(log ledger.Origin) string {
	_, g, _ := strings.Cut(string(log), "/")
	return g
}
