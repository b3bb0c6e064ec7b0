package api

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"jisr"
	"jisr/book"
	"jisr/node"
)

// What all joint things that are agreed with the other side have in common: bodies, meetings, minutes, commitments. What a
// noun has of its own stands in its own file.

// jointOut is a joint thing as a program reads it. In a list, what takes a look at the ledger or at its acts is left out.
type jointOut struct {
	ID       string                       `json:"id" doc:"One path segment."`
	Forum    jisr.ForumID                 `json:"forum"`
	URL      string                       `json:"url"`
	Kind     string                       `json:"kind,omitempty"`
	State    string                       `json:"state" doc:"The step of its life."`
	Title    jisr.Text                    `json:"title,omitempty"`
	Members  []jisr.MemberID              `json:"members" nullable:"false"`
	Awaits   []awaitOut                   `json:"awaits" nullable:"false" doc:"Steps that are owed."`
	Changed  time.Time                    `json:"changed" doc:"Of the newest act about it."`
	Next     []jisr.Kind                  `json:"next,omitempty" nullable:"false" doc:"What this member can say now; policies say who may."`
	Receipts map[jisr.MemberID]receiptOut `json:"receipts,omitempty" doc:"What each other member has signed about the act that made it."`
	Acts     []actOut                     `json:"acts,omitempty" nullable:"false" doc:"All that was said about it, in the joint order."`
}

// awaitOut is a step that somebody owes.
type awaitOut struct {
	Of   jisr.MemberID `json:"of" doc:"Who owes it."`
	Why  string        `json:"why" doc:"Which step."`
	Due  jisr.Date     `json:"due,omitempty" format:"date"`
	Desk jisr.DeskID   `json:"desk,omitempty"`
	Late bool          `json:"late,omitempty" doc:"Its day has passed today; never stored."`
}

// plural is the path segment of a noun.
func plural(noun string) string {
	if noun == "body" {
		return "bodies"
	}
	if noun == "minutes" || noun == "outgoing" {
		return noun
	}
	return noun + "s"
}

func thingsPath(noun string) string { return forumPath + "/" + plural(noun) }

func (c *call) thingURL(f jisr.ForumID, id jisr.ThingID) string {
	return c.base + "/api/v1/forums/" + string(f) + "/" + plural(id.Noun()) + "/" + id.Name()
}

func (c *call) jointRow(r *book.ThingRow) jointOut {
	out := jointOut{ID: r.ID.Name(), Forum: r.Forum, URL: c.thingURL(r.Forum, r.ID), Kind: r.Summary.Kind, State: r.Summary.State, Title: r.Summary.Title,
		Members: slices.Concat([]jisr.MemberID{}, r.Summary.Members), Awaits: []awaitOut{}, Changed: r.At}
	known := c.node.Known()
	for _, a := range r.Summary.Awaits {
		out.Awaits = append(out.Awaits, awaitOut{Of: a.Of, Why: a.Why, Due: a.Due, Desk: a.Desk, Late: a.Due != "" && a.Due < known.Of(a.Of)})
	}
	return out
}

func (c *call) jointView(v *book.ThingView) (jointOut, error) {
	out := c.jointRow(&v.ThingRow)
	for i := range v.Acts {
		out.Acts = append(out.Acts, c.actOut(&v.Acts[i].ActRow))
	}
	if len(v.Acts) == 0 { // minutes that nobody has begun: there is nothing of theirs to hold
		return out, nil
	}
	receipts, err := c.node.Receipts(c.ctx(), c.scope(), v.Forum, v.Acts[0].Act.Position)
	if err != nil {
		return out, err
	}
	out.Receipts = make(map[jisr.MemberID]receiptOut, len(receipts))
	for _, r := range receipts {
		out.Receipts[r.Member] = receiptOut{CountersignedAt: timeOut(r.CountersignedAt), HeldAt: timeOut(r.HeldAt), LogSize: r.LogSize}
	}
	return out, nil
}

