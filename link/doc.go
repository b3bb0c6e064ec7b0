// Package link is the road between members: it carries logs and contents from the node that writes them to
// the nodes that mirror them, and brings back receipts. It knows peers, logs and ranks; it knows neither
// notes nor governments.
//
// A member introduces itself with a letter of credence (Letter): keys, TLS pin and addresses, signed, with a
// fingerprint that two people compare. From then on everything is checked against accepted letters: TLS 1.3
// with mutual pins on the wire, and each log's own signatures on every batch, whoever brings it.
//
// One goroutine for each peer keeps one connection to it and has at most one batch on it. A batch holds what
// the road carries in about a second: new entries first, because they are small and order everything, then
// contents by rank and by the order of the log. So what is urgent waits for at most one batch, however much
// else is queued. The other side verifies the batch, commits it, and answers with a receipt; nothing is
// acknowledged before it is durable there, nothing counts as held before the receipt is durable here.
//
// No progress is kept on disk. The ledgers know what they hold: after a cut, a crash or a month the sender
// asks for the state and goes on from there. Giving up early is therefore cheap, and deadlines are short.
//
// doc/spec/link.md specifies the formats and the exchanges, precisely enough for a second implementation.
//
// All methods of Link may be called concurrently. Callbacks run on the link's goroutines: they must return
// soon and must not call SetPeers.
package link
