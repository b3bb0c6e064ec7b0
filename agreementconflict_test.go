package jisr_test

import (
	"fmt"
	"slices"
	"testing"

	"jisr"
)

// The conflict cases of practice 5.4 that concern agreements. Each is played with the two acts written in both orders
// and with each side having received the other's act or not (the link cut between them), on two and on three members;
// every fold tries several orders of arrival.

// crossings plays both orders, and for the second writer with and without having received the first's act. aware says
// whether the second had; on equal terms it has not.
func crossings(t *testing.T, play func(t *testing.T, p []jisr.MemberID, aFirst, aware bool)) {
	for _, p := range parties() {
		for _, aFirst := range []bool{true, false} {
			for _, aware := range []bool{false, true} {
				t.Run(fmt.Sprintf("%d members, a first %v, aware %v", len(p), aFirst, aware), func(t *testing.T) { play(t, p, aFirst, aware) })
			}
		}
	}
}

// cross lets two speak: the second having received what the first said, or not.
func (f *talk) cross(aFirst, aware bool, a, b jisr.MemberID, doA, doB func()) {
	if !aFirst {
		a, b, doA, doB = b, a, doB, doA
	}
	doA()
	if aware {
		f.receive(b, a, -1)
	}
	doB()
	f.meet()
}

// C1: one signs while another withdraws from the window. Not committed: the withdrawal stands and nobody is bound.
func TestC1SignatureAgainstWithdrawal(t *testing.T) {
	crossings(t, func(t *testing.T, p []jisr.MemberID, aFirst, aware bool) {
		f := negotiated(t, p...).initialled("v1")
		f.each(func(m jisr.MemberID) { f.inWindow(m, jisr.KindAgreementSeal, "v1") })
		var commit, unseal jisr.Act
		f.cross(aFirst, aware, "iq", "sy",
			func() { commit = f.inWindow("iq", jisr.KindAgreementCommit, "v1") },
			func() { unseal = f.inWindow("sy", jisr.KindAgreementUnseal, "v1") })
		f.met(unseal, "")
		if aware && !aFirst {
			f.met(commit, jisr.WindowShut)
		} else {
			f.met(commit, "")
		}
		f.each(func(m jisr.MemberID) { f.met(f.inWindow(m, jisr.KindAgreementVerbal, "v1"), jisr.NotCommitted) })
		f.is(jisr.AgreementInitialled, today)
	})
	// Committed: no way out inside the window; the other's procès-verbal completes it, or it lapses and art. 18 is open.
	for _, p := range parties() {
		f := negotiated(t, p...).initialled("v1")
		f.each(func(m jisr.MemberID) { f.inWindow(m, jisr.KindAgreementSeal, "v1") })
		f.each(func(m jisr.MemberID) { f.inWindow(m, jisr.KindAgreementCommit, "v1") })
		f.met(f.inWindow("sy", jisr.KindAgreementUnseal, "v1"), jisr.Committed)
		f.met(f.inWindow("sy", jisr.KindAgreementLapse, "v1"), "")
		f.meet()
		f.met(f.inWindow("iq", jisr.KindAgreementVerbal, "v1"), jisr.WindowShut)
		f.is(jisr.AgreementInitialled, today)
		f.met(f.notice("sy", jisr.KindAgreementAbandon, today, jisr.NoticeTerms{}), "")
		f.is(jisr.AgreementAbandoned, today)
	}
}

// The window, whatever is cut: each party ends with the procès-verbal or with the lapse; signed is all or nothing.
func TestNoHalfSignedState(t *testing.T) {
	for _, p := range parties() {
		for choice := range 1 << len(p) {
			f := negotiated(t, p...).initialled("v1")
			f.each(func(m jisr.MemberID) { f.inWindow(m, jisr.KindAgreementSeal, "v1") })
			f.each(func(m jisr.MemberID) { f.inWindow(m, jisr.KindAgreementCommit, "v1") })
			for i, m := range p { // nobody receives anything of these
				kind := jisr.KindAgreementVerbal
				if choice>>i&1 == 1 {
					kind = jisr.KindAgreementLapse
				}
				f.met(f.inWindow(m, kind, "v1"), "")
				other := jisr.KindAgreementVerbal
				if kind == other {
					other = jisr.KindAgreementLapse
				}
				if void := f.fold(f.id, rng(1)).Voids[f.inWindow(m, other, "v1").Position]; void == nil && kind != other {
					if s := f.fold(f.id, rng(1)); s.Voids[f.logs[m][len(f.logs[m])-1].Position] == nil {
						t.Errorf("%s said both", m)
					}
				}
			}
			want := jisr.AgreementInitialled
			if choice == 0 {
				want = jisr.AgreementSignedRatify
			}
			f.is(want, today)
		}
	}
}

