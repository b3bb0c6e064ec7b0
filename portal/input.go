package portal

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"jisr"
)

// draftInput is the form of a draft as it came in: what was written, whether or not it makes a draft. It is
// shown again when something is missing, so nothing written is lost.
type draftInput struct {
	Forum            string
	Version          int
	Key              string
	Kind, Precedence string
	Handling         string
	To               []string
	Day, Month, Year string
	InReplyTo        string
	References       []string
	Text             map[string]string // by the name of the field: "subject_ar", "opening_en", …
	Keep             []string          // uploads kept, in order
}

// writtenLanguages are those a form has fields for; Arabic is required. What a draft says in others stays.
func writtenLanguages() []string { return []string{"ar", "en"} }

// textFields are the texts of a note that a form has a field for, in each of its languages.
func textFields() []string { return []string{"subject", "opening", "text", "closing"} }

// readDraft reads the form. It refuses nothing; see draft.
func readDraft(f url.Values) draftInput {
	in := draftInput{
		Forum: clip(f.Get("forum"), maxField), Key: clip(f.Get("key"), maxField), Kind: f.Get("kind"), Precedence: f.Get("precedence"), Handling: f.Get("handling"),
		To: bounded(f["to"], jisr.MaxAddressees), Day: latinDigits(f.Get("reply_by.day")), Month: latinDigits(f.Get("reply_by.month")), Year: latinDigits(f.Get("reply_by.year")),
		InReplyTo: clip(f.Get("in_reply_to"), maxField), References: bounded(f["references"], jisr.MaxReferences), Text: map[string]string{},
	}
	in.Version, _ = strconv.Atoi(f.Get("version")) // none: a first version
	for _, field := range textFields() {
		for _, lang := range writtenLanguages() {
			name := field + "_" + lang
			in.Text[name] = unixLines(strings.ToValidUTF8(f.Get(name), "\uFFFD"))
			in.Text[name+"_was"] = unixLines(strings.ToValidUTF8(f.Get(name+"_was"), "\uFFFD"))
		}
	}
	for _, id := range bounded(f["keep"], jisr.MaxAttachments) {
		if !slices.Contains(f["remove"], id) {
			in.Keep = append(in.Keep, id)
		}
	}
	return in
}

func bounded(all []string, n int) []string {
	var out []string
	for _, s := range all[:min(len(all), n)] {
		if s != "" {
			out = append(out, clip(s, maxField))
		}
	}
	return out
}

// latinDigits writes Arabic-Indic and Persian digits as ASCII, as a keyboard may give any of them.
func latinDigits(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= '٠' && r <= '٩':
			return r - '٠' + '0'
		case r >= '۰' && r <= '۹':
			return r - '۰' + '0'
		}
		return r
	}, strings.TrimSpace(clip(s, 10)))
}

// date puts the three fields of a day together; empty when all are. What is no day stays as it is written, and
// is refused by the rule that reads it.
func (in *draftInput) date() jisr.Date {
	if in.Day == "" && in.Month == "" && in.Year == "" {
		return ""
	}
	day, errD := strconv.Atoi(in.Day)
	month, errM := strconv.Atoi(in.Month)
	year, errY := strconv.Atoi(in.Year)
	if errD != nil || errM != nil || errY != nil {
		return "?"
	}
	return jisr.Date(fmt.Sprintf("%04d-%02d-%02d", year, month, day))
}

