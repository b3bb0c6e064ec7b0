package programme_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"jisr"
	"jisr/programme"
)

// bad is an annex that must be refused, with the place and kind of one of its problems.
type bad struct {
	name string
	doc  []byte
	path string
	kind jisr.RefusalKind
}

// hostile lists what another side might send to stop a node, to hide something, or by mistake.
func hostile(t testing.TB) []bad {
	props := func(a map[string]any) map[string]any {
		return a["records"].(map[string]any)["water_observation"].(map[string]any)["schema"].(map[string]any)
	}
	schema := func(change func(map[string]any)) []byte {
		return edited(t, "wat", func(a map[string]any) { change(props(a)) })
	}
	field := func(name string, change func(map[string]any)) []byte {
		return schema(func(s map[string]any) { change(s["properties"].(map[string]any)[name].(map[string]any)) })
	}
	defs := func(d string) []byte {
		return schema(func(s map[string]any) { _ = json.Unmarshal([]byte(d), &s) })
	}
	whole := func(change func(map[string]any)) []byte { return edited(t, "wat", change) }
	const at = "/records/water_observation"
	const in = at + "/schema/properties/"
	codes := make([]any, 6000)
	for i := range codes {
		codes[i] = map[string]any{"code": fmt.Sprint(i), "ar": "أ", "en": "a"}
	}
	return []bad{
		{"a definition that refers to itself", defs(`{"$defs":{"a":{"type":"object","additionalProperties":false,"properties":{"n":{"$ref":"#/$defs/a"}}}},"properties":{"station":{"$ref":"#/$defs/a","x-label":{"ar":"أ","en":"a"}}}}`), in + "station/properties/n/$ref", jisr.RefLoop},
		{"definitions that double ten times", defs(doubling(14)), "", jisr.TooMany},
		{"a reference to another machine", field("station", func(f map[string]any) { f["$ref"] = "https://example.org/schema" }), in + "station/$ref", jisr.Malformed},
		{"a reference into the language", field("station", func(f map[string]any) { f["$ref"] = "#/properties/river" }), in + "station/$ref", jisr.Malformed},
		{"a dynamic reference", field("station", func(f map[string]any) { f["$dynamicRef"] = "#x" }), in + "station/$dynamicRef", jisr.UnknownField},
		{"an anchor", field("station", func(f map[string]any) { f["$id"] = "x" }), in + "station/$id", jisr.UnknownField},
		{"a pattern that RE2 lacks", field("datum", func(f map[string]any) { f["pattern"] = `(a+)+(?=b)` }), in + "datum/pattern", jisr.Malformed},
		{"a pattern that grows", field("datum", func(f map[string]any) { f["pattern"] = strings.Repeat("a{1,1000}|", 25) + "b" }), in + "datum/pattern", jisr.TooLong},
		{"a list with no end", field("datum", func(f map[string]any) { f["type"], f["items"] = "array", map[string]any{"type": "string"} }), in + "datum/maxItems", jisr.Missing},
		{"six thousand codes in a list", whole(func(a map[string]any) { a["code_lists"].(map[string]any)["station"] = codes }), "/code_lists/station", jisr.TooMany},
		{"five hundred and one values", field("river", func(f map[string]any) { f["enum"] = codesOf(501) }), in + "river/enum", jisr.TooMany},
		{"a formula of a thousand parts", field("storage_pct", func(f map[string]any) { f["x-derived"] = strings.Repeat("1+", 240) + "1" }), in + "storage_pct/x-derived", jisr.BadFormula},
		{"a formula of a derived field", field("storage_pct", func(f map[string]any) { f["x-derived"] = "storage_pct + 1" }), in + "storage_pct/x-derived", jisr.BadFormula},
		{"a formula of the wrong kind", field("storage_pct", func(f map[string]any) { f["x-derived"] = "'a'" }), in + "storage_pct/x-derived", jisr.BadFormula},
		{"a unit that is not in the list", field("uncertainty", func(f map[string]any) { f["x-unit"] = "D10" }), in + "uncertainty/x-unit", jisr.NoSuchUnit},
		{"a unit that is not used any more", field("uncertainty", func(f map[string]any) { f["x-unit"] = "HAR" }), in + "uncertainty/x-unit", jisr.NoSuchUnit},
		{"a person's data without a reason", field("datum", func(f map[string]any) { f["x-pii"] = true }), in + "datum/x-pii", jisr.PersonalDataUnsaid},
		{"a field without a label", field("datum", func(f map[string]any) { delete(f, "x-label") }), in + "datum/x-label", jisr.Missing},
		{"a label without Arabic", field("datum", func(f map[string]any) { f["x-label"] = map[string]any{"en": "Datum"} }), in + "datum/x-label/ar", jisr.Missing},
		{"a label that turns the line", field("datum", func(f map[string]any) { f["x-label"] = map[string]any{"en": "a\u202eb", "ar": "أ"} }), in + "datum/x-label", jisr.Malformed},
		{"a list of codes that is not there", field("station", func(f map[string]any) { f["x-codes"] = "gone" }), in + "station/x-codes", jisr.NoSuch},
		{"an enum beside its list", field("river", func(f map[string]any) { f["enum"] = []any{"nile"} }), in + "river/enum", jisr.NoSuchCode},
		{"a code twice", whole(func(a map[string]any) {
			l := a["code_lists"].(map[string]any)
			l["station"] = append(l["station"].([]any), l["station"].([]any)[0])
		}), "/code_lists/station/9/code", jisr.Twice},
		{"a shared list under another hash", whole(func(a map[string]any) {
			a["shared_lists"] = map[string]any{"c": map[string]any{"list": "iso-3166-1.2026", "sha256": strings.Repeat("0", 64)}}
		}), "/shared_lists/c/sha256", jisr.ListDiffers},
		{"a shared list elsewhere", whole(func(a map[string]any) {
			a["shared_lists"] = map[string]any{"c": map[string]any{"list": "../../etc/passwd", "sha256": strings.Repeat("0", 64)}}
		}), "/shared_lists/c/list", jisr.Malformed},
		{"fields out of the order", schema(func(s map[string]any) { delete(s["properties"].(map[string]any), "datum") }), at + "/order/7", jisr.NoSuch},
		{"a sender who is no party", whole(func(a map[string]any) { rec(a)["sends"] = []any{"tr"} }), at + "/sends/0", jisr.NotMember},
		{"a floor above the ceiling", whole(func(a map[string]any) { rec(a)["handling"].(map[string]any)["min"] = "secret" }), at + "/handling/min", jisr.OutOfRange},
		{"a retention that is none", whole(func(a map[string]any) { rec(a)["retention"].(map[string]any)["period"] = "P" }), at + "/retention/period", jisr.Malformed},
		{"a target over no period", whole(func(a map[string]any) { a["targets"].([]any)[0].(map[string]any)["period"] = "moon" }), "/targets/0/period", jisr.NoSuch},
		{"a target of no measure", whole(func(a map[string]any) { a["targets"].([]any)[0].(map[string]any)["metric"] = "100 * x / jrb" }), "/targets/0/metric", jisr.BadFormula},
		{"a chart of a text", whole(func(a map[string]any) {
			a["charts"].([]any)[0].(map[string]any)["y"] = []any{map[string]any{"agg": "mean", "field": "river"}}
		}), "/charts/0/y/0/field", jisr.NoSuch},
		{"a chart of a kind there is not", whole(func(a map[string]any) { a["charts"].([]any)[0].(map[string]any)["type"] = "pie" }), "/charts/0/type", jisr.NotOneOf},
		{"a condition on a code that is not there", whole(func(a map[string]any) {
			a["charts"].([]any)[0].(map[string]any)["where"] = map[string]any{"station": "XXX"}
		}), "/charts/0/where/station", jisr.NoSuchCode},
		{"a member the language does not have", whole(func(a map[string]any) { a["exec"] = "rm" }), "/exec", jisr.UnknownField},
		{"a thousand levels", []byte(strings.Repeat("[", 1000) + strings.Repeat("]", 1000)), "", jisr.Malformed},
		{"two megabytes", []byte(`"` + strings.Repeat("a", 2<<20) + `"`), "", jisr.TooLong},
		{"two hundred thousand values", []byte("[" + strings.Repeat("1,", 200_000) + "1]"), "", jisr.Malformed},
		{"a number that fills the memory", []byte(`{"v":1e999999999}`), "", jisr.Malformed},
		{"a name twice", []byte(`{"v":1,"v":2}`), "", jisr.Malformed},
		{"no JSON", []byte("programme: wat"), "", jisr.Malformed},
		{"nothing", nil, "", jisr.Malformed},
	}
}

