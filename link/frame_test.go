package link_test

import (
	"bytes"
	"math/rand/v2"
	"reflect"
	"testing"

	"jisr/ledger"
	"jisr/link"
)

func drawn(r *rand.Rand) *link.Message {
	bytesOf := func(n int) []byte {
		b := make([]byte, 1+r.IntN(n))
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		return b
	}
	m := &link.Message{Log: "iq.jisr.example/forum", From: r.Int64N(1 << 50), Flags: byte(r.IntN(4)), Checkpoint: bytesOf(4000), Receipt: bytesOf(4000)}
	for range r.IntN(40) {
		m.Entries = append(m.Entries, bytesOf(65_535))
	}
	for range r.IntN(5) {
		m.Parts = append(m.Parts, ledger.Part{Index: r.Int64N(1 << 50), N: r.IntN(1 << 16), Salt: [32]byte(append(bytesOf(1), make([]byte, 31)...)), Offset: r.Int64N(1 << 40), Data: bytesOf(100_000)})
		m.Held = append(m.Held, link.NewHeld(r.Int64N(1<<50), r.IntN(1<<16), r.Int64N(1<<40)))
		m.Gossip = append(m.Gossip, bytesOf(1000))
	}
	after := int64(0)
	for range 1 + r.IntN(5) {
		start := after + r.Int64N(10)
		after = start + 1 + r.Int64N(10)
		m.Missing = append(m.Missing, ledger.Range{Start: start, End: after})
	}
	m.Refusal = &link.Refusal{Kind: "gap", Detail: "من هنا"}
	return m
}

func TestMessageSurvivesTheWire(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 30 {
		want := drawn(r)
		got, err := link.Decode(link.Encode(want))
		must(t, err)
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("got another message back: %+v", got)
		}
	}
}

func TestMessageThatIsCutIsRefused(t *testing.T) {
	whole := link.Encode(drawn(rand.New(rand.NewPCG(3, 4))))
	for n := 0; n < len(whole); n += 1 + n/50 {
		if _, err := link.Decode(whole[:n]); err == nil {
			t.Fatalf("%d of %d bytes were taken for a whole message", n, len(whole))
		}
	}
}

func TestBombIsRefused(t *testing.T) {
	bomb := link.Bomb()
	if len(bomb) > 100<<10 {
		t.Fatalf("the bomb has %d bytes", len(bomb))
	}
	if _, err := link.Decode(bomb); err == nil {
		t.Error("a message beyond MaxMessage was taken")
	}
}

func FuzzReadMessage(f *testing.F) {
	r := rand.New(rand.NewPCG(5, 6))
	for range 3 {
		m := drawn(r)
		m.Entries, m.Parts = m.Entries[:min(1, len(m.Entries))], nil
		f.Add(link.Encode(m))
	}
	f.Add(link.Encode(&link.Message{Log: "a/b", From: 7, Missing: []ledger.Range{{Start: 1, End: 2}}})) // a state
	f.Add([]byte("jisr link/v1\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := link.Decode(b)
		if err != nil {
			return
		}
		again, err := link.Decode(link.Encode(m))
		if err != nil {
			t.Fatalf("what was read cannot be written: %v", err)
		}
		if !bytes.Equal(link.Encode(again), link.Encode(m)) {
			t.Error("written and read again it is another message")
		}
	})
}
