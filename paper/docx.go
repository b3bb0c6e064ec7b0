package paper

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"jisr"
)

// ImportDOCX reads a WordprocessingML file (ISO/IEC 29500-1) whose text is mostly in one language. A table of rows with
// cells in two languages is read as texts side by side. Nothing in a file is run, fetched or unpacked to disk: entities and
// document types are refused, every part is bounded while it is unpacked, whatever its header says of its size.
func ImportDOCX(b []byte, lang string) (*Import, error) {
	if len(b) > maxImport {
		return nil, jisr.Refuse(jisr.TooLong, "file", "max", fmt.Sprint(maxImport), "got", fmt.Sprint(len(b)))
	}
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return nil, notDOCX(err)
	}
	if len(z.File) > maxEntries {
		return nil, jisr.Refuse(jisr.TooMany, "file", "max", fmt.Sprint(maxEntries), "got", fmt.Sprint(len(z.File)))
	}
	d := docx{most: min(maxUnpacked, max(freeUnpacked, maxRatio*int64(len(b)))), styles: map[string]int{}, lists: map[string]listed{}, levels: map[string]numbering{}, counters: map[string][]int{}}
	if err := d.part(z, "word/styles.xml", d.style, false); err != nil {
		return nil, err
	}
	if err := d.part(z, "word/numbering.xml", d.numberings, false); err != nil {
		return nil, err
	}
	if err := d.part(z, "word/document.xml", d.document, true); err != nil {
		return nil, err
	}
	return assemble(d.all, lang, d.remarks)
}

func notDOCX(err error) error {
	var r *jisr.Refusal
	if errors.As(err, &r) {
		return err
	}
	return jisr.Refuse(jisr.Malformed, "file", "want", "DOCX", "error", err.Error())
}

// docx is a file while it is read.
type docx struct {
	most     int64                // bytes that a part may hold: text packs to a tenth, and a thousandth is no text
	styles   map[string]int       // heading levels by style
	lists    map[string]listed    // what a style numbers its paragraphs by
	levels   map[string]numbering // how lists number, by abstract numbering and level
	abstract map[string]string
	counters map[string][]int
	all      []read
	remarks  []Remark
}

// listed says which numbering a paragraph or style belongs to.
type listed struct {
	num   string
	level int
}

// numbering is how one level of a list shows its number.
type numbering struct {
	format string
	text   string // "%1.", "المادة %1:"
	start  int
}

// part reads one part of the file, as a stream of elements.
func (d *docx) part(z *zip.Reader, name string, read func(*elements) error, needed bool) error {
	f, err := z.Open(name)
	if err != nil {
		if needed {
			return notDOCX(err)
		}
		return nil
	}
	defer f.Close() // read only
	e := &elements{d: xml.NewDecoder(&bounded{r: f, left: d.most})}
	e.d.Strict = true
	if err := read(e); err != nil {
		return notDOCX(err)
	}
	return nil
}

// bounded ends with a refusal where a part goes on beyond what is read of it.
type bounded struct {
	r    io.Reader
	left int64
}

// Read reads on.
func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, jisr.Refuse(jisr.TooLong, "file", "max", fmt.Sprint(maxUnpacked))
	}
	n, err := b.r.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	return n, err
}

// elements walks XML.
type elements struct {
	d     *xml.Decoder
	depth int
}

// next gives the next start, end or text; nil at the end.
func (e *elements) next() (xml.Token, error) {
	for {
		t, err := e.d.Token()
		if errors.Is(err, io.EOF) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		switch t := t.(type) {
		case xml.StartElement:
			if e.depth++; e.depth > maxNesting {
				return nil, jisr.Refuse(jisr.TooMany, "file", "max", fmt.Sprint(maxNesting))
			}
			return t, nil
		case xml.EndElement:
			e.depth--
			return t, nil
		case xml.CharData:
			return t, nil
		case xml.Directive: // a document type could define entities
			return nil, jisr.Refuse(jisr.Malformed, "file", "want", "no document type")
		}
	}
}

// skip passes over the element that has just begun.
func (e *elements) skip() error {
	for depth := e.depth; e.depth >= depth; {
		if t, err := e.next(); err != nil || t == nil {
			return err
		}
	}
	return nil
}

// each calls visit for every element inside the one that has just begun, at any depth.
func (e *elements) each(visit func(xml.StartElement) error) error {
	for depth := e.depth; ; {
		t, err := e.next()
		if err != nil || t == nil {
			return err
		}
		if s, ok := t.(xml.StartElement); ok {
			if err := visit(s); err != nil {
				return err
			}
		}
		if e.depth < depth {
			return nil
		}
	}
}

