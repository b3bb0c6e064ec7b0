package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/ext/fts5"

	"jisr"
	"jisr/node"
)

// searchFigures is what the search page takes over everything, as an official's browser asks for it.
type searchFigures struct {
	P95     float64 `json:"p95_ms"` // of all questions together
	Records int     `json:"records,omitempty"`
	Things  int     `json:"things,omitempty"`

	Questions map[string]float64 `json:"questions_p95_ms,omitempty"` // of each of them
}

// searchQuestions are words that a few things hold, that half of them hold, that ten thousand records hold, that nothing holds,
// written as people type them; and filters.
func searchQuestions() []string {
	var all []string
	for _, q := range [][]string{{"q", "اتفاقيه"}, {"q", "الاجتماع"}, {"q", "صيانة المقياس"}, {"q", "قراءة 77"}, {"q", "2026"}, {"q", "لاشيء"}, {"q", "تعهّد رقم 5000"}, {"q", "مذك"},
		{"q", "الأخير", "kind", "commitment"}, {"q", "صيانة", "kind", "record", "from", "2000-01-01"}, {"q", "المكتب", "sector", "water"}, {"q", "الوزارة", "with", "sy"}} {
		v := url.Values{}
		for i := 0; i < len(q); i += 2 {
			v.Set(q[i], q[i+1])
		}
		all = append(all, "/ar/search?"+v.Encode())
	}
	return all
}

// search measures the search page over all records and as many things as the plan says: notes and commitments, half and half.
func (b *bench) search(ctx context.Context, r *report) error {
	return b.onWater(ctx, func(w *water) error {
		if w.sent == 0 {
			if err := w.start(ctx, 2); err != nil {
				return err
			}
			if err := w.send(ctx, &recordFigures{Records: b.plan.records}); err != nil {
				return err
			}
			if err := w.stop(); err != nil {
				return err
			}
		}
		if err := b.t.house(ctx, w.nodes[0].Dir, func(n *node.Node) error { return w.furnish(ctx, n) }); err != nil {
			return err
		}
		if err := w.start(ctx, 1); err != nil {
			return err
		}
		a := w.nodes[0].Accounts[0]
		client, err := signIn(ctx, w.nodes[0].URL, a.Official, a.Password)
		if err != nil {
			return err
		}
		f := &searchFigures{Records: w.sent, Things: b.plan.things, Questions: map[string]float64{}}
		r.Search = f
		return f.ask(b.plan.pages/4, searchQuestions(), func(q string) error { return page(ctx, client, w.nodes[0].URL+q) })
	})
}

// ask takes the time of each question, and of all together.
func (f *searchFigures) ask(times int, questions []string, ask func(string) error) error {
	var all []time.Duration
	took := map[string][]time.Duration{}
	for i := range 3 + times {
		for _, q := range questions {
			begin := time.Now()
			if err := ask(q); err != nil {
				return err
			}
			if i >= 3 {
				took[q] = append(took[q], time.Since(begin))
			}
		}
	}
	for q, each := range took {
		slices.Sort(each)
		all = append(all, each...)
		name, err := url.QueryUnescape(q)
		if err != nil {
			return fmt.Errorf("internal error: %w", err)
		}
		f.Questions[name] = quantile(each, 0.95)
	}
	slices.Sort(all)
	f.P95 = quantile(all, 0.95)
	return nil
}

// furnish writes the things through the node itself, many at once.
func (w *water) furnish(ctx context.Context, n *node.Node) error {
	return atOnce(ctx, w.b.plan.senders, w.b.plan.things, func(ctx context.Context, i int) error {
		if i%2 == 0 {
			return propose(ctx, n, i)
		}
		return correspond(ctx, n, i)
	})
}

// atOnce does something so many times, by so many at once, until the first of them fails.
func atOnce(ctx context.Context, workers, times int, do func(context.Context, int) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	all := make(chan int)
	errs := make(chan error, workers)
	for range workers {
		go func() {
			for i := range all {
				if err := do(ctx, i); err != nil {
					errs <- err
					return
				}
			}
			errs <- nil
		}()
	}
	for i := range times {
		select {
		case all <- i:
		case err := <-errs:
			return errors.Join(err, ctx.Err())
		}
	}
	close(all)
	var wrong []error
	for range workers {
		wrong = append(wrong, <-errs)
	}
	return errors.Join(wrong...)
}

// correspond drafts, clears and releases one note.
func correspond(ctx context.Context, n *node.Node, i int) error {
	writer := node.Caller{Account: "official/" + benchAccount, Desk: deskForeign, Roles: []jisr.Role{jisr.Drafter}}
	second := node.Caller{Account: "official/bench.releaser", Desk: deskForeign, Roles: []jisr.Role{jisr.Releaser}}
	draft := jisr.Draft{Kind: jisr.Verbale, To: []jisr.MemberID{otherOf(n.Self().ID)}, Precedence: jisr.Routine,
		Body: jisr.NoteBody{Subject: jisr.Text{"ar": "مذكرة رقم " + strconv.Itoa(i)}, Text: jisr.Text{"ar": noteText()}}}
	done, err := n.Do(ctx, writer, node.DraftNote{Forum: benchForum, Draft: draft})
	if err == nil {
		_, err = n.Do(ctx, second, node.ClearNote{ID: done.Thing, Version: done.Version})
	}
	if err == nil {
		_, err = n.Do(ctx, second, node.ReleaseNote{ID: done.Thing, Version: done.Version})
	}
	return err
}

// bareSearch: as many rows with the same words in one full-text table, and the newest fifty that hold the words asked for.
func bareSearch(_ context.Context, dir string, plan benchPlan, f *figures) (err error) {
	db, err := sqlite3.Open(filepath.Join(dir, "search.db"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := fts5.Register(db); err != nil {
		return err
	}
	if err := db.Exec(`CREATE VIRTUAL TABLE search USING fts5(text, content='', detail=none); BEGIN`); err != nil {
		return err
	}
	if err := bareTexts(db, plan); err != nil {
		return err
	}
	if err := db.Exec("COMMIT"); err != nil {
		return err
	}
	find, _, err := db.Prepare(`SELECT rowid FROM search WHERE search MATCH ? ORDER BY rowid DESC LIMIT 50`)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, find.Close()) }()
	f.Search = &searchFigures{Questions: map[string]float64{}}
	return f.Search.ask(plan.pages/4, []string{"اتفاقيه", "الاجتماع", "صيانة", "77", "2026", "لاشيء"}, func(q string) error {
		if err := find.BindText(1, q); err != nil {
			return err
		}
		for find.Step() {
			_ = find.ColumnInt64(0)
		}
		return errors.Join(find.Err(), find.Reset())
	})
}

func bareTexts(db *sqlite3.Conn, plan benchPlan) (err error) {
	insert, _, err := db.Prepare(`INSERT INTO search(text) VALUES (?)`)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, insert.Close()) }()
	for i := range plan.records + plan.things {
		text := "HSB 2026"
		switch {
		case i >= plan.records:
			text = "مذكرة رقم " + strconv.Itoa(i) + " " + noteText()
		case i%100 == 0:
			text = "قراءة رقم " + strconv.Itoa(i/100) + " بعد صيانة المقياس"
		}
		if err := errors.Join(insert.BindText(1, text), insert.Exec(), insert.Reset()); err != nil {
			return err
		}
	}
	return nil
}
