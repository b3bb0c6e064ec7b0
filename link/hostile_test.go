package link_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"jisr/ledger"
	"jisr/link"
)

// signedBatch is an honest batch from a ledger: entries [from, to) with a checkpoint and all inline contents.
func signedBatch(t *testing.T, l *ledger.Ledger, log ledger.Origin, from, to int64) *link.Message {
	t.Helper()
	ctx := t.Context()
	all, err := l.Entries(ctx, log, from, int(to-from), 1<<22)
	must(t, err)
	cp, err := l.CheckpointAt(ctx, log, to)
	must(t, err)
	m := &link.Message{Log: log, From: from, Entries: all, Checkpoint: cp}
	for i := from; i < to; i++ {
		refs, err := l.Refs(ctx, log, i)
		must(t, err)
		for n, r := range refs {
			data, err := l.Content(ctx, log, i, n)
			must(t, err)
			m.Parts = append(m.Parts, ledger.Part{Index: i, N: n, Salt: r.Salt, Data: data})
		}
	}
	return m
}

// without leaves out the signature line number k of a note.
func without(note []byte, k int) []byte {
	text, lines, _ := strings.Cut(string(note), "\n\n")
	var kept []string
	for i, line := range strings.SplitAfter(strings.TrimSuffix(lines, "\n"), "\n") {
		if i != k {
			kept = append(kept, strings.TrimSuffix(line, "\n")+"\n")
		}
	}
	return []byte(text + "\n\n" + strings.Join(kept, ""))
}

