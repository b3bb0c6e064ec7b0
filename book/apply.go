package book

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/ncruces/go-sqlite3"

	"jisr"
)

// Apply takes acts, consecutive in each log from the book's position on, of any logs mixed: all of them and
// the new positions, or none. Each thing they touch is folded once, from all acts about it. Acts that do not
// follow are ErrGap.
func (b *Book) Apply(ctx context.Context, acts []Said) error {
	entries := make([]entry, len(acts))
	err := spread(len(acts), chunk, func(i int) error { return entries[i].prepare(&acts[i], false) })
	if err != nil {
		return fmt.Errorf("couldn't apply acts to the book: %w", err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.catchUp(); err != nil {
		return fmt.Errorf("couldn't apply acts to the book: %w", err)
	}
	t, err := newBatch(b.self, b.logs, entries)
	if err != nil {
		return fmt.Errorf("couldn't apply acts to the book: %w", err)
	}
	t.annexes, t.tails = &b.annexes, &b.tails
	if err := b.write(ctx, "apply acts to the book", t.run); err != nil {
		return err
	}
	b.logs = t.logs
	t.keepTails()
	return nil
}

// Body takes a body that arrived after its act; nil forgets one that was erased.
func (b *Book) Body(ctx context.Context, l Log, index jisr.Index, body []byte) error {
	return b.Bodies(ctx, l, map[jisr.Index][]byte{index: body})
}

// Bodies takes bodies that arrived after their acts, all or none; nil forgets one that was erased.
func (b *Book) Bodies(ctx context.Context, l Log, bodies map[jisr.Index][]byte) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	p, ok := b.logs[l]
	for index := range bodies {
		if !ok || index < 0 || index >= p.next {
			return fmt.Errorf("couldn't take the body of %s/%s %d: %w", l.Forum, l.Member, index, ErrGap)
		}
	}
	t, err := newBatch(b.self, b.logs, nil)
	if err != nil {
		return fmt.Errorf("couldn't take bodies: %w", err)
	}
	t.annexes, t.tails = &b.annexes, &b.tails
	err = b.write(ctx, "take bodies", func(c *conn) error {
		for _, index := range sortedKeys(bodies) {
			if err := t.body(c, l, keyOf(p.n, index), bodies[index]); err != nil {
				return err
			}
		}
		return t.run(c)
	})
	if err == nil {
		t.keepTails()
	}
	return err
}

// keepTails keeps the blocks that the transaction added rows to.
func (t *batch) keepTails() {
	for _, w := range t.written {
		t.tails.keep(w.shelf, w.block)
	}
}

// SetHeld notes the newest receipt of a mirror. One that covers less than the one before changes nothing: a
// mirror does not unsay what it signed. Lists work it out when they are read.
func (b *Book) SetHeld(ctx context.Context, l Log, h Held) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	missing, err := json.Marshal(h.Missing)
	if err != nil {
		return err
	}
	logs := b.logs
	err = b.write(ctx, "note a receipt", func(c *conn) error {
		if _, ok := logs[l]; !ok { // a receipt may be here before the follower has read its log
			logs = maps.Clone(logs)
			if err := c.addLog(logs, l); err != nil {
				return err
			}
		}
		return c.do(`INSERT INTO held(log, mirror, size, missing) VALUES(?,?,?,?) ON CONFLICT DO UPDATE
			SET size=excluded.size, missing=excluded.missing WHERE excluded.size>=size`, logs[l].n, string(h.Mirror), int64(h.Size), missing)
	})
	if err == nil {
		b.logs = logs
	}
	return err
}

func (c *conn) addLog(logs map[Log]place, l Log) error {
	p := place{n: int64(len(logs)) + 1}
	logs[l] = p
	return c.do(`INSERT INTO log(n, forum, member, next, clock) VALUES(?,?,?,0,0)`, p.n, string(l.Forum), string(l.Member))
}

// batch is what one transaction brings into the book.
type batch struct {
	self   jisr.MemberID
	acts   []entry
	logs   map[Log]place // positions after the batch
	of     map[int64]Log
	added  []Log
	halves map[half]*touched
	order  []*touched       // as first touched
	texts  map[key]text     // of acts that are new or whose body is
	found  map[int64]string // by row of note: what it is found by from now on
	series map[series]int   // highest numbers released
	bulk   *bulk            // of a rebuild; nil: the book is followed

	annexes *annexes
	tails   *tails
	written []written
}

// bulk is what the batches of a rebuild have in common.
type bulk struct {
	some int // acts that make a batch, or more
	// met has every thing met so far, by its hash: of a thing that is not in it the book holds nothing. Two things of one
	// hash cost a look that finds nothing.
	met map[uint64]struct{}
	// found gathers what rows are found by until there is enough of it: FTS5 writes a part of its index each time, and
	// later merges the parts.
	found map[int64]string
	size  int // bytes in found
}

