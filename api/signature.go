package api

import (
	"jisr"
	"jisr/node"
)

// signatureOut is the official's own signature on an act, as this node has checked it itself.
type signatureOut struct {
	State      node.SignatureState `json:"state" enum:"absent,good,bad,not-here" doc:"absent: its member's node signed the act and no official's passkey did; not-here: the content it stands in has not arrived or is erased."`
	Why        string              `json:"why,omitempty" doc:"Of a bad one: what does not hold."`
	Official   jisr.OfficialID     `json:"official,omitempty"`
	Post       jisr.Text           `json:"post,omitempty"`
	Signer     jisr.ThingID        `json:"signer,omitempty"`
	Key        string              `json:"key,omitempty" doc:"Fingerprint of the public key."`
	Introduced *jisr.Position      `json:"introduced,omitempty" doc:"The act that made the key known."`
	Revoked    *stepOut            `json:"revoked,omitempty" doc:"The key has ended since; the signature stands."`
}

func (c *call) signature(f jisr.ForumID, p jisr.Position) (*signatureOut, error) {
	found, err := c.node.SignatureOf(c.ctx(), f, p)
	if err != nil {
		return nil, err
	}
	out := &signatureOut{State: found.State, Why: found.Why, Official: found.Official, Post: found.Post, Signer: found.Signer, Key: found.Key, Revoked: happened(found.Revoked)}
	if found.Signer != "" && found.Key != "" {
		out.Introduced = &found.Introduced
	}
	return out, nil
}
