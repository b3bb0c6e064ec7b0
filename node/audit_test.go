package node_test

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"jisr"
	"jisr/ledger"
	"jisr/node"
	"jisr/node/nodetest"
)

// auditor is who may read the audit record.
func auditor(w *nodetest.World) node.Caller { return w.Official("iq", "auditor", jisr.Auditor) }

// audited waits until the audit record has n rows for a query, and gives them.
func audited(t *testing.T, w *nodetest.World, q node.AuditQuery, n int) []node.AuditRow {
	t.Helper()
	var p node.AuditPage
	w.Until(fmt.Sprintf("%d rows for %+v", n, q), func() bool {
		var err error
		if p, err = w.Node("iq").Audit(t.Context(), auditor(w), q); err != nil {
			t.Fatal(err)
		}
		return len(p.Rows) >= n
	})
	if len(p.Rows) != n {
		t.Fatalf("%d rows for %+v, want %d: %+v", len(p.Rows), q, n, p.Rows)
	}
	return p.Rows
}

func TestAuditHasWhatWasDoneAndWhatWasRefused(t *testing.T) {
	w := nodetest.New(t, "iq", "sy")
	iq := w.As("iq")
	drafter := w.Official("iq", "first.secretary", jisr.Drafter)
	done := iq.DoAs(drafter, node.DraftNote{Forum: w.Forum, Draft: w.Note("sy")})
	iq.DoAs(drafter, node.ClearNote{ID: done.Thing, Version: 1})
	iq.Refused(jisr.NotAllowed)

	row := audited(t, w, node.AuditQuery{Official: "first.secretary", Outcome: "refused"}, 1)[0]
	if row.Verb != "note.clear" || row.Outcome != "not-allowed" || row.Account != drafter.Account || row.Count != 0 || row.Log != jisr.House {
		t.Errorf("the refused command: %+v", row)
	}
	row = audited(t, w, node.AuditQuery{Official: "first.secretary", Outcome: jisr.AuditDone}, 1)[0]
	if row.Verb != "note.draft" || row.About != done.Thing {
		t.Errorf("the draft: %+v", row)
	}
	audited(t, w, node.AuditQuery{Official: "first.secretary", Verb: "note"}, 2)
	audited(t, w, node.AuditQuery{Official: "nobody"}, 0)
	audited(t, w, node.AuditQuery{Official: "first.secretary", To: w.Now()}, 0)

	_, err := w.Node("iq").Audit(t.Context(), drafter, node.AuditQuery{})
	if err == nil {
		t.Error("a drafter reads the audit record")
	}
	audited(t, w, node.AuditQuery{Verb: "audit.read", Outcome: "refused"}, 1)
}

// A flood of refusals is counted, not written one by one, and one account does not crowd out another.
func TestAuditCountsRepeats(t *testing.T) {
	w := nodetest.New(t, "iq", "sy")
	n := w.Node("iq")
	reader := w.Official("iq", "reader", jisr.Reader)
	const flood = 10_000
	for i := range flood {
		if _, err := n.Do(t.Context(), reader, node.OpenNote{Forum: w.Forum, ID: "note/sy-x"}); err == nil {
			t.Fatal("a reader opens notes")
		} else if i == 0 {
			audited(t, w, node.AuditQuery{Official: "reader"}, 1)
		}
	}
	w.Pass(2 * time.Minute)
	rows := audited(t, w, node.AuditQuery{Official: "reader"}, 2)
	if rows[0].Count != flood-1 || rows[0].Verb != "note.open" {
		t.Errorf("the repeats: %+v", rows[0])
	}

	for i := range 200 { // each about another thing
		drafter := w.Official("iq", "drafter", jisr.Drafter)
		_, err := n.Do(t.Context(), drafter, node.AddDesk{ID: jisr.DeskID(fmt.Sprintf("d%d", i)), Title: jisr.Text{"en": "x"}})
		if err == nil {
			t.Fatal("a drafter adds desks")
		}
	}
	audited(t, w, node.AuditQuery{Official: "drafter"}, 1)
}

func TestAuditOutlivesTheNode(t *testing.T) {
	w := nodetest.New(t, "iq", "sy")
	iq := w.As("iq")
	reader := w.Official("iq", "reader", jisr.Reader)
	iq.DoAs(reader, node.AddDesk{ID: "x", Title: jisr.Text{"en": "x"}})
	iq.Refused(jisr.NotAllowed)
	w.Stop("iq")
	w.Start("iq")
	audited(t, w, node.AuditQuery{Official: "reader", Verb: "desk.add"}, 1)
}

// Pages of the audit record together are the record, whatever their size.
func TestAuditPages(t *testing.T) {
	w := nodetest.New(t, "iq", "sy")
	iq := w.As("iq")
	for range 7 {
		id := iq.Releases(w.Note("sy"))
		iq.Withdraws(id)
		iq.DoAs(w.Official("iq", "first", jisr.Drafter), node.DraftNote{Forum: w.Forum, Draft: w.Note("sy")})
		w.Pass(time.Second)
	}
	iq.Done()
	whole := audited(t, w, node.AuditQuery{Limit: 200, Verb: "note"}, 21)
	for _, size := range []int{1, 3, 20} {
		var all []node.AuditRow
		q := node.AuditQuery{Limit: size, Verb: "note"}
		for {
			p, err := w.Node("iq").Audit(t.Context(), auditor(w), q)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, p.Rows...)
			if q.Cursor = p.Next; p.Next == "" {
				break
			}
		}
		if fmt.Sprint(all) != fmt.Sprint(whole) {
			t.Errorf("pages of %d: %d rows, not the same %d", size, len(all), len(whole))
		}
	}
}

func TestAuditExportIsVerified(t *testing.T) {
	w := nodetest.New(t, "iq", "sy")
	iq := w.As("iq")
	iq.Releases(w.Note("sy"))
	iq.DoAs(w.Official("iq", "first", jisr.Drafter), node.DraftNote{Forum: w.Forum, Draft: w.Note("sy")})
	w.Settle()
	n := w.Node("iq")
	var file bytes.Buffer
	if err := n.ExportAudit(t.Context(), w.Official("iq", "first", jisr.Drafter), node.AuditQuery{}, &file); err == nil {
		t.Fatal("a drafter exports the audit record")
	}
	if err := n.ExportAudit(t.Context(), auditor(w), node.AuditQuery{Verb: "note"}, &file); err != nil {
		t.Fatal(err)
	}
	_, mirror, err := n.VerifierKeys(t.Context(), w.Forum, "sy")
	if err != nil {
		t.Fatal(err)
	}
	proofs := 0
	err = ledger.ReadBundle(&file, func(proof []byte) error {
		proofs++
		if bytes.Contains(proof, []byte("content held")) || bytes.Contains(proof, []byte("content detached")) {
			t.Error("an audit export carries contents")
		}
		keys := append(n.OwnKeys(), mirror...)
		_, err := ledger.Verify(proof, keys, node.RefsOf)
		return err
	})
	if err != nil || proofs != 2 {
		t.Fatalf("%d proofs, %v", proofs, err)
	}
	audited(t, w, node.AuditQuery{Verb: "audit.export", Outcome: jisr.AuditDone}, 1)
}
