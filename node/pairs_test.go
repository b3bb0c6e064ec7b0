package node_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"jisr"
	"jisr/book"
	"jisr/node"
	"jisr/programme"
)

// TestWhatARecordLeavesOutIsPartOfItsKey: figures of the refugees' annex, whose key has fields that most records leave out, confirm each other
// too, and only those of one place.
func TestWhatARecordLeavesOutIsPartOfItsKey(t *testing.T) {
	doc, err := programme.ReadShipped("ref")
	if err != nil {
		t.Fatal(err)
	}
	p, id := pactOn(t, doc)
	p.inForce()
	figure := func(place string, total int) json.RawMessage {
		return json.RawMessage(fmt.Sprintf(`{"period":"2026-11","origin":"SY","asylum":"IQ","admin_to":%q,"category":"returned_refugees","measure":"returns","total":%d,"source":"border-count","shared_with_unhcr":true}`, place, total))
	}
	sends := func(m jisr.MemberID, all ...json.RawMessage) {
		t.Helper()
		a := p.As(m)
		a.Do(node.SendRecords{Forum: p.Forum, Programme: id, Type: "population_movement", Records: all})
		a.Done()
		p.Settle()
	}
	q := book.RecordQuery{Forum: p.Forum, Programme: id, Type: "population_movement"}
	holds := func(want int) {
		t.Helper()
		for _, m := range p.parties {
			page, err := p.Node(m).Records(t.Context(), p.reader(m), q)
			if err != nil {
				t.Fatal(err)
			}
			got := 0
			for _, r := range page.Rows {
				if r.Confirmed {
					got++
				}
			}
			b := p.balance(m, id)
			if got != want || b.Sides["iq"].Confirmed+b.Sides["sy"].Confirmed != want {
				t.Errorf("at %s %d of %d records are confirmed, and %d by the balance; want %d", m, got, len(page.Rows), b.Sides["iq"].Confirmed+b.Sides["sy"].Confirmed, want)
			}
		}
	}
	sends("iq", figure("SY-HA", 1000), figure("SY-DY", 1000), figure("SY-HL", 1000))
	holds(0)
	sends("sy", figure("SY-HA", 960), figure("SY-DY", 900))
	holds(2)
}
