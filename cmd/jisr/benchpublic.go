package main

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// publicFigures is how fast a node that has one core answers the public.
type publicFigures struct {
	PerSecond float64 `json:"per_second"`
	Readers   int     `json:"readers,omitempty"`
	Bytes     int     `json:"page_bytes,omitempty"`
}

const (
	publicReaders = 16
	oneCore       = "GOMAXPROCS=1"
)

// public measures the page of a statement, with its picture's place and its comments' form, while the node has one core.
func (b *bench) public(ctx context.Context, r *report) error {
	return b.onWater(ctx, func(w *water) error {
		if err := w.start(ctx, 1, oneCore); err != nil {
			return err
		}
		address, err := firstOf(ctx, w.nodes[0].Public+"ar/feed.atom")
		if err != nil {
			return err
		}
		r.Public, err = readMuch(ctx, address, b.plan.reading)
		return err
	})
}

// firstOf is the address of the newest statement in a feed.
func firstOf(ctx context.Context, address string) (string, error) {
	text, err := read(ctx, http.DefaultClient, address)
	if err != nil {
		return "", err
	}
	var feed struct {
		Entries []struct {
			Link struct {
				To string `xml:"href,attr"`
			} `xml:"link"`
		} `xml:"entry"`
	}
	if err := xml.Unmarshal(text, &feed); err != nil || len(feed.Entries) == 0 {
		return "", fmt.Errorf("couldn't find a statement in the feed: %w", errors.Join(err, io.ErrUnexpectedEOF))
	}
	return feed.Entries[0].Link.To, nil
}

func read(ctx context.Context, client *http.Client, address string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	res, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the node answered %s to %s", res.Status, address)
	}
	return io.ReadAll(io.LimitReader(res.Body, 1<<20))
}

// readMuch has many readers read a page again and again, each over a connection of its own, and counts whole answers.
func readMuch(ctx context.Context, address string, d time.Duration) (*publicFigures, error) {
	first, err := read(ctx, http.DefaultClient, address)
	if err != nil {
		return nil, err
	}
	var done atomic.Int64
	var wg sync.WaitGroup
	errs := make([]error, publicReaders)
	begin := time.Now()
	for i := range publicReaders {
		wg.Go(func() {
			client := &http.Client{Transport: &http.Transport{}}
			defer client.CloseIdleConnections()
			for time.Since(begin) < d && errs[i] == nil {
				if errs[i] = page(ctx, client, address); errs[i] == nil {
					done.Add(1)
				}
			}
		})
	}
	wg.Wait()
	rate := float64(done.Load()) / time.Since(begin).Seconds()
	return &publicFigures{PerSecond: rounded(rate), Readers: publicReaders, Bytes: len(first)}, errors.Join(errs...)
}

// barePublic: an empty server on one core.
func barePublic(ctx context.Context, _ string, plan benchPlan, f *figures) error {
	ports, err := freePorts(1)
	if err != nil {
		return err
	}
	c, err := startChildIn([]string{oneCore}, "http://"+ports[0], io.Discard, "bench", "--hello", ports[0])
	if err != nil {
		return err
	}
	if _, err = c.ready(ctx); err == nil {
		f.Public, err = readMuch(ctx, "http://"+ports[0]+"/", plan.reading)
	}
	return errors.Join(err, c.stop())
}
