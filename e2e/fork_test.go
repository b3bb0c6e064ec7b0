package e2e_test

import (
	"os"
	"os/exec"
	"testing"
	"time"

	"jisr/link/linktest"
)

// TestOldCopy runs a node on an old copy of its directory, as an operator's mistake would. Cut off from its partner
// it cannot know, and writes: its log forks. The partner refuses the second history, keeps both signed checkpoints
// as evidence, and everything else goes on.
func TestOldCopy(t *testing.T) {
	w := newWorld(t, "iq", "sy")
	iq, sy := w.nodes["iq"], w.nodes["sy"]
	held(t, iq, "first")
	iq.kill()
	old := iq.dir + ".old"
	run(t, "cp", "-a", iq.dir, old)
	iq.start()
	for _, key := range []string{"second", "third"} {
		held(t, iq, key)
	}
	before, err := sy.digest()
	if err != nil {
		t.Fatal(err)
	}

	iq.kill()
	if err := os.RemoveAll(iq.dir); err != nil {
		t.Fatal(err)
	}
	run(t, "mv", old, iq.dir)
	for _, p := range w.nodes {
		p.relay.Set(linktest.Hole)
	}
	iq.start()
	for _, key := range []string{"other", "another", "one more", "and one"} {
		if _, _, err := iq.send(key, "routine", 0); err != nil {
			t.Fatal(err)
		}
	}
	for _, p := range w.nodes {
		p.relay.Set(linktest.Open)
	}
	w.until(30*time.Second, "sy keeps evidence of the fork", func() bool {
		var kept struct {
			Items []struct{ Member, Kind string } `json:"items"`
		}
		_, err := sy.call("GET", "/api/v1/evidence", nil, nil, &kept)
		for _, e := range kept.Items {
			if e.Member == "iq" && (e.Kind == "fork" || e.Kind == "root") {
				return true
			}
		}
		if err != nil {
			t.Log(err)
		}
		return false
	})
	w.until(30*time.Second, "iq is told that it is refused, and why", func() bool {
		var links struct {
			Items []struct{ Member, State, Because string } `json:"items"`
		}
		_, err := iq.call("GET", "/api/v1/links", nil, nil, &links)
		return err == nil && len(links.Items) == 1 && links.Items[0].State == "refused" && links.Items[0].Because != ""
	})
	w.until(30*time.Second, "iq writes no more in that forum", func() bool {
		_, status, err := iq.send("", "routine", 0)
		return err != nil && status == 503
	})
	after, err := sy.digest()
	if err != nil || after.Sizes["iq"] != before.Sizes["iq"] || after.Digest != before.Digest {
		t.Fatalf("something of the second history was kept: %+v, then %+v (%v)", before, after, err)
	}
	held(t, sy, "the rest goes on")
}

// TestOldCopyThatAsksFirst: with the road open, the node on an old copy learns that it is behind before it writes,
// and then writes nothing.
func TestOldCopyThatAsksFirst(t *testing.T) {
	w := newWorld(t, "iq", "sy")
	iq := w.nodes["iq"]
	held(t, iq, "first")
	iq.kill()
	old := iq.dir + ".old"
	run(t, "cp", "-a", iq.dir, old)
	iq.start()
	held(t, iq, "second")
	iq.kill()
	if err := os.RemoveAll(iq.dir); err != nil {
		t.Fatal(err)
	}
	run(t, "mv", old, iq.dir)
	iq.start()
	if _, status, err := iq.send("fourth", "routine", 0); err == nil || status != 503 {
		t.Fatalf("a node that is behind its partner's mirror wrote: %d %v", status, err)
	}
}

// held releases a note and waits until the other side holds it.
func held(t *testing.T, p *peer, key string) {
	t.Helper()
	if _, status, err := p.send(key, "routine", 30); err != nil || status != 200 {
		t.Fatalf("%s: %d %v", key, status, err)
	}
}

func run(t *testing.T, name string, args ...string) {
	t.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
}
