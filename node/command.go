package node

import (
	"jisr"
)

// Command is one thing a caller may ask the house to do. Every command has one row in the table of policy.go
// and is decided in one place against the book; the acts it leads to are appended in one transaction.
type Command interface {
	// verb names the command in policy, metrics and logs: "note.release".
	verb() Verb
	// decide says which acts the command leads to, or refuses. It runs alone, on a book that is up to date.
	decide(*decision) error
}

// Done says what a command led to, once it is durable.
type Done struct {
	Forum    jisr.ForumID
	Thing    jisr.ThingID
	Version  int           // of a draft
	Position jisr.Position // of the joint act, when there is one; else of the house act
	Joint    bool          // the act is in the forum's log, and other members will countersign it
	Existing bool          // the same Idempotency-Key had done it before
	Secret   string        // a token or password that is shown once
}

// DraftNote writes a version of a draft: the first when ID is empty. Version is the version it was made from,
// 0 for the first; another than the newest is refused as a conflict, with nothing lost.
type DraftNote struct {
	Forum   jisr.ForumID
	ID      jisr.ThingID
	Version int
	Draft   jisr.Draft
	Key     string // Idempotency-Key, optional, for a first version
}

// ClearNote says that a draft is fit to go. The one who drafted it does not clear it.
type ClearNote struct {
	ID      jisr.ThingID
	Version int
}

// ReturnNote sends a draft back to its drafter, with a reason.
type ReturnNote struct {
	ID      jisr.ThingID
	Version int
	Reason  string
}

// DiscardNote ends a draft. It stays in the house log.
type DiscardNote struct {
	ID      jisr.ThingID
	Version int
}

// ReleaseNote sends a cleared draft: it gets its number and date and leaves the house.
type ReleaseNote struct {
	ID      jisr.ThingID
	Version int
}

// SendNote drafts and releases at once: for programs that policy lets (role direct).
type SendNote struct {
	Forum jisr.ForumID
	Draft jisr.Draft
	Key   string // Idempotency-Key, optional
}

// WithdrawNote takes a released note back. It counts for every addressee whose desk has not opened the note
// when the withdrawal arrives.
type WithdrawNote struct {
	Forum  jisr.ForumID
	ID     jisr.ThingID
	Reason string
}

// OpenNote says that a desk of this member has read a note that arrived. The other side sees it.
type OpenNote struct {
	Forum jisr.ForumID
	ID    jisr.ThingID
}

// CloseNote says that the writer waits for no answer any more.
type CloseNote struct {
	Forum  jisr.ForumID
	ID     jisr.ThingID
	Reason string
}

// AcceptForum enters a forum: the letters of credence of all its other members, whose fingerprints both sides
// have read to each other. It makes this member's log there and its first act.
type AcceptForum struct {
	Forum   jisr.ForumID
	Title   jisr.Text
	Letters [][]byte
}

// AddDesk adds a desk or changes its title.
type AddDesk struct {
	ID    jisr.DeskID
	Title jisr.Text
}

// SetReceives says whether what comes in and belongs to no desk yet is this desk's.
type SetReceives struct {
	ID       jisr.DeskID
	Receives bool
}

// ReferThing makes a joint thing, whatever its noun, another desk's too.
type ReferThing struct {
	Forum  jisr.ForumID
	ID     jisr.ThingID
	Desk   jisr.DeskID
	Reason string
}

// NameOfficial names an official for a thing, or a program by the name of its token: above restricted nobody else reads it.
type NameOfficial struct {
	Forum    jisr.ForumID
	ID       jisr.ThingID
	Official jisr.OfficialID
	Reason   string
}

// TakeBack takes a thing back from a desk it was referred to, or from an official who was named for it.
type TakeBack struct {
	Forum    jisr.ForumID
	ID       jisr.ThingID
	Desk     jisr.DeskID
	Official jisr.OfficialID
	Reason   string
}

// AddOfficial adds a post at a desk, or changes it. Password empty: one is made and shown once in Done.Secret.
type AddOfficial struct {
	ID       jisr.OfficialID
	Post     jisr.Text
	Desk     jisr.DeskID
	Roles    []jisr.Role
	Password string
	Keep     bool // a post that is there keeps how its holder signs in; no password is made

	hashed hashed // made before it is decided, see withHash
}

// SetPassword gives a post a new password.
type SetPassword struct {
	ID       jisr.OfficialID
	Password string

	hashed hashed
}

// EndOfficial ends a post's access. What it did stays.
type EndOfficial struct{ ID jisr.OfficialID }

// AddToken makes access for a program; the token is in Done.Secret, once.
type AddToken struct {
	ID      string
	Title   jisr.Text
	Desk    jisr.DeskID
	Roles   []jisr.Role
	Expires jisr.Date
	Scope   jisr.TokenScope
	// ClientKey is the SHA-256 of the public key of the one client certificate the token is good with; empty: any or none.
	ClientKey jisr.Commitment
}

// EndToken ends a token.
type EndToken struct{ ID string }
