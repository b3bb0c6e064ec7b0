package jisr

import "slices"

// What parties tell each other after signature (notices count from receipt), what they state alike, and what they answer.

// consentedFor refuses while a party's consent is wanting, as far as the writer had received.
func (f *agreementFold) consentedFor(a *Act) error {
	w, c := f.g.signedFor(a), f.g.Clauses()
	if w == nil || c == nil {
		return Refuse(NotSigned, string(f.g.ID))
	}
	for _, m := range f.g.Parties {
		ok := w.Commits[m].seenBy(a)
		switch c.Consent[m] {
		case ByNotification, ByDeposit:
			n := f.g.noticeOf(m, KindAgreementNotify)
			ok = ok && n != nil && n.seenBy(a)
		case ByExchange:
			x := f.g.accord(KindAgreementXchg)
			ok = ok && x != nil && f.g.sawAll(a, x.By)
		}
		if !ok {
			return Refuse(NotBound, string(m))
		}
	}
	return nil
}

func checkNotice(t *noticeActTerms) error {
	if !t.Date.Valid() {
		return Refuse(Malformed, "date", "want", "2026-12-01")
	}
	if err := t.Authority.check(); err != nil {
		return err
	}
	return t.NoticeTerms.check()
}

func (f *agreementFold) notice(a *Act) error {
	t, err := terms[noticeActTerms](a)
	if err == nil {
		err = checkNotice(&t)
	}
	if err == nil {
		err = f.mayNotice(a, &t)
	}
	if err != nil {
		return err
	}
	f.g.Notices = append(f.g.Notices, f.newNotice(a, &t))
	return nil
}

func (f *agreementFold) newNotice(a *Act, t *noticeActTerms) *Notice {
	n := &Notice{Kind: a.Kind, Mark: *f.mark(a, t.Authority, PowersFor(a.Kind), t.Date), NoticeTerms: t.NoticeTerms}
	f.register(a, &n.Mark, PowersFor(a.Kind))
	f.notices[a.Position] = n
	return n
}

func (f *agreementFold) mayNotice(a *Act, t *noticeActTerms) error {
	standing := f.g.noticeOf(a.Member, a.Kind)
	switch a.Kind {
	case KindAgreementNotify:
		if f.g.Multilateral() {
			return Refuse(NotOneOf, "kind", "got", string(a.Kind))
		}
		if f.g.signedFor(a) == nil {
			return Refuse(NotSigned, string(f.g.ID))
		}
		if m := f.g.consentOf(a.Member); m != ByNotification && m != ByDeposit {
			return Refuse(NotOneOf, "consent", "got", string(m))
		}
	case KindAgreementProvEnd:
		if f.g.signedFor(a) == nil {
			return Refuse(NotSigned, string(f.g.ID))
		}
	default:
		if err := f.mayLeave(a); err != nil {
			return err
		}
		if t.Ground == "" {
			return Refuse(Missing, "ground")
		}
		if c := f.g.Clauses(); a.Kind == KindAgreementDenounce && c != nil && c.NoExit && t.Ground == GroundClause {
			return Refuse(NotOneOf, "ground", "got", string(t.Ground))
		}
	}
	if standing != nil {
		return Refuse(Already, string(a.Kind))
	}
	return nil
}

// mayLeave: only who is bound denounces or suspends.
func (f *agreementFold) mayLeave(a *Act) error {
	if !f.g.Multilateral() {
		return f.consentedFor(a)
	}
	if p := f.g.Participants[a.Member]; p == nil || p.Deposit == nil || !p.Deposit.seenBy(a) {
		return Refuse(NotBound, string(a.Member))
	}
	return nil
}

