package jisr_test

import (
	"encoding/json"
	"go/ast"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestDocPackages wants exactly one package comment for each package, beginning as godoc expects.
func TestDocPackages(t *testing.T) {
	where := map[string][]string{}
	for _, s := range code(t) {
		dir := path.Dir(s.name)
		if _, ok := where[dir]; !ok {
			where[dir] = nil
		}
		if s.file.Doc == nil || strings.TrimSpace(s.file.Doc.Text()) == "" {
			continue
		}
		where[dir] = append(where[dir], s.name)
		if want := opening(s.file.Name.Name, dir); !strings.HasPrefix(s.file.Doc.Text(), want) {
			t.Errorf("%s: the package comment must begin with %q", s.name, want)
		}
	}
	for dir, in := range where {
		if len(in) != 1 {
			t.Errorf("package in %s has %d package comments %v, must have exactly one", dir, len(in), in)
		}
	}
}

// opening is how godoc expects the comment of a package to begin.
func opening(name, dir string) string {
	if name == "main" {
		return "Command " + path.Base(dir) + " "
	}
	return "Package " + name + " "
}

// TestDocExported wants a comment on every exported type, function, method, constant and variable, and on the methods
// of exported interfaces. A group's comment speaks for its members.
func TestDocExported(t *testing.T) {
	for _, s := range code(t) {
		for _, d := range s.file.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				function(t, s, d)
			case *ast.GenDecl:
				declaration(t, s, d)
			}
		}
	}
}

// function checks a function's or method's comment. Methods of types that are not exported are on no page of godoc,
// and what the methods in wellKnown do is said by the packages that call them.
func function(t *testing.T, s source, f *ast.FuncDecl) {
	t.Helper()
	if !f.Name.IsExported() {
		return
	}
	if f.Recv != nil && (wellKnown(f.Name.Name) || !ast.IsExported(receiver(f.Recv.List[0].Type))) {
		return
	}
	if f.Doc.Text() == "" {
		t.Errorf("%s: %s has no doc comment", s.at(f), f.Name.Name)
	}
}

// wellKnown names the methods of fmt and errors.
func wellKnown(name string) bool {
	return slices.Contains([]string{"Error", "Is", "String", "Unwrap"}, name)
}

// receiver is the name of a method's type: T of *T, T[P] and *T[P].
func receiver(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.StarExpr:
		return receiver(e.X)
	case *ast.IndexExpr:
		return receiver(e.X)
	case *ast.IndexListExpr:
		return receiver(e.X)
	}
	return ""
}

// declaration checks what stands in one type, const or var declaration.
func declaration(t *testing.T, s source, g *ast.GenDecl) {
	t.Helper()
	for _, spec := range g.Specs {
		switch spec := spec.(type) {
		case *ast.TypeSpec:
			if spec.Name.IsExported() && spec.Doc.Text() == "" && g.Doc.Text() == "" {
				t.Errorf("%s: type %s has no doc comment", s.at(spec), spec.Name.Name)
			}
			if i, ok := spec.Type.(*ast.InterfaceType); ok && spec.Name.IsExported() {
				methods(t, s, spec.Name.Name, i)
			}
		case *ast.ValueSpec:
			if g.Doc.Text() == "" && spec.Doc.Text() == "" && spec.Comment.Text() == "" {
				values(t, s, spec)
			}
		}
	}
}

func methods(t *testing.T, s source, of string, i *ast.InterfaceType) {
	t.Helper()
	for _, m := range i.Methods.List {
		if len(m.Names) == 1 && m.Names[0].IsExported() && m.Doc.Text() == "" && m.Comment.Text() == "" {
			t.Errorf("%s: %s.%s has no doc comment", s.at(m), of, m.Names[0].Name)
		}
	}
}

func values(t *testing.T, s source, spec *ast.ValueSpec) {
	t.Helper()
	for _, name := range spec.Names {
		if name.IsExported() {
			t.Errorf("%s: %s has no doc comment", s.at(spec), name.Name)
		}
	}
}

// TestDocDependencies wants a row in doc/dependencies.md for every module that a package here imports, every pinned
// tool's module and every npm package, and no row for what is not required any more.
func TestDocDependencies(t *testing.T) {
	text, err := os.ReadFile("doc/dependencies.md")
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string]bool{}
	for _, m := range regexp.MustCompile("(?m)^\\| `([^`]+)`").FindAllSubmatch(text, -1) {
		listed[string(m[1])] = true
	}
	modules := required(t)
	used := npmPackages(t)
	for _, p := range packages(t) {
		for _, i := range slices.Concat(p.Imports, p.TestImports, p.XTestImports) {
			if m := moduleOf(modules, i); m != "" {
				used[m] = true
			}
		}
	}
	for _, tool := range tools(t) {
		used[moduleOf(modules, tool)] = true
	}
	for name := range used {
		if !listed[name] {
			t.Errorf("%s is used, and doc/dependencies.md gives no reason for it", name)
		}
	}
	for name := range listed {
		if !used[name] && !slices.Contains(modules, name) {
			t.Errorf("doc/dependencies.md names %s, which nothing requires", name)
		}
	}
}

// required names the modules go.mod requires.
func required(t *testing.T) []string { return inGoMod(t, `(?m)^(?:require)?\s+(\S+) v\S+`) }

// tools names the packages go.mod pins as tools.
func tools(t *testing.T) []string { return inGoMod(t, `(?m)^(?:tool )?\s*(\S+/cmd/\S+)$`) }

func inGoMod(t *testing.T, pattern string) []string {
	t.Helper()
	text, err := os.ReadFile("go.mod")
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, m := range regexp.MustCompile(pattern).FindAllSubmatch(text, -1) {
		all = append(all, string(m[1]))
	}
	if len(all) == 0 {
		t.Fatalf("go.mod has nothing like %s", pattern)
	}
	return all
}

// moduleOf finds the module of an import path: the longest that is the path or above it, "" for what is not required.
func moduleOf(modules []string, importPath string) string {
	var found string
	for _, m := range modules {
		if (importPath == m || strings.HasPrefix(importPath, m+"/")) && len(m) > len(found) {
			found = m
		}
	}
	return found
}

// npmPackages names what the package.json files ask for.
func npmPackages(t *testing.T) map[string]bool {
	t.Helper()
	all := map[string]bool{}
	for _, name := range files(t) {
		if path.Base(name) != "package.json" {
			continue
		}
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var p struct{ Dependencies, DevDependencies map[string]string }
		if err := json.Unmarshal(text, &p); err != nil {
			t.Errorf("couldn't read %s: %v", name, err)
		}
		for _, m := range []map[string]string{p.Dependencies, p.DevDependencies} {
			for k, v := range m {
				all[k] = true
				if strings.ContainsAny(v, "^~*<>| ") {
					t.Errorf("%s: %s must have one exact version, not %q", name, k, v)
				}
			}
		}
	}
	return all
}
