package portal

import (
	"context"
	"errors"
	"fmt"
	"mime/multipart"
	"slices"

	"jisr"
	"jisr/book"
	"jisr/words"
)

// formAgain shows what was written with what is wrong beside its field. What is not about a field is for the
// page of errors.
func (s *site) formAgain(ctx context.Context, rd reader, in draftInput, files []jisr.DraftFile, cause error) (formView, error) {
	var refusal *jisr.Refusal
	if !errors.As(cause, &refusal) || fieldOf(refusal) == "" {
		return formView{}, cause
	}
	v, err := s.formView(ctx, rd, in, files)
	if err != nil {
		return formView{}, err
	}
	for _, r := range append(in.missing(), refusal) {
		if p := (Problem{Field: fieldOf(r), Text: sentence(rd.l, r)}); !slices.Contains(v.Problems, p) {
			v.Problems = append(v.Problems, p)
		}
	}
	return v, nil
}

// fieldOf is the field of the form that a refusal is about, by the id it has on the page.
func fieldOf(r *jisr.Refusal) string {
	lang := r.Need["lang"]
	if !slices.Contains(writtenLanguages(), lang) {
		lang = "ar"
	}
	switch r.Subject {
	case "subject", "text", "opening", "closing":
		return r.Subject + "_" + lang
	case "content":
		return "text_ar"
	case "to", "kind", "precedence", "handling", "reply_by", "references", "in_reply_to", "forum":
		return r.Subject
	case "attachments", "attachment", "filename", "filetype":
		return "attachments"
	}
	if r.Kind == jisr.NotMember {
		return "to"
	}
	if r.Kind == jisr.Unfinished || r.Kind == jisr.NoSuch && r.Need["noun"] == "" {
		return "attachments"
	}
	return ""
}

func (s *site) formView(ctx context.Context, rd reader, in draftInput, files []jisr.DraftFile) (formView, error) {
	forums, err := s.node.Book().Forums(ctx)
	if err != nil {
		return formView{}, err
	}
	forums = slices.DeleteFunc(forums, func(f book.ForumRow) bool { return f.ID == jisr.House })
	if len(forums) == 0 {
		return formView{}, jisr.Refuse(jisr.NoSuch, "forum", "noun", "forum")
	}
	at := slices.IndexFunc(forums, func(f book.ForumRow) bool { return string(f.ID) == in.Forum })
	if at < 0 {
		at = 0
	}
	in.Forum = string(forums[at].ID)
	v := formView{In: in, ForumName: inLanguage(rd.l, forums[at].Title)}
	if in.Version == 0 && len(forums) > 1 && in.InReplyTo == "" {
		for i, f := range forums {
			v.Forums = append(v.Forums, Link{Word: inLanguage(rd.l, f.Title), URL: rd.url("notes", "new") + "?forum=" + string(f.ID), On: i == at})
		}
	}
	s.formChoices(rd, &forums[at], &v)
	s.formTexts(rd, &v)
	for _, f := range files {
		v.Files = append(v.Files, formFile{ID: f.Upload, Name: f.Name, Size: rd.l.Bytes(f.Size)})
	}
	return v, s.formThread(ctx, rd, &v)
}

// formChoices fills the choices. Where there is one addressee only, it is chosen.
func (s *site) formChoices(rd reader, f *book.ForumRow, v *formView) {
	in := &v.In
	for _, k := range jisr.NoteKinds() {
		v.Kinds = append(v.Kinds, Option{Value: string(k), Word: rd.l.T("note.kind." + string(k)), Hint: rd.l.T("note.kind." + string(k) + ".means"), On: in.Kind == string(k)})
	}
	precedences := jisr.Precedences()
	slices.Reverse(precedences) // the usual one first
	for _, p := range precedences {
		v.Precedences = append(v.Precedences, Option{Value: string(p), Word: rd.l.T("note.precedence." + string(p)), On: in.Precedence == string(p)})
	}
	for _, h := range jisr.Handlings() {
		v.Handlings = append(v.Handlings, Option{Value: string(h), Word: rd.l.T("handling." + string(h)), Hint: rd.l.T("handling." + string(h) + ".means"), On: in.Handling == string(h)})
	}
	others := s.othersIn(f)
	if len(others) == 1 && len(in.To) == 0 {
		in.To = []string{string(others[0])}
	}
	for _, m := range others {
		v.To = append(v.To, Option{Value: string(m), Word: rd.name(m), On: slices.Contains(in.To, string(m))})
	}
	for m := 1; m <= 12; m++ {
		v.Months = append(v.Months, Option{Value: itoa(int64(m)), Word: rd.l.T("time.month." + itoa(int64(m))), On: in.Month == itoa(int64(m))})
	}
	v.FilesHint = rd.l.T("note.field.attachments.hint", "max", jisr.MaxAttachments, "size", words.Raw(rd.l.Bytes(maxUploadForm)))
	v.DateHint = rd.l.T("note.field.reply_by.hint", "example", words.Raw(rd.l.ShortDate(rd.now.In(rd.zone).AddDate(0, 0, 14))))
}

