package ledger

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"strings"
	"time"

	cosig "github.com/transparency-dev/formats/note"
	"github.com/transparency-dev/formats/proof"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// ContentState says what a proof file shows of a content. The values are part of the format.
type ContentState string

// The states of a content in a proof file.
const (
	ContentHeld     ContentState = "held"     // its bytes are in the file
	ContentDetached ContentState = "detached" // its salt is, so that the bytes can be checked where they are
	ContentErased   ContentState = "erased"   // neither: the node that wrote the file says that it was erased
	ContentAbsent   ContentState = "absent"   // neither: withheld or never held; a file cannot prove which
)

const (
	proofHeader = "jisr proof/v1"
	maxVKeys    = 512
)

// proofFile is the format of doc/spec/proof.md.
type proofFile struct {
	entry    []byte
	contents []proofContent
	receipts []proofReceipt
	proof    []byte // c2sp.org/tlog-proof
}

type proofContent struct {
	state ContentState
	salt  [32]byte
	data  []byte
}

// proofReceipt is a receipt and the entry's Merkle path to the receipt's root: a receipt for another size than the
// checkpoint's would otherwise say nothing about the entry.
type proofReceipt struct {
	note   []byte
	hashes []byte
}

func (f *proofFile) text() []byte {
	b64 := base64.StdEncoding.EncodeToString
	b := fmt.Appendf(nil, "%s\nentry %s\n", proofHeader, b64(f.entry))
	for _, c := range f.contents {
		switch c.state {
		case ContentHeld:
			b = fmt.Appendf(b, "content held %s %s\n", b64(c.salt[:]), b64(c.data))
		case ContentDetached:
			b = fmt.Appendf(b, "content detached %s\n", b64(c.salt[:]))
		case ContentAbsent, ContentErased:
			b = append(b, "content "+string(c.state)+"\n"...)
		}
	}
	for _, r := range f.receipts {
		b = fmt.Appendf(b, "receipt %s %s\n", b64(r.note), b64(r.hashes))
	}
	return append(append(b, '\n'), f.proof...)
}

// parseProofFile is strict: what it accepts, text gives back byte for byte.
func parseProofFile(data []byte) (*proofFile, error) {
	if len(data) > MaxProofFile {
		return nil, fmt.Errorf("a proof file of %d bytes: %w", len(data), ErrTooLong)
	}
	head, rest, ok := bytes.Cut(data, []byte("\n\n"))
	if !ok {
		return nil, fmt.Errorf("proof file: %w", ErrFormat)
	}
	f := &proofFile{proof: rest}
	first, head, _ := bytes.Cut(head, []byte("\n"))
	for len(head) > 0 && string(first) == proofHeader {
		var line []byte
		line, head, _ = bytes.Cut(head, []byte("\n"))
		if err := f.add(strings.Split(string(line), " ")); err != nil {
			return nil, err
		}
	}
	if !bytes.Equal(f.text(), data) {
		return nil, fmt.Errorf("proof file: %w", ErrFormat)
	}
	return f, nil
}

// add reads one line. Lines out of order are found by writing the file again.
func (f *proofFile) add(words []string) error {
	if len(f.contents) > MaxContents || len(f.receipts) > MaxProofReceipts {
		return fmt.Errorf("proof file: %w", ErrTooLong)
	}
	word := func(i int) []byte {
		if i >= len(words) {
			return nil
		}
		b, _ := base64.StdEncoding.DecodeString(words[i])
		return b
	}
	switch words[0] {
	case "entry":
		f.entry = word(1)
	case "receipt":
		f.receipts = append(f.receipts, proofReceipt{word(1), word(2)})
	case "content":
		c := proofContent{data: word(3)}
		copy(c.salt[:], word(2))
		if len(words) > 1 {
			c.state = ContentState(words[1])
		}
		f.contents = append(f.contents, c)
	default:
		return fmt.Errorf("proof file, line %.20q: %w", words[0], ErrFormat)
	}
	return nil
}

// ExportProof writes a proof file for entry i: everything held here that lets a third party, offline and with the
// verifier keys only, see what was said, when, by whom, and who countersigned. doc/spec/proof.md is its format.
func (l *Ledger) ExportProof(ctx context.Context, log Origin, i int64) (file []byte, err error) {
	err = l.viewTree(ctx, log, func(t *tree) error { file, err = t.export(i); return err })
	if err != nil {
		return nil, fmt.Errorf("couldn't export a proof of entry %d of %s: %w", i, log, err)
	}
	return file, nil
}

