package jisr_test

import (
	"testing"

	"jisr"
)

// house plays acts of the house log about one thing.
func house(t *testing.T, thing jisr.ThingID, steps ...houseStep) (jisr.State, []jisr.Act) {
	t.Helper()
	f := newForum(t)
	var acts []jisr.Act
	for _, s := range steps {
		a := f.say("iq", s.kind, thing, s.terms)
		a.Forum, a.By = jisr.House, &jisr.By{Desk: "protocol", Official: s.by}
		acts = append(acts, a)
	}
	return jisr.Fold(thing, acts), acts
}

type houseStep struct {
	by    jisr.OfficialID
	kind  jisr.Kind
	terms any
}

// Clearance: a second official looks at the version that crosses the border.
func TestClearance(t *testing.T) {
	draft := func(by jisr.OfficialID, v int) houseStep {
		return houseStep{by, jisr.KindNoteDraft, jisr.DraftTerms{Forum: "iq-sy", Version: v}}
	}
	on := func(by jisr.OfficialID, kind jisr.Kind, v int) houseStep {
		return houseStep{by, kind, jisr.VersionTerms{Version: v, Reason: "x"}}
	}
	for name, c := range map[string]struct {
		steps []houseStep
		state jisr.NoteState
		last  jisr.RefusalKind // what the last step meets
	}{
		"drafted":                   {[]houseStep{draft("a", 1)}, jisr.Drafted, ""},
		"cleared by a second":       {[]houseStep{draft("a", 1), on("b", jisr.KindNoteClear, 1)}, jisr.Cleared, ""},
		"cleared by the drafter":    {[]houseStep{draft("a", 1), on("a", jisr.KindNoteClear, 1)}, jisr.Drafted, jisr.SecondPerson},
		"cleared by a co-drafter":   {[]houseStep{draft("a", 1), draft("b", 2), on("a", jisr.KindNoteClear, 2)}, jisr.Drafted, jisr.SecondPerson},
		"cleared, then edited":      {[]houseStep{draft("a", 1), on("b", jisr.KindNoteClear, 1), draft("a", 2)}, jisr.Drafted, ""},
		"an old version cleared":    {[]houseStep{draft("a", 1), draft("a", 2), on("b", jisr.KindNoteClear, 1)}, jisr.Drafted, jisr.Conflict},
		"two edit at once":          {[]houseStep{draft("a", 1), draft("a", 2), draft("b", 2)}, jisr.Drafted, jisr.Conflict},
		"cleared twice":             {[]houseStep{draft("a", 1), on("b", jisr.KindNoteClear, 1), on("c", jisr.KindNoteClear, 1)}, jisr.Cleared, jisr.Already},
		"returned":                  {[]houseStep{draft("a", 1), on("b", jisr.KindNoteReturn, 1)}, jisr.Returned, ""},
		"returned by the drafter":   {[]houseStep{draft("a", 1), on("a", jisr.KindNoteReturn, 1)}, jisr.Drafted, jisr.SecondPerson},
		"returned, then edited":     {[]houseStep{draft("a", 1), on("b", jisr.KindNoteReturn, 1), draft("a", 2)}, jisr.Drafted, ""},
		"discarded":                 {[]houseStep{draft("a", 1), on("a", jisr.KindNoteDiscard, 1)}, jisr.DiscardedState, ""},
		"cleared after discarding":  {[]houseStep{draft("a", 1), on("a", jisr.KindNoteDiscard, 1), on("b", jisr.KindNoteClear, 1)}, jisr.DiscardedState, jisr.Discarded},
		"a first version that is 2": {[]houseStep{draft("a", 1), draft("a", 3)}, jisr.Drafted, jisr.Conflict},
	} {
		s, acts := house(t, "note/iq-1", c.steps...)
		if s.Draft == nil || s.Draft.State() != c.state {
			t.Errorf("%s: %+v, want %s", name, s.Draft, c.state)
		}
		var last error
		if void := s.Voids[acts[len(acts)-1].Position]; void != nil {
			last = void
		}
		refusedAs(t, name, last, c.last)
	}
	s, _ := house(t, "note/iq-1", draft("a", 1), on("b", jisr.KindNoteClear, 1))
	refusedAs(t, "released by the drafter", s.Draft.MayRelease(jisr.By{Official: "a"}, 1), jisr.SecondPerson)
	refusedAs(t, "released by a second", s.Draft.MayRelease(jisr.By{Official: "b"}, 1), "")
	refusedAs(t, "another version released", s.Draft.MayRelease(jisr.By{Official: "b"}, 2), jisr.Conflict)
	s, _ = house(t, "note/iq-1", draft("a", 1))
	refusedAs(t, "released uncleared", s.Draft.MayRelease(jisr.By{Official: "b"}, 1), jisr.NotCleared)
}

func TestAccounts(t *testing.T) {
	add := houseStep{"admin", jisr.KindOfficialAdd, jisr.OfficialTerms{Post: jisr.Text{"ar": "مدير"}, Desk: "protocol", Roles: []jisr.Role{jisr.Releaser}}}
	pass := houseStep{"admin", jisr.KindOfficialPass, nil}
	end := houseStep{"admin", jisr.KindOfficialEnd, nil}
	s, _ := house(t, "official/director", add, pass)
	if s.Account == nil || s.Account.Secret != 1 || s.Account.Desk != "protocol" || s.Account.Ended != nil {
		t.Errorf("after a new password: %+v", s.Account)
	}
	if s, _ = house(t, "official/director", add, end); s.Account.Ended == nil {
		t.Error("an ended account goes on")
	}
	if s, _ = house(t, "official/director", add, end, add); s.Account.Ended != nil {
		t.Error("a post that is filled again stays ended")
	}
	s, acts := house(t, "official/director", pass)
	if s.Account != nil || s.Voids[acts[0].Position] == nil {
		t.Error("a password for nobody")
	}
}
