package portal

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"jisr"
	"jisr/book"
	"jisr/node"
	"jisr/words"
)

// noteView is a released note as a letter, with what became of it and what this official may do about it.
type noteView struct {
	Page
	Title   string
	Note    line
	Means   string // what its state means, and who acts next
	Sealed  bool   // arrived and not opened: the envelope is shown and what is in it is not
	MayOpen bool   // this official may open it
	NoOpen  string // why not, when sealed
	Gone    bool   // it was withdrawn before any desk of ours opened it
	Letter  letter
	Files   []attachment
	Ladders []ladder
	Answers *line // the note it answers
	Refs    []line
	Replies []line
	Owed    []line // commitments that come from it
	Steps   []noteAct
	Actions noteActions
	Signed  *signatureLine // nil: it cannot be signed
	Custody custodyPart
}

// letter is the note as paper would have it. Columns are its texts by language, the reader's first.
type letter struct {
	From       said // the letterhead: the desk, else the member
	Member     side
	To         []side
	Number     string
	Date       string
	Urgent     string // precedence, unless routine
	UrgentCode string
	Handling   string
	Subject    said
	Columns    []column
	Due        string // the day an answer is asked for
	Plain      bool   // a non-paper: no letterhead, no formulas, no attribution
}

// column is the text in one language.
type column struct {
	Lang, Dir string
	Language  string // its name, when there is more than one
	Opening   string
	Text      [][]string
	Closing   string
}

// attachment is a file and how much of it is here.
type attachment struct {
	Name string
	Type string
	Size string
	Held string // "٣ من ٢٠ ميغابايت", while it is arriving
	Part int    // per cent
	URL  string // empty while it is not whole
}

// ladder is how far a note has got with one addressee. Every step can be proved.
type ladder struct {
	Whom  side
	Steps []rung
}

// rung is one step of the ladder: done, now or next.
type rung struct {
	State  string
	Word   string
	When   string
	Detail string
	URL    string // the act or proof behind it
	Say    string // what that is
}

// noteAct is an act about the note, house acts included.
type noteAct struct {
	What   string
	Who    side
	By     string
	When   string
	URL    string // empty for house acts, which have no page
	Reason said
	Void   string
	House  bool
}

// noteActions is what this official may do now.
type noteActions struct {
	Commit, Answer, Withdraw, Close, Proof, Paper string // addresses; empty: may not
}

func (s *site) note(r *request) (*answer, error) {
	rd := s.reader(r)
	v, err := s.noteView(r.Context(), rd, jisr.ForumID(r.PathValue("forum")), noteID(r))
	if err != nil {
		return nil, err
	}
	if v.Note.URL != rd.noteURL(jisr.ForumID(r.PathValue("forum")), noteID(r)) {
		return &answer{to: v.Note.URL}, nil // still a draft
	}
	v.Page = s.live(r, "notes")
	return &answer{page: notePage(v)}, nil
}

func noteID(r *request) jisr.ThingID { return jisr.ThingID("note/" + r.PathValue("id")) }

// loadNote reads a note that was released in the forum.
func (s *site) loadNote(ctx context.Context, rd reader, f jisr.ForumID, id jisr.ThingID) (book.NoteView, error) {
	if !jisr.ValidForum(f) {
		return book.NoteView{}, jisr.Refuse(jisr.NoSuch, string(f), "noun", "forum")
	}
	v, err := s.node.Book().Note(ctx, rd.scope, f, id)
	if err == nil {
		err = s.node.ReadsNote(ctx, rd.caller, &v)
	}
	return v, err
}

