package jisr

import "slices"

// A national readout is what one member says alone about a statement or a meeting: *not agreed text*. It is a noun of its
// own, so that no page, list or export can take it for the joint text.
//
//	released ----> withdrawn
//	(its member alone, both)

// The acts of readouts.
const (
	KindReadoutRelease  Kind = "readout.release"  // a member: its own account; content: ReadoutBody
	KindReadoutWithdraw Kind = "readout.withdraw" // the same member, with reasons
)

// ReadoutTerms is the terms of readout.release.
type ReadoutTerms struct {
	Of    ThingID `json:"of"` // the statement or meeting it tells of
	Title Text    `json:"title"`
}

// Check holds the terms against what needs nothing else.
func (t *ReadoutTerms) Check() error {
	if !validThing(t.Of) || !slices.Contains([]string{"statement", "meeting"}, t.Of.Noun()) {
		return Refuse(Malformed, "of", "want", "statement/…")
	}
	if t.Title.Empty() {
		return Refuse(Missing, "title")
	}
	return t.Title.Check("title", MaxSubject)
}

// ReadoutBody is the account.
type ReadoutBody struct {
	Text Text `json:"text"`
}

// Check holds an account against its bounds.
func (b *ReadoutBody) Check() error {
	if b.Text.Empty() {
		return Refuse(Missing, "text")
	}
	return b.Text.Check("text", MaxReadout)
}

// DecodeReadout reads an account, strictly.
func DecodeReadout(content []byte) (ReadoutBody, error) {
	b, err := decodeBody[ReadoutBody](content)
	if err == nil {
		err = b.Check()
	}
	return b, err
}

// The states of a readout.
const (
	ReadoutReleased  = "released"
	ReadoutWithdrawn = "withdrawn"
)

// Readout is the state of a national readout.
type Readout struct {
	Party     MemberID `json:"party"`
	Of        ThingID  `json:"of"`
	Title     Text     `json:"title"`
	Released  Step     `json:"released"`
	Withdrawn *Step    `json:"withdrawn,omitempty"`
	Reason    string   `json:"reason,omitempty"`
}

// State is the step it has reached.
func (r *Readout) State() string {
	if r.Withdrawn != nil {
		return ReadoutWithdrawn
	}
	return ReadoutReleased
}

func (r *Readout) summary() Summary {
	return Summary{State: r.State(), Title: r.Title, Members: []MemberID{r.Party}, Labels: []string{"source:" + string(r.Of)}}
}

func foldReadout(id ThingID, acts []Act, voids map[Position]*Refusal) *Readout {
	var r *Readout
	for i := range acts {
		a := &acts[i]
		var err error
		switch {
		case a.Member != id.Maker():
			err = Refuse(NotYours, "readout")
		case a.Kind == KindReadoutWithdraw:
			err = r.withdraw(a)
		case r != nil:
			err = Refuse(Already, "release")
		default:
			r, err = newReadout(a)
		}
		if err != nil {
			voids[a.Position] = asRefusal(err)
		}
	}
	return r
}

func newReadout(a *Act) (*Readout, error) {
	t, err := terms[ReadoutTerms](a)
	if err == nil {
		err = t.Check()
	}
	if err == nil && a.Content == nil {
		err = Refuse(Missing, "content")
	}
	if err != nil {
		return nil, err
	}
	return &Readout{Party: a.Member, Of: t.Of, Title: t.Title, Released: a.step()}, nil
}

func (r *Readout) withdraw(a *Act) error {
	t, err := terms[Reason](a)
	if err == nil {
		err = checkLine("reason", t.Reason)
	}
	switch {
	case err != nil:
		return err
	case r == nil:
		return Refuse(NotReleased, "readout")
	case r.Withdrawn != nil:
		return Refuse(Already, "withdraw")
	case t.Reason == "":
		return Refuse(Missing, "reason")
	}
	s := a.step()
	r.Withdrawn, r.Reason = &s, t.Reason
	return nil
}
