package node_test

import (
	"slices"
	"testing"

	"jisr"
	"jisr/node"
)

func TestCadence(t *testing.T) {
	for _, c := range []struct {
		text   string
		months int
		to     jisr.Date
		want   []jisr.Date
	}{
		{"FREQ=MONTHLY;INTERVAL=3", 0, "2027-01-01", []jisr.Date{"2026-06-15", "2026-09-15", "2026-12-15"}},
		{"", 3, "2026-10-01", []jisr.Date{"2026-06-15", "2026-09-15"}},
		{"FREQ=MONTHLY;BYDAY=1MO", 0, "2026-05-30", []jisr.Date{"2026-04-06", "2026-05-04"}},
		{"FREQ=YEARLY", 0, "2026-12-31", nil},
		{"FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", 0, "2199-12-31", nil}, // a day that never comes
		{"", 0, "2027-01-01", nil},
	} {
		got, err := node.CadenceDays(&jisr.Body{BodyTerms: jisr.BodyTerms{Cadence: c.text, Months: c.months}}, "2026-03-15", c.to)
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%q: %v %v, want %v", c.text, got, err, c.want)
		}
	}
	for _, bad := range []string{"FREQ=SECONDLY", "FREQ=HOURLY;INTERVAL=1", "FREQ=DAILY;BYHOUR=1,2", "FREQ=DAILY;INTERVAL=100000", "every month", "FREQ="} {
		if _, err := node.CadenceDays(&jisr.Body{BodyTerms: jisr.BodyTerms{Cadence: bad}}, "2026-03-15", "2027-01-01"); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

// Another member writes the cadence of a body: whatever it says, an answer comes.
func FuzzCadence(f *testing.F) {
	for _, s := range []string{"FREQ=MONTHLY;INTERVAL=3", "FREQ=MONTHLY;BYDAY=-1FR;COUNT=4", "FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO", "FREQ=DAILY;UNTIL=20300101T000000Z", "FREQ=YEARLY;BYSETPOS=-1;BYYEARDAY=366"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		days, err := node.CadenceDays(&jisr.Body{BodyTerms: jisr.BodyTerms{Cadence: s}}, "2026-03-15", "2030-01-01")
		if err != nil && days != nil {
			t.Fatal("days with a refusal")
		}
		for i, d := range days {
			if !d.Valid() || d <= "2026-03-15" || d > "2030-01-01" || i > 0 && days[i-1] >= d {
				t.Fatalf("%q gives %v", s, days)
			}
		}
	})
}
