package api

import (
	"encoding/json"
	"net/http"
	"slices"

	"jisr"
	"jisr/book"
	"jisr/node"
)

// agreementIn is an agreement as a program proposes it.
type agreementIn struct {
	Kind       jisr.InstrumentKind `json:"kind" enum:"agreement,mou,protocol,executive-programme,exchange-of-notes,agreed-minutes,treaty,convention" doc:"The form."`
	Title      jisr.Text           `json:"title" doc:"By language. At most 200 characters in each."`
	Parties    []jisr.MemberID     `json:"parties" nullable:"false" minItems:"2" maxItems:"64" doc:"Members that negotiate it, this one among them." example:"[\"iq\",\"sy\"]"`
	Binding    bool                `json:"binding" doc:"Whether it shall bind, as this member holds. Each party says it; while they differ nobody can sign."`
	Of         string              `json:"of,omitempty" doc:"Id of the agreement it belongs to."`
	Relation   jisr.Relation       `json:"relation,omitempty" enum:"amends,implements,supplies,supersedes" doc:"What it is to that agreement."`
	Depositary jisr.MemberID       `json:"depositary,omitempty" doc:"Set: participants sign and join one by one."`
	Handling   jisr.Handling       `json:"handling,omitempty" enum:"public,official,restricted,confidential,secret"`
	Release    bool                `json:"release,omitempty" doc:"true: it leaves the house at once, where policy lets the token. false: it is an outgoing act, for a second official to clear."`
}

// mandateIn is full powers as a program issues them.
type mandateIn struct {
	jisr.MandateTerms
	Release bool `json:"release,omitempty"`
}

// actIn is a joint act about an agreement or about full powers.
type actIn struct {
	Kind    string          `json:"kind" doc:"What is said, without its noun: negotiate, table, initial, seal, commit, proces-verbal, notify, denounce, …" example:"initial"`
	Terms   json.RawMessage `json:"terms,omitempty" doc:"As doc/spec/agreement.md has them for the kind. What the node knows may be left out: of, date, hash, window."`
	Body    json.RawMessage `json:"body,omitempty" doc:"The content, of kinds that have one: the text of table, the wording of bracket."`
	Release bool            `json:"release,omitempty" doc:"As of agreements."`
}

// madeOut is what a step that was drafted or said is answered with.
type madeOut struct {
	ID       string         `json:"id" doc:"Of the thing it is about; of a draft, that of the outgoing act."`
	Forum    jisr.ForumID   `json:"forum"`
	State    string         `json:"state" doc:"Of what was said: draft, released, or held when every other member has signed that it holds it."`
	Outgoing string         `json:"outgoing,omitempty" doc:"Of a draft: the id under which it is cleared and released."`
	Version  int            `json:"version,omitempty" doc:"Of the draft."`
	Position *jisr.Position `json:"position,omitempty"`
	URL      string         `json:"url"`
	Repeated bool           `json:"repeated,omitempty"`
}

// agreementOut is an agreement, or full powers, as a program reads it.
type agreementOut struct {
	jointOut
	Means    string          `json:"means,omitempty" doc:"What the state means, in the language of Accept-Language."`
	NextStep string          `json:"next_step,omitempty" doc:"Who acts next, in the language of Accept-Language."`
	Force    *jisr.Reckoning `json:"force,omitempty" doc:"Entry into force, reckoned step by step."`
	End      jisr.Date       `json:"end,omitempty" doc:"The day it ends, where one is known."`
	Flags    []jisr.Flag     `json:"flags,omitempty" nullable:"false" doc:"Why fewer obligations are shown than a party may think."`
	Record   json.RawMessage `json:"record,omitempty" doc:"The whole joint state, as doc/spec/agreement.md has it."`
	Outgoing []outgoingOut   `json:"outgoing,omitempty" nullable:"false" doc:"What this house prepares about it; never shared."`
}