// C2: one completes while another declares that it does not intend to become a party: both are kept, nothing enters into force.
func TestC2CompletionAgainstNoIntention(t *testing.T) {
	crossings(t, func(t *testing.T, p []jisr.MemberID, aFirst, aware bool) {
		f := negotiated(t, p...).initialled("v1").signed("v1")
		var notify, abandon jisr.Act
		f.cross(aFirst, aware, "iq", "sy",
			func() { notify = f.notice("iq", jisr.KindAgreementNotify, "2026-11-25", jisr.NoticeTerms{}) },
			func() { abandon = f.notice("sy", jisr.KindAgreementAbandon, "2026-11-25", jisr.NoticeTerms{}) })
		f.met(abandon, "")
		if aware && !aFirst {
			f.met(notify, jisr.AbandonedAlready)
		} else {
			f.met(notify, "")
			if len(f.state().Notices) != 1 {
				t.Error("the notification is lost")
			}
		}
		f.is(jisr.AgreementAbandoned, "2027-06-01")
	})
}

// P4: a complete joint act beats a declaration it had not received; one that had received it is void.
func TestNoIntentionAgainstTheLastConsent(t *testing.T) {
	crossings(t, func(t *testing.T, p []jisr.MemberID, aFirst, aware bool) {
		f := negotiated(t, p...).initialled("v1").signed("v1")
		for _, m := range p {
			if m == "iq" {
				continue
			}
			n := f.notice(m, jisr.KindAgreementNotify, "2026-11-25", jisr.NoticeTerms{})
			f.meet()
			for _, o := range p {
				if o != m {
					f.on(o, jisr.KindAgreementReceive, n, "2026-11-26")
				}
			}
		}
		f.meet()
		var last, abandon jisr.Act
		f.cross(aFirst, aware, "iq", "sy",
			func() { last = f.notice("iq", jisr.KindAgreementNotify, "2026-11-26", jisr.NoticeTerms{}) },
			func() { abandon = f.notice("sy", jisr.KindAgreementAbandon, "2026-11-26", jisr.NoticeTerms{}) })
		if aware && !aFirst {
			f.met(last, jisr.AbandonedAlready)
			f.met(abandon, "")
			f.is(jisr.AgreementAbandoned, "2027-06-01")
			return
		}
		f.meet()
		for _, o := range p {
			if o != "iq" {
				f.on(o, jisr.KindAgreementReceive, last, "2026-11-27")
			}
		}
		f.met(abandon, jisr.Bound)
		f.is(jisr.AgreementInForce, "2027-06-01")
	})
}

// C3: both completion notices cross: entry into force counts from the later receipt, and the note both sign agrees it.
func TestC3CompletionNoticesCross(t *testing.T) {
	crossings(t, func(t *testing.T, p []jisr.MemberID, aFirst, aware bool) {
		f := negotiated(t, p...).initialled("v1").signed("v1")
		notes := map[jisr.MemberID]jisr.Act{}
		for _, m := range p {
			if m != "iq" && m != "sy" {
				notes[m] = f.notice(m, jisr.KindAgreementNotify, "2026-11-24", jisr.NoticeTerms{})
			}
		}
		f.cross(aFirst, aware, "iq", "sy",
			func() { notes["iq"] = f.notice("iq", jisr.KindAgreementNotify, "2026-11-25", jisr.NoticeTerms{}) },
			func() { notes["sy"] = f.notice("sy", jisr.KindAgreementNotify, "2026-11-25", jisr.NoticeTerms{}) })
		for _, m := range p {
			for _, o := range p {
				if o != m {
					f.on(o, jisr.KindAgreementReceive, notes[m], map[bool]jisr.Date{true: "2026-11-30", false: "2026-11-27"}[o == "sy"])
				}
			}
		}
		force := f.state().Force()
		if force.Date != "2026-12-30" || force.Agree || len(force.Steps) != len(p)+2 {
			t.Errorf("reckoned %+v", force)
		}
		f.each(func(m jisr.MemberID) { f.agrees(m, jisr.KindAgreementForce, jisr.AccordTerms{On: "2026-12-30"}) })
		if force := f.state().Force(); force.Date != "2026-12-30" || !force.Agree {
			t.Errorf("noted %+v", force)
		}
	})
}

