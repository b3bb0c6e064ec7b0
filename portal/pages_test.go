package portal_test

import (
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"jisr"
	"jisr/node"
	"jisr/programme"
)

// TestPages looks at every page in both languages: of a house that has nothing yet, of one with all that can
// be, and of an official who may only read.
func TestPages(t *testing.T) {
	iq, sy := world(t)
	paths := fillWorld(t, iq, sy)
	empty := newHouse(t, "jo", jisr.Text{"ar": "الأردن", "en": "Jordan"})
	for _, c := range []struct {
		name    string
		browser *browser
		paths   []string
	}{
		{"many", iq.signedIn("head.treaties"), paths},
		{"reader", iq.signedIn("auditor"), paths},
		{"empty", empty.signedIn("head.treaties"), []string{"/", "/notes", "/notes?box=drafts", "/notes?q=x", "/record", "/forum", "/notes/new", "/nothing", "/programmes"}},
		{"stranger", iq.browser(), []string{"/sign-in", "/sign-in?next=/ar/notes"}},
	} {
		for _, lang := range []string{"ar", "en"} {
			for _, path := range c.paths {
				t.Run(c.name+" "+lang+" "+path, func(t *testing.T) {
					b := *c.browser
					b.t = t
					p := b.get("/" + lang + path)
					if p.status >= 500 {
						t.Fatalf("status %d", p.status)
					}
					checkPage(t, p, lang)
				})
			}
		}
	}
}

// fillWorld makes every state of a note there is, and lists the addresses of all pages about them.
func fillWorld(t *testing.T, iq, sy *house) []string {
	drafter, releaser := iq.as("first.secretary", jisr.Drafter), iq.as("head.treaties", jisr.Drafter, jisr.Releaser)
	theirs := sy.as("head.treaties", jisr.Drafter, jisr.Releaser)
	paths := []string{"/", "/notes", "/notes?box=in", "/notes?box=out&with=sy&kind=verbale&state=held", "/notes?box=drafts", "/notes?q=" + url.QueryEscape("الشاحنات"), "/notes?q=" + url.QueryEscape(strings.Repeat("ا", 900)),
		"/comments", "/comments?state=shown&cursor=x", "/search", "/search?q=" + url.QueryEscape("الشاحنات"), "/search?q=" + url.QueryEscape("مذكرة مياه") + "&kind=note&with=sy&sector=water&body=body/x&from=2026-01-01&to=x", "/search?q=!&kind=x", "/search?q=a&cursor=nonsense", "/notes?cursor=nonsense", "/notes/new", "/record", "/record?member=sy", "/record?forum=house&thing=note/x", "/forum", "/nothing", "/record/iq-sy/iq/0", "/record/iq-sy/iq/999", "/record/house/iq/0"}
	note := func(d node.Done) string { return "/notes/iq-sy/" + d.Thing.Name() }

	asked := verbale("sy", "الشاحنات المبردة")
	asked.ReplyBy, asked.Precedence = "2099-01-31", jisr.Flash
	opened := iq.sends(asked)
	sy.do(theirs, node.OpenNote{Forum: "iq-sy", ID: opened.Thing})
	answer := verbale("iq", "الرد")
	answer.InReplyTo = opened.Thing
	answered := sy.sends(answer)
	arrived := sy.sends(verbale("iq", "منفذ القائم"))
	withdrawn := sy.sends(jisr.Draft{Kind: jisr.NonPaper, To: []jisr.MemberID{"iq"}, Precedence: jisr.Routine, Body: jisr.NoteBody{Subject: jisr.Text{"ar": "ورقة"}, Text: jisr.Text{"ar": "نص"}}})
	sy.do(theirs, node.WithdrawNote{Forum: "iq-sy", ID: withdrawn.Thing, Reason: "سبب"})
	closed := verbale("sy", "بلا رد")
	closed.ReplyBy = "2099-01-31"
	done := iq.sends(closed)
	iq.do(releaser, node.CloseNote{Forum: "iq-sy", ID: done.Thing})
	draft := iq.do(drafter, node.DraftNote{Forum: "iq-sy", Draft: verbale("sy", "مسودة")})
	cleared := iq.do(drafter, node.DraftNote{Forum: "iq-sy", Draft: verbale("sy", "مسودة ثانية")})
	iq.do(releaser, node.ClearNote{ID: cleared.Thing, Version: 1})
	returned := iq.do(drafter, node.DraftNote{Forum: "iq-sy", Draft: verbale("sy", "مسودة ثالثة")})
	iq.do(releaser, node.ReturnNote{ID: returned.Thing, Version: 1, Reason: "استكمال"})
	discarded := iq.do(drafter, node.DraftNote{Forum: "iq-sy", Draft: verbale("sy", "مسودة رابعة")})
	iq.do(drafter, node.DiscardNote{ID: discarded.Thing, Version: 1})
	for _, d := range []node.Done{opened, answered, arrived, withdrawn, done} {
		paths = append(paths, note(d), "/record/iq-sy/"+string(d.Position.Member)+"/"+itoa(int(d.Position.Index)))
	}
	for _, d := range []node.Done{draft, cleared, returned, discarded} {
		paths = append(paths, "/drafts/"+d.Thing.Name())
	}
	pact := layWater(t, iq)
	paths = append(paths, "/programmes", "/programmes?cursor=nonsense", "/programmes/iq-sy/"+pact.Name(), "/programmes/iq-sy/"+pact.Name()+"/annex", "/programmes/iq-sy/nothing",
		"/programmes/iq-sy/"+pact.Name()+"/records/water_observation?by=sy&is.station=HSB&from=2026-12&sort=value&order=up&q=x", "/programmes/iq-sy/"+pact.Name()+"/records/nothing")
	last := sy.sends(verbale("iq", "آخر ما أُرسل"))
	paths = append(paths, note(last), note(opened)+"/withdraw", note(opened)+"/no-answer-needed", "/drafts/"+draft.Thing.Name()+"/edit", "/drafts/"+draft.Thing.Name()+"/return",
		"/drafts/"+cleared.Thing.Name()+"/release", "/drafts/"+draft.Thing.Name()+"/discard", "/notes/new?answers=iq-sy/"+opened.Thing.Name(), "/notes/new?answers=iq-sy/nothing")
	return paths
}

