package e2e_test

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"log/slog"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"

	"jisr"
	"jisr/ledger"
)

// A partner whose keys are in wrong hands writes what no node of ours would: the acts of this file are put into its log
// directly, signed with its own keys, and cross the link as any others.

// attack is the text that stands in every field of act number n. It would be an element, a handler or an address wherever
// it is not escaped, and it is short enough for nearly every field.
func attack(n int) string { return fmt.Sprintf(`<img src=x onerror=jx%d()>"'`, n) }

// attacks are longer ones for fields without a shape, and a formula.
func attacks(n int) []string {
	return []string{attack(n), fmt.Sprintf(`javascript:jx%d()//</textarea></title><script>jx%[1]d()</script>`, n), fmt.Sprintf("=jx%d()\u202e\r\nSet-Cookie: jx=1", n)}
}

// joint is what the sources of the record say about acts between members: their kinds, by noun, with the types of terms and
// contents that stand in the same file. A new noun is attacked because it is there.
type joint struct {
	kinds  map[jisr.Kind]string // and the file that names it
	types  map[string]*ast.StructType
	within map[string][]string // file: the types that are terms or contents
}

func readJoint(t *testing.T) joint {
	t.Helper()
	j := joint{kinds: map[jisr.Kind]string{}, types: map[string]*ast.StructType{}, within: map[string][]string{}}
	names := map[string]jisr.Kind{}
	files, err := filepath.Glob(filepath.Join("..", "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	var nouns *ast.FuncDecl
	for _, path := range files {
		file := filepath.Base(path)
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.ValueSpec:
				if id, ok := n.Type.(*ast.Ident); ok && id.Name == "Kind" && len(n.Values) == 1 {
					if lit, ok := n.Values[0].(*ast.BasicLit); ok {
						kind, _ := strconv.Unquote(lit.Value)
						names[n.Names[0].Name] = jisr.Kind(kind)
						j.kinds[jisr.Kind(kind)] = file
					}
				}
			case *ast.TypeSpec:
				if s, ok := n.Type.(*ast.StructType); ok {
					j.types[n.Name.Name] = s
					if strings.HasSuffix(n.Name.Name, "Terms") || strings.HasSuffix(n.Name.Name, "Body") {
						j.within[file] = append(j.within[file], n.Name.Name)
					}
				}
			case *ast.FuncDecl:
				if n.Name.Name == "noun" && n.Recv != nil {
					nouns = n
				}
			}
			return true
		})
	}
	if nouns == nil {
		t.Fatal("the record has no list of kinds any more")
	}
	between := map[jisr.Kind]bool{}
	ast.Inspect(nouns, func(n ast.Node) bool {
		c, ok := n.(*ast.CaseClause)
		if !ok || len(c.Body) == 0 {
			return true
		}
		if in, ok := c.Body[0].(*ast.IfStmt); ok && in.Cond.(*ast.BinaryExpr).Op == token.EQL { // in the house: none
			for _, k := range c.List {
				between[names[k.(*ast.Ident).Name]] = true
			}
		}
		return true
	})
	for k := range j.kinds {
		if !between[k] {
			delete(j.kinds, k)
		}
	}
	if len(j.kinds) < 80 {
		t.Fatalf("only %d kinds of acts between members were found", len(j.kinds))
	}
	return j
}

// filled writes a value of a type with text in every field that takes one.
func (j *joint) filled(typ ast.Expr, text string, depth int) string {
	quoted, _ := json.Marshal(text)
	switch e := typ.(type) {
	case *ast.StarExpr:
		return j.filled(e.X, text, depth)
	case *ast.ArrayType:
		return "[" + j.filled(e.Elt, text, depth) + "]"
	case *ast.MapType:
		return "{" + string(quoted) + ":" + j.filled(e.Value, text, depth) + `,"ar":` + j.filled(e.Value, text, depth) + "}"
	case *ast.Ident:
		switch {
		case e.Name == "bool":
			return "true"
		case strings.Contains(e.Name, "int") || e.Name == "Index":
			return "1"
		case e.Name == "Text":
			return `{"ar":` + string(quoted) + `,"en":` + string(quoted) + "}"
		case j.types[e.Name] != nil && depth < 6:
			return "{" + strings.Join(j.fields(j.types[e.Name], text, depth+1), ",") + "}"
		}
	}
	return string(quoted)
}