// draft makes the draft that the form asks for. base is the newest version: what the form has no field for is
// taken from it. Formulas that nobody changed follow the kind and the addressees.
func (in *draftInput) draft(base *jisr.Draft, courtesy func(kind jisr.NoteKind, to []jisr.MemberID) formulas) jisr.Draft {
	d := jisr.Draft{Kind: jisr.NoteKind(in.Kind), Precedence: jisr.Precedence(in.Precedence), Handling: jisr.Handling(in.Handling), ReplyBy: in.date()}
	if base != nil {
		d.Body = base.Body
	}
	for _, m := range in.To {
		d.To = append(d.To, jisr.MemberID(m))
	}
	slices.Sort(d.To)
	d.To = slices.Compact(d.To)
	if in.InReplyTo != "" {
		d.InReplyTo = jisr.ThingID("note/" + in.InReplyTo)
	}
	for _, id := range in.References {
		d.References = append(d.References, jisr.ThingID("note/"+id))
	}
	in.formulas(courtesy(d.Kind, d.To))
	d.Body.Subject, d.Body.Text = in.text(d.Body.Subject, "subject"), in.text(d.Body.Text, "text")
	d.Body.Opening, d.Body.Closing = in.text(d.Body.Opening, "opening"), in.text(d.Body.Closing, "closing")
	return d
}

// formulas are the courtesy formulas of a note, by the name of the field.
type formulas map[string]string

// formulas puts the formulas of the kind where the ones shown before were left as they were; a language in
// which nothing is written needs none.
func (in *draftInput) formulas(now formulas) {
	for _, lang := range writtenLanguages() {
		for _, field := range []string{"opening_", "closing_"} {
			name := field + lang
			if in.Text[name] == in.Text[name+"_was"] {
				in.Text[name] = now[name]
			}
			in.Text[name+"_was"] = now[name]
			if in.Text["text_"+lang] == "" && in.Text["subject_"+lang] == "" {
				in.Text[name] = ""
			}
		}
	}
}

// text is a text with what the form says in its languages.
func (in *draftInput) text(base jisr.Text, field string) jisr.Text {
	t := jisr.Text{}
	for tag, s := range base {
		t[tag] = s
	}
	for _, lang := range writtenLanguages() {
		delete(t, lang)
		if s := in.Text[field+"_"+lang]; s != "" {
			t[lang] = s
		}
	}
	if len(t) == 0 {
		return nil
	}
	return t
}

// inputOf fills the form from a draft that stands.
func inputOf(d *jisr.Draft, f jisr.ForumID, version int, usual formulas) draftInput {
	in := draftInput{Forum: string(f), Version: version, Kind: string(d.Kind), Precedence: string(d.Precedence), Handling: string(d.Handling.Level()), InReplyTo: d.InReplyTo.Name(), Text: map[string]string{}}
	for _, m := range d.To {
		in.To = append(in.To, string(m))
	}
	for _, id := range d.References {
		in.References = append(in.References, id.Name())
	}
	if p := strings.Split(string(d.ReplyBy), "-"); len(p) == 3 {
		in.Year, in.Month, in.Day = p[0], strings.TrimPrefix(p[1], "0"), strings.TrimPrefix(p[2], "0")
	}
	for _, lang := range writtenLanguages() {
		in.Text["subject_"+lang], in.Text["text_"+lang] = d.Body.Subject[lang], d.Body.Text[lang]
		in.Text["opening_"+lang], in.Text["closing_"+lang] = d.Body.Opening[lang], d.Body.Closing[lang]
		for _, field := range []string{"opening_", "closing_"} {
			name := field + lang
			if in.Text["text_"+lang] == "" {
				in.Text[name] = usual[name] // shown, and left out again if nothing is written in the language
			}
			in.Text[name+"_was"] = usual[name]
		}
	}
	for _, f := range d.Files {
		in.Keep = append(in.Keep, f.Upload)
	}
	return in
}

// check asks for what this form requires beyond what any note needs: Arabic (design 1, 8).
func (in *draftInput) check() error {
	for _, r := range in.missing() {
		return r
	}
	return nil
}

// missing lists what is required and not there, so that the official is told all of it at once.
func (in *draftInput) missing() []*jisr.Refusal {
	var all []*jisr.Refusal
	if len(in.To) == 0 {
		all = append(all, jisr.Refuse(jisr.Missing, "to"))
	}
	for _, field := range []string{"subject", "text"} {
		if in.Text[field+"_ar"] == "" {
			all = append(all, jisr.Refuse(jisr.Missing, field))
		}
	}
	return all
}
