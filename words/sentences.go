package words

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Refusal says in a sentence why a rule said no: what was asked, and what is needed. kind, subject and need are
// those of a refusal of the record; a kind this catalogue does not know is told with its name, since a newer
// partner may have sent it.
func (l *Lang) Refusal(kind, subject string, need map[string]string) string {
	args := []any{"subject", l.subject(subject)}
	for _, k := range slices.Sorted(maps.Keys(need)) {
		args = append(args, k, l.need(subject, k, need[k]))
	}
	key := "refusal." + kind
	if !l.Has(key) {
		key, args = "refusal.other", append(args, "kind", kind)
	}
	out := l.say(l.entries[key].forms[""], args)
	if need["clause"] != "" && l.Has("refusal.clause") { // what was signed, and where it says so
		out += " " + l.say(l.entries["refusal.clause"].forms[""], args)
	}
	return out
}

// subject names what a refusal is about: a field or noun of ours by its word, anything else as it stands.
func (l *Lang) subject(s string) any {
	if key := "subject." + s; s != "" && l.Has(key) {
		return Raw(l.text(key))
	}
	return s
}

func (l *Lang) need(subject, name, value string) any {
	switch name {
	case "role", "noun", "policy":
		if key := map[string]string{"role": "role.", "noun": "subject.", "policy": "policy."}[name] + value; l.Has(key) {
			return Raw(l.text(key))
		}
	case "error", "want": // what our own parsers say, where there is a word for it
		if key := "refusal." + name + "." + strings.ToLower(strings.ReplaceAll(value, " ", "-")); l.Has(key) {
			return Raw(l.text(key))
		}
		if name == "error" { // a parser's own words, which are English
			return Raw(l.T("refusal.detail", "text", value))
		}
	case "today", "since":
		return Raw(l.Day(value))
	case "at":
		if t, err := time.Parse(time.RFC3339, value); err == nil {
			return Raw(l.DateTime(t))
		}
	}
	n, err := strconv.ParseInt(value, 10, 64)
	switch {
	case err != nil:
		return value
	case measured(subject, name):
		return Raw(l.Bytes(n))
	case name == "seconds":
		return Raw(l.N("unit.second", int(n)))
	case name == "min" && subject == "password":
		return Raw(l.N("unit.character", int(n)))
	}
	return Raw(l.Number(n))
}

// measured tells whether a number in a refusal counts bytes.
func measured(subject, name string) bool {
	if name == "held" || name == "size" {
		return true
	}
	return (name == "max" || name == "got") && slices.Contains([]string{"act", "attachment", "content"}, subject)
}

// Courtesy gives the opening and closing formula of a note of this kind ("verbale", "circular", "personal"; the
// other kinds have none), from one office to another as the letterhead names them. The words are defaults: an
// office may change them, in one note or by Override for all.
//
// Arabic agrees in gender with both offices: a formula is kept as ff, fm, mf, mm (writer, addressee) or f, m
// (writer). An office whose first word ends in ة (وزارة، سفارة، هيئة) is feminine, any other (مكتب، مجلس) masculine.
func (l *Lang) Courtesy(noteKind, from, to string) (opening, closing string) {
	return l.formula("courtesy."+noteKind+".opening", from, to), l.formula("courtesy."+noteKind+".closing", from, to)
}

func (l *Lang) formula(key, from, to string) string {
	e, ok := l.entries[key]
	if !ok {
		return ""
	}
	for _, form := range []string{gender(from) + gender(to), gender(from), ""} {
		if s, ok := e.forms[form]; ok {
			return l.say(s, []any{"from", Raw(from), "to", Raw(to)})
		}
	}
	return ""
}

func gender(office string) string {
	if word, _, _ := strings.Cut(office, " "); strings.HasSuffix(word, "ة") {
		return "f"
	}
	return "m"
}
