package jisr_test

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"jisr"
)

var rewrite = flag.Bool("rewrite", false, "write what tests find into testdata; read the difference before keeping it")

// golden compares text with a file of testdata, or writes it.
func golden(t *testing.T, name, text string) {
	t.Helper()
	path := "testdata/" + name
	if *rewrite {
		need(t, os.WriteFile(path, []byte(text), 0o644))
	}
	want, err := os.ReadFile(path)
	need(t, err)
	if diff := cmp.Diff(string(want), text); diff != "" {
		t.Errorf("%s is otherwise (want -, got +):\n%s", path, diff)
	}
}

func need(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// refusedAs wants err to be a refusal of this kind; "" wants none.
func refusedAs(t testing.TB, what string, err error, want jisr.RefusalKind) {
	t.Helper()
	var r *jisr.Refusal
	switch {
	case want == "" && err != nil:
		t.Errorf("%s: %v, want no refusal", what, err)
	case want != "" && (!errors.As(err, &r) || r.Kind != want):
		t.Errorf("%s: %v, want the refusal %s", what, err, want)
	}
}

// forum writes acts as honest members would: clocks rise above all seen, seen never shrinks.
type forum struct {
	t    testing.TB
	logs map[jisr.MemberID][]jisr.Act
	seen map[jisr.MemberID]map[jisr.MemberID]jisr.Index
	at   time.Time
}

func newForum(t testing.TB) *forum {
	return &forum{t: t, logs: map[jisr.MemberID][]jisr.Act{}, seen: map[jisr.MemberID]map[jisr.MemberID]jisr.Index{},
		at: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)}
}

// receive lets m receive the log of another member up to its first n acts; n < 0 is all.
func (f *forum) receive(m, of jisr.MemberID, n jisr.Index) {
	if all := jisr.Index(len(f.logs[of])); n < 0 || n > all {
		n = all
	}
	if f.seen[m] == nil {
		f.seen[m] = map[jisr.MemberID]jisr.Index{}
	}
	f.seen[m][of] = max(f.seen[m][of], n)
}

func (f *forum) clock(m jisr.MemberID) int64 {
	var c int64
	if own := f.logs[m]; len(own) > 0 {
		c = own[len(own)-1].Clock
	}
	for o, n := range f.seen[m] {
		if n > 0 {
			c = max(c, f.logs[o][n-1].Clock)
		}
	}
	return c
}

// next is the act that m would write now; say writes it.
func (f *forum) next(m jisr.MemberID, kind jisr.Kind, about jisr.ThingID, terms any) jisr.Act {
	f.t.Helper()
	f.at = f.at.Add(time.Minute)
	a := jisr.Act{V: 1, Kind: kind, Forum: "iq-sy", About: about, By: &jisr.By{Desk: "protocol"}, At: f.at, Clock: f.clock(m) + 1,
		Position: jisr.Position{Member: m, Index: jisr.Index(len(f.logs[m]))}}
	for o, n := range f.seen[m] {
		if a.Seen == nil {
			a.Seen = map[jisr.MemberID]jisr.Index{}
		}
		a.Seen[o] = n
	}
	if terms != nil {
		raw, err := jisr.Terms(terms)
		need(f.t, err)
		a.Terms = raw
	}
	switch kind {
	case jisr.KindRecordBatch, jisr.KindRecordCorrect, jisr.KindNoteRelease, jisr.KindCommitmentPropose, jisr.KindCommitmentReport, jisr.KindMinutesEdit, jisr.KindMinutesClear, jisr.KindMeetingPaper,
		jisr.KindStatementEdit, jisr.KindStatementApprove, jisr.KindReadoutRelease, jisr.KindBodyCirculate:
		a.Content = &jisr.Content{Commit: jisr.Commit(sha256.Sum256([]byte(about))), Size: 1, Type: "application/json"}
	}
	return a
}

func (f *forum) say(m jisr.MemberID, kind jisr.Kind, about jisr.ThingID, terms any) jisr.Act {
	f.t.Helper()
	a := f.next(m, kind, about, terms)
	var prev *jisr.Act
	if own := f.logs[m]; len(own) > 0 {
		prev = &own[len(own)-1]
	}
	need(f.t, a.Follows(prev, "iq-sy"))
	f.logs[m] = append(f.logs[m], a)
	return a
}

// about gives the acts that concern a thing.
func (f *forum) about(thing jisr.ThingID) (acts []jisr.Act) {
	for _, log := range f.logs {
		for i := range log {
			for _, c := range jisr.Concerns(&log[i]) {
				if c == thing {
					acts = append(acts, log[i])
				}
			}
		}
	}
	return acts
}

// things lists what anybody spoke about.
func (f *forum) things() map[jisr.ThingID]bool {
	all := map[jisr.ThingID]bool{}
	for _, log := range f.logs {
		for i := range log {
			for _, c := range jisr.Concerns(&log[i]) {
				all[c] = true
			}
		}
	}
	return all
}

// fold folds a thing, from several orders of arrival, and fails when they do not agree or the input changes.
func (f *forum) fold(thing jisr.ThingID, rng *rand.Rand) jisr.State {
	f.t.Helper()
	acts := f.about(thing)
	state := jisr.Fold(thing, acts)
	for range 4 {
		rng.Shuffle(len(acts), func(i, j int) { acts[i], acts[j] = acts[j], acts[i] })
		before, err := json.Marshal(acts)
		need(f.t, err)
		again := jisr.Fold(thing, acts)
		after, err := json.Marshal(acts)
		need(f.t, err)
		if string(before) != string(after) {
			f.t.Fatalf("folding %s changed its input", thing)
		}
		if diff := cmp.Diff(state, again); diff != "" || state.Digest() != again.Digest() {
			f.t.Fatalf("%s: another order of arrival gives another state:\n%s", thing, diff)
		}
	}
	return state
}

func verbale(number int, to ...jisr.MemberID) jisr.NoteTerms {
	return jisr.NoteTerms{Kind: jisr.Verbale, To: to, Number: number, Date: "2026-11-23", Precedence: jisr.Routine}
}

func noteID(m jisr.MemberID, n int) jisr.ThingID {
	return jisr.ThingID(fmt.Sprintf("note/%s-%02d", m, n))
}

func rng(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 42)) }
