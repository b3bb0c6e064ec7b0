// Package words holds every sentence a person reads, in Arabic and in English, and writes numbers, dates and
// plurals as each language does. Another language is one more JSON file beside ar.json and en.json.
//
// # The catalogue
//
// A file is one flat object, sorted by key, one key a line, so that edits of several people merge. A value is
//
//	"note.action.release": "إصدار المذكرة"                      a sentence
//	"note.count": {"zero": "…", "one": "…", "two": "…", …}      a plural: every form the language has (CLDR)
//	"courtesy.verbale.opening": {"ff": "…", "fm": "…", …}       a sentence that agrees in gender; see [Lang.Courtesy]
//
// {name} is a placeholder. A part in [square brackets] is left out when one of its placeholders was given no
// value: a refusal says as much as is known and no more.
//
// [New] is strict: every key and every placeholder in every language, every plural form, nothing empty, nothing
// twice. So a page cannot show a hole; [Lang.T] still never panics: an unknown key shows as ⟦key⟧, which the
// tests of the pages look for.
//
// # Bidirectional text
//
// What is put into a sentence may be of the other direction or come from another government. Strings are
// therefore wrapped in U+2068 and U+2069 (Unicode UAX 9, isolates), and bidi controls inside them are dropped,
// so that a name cannot reorder the sentence around it. [Raw] is put in as it is; [Lang.Plain] leaves the
// isolates out, for terminals and logs.
//
// # Conventions
//
// Levantine months, weekdays, Arabic-Indic digits in Arabic unless asked otherwise ("ar-u-nu-latn"), the six
// Arabic plurals, and no numeric-only date, because three orders are in use (design/practice 8.1 to 8.4). The
// register is that of diplomatic correspondence: what is late "has passed its date", nobody is in breach, and
// the other side is never an opponent (practice 8.6).
//
// # Concurrency, bounds, errors
//
// After New and any [Words.Override], everything is read-only and safe for concurrent use. An override is at
// most [MaxOverride] bytes. Errors come only from New and Override; they name language and key.
package words
