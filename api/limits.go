package api

import "time"

// Every bound of what a request may bring and of what an answer may take. Bounds of what an act may hold are in
// jisr; those of a page of results in book.
const (
	maxNoteJSON  = 256 << 10 // bytes: a note's content is at most 60 KiB, and JSON may write each character as \uXXXX
	maxTextJSON  = 8 << 20   // bytes of a step: a text of an agreement is at most 4 MiB
	maxTextFile  = 20 << 20  // bytes of a DOCX file or plain text that is read
	maxColumns   = 128 << 10 // bytes of a column map
	maxRecords   = 32 << 20  // bytes of records sent at once
	maxHouseJSON = 16 << 10  // bytes of every other body: an account, a desk, a reason
	maxForumJSON = 2 << 20   // bytes of a forum to accept: up to 63 letters of credence
	maxToken     = 256       // bytes of a bearer token
	maxKey       = 200       // bytes of an Idempotency-Key
	maxID        = 128       // bytes of an id in a path
	maxQuery     = 4 << 10   // bytes of a query string
	maxSearch    = 200       // bytes of q
	maxMetadata  = 4 << 10   // bytes of Upload-Metadata
	maxEcho      = 64        // bytes of what a caller sent that an answer repeats
	maxAccept    = 256       // bytes of Accept-Language that are looked at

	maxInFlight = 2048             // requests at work at once, waiting ones too; more are told to come back
	maxStreams  = 64               // of events, of all programs together
	keepAlive   = 15 * time.Second // between signs of life on a stream; proxies close what is silent for 30 to 60 s
	maxWait     = 60 * time.Second // of Prefer: wait
	pageLimit   = 200              // rows of a page, as in book

	// quiet is how long a caller may take nothing or give nothing while a file moves. The whole may take as long as
	// it takes: 2 GB at 64 kbit/s are three days.
	quiet = 60 * time.Second
)
