package jisr_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jisr"
)

// randomForum is what three members say to each other about a few notes, sensible or not.
func randomForum(t testing.TB, seed uint64, acts int) *forum {
	f, r := newForum(t), rng(seed)
	members := []jisr.MemberID{"iq", "jo", "sy"}
	for range acts {
		m := members[r.IntN(3)]
		o := members[r.IntN(3)]
		if o != m && r.IntN(2) == 0 {
			f.receive(m, o, f.seen[m][o]+jisr.Index(r.IntN(5)))
		}
		about := noteID(members[r.IntN(3)], r.IntN(3))
		switch r.IntN(8) {
		case 0, 1, 2:
			terms := verbale(1+r.IntN(9), "iq", "jo", "sy")
			i := r.IntN(3)
			terms.To = append(terms.To[:i], terms.To[i+1:]...)
			if r.IntN(2) == 0 {
				terms.InReplyTo = noteID(members[r.IntN(3)], r.IntN(3))
			}
			if r.IntN(2) == 0 {
				terms.ReplyBy = "2026-12-01"
			}
			f.say(m, jisr.KindNoteRelease, about, terms)
		case 3, 4:
			f.say(m, jisr.KindNoteOpen, about, nil)
		case 5:
			f.say(m, jisr.KindNoteWithdraw, about, jisr.Reason{Reason: "x"})
		case 6:
			f.say(m, jisr.KindNoteClose, about, jisr.Reason{})
		case 7:
			f.say(m, []jisr.Kind{"note.sign", jisr.KindForumJoin, jisr.KindNoteDraft}[r.IntN(3)], about, nil)
		}
	}
	return f
}

// State is a function of the set of acts: forum.fold tries orders of arrival, and that the input stays as it is.
func TestFoldIsAFunctionOfTheSet(t *testing.T) {
	with := 0
	for seed := range uint64(150) {
		f, r := randomForum(t, seed, 40), rng(seed)
		for thing := range f.things() {
			s := f.fold(thing, r)
			if s.Note != nil {
				with++
				checkNote(t, s.Note)
			}
		}
	}
	if with < 100 {
		t.Fatalf("only %d notes in all these records: they test nothing", with)
	}
}

// checkNote holds what is true of every note, whatever was said about it.
func checkNote(t *testing.T, n *jisr.Note) {
	t.Helper()
	if len(n.Readings) != len(n.To) {
		t.Errorf("%d readings of %d addressees", len(n.Readings), len(n.To))
	}
	withdrawn := false
	for m, r := range n.Readings {
		withdrawn = withdrawn || r.Withdrawn
		if r.Withdrawn && (r.Opened != nil || r.Answered != nil) {
			t.Errorf("%s opened what had been withdrawn", m)
		}
		if r.Answered != nil && r.Opened == nil {
			t.Errorf("%s answered what it did not open", m)
		}
	}
	if withdrawn != (n.Withdrawn != nil) {
		t.Errorf("withdrawn %v, for an addressee %v", n.Withdrawn, withdrawn)
	}
}

// Every act is either in effect or void with a reason, and a void act leaves the state as it would be without.
func TestVoidActsHaveNoEffect(t *testing.T) {
	for seed := range uint64(60) {
		f := randomForum(t, seed, 30)
		for thing := range f.things() {
			acts := f.about(thing)
			s := jisr.Fold(thing, acts)
			var valid []jisr.Act
			for _, a := range acts {
				if s.Voids[a.Position] == nil {
					valid = append(valid, a)
				}
			}
			without := jisr.Fold(thing, valid)
			if s.Digest() != without.Digest() {
				t.Fatalf("seed %d, %s: void acts change the state: %s", seed, thing, cmp.Diff(without.Note, s.Note))
			}
		}
	}
}

