package ledger

import (
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"

	"github.com/ncruces/go-sqlite3"
	_ "github.com/ncruces/go-sqlite3/vfs/adiantum" // the pages of an encrypted file
)

// openFile opens a database file that exists, encrypted with key; nil: plain.
func openFile(path string, key []byte) (*sqlite3.Conn, error) {
	if key == nil {
		return sqlite3.OpenFlags(path, sqlite3.OPEN_READWRITE)
	}
	name, err := fileURI(path, nil)
	if err != nil {
		return nil, err
	}
	c, err := sqlite3.OpenFlags(name, sqlite3.OPEN_READWRITE|sqlite3.OPEN_URI)
	if err != nil {
		return nil, err
	}
	// Before anything is read. In a pragma and not in the URI, which other parts of SQLite keep and show.
	if err := c.Exec("PRAGMA hexkey='" + hex.EncodeToString(key) + "'"); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

// fileURI names a file for the encrypting VFS (sqlite.org/uri.html).
func fileURI(path string, key []byte) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	u := url.URL{Scheme: "file", Path: path}
	if key != nil {
		u.RawQuery = "vfs=adiantum&hexkey=" + hex.EncodeToString(key)
		return u.String(), nil
	}
	u.RawQuery = "vfs=adiantum"
	return u.String(), nil
}

// Reencrypt encrypts the database at path, which nobody else may have open, with the newest data key. It copies it into a
// file beside it, page by page, which then takes its place: a crash leaves the one or the other, whole, and perhaps a "*.new"
// file that the next try replaces.
func (v *Vault) Reencrypt(path string) error {
	keys := v.FileKeys(filepath.Base(path))
	var err error
	for i, key := range keys {
		if err = readable(path, key); err == nil && i == 0 {
			return nil // reached already
		}
		if err == nil {
			err = copyFile(path, key, keys[0])
			break
		}
	}
	if err != nil {
		return fmt.Errorf("couldn't encrypt %s anew: %w", path, err)
	}
	return nil
}

// readable tells whether key opens a database file. It leaves no write-ahead log beside it.
func readable(path string, key []byte) error {
	c, err := openFile(path, key)
	if err != nil {
		return err
	}
	err = c.Exec("SELECT count(*) FROM sqlite_schema")
	return errors.Join(err, c.Close())
}

func copyFile(path string, from, to []byte) error {
	fresh := path + newSuffix
	for _, suffix := range []string{"", "-journal", "-wal", "-shm"} {
		if err := os.Remove(fresh + suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	f, err := os.OpenFile(fresh, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	src, err := openFile(path, from)
	if err != nil {
		return err
	}
	// The write-ahead log is folded in, so that none is found beside the file that takes this one's place.
	err = src.Exec("PRAGMA wal_checkpoint(TRUNCATE)")
	if err == nil {
		err = copyTo(src, fresh, to)
	}
	if err = errors.Join(err, src.Close(), f.Sync()); err != nil {
		return errors.Join(err, os.Remove(fresh))
	}
	if st, err := os.Stat(path + "-wal"); err == nil && st.Size() > 0 {
		return errors.Join(errors.New("somebody has it open"), os.Remove(fresh))
	}
	if err := os.Rename(fresh, path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

func copyTo(src *sqlite3.Conn, path string, key []byte) error {
	name, err := fileURI(path, key)
	if err != nil {
		return err
	}
	if err := src.Backup("main", name); err != nil {
		return fmt.Errorf("couldn't copy: %w", err)
	}
	return nil
}
