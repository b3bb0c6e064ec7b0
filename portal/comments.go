package portal

import (
	"net/url"
	"slices"
	"strings"

	"jisr"
	"jisr/book"
	"jisr/node"
)

// commentsView is what readers of the public page wrote, for who decides about it.
type commentsView struct {
	Page
	States []Link
	Rows   []commentLine
	Does   []commentVerdict
	Undo   []string // what was decided just now, to be taken back
	Said   string
	Next   string
	First  string
	Empty  string
}

type commentLine struct {
	ID, Name, Email, When string
	Lang                  string
	Text                  [][]string
	Of                    Link
}

// commentVerdict is a button: what it says of the comments that are marked.
type commentVerdict struct{ Verb, Word, Style, Icon string }

// verdicts are what can be said of comments in a state.
func (rd reader) verdicts(state string) []commentVerdict {
	of := map[string][]jisr.Kind{jisr.CommentHeld: {jisr.KindCommentApprove, jisr.KindCommentDecline}, jisr.CommentShown: {jisr.KindCommentWithdraw},
		jisr.CommentDeclined: {jisr.KindCommentReopen}, jisr.CommentWithdrawn: {jisr.KindCommentReopen}}[state]
	icons := map[jisr.Kind]string{jisr.KindCommentApprove: "check", jisr.KindCommentDecline: "minus", jisr.KindCommentWithdraw: "minus", jisr.KindCommentReopen: "undo-2"}
	var all []commentVerdict
	for i, k := range of {
		if !rd.may(node.Verb(k)) {
			continue
		}
		_, verb, _ := strings.Cut(string(k), ".")
		v := commentVerdict{Verb: verb, Word: rd.l.T("say." + string(k)), Icon: icons[k]}
		if i == 0 {
			v.Style = "btn-primary"
		}
		all = append(all, v)
	}
	return all
}

func (s *site) comments(r *request) (*answer, error) { return s.showComments(r, "") }

func (s *site) showComments(r *request, problem string) (*answer, error) {
	rd, q := s.reader(r), r.URL.Query()
	state := q.Get("state")
	if !slices.Contains(jisr.CommentStates(), state) {
		state = jisr.CommentHeld
	}
	rows, next, counts, err := s.node.Comments(r.Context(), r.caller, book.CommentQuery{State: state, Cursor: clip(q.Get("cursor"), maxField), Limit: pageNotes})
	if err != nil {
		return nil, err
	}
	v := commentsView{Page: s.page(r, "statements"), Does: rd.verdicts(state), Said: problem, Empty: rd.l.T("comment.none." + state)}
	if v.Undo = markedIn(q["undo"]); len(v.Undo) > 0 && problem == "" {
		v.Said = rd.l.N("comment.done", len(v.Undo))
	}
	for _, st := range jisr.CommentStates() {
		v.States = append(v.States, Link{Word: rd.l.T("comment.state." + st), URL: rd.url("comments") + "?state=" + st, Count: rd.l.Number(int64(counts[st])), On: st == state})
	}
	for i := range rows {
		c := &rows[i]
		l := commentLine{ID: c.ID.Name(), Name: c.Body.Name, Email: c.Body.Email, When: rd.dateTime(c.Received.At), Lang: c.Body.Lang, Text: paragraphs(c.Body.Text)}
		l.Of = Link{Word: c.Statement.Name(), URL: rd.statementURL(c.Forum, c.Statement)}
		if t, err := s.node.Book().Thing(r.Context(), rd.scope, c.Forum, c.Statement); err == nil {
			l.Of.Word = rd.say(t.Summary.Title).String()
		}
		v.Rows = append(v.Rows, l)
	}
	if next != "" {
		v.Next = rd.url("comments") + "?state=" + state + "&cursor=" + url.QueryEscape(next)
	}
	if q.Get("cursor") != "" {
		v.First = rd.url("comments") + "?state=" + state
	}
	a := &answer{page: commentsModerated(v)}
	if problem != "" {
		a.status = 422
	}
	return a, nil
}

// markedIn are the names of comments that a form or an address marks, as many as a page shows.
func markedIn(names []string) (all []string) {
	for _, n := range names[:min(len(names), pageNotes)] {
		if jisr.ValidName(n) && len(n) <= jisr.MaxID {
			all = append(all, n)
		}
	}
	return all
}

// moderate decides about the comments that are marked, all of them or none, and offers to take it back.
func (s *site) moderate(r *request) (*answer, error) {
	cmd := node.ModerateComments{Verdict: jisr.Kind("comment." + clip(r.PathValue("verb"), maxField))}
	if !slices.Contains(jisr.CommentKinds(), cmd.Verdict) {
		return s.nowhere(r)
	}
	to := url.Values{"state": {jisr.CommentHeld}}
	for _, n := range markedIn(r.PostForm["id"]) {
		cmd.IDs = append(cmd.IDs, jisr.ThingID("comment/"+n))
		if cmd.Verdict != jisr.KindCommentReopen {
			to.Add("undo", n)
		}
	}
	rd := s.reader(r)
	_, err := s.do(r, cmd)
	if problem := rd.why(err); problem != "" {
		return s.showComments(r, problem)
	}
	if err != nil {
		return nil, err
	}
	return &answer{to: rd.url("comments") + "?" + to.Encode()}, nil
}

// first is the address a form goes to where its button says nothing else.
func (v commentsView) first() string {
	if len(v.Does) == 0 {
		return ""
	}
	return v.Does[0].Verb
}
