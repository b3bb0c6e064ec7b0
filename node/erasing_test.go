package node_test

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"jisr"
	"jisr/book"
	"jisr/ledger"
	"jisr/node"
	"jisr/programme"
)

// shortlived is the water annex with readings that are kept for a year.
func shortlived(t *testing.T) []byte {
	t.Helper()
	return waterAnnex(t, func(annex map[string]any) {
		annex["records"].(map[string]any)["water_observation"].(map[string]any)["retention"] = map[string]any{"period": "P1Y", "basis": "event", "then": "delete"}
	})
}

// waterAnnex is the shipped water annex, changed.
func waterAnnex(t *testing.T, change func(annex map[string]any)) []byte {
	t.Helper()
	doc, err := programme.ReadShipped("wat")
	if err != nil {
		t.Fatal(err)
	}
	var annex map[string]any
	if err := json.Unmarshal(doc, &annex); err != nil {
		t.Fatal(err)
	}
	change(annex)
	if doc, err = json.Marshal(annex); err != nil {
		t.Fatal(err)
	}
	return doc
}

// TestContentsGoAndProofsStand: what both agree to erase and what was kept long enough goes on both sides, each says so in its log, a
// legal hold stops it where it is set, the proof holds and says that it was erased, and nothing comes back.
func TestContentsGoAndProofsStand(t *testing.T) {
	p, id := pactOn(t, shortlived(t))
	p.inForce()
	p.sends("iq", id, flowOf(1, "300"), flowOf(2, "310")).Done()
	p.sends("sy", id, flowOf(3, "320")).Done()
	p.Settle()
	q := book.RecordQuery{Forum: p.Forum, Programme: id, Type: "water_observation"}
	page := func(m jisr.MemberID) book.RecordPage {
		t.Helper()
		page, err := p.Node(m).Records(t.Context(), p.reader(m), q)
		if err != nil {
			t.Fatal(err)
		}
		return page
	}
	state := func(m jisr.MemberID, batch jisr.ThingID) (*jisr.RecordBatch, string) {
		t.Helper()
		v, err := p.Node(m).Book().Thing(t.Context(), book.Whole(), p.Forum, batch)
		if err != nil {
			t.Fatal(err)
		}
		return v.State.Batch, v.Summary.State
	}
	batches := map[jisr.MemberID]jisr.ThingID{}
	for _, r := range page("sy").Rows {
		batches[r.By] = r.Batch
	}

	for _, m := range p.parties {
		a := p.As(m)
		a.Do(node.EraseRecords{Forum: p.Forum, Batch: batches["iq"], Reason: "اتفق الطرفان"})
		a.Done()
		p.Settle()
	}
	for _, m := range p.parties {
		p.Until("both have erased, at "+string(m), func() bool { _, s := state(m, batches["iq"]); return s == jisr.RecordsErased })
		p.Until("only the other batch is listed at "+string(m), func() bool { return page(m).All == 1 })
		b, _ := state(m, batches["iq"])
		proof, err := p.Node(m).ExportProof(t.Context(), book.Whole(), p.Forum, b.Sent.Position)
		if err != nil || !bytes.Contains(proof, []byte("\ncontent erased\n")) || bytes.Contains(proof, []byte("content held")) {
			t.Errorf("the proof at %s does not say that it was erased: %s %v", m, proof, err)
		}
		v, err := ledger.Verify(proof, vkeysOf(t, p), node.RefsOf)
		if err != nil || v.Contents[0].State != ledger.ContentErased {
			t.Errorf("the proof at %s does not hold: %v %+v", m, err, v)
		}
	}

	hold := p.As("sy")
	hold.DoAs(p.Official("sy", "counsel", jisr.Releaser), node.HoldThing{Forum: p.Forum, ID: id, Reason: "دعوى قائمة", Review: p.Node("sy").Today().AddDays(30)})
	hold.Done()
	agree := p.As("sy")
	agree.Do(node.EraseRecords{Forum: p.Forum, Batch: batches["sy"], Reason: "اتفق الطرفان"})
	agree.Refused(jisr.UnderHold)
	v, err := p.Node("sy").Book().Thing(t.Context(), book.Whole(), p.Forum, id)
	if err != nil || v.Custody.Hold.By.Official != "counsel" || v.Custody.Hold.Reason != "دعوى قائمة" || v.Custody.Hold.Review == "" {
		t.Errorf("the hold does not say who, why and until when: %+v %v", v.Custody, err)
	}
	p.Pass(400 * 24 * time.Hour)
	p.Until("the side without a hold has erased", func() bool { b, _ := state("iq", batches["sy"]); return len(b.Erased) == 1 && page("iq").All == 0 })
	p.Settle()
	if n := page("sy").All; n != 1 {
		t.Errorf("under a hold %d records are listed", n)
	}
	hold.DoAs(p.Official("sy", "counsel", jisr.Releaser), node.HoldThing{Forum: p.Forum, ID: id, Lift: true, Reason: "انتهت الدعوى"})
	hold.Done()
	p.Pass(2 * time.Hour)
	p.Until("both have erased what was kept long enough", func() bool { _, s := state("sy", batches["sy"]); return s == jisr.RecordsErased && page("sy").All == 0 })

	p.Stop("sy")
	if _, err := node.RebuildBook(t.Context(), node.Options{Dir: p.Dir("sy"), Config: p.Config("sy"), Now: p.Now}); err != nil {
		t.Fatal(err)
	}
	p.Start("sy")
	p.Settle()
	if n := page("sy").All; n != 0 {
		t.Errorf("made anew, the book lists %d records", n)
	}
	_, err = p.Node("sy").Record(t.Context(), p.reader("sy"), p.Forum, id, "water_observation", jisr.RecordName(batches["sy"], 1))
	p.refusedAs(err, jisr.NoSuch)
}

// vkeysOf are the keys of all logs and mirrors, as an official would get them.
func vkeysOf(t *testing.T, p *pact) (all []string) {
	t.Helper()
	for _, m := range p.parties {
		log, mirror, err := p.Node("iq").VerifierKeys(t.Context(), p.Forum, m)
		if err != nil {
			t.Fatal(err)
		}
		all = append(append(all, log...), mirror...)
	}
	return all
}