func (f *agreementFold) accord(a *Act) error {
	t, err := terms[accordActTerms](a)
	if err == nil {
		err = f.party(a)
	}
	if err == nil {
		err = t.AccordTerms.check()
	}
	if err == nil {
		err = t.Authority.check()
	}
	if err == nil && !t.Date.Valid() {
		err = Refuse(Malformed, "date", "want", "2026-12-01")
	}
	if err == nil {
		err = f.mayAccord(a)
	}
	if err != nil {
		return err
	}
	x := f.accordOf(a.Kind, &t.AccordTerms)
	if x.By[a.Member] != nil {
		return Refuse(Already, string(a.Kind))
	}
	x.By[a.Member] = f.mark(a, t.Authority, PowersFor(a.Kind), t.Date)
	return nil
}

func (f *agreementFold) mayAccord(a *Act) error {
	done := f.g.accord(a.Kind)
	switch a.Kind {
	case KindAgreementXchg, KindAgreementForce, KindAgreementProvis:
		if f.g.signedFor(a) == nil {
			return Refuse(NotSigned, string(f.g.ID))
		}
		if done != nil && f.g.sawAll(a, done.By) && a.Kind != KindAgreementProvis {
			return Refuse(Already, string(a.Kind))
		}
		exchanges := slices.ContainsFunc(f.g.Parties, func(m MemberID) bool { return f.g.consentOf(m) == ByExchange })
		if a.Kind == KindAgreementXchg && !exchanges {
			return Refuse(NotOneOf, "consent", "allowed", string(ByExchange))
		}
		return nil
	}
	return f.consentedFor(a)
}

func (f *agreementFold) accordOf(kind Kind, t *AccordTerms) *Accord {
	want, err := Terms(t)
	for i := range f.g.Accords {
		x := &f.g.Accords[i]
		if have, err2 := Terms(x.AccordTerms); x.Kind == kind && err == nil && err2 == nil && string(have) == string(want) {
			return x
		}
	}
	f.g.Accords = append(f.g.Accords, Accord{Kind: kind, AccordTerms: *t, By: Marks{}})
	return &f.g.Accords[len(f.g.Accords)-1]
}

// answer applies acts about another act.
func (f *agreementFold) answer(a *Act) error {
	t, err := terms[ActTerms](a)
	if err == nil {
		err = t.Authority.check()
	}
	if err == nil && !t.Date.Valid() {
		err = Refuse(Malformed, "date", "want", "2026-12-01")
	}
	if err == nil {
		err = Text{"und": t.Reason}.Check("reason", MaxReason)
	}
	if err == nil && (!ValidMember(t.Act.Member) || t.Act.Index < 0 || !a.after(t.Act)) {
		err = Refuse(NoSuch, string(t.Act.Member)+"/"+itoa(int64(t.Act.Index)))
	}
	if err != nil {
		return err
	}
	switch a.Kind {
	case KindAgreementConfirm:
		return f.confirm(a, &t)
	case KindAgreementReceive:
		return f.receive(a, &t)
	case KindAgreementObject:
		return f.object(a, &t)
	case KindAgreementRevoke:
		return f.revoke(a, &t)
	}
	f.g.Contests = append(f.g.Contests, Contest{Step: a.step(), Of: t.Act, Reason: t.Reason})
	return nil
}

// confirm gives effect to an act of the same member that had no authority, or that was signed ad referendum.
func (f *agreementFold) confirm(a *Act, t *ActTerms) error {
	m := f.marks[t.Act]
	switch {
	case m == nil:
		return Refuse(NoSuch, string(t.Act.Member)+"/"+itoa(int64(t.Act.Index)))
	case m.Member != a.Member:
		return Refuse(NotYours, string(f.g.ID))
	case m.Counts():
		return Refuse(Already, "confirm")
	case !f.authorised(a, t.Authority, f.what[t.Act], t.Date):
		return Refuse(NoAuthority, string(f.what[t.Act]))
	}
	s := a.step()
	m.Confirmed, m.Confirms = &s, t.Date
	f.initialsSign()
	return nil
}

