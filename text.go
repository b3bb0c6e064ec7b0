package jisr

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"slices"
	"strings"
	"unicode/utf8"
)

// The text of an agreement: segments, each with a name that never changes and its wording in every language, so that
// languages stand side by side by themselves. It is signed by the hash of its one encoding; what it may hold is so strict
// because two texts that look alike must not have two hashes.

// SegmentKind is what a segment is in the text.
type SegmentKind string

// The kinds of segments.
const (
	SegmentTitle     SegmentKind = "title"
	SegmentPreamble  SegmentKind = "preamble"
	SegmentChapter   SegmentKind = "chapter"
	SegmentArticle   SegmentKind = "article"   // the heading of an article
	SegmentParagraph SegmentKind = "paragraph" // of the article, or other part, before it
	SegmentItem      SegmentKind = "item"      // of a list in a paragraph
	SegmentAnnex     SegmentKind = "annex"
	SegmentTestimony SegmentKind = "testimonium" // done at …, in … originals
)

// SegmentKinds lists them.
func SegmentKinds() []SegmentKind {
	return []SegmentKind{SegmentTitle, SegmentPreamble, SegmentChapter, SegmentArticle, SegmentParagraph, SegmentItem, SegmentAnnex, SegmentTestimony}
}

// Segment is the smallest part of a text that can be compared, bracketed or referred to. Its number is for the eye: it
// changes when others are put before it; its id never does.
type Segment struct {
	ID     string      `json:"id"`
	Kind   SegmentKind `json:"kind"`
	Number string      `json:"number,omitempty"`
	Text   Text        `json:"text"` // in every authentic language
}

// InstrumentText is the content of agreement.table: the text in all its languages, with its final clauses as data.
// Edition makes a text that was reopened and found right as it was another text, to be initialled anew.
type InstrumentText struct {
	Edition  int                 `json:"edition,omitempty"`
	Clauses  Clauses             `json:"clauses"`
	Names    map[MemberID]Text   `json:"names"` // of the parties, as each spells its own
	Segments []Segment           `json:"segments"`
	Annexes  map[string]AnnexRef `json:"annexes,omitempty"` // by the id of the segment that introduces it
}

// AnnexRef binds a machine-readable annex, such as a programme, by the hash of its document.
type AnnexRef struct {
	Title    Text       `json:"title"`
	Document Commitment `json:"document"` // "sha256:" of the annex's bytes, unsalted
}

// BracketBody is the content of agreement.bracket: a wording, with why.
type BracketBody struct {
	Text   Text `json:"text"`
	Reason Text `json:"reason,omitempty"`
}

// CorrectionBody is the content of agreement.correct: the wording as it is, and as it must read.
type CorrectionBody struct {
	Was    string `json:"was"`
	Reads  string `json:"reads"`
	Reason Text   `json:"reason,omitempty"`
}

// ReservationBody is the content of agreement.reserve.
type ReservationBody struct {
	Text Text `json:"text"`
}

// Canonical refuses a text that is not in the one form that is hashed (practice 5.5): NFC, no tatweel, no direction
// marks but isolates, one form of each letter, European digits, single spaces. What brings texts in normalises them
// before; here nothing is changed.
func (t *InstrumentText) Canonical(parties []MemberID) error {
	if err := t.Clauses.Check(parties); err != nil {
		return err
	}
	if len(t.Segments) == 0 {
		return Refuse(Missing, "text")
	}
	if len(t.Segments) > MaxSegments {
		return Refuse(TooMany, "segments", "max", itoa(MaxSegments), "got", itoa(len(t.Segments)))
	}
	if len(t.Names) != len(parties) || t.Edition < 0 {
		return Refuse(Missing, "names")
	}
	for _, m := range parties {
		if err := t.canonicalIn("names", t.Names[m], MaxTitle); err != nil {
			return err
		}
	}
	seen := map[string]bool{}
	for i := range t.Segments {
		s := &t.Segments[i]
		switch {
		case !ValidSegment(s.ID) || seen[s.ID]:
			return Refuse(Malformed, "segment", "got", s.ID)
		case !slices.Contains(SegmentKinds(), s.Kind):
			return Refuse(NotOneOf, "segment", "got", string(s.Kind))
		case len(s.Number) > MaxID || !ascii(s.Number):
			return Refuse(Malformed, "number", "segment", s.ID)
		}
		seen[s.ID] = true
		if err := t.canonicalIn(s.ID, s.Text, MaxSegmentText); err != nil {
			return err
		}
		if err := checkTokens(s, parties); err != nil {
			return err
		}
	}
	return t.checkAnnexes(seen)
}

