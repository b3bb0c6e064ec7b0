package portal

import (
	"encoding/json"
	"jisr"
	"jisr/book"
	"jisr/words"
	"slices"
)

// What lists and Today need of a joint thing, whatever its noun. A noun whose pages come has a line in each switch here.

// thingURL is the page of a thing; the record of it where its noun has no page of its own.
func (rd reader) thingURL(f jisr.ForumID, id jisr.ThingID) string {
	switch id.Noun() {
	case "note":
		return rd.noteURL(f, id)
	case "commitment":
		return rd.commitmentURL(f, id)
	case "meeting", "minutes": // the minutes are in the room
		return rd.meetingURL(f, id)
	case "body":
		return rd.bodyURL(f, id)
	case "forum":
		return rd.url("forum")
	case "agreement":
		return rd.agreementURL(f, id)
	case "programme":
		return rd.programmeURL(f, id)
	case "statement":
		return rd.statementURL(f, id)
	case "readout":
		return rd.readoutURL(f, id)
	}
	return rd.recordURL(book.ActQuery{Forum: f, Thing: id}, "")
}

// ThingPath is where the portal shows a thing, in a language; of what has not left the house, its draft.
func ThingPath(l *words.Lang, f jisr.ForumID, id jisr.ThingID) string {
	rd := reader{l: l}
	switch id.Noun() {
	case "draft":
		return rd.url("drafts", id.Name())
	case "outgoing":
		return rd.url("outgoing", id.Name())
	}
	return rd.thingURL(f, id)
}

// thingIcon is what a thing is known by at a glance.
func thingIcon(id jisr.ThingID) string {
	switch id.Noun() {
	case "meeting", "body":
		return "calendar-days"
	case "minutes":
		return "scroll-text"
	case "commitment":
		return "list-checks"
	case "programme", "record":
		return "chart-line"
	case "statement", "readout":
		return "megaphone"
	case "forum":
		return "handshake"
	}
	return "file-text"
}

// termsAt reads what an act of a thing says; nothing where it is none of its acts.
func termsAt[T any](t *book.ThingView, p jisr.Position) (terms T) {
	for i := range t.Acts {
		if a := &t.Acts[i].Act; a.Position == p {
			return termsOf[T](a.Terms)
		}
	}
	return terms
}

func termsOf[T any](raw []byte) (terms T) {
	_ = json.Unmarshal(raw, &terms) // the rules have read them
	return terms
}

// proposalViews lists what was proposed for one text, the newest first, each with what it changes in the one before it; none where there was
// one proposal only. holds is the proposal that is agreed, open whether the newest may still be. terms says what one of them would be.
func (rd reader) proposalViews(all []jisr.Proposal, parties []jisr.MemberID, holds func(*jisr.Proposal) bool, open bool, terms func(jisr.Position) []field) (views []offerView) {
	if len(all) < 2 {
		return nil
	}
	var was []field
	for i := range all {
		p := &all[i]
		now := terms(p.Step.Position)
		o := offerView{By: rd.side(p.By), When: rd.dateTime(p.Step.At), State: rd.offerTag(holds(p), open && i == len(all)-1)}
		for _, m := range parties {
			if _, said := p.Agreed[m]; said {
				o.Agreed = append(o.Agreed, rd.side(m))
			}
		}
		if i > 0 {
			o.Changes = changed(was, now)
		}
		was = now
		views = append(views, o)
	}
	slices.Reverse(views)
	return views
}

// thingLine is a thing in a list: from is who made it.
func (rd reader) thingLine(t *book.ThingRow) line {
	switch {
	case t.State.Commitment != nil:
		return rd.commitmentLine(t)
	case t.State.Meeting != nil:
		return rd.meetingLine(t)
	case t.State.Statement != nil:
		return rd.statementLine(t)
	case t.State.Readout != nil:
		return rd.readoutLine(t)
	}
	l := line{URL: rd.thingURL(t.Forum, t.ID), Kind: known(rd.l, "noun.", t.ID.Noun()), Subject: rd.say(t.Summary.Title), To: rd.sides(t.Summary.Members),
		Date: rd.l.ShortDate(t.At.In(rd.zone)), State: tag{Tone: "idle", Icon: thingIcon(t.ID), Word: known(rd.l, t.ID.Noun()+".state.", t.Summary.State)}}
	if b := t.State.Batch; b != nil {
		l.Subject = saidIn(rd.l.Tag(), rd.l.N("records.count", b.Count), "")
		l.URL = rd.programmeURL(t.Forum, b.Programme, "records", b.Type, "one", jisr.RecordName(t.ID, 1))
	}
	if l.Subject.Empty() {
		l.Subject = saidIn("en", t.ID.Name(), "")
	}
	if m := t.ID.Maker(); jisr.ValidMember(m) {
		l.From, l.To = rd.side(m), rd.sides(others(t.Summary.Members, m))
	}
	return l
}
