package ledger

import (
	"bufio"
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Vault holds the data keys of one directory: what its databases and its private keys are encrypted with at rest. A nil
// Vault is a directory without: its files are read and written as they are.
//
// A data key is 32 random bytes. No file is encrypted with it: each has a key of its own, derived by HKDF (RFC 5869) from the
// data key and the file's name, so that no file can stand in for another. There is one generation of data keys, and two while a
// rotation is under way: what was not reached yet is still read with the older. They are kept in one file (vaultFile),
// encrypted to what opens it: see Wrapping.
//
// Databases are encrypted by page (Adiantum, by the VFS of go-sqlite3): a thief learns their sizes and nothing else. That
// hides, it does not authenticate: who can write the file can put back an older page. What was said is proved by the logs'
// signatures, as in a plain file; see [Ledger.Check]. Private keys are sealed with AES-256-GCM, which authenticates them too.
type Vault struct {
	path string
	open Wrapping
	keys []dataKey // the newest last
}

// dataKey is one generation. secret nil: files of before encryption, read as they are while they are being converted.
type dataKey struct {
	generation int
	secret     []byte
}

const (
	vaultFile    = "datakeys.age"
	vaultHeader  = "jisr data keys/v1"
	sealedHeader = "jisr sealed/v1\n"
	maxSealed    = 64 << 10 // bytes of a sealed file: keys are small
	maxVault     = 64 << 10
	dataKeySize  = 32
)

// CreateVault draws the first data key of a directory and keeps it there, encrypted to w. It never replaces one: what is
// encrypted with a data key that is gone is gone too.
//
// With converting, the directory's present files are plain and still read as such, until Retire.
func CreateVault(dir string, w Wrapping, converting bool) (*Vault, error) {
	v := &Vault{path: filepath.Join(dir, vaultFile), open: w}
	if converting {
		v.keys = append(v.keys, dataKey{})
	}
	v.draw()
	sealed, err := v.wrapped(w)
	if err == nil {
		err = createFile(v.path, sealed)
	}
	if err != nil {
		return nil, fmt.Errorf("couldn't make a data key: %w", err)
	}
	return v, nil
}

// OpenVault opens the data keys of a directory with w; nil if it has none.
//
// A crash while they were wrapped anew leaves them under the old wrapping and, beside it, under the new one (Wrap): either
// opens them.
func OpenVault(dir string, w Wrapping) (*Vault, error) {
	v := &Vault{path: filepath.Join(dir, vaultFile), open: w}
	sealed, err := readPrivate(v.path, maxVault)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("couldn't read the data keys: %w", err)
	}
	text, err := w.unwrap(sealed)
	if err != nil {
		fresh, e := readPrivate(v.path+newSuffix, maxVault)
		if e != nil {
			return nil, fmt.Errorf("couldn't open the data keys: %w", err)
		}
		if text, e = w.unwrap(fresh); e != nil {
			return nil, fmt.Errorf("couldn't open the data keys: %w", err)
		}
	}
	if v.keys, err = parseVault(string(text)); err != nil {
		return nil, fmt.Errorf("couldn't understand %s: %w", v.path, err)
	}
	return v, nil
}

func (v *Vault) text() string {
	var b strings.Builder
	b.WriteString(vaultHeader + "\n")
	for _, k := range v.keys {
		fmt.Fprintf(&b, "%d %s\n", k.generation, base64.StdEncoding.EncodeToString(k.secret))
	}
	return b.String()
}

// parseVault reads what text gives: generations that ascend, 0 for plain files.
func parseVault(text string) ([]dataKey, error) {
	v := &Vault{}
	s := bufio.NewScanner(strings.NewReader(text))
	for s.Scan() {
		n, secret, ok := strings.Cut(s.Text(), " ")
		if !ok || s.Text() == vaultHeader {
			continue
		}
		generation, err1 := strconv.Atoi(n)
		key, err2 := base64.StdEncoding.DecodeString(secret)
		if err1 != nil || err2 != nil || (generation == 0) != (len(key) == 0) || generation != 0 && len(key) != dataKeySize {
			return nil, ErrFormat
		}
		if len(key) == 0 {
			key = nil
		}
		v.keys = append(v.keys, dataKey{generation, key})
	}
	if v.text() != text || len(v.keys) == 0 || len(v.keys) > 2 || v.newest().secret == nil {
		return nil, ErrFormat
	}
	return v.keys, nil
}

