package node

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"

	"jisr"
	"jisr/book"
)

func (DraftNote) verb() Verb    { return "note.draft" }
func (ClearNote) verb() Verb    { return "note.clear" }
func (ReturnNote) verb() Verb   { return "note.return" }
func (DiscardNote) verb() Verb  { return "note.discard" }
func (ReleaseNote) verb() Verb  { return "note.release" }
func (SendNote) verb() Verb     { return "note.send" }
func (WithdrawNote) verb() Verb { return "note.withdraw" }
func (OpenNote) verb() Verb     { return "note.open" }
func (CloseNote) verb() Verb    { return "note.close" }

func (c DraftNote) decide(d *decision) error {
	if err := d.checkDraft(c.Forum, &c.Draft); err != nil {
		return err
	}
	if c.ID == "" {
		return c.first(d)
	}
	if err := d.touch(c.ID); err != nil {
		return err
	}
	v, err := d.draftOf(c.ID)
	if err != nil {
		return err
	}
	if v.Draft.Forum != c.Forum {
		return jisr.Refuse(jisr.WrongForum, string(c.Forum), "forum", string(v.Draft.Forum))
	}
	if err := v.Draft.MayEdit(c.Version); err != nil {
		return err
	}
	return c.write(d, c.ID, c.Version+1)
}

func (c DraftNote) first(d *decision) error {
	id := d.newThing("note", c.Forum, c.Key)
	if err := d.touch(id); err != nil {
		return err
	}
	if c.Key != "" {
		v, err := d.draftOf(id)
		if err == nil {
			return d.sameDraft(v, &c.Draft)
		}
		if !isRefusal(err, jisr.NoSuch) {
			return err
		}
	}
	return c.write(d, id, 1)
}

func (c DraftNote) write(d *decision, id jisr.ThingID, version int) error {
	d.done.Version, d.done.Forum = version, c.Forum
	return d.house(planned{
		kind: jisr.KindNoteDraft, about: id, terms: jisr.DraftTerms{Forum: c.Forum, Version: version}, body: c.Draft,
		maxBody: jisr.MaxNoteContent,
	})
}

// sameDraft answers a repeated Idempotency-Key: the same request has been done, another one is refused.
func (d *decision) sameDraft(v *book.NoteView, draft *jisr.Draft) error {
	if v.Drafted == nil || v.Draft.Version != 1 || !sameJSON(v.Drafted, draft) {
		return jisr.Refuse(jisr.Reused, "Idempotency-Key")
	}
	d.done = Done{Forum: v.Forum, Thing: v.ID, Version: 1, Position: v.Draft.Drafted.Position, Existing: true}
	return nil
}

func (c ClearNote) decide(d *decision) error {
	v, err := d.draftToDecide(c.ID)
	if err == nil {
		err = v.Draft.MayClear(d.caller.By(), c.Version)
	}
	if err == nil { // nobody clears what could not be released as it is
		err = d.checkDraft(v.Draft.Forum, v.Drafted)
	}
	if err != nil {
		return err
	}
	d.done.Version, d.done.Forum = c.Version, v.Draft.Forum
	return d.house(planned{kind: jisr.KindNoteClear, about: c.ID, terms: jisr.VersionTerms{Version: c.Version}})
}

func (c ReturnNote) decide(d *decision) error {
	if err := checkReason(c.Reason, true); err != nil {
		return err
	}
	v, err := d.draftToDecide(c.ID)
	if err == nil {
		err = v.Draft.MayReturn(d.caller.By(), c.Version)
	}
	if err != nil {
		return err
	}
	d.done.Version, d.done.Forum = c.Version, v.Draft.Forum
	return d.house(planned{kind: jisr.KindNoteReturn, about: c.ID, terms: jisr.VersionTerms{Version: c.Version, Reason: c.Reason}})
}

func (c DiscardNote) decide(d *decision) error {
	v, err := d.draftToDecide(c.ID)
	if err == nil {
		err = v.Draft.MayEdit(c.Version)
	}
	if err != nil {
		return err
	}
	d.done.Version, d.done.Forum = c.Version, v.Draft.Forum
	return d.house(planned{kind: jisr.KindNoteDiscard, about: c.ID, terms: jisr.VersionTerms{Version: c.Version}})
}

