package node

import (
	"errors"
	"os"
	"path/filepath"

	"jisr"
)

// fileRestored marks a directory that was restored from a backup: its logs may be shorter than what was sent from them. While it
// is there the node writes in a forum only after every partner there has said what it holds of this member's log; once all
// have, in all forums, it is removed. Who knows that a partner who cannot be reached holds nothing newer may remove it.
const fileRestored = "restored"

// awaited is who has not said yet what it holds. Under mu.
type awaited struct {
	restored bool
	level    map[jisr.ForumID]map[string]bool // who has, by forum
}

func (n *Node) readRestored() error {
	_, err := os.Stat(filepath.Join(n.dir, fileRestored))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err == nil {
		n.awaited = awaited{true, map[jisr.ForumID]map[string]bool{}}
	}
	return err
}

// tellRestored says in the log what the operator of a restored node must know.
func (n *Node) tellRestored() {
	n.mu.RLock()
	defer n.mu.RUnlock()
	if n.awaited.restored {
		n.log.Warn("this node was restored from a backup: it writes in a forum once every partner there has said what it holds, and what it lacks was fetched back. What the house wrote after the backup nobody else holds: drafts, accounts, clearances, settings")
	}
}

// silent gives a partner that has not said what it holds; "": all have, or nobody is waited for. n.mu is held.
func (n *Node) silent(id jisr.ForumID) jisr.MemberID {
	f := n.forums[id]
	if !n.awaited.restored || f == nil {
		return ""
	}
	for _, m := range f.others {
		if !n.awaited.level[id][string(m)] {
			return m
		}
	}
	return ""
}

// said notes that a partner holds nothing of this member's log that is not here, and ends the waiting with the last. n.mu is held.
func (n *Node) said(id jisr.ForumID, member string) {
	if !n.awaited.restored {
		return
	}
	if n.awaited.level[id] == nil {
		n.awaited.level[id] = map[string]bool{}
	}
	n.awaited.level[id][member] = true
	for f := range n.forums {
		if n.silent(f) != "" {
			return
		}
	}
	n.awaited.restored = false
	if err := os.Remove(filepath.Join(n.dir, fileRestored)); err != nil {
		n.log.Error("couldn't remove the mark of a restored node; it will ask its partners again when it starts", "err", err)
		return
	}
	n.log.Info("every partner has said what it holds: this restored node writes again")
}
