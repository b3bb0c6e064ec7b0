package programme

import (
	"bufio"
	"cmp"
	"crypto/sha1"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"time"

	"jisr"
)

// Threat reports and sightings as a bundle of STIX 2.1 (OASIS Standard of 10 June 2021), for tools that know nothing of us. An object has the
// same id whenever and by whichever side it is written: ids are UUIDs of version 5 of the record's name.

// stixNames is the namespace of our ids (RFC 9562 section 6.6): 5d1c8f0e-94f4-4d0c-9c51-6a1a0f3d7b02.
const stixNames = "\x5d\x1c\x8f\x0e\x94\xf4\x4d\x0c\x9c\x51\x6a\x1a\x0f\x3d\x7b\x02"

// tlpExtension is the extension of marking definitions by which TLP 2.0 is told (OASIS, cti-stix-common-objects).
const tlpExtension = "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d"

// stixObject is one object of a bundle.
type stixObject map[string]any

// tlp is the marking definition of TLP 2.0 for a level of handling, as OASIS published them.
func tlp(h jisr.Handling) stixObject {
	m := map[jisr.Handling][2]string{
		jisr.HandlingPublic:       {"clear", "94868c89-83c2-464b-929b-a1a8aa3c8487"},
		jisr.HandlingOfficial:     {"green", "bab4a63c-aed9-4cf5-a766-dfca5abac2bb"},
		jisr.HandlingRestricted:   {"amber", "55d920b0-5e8b-4f79-9ee9-91f868d9b421"},
		jisr.HandlingConfidential: {"amber+strict", "939a9414-2ddd-4d32-a0cd-375ea402b003"},
		jisr.HandlingSecret:       {"red", "e828b379-4e03-4974-9ac4-e53a884c97c1"},
	}[h.Level()]
	return stixObject{"type": "marking-definition", "spec_version": "2.1", "id": "marking-definition--" + m[1], "created": "2022-10-01T00:00:00.000Z", "name": "TLP:" + strings.ToUpper(m[0]),
		"extensions": map[string]any{tlpExtension: map[string]any{"extension_type": "property-extension", "tlp_2_0": m[0]}}}
}

// stixID names an object of ours: a name-based UUID (RFC 9562 section 5.5), which is no secret and no proof of anything.
func stixID(typ, name string) string {
	sum := sha1.Sum([]byte(stixNames + typ + " " + name))
	sum[6], sum[8] = sum[6]&0x0f|0x50, sum[8]&0x3f|0x80
	h := hex.EncodeToString(sum[:16])
	return typ + "--" + strings.Join([]string{h[:8], h[8:12], h[12:16], h[16:20], h[20:32]}, "-")
}

// stixTime is a timestamp (section 2.16): UTC, in milliseconds.
func stixTime(at time.Time) string { return at.UTC().Format("2006-01-02T15:04:05.000Z") }

// bundle writes objects once each.
type bundle struct {
	w    *bufio.Writer
	seen map[string]bool
	name string // of what was written, for the bundle's id
}

func (b *bundle) add(o stixObject) error {
	id := o["id"].(string) // every object is made here, with one
	if b.seen[id] {
		return nil
	}
	raw, err := json.Marshal(o)
	if err != nil {
		return fmt.Errorf("internal error: a checked record is no STIX object: %w", err)
	}
	if len(b.seen) > 0 {
		b.w.WriteString(",\n") // Flush tells the error
	}
	b.seen[id] = true
	b.name = stixID("bundle", b.name+id)
	b.w.Write(raw)
	return nil
}

// writeBundle writes records as a bundle: of a report itself, what it indicates and where; of a sighting what was seen.
func (t *Type) writeBundle(w io.Writer, p *Programme, items iter.Seq[Item]) error {
	if !t.tellsThreats() {
		return jisr.Refuse(jisr.Missing, "x-std")
	}
	b := &bundle{w: bufio.NewWriter(w), seen: map[string]bool{}}
	b.w.WriteString(`{"type":"bundle","objects":[`)
	for it := range items {
		for _, o := range t.stixObjects(p, it) {
			if err := b.add(o); err != nil {
				return err
			}
		}
	}
	b.w.WriteString(`],"id":"` + stixID("bundle", p.Name()+" "+b.name) + "\"}\n")
	return b.w.Flush()
}

