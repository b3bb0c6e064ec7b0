package paper_test

import (
	"bytes"
	"compress/zlib"
	"encoding/hex"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"
)

// The tests of this file read a PDF file as a reader would: objects, dictionaries, streams. They know nothing of the
// package but its bytes.

type (
	dict map[string]any
	ref  int
	name string
)

// stream is a dictionary with data, decoded.
type stream struct {
	dict
	data []byte
}

// pdf is a file taken apart.
type pdf struct {
	objects map[int]any
	trailer dict
}

// scanner reads the tokens of objects and of page contents.
type scanner struct {
	b []byte
	i int
}

func (s *scanner) space() {
	for s.i < len(s.b) && strings.IndexByte(" \n\r\t\x00", s.b[s.i]) >= 0 {
		s.i++
	}
}

// next gives the next object: number, name, string as []byte, []any, dict, ref; an operator as a plain string; nil at the end.
func (s *scanner) next() any {
	s.space()
	rest := s.b[s.i:]
	switch {
	case len(rest) == 0:
		return nil
	case bytes.HasPrefix(rest, []byte("<<")):
		s.i += 2
		return s.dict()
	case rest[0] == '<':
		end := bytes.IndexByte(rest, '>')
		s.i += end + 1
		b, err := hex.DecodeString(string(rest[1:end]))
		if err != nil {
			panic(err)
		}
		return b
	case rest[0] == '(':
		end := bytes.IndexByte(rest, ')') // ours hold no brackets
		s.i += end + 1
		return rest[1:end]
	case rest[0] == '[':
		s.i++
		return s.array()
	}
	return s.word()
}

func (s *scanner) dict() dict {
	d := dict{}
	for {
		s.space()
		if bytes.HasPrefix(s.b[s.i:], []byte(">>")) {
			s.i += 2
			return d
		}
		key := s.next().(name)
		d[string(key)] = s.next()
	}
}

func (s *scanner) array() []any {
	all := []any{}
	for {
		s.space()
		if s.b[s.i] == ']' {
			s.i++
			return all
		}
		all = append(all, s.next())
	}
}

// word is a name, a number, a reference or an operator.
func (s *scanner) word() any {
	if m := regexp.MustCompile(`^(\d+) 0 R`).FindSubmatch(s.b[s.i:min(len(s.b), s.i+24)]); m != nil {
		s.i += len(m[0])
		n, _ := strconv.Atoi(string(m[1]))
		return ref(n)
	}
	start := s.i
	s.i++
	for s.i < len(s.b) && strings.IndexByte(" \n\r\t/<>[]()", s.b[s.i]) < 0 {
		s.i++
	}
	w := string(s.b[start:s.i])
	if w[0] == '/' {
		return name(w[1:])
	}
	if v, err := strconv.ParseFloat(w, 64); err == nil {
		return v
	}
	return w
}

// open takes a file apart by its cross-reference table.
func open(file []byte) (p *pdf, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("not a file of objects: %v", r)
		}
	}()
	m := regexp.MustCompile(`startxref\n(\d+)\n%%EOF\n$`).FindSubmatch(file)
	at, _ := strconv.Atoi(string(m[1]))
	table := file[at:]
	p = &pdf{objects: map[int]any{}}
	for i, row := range regexp.MustCompile(`(\d{10}) \d{5} n `).FindAllSubmatch(table, -1) {
		offset, _ := strconv.Atoi(string(row[1]))
		head := fmt.Sprintf("%d 0 obj\n", i+1)
		if !bytes.HasPrefix(file[offset:], []byte(head)) {
			return nil, fmt.Errorf("object %d is not where the table says", i+1)
		}
		p.objects[i+1] = object(file[offset+len(head):])
	}
	s := scanner{b: table[bytes.Index(table, []byte("trailer"))+7:]}
	p.trailer = s.next().(dict)
	return p, nil
}

func object(b []byte) any {
	s := scanner{b: b}
	v := s.next()
	d, ok := v.(dict)
	s.space()
	if !ok || !bytes.HasPrefix(s.b[s.i:], []byte("stream\n")) {
		return v
	}
	data := s.b[s.i+7:][:int(d["Length"].(float64))]
	if d["Filter"] == name("FlateDecode") {
		z, err := zlib.NewReader(bytes.NewReader(data))
		if err == nil {
			data, err = io.ReadAll(z)
		}
		if err != nil {
			panic(err)
		}
	}
	return stream{d, data}
}

// get follows references along a path of keys.
func (p *pdf) get(v any, path ...string) any {
	for {
		if r, ok := v.(ref); ok {
			v = p.objects[int(r)]
			continue
		}
		if len(path) == 0 {
			return v
		}
		switch d := v.(type) {
		case dict:
			v = d[path[0]]
		case stream:
			v = d.dict[path[0]]
		default:
			return nil
		}
		path = path[1:]
	}
}

// catalog is where everything hangs.
func (p *pdf) catalog(path ...string) any {
	return p.get(p.trailer, append([]string{"Root"}, path...)...)
}

// text decodes a text string.
func text(v any) string {
	b, _ := v.([]byte)
	if !bytes.HasPrefix(b, []byte{0xFE, 0xFF}) {
		return string(b)
	}
	var u []uint16
	for i := 2; i+1 < len(b); i += 2 {
		u = append(u, uint16(b[i])<<8|uint16(b[i+1]))
	}
	return string(utf16.Decode(u))
}

// pages lists the pages.
func (p *pdf) pages() []dict {
	var all []dict
	kids, _ := p.catalog("Pages", "Kids").([]any)
	for _, k := range kids {
		all = append(all, p.get(k).(dict))
	}
	return all
}

func TestOpenRefusesWhatIsNoFile(t *testing.T) {
	for _, b := range []string{"", "%PDF-1.7\n", "startxref\n0\n%%EOF\n"} {
		if _, err := open([]byte(b)); err == nil {
			t.Errorf("%q opened", b)
		}
	}
}
