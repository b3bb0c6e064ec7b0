package portal

import (
	"encoding/base64"

	"jisr"
	"jisr/node"
)

// entryView is how the holder of a post gets in, as administrators see it.
type entryView struct {
	At       string
	State    tag
	Says     []string
	Passkeys []passkeyLine
	Sessions []sessionLine
	Steps    []Link // what can be done about it, each asked first
}

// entryTag is how a post gets in, in a word.
func (rd reader) entryTag(a *jisr.Account) tag {
	switch {
	case a.Ended != nil:
		return tag{Tone: "idle", Icon: "minus", Word: rd.l.T("cli.ended")}
	case a.Recovery != nil:
		return tag{Tone: "soon", Icon: "clock", Word: rd.l.T("entry.recovery")}
	case len(a.Valid()) > 0:
		return tag{Tone: "ok", Icon: "fingerprint", Word: rd.l.N("entry.passkeys", len(a.Valid()))}
	case a.Invitation != nil && rd.now.Before(a.Invitation.Until):
		return tag{Tone: "soon", Icon: "mail", Word: rd.l.T("entry.invited")}
	case a.ByPassword() && a.HandedOver == nil:
		return tag{Tone: "soon", Icon: "key-round", Word: rd.l.T("entry.password")}
	}
	return tag{Tone: "late", Icon: "lock", Word: rd.l.T("entry.none")}
}

// entryOf says how a post gets in and what an administrator may do about it.
func (s *site) entryOf(r *request, rd reader, id string) (*entryView, error) {
	account := jisr.ThingID("official/" + id)
	row, err := s.node.Book().Account(r.Context(), account)
	if err != nil {
		return nil, err
	}
	titles, err := s.titles(r.Context(), rd)
	if err != nil {
		return nil, err
	}
	a, at := &row.Account, rd.url("house", "posts", id)
	v := &entryView{At: at, State: rd.entryTag(a)}
	by := func(b *jisr.By) string {
		if b == nil {
			return ""
		}
		return titleOf(titles, *b)
	}
	if i := a.Invitation; i != nil && rd.now.Before(i.Until) {
		v.Says = append(v.Says, rd.l.T("entry.invited.by", "post", by(i.By), "until", rd.dateTime(i.Until)))
	}
	if q := a.Recovery; q != nil {
		v.Says = append(v.Says, rd.l.T("entry.recovery.by", "post", by(q.By), "until", rd.dateTime(q.At.Add(jisr.RecoverWithin))))
	}
	if h := a.HandedOver; h != nil {
		v.Says = append(v.Says, rd.l.T("entry.handed", "post", by(h.By), "date", rd.dateTime(h.At)))
	}
	v.Passkeys = rd.passkeyLines(a)
	sessions, err := s.node.Sessions(r.caller, account)
	if err != nil {
		return nil, err
	}
	v.Sessions = rd.sessionLines(sessions)
	if a.Ended != nil {
		return v, nil
	}
	step := func(verb string) {
		v.Steps = append(v.Steps, Link{Word: rd.l.T("entry." + verb), URL: at + "/" + verb})
	}
	if a.MayInvite() == nil {
		step("invite")
	}
	if a.Feed != nil {
		step("end-calendar")
	}
	if a.MayRestore(rd.caller.By(), rd.now) == nil {
		step("restore")
	} else if a.MayRecover() == nil && a.Recovery == nil {
		step("recover")
	}
	return v, nil
}

func (rd reader) passkeyLines(a *jisr.Account) []passkeyLine {
	var all []passkeyLine
	for _, p := range a.Valid() {
		all = append(all, passkeyLine{ID: base64.RawURLEncoding.EncodeToString(p.Credential), Label: p.Label, Since: rd.dateTime(p.Enrolled.At), Key: node.KeyFinger(p.Key), Where: p.At.Party})
	}
	return all
}

func (rd reader) sessionLines(sessions []node.Session) []sessionLine {
	var all []sessionLine
	for i := range sessions {
		x := &sessions[i]
		all = append(all, sessionLine{ID: x.ID, How: known(rd.l, "access.how.", x.How), Agent: x.Agent, Address: x.Address, Since: rd.dateTime(x.Began), Seen: rd.dateTime(x.Seen), Current: rd.caller.Current(x)})
	}
	return all
}

