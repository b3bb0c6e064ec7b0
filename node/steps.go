package node

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"jisr"
	"jisr/book"
	"jisr/ledger"
)

// Step is a joint act that a desk wants to say: about an agreement, full powers, a body, a meeting, minutes or a commitment.
// Terms and Body are as its kind has them (see jisr's agreementacts.go); what the node knows itself may be left out and is
// filled in when the act goes: the agreement it belongs to, today, the text that counts, the open signing window, the hash
// and clauses of a text, the rules of the body, the minutes that are signed.
type Step struct {
	Kind  jisr.Kind
	Terms json.RawMessage
	Body  json.RawMessage
	Files []jisr.DraftFile // evidence
}

// NewStep makes a step of terms and a body; nil for none.
func NewStep(kind jisr.Kind, terms, body any) (Step, error) {
	s := Step{Kind: kind}
	for _, part := range []struct {
		v    any
		into *json.RawMessage
	}{{terms, &s.Terms}, {body, &s.Body}} {
		if part.v == nil {
			continue
		}
		raw, err := jisr.Terms(part.v)
		if err != nil {
			return s, err
		}
		*part.into = raw
	}
	return s, nil
}

// DraftStep prepares a joint act in the house: the first version when ID is empty. About is empty for what begins a thing:
// agreement.propose, mandate.issue. A second official clears and releases it. Nothing that could not go is drafted.
type DraftStep struct {
	Forum   jisr.ForumID
	About   jisr.ThingID
	ID      jisr.ThingID
	Version int
	Step    Step
}

// ClearStep says that an outgoing act is fit to go. Whoever drafted it does not clear it.
type ClearStep struct {
	ID      jisr.ThingID
	Version int
}

// ReturnStep sends an outgoing act back to its drafter, with a reason.
type ReturnStep struct {
	ID      jisr.ThingID
	Version int
	Reason  string
}

// DiscardStep ends an outgoing act. It stays in the house log.
type DiscardStep struct {
	ID      jisr.ThingID
	Version int
}

// ReleaseStep lets a cleared act go. Kind is the act's own: what it takes to release it is a matter of its kind. Whoever
// drafted it does not release it.
type ReleaseStep struct {
	ID      jisr.ThingID
	Version int
	Kind    jisr.Kind
}

// SayStep drafts and releases at once: for programs that policy lets (duty sending), and for receipts. With a Key, what
// begins a thing is begun once.
type SayStep struct {
	Forum jisr.ForumID
	About jisr.ThingID
	Step  Step
	Key   string
}

// PlanDomestic sets the steps of the domestic track of an agreement. Version is the one it was made from, 0 for the first.
type PlanDomestic struct {
	Forum     jisr.ForumID
	Agreement jisr.ThingID
	Version   int
	Steps     []jisr.DomesticStep
}

// MoveDomestic says where a domestic step stands. It stays in the house; agreement.milestone tells the others.
type MoveDomestic struct {
	Forum     jisr.ForumID
	Agreement jisr.ThingID
	Move      jisr.DomesticTerms
}

func (DraftStep) verb() Verb    { return "outgoing.draft" }
func (ClearStep) verb() Verb    { return "outgoing.clear" }
func (ReturnStep) verb() Verb   { return "outgoing.return" }
func (DiscardStep) verb() Verb  { return "outgoing.discard" }
func (PlanDomestic) verb() Verb { return "domestic.plan" }
func (MoveDomestic) verb() Verb { return "domestic.step" }

func (c ReleaseStep) verb() Verb {
	if c.Kind == "" {
		return "outgoing.release"
	}
	return Verb(c.Kind)
}

func (c SayStep) verb() Verb {
	if c.Step.Kind == "" {
		return "outgoing.send"
	}
	return Verb(c.Step.Kind)
}

