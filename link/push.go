package link

import (
	"bytes"
	"cmp"
	"compress/flate"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"jisr/ledger"
)

// How much goes in a batch, in bytes on the wire.
const (
	batchFirst   = 16 << 10
	batchLeast   = 2 << 10
	batchTime    = time.Second      // what a batch aims at
	entriesLeast = 48 << 10         // entries may take this much at once: each batch of them costs signatures both ways
	partLeast    = 512              // a content is not cut in smaller pieces
	rawMost      = 1 << 20          // before compression: what a peer must hold in memory, and a flash note waits behind
	rawHurried   = 128 << 10        // the same of a batch with urgent contents: others go on, slowly
	refsMost     = 4_000            // contents that wait, listed at once
	slowRate     = 6 << 10          // bytes a second assumed while nothing is measured
	suddenSlow   = 10 * time.Second // see speed.patience
	fastRate     = 1 << 20          // bytes a second on the wire from which compressing well takes longer than sending
)

// speed learns how much a peer takes in about a second.
type speed struct {
	budget int     // of the next batch
	rate   float64 // bytes a second, answer included; 0: not measured
}

func newSpeed() speed { return speed{budget: batchFirst} }

// answered learns from a batch that took this long to be answered.
func (s *speed) answered(wire int, took time.Duration) {
	took = max(took, time.Millisecond)
	rate := float64(wire) / took.Seconds()
	if s.rate == 0 || wire >= s.budget/2 {
		s.rate = rate
	} else {
		// A small batch measures the delay more than the road.
		s.rate = max(s.rate, rate)
	}
	switch {
	case took < batchTime/2 && wire >= s.budget/2:
		s.budget *= 2
	case took >= batchTime/2 && wire >= s.budget/2:
		s.budget = min(2*s.budget, int(rate*batchTime.Seconds()))
	}
	s.budget = min(max(s.budget, batchLeast), MaxBatch)
}

// unanswered learns from a batch that was given up: the road may have become much slower.
func (s *speed) unanswered() {
	s.budget = max(s.budget/4, batchLeast)
	s.rate = max(s.rate/4, slowRate/4)
}

// patience is how long an answer to a batch may take: what a busy peer needs to commit, and what the batch should
// take four times over. A road may have become slow since it was measured, and giving up a batch that is on its way
// sends all of it twice: so the batch has at least the time of a slow road, up to suddenSlow.
func (s *speed) patience(wire int) time.Duration {
	rate := s.rate
	if rate == 0 {
		rate = slowRate
	}
	return answerWithin + max(takes(4*wire, rate), min(takes(wire, slowRate/2), suddenSlow))
}

func takes(bytes int, rate float64) time.Duration {
	return time.Duration(float64(bytes) / rate * float64(time.Second))
}

// level is how hard to compress: on a fast road time is short, on a slow one bytes are.
func (s *speed) level() int {
	if s.rate > fastRate {
		return flate.BestSpeed
	}
	return flate.DefaultCompression
}

// batch is one push, packed.
type batch struct {
	body       []byte
	from, to   int64 // entries
	checkpoint []byte
	parts      []sentPart
	contents   int64
}

// sentPart is where a content stands when the peer takes what was sent.
type sentPart struct {
	key    contentKey
	offset int64
}

func (b *batch) empty() bool { return b.to == b.from && len(b.parts) == 0 }

// pack makes the next batch of a log: entries the peer lacks and a checkpoint signed for exactly where they
// end, then contents by rank and the order of the log, as much as the road carries in about a second.
// Contents of rank 0 have half of that on top of whatever the entries took.
func (r *runner) pack(ctx context.Context, t *track) (*batch, error) {
	b := &batch{from: t.theirs, to: t.theirs}
	budget := r.speed.budget
	p := newPacker(r.speed.level(), max(budget/8, 1<<10))
	var flags byte
	if t.confirmed == nil || t.confirmed.Size != t.theirs {
		flags |= wantCheckpoint
	}
	if !t.isConfirmed() {
		flags |= wantReceipt
	}
	p.head(t.log, t.theirs, flags)
	if t.theirs < t.size {
		if err := r.packEntries(ctx, t, b, p); err != nil {
			return nil, err
		}
	}
	if err := r.packContents(ctx, t, b, p, budget); err != nil {
		return nil, err
	}
	for _, g := range r.gossip(ctx) {
		p.frame(frameGossip, g)
	}
	b.body = p.finish()
	return b, nil
}

func (r *runner) packEntries(ctx context.Context, t *track, b *batch, p *packer) error {
	all, err := r.link.c.Ledger.Entries(ctx, t.log, t.theirs, MaxBatchEntries, MaxBatch)
	if err != nil {
		return fmt.Errorf("couldn't read entries from %d: %w", t.theirs, err)
	}
	b.to += int64(p.entries(all, max(r.speed.budget, entriesLeast)))
	b.checkpoint, err = r.link.c.Ledger.CheckpointAt(ctx, t.log, b.to)
	if err != nil {
		return fmt.Errorf("couldn't sign a checkpoint for %d entries: %w", b.to, err)
	}
	p.frame(frameCheckpoint, b.checkpoint)
	return nil
}

