package node

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"jisr"
	"jisr/ledger"
)

// fileDataKey is the default of at_rest.key_file: it lies beside what it protects until the operator moves it.
const fileDataKey = dirKeys + "/data.key"

// What the verbs about keys branch on.
var (
	// ErrInUse: another process has the node's directory open.
	ErrInUse = errors.New("the node's directory is in use")
	// ErrEncrypted: the directory is encrypted already.
	ErrEncrypted = errors.New("the directory is encrypted already")
	// ErrPlain: the directory is not encrypted.
	ErrPlain = errors.New("the directory is not encrypted")
)

// privateFiles are sealed one by one; the databases are encrypted page by page.
func privateFiles() []string { return []string{"ledger.key", "link.pem", fileSession} }

// wrapping is what opens the data keys of a node in dir.
func (c AtRestConfig) wrapping(dir string) ledger.Wrapping {
	at := func(path string) string {
		if path == "" || filepath.IsAbs(path) {
			return path
		}
		return filepath.Join(dir, path)
	}
	w := ledger.Wrapping{KeyFile: at(c.KeyFile), PassphraseFile: at(c.PassphraseFile), PKCS11: c.PKCS11}
	if w == (ledger.Wrapping{}) {
		w.KeyFile = at(fileDataKey)
	}
	return w
}

// check refuses more than one of the three.
func (c AtRestConfig) check() error {
	set := 0
	for _, s := range []string{c.KeyFile, c.PassphraseFile, c.PKCS11} {
		if s != "" {
			set++
		}
	}
	if set > 1 {
		return jisr.Refuse(jisr.Malformed, "at_rest", "want", "key_file, passphrase_file, pkcs11: one of them")
	}
	return nil
}

// beside tells whether what opens the data keys lies in the directory it protects: then a thief has both.
func (c AtRestConfig) beside(dir string) bool {
	w := c.wrapping(dir)
	if w.PKCS11 != "" {
		return false
	}
	in, err1 := filepath.Abs(dir)
	file, err2 := filepath.Abs(w.KeyFile + w.PassphraseFile)
	rel, err3 := filepath.Rel(in, file)
	return errors.Join(err1, err2, err3) == nil && filepath.IsLocal(rel)
}

// createVault draws the data key of a directory, and the key file that opens it if there is none yet.
func (c AtRestConfig) createVault(dir string, converting bool) (*ledger.Vault, error) {
	w := c.wrapping(dir)
	if w.KeyFile != "" {
		if err := ledger.CreateKeyFile(w.KeyFile); err != nil && !errors.Is(err, os.ErrExist) {
			return nil, err
		}
	}
	return ledger.CreateVault(filepath.Join(dir, dirKeys), w, converting)
}

func (c AtRestConfig) openVault(dir string) (*ledger.Vault, error) {
	return ledger.OpenVault(filepath.Join(dir, dirKeys), c.wrapping(dir))
}

// hold keeps a directory in use until release. Many may use it, encrypting it anew is for one alone: who had the
// old file open would go on writing into a file without a name. The kernel gives the lock back when the process ends.
func hold(dir string, how int) (release func() error, err error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, fmt.Errorf("couldn't open the node's directory: %w", err)
	}
	err = syscall.Flock(int(f.Fd()), how|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, errors.Join(ErrInUse, f.Close())
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("couldn't lock the node's directory: %w", err), f.Close())
	}
	return f.Close, nil
}

// AtRest is how a node's directory is encrypted.
type AtRest struct {
	Generation int  // of the data key; 0: nothing is encrypted
	Unfinished bool // some files may not be encrypted with it yet
	Beside     bool // what opens it lies in the same directory
}

// ReadAtRest opens the data keys of a directory, and tells of them.
func ReadAtRest(dir string, c AtRestConfig) (AtRest, error) {
	v, err := c.openVault(dir)
	if err != nil || v == nil {
		return AtRest{}, err
	}
	return AtRest{Generation: v.Generation(), Unfinished: v.Rotating(), Beside: c.beside(dir)}, nil
}

// EncryptAtRest encrypts a directory that is plain: one of before, or one where this was interrupted. What it held in
// the clear may still be found on the disk it was on.
func EncryptAtRest(dir string, c AtRestConfig) (AtRest, error) {
	return reencrypt(dir, c, func(v *ledger.Vault) (*ledger.Vault, error) {
		switch {
		case v == nil:
			return c.createVault(dir, true)
		case v.Rotating():
			return v, nil
		}
		return nil, ErrEncrypted
	})
}

// RotateDataKey encrypts a directory with a new data key, or finishes where that was interrupted.
func RotateDataKey(dir string, c AtRestConfig) (AtRest, error) {
	return reencrypt(dir, c, func(v *ledger.Vault) (*ledger.Vault, error) {
		if v == nil {
			return nil, ErrPlain
		}
		return v, v.Rotate()
	})
}

// reencrypt brings every file to the data key that begin gives. A crash anywhere leaves each file whole, under that key or the
// one before; both are kept until all is done, and doing it again finishes it.
func reencrypt(dir string, c AtRestConfig, begin func(*ledger.Vault) (*ledger.Vault, error)) (AtRest, error) {
	release, err := hold(dir, syscall.LOCK_EX)
	if err != nil {
		return AtRest{}, err
	}
	defer release()
	v, err := c.openVault(dir)
	if err == nil {
		v, err = begin(v)
	}
	if err != nil {
		return AtRest{}, err
	}
	for _, name := range privateFiles() {
		if err := v.Reseal(filepath.Join(dir, dirKeys, name)); err != nil {
			return AtRest{}, err
		}
	}
	for _, name := range []string{fileLedger, fileBook, fileOutbox} {
		err := v.Reencrypt(filepath.Join(dir, name))
		if err != nil && (name == fileLedger || !errors.Is(err, os.ErrNotExist)) {
			return AtRest{}, err
		}
	}
	return AtRest{Generation: v.Generation(), Beside: c.beside(dir)}, v.Retire()
}

// WrapDataKey makes to what opens the data keys, in place of from. note writes the setting down. It takes a moment, changes
// no other file, and may be done while the node runs.
func WrapDataKey(dir string, from, to AtRestConfig, note func() error) error {
	if err := to.check(); err != nil {
		return err
	}
	v, err := from.openVault(dir)
	if err != nil {
		return err
	}
	if v == nil {
		return ErrPlain
	}
	w := to.wrapping(dir)
	if w.KeyFile != "" {
		if err := ledger.CreateKeyFile(w.KeyFile); err != nil && !errors.Is(err, os.ErrExist) {
			return err
		}
	}
	return v.Wrap(w, note)
}
