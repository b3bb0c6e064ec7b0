package node_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"jisr"
	"jisr/book"
	"jisr/node"
)

// husaybah is Iraq's reading of a day.
func husaybah(at time.Time) json.RawMessage {
	return json.RawMessage(fmt.Sprintf(`{"station":"HSB","river":"euphrates","property":"discharge","time":%q,"aggregation":"daily-mean","value":300,"unit":"MQS","quality":"good","method":"telemetry"}`,
		at.UTC().Format(time.RFC3339)))
}

// balance is what a member reads of the programme.
func (p *pact) balance(m jisr.MemberID, id jisr.ThingID) book.Balance {
	p.t.Helper()
	b, err := p.Node(m).Balance(p.t.Context(), p.reader(m), p.Forum, id)
	if err != nil {
		p.t.Fatal(err)
	}
	return b
}

// reports counts the to-dos about reports, of us and of them.
func (p *pact) reports(m jisr.MemberID) (ours, theirs int) {
	p.t.Helper()
	us, them, err := p.Node(m).Book().ToDo(p.t.Context(), book.Whole(), p.Node(m).Known())
	if err != nil {
		p.t.Fatal(err)
	}
	for i, all := range [][]book.ToDo{us, them} {
		for _, t := range all {
			if t.Thing != nil && t.Why == "report" {
				if i == 0 {
					ours++
				} else {
					theirs++
				}
			}
		}
	}
	return ours, theirs
}

// TestAMissedReportIsSeenOnBothSides: a reading that did not come is in the balance and a to-do on both sides, and a commitment
// in one step; while the road is down nothing is held against the other side; what comes late is late.
func TestAMissedReportIsSeenOnBothSides(t *testing.T) {
	p, id := waterPact(t)
	p.inForce()
	first := p.Now()
	p.sends("iq", id, husaybah(first)).Done()
	p.Pass(48 * time.Hour)
	p.sends("iq", id, husaybah(p.Now())).Done()
	p.Settle()
	for _, m := range p.parties {
		b := p.balance(m, id)
		iq := *b.Sides["iq"]
		if iq.Sent != 2 || iq.Missed == 0 || iq.Promised != iq.Kept+iq.Late+iq.Missed || b.Sides["sy"].Missed < 2*iq.Missed || len(b.Missed) != iq.Missed+b.Sides["sy"].Missed {
			t.Errorf("%s reads the balance %+v, %+v", m, iq, b.Sides["sy"])
		}
		p.Until("the missed reports are to-dos of both sides at "+string(m), func() bool { ours, theirs := p.reports(m); return ours == 1 && theirs == 1 })
	}

	page, err := p.Node("sy").Records(t.Context(), p.reader("sy"), book.RecordQuery{Forum: p.Forum, Programme: id, Type: "water_observation"})
	if err != nil || len(page.Rows) != 2 {
		t.Fatalf("%+v %v", page, err)
	}
	reads := p.As("sy")
	reads.Do(node.AcknowledgeRecords{Forum: p.Forum, Batch: page.Rows[0].Batch})
	reads.Done()
	p.Settle()
	for _, m := range p.parties {
		if b := p.balance(m, id); b.Sides["iq"].Acknowledged != 1 || b.Sides["sy"].Acknowledged != 0 {
			t.Errorf("at %s of two records of iq %d are acknowledged", m, b.Sides["iq"].Acknowledged)
		}
	}

	before := *p.balance("iq", id).Sides["sy"]
	p.Cut("iq", "sy")
	p.Until("the road is down", func() bool {
		for _, l := range p.Node("iq").Links() {
			if l.State == node.Linked {
				return false
			}
		}
		return true
	})
	p.Pass(72 * time.Hour)
	if after := *p.balance("iq", id).Sides["sy"]; after != before {
		t.Errorf("with the road down %+v became %+v", before, after)
	}
	if own := p.balance("iq", id).Sides["iq"].Missed; own < 3 {
		t.Errorf("of its own reports iq knows: %d missed", own)
	}
	p.Restore("iq", "sy")
	p.Settle()

	p.Until("both know the same of each other", func() bool { return *p.balance("sy", id).Sides["iq"] == *p.balance("iq", id).Sides["iq"] })
	late := *p.balance("sy", id).Sides["iq"]
	p.sends("iq", id, husaybah(first.Add(24*time.Hour))).Done()
	p.Settle()
	if now := *p.balance("sy", id).Sides["iq"]; now.Missed != late.Missed-1 || now.Late != late.Late+1 || now.Promised != late.Promised {
		t.Errorf("a late report made of %+v: %+v", late, now)
	}

	a := p.As("sy")
	done := a.Do(node.CommitMissed{Forum: p.Forum, Programme: id, Type: "water_observation", SLA: "daily_iq", Of: "iq"})
	a.Done()
	v, err := p.Node("sy").Book().Thing(t.Context(), book.Whole(), p.Forum, done.Thing)
	if err != nil || v.State.Commitment == nil {
		t.Fatalf("%+v %v", v, err)
	}
	a = p.As("sy")
	a.Do(node.CommitMissed{Forum: p.Forum, Programme: id, Type: "water_observation", SLA: "weekly", Of: "iq"})
	a.Refused(jisr.NoSuch)
}
