package api

import (
	"net/http"
	"slices"

	"jisr"
	"jisr/node"
)

// meetingIn is a proposal to meet. Members and rules are those of the body.
type meetingIn struct {
	Body    string    `json:"body" doc:"Id of the body."`
	Session int       `json:"session" minimum:"1" doc:"Number of the session; proposing one that is proposed already is a counter-proposal."`
	Title   jisr.Text `json:"title,omitempty" doc:"Absent: that of the body."`
	Begins  string    `json:"begins" doc:"RFC 3339 with the offset of the place." example:"2026-12-15T10:00:00+03:00"`
	Ends    string    `json:"ends,omitempty"`
	Zone    string    `json:"zone,omitempty" doc:"Of the place. Absent: this member's."`
	Place   jisr.Text `json:"place,omitempty"`
	Mode    jisr.Mode `json:"mode,omitempty" enum:"in-person,online,hybrid" default:"in-person"`
}

// paperIn is a paper of a meeting.
type paperIn struct {
	jisr.PaperTerms
	Text        jisr.Text `json:"text" doc:"What the paper says, or what its files are."`
	Attachments []string  `json:"attachments,omitempty" nullable:"false" maxItems:"32" doc:"Ids of finished uploads."`
}

func (c *call) postBody() error {
	f, err := c.forum()
	if err != nil {
		return err
	}
	var in jisr.BodyTerms
	if err := c.decode(maxNoteJSON, &in); err != nil {
		return err
	}
	return c.newThing(f, node.Say{Kind: jisr.KindBodyPropose, Terms: in})
}

func (c *call) postMeeting() error {
	f, err := c.forum()
	if err != nil {
		return err
	}
	var in meetingIn
	if err := c.decode(maxNoteJSON, &in); err != nil {
		return err
	}
	t := jisr.MeetingTerms{Body: jisr.ThingID("body/" + in.Body), Session: in.Session, Title: in.Title, Begins: in.Begins, Ends: in.Ends, Zone: in.Zone, Place: in.Place, Mode: in.Mode}
	if t.Mode == "" {
		t.Mode = jisr.InPerson
	}
	if t.Zone == "" {
		t.Zone = c.node.Zone().String()
	}
	return c.newThing(f, node.Say{Kind: jisr.KindMeetingPropose, Terms: t})
}

func (c *call) postPaper() error {
	f, id, err := c.thing("meeting")
	if err != nil {
		return err
	}
	var in paperIn
	if err := c.decode(maxNoteJSON, &in); err != nil {
		return err
	}
	files, err := uploads(in.Attachments)
	if err != nil {
		return inBody(err)
	}
	return c.doSay(node.Say{Forum: f, ID: id, Kind: jisr.KindMeetingPaper, Terms: in.PaperTerms, Body: jisr.EvidenceBody{Text: in.Text}, Files: files})
}

// circulateIn is a decision in writing.
type circulateIn struct {
	Title       jisr.Text `json:"title"`
	Text        jisr.Text `json:"text" doc:"What is decided."`
	Attachments []string  `json:"attachments,omitempty" nullable:"false" maxItems:"32" doc:"Ids of finished uploads."`
}

func (c *call) postCirculate() error {
	f, id, err := c.thing("body")
	if err != nil {
		return err
	}
	var in circulateIn
	if err := c.decode(maxNoteJSON, &in); err != nil {
		return err
	}
	files, err := uploads(in.Attachments)
	if err != nil {
		return inBody(err)
	}
	return c.doSay(node.Say{Forum: f, ID: id, Kind: jisr.KindBodyCirculate, Terms: jisr.CirculateTerms{Title: in.Title}, Body: jisr.EvidenceBody{Text: in.Text}, Files: files})
}

// openDecision is the newest decision in writing that is open.
func openDecision(b *jisr.Body) jisr.Commitment {
	for i := range slices.Backward(b.Decisions) {
		if w := &b.Decisions[i]; w.State() == jisr.WrittenOpen {
			return w.Hash
		}
	}
	return ""
}

func (c *call) listBodies() error {
	q, err := c.thingQuery("body", []string{jisr.BodyProposed, jisr.BodyStands}, nil)
	if err != nil {
		return err
	}
	return listThings(c, q, c.recordRow)
}

