package api

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"jisr"
	"jisr/book"
	"jisr/node"
)

// noteIn is a note as a program hands it in.
type noteIn struct {
	Kind        jisr.NoteKind   `json:"kind" enum:"verbale,circular,aide-memoire,non-paper,personal" doc:"The form of the note."`
	To          []jisr.MemberID `json:"to" nullable:"false" minItems:"1" maxItems:"64" doc:"Members it is addressed to." example:"[\"sy\"]"`
	Subject     jisr.Text       `json:"subject" doc:"By language. At most 300 characters in each."`
	Opening     *jisr.Text      `json:"opening,omitempty" doc:"Courtesy formula by language. Absent: that of the kind, in the languages of the text. {}: none."`
	Text        jisr.Text       `json:"text" doc:"The text, by language. With all else at most 60 KiB; longer texts are attachments."`
	Closing     *jisr.Text      `json:"closing,omitempty" doc:"As opening."`
	Precedence  jisr.Precedence `json:"precedence,omitempty" enum:"flash,immediate,priority,routine" default:"routine" doc:"What travels first."`
	Handling    jisr.Handling   `json:"handling,omitempty" enum:"public,official,restricted,confidential,secret" default:"official" doc:"How widely it may be shown, on both sides. Above restricted only named officials read it."`
	ReplyBy     jisr.Date       `json:"reply_by,omitempty" format:"date" doc:"The day by which an answer is expected." example:"2026-12-01"`
	InReplyTo   string          `json:"in_reply_to,omitempty" doc:"Id of the note this one answers."`
	References  []string        `json:"references,omitempty" nullable:"false" maxItems:"32" doc:"Ids of earlier notes."`
	Attachments []string        `json:"attachments,omitempty" nullable:"false" maxItems:"32" doc:"Ids of finished uploads (see /api/v1/attachments)."`
	Release     bool            `json:"release,omitempty" doc:"true: it leaves the house at once, where the token has the role direct. false: it becomes a draft, for a second official to clear."`
}

// draft is what was handed in as the record has it. Rules are jisr's; here are only names and defaults.
func (in *noteIn) draft() (jisr.Draft, error) {
	for _, list := range []struct {
		field  string
		n, max int
	}{{"to", len(in.To), jisr.MaxAddressees}, {"references", len(in.References), jisr.MaxReferences}, {"attachments", len(in.Attachments), jisr.MaxAttachments}} {
		if list.n > list.max {
			return jisr.Draft{}, jisr.Refuse(jisr.TooMany, list.field, "max", itoa(list.max), "got", itoa(list.n))
		}
	}
	d := jisr.Draft{Kind: in.Kind, To: in.To, Precedence: in.Precedence, ReplyBy: in.ReplyBy, InReplyTo: noteID(in.InReplyTo),
		Handling: in.Handling, Body: jisr.NoteBody{Subject: in.Subject, Text: in.Text}}
	if d.Precedence == "" {
		d.Precedence = jisr.Routine
	}
	for _, id := range in.References {
		d.References = append(d.References, jisr.ThingID("note/"+id))
	}
	for _, id := range in.Attachments {
		if id == "" || len(id) > maxID {
			return jisr.Draft{}, jisr.Refuse(jisr.NoSuch, echo(id), "noun", "attachment")
		}
		d.Files = append(d.Files, jisr.DraftFile{Upload: id})
	}
	return d, nil
}

// noteID is the thing that an id in a path or body names.
func noteID(id string) jisr.ThingID {
	if id == "" {
		return ""
	}
	return jisr.ThingID("note/" + id)
}

// readNote reads and completes a note handed in.
func (c *call) readNote(f jisr.ForumID) (*noteIn, jisr.Draft, error) {
	var in noteIn
	if err := c.decode(maxNoteJSON, &in); err != nil {
		return nil, jisr.Draft{}, err
	}
	d, err := in.draft()
	if err != nil {
		return nil, jisr.Draft{}, inBody(err)
	}
	c.formulas(f, &in, &d)
	return &in, d, nil
}

// formulas fills in the courtesy formulas that were left out, in the languages of the text that have any.
func (c *call) formulas(f jisr.ForumID, in *noteIn, d *jisr.Draft) {
	d.Body.Opening, d.Body.Closing = given(in.Opening), given(in.Closing)
	if in.Opening != nil && in.Closing != nil || in.Kind == jisr.NonPaper {
		return
	}
	opening, closing := jisr.Text{}, jisr.Text{}
	for _, tag := range c.words.Tags() {
		if d.Body.Text[tag] == "" {
			continue
		}
		o, cl := c.words.In(tag).Courtesy(string(in.Kind), c.nameIn(tag, f, c.node.Self().ID), c.namesIn(tag, f, in.To))
		if o != "" {
			opening[tag] = o
		}
		if cl != "" {
			closing[tag] = cl
		}
	}
	if in.Opening == nil {
		d.Body.Opening = given(&opening)
	}
	if in.Closing == nil {
		d.Body.Closing = given(&closing)
	}
}

