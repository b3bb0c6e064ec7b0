package node_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"jisr"
	"jisr/book"
	"jisr/node"
)

// inForce brings the pact into force.
func (p *pact) inForce() {
	p.t.Helper()
	p.signed().ratified()
	p.Pass(30 * 24 * time.Hour)
	p.sees(jisr.AgreementInForce)
}

// reading is a made reading of a station: every fourth is of Jarablus, every hundredth has a remark.
func reading(i int) json.RawMessage {
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.FixedZone("", 3*3600)).Add(time.Duration(i) * 15 * time.Minute)
	station := []string{"JRB", "HSB", "HADITHA", "TABQA"}[i%4]
	remark := ""
	if i%100 == 0 {
		remark = fmt.Sprintf(`,"remark":"قراءة من المراقبين رقم %d"`, i)
	}
	return json.RawMessage(fmt.Sprintf(`{"station":%q,"river":"euphrates","property":"discharge","time":%q,"aggregation":"instant","value":%d.5,"unit":"MQS","quality":"good","method":"telemetry"%s}`,
		station, at.Format(time.RFC3339), 200+i*7919%300, remark))
}

func readings(from, to int) (all []json.RawMessage) {
	for i := from; i < to; i++ {
		all = append(all, reading(i))
	}
	return all
}

// pages reads all pages of a question, as identifiers without the batch's name and values.
func (p *pact) pages(m jisr.MemberID, q book.RecordQuery) (all []string) {
	p.t.Helper()
	for {
		page, err := p.Node(m).Records(p.t.Context(), p.reader(m), q)
		if err != nil {
			p.t.Fatal(err)
		}
		for _, r := range page.Rows {
			all = append(all, r.Record.Show("time")+" "+r.Record.Show("value"))
		}
		if q.Cursor = page.Next; page.Next == "" {
			return all
		}
	}
}

// TestRecordsAreListedFilteredSortedAndSearched holds lists over several blocks against the same questions asked of the
// records themselves, on the side that received them, before and after its book is made anew.
func TestRecordsAreListedFilteredSortedAndSearched(t *testing.T) {
	p, id := waterPact(t)
	p.inForce()
	const count = 9_000
	all := readings(0, count)
	p.sends("iq", id, all[:5_000]...).Done()
	p.sends("iq", id, all[5_000:]...).Done()
	p.Settle()

	type row struct {
		Station, Time, Remark string
		Value                 json.Number
	}
	rows := make([]row, count)
	for i := range all {
		if err := json.Unmarshal(all[i], &rows[i]); err != nil {
			t.Fatal(err)
		}
	}
	base := book.RecordQuery{Forum: p.Forum, Programme: id, Type: "water_observation", Limit: 200}
	value := func(r row) float64 { f, _ := r.Value.Float64(); return f }
	questions := map[string]struct {
		ask  func(*book.RecordQuery)
		want func(row) bool
		less func(a, b row) int
	}{
		"a station and a month": {func(q *book.RecordQuery) {
			q.Filters = []book.Filter{{Field: "station", Is: []string{"JRB"}}, {Field: "time", From: "2026-02", To: "2026-02"}}
		}, func(r row) bool { return r.Station == "JRB" && strings.HasPrefix(r.Time, "2026-02") }, func(a, b row) int { return strings.Compare(b.Time, a.Time) }},
		"a range of values, oldest first": {func(q *book.RecordQuery) {
			q.Filters, q.Ascending = []book.Filter{{Field: "value", From: "490"}}, true
		}, func(r row) bool { return value(r) >= 490 }, func(a, b row) int { return strings.Compare(a.Time, b.Time) }},
		"words":   {func(q *book.RecordQuery) { q.Search = "مراقبون" }, func(r row) bool { return r.Remark != "" }, func(a, b row) int { return strings.Compare(b.Time, a.Time) }},
		"nothing": {func(q *book.RecordQuery) { q.Filters = []book.Filter{{Field: "station", Is: []string{"MOSUL"}}} }, func(row) bool { return false }, nil},
	}
	check := func(when string) {
		for name, c := range questions {
			q := base
			c.ask(&q)
			var want []string
			chosen := slices.DeleteFunc(slices.Clone(rows), func(r row) bool { return !c.want(r) })
			if c.less != nil {
				slices.SortFunc(chosen, c.less)
			}
			for _, r := range chosen {
				want = append(want, r.Time+" "+r.Value.String())
			}
			if diff := cmp.Diff(want, p.pages("sy", q)); diff != "" {
				t.Errorf("%s, %s: %s", when, name, diff[:min(len(diff), 2000)])
			}
		}
		page, err := p.Node("sy").Records(t.Context(), p.reader("sy"), book.RecordQuery{Forum: p.Forum, Programme: id, Type: "water_observation", Sort: "value", Limit: 3})
		if err != nil || page.All != count || len(page.Rows) != 3 || page.Rows[0].Record.Show("value") != "499.5" {
			t.Errorf("%s: the largest of %d records, %v: %+v", when, page.All, err, page.Rows)
		}
	}
	check("followed")
	before, err := p.Node("sy").Picture(t.Context(), p.reader("sy"), p.Forum, id, "flow")
	if err != nil {
		t.Fatal(err)
	}
	p.Stop("sy")
	if _, err := node.RebuildBook(t.Context(), node.Options{Dir: p.Dir("sy"), Config: p.Config("sy"), Now: p.Now}); err != nil {
		t.Fatal(err)
	}
	p.Start("sy")
	check("made anew")
	after, err := p.Node("sy").Picture(t.Context(), p.reader("sy"), p.Forum, id, "flow")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("the chart is another after the book was made anew: %s", diff[:min(len(diff), 2000)])
	}
	_, err = p.Node("sy").Records(t.Context(), p.reader("sy"), book.RecordQuery{Forum: p.Forum, Programme: id, Type: "water_observation", Cursor: "!"})
	p.refusedAs(err, jisr.Malformed)
	_, err = p.Node("sy").Records(t.Context(), p.reader("sy"), book.RecordQuery{Forum: p.Forum, Programme: id, Type: "water_observation", Sort: "nothing"})
	p.refusedAs(err, jisr.NoSuch)
}

