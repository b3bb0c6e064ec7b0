package node_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jisr"
	"jisr/node"
)

var rewrite = flag.Bool("rewrite", false, "write the matrix of policy anew; then read the difference")

// standings is how an official may stand to what is asked about.
func standings() []struct {
	name  string
	about node.About
} {
	return []struct {
		name  string
		about node.About
	}{
		{"own desk", node.About{Desks: []jisr.DeskID{"mofa"}}},
		{"other desk", node.About{Desks: []jisr.DeskID{"water"}}},
		{"no desk", node.About{}},
		{"named", node.About{Desks: []jisr.DeskID{"water"}, Named: []jisr.OfficialID{"post"}}},
		{"drafter", node.About{Desks: []jisr.DeskID{"mofa"}, Named: []jisr.OfficialID{"post"}, Drafters: []jisr.OfficialID{"post"}}},
	}
}

// matrix is every verb, for every role that may do it in any case: a letter for each level of handling at which it is
// allowed, a dot where it is not. A role that is not there may not do it at all.
func matrix(t *testing.T) string {
	t.Helper()
	may, err := node.Rules("")
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	fmt.Fprint(&b, "# Written by: go test ./node -run Matrix -rewrite\n# Levels: p public, o official, r restricted, c confidential, s secret.\n")
	for _, v := range node.Verbs() {
		fmt.Fprintf(&b, "\n%s\n", v)
		for _, role := range jisr.Roles() {
			line := cells(may, v, role, node.About{Signed: true, Cleared: true})
			if strings.ContainsAny(line, "porcs") {
				fmt.Fprintf(&b, "  %-18s %s", role, line)
				if !strings.ContainsAny(cells(may, v, role, node.About{Signed: true}), "porcs") {
					b.WriteString("  once cleared")
				}
				if !strings.ContainsAny(cells(may, v, role, node.About{Cleared: true}), "porcs") {
					b.WriteString("  signed")
				}
				b.WriteByte('\n')
			}
		}
	}
	return b.String()
}

func cells(may func(node.Caller, node.Verb, node.About) (bool, []string), v node.Verb, role jisr.Role, brings node.About) string {
	c := node.Caller{Account: "official/post", Desk: "mofa", Roles: []jisr.Role{role}}
	var all []string
	for _, s := range standings() {
		cell := ""
		for _, h := range jisr.Handlings() {
			about := s.about
			about.Forum, about.Thing, about.Handling, about.Cleared, about.Signed = "iq-sy", "note/iq-1", h, brings.Cleared, brings.Signed
			if ok, _ := may(c, v, about); ok {
				cell += string(h[:1])
			} else {
				cell += "."
			}
		}
		all = append(all, cell)
	}
	return strings.Join(all, "  ")
}

// TestPolicyMatrix holds what the shipped policies allow against a file that people read: a new command, role or policy
// shows in it.
func TestPolicyMatrix(t *testing.T) {
	head := "# Columns: "
	for i, s := range standings() {
		if i > 0 {
			head += ", "
		}
		head += s.name
	}
	got := head + ".\n" + matrix(t)
	name := filepath.Join("testdata", "matrix.txt")
	if *rewrite {
		if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(want, []byte(got)) {
		t.Errorf("what the policies allow has changed; look whether that is meant, then run with -rewrite:\n%s", cmp.Diff(string(want), got))
	}
}

// TestPolicyLetsEveryPostKeepItsPasskeys whatever its role: who cannot get in does no work.
func TestPolicyLetsEveryPostKeepItsPasskeys(t *testing.T) {
	may, err := node.Rules("")
	if err != nil {
		t.Fatal(err)
	}
	for _, role := range jisr.Roles() {
		if ok, by := may(node.Caller{Account: "official/post", Roles: []jisr.Role{role}}, "official.enrol", node.About{Forum: jisr.House, Thing: "official/post"}); !ok {
			t.Errorf("%s may not: %v", role, by)
		}
	}
}

func TestPolicyCoversEveryCommand(t *testing.T) {
	may, err := node.Rules("")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range node.Commands() {
		v := node.VerbOf(c)
		if !slices.Contains(node.Verbs(), v) {
			t.Errorf("%T has no row in the table of verbs", c)
		}
		about := node.About{Forum: "iq-sy", Thing: "note/iq-1", Signed: true}
		if ok, _ := may(node.Caller{Account: "official/post"}, v, about); ok {
			t.Errorf("%T is open to everybody", c)
		}
		if ok, by := may(node.Caller{Account: "official/post", Roles: jisr.Roles()}, v, about); !ok {
			t.Errorf("%T is allowed to nobody: %v", c, by)
		}
	}
}