// outgoingOut is a joint act in preparation in the house.
type outgoingOut struct {
	ID    string          `json:"id"`
	About jisr.ThingID    `json:"about"`
	Kind  jisr.Kind       `json:"kind"`
	Terms json.RawMessage `json:"terms,omitempty"`
	Body  json.RawMessage `json:"body,omitempty"`
	draftOut
}

const (
	agreementsPath = forumPath + "/agreements"
	mandatesPath   = forumPath + "/mandates"
	outgoingPath   = forumPath + "/outgoing"
)

func agreementOperations() []operation {
	ok := []int{http.StatusOK}
	made := []int{http.StatusCreated, http.StatusOK, http.StatusAccepted}
	one := agreementsPath + "/{id}"
	all := []operation{
		{method: "POST", path: agreementsPath, id: "postAgreement", tag: "agreements", access: program, in: agreementIn{}, out: madeOut{}, do: (*call).postAgreement,
			summary: "Propose an agreement", statuses: made, headers: []param{idempotency(), prefer("")}},
		{method: "GET", path: agreementsPath, id: "listAgreements", tag: "agreements", access: reading, out: page[agreementOut]{}, do: listAgreements("agreement"), summary: "List agreements, newest act first", statuses: ok, query: agreementQuery()},
		{method: "GET", path: one, id: "getAgreement", tag: "agreements", access: reading, out: agreementOut{}, do: getThing("agreement"), summary: "Read an agreement", statuses: ok},
		{method: "POST", path: one + "/steps", id: "stepAgreement", tag: "agreements", access: program, in: actIn{}, out: madeOut{}, do: stepOn("agreement"), summary: "Say something about an agreement", statuses: made,
			about: "With release false it becomes an outgoing act, which a second official clears and releases.", headers: []param{prefer("")}},
		{method: "GET", path: one + "/text", id: "getText", tag: "agreements", access: reading, out: jisr.InstrumentText{}, do: (*call).getText, summary: "Read a text", statuses: ok,
			query: []param{{name: "hash", about: "Of a text on the table; the text that counts now when absent."}}},
		{method: "GET", path: one + "/redline", id: "getRedline", tag: "agreements", access: reading, out: page[jisr.Redline]{}, do: (*call).getRedline, summary: "Compare two texts, word by word in each language", statuses: ok,
			query: []param{{name: "from", about: "Hash of the earlier text."}, {name: "to", about: "Hash of the later one; the text that counts now when absent."}}},
		{method: "GET", path: one + "/export", id: "exportAgreement", tag: "agreements", access: reading, plain: "text/plain", do: (*call).exportAgreement, summary: "Export an agreement's whole chain", statuses: ok,
			about: "One file for `jisr verify`: text, initials, signatures, full powers, receipts and entry into force, each with its proof."},
		{method: "POST", path: mandatesPath, id: "postMandate", tag: "agreements", access: program, in: mandateIn{}, out: madeOut{}, do: (*call).postMandate,
			summary: "Issue full powers", statuses: made, headers: []param{idempotency(), prefer("")}},
		{method: "GET", path: mandatesPath, id: "listMandates", tag: "agreements", access: reading, out: page[agreementOut]{}, do: listAgreements("mandate"), summary: "List full powers", statuses: ok, query: agreementQuery()},
		{method: "GET", path: mandatesPath + "/{id}", id: "getMandate", tag: "agreements", access: reading, out: agreementOut{}, do: getThing("mandate"), summary: "Read full powers", statuses: ok},
		{method: "POST", path: mandatesPath + "/{id}/steps", id: "stepMandate", tag: "agreements", access: program, in: actIn{}, out: madeOut{}, do: stepOn("mandate"), summary: "Verify or revoke full powers", statuses: made, headers: []param{prefer("")}},
		{method: "GET", path: outgoingPath, id: "listOutgoing", tag: "agreements", access: program, out: page[outgoingOut]{}, do: (*call).listOutgoing, summary: "List joint acts that this house prepares", statuses: ok},
		{method: "GET", path: outgoingPath + "/{id}", id: "getOutgoing", tag: "agreements", access: program, out: outgoingOut{}, do: (*call).getOutgoing, summary: "Read a joint act in preparation", statuses: ok},
	}
	for _, s := range outgoingSteps() {
		all = append(all, operation{method: "POST", path: outgoingPath + "/{id}/" + s.name, id: s.name + "Outgoing", tag: "agreements", access: program, in: stepIn{}, out: outgoingOut{},
			do: onOutgoing(s.command), summary: s.summary, statuses: []int{http.StatusOK, http.StatusAccepted}, headers: []param{ifMatchParam(), prefer("")}})
	}
	return all
}

