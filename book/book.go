// Package book is the desk: what the acts mean now, as rows that pages, programs and rules can ask for.
//
// It is a SQLite file on every node, made from the ledger and disposable: the ledger is the truth, and
// [Rebuild] gives the same book, to its digest. [Book.Apply] takes acts in batches, each with the positions in
// one transaction; state comes from [jisr.Fold] and from nowhere else, so the book holds no rule of its own.
//
// # What stands in it
//
// A row per act with its refusal where it is void, a row per thing with its state as JSON and the few columns
// that lists need, a row per step that is owed, the bodies this node holds, the newest receipt of each mirror, and a
// full-text index. Bodies are what somebody else sent: they are checked each time they are read, and one that does not
// hold shows nothing (design 3.4). Where an act carries its official's signature, body and signature stand apart:
// readers get the plain body, and the signature beside it.
//
// # Nouns
//
// Notes have tables and lists of their own, because there are many and officials live in them. Every other joint noun
// is in the same few tables, and needs nothing here: [Book.Things] lists it, [Book.Thing] reads it, [Book.ToDo] shows
// what it awaits, [Book.Digest] covers it. What a new noun brings stands in package jisr:
//
//   - its member of [jisr.State], with a JSON name that is the noun, set by its case of State.fold, and its kinds in
//     Kind.noun;
//   - its case of [jisr.State.Summary]: kind, state, title, members, handling, and an Await for every step that is owed;
//   - where its acts change other things too, its case of [jisr.Concerns].
//
// In this package it has a line in textOf for each kind of act whose body people look for. A face shows it in Today once
// words has "noun.<noun>", "<noun>.state.<state>" and "why.<noun>.<why>", and portal's thingURL its page.
//
// # Scope
//
// Readings take a [Scope]: what is not in it is not there for the reader. The node itself reads with [Whole].
//
// # Durability
//
// One writer, several readers, write-ahead log, synchronous=NORMAL: a crash may lose the last transactions,
// never corrupts. What is lost is read again, because [Book.Positions] stand in the same transactions.
//
// # Bounds
//
// Pages have at most 200 rows, to-dos 200 a side with counts beside them. All methods are safe for concurrent use.
// Errors are failures, but for [jisr.Refusal], which says that something asked for is not there or not well formed.
package book

import (
	"errors"
	"slices"
	"time"

	"jisr"
)

// Log names one log as the book sees it: whose, in which forum. The house log is {jisr.House, self}.
type Log struct {
	Forum  jisr.ForumID
	Member jisr.MemberID
}

// Said is an act and, where this node holds it, the body it carries (its first content). Entry is the act's
// exact bytes, which must be those of Act; where the caller has none at hand, the book encodes the act anew.
type Said struct {
	Act   jisr.Act
	Body  []byte
	Entry []byte
	// Came is when another member's act reached this node, by this node's clock; zero: as its writer says. Lists go by it, so
	// that a clock that is off puts nothing above what came later.
	Came time.Time
}

// came is when the act was written here or reached this node, in milliseconds.
func (s *Said) came() int64 {
	if s.Came.IsZero() {
		return s.Act.At.UnixMilli()
	}
	return s.Came.UnixMilli()
}

// Held is what one mirror's newest receipt says of a log: everything below Size but Missing.
type Held struct {
	Mirror  jisr.MemberID
	Size    jisr.Index
	Missing [][2]jisr.Index // half-open
}

// Covers tells whether the receipt says that the act at i and all it carries are held.
func (h Held) Covers(i jisr.Index) bool {
	for _, m := range h.Missing {
		if i >= m[0] && i < m[1] {
			return false
		}
	}
	return i < h.Size
}

// NoteRow is a note as a list needs it. Note is nil while it is only a draft; Draft is nil for what other
// members wrote and for notes released at once.
type NoteRow struct {
	Forum    jisr.ForumID
	ID       jisr.ThingID
	Note     *jisr.Note
	Draft    *jisr.DraftState
	Drafted  *jisr.Draft     // the newest draft's content, when there is a draft
	Body     jisr.NoteBody   // of the released note, else of the draft
	BodyHeld bool            // false: the body has not arrived, or is erased, or cannot be read
	BodyBad  *jisr.Refusal   // why the body cannot be shown although it is here
	Withheld bool            // none of our desks has opened it: of the body, the reader sees the envelope
	HeldBy   []jisr.MemberID // addressees and others whose receipt covers the release and its contents
	At       time.Time       // when the newest act about it was written here or reached this node
	Terms    jisr.NoteTerms
	// Desks and Officials are those whose it is here; none: the registry's.
	Desks     []jisr.DeskID
	Officials []jisr.OfficialID
}