// agreementRows has the verbs of agreements and full powers, of outgoing acts and of the domestic track.
func agreementRows() []row {
	return []row{
		{"outgoing.draft", Drafting, free},
		{"outgoing.discard", Drafting, free},
		{"outgoing.clear", Clearing, free},
		{"outgoing.return", Clearing, free},
		{"outgoing.release", Releasing, free},
		{"outgoing.send", Sending, free},
		{"domestic.plan", Drafting, free},
		{"domestic.step", Drafting, free},

		{"agreement.propose", Negotiating, free},
		{"agreement.negotiate", Negotiating, free},
		{"agreement.declare", Negotiating, free},
		{"agreement.table", Negotiating, free},
		{"agreement.bracket", Negotiating, free},
		{"agreement.bracket-accept", Negotiating, free},
		{"agreement.bracket-withdraw", Negotiating, free},
		{"agreement.concord", Revising, free},
		{"agreement.adopt", Negotiating, free},
		{"agreement.initial", Signing, treaty},
		{"agreement.reopen", Signing, binding},
		{"agreement.seal", Signing, free},
		{"agreement.unseal", Signing, free},
		{"agreement.commit", Signing, treaty},
		{"agreement.proces-verbal", Signing, binding},
		{"agreement.lapse", Signing, free},
		{"agreement.confirm", Signing, treaty},
		{"agreement.sign", Signing, treaty},
		{"agreement.notify", Notifying, treaty},
		{"agreement.exchange", Notifying, treaty},
		{"agreement.deposit", Notifying, treaty},
		{"agreement.receive", Receiving, free},
		{"agreement.force-note", Notifying, binding},
		{"agreement.abandon", Notifying, treaty},
		{"agreement.provisional", Notifying, treaty},
		{"agreement.provisional-end", Notifying, treaty},
		{"agreement.extend", Notifying, treaty},
		{"agreement.suspend", Notifying, treaty},
		{"agreement.suspend-agreed", Notifying, treaty},
		{"agreement.resume", Notifying, treaty},
		{"agreement.object", Notifying, binding},
		{"agreement.denounce", Notifying, treaty},
		{"agreement.revoke", Notifying, treaty},
		{"agreement.terminate", Notifying, treaty},
		{"agreement.contest", Notifying, binding},
		{"agreement.correct", Revising, binding},
		{"agreement.correct-accept", Revising, binding},
		{"agreement.correct-object", Revising, free},
		{"agreement.reserve", Notifying, treaty},
		{"agreement.reserve-withdraw", Notifying, treaty},
		{"agreement.dormant", Notifying, free},
		{"agreement.wake", Notifying, free},
		{"agreement.register", Notifying, free},
		{"agreement.milestone", Notifying, free},
		{"mandate.issue", Empowering, treaty},
		{"mandate.verify", Empowering, free},
		{"mandate.revoke", Empowering, treaty},
	}
}

func (c DraftStep) decide(d *decision) error {
	id, version := c.ID, c.Version
	if id == "" {
		id, version = d.newThing("outgoing", c.Forum, ""), 0
		if c.About == "" {
			c.About = d.begun(c.Forum, c.Step, "")
		}
		named, err := d.knownTo(c.Forum, c.About)
		if err != nil {
			return err
		}
		if named == nil { // what begins a thing is known to who writes it
			named = []jisr.OfficialID{d.caller.By().Official}
		}
		d.about = &resource{id: c.About, forum: c.Forum, named: named}
	} else {
		row, _, err := d.outgoing(id)
		if err != nil {
			return err
		}
		if row.Forum != c.Forum || c.About != "" && row.About != c.About || row.Kind != c.Step.Kind {
			return jisr.Refuse(jisr.Malformed, "about")
		}
		if err := row.MayEdit(version); err != nil {
			return err
		}
		c.About = row.About
	}
	if err := d.checkUploads(c.Step.Files); err != nil {
		return err
	}
	draft := d.about // a draft is its drafters', whosever the thing is
	if _, err := d.plan(c.Forum, c.About, c.Step); err != nil {
		return err
	}
	draft.handling = cmp.Or(d.about.handling, c.Step.handling())
	d.about = draft
	d.done.Version, d.done.Forum = version+1, c.Forum
	return d.house(planned{
		kind: jisr.KindOutgoingDraft, about: id, terms: jisr.OutgoingTerms{Forum: c.Forum, About: c.About, Kind: c.Step.Kind, Version: version + 1},
		body: jisr.OutgoingBody{Terms: c.Step.Terms, Body: c.Step.Body, Files: c.Step.Files}, maxBody: 2 * jisr.MaxTextContent,
	})
}

