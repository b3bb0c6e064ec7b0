package ledger_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"testing"

	"jisr/ledger"
)

const childEnv = "JISR_LEDGER_TEST_CHILD"

// TestMain is the child of TestNothingAnsweredIsLost when that starts it.
func TestMain(m *testing.M) {
	if path := os.Getenv(childEnv); path != "" {
		appendForever(path)
	}
	os.Exit(m.Run())
}

// appendForever appends from several goroutines and says each text once it was answered, until it is killed.
func appendForever(path string) {
	fatal := func(err error) {
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	t := &testing.T{}
	store := openStore(t, path)
	l, err := ledger.Open(background(), ledger.Options{Store: store, Keys: keysOf(t, iq), Inspect: inspect, Now: ticking()})
	fatal(err)
	answered := make(chan string)
	for w := range 4 {
		go func() {
			for i := 0; ; i++ {
				text := fmt.Sprintf("%d-%d-%d", os.Getpid(), w, i)
				fatal(l.Append(background(), ledger.Append{Log: iqLog, Expect: -1, Entries: []ledger.NewEntry{says(text, 2000)}}))
				answered <- text
			}
		}()
	}
	for text := range answered {
		fmt.Println(text) // unbuffered: one write system call each
	}
}

func TestNothingAnsweredIsLost(t *testing.T) {
	n := newNode(t, iq)
	n.creates(iqLog, iq)
	answered := map[string]bool{}
	for round := range 6 {
		check(t, n.Close())
		runAndKill(t, n.path, 40+30*round, answered)
		n.open(openStore(t, n.path))
		CheckLedger(t, n)
	}
	entries, err := n.Entries(t.Context(), iqLog, 0, 1<<20, 1<<30)
	check(t, err)
	for _, e := range entries {
		delete(answered, textOf(t, e))
	}
	if len(answered) > 0 {
		t.Fatalf("answered and lost: %v", answered)
	}
}

// runAndKill starts a child and kills it, with SIGKILL, when it has said so many lines; lines said until it is gone count.
func runAndKill(t *testing.T, path string, lines int, answered map[string]bool) {
	t.Helper()
	self, err := os.Executable()
	check(t, err)
	child := exec.Command(self)
	child.Env = append(os.Environ(), childEnv+"="+path)
	child.Stderr = t.Output()
	out, err := child.StdoutPipe()
	check(t, err)
	check(t, child.Start())
	said := 0
	for s := bufio.NewScanner(out); s.Scan(); said++ {
		answered[s.Text()] = true
		if said == lines {
			check(t, child.Process.Kill())
		}
	}
	if err := child.Wait(); err == nil || said < lines {
		t.Fatalf("the child ended by itself after %d lines: %v", said, err)
	}
}