func (t *tree) export(i int64) (file []byte, err error) {
	f := &proofFile{}
	if f.entry, err = t.entry(i); err != nil {
		return nil, err
	}
	if f.proof, err = t.proof(i); err != nil {
		return nil, err
	}
	if err := t.exportContents(f, i); err != nil {
		return nil, err
	}
	if err := t.exportReceipts(f, i); err != nil {
		return nil, err
	}
	return f.text(), nil
}

func (t *tree) exportContents(f *proofFile, i int64) error {
	refs, err := listRefs(t, "WHERE c.id >= $1 AND c.id < $2 ORDER BY c.id", t.contentID(i, 0), t.contentID(i+1, 0))
	if err != nil {
		return err
	}
	room := int64(MaxProofContent)
	for _, r := range refs {
		c := proofContent{state: ContentAbsent}
		switch {
		case r.Complete && r.Size <= room:
			c.state, c.salt, room = ContentHeld, r.Salt, room-r.Size
			if c.data, err = t.content(i, r.N); err != nil {
				return err
			}
		case r.Complete:
			c.state, c.salt = ContentDetached, r.Salt
		case r.Erased:
			c.state = ContentErased
		}
		f.contents = append(f.contents, c)
	}
	return nil
}

func (t *tree) content(i int64, n int) ([]byte, error) {
	r, err := contentRow(t.tx, t, i, n)
	if err != nil {
		return nil, err
	}
	return smallContent(t.tx, r)
}

// exportReceipts puts the mirrors' receipts beside an act of ours. Of another's act our countersignature stands in the checkpoint.
func (t *tree) exportReceipts(f *proofFile, i int64) error {
	if t.cosigned != nil {
		return nil
	}
	names, err := mirrors(t)
	if err != nil {
		return err
	}
	for _, name := range names {
		covers, held, err := firstReceipts(t, name, i)
		if err != nil {
			return err
		}
		for _, r := range []*Receipt{covers, held} {
			if r == nil || len(f.receipts) == MaxProofReceipts || r == held && covers != nil && bytes.Equal(held.Note, covers.Note) {
				continue
			}
			hashes, err := t.prove(r.Size, i)
			if err != nil {
				return err
			}
			f.receipts = append(f.receipts, proofReceipt{r.Note, joinHashes(hashes)})
		}
	}
	return nil
}

func joinHashes(hashes [][32]byte) (b []byte) {
	for _, h := range hashes {
		b = append(b, h[:]...)
	}
	return b
}

// Verdict is exactly what a proof file proves, given the verifier keys. Only what both algorithms signed is in it.
type Verdict struct {
	Log      Origin
	Index    int64
	Entry    []byte
	Size     int64     // of the log in the checkpoint the entry is proved against
	Root     [32]byte  // of the same
	Signed   time.Time // when the log says it signed that checkpoint
	Mirrors  []Countersignature
	Receipts []Receipt // each covers the entry; Receipt.Holds(Index) says whether its contents too. Note is set, Checkpoint is not
	Contents []ContentVerdict
}

// Countersignature is a mirror's, on the checkpoint.
type Countersignature struct {
	Mirror string
	Time   time.Time // when the mirror says it held the log
}

// ContentVerdict is what the file shows of one content the entry commits to.
type ContentVerdict struct {
	Ref
	State ContentState
	Salt  [32]byte
	Data  []byte // when held: verified
}

// Check reads a detached content from r and reports whether it is the one the entry commits to.
func (c *ContentVerdict) Check(r io.Reader) (bool, error) {
	h := newCommit(c.Salt)
	n, err := io.Copy(h, io.LimitReader(r, c.Size+1))
	if err != nil {
		return false, fmt.Errorf("couldn't read the content: %w", err)
	}
	return n == c.Size && [32]byte(h.Sum(nil)) == c.Commit, nil
}