func given(t *jisr.Text) jisr.Text {
	if t == nil || len(*t) == 0 {
		return nil
	}
	return *t
}

// namesIn is the addressees as a formula names them; a circular goes to all alike.
func (c *call) namesIn(tag string, f jisr.ForumID, to []jisr.MemberID) string {
	var names []string
	for _, m := range to[:min(len(to), 3)] {
		names = append(names, c.nameIn(tag, f, m))
	}
	comma := ", "
	if tag == "ar" {
		comma = "، "
	}
	return strings.Join(names, comma)
}

func (c *call) nameIn(tag string, f jisr.ForumID, m jisr.MemberID) string {
	if name, _ := c.memberName(f, m).In(tag); name != "" {
		return name
	}
	return string(m)
}

// written is what a new note is answered with: what is known without looking anything up. Prefer:
// return=representation gives all of it.
type written struct {
	ID       string         `json:"id" doc:"One path segment."`
	Forum    jisr.ForumID   `json:"forum"`
	State    jisr.NoteState `json:"state" doc:"draft, released, or held when every other member has signed that it holds the note."`
	Version  int            `json:"version,omitempty" doc:"Of the draft."`
	Position *jisr.Position `json:"position,omitempty" doc:"Of the act that released it."`
	URL      string         `json:"url"`
	Repeated bool           `json:"repeated,omitempty" doc:"The same Idempotency-Key had done it before."`
}

// postNote makes a draft, or releases at once. A crash before node.Do returns may have kept the note or not, and a cut
// line may lose the answer: the same request under the same Idempotency-Key then finds it or makes it. A crash after
// it loses nothing.
func (c *call) postNote() error {
	f, err := c.forum()
	if err != nil {
		return err
	}
	key, err := idempotencyKey(c.r)
	if err != nil {
		return err
	}
	in, draft, err := c.readNote(f)
	if err != nil {
		return err
	}
	var cmd node.Command = node.DraftNote{Forum: f, Draft: draft, Key: key}
	if in.Release {
		cmd = node.SendNote{Forum: f, Draft: draft, Key: key}
	}
	done, err := c.node.Do(c.ctx(), c.caller, cmd)
	if err != nil {
		return inBody(err)
	}
	return c.answerNew(f, done)
}

func (c *call) answerNew(f jisr.ForumID, done node.Done) error {
	prefer := preferencesOf(c.r)
	if !done.Joint {
		prefer.wait = 0 // a draft is for nobody else to hold
	}
	status, held := c.await(prefer, done, http.StatusCreated)
	out := written{ID: done.Thing.Name(), Forum: f, State: jisr.Drafted, Version: done.Version, URL: c.noteURL(f, done.Thing), Repeated: done.Existing}
	if done.Joint {
		out.State, out.Version, out.Position = jisr.Released, 0, &done.Position
		if held {
			out.State = jisr.Held
		}
	}
	prefer.applied(c.w.Header())
	c.w.Header().Set("Location", out.URL)
	if prefer.full {
		return c.answerNote(status, f, done.Thing)
	}
	return c.answer(status, out)
}

// await waits, as long as the caller prefers, until every other member has signed that it holds what was done.
// What was done is durable here whatever comes of the waiting, so nothing that happens meanwhile is an error.
func (c *call) await(p preferences, done node.Done, unasked int) (status int, held bool) {
	if p.wait == 0 || !done.Joint {
		return unasked, false
	}
	// The server's own deadline for answers is shorter than what a caller may wait.
	c.allow(p.wait + quiet)
	ctx, cancel := context.WithTimeout(c.ctx(), p.wait)
	defer cancel()
	if c.closing != nil {
		ended := make(chan struct{})
		defer close(ended)
		go func() {
			select {
			case <-c.closing:
				cancel()
			case <-ended:
			}
		}()
	}
	if err := c.node.WaitHeld(ctx, done.Forum, done.Position); err != nil {
		return http.StatusAccepted, false
	}
	return http.StatusOK, true
}

