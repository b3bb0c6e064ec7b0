package main

import (
	"fmt"
	"io"
	"net"
	"sync"
)

// road carries TCP connections to an address and can be cut: connections end and new ones are closed at once, as
// when a router between two ministries is gone. mu guards open and whole.
type road struct {
	listener net.Listener
	to       string

	mu    sync.Mutex
	whole bool
	open  map[net.Conn]bool
}

func newRoad(to string) (*road, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("couldn't lay a road to %s: %w", to, err)
	}
	r := &road{listener: l, to: to, whole: true, open: map[net.Conn]bool{}}
	go r.run()
	return r, nil
}

func (r *road) address() string { return r.listener.Addr().String() }

func (r *road) run() {
	for {
		c, err := r.listener.Accept()
		if err != nil {
			return // closed
		}
		go r.carry(c)
	}
}

func (r *road) carry(near net.Conn) {
	defer near.Close()
	if !r.admit(near) {
		return
	}
	defer r.forget(near)
	far, err := net.Dial("tcp", r.to)
	if err != nil {
		return
	}
	defer far.Close()
	if !r.admit(far) {
		return
	}
	defer r.forget(far)
	done := make(chan struct{}, 2)
	for _, way := range [][2]net.Conn{{near, far}, {far, near}} {
		go func() { io.Copy(way[0], way[1]); done <- struct{}{} }()
	}
	<-done
}

func (r *road) admit(c net.Conn) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.whole {
		r.open[c] = true
	}
	return r.whole
}

func (r *road) forget(c net.Conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.open, c)
}

func (r *road) cut() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.whole = false
	for c := range r.open {
		c.Close()
	}
}

func (r *road) restore() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.whole = true
}

func (r *road) close() {
	r.listener.Close()
	r.cut()
}
