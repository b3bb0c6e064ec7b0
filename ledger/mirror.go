package ledger

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Batch is what comes from outside: entries From… of a log with a checkpoint signed for exactly From+len(Entries), and
// pieces of contents, also of earlier entries. Without entries it is how contents arrive later; the checkpoint may then
// be left out. A peer's push, a bag and a restore all bring batches.
type Batch struct {
	Log        Origin
	From       int64
	Entries    [][]byte
	Checkpoint []byte
	Contents   []Part
}

// incoming is a batch after everything that needs no lock: bounds, signatures, hashes, each entry but the first inspected.
type incoming struct {
	Batch
	l      *Ledger
	signer *signed
	cp     checkpoint // log "" if none came
	sigs   []note.Signature
	leaves []tlog.Hash
	refs   [][]Ref
}

func (in *incoming) end() int64 { return in.From + int64(len(in.Entries)) }

// Mirror takes a batch, all of it or nothing, and answers with a receipt for all that is held of the log now, durable before it
// is answered. A batch that was taken before changes nothing and is answered with a fresh receipt.
//
// Refusals: ErrNotFound (no such log here), ErrSignature, ErrGap, ErrTooLong, ErrInspect, ErrFormat leave nothing behind.
// ErrFork, ErrRoot and ErrBadContent leave evidence, and the last drops the bytes held of that content.
//
// An own log may be mirrored too: a node restored from an old backup fetches its own entries back this way.
func (l *Ledger) Mirror(ctx context.Context, b Batch) (Receipt, error) {
	in, bytes, err := l.prepare(ctx, b)
	var r Receipt
	if err == nil {
		err = l.submit(ctx, &job{bytes: bytes, kept: in.keep, run: func(w *write) error {
			r, err = in.take(w)
			return err
		}})
	}
	if err != nil {
		return Receipt{}, fmt.Errorf("couldn't mirror %s: %w", b.Log, err)
	}
	return r, nil
}

func (l *Ledger) prepare(ctx context.Context, b Batch) (*incoming, int, error) {
	bytes, err := b.weigh()
	if err != nil {
		return nil, 0, err
	}
	in := &incoming{Batch: b, l: l}
	if in.signer, err = l.owner(ctx, b.Log); err != nil {
		return nil, 0, err
	}
	if len(b.Checkpoint) > 0 || len(b.Entries) > 0 {
		if in.cp, in.sigs, err = openCheckpoint(b.Checkpoint, b.Log, in.signer.by...); err != nil {
			return nil, 0, err
		}
		if in.cp.size != in.end() {
			return nil, 0, fmt.Errorf("a checkpoint for %d entries with entries up to %d: %w", in.cp.size, in.end(), ErrFormat)
		}
	}
	return in, bytes, in.read()
}

// weigh bounds a batch before it costs anything.
func (b *Batch) weigh() (bytes int, err error) {
	for _, e := range b.Entries {
		if err := checkEntry(e); err != nil {
			return 0, err
		}
		bytes += len(e)
	}
	for _, p := range b.Contents {
		if len(p.Data) > MaxPart {
			return 0, fmt.Errorf("a piece of %d bytes: %w", len(p.Data), ErrTooLong)
		}
		bytes += len(p.Data)
	}
	if len(b.Entries) > MaxBatchEntries || len(b.Contents) > MaxBatchEntries || bytes > MaxBatchBytes || b.From < 0 || b.From > MaxSize {
		return 0, fmt.Errorf("%d entries and %d pieces of %d bytes: %w", len(b.Entries), len(b.Contents), bytes, ErrTooLong)
	}
	return bytes, nil
}

// read hashes the entries and inspects all but the first, whose predecessor is in the store.
func (in *incoming) read() error {
	in.leaves, in.refs = make([]tlog.Hash, len(in.Entries)), make([][]Ref, len(in.Entries))
	for k, e := range in.Entries {
		in.leaves[k] = tlog.RecordHash(e)
		if k > 0 {
			if err := in.inspect(k, in.Entries[k-1]); err != nil {
				return err
			}
		}
	}
	return nil
}

func (in *incoming) inspect(k int, prev []byte) (err error) {
	i := in.From + int64(k)
	if in.refs[k], err = in.l.look(in.Log, i, prev, in.Entries[k]); err != nil {
		return fmt.Errorf("entry %d: %w", i, err)
	}
	return nil
}

// take runs in the writer's transaction.
func (in *incoming) take(w *write) (Receipt, error) {
	t, err := w.tree(in.Log)
	if err != nil {
		return Receipt{}, err
	}
	if in.From > t.size {
		return Receipt{}, fmt.Errorf("entries from %d, held up to %d: %w", in.From, t.size, ErrGap)
	}
	now := in.l.now()
	if in.cp.log != "" {
		if err := in.takeEntries(t, now); err != nil {
			return Receipt{}, err
		}
	}
	for _, p := range in.Contents {
		if err := t.receive(p); err != nil {
			return Receipt{}, err
		}
	}
	r, err := in.l.receipt(t, now)
	if err == nil && !in.signer.own {
		err = in.l.keepOwn(w, t, r)
	}
	return r, err
}

