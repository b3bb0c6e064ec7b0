package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// figures are what one side of a comparison reached. The names are an interface (design section 6); what was not
// measured is left out. Milliseconds are of wall time, per_second counts what both nodes have durably and the
// writer knows it, MB are 2^20 bytes.
type figures struct {
	Note       *noteFigures       `json:"note,omitempty"`
	Backlog    *backlogFigures    `json:"backlog,omitempty"`
	Records    *recordFigures     `json:"records,omitempty"`
	Rebuild    *rebuildFigures    `json:"rebuild,omitempty"`
	Page       *pageFigures       `json:"page,omitempty"`
	Commitment *commitmentFigures `json:"commitment,omitempty"`
	Policy     *policyFigures     `json:"policy,omitempty"`

	Agreement *agreementFigures `json:"agreement,omitempty"`
	Search    *searchFigures    `json:"search,omitempty"`
	Public    *publicFigures    `json:"public,omitempty"`

	Idle  *idleFigures  `json:"idle,omitempty"`
	Ready *readyFigures `json:"ready,omitempty"`
}

type noteFigures struct {
	P50       float64 `json:"p50_ms"`
	P99       float64 `json:"p99_ms"`
	PerSecond float64 `json:"per_second"`
	Senders   int     `json:"senders,omitempty"` // of the rate
}

type backlogFigures struct {
	Seconds float64 `json:"seconds"`
	Notes   int     `json:"notes"`
	Outage  float64 `json:"outage_seconds"`
}

type rebuildFigures struct {
	PerSecond float64 `json:"acts_per_second"`
	Acts      int64   `json:"acts,omitempty"`
}

type pageFigures struct {
	P95   float64 `json:"p95_ms"`
	Notes int     `json:"notes,omitempty"` // in the lists
}

type idleFigures struct {
	RSS float64 `json:"rss_mb"`
}

type readyFigures struct {
	Seconds float64 `json:"seconds"`
}

// report is what --json prints.
type report struct {
	figures
	Baseline figures           `json:"baseline"`
	Machine  map[string]string `json:"machine"`
}

// benchPlan says how much is done of everything.
type benchPlan struct {
	only    []string
	latency int           // notes sent one after the other
	senders int           // at once
	rate    time.Duration // how long they send
	backlog int           // notes written while the road is cut
	outage  time.Duration
	acts    int // in the ledger that is rebuilt
	pages   int // of each kind
	records int
	things  int           // beside the records that a search looks through
	reading time.Duration // how long the public reads
}

func fullPlan() benchPlan {
	return benchPlan{latency: 500, senders: 256, rate: 8 * time.Second, backlog: 300, outage: 60 * time.Second, acts: 100_000, pages: 200, records: 1_000_000, things: 100_000, reading: 8 * time.Second}
}

func quickPlan() benchPlan {
	return benchPlan{latency: 200, senders: 256, rate: 3 * time.Second, backlog: 300, outage: 8 * time.Second, acts: 20_000, pages: 100, records: 120_000, things: 12_000, reading: 3 * time.Second}
}

// measurements lists what can be asked for with --only, in the order it is done.
func measurements() []string {
	return []string{"ready", "rebuild", "note", "backlog", "page", "agreement", "commitment", "policy", "records", "search", "public"}
}

func (p benchPlan) has(name string) bool { return len(p.only) == 0 || slices.Contains(p.only, name) }