func (s *site) noteView(ctx context.Context, rd reader, f jisr.ForumID, id jisr.ThingID) (noteView, error) {
	n, err := s.loadNote(ctx, rd, f, id)
	if err != nil {
		return noteView{}, err
	}
	v := noteView{Note: rd.line(&n.NoteRow, "")}
	if n.Note == nil {
		return v, nil
	}
	v.Title, v.Means = v.Note.title(rd), rd.means(&n)
	v.Sealed = rd.sealed(&n.NoteRow)
	v.MayOpen = rd.unopened(&n.NoteRow) && rd.may("note.open")
	if rd.unopened(&n.NoteRow) && !v.MayOpen {
		v.NoOpen = rd.why(node.May(rd.caller, "note.open"))
	}
	v.Gone = v.Sealed && n.Note.Readings[rd.self].Withdrawn
	v.Letter = rd.letter(&n)
	if !v.Sealed {
		if v.Files, err = s.files(ctx, rd, &n); err != nil {
			return noteView{}, err
		}
	}
	if v.Ladders, err = s.ladders(ctx, rd, &n); err != nil {
		return noteView{}, err
	}
	if err := s.thread(ctx, rd, &n, &v); err != nil {
		return noteView{}, err
	}
	titles, err := s.titles(ctx, rd)
	if err != nil {
		return noteView{}, err
	}
	if v.Custody, err = s.custodyOf(ctx, rd, rd.heldNote(&n)); err != nil {
		return noteView{}, err
	}
	v.Steps, v.Actions = rd.noteActs(&n), rd.actions(&n)
	if s.print != nil && !v.Sealed && n.BodyHeld {
		v.Actions.Paper = v.Note.URL + "/pdf"
	}
	nameSteps(v.Steps, titles)
	if !v.Sealed && rd.may(node.Verb(jisr.KindCommitmentPropose)) {
		v.Actions.Commit = rd.owe(f, id, "")
	}
	if v.Owed, err = s.owedFrom(ctx, rd, f, id); err != nil || v.Sealed || n.Note.Kind == jisr.NonPaper { // a non-paper is without attribution
		return v, err
	}
	v.Signed, err = s.signatureLine(ctx, rd, f, n.Note.Released.Position)
	return v, err
}

// means says what the state means and who acts next, as seen from this side of it.
func (rd reader) means(n *book.NoteView) string {
	st := string(rd.standing(&n.NoteRow))
	side := ".theirs"
	if n.Note.From == rd.self {
		side = ".ours"
	}
	others := rd.nameAll(n.Note.To)
	if side == ".theirs" {
		others = rd.name(n.Note.From)
	}
	if key := "note.state." + st + ".means" + side; rd.l.Has(key) {
		return rd.l.T(key, "member", others)
	}
	return rd.l.T("note.state." + st + ".means")
}

// why is the sentence of a refusal.
func (rd reader) why(err error) string {
	var refusal *jisr.Refusal
	if errors.As(err, &refusal) {
		return sentence(rd.l, refusal)
	}
	return ""
}

func (rd reader) letter(n *book.NoteView) letter {
	l := letter{Member: rd.side(n.Note.From), To: rd.sides(n.Note.To), Date: rd.l.Day(string(n.Note.Date)), Subject: rd.subject(&n.NoteRow, ""),
		From: rd.say(n.Body.From), Handling: rd.handling(n.Note.Handling), Plain: n.Note.Kind == jisr.NonPaper}
	if n.Note.ReplyBy != "" {
		l.Due = rd.l.Day(string(n.Note.ReplyBy))
	}
	if n.Note.Number > 0 {
		l.Number = refOf(&n.NoteRow)
	}
	if n.Note.Precedence != jisr.Routine {
		l.Urgent, l.UrgentCode = known(rd.l, "note.precedence.", string(n.Note.Precedence)), precedenceCode(n.Note.Precedence)
	}
	if rd.sealed(&n.NoteRow) || !n.BodyHeld {
		return l
	}
	l.Columns = rd.columns(&n.Body)
	return l
}

