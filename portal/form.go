package portal

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"strings"

	"jisr"
	"jisr/book"
	"jisr/node"
	"jisr/words"
)

// formView is the form as a page shows it.
type formView struct {
	Page
	Title       string
	Action      string
	Back        string
	In          draftInput
	Forums      []Link // to choose from, when there are several and the draft is new
	ForumName   string
	Kinds       []Option
	To          []Option
	Precedences []Option
	Handlings   []Option
	Months      []Option
	Langs       []formLang
	InReplyTo   *line
	References  []Option
	Files       []formFile
	FilesHint   string
	DateHint    string
	Problems    []Problem
	Conflict    *conflict
	Refers      bool // to other notes already
}

// formLang is one language of the form's texts.
type formLang struct {
	Tag, Name string
	Must      bool
	Formulas  bool // open from the start: they were changed
}

// formFile is an attachment that is already here.
type formFile struct{ ID, Name, Size string }

// conflict is the version somebody else saved meanwhile, beside what is in the form.
type conflict struct {
	Version int
	By      string
	When    string
	Columns []column
	Subject []said
}

// Wrong is what is wrong with a field; empty: nothing.
func (v *formView) Wrong(field string) string {
	for _, p := range v.Problems {
		if p.Field == field {
			return p.Text
		}
	}
	return ""
}

func (s *site) newDraft(r *request) (*answer, error) {
	if err := node.May(r.caller, "note.draft"); err != nil {
		return nil, err
	}
	rd := s.reader(r)
	q := r.URL.Query()
	in := draftInput{Forum: q.Get("forum"), Kind: string(jisr.Verbale), Precedence: string(jisr.Routine), Handling: string(jisr.HandlingOfficial), Text: map[string]string{}, Key: rand.Text()}
	if err := s.answering(r.Context(), rd, q.Get("answers"), &in); err != nil {
		return nil, err
	}
	v, err := s.formView(r.Context(), rd, in, nil)
	if err != nil {
		return nil, err
	}
	v.Page, v.Title, v.Action, v.Back = s.page(r, "notes"), rd.l.T("note.new"), rd.url("notes", "new"), rd.url("notes")
	return &answer{page: formPage(v)}, nil
}

// answering prepares the answer to a note: in the same form, to its writer (practice of correspondence, 3b).
func (s *site) answering(ctx context.Context, rd reader, which string, in *draftInput) error {
	f, id, ok := strings.Cut(which, "/")
	if !ok {
		return nil
	}
	n, err := s.loadNote(ctx, rd, jisr.ForumID(f), jisr.ThingID("note/"+id))
	if err != nil || n.Note == nil || rd.sealed(&n.NoteRow) {
		return err
	}
	in.Forum, in.InReplyTo, in.To = f, id, []string{string(n.Note.From)}
	in.Kind, in.Precedence, in.Handling = string(n.Note.Kind), string(n.Note.Precedence), string(n.Note.Handling.Level())
	if n.Note.From == rd.self {
		in.InReplyTo, in.References, in.To = "", []string{id}, nil // a further note of ours refers to it
	}
	if n.Note.Kind == jisr.Circular {
		in.Kind = string(jisr.Verbale)
	}
	return nil
}

func (s *site) editDraft(r *request) (*answer, error) {
	rd := s.reader(r)
	n, err := s.loadDraft(r.Context(), rd, noteID(r))
	if err == nil {
		err = node.May(r.caller, "note.draft")
	}
	if err == nil && n.Note != nil {
		err = jisr.Refuse(jisr.NotDraft, n.ID.Name())
	}
	if err == nil {
		err = n.Draft.MayEdit(n.Draft.Version)
	}
	if err != nil {
		return nil, err
	}
	in := inputOf(n.Drafted, n.Draft.Forum, n.Draft.Version, s.courtesy(rd)(n.Drafted.Kind, n.Drafted.To))
	v, err := s.formView(r.Context(), rd, in, n.Drafted.Files)
	if err != nil {
		return nil, err
	}
	s.editing(r, rd, &v)
	return &answer{page: formPage(v)}, nil
}

