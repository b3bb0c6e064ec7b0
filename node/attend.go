package node

import (
	"context"
	"slices"
	"time"

	"jisr"
	"jisr/book"
)

// attendEvery is how often the house looks whether it has to say something by itself, beside being told.
const attendEvery = time.Minute

// attendLoop says by itself what an addressee's house says when something has arrived, so that periods run from receipt
// (decision 0012). It looks at what the book holds and not at what just came: a crash before, between or after loses
// nothing, for it looks again.
func (n *Node) attendLoop(ctx context.Context) {
	tick := time.NewTimer(attendEvery)
	defer tick.Stop()
	for {
		next, err := n.attend(ctx)
		if err != nil && ctx.Err() == nil {
			n.log.Error("couldn't say what has arrived; trying again", "err", err)
		}
		wait := attendEvery
		if !next.IsZero() { // a statement is released on its second, not on the next look
			wait = max(0, min(wait, next.Sub(n.now())))
		}
		tick.Reset(wait)
		select {
		case <-ctx.Done():
			return
		case <-n.attending:
		case <-tick.C:
		}
	}
}

// notice wakes the loop when an act may call for it.
func (n *Node) notice(a *jisr.Act) {
	switch a.Kind {
	case jisr.KindCommitmentReport:
		if a.Member == n.self.ID {
			return
		}
	case jisr.KindMinutesSign, jisr.KindStatementApprove, jisr.KindBodyCirculate: // our own may be the last one, with which silence or an embargo begins
	default:
		return
	}
	select {
	case n.attending <- struct{}{}:
	default: // it is awake already
	}
}

// attend looks once, and gives the instant at which it is to look again if that is before the next look.
func (n *Node) attend(ctx context.Context) (next time.Time, err error) {
	if next, err = n.releaseDue(ctx); err != nil {
		return next, err
	}
	if err := n.lapse(ctx); err != nil {
		return next, err
	}
	for _, q := range []book.ThingQuery{{Noun: "commitment", State: string(jisr.CommitmentReported)}, {Noun: "minutes", State: jisr.MinutesAreSigned}, {Noun: "body", State: jisr.BodyStands}} {
		for q.Limit = 200; ; {
			rows, more, err := n.book.Things(ctx, book.Whole(), q)
			if err != nil {
				return next, err
			}
			for i := range rows {
				if err := n.receive(ctx, &rows[i]); err != nil {
					return next, err
				}
			}
			if q.Cursor = more; more == "" {
				break
			}
		}
	}
	return next, nil
}

// lapse says of every signing window that has closed without the other signatures that it lapsed: nobody stays bound by
// a signature that was not answered in time (decision 0020).
func (n *Node) lapse(ctx context.Context) error {
	for _, state := range []jisr.AgreementState{jisr.AgreementNegotiating, jisr.AgreementAdReferendum, jisr.AgreementInitialled} {
		q := book.ThingQuery{Noun: "agreement", State: string(state), Limit: 200}
		for {
			rows, next, err := n.book.Things(ctx, book.Whole(), q)
			if err != nil {
				return err
			}
			for i := range rows {
				g := rows[i].State.Agreement
				if w := g.Open(); w == nil || n.now().Before(w.Closes) || g.MayLapse(n.self.ID) != nil {
					continue
				}
				if err := n.saysItself(ctx, SayStep{Forum: rows[i].Forum, About: rows[i].ID, Step: Step{Kind: jisr.KindAgreementLapse}}); err != nil {
					return err
				}
			}
			if next == "" {
				break
			}
			q.Cursor = next
		}
	}
	return nil
}

// receive says that what this member is to answer is here.
func (n *Node) receive(ctx context.Context, r *book.ThingRow) error {
	say := Say{Forum: r.Forum, ID: r.ID}
	switch {
	case r.State.Commitment != nil:
		c := r.State.Commitment
		if c.Beneficiary.Member != n.self.ID || c.Newest().Received != nil {
			return nil
		}
		say.Kind, say.Terms = jisr.KindCommitmentReceive, jisr.ReviewTerms{Report: c.Newest().Position}
	case r.State.Minutes != nil:
		m := r.State.Minutes
		if !slices.Contains(m.Members, n.self.ID) || m.Approval == jisr.NoApproval || m.Verdicts[n.self.ID].Received != nil {
			return nil
		}
		say.Kind, say.Terms = jisr.KindMinutesReceive, jisr.Reason{}
	case r.State.Body != nil:
		return n.receiveDecisions(ctx, r)
	default:
		return nil
	}
	return n.saysItself(ctx, say)
}

// receiveDecisions says of every decision in writing that it is here, and that the days in which this member may object have passed.
func (n *Node) receiveDecisions(ctx context.Context, r *book.ThingRow) error {
	b := r.State.Body
	cal := b.Calendar(n.self.ID)
	today := cal.Day(n.now())
	for i := range b.Decisions {
		w := &b.Decisions[i]
		v := w.Verdicts[n.self.ID]
		say := Say{Forum: r.Forum, ID: r.ID, Terms: jisr.AgreeTerms{Hash: w.Hash}}
		switch {
		case w.Member == n.self.ID || !w.Answers(n.self.ID):
			continue
		case v.Received == nil:
			say.Kind = jisr.KindBodyReceive
		case v.Until < today:
			say.Kind = jisr.KindBodyLapse
		default:
			continue
		}
		if err := n.saysItself(ctx, say); err != nil {
			return err
		}
	}
	return nil
}

// saysItself carries out what no official asks for. A refusal is no failure: somebody was faster, or the node is closing.
func (n *Node) saysItself(ctx context.Context, cmd Command) error {
	if err := n.awaitSettled(ctx); err != nil {
		return err
	}
	a := n.queue(&job{ctx: ctx, cmd: cmd, own: true, answer: make(chan answer, 1)})
	n.metrics.command(cmd.verb(), a.err)
	if isRefused(a.err) {
		return nil
	}
	return a.err
}
