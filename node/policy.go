package node

import (
	"slices"

	"jisr"
)

// Verb names a command where it is allowed, counted and logged.
type Verb string

// Caller is who asks: an official signed in at a face, a program with a token, or the operator at the machine.
type Caller struct {
	Account  jisr.ThingID // "official/…" or "token/…"; "operator/local" for the command line
	Title    jisr.Text    // post, or what the program is for
	Desk     jisr.DeskID
	DeskName jisr.Text
	Roles    []jisr.Role
}

// By is the caller as acts name it.
func (c Caller) By() jisr.By {
	return jisr.By{Desk: c.Desk, Official: jisr.OfficialID(c.Account.Name())}
}

// Has tells whether the caller has the role.
func (c Caller) Has(r jisr.Role) bool { return slices.Contains(c.Roles, r) }

// Program tells whether the caller is a program.
func (c Caller) Program() bool { return c.Account.Noun() == "token" }

// policy is the whole of who may ask for what: for each command, the roles of which one is needed. A command
// without a row is refused, and a test fails.
func policy() map[Verb][]jisr.Role {
	writer := []jisr.Role{jisr.Drafter, jisr.Releaser, jisr.Direct}
	releaser := []jisr.Role{jisr.Releaser}
	admin := []jisr.Role{jisr.Admin}
	return map[Verb][]jisr.Role{
		"note.draft":    writer,
		"note.discard":  writer,
		"note.open":     writer,
		"note.clear":    releaser,
		"note.return":   releaser,
		"note.release":  releaser,
		"note.send":     {jisr.Direct},
		"note.withdraw": {jisr.Releaser, jisr.Direct},
		"note.close":    {jisr.Releaser, jisr.Direct},
		"forum.accept":  admin,
		"desk.add":      admin,
		"official.add":  admin,
		"official.pass": admin,
		"official.end":  admin,
		"token.add":     admin,
		"token.end":     admin,
	}
}

// May tells whether the caller may ask for the verb at all, before the state of anything is looked at; faces
// use it to leave out what would be refused.
func May(c Caller, v Verb) error {
	need := policy()[v]
	for _, r := range need {
		if c.Has(r) {
			return nil
		}
	}
	role := ""
	if len(need) > 0 {
		role = string(need[0])
	}
	return jisr.Refuse(jisr.NotAllowed, string(v), "role", role)
}
