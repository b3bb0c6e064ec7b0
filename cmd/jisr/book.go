package main

import (
	"context"
	"fmt"
	"runtime/debug"
	"time"

	"jisr/node"
)

func bookRebuildVerb() verb {
	return verb{
		name:  "book rebuild",
		short: both{"make the book anew from the ledger", "أعد بناء الدفتر من السجل"},
		long: both{
			"The book is what lists and pages are made from; the ledger is the truth. Rebuilding gives the same book, to its\n" +
				"digest. Stop the node first. The old book stays until the new one is complete.",
			"الدفتر هو ما تُبنى منه القوائم والصفحات، والحقيقة في السجل. وإعادة البناء تعطي الدفتر نفسه ببصمته.\n" +
				"أوقف المنظومة أولاً. ويبقى الدفتر القديم حتى يكتمل الجديد.",
		},
		setup: func(o *options) runner {
			dir, asJSON := o.dir(), o.asJSON()
			return func(ctx context.Context, t *terminal, _ []string) error {
				return rebuild(ctx, t, t.dirOf(*dir), *asJSON)
			}
		},
	}
}

func rebuild(ctx context.Context, t *terminal, dir string, asJSON bool) error {
	c, err := readConfig(dir, t.getenv)
	if err != nil {
		return err
	}
	release, err := runAlone(dir)
	if err != nil {
		return err
	}
	defer release()
	acts, took, err := rebuildAlone(ctx, node.Options{Dir: dir, Config: c, Logger: t.logger(c.Log)})
	if err != nil {
		return err
	}
	if asJSON {
		return t.json(map[string]any{"acts": acts, "seconds": took.Seconds()})
	}
	t.say("cli.rebuilt", "acts", acts, "seconds", fmt.Sprintf("%.1f", took.Seconds()))
	return nil
}

// rebuildAlone rebuilds a book. It is alone on its directory and soon over: memory for speed, within the bound a serving node
// keeps.
func rebuildAlone(ctx context.Context, o node.Options) (acts int64, took time.Duration, err error) {
	defer debug.SetGCPercent(debug.SetGCPercent(400))
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(softMemory))
	begin := time.Now()
	if acts, err = node.RebuildBook(ctx, o); err != nil {
		return acts, 0, fmt.Errorf("couldn't rebuild the book in %s: %w", o.Dir, err)
	}
	return acts, time.Since(begin), nil
}
