package jisr_test

import (
	"bytes"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// The tests of this file and of doc_test.go hold the tree to the rules of the design: who may import whom, what no
// package may have, what no page may have. They read sources, so they also see files the build would leave out.

// mayImport is the import table of the design, by path below the module: what of ours each package may import. An
// arrow that is not here fails. A folder below a package of the table follows that package's row.
func mayImport() map[string][]string {
	face := []string{".", "programme", "book", "node", "words"}
	return map[string][]string{
		".":         {},
		"words":     {},
		"ledger":    {},
		"link":      {"ledger"},
		"programme": {"."},
		"book":      {".", "programme"},
		"outbox":    {},
		"node":      {".", "programme", "ledger", "link", "book", "outbox"},
		"portal":    face,
		"api":       face,
		"public":    face,
		"taxii":     face,
		"paper":     face,
		"calendar":  face,
		"mail":      face,
		"e2e":       {}, // tests only, which run the program
		"cmd/jisr":  {".", "programme", "ledger", "link", "book", "node", "words", "portal", "api", "public", "taxii", "paper", "calendar", "mail"},
	}
}

// outside says which import paths from outside a package of the table may use, where the design limits them. Packages
// not here are limited by doc/dependencies.md and review.
func outside() map[string]*regexp.Regexp {
	return map[string]*regexp.Regexp{
		".":         regexp.MustCompile(`^$`),
		"words":     regexp.MustCompile(`^golang\.org/x/text/`),
		"programme": regexp.MustCompile(`^(github\.com/santhosh-tekuri/jsonschema/v6|golang\.org/x/text)(/|$)`),
	}
}

// listed is what go list says of a package.
type listed struct {
	ImportPath, Dir                    string
	Imports, TestImports, XTestImports []string
	Module                             *struct{ Path string }
}

// packages asks go list for the packages of this module. Packages that do not compile are listed too.
func packages(t *testing.T) []listed {
	t.Helper()
	cmd := exec.Command("go", "list", "-e", "-json=ImportPath,Dir,Imports,TestImports,XTestImports,Module", "./...")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("couldn't list packages: %v\n%s", err, stderr.String())
	}
	var all []listed
	for d := json.NewDecoder(bytes.NewReader(out)); d.More(); {
		var p listed
		if err := d.Decode(&p); err != nil {
			t.Fatalf("couldn't read go list's answer: %v", err)
		}
		all = append(all, p)
	}
	if len(all) == 0 {
		t.Fatal("go list names no package")
	}
	return all
}

// ours turns an import path into a path below the module, "." for its root; ok is false for what is not ours.
func ours(importPath string) (below string, ok bool) {
	if importPath == "jisr" {
		return ".", true
	}
	return strings.CutPrefix(importPath, "jisr/")
}

// row finds the row of the table for a package: its own, or that of the nearest package above it.
func row(below string) (string, bool) {
	table := mayImport()
	for p := below; p != "."; p = path.Dir(p) {
		if _, ok := table[p]; ok {
			return p, true
		}
	}
	return below, below == "."
}

// forTests tells a package that only tests use: node/nodetest, link/linktest. It may import what the package above it
// may, that package itself, and other such packages.
func forTests(below string) bool {
	return below != "." && path.Base(below) == path.Base(path.Dir(below))+"test"
}

// isFace tells the packages that must not know of each other.
func isFace(r string) bool {
	return slices.Contains([]string{"portal", "api", "public", "taxii", "paper", "calendar", "mail"}, r)
}

// standard tells an import path of the standard library: its first element has no dot.
func standard(importPath string) bool {
	first, _, _ := strings.Cut(importPath, "/")
	return !strings.Contains(first, ".")
}

// arrow says whether the package at from may import the package at to, outside its test files.
func arrow(from, to string) bool {
	fromRow, _ := row(from)
	toRow, known := row(to)
	switch {
	case fromRow == "cmd/jisr":
		return known
	case forTests(to):
		return forTests(from)
	case toRow == fromRow:
		return known
	}
	return slices.Contains(mayImport()[fromRow], toRow)
}

// testArrow says the same of test files: they may stand anywhere, but a face's tests know no other face, and only the
// command's tests know the command. Go itself refuses circles.
func testArrow(from, to string) bool {
	fromRow, _ := row(from)
	toRow, known := row(to)
	if fromRow == "cmd/jisr" || toRow == fromRow {
		return known
	}
	return known && toRow != "cmd/jisr" && !(isFace(fromRow) && isFace(toRow))
}

