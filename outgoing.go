package jisr

import (
	"encoding/json"
	"slices"
)

// An outgoing act is a joint act in preparation in the house. Nothing leaves it that one official alone has looked at:
// who drafts does not clear and does not release. Notes have drafts of their own.
//
//	draft --> cleared --> released (the joint act is written in the same transaction)
//	  ^  \       |
//	  |   \      +--> edited: a draft again
//	  |    discarded
//	  +-- returned (with a reason)

// The house acts of outgoing acts.
const (
	KindOutgoingDraft   Kind = "outgoing.draft"   // a version; content: OutgoingBody
	KindOutgoingClear   Kind = "outgoing.clear"   // a second official: fit to go
	KindOutgoingReturn  Kind = "outgoing.return"  // a second official: back to the drafter
	KindOutgoingDiscard Kind = "outgoing.discard" //
	KindOutgoingRelease Kind = "outgoing.release" // a second official: it has gone
)

// OutgoingTerms is the terms of outgoing.draft. Kind and About never change: another act is another draft.
type OutgoingTerms struct {
	Forum   ForumID `json:"forum"`
	About   ThingID `json:"about"`
	Kind    Kind    `json:"kind"`
	Version int     `json:"version"`
}

// OutgoingBody is the content of outgoing.draft: the terms and body of the act as they were drafted. What the node
// itself knows (today, the open window, the text that counts) it fills in when the act goes.
type OutgoingBody struct {
	Terms json.RawMessage `json:"terms,omitempty"`
	Body  json.RawMessage `json:"body,omitempty"`
	Files []DraftFile     `json:"files,omitempty"`
}

// Outgoing is the house's state of a joint act in preparation.
type Outgoing struct {
	DraftState
	About    ThingID `json:"about"`
	Kind     Kind    `json:"kind"`
	Released *Step   `json:"released,omitempty"`
}

// State names the step it has reached: draft, returned, cleared, discarded or released.
func (o *Outgoing) State() NoteState {
	if o.Released != nil {
		return Released
	}
	return o.DraftState.State()
}

// Open tells whether something is still to be done with it.
func (o *Outgoing) Open() bool { return o.Released == nil && o.Discarded == nil }

// MayChange refuses what has left the house.
func (o *Outgoing) MayChange() error {
	if o.Released != nil {
		return Refuse(NotDraft, string(o.About))
	}
	return nil
}

func foldOutgoing(acts []Act, voids map[Position]*Refusal) *Outgoing {
	var o *Outgoing
	for i := range acts {
		a := &acts[i]
		next, err := o.apply(a)
		if err != nil {
			voids[a.Position] = asRefusal(err)
			continue
		}
		o = next
	}
	return o
}

func (o *Outgoing) apply(a *Act) (*Outgoing, error) {
	if a.Kind == KindOutgoingDraft {
		return o.draft(a)
	}
	if o == nil {
		return nil, Refuse(NoSuch, string(a.About))
	}
	if err := o.MayChange(); err != nil {
		return o, err
	}
	t, err := terms[VersionTerms](a)
	if err != nil {
		return o, err
	}
	by := By{}
	if a.By != nil {
		by = *a.By
	}
	s, next := a.step(), *o
	switch a.Kind {
	case KindOutgoingClear:
		err = o.MayClear(by, t.Version)
		next.Cleared, next.Returned, next.Reason = &s, nil, ""
	case KindOutgoingReturn:
		err = o.MayReturn(by, t.Version)
		next.Returned, next.Cleared, next.Reason = &s, nil, t.Reason
	case KindOutgoingRelease:
		err = o.MayRelease(by, t.Version)
		next.Released = &s
	default:
		err = o.MayEdit(t.Version)
		next.Discarded = &s
	}
	if err != nil {
		return o, err
	}
	return &next, nil
}

func (o *Outgoing) draft(a *Act) (*Outgoing, error) {
	t, err := terms[OutgoingTerms](a)
	if err != nil {
		return o, err
	}
	next := Outgoing{DraftState: DraftState{Forum: t.Forum}, About: t.About, Kind: t.Kind}
	if o != nil {
		if err := o.MayChange(); err != nil {
			return o, err
		}
		if t.Forum != o.Forum || t.About != o.About || t.Kind != o.Kind {
			return o, Refuse(Malformed, "about")
		}
		next = *o
		next.Drafters = slices.Clone(o.Drafters)
	}
	if err := next.MayEdit(t.Version - 1); err != nil {
		return o, err
	}
	next.Version, next.Drafted, next.Cleared, next.Returned, next.Reason = t.Version, a.step(), nil, nil, ""
	if a.By != nil && !slices.Contains(next.Drafters, *a.By) {
		next.Drafters = append(next.Drafters, *a.By)
	}
	return &next, nil
}
