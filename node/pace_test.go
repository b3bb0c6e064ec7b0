package node

import (
	"fmt"
	"testing"
	"time"
)

// An account may write in bursts and goes on at its rate; another's bucket is its own, and what is remembered is bounded.
func TestWritesKeepPace(t *testing.T) {
	p, now := &pace{}, time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC)
	for i := range 20 {
		if wait := p.take("one", 10, 20, now); wait != 0 {
			t.Fatalf("write %d of a burst of 20 waits %v", i+1, wait)
		}
	}
	if wait := p.take("one", 10, 20, now); wait <= 0 || wait > 100*time.Millisecond {
		t.Errorf("after the burst it waits %v", wait)
	}
	if wait := p.take("other", 10, 20, now); wait != 0 {
		t.Errorf("another waits %v", wait)
	}
	now = now.Add(time.Second)
	for range 10 {
		if wait := p.take("one", 10, 20, now); wait != 0 {
			t.Fatalf("a second later it waits %v", wait)
		}
	}
	if p.take("one", 10, 20, now) == 0 {
		t.Error("a second gives more than its rate")
	}
	for i := range 2 * maxPaced {
		p.take(fmt.Sprint(i), 10, 20, now)
	}
	if len(p.of) > maxPaced {
		t.Errorf("%d are remembered", len(p.of))
	}
}
