package portal

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"jisr"
	"jisr/book"
)

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

// side is a member as pages show it: its mark and its name.
type side struct {
	ID   jisr.MemberID
	Name string
	Self bool
}

func (rd reader) side(m jisr.MemberID) side {
	return side{ID: m, Name: rd.name(m), Self: m == rd.self}
}

func (rd reader) sides(ms []jisr.MemberID) []side {
	var all []side
	for _, m := range ms {
		all = append(all, rd.side(m))
	}
	return all
}

// tag is a state as pages show it: always an icon and a word, never colour alone.
type tag struct {
	Tone string // ok, soon, late, done, idle: the classes of app.css
	Icon string
	Word string
}

func (rd reader) stateTag(s jisr.NoteState) tag {
	look := map[jisr.NoteState][2]string{
		jisr.Drafted:        {"idle", "pen-line"},
		jisr.Returned:       {"soon", "undo-2"},
		jisr.Cleared:        {"ok", "check"},
		jisr.DiscardedState: {"idle", "minus"},
		jisr.Released:       {"soon", "send"},
		arrived:             {"soon", "mail"},
		jisr.Held:           {"ok", "circle-dot"},
		jisr.OpenedState:    {"ok", "mail-open"},
		jisr.Answered:       {"done", "circle-check"},
		jisr.NoAnswerNeeded: {"done", "minus"},
		jisr.NoAnswerInTime: {"late", "clock"},
		jisr.WithdrawnState: {"idle", "undo-2"},
	}[s]
	return tag{Tone: look[0], Icon: look[1], Word: known(rd.l, "note.state.", string(s))}
}

// line is a note in a list.
type line struct {
	URL            string
	Ref            string // "IQ 3/2026": Latin in every language, as references are (practice 8.4); empty without a number
	Kind           string
	Precedence     string // empty for routine, which needs no mark
	PrecedenceCode string // the wire's: flash, immediate, priority
	Handling       string // empty for official use, which needs no mark
	Subject        said
	Excerpt        said // around what a search found in the text
	From           side
	To             []side
	Date           string
	State          tag
	Due            string
	DueIn          string
	Late           bool
	Unopened       bool // arrived, and no desk of ours has opened it
}

func (rd reader) line(row *book.NoteRow, search string) line {
	l := line{
		URL: rd.rowURL(row), Ref: refOf(row), Kind: known(rd.l, "note.kind.", string(row.Terms.Kind)),
		Subject: rd.subject(row, search), From: rd.side(row.ID.Maker()), To: rd.sides(row.Terms.To), State: rd.stateTag(rd.standing(row)),
	}
	if p := row.Terms.Precedence; p != jisr.Routine && p != "" {
		l.Precedence, l.PrecedenceCode = known(rd.l, "note.precedence.", string(p)), precedenceCode(p)
	}
	if h := row.Terms.Handling.Level(); h != jisr.HandlingOfficial {
		l.Handling = rd.handling(h)
	}
	l.Date = rd.l.ShortDate(row.At.In(rd.zone))
	if row.Note != nil {
		l.Date = rd.l.Day(string(row.Note.Date))
		l.Late, l.Unopened = row.Note.Late(rd.known), rd.unopened(row)
	}
	if row.Terms.ReplyBy != "" && (row.Note == nil || len(row.Note.Awaits()) > 0) {
		l.Due, l.DueIn = rd.l.Day(string(row.Terms.ReplyBy)), rd.l.RelativeDay(string(row.Terms.ReplyBy), string(rd.today))
	}
	if search != "" && !rd.sealed(row) { // a search tells that an unopened note is about it, and not what it says
		text, tag := row.Body.Text.In(rd.l.Tag())
		l.Excerpt = excerpt(tag, text, search)
	}
	return l
}

// handling is how widely something may be shown, as a word.
func (rd reader) handling(h jisr.Handling) string { return known(rd.l, "handling.", string(h.Level())) }

func (rd reader) rowURL(row *book.NoteRow) string {
	if row.Note == nil {
		return rd.url("drafts", row.ID.Name())
	}
	return rd.noteURL(row.Forum, row.ID)
}

// arrived is what an official reads for a note from another member before one of our desks has opened it: of
// such a note, that it was released or is held here is their side's news.
const arrived jisr.NoteState = "arrived"

func (rd reader) standing(row *book.NoteRow) jisr.NoteState {
	st := row.Standing(rd.known)
	if (st == jisr.Released || st == jisr.Held) && rd.unopened(row) {
		return arrived
	}
	return st
}

// subject is what the note says it is about, or why that cannot be shown.
func (rd reader) subject(row *book.NoteRow, search string) said {
	switch {
	case row.BodyBad != nil:
		return saidIn(rd.l.Tag(), rd.l.T("note.body.bad"), "")
	case !row.BodyHeld:
		return saidIn(rd.l.Tag(), rd.l.T("note.body.waiting"), "")
	}
	return rd.sayFound(row.Body.Subject, search)
}

// unopened tells whether the note is addressed to this member and could still be opened by one of its desks.
func (rd reader) unopened(row *book.NoteRow) bool {
	return row.Note != nil && row.Note.MayOpen(rd.self) == nil
}

// sealed tells whether the note came to this member and none of its desks has opened it: its page shows the envelope, whether it
// can still be opened or was withdrawn before.
func (rd reader) sealed(row *book.NoteRow) bool { return row.Note != nil && row.Note.Unopened(rd.self) }

// precedenceCode is the precedence as the style knows it; what is no precedence of ours looks like routine.
func precedenceCode(p jisr.Precedence) string {
	if slices.Contains(jisr.Precedences(), p) {
		return string(p)
	}
	return string(jisr.Routine)
}

// title is what a page about the note is called: its subject, in whichever language there is.
func (l *line) title(rd reader) string {
	if s := l.Subject.String(); s != "" {
		return s
	}
	return rd.l.T("note.nosubject")
}

// refOf is how people cite a note: its writer, and its number in the year. Non-papers and drafts have none.
func refOf(row *book.NoteRow) string {
	if row.Note == nil || row.Note.Number == 0 || len(row.Note.Date) < 4 {
		return ""
	}
	return fmt.Sprintf("%s %d/%s", strings.ToUpper(string(row.Note.From)), row.Note.Number, row.Note.Date[:4])
}
