package ledger_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"jisr/ledger"
)

// vault makes a directory with a data key.
func vault(t *testing.T) (dir string, v *ledger.Vault) {
	t.Helper()
	dir = t.TempDir()
	w := keyFileOf(filepath.Join(dir, "x"))
	check(t, ledger.CreateKeyFile(w.KeyFile))
	v, err := ledger.CreateVault(dir, w, false)
	check(t, err)
	return dir, v
}

func openVault(t *testing.T, dir string) *ledger.Vault {
	t.Helper()
	v, err := ledger.OpenVault(dir, keyFileOf(filepath.Join(dir, "x")))
	check(t, err)
	return v
}

func TestASealedFileOpensUnderItsNameOnly(t *testing.T) {
	dir, v := vault(t)
	path, other := filepath.Join(dir, "a.key"), filepath.Join(dir, "b.key")
	check(t, v.Create(path, []byte("the secret")))
	got, err := v.Read(path)
	check(t, err)
	if string(got) != "the secret" {
		t.Fatalf("read back %q", got)
	}
	sealed, err := os.ReadFile(path)
	check(t, err)
	if bytes.Contains(sealed, []byte("secret")) {
		t.Fatal("it lies in the clear")
	}
	refused := func(why string, v *ledger.Vault, name string, data []byte) {
		t.Helper()
		check(t, os.WriteFile(name, data, 0o600))
		if _, err := v.Read(name); !errors.Is(err, ledger.ErrSealed) {
			t.Errorf("%s: %v", why, err)
		}
	}
	refused("another file's", v, other, sealed)
	refused("one bit changed", v, other, append(bytes.Clone(sealed[:len(sealed)-1]), sealed[len(sealed)-1]^1))
	refused("cut", v, path, sealed[:len(sealed)-1])
	refused("another data key", v, path, bytes.Replace(sealed, []byte("v1\n1\n"), []byte("v1\n7\n"), 1))
	refused("not encrypted in a directory that is", v, path, []byte("plain"))
	refused("without the data keys", nil, path, sealed)
	_, stranger := vault(t)
	refused("with those of another directory", stranger, path, sealed)
	check(t, v.Create(filepath.Join(dir, "c.key"), nil))
	if err := v.Create(filepath.Join(dir, "c.key"), nil); !errors.Is(err, os.ErrExist) {
		t.Errorf("written over: %v", err)
	}
}

func TestARotationGoesOnWhereItStopped(t *testing.T) {
	dir, v := vault(t)
	one, two := filepath.Join(dir, "one.key"), filepath.Join(dir, "two.key")
	check(t, v.Create(one, []byte("1")))
	check(t, v.Create(two, []byte("2")))
	check(t, v.Rotate())
	check(t, v.Reseal(one))

	v = openVault(t, dir) // it was killed here
	if !v.Rotating() || v.Generation() != 2 {
		t.Fatalf("rotating %t, generation %d", v.Rotating(), v.Generation())
	}
	for path, want := range map[string]string{one: "1", two: "2"} {
		if got, err := v.Read(path); err != nil || string(got) != want {
			t.Errorf("%s: %q, %v", path, got, err)
		}
	}
	check(t, v.Rotate()) // again: no third
	check(t, v.Reseal(one))
	check(t, v.Reseal(two))
	check(t, v.Retire())

	v = openVault(t, dir)
	if v.Rotating() || v.Generation() != 2 {
		t.Fatalf("rotating %t, generation %d", v.Rotating(), v.Generation())
	}
	if got, err := v.Read(two); err != nil || string(got) != "2" {
		t.Errorf("%q, %v", got, err)
	}
}

func TestADirectoryIsConverted(t *testing.T) {
	dir := t.TempDir()
	w := keyFileOf(filepath.Join(dir, "x"))
	path := filepath.Join(dir, "a.key")
	check(t, (*ledger.Vault)(nil).Create(path, []byte("plain")))
	check(t, ledger.CreateKeyFile(w.KeyFile))
	v, err := ledger.CreateVault(dir, w, true)
	check(t, err)
	if got, err := v.Read(path); err != nil || string(got) != "plain" {
		t.Fatalf("%q, %v", got, err)
	}
	check(t, v.Reseal(path))
	check(t, v.Retire())
	if got, err := openVault(t, dir).Read(path); err != nil || string(got) != "plain" {
		t.Fatalf("%q, %v", got, err)
	}
	if text, err := os.ReadFile(path); err != nil || bytes.Contains(text, []byte("plain")) {
		t.Fatalf("%q, %v", text, err)
	}
}

