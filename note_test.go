package jisr_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"jisr"
)

// TestStories reads testdata/*.story: what members say to each other, one act a line, and under the line of
// dashes what is then true on every node. A member knows of another only what it received. Run with -rewrite to
// write what the rules find.
func TestStories(t *testing.T) {
	files, err := filepath.Glob("testdata/*.story")
	need(t, err)
	if len(files) == 0 {
		t.Fatal("no stories")
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".story"), func(t *testing.T) {
			raw, err := os.ReadFile(file)
			need(t, err)
			var out strings.Builder
			for i, stanza := range strings.Split(strings.TrimSpace(string(raw)), "\n\n") {
				if i > 0 {
					out.WriteString("\n")
				}
				told, _, _ := strings.Cut(stanza, "\n----")
				out.WriteString(told + "\n----\n" + tell(t, told))
			}
			golden(t, filepath.Base(file), out.String())
		})
	}
}

// tell plays a stanza and writes the state of every note in it.
func tell(t *testing.T, stanza string) string {
	t.Helper()
	f := newForum(t)
	for line := range strings.Lines(stanza) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			play(t, f, line)
		}
	}
	var out strings.Builder
	var things []string
	for thing := range f.things() {
		things = append(things, string(thing))
	}
	slices.Sort(things)
	for _, thing := range things {
		s := f.fold(jisr.ThingID(thing), rng(1))
		_, name, _ := strings.Cut(thing, "/")
		if s.Note == nil {
			fmt.Fprintf(&out, "%s was never released\n", name)
		} else {
			describe(&out, name, s.Note)
		}
		for _, a := range sorted(f.about(jisr.ThingID(thing))) {
			if void := s.Voids[a.Position]; void != nil {
				fmt.Fprintf(&out, "  void: %s by %s (%s)\n", a.Kind, a.Member, void.Kind)
			}
		}
	}
	return out.String()
}

func sorted(acts []jisr.Act) []jisr.Act { jisr.Sort(acts); return acts }

func describe(out *strings.Builder, name string, n *jisr.Note) {
	fmt.Fprintf(out, "%s is %s", name, n.State())
	if late := n.Standing(false, jisr.On("2027-01-01")); late == jisr.NoAnswerInTime {
		fmt.Fprintf(out, ", on 2027-01-01 %s", late)
	}
	out.WriteString("\n")
	for _, m := range n.To {
		r := n.Readings[m]
		switch {
		case r.Withdrawn:
			fmt.Fprintf(out, "  %s: withdrawn before it opened\n", m)
		case r.Answered != nil:
			fmt.Fprintf(out, "  %s: answered by %s\n", m, r.Answer.Name())
		case r.Opened != nil:
			fmt.Fprintf(out, "  %s: opened\n", m)
		default:
			fmt.Fprintf(out, "  %s: nothing yet\n", m)
		}
	}
}

// play does what one line says:
//
//	iq releases iq-1 to sy, jo [answering sy-1] [by 2026-12-01]
//	iq withdraws iq-1
//	sy opens iq-1
//	iq wants no answer to iq-1
//	sy receives everything of iq
//	sy receives the first 1 of iq
func play(t *testing.T, f *forum, line string) {
	t.Helper()
	w := strings.Fields(strings.ReplaceAll(line, ",", " "))
	m := jisr.MemberID(w[0])
	note := func(name string) jisr.ThingID { return jisr.ThingID("note/" + name) }
	switch w[1] {
	case "releases":
		f.say(m, jisr.KindNoteRelease, note(w[2]), releaseTerms(t, w[3:]))
	case "withdraws":
		f.say(m, jisr.KindNoteWithdraw, note(w[2]), jisr.Reason{Reason: "x"})
	case "opens":
		f.say(m, jisr.KindNoteOpen, note(w[2]), nil)
	case "wants":
		f.say(m, jisr.KindNoteClose, note(w[len(w)-1]), jisr.Reason{})
	case "receives":
		n := -1
		if w[2] != "everything" {
			var err error
			n, err = strconv.Atoi(w[4])
			need(t, err)
		}
		f.receive(m, jisr.MemberID(w[len(w)-1]), jisr.Index(n))
	default:
		t.Fatalf("cannot play %q", line)
	}
}

