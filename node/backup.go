package node

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"jisr/ledger"
	"jisr/link"
)

// A backup is an age file. What it holds: the line backupHeader, one line of JSON (Manifest), the files it names one after the
// other, the ledger's dump, and a signed note by the member's log keys over the SHA-256 of all before. No path stands in it: the
// files of a backup have the names below and no others. See doc/spec/backup.md.
const (
	backupHeader    = "jisr backup/v1\n"
	backupSignature = "jisr backup signature/v1"
	maxManifest     = 64 << 10 // bytes of the line
	maxBackupFile   = 64 << 10 // bytes of one file in it
	maxSignature    = 32 << 10
)

// backupFiles are what a backup holds beside the ledger. The book is made from it; the data key stays where it is: a restored
// node has one of its own.
func backupFiles() []string {
	files := []string{fileConfig, fileLetter}
	for _, name := range privateFiles() {
		files = append(files, dirKeys+"/"+name)
	}
	return files
}

// Manifest says what a backup is of.
type Manifest struct {
	Member string           `json:"member"`
	Origin string           `json:"origin"`
	Made   time.Time        `json:"made"`
	Sizes  map[string]int64 `json:"sizes"` // entries of each log at least
	Files  []BackupFile     `json:"files"`
}

// BackupFile is one file in a backup.
type BackupFile struct {
	Name string `json:"name"`
	Size int64  `json:"size"`
}

// Backup writes a consistent, signed, encrypted copy of a node's directory to w, also while the node runs. sealed makes of w
// what encrypts. It tells what the copy holds.
func Backup(ctx context.Context, o Options, w io.Writer, sealed func(io.Writer) (io.WriteCloser, error)) (*Manifest, error) {
	n := newNode(o)
	defer n.closeStores()
	if err := n.openLedger(ctx); err != nil {
		return nil, err
	}
	keys, err := ledger.ReadKeys(n.vault, filepath.Join(n.dir, dirKeys))
	if err != nil {
		return nil, err
	}
	m, files, err := n.manifest(ctx)
	if err != nil {
		return nil, err
	}
	out, err := sealed(w)
	if err != nil {
		return nil, err
	}
	sum := sha256.New()
	if err := writeBackup(ctx, io.MultiWriter(out, sum), m, files, n.ledger); err != nil {
		return nil, fmt.Errorf("couldn't write the backup: %w", err)
	}
	note, err := keys.SignNote(signatureText(m, sum))
	if err == nil {
		_, err = out.Write(note)
	}
	if err = errors.Join(err, out.Close()); err != nil {
		return nil, fmt.Errorf("couldn't end the backup: %w", err)
	}
	return m, nil
}

// manifest reads the small files. Sizes are taken before the ledger is, which only grows: it holds at least so much.
func (n *Node) manifest(ctx context.Context) (*Manifest, map[string][]byte, error) {
	m := &Manifest{Member: n.config.Member, Origin: n.config.Origin, Made: n.now().UTC().Truncate(time.Second), Sizes: map[string]int64{}}
	files := map[string][]byte{}
	for _, name := range backupFiles() {
		path := filepath.Join(n.dir, name)
		var data []byte
		var err error
		if strings.HasPrefix(name, dirKeys+"/") {
			data, err = n.vault.Read(path)
		} else {
			data, err = os.ReadFile(path)
		}
		if err == nil && len(data) > maxBackupFile {
			err = fmt.Errorf("%s has more than %d bytes", name, maxBackupFile)
		}
		if err != nil {
			return nil, nil, fmt.Errorf("couldn't read what is to be backed up: %w", err)
		}
		files[name] = data
		m.Files = append(m.Files, BackupFile{name, int64(len(data))})
	}
	logs, err := n.ledger.Logs(ctx)
	for _, l := range logs {
		m.Sizes[string(l.Log)] = l.Size
	}
	return m, files, err
}

func writeBackup(ctx context.Context, w io.Writer, m *Manifest, files map[string][]byte, l *ledger.Ledger) error {
	line, err := json.Marshal(m)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(w, "%s%s\n", backupHeader, line); err != nil {
		return err
	}
	for _, f := range m.Files {
		if _, err := w.Write(files[f.Name]); err != nil {
			return err
		}
	}
	_, err = l.Dump(ctx, w)
	return err
}

func signatureText(m *Manifest, sum hash.Hash) string {
	return fmt.Sprintf("%s\n%s\nsha256:%x\n", backupSignature, m.Origin, sum.Sum(nil))
}

// opened is what stands before the ledger in a backup, and after it.
type opened struct {
	Manifest
	files  map[string][]byte
	letter *link.Letter
}

// errBackup: it is no backup, or not a whole one, or not the member's.
var errBackup = errors.New("not a good backup")