// C4: one denounces while the other accepts its amendment: the amendment is complete, and the notice runs anyway.
func TestC4DenunciationAgainstAmendment(t *testing.T) {
	crossings(t, func(t *testing.T, p []jisr.MemberID, aFirst, aware bool) {
		f := negotiated(t, p...).initialled("v1").signed("v1").ratified()
		child := f.amendment("agreement/iq-2", "a1", "art1")
		child.each(func(m jisr.MemberID) { child.inWindow(m, jisr.KindAgreementSeal, "a1") })
		child.inWindow("iq", jisr.KindAgreementCommit, "a1") // the offer: firm
		for _, m := range p {
			if m != "iq" && m != "sy" {
				child.inWindow(m, jisr.KindAgreementCommit, "a1")
			}
		}
		f.meet()
		var denounce jisr.Act
		f.cross(aFirst, aware, "iq", "sy",
			func() {
				denounce = f.notice("iq", jisr.KindAgreementDenounce, "2027-01-10", jisr.NoticeTerms{Ground: jisr.GroundClause})
			},
			func() { child.inWindow("sy", jisr.KindAgreementCommit, "a1") })
		child.each(func(m jisr.MemberID) { child.inWindow(m, jisr.KindAgreementVerbal, "a1") })
		for _, o := range p {
			if o != "iq" {
				f.on(o, jisr.KindAgreementReceive, denounce, "2027-01-12")
			}
		}
		child.is(jisr.AgreementInForce, "2027-02-01")
		f.is(jisr.AgreementEnding, "2027-02-01")
		f.is(jisr.AgreementTerminated, "2027-07-12")
		if r := f.state().Related; len(r) != 1 || r[0].Relation != jisr.Amends || !r[0].Force.Valid() {
			t.Errorf("the amendment in the state of what it amends: %+v", r)
		}
	})
}

// amendment begins an agreement that amends this one and takes effect on signature.
func (f *talk) amendment(id jisr.ThingID, text string, segments ...string) *talk {
	f.t.Helper()
	c := pactClauses(f.parties...)
	for m := range c.Consent {
		c.Consent[m] = jisr.BySignature
	}
	c.Force = jisr.ForceRule{On: jisr.ForceSignature}
	child := &talk{forum: f.forum, id: id, of: f.id, parties: f.parties, clauses: c, as: f.as}
	maker := id.Maker()
	f.meet()
	child.proposes(maker, func(p *jisr.ProposeTerms) { p.Relation = jisr.Amends })
	for _, m := range f.parties {
		if m != maker {
			child.does(m, jisr.KindAgreementNegotiate, jisr.IntentTerms{Within: child.within(), Binding: true})
		}
	}
	f.meet()
	child.tables(maker, text, segments...)
	f.meet()
	return child
}

// C5: denunciation crosses denunciation: the earlier end wins.
func TestC5DenunciationsCross(t *testing.T) {
	crossings(t, func(t *testing.T, p []jisr.MemberID, aFirst, aware bool) {
		f := negotiated(t, p...).initialled("v1").signed("v1").ratified()
		var a, b jisr.Act
		f.cross(aFirst, aware, "iq", "sy",
			func() {
				a = f.notice("iq", jisr.KindAgreementDenounce, "2027-01-10", jisr.NoticeTerms{Ground: jisr.GroundClause})
			},
			func() {
				b = f.notice("sy", jisr.KindAgreementDenounce, "2027-01-10", jisr.NoticeTerms{Ground: jisr.GroundClause, From: "2027-12-31"})
			})
		for _, n := range []jisr.Act{a, b} {
			for _, o := range p {
				if o != n.Member {
					f.on(o, jisr.KindAgreementReceive, n, "2027-01-15")
				}
			}
		}
		if end, why := f.state().End(); end != "2027-07-15" || why != "notice" {
			t.Errorf("ends on %s %s", end, why)
		}
	})
}

