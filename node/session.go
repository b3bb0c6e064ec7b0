package node

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"jisr"
)

// How an official signed in.
const (
	ByPassword = "password"
	ByPasskey  = "passkey"
	ByProvider = "provider" // an identity provider
)

const (
	sessionIdle     = 30 * time.Minute // without a page asked for by the official
	sessionAbsolute = 12 * time.Hour
	maxSessions     = 10_000 // all together …
	maxOwnSessions  = 20     // … and of one post: the oldest ends
	maxAgent        = 200    // bytes of what a browser calls itself
	seenEvery       = time.Minute
)

// SessionConfig limits how long an official stays signed in.
type SessionConfig struct {
	Idle     string `toml:"idle" doc:"After this time without a page asked for, an official signs in again, for example 15m. Default: 30m."`
	Absolute string `toml:"absolute" doc:"After this time an official signs in again in any case. Default: 12h."`
}

// limits reads them; check has found them good.
func (s SessionConfig) limits() (idle, absolute time.Duration) {
	idle, absolute = sessionIdle, sessionAbsolute
	if d, err := time.ParseDuration(s.Idle); err == nil {
		idle = d
	}
	if d, err := time.ParseDuration(s.Absolute); err == nil {
		absolute = d
	}
	return idle, absolute
}

func (s SessionConfig) check() error {
	for name, v := range map[string]string{"session.idle": s.Idle, "session.absolute": s.Absolute} {
		if d, err := time.ParseDuration(v); v != "" && (err != nil || d < time.Minute || d > 7*24*time.Hour) {
			return jisr.Refuse(jisr.Malformed, name, "want", "30m")
		}
	}
	return nil
}

// Session is one sign-in of an official.
type Session struct {
	ID         string       `json:"id"` // SHA-256 of what the cookie holds, so that who reads the list cannot use it
	Account    jisr.ThingID `json:"account"`
	How        string       `json:"how"`
	Credential jisr.Bytes   `json:"credential,omitempty"` // of the passkey; when it ends, so does the session
	Secret     jisr.Index   `json:"secret"`               // the act of the password, or that linked the provider's word; when it changes, the session ends
	Began      time.Time    `json:"began"`
	Seen       time.Time    `json:"seen"`
	Address    string       `json:"address,omitempty"`
	Agent      string       `json:"agent,omitempty"`
}

// From says where a sign-in comes from, for the list of sessions and for counting attempts.
type From struct {
	Address string
	Agent   string
}

// sessions is the list of who is signed in. It is kept in a file beside the ledger and not in it: when somebody looked
// at a page last is nobody's record. mu guards all of it.
type sessions struct {
	mu   sync.Mutex
	path string
	read os.FileInfo // the file as it was read or written last
	open map[string]Session
}

// load reads the list where another process of this member may have changed it. A list that cannot be read signs
// everybody out and hurts nobody.
func (s *sessions) load() error {
	info, err := os.Stat(s.path)
	if errors.Is(err, os.ErrNotExist) {
		if s.open == nil {
			s.open = map[string]Session{}
		}
		return nil
	}
	if err != nil {
		return fmt.Errorf("couldn't look for the list of sessions: %w", err)
	}
	if s.read != nil && os.SameFile(s.read, info) {
		return nil
	}
	data, err := os.ReadFile(s.path)
	if err != nil {
		return fmt.Errorf("couldn't read the list of sessions: %w", err)
	}
	var all []Session
	s.open, s.read = map[string]Session{}, info
	if json.Unmarshal(data, &all) != nil {
		return nil
	}
	for _, x := range all {
		s.open[x.ID] = x
	}
	return nil
}

// save writes the list whole and puts it in the place of the old one. A crash before the rename leaves the old list: who
// signed in meanwhile does so again, and a session that was ended is ended by its own time. A crash after it leaves the new.
func (s *sessions) save() error {
	all := make([]Session, 0, len(s.open))
	for _, x := range s.open {
		all = append(all, x)
	}
	slices.SortFunc(all, func(a, b Session) int { return cmp.Or(a.Began.Compare(b.Began), cmp.Compare(a.ID, b.ID)) })
	data, err := json.Marshal(all)
	if err != nil {
		return fmt.Errorf("couldn't encode the list of sessions: %w", err)
	}
	f, err := os.CreateTemp(filepath.Dir(s.path), ".sessions-*") // 0600
	if err != nil {
		return fmt.Errorf("couldn't write the list of sessions: %w", err)
	}
	_, err = f.Write(data)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), s.path)
	}
	if err != nil {
		os.Remove(f.Name())
		return fmt.Errorf("couldn't write the list of sessions: %w", err)
	}
	s.read, err = os.Stat(s.path)
	return err
}

// change changes the list and keeps it.
func (s *sessions) change(f func(map[string]Session)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.load(); err != nil {
		return err
	}
	f(s.open)
	return s.save()
}

