package portal

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"jisr"
	"jisr/node"
)

// noticesView is what reaches the official outside these pages.
type noticesView struct {
	Page
	Feed     string // when the calendar's address was made; empty: there is none
	Mail     *mailView
	Problems []Problem
}

// mailView is the form of what the post is told by mail.
type mailView struct {
	In      mailInput
	State   tag
	Says    string // how it stands
	Code    string // that came with a link; the field is filled with it
	Confirm bool   // a code is awaited
	Chosen  bool   // something is
	Hours   []Option
	Langs   []Option
	What    []Option
}

// mailInput is what the form holds.
type mailInput struct {
	Address, Lang, Hour string
	What                []string
}

func readMail(r *request) mailInput {
	return mailInput{Address: clip(strings.TrimSpace(r.PostForm.Get("address")), maxField), Lang: clip(r.PostForm.Get("lang"), maxField), Hour: clip(r.PostForm.Get("hour"), maxField), What: r.PostForm["notices"]}
}

// terms are what was chosen. An hour that is none is left for the rules to refuse.
func (in *mailInput) terms() jisr.NotifyTerms {
	hour, err := strconv.Atoi(in.Hour)
	if err != nil {
		hour = -1
	}
	return jisr.NotifyTerms{Digest: slices.Contains(in.What, "digest"), Each: slices.Contains(in.What, "each"), Invite: slices.Contains(in.What, "invite"), Hour: hour, Lang: in.Lang}
}

// feedView shows the addresses of a calendar, once.
type feedView struct {
	Page
	Own, Desk string
	DeskName  string
	Back      string
}

func noticesURL(r *request, parts ...string) string {
	to := "/" + r.lang + "/notices"
	for _, p := range parts {
		to += "/" + p
	}
	return to
}

func (s *site) notices(r *request) (*answer, error) { return s.noticesPage(r, nil, nil) }

// noticesPage is the page, with what a form brought and why it was refused.
func (s *site) noticesPage(r *request, in *mailInput, cause error) (*answer, error) {
	rd := s.reader(r)
	row, err := s.node.Book().Account(r.Context(), r.caller.Account)
	if err != nil {
		return nil, err
	}
	v := noticesView{Page: s.page(r, "notices"), Problems: problemsOf(rd, cause, mailField)}
	if f := row.Account.Feed; f != nil {
		v.Feed = rd.dateTime(f.Made.At)
	}
	if v.Mail, err = s.mailView(r, rd, in); err != nil {
		return nil, err
	}
	status := 0
	if len(v.Problems) > 0 {
		status = 422
	}
	return &answer{status: status, page: noticesPage(v)}, nil
}

// mailField is the field that a refusal is about.
func mailField(subject string) string {
	if slices.Contains([]string{"address", "hour", "lang", "notices", "code"}, subject) {
		return subject
	}
	return ""
}

// mailView shows how mail stands for the post; nil where this node sends none.
func (s *site) mailView(r *request, rd reader, in *mailInput) (*mailView, error) {
	st, err := s.node.Mail(r.Context(), r.caller)
	if err != nil || !st.On {
		return nil, err
	}
	v := &mailView{In: mailInput{Lang: rd.l.Tag(), Hour: "8", What: []string{"digest"}}, Code: clip(r.URL.Query().Get("code"), maxField), Chosen: st.Notify != nil,
		State: tag{Tone: "idle", Icon: "minus", Word: rd.l.T("notices.mail.off")}, Says: rd.l.T("notices.mail.off.means")}
	if c := st.Notify; c != nil {
		v.In = mailInput{Address: st.Address, Lang: c.Lang, Hour: strconv.Itoa(c.Hour)}
		for name, on := range map[string]bool{"digest": c.Digest, "each": c.Each, "invite": c.Invite} {
			if on {
				v.In.What = append(v.In.What, name)
			}
		}
		v.stands(rd, &st)
	}
	if in != nil {
		v.In = *in
	}
	for h := range 24 {
		v.Hours = append(v.Hours, Option{Value: strconv.Itoa(h), Word: rd.l.Digits(fmt.Sprintf("%02d:00", h)), On: strconv.Itoa(h) == v.In.Hour})
	}
	for _, tag := range s.langs {
		v.Langs = append(v.Langs, Option{Value: tag, Word: s.words.In(tag).Name(), On: tag == v.In.Lang})
	}
	for _, name := range []string{"digest", "each", "invite"} {
		v.What = append(v.What, Option{Value: name, Word: rd.l.T("notices." + name), Hint: rd.l.T("notices." + name + ".means"), On: slices.Contains(v.In.What, name)})
	}
	return v, nil
}

