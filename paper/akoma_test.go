package paper_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"jisr"
)

// chaptered is an instrument with everything a text may have.
func chaptered() (n struct {
	akn  func(t *testing.T, lang string) []byte
	text *jisr.InstrumentText
}) {
	i := instrument(2, "ar", "en")
	said := func(ar, en string) jisr.Text { return jisr.Text{"ar": ar, "en": en} }
	rest := slices.Clone(i.Text.Segments[2:])
	i.Text.Segments = append(i.Text.Segments[:2:2], jisr.Segment{ID: "chp-1", Kind: jisr.SegmentChapter, Text: said("باب <&> \"أول\"", "Part <&> \"one\"")})
	i.Text.Segments = append(append(i.Text.Segments, rest...), jisr.Segment{ID: "annex-1", Kind: jisr.SegmentAnnex, Text: said("ملحق", "Annex")},
		jisr.Segment{ID: "annex-1-p1", Kind: jisr.SegmentParagraph, Number: "1", Text: said("نص", "Text")}, jisr.Segment{ID: "annex-1-p2", Kind: jisr.SegmentItem, Text: said("بند", "Item")})
	n.text = &i.Text
	n.akn = func(t *testing.T, lang string) []byte {
		t.Helper()
		b, err := i.AkomaNtoso(catalogue(t), lang)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	return n
}

// shape is the schema's order of what may stand in an element, as far as ours have it (akn-core-v1.0 part 2): each name
// with how often, "?" at most once, "+" at least once, "*" as often as it likes, "|" where the order is free.
func shape() map[string]string {
	properties := "FRBRthis FRBRuri+ FRBRalias* FRBRdate+ FRBRauthor+ "
	hierarchy := "num? heading? intro? content? article|paragraph|point*"
	return map[string]string{"akomaNtoso": "act", "act": "meta preface? preamble? body conclusions?", "meta": "identification lifecycle? references?",
		"identification": "FRBRWork FRBRExpression FRBRManifestation", "FRBRWork": properties + "FRBRcountry FRBRsubtype? FRBRnumber* FRBRname*",
		"FRBRExpression": properties + "FRBRversionNumber? FRBRauthoritative? FRBRlanguage+", "FRBRManifestation": properties + "FRBRformat?",
		"lifecycle": "eventRef+", "references": "TLCOrganization*", "preface": "longTitle+", "longTitle": "p+", "preamble": "p+", "conclusions": "p+", "p": "docTitle?",
		"body": "chapter|article|paragraph|point|hcontainer+", "chapter": hierarchy, "article": hierarchy, "paragraph": hierarchy, "point": hierarchy, "hcontainer": hierarchy, "intro": "p+", "content": "p+"}
}

// element is one of XML with what stands in it.
type xmlElement struct {
	name  string
	attrs map[string]string
	kids  []*xmlElement
	text  string
}

func parseXML(t *testing.T, b []byte) *xmlElement {
	t.Helper()
	d := xml.NewDecoder(bytes.NewReader(b))
	root := &xmlElement{}
	open := []*xmlElement{root}
	for {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			return root.kids[0]
		}
		if err != nil {
			t.Fatal(err)
		}
		top := open[len(open)-1]
		switch tok := tok.(type) {
		case xml.StartElement:
			e := &xmlElement{name: tok.Name.Local, attrs: map[string]string{}}
			if tok.Name.Space != "http://docs.oasis-open.org/legaldocml/ns/akn/3.0" {
				t.Errorf("%s is in %q", e.name, tok.Name.Space)
			}
			for _, a := range tok.Attr {
				e.attrs[a.Name.Local] = a.Value
			}
			top.kids = append(top.kids, e)
			open = append(open, e)
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			top.text += string(tok)
		}
	}
}