// What a member is told it may do is what happens when it does it at once, having received everything.
func TestMayTellsWhatWillHappen(t *testing.T) {
	refused, allowed := 0, 0
	for seed := range uint64(60) {
		f := randomForum(t, seed, 30)
		for _, m := range []jisr.MemberID{"iq", "jo", "sy"} {
			for _, o := range []jisr.MemberID{"iq", "jo", "sy"} {
				if o != m {
					f.receive(m, o, -1)
				}
			}
			for thing := range f.things() {
				n := jisr.Fold(thing, f.about(thing)).Note
				if n == nil {
					continue
				}
				for kind, may := range map[jisr.Kind]error{jisr.KindNoteOpen: n.MayOpen(m), jisr.KindNoteWithdraw: n.MayWithdraw(m)} {
					var terms any
					if kind == jisr.KindNoteWithdraw {
						terms = jisr.Reason{}
					}
					a := f.next(m, kind, thing, terms)
					s := jisr.Fold(thing, append(f.about(thing), a))
					void := s.Voids[a.Position]
					if (may == nil) != (void == nil) {
						t.Fatalf("seed %d: %s of %s by %s: told %v, met %v", seed, kind, thing, m, may, void)
					}
					if may == nil {
						allowed++
					} else {
						refused++
					}
				}
			}
		}
	}
	if refused < 50 || allowed < 50 {
		t.Fatalf("%d refused, %d allowed: too few to say anything", refused, allowed)
	}
}

// An act of an unknown kind, or about a thing of another noun, is kept, shown and without effect.
func TestUnknownAndMisplacedActs(t *testing.T) {
	f := newForum(t)
	f.say("iq", jisr.KindNoteRelease, "note/iq-01", verbale(1, "sy"))
	want := jisr.Fold("note/iq-01", f.about("note/iq-01"))
	f.receive("sy", "iq", -1)
	for kind, refusal := range map[jisr.Kind]jisr.RefusalKind{"note.seal": jisr.Unknown, jisr.KindForumJoin: jisr.Malformed, jisr.KindNoteDraft: jisr.Malformed} {
		a := f.say("sy", kind, "note/iq-01", nil)
		s := jisr.Fold("note/iq-01", f.about("note/iq-01"))
		if void := s.Voids[a.Position]; void == nil || void.Kind != refusal {
			t.Errorf("%s: %v, want %s", kind, void, refusal)
		}
		if s.Digest() != want.Digest() {
			t.Errorf("%s changes the state", kind)
		}
	}
}

func TestForumStandsWhenAllJoinedNamingTheSame(t *testing.T) {
	letter := func(s string) jisr.Commitment { return jisr.Commit([32]byte{s[0]}) }
	members := []jisr.Credential{{Member: "iq", Origin: "jisr.iq", Letter: letter("a")}, {Member: "sy", Origin: "jisr.sy", Letter: letter("b")}}
	other := []jisr.Credential{members[0], {Member: "sy", Origin: "jisr.sy", Letter: letter("c")}}
	for name, c := range map[string]struct {
		iq, sy []jisr.Credential
		stands bool
		differ int
		state  string
		awaits []jisr.Await
	}{
		"both": {members, members, true, 0, jisr.ForumStands, nil},
		"one":  {members, nil, false, 0, jisr.ForumJoining, []jisr.Await{{Of: "sy", Why: "join"}}}, "other keys": {members, other, false, 1, jisr.ForumDiffers, nil},
	} {
		f := newForum(t)
		f.say("iq", jisr.KindForumJoin, "forum/iq-sy", jisr.JoinTerms{Members: c.iq})
		if c.sy != nil {
			f.say("sy", jisr.KindForumJoin, "forum/iq-sy", jisr.JoinTerms{Members: c.sy})
		}
		s := f.fold("forum/iq-sy", rng(1))
		if s.Forum.Stands() != c.stands || len(s.Forum.Differ) != c.differ {
			t.Errorf("%s: stands %v, differ %v", name, s.Forum.Stands(), s.Forum.Differ)
		}
		if sum, ok := s.Summary(); !ok || sum.State != c.state || !slices.Equal(sum.Awaits, c.awaits) || !slices.Equal(sum.Members, []jisr.MemberID{"iq", "sy"}) {
			t.Errorf("%s: summary %+v", name, sum)
		}
	}
	f := newForum(t)
	a := f.say("jo", jisr.KindForumJoin, "forum/iq-sy", jisr.JoinTerms{Members: members})
	if s := f.fold("forum/iq-sy", rng(1)); s.Forum != nil || s.Voids[a.Position] == nil {
		t.Error("a member that does not name itself joined")
	}
}

