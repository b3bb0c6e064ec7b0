package jisr_test

import (
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"jisr"
)

const communique jisr.ThingID = "statement/iq-1"

// communiqueText is the hash of some text.
func communiqueText(n int) jisr.Commitment {
	return jisr.Commit(sha256.Sum256(fmt.Append(nil, n)))
}

// drafted is a forum in which a statement is being drafted.
func drafted(t testing.TB, members ...jisr.MemberID) *forum {
	f := newForum(t)
	f.say("iq", jisr.KindStatementPropose, communique, jisr.StatementTerms{Title: jisr.Text{"ar": "بيان مشترك"}, Members: members, Languages: []string{"ar", "en"}})
	f.meet(members...)
	return f
}

// approved is one that all have approved, to be public from an instant that lies some minutes ahead; 0: at once.
func approved(t testing.TB, minutes int, members ...jisr.MemberID) *forum {
	f := drafted(t, members...)
	var from time.Time
	if minutes > 0 {
		from = f.at.Add(time.Duration(minutes) * time.Minute).UTC()
	}
	for _, m := range members {
		f.say(m, jisr.KindStatementApprove, communique, jisr.ApproveTerms{Text: communiqueText(1), Release: from})
	}
	f.meet(members...)
	return f
}

func (f *forum) statement(what, want string, voids ...jisr.Act) *jisr.JointStatement {
	f.t.Helper()
	s := f.fold(communique, rng(4))
	if s.Statement == nil || s.Statement.State() != want {
		f.t.Fatalf("%s: %+v, want %s; voids %v", what, s.Statement, want, s.Voids)
	}
	if len(s.Voids) != len(voids) {
		f.t.Fatalf("%s: void are %v, want %d", what, s.Voids, len(voids))
	}
	for _, a := range voids {
		if s.Voids[a.Position] == nil {
			f.t.Errorf("%s: %s of %s has effect", what, a.Kind, a.Member)
		}
	}
	return s.Statement
}

func TestAStatementFromDraftToRelease(t *testing.T) {
	for _, members := range [][]jisr.MemberID{{"iq", "sy"}, {"iq", "jo", "sy"}} {
		f := drafted(t, members...)
		f.say("sy", jisr.KindStatementEdit, communique, jisr.EditTerms{Ops: []jisr.Op{{Segment: "sy-1", Kind: jisr.Narrative}}})
		decision := f.say("sy", jisr.KindStatementEdit, communique, jisr.EditTerms{Ops: []jisr.Op{{Segment: "sy-2", Kind: jisr.DecisionText}}})
		f.meet(members...)
		from := f.at.Add(20 * time.Minute).UTC()
		for i, m := range members {
			f.statement("not all have approved", jisr.StatementDrafting, decision)
			f.say(m, jisr.KindStatementApprove, communique, jisr.ApproveTerms{Text: communiqueText(1), Release: from})
			if i == 0 {
				f.meet(members...)
			}
		}
		f.meet(members...)
		early := f.say("iq", jisr.KindStatementRelease, communique, jisr.AgreeTerms{Hash: communiqueText(1)})
		s := f.statement("embargoed", jisr.StatementEmbargoed, decision, early)
		if s.Agreed != communiqueText(1) || s.Body == nil || !s.Release.Equal(from) || len(s.Segments) != 1 {
			t.Errorf("agreed %+v", s)
		}
		f.at = from
		f.say("sy", jisr.KindStatementRelease, communique, jisr.AgreeTerms{Hash: communiqueText(1)})
		f.meet(members...)
		again := f.say("iq", jisr.KindStatementRelease, communique, jisr.AgreeTerms{Hash: communiqueText(1)})
		late := f.say("iq", jisr.KindStatementWithdraw, communique, jisr.Reason{Reason: "x"})
		s = f.statement("released", jisr.StatementReleased, decision, early, again, late)
		if s.First == nil || s.First.Member != "sy" || len(s.Released) != 1 {
			t.Errorf("released by %v", s.Released)
		}
	}
}

