package portal

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"

	"jisr"
	"jisr/book"
	"jisr/node"
)

// custodyPart is who in the house may read a thing, as the page of any noun says it.
type custodyPart struct {
	Level     string // of handling
	Means     string
	Desks     []custodian
	Officials []custodian
	Hold      *holdPart // nil: no legal hold is on it
	Change    string    // address; empty: this official changes nothing in it
}

// holdPart is a legal hold that stands.
type holdPart struct {
	By, Since, Reason, Review string
	Overdue                   bool // the day of review has come
}

// custodian is a desk or an official whose a thing is, and how it came to be.
type custodian struct {
	Field, ID string // of the form that takes it back; ID empty: it acted on the thing, which nobody takes back
	Word      string
	How       string
	When      string
}

// custodyView is the page on which somebody is named for a thing, it is referred to a desk, or taken back.
type custodyView struct {
	Page
	Title   string
	Subject said
	Back    string
	At      string
	Part    custodyPart
	Posts   []Option // who may be named
	Offices []Option // to whom it may be referred
	Reason  string
	Problem string
	Steps   []noteAct
	Unnamed bool // nobody is named yet
	Takes   bool // this official may take back
	Holds   bool // this official may set and lift a legal hold
}

// holding is a joint thing of any noun, as custody sees it.
type holding struct {
	forum     jisr.ForumID
	id        jisr.ThingID
	subject   said
	url       string
	handling  jisr.Handling
	desks     []jisr.DeskID
	officials []jisr.OfficialID
	custody   *jisr.Custody
	acts      []book.ActRow
}

func (rd reader) heldNote(v *book.NoteView) holding {
	h := holding{forum: v.Forum, id: v.ID, subject: rd.subject(&v.NoteRow, ""), url: rd.rowURL(&v.NoteRow), handling: v.Terms.Handling, desks: v.Desks, officials: v.Officials, custody: v.Custody}
	for i := range v.Acts {
		if v.Acts[i].Act.Forum == jisr.House {
			h.acts = append(h.acts, v.Acts[i])
		}
	}
	return h
}

func (rd reader) heldThing(v *book.ThingView) holding {
	subject := rd.say(v.Summary.Title)
	if v.Summary.Title.Empty() { // a batch of records has only a name
		subject = rd.say(jisr.Text{"en": v.ID.Name()})
	}
	return holding{forum: v.Forum, id: v.ID, subject: subject, url: rd.thingURL(v.Forum, v.ID), handling: v.Summary.Handling, desks: v.Desks, officials: v.Officials, custody: v.Custody, acts: v.House}
}

// heldBegun is what an act in preparation would begin: who clears it is named before it is there.
func (rd reader) heldBegun(v *book.Begun) holding {
	o := &v.Outgoing
	return holding{forum: o.Forum, id: o.About, subject: rd.say(jisr.Text{rd.l.Tag(): known(rd.l, "act.kind.", string(o.Kind))}), url: rd.url("outgoing", v.ID.Name()), handling: v.Handling,
		desks: v.Desks, officials: v.Officials, custody: v.Custody, acts: v.House}
}

// custodyOf makes the part of a page that says who may read the thing.
func (s *site) custodyOf(ctx context.Context, rd reader, h holding) (custodyPart, error) {
	p := custodyPart{Level: rd.handling(h.handling)}
	desks, err := s.node.Book().Desks(ctx)
	if err != nil {
		return p, err
	}
	titles, err := s.titles(ctx, rd)
	if err != nil {
		return p, err
	}
	c := h.custody
	if c == nil {
		c = &jisr.Custody{}
	}
	for _, d := range h.desks {
		at, referred := c.Desks[d]
		if h.handling.Named() && !referred {
			continue // its desk alone lets nobody read it
		}
		p.Desks = append(p.Desks, rd.custodian("desk", string(d), cmp.Or(inLanguage(rd.l, desks[d].Title), string(d)), "custody.referred", at, referred))
		if !rd.may("thing.refer") {
			p.Desks[len(p.Desks)-1].ID = ""
		}
	}
	for _, o := range h.officials {
		at, named := c.Officials[o]
		p.Officials = append(p.Officials, rd.custodian("official", string(o), cmp.Or(titles[o], string(o)), "custody.named", at, named))
	}
	if c.Held() {
		p.Hold = rd.hold(c.Hold, titles)
	}
	p.Means = rd.l.T("custody.means.open")
	switch {
	case h.handling.Rank() <= jisr.HandlingOfficial.Rank():
	case len(h.desks)+len(h.officials) == 0:
		p.Means = rd.l.T("custody.means.registry")
	case h.handling.Named():
		p.Means = rd.l.T("custody.means.named")
	case h.handling.Rank() == jisr.HandlingRestricted.Rank():
		p.Means = rd.l.T("custody.means.desks")
	}
	if rd.may("thing.name") || rd.may("thing.refer") || rd.may("thing.take-back") || rd.may("thing.hold") {
		p.Change = rd.custodyURL(h.forum, h.id)
	}
	return p, nil
}