func (s *site) editing(r *request, rd reader, v *formView) {
	at := rd.url("drafts", noteID(r).Name())
	v.Page, v.Title, v.Action, v.Back = s.page(r, "notes"), rd.l.T("note.edit"), at+"/edit", at
}

func (s *site) saveNew(r *request) (*answer, error) {
	rd := s.reader(r)
	in, files, err := s.readForm(r, nil)
	var done node.Done
	if err == nil {
		cmd := node.DraftNote{Forum: jisr.ForumID(in.Forum), Draft: in.draft(nil, s.courtesy(rd)), Key: in.Key}
		cmd.Draft.Files = files
		done, err = s.saveFirst(r, &in, cmd)
	}
	if err == nil {
		return &answer{to: rd.url("drafts", done.Thing.Name())}, nil
	}
	v, err := s.formAgain(r.Context(), rd, in, files, err)
	if err != nil {
		return nil, err
	}
	v.Page, v.Title, v.Action, v.Back = s.page(r, "notes"), rd.l.T("note.new"), rd.url("notes", "new"), rd.url("notes")
	return &answer{status: 422, page: formPage(v)}, nil
}

// saveFirst saves a first version. The key makes pressing the button twice harmless; who went back to the form
// and wrote something else means another draft.
func (s *site) saveFirst(r *request, in *draftInput, cmd node.DraftNote) (node.Done, error) {
	if err := in.check(); err != nil {
		return node.Done{}, err
	}
	done, err := s.node.Do(r.Context(), r.caller, cmd)
	if isKind(err, jisr.Reused) {
		cmd.Key = ""
		return s.node.Do(r.Context(), r.caller, cmd)
	}
	return done, err
}

func (s *site) saveDraft(r *request) (*answer, error) {
	rd := s.reader(r)
	n, err := s.loadDraft(r.Context(), rd, noteID(r))
	if err != nil {
		return nil, err
	}
	if n.Note != nil || n.Drafted == nil {
		return nil, jisr.Refuse(jisr.NotDraft, n.ID.Name())
	}
	in, files, err := s.readForm(r, n.Drafted.Files)
	in.Forum = string(n.Draft.Forum)
	if err == nil {
		err = in.check()
	}
	if err == nil {
		cmd := node.DraftNote{Forum: n.Draft.Forum, ID: n.ID, Version: in.Version, Draft: in.draft(n.Drafted, s.courtesy(rd))}
		cmd.Draft.Files = files
		_, err = s.node.Do(r.Context(), r.caller, cmd)
	}
	if err == nil {
		return &answer{to: rd.url("drafts", n.ID.Name())}, nil
	}
	return s.saveAgain(r, rd, in, files, err)
}

// saveAgain shows the form with what is wrong. When somebody else saved a version meanwhile, it shows both: what
// stands now, and what was written here, which the next saving puts after it. Nothing is merged and nothing is
// lost: every version stays in the house log.
func (s *site) saveAgain(r *request, rd reader, in draftInput, files []jisr.DraftFile, cause error) (*answer, error) {
	if !isKind(cause, jisr.Conflict) {
		v, err := s.formAgain(r.Context(), rd, in, files, cause)
		if err != nil {
			return nil, err
		}
		s.editing(r, rd, &v)
		return &answer{status: 422, page: formPage(v)}, nil
	}
	n, err := s.loadDraft(r.Context(), rd, noteID(r))
	if err != nil || n.Note != nil || n.Drafted == nil {
		return nil, cmp.Or(err, cause)
	}
	in.Version = n.Draft.Version
	v, err := s.formView(r.Context(), rd, in, files)
	if err != nil {
		return nil, err
	}
	s.editing(r, rd, &v)
	v.Conflict, err = s.conflict(r.Context(), rd, &n)
	return &answer{status: 409, page: formPage(v)}, err
}

