package programme_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"jisr"
	"jisr/programme"
)

// item makes a checked item.
func item(t testing.TB, typ *programme.Type, by jisr.MemberID, sent, raw string) programme.Item {
	t.Helper()
	r := &programme.Record{}
	if faults := typ.Check([]byte(raw), r); len(faults) > 0 {
		t.Fatalf("%v", faults)
	}
	at, err := time.Parse(time.RFC3339, sent)
	if err != nil {
		t.Fatal(err)
	}
	return programme.Item{Record: r, By: by, Sent: at, Handling: jisr.HandlingOfficial}
}

func flow(station, day string, value float64) string {
	return fmt.Sprintf(`{"station":%q,"river":"euphrates","property":"discharge","time":"%sT06:00:00+03:00","aggregation":"daily-mean","value":%v,"unit":"MQS","quality":"good","method":"telemetry"}`, station, day, value)
}

func moment(t testing.TB, s string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func TestTheWaterYearIsCumulative(t *testing.T) {
	p := shipped(t, "wat")
	typ, g := p.Type("water_observation"), programme.Groups{}
	add := func(station, day string, v float64) {
		p.CountTarget("iq_share", g, item(t, typ, "sy", day+"T07:00:00+03:00", flow(station, day, v)))
	}
	add("JRB", "2026-09-30", 9000) // the water year before
	add("HSB", "2026-09-30", 10)
	add("JRB", "2026-10-01", 500)
	add("HSB", "2026-10-01", 200) // a bad day
	add("JRB", "2026-11-01", 500)
	add("HSB", "2026-11-01", 400) // made good
	promises := p.Promise("iq_share", g, moment(t, "2026-11-23T12:00:00+03:00"))
	if len(promises) != 1 {
		t.Fatalf("%d promises", len(promises))
	}
	pr := promises[0]
	if !pr.There || pr.Value != 60 || !pr.Kept || pr.Ended || pr.Clause != "5.1" {
		t.Errorf("the share is %v of %+v", pr.Value, pr)
	}
	if from := pr.Span.From.Format(time.RFC3339); from != "2026-10-01T00:00:00+03:00" {
		t.Errorf("the water year begins %s", from)
	}
	line := p.Picture("share", g, moment(t, "2026-11-23T12:00:00+03:00"))
	if n := len(line.Axis); n != 54 || line.Axis[0].Key != "2026-10-01" || line.Axis[53].Key != "2026-11-23" {
		t.Fatalf("%d days of the line, from %v", n, line.Axis[0])
	}
	if f := line.Series[0].Figures; f[0].Value != 40 || f[53].Value != 60 {
		t.Errorf("the line goes from %v to %v", f[0], f[53])
	}
	gauge := p.Picture("share_now", g, moment(t, "2026-11-23T12:00:00+03:00"))
	if f := gauge.Series[0].Figures; len(f) != 1 || f[0].Value != 60 || gauge.Target.Value != 58 {
		t.Errorf("the gauge shows %v", f)
	}
	if before := p.Promise("iq_share", g, moment(t, "2026-09-30T12:00:00+03:00")); before[0].Kept || before[0].Value > 1 {
		t.Errorf("the year before: %+v", before[0])
	}
	if none := p.Promise("iq_share", g, moment(t, "2020-01-01T00:00:00Z")); none[0].There || none[0].Kept {
		t.Errorf("a year without records: %+v", none[0])
	}
}

func TestNamedPeriods(t *testing.T) {
	p := changed(t, "wat", func(a map[string]any) {
		a["periods"].(map[string]any)["last_week"] = map[string]any{"label": map[string]any{"ar": "أسبوع", "en": "Seven days"}, "days": 7}
	})
	at := moment(t, "2026-11-22T22:30:00Z") // the 23rd, a Monday, at +03:00
	for name, want := range map[string][2]string{
		"hour": {"2026-11-23T01", "2026-11-23T02"}, "day": {"2026-11-23T00", "2026-11-24T00"}, "week": {"2026-11-23T00", "2026-11-30T00"}, "month": {"2026-11-01T00", "2026-12-01T00"},
		"quarter": {"2026-10-01T00", "2027-01-01T00"}, "year": {"2026-01-01T00", "2027-01-01T00"}, "water_year": {"2026-10-01T00", "2027-10-01T00"}, "last_week": {"2026-11-17T00", "2026-11-24T00"},
	} {
		s := p.PeriodOf(name, at)
		if got := [2]string{s.From.Format("2006-01-02T15"), s.To.Format("2006-01-02T15")}; got != want || !s.Has(at) {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
}

func TestWhatIsLateOrMissing(t *testing.T) {
	p := shipped(t, "wat")
	typ := p.Type("water_observation")
	sent := map[programme.SlotKey]time.Time{}
	for _, it := range []programme.Item{
		item(t, typ, "sy", "2026-11-20T09:59:00+03:00", flow("JRB", "2026-11-20", 300)), item(t, typ, "sy", "2026-11-20T10:01:00+03:00", flow("BKM", "2026-11-20", 300)),
		item(t, typ, "sy", "2026-11-21T08:00:00+03:00", flow("JRB", "2026-11-21", 300)), item(t, typ, "sy", "2026-11-21T08:00:00+03:00", reading),
	} {
		if k, ok := typ.Fills(p, 0, it); ok {
			if first, again := sent[k]; !again || it.Sent.Before(first) {
				sent[k] = it.Sent
			}
		}
	}
	slots := typ.Slots(p, 0, programme.Span{From: moment(t, "2026-11-20T00:00:00+03:00"), To: moment(t, "2026-11-22T00:00:00+03:00")},
		func(k programme.SlotKey) (time.Time, bool) { at, ok := sent[k]; return at, ok })
	var missed []string
	for _, s := range slots {
		if s.Missed(moment(t, "2026-11-21T12:00:00+03:00")) {
			missed = append(missed, s.Period+" "+string(s.Of)+" "+s.Code)
		}
	}
	if want := []string{"2026-11-20 sy BKM", "2026-11-21 sy BKM"}; len(slots) != 4 || !slices.Equal(missed, want) {
		t.Errorf("of %d slots, missed %v, want %v", len(slots), missed, want)
	}
	sec := shipped(t, "sec").Type("threat_report")
	warning := item(t, sec, "iq", "2026-11-20T10:00:00+03:00", `{"ref":"T-1","report_type":"warning","title":{"ar":"تحذير"},"threat_category":"drugs","summary":"س","reported_at":"2026-11-20T09:00:00+03:00",`+
		`"valid_until":"2026-12-20T09:00:00+03:00","source_reliability":"A","info_credibility":"1","pap":"AMBER"}`)
	if by, ok := sec.AcknowledgeBy(shipped(t, "sec"), warning); !ok || !by.Equal(moment(t, "2026-11-20T11:00:00+03:00")) {
		t.Errorf("a warning is to be acknowledged by %v", by)
	}
}

func TestTwoSidesFiguresAgreeWithinTheTolerance(t *testing.T) {
	p := shipped(t, "ref")
	typ := p.Type("population_movement")
	of := func(total string) *programme.Record {
		return item(t, typ, "iq", "2026-11-10T00:00:00Z", `{"period":"2026-10","origin":"SY","asylum":"IQ","category":"refugees","measure":"returns","total":`+total+`,"source":"registration","shared_with_unhcr":true}`).Record
	}
	if a, b := of("1000"), of("951"); !typ.Agrees(a, b) || !typ.Agrees(b, a) || typ.KeyOf(a) != typ.KeyOf(b) {
		t.Error("1000 and 951 differ by less than five percent")
	}
	if typ.Agrees(of("1000"), of("949")) {
		t.Error("1000 and 949 differ by more than five percent")
	}
}

func TestPicturesOfEachForm(t *testing.T) {
	p := shipped(t, "bor")
	typ := p.Type("border_incident")
	g := map[string]programme.Groups{}
	for i := range 12 {
		kind, severity, by := "drugs", "Severe", jisr.MemberID("iq")
		if i%3 == 0 {
			kind, severity, by = "drone", "Minor", "sy"
		}
		it := item(t, typ, by, "2026-11-20T09:00:00+03:00", fmt.Sprintf(`{"ref":"B-%d","event_time":"2026-%02d-15T10:00:00+03:00","incident_type":%q,"msg_type":"Alert","urgency":"Past","severity":%q,"certainty":"Observed",`+
			`"sector":"X-QAIM-BUKAMAL","location":{"lat":34.421,"lon":41.0%d},"quantity":10.5,"joint_response":false}`, i, 10+i%2, kind, severity, i%2*5))
		it.Handling = jisr.HandlingRestricted
		for _, id := range p.ChartIDs() {
			if g[id] == nil {
				g[id] = programme.Groups{}
			}
			p.CountChart(id, g[id], it)
		}
	}
	at := moment(t, "2026-11-23T12:00:00Z")
	bars := p.Picture("incidents_by_type", g["incidents_by_type"], at)
	if len(bars.Axis) != 2 || bars.Axis[1].Key != "2026-11" || len(bars.Series) != 2 || bars.Series[0].Key != "drugs" || bars.Series[0].Figures[0].Value != 4 || bars.Level != jisr.HandlingRestricted {
		t.Errorf("incidents by type: %+v", bars)
	}
	points := p.Picture("incident_map", g["incident_map"], at)
	if len(points.Axis) != 2 || points.Axis[0].Lat != 34.42 || points.Axis[1].Lon != 41.05 || points.Series[0].Label["en"] != "Severe" {
		t.Errorf("the map: %+v", points)
	}
	drugs := p.Picture("drugs_seized", g["drugs_seized"], at)
	if len(drugs.Series) != 1 || drugs.Series[0].Key != "iq" || drugs.Series[0].Figures[0].Value != 42 {
		t.Errorf("drugs: %+v", drugs.Series)
	}
}

func TestFewPeopleAreShownAsFew(t *testing.T) {
	p := shipped(t, "ref")
	typ, g := p.Type("population_movement"), programme.Groups{}
	for _, c := range []struct {
		to    string
		total int
	}{{"SY-HL", 3}, {"SY-DI", 500}, {"SY-ID", 0}} {
		p.CountChart("destinations", g, item(t, typ, "iq", "2026-11-10T00:00:00Z", fmt.Sprintf(`{"period":"2026-10","origin":"SY","asylum":"IQ","admin_to":%q,"category":"returned_refugees","measure":"returns","total":%d,"source":"registration","shared_with_unhcr":true}`, c.to, c.total)))
	}
	figures := map[string]programme.Figure{}
	pic := p.Picture("destinations", g, time.Time{})
	for i, tick := range pic.Axis {
		figures[tick.Key] = pic.Series[0].Figures[i]
	}
	if f := figures["SY-HL"]; !f.Few || f.Value != 0 {
		t.Errorf("three people are shown as %+v", f)
	}
	if figures["SY-DI"].Few || figures["SY-DI"].Value != 500 || figures["SY-ID"].Few {
		t.Errorf("%+v", figures)
	}
}

func TestTalliesOfPartsMakeTheWhole(t *testing.T) {
	p := shipped(t, "wat")
	typ := p.Type("water_observation")
	r := rand.New(rand.NewPCG(1, 2))
	whole, parts := programme.Groups{}, [3]programme.Groups{{}, {}, {}}
	var values []float64
	for i := range 1500 {
		v := math.Round(r.Float64()*100000) / 100
		values = append(values, v)
		it := item(t, typ, "sy", "2026-11-20T09:00:00+03:00", flow("JRB", "2026-11-20", v))
		p.CountChart("flow", whole, it)
		p.CountChart("flow", parts[i%3], it)
	}
	slices.Sort(values)
	sum := &programme.Tally{}
	for _, part := range parts {
		for _, tally := range part {
			again, err := programme.DecodeTally(tally.Encode())
			if err != nil {
				t.Fatal(err)
			}
			sum.Merge(again)
		}
	}
	for _, tally := range whole {
		for agg, exact := range map[programme.Agg]float64{programme.Median: values[749], programme.P90: values[1349], programme.Min: values[0], programme.Max: values[1499], programme.Count: 1500} {
			a, _ := tally.Value(agg)
			b, _ := sum.Value(agg)
			if math.Abs(a-exact) > exact*0.011 || math.Abs(a-b) > exact*0.011 {
				t.Errorf("%s is %v of the whole, %v of its parts, %v exactly", agg, a, b, exact)
			}
		}
		a, _ := tally.Value(programme.Sum)
		if b, _ := sum.Value(programme.Sum); math.Abs(a-b) > 1e-6 {
			t.Errorf("sums differ: %v %v", a, b)
		}
	}
}

// TestEveryShippedChartIsDrawn draws every chart and judges every target of every annex, with and without records.
func TestEveryShippedChartIsDrawn(t *testing.T) {
	for _, name := range programme.Shipped() {
		p := shipped(t, name)
		for _, id := range p.ChartIDs() {
			pic := p.Picture(id, programme.Groups{}, moment(t, "2026-11-23T12:00:00Z"))
			if pic == nil || pic.Chart.ID != id {
				t.Errorf("%s: chart %s is not drawn", name, id)
			}
		}
		for _, id := range p.TargetIDs() {
			if pr := p.Promise(id, programme.Groups{}, moment(t, "2026-11-23T12:00:00Z")); len(pr) == 0 || pr[0].Kept && pr[0].There {
				t.Errorf("%s: target %s without records is %+v", name, id, pr)
			}
		}
	}
}

func BenchmarkCountChart(b *testing.B) {
	p := shipped(b, "wat")
	it := item(b, p.Type("water_observation"), "sy", "2026-11-20T09:00:00+03:00", flow("JRB", "2026-11-20", 300))
	g := programme.Groups{}
	b.ReportAllocs()
	for b.Loop() {
		p.CountChart("flow", g, it)
	}
}