func releaseTerms(t *testing.T, words []string) jisr.NoteTerms {
	t.Helper()
	terms := verbale(1)
	for i := 0; i < len(words); i++ {
		switch w := words[i]; w {
		case "to":
		case "answering":
			i++
			terms.InReplyTo = jisr.ThingID("note/" + words[i])
		case "by":
			i++
			terms.ReplyBy = jisr.Date(words[i])
		default:
			terms.To = append(terms.To, jisr.MemberID(w))
		}
	}
	slices.Sort(terms.To)
	return terms
}

// Withdrawal against opening, in every order and with the link cut at every point, on two and on three members
// (practice 5.4, P2 and P4): the withdrawal counts for exactly those addressees that received it before they opened.
func TestWithdrawalAgainstOpening(t *testing.T) {
	const never, before, after = 0, 1, 2 // opens never, before or after it receives the withdrawal
	for _, to := range [][]jisr.MemberID{{"sy"}, {"jo", "sy"}} {
		cases := 1
		for range to {
			cases *= 3
		}
		for c := range cases {
			for order := range 2 { // who writes first does not matter
				f := newForum(t)
				f.say("iq", jisr.KindNoteRelease, "note/iq-1", verbale(1, to...))
				what := map[jisr.MemberID]int{}
				openers := slices.Clone(to)
				if order == 1 {
					slices.Reverse(openers)
				}
				for i, m := range to {
					what[m] = c / []int{1, 3}[i] % 3
				}
				early := func(stage int) {
					for _, m := range openers {
						if what[m] == stage {
							f.receive(m, "iq", jisr.Index(stage))
							f.say(m, jisr.KindNoteOpen, "note/iq-1", nil)
						}
					}
				}
				if order == 0 {
					early(before)
				}
				withdrawal := f.say("iq", jisr.KindNoteWithdraw, "note/iq-1", jisr.Reason{Reason: "x"})
				if order == 1 { // the link was cut: they open after the withdrawal was written, not having received it
					early(before)
				}
				early(after)
				checkWithdrawal(t, f, what, withdrawal)
			}
		}
	}
}

func checkWithdrawal(t *testing.T, f *forum, what map[jisr.MemberID]int, withdrawal jisr.Act) {
	t.Helper()
	s := f.fold("note/iq-1", rng(1))
	all := true
	for m, w := range what {
		r := s.Note.Readings[m]
		opened := w == 1
		all = all && opened
		if (r.Opened != nil) != opened || r.Withdrawn == opened {
			t.Errorf("%v: %s has opened %v, withdrawn %v", what, m, r.Opened != nil, r.Withdrawn)
		}
	}
	if void := s.Voids[withdrawal.Position]; (void != nil) != all {
		t.Errorf("%v: the withdrawal is void %v, all opened %v", what, void, all)
	}
	for _, a := range f.about("note/iq-1") {
		if late := a.Kind == jisr.KindNoteOpen && what[a.Member] == 2; late != (s.Voids[a.Position] != nil && a.Kind == jisr.KindNoteOpen) {
			t.Errorf("%v: the opening by %s: %v", what, a.Member, s.Voids[a.Position])
		}
	}
}

