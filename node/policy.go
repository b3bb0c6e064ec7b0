package node

import (
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"jisr"
)

// Verb names a command where it is allowed, counted and logged.
type Verb string

// Noun is the first part of a verb.
func (v Verb) Noun() string {
	noun, _, _ := strings.Cut(string(v), ".")
	return noun
}

// Duty is a kind of work. Policies give roles duties, and each verb belongs to one, so that a new command is allowed
// to those who do its work already, and to nobody else.
type Duty string

// The duties.
const (
	Reading       Duty = "reading"
	Drafting      Duty = "drafting"   // texts that stay in the house until they are released
	Receiving     Duty = "receiving"  // opens what arrives
	Referring     Duty = "referring"  // makes a thing another desk's too, or no longer
	Clearing      Duty = "clearing"   // says that a draft is fit to go, or sends it back
	Releasing     Duty = "releasing"  // lets what was cleared cross the border
	Sending       Duty = "sending"    // without a draft that another clears: for programs
	Concluding    Duty = "concluding" // takes back, or waits no more
	Negotiating   Duty = "negotiating"
	Revising      Duty = "revising" // whether texts in several languages say the same
	Signing       Duty = "signing"
	Empowering    Duty = "empowering" // full powers: issues, verifies, revokes
	Notifying     Duty = "notifying"  // ratification, entry into force, registration
	Convening     Duty = "convening"  // meetings, agendas, minutes in the making
	Chairing      Duty = "chairing"   // agrees the agenda, signs minutes
	Reporting     Duty = "reporting"  // progress and evidence
	Accepting     Duty = "accepting"  // says that what was promised to us is done
	Publishing    Duty = "publishing"
	Keeping       Duty = "keeping" // keys, certified copies
	Administering Duty = "administering"
	Auditing      Duty = "auditing"
	Entering      Duty = "entering" // one's own: passkeys, and what reaches one outside the pages
)

// Duties lists them.
func Duties() []Duty {
	return []Duty{Reading, Drafting, Receiving, Referring, Clearing, Releasing, Sending, Concluding, Negotiating, Revising, Signing, Empowering, Notifying,
		Convening, Chairing, Reporting, Accepting, Publishing, Keeping, Administering, Auditing, Entering}
}

// bond says how far an act commits the member.
type bond int

const (
	free    bond = iota
	binding      // it commits the member towards others
	treaty       // it does so in the form of a treaty, or as one: on the official's own signature
)

// formal lists the verbs of bodies, meetings, minutes, commitments and statements that speak for the member: what they say is drafted by
// one official and cleared by a second, as notes are. What secretaries say to each other while they work is not among them.
func formal() []Verb {
	return []Verb{"body.propose", "body.agree", "body.circulate", "body.approve", "body.object", "meeting.propose", "meeting.convene", "meeting.postpone", "meeting.cancel",
		"minutes.sign", "minutes.approve", "minutes.disapprove", "commitment.agree", "commitment.report", "commitment.accept", "commitment.return",
		"commitment.extend", "commitment.grant", "commitment.keep-date", "commitment.raise", "commitment.dispute", "commitment.settle",
		"commitment.release", "commitment.supersede", "statement.approve", "statement.withdraw", "statement.incident", "readout.release", "readout.withdraw"}
}

// Formal tells whether two officials look at what the verb says, as policies are shipped.
func Formal(v Verb) bool { return slices.Contains(formal(), v) }

// Treaty tells whether what the verb leads to stands on the official's own signature, as policies are shipped.
func Treaty(v Verb) bool {
	return slices.ContainsFunc(table(), func(r row) bool { return r.verb == v && r.bond == treaty })
}

// row is what policy knows of a verb.
type row struct {
	verb Verb
	duty Duty
	bond bond
}

// dutyOf finds the duty of a verb.
func dutyOf(v Verb) (Duty, bool) {
	for _, r := range table() {
		if r.verb == v {
			return r.duty, true
		}
	}
	return "", false
}

// The verbs of reading, which are no commands.
const (
	Read         Verb = "record.read"
	ReadUnopened Verb = "note.read-unopened" // what is in a note before one of our desks has opened it
	ReadHouse    Verb = "house.read"         // accounts, desks, policies
	ReadAudit    Verb = "audit.read"         // who did and read what
	TakeAudit    Verb = "audit.export"       // with its proofs
	Export       Verb = "record.export"
)

