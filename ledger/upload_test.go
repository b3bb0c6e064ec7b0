package ledger_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"jisr/ledger"
)

func TestAnUploadResumesAtAnyOffset(t *testing.T) {
	n := newNode(t, iq)
	data := make([]byte, 2*ledger.MaxPart+777)
	rand.Read(data)
	name, err := n.NewUpload(t.Context(), int64(len(data)), "application/pdf", "مذكرة.pdf")
	check(t, err)
	cut := errors.New("line cut")
	for _, size := range []int{1, 4096, 60_000, 70_000, 3, ledger.MaxPart, ledger.MaxPart + 5, 1 << 30} {
		u, err := n.Upload(t.Context(), name)
		check(t, err)
		rest := data[u.Held:]
		rest = rest[:min(size, len(rest))]
		wrote, err := n.WriteUpload(t.Context(), name, u.Held, io.MultiReader(bytes.NewReader(rest), iotest.ErrReader(cut)))
		wants(t, err, cut)
		if wrote != int64(len(rest)) {
			t.Fatalf("%d of %d bytes kept when the line was cut", wrote, len(rest))
		}
		n.reopen()
	}
	u, err := n.Upload(t.Context(), name)
	check(t, err)
	if !u.Complete || u.Commit != ledger.CommitOf(u.Salt, data) || u.Name != "مذكرة.pdf" || u.Type != "application/pdf" {
		t.Fatalf("upload %+v", u)
	}
	r, err := n.OpenUpload(t.Context(), name)
	check(t, err)
	got, err := io.ReadAll(r)
	check(t, err)
	if !bytes.Equal(got, data) {
		t.Fatal("other bytes than went up")
	}
}

func TestUploadsAreBounded(t *testing.T) {
	n := newNode(t, iq)
	_, err := n.NewUpload(t.Context(), ledger.MaxContent+1, "", "")
	wants(t, err, ledger.ErrTooLong)
	_, err = n.NewUpload(t.Context(), 1, strings.Repeat("x", ledger.MaxType+1), "")
	wants(t, err, ledger.ErrTooLong)
	name, err := n.NewUpload(t.Context(), 5, "", "")
	check(t, err)
	_, err = n.WriteUpload(t.Context(), name, 1, strings.NewReader("x"))
	wants(t, err, ledger.ErrGap)
	_, err = n.WriteUpload(t.Context(), name, 0, strings.NewReader("123456"))
	wants(t, err, ledger.ErrTooLong)
	_, err = n.OpenUpload(t.Context(), name)
	wants(t, err, ledger.ErrMissing)
	_, err = n.WriteUpload(t.Context(), "up-nothing", 0, strings.NewReader("1"))
	wants(t, err, ledger.ErrNotFound)
	check(t, n.DropUpload(t.Context(), name))
	_, err = n.Upload(t.Context(), name)
	wants(t, err, ledger.ErrNotFound)
}

func TestAnEmptyUploadIsComplete(t *testing.T) {
	n := newNode(t, iq)
	n.creates(iqLog, iq)
	e := upload(t, n, "empty", 0)
	n.appends(iqLog, e)
	CheckLedger(t, n)
}

func TestOneUploadInSeveralEntries(t *testing.T) {
	n := newNode(t, iq)
	n.creates(iqLog, iq)
	n.creates(house, iq)
	e := upload(t, n, "draft and release", ledger.MaxInline+1)
	n.appends(house, e)
	n.appends(iqLog, e, e)
	CheckLedger(t, n)
	wants(t, n.DropUpload(t.Context(), e.Contents[0].Blob), ledger.ErrInUse)
	if blobs, err := n.CountRows(t.Context(), "blob"); err != nil || blobs != 1 {
		t.Fatalf("%d blobs (%v), want one for three entries", blobs, err)
	}
}

func TestSmallPiecesShareRows(t *testing.T) {
	a, b := pair(t)
	const size = 1 << 20
	a.appends(iqLog, upload(t, a, "slow", size))
	_, err := b.Mirror(t.Context(), a.batch(iqLog, 0, 1, false))
	check(t, err)
	whole := a.parts(iqLog, 0, 1)[0]
	for off := 0; off < size; off += 4096 {
		p := whole
		p.Offset, p.Data = int64(off), whole.Data[off:off+4096]
		_, err := b.Mirror(t.Context(), ledger.Batch{Log: iqLog, Contents: []ledger.Part{p}})
		check(t, err)
	}
	CheckLedger(t, b)
	if rows, err := b.CountRows(t.Context(), "part"); err != nil || rows != 16 {
		t.Fatalf("%d rows (%v) for 256 pieces of 4 KiB, want 16 of 64 KiB", rows, err)
	}
}
