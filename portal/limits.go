package portal

import "time"

// Every bound of what a request may bring and of what a page shows. Bounds of what an act may hold are in jisr.
const (
	maxForm         = 512 << 10 // bytes of a form without files: a note's text is at most 60 KiB in each of two languages
	maxUploadForm   = 1e9       // bytes of a form with files; larger files go up by the API, which resumes
	maxTextForm     = 12 << 20  // of the form of an agreement's text: a text of 4 MiB as forms send it
	maxTextFile     = 8 << 20   // of a file that a text is read from
	maxFormMemory   = 1 << 20   // bytes of such a form kept in memory; the rest waits in temporary files
	maxSearch       = 200       // characters of a search
	maxBodiesListed = 100       // bodies that a search can be narrowed to
	maxField        = 200       // characters of a field that names something
	maxAddress      = 500       // characters of an address that a page leads back to

	pageNotes    = 25     // rows of the list of notes
	maxSheet     = 20_000 // rows of the register as a workbook
	pageGroups   = 8      // offices, sectors and bodies of the register; those with most past their day
	pageRelation = 8      // to-dos of a relation on its page; Today has all
	pageActs     = 50     // rows of the record
	firstToDo    = 8      // rows of each list on Today at first: what an official reads in ten seconds
	pageToDo     = 50     // rows of each list on Today; more are counted
	formLinks    = 20     // earlier notes offered to refer to

	maxStreams   = 8                // live pages of one account; others reload by hand
	keepAlive    = 15 * time.Second // between signs of life on a stream; proxies close what is silent for 30 to 60 s
	writeAfter   = 10 * time.Second // a stream that takes nothing for so long is closed
	eventSpacing = time.Second      // at most one event a second to a page: it fetches all it shows each time
	settle       = 50 * time.Millisecond
	maxCounts    = 1_000 // scopes whose figures are remembered
)
