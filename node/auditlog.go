package node

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"jisr"
	"jisr/book"
	"jisr/ledger"
)

const (
	auditScan   = 5_000 // acts looked at for one page, whether they are shown or not
	auditExport = 2_000 // acts in one export
)

// AuditQuery asks what was done, refused and read in this house, newest first. Zero values ask for everything.
type AuditQuery struct {
	Official string // of the post or program
	Verb     string // "note.release", or "note" for all that is done with notes
	Outcome  string // "done", "refused" for every refusal, or the kind of one
	Forum    jisr.ForumID
	From, To time.Time // half-open
	Cursor   string
	Limit    int // 1 to 200, 0 is 50
}

// AuditRow is one thing that was done, refused or read.
type AuditRow struct {
	jisr.AuditEvent
	Official jisr.OfficialID
	Position jisr.Position // of the act that says so
	Log      jisr.ForumID  // in whose log of this member it stands
}

// AuditPage is a page of rows. Next is empty at the end; Until is how far back was looked.
type AuditPage struct {
	Rows  []AuditRow
	Next  string
	Until time.Time
}

// Audit gives a page of the audit record: this member's own acts, and what was refused or read.
func (n *Node) Audit(ctx context.Context, c Caller, q AuditQuery) (AuditPage, error) {
	if err := n.may(c, ReadAudit); err != nil {
		n.refusedCommand(c, ReadAudit, resource{forum: jisr.House}, err)
		return AuditPage{}, err
	}
	return n.auditPage(ctx, q)
}

func (n *Node) auditPage(ctx context.Context, q AuditQuery) (AuditPage, error) {
	limit := q.Limit
	if limit <= 0 || limit > 200 {
		limit = 50
	}
	m, err := n.auditSources(q)
	if err != nil {
		return AuditPage{}, err
	}
	var p AuditPage
	for looked := 0; looked < auditScan && len(p.Rows) < limit; looked++ {
		a, err := m.next(ctx)
		if err != nil {
			return AuditPage{}, err
		}
		if a == nil || !q.From.IsZero() && a.At.Before(q.From) {
			return p, nil
		}
		p.Until = a.At
		for _, row := range auditRows(a) {
			if q.has(&row) {
				p.Rows = append(p.Rows, row)
			}
		}
	}
	p.Next, err = m.cursor(ctx)
	return p, err
}

// auditRows reads an act as rows: an audit.note has several, any other act is what it did.
func auditRows(a *jisr.Act) []AuditRow {
	var rows []AuditRow
	for _, e := range jisr.ReadAudit(a) {
		rows = append(rows, AuditRow{AuditEvent: e, Official: jisr.OfficialID(e.Account.Name()), Position: a.Position, Log: a.Forum})
	}
	if a.Kind == jisr.KindAuditNote {
		return rows
	}
	row := AuditRow{AuditEvent: jisr.AuditEvent{Verb: string(a.Kind), Forum: a.Forum, About: a.About, Outcome: jisr.AuditDone, First: a.At}, Position: a.Position, Log: a.Forum}
	if a.By != nil {
		row.Desk, row.Official = a.By.Desk, a.By.Official
	}
	return append(rows, row)
}

func (q *AuditQuery) has(r *AuditRow) bool {
	at := r.First
	if r.Count > 0 {
		at = r.Last
	}
	refused := r.Outcome != jisr.AuditDone
	return (q.Official == "" || string(r.Official) == q.Official) &&
		(q.Verb == "" || r.Verb == q.Verb || Verb(r.Verb).Noun() == q.Verb) &&
		(q.Outcome == "" || r.Outcome == q.Outcome || q.Outcome == "refused" && refused) &&
		(q.Forum == "" || r.Forum == q.Forum) &&
		(q.To.IsZero() || at.Before(q.To)) && (q.From.IsZero() || !at.Before(q.From))
}

// auditMerge reads this member's own acts backwards: of the house, and of all forums.
type auditMerge struct {
	book    *book.Book
	sources [2]auditSource
}

