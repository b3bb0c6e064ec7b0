// Package outbox is what is to be mailed, each message once: a SQLite file beside the ledger, and no more than that. It knows no
// rule, no address and no text: a message is for an account, about things by their names, and is written when it is sent.
//
// A message goes through these states, each on disk before the next step is taken:
//
//	queued ---> sending ---> sent ---> returned
//	   ^           |    `--> refused, given up, dropped
//	   '-----------'  (not taken now: again later)
//
// A crash while a message is being sent leaves it as sending. Whether the server took it is then unknown, so it is sent again under
// the same Message-ID: who receives it twice has it once (RFC 5322 section 3.6.4). The time in which that can happen lies between the
// server's answer and one commit here.
//
// The file may be lost: what waits at that time is then taken as told, see [Box.Tell]. Methods are safe for concurrent use, by several
// processes too.
package outbox

import (
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/ncruces/go-sqlite3"
	_ "github.com/ncruces/go-sqlite3/vfs/adiantum" // the pages of an encrypted file
)

// State is how far a message has come.
type State string

// The states.
const (
	Queued   State = "queued"
	Sending  State = "sending"  // it may have been taken
	Sent     State = "sent"     // the server took it
	Returned State = "returned" // it came back later
	Refused  State = "refused"  // the server does not take this address
	GivenUp  State = "given-up" // not taken in all the time there is for it
	Dropped  State = "dropped"  // when it was to be sent there was nothing to say any more
)

const (
	keepFor  = 400 * 24 * time.Hour // messages that were taken: what an invitation said is looked up when the meeting changes
	maxItems = 200                  // things a message is about
)

// Message is one message.
type Message struct {
	N         int64  // its number here
	MessageID string // without angle brackets; never another, however often it is sent
	Event     string // what it tells of: there is one message for an event
	Account   string
	Address   int64 // which of the account's addresses it is for: the index of the act that has it
	Kind      string
	Items     []byte // what it is about, as its maker wrote it
	State     State
	Code      string // the server's last answer: reply code, or enhanced status code (RFC 3463); empty: none
	Tries     int
	Made      time.Time
	Changed   time.Time
	Next      time.Time // when it is tried next
}

// Box is an open outbox.
type Box struct {
	mu sync.Mutex // guards c: one statement at a time
	c  *sqlite3.Conn
}

const schema = `
PRAGMA busy_timeout=10000; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA temp_store=MEMORY;
CREATE TABLE IF NOT EXISTS message(
	n INTEGER PRIMARY KEY, message_id TEXT NOT NULL UNIQUE, event TEXT NOT NULL UNIQUE, account TEXT NOT NULL, address INTEGER NOT NULL, kind TEXT NOT NULL,
	items BLOB NOT NULL, state TEXT NOT NULL, code TEXT NOT NULL DEFAULT '', tries INTEGER NOT NULL DEFAULT 0, made INTEGER NOT NULL, changed INTEGER NOT NULL, next INTEGER NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS due ON message(next) WHERE state IN ('queued','sending');
CREATE INDEX IF NOT EXISTS of_account ON message(account, n);
CREATE TABLE IF NOT EXISTS told(account TEXT NOT NULL, address INTEGER NOT NULL, item TEXT NOT NULL, PRIMARY KEY(account, address, item)) STRICT, WITHOUT ROWID;
`

// Open opens the file, and makes it where there is none. With a key of 32 bytes it is encrypted at rest.
func Open(path string, key []byte) (*Box, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err == nil {
		err = f.Close()
	}
	if err != nil {
		return nil, fmt.Errorf("couldn't open the outbox: %w", err)
	}
	unlock := ""
	if key != nil {
		full, err := filepath.Abs(path)
		if err != nil {
			return nil, fmt.Errorf("couldn't open the outbox: %w", err)
		}
		path = (&url.URL{Scheme: "file", Path: full, RawQuery: "vfs=adiantum"}).String()
		unlock = "PRAGMA hexkey='" + hex.EncodeToString(key) + "'"
	}
	c, err := sqlite3.Open(path)
	if err != nil {
		return nil, fmt.Errorf("couldn't open the outbox: %w", err)
	}
	if err := errors.Join(c.Exec(unlock), c.Exec(schema)); err != nil {
		return nil, fmt.Errorf("couldn't open the outbox: %w", errors.Join(err, c.Close()))
	}
	return &Box{c: c}, nil
}

