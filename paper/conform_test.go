package paper_test

import (
	"bytes"
	"encoding/binary"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// checker holds a file against the clauses of ISO 19005-2 (PDF/A-2, level U) and ISO 14289-1 (PDF/UA-1) that a program
// can judge, as far as our files have what they speak of. Each finding begins with its clause.
type checker struct {
	*pdf
	found []string
}

func (c *checker) must(ok bool, clause, format string, args ...any) {
	if !ok {
		c.found = append(c.found, clause+": "+fmt.Sprintf(format, args...))
	}
}

// conforms gives what is wrong with a file.
func conforms(file []byte) []string {
	p, err := open(file)
	if err != nil {
		return []string{"6.1: " + err.Error()}
	}
	c := &checker{pdf: p}
	c.must(bytes.HasPrefix(file, []byte("%PDF-1.7\n%")) && file[10] > 127 && file[13] > 127, "19005-2 6.1.2", "header")
	id, _ := p.trailer["ID"].([]any)
	c.must(len(id) == 2 && len(id[0].([]byte)) == 16, "19005-2 6.1.3", "no file identifier")
	c.must(p.trailer["Encrypt"] == nil, "19005-2 6.1.3", "encrypted")
	c.forbidden()
	c.document()
	c.metadata()
	shown := c.contents()
	c.fonts(shown)
	c.tree()
	slices.Sort(c.found)
	return slices.Compact(c.found)
}

// forbidden looks for what no object may have.
func (c *checker) forbidden() {
	for n, o := range c.objects {
		c.walk(o, func(key string, v any) {
			c.must(!slices.Contains([]string{"JS", "JavaScript", "AA", "OpenAction", "EmbeddedFiles", "LZWDecode", "Launch"}, key), "19005-2 6.5", "object %d has %s", n, key)
			c.must(!slices.Contains([]string{"SMask", "Group", "ca", "CA", "BM", "TR", "HT"}, key), "19005-2 6.2.10", "object %d has %s: transparency or device settings", n, key)
		})
	}
}

func (c *checker) walk(o any, visit func(key string, v any)) {
	switch o := o.(type) {
	case dict:
		for k, v := range o {
			visit(k, v)
			c.walk(v, visit)
		}
	case stream:
		c.walk(o.dict, visit)
	case []any:
		for _, v := range o {
			c.walk(v, visit)
		}
	}
}

func (c *checker) document() {
	c.must(c.catalog("MarkInfo", "Marked") == "true", "14289-1 6.2", "not marked as tagged")
	c.must(text(c.catalog("Lang")) != "", "14289-1 7.2", "no language")
	c.must(c.catalog("ViewerPreferences", "DisplayDocTitle") == "true", "14289-1 7.1", "the title is not what a window shows")
	c.must(c.catalog("StructTreeRoot") != nil, "14289-1 7.1", "no structure tree")
	intents, _ := c.catalog("OutputIntents").([]any)
	if c.must(len(intents) == 1, "19005-2 6.2.3", "%d output intents", len(intents)); len(intents) != 1 {
		return
	}
	icc, _ := c.get(intents[0], "DestOutputProfile").(stream)
	c.must(c.get(intents[0], "S") == name("GTS_PDFA1") && icc.dict["N"] == 3.0, "19005-2 6.2.3", "the output intent")
	c.must(len(icc.data) > 128 && string(icc.data[36:40]) == "acsp" && string(icc.data[16:20]) == "RGB " && int(binary.BigEndian.Uint32(icc.data)) == len(icc.data) && icc.data[8] <= 4, "19005-2 6.2.3", "the profile")
}

// metadata reads the XMP packet as XML and holds it against the information dictionary.
func (c *checker) metadata() {
	m, _ := c.catalog("Metadata").(stream)
	c.must(m.dict["Filter"] == nil, "19005-2 6.6.2.1", "the metadata are compressed")
	found := map[string]string{}
	d, in := xml.NewDecoder(bytes.NewReader(m.data)), []string{}
	for {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			c.must(false, "19005-2 6.6.2.1", "%v", err)
			return
		}
		switch tok := tok.(type) {
		case xml.StartElement:
			in = append(in, tok.Name.Space+tok.Name.Local)
		case xml.EndElement:
			in = in[:len(in)-1]
		case xml.CharData:
			if s := strings.TrimSpace(string(tok)); s != "" && len(in) > 3 {
				found[in[3]] += s
			}
		}
	}
	c.must(found["http://www.aiim.org/pdfa/ns/id/part"] == "2" && found["http://www.aiim.org/pdfa/ns/id/conformance"] == "U", "19005-2 6.6.4", "identification %v", found)
	c.must(found["http://www.aiim.org/pdfua/ns/id/part"] == "1", "14289-1 5", "identification")
	c.must(found["http://www.aiim.org/pdfa/ns/extension/schemas"] != "", "19005-2 6.6.2.3", "pdfuaid is not described")
	title := found["http://purl.org/dc/elements/1.1/title"]
	c.must(title != "", "14289-1 7.1", "no title")
	c.must(title == text(c.get(c.trailer, "Info", "Title")), "19005-2 6.6.3", "the title is not that of the information dictionary")
	day := strings.NewReplacer("-", "", ":", "", "T", "").Replace(found["http://ns.adobe.com/xap/1.0/CreateDate"])
	c.must("D:"+day == text(c.get(c.trailer, "Info", "CreationDate")), "19005-2 6.6.3", "the date is not that of the information dictionary")
}

// contents walks what each page draws: everything is content of a known element or an artifact. It gives the codes
// shown, by font.
func (c *checker) contents() map[string]map[int]bool {
	shown := map[string]map[int]bool{}
	nums, _ := c.catalog("StructTreeRoot", "ParentTree", "Nums").([]any)
	for i, page := range c.pages() {
		c.must(page["Tabs"] == name("S"), "14289-1 7.18.3", "page %d: order of tabs", i+1)
		key, ok := page["StructParents"].(float64)
		if !ok || int(key)*2+1 >= len(nums) {
			c.must(false, "14289-1 7.1", "page %d is not in the parent tree", i+1)
			continue
		}
		of, _ := nums[int(key)*2+1].([]any)
		body, _ := c.get(page["Contents"]).(stream)
		marks := c.page(i+1, body.data, shown)
		c.must(len(marks) == len(of), "32000-1 14.7.4.4", "page %d: %d pieces of marked content, %d in the parent tree", i+1, len(marks), len(of))
		for mark := range marks {
			if mark < len(of) {
				c.must(c.refers(of[mark], i, mark), "32000-1 14.7.4.4", "page %d: the parent of content %d does not name it", i+1, mark)
			}
		}
	}
	return shown
}

// refers tells whether an element names a piece of marked content of a page as its own.
func (c *checker) refers(e any, page, mark int) bool {
	kids, _ := c.get(e, "K").([]any)
	for _, k := range kids {
		if d, ok := k.(dict); ok && d["MCID"] == float64(mark) && c.get(d["Pg"], "StructParents") == float64(page) {
			return true
		}
	}
	return false
}

// page goes through the operators of one page.
func (c *checker) page(n int, body []byte, shown map[string]map[int]bool) map[int]bool {
	marks := map[int]bool{}
	var operands []any
	var open []string // what marked content is open: "content", "artifact", "span"
	font, inText := "", false
	s := scanner{b: body}
	for v := s.next(); v != nil; v = s.next() {
		op, isOp := v.(string)
		if !isOp {
			operands = append(operands, v)
			continue
		}
		switch op {
		case "BDC":
			open = append(open, c.begins(n, operands, open, marks))
		case "EMC":
			if len(open) == 0 {
				c.must(false, "32000-1 14.6", "page %d: content ends that did not begin", n)
				return marks
			}
			open = open[:len(open)-1]
		case "BT", "ET":
			c.must(inText == (op == "ET"), "32000-1 9.4", "page %d: %s", n, op)
			inText = op == "BT"
		case "Tf":
			font = string(operands[0].(name))
		case "Tj":
			c.must(len(open) > 0, "14289-1 7.1", "page %d: text that is neither content nor artifact", n)
			if shown[font] == nil {
				shown[font] = map[int]bool{}
			}
			shown[font][int(binary.BigEndian.Uint16(operands[0].([]byte)))] = true
		case "f", "S", "B", "re", "sh", "Do":
			c.must(len(open) > 0, "14289-1 7.1", "page %d: %s is neither content nor artifact", n, op)
		case "Td", "g", "G", "w", "m", "l":
		default:
			c.must(false, "19005-2 6.2.2", "page %d: operator %q", n, op)
		}
		operands = operands[:0]
	}
	c.must(len(open) == 0 && !inText, "32000-1 14.6", "page %d: content does not end", n)
	return marks
}

// begins judges the beginning of marked content.
func (c *checker) begins(n int, operands []any, open []string, marks map[int]bool) string {
	tag, _ := operands[0].(name)
	props, _ := operands[1].(dict)
	switch mark, ok := props["MCID"].(float64); {
	case tag == "Artifact":
		c.must(len(open) == 0, "14289-1 7.1", "page %d: an artifact inside content", n)
		return "artifact"
	case ok:
		c.must(len(open) == 0, "14289-1 7.1", "page %d: content inside %v", n, open)
		c.must(!marks[int(mark)], "32000-1 14.7.4.2", "page %d: content %v twice", n, mark)
		marks[int(mark)] = true
		return "content"
	}
	c.must(tag == "Span" && len(open) > 0, "14289-1 7.1", "page %d: %s without content", n, tag)
	return "span"
}

