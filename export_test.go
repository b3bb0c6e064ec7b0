package jisr

// The quick readings, to be held against encoding/json.
var (
	ReadNoteBody = readNoteBody
	ReadKept     = readKept
)