func (rd reader) custodian(field, id, word, how string, at jisr.Step, said bool) custodian {
	c := custodian{Field: field, Word: word, How: rd.l.T("custody.worked")}
	if said {
		c.ID, c.How, c.When = id, rd.l.T(how), rd.dateTime(at.At)
	}
	return c
}

func (rd reader) hold(h *jisr.LegalHold, titles map[jisr.OfficialID]string) *holdPart {
	p := &holdPart{Since: rd.dateTime(h.At), Reason: h.Reason, Overdue: h.Review != "" && h.Review <= rd.today}
	if h.Review != "" {
		p.Review = rd.l.Day(string(h.Review))
	}
	if h.By != nil {
		p.By = titleOf(titles, *h.By)
	}
	return p
}

func (rd reader) custodyURL(f jisr.ForumID, id jisr.ThingID) string {
	return rd.url("custody", string(f), id.Noun(), id.Name())
}

// holds finds the thing in the address, whatever its noun.
func (s *site) holds(r *request, rd reader) (holding, error) {
	f, id := jisr.ForumID(r.PathValue("forum")), jisr.ThingID(clip(r.PathValue("noun"), maxField)+"/"+clip(r.PathValue("id"), maxField))
	if !jisr.ValidForum(f) {
		return holding{}, jisr.Refuse(jisr.NoSuch, clip(string(f), maxField), "noun", "forum")
	}
	if id.Noun() == "note" {
		v, err := s.node.Book().Note(r.Context(), rd.scope, f, id)
		if err == nil {
			err = s.node.ReadsNote(r.Context(), rd.caller, &v)
		}
		return rd.heldNote(&v), err
	}
	return s.heldOrBegun(r.Context(), rd, f, id)
}

// heldOrBegun finds a thing that is no note, or what would begin it.
func (s *site) heldOrBegun(ctx context.Context, rd reader, f jisr.ForumID, id jisr.ThingID) (holding, error) {
	v, err := s.node.Book().Thing(ctx, rd.scope, f, id)
	if isKind(err, jisr.NoSuch) {
		begun, err := s.node.Book().Begun(ctx, rd.scope, f, id)
		if err == nil {
			err = s.node.ReadsOutgoing(ctx, rd.caller, &begun.OutgoingRow)
		}
		return rd.heldBegun(&begun), err
	}
	if err == nil {
		err = s.node.ReadsThing(ctx, rd.caller, &v)
	}
	return rd.heldThing(&v), err
}

func (s *site) custody(r *request) (*answer, error) { return s.askCustody(r, "") }

// askCustody shows the forms, with what is wrong if something was.
func (s *site) askCustody(r *request, problem string) (*answer, error) {
	rd := s.reader(r)
	h, err := s.holds(r, rd)
	if err != nil {
		return nil, err
	}
	v := custodyView{Page: s.page(r, ""), Title: rd.l.T("custody.title"), Subject: h.subject, Back: h.url, At: rd.custodyURL(h.forum, h.id), Problem: problem,
		Reason: reasonOf(r), Unnamed: h.handling.Named() && len(h.officials) == 0, Takes: rd.may("thing.take-back"),
		Holds: (h.id.Noun() == "record" || h.id.Noun() == "programme") && rd.may("thing.hold")}
	if v.Part, err = s.custodyOf(r.Context(), rd, h); err != nil {
		return nil, err
	}
	titles, err := s.titles(r.Context(), rd)
	if err != nil {
		return nil, err
	}
	v.Steps = rd.custodyActs(h.acts, titles)
	if rd.may("thing.name") {
		if v.Posts, err = s.nameable(r.Context(), rd, v.Part.Officials); err != nil {
			return nil, err
		}
	}
	if rd.may("thing.refer") {
		if v.Offices, err = s.referable(r.Context(), rd, v.Part.Desks); err != nil {
			return nil, err
		}
	}
	if problem != "" {
		return &answer{status: 422, page: custodyPage(v)}, nil
	}
	return &answer{page: custodyPage(v)}, nil
}