// keepOwn keeps what we signed for another's log, as its owner does: each receipt that first covers an entry, or first no longer
// misses one. The rest say nothing new.
func (l *Ledger) keepOwn(w *write, t *tree, r Receipt) error {
	proves, _, err := provesMore(w, t, r)
	if err != nil || !proves {
		return err
	}
	return keepReceipt(w, t, r, true)
}

func (in *incoming) takeEntries(t *tree, now time.Time) error {
	known := int(min(t.size, in.end()) - in.From)
	if err := in.compare(t, known); err != nil {
		return err
	}
	grows := in.end() > t.size
	if grows {
		if err := in.extend(t, known); err != nil {
			return err
		}
		if err := checkViews(t, joinNote(in.cp.text(), in.sigs)); err != nil {
			return err
		}
	}
	if !grows && t.checkpoint != nil {
		return nil
	}
	return in.countersign(t, now)
}

// compare looks at what came a second time: it must be what is held. Other entries under a root that is ours are rubbish,
// another root for a size we have passed is a second history (RFC 6962 section 2.1.2: no consistency proof can exist).
func (in *incoming) compare(t *tree, known int) error {
	if in.end() <= t.size {
		root, err := t.rootAt(in.end())
		if err != nil {
			return err
		}
		if root != in.cp.root {
			return &proven{ErrFork, kindFork, fmt.Sprintf("another root for %d entries", in.end()), t.checkpoint, in.Checkpoint}
		}
	}
	for k := range known {
		held, err := t.ReadHashes([]int64{tlog.StoredHashIndex(0, in.From+int64(k))})
		if err != nil {
			return err
		}
		if held[0] != in.leaves[k] {
			return &proven{ErrRoot, kindRoot, fmt.Sprintf("another entry %d", in.From+int64(k)), t.checkpoint, in.Checkpoint}
		}
	}
	return nil
}

// extend adds what is new and compares the root with the signed one.
func (in *incoming) extend(t *tree, known int) error {
	for k := known; k < len(in.Entries); k++ {
		if k == 0 {
			prev, err := t.before(in.From)
			if err != nil {
				return err
			}
			if err := in.inspect(0, prev); err != nil {
				return err
			}
		}
		if err := in.extendEntry(t, k); err != nil {
			return err
		}
	}
	if err := t.grown(); err != nil {
		return err
	}
	if t.root != in.cp.root {
		return &proven{ErrRoot, kindRoot, fmt.Sprintf("the entries up to %d", in.end()), t.checkpoint, in.Checkpoint}
	}
	return nil
}

func (in *incoming) extendEntry(t *tree, k int) error {
	for n, r := range in.refs[k] {
		if err := t.insert(t.size, n, r, true, nil, nil, nil); err != nil {
			return err
		}
	}
	return t.add(in.Entries[k], in.leaves[k])
}

// countersign keeps the log's checkpoint, with nothing in it but the signatures that were verified, and ours beside it.
func (in *incoming) countersign(t *tree, now time.Time) error {
	bare := joinNote(in.cp.text(), in.sigs)
	if in.signer.own {
		return t.setCheckpoint(bare, nil)
	}
	cosigned, err := cosign(in.l.keys.mirror, in.l.keys.name, in.cp, in.sigs, now)
	if err != nil {
		return err
	}
	return t.setCheckpoint(bare, cosigned)
}

// receipt signs what is held of a log now.
func (l *Ledger) receipt(t *tree, now time.Time) (Receipt, error) {
	missing, err := t.missing()
	if err != nil {
		return Receipt{}, err
	}
	if t.checkpoint == nil {
		return Receipt{}, fmt.Errorf("no checkpoint of %s yet: %w", t.log, ErrGap)
	}
	r := Receipt{
		Log: t.log, Mirror: l.keys.name, Size: t.size, Root: t.root, Time: now.UTC().Truncate(time.Millisecond),
		Missing: missing, Checkpoint: t.cosigned,
	}
	if r.Checkpoint == nil {
		r.Checkpoint = t.checkpoint
	}
	r.Note, err = signPlain(l.keys.name, l.keys.mirror, r.text())
	return r, err
}

// proven is a refusal with evidence.
type proven struct {
	err           error
	kind, detail  string
	first, second []byte
}

func (e *proven) Error() string { return fmt.Sprintf("%s: %v", e.detail, e.err) }
func (e *proven) Unwrap() error { return e.err }

// keep writes what remains of a refused batch: evidence, and that a wrong content has to come anew.
func (in *incoming) keep(w *write, refused error) error {
	var p *proven
	if errors.As(refused, &p) {
		return keepEvidence(w, p.evidence(in.Log, in.l.now()))
	}
	var bad *badContent
	if !errors.As(refused, &bad) {
		return nil
	}
	if err := dropPartial(w, bad.id); err != nil {
		return err
	}
	return keepEvidence(w, Evidence{Kind: kindContent, Log: in.Log, Time: in.l.now(), Second: in.sample(bad), Detail: bad.Error()})
}

// sample is the beginning of the last piece of a wrong content.
func (in *incoming) sample(bad *badContent) (data []byte) {
	for _, p := range in.Contents {
		if p.Index == bad.index && p.N == bad.n {
			data = p.Data[:min(len(p.Data), 4<<10)]
		}
	}
	return data
}
