package jisr

import (
	"maps"
	"slices"
)

// The window in which a text is signed. Two parties on two nodes cannot sign at the same instant, and a link can be cut
// between any two steps, so signing takes three:
//
//	each seals       "ready to sign this text, with these hashes, until this hour"    may unseal
//	each commits     "I sign", once it holds every seal                               binds it until the window closes
//	each states      in the procès-verbal that it holds every commitment              all have: signed
//	or says lapsed   the window closed, and it did not hold every commitment          never signed in this window
//
// A party says one of procès-verbal and lapse in its own log, never both, and whether it may say it follows from what it
// had received. So whether the text was signed is settled by entries alone: no clock decides it, no order of arrival
// changes it, and no party is left bound where another is not. The closing time is for people, and for the node, which
// says nothing in a window after it. A party that has stated the procès-verbal waits for the others' word.
// doc/decisions/0020 says why not otherwise.

func (w *Window) key() string {
	b, err := Terms(w.WindowTerms)
	if err != nil {
		panic("internal error: a window cannot be encoded: " + err.Error())
	}
	return string(b)
}

// Sealed tells whether every party stands in the window and holds the agreement to be the same.
func (g *Agreement) Sealed(w *Window) error { return g.sealedFor(w, nil) }

func (g *Agreement) sealedFor(w *Window, a *Act) error {
	first := w.Seals[g.Parties[0]]
	for _, m := range g.Parties {
		s := w.Seals[m]
		if s == nil || a != nil && !a.after(s.Position) {
			return Refuse(NotSealed, string(m))
		}
		if s.Binding != first.Binding {
			return Refuse(BindingDiffers, string(m))
		}
	}
	return nil
}

func (w *Window) shutFor(a *Act) bool {
	for _, s := range w.Shut {
		if a.after(s.Position) {
			return true
		}
	}
	return false
}

// liveFor is the window in which the writer stands, as far as it had received; nil when it stands in none.
func (f *agreementFold) liveFor(a *Act) *Window {
	for i := range f.g.Windows {
		w := &f.g.Windows[i]
		if w.Seals[a.Member] != nil && !w.shutFor(a) {
			return w
		}
	}
	return nil
}

func (f *agreementFold) window(a *Act) error {
	if err := f.party(a); err != nil {
		return err
	}
	if a.Kind == KindAgreementCommit {
		t, err := terms[CommitTerms](a)
		if err == nil {
			err = t.Window.check(f.g.Parties)
		}
		if err == nil {
			err = t.Authority.check()
		}
		if err != nil {
			return err
		}
		return f.commit(a, &t)
	}
	t, err := terms[SealTerms](a)
	if err == nil {
		err = t.Window.check(f.g.Parties)
	}
	if err != nil {
		return err
	}
	if a.Kind == KindAgreementSeal {
		return f.seal(a, &t.Window)
	}
	w := f.windowOf(&t.Window)
	if w == nil || w.Seals[a.Member] == nil {
		return Refuse(NotSealed, string(a.Member))
	}
	switch a.Kind {
	case KindAgreementUnseal:
		return f.unseal(a, w)
	case KindAgreementLapse:
		return f.lapse(a, w)
	}
	return f.verbal(a, w)
}

func (f *agreementFold) windowOf(t *WindowTerms) *Window {
	key := (&Window{WindowTerms: *t}).key()
	for i := range f.g.Windows {
		if f.g.Windows[i].key() == key {
			return &f.g.Windows[i]
		}
	}
	return nil
}

func (f *agreementFold) seal(a *Act, t *WindowTerms) error {
	if err := f.tabled(t.Hash); err != nil {
		return err
	}
	binding, said := f.g.Intents[a.Member]
	re := agreedOn(f.g.Reopened, t.Hash)
	switch frozen := f.g.frozenFor(a); {
	case f.g.Multilateral():
		return Refuse(NotOneOf, "kind", "got", string(a.Kind))
	case f.g.signedFor(a) != nil:
		return Refuse(SignedAlready, string(f.g.ID))
	case !said:
		return Refuse(Missing, "binding")
	case frozen != "" && frozen != t.Hash:
		return Refuse(Frozen, string(f.g.ID))
	case re != nil && re.By[a.Member] != nil:
		return Refuse(ReopenedText, string(t.Hash))
	case f.liveFor(a) != nil:
		return Refuse(Sealed, "window")
	}
	w := f.windowOf(t)
	if w == nil {
		f.g.Windows = append(f.g.Windows, Window{WindowTerms: *t, Seals: map[MemberID]*Seal{}})
		w = &f.g.Windows[len(f.g.Windows)-1]
	}
	if w.Seals[a.Member] != nil {
		return Refuse(Already, "seal")
	}
	w.Seals[a.Member] = &Seal{Step: a.step(), Binding: binding}
	return nil
}

