package jisr

import (
	"encoding/json"
	"slices"
)

// agreementFold is an agreement while its acts are applied, in their order. A rule looks at what the writer of an act
// had received, never at what merely sorts before it: so an act that is in effect stays so, whatever arrives later.
type agreementFold struct {
	g        *Agreement
	propose  *Act
	mandates map[ThingID]*Mandate
	marks    map[Position]*Mark
	what     map[Position]MandateAct
	notices  map[Position]*Notice
	applied  []*Act             // in effect
	said     map[saidKey]int    // how many of these, by member and kind
	concords map[concordKey]int // where each finding stands in g.Concordance
	found    map[MemberID]int   // findings by member
	voids    map[Position]*Refusal
}

// foldAgreement gives the state of one agreement from the acts about it, about the mandates given for it and about the
// agreements that belong to it. They come sorted.
func foldAgreement(id ThingID, acts []Act, voids map[Position]*Refusal) *Agreement {
	about := map[ThingID][]Act{}
	for i := range acts {
		about[acts[i].About] = append(about[acts[i].About], acts[i])
	}
	mandates := map[ThingID]*Mandate{}
	for _, t := range sortedKeys(about) {
		if t.Noun() == "mandate" {
			mandates[t] = foldMandate(t, about[t], map[Position]*Refusal{})
		}
	}
	g := buildAgreement(id, about[id], mandates, voids)
	if g == nil {
		return nil
	}
	for _, t := range sortedKeys(about) {
		if t != id && t.Noun() == "agreement" {
			g.relate(buildAgreement(t, about[t], mandates, map[Position]*Refusal{}))
		}
	}
	g.rebase(about)
	return g
}

// buildAgreement applies the acts about one agreement.
//
// To abandon it is one party's act and ends a joint one that is not complete; a complete one beats it where it had not
// been received (practice 5.4, P4). So first all is applied that had not seen it. If the parties are bound by that alone,
// it came too late and is void; else it stands, and what had seen it is void.
func buildAgreement(id ThingID, acts []Act, mandates map[ThingID]*Mandate, voids map[Position]*Refusal) *Agreement {
	propose := proposalOf(id, acts, voids)
	if propose == nil {
		for i := range acts {
			if voids[acts[i].Position] == nil {
				voids[acts[i].Position] = Refuse(NoSuch, string(id))
			}
		}
		return nil
	}
	start := func() *agreementFold { return newAgreementFold(id, propose, mandates) }
	endings, rest := start().endings(acts, voids)
	early := slices.DeleteFunc(slices.Clone(rest), func(a *Act) bool { return sawEnding(a, endings) })
	f := start()
	f.run(early)
	if f.g.bound() {
		f = start()
		f.run(rest)
		for _, e := range endings {
			f.voids[e.act.Position] = Refuse(Bound, string(id))
		}
	} else {
		f.abandon(endings, rest)
	}
	for p, r := range f.voids {
		voids[p] = r
	}
	return f.g
}

func proposalOf(id ThingID, acts []Act, voids map[Position]*Refusal) *Act {
	var first *Act
	for i := range acts {
		a := &acts[i]
		if a.Kind != KindAgreementPropose {
			continue
		}
		t, err := terms[ProposeTerms](a)
		if err == nil && id.Maker() != a.Member {
			err = Refuse(NotYours, "agreement")
		}
		if err == nil && t.Of == id {
			err = Refuse(Malformed, "of")
		}
		if err == nil {
			err = t.Handling.Check()
		}
		if err == nil {
			err = t.Check(a.Member)
		}
		switch {
		case err != nil:
			voids[a.Position] = asRefusal(err)
		case first != nil:
			voids[a.Position] = Refuse(Already, "propose")
		default:
			first = a
		}
	}
	return first
}

