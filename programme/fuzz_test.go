package programme_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"jisr"
	"jisr/programme"
)

// beyond are the kinds of refusal that the annex language adds to JSON Schema: the library knows nothing of them.
func beyond() []jisr.RefusalKind {
	return []jisr.RefusalKind{jisr.NoSuchCode, jisr.CodeEnded, jisr.ReadOnly}
}

// FuzzCheck holds the scanner against two readers nobody here wrote: what encoding/json cannot read is refused, and
// what it reads gets the verdict of the JSON Schema library, but for what the annex language adds.
func FuzzCheck(f *testing.F) {
	probe, err := programme.Compile([]byte(probeAnnex))
	if err != nil {
		f.Fatal(err)
	}
	types := []*programme.Type{probe.Type("everything"), shipped(f, "wat").Type("water_observation"), shipped(f, "cul").Type("object_notice")}
	references := make([]*jsonschema.Schema, len(types))
	for i, typ := range types {
		if references[i], err = programme.Reference(typ); err != nil {
			f.Fatal(err)
		}
		if !programme.Direct(typ) {
			f.Fatalf("type %d is not checked by the scanner alone", i)
		}
		for _, r := range seeds() {
			f.Add(i, []byte(r))
		}
	}
	f.Fuzz(func(t *testing.T, which int, raw []byte) {
		i := uint(which) % uint(len(types))
		typ, reference := types[i], references[i]
		var r programme.Record
		faults := typ.Check(raw, &r)
		if len(faults) == 0 && !json.Valid(raw) {
			t.Fatalf("passes and is no JSON: %q", raw)
		}
		tree, err := programme.Tree(raw)
		if err != nil {
			if len(faults) == 0 {
				t.Fatalf("passes, and a strict reader refuses it: %v", err)
			}
			return
		}
		ours := !slices.ContainsFunc(faults, func(f programme.Fault) bool { return !slices.Contains(beyond(), f.Refusal.Kind) })
		if theirs := reference.Validate(tree); ours != (theirs == nil) {
			t.Fatalf("record %s\nours: %v\ntheirs: %v", raw, faults, theirs)
		}
	})
}

func seeds() []string {
	return []string{
		reading, `{}`, `{"text":"ab","whole":3,"amount":0.5,"flag":true,"day":"2024-02-29","at":"2026-11-23T06:00:00.25Z","list":["x","y"],"place":{"lat":1,"lon":2},"pick":"b"}`,
		`{"whole":1.0,"amount":1e2}`, `{"text":"a\u0062\ud83d\ude00","whole":-0}`, `{"list":[],"place":{"lat":91,"lon":2,"x":1}}`, `{"amount":0.30000000000000004,"whole":9007199254740993}`,
		`{"text":"\ud800"}`, ` { "text" : "قياس" } `, `{"day":"2023-02-29","at":"2026-11-23T24:00:00Z"}`, `{"text":null,"flag":"true","list":{"a":1}}`, `[{"a":[1,2,{"b":null}]}]`, `"x"`, `{"text":"a","text":"b"}`,
		`{"amount":10.000000000000000001}`, `{"amount":10}`, `{"code":"A-77","code2":1}`,
	}
}

// probeAnnex has a field for each check the scanner makes.
const probeAnnex = `{"v":1,"programme":"probe","version":"1.0.0","title":{"ar":"مجس","en":"Probe"},"purpose":{"ar":"اختبار","en":"Test"},"legal_basis":[],
"parties":["iq","sy"],"offset":"+03:00","order":["everything"],"change":{"by":"agreement","notice":"P1D"},"records":{"everything":{
"title":{"ar":"كل شيء","en":"Everything"},"order":["text","whole","amount","flag","day","at","list","place","pick","code"],"list_columns":["text"],"time":"day",
"handling":{"default":"public","min":"public","max":"public"},"retention":{"period":"P1Y","basis":"event","then":"delete"},
"schema":{"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object","additionalProperties":false,"required":["text","whole"],
"$defs":{"place":{"type":"object","x-type":"geo","required":["lat","lon"],"additionalProperties":false,"properties":{
"lat":{"type":"number","minimum":-90,"maximum":90,"x-label":{"ar":"عرض","en":"Latitude"}},"lon":{"type":"number","minimum":-180,"maximum":180,"x-label":{"ar":"طول","en":"Longitude"}}}}},
"properties":{"text":{"type":"string","minLength":2,"maxLength":5,"x-label":{"ar":"نص","en":"Text"}},
"whole":{"type":"integer","exclusiveMinimum":0,"exclusiveMaximum":100,"x-label":{"ar":"عدد","en":"Whole"}},
"amount":{"type":"number","minimum":0.3,"maximum":10,"x-label":{"ar":"مقدار","en":"Amount"}},
"flag":{"type":"boolean","x-label":{"ar":"علم","en":"Flag"}},"day":{"type":"string","format":"date","x-label":{"ar":"يوم","en":"Day"}},
"at":{"type":"string","format":"date-time","x-label":{"ar":"وقت","en":"Time"}},
"list":{"type":"array","minItems":1,"maxItems":3,"items":{"type":"string","maxLength":2},"x-label":{"ar":"قائمة","en":"List"}},
"place":{"$ref":"#/$defs/place","x-label":{"ar":"مكان","en":"Place"}},
"pick":{"type":"string","enum":["a","b"],"x-label":{"ar":"اختيار","en":"Pick"}},
"code":{"type":"string","pattern":"^[A-Z]-[0-9]+$","x-label":{"ar":"رمز","en":"Code"}}}}}}}`

