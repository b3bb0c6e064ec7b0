package node

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"path/filepath"
	"testing"

	"jisr"
	"jisr/ledger"
)

// FuzzBackup reads what may stand in a backup that opened. Whatever it is, it is the one that was written, or refused.
func FuzzBackup(f *testing.F) {
	dir := filepath.Join(f.TempDir(), "iq")
	c := Config{Member: "iq", Origin: "iq.jisr.example", Name: jisr.Text{"en": "Republic of Iraq", "ar": "جمهورية العراق"}}
	none := (*ledger.Vault)(nil)
	err := Create(f.Context(), dir, c)
	if err == nil {
		err = none.Create(filepath.Join(dir, fileConfig), []byte("member = \"iq\"\n"))
	}
	var b bytes.Buffer
	if err == nil {
		_, err = Backup(f.Context(), Options{Dir: dir, Config: c}, &b, func(w io.Writer) (io.WriteCloser, error) { return open{w}, nil })
	}
	if err != nil {
		f.Fatal(err)
	}
	good := b.Bytes()
	f.Add(good)
	f.Add(good[:len(good)/2])
	f.Add([]byte(backupHeader + `{"member":"iq","origin":"iq.jisr.example","files":[]}` + "\n\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		_, err := readBackup(bytes.NewReader(data), func(_ *opened, r *bufio.Reader) error {
			_, err := ledger.ScanDump(r)
			return err
		})
		if bytes.Equal(data, good) != (err == nil) {
			t.Errorf("%v for %d bytes", err, len(data))
		}
		if err != nil && !errors.Is(err, errBackup) && !errors.Is(err, ledger.ErrFormat) && !errors.Is(err, ledger.ErrTooLong) {
			t.Errorf("a refusal of another kind: %v", err)
		}
	})
}

// open encrypts nothing.
type open struct{ io.Writer }

func (open) Close() error { return nil }
