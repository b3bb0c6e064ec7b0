package api

import (
	"net/http"
	"time"

	"jisr"
	"jisr/book"
	"jisr/node"
)

// balanceOut is what a programme promised and what came, by side.
type balanceOut struct {
	Since  jisr.Date                 `json:"since,omitempty" doc:"The day the agreement came into force; left out before."`
	Sides  map[jisr.MemberID]sideOut `json:"sides"`
	Missed []missedOut               `json:"missed" nullable:"false" doc:"Reports that were due and have not come, oldest first; the newest 200."`
}

type sideOut struct {
	Promised  int `json:"promised" doc:"Reports asked for by a time that has come: kept, late and missed."`
	Kept      int `json:"kept"`
	Late      int `json:"late"`
	Missed    int `json:"missed"`
	Sent      int `json:"sent" doc:"Records."`
	Acked     int `json:"acknowledged" doc:"Of them, those that a desk of every receiver has read."`
	Corrected int `json:"corrected"`
	Withdrawn int `json:"withdrawn"`
	Confirmed int `json:"confirmed"`
}

type missedOut struct {
	Type   string        `json:"type"`
	SLA    string        `json:"sla"`
	Label  jisr.Text     `json:"label"`
	Of     jisr.MemberID `json:"of"`
	Code   string        `json:"code,omitempty"`
	Period string        `json:"period"`
	Due    time.Time     `json:"due"`
}

// missedIn names a report that did not come.
type missedIn struct {
	Type string        `json:"type"`
	SLA  string        `json:"sla"`
	Of   jisr.MemberID `json:"of"`
}

func (c *call) getBalance() error {
	f, id, err := c.thing("programme")
	if err != nil {
		return err
	}
	b, err := c.node.Balance(c.ctx(), c.caller, f, id)
	if err != nil {
		return err
	}
	out := balanceOut{Since: b.Since, Sides: map[jisr.MemberID]sideOut{}, Missed: []missedOut{}}
	for m, s := range b.Sides {
		out.Sides[m] = sideOut{s.Promised, s.Kept, s.Late, s.Missed, s.Sent, s.Acknowledged, s.Corrected, s.Withdrawn, s.Confirmed}
	}
	for _, m := range b.Missed {
		out.Missed = append(out.Missed, missedOut{m.Type, m.SLA.ID, m.SLA.Label, m.Of, m.Code, m.Period, m.Due})
	}
	return c.answer(http.StatusOK, out)
}

// commitMissed makes a commitment of a report that did not come.
func (c *call) commitMissed() error {
	f, id, err := c.thing("programme")
	if err != nil {
		return err
	}
	var in missedIn
	if err := c.decode(maxColumns, &in); err != nil {
		return err
	}
	key, err := idempotencyKey(c.r)
	if err != nil {
		return err
	}
	return c.begin(f, node.CommitMissed{Forum: f, Programme: id, Type: in.Type, SLA: in.SLA, Of: in.Of, Key: key})
}

// eraseRecords agrees that the contents of a record's batch go.
func (c *call) eraseRecords() error {
	return c.saysOfRecord(func(forum jisr.ForumID, v *book.RecordView) (node.Command, error) {
		var in reasonIn
		err := c.decodeOptional(maxColumns, &in)
		return node.EraseRecords{Forum: forum, Batch: v.Batch, Reason: in.Reason}, err
	})
}

func balanceOperations() []operation {
	one := thingsPath("programme") + "/{id}"
	return []operation{
		{method: "GET", path: one + "/balance", id: "getBalance", tag: "programmes", access: reading, out: balanceOut{}, do: (*call).getBalance, summary: "Read what a programme promised and what came, by side", statuses: []int{http.StatusOK},
			about: "While the road to the other side is down, nothing is held against it."},
		{method: "POST", path: one + "/balance/commitments", id: "commitMissed", tag: "programmes", access: program, in: missedIn{}, out: commitmentOut{}, do: (*call).commitMissed, summary: "Make a commitment of a report that did not come",
			statuses: []int{http.StatusCreated, http.StatusOK, http.StatusAccepted}, headers: []param{idempotency(), prefer("")}},
		{method: "POST", path: one + "/records/{type}/{record}/erase", id: "eraseRecords", tag: "programmes", access: program, in: reasonIn{}, out: recordHistoryOut{}, do: (*call).eraseRecords,
			summary: "Agree that the contents of its batch are erased", statuses: []int{http.StatusOK, http.StatusAccepted}, headers: []param{prefer("")}, about: "Once all parties have, each node deletes its copy and says so in its log."},
	}
}
