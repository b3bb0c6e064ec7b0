package jisr

// Summary is what lists, searches and to-dos need of a joint thing, whatever its noun. It is made from the state
// alone, so every node makes the same, and an unread content changes nothing.
type Summary struct {
	Kind    string     `json:"kind,omitempty"`    // of its noun: "agreement", "mou"; empty where the noun has no kinds
	State   string     `json:"state"`             // the step of its life: words' "<noun>.state.<state>"
	Title   Text       `json:"title,omitempty"`   // as far as entries say it
	Members []MemberID `json:"members,omitempty"` // who takes part, sorted
	Awaits  []Await    `json:"awaits,omitempty"`  // steps that are owed, in no order

	Labels   []string `json:"labels,omitempty"`   // what lists are filtered by: "sector:water", "desk:iq/water", "source:note/iq-01k…"
	Handling Handling `json:"handling,omitempty"` // how widely it may be shown
}

// Await is a step that somebody owes: what Today shows as waited for from us, or from them.
type Await struct {
	Of   MemberID `json:"of"`             // who owes it
	Why  string   `json:"why"`            // which step: words' "why.<noun>.<why>", a noun phrase
	Due  Date     `json:"due,omitempty"`  // empty: no date
	Desk DeskID   `json:"desk,omitempty"` // the office that owes it, where known
}

// Summary gives the summary of a joint thing; false for notes, which have lists of their own, for what stands in the
// house log only, and for a thing that no act has made. A noun without a case here is in no list and in no digest.
func (s *State) Summary() (Summary, bool) {
	if s.Forum != nil {
		return s.Forum.summary(), true
	}
	if s.Signer != nil {
		return s.Signer.summary(), true
	}
	switch {
	case s.Body != nil:
		return s.Body.summary(), true
	case s.Meeting != nil:
		return s.Meeting.summary(), true
	case s.Minutes != nil:
		return s.Minutes.summary(), true
	}
	if s.Commitment != nil {
		return s.Commitment.summary(), true
	}
	if s.Agreement != nil {
		return s.Agreement.summary(), true
	}
	if s.Statement != nil {
		return s.Statement.summary(), true
	}
	if s.Readout != nil {
		return s.Readout.summary(), true
	}
	if s.Mandate != nil {
		return s.Mandate.summary(), true
	}
	if s.Programme != nil {
		return s.Programme.summary(), true
	}
	if s.Batch != nil {
		return s.Batch.summary(), true
	}
	return Summary{}, false
}
