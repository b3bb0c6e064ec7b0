package jisr

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"strings"
	"time"
	"unicode/utf8"
)

// MemberID names a member in acts and addresses: "iq". Lower-case letters and digits, a letter first.
type MemberID string

// ForumID names a standing cooperation: "iq-sy".
type ForumID string

// House is the forum of the member's own private log: drafts, accounts, clearance, settings.
const House ForumID = "house"

// ThingID names what acts are about: "note/iq-01k…". The part before the slash is the noun; the part after
// begins with the member that made it, so that nobody can take a name before its owner uses it.
type ThingID string

// Noun is what kind of thing it is: "note".
func (t ThingID) Noun() string { n, _, _ := strings.Cut(string(t), "/"); return n }

// Name is the part after the noun: one path segment.
func (t ThingID) Name() string { _, n, _ := strings.Cut(string(t), "/"); return n }

// Maker is the member in whose name space the thing is.
func (t ThingID) Maker() MemberID { m, _, _ := strings.Cut(t.Name(), "-"); return MemberID(m) }

// DeskID and OfficialID name an office and a person's post within one member.
type (
	DeskID     string
	OfficialID string
)

// Index counts the entries of one log from 0.
type Index int64

// Position is where an act stands: in whose log of the forum, and at which index.
type Position struct {
	Member MemberID `json:"member"`
	Index  Index    `json:"index"`
}

// Kind says what an act does: noun, dot, verb. A kind's terms never change: another need is another kind.
type Kind string

// By says which office of the member acts, and through whom. A non-paper has neither: it is without attribution.
type By struct {
	Desk     DeskID     `json:"desk,omitempty"`
	Official OfficialID `json:"official,omitempty"`
}

// Commitment binds content to an act without showing it: "sha256:" and the hex of SHA-256(salt || content).
type Commitment string

// Content is the commitment to something the act carries beside the log.
type Content struct {
	Commit Commitment `json:"commit"`
	Size   int64      `json:"size"` // bytes
	Type   string     `json:"type"` // media type
}

// Sum is the digest inside the commitment; false when it is not one.
func (c Commitment) Sum() (sum [32]byte, ok bool) {
	h, found := strings.CutPrefix(string(c), "sha256:")
	if !found || len(h) != 64 || strings.ToLower(h) != h {
		return sum, false
	}
	_, err := hex.Decode(sum[:], []byte(h))
	return sum, err == nil
}

// Commit is the commitment with this digest.
func Commit(sum [32]byte) Commitment { return Commitment("sha256:" + hex.EncodeToString(sum[:])) }

// Act is one statement by a member in a forum: what stands in a log, decoded, and where it stands.
//
// The law of this type. The exact bytes of an entry are hashed, so the fields below never change their
// names, order or meaning while V is 1, and one act has exactly one encoding: Decode refuses any other.
// New needs become new kinds with their own Terms. No floats. An act of an unknown kind is kept, is
// provable, and has no effect.
type Act struct {
	V     int                `json:"v"`
	Kind  Kind               `json:"kind"`
	Forum ForumID            `json:"forum"`
	About ThingID            `json:"about"`
	By    *By                `json:"by,omitempty"`
	At    time.Time          `json:"at"`             // the writer's wall clock, UTC: shown, never decides
	Clock int64              `json:"clock"`          // Lamport clock: above all the member had written or seen
	Seen  map[MemberID]Index `json:"seen,omitempty"` // how many entries of each other member's log it held
	Terms json.RawMessage    `json:"terms,omitempty"`
	// Content is the body; Attachments are files, named in the body.
	Content     *Content  `json:"content,omitempty"`
	Attachments []Content `json:"attachments,omitempty"`

	Position `json:"-"` // where it stands; not part of the entry
}

// Encode gives the one encoding of the act. It fails on what Decode would refuse.
func (a Act) Encode() ([]byte, error) {
	a.At = a.At.UTC()
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(a); err != nil {
		return nil, Refuse(Malformed, "act", "error", err.Error())
	}
	out := bytes.TrimSuffix(b.Bytes(), []byte("\n"))
	if err := a.checkShape(len(out)); err != nil {
		return nil, err
	}
	return out, nil
}

// Decode reads an entry, strictly: the bytes must be what Encode gives back, so that one act has one hash
// and nobody can hide anything between the fields. It says nothing about rules: see Fold.
func Decode(member MemberID, index Index, entry []byte) (Act, error) {
	a, err := DecodeKept(member, index, entry)
	if err != nil {
		return Act{}, err
	}
	again, err := a.Encode()
	if err != nil {
		return Act{}, err
	}
	if !bytes.Equal(again, entry) {
		return Act{}, Refuse(Malformed, "act", "error", "not the one encoding of this act")
	}
	return a, nil
}

