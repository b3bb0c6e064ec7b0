package main

import (
	"context"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

const (
	softMemory   = 256 << 20 // bytes the collector aims to stay under, unless GOMEMLIMIT says otherwise
	restMemory   = 56 << 20  // bytes that a node at rest may keep from the rest of the machine
	memoryLooked = 20 * time.Second
)

// giveBackMemory returns to the machine what work has left behind. Checking one password takes 64 MiB, which the
// runtime alone would keep for minutes after; a node at rest is to be small (design section 7). Looking costs
// microseconds; collecting, some milliseconds, and only after work.
func giveBackMemory(ctx context.Context) {
	tick := time.NewTicker(memoryLooked)
	defer tick.Stop()
	samples := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		metrics.Read(samples)
		if samples[0].Value.Uint64()-samples[1].Value.Uint64() > restMemory {
			debug.FreeOSMemory()
		}
	}
}
