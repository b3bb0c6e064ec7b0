package link

import (
	"bufio"
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"jisr/ledger"
)

// A member whose store is older than what was sent from it, restored from a backup, fetches its own entries and contents
// back from those who mirror them (doc/spec/link.md section 9).

const (
	pathPull   = "/link/v1/pull"
	pullLeast  = 4 << 10
	pullsPart  = 256 << 10 // a content is given back in pieces of at most this
	pullWithin = 20 * time.Second
)

// answerPull gives the owner of a log what it asks for of the mirror here: entries from where its log ends, or pieces of
// contents that it lacks. It may ask for no log but its own.
func (l *Link) answerPull(p *peer, w http.ResponseWriter, r *http.Request) {
	body := &patient{r: http.MaxBytesReader(w, r.Body, MaxWire), c: http.NewResponseController(w), end: time.Now().Add(longestRequest)}
	m, err := readMessage(bufio.NewReaderSize(body, 32<<10))
	if err == nil {
		err = body.rest()
	}
	most, e := strconv.Atoi(r.URL.Query().Get("most"))
	if err == nil && (e != nil || most < pullLeast || most > MaxBatch || m.Log == "" || len(m.Entries)+len(m.Parts) > 0) {
		err = malformed("not a pull")
	}
	if err != nil {
		w.Header().Set("Connection", "close") // what is left of the body is not worth reading
		p.refuse(w, "", &Refusal{Kind: ReasonMalformed, Detail: err.Error()})
		return
	}
	if !p.mirrors(m.Log) {
		p.refuse(w, m.Log, &Refusal{Kind: ReasonNotYours, Detail: "not a log of yours that is mirrored here"})
		return
	}
	a, err := l.excerpt(r.Context(), m, most)
	if err != nil {
		p.failed(w, m.Log, err)
		return
	}
	say(w, http.StatusOK, a)
}

func (l *Link) excerpt(ctx context.Context, m *message, most int) (*message, error) {
	e, err := l.c.Ledger.Excerpt(ctx, m.Log, m.From, MaxBatchEntries, most)
	if err != nil {
		return nil, err
	}
	a := &message{Log: m.Log, From: e.From, Entries: e.Entries, Proof: e.Proof}
	if len(e.Entries) > 0 {
		a.Checkpoint = e.Checkpoint
		return a, nil
	}
	a.Parts, err = l.pieces(ctx, m, most)
	return a, err
}

// pieces reads what is held here of contents that the owner lacks, in order of rank, from where the owner stands.
func (l *Link) pieces(ctx context.Context, m *message, most int) (parts []ledger.Part, err error) {
	has := map[contentKey]int64{}
	for _, h := range m.Held {
		has[h.contentKey] = h.bytes
	}
	var refs []ledger.HeldRef
	room := int64(most)
	err = l.c.Ledger.Wanted(ctx, m.Log, m.Missing, func(ref ledger.HeldRef) bool {
		if left := ref.Size - has[contentKey{ref.Index, ref.N}]; left > 0 || ref.Size == 0 {
			refs = append(refs, ref)
			room -= left
		}
		return room > 0 && len(refs) < refsMost
	})
	if err != nil {
		return nil, err
	}
	for _, ref := range refs {
		offset := has[contentKey{ref.Index, ref.N}]
		for most > 0 && (offset < ref.Size || ref.Size == 0) {
			want := min(ref.Size-offset, int64(most), pullsPart)
			data, err := l.piece(ctx, m.Log, ref, offset, want)
			if errors.Is(err, ledger.ErrMissing) || errors.Is(err, ledger.ErrNotFound) {
				break // erased since it was chosen
			}
			if err != nil {
				return nil, err
			}
			parts = append(parts, ledger.Part{Index: ref.Index, N: ref.N, Salt: ref.Salt, Offset: offset, Data: data})
			offset, most = offset+want, most-int(want)
			if ref.Size == 0 {
				break
			}
		}
	}
	return parts, nil
}

