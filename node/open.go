package node

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"jisr"
	"jisr/book"
	"jisr/ledger"
	"jisr/link"
	"jisr/outbox"
)

// Node is one member's node. Its methods are safe for concurrent use.
type Node struct {
	dir    string
	config Config
	now    func() time.Time
	zone   *time.Location
	log    *slog.Logger
	random io.Reader
	self   Member

	release func() error // the directory; nil: not held
	vault   *ledger.Vault
	ledger  *ledger.Ledger
	book    *book.Book
	link    *link.Link
	outbox  *outbox.Box // nil: no mail is sent

	jobs      chan *job
	imports   chan *job     // steps of imports, which other commands go before
	closing   chan struct{} // closed once, by Close
	running   atomic.Bool   // Run has begun
	settled   chan struct{} // closed when partners have been asked what they hold, or cannot be reached
	decided   chan struct{} // closed when decideAll has ended
	woken     chan struct{} // one place: the follower has something to do
	attending chan struct{} // one place: something may have arrived that the house answers by itself
	metrics   *metrics

	// following is held while the book is brought up or decided on. It guards heads and wanting: what the book
	// holds, and the acts whose body it still wants.
	following sync.Mutex
	heads     map[jisr.ForumID]head
	wanting   map[book.Log][]jisr.Index
	swept     time.Time   // when uploads that nothing names were last looked for; the follower's alone
	hurried   atomic.Bool // the follower was woken: it leaves for its next round what can wait

	// mu guards the forums this member has entered, and why one is frozen.
	mu      sync.RWMutex
	forums  map[jisr.ForumID]*forum
	origins map[ledger.Origin]book.Log
	ice     map[jisr.ForumID]map[string]*jisr.Refusal // by partner
	awaited awaited
	laws    lawTexts

	watch watchers
	held  map[book.Log]map[jisr.MemberID]book.Held // newest receipts; guarded by watch.mu

	sessionKey []byte
	nobody     string // verifier that no password matches
	hashing    chan struct{}
	tries      tries
	pace       pace
	bearers    bearers
	receiving  map[jisr.DeskID]bool // desks whose is what comes in and belongs to none yet; replaced as a whole; guarded by mu
	rules      *policies
	used       used
	audit      audit
	sessions   sessions
	spent      spent
	provider   *provider // nil: no identity provider vouches for anybody

	sessionIdle     time.Duration
	sessionAbsolute time.Duration
	owed            duties // under programmes
}

// The files of a node's directory.
const (
	fileConfig  = "jisr.toml"
	fileLedger  = "ledger.db" // trusted and irreplaceable: what was said, with its proofs
	fileBook    = "book.db"   // disposable: made from the ledger at any time
	fileLetter  = "letter.credence"
	dirKeys     = "keys"        // who has these speaks for the member
	fileSession = "session.key" // who has this can forge what pages carry back; alone it opens nothing
	fileOpen    = "sessions.json"
)

// Create makes a node's directory: data key, keys, certificate, ledger, letter of credence. It refuses to touch a
// directory that has any of these, because keys and logs exist once.
//
// A crash in the middle leaves a directory without a letter; remove it and create it again.
func Create(ctx context.Context, dir string, c Config) (err error) {
	if err := c.check(); err != nil {
		return err
	}
	keysDir := filepath.Join(dir, dirKeys)
	for _, name := range []string{dirKeys, fileLedger, fileLetter} {
		if _, err := os.Lstat(filepath.Join(dir, name)); !errors.Is(err, os.ErrNotExist) {
			return jisr.Refuse(jisr.Already, filepath.Join(dir, name))
		}
	}
	if err := os.MkdirAll(keysDir, 0o700); err != nil {
		return fmt.Errorf("couldn't make %s: %w", keysDir, err)
	}
	vault, err := c.AtRest.createVault(dir, false)
	if err != nil {
		return err
	}
	return create(ctx, dir, c, vault)
}

