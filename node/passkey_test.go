package node_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"jisr"
	"jisr/book"
	"jisr/node"
	"jisr/node/nodetest"
)

// desk is where a test's officials sign in, and with what.
type desk struct {
	t  *testing.T
	w  *nodetest.World
	n  *node.Node
	at jisr.Relying
}

const (
	phrase = "a long enough password"
	origin = "http://localhost:8400"
)

func newDesk(t *testing.T) (*nodetest.World, *desk) {
	t.Helper()
	w := nodetest.New(t, "iq", "sy")
	return w, deskOf(t, w, w.Node("iq"))
}

func deskOf(t *testing.T, w *nodetest.World, n *node.Node) *desk {
	t.Helper()
	at, err := n.Relying("localhost:8400")
	if err != nil {
		t.Fatal(err)
	}
	d := &desk{t: t, w: w, n: n, at: at}
	d.do(n.Operator(), node.AddDesk{ID: "mofa", Title: jisr.Text{"ar": "وزارة الخارجية"}})
	for id, roles := range map[jisr.OfficialID][]jisr.Role{"writer": {jisr.Drafter}, "head": {jisr.Drafter, jisr.Releaser}, "admin": {jisr.Admin}, "second.admin": {jisr.Admin}} {
		d.do(n.Operator(), node.AddOfficial{ID: id, Post: jisr.Text{"ar": "منصب " + string(id)}, Desk: "mofa", Roles: roles, Password: phrase})
	}
	return d
}

func (d *desk) must(err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
}

func (d *desk) do(c node.Caller, cmd node.Command) node.Done {
	d.t.Helper()
	done, err := d.n.Do(d.t.Context(), c, cmd)
	d.must(err)
	return done
}

func (d *desk) refused(err error, kind jisr.RefusalKind) *jisr.Refusal {
	d.t.Helper()
	var r *jisr.Refusal
	if !errors.As(err, &r) || r.Kind != kind {
		d.t.Fatalf("got %v, want the refusal %s", err, kind)
	}
	return r
}

// who is the caller of a session.
func (d *desk) who(token string) node.Caller {
	d.t.Helper()
	c, err := d.n.Session(d.t.Context(), token, true)
	d.must(err)
	return c
}

// byPassword signs in with a password.
func (d *desk) byPassword(official string) node.Caller {
	d.t.Helper()
	token, err := d.n.SignIn(d.t.Context(), official, phrase, node.From{Address: "192.0.2.1"})
	d.must(err)
	return d.who(token)
}

// enrols takes an invitation for a post, makes a passkey with it, and gives the session that follows.
func (d *desk) enrols(official jisr.OfficialID) (*nodetest.Authenticator, string) {
	d.t.Helper()
	return d.accepts(d.do(d.n.Operator(), node.InviteOfficial{ID: official}).Secret)
}

func (d *desk) accepts(invitation string) (*nodetest.Authenticator, string) {
	d.t.Helper()
	key := &nodetest.Authenticator{T: d.t, Origin: origin}
	c, err := d.n.BeginInvited(d.t.Context(), invitation, d.at, node.From{})
	d.must(err)
	token, err := d.n.FinishEnrolment(d.t.Context(), c.Asked, key.Creates(c.Options), "", node.From{})
	d.must(err)
	return key, token
}

// signsIn signs in with a passkey.
func (d *desk) signsIn(key *nodetest.Authenticator) (string, error) {
	d.t.Helper()
	c, err := d.n.BeginSignIn(d.at)
	d.must(err)
	return d.n.FinishSignIn(d.t.Context(), c.Asked, key.Answers(c.Options), d.at, node.From{})
}

// cleared is a draft that waits for its release.
func (d *desk) cleared() node.ReleaseNote {
	d.t.Helper()
	done := d.do(d.byPassword("writer"), node.DraftNote{Forum: d.w.Forum, Draft: d.w.Note("sy")})
	d.do(d.byPassword("second.head"), node.ClearNote{ID: done.Thing, Version: 1})
	return node.ReleaseNote{ID: done.Thing, Version: 1}
}

