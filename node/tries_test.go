package node

import (
	"fmt"
	"testing"
	"time"
)

// Neither a flood of addresses nor one of names makes a name forgotten that is guessed at, nor an address that guesses.
func TestAttemptsAreNotForgottenInAFlood(t *testing.T) {
	var tr tries
	now := time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
	for range triesOfName {
		tr.failed("name admin", now)
	}
	for range triesOfPlace {
		tr.failed("address 192.0.2.1", now)
	}
	for i := range maxTrackedTry + 500 {
		now = now.Add(time.Millisecond)
		tr.failed(fmt.Sprintf("address 198.51.%d.%d", i/256, i%256), now)
	}
	for i := range 200 {
		now = now.Add(time.Millisecond)
		tr.failed(fmt.Sprintf("name made.up.%d", i), now)
	}
	if tr.wait("name admin", triesOfName, now) == 0 || tr.wait("address 192.0.2.1", triesOfPlace, now) == 0 {
		t.Error("who is guessed at, or guesses, is forgotten")
	}
	if n := len(tr.of("address x")); n > maxTrackedTry {
		t.Errorf("%d are remembered", n)
	}
	now = now.Add(signInWindow + time.Second)
	tr.failed("address 203.0.113.1", now)
	if n := len(tr.of("address x")); n != 1 {
		t.Errorf("%d are remembered whose attempts are over", n)
	}
}

// A subscriber of IPv6 counts as one address, whichever of its own it comes from.
func TestPlaces(t *testing.T) {
	for _, c := range [][2]string{{"2a00:1450:4001:81b::1", "2a00:1450:4001:81b:ffff::2"}, {"fe80::1%eth0", "fe80::2"}} {
		if placeOf(c[0]) != placeOf(c[1]) {
			t.Errorf("%s and %s are two places", c[0], c[1])
		}
	}
	for _, c := range [][2]string{{"2a00:1450:4001:81b::1", "2a00:1450:4001:81c::1"}, {"192.0.2.1", "192.0.2.2"}, {"::ffff:192.0.2.1", "::ffff:192.0.2.2"}, {"unix", "192.0.2.1"}} {
		if placeOf(c[0]) == placeOf(c[1]) {
			t.Errorf("%s and %s are one place", c[0], c[1])
		}
	}
}

// A bucket that was emptied is not full again because many others come.
func TestPaceRemembersWhoRunsWild(t *testing.T) {
	var p pace
	now := time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
	for p.take("address 192.0.2.1", 1, 100, now) == 0 {
	}
	for i := range maxPaced + 500 {
		p.take(fmt.Sprintf("address 198.51.%d.%d", i/256, i%256), 1, 100, now)
	}
	if p.take("address 192.0.2.1", 1, 100, now) == 0 {
		t.Error("who ran wild begins anew")
	}
	if len(p.of) > maxPaced {
		t.Errorf("%d are remembered", len(p.of))
	}
}
