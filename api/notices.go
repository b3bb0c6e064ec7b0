package api

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"slices"
	"strings"
	"time"

	"jisr"
	"jisr/node"
)

// mailOut is a message of this node to one of its posts. It has neither address nor text.
type mailOut struct {
	MessageID string    `json:"message_id"`
	Official  string    `json:"official"`
	Kind      string    `json:"kind" enum:"confirm,each,digest,invitation"`
	State     string    `json:"state" enum:"queued,sending,sent,returned,refused,given-up,dropped" doc:"sending: the server may have taken it, and it is sent again under the same Message-ID."`
	Code      string    `json:"code,omitempty" doc:"The server's reply code or enhanced status code (RFC 3463)."`
	Tries     int       `json:"tries"`
	Made      time.Time `json:"made"`
	Changed   time.Time `json:"changed"`
}

func noticeOperations() []operation {
	ok := []int{http.StatusOK}
	return []operation{
		{method: "GET", path: "/api/v1/calendar.ics", id: "getCalendar", tag: "house", access: reading, plain: "text/calendar", do: (*call).getCalendar, summary: "What stands in the calendar, as iCalendar", statuses: ok,
			about: "Meetings, days by which something is due or to be answered, the cadence of bodies, releases of statements (RFC 5545). Of what is above restricted only that something is there. If-None-Match with the ETag: 304 while nothing changed.",
			query: []param{{name: "of", about: "own (the default): what the token may read; desk: what is its desk's.", enum: []string{"own", "desk"}}, {name: "language", about: "Of what is written; the caller's when absent."}}},
		{method: "DELETE", path: "/api/v1/officials/{id}/calendar", id: "deleteCalendar", tag: "house", access: admin, out: accountOut{}, do: (*call).deleteCalendar, summary: "End the address of a post's calendar", statuses: ok,
			about: "It opens nothing any more. The post can make another."},
		{method: "GET", path: "/api/v1/mail", id: "listMail", tag: "house", access: admin, out: page[mailOut]{}, do: (*call).listMail, summary: "What became of mail to the posts, newest first", statuses: ok,
			about: "At most 200, without addresses and texts. 503 where no mail is set up."},
	}
}

func (c *call) getCalendar() error {
	q, err := c.query("of", "language")
	if err != nil {
		return err
	}
	of, lang := q.Get("of"), c.lang()
	if !slices.Contains([]string{"", "own", "desk"}, of) {
		return jisr.Refuse(jisr.NotOneOf, "of", "got", echo(of), "allowed", "own, desk")
	}
	if want := q.Get("language"); want != "" {
		if !slices.Contains(c.words.Tags(), want) {
			return jisr.Refuse(jisr.NotOneOf, "language", "got", echo(want), "allowed", strings.Join(c.words.Tags(), ", "))
		}
		lang = c.words.In(want)
	}
	if c.calendar == nil {
		return jisr.Refuse(jisr.NoSuch, "calendar")
	}
	file, err := c.calendar(c.ctx(), c.caller, lang, of == "desk")
	if err != nil {
		return err
	}
	sum := sha256.Sum256(file)
	c.w.Header().Set("Content-Type", "text/calendar; charset=utf-8")
	c.w.Header().Set("ETag", `"`+hex.EncodeToString(sum[:16])+`"`)
	http.ServeContent(c.w, c.r, "", time.Time{}, bytes.NewReader(file))
	return nil
}

func (c *call) deleteCalendar() error {
	id := jisr.OfficialID(c.r.PathValue("id"))
	return c.doAccount(http.StatusOK, jisr.ThingID("official/"+id), node.EndFeed{ID: id})
}

func (c *call) listMail() error {
	all, err := c.node.MailLog(c.caller)
	if err != nil {
		return err
	}
	out := page[mailOut]{Items: []mailOut{}}
	for i := range all {
		m := &all[i]
		out.Items = append(out.Items, mailOut{MessageID: m.MessageID, Official: jisr.ThingID(m.Account).Name(), Kind: m.Kind, State: string(m.State), Code: m.Code, Tries: m.Tries, Made: m.Made, Changed: m.Changed})
	}
	return c.answer(http.StatusOK, out)
}
