package main

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"fmt"
	"path"
	"sync"
	"time"

	"jisr"
	"jisr/book"
	"jisr/node"
	"jisr/words"
)

// demoFiles are the attachments of the story: published data, each with its source and licence in demo/SOURCES.md.
//
//go:embed demo/*.csv demo/*.json
var demoFiles embed.FS

const (
	storyDays   = 9                // how long ago the story begins
	stepWithin  = 20 * time.Second // a step that takes longer has failed
	lookEvery   = 20 * time.Millisecond
	storyMinute = 7 // minutes between drafting, clearing and releasing
)

// storyClock runs as fast as the wall clock, but behind it; telling the story moves it forward until it is right.
// mu guards behind.
type storyClock struct {
	mu     sync.Mutex
	behind time.Duration
	before func(ago time.Duration) // what else happens until then; nil: nothing
}

func newStoryClock() *storyClock { return &storyClock{behind: (frameworkDays + 5) * 24 * time.Hour} }

func (c *storyClock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(-c.behind)
}

// forward moves the clock to so long ago; it never goes back.
func (c *storyClock) forward(ago time.Duration) {
	if c.before != nil {
		c.before(ago)
	}
	c.move(ago)
}

func (c *storyClock) move(ago time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.behind = min(c.behind, max(ago, 0))
}

// stage is where the story is played: open nodes, linked to each other.
type stage struct {
	nodes map[jisr.MemberID]*node.Node
	cast  cast
	clock *storyClock
	words *words.Words
	now   time.Time // when the story began to be told

	laid     map[string]jisr.ThingID // programmes under the agreement in force, by the name of their annex
	sendings []sending               // records still to leave, the earliest first
	failed   error                   // of a sending; it ends the story
}

// draftNote is a note of the story before it is drafted.
type draftNote struct {
	from       jisr.MemberID
	desk       jisr.DeskID
	kind       jisr.NoteKind
	precedence jisr.Precedence
	replyIn    int // days from the writing; 0: no date
	answers    jisr.ThingID
	subject    jisr.Text
	text       jisr.Text
	files      []string
}

// correspond plays nine days of correspondence. What each side is left with is told in demoScript's comments.
func (s *stage) correspond(ctx context.Context) error {
	s.now = time.Now()
	framework, err := s.framework(ctx)
	if err != nil {
		return err
	}
	if err := s.stocks(ctx); err != nil {
		return err
	}
	s.sendings = s.schedule()
	s.clock.before = func(ago time.Duration) { s.failed = errors.Join(s.failed, s.deliver(ctx, ago)) }
	if err := s.meet(ctx); err != nil {
		return err
	}
	if err := s.negotiation(ctx, framework); err != nil {
		return err
	}
	script := demoScript()
	crossings, err := s.send(ctx, s.on(9, 9), script.crossings)
	if err != nil {
		return err
	}
	if err := s.open(ctx, s.on(9, 13), "sy", crossings); err != nil {
		return err
	}
	flow, err := s.send(ctx, s.on(8, 10), script.flow)
	if err != nil {
		return err
	}
	if err := s.open(ctx, s.on(8, 12), "iq", flow); err != nil {
		return err
	}
	return s.correspondOn(ctx, script, flow)
}

func (s *stage) correspondOn(ctx context.Context, script script, flow jisr.ThingID) error {
	returns, err := s.send(ctx, s.on(6, 11), script.returns)
	if err != nil {
		return err
	}
	if err := s.open(ctx, s.on(6, 14), "sy", returns); err != nil {
		return err
	}
	threat, err := s.send(ctx, s.on(5, 9), script.threat)
	if err != nil {
		return err
	}
	if err := s.open(ctx, s.on(5, 10), "iq", threat); err != nil {
		return err
	}
	script.flowAnswer.answers = flow
	answer, err := s.send(ctx, s.on(3, 12), script.flowAnswer)
	if err != nil {
		return err
	}
	if err := s.open(ctx, s.on(3, 14), "sy", answer); err != nil {
		return err
	}
	return s.lastDays(ctx, script, threat)
}