func (c ReleaseNote) decide(d *decision) error {
	v, err := d.draftToDecide(c.ID)
	if err == nil {
		err = v.Draft.MayRelease(d.caller.By(), c.Version)
	}
	if err == nil {
		err = d.checkDraft(v.Draft.Forum, v.Drafted)
	}
	if err != nil {
		return err
	}
	d.done.Version = c.Version
	return d.release(v.Draft.Forum, c.ID, v.Drafted)
}

func (c SendNote) decide(d *decision) error {
	if err := d.checkDraft(c.Forum, &c.Draft); err != nil {
		return err
	}
	id := d.newThing("note", c.Forum, c.Key)
	if err := d.touch(id); err != nil {
		return err
	}
	if c.Key == "" {
		return d.release(c.Forum, id, &c.Draft)
	}
	v, err := d.n.book.Note(d.ctx, d.scope(), c.Forum, id)
	if isRefusal(err, jisr.NoSuch) {
		return d.release(c.Forum, id, &c.Draft)
	}
	if err != nil {
		return err
	}
	return d.sameNote(&v, &c.Draft)
}

func (d *decision) sameNote(v *book.NoteView, draft *jisr.Draft) error {
	if v.Note == nil || !sameJSON(draft.Terms(v.Note.Number, v.Note.Date), v.Note.NoteTerms) || !sameJSON(d.bodyOf(draft), v.Body) {
		return jisr.Refuse(jisr.Reused, "Idempotency-Key")
	}
	d.done = Done{Forum: v.Forum, Thing: v.ID, Position: v.Note.Released.Position, Joint: true, Existing: true}
	return nil
}

// release is the one place where a note leaves the house: here it gets its number and date.
func (d *decision) release(forum jisr.ForumID, id jisr.ThingID, draft *jisr.Draft) error {
	number, err := d.number(forum)
	if err != nil {
		return err
	}
	return d.joint(forum, planned{
		kind: jisr.KindNoteRelease, about: id, terms: draft.Terms(number, d.today), body: d.bodyOf(draft),
		files: draft.Files, anonymous: draft.Kind == jisr.NonPaper, maxBody: jisr.MaxNoteContent,
	})
}

// bodyOf is the body as it leaves: the letterhead is the caller's desk, but a non-paper has none.
func (d *decision) bodyOf(draft *jisr.Draft) jisr.NoteBody {
	body := draft.Body
	body.Files = nil
	for _, f := range draft.Files {
		body.Files = append(body.Files, jisr.FileName{Name: f.Name})
	}
	if draft.Kind == jisr.NonPaper {
		body.From, body.Opening, body.Closing = nil, nil, nil
	} else if body.From.Empty() {
		body.From = d.caller.DeskName
	}
	return body
}

func (c WithdrawNote) decide(d *decision) error {
	if err := checkReason(c.Reason, false); err != nil {
		return err
	}
	n, err := d.noteOf(c.Forum, c.ID)
	if err == nil {
		err = n.MayWithdraw(d.n.self.ID)
	}
	if err != nil {
		return err
	}
	return d.joint(c.Forum, planned{kind: jisr.KindNoteWithdraw, about: c.ID, terms: jisr.Reason{Reason: c.Reason}})
}

func (c OpenNote) decide(d *decision) error {
	n, err := d.noteOf(c.Forum, c.ID)
	if err == nil {
		err = n.MayOpen(d.n.self.ID)
	}
	if err != nil {
		return err
	}
	return d.joint(c.Forum, planned{kind: jisr.KindNoteOpen, about: c.ID})
}

func (c CloseNote) decide(d *decision) error {
	if err := checkReason(c.Reason, false); err != nil {
		return err
	}
	n, err := d.noteOf(c.Forum, c.ID)
	if err == nil {
		err = n.MayClose(d.n.self.ID)
	}
	if err != nil {
		return err
	}
	return d.joint(c.Forum, planned{kind: jisr.KindNoteClose, about: c.ID, terms: jisr.Reason{Reason: c.Reason}})
}

// checkDraft holds a draft against every rule that releasing it will ask, and completes what it says of its
// files from the uploads themselves.
func (d *decision) checkDraft(forum jisr.ForumID, draft *jisr.Draft) error {
	f, err := d.n.forum(forum)
	if err != nil {
		return err
	}
	if draft == nil {
		return jisr.Refuse(jisr.NoSuch, "note")
	}
	if err := draft.Check(d.n.self.ID, d.today); err != nil {
		return err
	}
	for _, m := range draft.To {
		if !slices.Contains(f.others, m) {
			return jisr.Refuse(jisr.NotMember, string(m), "forum", string(forum))
		}
	}
	for _, ref := range append([]jisr.ThingID{draft.InReplyTo}, draft.References...) {
		if ref == "" {
			continue
		}
		if v, err := d.n.book.Note(d.ctx, d.scope(), forum, ref); err != nil {
			return err
		} else if v.Note == nil {
			return jisr.Refuse(jisr.NotReleased, string(ref))
		}
	}
	return d.checkUploads(draft.Files)
}

