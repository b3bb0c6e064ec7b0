package paper

import "time"

// Size is the size of the sheet.
type Size string

// The sizes: ISO 216, and the one of North America.
const (
	A4     Size = "a4"
	Letter Size = "letter"
)

// points is width and height in points of 1/72 inch.
func (s Size) points() (w, h float64) {
	if s == Letter {
		return 612, 792
	}
	return 595.28, 841.89
}

// Document is what is to be printed. The same document gives the same bytes.
type Document struct {
	Lang    string    // of what has no language of its own; it decides direction, digits and the words of the page
	Title   string    // as a reader's window and an archive name it
	Made    time.Time // the date the file carries: of what it says, not of its printing
	Size    Size      // empty: A4
	Head    string    // stands small above every page but the first: a reference
	Marking string    // handling, above and below every page; empty: none
	Seal    *Seal     // what leads from every page back to the record; nil: nothing does
	Blocks  []Block
}

// Seal is what the foot of every page carries.
type Seal struct {
	Hash  [32]byte
	Place string // where it stands in the record: "iq-sy iq 12"
}

// Look is how a text is set.
type Look int

// The looks.
const (
	Body    Look = iota // justified
	Start               // not justified
	Centred             // in the middle
	Strong              // bold, not justified
	Name                // bold, larger, in the middle: the name of a state
	Title               // larger still
	Small               // not justified
	Code                // small, left to right in every language, broken where need be: hashes
)

// Block is one part of a document: exactly one of Text, List, Table, Beside, Sign, Seal and Break, in this order.
type Block struct {
	Lang    string // empty: of what it stands in
	Heading int    // level of a heading, 1 to 6; 0: a paragraph
	Look    Look
	Text    string // lines end with "\n"
	Label   string // stands before the text, which hangs from it: "١."
	Gap     float64
	List    []Block // each with its label or none
	Table   *Table
	Beside  []Column // texts side by side, block beside block
	Sign    []Signature
	Seal    *Seal // the proof at the end of a document: code, hash and phrase
	Break   bool  // a new page
	Rule    bool  // a line across
}

// Column is one of the texts that stand side by side. The i-th blocks of all columns begin at one height. The first
// column stands where the document's language begins its lines.
type Column struct {
	Lang   string
	Blocks []Block
}

// Table has its columns in reading order.
type Table struct {
	Head   []string // empty: none
	Rows   [][]Block
	Widths []float64 // shares; empty: equal
	Plain  bool      // without lines: names and values
}

// Signature is the place where a representative signs or initials.
type Signature struct {
	For    string // "For the Government of …"
	Name   string // printed below the line: the office; empty: left to write
	Detail string // what is known of it: date and place, or that it was signed
}