func (s *stage) lastDays(ctx context.Context, script script, threat jisr.ThingID) error {
	if s.nodes["jo"] != nil {
		if _, err := s.send(ctx, s.on(2, 10), script.guest); err != nil {
			return err
		}
	}
	if err := s.statement(ctx); err != nil {
		return err
	}
	if _, err := s.send(ctx, s.on(1, 13), script.agenda); err != nil {
		return err
	}
	script.threatAnswer.answers = threat
	if _, _, err := s.draft(ctx, 3*time.Hour, script.threatAnswer); err != nil {
		return err
	}
	id, version, err := s.draft(ctx, 2*time.Hour, script.visit)
	if err != nil {
		return err
	}
	if err := s.as(ctx, script.visit.from, postReleaser, node.ClearNote{ID: id, Version: version}); err != nil {
		return err
	}
	if err := s.overdue(ctx); err != nil {
		return err
	}
	if _, err = s.send(ctx, time.Hour, script.release); err != nil {
		return err
	}
	s.clock.forward(0)
	return errors.Join(s.failed, s.settle(ctx))
}

// on is how long ago it was this hour of a day so many days ago, where the first member's days begin.
func (s *stage) on(daysAgo, hour int) time.Duration {
	zone := s.nodes[jisr.MemberID(s.cast.parties[0].member)].Zone()
	y, m, d := s.now.In(zone).Date()
	return s.now.Sub(time.Date(y, m, d-daysAgo, hour, 0, 0, 0, zone))
}

// send drafts a note, has a second official clear and release it, and waits until the others hold it.
func (s *stage) send(ctx context.Context, ago time.Duration, d draftNote) (jisr.ThingID, error) {
	id, version, err := s.draft(ctx, ago, d)
	if err != nil {
		return "", err
	}
	s.clock.forward(ago - storyMinute*time.Minute)
	if err := s.as(ctx, d.from, postReleaser, node.ClearNote{ID: id, Version: version}); err != nil {
		return "", err
	}
	s.clock.forward(ago - 2*storyMinute*time.Minute)
	n := s.nodes[d.from]
	done, err := n.Do(ctx, s.caller(d.from, postReleaser), node.ReleaseNote{ID: id, Version: version})
	if err != nil {
		return "", fmt.Errorf("couldn't release %s: %w", id, err)
	}
	wait, cancel := context.WithTimeout(ctx, stepWithin)
	defer cancel()
	if err := n.WaitHeld(wait, s.cast.forum, done.Position); err != nil {
		return "", fmt.Errorf("couldn't see %s held by the others: %w", id, err)
	}
	return id, nil
}

func (s *stage) draft(ctx context.Context, ago time.Duration, d draftNote) (jisr.ThingID, int, error) {
	s.clock.forward(ago)
	n, by := s.nodes[d.from], s.caller(d.from, postDrafter)
	draft, err := s.compose(ctx, n, by, d)
	if err != nil {
		return "", 0, err
	}
	done, err := n.Do(ctx, by, node.DraftNote{Forum: s.cast.forum, Draft: draft})
	if err != nil {
		return "", 0, fmt.Errorf("couldn't draft a note: %w", err)
	}
	return done.Thing, done.Version, nil
}

func (s *stage) compose(ctx context.Context, n *node.Node, by node.Caller, d draftNote) (jisr.Draft, error) {
	draft := jisr.Draft{Kind: d.kind, Precedence: d.precedence, InReplyTo: d.answers, Body: jisr.NoteBody{Subject: d.subject, Text: d.text}}
	for m := range s.nodes {
		if m != d.from && (m != "jo" || d.desk == deskForeign) {
			draft.To = append(draft.To, m)
		}
	}
	if d.replyIn > 0 {
		day := s.clock.now().In(n.Zone()).AddDate(0, 0, d.replyIn)
		draft.ReplyBy = jisr.Date(day.Format(time.DateOnly))
	}
	draft.Body.From = s.desk(d.from, d.desk)
	draft.Body.Opening, draft.Body.Closing = s.courtesy(d, draft.To)
	for _, name := range d.files {
		f, err := upload(ctx, n, by, name)
		if err != nil {
			return draft, err
		}
		draft.Files = append(draft.Files, f)
	}
	return draft, nil
}

