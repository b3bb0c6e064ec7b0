package node_test

import (
	"testing"

	"jisr"
	"jisr/book"
	"jisr/node"
	"jisr/node/nodetest"
)

// A secret note comes in: the registry sees it, and who opens it; then only who is named.
func TestWhatIsSecretIsSeenByWhoIsNamed(t *testing.T) {
	w := nodetest.New(t, "iq", "sy")
	iq, sy := w.As("iq"), w.As("sy")
	note := w.Note("iq")
	note.Handling = jisr.HandlingSecret
	id := sy.Releases(note)
	iq.Receives(id)
	at := func(post string, desk jisr.DeskID) node.Caller {
		c := w.Official("iq", post, jisr.Drafter, jisr.Releaser)
		c.Desk = desk
		return c
	}
	admin := w.Official("iq", "admin", jisr.Admin)
	clerk, officer, captain := at("clerk", "registry"), at("officer", "mofa"), at("captain", "mofa")
	iq.DoAs(admin, node.AddDesk{ID: "registry", Title: jisr.Text{"en": "Registry"}})
	iq.DoAs(admin, node.SetReceives{ID: "registry", Receives: true})
	iq.DoAs(admin, node.AddOfficial{ID: "captain", Post: jisr.Text{"en": "Captain"}, Desk: "mofa", Roles: []jisr.Role{jisr.Drafter}})
	sees := func(c node.Caller) bool {
		n := w.Node("iq")
		_, err := n.Book().Note(t.Context(), n.ScopeOf(c), w.Forum, id)
		return err == nil
	}
	iq.Done()
	if !sees(clerk) || sees(officer) || sees(captain) {
		t.Fatal("what came in is not the registry's alone")
	}
	iq.DoAs(officer, node.OpenNote{Forum: w.Forum, ID: id})
	iq.Refused(jisr.NoSuch)
	iq.DoAs(clerk, node.ReferThing{Forum: w.Forum, ID: id, Desk: "nowhere"})
	iq.Refused(jisr.NoSuch)
	iq.DoAs(clerk, node.NameOfficial{Forum: w.Forum, ID: id, Official: "captain"})
	iq.Done()
	if sees(clerk) || sees(officer) || !sees(captain) {
		t.Fatal("once somebody is named, others see it too")
	}
	iq.DoAs(captain, node.OpenNote{Forum: w.Forum, ID: id})
	iq.DoAs(captain, node.TakeBack{Forum: w.Forum, ID: id, Official: "captain"})
	iq.Done()
	if !sees(captain) {
		t.Error("who acted on it sees it no more")
	}
	w.Stop("iq") // what is remembered of desks comes back with the book
	w.Start("iq")
	if sees(officer) || !sees(captain) {
		t.Error("after a restart others see it")
	}
}

func TestWhatIsRestrictedIsOfTheDesksItWasReferredTo(t *testing.T) {
	w := nodetest.New(t, "iq", "sy")
	iq, sy := w.As("iq"), w.As("sy")
	note := w.Note("iq")
	note.Handling = jisr.HandlingRestricted
	id := sy.Releases(note)
	iq.Receives(id)
	iq.DoAs(w.Official("iq", "admin", jisr.Admin), node.AddDesk{ID: "water", Title: jisr.Text{"en": "Water"}})
	iq.Do(node.ReferThing{Forum: w.Forum, ID: id, Desk: "water", Reason: "for an answer"})
	iq.Do(node.OpenNote{Forum: w.Forum, ID: id}) // "mofa" had let go of it
	iq.Refused(jisr.NoSuch)
	engineer := w.Official("iq", "engineer", jisr.Drafter)
	engineer.Desk = "water"
	iq.DoAs(engineer, node.OpenNote{Forum: w.Forum, ID: id})
	head, registrar := w.Official("iq", "head", jisr.Releaser), w.Official("iq", "registrar", jisr.Registrar)
	head.Desk, registrar.Desk = "water", "water"
	refer, back := node.ReferThing{Forum: w.Forum, ID: id, Desk: "mofa"}, node.TakeBack{Forum: w.Forum, ID: id, Desk: "mofa"}
	iq.DoAs(engineer, refer) // a drafter gives no desk what is another's
	iq.Refused(jisr.NotAllowed)
	iq.DoAs(registrar, refer)
	iq.DoAs(registrar, refer)
	iq.Refused(jisr.Already)
	iq.DoAs(engineer, back)
	iq.Refused(jisr.NotAllowed)
	iq.DoAs(head, back)
	iq.Done()
	iq.Sees(id, jisr.OpenedState)
}

