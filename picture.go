package jisr

// A picture stands beside a statement on one member's public page, with a text that says what it shows to those who do not
// see it. It is a matter of that house: what all approved is the text, over one hash, and no picture changes it.
//
//	shown --withdraw--> withdrawn
const (
	KindPictureShow     Kind = "picture.show" // content: PictureBody
	KindPictureWithdraw Kind = "picture.withdraw"
)

// PictureTerms is the terms of picture.show.
type PictureTerms struct {
	Forum     ForumID `json:"forum"`
	Statement ThingID `json:"statement"`
	Alt       Text    `json:"alt"` // in every language of the public page
	Width     int     `json:"width"`
	Height    int     `json:"height"`
}

// Check holds the terms against their form: without a text there is no picture.
func (t *PictureTerms) Check() error {
	switch {
	case !ValidForum(t.Forum):
		return Refuse(Malformed, "forum")
	case t.Statement.Noun() != "statement" || !validThing(t.Statement):
		return Refuse(Malformed, "statement")
	case t.Width < 1 || t.Height < 1 || t.Width > MaxPictureSide || t.Height > MaxPictureSide:
		return Refuse(Malformed, "picture", "max", itoa(MaxPictureSide))
	}
	for _, lang := range []string{"ar", "en"} {
		if t.Alt[lang] == "" {
			return Refuse(Missing, "alt", "lang", lang)
		}
	}
	return t.Alt.Check("alt", MaxTitle)
}

// PictureBody is the picture: a JPEG that the node made, and nothing of what the file it was made from said beside it.
type PictureBody struct {
	JPEG []byte `json:"jpeg"`
}

// Picture is the house's state of a picture.
type Picture struct {
	PictureTerms
	Shown     Step  `json:"shown"`
	Withdrawn *Step `json:"withdrawn,omitempty"`
}

func applyPicture(p **Picture, a *Act) error {
	was := *p
	switch {
	case a.Kind == KindPictureShow && was != nil:
		return Refuse(Already, "picture")
	case a.Kind == KindPictureShow:
		t, err := terms[PictureTerms](a)
		if err == nil {
			err = t.Check()
		}
		if err == nil && a.Content == nil {
			err = Refuse(Missing, "content")
		}
		if err == nil {
			*p = &Picture{PictureTerms: t, Shown: a.step()}
		}
		return err
	case was == nil:
		return Refuse(NoSuch, "picture")
	case was.Withdrawn != nil:
		return Refuse(Already, "picture")
	}
	s := a.step()
	was.Withdrawn = &s
	return nil
}