// Verify checks a proof file offline. vkeys are lines of log.vkey and mirror.vkey, got in a way the caller trusts; refs reads the
// commitments of an entry, as Inspect does. The file holds as a whole or not at all: every signature in it must be by a
// key given, valid, and paired with its signer's other algorithm. Errors: ErrFormat, ErrTooLong, ErrSignature,
// ErrRoot (the entry is not in the tree), ErrBadContent.
func Verify(file []byte, vkeys []string, refs func(entry []byte) ([]Ref, error)) (*Verdict, error) {
	f, err := parseProofFile(file)
	if err != nil {
		return nil, fmt.Errorf("couldn't verify: %w", err)
	}
	ring, err := parseVKeys(vkeys)
	if err != nil {
		return nil, fmt.Errorf("couldn't verify: %w", err)
	}
	v := &Verdict{Entry: f.entry}
	if err := v.verifyEntry(f, ring); err != nil {
		return nil, fmt.Errorf("couldn't verify: %w", err)
	}
	if err := v.verifyContents(f, refs); err != nil {
		return nil, fmt.Errorf("couldn't verify entry %d of %s: %w", v.Index, v.Log, err)
	}
	for _, r := range f.receipts {
		if err := v.verifyReceipt(r, ring); err != nil {
			return nil, fmt.Errorf("couldn't verify a receipt for entry %d of %s: %w", v.Index, v.Log, err)
		}
	}
	return v, nil
}

// ring is verifier keys by name: what each name may sign as.
type ring map[string]*ringKeys

type ringKeys struct {
	logEd, mirrorEd, ml []byte
}

func parseVKeys(lines []string) (ring, error) {
	if len(lines) > maxVKeys {
		return nil, fmt.Errorf("%d verifier keys: %w", len(lines), ErrTooLong)
	}
	r := ring{}
	for _, line := range lines {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		if err := r.add(line); err != nil {
			return nil, err
		}
	}
	return r, nil
}

func (r ring) add(line string) error {
	name, rest, _ := strings.Cut(line, "+")
	_, key64, _ := strings.Cut(rest, "+")
	key, err := base64.StdEncoding.Strict().DecodeString(key64)
	if err != nil || checkName(name) != nil || len(key) < 1 || vkey(name, key[0], key[1:]) != line {
		return fmt.Errorf("verifier key %.60q: %w", line, ErrFormat)
	}
	if r[name] == nil {
		r[name] = &ringKeys{}
	}
	into := map[byte]*[]byte{algEd25519: &r[name].logEd, algEd25519Cosignature: &r[name].mirrorEd, algMLDSA44: &r[name].ml}[key[0]]
	if into == nil || *into != nil && !bytes.Equal(*into, key[1:]) {
		return fmt.Errorf("verifier key %.60q: unknown type, or two of one type: %w", line, ErrFormat)
	}
	*into = key[1:]
	return nil
}

// verifiers returns the pair a name signs checkpoints of a log with.
func (r ring) verifiers(name string, log Origin) ([]note.Verifier, error) {
	k := r[name]
	switch {
	case k == nil:
		return nil, &UnknownSigner{name}
	case name == string(log) && k.logEd != nil && k.ml != nil:
		return logVerifiers(log, KeyPair{k.logEd, k.ml})
	case name != string(log) && k.mirrorEd != nil && k.ml != nil:
		return mirrorVerifiers(name, KeyPair{k.mirrorEd, k.ml})
	}
	return nil, fmt.Errorf("%w: of %q both an Ed25519 and an ML-DSA-44 key are needed", ErrSignature, name)
}

func (v *Verdict) verifyEntry(f *proofFile, keys ring) error {
	var p proof.TLogProof
	if err := p.Unmarshal(f.proof); err != nil || !bytes.Equal(p.Marshal(), f.proof) || len(p.Hashes) > 64 || p.ExtraData != nil {
		return fmt.Errorf("tlog-proof: %w", ErrFormat)
	}
	if p.Index > MaxSize {
		return fmt.Errorf("entry %d: %w", p.Index, ErrFormat)
	}
	text, sigs := splitNote(p.Checkpoint)
	cp, err := parseCheckpoint(text)
	if err != nil {
		return err
	}
	v.Index, v.Log, v.Size, v.Root = int64(p.Index), cp.log, cp.size, cp.root
	if err := v.included(p.Hashes, v.Size, v.Root); err != nil { // cheaper than signatures
		return err
	}
	return v.verifyCheckpoint(p.Checkpoint, text, sigs, keys)
}

