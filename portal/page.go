package portal

import (
	"slices"
	"strconv"
	"time"

	"jisr/words"
)

// Page is what every page has around its own content; views embed it. Components are its methods, so that in a
// template of any view `@v.icon("send")` and `v.T("note.new")` are at hand:
//
//	templ todayPage(v todayView) {
//		@v.shell(v.T("today.title")) {
//			@v.pageHead(v.Day, v.Heading) { … buttons … }
//			…
//		}
//	}
//
// It is a value: made once for a request, changed by nobody afterwards.
type Page struct {
	L        *words.Lang
	Path     string // of this page, without its language: "/notes?box=in"; it is also what a live page asks for
	Current  string // today, notes, record, forum: the entry of the navigation that is lit; empty: none
	Assets   Assets
	Self     MemberBadge // whose portal this is
	Members  []string    // IDs of all members known here, sorted: each has its colour by its place, the same on every node
	Post     string      // title of the official's post; empty: nobody is signed in, and there is no navigation
	Desk     string      // title of the official's desk
	Counts   Counts
	Others   []Language // the same page in the other languages
	Search   string     // words in the search field
	MayNote  bool       // the official may begin a note
	MayHouse bool       // the official may see pages of the house: accounts, policies or audit
	Live     bool       // the page brings itself up to date; not for pages with a form to fill in
	Since    int64      // changes of the node when the page was made; watching goes on from there
	Demo     bool       // nothing here has official effect, and every page says so
	Restored bool       // the node came back from a backup and writes nothing yet
}

// Assets are the addresses of what the build made, from portal/dist/manifest.json. They carry a hash of the
// content and may be kept for ever.
type Assets struct {
	Style  string // app.css
	Script string // portal.js
	Icons  string // icons.svg
	Mark   string // mark.svg
}

// MemberBadge is a member as pages show it.
type MemberBadge struct {
	ID   string
	Name string
}

// Counts are the figures in the navigation; 0 shows nothing.
type Counts struct {
	Today int // what is awaited from us
	Notes int // notes that arrived and are not opened
}

// Language is a way to this page in another language.
type Language struct {
	Tag, Name, URL string
}

// Link is a word with an address: of a tab or a trail. Count is shown beside it when it is not empty.
type Link struct {
	Word, URL, Count string
	On               bool // this is where the reader is
}

// Field is what stands around a field of a form. Name is the name of what is sent and the end of the ID
// ("f-" + Name), which error summaries point at.
type Field struct {
	Name     string
	Label    string
	Hint     string
	Error    string // why it is not right, as a sentence
	Optional bool   // said after the label; what is required is not marked, being the most
	Wide     bool   // across the form
	Lang     string // of what is written in it; empty: the page's
	Key      string // of the form, where a page has several with a field of the name
}

// Option is one of several values of a field.
type Option struct {
	Value, Word, Hint string
	On                bool
}

// narrowing offers to narrow a list to one of some values, or to none of them.
func narrowing[T ~string](rd reader, on T, values []T, word func(T) string) []Option {
	all := []Option{{Word: rd.l.T("note.list.any")}}
	for _, v := range values {
		all = append(all, Option{Value: string(v), Word: word(v), On: v == on})
	}
	return all
}

// wordAfter gives values their words: those whose keys begin so.
func wordAfter[T ~string](rd reader, prefix string) func(T) string {
	return func(v T) string { return rd.l.T(prefix + string(v)) }
}

// Problem is a line of an error summary: the field it leads to, and the sentence.
type Problem struct {
	Field, Text string
}

// ID is the ID of the field's input.
func (f Field) ID() string { return "f-" + f.Key + f.Name }

// describedBy lists the IDs of what explains the field (WAI-ARIA aria-describedby).
func (f Field) describedBy() string {
	s := ""
	if f.Hint != "" {
		s = f.ID() + "-hint"
	}
	if f.Error != "" {
		if s != "" {
			s += " "
		}
		s += f.ID() + "-error"
	}
	return s
}

func (f Field) dir(p Page) string {
	if f.Lang == "" {
		return p.L.Dir()
	}
	return words.DirOf(f.Lang)
}

func (f Field) lang(p Page) string {
	if f.Lang == "" {
		return p.L.Tag()
	}
	return f.Lang
}

// T is the sentence of a key; see [words.Lang.T].
func (p Page) T(key string, args ...any) string { return p.L.T(key, args...) }

// N is the plural of a key; see [words.Lang.N].
func (p Page) N(key string, n int, args ...any) string { return p.L.N(key, n, args...) }

// At is the address of a path in the reader's language.
func (p Page) At(path string) string { return "/" + p.L.Tag() + path }

// tones is how many members have a colour of their own; after that colours come again, as the name is always there.
const tones = 6

// tone is the class of a member's colour. Colours go by the sorted list of members, so that a member has the same
// on every node: none is shown as the guest of another.
func (p Page) tone(member string) string {
	i, ok := slices.BinarySearch(p.Members, member)
	if !ok {
		return "party-x"
	}
	return "party-" + string(rune('a'+i%tones))
}

// shortcut is one row of the list of keys; data attributes tell the script what it does.
type shortcut struct {
	Keys                          []string
	All                           string // joined: "g t"
	Word, Href, Focus, OpenDialog string
}

func (p Page) shortcuts() []shortcut {
	then := func(key, word, path string) shortcut {
		return shortcut{Keys: []string{"g", key}, All: "g " + key, Word: p.T(word), Href: p.At(path)}
	}
	all := []shortcut{
		{Keys: []string{"/"}, All: "/", Word: p.T("keys.search"), Focus: "#search"},
		{Keys: []string{"?"}, All: "?", Word: p.T("keys.help"), OpenDialog: "keys"},
		then("t", "nav.today", "/"), then("n", "nav.notes", "/notes"), then("a", "nav.agreements", "/agreements"), then("r", "nav.record", "/record"), then("f", "nav.forum", "/forum"),
	}
	if p.MayNote {
		all = append(all, shortcut{Keys: []string{"n"}, All: "n", Word: p.T("keys.new"), Href: p.At("/notes/new")})
	}
	return all
}

func hinted(options []Option) bool {
	return slices.ContainsFunc(options, func(o Option) bool { return o.Hint != "" })
}

type monthOption struct {
	month  time.Month
	number string
}

func months() []monthOption {
	all := make([]monthOption, 0, 12)
	for m := time.January; m <= time.December; m++ {
		all = append(all, monthOption{m, strconv.Itoa(int(m))})
	}
	return all
}
