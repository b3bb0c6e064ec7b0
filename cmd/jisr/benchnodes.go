package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"jisr"
	"jisr/node"
)

const (
	benchForum   = jisr.ForumID("iq-sy")
	settleFor    = 3 * time.Second // before an idle node is looked at
	heldWithin   = 30 * time.Second
	starts       = 3
	benchAccount = "bench.drafter"
	pageNotes    = 10_000 // notes in the lists that pages are measured with (design section 7)
)

// bench is two nodes to be measured, and the road between them, which can be cut.
type bench struct {
	dir    string
	t      *terminal
	plan   benchPlan
	houses []house
	roads  []*road
	nodes  []*child
	client *http.Client
	water  *water // nil until one of the measurements on it
}

// house is one of the nodes.
type house struct {
	member   string
	dir      string
	url      string
	token    string
	password string
	letter   []byte
}

// found makes both nodes. Each letter of credence names the road to its node, not the node itself.
func (b *bench) found(ctx context.Context) error {
	b.client = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: b.plan.senders, MaxConnsPerHost: b.plan.senders}}
	for _, p := range demoCast(2).parties {
		ports, err := freePorts(2)
		if err != nil {
			return err
		}
		road, err := newRoad(ports[1])
		if err != nil {
			return err
		}
		b.roads = append(b.roads, road)
		h := house{member: p.member, dir: filepath.Join(b.dir, p.member), url: "http://" + ports[0]}
		made, err := found(ctx, b.t, h.dir, founding{
			config: node.Config{Member: p.member, Origin: p.origin, Name: p.name, Listen: ports[0], Log: "warn", Link: node.LinkConfig{Listen: ports[1], Addresses: []string{road.address()}}},
			desks:  p.desks[:1],
			posts:  []node.AddOfficial{{ID: benchAccount, Post: p.posts[0].Post, Desk: deskForeign, Roles: []jisr.Role{jisr.Drafter}}},
			tokens: []node.AddToken{{ID: "bench", Title: jisr.Text{"en": "bench"}, Desk: deskForeign, Roles: []jisr.Role{jisr.Direct, jisr.Reader}}},
		})
		if err != nil {
			return err
		}
		h.token, h.password, h.letter = made.tokens[0].Secret, made.officials[0].Password, made.self.Letter
		b.houses = append(b.houses, h)
	}
	for i, h := range b.houses {
		accept := node.AcceptForum{Forum: benchForum, Title: jisr.Text{"ar": "قياس", "en": "Bench"}, Letters: [][]byte{b.houses[1-i].letter}}
		if _, err := b.t.operate(ctx, h.dir, accept); err != nil {
			return err
		}
	}
	return nil
}

// freePorts finds addresses nobody listens on, below the ports that the kernel gives to outgoing connections (32768 and
// up on Linux): one of these could be taken between looking and listening.
func freePorts(n int) ([]string, error) {
	var all []string
	for range 100 * n {
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", 11_000+rand.IntN(9_000)))
		if err != nil {
			continue
		}
		defer l.Close() // held until all are found, so that none is found twice
		if all = append(all, l.Addr().String()); len(all) == n {
			return all, nil
		}
	}
	return nil, errors.New("couldn't find free ports")
}

