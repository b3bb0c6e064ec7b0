package main

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
)

func versionVerb() verb {
	return verb{
		name:  "version",
		short: both{"print which build of Jisr this is", "اطبع رقم هذه النسخة من جسر"},
		setup: func(o *options) runner {
			asJSON := o.asJSON()
			return func(_ context.Context, t *terminal, _ []string) error { return version(t, *asJSON) }
		},
	}
}

// version prints what the Go tool wrote into the program: nothing has to be kept by hand.
func version(t *terminal, asJSON bool) error {
	v := map[string]string{"version": "(devel)", "go": runtime.Version(), "platform": runtime.GOOS + "/" + runtime.GOARCH}
	if info, ok := debug.ReadBuildInfo(); ok {
		v["version"] = info.Main.Version
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" || s.Key == "vcs.time" || s.Key == "vcs.modified" {
				v[s.Key[len("vcs."):]] = s.Value
			}
		}
	}
	if asJSON {
		return t.json(v)
	}
	fmt.Fprintln(t.out, "jisr", v["version"], v["revision"], v["go"], v["platform"])
	return nil
}
