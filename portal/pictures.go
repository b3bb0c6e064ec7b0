package portal

import (
	"bytes"
	"io"

	"jisr"
	"jisr/node"
)

// pictureLine is a picture beside a statement, with the form that takes it away; Withdraw is empty where the official may not.
type pictureLine struct {
	URL, Alt, Withdraw string
	Width, Height      int
}

// pictureLines fills in the pictures beside a statement, and the form for another.
func (s *site) pictureLines(r *request, rd reader, v *statementView, t *node.StatementView, base string) error {
	all, err := s.node.Pictures(r.Context(), rd.scope, t.Forum, t.ID)
	for i := range all {
		p := &all[i]
		l := pictureLine{URL: base + "/pictures/" + p.ID.Name(), Alt: rd.say(p.Alt).String(), Width: p.Width, Height: p.Height}
		if rd.may(node.Verb(jisr.KindPictureWithdraw)) {
			l.Withdraw = l.URL + "/withdraw"
		}
		v.Pictures = append(v.Pictures, l)
	}
	if rd.may(node.Verb(jisr.KindPictureShow)) {
		v.AddPicture = base + "/pictures"
	}
	return err
}

// pictureOf finds the picture in the address, beside a statement that the official may read.
func (s *site) pictureOf(r *request) (*node.StatementView, jisr.ThingID, error) {
	t, err := s.statementOf(r)
	return t, jisr.ThingID("picture/" + clip(r.PathValue("picture"), maxField)), err
}

func (s *site) picture(r *request) (*answer, error) {
	t, id, err := s.pictureOf(r)
	if err != nil {
		return nil, err
	}
	b, err := s.node.Book().PictureFile(r.Context(), s.node.ScopeOf(r.caller), t.Forum, t.ID, id)
	if err != nil {
		return nil, err
	}
	return &answer{file: &file{name: id.Name() + ".jpg", typ: "image/jpeg", content: bytes.NewReader(b)}}, nil
}

// addPicture puts a picture beside a statement: made anew from its pixels, with a text in every language of the page.
func (s *site) addPicture(r *request) (*answer, error) {
	t, err := s.statementOf(r)
	if err != nil {
		return nil, err
	}
	rd := s.reader(r)
	picture, err := pictureIn(r)
	if err == nil {
		_, err = s.do(r, node.ShowPicture{Forum: t.Forum, Statement: t.ID, Alt: written(r, "alt"), Picture: picture})
	}
	if problem := rd.why(err); problem != "" {
		return s.showStatement(r, problem)
	}
	if err != nil {
		return nil, err
	}
	return &answer{to: rd.statementURL(t.Forum, t.ID)}, nil
}

// pictureIn reads the picture of a form.
func pictureIn(r *request) (node.Picture, error) {
	if r.MultipartForm == nil || len(r.MultipartForm.File["picture"]) == 0 || r.MultipartForm.File["picture"][0].Size == 0 {
		return node.Picture{}, jisr.Refuse(jisr.Missing, "picture")
	}
	f, err := r.MultipartForm.File["picture"][0].Open()
	if err != nil {
		return node.Picture{}, err
	}
	defer f.Close() // it was only read
	b, err := io.ReadAll(io.LimitReader(f, node.MaxPictureFile+1))
	if err != nil {
		return node.Picture{}, err
	}
	return node.ReadPicture(b)
}

func (s *site) withdrawPicture(r *request) (*answer, error) {
	t, id, err := s.pictureOf(r)
	if err == nil {
		_, err = s.node.Book().PictureFile(r.Context(), s.node.ScopeOf(r.caller), t.Forum, t.ID, id)
	}
	if err == nil {
		_, err = s.do(r, node.WithdrawPicture{ID: id})
	}
	if err != nil {
		return nil, err
	}
	return &answer{to: s.reader(r).statementURL(t.Forum, t.ID)}, nil
}
