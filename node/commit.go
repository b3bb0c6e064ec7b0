package node

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"jisr"
	"jisr/book"
	"jisr/ledger"
	"jisr/programme"
)

const (
	maxBatch    = 256             // commands decided and made durable together: one fsync
	maxTries    = 3               // decisions anew when another process appended first
	commitAfter = 5 * time.Second // a batch that could not be written by then is given up
)

// job is a command on its way through the one goroutine that decides.
type job struct {
	ctx    context.Context
	caller Caller
	cmd    Command     // nil: only that what waits to be written is
	own    bool        // said by the house itself: no policy is asked
	answer chan answer // buffered: the goroutine never waits for a caller that has gone
}

type answer struct {
	done  Done
	err   error
	about resource // as far as it was known when it was refused
}

// planned is an act a command leads to, before it has a clock, a place and commitments.
type planned struct {
	forum     jisr.ForumID
	kind      jisr.Kind
	about     jisr.ThingID
	terms     any
	body      any // encoded as JSON; nil: none
	maxBody   int
	files     []jisr.DraftFile
	anonymous bool
	rehearsed bool     // it is only looked at: nothing of it is kept
	sign      *signing // the official's own signature; nil: none
}

// decision is what a command sees and says while it is decided. It lives for one command of one batch.
type decision struct {
	n      *Node
	ctx    context.Context
	caller Caller
	now    time.Time
	today  jisr.Date
	batch  *batch
	acts   []planned
	done   Done
	about  *resource // what the command turned out to be about; nil: the thing of its first act
	own    bool      // the house says it by itself
	sees   *book.Scope
	facts  facts
}

// batch is what commands decided together share.
type batch struct {
	touched map[jisr.ThingID]bool
	numbers map[series]int
	heads   map[jisr.ForumID]head // as they will be after the acts decided so far
	appends map[jisr.ForumID]*ledger.Append
	said    []book.Said
	later   []*job // decided in the next batch: their thing was touched in this one
}

// series is one run of note numbers: a member's, in a forum, in a calendar year.
type series struct {
	forum jisr.ForumID
	year  string
}

// errLater puts a command off to the next batch: what it is about was changed by an earlier command of this
// one, and decisions are made on a book that is up to date.
var errLater = errors.New("decide in the next batch")

// Do carries out a command. When it returns without error, what the command led to is on disk and cannot be
// lost; other members have it once WaitHeld returns. A *jisr.Refusal says which rule forbids it.
//
// A crash before Do returns may have kept the act or not; asking again with the same Idempotency-Key, or
// looking, tells.
func (n *Node) Do(ctx context.Context, c Caller, cmd Command) (Done, error) {
	if err := n.may(c, cmd.verb()); err != nil {
		n.metrics.command(cmd.verb(), err)
		n.refusedCommand(c, cmd.verb(), resource{}, err)
		return Done{}, err
	}
	cmd, err := n.vouched(ctx, c, cmd)
	if err != nil {
		n.metrics.command(cmd.verb(), err)
		n.refusedCommand(c, cmd.verb(), resource{}, err)
		return Done{}, err
	}
	if err := n.awaitSettled(ctx); err != nil {
		return Done{}, err
	}
	a := n.carryOut(ctx, c, cmd)
	n.metrics.command(cmd.verb(), a.err)
	n.refusedCommand(c, cmd.verb(), a.about, a.err)
	return a.done, a.err
}

// carryOut has a command decided, a large one in steps.
func (n *Node) carryOut(ctx context.Context, c Caller, cmd Command) (a answer) {
	if correct, ok := cmd.(CorrectRecords); ok {
		prepared, err := correct.prepared(ctx, n, c)
		if err != nil {
			return answer{err: err}
		}
		cmd = prepared
	}
	cmd, err := withHash(cmd)
	if err != nil {
		return answer{err: err}
	}
	steps := []Command{cmd}
	if send, ok := cmd.(SendRecords); ok {
		parts, err := send.parts(ctx, n, c)
		if err != nil {
			return answer{err: err}
		}
		steps = nil
		for _, p := range parts {
			steps = append(steps, p)
		}
	}
	for _, s := range steps {
		if a = n.queue(&job{ctx: ctx, caller: c, cmd: s, answer: make(chan answer, 1)}); a.err != nil {
			return a
		}
	}
	return a
}