// C6: a revocation received before the notice takes effect brings the agreement back; one received after it does not.
func TestC6RevocationAgainstReliance(t *testing.T) {
	for _, p := range parties() {
		for _, c := range []struct {
			received jisr.Date
			want     jisr.AgreementState
		}{{"2027-07-14", jisr.AgreementInForce}, {"2027-07-15", jisr.AgreementTerminated}, {"", jisr.AgreementTerminated}} {
			f := negotiated(t, p...).initialled("v1").signed("v1").ratified()
			d := f.notice("iq", jisr.KindAgreementDenounce, "2027-01-10", jisr.NoticeTerms{Ground: jisr.GroundClause})
			f.meet()
			for _, o := range p {
				if o != "iq" {
					f.on(o, jisr.KindAgreementReceive, d, "2027-01-15")
				}
			}
			r := f.on("iq", jisr.KindAgreementRevoke, d, "2027-07-10")
			f.met(r, "")
			if !slices.Contains(f.state().Awaits(), jisr.Await{Of: "sy", Why: "receive"}) {
				t.Errorf("nobody is asked when the revocation was received: %+v", f.state().Awaits())
			}
			if c.received != "" {
				f.meet()
				for _, o := range p {
					if o != "iq" {
						f.on(o, jisr.KindAgreementReceive, r, c.received)
					}
				}
			}
			f.is(c.want, "2027-08-01")
		}
	}
}

// C7: two amendments of one article stay separate; once one is agreed the other must be looked at anew.
func TestC7TwoAmendmentsOfOneArticle(t *testing.T) {
	crossings(t, func(t *testing.T, p []jisr.MemberID, aFirst, aware bool) {
		f := negotiated(t, p...).initialled("v1").signed("v1").ratified()
		var one, two *talk
		f.cross(aFirst, aware, "iq", "sy",
			func() { one = f.amendment("agreement/iq-2", "a1", "art1", "art2") },
			func() { two = f.amendment("agreement/sy-2", "b1", "art2") })
		for _, r := range f.state().Related {
			if r.Rebase != "" {
				t.Errorf("%s needs a new look before anything was agreed", r.ID)
			}
		}
		one.signed("a1")
		for _, r := range f.state().Related {
			if want := map[bool]jisr.ThingID{true: "agreement/iq-2", false: ""}[r.ID == "agreement/sy-2"]; r.Rebase != want {
				t.Errorf("%s: rebase %q, want %q", r.ID, r.Rebase, want)
			}
		}
		f.meet()
		two.tables("sy", "b2", "art2")
		for _, r := range f.state().Related {
			if r.Rebase != "" {
				t.Errorf("%s was tabled anew and still needs a look", r.ID)
			}
		}
	})
}

// C8: both propose another wording of one segment: two brackets with the names of their parties.
func TestC8TwoWordingsOfOneSegment(t *testing.T) {
	crossings(t, func(t *testing.T, p []jisr.MemberID, aFirst, aware bool) {
		f := negotiated(t, p...)
		bracket := jisr.BracketTerms{Hash: hashOf("v1"), Segment: "art1-p1", Op: jisr.BracketReplace}
		var a, b jisr.Act
		f.cross(aFirst, aware, "iq", "sy",
			func() { a = f.does("iq", jisr.KindAgreementBracket, bracket) },
			func() { b = f.does("sy", jisr.KindAgreementBracket, bracket) })
		bs := f.state().Brackets
		names := []jisr.MemberID{}
		for _, x := range bs {
			if x.State != jisr.BracketOpen || x.Segment != "art1-p1" {
				t.Errorf("bracket %+v", x)
			}
			names = append(names, x.Member)
		}
		slices.Sort(names)
		if !slices.Equal(names, []jisr.MemberID{"iq", "sy"}) {
			t.Errorf("brackets of %v", names)
		}
		// Withdrawal against acceptance: accepted by all who had not received the withdrawal stands.
		var taken, accept jisr.Act
		for _, m := range p {
			if m != "iq" && m != "sy" {
				f.on(m, jisr.KindAgreementBracketAccept, a, today)
			}
		}
		f.meet()
		f.cross(aFirst, aware, "iq", "sy",
			func() { taken = f.on("iq", jisr.KindAgreementBracketWithdraw, a, today) },
			func() { accept = f.on("sy", jisr.KindAgreementBracketAccept, a, today) })
		want := jisr.BracketAccepted
		if aFirst && aware {
			want = jisr.BracketWithdrawn
			f.met(accept, jisr.Already)
		} else {
			f.met(taken, jisr.Already)
		}
		for _, x := range f.state().Brackets {
			if x.Position == a.Position && x.State != want {
				t.Errorf("the wording is %s, want %s", x.State, want)
			}
			if x.Position == b.Position && x.State != jisr.BracketOpen {
				t.Errorf("the other wording is %s", x.State)
			}
		}
	})
}

