package api

import (
	"net/http"
	"slices"
	"time"

	"jisr"
	"jisr/book"
)

// foundOut is one thing that a search found.
type foundOut struct {
	Kind     string        `json:"kind" doc:"note, agreement, meeting, minutes, commitment, statement, readout, programme, record, …"`
	ID       string        `json:"id" doc:"One path segment."`
	Forum    jisr.ForumID  `json:"forum"`
	URL      string        `json:"url"`
	Title    jisr.Text     `json:"title,omitempty" doc:"Of a record: of its type."`
	State    string        `json:"state,omitempty" doc:"The step of its life."`
	Changed  time.Time     `json:"changed" doc:"Of the newest act about it; of a record, when it was sent."`
	Handling jisr.Handling `json:"handling,omitempty"`
	Lang     string        `json:"lang,omitempty" doc:"Of the text; und: not known."`
	Text     []foundPart   `json:"text,omitempty" nullable:"false" doc:"A part of the text around the words. Absent for what is restricted or above, and for a note that no desk has opened: reading that is written down."`
}

// foundPart is a part of a text.
type foundPart struct {
	Text  string `json:"text"`
	Found bool   `json:"found,omitempty" doc:"One of the words, as it is written there."`
}

// foundPage is a page of what was found.
type foundPage struct {
	page[foundOut]
	Counts map[string]int `json:"counts" nullable:"false" doc:"By kind, whatever kind is asked for."`
	Many   bool           `json:"many,omitempty" doc:"More is there than was counted: the newest was. A filter leads to the rest."`
}

func (c *call) findQuery() (book.FindQuery, error) {
	q, err := c.query("q", "kind", "forum", "with", "body", "sector", "from", "to", "lang", "cursor", "limit")
	if err != nil {
		return book.FindQuery{}, err
	}
	f := book.FindQuery{Search: q.Get("q"), Noun: q.Get("kind"), Forum: jisr.ForumID(q.Get("forum")), Member: jisr.MemberID(q.Get("with")), Body: jisr.ThingID(q.Get("body")), Sector: q.Get("sector"),
		From: jisr.Date(q.Get("from")), To: jisr.Date(q.Get("to")), Lang: q.Get("lang"), Cursor: q.Get("cursor")}
	for _, given := range []struct {
		name  string
		wrong bool
	}{
		{"forum", f.Forum != "" && !jisr.ValidForum(f.Forum)}, {"with", f.Member != "" && !jisr.ValidMember(f.Member)},
		{"body", f.Body != "" && (f.Body.Noun() != "body" || !jisr.ValidName(f.Body.Name()) || len(f.Body) > maxID)},
		{"date", f.From != "" && !f.From.Valid() || f.To != "" && !f.To.Valid()}, {"lang", len(f.Lang) > 8},
	} {
		if given.wrong {
			return f, jisr.Refuse(jisr.Malformed, given.name)
		}
	}
	if f.Search == "" {
		return f, jisr.Refuse(jisr.Missing, "q")
	}
	if len(f.Search) > maxSearch {
		return f, jisr.Refuse(jisr.TooLong, "q", "max", itoa(maxSearch), "got", itoa(len(f.Search)))
	}
	if f.Noun != "" && !slices.Contains(book.Nouns(), f.Noun) {
		return f, jisr.Refuse(jisr.NotOneOf, "kind", "got", echo(f.Noun), "allowed", list(book.Nouns()))
	}
	if f.Sector != "" && !slices.Contains(jisr.Sectors(), f.Sector) {
		return f, jisr.Refuse(jisr.NotOneOf, "sector", "got", echo(f.Sector), "allowed", list(jisr.Sectors()))
	}
	f.Limit, err = limitOf(q)
	return f, err
}

func (c *call) find() error {
	q, err := c.findQuery()
	if err != nil {
		return err
	}
	f, err := c.node.Find(c.ctx(), c.caller, q)
	if err != nil {
		return err
	}
	if f.Next != "" {
		c.linkNext(f.Next)
	}
	out := foundPage{page: page[foundOut]{Items: []foundOut{}, Next: f.Next}, Counts: f.Counts, Many: f.Many}
	for i := range f.Hits {
		out.Items = append(out.Items, c.foundOut(&f.Hits[i]))
	}
	return c.answer(http.StatusOK, out)
}

func (c *call) foundOut(h *book.Hit) foundOut {
	out := foundOut{Lang: h.Lang}
	switch {
	case h.Note != nil:
		row := c.noteRow(h.Note)
		out.Kind, out.ID, out.Forum, out.URL, out.Title, out.State, out.Changed, out.Handling = "note", row.ID, row.Forum, row.URL, row.Subject, string(row.State), h.Note.At, h.Note.Terms.Handling
	case h.Record != nil:
		r := h.Record
		out.Kind, out.ID, out.Forum, out.Title, out.Changed, out.Handling = "record", r.ID, r.Forum, r.TypeTitle, r.Sent, r.Handling
		out.URL = c.thingURL(r.Forum, r.Programme) + "/records/" + r.Type + "/" + r.ID
	default:
		t := h.Thing
		out.Kind, out.ID, out.Forum, out.URL, out.Title, out.State, out.Changed, out.Handling = t.ID.Noun(), t.ID.Name(), t.Forum, c.thingURL(t.Forum, t.ID), t.Summary.Title, t.Summary.State, t.At, t.Summary.Handling
	}
	from := 0
	part := func(to int, found bool) {
		if to > from {
			out.Text = append(out.Text, foundPart{h.Text[from:to], found})
		}
		from = to
	}
	for _, m := range h.Marks {
		part(m.Start, false)
		part(m.End, true)
	}
	part(len(h.Text), false)
	return out
}

func findOperations() []operation {
	return []operation{{method: "GET", path: "/api/v1/search", id: "search", tag: "search", access: reading, out: foundPage{}, do: (*call).find, summary: "Search everything the token may read", statuses: []int{http.StatusOK},
		about: "Notes, agreements with their text, full powers, bodies, meetings, minutes and decisions, commitments, statements, readouts, programmes and records, the newest first. Arabic is normalised and stemmed, English too, digits are digits; all words are looked for together.",
		query: append([]param{{name: "q", about: "Words; at most sixteen count."}, {name: "kind", about: "One kind.", enum: book.Nouns()}, {name: "forum", about: "In one forum."}, {name: "with", about: "A member that takes part, or sent it."},
			{name: "body", about: "A body (body/…): its sessions, minutes and commitments."}, {name: "sector", about: "Of commitments, programmes and records.", enum: jisr.Sectors()},
			{name: "from", about: "Newest act on this day or later."}, {name: "to", about: "Newest act on this day or earlier."}, {name: "lang", about: "Whose text is shown first: ar."}}, paging()...)}}
}