func (j *joint) fields(s *ast.StructType, text string, depth int) (all []string) {
	for _, f := range s.Fields.List {
		if len(f.Names) == 0 {
			if id, ok := f.Type.(*ast.Ident); ok && j.types[id.Name] != nil {
				all = append(all, j.fields(j.types[id.Name], text, depth+1)...)
			}
			continue
		}
		if f.Tag == nil {
			continue
		}
		tag, _ := strconv.Unquote(f.Tag.Value)
		if name, _, _ := strings.Cut(reflect.StructTag(tag).Get("json"), ","); name != "" && name != "-" {
			all = append(all, strconv.Quote(name)+":"+j.filled(f.Type, text, depth))
		}
	}
	return all
}

// pen writes into the log of a member whose node is not running.
type pen struct {
	t      *testing.T
	l      *ledger.Ledger
	log    ledger.Origin
	member jisr.MemberID
	forum  jisr.ForumID
	size   int64
	last   jisr.Act
	found  []found // what stood in the forum before
	out    []ledger.NewEntry
}

// found is an act of the forum with its content.
type found struct {
	act     jisr.Act
	content []byte
}

func openPen(t *testing.T, dir, member, origin string, others map[string]string, forum string) *pen {
	t.Helper()
	v, err := ledger.OpenVault(filepath.Join(dir, "keys"), ledger.Wrapping{KeyFile: filepath.Join(dir, "keys", "data.key")})
	if err != nil {
		t.Fatal(err)
	}
	keys, err := ledger.ReadKeys(v, filepath.Join(dir, "keys"))
	if err != nil {
		t.Fatal(err)
	}
	store, err := ledger.OpenSQLite(t.Context(), filepath.Join(dir, "ledger.db"), v)
	if err != nil {
		t.Fatal(err)
	}
	p := &pen{t: t, log: ledger.Origin(origin + "/" + forum), member: jisr.MemberID(member), forum: jisr.ForumID(forum)}
	p.l, err = ledger.Open(t.Context(), ledger.Options{Store: store, Keys: keys, Inspect: p.inspect, Now: time.Now, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	for m, o := range others {
		p.read(m, ledger.Origin(o+"/"+forum))
	}
	p.read(member, p.log)
	return p
}

func (p *pen) inspect(_ ledger.Origin, i int64, _, entry []byte) ([]ledger.Ref, error) {
	a, err := jisr.Decode(p.member, jisr.Index(i), entry)
	var refs []ledger.Ref
	ranks := jisr.RankAct(&a)
	for i, c := range a.Contents() {
		sum, _ := c.Commit.Sum()
		refs = append(refs, ledger.Ref{Commit: sum, Size: c.Size, Type: c.Type, Rank: ranks[i]})
	}
	return refs, err
}

// read takes what stands in a log.
func (p *pen) read(member string, log ledger.Origin) {
	p.t.Helper()
	size, err := p.l.Size(p.t.Context(), log)
	if err != nil {
		p.t.Fatal(err)
	}
	for i := range size {
		raw, err := p.l.Entry(p.t.Context(), log, i)
		if err != nil {
			p.t.Fatal(err)
		}
		f := found{}
		if f.act, err = jisr.Decode(jisr.MemberID(member), jisr.Index(i), raw); err != nil {
			p.t.Fatal(err)
		}
		if f.act.Content != nil {
			f.content, _ = p.l.Content(p.t.Context(), log, i, 0) // what has not arrived is no model
		}
		p.found = append(p.found, f)
		if f.act.Clock > p.last.Clock {
			p.last.Clock = f.act.Clock
		}
	}
	if log == p.log {
		p.size = size
		return
	}
	if p.last.Seen == nil {
		p.last.Seen = map[jisr.MemberID]jisr.Index{}
	}
	p.last.Seen[jisr.MemberID(member)] = jisr.Index(size)
}

// says adds an act to what will be written; what no log can hold is left out, and false.
func (p *pen) says(a jisr.Act, content []byte, files ...[]byte) bool {
	a.V, a.Forum, a.At, a.Clock, a.Seen = 1, p.forum, time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC), p.last.Clock+1, p.last.Seen
	a.Content, a.Attachments = nil, nil
	var contents []ledger.Content
	for i, data := range append([][]byte{content}, files...) {
		if data == nil {
			continue
		}
		var c ledger.Content
		rand.Read(c.Salt[:])
		c.Data = data
		sum := sha256.Sum256(append(slices.Clone(c.Salt[:]), data...))
		said := jisr.Content{Commit: jisr.Commit(sum), Size: int64(len(data)), Type: "application/json"}
		if contents = append(contents, c); i == 0 {
			a.Content = &said
		} else {
			said.Type = "text/html"
			a.Attachments = append(a.Attachments, said)
		}
	}
	raw, err := a.Encode()
	if err != nil || len(raw) > jisr.MaxAct {
		return false
	}
	if _, err := jisr.Decode(p.member, 0, raw); err != nil {
		return false
	}
	p.last.Clock++
	p.out = append(p.out, ledger.NewEntry{Data: raw, Contents: contents})
	return true
}

// write signs what was said.
func (p *pen) write() int {
	p.t.Helper()
	for some := range slices.Chunk(p.out, 100) {
		if err := p.l.Append(p.t.Context(), ledger.Append{Log: p.log, Expect: -1, Entries: some}); err != nil {
			p.t.Fatal(err)
		}
	}
	if err := p.l.Close(); err != nil {
		p.t.Fatal(err)
	}
	return len(p.out)
}

// blanks writes, for each kind of act, one act for each type of terms and contents of its file with an attack in every field.
func (p *pen) blanks(j joint) {
	n := 100_000
	for _, kind := range sortedKinds(j.kinds) {
		noun, _, _ := strings.Cut(string(kind), ".")
		if noun == "record" {
			continue // of a programme: see models
		}
		for _, typ := range j.within[j.kinds[kind]] {
			n++
			body := []byte("{" + strings.Join(j.fields(j.types[typ], attacks(n)[n%3], 0), ",") + "}")
			a := jisr.Act{Kind: kind, About: jisr.ThingID(fmt.Sprintf("%s/%s-blank%d", noun, p.member, n)), By: &jisr.By{Desk: "mofa", Official: "x"}}
			if strings.HasSuffix(typ, "Terms") {
				a.Terms = body
				p.says(a, nil)
			} else {
				p.says(a, body, []byte("<script>jx0()</script>"))
			}
		}
	}
}

func sortedKinds(all map[jisr.Kind]string) (kinds []jisr.Kind) {
	for k := range all {
		kinds = append(kinds, k)
	}
	slices.Sort(kinds)
	return kinds
}

// models says again what was said in the forum, with attacks where people had written; and then with an attack in one place
// after the other. What founds a thing founds another one, so that it has effect. It gives the noun of each attack's number.
func (p *pen) models() map[int]string {
	said, kinds, things := p.others(), map[jisr.Kind]int{}, map[jisr.ThingID]bool{}
	slices.SortStableFunc(p.found, func(a, b found) int { return int(a.act.Clock - b.act.Clock) })
	for n, f := range p.found {
		a := f.act
		founds := !things[a.About]
		things[a.About] = true
		if kinds[a.Kind]++; kinds[a.Kind] > 3 || a.Kind == jisr.KindForumJoin {
			continue
		}
		if founds {
			a.About = jisr.ThingID(fmt.Sprintf("%s/%s-model%d", a.About.Noun(), p.member, n))
		}
		if a.Member != p.member { // what was sent here goes the other way
			a.Terms = bytes.ReplaceAll(a.Terms, []byte(`"to":["`+string(p.member)+`"]`), []byte(`"to":["`+string(a.Member)+`"]`))
		}
		written := false // whether people wrote any of it: records are mostly codes and figures
		free := func(_ int, s string) string {
			if strings.ContainsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || r > unicode.MaxASCII }) {
				written = true
				return attack(n)
			}
			return s
		}
		if p.model(a, f.content, free) && written {
			said[n] = a.About.Noun()
		}
		if kinds[a.Kind] > 1 {
			continue
		}
		for place := range leaves(a.Terms) + leaves(f.content) {
			if place > 40 {
				break
			}
			if founds {
				a.About = jisr.ThingID(fmt.Sprintf("%s/%s-model%dx%d", a.About.Noun(), p.member, n, place))
			}
			p.model(a, f.content, func(i int, s string) string {
				switch {
				case i != place:
					return s
				case a.Kind == jisr.KindRecordBatch: // a field that takes a text takes this one; codes and figures do not
					return attack(n)
				}
				return attacks(n)[place%3]
			})
		}
	}
	return said
}