// C9: one initials one text and the other another: not initialled, both marks are kept, the newest both initial wins.
func TestC9InitialsOfTwoTexts(t *testing.T) {
	crossings(t, func(t *testing.T, p []jisr.MemberID, aFirst, aware bool) {
		f := negotiated(t, p...)
		f.tables("sy", "v2")
		f.meet()
		f.cross(aFirst, aware, "iq", "sy",
			func() { f.onText("iq", jisr.KindAgreementInitial, "v1") },
			func() { f.onText("sy", jisr.KindAgreementInitial, "v2") })
		f.is(jisr.AgreementNegotiating, today)
		if len(f.state().Initials) != 2 {
			t.Errorf("marks %+v", f.state().Initials)
		}
		f.cross(aFirst, false, "iq", "sy",
			func() { f.onText("iq", jisr.KindAgreementInitial, "v2") },
			func() { f.onText("sy", jisr.KindAgreementInitial, "v1") })
		for _, m := range p {
			if m != "iq" && m != "sy" {
				f.onText(m, jisr.KindAgreementInitial, "v2")
			}
		}
		if got := f.state().Frozen(); got != hashOf("v2") {
			t.Errorf("frozen %s, want the newest that all initialled", got)
		}
	})
}

// C10: full powers are revoked while their holder signs: what stands before the revocation in the issuer's log is valid.
func TestC10MandateRevokedAsHolderSigns(t *testing.T) {
	for _, p := range parties() {
		for _, signsFirst := range []bool{true, false} {
			f := negotiated(t, p...).initialled("v1")
			subjects := []jisr.ThingID{pact}
			mandate := jisr.ThingID("mandate/sy-1")
			f.say("sy", jisr.KindMandateIssue, mandate, jisr.MandateTerms{Holder: "envoy", Post: jisr.Text{"ar": "السفير"}, Issuer: jisr.Text{"ar": "وزير الخارجية"},
				Capacity: jisr.ForeignMinister, Acts: []jisr.MandateAct{jisr.MaySign}, Subjects: subjects, From: "2026-11-01", To: "2026-12-31"})
			f.each(func(m jisr.MemberID) { f.inWindow(m, jisr.KindAgreementSeal, "v1") })
			sign := func() jisr.Act {
				a := f.next("sy", jisr.KindAgreementCommit, pact, jisr.CommitTerms{Authority: jisr.Authority{Mandate: mandate}, Window: window("v1"), Mode: jisr.FullSignature})
				a.By = &jisr.By{Desk: "protocol", Official: "envoy"}
				f.logs["sy"] = append(f.logs["sy"], a)
				return a
			}
			var commit jisr.Act
			if signsFirst {
				commit = sign()
			}
			f.say("sy", jisr.KindMandateRevoke, mandate, jisr.MandateSubjects{Subjects: subjects, Reason: "x"})
			if !signsFirst {
				commit = sign()
			}
			for _, m := range p {
				if m != "sy" {
					f.inWindow(m, jisr.KindAgreementCommit, "v1")
				}
			}
			f.each(func(m jisr.MemberID) { f.inWindow(m, jisr.KindAgreementVerbal, "v1") })
			f.met(commit, "")
			want := jisr.AgreementSignedRatify
			if !signsFirst {
				want = jisr.AgreementSignedAdRef // kept as to be confirmed
			}
			f.is(want, today)
			f.met(f.on("sy", jisr.KindAgreementContest, commit, today), "")
			if got := f.state().Contests; len(got) != 1 || got[0].Of != commit.Position {
				t.Errorf("contests %+v", got)
			}
			if !signsFirst {
				f.met(f.on("sy", jisr.KindAgreementConfirm, commit, today), "")
				f.is(jisr.AgreementSignedRatify, today)
			}
		}
	}
}