// DecodeKept reads an entry that passed Decode before it was kept: rebuilding need not encode it again.
func DecodeKept(member MemberID, index Index, entry []byte) (Act, error) {
	if len(entry) > MaxAct {
		return Act{}, Refuse(TooLong, "act", "max", itoa(MaxAct), "got", itoa(len(entry)))
	}
	a, ok := readKept(entry)
	if !ok {
		a = Act{}
		if err := json.Unmarshal(entry, &a); err != nil {
			return Act{}, Refuse(Malformed, "act", "error", err.Error())
		}
	}
	a.Position = Position{member, index}
	return a, nil
}

func (a *Act) checkShape(size int) error {
	switch {
	case size > MaxAct:
		return Refuse(TooLong, "act", "max", itoa(MaxAct), "got", itoa(size))
	case a.V != 1:
		return Refuse(Malformed, "v", "want", "1")
	case !validKind(string(a.Kind)):
		return Refuse(Malformed, "kind")
	case !validForum(string(a.Forum)):
		return Refuse(Malformed, "forum")
	case !validThing(a.About):
		return Refuse(Malformed, "about")
	case a.At.IsZero() || a.At.Location() != time.UTC || a.At.Nanosecond()%int(time.Millisecond) != 0:
		return Refuse(Malformed, "at", "want", "UTC, milliseconds")
	case a.Clock < 1 || a.Clock > maxSafe:
		return Refuse(Malformed, "clock")
	case len(a.Seen) > MaxMembers:
		return Refuse(TooMany, "seen", "max", itoa(MaxMembers), "got", itoa(len(a.Seen)))
	case len(a.Attachments) > MaxAttachments:
		return Refuse(TooMany, "attachments", "max", itoa(MaxAttachments), "got", itoa(len(a.Attachments)))
	case len(a.Terms) > 0 && a.Terms[0] != '{':
		return Refuse(Malformed, "terms", "want", "an object")
	}
	return a.checkParts()
}

func (a *Act) checkParts() error {
	if a.By != nil && (!validID(string(a.By.Desk), true) || !validID(string(a.By.Official), true) || *a.By == By{}) {
		return Refuse(Malformed, "by")
	}
	for m, n := range a.Seen {
		if !ValidMember(m) || n < 0 || int64(n) > maxSafe {
			return Refuse(Malformed, "seen")
		}
	}
	if a.Content != nil {
		if err := a.Content.check(); err != nil {
			return err
		}
	}
	for i := range a.Attachments {
		if err := a.Attachments[i].check(); err != nil {
			return err
		}
	}
	return nil
}

func (c *Content) check() error {
	if _, ok := c.Commit.Sum(); !ok {
		return Refuse(Malformed, "commit", "want", "sha256:…")
	}
	if c.Size < 0 || c.Size > MaxAttachment {
		return Refuse(TooLong, "content", "max", itoa(MaxAttachment))
	}
	if c.Type == "" || len(c.Type) > 127 || !ascii(c.Type) { // RFC 6838 section 4.2: 127 characters
		return Refuse(Malformed, "type", "want", "a media type")
	}
	return nil
}

// maxSafe is the largest integer that every JSON reader keeps exactly (RFC 8259 section 6).
const maxSafe = 1<<53 - 1

// Follows checks the law of a log: an entry belongs to the forum, its clock rises, and what it has seen
// never shrinks. prev is nil for the first entry. An entry that breaks it cannot be part of an honest log,
// so the batch that brings it is refused whole.
func (a *Act) Follows(prev *Act, forum ForumID) error {
	if a.Forum != forum {
		return Refuse(WrongForum, string(a.Forum), "forum", string(forum))
	}
	if _, ok := a.Seen[a.Member]; ok {
		return Refuse(Malformed, "seen", "error", "a member does not see itself")
	}
	if prev == nil {
		return nil
	}
	if a.Clock <= prev.Clock {
		return Refuse(ClockBack, "clock", "above", itoa(int(prev.Clock)), "got", itoa(int(a.Clock)))
	}
	for m, n := range prev.Seen {
		if a.Seen[m] < n {
			return Refuse(ClockBack, "seen", "member", string(m))
		}
	}
	return nil
}

// Contents lists the commitments of an act in their order: the body, then the attachments.
func (a *Act) Contents() []Content {
	var all []Content
	if a.Content != nil {
		all = append(all, *a.Content)
	}
	return append(all, a.Attachments...)
}

