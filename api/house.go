package api

import (
	"cmp"
	"net/http"
	"slices"
	"time"

	"jisr"
	"jisr/book"
	"jisr/node"
)

// deskOut is an office of this member.
type deskOut struct {
	ID       jisr.DeskID `json:"id"`
	Title    jisr.Text   `json:"title"`
	Receives bool        `json:"receives,omitempty" doc:"What comes in and belongs to no desk yet is this desk's. Where no desk receives, it is every desk's."`
}

// deskIn is what a desk is called.
type deskIn struct {
	Title    jisr.Text `json:"title"`
	Receives *bool     `json:"receives,omitempty" doc:"Absent: as it is."`
}

// accountOut is an official's post or a program's access.
type accountOut struct {
	ID        string           `json:"id"`
	Title     jisr.Text        `json:"title" doc:"The post, or what the program is for; never a person's name."`
	Desk      jisr.DeskID      `json:"desk"`
	Roles     []jisr.Role      `json:"roles" nullable:"false"`
	Expires   jisr.Date        `json:"expires,omitempty" format:"date"`
	Ended     *stepOut         `json:"ended,omitempty"`
	Scope     *jisr.TokenScope `json:"scope,omitempty" doc:"What a token is limited to, besides its roles."`
	ClientKey jisr.Commitment  `json:"client_key,omitempty" doc:"SHA-256 of the public key of the one client certificate a token is good with."`
	LastUsed  *time.Time       `json:"last_used,omitempty" doc:"Of a token, to the minute; absent: not that this node remembers."`
	Access    *accessOut       `json:"access,omitempty" doc:"How the holder of a post gets in."`
	Secret    string           `json:"secret,omitempty" doc:"The password, token or invitation. It is shown this once and kept nowhere."`
}

// officialIn is a post at a desk.
type officialIn struct {
	ID       jisr.OfficialID `json:"id" example:"first.secretary"`
	Post     jisr.Text       `json:"post" doc:"The post by language; never a person's name."`
	Desk     jisr.DeskID     `json:"desk"`
	Roles    []jisr.Role     `json:"roles" nullable:"false"`
	Password string          `json:"password,omitempty" doc:"Absent: one is made, and shown once."`
}

// passwordIn is a new password.
type passwordIn struct {
	Password string `json:"password,omitempty" doc:"Absent: one is made, and shown once."`
}

// tokenIn is a program's access.
type tokenIn struct {
	ID        string          `json:"id" example:"customs.gateway"`
	Title     jisr.Text       `json:"title" doc:"What the program is for."`
	Desk      jisr.DeskID     `json:"desk"`
	Roles     []jisr.Role     `json:"roles" nullable:"false" doc:"direct: it may release at once what it writes."`
	Expires   jisr.Date       `json:"expires,omitempty" format:"date" doc:"The last day it is good for. Absent: it does not end by itself."`
	Scope     jisr.TokenScope `json:"scope,omitzero" doc:"Limits what the roles allow; a list that is absent does not limit."`
	ClientKey jisr.Commitment `json:"client_key,omitempty" doc:"SHA-256 of the public key (SubjectPublicKeyInfo) of the one client certificate it is to be good with. Absent: any or none."`
}

func (c *call) listDesks() error {
	desks, err := c.node.Book().Desks(c.ctx())
	if err != nil {
		return err
	}
	items := []deskOut{}
	for id, d := range desks {
		items = append(items, deskOut{ID: id, Title: d.Title, Receives: d.Receives})
	}
	slices.SortFunc(items, func(a, b deskOut) int { return cmp.Compare(a.ID, b.ID) })
	return answerPage(c, items, "")
}