func (v *Vault) newest() dataKey { return v.keys[len(v.keys)-1] }

func (v *Vault) draw() {
	secret := make([]byte, dataKeySize)
	rand.Read(secret) // never fails
	generation := 1
	if len(v.keys) > 0 {
		generation = v.newest().generation + 1
	}
	v.keys = append(v.keys, dataKey{generation, secret})
}

// Generation numbers the data key that is used now, from 1; 0 without one.
func (v *Vault) Generation() int {
	if v == nil {
		return 0
	}
	return v.newest().generation
}

// Rotating tells that files may still be encrypted with the data key before the newest, or not at all.
func (v *Vault) Rotating() bool { return v != nil && len(v.keys) > 1 }

// Rotate draws a new data key; what is written from now on uses it. While another rotation is unfinished, that one is to
// be finished: nothing is drawn. A crash before it returns leaves the data keys as they were, or both.
func (v *Vault) Rotate() error {
	if v.Rotating() {
		return nil
	}
	v.draw()
	if err := v.save(); err != nil {
		v.keys = v.keys[:len(v.keys)-1]
		return fmt.Errorf("couldn't keep a new data key: %w", err)
	}
	return nil
}

// Retire forgets all data keys but the newest. Call it when nothing is encrypted with them any more.
func (v *Vault) Retire() error {
	before := v.keys
	v.keys = v.keys[len(v.keys)-1:]
	if err := v.save(); err != nil {
		v.keys = before
		return fmt.Errorf("couldn't retire a data key: %w", err)
	}
	return nil
}

func (v *Vault) save() error {
	sealed, err := v.wrapped(v.open)
	if err != nil {
		return err
	}
	return replaceFile(v.path, sealed)
}

func (v *Vault) wrapped(w Wrapping) ([]byte, error) { return w.wrap([]byte(v.text())) }

// Wrap encrypts the data keys to w instead. It is two steps around change, in which the caller notes where w is from
// now on: a crash before, in or after it leaves data keys that the settings of that moment open.
func (v *Vault) Wrap(w Wrapping, change func() error) error {
	sealed, err := v.wrapped(w)
	if err == nil {
		err = replaceFile(v.path+newSuffix, sealed)
	}
	if err == nil {
		err = change()
	}
	if err == nil {
		err = os.Rename(v.path+newSuffix, v.path)
	}
	if err == nil {
		err = syncDir(filepath.Dir(v.path))
	}
	if err != nil {
		return fmt.Errorf("couldn't wrap the data keys anew: %w", err)
	}
	v.open = w
	return nil
}

// FileKeys are the keys a database of this name may be encrypted with, the newest first; nil stands for none.
func (v *Vault) FileKeys(name string) (keys [][]byte) {
	if v == nil {
		return [][]byte{nil}
	}
	for i := len(v.keys) - 1; i >= 0; i-- {
		keys = append(keys, v.keys[i].fileKey(name))
	}
	return keys
}

// FileKey is the first of them: what a new database is encrypted with.
func (v *Vault) FileKey(name string) []byte { return v.FileKeys(name)[0] }

// fileKey derives the key of one file (RFC 5869). It fails only for lengths that this one is not.
func (k dataKey) fileKey(name string) []byte {
	if k.secret == nil {
		return nil
	}
	key, err := hkdf.Key(sha256.New, k.secret, nil, "jisr at rest/v1 "+name, dataKeySize)
	if err != nil {
		return nil
	}
	return key
}

