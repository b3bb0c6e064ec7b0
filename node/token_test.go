package node_test

import (
	"errors"
	"testing"
	"time"

	"jisr"
	"jisr/node"
	"jisr/node/nodetest"
)

// token makes a token of a member and lets it in.
func token(t *testing.T, w *nodetest.World, add node.AddToken) (secret string, c node.Caller) {
	t.Helper()
	n := w.Node("iq")
	add.Title, add.Desk = jisr.Text{"en": "Gateway"}, "mofa"
	done, err := n.Do(t.Context(), n.Operator(), add)
	if err != nil {
		t.Fatal(err)
	}
	c, err = n.Bearer(t.Context(), done.Secret, add.ClientKey)
	if err != nil {
		t.Fatal(err)
	}
	return done.Secret, c
}

// refusedBy says which policy a refusal names.
func refusedBy(err error) string {
	if r := (*jisr.Refusal)(nil); errors.As(err, &r) && r.Kind == jisr.NotAllowed {
		return r.Need["policy"]
	}
	return ""
}

func TestTokenDoesWhatItsScopesSay(t *testing.T) {
	w := nodetest.New(t, "iq", "sy")
	n := w.Node("iq")
	send := node.SendNote{Forum: w.Forum, Draft: w.Note("sy")}
	for _, c := range []struct {
		name, policy string
		scope        jisr.TokenScope
	}{
		{"open", "", jisr.TokenScope{}},
		{"forum", "", jisr.TokenScope{Forums: []jisr.ForumID{w.Forum}}},
		{"verb", "", jisr.TokenScope{Verbs: []string{"note.send"}}},
		{"noun", "", jisr.TokenScope{Verbs: []string{"note"}}},
		{"other", "scope-verb", jisr.TokenScope{Verbs: []string{"note.open", "note.close"}}},
	} {
		_, caller := token(t, w, node.AddToken{ID: c.name, Roles: []jisr.Role{jisr.Direct}, Scope: c.scope})
		_, err := n.Do(t.Context(), caller, send)
		if got := refusedBy(err); got != c.policy || c.policy == "" && err != nil {
			t.Errorf("%s: %v, want the policy %q", c.name, err, c.policy)
		}
		if may := node.May(caller, "note.send"); (may == nil) != (c.policy == "") {
			t.Errorf("%s: before it is asked: %v", c.name, may)
		}
	}
	for _, bad := range []jisr.TokenScope{{Verbs: []string{"note.sned"}}, {Forums: []jisr.ForumID{"iq-xx"}}, {Programmes: []string{"Not A Name"}}} {
		_, err := n.Do(t.Context(), n.Operator(), node.AddToken{ID: "bad", Title: jisr.Text{"en": "x"}, Desk: "mofa", Roles: []jisr.Role{jisr.Direct}, Scope: bad})
		if r := (*jisr.Refusal)(nil); !errors.As(err, &r) {
			t.Errorf("%+v: %v", bad, err)
		}
	}
}

func TestTokenOfAnotherForumIsRefused(t *testing.T) {
	may, err := node.Rules("")
	if err != nil {
		t.Fatal(err)
	}
	c := node.Caller{Account: "token/customs", Desk: "mofa", Roles: []jisr.Role{jisr.Direct}, Scope: jisr.TokenScope{Forums: []jisr.ForumID{"iq-jo"}, Programmes: []string{"water"}}}
	for _, x := range []struct {
		about node.About
		by    string
	}{
		{node.About{Forum: "iq-jo", Thing: "note/1"}, "direct"},
		{node.About{Forum: "iq-sy", Thing: "note/1"}, "scope-forum"},
		{node.About{Forum: "iq-jo", Thing: "record/1", Programme: "water"}, "direct"},
		{node.About{Forum: "iq-jo", Thing: "record/1", Programme: "health"}, "scope-programme"},
	} {
		if _, by := may(c, "note.send", x.about); len(by) != 1 || by[0] != x.by {
			t.Errorf("%+v: %v, want %s", x.about, by, x.by)
		}
	}
}

func TestTokenIsGoodWithItsCertificateOnly(t *testing.T) {
	w := nodetest.New(t, "iq", "sy")
	key := jisr.Commit([32]byte{1})
	secret, _ := token(t, w, node.AddToken{ID: "pinned", Roles: []jisr.Role{jisr.Reader}, ClientKey: key})
	for _, other := range []jisr.Commitment{"", jisr.Commit([32]byte{2})} {
		if _, err := w.Node("iq").Bearer(t.Context(), secret, other); err == nil {
			t.Errorf("let in with the key %q", other)
		}
	}
	if _, err := w.Node("iq").Bearer(t.Context(), secret, key); err != nil {
		t.Error(err)
	}
}

func TestLastUseOfATokenOutlivesARestart(t *testing.T) {
	w := nodetest.New(t, "iq", "sy")
	secret, _ := token(t, w, node.AddToken{ID: "clerk", Roles: []jisr.Role{jisr.Reader}})
	w.Pass(time.Hour)
	if _, err := w.Node("iq").Bearer(t.Context(), secret, ""); err != nil {
		t.Fatal(err)
	}
	want := w.Now()
	w.Stop("iq")
	w.Pass(time.Hour)
	w.Start("iq")
	if got := w.Node("iq").LastUsed("token/clerk"); !got.Equal(want) {
		t.Errorf("last used %v, want %v", got, want)
	}
	if got := w.Node("iq").LastUsed("token/none"); !got.IsZero() {
		t.Errorf("a token that is none was used at %v", got)
	}
}