// waited waits as the caller prefers, says that it did, and gives the status of the answer: unasked where nobody waits.
func (c *call) waited(done node.Done, unasked int) int {
	prefer := preferencesOf(c.r)
	status, _ := c.await(prefer, done, unasked)
	preferences{wait: prefer.wait}.applied(c.w.Header())
	return status
}

// putNote writes the next version of a draft.
func (c *call) putNote() error {
	f, id, err := c.note()
	if err != nil {
		return err
	}
	version, err := ifMatch(c.r)
	if err != nil {
		return err
	}
	in, draft, err := c.readNote(f)
	if err != nil {
		return err
	}
	if in.Release {
		return jisr.Refuse(jisr.NotOneOf, "release", "allowed", "false")
	}
	if _, err := c.node.Do(c.ctx(), c.caller, node.DraftNote{Forum: f, ID: id, Version: version, Draft: draft}); err != nil {
		return c.inDraft(err, id)
	}
	return c.answerNote(http.StatusOK, f, id)
}

// inDraft tells a draft that is not there from something that its text names and is not there.
func (c *call) inDraft(err error, id jisr.ThingID) error {
	var r *jisr.Refusal
	if errors.As(err, &r) && r.Kind == jisr.NoSuch && r.Subject == string(id) {
		return err
	}
	return inBody(err)
}

// stepIn is the body of what is done with a note.
type stepIn struct {
	Version int    `json:"version,omitempty" doc:"The version of the draft that was looked at; If-Match says the same."`
	Reason  string `json:"reason,omitempty" doc:"Required to return a draft."`
}

// draftStep is a command about one version of a draft.
type draftStep func(id jisr.ThingID, s stepIn) node.Command

// onDraft makes the handler of what is done with a draft in the house.
func onDraft(command draftStep) func(*call) error {
	return func(c *call) error {
		f, id, err := c.note()
		if err != nil {
			return err
		}
		var s stepIn
		if err := c.decodeOptional(maxHouseJSON, &s); err != nil {
			return err
		}
		if s.Version == 0 {
			if s.Version, err = ifMatch(c.r); err != nil {
				return err
			}
		}
		if err := c.ofForum(f, id); err != nil {
			return err
		}
		return c.doStep(f, id, command(id, s))
	}
}

// ofForum refuses to do with a draft in one forum's name what would happen in another's.
func (c *call) ofForum(f jisr.ForumID, id jisr.ThingID) error {
	v, err := c.node.Book().Note(c.ctx(), c.scope(), f, id)
	if err == nil && v.Draft == nil && v.Note == nil {
		err = jisr.Refuse(jisr.NoSuch, string(id))
	}
	return err
}

// onNote makes the handler of what is said in the forum about a released note.
func onNote(command func(f jisr.ForumID, id jisr.ThingID, s stepIn) node.Command) func(*call) error {
	return func(c *call) error {
		f, id, err := c.note()
		if err != nil {
			return err
		}
		var s stepIn
		if err := c.decodeOptional(maxHouseJSON, &s); err != nil {
			return err
		}
		return c.doStep(f, id, command(f, id, s))
	}
}

func (c *call) doStep(f jisr.ForumID, id jisr.ThingID, cmd node.Command) error {
	done, err := c.node.Do(c.ctx(), c.caller, cmd)
	if err != nil {
		return err
	}
	return c.answerNote(c.waited(done, http.StatusOK), f, id)
}

// note is the note in the path.
func (c *call) note() (jisr.ForumID, jisr.ThingID, error) {
	f, err := c.forum()
	if err != nil {
		return "", "", err
	}
	id := c.r.PathValue("id")
	if len(id) > jisr.MaxID || !jisr.ValidName(id) {
		return "", "", jisr.Refuse(jisr.NoSuch, echo(id), "noun", "note")
	}
	return f, noteID(id), nil
}

func (c *call) getNote() error {
	f, id, err := c.note()
	if err != nil {
		return err
	}
	return c.answerNote(http.StatusOK, f, id)
}

// seeNote reads a note for the caller; that of few is audited first.
func (c *call) seeNote(f jisr.ForumID, id jisr.ThingID) (book.NoteView, error) {
	v, err := c.node.Book().Note(c.ctx(), c.scope(), f, id)
	if err == nil {
		err = c.node.ReadsNote(c.ctx(), c.caller, &v)
	}
	return v, err
}

