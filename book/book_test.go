package book_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/ext/fts5"

	"jisr"
	"jisr/book"
)

func open(t testing.TB, path string, self jisr.MemberID) *book.Book {
	t.Helper()
	b, err := book.Open(t.Context(), path, self)
	must(t, err)
	t.Cleanup(func() { b.Close() })
	return b
}

func newBook(t testing.TB, self jisr.MemberID) *book.Book {
	return open(t, filepath.Join(t.TempDir(), "book.db"), self)
}

// take applies all that a node of self would have.
func take(t testing.TB, b *book.Book, h *history, self jisr.MemberID) {
	t.Helper()
	var all []book.Said
	for _, said := range h.as(self) {
		all = append(all, said...)
	}
	must(t, b.Apply(t.Context(), all))
}

// dump gives every table of a closed book as text, with the numbers of logs and rows, which depend on the order
// of arrival, replaced by what they stand for.
func dump(t testing.TB, path string) string {
	t.Helper()
	c, err := sqlite3.Open(path)
	must(t, err)
	defer c.Close()
	place := func(k string) string {
		return fmt.Sprintf("(SELECT forum||'/'||member||'/'||(%s & ((1<<40)-1)) FROM log WHERE n=%s>>40)", k, k)
	}
	must(t, errors.Join(fts5.Register(c), c.Exec(`CREATE VIRTUAL TABLE temp.term USING fts5vocab(main, search, instance)`)))
	var out strings.Builder
	tables := []string{
		`SELECT forum, member, next, clock FROM log ORDER BY 1, 2`,
		`SELECT ` + place("key") + `, thing, kind, wants, void, act FROM act ORDER BY 1`,
		`SELECT thing, ` + place("key") + ` FROM concern ORDER BY 1, 2`,
		`SELECT ` + place("key") + `, signature, hex(body) FROM body ORDER BY 1`,
		`SELECT forum, id, noun, hex(digest), at, kind, state, members, labels, handling, acted, filed, (SELECT joint FROM joint WHERE thing=n) FROM thing ORDER BY 1, 2`, `SELECT count(*) FROM joint WHERE thing NOT IN (SELECT n FROM thing)`,
		`SELECT t.forum, t.id, d.side, d.of, d.why, d.due, d.since, d.desk, d.forum, d.handling, d.acted, d.filed FROM todo d LEFT JOIN thing t ON t.n=d.thing ORDER BY 1, 2, 3, 4, 5, 6`,
		`SELECT forum, id, hex(digest), at, box, state, kind, parties, awaited, side, due, since, why, ` + place("released") + `, ` + place("drafted") + `, handling, acted, filed, note, draft FROM note ORDER BY 1, 2`,
		`SELECT forum, thing, filed, drafted FROM custody ORDER BY 1, 2`,
		`SELECT id, ` + place("accept") + ` FROM forum ORDER BY 1`,
		`SELECT id, account, ` + place("secret") + `, hash FROM account ORDER BY 1`,
		`SELECT id, desk FROM desk ORDER BY 1`,
		`SELECT id, forum, about, open, at, handling, acted, state FROM outgoing ORDER BY 1`,
		`SELECT id, forum, programme, type, dropped, kept, state FROM columns ORDER BY 1`,
		`SELECT id, state FROM domestic ORDER BY 1`,
		`SELECT id, forum, statement, state, at, comment FROM comment ORDER BY 1`,
		`SELECT id, forum, statement, gone, picture FROM picture ORDER BY 1`,
		`SELECT coalesce(n.forum, t.forum), coalesce(n.id, t.id), s.offset, s.term FROM temp.term s
			LEFT JOIN note n ON n.n=s.doc LEFT JOIN thing t ON t.n=-s.doc ORDER BY 1, 2, 3 -- FROM search`,
		`SELECT forum, member, year, last FROM series ORDER BY 1, 2, 3`,
		`SELECT name FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' ORDER BY 1`,
	}
	// Shelves keep records in the order they came in, so their rows cannot be compared: no record is said here.
	st, _, err := c.Prepare(`SELECT name FROM sqlite_schema WHERE type='table' AND name NOT LIKE 'search_%' AND name NOT LIKE 'words%'
		AND name NOT IN ('meta', 'held', 'shelf', 'batch', 'block', 'cells', 'tally', 'slot')`)
	must(t, err)
	for st.Step() {
		if !strings.Contains(strings.Join(tables, " ")+" ", "FROM "+st.ColumnText(0)+" ") {
			t.Errorf("nobody compares the table %s", st.ColumnText(0))
		}
	}
	must(t, st.Close())
	for _, sql := range tables {
		st, _, err := c.Prepare(sql)
		must(t, err)
		for st.Step() {
			for i := range st.ColumnCount() {
				out.WriteString(st.ColumnText(i) + "|")
			}
			out.WriteByte('\n')
		}
		must(t, st.Close())
	}
	return out.String()
}

