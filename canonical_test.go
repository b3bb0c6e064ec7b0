package jisr_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jisr"
)

// byJSON reads a body by encoding/json alone: decoded and encoded again, the bytes must be the same.
func byJSON(content []byte) (b jisr.NoteBody, ok bool) {
	if json.Unmarshal(content, &b) != nil {
		return b, false
	}
	again, err := jisr.Terms(b)
	return b, err == nil && string(again) == string(content)
}

var bodies = []string{
	`{"subject":{"ar":"مياه"},"text":{"ar":"نص"}}`,
	`{"subject":{"ar":"مياه","en":"Water"},"opening":{"en":"…"},"text":{"ar":"سطر\nسطر \"و\" \\ \t","en":"<b> & ©"},"closing":{"ar":"-"},"from":{"ar":"-"},"files":[{"name":"a\"b.csv"},{"name":"ج"}]}`,
	`{"subject":{"en":"W","ar":"م"},"text":{"ar":"ن"}}`, `{"subject":{"ar":"م","ar":"م"},"text":{"ar":"ن"}}`, `{"text":{"ar":"ن"},"subject":{"ar":"م"}}`,
	`{"subject":{"ar":"\u0645"},"text":{"ar":"ن"}}`, `{"subject":{"ar":"م"},"text":{"ar":"\/"}}`, `{"subject":{"ar":"م"},"text":{"ar":"a\u2028b"}}`,
	"{\"subject\":{\"ar\":\"\u2028\"},\"text\":{\"ar\":\"ن\"}}", "{\"subject\":{\"ar\":\"\xff\"},\"text\":{\"ar\":\"ن\"}}", `{"subject":{"ar":"\r\b\f\u0001"},"text":{"ar":"ن"}}`,
	`{"subject":{},"text":{"ar":"ن"}}`, `{"subject":{"ar":"م"},"opening":{},"text":{"ar":"ن"}}`, `{"subject":{"ar":"م"},"text":{"ar":"ن"},"files":[]}`, `{"subject":{"ar":"م"},"text":{"ar":"ن"}} `,
	`{"subject":{"ar":"م"},"text":{"ar":"ن`, `{"subject":{"ar":"م"},"text":{"ar":"ن\`, `{"subject":null,"text":{"ar":"ن"}}`, `{`, ``,
}

// FuzzBody: the quick reading takes no body that encoding/json would not take, and none otherwise.
func FuzzBody(f *testing.F) {
	for _, b := range bodies {
		f.Add([]byte(b))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		quick, ok := jisr.ReadNoteBody(content)
		if !ok {
			return
		}
		slow, holds := byJSON(content)
		if diff := cmp.Diff(quick, slow); diff != "" || !holds {
			t.Fatalf("%q is taken (the one encoding: %v): %s", content, holds, diff)
		}
	})
}

func TestQuickReadingTakesWhatPeopleWrite(t *testing.T) {
	for i, b := range bodies {
		if _, ok := jisr.ReadNoteBody([]byte(b)); ok != (i < 2) {
			t.Errorf("%s is left to encoding/json: %v", b, !ok)
		}
	}
}

// FuzzKept: what the quick reading makes of an entry that holds is what encoding/json makes of it.
func FuzzKept(f *testing.F) {
	f.Add([]byte(`{"v":1,"kind":"note.release","forum":"iq-sy","about":"note/iq-01","by":{"desk":"mofa","official":"chief"},"at":"2026-11-23T09:00:00.123Z","clock":4,"seen":{"jo":0,"sy":12},"terms":{"a":"}\\\"{","b":[1,{}]},"content":{"commit":"sha256:` + strings.Repeat("a", 64) + `","size":3,"type":"a/b"},"attachments":[{"commit":"sha256:` + strings.Repeat("b", 64) + `","size":0,"type":"a/b"},{"commit":"sha256:` + strings.Repeat("c", 64) + `","size":9,"type":"a/b"}]}`))
	f.Add([]byte(`{"v":1,"kind":"note.open","forum":"iq-sy","about":"note/iq-01","by":{"official":"chief"},"at":"2026-11-23T09:00:00Z","clock":4}`))
	f.Add([]byte(`{"v":1,"kind":"note.open","forum":"iq-sy","about":"note/iq-01","by":{"official":"chief","desk":"d"},"at":"2026-11-23T09:00:00Z","clock":04}`))
	f.Fuzz(func(t *testing.T, entry []byte) {
		quick, ok := jisr.ReadKept(entry)
		if _, err := jisr.Decode("iq", 7, entry); err != nil || !ok {
			return
		}
		var slow jisr.Act
		if err := json.Unmarshal(entry, &slow); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(quick, slow); diff != "" {
			t.Fatalf("%s: %s", entry, diff)
		}
	})
}

// Every act that the tests' members say is read quickly: a field added to Act and not to the reading would show here.
func TestQuickReadingTakesKeptActs(t *testing.T) {
	f := newForum(t)
	f.receive("iq", "sy", 0)
	a := f.say("iq", jisr.KindNoteOpen, "note/sy-01", nil)
	entry, err := a.Encode()
	if err != nil {
		t.Fatal(err)
	}
	quick, ok := jisr.ReadKept(entry)
	quick.Position = a.Position
	if diff := cmp.Diff(quick, a); diff != "" || !ok {
		t.Errorf("taken: %v; %s", ok, diff)
	}
}