type auditSource struct {
	query book.ActQuery
	rows  []book.ActRow
	at    int    // next of rows
	then  string // cursor after rows
	ended bool
}

func (n *Node) auditSources(q AuditQuery) (*auditMerge, error) {
	m := &auditMerge{book: n.book}
	m.sources[0].query = book.ActQuery{Forum: jisr.House, Limit: 200}
	m.sources[1].query = book.ActQuery{Member: n.self.ID, Limit: 200}
	if q.Cursor == "" {
		return m, nil
	}
	house, joint, ok := strings.Cut(q.Cursor, "|")
	if !ok {
		return nil, jisr.Refuse(jisr.Malformed, "cursor")
	}
	for i, cursor := range []string{house, joint} {
		m.sources[i].query.Cursor, m.sources[i].ended = cursor, cursor == "-"
	}
	return m, nil
}

// next gives the newest act that was not given yet; nil: there is none.
func (m *auditMerge) next(ctx context.Context) (*jisr.Act, error) {
	var best *auditSource
	for i := range m.sources {
		s := &m.sources[i]
		if err := s.fill(ctx, m.book); err != nil {
			return nil, err
		}
		if s.at < len(s.rows) && (best == nil || s.rows[s.at].Act.At.After(best.rows[best.at].Act.At)) {
			best = s
		}
	}
	if best == nil {
		return nil, nil
	}
	best.at++
	return &best.rows[best.at-1].Act, nil
}

func (s *auditSource) fill(ctx context.Context, b *book.Book) (err error) {
	if s.at < len(s.rows) || s.ended {
		return nil
	}
	if s.rows != nil {
		s.query.Cursor = s.then
	}
	s.rows, s.then, err = b.Acts(ctx, book.Whole(), s.query)
	s.at, s.ended = 0, s.then == ""
	return err
}

// cursor says where each source goes on: in the middle of what was read, the book is asked for that place.
func (m *auditMerge) cursor(ctx context.Context) (string, error) {
	var both [2]string
	for i := range m.sources {
		s := &m.sources[i]
		switch {
		case s.at == len(s.rows) && s.ended:
			both[i] = "-"
		case s.at == len(s.rows):
			both[i] = s.then
		case s.at == 0:
			both[i] = s.query.Cursor
		default:
			q := s.query
			q.Limit = s.at
			_, next, err := m.book.Acts(ctx, book.Whole(), q)
			if err != nil {
				return "", err
			}
			both[i] = next
		}
	}
	if both == [2]string{"-", "-"} {
		return "", nil
	}
	return both[0] + "|" + both[1], nil
}

// ExportAudit writes the proofs of what a query gives, newest first, as one file for jisr verify. Contents are withheld:
// the acts say who did what, and drafts and passwords are no matter of audit.
func (n *Node) ExportAudit(ctx context.Context, c Caller, q AuditQuery, w io.Writer) error {
	if err := n.reads(ctx, c, TakeAudit, resource{id: "audit/log", forum: jisr.House}, true); err != nil {
		return err
	}
	q.Limit = 200
	done := map[string]bool{}
	var b bytes.Buffer
	for len(done) < auditExport {
		p, err := n.auditPage(ctx, q)
		if err != nil {
			return err
		}
		for _, r := range p.Rows {
			place := fmt.Sprintf("%s/%d", r.Log, r.Position.Index)
			if done[place] || len(done) == auditExport {
				continue
			}
			done[place] = true
			proof, err := n.ledger.ExportProof(ctx, n.origin(r.Log, n.self.ID), int64(r.Position.Index))
			if err == nil {
				proof, err = ledger.Withhold(proof)
			}
			if err != nil {
				return err
			}
			b.Reset()
			if err := ledger.WriteBundled(w, proof); err != nil {
				return fmt.Errorf("couldn't write the export: %w", err)
			}
		}
		if q.Cursor = p.Next; p.Next == "" {
			return nil
		}
	}
	return nil
}
