package ledger

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// Excerpt is a piece of a mirror with what proves it to the log's owner: how a member whose store is older than what was sent
// from it gets its own entries back.
type Excerpt struct {
	From       int64
	Entries    [][]byte
	Checkpoint []byte     // the newest of the log here, with its owner's signatures
	Proof      [][32]byte // that the tree up to the last entry is the beginning of the checkpoint's (RFC 6962 section 2.1.2)
	Contents   []Part
}

// Excerpt gives entries from an index on, at most max and, but for the first, at most maxBytes together.
func (l *Ledger) Excerpt(ctx context.Context, log Origin, from int64, max, maxBytes int) (e Excerpt, err error) {
	err = l.viewTree(ctx, log, func(t *tree) error {
		if from < 0 || from > t.size || t.checkpoint == nil {
			return fmt.Errorf("entries from %d of %d: %w", from, t.size, ErrNotFound)
		}
		e = Excerpt{From: from, Checkpoint: t.checkpoint}
		if e.Entries, err = t.entries(from, min(t.size, from+int64(max)), maxBytes); err != nil {
			return err
		}
		end := from + int64(len(e.Entries))
		if len(e.Entries) == 0 || end == t.size {
			return nil
		}
		proof, err := tlog.ProveTree(t.size, end, t)
		if err != nil {
			return fmt.Errorf("couldn't prove %d entries: %w", end, err)
		}
		for _, h := range proof {
			e.Proof = append(e.Proof, h)
		}
		return nil
	})
	if err != nil {
		return Excerpt{}, fmt.Errorf("couldn't read a piece of %s: %w", log, err)
	}
	return e, nil
}

// Recover takes what a mirror of one of our own logs gives back, all of it or nothing, and returns the size the log then has. The
// entries must go on where the log ends, and must lead to the checkpoint that came with them, which our own keys signed: so nothing
// enters that we did not say. Contents are checked against the entries' commitments as always.
//
// A checkpoint is signed for the size reached: it is the beginning of a history that was signed before, and no other.
//
// Refusals: ErrSignature, ErrFormat, ErrKeys (not our log), ErrGap, ErrFork (what the mirror holds does not go on from
// what is here: this store has written another history), ErrInspect, ErrBadContent.
func (l *Ledger) Recover(ctx context.Context, log Origin, e Excerpt) (size int64, err error) {
	in, bytes, err := l.prepareExcerpt(ctx, log, e)
	if err == nil {
		err = l.submit(ctx, &job{bytes: bytes, kept: in.keep, run: func(w *write) error {
			size, err = in.recover(w, e.Proof)
			return err
		}})
	}
	if err != nil {
		return 0, fmt.Errorf("couldn't take back %s: %w", log, err)
	}
	return size, nil
}

func (l *Ledger) prepareExcerpt(ctx context.Context, log Origin, e Excerpt) (*incoming, int, error) {
	in := &incoming{l: l, Batch: Batch{Log: log, From: e.From, Entries: e.Entries, Contents: e.Contents}}
	bytes, err := in.weigh()
	if err != nil {
		return nil, 0, err
	}
	if in.signer, err = l.owner(ctx, log); err != nil {
		return nil, 0, err
	}
	if !in.signer.own {
		return nil, 0, fmt.Errorf("%s is %s's: %w", log, in.signer.owner.Name, ErrKeys)
	}
	if len(e.Entries) > 0 {
		if in.cp, in.sigs, err = openCheckpoint(e.Checkpoint, log, in.signer.by...); err != nil {
			return nil, 0, err
		}
		if in.cp.size < in.end() {
			return nil, 0, fmt.Errorf("a checkpoint for %d entries with entries up to %d: %w", in.cp.size, in.end(), ErrFormat)
		}
	}
	return in, bytes, in.read()
}

func (in *incoming) recover(w *write, proof [][32]byte) (int64, error) {
	t, err := w.tree(in.Log)
	if err != nil {
		return 0, err
	}
	if len(in.Entries) > 0 {
		if err := in.goOn(w, t, proof); err != nil {
			return 0, err
		}
	}
	for _, p := range in.Contents {
		if err := t.receive(p); err != nil {
			return 0, err
		}
	}
	return t.size, nil
}

// goOn adds the entries at the end of the log, and holds them against the checkpoint.
func (in *incoming) goOn(w *write, t *tree, proof [][32]byte) error {
	if in.From != t.size {
		return fmt.Errorf("entries from %d, held up to %d: %w", in.From, t.size, ErrGap)
	}
	prev, err := t.before(in.From)
	if err == nil {
		err = in.inspect(0, prev)
	}
	if err != nil {
		return err
	}
	for k := range in.Entries {
		if err := in.extendEntry(t, k); err != nil {
			return err
		}
	}
	if err := t.grown(); err != nil {
		return err
	}
	if err := in.leads(t, proof); err != nil {
		return fmt.Errorf("what is held there does not go on from what is here: %w", errors.Join(ErrFork, err))
	}
	w.grew = append(w.grew, in.Log)
	return nil
}

// leads tells whether the tree as it is now is the beginning of the checkpoint's.
func (in *incoming) leads(t *tree, proof [][32]byte) error {
	if t.size == in.cp.size {
		if t.root != in.cp.root {
			return ErrRoot
		}
		return nil
	}
	hashes := make(tlog.TreeProof, len(proof))
	for i, h := range proof {
		hashes[i] = h
	}
	return tlog.CheckTree(hashes, in.cp.size, in.cp.root, t.size, t.root)
}
