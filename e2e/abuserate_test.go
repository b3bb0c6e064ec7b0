package e2e_test

import (
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
)

// trickle is a request whose body comes a byte a second.
type trickle struct {
	conn  net.Conn
	ended chan struct{}
}

// trickles begins requests with bodies that never end: of forms, by who is not signed in, and of uploads, by a program.
func (p *peer) trickles(t *testing.T, n int) []trickle {
	t.Helper()
	const length = 10 << 20 // more than a server reads on when nobody wants it
	heads := []string{
		fmt.Sprintf("POST /en/sign-in HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\nofficial=", 200_000),
		fmt.Sprintf("POST /api/v1/attachments HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer %s\r\nTus-Resumable: 1.0.0\r\nUpload-Length: %d\r\nContent-Type: application/offset+octet-stream\r\nContent-Length: %d\r\n\r\na", p.token, length, length),
		fmt.Sprintf("POST /api/v1/forums/iq-sy/notes HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n{", p.token, 100_000),
	}
	var all []trickle
	for i := range n {
		conn, err := net.Dial("tcp", strings.TrimPrefix(p.url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		x := trickle{conn, make(chan struct{})}
		t.Cleanup(func() { conn.Close() })
		if _, err := io.WriteString(conn, heads[i%len(heads)]); err != nil {
			t.Fatal(err)
		}
		go func() {
			defer close(x.ended)
			io.Copy(io.Discard, conn) // until the node has closed
		}()
		go func() {
			tick := time.NewTicker(time.Second)
			defer tick.Stop()
			for {
				select {
				case <-x.ended:
					return
				case <-tick.C:
					if _, err := conn.Write([]byte("a")); err != nil {
						return
					}
				}
			}
		}()
		all = append(all, x)
	}
	return all
}

// attackSlowBodies looks what has become of bodies that were begun at the beginning of the list.
func attackSlowBodies(t *testing.T, g *target) {
	limit := time.After(150 * time.Second) // a minute for the handler, another for what it left
	for i, x := range g.trickles {
		select {
		case <-x.ended:
		case <-limit:
			t.Fatalf("body %d of %d is still waited for", i, len(g.trickles))
		}
	}
	g.iq.alive(t)
}

// slowReader is a connection on which more is asked for than is ever taken.
type slowReader struct {
	conn net.Conn
	how  string
}

// slowReaders ask for pages, and for a long file, of which they take nothing, or a byte a second.
func (p *peer) slowReaders(t *testing.T, n int) []slowReader {
	t.Helper()
	const long = 16 << 20 // more than the buffers of both ends take
	a := p.shoot(t, shot{method: "POST", path: "/api/v1/attachments", token: p.token, body: io.LimitReader(endless("a"), long), header: map[string]string{
		"Tus-Resumable": "1.0.0", "Upload-Length": fmt.Sprint(long), "Upload-Metadata": "filename " + b64("long.bin"), "Content-Type": "application/offset+octet-stream"}})
	at := a.header.Get("Location")
	if a.status != http.StatusCreated {
		t.Fatalf("a long file: %d %.200s", a.status, a.body)
	}
	note, status, err := p.send("long", "routine", 30, at[strings.LastIndex(at, "/")+1:])
	if err != nil || status != http.StatusOK {
		t.Fatalf("%d %v", status, err)
	}
	file := fmt.Sprintf("GET /api/v1/forums/iq-sy/notes/%s/attachments/0 HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer %s\r\n\r\n", note.ID, p.token)
	pages := strings.Repeat("GET /en/sign-in HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 4_000) // one after another on one connection
	var all []slowReader
	for i := range n {
		conn, err := net.Dial("tcp", strings.TrimPrefix(p.url, "http://"))
		if err == nil {
			err = conn.(*net.TCPConn).SetReadBuffer(4 << 10)
		}
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		x := slowReader{conn, "a file, nothing of which is taken"}
		asked := file
		if i%2 == 1 {
			x.how, asked = "pages, nothing of which is taken", pages
		}
		go io.WriteString(conn, asked) // the node reads on as long as it answers
		if i%4 >= 2 {
			x.how = strings.Replace(x.how, "nothing of which is taken", "a byte a second", 1)
			go func() {
				tick := time.NewTicker(time.Second)
				defer tick.Stop()
				for range tick.C {
					if _, err := conn.Read(make([]byte, 1)); err != nil {
						return
					}
				}
			}()
		}
		all = append(all, x)
	}
	return all
}

// attackSlowReaders looks which of the connections that were opened at the beginning of the list the node still holds: what one end
// has not taken stays in the system's buffers for a while, where it costs the node nothing.
func attackSlowReaders(t *testing.T, g *target) {
	held := func(readers []slowReader) (all []string) {
		table, err := os.ReadFile("/proc/net/tcp")
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range readers {
			here := fmt.Sprintf(":%04X", x.conn.LocalAddr().(*net.TCPAddr).Port)
			there := fmt.Sprintf(":%04X", x.conn.RemoteAddr().(*net.TCPAddr).Port)
			for line := range strings.Lines(string(table)) {
				if f := strings.Fields(line); len(f) > 9 && strings.HasSuffix(f[1], there) && strings.HasSuffix(f[2], here) && f[9] != "0" { // an inode: a process has it open
					all = append(all, x.how)
				}
			}
		}
		return all
	}
	fresh, err := net.Dial("tcp", strings.TrimPrefix(g.iq.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer fresh.Close()
	g.iq.w.until(10*time.Second, "a connection that was just opened is held", func() bool { return len(held([]slowReader{{conn: fresh}})) == 1 })
	g.iq.w.until(150*time.Second, "the node lets go of who takes nothing", func() bool { return len(held(g.readers)) == 0 })
	g.iq.alive(t)
}

// attackSniffing sends files that are something else than they say, and looks how they are offered to the other side: saved,
// never shown, whatever a browser would take them for.
func attackSniffing(t *testing.T, g *target) {
	const script = "<script>alert(1)</script>"
	files := []struct{ name, typ, content string }{
		{"stamp.png", "image/png", "<!DOCTYPE html><html><body>" + script + "</body></html>"},
		{"seal.svg", "image/svg+xml", `<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)">` + script + `</svg>`},
		{"pixel.gif", "image/gif", "GIF89a/*" + strings.Repeat(" ", 16) + "*/=1;" + script},
		{"report.pdf", "application/pdf", "%PDF-1.7\n" + script},
		{"notes.txt", "text/plain", "\xfe\xff" + script},
		{"data.xml", "application/xml", `<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml">` + script + `</html>`},
		{"page.mht", "multipart/related", "MIME-Version: 1.0\r\nContent-Type: text/html\r\n\r\n" + script},
		{"nothing", "", script},
	}
	var ids []string
	for _, f := range files {
		a := g.iq.shoot(t, shot{method: "POST", path: "/api/v1/attachments", token: g.iq.token, body: strings.NewReader(f.content), header: map[string]string{
			"Tus-Resumable": "1.0.0", "Upload-Length": fmt.Sprint(len(f.content)), "Upload-Metadata": "filename " + b64(f.name) + ",filetype " + b64(f.typ), "Content-Type": "application/offset+octet-stream"}})
		at := a.header.Get("Location")
		if a.status != http.StatusCreated {
			t.Fatalf("%s: %d %.200s", f.name, a.status, a.body)
		}
		ids = append(ids, at[strings.LastIndex(at, "/")+1:])
	}
	n, status, err := g.iq.send("sniffing", "routine", 20, ids...)
	if err != nil || status != http.StatusOK {
		t.Fatalf("%d %v", status, err)
	}
	session := g.sy.signIn(t, g.reader)
	if _, err := g.sy.call("POST", "/api/v1/forums/iq-sy/notes/"+n.ID+"/open", nil, map[string]any{}, nil); err != nil {
		t.Fatal(err)
	}
	for i, f := range files {
		for _, path := range []string{fmt.Sprintf("/api/v1/forums/iq-sy/notes/%s/attachments/%d", n.ID, i), fmt.Sprintf("/en/notes/iq-sy/%s/files/%d", n.ID, i)} {
			for _, want := range []string{"*/*", "image/*", "text/html"} {
				a := g.sy.shoot(t, shot{path: path, token: g.sy.token, session: session, header: map[string]string{"Accept": want, "Sec-Fetch-Dest": "image"}})
				how, _, err := mime.ParseMediaType(a.header.Get("Content-Disposition"))
				typ := a.header.Get("Content-Type")
				if err != nil || a.status != http.StatusOK || a.body != f.content || how != "attachment" || a.header.Get("X-Content-Type-Options") != "nosniff" ||
					!strings.Contains(a.header.Get("Content-Security-Policy"), "sandbox") || a.header.Get("Cross-Origin-Resource-Policy") != "same-origin" || strings.HasPrefix(typ, "text/html") {
					t.Errorf("%s at %s: %d as %q, %q, %v", f.name, path, a.status, typ, how, a.header)
				}
			}
		}
	}
}

// attackPublic does to the door of the public what is done to the other: other names, other methods, paths that lead elsewhere,
// headers without end, secrets of the house.
func attackPublic(t *testing.T, g *target) {
	door := &peer{w: g.iq.w, name: g.iq.name, dir: g.iq.dir, token: g.iq.token, url: "http://" + g.public}
	if a := door.shoot(t, shot{path: "/public/en/"}); a.status != http.StatusOK || !strings.Contains(a.header.Get("Content-Security-Policy"), "default-src 'none'") || a.header.Get("Set-Cookie") != "" || a.header.Get("X-Content-Type-Options") != "nosniff" {
		t.Fatalf("the public page: %d %v", a.status, a.header)
	}
	session := g.iq.signIn(t, g.admin)
	for _, path := range []string{"/", "/en/", "/ar/sign-in", "/en/notes", "/en/house", "/api/v1/me", "/api/v1/openapi.json", "/metrics", "/tlog/iq-sy/iq/checkpoint", "/sign-in/callback?state=x", "/public/../en/",
		"/public/%2e%2e/en/", "/public//../../jisr.toml", "/public/..%2fjisr.toml", "/public/statements/../../ledger.db", "/debug/pprof/", "/dist/"} {
		a, err := door.tryShoot(shot{path: path, token: g.iq.token, session: session})
		if err == nil && a.status == http.StatusOK && !strings.HasPrefix(path, "/public") || err == nil && (strings.Contains(a.body, "form_token") || strings.Contains(a.body, "member =") || strings.Contains(a.body, "sign-in")) {
			t.Errorf("%s: %d %.200s", path, a.status, a.body)
		}
	}
	for _, method := range []string{"POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "PROPFIND"} {
		a, err := door.tryShoot(shot{method: method, path: "/public/en/", body: strings.NewReader("x"), token: g.iq.token, session: session})
		refusedWith(t, method, a, err, http.StatusMethodNotAllowed, http.StatusNotFound, http.StatusBadRequest, http.StatusNotImplemented)
	}
	for _, host := range []string{"evil.example", "evil.example:80"} {
		if a, err := door.tryShoot(shot{path: "/public/en/", host: host}); err == nil && strings.Contains(a.body+fmt.Sprint(a.header), "evil.example") {
			t.Errorf("as %s it speaks of it", host)
		}
	}
	for name, request := range map[string]io.Reader{
		"a long header":       io.MultiReader(strings.NewReader("GET /public/ HTTP/1.1\r\nHost: 127.0.0.1\r\nX: "), endless("a")),
		"many headers":        io.MultiReader(strings.NewReader("GET /public/ HTTP/1.1\r\nHost: 127.0.0.1\r\n"), endless("X-A: b\r\n")),
		"a long request line": io.MultiReader(strings.NewReader("GET /public/?q="), endless("a")),
		"a body":              io.MultiReader(strings.NewReader("GET /public/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000000000\r\n\r\n"), endless("a")),
	} {
		g.iq.bounded(t, name, func() {
			conn, err := net.Dial("tcp", g.public)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			conn.SetDeadline(time.Now().Add(15 * time.Second))
			io.Copy(conn, request) // ends when the node has closed
		})
	}
	var slow []net.Conn
	for range 50 {
		conn, err := net.Dial("tcp", g.public)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		io.WriteString(conn, "GET /public/ HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: ")
		slow = append(slow, conn)
	}
	many := map[int]int{}
	for i := range 400 {
		a, err := door.tryShoot(shot{path: fmt.Sprintf("/public/en/?page=%d&q=%d", i, i)})
		if err != nil {
			t.Fatal(err)
		}
		many[a.status]++
	}
	if many[http.StatusInternalServerError] > 0 {
		t.Errorf("a flood of addresses that are not remembered: %v", many)
	}
	deadline := time.Now().Add(15 * time.Second)
	for _, conn := range slow {
		conn.SetReadDeadline(deadline)
		if _, err := io.ReadAll(conn); err != nil {
			if timeout, ok := err.(net.Error); ok && timeout.Timeout() {
				t.Fatal("a request without end is still waited for at the public door")
			}
		}
	}
	g.iq.alive(t)
}

// attackByFlood writes as fast as it can: by one account, and from one address without any. Both are told to wait, and others are
// not.
func attackByFlood(t *testing.T, g *target) {
	flood := func(p *peer, n int, s func() shot) (told int) {
		var mu sync.Mutex
		var wg sync.WaitGroup
		left := make(chan struct{}, n)
		for range n {
			left <- struct{}{}
		}
		close(left)
		for range 16 {
			wg.Go(func() {
				for range left {
					if a, err := p.tryShoot(s()); err == nil && a.status == http.StatusTooManyRequests {
						mu.Lock()
						told++
						mu.Unlock()
					}
				}
			})
		}
		wg.Wait()
		return told
	}
	header := map[string]string{"Content-Type": "application/x-www-form-urlencoded", "Origin": g.iq.url, "Sec-Fetch-Site": "same-origin"}
	session := g.iq.signIn(t, g.releaser)
	account := g.iq.elsewhere(t, 31)
	writing := func() shot {
		return shot{method: "POST", path: "/en/access/sessions/end", session: session, header: header, body: strings.NewReader("session=none")}
	}
	if told := flood(account, 1_500, writing); told == 0 {
		t.Error("an account that runs wild is never told to wait")
	}
	other := g.iq.signIn(t, g.drafter)
	if a := g.iq.shoot(t, shot{method: "POST", path: "/en/access/sessions/end", session: other, header: header, body: strings.NewReader("session=none")}); a.status == http.StatusTooManyRequests {
		t.Error("another account is told to wait for it")
	}
	address := g.iq.elsewhere(t, 32)
	if told := flood(address, 9_000, func() shot { return shot{method: "POST", path: "/en/sign-out", header: header} }); told == 0 {
		t.Error("an address that runs wild is never told to wait")
	}
	if a := g.iq.elsewhere(t, 33).shoot(t, shot{method: "POST", path: "/en/sign-out", header: header}); a.status == http.StatusTooManyRequests {
		t.Error("another address is told to wait for it")
	}
	g.iq.alive(t)
}
