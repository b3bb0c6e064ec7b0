package portal

import (
	"errors"
	"strconv"
	"strings"

	"jisr"
	"jisr/node"
)

// confirmView asks before something that cannot be taken back, or that needs a reason: one question a page.
type confirmView struct {
	Page
	Note    line
	Title   string
	Means   []string // what will happen, and what cannot be undone
	Action  string   // the address that does it
	Button  string
	Grave   bool // not to be pressed by mistake
	Version int  // of a draft; 0: of none
	Ask     bool // whether a reason is asked for
	Must    bool // and required
	Reason  string
	Problem string
	Back    string
	vouching
}

// field is what a problem is about.
func (v *confirmView) field() string {
	switch {
	case v.Ask:
		return "reason"
	case v.Password:
		return "password"
	}
	return ""
}

// askAbout makes the page that asks about a verb; path is where the verb stands under the thing.
func (rd reader) askAbout(verb, path string, l line, means ...string) confirmView {
	v := confirmView{Note: l, Title: rd.l.T("note.confirm." + verb), Button: rd.l.T("note.action." + verb), Back: l.URL, Action: l.URL + "/" + path}
	v.Means = append([]string{rd.l.T("note.confirm." + verb + ".means")}, means...)
	return v
}

func (s *site) askWithdraw(r *request) (*answer, error) { return s.askNote(r, "withdraw") }
func (s *site) askClose(r *request) (*answer, error)    { return s.askNote(r, "close") }

func (s *site) askNote(r *request, verb string) (*answer, error) {
	rd := s.reader(r)
	v, err := s.askNoteView(r, rd, verb)
	if err != nil {
		return nil, err
	}
	return &answer{page: confirmPage(v)}, nil
}

// askNoteView refuses at once what would be refused afterwards.
func (s *site) askNoteView(r *request, rd reader, verb string) (confirmView, error) {
	n, err := s.loadNote(r.Context(), rd, jisr.ForumID(r.PathValue("forum")), noteID(r))
	if err == nil && n.Note == nil {
		err = jisr.Refuse(jisr.NotReleased, r.PathValue("id"))
	}
	may, state := node.Verb("note.withdraw"), (*jisr.Note).MayWithdraw
	if verb != "withdraw" {
		may, state = "note.close", (*jisr.Note).MayClose
	}
	if err == nil {
		err = node.May(rd.caller, may)
	}
	if err == nil {
		err = state(n.Note, rd.self)
	}
	if err != nil {
		return confirmView{}, err
	}
	v := rd.askAbout(verb, map[string]string{"withdraw": "withdraw", "close": "no-answer-needed"}[verb], rd.line(&n.NoteRow, ""))
	v.Page, v.Ask, v.Grave = s.page(r, "notes"), true, verb == "withdraw"
	return v, nil
}

func (s *site) withdraw(r *request) (*answer, error) {
	return s.doNote(r, "withdraw", node.WithdrawNote{Forum: jisr.ForumID(r.PathValue("forum")), ID: noteID(r), Reason: reasonOf(r)})
}

func (s *site) close(r *request) (*answer, error) {
	return s.doNote(r, "close", node.CloseNote{Forum: jisr.ForumID(r.PathValue("forum")), ID: noteID(r), Reason: reasonOf(r)})
}

func (s *site) doNote(r *request, verb string, cmd node.Command) (*answer, error) {
	rd := s.reader(r)
	_, err := s.node.Do(r.Context(), r.caller, cmd)
	if problem := aboutReason(rd, err); problem != "" {
		v, err := s.askNoteView(r, rd, verb)
		if err != nil {
			return nil, err
		}
		v.Reason, v.Problem = reasonOf(r), problem
		return &answer{status: 422, page: confirmPage(v)}, nil
	}
	if err != nil {
		return nil, err
	}
	return &answer{to: rd.noteURL(jisr.ForumID(r.PathValue("forum")), noteID(r))}, nil
}

// reasonOf reads a reason as it was written, with the line ends that acts have.
func reasonOf(r *request) string { return unixLines(r.PostForm.Get("reason")) }

// aboutReason tells what is wrong with the reason, if that is what is wrong: the page asks again, with what was
// written still there. "und" is a text in a language nobody named.
func aboutReason(rd reader, err error) string {
	var refusal *jisr.Refusal
	if errors.As(err, &refusal) && refusal.Subject == "reason" {
		return sentence(rd.l, refusal)
	}
	return ""
}

func unixLines(s string) string {
	return strings.TrimSpace(strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n"))
}

// versionOf is the version of a draft that the official was looking at.
func versionOf(r *request) int {
	n, err := strconv.Atoi(r.PostForm.Get("version"))
	if err != nil || n < 0 {
		return 0 // no version is 0: it is refused as a conflict
	}
	return n
}
