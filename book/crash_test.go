package book_test

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jisr/book"
)

// crashEnv names the book that the child process of TestCrash writes.
const crashEnv = "JISR_TEST_CRASH_BOOK"

func crashHistory(t testing.TB) [][]book.Said {
	h := newHistory(t, 7, "iq", "sy")
	h.join()
	for range 1500 {
		h.step()
	}
	return cut(rand.New(rand.NewPCG(7, 7)), h.as("iq"), 5)
}

// catchUp applies what the book does not have, batch by batch, as a follower does, and tells of each.
func catchUp(t testing.TB, b *book.Book, batches [][]book.Said, told io.Writer) {
	at, err := b.Positions(t.Context())
	must(t, err)
	for i, batch := range batches {
		var fresh []book.Said
		for _, s := range batch {
			if s.Act.Index >= at[book.Log{Forum: s.Act.Forum, Member: s.Act.Member}] {
				fresh = append(fresh, s)
			}
		}
		must(t, b.Apply(t.Context(), fresh))
		fmt.Fprintln(told, i)
	}
}

// TestCrashChild is the process that TestCrash kills; alone it has nothing to do.
func TestCrashChild(t *testing.T) {
	path := os.Getenv(crashEnv)
	if path == "" {
		t.Skip("run by TestCrash")
	}
	b, err := book.Open(t.Context(), path, "iq")
	must(t, err)
	catchUp(t, b, crashHistory(t), os.Stderr)
}

// A process killed at any moment leaves a book that opens, stands at some positions and catches up to the same
// book as one that was never interrupted.
func TestCrash(t *testing.T) {
	batches := crashHistory(t)
	whole := filepath.Join(t.TempDir(), "whole.db")
	b := open(t, whole, "iq")
	catchUp(t, b, batches, io.Discard)
	must(t, b.Close())
	path := filepath.Join(t.TempDir(), "book.db")
	rng := rand.New(rand.NewPCG(1, 1))
	for range 5 {
		child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestCrashChild$")
		child.Env = append(os.Environ(), crashEnv+"="+path)
		out, err := child.StderrPipe()
		must(t, err)
		must(t, child.Start())
		lines := bufio.NewScanner(out)
		for range 1 + rng.IntN(100) {
			lines.Scan()
		}
		must(t, child.Process.Kill())
		_ = child.Wait() // it was killed: that is its error
	}
	b = open(t, path, "iq")
	at, err := b.Positions(t.Context())
	must(t, err)
	if len(at) == 0 {
		t.Fatal("nothing was written before the kills")
	}
	catchUp(t, b, batches, io.Discard)
	must(t, b.Close())
	if diff := cmp.Diff(dump(t, whole), dump(t, path)); diff != "" {
		t.Fatal(diff)
	}
}
