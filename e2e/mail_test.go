package e2e_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"jisr/mail/mailtest"
)

// chooseMail has an official sign in, give an address, and confirm it by what comes to it, all on the pages for it.
func (p *peer) chooseMail(server *mailtest.Server, official, password, address string) {
	p.w.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		p.w.t.Fatal(err)
	}
	browser := &http.Client{Jar: jar, Timeout: 30 * time.Second}
	post := func(path string, form url.Values) {
		p.w.t.Helper()
		req, err := http.NewRequestWithContext(p.w.t.Context(), http.MethodPost, p.url+path, strings.NewReader(form.Encode()))
		if err != nil {
			p.w.t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Sec-Fetch-Site", "same-origin")
		resp, err := browser.Do(req)
		if err != nil {
			p.w.t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			p.w.t.Fatalf("%s: %s", path, resp.Status)
		}
	}
	post("/en/sign-in", url.Values{"official": {official}, "password": {password}})
	post("/en/notices/mail", url.Values{"address": {address}, "lang": {"en"}, "hour": {"8"}, "notices": {"each"}})
	code := ""
	p.w.until(30*time.Second, "a code comes", func() bool {
		for _, m := range server.All() {
			if found := regexp.MustCompile(`notices\?code=(\w+)`).FindStringSubmatch(m.Text); found != nil && m.Get("X-Test-To") == address {
				code = found[1]
			}
		}
		return code != ""
	})
	post("/en/notices/mail/confirm", url.Values{"code": {code}})
}

// TestMailOverKillNine kills a node that sends mail at any moment, while its server refuses, forgets to answer, and is away. Each
// note that arrived is told of in one message: under one Message-ID, however often it was taken.
func TestMailOverKillNine(t *testing.T) {
	server := mailtest.Serve(t, "none")
	w := newWorld(t, "iq", "sy")
	iq := w.nodes["iq"]
	iq.kill()
	config := filepath.Join(iq.dir, "jisr.toml")
	text, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	more := fmt.Sprintf("\n[mail]\nserver = %q\ntls = \"none\"\nfrom = \"jisr@mofa.example\"\n", server.Addr)
	if err := os.WriteFile(config, append([]byte(fmt.Sprintf("url = %q\n", iq.url)+string(text)), more...), 0o600); err != nil {
		t.Fatal(err)
	}
	var made struct{ Password string }
	out := iq.run("official", "add", "--dir", iq.dir, "--json", "--post-ar", "مدير المياه", "--post-en", "Director of Water", "--desk", "registry", "--roles", "drafter", "director")
	if err := json.Unmarshal(out, &made); err != nil {
		t.Fatalf("official add printed %q: %v", out, err)
	}
	iq.start()
	iq.chooseMail(server, "director", made.Password, "director@mofa.example")
	first := len(server.All())

	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 1))
	notes := map[string]bool{}
	rounds := 8
	if testing.Short() {
		rounds = 3
	}
	for round := range rounds {
		server.Mode([]string{"take", "later", "take", "forget"}[rng.IntN(4)])
		asked := server.Asked()
		for i := range 1 + rng.IntN(3) {
			out, _, err := w.nodes["sy"].send(fmt.Sprintf("mail-%d-%d", round, i), "routine", 20)
			if err != nil {
				t.Fatal(err)
			}
			notes[out.ID] = false
		}
		if rng.IntN(3) > 0 { // so that the kill comes while mail is on its way, or else before there is any
			w.until(60*time.Second, "the mail server is asked", func() bool { return server.Asked() > asked })
		}
		iq.kill()
		iq.start()
	}
	server.Mode("take")
	taken := func() map[string]map[string]bool { // by note: the Message-IDs it is told under
		of := map[string]map[string]bool{}
		for _, m := range server.All()[first:] {
			for id := range notes {
				if strings.Contains(m.Text, "/"+id+"\n") {
					if of[id] == nil {
						of[id] = map[string]bool{}
					}
					of[id][m.Get("Message-Id")] = true
				}
			}
		}
		return of
	}
	w.until(120*time.Second, "every note is told of", func() bool { return len(taken()) == len(notes) })
	for id, ids := range taken() {
		if len(ids) != 1 {
			t.Errorf("%s is told of in %d messages", id, len(ids))
		}
	}
	ids := map[string]int{}
	for _, m := range server.All()[first:] {
		ids[m.Get("Message-Id")]++
	}
	t.Logf("%d notes in %d messages, taken %d times", len(notes), len(ids), len(server.All())-first)
	if log := iq.log(); strings.Contains(log, "director@mofa.example") {
		t.Errorf("the log has the address:\n%s", log)
	}
}
