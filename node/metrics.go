package node

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"

	"jisr"
)

// metrics counts commands by what came of them. mu guards the map; verbs and refusal kinds are few and ours.
type metrics struct {
	mu       sync.Mutex
	commands map[[2]string]int64
}

func newMetrics() *metrics { return &metrics{commands: map[[2]string]int64{}} }

func (m *metrics) command(v Verb, err error) {
	outcome := "done"
	if r := (*jisr.Refusal)(nil); errors.As(err, &r) {
		outcome = string(r.Kind)
	} else if err != nil {
		outcome = "failed"
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.commands[[2]string{string(v), outcome}]++
}

// Metrics writes the node's figures in the Prometheus text format, version 0.0.4.
func (n *Node) Metrics(w io.Writer) error {
	p := &printer{w: w}
	p.family("jisr_commands_total", "counter", "Commands by what came of them.")
	n.metrics.mu.Lock()
	keys := slices.SortedFunc(maps.Keys(n.metrics.commands), func(a, b [2]string) int { return slices.Compare(a[:], b[:]) })
	for _, k := range keys {
		p.printf("jisr_commands_total{command=%q,outcome=%q} %d\n", k[0], k[1], n.metrics.commands[k])
	}
	n.metrics.mu.Unlock()
	p.family("jisr_policy_questions_total", "counter", "Questions put to the policies since those in force are.")
	p.printf("jisr_policy_questions_total %d\n", n.PolicyQuestions())
	n.linkMetrics(p)
	return p.err
}

func (n *Node) linkMetrics(p *printer) {
	links := n.Links()
	p.family("jisr_link_state", "gauge", "1 for the state each link is in: linked, waiting, refused.")
	for _, l := range links {
		for _, s := range []LinkState{Linked, Waiting, RefusedLink} {
			on := 0
			if l.State == s {
				on = 1
			}
			p.printf("jisr_link_state{member=%q,state=%q,because=%q} %d\n", l.Member, s, l.Because, on)
		}
	}
	p.family("jisr_link_queued_acts", "gauge", "Acts of this member that the other does not hold yet.")
	for _, l := range links {
		p.printf("jisr_link_queued_acts{member=%q} %d\n", l.Member, l.Queued)
	}
	p.family("jisr_link_contact_seconds", "gauge", "Unix time of the last sign of life.")
	for _, l := range links {
		if !l.Contact.IsZero() {
			p.printf("jisr_link_contact_seconds{member=%q} %d\n", l.Member, l.Contact.Unix())
		}
	}
	if p.err == nil {
		p.err = n.link.Metrics(p.w)
	}
}

// printer keeps the first error of many writes.
type printer struct {
	w   io.Writer
	err error
}

func (p *printer) printf(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format, args...)
	}
}

func (p *printer) family(name, typ, help string) {
	p.printf("# HELP %s %s\n# TYPE %s %s\n", name, help, name, typ)
}
