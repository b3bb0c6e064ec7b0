package portal

import (
	"cmp"
	"context"
	"strconv"

	"jisr"
	"jisr/book"
	"jisr/node"
	"jisr/words"
)

// draftView is a draft as it would leave the house, and its clearance: who drafted, who may do what next, and
// why this official may not.
type draftView struct {
	Page
	Title   string
	Note    line
	Means   string
	Version int
	Letter  letter
	Files   []attachment
	By      []string // who wrote versions
	Reason  said     // why it was returned
	Steps   []noteAct
	Edit    string // address; empty: may not
	Clear   action
	Return  action
	Release action
	Discard string
	Answers *line
	Custody custodyPart
}

// action is something that may be done, or the sentence that says why not.
type action struct {
	URL string
	Why string
}

// Why is the sentence for why this official cannot take the next step.
func (v *draftView) Why() string { return cmp.Or(v.Clear.Why, v.Release.Why, v.Return.Why) }

func (s *site) draft(r *request) (*answer, error) {
	rd := s.reader(r)
	n, err := s.loadDraft(r.Context(), rd, noteID(r))
	if err != nil {
		return nil, err
	}
	if n.Note != nil {
		return &answer{to: rd.noteURL(n.Forum, n.ID)}, nil // it has been released
	}
	v, err := s.draftView(r.Context(), rd, &n)
	if err != nil {
		return nil, err
	}
	v.Page = s.live(r, "notes")
	return &answer{page: draftPage(v)}, nil
}

// loadDraft finds a note that was drafted here, in one of the few forums there are: its name does not say which.
func (s *site) loadDraft(ctx context.Context, rd reader, id jisr.ThingID) (book.NoteView, error) {
	forums, err := s.node.Book().Forums(ctx)
	if err != nil {
		return book.NoteView{}, err
	}
	for _, f := range forums {
		v, err := s.node.Book().Note(ctx, rd.scope, f.ID, id)
		if isKind(err, jisr.NoSuch) || err == nil && v.Draft == nil && v.Note == nil {
			continue
		}
		if err == nil {
			err = s.node.ReadsNote(ctx, rd.caller, &v)
		}
		return v, err
	}
	return book.NoteView{}, jisr.Refuse(jisr.NoSuch, clip(id.Name(), maxField), "noun", "note")
}

func (s *site) draftView(ctx context.Context, rd reader, n *book.NoteView) (draftView, error) {
	d := n.Draft
	v := draftView{Note: rd.line(&n.NoteRow, ""), Version: d.Version, Steps: rd.noteActs(n), Means: rd.l.T("note.state." + string(d.State()) + ".means")}
	v.Title = v.Note.title(rd)
	titles, err := s.titles(ctx, rd)
	if err != nil {
		return draftView{}, err
	}
	for _, by := range d.Drafters {
		v.By = append(v.By, titleOf(titles, by))
	}
	nameSteps(v.Steps, titles)
	if d.Returned != nil && d.Reason != "" {
		v.Reason = said{Dir: "auto", Pieces: []piece{{Text: d.Reason}}}
	}
	if n.Drafted != nil {
		v.Letter, v.Files = rd.draftLetter(n), rd.draftFiles(n.Drafted, v.Note.URL)
	}
	if n.Answers != nil {
		l := rd.line(n.Answers, "")
		v.Answers = &l
	}
	rd.clearance(n, &v)
	v.Custody, err = s.custodyOf(ctx, rd, rd.heldNote(n))
	return v, err
}

// clearance says what this official may do next. Who drafted does not clear: the page says so in a sentence.
func (rd reader) clearance(n *book.NoteView, v *draftView) {
	d, at := n.Draft, v.Note.URL
	if d.Discarded != nil {
		return
	}
	if rd.may("note.draft") {
		v.Edit = at + "/edit"
	}
	if rd.may("note.discard") {
		v.Discard = at + "/discard"
	}
	by := rd.caller.By()
	switch {
	case d.Cleared == nil:
		v.Clear = rd.action(at+"/clear", node.May(rd.caller, "note.clear"), d.MayClear(by, d.Version))
	default:
		v.Release = rd.action(at+"/release", node.May(rd.caller, "note.release"), d.MayRelease(by, d.Version))
	}
	if d.Returned == nil {
		v.Return = rd.action(at+"/return", node.May(rd.caller, "note.return"), d.MayReturn(by, d.Version))
	}
}

