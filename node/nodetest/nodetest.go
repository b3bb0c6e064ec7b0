// Package nodetest runs the nodes of several members in one process, as their operators would: created by
// node.Create, introduced by letters of credence, linked over TLS on the loopback interface through relays that
// can be cut, on a clock that tests move.
//
//	w := nodetest.New(t, "iq", "sy")
//	iq, sy := w.As("iq"), w.As("sy")
//	note := iq.Releases(w.Note("sy"))
//	sy.Receives(note).Opens(note)
//	iq.Withdraws(note).Refused(jisr.Opened)
//
// An actor's verbs stop at the first surprise and say which line of the test met it.
package nodetest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"jisr"
	"jisr/book"
	"jisr/link/linktest"
	"jisr/node"
)

// patience is how long anything may take before a test gives up. Nothing waits that long that works.
const patience = 20 * time.Second

// World is some members in one forum.
type World struct {
	T       testing.TB
	Forum   jisr.ForumID
	members []jisr.MemberID
	nodes   map[jisr.MemberID]*member

	mu    sync.Mutex
	clock time.Time
}

type member struct {
	*node.Node
	config node.Config
	dir    string
	relay  *linktest.Relay
	listen string
	door   net.Listener // held for the first start: another test could take the address meanwhile
	stop   func()
}

// New makes members whose nodes are linked and joined in one forum, and ends them with the test.
func New(t testing.TB, members ...jisr.MemberID) *World {
	t.Helper()
	w := &World{T: t, members: members, nodes: map[jisr.MemberID]*member{}, clock: time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)}
	for i, m := range members {
		if i > 0 {
			w.Forum += "-"
		}
		w.Forum += jisr.ForumID(m)
	}
	for _, m := range members {
		w.create(m)
	}
	for _, m := range members {
		w.Start(m)
		w.furnish(m)
	}
	t.Cleanup(func() {
		for _, m := range members {
			w.Stop(m)
		}
	})
	w.Settle()
	return w
}

func (w *World) must(err error) {
	w.T.Helper()
	if err != nil {
		w.T.Fatal(err)
	}
}

func (w *World) create(id jisr.MemberID) {
	w.T.Helper()
	door, err := linktest.Door()
	w.must(err)
	listen := door.Addr().String()
	relay, err := linktest.New(listen)
	w.must(err)
	w.T.Cleanup(func() { relay.Close() })
	names := map[jisr.MemberID]jisr.Text{"iq": {"ar": "جمهورية العراق", "en": "Republic of Iraq"}, "sy": {"ar": "الجمهورية العربية السورية", "en": "Syrian Arab Republic"}, "jo": {"ar": "المملكة الأردنية الهاشمية", "en": "Hashemite Kingdom of Jordan"}}
	m := &member{dir: filepath.Join(w.T.TempDir(), string(id)), relay: relay, listen: listen, door: door,
		config: node.Config{Member: string(id), Origin: string(id) + ".jisr.example", Name: names[id], Link: node.LinkConfig{Listen: listen, Addresses: []string{relay.Addr()}}}}
	if m.config.Name == nil {
		m.config.Name = jisr.Text{"ar": "الطرف " + string(id), "en": "Party " + string(id)}
	}
	w.must(node.Create(w.T.Context(), m.dir, m.config))
	w.nodes[id] = m
}