// series is a run of note numbers.
type series struct {
	forum  jisr.ForumID
	member jisr.MemberID
	year   string
}

// entry is one new act with what is worked out about it before it is written.
type entry struct {
	*Said
	key     key
	things  []jisr.ThingID // jisr.Concerns
	encoded []byte
	void    []byte
	content
	text text
}

// text is what a note is found by, from the body of one act.
type text struct {
	stems string    // empty: there is no body, or it does not hold
	skip  bool      // what it gives is worked out later
	head  draftHead // of a draft
}

// draftHead is what lists need of a draft.
type draftHead struct {
	Kind     jisr.NoteKind   `json:"kind"`
	To       []jisr.MemberID `json:"to"`
	Handling jisr.Handling   `json:"handling"`
}

// readHead reads what lists need of a draft; nothing when it cannot be read: then it is in no list by kind.
func readHead(body []byte) (h draftHead) {
	if json.Unmarshal(body, &h) != nil {
		return draftHead{}
	}
	return h
}

// prepare works out what needs nothing but the act: on any core, before the batch is put together.
func (e *entry) prepare(s *Said, bulk bool) (err error) {
	e.Said, e.things = s, jisr.Concerns(&s.Act)
	if e.encoded = s.Entry; e.encoded == nil {
		if e.encoded, err = s.Act.Encode(); err != nil {
			return err
		}
	}
	e.content = apart(&s.Act, s.Body)
	switch {
	case s.Act.Kind == jisr.KindNoteRelease:
		e.text.stems = textOf(s.Act.Kind)(e.body)
	case s.Act.Kind == jisr.KindNoteDraft && bulk: // most drafts are released later in the same rebuild
		e.text.skip = true
	case s.Act.Kind == jisr.KindNoteDraft:
		e.text = text{stems: textOf(s.Act.Kind)(e.body), head: readHead(e.body)}
	}
	return nil
}

// content is what an act carries: the body as its noun understands it, and the signature of the official where the act
// says it has one. Neither is checked here. body is nil when it is not here.
type content struct {
	body      []byte
	signature []byte
}

// apart takes a content apart. One that is not as its type says stays whole, and holds at no reading.
func apart(a *jisr.Act, raw []byte) content {
	body, signature, err := a.Unwrap(raw)
	if err != nil || signature == nil {
		return content{body: raw}
	}
	if body == nil {
		body = []byte{} // it is here, and says nothing
	}
	encoded, err := jisr.Terms(signature)
	if err != nil {
		return content{body: raw}
	}
	return content{body, encoded}
}

// half is the unit that is folded: a thing as the house has it or as one forum has it. A note of ours has both.
type half struct {
	forum jisr.ForumID
	thing jisr.ThingID
}

// touched is a half that new acts are about, with what it comes to.
type touched struct {
	half
	fresh  []*entry
	stored []stored
	folded bool // already: nothing about it is stored
	// Of a rebuild: a released note of which there is no row, and the draft that its row is written with; paired is the draft's.
	alone   bool
	draft   *touched
	paired  bool
	renewed bool // a body came or went without a new act
	state   jisr.State
	at      int64  // when the newest act about it was written here or came, in milliseconds
	acted   string // whose it is by our own acts about it
	json    []byte // State.Joint, or the state of the house's noun; nil: there is none
	digest  []byte // joint halves only
}

// stored is an act that is in the book already.
type stored struct {
	act  jisr.Act
	key  key
	void string
	came int64
}

// newBatch checks that the acts follow, and sorts them by what they touch.
func newBatch(self jisr.MemberID, logs map[Log]place, acts []entry) (*batch, error) {
	t := &batch{self: self, acts: acts, logs: maps.Clone(logs), halves: map[half]*touched{}, texts: map[key]text{}, found: map[int64]string{}, series: map[series]int{}}
	for i := range acts {
		e := &acts[i]
		if err := t.place(e); err != nil {
			return nil, err
		}
		for _, thing := range e.things {
			h := t.touch(half{e.Act.Forum, thing})
			h.fresh = append(h.fresh, e)
		}
		t.texts[e.key] = e.text
	}
	t.of = byNumber(t.logs)
	return t, nil
}

func (t *batch) place(e *entry) error {
	l := Log{e.Act.Forum, e.Act.Member}
	if l.Forum == jisr.House && l.Member != t.self {
		return fmt.Errorf("an act of the house of %s: %w", l.Member, ErrGap)
	}
	p, ok := t.logs[l]
	if !ok {
		p.n = int64(len(t.logs)) + 1
		t.added = append(t.added, l)
	}
	if e.Act.Index != p.next || e.Act.Index > maxIndex {
		return fmt.Errorf("act %d of %s/%s comes where %d is next: %w", e.Act.Index, l.Forum, l.Member, p.next, ErrGap)
	}
	e.key = keyOf(p.n, p.next)
	p.next, p.clock = p.next+1, max(p.clock, e.Act.Clock)
	t.logs[l] = p
	return nil
}

