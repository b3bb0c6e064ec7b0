package node_test

import (
	"testing"

	"jisr"
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
	iq.DoAs(engineer, node.ReferThing{Forum: w.Forum, ID: id, Desk: "water"})
	iq.Refused(jisr.Already)
	iq.Sees(id, jisr.OpenedState)
}