// begun names the thing that a step begins: a session's name follows from its body and number.
func (d *decision) begun(forum jisr.ForumID, step Step, key string) jisr.ThingID {
	var t jisr.MeetingTerms
	if step.Kind == jisr.KindMeetingPropose && json.Unmarshal(step.Terms, &t) == nil && t.Session > 0 {
		return jisr.MeetingThing(t.Body, t.Session)
	}
	return d.newThing(nounOf(step.Kind), forum, key)
}

// knownTo lists who may know of a thing, as far as the caller does: they may look at what is said of it, too. Of what is not there
// yet, nobody.
func (d *decision) knownTo(forum jisr.ForumID, id jisr.ThingID) ([]jisr.OfficialID, error) {
	v, err := d.n.book.Thing(d.ctx, d.scope(), forum, id)
	if isRefusal(err, jisr.NoSuch) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return slices.Clone(d.aboutThing(forum, id, v.Summary.Handling, v.Desks, v.Officials).named), nil
}

// outgoing loads an act in preparation, for a command about it.
func (d *decision) outgoing(id jisr.ThingID) (*jisr.Outgoing, Step, error) {
	if err := d.touch(id); err != nil {
		return nil, Step{}, err
	}
	row, body, err := d.n.book.Outgoing(d.ctx, d.scope(), id)
	if err != nil {
		return nil, Step{}, err
	}
	o := &row.Outgoing
	r := &resource{id: o.About, forum: o.Forum, handling: row.Handling}
	for i, by := range o.Drafters {
		if i == 0 && by.Desk != "" {
			r.desks = append(r.desks, by.Desk)
		}
		r.drafters = append(r.drafters, by.Official)
	}
	named, err := d.knownTo(o.Forum, o.About)
	if err != nil {
		return nil, Step{}, err
	}
	r.named = slices.Concat(named, row.Officials)
	begun, err := d.n.book.Begun(d.ctx, d.scope(), o.Forum, o.About)
	if err == nil && begun.Custody != nil {
		r.desks = append(r.desks, slices.Sorted(maps.Keys(begun.Custody.Desks))...)
	}
	if err != nil && !isRefusal(err, jisr.NoSuch) {
		return nil, Step{}, err
	}
	d.about = r
	return o, Step{Kind: o.Kind, Terms: body.Terms, Body: body.Body, Files: body.Files}, o.MayChange()
}

// on decides about one version of an outgoing act.
func (d *decision) on(id jisr.ThingID, kind jisr.Kind, version int, reason string, may func(*jisr.Outgoing) error) (*jisr.Outgoing, Step, error) {
	o, step, err := d.outgoing(id)
	if err == nil {
		err = may(o)
	}
	if err != nil {
		return nil, step, err
	}
	d.done.Version, d.done.Forum = version, o.Forum
	return o, step, d.house(planned{kind: kind, about: id, terms: jisr.VersionTerms{Version: version, Reason: reason}})
}

func (c ClearStep) decide(d *decision) error {
	o, step, err := d.on(c.ID, jisr.KindOutgoingClear, c.Version, "", func(o *jisr.Outgoing) error { return o.MayClear(d.caller.By(), c.Version) })
	if err == nil { // nobody clears what could not be released as it is
		_, err = d.plan(o.Forum, o.About, step)
	}
	return err
}

