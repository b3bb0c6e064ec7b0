package node

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"
)

func TestPublicAddresses(t *testing.T) {
	for _, s := range []string{
		"127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "192.0.0.8", "198.18.0.1", "203.0.113.9", "224.0.0.1", "240.0.0.1",
		"255.255.255.255", "::1", "::", "fe80::1", "fc00::1", "fd12::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::a00:1", "2002:7f00:1::",
		"2001:0:a00:1::", "2001:db8::1", "fec0::1", "::127.0.0.1", "fe80::1%eth0",
	} {
		if public(netip.MustParseAddr(s)) {
			t.Errorf("%s counts as public", s)
		}
	}
	for _, s := range []string{"8.8.8.8", "185.4.0.1", "2a00:1450:4001::1", "172.15.0.1", "172.32.0.1", "100.128.0.1"} {
		if !public(netip.MustParseAddr(s)) {
			t.Errorf("%s does not count as public", s)
		}
	}
}

// A server on this machine is asked only where the configuration names its host; nothing it answers leads further, is long, or
// lasts.
func TestOutboundRequests(t *testing.T) {
	reached := 0
	inside := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { reached++ }))
	defer inside.Close()
	insideHost := strings.Replace(inside.URL, "127.0.0.1", "localhost", 1)
	stop := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/elsewhere":
			http.Redirect(w, r, insideHost, http.StatusFound)
		case "/round":
			http.Redirect(w, r, "/round", http.StatusFound)
		case "/here":
			http.Redirect(w, r, "/small", http.StatusFound)
		case "/big":
			io.Copy(w, io.LimitReader(zeros{}, 2*maxOutbound))
		case "/slow":
			w.(http.Flusher).Flush()
			<-stop
		case "/header":
			w.Header().Set("X", strings.Repeat("x", 2*maxOutboundHeader))
		}
	}))
	defer server.Close()
	defer close(stop)
	get := func(c *http.Client, url string) error {
		answer, err := c.Get(url)
		if err != nil {
			return err
		}
		defer answer.Body.Close()
		_, err = io.Copy(io.Discard, answer.Body)
		return err
	}
	trusting := outbound("127.0.0.1")
	for _, path := range []string{"/small", "/here"} {
		if err := get(trusting, server.URL+path); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
	for _, path := range []string{"/elsewhere", "/round", "/big"} {
		if err := get(trusting, server.URL+path); !errors.Is(err, errOutbound) {
			t.Errorf("%s: %v", path, err)
		}
	}
	if err := get(trusting, server.URL+"/header"); err == nil {
		t.Error("headers without end are read")
	}
	trusting.Timeout = 50 * time.Millisecond // what outboundWithin is for, sooner
	if err := get(trusting, server.URL+"/slow"); err == nil {
		t.Error("an answer without end is waited for")
	}
	for _, url := range []string{server.URL, insideHost, "https://localhost:1/", "https://127.0.0.1:1/", "https://[::1]:1/", "https://2130706433:1/", "https://0x7f.1:1/", "file:///etc/passwd"} {
		if err := get(outbound("id.gov.iq"), url); err == nil || strings.Contains(err.Error(), "connection refused") {
			t.Errorf("%s: %v", url, err)
		}
	}
	if reached > 0 {
		t.Error("a server inside was reached")
	}
}

// A name that leads inside is refused where the connection is made, whatever it led to before.
func TestOutboundLooksWhereItConnects(t *testing.T) {
	if err := publicOnly("tcp", net.JoinHostPort("10.0.0.7", "443"), nil); !errors.Is(err, errOutbound) {
		t.Error(err)
	}
	if err := publicOnly("tcp", net.JoinHostPort("8.8.8.8", "443"), nil); err != nil {
		t.Error(err)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }
