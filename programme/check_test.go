package programme_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jisr"
	"jisr/programme"
)

// reading is a record that the water annex allows.
const reading = `{"station":"JRB","river":"euphrates","property":"discharge","time":"2026-11-23T06:00:00+03:00","aggregation":"daily-mean",` +
	`"value":312.5,"unit":"MQS","quality":"good","method":"telemetry","uncertainty":4}`

func TestARecordThatTheAnnexAllowsPasses(t *testing.T) {
	typ := shipped(t, "wat").Type("water_observation")
	var r programme.Record
	if faults := typ.Check([]byte(reading), &r); len(faults) > 0 {
		t.Fatalf("refused: %v", faults)
	}
	at, ok := r.Time()
	if !ok || at.UTC().Format("2006-01-02T15:04Z") != "2026-11-23T03:00Z" {
		t.Errorf("the record's time is %v", at)
	}
}

func TestARefusedRecordNamesFieldRuleAndParagraph(t *testing.T) {
	typ := shipped(t, "wat").Type("water_observation")
	with := func(old, now string) string { return strings.Replace(reading, old, now, 1) }
	for _, c := range []struct {
		name, record, path, clause string
		kind                       jisr.RefusalKind
	}{
		{"a station the list does not have", with(`"JRB"`, `"XXX"`), "station", "3.1.1", jisr.NoSuchCode},
		{"a text for a number", with(`312.5`, `"312.5"`), "value", "3.1.6", jisr.Malformed},
		{"a required field left out", with(`"river":"euphrates",`, ``), "river", "3.1.2", jisr.Missing},
		{"a time without offset", with(`+03:00`, ``), "time", "3.1.4", jisr.Malformed},
		{"a day that is none", with(`11-23`, `02-30`), "time", "3.1.4", jisr.Malformed},
		{"more than a hundred percent", with(`"uncertainty":4`, `"uncertainty":104`), "uncertainty", "3.1.12", jisr.OutOfRange},
		{"a field the annex does not have", with(`"river"`, `"flow":1,"river"`), "flow", "3.1", jisr.UnknownField},
		{"a derived field", with(`"river"`, `"storage_pct":50,"river"`), "storage_pct", "3.1.13", jisr.ReadOnly},
		{"null for a number", with(`312.5`, `null`), "value", "3.1.6", jisr.Malformed},
		{"no object at all", `[1]`, "", "3.1", jisr.Malformed},
		{"a member twice", with(`"river"`, `"station":"JRB","river"`), "", "3.1", jisr.Malformed},
		{"a comma too many", with(`"uncertainty":4`, `"uncertainty":4,`), "", "3.1", jisr.Malformed},
		{"something after it", reading + `{}`, "", "3.1", jisr.Malformed},
		{"a number no reader keeps", with(`312.5`, `1e999`), "value", "3.1.6", jisr.OutOfRange},
		{"half a character", with(`"good"`, "\"\xc3\""), "quality", "3.1.9", jisr.Malformed},
	} {
		var r programme.Record
		faults := typ.Check([]byte(c.record), &r)
		if len(faults) == 0 {
			t.Errorf("%s passes", c.name)
			continue
		}
		f := faults[0]
		if c.path != "" && f.Path != c.path || f.Refusal.Kind != c.kind || !strings.HasPrefix(f.Clause, c.clause) {
			t.Errorf("%s: got %v, want %s %s (%s)", c.name, f, c.path, c.kind, c.clause)
		}
	}
}

func TestEveryFaultOfARecordIsTold(t *testing.T) {
	typ := shipped(t, "wat").Type("water_observation")
	var r programme.Record
	faults := typ.Check([]byte(`{"station":"XXX","value":"a","time":"yesterday"}`), &r)
	var got []string
	for _, f := range faults {
		got = append(got, f.Path+" "+string(f.Refusal.Kind))
	}
	slices.Sort(got)
	want := []string{"aggregation missing", "method missing", "property missing", "quality missing", "river missing", "station no-such-code",
		"time malformed", "unit missing", "value malformed"}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("faults (-want +got):\n%s", d)
	}
}