func (c ReturnStep) decide(d *decision) error {
	if err := checkReason(c.Reason, true); err != nil {
		return err
	}
	_, _, err := d.on(c.ID, jisr.KindOutgoingReturn, c.Version, c.Reason, func(o *jisr.Outgoing) error { return o.MayReturn(d.caller.By(), c.Version) })
	return err
}

func (c DiscardStep) decide(d *decision) error {
	_, _, err := d.on(c.ID, jisr.KindOutgoingDiscard, c.Version, "", func(o *jisr.Outgoing) error { return o.MayEdit(c.Version) })
	return err
}

// decide releases: that it has gone, in the house, and the act itself, in one transaction.
func (c ReleaseStep) decide(d *decision) error {
	o, step, err := d.on(c.ID, jisr.KindOutgoingRelease, c.Version, "", func(o *jisr.Outgoing) error {
		if o.Kind != c.Kind {
			return jisr.Refuse(jisr.Malformed, "kind", "want", string(o.Kind))
		}
		return o.MayRelease(d.caller.By(), c.Version)
	})
	if err != nil {
		return err
	}
	d.facts.cleared = true
	return d.say(o.Forum, o.About, step)
}

func (c SayStep) decide(d *decision) error {
	if duty, _ := dutyOf(Verb(c.Step.Kind)); duty != Receiving && !d.own {
		if err := d.n.may(d.caller, "outgoing.send"); err != nil {
			return err
		}
	}
	begins := c.About == ""
	if begins {
		c.About = d.newThing(nounOf(c.Step.Kind), c.Forum, c.Key)
	}
	named, err := d.knownTo(c.Forum, c.About)
	if err != nil {
		return err
	}
	d.about = &resource{id: c.About, forum: c.Forum, named: named}
	if begins && c.Key != "" {
		fields, err := c.Step.fields()
		if err != nil {
			return err
		}
		p := planned{forum: c.Forum, kind: c.Step.Kind, about: c.About, terms: fields}
		if done, err := d.repeated(&p); done || err != nil {
			return err
		}
	}
	return d.say(c.Forum, c.About, c.Step)
}

func (d *decision) say(forum jisr.ForumID, about jisr.ThingID, step Step) error {
	p, err := d.plan(forum, about, step)
	if err != nil {
		return err
	}
	return d.joint(forum, p)
}

// fields are the members of a step's terms.
func (s *Step) fields() (map[string]json.RawMessage, error) {
	all := map[string]json.RawMessage{}
	if len(s.Terms) == 0 {
		return all, nil
	}
	if err := json.Unmarshal(s.Terms, &all); err != nil {
		return nil, jisr.Refuse(jisr.Malformed, "terms", "error", err.Error())
	}
	return all, nil
}

// handling is the level that a step gives the thing it begins.
func (s *Step) handling() jisr.Handling {
	var t struct {
		Handling jisr.Handling `json:"handling"`
	}
	if json.Unmarshal(s.Terms, &t) != nil { // the terms are held against their kind elsewhere
		return ""
	}
	return t.Handling
}

func nounOf(k jisr.Kind) string { n, _, _ := strings.Cut(string(k), "."); return n }

// plan completes a step and holds it against everything it will meet: its content, the clock, and the rules of the record,
// which are asked by folding it with what is there. What is planned here has effect.
func (d *decision) plan(forum jisr.ForumID, about jisr.ThingID, step Step) (planned, error) {
	if _, err := d.n.forum(forum); err != nil {
		return planned{}, err
	}
	noun := nounOf(step.Kind)
	if slices.Contains(saidNouns(), noun) && noun == about.Noun() && jisr.Known(step.Kind) {
		return d.saying(forum, about, step)
	}
	if noun != about.Noun() || noun != "agreement" && noun != "mandate" || !jisr.Known(step.Kind) {
		return planned{}, jisr.Refuse(jisr.NotOneOf, "kind", "got", string(step.Kind))
	}
	if err := d.touch(about); err != nil {
		return planned{}, err
	}
	acts, err := d.n.book.Concerning(d.ctx, d.scope(), forum, about)
	if err != nil {
		return planned{}, err
	}
	s := &said{d: d, forum: forum, about: about, step: step, acts: acts}
	return s.plan()
}