// signed prepares a command and has a passkey sign it.
func (d *desk) signed(c node.Caller, cmd node.Command, key *nodetest.Authenticator) node.Signed {
	d.t.Helper()
	a, err := d.n.Prepare(d.t.Context(), c, cmd, d.at)
	d.must(err)
	s, err := node.ReadAnswer(key.Answers(a.Options))
	d.must(err)
	return node.Signed{Command: cmd, Asked: a.Asked, Signature: s}
}

func TestPasskeyFromInvitationToSignedNote(t *testing.T) {
	w, d := newDesk(t)
	d.do(d.n.Operator(), node.AddOfficial{ID: "second.head", Post: jisr.Text{"ar": "نائب"}, Desk: "mofa", Roles: []jisr.Role{jisr.Releaser}, Password: phrase})
	key, token := d.enrols("head")
	head := d.who(token)
	if !head.Passkey {
		t.Error("a post with a passkey cannot sign")
	}
	again, err := d.signsIn(key)
	d.must(err)
	if d.who(again).Account != "official/head" {
		t.Error("signed in as somebody else")
	}

	release := d.cleared()
	_, err = d.n.Do(t.Context(), head, release)
	d.refused(err, jisr.Unsigned)
	done := d.do(head, d.signed(head, release, key))

	// Both nodes find it good, and so does whoever has the acts: by the rules of the record alone.
	sy := w.As("sy")
	sy.Receives(done.Thing)
	for _, m := range []jisr.MemberID{"iq", "sy"} {
		got, err := w.Node(m).SignatureOf(t.Context(), w.Forum, done.Position)
		d.must(err)
		if got.State != node.GoodSignature || got.Official != "head" || got.Post["ar"] != "منصب head" {
			t.Errorf("%s finds %+v", m, got)
		}
		v, err := w.Node(m).Book().Note(t.Context(), book.Whole(), w.Forum, done.Thing)
		d.must(err)
		if !v.BodyHeld || v.Body.Subject.Empty() {
			t.Errorf("%s cannot read the note: %v", m, v.BodyBad)
		}
	}

	// A second note needs no second introduction.
	second := d.do(head, d.signed(head, d.cleared(), key))
	if second.Position.Index != done.Position.Index+1 {
		t.Errorf("the second note stands at %d, after %d", second.Position.Index, done.Position.Index)
	}

	// What was signed stays signed when the passkey ends; what comes after is not.
	d.do(head, node.RevokePasskey{ID: "head", Credential: key.Credential()})
	got, err := d.n.SignatureOf(t.Context(), w.Forum, done.Position)
	d.must(err)
	if got.State != node.GoodSignature || got.Revoked == nil {
		t.Errorf("after the end: %+v", got)
	}
	if _, err := d.signsIn(key); err == nil {
		t.Error("an ended passkey signs in")
	}
	if _, err := d.n.Session(t.Context(), again, true); err == nil {
		t.Error("a session outlives the passkey it was begun with")
	}
}

// TestSignatureIsAskedForAgain when what would be said is no longer what was shown.
func TestSignatureIsAskedForAgain(t *testing.T) {
	_, d := newDesk(t)
	d.do(d.n.Operator(), node.AddOfficial{ID: "second.head", Post: jisr.Text{"ar": "نائب"}, Desk: "mofa", Roles: []jisr.Role{jisr.Releaser}, Password: phrase})
	key, token := d.enrols("head")
	head := d.who(token)
	first, second := d.cleared(), d.cleared()
	mine := d.signed(head, first, key)
	d.do(head, d.signed(head, second, key)) // takes the number that the first was shown with
	_, err := d.n.Do(t.Context(), head, mine)
	if r := d.refused(err, jisr.Conflict); r.Need["changed"] != "number" {
		t.Errorf("it is said that %q changed", r.Need["changed"])
	}
	d.do(head, d.signed(head, first, key))
	_, err = d.n.Do(t.Context(), head, mine)
	d.refused(err, jisr.NotDraft) // and an answer cannot be given twice
}

