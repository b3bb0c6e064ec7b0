package jisr

import (
	"bytes"
	"strconv"
	"unicode/utf8"
)

// reading goes once over JSON as Encode and Terms write it: fields in their order, no space, no escape that they would not
// use. Whatever differs is not ok, and who reads then decodes with encoding/json instead. So what is ok is decoded, and
// its strings are known to be in the one encoding, for a fraction of the cost: a book is rebuilt from millions of them.
type reading struct {
	rest []byte
	bad  bool
}

func (r *reading) ok() bool { return !r.bad && len(r.rest) == 0 }

// take goes over s, if that comes next.
func (r *reading) take(s string) bool {
	if r.bad || len(r.rest) < len(s) || string(r.rest[:len(s)]) != s {
		return false
	}
	r.rest = r.rest[len(s):]
	return true
}

// must goes over s, which has to come next.
func (r *reading) must(s string) { r.bad = !r.take(s) }

// word reads a string of ASCII without escapes, behind its opening quote.
func (r *reading) word() string {
	n := bytes.IndexByte(r.rest, '"')
	if r.bad = r.bad || n < 0; r.bad {
		return ""
	}
	b := r.rest[:n]
	for _, c := range b {
		r.bad = r.bad || c < ' ' || c > '~' || c == '\\'
	}
	r.rest = r.rest[n+1:]
	return string(b)
}

// text reads a string that people wrote, behind its opening quote.
func (r *reading) text() string {
	var b []byte // what stands before from
	from := 0
	for i := 0; i < len(r.rest); i++ {
		c := r.rest[i]
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		b = append(b, r.rest[from:i]...)
		if c == '"' {
			r.rest = r.rest[i+1:]
			// The line and paragraph separators, and what is no UTF-8, would be written otherwise.
			r.bad = r.bad || !utf8.Valid(b) || bytes.Contains(b, []byte("\u2028")) || bytes.Contains(b, []byte("\u2029"))
			return string(b)
		}
		i++
		if c < ' ' || i == len(r.rest) {
			break
		}
		meant := bytes.IndexByte([]byte(`nt"\`), r.rest[i])
		if meant < 0 {
			break // rare, or never written
		}
		b, from = append(b, "\n\t\"\\"[meant]), i+1
	}
	r.bad = true
	return ""
}

// number reads an integer that is not negative.
func (r *reading) number() int64 {
	n := 0
	for n < len(r.rest) && r.rest[n] >= '0' && r.rest[n] <= '9' {
		n++
	}
	v, err := strconv.ParseInt(string(r.rest[:n]), 10, 64)
	r.bad = r.bad || err != nil || n > 1 && r.rest[0] == '0'
	r.rest = r.rest[n:]
	return v
}

// members reads an object's members behind its opening brace, one at least; one reads a value.
func (r *reading) members(one func(name string)) {
	last := ""
	for more := true; more && !r.bad; more = r.take(",") {
		r.must(`"`)
		name := r.word()
		r.must(":")
		r.bad = r.bad || last != "" && name <= last // as encoding/json sorts them
		last = name
		one(name)
	}
	r.must("}")
}

// object reads an object whatever is in it: only of an entry that was kept, which is known to be JSON.
func (r *reading) object() []byte {
	depth, quoted := 0, false
	for i := 0; i < len(r.rest) && !r.bad; i++ {
		switch c := r.rest[i]; {
		case quoted:
			if c == '\\' {
				i++
			}
			quoted = c != '"'
		case c == '"':
			quoted = true
		case c == '{':
			depth++
		case c == '}':
			if depth--; depth == 0 {
				b := r.rest[:i+1]
				r.rest = r.rest[i+1:]
				return bytes.Clone(b)
			}
		case depth == 0:
			r.bad = true
		}
	}
	r.bad = true
	return nil
}

func (r *reading) texts() Text {
	t := Text{}
	r.must("{")
	r.members(func(lang string) {
		r.must(`"`)
		t[lang] = r.text()
	})
	return t
}

// readKept reads an entry; false where that is left to encoding/json.
func readKept(entry []byte) (a Act, ok bool) {
	r := reading{rest: entry}
	r.must(`{"v":1,"kind":"`)
	a.V, a.Kind = 1, Kind(r.word())
	r.must(`,"forum":"`)
	a.Forum = ForumID(r.word())
	r.must(`,"about":"`)
	a.About = ThingID(r.word())
	if r.take(`,"by":{`) {
		a.By = r.by()
	}
	r.must(`,"at":"`)
	r.bad = a.At.UnmarshalText([]byte(r.word())) != nil || r.bad
	r.must(`,"clock":`)
	a.Clock = r.number()
	if r.take(`,"seen":{`) {
		a.Seen = map[MemberID]Index{}
		r.members(func(m string) { a.Seen[MemberID(m)] = Index(r.number()) })
	}
	if r.take(`,"terms":`) {
		a.Terms = r.object()
	}
	if r.take(`,"content":`) {
		c := r.content()
		a.Content = &c
	}
	if r.take(`,"attachments":[`) {
		for more := true; more && !r.bad; more = r.take(",") {
			a.Attachments = append(a.Attachments, r.content())
		}
		r.must("]")
	}
	r.must("}")
	return a, r.ok()
}

func (r *reading) by() *By {
	var by By
	r.members(func(name string) {
		r.must(`"`)
		switch name {
		case "desk":
			by.Desk = DeskID(r.word())
		case "official":
			by.Official = OfficialID(r.word())
		default:
			r.bad = true
		}
	})
	return &by
}

func (r *reading) content() (c Content) {
	r.must(`{"commit":"`)
	c.Commit = Commitment(r.word())
	r.must(`,"size":`)
	c.Size = r.number()
	r.must(`,"type":"`)
	c.Type = r.word()
	r.must("}")
	return c
}

// readNoteBody reads the body of a note in its one encoding; false where that is left to encoding/json.
func readNoteBody(content []byte) (b NoteBody, ok bool) {
	r := reading{rest: content}
	r.must(`{"subject":`)
	b.Subject = r.texts()
	if r.take(`,"opening":`) {
		b.Opening = r.texts()
	}
	r.must(`,"text":`)
	b.Text = r.texts()
	if r.take(`,"closing":`) {
		b.Closing = r.texts()
	}
	if r.take(`,"from":`) {
		b.From = r.texts()
	}
	if r.take(`,"files":[`) {
		for more := true; more && !r.bad; more = r.take(",") {
			r.must(`{"name":"`)
			b.Files = append(b.Files, FileName{r.text()})
			r.must("}")
		}
		r.must("]")
	}
	r.must("}")
	return b, r.ok()
}
