package nodetest

import (
	"context"
	"fmt"
	"slices"
	"time"

	"jisr"
	"jisr/book"
	"jisr/node"
)

// Text is a small sound text of an agreement in Arabic and English: a title and two articles, the second as told.
func (w *World) Text(parties []jisr.MemberID, wording string, change ...func(*jisr.InstrumentText)) jisr.InstrumentText {
	c := jisr.Clauses{Languages: []string{"ar", "en"}, Consent: map[jisr.MemberID]jisr.ConsentMethod{}, Force: jisr.ForceRule{On: jisr.ForceLastNotice, Days: 30}, Notice: 6}
	names := map[jisr.MemberID]jisr.Text{}
	for _, m := range parties {
		c.Consent[m] = jisr.ByNotification
		names[m] = jisr.Text{"ar": "الطرف " + string(m), "en": "Party " + string(m)}
	}
	t := jisr.InstrumentText{Clauses: c, Names: names, Segments: []jisr.Segment{
		{ID: "title", Kind: jisr.SegmentTitle, Text: jisr.Text{"ar": "اتفاقية بين ⟦P1⟧ و⟦P2⟧ بشأن المياه", "en": "Agreement between ⟦P1⟧ and ⟦P2⟧ on water"}},
		{ID: "art1", Kind: jisr.SegmentArticle, Number: "1", Text: jisr.Text{"ar": "الغرض", "en": "Purpose"}},
		{ID: "art1-p1", Kind: jisr.SegmentParagraph, Text: jisr.Text{"ar": "يتبادل الطرفان بيانات المناسيب.", "en": wording}},
	}}
	for _, f := range change {
		f(&t)
	}
	return t
}

// Steps says something about an agreement or full powers at once, as a program that may. Terms and body as node.Step has them.
func (a *Actor) Steps(about jisr.ThingID, kind jisr.Kind, terms, body any) node.Done {
	a.w.T.Helper()
	s, err := node.NewStep(kind, terms, body)
	a.w.must(err)
	return a.Do(node.SayStep{Forum: a.w.Forum, About: about, Step: s})
}

// ProposesAgreement proposes an agreement that shall bind, and gives its name.
func (a *Actor) ProposesAgreement(parties ...jisr.MemberID) jisr.ThingID {
	a.w.T.Helper()
	done := a.Steps("", jisr.KindAgreementPropose, jisr.ProposeTerms{Kind: jisr.AgreementKind, Title: jisr.Text{"ar": "اتفاقية بشأن المياه", "en": "Agreement on water"},
		Parties: slices.Sorted(slices.Values(parties)), Binding: true}, nil)
	a.surprise()
	return done.Thing
}

// Negotiates accepts to negotiate.
func (a *Actor) Negotiates(id jisr.ThingID) *Actor {
	a.w.T.Helper()
	a.Steps(id, jisr.KindAgreementNegotiate, jisr.IntentTerms{Binding: true}, nil)
	return a
}

// Tables puts a text on the table and gives its hash.
func (a *Actor) Tables(id jisr.ThingID, t jisr.InstrumentText) jisr.Commitment {
	a.w.T.Helper()
	a.Steps(id, jisr.KindAgreementTable, nil, t)
	a.surprise()
	hash, err := t.Hash()
	a.w.must(err)
	return hash
}

// minister is by what authority actors act: an office that needs no full powers.
func minister() jisr.Authority { return jisr.Authority{Capacity: jisr.ForeignMinister} }

// Initials initials the text that counts.
func (a *Actor) Initials(id jisr.ThingID) *Actor {
	a.w.T.Helper()
	a.Steps(id, jisr.KindAgreementInitial, minister(), nil)
	return a
}

// Seals opens or joins the signing window that closes at a time.
func (a *Actor) Seals(id jisr.ThingID, closes time.Time) *Actor {
	a.w.T.Helper()
	a.Steps(id, jisr.KindAgreementSeal, map[string]any{"window": map[string]any{"closes": jisr.WindowEnd(closes)}}, nil)
	return a
}

// Unseals leaves the window before it has committed.
func (a *Actor) Unseals(id jisr.ThingID) *Actor {
	a.w.T.Helper()
	a.Steps(id, jisr.KindAgreementUnseal, nil, nil)
	return a
}

// Commits signs in the open window.
func (a *Actor) Commits(id jisr.ThingID) *Actor {
	a.w.T.Helper()
	a.Steps(id, jisr.KindAgreementCommit, minister(), nil)
	return a
}

// States states the procès-verbal: that it holds every signature.
func (a *Actor) States(id jisr.ThingID) *Actor {
	a.w.T.Helper()
	a.Steps(id, jisr.KindAgreementVerbal, nil, nil)
	return a
}

// Lapses says that the window closed without every signature.
func (a *Actor) Lapses(id jisr.ThingID) *Actor {
	a.w.T.Helper()
	a.Steps(id, jisr.KindAgreementLapse, nil, nil)
	return a
}

// Notifies gives a notice and gives where it stands.
func (a *Actor) Notifies(id jisr.ThingID, kind jisr.Kind, n jisr.NoticeTerms) jisr.Position {
	a.w.T.Helper()
	done := a.Steps(id, kind, jisr.NoticeActTerms("", minister(), a.w.nodes[a.id].Today(), n), nil)
	return done.Position
}

// Stamps says that a notice was received, today.
func (a *Actor) Stamps(id jisr.ThingID, notice jisr.Position) *Actor {
	a.w.T.Helper()
	a.Steps(id, jisr.KindAgreementReceive, map[string]any{"act": notice}, nil)
	return a
}

// Agreement gives the state of an agreement on a member's node.
func (a *Actor) Agreement(id jisr.ThingID) *jisr.Agreement {
	a.w.T.Helper()
	v, err := a.w.nodes[a.id].Book().Thing(context.Background(), book.Whole(), a.w.Forum, id)
	a.w.must(err)
	if v.State.Agreement == nil {
		a.w.T.Fatalf("%s has no agreement %s", a.id, id)
	}
	return v.State.Agreement
}

// SeesAgreement waits until an agreement stands as told on a member's node, on its own day.
func (a *Actor) SeesAgreement(id jisr.ThingID, want jisr.AgreementState) *Actor {
	a.w.T.Helper()
	a.surprise()
	n, got := a.w.nodes[a.id], jisr.AgreementState("absent")
	a.w.Until(fmt.Sprintf("%s sees %s as %s", a.id, id, want), func() bool {
		v, err := n.Book().Thing(context.Background(), book.Whole(), a.w.Forum, id)
		if err == nil && v.State.Agreement != nil {
			got = v.State.Agreement.Standing(n.Today())
		}
		return got == want
	})
	return a
}
