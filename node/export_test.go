package node

import (
	"context"

	"jisr"
	"jisr/ledger"
)

// Commands lists one of each command, for tests of what must hold for all.
func Commands() []Command {
	return []Command{DraftNote{}, ClearNote{}, ReturnNote{}, DiscardNote{}, ReleaseNote{}, SendNote{}, WithdrawNote{}, OpenNote{}, CloseNote{},
		DraftStep{}, ClearStep{}, ReturnStep{}, DiscardStep{}, ReleaseStep{}, SayStep{}, PlanDomestic{}, MoveDomestic{}, LayProgramme{}, SendRecords{},
		AcceptForum{}, AddDesk{}, AddOfficial{}, SetPassword{}, EndOfficial{}, InviteOfficial{}, EnrolPasskey{}, RevokePasskey{}, RecoverOfficial{}, RestoreOfficial{}, HandOver{}, RenewFeed{}, EndFeed{}, SetNotify{}, ConfirmNotify{}, AddToken{}, EndToken{}, ProposePolicies{}, ApprovePolicies{}, WithdrawPolicies{}, ClearMinutes{}, SignMinutes{}, ApproveStatement{}, ReleaseStatement{}, Say{Kind: jisr.KindStatementPropose}, Say{Kind: jisr.KindReadoutRelease}, Say{Kind: jisr.KindBodyPropose}, Say{Kind: jisr.KindMeetingPropose}, Say{Kind: jisr.KindMinutesEdit}, Say{Kind: jisr.KindCommitmentPropose}, Say{Kind: jisr.KindCommitmentReport}, Say{Kind: jisr.KindCommitmentAccept}}
}

// Attend looks once whether the house has to say something by itself.
func Attend(ctx context.Context, n *Node) error { _, err := n.attend(ctx); return err }

// VerbOf gives a command's verb.
func VerbOf(c Command) Verb { return c.verb() }

// Binding tells whether a verb commits the member.
func Binding(v Verb) bool {
	for _, r := range table() {
		if r.verb == v {
			return r.bond >= binding
		}
	}
	return false
}

// About is a resource, for tests.
type About struct {
	Forum     jisr.ForumID
	Programme string
	Thing     jisr.ThingID
	Handling  jisr.Handling
	Desks     []jisr.DeskID
	Drafters  []jisr.OfficialID
	Named     []jisr.OfficialID
	Signed    bool
	Cleared   bool
	Mandate   *bool
}

// ShippedPolicies is the shipped text.
func ShippedPolicies() (string, error) { return shippedPolicies() }

// Rules compiles a house's policies beside those that are shipped, and gives what answers whether a caller may, and which
// policies say so.
func Rules(text string) (func(Caller, Verb, About) (allowed bool, by []string), error) {
	s, err := compileHouse(text)
	if err != nil {
		return nil, err
	}
	return func(c Caller, v Verb, a About) (bool, []string) {
		got := s.ask(c, v, resource{id: a.Thing, forum: a.Forum, programme: a.Programme, handling: a.Handling, desks: a.Desks, drafters: a.Drafters, named: a.Named},
			facts{signed: a.Signed, cleared: a.Cleared, mandate: a.Mandate})
		return got.allowed, append(got.by, got.broken...)
	}, nil
}

// OwnKeys gives the verifier keys of this member's own logs, the house's too.
func (n *Node) OwnKeys() []string {
	var all []string
	keys := n.letterOf(n.self.ID).Keys
	for _, f := range append(n.forumIDs(), jisr.House) {
		all = append(all, keys.LogVKeys(n.origin(f, n.self.ID))...)
	}
	return all
}

// RefsOf lists what an entry commits to.
func RefsOf(entry []byte) ([]ledger.Ref, error) {
	a, err := jisr.Decode("iq", 0, entry)
	if err != nil {
		return nil, err
	}
	var refs []ledger.Ref
	for _, c := range a.Contents() {
		sum, _ := c.Commit.Sum()
		refs = append(refs, ledger.Ref{Commit: sum, Size: c.Size, Type: c.Type})
	}
	return refs, nil
}

// File is the picture as it is shown.
func (p Picture) File() []byte { return p.jpeg }
