package ledger_test

import (
	"bytes"
	"testing"

	"jisr/ledger"
)

// old is iq with the first entries of its own log only, and what sy's mirror gives back.
func old(t *testing.T) (iqOld *node, excerpt func(from int64, max int) ledger.Excerpt) {
	a, b := pair(t)
	for range 9 {
		a.appends(iqLog, says("said", 10), says("and said", 3000))
	}
	sync(a, b, iqLog)
	iqOld = newNode(t, iq)
	iqOld.creates(iqLog, iq)
	first := a.batch(iqLog, 0, 2, false)
	_, err := iqOld.Mirror(t.Context(), first)
	check(t, err)
	return iqOld, func(from int64, max int) ledger.Excerpt {
		e, err := b.Excerpt(t.Context(), iqLog, from, max, 1<<20)
		check(t, err)
		return e
	}
}

func TestALogIsTakenBackPieceByPiece(t *testing.T) {
	n, excerpt := old(t)
	for n.size(iqLog) < 18 {
		from := n.size(iqLog)
		size, err := n.Recover(t.Context(), iqLog, excerpt(from, 5))
		check(t, err)
		if size != min(18, from+5) {
			t.Fatalf("%d after %d", size, from)
		}
	}
	n.appends(iqLog, says("and goes on"))
	CheckLedger(t, n)
}

func TestNothingThatWasNotSaidIsTakenBack(t *testing.T) {
	n, excerpt := old(t)
	refused := func(why string, want error, change func(*ledger.Excerpt)) {
		t.Helper()
		e := excerpt(2, 5)
		change(&e)
		if _, err := n.Recover(t.Context(), iqLog, e); err == nil {
			t.Errorf("%s: taken", why)
		} else {
			wants(t, err, want)
		}
		if n.size(iqLog) != 2 {
			t.Errorf("%s: something of it was kept", why)
		}
	}
	refused("another entry", ledger.ErrFork, func(e *ledger.Excerpt) { e.Entries[1] = entry{Text: "never said"}.bytes() })
	refused("one left out", ledger.ErrFork, func(e *ledger.Excerpt) { e.Entries = e.Entries[1:] })
	refused("without proof", ledger.ErrFork, func(e *ledger.Excerpt) { e.Proof = nil })
	refused("with half a proof", ledger.ErrFork, func(e *ledger.Excerpt) { e.Proof = e.Proof[1:] })
	refused("from elsewhere", ledger.ErrGap, func(e *ledger.Excerpt) { *e = excerpt(3, 5) })
	refused("again", ledger.ErrGap, func(e *ledger.Excerpt) { *e = excerpt(0, 5) })
	refused("a checkpoint of others", ledger.ErrSignature, func(e *ledger.Excerpt) { e.Checkpoint = foreign(t) })
	refused("no checkpoint", ledger.ErrSignature, func(e *ledger.Excerpt) { e.Checkpoint = nil })
	refused("a checkpoint for less", ledger.ErrFormat, func(e *ledger.Excerpt) {
		var err error
		e.Checkpoint, err = n.CheckpointAt(t.Context(), iqLog, 1)
		check(t, err)
	})
	refused("an entry that is none", ledger.ErrInspect, func(e *ledger.Excerpt) { e.Entries[0] = entry{Bad: true}.bytes() })
	refused("a wrong content", ledger.ErrBadContent, func(e *ledger.Excerpt) {
		e.Contents = []ledger.Part{{Index: 2, Data: bytes.Repeat([]byte("x"), 10)}}
	})
	n.creates(syLog, sy)
	_, err := n.Recover(t.Context(), syLog, ledger.Excerpt{})
	wants(t, err, ledger.ErrKeys)
	n.appends(iqLog, says("another history"))
	_, err = n.Recover(t.Context(), iqLog, excerpt(3, 5))
	wants(t, err, ledger.ErrFork)
	CheckLedger(t, n)
}
