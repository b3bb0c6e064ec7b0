// Package paper is the printed page: notes, agreements and whatever else leaves the building on paper, as PDF.
//
// A [Document] says what stands on it: headings, paragraphs, lists, tables, texts side by side, signatures, each in its
// language. [Press.PDF] sets it: Arabic shaped, in its order beside Latin text (UAX #9), justified, with page numbers,
// handling marking, and on every page the hash and the verification phrase ([Phrase]) that lead back to the record.
//
//	note, agreement, … --> Document --> rows of shaped lines --> pages --> PDF
//	     note.go, …        document.go     shape.go, rows.go     layout.go  pdf.go, tags.go, font.go, meta.go
//
// A file is the same bytes for the same document, on any node and any day: it holds no clock, no random and no order of a
// map, and its identifier comes from its content. So what two governments print of one record can be compared by hash.
//
// Files are tagged as PDF/UA-1 (ISO 14289-1) asks, so that who cannot see the page hears it in its order and language,
// and are PDF/A-2u (ISO 19005-2), so that archives can keep them: fonts embedded, every character mapped to Unicode.
//
// Nothing here decides who may read what: whoever asks has been let in by the face that passes it on. Text from another
// government is text: it is measured, bounded (limits.go), and can put nothing into a file but glyphs.
package paper