func (c *call) listMeetings() error {
	q, err := c.thingQuery("meeting", strs(jisr.MeetingStates()), map[string]string{"body": "body:body/"})
	if err != nil {
		return err
	}
	return listThings(c, q, c.recordRow)
}

// compiledOut is the signed minutes of one session of a body.
type compiledOut struct {
	ID       string    `json:"id" doc:"Of the minutes, and of their meeting."`
	Session  int       `json:"session"`
	Day      jisr.Date `json:"day" format:"date"`
	Document any       `json:"document" doc:"As all heads signed it."`
}

func (c *call) listSeries() error {
	f, id, err := c.thing("body")
	if err != nil {
		return err
	}
	if _, err := c.node.Book().Thing(c.ctx(), c.scope(), f, id); err != nil {
		return err
	}
	all, err := c.node.Series(c.ctx(), c.scope(), f, id)
	if err != nil {
		return err
	}
	items := make([]compiledOut, 0, len(all))
	for i := range all {
		items = append(items, compiledOut{ID: all[i].ID.Name(), Session: all[i].Session, Day: all[i].Day, Document: all[i].Document})
	}
	return answerPage(c, items, "")
}

func (c *call) exportSession() error {
	f, id, err := c.thing("meeting")
	if err != nil {
		return err
	}
	bundle, err := c.node.ExportSession(c.ctx(), c.scope(), f, id)
	if err != nil {
		return err
	}
	c.w.Header().Set("Content-Disposition", `attachment; filename="`+id.Name()+`.jisr"`)
	return c.plain(bundle)
}

// lastHash fills in the newest proposal, where an act agrees to one and names none.
func lastHash(t *jisr.AgreeTerms, all ...[]jisr.Proposal) {
	for _, proposals := range slices.Backward(all) {
		if n := len(proposals); n > 0 && t.Hash == "" && !proposals[n-1].Done {
			t.Hash = proposals[n-1].Hash
		}
	}
}

// preparedOperations are how a program without the role direct says what two officials look at: as an outgoing act.
func preparedOperations() (all []operation) {
	for _, noun := range []string{"body", "meeting", "minutes", "commitment"} {
		all = append(all, operation{method: "POST", path: thingsPath(noun) + "/{id}/steps", id: operationID("step", noun), tag: plural(noun), access: program, in: actIn{}, out: madeOut{}, do: stepOn(noun),
			summary: "Prepare something to be said", statuses: []int{http.StatusCreated, http.StatusOK, http.StatusAccepted}, headers: []param{prefer("")},
			about: "With release false it becomes an outgoing act, which a second official clears and releases; with true it is said at once, where policy lets the token."})
	}
	return all
}