func (s *site) conflict(ctx context.Context, rd reader, n *book.NoteView) (*conflict, error) {
	titles, err := s.titles(ctx, rd)
	if err != nil {
		return nil, err
	}
	c := &conflict{Version: n.Draft.Version, When: rd.dateTime(n.Draft.Drafted.At), Columns: rd.columns(&n.Drafted.Body)}
	if by := n.Draft.Drafted.By; by != nil {
		c.By = titleOf(titles, *by)
	}
	for _, tag := range rd.languagesOf(n.Drafted.Body.Subject) {
		c.Subject = append(c.Subject, saidIn(tag, n.Drafted.Body.Subject[tag], ""))
	}
	return c, nil
}

// readForm reads the form and takes its files into the node. A file that was taken stays when something else
// is refused, so it need not be sent again.
func (s *site) readForm(r *request, old []jisr.DraftFile) (draftInput, []jisr.DraftFile, error) {
	in := readDraft(r.PostForm)
	if err := node.May(r.caller, "note.draft"); err != nil {
		return in, nil, err
	}
	var files []jisr.DraftFile
	for _, id := range in.Keep {
		f, err := s.keptFile(r, id, old)
		if err != nil {
			return in, files, err
		}
		files = append(files, f)
	}
	if r.MultipartForm == nil {
		return in, files, nil
	}
	for _, h := range r.MultipartForm.File["files"] {
		if h.Filename == "" && h.Size == 0 {
			continue // a field in which nothing was chosen
		}
		if len(files) >= jisr.MaxAttachments {
			return in, files, jisr.Refuse(jisr.TooMany, "attachments", "max", itoa(jisr.MaxAttachments))
		}
		f, err := s.takeFile(r, h)
		if err != nil {
			return in, files, err
		}
		files, in.Keep = append(files, f), append(in.Keep, f.Upload)
	}
	return in, files, nil
}

func (s *site) keptFile(r *request, id string, old []jisr.DraftFile) (jisr.DraftFile, error) {
	for _, f := range old {
		if f.Upload == id {
			return f, nil
		}
	}
	u, err := s.node.UploadInfo(r.Context(), r.caller, id)
	return jisr.DraftFile{Upload: u.ID, Name: u.Name, Size: u.Size, Type: u.Type, Commit: u.Commit}, err
}

// courtesy gives the usual formulas of a kind of note from this official's desk.
func (s *site) courtesy(rd reader) func(jisr.NoteKind, []jisr.MemberID) formulas {
	members := map[jisr.MemberID]jisr.Text{rd.self: s.node.Self().Name}
	for _, k := range s.node.Links() {
		members[k.Member] = k.Name
	}
	return func(kind jisr.NoteKind, to []jisr.MemberID) formulas {
		all := formulas{}
		for _, lang := range writtenLanguages() {
			l := s.words.In(lang)
			from := inLanguage(l, rd.caller.DeskName)
			if from == "" {
				from = inLanguage(l, members[rd.self])
			}
			all["opening_"+lang], all["closing_"+lang] = l.Courtesy(string(kind), from, addressees(l, members, to))
		}
		return all
	}
}

// addressees names those a note is written to, as a formula does.
func addressees(l *words.Lang, members map[jisr.MemberID]jisr.Text, to []jisr.MemberID) string {
	all := ""
	for i, m := range to {
		name := cmp.Or(inLanguage(l, members[m]), string(m))
		if i == 0 {
			all = name
			continue
		}
		all = l.T("list.join", "before", words.Raw(all), "last", words.Raw(name))
	}
	return all
}

func isKind(err error, kind jisr.RefusalKind) bool {
	var r *jisr.Refusal
	return errors.As(err, &r) && r.Kind == kind
}
