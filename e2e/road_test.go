package e2e_test

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"jisr/link/linktest"
)

// TestOutage cuts the link, queues 300 notes, restores it, and looks how long they take.
func TestOutage(t *testing.T) {
	for _, how := range []string{"refused", "silent"} {
		t.Run(how, func(t *testing.T) {
			w := newWorld(t, "iq", "sy")
			iq, sy := w.nodes["iq"], w.nodes["sy"]
			if _, status, err := iq.send("before", "routine", 20); err != nil || status != 200 {
				t.Fatalf("before the cut: %d %v", status, err)
			}
			for _, p := range w.nodes {
				if how == "refused" {
					p.relay.Set(linktest.Refuse)
				} else {
					p.relay.Set(linktest.Hole)
				}
			}
			last := sendMany(t, iq, 300)
			waiting(w, iq, "sy")
			back := time.Now()
			for _, p := range w.nodes {
				p.relay.Set(linktest.Open)
			}
			w.until(20*time.Second, "the last of 300 notes is held", func() bool {
				n, err := iq.note(last)
				return err == nil && n.Receipts["sy"].Held != nil
			})
			took := time.Since(back)
			t.Logf("300 notes held %v after the link's return", took)
			if took > 10*time.Second { // the figure, 2 s, is measured by jisr bench; this is a bound for a noisy machine
				t.Errorf("took %v", took)
			}
			w.agree(10 * time.Second)
			inOrder(w, sy)
		})
	}
}

// waiting looks whether the node says that the road is cut.
func waiting(w *world, p *peer, other string) {
	w.t.Helper()
	w.until(20*time.Second, p.name+" says it waits for "+other, func() bool {
		var links struct {
			Items []struct{ Member, State string } `json:"items"`
		}
		if _, err := p.call("GET", "/api/v1/links", nil, nil, &links); err != nil {
			return false
		}
		for _, l := range links.Items {
			if l.Member == other && l.State == "waiting" {
				return true
			}
		}
		return false
	})
}

func sendMany(t *testing.T, p *peer, n int) (last string) {
	t.Helper()
	var wg sync.WaitGroup
	ids := make([]string, n)
	for worker := range 8 {
		wg.Go(func() {
			for i := worker; i < n; i += 8 {
				out, _, err := p.send(fmt.Sprintf("many-%d", i), "routine", 0)
				if err != nil {
					t.Error(err)
					return
				}
				ids[i] = out.ID
			}
		})
	}
	wg.Wait()
	out, _, err := p.send("many-last", "routine", 0)
	if err != nil {
		t.Fatal(err)
	}
	return out.ID
}

// inOrder looks whether the numbers of the series arrived without a gap.
func inOrder(w *world, p *peer) {
	w.t.Helper()
	var page struct {
		Items []struct {
			Number int    `json:"number"`
			From   string `json:"from"`
		} `json:"items"`
	}
	if _, err := p.call("GET", "/api/v1/forums/"+w.forum+"/notes?limit=200", nil, nil, &page); err != nil {
		w.t.Fatal(err)
	}
	for i := 1; i < len(page.Items); i++ {
		if page.Items[i-1].Number != page.Items[i].Number+1 {
			w.t.Fatalf("number %d is listed after %d", page.Items[i-1].Number, page.Items[i].Number)
		}
	}
}

