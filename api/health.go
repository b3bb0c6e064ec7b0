package api

import (
	"bytes"
	"fmt"
	"net/http"
)

// getHealth says that the process answers; it asks nothing of the node, so a node in trouble is not restarted
// over and over.
func (c *call) getHealth() error { return c.plain([]byte("ok\n")) }

// getReady says whether the node can do its work.
func (c *call) getReady() error {
	if err := c.node.Ready(); err != nil {
		return err
	}
	return c.plain([]byte("ready\n"))
}

// getMetrics gives the node's figures for Prometheus. They name partners and the state of the links, so they are
// not for everybody.
func (c *call) getMetrics() error {
	var b bytes.Buffer
	if err := c.node.Metrics(&b); err != nil {
		return fmt.Errorf("couldn't write the metrics: %w", err)
	}
	fmt.Fprintf(&b, "# HELP jisr_api_requests_at_work Requests of programs at work now.\n# TYPE jisr_api_requests_at_work gauge\njisr_api_requests_at_work %d\n", len(c.slots))
	c.w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	c.w.Header().Set("Content-Length", itoa(b.Len()))
	c.w.Write(b.Bytes()) // a caller that has gone is no error of ours
	return nil
}

// getDocument gives the OpenAPI document. It says nothing about this node that the source does not.
func (c *call) getDocument() error {
	c.w.Header().Set("Content-Type", "application/json")
	c.w.Header().Set("Content-Length", itoa(len(c.document)))
	c.w.Header().Set("Cache-Control", "no-cache")
	c.w.WriteHeader(http.StatusOK)
	c.w.Write(c.document) // a caller that has gone is no error of ours
	return nil
}
