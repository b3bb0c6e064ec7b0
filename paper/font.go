package paper

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/go-text/typesetting/font"
	ot "github.com/go-text/typesetting/font/opentype"
)

//go:embed all:dist
var dist embed.FS

// The faces, as styles name them.
const (
	amiri = iota
	amiriBold
	plex
	plexBold
)

// faceNames lists the embedded faces by their PostScript names, in the order of the constants above.
func faceNames() []string {
	return []string{"Amiri-Regular", "Amiri-Bold", "IBMPlexSerif-Regular", "IBMPlexSerif-SemiBold"}
}

// typeface is an embedded TrueType font, parsed once and only read afterwards.
type typeface struct {
	name string
	font *font.Font
	data []byte
}

// openFonts parses the embedded fonts. It is called for the first document, so that a node that prints nothing holds nothing.
func openFonts() ([]typeface, error) {
	var all []typeface
	for _, name := range faceNames() {
		data, err := dist.ReadFile("dist/" + name + ".ttf")
		if err != nil {
			return nil, fmt.Errorf("couldn't read a font: %w", err)
		}
		ld, err := ot.NewLoader(bytes.NewReader(data))
		if err != nil {
			return nil, fmt.Errorf("couldn't read the font %s: %w", name, err)
		}
		f, err := font.NewFont(ld)
		if err != nil {
			return nil, fmt.Errorf("couldn't read the font %s: %w", name, err)
		}
		all = append(all, typeface{name, f, data})
	}
	return all, nil
}

// used is a typeface in one document, with the glyphs the document shows and the text each stands for.
type used struct {
	typeface
	glyphs map[font.GID]string
	widths map[font.GID]int // in font units, where the document sets a glyph wider than the font does
}

// widen notes the widest a glyph is set, as a share of the size. Kerning that moves letters apart would otherwise look
// like the space between words to programs that read a page by its places.
func (u *used) widen(face *font.Face, g font.GID, share float64) {
	w := int(share*float64(u.font.Upem()) + 0.5)
	if w > int(face.HorizontalAdvance(g)+0.5) && w > u.widths[g] {
		u.widths[g] = w
	}
}

// zeroWidth stands for a glyph that is part of a cluster and has no text of its own: every glyph must have some
// (ISO 19005-2 6.2.11.7.2).
const zeroWidth = "\u200b"

// means notes that a glyph is shown for text, and tells whether the glyph's own mapping says so.
func (u *used) means(g font.GID, text string) bool {
	had, ok := u.glyphs[g]
	if !ok {
		u.glyphs[g] = text
		return true
	}
	return had == text
}

// tag is the name prefix of a subset (ISO 32000-1 9.6.4): six letters that follow from what the subset holds.
func (u *used) tag() string {
	h := sha256.New()
	for _, g := range slices.Sorted(maps.Keys(u.glyphs)) {
		fmt.Fprintf(h, "%s %d ", u.name, g)
	}
	sum := h.Sum(nil)
	var b strings.Builder
	for _, c := range sum[:6] {
		b.WriteByte('A' + c%26)
	}
	return b.String()
}

// sfnt is a font file cut into its tables.
type sfnt struct{ tables map[string][]byte }

