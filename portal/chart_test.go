package portal

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	"jisr"
	"jisr/programme"
	"jisr/words"
)

// everyForm is an annex with a chart of each form.
const everyForm = `{"v":1,"programme":"all","version":"1.0.0","title":{"ar":"كل","en":"All"},"purpose":{"ar":"كل","en":"All"},"legal_basis":[{"title":{"ar":"نص","en":"Text"}}],
"parties":["iq","sy"],"offset":"+03:00","order":["r"],
"records":{"r":{"title":{"ar":"سجل","en":"Record"},"schema":{"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object","additionalProperties":false,"required":["at","value"],"properties":{
 "at":{"type":"string","format":"date","x-label":{"ar":"اليوم","en":"Day"}},
 "value":{"type":"number","x-label":{"ar":"القيمة","en":"Value"}},
 "stage":{"type":"string","x-codes":"stage","x-label":{"ar":"المرحلة","en":"Stage"}},
 "area":{"type":"string","x-codes":"area","x-label":{"ar":"المحافظة","en":"Governorate"}},
 "place":{"type":"object","x-type":"geo","properties":{"lat":{"type":"number"},"lon":{"type":"number"}},"required":["lat","lon"],"additionalProperties":false,"x-label":{"ar":"الموقع","en":"Place"}}}},
 "order":["at","value","stage","area","place"],"time":"at","list_columns":["at","value"],"handling":{"default":"public","min":"public","max":"public"},"retention":{"period":"P1Y","basis":"event","then":"delete"}}},
"code_lists":{"stage":[{"code":"a","ar":"أولى","en":"First"},{"code":"b","ar":"ثانية","en":"Second"}],"area":[{"code":"IQ-AN","ar":"الأنبار","en":"Anbar"},{"code":"SY-DY","ar":"دير الزور","en":"Deir ez-Zor"}]},
"targets":[{"id":"t","label":{"ar":"هدف","en":"Target"},"period":"year","measures":[{"id":"m","record":"r","agg":"mean","field":"value"}],"metric":"m","op":">=","value":50}],
"charts":[
 {"id":"line","type":"line","title":{"ar":"خط","en":"Line"},"record":"r","x":"at","every":"day","y":[{"agg":"mean","field":"value"}],"series":"stage","lines":[{"value":90,"label":{"ar":"حد","en":"Limit"}}]},
 {"id":"bar","type":"bar","title":{"ar":"أعمدة","en":"Bars"},"record":"r","x":"at","every":"month","y":[{"agg":"sum","field":"value"}]},
 {"id":"rows","type":"bar","title":{"ar":"صفوف","en":"Rows"},"record":"r","x":"stage","y":[{"agg":"sum","field":"value"}]},
 {"id":"stack","type":"stacked_bar","title":{"ar":"تراكم","en":"Stack"},"record":"r","x":"at","every":"week","y":[{"agg":"sum","field":"value"}],"series":"stage"},
 {"id":"points","type":"map_points","title":{"ar":"نقاط","en":"Points"},"record":"r","x":"place","y":[{"agg":"last","field":"value"}]},
 {"id":"areas","type":"map_area","title":{"ar":"مساحات","en":"Areas"},"record":"r","x":"area","y":[{"agg":"sum","field":"value"}]},
 {"id":"gauge","type":"gauge","title":{"ar":"مقياس","en":"Gauge"},"target":"t"},
 {"id":"hist","type":"histogram","title":{"ar":"توزع","en":"Spread"},"record":"r","y":[{"agg":"count","field":"value"}],"width":10},
 {"id":"funnel","type":"funnel","title":{"ar":"مراحل","en":"Stages"},"record":"r","x":"stage","y":[{"agg":"count"}]},
 {"id":"top","type":"table_top","title":{"ar":"الأعلى","en":"Top"},"record":"r","x":"area","y":[{"agg":"sum","field":"value"}]}],
"change":{"by":"agreement","notice":"P30D"}}`

func everyChart(t *testing.T, lang string) (*programme.Programme, []chartView) {
	t.Helper()
	p, err := programme.Compile([]byte(everyForm))
	if err != nil {
		t.Fatal(err)
	}
	w, err := words.New()
	if err != nil {
		t.Fatal(err)
	}
	land, err := readRegion()
	if err != nil {
		t.Fatal(err)
	}
	rd := reader{l: w.In(lang), words: w, names: map[jisr.MemberID]string{"iq": "العراق"}}
	now := time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC)
	typ := p.Type("r")
	var all []chartView
	for _, id := range p.ChartIDs() {
		g := programme.Groups{}
		for i := range 60 {
			if i == 30 {
				continue // a day without a figure
			}
			var r programme.Record
			raw := fmt.Sprintf(`{"at":%q,"value":%d,"stage":%q,"area":%q,"place":{"lat":%g,"lon":%g}}`, now.AddDate(0, 0, -i).Format(time.DateOnly), 40+i, []string{"a", "b"}[i%2], []string{"IQ-AN", "SY-DY"}[i%2], 33+float64(i)/20, 41.5)
			if faults := typ.Check([]byte(raw), &r); len(faults) > 0 {
				t.Fatal(faults)
			}
			it := programme.Item{Record: &r, By: "iq", Sent: now, Handling: jisr.HandlingPublic}
			if target := p.TargetOf(id); target != "" {
				p.CountTarget(target, g, it)
			} else {
				p.CountChart(id, g, it)
			}
		}
		all = append(all, rd.chart(p, p.Picture(id, g, now), land))
	}
	return p, all
}

