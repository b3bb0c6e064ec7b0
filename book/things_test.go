package book_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jisr"
	"jisr/book"
)

// joins says forum.join for a member, with a title for the forum.
func (h *history) joins(m jisr.MemberID, title string) jisr.Act {
	return h.say(m, h.forum, jisr.KindForumJoin, jisr.ForumThing(h.forum), nil, jisr.JoinTerms{Title: jisr.Text{"ar": title}, Members: h.credentials()}, nil)
}

func steps(t testing.TB, b *book.Book) (lines []string) {
	t.Helper()
	us, them, err := b.ToDo(t.Context(), book.Whole(), jisr.On("2026-11-20"))
	must(t, err)
	for side, list := range map[string][]book.ToDo{"us": us, "them": them} {
		for _, d := range list {
			if d.Thing != nil {
				lines = append(lines, fmt.Sprintf("%s %s %s %s %s", side, d.Thing.ID, d.Thing.Summary.State, d.Why, d.Whom))
			}
		}
	}
	return lines
}

func TestAForumIsOwedUntilEveryMemberHasJoined(t *testing.T) {
	h := newHistory(t, 1, "iq", "jo", "sy")
	h.joins("iq", "إطار التعاون")
	h.joins("jo", "إطار التعاون")
	b := newBook(t, "iq")
	take(t, b, h, "iq")
	if diff := cmp.Diff([]string{"them forum/iq-sy joining join sy"}, steps(t, b)); diff != "" {
		t.Error(diff)
	}
	if n, err := b.Counts(t.Context(), book.Whole(), jisr.On("2026-11-20")); err != nil || n.Theirs != 1 || n.Ours != 0 || n.AwaitingThem != 0 {
		t.Errorf("counts %+v, %v", n, err)
	}
	late := newBook(t, "sy") // its node may hold the others' acts before its own join is in the book
	take(t, late, h, "sy")
	if diff := cmp.Diff([]string{"us forum/iq-sy joining join "}, steps(t, late)); diff != "" {
		t.Error(diff)
	}
	h.joins("sy", "إطار التعاون")
	l := book.Log{Forum: h.forum, Member: "sy"}
	must(t, b.Apply(t.Context(), h.logs[l]))
	if all := steps(t, b); len(all) > 0 {
		t.Errorf("all have joined, and still owed: %v", all)
	}
}

func TestThingsAreListedReadAndFound(t *testing.T) {
	h := newHistory(t, 1, "iq", "sy")
	h.joins("iq", "إطار التعاون المائي")
	h.joins("sy", "")
	h.joins("sy", "")
	b := newBook(t, "iq")
	take(t, b, h, "iq")
	must(t, b.SetHeld(t.Context(), book.Log{Forum: h.forum, Member: "iq"}, book.Held{Mirror: "sy", Size: 1}))
	for name, c := range map[string]struct {
		q    book.ThingQuery
		want int
	}{
		"all": {book.ThingQuery{}, 1}, "noun": {book.ThingQuery{Noun: "forum"}, 1}, "another noun": {book.ThingQuery{Noun: "agreement"}, 0},
		"state": {book.ThingQuery{State: jisr.ForumStands}, 1}, "another state": {book.ThingQuery{State: jisr.ForumJoining}, 0},
		"member": {book.ThingQuery{Member: "sy"}, 1}, "no member": {book.ThingQuery{Member: "jo"}, 0}, "another forum": {book.ThingQuery{Forum: "iq-jo"}, 0},
		"title": {book.ThingQuery{Search: "المائية"}, 1}, "another word": {book.ThingQuery{Search: "كهرباء"}, 0}, "no word": {book.ThingQuery{Search: "…"}, 0},
		"below": {book.ThingQuery{Cursor: "1.1"}, 0},
	} {
		rows, next, err := b.Things(t.Context(), book.Whole(), c.q)
		if err != nil || len(rows) != c.want || next != "" {
			t.Errorf("%s: %d things, next %q, %v; want %d", name, len(rows), next, err, c.want)
		}
	}
	if _, _, err := b.Things(t.Context(), book.Whole(), book.ThingQuery{Cursor: "x"}); !refusedAs(err, jisr.Malformed) {
		t.Errorf("a cursor of nobody: %v", err)
	}
	if rows, _, err := b.Notes(t.Context(), book.Whole(), book.NoteQuery{Search: "المائية"}); err != nil || len(rows) != 0 {
		t.Errorf("a search for notes finds %d forums, %v", len(rows), err)
	}
	v, err := b.Thing(t.Context(), book.Whole(), h.forum, jisr.ForumThing(h.forum))
	must(t, err)
	if len(v.Acts) != 3 || v.State.Forum == nil || v.Summary.State != jisr.ForumStands {
		t.Fatalf("the view: %+v", v)
	}
	if void := v.Acts[2].Void; void == nil || void.Kind != jisr.Already || v.Acts[0].Void != nil {
		t.Errorf("joining twice: %v", void)
	}
	if diff := cmp.Diff([][]jisr.MemberID{{"sy"}, nil, nil}, [][]jisr.MemberID{v.Acts[0].HeldBy, v.Acts[1].HeldBy, v.Acts[2].HeldBy}); diff != "" {
		t.Error(diff)
	}
	if _, err := b.Thing(t.Context(), book.Whole(), h.forum, "forum/other"); !refusedAs(err, jisr.NoSuch) {
		t.Errorf("no such thing: %v", err)
	}
}

