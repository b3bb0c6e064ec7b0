package book_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"jisr"
	"jisr/book"
)

// finds gives what a search finds, in order, and the texts around the words.
func finds(t testing.TB, b *book.Book, s book.Scope, q book.FindQuery) (ids []jisr.ThingID, texts []string, f book.Found) {
	t.Helper()
	f, err := b.Find(t.Context(), s, q)
	must(t, err)
	for _, h := range f.Hits {
		if h.Note != nil {
			ids = append(ids, h.Note.ID)
		} else {
			ids = append(ids, h.Thing.ID)
		}
		texts = append(texts, h.Text)
	}
	return ids, texts, f
}

// joint says things of several nouns that all speak of the Euphrates, and gives them the newest first.
func (h *history) joint() []jisr.ThingID {
	by := &jisr.By{Desk: "water", Official: "engineer"}
	note := h.release("iq", h.noteTerms("sy"), "مذكرة", "عن مناسيب الفرات في ٢٠٢٦")
	statement := jisr.ThingID("statement/iq-01k1")
	members := []jisr.MemberID{"iq", "sy"}
	h.say("iq", h.forum, jisr.KindStatementPropose, statement, by, jisr.StatementTerms{Title: jisr.Text{"ar": "بيان", "en": "Statement"}, Members: members, Languages: []string{"ar", "en"}}, nil)
	edit := func(from []jisr.VersionID, ar string) jisr.Act {
		raw, err := jisr.Terms(jisr.EditBody{Texts: []jisr.Text{{"ar": ar, "en": "The Euphrates"}}})
		must(h.t, err)
		op := jisr.Op{Segment: "iq-1", From: from}
		if from == nil {
			op.Kind = jisr.Narrative
		}
		return h.say("iq", h.forum, jisr.KindStatementEdit, statement, by, jisr.EditTerms{Ops: []jisr.Op{op}}, raw)
	}
	first := edit(nil, "الزراعة على الفرات")
	edit([]jisr.VersionID{{Position: first.Position}}, "الاتّفاقيّة على الفرات")
	commitment := jisr.ThingID("commitment/iq-01k2")
	raw, err := jisr.Terms(jisr.CommitmentBody{Text: jisr.Text{"ar": "نص عن الفرات"}, Test: jisr.Text{"ar": "وصول التقرير"}})
	must(h.t, err)
	office := func(m jisr.MemberID) jisr.Office {
		return jisr.Office{Member: m, Desk: "water", Name: jisr.Text{"ar": "المياه"}}
	}
	h.say("iq", h.forum, jisr.KindCommitmentPropose, commitment, by, jisr.CommitmentTerms{Type: jisr.Deliverable, Title: jisr.Text{"ar": "تقرير"}, Debtor: office("iq"), Beneficiary: office("sy"),
		Sector: "water", Due: "2026-12-01"}, raw)
	readout := jisr.ThingID("readout/iq-01k3")
	raw, err = jisr.Terms(jisr.ReadoutBody{Text: jisr.Text{"ar": "رواية عن الفرات"}})
	must(h.t, err)
	h.say("iq", h.forum, jisr.KindReadoutRelease, readout, by, jisr.ReadoutTerms{Of: statement, Title: jisr.Text{"ar": "رواية"}}, raw)
	return []jisr.ThingID{readout, commitment, statement, note}
}