// create makes what is encrypted with a data key; without one it is made as nodes were before there were any.
func create(ctx context.Context, dir string, c Config, vault *ledger.Vault) error {
	keysDir := filepath.Join(dir, dirKeys)
	keys, err := ledger.GenerateKeys(c.Origin, rand.Reader)
	if err != nil {
		return fmt.Errorf("couldn't make keys: %w", err)
	}
	if err := keys.Write(vault, keysDir); err != nil {
		return err
	}
	key := make([]byte, 32)
	rand.Read(key)
	if err := vault.Create(filepath.Join(keysDir, fileSession), key); err != nil {
		return fmt.Errorf("couldn't write the session key: %w", err)
	}
	if err := createLetter(dir, c, vault, keys); err != nil {
		return err
	}
	return createLedger(ctx, dir, c, vault, keys)
}

func createLetter(dir string, c Config, vault *ledger.Vault, keys *ledger.Keys) error {
	identity, err := link.GenerateIdentity(vault, filepath.Join(dir, dirKeys))
	if err != nil {
		return fmt.Errorf("couldn't make the certificate of the link: %w", err)
	}
	letter, err := link.WriteLetter(link.Letter{
		Member: c.Member, Origin: c.Origin, Names: c.Name, Keys: keys.Public(), Pin: identity.Pin(), Addresses: c.Link.Addresses, Made: time.Now().UTC(),
	}, keys)
	if err != nil {
		return fmt.Errorf("couldn't write the letter of credence: %w", err)
	}
	if err := os.WriteFile(filepath.Join(dir, fileLetter), letter, 0o644); err != nil {
		return fmt.Errorf("couldn't write the letter of credence: %w", err)
	}
	return nil
}

