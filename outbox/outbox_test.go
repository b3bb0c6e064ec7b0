package outbox_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"jisr/outbox"
)

func now() time.Time { return time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC) }

func box(t *testing.T, path string, key []byte) *outbox.Box {
	t.Helper()
	b, err := outbox.Open(path, key)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return b
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func message(event string) outbox.Message {
	return outbox.Message{MessageID: event + "@jisr.example", Event: event, Account: "official/director", Kind: "each", Items: []byte{}}
}

func TestWhatIsNewIsToldOnce(t *testing.T) {
	b := box(t, filepath.Join(t.TempDir(), "outbox.db"), nil)
	n := 0
	tells := func(waits string) string {
		t.Helper()
		told := ""
		must(t, b.Tell("official/director", 7, strings.Fields(waits), now(), func(fresh []string) outbox.Message {
			n++
			told = strings.Join(fresh, " ")
			return message(fmt.Sprint(n))
		}))
		return told
	}
	for _, step := range [][2]string{{"a b", ""}, {"a b", ""}, {"a b c", "c"}, {"a b c", ""}, {"a", ""}, {"a b d", "b d"}, {"", ""}, {"a", "a"}} {
		if got := tells(step[0]); got != step[1] {
			t.Errorf("while %q waits, %q is told, want %q", step[0], got, step[1])
		}
	}
	must(t, b.Tell("official/director", 7, []string{"x"}, now(), nil)) // nothing is wanted
	if got := tells("x y"); got != "y" {
		t.Errorf("of what came while nothing was wanted %q is told", got)
	}
}

func TestAMessageIsQueuedOnceAndSurvives(t *testing.T) {
	path := filepath.Join(t.TempDir(), "outbox.db")
	b := box(t, path, nil)
	must(t, b.Add(message("digest"), now()))
	again := message("digest")
	again.MessageID = "another@jisr.example"
	must(t, b.Add(again, now()))
	m, ok, err := b.Next(now())
	if err != nil || !ok || m.MessageID != "digest@jisr.example" || m.Tries != 1 {
		t.Fatalf("%+v %v %v", m, ok, err)
	}
	must(t, b.Close()) // while it was being sent
	b = box(t, path, nil)
	m, ok, err = b.Next(now())
	if err != nil || !ok || m.MessageID != "digest@jisr.example" || m.Tries != 2 {
		t.Fatalf("after a crash: %+v %v %v", m, ok, err)
	}
	must(t, b.Mark(m.N, outbox.Queued, "451", now().Add(time.Minute), now()))
	if _, ok, err := b.Next(now()); ok || err != nil {
		t.Errorf("before its time: %v %v", ok, err)
	}
	m, ok, err = b.Next(now().Add(time.Minute))
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	must(t, b.Mark(m.N, outbox.Sent, "", now(), now()))
	if _, ok, err := b.Next(now().Add(time.Hour)); ok || err != nil {
		t.Errorf("after it was taken: %v %v", ok, err)
	}
	if _, ok, err := b.Return("another@jisr.example", "5.1.1", now()); ok || err != nil {
		t.Errorf("one that was never sent came back: %v %v", ok, err)
	}
	if _, ok, err := b.Return(m.MessageID, "5.1.1", now()); !ok || err != nil {
		t.Errorf("it came back: %v %v", ok, err)
	}
	if bad, ok, err := b.Bad("official/director", 0); !ok || err != nil || bad.Code != "5.1.1" {
		t.Errorf("the address is %+v %v %v", bad, ok, err)
	}
	if _, ok, err := b.Bad("official/director", 9); ok || err != nil {
		t.Errorf("another address is bad too: %v %v", ok, err)
	}
}

func TestTheFileIsEncryptedUnderAKey(t *testing.T) {
	path := filepath.Join(t.TempDir(), "outbox.db")
	key := bytes.Repeat([]byte{7}, 32)
	b := box(t, path, key)
	must(t, b.Add(message("digest-of-the-director"), now()))
	must(t, b.Close())
	raw, err := os.ReadFile(path)
	must(t, err)
	if bytes.Contains(raw, []byte("digest-of-the-director")) || bytes.Contains(raw, []byte("SQLite format")) {
		t.Error("the file is plain")
	}
	if _, err := outbox.Open(path, bytes.Repeat([]byte{8}, 32)); err == nil {
		t.Error("another key opens it")
	}
	b = box(t, path, key)
	if m, ok, err := b.Next(now()); !ok || err != nil || m.Event != "digest-of-the-director" {
		t.Errorf("%+v %v %v", m, ok, err)
	}
}