// sealer is AES-256-GCM with random nonces of 96 bits (NIST SP 800-38D section 8.2.2): a file is sealed a few times in its life.
func (k dataKey) sealer(name string) (cipher.AEAD, error) {
	block, err := aes.NewCipher(k.fileKey(name))
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

func (k dataKey) seal(name string, data []byte) ([]byte, error) {
	g, err := k.sealer(name)
	if err != nil {
		return nil, fmt.Errorf("couldn't seal %s: %w", name, err)
	}
	head := fmt.Appendf(nil, "%s%d\n", sealedHeader, k.generation)
	return g.Seal(head, nil, data, head), nil
}

// unseal opens what seal made under the same name with the same generation.
func (v *Vault) unseal(name string, sealed []byte) ([]byte, error) {
	rest, isSealed := bytes.CutPrefix(sealed, []byte(sealedHeader))
	for _, k := range v.keys {
		if k.secret == nil && !isSealed {
			return sealed, nil
		}
		head := fmt.Appendf(nil, "%s%d\n", sealedHeader, k.generation)
		if k.secret == nil || !bytes.HasPrefix(sealed, head) {
			continue
		}
		g, err := k.sealer(name)
		if err != nil {
			return nil, fmt.Errorf("couldn't open %s: %w", name, err)
		}
		data, err := g.Open(nil, nil, sealed[len(head):], head)
		if err != nil {
			return nil, fmt.Errorf("%s was changed, or is another file's: %w", name, ErrSealed)
		}
		return data, nil
	}
	if !isSealed {
		return nil, fmt.Errorf("%s is not encrypted in a directory that is: %w", name, ErrSealed)
	}
	generation, _, _ := bytes.Cut(rest, []byte("\n"))
	return nil, fmt.Errorf("%s needs data key %.20q, which is not here: %w", name, generation, ErrSealed)
}

// Read reads a private file, and opens its seal. A file that others may read is refused.
func (v *Vault) Read(path string) ([]byte, error) {
	data, err := readPrivate(path, maxSealed)
	if err != nil {
		return nil, err
	}
	if v == nil {
		if bytes.HasPrefix(data, []byte(sealedHeader)) {
			return nil, fmt.Errorf("%s is encrypted and the data keys (%s) are not beside it: %w", filepath.Base(path), vaultFile, ErrSealed)
		}
		return data, nil
	}
	return v.unseal(filepath.Base(path), data)
}

// Create keeps a private file that must not exist yet, sealed, whole or not at all, and durably.
func (v *Vault) Create(path string, data []byte) error {
	if v != nil {
		var err error
		if data, err = v.newest().seal(filepath.Base(path), data); err != nil {
			return err
		}
	}
	return createFile(path, data)
}

// Reseal seals a private file with the newest data key. A crash leaves the file as it was or as it is to be.
func (v *Vault) Reseal(path string) error {
	data, err := v.Read(path)
	if err != nil {
		return fmt.Errorf("couldn't read what is to be sealed: %w", err)
	}
	if data, err = v.newest().seal(filepath.Base(path), data); err != nil {
		return err
	}
	return replaceFile(path, data)
}

// readPrivate reads a small file that nobody but its owner may read.
func readPrivate(path string, most int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if st.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("couldn't use %s: others may read it (mode %o); chmod 600 it", path, st.Mode().Perm())
	}
	data, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && int64(len(data)) > most {
		err = fmt.Errorf("%s has more than %d bytes: %w", path, most, ErrTooLong)
	}
	return data, err
}

const newSuffix = ".new"

// replaceFile puts a private file in another's place, durably: a crash leaves one of the two, whole.
func replaceFile(path string, data []byte) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), ".new-*") // mode 0600
	if err != nil {
		return fmt.Errorf("couldn't write %s: %w", path, err)
	}
	defer os.Remove(tmp.Name())
	_, err = tmp.Write(data)
	if err = errors.Join(err, tmp.Sync(), tmp.Close()); err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err == nil {
		err = syncDir(filepath.Dir(path))
	}
	if err != nil {
		return fmt.Errorf("couldn't write %s: %w", path, err)
	}
	return nil
}

func syncDir(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