func TestTreeImports(t *testing.T) {
	for _, p := range packages(t) {
		below, _ := ours(p.ImportPath)
		r, known := row(below)
		if !known {
			t.Errorf("package %s is not in the import table of the design", p.ImportPath)
			continue
		}
		for _, i := range p.Imports {
			to, own := ours(i)
			if own && !arrow(below, to) {
				t.Errorf("%s imports %s: no such arrow in the design", p.ImportPath, i)
			}
			if may, limited := outside()[r]; limited && !own && !standard(i) && !may.MatchString(i) {
				t.Errorf("%s imports %s: the design allows it nothing of the kind", p.ImportPath, i)
			}
		}
		for _, i := range append(p.TestImports, p.XTestImports...) {
			if to, own := ours(i); own && !testArrow(below, to) {
				t.Errorf("tests of %s import %s: no such arrow in the design", p.ImportPath, i)
			}
		}
	}
}

// TestTreeImportTable makes sure the table above can fail.
func TestTreeImportTable(t *testing.T) {
	for _, c := range []struct {
		from, to string
		want     bool
	}{
		{"link", "ledger", true}, {"ledger", "link", false}, {"ledger", ".", false}, {".", "words", false},
		{"book", "ledger", false}, {"node", "words", false}, {"portal", "node", true}, {"portal", "api", false},
		{"portal/note", "words", true}, {"portal/note", "link", false}, {"api", "ledger", false},
		{"node/nodetest", "link", true}, {"node/nodetest", "link/linktest", true}, {"node/nodetest", "portal", false},
		{"node", "node/nodetest", false}, {"cmd/jisr", "link/linktest", true}, {"cmd/jisr", "utils", false},
		{"words", ".", false}, {"programme", ".", true}, {"programme", "book", false},
	} {
		if got := arrow(c.from, c.to); got != c.want {
			t.Errorf("arrow %s -> %s: got %v, want %v", c.from, c.to, got, c.want)
		}
	}
	if testArrow("portal", "api") || !testArrow("portal", "node/nodetest") || testArrow("node", "cmd/jisr") {
		t.Error("the arrows of test files are not as the comment says")
	}
}

func TestTreePackageNames(t *testing.T) {
	bad := []string{"util", "utils", "common", "model", "models", "service", "services", "handler", "handlers", "helper",
		"helpers", "misc", "base", "shared", "lib", "types", "internal"}
	for _, p := range packages(t) {
		for _, element := range strings.Split(p.ImportPath, "/") {
			if slices.Contains(bad, element) {
				t.Errorf("package %s: %q says nothing of what it is for", p.ImportPath, element)
			}
		}
	}
}

// source is one Go file, parsed.
type source struct {
	name string // path below the module, with slashes
	file *ast.File
	fset *token.FileSet
}

func (s source) at(n ast.Node) string {
	p := s.fset.Position(n.Pos())
	return s.name + ":" + strconv.Itoa(p.Line)
}

func (s source) isTest() bool { return strings.HasSuffix(s.name, "_test.go") }

// skipped names what is not part of the tree: what make makes, what git keeps, what is of other projects.
func skipped(name string) bool {
	return slices.Contains([]string{".git", ".make", "bin", "dist", "node_modules", "shots"}, name)
}

// files lists the tree's files, by path below the module, without generated ones.
func files(t *testing.T) []string {
	t.Helper()
	var all []string
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && skipped(d.Name()):
			return fs.SkipDir
		case d.Type().IsRegular() && !skipped(name) && !strings.HasSuffix(name, "_templ.go"): // .git is a file in a linked worktree
			all = append(all, filepath.ToSlash(name))
		}
		return nil
	})
	if err != nil {
		t.Fatalf("couldn't walk the tree: %v", err)
	}
	return all
}

// sources parses every Go file that people wrote, except under testdata.
func sources(t *testing.T) []source {
	t.Helper()
	var all []source
	for _, name := range files(t) {
		if !strings.HasSuffix(name, ".go") || strings.Contains(name, "testdata/") {
			continue
		}
		fset := token.NewFileSet()
		f, err := parser.ParseFile(fset, name, nil, parser.ParseComments)
		if err != nil {
			t.Errorf("couldn't parse: %v", err)
			continue
		}
		if !ast.IsGenerated(f) {
			all = append(all, source{name, f, fset})
		}
	}
	return all
}

// code is sources without tests.
func code(t *testing.T) []source {
	t.Helper()
	return slices.DeleteFunc(sources(t), source.isTest)
}

func TestTreeNoInit(t *testing.T) {
	for _, s := range sources(t) {
		for _, d := range s.file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
				t.Errorf("%s: init runs before anyone can see it; wire it where it is used", s.at(f))
			}
		}
	}
}

// variables that are allowed although their values are not of the kinds in constantValue: by "folder.name", each with
// its reason. Keep it short.
func variables() map[string]string {
	return map[string]string{}
}