func TestNoteTermsCheck(t *testing.T) {
	change := func(f func(*jisr.NoteTerms)) jisr.NoteTerms { n := verbale(1, "sy"); f(&n); return n }
	for name, c := range map[string]struct {
		terms jisr.NoteTerms
		want  jisr.RefusalKind
	}{
		"good":                  {change(func(*jisr.NoteTerms) {}), ""},
		"no kind":               {change(func(n *jisr.NoteTerms) { n.Kind = "letter" }), jisr.NotOneOf},
		"no precedence":         {change(func(n *jisr.NoteTerms) { n.Precedence = "" }), jisr.NotOneOf},
		"no level":              {change(func(n *jisr.NoteTerms) { n.Handling = "top secret" }), jisr.NotOneOf},
		"secret":                {change(func(n *jisr.NoteTerms) { n.Handling = jisr.HandlingSecret }), ""},
		"to nobody":             {change(func(n *jisr.NoteTerms) { n.To = nil }), jisr.Missing},
		"to itself":             {change(func(n *jisr.NoteTerms) { n.To = []jisr.MemberID{"iq", "sy"} }), jisr.SelfAddress},
		"to one twice":          {change(func(n *jisr.NoteTerms) { n.To = []jisr.MemberID{"sy", "sy"} }), jisr.Malformed},
		"unsorted":              {change(func(n *jisr.NoteTerms) { n.To = []jisr.MemberID{"sy", "jo"} }), jisr.Malformed},
		"to the house":          {change(func(n *jisr.NoteTerms) { n.To = []jisr.MemberID{"house"} }), jisr.Malformed},
		"too many":              {change(func(n *jisr.NoteTerms) { n.To = make([]jisr.MemberID, 65) }), jisr.TooMany},
		"no number":             {change(func(n *jisr.NoteTerms) { n.Number = 0 }), jisr.Malformed},
		"a non-paper":           {change(func(n *jisr.NoteTerms) { n.Kind, n.Number = jisr.NonPaper, 0 }), ""},
		"a non-paper, numbered": {change(func(n *jisr.NoteTerms) { n.Kind = jisr.NonPaper }), jisr.Malformed},
		"no date":               {change(func(n *jisr.NoteTerms) { n.Date = "" }), jisr.Malformed},
		"no such day":           {change(func(n *jisr.NoteTerms) { n.ReplyBy = "2026-02-30" }), jisr.Malformed},
		"answers no note":       {change(func(n *jisr.NoteTerms) { n.InReplyTo = "forum/iq-sy" }), jisr.Malformed},
		"refers to no note":     {change(func(n *jisr.NoteTerms) { n.References = []jisr.ThingID{"x"} }), jisr.Malformed},
		"refers too often":      {change(func(n *jisr.NoteTerms) { n.References = make([]jisr.ThingID, 33) }), jisr.TooMany},
	} {
		refusedAs(t, name, c.terms.Check("iq"), c.want)
	}
}

func TestANonPaperNamesNobody(t *testing.T) {
	f := newForum(t)
	terms := verbale(0, "sy")
	terms.Kind = jisr.NonPaper
	a := f.say("iq", jisr.KindNoteRelease, "note/iq-1", terms)
	if s := jisr.Fold("note/iq-1", []jisr.Act{a}); s.Note != nil || s.Voids[a.Position] == nil {
		t.Error("a non-paper that says who wrote it has effect")
	}
	a.By = nil
	if s := jisr.Fold("note/iq-1", []jisr.Act{a}); s.Note == nil {
		t.Errorf("a non-paper: %v", s.Voids)
	}
}

func TestContentsTravelByPrecedence(t *testing.T) {
	f := newForum(t)
	var last []int
	for i, p := range jisr.Precedences() {
		terms := verbale(1, "sy")
		terms.Precedence = p
		a := f.say("iq", jisr.KindNoteRelease, noteID("iq", i), terms)
		a.Attachments = []jisr.Content{*a.Content}
		ranks := jisr.RankAct(&a)
		if len(ranks) != 2 || ranks[1] != ranks[0]+1 || last != nil && ranks[0] <= last[1] {
			t.Errorf("%s: ranks %v after %v", p, ranks, last)
		}
		last = ranks
	}
	b := f.say("iq", jisr.KindRecordBatch, "record/iq-1", nil)
	if b.Content = f.say("iq", jisr.KindNoteRelease, noteID("iq", 99), verbale(99, "sy")).Content; jisr.RankAct(&b)[0] <= last[1] {
		t.Errorf("records travel at %v, notes at %v", jisr.RankAct(&b), last)
	}
}