func createLedger(ctx context.Context, dir string, c Config, vault *ledger.Vault, keys *ledger.Keys) error {
	store, err := ledger.CreateSQLite(ctx, filepath.Join(dir, fileLedger), vault)
	if err != nil {
		return err
	}
	l, err := ledger.Open(ctx, ledger.Options{Store: store, Keys: keys, Inspect: func(ledger.Origin, int64, []byte, []byte) ([]ledger.Ref, error) { return nil, nil }, Now: time.Now, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	err = l.CreateLog(ctx, ledger.Origin(c.Origin+"/"+string(jisr.House)), keys.Public())
	return errors.Join(err, l.Close())
}

// Open opens the node in o.Dir and brings its book up with its ledger. The node can be read and written at
// once; it meets other members only under Run.
func Open(ctx context.Context, o Options) (*Node, error) {
	if err := o.Config.check(); err != nil {
		return nil, err
	}
	n := newNode(o)
	if err := n.open(ctx); err != nil {
		return nil, errors.Join(err, n.closeStores())
	}
	go n.decideAll()
	return n, nil
}

// newNode makes a node that has opened nothing yet.
func newNode(o Options) *Node {
	n := &Node{
		dir: o.Dir, config: o.Config, now: o.Now, log: o.Logger, random: rand.Reader,
		jobs: make(chan *job, maxBatch), imports: make(chan *job, maxBatch), closing: make(chan struct{}), settled: make(chan struct{}), decided: make(chan struct{}), woken: make(chan struct{}, 1), attending: make(chan struct{}, 1),
		heads: map[jisr.ForumID]head{}, wanting: map[book.Log][]jisr.Index{},
		forums: map[jisr.ForumID]*forum{}, origins: map[ledger.Origin]book.Log{}, ice: map[jisr.ForumID]map[string]*jisr.Refusal{},
		watch: watchers{pages: map[chan Event]bool{}, turn: make(chan struct{})}, held: map[book.Log]map[jisr.MemberID]book.Held{},
		hashing: make(chan struct{}, argonAtOnce), sessions: sessions{path: filepath.Join(o.Dir, fileOpen)}, metrics: newMetrics(), rules: &policies{},
	}
	if n.now == nil {
		n.now = time.Now
	}
	if n.log == nil {
		n.log = slog.New(slog.DiscardHandler)
	}
	return n
}

func (n *Node) open(ctx context.Context) (err error) {
	n.readUsed()
	if n.zone, err = n.config.Location(); err != nil {
		return jisr.Refuse(jisr.Malformed, "timezone", "want", "Asia/Baghdad")
	}
	n.sessionIdle, n.sessionAbsolute = n.config.Session.limits()
	if n.provider, err = newProvider(n.dir, n.config.OIDC); err != nil {
		return err
	}
	nobody, err := hashPassword(newSecret(32))
	if err != nil {
		return err
	}
	n.nobody = nobody.Argon2id
	if err := n.openLedger(ctx); err != nil {
		return err
	}
	if n.sessionKey, err = n.vault.Read(filepath.Join(n.dir, dirKeys, fileSession)); err != nil {
		return fmt.Errorf("couldn't read the session key: %w", err)
	}
	if err := errors.Join(n.readRestored(), n.openBook(ctx), n.openOutbox()); err != nil {
		return err
	}
	return n.start(ctx)
}

// openBook tries the newest data key first: while a rotation is unfinished the file may not have been reached.
func (n *Node) openBook(ctx context.Context) (err error) {
	for _, key := range n.vault.FileKeys(fileBook) {
		if n.book, err = book.Open(ctx, filepath.Join(n.dir, fileBook), n.self.ID, key...); !errors.Is(err, book.ErrSchema) {
			return err
		}
	}
	return err
}

// openLedger opens what is irreplaceable: data key, keys and ledger. Rebuilding the book needs no more.
func (n *Node) openLedger(ctx context.Context) (err error) {
	if n.release, err = hold(n.dir, syscall.LOCK_SH); err != nil {
		return err
	}
	if n.vault, err = n.config.AtRest.openVault(n.dir); err != nil {
		return err
	}
	keys, err := ledger.ReadKeys(n.vault, filepath.Join(n.dir, dirKeys))
	if err != nil {
		return err
	}
	if err := n.introduce(); err != nil {
		return err
	}
	store, err := ledger.OpenSQLite(ctx, filepath.Join(n.dir, fileLedger), n.vault)
	if err != nil {
		return err
	}
	n.ledger, err = ledger.Open(ctx, ledger.Options{Store: store, Keys: keys, Inspect: n.inspect, Now: n.now, Logger: n.log})
	return err
}

// introduce reads this member's own letter of credence.
func (n *Node) introduce() error {
	raw, err := os.ReadFile(filepath.Join(n.dir, fileLetter))
	if err != nil {
		return fmt.Errorf("couldn't read this member's letter of credence: %w", err)
	}
	l, err := link.ParseLetter(raw)
	if err != nil {
		return fmt.Errorf("couldn't read this member's letter of credence: %w", err)
	}
	if l.Member != n.config.Member || l.Origin != n.config.Origin {
		return jisr.Refuse(jisr.KeysDiffer, n.config.Member)
	}
	n.self = Member{ID: jisr.MemberID(l.Member), Name: jisr.Text(l.Names), Origin: l.Origin, Letter: raw, Finger: l.Fingerprint()}
	n.origins[n.origin(jisr.House, n.self.ID)] = book.Log{Forum: jisr.House, Member: n.self.ID}
	return nil
}

// start makes the link, takes up where the book stands, and brings it to the end of every log.
func (n *Node) start(ctx context.Context) error {
	identity, err := link.ReadIdentity(n.vault, filepath.Join(n.dir, dirKeys))
	if err != nil {
		return err
	}
	n.link = link.New(link.Config{
		Identity: identity, Letter: n.self.Letter, Ledger: n.ledger, Now: n.now, Logger: n.log,
		OnMirrored: func(ledger.Origin, int64, int64) { n.poke() },
		OnReceipt:  n.received,
		OnBehind:   n.freeze,
		OnLevel:    n.thaw,
		OnStatus:   func() { n.publish(Event{}) },
		OnRefused:  func(string, ledger.Origin, link.Refusal) { n.publish(Event{}) },
	})
	if err := n.resume(ctx); err != nil {
		return err
	}
	if err := n.followAll(ctx); err != nil {
		return err
	}
	if err := n.takePolicies(ctx); err != nil {
		return err
	}
	return n.recallReceipts(ctx)
}

// resume takes up the book's positions: forums first, since they say which logs there are.
func (n *Node) resume(ctx context.Context) error {
	forums, err := n.book.Forums(ctx)
	if err != nil {
		return err
	}
	for _, f := range forums {
		if f.Accept != nil {
			if err := n.enterWith(f.ID, *f.Accept); err != nil {
				return fmt.Errorf("couldn't enter forum %s: %w", f.ID, err)
			}
		}
	}
	n.following.Lock()
	defer n.following.Unlock()
	for _, id := range append(n.forumIDs(), jisr.House) {
		clock, seen, err := n.book.Head(ctx, id)
		if err != nil {
			return err
		}
		h := head{clock: clock, next: seen[n.self.ID], seen: map[jisr.MemberID]jisr.Index{}}
		for m, i := range seen {
			if m != n.self.ID {
				h.seen[m] = i
			}
		}
		n.heads[id] = h
	}
	if err := n.recallDesks(ctx); err != nil {
		return err
	}
	n.wanting, err = n.book.Wanting(ctx)
	return err
}

// recallReceipts tells lists and waiting programs what the ledger knows of what others hold.
func (n *Node) recallReceipts(ctx context.Context) error {
	for _, l := range n.logs() {
		receipts, err := n.ledger.Receipts(ctx, n.origin(l.Forum, l.Member))
		if err != nil {
			return fmt.Errorf("couldn't read receipts: %w", err)
		}
		for _, r := range receipts {
			n.received(r)
		}
	}
	return nil
}

// Run meets the other members until ctx ends. links is where they reach this node; nil: this node only dials.
func (n *Node) Run(ctx context.Context, links net.Listener) error {
	var wg sync.WaitGroup
	defer wg.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	n.running.Store(true)
	n.tellRestored()
	wg.Go(func() { n.settle(ctx) })
	wg.Go(func() { n.followLoop(ctx) })
	wg.Go(func() { n.attendLoop(ctx) })
	failed := make(chan error, 2)
	wg.Go(func() { failed <- n.link.Run(ctx) })
	if links != nil {
		wg.Go(func() { failed <- n.link.Serve(ctx, links) })
	}
	select {
	case <-ctx.Done():
		return nil
	case err := <-failed:
		if ctx.Err() != nil {
			return nil
		}
		return fmt.Errorf("the link stopped: %w", err)
	}
}

// settleWithin is how long a node that starts waits for its partners before it writes.
const settleWithin = 3 * time.Second

// settle lets a node write once its partners have said how much of its logs they hold: who was started on an old
// copy of itself learns so before it forks a log. Partners that cannot be reached do not keep it from writing for
// longer than settleWithin: cut off is normal.
func (n *Node) settle(ctx context.Context) {
	defer close(n.settled)
	ctx, cancel := context.WithTimeout(ctx, settleWithin)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !n.partnersAsked() {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (n *Node) partnersAsked() bool {
	for _, peer := range n.link.Status() {
		if slices.ContainsFunc(peer.Logs, func(l link.LogStatus) bool { return !l.Asked }) {
			return false
		}
	}
	return true
}

// Close ends the node: commands under way are finished, later ones refused.
func (n *Node) Close() error {
	close(n.closing)
	<-n.decided
	n.commit(nil, n.audit.take(n.now(), true))
	n.writeUsed(true)
	return n.closeStores()
}

func (n *Node) closeStores() error {
	var errs []error
	if n.book != nil {
		errs = append(errs, n.book.Close())
	}
	if n.outbox != nil {
		errs = append(errs, n.outbox.Close())
	}
	if n.ledger != nil {
		errs = append(errs, n.ledger.Close())
	}
	if n.release != nil {
		errs = append(errs, n.release())
	}
	return errors.Join(errs...)
}

// Self is this node's member.
func (n *Node) Self() Member { return n.self }

// Book is what faces read.
func (n *Node) Book() *book.Book { return n.book }

// Today is the member's calendar day.
func (n *Node) Today() jisr.Date { return n.dateOf(n.now()) }

func (n *Node) dateOf(t time.Time) jisr.Date { return jisr.DateIn(t, n.zone) }

// Free tells a day of the member's weekend, or a holiday of its calendar.
func (n *Node) Free(d jisr.Date) bool {
	c := n.config.calendar()
	return c.Free(d)
}

// Zone is where the member's calendar days begin and end.
func (n *Node) Zone() *time.Location { return n.zone }

// Now is the node's clock.
func (n *Node) Now() time.Time { return n.now() }
