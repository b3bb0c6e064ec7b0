package node_test

import (
	"bytes"
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"jisr"
	"jisr/book"
	"jisr/ledger"
	"jisr/node"
	"jisr/node/nodetest"
)

// shelf is where a test keeps backups, and what opens them.
type shelf struct {
	t   *testing.T
	key ledger.Wrapping
	to  string
}

func newShelf(t *testing.T) *shelf {
	t.Helper()
	key := filepath.Join(t.TempDir(), "backup.key")
	if err := ledger.CreateKeyFile(key); err != nil {
		t.Fatal(err)
	}
	to, err := ledger.Recipient(key)
	if err != nil {
		t.Fatal(err)
	}
	return &shelf{t, ledger.Wrapping{KeyFile: key}, to}
}

func (s *shelf) seal(w io.Writer) (io.WriteCloser, error) {
	return ledger.Wrapping{}.EncryptTo(w, s.to)
}

func (s *shelf) backup(w *nodetest.World, id jisr.MemberID) []byte {
	s.t.Helper()
	var b bytes.Buffer
	if _, err := node.Backup(s.t.Context(), node.Options{Dir: w.Dir(id), Config: w.Config(id), Now: w.Now}, &b, s.seal); err != nil {
		s.t.Fatal(err)
	}
	return b.Bytes()
}

// restore makes dir of a backup, with the configuration that the test has, not the one in it.
func (s *shelf) restore(backup []byte, dir string, c node.Config) (*node.Restored, error) {
	return node.Restore(s.t.Context(), node.RestoreOptions{Dir: dir, From: bytes.NewReader(backup), Decrypt: s.key.Decrypt,
		Configure: func(text []byte) ([]byte, node.Config, error) { return text, c, nil }})
}

// writeConfig puts a jisr.toml where jisr init would have.
func writeConfig(t *testing.T, dir string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, "jisr.toml"), []byte("# the test's\n"), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestARestoredNodeFetchesBackWhatItLacks loses a directory after its backup, and a partner's answers with it.
func TestARestoredNodeFetchesBackWhatItLacks(t *testing.T) {
	w := nodetest.New(t, "iq", "jo", "sy")
	s := newShelf(t)
	writeConfig(t, w.Dir("iq"))
	iq, sy := w.As("iq"), w.As("sy")
	before := iq.Releases(w.Note("sy"))
	sy.Receives(before)
	backup := s.backup(w, "iq") // beside the running node

	var after []jisr.ThingID
	for range 5 {
		after = append(after, iq.Releases(w.Note("jo", "sy")), sy.Releases(w.Note("iq", "jo")))
	}
	sy.Receives(after[0]).Opens(after[0]) // it is in their ledger; their book follows
	w.Settle()
	want, sizes := digest(t, w, "sy")
	w.Stop("iq")
	if err := os.RemoveAll(w.Dir("iq")); err != nil {
		t.Fatal(err)
	}

	w.Cut("sy") // jo is there first: that is not enough
	r, err := s.restore(backup, w.Dir("iq"), w.Config("iq"))
	if err != nil || r.Member != "iq" || len(r.Forums) != 1 || r.Entries == 0 {
		t.Fatalf("%+v, %v", r, err)
	}
	w.Start("iq")
	w.Until("iq has its log back from jo", func() bool { _, got := digest(t, w, "iq"); return got["iq"] == sizes["iq"] })
	iq.Do(node.SendNote{Forum: w.Forum, Draft: w.Note("sy")})
	iq.Refused(jisr.Restored)
	w.Restore("sy")
	w.Until("all have said what they hold", func() bool {
		_, err := os.Stat(filepath.Join(w.Dir("iq"), "restored"))
		return errors.Is(err, os.ErrNotExist)
	})
	w.Settle()
	if got, held := digest(t, w, "iq"); got != want || !maps.Equal(held, sizes) {
		t.Errorf("other acts than before: %v, want %v", held, sizes)
	}
	next := iq.Releases(w.Note("sy"))
	sy.Receives(next)
	numbers := map[int]jisr.ThingID{}
	for _, id := range append(after, before, next) {
		n, err := w.Node("sy").Book().Note(t.Context(), book.Whole(), w.Forum, id)
		if err != nil {
			t.Fatal(err)
		}
		if n.Note.From != "iq" {
			continue
		}
		if other, twice := numbers[n.Note.Number]; twice {
			t.Errorf("%s and %s both have the number %d", id, other, n.Note.Number)
		}
		numbers[n.Note.Number] = id
	}
	if c, err := node.CheckLedger(t.Context(), node.Options{Dir: w.Dir("iq"), Config: w.Config("iq")}); err != nil || c.Logs != 4 {
		t.Errorf("%+v, %v", c, err)
	}
}

func digest(t *testing.T, w *nodetest.World, id jisr.MemberID) ([32]byte, map[jisr.MemberID]jisr.Index) {
	t.Helper()
	d, sizes, err := w.Node(id).Book().Digest(t.Context(), w.Forum)
	if err != nil {
		t.Fatal(err)
	}
	return d, sizes
}

