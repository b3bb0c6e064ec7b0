package jisr

import (
	"slices"
)

// The acts of the house log. They are one member's own business: they never cross a border, but they stand
// in a Merkle log as everything else does, so that nobody inside can rewrite who cleared what.
const (
	KindForumAccept  Kind = "forum.accept"  // a forum and the letters of credence of its members; content: AcceptBody
	KindDeskAdd      Kind = "desk.add"      // also changes its title
	KindDeskReceive  Kind = "desk.receive"  // whether what comes in and belongs to no desk yet is this desk's
	KindOfficialAdd  Kind = "official.add"  // also changes post, desk, roles; content: Secret
	KindOfficialPass Kind = "official.pass" // a new password; content: Secret
	KindOfficialEnd  Kind = "official.end"  // the post is left; what it did stays
	KindTokenAdd     Kind = "token.add"     // a program's access; content: Secret
	KindTokenEnd     Kind = "token.end"     //
	KindNoteDraft    Kind = "note.draft"    // a version of a draft; content: Draft
	KindNoteClear    Kind = "note.clear"    // a second official: fit to go
	KindNoteReturn   Kind = "note.return"   // a second official: back to the drafter
	KindNoteDiscard  Kind = "note.discard"  //
)

// Role is a template of what an official or a program may do; policies say what that is.
type Role string

// The roles of small houses and of programs.
const (
	Reader   Role = "reader"   // reads what the desk may read
	Drafter  Role = "drafter"  // drafts, edits, opens what arrives
	Releaser Role = "releaser" // clears, returns, releases, withdraws: never what it drafted
	Direct   Role = "direct"   // a program that may release at once what it writes
	Admin    Role = "admin"    // officials, desks, tokens, partners, policies
)

// The roles of the posts of a foreign service (practice 5.3).
const (
	DeskOfficer      Role = "desk-officer"      // drafts
	TreatySection    Role = "treaty-section"    // versions, mandates, notifications, registration
	CoChair          Role = "co-chair"          // head of delegation: agrees the agenda, signs minutes
	Secretary        Role = "secretary"         // one on each side
	Plenipotentiary  Role = "plenipotentiary"   // initials and signs within the mandate
	FocalPoint       Role = "focal-point"       // of the responsible organ: progress, evidence
	AcceptingOfficer Role = "accepting-officer" // of the side a commitment was made to
	ReleasingOfficer Role = "releasing-officer" // everything that crosses the border passes one
	Spokesperson     Role = "spokesperson"
	LegalReviser     Role = "legal-reviser" // and linguist: concordance
	Registrar        Role = "registrar"     // takes in what comes, and refers it
	Archivist        Role = "archivist"     // keeper of the seals: keys, certified copies
	Auditor          Role = "auditor"
	ParliamentReader Role = "parliament-reader"
	Observer         Role = "observer" // invited: reads what it was given, and nothing else
)

// Roles lists them.
func Roles() []Role {
	return []Role{Reader, Drafter, Releaser, Direct, Admin, DeskOfficer, TreatySection, CoChair, Secretary, Plenipotentiary, FocalPoint, AcceptingOfficer,
		ReleasingOfficer, Spokesperson, LegalReviser, Registrar, Archivist, Auditor, ParliamentReader, Observer}
}

// DeskTerms is the terms of desk.add.
type DeskTerms struct {
	Title Text `json:"title"`
}

// ReceiveTerms is the terms of desk.receive.
type ReceiveTerms struct {
	Receives bool `json:"receives"`
}

// OfficialTerms is the terms of official.add: a post, never a person's name.
type OfficialTerms struct {
	Post  Text   `json:"post"`
	Desk  DeskID `json:"desk"`
	Roles []Role `json:"roles"`
}

// TokenTerms is the terms of token.add. Expires empty: never. ClientKey is the SHA-256 of the public key of the one
// client certificate it is good with; empty: with any or none.
type TokenTerms struct {
	Title     Text       `json:"title"`
	Desk      DeskID     `json:"desk"`
	Roles     []Role     `json:"roles"`
	Expires   Date       `json:"expires,omitempty"`
	Scope     TokenScope `json:"scope,omitzero"`
	ClientKey Commitment `json:"client_key,omitempty"`
}