func newAgreementFold(id ThingID, propose *Act, mandates map[ThingID]*Mandate) *agreementFold {
	t, _ := terms[ProposeTerms](propose) // proposalOf has read it
	s := propose.step()
	return &agreementFold{
		g: &Agreement{ID: id, ProposeTerms: t, From: propose.Member, Proposed: s, Accepted: map[MemberID]Step{propose.Member: s},
			Intents: map[MemberID]bool{propose.Member: t.Binding}, Last: s},
		propose: propose, mandates: mandates, marks: map[Position]*Mark{}, what: map[Position]MandateAct{}, notices: map[Position]*Notice{},
		voids: map[Position]*Refusal{}, said: map[saidKey]int{}, concords: map[concordKey]int{}, found: map[MemberID]int{},
	}
}

// ending is an abandonment, and the act by which it has effect: itself, or its confirmation.
type ending struct{ act, effect *Act }

// endings picks the abandonments out of the acts, with the confirmations they needed.
func (f *agreementFold) endings(acts []Act, voids map[Position]*Refusal) (all []ending, rest []*Act) {
	waiting := map[Position]*Act{}
	for i := range acts {
		a := &acts[i]
		switch {
		case a.Kind == KindAgreementPropose:
		case f.g.Multilateral(): // one participant ends nothing for the others
			rest = append(rest, a)
		case a.Kind == KindAgreementAbandon:
			t, err := terms[noticeActTerms](a)
			if err == nil {
				err = f.admit(a)
			}
			if err == nil {
				err = checkNotice(&t)
			}
			switch {
			case err != nil:
				voids[a.Position] = asRefusal(err)
			case f.authorised(a, t.Authority, MayNotify, t.Date):
				all = append(all, ending{a, a})
			default:
				waiting[a.Position] = a
			}
		case a.Kind == KindAgreementConfirm:
			t, err := terms[ActTerms](a)
			if w := waiting[t.Act]; err == nil && w != nil && w.Member == a.Member && f.authorised(a, t.Authority, MayNotify, t.Date) {
				all = append(all, ending{w, a})
				delete(waiting, t.Act)
				continue
			}
			rest = append(rest, a)
		default:
			rest = append(rest, a)
		}
	}
	for p := range waiting {
		voids[p] = Refuse(NoAuthority, string(MayNotify))
	}
	return all, rest
}

func sawEnding(a *Act, endings []ending) bool {
	return slices.ContainsFunc(endings, func(e ending) bool { return a.after(e.effect.Position) })
}

// abandon lets endings stand that had not seen another, and voids what had seen one.
func (f *agreementFold) abandon(endings []ending, rest []*Act) {
	for _, e := range endings {
		if sawEnding(e.act, endings) || f.g.Abandoned[e.act.Member] != (Step{}) {
			f.voids[e.act.Position] = Refuse(Already, "abandon")
			continue
		}
		if f.g.Abandoned == nil {
			f.g.Abandoned = map[MemberID]Step{}
		}
		f.g.Abandoned[e.act.Member] = e.effect.step()
	}
	for _, a := range rest {
		if sawEnding(a, endings) {
			f.voids[a.Position] = Refuse(AbandonedAlready, string(f.g.ID))
		}
	}
}

func (f *agreementFold) run(acts []*Act) {
	for _, a := range acts {
		err := f.admit(a)
		if err == nil {
			err = f.measure(a)
		}
		if err == nil {
			err = f.apply(a)
		}
		if err != nil {
			f.voids[a.Position] = asRefusal(err)
			continue
		}
		f.applied = append(f.applied, a)
		f.said[saidKey{a.Member, a.Kind}]++
		f.g.Last = a.step()
	}
	f.impliedReceipts()
	f.settleBrackets()
}