// TestEveryFormIsDrawn: each of the nine forms has marks within its drawing, words for who does not see it, and a table.
func TestEveryFormIsDrawn(t *testing.T) {
	for _, lang := range []string{"ar", "en"} {
		p, all := everyChart(t, lang)
		if len(all) != len(p.ChartIDs()) {
			t.Fatalf("%d charts are drawn", len(all))
		}
		for _, c := range all {
			if c.Empty() || len(c.Head) < 2 {
				t.Errorf("%s %s: no table behind it", lang, c.ID)
			}
			if c.Form == programme.TableTop {
				continue
			}
			if c.Desc == "" || len(c.Shapes) < 5 {
				t.Errorf("%s %s: %d marks, described as %q", lang, c.ID, len(c.Shapes), c.Desc)
			}
			for _, s := range c.Shapes {
				if strings.Contains(s.D+s.X+s.Y+s.W+s.H, "NaN") || strings.Contains(s.D+s.X+s.Y, "Inf") {
					t.Errorf("%s %s: a mark has no place: %+v", lang, c.ID, s)
				}
				x, _ := strconv.ParseFloat(s.X, 64)
				if s.Kind == "text" && (x < 0 || x > c.W) {
					t.Errorf("%s %s: %q stands at %v of %v", lang, c.ID, s.Text, x, c.W)
				}
				if s.Fill != "" && !hasPattern(c, s.Fill) {
					t.Errorf("%s %s: no pattern %s", lang, c.ID, s.Fill)
				}
			}
		}
	}
}

func hasPattern(c chartView, id string) bool {
	for _, p := range c.Patterns {
		if p.ID == id {
			return true
		}
	}
	return false
}

// TestTimeRunsWithReading: the newest bar stands at the left in Arabic and at the right in English; maps never turn.
func TestTimeRunsWithReading(t *testing.T) {
	_, ar := everyChart(t, "ar")
	_, en := everyChart(t, "en")
	at := func(c chartView, last bool) float64 {
		var xs []float64
		for _, s := range c.Shapes {
			if s.Kind == "rect" {
				x, _ := strconv.ParseFloat(s.X, 64)
				xs = append(xs, x)
			}
		}
		if last {
			return xs[len(xs)-1]
		}
		return xs[0]
	}
	if at(ar[1], true) >= at(ar[1], false) || at(en[1], true) <= at(en[1], false) {
		t.Error("time doesn't run with the reading direction")
	}
	marks := func(c chartView) (all []string) {
		for _, s := range c.Shapes {
			if s.Kind != "text" {
				all = append(all, s.D+s.X+s.Y)
			}
		}
		return all
	}
	if got, want := marks(ar[4]), marks(en[4]); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Error("the map turns with the language")
	}
}

// TestALineIsBrokenWhereNothingCame wants a gap, so that nobody reads a figure where there was none.
func TestALineIsBrokenWhereNothingCame(t *testing.T) {
	_, all := everyChart(t, "en")
	for _, s := range all[1].Shapes {
		if s.Kind == "rect" && s.Title == "" {
			t.Error("a bar doesn't say what it is")
		}
	}
	moves := 0
	for _, s := range all[0].Shapes {
		if strings.HasPrefix(s.Class, "chart-line") {
			moves = max(moves, strings.Count(s.D, "M"))
		}
	}
	if moves < 2 {
		t.Error("the line runs over a day without a figure")
	}
}

func TestScalesAreRound(t *testing.T) {
	for _, c := range []struct{ low, high, step, from, to float64 }{{0, 97, 20, 0, 100}, {0, 0, 0.2, 0, 1}, {285, 512, 50, 250, 550}, {-3, 9, 2.5, -5, 10}, {5, 5, 1, 0, 5}} {
		s := scaleOf(c.low, c.high, 5)
		if s.low != c.from || s.high != c.to || math.Abs(s.step-c.step) > 1e-9 {
			t.Errorf("from %v to %v: %+v", c.low, c.high, s)
		}
	}
}

// TestTheRegionIsWhole wants an outline for each governorate that the shipped list has.
func TestTheRegionIsWhole(t *testing.T) {
	land, err := readRegion()
	if err != nil {
		t.Fatal(err)
	}
	have := map[string]bool{}
	for _, o := range land.Areas {
		have[o.Code] = true
		if lat, lon := o.middle(); lat < 28 || lat > 38 || lon < 35 || lon > 49 {
			t.Errorf("%s has its middle at %v, %v", o.Code, lat, lon)
		}
	}
	doc, err := programme.ReadShipped("hea")
	if err != nil {
		t.Fatal(err)
	}
	var annex struct {
		SharedLists map[string]json.RawMessage `json:"shared_lists"`
	}
	if err := json.Unmarshal(doc, &annex); err != nil || len(annex.SharedLists) == 0 {
		t.Fatalf("%v, %v", annex, err)
	}
	p, err := programme.Compile(doc)
	if err != nil {
		t.Fatal(err)
	}
	codes := p.Codes(p.Type("health_event").Field("location_admin").Codes)
	for _, c := range codes {
		if !have[c.Code] {
			t.Errorf("%s %s has no outline", c.Code, c.En)
		}
	}
	if len(codes) < 32 {
		t.Errorf("only %d governorates", len(codes))
	}
}