// TokenScope limits what the roles of a token allow. A list that is empty does not limit.
type TokenScope struct {
	Forums     []ForumID `json:"forums,omitempty"`
	Programmes []string  `json:"programmes,omitempty"`
	Verbs      []string  `json:"verbs,omitempty"` // "note.send", or "note" for all that is done with notes
}

// Empty tells a scope that does not limit.
func (s TokenScope) Empty() bool { return len(s.Forums)+len(s.Programmes)+len(s.Verbs) == 0 }

// Check holds the lists against their bounds.
func (s TokenScope) Check() error {
	for _, n := range []int{len(s.Forums), len(s.Programmes), len(s.Verbs)} {
		if n > MaxScope {
			return Refuse(TooMany, "scope", "max", itoa(MaxScope), "got", itoa(n))
		}
	}
	for _, f := range s.Forums {
		if !ValidForum(f) {
			return Refuse(Malformed, "forum", "want", "iq-sy")
		}
	}
	for _, names := range [][]string{s.Programmes, s.Verbs} {
		for _, name := range names {
			if !ValidName(name) {
				return Refuse(Malformed, "scope", "want", "note.send")
			}
		}
	}
	return nil
}

// Secret is the content of acts that carry a verifier: it is content so that it can be erased.
type Secret struct {
	Argon2id string `json:"argon2id,omitempty"` // PHC string of a password (RFC 9106)
	SHA256   string `json:"sha256,omitempty"`   // hex digest of a token of 256 random bits
}

// AcceptBody is the content of forum.accept: the letters themselves, exact bytes.
type AcceptBody struct {
	Title   Text                `json:"title"`
	Letters map[MemberID]string `json:"letters"`
}

// DraftTerms is the terms of note.draft. Version counts from 1; a draft that says it follows another version
// than the newest is void, so two officials editing at once cannot overwrite each other.
type DraftTerms struct {
	Forum   ForumID `json:"forum"`
	Version int     `json:"version"`
}

// VersionTerms is the terms of note.clear, note.return and note.discard: which version was looked at.
type VersionTerms struct {
	Version int    `json:"version"`
	Reason  string `json:"reason,omitempty"`
}

// DraftFile is an attachment of a draft: an upload of this node, by its name here.
type DraftFile struct {
	Upload string     `json:"upload"`
	Name   string     `json:"name"`
	Size   int64      `json:"size"`
	Type   string     `json:"type"`
	Commit Commitment `json:"commit"`
}

// Draft is the content of note.draft: all that will be released but number and date.
type Draft struct {
	Kind       NoteKind    `json:"kind"`
	To         []MemberID  `json:"to"`
	Precedence Precedence  `json:"precedence"`
	ReplyBy    Date        `json:"reply_by,omitempty"`
	InReplyTo  ThingID     `json:"in_reply_to,omitempty"`
	References []ThingID   `json:"references,omitempty"`
	Handling   Handling    `json:"handling,omitempty"`
	Body       NoteBody    `json:"body"`
	Files      []DraftFile `json:"files,omitempty"`
}

// Check holds a draft against the rules that releasing it will ask, so that nobody clears what cannot go.
func (d *Draft) Check(from MemberID, today Date) error {
	slices.Sort(d.To)
	d.To = slices.Compact(d.To)
	d.Handling = d.Handling.short()
	t := d.Terms(1, today)
	if err := t.Check(from); err != nil {
		return err
	}
	if d.ReplyBy != "" && d.ReplyBy < today {
		return Refuse(DateInPast, "reply_by", "today", string(today))
	}
	return d.Body.Check()
}

// Terms gives the terms of the release of this draft under a number and date.
func (d *Draft) Terms(number int, date Date) NoteTerms {
	if d.Kind == NonPaper {
		number = 0
	}
	return NoteTerms{Kind: d.Kind, To: d.To, Number: number, Date: date, Precedence: d.Precedence, ReplyBy: d.ReplyBy, InReplyTo: d.InReplyTo, References: d.References, Handling: d.Handling.short()}
}

