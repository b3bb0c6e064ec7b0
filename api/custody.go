package api

import (
	"errors"
	"net/http"

	"jisr"
	"jisr/node"
)

// custodyOut is who in the house may read a joint thing, whatever its noun.
type custodyOut struct {
	About     jisr.ThingID   `json:"about"`
	Handling  jisr.Handling  `json:"handling" enum:"public,official,restricted,confidential,secret" doc:"Above restricted only who is named, or worked on it, reads it."`
	Desks     []custodianOut `json:"desks" nullable:"false" doc:"Desks it belongs to; none, and no officials: the registry's."`
	Officials []custodianOut `json:"officials" nullable:"false" doc:"Accounts that worked on it or are named for it."`
	Hold      *holdOut       `json:"hold,omitempty" doc:"A legal hold: nothing of it is erased in this house until it is lifted."`
}

// holdOut is a legal hold that stands.
type holdOut struct {
	Set    *stepOut  `json:"set"`
	Reason string    `json:"reason"`
	Review jisr.Date `json:"review,omitempty" doc:"When it is looked at again; it ends nothing."`
}

// holdIn sets a legal hold, on a batch of records or a whole programme.
type holdIn struct {
	Reason string    `json:"reason"`
	Review jisr.Date `json:"review,omitempty"`
}

// liftIn lifts it.
type liftIn struct {
	Reason string `json:"reason"`
}

// custodianOut is a desk or an account. Said is the act of the house that says so; absent: it worked on the thing.
type custodianOut struct {
	ID   string   `json:"id"`
	Said *stepOut `json:"said,omitempty"`
}

// nameIn names an account for a thing.
type nameIn struct {
	Official jisr.OfficialID `json:"official" doc:"A post, or a program by the name of its token."`
	Reason   string          `json:"reason,omitempty"`
}

// referIn makes a thing another desk's too.
type referIn struct {
	Desk   jisr.DeskID `json:"desk"`
	Reason string      `json:"reason,omitempty"`
}

// takeBackIn takes a thing back: one of official and desk.
type takeBackIn struct {
	Official jisr.OfficialID `json:"official,omitempty"`
	Desk     jisr.DeskID     `json:"desk,omitempty"`
	Reason   string          `json:"reason,omitempty"`
}

const custodyPath = forumPath + "/custody/{noun}/{id}"

func custodyOperations() []operation {
	done := []int{http.StatusNoContent}
	return []operation{
		{method: "GET", path: custodyPath, id: "getCustody", tag: "custody", access: reading, out: custodyOut{}, do: (*call).getCustody, summary: "Who in the house may read a thing", statuses: []int{http.StatusOK},
			about: "noun and id as in the thing's name: note/iq-01k…. The house's own business; never shared."},
		{method: "POST", path: custodyPath + "/name", id: "nameOfficial", tag: "custody", access: program, in: nameIn{}, do: (*call).nameOfficial, summary: "Name an official for a thing", statuses: done,
			about: "Above restricted nobody else reads it: a second official is named before it can be cleared, a third before it can be released where neither may. Whoever sees the thing may name, while it is only an outgoing act that would begin it, too; once somebody is named for what came in, the registry sees it no more."},
		{method: "POST", path: custodyPath + "/refer", id: "referThing", tag: "custody", access: program, in: referIn{}, do: (*call).referThing, summary: "Refer a thing to a desk", statuses: done},
		{method: "POST", path: custodyPath + "/take-back", id: "takeBackThing", tag: "custody", access: program, in: takeBackIn{}, do: (*call).takeBack, summary: "Take a thing back from a desk or an official", statuses: done},
		{method: "POST", path: custodyPath + "/hold", id: "holdThing", tag: "custody", access: program, in: holdIn{}, do: (*call).holdThing, summary: "Set a legal hold", statuses: done,
			about: "On record/…, a batch, or on programme/…, all its batches: nothing is erased in this house, neither by agreement nor when its retention ends. The other side's hold is its own."},
		{method: "POST", path: custodyPath + "/lift", id: "liftHold", tag: "custody", access: program, in: liftIn{}, do: (*call).liftHold, summary: "Lift a legal hold", statuses: done},
	}
}

