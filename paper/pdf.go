package paper

import (
	"bytes"
	"compress/zlib"
	"crypto/sha256"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
)

// writer writes the objects of a PDF file (ISO 32000-1 7.5), with a cross-reference table that every reader takes.
type writer struct {
	out     bytes.Buffer
	offsets []int // by object number - 1; 0: not written yet
	packer  *zlib.Writer
}

func newWriter() *writer {
	w := &writer{}
	w.packer, _ = zlib.NewWriterLevel(nil, 6)          // fails for unknown levels only
	w.out.WriteString("%PDF-1.7\n%\xe2\xe3\xcf\xd3\n") // ISO 19005-2 6.1.2: four bytes above 127
	return w
}

// next takes the next object number.
func (w *writer) next() int {
	w.offsets = append(w.offsets, 0)
	return len(w.offsets)
}

func (w *writer) object(n int, body string) {
	w.offsets[n-1] = w.out.Len()
	w.out.WriteString(strconv.Itoa(n))
	w.out.WriteString(" 0 obj\n")
	w.out.WriteString(body)
	w.out.WriteString("\nendobj\n")
}

// stream writes a compressed stream.
func (w *writer) stream(n int, dict string, data []byte) {
	var z bytes.Buffer
	w.packer.Reset(&z)
	_, _ = w.packer.Write(data) // a buffer takes all
	_ = w.packer.Close()
	w.raw(n, dict+"/Filter/FlateDecode", z.Bytes())
}

// raw writes a stream as it is: metadata must be readable without decoding (ISO 19005-2 6.6.2.1).
func (w *writer) raw(n int, dict string, data []byte) {
	w.offsets[n-1] = w.out.Len()
	fmt.Fprintf(&w.out, "%d 0 obj\n<<%s/Length %d>>\nstream\n", n, dict, len(data))
	w.out.Write(data)
	w.out.WriteString("\nendstream\nendobj\n")
}

// finish writes the cross-reference table and the trailer. The file's identifier is made from all that stands before.
func (w *writer) finish(root, info int) []byte {
	sum := sha256.Sum256(w.out.Bytes())
	start := w.out.Len()
	fmt.Fprintf(&w.out, "xref\n0 %d\n0000000000 65535 f \n", len(w.offsets)+1)
	for _, o := range w.offsets {
		fmt.Fprintf(&w.out, "%010d 00000 n \n", o)
	}
	fmt.Fprintf(&w.out, "trailer\n<</Size %d/Root %d 0 R/Info %d 0 R/ID[<%X><%X>]>>\nstartxref\n%d\n%%%%EOF\n", len(w.offsets)+1, root, info, sum[:16], sum[:16], start)
	return w.out.Bytes()
}

// number writes a number as short as it is exact to a thousandth.
func number(v float64) string {
	s := strconv.FormatFloat(v, 'f', 3, 64)
	s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	if s == "-0" {
		return "0"
	}
	return s
}

func utf16hex(s string) string {
	var b strings.Builder
	for _, u := range utf16.Encode([]rune(s)) {
		fmt.Fprintf(&b, "%04X", u)
	}
	return b.String()
}

// textString writes text as a hexadecimal UTF-16 string (ISO 32000-1 7.9.2.2), so that nothing in it can end the string.
func textString(s string) string { return "<FEFF" + utf16hex(s) + ">" }
