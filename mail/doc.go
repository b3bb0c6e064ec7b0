// Package mail tells officials of this member that something waits for them, and invites them to meetings. It says that
// something waits and where, never what: no subject, no name, no word of the other side is in a notice; an invitation says what a
// calendar needs, and there is none above restricted.
//
//	node.SweepMail --> outbox --> node.NextLetter --> write.go --> the member's own SMTP server
//	    what to tell    queued        to whom           words         send.go
//	                      '<-------- node.Mailed <--- its answer, its later notice (bounce.go)
//
// Who is told what and when is for node to say; here it is put in words and handed to a server, one message at a time. A message has one
// Message-ID, however often it is sent. It is written down as sent right after the server has taken it, before anything else is said to
// the server: a crash in between sends it once more, under the same Message-ID.
//
// An address stands in the message and in what is said to the server, and nowhere else: no log and no error has one, nor the server's
// text, which repeats it.
package mail
