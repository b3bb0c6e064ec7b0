package book_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"jisr"
	"jisr/book"
)

// Every method that gives notes, things, acts or to-dos takes a scope right after its context; what takes none is listed
// here with why.
func TestEveryReadingTakesAScope(t *testing.T) {
	without := map[string]string{
		"Close": "writes", "Apply": "writes", "Body": "writes", "Bodies": "writes", "SetDuties": "writes", "Expired": "what the node erases by itself", "SetHeld": "writes",
		"Positions": "where the follower goes on", "Head": "where the writer goes on", "Wanting": "what the follower looks for", "Prepared": "what the node keeps by itself",
		"Meets":      "a refusal; node has asked who may",
		"LastNumber": "the next number of a series", "Digest": "a hash over everything, the same on every node",
		"Forums": "every account knows them", "Desks": "every account knows them",
		"Account": "who signs in", "Accounts": "for those who administer; node asks policy", "TokenByHash": "who signs in",
	}
	of := reflect.TypeFor[*book.Book]()
	for i := range of.NumMethod() {
		m := of.Method(i)
		takes := m.Type.NumIn() > 2 && m.Type.In(2) == reflect.TypeFor[book.Scope]()
		if why := without[m.Name]; takes == (why != "") {
			t.Errorf("%s: takes a scope: %v, listed without one: %q", m.Name, takes, why)
		}
	}
}

// scoped is a book of iq with a thing of each level that came in, one of each that was drafted at the water desk, a
// draft, and a forum; what came in at "restricted" was referred to the borders desk.
func scoped(t *testing.T) (*book.Book, *history, map[string]jisr.ThingID) {
	h := newHistory(t, 1, "iq", "sy")
	h.joins("iq", "إطار")
	ids := map[string]jisr.ThingID{}
	water := jisr.By{Desk: "water", Official: "engineer"}
	for _, level := range jisr.Handlings() {
		id := h.newID("sy")
		terms := h.noteTerms("iq")
		terms.Handling = level
		h.say("sy", h.forum, jisr.KindNoteRelease, id, &releaser, terms, body("م", "وارد"))
		ids["in "+string(level)] = id
		id = h.newID("iq")
		terms = h.noteTerms("sy")
		terms.Handling = level
		h.say("iq", jisr.House, jisr.KindNoteDraft, id, &water, jisr.DraftTerms{Forum: h.forum, Version: 1}, draftOf(terms.To, "م", "صادر"))
		h.say("iq", h.forum, jisr.KindNoteRelease, id, &jisr.By{Desk: "minister", Official: "minister"}, terms, body("م", "صادر"))
		ids["out "+string(level)] = id
	}
	h.say("iq", jisr.House, jisr.KindThingRefer, ids["in restricted"], &water, jisr.ReferTerms{Forum: h.forum, Desk: "borders"}, nil)
	h.say("iq", jisr.House, jisr.KindThingName, ids["in secret"], &water, jisr.NameTerms{Forum: h.forum, Official: "captain"}, nil)
	h.say("iq", jisr.House, jisr.KindThingRefer, jisr.ForumThing(h.forum), &water, jisr.ReferTerms{Forum: h.forum, Desk: "borders"}, nil)
	b := newBook(t, "iq")
	take(t, b, h, "iq")
	return b, h, ids
}

func TestAScopeShowsWhatIsTheReadersToSee(t *testing.T) {
	b, h, ids := scoped(t)
	for name, c := range map[string]struct {
		scope  book.Scope
		want   string // of ids, sorted
		things int
	}{
		"nobody":      {book.Scope{}, "", 0},
		"a ceiling":   {book.Scope{Ceiling: jisr.HandlingSecret}, "", 0},
		"everything":  {book.Scope{Everything: true, Ceiling: jisr.HandlingSecret}, "in official, in public, out official, out public", 1},
		"below":       {book.Scope{Everything: true, Ceiling: jisr.HandlingPublic}, "in public, out public", 0},
		"water":       {book.Scope{Desks: []jisr.DeskID{"water"}, Ceiling: jisr.HandlingSecret}, "out official, out public, out restricted", 0},
		"borders":     {book.Scope{Desks: []jisr.DeskID{"borders"}, Ceiling: jisr.HandlingSecret}, "in restricted", 1},
		"part of one": {book.Scope{Desks: []jisr.DeskID{"border", "ater"}, Ceiling: jisr.HandlingSecret}, "", 0},
		"engineer":    {book.Scope{Official: "engineer", Ceiling: jisr.HandlingSecret}, "out confidential, out official, out public, out restricted, out secret", 0},
		"captain":     {book.Scope{Official: "captain", Ceiling: jisr.HandlingSecret}, "in secret", 0},
		"not so high": {book.Scope{Official: "captain", Ceiling: jisr.HandlingConfidential}, "", 0},
		"registry":    {book.Scope{Registry: true, Ceiling: jisr.HandlingSecret}, "in confidential, in official, in public", 0},
		"elsewhere":   {book.Scope{Everything: true, Registry: true, Ceiling: jisr.HandlingSecret, Forums: []jisr.ForumID{"iq-jo"}}, "", 0},
		"in its forum": {book.Scope{Registry: true, Ceiling: jisr.HandlingSecret, Forums: []jisr.ForumID{"iq-jo", h.forum}},
			"in confidential, in official, in public", 0},
		"the node": {book.Whole(), "in confidential, in official, in public, in restricted, in secret, out confidential, out official, out public, out restricted, out secret", 1},
	} {
		t.Run(name, func(t *testing.T) {
			want := map[jisr.ThingID]bool{}
			for _, n := range strings.FieldsFunc(c.want, func(r rune) bool { return r == ',' }) {
				want[ids[strings.TrimSpace(n)]] = true
			}
			sees(t, b, h, c.scope, ids, want, c.things)
		})
	}
}