// said is a step while it is completed.
type said struct {
	d      *decision
	forum  jisr.ForumID
	about  jisr.ThingID
	step   Step
	acts   []jisr.Act
	g      *jisr.Agreement // nil: it is proposed only now, or the step is about full powers
	fields map[string]json.RawMessage
	body   any
}

func (s *said) plan() (planned, error) {
	var err error
	if s.fields, err = s.step.fields(); err != nil {
		return planned{}, err
	}
	if len(s.step.Body) > 0 {
		s.body = s.step.Body
	}
	if s.about.Noun() == "agreement" {
		st := jisr.Fold(s.about, s.acts)
		if s.g = st.Agreement; s.g == nil && s.step.Kind != jisr.KindAgreementPropose {
			return planned{}, jisr.Refuse(jisr.NoSuch, string(s.about), "noun", "agreement")
		}
		if s.g != nil && s.d.about != nil {
			s.d.about.handling = s.g.Handling
		}
		if err := s.complete(); err != nil {
			return planned{}, err
		}
	}
	p := planned{forum: s.forum, kind: s.step.Kind, about: s.about, terms: s.fields, body: s.body, maxBody: jisr.MaxTextContent}
	if err := s.d.meets(p); err != nil {
		return planned{}, err
	}
	return p, s.powers(p)
}

// powers tells the policies of full powers that are named and do not cover the act. An act that names none is kept as to be
// confirmed, which is for the record to say (Vienna Convention, article 8).
func (s *said) powers(p planned) error {
	var t jisr.CommitTerms
	if s.g == nil || s.read(&t) != nil || t.Mandate == "" {
		return nil
	}
	p.rehearsed = true
	said, _, err := s.d.make(p, s.d.batch.head(s.d.n, s.forum))
	if err != nil {
		return err
	}
	st := jisr.Fold(s.about, append(slices.Clone(s.acts), said.Act))
	waits := slices.ContainsFunc(st.Agreement.Flags(s.d.today), func(f jisr.Flag) bool {
		return f.Kind == "to-confirm" && f.Act != nil && *f.Act == said.Act.Position
	})
	ok := !waits || t.Mode == jisr.SignatureAdReferendum
	s.d.facts.mandate = &ok
	return nil
}

func (s *said) fill(name string, v any) error {
	if _, given := s.fields[name]; given {
		return nil
	}
	raw, err := jisr.Terms(v)
	s.fields[name] = raw
	return err
}

// complete fills in what the node knows, and holds the step against what the record cannot see: contents and the clock.
func (s *said) complete() error {
	if s.g != nil && s.g.Of != "" {
		if err := s.fill("of", s.g.Of); err != nil {
			return err
		}
	}
	switch s.step.Kind {
	case jisr.KindAgreementPropose:
		return s.propose()
	case jisr.KindAgreementTable:
		return s.table()
	case jisr.KindAgreementBracket, jisr.KindAgreementConcord:
		return s.fill("hash", s.g.Text())
	case jisr.KindAgreementAdopt, jisr.KindAgreementInitial, jisr.KindAgreementReopen, jisr.KindAgreementSign, jisr.KindAgreementCorrect:
		return s.onText()
	case jisr.KindAgreementSeal, jisr.KindAgreementUnseal, jisr.KindAgreementCommit, jisr.KindAgreementVerbal, jisr.KindAgreementLapse:
		return s.window()
	case jisr.KindAgreementNegotiate, jisr.KindAgreementDeclare, jisr.KindAgreementWake, jisr.KindAgreementRegister:
		return nil
	}
	return s.fill("date", s.d.today)
}

