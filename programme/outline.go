package programme

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"jisr"
)

// Paragraph is one numbered paragraph of an annex as people read, print and sign it. Refusals name these numbers. Key is
// the word for its heading ("annex.paragraph.<key>") where the annex does not give one itself.
type Paragraph struct {
	Number string
	Key    string
	Title  jisr.Text
	Text   jisr.Text
	Facts  []Fact
}

// Depth is how deep a paragraph stands: 0 for "3", 2 for "3.1.6".
func (p *Paragraph) Depth() int { return strings.Count(p.Number, ".") }

// Fact is one thing a paragraph says: what it is ("annex.fact.<key>") and the value: words of the language
// ("annex.value.<value>"), text of the annex, or what stands the same in every language.
type Fact struct {
	Key   string
	Words []string
	Text  jisr.Text
	Plain string
}

func word(key string, values ...string) Fact    { return Fact{Key: key, Words: values} }
func plainFact(key, value string) Fact          { return Fact{Key: key, Plain: value} }
func textFact(key string, value jisr.Text) Fact { return Fact{Key: key, Text: value} }

// Outline is the annex as a person reads it.
func (p *Programme) Outline() []Paragraph {
	a := p.Annex
	out := []Paragraph{{Number: "1", Key: "purpose", Text: a.Purpose}, p.basis(), {Number: "3", Key: "records"}}
	for _, t := range p.Types {
		out = append(out, p.terms(t))
		for _, f := range t.Fields {
			out = append(out, p.fieldParagraph(f))
		}
	}
	out = append(out, Paragraph{Number: "4", Key: "codes"})
	for i, name := range slices.Sorted(maps.Keys(p.lists)) {
		out = append(out, p.listParagraph(name, "4."+itoa(i+1)))
	}
	out = append(out, Paragraph{Number: "5", Key: "targets"})
	for _, t := range p.targets {
		out = append(out, p.targetParagraph(t))
	}
	out = append(out, Paragraph{Number: "6", Key: "charts"})
	for _, c := range p.charts {
		out = append(out, Paragraph{Number: c.clause, Title: c.Title, Facts: []Fact{word("form", "chart."+string(c.Type))}})
	}
	out = append(out, p.persons(), Paragraph{Number: "8", Key: "change", Facts: []Fact{word("changed-by", "change."+a.Change.By), plainFact("notice", a.Change.Notice)}})
	return out
}

func (p *Programme) basis() Paragraph {
	b := Paragraph{Number: "2", Key: "basis", Facts: []Fact{plainFact("parties", members(p.Annex.Parties))}}
	for _, l := range p.Annex.LegalBasis {
		f := textFact("instrument", l.Title)
		f.Plain = string(l.Signed)
		b.Facts = append(b.Facts, f)
	}
	for _, s := range p.Annex.Follows {
		b.Facts = append(b.Facts, plainFact("standard", s.Name))
	}
	return b
}

func members(all []jisr.MemberID) string {
	var s []string
	for _, m := range all {
		s = append(s, string(m))
	}
	return strings.Join(s, ", ")
}

// terms is what a record type says beside its fields.
func (p *Programme) terms(t *Type) Paragraph {
	s := t.Spec
	out := Paragraph{Number: t.Clause, Title: s.Title}
	out.Facts = append(out.Facts, plainFact("name", t.Name))
	sends, receives := s.Sends, s.Receives
	if len(sends) == 0 {
		sends = p.Annex.Parties
	}
	if len(receives) == 0 {
		receives = p.Annex.Parties
	}
	out.Facts = append(out.Facts, plainFact("sends", members(sends)), plainFact("receives", members(receives)),
		word("handling", "handling."+string(s.Handling.Default)), word("lowest", "handling."+string(s.Handling.Min)), word("highest", "handling."+string(s.Handling.Max)))
	if s.Handling.OnceConfirmed != "" {
		out.Facts = append(out.Facts, word("once-confirmed", "handling."+string(s.Handling.OnceConfirmed)))
	}
	kept := word("kept", "basis."+s.Retention.Basis, "then."+s.Retention.Then)
	kept.Plain = s.Retention.Period
	out.Facts = append(out.Facts, kept)
	for _, sla := range s.SLA {
		f := textFact("cadence", sla.Label)
		f.Plain = sla.Due
		out.Facts = append(out.Facts, f)
	}
	for _, a := range s.Acknowledge {
		out.Facts = append(out.Facts, plainFact("acknowledge", strings.TrimSpace(a.Within+" "+conditions(a.Where))))
	}
	if c := s.Confirm; c != nil {
		out.Facts = append(out.Facts, plainFact("confirm", strings.Join(c.Values, ", ")+" ± "+strconv.FormatFloat(c.Tolerance, 'f', -1, 64)+" %"))
	}
	return out
}

// conditions writes a condition as the annex has it.
func conditions(w Where) string {
	if len(w) == 0 {
		return ""
	}
	b, _ := json.Marshal(w) // values of JSON
	return string(b)
}

func (p *Programme) fieldParagraph(f *Field) Paragraph {
	kind := word("type", "type."+string(f.Type))
	if f.Of != nil {
		kind.Words = append(kind.Words, "type."+string(f.Of.Type))
	}
	out := Paragraph{Number: f.Clause, Title: f.Label, Facts: []Fact{plainFact("name", f.Name), kind}}
	required := "no"
	if f.Required {
		required = "yes"
	}
	out.Facts = append(out.Facts, word("required", required))
	if f.Unit != "" {
		u := textFact("unit", p.units[f.Unit].Label)
		u.Plain = f.Unit
		out.Facts = append(out.Facts, u)
	}
	codes := f.Codes
	if f.Of != nil {
		codes = first(codes, f.Of.Codes)
	}
	for _, fact := range []Fact{plainFact("list", codes), plainFact("least", f.Min), plainFact("most", f.Max), plainFact("formula", f.Derived), plainFact("refers-to", f.Ref), plainFact("stands-for", f.Std)} {
		if fact.Plain != "" {
			out.Facts = append(out.Facts, fact)
		}
	}
	if f.PII {
		out.Facts = append(out.Facts, word("personal", "yes"))
	}
	return out
}

// listParagraph is a code list: an own one with its codes, a shared one by its name and hash.
func (p *Programme) listParagraph(name, number string) Paragraph {
	out := Paragraph{Number: number, Title: jisr.Text{"und": name}}
	if s, ok := p.Annex.SharedLists[name]; ok {
		out.Facts = append(out.Facts, plainFact("shared", s.List), plainFact("hash", s.SHA256))
		return out
	}
	for _, c := range p.lists[name].codes {
		f := textFact("code", c.Label())
		f.Plain = c.Code
		if c.ValidFrom != "" || c.ValidTo != "" {
			f.Plain += " [" + string(c.ValidFrom) + " – " + string(c.ValidTo) + "]"
		}
		out.Facts = append(out.Facts, f)
	}
	return out
}

func (p *Programme) targetParagraph(t *target) Paragraph {
	promise := plainFact("promise", t.Metric+" "+t.Op+" "+strconv.FormatFloat(t.Value, 'f', -1, 64))
	if t.Unit != "" && t.Unit != "C62" {
		promise.Plain += " " + p.units[t.Unit].Symbol
	}
	out := Paragraph{Number: t.clause, Title: t.Label, Facts: []Fact{promise}}
	if own, ok := p.Annex.Periods[t.Period]; ok {
		f := textFact("period", own.Label)
		f.Plain = own.Starts
		out.Facts = append(out.Facts, f)
	} else {
		out.Facts = append(out.Facts, word("period", "every."+t.Period))
	}
	for _, m := range t.measures {
		line := m.ID + " = " + string(m.Agg) + "(" + m.Record
		if m.Field != "" {
			line += "." + m.Field
		}
		out.Facts = append(out.Facts, plainFact("measure", strings.TrimSpace(line+") "+conditions(m.Where)+" "+conditions(m.Of))))
	}
	return out
}

func (p *Programme) persons() Paragraph {
	out := Paragraph{Number: "7", Key: "persons"}
	if pd := p.Annex.PersonalData; pd != nil {
		out.Text = pd.Purpose
		out.Facts = []Fact{textFact("basis", pd.LegalBasis)}
		return out
	}
	out.Facts = []Fact{word("personal", "no")}
	return out
}
