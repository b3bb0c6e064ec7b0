package portal

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"

	"jisr/node"
)

// A live page opens a stream of server-sent events (HTML standard, section 9.2) and, at each event, asks for
// itself again with the header below; what comes back is only what changes, and is merged into the page. An
// event says that something changed and not what: a page that missed some is up to date after the next.

// isLive tells whether a page asks for its changing part only.
func isLive(r *request) bool {
	return r.Method == http.MethodGet && r.Header.Get("HX-Request") == "true"
}

// streams counts the open streams of each account. mu guards open.
type streams struct {
	mu   sync.Mutex
	open map[string]int
}

// enter takes a place; false: the account has all it may.
func (s *streams) enter(account string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open == nil {
		s.open = map[string]int{}
	}
	if s.open[account] >= maxStreams {
		return false
	}
	s.open[account]++
	return true
}

func (s *streams) leave(account string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open[account]--; s.open[account] == 0 {
		delete(s.open, account)
	}
}

// events is the stream. It ends with the reader's connection, the session or the server; pages go on without.
func (s *site) events(string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		caller, err := s.callerOf(r)
		if err != nil {
			w.WriteHeader(http.StatusUnauthorized) // a stream that is refused is not tried again by browsers
			return
		}
		if !s.streams.enter(string(caller.Account)) {
			w.WriteHeader(http.StatusTooManyRequests)
			return
		}
		defer s.streams.leave(string(caller.Account))
		ctx, cancel := context.WithCancel(r.Context())
		defer cancel()
		h := w.Header()
		h.Set("Content-Type", "text/event-stream")
		h.Set("X-Accel-Buffering", "no") // for proxies that would hold events back
		st := &stream{w: w, control: http.NewResponseController(w)}
		if st.send("retry: 3000\n\n") != nil {
			return
		}
		events := s.node.Watch(ctx)
		if r.FormValue("since") != strconv.FormatInt(s.node.Changes(), 10) && st.send(changedEvent(0)) != nil {
			return // what happened between the page and its stream is told first
		}
		s.stream(ctx, r, caller, st, events)
	})
}

// stream passes events on until something ends it.
func (s *site) stream(ctx context.Context, r *http.Request, caller node.Caller, st *stream, events <-chan node.Event) {
	alive := time.NewTicker(keepAlive)
	defer alive.Stop()
	for n := 1; ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-s.closing:
			return
		case <-alive.C:
			if _, err := s.callerOf(r); err != nil || st.send(": alive\n\n") != nil {
				return
			}
		case e, open := <-events:
			if open && !s.node.MaySee(ctx, caller, e) {
				continue
			}
			if !open || !s.pause(ctx, settle) {
				return
			}
			drain(events)
			if st.send(changedEvent(n)) != nil || !s.pause(ctx, eventSpacing) {
				return
			}
		}
	}
}

func changedEvent(n int) string { return fmt.Sprintf("id: %d\nevent: changed\ndata: {}\n\n", n) }

// pause waits: a batch of acts is one event, and a page is not made to fetch itself all the time.
func (s *site) pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-s.closing:
		return false
	case <-ctx.Done():
		return false
	}
}

func drain(events <-chan node.Event) {
	for {
		select {
		case _, open := <-events:
			if !open {
				return
			}
		default:
			return
		}
	}
}

// stream is the writing end.
type stream struct {
	w       http.ResponseWriter
	control *http.ResponseController
}

// send writes at once. The deadline replaces the server's own, which is for whole answers.
func (st *stream) send(text string) error {
	// A server without deadlines has none to extend.
	_ = st.control.SetWriteDeadline(time.Now().Add(writeAfter + keepAlive))
	if _, err := st.w.Write([]byte(text)); err != nil {
		return err
	}
	return st.control.Flush()
}