// restore fetches back one piece of what the peer holds of our log and we do not. fetched: there may be more. state is
// what the peer just said of the log.
func (r *runner) restore(ctx context.Context, t *track, state *message) (fetched bool, err error) {
	if state.Flags&servesPull == 0 {
		return false, nil
	}
	ask := &message{Log: t.log, From: t.size}
	if state.From <= t.size {
		own, err := r.link.c.Ledger.State(ctx, t.log)
		if err != nil {
			return false, r.broken(err)
		}
		if ask.Missing = without(own.Missing, state.Missing); len(ask.Missing) == 0 {
			return false, nil
		}
		if ask.Held, err = r.link.begun(ctx, t.log); err != nil {
			return false, r.broken(err)
		}
	}
	m, err := r.pull(ctx, ask)
	if err != nil {
		return false, err
	}
	if len(m.Entries)+len(m.Parts) == 0 {
		return false, nil
	}
	if len(m.Entries) == 0 && !ask.lacks(m.Parts) {
		return false, &Refusal{Kind: ReasonStalled, Detail: "gives back what it was not asked for"}
	}
	size, err := r.link.c.Ledger.Recover(ctx, t.log, ledger.Excerpt{From: m.From, Entries: m.Entries, Checkpoint: m.Checkpoint, Proof: m.Proof, Contents: m.Parts})
	if err != nil {
		if kind := kindOf(err); kind != ReasonUnavailable {
			return false, &Refusal{Kind: kind, Detail: "what it gives back of our log: " + err.Error()}
		}
		return false, r.broken(err)
	}
	r.link.c.Logger.Info("fetched back what this node lacked of its own log", "peer", r.member, "log", t.log, "entries", len(m.Entries), "pieces", len(m.Parts), "size", size)
	r.link.c.OnMirrored(t.log, size-int64(len(m.Entries)), size)
	return true, nil
}

// lacks tells whether the first of the pieces brings something on: whoever sends others would be asked forever.
func (m *message) lacks(parts []ledger.Part) bool {
	at := int64(0)
	for _, h := range m.Held {
		if h.contentKey == (contentKey{parts[0].Index, parts[0].N}) {
			at = h.bytes
		}
	}
	return covers(m.Missing, parts[0].Index) && parts[0].Offset == at
}

// pull asks for as much as the road carries in about a second, and learns from how long it took.
func (r *runner) pull(ctx context.Context, ask *message) (*message, error) {
	most := max(r.pulls.budget, pullLeast)
	path := pathPull + "?" + url.Values{"most": {strconv.Itoa(most)}}.Encode()
	start := time.Now()
	m, err := r.road.do(ctx, http.MethodPost, path, ask.encode(), pullWithin+r.pulls.patience(most))
	var no *Refusal
	if err != nil && !errors.As(err, &no) {
		r.pulls.unanswered()
	}
	if err != nil {
		return nil, err
	}
	if m.Log != ask.Log || m.From != ask.From {
		return nil, malformed("a piece of another log")
	}
	came := 0
	for _, e := range m.Entries {
		came += len(e)
	}
	for _, p := range m.Parts {
		came += len(p.Data)
	}
	r.pulls.answered(came, time.Since(start))
	return m, nil
}

// begun lists what is held in part of contents of our own log.
func (l *Link) begun(ctx context.Context, log ledger.Origin) (all []held, err error) {
	refs, err := l.c.Ledger.Partials(ctx, log, maxHeld/2)
	for _, ref := range refs {
		all = append(all, held{contentKey{ref.Index, ref.N}, ref.Held})
	}
	return all, err
}

// without gives what of a is not in b; both rise.
func without(a, b []ledger.Range) (left []ledger.Range) {
	for _, r := range a {
		for _, s := range b {
			if s.End <= r.Start || s.Start >= r.End {
				continue
			}
			if s.Start > r.Start {
				left = append(left, ledger.Range{Start: r.Start, End: s.Start})
			}
			r.Start = min(s.End, r.End)
		}
		if r.Start < r.End {
			left = append(left, r)
		}
	}
	return slices.Clip(left)
}