// outgoingStep is what is done with an outgoing act in the house.
type outgoingStep struct {
	name, summary string
	command       func(id jisr.ThingID, kind jisr.Kind, s stepIn) node.Command
}

func outgoingSteps() []outgoingStep {
	return []outgoingStep{
		{"clear", "Clear an outgoing act", func(id jisr.ThingID, _ jisr.Kind, s stepIn) node.Command {
			return node.ClearStep{ID: id, Version: s.Version}
		}},
		{"return", "Return an outgoing act to its drafter", func(id jisr.ThingID, _ jisr.Kind, s stepIn) node.Command {
			return node.ReturnStep{ID: id, Version: s.Version, Reason: s.Reason}
		}},
		{"discard", "Discard an outgoing act", func(id jisr.ThingID, _ jisr.Kind, s stepIn) node.Command {
			return node.DiscardStep{ID: id, Version: s.Version}
		}},
		{"release", "Release a cleared act", func(id jisr.ThingID, kind jisr.Kind, s stepIn) node.Command {
			return node.ReleaseStep{ID: id, Version: s.Version, Kind: kind}
		}},
	}
}

func agreementQuery() []param {
	return append([]param{{name: "state", about: "Of the acts alone, without a calendar."}, {name: "with", about: "A member that takes part."}, {name: "q", about: "Words of titles and texts."}}, paging()...)
}

func (c *call) postAgreement() error {
	var in agreementIn
	f, key, err := c.begins(&in)
	if err != nil {
		return err
	}
	if len(in.Parties) > jisr.MaxMembers {
		return jisr.Refuse(jisr.TooMany, "parties", "max", itoa(jisr.MaxMembers), "got", itoa(len(in.Parties)))
	}
	slices.Sort(in.Parties)
	t := jisr.ProposeTerms{Relation: in.Relation, Kind: in.Kind, Title: in.Title, Parties: slices.Compact(in.Parties), Depositary: in.Depositary, Binding: in.Binding, Handling: in.Handling}
	if in.Of != "" {
		t.Of = jisr.ThingID("agreement/" + in.Of)
	}
	s, err := node.NewStep(jisr.KindAgreementPropose, t, nil)
	if err != nil {
		return err
	}
	return c.make(f, "", s, in.Release, key)
}

func (c *call) postMandate() error {
	var in mandateIn
	f, key, err := c.begins(&in)
	if err != nil {
		return err
	}
	slices.Sort(in.Subjects)
	s, err := node.NewStep(jisr.KindMandateIssue, in.MandateTerms, nil)
	if err != nil {
		return err
	}
	return c.make(f, "", s, in.Release, key)
}

// begins reads a request that begins a thing.
func (c *call) begins(in any) (jisr.ForumID, string, error) {
	f, err := c.forum()
	if err != nil {
		return "", "", err
	}
	key, err := idempotencyKey(c.r)
	if err != nil {
		return "", "", err
	}
	return f, key, c.decode(maxHouseJSON, in)
}

