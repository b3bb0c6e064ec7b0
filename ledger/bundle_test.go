package ledger_test

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"

	"jisr/ledger"
)

func TestABundleGivesBackItsProofs(t *testing.T) {
	a, _, _ := threeMembers(t)
	var bundle bytes.Buffer
	var want [][]byte
	for i := range int64(4) {
		file, err := a.ExportProof(t.Context(), iqLog, i)
		check(t, err)
		file, err = ledger.Withhold(file)
		check(t, err)
		v, err := ledger.Verify(file, allVKeys(t), refsOf)
		check(t, err)
		for _, c := range v.Contents {
			if c.State != ledger.ContentAbsent || len(c.Data) > 0 {
				t.Errorf("entry %d: a withheld content is %s", i, c.State)
			}
		}
		want = append(want, file)
		check(t, ledger.WriteBundled(&bundle, file))
	}
	var got [][]byte
	err := ledger.ReadBundle(&bundle, func(file []byte) error { got = append(got, bytes.Clone(file)); return nil })
	check(t, err)
	if len(got) != len(want) || !bytes.Equal(bytes.Join(got, nil), bytes.Join(want, nil)) {
		t.Errorf("%d proofs came back of %d", len(got), len(want))
	}
}

func TestABundleThatIsNone(t *testing.T) {
	for _, s := range []string{"jisr proof/v1\n", "jisr bundled proof/v1 4\nab", "jisr bundled proof/v1 2\nabc", "jisr bundled proof/v1 02\nab\n",
		"jisr bundled proof/v1 -1\n", "jisr bundled proof/v1 2\nab\nx", "jisr bundled proof/v1 99999999999\n", strings.Repeat("x", 100_000)} {
		err := ledger.ReadBundle(strings.NewReader(s), func([]byte) error { return nil })
		if !errors.Is(err, ledger.ErrFormat) && !errors.Is(err, ledger.ErrTooLong) {
			t.Errorf("%.40q: %v", s, err)
		}
	}
}

func FuzzBundle(f *testing.F) {
	file, err := os.ReadFile(frozenProof)
	check(f, err)
	var b bytes.Buffer
	check(f, ledger.WriteBundled(&b, file))
	f.Add(b.Bytes())
	f.Add([]byte("jisr bundled proof/v1 2\nab\njisr bundled proof/v1 0\n\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		var back bytes.Buffer
		err := ledger.ReadBundle(bytes.NewReader(data), func(file []byte) error { return ledger.WriteBundled(&back, bytes.Clone(file)) })
		if err == nil && !bytes.Equal(back.Bytes(), data) {
			t.Errorf("%q is written back as %q", data, back.Bytes())
		}
	})
}
