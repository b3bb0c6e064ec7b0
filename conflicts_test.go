package jisr_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"
)

// Practice 5.4 has 24 cases of what two members may say at once. Each has a test of its rule alone, here, and a row in the
// node's table, which plays it on real nodes: two members and three, each first, over an open road and over a cut one.
func TestEveryConflictCaseIsPlayed(t *testing.T) {
	rules, rows := map[string]bool{}, map[string]bool{}
	find := func(pattern string, in *regexp.Regexp, found map[string]bool) {
		files, err := filepath.Glob(pattern)
		need(t, err)
		for _, name := range files {
			source, err := os.ReadFile(name)
			need(t, err)
			for _, m := range in.FindAllSubmatch(source, -1) {
				found[string(m[1])] = true
			}
		}
	}
	find("*_test.go", regexp.MustCompile(`(?m)^func Test(C\d+)[A-Z]\w*\(t \*testing\.T\)`), rules)
	find("node/conflicts_test.go", regexp.MustCompile(`(?m)^\t\t\{"(C\d+) [^"]+", \(\*before\)\.\w+, \(\*clash\)\.\w+\},$`), rows)
	for n := range 24 {
		name := "C" + strconv.Itoa(n+1)
		if !rules[name] {
			t.Errorf("the rule of %s has no test", name)
		}
		if !rows[name] {
			t.Errorf("%s is not played on nodes", name)
		}
	}
}