func (b *bench) start(ctx context.Context) error {
	for _, h := range b.houses {
		c, err := startNode(h.dir, h.url, b.t.err)
		if err != nil {
			return err
		}
		b.nodes = append(b.nodes, c)
	}
	for _, c := range b.nodes {
		if _, err := c.ready(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) halt() error {
	err := stopAll(b.nodes)
	b.nodes = nil
	return err
}

func (b *bench) stop() error {
	err := b.halt()
	for _, r := range b.roads {
		r.close()
	}
	return err
}

// ready measures starts, and what a node that has nothing to do holds in memory.
func (b *bench) ready(ctx context.Context, r *report) error {
	var took []time.Duration
	for range starts {
		if err := b.nodes[0].stop(); err != nil {
			return err
		}
		c, err := startNode(b.houses[0].dir, b.houses[0].url, b.t.err)
		if err != nil {
			return err
		}
		b.nodes[0] = c
		d, err := c.ready(ctx)
		if err != nil {
			return err
		}
		took = append(took, d)
	}
	slices.Sort(took)
	r.Ready = &readyFigures{Seconds: quantile(took, 0.5) / 1000}
	if err := pause(ctx, settleFor); err != nil {
		return err
	}
	rss, err := residentMB(b.nodes[0].cmd.Process.Pid)
	r.Idle = &idleFigures{RSS: rounded(rss)}
	return err
}

// notes measures one note after the other, then many at once. Each is answered when the other side's signature over
// it is here (Prefer: wait).
func (b *bench) notes(ctx context.Context, r *report) error {
	for range 20 { // the first ones open connections and fill caches
		if _, err := b.send(ctx); err != nil {
			return err
		}
	}
	var took []time.Duration
	for range b.plan.latency {
		begin := time.Now()
		if _, err := b.send(ctx); err != nil {
			return err
		}
		took = append(took, time.Since(begin))
	}
	slices.Sort(took)
	perSecond, err := b.sendMany(ctx)
	r.Note = &noteFigures{P50: quantile(took, 0.5), P99: quantile(took, 0.99), PerSecond: perSecond, Senders: b.plan.senders}
	return err
}

// sendMany lets all senders work for a while and counts what was held by then.
func (b *bench) sendMany(ctx context.Context) (float64, error) {
	limit, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	begin := time.Now()
	var done atomic.Int64
	var wg sync.WaitGroup
	for range b.plan.senders {
		wg.Go(func() {
			for time.Since(begin) < b.plan.rate && limit.Err() == nil {
				if _, err := b.send(limit); err != nil {
					cancel(err)
					return
				}
				done.Add(1)
			}
		})
	}
	wg.Wait()
	if limit.Err() != nil {
		return 0, context.Cause(limit)
	}
	return rounded(float64(done.Load()) / time.Since(begin).Seconds()), nil
}

// noteText is about 1 KB of Arabic.
func noteText() string {
	return strings.Repeat("تودّ الوزارة أن تحيط الجانب الآخر علماً بما تم الاتفاق عليه في الاجتماع الأخير، وترجو الموافاة بالرأي. ", 5)
}

// send posts a note and waits until the other side has signed that it holds it.
func (b *bench) send(ctx context.Context) (string, error) {
	return b.post(ctx, "wait="+strconv.Itoa(int(heldWithin.Seconds())), http.StatusOK)
}

func (b *bench) post(ctx context.Context, prefer string, want int) (string, error) {
	h := b.houses[0]
	return postNote(ctx, b.client, h.url+"/api/v1/forums/"+string(benchForum), h.token, b.houses[1].member, "routine", prefer, want)
}

// postNote releases a note of a kilobyte in a forum, and gives its id.
func postNote(ctx context.Context, client *http.Client, forum, token, to, precedence, prefer string, want int) (string, error) {
	body, err := json.Marshal(map[string]any{"kind": "verbale", "to": []string{to}, "precedence": precedence,
		"subject": map[string]string{"ar": "مذكرة قياس"}, "text": map[string]string{"ar": noteText()}, "release": true})
	if err != nil {
		return "", err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, forum+"/notes", bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+token)
	if prefer != "" {
		req.Header.Set("Prefer", prefer)
	}
	res, err := client.Do(req)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(res.Body, 64<<10))
	if err != nil || res.StatusCode != want {
		return "", errors.Join(err, fmt.Errorf("the node answered %s, not %d: %s", res.Status, want, bytes.TrimSpace(answer)))
	}
	var note struct {
		ID string `json:"id"`
	}
	return note.ID, json.Unmarshal(answer, &note)
}

// backlog cuts the road, writes notes, opens it again, and measures until the last of them is held.
func (b *bench) backlog(ctx context.Context, r *report) error {
	for _, road := range b.roads {
		road.cut()
	}
	begin := time.Now()
	last := ""
	for range b.plan.backlog {
		id, err := b.post(ctx, "", http.StatusCreated)
		if err != nil {
			return err
		}
		last = id
	}
	if err := pause(ctx, b.plan.outage-time.Since(begin)); err != nil {
		return err
	}
	for _, road := range b.roads {
		road.restore()
	}
	back := time.Now()
	if err := b.held(ctx, last); err != nil {
		return err
	}
	r.Backlog = &backlogFigures{Seconds: rounded(time.Since(back).Seconds()), Notes: b.plan.backlog, Outage: b.plan.outage.Seconds()}
	return nil
}

// held waits until the note's receipts say that the other side holds it, and with it, in order, all before it.
func (b *bench) held(ctx context.Context, id string) error {
	ctx, cancel := context.WithTimeout(ctx, 2*heldWithin)
	defer cancel()
	for {
		var note struct {
			Receipts map[string]struct {
				HeldAt *time.Time `json:"held_at"`
			} `json:"receipts"`
		}
		if err := b.get(ctx, "/api/v1/forums/"+string(benchForum)+"/notes/"+id, &note); err != nil {
			return err
		}
		if at := note.Receipts[b.houses[1].member].HeldAt; at != nil && !at.IsZero() {
			return nil
		}
		if err := pause(ctx, readyEvery); err != nil {
			return err
		}
	}
}

func (b *bench) get(ctx context.Context, path string, into any) error {
	return b.getFrom(ctx, 0, path, into)
}

func (b *bench) getFrom(ctx context.Context, house int, path string, into any) error {
	return getJSON(ctx, b.client, b.houses[house].url+path, b.houses[house].token, into)
}

// getJSON reads what a node answers to a program.
func getJSON(ctx context.Context, client *http.Client, address, token string, into any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	res, err := client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("the node answered %s to %s", res.Status, address)
	}
	return json.NewDecoder(io.LimitReader(res.Body, 1<<20)).Decode(into)
}

