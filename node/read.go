package node

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"jisr"
	"jisr/book"
	"jisr/ledger"
)

// log finds the ledger's log of a member of a forum.
func (n *Node) logNamed(forum jisr.ForumID, m jisr.MemberID) (ledger.Origin, error) {
	if forum == jisr.House {
		return "", jisr.Refuse(jisr.NoSuch, string(forum), "noun", "forum")
	}
	f, err := n.forum(forum)
	if err != nil {
		return "", err
	}
	if f.letters[m] == nil {
		return "", jisr.Refuse(jisr.NotMember, string(m), "forum", string(forum))
	}
	return n.origin(forum, m), nil
}

// seen finds the log of an act that the reader may see: what stands about it in the ledger is for nobody else.
func (n *Node) seen(ctx context.Context, s book.Scope, forum jisr.ForumID, p jisr.Position) (ledger.Origin, error) {
	origin, err := n.logNamed(forum, p.Member)
	if err == nil {
		_, err = n.book.Act(ctx, s, forum, p)
	}
	return origin, err
}

// opened refuses what a release carries to a reader whose desks have not opened the note yet. What stands in the log is
// read as before: it says when, by whom and to whom, and not what.
func (n *Node) opened(ctx context.Context, s book.Scope, forum jisr.ForumID, p jisr.Position) error {
	row, err := n.book.Act(ctx, s, forum, p)
	if err != nil || row.Act.Kind != jisr.KindNoteRelease {
		return err
	}
	v, err := n.book.Note(ctx, s, forum, row.Act.About)
	if isRefusal(err, jisr.NoSuch) {
		return nil // a release that has no effect
	}
	if err == nil && v.Withheld {
		err = jisr.Refuse(jisr.Unopened, "note")
	}
	return err
}

// Receipts says, for each member of the forum but the writer, what its node has signed about an act; of another member's act, what
// this node did. Of what other members hold of each other's acts this node knows nothing.
func (n *Node) Receipts(ctx context.Context, s book.Scope, forum jisr.ForumID, p jisr.Position) ([]Receipt, error) {
	origin, err := n.seen(ctx, s, forum, p)
	if err != nil {
		return nil, err
	}
	f, err := n.forum(forum)
	if err != nil {
		return nil, err
	}
	var all []Receipt
	for _, m := range append(slices.Clone(f.others), n.self.ID) {
		if m == p.Member {
			continue
		}
		covers, holds, err := n.ledger.HeldAt(ctx, origin, f.letters[m].Origin, int64(p.Index))
		if err != nil {
			return nil, fmt.Errorf("couldn't read the receipts of %s %d: %w", origin, p.Index, err)
		}
		r := Receipt{Member: m}
		if covers != nil {
			r.CountersignedAt, r.LogSize = covers.Time, covers.Size
		}
		if holds != nil {
			r.HeldAt, r.LogSize = holds.Time, holds.Size
		}
		all = append(all, r)
	}
	return all, nil
}

// Entry gives the exact bytes of an act.
func (n *Node) Entry(ctx context.Context, s book.Scope, forum jisr.ForumID, p jisr.Position) ([]byte, error) {
	origin, err := n.seen(ctx, s, forum, p)
	if err != nil {
		return nil, err
	}
	b, err := n.ledger.Entry(ctx, origin, int64(p.Index))
	return b, n.absent(err, fmt.Sprintf("%s/%d", p.Member, p.Index))
}

// Proof gives a C2SP tlog-proof that the act stands in its log.
func (n *Node) Proof(ctx context.Context, s book.Scope, forum jisr.ForumID, p jisr.Position) ([]byte, error) {
	origin, err := n.seen(ctx, s, forum, p)
	if err != nil {
		return nil, err
	}
	b, err := n.ledger.Proof(ctx, origin, int64(p.Index))
	return b, n.absent(err, fmt.Sprintf("%s/%d", p.Member, p.Index))
}

