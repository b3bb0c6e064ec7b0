package node

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"syscall"
	"time"
)

// Bounds of what this node asks of other servers, members' nodes aside.
const (
	outboundWithin    = 10 * time.Second // for a whole request and its answer
	outboundDial      = 5 * time.Second
	maxOutbound       = 1 << 20  // bytes of an answer
	maxOutboundHeader = 64 << 10 // bytes
	maxOutboundHops   = 3        // redirects
)

// errOutbound is what an address or an answer is refused with.
var errOutbound = errors.New("refused by this node's rules for outgoing requests")

// outbound makes the one client by which this node asks other servers for something. Addresses come from documents that
// others wrote, so it goes to public addresses only, looked at after the name was resolved and where the connection is made:
// a name that resolves to another address the second time gains nothing. trusted names the hosts that the operator's own
// configuration names; those may be anywhere, and may be asked without TLS. A redirect leads to the same host or nowhere, a
// proxy of the environment is not used, and an answer is small and comes soon.
func outbound(trusted ...string) *http.Client {
	plain := &net.Dialer{Timeout: outboundDial}
	guarded := &net.Dialer{Timeout: outboundDial, Control: publicOnly}
	transport := &http.Transport{
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			host, _, err := net.SplitHostPort(address)
			if err == nil && slices.Contains(trusted, strings.ToLower(host)) {
				return plain.DialContext(ctx, network, address)
			}
			return guarded.DialContext(ctx, network, address)
		},
		TLSHandshakeTimeout: outboundDial, ResponseHeaderTimeout: outboundWithin, MaxResponseHeaderBytes: maxOutboundHeader,
		DisableCompression: true, MaxIdleConns: 4, IdleConnTimeout: time.Minute, ForceAttemptHTTP2: true,
	}
	return &http.Client{Transport: bounded{transport, trusted}, Timeout: outboundWithin, CheckRedirect: func(next *http.Request, via []*http.Request) error {
		if len(via) > maxOutboundHops || next.URL.Host != via[0].URL.Host || next.URL.Scheme != via[0].URL.Scheme {
			return fmt.Errorf("%w: a redirect to %s", errOutbound, next.URL.Host)
		}
		return nil
	}}
}

// bounded asks by TLS only, hosts of the configuration aside, and reads no more of an answer than maxOutbound.
type bounded struct {
	next    http.RoundTripper
	trusted []string
}

// RoundTrip carries out one request (http.RoundTripper).
func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Scheme != "https" && !slices.Contains(b.trusted, strings.ToLower(r.URL.Hostname())) {
		return nil, fmt.Errorf("%w: %s without TLS", errOutbound, r.URL.Host)
	}
	answer, err := b.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	answer.Body = &shortBody{answer.Body, maxOutbound}
	return answer, nil
}

// shortBody is the body of an answer, which fails where it is longer than it may be.
type shortBody struct {
	io.ReadCloser
	left int64
}

func (b *shortBody) Read(p []byte) (int, error) {
	if b.left < 0 {
		return 0, fmt.Errorf("%w: an answer of more than %d bytes", errOutbound, maxOutbound)
	}
	n, err := b.ReadCloser.Read(p[:min(int64(len(p)), b.left+1)])
	b.left -= int64(n)
	if b.left < 0 {
		return 0, fmt.Errorf("%w: an answer of more than %d bytes", errOutbound, maxOutbound)
	}
	return n, err
}

// publicOnly refuses to connect to an address that is not public. It is asked with the address itself, after names were
// resolved.
func publicOnly(network, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil || !public(at.Addr()) {
		return fmt.Errorf("%w: %s is not a public address", errOutbound, address)
	}
	return nil
}

// public tells whether an address is one of the Internet's (IANA special-purpose registries, RFC 6890), and not one by which
// an IPv6 address stands for an IPv4 address that could be of any kind.
func public(a netip.Addr) bool {
	a = a.Unmap()
	if !a.IsGlobalUnicast() || a.IsPrivate() || a.Zone() != "" {
		return false
	}
	return !slices.ContainsFunc(specialPurpose(), func(p netip.Prefix) bool { return p.Contains(a) })
}

// specialPurpose lists what IsGlobalUnicast and IsPrivate leave in.
func specialPurpose() []netip.Prefix {
	var all []netip.Prefix
	for _, s := range []string{
		"0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4",
		"::/8", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20", "5f00::/16", "fec0::/10",
	} {
		all = append(all, netip.MustParsePrefix(s))
	}
	return all
}
