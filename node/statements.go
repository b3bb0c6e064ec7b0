package node

import (
	"context"
	"time"

	"jisr"
	"jisr/book"
)

// ApproveStatement approves the text as it stands here, in every language, to be public from an instant on; none takes the
// one that another side approved.
type ApproveStatement struct {
	Forum   jisr.ForumID
	ID      jisr.ThingID
	Release time.Time
	Mandate jisr.ThingID
}

// ReleaseStatement makes the text public that all approved.
type ReleaseStatement struct {
	Forum jisr.ForumID
	ID    jisr.ThingID
}

func (ApproveStatement) verb() Verb { return Verb(jisr.KindStatementApprove) }
func (ReleaseStatement) verb() Verb { return Verb(jisr.KindStatementRelease) }

// StatementView is a joint statement with the text of all versions that stand, and the readouts that tell of it.
type StatementView struct {
	book.ThingView
	Statement *jisr.JointStatement
	Readouts  []ReadoutView
	texts     map[jisr.VersionID]jisr.Text
}

// ReadoutView is a national readout with its text; nil while it has not arrived.
type ReadoutView struct {
	book.ThingView
	Readout *jisr.Readout
	Text    jisr.Text
}

// Text is the text of a version; nil while it has not arrived, or when it cannot be read.
func (v *StatementView) Text(id jisr.VersionID) jisr.Text { return v.texts[id] }

// Document puts the text together as it would be approved. A bracket refuses it, and so does a language that is missing.
func (v *StatementView) Document(release time.Time) (jisr.StatementBody, error) {
	for i := range v.Statement.Segments {
		s := &v.Statement.Segments[i]
		if _, here := v.texts[s.Stands[0].ID]; !here && !s.Gone() {
			return jisr.StatementBody{}, jisr.Refuse(jisr.Unfinished, "statement")
		}
	}
	return v.Statement.Document(release, v.Text)
}

// Agreed is the text that all approved, once it is here and is what its hash says, with its exact bytes.
func (v *StatementView) Agreed() (jisr.StatementBody, []byte, error) {
	for i := range v.Acts {
		a := &v.Acts[i]
		if a.Act.Kind != jisr.KindStatementApprove || a.Body == nil || v.Statement.Agreed == "" {
			continue
		}
		if b, err := jisr.DecodeStatement(a.Body, v.Statement.Agreed); err == nil {
			return b, a.Body, nil
		}
	}
	return jisr.StatementBody{}, nil, jisr.Refuse(jisr.NotCleared, "statement")
}

// Statement gives a joint statement with its texts.
func (n *Node) Statement(ctx context.Context, scope book.Scope, forum jisr.ForumID, id jisr.ThingID) (*StatementView, error) {
	v := &StatementView{}
	var err error
	if v.ThingView, err = n.book.Thing(ctx, scope, forum, id); err != nil {
		return nil, err
	}
	if v.Statement = v.State.Statement; v.Statement == nil {
		return nil, jisr.Refuse(jisr.NoSuch, string(id), "noun", "statement")
	}
	v.texts = versions(v.Acts, jisr.KindStatementEdit)
	rows, _, err := n.book.Things(ctx, scope, book.ThingQuery{Forum: forum, Noun: "readout", Labels: []string{"source:" + string(id)}, Limit: 2 * jisr.MaxMembers})
	if err != nil {
		return nil, err
	}
	for i := range rows {
		r, err := n.Readout(ctx, scope, forum, rows[i].ID)
		if err != nil {
			return nil, err
		}
		v.Readouts = append(v.Readouts, *r)
	}
	return v, nil
}

// Readout gives a national readout with its text.
func (n *Node) Readout(ctx context.Context, scope book.Scope, forum jisr.ForumID, id jisr.ThingID) (*ReadoutView, error) {
	t, err := n.book.Thing(ctx, scope, forum, id)
	if err != nil {
		return nil, err
	}
	v := &ReadoutView{ThingView: t, Readout: t.State.Readout}
	if v.Readout == nil {
		return nil, jisr.Refuse(jisr.NoSuch, string(id), "noun", "readout")
	}
	for i := range t.Acts {
		if a := &t.Acts[i]; a.Act.Kind == jisr.KindReadoutRelease && a.Void == nil {
			if b, err := jisr.DecodeReadout(a.Body); err == nil {
				v.Text = b.Text
			}
		}
	}
	return v, nil
}

