package portal

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"

	"jisr"
	"jisr/node"
	"jisr/words"
)

// asked is what a form needs to have a passkey answer; see web/passkey.js.
type asked struct {
	Kind    string // create or get
	Options string // for the browser
	Asked   string // comes back with the answer
}

// vouching is what a form asks of the official before something that an official signs.
type vouching struct {
	Sign      *asked
	Statement *jisr.Statement // what is signed …
	Signs     string          // … and in words
	Password  bool            // the password is asked for again
	Elsewise  string          // the address where passkeys work, when they do not here
}

// vouch adds to a command what its form brought: the answer of a passkey, or the password.
func vouch(r *request, cmd node.Command) (node.Command, error) {
	if raw := r.PostForm.Get("answer"); raw != "" {
		signature, err := node.ReadAnswer([]byte(raw))
		return node.Signed{Command: cmd, Asked: r.PostForm.Get("asked"), Signature: signature}, err
	}
	if password := r.PostForm.Get("password"); password != "" {
		return node.Confirmed{Command: cmd, Password: password}, nil
	}
	return cmd, nil
}

// vouching prepares what a form has to ask for a command.
func (s *site) vouching(r *request, cmd node.Command) (vouching, error) {
	if !r.caller.Passkey {
		return vouching{Password: s.node.NeedsPassword(r.caller) && r.caller.CameBy() != node.ByProvider && !s.node.NeedsSignature(r.caller, cmd)}, nil
	}
	at, err := s.node.Relying(r.Host)
	if err != nil {
		return vouching{Elsewise: localhost(r)}, nil //nolint:nilerr // the page says where it works
	}
	a, err := s.node.Prepare(r.Context(), r.caller, cmd, at)
	if err != nil {
		return vouching{}, err
	}
	return vouching{Sign: &asked{"get", string(a.Options), a.Asked}, Statement: &a.Statement, Signs: s.reader(r).signs(&a.Statement)}, nil
}

// signs says in words what is signed: the authenticator shows neither text nor hash.
func (rd reader) signs(st *jisr.Statement) string {
	a := jisr.Act{Kind: st.Kind, Forum: st.Forum, About: st.About, Terms: st.Terms}
	if t, err := jisr.ReadNote(&a); err == nil && st.Kind == jisr.KindNoteRelease {
		if t.Number == 0 {
			return rd.l.T("sign.note.none", "date", rd.l.Day(string(t.Date)))
		}
		return rd.l.T("sign.note", "number", t.Number, "date", rd.l.Day(string(t.Date)))
	}
	return known(rd.l, "act.kind.", string(st.Kind))
}

// again tells what is wrong with what a form brought for a command that is signed, if that is what is wrong: the page
// asks again, and says what changed meanwhile.
func again(rd reader, err error) string {
	var refusal *jisr.Refusal
	if !errors.As(err, &refusal) {
		return ""
	}
	switch refusal.Kind {
	case jisr.Unsigned, jisr.Unconfirmed, jisr.BadSignature, jisr.Lapsed, jisr.BadLogin, jisr.TooOften:
		return sentence(rd.l, refusal)
	case jisr.Conflict:
		if refusal.Subject == "statement" {
			return rd.changed(refusal.Need["changed"])
		}
	}
	return ""
}

// changed says what is no longer as it was shown when a signature was asked for.
func (rd reader) changed(names string) string {
	all := ""
	for i, name := range strings.Split(names, ", ") {
		word := known(rd.l, "subject.", name)
		if i == 0 {
			all = word
			continue
		}
		all = rd.l.T("list.join", "before", words.Raw(all), "last", words.Raw(word))
	}
	return rd.l.T("sign.changed", "what", words.Raw(all))
}

// localhost is this page under the one name for which browsers make passkeys without a domain; empty where it is not
// this machine's.
func localhost(r *request) string {
	host, port, err := net.SplitHostPort(r.Host)
	if ip := net.ParseIP(host); err != nil || ip == nil || !ip.IsLoopback() {
		return ""
	}
	return "http://localhost:" + port + r.URL.Path
}

