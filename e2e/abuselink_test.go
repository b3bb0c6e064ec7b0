package e2e_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"jisr/ledger"
)

// identityOf is the certificate of a node's link with its key, as a thief of the machine has it.
func identityOf(t *testing.T, dir string) tls.Certificate {
	t.Helper()
	v, err := ledger.OpenVault(filepath.Join(dir, "keys"), ledger.Wrapping{KeyFile: filepath.Join(dir, "keys", "data.key")})
	if err != nil {
		t.Fatal(err)
	}
	raw, err := v.Read(filepath.Join(dir, "keys", "link.pem"))
	if err != nil {
		t.Fatal(err)
	}
	cert, err := tls.X509KeyPair(raw, raw)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

// strangerIdentity is a certificate that no letter of credence names.
func strangerIdentity(t *testing.T) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Unix(0, 0), NotAfter: time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// asks asks the link for its letter over TLS; false when it does not come to that.
func asks(address string, c *tls.Config) (string, bool) {
	conn, err := tls.DialWithDialer(&net.Dialer{Timeout: 5 * time.Second}, "tcp", address, c)
	if err != nil {
		return err.Error(), false
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(5 * time.Second))
	io.WriteString(conn, "GET /link/v1/letter HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
	b, err := io.ReadAll(conn)
	return fmt.Sprintf("%q %v", b, err), bytes.Contains(b, []byte("jisr credence/v1"))
}

// attackLinkTLS knocks at the link's door: as strangers, with older TLS, with a key exchange that a quantum computer breaks,
// with another's certificate, and in the clear.
func attackLinkTLS(t *testing.T, g *target) {
	partner := identityOf(t, g.sy.dir)
	good := func() *tls.Config {
		return &tls.Config{MinVersion: tls.VersionTLS13, CurvePreferences: []tls.CurveID{tls.X25519MLKEM768}, Certificates: []tls.Certificate{partner}, InsecureSkipVerify: true}
	}
	if said, ok := asks(g.iq.link, good()); !ok {
		t.Fatalf("a partner is not let in, so this test shows nothing: %s", said)
	}
	stranger := strangerIdentity(t)
	for name, change := range map[string]func(*tls.Config){
		"a stranger":          func(c *tls.Config) { c.Certificates = []tls.Certificate{stranger} },
		"nobody":              func(c *tls.Config) { c.Certificates = nil },
		"its own certificate": func(c *tls.Config) { c.Certificates = []tls.Certificate{identityOf(t, g.iq.dir)} },
		"a partner's without a key": func(c *tls.Config) {
			c.Certificates = []tls.Certificate{{Certificate: partner.Certificate, PrivateKey: stranger.PrivateKey}}
		},
		"a chain with the partner's behind": func(c *tls.Config) {
			c.Certificates = []tls.Certificate{{Certificate: [][]byte{stranger.Certificate[0], partner.Certificate[0]}, PrivateKey: stranger.PrivateKey}}
		},
		"TLS 1.2": func(c *tls.Config) {
			c.MinVersion, c.MaxVersion, c.CurvePreferences, c.Renegotiation = tls.VersionTLS12, tls.VersionTLS12, nil, tls.RenegotiateFreelyAsClient
		},
		"TLS 1.0": func(c *tls.Config) {
			c.MinVersion, c.MaxVersion, c.CurvePreferences = tls.VersionTLS10, tls.VersionTLS11, nil
		},
		"X25519 alone":     func(c *tls.Config) { c.CurvePreferences = []tls.CurveID{tls.X25519} },
		"P-256 alone":      func(c *tls.Config) { c.CurvePreferences = []tls.CurveID{tls.CurveP256, tls.CurveP384} },
		"another protocol": func(c *tls.Config) { c.NextProtos = []string{"h2"} },
	} {
		c := good()
		change(c)
		if said, ok := asks(g.iq.link, c); ok {
			t.Errorf("%s is let in: %.200s", name, said)
		}
	}
	for name, text := range map[string]string{"HTTP in the clear": "GET /link/v1/letter HTTP/1.1\r\nHost: x\r\n\r\n", "noise": strings.Repeat("\x16\x03\x01\xff\xff", 100), "the portal": "GET /en/sign-in HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"} {
		conn, err := net.Dial("tcp", g.iq.link)
		if err != nil {
			t.Fatal(err)
		}
		conn.SetDeadline(time.Now().Add(15 * time.Second))
		io.WriteString(conn, text)
		b, _ := io.ReadAll(conn)
		conn.Close()
		if bytes.Contains(b, []byte("credence")) || bytes.Contains(b, []byte("HTTP/1.1 2")) {
			t.Errorf("%s is answered: %.200q", name, b)
		}
	}
	// A partner whose TLS is good gets nothing but what is its own.
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: good()}}
	defer client.CloseIdleConnections()
	for _, path := range []string{"/link/v1/state?log=jisr.iq.example/iq-sy&size=0", "/link/v1/state?log=jisr.iq.example/house&size=0", "/link/v1/state?log=../../etc/passwd&size=0", "/api/v1/me", "/en/sign-in", "/metrics", "/link/v1/../../jisr.toml"} {
		resp, err := client.Get("https://" + g.iq.link + path)
		if err != nil {
			continue
		}
		resp.Body.Close()
		if resp.StatusCode == http.StatusOK {
			t.Errorf("%s is answered to a partner", path)
		}
	}
	held(t, g.sy, "the link still works")
}

