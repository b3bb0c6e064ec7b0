package paper

import (
	"fmt"
	"strings"
)

// element is an element of the structure tree (ISO 32000-1 14.7): what a reader who cannot see the page is told, in its
// order and language.
type element struct {
	tag   string
	lang  string // when it is not that of what is above
	alt   string // of a figure
	says  string // its text, where glyphs are not written in the order they are read
	attrs string // the /A entry: scope of a table's heads, numbering of a list
	kids  []kid
	n     int // object number, when written
}

// kid is an element, or marked content of a page.
type kid struct {
	element    *element
	page, mark int
}

// add puts a new element below e.
func (e *element) add(tag string) *element {
	c := &element{tag: tag}
	e.kids = append(e.kids, kid{element: c})
	return c
}

// in says the language of an element.
func (e *element) in(lang, outer string) *element {
	if lang != outer {
		e.lang = lang
	}
	return e
}

// prune drops elements without anything in them: a reader would be told of nothing.
func (e *element) prune() bool {
	kids := e.kids[:0]
	for _, k := range e.kids {
		if k.element == nil || k.element.prune() {
			kids = append(kids, k)
		}
	}
	e.kids = kids
	return len(kids) > 0
}

// writeTree writes the structure tree and gives its root's object number. marks lists, for each page, the element of
// each piece of marked content.
func writeTree(w *writer, top *element, pages []int, marks [][]*element) int {
	root := w.next()
	top.prune()
	top.number(w)
	top.write(w, root, pages)
	parents := w.next()
	w.object(root, fmt.Sprintf("<</Type/StructTreeRoot/K[%d 0 R]/ParentTree %d 0 R/ParentTreeNextKey %d>>", top.n, parents, len(marks)))
	var nums strings.Builder
	for page, of := range marks {
		fmt.Fprintf(&nums, "%d[", page)
		for _, e := range of {
			fmt.Fprintf(&nums, "%d 0 R ", e.n)
		}
		nums.WriteString("]")
	}
	w.object(parents, "<</Nums["+nums.String()+"]>>")
	return root
}

func (e *element) number(w *writer) {
	e.n = w.next()
	for _, k := range e.kids {
		if k.element != nil {
			k.element.number(w)
		}
	}
}

func (e *element) write(w *writer, parent int, pages []int) {
	var b strings.Builder
	fmt.Fprintf(&b, "<</Type/StructElem/S/%s/P %d 0 R", e.tag, parent)
	if e.lang != "" {
		b.WriteString("/Lang" + textString(e.lang))
	}
	if e.alt != "" {
		b.WriteString("/Alt" + textString(e.alt))
	}
	if e.says != "" {
		b.WriteString("/ActualText" + textString(e.says))
	}
	if e.attrs != "" {
		b.WriteString("/A<<" + e.attrs + ">>")
	}
	b.WriteString("/K[")
	for _, k := range e.kids {
		if k.element != nil {
			fmt.Fprintf(&b, "%d 0 R ", k.element.n)
		} else {
			fmt.Fprintf(&b, "<</Type/MCR/Pg %d 0 R/MCID %d>>", pages[k.page], k.mark)
		}
	}
	b.WriteString("]>>")
	w.object(e.n, b.String())
	for _, k := range e.kids {
		if k.element != nil {
			k.element.write(w, e.n, pages)
		}
	}
}