// TestAHostileBackupLeavesNothing offers restore what it must refuse, and looks for what it left.
func TestAHostileBackupLeavesNothing(t *testing.T) {
	w := nodetest.New(t, "iq", "sy")
	s := newShelf(t)
	writeConfig(t, w.Dir("iq"))
	writeConfig(t, w.Dir("sy"))
	w.As("sy").Receives(w.As("iq").Releases(w.Note("sy")))
	good, other := s.backup(w, "iq"), s.backup(w, "sy")
	plain := s.open(good)
	signature := bytes.LastIndex(plain, []byte("jisr backup signature/v1"))
	parent := t.TempDir()
	dir := filepath.Join(parent, "iq")
	refused := func(why string, backup []byte) {
		t.Helper()
		if r, err := s.restore(backup, dir, w.Config("iq")); err == nil {
			t.Errorf("%s: restored %+v", why, r)
		}
		if left, err := os.ReadDir(parent); err != nil || len(left) > 0 {
			t.Errorf("%s: left %v (%v)", why, left, err)
		}
	}
	replaced := func(old, new string) []byte {
		return s.close(bytes.Replace(plain, []byte(old), []byte(new), 1))
	}
	refused("nothing", nil)
	refused("not encrypted", plain)
	for _, cut := range []int{1, 2, 10, 100} {
		refused("a cut file", good[:len(good)-len(good)/cut/2-1])
		refused("a cut content", s.close(plain[:len(plain)-len(plain)/cut/2-1]))
	}
	refused("one bit of the file", flip(good, len(good)/2))
	for _, at := range []int{20, 500, 9_000, signature / 2, signature - 2, len(plain) - 2} {
		refused("one bit of what it holds", s.close(flip(plain, at)))
	}
	refused("more after its end", s.close(append(bytes.Clone(plain), "more"...)))
	refused("a path out of its place", replaced(`"keys/ledger.key"`, `"../../ledgerkey"`))
	refused("an absolute path", replaced(`"keys/session.key"`, `"/etc/passwd.abcd"`))
	refused("a file of four gigabytes", replaced(`"size":`, `"size":4294967296`))
	refused("a file of less than nothing", replaced(`"size":`, `"size":-`))
	refused("another version", replaced("jisr backup/v1", "jisr backup/v2"))
	refused("another member", replaced(`"member":"iq"`, `"member":"sy"`))
	otherPlain := s.open(other)
	refused("signed by another", s.close(append(bytes.Clone(plain[:signature]), otherPlain[bytes.LastIndex(otherPlain, []byte("jisr backup signature/v1")):]...)))
	refused("of another member than configured", other)
	bomb := append(bytes.Clone(plain[:bytes.IndexByte(plain, '{')]), bytes.Repeat([]byte(" "), 64<<20)...)
	refused("a first line of 64 MB", s.close(bomb))

	if err := os.WriteFile(filepath.Join(parent, "mine"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := s.restore(good, parent, w.Config("iq")); !errors.Is(err, node.ErrOccupied) {
		t.Errorf("restored over something: %v", err)
	}
	if r, err := s.restore(good, dir, w.Config("iq")); err != nil {
		t.Errorf("the good one: %+v, %v", r, err)
	}
}

func (s *shelf) open(backup []byte) []byte {
	s.t.Helper()
	r, err := s.key.Decrypt(bytes.NewReader(backup))
	if err != nil {
		s.t.Fatal(err)
	}
	plain, err := io.ReadAll(r)
	if err != nil {
		s.t.Fatal(err)
	}
	return plain
}

// close encrypts what a test made: who knows the recipient can.
func (s *shelf) close(plain []byte) []byte {
	s.t.Helper()
	var b bytes.Buffer
	w, err := s.seal(&b)
	if err == nil {
		_, err = w.Write(plain)
	}
	if err = errors.Join(err, w.Close()); err != nil {
		s.t.Fatal(err)
	}
	return b.Bytes()
}

func flip(b []byte, at int) []byte {
	b = bytes.Clone(b)
	b[at] ^= 1
	return b
}

func TestABackupOfAnotherFingerprintIsRefused(t *testing.T) {
	w := nodetest.New(t, "iq", "sy")
	s := newShelf(t)
	writeConfig(t, w.Dir("iq"))
	backup := s.backup(w, "iq")
	o := node.RestoreOptions{Dir: filepath.Join(t.TempDir(), "iq"), From: bytes.NewReader(backup), Decrypt: s.key.Decrypt, Fingerprint: w.Node("sy").Self().Finger,
		Configure: func(text []byte) ([]byte, node.Config, error) { return text, w.Config("iq"), nil }}
	if _, err := node.Restore(t.Context(), o); err == nil || !strings.Contains(err.Error(), w.Node("iq").Self().Finger) {
		t.Errorf("%v", err)
	}
	o.Fingerprint = strings.ReplaceAll(w.Node("iq").Self().Finger, " ", "  ")
	if _, err := node.Restore(t.Context(), o); err != nil {
		t.Errorf("its own: %v", err)
	}
}