// admit holds every act against what all need: the writer knows of the agreement, takes part in it, and names what it
// belongs to.
func (f *agreementFold) admit(a *Act) error {
	if !a.after(f.propose.Position) {
		return Refuse(NoSuch, string(f.g.ID))
	}
	var w Within
	if err := json.Unmarshal(a.Terms, &w); err != nil {
		return Refuse(Malformed, "terms", "error", err.Error())
	}
	if w.Of != f.g.Of {
		return Refuse(Malformed, "of", "want", string(f.g.Of))
	}
	if !slices.Contains(f.g.Parties, a.Member) && !f.g.Multilateral() {
		return Refuse(NotParty, string(a.Member))
	}
	return nil
}

// measure bounds what one member can say with effect, so that a hostile one makes nothing slow; each has its own measure.
func (f *agreementFold) measure(a *Act) error {
	limit := MaxKindActs
	switch a.Kind {
	case KindAgreementBracket, KindAgreementBracketAccept, KindAgreementBracketWithdraw, KindAgreementConcord:
		limit = MaxWordings
	}
	if f.said[saidKey{a.Member, a.Kind}] >= limit {
		return Refuse(TooMany, string(a.Kind), "max", itoa(limit))
	}
	return nil
}

func (f *agreementFold) apply(a *Act) error {
	switch a.Kind {
	case KindAgreementNegotiate, KindAgreementDeclare:
		return f.intend(a)
	case KindAgreementTable, KindAgreementBracket, KindAgreementBracketAccept, KindAgreementBracketWithdraw, KindAgreementConcord,
		KindAgreementAdopt, KindAgreementInitial, KindAgreementReopen:
		return f.draft(a)
	case KindAgreementSeal, KindAgreementUnseal, KindAgreementCommit, KindAgreementVerbal, KindAgreementLapse:
		return f.window(a)
	case KindAgreementNotify, KindAgreementDenounce, KindAgreementSuspend, KindAgreementProvEnd:
		return f.notice(a)
	case KindAgreementXchg, KindAgreementForce, KindAgreementProvis, KindAgreementExtend, KindAgreementPause, KindAgreementResume, KindAgreementTerminate:
		return f.accord(a)
	case KindAgreementConfirm, KindAgreementReceive, KindAgreementObject, KindAgreementRevoke, KindAgreementContest:
		return f.answer(a)
	case KindAgreementCorrect, KindAgreementCorrectAccept, KindAgreementCorrectObject:
		return f.correct(a)
	case KindAgreementDormant, KindAgreementWake, KindAgreementRegister, KindAgreementMilestone:
		return f.remark(a)
	}
	return f.participate(a)
}

// authorised tells whether somebody may do this for its member: by office, by full powers that cover it, or because the
// member does not hold the agreement to bind, so that no full powers are needed (Vienna Convention, article 7).
func (f *agreementFold) authorised(a *Act, by Authority, what MandateAct, on Date) bool {
	if binding, said := f.g.Intents[a.Member]; said && !binding {
		return true
	}
	switch by.Capacity {
	case HeadOfState, HeadOfGovernment, ForeignMinister:
		return true
	case HeadOfMission:
		if what == MayAdopt {
			return true
		}
	}
	m := f.mandates[by.Mandate]
	return m != nil && m.Covers(a, what, on) && (f.g.Of == "" || slices.Contains(m.Subjects, f.g.Of))
}

// mark makes the mark of an act, which waits for confirmation when its authority was not shown.
func (f *agreementFold) mark(a *Act, by Authority, what MandateAct, on Date) *Mark {
	m := &Mark{Step: a.step(), Authority: by, Date: on, ToConfirm: !f.authorised(a, by, what, on)}
	f.register(a, m, what)
	return m
}

func (f *agreementFold) register(a *Act, m *Mark, what MandateAct) {
	f.marks[a.Position], f.what[a.Position] = m, what
}

// sawAll tells whether the writer had received a mark of every party that counts.
func (g *Agreement) sawAll(a *Act, by Marks) bool {
	for _, m := range g.Parties {
		if k := by[m]; k == nil || !k.seenBy(a) {
			return false
		}
	}
	return true
}

