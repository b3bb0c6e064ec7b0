// Package taxii is the face for threat tools: TAXII 2.1 (OASIS Standard of 10 June 2021) over the records of programmes that map to STIX
// 2.1, so that they connect as they are.
//
// [New] gives one handler for /taxii2/ ([Path]): discovery, and for each forum an API root with a collection for each type of records that
// maps to STIX. It is for reading: records are sent through the API, where the annex is asked. No rule lives here: who may read what is
// decided by node, and what is read of records that few may read is audited there.
//
// # Who may ask
//
// A token that may read, as "Authorization: Bearer TOKEN" or as the password of HTTP Basic with any name, which every tool knows.
//
// # What a collection holds
//
// The objects of a record: a report and what it refers to, or a sighting. They come in the order in which this node came to hold
// them, whoever sent them and whenever, so that who asks for what was added after a time misses nothing that was on its way meanwhile. A
// corrected record comes again with a newer modified, a withdrawn one with revoked. Only the last version is served. After the book was
// made anew a tool had better ask from the beginning: what it knows has the same identifiers.
//
// # Bounds
//
// At most [maxObjects] objects an answer, and [maxLooked] records looked at for it; then it says that there is more. The handler is safe
// for concurrent use and holds nothing.
package taxii