func TestAnUnknownNounMakesNoThing(t *testing.T) {
	h := newHistory(t, 1, "iq", "sy")
	h.say("iq", h.forum, "treasure.bury", "treasure/iq-1", nil, nil, []byte(`{"where":"القلعة"}`))
	b := newBook(t, "iq")
	take(t, b, h, "iq")
	if rows, _, err := b.Things(t.Context(), book.Whole(), book.ThingQuery{}); err != nil || len(rows) > 0 {
		t.Errorf("things of a noun that is not known here: %v, %v", rows, err)
	}
	if acts, _, err := b.Acts(t.Context(), book.Whole(), book.ActQuery{Forum: h.forum}); err != nil || len(acts) != 1 || acts[0].Void == nil {
		t.Errorf("the act is kept and without effect: %v, %v", acts, err)
	}
}

func spelt(t testing.TB, s *jisr.Signature) string {
	t.Helper()
	raw, err := jisr.Terms(s)
	must(t, err)
	return string(raw)
}

func refusedAs(err error, kind jisr.RefusalKind) bool {
	r := (*jisr.Refusal)(nil)
	return errors.As(err, &r) && r.Kind == kind
}

// An official's signature comes around the body; readers get the plain body, and the signature beside it.
func TestASignedBodyIsReadPlain(t *testing.T) {
	h := newHistory(t, 1, "iq", "sy")
	plain := body("الاتفاقية", "نص موقع")
	id := h.newID("sy")
	h.sayTyped("sy", h.forum, jisr.KindNoteRelease, id, &releaser, h.noteTerms("iq"), signed(plain), jisr.SignedType)
	bad := h.newID("sy")
	h.sayTyped("sy", h.forum, jisr.KindNoteRelease, bad, &releaser, h.noteTerms("iq"), append([]byte(" "), signed(plain)...), jisr.SignedType)
	b := newBook(t, "iq")
	take(t, b, h, "iq")
	v, err := b.Note(t.Context(), book.Whole(), h.forum, id)
	must(t, err)
	if !v.BodyHeld || v.Body.Subject["ar"] != "الاتفاقية" || spelt(t, v.Acts[0].Signature) != signature {
		t.Errorf("body %+v, signature %v", v.Body, v.Acts[0].Signature)
	}
	got, sig, err := b.Content(t.Context(), book.Whole(), h.forum, v.Note.Released.Position)
	if err != nil || string(got) != string(plain) || spelt(t, sig) != signature {
		t.Errorf("content %s, signature %v, %v", got, sig, err)
	}
	if w, err := b.Note(t.Context(), book.Whole(), h.forum, bad); err != nil || w.BodyHeld || w.BodyBad == nil || w.Acts[0].Signature != nil {
		t.Errorf("an envelope in another encoding is shown: %+v, %v", w, err)
	}
	if ids := found(t, b, "اتفاقية"); len(ids) != 1 || ids[0] != string(id) {
		t.Errorf("found %v", ids)
	}
	l := book.Log{Forum: h.forum, Member: "sy"}
	must(t, b.Body(t.Context(), l, 0, nil))
	if _, _, err := b.Content(t.Context(), book.Whole(), h.forum, v.Note.Released.Position); !refusedAs(err, jisr.NoSuch) {
		t.Errorf("an erased body: %v", err)
	}
	must(t, b.Body(t.Context(), l, 0, signed(plain)))
	if w, err := b.Note(t.Context(), book.Whole(), h.forum, id); err != nil || !w.BodyHeld || len(found(t, b, "اتفاقية")) != 1 {
		t.Errorf("a signed body that arrived late: %+v, %v", w, err)
	}
}
