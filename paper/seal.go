package paper

import (
	"encoding/base32"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/go-text/typesetting/font"
	"rsc.io/qr"

	"jisr/words"
)

type gid = font.GID

// Phrase is what two people read to each other to compare a page with the record: the first 128 bits of the hash as 8
// groups of 5 decimal digits, each group 16 bits (0 to 65535), as fingerprints of letters of credence are read. Digits
// are the one alphabet both scripts share. To make another text with the phrase of a given one takes about 2^128
// attempts; the whole hash stands beside it.
func Phrase(hash [32]byte) string {
	groups := make([]string, 8)
	for i := range groups {
		groups[i] = fmt.Sprintf("%05d", uint(hash[2*i])<<8|uint(hash[2*i+1]))
	}
	return strings.Join(groups, " ")
}

// Matches tells whether said is the hash (hexadecimal), its phrase, or what the code on a page holds, in the digits of
// any of the languages. ok is false when it is none of the three.
func Matches(said string, hash [32]byte) (matches, ok bool) {
	said = strings.Map(func(r rune) rune {
		switch {
		case r >= '٠' && r <= '٩':
			return '0' + r - '٠'
		case r >= '۰' && r <= '۹':
			return '0' + r - '۰'
		case r == ' ' || r == '\t' || r == '\n' || r == '-' || r == '\u00a0' || r >= 0x2066 && r <= 0x2069 || r == 0x200e || r == 0x200f || r == 0x061c:
			return -1
		}
		return r
	}, said)
	said = strings.TrimPrefix(strings.ToLower(said), "sha256:")
	if _, code, found := cutLast(said, ":"); found && len(code) == len(base32Of(hash)) {
		return strings.EqualFold(code, base32Of(hash)), true
	}
	switch {
	case len(said) == 64 && isHex(said):
		return said == hexOf(hash), true
	case len(said) == 40 && strings.Trim(said, "0123456789") == "":
		return said == strings.ReplaceAll(Phrase(hash), " ", ""), true
	}
	return false, false
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

func isHex(s string) bool { _, err := hex.DecodeString(s); return err == nil }

func hexOf(hash [32]byte) string { return hex.EncodeToString(hash[:]) }

// base32Of is the hash in the letters a code holds at least cost (RFC 4648 section 6, no padding).
func base32Of(hash [32]byte) string {
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(hash[:])
}

// spoken is a phrase in the digits of a language, kept in one piece and in its order.
func spoken(l *words.Lang, phrase string) string { return l.Isolate(l.Digits(phrase)) }

// code is a QR code (ISO/IEC 18004).
type code struct{ of *qr.Code }

// encodeSeal makes the code of a seal: JISR:IQ-SY/IQ/12:HASH, in the alphanumeric mode, which is the smallest.
func encodeSeal(s *Seal) *code {
	c, err := qr.Encode("JISR:"+strings.ToUpper(strings.ReplaceAll(s.Place, " ", "/"))+":"+base32Of(s.Hash), qr.M)
	if err != nil {
		return nil // it is too long for any code, and the hash stands beside it
	}
	return &code{c}
}

// draw fills the dark squares, each row's neighbours as one.
func (c *code) draw(p *sheet, x, y, side float64) {
	if c == nil {
		return
	}
	unit := side / float64(c.of.Size)
	for row := range c.of.Size {
		for col := 0; col < c.of.Size; col++ {
			n := 0
			for col+n < c.of.Size && c.of.Black(col+n, row) {
				n++
			}
			if n > 0 {
				fmt.Fprintf(&p.body, "%s %s %s %s re\n", number(x+float64(col)*unit), number(y+side-float64(row+1)*unit), number(float64(n)*unit), number(unit))
				col += n
			}
		}
	}
	p.body.WriteString("f\n")
}

// sealRows is the proof at the end of a document: the code, and what it holds in words.
func (l *layout) sealRows(f frame) []row {
	s := l.doc.Seal
	if s == nil {
		return nil
	}
	const side = 84.0
	fig := f.under.add("Figure")
	fig.alt = l.words.T("paper.seal.alt")
	left := cell{x: f.x, w: side, lines: []line{{of: fig, draw: &drawing{height: side, width: side, squares: func(p *sheet, x, y float64) { l.qr.draw(p, x, y, side) }}}}}
	at := frame{x: f.x + side + 16, w: f.w - side - 16, lang: f.lang, under: f.under.add("Div")}
	c := composer{set: l.set, lang: l.doc.Lang}
	right := cell{x: at.x, w: at.w}
	for _, b := range []Block{
		{Text: l.words.T("paper.seal.title"), Look: Strong},
		{Text: l.words.T("paper.seal.means"), Look: Small},
		{Text: l.words.T("paper.seal.phrase") + " " + spoken(l.words, Phrase(s.Hash)), Look: Small},
		{Text: "SHA-256 " + hexOf(s.Hash), Look: Code},
		{Text: s.Place, Look: Code},
	} {
		right.lines = append(right.lines, c.lines(&b, at, at.under)...)
	}
	return []row{{cells: []cell{left, right}, whole: true, before: 16}}
}
