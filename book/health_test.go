package book_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	"jisr"
	"jisr/book"
)

// BenchmarkFigures reads what a page needs of 10,000 commitments when something has just changed: the figures of the register, and
// how much waits. The file is encrypted, as by default.
func BenchmarkFigures(b *testing.B) {
	h := newHistory(b, 1, "iq", "sy")
	h.join()
	sectors := jisr.Sectors()
	for i := range 10_000 {
		if i%1000 == 0 {
			h.syncAll("iq")
		}
		office := func(m jisr.MemberID) jisr.Office {
			return jisr.Office{Member: m, Desk: jisr.DeskID(fmt.Sprintf("office.%d", i%40)), Name: jisr.Text{"ar": "المكتب", "en": "Office"}}
		}
		terms := jisr.CommitmentTerms{Type: jisr.Deliverable, Title: jisr.Text{"ar": fmt.Sprintf("تعهّد رقم %d", i)}, Debtor: office("iq"), Beneficiary: office("sy"), Sector: sectors[i%len(sectors)], Due: jisr.Date("2026-11-01").Add(i%400 - 200)}
		h.say("iq", h.forum, jisr.KindCommitmentPropose, jisr.ThingID(fmt.Sprintf("commitment/iq-%05d", i)), &drafter, terms, []byte(`{"test":{"ar":"x"},"text":{"ar":"x"}}`))
	}
	k, err := book.Open(b.Context(), filepath.Join(b.TempDir(), "book.db"), "iq", make([]byte, 32)...)
	must(b, err)
	b.Cleanup(func() { must(b, k.Close()) })
	for _, said := range h.as("iq") {
		for i := 0; i < len(said); i += 500 {
			must(b, k.Apply(b.Context(), said[i:min(i+500, len(said))]))
		}
	}
	measure := func(name string, ask func() error) {
		b.Run(name, func(b *testing.B) {
			before := cpu(b)
			for b.Loop() {
				must(b, ask())
			}
			b.ReportMetric(float64((cpu(b)-before).Microseconds())/1000/float64(b.N), "cpu-ms/op")
		})
	}
	measure("register", func() error {
		v, err := k.Health(b.Context(), book.Whole(), book.ThingQuery{Member: "sy"}, jisr.On("2026-11-01"))
		if err == nil && len(v.By) == 0 {
			err = errors.New("no figures")
		}
		return err
	})
	measure("counts", func() error {
		n, err := k.Counts(b.Context(), book.Whole(), jisr.On("2026-11-01"))
		if err == nil && n.Theirs == 0 {
			err = errors.New("nothing waits")
		}
		return err
	})
	measure("to do", func() error {
		_, them, err := k.ToDo(b.Context(), book.Whole(), jisr.On("2026-11-01"))
		if err == nil && len(them) == 0 {
			err = errors.New("nothing waits")
		}
		return err
	})
}