// layWater lays the shipped water annex before the forum, for an agreement that is only proposed.
func layWater(t *testing.T, h *house) jisr.ThingID {
	t.Helper()
	by := h.as("mail.program", jisr.Direct)
	step, err := node.NewStep(jisr.KindAgreementPropose, jisr.ProposeTerms{Kind: jisr.AgreementKind, Title: jisr.Text{"ar": "اتفاقية المياه", "en": "Agreement on water"}, Parties: []jisr.MemberID{"iq", "sy"}, Binding: true}, nil)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := programme.ReadShipped("wat")
	if err != nil {
		t.Fatal(err)
	}
	pact := h.do(by, node.SayStep{Forum: "iq-sy", Step: step})
	return h.do(by, node.LayProgramme{Forum: "iq-sy", Agreement: pact.Thing, Document: doc}).Thing
}

func itoa(n int) string { return strconv.Itoa(n) }

// checkPage holds a page against what every page must be.
func checkPage(t *testing.T, p page, lang string) {
	t.Helper()
	doc := parse(t, p.body)
	checkHeaders(t, p)
	if strings.Contains(p.body, "⟦") {
		t.Errorf("a sentence is missing: %s", p.body[strings.Index(p.body, "⟦"):][:60])
	}
	root := first(doc, "html")
	if attr(root, "lang") != lang || attr(root, "dir") != map[string]string{"ar": "rtl", "en": "ltr"}[lang] {
		t.Errorf("html has lang %q dir %q", attr(root, "lang"), attr(root, "dir"))
	}
	if n := count(doc, "h1"); n != 1 {
		t.Errorf("%d headings of the first level", n)
	}
	checkFields(t, doc)
	checkInline(t, doc)
	checkIcons(t, doc)
	checkLanguage(t, doc, lang)
}

func checkHeaders(t *testing.T, p page) {
	t.Helper()
	for name, want := range map[string]string{
		"Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
		"X-Content-Type-Options":  "nosniff", "Referrer-Policy": "same-origin", "Cache-Control": "no-store", "Cross-Origin-Opener-Policy": "same-origin",
	} {
		if got := p.header.Get(name); !strings.HasPrefix(got, want) {
			t.Errorf("%s is %q", name, got)
		}
	}
}

// checkFields wants a name for whoever cannot see it on every field, and no ID twice.
func checkFields(t *testing.T, doc *html.Node) {
	t.Helper()
	labels, ids := map[string]bool{}, map[string]bool{}
	each(doc, func(n *html.Node) { labels[attr(n, "for")] = true }, "label")
	for n := range doc.Descendants() {
		if id := attr(n, "id"); id != "" && ids[id] {
			t.Errorf("id %q stands twice", id)
		} else if id != "" {
			ids[id] = true
		}
	}
	each(doc, func(n *html.Node) {
		if attr(n, "type") == "hidden" || attr(n, "aria-label") != "" || labels[attr(n, "id")] {
			return
		}
		for up := n.Parent; up != nil; up = up.Parent {
			if up.Data == "label" {
				return
			}
		}
		t.Errorf("field %q has no label", attr(n, "name"))
	}, "input", "select", "textarea")
	each(doc, func(n *html.Node) {
		if id := attr(n, "aria-labelledby"); id != "" && !ids[id] {
			t.Errorf("aria-labelledby %q leads nowhere", id)
		}
	}, "section", "article", "pre", "dialog")
}

