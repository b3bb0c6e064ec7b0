package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"jisr"
	"jisr/book"
	"jisr/node"
)

// What belongs to another desk, and what is in a forum that a token is not for, is behind no path of the API.
func TestScopesHoldOnEveryPath(t *testing.T) {
	w := newWorld(t)
	events := w.nodes["iq"].Watch(t.Context())
	var sent struct{ ID string }
	check(t, json.Unmarshal(w.ask(t, "sy direct", "POST", "/api/v1/forums/iq-sy/notes", `{"kind":"verbale","to":["iq"],"subject":{"ar":"مناسيب"},"text":{"ar":"نص"},"precedence":"routine","handling":"restricted","release":true}`).body, &sent))
	n := w.nodes["iq"]
	id := jisr.ThingID("note/" + sent.ID)
	v, err := n.Book().Note(t.Context(), book.Whole(), "iq-sy", id)
	for ; err != nil; v, err = n.Book().Note(t.Context(), book.Whole(), "iq-sy", id) {
		<-events
	}
	do(t, n, node.AcceptForum{Forum: "iq-sy-water", Title: jisr.Text{"en": "Water"}, Letters: [][]byte{w.nodes["sy"].Self().Letter}})
	do(t, n, node.AddDesk{ID: "water", Title: jisr.Text{"en": "Water"}})
	clerk := node.Caller{Account: "official/clerk", Desk: "mofa", Roles: []jisr.Role{jisr.Registrar}}
	_, err = n.Do(t.Context(), clerk, node.ReferThing{Forum: "iq-sy", ID: id, Desk: "water"})
	check(t, err)
	engineer := node.Caller{Account: "official/engineer", Desk: "water", Roles: []jisr.Role{jisr.Drafter}}
	_, err = n.Do(t.Context(), engineer, node.OpenNote{Forum: "iq-sy", ID: id})
	check(t, err)
	for name, scope := range map[string]jisr.TokenScope{"water": {}, "elsewhere": {Forums: []jisr.ForumID{"iq-sy-water"}}} {
		w.tokens["iq "+name] = do(t, n, node.AddToken{ID: name, Title: jisr.Text{"en": name}, Desk: "water", Roles: []jisr.Role{jisr.Reader}, Scope: scope}).Secret
	}
	forum, act := "/api/v1/forums/iq-sy", fmt.Sprintf("/acts/sy/%d", v.Note.Released.Index)
	proxied := []string{"Forwarded", "for=203.0.113.7"} // else this machine is trusted with logs
	for _, path := range []string{forum + "/notes/" + sent.ID, forum + act, forum + act + "/proof", forum + act + "/proof?format=jisr", "/tlog/iq-sy/sy/tile/entries/000.p/2"} {
		for at, want := range map[string]int{"iq water": http.StatusOK, "iq reader": http.StatusNotFound, "iq elsewhere": http.StatusNotFound} {
			if a := w.ask(t, at, "GET", path, "", proxied...); a.StatusCode != want {
				t.Errorf("%s of %s answers %d, want %d: %s", path, at, a.StatusCode, want, a.body)
			}
		}
	}
	for _, path := range []string{forum, forum + "/acts", forum + "/notes", forum + "/digest", forum + "/agreements", "/tlog/iq-sy/sy/checkpoint", "/tlog/iq-sy/sy/tile/0/000.p/2", "/tlog/iq-sy/sy/log.vkey"} {
		if a := w.ask(t, "iq elsewhere", "GET", path, "", proxied...); a.StatusCode != http.StatusNotFound {
			t.Errorf("%s of a token for another forum answers %d", path, a.StatusCode)
		}
	}
	if a := w.ask(t, "iq elsewhere", "GET", "/api/v1/forums", ""); strings.Contains(string(a.body), `"id":"iq-sy"`) {
		t.Errorf("a token for another forum lists %s", a.body)
	}
}
