package node

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"jisr"
	"jisr/book"
	"jisr/ledger"
	"jisr/link"
)

// forum is a forum this member has entered.
type forum struct {
	id      jisr.ForumID
	title   jisr.Text
	letters map[jisr.MemberID]*link.Letter // of all members, this one too
	others  []jisr.MemberID                // sorted
}

func (n *Node) forum(id jisr.ForumID) (*forum, error) {
	n.mu.RLock()
	defer n.mu.RUnlock()
	if f := n.forums[id]; f != nil {
		return f, nil
	}
	return nil, jisr.Refuse(jisr.NoSuch, string(id), "noun", "forum")
}

func (n *Node) forumIDs() []jisr.ForumID {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return slices.Sorted(maps.Keys(n.forums))
}

// logs lists the logs of all forums, own and mirrored.
func (n *Node) logs() []book.Log {
	n.mu.RLock()
	defer n.mu.RUnlock()
	var all []book.Log
	for _, id := range slices.Sorted(maps.Keys(n.forums)) {
		for _, m := range slices.Sorted(maps.Keys(n.forums[id].letters)) {
			all = append(all, book.Log{Forum: id, Member: m})
		}
	}
	return all
}

// origin names a member's log in a forum: the first line of its checkpoints.
func (n *Node) origin(f jisr.ForumID, m jisr.MemberID) ledger.Origin {
	if m == n.self.ID {
		return ledger.Origin(n.self.Origin + "/" + string(f))
	}
	if l := n.letterOf(m); l != nil {
		return ledger.Origin(l.Origin + "/" + string(f))
	}
	return ""
}

func (n *Node) logOf(o ledger.Origin) (book.Log, bool) {
	n.mu.RLock()
	defer n.mu.RUnlock()
	l, ok := n.origins[o]
	return l, ok
}

// memberNamed finds the member whose keys have this name.
func (n *Node) memberNamed(origin string) (jisr.MemberID, bool) {
	n.mu.RLock()
	defer n.mu.RUnlock()
	for _, f := range n.forums {
		for m, l := range f.letters {
			if l.Origin == origin {
				return m, true
			}
		}
	}
	return "", false
}

func (n *Node) letterOf(m jisr.MemberID) *link.Letter {
	n.mu.RLock()
	defer n.mu.RUnlock()
	for _, f := range n.forums {
		if l := f.letters[m]; l != nil {
			return l
		}
	}
	return nil
}

// enter takes up a forum the house has accepted: by a command just now, by another process of this member, or
// at start-up. It is the same code for all three, and doing it again changes nothing.
func (n *Node) enter(about jisr.ThingID, body []byte) error {
	var accept jisr.AcceptBody
	if err := json.Unmarshal(body, &accept); err != nil {
		return fmt.Errorf("couldn't read the letters: %w", err)
	}
	return n.enterWith(jisr.ForumID(about.Name()), accept)
}

func (n *Node) enterWith(id jisr.ForumID, accept jisr.AcceptBody) error {
	f := &forum{id: id, title: accept.Title, letters: map[jisr.MemberID]*link.Letter{}}
	for m, raw := range accept.Letters {
		l, err := link.ParseLetter([]byte(raw))
		if err != nil {
			return fmt.Errorf("couldn't read the letter of %s: %w", m, err)
		}
		f.letters[m] = l
		if m != n.self.ID {
			f.others = append(f.others, m)
		}
	}
	slices.Sort(f.others)
	n.mu.Lock()
	n.forums[id] = f
	for m, l := range f.letters {
		n.origins[ledger.Origin(l.Origin+"/"+string(id))] = book.Log{Forum: id, Member: m}
	}
	n.mu.Unlock()
	if n.link != nil { // nil: only the book is being rebuilt
		n.link.SetPeers(n.peers())
	}
	return nil
}

// peers gives the link every other member with the logs it brings and the logs it is brought.
func (n *Node) peers() []link.Peer {
	n.mu.RLock()
	defer n.mu.RUnlock()
	byMember := map[jisr.MemberID]*link.Peer{}
	for _, id := range slices.Sorted(maps.Keys(n.forums)) {
		for _, m := range n.forums[id].others {
			l := n.forums[id].letters[m]
			p := byMember[m]
			if p == nil {
				p = &link.Peer{Letter: l}
				byMember[m] = p
			}
			p.Push = append(p.Push, ledger.Origin(n.self.Origin+"/"+string(id)))
			p.Mirror = append(p.Mirror, ledger.Origin(l.Origin+"/"+string(id)))
		}
	}
	var all []link.Peer
	for _, m := range slices.Sorted(maps.Keys(byMember)) {
		all = append(all, *byMember[m])
	}
	return all
}

