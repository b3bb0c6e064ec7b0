package api

import (
	"net/http"

	"jisr"
	"jisr/node"
)

// minutesOut is minutes as a program reads them.
type minutesOut struct {
	jointOut
	Standing string         `json:"standing" doc:"The state today: silence approves once its last day has passed."`
	Text     []paragraphOut `json:"text" nullable:"false" doc:"The paragraphs in their order."`
	Agreed   any            `json:"agreed,omitempty" doc:"The document that all cleared."`
	Record   any            `json:"record" doc:"The joint state, as every node computes it."`
}

// paragraphOut is a paragraph with the versions that stand: several are a bracket.
type paragraphOut struct {
	Segment  string             `json:"segment"`
	Section  string             `json:"section,omitempty" doc:"Ref of the item of the agenda."`
	Kind     jisr.ParagraphKind `json:"kind"`
	Of       jisr.MemberID      `json:"of,omitempty" doc:"Of a statement: at whose request."`
	Ref      jisr.ThingID       `json:"ref,omitempty" doc:"Of a commitment."`
	Versions []versionOut       `json:"versions" nullable:"false"`
}

// versionOut is one version of a paragraph.
type versionOut struct {
	Member  jisr.MemberID `json:"member"`
	Index   jisr.Index    `json:"index"`
	Op      int           `json:"op,omitempty"`
	Text    jisr.Text     `json:"text,omitempty" doc:"Absent while it has not arrived."`
	Removed bool          `json:"removed,omitempty"`
}

func (c *call) minutesOut(f jisr.ForumID, id jisr.ThingID, joint jointOut) (minutesOut, error) {
	v, err := c.node.Minutes(c.ctx(), c.scope(), f, id)
	if err != nil {
		return minutesOut{}, err
	}
	joint.Next = v.Minutes.Next(c.node.Self().ID)
	out := minutesOut{jointOut: joint, Standing: v.Minutes.Standing(c.node.Known()), Text: paragraphsOf(v.Minutes.Segments, v.Text), Record: v.Minutes}
	if doc, err := v.Agreed(); err == nil {
		out.Agreed = doc
	}
	return out, nil
}

// editIn is versions of paragraphs with their texts.
type editIn struct {
	Ops []opIn `json:"ops" nullable:"false" minItems:"1" maxItems:"32"`
}

type opIn struct {
	jisr.Op
	Text jisr.Text `json:"text,omitempty" doc:"By language; absent for a removal."`
}

func (c *call) editMinutes() error { return c.edit("minutes", jisr.KindMinutesEdit) }

// edit writes paragraphs of a draft that several write.
func (c *call) edit(noun string, kind jisr.Kind) error {
	f, id, err := c.thing(noun)
	if err != nil {
		return err
	}
	var in editIn
	if err := c.decode(maxNoteJSON, &in); err != nil {
		return err
	}
	var t jisr.EditTerms
	var b jisr.EditBody
	for _, o := range in.Ops {
		t.Ops = append(t.Ops, o.Op)
		b.Texts = append(b.Texts, o.Text)
	}
	return c.doSay(node.Say{Forum: f, ID: id, Kind: kind, Terms: t, Body: b})
}

// clearIn is a side's clearance of the text as it stands.
type clearIn struct {
	Intent jisr.Intent `json:"intent" enum:"non-binding,binding" doc:"Whether this side means the minutes to bind. Sides that differ cannot sign."`
	Next   jisr.Date   `json:"next,omitempty" format:"date" doc:"Day of the next session. Absent: as another side cleared."`
}

func (c *call) clearMinutes() error {
	f, id, err := c.thing("minutes")
	if err != nil {
		return err
	}
	var in clearIn
	if err := c.decode(maxHouseJSON, &in); err != nil {
		return err
	}
	return c.doAbout(f, id, node.ClearMinutes{Forum: f, ID: id, Intent: in.Intent, Next: in.Next})
}

// signIn is a head's signature.
type signIn struct {
	Mandate jisr.ThingID `json:"mandate,omitempty" doc:"The full powers, where there are."`
}

func (c *call) signMinutes() error {
	f, id, err := c.thing("minutes")
	if err != nil {
		return err
	}
	var in signIn
	if err := c.decodeOptional(maxHouseJSON, &in); err != nil {
		return err
	}
	return c.doAbout(f, id, node.SignMinutes{Forum: f, ID: id, Mandate: in.Mandate})
}

func (c *call) listMinutes() error {
	states := []string{jisr.MinutesDrafting, jisr.MinutesCleared, jisr.MinutesAreSigned, jisr.MinutesApproved, jisr.MinutesDisapproved}
	q, err := c.thingQuery("minutes", states, map[string]string{"body": "body:body/"})
	if err != nil {
		return err
	}
	return listThings(c, q, c.jointRow)
}

func minutesOperations() []operation {
	one := thingsPath("minutes") + "/{id}"
	done := []int{http.StatusOK, http.StatusAccepted}
	out := minutesOut{}
	return []operation{
		{method: "GET", path: thingsPath("minutes"), id: "listMinutes", tag: "minutes", access: reading, out: page[jointOut]{}, do: (*call).listMinutes, summary: "List minutes", statuses: []int{http.StatusOK},
			query: append([]param{{name: "state", about: "The step of their life."}, {name: "with", about: "A member."}, {name: "body", about: "Id of a body."}, {name: "q", about: "Words of the title."}}, paging()...)},
		{method: "GET", path: one, id: "getMinutes", tag: "minutes", access: reading, out: out, do: getThing("minutes"), summary: "Read minutes as they stand", statuses: []int{http.StatusOK},
			about: "They have the id of their meeting. A paragraph of several versions is a bracket: two sides changed it not knowing of each other."},
		{method: "POST", path: one + "/edit", id: "editMinutes", tag: "minutes", access: program, in: editIn{}, out: out, do: (*call).editMinutes, summary: "Write paragraphs", statuses: done, headers: []param{prefer("")},
			about: "from names the versions a new one was made from; naming all that stand ends a bracket. Nothing is overwritten."},
		{method: "POST", path: one + "/clear", id: "clearMinutes", tag: "minutes", access: program, in: clearIn{}, out: out, do: (*call).clearMinutes, summary: "Clear the text for signature", statuses: done, headers: []param{prefer("")}},
		said[jisr.Reason](jisr.KindMinutesUnclear, out, "Take a clearance back", "Irrevocable once all have cleared.", nil),
		{method: "POST", path: one + "/sign", id: "signMinutes", tag: "minutes", access: program, in: signIn{}, out: out, do: (*call).signMinutes, summary: "Sign", statuses: done, headers: []param{prefer("")},
			about: "Over the hash that all cleared. The commitments they carry are agreed when all heads have signed."},
		said[jisr.Reason](jisr.KindMinutesApprove, out, "Approve signed minutes", "Where the rules of the body ask for it.", nil),
		said[jisr.Reason](jisr.KindMinutesDisapprove, out, "Disapprove signed minutes", "With the reason, within the days of silence.", nil),
	}
}