// rebuild fills the first node's ledger up to the acts asked for, with drafts, clearances and releases, and makes its
// book anew. The node does not run meanwhile.
func (b *bench) rebuild(ctx context.Context, r *report) error {
	if err := b.halt(); err != nil {
		return err
	}
	if err := b.fill(ctx, func(have int) int { return b.plan.acts - have }); err != nil {
		return err
	}
	c, err := readConfig(b.houses[0].dir, func(string) string { return "" })
	if err != nil {
		return err
	}
	acts, took, err := rebuildAlone(ctx, node.Options{Dir: b.houses[0].dir, Config: c})
	if err != nil {
		return err
	}
	r.Rebuild = &rebuildFigures{PerSecond: rounded(float64(acts) / took.Seconds()), Acts: acts}
	return b.start(ctx)
}

// fill writes acts through the node itself, so that what is measured is what real work leaves behind: per note a draft, its
// clearance and its release. missing says how many acts there should be more than there are.
func (b *bench) fill(ctx context.Context, missing func(have int) int) error {
	return b.t.house(ctx, b.houses[0].dir, func(n *node.Node) error {
		have, err := actsIn(ctx, n)
		if err != nil {
			return err
		}
		return atOnce(ctx, b.plan.senders, (missing(have)+2)/3, func(ctx context.Context, i int) error { return correspond(ctx, n, have+i) })
	})
}

// actsIn counts the acts a node holds.
func actsIn(ctx context.Context, n *node.Node) (int, error) {
	positions, err := n.Book().Positions(ctx)
	sum := 0
	for _, i := range positions {
		sum += int(i)
	}
	return sum, err
}

// pages measures Today and the list of notes as an official's browser asks for them.
func (b *bench) pages(ctx context.Context, r *report) error {
	if err := b.enoughNotes(ctx); err != nil {
		return err
	}
	client, err := b.signIn(ctx)
	if err != nil {
		return err
	}
	p95, err := rounds(b.plan.pages, 5, []string{"/ar/", "/ar/notes", "/ar/notes?box=out&q=" + url.QueryEscape("الاجتماع")}, b.asks(ctx, client))
	if err != nil {
		return err
	}
	notes, err := b.countNotes(ctx)
	r.Page = &pageFigures{P95: p95, Notes: notes}
	return err
}

// asks asks the first node for pages as an official who is signed in.
func (b *bench) asks(ctx context.Context, client *http.Client) func(path string) error {
	return func(path string) error { return page(ctx, client, b.houses[0].url+path) }
}

// rounds asks for every path once in each round, and gives the 95th percentile in milliseconds. The rounds to warm up come
// before those asked for and do not count.
func rounds(counted, warm int, paths []string, ask func(path string) error) (float64, error) {
	return roundsAfter(counted, warm, paths, nil, ask)
}

