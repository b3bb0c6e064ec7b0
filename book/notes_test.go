package book_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jisr"
	"jisr/book"
)

// list reads every page of a query and gives the ids.
func list(t *testing.T, b *book.Book, q book.NoteQuery) (ids []jisr.ThingID) {
	t.Helper()
	for {
		rows, next, err := b.Notes(t.Context(), book.Whole(), q)
		must(t, err)
		for _, r := range rows {
			ids = append(ids, r.ID)
		}
		if q.Cursor = next; next == "" {
			return ids
		}
	}
}

// rest applies what the book of self does not have yet.
func rest(t *testing.T, b *book.Book, h *history, self jisr.MemberID) {
	t.Helper()
	at, err := b.Positions(t.Context())
	must(t, err)
	var more []book.Said
	for l, said := range h.as(self) {
		more = append(more, said[at[l]:]...)
	}
	must(t, b.Apply(t.Context(), more))
}

func TestPagesAreStableWhileNotesArrive(t *testing.T) {
	h := newHistory(t, 1, "iq", "sy")
	for range 25 {
		h.release("iq", h.noteTerms("sy"), "المياه", "نص")
	}
	b := newBook(t, "iq")
	rest(t, b, h, "iq")
	want := slices.Clone(h.notes)
	slices.Reverse(want)
	var got []jisr.ThingID
	q := book.NoteQuery{Limit: 7}
	for {
		rows, next, err := b.Notes(t.Context(), book.Whole(), q)
		must(t, err)
		for _, r := range rows {
			got = append(got, r.ID)
		}
		if q.Cursor = next; next == "" {
			break
		}
		h.release("iq", h.noteTerms("sy"), "جديدة", "تصل بين صفحة وأخرى")
		rest(t, b, h, "iq")
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatal(diff)
	}
	for _, bad := range []string{"x", "1", "1.x", "1:2", strings.Repeat("9", 100)} {
		refusal := (*jisr.Refusal)(nil)
		if _, _, err := b.Notes(t.Context(), book.Whole(), book.NoteQuery{Cursor: bad}); !errors.As(err, &refusal) {
			t.Errorf("cursor %q: %v", bad, err)
		}
	}
}

