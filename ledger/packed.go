package ledger

import (
	"fmt"

	"github.com/klauspost/compress/s2"
)

// packLeast is the size in bytes from which compressing a content is tried.
const packLeast = 256

// pack makes a content that is kept in one row shorter, where that can be done: what is written is encrypted and written twice,
// once to the log of the database and once to its place. Sizes, salts and commitments are of the content itself; a row whose
// data is shorter than its size is packed.
func pack(data []byte) []byte {
	if len(data) < packLeast {
		return data
	}
	if packed := s2.Encode(nil, data); len(packed) < len(data) {
		return packed
	}
	return data
}

// unpack gives the content of a row.
func unpack(data []byte, size int64) ([]byte, error) {
	if int64(len(data)) == size {
		return data, nil
	}
	n, err := s2.DecodedLen(data)
	if err == nil && (int64(n) != size || size > MaxInline) {
		err = fmt.Errorf("%d bytes, not %d", n, size)
	}
	if err == nil {
		data, err = s2.Decode(make([]byte, size), data)
	}
	if err != nil {
		return nil, fmt.Errorf("a content as it is kept: %w: %w", ErrFormat, err)
	}
	return data, nil
}
