// Package calendar is what calendars of officials subscribe to: meetings, days by which something is due, days on which the rules
// of a body ask for a session, and statements that are about to be released, as iCalendar (RFC 5545).
//
// [New] gives the handler of /calendar/SECRET/LANGUAGE/own.ics and desk.ics. A calendar program cannot sign in, so the address is
// the key: 256 random bits, of which the house keeps a hash, made and ended on the official's own page. What has no such secret is
// not there. [Feed] writes the same bytes for the same entries, so an ETag tells what changed.
//
// What stands in an entry was in part written by another government. Titles and places are put in as text: line ends and
// signs of direction are taken out, the rest is escaped (section 3.3.11), and lines are folded at 75 octets (section 3.1); a line of
// theirs cannot begin one of ours. Of what is above restricted only that something is there (see [node.CalendarEntry]).
//
// Hours are instants in UTC, which every program shows in its user's own time zone; whole days are dates and belong to no zone.
package calendar
