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

func TestCustody(t *testing.T) {
	refer := func(d jisr.DeskID) houseStep {
		return houseStep{"a", jisr.KindThingRefer, jisr.ReferTerms{Forum: "iq-sy", Desk: d}}
	}
	name := func(o jisr.OfficialID) houseStep {
		return houseStep{"a", jisr.KindThingName, jisr.NameTerms{Forum: "iq-sy", Official: o}}
	}
	back := func(d jisr.DeskID, o jisr.OfficialID) houseStep {
		return houseStep{"a", jisr.KindThingTakeBack, jisr.TakeBackTerms{Forum: "iq-sy", Desk: d, Official: o}}
	}
	for label, c := range map[string]struct {
		steps            []houseStep
		desks, officials int
		last             jisr.RefusalKind // what the last step meets
	}{
		"referred to two desks":   {[]houseStep{refer("water"), refer("borders")}, 2, 0, ""},
		"referred twice":          {[]houseStep{refer("water"), refer("water")}, 1, 0, jisr.Already},
		"referred to no desk":     {[]houseStep{refer("")}, 0, 0, jisr.Malformed},
		"named":                   {[]houseStep{name("director")}, 0, 1, ""},
		"named twice":             {[]houseStep{name("director"), name("director")}, 0, 1, jisr.Already},
		"nobody named":            {[]houseStep{name("")}, 0, 0, jisr.Malformed},
		"taken back from a desk":  {[]houseStep{refer("water"), back("water", "")}, 0, 0, ""},
		"and referred again":      {[]houseStep{refer("water"), back("water", ""), refer("water")}, 1, 0, ""},
		"taken back from one":     {[]houseStep{name("director"), back("", "director")}, 0, 0, ""},
		"taken back from nobody":  {[]houseStep{refer("water"), back("borders", "")}, 1, 0, jisr.NoSuch},
		"taken back before":       {[]houseStep{back("borders", "")}, 0, 0, jisr.NoSuch},
		"taken back from nothing": {[]houseStep{refer("water"), back("", "")}, 1, 0, jisr.Malformed},
		"taken back from both":    {[]houseStep{refer("water"), name("b"), back("water", "b")}, 1, 1, jisr.Malformed},
	} {
		for _, thing := range []jisr.ThingID{"note/sy-1", "commitment/sy-1"} { // whatever its noun
			s, acts := house(t, thing, c.steps...)
			got := jisr.Custody{}
			if in := s.Custody["iq-sy"]; in != nil {
				got = *in
			}
			if len(got.Desks) != c.desks || len(got.Officials) != c.officials {
				t.Errorf("%s: %+v", label, got)
			}
			var last error
			if v := s.Voids[acts[len(acts)-1].Position]; v != nil {
				last = v
			}
			refusedAs(t, label, last, c.last)
			if string(s.Joint()) != "{}" {
				t.Errorf("%s: the house's own business is in the joint state: %s", label, s.Joint())
			}
		}
	}
}

// A draft is not disturbed by who its note is referred to.
func TestCustodyStandsBesideADraft(t *testing.T) {
	s, _ := house(t, "note/iq-1", houseStep{"a", jisr.KindNoteDraft, jisr.DraftTerms{Forum: "iq-sy", Version: 1}},
		houseStep{"a", jisr.KindThingRefer, jisr.ReferTerms{Forum: "iq-sy", Desk: "water"}},
		houseStep{"b", jisr.KindNoteClear, jisr.VersionTerms{Version: 1}})
	if s.Draft == nil || s.Draft.State() != jisr.Cleared || len(s.Custody["iq-sy"].Desks) != 1 || len(s.Voids) != 0 {
		t.Errorf("%+v, voids %v", s, s.Voids)
	}
}

func TestADeskReceivesOnceItIsThere(t *testing.T) {
	receive := func(yes bool) houseStep {
		return houseStep{"a", jisr.KindDeskReceive, jisr.ReceiveTerms{Receives: yes}}
	}
	add := houseStep{"a", jisr.KindDeskAdd, jisr.DeskTerms{Title: jisr.Text{"en": "Registry"}}}
	if s, _ := house(t, "desk/registry", receive(true)); s.Desk != nil || len(s.Voids) != 1 {
		t.Errorf("a desk that is not there receives: %+v", s.Desk)
	}
	for _, c := range []struct {
		steps []houseStep
		want  bool
	}{{[]houseStep{add, receive(true)}, true}, {[]houseStep{add, receive(true), add}, true}, {[]houseStep{add, receive(true), receive(false)}, false}} {
		if s, _ := house(t, "desk/registry", c.steps...); s.Desk == nil || s.Desk.Receives != c.want || s.Desk.Title["en"] != "Registry" {
			t.Errorf("%+v, want receives %v", s.Desk, c.want)
		}
	}
}

// A post that is handed over keeps its name, desk and roles; what let its former holder in does not.
func TestAPostIsHandedOver(t *testing.T) {
	add := houseStep{"admin", jisr.KindOfficialAdd, jisr.OfficialTerms{Post: jisr.Text{"ar": "مدير"}, Desk: "protocol", Roles: []jisr.Role{jisr.Releaser}}}
	key := houseStep{"director", jisr.KindOfficialEnrol, jisr.EnrolTerms{Credential: jisr.Bytes("one"), Key: fixed(t).public,
		At: jisr.Relying{Party: "jisr.mofa.gov.iq", Origins: []string{"https://jisr.mofa.gov.iq"}}}}
	over := houseStep{"admin", jisr.KindOfficialHandOver, jisr.HandOverTerms{Invitation: jisr.Commit([32]byte{1})}}
	end := houseStep{"admin", jisr.KindOfficialEnd, nil}

	s, _ := house(t, "official/director", add, over)
	if a := s.Account; a.Secret != 1 || a.Invitation == nil || a.HandedOver == nil || a.Ended != nil || a.Desk != "protocol" {
		t.Errorf("a post with a password: %+v", a)
	}
	s, _ = house(t, "official/director", add, key, over)
	if a := s.Account; len(a.Valid()) != 0 || a.Recovery == nil || a.Invitation != nil || a.HandedOver == nil {
		t.Errorf("a post with a passkey waits for a second administrator: %+v", a)
	}
	s, acts := house(t, "official/director", add, end, over)
	if s.Account.HandedOver != nil || s.Voids[acts[2].Position] == nil {
		t.Error("an ended post is handed over")
	}
}
