package node

import (
	"bytes"
	"context"
	"image"
	"image/color"
	"image/jpeg"
	_ "image/png" // a picture may be one
	"strconv"

	"jisr"
	"jisr/book"
)

// Bounds of pictures.
const (
	MaxPictureFile = 12 << 20   // bytes of a file that a picture is made from
	maxPixels      = 24_000_000 // of it
	maxPictures    = 8          // beside one statement
	maxPictureBody = 2 * jisr.MaxPicture
)

// Picture is a picture ready to be shown: made anew from its pixels, so that nothing else of the file is left, neither where
// and by whom it was taken (EXIF, XMP, IPTC) nor anything a reader's program could trip over. It stands upright.
type Picture struct {
	jpeg          []byte
	width, height int
}

// ReadPicture makes a picture of a JPEG or PNG. It is done before a command is given: the one who decides does no such work.
func ReadPicture(file []byte) (p Picture, err error) {
	bad := func() (Picture, error) { return Picture{}, jisr.Refuse(jisr.Malformed, "picture", "want", "JPEG, PNG") }
	if len(file) > MaxPictureFile {
		return p, jisr.Refuse(jisr.TooLong, "picture", "max", strconv.Itoa(MaxPictureFile), "got", strconv.Itoa(len(file)))
	}
	c, _, err := image.DecodeConfig(bytes.NewReader(file))
	if err != nil || c.Width < 1 || c.Height < 1 {
		return bad()
	}
	if c.Width > maxPixels/c.Height {
		return p, jisr.Refuse(jisr.TooLong, "picture", "max", strconv.Itoa(maxPixels))
	}
	from, _, err := image.Decode(bytes.NewReader(file))
	if err != nil {
		return bad()
	}
	to := upright(smaller(from, jisr.MaxPictureSide), orientation(file))
	for _, quality := range []int{85, 70, 50, 30} {
		var b bytes.Buffer
		if err := jpeg.Encode(&b, to, &jpeg.Options{Quality: quality}); err != nil {
			return p, err
		}
		if b.Len() <= jisr.MaxPicture {
			return Picture{b.Bytes(), to.Bounds().Dx(), to.Bounds().Dy()}, nil
		}
	}
	return p, jisr.Refuse(jisr.TooLong, "picture", "max", strconv.Itoa(jisr.MaxPicture))
}

// smaller draws a picture anew with no side longer than most: each pixel is the mean of those it stands for. What is transparent
// is white.
func smaller(from image.Image, most int) *image.RGBA {
	b := from.Bounds()
	w, h := b.Dx(), b.Dy()
	if long := max(w, h); long > most {
		w, h = max(w*most/long, 1), max(h*most/long, 1)
	}
	to := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		y0, y1 := b.Min.Y+y*b.Dy()/h, b.Min.Y+max((y+1)*b.Dy()/h, y*b.Dy()/h+1)
		for x := range w {
			x0, x1 := b.Min.X+x*b.Dx()/w, b.Min.X+max((x+1)*b.Dx()/w, x*b.Dx()/w+1)
			to.SetRGBA(x, y, mean(from, x0, y0, x1, y1))
		}
	}
	return to
}

func mean(from image.Image, x0, y0, x1, y1 int) color.RGBA {
	var r, g, b, n uint64
	for y := y0; y < y1; y++ {
		for x := x0; x < x1; x++ {
			pr, pg, pb, pa := from.At(x, y).RGBA()
			white := uint64(0xffff - pa)
			r, g, b, n = r+uint64(pr)+white, g+uint64(pg)+white, b+uint64(pb)+white, n+1
		}
	}
	return color.RGBA{uint8(r / n >> 8), uint8(g / n >> 8), uint8(b / n >> 8), 0xff}
}

// ShowPicture puts a picture beside a statement on this member's public page.
type ShowPicture struct {
	Forum     jisr.ForumID
	Statement jisr.ThingID
	Alt       jisr.Text
	Picture   Picture
}

// WithdrawPicture takes it away.
type WithdrawPicture struct{ ID jisr.ThingID }

func (ShowPicture) verb() Verb     { return Verb(jisr.KindPictureShow) }
func (WithdrawPicture) verb() Verb { return Verb(jisr.KindPictureWithdraw) }

func (c ShowPicture) decide(d *decision) error {
	if c.Picture.jpeg == nil {
		return jisr.Refuse(jisr.Missing, "picture")
	}
	v, err := d.n.book.Thing(d.ctx, d.scope(), c.Forum, c.Statement)
	if err == nil && v.State.Statement == nil {
		err = jisr.Refuse(jisr.NoSuch, string(c.Statement), "noun", "statement")
	}
	if err != nil {
		return err
	}
	all, err := d.n.book.Pictures(d.ctx, d.scope(), c.Forum, c.Statement)
	if err == nil && len(all) >= maxPictures {
		err = jisr.Refuse(jisr.TooMany, "picture", "max", strconv.Itoa(maxPictures))
	}
	t := jisr.PictureTerms{Forum: c.Forum, Statement: c.Statement, Alt: c.Alt, Width: c.Picture.width, Height: c.Picture.height}
	if err == nil {
		err = t.Check()
	}
	if err != nil {
		return err
	}
	id := d.newThing("picture", c.Forum, "")
	return d.house(planned{kind: jisr.KindPictureShow, about: id, terms: t, body: jisr.PictureBody{JPEG: c.Picture.jpeg}, maxBody: maxPictureBody})
}

func (c WithdrawPicture) decide(d *decision) error {
	if err := d.touch(c.ID); err != nil {
		return err
	}
	p := planned{forum: jisr.House, kind: jisr.KindPictureWithdraw, about: c.ID}
	if err := d.meets(p); err != nil {
		return err
	}
	return d.house(p)
}

// Pictures gives the pictures beside a statement.
func (n *Node) Pictures(ctx context.Context, s book.Scope, forum jisr.ForumID, statement jisr.ThingID) ([]book.PictureRow, error) {
	return n.book.Pictures(ctx, s, forum, statement)
}

// PublicPicture gives a picture beside a statement that is public.
func (n *Node) PublicPicture(ctx context.Context, forum jisr.ForumID, statement, id jisr.ThingID) ([]byte, error) {
	if _, err := n.Publication(ctx, forum, statement); err != nil {
		return nil, err
	}
	return n.book.PictureFile(ctx, book.Whole(), forum, statement, id)
}
