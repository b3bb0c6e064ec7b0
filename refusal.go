package jisr

import (
	"maps"
	"slices"
	"strings"
)

// RefusalKind names a rule that can say no. Kinds travel in problems of the API, in void acts and in
// the catalogue of sentences: they are never renamed, never reused, and a new rule gets a new kind.
type RefusalKind string

// The kinds. The sentence an official reads is words' "refusal.<kind>".
const (
	// Shape: what was said cannot be what it claims to be.
	Malformed   RefusalKind = "malformed"    // subject: field; need: what it must look like
	TooLong     RefusalKind = "too-long"     // need: max, got
	TooMany     RefusalKind = "too-many"     // need: max, got
	Missing     RefusalKind = "missing"      // subject: the field that is required
	NotOneOf    RefusalKind = "not-one-of"   // need: allowed
	DateInPast  RefusalKind = "date-past"    // need: today
	NoSuch      RefusalKind = "no-such"      // subject: the thing, forum, official or attachment
	Unfinished  RefusalKind = "unfinished"   // subject: the attachment; need: held, size
	Unknown     RefusalKind = "unknown"      // an act of a kind this node does not know
	Conflict    RefusalKind = "conflict"     // the thing changed under the caller; need: version
	Reused      RefusalKind = "key-reused"   // an Idempotency-Key came back with another request
	Already     RefusalKind = "already"      // it is done; need: by, at where known
	BadLogin    RefusalKind = "sign-in"      // name or password
	TooOften    RefusalKind = "too-often"    // need: seconds
	NotAllowed  RefusalKind = "not-allowed"  // subject: the verb; need: policy that forbids it, or role that is missing
	SecondAdmin RefusalKind = "second-admin" // one administrator proposes, another approves
	LocksOut    RefusalKind = "locks-out"    // nobody could administer after it
	BadPolicy   RefusalKind = "bad-policy"   // subject: the policy; need: line, error

	// Getting in, and signing.
	Unsigned    RefusalKind = "unsigned"    // the account signs such acts with its passkey
	Unconfirmed RefusalKind = "unconfirmed" // the account confirms such acts with its password
	Lapsed      RefusalKind = "lapsed"      // subject: the invitation, recovery or ceremony that was used or is over
	NoDomain    RefusalKind = "no-domain"   // passkeys need a domain; need: url

	// Signing in through an identity provider.
	ProviderAway RefusalKind = "provider-away" // it does not answer; the other ways in are open
	ProviderSays RefusalKind = "provider-says" // it did not let the official in
	BadAssertion RefusalKind = "bad-assertion" // what it said does not hold; subject: the step that fails
	NotLinked    RefusalKind = "not-linked"    // subject: the post it names, which somebody else holds or nobody linked
	NoGroup      RefusalKind = "no-group"      // none of the groups is one of the operator's mapping

	// Clearance: the rules of the house.
	SecondPerson RefusalKind = "second-person" // the one who drafts does not clear or release
	NotCleared   RefusalKind = "not-cleared"
	NotDraft     RefusalKind = "not-draft" // it has left the house
	Discarded    RefusalKind = "discarded"

	// Notes.
	NotYours     RefusalKind = "not-yours"      // the act belongs to another member
	NotAddressed RefusalKind = "not-addressed"  // the member is no addressee
	NotReleased  RefusalKind = "not-released"   // nothing was released under this name
	Withdrawn    RefusalKind = "withdrawn"      // the withdrawal arrived first
	Opened       RefusalKind = "opened"         // the note was opened before the withdrawal arrived
	Unopened     RefusalKind = "unopened"       // subject: a note that came in; one of our desks opens it first
	SelfAddress  RefusalKind = "self-addressed" // a member does not write to itself
	NotMember    RefusalKind = "not-member"     // need: forum

	// The log.
	ClockBack   RefusalKind = "clock-back"   // clock or seen of an entry goes backwards
	WrongForum  RefusalKind = "wrong-forum"  // an entry of another forum's log
	Behind      RefusalKind = "behind"       // a partner holds more of our log than we do: writing would fork it
	Restored    RefusalKind = "restored"     // from a backup; subject: the member that has not said yet what it holds
	Unavailable RefusalKind = "unavailable"  // the node is closing or the store cannot be written
	DiskFull    RefusalKind = "disk-full"    // the store cannot be written for want of room
	BadLetter   RefusalKind = "bad-letter"   // subject: field of a letter of credence
	KeysDiffer  RefusalKind = "keys-differ"  // a member is known under other keys
	NotPartner  RefusalKind = "not-partner"  // no such member in any forum
	LastAdmin   RefusalKind = "last-admin"   // the last administrator cannot be removed
	WeakSecret  RefusalKind = "weak-secret"  // need: min
	NoReplyDue  RefusalKind = "no-reply-due" // nothing is awaited

	// Passkeys.
	BadSignature RefusalKind = "bad-signature" // an official's signature does not hold; subject: the step that fails

	// What members agree, and what they owe each other.
	NotParty    RefusalKind = "not-party"    // the member is no party to it
	NotProposed RefusalKind = "not-proposed" // nothing of this hash or name was on the table when the act was written
	NotAgreed   RefusalKind = "not-agreed"   // both have not agreed yet, as far as the writer had received
	UnderReview RefusalKind = "under-review" // a report is with the beneficiary
	Bracketed   RefusalKind = "bracketed"    // a paragraph of minutes has several versions; need: segment
	Embargoed   RefusalKind = "embargoed"    // a statement is not to be public yet; need: until
	TooLate     RefusalKind = "too-late"     // a period has ended; need: until
	Ended       RefusalKind = "ended"        // it is accepted, released or superseded

	// Agreements. What a party does about one follows from what it had received.
	Frozen           RefusalKind = "frozen"          // the text is initialled: all reopen it first
	NotFrozen        RefusalKind = "not-frozen"      // the text is not initialled by all
	ReopenedText     RefusalKind = "reopened"        // this text was reopened: another one is initialled
	SignedAlready    RefusalKind = "signed"          // it is signed
	NotSigned        RefusalKind = "not-signed"      // it is not signed by all yet
	NotBound         RefusalKind = "not-bound"       // subject: the member whose consent is wanting
	Bound            RefusalKind = "bound"           // all have consented: it is ended by notice
	AbandonedAlready RefusalKind = "abandoned"       // a party declared that it does not intend to become one
	Sealed           RefusalKind = "sealed"          // the member stands in a window: it unseals first
	NotSealed        RefusalKind = "not-sealed"      // subject: the member that has not sealed the window
	Committed        RefusalKind = "committed"       // the signature stands until the window closes
	NotCommitted     RefusalKind = "not-committed"   // subject: the member whose signature was not received
	WindowShut       RefusalKind = "window-shut"     // the time to sign is over, or a party unsealed
	BindingDiffers   RefusalKind = "binding-differs" // the parties differ on whether it shall bind
	NoAuthority      RefusalKind = "no-authority"    // subject: what full powers are wanting for
	NotCanonical     RefusalKind = "not-canonical"   // need: lang, got
)