// roundsAfter does the same, and before each page what is not measured.
func roundsAfter(counted, warm int, paths []string, before func() error, ask func(path string) error) (float64, error) {
	var took []time.Duration
	for i := range warm + counted {
		for _, path := range paths {
			if before != nil {
				if err := before(); err != nil {
					return 0, err
				}
			}
			begin := time.Now()
			if err := ask(path); err != nil {
				return 0, err
			}
			if i >= warm {
				took = append(took, time.Since(begin))
			}
		}
	}
	slices.Sort(took)
	return quantile(took, 0.95), nil
}

// enoughNotes sees to it that the lists are as long as the figure says.
func (b *bench) enoughNotes(ctx context.Context) error {
	have, err := b.countNotes(ctx)
	if err != nil || have >= pageNotes {
		return err
	}
	if err := b.halt(); err != nil {
		return err
	}
	if err := b.fill(ctx, func(int) int { return 3 * (pageNotes - have) }); err != nil {
		return err
	}
	return b.start(ctx)
}

// countNotes is how many notes the lists are made of: the length of the log is near enough and cheap.
func (b *bench) countNotes(ctx context.Context) (int, error) {
	var digest struct {
		Sizes map[string]int `json:"sizes"`
	}
	err := b.get(ctx, "/api/v1/forums/"+string(benchForum)+"/digest", &digest)
	return digest.Sizes[b.houses[0].member], err
}

func (b *bench) signIn(ctx context.Context) (*http.Client, error) {
	return signIn(ctx, b.houses[0].url, benchAccount, b.houses[0].password)
}

// signIn is a browser of an official who is signed in.
func signIn(ctx context.Context, portal, official, password string) (*http.Client, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	client := &http.Client{Jar: jar}
	form := url.Values{"official": {official}, "password": {password}, "next": {"/ar/"}}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, portal+"/ar/sign-in", strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Origin", portal)
	res, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	res.Body.Close()
	if len(jar.Cookies(req.URL)) == 0 {
		return nil, fmt.Errorf("the portal did not sign in: %s", res.Status)
	}
	return client, nil
}

func page(ctx context.Context, client *http.Client, address string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	res, err := client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if _, err := io.Copy(io.Discard, res.Body); err != nil {
		return err
	}
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("the portal answered %s to %s", res.Status, address)
	}
	return nil
}

// pause waits, or ends with ctx.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(max(d, 0))
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// residentMB is what a process holds in memory (proc(5), VmRSS).
func residentMB(pid int) (float64, error) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, fmt.Errorf("couldn't read how much memory the node holds: %w", err)
	}
	for line := range strings.Lines(string(data)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kb, err := strconv.ParseFloat(strings.Fields(rest)[0], 64)
			return kb / 1024, err
		}
	}
	return 0, errors.New("couldn't find VmRSS of the node")
}

// processorTime is how long processors have worked for a process (proc(5), utime and stime of stat, in hundredths of a second).
func processorTime(pid int) (time.Duration, error) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, fmt.Errorf("couldn't read how long the node has worked: %w", err)
	}
	fields := strings.Fields(string(data[bytes.LastIndexByte(data, ')')+1:])) // the name before may hold spaces
	if len(fields) < 13 {
		return 0, errors.New("couldn't find utime and stime of the node")
	}
	sum := 0
	for _, f := range fields[11:13] {
		n, err := strconv.Atoi(f)
		if err != nil {
			return 0, fmt.Errorf("couldn't read utime and stime of the node: %w", err)
		}
		sum += n
	}
	return time.Duration(sum) * 10 * time.Millisecond, nil
}

// machine says what the figures were taken on.
func machine() map[string]string {
	m := map[string]string{"os": runtime.GOOS + "/" + runtime.GOARCH, "go": runtime.Version(), "cpus": strconv.Itoa(runtime.NumCPU())}
	for file, key := range map[string]string{"/proc/cpuinfo": "model name", "/proc/meminfo": "MemTotal"} {
		data, err := os.ReadFile(file)
		if err != nil {
			continue // the figures stand without
		}
		for line := range strings.Lines(string(data)) {
			if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == key && m[key] == "" {
				m[strings.ReplaceAll(key, " ", "_")] = strings.TrimSpace(value)
				break
			}
		}
	}
	return m
}
