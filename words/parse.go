package words

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// entry is one value of the catalogue: a sentence (forms[""]), a plural or a sentence by gender.
type entry struct {
	forms map[string]sentence
}

// sentence is a text cut into parts: literals and placeholders, and groups that may be left out.
type sentence []part

type part struct {
	text  string   // a literal, when name and group are empty
	name  string   // a placeholder
	group sentence // in square brackets
}

// The names of forms: plural categories (CLDR), or genders of who writes and of who is written to.
func pluralNames() []string { return []string{"zero", "one", "two", "few", "many", "other"} }
func genderNames() []string { return []string{"f", "m", "ff", "fm", "mf", "mm"} }

// parse reads one flat object strictly: no key twice, sorted, nothing after it.
func parse(b []byte) (map[string]entry, error) {
	d := json.NewDecoder(bytes.NewReader(b))
	all, err := object(d, true, value)
	if err != nil {
		return nil, err
	}
	return all, atEnd(d)
}

// parseOverride reads language, key, value; the keys in any order.
func parseOverride(b []byte) (map[string]map[string]entry, error) {
	d := json.NewDecoder(bytes.NewReader(b))
	all, err := object(d, false, func(d *json.Decoder) (map[string]entry, error) { return object(d, false, value) })
	if err != nil {
		return nil, err
	}
	return all, atEnd(d)
}

func atEnd(d *json.Decoder) error {
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows the closing brace")
	}
	return nil
}

// object reads an object with a value of one kind under each key. encoding/json alone would take a key twice.
func object[V any](d *json.Decoder, sorted bool, value func(*json.Decoder) (V, error)) (map[string]V, error) {
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, fmt.Errorf("want an object at byte %d", d.InputOffset())
	}
	all, last := map[string]V{}, ""
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return nil, err
		}
		key, _ := t.(string)
		if _, twice := all[key]; twice || key == "" {
			return nil, fmt.Errorf("key %q stands twice or is empty", key)
		}
		if sorted && key < last {
			return nil, fmt.Errorf("key %q stands after %q: keys are sorted", key, last)
		}
		if all[key], err = value(d); err != nil {
			return nil, fmt.Errorf("%s: %w", key, err)
		}
		last = key
	}
	_, err := d.Token()
	return all, err
}

func value(d *json.Decoder) (entry, error) {
	var raw json.RawMessage
	if err := d.Decode(&raw); err != nil {
		return entry{}, err
	}
	inner := json.NewDecoder(bytes.NewReader(raw))
	if len(raw) > 0 && raw[0] == '{' {
		forms, err := object(inner, false, form)
		if err == nil && len(forms) == 0 {
			err = errors.New("no forms")
		}
		return entry{forms}, err
	}
	s, err := form(inner)
	return entry{map[string]sentence{"": s}}, err
}

func form(d *json.Decoder) (sentence, error) {
	t, err := d.Token()
	if err != nil {
		return nil, err
	}
	s, ok := t.(string)
	if !ok || strings.TrimSpace(s) != s || s == "" {
		return nil, errors.New("want a text, not empty, without space at its ends")
	}
	return cut(s)
}

// cut takes a text apart at {placeholders} and [groups].
func cut(s string) (sentence, error) {
	var out sentence
	for s != "" {
		i := strings.IndexAny(s, "{}[]")
		if i < 0 {
			return append(out, part{text: s}), nil
		}
		if i > 0 {
			out = append(out, part{text: s[:i]})
		}
		closing := map[byte]string{'{': "}", '[': "]"}[s[i]]
		end := strings.Index(s[i:], closing)
		if closing == "" || end < 0 {
			return nil, fmt.Errorf("%q at byte %d stands alone", s[i], i)
		}
		p, err := bracket(s[i], s[i+1:i+end])
		if err != nil {
			return nil, err
		}
		out, s = append(out, p), s[i+end+1:]
	}
	return out, nil
}

func bracket(kind byte, inside string) (part, error) {
	if kind == '{' {
		if inside == "" || strings.Trim(inside, "abcdefghijklmnopqrstuvwxyz_") != "" {
			return part{}, fmt.Errorf("{%s} is no name of a placeholder", inside)
		}
		return part{name: inside}, nil
	}
	group, err := cut(inside)
	if err == nil && len(names(group)) == 0 {
		err = fmt.Errorf("[%s] has no placeholder to decide on", inside)
	}
	return part{group: group}, err
}

// names lists the placeholders of a sentence, sorted, no one twice.
func names(s sentence) []string {
	var all []string
	for _, p := range s {
		if p.name != "" {
			all = append(all, p.name)
		}
		all = append(all, names(p.group)...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// names lists the placeholders of all forms but the counted number, which a form such as "one day" leaves out.
func (e entry) names() []string {
	var all []string
	for _, s := range e.forms {
		for _, n := range names(s) {
			if n != "n" || !e.plural() {
				all = append(all, n)
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func (e entry) plural() bool { _, ok := e.forms["other"]; return ok }

// sameShape tells what differs from the model in another language.
func (e entry) sameShape(model entry) error {
	if e.plural() != model.plural() {
		return errors.New("a plural in one language, a sentence in another")
	}
	if got, want := e.names(), model.names(); !slices.Equal(got, want) {
		return fmt.Errorf("placeholders %v, want %v", got, want)
	}
	return nil
}

// checkForms holds the names of forms against what the language has, and each form against the others.
func (e entry) checkForms(plurals []string) error {
	if _, plain := e.forms[""]; plain {
		return nil
	}
	want := genderNames()
	if e.plural() {
		want = plurals
		for _, p := range plurals {
			if e.forms[p] == nil {
				return fmt.Errorf("no form %q", p)
			}
		}
	}
	for f := range e.forms {
		if !slices.Contains(want, f) {
			return fmt.Errorf("form %q is not one of %v", f, want)
		}
	}
	return e.checkEven()
}

func (e entry) checkEven() error {
	all := e.names()
	for f, s := range e.forms {
		for _, n := range all {
			if !slices.Contains(names(s), n) {
				return fmt.Errorf("form %q lacks {%s}", f, n)
			}
		}
	}
	return nil
}