func (p *pact) refusedAs(err error, kind jisr.RefusalKind) {
	p.t.Helper()
	if r := (*jisr.Refusal)(nil); !errors.As(err, &r) || r.Kind != kind {
		p.t.Errorf("%v, want the refusal %s", err, kind)
	}
}

// TestAHugeImportLetsOthersBetween: records of many megabytes leave in steps, and a note that is sent meanwhile has its place
// between them. Asked again under the same key, nothing is sent twice.
func TestAHugeImportLetsOthersBetween(t *testing.T) {
	p, id := waterPact(t)
	p.inForce()
	all := readings(0, 30_000)
	size := func() jisr.Index {
		at, err := p.Node("iq").Book().Positions(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return at[book.Log{Forum: p.Forum, Member: "iq"}]
	}
	before := size()
	send := node.SendRecords{Forum: p.Forum, Programme: id, Type: "water_observation", Records: all, Key: "morning"}
	sent := make(chan error, 1)
	caller := p.Official("iq", "gateway", jisr.Direct)
	go func() {
		_, err := p.Node("iq").Do(t.Context(), caller, send)
		sent <- err
	}()
	p.Until("the first records have left", func() bool { return size() > before })
	draft := p.Note("sy")
	draft.Precedence = jisr.Flash
	note, err := p.Node("iq").Do(t.Context(), caller, node.SendNote{Forum: p.Forum, Draft: draft})
	if err != nil {
		t.Fatal(err)
	}
	if err := <-sent; err != nil {
		t.Fatal(err)
	}
	if last := size(); note.Position.Index >= last-10 {
		t.Errorf("the note is act %d of %d: the import went first", note.Position.Index, last)
	}
	p.Settle()
	q := book.RecordQuery{Forum: p.Forum, Programme: id, Type: "water_observation", Limit: 1}
	count := func() int {
		page, err := p.Node("sy").Records(t.Context(), p.reader("sy"), q)
		if err != nil {
			t.Fatal(err)
		}
		return page.All
	}
	if n := count(); n != len(all) {
		t.Errorf("the other side lists %d records", n)
	}
	if _, err := p.Node("iq").Do(t.Context(), caller, send); err != nil {
		t.Fatal(err)
	}
	p.Settle()
	if n := count(); n != len(all) {
		t.Errorf("asked again, the other side lists %d records", n)
	}
}

// TestARecordIsCorrectedWithdrawnAndConfirmed follows three records through what both sides say of them: lists, charts and the
// history of each show it on both sides, and after the book was made anew.
func TestARecordIsCorrectedWithdrawnAndConfirmed(t *testing.T) {
	p, id := waterPact(t)
	p.inForce()
	p.sends("iq", id, flowOf(1, "300"), flowOf(2, "310"), flowOf(3, "320")).Done()
	p.Settle()
	q := book.RecordQuery{Forum: p.Forum, Programme: id, Type: "water_observation", Ascending: true}
	list := func(m jisr.MemberID) book.RecordPage {
		t.Helper()
		page, err := p.Node(m).Records(t.Context(), p.reader(m), q)
		if err != nil {
			t.Fatal(err)
		}
		return page
	}
	batch := list("sy").Rows[0].Batch
	sy, iq := p.As("sy"), p.As("iq")
	sy.Do(node.ConfirmRecords{Forum: p.Forum, Batch: batch, Places: jisr.PlacesOf(1)})
	sy.Done()
	p.Settle()
	iq.Do(node.WithdrawRecords{Forum: p.Forum, Batch: batch, Places: jisr.PlacesOf(1)})
	iq.Refused(jisr.Confirmed)
	iq = p.As("iq")
	iq.Do(node.CorrectRecords{Forum: p.Forum, Batch: batch, Records: map[int]json.RawMessage{2: flowOf(2, `"high"`)}})
	iq.Refused(jisr.Malformed)
	iq = p.As("iq")
	iq.Do(node.CorrectRecords{Forum: p.Forum, Batch: batch, Records: map[int]json.RawMessage{2: flowOf(2, "290")}, Reason: "خطأ في العدّاد"})
	iq.Do(node.WithdrawRecords{Forum: p.Forum, Batch: batch, Places: jisr.PlacesOf(3)})
	iq.Done()
	p.Settle()

	check := func(when string) {
		t.Helper()
		for _, m := range p.parties {
			page := list(m)
			if page.All != 2 || len(page.Rows) != 2 || !page.Rows[0].Confirmed || page.Rows[0].Corrected || !page.Rows[1].Corrected || page.Rows[1].Record.Show("value") != "290" {
				t.Errorf("%s, %s lists %+v", when, m, page)
			}
			pic, err := p.Node(m).Picture(t.Context(), p.reader(m), p.Forum, id, "flow")
			if err != nil || len(pic.Axis) != 2 || pic.Series[0].Figures[1].Value != 290 {
				t.Errorf("%s, %s draws %+v %v", when, m, pic, err)
			}
			v, err := p.Node(m).Record(t.Context(), p.reader(m), p.Forum, id, "water_observation", jisr.RecordName(batch, 2))
			if err != nil || len(v.Versions) != 2 || v.Versions[0].Record.Show("value") != "310" || len(v.Acts) != 2 || v.Change.Corrected == nil {
				t.Errorf("%s, %s reads the history %+v %v", when, m, v, err)
			}
		}
	}
	check("followed")
	p.Stop("sy")
	if _, err := node.RebuildBook(t.Context(), node.Options{Dir: p.Dir("sy"), Config: p.Config("sy"), Now: p.Now}); err != nil {
		t.Fatal(err)
	}
	p.Start("sy")
	check("made anew")
}

// TestTwoFiguresWithinTheToleranceAreOne: each side's own reading of one key confirms the other's where they differ by no more
// than the annex says, whichever is filed first, and a correction is held against it anew.
func TestTwoFiguresWithinTheToleranceAreOne(t *testing.T) {
	p, id := waterPact(t)
	p.inForce()
	p.sends("iq", id, flowOf(1, "300"), flowOf(2, "310"), flowOf(3, "320")).Done()
	p.sends("sy", id, flowOf(1, "306"), flowOf(2, "400")).Done()
	p.Settle()
	confirmed := func(m jisr.MemberID) (days string) {
		t.Helper()
		page, err := p.Node(m).Records(t.Context(), p.reader(m), book.RecordQuery{Forum: p.Forum, Programme: id, Type: "water_observation", Ascending: true, Filters: []book.Filter{{Field: "@confirmed", Is: []string{"true"}}}})
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range page.Rows {
			days += string(r.By) + " " + r.Record.Show("time")[8:10] + " "
		}
		return days
	}
	for _, m := range p.parties {
		if got := confirmed(m); got != "iq 01 sy 01 " && got != "sy 01 iq 01 " {
			t.Errorf("at %s confirmed are %q", m, got)
		}
	}
	page, err := p.Node("sy").Records(t.Context(), p.reader("sy"), book.RecordQuery{Forum: p.Forum, Programme: id, Type: "water_observation", Filters: []book.Filter{{Field: "@by", Is: []string{"sy"}}}})
	if err != nil || len(page.Rows) != 2 {
		t.Fatalf("%+v %v", page, err)
	}
	sy := p.As("sy")
	sy.Do(node.CorrectRecords{Forum: p.Forum, Batch: page.Rows[0].Batch, Records: map[int]json.RawMessage{1: flowOf(1, "200"), 2: flowOf(2, "312")}})
	sy.Done()
	p.Settle()
	check := func(when string) {
		for _, m := range p.parties {
			if got := confirmed(m); got != "iq 02 sy 02 " && got != "sy 02 iq 02 " {
				t.Errorf("%s, at %s confirmed are %q", when, m, got)
			}
		}
	}
	check("corrected")
	p.Stop("sy")
	if _, err := node.RebuildBook(t.Context(), node.Options{Dir: p.Dir("sy"), Config: p.Config("sy"), Now: p.Now}); err != nil {
		t.Fatal(err)
	}
	p.Start("sy")
	check("made anew")
}
