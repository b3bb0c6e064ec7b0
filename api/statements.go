package api

import (
	"net/http"
	"time"

	"jisr"
	"jisr/node"
)

// statementOut is a joint statement as a program reads it.
type statementOut struct {
	jointOut
	Text     []paragraphOut `json:"text" nullable:"false" doc:"The paragraphs in their order."`
	Agreed   any            `json:"agreed,omitempty" doc:"The text that all approved."`
	Readouts []readoutRef   `json:"readouts" nullable:"false" doc:"What members say alone: not agreed text."`
	Record   any            `json:"record" doc:"The joint state, as every node computes it."`
}

// readoutRef is a national readout of a statement.
type readoutRef struct {
	ID     string        `json:"id"`
	URL    string        `json:"url"`
	Member jisr.MemberID `json:"member"`
	Title  jisr.Text     `json:"title"`
}

// readoutOut is a national readout as a program reads it.
type readoutOut struct {
	jointOut
	Agreed bool          `json:"agreed" doc:"Always false: it is not agreed text."`
	Member jisr.MemberID `json:"member" doc:"Who says it."`
	Of     jisr.ThingID  `json:"of" doc:"What it tells of."`
	Text   jisr.Text     `json:"text,omitempty" doc:"Absent while it has not arrived."`
	Record any           `json:"record" doc:"The joint state, as every node computes it."`
}

// paragraphsOf shows a draft that several write.
func paragraphsOf(segments []jisr.Passage, text func(jisr.VersionID) jisr.Text) []paragraphOut {
	all := []paragraphOut{}
	for i := range segments {
		s := &segments[i]
		if s.Gone() {
			continue
		}
		p := paragraphOut{Segment: s.ID, Section: s.Section, Kind: s.Kind, Of: s.Of, Ref: s.Ref}
		for _, ver := range s.Stands {
			p.Versions = append(p.Versions, versionOut{Member: ver.ID.Member, Index: ver.ID.Index, Op: ver.ID.Op, Text: text(ver.ID), Removed: ver.Removed})
		}
		all = append(all, p)
	}
	return all
}

func (c *call) statementOut(f jisr.ForumID, id jisr.ThingID, joint jointOut) (statementOut, error) {
	v, err := c.node.Statement(c.ctx(), c.scope(), f, id)
	if err != nil {
		return statementOut{}, err
	}
	joint.Next = v.Statement.Next(c.node.Self().ID, c.node.Now())
	out := statementOut{jointOut: joint, Text: paragraphsOf(v.Statement.Segments, v.Text), Readouts: []readoutRef{}, Record: v.Statement}
	if doc, _, err := v.Agreed(); err == nil {
		out.Agreed = doc
	}
	for i := range v.Readouts {
		r := &v.Readouts[i]
		out.Readouts = append(out.Readouts, readoutRef{ID: r.ID.Name(), URL: c.thingURL(f, r.ID), Member: r.Readout.Party, Title: r.Readout.Title})
	}
	return out, nil
}

func (c *call) readoutOut(f jisr.ForumID, id jisr.ThingID, joint jointOut) (readoutOut, error) {
	v, err := c.node.Readout(c.ctx(), c.scope(), f, id)
	if err != nil {
		return readoutOut{}, err
	}
	return readoutOut{jointOut: joint, Member: v.Readout.Party, Of: v.Readout.Of, Text: v.Text, Record: v.Readout}, nil
}

func (c *call) postStatement() error {
	f, err := c.forum()
	if err != nil {
		return err
	}
	var t jisr.StatementTerms
	if err := c.decode(maxNoteJSON, &t); err != nil {
		return err
	}
	return c.newThing(f, node.Say{Kind: jisr.KindStatementPropose, Terms: t})
}

func (c *call) editStatement() error { return c.edit("statement", jisr.KindStatementEdit) }

// approveIn is a side's approval of the text as it stands.
type approveIn struct {
	Release *time.Time   `json:"release,omitempty" doc:"Not public before. Absent: as another side approved, else once all have approved."`
	Mandate jisr.ThingID `json:"mandate,omitempty" doc:"The full powers, where there are."`
}

func (c *call) approveStatement() error {
	f, id, err := c.thing("statement")
	if err != nil {
		return err
	}
	var in approveIn
	if err := c.decodeOptional(maxHouseJSON, &in); err != nil {
		return err
	}
	cmd := node.ApproveStatement{Forum: f, ID: id, Mandate: in.Mandate}
	if in.Release != nil {
		cmd.Release = *in.Release
	}
	return c.doAbout(f, id, cmd)
}

// readoutIn is a national readout.
type readoutIn struct {
	Of    jisr.ThingID `json:"of" doc:"statement/… or meeting/…"`
	Title jisr.Text    `json:"title"`
	Text  jisr.Text    `json:"text" doc:"By language."`
}