func (c *call) answerNote(status int, f jisr.ForumID, id jisr.ThingID) error {
	v, err := c.seeNote(f, id)
	if err != nil {
		return err
	}
	out, err := c.noteOut(&v)
	if err != nil {
		return err
	}
	if v.Note == nil && v.Draft != nil {
		c.w.Header().Set("ETag", strconv.Quote(itoa(v.Draft.Version)))
	}
	return c.answer(status, out)
}

// noteStates lists the states a list can be asked for.
func noteStates() []jisr.NoteState {
	return []jisr.NoteState{jisr.Drafted, jisr.Returned, jisr.Cleared, jisr.DiscardedState, jisr.Released, jisr.Held,
		jisr.OpenedState, jisr.Answered, jisr.NoAnswerNeeded, jisr.NoAnswerInTime, jisr.WithdrawnState}
}

func (c *call) listNotes() error {
	f, err := c.forum()
	if err != nil {
		return err
	}
	if err := c.known(f); err != nil {
		return err
	}
	q, err := c.noteQuery(f)
	if err != nil {
		return err
	}
	rows, next, err := c.node.Book().Notes(c.ctx(), c.scope(), q)
	if err != nil {
		return err
	}
	items := make([]noteOut, 0, len(rows))
	for i := range rows {
		items = append(items, c.noteRow(&rows[i]))
	}
	return answerPage(c, items, next)
}

func (c *call) noteQuery(f jisr.ForumID) (book.NoteQuery, error) {
	q, err := c.query("box", "state", "kind", "with", "q", "cursor", "limit")
	if err != nil {
		return book.NoteQuery{}, err
	}
	n := book.NoteQuery{Forum: f, Box: book.Box(q.Get("box")), State: jisr.NoteState(q.Get("state")), Kind: jisr.NoteKind(q.Get("kind")),
		With: jisr.MemberID(q.Get("with")), Search: q.Get("q"), Cursor: q.Get("cursor"), Known: c.node.Known()}
	if n.Box == "all" {
		n.Box = book.BoxAll
	}
	if !slices.Contains([]book.Box{book.BoxAll, book.BoxIn, book.BoxOut, book.BoxDrafts}, n.Box) {
		return n, jisr.Refuse(jisr.NotOneOf, "box", "got", echo(string(n.Box)), "allowed", "all, in, out, drafts")
	}
	if n.State != "" && !slices.Contains(noteStates(), n.State) {
		return n, jisr.Refuse(jisr.NotOneOf, "state", "got", echo(string(n.State)), "allowed", list(noteStates()))
	}
	if n.Kind != "" && !slices.Contains(jisr.NoteKinds(), n.Kind) {
		return n, jisr.Refuse(jisr.NotOneOf, "kind", "got", echo(string(n.Kind)), "allowed", list(jisr.NoteKinds()))
	}
	if n.With != "" && !jisr.ValidMember(n.With) {
		return n, jisr.Refuse(jisr.Malformed, "with", "want", "sy")
	}
	if len(n.Search) > maxSearch {
		return n, jisr.Refuse(jisr.TooLong, "q", "max", itoa(maxSearch), "got", itoa(len(n.Search)))
	}
	n.Limit, err = limitOf(q)
	return n, err
}

func list[S ~string](all []S) string {
	var b []string
	for _, s := range all {
		b = append(b, string(s))
	}
	return strings.Join(b, ", ")
}

// idempotencyKey reads the header of draft-ietf-httpapi-idempotency-key-header: a string, with or without its quotes.
func idempotencyKey(r *http.Request) (string, error) {
	key := strings.Trim(r.Header.Get("Idempotency-Key"), `"`)
	if len(key) > maxKey {
		return "", jisr.Refuse(jisr.TooLong, "Idempotency-Key", "max", itoa(maxKey), "got", itoa(len(key)))
	}
	if strings.ContainsFunc(key, func(c rune) bool { return c < 0x20 || c > 0x7e }) {
		return "", jisr.Refuse(jisr.Malformed, "Idempotency-Key", "want", "ASCII")
	}
	return key, nil
}

// ifMatch reads which version of a draft the caller has in mind: the entity tag that a draft is answered with.
// Without it two programs would overwrite each other's work in silence (RFC 6585 section 3).
func ifMatch(r *http.Request) (int, error) {
	tag := r.Header.Get("If-Match")
	if tag == "" {
		return 0, &refused{http.StatusPreconditionRequired, jisr.Refuse(jisr.Missing, "If-Match")}
	}
	n, err := strconv.Atoi(strings.Trim(tag, `"`))
	if err != nil || n < 1 {
		return 0, jisr.Refuse(jisr.Malformed, "If-Match", "want", `"1"`)
	}
	return n, nil
}
