package words

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"
)

// Raw is an argument put into a sentence as it is, without isolation: text of our own in the same language.
type Raw string

// Lang is the catalogue in one language, as one reader wants it.
type Lang struct {
	name    string
	tag     language.Tag
	entries map[string]entry
	digits  []string // ten
	plain   bool
}

func newLang(name string, entries map[string]entry) (*Lang, error) {
	tag, err := language.Parse(name)
	if err != nil {
		return nil, err
	}
	l := &Lang{name: name, tag: tag, entries: entries}
	plurals := l.plurals()
	for _, key := range slices.Sorted(maps.Keys(entries)) {
		if err := entries[key].checkForms(plurals); err != nil {
			return nil, fmt.Errorf("%s: %w", key, err)
		}
	}
	l.digits = strings.Split(l.T("lang.digits"), "")
	if len(l.digits) != 10 {
		return nil, fmt.Errorf("lang.digits: want ten digits, 0 to 9")
	}
	return l, nil
}

// plurals lists the forms the language has: every number that could need one is tried.
func (l *Lang) plurals() []string {
	has := map[string]bool{"other": true}
	for n := range 1000 {
		has[l.form(n)] = true
	}
	return slices.DeleteFunc(pluralNames(), func(f string) bool { return !has[f] })
}

func (l *Lang) form(n int) string {
	n %= 10_000_000 // as the tables of plural rules ask; none looks at higher digits
	switch plural.Cardinal.MatchPlural(l.tag, max(n, -n), 0, 0, 0, 0) {
	case plural.Zero:
		return "zero"
	case plural.One:
		return "one"
	case plural.Two:
		return "two"
	case plural.Few:
		return "few"
	case plural.Many:
		return "many"
	}
	return "other"
}

// with is the language with some entries replaced.
func (l *Lang) with(entries map[string]entry) (*Lang, error) {
	next := *l
	next.entries = maps.Clone(l.entries)
	plurals := l.plurals()
	for key, e := range entries {
		old, ok := l.entries[key]
		if !ok {
			return nil, fmt.Errorf("no such key %q", key)
		}
		if err := e.checkForms(plurals); err != nil {
			return nil, fmt.Errorf("%s: %w", key, err)
		}
		if e.plural() != old.plural() {
			return nil, fmt.Errorf("%s: a plural in place of a sentence, or the other way round", key)
		}
		for _, n := range e.names() {
			if !slices.Contains(old.names(), n) {
				return nil, fmt.Errorf("%s: no placeholder {%s}; there are %v", key, n, old.names())
			}
		}
		next.entries[key] = e
	}
	if strings.HasPrefix(next.text("lang.dir"), "⟦") || len(strings.Split(next.text("lang.digits"), "")) != 10 {
		return nil, fmt.Errorf("lang.digits: want ten digits, 0 to 9")
	}
	return &next, nil
}

func (l *Lang) extra(model *Lang) string {
	for _, k := range slices.Sorted(maps.Keys(l.entries)) {
		if _, ok := model.entries[k]; !ok {
			return k
		}
	}
	return ""
}

func (l *Lang) latin() *Lang {
	next := *l
	next.digits = strings.Split("0123456789", "")
	return &next
}

// Plain is the language without isolates around arguments, for terminals, logs and programs.
func (l *Lang) Plain() *Lang {
	next := *l
	next.plain = true
	return &next
}

// Tag is the language as HTML's lang attribute has it: "ar".
func (l *Lang) Tag() string { return l.name }

// Dir is the direction of its script, as HTML's dir attribute has it: "rtl" or "ltr".
func (l *Lang) Dir() string { return l.text("lang.dir") }

// Name is what the language calls itself.
func (l *Lang) Name() string { return l.text("lang.name") }

// Has tells whether the catalogue has the key.
func (l *Lang) Has(key string) bool { _, ok := l.entries[key]; return ok }

// T gives the sentence of a key. args are pairs of placeholder and value: strings and texts of people, which are
// isolated; Raw; int, int64, which are written in the language's digits; time.Time, written as DateTime.
func (l *Lang) T(key string, args ...any) string {
	e, ok := l.entries[key]
	if !ok {
		return "⟦" + key + "⟧"
	}
	s, ok := e.forms[""]
	if !ok {
		s = e.forms["other"]
	}
	return l.say(s, args)
}

func (l *Lang) text(key string) string { return l.T(key) }

// N gives a plural: the form for n, in which {n} is n.
func (l *Lang) N(key string, n int, args ...any) string {
	e, ok := l.entries[key]
	if !ok {
		return "⟦" + key + "⟧"
	}
	s, ok := e.forms[l.form(n)]
	if !ok {
		s = e.forms[""]
	}
	return l.say(s, append(args[:len(args):len(args)], "n", n))
}

func (l *Lang) say(s sentence, args []any) string {
	if len(s) == 1 && s[0].name == "" && s[0].group == nil {
		return s[0].text
	}
	var b strings.Builder
	for _, p := range s {
		switch {
		case p.group != nil:
			if given(p.group, args) {
				b.WriteString(l.say(p.group, args))
			}
		case p.name != "":
			b.WriteString(l.fill(p.name, args))
		default:
			b.WriteString(p.text)
		}
	}
	return b.String()
}

func given(s sentence, args []any) bool {
	for _, n := range names(s) {
		if v, ok := argument(n, args); !ok || v == "" || v == Raw("") {
			return false
		}
	}
	return true
}

func argument(name string, args []any) (any, bool) {
	for i := 0; i+1 < len(args); i += 2 {
		if args[i] == name {
			return args[i+1], true
		}
	}
	return nil, false
}

func (l *Lang) fill(name string, args []any) string {
	v, ok := argument(name, args)
	if !ok {
		return "{" + name + "}"
	}
	switch v := v.(type) {
	case Raw:
		return string(v)
	case int:
		return l.Number(int64(v))
	case int64:
		return l.Number(v)
	case time.Time:
		return l.DateTime(v)
	case string:
		return l.Isolate(v)
	}
	return l.Isolate(fmt.Sprint(v))
}

// Isolate wraps a text of unknown direction so that it cannot disturb the text around it (UAX 9, FSI and PDI),
// and drops bidi controls and line breaks it carries: they may come from another government.
func (l *Lang) Isolate(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r >= 0x202A && r <= 0x202E, r >= 0x2066 && r <= 0x2069, r == 0x200E, r == 0x200F, r == 0x061C, r == 0x7F:
			return -1
		case r < ' ', r == 0x2028, r == 0x2029, r == 0x85:
			return ' '
		}
		return r
	}, s)
	if l.plain || s == "" {
		return s
	}
	return "\u2068" + s + "\u2069"
}

// DirOf is the direction of any language's script, for texts that say their language.
func DirOf(tag string) string {
	base, _, _ := strings.Cut(tag, "-")
	switch strings.ToLower(base) {
	case "ar", "fa", "he", "ur", "ckb", "ps", "sd", "ug", "syr", "arc":
		return "rtl"
	}
	return "ltr"
}
