package node_test

import (
	"errors"
	"strings"
	"testing"

	"jisr"
	"jisr/book"
)

// A search reaches the text of an agreement, the annex and its records, on the side that received them; who may read no
// records finds none.
func TestASearchReachesAgreementsAndRecords(t *testing.T) {
	p, id := waterPact(t)
	p.inForce()
	p.sends("iq", id, readings(0, 250)...).Done()
	p.Settle()
	find := func(q book.FindQuery) book.Found {
		t.Helper()
		f, err := p.Node("sy").Find(t.Context(), p.reader("sy"), q)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	for noun, words := range map[string]string{"agreement": "البرنامج مياه", "programme": "مياه", "record": "مراقبون"} {
		f := find(book.FindQuery{Search: words, Noun: noun, Lang: "ar"})
		if len(f.Hits) == 0 || f.Counts[noun] != len(f.Hits) || !marks(&f.Hits[0]) {
			t.Errorf("%s by %q: %d hits, counts %v", noun, words, len(f.Hits), f.Counts)
		}
	}
	f := find(book.FindQuery{Search: "المراقب", Limit: 2})
	if f.Counts["record"] != 3 || f.Next == "" || f.Hits[0].Record.Programme != id || !strings.Contains(f.Hits[0].Text, "رقم 200") {
		t.Fatalf("the newest remark comes first: %v, %+v", f.Counts, f.Hits)
	}
	if more := find(book.FindQuery{Search: "المراقب", Limit: 2, Cursor: f.Next}); len(more.Hits) != 1 || !strings.Contains(more.Hits[0].Text, "رقم 0") {
		t.Errorf("the next page: %+v", more.Hits)
	}
	for name, c := range map[string]struct {
		q    book.FindQuery
		want int
	}{
		"sector": {book.FindQuery{Search: "مراقبين", Sector: "water"}, 3}, "another sector": {book.FindQuery{Search: "مراقبين", Sector: "trade"}, 0},
		"sender": {book.FindQuery{Search: "مراقبين", Member: "iq"}, 3}, "another": {book.FindQuery{Search: "مراقبين", Member: "sy"}, 0},
		"body": {book.FindQuery{Search: "مراقبين", Body: "body/iq-1"}, 0}, "long ago": {book.FindQuery{Search: "مراقبين", To: "2001-01-01"}, 0},
	} {
		if f := find(c.q); f.Counts["record"] != c.want {
			t.Errorf("%s: %v", name, f.Counts)
		}
	}
	guest, err := p.Node("sy").Find(t.Context(), p.Official("sy", "guest"), book.FindQuery{Search: "مراقبين"})
	if err != nil || len(guest.Hits) != 0 || len(guest.Counts) != 0 {
		t.Errorf("without a role: %v, %v", guest.Counts, err)
	}
	if _, err := p.Node("sy").Find(t.Context(), p.reader("sy"), book.FindQuery{Search: "مياه", Cursor: "x"}); !isKind(err, jisr.Malformed) {
		t.Errorf("a cursor of nobody: %v", err)
	}
}

// marks tells whether the words stand in what is shown around them.
func marks(h *book.Hit) bool {
	return h.Text != "" && len(h.Marks) > 0 || h.Thing != nil && h.Text == ""
}

func isKind(err error, kind jisr.RefusalKind) bool {
	r := (*jisr.Refusal)(nil)
	return errors.As(err, &r) && r.Kind == kind
}
