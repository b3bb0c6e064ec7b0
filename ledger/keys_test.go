package ledger_test

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	cosig "github.com/transparency-dev/formats/note"
	"golang.org/x/mod/sumdb/note"

	"jisr/ledger"
)

func TestKeysAreWrittenOnceAndReadBack(t *testing.T) {
	dir := t.TempDir()
	k := keysOf(t, iq)
	check(t, k.Write(nil, dir))
	if err := keysOf(t, iq).Write(nil, dir); !errors.Is(err, os.ErrExist) {
		t.Fatalf("written over: %v", err)
	}
	files, err := os.ReadDir(dir)
	check(t, err)
	path := filepath.Join(dir, files[0].Name())
	if st, err := os.Stat(path); err != nil || st.Mode().Perm() != 0o600 || len(files) != 1 {
		t.Fatalf("%v, %v, %v", files, st.Mode(), err)
	}
	back, err := ledger.ReadKeys(nil, dir)
	check(t, err)
	if !reflect.DeepEqual(back.Public(), k.Public()) {
		t.Fatal("other keys were read back")
	}
	text, err := os.ReadFile(path)
	check(t, err)
	for _, bad := range []string{"", string(text[:len(text)-1]), string(text) + "\n", strings.Replace(string(text), "v1", "v2", 1), strings.Replace(string(text), iq, "two words", 1)} {
		check(t, os.WriteFile(path, []byte(bad), 0o600))
		if _, err := ledger.ReadKeys(nil, dir); !errors.Is(err, ledger.ErrFormat) && err == nil {
			t.Errorf("accepted: %q", bad)
		}
	}
	check(t, os.WriteFile(path, text, 0o600))
	check(t, os.Chmod(path, 0o640))
	if _, err := ledger.ReadKeys(nil, dir); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("keys that others may read: %v", err)
	}
}

func TestVKeysAreWhatOthersUnderstand(t *testing.T) {
	p := keysOf(t, iq).Public()
	v, err := note.NewVerifier(p.LogVKeys(iqLog)[0])
	check(t, err)
	if v.Name() != string(iqLog) {
		t.Errorf("named %s", v.Name())
	}
	for _, line := range append(p.LogVKeys(iqLog)[1:], p.MirrorVKeys()...) {
		if _, err := cosig.NewVerifierForCosignatureV1(line); err != nil {
			t.Errorf("%.60s: %v", line, err)
		}
	}
}

func TestANoteShowsPossessionOfBothKeys(t *testing.T) {
	k := keysOf(t, iq)
	msg, err := k.SignNote("jisr credence/v1\n{}\n")
	check(t, err)
	text, err := k.Public().OpenNote(msg)
	if err != nil || text != "jisr credence/v1\n{}\n" {
		t.Fatalf("%q, %v", text, err)
	}
	for _, bad := range [][]byte{without(t, msg, 0), without(t, msg, 1), append(msg[:len(msg):len(msg)], '\n'), nil, []byte(strings.Replace(string(msg), "{}", "[]", 1))} {
		_, err := k.Public().OpenNote(bad)
		wants(t, err, ledger.ErrSignature)
	}
	_, err = keysOf(t, sy).Public().OpenNote(msg)
	wants(t, err, ledger.ErrSignature)
	_, err = k.SignNote(string(iqLog) + "\n5\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n")
	wants(t, err, ledger.ErrFormat) // it would be a checkpoint
}