// queue hands a job to the one goroutine that decides, and waits.
func (n *Node) queue(j *job) answer {
	way := n.jobs
	if j.heavy() {
		way = n.imports
	}
	select {
	case way <- j:
	case <-n.closing:
		return answer{err: jisr.Refuse(jisr.Unavailable, "node")}
	case <-j.ctx.Done():
		return answer{err: j.ctx.Err()}
	}
	// From here on the command may be carried out, so its answer is waited for even if the caller has gone:
	// a batch takes milliseconds, and committing gives up by itself.
	return <-j.answer
}

// awaitSettled holds back what is asked of a node that has just started, see settle. The command line writes beside
// a running node or without one; it has no partners to ask.
func (n *Node) awaitSettled(ctx context.Context) error {
	if !n.running.Load() {
		return nil
	}
	select {
	case <-n.settled:
		return nil
	case <-n.closing:
		return jisr.Refuse(jisr.Unavailable, "node")
	case <-ctx.Done():
		return ctx.Err()
	}
}

// heavy tells a step of an import, which takes the book much longer than what officials do.
func (j *job) heavy() bool {
	send, ok := j.cmd.(SendRecords)
	size := 0
	for _, r := range send.Records {
		size += len(r)
	}
	return ok && size > heavyBytes
}

// decideAll is the one goroutine that decides and writes. It ends when closing is closed and the queue empty.
func (n *Node) decideAll() {
	defer close(n.decided)
	var later []*job
	for {
		jobs, open := n.nextJobs(later)
		if !open {
			return
		}
		later = n.commit(jobs, n.audit.take(n.now(), false))
		select { // what officials do goes first, and an import goes on all the same
		case j := <-n.imports:
			later = append(later, n.commit([]*job{j}, nil)...)
		default:
		}
	}
}

// nextJobs waits for a command and takes what has queued up behind it. A step of an import comes alone: a flash note waits for one
// step at most.
func (n *Node) nextJobs(later []*job) (jobs []*job, open bool) {
	if jobs = n.queued(later); len(jobs) > 0 {
		return jobs, true
	}
	select {
	case j := <-n.jobs:
		return n.queued([]*job{j}), true
	case j := <-n.imports:
		return []*job{j}, true
	case <-n.closing:
	}
	if jobs = n.queued(nil); len(jobs) > 0 {
		return jobs, true
	}
	select {
	case j := <-n.imports:
		return []*job{j}, true
	default:
		return nil, false
	}
}

// queued adds what has queued up, but for steps of imports.
func (n *Node) queued(jobs []*job) []*job {
	for len(jobs) < maxBatch {
		select {
		case j := <-n.jobs:
			jobs = append(jobs, j)
		default:
			return jobs
		}
	}
	return jobs
}

// commit decides a batch and writes it, and with it what was audited. The commands it returns are to be decided next.
func (n *Node) commit(jobs []*job, events []jisr.AuditEvent) []*job {
	ctx, cancel := context.WithTimeout(context.Background(), commitAfter)
	defer cancel()
	n.following.Lock() // the book stands still while decisions are made on it
	defer n.following.Unlock()
	for try := 1; ; try++ {
		b, decided := n.decide(ctx, jobs)
		err := n.audited(ctx, b, events)
		if err == nil {
			err = n.write(ctx, b)
		}
		if errors.Is(err, ledger.ErrMoved) && try < maxTries {
			// Another process of this member appended first: look at what it said, and decide anew.
			if err = n.followAllLocked(ctx); err == nil {
				continue
			}
		}
		if err != nil {
			n.audit.giveBack(events)
		}
		answerAll(jobs, decided, err, n)
		return b.later
	}
}

