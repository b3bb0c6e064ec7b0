package programme

// Every bound of an annex and of what is exchanged under it. What annex.schema.json bounds (numbers of charts, lengths
// of labels) is not repeated here.
const (
	MaxAnnex    = 1 << 20   // bytes of an annex
	maxDepth    = 24        // levels of an annex or a record
	maxValues   = 120_000   // values in one document: objects, lists, and what stands in them
	maxNumber   = 40        // bytes of a number
	maxExponent = 300       // of a number: beyond, readers differ
	maxNodes    = 2_000     // parts of one record's schema once its references are followed
	maxCodes    = 20_000    // codes of all of an annex's own lists
	maxPattern  = 20_000    // instructions all patterns of one record type compile to, together
	maxProblems = 100       // problems told of one annex; faults told of one record
	MaxRecord   = 65_536    // bytes of a record, unless the annex says fewer
	maxItems    = 256       // of a list in a record, unless its schema says fewer
	maxFormula  = 200       // parts of a formula
	maxFormulas = 12        // levels of a formula
	MaxSheet    = 128 << 20 // bytes that a spreadsheet may hold once unpacked
	freeSheet   = 4 << 20   // bytes that it may hold however small it is packed
	maxRatio    = 100       // times its packed size that it may hold beyond that
	MaxRows     = 1_000_000 // rows of an imported table
	MaxColumns  = 500       // columns of an imported table
	maxCell     = 32_768    // bytes of a cell
)
