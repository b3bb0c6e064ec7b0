package api

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"jisr"
	"jisr/node"
)

// eventOut names what changed; both empty: a link, or the house.
type eventOut struct {
	Forum jisr.ForumID `json:"forum"`
	About jisr.ThingID `json:"about" doc:"Empty: the forum itself, or receipts in it."`
}

// getEvents tells that something changed, as it changes (server-sent events: WHATWG HTML, section 9.2). An event names
// what to read again and holds nothing else, so nothing is missed for good: who was cut off reads anew.
func (c *call) getEvents() error {
	select {
	case c.streams <- struct{}{}:
		defer func() { <-c.streams }()
	default:
		return jisr.Refuse(jisr.TooOften, "events", "seconds", "10")
	}
	c.w.Header().Set("Content-Type", "text/event-stream")
	c.w.WriteHeader(http.StatusOK)
	if c.r.Method == http.MethodHead {
		return nil
	}
	events := c.node.Watch(c.ctx())
	beat := time.NewTicker(keepAlive)
	defer beat.Stop()
	line := ": listening\n\n"
	for c.send(line) == nil {
		select {
		case e, ok := <-events:
			if !ok {
				return nil
			}
			if line = ""; c.node.MaySee(c.ctx(), c.caller, e) {
				line = eventLine(e)
			}
		case <-beat.C:
			line = ": listening\n\n"
		case <-c.closing:
			return nil
		}
	}
	return nil // the caller has gone
}

func eventLine(e node.Event) string {
	out := eventOut{Forum: e.Forum, About: e.Thing}
	if e.Forum == jisr.House && e.Thing.Noun() != "note" {
		out = eventOut{} // accounts are the administrator's; that something changed is enough
	}
	b, err := json.Marshal(out)
	if err != nil {
		panic("internal error: an event cannot be encoded: " + err.Error())
	}
	return fmt.Sprintf("event: changed\ndata: %s\n\n", b)
}

func (c *call) send(line string) error {
	if line == "" {
		return nil
	}
	c.allow(keepAlive)
	if _, err := io.WriteString(c.w, line); err != nil {
		return err
	}
	return http.NewResponseController(c.w).Flush()
}