// sees holds every way of reading against what a scope should show.
func sees(t *testing.T, b *book.Book, h *history, s book.Scope, ids map[string]jisr.ThingID, want map[jisr.ThingID]bool, things int) {
	t.Helper()
	check := func(how string, id jisr.ThingID, seen bool) {
		if want[id] != seen {
			t.Errorf("%s: %s is seen: %v, want %v", how, id, seen, want[id])
		}
	}
	var listed, found, spoken, waits []jisr.ThingID
	rows, _, err := b.Notes(t.Context(), s, book.NoteQuery{Limit: 200})
	must(t, err)
	for _, r := range rows {
		listed = append(listed, r.ID)
	}
	rows, _, err = b.Notes(t.Context(), s, book.NoteQuery{Search: "وارد", Limit: 200})
	must(t, err)
	for _, r := range rows {
		found = append(found, r.ID)
	}
	hits, err := b.Find(t.Context(), s, book.FindQuery{Search: "وارد", Limit: 200})
	must(t, err)
	if hits.Counts["note"] != len(hits.Hits) || hits.Many {
		t.Errorf("%d hits are counted as %v", len(hits.Hits), hits.Counts)
	}
	for _, hit := range hits.Hits {
		if !slices.Contains(found, hit.Note.ID) {
			t.Errorf("a search of everything finds %s, a list of notes does not", hit.Note.ID)
		}
		if hit.Text != "" {
			t.Errorf("a search shows what an unopened note says: %q", hit.Text)
		}
	}
	if len(hits.Hits) != len(found) {
		t.Errorf("a search of everything finds %d notes, a list of notes %d", len(hits.Hits), len(found))
	}
	acts, _, err := b.Acts(t.Context(), s, book.ActQuery{Forum: h.forum, Limit: 200})
	must(t, err)
	for _, a := range acts {
		spoken = append(spoken, a.Act.About)
	}
	us, them, err := b.ToDo(t.Context(), s, jisr.On("2026-11-20"))
	must(t, err)
	for _, d := range slices.Concat(us, them) {
		if d.Thing == nil {
			waits = append(waits, d.Note.ID)
		}
	}
	for name, id := range ids {
		_, err := b.Note(t.Context(), s, h.forum, id)
		check("reading", id, err == nil)
		check("listing", id, slices.Contains(listed, id))
		check("acts", id, slices.Contains(spoken, id))
		check("to-dos", id, slices.Contains(waits, id))
		if strings.HasPrefix(name, "in ") {
			check("searching", id, slices.Contains(found, id))
		}
		v, err := b.Note(t.Context(), book.Whole(), h.forum, id)
		must(t, err)
		_, err = b.Act(t.Context(), s, h.forum, v.Note.Released.Position)
		check("an act", id, err == nil)
		_, _, err = b.Content(t.Context(), s, h.forum, v.Note.Released.Position)
		check("a body", id, err == nil)
	}
	n, err := b.Counts(t.Context(), s, jisr.On("2026-11-20"))
	must(t, err)
	if n.Ours != len(us) || n.Theirs != len(them) {
		t.Errorf("counts %+v of %d and %d", n, len(us), len(them))
	}
	all, _, err := b.Things(t.Context(), s, book.ThingQuery{})
	must(t, err)
	if _, err := b.Thing(t.Context(), s, h.forum, jisr.ForumThing(h.forum)); (err == nil) != (things == 1) || len(all) != things {
		t.Errorf("%d things, want %d; reading: %v", len(all), things, err)
	}
	if house, _, err := b.Acts(t.Context(), s, book.ActQuery{Forum: jisr.House}); err != nil || (len(house) > 0) != (s.Key() == book.Whole().Key()) {
		t.Errorf("%d acts of the house, %v", len(house), err)
	}
}

func TestScopesThatSeeOtherThingsHaveOtherKeys(t *testing.T) {
	keys := map[string]book.Scope{}
	for _, s := range []book.Scope{{}, book.Whole(), {Everything: true}, {Registry: true}, {Official: "a"}, {Official: "b"}, {Ceiling: "secret"},
		{Desks: []jisr.DeskID{"a"}}, {Desks: []jisr.DeskID{"a", "b"}}, {Forums: []jisr.ForumID{"a"}}} {
		if other, ok := keys[s.Key()]; ok {
			t.Errorf("%+v and %+v have one key", s, other)
		}
		keys[s.Key()] = s
	}
}