func benchVerb() verb {
	return verb{
		name:  "bench",
		short: both{"measure two nodes on this machine, each figure beside a baseline", "قِس منظومتين على هذا الجهاز، وإلى جانب كل رقم خط أساس"},
		long: both{
			"Founds two nodes in a directory that is removed at the end, runs them as two processes of jisr serve, durable on both\n" +
				"sides, and measures: a note from release to the other side's signature, notes per second, the backlog after the road\n" +
				"was cut, rebuilding the book, pages, an idle node, a start. The baseline does the least that such a thing can do, in\n" +
				"the same run: insert with fsync, sign twice, a TLS round trip, insert and sign there; an empty server; bare inserts.\n" +
				"The full run takes about two minutes, one of them an outage.",
			"ينشئ منظومتين في مجلد يُحذف في النهاية ويشغّلهما بعمليتين من jisr serve، ويقيس المذكرة من إصدارها إلى توقيع الطرف الآخر،\n" +
				"وعدد المذكرات في الثانية، وما تراكم بعد انقطاع، وإعادة بناء الدفتر، والصفحات، والمنظومة الخاملة، وبدء التشغيل.\n" +
				"وخط الأساس أقلّ ما يمكن فعله، في التشغيل نفسه.",
		},
		setup: func(o *options) runner {
			asJSON := o.asJSON()
			quick := o.on("quick", both{"measure less: about half a minute", "قياس أقصر: نحو نصف دقيقة"})
			only := o.text("only", "NAMES", "", both{"of ready, rebuild, note, backlog, page, agreement, commitment, policy, records, search, public; with commas between", "من ready و rebuild و note و backlog و page و agreement و commitment و policy و records و search و public؛ مفصولة بفواصل"})
			records := o.Int("records", 0, o.describe("records", "N", both{"how many records; default 1,000,000, ten million take some twenty minutes and 10 GB of disk", "عدد السجلات؛ والافتراضي مليون، وعشرة ملايين تستغرق نحو عشرين دقيقة"}))
			greet := o.String("hello", "", "") // what the baseline of an idle node starts; not in the help
			return func(ctx context.Context, t *terminal, _ []string) error {
				if *greet != "" {
					return hello(ctx, t, *greet)
				}
				plan := fullPlan()
				if *quick {
					plan = quickPlan()
				}
				if *records > 0 {
					plan.records = *records
				}
				for name := range strings.FieldsFuncSeq(*only, func(r rune) bool { return r == ',' || r == ' ' }) {
					if !slices.Contains(measurements(), name) {
						return usage("cli.bench.unknown", "name", name, "names", strings.Join(measurements(), ", "))
					}
					plan.only = append(plan.only, name)
				}
				r, err := measure(ctx, t, plan)
				if err != nil {
					return err
				}
				if *asJSON {
					return t.json(r)
				}
				return t.report(r)
			}
		},
	}
}

// measure does what the plan asks for, one thing after the other, since there are few cores.
func measure(ctx context.Context, t *terminal, plan benchPlan) (r *report, err error) {
	dir, err := os.MkdirTemp("", "jisr-bench-")
	if err != nil {
		return nil, fmt.Errorf("couldn't make a directory to measure in: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	r = &report{Machine: machine()}
	b := &bench{dir: dir, t: t, plan: plan}
	if err := b.found(ctx); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, b.stop()) }()
	if err := b.measure(ctx, r); err != nil {
		return nil, err
	}
	return r, baseline(ctx, filepath.Join(dir, "bare"), plan, &r.Baseline)
}

func (b *bench) measure(ctx context.Context, r *report) error {
	steps := []struct {
		name string
		do   func(context.Context, *report) error
	}{{"ready", b.ready}, {"rebuild", b.rebuild}, {"note", b.notes}, {"backlog", b.backlog}, {"page", b.pages}, {"agreement", b.agreements}, {"commitment", b.commitments}, {"policy", b.policies}, {"records", b.records}, {"search", b.search}, {"public", b.public}}
	if err := b.start(ctx); err != nil {
		return err
	}
	for _, s := range steps {
		if !b.plan.has(s.name) {
			continue
		}
		if err := s.do(ctx, r); err != nil {
			return fmt.Errorf("couldn't measure %s: %w", s.name, err)
		}
	}
	return nil
}