func (t *InstrumentText) checkAnnexes(segments map[string]bool) error {
	for _, id := range sortedKeys(t.Annexes) {
		a := t.Annexes[id]
		if !segments[id] {
			return Refuse(NoSuch, id, "noun", "segment")
		}
		if err := checkHash(a.Document); err != nil {
			return err
		}
		if err := a.Title.Check("annex", MaxTitle); err != nil {
			return err
		}
	}
	return nil
}

// canonicalIn holds a text to its languages, its bound and the canonical form.
func (t *InstrumentText) canonicalIn(field string, text Text, maxChars int) error {
	if len(text) != len(t.Clauses.Languages) {
		return Refuse(Missing, field, "want", strings.Join(t.Clauses.Languages, " "))
	}
	for _, lang := range t.Clauses.Languages {
		s := text[lang]
		if s == "" {
			return Refuse(Missing, field, "lang", lang)
		}
		if n := utf8.RuneCountInString(s); n > maxChars {
			return Refuse(TooLong, field, "max", itoa(maxChars), "got", itoa(n), "lang", lang)
		}
		if r, ok := CanonicalString(lang, s); !ok {
			return Refuse(NotCanonical, field, "lang", lang, "got", "U+"+strings.ToUpper(hex4(r)))
		}
	}
	return nil
}

func hex4(r rune) string {
	const digits = "0123456789abcdef"
	b := []byte{digits[r>>12&15], digits[r>>8&15], digits[r>>4&15], digits[r&15]}
	if r > 0xffff {
		b = append([]byte{digits[r>>20&15], digits[r>>16&15]}, b...)
	}
	return string(b)
}

// CanonicalString tells whether a wording is in canonical form, and which character is not.
func CanonicalString(lang, s string) (bad rune, ok bool) {
	if !utf8.ValidString(s) {
		return utf8.RuneError, false
	}
	var last rune
	class, depth := 0, 0
	for i, r := range s {
		switch {
		case r == ' ' && (last == ' ' || i == 0):
			return r, false
		case !canonicalRune(lang, r):
			return r, false
		}
		c := combiningClass(r)
		if c > 0 && (i == 0 || class > c || composes(last, r)) { // canonical order, and nothing left to compose (Unicode Standard Annex 15)
			return r, false
		}
		class = c
		switch r {
		case 0x2066, 0x2067, 0x2068:
			depth++
		case 0x2069:
			if depth--; depth < 0 {
				return r, false
			}
		}
		if c == 0 || last == 0 {
			last = r
		}
	}
	if last == ' ' || strings.HasSuffix(s, " ") {
		return ' ', false
	}
	return 0, depth == 0
}

// canonicalRune tells what may stand in a text at all. Only characters that need no normalising are let in: what this
// package cannot prove to be in NFC is refused.
func canonicalRune(lang string, r rune) bool {
	switch {
	case r >= 0x20 && r <= 0x7e:
		return true
	case r >= 0x0600 && r <= 0x06ff:
		return canonicalArabic(lang, r)
	}
	for _, span := range [...][2]rune{
		{0x00a1, 0x00ac}, {0x00ae, 0x017f}, {0x0180, 0x024f}, {0x0370, 0x0373}, {0x0375, 0x0377}, {0x0386, 0x0386}, {0x0388, 0x03ff},
		{0x0400, 0x0481}, {0x048a, 0x04ff}, {0x0531, 0x058a}, {0x05d0, 0x05f4}, {0x0750, 0x077f},
		{0x1e00, 0x1eff}, {0x2010, 0x2015}, {0x2018, 0x201e}, {0x2020, 0x2022}, {0x2026, 0x2026}, {0x2030, 0x2030}, {0x2039, 0x203a},
		{0x2066, 0x2069}, {0x20a0, 0x20c0}, {0x2116, 0x2116}, {0x27e6, 0x27e7}, {0x3001, 0x3003}, {0x3041, 0x3096}, {0x30a1, 0x30fa}, {0x4e00, 0x9ffc}, {0xac00, 0xd7a3},
	} {
		if r >= span[0] && r <= span[1] {
			return r != 0x0387 // decomposes to U+00B7
		}
	}
	return false
}