func (s *site) othersIn(f *book.ForumRow) []jisr.MemberID {
	if f.Accept == nil {
		return nil
	}
	var all []jisr.MemberID
	for m := range f.Accept.Letters {
		if m != s.node.Self().ID {
			all = append(all, m)
		}
	}
	slices.Sort(all)
	return all
}

// formTexts puts the usual formulas where nothing else stands.
func (s *site) formTexts(rd reader, v *formView) {
	var to []jisr.MemberID
	for _, m := range v.In.To {
		to = append(to, jisr.MemberID(m))
	}
	usual := s.courtesy(rd)(jisr.NoteKind(v.In.Kind), to)
	for _, lang := range writtenLanguages() {
		fl := formLang{Tag: lang, Name: s.words.In(lang).Name(), Must: lang == "ar"}
		for _, field := range []string{"opening_", "closing_"} {
			name := field + lang
			if v.In.Text[name] == v.In.Text[name+"_was"] || v.In.Text[name] == "" && v.In.Text["text_"+lang] == "" {
				v.In.Text[name] = usual[name]
			}
			v.In.Text[name+"_was"] = usual[name]
			fl.Formulas = fl.Formulas || v.In.Text[name] != usual[name]
		}
		v.Langs = append(v.Langs, fl)
	}
}

// formThread shows what the draft answers, and offers the newest notes of the forum to refer to, with those it
// refers to already.
func (s *site) formThread(ctx context.Context, rd reader, v *formView) error {
	f := jisr.ForumID(v.In.Forum)
	if v.In.InReplyTo != "" {
		n, err := s.node.Book().Note(ctx, rd.scope, f, jisr.ThingID("note/"+v.In.InReplyTo))
		if err == nil && n.Note != nil {
			l := rd.line(&n.NoteRow, "")
			v.InReplyTo = &l
		} else if err != nil && !isKind(err, jisr.NoSuch) {
			return err
		}
	}
	v.Refers = len(v.In.References) > 0
	for _, name := range v.In.References {
		n, err := s.node.Book().Note(ctx, rd.scope, f, jisr.ThingID("note/"+name))
		if isKind(err, jisr.NoSuch) {
			continue
		}
		if err != nil {
			return err
		}
		v.References = append(v.References, rd.reference(&n.NoteRow, true))
	}
	rows, _, err := s.node.Book().Notes(ctx, rd.scope, book.NoteQuery{Forum: f, Known: rd.known, Limit: formLinks})
	if err != nil {
		return err
	}
	for i := range rows {
		if name := rows[i].ID.Name(); rows[i].Note != nil && name != v.In.InReplyTo && !slices.Contains(v.In.References, name) {
			v.References = append(v.References, rd.reference(&rows[i], false))
		}
	}
	return nil
}

func (rd reader) reference(row *book.NoteRow, on bool) Option {
	l := rd.line(row, "")
	return Option{Value: row.ID.Name(), Word: l.Subject.String(), Hint: l.Ref, On: on}
}

// takeFile takes a file of the form into the node, in parts: it waits in a temporary file if it is long.
func (s *site) takeFile(r *request, h *multipart.FileHeader) (jisr.DraftFile, error) {
	return s.takeFileAs(r, h, safeType(h.Header.Get("Content-Type")))
}

// takeFileAs keeps a file under a type.
func (s *site) takeFileAs(r *request, h *multipart.FileHeader, typ string) (jisr.DraftFile, error) {
	f, err := h.Open()
	if err != nil {
		return jisr.DraftFile{}, fmt.Errorf("couldn't read an uploaded file: %w", err)
	}
	defer f.Close() // read only: nothing is lost with the error
	u, err := s.node.NewUpload(r.Context(), r.caller, h.Filename, typ, h.Size)
	if err != nil {
		return jisr.DraftFile{}, err
	}
	if h.Size > 0 {
		id := u.ID
		if u, err = s.node.WriteUpload(r.Context(), r.caller, id, 0, f); err != nil {
			return jisr.DraftFile{}, errors.Join(err, s.node.DropUpload(r.Context(), r.caller, id))
		}
	}
	return jisr.DraftFile{Upload: u.ID, Name: u.Name, Size: u.Size, Type: u.Type, Commit: u.Commit}, nil
}
