package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"

	"jisr"
	"jisr/words"
)

// terminal is where a verb reads and prints. The rules of what is printed stand in this file, once:
//
//   - results go to out, anything else to err
//   - what went wrong is one line "jisr: …", followed, where something can be done, by one line "try: …"
//   - a refusal is the sentence that an official would read; an error is in English, as logs are, because it
//     is for who runs the machine and is looked up as it stands
type terminal struct {
	in     io.Reader
	out    io.Writer
	err    io.Writer
	getenv func(string) string
	words  *words.Words
	lang   *words.Lang
}

func newTerminal(w *words.Words, lang string) *terminal {
	return &terminal{in: os.Stdin, out: os.Stdout, err: os.Stderr, getenv: os.Getenv, words: w, lang: w.In(lang).Plain()}
}

// both is a text of help in the two languages. It stands beside the code it describes, so that one is not
// changed without the other; sentences that report what happened are in words.
type both struct{ en, ar string }

func (b both) in(lang string) string {
	if lang == "ar" {
		return b.ar
	}
	return b.en
}

// language takes --lang out of the arguments, wherever it stands, and says which language to speak: that, else
// JISR_LANG, else the locale's; English when none says Arabic.
func language(args []string, getenv func(string) string) (rest []string, lang string) {
	for i := 0; i < len(args); i++ {
		name, value, glued := strings.Cut(strings.TrimPrefix(args[i], "-"), "=")
		if args[i] == "--" {
			rest = append(rest, args[i:]...)
			break
		}
		if !strings.HasPrefix(args[i], "-") || strings.TrimPrefix(name, "-") != "lang" {
			rest = append(rest, args[i])
			continue
		}
		if !glued && i+1 < len(args) {
			i++
			value = args[i]
		}
		lang = value
	}
	for _, from := range []string{"JISR_LANG", "LC_ALL", "LC_MESSAGES", "LANG"} {
		if lang == "" {
			lang = getenv(from)
		}
	}
	if strings.HasPrefix(lang, "ar") {
		return rest, "ar"
	}
	return rest, "en"
}

// say prints a sentence of words as a line of the result.
func (t *terminal) say(key string, args ...any) { fmt.Fprintln(t.out, t.lang.T(key, args...)) }

// note prints a sentence that is not a result.
func (t *terminal) note(key string, args ...any) { fmt.Fprintln(t.err, t.lang.T(key, args...)) }

// text picks the reader's language of a name, or what there is.
func (t *terminal) text(text jisr.Text) string {
	s, _ := text.In(t.lang.Tag())
	return t.lang.Isolate(s)
}

// json prints a result for programs: one document, one line unless it is long.
func (t *terminal) json(v any) error {
	e := json.NewEncoder(t.out)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return fmt.Errorf("couldn't print the result: %w", err)
	}
	return nil
}

// table prints rows in columns; the first row is the head.
func (t *terminal) table(rows [][]string) error {
	w := tabwriter.NewWriter(t.out, 0, 4, 2, ' ', 0)
	for _, r := range rows {
		fmt.Fprintln(w, strings.TrimRight(strings.Join(r, "\t"), "\t"))
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("couldn't print the result: %w", err)
	}
	return nil
}

// usageError says that the command line was not understood. Its sentence is in words.
type usageError struct {
	key  string
	args []any
	verb string
}

func usage(key string, args ...any) *usageError { return &usageError{key: key, args: args} }

func (u *usageError) of(verb string) *usageError { u.verb = verb; return u }

func (u *usageError) Error() string { return "usage: " + u.key + fmt.Sprint(u.args...) }

// usageOf carries an error of package flag.
func usageOf(verb string, err error) *usageError {
	return usage("cli.bad-option", "error", err.Error()).of(verb)
}

// hinted is an error with the command that helps.
type hinted struct {
	error
	command string
}

func (h *hinted) Unwrap() error { return h.error }

// hint adds the command that helps to an error; nil stays nil.
func hint(err error, command string) error {
	if err == nil {
		return nil
	}
	return &hinted{err, command}
}

// failure is an error whose sentence is in words, since whoever reads it need not be an operator.
type failure struct {
	key  string
	args []any
	err  error
}

func fail(key string, args ...any) error { return &failure{key: key, args: args} }

func (f *failure) Error() string { return f.key + " " + fmt.Sprint(f.args...) }
func (f *failure) Unwrap() error { return f.err }

var (
	errHelpShown  = errors.New("help was shown")
	errUsageShown = errors.New("usage was shown")
	errQuiet      = errors.New("the result says it") // the verb has printed what there is to say
)

// finish prints what became of a verb, if that is not good, and gives the exit code.
func (t *terminal) finish(err error) int {
	var u *usageError
	switch {
	case err == nil:
		return exitDone
	case errors.Is(err, errUsageShown):
		return exitUsage
	case errors.Is(err, errQuiet):
		return exitFailed
	case errors.As(err, &u):
		fmt.Fprintln(t.err, "jisr:", t.lang.T(u.key, u.args...))
		t.try(strings.Join(strings.Fields("jisr "+u.verb+" --help"), " "))
		return exitUsage
	}
	fmt.Fprintln(t.err, "jisr:", t.sentence(err))
	var h *hinted
	if errors.As(err, &h) {
		t.try(h.command)
	}
	return exitFailed
}

func (t *terminal) try(command string) {
	fmt.Fprintln(t.err, t.lang.T("cli.try", "command", command))
}

func (t *terminal) sentence(err error) string {
	var f *failure
	if errors.As(err, &f) {
		return t.lang.T(f.key, f.args...)
	}
	var r *jisr.Refusal
	if errors.As(err, &r) {
		return t.lang.Refusal(string(r.Kind), r.Subject, r.Need)
	}
	return err.Error()
}
