package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/BurntSushi/toml"

	"jisr/node"
)

const (
	configFile = "jisr.toml"
	maxConfig  = 64 << 10 // bytes of a jisr.toml
)

// setting is one key of jisr.toml: how it is written there, in the environment, and in the manual. All come from
// the fields of node.Config, so none can be forgotten.
type setting struct {
	key   string // "link.listen"
	doc   string
	def   string        // its default as jisr.toml would have it
	value reflect.Value // the field itself
}

// env is the setting's name in the environment: JISR_LINK_LISTEN.
func (s setting) env() string {
	return "JISR_" + strings.ToUpper(strings.ReplaceAll(s.key, ".", "_"))
}

// settings lists the keys of a configuration in the order of the struct. This is the one place that looks at its
// fields by reflection, because the manual is in their tags.
func settings(c *node.Config) []setting {
	defaults := node.Config{}.Defaulted()
	return settingsIn("", reflect.ValueOf(c).Elem(), reflect.ValueOf(defaults))
}

func settingsIn(prefix string, v, defaults reflect.Value) []setting {
	var all []setting
	for i := range v.NumField() {
		f := v.Type().Field(i)
		s := setting{key: prefix + f.Tag.Get("toml"), doc: f.Tag.Get("doc"), def: written(defaults.Field(i)), value: v.Field(i)}
		if f.Type.Kind() == reflect.Struct {
			all = append(all, settingsIn(s.key+".", v.Field(i), defaults.Field(i))...)
			continue
		}
		all = append(all, s)
	}
	return all
}

// written is a value as jisr.toml has it.
func written(v reflect.Value) string {
	switch v.Kind() {
	case reflect.String:
		return quoted(v.String())
	case reflect.Slice:
		var all []string
		for i := range v.Len() {
			all = append(all, quoted(v.Index(i).String()))
		}
		return "[" + strings.Join(all, ", ") + "]"
	case reflect.Bool:
		return strconv.FormatBool(v.Bool())
	default:
		return ""
	}
}