// others says what the demonstration has no model of: a statement with a paragraph, an account of it, a paper with a file.
func (p *pen) others() map[int]string {
	const first = 90_000
	said := map[int]string{}
	text := func(n int) jisr.Text { return jisr.Text{"ar": attack(first + n), "en": attack(first + n)} }
	say := func(n int, kind jisr.Kind, about jisr.ThingID, terms, body any, files ...[]byte) {
		a := jisr.Act{Kind: kind, About: about, By: &jisr.By{Desk: "mofa", Official: "x"}}
		var err error
		if a.Terms, err = jisr.Terms(terms); err != nil {
			p.t.Fatal(err)
		}
		var content []byte
		if body != nil {
			if content, err = jisr.Terms(body); err != nil {
				p.t.Fatal(err)
			}
		}
		if !p.says(a, content, files...) {
			p.t.Fatalf("%s cannot be said", kind)
		}
		said[first+n] = about.Noun()
	}
	statement := jisr.ThingID(fmt.Sprintf("statement/%s-other", p.member))
	say(1, jisr.KindStatementPropose, statement, jisr.StatementTerms{Title: text(1), Members: []jisr.MemberID{"iq", "sy"}, Languages: []string{"ar", "en"}}, nil)
	say(2, jisr.KindReadoutRelease, jisr.ThingID(fmt.Sprintf("readout/%s-other", p.member)), jisr.ReadoutTerms{Of: statement, Title: text(2)}, jisr.ReadoutBody{Text: text(2)})
	for _, f := range p.found {
		if f.act.Kind == jisr.KindMeetingPropose {
			for number := range 6 { // one of them is the next of its series
				say(3, jisr.KindMeetingPaper, f.act.About, jisr.PaperTerms{Number: number + 1, Version: 1, Title: text(3)}, jisr.EvidenceBody{Text: text(3), Files: []jisr.FileName{{Name: "x.html"}}}, []byte("<script>jx0()</script>"))
			}
		}
	}
	return said
}