func newBatch() *batch {
	return &batch{touched: map[jisr.ThingID]bool{}, numbers: map[series]int{}, heads: map[jisr.ForumID]head{}, appends: map[jisr.ForumID]*ledger.Append{}}
}

func (n *Node) decisionOf(ctx context.Context, c Caller, b *batch) *decision {
	now := n.now().UTC().Truncate(time.Millisecond)
	return &decision{n: n, ctx: ctx, caller: c, now: now, today: n.dateOf(now), batch: b}
}

// decide lets every command of the batch decide, in the order they came.
func (n *Node) decide(ctx context.Context, jobs []*job) (*batch, map[*job]answer) {
	b := newBatch()
	decided := make(map[*job]answer, len(jobs))
	for _, j := range jobs {
		d := n.decisionOf(ctx, j.caller, b)
		d.own = j.own
		if j.cmd == nil {
			decided[j] = answer{}
			continue
		}
		err := j.ctx.Err()
		if err == nil {
			err = j.cmd.decide(d)
			if !j.own {
				err = d.allowed(j.cmd.verb(), err)
			}
		}
		if err == nil {
			err = d.add()
		}
		if errors.Is(err, errLater) {
			b.later = append(b.later, j)
			continue
		}
		decided[j] = answer{d.done, err, d.asked()}
	}
	return b, decided
}

// allowed holds a command that has decided against the policies, now that it is known what it is about. A command that was
// refused is held against them too: who may not read of a thing is not told how it stands.
func (d *decision) allowed(v Verb, decided error) error {
	rules := d.n.rules.now()
	if decided != nil {
		if d.about == nil || errors.Is(decided, errLater) {
			return decided
		}
		return cmp.Or(rules.decide(d.caller, Read, *d.about, facts{}), decided)
	}
	return rules.decide(d.caller, v, d.asked(), d.facts)
}

// asked is what the command turned out to be about: what it said itself, else the thing of its first act.
func (d *decision) asked() resource {
	switch {
	case d.about != nil:
		return *d.about
	case len(d.acts) > 0:
		return resource{id: d.acts[0].about, forum: d.acts[0].forum}
	}
	return resource{forum: jisr.House}
}

// write makes the batch durable and lets everybody know. A crash before Append returns leaves nothing or all
// of the batch; a crash after it leaves acts that the book and the links find when the node starts.
func (n *Node) write(ctx context.Context, b *batch) error {
	if len(b.said) == 0 {
		return nil
	}
	appends := make([]ledger.Append, 0, len(b.appends))
	for _, a := range b.appends {
		appends = append(appends, *a)
	}
	if err := n.ledger.Append(ctx, appends...); err != nil {
		return lacksSeen(err)
	}
	for forum := range b.appends { // the road begins while the book is brought up
		if forum != jisr.House {
			n.link.Notify(n.origin(forum, n.self.ID))
		}
	}
	if err := n.book.Apply(ctx, b.said); err != nil {
		// The acts are durable, so they are answered with success; the book catches up from the ledger.
		n.log.Error("couldn't bring the book up after a commit; it will follow from the ledger", "err", err)
		n.poke()
	} else {
		n.applied(b.said)
	}
	return nil
}

// lacksSeen names what it means when this member's own log says that it had seen more of another's than is here: it fetched its
// own acts back, and the other's are still on their way.
func lacksSeen(err error) error {
	var r *jisr.Refusal
	if errors.As(err, &r) && r.Kind == jisr.ClockBack && r.Subject == "seen" {
		return jisr.Refuse(jisr.Restored, r.Need["member"])
	}
	return err
}

func answerAll(jobs []*job, decided map[*job]answer, err error, n *Node) {
	if err != nil && !isRefused(err) {
		n.log.Error("couldn't write", "err", err)
		if errors.Is(err, ledger.ErrFull) {
			err = jisr.Refuse(jisr.DiskFull, "node")
		} else {
			err = jisr.Refuse(jisr.Unavailable, "node")
		}
	}
	for _, j := range jobs {
		a, ok := decided[j]
		if !ok {
			continue // later
		}
		if a.err == nil && !a.done.Existing && err != nil {
			a = answer{err: err}
		}
		j.answer <- a
	}
}