// C18: a divergence found after signature is a dispute on the concordance, then a correction if all agree; no language
// is edited.
func TestC18TextDivergence(t *testing.T) {
	crossings(t, func(t *testing.T, p []jisr.MemberID, aFirst, aware bool) {
		f := negotiated(t, p...).initialled("v1").signed("v1").ratified()
		pair := [2]string{"ar", "en"}
		f.cross(aFirst, aware, "iq", "sy",
			func() {
				f.does("iq", jisr.KindAgreementConcord, jisr.ConcordTerms{Hash: hashOf("v1"), Pair: pair, Segments: []string{"art1-p1"}, Word: jisr.ConcordDisputed})
			},
			func() {
				f.does("sy", jisr.KindAgreementConcord, jisr.ConcordTerms{Hash: hashOf("v1"), Pair: pair, Segments: []string{"art1-p1"}, Word: jisr.ConcordChecked})
			})
		if c := f.state().Concordance; len(c) != 1 || c[0].State(p) != jisr.ConcordDisputed {
			t.Errorf("concordance %+v", c)
		}
		fix := f.does("iq", jisr.KindAgreementCorrect, jisr.CorrectionActTerms("", f.as, today, jisr.CorrectionTerms{Hash: hashOf("v1"), Segment: "art1-p1", Lang: "en"}))
		f.meet()
		g := f.state()
		if got := g.CorrectionState(g.Corrections[0], today); got != "proposed" {
			t.Errorf("the correction is %s", got)
		}
		for _, m := range p {
			if m != "iq" {
				f.on(m, jisr.KindAgreementCorrectAccept, fix, today)
			}
		}
		g = f.state()
		if got := g.CorrectionState(g.Corrections[0], today); got != "accepted" || g.Text() != hashOf("v1") {
			t.Errorf("the correction is %s, the text %s", got, g.Text())
		}
	})
}

// C19: both register with the United Nations: the first certificate closes the task, the second is filed.
func TestC19BothRegister(t *testing.T) {
	crossings(t, func(t *testing.T, p []jisr.MemberID, aFirst, aware bool) {
		f := negotiated(t, p...).initialled("v1").signed("v1").ratified()
		if !slices.ContainsFunc(f.state().Awaits(), func(a jisr.Await) bool { return a.Why == "register" }) {
			t.Error("nobody is asked to register")
		}
		register := func(m jisr.MemberID) func() {
			return func() {
				f.does(m, jisr.KindAgreementRegister, jisr.RegistrationActTerms("", jisr.RegistrationTerms{With: "un", Number: "I-" + string(m), Date: today}))
			}
		}
		f.cross(aFirst, aware, "iq", "sy", register("iq"), register("sy"))
		if g := f.state(); len(g.Registrations) != 2 || slices.ContainsFunc(g.Awaits(), func(a jisr.Await) bool { return a.Why == "register" }) {
			t.Errorf("registrations %+v, awaits %+v", g.Registrations, g.Awaits())
		}
	})
}

// C20: deposits of one day reach the depositary: their order is that of its log, the day the same for both.
func TestC20DepositsOfOneDay(t *testing.T) {
	for _, first := range []jisr.MemberID{"iq", "sy"} {
		second := map[jisr.MemberID]jisr.MemberID{"iq": "sy", "sy": "iq"}[first]
		f := treaty(t)
		deposits := map[jisr.MemberID]jisr.Act{}
		for _, m := range []jisr.MemberID{"iq", "sy"} {
			deposits[m] = f.notice(m, jisr.KindAgreementDeposit, "2026-12-01", jisr.NoticeTerms{Instrument: jisr.Ratification})
		}
		f.meet()
		for _, m := range []jisr.MemberID{first, second} {
			f.on("jo", jisr.KindAgreementReceive, deposits[m], "2026-12-02")
		}
		g := f.state()
		force := g.Force()
		if force.Date != "2027-01-01" || force.Steps[0].Member != first || g.ForceFor("iq") != g.ForceFor("sy") {
			t.Errorf("%s first: %+v", first, force)
		}
		if got := g.PartakerOn("iq", "2026-12-31"); got != jisr.Contracting {
			t.Errorf("before: %s", got)
		}
		if got := g.PartakerOn("iq", "2027-01-01"); got != jisr.PartyTo {
			t.Errorf("on the day: %s", got)
		}
		f.is(jisr.AgreementInForce, "2027-01-01")
	}
}