// attr is an attribute's value, whatever the name space its writer chose: both editions of the standard have their own.
func attr(s xml.StartElement, name string) string {
	for _, a := range s.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// style finds which styles are headings: by their outline level, or by their name.
func (d *docx) style(e *elements) error {
	id := ""
	return e.each(func(s xml.StartElement) error {
		switch s.Name.Local {
		case "style":
			id = attr(s, "styleId")
		case "name":
			name := strings.ToLower(attr(s, "val"))
			if n, ok := strings.CutPrefix(name, "heading "); ok && len(n) == 1 && n[0] >= '1' && n[0] <= '9' && id != "" {
				d.styles[id] = int(n[0] - '0')
			}
			if name == "title" && id != "" {
				d.styles[id] = 1
			}
		case "outlineLvl":
			if n, err := strconv.Atoi(attr(s, "val")); err == nil && n >= 0 && n < 9 && id != "" && len(d.styles) < maxEntries {
				d.styles[id] = n + 1
			}
		case "numId", "ilvl":
			if len(d.lists) < maxEntries && id != "" {
				d.lists[id] = d.lists[id].with(s)
			}
		}
		return nil
	})
}

// with takes in what an element says of a numbering.
func (l listed) with(s xml.StartElement) listed {
	if s.Name.Local == "numId" {
		l.num = attr(s, "val")
	} else {
		l.level, _ = strconv.Atoi(attr(s, "val"))
	}
	return l
}

// numberings reads how lists number.
func (d *docx) numberings(e *elements) error {
	d.abstract = map[string]string{}
	abstract, key, num := "", "", ""
	return e.each(func(s xml.StartElement) error {
		switch s.Name.Local {
		case "abstractNum":
			abstract = attr(s, "abstractNumId")
		case "lvl":
			if key = abstract + "/" + attr(s, "ilvl"); num == "" && len(d.levels) < maxEntries {
				d.levels[key] = numbering{format: "decimal", start: 1}
			}
		case "start", "numFmt", "lvlText":
			if n, ok := d.levels[key]; ok && num == "" {
				n.set(s)
				d.levels[key] = n
			}
		case "num":
			num = attr(s, "numId")
		case "abstractNumId":
			if num != "" && len(d.abstract) < maxEntries {
				d.abstract[num] = attr(s, "val")
			}
		}
		return nil
	})
}

func (n *numbering) set(s xml.StartElement) {
	switch s.Name.Local {
	case "start":
		if v, err := strconv.Atoi(attr(s, "val")); err == nil && v >= 0 && v < 10_000 {
			n.start = v
		}
	case "numFmt":
		n.format = attr(s, "val")
	case "lvlText":
		n.text = attr(s, "val")
	}
}

// label counts a paragraph of a list, and gives the number its program shows.
func (d *docx) label(num string, level int) string {
	if num == "" || num == "0" || level < 0 || level > 8 {
		return ""
	}
	counts := d.counters[num]
	if counts == nil {
		if len(d.counters) > maxEntries {
			return ""
		}
		counts = make([]int, 9)
		d.counters[num] = counts
	}
	if counts[level] == 0 {
		counts[level] = d.levelOf(num, level).start
	} else {
		counts[level]++
	}
	for i := level + 1; i < len(counts); i++ {
		counts[i] = 0
	}
	n := d.levelOf(num, level)
	if n.format == "bullet" || n.format == "none" {
		return "•"
	}
	text := n.text
	for i := range 9 {
		text = strings.ReplaceAll(text, "%"+strconv.Itoa(i+1), count(d.levelOf(num, i).format, max(counts[i], 1)))
	}
	return text
}

func (d *docx) levelOf(num string, level int) numbering {
	if n, ok := d.levels[d.abstract[num]+"/"+strconv.Itoa(level)]; ok {
		return n
	}
	return numbering{format: "decimal", start: 1, text: "%" + strconv.Itoa(level+1) + "."}
}

// count writes a number as a list shows it; formats of other scripts come as digits.
func count(format string, n int) string {
	switch format {
	case "lowerLetter", "upperLetter":
		if n <= 26 {
			return string(rune('a' + n - 1))
		}
	case "arabicAlpha", "arabicAbjad":
		if n <= 22 {
			return string([]rune("أبجدهوزحطيكلمنسعفصقرشت")[n-1])
		}
	}
	return strconv.Itoa(n)
}

// document reads the body.
func (d *docx) document(e *elements) error {
	return e.each(func(s xml.StartElement) error {
		switch s.Name.Local {
		case "p":
			p, err := d.paragraph(e)
			if err == nil {
				err = d.add(p)
			}
			return err
		case "tbl":
			return d.table(e)
		case "txbxContent", "Fallback":
			return e.skip()
		}
		return nil
	})
}

func (d *docx) add(p read) error {
	if len(d.all) >= maxParagraphs {
		return jisr.Refuse(jisr.TooMany, "paragraphs", "max", fmt.Sprint(maxParagraphs))
	}
	for part := range strings.SplitSeq(p.text, "\n") {
		one := p
		one.text = part
		if strings.TrimSpace(part) != "" {
			d.all = append(d.all, one)
		}
		p.label = ""
	}
	return nil
}

func (d *docx) remark(kind string) {
	for i := range d.remarks {
		if d.remarks[i].Kind == kind {
			d.remarks[i].Count++
			return
		}
	}
	d.remarks = append(d.remarks, Remark{Kind: kind, Count: 1})
}

// paragraph reads one paragraph: its text, its style and its number. What was deleted under tracked changes is not text any
// more, what was inserted is.
func (d *docx) paragraph(e *elements) (read, error) {
	var p read
	var b strings.Builder
	var list listed
	for depth := e.depth; ; {
		t, err := e.next()
		if err != nil || t == nil {
			return p, err
		}
		if s, ok := t.(xml.StartElement); ok {
			switch s.Name.Local {
			case "pStyle":
				p.level, list = d.styles[attr(s, "val")], d.lists[attr(s, "val")]
			case "outlineLvl":
				if n, err := strconv.Atoi(attr(s, "val")); err == nil && n >= 0 && n < 9 {
					p.level = n + 1
				}
			case "numId", "ilvl":
				list = list.with(s)
			default:
				if err := d.inline(e, s, &b); err != nil {
					return p, err
				}
			}
		}
		if e.depth < depth {
			break
		}
	}
	p.text, p.label = b.String(), d.label(list.num, list.level)
	return p, nil
}

// inline reads what stands in a paragraph.
func (d *docx) inline(e *elements, s xml.StartElement, b *strings.Builder) error {
	switch s.Name.Local {
	case "t":
		return e.text(b)
	case "tab":
		b.WriteByte(' ')
	case "br", "cr":
		if attr(s, "type") == "" {
			b.WriteByte('\n')
		}
	case "noBreakHyphen":
		b.WriteByte('-')
	case "del", "moveFrom":
		d.remark(RemarkTracked)
		return e.skip()
	case "ins", "moveTo":
		d.remark(RemarkTracked)
	case "footnoteReference", "endnoteReference", "commentReference":
		d.remark(RemarkNotes)
	case "drawing", "pict", "object":
		d.remark(RemarkPicture)
		return e.skip()
	case "instrText", "delText", "Fallback", "rPrChange", "pPrChange":
		return e.skip()
	}
	return nil
}

// text reads the characters of an element.
func (e *elements) text(b *strings.Builder) error {
	for depth := e.depth; e.depth >= depth; {
		t, err := e.next()
		if err != nil || t == nil {
			return err
		}
		if c, ok := t.(xml.CharData); ok {
			b.Write(c)
		}
	}
	return nil
}

// table reads a table, with those inside it. Rows whose cells are in different languages are texts side by side; any other
// table is read cell by cell.
func (d *docx) table(e *elements) error {
	var cells [][]read
	inner := 0
	for depth := e.depth; ; {
		t, err := e.next()
		if err != nil || t == nil {
			return err
		}
		if s, ok := t.(xml.StartElement); ok {
			switch s.Name.Local {
			case "tbl":
				inner++
			case "tr":
				if inner == 0 {
					cells = cells[:0]
				}
			case "tc":
				if inner == 0 {
					cells = append(cells, nil)
				}
			case "p":
				p, err := d.paragraph(e)
				if err != nil {
					return err
				}
				if len(cells) > 0 && strings.TrimSpace(p.text) != "" {
					cells[len(cells)-1] = append(cells[len(cells)-1], p)
				}
			}
		}
		if end, ok := t.(xml.EndElement); ok {
			switch {
			case e.depth < depth:
				return nil
			case end.Name.Local == "tbl":
				inner--
			case end.Name.Local == "tr" && inner == 0:
				if err := d.row(cells); err != nil {
					return err
				}
			}
		}
	}
}

// row adds the paragraphs of a row: side by side where its cells are in different languages and as long.
func (d *docx) row(cells [][]read) error {
	if len(cells) < 2 || !parallel(cells) {
		if len(cells) > 0 {
			d.remark(RemarkTable)
		}
		for _, c := range cells {
			for _, p := range c {
				if err := d.add(p); err != nil {
					return err
				}
			}
		}
		return nil
	}
	for i := range cells[0] {
		p := cells[0][i]
		for _, other := range cells[1:] {
			p.beside = append(p.beside, other[i])
		}
		if len(d.all) >= maxParagraphs {
			return jisr.Refuse(jisr.TooMany, "paragraphs", "max", fmt.Sprint(maxParagraphs))
		}
		p.text = strings.ReplaceAll(p.text, "\n", " ")
		d.all = append(d.all, p)
	}
	return nil
}

func parallel(cells [][]read) bool {
	seen := map[string]bool{}
	for _, c := range cells {
		if len(c) == 0 || len(c) != len(cells[0]) {
			return false
		}
		lang := languageOf(c[0].text, "")
		if lang == "" || seen[lang] {
			return false
		}
		seen[lang] = true
	}
	return true
}
