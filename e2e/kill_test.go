package e2e_test

import (
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func b64(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

// TestKillNine kills either node at any moment, 50 times, while both write as fast as they are let. Every write
// that was answered with success is there afterwards, on both sides, once.
func TestKillNine(t *testing.T) {
	kills := 50
	if testing.Short() {
		kills = 5
	}
	w := newWorld(t, "iq", "sy")
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 1))
	load := startLoad(w, 4)
	for range kills {
		// The moment of the kill is set by work done, not by time: some writes after the last one.
		load.more(w, 5+rng.IntN(40))
		victim := w.nodes[w.names[rng.IntN(2)]]
		victim.kill()
		victim.start()
	}
	load.stop()
	d := w.agree(60 * time.Second)
	t.Logf("%d kills, %d notes answered with success, log sizes %v", kills, len(load.done), d.Sizes)
	load.checkAll(w)
	verifySample(w, load)
}

// load is writers that go on through every kill, and what they were promised.
type load struct {
	stopped chan struct{}
	wg      sync.WaitGroup
	count   atomic.Int64

	mu   sync.Mutex
	done map[string]string // key -> id, for every write answered with success
	by   map[string]string // key -> member
}

func startLoad(w *world, writers int) *load {
	l := &load{stopped: make(chan struct{}), done: map[string]string{}, by: map[string]string{}}
	for _, name := range w.names {
		for i := range writers {
			l.wg.Go(func() { l.write(w.nodes[name], i) })
		}
	}
	return l
}

// write sends notes under keys of its own. A write that got no answer is asked for again under the same key:
// it must not be there twice.
func (l *load) write(p *peer, writer int) {
	for n := 0; ; n++ {
		key := fmt.Sprintf("%s-%d-%d", p.name, writer, n)
		for {
			select {
			case <-l.stopped:
				return
			default:
			}
			out, _, err := p.send(key, "routine", 0)
			if err == nil {
				l.mu.Lock()
				l.done[key], l.by[key] = out.ID, p.name
				l.mu.Unlock()
				l.count.Add(1)
				break
			}
		}
	}
}

// more waits until n more writes were answered.
func (l *load) more(w *world, n int) {
	w.t.Helper()
	goal := l.count.Load() + int64(n)
	w.until(30*time.Second, "writes go on", func() bool { return l.count.Load() >= goal })
}

func (l *load) stop() { close(l.stopped); l.wg.Wait() }

// checkAll looks for every promised note on every node, once, under one number.
func (l *load) checkAll(w *world) {
	w.t.Helper()
	ids := map[string]string{}
	for key, id := range l.done {
		if other, twice := ids[id]; twice {
			w.t.Fatalf("%s and %s were both answered with %s", key, other, id)
		}
		ids[id] = key
	}
	for _, name := range w.names {
		seen := map[string]int{}
		numbers := map[string]string{}
		for cursor := ""; ; {
			var page struct {
				Items []struct {
					ID     string `json:"id"`
					From   string `json:"from"`
					Number int    `json:"number"`
				} `json:"items"`
				Next string `json:"next"`
			}
			if _, err := w.nodes[name].call("GET", "/api/v1/forums/"+w.forum+"/notes?limit=200&cursor="+cursor, nil, nil, &page); err != nil {
				w.t.Fatal(err)
			}
			for _, n := range page.Items {
				seen[n.ID]++
				number := fmt.Sprint(n.From, n.Number)
				if other, twice := numbers[number]; twice {
					w.t.Errorf("%s: notes %s and %s both have number %d of %s", name, other, n.ID, n.Number, n.From)
				}
				numbers[number] = n.ID
			}
			if cursor = page.Next; cursor == "" {
				break
			}
		}
		for id, key := range ids {
			if seen[id] != 1 {
				w.t.Errorf("%s lists note %s (%s, by %s) %d times, want once", name, id, key, l.by[key], seen[id])
			}
		}
	}
}

// verifySample checks some notes' proofs offline, with nothing but the file and the letters of credence.
func verifySample(w *world, l *load) {
	w.t.Helper()
	checked := 0
	for key, id := range l.done {
		if checked++; checked > 10 {
			return
		}
		by := w.nodes[l.by[key]]
		n, err := by.note(id)
		if err != nil {
			w.t.Fatal(err)
		}
		by.verify(n)
	}
}

// verify exports the proof of a note's release and runs jisr verify on it.
func (p *peer) verify(n noteOut) {
	p.w.t.Helper()
	file := filepath.Join(p.w.t.TempDir(), "proof.txt")
	b, err := p.raw(fmt.Sprintf("/api/v1/forums/%s/acts/%s/%d/proof?format=jisr", p.w.forum, n.Position.Member, n.Position.Index))
	if err != nil {
		p.w.t.Fatal(err)
	}
	if err := os.WriteFile(file, b, 0o600); err != nil {
		p.w.t.Fatal(err)
	}
	args := []string{"verify"}
	for _, name := range p.w.names {
		args = append(args, "--letter", filepath.Join(p.w.nodes[name].dir, "letter.credence"))
	}
	p.run(append(args, file)...)
}