// Approvals are over one text in every language and one instant: whoever approves another has not approved this one.
func TestApprovalsOverOneTextAndOneInstant(t *testing.T) {
	f := drafted(t, "iq", "sy")
	from := f.at.Add(time.Hour).UTC()
	f.say("iq", jisr.KindStatementApprove, communique, jisr.ApproveTerms{Text: communiqueText(1), Release: from})
	f.say("sy", jisr.KindStatementApprove, communique, jisr.ApproveTerms{Text: communiqueText(1)})
	f.meet("iq", "sy")
	f.statement("other instants", jisr.StatementDrafting)
	f.say("sy", jisr.KindStatementApprove, communique, jisr.ApproveTerms{Text: communiqueText(2), Release: from})
	f.meet("iq", "sy")
	f.statement("other texts", jisr.StatementDrafting)
	f.say("iq", jisr.KindStatementApprove, communique, jisr.ApproveTerms{Text: communiqueText(2), Release: from})
	if s := f.statement("one text", jisr.StatementEmbargoed); s.Agreed != communiqueText(2) {
		t.Errorf("agreed on %s", s.Agreed)
	}
}

// Who changes the text takes its approval back with it.
func TestAnEditAfterAnApproval(t *testing.T) {
	f := drafted(t, "iq", "sy")
	f.say("iq", jisr.KindStatementApprove, communique, jisr.ApproveTerms{Text: communiqueText(1)})
	f.say("iq", jisr.KindStatementEdit, communique, jisr.EditTerms{Ops: []jisr.Op{{Segment: "iq-1", Kind: jisr.Narrative}}})
	f.meet("iq", "sy")
	f.say("sy", jisr.KindStatementApprove, communique, jisr.ApproveTerms{Text: communiqueText(1)})
	f.statement("the text was changed", jisr.StatementDrafting)
}

// C16: who publishes before all approved, or before the instant, releases nothing on any node; what happened outside is told.
func TestC16PublishedBeforeTheOtherSideApproved(t *testing.T) {
	for c := range 4 {
		order, members := c&1, parties()[c>>1]
		f := allButSyApprove(t, members)
		var early jisr.Act
		release := func() {
			early = f.say("iq", jisr.KindStatementRelease, communique, jisr.AgreeTerms{Hash: communiqueText(1)})
		}
		approve := func() {
			f.say("sy", jisr.KindStatementApprove, communique, jisr.ApproveTerms{Text: communiqueText(1)})
		}
		if order == 0 {
			release()
			approve()
		} else {
			approve()
			release()
		}
		f.meet(members...)
		if s := f.statement("released unapproved", jisr.StatementAgreed, early); len(s.Released) > 0 {
			t.Errorf("order %d: released", order)
		}
		f.say("sy", jisr.KindStatementIncident, communique, jisr.IncidentTerms{By: "iq", When: f.at.UTC(), Where: "example.org"})
		stranger := f.say("sy", jisr.KindStatementIncident, communique, jisr.IncidentTerms{By: "om", When: f.at.UTC()})
		f.meet(members...)
		f.say("iq", jisr.KindStatementRelease, communique, jisr.AgreeTerms{Hash: communiqueText(1)})
		s := f.statement("marked", jisr.StatementReleased, early, stranger)
		if len(s.Early) != 1 || s.Early[0].By != "iq" || s.Early[0].Told != "sy" {
			t.Errorf("order %d: incidents %+v", order, s.Early)
		}
	}
}

// allButSyApprove is a statement that waits for sy alone; the others' approvals have not arrived there.
func allButSyApprove(t *testing.T, members []jisr.MemberID) *forum {
	f := drafted(t, members...)
	for _, m := range members {
		if m != "sy" {
			f.say(m, jisr.KindStatementApprove, communique, jisr.ApproveTerms{Text: communiqueText(1)})
		}
	}
	return f
}

// C17: taking an approval back crosses the approval that completes it. What was not received comes too late; what was
// received wins.
func TestC17AnApprovalTakenBackAgainstTheLastApproval(t *testing.T) {
	for c := range 4 {
		order, members := c&1, parties()[c>>1]
		f := allButSyApprove(t, members)
		f.meet(members...)
		acts := []func(){
			func() { f.say("iq", jisr.KindStatementRetract, communique, jisr.Reason{}) },
			func() {
				f.say("sy", jisr.KindStatementApprove, communique, jisr.ApproveTerms{Text: communiqueText(1)})
			},
		}
		acts[order]()
		acts[1-order]()
		f.meet(members...)
		f.statement("crossed", jisr.StatementAgreed)
		late := f.say("iq", jisr.KindStatementRetract, communique, jisr.Reason{})
		f.statement("irrevocable", jisr.StatementAgreed, late)
	}
	f := drafted(t, "iq", "sy")
	f.say("iq", jisr.KindStatementApprove, communique, jisr.ApproveTerms{Text: communiqueText(1)})
	f.say("iq", jisr.KindStatementRetract, communique, jisr.Reason{})
	f.meet("iq", "sy")
	f.say("sy", jisr.KindStatementApprove, communique, jisr.ApproveTerms{Text: communiqueText(1)})
	f.statement("taken back first", jisr.StatementDrafting)
}