// meetingRows are the verbs of bodies, meetings, minutes, commitments and statements.
func meetingRows() []row {
	return []row{
		{"body.propose", Convening, free},
		{"body.agree", Chairing, binding},
		{"body.circulate", Convening, free},
		{"body.receive", Receiving, free},
		{"body.approve", Chairing, binding},
		{"body.object", Chairing, free},
		{"body.lapse", Receiving, free},
		{"meeting.propose", Convening, free},
		{"meeting.agenda", Convening, free},
		{"meeting.agree", Chairing, free},
		{"meeting.convene", Convening, free},
		{"meeting.delegation", Convening, free},
		{"meeting.paper", Convening, free},
		{"meeting.hold", Convening, free},
		{"meeting.postpone", Chairing, free},
		{"meeting.cancel", Chairing, free},
		{"meeting.close", Convening, free},
		{"minutes.edit", Convening, free},
		{"minutes.clear", Convening, free},
		{"minutes.unclear", Convening, free},
		{"minutes.sign", Chairing, treaty},
		{"minutes.receive", Receiving, free},
		{"minutes.approve", Chairing, binding},
		{"minutes.disapprove", Chairing, free},
		{"commitment.propose", Negotiating, free},
		{"commitment.agree", Chairing, binding},
		{"commitment.withdraw", Negotiating, free},
		{"commitment.assign", Reporting, free},
		{"commitment.progress", Reporting, free},
		{"commitment.block", Reporting, free},
		{"commitment.report", Reporting, free},
		{"commitment.recall", Reporting, free},
		{"commitment.extend", Reporting, free},
		{"commitment.receive", Receiving, free},
		{"commitment.accept", Accepting, binding},
		{"commitment.return", Accepting, free},
		{"commitment.grant", Accepting, binding},
		{"commitment.keep-date", Accepting, free},
		{"commitment.raise", Negotiating, free},
		{"commitment.dispute", Negotiating, free},
		{"commitment.settle", Chairing, free},
		{"commitment.release", Chairing, binding},
		{"commitment.supersede", Chairing, binding},

		{"statement.propose", Negotiating, free},
		{"statement.edit", Negotiating, free},
		{"statement.approve", Chairing, binding},
		{"statement.retract", Chairing, free},
		{"statement.release", Publishing, free},
		{"statement.withdraw", Publishing, free},
		{"statement.incident", Publishing, free},
		{"readout.release", Publishing, free},
		{"readout.withdraw", Publishing, free},

		{"forum.accept", Administering, free},
		{"thing.refer", Referring, free},
		{"thing.name", Receiving, free},
		{"thing.entrust", Clearing, free}, // names who is at no desk of the thing
		{"thing.take-back", Receiving, free},
	}
}

// table has every verb. A command without a row is refused, and a test fails.
func table() []row {
	return slices.Concat(agreementRows(), meetingRows(), []row{
		{Read, Reading, free},
		{ReadUnopened, Sending, free},
		{Export, Reading, free},
		{ReadHouse, Administering, free},
		{ReadAudit, Auditing, free},
		{TakeAudit, Auditing, free},

		{"note.draft", Drafting, free},
		{"note.discard", Drafting, free},
		{"note.open", Receiving, free},
		{"note.clear", Clearing, free},
		{"note.return", Clearing, free},
		{"note.release", Releasing, free},
		{"note.send", Sending, free},
		{"note.withdraw", Concluding, free},
		{"note.close", Concluding, free},

		{"programme.lay", Negotiating, free},
		{"record.batch", Reporting, free},
		{"record.correct", Reporting, free},
		{"record.withdraw", Reporting, free},
		{"record.acknowledge", Receiving, free},
		{"record.confirm", Accepting, free},
		{"record.erase", Accepting, binding},
		{"record.erased", Administering, free}, // the house says it by itself
		{"thing.hold", Releasing, free},
		{"thing.unhold", Releasing, free},
		{"columns.keep", Reporting, free},
		{"columns.drop", Reporting, free},

		{"comment.receive", Administering, free}, // the house does it by itself
		{ReadComments, Publishing, free},
		{"comment.approve", Publishing, free},
		{"comment.decline", Publishing, free},
		{"comment.withdraw", Publishing, free},
		{"comment.reopen", Publishing, free},
		{"picture.show", Publishing, free},
		{"picture.withdraw", Publishing, free},

		{"desk.add", Administering, free},
		{"desk.receive", Administering, free},
		{"official.add", Administering, free},
		{"official.pass", Administering, free},
		{"official.end", Administering, free},
		{"official.invite", Administering, free},
		{"official.recover", Administering, free},
		{"official.restore", Administering, free},
		{"official.hand-over", Administering, free},
		{"official.link", Administering, free}, // the house says it by itself
		{"official.enrol", Entering, free},
		{"official.revoke", Entering, free}, // others' for administrators only
		{"official.feed", Entering, free},   // others' can be ended by administrators only
		{"official.notify", Entering, free}, // others' too
		{"official.confirm", Entering, free},
		{"session.end", Administering, free},
		{"token.add", Administering, free},
		{"token.end", Administering, free},
		{"policy.propose", Administering, free},
		{"policy.approve", Administering, free},
		{"policy.withdraw", Administering, free},
	})
}

