package jisr_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"jisr"
)

// examples has one act of every kind.
func examples(t testing.TB) []jisr.Act {
	sum := jisr.Commit(sha256.Sum256([]byte("example")))
	content := &jisr.Content{Commit: sum, Size: 2210, Type: "application/json"}
	letter := jisr.JoinTerms{Title: jisr.Text{"ar": "العراق وسوريا"}, Members: []jisr.Credential{{Member: "iq", Origin: "jisr.iq", Letter: sum}, {Member: "sy", Origin: "jisr.sy", Letter: sum}}}
	full := jisr.NoteTerms{Kind: jisr.Circular, To: []jisr.MemberID{"jo", "sy"}, Number: 80, Date: "2026-11-23", Precedence: jisr.Flash, ReplyBy: "2026-12-01",
		InReplyTo: "note/sy-01k", References: []jisr.ThingID{"note/iq-01h", "note/sy-01j"}}
	shared := []struct {
		kind    jisr.Kind
		about   jisr.ThingID
		terms   any
		content *jisr.Content
	}{
		{jisr.KindForumJoin, "forum/iq-sy", letter, nil},
		{jisr.KindNoteRelease, "note/iq-01k", full, content},
		{jisr.KindNoteWithdraw, "note/iq-01k", jisr.Reason{Reason: "خطأ في التاريخ <&>"}, nil},
		{jisr.KindNoteOpen, "note/iq-01k", nil, nil},
		{jisr.KindNoteClose, "note/iq-01k", jisr.Reason{}, nil},
		{jisr.KindForumAccept, "forum/iq-sy", nil, content},
		{jisr.KindDeskAdd, "desk/protocol", jisr.DeskTerms{Title: jisr.Text{"ar": "المراسم", "en": "Protocol"}}, nil},
		{jisr.KindOfficialAdd, "official/director", jisr.OfficialTerms{Post: jisr.Text{"ar": "مدير"}, Desk: "protocol", Roles: []jisr.Role{jisr.Reader, jisr.Releaser}}, content},
		{jisr.KindOfficialPass, "official/director", nil, content},
		{jisr.KindOfficialEnd, "official/director", nil, nil},
		{jisr.KindTokenAdd, "token/registry", jisr.TokenTerms{Title: jisr.Text{"en": "Registry"}, Desk: "protocol", Roles: []jisr.Role{jisr.Direct}, Expires: "2027-01-01"}, content},
		{jisr.KindTokenEnd, "token/registry", nil, nil},
		{jisr.KindNoteDraft, "note/iq-01k", jisr.DraftTerms{Forum: "iq-sy", Version: 2}, content},
		{jisr.KindNoteClear, "note/iq-01k", jisr.VersionTerms{Version: 2}, nil},
		{jisr.KindNoteReturn, "note/iq-01k", jisr.VersionTerms{Version: 2, Reason: "تنقصها المرفقات"}, nil},
		{jisr.KindNoteDiscard, "note/iq-01k", jisr.VersionTerms{Version: 2}, nil},
	}
	var acts []jisr.Act
	for i, e := range shared {
		a := jisr.Act{V: 1, Kind: e.kind, Forum: "iq-sy", About: e.about, By: &jisr.By{Desk: "protocol", Official: "director"},
			At: time.Date(2026, 11, 23, 9, 0, 0, 250e6, time.UTC), Clock: int64(400 + i), Seen: map[jisr.MemberID]jisr.Index{"sy": 1337, "jo": 2}, Content: e.content}
		if i >= 5 {
			a.Forum, a.Seen = jisr.House, nil
		}
		if e.kind == jisr.KindNoteRelease {
			a.Attachments = []jisr.Content{{Commit: sum, Size: 4 << 20, Type: "application/pdf"}}
		}
		if e.terms != nil {
			raw, err := jisr.Terms(e.terms)
			need(t, err)
			a.Terms = raw
		}
		acts = append(acts, a)
	}
	return acts
}