func (rd reader) action(url string, errs ...error) action {
	for _, err := range errs {
		if err != nil {
			return action{Why: rd.why(err)}
		}
	}
	return action{URL: url}
}

// draftLetter shows the draft as the letter it would be: without number and date, which release gives.
func (rd reader) draftLetter(n *book.NoteView) letter {
	d := n.Drafted
	l := letter{Member: rd.side(rd.self), To: rd.sides(d.To), Subject: rd.say(d.Body.Subject), From: rd.say(d.Body.From), Handling: rd.handling(d.Handling), Plain: d.Kind == jisr.NonPaper}
	if l.From.Empty() {
		l.From = rd.say(rd.caller.DeskName)
	}
	if d.Precedence != jisr.Routine {
		l.Urgent, l.UrgentCode = known(rd.l, "note.precedence.", string(d.Precedence)), precedenceCode(d.Precedence)
	}
	if d.ReplyBy != "" {
		l.Due = rd.l.Day(string(d.ReplyBy))
	}
	body := d.Body
	if l.Plain {
		body.Opening, body.Closing = nil, nil
	}
	l.Columns = rd.columns(&body)
	return l
}

func (rd reader) draftFiles(d *jisr.Draft, at string) []attachment {
	var all []attachment
	for i, f := range d.Files {
		all = append(all, attachment{Name: f.Name, Type: safeType(f.Type), Size: rd.l.Bytes(f.Size), URL: at + "/files/" + strconv.Itoa(i)})
	}
	return all
}

// draftFile gives an attachment of a draft: who clears it reads what would go out.
func (s *site) draftFile(r *request) (*answer, error) {
	rd := s.reader(r)
	n, err := s.loadDraft(r.Context(), rd, noteID(r))
	if err != nil {
		return nil, err
	}
	if n.Note != nil {
		return &answer{to: rd.rowURL(&n.NoteRow)}, nil
	}
	i, err := strconv.Atoi(r.PathValue("n"))
	if err != nil {
		return nil, jisr.Refuse(jisr.NoSuch, clip(r.PathValue("n"), maxField), "noun", "attachment")
	}
	content, f, err := s.node.OpenDraftFile(r.Context(), rd.scope, n.Forum, n.ID, i)
	if err != nil {
		return nil, err
	}
	return &answer{file: &file{name: f.Name, typ: f.Type, content: content}}, nil
}

// titles gives the posts of this house by name.
func (s *site) titles(ctx context.Context, rd reader) (map[jisr.OfficialID]string, error) {
	rows, err := s.node.Book().Accounts(ctx)
	if err != nil {
		return nil, err
	}
	op := s.node.Operator()
	titles := map[jisr.OfficialID]string{op.By().Official: inLanguage(rd.l, op.Title)}
	for _, row := range rows {
		titles[jisr.OfficialID(row.ID.Name())] = inLanguage(rd.l, row.Account.Title)
	}
	return titles, nil
}

// nameSteps puts our own posts' titles where acts have their names; another member's stay as they are.
func nameSteps(steps []noteAct, titles map[jisr.OfficialID]string) {
	for i := range steps {
		if t := titles[jisr.OfficialID(steps[i].By)]; t != "" && steps[i].Who.Self {
			steps[i].By = t
		}
	}
}

func titleOf(titles map[jisr.OfficialID]string, by jisr.By) string {
	if t := titles[by.Official]; t != "" {
		return t
	}
	return string(by.Official)
}

func (s *site) clear(r *request) (*answer, error) {
	return s.doDraft(r, node.ClearNote{ID: noteID(r), Version: versionOf(r)})
}