// tellsThreats tells whether records of the type are reports or sightings.
func (t *Type) tellsThreats() bool {
	return t.std("report.name") != nil || t.std("sighting.sighting_of_ref") != nil
}

// stixObjects are the objects of one record, those that others refer to first.
func (t *Type) stixObjects(p *Programme, it Item) []stixObject {
	marking := tlp(it.Handling)
	who := stixObject{"type": "identity", "spec_version": "2.1", "id": stixID("identity", string(it.By)), "created": stixTime(time.Unix(0, 0)), "modified": stixTime(time.Unix(0, 0)),
		"name": string(it.By), "identity_class": "organization", "sectors": []string{"government"}}
	objects := []stixObject{marking, who}
	if t.std("report.name") != nil {
		return append(objects, t.stixReport(p, it, marking, who)...)
	}
	return append(objects, t.stixSighting(it, marking, who))
}

// Threat is one STIX object of a record.
type Threat struct {
	ID, Type, Version string // Version is modified, else created (TAXII 2.1 section 3.4.1)
	First             bool   // nothing was changed since it was created
	Raw               json.RawMessage
}

// Threats are the STIX objects of a record, for faces that serve them one by one; Missing where the type has none.
func (p *Programme) Threats(t *Type, it Item) ([]Threat, error) {
	if !slices.Contains(t.Exports(), STIX) || !t.tellsThreats() {
		return nil, jisr.Refuse(jisr.Missing, "x-std")
	}
	var all []Threat
	for _, o := range t.stixObjects(p, it) {
		raw, err := json.Marshal(o)
		if err != nil {
			return nil, fmt.Errorf("internal error: a checked record is no STIX object: %w", err)
		}
		created, _ := o["created"].(string)
		modified, _ := o["modified"].(string)
		id, _ := o["id"].(string)
		typ, _ := o["type"].(string)
		all = append(all, Threat{id, typ, cmp.Or(modified, created), modified == "" || modified == created, raw})
	}
	return all, nil
}

// stixCommon is what every object of a record has (section 3.2).
func stixCommon(typ, name string, it Item, marking, who stixObject) stixObject {
	o := stixObject{"type": typ, "spec_version": "2.1", "id": stixID(typ, name), "created": stixTime(it.Sent), "modified": stixTime(it.Sent), "created_by_ref": who["id"], "object_marking_refs": []any{marking["id"]}}
	if it.Changed.After(it.Sent) { // section 3.6: who reads by id takes the newest
		o["modified"] = stixTime(it.Changed)
	}
	if it.Withdrawn {
		o["revoked"] = true
	}
	if it.Synthetic {
		o["labels"] = []string{"synthetic"}
	}
	return o
}

func (o stixObject) set(name, value string) {
	if value != "" {
		o[name] = value
	}
}

func (o stixObject) setTime(name, value string) {
	if at, err := time.Parse(time.RFC3339Nano, value); err == nil {
		o[name] = stixTime(at)
	}
}

// label adds to the labels.
func (o stixObject) label(value string) {
	if value == "" {
		return
	}
	all, _ := o["labels"].([]string)
	o["labels"] = append(all, value)
}

