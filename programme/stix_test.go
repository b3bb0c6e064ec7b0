package programme_test

import (
	"bytes"
	"encoding/json"
	"net/url"
	"os"
	"path"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"jisr/programme"
)

// stixSchemas compiles the JSON schemas that OASIS publishes for STIX 2.1 (testdata/stix), by type of object.
func stixSchemas(t *testing.T) func(typ string) *jsonschema.Schema {
	t.Helper()
	c := jsonschema.NewCompiler()
	c.UseLoader(schemaFiles{})
	folder := map[string]string{"sighting": "sros", "marking-definition": "common"}
	return func(typ string) *jsonschema.Schema {
		t.Helper()
		dir := folder[typ]
		if dir == "" {
			dir = "sdos"
		}
		s, err := c.Compile("http://raw.githubusercontent.com/oasis-open/cti-stix2-json-schemas/stix2.1/schemas/" + dir + "/" + typ + ".json")
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
}

// schemaFiles finds a schema by the last two parts of its address.
type schemaFiles struct{}

func (schemaFiles) Load(address string) (any, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	f, err := os.Open("testdata/stix/" + path.Base(path.Dir(u.Path)) + "/" + path.Base(u.Path))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return jsonschema.UnmarshalJSON(f)
}

// stix reads a bundle, holds each of its objects against the published schema, and gives them by type.
func stix(t *testing.T, raw []byte) map[string][]map[string]any {
	t.Helper()
	var b struct {
		Type, ID string
		Objects  []map[string]any
	}
	if err := json.Unmarshal(raw, &b); err != nil || b.Type != "bundle" || !strings.HasPrefix(b.ID, "bundle--") {
		t.Fatalf("no bundle: %v\n%s", err, raw)
	}
	schema := stixSchemas(t)
	if schema("report").Validate(map[string]any{"type": "report", "id": "report--1"}) == nil {
		t.Error("the published schema lets everything pass")
	}
	all, seen := map[string][]map[string]any{}, map[string]bool{}
	for _, o := range b.Objects {
		typ, id := o["type"].(string), o["id"].(string)
		if err := schema(typ).Validate(o); err != nil {
			t.Errorf("%s: %v", id, err)
		}
		if seen[id] {
			t.Errorf("%s stands twice", id)
		}
		seen[id] = true
		all[typ] = append(all[typ], o)
	}
	for _, o := range b.Objects { // what an object refers to is there, but what is sighted
		for _, name := range []string{"created_by_ref", "object_refs", "object_marking_refs", "where_sighted_refs"} {
			refs, ok := o[name].([]any)
			if one, is := o[name].(string); is {
				refs, ok = []any{one}, true
			}
			for _, ref := range refs {
				if ok && !seen[ref.(string)] {
					t.Errorf("%s refers to %s, which is not in the bundle", o["id"], ref)
				}
			}
		}
	}
	return all
}

func TestThreatReportsAreSTIX(t *testing.T) {
	const full = `{"ref":"T-1","report_type":"indicator","title":{"ar":"خادم تحكم","en":"Command server"},"threat_category":"cyber","summary":"خادم","reported_at":"2026-11-23T06:00:00+03:00",` +
		`"valid_until":"2027-11-23T06:00:00Z","location_admin":"IQ-NI","location":{"lat":36.3,"lon":43.1},"indicator_type":"malicious-activity","indicator_pattern":"[ipv4-addr:value = '198.51.100.7']",` +
		`"attack_refs":["T1071","T1059.001"],"source_reliability":"B","info_credibility":"2","confidence":70,"pap":"AMBER"}`
	const least = `{"ref":"T-2","report_type":"warning","title":{"ar":"تحذير"},"threat_category":"drugs","summary":"تحذير","reported_at":"2026-11-23T06:00:00Z","valid_until":"2026-12-23T06:00:00Z",` +
		`"source_reliability":"F","info_credibility":"6","pap":"RED"}`
	out := export(t, "sec", "threat_report", programme.STIX, full, least)
	if !bytes.Equal(out, export(t, "sec", "threat_report", programme.STIX, full, least)) {
		t.Error("the same records make two bundles")
	}
	all := stix(t, out)
	if len(all["report"]) != 2 || len(all["indicator"]) != 1 || len(all["attack-pattern"]) != 2 || len(all["location"]) != 1 || len(all["identity"]) != 1 || len(all["marking-definition"]) != 1 {
		t.Fatalf("objects: %v", all)
	}
	r, i, l := all["report"][0], all["indicator"][0], all["location"][0]
	if r["name"] != "Command server" || r["published"] != "2026-11-23T03:00:00.000Z" || r["confidence"] != 70.0 || len(r["object_refs"].([]any)) != 5 || all["report"][1]["name"] != "تحذير" {
		t.Errorf("report %v", r)
	}
	if i["pattern"] != "[ipv4-addr:value = '198.51.100.7']" || i["valid_until"] != "2027-11-23T06:00:00.000Z" || l["country"] != "IQ" || l["latitude"] != 36.3 {
		t.Errorf("indicator %v, location %v", i, l)
	}

	seen := stix(t, export(t, "sec", "sighting", programme.STIX, `{"report":"r1","sighted_at":"2026-11-24T06:00:00Z","count":3,"result":"confirmed"}`))
	if s := seen["sighting"]; len(s) != 1 || s[0]["sighting_of_ref"] != r["id"] || s[0]["count"] != 3.0 {
		t.Errorf("the sighting is of %v, the report is %v", s, r["id"])
	}
}