// checkInline wants nothing that the policy forbids: no style, no script, no handler in the page.
func checkInline(t *testing.T, doc *html.Node) {
	t.Helper()
	for n := range doc.Descendants() {
		if n.Type == html.ElementNode && (n.Data == "style" || n.Data == "script" && attr(n, "src") == "") {
			t.Errorf("inline %s", n.Data)
		}
		for _, a := range n.Attr {
			if a.Key == "style" || strings.HasPrefix(a.Key, "on") || strings.HasPrefix(a.Val, "javascript:") {
				t.Errorf("inline %s=%q on %s", a.Key, a.Val, n.Data)
			}
		}
	}
}

// checkIcons wants every icon of the page in the sprite.
func checkIcons(t *testing.T, doc *html.Node) {
	t.Helper()
	sprite, err := os.ReadDir("dist")
	if err != nil {
		t.Fatal(err)
	}
	each(doc, func(n *html.Node) {
		file, id, _ := strings.Cut(strings.TrimPrefix(attr(n, "href"), "/dist/"), "#")
		if !slices.ContainsFunc(sprite, func(e os.DirEntry) bool { return e.Name() == file }) {
			t.Fatalf("no sprite %q", file)
		}
		b, err := os.ReadFile("dist/" + file)
		if err != nil || !strings.Contains(string(b), `id="`+id+`"`) {
			t.Errorf("no icon %q in the sprite", id)
		}
	}, "use")
}

// checkLanguage wants no sentence in another language than the page's, but where an element says so.
func checkLanguage(t *testing.T, doc *html.Node, lang string) {
	t.Helper()
	foreign := regexp.MustCompile(`[A-Za-z]{2,}[ ,]+[A-Za-z]{2,}`)
	if lang == "en" {
		foreign = regexp.MustCompile(`\p{Arabic}{2,}`)
	}
	for n := range doc.Descendants() {
		if n.Type == html.TextNode && foreign.MatchString(n.Data) && !excused(n, lang) {
			t.Errorf("in another language: %q", strings.TrimSpace(n.Data))
		}
	}
	each(doc, func(n *html.Node) {
		if a := attr(n, "aria-label") + attr(n, "placeholder"); foreign.MatchString(a) && !strings.ContainsRune(a, '\u2068') {
			t.Errorf("in another language: %q", a)
		}
	}, "a", "button", "nav", "section", "input", "form", "table", "progress")
}

// excused tells whether the text says its language, is isolated as somebody's words, or is no text for people.
func excused(n *html.Node, lang string) bool {
	for up := n.Parent; up != nil && up.Type == html.ElementNode; up = up.Parent {
		if slices.Contains([]string{"bdi", "pre", "script", "title", "h1"}, up.Data) {
			return true
		}
		if l := attr(up, "lang"); l != "" && up.Data != "html" {
			return l != lang
		}
	}
	return false
}

func first(n *html.Node, name string) (found *html.Node) {
	each(n, func(d *html.Node) {
		if found == nil {
			found = d
		}
	}, name)
	return found
}

func count(n *html.Node, name string) (all int) {
	each(n, func(*html.Node) { all++ }, name)
	return all
}

// TestLinks follows every link and form address of the pages: none leads nowhere.
func TestLinks(t *testing.T) {
	iq, sy := world(t)
	b := iq.signedIn("head.treaties")
	seen := map[string]bool{}
	queue := []string{"/ar/"}
	for _, p := range fillWorld(t, iq, sy)[:4] {
		queue = append(queue, "/ar"+p)
	}
	for len(queue) > 0 && len(seen) < 400 {
		path := queue[0]
		queue = queue[1:]
		if seen[path] {
			continue
		}
		seen[path] = true
		p := b.get(path)
		if p.status != http.StatusOK {
			t.Errorf("%s: %d", path, p.status)
			continue
		}
		if !strings.HasPrefix(p.header.Get("Content-Type"), "text/html") {
			continue
		}
		each(parse(t, p.body), func(n *html.Node) {
			to, _, _ := strings.Cut(attr(n, "href"), "#")
			if strings.HasPrefix(to, "/ar") {
				queue = append(queue, to)
			}
		}, "a")
	}
	if len(seen) < 40 {
		t.Errorf("only %d pages were reached", len(seen))
	}
}
