package node_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"jisr"
	"jisr/book"
	"jisr/node"
	"jisr/node/nodetest"
)

// conflict is a case of practice 5.4: what stands before, once for each way to play it, and what two members then say.
type conflict struct {
	name   string
	before func(b *before) []jisr.ThingID
	play   func(x *clash)
}

// conflicts lists the cases that two members can come into. Their rules are tested alone in the root package: a test there
// says which case is missing here.
func conflicts() []conflict {
	return []conflict{
		{"C1 signature against withdrawal", (*before).sealed, (*clash).signatureWithdrawal},
		{"C2 completion against no intention", (*before).signed, (*clash).completionNoIntention},
		{"C3 completion notices cross", (*before).signed, (*clash).completionsCross},
		{"C4 denunciation against an amendment", (*before).amending, (*clash).denunciationAmendment},
		{"C5 denunciations cross", (*before).inForce, (*clash).denunciationsCross},
		{"C6 revocation against reliance", (*before).inForce, (*clash).revocationReliance},
		{"C7 two amendments of one article", (*before).inForce, (*clash).twoAmendments},
		{"C8 two wordings of one segment", (*before).tabled, (*clash).twoWordings},
		{"C9 initials of two texts", (*before).tabledTwice, (*clash).twoInitials},
		{"C10 full powers revoked as their holder signs", (*before).sealed, (*clash).revokedAsItSigns},
		{"C11 report against raising", (*before).promised, (*clash).reportRaise},
		{"C12 acceptance against recall", (*before).reported, (*clash).acceptanceRecall},
		{"C13 two extensions", (*before).promised, (*clash).twoExtensions},
		{"C14 both convene", (*before).sessions, (*clash).bothConvene},
		{"C15 cancellation against a delegation", (*before).convened, (*clash).cancelledAsItTravels},
		{"C16 published before the other approved", (*before).statements, (*clash).publishedEarly},
		{"C17 approval of a statement taken back", (*before).statements, (*clash).approvalBack},
		{"C17 clearance of minutes taken back", (*before).convened, (*clash).clearanceBack},
		{"C18 divergence found after signature", (*before).signed, (*clash).divergence},
		{"C19 both register", (*before).inForce, (*clash).bothRegister},
		{"C20 deposits of one day", (*before).deposited, (*clash).depositsOfOneDay},
		{"C21 disapproval against silence", (*before).signedMinutes, (*clash).disapprovalSilence},
		{"C22 relations severed", (*before).inForce, (*clash).severed},
		{"C23 a court annuls the ratification", (*before).inForce, (*clash).annulled},
		{"C24 the holder of a post changes", (*before).inForce, (*clash).handedOver},
	}
}

// Every case on real nodes, of two members and of three, each of the two speaking first, over an open road and over a cut
// one. After each the digests of all nodes agree (Settle).
func TestConflictCases(t *testing.T) {
	for _, k := range conflicts() {
		for _, c := range circles() {
			t.Run(fmt.Sprintf("%s, %d members", k.name, len(c)), func(t *testing.T) {
				t.Parallel()
				w := nodetest.New(t, c...)
				b := &before{World: w, t: t, members: c}
				for i, id := range k.before(b) {
					x := &clash{World: w, t: t, members: c, id: id, play: i, first: []jisr.MemberID{"iq", "sy"}[i/2], cut: i%2 == 1}
					k.play(x)
					w.Settle()
				}
			})
		}
	}
}

const plays = 4 // each of two first, the road open and cut

// clash is one playing of a case.
type clash struct {
	*nodetest.World
	t       *testing.T
	members []jisr.MemberID
	id      jisr.ThingID
	play    int
	first   jisr.MemberID
	cut     bool
}

// knew tells whether a member spoke second, and had received what the other said.
func (x *clash) knew(m jisr.MemberID) bool { return !x.cut && m != x.first }

