package e2e_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestLostMachine backs a node up while it runs, goes on, loses the machine, and restores: everything joint is back on both
// sides, numbers are given once, and new notes go both ways.
func TestLostMachine(t *testing.T) {
	w := newWorld(t, "iq", "sy")
	iq, sy := w.nodes["iq"], w.nodes["sy"]
	for i := range 5 {
		held(t, iq, fmt.Sprint("before ", i))
		held(t, sy, fmt.Sprint("before ", i))
	}
	shelf := t.TempDir()
	key, backup, recipient := filepath.Join(shelf, "backup.key"), filepath.Join(shelf, "iq.backup"), filepath.Join(shelf, "recipient")
	if err := os.WriteFile(recipient, iq.run("key", "new", key), 0o600); err != nil {
		t.Fatal(err)
	}
	load := startLoad(w, 2) // the backup is one moment of a node that is busy
	iq.run("backup", backup, "--dir", iq.dir, "--to", recipient)
	load.more(w, 20)
	load.stop()
	w.agree(30 * time.Second)
	for i := range 5 {
		held(t, iq, fmt.Sprint("after ", i))
		held(t, sy, fmt.Sprint("after ", i))
	}
	before := w.agree(30 * time.Second)

	iq.kill()
	if err := os.RemoveAll(iq.dir); err != nil {
		t.Fatal(err)
	}
	iq.run("restore", backup, "--dir", iq.dir, "--identity", key, "--fingerprint", iq.fingerprint)
	iq.start()
	heals(t, iq, before.Sizes["iq"])
	load.checkAll(w)
	held(t, iq, "and on")
	held(t, sy, "and on")
	w.agree(30 * time.Second)
	iq.run("ledger", "check", "--dir", iq.dir)
}

// TestSecretsStayOut runs a node whose data key a passphrase opens, and looks for its secrets in all that others can see of it.
func TestSecretsStayOut(t *testing.T) {
	const passphrase = "correct horse battery staple"
	w := newWorld(t, "iq", "sy")
	iq := w.nodes["iq"]
	words := filepath.Join(t.TempDir(), "words")
	if err := os.WriteFile(words, []byte(passphrase+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(filepath.Join(iq.dir, "keys", "data.key"))
	if err != nil {
		t.Fatal(err)
	}
	secrets := []string{passphrase, "AGE-SECRET-KEY-PQ-1" + between(string(file), "AGE-SECRET-KEY-PQ-1", "\n"), iq.token, "PRIVATE KEY", "ledger keys/v1", "hexkey"}
	iq.run("key", "wrap", "--dir", iq.dir, "--passphrase-file", words)
	if err := os.Remove(filepath.Join(iq.dir, "keys", "data.key")); err != nil {
		t.Fatal(err)
	}
	iq.kill()
	iq.start()
	held(t, iq, "written under a passphrase")

	process := fmt.Sprint("/proc/", iq.cmd.Process.Pid)
	for _, path := range []string{process + "/cmdline", process + "/environ", filepath.Join(iq.dir, "serve.log"), filepath.Join(iq.dir, "jisr.toml")} {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		tells(t, path, text, secrets)
	}
	for _, path := range []string{"/metrics", "/healthz", "/readyz", "/signin", "/nothing/here", "/api/v1/forums/none/notes", "/api/v1/links"} {
		req, err := http.NewRequest("GET", iq.url+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+iq.token)
		tells(t, path, answer(t, w, req), secrets)
	}
	backup := filepath.Join(t.TempDir(), "b")
	tells(t, "what backup prints", iq.run("backup", backup, "--dir", iq.dir, "--passphrase-file", words), secrets)
	if text, err := os.ReadFile(backup); err != nil {
		t.Fatal(err)
	} else {
		tells(t, "the backup", text, append(secrets, "iq.jisr.example", "letter.credence"))
	}
}

func between(s, from, to string) string {
	_, s, _ = strings.Cut(s, from)
	s, _, _ = strings.Cut(s, to)
	return s
}

func tells(t *testing.T, where string, text []byte, secrets []string) {
	t.Helper()
	for _, s := range secrets {
		if bytes.Contains(text, []byte(s)) {
			t.Errorf("%s tells the secret %.12q…", where, s)
		}
	}
}

func answer(t *testing.T, w *world, req *http.Request) []byte {
	t.Helper()
	resp, err := w.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// TestPathsLeadNowhereElse asks for files of the node's directory where tiles and attachments are served.
func TestPathsLeadNowhereElse(t *testing.T) {
	w := newWorld(t, "iq", "sy")
	iq := w.nodes["iq"]
	held(t, iq, "one")
	for _, up := range []string{"../", "..%2f", "%2e%2e/", "%2e%2e%2f", "..%5c", "....//", "..%252f", "%00../"} {
		for _, file := range []string{"jisr.toml", "keys/data.key", "letter.credence", "etc/passwd"} {
			for _, where := range []string{"/tlog/iq-sy/iq/tile/", "/tlog/iq-sy/iq/tile/0/", "/tlog/iq-sy/", "/tlog/iq-sy/iq/tile/entries/", "/api/v1/attachments/", "/api/v1/forums/iq-sy/notes/"} {
				path := where + strings.Repeat(up, 6) + file
				u, err := url.Parse(iq.url)
				if err != nil {
					t.Fatal(err)
				}
				u.Opaque = "//" + u.Host + path // as it stands, not cleaned
				req := &http.Request{Method: "GET", URL: u, Header: http.Header{"Authorization": {"Bearer " + iq.token}}}
				text := string(answer(t, w, req))
				for _, bad := range []string{"origin =", "SECRET-KEY", "jisr credence/v1", "root:"} {
					if strings.Contains(text, bad) {
						t.Fatalf("%s gives %.80q", path, text)
					}
				}
			}
		}
	}
}