// A peer whose keys are in wrong hands tries everything. Nothing of it is kept, each try is refused with its
// reason, what can be shown to others is, and afterwards the honest rest still works.
func TestHostilePeerIsRefused(t *testing.T) {
	iq, sy := newHouse(t, "iq"), newHouse(t, "sy")
	jo := newHouse(t, "jo")
	meet(t, iq, sy, jo)
	one := note{text: "one", contents: [][]byte{[]byte("first content")}}
	sy.appends(sy.ledger, one, note{text: "two", contents: [][]byte{[]byte("second content")}})
	honest := func() *link.Message { return signedBatch(t, sy.ledger, sy.log(), 0, 2) }

	// twin is another history under the same keys.
	twin := openLedger(t, sy.keys)
	t.Cleanup(func() { check(t, twin.Close()) })
	must(t, twin.CreateLog(t.Context(), sy.log(), sy.keys.Public()))
	sy.appends(twin, note{text: "another one", contents: [][]byte{[]byte("x")}}, note{text: "another two"}, note{text: "another three"})

	change := func(f func(m *link.Message)) []byte {
		m := honest()
		f(m)
		return link.Encode(m)
	}
	call := func() *link.Caller {
		c, err := link.Call(t.Context(), sy.id, iq.relay.Addr())
		must(t, err)
		return c
	}
	holds := func(want int64) {
		t.Helper()
		s, err := iq.ledger.State(t.Context(), sy.log())
		must(t, err)
		begun, err := iq.ledger.Partials(t.Context(), sy.log(), 10)
		must(t, err)
		if s.Size != want || len(begun) > 0 || len(s.Missing) > 0 {
			t.Errorf("holds %d entries, %d begun contents, missing %v; want %d", s.Size, len(begun), s.Missing, want)
		}
	}
	type try struct {
		name, reason string
		body         []byte
	}
	refused := func(size int64, tries ...try) {
		t.Helper()
		for _, c := range tries {
			p := call()
			_, err := p.Push(t.Context(), c.body)
			_ = p.Close()
			var no *link.Refusal
			if !errors.As(err, &no) || no.Kind != c.reason {
				t.Errorf("%s: got %v, want %s", c.name, err, c.reason)
			}
			holds(size)
		}
	}
	refused(0,
		try{"unsigned", link.ReasonSignature, change(func(m *link.Message) { m.Checkpoint = without(without(m.Checkpoint, 0), 0) })},
		try{"only ML-DSA", link.ReasonSignature, change(func(m *link.Message) { m.Checkpoint = without(m.Checkpoint, 0) })},
		try{"only Ed25519", link.ReasonSignature, change(func(m *link.Message) { m.Checkpoint = without(m.Checkpoint, 1) })},
		try{"an entry changed", link.ReasonRoot, change(func(m *link.Message) { m.Entries[1] = bytes.Replace(m.Entries[1], []byte("two"), []byte("owt"), 1) })},
		try{"an entry too many", link.ReasonMalformed, change(func(m *link.Message) { m.Entries = append(m.Entries, m.Entries[1]) })},
		try{"no entry of this log", link.ReasonInspect, change(func(m *link.Message) { m.Entries[1] = []byte("no JSON") })},
		try{"a gap", link.ReasonGap, link.Encode(signedBatch(t, sy.ledger, sy.log(), 1, 2))},
		try{"a bad content", link.ReasonContent, change(func(m *link.Message) { m.Parts[1].Data = []byte("second Content") })},
		try{"a bad salt", link.ReasonContent, change(func(m *link.Message) { m.Parts[0].Salt[3] ^= 1 })},
		try{"somebody else's log", link.ReasonNotYours, change(func(m *link.Message) { m.Log = jo.log() })},
		try{"our own log", link.ReasonNotYours, change(func(m *link.Message) { m.Log = iq.log() })},
		try{"a bomb", link.ReasonMalformed, link.Bomb()},
		try{"rubbish", link.ReasonMalformed, []byte("GET / HTTP/1.1\r\n\r\n")},
		try{"cut short", link.ReasonMalformed, link.Encode(honest())[:200]},
		try{"entries without checkpoint", link.ReasonMalformed, change(func(m *link.Message) { m.Checkpoint = nil })},
		try{"no log", link.ReasonMalformed, change(func(m *link.Message) { m.Log = "" })},
		try{"a receipt", link.ReasonMalformed, change(func(m *link.Message) { m.Receipt = []byte("x") })},
	)
	c := call()
	must(t, c.Cut(link.Encode(honest())[:300])) // the upload that never ends
	holds(0)
	c = call()
	if _, err := c.Get(t.Context(), "/link/v1/state?log="+string(jo.log())+"&size=0"); refusalKind(err) != link.ReasonNotYours {
		t.Errorf("the state of another's log: %v", err)
	}
	_, err := c.Push(t.Context(), link.Encode(honest()))
	must(t, err)
	must(t, c.Close())
	holds(2)
	refused(2,
		try{"a fork of the same size", link.ReasonFork, link.Encode(signedBatch(t, twin, sy.log(), 0, 2))},
		try{"a fork that goes on", link.ReasonRoot, link.Encode(signedBatch(t, twin, sy.log(), 2, 3))},
		try{"a rewind", link.ReasonFork, link.Encode(signedBatch(t, twin, sy.log(), 0, 1))},
	)
	kinds := map[string]bool{}
	evidence, err := iq.ledger.Evidence(t.Context())
	must(t, err)
	for _, e := range evidence {
		if e.Log != sy.log() {
			t.Errorf("evidence about %s, want %s", e.Log, sy.log())
		}
		kinds[e.Kind] = true
		if e.Kind == "fork" && (len(e.First) == 0 || len(e.Second) == 0) {
			t.Error("a fork without both checkpoints")
		}
	}
	for _, want := range []string{"fork", "root", "content", "signature"} {
		if !kinds[want] {
			t.Errorf("no evidence of %q, only %v", want, kinds)
		}
	}
	if len(iq.refusals) == 0 {
		t.Error("nobody was told")
	}
	// The rest keeps working.
	for _, h := range []*house{iq, sy, jo} {
		h.start()
	}
	sy.writes(note{text: "three"})
	sy.until("held", func() bool { return sy.heldBy(iq, 3) && sy.heldBy(jo, 3) })
	iq.writes(one)
	iq.until("held", func() bool { return iq.heldBy(sy, 1) && iq.heldBy(jo, 1) })
}

func refusalKind(err error) string {
	var no *link.Refusal
	if errors.As(err, &no) {
		return no.Kind
	}
	return fmt.Sprint(err)
}

func TestOverLongEntryIsRefused(t *testing.T) {
	iq, sy := newHouse(t, "iq"), newHouse(t, "sy")
	meet(t, iq, sy)
	c, err := link.Call(t.Context(), sy.id, iq.relay.Addr())
	must(t, err)
	// 65,536 does not fit the length of an entry: what comes out is another bundle, and it is refused.
	m := &link.Message{Log: sy.log(), Entries: [][]byte{bytes.Repeat([]byte("x"), 65_536)}, Checkpoint: []byte("x\n1\nx\n\n— x y\n")}
	_, err = c.Push(t.Context(), link.Encode(m))
	if kind := refusalKind(err); kind != link.ReasonMalformed {
		t.Errorf("got %v, want %s", err, link.ReasonMalformed)
	}
}

