package main

import (
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jisr/node"
)

// What init writes is what serve reads.
func TestConfigTextIsReadBack(t *testing.T) {
	want := node.Config{Member: "iq", Origin: "jisr.iq.example", Name: map[string]string{"ar": "العراق \"الشقيق\"", "en": "Iraq \\ \t"}, Timezone: "Asia/Baghdad",
		Listen: "127.0.0.1:1", Demo: true, URL: "https://jisr.example", Log: "debug", Courtesy: "formulas.json", Letterheads: "heads.json",
		TLS: node.TLSConfig{Cert: "c.pem", Key: "k.pem"}, Link: node.LinkConfig{Listen: "none", Addresses: []string{"a:1", "b:2"}}}
	got, err := parseConfig([]byte(configText(want)))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// Every setting can be given by the environment, under the name that the manual prints.
func TestEverySettingHasItsVariable(t *testing.T) {
	var c node.Config
	env := map[string]string{}
	for _, s := range settings(&c) {
		if s.doc == "" {
			t.Errorf("%s has no doc", s.key)
		}
		env[s.env()], env[s.env()+"_AR"] = "x,y", "x,y"
		if s.value.Kind() == reflect.Bool {
			env[s.env()] = "true"
		}
	}
	if err := override(&c, func(name string) string { return env[name] }); err != nil {
		t.Fatal(err)
	}
	for _, s := range settings(&c) {
		if s.value.IsZero() {
			t.Errorf("%s was not set by %s", s.key, s.env())
		}
	}
}

func TestLanguage(t *testing.T) {
	for _, c := range []struct {
		args, env, rest, lang string
	}{
		{"init --lang ar", "", "init", "ar"},
		{"--lang=ar init", "", "init", "ar"},
		{"init -lang en", "ar", "init", "en"},
		{"init", "ar_IQ.UTF-8", "init", "ar"},
		{"init", "C", "init", "en"},
		{"verify -- --lang ar", "", "verify -- --lang ar", "en"},
		{"init --lang", "", "init", "en"},
	} {
		rest, lang := language(strings.Fields(c.args), func(string) string { return c.env })
		if strings.Join(rest, " ") != c.rest || lang != c.lang {
			t.Errorf("%q with %q: %q in %s, want %q in %s", c.args, c.env, rest, lang, c.rest, c.lang)
		}
	}
}

func TestDigitsAreWhatIsSaidAloud(t *testing.T) {
	for in, want := range map[string]string{"12345 00001": "1234500001", "٠١٢٣٤-٥": "012345", " 1\t2 ": "12", "": ""} {
		if got := digits(in); got != want {
			t.Errorf("digits(%q) = %q, want %q", in, got, want)
		}
	}
}

// Every verb can be set up, has help in both languages, and Arabic that is Arabic.
func TestVerbs(t *testing.T) {
	seen := map[string]bool{}
	for _, v := range verbs() {
		if seen[v.name] {
			t.Errorf("%s stands twice in the table", v.name)
		}
		seen[v.name] = true
		if v.short.en == "" || !strings.ContainsAny(v.short.ar, "ابتثجحخدذرزسشصضطظعغفقكلمنهوي") || (v.long.en == "") != (v.long.ar == "") {
			t.Errorf("%s: help is not complete in both languages", v.name)
		}
		for _, lang := range []string{"ar", "en"} {
			o := newOptions(v.name, lang)
			v.setup(o)
			for _, r := range o.rows {
				if r[1] == "" {
					t.Errorf("%s %s: no help in %s", v.name, r[0], lang)
				}
			}
		}
	}
}

// A configuration is read or refused with a sentence, whatever stands in it; what is read is written and read again.
func FuzzConfig(f *testing.F) {
	f.Add("member = \"iq\"\n[link]\naddresses = [\"a:1\"]\n")
	f.Add("member = 1")
	f.Add("[link]\nlisen = 2\n")
	f.Add("[name]\nar = \"\\u0000\"\n")
	f.Add("a.b.c = {x = [1, {y = 2}]}")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := parseConfig([]byte(text))
		if err != nil {
			return
		}
		again, err := parseConfig([]byte(configText(c)))
		if err != nil {
			t.Fatalf("couldn't read what was written: %v\n%s", err, configText(c))
		}
		if again.Member != c.Member || again.Link.Listen != c.Link.Listen || len(again.Link.Addresses) != len(c.Link.Addresses) {
			t.Fatalf("%+v became %+v", c, again)
		}
	})
}
