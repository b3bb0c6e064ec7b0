package api_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// A script is a conversation with two nodes, as an integrator would have it; testdata/README.txt tells how it reads.
type exchange struct {
	line                 int
	at, method, path     string
	headers              []string
	body                 string
	status               int
	eventually           bool
	wantHeaders, wantAny []string // wantAny: text the body has in it
	want                 string   // JSON
}

func TestScripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.script")
	check(t, err)
	if len(files) == 0 {
		t.Fatal("no scripts")
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".script"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			check(t, err)
			w, vars := newWorld(t), map[string]string{"today": ""}
			vars["today"] = string(w.nodes["iq"].Today())
			for _, x := range parseScript(t, string(text)) {
				if err := w.play(t, x, vars); err != nil {
					t.Fatalf("%s:%d: %s %s: %v", file, x.line, x.method, x.path, err)
				}
			}
		})
	}
}

func parseScript(t *testing.T, text string) []exchange {
	var all []exchange
	var x *exchange
	asked := false
	for i, line := range strings.Split(text, "\n") {
		switch {
		case strings.HasPrefix(line, "#") || strings.TrimSpace(line) == "":
		case strings.HasPrefix(line, "> "):
			f := strings.Fields(line[2:])
			all = append(all, exchange{line: i + 1, at: strings.Join(f[:len(f)-2], " "), method: f[len(f)-2], path: f[len(f)-1]})
			x, asked = &all[len(all)-1], true
		case strings.HasPrefix(line, "< "):
			f := strings.Fields(line[2:])
			x.status, _ = strconv.Atoi(f[0])
			x.eventually, asked = len(f) > 1 && f[1] == "eventually", false
		case strings.HasPrefix(line, "| "):
			k, v, _ := strings.Cut(line[2:], ": ")
			if asked {
				x.headers = append(x.headers, k, v)
			} else {
				x.wantHeaders = append(x.wantHeaders, k, v)
			}
		case strings.HasPrefix(line, "~ "):
			x.wantAny = append(x.wantAny, line[2:])
		case asked:
			x.body += line
		default:
			x.want += line
		}
	}
	for _, x := range all {
		if x.status == 0 {
			t.Fatalf("line %d: no answer is expected", x.line)
		}
	}
	return all
}

// play sends a request and holds the answer against what is expected. What is expected eventually is asked for again
// whenever the node says that something changed.
func (w *world) play(t *testing.T, x exchange, vars map[string]string) error {
	member, _, _ := strings.Cut(x.at, " ")
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	changed := w.nodes[member].Watch(ctx)
	for {
		tried := map[string]string{}
		for k, v := range vars {
			tried[k] = v
		}
		err := w.try(t, x, tried)
		if err == nil {
			for k, v := range tried {
				vars[k] = v
			}
			return nil
		}
		if !x.eventually {
			return err
		}
		if _, ok := <-changed; !ok {
			return fmt.Errorf("in 20 s not: %w", err)
		}
	}
}

func (w *world) try(t *testing.T, x exchange, vars map[string]string) error {
	var headers []string
	for _, h := range x.headers {
		headers = append(headers, fill(h, vars))
	}
	a := w.ask(t, x.at, x.method, fill(x.path, vars), fill(x.body, vars), headers...)
	if a.StatusCode != x.status {
		return fmt.Errorf("status %d, want %d\n%s", a.StatusCode, x.status, a.body)
	}
	for i := 0; i+1 < len(x.wantHeaders); i += 2 {
		if err := match(x.wantHeaders[i], x.wantHeaders[i+1], a.Header.Get(x.wantHeaders[i]), vars); err != nil {
			return err
		}
	}
	for _, s := range x.wantAny {
		if !bytes.Contains(a.body, []byte(fill(s, vars))) {
			return fmt.Errorf("no %q in\n%s", fill(s, vars), a.body)
		}
	}
	if x.want == "" {
		return nil
	}
	var want, got any
	if err := json.Unmarshal([]byte(x.want), &want); err != nil {
		return fmt.Errorf("the script is no JSON: %w", err)
	}
	if err := json.Unmarshal(a.body, &got); err != nil {
		return fmt.Errorf("%w in\n%s", err, a.body)
	}
	if err := match("", want, got, vars); err != nil {
		return fmt.Errorf("%w in\n%s", err, a.body)
	}
	return nil
}

func fill(s string, vars map[string]string) string {
	return regexp.MustCompile(`\$[a-z]+`).ReplaceAllStringFunc(s, func(name string) string {
		if v, ok := vars[name[1:]]; ok {
			return v
		}
		return name
	})
}

// match: an object has at least what is wanted, "$name" is kept at first and the same from then on, a * at either end
// is anything, null is nothing at all.
func match(at string, want, got any, vars map[string]string) error {
	switch want := want.(type) {
	case map[string]any:
		have, ok := got.(map[string]any)
		if !ok {
			return fmt.Errorf("%s is %v, want an object", at, got)
		}
		keys := slices.SortedFunc(maps.Keys(want), func(a, b string) int { return cmp.Compare(rank(want[a]), rank(want[b])) })
		for _, k := range keys {
			if err := match(at+"."+k, want[k], have[k], vars); err != nil {
				return err
			}
		}
		return nil
	case []any:
		have, ok := got.([]any)
		if !ok || len(have) != len(want) {
			return fmt.Errorf("%s is %v, want %v", at, got, want)
		}
		for i := range want {
			if err := match(fmt.Sprintf("%s[%d]", at, i), want[i], have[i], vars); err != nil {
				return err
			}
		}
		return nil
	case string:
		return matchString(at, want, got, vars)
	}
	if !reflect.DeepEqual(want, got) {
		return fmt.Errorf("%s is %v, want %v", at, got, want)
	}
	return nil
}

// rank puts what is kept before what it is used in.
func rank(want any) int {
	if s, ok := want.(string); ok && strings.HasPrefix(s, "$") {
		return 0
	}
	return 1
}

func matchString(at, want string, got any, vars map[string]string) error {
	have, ok := got.(string)
	if name, isVar := strings.CutPrefix(want, "$"); isVar && !strings.ContainsAny(name, "/*$ ") {
		if _, known := vars[name]; !known && ok && have != "" {
			vars[name] = have
			return nil
		}
	}
	want = fill(want, vars)
	start, end := strings.TrimPrefix(want, "*"), strings.TrimSuffix(want, "*")
	switch {
	case !ok:
	case want == "*" && have != "", have == want:
		return nil
	case len(want) > 1 && start != want && end != want && strings.Contains(have, strings.Trim(want, "*")):
		return nil
	case len(want) > 1 && start != want && end == want && strings.HasSuffix(have, start):
		return nil
	case len(want) > 1 && end != want && start == want && strings.HasPrefix(have, end):
		return nil
	}
	return fmt.Errorf("%s is %v, want %q", at, got, want)
}