// receive: an addressee says on which day a notice reached it.
func (f *agreementFold) receive(a *Act, t *ActTerms) error {
	n := f.notices[t.Act]
	switch {
	case n == nil:
		return Refuse(NoSuch, string(t.Act.Member)+"/"+itoa(int64(t.Act.Index)), "noun", "notice")
	case !slices.Contains(f.g.addressees(n.Member), a.Member):
		return Refuse(NotAddressed, string(f.g.ID))
	}
	if _, done := n.Receipts[a.Member]; done {
		return Refuse(Already, "receive")
	}
	n.receipt(AgreementReceipt{Step: a.step(), Date: t.Date})
	return nil
}

func (n *Notice) receipt(r AgreementReceipt) {
	if n.Receipts == nil {
		n.Receipts = map[MemberID]AgreementReceipt{}
	}
	n.Receipts[r.Member] = r
}

// impliedReceipts: an addressee that acted on the agreement having received a notice cannot say that it had not. The day
// is that of its own act.
func (f *agreementFold) impliedReceipts() {
	for _, p := range sortedPositions(f.notices) {
		n := f.notices[p]
		for _, m := range f.g.addressees(n.Member) {
			if _, done := n.Receipts[m]; done {
				continue
			}
			i := slices.IndexFunc(f.applied, func(a *Act) bool { return a.Member == m && a.after(n.Position) })
			if i >= 0 {
				n.receipt(AgreementReceipt{Step: f.applied[i].step(), Date: DateOf(f.applied[i].At), Implied: true})
			}
		}
	}
}

func (f *agreementFold) object(a *Act, t *ActTerms) error {
	if f.g.Multilateral() && f.reservation(t.Act) != nil {
		return f.objectReservation(a, t)
	}
	n := f.notices[t.Act]
	switch {
	case n == nil || n.Kind != KindAgreementSuspend && n.Kind != KindAgreementDenounce:
		return Refuse(NoSuch, string(t.Act.Member)+"/"+itoa(int64(t.Act.Index)), "noun", "notice")
	case n.Member == a.Member:
		return Refuse(NotYours, string(f.g.ID))
	}
	if _, done := n.Objected[a.Member]; done {
		return Refuse(Already, "object")
	}
	if n.Objected == nil {
		n.Objected = map[MemberID]Step{}
	}
	n.Objected[a.Member] = a.step()
	return nil
}

// revoke takes back a notice. Whether it came in time follows from the days of receipt: see Ends.
func (f *agreementFold) revoke(a *Act, t *ActTerms) error {
	n := f.notices[t.Act]
	switch {
	case n == nil || n.Kind != KindAgreementSuspend && n.Kind != KindAgreementDenounce:
		return Refuse(NoSuch, string(t.Act.Member)+"/"+itoa(int64(t.Act.Index)), "noun", "notice")
	case n.Member != a.Member:
		return Refuse(NotYours, string(f.g.ID))
	case n.Revoked != nil:
		return Refuse(Already, "revoke")
	}
	r := f.newNotice(a, &noticeActTerms{Authority: t.Authority, Date: t.Date, NoticeTerms: NoticeTerms{Reason: t.Reason}})
	if r.ToConfirm {
		delete(f.notices, a.Position)
		delete(f.marks, a.Position)
		return Refuse(NoAuthority, string(MayNotify))
	}
	n.Revoked = r
	return nil
}

// correct applies acts about errors in the text, at any time once it is initialled or signed.
func (f *agreementFold) correct(a *Act) error {
	if err := f.party(a); err != nil {
		return err
	}
	if a.Kind == KindAgreementCorrect {
		return f.proposeCorrection(a)
	}
	t, err := terms[ActTerms](a)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(f.g.Corrections, func(c *Correction) bool { return c.Position == t.Act })
	if i < 0 || !a.after(t.Act) {
		return Refuse(NoSuch, string(t.Act.Member)+"/"+itoa(int64(t.Act.Index)), "noun", "correction")
	}
	c := f.g.Corrections[i]
	_, accepted := c.Accepted[a.Member]
	_, objected := c.Objected[a.Member]
	switch {
	case c.Member == a.Member:
		return Refuse(NotYours, "correction")
	case accepted || objected:
		return Refuse(Already, string(a.Kind))
	}
	into := &c.Accepted
	if a.Kind == KindAgreementCorrectObject {
		into = &c.Objected
	}
	if *into == nil {
		*into = map[MemberID]Step{}
	}
	(*into)[a.Member] = a.step()
	return nil
}

