package words

import (
	"embed"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"golang.org/x/text/language"
)

//go:embed *.json
var files embed.FS

// MaxOverride bounds an operator's file of own wordings, in bytes.
const MaxOverride = 1 << 20

// first is the language of whoever asks for none that is here.
const first = "ar"

// Words is the catalogue in all its languages.
type Words struct {
	langs   map[string]*Lang
	matcher language.Matcher
	tags    []string // as the matcher counts them, first the fallback
}

// New reads the catalogue. It fails when a language lacks a key, a placeholder or a plural form: the binary was
// built from an incomplete catalogue and must not start.
func New() (*Words, error) {
	entries, err := files.ReadDir(".")
	if err != nil {
		return nil, fmt.Errorf("couldn't list the languages: %w", err)
	}
	w := &Words{langs: make(map[string]*Lang, len(entries))}
	for _, e := range entries {
		tag := strings.TrimSuffix(e.Name(), ".json")
		b, err := files.ReadFile(e.Name())
		if err == nil {
			w.langs[tag], err = load(tag, b)
		}
		if err != nil {
			return nil, fmt.Errorf("couldn't read the words of %s: %w", tag, err)
		}
	}
	if err := w.compare(); err != nil {
		return nil, err
	}
	w.index()
	return w, nil
}

func load(tag string, b []byte) (*Lang, error) {
	entries, err := parse(b)
	if err != nil {
		return nil, err
	}
	return newLang(tag, entries)
}

// compare holds every language against the first: same keys, same kinds of value, same placeholders.
func (w *Words) compare() error {
	model := w.langs[first]
	if model == nil {
		return fmt.Errorf("couldn't find the words of %s", first)
	}
	for _, tag := range w.Tags() {
		l := w.langs[tag]
		for _, key := range slices.Sorted(maps.Keys(model.entries)) {
			e, ok := l.entries[key]
			if !ok {
				return fmt.Errorf("couldn't find %q in %s", key, tag)
			}
			if err := e.sameShape(model.entries[key]); err != nil {
				return fmt.Errorf("couldn't use %q of %s: %w", key, tag, err)
			}
		}
		if n := len(l.entries) - len(model.entries); n > 0 {
			return fmt.Errorf("couldn't use %s: it has %d keys that %s lacks, %q first", tag, n, first, l.extra(model))
		}
	}
	return nil
}

func (w *Words) index() {
	w.tags = []string{first}
	for _, t := range w.Tags() {
		if t != first {
			w.tags = append(w.tags, t)
		}
	}
	all := make([]language.Tag, len(w.tags))
	for i, t := range w.tags {
		all[i] = w.langs[t].tag
	}
	w.matcher = language.NewMatcher(all)
}

// Tags lists the languages, sorted.
func (w *Words) Tags() []string { return slices.Sorted(maps.Keys(w.langs)) }

// Has tells whether the catalogue has the key.
func (w *Words) Has(key string) bool { _, ok := w.langs[first].entries[key]; return ok }

// Keys lists the keys that begin with prefix, sorted.
func (w *Words) Keys(prefix string) []string {
	var keys []string
	for k := range w.langs[first].entries {
		if strings.HasPrefix(k, prefix) {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	return keys
}

// In gives a language by its tag: "ar", "en", "en-GB"; Arabic when there is none such. "ar-u-nu-latn" is Arabic
// with Latin digits (BCP 47, Unicode extension nu), a preference of the reader.
func (w *Words) In(tag string) *Lang {
	base, ext, _ := strings.Cut(tag, "-u-nu-")
	base, _, _ = strings.Cut(base, "-")
	l := w.langs[strings.ToLower(base)]
	if l == nil {
		l = w.langs[first]
	}
	if ext == "latn" {
		return l.latin()
	}
	return l
}

// Accept gives the language for an HTTP Accept-Language header (RFC 9110 section 12.5.4).
func (w *Words) Accept(header string) *Lang {
	if len(header) > 200 {
		return w.langs[first]
	}
	want, _, err := language.ParseAcceptLanguage(header)
	if err != nil || len(want) == 0 {
		return w.langs[first]
	}
	_, i, sure := w.matcher.Match(want...)
	if sure == language.No {
		return w.langs[first]
	}
	return w.langs[w.tags[i]]
}

// Override replaces wordings by the operator's own, most often courtesy formulas:
//
//	{"ar": {"courtesy.verbale.closing": "…"}, "en": {…}}
//
// Only keys that exist, with no placeholder they do not have. Nothing is changed when anything is refused. It is
// called before the words are used: it is not safe beside readers.
func (w *Words) Override(r io.Reader) error {
	b, err := io.ReadAll(io.LimitReader(r, MaxOverride+1))
	if err != nil {
		return fmt.Errorf("couldn't read the wordings: %w", err)
	}
	if len(b) > MaxOverride {
		return fmt.Errorf("couldn't use the wordings: longer than %d bytes", MaxOverride)
	}
	byLang, err := parseOverride(b)
	if err != nil {
		return fmt.Errorf("couldn't use the wordings: %w", err)
	}
	next := maps.Clone(w.langs)
	for tag, entries := range byLang {
		if next[tag] == nil {
			return fmt.Errorf("couldn't use the wordings: no language %q", tag)
		}
		if next[tag], err = next[tag].with(entries); err != nil {
			return fmt.Errorf("couldn't use the wordings of %s: %w", tag, err)
		}
	}
	w.langs = next
	return nil
}
