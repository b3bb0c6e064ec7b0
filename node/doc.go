// Package node is the house: the only place where the record (jisr), the proof (ledger), the road (link) and
// the desk (book) meet, and the one door through which anything is written.
//
// A face hands in a [Command] and who asks ([Caller]). One goroutine takes commands in batches: it looks
// whether the caller may ask for this (policy.go), lets the command decide which acts follow on a book that is
// up to date (decide), appends all acts of the batch in one durable transaction of the ledger, brings the book
// up, tells the links, and only then answers. So what is answered with success is on disk, a batch of a hundred
// notes costs one fsync, and no rule is ever looked at twice or by two goroutines at once.
//
// What other members write comes in through link into the ledger's mirrors; the node follows them into the
// book by the same code that follows its own log, at start-up and in normal work.
//
//	face --Do--> queue --> decide (book) --> ledger.Append --> book.Apply --> link.Notify --> answer
//	link --mirrored--> follow: ledger.Entries --> book.Apply --> events to open pages
//	link --receipt---> held: who waits for it is told
//
// Time enters here and nowhere below: the clock is Options.Now.
package node
