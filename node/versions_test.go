package node_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"jisr"
	"jisr/book"
	"jisr/node"
	"jisr/programme"
)

// newerWater is a newer version of the water annex: it allows no reading above 350.
func newerWater(t *testing.T) []byte {
	t.Helper()
	return waterAnnex(t, func(annex map[string]any) {
		annex["version"] = "1.10.0"
		schema := annex["records"].(map[string]any)["water_observation"].(map[string]any)["schema"].(map[string]any)
		schema["properties"].(map[string]any)["value"].(map[string]any)["maximum"] = 350
	})
}

// replaces signs an agreement that stands to the pact in this relation and names a newer annex, takes it to the last receipt of a
// notification, and gives it with what is still to be stamped by whom.
func (p *pact) replaces(relation jisr.Relation, doc []byte, last jisr.MemberID) (q *pact, newer jisr.ThingID, notice jisr.Position) {
	p.t.Helper()
	annex, err := programme.Compile(doc)
	if err != nil {
		p.t.Fatal(err)
	}
	q = &pact{World: p.World, t: p.t, parties: p.parties}
	iq := p.As("iq")
	q.id = iq.Steps("", jisr.KindAgreementPropose, jisr.ProposeTerms{Within: jisr.Within{Of: p.id}, Relation: relation, Kind: jisr.AgreementKind,
		Title: jisr.Text{"ar": "تعديل", "en": "Amendment"}, Parties: p.parties, Binding: true}, nil).Thing
	iq.Done()
	q.negotiated(names(annex), func(t *jisr.InstrumentText) { t.Clauses.Force.Days = 0 })
	newer = q.lays(doc)
	q.signed()
	first := map[jisr.MemberID]jisr.MemberID{"iq": "sy", "sy": "iq"}[last]
	q.stamps(last, q.As(last).Notifies(q.id, jisr.KindAgreementNotify, jisr.NoticeTerms{Instrument: jisr.Completion}))
	notice = q.As(first).Notifies(q.id, jisr.KindAgreementNotify, jisr.NoticeTerms{Instrument: jisr.Completion})
	q.Settle()
	return q, newer, notice
}

// TestANewerAnnexTakesThePlaceOfAnOlderFromItsDay: from the day on which an amendment, or an agreement that takes the place of the first,
// comes into force, records flow under the annex it names, on both sides; who has not received that yet goes by what it knows, and
// both sides find the same, whichever of them knew first.
func TestANewerAnnexTakesThePlaceOfAnOlderFromItsDay(t *testing.T) {
	for _, relation := range []jisr.Relation{jisr.Amends, jisr.Supersedes} {
		for _, knows := range []jisr.MemberID{"iq", "sy"} {
			t.Run(fmt.Sprintf("%s, %s knows first", relation, knows), func(t *testing.T) {
				p, older := waterPact(t)
				p.inForce()
				p.Pass(72 * time.Hour)
				p.sends("iq", older, flowOf(1, "300")).Done()
				p.sends("sy", older, flowOf(1, "310")).Done()
				q, newer, notice := p.replaces(relation, newerWater(t), knows)
				other := map[jisr.MemberID]jisr.MemberID{"iq": "sy", "sy": "iq"}[knows]
				p.sends(knows, newer, flowOf(2, "320")).Refused(jisr.NoFlow)

				p.Cut("iq", "sy")
				q.As(knows).Stamps(q.id, notice).Done()
				p.Pass(24 * time.Hour)
				p.sends(knows, older, flowOf(3, "330")).Refused(jisr.Replaced)
				p.sends(knows, newer, flowOf(3, "400")).Refused(jisr.OutOfRange)
				p.sends(knows, newer, flowOf(3, "340")).Done()
				p.sends(other, newer, flowOf(3, "345")).Refused(jisr.NoFlow)
				p.sends(other, older, flowOf(3, "400")).Done() // as far as it knows
				p.Restore("iq", "sy")
				q.sees(jisr.AgreementInForce)

				p.sends(other, older, flowOf(4, "300")).Refused(jisr.Replaced)
				p.sends(other, newer, flowOf(4, "350")).Done()
				for when, again := range map[string]bool{"followed": false, "made anew": true} {
					if again {
						p.Stop(other)
						if _, err := node.RebuildBook(t.Context(), node.Options{Dir: p.Dir(other), Config: p.Config(other), Now: p.Now}); err != nil {
							t.Fatal(err)
						}
						p.Start(other)
					}
					p.standsAlike(older, newer, when)
				}
				p.speaksOf(knows, older)
			})
		}
	}
}

