// Package ledger is the proof: Merkle logs as in RFC 6962, mirrors of other members' logs, the contents their entries commit
// to, and what lets a third party check all of it. It knows no diplomacy: an entry is bytes, and Options.Inspect says which
// bytes are an entry and what they commit to.
//
// # What is held
//
// A log has an origin, an owner, and entries that are only ever added. Its owner signs checkpoints (size and root,
// c2sp.org/tlog-checkpoint); every other member mirrors it, verifies each batch, and countersigns (c2sp.org/tlog-cosignature).
// Every statement is signed twice, Ed25519 and ML-DSA-44, and counts only with both: the one stands against a flaw in
// the new algorithm, the other against a quantum computer. An entry commits to contents by SHA-256(salt || bytes); contents
// arrive with it, later, or in pieces, and can be erased without touching the log. A [Receipt] is a mirror's signed
// statement of how much of a log, and which contents, it holds.
//
//	own log:   Append -> (link) -> Accept the mirrors' receipts -> Proof, ExportProof, Checkpoint
//	mirror:    Mirror a Batch, answer its Receipt               -> Proof, Checkpoint, Tile
//	both:      CheckPeerView what others saw of a log; Evidence of what cannot be honest
//
// # Durability
//
// One goroutine writes. What waits at the same time shares one transaction, one fsync, and one pair of signatures per
// log; each request runs in its own savepoint, so that a refused one leaves nothing behind. Nothing is answered
// before it is on disk. Entries, hash tiles, contents and the checkpoint over them are written in the same transaction: after
// a crash all are there or none, there is no repair and no recovery code. Sizes and roots are read inside the
// transaction, never remembered: another process may append to the same store.
//
// # Bounds and errors
//
// All bounds stand in limits.go. A refusal of what came from outside is one of the errors in errors.go, for errors.Is;
// anything else is a failure of the machine. Proofs are checked offline by [Verify]. The formats are in doc/spec/log.md and
// doc/spec/proof.md.
//
// All methods of [Ledger] are safe for concurrent use. Sizes and offsets are in bytes, indices count entries from 0, times are UTC.
package ledger

import "time"

// Origin names one log: the first line of its checkpoints (c2sp.org/tlog-checkpoint), e.g. "iq.jisr.example/iq-sy".
type Origin string

// NewEntry is an entry about to be appended to one of this node's own logs.
type NewEntry struct {
	Data     []byte    // the exact bytes that are hashed, 1 to MaxEntry
	Contents []Content // what the entry commits to, in the order Options.Inspect finds the references
}

// Content is what an entry carries beside the log, bound to it by Ref.Commit = SHA-256(salt || bytes).
// Either Data holds all of it (at most MaxInline bytes) or Blob names an upload that is complete.
//
// A Blob brings its own salt, the one UploadInfo shows; Salt is then not used.
type Content struct {
	Salt [32]byte // 32 random bytes of its own for each content
	Data []byte
	Blob string
}

// Ref is one commitment found in an entry.
type Ref struct {
	Commit [32]byte
	Size   int64
	Type   string
	Rank   int // 0 travels first; contents of one rank travel in the order of the log
}

// Inspect reads one entry for the ledger, which knows no diplomacy: it refuses what no entry of a log may be
// (prev is the entry before it in the same log, nil for the first) and lists the commitments the entry carries.
type Inspect func(log Origin, index int64, prev, entry []byte) ([]Ref, error)

// Append is a request to append entries to one of this node's own logs.
type Append struct {
	Log     Origin
	Expect  int64 // the size it was decided on; a different size refuses the whole call with ErrMoved. -1: any
	Entries []NewEntry
}

// Range is a half-open run [Start, End) of indices.
type Range struct{ Start, End int64 }

// Receipt is a mirror's signed statement of how much of a log, and which contents, it holds.
type Receipt struct {
	Log        Origin
	Mirror     string // the mirror's name (its member origin)
	Size       int64
	Root       [32]byte
	Time       time.Time
	Missing    []Range // indices below Size with a content not held yet
	Note       []byte  // the signed note jisr receipt/v1, exact bytes
	Checkpoint []byte  // the log's checkpoint with the mirror's cosignatures, exact bytes
}

// State is what this node holds of a log.
type State struct {
	Log        Origin
	Size       int64
	Root       [32]byte
	Checkpoint []byte  // newest signed checkpoint
	Missing    []Range // indices with a content not held
}