// thing is the thing of a noun in the path.
func (c *call) thing(noun string) (jisr.ForumID, jisr.ThingID, error) {
	f, err := c.forum()
	if err != nil {
		return "", "", err
	}
	id := c.r.PathValue("id")
	if len(id) > jisr.MaxID || !jisr.ValidName(id) {
		return "", "", jisr.Refuse(jisr.NoSuch, echo(id), "noun", noun)
	}
	return f, jisr.ThingID(noun + "/" + id), nil
}

// seeThing reads a thing for the caller; that of few is audited first.
func (c *call) seeThing(f jisr.ForumID, id jisr.ThingID) (book.ThingView, error) {
	v, err := c.node.Book().Thing(c.ctx(), c.scope(), f, id)
	if err == nil {
		err = c.node.ReadsThing(c.ctx(), c.caller, &v)
	}
	return v, err
}

// answerThing answers with one thing, as its noun shows it.
func (c *call) answerThing(status int, f jisr.ForumID, id jisr.ThingID) error {
	v, err := c.seeThing(f, id)
	if err != nil {
		return err
	}
	joint, err := c.jointView(&v)
	if err != nil {
		return err
	}
	switch {
	case v.State.Commitment != nil:
		return c.answer(status, c.commitmentOut(&v, joint))
	case v.State.Programme != nil:
		out, err := c.programmeView(&v, joint)
		if err != nil {
			return err
		}
		return c.answer(status, out)
	case v.State.Agreement != nil || v.State.Mandate != nil:
		out, err := c.agreementView(&v, joint)
		if err != nil {
			return err
		}
		return c.answer(status, out)
	case v.State.Minutes != nil:
		out, err := c.minutesOut(f, id, joint)
		if err != nil {
			return err
		}
		return c.answer(status, out)
	case v.State.Statement != nil:
		out, err := c.statementOut(f, id, joint)
		if err != nil {
			return err
		}
		return c.answer(status, out)
	case v.State.Readout != nil:
		out, err := c.readoutOut(f, id, joint)
		if err != nil {
			return err
		}
		return c.answer(status, out)
	case v.State.Meeting != nil:
		joint.Next = v.State.Meeting.Next(c.node.Self().ID)
	}
	return c.answer(status, recordOut{jointOut: joint, Record: recordOf(&v.State)})
}

// recordOut is a joint thing with its joint state.
type recordOut struct {
	jointOut
	Record any `json:"record" doc:"The joint state, as every node computes it."`
}

func recordOf(s *jisr.State) any {
	if s.Body != nil {
		return s.Body
	}
	return s.Meeting
}

func (c *call) recordRow(r *book.ThingRow) recordOut {
	return recordOut{jointOut: c.jointRow(r), Record: recordOf(&r.State)}
}

func getThing(noun string) func(*call) error {
	return func(c *call) error {
		f, id, err := c.thing(noun)
		if err != nil {
			return err
		}
		return c.answerThing(http.StatusOK, f, id)
	}
}

// newThing says the first thing about a new one, and answers as new notes are answered.
func (c *call) newThing(f jisr.ForumID, cmd node.Say) error {
	key, err := idempotencyKey(c.r)
	if err != nil {
		return err
	}
	cmd.Forum, cmd.Key = f, key
	return c.begin(f, cmd)
}

// begin carries out what makes a new thing, and answers with it.
func (c *call) begin(f jisr.ForumID, cmd node.Command) error {
	done, err := c.node.Do(c.ctx(), c.caller, cmd)
	if err != nil {
		return inBody(err)
	}
	status := c.waited(done, http.StatusCreated)
	c.w.Header().Set("Location", c.thingURL(f, done.Thing))
	return c.answerThing(status, f, done.Thing)
}

// said makes the operation that says one kind of act about a thing. The body is the terms of the kind; complete fills in
// what may be left out from the state as it is.
func said[T any](kind jisr.Kind, out any, summary, about string, complete func(*jisr.State, *T)) operation {
	noun, verb, _ := strings.Cut(string(kind), ".")
	var in T
	return operation{method: "POST", path: thingsPath(noun) + "/{id}/" + verb, id: operationID(verb, noun), tag: plural(noun), access: program, in: in, out: out,
		summary: summary, about: about, statuses: []int{http.StatusOK, http.StatusAccepted}, headers: []param{prefer("")},
		do: func(c *call) error {
			f, id, err := c.thing(noun)
			if err != nil {
				return err
			}
			var t T
			if err := c.decodeOptional(maxNoteJSON, &t); err != nil {
				return err
			}
			if complete != nil {
				v, err := c.node.Book().Thing(c.ctx(), c.scope(), f, id)
				if err != nil {
					return err
				}
				complete(&v.State, &t)
			}
			return c.doSay(node.Say{Forum: f, ID: id, Kind: kind, Terms: t})
		}}
}