// FuzzCompile wants every document refused or compiled into an annex with one encoding, in bounded time.
func FuzzCompile(f *testing.F) {
	f.Add([]byte(probeAnnex))
	for _, h := range hostile(f) {
		if len(h.doc) < 3_000 {
			f.Add(h.doc)
		}
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		p, err := programme.Compile(doc)
		if err != nil {
			return
		}
		again, err := programme.Decode(p.Encode())
		if err != nil || again.Hash() != p.Hash() {
			t.Fatalf("its own encoding is another annex: %v", err)
		}
	})
}

// FuzzCanonical wants one encoding: canonical again is the same bytes, and means the same to encoding/json.
func FuzzCanonical(f *testing.F) {
	for _, s := range []string{`{"b":1.50,"a":[true,null,"é\u00e9\n"]}`, `{"\ud83d\ude00":1,"\ufb33":2}`, `1e21`, `-0.0000001`, `"\u0001\u007f"`, probeAnnex} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		one, err := programme.Canonical(doc)
		if err != nil {
			return
		}
		two, err := programme.Canonical(one)
		if err != nil || !bytes.Equal(one, two) {
			t.Fatalf("not stable: %q then %q, %v", one, two, err)
		}
		var a, b any
		if json.Unmarshal(doc, &a) != nil || json.Unmarshal(one, &b) != nil {
			t.Fatalf("%q passes here only", doc)
		}
		if !cmp.Equal(a, b) {
			t.Fatalf("%q became %q", doc, one)
		}
	})
}

// FuzzFormula wants every formula refused or ended.
func FuzzFormula(f *testing.F) {
	for _, s := range []string{"a - b", "100 * a / b", "if(a > b, a, -b)", "count_yes(a == 1, b == 1) >= 2", "((((a))))", "left('abc', 2)", "max(a, b, c) + round(a / 3)", "not has(a)", "of(a, 'x')"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) { _, _ = programme.Formula(s, [3]float64{1, 0, -3}) })
}

func TestFormulas(t *testing.T) {
	for s, want := range map[string]string{
		"a - b": "-2", "100 * a / b": "33.333333333333336", "a / 0": "", "a + null": "", "if(a > b, a, -b)": "-3", "sum(a, null, b)": "4", "1 + 2 * 3 == 7": "true",
		"a < b and not (a == 2 or b == 2)": "true", "min(a, b, c)": "1", "first(null, c)": "5", "left('0804', 2)": "08", "count_yes(a == 1, b == 1, 'yes' == 'no') >= 1": "true",
		"abs(-c)": "5", "- -a": "1", "has(null)": "false", "null != a": "true", "null == a": "false", "days(null, null)": "",
	} {
		if got, err := programme.Formula(s, [3]float64{1, 3, 5}); err != nil || got != want {
			t.Errorf("%s is %q, %v; want %q", s, got, err, want)
		}
	}
	for _, s := range []string{"", "a +", "a b", "(a", "d", "a + 'x'", "a and b", "sum()", "abs(a, b)", "while(a)", "a = b", "'x", "if(a, b, c)", "of(a)", "@", strings.Repeat("(", 50) + "a" + strings.Repeat(")", 50),
		strings.Repeat("a+", 200) + "a", strings.Repeat("-", 30) + "a", "9..9"} {
		if got, err := programme.Formula(s, [3]float64{}); err == nil {
			t.Errorf("%q passes and is %q", s, got)
		}
	}
}