func (r *runner) packContents(ctx context.Context, t *track, b *batch, p *packer, budget int) error {
	refs, err := r.choose(ctx, t, b)
	if err != nil {
		return err
	}
	urgent, hurry := p.wire()+budget/2, false
	for _, ref := range refs {
		room := budget - p.wire()
		if ref.Rank == 0 {
			room, hurry = max(room, urgent-p.wire()), true
		} else if hurry && p.total > rawHurried {
			return nil
		}
		if b.empty() {
			room = max(room, partLeast)
		}
		offset := t.held[contentKey{ref.Index, ref.N}]
		want := min(ref.Size-offset, int64(room), maxPart, int64(rawMost-p.total))
		if want < ref.Size-offset && want < partLeast {
			return nil
		}
		data, err := r.link.piece(ctx, t.log, ref, offset, want)
		if errors.Is(err, ledger.ErrMissing) || errors.Is(err, ledger.ErrNotFound) {
			continue // erased since it was chosen
		}
		if err != nil {
			return fmt.Errorf("couldn't read content %d of entry %d: %w", ref.N, ref.Index, err)
		}
		p.part(ledger.Part{Index: ref.Index, N: ref.N, Salt: ref.Salt, Offset: offset, Data: data})
		b.parts = append(b.parts, sentPart{contentKey{ref.Index, ref.N}, offset + int64(len(data))})
		b.contents += int64(len(data))
	}
	return nil
}

// choose gives contents the peer lacks and this node has, in the order they travel. What was listed for the batch before is
// gone through again: only contents of new entries are looked for.
func (r *runner) choose(ctx context.Context, t *track, b *batch) ([]ledger.HeldRef, error) {
	t.waiting = slices.DeleteFunc(t.waiting, func(ref ledger.HeldRef) bool {
		done, begun := t.held[contentKey{ref.Index, ref.N}]
		return begun && done >= ref.Size || ref.Index < t.theirs && !covers(t.missing, ref.Index)
	})
	var ranges []ledger.Range
	if t.listed == 0 || t.cut && len(t.waiting) == 0 {
		ranges, t.waiting, t.cut = slices.Clone(t.missing), nil, false
		t.listed = b.from
	}
	if b.to > t.listed {
		ranges = append(ranges, ledger.Range{Start: t.listed, End: b.to})
		t.listed = b.to
	}
	if len(ranges) == 0 {
		return t.waiting, nil
	}
	err := r.link.c.Ledger.Wanted(ctx, t.log, ranges, func(ref ledger.HeldRef) bool {
		done, begun := t.held[contentKey{ref.Index, ref.N}]
		if begun && done >= ref.Size {
			return true
		}
		if t.cut = t.cut || len(t.waiting) == refsMost; t.cut && ref.Rank > 0 {
			return false
		}
		t.waiting = append(t.waiting, ref)
		return true
	})
	if err != nil {
		return nil, fmt.Errorf("couldn't list contents: %w", err)
	}
	slices.SortStableFunc(t.waiting, func(a, b ledger.HeldRef) int {
		return cmp.Or(cmp.Compare(a.Rank, b.Rank), cmp.Compare(a.Index, b.Index), cmp.Compare(a.N, b.N))
	})
	return t.waiting, nil
}

// relist has what waits looked for anew.
func (t *track) relist() { t.waiting, t.listed, t.cut = nil, 0, false }

// piece reads a piece of a content, never more of it than is sent unless it is small.
func (l *Link) piece(ctx context.Context, log ledger.Origin, ref ledger.HeldRef, offset, n int64) ([]byte, error) {
	if ref.Size <= ledger.MaxInline {
		data, err := l.c.Ledger.Content(ctx, log, ref.Index, ref.N)
		if err != nil {
			return nil, err
		}
		if int64(len(data)) != ref.Size {
			return nil, ledger.ErrMissing
		}
		return data[offset : offset+n], nil
	}
	c, err := l.c.Ledger.OpenContent(ctx, log, ref.Index, ref.N)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	if _, err := c.Seek(offset, io.SeekStart); err != nil {
		return nil, err
	}
	data := make([]byte, n)
	_, err = io.ReadFull(c, data)
	return data, err
}

// send pushes a batch and takes in the answer.
func (r *runner) send(ctx context.Context, t *track, b *batch) error {
	start := time.Now()
	m, err := r.road.do(ctx, http.MethodPost, pathPush, b.body, r.speed.patience(len(b.body)))
	var no *Refusal
	switch {
	case errors.As(err, &no):
		return err
	case err != nil:
		r.speed.unanswered()
		return err
	}
	took := time.Since(start)
	r.speed.answered(len(b.body), took)
	r.link.c.Logger.Debug("pushed", "peer", r.member, "log", t.log, "from", b.from, "to", b.to, "content_bytes", b.contents, "wire", len(b.body), "took", took)
	r.mu.Lock()
	r.status.Rate = r.speed.rate
	r.mu.Unlock()
	r.count.pushes.Add(1)
	r.count.entries.Add(b.to - b.from)
	r.count.sentContent.Add(b.contents)
	return r.learn(ctx, t, b, m)
}