func (c *call) doSay(cmd node.Say) error { return c.doAbout(cmd.Forum, cmd.ID, cmd) }

func (c *call) doAbout(f jisr.ForumID, id jisr.ThingID, cmd node.Command) error {
	done, err := c.node.Do(c.ctx(), c.caller, cmd)
	if err != nil {
		return err
	}
	return c.answerThing(c.waited(done, http.StatusOK), f, id)
}

// operationID is "keepDateCommitment" for keep-date.
func operationID(verb, noun string) string {
	words := strings.Split(verb, "-")
	for i := 1; i < len(words); i++ {
		words[i] = strings.ToUpper(words[i][:1]) + words[i][1:]
	}
	return strings.Join(words, "") + strings.ToUpper(noun[:1]) + noun[1:]
}

// uploads names uploads as files of an act.
func uploads(ids []string) ([]jisr.DraftFile, error) {
	if len(ids) > jisr.MaxAttachments {
		return nil, jisr.Refuse(jisr.TooMany, "attachments", "max", itoa(jisr.MaxAttachments), "got", itoa(len(ids)))
	}
	var all []jisr.DraftFile
	for _, id := range ids {
		if id == "" || len(id) > maxID {
			return nil, jisr.Refuse(jisr.NoSuch, echo(id), "noun", "attachment")
		}
		all = append(all, jisr.DraftFile{Upload: id})
	}
	return all, nil
}

// thingQuery reads what a list of a noun is asked for. labels are the parameters that are labels, by their prefix.
func (c *call) thingQuery(noun string, states []string, labels map[string]string) (book.ThingQuery, error) {
	f, err := c.forum()
	if err != nil {
		return book.ThingQuery{}, err
	}
	if err := c.known(f); err != nil {
		return book.ThingQuery{}, err
	}
	q, err := c.query(append([]string{"state", "with", "q", "cursor", "limit"}, sortedKeys(labels)...)...)
	if err != nil {
		return book.ThingQuery{}, err
	}
	t := book.ThingQuery{Forum: f, Noun: noun, State: q.Get("state"), Member: jisr.MemberID(q.Get("with")), Search: q.Get("q"), Cursor: q.Get("cursor")}
	if t.State != "" && !slices.Contains(states, t.State) {
		return t, jisr.Refuse(jisr.NotOneOf, "state", "got", echo(t.State), "allowed", list(states))
	}
	if t.Member != "" && !jisr.ValidMember(t.Member) {
		return t, jisr.Refuse(jisr.Malformed, "with", "want", "sy")
	}
	if len(t.Search) > maxSearch {
		return t, jisr.Refuse(jisr.TooLong, "q", "max", itoa(maxSearch), "got", itoa(len(t.Search)))
	}
	for _, name := range sortedKeys(labels) {
		if v := q.Get(name); v != "" {
			if len(v) > maxID || strings.Contains(v, ",") {
				return t, jisr.Refuse(jisr.Malformed, name)
			}
			t.Labels = append(t.Labels, labels[name]+v)
		}
	}
	t.Limit, err = limitOf(q)
	return t, err
}

// listThings answers a page of a noun, each row as its noun shows it.
func listThings[T any](c *call, q book.ThingQuery, row func(*book.ThingRow) T) error {
	rows, next, err := c.node.Book().Things(c.ctx(), c.scope(), q)
	if err != nil {
		return err
	}
	items := make([]T, 0, len(rows))
	for i := range rows {
		items = append(items, row(&rows[i]))
	}
	return answerPage(c, items, next)
}

func sortedKeys(m map[string]string) []string {
	all := make([]string, 0, len(m))
	for k := range m {
		all = append(all, k)
	}
	slices.Sort(all)
	return all
}
