package e2e_test

import (
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"

	"jisr/link/linktest"
)

// TestOldCopy runs a node on an old copy of its directory, as an operator's mistake would. Cut off from its partner
// it cannot know, and writes: its log forks. The partner refuses the second history, keeps both signed checkpoints
// as evidence, and everything else goes on. What was written so is lost: the old copy is put back once more, asks
// first this time, and fetches from its partner what it lacks.
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
	before := w.agree(30 * time.Second) // sy's book follows its mirror

	iq.kill()
	if err := os.RemoveAll(iq.dir); err != nil {
		t.Fatal(err)
	}
	run(t, "cp", "-a", old, iq.dir)
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

	iq.kill()
	if err := os.RemoveAll(iq.dir); err != nil {
		t.Fatal(err)
	}
	run(t, "mv", old, iq.dir)
	iq.start()
	heals(t, iq, before.Sizes["iq"])
}

// heals waits until a node that lacked entries of its own log writes again, after all that its partner held.
func heals(t *testing.T, p *peer, size int64) {
	t.Helper()
	p.w.until(30*time.Second, p.name+" writes again", func() bool {
		_, status, err := p.send("", "routine", 30)
		if err != nil && status != 503 {
			t.Errorf("refused in another way: %d %v", status, err)
		}
		return err == nil && status == 200
	})
	d := p.w.agree(30 * time.Second)
	if d.Sizes[p.name] != size+1 {
		t.Errorf("%d acts, want all %d and one more", d.Sizes[p.name], size)
	}
	numbersOnce(t, p)
}

// numbersOnce makes sure that no two notes of a member have one reference number.
func numbersOnce(t *testing.T, p *peer) {
	t.Helper()
	var page struct {
		Items []struct {
			ID, From string
			Number   int
		} `json:"items"`
	}
	if _, err := p.call("GET", "/api/v1/forums/"+p.w.forum+"/notes?limit=100", nil, nil, &page); err != nil || len(page.Items) == 0 {
		t.Fatalf("%d notes: %v", len(page.Items), err)
	}
	seen := map[string]string{}
	for _, n := range page.Items {
		if other, twice := seen[fmt.Sprint(n.From, n.Number)]; twice || n.Number == 0 {
			t.Errorf("notes %s and %s of %s have the number %d", n.ID, other, n.From, n.Number)
		}
		seen[fmt.Sprint(n.From, n.Number)] = n.ID
	}
}

// TestOldCopyThatAsksFirst: with the road open, the node on an old copy learns that it is behind before it writes,
// writes nothing until it has fetched back what it lacks, and then goes on.
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
	before, err := w.nodes["sy"].digest()
	if err != nil {
		t.Fatal(err)
	}
	// The road is slow, so that what is asked of the node at once comes before anything is back.
	w.nodes["sy"].relay.Shape(linktest.Shape{BitsPerSecond: 64_000})
	iq.start()
	if _, status, err := iq.send("fourth", "routine", 0); err == nil || status != 503 {
		t.Fatalf("a node that is behind its partner's mirror wrote: %d %v", status, err)
	}
	w.nodes["sy"].relay.Shape(linktest.Shape{})
	heals(t, iq, before.Sizes["iq"])
	var kept struct {
		Items []struct{ Kind string } `json:"items"`
	}
	if _, err := w.nodes["sy"].call("GET", "/api/v1/evidence", nil, nil, &kept); err != nil || len(kept.Items) != 0 {
		t.Errorf("the partner has evidence of something: %v %v", kept.Items, err)
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