// stixReport is a report (section 4.16) and what it refers to.
func (t *Type) stixReport(p *Programme, it Item, marking, who stixObject) []stixObject {
	at := func(std string) string { return t.show(it.Record, std) }
	r := stixCommon("report", it.ID, it, marking, who)
	f := t.std("report.name")
	r["name"] = cmp.Or(it.part(t.index[f.Name], "en"), it.part(t.index[f.Name], "ar"), it.Show(f.Name))
	r.set("description", at("report.description"))
	r["report_types"] = []string{at("report.report_types")}
	r.label(at("report.labels"))
	r["published"] = stixTime(it.Sent)
	r.setTime("published", at("report.published"))
	r["external_references"] = []stixObject{{"source_name": "jisr", "external_id": it.ID}, {"source_name": p.Name(), "external_id": cmp.Or(at("report.external_references"), it.ID)}}
	n, known := t.stixFigure(it, "confidence")
	if known {
		r["confidence"] = int(n)
	}
	var more []stixObject
	if pattern := at("indicator.pattern"); pattern != "" {
		i := stixCommon("indicator", it.ID, it, marking, who)
		i["name"], i["pattern"], i["pattern_type"] = r["name"], pattern, "stix"
		i["indicator_types"] = []string{cmp.Or(at("indicator.indicator_types"), "unknown")}
		i["valid_from"] = r["published"]
		i.setTime("valid_until", at("indicator.valid_until"))
		if known {
			i["confidence"] = int(n)
		}
		more = append(more, i)
	}
	more = append(more, t.stixTechniques(it, marking, who)...)
	if l := t.stixPlace(p, it, marking, who); l != nil {
		more = append(more, l)
	}
	refs := []any{who["id"]}
	for _, o := range more {
		refs = append(refs, o["id"])
	}
	r["object_refs"] = refs
	return append(more, r)
}

// slotOfStd is the place of the field that stands for a part of the standard; noSlot: there is none.
func (t *Type) slotOfStd(std string) int {
	if f := t.std(std); f != nil {
		return t.index[f.Name]
	}
	return noSlot
}

// stixFigure is the figure that stands for a part of the standard.
func (t *Type) stixFigure(it Item, std string) (float64, bool) {
	slot := t.slotOfStd(std)
	if slot == noSlot || !it.Has(slot) {
		return 0, false
	}
	return it.Number(slot)
}

// stixTechniques are the techniques of ATT&CK that a report names (section 4.1).
func (t *Type) stixTechniques(it Item, marking, who stixObject) (all []stixObject) {
	slot := t.slotOfStd("attack-pattern.external_references")
	if slot == noSlot || !it.Has(slot) {
		return nil
	}
	var ids []string
	if json.Unmarshal(it.Value(slot), &ids) != nil {
		return nil
	}
	for _, id := range ids {
		o := stixCommon("attack-pattern", it.ID+" "+id, it, marking, who)
		o["name"], o["external_references"] = id, []stixObject{{"source_name": "mitre-attack", "external_id": id}}
		all = append(all, o)
	}
	return all
}

// stixPlace is where it was (section 4.13); nil: the record does not say.
func (t *Type) stixPlace(p *Programme, it Item, marking, who stixObject) stixObject {
	o := stixCommon("location", it.ID, it, marking, who)
	if f := t.std("location.administrative_area"); f != nil && it.Has(t.index[f.Name]) {
		code := it.Show(f.Name)
		country, _, _ := strings.Cut(code, "-") // ISO 3166-2
		o["administrative_area"], o["country"] = code, country
		if c := p.Code(f.Codes, code); c != nil {
			o.set("name", c.En)
		}
	}
	if i := t.slotOfStd("location"); i != noSlot && it.Has(i) {
		o["latitude"], o["longitude"] = json.Number(it.part(i, "lat")), json.Number(it.part(i, "lon"))
	}
	if o["country"] == nil && o["latitude"] == nil {
		return nil
	}
	return o
}

// stixSighting is a sighting (section 5.2) of the report that the record refers to. The report itself is in another bundle.
func (t *Type) stixSighting(it Item, marking, who stixObject) stixObject {
	at := func(std string) string { return t.show(it.Record, std) }
	o := stixCommon("sighting", it.ID, it, marking, who)
	o["sighting_of_ref"] = stixID("report", at("sighting.sighting_of_ref"))
	o["where_sighted_refs"] = []any{who["id"]}
	o.setTime("last_seen", at("sighting.last_seen"))
	o.set("description", at("sighting.description"))
	if n, ok := t.stixFigure(it, "sighting.count"); ok {
		o["count"] = int(n)
	}
	return o
}