// courtesy fills the formulas that the note's kind has, in the languages it is written in.
func (s *stage) courtesy(d draftNote, to []jisr.MemberID) (opening, closing jisr.Text) {
	opening, closing = jisr.Text{}, jisr.Text{}
	for lang := range d.text {
		from, addressee := s.desk(d.from, d.desk)[lang], s.desk(to[0], deskForeign)[lang]
		o, c := s.words.In(lang).Courtesy(string(d.kind), from, addressee)
		if o != "" {
			opening[lang] = o
		}
		if c != "" {
			closing[lang] = c
		}
	}
	return opening, closing
}

func (s *stage) desk(m jisr.MemberID, id jisr.DeskID) jisr.Text {
	for _, p := range s.cast.parties {
		for _, d := range p.desks {
			if p.member == string(m) && d.ID == id {
				return d.Title
			}
		}
	}
	return nil
}

// caller is an official of the demo, as signing in would give it.
func (s *stage) caller(m jisr.MemberID, post jisr.OfficialID) node.Caller {
	for _, p := range demoPosts() {
		if p.ID == post {
			return node.Caller{Account: jisr.ThingID("official/" + post), Title: p.Post, Desk: p.Desk, DeskName: s.desk(m, p.Desk), Roles: p.Roles}
		}
	}
	return node.Caller{}
}

func (s *stage) as(ctx context.Context, m jisr.MemberID, post jisr.OfficialID, cmd node.Command) error {
	if _, err := s.nodes[m].Do(ctx, s.caller(m, post), cmd); err != nil {
		return fmt.Errorf("couldn't play a step of the story as %s of %s: %w", post, m, err)
	}
	return nil
}

// open lets a desk open a note that arrived. The note is held there already; its book may be a moment behind.
func (s *stage) open(ctx context.Context, ago time.Duration, m jisr.MemberID, id jisr.ThingID) error {
	s.clock.forward(ago)
	limit, cancel := context.WithTimeout(ctx, stepWithin)
	defer cancel()
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		_, err := s.nodes[m].Book().Note(limit, book.Whole(), s.cast.forum, id)
		if err == nil {
			return s.as(ctx, m, postDrafter, node.OpenNote{Forum: s.cast.forum, ID: id})
		}
		var r *jisr.Refusal
		if !errors.As(err, &r) || r.Kind != jisr.NoSuch {
			return err
		}
		select {
		case <-limit.Done():
			return fmt.Errorf("couldn't see %s arrive at %s: %w", id, m, limit.Err())
		case <-tick.C:
		}
	}
}

// upload takes one of the embedded files as an attachment.
func upload(ctx context.Context, n *node.Node, by node.Caller, name string) (jisr.DraftFile, error) {
	data, err := demoFiles.ReadFile("demo/" + name)
	if err != nil {
		return jisr.DraftFile{}, fmt.Errorf("couldn't read an attachment of the story: %w", err)
	}
	typ := map[string]string{".csv": "text/csv", ".json": "application/stix+json;version=2.1"}[path.Ext(name)]
	u, err := n.NewUpload(ctx, by, name, typ, int64(len(data)))
	if err != nil {
		return jisr.DraftFile{}, err
	}
	if _, err := n.WriteUpload(ctx, by, u.ID, 0, bytes.NewReader(data)); err != nil {
		return jisr.DraftFile{}, err
	}
	return jisr.DraftFile{Upload: u.ID, Name: name}, nil
}
