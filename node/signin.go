package node

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/argon2"

	"jisr"
	"jisr/book"
)

// Parameters of argon2id: the second choice of RFC 9106 section 4, for machines that are not large.
const (
	argonTime   = 3
	argonMemory = 64 << 10 // KiB
	argonLanes  = 2
	argonKey    = 32
	argonAtOnce = 2 // 64 MiB each: more would let strangers fill the memory
)

const (
	triesOfName   = 10               // failed attempts for one name …
	triesOfPlace  = 50               // … or from one address, which an office or a proxy shares …
	signInWindow  = 10 * time.Minute // … within this time
	maxTrackedTry = 10_000           // names and addresses remembered
)

// hashPassword makes the PHC string of a password under a fresh salt.
func hashPassword(password string) (jisr.Secret, error) {
	if err := checkPassword(password); err != nil {
		return jisr.Secret{}, err
	}
	salt := make([]byte, 16)
	rand.Read(salt)
	key := argon2.IDKey([]byte(password), salt, argonTime, argonMemory, argonLanes, argonKey)
	return jisr.Secret{Argon2id: fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, argonMemory, argonTime, argonLanes,
		base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(key))}, nil
}

// verifyPassword checks a password against a PHC string made by hashPassword. Other parameters than ours are
// refused: the string comes from our own log, and its cost must stay bounded.
func verifyPassword(phc, password string) bool {
	parts := strings.Split(phc, "$")
	if len(parts) != 6 || parts[3] != fmt.Sprintf("m=%d,t=%d,p=%d", argonMemory, argonTime, argonLanes) {
		return false
	}
	salt, errSalt := base64.RawStdEncoding.DecodeString(parts[4])
	want, errKey := base64.RawStdEncoding.DecodeString(parts[5])
	if errSalt != nil || errKey != nil {
		return false
	}
	got := argon2.IDKey([]byte(password), salt, argonTime, argonMemory, argonLanes, argonKey)
	return subtle.ConstantTimeCompare(got, want) == 1
}

// SignIn checks a password and gives a session for a cookie. The refusal does not tell whether the name or the
// password was wrong, or that the post has passkeys, and takes as long either way.
func (n *Node) SignIn(ctx context.Context, official, password string, from From) (string, error) {
	row, err := n.checkPassword(ctx, official, password, from.Address)
	if err != nil {
		return "", err
	}
	return n.begin(Session{Account: row.ID, How: ByPassword, Secret: row.Account.Secret}, from)
}