// stepOn makes the handler of what is said about a thing of a noun.
func stepOn(noun string) func(*call) error {
	return func(c *call) error {
		f, id, err := c.thing(noun)
		if err != nil {
			return err
		}
		var in actIn
		if err := c.decode(maxTextJSON, &in); err != nil {
			return err
		}
		return c.make(f, id, node.Step{Kind: jisr.Kind(noun + "." + in.Kind), Terms: in.Terms, Body: in.Body}, in.Release, "")
	}
}

// make drafts a step, or says it at once. A crash before node.Do returns may have kept it or not; what begins a thing is
// found again by its Idempotency-Key, and a step said twice is refused as done already.
func (c *call) make(f jisr.ForumID, about jisr.ThingID, s node.Step, release bool, key string) error {
	var cmd node.Command = node.DraftStep{Forum: f, About: about, Step: s}
	if release {
		cmd = node.SayStep{Forum: f, About: about, Step: s, Key: key}
	}
	done, err := c.node.Do(c.ctx(), c.caller, cmd)
	if err != nil {
		return inBody(err)
	}
	prefer := preferencesOf(c.r)
	status, held := c.await(prefer, done, http.StatusCreated)
	out := madeOut{ID: done.Thing.Name(), Forum: f, State: string(jisr.Drafted), Version: done.Version, URL: c.thingURL(f, done.Thing), Repeated: done.Existing}
	if done.Joint {
		out.State, out.Version, out.Position = string(jisr.Released), 0, &done.Position
		if held {
			out.State = string(jisr.Held)
		}
	} else {
		out.Outgoing = done.Thing.Name()
	}
	prefer.applied(c.w.Header())
	c.w.Header().Set("Location", out.URL)
	return c.answer(status, out)
}

// listAgreements makes the handler that lists agreements or full powers. States are those that acts alone tell.
func listAgreements(noun string) func(*call) error {
	return func(c *call) error {
		var states []string
		for _, st := range jisr.AgreementStates() {
			states = append(states, string(st))
		}
		if noun == "mandate" {
			states = []string{string(jisr.MandateIssued), string(jisr.MandateVerified), string(jisr.MandateRevoked)}
		}
		q, err := c.thingQuery(noun, states, nil)
		if err != nil {
			return err
		}
		return listThings(c, q, func(r *book.ThingRow) agreementOut { return c.agreementOut(r, c.jointRow(r)) })
	}
}

// agreementView is an agreement, or full powers, with all there is to say about it.
func (c *call) agreementView(v *book.ThingView, joint jointOut) (agreementOut, error) {
	out := c.agreementOut(&v.ThingRow, joint)
	out.Record = v.State.Joint()
	next, err := c.node.Next(c.ctx(), c.scope(), v.Forum, v.ID)
	if err != nil {
		return out, err
	}
	out.Next = next
	rows, err := c.node.Outgoing(c.ctx(), c.scope(), v.Forum, v.ID)
	for i := range rows {
		out.Outgoing = append(out.Outgoing, outgoingRow(&rows[i]))
	}
	return out, err
}

func (c *call) agreementOut(r *book.ThingRow, joint jointOut) agreementOut {
	out := agreementOut{jointOut: joint}
	today := c.node.Today()
	if m := r.State.Mandate; m != nil {
		out.State = string(m.Standing(today))
	}
	g := r.State.Agreement
	if g == nil {
		return out
	}
	out.State = string(g.Standing(today))
	out.Means, out.NextStep = c.lang().T("agreement.state."+out.State+".means"), c.lang().T("agreement.state."+g.Turn(today))
	force := g.Force()
	out.Force, out.Flags = &force, g.Flags(today)
	out.End, _ = g.End()
	return out
}

// agreementText gives a text of an agreement that the caller may see.
func (c *call) agreementText(f jisr.ForumID, id jisr.ThingID, hash jisr.Commitment) (*jisr.InstrumentText, error) {
	if _, err := c.seeThing(f, id); err != nil {
		return nil, err
	}
	return c.node.Text(c.ctx(), c.scope(), f, id, hash)
}