func TestTreeNoMutableVariables(t *testing.T) {
	unused := variables()
	for _, s := range code(t) {
		for _, d := range s.file.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok || g.Tok != token.VAR {
				continue
			}
			for _, spec := range g.Specs {
				v := spec.(*ast.ValueSpec)
				key := path.Dir(s.name) + "." + v.Names[0].Name
				if _, ok := unused[key]; ok {
					delete(unused, key)
				} else if !embedded(g, v) && !constantValue(v) {
					t.Errorf("%s: package variable %s; make it a function, a constant or a field", s.at(v), v.Names[0].Name)
				}
			}
		}
	}
	for key := range unused {
		t.Errorf("%s is allowed but not in the tree any more", key)
	}
}

// embedded tells a variable that go:embed fills.
func embedded(g *ast.GenDecl, v *ast.ValueSpec) bool {
	for _, doc := range []*ast.CommentGroup{g.Doc, v.Doc} {
		if doc != nil && slices.ContainsFunc(doc.List, func(c *ast.Comment) bool { return strings.HasPrefix(c.Text, "//go:embed ") }) {
			return true
		}
	}
	return false
}

// constantValue tells what nobody changes: errors made by errors.New, and the compile-time check `var _ I = T{}`.
func constantValue(v *ast.ValueSpec) bool {
	if v.Names[0].Name == "_" {
		return true
	}
	return len(v.Values) > 0 && !slices.ContainsFunc(v.Values, func(e ast.Expr) bool { return !calls(e, "errors", "New") })
}

// calls tells a call of pkg.name.
func calls(n ast.Node, pkg, name string) bool {
	c, ok := n.(*ast.CallExpr)
	if !ok {
		return false
	}
	s, ok := c.Fun.(*ast.SelectorExpr)
	if !ok || s.Sel.Name != name {
		return false
	}
	x, ok := s.X.(*ast.Ident)
	return ok && x.Name == pkg
}

func TestTreeInterfaces(t *testing.T) {
	const most = 5
	var found []string
	for _, s := range code(t) {
		ast.Inspect(s.file, func(n ast.Node) bool {
			if spec, ok := n.(*ast.TypeSpec); ok && hasMethods(spec.Type) {
				found = append(found, s.at(spec)+" "+spec.Name.Name)
			}
			return true
		})
	}
	if len(found) > most {
		t.Errorf("%d interfaces, at most %d:\n%s", len(found), most, strings.Join(found, "\n"))
	}
}

// hasMethods tells an interface that is more than a constraint on type arguments.
func hasMethods(e ast.Expr) bool {
	i, ok := e.(*ast.InterfaceType)
	if !ok {
		return false
	}
	return slices.ContainsFunc(i.Methods.List, func(f *ast.Field) bool {
		switch f.Type.(type) {
		case *ast.FuncType, *ast.SelectorExpr, *ast.Ident:
			return true
		}
		return false
	})
}

func TestTreeFunctionLength(t *testing.T) {
	const most = 80
	for _, s := range code(t) {
		for _, d := range s.file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || f.Body == nil {
				continue
			}
			if lines := s.fset.Position(f.End()).Line - s.fset.Position(f.Pos()).Line + 1; lines > most {
				t.Errorf("%s: %s has %d lines, at most %d", s.at(f), f.Name.Name, lines, most)
			}
		}
	}
}

func TestTreeNoSleepInTests(t *testing.T) {
	for _, s := range sources(t) {
		if below := path.Dir(s.name); !s.isTest() && !forTests(below) {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			if calls(n, "time", "Sleep") {
				t.Errorf("%s: a test that sleeps is slow or wrong; wait for what it waits for", s.at(n))
			}
			return true
		})
	}
}

// TestTreePure holds the root package to its word: no clock, no random, no I/O, no goroutine.
func TestTreePure(t *testing.T) {
	impure := regexp.MustCompile(`^(os|net|io/ioutil|io/fs|log|math/rand|crypto/rand|database|syscall|runtime|plugin|testing|unsafe|sync|context)(/|$)`)
	for _, s := range code(t) {
		if path.Dir(s.name) != "." {
			continue
		}
		for _, i := range s.file.Imports {
			if p := strings.Trim(i.Path.Value, `"`); impure.MatchString(p) {
				t.Errorf("%s: the record is pure; it can't import %s", s.at(i), p)
			}
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			if _, ok := n.(*ast.GoStmt); ok {
				t.Errorf("%s: the record is pure; it starts no goroutine", s.at(n))
			}
			for _, name := range []string{"Now", "Since", "Until", "After", "Sleep", "NewTimer", "NewTicker"} {
				if calls(n, "time", name) {
					t.Errorf("%s: the record is pure; it can't ask time.%s", s.at(n), name)
				}
			}
			return true
		})
	}
}

