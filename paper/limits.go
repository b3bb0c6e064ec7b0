package paper

// Every bound of what is set. A document is made from what passed the record's own bounds; these hold what is left.
const (
	maxPages   = 4_000     // of one document: 200 articles in three languages are below 200
	maxText    = 1 << 20   // characters of one paragraph
	maxColumns = 8         // texts side by side: as many as an act has languages
	maxPDF     = 256 << 20 // bytes of one file
	maxAtOnce  = 2         // documents set at the same time; others wait their turn

	maxHeads     = 1 << 20 // bytes of an operator's file of letterheads
	maxHeadLines = 8       // of one letterhead

	maxImport     = 20 << 20 // bytes of a file that is read
	maxUnpacked   = 64 << 20 // bytes of one part of it, unpacked
	freeUnpacked  = 4 << 20  // bytes of one part that a file may hold however small it is packed
	maxRatio      = 100      // times the file's size that one part may hold beyond that
	maxEntries    = 2_000    // parts of a DOCX file
	maxParagraphs = 20_000   // of a file that is read
	maxNesting    = 200      // elements inside each other
	maxRemarks    = 500      // about a file that was read
	maxTitleWords = 8        // of an article's title on a line below its number
)