// readBackup reads a backup to its end, lets take read the ledger's dump, and verifies the signature last. Nothing that take
// did counts unless it returns without error. Everything is bounded, and nothing in it is a path.
func readBackup(plain io.Reader, take func(*opened, *bufio.Reader) error) (*opened, error) {
	sum := &summed{r: bufio.NewReaderSize(plain, 64<<10), hash: sha256.New()}
	r := bufio.NewReaderSize(sum, 16) // 16: nothing is read ahead of what is hashed but what Buffered tells
	o := &opened{files: map[string][]byte{}}
	if err := o.readHead(r); err != nil {
		return nil, err
	}
	if err := take(o, r); err != nil {
		return nil, err
	}
	// What the small buffer holds is the beginning of the signature, and was not to be hashed.
	ahead, err := r.Peek(r.Buffered())
	if err != nil {
		return nil, err
	}
	text := signatureText(&o.Manifest, sum.before(ahead))
	note, err := io.ReadAll(io.LimitReader(r, maxSignature+1))
	if err != nil || len(note) > maxSignature {
		return nil, fmt.Errorf("couldn't read its signature (%w): %w", err, errBackup)
	}
	got, err := o.letter.Keys.OpenNote(note)
	if err != nil || got != text {
		return nil, fmt.Errorf("its signature is not by the keys of its letter of credence over what it holds: %w", errBackup)
	}
	return o, nil
}

// summed hashes what is read through it, and can leave out the end again.
type summed struct {
	r    io.Reader
	hash hash.Hash
	tail []byte // read, not hashed yet
}

func (s *summed) Read(p []byte) (int, error) {
	s.hash.Write(s.tail)
	n, err := s.r.Read(p)
	s.tail = append(s.tail[:0], p[:n]...)
	return n, err
}

// before gives the hash of what was read but for its end.
func (s *summed) before(end []byte) hash.Hash {
	s.hash.Write(s.tail[:len(s.tail)-len(end)])
	s.tail = nil
	return s.hash
}

func (o *opened) readHead(r *bufio.Reader) error {
	head := make([]byte, len(backupHeader))
	if _, err := io.ReadFull(r, head); err != nil || string(head) != backupHeader {
		return fmt.Errorf("it does not begin as one (%v): %w", err, errBackup)
	}
	var line []byte
	for len(line) == 0 || line[len(line)-1] != '\n' {
		b, err := r.ReadByte()
		if err != nil || len(line) >= maxManifest {
			return fmt.Errorf("its first lines are cut short or too long: %w", errBackup)
		}
		line = append(line, b)
	}
	d := json.NewDecoder(bytes.NewReader(line))
	d.DisallowUnknownFields()
	if err := d.Decode(&o.Manifest); err != nil {
		return fmt.Errorf("couldn't understand what it says it holds (%w): %w", err, errBackup)
	}
	want := backupFiles()
	if len(o.Files) != len(want) {
		return fmt.Errorf("%d files: %w", len(o.Files), errBackup)
	}
	for i, f := range o.Files {
		if f.Name != want[i] || f.Size < 0 || f.Size > maxBackupFile {
			return fmt.Errorf("a file %.40q of %d bytes: %w", f.Name, f.Size, errBackup)
		}
		o.files[f.Name] = make([]byte, f.Size)
		if _, err := io.ReadFull(r, o.files[f.Name]); err != nil {
			return fmt.Errorf("it is cut short (%w): %w", err, errBackup)
		}
	}
	return o.identify()
}

// identify holds what the backup says it is of against the letter and the keys in it.
func (o *opened) identify() error {
	var err error
	if o.letter, err = link.ParseLetter(o.files[fileLetter]); err != nil {
		return fmt.Errorf("its letter of credence (%w): %w", err, errBackup)
	}
	if o.letter.Member != o.Member || o.letter.Origin != o.Origin {
		return fmt.Errorf("it says it is of %.20q, and holds the letter of %s: %w", o.Member, o.letter.Member, errBackup)
	}
	if err := ledger.CheckKeys(o.files[dirKeys+"/ledger.key"], o.letter.Keys); err != nil {
		return fmt.Errorf("its keys (%w): %w", err, errBackup)
	}
	return nil
}

// Restored tells what a restored directory holds.
type Restored struct {
	Manifest
	Fingerprint string
	Forums      []string // where writing waits for the partners
	ledger.Checked
}

// RestoreOptions say what is restored, and where to.
type RestoreOptions struct {
	Dir         string // must not exist, or be empty
	From        io.ReadSeeker
	Decrypt     func(io.Reader) (io.Reader, error)
	Fingerprint string                               // of the letter that must be in it; "": any
	Configure   func([]byte) ([]byte, Config, error) // reads the jisr.toml in it, and writes it for its new place
	Options                                          // Now, Logger
}

