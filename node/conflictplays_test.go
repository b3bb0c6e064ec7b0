package node_test

import (
	"slices"
	"time"

	"jisr"
	"jisr/book"
	"jisr/node"
	"jisr/node/nodetest"
)

// How each case of [conflicts] is played, and what all nodes then say.

func (x *clash) signatureWithdrawal() {
	x.cross(
		func(a *nodetest.Actor) {
			if a.Commits(x.id); x.knew("iq") {
				a.Refused(jisr.WindowShut)
			}
		},
		func(a *nodetest.Actor) { a.Unseals(x.id) })
	x.each(func(a *nodetest.Actor) { a.States(x.id).Refused(jisr.WindowShut) })
	x.stands(jisr.AgreementInitialled)
}

func (x *clash) completionNoIntention() {
	x.cross(
		func(a *nodetest.Actor) {
			if a.Notifies(x.id, jisr.KindAgreementNotify, jisr.NoticeTerms{}); x.knew("iq") {
				a.Refused(jisr.AbandonedAlready)
			}
		},
		func(a *nodetest.Actor) { a.Notifies(x.id, jisr.KindAgreementAbandon, jisr.NoticeTerms{}) })
	x.agreement("both notices", func(g *jisr.Agreement) bool {
		_, gone := g.Abandoned["sy"]
		return gone && (x.knew("iq") || len(g.Notices) == 1)
	})
	x.stands(jisr.AgreementAbandoned)
}

func (x *clash) completionsCross() {
	notes := map[jisr.MemberID]jisr.Position{}
	notify := func(a *nodetest.Actor) {
		notes[a.Member()] = a.Notifies(x.id, jisr.KindAgreementNotify, jisr.NoticeTerms{})
	}
	x.each(notify, "iq", "sy")
	x.cross(notify, notify, func() { x.Pass(48 * time.Hour) })
	for _, m := range x.members {
		x.stamped(m, notes[m])
	}
	want := x.Node("iq").Today().AddDays(30) // from the later receipt
	x.agreement("the day, not agreed", func(g *jisr.Agreement) bool { return g.Force().Date == want && !g.Force().Agree })
	x.each(func(a *nodetest.Actor) {
		a.Steps(x.id, jisr.KindAgreementForce, jisr.AccordActTerms("", jisr.Authority{Capacity: jisr.ForeignMinister}, x.Node(a.Member()).Today(), jisr.AccordTerms{On: want}), nil)
	})
	x.agreement("the day that both noted", func(g *jisr.Agreement) bool { return g.Force().Date == want && g.Force().Agree })
}

func (x *clash) denunciationAmendment() {
	child := x.As("sy").Agreement(x.id).Related[0].ID
	var notice jisr.Position
	x.cross(
		func(a *nodetest.Actor) {
			notice = a.Notifies(x.id, jisr.KindAgreementDenounce, jisr.NoticeTerms{Ground: jisr.GroundClause})
		},
		func(a *nodetest.Actor) { a.Commits(child) }) // the offer is firm until its window closes
	x.each(func(a *nodetest.Actor) { a.States(child) })
	x.stamped("iq", notice)
	x.stands(jisr.AgreementEnding)
	for _, m := range x.members {
		x.As(m).SeesAgreement(child, jisr.AgreementInForce)
	}
	x.agreement("the amendment in force", func(g *jisr.Agreement) bool { return len(g.Related) == 1 && g.Related[0].Force.Valid() })
}

func (x *clash) denunciationsCross() {
	var iq, sy jisr.Position
	x.cross(
		func(a *nodetest.Actor) {
			iq = a.Notifies(x.id, jisr.KindAgreementDenounce, jisr.NoticeTerms{Ground: jisr.GroundClause})
		},
		func(a *nodetest.Actor) {
			sy = a.Notifies(x.id, jisr.KindAgreementDenounce, jisr.NoticeTerms{Ground: jisr.GroundClause, From: x.Node("sy").Today().AddMonths(24)})
		})
	x.stamped("iq", iq)
	x.stamped("sy", sy)
	x.stands(jisr.AgreementEnding)
	want := x.Node("iq").Today().AddMonths(6)
	x.agreement("the earlier end", func(g *jisr.Agreement) bool { end, why := g.End(); return end == want && why == "notice" })
}

// revocationReliance: sy relies on the end that comes. Over an open road the revocation reaches it before the notice takes
// effect; over a cut one after.
func (x *clash) revocationReliance() {
	iq := x.As("iq")
	notice := iq.Notifies(x.id, jisr.KindAgreementDenounce, jisr.NoticeTerms{Ground: jisr.GroundClause})
	x.stamped("iq", notice)
	end, _ := iq.Agreement(x.id).End()
	for x.Node("iq").Today().AddDays(2) < end {
		x.Pass(24 * time.Hour)
	}
	var back jisr.Position
	x.cross(
		func(a *nodetest.Actor) {
			back = a.Steps(x.id, jisr.KindAgreementRevoke, map[string]any{"act": notice, "capacity": jisr.ForeignMinister}, nil).Position
		},
		func(a *nodetest.Actor) {
			a.Steps(x.id, jisr.KindAgreementRegister, jisr.RegistrationTerms{With: "un", Number: "I-1", Date: x.Node("sy").Today()}, nil)
		},
		func() {
			if x.cut {
				x.Pass(5 * 24 * time.Hour)
			}
		})
	x.stamped("iq", back)
	want := jisr.AgreementInForce
	if x.cut {
		want = jisr.AgreementTerminated // it needs a new agreement
	}
	x.stands(want)
}

func (x *clash) twoAmendments() {
	ids := map[jisr.MemberID]jisr.ThingID{}
	propose := func(a *nodetest.Actor) { ids[a.Member()] = amends(x.World, a.Member(), x.members, x.id) }
	x.cross(propose, propose)
	x.agreement("two amendments", func(g *jisr.Agreement) bool { return len(g.Related) == 2 })
	b := &before{World: x.World, t: x.t, members: x.members}
	b.all([]jisr.ThingID{ids["iq"]}, func(a *nodetest.Actor, id jisr.ThingID) { a.Negotiates(id) }, "iq")
	b.all([]jisr.ThingID{ids["sy"]}, func(a *nodetest.Actor, id jisr.ThingID) { a.Negotiates(id) }, "sy")
	for m, id := range ids {
		tablesAmendment(x.World, m, x.members, id)
	}
	b.seal([]jisr.ThingID{ids["iq"]})
	b.sign([]jisr.ThingID{ids["iq"]})
	x.agreement("what is agreed, and what needs a new look", func(g *jisr.Agreement) bool {
		return !slices.ContainsFunc(g.Related, func(r jisr.Related) bool {
			return (r.ID == ids["iq"]) != (r.Force != "") || (r.ID == ids["sy"]) != (r.Rebase == ids["iq"])
		})
	})
}

func (x *clash) twoWordings() {
	bracket := func(a *nodetest.Actor) {
		a.Steps(x.id, jisr.KindAgreementBracket, jisr.BracketTerms{Hash: a.Agreement(x.id).Text(), Segment: "art1-p1", Op: jisr.BracketReplace},
			jisr.BracketBody{Text: jisr.Text{"ar": "صياغة أخرى.", "en": "Wording of " + string(a.Member()) + "."}})
	}
	x.cross(bracket, bracket)
	x.agreement("both wordings, with whose they are", func(g *jisr.Agreement) bool {
		return len(g.Brackets) == 2 && g.Brackets[0].State == jisr.BracketOpen && g.Brackets[1].State == jisr.BracketOpen && g.Brackets[0].Member != g.Brackets[1].Member
	})
}

func (x *clash) twoInitials() {
	minister := jisr.Authority{Capacity: jisr.ForeignMinister}
	versions := x.As("iq").Agreement(x.id).Versions
	initial := func(a *nodetest.Actor, hash jisr.Commitment) {
		a.Steps(x.id, jisr.KindAgreementInitial, jisr.TextTerms{Authority: minister, Hash: hash, Date: x.Node(a.Member()).Today()}, nil)
	}
	x.cross(
		func(a *nodetest.Actor) { initial(a, versions[0].Hash) },
		func(a *nodetest.Actor) { initial(a, versions[1].Hash) })
	x.agreement("both marks and no frozen text", func(g *jisr.Agreement) bool {
		return len(g.Initials) == 2 && g.Frozen() == "" && g.State() == jisr.AgreementNegotiating
	})
	x.each(func(a *nodetest.Actor) { initial(a, versions[1].Hash) }, "sy")
	x.agreement("the newest that all initialled", func(g *jisr.Agreement) bool { return g.Frozen() == versions[1].Hash })
}