// Close closes the file.
func (b *Box) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.c.Close()
}

// write runs f in one transaction, which is on disk when write returns.
func (b *Box) write(what string, f func() error) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	tx, err := b.c.BeginImmediate()
	if err == nil {
		if err = f(); err == nil {
			err = tx.Commit()
		} else {
			err = errors.Join(err, tx.Rollback())
		}
	}
	if err != nil {
		return fmt.Errorf("couldn't %s in the outbox: %w", what, err)
	}
	return nil
}

// do runs one statement, and calls row for each row it gives.
func (b *Box) do(sql string, row func(*sqlite3.Stmt), args ...any) error {
	st, _, err := b.c.Prepare(sql)
	if err != nil {
		return err
	}
	for i, a := range args {
		switch v := a.(type) {
		case string:
			err = errors.Join(err, st.BindText(i+1, v))
		case int64:
			err = errors.Join(err, st.BindInt64(i+1, v))
		case []byte:
			err = errors.Join(err, st.BindBlob(i+1, v))
		case time.Time:
			err = errors.Join(err, st.BindInt64(i+1, v.UnixMilli()))
		default:
			err = errors.Join(err, fmt.Errorf("internal error: cannot bind %T", a))
		}
	}
	for err == nil && st.Step() {
		if row != nil {
			row(st)
		}
	}
	return errors.Join(err, st.Err(), st.Close())
}

const columns = `SELECT n, message_id, event, account, address, kind, items, state, code, tries, made, changed, next FROM message `

func (b *Box) messages(where string, args ...any) (all []Message, err error) {
	err = b.do(columns+where, func(st *sqlite3.Stmt) {
		at := func(i int) time.Time { return time.UnixMilli(st.ColumnInt64(i)).UTC() }
		all = append(all, Message{N: st.ColumnInt64(0), MessageID: st.ColumnText(1), Event: st.ColumnText(2), Account: st.ColumnText(3), Address: st.ColumnInt64(4), Kind: st.ColumnText(5),
			Items: st.ColumnBlob(6, nil), State: State(st.ColumnText(7)), Code: st.ColumnText(8), Tries: st.ColumnInt(9), Made: at(10), Changed: at(11), Next: at(12)})
	}, args...)
	return all, err
}

// add queues a message unless there was one for its event.
func (b *Box) add(m Message, now time.Time) error {
	return b.do(`INSERT INTO message(message_id, event, account, address, kind, items, state, made, changed, next) VALUES(?,?,?,?,?,?,'queued',?,?,?) ON CONFLICT(event) DO NOTHING`, nil,
		m.MessageID, m.Event, m.Account, m.Address, m.Kind, m.Items, now, now, now)
}

// Add queues a message unless there was one for its event. A crash before it returns leaves nothing, or the message.
func (b *Box) Add(m Message, now time.Time) error {
	return b.write("queue a message", func() error { return b.add(m, now) })
}

// Last gives the newest message for an account of a kind whose event begins with a prefix; false when there is none.
func (b *Box) Last(account, kind, prefix string) (m Message, ok bool, err error) {
	err = b.write("look", func() error {
		all, err := b.messages(`WHERE account=? AND kind=? AND substr(event,1,?)=? ORDER BY n DESC LIMIT 1`, account, kind, int64(len(prefix)), prefix)
		if len(all) > 0 {
			m, ok = all[0], true
		}
		return err
	})
	return m, ok, err
}

