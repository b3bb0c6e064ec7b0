package node_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"jisr"
	"jisr/book"
	"jisr/node"
	"jisr/node/nodetest"
	"jisr/programme"
)

// waterPact is an agreement whose article 2 names the shipped water annex by its hash, initialled by both; and the annex
// laid before the forum.
func waterPact(t *testing.T) (*pact, jisr.ThingID) {
	t.Helper()
	doc, err := programme.ReadShipped("wat")
	if err != nil {
		t.Fatal(err)
	}
	return pactOn(t, doc)
}

// pactOn is the same on an annex of water.
func pactOn(t *testing.T, doc []byte) (*pact, jisr.ThingID) {
	t.Helper()
	annex, err := programme.Compile(doc)
	if err != nil {
		t.Fatal(err)
	}
	p := newPactWith(t, []jisr.MemberID{"iq", "sy"}, names(annex))
	return p, p.lays(doc)
}

// names has a text name an annex by its hash.
func names(annex *programme.Programme) func(text *jisr.InstrumentText) {
	return func(text *jisr.InstrumentText) {
		text.Segments = append(text.Segments,
			jisr.Segment{ID: "art2", Kind: jisr.SegmentArticle, Number: "2", Text: jisr.Text{"ar": "البيانات", "en": "Data"}},
			jisr.Segment{ID: "annex1", Kind: jisr.SegmentAnnex, Number: "I", Text: jisr.Text{"ar": "برنامج المياه", "en": "The water programme"}})
		text.Annexes = map[string]jisr.AnnexRef{"annex1": {Title: annex.Annex.Title, Document: annex.Hash()}}
	}
}

// lays lays an annex for the pact before the forum.
func (p *pact) lays(doc []byte) jisr.ThingID {
	p.t.Helper()
	iq := p.As("iq")
	done := iq.Do(node.LayProgramme{Forum: p.Forum, Agreement: p.id, Document: doc})
	iq.Done()
	p.Settle()
	return done.Thing
}

func flowOf(day int, value string) json.RawMessage {
	return json.RawMessage(fmt.Sprintf(`{"station":"HSB","river":"euphrates","property":"discharge","time":"2026-12-%02dT06:00:00+03:00","aggregation":"daily-mean","value":%s,"unit":"MQS","quality":"good","method":"telemetry"}`, day, value))
}

func (p *pact) sends(m jisr.MemberID, id jisr.ThingID, records ...json.RawMessage) *nodetest.Actor {
	p.t.Helper()
	a := p.As(m)
	a.Do(node.SendRecords{Forum: p.Forum, Programme: id, Type: "water_observation", Records: records})
	return a
}

// reader is who may read what few may not.
func (p *pact) reader(m jisr.MemberID) node.Caller { return p.Official(m, "clerk", jisr.Reader) }

// read gives what a member reads of the programme: values, and the kinds of refusal of records without effect.
func (p *pact) read(m jisr.MemberID, id jisr.ThingID) []string {
	p.t.Helper()
	p.Settle()
	var all []string
	q := book.RecordQuery{Forum: p.Forum, Programme: id, Type: "water_observation", Void: true, Limit: 2}
	for {
		page, err := p.Node(m).Records(p.t.Context(), p.reader(m), q)
		if err != nil {
			p.t.Fatal(err)
		}
		for _, r := range page.Rows {
			if r.Void != nil {
				all = append(all, string(r.Void.Kind))
				continue
			}
			var v struct{ Value json.Number }
			if err := json.Unmarshal(r.Raw, &v); err != nil {
				p.t.Fatal(err)
			}
			all = append(all, v.Value.String())
		}
		if q.Cursor = page.Next; q.Cursor == "" {
			return all
		}
	}
}

// TestWhatWasSignedIsWhatFlows: nothing flows before the agreement is in force, what the annex allows flows after, the
// rest is refused with its paragraph.
func TestWhatWasSignedIsWhatFlows(t *testing.T) {
	p, id := waterPact(t)
	p.sends("iq", id, flowOf(1, "300")).Refused(jisr.NoFlow)
	p.signed().ratified()
	p.sends("iq", id, flowOf(1, "300")).Refused(jisr.NoFlow)
	p.Pass(30 * 24 * time.Hour)
	p.sees(jisr.AgreementInForce)

	p.sends("iq", id, flowOf(1, "300"), flowOf(2, "310"), flowOf(3, "320")).Done()
	p.sends("sy", id, flowOf(3, "315")).Done()
	for _, m := range p.parties {
		if got := strings.Join(p.read(m, id), " "); got != "320 315 310 300" && got != "315 320 310 300" {
			t.Errorf("%s reads %s", m, got)
		}
	}

	p.sends("iq", id, flowOf(4, "330"), flowOf(5, `"high"`)).Refused(jisr.Malformed)
	f, err := p.Node("sy").Flow(t.Context(), p.Forum, id)
	if err != nil {
		t.Fatal(err)
	}
	good, refused := f.Check(f.Programme.Type("water_observation"), []json.RawMessage{flowOf(4, "330"), flowOf(5, `"high"`)})
	if len(good) != 1 || len(refused) != 1 || refused[0].Row != 2 || refused[0].Path != "value" {
		t.Fatalf("of two records %d are good, refused %+v", len(good), refused)
	}
	need := refused[0].Refusal.Need
	if need["clause"] != "3.1.6" || need["annex"] != "wat 1.0.0" || need["article"] != "I" || need["agreement"] != p.id.Name() {
		t.Errorf("the refusal names %v", need)
	}
	if n := len(p.read("sy", id)); n != 4 {
		t.Errorf("something is kept of a refused batch: %d records", n)
	}

	// What does not go into one act goes into several, all of them or none.
	many := make([]json.RawMessage, 600)
	for i := range many {
		many[i] = flowOf(3, "317.5")
	}
	p.sends("iq", id, many...).Done()
	if n := len(p.read("sy", id)); n != 604 {
		t.Errorf("of 600 records and 4 before, the other side reads %d", n)
	}
	p.sends("iq", id, append(many, flowOf(5, `"high"`))...).Refused(jisr.Malformed)

	promises, err := p.Node("sy").Promises(t.Context(), p.reader("sy"), p.Forum, id)
	if err != nil || len(promises) != 3 {
		t.Fatalf("%d promises, %v", len(promises), err)
	}
	pic, err := p.Node("iq").Picture(t.Context(), p.reader("iq"), p.Forum, id, "flow")
	if err != nil || len(pic.Axis) != 3 || len(pic.Series) != 1 || pic.Series[0].Figures[2].Value != 317.5 {
		t.Errorf("the chart: %+v %v", pic, err)
	}
}

