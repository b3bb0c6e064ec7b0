package link_test

import (
	"fmt"
	"testing"
	"time"

	"jisr/ledger"
)

// BenchmarkNoteHeld is one note from Append to the durable receipt of the other member.
func BenchmarkNoteHeld(b *testing.B) { benchmarkHeld(b, 1) }

// BenchmarkBacklogHeld is 1,000 notes written at once, each of them held by the other member.
func BenchmarkBacklogHeld(b *testing.B) { benchmarkHeld(b, 1000) }

func benchmarkHeld(b *testing.B, size int) {
	all := forum(b, "iq", "sy")
	iq, sy := all[0], all[1]
	held := make(chan ledger.Receipt, 1<<16)
	iq.onReceipt = func(r ledger.Receipt) { held <- r }
	var total int64
	for b.Loop() {
		var notes []note
		for i := range size {
			notes = append(notes, note{text: fmt.Sprintf("%0500d", i), contents: [][]byte{noise(1200)}})
		}
		total += int64(size)
		iq.writes(notes...)
		for covered := false; !covered; {
			select {
			case r := <-held:
				covered = r.Mirror == sy.letter.Origin && r.Size >= total && len(r.Missing) == 0
			case <-time.After(20 * time.Second):
				b.Fatalf("not held: %+v", iq.link.Status())
			}
		}
	}
	b.ReportMetric(float64(total)/b.Elapsed().Seconds(), "notes/s")
}