// The bytes of an entry are hashed and signed by several governments. If this test fails, what changed must
// become another kind or another version; the file is never rewritten for an act that was ever released.
func TestFrozenEncodings(t *testing.T) {
	var out strings.Builder
	for _, a := range examples(t) {
		entry, err := a.Encode()
		need(t, err)
		out.Write(append(entry, '\n'))
		if !jisr.Known(a.Kind) {
			t.Errorf("%s is not known", a.Kind)
		}
	}
	golden(t, "encodings.txt", out.String())
}

func TestDecodeGivesBackWhatWasEncoded(t *testing.T) {
	for _, a := range examples(t) {
		entry, err := a.Encode()
		need(t, err)
		got, err := jisr.Decode("iq", 7, entry)
		need(t, err)
		a.Position = jisr.Position{Member: "iq", Index: 7}
		if diff := cmp.Diff(a, got); diff != "" {
			t.Errorf("%s: %s", a.Kind, diff)
		}
	}
}

func TestOneActHasOneEncoding(t *testing.T) {
	a := examples(t)[1]
	entry, err := a.Encode()
	need(t, err)
	swap := func(old, new string) []byte { return bytes.Replace(entry, []byte(old), []byte(new), 1) }
	for name, other := range map[string][]byte{
		"a space":             swap(`{"v"`, `{ "v"`),
		"a line end":          append(bytes.Clone(entry), '\n'),
		"a second object":     append(bytes.Clone(entry), "{}"...),
		"an unknown field":    swap(`{"v":1`, `{"v":1,"w":2`),
		"a field twice":       swap(`"clock":401`, `"clock":401,"clock":401`),
		"a field in capitals": swap(`"clock"`, `"Clock"`),
		"another order":       swap(`"v":1,"kind":"note.release"`, `"kind":"note.release","v":1`),
		"an escape":           swap(`note.release`, `note.rel\u0065ase`),
		"a float":             swap(`"clock":401`, `"clock":401.0`),
		"another zone":        swap(`09:00:00.25Z`, `12:00:00.25+03:00`),
		"microseconds":        swap(`09:00:00.25Z`, `09:00:00.250001Z`),
		"an empty seen":       swap(`"seen":{"jo":2,"sy":1337}`, `"seen":{}`),
		"seen unsorted":       swap(`"jo":2,"sy":1337`, `"sy":1337,"jo":2`),
		"an empty by":         swap(`{"desk":"protocol","official":"director"}`, `{}`),
		"terms no object":     swap(`"terms":{`, `"terms":[{`),
		"version 2":           swap(`"v":1`, `"v":2`),
		"clock 0":             swap(`"clock":401`, `"clock":0`),
		"clock too large":     swap(`"clock":401`, `"clock":9007199254740993`),
		"a bad thing":         swap(`note/iq-01k`, `note/IQ-01k`),
		"a path":              swap(`note/iq-01k`, `note/../01k`),
		"a bad kind":          swap(`note.release`, `note`),
		"a bad commitment":    swap(`sha256:`, `sha512:`),
		"a negative size":     swap(`"size":2210`, `"size":-1`),
		"a bad media type":    swap(`application/json`, "application/\u0646"),
		"null":                []byte("null"), "nothing": nil, "a number": []byte("1"),
	} {
		if bytes.Equal(other, entry) {
			t.Fatalf("%s changes nothing", name)
		}
		if _, err := jisr.Decode("iq", 0, other); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	long := a
	long.Terms = json.RawMessage(`{"x":"` + strings.Repeat("x", jisr.MaxAct) + `"}`)
	_, err = long.Encode()
	refusedAs(t, "an entry longer than a bundle takes", err, jisr.TooLong)
}

// FuzzDecode: what is decoded encodes to the same bytes, so one act has one hash.
func FuzzDecode(f *testing.F) {
	for _, a := range examples(f) {
		entry, err := a.Encode()
		need(f, err)
		f.Add(entry)
	}
	f.Add([]byte(`{"v":1,"kind":"a.b","forum":"f","about":"a/b","at":"2026-01-01T00:00:00Z","clock":1}`))
	f.Fuzz(func(t *testing.T, entry []byte) {
		a, err := jisr.Decode("iq", 0, entry)
		if err != nil {
			return
		}
		again, err := a.Encode()
		if err != nil || !bytes.Equal(again, entry) {
			t.Fatalf("%s encodes as %s, %v", entry, again, err)
		}
		for _, thing := range jisr.Concerns(&a) {
			s := jisr.Fold(thing, []jisr.Act{a})
			_ = s.Digest()
		}
		if len(jisr.RankAct(&a)) != len(a.Contents()) {
			t.Fatal("not one rank for each content")
		}
	})
}

func TestFollows(t *testing.T) {
	f := newForum(t)
	f.receive("iq", "sy", 0)
	first := f.say("iq", jisr.KindNoteOpen, "note/sy-01", nil)
	change := func(f func(*jisr.Act)) *jisr.Act {
		a := first
		a.Index, a.Clock, a.Seen = 1, first.Clock+1, map[jisr.MemberID]jisr.Index{"sy": 3}
		f(&a)
		return &a
	}
	prev := *change(func(*jisr.Act) {})
	for name, c := range map[string]struct {
		act  *jisr.Act
		want jisr.RefusalKind
	}{
		"the next":              {change(func(a *jisr.Act) { a.Clock++ }), ""},
		"the same clock":        {change(func(*jisr.Act) {}), jisr.ClockBack},
		"has seen less":         {change(func(a *jisr.Act) { a.Clock++; a.Seen = map[jisr.MemberID]jisr.Index{"sy": 2} }), jisr.ClockBack},
		"has seen nothing":      {change(func(a *jisr.Act) { a.Clock++; a.Seen = nil }), jisr.ClockBack},
		"has seen another more": {change(func(a *jisr.Act) { a.Clock++; a.Seen = map[jisr.MemberID]jisr.Index{"sy": 3, "jo": 1} }), ""},
		"sees itself":           {change(func(a *jisr.Act) { a.Clock++; a.Seen = map[jisr.MemberID]jisr.Index{"sy": 3, "iq": 1} }), jisr.Malformed},
		"another forum":         {change(func(a *jisr.Act) { a.Clock++; a.Forum = "iq-jo" }), jisr.WrongForum},
	} {
		refusedAs(t, name, c.act.Follows(&prev, "iq-sy"), c.want)
	}
}

func TestTextCheck(t *testing.T) {
	for name, c := range map[string]struct {
		text jisr.Text
		want jisr.RefusalKind
	}{
		"plain": {jisr.Text{"ar": "نص\n\tسطر", "en": "text"}, ""}, "isolates": {jisr.Text{"ar": "\u2067نص\u2069"}, ""},
		"an embedding": {jisr.Text{"ar": "\u202eنص"}, jisr.Malformed}, "a control": {jisr.Text{"ar": "\x07"}, jisr.Malformed},
		"a C1 control": {jisr.Text{"ar": "\u0085"}, jisr.Malformed}, "no UTF-8": {jisr.Text{"ar": "\xff"}, jisr.Malformed},
		"too long": {jisr.Text{"ar": strings.Repeat("ن", 11)}, jisr.TooLong}, "as long as may be": {jisr.Text{"ar": strings.Repeat("ن", 10)}, ""},
		"a bad language": {jisr.Text{"arabic-long": "x"}, jisr.Malformed}, "no language": {jisr.Text{"": "x"}, jisr.Malformed},
		"too many": {jisr.Text{"aa": "", "ab": "", "ac": "", "ad": "", "ae": "", "af": "", "ag": "", "ah": "", "ai": ""}, jisr.TooMany},
	} {
		refusedAs(t, name, c.text.Check("subject", 10), c.want)
	}
}
