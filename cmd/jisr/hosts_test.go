package main

import (
	"crypto/x509"
	"net/http"
	"net/http/httptest"
	"testing"

	"jisr/node"
)

// TestHostsOfOthersAreMisdirected: a name that somebody pointed here is not a name of this node.
func TestHostsOfOthersAreMisdirected(t *testing.T) {
	plain, err := hostsOf(node.Config{})
	if err != nil {
		t.Fatal(err)
	}
	proxied, err := hostsOf(node.Config{URL: "https://Jisr.MOFA.example/"})
	if err != nil {
		t.Fatal(err)
	}
	own := hosts{cert: &x509.Certificate{DNSNames: []string{"jisr.mofa.example"}}}
	for _, c := range []struct {
		hosts
		host string
		want int
	}{
		{plain, "127.0.0.1:8400", 200}, {plain, "[::1]:8400", 200}, {plain, "localhost:8400", 200}, {plain, "LOCALHOST", 200}, {plain, "192.0.2.7", 200},
		{plain, "rebound.example", 421}, {plain, "localhost.rebound.example:8400", 421}, {plain, "127.0.0.1.rebound.example", 421}, {plain, "", 421},
		{proxied, "jisr.mofa.example", 200}, {proxied, "jisr.mofa.example.:443", 200}, {proxied, "mofa.example", 421}, {proxied, "x.jisr.mofa.example", 421},
		{own, "jisr.mofa.example:8400", 200}, {own, "other.mofa.example", 421},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Host = c.host
		w := httptest.NewRecorder()
		c.guard(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})).ServeHTTP(w, r)
		if w.Code != c.want {
			t.Errorf("%q: got %d, want %d", c.host, w.Code, c.want)
		}
	}
}