// revokedAsItSigns: both acts stand in the log of sy; which was first is read there alone. What comes after the revocation
// is kept as to be confirmed.
func (x *clash) revokedAsItSigns() {
	sy, holder := x.As("sy"), jisr.OfficialID("envoy")
	subjects := []jisr.ThingID{x.id}
	mandate := sy.Steps("", jisr.KindMandateIssue, jisr.MandateTerms{Holder: holder, Post: jisr.Text{"ar": "السفير"}, Issuer: jisr.Text{"ar": "وزير الخارجية"},
		Capacity: jisr.ForeignMinister, Acts: []jisr.MandateAct{jisr.MaySign}, Subjects: subjects, From: x.Node("sy").Today()}, nil).Thing
	sy.Done()
	x.each(func(a *nodetest.Actor) {
		a.Steps(mandate, jisr.KindMandateVerify, jisr.MandateSubjects{Subjects: subjects}, nil)
	}, "sy")
	envoy := x.Program("sy", string(holder), jisr.Roles()...)
	signs := func(under jisr.ThingID) {
		step, err := node.NewStep(jisr.KindAgreementCommit, map[string]any{"mandate": under}, nil)
		if err != nil {
			x.t.Fatal(err)
		}
		sy.DoAs(envoy, node.SayStep{Forum: x.Forum, About: x.id, Step: step})
	}
	revoke := func() {
		sy.Steps(mandate, jisr.KindMandateRevoke, jisr.MandateSubjects{Subjects: subjects, Reason: "سحب التفويض"}, nil)
		sy.Done()
	}
	signsFirst := x.first == "sy"
	x.cross(func(a *nodetest.Actor) { a.Commits(x.id) }, func(*nodetest.Actor) {
		if !signsFirst {
			revoke()
		}
		if signs(mandate); !signsFirst { // the house does not let it sign under powers that do not hold
			sy.Refused(jisr.NotAllowed)
			signs("")
		}
		if sy.Done(); signsFirst {
			revoke()
		}
	})
	x.each(func(a *nodetest.Actor) { a.Commits(x.id) }, "iq", "sy")
	x.each(func(a *nodetest.Actor) { a.States(x.id) })
	want := jisr.AgreementSignedRatify
	if !signsFirst {
		want = jisr.AgreementSignedAdRef
	}
	x.stands(want)
}

func (x *clash) reportRaise() {
	x.cross(
		func(a *nodetest.Actor) { a.Reports(x.id) },
		func(a *nodetest.Actor) {
			if a.Says(jisr.KindCommitmentRaise, x.id, jisr.RaiseTerms{Level: 3}, nil); x.knew("sy") {
				a.Refused(jisr.UnderReview)
			}
		})
	x.thing(x.id, string(jisr.CommitmentReported))
	level := 3
	if x.knew("sy") {
		level = 1
	}
	x.commitment("what was raised rests", func(c *jisr.Undertaking) bool { return c.Paused() == (level > 1) && c.Level() == level })
	x.As("sy").Reviews(x.id, jisr.KindCommitmentReturn).Done()
	x.thing(x.id, string(jisr.CommitmentReturned))
	x.commitment("it goes on at its level", func(c *jisr.Undertaking) bool {
		return !c.Paused() && c.Level() == level && c.DueDate() == "2026-12-31"
	})
}

func (x *clash) commitment(what string, ok func(c *jisr.Undertaking) bool) {
	x.t.Helper()
	x.Settle()
	for _, m := range x.members {
		if c := x.As(m).Commitment(x.id); !ok(c) {
			x.t.Errorf("play %d: %s does not see that %s: it is %s", x.play, m, what, c.State())
		}
	}
}

