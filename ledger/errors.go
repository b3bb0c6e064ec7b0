package ledger

import (
	"errors"
	"fmt"

	"github.com/ncruces/go-sqlite3"
)

// What a caller branches on. All others are failures of the machine.
var (
	// ErrMoved: the log has another size than the call was decided on. Decide again.
	ErrMoved = errors.New("the log has moved on")
	// ErrFork: the log's owner signed two histories. Nothing was taken; the evidence is kept.
	ErrFork = errors.New("two histories of one log")
	// ErrRewind: others hold more of one of our own logs than we do: this store is older than what was sent from it.
	// Whoever appends now forks the log.
	ErrRewind = errors.New("others hold more of this log")
	// ErrSignature: not signed by both keys, Ed25519 and ML-DSA-44, of the one who had to sign.
	ErrSignature = errors.New("signatures do not verify")
	// ErrBadContent: a content is not what its entry committed to. What was held of it is dropped, so that it can be sent again.
	ErrBadContent = errors.New("content does not match its commitment")
	// ErrGap: what comes before the entries or the bytes is not held.
	ErrGap = errors.New("what comes before is missing")
	// ErrTooLong: beyond a bound of limits.go.
	ErrTooLong = errors.New("longer than allowed")
	// ErrNotFound: no such log, entry, content, upload or tile.
	ErrNotFound = errors.New("not found")
	// ErrInspect wraps what Options.Inspect refused.
	ErrInspect = errors.New("no entry this log may hold")
	// ErrRoot: the entries do not give the root that was signed for them.
	ErrRoot = errors.New("entries do not give the signed root")
	// ErrKeys: the log exists under other keys.
	ErrKeys = errors.New("the log exists under other keys")
	// ErrMissing: the entry is held, the content is not, or not all of it.
	ErrMissing = errors.New("content not held")
	// ErrFormat: bytes from outside that are not in the form they must have.
	ErrFormat = errors.New("malformed")
	// ErrInUse: an upload that an entry names cannot be dropped.
	ErrInUse = errors.New("in use by an entry")
	// ErrSealed: what is encrypted at rest does not open with the key given, or was changed.
	ErrSealed = errors.New("encrypted at rest and not to be opened")
	// ErrFull: the disk has no room. What was being written is not there; what was answered is.
	ErrFull = errors.New("the disk is full")
	// ErrClosed: the ledger was closed.
	ErrClosed = errors.New("the ledger is closed")
)

// storeError marks what the store, not the caller, did wrong: the whole transaction is then given up, since a database may
// have rolled it back already.
type storeError struct{ err error }

func (e *storeError) Error() string { return "store: " + e.err.Error() }
func (e *storeError) Unwrap() error { return e.err }

// Is says of SQLITE_FULL that it is ErrFull.
func (e *storeError) Is(target error) bool {
	return target == ErrFull && errors.Is(e.err, sqlite3.FULL)
}

// UnknownSigner says that nobody gave the keys of who signed: an ErrSignature that more keys may settle.
type UnknownSigner struct{ Name string }

func (e *UnknownSigner) Error() string { return fmt.Sprintf("no key of %q was given", e.Name) }

// Unwrap makes it an ErrSignature.
func (e *UnknownSigner) Unwrap() error { return ErrSignature }