// Start opens a member's node on its directory and runs it.
func (w *World) Start(id jisr.MemberID) {
	w.T.Helper()
	m := w.nodes[id]
	n, err := node.Open(context.Background(), node.Options{Dir: m.dir, Config: m.config, Now: w.Now})
	w.must(err)
	l := m.door
	if m.door = nil; l == nil {
		l, err = net.Listen("tcp", m.listen)
		w.must(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- n.Run(ctx, l) }()
	m.Node, m.stop = n, func() {
		cancel()
		if err := errors.Join(<-ended, n.Close()); err != nil {
			w.T.Errorf("%s did not stop well: %v", id, err)
		}
	}
}

// Stop ends a member's node; Start begins it again.
func (w *World) Stop(id jisr.MemberID) {
	if m := w.nodes[id]; m.stop != nil {
		m.stop()
		m.stop = nil
	}
}

// furnish gives a new node its desk and officials, and accepts the others' letters.
func (w *World) furnish(id jisr.MemberID) {
	w.T.Helper()
	n := w.nodes[id].Node
	op := n.Operator()
	do := func(c node.Command) {
		w.T.Helper()
		_, err := n.Do(w.T.Context(), op, c)
		w.must(err)
	}
	do(node.AddDesk{ID: "mofa", Title: jisr.Text{"ar": "وزارة الخارجية", "en": "Ministry of Foreign Affairs"}})
	var letters [][]byte
	for _, other := range w.members {
		if other != id {
			letters = append(letters, w.letter(other))
		}
	}
	do(node.AcceptForum{Forum: w.Forum, Title: jisr.Text{"ar": "منتدى الاختبار", "en": "Test forum"}, Letters: letters})
}

func (w *World) letter(id jisr.MemberID) []byte {
	w.T.Helper()
	b, err := readLetter(w.nodes[id].dir)
	w.must(err)
	return b
}

// Node gives a member's node.
func (w *World) Node(id jisr.MemberID) *node.Node { return w.nodes[id].Node }

// Dir gives the directory of a member's node.
func (w *World) Dir(id jisr.MemberID) string { return w.nodes[id].dir }

// Config gives a member's configuration.
func (w *World) Config(id jisr.MemberID) node.Config { return w.nodes[id].config }

// Now is the time on every node.
func (w *World) Now() time.Time { w.mu.Lock(); defer w.mu.Unlock(); return w.clock }

// Pass moves the time on every node.
func (w *World) Pass(d time.Duration) { w.mu.Lock(); defer w.mu.Unlock(); w.clock = w.clock.Add(d) }

// Cut silences the way to a member, Restore opens it. What the member itself brings to others still arrives:
// cut all to cut both ways.
func (w *World) Cut(ids ...jisr.MemberID) {
	for _, id := range ids {
		w.nodes[id].relay.Set(linktest.Hole)
	}
}

// Restore opens the way to members again. What was silent meanwhile is reset, as by a host that has forgotten its
// connections, and everybody tries at once: how soon a node notices by itself is measured by link's own tests.
func (w *World) Restore(ids ...jisr.MemberID) {
	for _, id := range ids {
		w.nodes[id].relay.Set(linktest.Open)
		w.nodes[id].relay.Cut()
	}
	for m, n := range w.nodes {
		for _, id := range ids {
			if m != id && n.stop != nil {
				n.RetryLink(id)
			}
		}
	}
}

// Relay is the road to a member.
func (w *World) Relay(id jisr.MemberID) *linktest.Relay { return w.nodes[id].relay }

// Until asks until something is true.
func (w *World) Until(what string, ok func() bool) {
	w.T.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-ctx.Done():
			w.T.Fatalf("after %v still not so: %s", patience, what)
		case <-tick.C:
		}
	}
}

// Settle waits until every node holds the same logs with all contents, and checks what must then be true: equal
// digests, and a rebuilt book that equals the followed one.
func (w *World) Settle() {
	w.T.Helper()
	want, digests := map[jisr.MemberID]jisr.Index{}, map[[32]byte]bool{}
	w.Until("all nodes hold the same", func() bool {
		want = map[jisr.MemberID]jisr.Index{}
		clear(digests)
		held := []map[jisr.MemberID]jisr.Index{}
		for _, m := range w.members { // digest and sizes of one moment: a node says things by itself too
			d, sizes, err := w.nodes[m].Book().Digest(context.Background(), w.Forum)
			w.must(err)
			digests[d] = true
			held, want[m] = append(held, sizes), sizes[m]
		}
		for i, m := range w.members {
			if !maps.Equal(held[i], want) || !w.complete(m) {
				return false
			}
		}
		return true
	})
	if len(digests) != 1 {
		w.T.Fatalf("the nodes hold the same logs %v and differ in what they mean", want)
	}
}

func (w *World) complete(m jisr.MemberID) bool {
	wanting, err := w.nodes[m].Book().Wanting(context.Background())
	w.must(err)
	return len(wanting) == 0
}

// Note is a draft of a note to members, with everything a note must have.
func (w *World) Note(to ...jisr.MemberID) jisr.Draft {
	return jisr.Draft{Kind: jisr.Verbale, To: slices.Sorted(slices.Values(to)), Precedence: jisr.Routine, Body: jisr.NoteBody{
		Subject: jisr.Text{"ar": "تبادل بيانات المناسيب", "en": "Exchange of water levels"},
		Text:    jisr.Text{"ar": "تتشرف الوزارة بأن ترفق طيّاً جدول مناسيب نهر الفرات للأسبوع الماضي."}}}
}

// Actor is a member who says things.
type Actor struct {
	w   *World
	id  jisr.MemberID
	err error
	at  string // line of the test whose verb gave err
}

// As gives the member as an actor.
func (w *World) As(id jisr.MemberID) *Actor { return &Actor{w: w, id: id} }

// Member is who acts.
func (a *Actor) Member() jisr.MemberID { return a.id }

// Official is a caller of a member with roles, by the name of a post.
func (w *World) Official(id jisr.MemberID, post string, roles ...jisr.Role) node.Caller {
	return node.Caller{Account: jisr.ThingID("official/" + post), Desk: "mofa", DeskName: jisr.Text{"ar": "وزارة الخارجية"}, Roles: roles}
}