// stands says whether mail reaches the post.
func (v *mailView) stands(rd reader, st *node.MailStanding) {
	switch {
	case st.Bad != nil:
		v.State = tag{Tone: "bad", Icon: "triangle-alert", Word: rd.l.T("notices.mail.bad")}
		v.Says = rd.l.T("notices.mail.bad.means", "code", st.Bad.Code, "date", rd.dateTime(st.Bad.Changed))
	case st.Notify.Confirmed == nil:
		v.Confirm = true
		v.State = tag{Tone: "soon", Icon: "clock", Word: rd.l.T("notices.mail.waits")}
		v.Says = rd.l.T("notices.mail.waits.means")
	default:
		v.State = tag{Tone: "ok", Icon: "check", Word: rd.l.T("notices.mail.on")}
		v.Says = rd.l.T("notices.mail.on.means")
		if !st.Last.IsZero() {
			v.Says = rd.l.T("notices.mail.last", "date", rd.dateTime(st.Last))
		}
	}
}

// saveMail takes the choices. The address as it stands is no other address, unless mail to it came back: then it is given anew.
func (s *site) saveMail(r *request) (*answer, error) {
	in := readMail(r)
	st, err := s.node.Mail(r.Context(), r.caller)
	if err != nil {
		return nil, err
	}
	cmd := node.SetNotify{Address: in.Address, NotifyTerms: in.terms()}
	if cmd.None() || in.Address == st.Address && st.Bad == nil {
		cmd.Address = ""
	}
	return s.mailDone(r, &in, cmd)
}

func (s *site) stopMail(r *request) (*answer, error) {
	return s.mailDone(r, nil, node.SetNotify{NotifyTerms: jisr.NotifyTerms{Lang: r.lang}})
}

func (s *site) confirmMail(r *request) (*answer, error) {
	return s.mailDone(r, nil, node.ConfirmNotify{Code: clip(r.PostForm.Get("code"), maxField)})
}

func (s *site) mailDone(r *request, in *mailInput, cmd node.Command) (*answer, error) {
	_, err := s.node.Do(r.Context(), r.caller, cmd)
	var no *jisr.Refusal
	if errors.As(err, &no) && no.Kind != jisr.NotAllowed {
		return s.noticesPage(r, in, no)
	}
	if err != nil {
		return nil, err
	}
	return &answer{to: noticesURL(r)}, nil
}

// Wrong is what is wrong with a field; empty: nothing.
func (v *noticesView) Wrong(field string) string { return wrongWith(v.Problems, field) }

// askFeed asks before an address that a program may be using opens nothing any more.
func (s *site) askFeed(r *request) (*answer, error) {
	step := r.PathValue("step")
	if step != "renew" && step != "end" {
		return nil, jisr.Refuse(jisr.NoSuch, clip(step, maxField), "noun", "page")
	}
	return &answer{page: askPage(askView{Page: s.page(r, "notices"), Title: r.l.T("feed." + step + ".ask"), Means: []string{r.l.T("feed." + step + ".means")},
		Action: noticesURL(r, "calendar", step), Button: r.l.T("feed." + step), Grave: true, Back: noticesURL(r)})}, nil
}

// renewFeed makes the address and shows it on the page that answers: it is kept nowhere.
func (s *site) renewFeed(r *request) (*answer, error) {
	done, err := s.node.Do(r.Context(), r.caller, node.RenewFeed{})
	if err != nil {
		return nil, err
	}
	at := s.origin(r) + "/calendar/" + done.Secret + "/" + r.lang
	return &answer{page: feedPage(feedView{Page: s.page(r, "notices"), Own: at + "/own.ics", Desk: at + "/desk.ics", DeskName: inLanguage(r.l, r.caller.DeskName), Back: noticesURL(r)})}, nil
}

func (s *site) endFeed(r *request) (*answer, error) {
	if _, err := s.node.Do(r.Context(), r.caller, node.EndFeed{ID: r.caller.By().Official}); err != nil {
		return nil, err
	}
	return &answer{to: noticesURL(r)}, nil
}

// origin is how the reader's browser reaches this portal.
func (s *site) origin(r *request) string {
	scheme := "http://"
	if s.overTLS(r.Request) {
		scheme = "https://"
	}
	return scheme + r.Host
}
