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

// FuzzBackup reads what may stand in a backup that opened. Whatever it is, it is what was signed, to the byte, or refused.
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
	read := func(data []byte) error {
		_, err := readBackup(bytes.NewReader(data), func(_ *opened, r *bufio.Reader) error {
			_, err := ledger.ScanDump(r)
			return err
		})
		return err
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		err := read(data)
		if err == nil && (read(append(bytes.Clone(data), 'x')) == nil || read(data[:len(data)-1]) == nil) {
			t.Errorf("%d bytes are a backup, and one more or less as well", len(data))
		}
		if err != nil && (bytes.Equal(data, good) || !errors.Is(err, errBackup) && !errors.Is(err, ledger.ErrFormat) && !errors.Is(err, ledger.ErrTooLong)) {
			t.Errorf("%v for %d bytes", err, len(data))
		}
	})
}

// open encrypts nothing.
type open struct{ io.Writer }

func (open) Close() error { return nil }