// columns gives the text in each of its languages, the reader's first; a language that says nothing but a
// formula has no column.
func (rd reader) columns(b *jisr.NoteBody) []column {
	var all []column
	for _, tag := range rd.languagesOf(b.Text) {
		c := column{Lang: tag, Dir: saidIn(tag, "x", "").Dir, Opening: b.Opening[tag], Text: paragraphs(b.Text[tag]), Closing: b.Closing[tag]}
		if c.Language = tag; slices.Contains(rd.words.Tags(), tag) {
			c.Language = rd.words.In(tag).Name()
		}
		all = append(all, c)
	}
	return all
}

// languagesOf lists the languages of a text: the reader's, then the others in order.
func (rd reader) languagesOf(t jisr.Text) []string {
	var all []string
	if t[rd.l.Tag()] != "" {
		all = append(all, rd.l.Tag())
	}
	for _, tag := range sortedKeys(t) {
		if tag != rd.l.Tag() && t[tag] != "" {
			all = append(all, tag)
		}
	}
	return all
}

func (s *site) files(ctx context.Context, rd reader, n *book.NoteView) ([]attachment, error) {
	files, err := s.node.Files(ctx, rd.scope, n.Forum, n.Note.Released.Position)
	if err != nil {
		return nil, err
	}
	var all []attachment
	for _, f := range files {
		a := attachment{Name: f.Name, Type: safeType(f.Type), Size: rd.l.Bytes(f.Size)}
		if a.Name == "" {
			a.Name = rd.l.T("note.file.unnamed", "n", f.Index+1)
		}
		if f.Held >= f.Size {
			a.URL = rd.noteURL(n.Forum, n.ID) + "/files/" + strconv.Itoa(f.Index)
		} else {
			a.Held, a.Part = rd.l.T("note.file.arriving", "held", rd.l.Bytes(f.Held), "size", rd.l.Bytes(f.Size)), int(100*f.Held/max(f.Size, 1))
		}
		all = append(all, a)
	}
	return all, nil
}

// ladders says for each addressee how far the note has got: released, held by their node (a receipt), opened
// by a desk (an act), answered (an act).
func (s *site) ladders(ctx context.Context, rd reader, n *book.NoteView) ([]ladder, error) {
	receipts, err := s.node.Receipts(ctx, rd.scope, n.Forum, n.Note.Released.Position)
	if err != nil {
		return nil, err
	}
	var all []ladder
	for _, m := range n.Note.To {
		var of node.Receipt
		for _, rc := range receipts {
			if rc.Member == m {
				of = rc
			}
		}
		all = append(all, ladder{Whom: rd.side(m), Steps: rd.rungs(n, m, of)})
	}
	return all, nil
}

func (rd reader) rungs(n *book.NoteView, m jisr.MemberID, of node.Receipt) []rung {
	reading := n.Note.Readings[m]
	rungs := []rung{
		{Word: rd.l.T("note.receipt.release"), When: rd.dateTime(n.Note.Released.At), URL: rd.actURL(n.Forum, n.Note.Released.Position), State: "done"},
		rd.heldRung(n, m, of),
	}
	if reading.Withdrawn && n.Note.Withdrawn != nil {
		w := n.Note.Withdrawn
		return append(rungs, rung{Word: rd.l.T("note.state.withdrawn"), When: rd.dateTime(w.At), URL: rd.actURL(n.Forum, w.Position), State: "done"})
	}
	rungs = append(rungs, rd.stepRung("opened", n.Forum, m, reading.Opened))
	switch {
	case reading.Answered != nil || n.Note.ReplyBy != "" && n.Note.Closed == nil:
		rungs = append(rungs, rd.answerRung(n, m, reading))
	case n.Note.Closed != nil:
		rungs = append(rungs, rung{Word: rd.l.T("note.state.no-answer-needed"), State: "done", When: rd.dateTime(n.Note.Closed.At), URL: rd.actURL(n.Forum, n.Note.Closed.Position)})
	}
	return nowRung(rungs)
}

