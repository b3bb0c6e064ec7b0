// Package e2e_test runs the real program as strangers would: processes of jisr serve, HTTP, kill -9, cut links.
package e2e_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"jisr/link/linktest"
)

// world is a few governments on this machine, each a process of jisr serve in a directory of its own, which
// reach each other only through relays that tests can cut, slow down and count.
type world struct {
	t      *testing.T
	forum  string
	nodes  map[string]*peer
	names  []string
	client *http.Client
	given  map[string]bool // addresses
}

type peer struct {
	w         *world
	name, dir string
	url       string
	token     string

	fingerprint string          // of its letter, as read aloud
	relay       *linktest.Relay // in front of its link: what others dial
	link        string          // where the link itself listens

	mu  sync.Mutex
	cmd *exec.Cmd
}

// program builds bin/jisr's source once for all tests.
func program(t *testing.T) string {
	t.Helper()
	build.Do(func() {
		dir, err := os.MkdirTemp("", "jisr-e2e-")
		if err != nil {
			buildErr = err
			return
		}
		built = filepath.Join(dir, "jisr")
		out, err := exec.Command("go", "build", "-o", built, "jisr/cmd/jisr").CombinedOutput()
		if err != nil {
			buildErr = fmt.Errorf("go build: %w\n%s", err, out)
		}
	})
	if buildErr != nil {
		t.Fatal(buildErr)
	}
	return built
}

var (
	build    sync.Once
	built    string
	buildErr error
)

func TestMain(m *testing.M) {
	code := m.Run()
	if built != "" {
		os.RemoveAll(filepath.Dir(built))
	}
	os.Exit(code)
}

// newWorld makes members, introduces them to each other in one forum and starts them.
func newWorld(t *testing.T, names ...string) *world {
	t.Helper()
	w := &world{t: t, forum: strings.Join(names, "-"), nodes: map[string]*peer{}, given: map[string]bool{}, names: names,
		client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 256}, Timeout: 90 * time.Second}}
	for _, name := range names {
		w.nodes[name] = w.init(name)
	}
	for _, p := range w.nodes {
		p.introduce()
		p.token = p.newToken()
	}
	for _, p := range w.nodes {
		p.start()
	}
	t.Cleanup(func() {
		for _, p := range w.nodes {
			p.kill()
		}
	})
	return w
}

func (w *world) init(name string) *peer {
	p := &peer{w: w, name: name, dir: filepath.Join(w.t.TempDir(), name), link: w.freeAddress()}
	relay, err := linktest.New(p.link)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { relay.Close() })
	p.relay = relay
	listen := w.freeAddress()
	p.url = "http://" + listen
	out := p.run("init", "--json", "--dir", p.dir, "--member", name, "--origin", name+".jisr.example", "--name-ar", "دولة "+name, "--name-en", "State of "+name,
		"--listen", listen, "--link-listen", p.link, "--link-address", relay.Addr())
	var made struct{ Fingerprint string }
	if err := json.Unmarshal(out, &made); err != nil || made.Fingerprint == "" {
		w.t.Fatalf("init printed %q: %v", out, err)
	}
	p.fingerprint = made.Fingerprint
	return p
}

func (p *peer) introduce() {
	args := []string{"credence", "accept", "--dir", p.dir, "--forum", p.w.forum, "--title-ar", "منتدى الاختبار", "--title-en", "Test forum", "--yes"}
	var letters []string
	for _, other := range p.w.names {
		if other != p.name {
			args = append(args, "--fingerprint", p.w.nodes[other].fingerprint)
			letters = append(letters, filepath.Join(p.w.nodes[other].dir, "letter.credence"))
		}
	}
	p.run(append(args, letters...)...)
}

func (p *peer) newToken() string {
	out := p.run("token", "add", "--dir", p.dir, "--json", "--title-ar", "برنامج الاختبار", "--title-en", "Test program", "--roles", "reader,drafter,direct", "e2e")
	var made struct{ Secret string }
	if err := json.Unmarshal(out, &made); err != nil || made.Secret == "" {
		p.w.t.Fatalf("token add printed %q: %v", out, err)
	}
	return made.Secret
}

// run runs a command of the program to its end and gives what it printed.
func (p *peer) run(args ...string) []byte {
	p.w.t.Helper()
	cmd := exec.Command(program(p.w.t), args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		p.w.t.Fatalf("jisr %s: %v\n%s%s", strings.Join(args, " "), err, out, stderr.Bytes())
	}
	return out
}

// start runs jisr serve and waits until it says it is ready.
func (p *peer) start() {
	p.w.t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cmd = exec.Command(program(p.w.t), "serve", "--dir", p.dir)
	log, err := os.OpenFile(filepath.Join(p.dir, "serve.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		p.w.t.Fatal(err)
	}
	defer log.Close()
	p.cmd.Stdout, p.cmd.Stderr = log, log
	if err := p.cmd.Start(); err != nil {
		p.w.t.Fatal(err)
	}
	p.w.until(20*time.Second, p.name+" is ready", func() bool {
		resp, err := p.w.client.Get(p.url + "/readyz")
		if err != nil {
			return false
		}
		resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	})
}

// kill ends the process as a power cut would end it, as far as a process can tell: SIGKILL.
func (p *peer) kill() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd == nil {
		return
	}
	p.cmd.Process.Kill()
	p.cmd.Wait()
	p.cmd = nil
}

func (p *peer) log() string {
	b, _ := os.ReadFile(filepath.Join(p.dir, "serve.log"))
	if len(b) > 4000 {
		b = b[len(b)-4000:]
	}
	return string(b)
}