func (c *call) putDesk() error {
	id := jisr.DeskID(c.r.PathValue("id"))
	var in deskIn
	if err := c.decode(maxHouseJSON, &in); err != nil {
		return err
	}
	if _, err := c.node.Do(c.ctx(), c.caller, node.AddDesk{ID: id, Title: in.Title}); err != nil {
		return inBody(err)
	}
	if in.Receives != nil { // a crash between leaves the desk as it was: the same request does the rest
		if _, err := c.node.Do(c.ctx(), c.caller, node.SetReceives{ID: id, Receives: *in.Receives}); err != nil {
			return inBody(err)
		}
	}
	desks, err := c.node.Book().Desks(c.ctx())
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, deskOut{ID: id, Title: desks[id].Title, Receives: desks[id].Receives})
}

func (c *call) listOfficials() error { return c.listAccounts("official") }

func (c *call) listTokens() error { return c.listAccounts("token") }

func (c *call) listAccounts(noun string) error {
	rows, err := c.node.Book().Accounts(c.ctx())
	if err != nil {
		return err
	}
	items := []accountOut{}
	for i := range rows {
		if rows[i].ID.Noun() == noun {
			items = append(items, c.outOf(&rows[i], ""))
		}
	}
	return answerPage(c, items, "")
}

// outOf leaves out what verifies the password or token.
func (c *call) outOf(r *book.AccountRow, secret string) accountOut {
	out := accountOut{ID: r.ID.Name(), Title: r.Account.Title, Desk: r.Account.Desk, Roles: slices.Concat([]jisr.Role{}, r.Account.Roles),
		Expires: r.Account.Expires, ClientKey: r.Account.ClientKey, Ended: happened(r.Account.Ended), Access: accessOf(r, c.node.Now()), Secret: secret}
	if s := r.Account.Scope; !s.Empty() {
		out.Scope = &s
	}
	if at := c.node.LastUsed(r.ID).Truncate(time.Minute); !at.IsZero() {
		out.LastUsed = &at
	}
	return out
}

// answerAccount answers with an account as it is now, and the secret that was made for it.
func (c *call) answerAccount(status int, id jisr.ThingID, secret string) error {
	row, err := c.node.Book().Account(c.ctx(), id)
	if err != nil {
		return err
	}
	if status == http.StatusCreated {
		c.w.Header().Set("Location", c.base+"/api/v1/"+id.Noun()+"s/"+id.Name())
	}
	return c.answer(status, c.outOf(&row, secret))
}

func (c *call) doAccount(status int, id jisr.ThingID, cmd node.Command) error {
	done, err := c.node.Do(c.ctx(), c.caller, cmd)
	if err != nil {
		return err
	}
	return c.answerAccount(status, id, done.Secret)
}

func (c *call) postOfficial() error {
	var in officialIn
	if err := c.decode(maxHouseJSON, &in); err != nil {
		return err
	}
	return inBody(c.doAccount(http.StatusCreated, jisr.ThingID("official/"+in.ID),
		node.AddOfficial{ID: in.ID, Post: in.Post, Desk: in.Desk, Roles: in.Roles, Password: in.Password}))
}

func (c *call) postPassword() error {
	id := jisr.OfficialID(c.r.PathValue("id"))
	var in passwordIn
	if err := c.decodeOptional(maxHouseJSON, &in); err != nil {
		return err
	}
	return c.doAccount(http.StatusOK, jisr.ThingID("official/"+id), node.SetPassword{ID: id, Password: in.Password})
}

func (c *call) deleteOfficial() error {
	id := jisr.OfficialID(c.r.PathValue("id"))
	return c.doAccount(http.StatusOK, jisr.ThingID("official/"+id), node.EndOfficial{ID: id})
}

func (c *call) postToken() error {
	var in tokenIn
	if err := c.decode(maxHouseJSON, &in); err != nil {
		return err
	}
	return inBody(c.doAccount(http.StatusCreated, jisr.ThingID("token/"+in.ID),
		node.AddToken{ID: in.ID, Title: in.Title, Desk: in.Desk, Roles: in.Roles, Expires: in.Expires, Scope: in.Scope, ClientKey: in.ClientKey}))
}

func (c *call) deleteToken() error {
	id := c.r.PathValue("id")
	return c.doAccount(http.StatusOK, jisr.ThingID("token/"+id), node.EndToken{ID: id})
}
