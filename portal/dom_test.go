package portal_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"jisr"
	"jisr/book"
)

func parse(t testing.TB, body string) *html.Node {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func has(n *html.Node, name string) bool {
	return slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == name })
}

// each visits the elements of these names.
func each(n *html.Node, visit func(*html.Node), names ...string) {
	for d := range n.Descendants() {
		if d.Type == html.ElementNode && slices.Contains(names, d.Data) {
			visit(d)
		}
	}
}

func textOf(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return b.String()
}

// fieldsOf reads the form whose action ends in one of these, as a browser would send it.
func fieldsOf(t testing.TB, body string, actions ...string) url.Values {
	t.Helper()
	form := url.Values{}
	found := false
	each(parse(t, body), func(f *html.Node) {
		if !slices.ContainsFunc(actions, func(a string) bool { return strings.HasSuffix(attr(f, "action"), a) }) {
			return
		}
		found = true
		each(f, func(n *html.Node) { addField(form, n) }, "input", "textarea", "select")
	}, "form")
	if !found {
		t.Fatalf("no form %v in:\n%s", actions, text(body))
	}
	return form
}

func addField(form url.Values, n *html.Node) {
	name := attr(n, "name")
	switch {
	case n.Data == "textarea":
		form.Add(name, strings.TrimPrefix(textOf(n), "\n"))
	case n.Data == "select":
		value := ""
		each(n, func(o *html.Node) {
			if has(o, "selected") {
				value = attr(o, "value")
			}
		}, "option")
		form.Add(name, value)
	case (attr(n, "type") == "radio" || attr(n, "type") == "checkbox") && !has(n, "checked"), attr(n, "type") == "file":
	default:
		form.Add(name, attr(n, "value"))
	}
}

// waitHeld waits until the other side's node holds the release of a note, by its address.
func (h *house) waitHeld(t testing.TB, path string) {
	t.Helper()
	id := jisr.ThingID("note/" + path[strings.LastIndex(path, "/")+1:])
	v, err := h.node.Book().Note(t.Context(), book.Whole(), "iq-sy", id)
	if err != nil || v.Note == nil {
		t.Fatalf("note %s: %v", id, err)
	}
	if err := h.node.WaitHeld(t.Context(), "iq-sy", v.Note.Released.Position); err != nil {
		t.Fatal(err)
	}
}
