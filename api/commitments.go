package api

import (
	"net/http"

	"jisr"
	"jisr/book"
	"jisr/node"
)

// commitmentIn is a commitment as a program proposes it.
type commitmentIn struct {
	jisr.CommitmentTerms
	Text jisr.Text `json:"text" doc:"What is owed, by language."`
	Test jisr.Text `json:"test" doc:"How the beneficiary will know that it is done, by language."`
}

// commitmentOut is a commitment as a program reads it.
type commitmentOut struct {
	jointOut
	Debtor      jisr.Office       `json:"debtor"`
	Beneficiary jisr.Office       `json:"beneficiary"`
	Due         jisr.Date         `json:"due,omitempty" format:"date" doc:"The day that holds, extensions counted; record has the day as agreed."`
	Sector      string            `json:"sector,omitempty"`
	Late        bool              `json:"late,omitempty" doc:"Past its day today; never stored."`
	Level       int               `json:"level" doc:"1 focal points, 2 secretaries, 3 co-chairs, 4 high committee, 5 ministers."`
	Ladder      int               `json:"ladder_due,omitempty" doc:"The level the agreed ladder gives today: a proposal, which a person sends or not."`
	Paused      bool              `json:"paused,omitempty" doc:"What was raised rests while the beneficiary looks at a report."`
	Text        jisr.Text         `json:"text,omitempty"`
	Test        jisr.Text         `json:"test,omitempty"`
	Evidence    []evidenceTextOut `json:"evidence,omitempty" nullable:"false" doc:"What the reports say, in their order."`
	Record      any               `json:"record" doc:"The joint state, as every node computes it."`
}

// evidenceTextOut is the content of a report.
type evidenceTextOut struct {
	Report jisr.Position   `json:"report"`
	Text   jisr.Text       `json:"text,omitempty"`
	Files  []jisr.FileName `json:"files,omitempty" nullable:"false"`
}

func (c *call) commitmentRow(r *book.ThingRow) commitmentOut {
	u := r.State.Commitment
	known := c.node.KnownTo(u.Debtor.Member) // as far as the debtor can be reached
	out := commitmentOut{jointOut: c.jointRow(r), Debtor: u.Debtor, Beneficiary: u.Beneficiary, Due: u.DueDate(), Sector: u.Sector, Late: u.Late(known), Level: u.Level(), Paused: u.Paused(), Record: u}
	if l := u.LadderDue(known); l > u.Level() {
		out.Ladder = l
	}
	return out
}

func (c *call) commitmentOut(v *book.ThingView, joint jointOut) commitmentOut {
	out := c.commitmentRow(&v.ThingRow)
	out.jointOut = joint
	u := v.State.Commitment
	out.Next = u.Next(c.node.Self().ID)
	for i := range v.Acts {
		a := &v.Acts[i]
		switch {
		case a.Act.Position == u.Text:
			if b, err := jisr.DecodeCommitment(a.Body); err == nil {
				out.Text, out.Test = b.Text, b.Test
			}
		case a.Act.Kind == jisr.KindCommitmentReport && a.Void == nil:
			e := evidenceTextOut{Report: a.Act.Position}
			if b, err := jisr.DecodeEvidence(a.Body, len(a.Act.Attachments)); err == nil {
				e.Text, e.Files = b.Text, b.Files
			}
			out.Evidence = append(out.Evidence, e)
		}
	}
	return out
}

// reportIn is a report that a commitment is done.
type reportIn struct {
	Value       string    `json:"value,omitempty" doc:"Of the indicator."`
	Text        jisr.Text `json:"text" doc:"What was done, by language."`
	Attachments []string  `json:"attachments,omitempty" nullable:"false" maxItems:"32" doc:"Ids of finished uploads that show it."`
}