func (m *Mark) seenBy(a *Act) bool {
	if a == nil {
		return m.Counts()
	}
	return a.after(m.Position) && (!m.ToConfirm || m.Confirmed != nil && a.after(m.Confirmed.Position))
}

// frozenFor is the text that all have initialled and not reopened, as far as the writer had received; nil: as far as
// anybody has.
func (g *Agreement) frozenFor(a *Act) Commitment {
	for i := len(g.Versions) - 1; i >= 0; i-- {
		h := g.Versions[i].Hash
		if in := agreedOn(g.Initials, h); in == nil || !g.sawAll(a, in.By) {
			continue
		}
		if re := agreedOn(g.Reopened, h); re == nil || !g.sawAll(a, re.By) {
			return h
		}
	}
	return ""
}

func agreedOn(all []Agreed, h Commitment) *Agreed {
	for i := range all {
		if all[i].Hash == h {
			return &all[i]
		}
	}
	return nil
}

// signedFor tells whether the writer had received every party's procès-verbal.
func (g *Agreement) signedFor(a *Act) *Window {
	w := g.Signed()
	if w == nil {
		return nil
	}
	for _, s := range w.Verbals {
		if !a.after(s.Position) {
			return nil
		}
	}
	return w
}

func (f *agreementFold) intend(a *Act) error {
	t, err := terms[IntentTerms](a)
	if err != nil {
		return err
	}
	if err := f.party(a); err != nil {
		return err
	}
	if a.Kind == KindAgreementNegotiate {
		if err := f.g.MayNegotiate(a.Member); err != nil {
			return err
		}
		f.g.Accepted[a.Member] = a.step()
	} else if f.liveFor(a) != nil {
		return Refuse(Sealed, "window")
	} else if f.g.signedFor(a) != nil {
		return Refuse(SignedAlready, string(f.g.ID))
	}
	f.g.Intents[a.Member] = t.Binding
	return nil
}

// MayNegotiate is what accepting to negotiate, said now, would meet.
func (g *Agreement) MayNegotiate(by MemberID) error {
	if _, done := g.Accepted[by]; done {
		return Refuse(Already, "negotiate")
	}
	return nil
}

func (f *agreementFold) party(a *Act) error {
	if !slices.Contains(f.g.Parties, a.Member) {
		return Refuse(NotParty, string(a.Member))
	}
	return nil
}

// draft applies acts about the text before it is signed, and the concordance of its languages at any time.
func (f *agreementFold) draft(a *Act) error {
	if err := f.party(a); err != nil {
		return err
	}
	if a.Kind == KindAgreementConcord {
		return f.concord(a)
	}
	if f.g.signedFor(a) != nil {
		return Refuse(SignedAlready, string(f.g.ID))
	}
	switch a.Kind {
	case KindAgreementTable:
		return f.table(a)
	case KindAgreementBracket:
		return f.bracket(a)
	case KindAgreementBracketAccept, KindAgreementBracketWithdraw:
		return f.onBracket(a)
	}
	return f.onText(a)
}

// ReadTable gives the terms of an agreement.table, as far as they are well formed.
func ReadTable(a *Act) (TableTerms, error) { return terms[TableTerms](a) }

func (f *agreementFold) table(a *Act) error {
	t, err := terms[TableTerms](a)
	if err == nil {
		err = t.check(f.g.Parties)
	}
	switch {
	case err != nil:
		return err
	case a.Content == nil:
		return Refuse(Missing, "content")
	case f.g.frozenFor(a) != "":
		return Refuse(Frozen, string(f.g.ID))
	case f.g.version(t.Hash) != nil:
		return Refuse(Already, "table")
	}
	no := 1
	for i := range f.g.Versions {
		if f.g.Versions[i].Member == a.Member {
			no++
		}
	}
	f.g.Versions = append(f.g.Versions, Version{Step: a.step(), No: no, Hash: t.Hash, Base: t.Base, Clauses: t.Clauses, Changes: t.Changes})
	return nil
}

