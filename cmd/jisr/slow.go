package main

import (
	"errors"
	"io"
	"net/http"
	"os"
	"time"
)

// slow bounds how long a client may take. What it sends has to come on, a least part of it in each window, so that nobody
// holds a handler with a byte a minute; what it is sent it has to take. The whole may take as long as it takes: 2 GB at
// 64 kbit/s are three days.
type slow struct {
	window time.Duration
	least  int64 // bytes of a body in a window
}

// patience is the window of a node: less than 600 bytes a second is no line that anybody works on.
func patience() slow { return slow{time.Minute, 32 << 10} }

const piece = 64 << 10 // bytes given to a client at a time

func (s slow) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rc := http.NewResponseController(w)
		body := &slowBody{ReadCloser: r.Body, slow: s, rc: rc, ended: r.Body == nil || r.Body == http.NoBody}
		if !body.ended {
			r.Body = body
		}
		next.ServeHTTP(&slowWriter{w, s, rc}, r)
		// What is left of the answer has a window too, and so has what the handler did not read of the body, which the server
		// reads on; the next request on the connection begins anew. A writer without deadlines has none to move.
		if !body.ended {
			_ = rc.SetReadDeadline(time.Now().Add(s.window))
		}
		_ = rc.SetWriteDeadline(time.Now().Add(s.window))
	})
}

// slowBody reads a body against the clock.
type slowBody struct {
	io.ReadCloser
	slow
	rc    *http.ResponseController
	ends  time.Time // of the window
	left  int64     // of what has to come in it
	ended bool
}

func (b *slowBody) Read(p []byte) (int, error) {
	if b.left <= 0 {
		b.ends, b.left = time.Now().Add(b.window), b.least
	}
	_ = b.rc.SetReadDeadline(b.ends)
	n, err := b.ReadCloser.Read(p)
	b.left -= int64(n)
	if err == io.EOF { // what follows on the connection has no clock: the server watches it while the handler works
		b.ended = true
		_ = b.rc.SetReadDeadline(time.Time{})
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		err = io.ErrUnexpectedEOF // to a handler it ended early
	}
	return n, err
}

// slowWriter writes a piece at a time, each of which has its window.
type slowWriter struct {
	http.ResponseWriter
	slow
	rc *http.ResponseController
}

// Unwrap gives the writer to [http.ResponseController].
func (w *slowWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *slowWriter) Write(p []byte) (done int, err error) {
	for first := true; first || len(p) > 0; first = false {
		_ = w.rc.SetWriteDeadline(time.Now().Add(w.window))
		n, err := w.ResponseWriter.Write(p[:min(piece, len(p))])
		done += n
		if err != nil {
			return done, err
		}
		p = p[n:]
	}
	return done, nil
}
