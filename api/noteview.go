package api

import (
	"slices"
	"strconv"
	"time"

	"jisr"
	"jisr/book"
	"jisr/node"
)

// noteOut is a note as a program reads it. In a list, what takes a look at the ledger or at other notes is left out:
// receipts, attachments, acts and links.
type noteOut struct {
	ID          string                       `json:"id" doc:"One path segment."`
	Forum       jisr.ForumID                 `json:"forum"`
	URL         string                       `json:"url"`
	Kind        jisr.NoteKind                `json:"kind" enum:"verbale,circular,aide-memoire,non-paper,personal"`
	From        jisr.MemberID                `json:"from"`
	To          []jisr.MemberID              `json:"to" nullable:"false"`
	Number      int                          `json:"number,omitempty" doc:"In the writer's series of the year; a non-paper has none."`
	Date        jisr.Date                    `json:"date,omitempty" format:"date"`
	Precedence  jisr.Precedence              `json:"precedence" enum:"flash,immediate,priority,routine"`
	Handling    jisr.Handling                `json:"handling" enum:"public,official,restricted,confidential,secret" doc:"How widely it may be shown."`
	ReplyBy     jisr.Date                    `json:"reply_by,omitempty" format:"date"`
	InReplyTo   string                       `json:"in_reply_to,omitempty"`
	References  []string                     `json:"references,omitempty" nullable:"false"`
	Letterhead  jisr.Text                    `json:"letterhead,omitempty" doc:"The writing desk as its letterhead names it."`
	Subject     jisr.Text                    `json:"subject,omitempty"`
	Opening     jisr.Text                    `json:"opening,omitempty"`
	Text        jisr.Text                    `json:"text,omitempty"`
	Closing     jisr.Text                    `json:"closing,omitempty"`
	BodyHeld    bool                         `json:"body_held" doc:"false: subject and text have not arrived yet, or are erased, or cannot be shown (body_bad)."`
	BodyBad     *refusalOut                  `json:"body_bad,omitempty"`
	Withheld    bool                         `json:"withheld,omitempty" doc:"true: no desk of this member has opened the note, so its text, formulas and attachments are left out; POST …/open opens it. A token with the role direct reads them at once."`
	State       jisr.NoteState               `json:"state" enum:"draft,returned,cleared,discarded,released,held,opened,answered,no-answer-needed,no-answer,withdrawn" doc:"The step all addressees have reached."`
	States      map[jisr.MemberID]readingOut `json:"states,omitempty" doc:"The step each addressee has reached."`
	HeldBy      []jisr.MemberID              `json:"held_by" nullable:"false" doc:"Members whose signed receipt covers the note and all it carries."`
	Receipts    map[jisr.MemberID]receiptOut `json:"receipts,omitempty" doc:"What each other member has signed about the note; of one that came in, what this node has."`
	Attachments []attachmentOut              `json:"attachments,omitempty" nullable:"false"`
	Released    *stepOut                     `json:"released,omitempty"`
	Withdrawn   *stepOut                     `json:"withdrawn,omitempty"`
	Closed      *stepOut                     `json:"closed,omitempty" doc:"No answer needed."`
	Position    *jisr.Position               `json:"position,omitempty" doc:"Of the act that released it."`
	Changed     time.Time                    `json:"changed" doc:"When the newest act about it was written here or reached this node."`
	Draft       *draftOut                    `json:"draft,omitempty" doc:"What the house knows of it; never shared."`
	Signature   *signatureOut                `json:"signature,omitempty" doc:"The releasing official's own signature; a non-paper has none."`
	Acts        []actOut                     `json:"acts,omitempty" nullable:"false" doc:"All that was said about it, the house's own acts first."`
	Links       *noteLinks                   `json:"links,omitempty"`
}

// readingOut is what one addressee made of a note.
type readingOut struct {
	State    jisr.NoteState `json:"state" enum:"released,held,opened,answered,withdrawn"`
	Opened   *stepOut       `json:"opened,omitempty"`
	Answered *stepOut       `json:"answered,omitempty"`
	Answer   string         `json:"answer,omitempty" doc:"Id of the answer."`
	Awaited  bool           `json:"awaited,omitempty" doc:"Its answer is awaited."`
}

// receiptOut is what one other member's node has signed about an act.
type receiptOut struct {
	CountersignedAt *time.Time `json:"countersigned_at" doc:"Its signature covers the act. null: not yet."`
	HeldAt          *time.Time `json:"held_at" doc:"It holds all that the act carries. null: not yet."`
	LogSize         int64      `json:"log_size" doc:"The size of the log that the receipt covers."`
}