// until asks again and again whether something has come true. It never just waits for time to pass.
func (w *world) until(limit time.Duration, what string, ok func() bool) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), limit)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-ctx.Done():
			for _, p := range w.nodes {
				w.t.Logf("%s said:\n%s", p.name, p.log())
			}
			w.t.Fatalf("after %v still not true: %s", limit, what)
		case <-tick.C:
		}
	}
}

// call makes one request of the API; into nil ignores the answer's body.
func (p *peer) call(method, path string, header http.Header, body any, into any) (int, error) {
	var r io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return 0, err
		}
		r = bytes.NewReader(b)
	}
	req, err := http.NewRequest(method, p.url+path, r)
	if err != nil {
		return 0, err
	}
	for k, v := range header {
		req.Header[k] = v
	}
	req.Header.Set("Authorization", "Bearer "+p.token)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := p.w.client.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, err
	}
	if resp.StatusCode/100 == 2 && into != nil {
		return resp.StatusCode, json.Unmarshal(b, into)
	}
	if resp.StatusCode/100 != 2 {
		return resp.StatusCode, fmt.Errorf("%s %s: %d %s", method, path, resp.StatusCode, b)
	}
	return resp.StatusCode, nil
}

type noteOut struct {
	ID       string `json:"id"`
	State    string `json:"state"`
	Number   int    `json:"number"`
	Position struct {
		Member string `json:"member"`
		Index  int64  `json:"index"`
	} `json:"position"`
	Receipts map[string]struct {
		Countersigned *time.Time `json:"countersigned_at"`
		Held          *time.Time `json:"held_at"`
	} `json:"receipts"`
}

// send releases a note to every other member. key makes it safe to ask again.
func (p *peer) send(key, precedence string, wait int, attachments ...string) (noteOut, int, error) {
	var to []string
	for _, o := range p.w.names {
		if o != p.name {
			to = append(to, o)
		}
	}
	note := map[string]any{"kind": "verbale", "to": to, "precedence": precedence, "release": true,
		"subject": map[string]string{"ar": "اختبار " + key, "en": "Test " + key},
		"text":    map[string]string{"ar": strings.Repeat("تتشرف الجهة بإحاطة الجانب الآخر علماً بما ورد. ", 8)}}
	if len(attachments) > 0 {
		note["attachments"] = attachments
	}
	h := http.Header{}
	if key != "" {
		h.Set("Idempotency-Key", key)
	}
	if wait > 0 {
		h.Set("Prefer", fmt.Sprintf("wait=%d", wait))
	}
	var out noteOut
	status, err := p.call("POST", "/api/v1/forums/"+p.w.forum+"/notes", h, note, &out)
	return out, status, err
}

func (p *peer) note(id string) (noteOut, error) {
	var n noteOut
	_, err := p.call("GET", "/api/v1/forums/"+p.w.forum+"/notes/"+id, nil, nil, &n)
	return n, err
}

type digest struct {
	Digest string           `json:"digest"`
	Sizes  map[string]int64 `json:"sizes"`
}

func (p *peer) digest() (d digest, err error) {
	_, err = p.call("GET", "/api/v1/forums/"+p.w.forum+"/digest", nil, nil, &d)
	return d, err
}

// agree waits until every node has the same logs, and fails if their digests then differ.
func (w *world) agree(limit time.Duration) digest {
	w.t.Helper()
	var first digest
	w.until(limit, "all nodes hold the same logs", func() bool {
		for i, name := range w.names {
			d, err := w.nodes[name].digest()
			if err != nil {
				return false
			}
			if i == 0 {
				first = d
			} else if fmt.Sprint(d.Sizes) != fmt.Sprint(first.Sizes) {
				return false
			} else if d.Digest != first.Digest {
				w.t.Fatalf("digests differ at sizes %v: %s and %s", d.Sizes, first.Digest, d.Digest)
			}
		}
		return true
	})
	return first
}

// upload sends a file by the tus protocol and gives its id.
func (p *peer) upload(name, typ string, data []byte) string {
	p.w.t.Helper()
	req, err := http.NewRequest("POST", p.url+"/api/v1/attachments", bytes.NewReader(data))
	if err != nil {
		p.w.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+p.token)
	req.Header.Set("Tus-Resumable", "1.0.0")
	req.Header.Set("Upload-Length", fmt.Sprint(len(data)))
	req.Header.Set("Upload-Metadata", "filename "+b64(name)+",filetype "+b64(typ))
	req.Header.Set("Content-Type", "application/offset+octet-stream")
	resp, err := p.w.client.Do(req)
	if err != nil {
		p.w.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	if resp.StatusCode != http.StatusCreated || resp.Header.Get("Upload-Offset") != fmt.Sprint(len(data)) {
		p.w.t.Fatalf("upload: %d, offset %q: %s", resp.StatusCode, resp.Header.Get("Upload-Offset"), body)
	}
	loc := resp.Header.Get("Location")
	return loc[strings.LastIndex(loc, "/")+1:]
}

// freeAddress finds an address that no node of this world was given: one that is not listening yet still has its own.
func (w *world) freeAddress() string {
	w.t.Helper()
	for {
		a, err := linktest.FreeAddress()
		if err != nil {
			w.t.Fatal(err)
		}
		if !w.given[a] {
			w.given[a] = true
			return a
		}
	}
}

// raw gets a page of the API as it is.
func (p *peer) raw(path string) ([]byte, error) {
	req, err := http.NewRequest("GET", p.url+path, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+p.token)
	resp, err := p.w.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("GET %s: %d %s", path, resp.StatusCode, b)
	}
	return b, err
}