func meetingOperations() []operation {
	body, one := thingsPath("body"), thingsPath("meeting")+"/{id}"
	ok, made, done := []int{http.StatusOK}, []int{http.StatusCreated, http.StatusOK, http.StatusAccepted}, []int{http.StatusOK, http.StatusAccepted}
	out := recordOut{}
	return append(preparedOperations(), []operation{
		{method: "POST", path: body, id: "postBody", tag: "bodies", access: program, in: jisr.BodyTerms{}, out: out, do: (*call).postBody, summary: "Propose a body and its rules of procedure", statuses: made,
			about: "It stands when every member has agreed to the same rules.", headers: []param{idempotency(), prefer("")}},
		{method: "GET", path: body, id: "listBodies", tag: "bodies", access: reading, out: page[recordOut]{}, do: (*call).listBodies, summary: "List bodies", statuses: ok,
			query: append([]param{{name: "state", about: "The step of its life.", enum: []string{jisr.BodyProposed, jisr.BodyStands}}, {name: "with", about: "A member of it."}, {name: "q", about: "Words of the title."}}, paging()...)},
		{method: "GET", path: body + "/{id}", id: "getBody", tag: "bodies", access: reading, out: out, do: getThing("body"), summary: "Read a body", statuses: ok},
		{method: "GET", path: body + "/{id}/minutes", id: "listSeries", tag: "bodies", access: reading, out: page[compiledOut]{}, do: (*call).listSeries, summary: "The signed minutes of a body, compiled", statuses: ok,
			about: "In the order of its sessions, at most 500. Minutes whose content is not here are left out."},
		said[jisr.BodyTerms](jisr.KindBodyPropose, out, "Propose other rules", "The newest rules that all members agreed hold.", nil),
		said(jisr.KindBodyAgree, out, "Agree to rules", "hash: absent, the newest proposal's.", func(s *jisr.State, t *jisr.AgreeTerms) {
			if s.Body != nil {
				lastHash(t, s.Body.Proposals)
			}
		}),
		{method: "POST", path: body + "/{id}/circulate", id: "circulateBody", tag: "bodies", access: program, in: circulateIn{}, out: out, do: (*call).postCirculate, summary: "Circulate a decision in writing", statuses: done,
			about: "Where the rules have a written procedure. Every other member has its days to approve or object, from receipt; silence approves where the rules adopt it.", headers: []param{prefer("")}},
		said(jisr.KindBodyApprove, out, "Approve a decision in writing", "hash: absent, of the newest that is open.", func(s *jisr.State, t *jisr.AgreeTerms) {
			if s.Body != nil && t.Hash == "" {
				t.Hash = openDecision(s.Body)
			}
		}),
		said(jisr.KindBodyObject, out, "Object to a decision in writing", "With the reason. hash: absent, of the newest that is open. By who circulated it: takes it back.", func(s *jisr.State, t *jisr.ObjectTerms) {
			if s.Body != nil && t.Hash == "" {
				t.Hash = openDecision(s.Body)
			}
		}),
		{method: "POST", path: thingsPath("meeting"), id: "postMeeting", tag: "meetings", access: program, in: meetingIn{}, out: out, do: (*call).postMeeting, summary: "Propose a date for a session", statuses: made,
			about: "The name of a session follows from its body and number. Rotation decides the host; the host's proposal is the live one.", headers: []param{idempotency(), prefer("")}},
		{method: "GET", path: thingsPath("meeting"), id: "listMeetings", tag: "meetings", access: reading, out: page[recordOut]{}, do: (*call).listMeetings, summary: "List meetings", statuses: ok,
			query: append([]param{{name: "state", about: "The step of its life.", enum: strs(jisr.MeetingStates())}, {name: "with", about: "A member of it."}, {name: "body", about: "Id of a body."}, {name: "q", about: "Words of the title."}}, paging()...)},
		{method: "GET", path: one, id: "getMeeting", tag: "meetings", access: reading, out: out, do: getThing("meeting"), summary: "Read a meeting", statuses: ok},
		{method: "GET", path: one + "/export", id: "exportMeeting", tag: "meetings", access: reading, plain: "text/plain", do: (*call).exportSession, summary: "Get a session as one file", statuses: ok,
			about: "The acts about it, its minutes and the commitments that come from it, with contents and proofs: for `jisr verify`."},
		said(jisr.KindMeetingAgree, out, "Agree to a date or an agenda", "hash: absent, the newest agenda's, else the newest date's.", func(s *jisr.State, t *jisr.AgreeTerms) {
			if s.Meeting != nil {
				lastHash(t, s.Meeting.Dates, s.Meeting.Agendas)
			}
		}),
		said[jisr.AgendaTerms](jisr.KindMeetingAgenda, out, "Propose the agenda", "The whole of it; later ones are counter-proposals.", nil),
		said[jisr.DelegationTerms](jisr.KindMeetingDelegation, out, "Name the delegation", "Posts, never names of persons. A later one revises it.", nil),
		{method: "POST", path: one + "/paper", id: "paperMeeting", tag: "meetings", access: program, in: paperIn{}, out: out, do: (*call).postPaper, summary: "Table a paper", statuses: done,
			about: "Numbers of a member's series follow each other, and so do versions of a paper.", headers: []param{prefer("")}},
		said[struct{}](jisr.KindMeetingConvene, out, "Convene", "By the host, once date and agenda are agreed.", nil),
		said(jisr.KindMeetingHold, out, "Say that the session has begun", "day: absent, the agreed day.", func(s *jisr.State, t *jisr.HoldTerms) {
			if s.Meeting != nil && t.Day == "" {
				t.Day = s.Meeting.Day()
			}
		}),
		said[jisr.Reason](jisr.KindMeetingPostpone, out, "Postpone", "With the reason.", nil),
		said[jisr.Reason](jisr.KindMeetingCancel, out, "Cancel", "With the reason. It counts from receipt; after convening it makes the session \"not held\".", nil),
		said[struct{}](jisr.KindMeetingClose, out, "Close", "Once the minutes are signed.", nil),
	}...)
}
