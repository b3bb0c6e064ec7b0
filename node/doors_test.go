package node_test

import (
	"context"
	"errors"
	"testing"

	"jisr"
	"jisr/book"
	"jisr/node"
	"jisr/node/nodetest"
)

// behind is what stands at one desk of iq: an agreement and a note that sy wrote, restricted and referred to the water desk,
// and an act in preparation about the agreement.
type behind struct {
	*nodetest.World
	agreement, note, draft, begun jisr.ThingID
	proposed, released            jisr.Position
}

func newBehind(t *testing.T) *behind {
	w := nodetest.New(t, "iq", "sy")
	b := &behind{World: w}
	iq, sy := w.As("iq"), w.As("sy")
	b.agreement = sy.Steps("", jisr.KindAgreementPropose, jisr.ProposeTerms{Kind: jisr.AgreementKind, Title: jisr.Text{"ar": "اتفاقية"},
		Parties: []jisr.MemberID{"iq", "sy"}, Binding: true, Handling: jisr.HandlingRestricted}, nil).Thing
	sy.Done()
	w.Settle()
	note := w.Note("iq")
	note.Handling = jisr.HandlingRestricted
	b.note = sy.Releases(note)
	iq.Receives(b.note)
	iq.DoAs(w.Official("iq", "admin", jisr.Admin), node.AddDesk{ID: "water", Title: jisr.Text{"en": "Water"}})
	for _, id := range []jisr.ThingID{b.agreement, b.note} {
		iq.Do(node.ReferThing{Forum: w.Forum, ID: id, Desk: "water"})
	}
	engineer := w.Official("iq", "engineer", jisr.Drafter)
	engineer.Desk = "water"
	step, err := node.NewStep(jisr.KindAgreementNegotiate, jisr.IntentTerms{Binding: true}, nil)
	must(t, err)
	b.draft = iq.DoAs(engineer, node.DraftStep{Forum: w.Forum, About: b.agreement, Step: step}).Thing
	step, err = node.NewStep(jisr.KindAgreementPropose, jisr.ProposeTerms{Kind: jisr.MOU, Title: jisr.Text{"ar": "مذكرة"},
		Parties: []jisr.MemberID{"iq", "sy"}, Handling: jisr.HandlingRestricted}, nil)
	must(t, err)
	b.begun = iq.DoAs(engineer, node.DraftStep{Forum: w.Forum, Step: step}).Thing
	iq.DoAs(engineer, node.PlanDomestic{Forum: w.Forum, Agreement: b.agreement, Steps: []jisr.DomesticStep{{ID: "cabinet", Title: jisr.Text{"ar": "مجلس الوزراء"}}}})
	iq.DoAs(engineer, node.OpenNote{Forum: w.Forum, ID: b.note})
	iq.Done()
	v, err := w.Node("iq").Book().Thing(t.Context(), book.Whole(), w.Forum, b.agreement)
	must(t, err)
	n, err := w.Node("iq").Book().Note(t.Context(), book.Whole(), w.Forum, b.note)
	must(t, err)
	b.proposed, b.released = v.State.Agreement.Proposed.Position, n.Note.Released.Position
	return b
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// What a reader's scope hides is behind every door: each gives it to the desk it was referred to, and to nobody else's.
func TestWhatAScopeHidesIsBehindEveryDoor(t *testing.T) {
	b := newBehind(t)
	n := b.Node("iq")
	f := b.Forum
	doors := map[string]func(ctx context.Context, s book.Scope) error{
		"receipts": func(ctx context.Context, s book.Scope) error { _, err := n.Receipts(ctx, s, f, b.released); return err },
		"entry":    func(ctx context.Context, s book.Scope) error { _, err := n.Entry(ctx, s, f, b.released); return err },
		"proof":    func(ctx context.Context, s book.Scope) error { _, err := n.Proof(ctx, s, f, b.released); return err },
		"export": func(ctx context.Context, s book.Scope) error {
			_, err := n.ExportProof(ctx, s, f, b.released)
			return err
		},
		"signed": func(ctx context.Context, s book.Scope) error {
			_, err := n.ExportSigned(ctx, s, f, b.proposed)
			return err
		},
		"files": func(ctx context.Context, s book.Scope) error { _, err := n.Files(ctx, s, f, b.released); return err },
		"chain": func(ctx context.Context, s book.Scope) error {
			_, err := n.ExportAgreement(ctx, s, f, b.agreement)
			return err
		},
		"next": func(ctx context.Context, s book.Scope) error { _, err := n.Next(ctx, s, f, b.agreement); return err },
		"concerning": func(ctx context.Context, s book.Scope) error {
			_, err := n.Book().Concerning(ctx, s, f, b.agreement)
			return err
		},
		"outgoing": func(ctx context.Context, s book.Scope) error {
			_, _, err := n.Book().Outgoing(ctx, s, b.draft)
			return err
		},
		"begun": func(ctx context.Context, s book.Scope) error {
			_, _, err := n.Book().Outgoing(ctx, s, b.begun)
			return err
		},
		"entry bundle": func(ctx context.Context, s book.Scope) error { return b.tile(s, "entries/000.p/2") },
	}
	caller := func(desk jisr.DeskID) node.Caller {
		c := b.Official("iq", "reader", jisr.Reader)
		c.Desk = desk
		return c
	}
	inside, outside := caller("water"), caller("mofa")
	for name, open := range doors {
		if err := open(t.Context(), n.ScopeOf(inside)); err != nil {
			t.Errorf("%s: whose it is finds it shut: %v", name, err)
		}
		var r *jisr.Refusal
		if err := open(t.Context(), n.ScopeOf(outside)); !errors.As(err, &r) || r.Kind != jisr.NoSuch {
			t.Errorf("%s: others get %v, want what is not there", name, err)
		}
	}
	if err := b.tile(n.ScopeOf(outside), "0/000.p/2"); err != nil {
		t.Errorf("hashes: %v", err)
	}
	b.lists(t, n, inside, outside)
}

// lists holds what gives several things, or tells of changes, to the same.
func (b *behind) lists(t *testing.T, n *node.Node, inside, outside node.Caller) {
	t.Helper()
	for c, want := range map[*node.Caller]bool{&inside: true, &outside: false} {
		s := n.ScopeOf(*c)
		rows, err := n.Outgoing(t.Context(), s, b.Forum, "")
		must(t, err)
		about, err := n.Outgoing(t.Context(), s, b.Forum, b.agreement)
		must(t, err)
		track, err := n.Book().Domestic(t.Context(), s, b.agreement)
		must(t, err)
		if (len(rows) == 2) != want || (len(about) == 1) != want || (track != nil) != want || len(rows) == 1 {
			t.Errorf("%s: %d and %d acts in preparation, a track: %v", c.Desk, len(rows), len(about), track != nil)
		}
		for _, id := range []jisr.ThingID{b.agreement, b.note} {
			if got := n.MaySee(t.Context(), *c, node.Event{Forum: b.Forum, Thing: id}); got != want {
				t.Errorf("%s is told that %s changed: %v", c.Desk, id, got)
			}
		}
	}
	limited := inside
	limited.Scope.Forums = []jisr.ForumID{"iq-jo"}
	if n.MaySee(t.Context(), limited, node.Event{Forum: b.Forum, Thing: b.note}) || n.MaySee(t.Context(), limited, node.Event{Forum: b.Forum}) {
		t.Error("a token for another forum is told of changes")
	}
	if all, err := n.Book().SeesAll(t.Context(), n.ScopeOf(limited), b.Forum, "sy", 0, 1); err != nil || all {
		t.Errorf("a token for another forum sees the log: %v", err)
	}
}

func (b *behind) tile(s book.Scope, path string) error {
	_, err := b.Node("iq").Tile(b.T.Context(), s, b.Forum, "sy", path)
	return err
}

// Who may not see a thing prepares nothing about it and decides on nothing that is prepared.
func TestNobodyDecidesOnWhatIsNotThere(t *testing.T) {
	b := newBehind(t)
	iq := b.As("iq")
	outside := b.Official("iq", "chief", jisr.Drafter, jisr.Releaser)
	step, err := node.NewStep(jisr.KindAgreementNegotiate, jisr.IntentTerms{Binding: true}, nil)
	must(t, err)
	for _, c := range []node.Command{
		node.DraftStep{Forum: b.Forum, About: b.agreement, Step: step},
		node.ClearStep{ID: b.draft, Version: 1},
		node.ReturnStep{ID: b.begun, Version: 1, Reason: "العنوان"},
		node.DiscardStep{ID: b.begun, Version: 1},
		node.MoveDomestic{Forum: b.Forum, Agreement: b.agreement, Move: jisr.DomesticTerms{Step: "cabinet"}},
	} {
		iq.DoAs(outside, c)
		iq.Refused(jisr.NoSuch)
	}
}
