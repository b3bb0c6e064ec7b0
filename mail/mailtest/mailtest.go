// Package mailtest is a mail server of others and an office that sends mail to it, for tests.
package mailtest

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	_ "embed"
	"encoding/base64"
	"encoding/pem"
	"io"
	"log/slog"
	"math/big"
	"mime"
	"mime/multipart"
	"net"
	netmail "net/mail"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"jisr"
	"jisr/mail"
	"jisr/node"
	"jisr/node/nodetest"
	"jisr/words"
)

//go:embed server.py
var script string

const python = "/usr/bin/python3"

// Server is a mail server of others.
type Server struct {
	t    *testing.T
	dir  string
	Addr string
	cmd  *exec.Cmd
}

// Serve starts a mail server. Where it is missing the test is skipped, except where tests stand between a change and others (CI).
func Serve(t *testing.T, tls string) *Server {
	t.Helper()
	if exec.Command(python, "-c", "import aiosmtpd").Run() != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("couldn't find python3-aiosmtpd: run paper/system.sh")
		}
		t.Skip("python3-aiosmtpd is not here: run paper/system.sh")
	}
	s := &Server{t: t, dir: t.TempDir()}
	s.Mode("take")
	certificate(t, s.dir)
	s.Start(tls, "0")
	return s
}

// Start starts it on a port; "0" is any.
func (s *Server) Start(tls, port string) {
	s.t.Helper()
	s.cmd = exec.Command(python, "-c", script, s.dir, tls, port)
	out, err := s.cmd.StdoutPipe()
	s.cmd.Stderr = os.Stderr
	if err == nil {
		err = s.cmd.Start()
	}
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(s.Stop)
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		s.t.Fatalf("the mail server said %q: %v", line, err)
	}
	s.Addr = "localhost:" + strings.TrimSpace(line)
}

// Stop ends it.
func (s *Server) Stop() {
	s.cmd.Process.Kill()
	s.cmd.Wait()
}