// DraftState is the house's state of a note that has not left it, or of one that has.
type DraftState struct {
	Forum     ForumID `json:"forum"`
	Version   int     `json:"version"`
	Drafted   Step    `json:"drafted"`             // the newest version: whose content is the text
	Drafters  []By    `json:"drafters"`            // everybody who wrote a version: none of them clears or releases
	Cleared   *Step   `json:"cleared,omitempty"`   // of the newest version
	Returned  *Step   `json:"returned,omitempty"`  // of the newest version
	Reason    string  `json:"reason,omitempty"`    // why it was returned
	Discarded *Step   `json:"discarded,omitempty"` //
}

// State names the step the draft has reached in the house.
func (d *DraftState) State() NoteState {
	switch {
	case d.Discarded != nil:
		return DiscardedState
	case d.Cleared != nil:
		return Cleared
	case d.Returned != nil:
		return Returned
	}
	return Drafted
}

// MayEdit, MayClear and MayRelease are the rules of clearance: a second person looks before anything crosses
// the border, and at the version that crosses.
func (d *DraftState) MayEdit(version int) error {
	if d.Discarded != nil {
		return Refuse(Discarded, "note")
	}
	if version != d.Version {
		return Refuse(Conflict, "note", "version", itoa(d.Version), "got", itoa(version))
	}
	return nil
}

// MayClear: see MayEdit.
func (d *DraftState) MayClear(by By, version int) error {
	if err := d.MayEdit(version); err != nil {
		return err
	}
	if d.Cleared != nil {
		return Refuse(Already, "clear")
	}
	return d.second(by)
}

// MayReturn: see MayEdit.
func (d *DraftState) MayReturn(by By, version int) error {
	if err := d.MayEdit(version); err != nil {
		return err
	}
	if d.Returned != nil {
		return Refuse(Already, "return")
	}
	return d.second(by)
}

// MayRelease: see MayEdit.
func (d *DraftState) MayRelease(by By, version int) error {
	if err := d.MayEdit(version); err != nil {
		return err
	}
	if d.Cleared == nil {
		return Refuse(NotCleared, "note")
	}
	return d.second(by)
}

func (d *DraftState) second(by By) error {
	if slices.ContainsFunc(d.Drafters, func(o By) bool { return o.Official == by.Official }) {
		return Refuse(SecondPerson, "note")
	}
	return nil
}

// Account is the house's state of an official or a token.
type Account struct {
	Title Text   `json:"title"`
	Desk  DeskID `json:"desk"`
	Roles []Role `json:"roles"`
	// Secret is the index of the act of the house log whose content verifies the password or token.
	Secret    Index      `json:"secret"`
	Expires   Date       `json:"expires,omitempty"`
	Scope     TokenScope `json:"scope,omitzero"`       // of a token
	ClientKey Commitment `json:"client_key,omitempty"` // of a token
	Ended     *Step      `json:"ended,omitempty"`

	Passkeys   []Passkey   `json:"passkeys,omitempty"` // in the order they were enrolled, revoked ones too
	Invitation *Invitation `json:"invitation,omitempty"`
	Recovery   *Step       `json:"recovery,omitempty"`    // asked for, not confirmed
	Identity   *Identity   `json:"identity,omitempty"`    // at the house's identity provider; nil: it vouches for nobody here
	HandedOver *Step       `json:"handed_over,omitempty"` // the last time its holder changed

	Feed   *Feed   `json:"feed,omitempty"`
	Notify *Notify `json:"notify,omitempty"`
}

// Desk is the house's state of a desk.
type Desk struct {
	Title Text `json:"title"`
	// Receives: it is a registry, whose is what comes in and belongs to no desk yet. Where no desk of the house is one,
	// every desk is.
	Receives bool `json:"receives,omitempty"`
}

func foldDraft(acts []Act, voids map[Position]*Refusal) *DraftState {
	var d *DraftState
	for i := range acts {
		a := &acts[i]
		var err error
		if a.Kind == KindNoteDraft {
			d, err = d.draft(a)
		} else if d == nil {
			err = Refuse(NoSuch, "note")
		} else {
			err = d.decide(a)
		}
		if err != nil {
			voids[a.Position] = asRefusal(err)
		}
	}
	return d
}

