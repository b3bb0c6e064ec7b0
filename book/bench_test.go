package book_test

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"jisr"
	"jisr/book"
)

// correspondence is a realistic record: a note is drafted, cleared, released, opened by the other side and
// answered, the answer opened; bodies of about 1.2 KB.
func correspondence(b testing.TB, notes int) *history {
	h := newHistory(b, 1, "iq", "sy")
	h.join()
	for range notes {
		h.syncAll("iq")
		terms := h.noteTerms("sy")
		terms.ReplyBy = "2026-12-01"
		id := h.release("iq", terms, "المعبر الحدودي", randomText(h.rng, 100))
		h.syncAll("sy")
		h.say("sy", h.forum, jisr.KindNoteOpen, id, &drafter, nil, nil)
		answer := h.noteTerms("iq")
		answer.InReplyTo, answer.Number = id, h.made
		re := h.newID("sy")
		h.say("sy", h.forum, jisr.KindNoteRelease, re, &releaser, answer, body("المعبر", randomText(h.rng, 100)))
		h.syncAll("iq")
		h.say("iq", h.forum, jisr.KindNoteOpen, re, &drafter, nil, nil)
	}
	return h
}

// encoded is the record as a ledger gives it: decoding is part of a rebuild.
type encoded struct {
	member jisr.MemberID
	entry  []byte
	body   []byte
}

// BenchmarkRebuild reads the logs one after the other, and in turn, a thousand acts at a time: then most of a
// thing's acts stand in one batch. cpu-us/act is what a loaded machine does not blur.
func BenchmarkRebuild(b *testing.B) {
	h := correspondence(b, 10_000)
	logs, acts := ledgerOf(b, h.as("iq"))
	for _, inTurn := range []bool{false, true} {
		b.Run(fmt.Sprintf("in-turn=%v", inTurn), func(b *testing.B) {
			before := cpu(b)
			for b.Loop() {
				r := &ledgerReader{t: b, logs: logs, at: make([]int, len(logs)), inTurn: inTurn}
				must(b, book.Rebuild(b.Context(), filepath.Join(b.TempDir(), "book.db"), "iq", r.next))
			}
			all := float64(acts) * float64(b.N)
			b.ReportMetric(all/b.Elapsed().Seconds(), "acts/s")
			b.ReportMetric(float64((cpu(b)-before).Microseconds())/all, "cpu-us/act")
		})
	}
}

func cpu(t testing.TB) time.Duration {
	var r syscall.Rusage
	must(t, syscall.Getrusage(syscall.RUSAGE_SELF, &r))
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

func ledgerOf(t testing.TB, all map[book.Log][]book.Said) (logs [][]encoded, acts int) {
	for l, said := range all {
		var log []encoded
		for i := range said {
			raw, err := said[i].Act.Encode()
			must(t, err)
			log = append(log, encoded{l.Member, raw, said[i].Body})
		}
		logs, acts = append(logs, log), acts+len(log)
	}
	return logs, acts
}

type ledgerReader struct {
	t      testing.TB
	logs   [][]encoded
	at     []int
	turn   int
	inTurn bool
}

func (r *ledgerReader) next() ([]book.Said, error) {
	for range len(r.logs) + 1 {
		i := r.turn % len(r.logs)
		said := r.read(i)
		if len(said) == 0 || r.inTurn {
			r.turn++
		}
		if len(said) > 0 {
			return said, nil
		}
	}
	return nil, nil
}

func (r *ledgerReader) read(i int) (said []book.Said) {
	for ; r.at[i] < len(r.logs[i]) && len(said) < 1000; r.at[i]++ {
		e := &r.logs[i][r.at[i]]
		a, err := jisr.DecodeKept(e.member, jisr.Index(r.at[i]), e.entry)
		must(r.t, err)
		said = append(said, book.Said{Act: a, Body: e.body, Entry: e.entry})
	}
	return said
}

func BenchmarkApply100Releases(b *testing.B) {
	bk := newBook(b, "iq")
	h := newHistory(b, 1, "iq", "sy")
	l := book.Log{Forum: h.forum, Member: "sy"}
	for b.Loop() {
		b.StopTimer()
		from := len(h.logs[l])
		for range 100 {
			h.newID("sy")
			h.say("sy", h.forum, jisr.KindNoteRelease, h.notes[len(h.notes)-1], &releaser, h.noteTerms("iq"), body("المعبر", randomText(h.rng, 100)))
		}
		b.StartTimer()
		must(b, bk.Apply(b.Context(), h.logs[l][from:]))
	}
}

// BenchmarkPages reads what pages read of a book of 10,000 notes and their 10,000 answers, and reports the slow end.
func BenchmarkPages(b *testing.B) {
	h := correspondence(b, 10_000)
	bk := newBook(b, "iq")
	for _, batch := range cut(rand.New(rand.NewPCG(1, 1)), h.as("iq"), 5000) {
		must(b, bk.Apply(b.Context(), batch))
	}
	queries := map[string]func() error{
		"todo":   func() error { _, _, err := bk.ToDo(b.Context(), book.Whole(), jisr.On("2026-11-20")); return err },
		"counts": func() error { _, err := bk.Counts(b.Context(), book.Whole(), jisr.On("2026-11-20")); return err },
		"note":   func() error { _, err := bk.Note(b.Context(), book.Whole(), h.forum, h.notes[100]); return err },
		"acts": func() error {
			_, _, err := bk.Acts(b.Context(), book.Whole(), book.ActQuery{Forum: h.forum})
			return err
		},
		"digest": func() error { _, _, err := bk.Digest(b.Context(), h.forum); return err },
	}
	for name, q := range map[string]book.NoteQuery{
		"all": {}, "in": {Box: book.BoxIn}, "answered": {State: jisr.Answered}, "opened-out": {Box: book.BoxOut, State: jisr.OpenedState},
		"with": {With: "sy", Forum: h.forum}, "kind-none": {Kind: jisr.NonPaper}, "search": {Search: "اتفاقيات"}, "search-rare": {Search: "9999"}, "search-two": {Search: "الكهرباء المشتركة"},
		"late": {State: jisr.NoAnswerInTime}, "held": {State: jisr.Held}, "drafts": {Box: book.BoxDrafts},
	} {
		q.Known = jisr.On("2026-11-20")
		queries["notes-"+name] = func() error { _, _, err := bk.Notes(b.Context(), book.Whole(), q); return err }
	}
	for name, words := range map[string]string{"common": "المعبر", "two": "الكهرباء المشتركة", "beginning": "معب", "rare": "9999", "none": "لاشيء"} {
		queries["find-"+name] = func() error {
			_, err := bk.Find(b.Context(), book.Whole(), book.FindQuery{Search: words, Lang: "ar", Limit: 25})
			return err
		}
	}
	for name, query := range queries {
		b.Run(name, func(b *testing.B) {
			var took []time.Duration
			for b.Loop() {
				start := time.Now()
				must(b, query())
				took = append(took, time.Since(start))
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)*95/100].Microseconds())/1000, "p95-ms")
		})
	}
}
