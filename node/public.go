package node

import (
	"context"
	"slices"
	"time"

	"jisr"
	"jisr/book"
)

// Publication is a joint statement that is public: what the public face may read of a node, and all it may read. Nothing of
// what led to it is in it: no draft, no desk, no official.
type Publication struct {
	Forum    jisr.ForumID
	ID       jisr.ThingID
	Title    jisr.Text
	Members  []jisr.MemberID
	Names    map[jisr.MemberID]jisr.Text // of its members, as far as they are known here
	Released time.Time
	Hash     jisr.Commitment
	Early    []jisr.Incident // without what their tellers wrote

	approved map[jisr.MemberID]jisr.Position
}

// PublishedText is a publication with its text, to the byte as it was approved.
type PublishedText struct {
	Publication
	Body     jisr.StatementBody
	Raw      []byte
	Pictures []book.PictureRow // what this house shows beside it; its own, and not agreed
}

// Publications gives a page of what is public, newest first, and the cursor of the next page.
func (n *Node) Publications(ctx context.Context, cursor string, limit int) (all []Publication, next string, err error) {
	rows, next, err := n.book.Things(ctx, book.Whole(), book.ThingQuery{Noun: "statement", State: jisr.StatementReleased, Cursor: cursor, Limit: limit})
	if err != nil {
		return nil, "", err
	}
	for i := range rows {
		all = append(all, n.publication(&rows[i]))
	}
	return all, next, nil
}

func (n *Node) publication(r *book.ThingRow) Publication {
	s := r.State.Statement
	p := Publication{Forum: r.Forum, ID: r.ID, Title: s.Title, Members: s.Members, Released: s.First.At, Hash: s.Agreed, approved: map[jisr.MemberID]jisr.Position{}}
	p.Names = map[jisr.MemberID]jisr.Text{n.self.ID: n.self.Name}
	for _, k := range n.Links() {
		if slices.Contains(s.Members, k.Member) {
			p.Names[k.Member] = k.Name
		}
	}
	for _, e := range s.Early {
		p.Early = append(p.Early, jisr.Incident{IncidentTerms: jisr.IncidentTerms{By: e.By, When: e.When}})
	}
	for m, a := range s.Approved {
		if a.Text == s.Agreed {
			p.approved[m] = a.Position
		}
	}
	return p
}

// Publication gives one publication with its text. What is not released does not exist here.
func (n *Node) Publication(ctx context.Context, forum jisr.ForumID, id jisr.ThingID) (*PublishedText, error) {
	v, err := n.Statement(ctx, book.Whole(), forum, id)
	if err != nil {
		return nil, err
	}
	if v.Statement.State() != jisr.StatementReleased {
		return nil, jisr.Refuse(jisr.NoSuch, string(id), "noun", "statement")
	}
	doc, raw, err := v.Agreed()
	if err != nil {
		return nil, jisr.Refuse(jisr.NoSuch, string(id), "noun", "statement") // its text has not arrived
	}
	pictures, err := n.book.Pictures(ctx, book.Whole(), forum, id)
	if err != nil {
		return nil, err
	}
	return &PublishedText{Publication: n.publication(&v.ThingRow), Body: doc, Raw: raw, Pictures: pictures}, nil
}

// PublicationProof gives the proof file of a member's approval, for jisr verify: the act, its content, where it stands in the
// member's log, and who countersigned that.
func (n *Node) PublicationProof(ctx context.Context, forum jisr.ForumID, id jisr.ThingID, m jisr.MemberID) ([]byte, error) {
	p, err := n.Publication(ctx, forum, id)
	if err != nil {
		return nil, err
	}
	at, ok := p.approved[m]
	if !ok || !slices.Contains(p.Members, m) {
		return nil, jisr.Refuse(jisr.NoSuch, string(m), "noun", "proof")
	}
	return n.ExportProof(ctx, book.Whole(), forum, at)
}

// PublicationKeys gives the verifier keys, one a line, of the logs in which members approved a publication, and of those who
// countersign them.
func (n *Node) PublicationKeys(ctx context.Context, p *Publication) (all []string, err error) {
	for _, m := range p.Members {
		log, mirror, err := n.VerifierKeys(ctx, p.Forum, m)
		if err != nil {
			return nil, err
		}
		all = append(append(all, log...), mirror...)
	}
	return all, nil
}