// propose: what it belongs to is there, and its parties are members.
func (s *said) propose() error {
	var t jisr.ProposeTerms
	if err := s.read(&t); err != nil {
		return err
	}
	f, err := s.d.n.forum(s.forum)
	if err != nil {
		return err
	}
	for _, m := range append(slices.Clone(t.Parties), t.Depositary) {
		if m != "" && m != s.d.n.self.ID && !slices.Contains(f.others, m) {
			return jisr.Refuse(jisr.NotMember, string(m), "forum", string(s.forum))
		}
	}
	if t.Of == "" {
		return nil
	}
	v, err := s.d.n.book.Thing(s.d.ctx, s.d.scope(), s.forum, t.Of)
	if err == nil && v.State.Agreement == nil {
		err = jisr.Refuse(jisr.NoSuch, string(t.Of))
	}
	return err
}

func (s *said) read(into any) error {
	raw, err := jisr.Terms(s.fields)
	if err == nil {
		err = json.Unmarshal(raw, into)
	}
	if err != nil {
		return jisr.Refuse(jisr.Malformed, "terms", "error", err.Error())
	}
	return nil
}

// table checks a text and gives its entry the hash and clauses of it.
func (s *said) table() error {
	var t jisr.InstrumentText
	if len(s.step.Body) == 0 {
		return jisr.Refuse(jisr.Missing, "text")
	}
	if err := json.Unmarshal(s.step.Body, &t); err != nil {
		return jisr.Refuse(jisr.Malformed, "text", "error", err.Error())
	}
	if err := t.Canonical(s.g.Parties); err != nil {
		return err
	}
	hash, err := t.Hash()
	if err != nil {
		return err
	}
	s.body = t
	delete(s.fields, "hash")
	delete(s.fields, "clauses")
	if err := s.fill("hash", hash); err != nil {
		return err
	}
	return s.fill("clauses", t.Clauses)
}

// onText: nobody initials or signs a text that is not here and sound.
func (s *said) onText() error {
	if err := s.fill("hash", s.g.Text()); err != nil {
		return err
	}
	var t jisr.TextTerms
	if err := s.read(&t); err != nil {
		return err
	}
	if _, err := s.d.n.textOf(s.d.ctx, s.forum, s.g, t.Hash); err != nil {
		return err
	}
	return s.fill("date", s.d.today)
}

// window completes the window from the one that is open, and holds the step to its closing time.
func (s *said) window() error {
	var t jisr.CommitTerms
	if err := s.read(&t); err != nil {
		return err
	}
	if t.Window.Closes.IsZero() {
		open := s.g.Open()
		if open == nil {
			return jisr.Refuse(jisr.WindowShut, "window")
		}
		t.Window = open.WindowTerms
	}
	w := &t.Window
	if w.Hash == "" {
		w.Hash = s.g.Text()
	}
	w.Closes = jisr.WindowEnd(w.Closes)
	if w.Date == "" && !w.Closes.IsZero() {
		w.Date = s.d.n.dateOf(w.Closes)
	}
	text, err := s.d.n.textOf(s.d.ctx, s.forum, s.g, w.Hash)
	if err != nil {
		return err
	}
	if w.Originals == nil {
		if w.Originals, err = text.Originals(s.g.Parties); err != nil {
			return err
		}
	}
	closed := !s.d.now.Before(w.Closes)
	switch s.step.Kind {
	case jisr.KindAgreementLapse:
		if !closed {
			return jisr.Refuse(jisr.Committed, "window", "at", w.Closes.Format(time.RFC3339))
		}
	case jisr.KindAgreementUnseal:
	default:
		if closed {
			return jisr.Refuse(jisr.WindowShut, "window", "at", w.Closes.Format(time.RFC3339))
		}
	}
	delete(s.fields, "window")
	if s.step.Kind == jisr.KindAgreementCommit {
		if err := s.fill("mode", jisr.FullSignature); err != nil {
			return err
		}
	}
	return s.fill("window", t.Window)
}