func TestActsNewestFirst(t *testing.T) {
	h := newHistory(t, 3, "iq", "sy")
	h.join()
	for range 60 {
		h.step()
	}
	b := newBook(t, "iq")
	rest(t, b, h, "iq")
	page := func(q book.ActQuery) (all []jisr.Act) {
		for {
			rows, next, err := b.Acts(t.Context(), book.Whole(), q)
			must(t, err)
			for _, r := range rows {
				all = append(all, r.Act)
			}
			if q.Cursor = next; next == "" {
				return all
			}
		}
	}
	var joint []jisr.Act
	for _, m := range h.members {
		for _, s := range h.logs[book.Log{Forum: h.forum, Member: m}] {
			joint = append(joint, s.Act)
		}
	}
	jisr.Sort(joint)
	slices.Reverse(joint)
	for name, c := range map[string]struct {
		q    book.ActQuery
		keep func(jisr.Act) bool
	}{
		"a forum":  {book.ActQuery{Forum: h.forum, Limit: 7}, func(jisr.Act) bool { return true }},
		"a member": {book.ActQuery{Forum: h.forum, Member: "sy", Limit: 4}, func(a jisr.Act) bool { return a.Member == "sy" }},
		"a kind":   {book.ActQuery{Forum: h.forum, Kind: jisr.KindNoteOpen, Limit: 2}, func(a jisr.Act) bool { return a.Kind == jisr.KindNoteOpen }},
		"a thing":  {book.ActQuery{Forum: h.forum, Thing: h.notes[0], Limit: 1}, func(a jisr.Act) bool { return a.About == h.notes[0] }},
	} {
		var want []jisr.Act
		for _, a := range joint {
			if c.keep(a) {
				want = append(want, a)
			}
		}
		if diff := cmp.Diff(want, page(c.q)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	if house := page(book.ActQuery{Forum: jisr.House}); len(house) != len(h.logs[book.Log{Forum: jisr.House, Member: "iq"}]) {
		t.Errorf("%d house acts", len(house))
	}
	voids := 0
	rows, _, err := b.Acts(t.Context(), book.Whole(), book.ActQuery{Limit: 200})
	must(t, err)
	for _, r := range rows {
		if r.Act.Forum == jisr.House {
			t.Error("a house act without asking for the house")
		}
		if r.Act.Kind == "covenant.sign" && (r.Void == nil || r.Void.Kind != jisr.Unknown) {
			t.Errorf("an act of an unknown kind: %v", r.Void)
		}
		if r.Void != nil {
			voids++
		}
	}
	if voids == 0 {
		t.Error("no void act in a random record")
	}
}

func TestSearch(t *testing.T) {
	h := newHistory(t, 1, "iq", "sy")
	crossing := h.release("iq", h.noteTerms("sy"), "المنافذ الحدودية", "وقّع الطرفان الاتّفاقيّة بشأن الشاحنات في ٢٠٢٦")
	water := h.release("iq", h.noteTerms("sy"), "مياه الفرات", "سوريا. تبدي الوزارة استعدادها. Quotas of rivers")
	draft := h.newID("iq")
	h.say("iq", jisr.House, jisr.KindNoteDraft, draft, &drafter, jisr.DraftTerms{Forum: h.forum, Version: 1}, draftOf([]jisr.MemberID{"sy"}, "مسودة الكهرباء", "نص"))
	b := newBook(t, "iq")
	rest(t, b, h, "iq")
	for search, want := range map[string][]jisr.ThingID{
		"اتفاقية": {crossing}, "الإتفاقيه": {crossing}, "اتفاقيات": {crossing}, "شاحنة": {crossing}, "منافذ": {crossing},
		"2026": {crossing}, "سوريه": {water}, "فرات": {water}, "river": {water}, "QUOTA": {water}, "الكهرباء": {draft},
		"مياه شاحنات": nil, "الفرات مياه": {water}, "2": {water}, "لاشيء": nil, "!!": nil,
		`"مياه" OR *`: nil, `NOT NEAR( -x: ^`: nil, "subject": {water, crossing}, "": {draft, water, crossing},
	} {
		if diff := cmp.Diff(want, list(t, b, book.NoteQuery{Search: search})); diff != "" {
			t.Errorf("search %q: %s", search, diff)
		}
	}
	// Released, the draft is found by what was released.
	h.say("iq", jisr.House, jisr.KindNoteClear, draft, &releaser, jisr.VersionTerms{Version: 1}, nil)
	h.say("iq", h.forum, jisr.KindNoteRelease, draft, &releaser, h.noteTerms("sy"), body("الطاقة", "نص"))
	rest(t, b, h, "iq")
	if got := list(t, b, book.NoteQuery{Search: "الكهرباء"}); got != nil {
		t.Errorf("found by words that were not released: %v", got)
	}
	if got := list(t, b, book.NoteQuery{Search: "طاقة", Box: book.BoxOut}); len(got) != 1 {
		t.Errorf("not found by what was released: %v", got)
	}
}

// A word that stands in most notes is searched another way than a rare one; both give the newest first.
func TestSearchForACommonWord(t *testing.T) {
	h := newHistory(t, 1, "iq", "sy")
	var want []jisr.ThingID
	for i := range 500 {
		subject := []string{"الفرات", "الكهرباء"}[i%2]
		if id := h.release("iq", h.noteTerms("sy"), subject, "نص"); i%2 == 0 {
			want = append(want, id)
		}
	}
	slices.Reverse(want)
	b := newBook(t, "iq")
	rest(t, b, h, "iq")
	for _, limit := range []int{7, 200} {
		if diff := cmp.Diff(want, list(t, b, book.NoteQuery{Search: "فرات", Limit: limit})); diff != "" {
			t.Error(diff)
		}
	}
}

func TestMatches(t *testing.T) {
	text := "وقّع الطرفان الاتّفاقيّة; the agreements <b>stand</b>"
	var got []string
	for _, r := range book.Matches("اتفاقيات agreement", text) {
		got = append(got, text[r.Start:r.End])
	}
	if diff := cmp.Diff([]string{"الاتّفاقيّة", "agreements"}, got); diff != "" {
		t.Fatal(diff)
	}
	long := strings.Repeat("كلمة ", 100) + "الفرات " + strings.Repeat("كلمة ", 100)
	snippet, at := book.Snippet("فرات", long, 60)
	if len(at) != 1 || snippet[at[0].Start:at[0].End] != "الفرات" || len([]rune(snippet)) > 60 {
		t.Fatalf("snippet %q %v", snippet, at)
	}
	if snippet, at := book.Snippet("", long, 10); snippet != "كلمة كلمة" || at != nil {
		t.Fatalf("snippet without a search %q %v", snippet, at)
	}
}

func TestHostileBodies(t *testing.T) {
	h := newHistory(t, 1, "iq", "sy")
	good := string(body("س", "ص"))
	bad := []string{"", "null", "[]", `{"subject":{"ar":"س"}}`, good + "{}", strings.Replace(good, "{", `{"html":"<script>",`, 1),
		`{"subject":{"ar":"` + strings.Repeat("س", 400) + `"},"text":{"ar":"س"}}`, string(body("س", strings.Repeat("x", 70_000))),
		`{"subject":{"ar":"\u202eس"},"text":{"ar":"س"}}`, strings.Repeat("[", 50_000), "\xff\xfe", `{"subject":"x","text":1}`}
	for _, raw := range bad {
		id := h.newID("sy")
		h.say("sy", h.forum, jisr.KindNoteRelease, id, &releaser, h.noteTerms("iq"), []byte(raw))
	}
	b := newBook(t, "iq")
	rest(t, b, h, "iq")
	for i, raw := range bad {
		v, err := b.Note(t.Context(), book.Whole(), h.forum, h.notes[i])
		must(t, err)
		if raw != "" && v.BodyBad == nil || v.BodyHeld || !v.Body.Subject.Empty() || v.Note == nil {
			t.Errorf("body %.40q: held %v, bad %v, %v", raw, v.BodyHeld, v.BodyBad, v.Body)
		}
	}
}

// FuzzBody: whatever a body is, the book takes it, and shows only what passes its checks.
func FuzzBody(f *testing.F) {
	for _, seed := range []string{"{}", string(body("س", "ص")), `{"subject":{"ar":"x"},"text":{"ar":"y"},"files":[{"name":"a"}]}`} {
		f.Add([]byte(seed))
	}
	h := newHistory(f, 1, "iq", "sy")
	id := h.newID("sy")
	h.say("sy", h.forum, jisr.KindNoteRelease, id, &releaser, h.noteTerms("iq"), body("س", "ص"))
	b := newBook(f, "iq")
	take(f, b, h, "iq")
	l := book.Log{Forum: h.forum, Member: "sy"}
	f.Fuzz(func(t *testing.T, raw []byte) {
		must(t, b.Body(t.Context(), l, 0, raw))
		v, err := b.Note(t.Context(), book.Whole(), h.forum, id)
		must(t, err)
		if v.BodyHeld && v.Body.Check() != nil {
			t.Fatalf("shown although it does not hold: %v", v.Body.Check())
		}
	})
}

// FuzzSearch: whatever is typed, a search answers, and what it finds it can mark.
func FuzzSearch(f *testing.F) {
	h := newHistory(f, 1, "iq", "sy")
	h.release("iq", h.noteTerms("sy"), "مياه", "الفرات")
	b := newBook(f, "iq")
	take(f, b, h, "iq")
	for _, s := range []string{"مياه", `"`, "a OR b", "col:x", "NEAR(a b)", "ـــ", "\x00", strings.Repeat("س", 500)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, search string) {
		rows, _, err := b.Notes(t.Context(), book.Whole(), book.NoteQuery{Search: search})
		must(t, err)
		if f, err := b.Find(t.Context(), book.Whole(), book.FindQuery{Search: search}); err != nil || len(f.Hits) > len(rows) {
			t.Fatalf("%q finds %d of %d notes in a search of everything: %v", search, len(f.Hits), len(rows), err)
		}
		text := "مياه Subject مياه الفرات 1"
		if len(rows) > 0 && strings.TrimSpace(search) != "" && len(book.Matches(search, text)) == 0 {
			t.Fatalf("%q finds a note and marks nothing in it", search)
		}
		snippet, at := book.Snippet(search, search, 20)
		for _, r := range at {
			_ = snippet[r.Start:r.End]
		}
	})
}

func TestBodiesThatComeLater(t *testing.T) {
	h := newHistory(t, 1, "iq", "sy")
	id := h.newID("sy")
	h.say("sy", h.forum, jisr.KindNoteRelease, id, &releaser, h.noteTerms("iq"), body("الفرات", "نص"))
	l := book.Log{Forum: h.forum, Member: "sy"}
	raw := h.logs[l][0].Body
	h.logs[l][0].Body = nil
	b := newBook(t, "iq")
	rest(t, b, h, "iq")
	wanting, err := b.Wanting(t.Context())
	must(t, err)
	if diff := cmp.Diff(map[book.Log][]jisr.Index{l: {0}}, wanting); diff != "" {
		t.Fatal(diff)
	}
	for _, c := range []struct {
		body  []byte
		held  bool
		found int
	}{{nil, false, 0}, {raw, true, 1}, {nil, false, 0}, {raw, true, 1}} {
		must(t, b.Body(t.Context(), l, 0, c.body))
		v, err := b.Note(t.Context(), book.Whole(), h.forum, id)
		must(t, err)
		if v.BodyHeld != c.held || v.BodyBad != nil || len(list(t, b, book.NoteQuery{Search: "فرات"})) != c.found {
			t.Fatalf("body %q: held %v, bad %v", c.body, v.BodyHeld, v.BodyBad)
		}
		if v.HeldByAll() != c.held {
			t.Fatalf("body %q: held by all %v", c.body, v.HeldByAll())
		}
	}
	if wanting, err = b.Wanting(t.Context()); err != nil || len(wanting) != 0 {
		t.Fatalf("wanting %v %v", wanting, err)
	}
}

func TestOneNote(t *testing.T) {
	h := newHistory(t, 1, "iq", "sy")
	asked := h.release("iq", h.noteTerms("sy"), "سؤال", "نص")
	h.syncAll("sy")
	answer := h.noteTerms("iq")
	answer.InReplyTo = asked
	reply := h.release("sy", answer, "جواب", "نص")
	b := newBook(t, "iq")
	rest(t, b, h, "iq")
	v, err := b.Note(t.Context(), book.Whole(), h.forum, asked)
	must(t, err)
	var kinds []jisr.Kind
	for _, a := range v.Acts {
		kinds = append(kinds, a.Act.Kind)
	}
	if diff := cmp.Diff([]jisr.Kind{jisr.KindNoteDraft, jisr.KindNoteClear, jisr.KindNoteRelease}, kinds); diff != "" {
		t.Error(diff)
	}
	if len(v.Replies) != 1 || v.Replies[0].ID != reply || v.Note.State() != jisr.Answered || v.Draft == nil || v.Drafted == nil {
		t.Errorf("the note: replies %d, %s", len(v.Replies), v.Note.State())
	}
	if v, err = b.Note(t.Context(), book.Whole(), h.forum, reply); err != nil || v.Answers == nil || v.Answers.ID != asked || v.Draft != nil {
		t.Errorf("the answer: %v %v", v.Answers, err)
	}
	refusal := (*jisr.Refusal)(nil)
	if _, err := b.Note(t.Context(), book.Whole(), h.forum, "note/iq-none"); !errors.As(err, &refusal) || refusal.Kind != jisr.NoSuch {
		t.Errorf("no note: %v", err)
	}
}

func TestToDo(t *testing.T) {
	h := newHistory(t, 1, "iq", "sy", "jo")
	due := func(from jisr.MemberID, by jisr.Date, to ...jisr.MemberID) jisr.ThingID {
		terms := h.noteTerms(to...)
		terms.ReplyBy = by
		return h.release(from, terms, "س", "ن")
	}
	plain := due("sy", "", "iq")
	late := due("sy", "2026-11-05", "iq")
	soon := due("sy", "2026-11-25", "iq")
	due("sy", "2026-11-01", "jo") // not ours
	sent := due("iq", "2026-11-07", "jo", "sy")
	h.syncAll("iq")
	h.say("iq", h.forum, jisr.KindNoteOpen, late, &drafter, nil, nil)
	h.syncAll("sy")
	h.say("sy", h.forum, jisr.KindNoteOpen, sent, &drafter, nil, nil)
	drafts := []jisr.ThingID{h.newID("iq"), h.newID("iq"), h.newID("iq"), h.newID("iq")}
	for i, id := range drafts {
		h.say("iq", jisr.House, jisr.KindNoteDraft, id, &drafter, jisr.DraftTerms{Forum: h.forum, Version: 1}, draftOf([]jisr.MemberID{"sy"}, "م", "ن"))
		if i > 0 {
			kind := []jisr.Kind{"", jisr.KindNoteClear, jisr.KindNoteReturn, jisr.KindNoteDiscard}[i]
			h.say("iq", jisr.House, kind, id, &releaser, jisr.VersionTerms{Version: 1}, nil)
		}
	}
	b := newBook(t, "iq")
	rest(t, b, h, "iq")
	show := func() (lines []string) {
		us, them, err := b.ToDo(t.Context(), book.Whole(), jisr.On("2026-11-20"))
		must(t, err)
		for _, d := range us {
			lines = append(lines, fmt.Sprintf("us %s %s %s %s late=%v", d.Note.ID, d.Why, d.Whom, d.Due, d.Late))
		}
		for _, d := range them {
			lines = append(lines, fmt.Sprintf("them %s %s %s %s late=%v", d.Note.ID, d.Why, d.Whom, d.Due, d.Late))
		}
		return lines
	}
	want := []string{
		fmt.Sprintf("us %s answer sy 2026-11-05 late=true", late),
		fmt.Sprintf("us %s open sy 2026-11-25 late=false", soon),
		fmt.Sprintf("us %s open sy  late=false", plain),
		fmt.Sprintf("us %s clear sy  late=false", drafts[0]),
		fmt.Sprintf("us %s release sy  late=false", drafts[1]),
		fmt.Sprintf("us %s return sy  late=false", drafts[2]),
		fmt.Sprintf("them %s hold jo 2026-11-07 late=true", sent),
		fmt.Sprintf("them %s answer sy 2026-11-07 late=true", sent),
	}
	if diff := cmp.Diff(want, show()); diff != "" {
		t.Fatal(diff)
	}
	must(t, b.SetHeld(t.Context(), book.Log{Forum: h.forum, Member: "iq"}, book.Held{Mirror: "jo", Size: 1}))
	want[6] = strings.Replace(want[6], "hold", "open", 1)
	if diff := cmp.Diff(want, show()); diff != "" {
		t.Fatal(diff)
	}
	n, err := b.Counts(t.Context(), book.Whole(), jisr.On("2026-11-20"))
	must(t, err)
	if diff := cmp.Diff(book.Counts{Unopened: 2, AwaitingUs: 2, LateUs: 1, AwaitingThem: 1, LateThem: 1, Drafts: 3, ToClear: 1, ToRelease: 1, Returned: 1, Ours: 6, Theirs: 1}, n); diff != "" {
		t.Fatal(diff)
	}
	cut := jisr.Heard{Today: "2026-11-20", Cut: map[jisr.MemberID]jisr.Date{"sy": "2026-11-01", "jo": "2026-11-01"}}
	for _, q := range []struct {
		book.NoteQuery
		want int
	}{
		{book.NoteQuery{Box: book.BoxDrafts}, 3}, {book.NoteQuery{Box: book.BoxDrafts, State: jisr.DiscardedState}, 1}, {book.NoteQuery{Box: book.BoxIn}, 3}, {book.NoteQuery{Box: book.BoxOut}, 1},
		{book.NoteQuery{With: "jo"}, 2}, {book.NoteQuery{With: "iq", Box: book.BoxDrafts}, 3}, {book.NoteQuery{Kind: jisr.Circular}, 0}, {book.NoteQuery{Forum: "none"}, 0}, {book.NoteQuery{}, 9},
		{book.NoteQuery{State: jisr.NoAnswerInTime, Known: jisr.On("2026-11-20")}, 3}, {book.NoteQuery{State: jisr.NoAnswerInTime, Known: jisr.On("2026-11-06")}, 2},
		{book.NoteQuery{State: jisr.Held, Known: jisr.On("2026-11-20")}, 2}, {book.NoteQuery{State: jisr.Cleared}, 1}, {book.NoteQuery{State: jisr.NoAnswerInTime, Known: cut}, 1},
	} {
		if got := list(t, b, q.NoteQuery); len(got) != q.want {
			t.Errorf("%+v: %d notes, want %d", q.NoteQuery, len(got), q.want)
		}
	}
	if n, err := b.Counts(t.Context(), book.Whole(), cut); err != nil || n.LateThem != 0 || n.LateUs != 1 {
		t.Errorf("while they are not reached, %+v, %v", n, err)
	}
}

func TestHeldFollowsReceipts(t *testing.T) {
	h := newHistory(t, 1, "iq", "sy", "jo")
	l := book.Log{Forum: h.forum, Member: "iq"}
	b := newBook(t, "iq")
	must(t, b.SetHeld(t.Context(), l, book.Held{Mirror: "jo", Size: 9})) // before the book has read the log
	for range 3 {
		h.release("iq", h.noteTerms("sy", "jo"), "س", "ن")
	}
	rest(t, b, h, "iq")
	states := func() (all []jisr.NoteState) {
		for i := range 3 {
			v, err := b.Note(t.Context(), book.Whole(), h.forum, h.notes[i])
			must(t, err)
			all = append(all, v.Standing(jisr.On("2026-11-20")))
		}
		return all
	}
	for _, c := range []struct {
		receipt book.Held
		want    []jisr.NoteState
	}{
		{book.Held{Mirror: "sy", Size: 3, Missing: [][2]jisr.Index{{0, 2}}}, []jisr.NoteState{jisr.Released, jisr.Released, jisr.Held}},
		{book.Held{Mirror: "sy", Size: 3, Missing: [][2]jisr.Index{{1, 2}}}, []jisr.NoteState{jisr.Held, jisr.Released, jisr.Held}},
		{book.Held{Mirror: "sy", Size: 2}, []jisr.NoteState{jisr.Held, jisr.Released, jisr.Held}}, // an older one, late
		{book.Held{Mirror: "sy", Size: 3}, []jisr.NoteState{jisr.Held, jisr.Held, jisr.Held}},
	} {
		must(t, b.SetHeld(t.Context(), l, c.receipt))
		if diff := cmp.Diff(c.want, states()); diff != "" {
			t.Errorf("after %+v: %s", c.receipt, diff)
		}
		held := 0
		for _, s := range c.want {
			if s == jisr.Held {
				held++
			}
		}
		if got := list(t, b, book.NoteQuery{State: jisr.Held, Limit: 1}); len(got) != held {
			t.Errorf("after %+v: the list has %d held notes, want %d", c.receipt, len(got), held)
		}
	}
}