// learn takes in the answer to a batch.
func (r *runner) learn(ctx context.Context, t *track, b *batch, m *message) error {
	if m.Log != t.log || m.From != b.to {
		return &Refusal{Kind: ReasonGap, Detail: "it holds another number of entries than it was brought"}
	}
	t.theirs = b.to
	for _, s := range b.parts {
		t.held[s.key] = s.offset
	}
	for _, h := range m.Held {
		t.held[h.contentKey] = h.bytes
	}
	switch {
	case m.Receipt != nil:
		if err := r.keepReceipt(ctx, t, b, m); err != nil {
			return err
		}
	case b.to > b.from || len(b.parts) == 0:
		return &Refusal{Kind: ReasonSignature, Detail: "no receipt"}
	}
	r.hear(ctx, m.Gossip)
	return t.stalled(b)
}

// stalled finds out whether the peer kept what it was sent: if not, sending it again would go on forever.
func (t *track) stalled(b *batch) error {
	for _, s := range b.parts {
		if t.held[s.key] < s.offset && covers(t.missing, s.key.index) {
			return &Refusal{Kind: ReasonStalled, Detail: fmt.Sprintf("content %d of entry %d", s.key.n, s.key.index)}
		}
	}
	if b.empty() && !t.isConfirmed() {
		return &Refusal{Kind: ReasonStalled, Detail: "its receipt does not say what its state said"}
	}
	for k := range t.held {
		if !covers(t.missing, k.index) {
			delete(t.held, k)
		}
	}
	return nil
}

func covers(ranges []ledger.Range, i int64) bool {
	_, found := slices.BinarySearchFunc(ranges, i, func(r ledger.Range, i int64) int {
		switch {
		case r.End <= i:
			return -1
		case r.Start > i:
			return 1
		}
		return 0
	})
	return found
}

// keepReceipt verifies a receipt and makes it durable before anybody is told. A crash just before leaves it
// unkept: the next connection finds that the newest receipt does not match the peer's state and asks for one.
func (r *runner) keepReceipt(ctx context.Context, t *track, b *batch, m *message) error {
	checkpoint, err := r.countersigned(ctx, t, b, m)
	if err != nil {
		return r.broken(err)
	}
	letter, _ := r.peer.current()
	receipt, err := r.link.c.Ledger.Accept(ctx, m.Receipt, checkpoint, letter.Keys)
	if err != nil {
		if kind := kindOf(err); kind != ReasonUnavailable {
			return &Refusal{Kind: kind, Detail: "its receipt: " + err.Error()}
		}
		return r.broken(err)
	}
	if receipt.Log != t.log || receipt.Size != t.theirs {
		return &Refusal{Kind: ReasonGap, Detail: "a receipt for another size"}
	}
	t.missing, t.confirmed = receipt.Missing, &receipt
	r.count.receipts.Add(1)
	r.link.c.OnReceipt(receipt)
	return nil
}

// countersigned puts the peer's cosignatures under our own checkpoint. The peer leaves our signatures out,
// three kilobytes that we have, and all of it when they are not new.
func (r *runner) countersigned(ctx context.Context, t *track, b *batch, m *message) ([]byte, error) {
	if m.Checkpoint == nil {
		if t.confirmed == nil || t.confirmed.Size != b.to {
			return nil, nil // for the ledger to refuse
		}
		return t.confirmed.Checkpoint, nil
	}
	ours := b.checkpoint
	if ours == nil {
		var err error
		if ours, err = r.link.c.Ledger.CheckpointAt(ctx, t.log, b.to); err != nil {
			return nil, err
		}
	}
	return joinSignatures(ours, m.Checkpoint), nil
}

// joinSignatures adds the signature lines of b to a when both sign the same text; else it is b, for the
// ledger to refuse.
func joinSignatures(a, b []byte) []byte {
	text, _, ok1 := bytes.Cut(a, []byte("\n\n"))
	other, lines, ok2 := bytes.Cut(b, []byte("\n\n"))
	if !ok1 || !ok2 || !bytes.Equal(text, other) {
		return b
	}
	return append(slices.Clone(a), lines...)
}

// leaveOut removes the signature lines by one name (c2sp.org/signed-note: em dash, name, signature).
func leaveOut(note []byte, name string) []byte {
	text, lines, ok := strings.Cut(string(note), "\n\n")
	if !ok {
		return note
	}
	var b strings.Builder
	b.WriteString(text + "\n\n")
	for line := range strings.Lines(lines) {
		if !strings.HasPrefix(line, "— "+name+" ") {
			b.WriteString(line)
		}
	}
	return []byte(b.String())
}