func TestSignaturesThatAreNotTaken(t *testing.T) {
	w, d := newDesk(t)
	d.do(d.n.Operator(), node.AddOfficial{ID: "second.head", Post: jisr.Text{"ar": "نائب"}, Desk: "mofa", Roles: []jisr.Role{jisr.Releaser}, Password: phrase})
	key, token := d.enrols("head")
	other, otherToken := d.enrols("second.head")
	head, release := d.who(token), node.ReleaseNote{}
	{
		done := d.do(d.byPassword("writer"), node.DraftNote{Forum: w.Forum, Draft: w.Note("sy")})
		d.do(d.who(otherToken), node.ClearNote{ID: done.Thing, Version: 1})
		release = node.ReleaseNote{ID: done.Thing, Version: 1}
	}
	good := d.signed(head, release, key)

	theirs := good
	theirs.Signature.Credential = other.Credential()
	_, err := d.n.Do(t.Context(), head, theirs)
	d.refused(err, jisr.BadSignature)

	_, err = d.n.Do(t.Context(), d.who(otherToken), good) // another session sends what the first was asked
	d.refused(err, jisr.Lapsed)

	unverified := *key
	unverified.Unverified = true
	_, err = d.n.Do(t.Context(), head, d.signed(head, release, &unverified))
	d.refused(err, jisr.BadSignature)

	elsewhere := *key
	elsewhere.Origin = "http://localhost:9999"
	_, err = d.n.Do(t.Context(), head, d.signed(head, release, &elsewhere))
	d.refused(err, jisr.BadSignature)

	w.Pass(6 * time.Minute)
	_, err = d.n.Do(t.Context(), head, good)
	d.refused(err, jisr.Lapsed)
}

func TestInvitationsWorkOnceAndLapse(t *testing.T) {
	w, d := newDesk(t)
	begin := func(invitation string) error {
		_, err := d.n.BeginInvited(t.Context(), invitation, d.at, node.From{})
		return err
	}
	used := d.do(d.n.Operator(), node.InviteOfficial{ID: "head"}).Secret
	d.accepts(used)
	d.refused(begin(used), jisr.Lapsed)
	d.refused(begin("nobody sent this"), jisr.Lapsed)

	replaced := d.do(d.n.Operator(), node.InviteOfficial{ID: "writer"}).Secret
	old := d.do(d.n.Operator(), node.InviteOfficial{ID: "writer"}).Secret
	d.refused(begin(replaced), jisr.Lapsed)
	w.Pass(73 * time.Hour)
	d.refused(begin(old), jisr.Lapsed)

	_, err := d.n.Do(t.Context(), d.byPassword("writer"), node.InviteOfficial{ID: "admin"})
	d.refused(err, jisr.NotAllowed)
}

// TestPasswordWorksUntilTheFirstPasskey, and a session begun with it ends then.
func TestPasswordWorksUntilTheFirstPasskey(t *testing.T) {
	_, d := newDesk(t)
	token, err := d.n.SignIn(t.Context(), "head", phrase, node.From{})
	d.must(err)
	c, err := d.n.BeginOwn(t.Context(), d.who(token), phrase, d.at)
	d.must(err)
	_, err = d.n.BeginOwn(t.Context(), d.who(token), "not the password", d.at)
	d.refused(err, jisr.BadLogin)
	key := &nodetest.Authenticator{T: t, Origin: origin}
	_, err = d.n.FinishEnrolment(t.Context(), c.Asked, key.Creates(c.Options), "مفتاح المكتب", node.From{})
	d.must(err)
	_, err = d.n.SignIn(t.Context(), "head", phrase, node.From{})
	d.refused(err, jisr.BadLogin)
	if _, err := d.n.Session(t.Context(), token, true); err == nil {
		t.Error("the session of the password goes on")
	}
	_, err = d.signsIn(key)
	d.must(err)
}