// entryCommand is what a step of a post's entry asks of the node.
func entryCommand(r *request) (node.Command, error) {
	id := jisr.OfficialID(r.PathValue("id"))
	switch verb := r.PathValue("step"); verb {
	case "invite":
		return node.InviteOfficial{ID: id}, nil
	case "recover":
		return node.RecoverOfficial{ID: id}, nil
	case "restore":
		return node.RestoreOfficial{ID: id}, nil
	case "end-calendar":
		return node.EndFeed{ID: id}, nil
	default:
		return nil, jisr.Refuse(jisr.NoSuch, clip(verb, maxField), "noun", "page")
	}
}

// askEntry asks before a post gets another way in.
func (s *site) askEntry(r *request) (*answer, error) {
	rd, step := s.reader(r), r.PathValue("step")
	if _, err := entryCommand(r); err != nil {
		return nil, err
	}
	if err := node.May(r.caller, node.ReadHouse); err != nil {
		return nil, err
	}
	in, err := s.inputOfAccount(r.Context(), "posts", r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	at := rd.url("house", "posts", in.ID)
	v := askView{Page: s.page(r, "house"), Title: rd.l.T("entry." + step + ".ask"), About: rd.say(in.title()), ID: in.ID, Means: []string{rd.l.T("entry." + step + ".means")},
		Action: at + "/" + step, Button: rd.l.T("entry." + step), Grave: step == "restore", Back: at}
	return &answer{page: askPage(v)}, nil
}

// doEntry carries it out. An invitation is shown this once, as the address to open, and can be printed.
func (s *site) doEntry(r *request) (*answer, error) {
	cmd, err := entryCommand(r)
	if err != nil {
		return nil, err
	}
	done, err := s.node.Do(r.Context(), r.caller, cmd)
	if err != nil {
		return nil, err
	}
	back := s.reader(r).url("house", "posts", r.PathValue("id"))
	if done.Secret == "" {
		return &answer{to: back}, nil
	}
	return s.invitation(r, done.Secret, back), nil
}

// invitation shows an invitation once.
func (s *site) invitation(r *request, secret, back string) *answer {
	return &answer{page: secretPage(secretView{Page: s.page(r, "house"), Title: r.l.T("house.handover.invitation"), Means: r.l.T("entry.invitation.means"), Secret: s.enrolURL(r, secret), Back: back})}
}

// enrolURL is the address that an invitation opens. The invitation stands after the number sign, which is sent to no server
// and stands in no log.
func (s *site) enrolURL(r *request, secret string) string {
	at := "/" + r.lang + "/enrol#" + secret
	if near := localhost(r); near != "" { // passkeys do not work under the address of this page
		return near[:len(near)-len(r.URL.Path)] + at
	}
	return s.origin(r) + at
}

// endPostSession signs a post out of one place; endPostPasskey ends one of its passkeys.
func (s *site) endPostSession(r *request) (*answer, error) {
	if err := s.node.EndSession(r.caller, r.PostForm.Get("session")); err != nil {
		return nil, err
	}
	return &answer{to: s.reader(r).url("house", "posts", r.PathValue("id"))}, nil
}

func (s *site) endPostPasskey(r *request) (*answer, error) {
	return s.endPasskey(r, jisr.OfficialID(r.PathValue("id")), s.reader(r).url("house", "posts", r.PathValue("id")))
}

func (s *site) endPasskey(r *request, of jisr.OfficialID, back string) (*answer, error) {
	credential, err := base64.RawURLEncoding.DecodeString(r.PostForm.Get("passkey"))
	if err != nil {
		return nil, jisr.Refuse(jisr.Malformed, "passkey")
	}
	if _, err := s.node.Do(r.Context(), r.caller, node.RevokePasskey{ID: of, Credential: credential}); err != nil {
		return nil, err
	}
	return &answer{to: back}, nil
}
