package programme_test

import (
	"encoding/json"
	"fmt"
	"math"
	"testing"

	"jisr/programme"
)

// TestABlockKeepsWhatItWasGiven: what is read back of the columns of a block is what its records say, however often records were
// put in the place of others.
func TestABlockKeepsWhatItWasGiven(t *testing.T) {
	typ := shipped(t, "wat").Type("water_observation")
	record := func(i int) *programme.Record {
		raw := fmt.Sprintf(`{"station":"HSB","river":"euphrates","property":"discharge","time":"2026-12-01T06:00:00+03:00","aggregation":"instant","value":%d.5,"unit":"MQS","quality":"good","method":"telemetry","remark":"ملاحظة %d"}`, i, i)
		r := &programme.Record{}
		if faults := typ.Check([]byte(raw), r); len(faults) > 0 {
			t.Fatal(faults)
		}
		return r
	}
	b := programme.NewBlock(typ)
	for i := range 20 {
		b.Add(record(i))
	}
	b.Add(nil)
	for i := range 20_000 { // more texts than a block has rows
		b.Set(i%20, record(i))
	}
	columns := map[int][]byte{}
	for i := range typ.Fields {
		columns[i] = b.Column(i)
	}
	again := programme.OpenBlock(typ, b.Rows(), func(field int) ([]byte, error) { return columns[field], nil })
	for i, f := range typ.Fields {
		for row := range 20 {
			want := record(19_980 + row)
			figures, texts := f.Compared()
			if texts && again.Text(i, row) != want.Text(i) {
				t.Fatalf("%s of row %d is %q, want %q", f.Name, row, again.Text(i, row), want.Text(i))
			}
			if n, ok := want.Number(i); figures && ok && again.Figure(i, row) != n {
				t.Fatalf("%s of row %d is %v, want %v", f.Name, row, again.Figure(i, row), n)
			}
		}
		if !math.IsNaN(again.Figure(i, 20)) || again.Text(i, 20) != "" {
			t.Fatalf("a row without a record has %s", f.Name)
		}
	}
	if err := again.Err(); err != nil {
		t.Fatal(err)
	}
	short := programme.OpenBlock(typ, b.Rows()+1, func(field int) ([]byte, error) { return columns[field], nil })
	short.Figure(fieldAt(typ, "value"), 0)
	if short.Err() == nil {
		t.Error("a column of another length is taken")
	}
}

func fieldAt(t *programme.Type, name string) int {
	for i, f := range t.Fields {
		if f.Name == name {
			return i
		}
	}
	return -1
}

// FuzzSplit: of a list of objects, splitting by braces finds the same objects as decoding; of anything else it ends.
func FuzzSplit(f *testing.F) {
	for _, s := range []string{`[]`, `[{"a":1},{"b":"}\"{"}]`, `[{"a":[{"b":{}}]}`, `[{"a":"\\"}, {"b":2}]`, `{"a":1}`, `[1]`, "[{\"\\"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, list []byte) {
		var got []string
		whole := programme.Split(list, func(from, to int) {
			if from < 0 || to <= from || to > len(list) {
				t.Fatalf("%d to %d of %d bytes", from, to, len(list))
			}
			got = append(got, string(list[from:to]))
		})
		var want []json.RawMessage
		if json.Unmarshal(list, &want) != nil || list[0] != '[' && len(want) == 0 {
			return
		}
		for _, w := range want {
			if w[0] != '{' {
				return
			}
		}
		if !whole || len(got) != len(want) {
			t.Fatalf("%q gives %q", list, got)
		}
		for i := range want {
			if got[i] != string(want[i]) {
				t.Fatalf("object %d of %q is %q", i, list, got[i])
			}
		}
	})
}