// ExportProof gives a proof file for jisr verify: the act, its place, its countersignatures and its content.
func (n *Node) ExportProof(ctx context.Context, s book.Scope, forum jisr.ForumID, p jisr.Position) ([]byte, error) {
	_, err := n.seen(ctx, s, forum, p)
	if err == nil {
		err = n.opened(ctx, s, forum, p)
	}
	if err != nil {
		return nil, err
	}
	return n.exportProof(ctx, forum, p)
}

func (n *Node) exportProof(ctx context.Context, forum jisr.ForumID, p jisr.Position) ([]byte, error) {
	origin, err := n.logNamed(forum, p.Member)
	if err != nil {
		return nil, err
	}
	b, err := n.ledger.ExportProof(ctx, origin, int64(p.Index))
	return b, n.absent(err, fmt.Sprintf("%s/%d", p.Member, p.Index))
}

// ExportSigned is ExportProof and, with an act that carries its official's signature, the proofs of the acts that say whose
// key it is: all in one bundle, so that the file suffices.
func (n *Node) ExportSigned(ctx context.Context, s book.Scope, forum jisr.ForumID, p jisr.Position) ([]byte, error) {
	b, err := n.ExportProof(ctx, s, forum, p)
	if err != nil {
		return nil, err
	}
	keys, err := n.signerActs(ctx, forum, p)
	if err != nil || len(keys) == 0 {
		return b, err
	}
	var bundle bytes.Buffer
	err = ledger.WriteBundled(&bundle, b)
	for _, i := range keys {
		proof, failed := n.exportProof(ctx, forum, jisr.Position{Member: p.Member, Index: i})
		err = errors.Join(err, failed, ledger.WriteBundled(&bundle, proof))
	}
	return bundle.Bytes(), err
}

// VerifierKeys gives the keys that verify a member's log in a forum, and those of its countersignatures.
func (n *Node) VerifierKeys(_ context.Context, forum jisr.ForumID, m jisr.MemberID) (log, mirror []string, err error) {
	origin, err := n.logNamed(forum, m)
	if err != nil {
		return nil, nil, err
	}
	keys := n.letterOf(m).Keys
	return keys.LogVKeys(origin), keys.MirrorVKeys(), nil
}

// Checkpoint gives the newest checkpoint of a log with every countersignature this node has for it.
func (n *Node) Checkpoint(ctx context.Context, forum jisr.ForumID, m jisr.MemberID) ([]byte, error) {
	origin, err := n.logNamed(forum, m)
	if err != nil {
		return nil, err
	}
	b, err := n.ledger.Checkpoint(ctx, origin)
	return b, n.absent(err, "checkpoint")
}

// Tile gives a tile or entry bundle of a log (c2sp.org/tlog-tiles): "0/x001/234.p/5", "entries/000". A bundle is for who
// may see every act in it, since it cannot be given in part; hashes tell nothing.
func (n *Node) Tile(ctx context.Context, s book.Scope, forum jisr.ForumID, m jisr.MemberID, path string) ([]byte, error) {
	origin, err := n.logNamed(forum, m)
	if err != nil {
		return nil, err
	}
	if bundle, ok := strings.CutPrefix(path, "entries/"); ok {
		from, to := bundleOf(bundle)
		if all, err := n.book.SeesAll(ctx, s, forum, m, from, to); err != nil || !all {
			return nil, cmp.Or(err, error(jisr.Refuse(jisr.NoSuch, path, "noun", "tile")))
		}
	}
	b, err := n.ledger.Tile(ctx, origin, path)
	return b, n.absent(err, path)
}

// bundleOf gives the entries of a bundle, 256 and fewer in a partial one: "x001/x234/067.p/5". What is no bundle has none.
func bundleOf(path string) (from, to jisr.Index) {
	const width = 256
	path, partial, _ := strings.Cut(path, ".p/")
	number, err := strconv.ParseInt(strings.NewReplacer("x", "", "/", "").Replace(path), 10, 40)
	if err != nil {
		return 0, 0
	}
	count, err := strconv.ParseInt(partial, 10, 16)
	if err != nil {
		count = width
	}
	from = jisr.Index(number * width)
	return from, from + jisr.Index(count)
}