func (f *agreementFold) proposeCorrection(a *Act) error {
	t, err := terms[correctionActTerms](a)
	if err == nil {
		err = t.CorrectionTerms.check()
	}
	if err == nil {
		err = f.tabled(t.Hash)
	}
	if err == nil {
		err = t.Authority.check()
	}
	switch {
	case err != nil:
		return err
	case a.Content == nil:
		return Refuse(Missing, "content")
	case !t.Date.Valid():
		return Refuse(Malformed, "date", "want", "2026-12-01")
	case !slices.Contains(f.g.version(t.Hash).Clauses.Languages, t.Lang):
		return Refuse(NotOneOf, "lang", "got", t.Lang)
	}
	signed := f.g.signedFor(a)
	if f.g.frozenFor(a) != t.Hash && (signed == nil || signed.Hash != t.Hash) {
		return Refuse(NotFrozen, string(f.g.ID))
	}
	c := &Correction{Mark: *f.mark(a, t.Authority, PowersFor(a.Kind), t.Date), CorrectionTerms: t.CorrectionTerms}
	f.register(a, &c.Mark, PowersFor(a.Kind))
	f.g.Corrections = append(f.g.Corrections, c)
	return nil
}

// CorrectionState tells what became of a correction on a day: "proposed", "accepted" (from the start), "objected".
func (g *Agreement) CorrectionState(c *Correction, today Date) string {
	switch {
	case len(c.Objected) > 0:
		return "objected"
	case !c.Counts():
		return "proposed"
	case len(c.Accepted) == len(g.Parties)-1:
		return "accepted"
	case g.Multilateral() && c.ObjectBy != "" && today > c.ObjectBy:
		return "accepted" // by silence: Vienna Convention, article 79(2)(b)
	}
	return "proposed"
}

// remark applies acts that change no obligation.
func (f *agreementFold) remark(a *Act) error {
	switch a.Kind {
	case KindAgreementDormant:
		t, err := terms[dormancyActTerms](a)
		if err == nil {
			err = f.party(a)
		}
		if err == nil {
			err = t.DormancyTerms.check()
		}
		if err != nil {
			return err
		}
		if f.g.Dormant == nil {
			f.g.Dormant = map[MemberID]Dormancy{}
		}
		f.g.Dormant[a.Member] = Dormancy{Step: a.step(), DormancyTerms: t.DormancyTerms}
	case KindAgreementWake:
		if _, err := terms[Within](a); err != nil {
			return err
		}
		if _, marked := f.g.Dormant[a.Member]; !marked {
			return Refuse(NoSuch, "dormancy")
		}
		delete(f.g.Dormant, a.Member)
	case KindAgreementRegister:
		t, err := terms[registrationActTerms](a)
		if err == nil {
			err = t.RegistrationTerms.check()
		}
		if err == nil && (f.g.Multilateral() && f.g.Force().Date == "" || !f.g.Multilateral() && f.g.signedFor(a) == nil) {
			err = Refuse(NotSigned, string(f.g.ID))
		}
		if err != nil {
			return err
		}
		f.g.Registrations = append(f.g.Registrations, Registration{Step: a.step(), RegistrationTerms: t.RegistrationTerms})
	case KindAgreementMilestone:
		t, err := terms[milestoneActTerms](a)
		if err == nil {
			err = t.MilestoneTerms.check()
		}
		if err != nil {
			return err
		}
		f.g.Milestones = append(f.g.Milestones, SharedStep{Step: a.step(), MilestoneTerms: t.MilestoneTerms})
	}
	return nil
}

func sortedPositions[V any](m map[Position]V) []Position {
	all := make([]Position, 0, len(m))
	for p := range m {
		all = append(all, p)
	}
	slices.SortFunc(all, func(a, b Position) int { return Compare(&Act{Position: a}, &Act{Position: b}) })
	return all
}
