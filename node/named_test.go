package node_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"testing"
	"time"

	"jisr"
	"jisr/book"
	"jisr/node"
	"jisr/node/nodetest"
)

// inspections is the water annex with inspections, which name a reading and carry photographs.
func inspections(t *testing.T) []byte {
	t.Helper()
	var annex map[string]any
	if err := json.Unmarshal(shortlived(t), &annex); err != nil {
		t.Fatal(err)
	}
	annex["order"] = append(annex["order"].([]any), "inspection")
	label := func(ar, en string) map[string]any { return map[string]any{"ar": ar, "en": en} }
	file := map[string]any{"type": "object", "x-type": "file", "x-label": label("صورة", "Photograph"), "additionalProperties": false, "required": []string{"name", "sha256", "size", "type"},
		"properties": map[string]any{"name": map[string]any{"type": "string", "maxLength": 200}, "sha256": map[string]any{"type": "string", "pattern": "^[0-9a-f]{64}$"},
			"size": map[string]any{"type": "integer", "minimum": 0}, "type": map[string]any{"type": "string", "maxLength": 127}}}
	annex["records"].(map[string]any)["inspection"] = map[string]any{"title": label("تفتيش", "Inspection"), "order": []string{"day", "reading", "photos"}, "list_columns": []string{"day", "reading"}, "time": "day",
		"handling": map[string]any{"default": "official", "min": "public", "max": "restricted"}, "retention": map[string]any{"period": "P1Y", "basis": "event", "then": "delete"},
		"limits": map[string]any{"files": 2, "file_bytes": 100_000, "file_types": []string{"image/png"}},
		"schema": map[string]any{"type": "object", "additionalProperties": false, "required": []string{"day", "reading"}, "properties": map[string]any{
			"day":     map[string]any{"type": "string", "format": "date", "x-label": label("اليوم", "Day")},
			"reading": map[string]any{"type": "string", "x-ref": "water_observation", "maxLength": 64, "x-label": label("القراءة", "Reading")},
			"photos":  map[string]any{"type": "array", "maxItems": 3, "items": file, "x-label": label("الصور", "Photographs")}}}}
	doc, err := json.Marshal(annex)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// uploads takes a file into a member's node.
func (p *pact) uploads(m jisr.MemberID, name, typ string, data []byte) string {
	p.t.Helper()
	n, by := p.Node(m), p.Official(m, "clerk", jisr.Roles()...)
	u, err := n.NewUpload(p.t.Context(), by, name, typ, int64(len(data)))
	if err == nil {
		_, err = n.WriteUpload(p.t.Context(), by, u.ID, 0, bytes.NewReader(data))
	}
	if err != nil {
		p.t.Fatal(err)
	}
	return u.ID
}

// TestRecordsNameOthersAndCarryFiles: a record names another that was sent, and no other; its files come with it, within the annex's
// bounds; the other side reads them byte for byte; a correction keeps them; they go when the record does.
func TestRecordsNameOthersAndCarryFiles(t *testing.T) {
	p, id := pactOn(t, inspections(t))
	p.inForce()
	p.sends("iq", id, flowOf(1, "300"), flowOf(2, "310")).Done()
	p.Settle()
	readings, err := p.Node("sy").Records(t.Context(), p.reader("sy"), book.RecordQuery{Forum: p.Forum, Programme: id, Type: "water_observation"})
	if err != nil || len(readings.Rows) != 2 {
		t.Fatal(err)
	}
	reading := readings.Rows[0].ID
	inspects := func(ref string, photos ...string) *nodetest.Actor {
		t.Helper()
		list := []map[string]string{}
		for _, up := range photos {
			list = append(list, map[string]string{"upload": up})
		}
		carried, err := json.Marshal(list)
		if err != nil {
			t.Fatal(err)
		}
		sy := p.As("sy")
		sy.Do(node.SendRecords{Forum: p.Forum, Programme: id, Type: "inspection", Records: []json.RawMessage{json.RawMessage(fmt.Sprintf(`{"day":"2026-12-05","reading":%q,"photos":%s}`, ref, carried))}})
		return sy
	}
	picture, other := bytes.Repeat([]byte("\x89PNG one "), 9_000), []byte("\x89PNG two")

	inspects("iq-01k00000000000000000000000.1").Refused(jisr.NoReference)
	inspects(readings.Rows[0].Batch.Name() + ".3").Refused(jisr.NoReference)
	inspects(reading, p.uploads("sy", "دليل.pdf", "application/pdf", other)).Refused(jisr.NotOneOf)
	inspects(reading, p.uploads("sy", "large.png", "image/png", make([]byte, 100_001))).Refused(jisr.TooLong)
	inspects(reading, p.uploads("sy", "a.png", "image/png", []byte("a")), p.uploads("sy", "b.png", "image/png", []byte("b")), p.uploads("sy", "c.png", "image/png", []byte("c"))).Refused(jisr.TooMany)
	inspects(reading, p.uploads("sy", "المقياس.png", "image/png", picture), p.uploads("sy", "two.png", "image/png", other)).Done()
	p.Settle()

	q := book.RecordQuery{Forum: p.Forum, Programme: id, Type: "inspection"}
	page, err := p.Node("iq").Records(t.Context(), p.reader("iq"), q)
	if err != nil || len(page.Rows) != 1 {
		t.Fatalf("%d inspections, %v", len(page.Rows), err)
	}
	row := page.Rows[0]
	files := row.Record.Named("file")
	if len(files) != 2 || files[0].File.Name != "المقياس.png" || files[0].File.Size != int64(len(picture)) {
		t.Fatalf("the record carries %+v", files)
	}
	reads := func(sum string, want []byte) {
		t.Helper()
		for _, m := range p.parties {
			p.Until("the file is at "+string(m), func() bool {
				r, _, err := p.Node(m).RecordFile(t.Context(), p.reader(m), p.Forum, id, "inspection", row.ID, sum)
				if err != nil {
					return false
				}
				got, err := io.ReadAll(r)
				if err != nil || !bytes.Equal(got, want) {
					t.Errorf("%s reads %d bytes, %v", m, len(got), err)
				}
				return r.Close() == nil
			})
		}
	}
	reads(files[0].File.SHA256, picture)
	reads(files[1].File.SHA256, other)
	_, _, err = p.Node("iq").RecordFile(t.Context(), p.reader("iq"), p.Forum, id, "inspection", row.ID, "00")
	p.refusedAs(err, jisr.NoSuch)

	// A correction keeps the first file, and brings another.
	sy := p.As("sy")
	first, err := json.Marshal(files[0].File)
	if err != nil {
		t.Fatal(err)
	}
	third := p.uploads("sy", "three.png", "image/png", []byte("three"))
	sy.Do(node.CorrectRecords{Forum: p.Forum, Batch: row.Batch, Records: map[int]json.RawMessage{1: json.RawMessage(fmt.Sprintf(`{"day":"2026-12-06","reading":%q,"photos":[%s,{"upload":%q}]}`, reading, first, third))}, Reason: "تاريخ"})
	sy.Done()
	p.Settle()
	v, err := p.Node("iq").Record(t.Context(), p.reader("iq"), p.Forum, id, "inspection", row.ID)
	if err != nil || v.RecordRow.Record == nil || v.RecordRow.Record.Show("day") != "2026-12-06" {
		t.Fatalf("the corrected record: %+v, %v", v.RecordRow, err)
	}
	reads(files[0].File.SHA256, picture)
	reads(v.RecordRow.Record.Named("file")[1].File.SHA256, []byte("three"))
	sy.Do(node.CorrectRecords{Forum: p.Forum, Batch: row.Batch, Records: map[int]json.RawMessage{1: json.RawMessage(fmt.Sprintf(`{"day":"2026-12-06","reading":%q,"photos":[{"name":"x.png","sha256":"%064d","size":1,"type":"image/png"}]}`, reading, 7))}})
	sy.Refused(jisr.NoFile)

	// A reading that was withdrawn is named no more.
	iq := p.As("iq")
	iq.Do(node.WithdrawRecords{Forum: p.Forum, Batch: readings.Rows[0].Batch, Places: jisr.PlacesOf(readings.Rows[0].Place)})
	iq.Done()
	p.Settle()
	inspects(reading).Refused(jisr.NoReference)

	// The files go with the records, on both sides.
	p.Pass(400 * 24 * time.Hour)
	for _, m := range p.parties {
		p.Until("the records are kept no longer at "+string(m), func() bool {
			page, err := p.Node(m).Records(t.Context(), p.reader(m), q)
			return err == nil && page.All == 0
		})
		_, _, err := p.Node(m).RecordFile(t.Context(), p.reader(m), p.Forum, id, "inspection", row.ID, files[0].File.SHA256)
		p.refusedAs(err, jisr.NoSuch)
		refs, err := p.Node(m).Files(t.Context(), book.Whole(), p.Forum, v.State.Sent.Position)
		for _, f := range refs {
			if f.Held > 0 {
				t.Errorf("%s holds %d bytes of a file that was to be erased", m, f.Held)
			}
		}
		if err != nil {
			t.Error(err)
		}
	}
}
