package paper

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"jisr"
	"jisr/book"
	"jisr/node"
	"jisr/words"
)

// Head is a member's letterhead by language: lines from top to bottom, the first as the name of a state. {member} and
// {office} stand for the member's name and the writing desk.
type Head map[string][]string

// Heads are the letterheads an operator gives, by member. Who has none gets its name above its office.
type Heads map[jisr.MemberID]Head

// ReadHeads reads letterheads:
//
//	{"iq": {"ar": ["{member}", "وزارة الخارجية", "{office}"], "en": ["{member}", "Ministry of Foreign Affairs", "{office}"]}}
func ReadHeads(r io.Reader) (Heads, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxHeads+1))
	if err != nil {
		return nil, fmt.Errorf("couldn't read the letterheads: %w", err)
	}
	if len(b) > maxHeads {
		return nil, fmt.Errorf("couldn't use the letterheads: longer than %d bytes", maxHeads)
	}
	var all Heads
	d := json.NewDecoder(strings.NewReader(string(b)))
	if err := d.Decode(&all); err != nil {
		return nil, fmt.Errorf("couldn't use the letterheads: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("couldn't use the letterheads: something follows the closing brace")
	}
	for _, m := range slices.Sorted(maps.Keys(all)) {
		if !jisr.ValidMember(m) {
			return nil, fmt.Errorf("couldn't use the letterheads: %q is no member", m)
		}
		for _, lang := range slices.Sorted(maps.Keys(all[m])) {
			if err := checkHead(all[m][lang]); err != nil {
				return nil, fmt.Errorf("couldn't use the letterhead of %s in %s: %w", m, lang, err)
			}
		}
	}
	return all, nil
}

func checkHead(lines []string) error {
	if len(lines) == 0 || len(lines) > maxHeadLines {
		return fmt.Errorf("%d lines, want 1 to %d", len(lines), maxHeadLines)
	}
	for _, s := range lines {
		if err := (jisr.Text{"und": s}).Check("letterhead", jisr.MaxTitle); err != nil {
			return err
		}
		if rest := strings.NewReplacer("{member}", "", "{office}", "").Replace(s); strings.ContainsAny(rest, "{}") {
			return fmt.Errorf("%q has a placeholder other than {member} and {office}", s)
		}
	}
	return nil
}

// blocks sets a letterhead; lines without anything in them are left out.
func (h Head) blocks(lang, member, office string) []Block {
	lines := h[lang]
	if len(lines) == 0 {
		lines = []string{"{member}", "{office}"}
	}
	var all []Block
	fill := strings.NewReplacer("{member}", member, "{office}", office)
	for i, s := range lines {
		look := Centred
		if i == 0 {
			look = Name
		}
		if s = strings.TrimSpace(fill.Replace(s)); s != "" && (i == 0 || s != member) {
			all = append(all, Block{Lang: lang, Look: look, Text: s})
		}
	}
	return append(all, Block{Rule: true, Gap: 6})
}

// Office prints what a node holds. It is safe for concurrent use.
type Office struct {
	press *Press
	node  *node.Node
	words *words.Words
	heads Heads
	demo  bool
}

// Open makes an office for a node. demo: every page says that it has no official effect.
func Open(n *node.Node, w *words.Words, heads Heads, demo bool) *Office {
	return &Office{press: New(w), node: n, words: w, heads: heads, demo: demo}
}

// Print gives a paper of a thing in a reader's language, if it is in the reader's scope; form says which, where a thing has
// several. What has not left the house has no paper.
func (o *Office) Print(ctx context.Context, s book.Scope, f jisr.ForumID, id jisr.ThingID, form, lang string) ([]byte, error) {
	switch {
	case id.Noun() == "note" && form == "":
		return o.note(ctx, s, f, id, lang)
	case id.Noun() == "statement" && form == "":
		return o.statement(ctx, s, f, id, lang)
	case id.Noun() == "meeting":
		return o.session(ctx, s, f, id, form, lang)
	case id.Noun() == "agreement":
		return o.agreement(ctx, s, f, id, form, lang)
	}
	return nil, jisr.Refuse(jisr.NoSuch, string(id))
}

