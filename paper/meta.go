package paper

import (
	"encoding/binary"
	"encoding/xml"
	"math"
	"strings"
	"time"
)

// xmp is the metadata of a file (ISO 16684-1): title, language, date, and what it keeps to. pdfuaid is not among the
// schemas PDF/A knows, so it is described (ISO 19005-2 6.6.2.3).
func xmp(title, lang string, made time.Time) []byte {
	const schema = `<pdfaExtension:schemas><rdf:Bag><rdf:li rdf:parseType="Resource">` +
		`<pdfaSchema:schema>PDF/UA identification schema</pdfaSchema:schema><pdfaSchema:namespaceURI>http://www.aiim.org/pdfua/ns/id/</pdfaSchema:namespaceURI>` +
		`<pdfaSchema:prefix>pdfuaid</pdfaSchema:prefix><pdfaSchema:property><rdf:Seq><rdf:li rdf:parseType="Resource">` +
		`<pdfaProperty:name>part</pdfaProperty:name><pdfaProperty:valueType>Integer</pdfaProperty:valueType><pdfaProperty:category>internal</pdfaProperty:category>` +
		`<pdfaProperty:description>Part of ISO 14289 the file conforms to</pdfaProperty:description></rdf:li></rdf:Seq></pdfaSchema:property></rdf:li></rdf:Bag></pdfaExtension:schemas>`
	day := made.UTC().Format("2006-01-02T15:04:05Z")
	return []byte("<?xpacket begin=\"\ufeff\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\n" +
		`<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about=""` +
		` xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:pdf="http://ns.adobe.com/pdf/1.3/"` +
		` xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/" xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/" xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/"` +
		` xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#" xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#">` +
		`<pdfaid:part>2</pdfaid:part><pdfaid:conformance>U</pdfaid:conformance><pdfuaid:part>1</pdfuaid:part>` +
		`<dc:format>application/pdf</dc:format><dc:title><rdf:Alt><rdf:li xml:lang="x-default">` + xmlText(title) + `</rdf:li></rdf:Alt></dc:title>` +
		`<dc:language><rdf:Bag><rdf:li>` + xmlText(lang) + `</rdf:li></rdf:Bag></dc:language>` +
		`<xmp:CreateDate>` + day + `</xmp:CreateDate><xmp:ModifyDate>` + day + `</xmp:ModifyDate><pdf:Producer>` + producer + `</pdf:Producer>` +
		schema + "</rdf:Description></rdf:RDF></x:xmpmeta>\n<?xpacket end=\"w\"?>")
}

const producer = "Jisr"

func xmlText(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // a builder takes all
	return b.String()
}

// pdfDate writes a time as ISO 32000-1 7.9.4 has it.
func pdfDate(t time.Time) string { return "(D:" + t.UTC().Format("20060102150405") + "Z)" }

// srgb is the ICC profile that says what the colours mean (ISO 19005-2 6.2.3): sRGB (IEC 61966-2-1) as a matrix and curve
// profile of ICC.1:2004-10, version 4.2, written from the standard's own figures.
func srgb() []byte {
	text := func(s string) []byte { // multiLocalizedUnicodeType, 10.13
		b := append([]byte("mluc\x00\x00\x00\x00"), 0, 0, 0, 1, 0, 0, 0, 12, 'e', 'n', 'U', 'S')
		b = binary.BigEndian.AppendUint32(b, uint32(2*len(s)))
		b = binary.BigEndian.AppendUint32(b, 28)
		for _, c := range []byte(s) {
			b = append(b, 0, c)
		}
		return b
	}
	fixed := func(kind string, vs ...float64) []byte { // s15Fixed16Number, 4.6
		b := append([]byte(kind), 0, 0, 0, 0)
		for _, v := range vs {
			b = binary.BigEndian.AppendUint32(b, uint32(int32(math.Round(v*65536))))
		}
		return b
	}
	curve := append([]byte("para\x00\x00\x00\x00\x00\x03\x00\x00"), fixed("", 2.4, 1/1.055, 0.055/1.055, 1/12.92, 0.04045)[4:]...) // 10.16, function 3
	// Primaries and white as adapted to D50 by the linear Bradford transform (Annex E).
	return profile([][2]string{
		{"desc", string(text("sRGB IEC 61966-2-1"))}, {"cprt", string(text("No copyright, use freely"))},
		{"wtpt", string(fixed("XYZ ", 0.9642, 1, 0.8249))},
		{"chad", string(fixed("sf32", 1.047882, 0.022919, -0.050217, 0.029587, 0.990479, -0.017059, -0.009232, 0.015076, 0.751678))},
		{"rXYZ", string(fixed("XYZ ", 0.436066, 0.222488, 0.013916))}, {"gXYZ", string(fixed("XYZ ", 0.385147, 0.716873, 0.097076))},
		{"bXYZ", string(fixed("XYZ ", 0.143066, 0.060608, 0.714096))},
		{"rTRC", string(curve)}, {"gTRC", string(curve)}, {"bTRC", string(curve)},
	})
}

// profile writes header, tag table and tags (ICC.1:2004-10 section 7).
func profile(tags [][2]string) []byte {
	head := make([]byte, 128)
	binary.BigEndian.PutUint32(head[8:], 0x04200000)
	copy(head[12:], "mntrRGB XYZ ")
	for i, v := range []uint16{2026, 1, 1} { // 7.2.8: when it was made; the same for ever
		binary.BigEndian.PutUint16(head[24+2*i:], v)
	}
	copy(head[36:], "acsp")
	for i, v := range []uint32{0xF6D6, 0x10000, 0xD32D} { // 7.2.16: the illuminant, D50
		binary.BigEndian.PutUint32(head[68+4*i:], v)
	}
	table := binary.BigEndian.AppendUint32(nil, uint32(len(tags)))
	var body []byte
	at := map[string]int{}
	start := 128 + 4 + 12*len(tags)
	for _, t := range tags {
		where, shared := at[t[1]]
		if !shared {
			where = start + len(body)
			at[t[1]] = where
			body = append(body, t[1]...)
			body = append(body, make([]byte, -len(t[1])&3)...)
		}
		table = append(table, t[0]...)
		table = binary.BigEndian.AppendUint32(table, uint32(where))
		table = binary.BigEndian.AppendUint32(table, uint32(len(t[1])))
	}
	binary.BigEndian.PutUint32(head, uint32(start+len(body)))
	return append(append(head, table...), body...)
}
