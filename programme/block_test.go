package programme

import (
	"errors"
	"testing"
)

// TestABlockAsksForWhatWasKept: a field that is compared with nothing has no column; a block that is read again and kept
// again does not ask for one.
func TestABlockAsksForWhatWasKept(t *testing.T) {
	doc, err := ReadShipped("hea")
	if err != nil {
		t.Fatal(err)
	}
	p, err := Compile(doc)
	if err != nil {
		t.Fatal(err)
	}
	typ := p.Type("health_event")
	var r Record
	raw := `{"ref":"a","detected_on":"2026-11-01","disease":"A00","always_notifiable":false,"crit_serious":"yes","crit_unusual":"no","crit_spread":"yes","crit_restrict":"no","location_admin":"IQ-AN","cases_suspected":3,"cases_confirmed":2,"deaths":0,"open":true,"measures":{"ar":"تدبير"}}`
	if faults := typ.Check([]byte(raw), &r); len(faults) > 0 {
		t.Fatal(faults)
	}
	kept := map[int][]byte{}
	for b, rows := NewBlock(typ), 1; rows < 3; rows++ {
		b.Add(&r)
		for i := range typ.Fields {
			if data := b.Column(i); data != nil { // nothing is kept of an i18n text
				kept[i] = data
			}
		}
		if err := b.Err(); err != nil {
			t.Fatalf("with %d records: %v", rows, err)
		}
		b = OpenBlock(typ, rows, func(i int) ([]byte, error) {
			if kept[i] == nil {
				return nil, errors.New("no such column")
			}
			return kept[i], nil
		})
	}
	if len(kept) == len(typ.Fields) {
		t.Error("every field is kept: there is nothing to ask in vain for")
	}
}