// SignedIn makes a post with roles at the first desk of a member, and signs its official in.
func (w *World) SignedIn(id jisr.MemberID, post jisr.OfficialID, roles ...jisr.Role) node.Caller {
	w.T.Helper()
	n, ctx := w.Node(id), context.Background()
	done, err := n.Do(ctx, n.Operator(), node.AddOfficial{ID: post, Post: jisr.Text{"ar": "مدير المياه", "en": "Director of Water"}, Desk: "mofa", Roles: roles})
	w.must(err)
	token, err := n.SignIn(ctx, string(post), done.Secret, node.From{})
	w.must(err)
	c, err := n.Session(ctx, token, true)
	w.must(err)
	return c
}

// Program is a caller of a member with roles that is no official.
func (w *World) Program(id jisr.MemberID, name string, roles ...jisr.Role) node.Caller {
	c := w.Official(id, name, roles...)
	c.Account = jisr.ThingID("token/" + name)
	return c
}

// Do carries out a command as a program that may do everything, and remembers a refusal for Refused.
func (a *Actor) Do(c node.Command) node.Done {
	a.w.T.Helper()
	return a.DoAs(a.w.Program(a.id, "clerk", jisr.Roles()...), c)
}

// DoAs carries out a command as a caller.
func (a *Actor) DoAs(caller node.Caller, c node.Command) node.Done {
	a.w.T.Helper()
	a.surprise()
	done, err := a.w.nodes[a.id].Do(context.Background(), caller, c)
	if err != nil {
		_, file, line, _ := runtime.Caller(2)
		a.err, a.at = err, fmt.Sprintf("%s:%d", filepath.Base(file), line)
	}
	return done
}

// surprise fails the test when a refusal was not looked at.
func (a *Actor) surprise() {
	a.w.T.Helper()
	if a.err != nil {
		a.w.T.Fatalf("%s at %s: %v", a.id, a.at, a.err)
	}
}

// Refused says that the last verb was refused with this kind.
func (a *Actor) Refused(kind jisr.RefusalKind) *Actor {
	a.w.T.Helper()
	var r *jisr.Refusal
	if !errors.As(a.err, &r) || r.Kind != kind {
		a.w.T.Fatalf("%s: got %v, want the refusal %s", a.id, a.err, kind)
	}
	a.err = nil
	return a
}

// Done says that the last verb was carried out.
func (a *Actor) Done() *Actor { a.w.T.Helper(); a.surprise(); return a }

// Releases sends a note at once.
func (a *Actor) Releases(d jisr.Draft) jisr.ThingID {
	a.w.T.Helper()
	done := a.Do(node.SendNote{Forum: a.w.Forum, Draft: d})
	return done.Thing
}

// Opens reads a note that arrived.
func (a *Actor) Opens(id jisr.ThingID) *Actor {
	a.w.T.Helper()
	a.Do(node.OpenNote{Forum: a.w.Forum, ID: id})
	return a
}

// Withdraws takes a note back.
func (a *Actor) Withdraws(id jisr.ThingID) *Actor {
	a.w.T.Helper()
	a.Do(node.WithdrawNote{Forum: a.w.Forum, ID: id})
	return a
}

// Closes waits for no answer any more.
func (a *Actor) Closes(id jisr.ThingID) *Actor {
	a.w.T.Helper()
	a.Do(node.CloseNote{Forum: a.w.Forum, ID: id})
	return a
}

// Receives waits until the note is here, body and all.
func (a *Actor) Receives(id jisr.ThingID) *Actor {
	a.w.T.Helper()
	a.surprise()
	a.w.Until(fmt.Sprintf("%s has received %s", a.id, id), func() bool {
		v, err := a.w.nodes[a.id].Book().Note(context.Background(), book.Whole(), a.w.Forum, id)
		return err == nil && v.Note != nil && v.BodyHeld
	})
	return a
}

// Sees waits until the note's state here, on the node's own day and with receipts, is the one given.
func (a *Actor) Sees(id jisr.ThingID, want jisr.NoteState) *Actor {
	a.w.T.Helper()
	a.surprise()
	n := a.w.nodes[a.id]
	got := jisr.NoteState("absent")
	a.w.Until(fmt.Sprintf("%s sees %s as %s", a.id, id, want), func() bool {
		v, err := n.Book().Note(context.Background(), book.Whole(), a.w.Forum, id)
		if err == nil {
			got = v.Standing(n.Known())
		}
		return got == want
	})
	return a
}

// Configure changes the configuration of a member's node, and starts it anew.
func (w *World) Configure(id jisr.MemberID, change func(*node.Config)) {
	w.T.Helper()
	w.Stop(id)
	change(&w.nodes[id].config)
	w.Start(id)
}