// quoted is a basic string of TOML v1.0.0.
func quoted(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r < 0x20 || r == 0x7F:
			fmt.Fprintf(&b, `\u%04X`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// readConfig reads dir/jisr.toml and what the environment says otherwise. A key that does not exist is refused with
// its line: a misspelt setting must not be a setting left out.
func readConfig(dir string, getenv func(string) string) (node.Config, error) {
	path := filepath.Join(dir, configFile)
	data, err := readBounded(path, maxConfig)
	if errors.Is(err, os.ErrNotExist) {
		return node.Config{}, hint(fail("cli.no-node", "dir", dir), "jisr init --dir "+dir)
	}
	if err != nil {
		return node.Config{}, err
	}
	c, err := parseConfig(data)
	if f := (*failure)(nil); errors.As(err, &f) {
		f.args = append(f.args, "file", path)
		return c, hint(err, "jisr config describe")
	}
	if err != nil {
		return c, err
	}
	return c, override(&c, getenv)
}

func parseConfig(data []byte) (node.Config, error) {
	var c node.Config
	meta, err := toml.Decode(string(data), &c)
	var bad toml.ParseError
	if errors.As(err, &bad) {
		return c, &failure{key: "cli.config-bad", args: []any{"line", fmt.Sprint(max(bad.Position.Line, 1)), "error", bad.Message}, err: err}
	}
	if err != nil {
		line, text := lineIn(err.Error())
		return c, &failure{key: "cli.config-bad", args: []any{"line", line, "error", text}, err: err}
	}
	for _, k := range meta.Undecoded() {
		return c, fail("cli.config-key", "key", k.String(), "line", lineOf(data, k))
	}
	return c, nil
}

// lineIn takes the line out of the other errors of the TOML package, which carry it in their text only.
func lineIn(text string) (line, rest string) {
	text = strings.TrimPrefix(text, "toml: ")
	if at, after, ok := strings.Cut(text, " "); ok && at == "line" {
		line, after, _ = strings.Cut(after, " ")
		return line, after
	}
	return "", text
}

// lineOf finds the line where a key stands. It looks for the key's last part under its table's head, or for the
// head itself; when the file writes it in another way, the line is left out.
func lineOf(data []byte, key toml.Key) string {
	table := ""
	for i, line := range bytes.Split(data, []byte("\n")) {
		text := strings.TrimSpace(string(line))
		if strings.HasPrefix(text, "[") {
			table = strings.Trim(strings.SplitN(text, "#", 2)[0], "[] \t")
			if table == key.String() {
				return fmt.Sprint(i + 1)
			}
			continue
		}
		name, _, ok := strings.Cut(text, "=")
		full := strings.Trim(strings.TrimSpace(name), `"'`)
		if table != "" {
			full = table + "." + full
		}
		if ok && (full == key.String() || strings.HasPrefix(key.String(), full+".")) {
			return fmt.Sprint(i + 1)
		}
	}
	return ""
}

// override lets the environment replace settings. A table of languages takes one variable a language, a list
// takes values with commas between.
func override(c *node.Config, getenv func(string) string) error {
	for _, s := range settings(c) {
		switch s.value.Kind() {
		case reflect.String:
			if v := getenv(s.env()); v != "" {
				s.value.SetString(v)
			}
		case reflect.Bool:
			v := getenv(s.env())
			if v != "" && v != "true" && v != "false" {
				return fail("cli.not-bool", "name", s.env(), "got", v, "yes", "true", "no", "false")
			}
			if v != "" {
				s.value.SetBool(v == "true")
			}
		case reflect.Slice:
			if v := getenv(s.env()); v != "" {
				s.value.Set(reflect.ValueOf(strings.Split(v, ",")))
			}
		case reflect.Map:
			for _, lang := range []string{"ar", "en"} {
				if v := getenv(s.env() + "_" + strings.ToUpper(lang)); v != "" {
					if s.value.IsNil() {
						s.value.Set(reflect.ValueOf(map[string]string{}))
					}
					s.value.SetMapIndex(reflect.ValueOf(lang), reflect.ValueOf(v))
				}
			}
		default:
			return fmt.Errorf("internal error: setting %s is a %s", s.key, s.value.Kind())
		}
	}
	return nil
}

// configText is a jisr.toml with what differs from the defaults.
func configText(c node.Config) string {
	var b, tables strings.Builder
	b.WriteString("# A node of Jisr. `jisr config describe` prints what every key means.\n\n")
	fmt.Fprintf(&b, "member = %s\norigin = %s\n", quoted(c.Member), quoted(c.Origin))
	for _, s := range settings(&c) {
		head, name, nested := strings.Cut(s.key, ".")
		if s.value.Kind() == reflect.Map || s.value.IsZero() || s.key == "member" || s.key == "origin" {
			continue
		}
		if !nested {
			fmt.Fprintf(&b, "%s = %s\n", s.key, written(s.value))
			continue
		}
		if h := "[" + head + "]\n"; !strings.Contains(tables.String(), h) {
			tables.WriteString("\n" + h)
		}
		fmt.Fprintf(&tables, "%s = %s\n", name, written(s.value))
	}
	b.WriteString("\n[name]\n")
	for _, lang := range []string{"ar", "en"} {
		if c.Name[lang] != "" {
			fmt.Fprintf(&b, "%s = %s\n", lang, quoted(c.Name[lang]))
		}
	}
	return b.String() + tables.String()
}

// writeConfig writes dir/jisr.toml for the first time; it never replaces one.
func writeConfig(dir string, c node.Config) error {
	if err := writeNew(filepath.Join(dir, configFile), []byte(configText(c))); err != nil {
		return fmt.Errorf("couldn't write the configuration: %w", err)
	}
	return nil
}

// writeNew writes a private file that must not exist yet, and has it on disk when it returns.
func writeNew(path string, data []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Sync(), f.Close())
}

// replaceFile writes a private file beside path and renames it over: a crash leaves the old or the new one whole.
func replaceFile(path string, data []byte) error {
	fresh := path + ".new"
	if err := os.Remove(fresh); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if err := writeNew(fresh, data); err != nil {
		return err
	}
	return os.Rename(fresh, path)
}

// readBounded reads a file of at most limit bytes.
func readBounded(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("couldn't read it: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, fmt.Errorf("couldn't read %s: %w", path, err)
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("couldn't read %s: it is longer than %d bytes", path, limit)
	}
	return data, nil
}

func configDescribeVerb() verb {
	return verb{
		name:  "config describe",
		short: both{"print the manual of jisr.toml", "اطبع دليل الملف jisr.toml"},
		long: both{
			"Every key of the configuration, its default, its name in the environment, and what it means.\nWith --dir also what it is set to there. Secrets are never in it: keys say in which file a secret is.",
			"كل مفتاح في ملف الإعداد: قيمته الافتراضية واسمه في متغيرات البيئة ومعناه. ومع \u200e--dir\u200e قيمته في تلك المنظومة.",
		},
		setup: func(o *options) runner {
			dir := o.text("dir", "DIR", "", both{"also say what is set in this node's directory", "اذكر أيضاً القيم المضبوطة في مجلد هذه المنظومة"})
			asJSON := o.asJSON()
			return func(_ context.Context, t *terminal, _ []string) error { return describeConfig(t, *dir, *asJSON) }
		},
	}
}

// settingJSON is a setting for programs.
type settingJSON struct {
	Key     string `json:"key"`
	Env     string `json:"env"`
	Doc     string `json:"doc"`
	Default string `json:"default,omitempty"`
	Value   any    `json:"value,omitempty"`
}

func describeConfig(t *terminal, dir string, asJSON bool) error {
	var c node.Config
	if dir != "" {
		var err error
		if c, err = readConfig(dir, t.getenv); err != nil {
			return err
		}
	}
	var all []settingJSON
	for _, s := range settings(&c) {
		j := settingJSON{Key: s.key, Env: s.env(), Doc: s.doc}
		if s.value.Kind() == reflect.Map {
			j.Env += "_AR, " + s.env() + "_EN"
		}
		if s.def != quoted("") && s.def != "[]" {
			j.Default = s.def
		}
		if !s.value.IsZero() {
			j.Value = s.value.Interface()
		}
		all = append(all, j)
	}
	if asJSON {
		return t.json(all)
	}
	for _, s := range all {
		fmt.Fprintln(t.out, s.manual())
	}
	return nil
}

func (s settingJSON) manual() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", s.Key)
	for _, line := range wrap(s.Doc, 100) {
		fmt.Fprintf(&b, "    %s\n", line)
	}
	fmt.Fprintf(&b, "    %s\n", s.Env)
	if s.Value != nil {
		fmt.Fprintf(&b, "    = %v\n", s.Value)
	}
	return b.String()
}

// wrap breaks a text between words.
func wrap(s string, width int) []string {
	var lines []string
	for word := range strings.FieldsSeq(s) {
		if n := len(lines); n > 0 && len(lines[n-1])+1+len(word) <= width {
			lines[n-1] += " " + word
			continue
		}
		lines = append(lines, word)
	}
	return slices.Clip(lines)
}
