package e2e_test

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"jisr/ledger"
)

// TestCraftedBackups restores what somebody made who knows the recipient of a node's backups, which is no secret: cut,
// changed in every part, of another member, naming paths, promising sizes it has not, unpacking to more than there is.
func TestCraftedBackups(t *testing.T) {
	shelf := t.TempDir()
	key, other := filepath.Join(shelf, "backup.key"), filepath.Join(shelf, "other")
	w := &world{t: t, nodes: map[string]*peer{}, given: map[string]bool{}}
	iq, sy := w.init("iq"), w.init("sy")
	recipient := strings.TrimSpace(string(iq.run("key", "new", key)))
	good, theirs := filepath.Join(shelf, "good"), filepath.Join(shelf, "theirs")
	if err := os.WriteFile(other, []byte(recipient+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	iq.run("backup", good, "--dir", iq.dir, "--to", other)
	sy.run("backup", theirs, "--dir", sy.dir, "--to", other)
	sealed, err := os.ReadFile(good)
	if err != nil {
		t.Fatal(err)
	}
	foreign, err := os.ReadFile(theirs)
	if err != nil {
		t.Fatal(err)
	}
	open := ledger.Wrapping{KeyFile: key}
	r, err := open.Decrypt(bytes.NewReader(sealed))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	seal := func(parts ...io.Reader) []byte {
		var b bytes.Buffer
		z, err := ledger.Wrapping{}.EncryptTo(&b, recipient)
		if err == nil {
			_, err = io.Copy(z, io.MultiReader(parts...))
		}
		if err == nil {
			err = z.Close()
		}
		if err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	head, rest, _ := bytes.Cut(plain, []byte("\n"))
	manifest, body, ok := bytes.Cut(rest, []byte("\n"))
	if !ok || !json.Valid(manifest) {
		t.Fatalf("a backup begins with %.200q", plain)
	}
	headed := func(manifest string, body io.Reader) []byte {
		return seal(strings.NewReader(string(head)+"\n"+manifest+"\n"), body)
	}
	renamed := func(from, to string) []byte {
		if !bytes.Contains(manifest, []byte(from)) {
			t.Fatalf("the manifest %s has no %s", manifest, from)
		}
		return headed(strings.Replace(string(manifest), from, to, 1), bytes.NewReader(body))
	}
	flipped := func(at int) []byte {
		b := bytes.Clone(plain)
		b[at] ^= 1
		return seal(bytes.NewReader(b))
	}
	place := bytes.LastIndex(plain, []byte("jisr backup signature/v1"))
	if place < 0 {
		t.Fatal("a backup has no signature where this test looks for it")
	}
	cut := bytes.Clone(sealed)
	cut[len(cut)/2] ^= 1
	crafted := map[string][]byte{
		"empty": {}, "half of the file": sealed[:len(sealed)/2], "a byte of the file changed": cut, "one byte too few": sealed[:len(sealed)-1], "not sealed": plain,
		"half of what is in it": seal(bytes.NewReader(plain[:len(plain)/2])), "no signature": seal(bytes.NewReader(plain[:place])), "more after the end": seal(bytes.NewReader(plain), strings.NewReader("x")),
		"a bit of the head": flipped(2), "a bit of the manifest": flipped(len(head) + 20), "a bit of a file": flipped(len(head) + len(manifest) + 40), "a bit of the ledger": flipped((place + len(head) + len(manifest)) / 2),
		"a bit of the signature": flipped(len(plain) - 20),
		"a path upwards":         renamed(`"jisr.toml"`, `"../escaped"`), "an absolute path": renamed(`"jisr.toml"`, `"/tmp/jisr-escaped"`), "a path in keys": renamed(`"keys/ledger.key"`, `"keys/../../escaped"`),
		"a file twice": renamed(`"letter.credence"`, `"jisr.toml"`), "another member": renamed(`"member":"iq"`, `"member":"sy"`), "another origin": renamed("iq.jisr.example", "sy.jisr.example"),
		"a size of 9 EB":     headed(`{"member":"iq","origin":"iq.jisr.example","files":[{"name":"jisr.toml","size":9223372036854775807}]}`, bytes.NewReader(body)),
		"a negative size":    headed(`{"member":"iq","origin":"iq.jisr.example","files":[{"name":"jisr.toml","size":-1}]}`, bytes.NewReader(body)),
		"a manifest of 1 GB": seal(strings.NewReader(string(head)+"\n{"), io.LimitReader(&repeating{unit: []byte(`"a":1,`)}, 64<<20)),
		"a ledger of zeros":  headed(string(manifest), io.MultiReader(bytes.NewReader(body[:2000]), io.LimitReader(&repeating{unit: []byte{0}}, 64<<20))),
		"a ledger of ones":   headed(string(manifest), io.MultiReader(bytes.NewReader(body[:2000]), io.LimitReader(&repeating{unit: []byte{255}}, 64<<20))),
	}
	try := func(name string, file []byte) (string, error) {
		path, into := filepath.Join(shelf, "crafted"), filepath.Join(shelf, "into", "node")
		if err := os.WriteFile(path, file, 0o600); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(program(t), "restore", path, "--dir", into, "--identity", key, "--fingerprint", iq.fingerprint)
		out, err := cmd.CombinedOutput()
		if peak := cmd.ProcessState.SysUsage(); peak != nil && residentMost(peak) > 400<<20 {
			t.Errorf("%s takes %d MB", name, residentMost(peak)>>20)
		}
		return string(out), err
	}
	for name, file := range crafted {
		said, err := try(name, file)
		if err == nil || strings.Contains(said, "panic") {
			t.Errorf("%s: %v %s", name, err, said)
		}
		for _, path := range []string{filepath.Join(shelf, "into", "node"), filepath.Join(shelf, "into", "escaped"), filepath.Join(shelf, "escaped"), "/tmp/jisr-escaped"} {
			if _, err := os.Lstat(path); err == nil {
				t.Fatalf("%s left %s", name, path)
			}
		}
	}
	if said, err := try("a backup of another member", foreign); err == nil {
		t.Errorf("another member's backup passes under iq's fingerprint: %s", said)
	}
	if said, err := try("the good one", sealed); err != nil { // the control
		t.Errorf("the backup itself: %v %s", err, said)
	}
	if said, err := try("a directory that is taken", sealed); err == nil {
		t.Errorf("a restore over a node: %s", said)
	}
}

// residentMost is the most memory that an ended process had (Linux getrusage(2): in KiB).
func residentMost(usage any) int64 {
	u, ok := usage.(*syscall.Rusage)
	if !ok {
		return 0
	}
	return u.Maxrss << 10
}