// cross lets iq and sy speak, the first first. When the road is cut neither has received the other's; meanwhile is what
// happens before it is restored.
func (x *clash) cross(iq, sy func(a *nodetest.Actor), meanwhile ...func()) {
	x.t.Helper()
	x.Settle()
	if x.cut {
		x.Cut(x.members...)
	}
	who := []jisr.MemberID{"iq", "sy"}
	if x.first == "sy" {
		slices.Reverse(who)
	}
	for i, m := range who {
		if i > 0 && !x.cut {
			x.Settle()
		}
		a := x.As(m)
		map[jisr.MemberID]func(*nodetest.Actor){"iq": iq, "sy": sy}[m](a)
		a.Done()
	}
	for _, f := range meanwhile {
		f()
	}
	if x.cut {
		x.Restore(x.members...)
	}
	x.Settle()
}

// agreement holds what every node says of the agreement.
func (x *clash) agreement(what string, ok func(g *jisr.Agreement) bool) {
	x.t.Helper()
	x.Settle()
	for _, m := range x.members {
		if g := x.As(m).Agreement(x.id); !ok(g) {
			x.t.Errorf("play %d: %s does not see %s: it is %s", x.play, m, what, g.Standing(x.Node(m).Today()))
		}
	}
}

func (x *clash) stands(want jisr.AgreementState) {
	x.t.Helper()
	x.Settle()
	for _, m := range x.members {
		if got := x.As(m).Agreement(x.id).Standing(x.Node(m).Today()); got != want {
			x.t.Errorf("play %d: %s sees %s, want %s", x.play, m, got, want)
		}
	}
}

func (x *clash) thing(id jisr.ThingID, want string) {
	x.t.Helper()
	for _, m := range x.members {
		x.As(m).SeesThing(id, want)
	}
	x.Settle()
}

// each lets every member do something, each having received what stood before.
func (x *clash) each(do func(a *nodetest.Actor), without ...jisr.MemberID) {
	x.t.Helper()
	x.Settle()
	for _, m := range x.members {
		if !slices.Contains(without, m) {
			a := x.As(m)
			do(a)
			a.Done()
		}
	}
	x.Settle()
}

// stamped lets all others say that a notice reached them today.
func (x *clash) stamped(of jisr.MemberID, notice jisr.Position) {
	x.t.Helper()
	x.each(func(a *nodetest.Actor) { a.Stamps(x.id, notice) }, of)
}

// before makes what stands before a case, as many times as it is played.
type before struct {
	*nodetest.World
	t       *testing.T
	members []jisr.MemberID
}

// all lets every member do one thing about each, each having received what stood before.
func (b *before) all(ids []jisr.ThingID, do func(a *nodetest.Actor, id jisr.ThingID), without ...jisr.MemberID) {
	b.t.Helper()
	b.Settle()
	for _, m := range b.members {
		for _, id := range ids {
			if !slices.Contains(without, m) {
				a := b.As(m)
				do(a, id)
				a.Done()
			}
		}
	}
	b.Settle()
}

func (b *before) tabled() (ids []jisr.ThingID) {
	for range plays {
		ids = append(ids, b.As("iq").ProposesAgreement(b.members...))
	}
	b.all(ids, func(a *nodetest.Actor, id jisr.ThingID) { a.Negotiates(id) }, "iq")
	for _, id := range ids {
		b.As("iq").Tables(id, b.Text(b.members, "The Parties exchange water levels."))
	}
	b.Settle()
	return ids
}

func (b *before) tabledTwice() []jisr.ThingID {
	ids := b.tabled()
	for _, id := range ids {
		b.As("sy").Tables(id, b.Text(b.members, "The Parties exchange water levels every week."))
	}
	b.Settle()
	return ids
}

func (b *before) sealed() []jisr.ThingID {
	ids := b.tabled()
	b.all(ids, func(a *nodetest.Actor, id jisr.ThingID) { a.Initials(id) })
	b.seal(ids)
	return ids
}

func (b *before) seal(ids []jisr.ThingID) {
	closes := b.Now().Add(time.Hour)
	b.all(ids, func(a *nodetest.Actor, id jisr.ThingID) { a.Seals(id, closes) })
}

func (b *before) sign(ids []jisr.ThingID) {
	b.all(ids, func(a *nodetest.Actor, id jisr.ThingID) { a.Commits(id) })
	b.all(ids, func(a *nodetest.Actor, id jisr.ThingID) { a.States(id) })
}

