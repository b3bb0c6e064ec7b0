package ledger

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

// Kinds of evidence.
const (
	kindFork    = "fork"    // the owner signed two histories: First and Second are checkpoints of one log that cannot both be
	kindRewind  = "rewind"  // somebody holds more of one of our own logs than we do, and Second, signed by us, shows it
	kindRoot    = "root"    // Second was signed by the owner, and the entries that came with it do not give its root
	kindContent = "content" // bytes that are not what the entry committed to
)

// Evidence is a misbehaviour that was seen: what a third party needs to judge it, as far as there is anything signed.
type Evidence struct {
	Kind   string
	Log    Origin
	Time   time.Time // when it was seen here
	First  []byte    // what we hold: a checkpoint
	Second []byte    // what came: a checkpoint, or the offending bytes, cut at MaxCheckpoint
	Detail string
}

func (e *proven) evidence(log Origin, now time.Time) Evidence {
	return Evidence{Kind: e.kind, Log: log, Time: now, First: e.first, Second: e.second, Detail: e.detail}
}

// Report keeps evidence that somebody else met: a refused message, for instance.
func (l *Ledger) Report(ctx context.Context, e Evidence) error {
	if e.Time.IsZero() {
		e.Time = l.now()
	}
	if err := l.submit(ctx, &job{run: func(w *write) error { return keepEvidence(w, e) }}); err != nil {
		return fmt.Errorf("couldn't keep evidence: %w", err)
	}
	return nil
}

// keepEvidence keeps the same thing once, and the newest MaxEvidence of a kind and log.
func keepEvidence(tx Tx, e Evidence) error {
	first, second := e.First[:min(len(e.First), MaxCheckpoint)], e.Second[:min(len(e.Second), MaxCheckpoint)]
	detail, kind := e.Detail[:min(len(e.Detail), MaxType)], e.Kind[:min(len(e.Kind), MaxName)]
	log := e.Log[:min(len(e.Log), MaxName)]
	h := sha256.New()
	fmt.Fprintf(h, "%d %s %d %s %d ", len(kind), kind, len(log), log, len(first))
	h.Write(first)
	h.Write(second)
	n, err := tx.Exec(`INSERT INTO evidence (kind, log, at, hash, first, second, detail) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING`,
		kind, string(log), e.Time.UnixMilli(), h.Sum(nil), notNil(first), notNil(second), detail)
	if err != nil || n == 0 {
		return err
	}
	return exec(tx, `DELETE FROM evidence WHERE id IN (SELECT id FROM evidence WHERE kind = $1 AND log = $2 ORDER BY id DESC LIMIT 1000 OFFSET $3)`,
		kind, string(log), int64(MaxEvidence))
}