// beginSignIn prepares signing in with a passkey; nothing where passkeys do not work.
func (s *site) beginSignIn(r *request) (*asked, error) {
	at, err := s.node.Relying(r.Host)
	if err != nil {
		return nil, nil //nolint:nilerr // the password stays
	}
	c, err := s.node.BeginSignIn(at)
	if err != nil {
		return nil, err
	}
	return &asked{"get", string(c.Options), c.Asked}, nil
}

func (s *site) signInByPasskey(r *request) (*answer, error) {
	at, err := s.node.Relying(r.Host)
	var session string
	if err == nil {
		session, err = s.node.FinishSignIn(r.Context(), r.PostForm.Get("asked"), []byte(r.PostForm.Get("answer")), at, fromOf(r.Request))
	}
	return s.signedIn(r, session, err)
}

// enrolView is the way in by invitation: first the invitation, then the passkey.
type enrolView struct {
	Page
	Make     *asked
	Post     string
	Problem  string
	Elsewise string
	Own      bool   // the official is in already
	Provider string // host of the identity provider, which an invitation may be used with too
	Leave    string // its address, for who showed an invitation
}

func (s *site) enrolForm(r *request) (*answer, error) {
	v := enrolView{Page: s.page(r, ""), Provider: s.node.Provider()}
	if _, err := s.node.Relying(r.Host); err != nil {
		v.Problem, v.Elsewise = s.sentenceOf(r, err), localhost(r)
	}
	return &answer{page: enrolPage(v)}, nil
}

func (s *site) enrol(r *request) (*answer, error) {
	at, err := s.node.Relying(r.Host)
	var c node.Ceremony
	if err == nil {
		c, err = s.node.BeginInvited(r.Context(), clip(r.PostForm.Get("invitation"), maxField), at, fromOf(r.Request))
	}
	return s.enrolling(r, c, err, false)
}

// enrolOwn begins a passkey for who is in: with the password while the post has none, else with one that it has.
func (s *site) enrolOwn(r *request) (*answer, error) {
	at, err := s.node.Relying(r.Host)
	var c node.Ceremony
	switch {
	case err != nil:
	case r.caller.Passkey:
		c, err = s.node.BeginMore(r.Context(), r.caller, r.PostForm.Get("asked"), []byte(r.PostForm.Get("answer")), at)
	default:
		c, err = s.node.BeginOwn(r.Context(), r.caller, r.PostForm.Get("password"), at)
	}
	return s.enrolling(r, c, err, true)
}

// notEnrolled shows the form again with why nothing came of it.
func notEnrolled(r *request, v enrolView, err error) (*answer, error) {
	var refusal *jisr.Refusal
	if !errors.As(err, &refusal) {
		return nil, err
	}
	v.Problem = sentence(r.l, refusal)
	return &answer{status: statusOf(refusal.Kind), page: enrolPage(v)}, nil
}

func (s *site) enrolling(r *request, c node.Ceremony, err error, own bool) (*answer, error) {
	v := enrolView{Page: s.page(r, ""), Own: own}
	if err != nil {
		return notEnrolled(r, v, err)
	}
	v.Make, v.Post = &asked{"create", string(c.Options), c.Asked}, inLanguage(r.l, c.Post)
	return &answer{page: enrolPage(v)}, nil
}

func (s *site) enrolled(r *request) (*answer, error) {
	session, err := s.node.FinishEnrolment(r.Context(), r.PostForm.Get("asked"), []byte(r.PostForm.Get("answer")), clip(r.PostForm.Get("label"), maxField), fromOf(r.Request))
	var refusal *jisr.Refusal
	if errors.As(err, &refusal) {
		return &answer{status: statusOf(refusal.Kind), page: enrolPage(enrolView{Page: s.page(r, ""), Problem: sentence(r.l, refusal)})}, nil
	}
	if err != nil {
		return nil, err
	}
	return &answer{to: "/" + r.lang + "/access", cookies: []*http.Cookie{s.cookie(r.Request, s.sessionCookie(r.Request), session)}}, nil
}