// fonts holds every font against what the pages show of it.
func (c *checker) fonts(shown map[string]map[int]bool) {
	resources, _ := c.get(c.pages()[0]["Resources"], "Font").(dict)
	for key, codes := range shown {
		f := c.get(resources[key])
		base, _ := c.get(f, "BaseFont").(name)
		c.must(len(base) > 7 && base[6] == '+', "32000-1 9.6.4", "%s: no subset tag", base)
		kids, _ := c.get(f, "DescendantFonts").([]any)
		c.must(c.get(f, "Encoding") == name("Identity-H") && len(kids) == 1, "19005-2 6.2.11.3", "%s: encoding", base)
		cid := c.get(kids[0])
		c.must(c.get(cid, "CIDToGIDMap") == name("Identity"), "19005-2 6.2.11.3.2", "%s: no map from characters to glyphs", base)
		file, ok := c.get(cid, "FontDescriptor", "FontFile2").(stream)
		if c.must(ok, "19005-2 6.2.11.4", "%s is not embedded", base); !ok {
			continue
		}
		c.must(c.get(cid, "BaseFont") == base && c.get(cid, "FontDescriptor", "FontName") == base, "32000-1 9.8", "%s: names differ", base)
		c.glyphs(string(base), codes, cid, file.data, c.unicode(f))
	}
}

// unicode reads a ToUnicode map.
func (c *checker) unicode(f any) map[int]string {
	m := map[int]string{}
	cmap, _ := c.get(f, "ToUnicode").(stream)
	for line := range strings.Lines(string(cmap.data)) {
		parts := strings.Fields(line)
		if len(parts) == 2 && strings.HasPrefix(parts[0], "<") && len(parts[0]) == 6 && parts[0] != "<0000>" {
			code, _ := strconv.ParseInt(strings.Trim(parts[0], "<>"), 16, 32)
			s := scanner{b: []byte("<FEFF" + parts[1][1:])}
			m[int(code)] = text(s.next())
		}
	}
	return m
}

func (c *checker) glyphs(base string, codes map[int]bool, cid any, file []byte, unicode map[int]string) {
	tables := sfntTables(file)
	for _, need := range []string{"glyf", "head", "hhea", "hmtx", "loca", "maxp"} {
		c.must(tables[need] != nil, "19005-2 6.2.11.4.1", "%s: no table %s", base, need)
	}
	widths := map[int]float64{}
	w, _ := c.get(cid, "W").([]any)
	for i := 0; i+1 < len(w); i += 2 {
		for j, v := range w[i+1].([]any) {
			widths[int(w[i].(float64))+j] = v.(float64)
		}
	}
	upem := float64(binary.BigEndian.Uint16(tables["head"][18:]))
	metrics := int(binary.BigEndian.Uint16(tables["hhea"][34:]))
	for _, code := range slices.Sorted(maps.Keys(codes)) {
		c.must(code != 0, "19005-2 6.2.11.8", "%s: shows .notdef", base)
		advance := float64(binary.BigEndian.Uint16(tables["hmtx"][4*min(code, metrics-1):])) * 1000 / upem
		c.must(widths[code] > advance-1 && widths[code] < advance+1, "19005-2 6.2.11.5", "%s: glyph %d is %v wide, the font says %v", base, code, widths[code], advance)
		u, ok := unicode[code]
		c.must(ok && u != "" && !strings.ContainsAny(u, "\x00\ufeff\ufffe"), "19005-2 6.2.11.7.2", "%s: glyph %d has no Unicode value", base, code)
		from, to := loca(tables, code)
		c.must(to > from || strings.TrimSpace(u) == "" || u == "\u200b", "19005-2 6.2.11.4.1", "%s: glyph %d (%q) has no outline", base, code, u)
	}
}

func loca(tables map[string][]byte, g int) (from, to uint32) {
	if len(tables["loca"]) < 4*g+8 {
		return 0, 0
	}
	return binary.BigEndian.Uint32(tables["loca"][4*g:]), binary.BigEndian.Uint32(tables["loca"][4*g+4:])
}

func sfntTables(file []byte) map[string][]byte {
	all := map[string][]byte{}
	for i := range int(binary.BigEndian.Uint16(file[4:])) {
		row := file[12+16*i:]
		at, n := binary.BigEndian.Uint32(row[8:]), binary.BigEndian.Uint32(row[12:])
		all[string(row[:4])] = file[at : at+n]
	}
	return all
}