// textOf reads a text of an agreement from its content, checked.
func (n *Node) textOf(ctx context.Context, forum jisr.ForumID, g *jisr.Agreement, hash jisr.Commitment) (*jisr.InstrumentText, error) {
	v := g.Version(hash)
	if v == nil {
		return nil, jisr.Refuse(jisr.NoSuch, string(hash), "noun", "text")
	}
	body, _, err := n.book.Content(ctx, book.Whole(), forum, v.Position)
	if err != nil {
		return nil, err
	}
	return n.laws.of(g.ID, hash, func() (jisr.InstrumentText, error) {
		return jisr.DecodeText(body, &jisr.TableTerms{Hash: hash, Clauses: v.Clauses}, g.Parties)
	})
}

const maxTexts = 16 // decoded texts that are kept at hand

// lawTexts keeps decoded texts, which are long and which a page asks for at every look. A text is named by its hash, so what is kept
// stays right; it is not to be changed. Its content is read each time nevertheless: one that was erased is not shown.
type lawTexts struct {
	mu  sync.Mutex
	all map[textKey]*jisr.InstrumentText // guarded by mu
}

type textKey struct {
	of   jisr.ThingID
	hash jisr.Commitment
}

func (t *lawTexts) of(id jisr.ThingID, hash jisr.Commitment, decode func() (jisr.InstrumentText, error)) (*jisr.InstrumentText, error) {
	key := textKey{id, hash}
	t.mu.Lock()
	kept := t.all[key]
	t.mu.Unlock()
	if kept != nil {
		return kept, nil
	}
	text, err := decode()
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.all == nil || len(t.all) >= maxTexts {
		t.all = map[textKey]*jisr.InstrumentText{}
	}
	t.all[key] = &text
	return &text, nil
}

// Text gives a text of an agreement; an empty hash is the text that counts now. It is not to be changed. NoSuch when it is not
// here yet.
func (n *Node) Text(ctx context.Context, s book.Scope, forum jisr.ForumID, id jisr.ThingID, hash jisr.Commitment) (*jisr.InstrumentText, error) {
	v, err := n.book.Thing(ctx, s, forum, id)
	if err != nil {
		return nil, err
	}
	g := v.State.Agreement
	if g == nil {
		return nil, jisr.Refuse(jisr.NoSuch, string(id), "noun", "agreement")
	}
	if hash == "" {
		hash = g.Text()
	}
	return n.textOf(ctx, forum, g, hash)
}

// Next lists the kinds of acts that would have effect if this member said them now about an agreement. Policies say who may.
func (n *Node) Next(ctx context.Context, s book.Scope, forum jisr.ForumID, id jisr.ThingID) ([]jisr.Kind, error) {
	acts, err := n.book.Concerning(ctx, s, forum, id)
	if err != nil || len(acts) == 0 {
		return nil, err
	}
	return jisr.NextSteps(id, acts, n.self.ID, n.Today()), nil
}

// Outgoing lists what this house prepares about a thing, or in a forum when it is empty.
func (n *Node) Outgoing(ctx context.Context, s book.Scope, forum jisr.ForumID, about jisr.ThingID) ([]book.OutgoingRow, error) {
	return n.book.OutgoingAbout(ctx, s, forum, about)
}