func (x *clash) acceptanceRecall() {
	report := x.As("iq").Commitment(x.id).Newest().Position
	x.cross(
		func(a *nodetest.Actor) {
			if a.Says(jisr.KindCommitmentRecall, x.id, jisr.ReviewTerms{Report: report}, nil); x.knew("iq") {
				a.Refused(jisr.Ended)
			}
		},
		func(a *nodetest.Actor) {
			if a.Reviews(x.id, jisr.KindCommitmentAccept); x.knew("sy") {
				a.Refused(jisr.Withdrawn)
			}
		})
	want := jisr.CommitmentAccepted
	if x.knew("sy") {
		want = jisr.CommitmentInProgress
	}
	x.thing(x.id, string(want))
}

func (x *clash) twoExtensions() {
	days := []jisr.Date{"2027-02-01", "2027-03-01"}
	if x.first == "sy" {
		slices.Reverse(days)
	}
	extend := func(a *nodetest.Actor, to jisr.Date) {
		a.Says(jisr.KindCommitmentExtend, x.id, jisr.ExtendTerms{To: to, Reason: "تأخر التوريد"}, nil)
	}
	grant := func(a *nodetest.Actor, i int) {
		a.Says(jisr.KindCommitmentGrant, x.id, jisr.AnswerTerms{To: a.Commitment(x.id).Extensions[i].Position}, nil)
	}
	extend(x.As("iq"), days[0])
	x.cross(
		func(a *nodetest.Actor) { extend(a, days[1]) },
		func(a *nodetest.Actor) { grant(a, 0) })
	grant(x.As("sy"), 1)
	x.commitment("the latest day that was granted holds", func(c *jisr.Undertaking) bool {
		return c.DueDate() == "2027-03-01" && c.Due == "2026-12-31" && len(c.Extensions) == 2 && c.Extensions[0].Was == "2026-12-31"
	})
}

func (x *clash) meeting(what string, ok func(m *jisr.Meeting) bool) {
	x.t.Helper()
	x.Settle()
	for _, m := range x.members {
		if got := x.As(m).Meeting(x.id); !ok(got) {
			x.t.Errorf("play %d: %s does not see that %s: it is %s on %s", x.play, m, what, got.State(), got.Day())
		}
	}
}

func (x *clash) bothConvene() {
	x.cross(
		func(a *nodetest.Actor) { proposesSession(a, x.id, "2026-12-15") },
		func(a *nodetest.Actor) { proposesSession(a, x.id, "2027-01-10") })
	x.meeting("the host's day is the live one", func(m *jisr.Meeting) bool {
		return m.Host(m.Session) == "iq" && m.Day() == "2026-12-15" && len(m.Dates) == 2
	})
	x.each(func(a *nodetest.Actor) {
		for _, d := range a.Meeting(x.id).Dates {
			if d.By == "sy" {
				a.Says(jisr.KindMeetingAgree, x.id, jisr.AgreeTerms{Hash: d.Hash}, nil)
			}
		}
	}, "sy")
	x.meeting("the counter-proposal is agreed, and who hosts stays", func(m *jisr.Meeting) bool {
		return m.State() == jisr.DateAgreed && m.Day() == "2027-01-10" && m.Host(m.Session) == "iq"
	})
}

func (x *clash) cancelledAsItTravels() {
	x.cross(
		func(a *nodetest.Actor) {
			a.Says(jisr.KindMeetingCancel, x.id, jisr.Reason{Reason: "ظرف طارئ"}, nil)
		},
		func(a *nodetest.Actor) {
			if a.Says(jisr.KindMeetingDelegation, x.id, jisr.DelegationTerms{Head: jisr.Delegate{Post: jisr.Text{"ar": "معاون الوزير"}}}, nil); x.knew("sy") {
				a.Refused(jisr.Ended)
			}
		})
	x.each(func(a *nodetest.Actor) {
		a.Says(jisr.KindMeetingHold, x.id, jisr.HoldTerms{Day: "2026-12-15"}, nil)
		a.Refused(jisr.Ended)
	})
	x.meeting("it was not held, and its agenda goes on", func(m *jisr.Meeting) bool {
		return m.State() == jisr.NotHeld && len(m.Forward()) == 1 && (len(m.Delegations) == 0) == x.knew("sy")
	})
}

