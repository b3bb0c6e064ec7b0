package paper

import (
	"fmt"
	"strings"

	"jisr"
)

// write makes the file of the pages.
func (l *layout) write() ([]byte, error) {
	w := newWriter()
	root, info, meta, intent, icc, kids := w.next(), w.next(), w.next(), w.next(), w.next(), w.next()
	var fonts strings.Builder
	for i := range l.fonts {
		u := &l.fonts[i]
		if len(u.glyphs) == 0 {
			continue
		}
		n, err := u.write(w)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&fonts, "/F%d %d 0 R", i, n)
	}
	resources := w.next()
	w.object(resources, "<</Font<<"+fonts.String()+">>>>")
	pages := make([]int, len(l.pages))
	marks := make([][]*element, len(l.pages))
	var list strings.Builder
	for i, p := range l.pages {
		var body int
		pages[i], body = w.next(), w.next()
		marks[i] = p.marks
		w.stream(body, "", p.body.Bytes())
		w.object(pages[i], fmt.Sprintf("<</Type/Page/Parent %d 0 R/MediaBox[0 0 %s %s]/Resources %d 0 R/Contents %d 0 R/StructParents %d/Tabs/S>>", kids, number(l.w), number(l.h), resources, body, i))
		fmt.Fprintf(&list, "%d 0 R ", pages[i])
		if w.out.Len() > maxPDF {
			return nil, jisr.Refuse(jisr.TooLong, "document", "max", fmt.Sprint(maxPDF))
		}
	}
	tree := writeTree(w, l.top, pages, marks)
	d := l.doc
	direction := "L2R"
	if l.rtl {
		direction = "R2L"
	}
	w.object(root, fmt.Sprintf("<</Type/Catalog/Pages %d 0 R/Lang%s/MarkInfo<</Marked true>>/StructTreeRoot %d 0 R/Metadata %d 0 R/OutputIntents[%d 0 R]/ViewerPreferences<</DisplayDocTitle true/Direction/%s>>>>",
		kids, textString(d.Lang), tree, meta, intent, direction))
	w.object(info, fmt.Sprintf("<</Title%s/Producer(%s)/CreationDate%s/ModDate%s>>", textString(d.Title), producer, pdfDate(d.Made), pdfDate(d.Made)))
	w.raw(meta, "/Type/Metadata/Subtype/XML", xmp(d.Title, d.Lang, d.Made))
	w.object(intent, fmt.Sprintf("<</Type/OutputIntent/S/GTS_PDFA1/OutputConditionIdentifier(sRGB IEC61966-2.1)/Info(sRGB IEC61966-2.1)/DestOutputProfile %d 0 R>>", icc))
	w.stream(icc, "/N 3", srgb())
	w.object(kids, fmt.Sprintf("<</Type/Pages/Kids[%s]/Count %d>>", list.String(), len(pages)))
	return w.finish(root, info), nil
}