// A withdrawal counts from receipt: who releases not having received it has released, and who has received it does not.
func TestAWithdrawalAgainstARelease(t *testing.T) {
	for order := range 2 {
		f := approved(t, 0, "iq", "sy")
		acts := []func(){
			func() { f.say("iq", jisr.KindStatementWithdraw, communique, jisr.Reason{Reason: "x"}) },
			func() { f.say("sy", jisr.KindStatementRelease, communique, jisr.AgreeTerms{Hash: communiqueText(1)}) },
		}
		acts[order]()
		acts[1-order]()
		f.meet("iq", "sy")
		if s := f.statement("crossed", jisr.StatementReleased); !s.Crossed() {
			t.Errorf("order %d: nothing shows that they crossed", order)
		}
	}
	f := approved(t, 0, "iq", "sy")
	f.say("iq", jisr.KindStatementWithdraw, communique, jisr.Reason{Reason: "x"})
	f.meet("iq", "sy")
	late := f.say("sy", jisr.KindStatementRelease, communique, jisr.AgreeTerms{Hash: communiqueText(1)})
	f.statement("withdrawn", jisr.StatementWithdrawn, late)
}

// Both release at the instant, not knowing of each other: it is released once, and both are told.
func TestBothRelease(t *testing.T) {
	f := approved(t, 1, "iq", "sy")
	f.say("iq", jisr.KindStatementRelease, communique, jisr.AgreeTerms{Hash: communiqueText(1)})
	f.say("sy", jisr.KindStatementRelease, communique, jisr.AgreeTerms{Hash: communiqueText(1)})
	f.meet("iq", "sy")
	if s := f.statement("released by both", jisr.StatementReleased); len(s.Released) != 2 {
		t.Errorf("released by %v", s.Released)
	}
}

// Whatever members say, in whatever order it arrives, all come to one state, and nothing is released that not all approved.
func TestNothingIsReleasedThatNotAllApproved(t *testing.T) {
	members := []jisr.MemberID{"iq", "jo", "sy"}
	released := 0
	for seed := range uint64(300) {
		f, r := drafted(t, members...), rng(seed)
		for range 14 {
			anything(f, r, members[r.IntN(3)])
			if r.IntN(2) == 0 {
				f.meet(members...)
			}
		}
		f.meet(members...)
		folded := f.fold(communique, r)
		var valid []jisr.Act
		for _, a := range f.about(communique) {
			if folded.Voids[a.Position] == nil {
				valid = append(valid, a)
			}
		}
		if without := jisr.Fold(communique, valid); folded.Digest() != without.Digest() || len(without.Voids) > 0 {
			t.Fatalf("seed %d: void acts change the state: %v", seed, without.Voids)
		}
		s := folded.Statement
		if s.First == nil {
			continue
		}
		released++
		approved := map[jisr.MemberID]bool{}
		for _, a := range f.about(communique) {
			if terms, err := jisr.ReadApproval(&a); err == nil && a.Kind == jisr.KindStatementApprove && terms.Text == s.Agreed {
				approved[a.Member] = true
			}
		}
		if len(approved) != len(members) || s.First.At.Before(s.Release) {
			t.Fatalf("seed %d: released by %s with the approval of %v", seed, s.First.Member, approved)
		}
	}
	if released == 0 {
		t.Error("nothing was ever released")
	}
}

func anything(f *forum, r *rand.Rand, m jisr.MemberID) {
	text := communiqueText(r.IntN(8) / 6)
	switch r.IntN(12) {
	case 0:
		f.say(m, jisr.KindStatementRetract, communique, jisr.Reason{})
	case 1:
		f.say(m, jisr.KindStatementEdit, communique, jisr.EditTerms{Ops: []jisr.Op{{Segment: fmt.Sprintf("%s-%d", m, f.clock(m)), Kind: jisr.Narrative}}})
	case 2:
		f.say(m, jisr.KindStatementWithdraw, communique, jisr.Reason{Reason: "x"})
	case 3, 4, 5:
		f.say(m, jisr.KindStatementRelease, communique, jisr.AgreeTerms{Hash: text})
	default:
		f.say(m, jisr.KindStatementApprove, communique, jisr.ApproveTerms{Text: text})
	}
}

