package api

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"jisr"
	"jisr/book"
	"jisr/node"
)

// maxPictureJSON is bytes of a body with a picture: base64 makes four of three.
const maxPictureJSON = node.MaxPictureFile/3*4 + 64<<10

// commentOut is a reader's comment, for who decides about it.
type commentOut struct {
	ID        string       `json:"id"`
	Forum     jisr.ForumID `json:"forum"`
	Statement string       `json:"statement" doc:"The statement it is about."`
	State     string       `json:"state" enum:"held,shown,declined,withdrawn"`
	Received  time.Time    `json:"received"`
	Decided   *time.Time   `json:"decided,omitempty"`
	Name      string       `json:"name"`
	Email     string       `json:"email" doc:"The reader's address: for the moderator alone, and in no other answer."`
	Lang      string       `json:"lang"`
	Text      string       `json:"text"`
}

// commentPage is a page of comments.
type commentPage struct {
	page[commentOut]
	Counts map[string]int `json:"counts" nullable:"false" doc:"By state, of all comments."`
}

// moderateIn is what is decided about.
type moderateIn struct {
	IDs []string `json:"ids" doc:"Names of comments, at most 200; all of them or none."`
}

// photoOut is a picture beside a statement.
type photoOut struct {
	ID     string    `json:"id"`
	Alt    jisr.Text `json:"alt" doc:"What it shows, in words, by language."`
	Width  int       `json:"width"`
	Height int       `json:"height"`
	Shown  time.Time `json:"shown"`
}

// photoIn is a picture to show.
type photoIn struct {
	Alt     jisr.Text `json:"alt" doc:"What it shows, in words, by language; ar and en are required."`
	Picture []byte    `json:"picture" doc:"A JPEG or PNG, in base64. It is made anew from its pixels: nothing else of the file is kept."`
}

const (
	commentsPath = "/api/v1/comments"
	photosPath   = forumPath + "/statements/{id}/pictures"
)

func commentOperations() []operation {
	ok := []int{http.StatusOK}
	all := []operation{
		{method: "GET", path: commentsPath, id: "listComments", tag: "statements", access: program, out: commentPage{}, do: (*call).listComments, summary: "List readers' comments, newest first", statuses: ok,
			about: "For who decides about them (comment.read): the addresses of readers are in it, and reading it is written down.",
			query: append([]param{{name: "state", about: "Default: all.", enum: jisr.CommentStates()}, {name: "forum", about: "Of statements of this forum."}, {name: "statement", about: "On this statement, by its id."}}, paging()...)},
		{method: "GET", path: photosPath, id: "listPictures", tag: "statements", access: reading, out: page[photoOut]{}, do: (*call).listPhotos, summary: "List the pictures beside a statement", statuses: ok,
			about: "They stand on this member's public page alone, and are no part of what was agreed."},
		{method: "POST", path: photosPath, id: "showPicture", tag: "statements", access: program, in: photoIn{}, out: page[photoOut]{}, do: (*call).showPhoto, summary: "Put a picture beside a statement", statuses: []int{http.StatusCreated}},
		{method: "POST", path: photosPath + "/{picture}/withdraw", id: "withdrawPicture", tag: "statements", access: program, out: page[photoOut]{}, do: (*call).withdrawPhoto, summary: "Take a picture away", statuses: ok},
	}
	for _, kind := range jisr.CommentKinds() {
		_, verb, _ := strings.Cut(string(kind), ".")
		all = append(all, operation{method: "POST", path: commentsPath + "/" + verb, id: verb + "Comments", tag: "statements", access: program, in: moderateIn{}, out: commentPage{}, do: moderate(kind), statuses: ok,
			summary: map[string]string{"approve": "Show comments", "decline": "Do not show comments", "withdraw": "Take comments from the page", "reopen": "Take back what was decided about comments"}[verb],
			about:   "The answer is those that wait now."})
	}
	return all
}

func (c *call) listComments() error {
	q, err := c.query("state", "forum", "statement", "cursor", "limit")
	if err != nil {
		return err
	}
	ask := book.CommentQuery{State: q.Get("state"), Forum: jisr.ForumID(q.Get("forum")), Cursor: q.Get("cursor")}
	if ask.State != "" && !slices.Contains(jisr.CommentStates(), ask.State) {
		return jisr.Refuse(jisr.NotOneOf, "state", "got", echo(ask.State), "allowed", list(jisr.CommentStates()))
	}
	if ask.Forum != "" && !jisr.ValidForum(ask.Forum) {
		return jisr.Refuse(jisr.Malformed, "forum")
	}
	if name := q.Get("statement"); name != "" {
		if !jisr.ValidName(name) || len(name) > maxID {
			return jisr.Refuse(jisr.Malformed, "statement")
		}
		ask.Statement = jisr.ThingID("statement/" + name)
	}
	if ask.Limit, err = limitOf(q); err != nil {
		return err
	}
	return c.answerComments(ask)
}