// What was referred before the thing arrived is filed as it arrives, and taking back unfiles it.
func TestCustodyIsTakenBack(t *testing.T) {
	h := newHistory(t, 1, "iq", "sy")
	id := h.newID("sy")
	terms := h.noteTerms("iq")
	terms.Handling = jisr.HandlingRestricted
	h.say("iq", jisr.House, jisr.KindThingRefer, id, &drafter, jisr.ReferTerms{Forum: h.forum, Desk: "borders"}, nil)
	h.say("sy", h.forum, jisr.KindNoteRelease, id, &releaser, terms, body("م", "ن"))
	b := newBook(t, "iq")
	house := book.Log{Forum: jisr.House, Member: "iq"}
	must(t, b.Apply(t.Context(), h.logs[house]))
	must(t, b.Apply(t.Context(), h.logs[book.Log{Forum: h.forum, Member: "sy"}]))
	borders := book.Scope{Desks: []jisr.DeskID{"borders"}, Ceiling: jisr.HandlingSecret}
	v, err := b.Note(t.Context(), borders, h.forum, id)
	must(t, err)
	if fmt.Sprint(v.Desks, len(v.Custody.Desks)) != "[borders] 1" {
		t.Errorf("desks %v, custody %+v", v.Desks, v.Custody)
	}
	h.say("iq", jisr.House, jisr.KindThingTakeBack, id, &drafter, jisr.TakeBackTerms{Forum: h.forum, Desk: "borders"}, nil)
	must(t, b.Apply(t.Context(), h.logs[house][1:]))
	if _, err := b.Note(t.Context(), borders, h.forum, id); !refusedAs(err, jisr.NoSuch) {
		t.Errorf("after it was taken back: %v", err)
	}
}

// What an act in preparation began is of who drafted it and of whom the house named meanwhile, not of its releaser alone, whichever
// log is applied first.
func TestWhatWasBegunIsOfItsDrafters(t *testing.T) {
	h := newHistory(t, 1, "iq", "sy")
	id, out := jisr.ThingID("agreement/iq-1"), jisr.ThingID("outgoing/iq-1")
	engineer, minister := jisr.By{Desk: "water", Official: "engineer"}, jisr.By{Desk: "minister", Official: "minister"}
	terms := jisr.ProposeTerms{Kind: jisr.AgreementKind, Title: jisr.Text{"ar": "اتفاق"}, Parties: []jisr.MemberID{"iq", "sy"}, Handling: jisr.HandlingRestricted}
	raw, err := jisr.Terms(terms)
	must(t, err)
	drafted, err := json.Marshal(jisr.OutgoingBody{Terms: raw})
	must(t, err)
	h.say("iq", jisr.House, jisr.KindOutgoingDraft, out, &engineer, jisr.OutgoingTerms{Forum: h.forum, About: id, Kind: jisr.KindAgreementPropose, Version: 1}, drafted)
	h.say("iq", jisr.House, jisr.KindThingName, id, &engineer, jisr.NameTerms{Forum: h.forum, Official: "captain"}, nil)
	h.say("iq", jisr.House, jisr.KindOutgoingClear, out, &minister, jisr.VersionTerms{Version: 1}, nil)
	h.say("iq", jisr.House, jisr.KindOutgoingRelease, out, &minister, jisr.VersionTerms{Version: 1}, nil)
	h.say("iq", h.forum, jisr.KindAgreementPropose, id, &minister, terms, nil)
	house, joint := h.logs[book.Log{Forum: jisr.House, Member: "iq"}], h.logs[book.Log{Forum: h.forum, Member: "iq"}]
	water := book.Scope{Desks: []jisr.DeskID{"water"}, Ceiling: jisr.HandlingSecret}
	captain := book.Scope{Official: "captain", Ceiling: jisr.HandlingSecret}
	begun := func(b *book.Book) bool {
		v, err := b.Begun(t.Context(), captain, h.forum, id)
		return err == nil && v.Handling == jisr.HandlingRestricted && len(v.Custody.Officials) == 1 && fmt.Sprint(v.Desks, v.Officials) == "[water] [captain engineer]"
	}
	for name, order := range map[string][][]book.Said{"house first": {house[:2], house[2:], joint}, "forum first": {joint, house}, "in one": {append(slices.Clone(house), joint...)}} {
		b := newBook(t, "iq")
		for i, said := range order {
			must(t, b.Apply(t.Context(), said))
			if begun(b) != (name == "house first" && i == 0) {
				t.Errorf("%s, after %d: what is not there yet is to be had: %v", name, i, begun(b))
			}
		}
		for who, s := range map[string]book.Scope{"the drafter's desk": water, "who was named": captain} {
			if _, err := b.Thing(t.Context(), s, h.forum, id); err != nil {
				t.Errorf("%s: %s: %v", name, who, err)
			}
		}
		if _, err := b.Thing(t.Context(), book.Scope{Desks: []jisr.DeskID{"borders"}, Official: "clerk", Ceiling: jisr.HandlingSecret}, h.forum, id); !refusedAs(err, jisr.NoSuch) {
			t.Errorf("%s: another desk: %v", name, err)
		}
	}
}