func (c *call) postCommitment() error {
	f, err := c.forum()
	if err != nil {
		return err
	}
	var in commitmentIn
	if err := c.decode(maxNoteJSON, &in); err != nil {
		return err
	}
	return c.newThing(f, node.Say{Kind: jisr.KindCommitmentPropose, Terms: in.CommitmentTerms, Body: jisr.CommitmentBody{Text: in.Text, Test: in.Test}})
}

func (c *call) counterCommitment() error {
	f, id, err := c.thing("commitment")
	if err != nil {
		return err
	}
	var in commitmentIn
	if err := c.decode(maxNoteJSON, &in); err != nil {
		return err
	}
	return c.doSay(node.Say{Forum: f, ID: id, Kind: jisr.KindCommitmentPropose, Terms: in.CommitmentTerms, Body: jisr.CommitmentBody{Text: in.Text, Test: in.Test}})
}

func (c *call) reportCommitment() error {
	f, id, err := c.thing("commitment")
	if err != nil {
		return err
	}
	var in reportIn
	if err := c.decode(maxNoteJSON, &in); err != nil {
		return err
	}
	files, err := uploads(in.Attachments)
	if err != nil {
		return inBody(err)
	}
	return c.doSay(node.Say{Forum: f, ID: id, Kind: jisr.KindCommitmentReport, Terms: jisr.ReportTerms{Value: in.Value}, Body: jisr.EvidenceBody{Text: in.Text}, Files: files})
}

func (c *call) listCommitments() error {
	q, err := c.thingQuery("commitment", strs(jisr.CommitmentStates()), map[string]string{"desk": "desk:", "sector": "sector:", "source": "source:"})
	if err != nil {
		return err
	}
	return listThings(c, q, c.commitmentRow)
}

// newest fills in the report that a review is about.
func newest(s *jisr.State, t *jisr.ReviewTerms) {
	if s.Commitment != nil && s.Commitment.Newest() != nil && t.Report == (jisr.Position{}) {
		t.Report = s.Commitment.Newest().Position
	}
}

// asked fills in the request that is answered.
func asked(s *jisr.State, t *jisr.AnswerTerms) {
	if s.Commitment != nil && s.Commitment.Asked() != nil && t.To == (jisr.Position{}) {
		t.To = s.Commitment.Asked().Position
	}
}

func (c *call) settleCommitment() error {
	f, id, err := c.thing("commitment")
	if err != nil {
		return err
	}
	var t jisr.AnswerTerms
	if err := c.decodeOptional(maxHouseJSON, &t); err != nil {
		return err
	}
	v, err := c.node.Book().Thing(c.ctx(), c.scope(), f, id)
	if err != nil {
		return err
	}
	if u := v.State.Commitment; u != nil && t.To == (jisr.Position{}) {
		if i := u.Unsettled(c.node.Self().ID); i != nil {
			t.To = i.Position
		}
	}
	return c.doSay(node.Say{Forum: f, ID: id, Kind: jisr.KindCommitmentSettle, Terms: t})
}

