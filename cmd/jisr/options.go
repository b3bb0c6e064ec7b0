package main

import (
	"flag"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// options are a verb's, in the order they are declared, each with its meaning in the reader's language.
type options struct {
	*flag.FlagSet
	lang  string
	rows  [][2]string
	added map[string]bool
}

func newOptions(verb, lang string) *options {
	o := &options{FlagSet: flag.NewFlagSet(verb, flag.ContinueOnError), lang: lang, added: map[string]bool{}}
	o.SetOutput(io.Discard)
	o.Usage = func() {}
	return o
}

func (o *options) describe(name, value string, means both) string {
	o.rows = append(o.rows, [2]string{strings.TrimSpace("--" + name + " " + value), means.in(o.lang)})
	return means.in(o.lang)
}

func (o *options) text(name, value, def string, means both) *string {
	return o.String(name, def, o.describe(name, value, means))
}

func (o *options) on(name string, means both) *bool {
	return o.Bool(name, false, o.describe(name, "", means))
}

func (o *options) many(name, value string, means both) *list {
	var l list
	o.Var(&l, name, o.describe(name, value, means))
	return &l
}

func (o *options) dir() *string {
	return o.text("dir", "DIR", "", both{"the node's directory; default: $JISR_DIR, else the current directory", "مجلد المنظومة؛ والافتراضي \u200e$JISR_DIR\u200e وإلا فالمجلد الحالي"})
}

func (o *options) asJSON() *bool {
	return o.on("json", both{"print the result as JSON", "اطبع النتيجة بصيغة JSON"})
}

// parse reads options wherever they stand among the operands; after "--" everything is an operand.
func (o *options) parse(args []string) (operands []string, err error) {
	for {
		if err := o.Parse(args); err != nil {
			return nil, err
		}
		rest := o.Args()
		if len(rest) == 0 {
			return operands, nil
		}
		if n := len(args) - len(rest); n > 0 && args[n-1] == "--" {
			return append(operands, rest...), nil
		}
		operands = append(operands, rest[0])
		args = rest[1:]
	}
}

// list is an option that may be given several times.
type list []string

func (l *list) String() string { return strings.Join(*l, ",") }

// Set adds one value (flag.Value).
func (l *list) Set(s string) error { *l = append(*l, s); return nil }

// overview prints the verbs that begin with prefix.
func (t *terminal) overview(w io.Writer, prefix string) {
	fmt.Fprintln(w, both{
		"Jisr (جسر, bridge): direct cooperation between governments, each on its own machines.",
		"جسر: تعاون مباشر بين الحكومات، كلٌّ منها على أجهزتها.",
	}.in(t.lang.Tag()))
	fmt.Fprintln(w)
	fmt.Fprintln(w, both{"usage: jisr VERB [options]", "الاستعمال: jisr VERB [options]"}.in(t.lang.Tag()))
	fmt.Fprintln(w)
	tab := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	for _, v := range verbs() {
		if strings.HasPrefix(v.name, prefix) {
			fmt.Fprintf(tab, "  %s\t%s\n", v.name, v.short.in(t.lang.Tag()))
		}
	}
	tab.Flush()
	fmt.Fprintln(w)
	fmt.Fprintln(w, both{"jisr VERB --help says more. --lang ar speaks Arabic.", "jisr VERB --help يشرح كل أمر. وللإنكليزية \u200e--lang en\u200e."}.in(t.lang.Tag()))
}

// helpOn prints all there is to say of one verb.
func (t *terminal) helpOn(v verb) {
	o := newOptions(v.name, t.lang.Tag())
	v.setup(o)
	fmt.Fprintln(t.out, strings.TrimSpace("jisr "+v.name+" "+v.args))
	fmt.Fprintln(t.out)
	fmt.Fprintln(t.out, v.short.in(t.lang.Tag()))
	if long := strings.TrimSpace(v.long.in(t.lang.Tag())); long != "" {
		fmt.Fprintln(t.out)
		fmt.Fprintln(t.out, long)
	}
	if len(o.rows) == 0 {
		return
	}
	fmt.Fprintln(t.out)
	tab := tabwriter.NewWriter(t.out, 0, 4, 2, ' ', 0)
	for _, r := range o.rows {
		fmt.Fprintf(tab, "  %s\t%s\n", r[0], r[1])
	}
	tab.Flush()
}
