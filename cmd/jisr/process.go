package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

const (
	readyWithin = 20 * time.Second // a node that is not ready by then has failed to start
	endsWithin  = 5 * time.Second  // design: a node stops in 5 s at most
	readyEvery  = 10 * time.Millisecond
)

// child is a `jisr serve` that this process started. It ends when this process does, however that ends: its
// standard input is a pipe that nobody writes to, and the kernel closes it.
type child struct {
	cmd   *exec.Cmd
	stdin io.Closer
	url   string
	ended chan struct{} // closed once it has ended; err says how
	err   error
	start time.Time
}

// startNode starts `jisr serve --dir dir`.
func startNode(dir, url string, log io.Writer) (*child, error) {
	return startChild(url, log, serveArgs(dir)...)
}

func serveArgs(dir string) []string { return []string{"serve", "--dir", dir, "--until-eof"} }

// startChild starts this program's own file with other arguments; url is where it will answer.
func startChild(url string, log io.Writer, args ...string) (*child, error) {
	return startChildIn(nil, url, log, args...)
}

// startChildIn does the same with more in its environment.
func startChildIn(env []string, url string, log io.Writer, args ...string) (*child, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("couldn't find this program: %w", err)
	}
	cmd := exec.Command(self, args...)
	cmd.Args[0] = "jisr"
	cmd.Env = append(environment(), env...)
	cmd.Stderr = log
	// A process group of its own: Ctrl-C reaches this process only, which then ends its children in order.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("couldn't start a node: %w", err)
	}
	c := &child{cmd: cmd, stdin: stdin, url: url, ended: make(chan struct{}), start: time.Now()}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("couldn't start a node: %w", err)
	}
	go func() { c.err = cmd.Wait(); close(c.ended) }()
	return c, nil
}

// environment is this process's without the settings of a node: a JISR_LISTEN meant for one would reach all.
func environment() []string {
	var all []string
	for _, e := range os.Environ() {
		if !strings.HasPrefix(e, "JISR_") || strings.HasPrefix(e, "JISR_LANG=") {
			all = append(all, e)
		}
	}
	return all
}

// ready waits until the node answers that it is, and tells how long that took from its start.
func (c *child) ready(ctx context.Context) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	client := http.Client{Timeout: time.Second}
	tick := time.NewTicker(readyEvery)
	defer tick.Stop()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.url+"/readyz", nil)
		if err != nil {
			return 0, fmt.Errorf("couldn't ask whether the node is ready: %w", err)
		}
		if res, err := client.Do(req); err == nil {
			res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return time.Since(c.start), nil
			}
		}
		select {
		case <-c.ended:
			return 0, fmt.Errorf("the node at %s ended before it was ready: %w", c.url, c.err)
		case <-ctx.Done():
			return 0, fmt.Errorf("couldn't reach the node at %s: %w", c.url, ctx.Err())
		case <-tick.C:
		}
	}
}

// stop ends the node as its operator would, and after a while by force.
func (c *child) stop() error {
	c.stdin.Close()
	if err := c.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("couldn't stop the node at %s: %w", c.url, err)
	}
	limit := time.NewTimer(endsWithin)
	defer limit.Stop()
	select {
	case <-c.ended:
		return nil
	case <-limit.C:
		return errors.Join(fmt.Errorf("the node at %s did not stop within %s", c.url, endsWithin), c.cmd.Process.Kill())
	}
}

// stopAll ends nodes at the same time.
func stopAll(children []*child) error {
	errs := make(chan error, len(children))
	for _, c := range children {
		go func() { errs <- c.stop() }()
	}
	var all []error
	for range children {
		all = append(all, <-errs)
	}
	return errors.Join(all...)
}