func (c *call) postReadout() error {
	f, err := c.forum()
	if err != nil {
		return err
	}
	var in readoutIn
	if err := c.decode(maxNoteJSON, &in); err != nil {
		return err
	}
	return c.newThing(f, node.Say{Kind: jisr.KindReadoutRelease, Terms: jisr.ReadoutTerms{Of: in.Of, Title: in.Title}, Body: jisr.ReadoutBody{Text: in.Text}})
}

func (c *call) listStatements() error {
	q, err := c.thingQuery("statement", jisr.StatementStates(), nil)
	if err != nil {
		return err
	}
	return listThings(c, q, c.jointRow)
}

func (c *call) listReadouts() error {
	q, err := c.thingQuery("readout", []string{jisr.ReadoutReleased, jisr.ReadoutWithdrawn}, map[string]string{"of": "source:"})
	if err != nil {
		return err
	}
	return listThings(c, q, c.jointRow)
}

func statementOperations() []operation {
	all, one, readouts := thingsPath("statement"), thingsPath("statement")+"/{id}", thingsPath("readout")
	ok, made, done := []int{http.StatusOK}, []int{http.StatusCreated, http.StatusOK, http.StatusAccepted}, []int{http.StatusOK, http.StatusAccepted}
	out, alone := statementOut{}, readoutOut{}
	find := append([]param{{name: "state", about: "The step of its life.", enum: jisr.StatementStates()}, {name: "with", about: "A member."}, {name: "q", about: "Words of the title and the text."}}, paging()...)
	return []operation{
		{method: "POST", path: all, id: "postStatement", tag: "statements", access: program, in: jisr.StatementTerms{}, out: out, do: (*call).postStatement, summary: "Begin a joint statement", statuses: made,
			headers: []param{idempotency(), prefer("")}},
		{method: "GET", path: all, id: "listStatements", tag: "statements", access: reading, out: page[jointOut]{}, do: (*call).listStatements, summary: "List joint statements", statuses: ok, query: find},
		{method: "GET", path: one, id: "getStatement", tag: "statements", access: reading, out: out, do: getThing("statement"), summary: "Read a joint statement as it stands", statuses: ok},
		{method: "POST", path: one + "/edit", id: "editStatement", tag: "statements", access: program, in: editIn{}, out: out, do: (*call).editStatement, summary: "Write paragraphs", statuses: done, headers: []param{prefer("")},
			about: "As in minutes, with kind text only. Nothing is overwritten: two versions of one paragraph are a bracket until somebody writes one that names both."},
		{method: "POST", path: one + "/approve", id: "approveStatement", tag: "statements", access: program, in: approveIn{}, out: out, do: (*call).approveStatement, summary: "Approve the text as it stands", statuses: done, headers: []param{prefer("")},
			about: "Over one hash of the text in every language and of the instant from which it is public. Irrevocable once all have approved."},
		said[jisr.Reason](jisr.KindStatementRetract, out, "Take an approval back", "Until all have approved.", nil),
		said(jisr.KindStatementRelease, out, "Release", "By either, once all have approved and the instant has come; at the instant the node does it by itself. hash: absent, the agreed text's.", func(s *jisr.State, t *jisr.AgreeTerms) {
			if s.Statement != nil && t.Hash == "" {
				t.Hash = s.Statement.Agreed
			}
		}),
		said[jisr.Reason](jisr.KindStatementWithdraw, out, "Withdraw before release", "With the reason. It counts from receipt.", nil),
		said[jisr.IncidentTerms](jisr.KindStatementIncident, out, "Record that a side published early", "The text stays marked.", nil),
		{method: "POST", path: readouts, id: "postReadout", tag: "statements", access: program, in: readoutIn{}, out: alone, do: (*call).postReadout, summary: "Release a national readout", statuses: made,
			about: "What this member says alone: not agreed text, and marked so everywhere.", headers: []param{idempotency(), prefer("")}},
		{method: "GET", path: readouts, id: "listReadouts", tag: "statements", access: reading, out: page[jointOut]{}, do: (*call).listReadouts, summary: "List national readouts", statuses: ok,
			query: append([]param{{name: "state", about: "The step of its life."}, {name: "with", about: "A member."}, {name: "of", about: "What it tells of: statement/…"}, {name: "q", about: "Words of the title and the text."}}, paging()...)},
		{method: "GET", path: readouts + "/{id}", id: "getReadout", tag: "statements", access: reading, out: alone, do: getThing("readout"), summary: "Read a national readout", statuses: ok},
		said[jisr.Reason](jisr.KindReadoutWithdraw, alone, "Withdraw a national readout", "By its member, with the reason.", nil),
	}
}