// canonicalArabic: no tatweel, no presentation forms, no digits but European ones, and one form of yeh, kaf and heh in
// each language: Arabic writes U+064A, U+0643 and U+0647, Persian and Kurdish U+06CC and U+06A9.
func canonicalArabic(lang string, r rune) bool {
	eastern := lang == "fa" || lang == "ckb" || lang == "ku" || lang == "ur"
	switch {
	case r == 0x060c, r == 0x061b, r == 0x061f, r == 0x066a, r == 0x066b, r == 0x066c, r == 0x066d, r == 0x06d4:
		return true
	case r >= 0x0621 && r <= 0x063a, r >= 0x0641 && r <= 0x0652, r == 0x0670:
		return !eastern || r != 0x064a && r != 0x0643
	case r >= 0x0653 && r <= 0x0655: // madda and hamza above and below: only where they compose with nothing
		return true
	case r >= 0x0671 && r <= 0x06d3, r == 0x06d5:
		// U+0675 to U+0678 are compatibility forms; the rest of these letters are Persian, Kurdish and Urdu.
		return eastern && (r < 0x0675 || r > 0x0678) || r == 0x0671 || r == 0x067e || r == 0x0686 || r == 0x06a4 || r == 0x06af
	}
	return false
}

// combiningClass is that of the marks let in (Unicode Character Database); 0 for letters.
func combiningClass(r rune) int {
	switch {
	case r >= 0x064b && r <= 0x0652:
		return 27 + int(r-0x064b)
	case r == 0x0653, r == 0x0654:
		return 230
	case r == 0x0655:
		return 220
	case r == 0x0670:
		return 35
	}
	return 0
}

// composes tells whether a mark and the letter before it have one character of their own.
func composes(base, mark rune) bool {
	switch mark {
	case 0x0653, 0x0655:
		return base == 0x0627
	case 0x0654:
		return base == 0x0627 || base == 0x0648 || base == 0x064a || base == 0x06d5 || base == 0x06c1 || base == 0x06d2
	}
	return false
}

// checkTokens: party names stand in the text as tokens, each closed: ⟦P1⟧ is the party that an original names first,
// ⟦iq⟧ always the same one.
func checkTokens(s *Segment, parties []MemberID) error {
	for _, lang := range sortedKeys(s.Text) {
		rest := s.Text[lang]
		for {
			open := strings.IndexAny(rest, "⟦⟧")
			if open < 0 {
				break
			}
			end := strings.Index(rest[open:], "⟧")
			if strings.HasPrefix(rest[open:], "⟧") || end < 0 || !knownToken(rest[open+len("⟦"):open+end], parties) {
				return Refuse(Malformed, s.ID, "want", "⟦P1⟧", "lang", lang)
			}
			rest = rest[open+end+len("⟧"):]
		}
	}
	return nil
}

func knownToken(name string, parties []MemberID) bool {
	for i, m := range parties {
		if name == string(m) || name == "P"+itoa(i+1) {
			return true
		}
	}
	return false
}

// Encode gives the one encoding of the text: its content, and what its hash is of.
func (t *InstrumentText) Encode() ([]byte, error) { return Terms(t) }

// Hash names the text: SHA-256 of its encoding, without salt, so that two who hold it have the same name for it.
func (t *InstrumentText) Hash() (Commitment, error) {
	b, err := t.Encode()
	if err != nil {
		return "", err
	}
	return Commit(sha256.Sum256(b)), nil
}

// DecodeText reads the content of agreement.table, strictly: one encoding, canonical, and the text its entry names.
func DecodeText(content []byte, entry *TableTerms, parties []MemberID) (InstrumentText, error) {
	t, err := decodeContent[InstrumentText](content, MaxTextContent)
	if err != nil {
		return t, err
	}
	if Commit(sha256.Sum256(content)) != entry.Hash {
		return t, Refuse(Malformed, "hash", "want", string(entry.Hash))
	}
	if want, err := Terms(entry.Clauses); err != nil || !sameTerms(want, t.Clauses) {
		return t, Refuse(Malformed, "clauses")
	}
	return t, t.Canonical(parties)
}