func (c PlanDomestic) decide(d *decision) error {
	if err := d.ofAgreement(c.Forum, c.Agreement); err != nil {
		return err
	}
	track, err := d.n.book.Domestic(d.ctx, d.scope(), c.Agreement)
	if err != nil {
		return err
	}
	version := 0
	if track != nil {
		version = track.Version
	}
	if version != c.Version {
		return jisr.Refuse(jisr.Conflict, "plan", "version", strconv.Itoa(version), "got", strconv.Itoa(c.Version))
	}
	t := jisr.PlanTerms{Forum: c.Forum, Agreement: c.Agreement, Version: c.Version + 1, Steps: c.Steps}
	if err := t.Check(); err != nil {
		return err
	}
	d.done.Version, d.done.Forum = t.Version, c.Forum
	return d.house(planned{kind: jisr.KindDomesticPlan, about: jisr.DomesticOf(c.Agreement), terms: t})
}

func (c MoveDomestic) decide(d *decision) error {
	if err := d.ofAgreement(c.Forum, c.Agreement); err != nil {
		return err
	}
	track, err := d.n.book.Domestic(d.ctx, d.scope(), c.Agreement)
	if err != nil {
		return err
	}
	if c.Move.Date == "" {
		c.Move.Date = d.today
	}
	if err := c.Move.Check(); err != nil {
		return err
	}
	if track == nil || !slices.ContainsFunc(track.Steps, func(s jisr.DomesticStanding) bool { return s.ID == c.Move.Step }) {
		return jisr.Refuse(jisr.NoSuch, c.Move.Step, "noun", "step")
	}
	d.done.Forum = c.Forum
	return d.house(planned{kind: jisr.KindDomesticStep, about: jisr.DomesticOf(c.Agreement), terms: c.Move})
}

// ofAgreement holds a house command to an agreement that is there.
func (d *decision) ofAgreement(forum jisr.ForumID, id jisr.ThingID) error {
	if _, err := d.n.forum(forum); err != nil {
		return err
	}
	if err := d.touch(jisr.DomesticOf(id)); err != nil {
		return err
	}
	v, err := d.n.book.Thing(d.ctx, d.scope(), forum, id)
	if err == nil && v.State.Agreement == nil {
		err = jisr.Refuse(jisr.NoSuch, string(id), "noun", "agreement")
	}
	if err != nil {
		return err
	}
	d.about = &resource{id: id, forum: forum, handling: v.State.Agreement.Handling}
	return nil
}

// ExportAgreement gives the chain of an agreement as a bundle of proofs for jisr verify: the acts about it, about full powers
// for it, about agreements that belong to it, and about the signers whose keys signed them.
func (n *Node) ExportAgreement(ctx context.Context, s book.Scope, forum jisr.ForumID, id jisr.ThingID) ([]byte, error) {
	acts, err := n.book.Concerning(ctx, s, forum, id)
	if err != nil {
		return nil, err
	}
	if jisr.Fold(id, acts).Agreement == nil {
		return nil, jisr.Refuse(jisr.NoSuch, string(id), "noun", "agreement")
	}
	return n.exportActs(ctx, forum, acts)
}

// exportActs gives acts as a bundle of proofs, with those about the signers whose keys signed them.
func (n *Node) exportActs(ctx context.Context, forum jisr.ForumID, acts []jisr.Act) ([]byte, error) {
	signers := map[jisr.ThingID]bool{}
	for i := range acts {
		if !acts[i].Signed() {
			continue
		}
		if _, by, err := n.book.Content(ctx, book.Whole(), forum, acts[i].Position); err == nil && by != nil {
			signers[jisr.SignerThing(acts[i].Member, by.Credential)] = true
		}
	}
	for _, key := range slices.Sorted(maps.Keys(signers)) {
		more, err := n.book.Concerning(ctx, book.Whole(), forum, key) // whose key it is goes with what it signed
		if err != nil {
			return nil, err
		}
		acts = append(acts, more...)
	}
	var out bytes.Buffer
	for i := range acts {
		proof, err := n.exportProof(ctx, forum, acts[i].Position)
		if err != nil {
			return nil, err
		}
		if err := ledger.WriteBundled(&out, proof); err != nil {
			return nil, err
		}
	}
	return out.Bytes(), nil
}
