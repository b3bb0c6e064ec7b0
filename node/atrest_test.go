package node_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"jisr"
	"jisr/ledger"
	"jisr/node"
	"jisr/node/nodetest"
)

// TestWhatIsSaidDoesNotLieInTheClear writes a note and looks for its text in every file of the directory.
func TestWhatIsSaidDoesNotLieInTheClear(t *testing.T) {
	w := nodetest.New(t, "iq", "sy")
	d := w.Note("sy")
	d.Body.Text = jisr.Text{"en": "a sentence that only two governments know", "ar": "جملة لا تعرفها إلا حكومتان"}
	w.As("sy").Receives(w.As("iq").Releases(d))
	for _, id := range []jisr.MemberID{"iq", "sy"} {
		clear(t, w.Dir(id), "two governments", "حكومتان", "governments", "PRIVATE KEY", "ledger keys/v1", "note.release")
	}
}

func clear(t *testing.T, dir string, texts ...string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		for _, text := range texts {
			if bytes.Contains(data, []byte(text)) {
				t.Errorf("%s holds %q in the clear", path, text)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestANodeGoesOnUnderANewDataKey(t *testing.T) {
	w := nodetest.New(t, "iq", "sy")
	first := w.As("iq").Releases(w.Note("sy"))
	dir, c := w.Dir("iq"), w.Config("iq").AtRest
	if _, err := node.RotateDataKey(dir, c); !errors.Is(err, node.ErrInUse) {
		t.Fatalf("rotated under a running node: %v", err)
	}
	w.Stop("iq")

	// A rotation that was killed after the first of the files.
	v, err := ledger.OpenVault(filepath.Join(dir, "keys"), ledger.Wrapping{KeyFile: filepath.Join(dir, "keys", "data.key")})
	if err == nil {
		err = v.Rotate()
	}
	if err == nil {
		err = v.Reseal(filepath.Join(dir, "keys", "link.pem"))
	}
	if err != nil {
		t.Fatal(err)
	}
	w.Start("iq")
	second := w.As("iq").Releases(w.Note("sy"))
	w.Stop("iq")

	s, err := node.RotateDataKey(dir, c)
	if err != nil || s.Generation != 2 || s.Unfinished || !s.Beside {
		t.Fatalf("%+v, %v", s, err)
	}
	w.Start("iq")
	for _, id := range []jisr.ThingID{first, second, w.As("iq").Releases(w.Note("sy"))} {
		w.As("sy").Receives(id)
	}
	w.Settle()
}

func TestAPlainDirectoryIsEncrypted(t *testing.T) {
	dir := t.TempDir()
	c := node.Config{Member: "iq", Origin: "iq.jisr.example", Name: jisr.Text{"en": "Republic of Iraq", "ar": "جمهورية العراق"}}
	o := node.Options{Dir: dir, Config: c}
	if err := node.CreatePlain(t.Context(), dir, c); err != nil {
		t.Fatal(err)
	}
	desk := node.AddDesk{ID: "water", Title: jisr.Text{"en": "Ministry of Water Resources", "ar": "وزارة الموارد المائية"}}
	n, err := node.Open(t.Context(), o)
	if err == nil {
		_, err = n.Do(t.Context(), n.Operator(), desk)
	}
	if err = errors.Join(err, n.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := node.RotateDataKey(dir, c.AtRest); !errors.Is(err, node.ErrPlain) {
		t.Fatalf("rotated what is plain: %v", err)
	}
	if s, err := node.EncryptAtRest(dir, c.AtRest); err != nil || s.Generation != 1 {
		t.Fatalf("%+v, %v", s, err)
	}
	if _, err := node.EncryptAtRest(dir, c.AtRest); !errors.Is(err, node.ErrEncrypted) {
		t.Fatalf("encrypted twice: %v", err)
	}
	clear(t, dir, "Water Resources", "PRIVATE KEY", "SQLite format 3")
	n, err = node.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	post := node.AddOfficial{ID: "engineer", Post: jisr.Text{"en": "Engineer", "ar": "مهندس"}, Desk: "water", Roles: []jisr.Role{jisr.Reader}}
	if _, err := n.Do(t.Context(), n.Operator(), post); err != nil {
		t.Errorf("the desk of before is forgotten: %v", err)
	}
}