func (n *Node) absent(err error, what string) error {
	if errors.Is(err, ledger.ErrNotFound) || errors.Is(err, ledger.ErrMissing) || errors.Is(err, ledger.ErrFormat) {
		return jisr.Refuse(jisr.NoSuch, what)
	}
	if errors.Is(err, ledger.ErrFull) {
		return jisr.Refuse(jisr.DiskFull, "node")
	}
	return err
}

// Files lists the attachments of an act, with as much of each as is here.
func (n *Node) Files(ctx context.Context, s book.Scope, forum jisr.ForumID, p jisr.Position) ([]File, error) {
	origin, err := n.seen(ctx, s, forum, p)
	if err == nil {
		err = n.opened(ctx, s, forum, p)
	}
	if err != nil {
		return nil, err
	}
	refs, err := n.ledger.Refs(ctx, origin, int64(p.Index))
	if err != nil {
		return nil, n.absent(err, fmt.Sprintf("%s/%d", p.Member, p.Index))
	}
	a, err := n.act(ctx, forum, p)
	if err != nil {
		return nil, err
	}
	first := 0
	if a.Content != nil {
		first = 1
	}
	names := n.fileNames(ctx, forum, &a)
	var files []File
	for i, ref := range refs[min(first, len(refs)):] {
		f := File{Index: i, Type: ref.Type, Size: ref.Size, Held: ref.Held}
		if i < len(names) {
			f.Name = names[i].Name
		}
		files = append(files, f)
	}
	return files, nil
}

func (n *Node) act(ctx context.Context, forum jisr.ForumID, p jisr.Position) (jisr.Act, error) {
	origin, err := n.logNamed(forum, p.Member)
	if err != nil {
		return jisr.Act{}, err
	}
	entry, err := n.ledger.Entry(ctx, origin, int64(p.Index))
	if err != nil {
		return jisr.Act{}, n.absent(err, fmt.Sprintf("%s/%d", p.Member, p.Index))
	}
	return jisr.DecodeKept(p.Member, p.Index, entry)
}

// fileNames are the names that stand in the content; without it files can be had without their names.
func (n *Node) fileNames(ctx context.Context, forum jisr.ForumID, a *jisr.Act) []jisr.FileName {
	if a.About.Noun() != "note" {
		body, _, err := n.book.Content(ctx, book.Whole(), forum, a.Position)
		if err != nil {
			return nil
		}
		e, err := jisr.DecodeEvidence(body, len(a.Attachments))
		if err != nil {
			return nil
		}
		return e.Files
	}
	v, err := n.book.Note(ctx, book.Whole(), forum, a.About)
	if err != nil || !v.BodyHeld {
		return nil
	}
	return v.Body.Files
}

// OpenFile opens an attachment that is wholly here. It is read in parts, never whole in memory.
func (n *Node) OpenFile(ctx context.Context, s book.Scope, forum jisr.ForumID, p jisr.Position, index int) (io.ReadSeekCloser, File, error) {
	files, err := n.Files(ctx, s, forum, p)
	if err != nil {
		return nil, File{}, err
	}
	if index < 0 || index >= len(files) {
		return nil, File{}, jisr.Refuse(jisr.NoSuch, fmt.Sprint(index), "noun", "attachment")
	}
	f := files[index]
	if f.Held < f.Size {
		return nil, f, jisr.Refuse(jisr.Unfinished, f.Name, "held", fmt.Sprint(f.Held), "size", fmt.Sprint(f.Size))
	}
	a, err := n.act(ctx, forum, p)
	if err != nil {
		return nil, f, err
	}
	at := index
	if a.Content != nil {
		at++
	}
	r, err := n.ledger.OpenContent(ctx, n.origin(forum, p.Member), int64(p.Index), at)
	if err != nil {
		return nil, f, n.absent(err, f.Name)
	}
	return r, f, nil
}

