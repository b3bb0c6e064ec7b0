package main

import (
	"net"
	"os"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain lets the test binary be jisr: the sessions below and the nodes they start run the program's own main.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"jisr": func() { os.Exit(run()) }})
}

func writeFile(path string, data []byte) error { return os.WriteFile(path, data, 0o600) }

// TestSessions runs every session in testdata/script: what is typed, what comes back.
func TestSessions(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(e *testscript.Env) error {
			e.Setenv("LANG", "C")
			ports, err := freePorts(8)
			if err != nil {
				return err
			}
			for i, name := range []string{"IQ", "IQLINK", "SY", "SYLINK", "JO", "JOLINK", "A", "B"} {
				e.Setenv(name, ports[i])
			}
			for i, name := range []string{"PORT", "PORT2", "PORT3"} {
				e.Setenv(name, strconv.Itoa(demoPorts(20_000+i*10_000)))
			}
			return nil
		},
		RequireExplicitExec: true,
		Cmds:                commands(),
	})
}

// demoPorts finds a port from which on all that a demo needs are free.
func demoPorts(from int) int {
	for ; ; from += 10 {
		free := true
		for _, i := range []int{0, 1, 2, openPortStep, openPortStep + 1, openPortStep + 2, linkPortStep, linkPortStep + 1, linkPortStep + 2} {
			l, err := net.Listen("tcp", loopback(from+i))
			if err != nil {
				free = false
				continue
			}
			l.Close()
		}
		if free {
			return from
		}
	}
}
