package book_test

import (
	"errors"
	"testing"

	"jisr"
	"jisr/book"
)

// FuzzCursor: whatever a caller gives as the cursor of a list, it is answered or refused.
func FuzzCursor(f *testing.F) {
	h := newHistory(f, 1, "iq", "sy")
	for range 3 {
		h.release("iq", h.noteTerms("sy"), "مياه", "الفرات")
	}
	b := newBook(f, "iq")
	take(f, b, h, "iq")
	for _, s := range []string{"", "1.2", "-1.9", "0:1,1:2", "1:-1", "eyJyIjoxfQ", "9223372036854775808.1", "1.2.note.3", "x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, cursor string) {
		var r *jisr.Refusal
		refused := func(err error) bool { return err == nil || errors.As(err, &r) }
		_, _, err := b.Notes(t.Context(), book.Whole(), book.NoteQuery{Cursor: cursor})
		_, _, err2 := b.Acts(t.Context(), book.Whole(), book.ActQuery{Forum: h.forum, Cursor: cursor})
		_, _, err3 := b.Things(t.Context(), book.Whole(), book.ThingQuery{Noun: "commitment", Cursor: cursor})
		_, err4 := b.Find(t.Context(), book.Whole(), book.FindQuery{Search: "مياه", Cursor: cursor})
		if !refused(err) || !refused(err2) || !refused(err3) || !refused(err4) {
			t.Errorf("%q: %v, %v, %v, %v", cursor, err, err2, err3, err4)
		}
		if batch, place, ok := book.ParseRecordName(cursor); ok && (place < 1 || !jisr.ValidName(batch.Name())) {
			t.Errorf("%q names record %d of %s", cursor, place, batch)
		}
	})
}
