package api

import (
	"encoding/base64"
	"net/http"
	"time"

	"jisr"
	"jisr/book"
	"jisr/node"
)

// accessOut is how the holder of a post gets in.
type accessOut struct {
	Password   bool         `json:"password,omitempty" doc:"It still has one: it has never had a passkey."`
	Passkeys   []passkeyOut `json:"passkeys" nullable:"false" doc:"Those that have not ended."`
	Invited    *time.Time   `json:"invited_until,omitempty"`
	Recovery   *stepOut     `json:"recovery,omitempty" doc:"Asked for; another administrator confirms it."`
	HandedOver *stepOut     `json:"handed_over,omitempty" doc:"The last time its holder changed."`
}

// passkeyOut is one passkey of a post.
type passkeyOut struct {
	ID       string  `json:"id" doc:"The credential, base64url."`
	Label    string  `json:"label,omitempty"`
	Key      string  `json:"key" doc:"Fingerprint of the public key."`
	Enrolled stepOut `json:"enrolled"`
}

// sessionOut is where a post is signed in.
type sessionOut struct {
	ID      string    `json:"id"`
	How     string    `json:"how" enum:"passkey,password,provider"`
	Address string    `json:"address"`
	Agent   string    `json:"agent,omitempty"`
	Began   time.Time `json:"began"`
	Seen    time.Time `json:"seen"`
}

func accessOperations() []operation {
	const post = "/api/v1/officials/{id}"
	ok, done := []int{http.StatusOK}, []int{http.StatusNoContent}
	step := func(verb, summary, about string, cmd func(jisr.OfficialID) node.Command) operation {
		return operation{method: "POST", path: post + "/" + verb, id: operationID(verb, "official"), tag: "house", access: admin, out: accountOut{}, summary: summary, about: about, statuses: ok,
			do: func(c *call) error {
				id := jisr.OfficialID(c.r.PathValue("id"))
				return c.doAccount(http.StatusOK, jisr.ThingID("official/"+id), cmd(id))
			}}
	}
	return []operation{
		step("invite", "Invite the holder of a post to its first passkey", "The invitation is in secret, this once. It works once, for three days; a new one takes the place of the one before.",
			func(id jisr.OfficialID) node.Command { return node.InviteOfficial{ID: id} }),
		step("recover", "Ask for the recovery of a post whose passkeys are lost", "Another administrator confirms it within three days.",
			func(id jisr.OfficialID) node.Command { return node.RecoverOfficial{ID: id} }),
		step("hand-over", "Hand a post over to another holder", "Its password, passkeys and sessions end; what its desk has stays there. A post that never had a passkey is invited at once (secret); another waits for a second administrator to confirm its recovery, which is for a person to do.",
			func(id jisr.OfficialID) node.Command { return node.HandOver{ID: id} }),
		{method: "GET", path: post + "/sessions", id: "listSessions", tag: "house", access: admin, out: page[sessionOut]{}, do: (*call).listSessions, summary: "Where a post is signed in", statuses: ok},
		{method: "DELETE", path: post + "/sessions/{session}", id: "deleteSession", tag: "house", access: admin, do: (*call).deleteSession, summary: "Sign a post out of one place", statuses: done},
		{method: "DELETE", path: post + "/passkeys/{passkey}", id: "deletePasskey", tag: "house", access: admin, out: accountOut{}, do: (*call).deletePasskey, summary: "End a passkey", statuses: ok,
			about: "Its sessions end; what it signed stays signed."},
	}
}

func accessOf(r *book.AccountRow, now time.Time) *accessOut {
	if r.ID.Noun() != "official" {
		return nil
	}
	a := &r.Account
	out := &accessOut{Password: a.ByPassword() && a.HandedOver == nil, Passkeys: []passkeyOut{}, Recovery: happened(a.Recovery), HandedOver: happened(a.HandedOver)}
	for _, p := range a.Valid() {
		out.Passkeys = append(out.Passkeys, passkeyOut{ID: base64.RawURLEncoding.EncodeToString(p.Credential), Label: p.Label, Key: node.KeyFinger(p.Key), Enrolled: *happened(&p.Enrolled)})
	}
	if i := a.Invitation; i != nil && now.Before(i.Until) {
		out.Invited = &i.Until
	}
	return out
}

func (c *call) listSessions() error {
	row, err := c.node.Book().Account(c.ctx(), jisr.ThingID("official/"+c.r.PathValue("id")))
	if err != nil {
		return err
	}
	all, err := c.node.Sessions(c.caller, row.ID)
	if err != nil {
		return err
	}
	items := []sessionOut{}
	for _, x := range all {
		items = append(items, sessionOut{ID: x.ID, How: x.How, Address: x.Address, Agent: x.Agent, Began: x.Began, Seen: x.Seen})
	}
	return answerPage(c, items, "")
}

func (c *call) deleteSession() error {
	if err := c.node.EndSession(c.caller, c.r.PathValue("session")); err != nil {
		return err
	}
	c.w.WriteHeader(http.StatusNoContent)
	return nil
}

func (c *call) deletePasskey() error {
	id := jisr.OfficialID(c.r.PathValue("id"))
	credential, err := base64.RawURLEncoding.DecodeString(c.r.PathValue("passkey"))
	if err != nil {
		return jisr.Refuse(jisr.NoSuch, "passkey")
	}
	return c.doAccount(http.StatusOK, jisr.ThingID("official/"+id), node.RevokePasskey{ID: id, Credential: credential})
}
