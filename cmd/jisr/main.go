// Command jisr is the whole of Jisr in one program: it makes a member's node, runs it, and does what an operator
// does at the machine.
//
//	jisr init      make a node: keys, ledger, letter of credence, first accounts
//	jisr credence  show this member's letter of credence, accept those of others
//	jisr serve     run a node
//	jisr demo      run two or three governments on this machine, to look at
//	jisr verify    check an exported proof, offline
//
// and the rest of the table in [verbs]. A verb is one file: its options, its help in Arabic and English, and what it
// does. Verbs that change the house open the node's directory themselves and work beside a running `jisr serve`,
// which notices within a second: the ledger is the one place where they meet.
//
// # Conventions
//
// Results go to standard output, everything else to standard error. With --json a result is one JSON document.
// Exit codes: 0 done, 1 failed or refused, 2 not understood. The terminal speaks English unless --lang, JISR_LANG or
// the locale says Arabic. A refusal is a sentence, and a line that says which command helps.
//
// # Secrets
//
// Passwords and tokens are shown once, when they are made, and never logged. A password is given on standard
// input, never as an argument, because arguments are seen by every process of the machine.
//
// The interfaces named in section 6 of the design do not change; other programs are written against them.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"jisr/words"
)

// Exit codes.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
)

func main() { os.Exit(run()) }

// run is main with a result, so that what is deferred happens.
func run() int {
	w, err := words.New()
	if err != nil {
		fmt.Fprintln(os.Stderr, "jisr: internal error:", err)
		return exitFailed
	}
	args, lang := language(os.Args[1:], os.Getenv)
	t := newTerminal(w, lang)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return t.finish(t.dispatch(ctx, args))
}

// verb is one row of the table: what is typed, what it is for, and how its options are declared. setup gives
// what is run once they are read.
type verb struct {
	name  string // one or two words, as typed
	args  string // operands, as the usage line shows them
	short both   // one line
	long  both   // paragraphs of help
	setup func(*options) runner
}

// runner does the work of a verb. operands is what is left beside the options.
type runner func(ctx context.Context, t *terminal, operands []string) error

// verbs is the table, in the order of help.
func verbs() []verb {
	return []verb{
		initVerb(), serveVerb(), demoVerb(),
		credenceShowVerb(), credenceAcceptVerb(),
		verifyVerb(), bookRebuildVerb(),
		backupVerb(), restoreVerb(), ledgerCheckVerb(),
		keyShowVerb(), keyNewVerb(), keyWrapVerb(), keyRotateVerb(), keyEncryptVerb(),
		officialAddVerb(), officialListVerb(), officialPasswordVerb(), officialEndVerb(),
		officialInviteVerb(), officialRecoverVerb(), officialRestoreVerb(), officialHandOverVerb(),
		deskAddVerb(), deskReceiveVerb(), deskListVerb(),
		tokenAddVerb(), tokenListVerb(), tokenEndVerb(),
		programmeCheckVerb(), programmeNewVerb(), programmeShowVerb(),
		policyShowVerb(), policyCheckVerb(), policyProposeVerb(), policyApproveVerb(), policyWithdrawVerb(),
		mailBounceVerb(),
		benchVerb(), configDescribeVerb(), versionVerb(),
	}
}

// dispatch finds the verb that args begin with and runs it.
func (t *terminal) dispatch(ctx context.Context, args []string) error {
	if len(args) == 0 {
		t.overview(t.err, "")
		return errUsageShown
	}
	if args[0] == "help" || isHelp(args[0]) {
		return t.help(args[1:])
	}
	v, rest, err := t.find(args)
	if errors.Is(err, errHelpShown) {
		return nil
	}
	if err != nil {
		return err
	}
	return t.perform(ctx, v, rest)
}

// find matches one or two words against the table. One word of a pair alone shows its verbs.
func (t *terminal) find(args []string) (verb, []string, error) {
	for _, v := range verbs() {
		name := strings.Fields(v.name)
		if len(args) >= len(name) && strings.Join(args[:len(name)], " ") == v.name {
			return v, args[len(name):], nil
		}
	}
	for _, v := range verbs() {
		if !strings.HasPrefix(v.name, args[0]+" ") {
			continue
		}
		if len(args) > 1 && isHelp(args[1]) {
			t.overview(t.out, args[0]+" ")
			return verb{}, nil, errHelpShown
		}
		t.overview(t.err, args[0]+" ")
		return verb{}, nil, errUsageShown
	}
	return verb{}, nil, usage("cli.unknown-verb", "verb", args[0])
}

func (t *terminal) perform(ctx context.Context, v verb, args []string) error {
	o := newOptions(v.name, t.lang.Tag())
	do := v.setup(o)
	operands, err := o.parse(args)
	if errors.Is(err, flag.ErrHelp) {
		t.helpOn(v)
		return nil
	}
	if err != nil {
		return usageOf(v.name, err)
	}
	if v.args == "" && len(operands) > 0 {
		return usage("cli.unknown-operand", "operand", operands[0]).of(v.name)
	}
	err = do(ctx, t, operands)
	if u := (*usageError)(nil); errors.As(err, &u) && u.verb == "" {
		u.verb = v.name
	}
	return err
}

func (t *terminal) help(args []string) error {
	if len(args) == 0 {
		t.overview(t.out, "")
		return nil
	}
	v, _, err := t.find(append(args, "--help"))
	if errors.Is(err, errHelpShown) {
		return nil
	}
	if err == nil {
		t.helpOn(v)
	}
	return err
}

func isHelp(s string) bool { return s == "--help" || s == "-help" || s == "-h" }
