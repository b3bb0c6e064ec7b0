package main

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// commands are what sessions can say beside testscript's own.
func commands() map[string]func(*testscript.TestScript, bool, []string) {
	return map[string]func(*testscript.TestScript, bool, []string){
		"exits": exits, "ready": ready, "fetch": fetch, "value": value, "flip": flip,
	}
}

// exits CODE PROGRAM ARGS… runs a program that must end with this exit code.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM ARGS…")
	}
	err := ts.Exec(args[1], args[2:]...)
	code := 0
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		code = exit.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if strconv.Itoa(code) != args[0] {
		ts.Fatalf("exit code %d, want %s", code, args[0])
	}
}

// ready ADDRESS waits until a node answers that it is ready.
func ready(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: ready ADDRESS")
	}
	deadline := time.Now().Add(readyWithin)
	tick := time.NewTicker(readyEvery)
	defer tick.Stop()
	for range tick.C {
		res, err := http.Get("http://" + args[0] + "/readyz")
		if err == nil {
			res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return
			}
		}
		if time.Now().After(deadline) {
			ts.Fatalf("%s is not ready: %v", args[0], err)
		}
	}
}

// fetch WANT METHOD URL TOKENFILE OUT [BODY [PREFER]] asks the API and keeps the answer's body; WANT is the status. A
// status that comes within a few seconds counts: the node follows what other processes wrote within one.
func fetch(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 5 {
		ts.Fatalf("usage: fetch WANT METHOD URL TOKENFILE OUT [BODY [PREFER]]")
	}
	deadline := time.Now().Add(5 * time.Second)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for range tick.C {
		status, body := ask(ts, args)
		if strconv.Itoa(status) == args[0] {
			ts.Check(writeFile(ts.MkAbs(args[4]), body))
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("status %d, want %s: %s", status, args[0], body)
		}
	}
}

func ask(ts *testscript.TestScript, args []string) (int, []byte) {
	body := ""
	if len(args) > 5 {
		body = ts.ReadFile(args[5])
	}
	req, err := http.NewRequest(args[1], args[2], strings.NewReader(body))
	ts.Check(err)
	req.Header.Set("Authorization", "Bearer "+strings.TrimSpace(ts.ReadFile(args[3])))
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	if len(args) > 6 {
		req.Header.Set("Prefer", args[6])
	}
	res, err := http.DefaultClient.Do(req)
	ts.Check(err)
	defer res.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	ts.Check(err)
	return res.StatusCode, answer
}

// value NAME FILE PATH sets a variable to what stands in a JSON file: fields and indices with dots between.
func value(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: value NAME FILE PATH")
	}
	var v any
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[1])), &v))
	for part := range strings.SplitSeq(args[2], ".") {
		switch at := v.(type) {
		case map[string]any:
			v = at[part]
		case []any:
			i, err := strconv.Atoi(part)
			ts.Check(err)
			if i >= len(at) {
				ts.Fatalf("%s: only %d elements", args[2], len(at))
			}
			v = at[i]
		default:
			ts.Fatalf("%s: nothing in it at %s", args[1], args[2])
		}
	}
	text, ok := v.(string)
	if !ok {
		b, err := json.Marshal(v)
		ts.Check(err)
		text = string(b)
	}
	ts.Setenv(args[0], text)
}

// flip FILE OUT copies a file with one bit changed in its middle.
func flip(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: flip FILE OUT")
	}
	b := []byte(ts.ReadFile(args[0]))
	b[len(b)/2] ^= 1
	ts.Check(writeFile(ts.MkAbs(args[1]), b))
}
