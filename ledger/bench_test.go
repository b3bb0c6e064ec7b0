package ledger_test

import (
	"fmt"
	"testing"

	"jisr/ledger"
)

// BenchmarkAppend is one entry with a small content, signed and durable; BenchmarkAppend50 the same for fifty at once.
func BenchmarkAppend(b *testing.B)   { benchAppend(b, 1) }
func BenchmarkAppend50(b *testing.B) { benchAppend(b, 50) }

func benchAppend(b *testing.B, count int) {
	n := newNode(b, iq)
	n.creates(iqLog, iq)
	for b.Loop() {
		b.StopTimer()
		entries := benchEntries(count)
		b.StartTimer()
		n.appends(iqLog, entries...)
	}
}

func benchEntries(count int) (entries []ledger.NewEntry) {
	for i := range count {
		entries = append(entries, says(fmt.Sprintf("%0600d", i), 1200))
	}
	return entries
}

// BenchmarkMirror50 is a batch of fifty entries with their contents, verified, stored and receipted.
func BenchmarkMirror50(b *testing.B) {
	from, to := pair(b)
	for b.Loop() {
		b.StopTimer()
		from.appends(iqLog, benchEntries(50)...)
		batch := from.batch(iqLog, to.size(iqLog), from.size(iqLog), true)
		b.StartTimer()
		_, err := to.Mirror(b.Context(), batch)
		check(b, err)
	}
}

// BenchmarkNote is a note's whole way on one disk: append, mirror, accept.
func BenchmarkNote(b *testing.B) {
	from, to := pair(b)
	for b.Loop() {
		from.appends(iqLog, says("note", 1200))
		sync(from, to, iqLog)
	}
}

// BenchmarkAppendParallel is many senders at once, which share transactions.
func BenchmarkAppendParallel(b *testing.B) {
	n := newNode(b, iq)
	n.creates(iqLog, iq)
	b.SetParallelism(64)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			n.appends(iqLog, says("note", 1200))
		}
	})
}

// BenchmarkReceiptManyMissing is the answer to a batch while 20,000 contents are on their way.
func BenchmarkReceiptManyMissing(b *testing.B) {
	from, to := pair(b)
	for i := range int64(40) {
		var entries []ledger.NewEntry
		for range 500 {
			entries = append(entries, says("x", 10))
		}
		from.appends(iqLog, entries...)
		_, err := to.Mirror(b.Context(), from.batch(iqLog, i*500, (i+1)*500, false))
		check(b, err)
	}
	for b.Loop() {
		_, err := to.Mirror(b.Context(), ledger.Batch{Log: iqLog})
		check(b, err)
	}
}