// recorder sits between two nodes with the keys of both, which nobody but this test has, and writes down what they say.
type recorder struct {
	client *http.Client
	target string

	mu     sync.Mutex
	pushes [][]byte
	hold   bool // pushes are written down and not passed on
}

func (r *recorder) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, _ := io.ReadAll(req.Body)
	r.mu.Lock()
	hold := r.hold
	if req.URL.Path == "/link/v1/push" {
		r.pushes = append(r.pushes, body)
	}
	r.mu.Unlock()
	if hold {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	status, header, answer, err := r.say(r.client, req.Method, req.URL.RequestURI(), body)
	if err != nil {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	for k, v := range header {
		w.Header()[k] = v
	}
	w.WriteHeader(status)
	w.Write(answer)
}

func (r *recorder) say(client *http.Client, method, path string, body []byte) (int, http.Header, []byte, error) {
	req, err := http.NewRequest(method, "https://"+r.target+path, bytes.NewReader(body))
	if err != nil {
		return 0, nil, nil, err
	}
	resp, err := client.Do(req)
	if err != nil {
		return 0, nil, nil, err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	return resp.StatusCode, resp.Header, answer, err
}

func (r *recorder) recorded() [][]byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.pushes)
}

func clientOf(t *testing.T, cert tls.Certificate) *http.Client {
	transport := &http.Transport{TLSClientConfig: &tls.Config{Certificates: []tls.Certificate{cert}, InsecureSkipVerify: true, CurvePreferences: []tls.CurveID{tls.X25519MLKEM768}}}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: 20 * time.Second}
}