// versions gives the texts of a draft that several write: what the acts of a kind say, by version.
func versions(acts []book.ThingAct, edit jisr.Kind) map[jisr.VersionID]jisr.Text {
	texts := map[jisr.VersionID]jisr.Text{}
	for i := range acts {
		a := &acts[i]
		if a.Act.Kind != edit || a.Void != nil {
			continue
		}
		b, err := jisr.DecodeEdit(a.Body, len(jisr.ReadEdit(&a.Act).Ops))
		if err != nil {
			continue // not here yet, or of no use to anybody
		}
		for op, text := range b.Texts {
			texts[jisr.VersionID{Position: a.Act.Position, Op: op}] = text
		}
	}
	return texts
}

func (c ApproveStatement) decide(d *decision) error {
	if err := d.touch(c.ID); err != nil { // what is typed in the same batch is not in the book yet
		return err
	}
	v, err := d.n.Statement(d.ctx, d.scope(), c.Forum, c.ID)
	if err != nil {
		return err
	}
	d.facts.cleared = !d.wrote(v)
	release := c.Release.UTC().Truncate(time.Second)
	if c.Release.IsZero() {
		release = v.Statement.Proposed()
	} else if release.Before(d.now) {
		return jisr.Refuse(jisr.DateInPast, "release", "today", string(d.n.Today()))
	}
	doc, err := v.Document(release)
	if err != nil {
		return err
	}
	say := Say{Forum: c.Forum, ID: c.ID, Kind: jisr.KindStatementApprove, Terms: jisr.ApproveTerms{Text: doc.Hash(), Release: release, Mandate: c.Mandate}, Body: doc, touched: true}
	return say.decide(d)
}

// wrote tells whether this official wrote any of the text that stands. Who did not is the second who looks at it.
func (d *decision) wrote(v *StatementView) bool {
	for i := range v.Statement.Segments {
		for _, ver := range v.Statement.Segments[i].Stands {
			if ver.ID.Member == d.n.self.ID && (ver.By == nil || ver.By.Official == d.caller.By().Official) {
				return true
			}
		}
	}
	return false
}

func (c ReleaseStatement) decide(d *decision) error {
	if err := d.touch(c.ID); err != nil {
		return err
	}
	v, err := d.n.book.Thing(d.ctx, d.scope(), c.Forum, c.ID)
	if err != nil {
		return err
	}
	if v.State.Statement == nil {
		return jisr.Refuse(jisr.NoSuch, string(c.ID), "noun", "statement")
	}
	hash := v.State.Statement.Agreed
	if hash == "" {
		return jisr.Refuse(jisr.NotCleared, "statement")
	}
	say := Say{Forum: c.Forum, ID: c.ID, Kind: jisr.KindStatementRelease, Terms: jisr.AgreeTerms{Hash: hash}, touched: true}
	return say.decide(d)
}

// releaseDue releases every statement whose instant has come, and gives the next instant; zero when none is awaited. What
// is released follows from what the book holds, so a crash before or after the act repeats nothing: the next look finds it
// released, or releases it.
func (n *Node) releaseDue(ctx context.Context) (next time.Time, err error) {
	q := book.ThingQuery{Noun: "statement", State: jisr.StatementEmbargoed, Limit: 200}
	for {
		rows, more, err := n.book.Things(ctx, book.Whole(), q)
		if err != nil {
			return next, err
		}
		for i := range rows {
			s := rows[i].State.Statement
			if s.Release.After(n.now()) {
				if next.IsZero() || s.Release.Before(next) {
					next = s.Release
				}
				continue
			}
			if err := n.saysItself(ctx, ReleaseStatement{Forum: rows[i].Forum, ID: rows[i].ID}); err != nil {
				return next, err
			}
		}
		if q.Cursor = more; more == "" {
			return next, nil
		}
	}
}
