package main

import (
	"context"
	"fmt"
	"strconv"

	"jisr"
	"jisr/node"
)

// commitmentFigures is what the pages of commitments take: the register with its figures, a part of it, a relation.
type commitmentFigures struct {
	P95         float64 `json:"page_p95_ms"`
	Cold        float64 `json:"page_cold_p95_ms,omitempty"` // something has changed just before each page, so that nothing is remembered
	Commitments int     `json:"commitments,omitempty"`      // in the register
}

// benchCommitments is how many commitments the register has (issue: pages over 10,000 commitments).
const benchCommitments = 10_000

// commitments measures the pages of commitments as an official's browser asks for them.
func (b *bench) commitments(ctx context.Context, r *report) error {
	if err := b.halt(); err != nil {
		return err
	}
	err := b.t.house(ctx, b.houses[0].dir, func(n *node.Node) error { return b.promise(ctx, n) })
	if err != nil {
		return err
	}
	if err := b.start(ctx); err != nil {
		return err
	}
	if err := b.alike(ctx); err != nil {
		return err
	}
	client, err := b.signIn(ctx)
	if err != nil {
		return err
	}
	with := b.houses[1].member
	paths := []string{"/ar/commitments", "/ar/commitments?sector=water&with=" + with, "/ar/relations/" + string(benchForum) + "/" + with}
	p95, err := rounds(b.plan.pages, 5, paths, b.asks(ctx, client))
	if err != nil {
		return err
	}
	changes := func() error { _, err := b.send(ctx); return err }
	cold, err := roundsAfter(b.plan.pages, 5, paths, changes, b.asks(ctx, client))
	if err != nil {
		return err
	}
	r.Commitment = &commitmentFigures{P95: p95, Cold: cold, Commitments: benchCommitments}
	return nil
}

// promise writes the commitments through the node itself, many at once.
func (b *bench) promise(ctx context.Context, n *node.Node) error {
	return atOnce(ctx, b.plan.senders, benchCommitments, func(ctx context.Context, i int) error { return propose(ctx, n, i) })
}

func propose(ctx context.Context, n *node.Node, i int) error {
	sectors, self := jisr.Sectors(), n.Self().ID
	other := otherOf(self)
	office := func(m jisr.MemberID) jisr.Office {
		return jisr.Office{Member: m, Desk: jisr.DeskID(fmt.Sprintf("office.%d", i%40)), Name: jisr.Text{"ar": "المكتب " + strconv.Itoa(i%40)}}
	}
	t := jisr.CommitmentTerms{Type: jisr.Deliverable, Title: jisr.Text{"ar": "تعهّد رقم " + strconv.Itoa(i)}, Debtor: office(self), Beneficiary: office(other), Sector: sectors[i%len(sectors)],
		Due: n.Today().Add(i%400 - 200)}
	if i%2 == 0 {
		t.Debtor, t.Beneficiary = t.Beneficiary, t.Debtor
	}
	writer := node.Caller{Account: "token/bench", Desk: deskForeign, Roles: []jisr.Role{jisr.Direct}}
	_, err := n.Do(ctx, writer, node.Say{Forum: benchForum, Kind: jisr.KindCommitmentPropose, Terms: t, Body: jisr.CommitmentBody{Text: jisr.Text{"ar": noteText()[:min(len(noteText()), 400)]}, Test: jisr.Text{"ar": "وصوله كاملاً."}}})
	return err
}