// TestReplayedFrames records the frames of a link in the clear and says them again: later, in another order, over new
// connections, as somebody else, to the one who wrote them, and changed.
func TestReplayedFrames(t *testing.T) {
	w := newWorld(t, "iq", "sy")
	iq, sy := w.nodes["iq"], w.nodes["sy"]
	behind := w.freeAddress()
	iq.kill()
	settings := filepath.Join(iq.dir, "jisr.toml")
	text, err := os.ReadFile(settings)
	if err == nil {
		err = os.WriteFile(settings, []byte(strings.Replace(string(text), `listen = "`+iq.link+`"`, `listen = "`+behind+`"`, 1)), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	iq.start()
	partner := clientOf(t, identityOf(t, sy.dir))
	r := &recorder{client: partner, target: behind}
	listener, err := tls.Listen("tcp", iq.link, &tls.Config{Certificates: []tls.Certificate{identityOf(t, iq.dir)}, ClientAuth: tls.RequireAnyClientCert, NextProtos: []string{"http/1.1"}})
	if err != nil {
		t.Fatal(err)
	}
	middle := &http.Server{Handler: r}
	go middle.Serve(listener)
	t.Cleanup(func() { middle.Close() })
	for i := range 4 {
		held(t, sy, fmt.Sprint("recorded ", i))
	}
	before := w.agree(20 * time.Second)
	if len(r.recorded()) < 4 {
		t.Fatalf("%d pushes were recorded", len(r.recorded()))
	}
	same := func(what string) {
		t.Helper()
		if d, err := iq.digest(); err != nil || d.Digest != before.Digest || fmt.Sprint(d.Sizes) != fmt.Sprint(before.Sizes) {
			t.Errorf("%s changed %v to %v (%v)", what, before, d, err)
		}
		var kept struct{ Items []struct{ Kind string } }
		if _, err := iq.call("GET", "/api/v1/evidence", nil, nil, &kept); err != nil || len(kept.Items) != 0 {
			t.Errorf("%s: evidence against an honest partner: %v %v", what, kept.Items, err)
		}
	}
	old := r.recorded()
	backwards := slices.Clone(old)
	slices.Reverse(backwards)
	for what, all := range map[string][][]byte{"a replay": old, "a replay backwards": backwards} {
		client := clientOf(t, identityOf(t, sy.dir)) // a new connection
		for _, body := range all {
			if status, _, answer, err := r.say(client, "POST", "/link/v1/push", body); err != nil || status >= 500 {
				t.Errorf("%s: %d %v %.100q", what, status, err, answer)
			}
		}
		same(what)
	}
	for name, cert := range map[string]tls.Certificate{"a stranger": strangerIdentity(t), "the addressee itself": identityOf(t, iq.dir)} {
		if status, _, _, err := r.say(clientOf(t, cert), "POST", "/link/v1/push", old[0]); err == nil {
			t.Errorf("%s may push what was recorded: %d", name, status)
		}
	}
	reflected := &recorder{target: sy.link}
	if status, _, _, err := reflected.say(clientOf(t, identityOf(t, iq.dir)), "POST", "/link/v1/push", old[0]); err != nil || status != http.StatusForbidden {
		t.Errorf("sy takes its own log from iq: %d %v", status, err)
	}
	same("a replay by others")

	// What was recorded and has not arrived is as good as from its writer: this shows that replays do reach the ledger.
	r.mu.Lock()
	r.hold = true
	r.mu.Unlock()
	seen := len(r.recorded())
	if _, _, err := sy.send("held back", "routine", 0); err != nil {
		t.Fatal(err)
	}
	w.until(20*time.Second, "a push is held back", func() bool { return len(r.recorded()) > seen })
	fresh := r.recorded()[seen]
	changed := bytes.Clone(fresh)
	changed[len(changed)/2] ^= 1
	if status, _, _, err := r.say(partner, "POST", "/link/v1/push", changed); err == nil && status == http.StatusOK {
		t.Error("a frame that was changed on its way is taken")
	}
	if d, err := iq.digest(); err != nil || d.Sizes["sy"] != before.Sizes["sy"] {
		t.Errorf("a changed frame left something: %v %v", d, err)
	}
	if status, _, answer, err := r.say(partner, "POST", "/link/v1/push", fresh); err != nil || status != http.StatusOK {
		t.Errorf("a frame that has not arrived: %d %v %.100q", status, err, answer)
	}
	w.until(20*time.Second, "it is there", func() bool {
		d, err := iq.digest()
		return err == nil && d.Sizes["sy"] > before.Sizes["sy"]
	})
	r.mu.Lock()
	r.hold = false
	r.mu.Unlock()
	held(t, sy, "and on")
	w.agree(20 * time.Second)
}