// checkUploads completes what is said of files from the uploads themselves.
func (d *decision) checkUploads(files []jisr.DraftFile) error {
	if len(files) > jisr.MaxAttachments {
		return jisr.Refuse(jisr.TooMany, "attachments", "max", "32")
	}
	for i := range files {
		f := &files[i]
		u, err := d.n.uploadInfo(d.ctx, f.Upload)
		if err != nil {
			return err
		}
		if u.Commit == "" {
			return jisr.Refuse(jisr.Unfinished, f.Upload)
		}
		if f.Name == "" {
			f.Name = u.Name
		}
		f.Size, f.Type, f.Commit = u.Size, u.Type, u.Commit
	}
	return nil
}

// draftToDecide loads a draft of this house for a command that decides about it.
func (d *decision) draftToDecide(id jisr.ThingID) (*book.NoteView, error) {
	if err := d.touch(id); err != nil {
		return nil, err
	}
	return d.draftOf(id)
}

func (d *decision) draftOf(id jisr.ThingID) (*book.NoteView, error) {
	v, err := d.find(id)
	if err != nil {
		return nil, err
	}
	if v.Note != nil {
		return nil, jisr.Refuse(jisr.NotDraft, string(id))
	}
	if v.Draft == nil {
		return nil, jisr.Refuse(jisr.NoSuch, string(id))
	}
	d.about = aboutDraft(v)
	return v, nil
}

// aboutNote is a note or a draft as policies see it. One that nobody is named for yet is known to those who file it: the
// scope has let the caller see it.
func aboutNote(c Caller, v *book.NoteView) resource {
	if v.Note == nil && v.Draft != nil {
		return *aboutDraft(v)
	}
	return aboutThing(c, v.Forum, v.ID, v.Terms.Handling, v.Desks, v.Officials)
}

// aboutDraft is a draft as policies see it: its first drafter's desk's, and of those it was referred to; known to all who
// wrote of it or are named for it.
func aboutDraft(v *book.NoteView) *resource {
	r := &resource{id: v.ID, forum: v.Draft.Forum, handling: v.Terms.Handling}
	for i, by := range v.Draft.Drafters {
		if i == 0 && by.Desk != "" {
			r.desks = append(r.desks, by.Desk)
		}
		r.drafters = append(r.drafters, by.Official)
	}
	r.named = v.Officials
	if v.Custody != nil {
		r.desks = append(r.desks, slices.Sorted(maps.Keys(v.Custody.Desks))...)
	}
	return r
}

// find looks for a draft in the few forums there are: its name does not say in which it is.
func (d *decision) find(id jisr.ThingID) (*book.NoteView, error) {
	for _, f := range d.n.forumIDs() {
		v, err := d.n.book.Note(d.ctx, d.scope(), f, id)
		if isRefusal(err, jisr.NoSuch) {
			continue
		}
		return &v, err
	}
	return nil, jisr.Refuse(jisr.NoSuch, string(id))
}

func (d *decision) noteOf(forum jisr.ForumID, id jisr.ThingID) (*jisr.Note, error) {
	if _, err := d.n.forum(forum); err != nil {
		return nil, err
	}
	if err := d.touch(id); err != nil {
		return nil, err
	}
	v, err := d.n.book.Note(d.ctx, d.scope(), forum, id)
	if err != nil {
		return nil, err
	}
	if v.Note == nil {
		return nil, jisr.Refuse(jisr.NotReleased, string(id))
	}
	about := aboutNote(d.caller, &v)
	d.about = &about
	return v.Note, nil
}

func checkReason(reason string, required bool) error {
	if required && strings.TrimSpace(reason) == "" {
		return jisr.Refuse(jisr.Missing, "reason")
	}
	return jisr.Text{"und": reason}.Check("reason", jisr.MaxReason)
}

func sameJSON(a, b any) bool {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	return errX == nil && errY == nil && string(x) == string(y)
}

func isRefusal(err error, kind jisr.RefusalKind) bool {
	var r *jisr.Refusal
	return errors.As(err, &r) && r.Kind == kind
}