func (c *call) getText() error {
	f, id, err := c.thing("agreement")
	if err != nil {
		return err
	}
	q, err := c.query("hash")
	if err != nil {
		return err
	}
	t, err := c.agreementText(f, id, jisr.Commitment(q.Get("hash")))
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, t)
}

func (c *call) exportAgreement() error {
	f, id, err := c.thing("agreement")
	if err != nil {
		return err
	}
	if _, err := c.seeThing(f, id); err != nil {
		return err
	}
	bundle, err := c.node.ExportAgreement(c.ctx(), c.scope(), f, id)
	if err != nil {
		return err
	}
	c.w.Header().Set("Content-Disposition", `attachment; filename="`+id.Name()+`.jisr"`)
	return c.plain(bundle)
}

func (c *call) getRedline() error {
	f, id, err := c.thing("agreement")
	if err != nil {
		return err
	}
	q, err := c.query("from", "to")
	if err != nil {
		return err
	}
	from, err := c.agreementText(f, id, jisr.Commitment(q.Get("from")))
	if err != nil {
		return err
	}
	to, err := c.agreementText(f, id, jisr.Commitment(q.Get("to")))
	if err != nil {
		return err
	}
	return answerPage(c, from.Compare(to), "")
}

func outgoingRow(r *book.OutgoingRow) outgoingOut {
	out := outgoingOut{ID: r.ID.Name(), About: r.Outgoing.About, Kind: r.Outgoing.Kind, draftOut: *draftState(&r.Outgoing.DraftState)}
	out.State = r.Outgoing.State()
	return out
}

func (c *call) listOutgoing() error {
	f, err := c.forum()
	if err != nil {
		return err
	}
	rows, err := c.node.Outgoing(c.ctx(), c.scope(), f, "")
	if err != nil {
		return err
	}
	items := make([]outgoingOut, 0, len(rows))
	for i := range rows {
		items = append(items, outgoingRow(&rows[i]))
	}
	return answerPage(c, items, "")
}

func (c *call) getOutgoing() error {
	f, id, err := c.thing("outgoing")
	if err != nil {
		return err
	}
	return c.answerOutgoing(http.StatusOK, f, id)
}

func (c *call) answerOutgoing(status int, f jisr.ForumID, id jisr.ThingID) error {
	row, body, err := c.node.Book().Outgoing(c.ctx(), c.scope(), id)
	if err == nil && row.Outgoing.Forum != f {
		err = jisr.Refuse(jisr.NoSuch, id.Name(), "noun", "outgoing")
	}
	if err == nil {
		err = c.node.ReadsOutgoing(c.ctx(), c.caller, &row)
	}
	if err != nil {
		return err
	}
	out := outgoingRow(&row)
	out.Terms, out.Body = body.Terms, body.Body
	return c.answer(status, out)
}

// onOutgoing makes the handler of what is done with an outgoing act.
func onOutgoing(command func(jisr.ThingID, jisr.Kind, stepIn) node.Command) func(*call) error {
	return func(c *call) error {
		f, id, err := c.thing("outgoing")
		if err != nil {
			return err
		}
		var s stepIn
		if err := c.decodeOptional(maxHouseJSON, &s); err != nil {
			return err
		}
		if s.Version == 0 {
			if s.Version, err = ifMatch(c.r); err != nil {
				return err
			}
		}
		row, _, err := c.node.Book().Outgoing(c.ctx(), c.scope(), id)
		if err == nil && row.Outgoing.Forum != f {
			err = jisr.Refuse(jisr.NoSuch, id.Name(), "noun", "outgoing")
		}
		if err != nil {
			return err
		}
		done, err := c.node.Do(c.ctx(), c.caller, command(id, row.Outgoing.Kind, s))
		if err != nil {
			return err
		}
		return c.answerOutgoing(c.waited(done, http.StatusOK), f, id)
	}
}