// The depositary's own instrument is with it on the day of its act: nobody has to receive it first (article 16(b)).
func TestTheDepositaryDepositsWithItself(t *testing.T) {
	f := newTalk(t, "iq", "sy")
	for m := range f.clauses.Consent {
		f.clauses.Consent[m] = jisr.ByDeposit
	}
	f.clauses.Force = jisr.ForceRule{On: jisr.ForceDepositCount, Count: 2, Days: 30}
	f.proposes("iq", func(p *jisr.ProposeTerms) { p.Kind, p.Depositary = jisr.Convention, "sy" })
	f.does("sy", jisr.KindAgreementNegotiate, jisr.IntentTerms{Binding: true})
	f.meet()
	f.tables("iq", "v1")
	f.initialled("v1")
	f.each(func(m jisr.MemberID) { f.onText(m, jisr.KindAgreementSign, "v1") })
	own := f.notice("sy", jisr.KindAgreementDeposit, "2026-12-05", jisr.NoticeTerms{Instrument: jisr.Ratification})
	theirs := f.notice("iq", jisr.KindAgreementDeposit, "2026-12-01", jisr.NoticeTerms{Instrument: jisr.Ratification})
	f.meet()
	f.on("sy", jisr.KindAgreementReceive, theirs, "2026-12-02")
	g := f.state()
	if force := g.Force(); force.Date != "2027-01-04" || force.Steps[0].Date != "2026-12-05" || *force.Steps[0].Because != own.Position || g.ForceFor("sy") != "2027-01-04" {
		t.Errorf("reckoned %+v, for the depositary %s", force, g.ForceFor("sy"))
	}
}

// treaty is an agreement with jo as its depositary, adopted and signed by iq and sy.
func treaty(t testing.TB) *talk {
	f := newTalk(t, "iq", "jo", "sy")
	for m := range f.clauses.Consent {
		f.clauses.Consent[m] = jisr.ByDeposit
	}
	f.clauses.Force = jisr.ForceRule{On: jisr.ForceDepositCount, Count: 2, Days: 30}
	f.clauses.Opens, f.clauses.Shuts = "2026-11-20", "2026-12-20"
	f.proposes("iq", func(p *jisr.ProposeTerms) { p.Kind, p.Depositary = jisr.Convention, "jo" })
	for _, m := range []jisr.MemberID{"jo", "sy"} {
		f.does(m, jisr.KindAgreementNegotiate, jisr.IntentTerms{Binding: true})
	}
	f.meet()
	f.tables("iq", "v1")
	f.each(func(m jisr.MemberID) { f.onText(m, jisr.KindAgreementAdopt, "v1") })
	f.initialled("v1")
	f.onText("iq", jisr.KindAgreementSign, "v1")
	f.onText("sy", jisr.KindAgreementSign, "v1")
	f.meet()
	return f
}

// A reservation is circulated, objected to or accepted by twelve months' silence, and withdrawn.
func TestReservations(t *testing.T) {
	f := treaty(t)
	r := f.notice("iq", jisr.KindAgreementReserve, "2026-12-01", jisr.NoticeTerms{Segments: []string{"art9"}})
	f.meet()
	f.on("jo", jisr.KindAgreementReceive, r, "2026-12-03")
	f.meet()
	state := func(toward jisr.MemberID, on jisr.Date) string {
		g := f.state()
		return g.ReservationState(g.Participants["iq"].Reservations[0], toward, on)
	}
	if got := state("sy", "2027-12-03"); got != "formulated" {
		t.Errorf("on the last day: %s", got)
	}
	if got := state("sy", "2027-12-04"); got != "accepted" {
		t.Errorf("after twelve months: %s", got)
	}
	f.does("sy", jisr.KindAgreementObject, jisr.ActTerms{Act: r.Position, Date: "2027-01-01", Precludes: true})
	if got := state("sy", "2027-12-04"); got != "precluding" {
		t.Errorf("objected: %s", got)
	}
	f.meet()
	f.on("iq", jisr.KindAgreementUnreserve, r, "2027-02-01")
	if got := state("sy", "2027-12-04"); got != "withdrawn" {
		t.Errorf("withdrawn: %s", got)
	}
}