// included checks the entry's Merkle path (RFC 6962 section 2.1.1).
func (v *Verdict) included(hashes [][32]byte, size int64, root [32]byte) error {
	path := make(tlog.RecordProof, len(hashes))
	for i, h := range hashes {
		path[i] = h
	}
	if err := tlog.CheckRecord(path, size, root, v.Index, tlog.RecordHash(v.Entry)); err != nil {
		return fmt.Errorf("entry %d of %d: %w", v.Index, size, ErrRoot)
	}
	return nil
}

// verifyCheckpoint verifies all signatures of a checkpoint, in pairs: the log's, then each mirror's.
func (v *Verdict) verifyCheckpoint(signed []byte, text string, sigs []note.Signature, keys ring) error {
	names := []string{string(v.Log)}
	for _, s := range sigs {
		if s.Name != names[len(names)-1] {
			names = append(names, s.Name)
		}
	}
	var all []note.Signature
	for _, name := range names {
		by, err := keys.verifiers(name, v.Log)
		if err != nil {
			return err
		}
		pair, err := verifyPair(text, sigs, by)
		if err != nil {
			return err
		}
		all = append(all, pair...)
		v.signedBy(name, pair)
	}
	if !bytes.Equal(joinNote(text, all), signed) {
		return fmt.Errorf("%w: more signatures than the given keys account for", ErrSignature)
	}
	return nil
}

// verifyPair verifies one signer's two signatures among those of a note.
func verifyPair(text string, sigs []note.Signature, by []note.Verifier) ([]note.Signature, error) {
	var own []note.Signature
	for _, v := range by {
		s, ok := signatureOf(sigs, v.Name(), v.KeyHash())
		if !ok {
			return nil, fmt.Errorf("%w: no signature by key %s+%08x", ErrSignature, v.Name(), v.KeyHash())
		}
		own = append(own, s)
	}
	_, _, err := openBoth(joinNote(text, own), by...)
	return own, err
}

func (v *Verdict) signedBy(name string, pair []note.Signature) {
	at, _ := cosig.CoSigV1Timestamp(pair[1]) // both were verified; the second carries the time in either role
	if name == string(v.Log) {
		v.Signed = at.UTC()
		return
	}
	v.Mirrors = append(v.Mirrors, Countersignature{Mirror: name, Time: at.UTC()})
}

func (v *Verdict) verifyContents(f *proofFile, refs func([]byte) ([]Ref, error)) error {
	found, err := refs(v.Entry)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrInspect, err)
	}
	if len(found) != len(f.contents) {
		return fmt.Errorf("%d contents for %d commitments: %w", len(f.contents), len(found), ErrBadContent)
	}
	for n, c := range f.contents {
		if c.state == ContentHeld && (int64(len(c.data)) != found[n].Size || CommitOf(c.salt, c.data) != found[n].Commit) {
			return fmt.Errorf("content %d: %w", n, ErrBadContent)
		}
		v.Contents = append(v.Contents, ContentVerdict{Ref: found[n], State: c.state, Salt: c.salt, Data: c.data})
	}
	return nil
}

func (v *Verdict) verifyReceipt(p proofReceipt, keys ring) error {
	_, sigs := splitNote(p.note)
	if len(sigs) == 0 {
		return fmt.Errorf("receipt: %w", ErrFormat)
	}
	k := keys[sigs[0].Name]
	if k == nil || k.mirrorEd == nil || k.ml == nil {
		return fmt.Errorf("%w: the mirror keys of %q are needed", ErrSignature, sigs[0].Name)
	}
	text, err := openPlain(sigs[0].Name, KeyPair{k.mirrorEd, k.ml}, p.note)
	if err != nil {
		return err
	}
	r, err := parseReceipt(text)
	if err != nil {
		return err
	}
	if r.Log != v.Log || r.Size <= v.Index || len(p.hashes)%tlog.HashSize != 0 || len(p.hashes) > 64*tlog.HashSize {
		return fmt.Errorf("a receipt for %d entries of %s: %w", r.Size, r.Log, ErrRoot)
	}
	if r.Size == v.Size && r.Root != v.Root {
		return fmt.Errorf("receipt and checkpoint for %d entries: %w", r.Size, ErrFork)
	}
	var hashes [][32]byte
	for b := p.hashes; len(b) > 0; b = b[tlog.HashSize:] {
		hashes = append(hashes, [32]byte(b))
	}
	if err := v.included(hashes, r.Size, r.Root); err != nil {
		return err
	}
	r.Mirror, r.Note = sigs[0].Name, p.note
	v.Receipts = append(v.Receipts, r)
	return nil
}