func found(t testing.TB, b *book.Book, search string) (ids []string) {
	t.Helper()
	rows, _, err := b.Notes(t.Context(), book.Whole(), book.NoteQuery{Search: search, Limit: 200})
	must(t, err)
	for _, r := range rows {
		ids = append(ids, string(r.ID))
	}
	return ids
}

// The same acts in any batches and any order of the logs, or by a rebuild, make the same book; and the books
// of all members have the same digest.
func TestOrderOfArrivalChangesNothing(t *testing.T) {
	for seed := range uint64(12) {
		members := []jisr.MemberID{"iq", "sy", "jo"}[:2+seed%2]
		h := newHistory(t, seed, members...)
		h.join()
		for range 150 {
			h.step()
		}
		digests := map[[32]byte]bool{}
		for _, self := range members {
			logs := h.as(self)
			var dumps []string
			var finds [][]string
			for try := range uint64(4) {
				path := filepath.Join(t.TempDir(), "book.db")
				batches := cut(rand.New(rand.NewPCG(seed, try)), logs, 1+int(try)*20)
				if try >= 2 {
					some := map[uint64]int{2: 1000, 3: 1}[try]
					must(t, book.RebuildBy(t.Context(), path, self, some, func() ([]book.Said, error) {
						for len(batches) > 0 {
							b := batches[0]
							if batches = batches[1:]; len(b) > 0 {
								return b, nil
							}
						}
						return nil, nil
					}))
				}
				b := open(t, path, self)
				for _, batch := range batches {
					must(t, b.Apply(t.Context(), batch))
				}
				d, sizes, err := b.Digest(t.Context(), h.forum)
				must(t, err)
				digests[d] = true
				if len(sizes) != len(members) {
					t.Fatalf("the digest covers %d logs, want %d", len(sizes), len(members))
				}
				finds = append(finds, found(t, b, "اتفاقيات"))
				must(t, b.Close())
				dumps = append(dumps, dump(t, path))
			}
			for i := range dumps[1:] {
				if diff := cmp.Diff(strings.Split(dumps[0], "\n"), strings.Split(dumps[i+1], "\n")); diff != "" {
					t.Fatalf("seed %d, %s: try 0 and %d differ:\n%s", seed, self, i+1, diff)
				}
				if len(finds[0]) == 0 || len(finds[0]) != len(finds[i+1]) {
					t.Fatalf("seed %d, %s: searches find %d and %d notes", seed, self, len(finds[0]), len(finds[i+1]))
				}
			}
		}
		if len(digests) != 1 {
			t.Fatalf("seed %d: %d digests of one record", seed, len(digests))
		}
	}
}

func TestApplyRefusesGaps(t *testing.T) {
	h := newHistory(t, 1, "iq", "sy")
	h.release("iq", h.noteTerms("sy"), "المياه", "نص")
	h.release("iq", h.noteTerms("sy"), "الكهرباء", "نص")
	b := newBook(t, "iq")
	l := book.Log{Forum: h.forum, Member: "iq"}
	if err := b.Apply(t.Context(), h.logs[l][1:]); !errors.Is(err, book.ErrGap) {
		t.Fatalf("a gap: %v", err)
	}
	must(t, b.Apply(t.Context(), h.logs[l][:1]))
	if err := b.Apply(t.Context(), h.logs[l][:1]); !errors.Is(err, book.ErrGap) {
		t.Fatalf("twice the same: %v", err)
	}
	foreign := h.logs[book.Log{Forum: jisr.House, Member: "iq"}][:1]
	if err := newBook(t, "sy").Apply(t.Context(), foreign); !errors.Is(err, book.ErrGap) {
		t.Fatalf("the house of another member: %v", err)
	}
	if err := b.Body(t.Context(), l, 1, []byte("{}")); !errors.Is(err, book.ErrGap) {
		t.Fatalf("a body before its act: %v", err)
	}
	at, err := b.Positions(t.Context())
	must(t, err)
	if diff := cmp.Diff(map[book.Log]jisr.Index{l: 1}, at); diff != "" {
		t.Fatal(diff)
	}
}