func (t *batch) touch(h half) *touched {
	x, ok := t.halves[h]
	if !ok {
		x = &touched{half: h}
		t.halves[h] = x
		t.order = append(t.order, x)
	}
	return x
}

// run is the work of the transaction: load, fold, write. Reading and writing are the one connection's, folding
// and encoding every core's.
func (t *batch) run(c *conn) error {
	for _, x := range t.order {
		if x.folded {
			continue
		}
		if err := c.load(t.of, x); err != nil {
			return err
		}
	}
	if err := t.work(); err != nil {
		return err
	}
	return t.write(c)
}

// load reads the acts about a half that are here already.
func (c *conn) load(of map[int64]Log, x *touched) error {
	for _, sql := range []string{`SELECT key, act, void, came FROM act WHERE thing=?`, `SELECT a.key, a.act, a.void, a.came FROM concern c JOIN act a ON a.key=c.key WHERE c.thing=?`} {
		err := c.each(sql, []any{string(x.thing)}, func(st *sqlite3.Stmt) error {
			k := key(st.ColumnInt64(0))
			l := of[k.log()]
			if l.Forum != x.forum {
				return nil
			}
			a, err := jisr.DecodeKept(l.Member, k.index(), st.ColumnRawText(1))
			x.stored = append(x.stored, stored{a, k, st.ColumnText(2), st.ColumnInt64(3)})
			return err
		})
		if err != nil || x.forum == jisr.House {
			return err
		}
	}
	return nil
}

// chunk is how many acts or things are worth another core.
const chunk = 64

// work folds, on every core when there is enough of it; then every new act's refusal is known.
func (t *batch) work() error {
	if err := spread(len(t.order), chunk, func(i int) error { return t.order[i].fold(t.self) }); err != nil {
		return err
	}
	for i := range t.acts {
		a := &t.acts[i].Act
		var err error
		if t.acts[i].void, err = encodeVoid(t.halves[half{a.Forum, a.About}].state.Voids[a.Position]); err != nil {
			return err
		}
	}
	return nil
}

// spread calls f for 0 to n-1, chunk by chunk on all cores; few are done at once, here.
func spread(n, chunk int, f func(int) error) error {
	workers := min(runtime.GOMAXPROCS(0), (n+chunk-1)/chunk)
	if workers <= 1 {
		for i := range n {
			if err := f(i); err != nil {
				return err
			}
		}
		return nil
	}
	var next atomic.Int64
	errs := make([]error, workers)
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for errs[w] == nil {
				from := int(next.Add(int64(chunk))) - chunk
				if from >= n {
					return
				}
				for i := from; i < min(from+chunk, n) && errs[w] == nil; i++ {
					errs[w] = f(i)
				}
			}
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func encodeVoid(r *jisr.Refusal) ([]byte, error) {
	if r == nil {
		return nil, nil
	}
	return json.Marshal(r)
}

// came is when an act about the half was written here or reached this node.
func (x *touched) came(p jisr.Position) int64 {
	for _, s := range x.stored {
		if s.act.Position == p {
			return s.came
		}
	}
	for _, e := range x.fresh {
		if e.Act.Position == p {
			return e.came()
		}
	}
	return 0
}

// fold makes the state of a half from all acts about it.
func (x *touched) fold(self jisr.MemberID) error {
	if x.folded {
		return nil
	}
	acts := make([]jisr.Act, 0, len(x.fresh)+len(x.stored))
	for _, s := range x.stored {
		acts = append(acts, s.act)
		x.at = max(x.at, s.came)
	}
	for _, e := range x.fresh {
		acts = append(acts, e.Act)
		x.at = max(x.at, e.came())
	}
	x.state = jisr.Fold(x.thing, acts)
	var err error
	switch s := &x.state; {
	case x.forum != jisr.House:
		if raw := s.Joint(); string(raw) != "{}" {
			sum := sha256.Sum256(raw) // State.Digest
			x.json, x.digest, x.acted = raw, sum[:], x.actedFor(self)
		}
	case s.Draft != nil:
		x.json, err = json.Marshal(s.Draft)
	case s.Account != nil:
		x.json, err = json.Marshal(s.Account)
	case s.Desk != nil:
		x.json, err = json.Marshal(s.Desk)
	case s.Outgoing != nil:
		x.json, err = json.Marshal(s.Outgoing)
	case s.Track != nil:
		x.json, err = json.Marshal(s.Track)
	case s.Columns != nil:
		x.json, err = json.Marshal(s.Columns)
	case s.Comment != nil:
		x.json, err = json.Marshal(s.Comment)
	case s.Picture != nil:
		x.json, err = json.Marshal(s.Picture)
	}
	return err
}