func (b *before) signed() []jisr.ThingID { ids := b.sealed(); b.sign(ids); return ids }

func (b *before) inForce() []jisr.ThingID {
	ids := b.signed()
	b.all(ids, func(a *nodetest.Actor, id jisr.ThingID) {
		a.Notifies(id, jisr.KindAgreementNotify, jisr.NoticeTerms{Instrument: jisr.Completion})
	})
	b.all(ids, func(a *nodetest.Actor, id jisr.ThingID) {
		for _, n := range a.Agreement(id).Notices {
			if _, done := n.Receipts[a.Member()]; n.Member != a.Member() && (!done || n.Receipts[a.Member()].Implied) {
				a.Stamps(id, n.Position)
			}
		}
	})
	b.Pass(40 * 24 * time.Hour)
	for _, id := range ids {
		b.As("sy").SeesAgreement(id, jisr.AgreementInForce)
	}
	return ids
}

// amends proposes an amendment that takes effect on signature, and puts its text on the table.
func amends(w *nodetest.World, m jisr.MemberID, members []jisr.MemberID, of jisr.ThingID) jisr.ThingID {
	a := w.As(m)
	id := a.Steps("", jisr.KindAgreementPropose, jisr.ProposeTerms{Within: jisr.Within{Of: of}, Relation: jisr.Amends, Kind: jisr.AgreementKind,
		Title: jisr.Text{"ar": "تعديل"}, Parties: members, Binding: true}, nil).Thing
	a.Done()
	return id
}

func tablesAmendment(w *nodetest.World, m jisr.MemberID, members []jisr.MemberID, id jisr.ThingID) {
	a := w.As(m)
	a.Steps(id, jisr.KindAgreementTable, map[string]any{"changes": []string{"art1-p1"}}, w.Text(members, "Changed by "+string(m)+".", func(x *jisr.InstrumentText) {
		for p := range x.Clauses.Consent {
			x.Clauses.Consent[p] = jisr.BySignature
		}
		x.Clauses.Force = jisr.ForceRule{On: jisr.ForceSignature}
	}))
	a.Done()
}

// amending is an amendment that all but sy have signed.
func (b *before) amending() []jisr.ThingID {
	ids := b.inForce()
	var amendments []jisr.ThingID
	for _, id := range ids {
		amendments = append(amendments, amends(b.World, "iq", b.members, id))
	}
	b.all(amendments, func(a *nodetest.Actor, id jisr.ThingID) { a.Negotiates(id) }, "iq")
	for _, id := range amendments {
		tablesAmendment(b.World, "iq", b.members, id)
	}
	b.seal(amendments)
	b.all(amendments, func(a *nodetest.Actor, id jisr.ThingID) { a.Commits(id) }, "sy")
	return ids
}

// deposited is a convention signed by iq and sy, whose depositary is the third member, or sy where there is none.
func (b *before) deposited() (ids []jisr.ThingID) {
	depositary := map[int]jisr.MemberID{2: "sy", 3: "jo"}[len(b.members)]
	for range plays {
		ids = append(ids, b.As("iq").Steps("", jisr.KindAgreementPropose, jisr.ProposeTerms{Kind: jisr.Convention, Title: jisr.Text{"ar": "اتفاقية متعددة الأطراف"},
			Parties: b.members, Depositary: depositary, Binding: true}, nil).Thing)
	}
	b.all(ids, func(a *nodetest.Actor, id jisr.ThingID) { a.Negotiates(id) }, "iq")
	for _, id := range ids {
		b.As("iq").Tables(id, b.Text(b.members, "On one river.", func(x *jisr.InstrumentText) {
			for m := range x.Clauses.Consent {
				x.Clauses.Consent[m] = jisr.ByDeposit
			}
			x.Clauses.Force = jisr.ForceRule{On: jisr.ForceDepositCount, Count: 2, Days: 30}
			x.Segments[0].Text = jisr.Text{"ar": "اتفاقية", "en": "Convention"}
		}))
	}
	b.all(ids, func(a *nodetest.Actor, id jisr.ThingID) { a.Initials(id) })
	b.all(ids, func(a *nodetest.Actor, id jisr.ThingID) {
		a.Steps(id, jisr.KindAgreementSign, jisr.Authority{Capacity: jisr.ForeignMinister}, nil)
	}, "jo")
	return ids
}