// model says an act with its strings changed, and with the hashes that its terms have of its content.
func (p *pen) model(a jisr.Act, content []byte, change func(place int, s string) string) bool {
	i := 0
	each := func(s string) string { i++; return change(i-1, s) }
	terms, before := rewrite(a.Terms, each), content
	content = rewrite(content, each)
	if content != nil {
		was, is := jisr.Commit(sha256.Sum256(before)), jisr.Commit(sha256.Sum256(content))
		terms = bytes.ReplaceAll(terms, []byte(was), []byte(is))
	}
	a.Terms = terms
	var files [][]byte
	for range a.Attachments {
		files = append(files, []byte("<script>jx0()</script>"))
	}
	return p.says(a, content, files...)
}

// leaves counts the strings in a JSON value that are not names of fields.
func leaves(raw []byte) (n int) {
	rewrite(raw, func(s string) string { n++; return s })
	return n
}

// rewrite changes the strings of a JSON value and leaves everything else as it stands, byte for byte.
func rewrite(raw []byte, change func(string) string) []byte {
	if raw == nil {
		return nil
	}
	var out bytes.Buffer
	for i := 0; i < len(raw); {
		if raw[i] != '"' {
			out.WriteByte(raw[i])
			i++
			continue
		}
		end := i + 1
		for end < len(raw) && raw[end] != '"' {
			if raw[end] == '\\' {
				end++
			}
			end++
		}
		text := raw[i:min(end+1, len(raw))]
		i = end + 1
		var s string
		if i < len(raw) && raw[i] == ':' || json.Unmarshal(text, &s) != nil {
			out.Write(text) // a name
			continue
		}
		e := json.NewEncoder(&out)
		e.SetEscapeHTML(false)
		e.Encode(change(s))
		out.Truncate(out.Len() - 1)
	}
	return out.Bytes()
}