// TestTreeNoPlaces finds paths of one machine and addresses of package registries: what is written there is true for
// one person only. Tests may use the temporary folder's name as data.
func TestTreeNoPlaces(t *testing.T) {
	anywhere := regexp.MustCompile(`(^|[^\w.-])/` + `(work|root|home/\w+)/|` +
		`(registry\.` + `npmjs|proxy\.` + `golang|sum\.` + `golang|(deb|security)\.` + `debian)\.org`)
	temporary := regexp.MustCompile(`(^|[^\w.-])/` + `tmp(/|$)`)
	for _, name := range files(t) {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Errorf("couldn't read: %v", err)
			continue
		}
		if bytes.IndexByte(text[:min(len(text), 8000)], 0) >= 0 {
			continue // a picture or an archive
		}
		isTest := strings.HasSuffix(name, "_test.go") || strings.Contains(name, "testdata/") || strings.HasSuffix(name, ".test.mjs")
		for i, line := range bytes.Split(text, []byte("\n")) {
			if anywhere.Match(line) || (!isTest && temporary.Match(line)) {
				t.Errorf("%s:%d: names a place of one machine or a registry: %.120s", name, i+1, line)
			}
		}
	}
}

// physical finds CSS that knows left from right: one file serves both directions only with logical properties.
func physical() *regexp.Regexp {
	return regexp.MustCompile(`(?i)(?:^|[;{\s])(` +
		`(?:(?:scroll-)?(?:margin|padding)|border)-(?:left|right)(?:-(?:width|style|color))?|` +
		`border-(?:top|bottom)-(?:left|right)-radius|` +
		`left|right)\s*:|` +
		`(?:text-align|float|clear)\s*:\s*(?:left|right)\b`)
}

func TestTreeStyles(t *testing.T) {
	comment := regexp.MustCompile(`(?s)/\*.*?\*/`)
	for _, name := range files(t) {
		if path.Ext(name) != ".css" {
			continue
		}
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		// A comment keeps its line ends, so that the lines told are those of the file.
		blank := comment.ReplaceAllFunc(text, func(c []byte) []byte { return bytes.Repeat([]byte("\n"), bytes.Count(c, []byte("\n"))) })
		report(t, name, blank, physical(), "left and right are not the same in Arabic; use the logical property")
	}
}

// inline finds in a template what the content security policy forbids, or what is done by evaluating text.
func inline() *regexp.Regexp {
	return regexp.MustCompile(`(?im)\sstyle\s*=|\son[a-z]+\s*=|\shx-on[\w:-]*\s*=|javascript:|["']js:|<style[\s>]|` +
		`<script[^>]*>\s*[^<\s]|^script\s+\w+\(|^css\s+\w+\(|templ\.(?:JSFuncCall|JSUnsafeFuncCall|SafeCSS|Raw)\b`)
}

func TestTreeTemplates(t *testing.T) {
	for _, name := range files(t) {
		if path.Ext(name) != ".templ" {
			continue
		}
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		report(t, name, text, inline(), "the content security policy forbids inline scripts and styles, and nothing is put in a page unescaped")
		report(t, name, text, regexp.MustCompile(`(?i)type="date"`), "a date field shows the browser's language, not the page's; use three fields")
	}
}

// report fails for each place where bad is found.
func report(t *testing.T, name string, text []byte, bad *regexp.Regexp, why string) {
	t.Helper()
	for _, at := range bad.FindAllIndex(text, -1) {
		line := 1 + bytes.Count(text[:at[1]], []byte("\n"))
		t.Errorf("%s:%d: %q: %s", name, line, bytes.TrimSpace(text[at[0]:at[1]]), why)
	}
}

// TestTreePatterns makes sure that the two patterns above can fail, and do not fail for what is right.
func TestTreePatterns(t *testing.T) {
	for _, css := range []string{"a{margin-left:1px}", "a { left: 0 }", "a{text-align: right}", "a{float:left}", "a{border-top-left-radius:4px}"} {
		if !physical().MatchString(css) {
			t.Errorf("%q is not found to be physical", css)
		}
	}
	for _, css := range []string{"a{margin-inline-start:1px}", "a{inset-inline-start:0}", "a{text-align:start}", ".left{color:red}", "a{--left:1px}"} {
		if physical().MatchString(css) {
			t.Errorf("%q is found to be physical", css)
		}
	}
	for _, page := range []string{`<p style="x">`, `<a onclick="f()">`, `<script>f()</script>`, "<script src=\"a\">\nf()", "script f() {", `{ templ.Raw(x) }`} {
		if !inline().MatchString(page) {
			t.Errorf("%q is not found to be inline", page)
		}
	}
	for _, page := range []string{`<script src="/a.js" defer></script>`, `<link rel="stylesheet">`, `<p class="style">`, `<p data-on="x">`, "templ script() {"} {
		if inline().MatchString(page) {
			t.Errorf("%q is found to be inline", page)
		}
	}
}