func (x *clash) approve(a *nodetest.Actor) { a.Do(node.ApproveStatement{Forum: x.Forum, ID: x.id}) }

func (x *clash) publishedEarly() {
	x.each(x.approve, "sy")
	early := true
	x.cross(
		func(a *nodetest.Actor) {
			a.Do(node.ReleaseStatement{Forum: x.Forum, ID: x.id})
			if early = !x.knew("iq"); early {
				a.Refused(jisr.NotCleared)
			}
		},
		x.approve)
	if !early { // iq had received the approval of all: it is released
		x.thing(x.id, jisr.StatementReleased)
		return
	}
	x.thing(x.id, jisr.StatementAgreed)
	x.As("sy").Says(jisr.KindStatementIncident, x.id, jisr.IncidentTerms{By: "iq", When: x.Now().UTC().Truncate(time.Second), Where: "example.org"}, nil)
	iq := x.As("iq")
	iq.Do(node.ReleaseStatement{Forum: x.Forum, ID: x.id})
	iq.Done()
	x.thing(x.id, jisr.StatementReleased)
	for _, m := range x.members {
		if v, err := x.Node(m).Statement(x.t.Context(), book.Whole(), x.Forum, x.id); err != nil || len(v.Statement.Early) != 1 || v.Statement.Early[0].By != "iq" {
			x.t.Errorf("play %d: %s does not see that it was published early: %v", x.play, m, err)
		}
	}
}

func (x *clash) approvalBack() {
	x.each(x.approve, "sy")
	x.cross(
		func(a *nodetest.Actor) {
			if a.Says(jisr.KindStatementRetract, x.id, jisr.Reason{}, nil); x.knew("iq") {
				a.Refused(jisr.Already)
			}
		},
		x.approve)
	want := jisr.StatementAgreed
	if x.knew("sy") {
		want = jisr.StatementDrafting // taken back before all had approved
	}
	x.thing(x.id, want)
}

func (x *clash) clearanceBack() {
	x.As("iq").Says(jisr.KindMeetingHold, x.id, jisr.HoldTerms{Day: "2026-12-15"}, nil)
	x.Settle()
	id := jisr.MinutesThing(x.id)
	clear := func(a *nodetest.Actor) {
		c := node.ClearMinutes{Forum: x.Forum, ID: id, Intent: jisr.NonBinding}
		if a.Member() == "iq" {
			c.Next = "2027-03-15"
		}
		a.Do(c)
		a.Done()
		x.Settle()
	}
	x.each(clear, "jo", "sy")
	x.each(clear, "iq", "sy")
	x.cross(
		func(a *nodetest.Actor) {
			if a.Says(jisr.KindMinutesUnclear, id, jisr.Reason{}, nil); x.knew("iq") {
				a.Refused(jisr.Already)
			}
		},
		func(a *nodetest.Actor) {
			c := node.ClearMinutes{Forum: x.Forum, ID: id, Intent: jisr.NonBinding}
			if x.knew("sy") {
				c.Next = "2027-03-15"
			}
			a.Do(c)
		})
	want := jisr.MinutesCleared
	if x.knew("sy") {
		want = jisr.MinutesDrafting
	}
	x.thing(id, want)
}

func (x *clash) divergence() {
	concord := func(w jisr.ConcordanceWord) func(*nodetest.Actor) {
		return func(a *nodetest.Actor) {
			a.Steps(x.id, jisr.KindAgreementConcord, map[string]any{"pair": [2]string{"ar", "en"}, "segments": []string{"art1-p1"}, "word": w}, nil)
		}
	}
	x.cross(concord(jisr.ConcordDisputed), concord(jisr.ConcordChecked))
	x.agreement("the divergence", func(g *jisr.Agreement) bool {
		return len(g.Concordance) == 1 && g.Concordance[0].State(x.members) == jisr.ConcordDisputed
	})
	text := x.As("iq").Agreement(x.id).Text()
	authority := jisr.Authority{Capacity: jisr.ForeignMinister}
	fix := x.As("iq").Steps(x.id, jisr.KindAgreementCorrect, jisr.CorrectionActTerms("", authority, x.Node("iq").Today(), jisr.CorrectionTerms{Hash: text, Segment: "art1-p1", Lang: "en"}),
		jisr.CorrectionBody{Was: "The Parties exchange water levels.", Reads: "The Parties shall exchange water levels."}).Position
	x.agreement("a correction that waits", func(g *jisr.Agreement) bool {
		return len(g.Corrections) == 1 && g.CorrectionState(g.Corrections[0], x.Node("iq").Today()) == "proposed"
	})
	x.each(func(a *nodetest.Actor) {
		a.Steps(x.id, jisr.KindAgreementCorrectAccept, map[string]any{"act": fix, "capacity": jisr.ForeignMinister}, nil)
	}, "iq")
	x.agreement("the correction that all accepted, over the same text", func(g *jisr.Agreement) bool {
		return g.CorrectionState(g.Corrections[0], x.Node("iq").Today()) == "accepted" && g.Text() == text
	})
}