// touch reserves a thing for this command within the batch.
func (d *decision) touch(id jisr.ThingID) error {
	if d.batch.touched[id] {
		return errLater
	}
	d.batch.touched[id] = true
	return nil
}

// number gives the next number of this member's series in the forum this year, without gaps.
func (d *decision) number(forum jisr.ForumID) (int, error) {
	s := series{forum, string(d.today[:4])}
	if _, ok := d.batch.numbers[s]; !ok {
		last, err := d.n.book.LastNumber(d.ctx, forum, d.n.self.ID, d.now.In(d.n.zone).Year())
		if err != nil {
			return 0, fmt.Errorf("couldn't read the last number of %s: %w", forum, err)
		}
		d.batch.numbers[s] = last
	}
	return d.batch.numbers[s] + 1, nil
}

// house plans an act in the house log, joint one in the forum's log of this member.
func (d *decision) house(p planned) error {
	p.forum = jisr.House
	d.acts = append(d.acts, p)
	return nil
}

func (d *decision) joint(forum jisr.ForumID, p planned) error {
	if r := d.n.frozen(forum); r != nil {
		return r
	}
	p.forum = forum
	d.done.Joint = true
	d.acts = append(d.acts, p)
	return nil
}

// add gives the acts of a decided command their clock, place and commitments. It changes the batch only when
// all of them can be encoded.
func (d *decision) add() error {
	type made struct {
		said  book.Said
		entry ledger.NewEntry
	}
	var all []made
	heads := map[jisr.ForumID]head{}
	for _, p := range d.acts {
		h, ok := heads[p.forum]
		if !ok {
			h = d.batch.head(d.n, p.forum)
		}
		said, entry, err := d.make(p, h)
		if err != nil {
			return err
		}
		h.clock, h.next = said.Act.Clock, h.next+1
		heads[p.forum] = h
		all = append(all, made{said, entry})
		d.report(p, said.Act.Position)
	}
	for _, m := range all {
		forum := m.said.Act.Forum
		a := d.batch.appends[forum]
		if a == nil {
			a = &ledger.Append{Log: d.n.origin(forum, d.n.self.ID), Expect: int64(m.said.Act.Index)}
			d.batch.appends[forum] = a
		}
		a.Entries = append(a.Entries, m.entry)
		d.batch.said = append(d.batch.said, m.said)
		d.batch.heads[forum] = heads[forum]
		if t, ok := d.numbered(m.said.Act); ok {
			d.batch.numbers[series{forum, string(d.today[:4])}] = t
		}
	}
	return nil
}

// report tells the caller where the command ended up: the joint act, if there is one.
func (d *decision) report(p planned, at jisr.Position) {
	d.done.Thing = p.about
	if p.forum != jisr.House || !d.done.Joint {
		d.done.Position = at
	}
	if p.forum != jisr.House || d.done.Forum == "" {
		d.done.Forum = p.forum
	}
}

func (d *decision) numbered(a jisr.Act) (int, bool) {
	if a.Kind != jisr.KindNoteRelease {
		return 0, false
	}
	t, err := jisr.ReadNote(&a)
	return t.Number, err == nil && t.Number > 0
}

func (b *batch) head(n *Node, forum jisr.ForumID) head {
	if h, ok := b.heads[forum]; ok {
		return h
	}
	return n.head(forum)
}