// nameable lists the accounts of the house that are not named yet.
func (s *site) nameable(ctx context.Context, rd reader, there []custodian) ([]Option, error) {
	rows, err := s.node.Book().Accounts(ctx)
	if err != nil {
		return nil, err
	}
	desks, err := s.node.Book().Desks(ctx)
	if err != nil {
		return nil, err
	}
	var all []Option
	for i := range rows {
		a := &rows[i].Account
		if a.Ended != nil || heldBy(there, rows[i].ID.Name()) {
			continue
		}
		all = append(all, Option{Value: rows[i].ID.Name(), Word: rd.l.T("custody.post", "post", cmp.Or(inLanguage(rd.l, a.Title), rows[i].ID.Name()), "desk", cmp.Or(inLanguage(rd.l, desks[a.Desk].Title), string(a.Desk)))})
	}
	slices.SortFunc(all, func(a, b Option) int { return cmp.Compare(a.Word, b.Word) })
	return all, nil
}

func (s *site) referable(ctx context.Context, rd reader, there []custodian) ([]Option, error) {
	desks, err := s.node.Book().Desks(ctx)
	if err != nil {
		return nil, err
	}
	var all []Option
	for _, id := range sortedDesks(desks) {
		if !heldBy(there, string(id)) {
			all = append(all, Option{Value: string(id), Word: cmp.Or(inLanguage(rd.l, desks[id].Title), string(id))})
		}
	}
	return all, nil
}

// heldBy tells whether a custodian is there by what the house said; who only acted on a thing may be named too.
func heldBy(there []custodian, id string) bool {
	return slices.ContainsFunc(there, func(c custodian) bool { return c.ID == id })
}

// custodyActs lists what the house said of whose a thing is, the newest first, with whom it was said of.
func (rd reader) custodyActs(acts []book.ActRow, titles map[jisr.OfficialID]string) []noteAct {
	var all []noteAct
	for i := len(acts) - 1; i >= 0 && len(all) < pageActs; i-- {
		a := &acts[i].Act
		if !slices.Contains([]jisr.Kind{jisr.KindThingName, jisr.KindThingRefer, jisr.KindThingTakeBack, jisr.KindThingHold, jisr.KindThingUnhold}, a.Kind) {
			continue
		}
		var t jisr.TakeBackTerms // all kinds name a desk, an official or neither, and a reason
		if json.Unmarshal(a.Terms, &t) != nil {
			continue
		}
		whom := cmp.Or(titles[t.Official], string(t.Official), string(t.Desk))
		n := noteAct{What: rd.l.T("custody.act", "what", known(rd.l, "act.kind.", string(a.Kind)), "whom", whom), Who: rd.side(a.Member), When: rd.dateTime(a.At), House: true,
			Reason: saidIn(rd.l.Tag(), t.Reason, "")}
		if a.By != nil {
			n.By = titleOf(titles, *a.By)
		}
		all = append(all, n)
	}
	return all
}

// changeCustody names, refers, takes back, sets or lifts a legal hold. Who was the last to see the thing goes on to Today.
func (s *site) changeCustody(r *request) (*answer, error) {
	rd := s.reader(r)
	h, err := s.holds(r, rd)
	if err != nil {
		return nil, err
	}
	official, desk := jisr.OfficialID(line1(r, "official")), jisr.DeskID(line1(r, "desk"))
	var cmd node.Command
	switch r.PathValue("verb") {
	case "name":
		cmd = node.NameOfficial{Forum: h.forum, ID: h.id, Official: official, Reason: reasonOf(r)}
	case "refer":
		cmd = node.ReferThing{Forum: h.forum, ID: h.id, Desk: desk, Reason: reasonOf(r)}
	case "take-back":
		cmd = node.TakeBack{Forum: h.forum, ID: h.id, Official: official, Desk: desk, Reason: reasonOf(r)}
	case "hold", "lift":
		cmd = node.HoldThing{Forum: h.forum, ID: h.id, Lift: r.PathValue("verb") == "lift", Reason: reasonOf(r), Review: dayOf(r.PostForm, "review")}
	default:
		return s.nowhere(r)
	}
	_, problem, err := s.says(r, cmd)
	if err != nil {
		return nil, err
	}
	if problem != "" {
		return s.askCustody(r, problem)
	}
	if _, err := s.holds(r, rd); isKind(err, jisr.NoSuch) {
		return &answer{to: rd.url("") + "/"}, nil
	}
	return &answer{to: rd.custodyURL(h.forum, h.id)}, nil
}

// holdTone is loud once the day of review has come.
func holdTone(h *holdPart) string {
	if h.Overdue {
		return "late"
	}
	return "soon"
}