func (s *site) sentenceOf(r *request, err error) string {
	var refusal *jisr.Refusal
	if errors.As(err, &refusal) {
		return sentence(r.l, refusal)
	}
	return ""
}

// accessView is how the official gets in: passkeys, and where the post is signed in.
type accessView struct {
	Page
	Passkeys []passkeyLine
	Sessions []sessionLine
	More     *asked // a further passkey is asked for with one that is there
	Elsewise string
	ByWord   bool   // the post has a password still
	Just     bool   // it came through the identity provider just now, and has no passkey yet
	Again    string // it came so some time ago: where it comes so again
}

type passkeyLine struct {
	ID, Label, Since, Key, Where string
}

type sessionLine struct {
	ID, How, Agent, Address, Since, Seen string
	Current                              bool
}

func (s *site) access(r *request) (*answer, error) {
	rd := s.reader(r)
	row, err := s.node.Book().Account(r.Context(), r.caller.Account)
	if err != nil {
		return nil, err
	}
	v := accessView{Page: s.page(r, "access"), ByWord: row.Account.ByPassword(), Elsewise: localhost(r)}
	v.Passkeys = rd.passkeyLines(&row.Account)
	if r.caller.CameBy() == node.ByProvider && len(row.Account.Passkeys) == 0 {
		if v.Just = !s.node.NeedsPassword(r.caller); !v.Just {
			v.Again = v.toProvider("/" + r.lang + "/access")
		}
	}
	if len(v.Passkeys) > 0 {
		if v.More, err = s.beginSignIn(r); err != nil {
			return nil, err
		}
	}
	sessions, err := s.node.Sessions(r.caller, r.caller.Account)
	if err != nil {
		return nil, err
	}
	v.Sessions = rd.sessionLines(sessions)
	return &answer{page: accessPage(v)}, nil
}

func (s *site) endSession(r *request) (*answer, error) {
	if err := s.node.EndSession(r.caller, r.PostForm.Get("session")); err != nil {
		return nil, err
	}
	return &answer{to: "/" + r.lang + "/access"}, nil
}

func (s *site) revokePasskey(r *request) (*answer, error) {
	return s.endPasskey(r, r.caller.By().Official, "/"+r.lang+"/access")
}

// signatureLine is what a page says of the official's own signature on an act.
type signatureLine struct {
	State tag
	Says  string
	Key   string
	URL   string // of the act that made the key known
}

func (s *site) signatureLine(ctx context.Context, rd reader, f jisr.ForumID, p jisr.Position) (*signatureLine, error) {
	found, err := s.node.SignatureOf(ctx, f, p)
	if err != nil {
		return nil, err
	}
	post := inLanguage(rd.l, found.Post)
	if post == "" {
		post = string(found.Official)
	}
	l := &signatureLine{Key: found.Key, State: tag{Tone: "idle", Icon: "minus", Word: rd.l.T("signature.absent")}, Says: rd.l.T("signature.absent.means")}
	switch found.State {
	case node.GoodSignature:
		l.State = tag{Tone: "ok", Icon: "badge-check", Word: rd.l.T("signature.good")}
		l.Says = rd.l.T("signature.good.means", "post", post)
		if found.Revoked != nil {
			l.Says += " " + rd.l.T("signature.revoked", "date", rd.dateTime(found.Revoked.At))
		}
		l.URL = rd.actURL(f, found.Introduced)
	case node.BadSignature:
		l.State = tag{Tone: "bad", Icon: "triangle-alert", Word: rd.l.T("signature.bad")}
		l.Says = rd.l.T("signature.bad.means", "why", known(rd.l, "subject.", found.Why))
	case node.NotHere:
		l.State = tag{Tone: "idle", Icon: "clock", Word: rd.l.T("signature.not-here")}
		l.Says = rd.l.T("signature.not-here.means")
	}
	return l, nil
}