func TestDerivedFieldsFollowTheirFormula(t *testing.T) {
	for _, c := range []struct {
		annex, typ, record, field string
		want                      string
	}{
		{"wat", "water_observation", strings.NewReplacer(`"JRB"`, `"TABQA"`, `"discharge"`, `"storage"`, `312.5`, `5850`, `MQS`, `HMQ`).Replace(reading), "storage_pct", "50"},
		{"wat", "water_observation", reading, "storage_pct", ""},
		{"wat", "release_notice", `{"dam":"TABQA","announced_at":"2026-11-22T09:00:00+03:00","starts_at":"2026-11-23T15:00:00+03:00","from_flow":300,"to_flow":240,"reason":"power"}`, "hours_of_notice", "30"},
		{"wat", "release_notice", `{"dam":"TABQA","announced_at":"2026-11-22T09:00:00+03:00","starts_at":"2026-11-23T15:00:00+03:00","from_flow":300,"to_flow":240,"reason":"power"}`, "change", "60"},
		{"hea", "health_event", event("no", "yes", "yes", "unknown"), "notify", "true"},
		{"hea", "health_event", event("no", "yes", "unknown", "unknown"), "notify", "false"},
		{"trd", "consignment_notice", consignment, "hs_chapter", "08"},
	} {
		typ := shipped(t, c.annex).Type(c.typ)
		var r programme.Record
		if faults := typ.Check([]byte(c.record), &r); len(faults) > 0 {
			t.Errorf("%s: %v", c.typ, faults)
			continue
		}
		if got := r.Show(c.field); got != c.want {
			t.Errorf("%s of %s is %q, want %q", c.field, c.typ, got, c.want)
		}
	}
}

const consignment = `{"ucr":"26IQ001","procedure":"export","crossing":"X-QAIM-BUKAMAL","announced_at":"2026-11-22T09:00:00+03:00","eta":"2026-11-23T09:00:00+03:00",` +
	`"hs_code":"080410","description":{"ar":"تمور"},"origin":"IQ","destination":"SY","gross_mass":18000,"transport_mode":"3","status":"announced","status_time":"2026-11-22T09:00:00+03:00"}`

func event(serious, unusual, spread, restrict string) string {
	return fmt.Sprintf(`{"ref":"H-1","detected_on":"2026-11-01","disease":"A00","always_notifiable":false,"crit_serious":%q,"crit_unusual":%q,"crit_spread":%q,`+
		`"crit_restrict":%q,"location_admin":"IQ-AN","cases_suspected":3,"cases_confirmed":1,"deaths":0,"open":true}`, serious, unusual, spread, restrict)
}

func TestCodesHoldOnTheirDays(t *testing.T) {
	p := changed(t, "wat", func(a map[string]any) {
		station := a["code_lists"].(map[string]any)["station"].([]any)[0].(map[string]any)
		station["valid_to"] = "2026-06-30"
	})
	typ := p.Type("water_observation")
	var r programme.Record
	faults := typ.Check([]byte(reading), &r)
	if len(faults) != 1 || faults[0].Refusal.Kind != jisr.CodeEnded || faults[0].Path != "station" {
		t.Errorf("a closed station: %v", faults)
	}
	if faults := typ.Check([]byte(strings.Replace(reading, "2026-11", "2026-06", 1)), &r); len(faults) > 0 {
		t.Errorf("the station was open in June: %v", faults)
	}
}

// changed compiles a shipped annex with a change.
func changed(t testing.TB, name string, change func(map[string]any)) *programme.Programme {
	t.Helper()
	p, err := programme.Compile(edited(t, name, change))
	if err != nil {
		t.Fatalf("%v", err)
	}
	return p
}

// edited gives a shipped annex with a change.
func edited(t testing.TB, name string, change func(map[string]any)) []byte {
	t.Helper()
	doc, err := programme.ReadShipped(name)
	if err != nil {
		t.Fatal(err)
	}
	var a map[string]any
	if err := json.Unmarshal(doc, &a); err != nil {
		t.Fatal(err)
	}
	change(a)
	out, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func BenchmarkCheck(b *testing.B) {
	typ := shipped(b, "wat").Type("water_observation")
	raw := []byte(reading)
	var r programme.Record
	b.ReportAllocs()
	b.SetBytes(int64(len(raw)))
	for b.Loop() {
		if faults := typ.Check(raw, &r); len(faults) > 0 {
			b.Fatal(faults)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "records/s")
}
