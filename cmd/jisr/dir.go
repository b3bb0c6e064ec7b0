package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"jisr"
	"jisr/node"
)

const maxLine = 4 << 10 // bytes of an answer typed at the terminal

// dirOf is the directory a verb works in.
func (t *terminal) dirOf(given string) string {
	if given != "" {
		return given
	}
	if d := t.getenv("JISR_DIR"); d != "" {
		return d
	}
	return "."
}

// house opens a node's directory for a verb that reads or changes the house, lets do work in it, and closes it. The
// node does not meet other members meanwhile; a `jisr serve` that runs beside follows what was written.
func (t *terminal) house(ctx context.Context, dir string, do func(*node.Node) error) error {
	dir = t.dirOf(dir)
	c, err := readConfig(dir, t.getenv)
	if err != nil {
		return err
	}
	n, err := node.Open(ctx, node.Options{Dir: dir, Config: c, Logger: t.logger(c.Log)})
	if err != nil {
		return fmt.Errorf("couldn't open the node in %s: %w", dir, err)
	}
	return errors.Join(do(n), n.Close())
}

// operate carries out one command as the operator at the machine.
func (t *terminal) operate(ctx context.Context, dir string, cmd node.Command) (done node.Done, err error) {
	err = t.house(ctx, dir, func(n *node.Node) error {
		done, err = n.Do(ctx, n.Operator(), cmd)
		return err
	})
	return done, err
}

// logger writes the log to standard error from the level named in the configuration on.
func (t *terminal) logger(level string) *slog.Logger {
	var l slog.Level
	if level == "" || l.UnmarshalText([]byte(level)) != nil {
		l = slog.LevelInfo
	}
	return slog.New(slog.NewTextHandler(t.err, &slog.HandlerOptions{Level: l}))
}

// line reads one line of standard input, at most maxLine bytes.
func (t *terminal) line() (string, error) {
	s, err := bufio.NewReader(io.LimitReader(t.in, maxLine)).ReadString('\n')
	if err != nil && (!errors.Is(err, io.EOF) || s == "") {
		return "", fmt.Errorf("couldn't read an answer from standard input: %w", err)
	}
	return strings.TrimSpace(s), nil
}

// titled makes a text of what was given in each language.
func titled(ar, en string) jisr.Text {
	text := jisr.Text{}
	if ar != "" {
		text["ar"] = ar
	}
	if en != "" {
		text["en"] = en
	}
	return text
}

// rolesOf reads "drafter,releaser".
func rolesOf(s string) []jisr.Role {
	var all []jisr.Role
	for r := range strings.SplitSeq(s, ",") {
		if r = strings.TrimSpace(r); r != "" {
			all = append(all, jisr.Role(r))
		}
	}
	return all
}

func roleNames(roles []jisr.Role) []string { return strs(roles) }

func strs[S ~string](named []S) []string {
	var all []string
	for _, s := range named {
		all = append(all, string(s))
	}
	return all
}