func TestOpenRefusesWhatIsNoBookOfThisMember(t *testing.T) {
	path := filepath.Join(t.TempDir(), "book.db")
	b, err := book.Open(t.Context(), path, "iq")
	must(t, err)
	must(t, b.Close())
	if _, err := book.Open(t.Context(), path, "sy"); !errors.Is(err, book.ErrSchema) || !strings.Contains(err.Error(), "jisr book rebuild") {
		t.Fatalf("the book of another member: %v", err)
	}
	c, err := sqlite3.Open(path)
	must(t, err)
	must(t, c.Exec("PRAGMA user_version=999"))
	must(t, c.Close())
	if _, err := book.Open(t.Context(), path, "iq"); !errors.Is(err, book.ErrSchema) {
		t.Fatalf("another version: %v", err)
	}
}

func TestNumbersAndHeads(t *testing.T) {
	h := newHistory(t, 1, "iq", "sy")
	h.join()
	h.release("iq", h.noteTerms("sy"), "المياه", "نص")
	h.release("iq", h.noteTerms("sy"), "المياه", "نص")
	h.syncAll("sy")
	h.say("sy", h.forum, jisr.KindNoteRelease, "note/iq-stolen", &releaser, jisr.NoteTerms{Kind: jisr.Verbale, To: []jisr.MemberID{"iq"}, Number: 900, Date: "2026-01-01", Precedence: jisr.Routine}, body("س", "س"))
	b := newBook(t, "iq")
	take(t, b, h, "iq")
	for _, c := range []struct {
		member jisr.MemberID
		year   int
		want   int
	}{{"iq", 2026, 2}, {"iq", 2025, 0}, {"sy", 2026, 0}} {
		if n, err := b.LastNumber(t.Context(), h.forum, c.member, c.year); err != nil || n != c.want {
			t.Errorf("LastNumber(%s, %d) = %d, %v, want %d", c.member, c.year, n, err, c.want)
		}
	}
	clock, seen, err := b.Head(t.Context(), h.forum)
	must(t, err)
	if want := h.clock[book.Log{Forum: h.forum, Member: "sy"}]; clock != want {
		t.Errorf("clock %d, want %d", clock, want)
	}
	if diff := cmp.Diff(map[jisr.MemberID]jisr.Index{"iq": 3, "sy": 2}, seen); diff != "" {
		t.Error(diff)
	}
}

func TestHouse(t *testing.T) {
	h := newHistory(t, 1, "iq", "sy")
	h.join()
	b := newBook(t, "iq")
	take(t, b, h, "iq")
	forums, err := b.Forums(t.Context())
	must(t, err)
	if len(forums) != 1 || forums[0].ID != h.forum || !forums[0].Forum.Stands() || forums[0].Accept.Letters["iq"] != "letter" {
		t.Fatalf("forums: %+v", forums)
	}
	desks, err := b.Desks(t.Context())
	must(t, err)
	if desks["protocol"].Title["ar"] != "المراسم" {
		t.Fatalf("desks: %v", desks)
	}
	row, err := b.Account(t.Context(), "official/director")
	must(t, err)
	if row.Secret.Argon2id != "$argon2id$1" || row.Account.Desk != "protocol" {
		t.Fatalf("account: %+v", row)
	}
	h.say("iq", jisr.House, jisr.KindOfficialPass, "official/director", nil, nil, []byte(`{"argon2id":"$argon2id$2"}`))
	h.say("iq", jisr.House, jisr.KindTokenEnd, "token/registry", nil, nil, nil)
	house := h.logs[book.Log{Forum: jisr.House, Member: "iq"}]
	must(t, b.Apply(t.Context(), house[len(house)-2:]))
	if row, err = b.Account(t.Context(), "official/director"); err != nil || row.Secret.Argon2id != "$argon2id$2" {
		t.Fatalf("after a new password: %+v %v", row, err)
	}
	if row, err = b.TokenByHash(t.Context(), tokenHash); err != nil || row.Account.Ended == nil {
		t.Fatalf("an ended token: %+v %v", row, err)
	}
	for _, err := range []error{second(b.TokenByHash(t.Context(), "")), second(b.Account(t.Context(), "official/nobody"))} {
		if refusal := (*jisr.Refusal)(nil); !errors.As(err, &refusal) || refusal.Kind != jisr.NoSuch {
			t.Errorf("want no-such, got %v", err)
		}
	}
	if all, err := b.Accounts(t.Context()); err != nil || len(all) != 2 {
		t.Fatalf("accounts: %v %v", all, err)
	}
}

func second[T any](_ T, err error) error { return err }