// standsAlike holds what both sides read of the two versions against each other and against what was sent.
func (p *pact) standsAlike(older, newer jisr.ThingID, when string) {
	p.t.Helper()
	var seen []string
	for _, m := range p.parties {
		if got := p.read(m, older); !strings.Contains(" "+strings.Join(got, " "), " 400") || len(got) != 3 || strings.Contains(strings.Join(got, ""), "replaced") {
			p.t.Errorf("%s: %s reads %v of the older version", when, m, got)
		}
		if got := strings.Join(p.read(m, newer), " "); got != "350 340" {
			p.t.Errorf("%s: %s reads %s of the newer version", when, m, got)
		}
		f, err := p.Node(m).Flow(p.t.Context(), p.Forum, older)
		if err != nil {
			p.t.Fatal(err)
		}
		today := p.Node(m).Today()
		if f.Standing(today) != jisr.ProgrammeReplaced || f.Replaced(today).ID != newer || f.Open(today.AddDays(-1)) == nil || f.Open(today.AddDays(-2)) != nil {
			p.t.Errorf("%s: at %s the older version is %s, its versions %+v", when, m, f.Standing(today), f.Versions)
		}
		sent := jisr.RecordBatch{BatchTerms: jisr.BatchTerms{Document: f.Laid.Document, Type: "water_observation", Handling: jisr.HandlingOfficial}, From: "iq", Sent: jisr.Step{At: p.Now()}}
		if r := f.Fits(&sent, true); r == nil || r.Kind != jisr.Replaced {
			p.t.Errorf("%s: what a side sends at %s under the older version, knowing of the newer, meets %v", when, m, r)
		}
		known := ""
		for _, v := range f.Versions {
			known += fmt.Sprintln(v.ID, v.Version, v.From, v.Until)
		}
		seen = append(seen, known)
		now, before := p.balance(m, newer), p.balance(m, older)
		if now.Sides["iq"].Sent+now.Sides["sy"].Sent != 2 || before.Sides["iq"].Sent+before.Sides["sy"].Sent != 3 {
			p.t.Errorf("%s: %s counts %+v and %+v", when, m, *before.Sides[m], *now.Sides[m])
		}
	}
	if seen[0] != seen[1] || strings.Count(seen[0], "\n") != 2 {
		p.t.Errorf("%s: the two sides know of these versions:\n%s and\n%s", when, seen[0], seen[1])
	}
}

// speaksOf confirms and corrects a figure sent under the older version, after the newer one took its place.
func (p *pact) speaksOf(m jisr.MemberID, older jisr.ThingID) {
	p.t.Helper()
	page, err := p.Node(m).Records(p.t.Context(), p.reader(m), book.RecordQuery{Forum: p.Forum, Programme: older, Type: "water_observation"})
	if err != nil {
		p.t.Fatal(err)
	}
	for _, r := range page.Rows {
		a := p.As(m)
		if r.By == m {
			a.Do(node.CorrectRecords{Forum: p.Forum, Batch: r.Batch, Records: map[int]json.RawMessage{r.Place: flowOf(1, "305")}, Reason: "قراءة مدققة"})
		} else {
			a.Do(node.ConfirmRecords{Forum: p.Forum, Batch: r.Batch, Places: jisr.PlacesOf(r.Place)})
		}
		a.Done()
	}
}