// tabled refuses a text that nobody tabled.
func (f *agreementFold) tabled(h Commitment) error {
	if err := checkHash(h); err != nil {
		return err
	}
	if f.g.version(h) == nil {
		return Refuse(NoSuch, string(h), "noun", "text")
	}
	return nil
}

func (f *agreementFold) bracket(a *Act) error {
	t, err := terms[BracketTerms](a)
	if err == nil {
		err = f.tabled(t.Hash)
	}
	switch {
	case err != nil:
		return err
	case !ValidSegment(t.Segment):
		return Refuse(Malformed, "segment")
	case t.Op != BracketReplace && t.Op != BracketAfter && t.Op != BracketDelete:
		return Refuse(NotOneOf, "op", "got", string(t.Op), "allowed", "replace, after, delete")
	case t.Op != BracketDelete && a.Content == nil:
		return Refuse(Missing, "content")
	case f.g.frozenFor(a) != "":
		return Refuse(Frozen, string(f.g.ID))
	}
	f.g.Brackets = append(f.g.Brackets, Bracket{Step: a.step(), BracketTerms: t, State: BracketOpen})
	return nil
}

func (f *agreementFold) onBracket(a *Act) error {
	t, err := terms[ActTerms](a)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(f.g.Brackets, func(b Bracket) bool { return b.Position == t.Act })
	if i < 0 || !a.after(t.Act) {
		return Refuse(NoSuch, string(t.Act.Member)+"/"+itoa(int64(t.Act.Index)), "noun", "bracket")
	}
	b := &f.g.Brackets[i]
	own := a.Member == b.Member
	_, accepted := b.Accepted[a.Member]
	switch {
	case own != (a.Kind == KindAgreementBracketWithdraw):
		return Refuse(NotYours, "bracket")
	case accepted, b.Taken != nil && (own || a.after(b.Taken.Position)):
		return Refuse(Already, "bracket")
	case own && f.g.acceptedFor(b, a):
		return Refuse(Already, "bracket")
	case own:
		s := a.step()
		b.Taken = &s
	default:
		if b.Accepted == nil {
			b.Accepted = map[MemberID]Step{}
		}
		b.Accepted[a.Member] = a.step()
	}
	return nil
}

// acceptedFor tells whether every other party accepted a wording, as far as the writer had received; nil: at all.
func (g *Agreement) acceptedFor(b *Bracket, a *Act) bool {
	for _, m := range g.Parties {
		if s, ok := b.Accepted[m]; m != b.Member && (!ok || a != nil && !a.after(s.Position)) {
			return false
		}
	}
	return true
}

// settleBrackets says what became of each wording: a complete acceptance beats a withdrawal it had not received.
func (f *agreementFold) settleBrackets() {
	done := f.g.Frozen() != "" || f.g.Signed() != nil
	for i := range f.g.Brackets {
		b := &f.g.Brackets[i]
		switch {
		case f.g.acceptedFor(b, nil):
			b.State = BracketAccepted
			if b.Taken != nil {
				f.voids[b.Taken.Position] = Refuse(Already, "bracket")
				b.Taken = nil
			}
		case b.Taken != nil:
			b.State = BracketWithdrawn
		case done:
			b.State = BracketSettled
		}
	}
}