// What each role sees in lists is what the policies let it read.
func TestScopeFollowsThePolicies(t *testing.T) {
	w := nodetest.New(t, "iq", "sy")
	n := w.Node("iq")
	for _, c := range []struct {
		role    jisr.Role
		all     bool
		desks   int
		ceiling jisr.Handling
	}{
		{jisr.Reader, true, 1, jisr.HandlingSecret},
		{jisr.Drafter, true, 1, jisr.HandlingSecret},
		{jisr.ParliamentReader, true, 1, jisr.HandlingOfficial},
		{jisr.Observer, false, 0, jisr.HandlingSecret},
		{jisr.Admin, false, 0, ""},
	} {
		s := n.ScopeOf(w.Official("iq", "post", c.role))
		if s.Everything != c.all || len(s.Desks) != c.desks || s.Ceiling != c.ceiling || (s.Official != "") != (c.ceiling != "") {
			t.Errorf("%s: %+v", c.role, s)
		}
	}
}

// An observer reads what it was given, and nothing else.
func TestAnObserverReadsWhatItWasGiven(t *testing.T) {
	w := nodetest.New(t, "iq", "sy")
	iq, sy := w.As("iq"), w.As("sy")
	given, other := sy.Releases(w.Note("iq")), sy.Releases(w.Note("iq"))
	iq.Receives(given).Receives(other)
	iq.DoAs(w.Official("iq", "admin", jisr.Admin), node.AddOfficial{ID: "guest", Post: jisr.Text{"en": "Guest"}, Desk: "mofa", Roles: []jisr.Role{jisr.Observer}})
	iq.Do(node.NameOfficial{Forum: w.Forum, ID: given, Official: "guest"})
	iq.Done()
	n, guest := w.Node("iq"), w.Official("iq", "guest", jisr.Observer)
	rows, _, err := n.Book().Notes(t.Context(), n.ScopeOf(guest), book.NoteQuery{Forum: w.Forum})
	if err != nil || len(rows) != 1 || rows[0].ID != given {
		t.Errorf("%d notes, %v", len(rows), err)
	}
	iq.DoAs(guest, node.OpenNote{Forum: w.Forum, ID: given})
	iq.Refused(jisr.NotAllowed)
}

// Who reads what is confidential stands in the house log before it is answered; what is not, does not.
func TestReadingOfWhatIsConfidentialIsAudited(t *testing.T) {
	w := nodetest.New(t, "iq", "sy")
	iq, sy := w.As("iq"), w.As("sy")
	secret, plain := w.Note("iq"), w.Note("iq")
	secret.Handling = jisr.HandlingConfidential
	few, many := sy.Releases(secret), sy.Releases(plain)
	iq.Receives(few).Receives(many)
	n, clerk := w.Node("iq"), w.Official("iq", "clerk", jisr.Drafter)
	for _, id := range []jisr.ThingID{few, many, few} {
		v, err := n.Book().Note(t.Context(), n.ScopeOf(clerk), w.Forum, id)
		if err != nil {
			t.Fatal(err)
		}
		if err := n.ReadsNote(t.Context(), clerk, &v); err != nil {
			t.Fatal(err)
		}
	}
	row := audited(t, w, node.AuditQuery{Official: "clerk", Verb: string(node.Read)}, 1)[0]
	if row.About != few || row.Outcome != jisr.AuditDone {
		t.Errorf("the reading: %+v", row)
	}
}