func rec(a map[string]any) map[string]any {
	return a["records"].(map[string]any)["water_observation"].(map[string]any)
}

func codesOf(n int) []any {
	all := make([]any, n)
	for i := range all {
		all[i] = fmt.Sprint("r", i)
	}
	return all
}

// doubling makes definitions each of which holds the next twice: 2^n parts in a few lines.
func doubling(n int) string {
	var b strings.Builder
	b.WriteString(`{"$defs":{`)
	for i := range n {
		fmt.Fprintf(&b, `"d%d":{"allOf":[{"$ref":"#/$defs/d%d"},{"$ref":"#/$defs/d%d"}]},`, i, i+1, i+1)
	}
	fmt.Fprintf(&b, `"d%d":{"type":"string"}},"properties":{"station":{"$ref":"#/$defs/d0","x-label":{"ar":"أ","en":"a"}}}}`, n)
	return b.String()
}

func TestHostileAnnexesAreRefusedWhereTheyAreWrong(t *testing.T) {
	for _, h := range hostile(t) {
		_, err := programme.Compile(h.doc)
		var problems programme.Problems
		if !errors.As(err, &problems) {
			t.Errorf("%s: %v", h.name, err)
			continue
		}
		if !slices.ContainsFunc(problems, func(p programme.Problem) bool {
			return p.Refusal.Kind == h.kind && (h.path == "" || p.Path == h.path)
		}) {
			t.Errorf("%s: no %s at %s, but\n%v", h.name, h.kind, h.path, list(problems))
		}
	}
}