// make encodes one planned act. The salt of its body is fresh, so equal texts have unequal commitments.
func (d *decision) make(p planned, h head) (book.Said, ledger.NewEntry, error) {
	a := jisr.Act{V: 1, Kind: p.kind, Forum: p.forum, About: p.about, At: d.now, Clock: h.clock + 1, Seen: h.seen,
		Position: jisr.Position{Member: d.n.self.ID, Index: h.next}}
	if by := d.caller.By(); !p.anonymous && by != (jisr.By{}) {
		a.By = &by
	}
	if p.terms != nil {
		t, err := jisr.Terms(p.terms)
		if err != nil {
			return book.Said{}, ledger.NewEntry{}, err
		}
		a.Terms = t
	}
	for _, f := range p.files { // before the body: what an official signs names them
		a.Attachments = append(a.Attachments, jisr.Content{Commit: f.Commit, Size: f.Size, Type: f.Type})
	}
	entry := ledger.NewEntry{}
	body, err := d.addBody(&a, &entry, p)
	if err != nil {
		return book.Said{}, ledger.NewEntry{}, err
	}
	for _, f := range p.files {
		entry.Contents = append(entry.Contents, ledger.Content{Blob: f.Upload})
	}
	entry.Data, err = a.Encode()
	return book.Said{Act: a, Entry: entry.Data, Body: body}, entry, err
}

func (d *decision) addBody(a *jisr.Act, entry *ledger.NewEntry, p planned) ([]byte, error) {
	if p.body == nil && p.sign == nil {
		return nil, nil
	}
	body, err := p.encoded()
	if err != nil {
		return nil, fmt.Errorf("couldn't encode the body of %s: %w", p.kind, err)
	}
	if limit := p.maxBody; limit > 0 && len(body) > limit {
		return nil, jisr.Refuse(jisr.TooLong, "text", "max", fmt.Sprint(limit), "got", fmt.Sprint(len(body)))
	}
	typ := "application/json"
	if p.sign != nil {
		if body, err = p.sign.sealBody(a, body, p.anonymous); err != nil {
			return nil, err
		}
		if !p.anonymous {
			typ = jisr.SignedType
		}
	}
	if len(body) > ledger.MaxInline {
		return body, d.addLarge(a, entry, p, typ, body)
	}
	c := ledger.Content{Data: body}
	if _, err := d.n.random.Read(c.Salt[:]); err != nil {
		return nil, fmt.Errorf("couldn't read random bytes: %w", err)
	}
	a.Content = &jisr.Content{Commit: jisr.Commit(ledger.CommitOf(c.Salt, body)), Size: int64(len(body)), Type: typ}
	entry.Contents = append(entry.Contents, c)
	return body, nil
}

// encoded is a body in the one encoding, as for acts.
func (p *planned) encoded() ([]byte, error) {
	switch body := p.body.(type) {
	case nil:
		return nil, nil
	case []json.RawMessage: // records, which were held against their annex
		return programme.Join(body), nil
	}
	return jisr.Terms(p.body)
}

// addLarge adds a body too large to stand beside its entry, such as the text of a treaty in its languages: it is kept in
// parts, as files are. A crash before the entry is written leaves an upload that no act names.
func (d *decision) addLarge(a *jisr.Act, entry *ledger.NewEntry, p planned, typ string, body []byte) error {
	a.Content = &jisr.Content{Commit: jisr.Commit(sha256.Sum256(body)), Size: int64(len(body)), Type: typ}
	if p.rehearsed {
		return nil // nothing of it is kept
	}
	id, err := d.n.ledger.NewUpload(d.ctx, int64(len(body)), typ, string(p.kind))
	if err == nil {
		_, err = d.n.ledger.WriteUpload(d.ctx, id, 0, bytes.NewReader(body))
	}
	if err != nil {
		return fmt.Errorf("couldn't keep the body of %s: %w", p.kind, err)
	}
	u, err := d.n.ledger.Upload(d.ctx, id)
	if err == nil && !u.Complete {
		err = errors.New("internal error: an upload of all bytes is not complete")
	}
	if err != nil {
		return fmt.Errorf("couldn't keep the body of %s: %w", p.kind, err)
	}
	a.Content.Commit = jisr.Commit(u.Commit)
	entry.Contents = append(entry.Contents, ledger.Content{Blob: id})
	return nil
}

func isRefused(err error) bool {
	var r *jisr.Refusal
	return errors.As(err, &r)
}
