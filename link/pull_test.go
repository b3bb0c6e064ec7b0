package link_test

import (
	"errors"
	"fmt"
	"testing"

	"jisr/ledger"
	"jisr/link"
)

// TestWhatANodeLacksOfItsOwnLogIsGivenBack puts an old copy of its ledger under a member: some entries, no contents.
func TestWhatANodeLacksOfItsOwnLogIsGivenBack(t *testing.T) {
	all := forum(t, "iq", "sy")
	iq, sy := all[0], all[1]
	large := noise(3 << 20)
	notes := []note{{text: "with a large attachment", contents: [][]byte{large}}}
	for i := range 3_000 {
		notes = append(notes, note{text: fmt.Sprint(i), rank: i % 3, contents: [][]byte{fmt.Append(nil, "content ", i), {}}})
	}
	iq.writes(notes...)
	iq.until("held", func() bool { return iq.heldBy(sy, 3_001) })
	entries, err := iq.ledger.Entries(t.Context(), iq.log(), 0, 10, 1<<20)
	must(t, err)
	checkpoint, err := iq.ledger.CheckpointAt(t.Context(), iq.log(), 10)
	must(t, err)
	iq.stop()

	iq.ledger = openLedger(t, iq.keys)
	t.Cleanup(func() { check(t, iq.ledger.Close()) })
	must(t, iq.ledger.CreateLog(t.Context(), iq.log(), iq.keys.Public()))
	_, err = iq.ledger.Mirror(t.Context(), ledger.Batch{Log: iq.log(), Entries: entries, Checkpoint: checkpoint})
	must(t, err)
	iq.stop = func() {}
	iq.link = iq.newLink()
	iq.link.SetPeers([]link.Peer{{Letter: sy.letter, Push: []ledger.Origin{iq.log()}, Mirror: []ledger.Origin{sy.log()}}})
	iq.start()
	iq.until("all of it is here again", func() bool {
		s, err := iq.ledger.State(t.Context(), iq.log())
		return err == nil && s.Size == 3_001 && len(s.Missing) == 0
	})
	if iq.behind != 3_001 {
		t.Errorf("behind by %d", iq.behind)
	}
	equalContent(t, iq, iq, large)
	iq.until("level", func() bool { return iq.level > 0 })
	iq.writes(note{text: "and on"})
	iq.until("it goes on", func() bool { return iq.heldBy(sy, 3_002) })
}

// TestPullsGiveNobodyAnothersLog attacks the request that gives entries back.
func TestPullsGiveNobodyAnothersLog(t *testing.T) {
	all := forum(t, "iq", "jo", "sy")
	iq, jo, sy := all[0], all[1], all[2]
	iq.writes(note{text: "for the three", contents: [][]byte{[]byte("content")}})
	iq.until("held", func() bool { return iq.heldBy(sy, 1) && iq.heldBy(jo, 1) })
	c, err := link.Call(t.Context(), jo.id, sy.relay.Addr())
	must(t, err)
	defer c.Close()
	refused := func(kind, most string, m *link.Message) {
		t.Helper()
		_, err := c.Pull(t.Context(), most, link.Encode(m))
		var no *link.Refusal
		if !errors.As(err, &no) || no.Kind != kind {
			t.Errorf("%v, want %s", err, kind)
		}
	}
	refused(link.ReasonNotYours, "65536", &link.Message{Log: iq.log()})
	refused(link.ReasonNotYours, "65536", &link.Message{Log: "../../keys"})
	refused(link.ReasonNotYours, "65536", &link.Message{Log: jo.log(), From: 99})
	for _, most := range []string{"", "1", "-1", "999999999999", "many"} {
		c.Close()
		c, err = link.Call(t.Context(), jo.id, sy.relay.Addr())
		must(t, err)
		refused(link.ReasonMalformed, most, &link.Message{Log: jo.log()})
	}
}

// TestFramesThatComeAgainChangeNothing replays a push: by its sender, and by another member that got hold of it.
func TestFramesThatComeAgainChangeNothing(t *testing.T) {
	iq, jo, sy := newHouse(t, "iq"), newHouse(t, "jo"), newHouse(t, "sy")
	meet(t, iq, jo, sy)
	iq.appends(iq.ledger, note{text: "one", contents: [][]byte{[]byte("content")}})
	b := signedBatch(t, iq.ledger, iq.log(), 0, 1)
	push := link.Encode(b)
	c, err := link.Call(t.Context(), iq.id, sy.relay.Addr())
	must(t, err)
	defer c.Close()
	for range 3 {
		a, err := c.Push(t.Context(), push)
		must(t, err)
		if a.From != 1 || a.Receipt == nil {
			t.Fatalf("answered %+v", a)
		}
	}
	s, err := sy.ledger.State(t.Context(), iq.log())
	must(t, err)
	if s.Size != 1 || len(s.Missing) != 0 {
		t.Errorf("%d entries, missing %v", s.Size, s.Missing)
	}
	thief, err := link.Call(t.Context(), jo.id, sy.relay.Addr())
	must(t, err)
	defer thief.Close()
	_, err = thief.Push(t.Context(), push)
	var no *link.Refusal
	if !errors.As(err, &no) || no.Kind != link.ReasonNotYours {
		t.Errorf("another's frames: %v", err)
	}
}