func (f *agreementFold) concord(a *Act) error {
	t, err := terms[ConcordTerms](a)
	if err == nil {
		err = f.tabled(t.Hash)
	}
	if err == nil {
		err = checkSegments("segments", t.Segments)
	}
	if err != nil {
		return err
	}
	langs := f.g.version(t.Hash).Clauses.Languages
	switch {
	case !slices.Contains(langs, t.Pair[0]) || !slices.Contains(langs, t.Pair[1]) || t.Pair[0] >= t.Pair[1]:
		return Refuse(Malformed, "pair")
	case t.Word != ConcordChecked && t.Word != ConcordDisputed:
		return Refuse(NotOneOf, "word", "got", string(t.Word), "allowed", "checked, disputed")
	}
	segments := t.Segments
	if len(segments) == 0 {
		segments = []string{""}
	}
	if f.found[a.Member] += len(segments); f.found[a.Member] > MaxSegments*MaxLanguages {
		f.found[a.Member] -= len(segments)
		return Refuse(TooMany, "segments", "max", itoa(MaxSegments*MaxLanguages))
	}
	for _, s := range segments {
		f.concordOn(concordKey{t.Hash, t.Pair[0] + " " + t.Pair[1], s}).By[a.Member] = t.Word
	}
	return nil
}

// saidKey is who said what kind of act.
type saidKey struct {
	member MemberID
	kind   Kind
}

// concordKey is what a finding is about.
type concordKey struct {
	hash          Commitment
	pair, segment string
}

func (f *agreementFold) concordOn(k concordKey) *Concord {
	i, known := f.concords[k]
	if !known {
		i = len(f.g.Concordance)
		f.concords[k] = i
		f.g.Concordance = append(f.g.Concordance, Concord{Hash: k.hash, Pair: k.pair, Segment: k.segment, By: map[MemberID]ConcordanceWord{}})
	}
	return &f.g.Concordance[i]
}

// onText applies adopt, initial and reopen.
func (f *agreementFold) onText(a *Act) error {
	t, err := terms[TextTerms](a)
	if err == nil {
		err = f.tabled(t.Hash)
	}
	if err == nil && !t.Date.Valid() {
		err = Refuse(Malformed, "date", "want", "2026-12-01")
	}
	if err == nil {
		err = t.Authority.check()
	}
	if err != nil {
		return err
	}
	list := &f.g.Adopted
	switch frozen := f.g.frozenFor(a); a.Kind {
	case KindAgreementInitial:
		list = &f.g.Initials
		if frozen != "" && frozen != t.Hash {
			return Refuse(Frozen, string(f.g.ID))
		}
		if re := agreedOn(f.g.Reopened, t.Hash); re != nil && re.By[a.Member] != nil {
			return Refuse(ReopenedText, string(t.Hash))
		}
	case KindAgreementReopen:
		list = &f.g.Reopened
		if frozen != t.Hash {
			return Refuse(NotFrozen, string(f.g.ID))
		}
		if f.liveFor(a) != nil {
			return Refuse(Sealed, "window")
		}
	}
	on := agreedOn(*list, t.Hash)
	if on == nil {
		*list = append(*list, Agreed{Hash: t.Hash, By: Marks{}})
		on = &(*list)[len(*list)-1]
	}
	if on.By[a.Member] != nil {
		return Refuse(Already, string(a.Kind))
	}
	on.By[a.Member] = f.mark(a, t.Authority, PowersFor(a.Kind), t.Date)
	f.initialsSign()
	return nil
}

// initialsSign makes complete initials a signature where the text says they are (Vienna Convention, article 12(2)(a)).
func (f *agreementFold) initialsSign() {
	if f.g.Signed() != nil {
		return
	}
	for i := range f.g.Initials {
		in := &f.g.Initials[i]
		if !f.g.version(in.Hash).Clauses.Initials || !f.g.all(in.By) {
			continue
		}
		w := Window{WindowTerms: WindowTerms{Hash: in.Hash}, Seals: map[MemberID]*Seal{}, Commits: map[MemberID]*Sign{}, Verbals: map[MemberID]Step{}}
		for m, k := range in.By {
			w.Seals[m] = &Seal{Step: k.Step, Binding: f.g.Intents[m]}
			w.Commits[m] = &Sign{Mark: *k, Mode: FullSignature}
			w.Verbals[m] = k.Step
			w.Date = max(w.Date, k.Date, k.Confirms)
		}
		f.g.Windows = append(f.g.Windows, w)
		return
	}
}