func list(all programme.Problems) string {
	var b strings.Builder
	for _, p := range all {
		fmt.Fprintf(&b, "  %s: %v\n", p.Path, p.Refusal)
	}
	return b.String()
}

func TestAnAnnexFromTheOtherSideHasOneEncoding(t *testing.T) {
	p := shipped(t, "wat")
	spaced := append([]byte(" "), p.Encode()...)
	if _, err := programme.Decode(spaced); err == nil {
		t.Error("an annex in another layout is taken as the one that was signed")
	}
	if q, err := programme.Compile(spaced); err != nil || q.Hash() != p.Hash() {
		t.Errorf("layout changes the hash: %v", err)
	}
}

func TestKeywordsThatLookAtSeveralValuesAreChecked(t *testing.T) {
	p := changed(t, "wat", func(a map[string]any) {
		s := rec(a)["schema"].(map[string]any)
		s["if"] = map[string]any{"properties": map[string]any{"method": map[string]any{"const": "rating-curve"}}}
		s["then"] = map[string]any{"required": []any{"rating_curve"}}
	})
	typ := p.Type("water_observation")
	if programme.Direct(typ) {
		t.Fatal("if and then are not noticed")
	}
	var r programme.Record
	if faults := typ.Check([]byte(reading), &r); len(faults) > 0 {
		t.Errorf("telemetry needs no curve: %v", faults)
	}
	faults := typ.Check([]byte(strings.Replace(reading, "telemetry", "rating-curve", 1)), &r)
	if len(faults) != 1 || faults[0].Path != "rating_curve" || faults[0].Clause != "3.1.11" || faults[0].Refusal.Kind != jisr.Missing {
		t.Errorf("a rating curve without its version: %v", faults)
	}
}