// HeldByAll tells whether every addressee's node holds the note and all it carries.
func (r *NoteRow) HeldByAll() bool {
	if r.Note == nil {
		return false
	}
	return !slices.ContainsFunc(r.Note.To, func(m jisr.MemberID) bool { return !slices.Contains(r.HeldBy, m) })
}

// Standing is the step the note has reached as an official reads it: of the draft while it has not left the
// house, else with receipts and calendar.
func (r *NoteRow) Standing(known jisr.Heard) jisr.NoteState {
	switch {
	case r.Note != nil:
		return r.Note.Standing(r.HeldByAll(), known)
	case r.Draft != nil:
		return r.Draft.State()
	}
	return ""
}

// Box is which notes a list shows.
type Box string

// The boxes.
const (
	BoxAll    Box = ""
	BoxIn     Box = "in"
	BoxOut    Box = "out"
	BoxDrafts Box = "drafts" // what has not left the house
)

// NoteQuery asks for notes, newest act first. Zero values ask for everything.
type NoteQuery struct {
	Forum  jisr.ForumID
	Box    Box
	With   jisr.MemberID // written by or to this member
	Kind   jisr.NoteKind
	State  jisr.NoteState // as NoteRow's standing, as far as is Known
	Known  jisr.Heard
	Search string // words of subject, text, number; Arabic normalised
	Cursor string // from the page before
	Limit  int    // 1 to 200, 0 is 50
}

// ActRow is an act and what it came to.
type ActRow struct {
	Act  jisr.Act
	Void *jisr.Refusal // nil: it has effect
	// Signature is the official's own, as it came: not checked. It is in views of one thing only, and nil where the act
	// carries none or it is not here.
	Signature *jisr.Signature
}

// ToDo is something one side waits for from another: about a note or draft, or about another thing, which is then in
// Thing, and Note is empty.
type ToDo struct {
	Why   Why
	Note  NoteRow
	Thing *ThingRow
	Whom  jisr.MemberID // the other side; empty for a step of ours in a thing of more than two members
	Desk  jisr.DeskID   // the office that owes the step, where a thing says so
	Due   jisr.Date     // empty: no date
	Late  bool
}

// Why says what is waited for: of notes one of the following, of other things the Why of their [jisr.Await].
type Why string

// What is waited for: of us.
const (
	WhyOpen    Why = "open"    // a note arrived and no desk has opened it
	WhyAnswer  Why = "answer"  // an answer is due
	WhyClear   Why = "clear"   // a draft waits for a second official
	WhyRelease Why = "release" // a cleared draft waits to be released
	WhyReturn  Why = "return"  // a draft came back from clearance
)

// Of them, besides WhyOpen and WhyAnswer.
const (
	WhyHold Why = "hold" // released, not held by their node yet
)

// AccountRow is an official or token with what verifies it.
type AccountRow struct {
	ID      jisr.ThingID
	Account jisr.Account
	Secret  jisr.Secret
}

// ForumRow is a forum as this node has it.
type ForumRow struct {
	ID     jisr.ForumID
	Title  jisr.Text
	Forum  *jisr.Forum      // joint state; nil until a forum.join is here
	Accept *jisr.AcceptBody // the house's letters; nil for the house itself
}

// NoteView is one note with all that was said about it.
type NoteView struct {
	NoteRow
	Acts    []ActRow      // joint and house acts, in order
	Custody *jisr.Custody // nil: nobody said whose it is
	Answers *NoteRow      // the note it answers, where that is here
	Replies []NoteRow     // notes that say they answer it, oldest first
}

// ActQuery asks for acts, newest first: in the joint order within a forum, by the writers' clocks across forums.
type ActQuery struct {
	Forum  jisr.ForumID // empty: every forum but the house
	Thing  jisr.ThingID
	Member jisr.MemberID
	Kind   jisr.Kind
	Cursor string // from the page before
	Limit  int    // 1 to 200, 0 is 50
}

// Counts is how much waits for something.
type Counts struct {
	Unopened     int // notes that arrived, and no desk of ours has opened them
	AwaitingUs   int // awaited of us by a date: answers to notes, steps of other things
	LateUs       int // of these, due before today
	AwaitingThem int // what we await by a date
	LateThem     int // of these, due before today
	Drafts       int // not left the house, not discarded
	ToClear      int // drafts that wait for a second official
	ToRelease    int // cleared drafts
	Returned     int // drafts that came back from clearance
	Ours, Theirs int // notes and steps of other things in each list of ToDo, however long
}

// Range is a part of a text, in bytes, half-open: what a search found, for a face to mark.
type Range struct{ Start, End int }

// ErrSchema: the file is not a book of this version and member. `jisr book rebuild` makes it anew.
var ErrSchema = errors.New("not a book of this version: run `jisr book rebuild`")

// ErrGap: acts or a body do not follow what the book holds. The caller asks Positions and goes on from there.
var ErrGap = errors.New("does not follow the book's position")