func TestWhatOpensTheDataKeyChanges(t *testing.T) {
	dir, v := vault(t)
	first := keyFileOf(filepath.Join(dir, "x"))
	words := ledger.Wrapping{PassphraseFile: filepath.Join(dir, "words")}
	check(t, os.WriteFile(words.PassphraseFile, []byte("eleven byte\n"), 0o600))
	if err := v.Wrap(words, func() error { return nil }); !errors.Is(err, ledger.ErrFormat) {
		t.Fatalf("a short passphrase: %v", err)
	}
	check(t, os.WriteFile(words.PassphraseFile, []byte("twelve bytes\nand a second line\n"), 0o600))

	disk := errors.New("disk full")
	wants(t, v.Wrap(words, func() error { return disk }), disk)
	for _, w := range []ledger.Wrapping{first, words} { // killed between: the setting is still the old one, or the new one
		got, err := ledger.OpenVault(dir, w)
		check(t, err)
		if !bytes.Equal(got.FileKey("a"), v.FileKey("a")) {
			t.Errorf("other data keys with %v", w)
		}
	}
	check(t, v.Wrap(words, func() error { return nil }))
	if _, err := ledger.OpenVault(dir, first); !errors.Is(err, ledger.ErrSealed) {
		t.Errorf("the old key file still opens it: %v", err)
	}
	check(t, os.Chmod(words.PassphraseFile, 0o644))
	if _, err := ledger.OpenVault(dir, words); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("a passphrase that others may read: %v", err)
	}
}

// TestNothingLiesInTheClear looks through every byte of every file, the write-ahead log too.
func TestNothingLiesInTheClear(t *testing.T) {
	n := newNode(t, iq)
	n.creates(iqLog, iq)
	n.appends(iqLog, says("a sentence that only two governments know", 40_000))
	files := inTheClear(t, filepath.Dir(n.path), "a sentence that only", string(iqLog), "CREATE TABLE", "SQLite format 3")
	if files < 3 {
		t.Errorf("looked through %d files only", files)
	}
	check(t, n.Close())
	if _, err := ledger.OpenSQLite(t.Context(), n.path, nil); err == nil {
		t.Error("opened without a key")
	}
	_, other := vault(t)
	if _, err := ledger.OpenSQLite(t.Context(), n.path, other); !errors.Is(err, ledger.ErrSealed) {
		t.Errorf("opened with another's key: %v", err)
	}
	n.open(openStore(t, n.path))
	CheckLedger(t, n)
}

func inTheClear(t *testing.T, dir string, texts ...string) (files int) {
	t.Helper()
	check(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files++
		data, err := os.ReadFile(path)
		for _, text := range texts {
			if bytes.Contains(data, []byte(text)) {
				t.Errorf("%s holds %q in the clear", path, text)
			}
		}
		return err
	}))
	return files
}

func TestALedgerIsEncryptedAnew(t *testing.T) {
	n := newNode(t, iq)
	n.creates(iqLog, iq)
	for range 20 {
		n.appends(iqLog, says("kept", 60_000))
	}
	check(t, n.Close())
	v, err := ledger.OpenVault(filepath.Dir(n.path), keyFileOf(n.path))
	check(t, err)
	before := v.FileKey("ledger.db")
	check(t, v.Rotate())
	check(t, os.WriteFile(n.path+".new", []byte("of a try that was killed"), 0o600))
	check(t, v.Reencrypt(n.path))
	check(t, v.Reencrypt(n.path)) // again: reached already
	check(t, v.Retire())
	if bytes.Equal(before, v.FileKey("ledger.db")) {
		t.Error("the key is the same")
	}
	n.open(openStore(t, n.path))
	if n.size(iqLog) != 20 {
		t.Errorf("%d entries", n.size(iqLog))
	}
	CheckLedger(t, n)
	if _, err := os.Stat(n.path + ".new"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a copy is left: %v", err)
	}
}

// FuzzSealed reads what may lie in a key's place.
func FuzzSealed(f *testing.F) {
	dir := f.TempDir()
	w := keyFileOf(filepath.Join(dir, "x"))
	check(f, ledger.CreateKeyFile(w.KeyFile))
	v, err := ledger.CreateVault(dir, w, false)
	check(f, err)
	path := filepath.Join(dir, "a.key")
	check(f, v.Create(path, []byte("secret")))
	sealed, err := os.ReadFile(path)
	check(f, err)
	f.Add(sealed)
	f.Add([]byte("jisr sealed/v1\n1\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		check(t, os.WriteFile(path, data, 0o600))
		if got, err := v.Read(path); err == nil && !bytes.Equal(data, sealed) {
			t.Errorf("accepted %q as %q", data, got)
		}
	})
}