// OpenDraftFile opens an attachment of a note that is still a draft: for who may read the draft.
func (n *Node) OpenDraftFile(ctx context.Context, s book.Scope, forum jisr.ForumID, id jisr.ThingID, index int) (io.ReadSeekCloser, File, error) {
	v, err := n.book.Note(ctx, s, forum, id)
	if err != nil {
		return nil, File{}, err
	}
	if v.Note != nil || v.Drafted == nil || index < 0 || index >= len(v.Drafted.Files) {
		return nil, File{}, jisr.Refuse(jisr.NoSuch, fmt.Sprint(index), "noun", "attachment")
	}
	d := v.Drafted.Files[index]
	f := File{Index: index, Name: d.Name, Type: d.Type, Size: d.Size, Held: d.Size}
	r, err := n.ledger.OpenUpload(ctx, d.Upload)
	if err != nil {
		return nil, f, n.absent(err, f.Name)
	}
	return r, f, nil
}

// NewUpload begins an attachment of the given size. It is the caller's until an act names it.
func (n *Node) NewUpload(ctx context.Context, c Caller, name, typ string, size int64) (Upload, error) {
	if err := n.mayUpload(c); err != nil {
		return Upload{}, err
	}
	if size < 0 || size > jisr.MaxAttachment {
		return Upload{}, jisr.Refuse(jisr.TooLong, "attachment", "max", fmt.Sprint(int64(jisr.MaxAttachment)), "got", fmt.Sprint(size))
	}
	if name == "" {
		return Upload{}, jisr.Refuse(jisr.Missing, "filename")
	}
	if err := (jisr.Text{"und": name}).Check("filename", jisr.MaxFileName); err != nil {
		return Upload{}, err
	}
	if len(name) > ledger.MaxType {
		return Upload{}, jisr.Refuse(jisr.TooLong, "filename", "max", fmt.Sprint(jisr.MaxFileName))
	}
	if typ == "" {
		typ = "application/octet-stream"
	}
	if len(typ) > 127 {
		return Upload{}, jisr.Refuse(jisr.TooLong, "filetype", "max", "127")
	}
	id, err := n.ledger.NewUpload(ctx, size, typ, name)
	if err != nil {
		return Upload{}, n.absent(fmt.Errorf("couldn't begin an upload: %w", err), name)
	}
	return n.uploadInfo(ctx, id)
}

// WriteUpload adds what r gives at offset, which must be how much is held. What was written before an error
// stays: asking UploadInfo tells where to go on.
func (n *Node) WriteUpload(ctx context.Context, c Caller, id string, offset int64, r io.Reader) (Upload, error) {
	if err := n.mayUpload(c); err != nil {
		return Upload{}, err
	}
	_, err := n.ledger.WriteUpload(ctx, id, offset, r)
	if errors.Is(err, ledger.ErrGap) {
		return Upload{}, jisr.Refuse(jisr.Conflict, id, "offset", fmt.Sprint(offset))
	}
	if err != nil {
		return Upload{}, n.absent(err, id)
	}
	return n.uploadInfo(ctx, id)
}

// UploadInfo tells how much of an upload is here.
func (n *Node) UploadInfo(ctx context.Context, c Caller, id string) (Upload, error) {
	if err := n.mayUpload(c); err != nil {
		return Upload{}, err
	}
	return n.uploadInfo(ctx, id)
}

func (n *Node) uploadInfo(ctx context.Context, id string) (Upload, error) {
	u, err := n.ledger.Upload(ctx, id)
	if err != nil {
		return Upload{}, n.absent(err, id)
	}
	up := Upload{ID: u.Blob, Name: u.Name, Type: u.Type, Size: u.Size, Held: u.Held}
	if u.Complete {
		up.Commit = jisr.Commit(u.Commit)
	}
	return up, nil
}