func (x *clash) bothRegister() {
	register := func(a *nodetest.Actor) {
		a.Steps(x.id, jisr.KindAgreementRegister, jisr.RegistrationTerms{With: "un", Number: "I-" + string(a.Member()), Date: x.Node(a.Member()).Today()}, nil)
	}
	x.cross(register, register)
	x.agreement("the first certificate, the second filed", func(g *jisr.Agreement) bool {
		return len(g.Registrations) == 2 && (x.cut || g.Registrations[0].Member == x.first) && !slices.ContainsFunc(g.Awaits(), func(a jisr.Await) bool { return a.Why == "register" })
	})
}

func (x *clash) depositsOfOneDay() {
	deposits := map[jisr.MemberID]jisr.Position{}
	deposit := func(a *nodetest.Actor) {
		deposits[a.Member()] = a.Notifies(x.id, jisr.KindAgreementDeposit, jisr.NoticeTerms{Instrument: jisr.Ratification})
	}
	x.cross(deposit, deposit)
	depositary, second := x.As("iq").Agreement(x.id).Depositary, map[jisr.MemberID]jisr.MemberID{"iq": "sy", "sy": "iq"}[x.first]
	for _, m := range []jisr.MemberID{second, x.first} { // its log decides, not who wrote first
		if m != depositary {
			x.As(depositary).Stamps(x.id, deposits[m]).Done()
		}
	}
	want := x.Node(depositary).Today().AddDays(30)
	x.agreement("one day for both, in the order of the depositary's log", func(g *jisr.Agreement) bool {
		f := g.Force()
		return f.Date == want && (depositary == "sy" || f.Steps[0].Member == second) && g.ForceFor("iq") == want && g.ForceFor("sy") == want
	})
}

// disapprovalSilence: sy disapproves inside its days of silence, or after them: its own log tells, however late it arrives.
func (x *clash) disapprovalSilence() {
	late := x.first == "sy" // these plays come last
	x.Pass(10 * 24 * time.Hour)
	if late {
		x.Pass(60 * 24 * time.Hour)
	}
	x.cross(
		func(a *nodetest.Actor) { a.Says(jisr.KindMinutesApprove, x.id, jisr.Reason{}, nil) },
		func(a *nodetest.Actor) {
			if a.Says(jisr.KindMinutesDisapprove, x.id, jisr.Reason{Reason: "البند الثاني"}, nil); late {
				a.Refused(jisr.TooLate)
			}
		},
		func() { x.Pass(3 * 24 * time.Hour) })
	for _, m := range x.members {
		v, err := x.Node(m).Minutes(x.t.Context(), book.Whole(), x.Forum, x.id)
		if err != nil || (v.Minutes.State() == jisr.MinutesDisapproved) == late || v.Minutes.Verdicts["iq"].Approved == nil {
			x.t.Errorf("play %d: %s sees %s: %v", x.play, m, v.Minutes.State(), err)
		}
	}
}

func (x *clash) severed() {
	mark := func(segments ...string) func(a *nodetest.Actor) {
		return func(a *nodetest.Actor) {
			a.Steps(x.id, jisr.KindAgreementDormant, map[string]any{"reason": jisr.DormantSevered, "continuity": segments, "channel": "a third member"}, nil)
		}
	}
	x.each(mark("art1", "art1-p1"), "iq", "sy")
	x.cross(mark("art1", "art1-p1"), mark("art1-p1"))
	x.stands(jisr.AgreementDormant)
	x.agreement("what both listed goes on", func(g *jisr.Agreement) bool { return slices.Equal(g.Continues(), []string{"art1-p1"}) })
	x.each(func(a *nodetest.Actor) { a.Steps(x.id, jisr.KindAgreementWake, nil, nil) })
	x.stands(jisr.AgreementInForce)
}