// checkPassword finds the post that a name and a password open. address is where the attempt came from.
func (n *Node) checkPassword(ctx context.Context, official, password, address string) (*book.AccountRow, error) {
	name, place := "name "+official, placeOf(address)
	if err := n.slow(name, triesOfName); err != nil {
		return nil, err
	}
	if err := n.slow(place, triesOfPlace); err != nil {
		return nil, err
	}
	row, phc := n.passwordOf(ctx, official)
	select {
	case n.hashing <- struct{}{}:
		defer func() { <-n.hashing }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if len(password) > 4*jisr.MaxPassword || !verifyPassword(phc, password) || row == nil {
		now := n.now()
		n.tries.failed(name, now)
		n.tries.failed(place, now)
		return nil, jisr.Refuse(jisr.BadLogin, "sign-in")
	}
	n.tries.forget(name)
	return row, nil
}

// placeOf is an address as attempts are counted for it: of IPv6 the network of a subscriber, who has all of its addresses (RFC 6177).
func placeOf(address string) string {
	if a, err := netip.ParseAddr(address); err == nil && a.Is6() && !a.Is4In6() {
		if p, err := a.WithZone("").Prefix(64); err == nil {
			return "address " + p.String()
		}
	}
	return "address " + address
}

// slow refuses who has failed too often lately.
func (n *Node) slow(who string, limit int) error {
	if wait := n.tries.wait(who, limit, n.now()); wait > 0 {
		return jisr.Refuse(jisr.TooOften, "sign-in", "seconds", strconv.Itoa(int(wait.Seconds())+1))
	}
	return nil
}

// passwordOf finds the verifier of an official; a made-up one stands in for who does not exist, or signs in with a passkey.
func (n *Node) passwordOf(ctx context.Context, official string) (*book.AccountRow, string) {
	if jisr.ValidName(official) {
		row, err := n.book.Account(ctx, officialID(jisr.OfficialID(official)))
		if err == nil && row.Account.Ended == nil && row.Account.ByPassword() && row.Secret.Argon2id != "" {
			return &row, row.Secret.Argon2id
		}
	}
	return nil, n.nobody
}

// Bearer tells which program a token belongs to. Answers are remembered until an account changes: this is
// asked for every request of a program. key is the SHA-256 of the public key of the client certificate the request came
// with; empty: it came with none.
func (n *Node) Bearer(ctx context.Context, token string, key jisr.Commitment) (Caller, error) {
	c, err := n.bearer(ctx, token)
	if err != nil {
		return Caller{}, err
	}
	if c.clientKey != "" && c.clientKey != key {
		return Caller{}, jisr.Refuse(jisr.BadLogin, "token")
	}
	n.used.note(c.Account, n.now())
	return c, nil
}

func (n *Node) bearer(ctx context.Context, token string) (Caller, error) {
	if len(token) > 256 {
		return Caller{}, jisr.Refuse(jisr.BadLogin, "token")
	}
	hash := hashToken(token)
	if c, ok := n.bearers.get(hash, n.Today()); ok {
		return c, nil
	}
	generation := n.bearers.generation()
	row, err := n.book.TokenByHash(ctx, hash)
	if isRefusal(err, jisr.NoSuch) || err == nil && (row.Account.Ended != nil || row.Account.Expires != "" && row.Account.Expires < n.Today()) {
		return Caller{}, jisr.Refuse(jisr.BadLogin, "token")
	}
	if err != nil {
		return Caller{}, err
	}
	c, err := n.callerOf(ctx, &row)
	if err == nil {
		n.bearers.put(hash, c, n.Today(), generation)
	}
	return c, err
}

func (n *Node) callerOf(ctx context.Context, row *book.AccountRow) (Caller, error) {
	desks, err := n.book.Desks(ctx)
	if err != nil {
		return Caller{}, err
	}
	return Caller{Account: row.ID, Title: row.Account.Title, Desk: row.Account.Desk, DeskName: desks[row.Account.Desk].Title, Roles: row.Account.Roles,
		Scope: row.Account.Scope, clientKey: row.Account.ClientKey, Passkey: len(row.Account.Valid()) > 0, rules: n.rules}, nil
}

// Operator is the caller of the command line: whoever can read the node's directory.
func (n *Node) Operator() Caller {
	return Caller{Account: "operator/local", Title: jisr.Text{"ar": "مشغّل العقدة", "en": "Operator of the node"}, Roles: []jisr.Role{jisr.Admin}, rules: n.rules}
}

// bearers remembers which tokens are good today. mu guards all of it.
type bearers struct {
	mu    sync.Mutex
	day   jisr.Date
	gen   int
	known map[string]Caller
}

func (b *bearers) get(hash string, today jisr.Date) (Caller, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	c, ok := b.known[hash]
	return c, ok && b.day == today
}

func (b *bearers) generation() int { b.mu.Lock(); defer b.mu.Unlock(); return b.gen }

// put remembers an answer unless an account changed while it was looked up.
func (b *bearers) put(hash string, c Caller, today jisr.Date, generation int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.gen != generation {
		return
	}
	if b.known == nil || b.day != today || len(b.known) > 1_000 {
		b.known, b.day = map[string]Caller{}, today
	}
	b.known[hash] = c
}

func (b *bearers) forget() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.known, b.gen = nil, b.gen+1
}

// tries counts failed attempts to sign in, by kind (names, addresses) and within it by who. mu guards the maps, whose size is
// bounded each.
type tries struct {
	mu   sync.Mutex
	seen map[string]map[string][]time.Time
}

// of gives the attempts of a kind; mu is held.
func (t *tries) of(who string) map[string][]time.Time {
	kind, _, _ := strings.Cut(who, " ")
	if t.seen == nil {
		t.seen = map[string]map[string][]time.Time{}
	}
	if t.seen[kind] == nil {
		t.seen[kind] = map[string][]time.Time{}
	}
	return t.seen[kind]
}

// wait tells how long who has to wait before the next attempt; 0: not at all.
func (t *tries) wait(who string, limit int, now time.Time) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	recent := t.of(who)[who]
	if len(recent) < limit {
		return 0
	}
	return max(0, recent[len(recent)-limit].Add(signInWindow).Sub(now))
}

func (t *tries) failed(who string, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	seen := t.of(who)
	if _, known := seen[who]; !known && len(seen) >= maxTrackedTry {
		makeRoom(seen, now)
	}
	recent := append(seen[who], now)
	seen[who] = recent[max(0, len(recent)-triesOfPlace):]
}

// makeRoom leaves out those whose attempts are over, and where there are none, whoever has failed least, the longest ago: a flood
// makes nobody forgotten who is guessed at, or guesses, more than once.
func makeRoom(seen map[string][]time.Time, now time.Time) {
	least, since := "", now
	for x, all := range seen {
		last := all[len(all)-1]
		if last.Add(signInWindow).Before(now) {
			delete(seen, x)
			continue
		}
		if least == "" || len(all) < len(seen[least]) || len(all) == len(seen[least]) && last.Before(since) {
			least, since = x, last
		}
	}
	if len(seen) >= maxTrackedTry {
		delete(seen, least)
	}
}

func (t *tries) forget(who string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.of(who), who)
}