// TestTwoAdministratorsRecoverAPost together; one alone gets nobody in.
func TestTwoAdministratorsRecoverAPost(t *testing.T) {
	_, d := newDesk(t)
	key, token := d.enrols("head")
	admin, second := d.byPassword("admin"), d.byPassword("second.admin")
	_, err := d.n.Do(t.Context(), admin, node.InviteOfficial{ID: "head"})
	d.refused(err, jisr.SecondAdmin)
	_, err = d.n.Do(t.Context(), second, node.RestoreOfficial{ID: "head"})
	d.refused(err, jisr.Lapsed) // nobody asked
	d.do(admin, node.RecoverOfficial{ID: "head"})
	_, err = d.n.Do(t.Context(), admin, node.RestoreOfficial{ID: "head"})
	d.refused(err, jisr.SecondAdmin)
	d.who(token) // until the second says so, all is as it was
	invitation := d.do(second, node.RestoreOfficial{ID: "head"}).Secret
	if _, err := d.signsIn(key); err == nil {
		t.Error("the lost passkey still signs in")
	}
	if _, err := d.n.Session(t.Context(), token, true); err == nil {
		t.Error("the session of the lost passkey goes on")
	}
	_, err = d.n.SignIn(t.Context(), "head", phrase, node.From{})
	d.refused(err, jisr.BadLogin)
	d.accepts(invitation)
}

// TestFurtherPasskeyIsAskedForByOne: a stolen session cannot make itself a key.
func TestFurtherPasskeyIsAskedForByOne(t *testing.T) {
	_, d := newDesk(t)
	key, token := d.enrols("head")
	thief, thiefs := d.enrols("writer")
	_ = thiefs
	head := d.who(token)
	_, err := d.n.BeginOwn(t.Context(), head, phrase, d.at)
	d.refused(err, jisr.BadLogin)
	c, err := d.n.BeginSignIn(d.at)
	d.must(err)
	_, err = d.n.BeginMore(t.Context(), head, c.Asked, thief.Answers(c.Options), d.at)
	d.refused(err, jisr.BadLogin)
	c, err = d.n.BeginSignIn(d.at)
	d.must(err)
	more, err := d.n.BeginMore(t.Context(), head, c.Asked, key.Answers(c.Options), d.at)
	d.must(err)
	_, err = d.n.BeginMore(t.Context(), head, c.Asked, key.Answers(c.Options), d.at)
	d.refused(err, jisr.BadLogin) // an answer is taken once
	second := &nodetest.Authenticator{T: t, Origin: origin}
	_, err = d.n.FinishEnrolment(t.Context(), more.Asked, second.Creates(more.Options), "", node.From{})
	d.must(err)
	for _, k := range []*nodetest.Authenticator{key, second} {
		_, err = d.signsIn(k)
		d.must(err)
	}
}

func TestSessionsEnd(t *testing.T) {
	w, d := newDesk(t)
	sign := func() string {
		token, err := d.n.SignIn(t.Context(), "head", phrase, node.From{Address: "192.0.2.1", Agent: "Browser/1"})
		d.must(err)
		return token
	}
	over := func(name, token string) {
		t.Helper()
		if _, err := d.n.Session(t.Context(), token, true); err == nil {
			t.Errorf("%s: the session goes on", name)
		}
	}
	idle, used, page := sign(), sign(), sign()
	for range 2 {
		w.Pass(20 * time.Minute)
		d.who(used)
		_, _ = d.n.Session(t.Context(), page, false) // a page that asks by itself
	}
	over("unused", idle)
	over("a page left open", page)
	d.who(used)
	for range 36 {
		w.Pass(20 * time.Minute)
		_, _ = d.n.Session(t.Context(), used, true)
	}
	over("after twelve hours", used)

	// The list survives a restart, and each can be ended alone.
	one, two := sign(), sign()
	w.Stop("iq")
	w.Start("iq")
	d.n = w.Node("iq")
	head := d.who(one)
	all, err := d.n.Sessions(head, head.Account)
	d.must(err)
	if len(all) != 2 || all[0].Agent != "Browser/1" {
		t.Fatalf("got %+v", all)
	}
	for i := range all {
		if !head.Current(&all[i]) {
			d.must(d.n.EndSession(head, all[i].ID))
		}
	}
	over("ended from another", two)
	d.must(d.n.SignOut(one))
	over("signed out", one)

	three := d.who(sign())
	all, err = d.n.Sessions(three, three.Account)
	d.must(err)
	d.refused(d.n.EndSession(d.byPassword("writer"), all[0].ID), jisr.NotAllowed)
	d.must(d.n.EndSession(d.byPassword("admin"), all[0].ID))
	_, err = d.n.Sessions(d.byPassword("writer"), "official/head")
	d.refused(err, jisr.NotAllowed)
}