func (o *Office) note(ctx context.Context, s book.Scope, f jisr.ForumID, id jisr.ThingID, lang string) ([]byte, error) {
	v, err := o.node.Book().Note(ctx, s, f, id)
	if err != nil {
		return nil, err
	}
	if v.Note == nil {
		return nil, jisr.Refuse(jisr.NotReleased, string(id))
	}
	if v.Withheld {
		return nil, jisr.Refuse(jisr.Unopened, "note")
	}
	if !v.BodyHeld {
		return nil, jisr.Refuse(jisr.Unfinished, string(id))
	}
	n := Note{Terms: v.Note.NoteTerms, From: v.Note.From, Body: v.Body, Released: v.Note.Released, Withdrawn: v.Note.Withdrawn, Forum: v.Forum,
		Names: o.names(), Demo: o.demo, Head: o.heads[v.Note.From]}
	if n.Entry, err = o.node.Entry(ctx, s, v.Forum, v.Note.Released.Position); err != nil {
		return nil, err
	}
	files, err := o.node.Files(ctx, s, v.Forum, v.Note.Released.Position)
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		n.Files = append(n.Files, File{f.Name, f.Type, f.Size})
	}
	return o.press.PDF(n.Document(o.words, lang))
}

// agreement prints the text that counts now: signed, else initialled, adopted or tabled last.
func (o *Office) agreement(ctx context.Context, s book.Scope, f jisr.ForumID, id jisr.ThingID, form, lang string) ([]byte, error) {
	v, err := o.node.Book().Thing(ctx, s, f, id)
	if err != nil {
		return nil, err
	}
	g := v.State.Agreement
	if g == nil {
		return nil, jisr.Refuse(jisr.NoSuch, string(id))
	}
	n, err := o.instrument(ctx, s, f, id, g)
	if err != nil {
		return nil, err
	}
	switch {
	case form == FormAkoma:
		if !slices.Contains(n.Text.Clauses.Languages, lang) {
			lang = n.Text.Clauses.Languages[0]
		}
		return n.AkomaNtoso(o.words, lang)
	case (form == FormCertified || form == FormRegistration) && n.Signed == nil:
		return nil, jisr.Refuse(jisr.NotSigned, string(id))
	}
	d, err := n.Document(o.words, form, lang)
	if err != nil {
		return nil, err
	}
	return o.press.PDF(d)
}

func (o *Office) instrument(ctx context.Context, s book.Scope, f jisr.ForumID, id jisr.ThingID, g *jisr.Agreement) (*Instrument, error) {
	version := g.Version(g.Text())
	if version == nil {
		return nil, jisr.Refuse(jisr.Missing, "text")
	}
	text, err := o.node.Text(ctx, s, f, id, version.Hash)
	if err != nil {
		return nil, err
	}
	n := &Instrument{ID: id, Text: *text, Kind: g.Kind, Forum: f, Parties: g.Parties, Self: o.node.Self().ID, Tabled: version.Step, Handling: g.Handling,
		State: g.Standing(o.node.Today()), Force: g.Force().Date, Demo: o.demo}
	n.Hash, _ = version.Hash.Sum() // the fold has checked it
	if !slices.Contains(g.Parties, n.Self) {
		n.Self = g.Parties[0]
	}
	if w := g.Signed(); w != nil {
		n.Signed = &Signed{Date: w.Date, Place: w.Place, By: map[jisr.MemberID]jisr.Date{}}
		for m := range w.Commits {
			n.Signed.By[m] = w.Date
		}
	}
	for _, m := range g.Parties { // with a depositary they sign one by one; it bears the day of the first
		if on := g.SignedOn(m); on != "" {
			if n.Signed == nil {
				n.Signed = &Signed{Date: on, By: map[jisr.MemberID]jisr.Date{}}
			}
			n.Signed.Date, n.Signed.By[m] = min(n.Signed.Date, on), on
		}
	}
	return n, nil
}

// Import reads a DOCX file or a plain text in a language, for an official to look at: its segments, named as those of an
// earlier text where they are the same, and what is to be known of it, in the reader's words.
func (o *Office) Import(file []byte, lang string, earlier []jisr.Segment, reader *words.Lang) ([]jisr.Segment, []string, error) {
	read := ImportText
	if strings.HasPrefix(string(file[:min(len(file), 4)]), "PK\x03\x04") {
		read = ImportDOCX
	}
	i, err := read(file, lang)
	if err != nil {
		return nil, nil, err
	}
	i.Onto(earlier)
	var all []string
	for _, r := range i.Remarks {
		s := reader.T("import."+r.Kind, "detail", r.Detail)
		if r.Segment != "" {
			s = reader.T("import.at", "segment", r.Segment, "remark", words.Raw(s))
		}
		all = append(all, s)
	}
	return i.Segments, all, nil
}

// names is what members are called, in all languages.
func (o *Office) names() map[jisr.MemberID]jisr.Text {
	self := o.node.Self()
	all := map[jisr.MemberID]jisr.Text{self.ID: self.Name}
	for _, l := range o.node.Links() {
		all[l.Member] = l.Name
	}
	return all
}

// Leaf is the hash of an entry as its log's tree has it (RFC 6962 section 2.1), which every node can compute.
func Leaf(entry []byte) [32]byte { return sha256.Sum256(append([]byte{0}, entry...)) }

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
