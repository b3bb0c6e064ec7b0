package node

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"sync"
	"time"

	"jisr"
)

// fileUsed is when each token was last used: a courtesy to administrators, not a record. It may be lost.
const fileUsed = "used.json"

const (
	usedEvery = time.Minute // between writings
	maxUsed   = 4 << 20     // bytes of the file
)

// used remembers when each token was last used. mu guards all of it.
type used struct {
	mu      sync.Mutex
	at      map[jisr.ThingID]time.Time
	written time.Time
	changed bool
}

// LastUsed tells when a token was last used; zero: never, or it is not known any more.
func (n *Node) LastUsed(token jisr.ThingID) time.Time {
	n.used.mu.Lock()
	defer n.used.mu.Unlock()
	return n.used.at[token]
}

func (u *used) note(token jisr.ThingID, now time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.at[token], u.changed = now, true
}

// readUsed takes up what was written before. A file that cannot be read is begun anew.
func (n *Node) readUsed() {
	n.used.at = map[jisr.ThingID]time.Time{}
	info, err := os.Stat(filepath.Join(n.dir, fileUsed))
	if err != nil || info.Size() > maxUsed {
		return
	}
	b, err := os.ReadFile(filepath.Join(n.dir, fileUsed))
	if err == nil && json.Unmarshal(b, &n.used.at) != nil {
		n.used.at = map[jisr.ThingID]time.Time{}
	}
}

// writeUsed writes the file when it is due, or at the end. A crash loses the uses of the last minute; a rename leaves the
// old file or the new one.
func (n *Node) writeUsed(last bool) {
	now := n.now()
	n.used.mu.Lock()
	if !n.used.changed || !last && now.Sub(n.used.written) < usedEvery {
		n.used.mu.Unlock()
		return
	}
	n.used.changed, n.used.written = false, now
	at := maps.Clone(n.used.at)
	n.used.mu.Unlock()
	if err := writeJSON(filepath.Join(n.dir, fileUsed), at); err != nil {
		n.log.Warn("couldn't note when tokens were last used", "err", err)
	}
}

func writeJSON(path string, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("couldn't encode %s: %w", filepath.Base(path), err)
	}
	if err := os.WriteFile(path+".new", b, 0o600); err != nil {
		return fmt.Errorf("couldn't write %s: %w", filepath.Base(path), err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		return errors.Join(fmt.Errorf("couldn't write %s: %w", filepath.Base(path), err), os.Remove(path+".new"))
	}
	return nil
}