func (c *call) answerComments(ask book.CommentQuery) error {
	rows, next, counts, err := c.node.Comments(c.ctx(), c.caller, ask)
	if err != nil {
		return err
	}
	if next != "" {
		c.linkNext(next)
	}
	out := commentPage{page: page[commentOut]{Items: []commentOut{}, Next: next}, Counts: counts}
	for i := range rows {
		r := &rows[i]
		o := commentOut{ID: r.ID.Name(), Forum: r.Forum, Statement: r.Statement.Name(), State: r.State, Received: r.Received.At, Name: r.Body.Name, Email: r.Body.Email, Lang: r.Body.Lang, Text: r.Body.Text}
		if r.Decided != nil {
			o.Decided = &r.Decided.At
		}
		out.Items = append(out.Items, o)
	}
	return c.answer(http.StatusOK, out)
}

// moderate decides about comments, all of them or none.
func moderate(kind jisr.Kind) func(*call) error {
	return func(c *call) error {
		var in moderateIn
		if err := c.decode(maxHouseJSON, &in); err != nil {
			return err
		}
		cmd := node.ModerateComments{Verdict: kind}
		for _, name := range in.IDs {
			if !jisr.ValidName(name) || len(name) > maxID {
				return jisr.Refuse(jisr.Malformed, "ids")
			}
			cmd.IDs = append(cmd.IDs, jisr.ThingID("comment/"+name))
		}
		if _, err := c.node.Do(c.ctx(), c.caller, cmd); err != nil {
			return err
		}
		return c.answerComments(book.CommentQuery{State: jisr.CommentHeld})
	}
}

func (c *call) listPhotos() error {
	f, id, err := c.photos()
	if err != nil {
		return err
	}
	return c.answerPhotos(http.StatusOK, f, id)
}

// photos is the statement in the address, which the caller may read.
func (c *call) photos() (jisr.ForumID, jisr.ThingID, error) {
	f, id, err := c.thing("statement")
	if err == nil {
		_, err = c.seeThing(f, id)
	}
	return f, id, err
}

func (c *call) answerPhotos(status int, f jisr.ForumID, id jisr.ThingID) error {
	rows, err := c.node.Pictures(c.ctx(), c.scope(), f, id)
	if err != nil {
		return err
	}
	out := page[photoOut]{Items: []photoOut{}}
	for i := range rows {
		r := &rows[i]
		out.Items = append(out.Items, photoOut{ID: r.ID.Name(), Alt: r.Alt, Width: r.Width, Height: r.Height, Shown: r.Shown.At})
	}
	return c.answer(status, out)
}

func (c *call) showPhoto() error {
	f, id, err := c.photos()
	if err != nil {
		return err
	}
	if err := node.May(c.caller, node.Verb(jisr.KindPictureShow)); err != nil { // before a large body is read
		return err
	}
	var in photoIn
	if err := c.decode(maxPictureJSON, &in); err != nil {
		return err
	}
	p, err := node.ReadPicture(in.Picture)
	if err != nil {
		return err
	}
	if _, err := c.node.Do(c.ctx(), c.caller, node.ShowPicture{Forum: f, Statement: id, Alt: in.Alt, Picture: p}); err != nil {
		return err
	}
	return c.answerPhotos(http.StatusCreated, f, id)
}

func (c *call) withdrawPhoto() error {
	f, id, err := c.photos()
	if err != nil {
		return err
	}
	name := c.r.PathValue("picture")
	if !jisr.ValidName(name) || len(name) > maxID {
		return jisr.Refuse(jisr.NoSuch, "picture")
	}
	picture := jisr.ThingID("picture/" + name)
	if _, err := c.node.Book().PictureFile(c.ctx(), c.scope(), f, id, picture); err != nil {
		return err
	}
	if _, err := c.node.Do(c.ctx(), c.caller, node.WithdrawPicture{ID: picture}); err != nil {
		return err
	}
	return c.answerPhotos(http.StatusOK, f, id)
}