func TestEverythingThatHoldsTheWordsIsFound(t *testing.T) {
	h := newHistory(t, 1, "iq", "sy")
	all := h.joint()
	readout, commitment, statement, note := all[0], all[1], all[2], all[3]
	b := newBook(t, "iq")
	rest(t, b, h, "iq")
	first := "2026-11-01"
	for name, c := range map[string]struct {
		q    book.FindQuery
		want []jisr.ThingID
	}{
		"everything":           {book.FindQuery{Search: "فرات"}, all},
		"as others spell it":   {book.FindQuery{Search: "اتفاقيه"}, []jisr.ThingID{statement}},
		"digits":               {book.FindQuery{Search: "2026"}, []jisr.ThingID{note}},
		"another language":     {book.FindQuery{Search: "euphrates"}, []jisr.ThingID{statement}},
		"a title":              {book.FindQuery{Search: "رواية"}, []jisr.ThingID{readout}},
		"a test":               {book.FindQuery{Search: "تقرير وصول"}, []jisr.ThingID{commitment}},
		"what stands no more":  {book.FindQuery{Search: "الزراعة"}, nil},
		"no word":              {book.FindQuery{Search: "!?"}, nil},
		"nothing":              {book.FindQuery{}, nil},
		"query language":       {book.FindQuery{Search: `"فرات" NOT بيان OR *`}, nil},
		"kind":                 {book.FindQuery{Search: "فرات", Noun: "statement"}, []jisr.ThingID{statement}},
		"notes":                {book.FindQuery{Search: "فرات", Noun: "note"}, []jisr.ThingID{note}},
		"sector":               {book.FindQuery{Search: "فرات", Sector: "water"}, []jisr.ThingID{commitment}},
		"another sector":       {book.FindQuery{Search: "فرات", Sector: "energy"}, nil},
		"member":               {book.FindQuery{Search: "فرات", Member: "sy"}, []jisr.ThingID{commitment, statement, note}},
		"no member":            {book.FindQuery{Search: "فرات", Member: "jo"}, nil},
		"body":                 {book.FindQuery{Search: "فرات", Body: "body/iq-1"}, nil},
		"forum":                {book.FindQuery{Search: "فرات", Forum: h.forum}, all},
		"another forum":        {book.FindQuery{Search: "فرات", Forum: "iq-jo"}, nil},
		"from":                 {book.FindQuery{Search: "فرات", From: jisr.Date(first)}, all},
		"from later":           {book.FindQuery{Search: "فرات", From: "2026-11-02"}, nil},
		"to":                   {book.FindQuery{Search: "فرات", To: jisr.Date(first)}, all},
		"to earlier":           {book.FindQuery{Search: "فرات", To: "2026-10-31"}, nil},
		"to, in another place": {book.FindQuery{Search: "فرات", To: "2026-10-31", Zone: time.FixedZone("", -12*3600)}, all},
	} {
		if got, _, _ := finds(t, b, book.Whole(), c.q); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
	_, texts, f := finds(t, b, book.Whole(), book.FindQuery{Search: "فرات", Noun: "statement", Lang: "ar"})
	if want := map[string]int{"note": 1, "statement": 1, "commitment": 1, "readout": 1}; !cmp.Equal(want, f.Counts) {
		t.Error(cmp.Diff(want, f.Counts))
	}
	if len(texts) != 1 || texts[0] != "الاتّفاقيّة على الفرات" || len(f.Hits[0].Marks) != 1 || f.Hits[0].Lang != "ar" {
		t.Errorf("around the words: %q, %v", texts, f.Hits)
	}
	if _, err := b.Find(t.Context(), book.Whole(), book.FindQuery{Search: "فرات", Cursor: "1.2.x"}); !refusedAs(err, jisr.Malformed) {
		t.Errorf("a cursor of nobody: %v", err)
	}
}

// Nobody pages twice over one hit or past another, and a book made anew finds the same.
func TestPagesOfASearchAndARebuild(t *testing.T) {
	h := newHistory(t, 1, "iq", "sy")
	all := h.joint()
	for i := range 20 {
		all = slices.Insert(all, 0, h.release("iq", h.noteTerms("sy"), fmt.Sprint("مذكرة ", i), "الفرات"))
	}
	b := newBook(t, "iq")
	rest(t, b, h, "iq")
	logs, _ := ledgerOf(t, h.as("iq"))
	path := filepath.Join(t.TempDir(), "book.db")
	must(t, book.Rebuild(t.Context(), path, "iq", (&ledgerReader{t: t, logs: logs, at: make([]int, len(logs))}).next))
	rebuilt := open(t, path, "iq")
	for _, b := range []*book.Book{b, rebuilt} {
		var got []jisr.ThingID
		for cursor, pages := "", 0; ; pages++ {
			ids, _, f := finds(t, b, book.Whole(), book.FindQuery{Search: "الفرات", Limit: 7, Cursor: cursor})
			got = append(got, ids...)
			if cursor = f.Next; cursor == "" {
				break
			}
			if pages > 10 {
				t.Fatal("the pages do not end")
			}
		}
		if !slices.Equal(got, all) {
			t.Error(cmp.Diff(all, got))
		}
	}
}

// What one reader may not read leaves no trace in what a search tells: not a hit, not a count, not a text.
func TestASearchKeepsWhatIsConfidential(t *testing.T) {
	h := newHistory(t, 1, "iq", "sy")
	h.joint()
	terms := h.noteTerms("sy")
	terms.Handling = jisr.HandlingConfidential
	h.say("iq", jisr.House, jisr.KindNoteDraft, h.newID("iq"), &jisr.By{Desk: "water", Official: "engineer"}, jisr.DraftTerms{Forum: h.forum, Version: 1}, draftOf(terms.To, "م", "صادر"))
	secret := h.notes[len(h.notes)-1]
	h.say("iq", h.forum, jisr.KindNoteRelease, secret, &releaser, terms, body("سد على الفرات", "تفصيل عن الفرات"))
	b := newBook(t, "iq")
	rest(t, b, h, "iq")
	other := book.Scope{Everything: true, Desks: []jisr.DeskID{"water"}, Registry: true, Official: "captain", Ceiling: jisr.HandlingSecret}
	ids, texts, f := finds(t, b, other, book.FindQuery{Search: "فرات"})
	if slices.Contains(ids, secret) || f.Counts["note"] != 1 || strings.Contains(strings.Join(texts, " "), "تفصيل") {
		t.Errorf("somebody else finds %v, %v, %q", ids, f.Counts, texts)
	}
	if ids, _, f := finds(t, b, other, book.FindQuery{Search: "سد"}); len(ids) > 0 || len(f.Counts) > 0 || f.Many {
		t.Errorf("a word that only the confidential note holds: %v, %v", ids, f.Counts)
	}
	ids, texts, _ = finds(t, b, book.Scope{Official: "engineer", Ceiling: jisr.HandlingSecret}, book.FindQuery{Search: "تفصيل"})
	if !slices.Equal(ids, []jisr.ThingID{secret}) || texts[0] != "" {
		t.Errorf("who is named finds %v, %q: what it says is read on its page, where that is written down", ids, texts)
	}
}