func (s *site) doDraft(r *request, cmd node.Command) (*answer, error) {
	if _, err := s.node.Do(r.Context(), r.caller, cmd); err != nil {
		return nil, err
	}
	return &answer{to: s.reader(r).url("drafts", noteID(r).Name())}, nil
}

func (s *site) askRelease(r *request) (*answer, error) { return s.askDraft(r, "release") }
func (s *site) askReturn(r *request) (*answer, error)  { return s.askDraft(r, "return") }
func (s *site) askDiscard(r *request) (*answer, error) { return s.askDraft(r, "discard") }

func (s *site) askDraft(r *request, verb string) (*answer, error) {
	v, err := s.askDraftView(r, s.reader(r), verb)
	if err != nil {
		return nil, err
	}
	return &answer{page: confirmPage(v)}, nil
}

// askDraftView refuses at once what would be refused afterwards.
func (s *site) askDraftView(r *request, rd reader, verb string) (confirmView, error) {
	n, err := s.loadDraft(r.Context(), rd, noteID(r))
	if err == nil && n.Note != nil {
		err = jisr.Refuse(jisr.NotDraft, r.PathValue("id"))
	}
	if err == nil {
		err = node.May(rd.caller, node.Verb("note."+verb))
	}
	if err == nil {
		err = mayNow(n.Draft, verb, rd.caller.By())
	}
	if err != nil {
		return confirmView{}, err
	}
	v := rd.askAbout(verb, verb, rd.line(&n.NoteRow, ""), rd.releaseMeans(verb, &n)...)
	v.Page, v.Version, v.Grave = s.page(r, "notes"), n.Draft.Version, verb == "discard"
	v.Ask, v.Must = verb == "return", verb == "return"
	if verb == "release" {
		v.vouching, err = s.vouching(r, node.ReleaseNote{ID: n.ID, Version: n.Draft.Version})
	}
	return v, err
}

func mayNow(d *jisr.DraftState, verb string, by jisr.By) error {
	switch verb {
	case "release":
		return d.MayRelease(by, d.Version)
	case "return":
		return d.MayReturn(by, d.Version)
	}
	return d.MayEdit(d.Version)
}

// releaseMeans says to whom the note goes and what goes with it.
func (rd reader) releaseMeans(verb string, n *book.NoteView) []string {
	if verb != "release" || n.Drafted == nil {
		return nil
	}
	means := []string{rd.l.T("note.confirm.release.to", "members", words.Raw(rd.nameAll(n.Drafted.To)))}
	if len(n.Drafted.Files) > 0 {
		means = append(means, rd.l.N("attachment.count", len(n.Drafted.Files)))
	}
	return means
}

// release sends the note and goes to it: its number stands there.
func (s *site) release(r *request) (*answer, error) {
	rd := s.reader(r)
	cmd, err := vouch(r, node.ReleaseNote{ID: noteID(r), Version: versionOf(r)})
	var done node.Done
	if err == nil {
		done, err = s.node.Do(r.Context(), r.caller, cmd)
	}
	if problem := again(rd, err); problem != "" {
		v, err := s.askDraftView(r, rd, "release")
		v.Problem = problem
		return &answer{status: 409, page: confirmPage(v)}, err
	}
	if err != nil {
		return nil, err
	}
	return &answer{to: rd.noteURL(done.Forum, done.Thing)}, nil
}

func (s *site) discard(r *request) (*answer, error) {
	return s.doDraft(r, node.DiscardNote{ID: noteID(r), Version: versionOf(r)})
}

func (s *site) returnDraft(r *request) (*answer, error) {
	rd := s.reader(r)
	_, err := s.node.Do(r.Context(), r.caller, node.ReturnNote{ID: noteID(r), Version: versionOf(r), Reason: reasonOf(r)})
	if problem := aboutReason(rd, err); problem != "" {
		v, err := s.askDraftView(r, rd, "return")
		if err != nil {
			return nil, err
		}
		v.Reason, v.Problem = reasonOf(r), problem
		return &answer{status: 422, page: confirmPage(v)}, nil
	}
	if err != nil {
		return nil, err
	}
	return &answer{to: rd.url("drafts", noteID(r).Name())}, nil
}