func sameTerms(want []byte, v any) bool {
	got, err := Terms(v)
	return err == nil && bytes.Equal(got, want)
}

// decodeContent reads a content that has one encoding.
func decodeContent[T any](content []byte, limit int) (T, error) {
	var t, none T
	if len(content) > limit {
		return none, Refuse(TooLong, "content", "max", itoa(limit), "got", itoa(len(content)))
	}
	if err := json.Unmarshal(content, &t); err != nil {
		return none, Refuse(Malformed, "content", "error", err.Error())
	}
	if !sameTerms(content, t) {
		return none, Refuse(Malformed, "content", "error", "not the one encoding")
	}
	return t, nil
}

// DecodeBracket reads the content of agreement.bracket.
func DecodeBracket(content []byte) (BracketBody, error) {
	b, err := decodeContent[BracketBody](content, MaxNoteContent)
	if err == nil {
		err = b.Check()
	}
	return b, err
}

// Check holds a wording against its bounds and the canonical form.
func (b *BracketBody) Check() error {
	if b.Text.Empty() {
		return Refuse(Missing, "text")
	}
	for _, lang := range sortedKeys(b.Text) {
		if r, ok := CanonicalString(lang, b.Text[lang]); !ok {
			return Refuse(NotCanonical, "text", "lang", lang, "got", "U+"+strings.ToUpper(hex4(r)))
		}
	}
	if err := b.Reason.Check("reason", MaxReason); err != nil {
		return err
	}
	return b.Text.Check("text", MaxSegmentText)
}

// DecodeCorrection reads the content of agreement.correct.
func DecodeCorrection(content []byte) (CorrectionBody, error) {
	c, err := decodeContent[CorrectionBody](content, MaxNoteContent)
	if err == nil {
		err = (Text{"und": c.Was}).Check("was", MaxSegmentText)
	}
	if err == nil {
		err = (Text{"und": c.Reads}).Check("reads", MaxSegmentText)
	}
	if err == nil {
		err = c.Reason.Check("reason", MaxReason)
	}
	return c, err
}

// DecodeReservation reads the content of agreement.reserve.
func DecodeReservation(content []byte) (ReservationBody, error) {
	r, err := decodeContent[ReservationBody](content, MaxNoteContent)
	if err == nil && r.Text.Empty() {
		err = Refuse(Missing, "text")
	}
	if err == nil {
		err = r.Text.Check("text", MaxSegmentText)
	}
	return r, err
}

// Original is the text as a party's own original has it: the names in place of the tokens, itself named first (alternat).
func (t *InstrumentText) Original(parties []MemberID, self MemberID) []Segment {
	order := []MemberID{self}
	for _, m := range parties {
		if m != self {
			order = append(order, m)
		}
	}
	replacers := map[string]*strings.Replacer{}
	for _, lang := range t.Clauses.Languages {
		var pairs []string
		for i, m := range order {
			pairs = append(pairs, "⟦P"+itoa(i+1)+"⟧", t.Names[m][lang], "⟦"+string(m)+"⟧", t.Names[m][lang])
		}
		replacers[lang] = strings.NewReplacer(pairs...)
	}
	out := make([]Segment, len(t.Segments))
	for i, s := range t.Segments {
		out[i] = Segment{ID: s.ID, Kind: s.Kind, Number: s.Number, Text: Text{}}
		for lang, r := range replacers {
			out[i].Text[lang] = r.Replace(s.Text[lang])
		}
	}
	return out
}

// Originals gives the hash of each party's original: they differ, and all are of one text.
func (t *InstrumentText) Originals(parties []MemberID) (map[MemberID]Commitment, error) {
	all := map[MemberID]Commitment{}
	for _, m := range parties {
		b, err := Terms(t.Original(parties, m))
		if err != nil {
			return nil, err
		}
		all[m] = Commit(sha256.Sum256(b))
	}
	return all, nil
}

// Segment finds a segment by its id; nil when there is none.
func (t *InstrumentText) Segment(id string) *Segment {
	for i := range t.Segments {
		if t.Segments[i].ID == id {
			return &t.Segments[i]
		}
	}
	return nil
}
