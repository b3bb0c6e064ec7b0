package jisr

import "slices"

// The domestic track of an agreement: what a member's own law asks before it may bind itself. It is the house's business
// and stands in the house log; only milestones are told to others, each by an act of its own. A domestic fall never
// changes the joint state by itself (Vienna Convention, articles 27 and 46; practice 5.4, C23).
//
//	not-started --> in-progress --> done --> annulled (a court, a new vote)
//	     |               | ^
//	     |               v |
//	     +--> not-required  blocked (with its reason)

// The house acts of the domestic track.
const (
	KindDomesticPlan Kind = "domestic.plan" // the steps, from a template or edited
	KindDomesticStep Kind = "domestic.step" // where one stands
)

// StepState is where a domestic step stands.
type StepState string

// The states of a step.
const (
	StepNotStarted  StepState = "not-started"
	StepInProgress  StepState = "in-progress"
	StepBlocked     StepState = "blocked"
	StepDone        StepState = "done"
	StepAnnulled    StepState = "annulled"
	StepNotRequired StepState = "not-required"
)

// StepStates lists them.
func StepStates() []StepState {
	return []StepState{StepNotStarted, StepInProgress, StepBlocked, StepDone, StepAnnulled, StepNotRequired}
}

// DomesticStep is one step of a plan.
type DomesticStep struct {
	ID    string `json:"id"`
	Title Text   `json:"title"`
}

// PlanTerms is the terms of domestic.plan: version counts from 1, as drafts do.
type PlanTerms struct {
	Forum     ForumID        `json:"forum"`
	Agreement ThingID        `json:"agreement"`
	Version   int            `json:"version"`
	Steps     []DomesticStep `json:"steps"`
}

// DomesticTerms is the terms of domestic.step. Evidence names what shows it: a law, a gazette and its number.
type DomesticTerms struct {
	Step     string    `json:"step"`
	State    StepState `json:"state"`
	Date     Date      `json:"date"`
	Reason   string    `json:"reason,omitempty"`
	Evidence string    `json:"evidence,omitempty"`
}

// DomesticStanding is where one step stands, and since which act.
type DomesticStanding struct {
	DomesticStep
	State    StepState `json:"state"`
	Date     Date      `json:"date,omitempty"`
	Reason   string    `json:"reason,omitempty"`
	Evidence string    `json:"evidence,omitempty"`
	Last     *Step     `json:"last,omitempty"`
}

// Domestic is the house's state of the domestic track of one agreement.
type Domestic struct {
	Forum     ForumID            `json:"forum"`
	Agreement ThingID            `json:"agreement"`
	Version   int                `json:"version"`
	Steps     []DomesticStanding `json:"steps"`
}

// DomesticOf names the house thing that holds the domestic track of an agreement.
func DomesticOf(agreement ThingID) ThingID { return ThingID("domestic/" + agreement.Name()) }

// Check holds a plan against its bounds.
func (t *PlanTerms) Check() error {
	if t.Agreement.Noun() != "agreement" || !validThing(t.Agreement) {
		return Refuse(Malformed, "agreement")
	}
	if len(t.Steps) == 0 {
		return Refuse(Missing, "steps")
	}
	if len(t.Steps) > MaxDomesticSteps {
		return Refuse(TooMany, "steps", "max", itoa(MaxDomesticSteps), "got", itoa(len(t.Steps)))
	}
	seen := map[string]bool{}
	for _, s := range t.Steps {
		if !ValidSegment(s.ID) || seen[s.ID] {
			return Refuse(Malformed, "steps")
		}
		seen[s.ID] = true
		if s.Title.Empty() {
			return Refuse(Missing, "title")
		}
		if err := s.Title.Check("title", MaxTitle); err != nil {
			return err
		}
	}
	return nil
}

// Check holds a step against the rules that need nothing else: what is blocked or annulled says why, what is done says
// what shows it.
func (t *DomesticTerms) Check() error {
	switch {
	case !slices.Contains(StepStates(), t.State):
		return Refuse(NotOneOf, "state", "got", string(t.State))
	case !t.Date.Valid():
		return Refuse(Malformed, "date", "want", "2026-12-01")
	case (t.State == StepBlocked || t.State == StepAnnulled) && t.Reason == "":
		return Refuse(Missing, "reason")
	case t.State == StepDone && t.Evidence == "":
		return Refuse(Missing, "evidence")
	}
	if err := (Text{"und": t.Reason}).Check("reason", MaxReason); err != nil {
		return err
	}
	return Text{"und": t.Evidence}.Check("evidence", MaxReason)
}

// foldDomestic applies the house acts about one domestic track.
func foldDomestic(acts []Act, voids map[Position]*Refusal) *Domestic {
	var d *Domestic
	for i := range acts {
		a := &acts[i]
		var err error
		if a.Kind == KindDomesticPlan {
			d, err = d.plan(a)
		} else {
			err = d.step(a)
		}
		if err != nil {
			voids[a.Position] = asRefusal(err)
		}
	}
	return d
}

// plan takes a plan; steps that stay keep where they stand.
func (d *Domestic) plan(a *Act) (*Domestic, error) {
	t, err := terms[PlanTerms](a)
	if err == nil {
		err = t.Check()
	}
	if err != nil {
		return d, err
	}
	version := 0
	if d != nil {
		version = d.Version
	}
	if t.Version != version+1 || DomesticOf(t.Agreement) != a.About {
		return d, Refuse(Conflict, "plan", "version", itoa(version), "got", itoa(t.Version))
	}
	next := &Domestic{Forum: t.Forum, Agreement: t.Agreement, Version: t.Version}
	for _, s := range t.Steps {
		standing := DomesticStanding{DomesticStep: s, State: StepNotStarted}
		if old := d.find(s.ID); old != nil {
			standing = *old
			standing.DomesticStep = s
		}
		next.Steps = append(next.Steps, standing)
	}
	return next, nil
}

func (d *Domestic) find(id string) *DomesticStanding {
	if d == nil {
		return nil
	}
	for i := range d.Steps {
		if d.Steps[i].ID == id {
			return &d.Steps[i]
		}
	}
	return nil
}

func (d *Domestic) step(a *Act) error {
	t, err := terms[DomesticTerms](a)
	if err == nil {
		err = t.Check()
	}
	if err != nil {
		return err
	}
	s := d.find(t.Step)
	if s == nil {
		return Refuse(NoSuch, t.Step, "noun", "step")
	}
	last := a.step()
	s.State, s.Date, s.Reason, s.Evidence, s.Last = t.State, t.Date, t.Reason, t.Evidence, &last
	return nil
}
