package node

import (
	"log/slog"
	"time"

	"jisr"
)

// Options is what a node needs besides its directory.
type Options struct {
	Dir    string
	Config Config
	Now    func() time.Time // nil: the wall clock
	Logger *slog.Logger     // nil: discard
}

// Member is this node's member as faces show it.
type Member struct {
	ID     jisr.MemberID
	Name   jisr.Text
	Origin string
	Letter []byte // its letter of credence
	Finger string // the letter's fingerprint in groups
}

// Receipt says what one other member's node has confirmed of an act.
type Receipt struct {
	Member          jisr.MemberID
	CountersignedAt time.Time // its signature covers the act's entry; zero: not yet
	HeldAt          time.Time // and it holds all the act carries; zero: not yet
	LogSize         int64     // size of the log that receipt covers
}

// LinkState is how the road to another member is.
type LinkState string

// The states of a link.
const (
	Linked      LinkState = "linked"
	Waiting     LinkState = "waiting"
	RefusedLink LinkState = "refused"
)

// LinkStatus is the road to one other member.
type LinkStatus struct {
	Member  jisr.MemberID
	Name    jisr.Text
	State   LinkState
	Because string    // kind of the reason, words' link.reason.<kind>; empty when linked
	Detail  string    // for operators: never shown to others
	Since   time.Time // of this state
	Contact time.Time // last sign of life; zero: never
	Queued  int64     // acts it does not hold yet
	Rate    float64   // bytes a second, measured
	Finger  string    // fingerprint of its letter
	Origin  string
	Forums  []jisr.ForumID
	Address []string
}

// Evidence is kept proof of a member's misbehaviour.
type Evidence struct {
	Member jisr.MemberID
	Forum  jisr.ForumID
	Kind   string // "fork", "rewind", "root", "signature", "content", "inspect", "too-long", "malformed", "not-yours", "limit"
	At     time.Time
	Detail string
	Proof  []byte // the two signed checkpoints, or the offending bytes
}

// Event tells open pages that something changed.
type Event struct {
	Forum jisr.ForumID
	Thing jisr.ThingID // empty: the link or the forum itself
}

// File is an attachment as an act names it.
type File struct {
	Index int    // which attachment of the act, from 0
	Name  string // from the body; empty while the body is not held
	Type  string
	Size  int64
	Held  int64 // bytes here
}

// Upload is an attachment before any act names it.
type Upload struct {
	ID     string
	Name   string
	Type   string
	Size   int64
	Held   int64
	Commit jisr.Commitment // once complete
}
