package jisr

import "slices"

// Custody is who in the house a joint thing belongs to: the desks it was referred to and the officials named for it,
// besides the desks whose officials acted on it. It is the house's own business, for any noun:
//
//	referred to a desk ----\
//	                        >---- taken back
//	an official named  ----/
//
// What has come in and belongs to no desk yet is the registry's, see Desk.Receives. Above restricted only officials
// read who are named, or have acted on it.

// The acts of custody stand in the house log and are about the thing itself, whatever its noun.
const (
	KindThingRefer    Kind = "thing.refer"     // to a desk
	KindThingName     Kind = "thing.name"      // an official, for what is above restricted
	KindThingTakeBack Kind = "thing.take-back" // from a desk or an official
	KindThingHold     Kind = "thing.hold"      // a legal hold: its contents are not erased
	KindThingUnhold   Kind = "thing.unhold"
)

// anyNoun is the noun of kinds that may be about any thing.
const anyNoun = "thing"

// ReferTerms is the terms of thing.refer.
type ReferTerms struct {
	Forum  ForumID `json:"forum"`
	Desk   DeskID  `json:"desk"`
	Reason string  `json:"reason,omitempty"`
}

// NameTerms is the terms of thing.name.
type NameTerms struct {
	Forum    ForumID    `json:"forum"`
	Official OfficialID `json:"official"`
	Reason   string     `json:"reason,omitempty"`
}

// TakeBackTerms is the terms of thing.take-back: one of desk and official.
type TakeBackTerms struct {
	Forum    ForumID    `json:"forum"`
	Desk     DeskID     `json:"desk,omitempty"`
	Official OfficialID `json:"official,omitempty"`
	Reason   string     `json:"reason,omitempty"`
}

// LegalHoldTerms is the terms of thing.hold and thing.unhold. Review is the day on which the house looks at the hold again; it ends
// nothing by itself, since what is erased does not come back.
type LegalHoldTerms struct {
	Forum  ForumID `json:"forum"`
	Reason string  `json:"reason"`
	Review Date    `json:"review,omitempty"`
}

// LegalHold is a hold that stands: who set it and when, why, and when it is looked at again.
type LegalHold struct {
	Step
	Reason string `json:"reason"`
	Review Date   `json:"review,omitempty"`
}

// Custody is the house's state of a thing in one forum.
type Custody struct {
	Hold      *LegalHold          `json:"hold,omitempty"` // nothing of it is erased
	Desks     map[DeskID]Step     `json:"desks,omitempty"`
	Officials map[OfficialID]Step `json:"officials,omitempty"`
}

// MayRefer is what referring it to a desk now would meet; c may be nil.
func (c *Custody) MayRefer(d DeskID) error {
	if c != nil {
		if _, there := c.Desks[d]; there {
			return Refuse(Already, "refer")
		}
		if len(c.Desks) >= MaxCustodians {
			return Refuse(TooMany, "desk", "max", itoa(MaxCustodians))
		}
	}
	if d == "" || !validID(string(d), false) {
		return Refuse(Malformed, "desk")
	}
	return nil
}

// MayName is what naming an official now would meet; c may be nil.
func (c *Custody) MayName(o OfficialID) error {
	if c != nil {
		if _, there := c.Officials[o]; there {
			return Refuse(Already, "name")
		}
		if len(c.Officials) >= MaxCustodians {
			return Refuse(TooMany, "official", "max", itoa(MaxCustodians))
		}
	}
	if o == "" || !validID(string(o), false) {
		return Refuse(Malformed, "official")
	}
	return nil
}

// MayTakeBack is what taking back now would meet; c may be nil.
func (c *Custody) MayTakeBack(d DeskID, o OfficialID) error {
	if (d == "") == (o == "") {
		return Refuse(Malformed, "take-back", "want", "a desk or an official")
	}
	if c != nil {
		_, desk := c.Desks[d]
		_, official := c.Officials[o]
		if desk && o == "" || official && d == "" {
			return nil
		}
	}
	return Refuse(NoSuch, string(d)+string(o))
}

// Held tells whether a legal hold is on the thing; c may be nil.
func (c *Custody) Held() bool { return c != nil && c.Hold != nil }

// MayHold is what setting or lifting a legal hold now would meet; c may be nil.
func (c *Custody) MayHold(set bool, reason string, review Date) error {
	switch {
	case reason == "":
		return Refuse(Missing, "reason")
	case review != "" && !review.Valid():
		return Refuse(Malformed, "review", "want", "2026-12-01")
	case set && c.Held():
		return Refuse(Already, "hold")
	case !set && !c.Held():
		return Refuse(NoSuch, "hold")
	}
	return Text{"und": reason}.Check("reason", MaxReason)
}

// custodyActs parts the acts of custody, which mostly there are none of, from the others.
func custodyActs(acts []Act) (custody, others []Act) {
	ofCustody := func(a Act) bool { return a.Kind.noun(House) == anyNoun }
	if !slices.ContainsFunc(acts, ofCustody) {
		return nil, acts
	}
	for i := range acts {
		if ofCustody(acts[i]) {
			custody = append(custody, acts[i])
		} else {
			others = append(others, acts[i])
		}
	}
	return custody, others
}

// foldCustody gives the custody of a thing by forum: its name says not in which it is.
func foldCustody(acts []Act, voids map[Position]*Refusal) map[ForumID]*Custody {
	of := map[ForumID]*Custody{}
	for i := range acts {
		a := &acts[i]
		if err := applyCustody(of, a); err != nil {
			voids[a.Position] = asRefusal(err)
		}
	}
	return of
}

func applyCustody(of map[ForumID]*Custody, a *Act) error {
	switch a.Kind {
	case KindThingRefer:
		t, err := terms[ReferTerms](a)
		if err == nil {
			err = of[t.Forum].MayRefer(t.Desk)
		}
		if err != nil {
			return err
		}
		custodyIn(of, t.Forum).Desks[t.Desk] = a.step()
	case KindThingName:
		t, err := terms[NameTerms](a)
		if err == nil {
			err = of[t.Forum].MayName(t.Official)
		}
		if err != nil {
			return err
		}
		custodyIn(of, t.Forum).Officials[t.Official] = a.step()
	case KindThingHold, KindThingUnhold:
		t, err := terms[LegalHoldTerms](a)
		if err == nil {
			err = of[t.Forum].MayHold(a.Kind == KindThingHold, t.Reason, t.Review)
		}
		if err != nil {
			return err
		}
		if custodyIn(of, t.Forum).Hold = nil; a.Kind == KindThingHold {
			of[t.Forum].Hold = &LegalHold{a.step(), t.Reason, t.Review}
		}
	case KindThingTakeBack:
		t, err := terms[TakeBackTerms](a)
		if err == nil {
			err = of[t.Forum].MayTakeBack(t.Desk, t.Official)
		}
		if err != nil {
			return err
		}
		delete(of[t.Forum].Desks, t.Desk)
		delete(of[t.Forum].Officials, t.Official)
	}
	return nil
}

func custodyIn(of map[ForumID]*Custody, f ForumID) *Custody {
	c := of[f]
	if c == nil {
		c = &Custody{Desks: map[DeskID]Step{}, Officials: map[OfficialID]Step{}}
		of[f] = c
	}
	return c
}