// C22: relations are severed: nothing ends, all is dormant, and what both listed goes on.
func TestC22RelationsSevered(t *testing.T) {
	crossings(t, func(t *testing.T, p []jisr.MemberID, aFirst, aware bool) {
		f := negotiated(t, p...).initialled("v1").signed("v1").ratified()
		mark := func(m jisr.MemberID, segments ...string) func() {
			return func() {
				f.does(m, jisr.KindAgreementDormant, jisr.DormancyActTerms("", jisr.DormancyTerms{Reason: jisr.DormantSevered, Continuity: segments, Channel: "third member", Date: "2027-01-01"}))
			}
		}
		for _, m := range p {
			if m != "iq" && m != "sy" {
				mark(m, "art1", "art2", "art3")()
			}
		}
		f.cross(aFirst, aware, "iq", "sy", mark("iq", "art1", "art2"), mark("sy", "art2", "art3"))
		f.is(jisr.AgreementDormant, "2027-01-02")
		if got := f.state().Continues(); !slices.Equal(got, []string{"art2"}) {
			t.Errorf("continues %v", got)
		}
		f.each(func(m jisr.MemberID) { f.does(m, jisr.KindAgreementWake, jisr.Within{}) })
		f.is(jisr.AgreementInForce, "2027-01-02")
	})
}

// C23: a court annuls the domestic ratification: the house sees it, the others only by an act, and nothing else changes.
func TestC23DomesticAnnulment(t *testing.T) {
	for _, p := range parties() {
		f := negotiated(t, p...).initialled("v1").signed("v1").ratified()
		f.does("iq", jisr.KindAgreementMilestone, jisr.MilestoneActTerms("", jisr.MilestoneTerms{Title: jisr.Text{"ar": "قانون التصديق"}, State: jisr.StepAnnulled, Date: "2027-01-01"}))
		f.is(jisr.AgreementInForce, "2027-01-02")
		if !slices.ContainsFunc(f.state().Flags("2027-01-02"), func(x jisr.Flag) bool { return x.Kind == "annulled" && x.Member == "iq" }) {
			t.Error("the annulment is not flagged")
		}
	}
}

// C24: the holder of a post changes: its mandates end by their own terms, and nothing else changes.
func TestC24MandatesEndByTheirTerms(t *testing.T) {
	for _, p := range parties() {
		f := negotiated(t, p...)
		m := jisr.ThingID("mandate/iq-1")
		f.say("iq", jisr.KindMandateIssue, m, jisr.MandateTerms{Holder: "envoy", Post: jisr.Text{"ar": "السفير"}, Issuer: jisr.Text{"ar": "الوزير"},
			Acts: []jisr.MandateAct{jisr.MayInitial}, Subjects: []jisr.ThingID{pact}, From: "2026-11-01", To: "2026-11-22"})
		a := f.next("iq", jisr.KindAgreementInitial, pact, jisr.TextTerms{Authority: jisr.Authority{Mandate: m}, Hash: hashOf("v1"), Date: "2026-11-23"})
		a.By = &jisr.By{Desk: "protocol", Official: "envoy"}
		f.logs["iq"] = append(f.logs["iq"], a)
		f.as = jisr.Authority{Capacity: jisr.ForeignMinister}
		f.onText("sy", jisr.KindAgreementInitial, "v1") // the two cross: neither had seen the other's
		f.meet()
		for _, o := range p {
			if o != "iq" && o != "sy" {
				f.onText(o, jisr.KindAgreementInitial, "v1")
			}
		}
		f.is(jisr.AgreementNegotiating, today) // the mandate had ended the day before
		if s := f.fold(m, rng(1)); s.Mandate.Standing("2026-11-23") != jisr.MandateExpired {
			t.Errorf("mandate %s", s.Mandate.Standing("2026-11-23"))
		}
	}
}

// A differing intention to be bound blocks signature; agreement on it opens it.
func TestBindingIntentMismatchBlocksSignature(t *testing.T) {
	for _, p := range parties() {
		f := negotiated(t, p...).initialled("v1")
		f.does("sy", jisr.KindAgreementDeclare, jisr.IntentTerms{Binding: false})
		f.each(func(m jisr.MemberID) { f.inWindow(m, jisr.KindAgreementSeal, "v1") })
		f.met(f.inWindow("iq", jisr.KindAgreementCommit, "v1"), jisr.BindingDiffers)
		f.met(f.does("sy", jisr.KindAgreementDeclare, jisr.IntentTerms{Binding: true}), jisr.Sealed)
		f.is(jisr.AgreementInitialled, today)
	}
}