// begin signs an account in: what it gives goes into a cookie, and only its hash is kept.
func (n *Node) begin(x Session, from From) (string, error) {
	token := newSecret(32)
	now := n.now().UTC()
	x.ID, x.Began, x.Seen, x.Address, x.Agent = sessionID(token), now, now, from.Address, from.Agent[:min(len(from.Agent), maxAgent)]
	err := n.sessions.change(func(open map[string]Session) {
		for id, o := range open {
			if n.over(&o) {
				delete(open, id)
			}
		}
		n.makeRoom(open, x.Account)
		open[x.ID] = x
	})
	return token, err
}

// makeRoom ends the oldest sessions where there are too many.
func (n *Node) makeRoom(open map[string]Session, account jisr.ThingID) {
	oldest := func(those func(Session) bool, most int) {
		var all []Session
		for _, o := range open {
			if those(o) {
				all = append(all, o)
			}
		}
		slices.SortFunc(all, func(a, b Session) int { return a.Seen.Compare(b.Seen) })
		for _, o := range all[:max(0, len(all)-most+1)] {
			delete(open, o.ID)
		}
	}
	oldest(func(o Session) bool { return o.Account == account }, maxOwnSessions)
	oldest(func(Session) bool { return true }, maxSessions)
}

func (n *Node) over(x *Session) bool {
	now := n.now()
	return !now.Before(x.Began.Add(n.sessionAbsolute)) || !now.Before(x.Seen.Add(n.sessionIdle))
}

func sessionID(token string) string {
	sum := sha256.Sum256([]byte("jisr session/v2\n" + token))
	return hex.EncodeToString(sum[:])
}

// Session tells who a session belongs to. active says that the official asked for something, and not a page by itself:
// only then does the time without use begin anew.
func (n *Node) Session(ctx context.Context, token string, active bool) (Caller, error) {
	refused := jisr.Refuse(jisr.BadLogin, "session")
	if len(token) > 128 {
		return Caller{}, refused
	}
	x, ok, err := n.sessions.look(sessionID(token), n.now().UTC(), active, n.over)
	if err != nil {
		return Caller{}, err
	}
	if !ok {
		return Caller{}, refused
	}
	row, err := n.book.Account(ctx, x.Account)
	if isRefusal(err, jisr.NoSuch) || err == nil && (row.Account.Ended != nil || !x.stands(&row.Account)) {
		return Caller{}, refused
	}
	if err != nil {
		return Caller{}, err
	}
	c, err := n.callerOf(ctx, &row)
	c.session, c.since, c.address, c.how = x.ID, x.Began, x.Address, x.How
	return c, err
}

// stands tells whether what the session was begun with still opens the account. Nobody stays in with a password that a
// passkey has replaced.
func (x *Session) stands(acc *jisr.Account) bool {
	switch x.How {
	case ByPasskey:
		_, ok := acc.Passkey(x.Credential)
		return ok
	case ByPassword:
		return acc.ByPassword() && acc.Secret == x.Secret
	case ByProvider:
		return acc.Identity != nil && acc.Identity.Linked.Index == x.Secret
	}
	return false
}

// look finds a session that is not over, and notes that it was used. The note is written at most once a minute: what a
// crash loses of it ends a session a minute early.
func (s *sessions) look(id string, now time.Time, active bool, over func(*Session) bool) (Session, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open == nil {
		if err := s.load(); err != nil {
			return Session{}, false, err
		}
	}
	x, ok := s.open[id]
	if !ok || over(&x) {
		return Session{}, false, nil
	}
	if !active || now.Sub(x.Seen) < seenEvery {
		return x, true, nil
	}
	x.Seen = now
	s.open[id] = x
	return x, true, s.save()
}

// SignOut ends the session that the token opens.
func (n *Node) SignOut(token string) error {
	return n.sessions.change(func(open map[string]Session) { delete(open, sessionID(token)) })
}

// Sessions lists where an account is signed in, the newest first: its own to everybody, others' to administrators.
func (n *Node) Sessions(c Caller, account jisr.ThingID) ([]Session, error) {
	if account != c.Account {
		if err := n.may(c, "session.end"); err != nil {
			return nil, err
		}
	}
	n.sessions.mu.Lock()
	defer n.sessions.mu.Unlock()
	if err := n.sessions.load(); err != nil {
		return nil, err
	}
	var all []Session
	for _, x := range n.sessions.open {
		if x.Account == account && !n.over(&x) {
			all = append(all, x)
		}
	}
	slices.SortFunc(all, func(a, b Session) int { return b.Began.Compare(a.Began) })
	return all, nil
}

// Current tells whether the session is the one the caller came by.
func (c Caller) Current(x *Session) bool { return c.session == x.ID }

// EndSession ends one session: an official's own, or as an administrator anybody's.
func (n *Node) EndSession(c Caller, id string) error {
	n.sessions.mu.Lock()
	err := n.sessions.load()
	x, ok := n.sessions.open[id]
	n.sessions.mu.Unlock()
	if err != nil {
		return err
	}
	if ok && x.Account != c.Account {
		err = n.may(c, "session.end")
	}
	if !ok {
		err = jisr.Refuse(jisr.NoSuch, "session")
	}
	n.metrics.command("session.end", err)
	if err != nil {
		return err
	}
	return n.sessions.change(func(open map[string]Session) { delete(open, id) })
}