// Restore makes a node's directory of a backup. It reads all of it and verifies its signature before anything is written, then
// builds the directory beside its place, verifies every entry, hash, checkpoint, content and receipt in it, and gives it its name
// last: a crash before leaves a directory ".restoring-…" to be removed, which no node runs on; a crash after leaves a node.
//
// The node it gives writes in no forum until every partner has said what it holds (see awaited).
func Restore(ctx context.Context, o RestoreOptions) (*Restored, error) {
	if err := vacant(o.Dir); err != nil {
		return nil, err
	}
	if err := o.verify(); err != nil {
		return nil, err
	}
	parent := filepath.Dir(filepath.Clean(o.Dir))
	if err := os.MkdirAll(parent, 0o700); err != nil {
		return nil, fmt.Errorf("couldn't make %s: %w", parent, err)
	}
	building, err := os.MkdirTemp(parent, ".restoring-")
	if err != nil {
		return nil, fmt.Errorf("couldn't make the new directory: %w", err)
	}
	defer os.RemoveAll(building) // when it has its name there is nothing here
	r, err := o.build(ctx, building)
	if err == nil {
		err = os.Rename(building, o.Dir)
	}
	if err == nil {
		err = syncDir(parent)
	}
	if err != nil {
		return nil, fmt.Errorf("couldn't restore: %w", err)
	}
	return r, nil
}

// ErrOccupied: the directory to restore into holds something.
var ErrOccupied = errors.New("the directory is not empty")

func vacant(dir string) error {
	some, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("couldn't look into the directory: %w", err)
	case len(some) > 0:
		return ErrOccupied
	}
	return nil
}

// plain reads the backup from its beginning.
func (o *RestoreOptions) plain() (io.Reader, error) {
	if _, err := o.From.Seek(0, io.SeekStart); err != nil {
		return nil, fmt.Errorf("couldn't read the backup: %w", err)
	}
	return o.Decrypt(o.From)
}

// verify reads the backup once, keeping nothing.
func (o *RestoreOptions) verify() error {
	plain, err := o.plain()
	if err != nil {
		return err
	}
	got, err := readBackup(plain, func(_ *opened, r *bufio.Reader) error {
		_, err := ledger.ScanDump(r)
		return err
	})
	if err != nil {
		return err
	}
	if o.Fingerprint != "" && strings.Join(strings.Fields(o.Fingerprint), " ") != got.letter.Fingerprint() {
		return fmt.Errorf("it is of the member with the fingerprint %s: %w", got.letter.Fingerprint(), errBackup)
	}
	_, _, err = o.Configure(got.files[fileConfig])
	return err
}

// build makes the directory and verifies it, with the code that a running node uses.
func (o *RestoreOptions) build(ctx context.Context, dir string) (*Restored, error) {
	plain, err := o.plain()
	if err != nil {
		return nil, err
	}
	var c Config
	got, err := readBackup(plain, func(got *opened, r *bufio.Reader) (err error) {
		c, err = o.furnish(ctx, dir, got, r)
		return err
	})
	if err != nil {
		return nil, err
	}
	n, err := Open(ctx, Options{Dir: dir, Config: c, Now: o.Now, Logger: o.Logger})
	if err != nil {
		return nil, err
	}
	r := &Restored{Manifest: got.Manifest, Fingerprint: got.letter.Fingerprint()}
	for _, id := range n.forumIDs() {
		r.Forums = append(r.Forums, string(id))
	}
	r.Checked, err = n.ledger.Check(ctx)
	return r, errors.Join(err, n.Close())
}

func (o *RestoreOptions) furnish(ctx context.Context, dir string, got *opened, r *bufio.Reader) (Config, error) {
	text, c, err := o.Configure(got.files[fileConfig])
	if err != nil {
		return c, err
	}
	if c.Member != got.Member || c.Origin != got.Origin {
		return c, fmt.Errorf("its jisr.toml is of %.20q: %w", c.Member, errBackup)
	}
	if err := os.MkdirAll(filepath.Join(dir, dirKeys), 0o700); err != nil {
		return c, err
	}
	v, err := c.AtRest.createVault(dir, false)
	if err != nil {
		return c, err
	}
	for _, name := range privateFiles() {
		if err := v.Create(filepath.Join(dir, dirKeys, name), got.files[dirKeys+"/"+name]); err != nil {
			return c, err
		}
	}
	none := (*ledger.Vault)(nil) // these are as they are
	if err := errors.Join(none.Create(filepath.Join(dir, fileConfig), text), none.Create(filepath.Join(dir, fileLetter), got.files[fileLetter]),
		none.Create(filepath.Join(dir, fileRestored), nil)); err != nil {
		return c, err
	}
	store, err := ledger.CreateSQLite(ctx, filepath.Join(dir, fileLedger), v)
	if err != nil {
		return c, err
	}
	return c, errors.Join(ledger.LoadDump(ctx, store, r), store.Close())
}

// CheckLedger verifies all that a node's ledger holds, also while the node runs.
func CheckLedger(ctx context.Context, o Options) (ledger.Checked, error) {
	n, err := Open(ctx, o)
	if err != nil {
		return ledger.Checked{}, err
	}
	c, err := n.ledger.Check(ctx)
	return c, errors.Join(err, n.Close())
}

func syncDir(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