// A thing takes MaxActsPerFold acts; a flood beyond them is void, and folding stays bounded.
func TestFoldIsBounded(t *testing.T) {
	f := newForum(t)
	f.say("iq", jisr.KindNoteRelease, "note/iq-01", verbale(1, "sy"))
	f.receive("sy", "iq", -1)
	acts := f.about("note/iq-01")
	for i := range jisr.MaxActsPerFold + 5 {
		a := f.next("sy", jisr.KindNoteOpen, "note/iq-01", nil)
		a.Index, a.Clock = jisr.Index(i), a.Clock+int64(i)
		acts = append(acts, a)
	}
	s := jisr.Fold("note/iq-01", acts)
	tooMany := 0
	for _, v := range s.Voids {
		if v.Kind == jisr.TooMany {
			tooMany++
		}
	}
	if s.Note == nil || s.Note.Readings["sy"].Opened == nil || tooMany != 5 {
		t.Fatalf("%d acts too many, note %v", tooMany, s.Note)
	}
}

// A flood by one member, at clocks that sort before everything, takes nothing from what another member says.
func TestFloodCrowdsOutNobody(t *testing.T) {
	f := newForum(t)
	release := f.say("iq", jisr.KindNoteRelease, "note/iq-01", verbale(1, "sy"))
	acts := []jisr.Act{release}
	for i := range jisr.MaxActsPerFold + 5 {
		acts = append(acts, jisr.Act{V: 1, Kind: jisr.KindNoteOpen, Forum: "iq-sy", About: "note/iq-01", Clock: 1, Position: jisr.Position{Member: "aa", Index: jisr.Index(i)}})
	}
	if s := jisr.Fold("note/iq-01", acts); s.Note == nil || s.Voids[release.Position] != nil {
		t.Fatalf("the release is void: %v", s.Voids[release.Position])
	}
}

// Who had not received a note neither opens nor answers it.
func TestNobodyOpensWhatItHasNotSeen(t *testing.T) {
	f := newForum(t)
	release := f.say("iq", jisr.KindNoteRelease, "note/iq-01", verbale(1, "sy"))
	open := f.say("sy", jisr.KindNoteOpen, "note/iq-01", nil)
	s := jisr.Fold("note/iq-01", []jisr.Act{open, release})
	if v := s.Voids[open.Position]; v == nil || v.Kind != jisr.NotReleased || s.Note.Readings["sy"].Opened != nil {
		t.Fatalf("an opening that had not seen the release counts: %v", v)
	}
}

func ExampleFold() {
	release := jisr.Act{V: 1, Kind: jisr.KindNoteRelease, Forum: "iq-sy", About: "note/iq-01", Clock: 1, Content: &jisr.Content{},
		Terms:    []byte(`{"kind":"verbale","to":["sy"],"number":80,"date":"2026-11-23","precedence":"routine"}`),
		Position: jisr.Position{Member: "iq"}}
	open := jisr.Act{V: 1, Kind: jisr.KindNoteOpen, Forum: "iq-sy", About: "note/iq-01", Clock: 2,
		Seen: map[jisr.MemberID]jisr.Index{"iq": 1}, Position: jisr.Position{Member: "sy"}}
	state := jisr.Fold("note/iq-01", []jisr.Act{open, release})
	fmt.Println(state.Note.State())
	// Output: opened
}