// report prints the figures as a table, baseline beside.
func (t *terminal) report(r *report) error {
	rows := [][]string{{t.lang.T("cli.bench.figure"), t.lang.T("cli.bench.jisr"), t.lang.T("cli.bench.baseline")}}
	add := func(name string, value func(*figures) (float64, bool)) {
		got, ok := value(&r.figures)
		if !ok {
			return
		}
		bare := "–"
		if v, ok := value(&r.Baseline); ok {
			bare = figure(v)
		}
		rows = append(rows, []string{name, figure(got), bare})
	}
	add("note, p50 (ms)", func(f *figures) (float64, bool) { return f.note(func(n *noteFigures) float64 { return n.P50 }) })
	add("note, p99 (ms)", func(f *figures) (float64, bool) { return f.note(func(n *noteFigures) float64 { return n.P99 }) })
	add("notes a second", func(f *figures) (float64, bool) { return f.note(func(n *noteFigures) float64 { return n.PerSecond }) })
	add("backlog of 300 notes (s)", func(f *figures) (float64, bool) {
		return reached(f.Backlog, func(x *backlogFigures) float64 { return x.Seconds })
	})
	add("records a second", func(f *figures) (float64, bool) {
		return reached(f.Records, func(x *recordFigures) float64 { return x.PerSecond })
	})
	add("memory meanwhile (MB)", func(f *figures) (float64, bool) {
		return measured(f.Records, func(x *recordFigures) float64 { return x.RSS })
	})
	add("a flash note meanwhile, p99 (ms)", func(f *figures) (float64, bool) {
		return measured(f.Records, func(x *recordFigures) float64 { return x.Flash })
	})
	add("lists and charts of records, p95 (ms)", func(f *figures) (float64, bool) {
		return measured(f.Records, func(x *recordFigures) float64 { return x.P95 })
	})
	add("rebuilt acts a second", func(f *figures) (float64, bool) {
		return reached(f.Rebuild, func(x *rebuildFigures) float64 { return x.PerSecond })
	})
	add("page, p95 (ms)", func(f *figures) (float64, bool) {
		return reached(f.Page, func(x *pageFigures) float64 { return x.P95 })
	})
	add("pages of 200 articles in three languages, p95 (ms)", func(f *figures) (float64, bool) {
		return reached(f.Agreement, func(x *agreementFigures) float64 { return x.P95 })
	})
	add("what changed between two such texts (ms)", func(f *figures) (float64, bool) {
		return reached(f.Agreement, func(x *agreementFigures) float64 { return x.Diff })
	})
	add("pages over 10,000 commitments, p95 (ms)", func(f *figures) (float64, bool) {
		return reached(f.Commitment, func(x *commitmentFigures) float64 { return x.P95 })
	})
	add("… when something has just changed (ms)", func(f *figures) (float64, bool) {
		return reached(f.Commitment, func(x *commitmentFigures) float64 { return x.Cold })
	})
	add("policies, 20 questions of a page (ms)", func(f *figures) (float64, bool) {
		return reached(f.Policy, func(x *policyFigures) float64 { return x.Page })
	})
	add("signing in and policies in a page (ms)", func(f *figures) (float64, bool) {
		return reached(f.Policy, func(x *policyFigures) float64 { return x.Added })
	})
	add("… the same page without them (ms)", func(f *figures) (float64, bool) {
		return reached(f.Policy, func(x *policyFigures) float64 { return x.Without })
	})
	add("search over all records and things, p95 (ms)", func(f *figures) (float64, bool) {
		return reached(f.Search, func(x *searchFigures) float64 { return x.P95 })
	})
	add("a public page on one core, requests a second", func(f *figures) (float64, bool) {
		return reached(f.Public, func(x *publicFigures) float64 { return x.PerSecond })
	})
	add("idle memory (MB)", func(f *figures) (float64, bool) {
		return reached(f.Idle, func(x *idleFigures) float64 { return x.RSS })
	})
	add("start to ready (s)", func(f *figures) (float64, bool) {
		return reached(f.Ready, func(x *readyFigures) float64 { return x.Seconds })
	})
	return t.table(rows)
}

func (f *figures) note(of func(*noteFigures) float64) (float64, bool) {
	if f.Note == nil || of(f.Note) == 0 {
		return 0, false
	}
	return of(f.Note), true
}

// reached is a figure of a part; false where it was not measured.
func reached[T any](part *T, of func(*T) float64) (float64, bool) {
	if part == nil {
		return 0, false
	}
	return of(part), true
}

// measured is a figure of a part, where there is more than nothing.
func measured[T any](part *T, of func(*T) float64) (float64, bool) {
	v, ok := reached(part, of)
	return v, ok && v > 0
}

// figure writes a number with as many digits as mean anything.
func figure(v float64) string {
	switch {
	case v >= 100:
		return fmt.Sprintf("%.0f", v)
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.2f", v)
}

// quantile of durations that are sorted, by nearest rank.
func quantile(sorted []time.Duration, q float64) float64 {
	if len(sorted) == 0 {
		return 0
	}
	i := int(q*float64(len(sorted))+0.999999) - 1
	return rounded(sorted[min(max(i, 0), len(sorted)-1)].Seconds() * 1000)
}

// rounded leaves three decimals: more say nothing.
func rounded(v float64) float64 { return math.Round(v*1000) / 1000 }