// TestSlowLink sends a flash note behind 20 MB and 500 routine notes on a road of 64 kbit/s that loses every
// fifth packet.
func TestSlowLink(t *testing.T) {
	w := newWorld(t, "iq", "sy")
	iq := w.nodes["iq"]
	if _, status, err := iq.send("before", "routine", 20); err != nil || status != 200 {
		t.Fatalf("before: %d %v", status, err)
	}
	for _, p := range w.nodes {
		p.relay.Shape(linktest.Slow(1))
	}
	big := make([]byte, 20<<20)
	rand.Read(big)
	file := iq.upload("measurements.bin", "application/octet-stream", big)
	if _, _, err := iq.send("big", "routine", 0, file); err != nil {
		t.Fatal(err)
	}
	sendMany(t, iq, 500)
	start := time.Now()
	flash, status, err := iq.send("flash", "flash", 60)
	if err != nil || status != 200 {
		t.Fatalf("flash: %d %v", status, err)
	}
	took := time.Since(start)
	n, err := iq.note(flash.ID)
	if err != nil || n.Receipts["sy"].Held == nil {
		t.Fatalf("the receipt does not say so: %+v %v", n, err)
	}
	t.Logf("flash held after %v", took)
	if took > 15*time.Second {
		t.Errorf("flash note took %v, want at most 15s", took)
	}
	before := totalBytes(w)
	for _, p := range w.nodes {
		p.relay.Shape(linktest.Shape{})
	}
	w.until(60*time.Second, "the rest is held", func() bool {
		var links struct {
			Items []struct{ Queued int64 } `json:"items"`
		}
		_, err := iq.call("GET", "/api/v1/links", nil, nil, &links)
		return err == nil && len(links.Items) == 1 && links.Items[0].Queued == 0
	})
	sent := totalBytes(w)
	t.Logf("%d bytes before the road was free again, %d in all, for an attachment of %d", before, sent, len(big))
	if limit := int64(len(big)) + 3<<20; sent > limit {
		t.Errorf("%d bytes crossed, want at most %d: something was sent twice", sent, limit)
	}
	w.agree(10 * time.Second)
}

func totalBytes(w *world) (sum int64) {
	for _, p := range w.nodes {
		in, out := p.relay.Bytes()
		sum += in + out
	}
	return sum
}

// TestThreeMembers: each mirrors and countersigns the other two, through kills and cuts.
func TestThreeMembers(t *testing.T) {
	w := newWorld(t, "iq", "jo", "sy")
	load := startLoad(w, 1)
	load.more(w, 30)
	w.nodes["jo"].relay.Set(linktest.Hole)
	load.more(w, 30)
	w.nodes["sy"].kill()
	load.more(w, 10)
	w.nodes["sy"].start()
	w.nodes["jo"].relay.Set(linktest.Open)
	load.more(w, 30)
	load.stop()
	w.agree(60 * time.Second)
	load.checkAll(w)
	for _, name := range w.names {
		out, status, err := w.nodes[name].send("last-"+name, "priority", 30)
		if err != nil || status != 200 {
			t.Fatalf("%s: %d %v", name, status, err)
		}
		if n, err := w.nodes[name].note(out.ID); err != nil || len(n.Receipts) != 2 {
			t.Fatalf("%s: %+v %v: want two receipts", name, n, err)
		}
	}
	verifySample(w, load)
}

// TestRealData sends what ministries send: a real STIX bundle and a real table, and gets the same bytes back.
func TestRealData(t *testing.T) {
	data := filepath.Join("..", "..", "shared", "data")
	files := map[string]string{
		filepath.Join(data, "security", "oasis-indicator-to-campaign-relationship.json"):        "application/stix+json;version=2.1",
		filepath.Join(data, "refugees", "unhcr-population-iraq-syria-neighbours-1990-2025.csv"): "text/csv",
	}
	if _, err := os.Stat(data); err != nil {
		t.Skip("the real data is not beside the project")
	}
	w := newWorld(t, "iq", "sy")
	iq, sy := w.nodes["iq"], w.nodes["sy"]
	var ids []string
	var want [][]byte
	for path, typ := range files {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, iq.upload(filepath.Base(path), typ, b))
		want = append(want, b)
	}
	out, status, err := iq.send("real", "priority", 30, ids...)
	if err != nil || status != 200 {
		t.Fatalf("%d %v", status, err)
	}
	w.until(10*time.Second, "the note is at the other side", func() bool { _, err := sy.note(out.ID); return err == nil })
	for i := range want {
		got, err := sy.raw(fmt.Sprintf("/api/v1/forums/%s/notes/%s/attachments/%d", w.forum, out.ID, i))
		if err != nil || !bytes.Equal(got, want[i]) {
			t.Fatalf("attachment %d: %d bytes, want %d: %v", i, len(got), len(want[i]), err)
		}
	}
	n, err := sy.note(out.ID)
	if err != nil {
		t.Fatal(err)
	}
	sy.verify(n)
}