func commitmentOperations() []operation {
	one := thingsPath("commitment") + "/{id}"
	ok, done := []int{http.StatusOK}, []int{http.StatusOK, http.StatusAccepted}
	out := commitmentOut{}
	agree := func(s *jisr.State, t *jisr.AgreeTerms) {
		if u := s.Commitment; u != nil && t.Hash == "" {
			t.Hash = u.Proposals[len(u.Proposals)-1].Hash
		}
	}
	return []operation{
		{method: "POST", path: thingsPath("commitment"), id: "postCommitment", tag: "commitments", access: program, in: commitmentIn{}, out: out, do: (*call).postCommitment,
			summary: "Propose a commitment", statuses: []int{http.StatusCreated, http.StatusOK, http.StatusAccepted}, headers: []param{idempotency(), prefer("")},
			about: "A draft until the other party agrees to it over its hash. due, or no_date with the reason why there is none. source names the note, minutes, agreement or statement it comes from."},
		{method: "GET", path: thingsPath("commitment"), id: "listCommitments", tag: "commitments", access: reading, out: page[commitmentOut]{}, do: (*call).listCommitments, summary: "List commitments, newest change first", statuses: ok,
			query: append([]param{{name: "state", about: "The step of its life.", enum: strs(jisr.CommitmentStates())}, {name: "with", about: "A member that is party to it."},
				{name: "desk", about: "An office: iq/water."}, {name: "sector", about: "Field of cooperation.", enum: jisr.Sectors()}, {name: "source", about: "What it comes from: note/iq-01k…."},
				{name: "q", about: "Words of title, text or evidence; Arabic is normalised."}}, paging()...)},
		{method: "GET", path: one, id: "getCommitment", tag: "commitments", access: reading, out: out, do: getThing("commitment"), summary: "Read a commitment", statuses: ok,
			about: "next lists what this member can say now."},
		{method: "POST", path: one + "/propose", id: "counterCommitment", tag: "commitments", access: program, in: commitmentIn{}, out: out, do: (*call).counterCommitment,
			summary: "Put another text: a counter-proposal or an amendment", statuses: done, headers: []param{prefer("")},
			about: "It takes back this member's word for texts before. The newest text that both agree to holds."},
		said(jisr.KindCommitmentAgree, out, "Agree to a proposal", "hash: absent, the newest proposal's.", agree),
		said[jisr.Reason](jisr.KindCommitmentWithdraw, out, "Withdraw a proposal", "By its maker. It counts unless the other side had agreed before it received this.", nil),
		said[jisr.AssignTerms](jisr.KindCommitmentAssign, out, "Name the office that does it", "By the debtor.", nil),
		said[jisr.ProgressTerms](jisr.KindCommitmentProgress, out, "Note progress", "By the debtor.", nil),
		said[jisr.Reason](jisr.KindCommitmentBlock, out, "Say why it does not go on", "By the debtor; the reason is required.", nil),
		{method: "POST", path: one + "/report", id: "reportCommitment", tag: "commitments", access: program, in: reportIn{}, out: out, do: (*call).reportCommitment,
			summary: "Report it done, with evidence", statuses: done, headers: []param{prefer("")}, about: "By the debtor. It is done when the beneficiary accepts."},
		said(jisr.KindCommitmentRecall, out, "Take a report back", "By the debtor. It counts unless the beneficiary had reviewed the report before it received this. report: absent, the newest.", newest),
		said(jisr.KindCommitmentAccept, out, "Accept completion", "By the beneficiary; remarks true with a reason accepts with remarks. report: absent, the newest.", newest),
		said(jisr.KindCommitmentReturn, out, "Return for completion", "By the beneficiary; the reason is required. report: absent, the newest.", newest),
		said[jisr.ExtendTerms](jisr.KindCommitmentExtend, out, "Ask for a later day", "By the debtor, with the reason.", nil),
		said(jisr.KindCommitmentGrant, out, "Grant the later day", "By the beneficiary. Both days are kept. to: absent, the oldest open request.", asked),
		said(jisr.KindCommitmentKeep, out, "Keep the day", "By the beneficiary. to: absent, the oldest open request.", asked),
		said[jisr.RaiseTerms](jisr.KindCommitmentRaise, out, "Raise to a higher level", "By either. level 2 to 5.", nil),
		said[jisr.Reason](jisr.KindCommitmentDispute, out, "Ask for consultation on what is owed", "By either; the reason is required.", nil),
		{method: "POST", path: one + "/settle", id: "settleCommitment", tag: "commitments", access: program, in: jisr.AnswerTerms{}, out: out, do: (*call).settleCommitment,
			summary: "Say that an issue is settled", statuses: done, headers: []param{prefer("")}, about: "It is when both say so. to: absent, the oldest open one."},
		said[jisr.EndTerms](jisr.KindCommitmentRelease, out, "Release from the commitment", "It ends when both say so.", nil),
		said[jisr.EndTerms](jisr.KindCommitmentSupersede, out, "Put another commitment in its place", "It ends when both name the same successor.", nil),
	}
}