// stepOut is one thing that happened, and the act that says so.
type stepOut struct {
	At       time.Time     `json:"at" doc:"The writer's clock: shown, never decides."`
	By       *jisr.By      `json:"by,omitempty"`
	Position jisr.Position `json:"position"`
}

// draftOut is the house's state of a note.
type draftOut struct {
	Version   int            `json:"version"`
	State     jisr.NoteState `json:"state" enum:"draft,returned,cleared,discarded"`
	Drafters  []jisr.By      `json:"drafters" nullable:"false" doc:"None of them clears or releases it."`
	Drafted   stepOut        `json:"drafted"`
	Cleared   *stepOut       `json:"cleared,omitempty"`
	Returned  *stepOut       `json:"returned,omitempty"`
	Reason    string         `json:"reason,omitempty" doc:"Why it was returned."`
	Discarded *stepOut       `json:"discarded,omitempty"`
}

// attachmentOut is a file of a note.
type attachmentOut struct {
	Name   string `json:"name"`
	Type   string `json:"type"`
	Size   int64  `json:"size" doc:"Bytes."`
	Held   int64  `json:"held" doc:"Bytes that are here."`
	URL    string `json:"url,omitempty" doc:"Where it is read, once it is all here."`
	Upload string `json:"upload,omitempty" doc:"Of a draft: the id to name in attachments."`
}

// noteLinks is how a note stands to others.
type noteLinks struct {
	Answers string   `json:"answers,omitempty" doc:"Address of the note it answers."`
	Replies []string `json:"replies" nullable:"false" doc:"Addresses of the notes that answer it."`
}

// refusalOut is why something has no effect or cannot be shown.
type refusalOut struct {
	Kind    jisr.RefusalKind  `json:"kind"`
	Subject string            `json:"subject,omitempty"`
	Need    map[string]string `json:"need,omitempty"`
	Detail  string            `json:"detail" doc:"The sentence, in the language of Accept-Language."`
}

// noteOut is one note with all there is to say about it.
func (c *call) noteOut(v *book.NoteView) (noteOut, error) {
	out := c.noteRow(&v.NoteRow)
	for i := range v.Acts {
		out.Acts = append(out.Acts, c.actOut(&v.Acts[i]))
	}
	out.Links = &noteLinks{Replies: []string{}}
	if v.Answers != nil {
		out.Links.Answers = c.noteURL(v.Forum, v.Answers.ID)
	}
	for i := range v.Replies {
		out.Links.Replies = append(out.Links.Replies, c.noteURL(v.Forum, v.Replies[i].ID))
	}
	if v.Note == nil {
		out.Attachments = draftFiles(v.Drafted, out.URL)
		return out, nil
	}
	var err error
	if out.Receipts, err = c.receipts(v.Forum, v.Note.Released.Position); err != nil {
		return out, err
	}
	if out.Attachments, err = c.files(v); err != nil || v.Note.Kind == jisr.NonPaper { // a non-paper is without attribution
		return out, err
	}
	out.Signature, err = c.signature(v.Forum, v.Note.Released.Position)
	return out, err
}

// receipts is what nodes have signed about an act.
func (c *call) receipts(f jisr.ForumID, p jisr.Position) (map[jisr.MemberID]receiptOut, error) {
	receipts, err := c.node.Receipts(c.ctx(), c.scope(), f, p)
	out := make(map[jisr.MemberID]receiptOut, len(receipts))
	for _, r := range receipts {
		out[r.Member] = receiptOut{CountersignedAt: timeOut(r.CountersignedAt), HeldAt: timeOut(r.HeldAt), LogSize: r.LogSize}
	}
	return out, err
}

func (c *call) files(v *book.NoteView) ([]attachmentOut, error) {
	if v.Withheld {
		return nil, nil
	}
	files, err := c.node.Files(c.ctx(), c.scope(), v.Forum, v.Note.Released.Position)
	if err != nil {
		return nil, err
	}
	var all []attachmentOut
	for _, f := range files {
		a := attachmentOut{Name: f.Name, Type: f.Type, Size: f.Size, Held: f.Held}
		if f.Held == f.Size {
			a.URL = c.noteURL(v.Forum, v.ID) + "/attachments/" + itoa(f.Index)
		}
		all = append(all, a)
	}
	return all, nil
}

func draftFiles(d *jisr.Draft, at string) []attachmentOut {
	if d == nil {
		return nil
	}
	var all []attachmentOut
	for i, f := range d.Files {
		all = append(all, attachmentOut{Name: f.Name, Type: f.Type, Size: f.Size, Held: f.Size, URL: at + "/attachments/" + itoa(i), Upload: f.Upload})
	}
	return all
}