// createLogs makes this member's log in a forum and the mirrors of the others'. It is idempotent.
func (n *Node) createLogs(ctx context.Context, id jisr.ForumID, letters map[jisr.MemberID]*link.Letter) error {
	for _, m := range slices.Sorted(maps.Keys(letters)) {
		l := letters[m]
		if err := n.ledger.CreateLog(ctx, ledger.Origin(l.Origin+"/"+string(id)), l.Keys); err != nil {
			return fmt.Errorf("couldn't make the log of %s in %s: %w", m, id, err)
		}
	}
	return nil
}

// inspect is what the ledger asks of every entry, this member's own and others': whether it may stand where
// it does, and which contents it carries.
func (n *Node) inspect(log ledger.Origin, index int64, prev, entry []byte) ([]ledger.Ref, error) {
	l, known := n.logOf(log)
	if !known {
		// Only AcceptForum appends to a log before the forum is entered.
		l = book.Log{Member: n.self.ID}
	}
	a, err := jisr.Decode(l.Member, jisr.Index(index), entry)
	if err != nil {
		return nil, err
	}
	before, err := decodePrevious(l.Member, index, prev)
	if err != nil {
		return nil, err
	}
	if !known {
		l.Forum = a.Forum
	}
	if err := a.Follows(before, l.Forum); err != nil {
		return nil, err
	}
	ranks := jisr.RankAct(&a)
	refs := make([]ledger.Ref, 0, len(ranks))
	for i, c := range a.Contents() {
		sum, _ := c.Commit.Sum() // Decode has checked it
		refs = append(refs, ledger.Ref{Commit: sum, Size: c.Size, Type: c.Type, Rank: ranks[i]})
	}
	return refs, nil
}

func decodePrevious(m jisr.MemberID, index int64, prev []byte) (*jisr.Act, error) {
	if prev == nil {
		return nil, nil
	}
	a, err := jisr.DecodeKept(m, jisr.Index(index-1), prev)
	return &a, err
}

// frozen tells why nothing may be written in a forum; nil: it may.
func (n *Node) frozen(id jisr.ForumID) *jisr.Refusal {
	n.mu.RLock()
	defer n.mu.RUnlock()
	for _, m := range slices.Sorted(maps.Keys(n.ice[id])) {
		return n.ice[id][m]
	}
	if m := n.silent(id); m != "" {
		return jisr.Refuse(jisr.Restored, string(m))
	}
	return nil
}

// freeze stops writing in a forum whose log here is shorter than a partner's mirror of it: this node runs on
// an old copy of itself, and one more act would fork the log. The link fetches back what is missing.
func (n *Node) freeze(log ledger.Origin, member string, theirs int64) {
	l, ok := n.logOf(log)
	if !ok {
		return
	}
	n.mu.Lock()
	_, known := n.ice[l.Forum][member]
	if n.ice[l.Forum] == nil {
		n.ice[l.Forum] = map[string]*jisr.Refusal{}
	}
	n.ice[l.Forum][member] = jisr.Refuse(jisr.Behind, string(l.Forum), "member", member, "size", fmt.Sprint(theirs))
	n.mu.Unlock()
	if !known {
		n.log.Error("this log is behind a partner's mirror of it: an old copy of this node is running. Nothing is written here until the rest is fetched back from there, or the newest copy is restored",
			"forum", l.Forum, "partner", member, "partner_holds", theirs)
	}
}

// thaw lets a forum be written in again, as far as one partner is concerned: it holds nothing of this member's log
// that is not here.
func (n *Node) thaw(log ledger.Origin, member string) {
	l, ok := n.logOf(log)
	if !ok {
		return
	}
	n.mu.Lock()
	_, was := n.ice[l.Forum][member]
	delete(n.ice[l.Forum], member)
	n.said(l.Forum, member)
	n.mu.Unlock()
	if was {
		n.log.Info("this log is level with a partner's mirror of it again", "forum", l.Forum, "partner", member)
		n.publish(Event{})
	}
}