// heldRung: their node has signed that it holds the act and all it carries. Their opening says as much, should
// its receipt be missing here.
func (rd reader) heldRung(n *book.NoteView, m jisr.MemberID, of node.Receipt) rung {
	g := rung{Word: rd.l.T("note.receipt.held", "member", rd.name(m)), State: "done"}
	switch {
	case !of.HeldAt.IsZero():
		g.When = rd.dateTime(of.HeldAt)
		g.Detail, g.URL = rd.l.T("record.receipt.countersigned", "member", rd.name(m), "size", of.LogSize), rd.actURL(n.Forum, n.Note.Released.Position)+"#receipts"
	case m == rd.self || n.Note.Readings[m].Opened != nil:
	case !of.CountersignedAt.IsZero(): // it has the entry, and what the entry carries is on its way
		g.State, g.Word = "now", rd.l.T("note.receipt.countersigned", "member", rd.name(m))
		g.When, g.Detail = rd.dateTime(of.CountersignedAt), rd.l.T("note.receipt.arriving")
	default:
		g.State, g.Word = "next", rd.l.T("note.receipt.waiting.held")
	}
	return g
}

// stepRung is a step that an act makes; without it, the step that is waited for.
func (rd reader) stepRung(word string, f jisr.ForumID, m jisr.MemberID, st *jisr.Step) rung {
	if st == nil {
		return rung{Word: rd.l.T("note.receipt.waiting." + word), State: "next"}
	}
	return rung{Word: rd.l.T("note.receipt."+word, "member", rd.name(m)), State: "done", When: rd.dateTime(st.At), URL: rd.actURL(f, st.Position)}
}

func (rd reader) answerRung(n *book.NoteView, m jisr.MemberID, reading jisr.Reading) rung {
	g := rd.stepRung("answered", n.Forum, m, reading.Answered)
	switch {
	case reading.Answered != nil:
		g.URL, g.Say = rd.noteURL(n.Forum, reading.Answer), rd.l.T("note.receipt.answer")
	case n.Note.Late(rd.known):
		g.State, g.Word = "late", rd.l.T("note.receipt.waiting.answered")
		g.When = rd.l.RelativeDay(string(n.Note.ReplyBy), string(rd.today))
	default:
		g.When = rd.l.T("time.due.on", "date", words.Raw(rd.l.Day(string(n.Note.ReplyBy))))
	}
	return g
}

// nowRung marks the first step that is still to come.
func nowRung(rungs []rung) []rung {
	for i := range rungs {
		if rungs[i].State == "now" || rungs[i].State == "late" {
			return rungs
		}
		if rungs[i].State == "next" {
			rungs[i].State = "now"
			return rungs
		}
	}
	return rungs
}

// thread gives what the note answers and refers to, and what answers it.
func (s *site) thread(ctx context.Context, rd reader, n *book.NoteView, v *noteView) error {
	if n.Answers != nil {
		l := rd.line(n.Answers, "")
		v.Answers = &l
	}
	for _, id := range n.Note.References {
		ref, err := s.node.Book().Note(ctx, rd.scope, n.Forum, id)
		var refusal *jisr.Refusal
		if errors.As(err, &refusal) {
			continue // it refers to what has not arrived here
		}
		if err != nil {
			return err
		}
		v.Refs = append(v.Refs, rd.line(&ref.NoteRow, ""))
	}
	for i := range n.Replies {
		v.Replies = append(v.Replies, rd.line(&n.Replies[i], ""))
	}
	return nil
}

// noteActs lists everything that was said about the note, oldest first. Every one of our own officials may see
// what the house did with it.
func (rd reader) noteActs(n *book.NoteView) []noteAct {
	var all []noteAct
	for i := range n.Acts {
		a := &n.Acts[i].Act
		step := noteAct{What: known(rd.l, "act.kind.", string(a.Kind)), Who: rd.side(a.Member), When: rd.dateTime(a.At), House: a.Forum == jisr.House}
		if a.By != nil {
			step.By = string(a.By.Official)
		}
		if reason := jisr.ReadReason(a); reason != "" {
			step.Reason = said{Dir: "auto", Pieces: []piece{{Text: reason}}}
		}
		if !step.House {
			step.URL = rd.actURL(a.Forum, a.Position)
		}
		if v := n.Acts[i].Void; v != nil {
			step.Void = sentence(rd.l, v)
		}
		all = append(all, step)
	}
	return all
}

