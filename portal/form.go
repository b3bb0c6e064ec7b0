package portal

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"jisr"
	"jisr/book"
	"jisr/node"
	"jisr/words"
)

// draftInput is the form of a draft as it came in: what was written, whether or not it makes a draft. It is
// shown again when something is missing, so nothing written is lost.
type draftInput struct {
	Forum            string
	Version          int
	Key              string
	Kind, Precedence string
	To               []string
	Day, Month, Year string
	InReplyTo        string
	References       []string
	Text             map[string]string // by the name of the field: "subject_ar", "opening_en", …
	Keep             []string          // uploads kept, in order
}

// writtenLanguages are those a form has fields for; Arabic is required. What a draft says in others stays.
func writtenLanguages() []string { return []string{"ar", "en"} }

// textFields are the texts of a note that a form has a field for, in each of its languages.
func textFields() []string { return []string{"subject", "opening", "text", "closing"} }

// readDraft reads the form. It refuses nothing; see draft.
func readDraft(f url.Values) draftInput {
	in := draftInput{
		Forum: clip(f.Get("forum"), maxField), Key: clip(f.Get("key"), maxField), Kind: f.Get("kind"), Precedence: f.Get("precedence"),
		To: bounded(f["to"], jisr.MaxAddressees), Day: latinDigits(f.Get("reply_by.day")), Month: latinDigits(f.Get("reply_by.month")), Year: latinDigits(f.Get("reply_by.year")),
		InReplyTo: clip(f.Get("in_reply_to"), maxField), References: bounded(f["references"], jisr.MaxReferences), Text: map[string]string{},
	}
	in.Version, _ = strconv.Atoi(f.Get("version")) // none: a first version
	for _, field := range textFields() {
		for _, lang := range writtenLanguages() {
			name := field + "_" + lang
			in.Text[name] = unixLines(strings.ToValidUTF8(f.Get(name), "\uFFFD"))
			in.Text[name+"_was"] = unixLines(strings.ToValidUTF8(f.Get(name+"_was"), "\uFFFD"))
		}
	}
	for _, id := range bounded(f["keep"], jisr.MaxAttachments) {
		if !slices.Contains(f["remove"], id) {
			in.Keep = append(in.Keep, id)
		}
	}
	return in
}

func bounded(all []string, n int) []string {
	var out []string
	for _, s := range all[:min(len(all), n)] {
		if s != "" {
			out = append(out, clip(s, maxField))
		}
	}
	return out
}

// latinDigits writes Arabic-Indic and Persian digits as ASCII, as a keyboard may give any of them.
func latinDigits(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= '٠' && r <= '٩':
			return r - '٠' + '0'
		case r >= '۰' && r <= '۹':
			return r - '۰' + '0'
		}
		return r
	}, strings.TrimSpace(clip(s, 10)))
}

// date puts the three fields of a day together; empty when all are. What is no day stays as it is written, and
// is refused by the rule that reads it.
func (in *draftInput) date() jisr.Date {
	if in.Day == "" && in.Month == "" && in.Year == "" {
		return ""
	}
	day, errD := strconv.Atoi(in.Day)
	month, errM := strconv.Atoi(in.Month)
	year, errY := strconv.Atoi(in.Year)
	if errD != nil || errM != nil || errY != nil {
		return "?"
	}
	return jisr.Date(fmt.Sprintf("%04d-%02d-%02d", year, month, day))
}

// draft makes the draft that the form asks for. base is the newest version: what the form has no field for is
// taken from it. Formulas that nobody changed follow the kind and the addressees.
func (in *draftInput) draft(base *jisr.Draft, courtesy func(kind jisr.NoteKind, to []jisr.MemberID) formulas) jisr.Draft {
	d := jisr.Draft{Kind: jisr.NoteKind(in.Kind), Precedence: jisr.Precedence(in.Precedence), ReplyBy: in.date()}
	if base != nil {
		d.Body = base.Body
	}
	for _, m := range in.To {
		d.To = append(d.To, jisr.MemberID(m))
	}
	slices.Sort(d.To)
	d.To = slices.Compact(d.To)
	if in.InReplyTo != "" {
		d.InReplyTo = jisr.ThingID("note/" + in.InReplyTo)
	}
	for _, id := range in.References {
		d.References = append(d.References, jisr.ThingID("note/"+id))
	}
	in.formulas(courtesy(d.Kind, d.To))
	d.Body.Subject, d.Body.Text = in.text(d.Body.Subject, "subject"), in.text(d.Body.Text, "text")
	d.Body.Opening, d.Body.Closing = in.text(d.Body.Opening, "opening"), in.text(d.Body.Closing, "closing")
	return d
}