// Two histories shown to two members meet where those two talk to each other.
func TestGossipFindsTheFork(t *testing.T) {
	iq, sy, jo := newHouse(t, "iq"), newHouse(t, "sy"), newHouse(t, "jo")
	meet(t, iq, sy, jo)
	twin := openLedger(t, sy.keys)
	t.Cleanup(func() { check(t, twin.Close()) })
	must(t, twin.CreateLog(t.Context(), sy.log(), sy.keys.Public()))
	sy.appends(sy.ledger, note{text: "we agree"})
	sy.appends(twin, note{text: "we do not"})
	for h, l := range map[*house]*ledger.Ledger{iq: sy.ledger, jo: twin} {
		c, err := link.Call(t.Context(), sy.id, h.relay.Addr())
		must(t, err)
		_, err = c.Push(t.Context(), link.Encode(signedBatch(t, l, sy.log(), 0, 1)))
		must(t, err)
		must(t, c.Close())
	}
	iq.start()
	jo.start()
	iq.writes(note{text: "how are you"})
	jo.writes(note{text: "how are you"})
	found := func(h *house) func() bool {
		return func() bool {
			all, err := h.ledger.Evidence(t.Context())
			return err == nil && len(all) > 0 && all[0].Kind == "fork" && all[0].Log == sy.log()
		}
	}
	iq.until("with evidence", func() bool { return found(iq)() || found(jo)() })
}

// A node that was restored from an old copy must not write: its own signature at the partner says so. This one has
// written already, so that what it lacks does not go on from what it has, and cannot be fetched back.
func TestNodeBehindItsOwnLogIsStopped(t *testing.T) {
	iq, sy := newHouse(t, "iq"), newHouse(t, "sy")
	meet(t, iq, sy)
	newer := openLedger(t, iq.keys)
	t.Cleanup(func() { check(t, newer.Close()) })
	must(t, newer.CreateLog(t.Context(), iq.log(), iq.keys.Public()))
	iq.appends(newer, note{text: "one"}, note{text: "two"})
	b := signedBatch(t, newer, iq.log(), 0, 2)
	_, err := sy.ledger.Mirror(t.Context(), ledger.Batch{Log: iq.log(), Entries: b.Entries, Checkpoint: b.Checkpoint})
	must(t, err)
	iq.appends(iq.ledger, note{text: "another"})
	iq.start()
	iq.until("behind", func() bool { return iq.behind == 2 })
	iq.until("refused", func() bool {
		s := iq.link.Status()[0]
		return s.State == link.Refused && s.Because == link.ReasonBehind
	})
}

// A flood is slowed down with a reason, and a peer that does not listen is on record.
func TestFloodIsHeldBack(t *testing.T) {
	iq, sy := newHouse(t, "iq"), newHouse(t, "sy")
	iq.link = link.New(link.Config{Identity: iq.id, Ledger: iq.ledger, Limits: link.Limits{EntriesPerSecond: 1}})
	meet(t, iq, sy)
	flooded, err := linkServer(t, iq)
	must(t, err)
	c, err := link.Call(t.Context(), sy.id, flooded)
	must(t, err)
	kinds := map[string]int{}
	for i := range 12 {
		sy.appends(sy.ledger, note{text: fmt.Sprint(i)})
		_, err := c.Push(t.Context(), link.Encode(signedBatch(t, sy.ledger, sy.log(), 0, int64(i+1))))
		kinds[refusalKind(err)]++
	}
	if kinds[link.ReasonLimit] < 8 || kinds[fmt.Sprint(error(nil))] < 1 {
		t.Errorf("answers %v", kinds)
	}
	evidence, err := iq.ledger.Evidence(t.Context())
	must(t, err)
	if len(evidence) == 0 || evidence[0].Kind != link.ReasonLimit {
		t.Errorf("evidence %+v", evidence)
	}
	// An honest sender waits as long as it is told, and gets through.
	sy.link.SetPeers([]link.Peer{{Letter: moved(t, iq, flooded), Push: []ledger.Origin{sy.log()}}})
	sy.start()
	sy.within(90*time.Second, "held", func() bool { return sy.heldBy(iq, 12) })
}