// noteRow is a note as a list has it.
func (c *call) noteRow(r *book.NoteRow) noteOut {
	out := noteOut{
		ID: r.ID.Name(), Forum: r.Forum, URL: c.noteURL(r.Forum, r.ID), Kind: r.Terms.Kind, From: c.node.Self().ID,
		To: r.Terms.To, Number: r.Terms.Number, Date: r.Terms.Date, Precedence: r.Terms.Precedence, Handling: r.Terms.Handling.Level(), ReplyBy: r.Terms.ReplyBy,
		InReplyTo: r.Terms.InReplyTo.Name(), State: r.Standing(c.node.Known()), HeldBy: slices.Concat([]jisr.MemberID{}, r.HeldBy),
		BodyHeld: r.BodyHeld, BodyBad: c.refusalOut(r.BodyBad), Withheld: r.Withheld, Changed: r.At, Draft: draftState(r.Draft),
	}
	if out.To == nil {
		out.To = []jisr.MemberID{}
	}
	for _, ref := range r.Terms.References {
		out.References = append(out.References, ref.Name())
	}
	if r.BodyHeld {
		b := &r.Body
		out.Subject, out.Opening, out.Text, out.Closing, out.Letterhead = b.Subject, b.Opening, b.Text, b.Closing, b.From
	}
	if r.Note != nil {
		out.released(r)
	} else {
		out.Number, out.Date = 0, "" // a draft has neither yet
	}
	return out
}

func (out *noteOut) released(r *book.NoteRow) {
	n := r.Note
	out.From, out.Released, out.Withdrawn, out.Closed = n.From, happened(&n.Released), happened(n.Withdrawn), happened(n.Closed)
	out.Position = &n.Released.Position
	out.States = make(map[jisr.MemberID]readingOut, len(n.Readings))
	waits := n.Awaits()
	for m, reading := range n.Readings {
		out.States[m] = readingOut{State: readingState(reading, slices.Contains(r.HeldBy, m)), Opened: happened(reading.Opened),
			Answered: happened(reading.Answered), Answer: reading.Answer.Name(), Awaited: slices.Contains(waits, m)}
	}
}

func readingState(r jisr.Reading, held bool) jisr.NoteState {
	switch {
	case r.Withdrawn:
		return jisr.WithdrawnState
	case r.Answered != nil:
		return jisr.Answered
	case r.Opened != nil:
		return jisr.OpenedState
	case held:
		return jisr.Held
	}
	return jisr.Released
}

func draftState(d *jisr.DraftState) *draftOut {
	if d == nil {
		return nil
	}
	return &draftOut{Version: d.Version, State: d.State(), Drafters: slices.Concat([]jisr.By{}, d.Drafters), Drafted: *happened(&d.Drafted),
		Cleared: happened(d.Cleared), Returned: happened(d.Returned), Reason: d.Reason, Discarded: happened(d.Discarded)}
}

func happened(s *jisr.Step) *stepOut {
	if s == nil {
		return nil
	}
	return &stepOut{At: s.At, By: s.By, Position: s.Position}
}

func timeOut(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC().Truncate(time.Millisecond)
	return &t
}

func (c *call) refusalOut(r *jisr.Refusal) *refusalOut {
	if r == nil {
		return nil
	}
	return &refusalOut{Kind: r.Kind, Subject: r.Subject, Need: r.Need, Detail: sentence(c.lang(), r)}
}

func (c *call) noteURL(f jisr.ForumID, id jisr.ThingID) string {
	return c.base + "/api/v1/forums/" + string(f) + "/notes/" + id.Name()
}

func (c *call) actURL(f jisr.ForumID, p jisr.Position) string {
	return c.base + "/api/v1/forums/" + string(f) + "/acts/" + string(p.Member) + "/" + strconv.FormatInt(int64(p.Index), 10)
}

// todoOut is something one side waits for from another.
type todoOut struct {
	Why   book.Why      `json:"why" doc:"What is waited for: of a note open, answer, clear, release, return or hold; of another thing a step of its noun, such as join."`
	Whom  jisr.MemberID `json:"whom,omitempty" doc:"The other side; left out for a step of ours in a thing of more than two members."`
	Due   jisr.Date     `json:"due,omitempty" format:"date"`
	Late  bool          `json:"late,omitempty"`
	Note  *noteOut      `json:"note,omitempty" doc:"The note or draft it is about."`
	Thing *thingOut     `json:"thing,omitempty" doc:"What it is about where that is no note."`
}

// thingOut is a joint thing that is no note, as lists of all nouns have it.
type thingOut struct {
	ID      jisr.ThingID    `json:"id" example:"forum/iq-sy"`
	Noun    string          `json:"noun" example:"forum"`
	Forum   jisr.ForumID    `json:"forum"`
	Kind    string          `json:"kind,omitempty"`
	State   string          `json:"state" doc:"The step of its life."`
	Title   jisr.Text       `json:"title,omitempty"`
	Members []jisr.MemberID `json:"members" nullable:"false"`
	At      time.Time       `json:"at" doc:"Of the newest act about it."`
}