// formulas are the courtesy formulas of a note, by the name of the field.
type formulas map[string]string

// formulas puts the formulas of the kind where the ones shown before were left as they were; a language in
// which nothing is written needs none.
func (in *draftInput) formulas(now formulas) {
	for _, lang := range writtenLanguages() {
		for _, field := range []string{"opening_", "closing_"} {
			name := field + lang
			if in.Text[name] == in.Text[name+"_was"] {
				in.Text[name] = now[name]
			}
			in.Text[name+"_was"] = now[name]
			if in.Text["text_"+lang] == "" && in.Text["subject_"+lang] == "" {
				in.Text[name] = ""
			}
		}
	}
}

// text is a text with what the form says in its languages.
func (in *draftInput) text(base jisr.Text, field string) jisr.Text {
	t := jisr.Text{}
	for tag, s := range base {
		t[tag] = s
	}
	for _, lang := range writtenLanguages() {
		delete(t, lang)
		if s := in.Text[field+"_"+lang]; s != "" {
			t[lang] = s
		}
	}
	if len(t) == 0 {
		return nil
	}
	return t
}

// inputOf fills the form from a draft that stands.
func inputOf(d *jisr.Draft, f jisr.ForumID, version int, usual formulas) draftInput {
	in := draftInput{Forum: string(f), Version: version, Kind: string(d.Kind), Precedence: string(d.Precedence), InReplyTo: d.InReplyTo.Name(), Text: map[string]string{}}
	for _, m := range d.To {
		in.To = append(in.To, string(m))
	}
	for _, id := range d.References {
		in.References = append(in.References, id.Name())
	}
	if p := strings.Split(string(d.ReplyBy), "-"); len(p) == 3 {
		in.Year, in.Month, in.Day = p[0], strings.TrimPrefix(p[1], "0"), strings.TrimPrefix(p[2], "0")
	}
	for _, lang := range writtenLanguages() {
		in.Text["subject_"+lang], in.Text["text_"+lang] = d.Body.Subject[lang], d.Body.Text[lang]
		in.Text["opening_"+lang], in.Text["closing_"+lang] = d.Body.Opening[lang], d.Body.Closing[lang]
		for _, field := range []string{"opening_", "closing_"} {
			name := field + lang
			if in.Text["text_"+lang] == "" {
				in.Text[name] = usual[name] // shown, and left out again if nothing is written in the language
			}
			in.Text[name+"_was"] = usual[name]
		}
	}
	for _, f := range d.Files {
		in.Keep = append(in.Keep, f.Upload)
	}
	return in
}

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
	in := draftInput{Forum: q.Get("forum"), Kind: string(jisr.Verbale), Precedence: string(jisr.Routine), Text: map[string]string{}, Key: rand.Text()}
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
	n, err := s.loadNote(ctx, jisr.ForumID(f), jisr.ThingID("note/"+id))
	if err != nil || n.Note == nil || rd.sealed(&n.NoteRow) {
		return err
	}
	in.Forum, in.InReplyTo, in.To = f, id, []string{string(n.Note.From)}
	in.Kind, in.Precedence = string(n.Note.Kind), string(n.Note.Precedence)
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
	n, err := s.loadDraft(r.Context(), noteID(r))
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
	n, err := s.loadDraft(r.Context(), noteID(r))
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
	n, err := s.loadDraft(r.Context(), noteID(r))
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

// check asks for what this form requires beyond what any note needs: Arabic (design 1, 8).
func (in *draftInput) check() error {
	for _, r := range in.missing() {
		return r
	}
	return nil
}

// missing lists what is required and not there, so that the official is told all of it at once.
func (in *draftInput) missing() []*jisr.Refusal {
	var all []*jisr.Refusal
	if len(in.To) == 0 {
		all = append(all, jisr.Refuse(jisr.Missing, "to"))
	}
	for _, field := range []string{"subject", "text"} {
		if in.Text[field+"_ar"] == "" {
			all = append(all, jisr.Refuse(jisr.Missing, field))
		}
	}
	return all
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
