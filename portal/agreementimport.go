package portal

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"jisr"
	"jisr/node"
)

// importView is the form in which an official gives a file, or a text, to be read as the text of an agreement.
type importView struct {
	Page
	Problems []Problem
	Line     line
	Langs    []Option
	Pasted   string
	Action   string
	Back     string
}

func (s *site) askImport(r *request) (*answer, error) {
	v, err := s.importView(r, nil)
	if err != nil {
		return nil, err
	}
	return &answer{page: importPage(v)}, nil
}

func (s *site) importView(r *request, problems []Problem) (importView, error) {
	rd := s.reader(r)
	if err := node.May(r.caller, "outgoing.draft"); err != nil {
		return importView{}, err
	}
	t, err := s.loadAgreement(r.Context(), rd, jisr.ForumID(r.PathValue("forum")), agreementID(r))
	if err == nil && s.read == nil {
		err = jisr.Refuse(jisr.NoSuch, t.ID.Name())
	}
	if err != nil {
		return importView{}, err
	}
	v := importView{Page: s.page(r, "agreements"), Problems: problems, Line: rd.agreementLine(&t.ThingRow), Pasted: r.PostForm.Get("pasted"),
		Action: rd.agreementURL(t.Forum, t.ID, "text", "import"), Back: rd.agreementURL(t.Forum, t.ID, "text", "edit")}
	chosen := r.PostForm.Get("lang")
	for i, tag := range s.langs {
		v.Langs = append(v.Langs, Option{Value: tag, Word: rd.languageName(tag), On: tag == chosen || chosen == "" && i == 0})
	}
	return v, nil
}

// importText reads the file and shows what was read in the form in which a text is drafted. Nothing is kept before an official
// has looked at it and saves it there.
func (s *site) importText(r *request) (*answer, error) {
	rd := s.reader(r)
	if _, err := s.importView(r, nil); err != nil {
		return nil, err
	}
	t, err := s.loadAgreement(r.Context(), rd, jisr.ForumID(r.PathValue("forum")), agreementID(r))
	if err != nil {
		return nil, err
	}
	d, err := s.draftingOf(r, rd, &t)
	if err != nil {
		return nil, err
	}
	base := d.text
	if base == nil {
		base = rd.firstText(t.State.Agreement)
		base.Segments = nil
	}
	text, remarks, err := s.readText(r, base)
	var refusal *jisr.Refusal
	if errors.As(err, &refusal) {
		v, err := s.importView(r, []Problem{{Field: "file", Text: sentence(rd.l, refusal)}})
		if err != nil {
			return nil, err
		}
		return &answer{status: 422, page: importPage(v)}, nil
	}
	if err != nil {
		return nil, err
	}
	v, err := s.textEditOf(r, rd, &t, d, wholeID, text, nil)
	if err != nil {
		return nil, err
	}
	v.Read, v.Remarks = true, remarks
	return &answer{page: textEditPage(v)}, nil
}

// readText reads the form's file, or what was pasted, onto a text: what it doesn't have in one language stays in the others.
func (s *site) readText(r *request, base *jisr.InstrumentText) (*jisr.InstrumentText, []string, error) {
	lang := r.PostForm.Get("lang")
	if !slices.Contains(s.langs, lang) {
		return nil, nil, jisr.Refuse(jisr.NotOneOf, "lang", "got", clip(lang, maxField))
	}
	file, err := givenFile(r)
	if err != nil {
		return nil, nil, err
	}
	segments, remarks, err := s.read(file, lang, base.Segments, r.l)
	if err != nil {
		return nil, nil, err
	}
	text := *base
	text.Segments, text.Clauses.Languages = segments, slices.Clone(base.Clauses.Languages)
	for i := range segments {
		if earlier := base.Segment(segments[i].ID); earlier != nil {
			all := maps.Clone(earlier.Text)
			maps.Copy(all, segments[i].Text)
			segments[i].Text = all
		}
		text.Clauses.Languages = append(text.Clauses.Languages, slices.Collect(maps.Keys(segments[i].Text))...)
	}
	slices.Sort(text.Clauses.Languages)
	text.Clauses.Languages = slices.Compact(text.Clauses.Languages)
	return &text, remarks, nil
}

// givenFile is the file of the form; where none was chosen, what was pasted.
func givenFile(r *request) ([]byte, error) {
	if r.MultipartForm != nil {
		for _, h := range r.MultipartForm.File["file"] {
			if h.Size == 0 {
				continue // a field in which nothing was chosen
			}
			if h.Size > maxTextFile {
				return nil, jisr.Refuse(jisr.TooLong, "file", "max", itoa(maxTextFile), "got", itoa(h.Size))
			}
			f, err := h.Open()
			if err != nil {
				return nil, fmt.Errorf("couldn't read a file of a form: %w", err)
			}
			defer f.Close()
			return io.ReadAll(f)
		}
	}
	if pasted := r.PostForm.Get("pasted"); strings.TrimSpace(pasted) != "" {
		return []byte(pasted), nil
	}
	return nil, jisr.Refuse(jisr.Missing, "file")
}