func openSFNT(data []byte) (*sfnt, error) {
	ld, err := ot.NewLoader(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	s := &sfnt{map[string][]byte{}}
	for _, tag := range []string{"cvt ", "fpgm", "glyf", "head", "hhea", "hmtx", "loca", "maxp", "prep"} {
		if b, err := ld.RawTable(ot.MustNewTag(tag)); err == nil {
			s.tables[tag] = b
		}
	}
	for _, tag := range []string{"glyf", "head", "hhea", "hmtx", "loca", "maxp"} {
		if s.tables[tag] == nil {
			return nil, fmt.Errorf("the font has no table %q", tag)
		}
	}
	return s, nil
}

// outline is where a glyph's outline lies in glyf.
func (s *sfnt) outline(g int) []byte {
	loca, glyf := s.tables["loca"], s.tables["glyf"]
	if binary.BigEndian.Uint16(s.tables["head"][50:]) == 1 {
		return glyf[binary.BigEndian.Uint32(loca[4*g:]):binary.BigEndian.Uint32(loca[4*g+4:])]
	}
	return glyf[2*int(binary.BigEndian.Uint16(loca[2*g:])) : 2*int(binary.BigEndian.Uint16(loca[2*g+2:]))]
}

func (s *sfnt) count() int { return int(binary.BigEndian.Uint16(s.tables["maxp"][4:])) }

// advance is a glyph's width in font units.
func (s *sfnt) advance(g int) int {
	n := int(binary.BigEndian.Uint16(s.tables["hhea"][34:]))
	return int(binary.BigEndian.Uint16(s.tables["hmtx"][4*min(g, n-1):]))
}

// widen sets advances, in the font as in what the file says of it: both must agree (ISO 19005-2 6.2.11.5).
func (s *sfnt) widen(widths map[font.GID]int) {
	n := int(binary.BigEndian.Uint16(s.tables["hhea"][34:]))
	hmtx := bytes.Clone(s.tables["hmtx"])
	for g, w := range widths {
		if int(g) < n {
			binary.BigEndian.PutUint16(hmtx[4*int(g):], uint16(min(w, 1<<16-1)))
		}
	}
	s.tables["hmtx"] = hmtx
}

// Flags of a component of a composite glyph (OpenType, glyf).
const (
	argsAreWords   = 1 << 0
	haveScale      = 1 << 3
	moreComponents = 1 << 5
	haveXYScale    = 1 << 6
	have2x2        = 1 << 7
)

// components lists the glyphs that a composite glyph is made of.
func components(d []byte) []int {
	if len(d) < 10 || int16(binary.BigEndian.Uint16(d)) >= 0 {
		return nil
	}
	var all []int
	for p := 10; p+4 <= len(d); {
		flags := binary.BigEndian.Uint16(d[p:])
		all = append(all, int(binary.BigEndian.Uint16(d[p+2:])))
		p += 6
		if flags&argsAreWords != 0 {
			p += 2
		}
		switch {
		case flags&haveScale != 0:
			p += 2
		case flags&haveXYScale != 0:
			p += 4
		case flags&have2x2 != 0:
			p += 8
		}
		if flags&moreComponents == 0 {
			break
		}
	}
	return all
}

// closure is the glyphs used and all they are made of.
func (s *sfnt) closure(glyphs map[font.GID]string) map[int]bool {
	keep := map[int]bool{0: true}
	var mark func(g int)
	mark = func(g int) {
		if keep[g] || g >= s.count() {
			return
		}
		keep[g] = true
		for _, c := range components(s.outline(g)) {
			mark(c)
		}
	}
	for g := range glyphs {
		mark(int(g))
	}
	return keep
}

// subset empties the outlines of glyphs that are not used; glyphs keep their numbers, so that a page names them as the
// font does (CIDToGIDMap Identity).
func (s *sfnt) subset(glyphs map[font.GID]string) []byte {
	keep := s.closure(glyphs)
	n := s.count()
	var glyf bytes.Buffer
	loca := make([]byte, 4*(n+1))
	for g := range n {
		binary.BigEndian.PutUint32(loca[4*g:], uint32(glyf.Len()))
		if keep[g] {
			glyf.Write(s.outline(g))
			glyf.Write(make([]byte, -glyf.Len()&3))
		}
	}
	binary.BigEndian.PutUint32(loca[4*n:], uint32(glyf.Len()))
	head := bytes.Clone(s.tables["head"])
	binary.BigEndian.PutUint16(head[50:], 1) // long offsets
	binary.BigEndian.PutUint32(head[8:], 0)  // the check sum counts as 0 while it is made
	tables := maps.Clone(s.tables)
	tables["glyf"], tables["loca"], tables["head"] = glyf.Bytes(), loca, head
	file := writeSFNT(tables)
	binary.BigEndian.PutUint32(tables["head"][8:], 0xB1B0AFBA-checksum(file))
	return writeSFNT(tables)
}

// writeSFNT writes a font file (OpenType, "Organization of an OpenType Font").
func writeSFNT(tables map[string][]byte) []byte {
	tags := slices.Sorted(maps.Keys(tables))
	power := 0
	for 2<<power <= len(tags) {
		power++
	}
	out := binary.BigEndian.AppendUint32(nil, 0x00010000)
	for _, v := range []int{len(tags), 16 << power, power, 16*len(tags) - 16<<power} {
		out = binary.BigEndian.AppendUint16(out, uint16(v))
	}
	var body []byte
	for _, tag := range tags {
		b := tables[tag]
		out = append(out, tag...)
		for _, v := range []uint32{checksum(b), uint32(12 + 16*len(tags) + len(body)), uint32(len(b))} {
			out = binary.BigEndian.AppendUint32(out, v)
		}
		body = append(body, b...)
		body = append(body, make([]byte, -len(b)&3)...)
	}
	return append(out, body...)
}

func checksum(b []byte) uint32 {
	var sum uint32
	for len(b) >= 4 {
		sum += binary.BigEndian.Uint32(b)
		b = b[4:]
	}
	if len(b) > 0 {
		var last [4]byte
		copy(last[:], b)
		sum += binary.BigEndian.Uint32(last[:])
	}
	return sum
}

// toUnicode says what each glyph stands for (ISO 32000-1 9.10.3).
func (u *used) toUnicode() string {
	var b strings.Builder
	b.WriteString("/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n/CIDSystemInfo <</Registry (Adobe) /Ordering (UCS) /Supplement 0>> def\n" +
		"/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n")
	const most = 100 // mappings of one block
	for block := range slices.Chunk(slices.Sorted(maps.Keys(u.glyphs)), most) {
		fmt.Fprintf(&b, "%d beginbfchar\n", len(block))
		for _, g := range block {
			text := u.glyphs[g]
			if text == "" {
				text = zeroWidth
			}
			fmt.Fprintf(&b, "<%04X> <%s>\n", g, utf16hex(text))
		}
		b.WriteString("endbfchar\n")
	}
	b.WriteString("endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend")
	return b.String()
}

// write puts the font into a file, and gives the number of its object.
func (u *used) write(w *writer) (int, error) {
	s, err := openSFNT(u.data)
	if err != nil {
		return 0, fmt.Errorf("couldn't read the font %s: %w", u.name, err)
	}
	s.widen(u.widths)
	perMille := func(v float64) float64 { return v * 1000 / float64(u.font.Upem()) }
	var widths strings.Builder
	for _, g := range slices.Sorted(maps.Keys(u.glyphs)) {
		fmt.Fprintf(&widths, "%d[%s]", g, number(perMille(float64(s.advance(int(g))))))
	}
	head, hhea := s.tables["head"], s.tables["hhea"]
	signed := func(b []byte) string { return number(perMille(float64(int16(binary.BigEndian.Uint16(b))))) }
	name := u.tag() + "+" + u.name
	top, cid, cmap, desc, file := w.next(), w.next(), w.next(), w.next(), w.next()
	w.object(top, fmt.Sprintf("<</Type/Font/Subtype/Type0/BaseFont/%s/Encoding/Identity-H/DescendantFonts[%d 0 R]/ToUnicode %d 0 R>>", name, cid, cmap))
	w.object(cid, fmt.Sprintf("<</Type/Font/Subtype/CIDFontType2/BaseFont/%s/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>/FontDescriptor %d 0 R/CIDToGIDMap/Identity/DW 0/W[%s]>>", name, desc, widths.String()))
	w.stream(cmap, "", []byte(u.toUnicode()))
	w.object(desc, fmt.Sprintf("<</Type/FontDescriptor/FontName/%s/Flags 4/FontBBox[%s %s %s %s]/ItalicAngle 0/Ascent %s/Descent %s/CapHeight 700/StemV 80/FontFile2 %d 0 R>>",
		name, signed(head[36:]), signed(head[38:]), signed(head[40:]), signed(head[42:]), signed(hhea[4:]), signed(hhea[6:]), file))
	sub := s.subset(u.glyphs)
	w.stream(file, fmt.Sprintf("/Length1 %d", len(sub)), sub)
	return top, nil
}
