package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// A client that trickles a body, or takes nothing of an answer, does not hold a handler; one whose body comes on does.
func TestWhoTricklesDoesNotHoldAHandler(t *testing.T) {
	ended := make(chan error, 1)
	s := slow{50 * time.Millisecond, 1 << 10}
	server := httptest.NewServer(s.guard(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/take":
			_, err := io.Copy(w, endless{})
			ended <- err
		default:
			b, err := io.ReadAll(r.Body)
			if r.URL.Path == "/send" {
				ended <- err
			}
			fmt.Fprint(w, len(b))
		}
	})))
	defer server.Close()
	dial := func(request string) net.Conn {
		c, err := net.Dial("tcp", server.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		if _, err := io.WriteString(c, request); err != nil {
			t.Fatal(err)
		}
		return c
	}
	dial("POST /send HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\na")
	if err := <-ended; err == nil {
		t.Error("a body that does not come on ended well")
	}
	dial("GET /take HTTP/1.1\r\nHost: x\r\n\r\n")
	if err := <-ended; err == nil {
		t.Error("an answer that nobody takes was written whole")
	}

	// A body longer than a window's part comes through, and the connection goes on after it.
	long := strings.Repeat("x", 1<<20)
	c := dial("POST /whole HTTP/1.1\r\nHost: x\r\nContent-Length: 1048576\r\n\r\n" + long + "POST /whole HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\na")
	answers := bufio.NewReader(c)
	for _, want := range []string{"1048576", "1"} {
		resp, err := http.ReadResponse(answers, nil)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(resp.Body)
		if err != nil || string(got) != want {
			t.Errorf("got %q %v, want %s", got, err, want)
		}
	}
}

// endless is an answer that never ends by itself.
type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }
