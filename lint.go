package jisr

import "strings"

// Warning is a place where the wording and what the parties hold the agreement to be disagree: it warns, it forbids nothing.
type Warning struct {
	Segment string `json:"segment"`
	Lang    string `json:"lang"`
	Word    string `json:"word"`
	Why     string `json:"why"` // words' "agreement.lint.<why>"
}

// bindingWords are what treaties say and memoranda avoid, with why; softWords the other way (practice 1.4: the United
// Kingdom's guidance on treaties and memoranda has the English lists).
func bindingWords(lang string) []string {
	switch lang {
	case "ar":
		return []string{"يلتزم", "تلتزم", "يلتزمان", "تلتزمان", "يتعهد", "تتعهد", "يتعهدان", "الطرفان المتعاقدان", "الطرفين المتعاقدين", "التزام", "يجب"}
	case "en":
		return []string{"shall", "agree", "agrees", "undertake", "undertakes", "must", "obligation", "obligations", "enter into force", "enters into force"}
	}
	return nil
}

func softWords(lang string) []string {
	switch lang {
	case "ar":
		return []string{"سوف", "يعتزم", "تعتزم", "يعتزمان", "المشاركان", "المشاركين", "يسعى", "يسعيان", "قدر الإمكان"}
	case "en":
		return []string{"will", "intend", "intends", "participants", "should", "endeavour", "come into effect", "comes into effect"}
	}
	return nil
}

// Lint compares the wording with whether the agreement shall bind. The title is let be: it decides nothing (Vienna
// Convention, article 2(1)(a)).
func (t *InstrumentText) Lint(binding bool) []Warning {
	var all []Warning
	for i := range t.Segments {
		s := &t.Segments[i]
		if s.Kind == SegmentTitle {
			continue
		}
		for _, lang := range t.Clauses.Languages {
			list, why := bindingWords(lang), "binding-word"
			if binding {
				list, why = softWords(lang), "soft-word"
			}
			text := " " + plainWords(s.Text[lang]) + " "
			for _, w := range list {
				if strings.Contains(text, " "+w+" ") || lang == "ar" && strings.Contains(text, " و"+w+" ") {
					all = append(all, Warning{Segment: s.ID, Lang: lang, Word: w, Why: why})
				}
			}
		}
	}
	return all
}

// plainWords is a wording in lower case with one space between words, without vowel signs and marks.
func plainWords(s string) string {
	var b strings.Builder
	for _, w := range splitWords(s) {
		w = strings.Map(func(r rune) rune {
			if combiningClass(r) > 0 {
				return -1
			}
			return r
		}, strings.ToLower(w))
		if w = strings.Trim(w, " .,;:!?()[]«»\"'،؛؟⟦⟧"); w != "" {
			b.WriteString(w + " ")
		}
	}
	return strings.TrimSpace(b.String())
}
