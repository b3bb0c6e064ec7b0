package node

import (
	"context"
	"time"

	"jisr"
)

// Uploads that nothing names are looked for so often, so many at a time.
const (
	sweepEvery = time.Hour
	sweepSome  = 100
)

// dropUploads forgets uploads that nothing came to name within jisr.UploadDays: no act, and nothing that is in preparation. A crash
// leaves those that are not dropped yet, for the next turn.
func (n *Node) dropUploads(ctx context.Context) error {
	now := n.now()
	if since := now.Sub(n.swept); since >= 0 && since < sweepEvery {
		return nil
	}
	n.swept = now
	n.following.Lock() // nothing is decided meanwhile that could name one of them
	defer n.following.Unlock()
	unused, err := n.ledger.Unused(ctx, now.Add(-jisr.UploadDays*24*time.Hour), sweepSome)
	if err != nil || len(unused) == 0 {
		return err
	}
	named, err := n.book.Prepared(ctx, unused)
	if err != nil {
		return err
	}
	for _, id := range unused {
		if named[id] {
			continue
		}
		if err := n.ledger.DropUpload(ctx, id); err != nil {
			return err
		}
		n.log.Info("forgot an upload that nothing names", "upload", id)
	}
	return nil
}