// Mode says what the server is to do from now on: see server.py.
func (s *Server) Mode(m string) {
	if err := os.WriteFile(filepath.Join(s.dir, "mode"), []byte(m), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// Asked is how often the server was asked to take a message.
func (s *Server) Asked() int {
	b, err := os.ReadFile(filepath.Join(s.dir, "asked"))
	if err != nil {
		return 0
	}
	return len(b)
}

// Received is a message as its reader has it.
type Received struct {
	netmail.Header
	Subject, Text, Invitation string
	Raw                       string
}

// All gives what the server took, in order.
func (s *Server) All() (all []Received) {
	s.t.Helper()
	names, err := filepath.Glob(filepath.Join(s.dir, "*.eml"))
	if err != nil {
		s.t.Fatal(err)
	}
	for _, name := range names {
		all = append(all, opened(s.t, name))
	}
	return all
}

func opened(t *testing.T, name string) Received {
	t.Helper()
	raw, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	m, err := netmail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	r := Received{Header: m.Header, Raw: string(raw)}
	if r.Subject, err = new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject")); err != nil {
		t.Fatal(err)
	}
	part := func(typ string, body io.Reader) {
		b, err := io.ReadAll(base64.NewDecoder(base64.StdEncoding, body))
		if err != nil {
			t.Fatal(err)
		}
		kind, params, err := mime.ParseMediaType(typ)
		if err != nil || !strings.EqualFold(params["charset"], "utf-8") {
			t.Fatalf("a part of type %q: %v", typ, err)
		}
		if kind == "text/calendar" {
			r.Invitation = string(b)
			if !strings.Contains(r.Invitation, "METHOD:"+params["method"]+"\r\n") {
				t.Errorf("the part says method=%s, the calendar %q", params["method"], r.Invitation)
			}
			return
		}
		r.Text = strings.ReplaceAll(string(b), "\r\n", "\n")
	}
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	if kind != "multipart/alternative" {
		part(m.Header.Get("Content-Type"), m.Body)
		return r
	}
	parts := multipart.NewReader(m.Body, params["boundary"])
	for {
		p, err := parts.NextPart()
		if err == io.EOF {
			return r
		}
		if err != nil {
			t.Fatal(err)
		}
		part(p.Header.Get("Content-Type"), p)
	}
}

// certificate makes the server's, signed by itself: ca.pem for who is to trust it.
func certificate(t *testing.T, dir string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "localhost"}, DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	public := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	for name, b := range map[string][]byte{"ca.pem": public, "server.pem": append(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), public...), "password": []byte("secret of the mail server\n")} {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// Office is a node of iq that sends mail, and a post of it.
type Office struct {
	*nodetest.World
	Server *Server
	Post   node.Caller
	Mail   mail.Config
	Log    bytes.Buffer
}

// Address is the post's.
const Address = "director.water@mofa.example"

// Open makes the node, and a post that has chosen nothing yet. tls is how the server is reached.
func Open(t *testing.T, tls string) *Office {
	t.Helper()
	o := &Office{World: nodetest.New(t, "iq", "sy"), Server: Serve(t, tls)}
	o.Configure("iq", func(c *node.Config) {
		c.URL = "https://jisr.example"
		c.Mail = node.MailConfig{Server: o.Server.Addr, TLS: tls, From: "jisr@mofa.example", Bounce: "bounce@mofa.example", CA: filepath.Join(o.Server.dir, "ca.pem")}
		if tls != "none" {
			c.Mail.User, c.Mail.PasswordFile = "jisr", filepath.Join(o.Server.dir, "password")
		}
	})
	all, err := words.New()
	if err != nil {
		t.Fatal(err)
	}
	o.Mail = mail.Config{Words: all, Logger: slog.New(slog.NewTextHandler(&o.Log, nil)), Mail: o.World.Config("iq").Mail, URL: "https://jisr.example",
		Page: func(l *words.Lang, f jisr.ForumID, id jisr.ThingID) string {
			return "/" + l.Tag() + "/" + id.Noun() + "s/" + string(f) + "/" + id.Name()
		}}
	o.Post = o.Clerk(t, "director")
	o.Settle()
	return o
}

// Clerk makes another post at the same desk.
func (o *Office) Clerk(t *testing.T, id jisr.OfficialID) node.Caller {
	t.Helper()
	return o.SignedIn("iq", id, jisr.Drafter, jisr.Releaser)
}

// Turn looks what there is to tell and sends what is due, and gives what came of it.
func (o *Office) Turn(t *testing.T) []Received {
	t.Helper()
	before := len(o.Server.All())
	o.Mail.Node = o.Node("iq")
	p, err := mail.New(o.Mail)
	if err == nil {
		err = o.Node("iq").SweepMail(t.Context())
	}
	for range 5 { // a letter that was not taken ends a connection, others go on with the next
		if err == nil {
			err = p.Deliver(context.Background())
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return o.Server.All()[before:]
}

// Chooses gives the post's address and choices, and confirms it by what comes to the address.
func (o *Office) Chooses(t *testing.T, c jisr.NotifyTerms) {
	t.Helper()
	if c.Lang == "" {
		c.Lang = "en"
	}
	o.As("iq").DoAs(o.Post, node.SetNotify{Address: Address, NotifyTerms: c})
	o.As("iq").Done()
	got := o.Turn(t)
	if len(got) != 1 {
		t.Fatalf("%d messages ask for confirmation: %s", len(got), o.Log.String())
	}
	code := regexp.MustCompile(`notices\?code=(\w+)`).FindStringSubmatch(got[0].Text)
	if code == nil {
		t.Fatalf("no code in %s", got[0].Text)
	}
	o.As("iq").DoAs(o.Post, node.ConfirmNotify{Code: code[1]})
	o.As("iq").Done()
}

// Arrives has a note of the other side come in.
func (o *Office) Arrives(t *testing.T) jisr.ThingID {
	t.Helper()
	id := o.As("sy").Releases(o.Note("iq"))
	o.As("iq").Receives(id).Done()
	return id
}