func (b *before) promised() (ids []jisr.ThingID) {
	for range plays {
		ids = append(ids, b.As("iq").Proposes(b.Owed("iq", "sy")))
	}
	b.all(ids, func(a *nodetest.Actor, id jisr.ThingID) { a.Agrees(id) }, "iq", "jo")
	return ids
}

func (b *before) reported() []jisr.ThingID {
	ids := b.promised()
	b.all(ids, func(a *nodetest.Actor, id jisr.ThingID) { a.Reports(id) }, "sy", "jo")
	return ids
}

// sessions are names of sessions of a committee that nobody has proposed yet; iq hosts them all.
func (b *before) sessions() (ids []jisr.ThingID) {
	body := committee(b.World, b.members...)
	for i := range plays {
		ids = append(ids, jisr.MeetingThing(body, 1+i*len(b.members)))
	}
	return ids
}

// proposesSession proposes a day for a session whose name is known.
func proposesSession(a *nodetest.Actor, meeting jisr.ThingID, day string) {
	at := strings.LastIndexByte(meeting.Name(), '-')
	session, _ := strconv.Atoi(meeting.Name()[at+1:])
	a.Says(jisr.KindMeetingPropose, "", jisr.MeetingTerms{Body: jisr.ThingID("body/" + meeting.Name()[:at]), Session: session, Begins: day + "T10:00:00+03:00",
		Zone: "Asia/Baghdad", Mode: jisr.InPerson}, nil)
}

func (b *before) convened() []jisr.ThingID {
	ids := b.sessions()
	iq := b.As("iq")
	for _, id := range ids {
		proposesSession(iq, id, "2026-12-15")
	}
	b.all(ids, func(a *nodetest.Actor, id jisr.ThingID) {
		a.Says(jisr.KindMeetingAgree, id, jisr.AgreeTerms{Hash: a.Meeting(id).Live}, nil)
	}, "iq")
	for _, id := range ids {
		iq.Says(jisr.KindMeetingAgenda, id, jisr.AgendaTerms{Items: []jisr.AgendaItem{{Ref: "a", Title: jisr.Text{"ar": "المناسيب"}, Purpose: jisr.ForDecision}}}, nil)
	}
	b.all(ids, func(a *nodetest.Actor, id jisr.ThingID) {
		a.Says(jisr.KindMeetingAgree, id, jisr.AgreeTerms{Hash: a.Meeting(id).Agendas[0].Hash}, nil)
	}, "iq")
	for _, id := range ids {
		iq.Says(jisr.KindMeetingConvene, id, nil, nil)
	}
	iq.Done()
	b.Settle()
	return ids
}

// signedMinutes are minutes of sessions that were held, signed by all, on whose receipt sy's silence began.
func (b *before) signedMinutes() (minutes []jisr.ThingID) {
	for _, id := range b.convened() {
		b.As("iq").Says(jisr.KindMeetingHold, id, jisr.HoldTerms{Day: "2026-12-15"}, nil)
		minutes = append(minutes, jisr.MinutesThing(id))
	}
	b.all(minutes, func(a *nodetest.Actor, id jisr.ThingID) {
		next := jisr.Date("")
		if a.Member() == "iq" {
			next = "2027-03-15"
		}
		a.Do(node.ClearMinutes{Forum: b.Forum, ID: id, Intent: jisr.NonBinding, Next: next})
		b.Settle() // the others clear the text that the first put together
	})
	b.all(minutes, func(a *nodetest.Actor, id jisr.ThingID) { a.Do(node.SignMinutes{Forum: b.Forum, ID: id}) })
	for _, id := range minutes {
		b.Until("silence runs", func() bool {
			v, err := b.Node("iq").Minutes(b.t.Context(), book.Whole(), b.Forum, id)
			return err == nil && v.Minutes.Verdicts["sy"].Until != ""
		})
	}
	return minutes
}

func (b *before) statements() (ids []jisr.ThingID) {
	for range plays {
		ids = append(ids, drafts(b.World, b.members...))
	}
	return ids
}