func (d *DraftState) draft(a *Act) (*DraftState, error) {
	t, err := terms[DraftTerms](a)
	if err != nil {
		return d, err
	}
	if d == nil {
		d = &DraftState{Forum: t.Forum}
	}
	if err := d.MayEdit(t.Version - 1); err != nil {
		return d, err
	}
	d.Version, d.Drafted, d.Cleared, d.Returned, d.Reason = t.Version, a.step(), nil, nil, ""
	if a.By != nil && !slices.Contains(d.Drafters, *a.By) {
		d.Drafters = append(d.Drafters, *a.By)
	}
	return d, nil
}

func (d *DraftState) decide(a *Act) error {
	t, err := terms[VersionTerms](a)
	if err != nil {
		return err
	}
	by := By{}
	if a.By != nil {
		by = *a.By
	}
	s := a.step()
	switch a.Kind {
	case KindNoteClear:
		if err := d.MayClear(by, t.Version); err != nil {
			return err
		}
		d.Cleared, d.Returned, d.Reason = &s, nil, ""
	case KindNoteReturn:
		if err := d.MayReturn(by, t.Version); err != nil {
			return err
		}
		d.Returned, d.Cleared, d.Reason = &s, nil, t.Reason
	case KindNoteDiscard:
		if err := d.MayEdit(t.Version); err != nil {
			return err
		}
		d.Discarded = &s
	}
	return nil
}

func foldAccount(acts []Act, voids map[Position]*Refusal) *Account {
	var acc *Account
	for i := range acts {
		a := &acts[i]
		next, err := acc.apply(a)
		if err != nil {
			voids[a.Position] = asRefusal(err)
			continue
		}
		acc = next
	}
	return acc
}

func (acc *Account) apply(a *Act) (*Account, error) {
	switch a.Kind {
	case KindOfficialAdd:
		t, err := terms[OfficialTerms](a)
		next := &Account{Title: t.Post, Desk: t.Desk, Roles: t.Roles, Secret: a.Index}
		if acc != nil { // a post that changes keeps its passkeys
			next.Passkeys, next.Invitation, next.Recovery, next.HandedOver, next.Identity, next.Feed, next.Notify = acc.Passkeys, acc.Invitation, acc.Recovery, acc.HandedOver, acc.Identity, acc.Feed, acc.Notify
			if acc.Ended != nil { // who left does not come back with it
				next.endPasskeys(a.step())
				next.Invitation, next.Identity, next.Feed, next.Notify = nil, nil, nil, nil
			}
			if a.Content == nil && acc.Ended == nil { // and its password, where the act brings none
				next.Secret = acc.Secret
			}
		}
		return next, err
	case KindTokenAdd:
		t, err := terms[TokenTerms](a)
		return &Account{Title: t.Title, Desk: t.Desk, Roles: t.Roles, Secret: a.Index, Expires: t.Expires, Scope: t.Scope, ClientKey: t.ClientKey}, err
	}
	if acc == nil {
		return nil, Refuse(NoSuch, string(a.About))
	}
	next := *acc
	switch a.Kind {
	case KindOfficialPass:
		next.Secret = a.Index
	case KindOfficialEnd, KindTokenEnd:
		s := a.step()
		next.Ended = &s
	default:
		return &next, next.access(a)
	}
	return &next, nil
}

// foldHouse folds a noun of the house that changes in place: an act that is refused changes nothing and is void.
func foldHouse[T any](acts []Act, voids map[Position]*Refusal, apply func(**T, *Act) error) *T {
	var t *T
	for i := range acts {
		if err := apply(&t, &acts[i]); err != nil {
			voids[acts[i].Position] = asRefusal(err)
		}
	}
	return t
}

func foldDesk(acts []Act, voids map[Position]*Refusal) *Desk {
	var d *Desk
	for i := range acts {
		next, err := d.apply(&acts[i])
		if err != nil {
			voids[acts[i].Position] = asRefusal(err)
			continue
		}
		d = next
	}
	return d
}

func (d *Desk) apply(a *Act) (*Desk, error) {
	next := Desk{}
	if d != nil {
		next = *d
	}
	if a.Kind == KindDeskAdd {
		t, err := terms[DeskTerms](a)
		next.Title = t.Title
		return &next, err
	}
	t, err := terms[ReceiveTerms](a)
	if d == nil && err == nil {
		err = Refuse(NoSuch, string(a.About))
	}
	next.Receives = t.Receives
	return &next, err
}