// actions is what this official may do with the note now; what would be refused is left out.
func (rd reader) actions(n *book.NoteView) noteActions {
	at := rd.noteURL(n.Forum, n.ID)
	var a noteActions
	if _, addressed := n.Note.Readings[rd.self]; addressed && !rd.sealed(&n.NoteRow) && rd.may("note.draft") {
		a.Answer = rd.url("notes", "new") + "?answers=" + string(n.Forum) + "/" + n.ID.Name()
	}
	if rd.may("note.withdraw") && n.Note.MayWithdraw(rd.self) == nil {
		a.Withdraw = at + "/withdraw"
	}
	if rd.may("note.close") && n.Note.MayClose(rd.self) == nil {
		a.Close = at + "/no-answer-needed"
	}
	if !n.Withheld { // the proof carries the text
		a.Proof = rd.actURL(n.Forum, n.Note.Released.Position) + "/proof"
	}
	return a
}

func (s *site) open(r *request) (*answer, error) {
	f, id := jisr.ForumID(r.PathValue("forum")), noteID(r)
	if _, err := s.node.Do(r.Context(), r.caller, node.OpenNote{Forum: f, ID: id}); err != nil {
		return nil, err
	}
	return &answer{to: s.reader(r).noteURL(f, id)}, nil
}

// noteFile gives an attachment, once the note has been opened: what a page does not show, its files do not show.
func (s *site) noteFile(r *request) (*answer, error) {
	rd := s.reader(r)
	n, err := s.loadNote(r.Context(), rd, jisr.ForumID(r.PathValue("forum")), noteID(r))
	if err != nil {
		return nil, err
	}
	if n.Note == nil || rd.sealed(&n.NoteRow) {
		return &answer{to: rd.rowURL(&n.NoteRow)}, nil
	}
	i, err := strconv.Atoi(r.PathValue("n"))
	if err != nil {
		return nil, jisr.Refuse(jisr.NoSuch, clip(r.PathValue("n"), maxField), "noun", "attachment")
	}
	content, f, err := s.node.OpenFile(r.Context(), rd.scope, n.Forum, n.Note.Released.Position, i)
	if err != nil {
		return nil, err
	}
	name := f.Name
	if name == "" {
		name = n.ID.Name() + "-" + strconv.Itoa(i+1)
	}
	return &answer{file: &file{name: name, typ: f.Type, content: content}}, nil
}

// notePaper gives the note as it is printed and kept: what a page does not show is not on paper either.
func (s *site) notePaper(r *request) (*answer, error) {
	rd := s.reader(r)
	n, err := s.loadNote(r.Context(), rd, jisr.ForumID(r.PathValue("forum")), noteID(r))
	if err != nil {
		return nil, err
	}
	if s.print == nil || n.Note == nil || rd.sealed(&n.NoteRow) {
		return &answer{to: rd.rowURL(&n.NoteRow)}, nil
	}
	return s.paper(r, n.Forum, n.ID, "", cmp.Or(refOf(&n.NoteRow), n.ID.Name()))
}

// paper answers with a printed paper of a thing.
func (s *site) paper(r *request, f jisr.ForumID, id jisr.ThingID, form, name string) (*answer, error) {
	pdf, err := s.print(r.Context(), s.node.ScopeOf(r.caller), f, id, form, r.lang)
	if err != nil {
		return nil, err
	}
	return &answer{file: &file{name: strings.NewReplacer(" ", "-", "/", "-").Replace(name) + ".pdf", typ: "application/pdf", content: bytes.NewReader(pdf)}}, nil
}
