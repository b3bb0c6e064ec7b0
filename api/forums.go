package api

import (
	"encoding/base64"
	"maps"
	"net/http"
	"slices"
	"time"

	"jisr"
	"jisr/book"
	"jisr/node"
)

// forumOut is a standing cooperation.
type forumOut struct {
	ID      jisr.ForumID `json:"id"`
	URL     string       `json:"url"`
	Title   jisr.Text    `json:"title"`
	Members []memberOut  `json:"members" nullable:"false"`
	Stands  bool         `json:"stands" doc:"Every member has joined, and all name the same members and keys."`
}

// memberOut is a member of a forum, and how the road to it is.
type memberOut struct {
	ID          jisr.MemberID `json:"id"`
	Name        jisr.Text     `json:"name,omitempty"`
	Origin      string        `json:"origin" doc:"Name of its keys and first part of the names of its logs."`
	Fingerprint string        `json:"fingerprint,omitempty" doc:"Of its letter of credence, as it is read aloud."`
	Self        bool          `json:"self,omitempty" doc:"It is this node's member."`
	Joined      bool          `json:"joined"`
	Differs     string        `json:"differs,omitempty" doc:"It joined naming others than the first did: what differs."`
	Link        *linkOut      `json:"link,omitempty"`
}

// linkOut is the road to one other member.
type linkOut struct {
	Member      jisr.MemberID  `json:"member"`
	Name        jisr.Text      `json:"name,omitempty"`
	State       node.LinkState `json:"state" enum:"linked,waiting,refused"`
	Because     string         `json:"because,omitempty" doc:"The kind of reason it is not linked."`
	Reason      string         `json:"reason,omitempty" doc:"The reason in the language of Accept-Language."`
	Detail      string         `json:"detail,omitempty" doc:"For administrators."`
	Since       *time.Time     `json:"since"`
	Contact     *time.Time     `json:"contact" doc:"The last sign of life; null: never."`
	Queued      int64          `json:"queued" doc:"Acts it does not hold yet."`
	Rate        float64        `json:"rate" doc:"Bytes a second, measured."`
	Fingerprint string         `json:"fingerprint"`
	Origin      string         `json:"origin"`
	Forums      []jisr.ForumID `json:"forums" nullable:"false"`
	Addresses   []string       `json:"addresses" nullable:"false"`
}

// forumIn is a forum to enter: the letters of credence of all its other members.
type forumIn struct {
	ID      jisr.ForumID `json:"id" example:"iq-sy"`
	Title   jisr.Text    `json:"title"`
	Letters []string     `json:"letters" nullable:"false" minItems:"1" maxItems:"63" doc:"The letters of credence of all other members, exact text. Read their fingerprints to each other first: nothing else says who they are from."`
}

func (c *call) listForums() error {
	rows, err := c.node.Book().Forums(c.ctx())
	if err != nil {
		return err
	}
	links := c.node.Links()
	items, scope := []forumOut{}, c.scope()
	for i := range rows {
		if rows[i].Accept != nil && scope.Reaches(rows[i].ID) { // what others say of a forum that this house has not entered is no forum here
			items = append(items, c.forumOut(&rows[i], links))
		}
	}
	return answerPage(c, items, "")
}

func (c *call) getForum() error {
	f, err := c.forum()
	if err != nil {
		return err
	}
	row, err := c.forumRow(f)
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, c.forumOut(row, c.node.Links()))
}

func (c *call) forumRow(f jisr.ForumID) (*book.ForumRow, error) {
	rows, err := c.node.Book().Forums(c.ctx())
	if err != nil {
		return nil, err
	}
	for i := range rows {
		if rows[i].ID == f && rows[i].Accept != nil {
			return &rows[i], nil
		}
	}
	return nil, jisr.Refuse(jisr.NoSuch, string(f), "noun", "forum")
}

// known refuses a forum that this member has not entered, where an empty list would hide a misspelt name.
func (c *call) known(f jisr.ForumID) error {
	_, err := c.forumRow(f)
	return err
}

func (c *call) forumOut(r *book.ForumRow, links []node.LinkStatus) forumOut {
	out := forumOut{ID: r.ID, URL: c.base + "/api/v1/forums/" + string(r.ID), Title: r.Title, Members: []memberOut{}, Stands: r.Forum != nil && r.Forum.Stands()}
	for _, m := range slices.Sorted(maps.Keys(r.Accept.Letters)) {
		out.Members = append(out.Members, c.memberOut(m, r.Forum, links))
	}
	return out
}