// inside says which elements may stand in which (ISO 32000-1 14.8.4).
func inside() map[string]string {
	const blocks = "P H1 H2 H3 H4 H5 H6 L Table Div Sect Figure"
	return map[string]string{"StructTreeRoot": "Document", "Document": blocks, "Sect": blocks, "Div": blocks, "L": "LI", "LI": "Lbl LBody", "LBody": "P L", "Lbl": "",
		"Table": "TR", "TR": "TH TD", "TH": "P", "TD": "P L", "P": "Span", "Figure": "", "H1": "", "H2": "", "H3": "", "H4": "", "H5": "", "H6": ""}
}

// tree walks the structure tree.
func (c *checker) tree() {
	level := 0
	var walk func(e, parent any, in string)
	walk = func(e, parent any, in string) {
		tag, _ := c.get(e, "S").(name)
		c.must(slices.Contains(strings.Fields(inside()[in]), string(tag)), "14289-1 7.1", "%s inside %s", tag, in)
		c.must(c.get(c.get(e, "P")) != nil && fmt.Sprint(c.get(e, "P")) == fmt.Sprint(c.get(parent)), "32000-1 14.7.2", "%s: the parent is another", tag)
		if len(tag) == 2 && tag[0] == 'H' {
			now := int(tag[1] - '0')
			c.must(now <= level+1, "14289-1 7.4.2", "heading %d after %d", now, level)
			level = now
		}
		c.must(tag != "Figure" || text(c.get(e, "Alt")) != "", "14289-1 7.3", "a figure without alternative text")
		c.must(tag != "TH" || c.get(e, "A", "Scope") != nil, "14289-1 7.5", "a head cell without scope")
		kids, _ := c.get(e, "K").([]any)
		c.must(len(kids) > 0, "14289-1 7.1", "%s holds nothing", tag)
		labelled := false
		for _, k := range kids {
			if r, ok := k.(ref); ok {
				walk(r, e, string(tag))
				inner, _ := c.get(r, "K").([]any)
				labelled = labelled || tag == "L" && len(inner) > 0 && c.get(inner[0], "S") == name("Lbl")
			}
		}
		c.must(!labelled || c.get(e, "A", "ListNumbering") != name("None"), "14289-1 7.6", "a list with labels says it has none")
	}
	root := c.catalog("StructTreeRoot")
	kids, _ := c.get(root, "K").([]any)
	for _, k := range kids {
		walk(k, root, "StructTreeRoot")
	}
}

func TestFilesConform(t *testing.T) {
	p := press(t)
	for _, lang := range []string{"ar", "en"} {
		b, err := p.PDF(sample(lang))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range conforms(b) {
			t.Errorf("%s: %s", lang, f)
		}
	}
}

// TestFilesThatDoNotConformAreFound breaks a file in the ways the checker looks for.
func TestFilesThatDoNotConformAreFound(t *testing.T) {
	b, err := press(t).PDF(sample("ar"))
	if err != nil {
		t.Fatal(err)
	}
	for _, change := range [][3]string{
		{"/Marked true", "/Marked null", "6.2:"}, {"/DisplayDocTitle true", "/DisplayDocTitle null", "7.1:"}, {"/Scope/Row", "/Scop_/Row", "7.5:"},
		{"<pdfuaid:part>1<", "<pdfuaid:part>2<", "14289-1 5:"}, {"/S/H1/", "/S/H3/", "7.4.2:"}, {"/CIDToGIDMap/Identity", "/CIDToGIDMap/Xdentity", "6.2.11.3.2:"},
		{"/ListNumbering/Decimal", "/ListNumbering/None   ", "7.6:"}, {"/Alt<", "/Al_<", "7.3:"}, {"/FontFile2 ", "/FontFileX ", "6.2.11.4:"},
		{"/MCID 3>>", "/MCID 9>>", "14.7.4.4:"}, {"/N 3/", "/N 4/", "6.2.3:"}, {"<pdfaid:conformance>U", "<pdfaid:conformance>X", "6.6.4:"},
	} {
		broken := bytes.Replace(b, []byte(change[0]), []byte(change[1]), 1)
		if bytes.Equal(broken, b) {
			t.Errorf("%q is not in the file", change[0])
		}
		if !slices.ContainsFunc(conforms(broken), func(f string) bool { return strings.Contains(f, change[2]) }) {
			t.Errorf("%q for %q: clause %s not found broken, but %v", change[1], change[0], change[2], conforms(broken))
		}
	}
}