// Tell takes what waits for an account, by name, and makes one message of what is new. What no longer waits is forgotten, so that
// it is news again should it come back. For an address that was never told of anything nothing is news; with make nil nothing ever is.
//
// That it is told and the message of it are one transaction: a crash leaves both or neither.
func (b *Box) Tell(account string, address int64, waits []string, now time.Time, make func(fresh []string) Message) error {
	return b.write("note what waits", func() error {
		before := map[string]bool{}
		if err := b.do(`SELECT item FROM told WHERE account=? AND address=?`, func(st *sqlite3.Stmt) { before[st.ColumnText(0)] = true }, account, address); err != nil {
			return err
		}
		var fresh []string
		first := !before[""] // the empty name says that there was a first time
		for _, item := range append([]string{""}, waits...) {
			if before[item] {
				delete(before, item)
				continue
			}
			if err := b.do(`INSERT OR IGNORE INTO told(account, address, item) VALUES(?,?,?)`, nil, account, address, item); err != nil {
				return err
			}
			if item != "" && len(fresh) < maxItems {
				fresh = append(fresh, item)
			}
		}
		for gone := range before {
			if err := b.do(`DELETE FROM told WHERE account=? AND address=? AND item=?`, nil, account, address, gone); err != nil {
				return err
			}
		}
		if first || len(fresh) == 0 || make == nil {
			return nil
		}
		return b.add(make(fresh), now)
	})
}

// Next takes the message that has waited longest of those that are due, and notes that it is being sent; false when none is.
func (b *Box) Next(now time.Time) (m Message, ok bool, err error) {
	err = b.write("take a message", func() error {
		all, err := b.messages(`WHERE state IN ('queued','sending') AND next<=? ORDER BY next, n LIMIT 1`, now)
		if err != nil || len(all) == 0 {
			return err
		}
		m, ok = all[0], true
		m.Tries++
		return b.do(`UPDATE message SET state='sending', tries=tries+1, changed=? WHERE n=?`, nil, now, m.N)
	})
	return m, ok, err
}

// Mark notes what became of a message that was being sent. Queued: it is tried again at next.
func (b *Box) Mark(n int64, to State, code string, next, now time.Time) error {
	return b.write("note what became of a message", func() error {
		return b.do(`UPDATE message SET state=?, code=?, next=?, changed=? WHERE n=? AND state='sending'`, nil, string(to), code, next, now, n)
	})
}

// Return notes that a message came back; false when there is none of that Message-ID, or it was not sent.
func (b *Box) Return(messageID, code string, now time.Time) (m Message, ok bool, err error) {
	err = b.write("note that a message came back", func() error {
		all, err := b.messages(`WHERE message_id=? AND state IN ('sent','sending','returned')`, messageID)
		if err != nil || len(all) == 0 {
			return err
		}
		m, ok = all[0], true
		return b.do(`UPDATE message SET state='returned', code=?, changed=? WHERE n=?`, nil, code, now, m.N)
	})
	return m, ok, err
}

// Bad gives the newest message that shows that an address takes no mail; false while none does.
func (b *Box) Bad(account string, address int64) (m Message, ok bool, err error) {
	err = b.write("look", func() error {
		all, err := b.messages(`WHERE account=? AND address=? AND state IN ('refused','returned') ORDER BY n DESC LIMIT 1`, account, address)
		if len(all) > 0 {
			m, ok = all[0], true
		}
		return err
	})
	return m, ok, err
}

// List gives the newest messages, of one account or of all; at most 200.
func (b *Box) List(account string) (all []Message, err error) {
	err = b.write("list messages", func() (err error) {
		all, err = b.messages(`WHERE ?1='' OR account=?1 ORDER BY n DESC LIMIT 200`, account)
		return err
	})
	return all, err
}

// Counts gives how many messages are in each state.
func (b *Box) Counts() (map[State]int, error) {
	counts := map[State]int{}
	err := b.write("count", func() error {
		return b.do(`SELECT state, count(*) FROM message GROUP BY 1`, func(st *sqlite3.Stmt) { counts[State(st.ColumnText(0))] = st.ColumnInt(1) })
	})
	return counts, err
}

// Tidy forgets messages that came to an end long ago.
func (b *Box) Tidy(now time.Time) error {
	return b.write("tidy", func() error {
		return b.do(`DELETE FROM message WHERE state IN ('sent','given-up','dropped') AND changed<?`, nil, now.Add(-keepFor))
	})
}