// TestANoticeStopsRecordsOnItsDay: records flow until the day that follows from the receipt of a notice of suspension or of
// termination. Who sends after it, the road being cut and the receipt unknown to it, sends in vain, and both sides find so; what
// flowed before stays.
func TestANoticeStopsRecordsOnItsDay(t *testing.T) {
	for kind, state := range map[jisr.Kind]jisr.AgreementState{jisr.KindAgreementSuspend: jisr.AgreementSuspended, jisr.KindAgreementDenounce: jisr.AgreementTerminated} {
		for _, gives := range []jisr.MemberID{"iq", "sy"} {
			t.Run(string(kind)+" by "+string(gives), func(t *testing.T) {
				p, id := waterPact(t)
				p.inForce()
				p.Pass(72 * time.Hour)
				takes := map[jisr.MemberID]jisr.MemberID{"iq": "sy", "sy": "iq"}[gives]
				p.sends(gives, id, flowOf(1, "300")).Done()
				notice := p.As(gives).Notifies(p.id, kind, jisr.NoticeTerms{Ground: jisr.GroundClause, From: p.Node(gives).Today().AddMonths(7)})
				p.Settle()

				p.Cut("iq", "sy")
				p.As(takes).Stamps(p.id, notice).Done()
				p.sends(takes, id, flowOf(2, "310")).Done() // the notice runs
				p.Pass(220 * 24 * time.Hour)
				p.sends(takes, id, flowOf(3, "320")).Refused(jisr.NoFlow)
				p.sends(gives, id, flowOf(3, "330")).Done() // as far as it knows
				p.Restore("iq", "sy")
				p.sees(state)

				p.sends(gives, id, flowOf(4, "340")).Refused(jisr.NoFlow)
				for _, m := range p.parties {
					got := p.read(m, id)
					slices.Sort(got)
					if want := []string{"300", "310", string(jisr.NoFlow)}; !slices.Equal(got, want) {
						t.Errorf("%s reads %v, want %v", m, got, want)
					}
				}
			})
		}
	}
}

// TestRecordsAreShownToWhoMayReadThem: no record leaves below the annex's floor, and none is shown without a role.
func TestRecordsAreShownToWhoMayReadThem(t *testing.T) {
	p, id := waterPact(t)
	p.signed().ratified()
	p.Pass(30 * 24 * time.Hour)
	p.sees(jisr.AgreementInForce)
	iq := p.As("iq")
	iq.Do(node.SendRecords{Forum: p.Forum, Programme: id, Type: "release_notice", Records: []json.RawMessage{flowOf(1, "300")}, Handling: jisr.HandlingPublic})
	iq.Refused(jisr.OutOfRange)
	p.sends("iq", id, flowOf(1, "300")).Done()
	if got := p.read("sy", id); len(got) != 1 {
		t.Errorf("a reader reads %v", got)
	}
	page, err := p.Node("sy").Records(t.Context(), p.Official("sy", "guest"), book.RecordQuery{Forum: p.Forum, Programme: id, Type: "water_observation"})
	if err == nil || len(page.Rows) != 0 {
		t.Errorf("without a role %d records are read, %v", len(page.Rows), err)
	}
}

func TestOnlyAnAgreedAnnexIsLaid(t *testing.T) {
	p, id := waterPact(t)
	iq := p.As("iq")
	iq.Do(node.LayProgramme{Forum: p.Forum, Agreement: p.id, Document: []byte(`{"v":1}`)})
	iq.Refused(jisr.Missing)
	iq.Do(node.LayProgramme{Forum: p.Forum, Agreement: "agreement/iq-none", Document: []byte(`{}`)})
	iq.Refused(jisr.Missing)
	// Another annex than the text names never flows, whatever its name.
	doc, err := programme.Start("wat", "wat", nil)
	if err != nil {
		t.Fatal(err)
	}
	doc = []byte(strings.Replace(string(doc), `"1.0.0"`, `"1.0.1"`, 1))
	other := iq.Do(node.LayProgramme{Forum: p.Forum, Agreement: p.id, Document: doc})
	iq.Done()
	p.signed().ratified()
	p.Pass(30 * 24 * time.Hour)
	p.sees(jisr.AgreementInForce)
	p.sends("iq", other.Thing, flowOf(1, "300")).Refused(jisr.NoFlow)
	p.sends("iq", id, flowOf(1, "300")).Done()
}
