package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"

	"jisr/node"
)

// hosts are the names under which this node's pages and interfaces are reached. A request for another name was made by a
// page elsewhere whose name was pointed here (DNS rebinding): to a browser it would be of that page's own origin.
type hosts struct {
	url  string            // host of the setting url
	cert *x509.Certificate // of the node's own TLS; nil: none
}

func hostsOf(c node.Config) (hosts, error) {
	var h hosts
	if u, err := url.Parse(c.URL); err == nil {
		h.url = strings.ToLower(u.Hostname())
	}
	if c.TLS.Cert == "" {
		return h, nil
	}
	pair, err := tls.LoadX509KeyPair(c.TLS.Cert, c.TLS.Key)
	if err != nil {
		return h, fmt.Errorf("couldn't read the certificate of the portal and the API: %w", err)
	}
	h.cert, err = x509.ParseCertificate(pair.Certificate[0])
	return h, err
}

// known tells whether a request's Host is a name of this node: that of the setting, one of the certificate, this machine's
// own, or an address. Addresses cannot be pointed elsewhere.
func (h hosts) known(host string) bool {
	name := strings.ToLower(host)
	if n, _, err := net.SplitHostPort(host); err == nil {
		name = strings.ToLower(n)
	}
	name = strings.TrimSuffix(strings.Trim(name, "[]"), ".")
	switch {
	case name == "localhost", net.ParseIP(name) != nil, h.url != "" && name == h.url:
		return true
	}
	return h.cert != nil && h.cert.VerifyHostname(name) == nil
}

// guard refuses requests for other names as misdirected (RFC 9110 section 15.5.20).
func (h hosts) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !h.known(r.Host) {
			http.Error(w, "this node is not reached under that name; see the setting url", http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}
