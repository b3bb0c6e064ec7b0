package node_test

import (
	"context"
	"sync"
	"testing"

	"jisr"
	"jisr/node"
	"jisr/node/nodetest"
)

// BenchmarkRebuild makes the book of 20,000 notes, each released by one side and opened by the other, anew.
func BenchmarkRebuild(b *testing.B) {
	w := nodetest.New(b, "iq", "sy")
	const notes = 20_000
	each(notes, func(int) {
		done, err := w.Node("iq").Do(context.Background(), w.Official("iq", "gateway", jisr.Direct), node.SendNote{Forum: w.Forum, Draft: w.Note("sy")})
		if err != nil {
			b.Error(err)
			return
		}
		w.As("sy").Receives(done.Thing).Opens(done.Thing).Done()
	})
	w.Settle()
	w.Stop("sy")
	b.ResetTimer()
	acts := int64(0)
	for b.Loop() {
		n, err := node.RebuildBook(b.Context(), node.Options{Dir: w.Dir("iq"), Config: w.Config("iq"), Now: w.Now})
		if err != nil {
			b.Fatal(err)
		}
		acts += n
	}
	b.ReportMetric(float64(acts)/b.Elapsed().Seconds(), "acts/s")
}

// each calls f for 0 to n-1, many at once, as programs do.
func each(n int, f func(int)) {
	var wg sync.WaitGroup
	next := make(chan int)
	for range 64 {
		wg.Go(func() {
			for i := range next {
				f(i)
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	wg.Wait()
}

// BenchmarkPolicy is one question to the shipped policies, as it is put twice for every command.
func BenchmarkPolicy(b *testing.B) {
	may, err := node.Rules("")
	if err != nil {
		b.Fatal(err)
	}
	c := node.Caller{Account: "official/head", Desk: "mofa", Roles: []jisr.Role{jisr.Releaser}}
	about := node.About{Forum: "iq-sy", Thing: "note/iq-1", Handling: jisr.HandlingRestricted, Desks: []jisr.DeskID{"mofa"}, Drafters: []jisr.OfficialID{"first"}}
	b.ReportAllocs()
	for b.Loop() {
		if ok, by := may(c, "note.release", about); !ok {
			b.Fatal(by)
		}
	}
}
