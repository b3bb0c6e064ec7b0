package ledger_test

import (
	"bytes"
	"crypto/rand"
	"testing"

	"jisr/ledger"
)

func TestAContentIsKeptPackedWhereThatIsShorter(t *testing.T) {
	noise := make([]byte, 20_000)
	if _, err := rand.Read(noise); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		data []byte
		most int
	}{
		"records that repeat themselves": {bytes.Repeat([]byte(`{"station":"JRB","value":412.5},`), 600), 4_000},
		"noise":                          {noise, 20_000},
		"a short text":                   {bytes.Repeat([]byte("a"), 100), 100},
		"nothing":                        {nil, 0},
	} {
		kept := ledger.Pack(c.data)
		if len(kept) > c.most {
			t.Errorf("%s: %d bytes are kept as %d", name, len(c.data), len(kept))
		}
		got, err := ledger.Unpack(kept, int64(len(c.data)))
		check(t, err)
		if !bytes.Equal(got, c.data) {
			t.Errorf("%s came back as something else", name)
		}
	}
}

func FuzzUnpack(f *testing.F) {
	f.Add(ledger.Pack(bytes.Repeat([]byte("جسر "), 100)), int64(700))
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0x0f}, int64(1<<32-1))
	f.Fuzz(func(t *testing.T, kept []byte, size int64) {
		got, err := ledger.Unpack(kept, size)
		if err == nil && int64(len(got)) != size {
			t.Errorf("%d bytes, not %d", len(got), size)
		}
	})
}
