package portal

import (
	"context"
	"net/url"
	"strings"

	"jisr"
	"jisr/book"
	"jisr/node"
)

// notesView is the list of notes: boxes, filters, a search, pages.
type notesView struct {
	Page
	Heading string
	About   string
	Boxes   []Link
	With    []Option // filters of the form
	Kinds   []Option
	States  []Option
	Box     string
	Lines   []line
	Next    string // the next page; empty at the end
	First   string // the first page; empty when this is it
	All     string // without any filter; empty when there is none
}

func (s *site) notes(r *request) (*answer, error) {
	q := r.URL.Query()
	ask := notesQuery(q)
	rd := s.reader(r)
	ask.Known = rd.known
	v, err := s.notesView(r.Context(), rd, ask)
	if err != nil {
		return nil, err
	}
	v.Page = s.live(r, "notes")
	return &answer{page: notesPage(v)}, nil
}

// notesQuery reads the filters from an address. What is no filter is dropped: addresses are kept, sent to
// colleagues and written by hand, and a list is the best answer to a bad one.
func notesQuery(q url.Values) book.NoteQuery {
	ask := book.NoteQuery{
		Box: book.Box(q.Get("box")), With: jisr.MemberID(q.Get("with")), Kind: jisr.NoteKind(q.Get("kind")), State: jisr.NoteState(q.Get("state")),
		Search: strings.TrimSpace(clip(strings.ToValidUTF8(q.Get("q"), ""), maxSearch)), Cursor: clip(q.Get("cursor"), maxField), Limit: pageNotes,
	}
	if !isOneOf(ask.Box, boxes()) {
		ask.Box = book.BoxAll
	}
	if !jisr.ValidMember(ask.With) {
		ask.With = ""
	}
	if !isOneOf(ask.Kind, jisr.NoteKinds()) {
		ask.Kind = ""
	}
	if !isOneOf(ask.State, noteStates()) {
		ask.State = ""
	}
	return ask
}

func isOneOf[T comparable](v T, all []T) bool {
	for _, a := range all {
		if a == v {
			return true
		}
	}
	return false
}

func boxes() []book.Box { return []book.Box{book.BoxAll, book.BoxIn, book.BoxOut, book.BoxDrafts} }

func noteStates() []jisr.NoteState {
	return []jisr.NoteState{jisr.Drafted, jisr.Returned, jisr.Cleared, jisr.Released, jisr.Held, jisr.OpenedState, jisr.Answered,
		jisr.NoAnswerInTime, jisr.NoAnswerNeeded, jisr.WithdrawnState, jisr.DiscardedState}
}

func (s *site) notesView(ctx context.Context, rd reader, ask book.NoteQuery) (notesView, error) {
	rows, next, err := s.node.Book().Notes(ctx, rd.scope, ask)
	if err != nil {
		return notesView{}, err
	}
	v := notesView{Box: string(ask.Box), Heading: rd.l.T("note.list.title")}
	if ask.Search != "" {
		v.Heading, v.About = rd.l.T("search.for", "query", ask.Search), rd.l.T("search.title")
	}
	for i := range rows {
		v.Lines = append(v.Lines, rd.line(&rows[i], ask.Search))
	}
	if next != "" {
		v.Next = rd.notesURL(ask, next)
	}
	if ask.Cursor != "" {
		v.First = rd.notesURL(ask, "")
	}
	if ask.Search != "" || ask.With != "" || ask.Kind != "" || ask.State != "" {
		v.All = rd.notesURL(book.NoteQuery{Box: ask.Box}, "")
	}
	s.notesFilters(rd, ask, &v)
	return v, nil
}

// notesURL is the address of the list with these filters, so that paging keeps them.
func (rd reader) notesURL(ask book.NoteQuery, cursor string) string {
	q := url.Values{}
	for _, f := range [][2]string{{"box", string(ask.Box)}, {"with", string(ask.With)}, {"kind", string(ask.Kind)}, {"state", string(ask.State)}, {"q", ask.Search}, {"cursor", cursor}} {
		if f[1] != "" {
			q.Set(f[0], f[1])
		}
	}
	if len(q) == 0 {
		return rd.url("notes")
	}
	return rd.url("notes") + "?" + q.Encode()
}

func (s *site) notesFilters(rd reader, ask book.NoteQuery, v *notesView) {
	for _, b := range boxes() {
		to := ask
		to.Box, to.State = b, ""
		word := "all"
		if b != book.BoxAll {
			word = string(b)
		}
		v.Boxes = append(v.Boxes, Link{Word: rd.l.T("note.list." + word), URL: rd.notesURL(to, ""), On: b == ask.Box})
	}
	v.With = narrowing(rd, ask.With, s.partners(), rd.name)
	v.Kinds = narrowing(rd, ask.Kind, jisr.NoteKinds(), wordAfter[jisr.NoteKind](rd, "note.kind."))
	v.States = narrowing(rd, ask.State, noteStates(), wordAfter[jisr.NoteState](rd, "note.state."))
}

// partners lists the members this one shares a forum with.
func (s *site) partners() []jisr.MemberID {
	var all []jisr.MemberID
	for _, k := range s.node.Links() {
		all = append(all, k.Member)
	}
	return all
}

// may tells whether the caller may ask for the verb at all; the state of a thing may still forbid it.
func (rd reader) may(v node.Verb) bool { return node.May(rd.caller, v) == nil }