func validKind(s string) bool {
	noun, verb, ok := strings.Cut(s, ".")
	return ok && len(s) <= MaxID && word(noun) && word(verb)
}

func word(s string) bool {
	for _, c := range []byte(s) {
		if (c < 'a' || c > 'z') && c != '-' {
			return false
		}
	}
	return s != ""
}

// ValidMember tells whether m can name a member: 2 to 16 of a-z and 0-9, a letter first.
func ValidMember(m MemberID) bool {
	return len(m) >= 2 && len(m) <= 16 && validID(string(m), false) && !strings.ContainsAny(string(m), "-.") && m != MemberID(House)
}

// ValidForum tells whether f can name a forum that members share.
func ValidForum(f ForumID) bool { return validForum(string(f)) && f != House }

func validForum(s string) bool { return validID(s, false) && !strings.Contains(s, ".") }

func validThing(t ThingID) bool { return word(t.Noun()) && validID(t.Name(), false) }

// ValidName tells whether s can name a desk or an official: a-z, 0-9, hyphens and dots, a letter first.
func ValidName(s string) bool { return validID(s, false) }

func validID(s string, optional bool) bool {
	if s == "" {
		return optional
	}
	if len(s) > MaxID || s[0] < 'a' || s[0] > 'z' {
		return false
	}
	for _, c := range []byte(s) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '.' {
			return false
		}
	}
	return true
}

func ascii(s string) bool {
	for _, c := range []byte(s) {
		if c < 0x20 || c > 0x7e {
			return false
		}
	}
	return true
}

// terms decodes what an act says of its own kind. An unknown field makes it void: terms never grow.
func terms[T any](a *Act) (T, error) {
	var t T
	d := json.NewDecoder(bytes.NewReader(a.Terms))
	d.DisallowUnknownFields()
	if err := d.Decode(&t); err != nil {
		return t, Refuse(Malformed, "terms", "error", err.Error())
	}
	return t, nil
}

// Terms encodes what an act of one kind says, for Act.Terms.
func Terms(v any) (json.RawMessage, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, Refuse(Malformed, "terms", "error", err.Error())
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

func itoa[N int | int64](n N) string {
	b := []byte{}
	if n < 0 {
		return "-" + itoa(-n)
	}
	for ok := true; ok; ok = n > 0 {
		b = append([]byte{byte('0' + n%10)}, b...)
		n /= 10
	}
	return string(b)
}

// Text is one text in its languages: "ar", "en", …
type Text map[string]string

// In gives the text in the language asked for, else in Arabic, else in whichever there is, and its language.
func (t Text) In(lang string) (text, tag string) {
	for _, l := range []string{lang, "ar", "en"} {
		if s := t[l]; s != "" {
			return s, l
		}
	}
	for _, l := range sortedKeys(t) {
		if t[l] != "" {
			return t[l], l
		}
	}
	return "", ""
}

// Empty tells whether no language says anything.
func (t Text) Empty() bool { s, _ := t.In("ar"); return s == "" }

// Check holds a text against its bound and refuses what cannot be shown: bytes that are no UTF-8 and
// control characters, among them the embeddings that turn the reading order of what follows
// (Unicode Technical Report 36, section 2.2). Isolates stay: correct Arabic needs them.
func (t Text) Check(field string, maxChars int) error {
	if len(t) > MaxLanguages {
		return Refuse(TooMany, field, "max", itoa(MaxLanguages), "got", itoa(len(t)))
	}
	for _, lang := range sortedKeys(t) {
		if len(lang) < 2 || len(lang) > 8 || !validID(lang, false) {
			return Refuse(Malformed, field, "want", "a language tag")
		}
		n, shown := 0, true
		for _, r := range t[lang] { // what is no UTF-8 comes as RuneError, which is forbidden
			n++
			shown = shown && !forbidden(r)
		}
		if n > maxChars {
			return Refuse(TooLong, field, "max", itoa(maxChars), "got", itoa(n), "lang", lang)
		}
		if !shown {
			return Refuse(Malformed, field, "lang", lang)
		}
	}
	return nil
}

func forbidden(r rune) bool {
	switch {
	case r == '\n' || r == '\t':
		return false
	case r < 0x20, r == 0x7f, r >= 0x80 && r < 0xa0:
		return true
	case r >= 0x202a && r <= 0x202e: // LRE RLE PDF LRO RLO
		return true
	}
	return r == utf8.RuneError
}
