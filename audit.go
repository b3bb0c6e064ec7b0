package jisr

import (
	"slices"
	"time"
)

// KindAuditNote is what leaves no other trace in a log: commands that were refused, and readings of what few may read.
// What was carried out is its own record. Each act is about a thing of its own, so that none is folded with another.
const KindAuditNote Kind = "audit.note"

// AuditTerms is the terms of audit.note.
type AuditTerms struct {
	Events []AuditEvent `json:"events"`
}

// AuditEvent says who asked for what, and what came of it. Repeats within a minute are one event with a count.
type AuditEvent struct {
	Account ThingID   `json:"account,omitempty"` // "official/…", "token/…"; empty: who was not let in
	Desk    DeskID    `json:"desk,omitempty"`
	Verb    string    `json:"verb"`
	Forum   ForumID   `json:"forum,omitempty"`
	About   ThingID   `json:"about,omitempty"`
	Outcome string    `json:"outcome"`          // "done", or the kind of the refusal
	Policy  string    `json:"policy,omitempty"` // that forbade it
	First   time.Time `json:"first"`
	Last    time.Time `json:"last,omitzero"`   // of several
	Count   int       `json:"count,omitempty"` // of several
}

// AuditDone is the outcome of what was not refused.
const AuditDone = "done"

// ReadAudit gives the events of an audit.note; none of another act.
func ReadAudit(a *Act) []AuditEvent {
	if a.Kind != KindAuditNote {
		return nil
	}
	t, err := terms[AuditTerms](a)
	if err != nil {
		return nil
	}
	return slices.Clip(t.Events)
}
