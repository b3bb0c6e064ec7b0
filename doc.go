// Package jisr is the record: what members of a forum can say to each other, and what is then true.
//
// # The system in two pages
//
// Jisr (جسر, bridge) is what two or more governments run, each on its own machines, so that a cooperation does
// not end with the meeting that announced it. A member runs a node. Members that cooperate share a forum. In a
// forum every member has a log, to which only it appends; every other member keeps a verified copy, a mirror,
// and signs what it holds. What stands in logs are acts: "note.release", "note.open", "forum.join". Everything
// joint is an act. What is not for others (drafts, accounts, clearance) are house acts, in a log that is never
// shared.
//
//	officials --> portal \                                      / portal --> officials
//	                      node -> ledger ===== link ===== ledger -> book
//	programs  --> api    /   a log of acts     push, receipt    what it means now
//
// Data flows one way. An official asks for something; node decides whether this official may do it now, and
// which act says it; the act goes into the ledger, which is durable and proves what was said; link carries it
// to the other members' ledgers, whose countersignature comes back as a receipt; each node's book follows its
// ledger and holds what the acts mean now, for the faces to show. The ledger is the truth, the book is made
// from it at any time.
//
// # This package
//
// It is pure: values in, values out. No clock, no random, no I/O, no goroutine, the standard library only. A
// rule that is not here is in the wrong place.
//
//   - [Act] is one statement, and its exact bytes: [Decode], [Act.Encode], [Act.Follows].
//   - [Compare] and [Act.Saw] are order: acts sort the same on every node, and rules for what happened at the
//     same time ask what the writer had received.
//   - [Fold] gives the state of one thing from the acts about it. State is a function of the set of acts: any
//     order of arrival gives the same state and the same [State.Digest] on every node.
//   - [Note], [Forum], [Body], [Meeting], [Minutes], [Undertaking] (a commitment),
//     [JointStatement], [Readout] are the nouns; [DraftState], [Account], [Desk] those of the house. Each noun's file
//     holds its type, its life as a diagram, its acts and its rules.
//   - [Statement] and [Signature] are what an official signs with a passkey, and [Signer] whose key it is; [CheckSignature]
//     verifies it offline. What is signed or not changes no state.
//   - [Refusal] is a rule saying no. Every bound is in limits.go.
//
// An act that the state does not allow is kept, has no effect, and is shown as void with its refusal. An act of
// a kind this version does not know is kept, is provable, and has no effect here.
package jisr
