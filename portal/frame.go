package portal

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"sync"

	"jisr"
	"jisr/book"
	"jisr/node"
)

// page makes what stands around a page's own content. It cannot fail: pages of refusals have it too. Figures
// that cannot be read are left out and logged.
func (s *site) page(r *request, current string) Page {
	self := s.node.Self()
	p := Page{L: r.l, Path: pathOf(r), Current: current, Assets: s.assets.names, Self: MemberBadge{ID: string(self.ID), Name: inLanguage(r.l, self.Name)},
		Members: s.memberIDs(), Others: s.otherLanguages(r), Search: clip(r.URL.Query().Get("q"), maxSearch), Demo: s.demo, Restored: s.node.Restored()}
	if r.caller.Account == "" {
		return p
	}
	p.Post, p.Desk = inLanguage(r.l, r.caller.Title), inLanguage(r.l, r.caller.DeskName)
	if p.Post == "" {
		p.Post = r.caller.Account.Name()
	}
	p.MayNote = node.May(r.caller, "note.draft") == nil
	p.MayHouse = node.May(r.caller, node.ReadHouse) == nil || node.May(r.caller, node.ReadAudit) == nil
	if isLive(r) {
		return p // only what changes is sent, and it has no navigation
	}
	counts, err := s.counts.get(r.Context(), s.node, s.node.ScopeOf(r.caller))
	if err != nil {
		s.log.Error("couldn't count what waits", "err", err)
	}
	p.Counts = Counts{Today: counts.Ours, Notes: counts.Unopened}
	return p
}

// counts remembers the figures that stand on every page until something changes: counting ten thousand notes
// takes longer than the rest of a page. mu guards the rest.
type counts struct {
	mu      sync.Mutex
	changes int64 // what the node had come to before the figures were read
	known   jisr.Heard
	figures map[string]book.Counts // by the key of the scope; dropped as a whole when something changes
}

// get gives figures of a scope that are no older than the call.
func (c *counts) get(ctx context.Context, n *node.Node, s book.Scope) (book.Counts, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	changes, known := n.Changes(), n.Known()
	if !c.known.Equal(known) || c.changes != changes || len(c.figures) >= maxCounts {
		c.changes, c.known, c.figures = changes, known, map[string]book.Counts{}
	}
	key := s.Key()
	if figures, ok := c.figures[key]; ok {
		return figures, nil
	}
	figures, err := n.Book().Counts(ctx, s, known)
	if err == nil {
		c.figures[key] = figures
	}
	return figures, err
}

// healths remembers figures of commitments in the same way, by scope and question.
type healths struct {
	mu      sync.Mutex
	changes int64
	known   jisr.Heard
	figures map[string]jisr.Health
}

// get gives figures that are no older than the call. What it gives is shared: nobody changes it.
func (c *healths) get(ctx context.Context, n *node.Node, s book.Scope, q book.ThingQuery) (jisr.Health, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	changes, known := n.Changes(), n.Known()
	if !c.known.Equal(known) || c.changes != changes || len(c.figures) >= maxCounts {
		c.changes, c.known, c.figures = changes, known, map[string]jisr.Health{}
	}
	key := strings.Join(append([]string{s.Key(), string(q.Forum), string(q.Member), q.State, q.Search}, q.Labels...), "\n")
	if figures, ok := c.figures[key]; ok {
		return figures, nil
	}
	figures, err := n.Book().Health(ctx, s, q, known)
	if err == nil {
		c.figures[key] = figures
	}
	return figures, err
}

// live is page for a page that brings itself up to date.
func (s *site) live(r *request, current string) Page {
	p := s.page(r, current)
	p.Live, p.Since = true, r.at
	return p
}

// memberIDs lists all members known here, sorted.
func (s *site) memberIDs() []string {
	all := []string{string(s.node.Self().ID)}
	for _, m := range s.partners() {
		all = append(all, string(m))
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// pathOf is the address of the page without its language. A page that answered a form is asked for anew as the
// form: what was written in it is not in the address.
func pathOf(r *request) string {
	u := url.URL{Path: r.URL.Path, RawQuery: r.URL.RawQuery}
	rest := u.RequestURI()
	if prefix := "/" + r.lang; len(rest) > len(prefix) && rest[:len(prefix)+1] == prefix+"/" {
		return clip(rest[len(prefix):], maxAddress)
	}
	return "/"
}

func (s *site) otherLanguages(r *request) []Language {
	var all []Language
	for _, lang := range s.langs {
		if lang != r.lang {
			all = append(all, Language{Tag: lang, Name: s.words.In(lang).Name(), URL: "/" + lang + pathOf(r)})
		}
	}
	return all
}