// ReadUpload gives an upload that is here whole and no larger than most.
func (n *Node) ReadUpload(ctx context.Context, c Caller, id string, most int64) ([]byte, error) {
	u, err := n.UploadInfo(ctx, c, id)
	switch {
	case err != nil:
		return nil, err
	case u.Commit == "":
		return nil, jisr.Refuse(jisr.Unfinished, u.Name, "held", fmt.Sprint(u.Held), "size", fmt.Sprint(u.Size))
	case u.Size > most:
		return nil, jisr.Refuse(jisr.TooLong, "attachment", "max", fmt.Sprint(most), "got", fmt.Sprint(u.Size))
	}
	r, err := n.ledger.OpenUpload(ctx, id)
	if err != nil {
		return nil, n.absent(err, id)
	}
	data, err := io.ReadAll(r)
	return data, errors.Join(err, r.Close())
}

// mayUpload asks whether the caller writes what files go with: notes, or records.
func (n *Node) mayUpload(c Caller) error {
	err := n.may(c, "note.draft")
	if err == nil || n.may(c, Verb(jisr.KindRecordBatch)) == nil {
		return nil
	}
	return err // what most uploads are for
}

// DropUpload forgets an upload that no act names.
func (n *Node) DropUpload(ctx context.Context, c Caller, id string) error {
	if err := n.mayUpload(c); err != nil {
		return err
	}
	err := n.ledger.DropUpload(ctx, id)
	if errors.Is(err, ledger.ErrInUse) {
		return jisr.Refuse(jisr.Already, id)
	}
	return n.absent(err, id)
}

// Links tells how the road to every other member is.
func (n *Node) Links() []LinkStatus {
	var all []LinkStatus
	for _, s := range n.link.Status() {
		m := jisr.MemberID(s.Member)
		l := n.letterOf(m)
		if l == nil {
			continue
		}
		all = append(all, LinkStatus{
			Member: m, Name: jisr.Text(l.Names), State: LinkState(s.State), Because: s.Because, Detail: s.Detail, Since: s.Since, Contact: s.Contact,
			Queued: s.Queued, Rate: s.Rate, Finger: l.Fingerprint(), Origin: l.Origin, Forums: n.forumsWith(m), Address: l.Addresses,
		})
	}
	return all
}

// Known tells up to which day this node knows what each member said, or did not.
func (n *Node) Known() jisr.Heard {
	k := jisr.On(n.Today())
	for _, l := range n.Links() {
		if l.State == Linked || l.Contact.IsZero() {
			continue
		}
		if k.Cut == nil {
			k.Cut = map[jisr.MemberID]jisr.Date{}
		}
		k.Cut[l.Member] = n.dateOf(l.Contact)
	}
	return k
}

// KnownTo is the same of one member.
func (n *Node) KnownTo(m jisr.MemberID) jisr.Date { return n.Known().Of(m) }

func (n *Node) forumsWith(m jisr.MemberID) []jisr.ForumID {
	var all []jisr.ForumID
	for _, id := range n.forumIDs() {
		if f, err := n.forum(id); err == nil && f.letters[m] != nil {
			all = append(all, id)
		}
	}
	return all
}

// RetryLink tries the road to a member now instead of at the next turn.
func (n *Node) RetryLink(m jisr.MemberID) { n.link.RetryNow(string(m)) }

// Evidence lists what is kept of other members' misbehaviour, newest first.
func (n *Node) Evidence(ctx context.Context) ([]Evidence, error) {
	kept, err := n.ledger.Evidence(ctx)
	if err != nil {
		return nil, fmt.Errorf("couldn't read the evidence: %w", err)
	}
	var all []Evidence
	for _, e := range kept {
		l, ok := n.logOf(e.Log)
		if !ok {
			l = book.Log{}
		}
		all = append(all, Evidence{Member: l.Member, Forum: l.Forum, Kind: e.Kind, At: e.Time, Detail: e.Detail, Proof: append(slices.Clone(e.First), e.Second...)})
	}
	return all, nil
}

// Ready tells whether the node can do its work; the error says why it cannot.
func (n *Node) Ready() error {
	select {
	case <-n.closing:
		return jisr.Refuse(jisr.Unavailable, "node")
	default:
	}
	if !n.running.Load() {
		return jisr.Refuse(jisr.Unavailable, "link")
	}
	return nil
}