func (c *call) thingOut(r *book.ThingRow) *thingOut {
	return &thingOut{ID: r.ID, Noun: r.ID.Noun(), Forum: r.Forum, Kind: r.Summary.Kind, State: r.Summary.State, Title: r.Summary.Title,
		Members: slices.Concat([]jisr.MemberID{}, r.Summary.Members), At: r.At}
}

// todos is Today: what the others wait for from us, and what we wait for from them.
type todos struct {
	Today  jisr.Date   `json:"today" format:"date" doc:"The member's calendar day."`
	Ours   []todoOut   `json:"ours" nullable:"false" doc:"What waits for us; at most 200."`
	Theirs []todoOut   `json:"theirs" nullable:"false" doc:"What we wait for from others; at most 200."`
	Counts todoNumbers `json:"counts"`
}

// todoNumbers counts all of it, however long the lists are.
type todoNumbers struct {
	Ours         int `json:"ours"`
	Theirs       int `json:"theirs"`
	Unopened     int `json:"unopened"`
	AwaitingUs   int `json:"awaiting_us"`
	LateUs       int `json:"late_us"`
	AwaitingThem int `json:"awaiting_them"`
	LateThem     int `json:"late_them"`
	Drafts       int `json:"drafts"`
	ToClear      int `json:"to_clear"`
	ToRelease    int `json:"to_release"`
	Returned     int `json:"returned"`
}

func (c *call) getToDo() error {
	known := c.node.Known()
	ours, theirs, err := c.node.Book().ToDo(c.ctx(), c.scope(), known)
	if err != nil {
		return err
	}
	n, err := c.node.Book().Counts(c.ctx(), c.scope(), known)
	if err != nil {
		return err
	}
	return c.answer(200, todos{Today: known.Today, Ours: c.todoList(ours), Theirs: c.todoList(theirs), Counts: todoNumbers{
		Ours: n.Ours, Theirs: n.Theirs, Unopened: n.Unopened, AwaitingUs: n.AwaitingUs, LateUs: n.LateUs, AwaitingThem: n.AwaitingThem,
		LateThem: n.LateThem, Drafts: n.Drafts, ToClear: n.ToClear, ToRelease: n.ToRelease, Returned: n.Returned}})
}

func (c *call) todoList(rows []book.ToDo) []todoOut {
	all := make([]todoOut, 0, len(rows))
	for i := range rows {
		t := &rows[i]
		out := todoOut{Why: t.Why, Whom: t.Whom, Due: t.Due, Late: t.Late}
		if t.Thing != nil {
			out.Thing = c.thingOut(t.Thing)
		} else {
			n := c.noteRow(&t.Note)
			out.Note = &n
		}
		all = append(all, out)
	}
	return all
}

// callerOut is who asks.
type callerOut struct {
	Account  string        `json:"account" doc:"token/… of the program."`
	Title    jisr.Text     `json:"title"`
	Desk     jisr.DeskID   `json:"desk"`
	DeskName jisr.Text     `json:"desk_name,omitempty"`
	Roles    []jisr.Role   `json:"roles" nullable:"false"`
	Member   jisr.MemberID `json:"member"`
	Name     jisr.Text     `json:"name" doc:"Of the member."`
	Origin   string        `json:"origin"`
	Letter   string        `json:"fingerprint" doc:"Of the member's letter of credence, as it is read aloud."`
	Today    jisr.Date     `json:"today" format:"date"`
	Zone     string        `json:"timezone"`
}

func (c *call) getMe() error {
	self := c.node.Self()
	return c.answer(200, callerOut{Account: string(c.caller.Account), Title: c.caller.Title, Desk: c.caller.Desk, DeskName: c.caller.DeskName,
		Roles: slices.Concat([]jisr.Role{}, c.caller.Roles), Member: self.ID, Name: self.Name, Origin: self.Origin, Letter: self.Finger,
		Today: c.node.Today(), Zone: c.node.Zone().String()})
}

// memberName is a member as its own letter of credence names it.
func (c *call) memberName(f jisr.ForumID, m jisr.MemberID) jisr.Text {
	if self := c.node.Self(); m == self.ID {
		return self.Name
	}
	if l := linkTo(c.node.Links(), m); l != nil {
		return l.Name
	}
	return nil
}

func linkTo(links []node.LinkStatus, m jisr.MemberID) *node.LinkStatus {
	i := slices.IndexFunc(links, func(l node.LinkStatus) bool { return l.Member == m })
	if i < 0 {
		return nil
	}
	return &links[i]
}
