package nodetest

import (
	"context"
	"fmt"

	"jisr"
	"jisr/book"
	"jisr/node"
)

// Says says something about a joint thing; with an empty id it makes one, whose name is given back.
func (a *Actor) Says(kind jisr.Kind, id jisr.ThingID, terms, body any) jisr.ThingID {
	a.w.T.Helper()
	return a.Do(node.Say{Forum: a.w.Forum, ID: id, Kind: kind, Terms: terms, Body: body}).Thing
}

// Owed is the terms and body of a commitment, with everything one must have.
func (w *World) Owed(debtor, beneficiary jisr.MemberID) (jisr.CommitmentTerms, jisr.CommitmentBody) {
	return jisr.CommitmentTerms{Type: jisr.Deliverable, Title: jisr.Text{"ar": "جدول المناسيب", "en": "Table of levels"}, Due: "2026-12-31", Sector: "water",
			Debtor: jisr.Office{Member: debtor, Desk: "mofa"}, Beneficiary: jisr.Office{Member: beneficiary, Desk: "mofa"}},
		jisr.CommitmentBody{Text: jisr.Text{"ar": "يرسل الجانب جدول المناسيب الأسبوعي."}, Test: jisr.Text{"ar": "وصول الجدول كاملاً لأربعة أسابيع."}}
}

// Proposes puts a commitment to the other side.
func (a *Actor) Proposes(t jisr.CommitmentTerms, b jisr.CommitmentBody) jisr.ThingID {
	a.w.T.Helper()
	return a.Says(jisr.KindCommitmentPropose, "", t, b)
}

// Reports says that a commitment is done.
func (a *Actor) Reports(id jisr.ThingID) *Actor {
	a.w.T.Helper()
	a.Says(jisr.KindCommitmentReport, id, jisr.ReportTerms{}, jisr.EvidenceBody{Text: jisr.Text{"ar": "أُرسل الجدول أربعة أسابيع متتالية."}})
	return a
}

// Commitment is the state of a commitment here; nil when it has not arrived.
func (a *Actor) Commitment(id jisr.ThingID) *jisr.Undertaking {
	a.w.T.Helper()
	v, err := a.w.nodes[a.id].Book().Thing(context.Background(), book.Whole(), a.w.Forum, id)
	if err != nil {
		return nil
	}
	return v.State.Commitment
}

// Agrees agrees to the newest proposal of a commitment.
func (a *Actor) Agrees(id jisr.ThingID) *Actor {
	a.w.T.Helper()
	c := a.Commitment(id)
	if c == nil {
		a.w.T.Fatalf("%s has not received %s", a.id, id)
	}
	a.Says(jisr.KindCommitmentAgree, id, jisr.AgreeTerms{Hash: c.Proposals[len(c.Proposals)-1].Hash}, nil)
	return a
}

// Reviews accepts the newest report of a commitment, or returns it with reasons.
func (a *Actor) Reviews(id jisr.ThingID, kind jisr.Kind) *Actor {
	a.w.T.Helper()
	a.Says(kind, id, jisr.ReviewTerms{Report: a.Commitment(id).Newest().Position, Reason: "يُستكمل الأسبوع الرابع"}, nil)
	return a
}

// SeesThing waits until the state of a joint thing here is the one given.
func (a *Actor) SeesThing(id jisr.ThingID, want string) *Actor {
	a.w.T.Helper()
	a.surprise()
	got := "absent"
	a.w.Until(fmt.Sprintf("%s sees %s as %s", a.id, id, want), func() bool {
		v, err := a.w.nodes[a.id].Book().Thing(context.Background(), book.Whole(), a.w.Forum, id)
		if err == nil {
			got = v.Summary.State
		}
		return got == want
	})
	return a
}

// Body is the state of a body here; nil when it has not arrived.
func (a *Actor) Body(id jisr.ThingID) *jisr.Body {
	a.w.T.Helper()
	v, err := a.w.nodes[a.id].Book().Thing(context.Background(), book.Whole(), a.w.Forum, id)
	if err != nil {
		return nil
	}
	return v.State.Body
}

// Meeting is the state of a meeting here; nil when it has not arrived.
func (a *Actor) Meeting(id jisr.ThingID) *jisr.Meeting {
	a.w.T.Helper()
	v, err := a.w.nodes[a.id].Book().Thing(context.Background(), book.Whole(), a.w.Forum, id)
	if err != nil {
		return nil
	}
	return v.State.Meeting
}