func (c *call) memberOut(m jisr.MemberID, f *jisr.Forum, links []node.LinkStatus) memberOut {
	out := memberOut{ID: m}
	if f != nil {
		_, out.Joined = f.Joined[m]
		out.Differs = f.Differ[m]
	}
	if self := c.node.Self(); m == self.ID {
		out.Self, out.Name, out.Origin, out.Fingerprint = true, self.Name, self.Origin, self.Finger
	} else if l := linkTo(links, m); l != nil {
		out.Name, out.Origin, out.Fingerprint = l.Name, l.Origin, l.Finger
		out.Link = c.linkOut(l)
	}
	return out
}

func (c *call) linkOut(l *node.LinkStatus) *linkOut {
	out := &linkOut{Member: l.Member, Name: l.Name, State: l.State, Because: l.Because, Since: timeOut(l.Since), Contact: timeOut(l.Contact),
		Queued: l.Queued, Rate: l.Rate, Fingerprint: l.Finger, Origin: l.Origin, Forums: slices.Concat([]jisr.ForumID{}, l.Forums),
		Addresses: slices.Concat([]string{}, l.Address)}
	if key := "link.reason." + l.Because; l.Because != "" && c.words.Has(key) {
		out.Reason = c.lang().T(key)
	}
	if c.caller.Has(jisr.Admin) {
		out.Detail = l.Detail
	}
	return out
}

// postForum enters a forum. It is made durable with both acts, the house's acceptance and this member's joining.
func (c *call) postForum() error {
	var in forumIn
	if err := c.decode(maxForumJSON, &in); err != nil {
		return err
	}
	if len(in.Letters) >= jisr.MaxMembers {
		return jisr.Refuse(jisr.TooMany, "letters", "max", itoa(jisr.MaxMembers-1), "got", itoa(len(in.Letters)))
	}
	cmd := node.AcceptForum{Forum: in.ID, Title: in.Title}
	for _, l := range in.Letters {
		cmd.Letters = append(cmd.Letters, []byte(l))
	}
	if _, err := c.node.Do(c.ctx(), c.caller, cmd); err != nil {
		return inBody(err)
	}
	row, err := c.forumRow(in.ID)
	if err != nil {
		return err
	}
	out := c.forumOut(row, c.node.Links())
	c.w.Header().Set("Location", out.URL)
	return c.answer(http.StatusCreated, out)
}

// getLetter gives this member's letter of credence, to hand to others.
func (c *call) getLetter() error {
	self := c.node.Self()
	c.w.Header().Set("Content-Disposition", `attachment; filename="`+string(self.ID)+`.credence"`)
	return c.plain(self.Letter)
}

func (c *call) listLinks() error {
	items := []linkOut{}
	for _, l := range c.node.Links() {
		items = append(items, *c.linkOut(&l))
	}
	return answerPage(c, items, "")
}

// retryLink tries the road to a member now.
func (c *call) retryLink() error {
	m := jisr.MemberID(c.r.PathValue("member"))
	l := linkTo(c.node.Links(), m)
	if l == nil {
		return jisr.Refuse(jisr.NotPartner, echo(string(m)))
	}
	c.node.RetryLink(m)
	return c.answer(http.StatusAccepted, c.linkOut(l))
}

// evidenceOut is kept proof of a member's misbehaviour.
type evidenceOut struct {
	Member jisr.MemberID `json:"member"`
	Forum  jisr.ForumID  `json:"forum"`
	Kind   string        `json:"kind" doc:"fork, rewind, root, signature, content, inspect, too-long, malformed, not-yours or limit."`
	At     time.Time     `json:"at"`
	Detail string        `json:"detail" doc:"For operators, in English."`
	Proof  string        `json:"proof" contentEncoding:"base64" doc:"The signed checkpoints or the offending bytes, base64."`
}

func (c *call) listEvidence() error {
	all, err := c.node.Evidence(c.ctx())
	if err != nil {
		return err
	}
	items := []evidenceOut{}
	for _, e := range all[:min(len(all), pageLimit)] {
		items = append(items, evidenceOut{Member: e.Member, Forum: e.Forum, Kind: e.Kind, At: e.At, Detail: e.Detail,
			Proof: base64.StdEncoding.EncodeToString(e.Proof)})
	}
	return answerPage(c, items, "")
}