// held is the thing in the path.
func (c *call) held() (jisr.ForumID, jisr.ThingID, error) {
	noun := c.r.PathValue("noun")
	if len(noun) > jisr.MaxID || !jisr.ValidName(noun) {
		return "", "", jisr.Refuse(jisr.NoSuch, echo(noun), "noun", "thing")
	}
	return c.thing(noun)
}

func (c *call) getCustody() error {
	f, id, err := c.held()
	if err != nil {
		return err
	}
	if id.Noun() == "note" {
		v, err := c.seeNote(f, id)
		if err != nil {
			return err
		}
		return c.answer(http.StatusOK, custodyOf(id, v.Terms.Handling, v.Desks, v.Officials, v.Custody))
	}
	v, err := c.seeThing(f, id)
	var refusal *jisr.Refusal
	if errors.As(err, &refusal) && refusal.Kind == jisr.NoSuch {
		return c.getBegun(f, id)
	}
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, custodyOf(id, v.Summary.Handling, v.Desks, v.Officials, v.Custody))
}

// getBegun answers for what an outgoing act would begin.
func (c *call) getBegun(f jisr.ForumID, id jisr.ThingID) error {
	v, err := c.node.Book().Begun(c.ctx(), c.scope(), f, id)
	if err == nil {
		err = c.node.ReadsOutgoing(c.ctx(), c.caller, &v.OutgoingRow)
	}
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, custodyOf(id, v.Handling, v.Desks, v.Officials, v.Custody))
}

func custodyOf(id jisr.ThingID, h jisr.Handling, desks []jisr.DeskID, officials []jisr.OfficialID, said *jisr.Custody) custodyOut {
	if said == nil {
		said = &jisr.Custody{}
	}
	out := custodyOut{About: id, Handling: h.Level(), Desks: custodians(desks, said.Desks), Officials: custodians(officials, said.Officials)}
	if said.Held() {
		out.Hold = &holdOut{happened(&said.Hold.Step), said.Hold.Reason, said.Hold.Review}
	}
	return out
}

func custodians[ID ~string](all []ID, said map[ID]jisr.Step) []custodianOut {
	out := []custodianOut{}
	for _, id := range all {
		o := custodianOut{ID: string(id)}
		if step, ok := said[id]; ok {
			o.Said = happened(&step)
		}
		out = append(out, o)
	}
	return out
}

// doCustody carries out a command of custody. Who was the last of those who see the thing may see it no more, so there is
// nothing to answer with.
func (c *call) doCustody(in any, command func(jisr.ForumID, jisr.ThingID) node.Command) error {
	f, id, err := c.held()
	if err != nil {
		return err
	}
	if err := c.decode(maxHouseJSON, in); err != nil {
		return err
	}
	if _, err := c.node.Do(c.ctx(), c.caller, command(f, id)); err != nil {
		return err
	}
	c.w.WriteHeader(http.StatusNoContent)
	return nil
}

func (c *call) nameOfficial() error {
	var in nameIn
	return c.doCustody(&in, func(f jisr.ForumID, id jisr.ThingID) node.Command {
		return node.NameOfficial{Forum: f, ID: id, Official: in.Official, Reason: in.Reason}
	})
}

func (c *call) referThing() error {
	var in referIn
	return c.doCustody(&in, func(f jisr.ForumID, id jisr.ThingID) node.Command {
		return node.ReferThing{Forum: f, ID: id, Desk: in.Desk, Reason: in.Reason}
	})
}

func (c *call) holdThing() error {
	var in holdIn
	return c.doCustody(&in, func(f jisr.ForumID, id jisr.ThingID) node.Command {
		return node.HoldThing{Forum: f, ID: id, Reason: in.Reason, Review: in.Review}
	})
}

func (c *call) liftHold() error {
	var in liftIn
	return c.doCustody(&in, func(f jisr.ForumID, id jisr.ThingID) node.Command {
		return node.HoldThing{Forum: f, ID: id, Lift: true, Reason: in.Reason}
	})
}

func (c *call) takeBack() error {
	var in takeBackIn
	return c.doCustody(&in, func(f jisr.ForumID, id jisr.ThingID) node.Command {
		return node.TakeBack{Forum: f, ID: id, Official: in.Official, Desk: in.Desk, Reason: in.Reason}
	})
}