func notNil(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// Evidence lists what was kept, newest first, at most MaxEvidenceListed.
func (l *Ledger) Evidence(ctx context.Context) ([]Evidence, error) {
	var all []Evidence
	var e Evidence
	var log string
	var at int64
	err := l.store.View(ctx, func(tx Tx) error {
		_, err := tx.Query("SELECT kind, log, at, first, second, detail FROM evidence ORDER BY id DESC LIMIT $1", args(int64(MaxEvidenceListed)),
			dest(&e.Kind, &log, &at, &e.First, &e.Second, &e.Detail), func() error {
				e.Log, e.Time = Origin(log), time.UnixMilli(at).UTC()
				all = append(all, e)
				return nil
			})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("couldn't list the evidence: %w", err)
	}
	return all, nil
}

// CheckPeerView compares a checkpoint of a log we own or mirror, as another member shows it, with what we hold. Up to our size
// the roots must be the same, else ErrFork; beyond it the checkpoint is remembered, and compared when we get there. Of one of
// our own logs nobody can honestly hold more than we do: ErrRewind. The evidence of both is kept. A checkpoint the owner
// did not sign is ErrSignature and says nothing about the owner.
func (l *Ledger) CheckPeerView(ctx context.Context, log Origin, signed []byte) error {
	s, err := l.owner(ctx, log)
	if err != nil {
		return fmt.Errorf("couldn't check a view of %s: %w", log, err)
	}
	cp, sigs, err := openCheckpoint(signed, log, s.by...)
	if err != nil {
		return fmt.Errorf("couldn't check a view of %s: %w", log, err)
	}
	bare := joinNote(cp.text(), sigs)
	done, err := l.agrees(ctx, cp)
	if done {
		return nil
	}
	if err == nil {
		err = l.submit(ctx, &job{
			run:  func(w *write) error { return l.remember(w, s, cp, bare) },
			kept: func(w *write, refused error) error { return l.keepProven(w, log, refused) },
		})
	}
	if err != nil {
		return fmt.Errorf("couldn't agree with a view of %s: %w", log, err)
	}
	return nil
}

// agrees is the common case, without the write lock: the checkpoint is of a size we hold, with our root.
func (l *Ledger) agrees(ctx context.Context, cp checkpoint) (same bool, err error) {
	err = l.viewTree(ctx, cp.log, func(t *tree) error {
		if cp.size > t.size {
			return nil
		}
		root, err := t.rootAt(cp.size)
		same = err == nil && root == cp.root
		return err
	})
	return same, err
}

func (l *Ledger) keepProven(w *write, log Origin, refused error) error {
	var p *proven
	if errors.As(refused, &p) {
		return keepEvidence(w, p.evidence(log, l.now()))
	}
	return nil
}

func (l *Ledger) remember(w *write, s *signed, cp checkpoint, bare []byte) error {
	t, err := w.tree(cp.log)
	if err != nil {
		return err
	}
	if cp.size <= t.size {
		return sameRoot(t, cp.size, cp.root, t.checkpoint, bare)
	}
	if s.own {
		return &proven{ErrRewind, kindRewind, fmt.Sprintf("%d entries there, %d here", cp.size, t.size), t.checkpoint, bare}
	}
	var root, other []byte
	n, err := w.Query("SELECT root, checkpoint FROM view WHERE log = $1 AND size = $2", args(t.id, cp.size), dest(&root, &other), nil)
	if err != nil {
		return err
	}
	if n > 0 {
		if tlog.Hash(root) != cp.root {
			return &proven{ErrFork, kindFork, fmt.Sprintf("two roots for %d entries", cp.size), other, bare}
		}
		return nil
	}
	if err := exec(w, "INSERT INTO view (log, size, root, checkpoint) VALUES ($1, $2, $3, $4)", t.id, cp.size, cp.root[:], bare); err != nil {
		return err
	}
	return exec(w, "DELETE FROM view WHERE id IN (SELECT id FROM view WHERE log = $1 ORDER BY id DESC LIMIT 1000 OFFSET $2)", t.id, int64(MaxViews))
}

func sameRoot(t *tree, size int64, root tlog.Hash, ours, theirs []byte) error {
	held, err := t.rootAt(size)
	if err != nil {
		return err
	}
	if held != root {
		return &proven{ErrFork, kindFork, fmt.Sprintf("another root for %d entries", size), ours, theirs}
	}
	return nil
}

// checkViews compares the remembered views we have caught up with, and forgets them when they agree. If one does not, the
// batch is refused and the view stays: this log has ended for us.
func checkViews(t *tree, signed []byte) error {
	type view struct {
		size       int64
		root, seen []byte
	}
	var views []view
	var v view
	_, err := t.tx.Query("SELECT size, root, checkpoint FROM view WHERE log = $1 AND size <= $2", args(t.id, t.size),
		dest(&v.size, &v.root, &v.seen), func() error { views = append(views, v); return nil })
	if err != nil || len(views) == 0 {
		return err
	}
	for _, v := range views {
		if err := sameRoot(t, v.size, tlog.Hash(v.root), signed, v.seen); err != nil {
			return err
		}
	}
	return exec(t.tx, "DELETE FROM view WHERE log = $1 AND size <= $2", t.id, t.size)
}
