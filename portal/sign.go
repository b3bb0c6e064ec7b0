package portal

import (
	"errors"
	"slices"

	"jisr"
	"jisr/node"
)

// signView is the page on which an official signs what a form asked for, whatever the form: it says what is signed, and
// brings the form's fields back with the passkey's answer.
type signView struct {
	Page
	Title   string
	Subject string
	Means   string
	Facts   []factLine
	Action  string
	Carried []sayingField // the form as it was sent
	Problem string
	Enrol   string // address where the post makes its first passkey; empty: it has one, or needs none
	Back    string
	vouching
}

// unsigned is a command of a form that its official has to sign, or to confirm, first.
type unsigned struct {
	cmd     node.Command
	problem string
}

func (u *unsigned) Error() string { return "the official has not signed yet" }

// do carries out the command of a form with what the form brought for it: the answer of a passkey, or the password. What is
// to be signed and is not ends in an error that the site answers with the page for signing.
func (s *site) do(r *request, cmd node.Command) (node.Done, error) {
	signed, err := vouch(r, cmd)
	var done node.Done
	if err == nil {
		done, err = s.node.Do(r.Context(), r.caller, signed)
	}
	var refusal *jisr.Refusal
	if !errors.As(err, &refusal) {
		return done, err
	}
	if refusal.Kind == jisr.Unsigned || refusal.Kind == jisr.Unconfirmed {
		return done, &unsigned{cmd: cmd}
	}
	if brought := r.PostForm.Get("answer") + r.PostForm.Get("password"); brought != "" {
		if problem := again(s.reader(r), err); problem != "" {
			return done, &unsigned{cmd, problem}
		}
	}
	return done, err
}

// toSign is the page for signing. Where the command would be refused even when it is signed, it says why.
func (s *site) toSign(r *request, u *unsigned) (*answer, error) {
	rd := s.reader(r)
	v := signView{Page: s.page(r, ""), Title: rd.l.T("sign.title"), Action: r.URL.RequestURI(), Carried: carried(r), Problem: u.problem, Back: backOf(r)}
	if v.Back == "" {
		v.Back = "/" + r.lang + "/"
	}
	var err error
	if v.vouching, err = s.vouching(r, u.cmd); err != nil {
		return nil, err
	}
	if st := v.Statement; st != nil {
		v.Title, v.Means = known(rd.l, "act.kind.", string(st.Kind)), rd.l.T("sign.page.means")
		v.Facts = rd.termFacts(st.Terms)
		v.Subject = s.subjectOf(r, rd, st)
	}
	if !r.caller.Passkey && !v.Password {
		v.Enrol = "/" + r.lang + "/access"
	}
	status := 403
	if u.problem != "" {
		status = 409
	}
	return &answer{status: status, page: signPage(v)}, nil
}

// subjectOf names the thing that a statement is about, where it is there already.
func (s *site) subjectOf(r *request, rd reader, st *jisr.Statement) string {
	v, err := s.node.Book().Thing(r.Context(), rd.scope, st.Forum, st.About)
	if err != nil {
		return "" // a new thing, or none of those
	}
	return rd.say(v.Summary.Title).String()
}

// carried is the fields of a form as they were sent, but for what it brought to be signed with.
func carried(r *request) (all []sayingField) {
	for _, name := range sortedKeys(r.PostForm) {
		if slices.Contains([]string{"asked", "answer", "password", tokenField}, name) {
			continue
		}
		for _, value := range r.PostForm[name] {
			all = append(all, hidden(name, value))
		}
	}
	return all
}