// TestPasswordIsAskedForAgain before what an official would sign, when signing in was a while ago.
func TestPasswordIsAskedForAgain(t *testing.T) {
	w, d := newDesk(t)
	d.do(d.n.Operator(), node.AddOfficial{ID: "second.head", Post: jisr.Text{"ar": "نائب"}, Desk: "mofa", Roles: []jisr.Role{jisr.Releaser}, Password: phrase})
	release := d.cleared()
	head := d.byPassword("head")
	w.Pass(11 * time.Minute)
	_, err := d.n.Do(t.Context(), head, release)
	d.refused(err, jisr.Unconfirmed)
	_, err = d.n.Do(t.Context(), head, node.Confirmed{Command: release, Password: "not the password"})
	d.refused(err, jisr.BadLogin)
	done := d.do(head, node.Confirmed{Command: release, Password: phrase})
	got, err := d.n.SignatureOf(t.Context(), w.Forum, done.Position)
	d.must(err)
	if got.State != node.NoSignature {
		t.Errorf("got %+v", got)
	}
	d.do(d.byPassword("head"), d.cleared()) // just signed in
}

// TestRelyingPartyOfPages: passkeys are for domains.
func TestRelyingPartyOfPages(t *testing.T) {
	_, d := newDesk(t)
	for _, host := range []string{"127.0.0.1:8400", "[::1]:8400", "192.0.2.7", "jisr.mofa.example"} {
		_, err := d.n.Relying(host)
		d.refused(err, jisr.NoDomain)
	}
}

// TestSealedIsNotForged: what a browser brings back is what was sealed, for the same purpose, in time.
func TestSealedIsNotForged(t *testing.T) {
	_, d := newDesk(t)
	key, _ := d.enrols("head")
	c, err := d.n.BeginSignIn(d.at)
	d.must(err)
	answer := key.Answers(c.Options)
	head, tail, _ := strings.Cut(c.Asked, ".")
	for name, asked := range map[string]string{"nothing": "", "no seal": "1.2", "a later end": "9" + head + "." + tail, "another text": head + ".e30" + tail[1:]} {
		_, err := d.n.FinishSignIn(context.Background(), asked, answer, d.at, node.From{})
		if d.refused(err, jisr.Lapsed); t.Failed() {
			t.Errorf("%s", name)
		}
	}
	_, err = d.n.FinishSignIn(context.Background(), c.Asked, json.RawMessage(`{}`), d.at, node.From{})
	d.refused(err, jisr.BadLogin)
	_, err = d.n.FinishSignIn(context.Background(), c.Asked, answer, d.at, node.From{})
	d.must(err)
	_, err = d.n.FinishSignIn(context.Background(), c.Asked, answer, d.at, node.From{})
	d.refused(err, jisr.BadLogin) // an answer is taken once
}

// TestIntroducedSignerIsAThing: others see whose key it is in the lists of the record.
func TestIntroducedSignerIsAThing(t *testing.T) {
	w, d := newDesk(t)
	d.do(d.n.Operator(), node.AddOfficial{ID: "second.head", Post: jisr.Text{"ar": "نائب"}, Desk: "mofa", Roles: []jisr.Role{jisr.Releaser}, Password: phrase})
	key, token := d.enrols("head")
	head := d.who(token)
	done := d.do(head, d.signed(head, d.cleared(), key))
	w.As("sy").Receives(done.Thing)
	rows, _, err := w.Node("sy").Book().Things(t.Context(), book.Whole(), book.ThingQuery{Forum: w.Forum, Noun: "signer"})
	d.must(err)
	if len(rows) != 1 || rows[0].State.Signer == nil || rows[0].State.Signer.Official != "head" {
		t.Errorf("got %+v", rows)
	}
}