// commit: once the writer holds every seal. A differing intention to be bound blocks it.
func (f *agreementFold) commit(a *Act, t *CommitTerms) error {
	w := f.windowOf(&t.Window)
	if w == nil || w.Seals[a.Member] == nil {
		return Refuse(NotSealed, string(a.Member))
	}
	if err := f.g.sealedFor(w, a); err != nil {
		return err
	}
	switch {
	case w.Commits[a.Member] != nil:
		return Refuse(Already, "commit")
	case w.shutFor(a):
		return Refuse(WindowShut, "window")
	case t.Mode != FullSignature && t.Mode != SignatureAdReferendum:
		return Refuse(NotOneOf, "mode", "got", string(t.Mode), "allowed", "full, ad-referendum")
	}
	s := &Sign{Mode: t.Mode, Mark: Mark{Step: a.step(), Authority: t.Authority, Date: w.Date}}
	s.ToConfirm = t.Mode == SignatureAdReferendum || !f.authorised(a, t.Authority, PowersFor(a.Kind), w.Date)
	f.register(a, &s.Mark, PowersFor(a.Kind))
	if w.Commits == nil {
		w.Commits = map[MemberID]*Sign{}
	}
	w.Commits[a.Member] = s
	return nil
}

func (f *agreementFold) unseal(a *Act, w *Window) error {
	if w.Commits[a.Member] != nil {
		return Refuse(Committed, "window")
	}
	return w.shut(a)
}

func (f *agreementFold) lapse(a *Act, w *Window) error {
	if w.Commits[a.Member] == nil {
		return Refuse(NotCommitted, string(a.Member))
	}
	if _, stated := w.Verbals[a.Member]; stated {
		return Refuse(Committed, "window")
	}
	return w.shut(a)
}

func (w *Window) shut(a *Act) error {
	if _, done := w.Shut[a.Member]; done || w.shutFor(a) {
		return Refuse(WindowShut, "window")
	}
	if w.Shut == nil {
		w.Shut = map[MemberID]Step{}
	}
	w.Shut[a.Member] = a.step()
	return nil
}

func (f *agreementFold) verbal(a *Act, w *Window) error {
	for _, m := range f.g.Parties {
		if c := w.Commits[m]; c == nil || !a.after(c.Position) {
			return Refuse(NotCommitted, string(m))
		}
	}
	if w.shutFor(a) {
		return Refuse(WindowShut, "window")
	}
	if _, done := w.Verbals[a.Member]; done {
		return Refuse(Already, "proces-verbal")
	}
	if w.Verbals == nil {
		w.Verbals = map[MemberID]Step{}
	}
	w.Verbals[a.Member] = a.step()
	return nil
}

// Unsure tells, after the closing time, whether a procès-verbal may still be on its way: this node holds all commitments
// and not all procès-verbaux. The text counts as not signed until it comes: in doubt fewer obligations.
func (w *Window) Unsure(parties []MemberID) bool {
	return len(w.Shut) == 0 && len(w.Commits) == len(parties) && len(w.Verbals) > 0 && len(w.Verbals) < len(parties)
}

// MayLapse is what saying that the window lapsed, now, would meet.
func (g *Agreement) MayLapse(by MemberID) error {
	w := g.Open()
	if w == nil || w.Commits[by] == nil {
		return Refuse(NotCommitted, string(by))
	}
	if _, stated := w.Verbals[by]; stated {
		return Refuse(Committed, "window")
	}
	return nil
}

// missing lists the parties that have no entry yet.
func missing[V any](parties []MemberID, have map[MemberID]V) []MemberID {
	return slices.DeleteFunc(slices.Clone(parties), func(m MemberID) bool { return slices.Contains(slices.Collect(maps.Keys(have)), m) })
}