// annulled: iq learns at home that its ratification is annulled while sy registers the agreement. The others learn of it by
// an act only, and what binds is the same.
func (x *clash) annulled() {
	iq := x.As("iq")
	law := jisr.Text{"ar": "قانون التصديق"}
	iq.Do(node.PlanDomestic{Forum: x.Forum, Agreement: x.id, Steps: []jisr.DomesticStep{{ID: "law", Title: law}}})
	iq.Done()
	flagged := func(g *jisr.Agreement) bool {
		return slices.ContainsFunc(g.Flags(x.Node("sy").Today()), func(f jisr.Flag) bool { return f.Kind == "annulled" && f.Member == "iq" })
	}
	x.cross(
		func(a *nodetest.Actor) {
			a.Do(node.MoveDomestic{Forum: x.Forum, Agreement: x.id, Move: jisr.DomesticTerms{Step: "law", State: jisr.StepAnnulled, Reason: "المحكمة الاتحادية"}})
		},
		func(a *nodetest.Actor) {
			a.Steps(x.id, jisr.KindAgreementRegister, jisr.RegistrationTerms{With: "un", Number: "I-1", Date: x.Node("sy").Today()}, nil)
		})
	x.agreement("nothing of what happened in the house", func(g *jisr.Agreement) bool {
		return len(g.Registrations) == 1 && len(g.Milestones) == 0 && !flagged(g)
	})
	iq.Steps(x.id, jisr.KindAgreementMilestone, jisr.MilestoneActTerms("", jisr.MilestoneTerms{Title: law, State: jisr.StepAnnulled, Date: x.Node("iq").Today()}), nil)
	iq.Done()
	x.agreement("the annulment", flagged)
	x.stands(jisr.AgreementInForce)
}

// handedOver: the holder of a post changes while the other side acts. Its full powers end by their own terms, and what was
// promised goes on.
func (x *clash) handedOver() {
	iq, post := x.As("iq"), jisr.OfficialID("envoy"+string(rune('a'+x.play)))
	iq.Do(node.AddOfficial{ID: post, Post: jisr.Text{"ar": "السفير"}, Desk: "mofa", Roles: []jisr.Role{jisr.Plenipotentiary}, Password: phrase})
	subjects := []jisr.ThingID{x.id}
	mandate := iq.Steps("", jisr.KindMandateIssue, jisr.MandateTerms{Holder: post, Post: jisr.Text{"ar": "السفير"}, Issuer: jisr.Text{"ar": "الوزير"},
		Acts: []jisr.MandateAct{jisr.MayNotify}, Subjects: subjects, From: x.Node("iq").Today(), To: x.Node("iq").Today().AddDays(10)}, nil).Thing
	promise := iq.Proposes(x.Owed("iq", "sy"))
	iq.Done()
	x.Settle()
	x.As("sy").Agrees(promise).Done()
	x.cross(
		func(a *nodetest.Actor) { a.Do(node.HandOver{ID: post}) },
		func(a *nodetest.Actor) {
			a.Steps(mandate, jisr.KindMandateVerify, jisr.MandateSubjects{Subjects: subjects}, nil)
		})
	standing := func(want jisr.MandateState) {
		for _, m := range x.members {
			v, err := x.Node(m).Book().Thing(x.t.Context(), book.Whole(), x.Forum, mandate)
			if err != nil || v.State.Mandate.Standing(x.Node(m).Today()) != want {
				x.t.Errorf("play %d: %s does not see the full powers %s: %v", x.play, m, want, err)
			}
		}
	}
	standing(jisr.MandateVerified)
	x.Pass(11 * 24 * time.Hour)
	standing(jisr.MandateExpired)
	x.stands(jisr.AgreementInForce)
	x.thing(promise, string(jisr.CommitmentAgreed))
}