// follows holds the names of what stands in an element against the order given.
func follows(kids []*xmlElement, order string) bool {
	i := 0
	for _, part := range strings.Fields(order) {
		names := strings.Split(strings.TrimRight(part, "?+*"), "|")
		n := 0
		for i < len(kids) && slices.Contains(names, kids[i].name) {
			n, i = n+1, i+1
		}
		switch part[len(part)-1] {
		case '*':
		case '?':
			if n > 1 {
				return false
			}
		case '+':
			if n == 0 {
				return false
			}
		default:
			if n != 1 {
				return false
			}
		}
	}
	return i == len(kids)
}

func TestAkomaNtosoKeepsToTheSchema(t *testing.T) {
	n := chaptered()
	for _, lang := range []string{"ar", "en"} {
		b := n.akn(t, lang)
		eids, wids := map[string]bool{}, []string{}
		var walk func(e *xmlElement)
		walk = func(e *xmlElement) {
			order, known := shape()[e.name]
			if !known && len(e.kids) > 0 || known && !follows(e.kids, order) {
				var names []string
				for _, k := range e.kids {
					names = append(names, k.name)
				}
				t.Errorf("%s holds %v", e.name, names)
			}
			if id := e.attrs["eId"]; id != "" {
				if eids[id] || strings.ContainsAny(id, " \t") {
					t.Errorf("eId %q twice, or not a name", id)
				}
				eids[id] = true
			} else if slices.Contains([]string{"chapter", "article", "paragraph", "point", "hcontainer", "longTitle"}, e.name) {
				t.Errorf("%s has no eId", e.name)
			}
			if id := e.attrs["wId"]; id != "" {
				wids = append(wids, id)
			}
			for _, k := range e.kids {
				walk(k)
			}
		}
		root := parseXML(t, b)
		walk(root)
		var want []string
		for _, s := range n.text.Segments {
			want = append(want, s.ID)
		}
		slices.Sort(want)
		slices.Sort(wids)
		if !slices.Equal(want, wids) {
			t.Errorf("wIds %v, want %v", wids, want)
		}
		for _, id := range []string{"art_1", "art_1__para_1", "art_1__para_1__point_a", "chp_1", "annex_1__para_1__point_1"} {
			if !eids[id] {
				t.Errorf("no %s among %v", id, eids)
			}
		}
		all := string(b)
		for _, s := range []string{`<FRBRlanguage language="` + map[string]string{"ar": "ara", "en": "eng"}[lang] + `"/>`, "/akn/iq/act/agreement/2026-11-23/iq-01k", "&lt;&amp;&gt;", `value="sha256:010203`} {
			if !strings.Contains(all, s) {
				t.Errorf("%s is not in\n%s", s, all)
			}
		}
		if strings.Contains(all, "⟦") {
			t.Error("a party's token is left")
		}
		at := filepath.Join(t.TempDir(), "a.xml")
		if err := os.WriteFile(at, b, 0o600); err != nil {
			t.Fatal(err)
		}
		tool(t, "xmllint", "--noout", "--nonet", at)
		if schema := os.Getenv("AKOMA_NTOSO_XSD"); schema != "" {
			tool(t, "xmllint", "--noout", "--nonet", "--schema", schema, at)
		}
	}
}

func TestShapeCanFail(t *testing.T) {
	of := func(names ...string) (all []*xmlElement) {
		for _, n := range names {
			all = append(all, &xmlElement{name: n})
		}
		return all
	}
	for _, c := range []struct {
		names []string
		order string
		want  bool
	}{{[]string{"a", "b"}, "a b?", true}, {[]string{"b", "a"}, "a b?", false}, {[]string{"a", "a"}, "a", false}, {nil, "a+", false}, {[]string{"c"}, "a? b*", false}, {[]string{"b", "a", "b"}, "a|b+", true}} {
		if follows(of(c.names...), c.order) != c.want {
			t.Errorf("%v in %q: want %v", c.names, c.order, c.want)
		}
	}
}

func TestAkomaNtosoOfALanguageThatIsNotThere(t *testing.T) {
	n := instrument(1, "ar")
	if _, err := n.AkomaNtoso(catalogue(t), "en"); err == nil {
		t.Error("an expression in a language the text is not in")
	}
}
