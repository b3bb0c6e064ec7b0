package ledger

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// BundleHeader begins each proof of a bundle: many proof files in one, each with its length (doc/spec/proof.md).
const BundleHeader = "jisr bundled proof/v1"

const maxBundleLine = 64 // bytes of a header with its length

// Withhold takes the contents out of a proof file. What it proves of the entry stays.
func Withhold(file []byte) ([]byte, error) {
	f, err := parseProofFile(file)
	if err != nil {
		return nil, err
	}
	for i := range f.contents {
		f.contents[i] = proofContent{state: ContentAbsent}
	}
	return f.text(), nil
}

// WriteBundled adds a proof file to a bundle.
func WriteBundled(w io.Writer, file []byte) error {
	if _, err := fmt.Fprintf(w, "%s %d\n", BundleHeader, len(file)); err != nil {
		return err
	}
	if _, err := w.Write(file); err != nil {
		return err
	}
	_, err := w.Write([]byte("\n"))
	return err
}

// ReadBundle calls each for every proof file of a bundle, one at a time in memory. Errors: ErrFormat, ErrTooLong, that of
// each or of reading.
func ReadBundle(r io.Reader, each func(file []byte) error) error {
	b := bufio.NewReaderSize(r, 64<<10)
	for {
		head, err := b.ReadSlice('\n')
		if errors.Is(err, io.EOF) && len(head) == 0 {
			return nil
		}
		if err != nil || len(head) > maxBundleLine {
			return fmt.Errorf("bundle of proofs: %w", ErrFormat)
		}
		length, ok := strings.CutPrefix(strings.TrimSuffix(string(head), "\n"), BundleHeader+" ")
		n, err := strconv.Atoi(length)
		if !ok || err != nil || n < 0 || strconv.Itoa(n) != length {
			return fmt.Errorf("bundle of proofs: %w", ErrFormat)
		}
		if n > MaxProofFile {
			return fmt.Errorf("a proof of %d bytes in a bundle: %w", n, ErrTooLong)
		}
		var file bytes.Buffer // grows with what is really there
		if _, err := io.CopyN(&file, b, int64(n)); err != nil {
			return fmt.Errorf("bundle of proofs: %w", ErrFormat)
		}
		if end, err := b.ReadByte(); err != nil || end != '\n' {
			return fmt.Errorf("bundle of proofs: %w", ErrFormat)
		}
		if err := each(file.Bytes()); err != nil {
			return err
		}
	}
}