func soundStatement() jisr.StatementBody {
	return jisr.StatementBody{Title: jisr.Text{"ar": "بيان مشترك", "en": "Joint statement"}, Languages: []string{"ar", "en"}, Release: time.Date(2026, 12, 1, 9, 0, 0, 0, time.UTC),
		Paragraphs: []jisr.StatementParagraph{{Segment: "iq-1", Text: jisr.Text{"ar": "اتفق الجانبان.", "en": "The two sides agreed."}}}}
}

func TestAStatementIsWholeInEveryLanguage(t *testing.T) {
	refusedAs(t, "sound", checkStatement(func(*jisr.StatementBody) {}), "")
	for name, c := range map[string]struct {
		change func(*jisr.StatementBody)
		want   jisr.RefusalKind
	}{
		"a paragraph lacks a language": {func(b *jisr.StatementBody) { delete(b.Paragraphs[0].Text, "en") }, jisr.Missing},
		"the title lacks a language":   {func(b *jisr.StatementBody) { delete(b.Title, "ar") }, jisr.Missing},
		"a language nobody agreed on":  {func(b *jisr.StatementBody) { b.Paragraphs[0].Text["fr"] = "x" }, jisr.Malformed},
		"no text":                      {func(b *jisr.StatementBody) { b.Paragraphs = nil }, jisr.Missing},
		"an instant of another zone":   {func(b *jisr.StatementBody) { b.Release = b.Release.In(time.FixedZone("", 3600)) }, jisr.Malformed},
		"languages twice":              {func(b *jisr.StatementBody) { b.Languages = []string{"ar", "ar"} }, jisr.Malformed},
	} {
		refusedAs(t, name, checkStatement(c.change), c.want)
	}
}

func checkStatement(change func(*jisr.StatementBody)) error {
	b := soundStatement()
	change(&b)
	return b.Check()
}

func TestAReadoutIsItsMembersAlone(t *testing.T) {
	const readout jisr.ThingID = "readout/sy-1"
	f := newForum(t)
	terms := jisr.ReadoutTerms{Of: communique, Title: jisr.Text{"ar": "رواية"}}
	foreign := f.say("iq", jisr.KindReadoutRelease, readout, terms)
	f.say("sy", jisr.KindReadoutRelease, readout, terms)
	second := f.say("sy", jisr.KindReadoutRelease, readout, terms)
	s := f.fold(readout, rng(1))
	if s.Readout == nil || s.Readout.Party != "sy" || s.Readout.State() != jisr.ReadoutReleased || s.Statement != nil || len(s.Voids) != 2 || s.Voids[foreign.Position] == nil || s.Voids[second.Position] == nil {
		t.Fatalf("%+v, voids %v", s.Readout, s.Voids)
	}
	f.say("sy", jisr.KindReadoutWithdraw, readout, jisr.Reason{Reason: "x"})
	if s := f.fold(readout, rng(1)); s.Readout.State() != jisr.ReadoutWithdrawn {
		t.Errorf("%+v", s.Readout)
	}
}

// FuzzStatement: what is read as a statement is whole in every language, and encodes to the same bytes.
func FuzzStatement(f *testing.F) {
	b := soundStatement()
	raw, err := b.Encode()
	need(f, err)
	f.Add(raw)
	f.Add([]byte(`{"title":{},"languages":null,"paragraphs":[]}`))
	f.Fuzz(func(t *testing.T, content []byte) {
		var hash jisr.Commitment
		if known, err := jisr.ReadStatement(content); err == nil {
			hash = known.Hash()
			again, err := known.Encode()
			if diff := cmp.Diff(string(content), string(again)); err != nil || diff != "" || known.Check() != nil {
				t.Fatalf("%v %s", err, diff)
			}
		}
		if got, err := jisr.DecodeStatement(content, hash); err == nil && got.Hash() != hash {
			t.Fatal("read under another hash")
		}
		_, _ = jisr.DecodeReadout(content)
	})
}