// Verbs lists the verbs, sorted.
func Verbs() []Verb {
	var all []Verb
	for _, r := range table() {
		all = append(all, r.verb)
	}
	slices.Sort(all)
	return all
}

// Caller is who asks: an official signed in at a face, a program with a token, or the operator at the machine.
type Caller struct {
	Account  jisr.ThingID // "official/…" or "token/…"; "operator/local" for the command line
	Title    jisr.Text    // post, or what the program is for
	Desk     jisr.DeskID
	DeskName jisr.Text
	Roles    []jisr.Role
	Passkey  bool            // it can sign for itself
	Scope    jisr.TokenScope // of a token

	clientKey jisr.Commitment // of the one client certificate a token is good with
	rules     *policies       // of the node that let the caller in; nil: of none, and it may do nothing

	session string    // it came by; empty: it is a program, or the operator
	since   time.Time // when it signed in …
	address string    // … from where
	how     string    // … and by what: ByPassword and the others
}

// By is the caller as acts name it.
func (c Caller) By() jisr.By {
	return jisr.By{Desk: c.Desk, Official: jisr.OfficialID(c.Account.Name())}
}

// Has tells whether the caller has the role.
func (c Caller) Has(r jisr.Role) bool { return slices.Contains(c.Roles, r) }

// Program tells whether the caller is a program.
func (c Caller) Program() bool { return c.Account.Noun() == "token" }

// CameBy tells how an official signed in; empty for who has no session.
func (c Caller) CameBy() string { return c.how }

// May tells whether the caller may ask for the verb at all, whatever it is about and whatever else is needed; faces
// use it to leave out what would be refused.
func May(c Caller, v Verb) error {
	if c.rules == nil {
		return jisr.Refuse(jisr.NotAllowed, string(v))
	}
	return c.rules.now().decide(c, v, c.own(), facts{signed: true, cleared: true})
}

// Direct tells whether the caller may say it at once; else it is drafted ([DraftStep]), and a second official clears it.
func Direct(c Caller, v Verb) bool {
	return c.rules != nil && c.rules.now().decide(c, v, c.own(), facts{signed: true}) == nil
}

// own is the most that the caller could be asked about: what is its own, in a forum and programme of its scope.
func (c Caller) own() resource {
	r := resource{id: "thing/any", named: []jisr.OfficialID{c.By().Official}}
	if len(c.Scope.Forums) > 0 {
		r.forum = c.Scope.Forums[0]
	}
	if len(c.Scope.Verbs) > 0 { // reading is of a noun
		noun, _, _ := strings.Cut(c.Scope.Verbs[0], ".")
		r.id = jisr.ThingID(noun + "/any")
	}
	return r
}

// policies is what is in force: a set that is compiled once, and replaced as a whole by the next.
type policies struct{ set atomic.Pointer[policySet] }

func (p *policies) now() *policySet { return p.set.Load() }

// PolicyQuestions counts the questions put to the policies since those in force are.
func (n *Node) PolicyQuestions() int64 { return n.rules.now().asked.Load() }

// may is May on this node's policies, whoever made the caller.
func (n *Node) may(c Caller, v Verb) error {
	c.rules = n.rules
	return May(c, v)
}

// resource is what a command or a reading is about, as policies see it.
type resource struct {
	id        jisr.ThingID
	forum     jisr.ForumID // jisr.House: this member's alone
	programme string
	handling  jisr.Handling
	desks     []jisr.DeskID     // whose it is; none: no one desk's
	drafters  []jisr.OfficialID // who wrote what may now be cleared or released
	named     []jisr.OfficialID // who may know of it above restricted
}

// maxPolicies is how many policies a document may have: all are asked for every command.
const maxPolicies = 200

// facts are what a command brings besides.
type facts struct {
	signed  bool  // the official's own signature is on it
	cleared bool  // a second official has cleared what it says
	mandate *bool // for acts that need full powers: whether they are there
}