// The kinds of programmes: what an annex must be, and what it asks of a record. need: clause, the paragraph of the annex.
const (
	TooShort           RefusalKind = "too-short"      // need: min, got
	TooFew             RefusalKind = "too-few"        // need: min, got
	Twice              RefusalKind = "twice"          // subject: what stands twice
	OutOfRange         RefusalKind = "out-of-range"   // need: min or max, got
	UnknownField       RefusalKind = "unknown-field"  // subject: a field the annex does not have
	ReadOnly           RefusalKind = "read-only"      // subject: a field that is derived, not sent
	NoSuchCode         RefusalKind = "no-such-code"   // need: list, got
	NoReference        RefusalKind = "no-reference"   // subject: a field; need: got, the record it names; type
	NoFile             RefusalKind = "no-file"        // subject: a field; need: got, the file it names, which does not come with it
	CodeEnded          RefusalKind = "code-not-valid" // need: got, day, from, to
	NoSuchUnit         RefusalKind = "no-such-unit"   // subject: a code; need: deprecated where it is
	BadFormula         RefusalKind = "bad-formula"    // need: error, or want and got
	RefLoop            RefusalKind = "reference-loop" // subject: a definition that refers to itself
	ListDiffers        RefusalKind = "list-differs"   // subject: a shared code list; need: want, got
	NoFlow             RefusalKind = "no-flow"        // subject: the agreement; need: state, or document that its text does not name
	Replaced           RefusalKind = "replaced"       // subject: an annex with its version; need: version, by, since
	UnderHold          RefusalKind = "held"           // subject: the thing a legal hold is on
	Confirmed          RefusalKind = "confirmed"      // subject: a record whose figure the other side confirmed
	NotSender          RefusalKind = "not-sender"     // subject: a record type; need: clause
	PersonalDataUnsaid RefusalKind = "personal-data"  // subject: a field about persons in an annex that does not say why
)

// Refusal is a rule saying no. It is an answer, not a failure: it names the rule, what it was about and
// what is needed, and says no more; words makes the sentence in the reader's language.
type Refusal struct {
	Kind    RefusalKind       `json:"kind"`
	Subject string            `json:"subject,omitempty"`
	Need    map[string]string `json:"need,omitempty"`
}

// Refuse makes a refusal. need comes in pairs: name, value.
func Refuse(kind RefusalKind, subject string, need ...string) *Refusal {
	r := &Refusal{Kind: kind, Subject: subject}
	for i := 0; i+1 < len(need); i += 2 {
		if r.Need == nil {
			r.Need = make(map[string]string, len(need)/2)
		}
		r.Need[need[i]] = need[i+1]
	}
	return r
}

// Error is for logs and operators; people read words' sentence.
func (r *Refusal) Error() string {
	var b strings.Builder
	b.WriteString("refused: " + string(r.Kind))
	if r.Subject != "" {
		b.WriteString(" (" + r.Subject + ")")
	}
	for _, k := range slices.Sorted(maps.Keys(r.Need)) {
		b.WriteString(" " + k + "=" + r.Need[k])
	}
	return b.String()
}

// listed writes what is possible, for the need of a refusal.
func listed[S ~string](all []S) string {
	var b strings.Builder
	for i, s := range all {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(string(s))
	}
	return b.String()
}
